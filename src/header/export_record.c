/* export_record.c: a record of journalctl -o export: `KEY=value` lines from `__CURSOR=` to an empty line. A value that
 * has line ends or other control characters is written `KEY`, line end, its length in eight bytes (lowest first), the
 * bytes, line end. The record is one line to this library: values stay where they are. */
#include "export_record.h"

#include "record.h"

#define FIRST_KEY "__CURSOR="

bool maillog__is_export(const char *p, const char *e)
{
    return (size_t)(e - p) >= sizeof FIRST_KEY - 1 && memcmp(p, FIRST_KEY, sizeof FIRST_KEY - 1) == 0;
}

/* Values with line ends are short in a journal of mail; what claims to be longer is damage. */
#define BINARY_MAX (UINT64_C(1) << 24)

/* A value by its length, `data` at the eight bytes: true with its end, or with NULL when it is not all there. */
static bool binary(const char *data, const char *e, const char **end)
{
    *end = NULL;
    if (e - data < 8) return true;
    const uint64_t len = ml_load64(data);
    if (len > BINARY_MAX) return false;
    if ((uint64_t)(e - data - 8) <= len) return true;
    *end = data + 8 + len;
    return **end == '\n';
}

/* One field with its line end; false: it is not all there. A line that is no field is cut without a key. */
static bool field(ml_cur *c, ml_cur *key, ml_cur *value)
{
    const char *lf = (const char *)memchr(c->p, '\n', ml_len(*c)), *end;
    if (!lf) return false;
    const char *equal = (const char *)memchr(c->p, '=', (size_t)(lf - c->p));
    *key = ml_slice(c->p, equal ? equal : lf);
    if (equal) {
        *value = ml_slice(equal + 1, lf);
    } else if (!binary(lf + 1, c->e, &end)) {
        *key = *value = ml_none();
    } else {
        if (!end) return false;
        *value = ml_slice(lf + 9, end);
        lf = end;
    }
    c->p = lf + 1;
    return true;
}

bool maillog__export_end(const char **at, const char *e)
{
    ml_cur c = ml_slice(*at, e), key, value;
    while (!ml_empty(c) && *c.p != '\n' && field(&c, &key, &value)) *at = c.p;
    return ml_peek(c) == '\n';
}

/* The last field of a record may lack its line end: the doors leave it off. */
static void last_field(ml_cur c, ml_cur *key, ml_cur *value)
{
    const char *lf = (const char *)memchr(c.p, '\n', ml_len(c));
    const char *equal = (const char *)memchr(c.p, '=', (size_t)((lf ? lf : c.e) - c.p));
    *key = *value = ml_none();
    if (equal) {
        *key = ml_slice(c.p, equal);
        *value = ml_slice(equal + 1, c.e);
    } else if (lf && c.e - lf >= 9 && ml_load64(lf + 1) == (uint64_t)(c.e - lf - 9)) {
        *key = ml_slice(c.p, lf);
        *value = ml_slice(lf + 9, c.e);
    }
}

bool maillog__export_record(ml_line *l, ml_cur *c)
{
    ml_record r = {0};
    ml_cur rest = *c, key, value;
    if (!maillog__is_export(rest.p, rest.e)) return false;
    while (!ml_empty(rest) && *rest.p != '\n') {
        const bool whole = field(&rest, &key, &value);
        if (!whole) last_field(rest, &key, &value);
        maillog__record_put(&r, key, value);
        if (!whole) break;
    }
    if (!maillog__record_finish(l, &r, &rest)) return false;
    *c = rest;
    return true;
}
