/* column.h: the keys of an event by name: those of the line itself, and the fields of the schema. */
#ifndef COLUMN_H
#define COLUMN_H

#include "command.h"

typedef enum column_kind {
    COLUMN_LINE,
    COLUMN_TIME,
    COLUMN_DAEMON,
    COLUMN_EVENT,
    COLUMN_MATCH,
    COLUMN_FIELD
} column_kind;

typedef struct column {
    const char *name;
    column_kind kind;
    maillog_field_id field;
} column;

/* The column of that name. False: there is none. */
bool column_find(const char *name, size_t len, column *out);
/* Walk all names, for did_you_mean(). */
const char *column_name(size_t i, const void *list);
/* Its value, absent if the event has none. It lives until 16 more were asked for. */
maillog_str column_value(const command *c, const column *col, const maillog_event *ev);

#endif
