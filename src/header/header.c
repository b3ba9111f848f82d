/* header.c: which form is this? The common two are told by one byte; all others come after them. */
#include "header.h"

static bool stamp(ml_line *l, ml_cur *c)
{
    return ml_is_digit(ml_peek(*c)) ? maillog__stamp_rfc3339(l, c) : maillog__stamp_bsd(l, c);
}

static bool any_stamp(ml_line *l, ml_cur *c) { return stamp(l, c) || maillog__stamp_other(l, c); }

/* `<22>`, after an octet count (`123 <22>`) if the file came from a TCP stream. */
static void priority(ml_line *l, ml_cur *c)
{
    ml_cur rest = *c, n;
    if (ml_digits(&rest, &n) && !ml_skip_char(&rest, ' ')) return;
    if (!ml_skip_char(&rest, '<') || !ml_digits(&rest, &n) || ml_len(n) > 3 || !ml_skip_char(&rest, '>')) return;
    ml_put(l, MAILLOG_FIELD_PRIORITY, n);
    *c = rest;
}

/* What Cisco's and similar gear put before the stamp: `000123: `, and `*` or `.` for a clock that is not set. */
static void sequence_number(ml_cur *c)
{
    ml_cur rest = *c, n;
    if (ml_digits(&rest, &n) && ML_SKIP(&rest, ": ")) *c = rest;
    if ((ml_peek(*c) == '*' || ml_peek(*c) == '.') && ml_is_upper(ml_at(*c, 1))) c->p++;
}

/* Date and clock with a blank between them, or a stamp in brackets: programs write so, syslog does not. */
static bool is_program_stamp(const char *p) { return *p == '[' || (ml_is_digit(*p) && p[4] == '-' && p[10] == ' '); }

/* `1 2026-`: RFC 5424 in a file from whose lines <PRI> was left out. */
static bool is_version_and_stamp(ml_cur c)
{
    return ML_STARTS(c, "1 ") && ml_is_digit(ml_at(c, 2)) && ml_at(c, 6) == '-';
}

/* `Sun Jul 19 07:59:06 2026 `: asctime(3). */
static bool is_asctime(const char *p) { return ml_is_upper(p[0]) && p[3] == ' ' && ml_is_upper(p[4]); }

bool maillog__header_inside(ml_line *l, ml_cur *c)
{
    maillog_field *mark = ml_mark(l);
    ml_cur t = *c;
    priority(l, &t);
    const bool has_priority = mark != l->next;
    if ((has_priority || is_version_and_stamp(t)) && maillog__rfc5424(l, &t)) {
        *c = t;
        return true;
    }
    sequence_number(&t);
    const char *start = t.p;
    if (any_stamp(l, &t)) {
        if (!is_asctime(start) || !maillog__level_and_tag(l, &t)) maillog__origin_other(l, &t, is_program_stamp(start));
    } else if (maillog__dovecot_file(l, &t)) {
        /* a log without stamps: the message begins with the service */
    } else if ((ml_is_alnum(ml_peek(t)) || ml_peek(t) == '/') && maillog__tag(l, &t)) {
        maillog__message(l, &t); /* `tag[pid]: message` alone, as containers print it */
    } else if (!has_priority) {
        return false;
    }
    *c = t;
    return true;
}

/* Colours, where the output of docker compose was kept with them. */
static void skip_colour(ml_cur *c)
{
    ml_cur rest = *c;
    if (!ML_SKIP(&rest, "\x1B[")) return;
    while (ml_is_digit(ml_peek(rest)) || ml_peek(rest) == ';') rest.p++;
    if (ml_skip_char(&rest, 'm')) *c = rest;
}

/* `mail-1  | ` (docker compose) or `[pod/mail-0/postfix] ` (kubectl logs --prefix). */
static bool container_name(const ml_line *l, ml_cur *c, ml_cur *name)
{
    ml_cur rest = *c;
    skip_colour(&rest);
    if (ML_SKIP(&rest, "[pod/")) {
        if (!ML_UNTIL(l, &rest, "] ", name) || ml_find(l, *name, ' ')) return false;
        name->p -= sizeof "pod/" - 1;
        *c = rest;
        return true;
    }
    if (!ml_word(l, &rest, name)) return false;
    ml_skip_blanks(&rest);
    if (!ml_skip_char(&rest, '|')) return false;
    skip_colour(&rest);
    if (!ml_skip_char(&rest, ' ')) return false;
    skip_colour(&rest);
    *c = rest;
    return true;
}

static bool container(ml_line *l, ml_cur *c)
{
    maillog_field *mark = ml_mark(l);
    ml_cur rest = *c, name;
    if (!container_name(l, &rest, &name)) return false;
    ml_put(l, MAILLOG_FIELD_CONTAINER, name);
    if (!maillog__header_inside(l, &rest)) return ml_fail(l, mark);
    *c = rest;
    return true;
}

/* A byte order mark begins a file; NULs are what a crash left of the lines before this one. */
static void skip_debris(ml_cur *c)
{
    while (c->p < c->e && *c->p == '\0') c->p++;
    ML_SKIP(c, "\xEF\xBB\xBF");
}

static bool rare_form(ml_line *l, ml_cur *c)
{
    ml_cur rest = *c;
    skip_debris(&rest);
    const char first = ml_peek(rest);
    const bool found = (first == '{' && maillog__json_record(l, &rest)) ||
                       (first == '_' && maillog__export_record(l, &rest)) || container(l, &rest) ||
                       maillog__header_inside(l, &rest);
    if (found) *c = rest;
    return found;
}

bool maillog__header(ml_line *l, ml_cur *c)
{
    static const maillog_time none = {0, 0, 0, 0, 0, 0, 0, 0, MAILLOG_NO_OFFSET, 0};
    ml_cur t = *c;
    l->prefix = l->program = ml_none();
    if (stamp(l, &t) && !is_program_stamp(c->p) && maillog__origin(l, &t)) {
        *c = t;
        return true;
    }
    l->ev->time = none;
    return rare_form(l, c);
}
