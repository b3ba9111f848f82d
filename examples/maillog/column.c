/* column.c: what --fields and --where name. */
#include "column.h"

#include <string.h>

static const column own[] = {{"line", COLUMN_LINE, MAILLOG_FIELD_NONE},
                             {"time", COLUMN_TIME, MAILLOG_FIELD_NONE},
                             {"daemon", COLUMN_DAEMON, MAILLOG_FIELD_NONE},
                             {"event", COLUMN_EVENT, MAILLOG_FIELD_NONE},
                             {"match", COLUMN_MATCH, MAILLOG_FIELD_NONE}};

enum { OWN = sizeof own / sizeof *own };

bool column_find(const char *name, size_t len, column *out)
{
    for (size_t i = 0; i < OWN; i++)
        if (strlen(own[i].name) == len && memcmp(own[i].name, name, len) == 0) {
            *out = own[i];
            return true;
        }
    out->kind = COLUMN_FIELD;
    out->field = (maillog_field_id)maillog_field_by_name(name, len);
    out->name = maillog_field_name((int)out->field);
    return out->field != MAILLOG_FIELD_NONE;
}

const char *column_name(size_t i, const void *list)
{
    (void)list;
    if (i < OWN) return own[i].name;
    int field = MAILLOG_FIELD_NONE;
    for (size_t k = OWN; k <= i; k++)
        if ((field = maillog_field_next(field)) == 0) return NULL;
    return maillog_field_name(field);
}

static maillog_str of_text(const char *text)
{
    const maillog_str s = {text, strlen(text)};
    return s;
}

static maillog_str printed(char *buf, int n)
{
    const maillog_str s = {buf, n > 0 ? (size_t)n : 0};
    return s;
}

/* As in JSON: as exact as the log, with an offset only if the log has one. */
static maillog_str time_text(const command *c, const maillog_time *t, char *buf, size_t cap)
{
    const maillog_str none = {NULL, 0};
    if (!t->month) return none;
    int n = snprintf(buf, cap, "%04d-%02u-%02uT%02u:%02u:%02u", when_year(c, t), t->month, t->day, t->hour, t->minute,
                     t->second);
    if (t->digits) {
        uint32_t fraction = t->nsec;
        for (unsigned i = t->digits; i < 9; i++) fraction /= 10;
        n += snprintf(buf + n, cap - (size_t)n, ".%0*u", (int)t->digits, fraction);
    }
    if (t->utc_offset == MAILLOG_NO_OFFSET) return printed(buf, n);
    const unsigned away = (unsigned)(t->utc_offset < 0 ? -t->utc_offset : t->utc_offset);
    n += away == 0
             ? snprintf(buf + n, cap - (size_t)n, "Z")
             : snprintf(buf + n, cap - (size_t)n, "%c%02u:%02u", t->utc_offset < 0 ? '-' : '+', away / 60, away % 60);
    return printed(buf, n);
}

maillog_str column_value(const command *c, const column *col, const maillog_event *ev)
{
    enum { VALUES = 16 };
    static _Thread_local char bufs[VALUES][64];
    static _Thread_local size_t next;
    const maillog_str none = {NULL, 0};
    char *buf = bufs[next++ % VALUES];
    switch (col->kind) {
    case COLUMN_LINE:
        return printed(buf, snprintf(buf, sizeof bufs[0], "%llu", (unsigned long long)c->line));
    case COLUMN_TIME:
        return time_text(c, &ev->time, buf, sizeof bufs[0]);
    case COLUMN_DAEMON:
        return ev->daemon ? of_text(maillog_daemon_name(ev->daemon)) : none;
    case COLUMN_EVENT:
        return ev->type ? of_text(maillog_event_name(ev->type)) : none;
    case COLUMN_MATCH:
        return of_text(maillog_match_name(ev->match));
    default:
        return maillog_get(ev, col->field);
    }
}
