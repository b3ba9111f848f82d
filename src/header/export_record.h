/* export_record.h: where a record of journalctl -o export begins and ends: the doors that cut lines need to know. */
#ifndef MAILLOG_EXPORT_RECORD_H
#define MAILLOG_EXPORT_RECORD_H

#include <stdbool.h>

/* Whether such a record begins at p. */
bool maillog__is_export(const char *p, const char *e);

/* Move `*at`, which is at the beginning of a field, over all whole fields. True: `*at` is the empty line that ends the
 * record. False: more bytes are needed; go on from `*at` when they are there. */
bool maillog__export_end(const char **at, const char *e);

#endif
