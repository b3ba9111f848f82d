/* parse.h: the one parse, for stream.c and batch.c. */
#ifndef MAILLOG_INTERNAL_PARSE_H
#define MAILLOG_INTERNAL_PARSE_H

#include <maillog/parse.h>

/* Parse the line [p, e). Offsets count from `base`; loads below `readable` are allowed. `field` has MAILLOG_FIELDS_MAX
 * rows; it is ev->field, except in a batch, where `ev` is a scratch event. */
void maillog__parse(const maillog_options *opt, const char *base, const char *p, const char *e, const char *readable,
                    maillog_event *ev, maillog_field *field);

#endif
