/* frame.h: where lines end, for stream.c and batch.c. */
#ifndef MAILLOG_FRAME_H
#define MAILLOG_FRAME_H

#include <string.h>

#include "header/export_record.h"

/* The line, or record of journalctl -o export, that begins at p < end: its end without the line end, and where the next
 * one begins. False: its end is not in the buffer. */
static inline bool maillog__next_line(const char *p, const char *end, const char **e, const char **next)
{
    const char *lf = (const char *)memchr(p, '\n', (size_t)(end - p));
    if (!lf) return false;
    *e = lf;
    *next = lf + 1;
    if (*p != '_' || !maillog__is_export(p, lf)) return true;
    const char *at = p;
    if (!maillog__export_end(&at, end)) return false;
    *e = at - 1;
    *next = at + 1;
    return true;
}

#endif
