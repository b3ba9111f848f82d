/* parse.h: the one parse, for stream.c and batch.c. */
#ifndef MAILLOG_INTERNAL_PARSE_H
#define MAILLOG_INTERNAL_PARSE_H

#include <maillog/parse.h>

#include "base/cursor.h"
#include "quick/path.h"

/* The two ways on for a line that is not, or not all, of the common ones: from its beginning, or from the message
 * behind a plain header, of which l->next, l->prefix and l->program tell. */
void maillog__parse_any(ml_line *l, const uint8_t *skip, ml_cur line, maillog_field *field);
void maillog__parse_message(ml_line *l, const uint8_t *skip, ml_cur message, maillog_field *field);

/* Offsets count from `base`; loads below `readable` are allowed. All else is set for each line that needs it. Of what
 * is kept from line to line, there is none: maillog__line_keep(). */
static inline void ml_line_init(ml_line *l, maillog_event *ev, const char *base, const char *readable)
{
    l->ev = ev;
    ml_line_base(l, base);
    l->readable = readable;
    l->hosts = NULL;
}

/* What is kept from line to line. `hosts`: ML_HOSTS of them. */
void maillog__line_keep(ml_line *l, ml_host *hosts);

#endif
