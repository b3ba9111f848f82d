/* parse.h: the one parse, for stream.c and batch.c. */
#ifndef MAILLOG_INTERNAL_PARSE_H
#define MAILLOG_INTERNAL_PARSE_H

#include <maillog/parse.h>

#include "base/cursor.h"

/* Parse the line [p, e) into l->ev. `l` was set up with ml_line_init(), once for any number of lines. `field` has
 * MAILLOG_FIELDS_MAX rows; it is l->ev->field, except in a batch, where the event is scratch. `skip`: as in
 * maillog_options. */
void maillog__parse(ml_line *l, const uint8_t *skip, const char *p, const char *e, maillog_field *field);

/* The two ways on for a line that is not, or not all, of the common ones: from its beginning, or from the message
 * behind a plain header, of which l->next, l->prefix and l->program tell. The rest of `l->ev` is cleared. */
void maillog__parse_any(ml_line *l, const uint8_t *skip, ml_cur line, maillog_field *field);
void maillog__parse_message(ml_line *l, const uint8_t *skip, ml_cur message, maillog_field *field);

/* Offsets count from `base`; loads below `readable` are allowed. */
static inline void ml_line_init(ml_line *l, maillog_event *ev, const char *base, const char *readable)
{
    memset(l, 0, sizeof *l);
    l->ev = ev;
    l->base = base;
    l->readable = readable;
}

#endif
