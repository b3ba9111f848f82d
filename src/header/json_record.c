/* json_record.c: one JSON object a line: journalctl -o json, docker's json-file driver, log shippers. Values are slices
 * of the record with its escapes in them (flag ESCAPED where there are any): maillog_json_unwrap() makes a plain line
 * of such a record, in memory of the caller. */
#include "record.h"

static void skip_space(ml_cur *c)
{
    while (c->p < c->e && (*c->p == ' ' || *c->p == '\t' || *c->p == '\r' || *c->p == '\n')) c->p++;
}

/* `"…"`: what stands between the quotes. */
static bool string(ml_cur *c, ml_cur *out)
{
    if (ml_peek(*c) != '"') return false;
    const char *p = c->p + 1;
    while (p < c->e && *p != '"') p += *p == '\\' && p + 1 < c->e ? 2 : 1;
    if (p >= c->e) return false;
    *out = ml_slice(c->p + 1, p);
    c->p = p + 1;
    return true;
}

/* An object or array, to its end, whatever is inside. */
static bool nested(ml_cur *c, ml_cur *out)
{
    const char *start = c->p;
    size_t depth = 0;
    ml_cur skipped;
    while (c->p < c->e) {
        const char ch = *c->p;
        if (ch == '"') {
            if (!string(c, &skipped)) return false;
            continue;
        }
        c->p++;
        depth += ch == '{' || ch == '[';
        if (ch != '}' && ch != ']') continue;
        if (--depth == 0) {
            *out = ml_slice(start, c->p);
            return true;
        }
    }
    return false;
}

static bool value(ml_cur *c, ml_cur *out)
{
    const char first = ml_peek(*c);
    if (first == '"') return string(c, out);
    if (first == '{' || first == '[') return nested(c, out);
    const char *p = c->p;
    while (p < c->e && *p != ',' && *p != '}' && *p != ' ') p++;
    *out = ml_slice(c->p, p);
    c->p = p;
    return !ml_empty(*out);
}

bool maillog__json_members(ml_cur *c, ml_record *r)
{
    ml_cur key, v;
    if (!ml_skip_char(c, '{')) return false;
    skip_space(c);
    if (ml_skip_char(c, '}')) return true;
    for (;;) {
        if (!string(c, &key)) return false;
        skip_space(c);
        if (!ml_skip_char(c, ':')) return false;
        skip_space(c);
        if (!value(c, &v)) return false;
        if (!ML_IS(v, "null")) maillog__record_put(r, key, v);
        skip_space(c);
        if (ml_skip_char(c, '}')) return true;
        if (!ml_skip_char(c, ',')) return false;
        skip_space(c);
    }
}

void maillog__drop_escaped_line_end(ml_cur *v)
{
    while (ML_ENDS(*v, "\\n") || ML_ENDS(*v, "\\r")) {
        size_t slashes = 0;
        for (const char *p = v->e - 1; p > v->p && p[-1] == '\\'; p--) slashes++;
        if (slashes % 2 == 0) return; /* an escaped backslash and a letter */
        v->e -= 2;
    }
}

bool maillog__json_record(ml_line *l, ml_cur *c)
{
    ml_record r = {0};
    ml_cur rest = *c;
    if (!maillog__json_members(&rest, &r)) return false;
    skip_space(&rest);
    if (!ml_empty(rest)) return false;
    maillog__drop_escaped_line_end(&r.value[ML_MESSAGE]);
    if (!maillog__record_finish(l, &r, &rest)) return false;
    if (ml_find(l, rest, '\\') || ml_is_json_array(r.value[ML_MESSAGE])) l->ev->flags |= MAILLOG_FLAG_ESCAPED;
    *c = rest;
    return true;
}
