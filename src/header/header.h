/* header.h: the beginning of a line: time, host, program, pid. One form per file; header.c decides which. */
#ifndef MAILLOG_HEADER_H
#define MAILLOG_HEADER_H

#include "../base/cursor.h"

/* Read the header, write its fields, leave `*c` at the message. False: no known form; nothing is moved. */
bool maillog__header(ml_line *l, ml_cur *c);

/* One function per form of time stamp: true when the line begins with it; fills ev->time, leaves `*c` at the host. */
bool maillog__stamp_bsd(ml_line *l, ml_cur *c);
bool maillog__stamp_rfc3339(ml_line *l, ml_cur *c);

/* `tag[pid]: ` or `tag: `: writes PROGRAM and PID, fills l->prefix and l->program. */
bool maillog__tag(ml_line *l, ml_cur *c);

/* Two digits at p as a number; the caller has checked that they are there. */
static inline unsigned ml_two(const char *p) { return (unsigned)(p[0] - '0') * 10 + (unsigned)(p[1] - '0'); }

/* `.digits` at the cursor as nanoseconds, at most nine digits kept. */
void maillog__fraction(ml_cur *c, maillog_time *t);

#endif
