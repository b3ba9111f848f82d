/* where.h: `events --where`: a condition on a line's fields.
 *
 *   condition = field | field op value | not condition | condition and condition | condition or condition | ( ... )
 *   op        = "=" | "!=" | "<" | "<=" | ">" | ">=" | "~" | "!~"
 *   value     = word, or any text in '...' or "..."
 *
 * `and` binds more strongly than `or`. Two numbers are compared as numbers, an IP field with a net (192.0.2.0/24) by
 * membership, everything else as text, case-sensitive; `~` is a POSIX extended regular expression, case-insensitive.
 * A field alone: the line has it. A comparison with a field that a line does not have is false, whatever the operator.
 */
#ifndef WHERE_H
#define WHERE_H

#include "command.h"

typedef struct where where;

/* NULL: said on stderr. */
where *where_parse(const command *c, const char *text);
bool where_true(const command *c, const where *w, const maillog_event *ev);
/* The same for the names of a daemon and an event; NULL: any. */
void where_filter_names(const char *daemon, const char *event, line_filter *out);
/* What is known of a line that fulfils it, before it is parsed. */
void where_filter(const where *w, line_filter *out);
void where_free(where *w);

#endif
