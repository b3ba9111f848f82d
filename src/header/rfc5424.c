/* rfc5424.c: `1 2026-07-19T07:59:06.123+02:00 mail postfix/smtpd 15492 - - message`, after <PRI>. `-` is the NILVALUE:
 * such a field is not there. */
#include "header.h"

/* A word, or ml_none() for `-`; moves past the blank after it. */
static bool value(const ml_line *l, ml_cur *c, ml_cur *out)
{
    if (!ml_until(l, c, ' ', out) || ml_empty(*out)) return false;
    if (ML_IS(*out, "-")) *out = ml_none();
    return true;
}

/* `[id name="value" …][…]`: quotes hold anything, with `\"`, `\\` and `\]` escaped. */
static bool structured_data(ml_cur *c, ml_cur *out)
{
    const char *p = c->p;
    if (ml_skip_char(c, '-')) {
        *out = ml_none();
        return true;
    }
    while (p < c->e && *p == '[') {
        bool quoted = false;
        for (p++; p < c->e && (quoted || *p != ']'); p++) {
            if (*p == '\\' && quoted && p + 1 < c->e)
                p++;
            else if (*p == '"')
                quoted = !quoted;
        }
        if (p == c->e) return false;
        p++;
    }
    if (p == c->p) return false;
    *out = ml_slice(c->p, p);
    c->p = p;
    return true;
}

static bool stamp(ml_line *l, ml_cur *c) { return ML_SKIP(c, "- ") || maillog__stamp_rfc3339(l, c); }

bool maillog__rfc5424(ml_line *l, ml_cur *c)
{
    const maillog_time before = l->ev->time;
    ml_cur rest = *c, host, program, pid, id, data;
    if (!ML_SKIP(&rest, "1 ") || !stamp(l, &rest)) return false;
    if (!value(l, &rest, &host) || !value(l, &rest, &program) || !value(l, &rest, &pid) || !value(l, &rest, &id) ||
        !structured_data(&rest, &data) || !(ml_empty(rest) || ml_skip_char(&rest, ' '))) {
        l->ev->time = before;
        return false;
    }
    ml_put_opt(l, MAILLOG_FIELD_HOST, host);
    if (program.p) maillog__put_tag(l, program);
    ml_put_opt(l, MAILLOG_FIELD_PID, pid);
    ml_put_opt(l, MAILLOG_FIELD_MSGID_5424, id);
    ml_put_opt(l, MAILLOG_FIELD_STRUCTURED_DATA, data);
    ML_SKIP(&rest, "\xEF\xBB\xBF");
    ml_skip_char(&rest, ' '); /* rsyslog's %msg% has the blank that stood behind the tag */
    maillog__message(l, &rest);
    *c = rest;
    return true;
}
