/* mask.h: --mask: stable pseudonyms for addresses, hosts, IP addresses and users. */
#ifndef MASK_H
#define MASK_H

#include <maillog/maillog.h>

/* NULL key: another one each run. */
void mask_start(const char *key);
/* The line with pseudonyms, parsed into `out`; it lives until the next call. */
const maillog_event *mask_event(const maillog_event *ev, maillog_event *out);
/* What the calling thread keeps for that; at its end. */
void mask_free(void);

#endif
