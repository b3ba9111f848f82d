/* unwrap.c: a JSON record as a plain line, in memory of the caller. */
#include "header/record.h"
#include "json.h"

/* snprintf's contract: count everything, store what fits. */
typedef struct writer {
    char *buf;
    size_t cap, len;
} writer;

static void put(writer *w, const char *p, size_t n)
{
    if (w->len < w->cap) {
        const size_t room = w->cap - w->len;
        memcpy(w->buf + w->len, p, n < room ? n : room);
    }
    w->len += n;
}
static void put_byte(writer *w, unsigned byte)
{
    const char c = (char)byte;
    put(w, &c, 1);
}

/* UTF-8; the lone surrogates of surrogateescape are the bytes they stand for. */
static void put_code(writer *w, unsigned code)
{
    if (code < 0x80) {
        put_byte(w, code);
    } else if (code >= 0xDC80 && code <= 0xDCFF) {
        put_byte(w, code - 0xDC00);
    } else if (code < 0x800) {
        put_byte(w, 0xC0 | code >> 6);
        put_byte(w, 0x80 | (code & 0x3F));
    } else if (code < 0x10000) {
        put_byte(w, 0xE0 | code >> 12);
        put_byte(w, 0x80 | (code >> 6 & 0x3F));
        put_byte(w, 0x80 | (code & 0x3F));
    } else {
        put_byte(w, 0xF0 | code >> 18);
        put_byte(w, 0x80 | (code >> 12 & 0x3F));
        put_byte(w, 0x80 | (code >> 6 & 0x3F));
        put_byte(w, 0x80 | (code & 0x3F));
    }
}

/* `u1234` after a backslash. */
static bool hex4(ml_cur *c, unsigned *out)
{
    unsigned n = 0;
    if (ml_len(*c) < 5 || *c->p != 'u') return false;
    for (int i = 1; i < 5; i++) {
        const char h = c->p[i];
        if (!ml_is_hex(h)) return false;
        n = n << 4 | (ml_is_digit(h) ? (unsigned)(h - '0') : (unsigned)((h | 0x20) - 'a') + 10);
    }
    c->p += 5;
    *out = n;
    return true;
}

/* `*c` is behind a backslash. What is no escape stays as it is. */
static void put_escape(writer *w, ml_cur *c)
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    unsigned high, low;
    if (hex4(c, &high)) {
        ml_cur rest = *c;
        if (high >= 0xD800 && high < 0xDC00 && ml_skip_char(&rest, '\\') && hex4(&rest, &low) && low >= 0xDC00 &&
            low < 0xE000) {
            high = 0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00);
            *c = rest;
        }
        put_code(w, high);
        return;
    }
    for (size_t i = 0; i + 1 < sizeof from; i++) {
        if (!ml_skip_char(c, from[i])) continue;
        put(w, to + i, 1);
        return;
    }
    put_byte(w, '\\');
}

static void put_string(writer *w, ml_cur v)
{
    while (!ml_empty(v)) {
        const char *p = v.p;
        while (p < v.e && *p != '\\') p++;
        put(w, v.p, (size_t)(p - v.p));
        v.p = p;
        if (ml_skip_char(&v, '\\')) put_escape(w, &v);
    }
}

/* `[104,105]`: journald's way to write text that is not UTF-8. */
static bool put_bytes_of_array(writer *w, ml_cur v)
{
    ml_cur digits;
    if (!ml_skip_char(&v, '[')) return false;
    while (!ml_skip_char(&v, ']')) {
        unsigned n = 0;
        while (ml_skip_char(&v, ' ') || ml_skip_char(&v, ',')) {
        }
        if (!ml_digits(&v, &digits) || ml_len(digits) > 3) return false;
        for (const char *p = digits.p; p < digits.e; p++) n = n * 10 + (unsigned)(*p - '0');
        if (n > 255) return false;
        put_byte(w, n);
        while (ml_skip_char(&v, ' ')) {
        }
    }
    return ml_empty(v);
}

static void put_stamp(writer *w, const maillog_time *t)
{
    static const maillog_json_options defaults = {0, 0, 0, 0, 0, 0};
    char stamp[64];
    const size_t n = maillog__json_stamp(t, &defaults, stamp, sizeof stamp);
    if (n < 2 || n > sizeof stamp) return;
    put(w, stamp + 1, n - 2); /* without the quotes */
    put_byte(w, ' ');
}

/* `mail postfix/smtpd[15492]: `; a record without a program has a whole line in its text. */
static void put_origin(writer *w, const ml_record *r)
{
    ml_cur tag = r->value[ML_PROGRAM];
    if (!r->rank[ML_PROGRAM]) return;
    if (r->rank[ML_HOST]) {
        put_string(w, r->value[ML_HOST]);
        put_byte(w, ' ');
    }
    if (ml_last(tag) == ':') tag.e--;
    put_string(w, tag);
    if (r->rank[ML_PID] && ml_last(tag) != ']') {
        put_byte(w, '[');
        put_string(w, r->value[ML_PID]);
        put_byte(w, ']');
    }
    put(w, ": ", 2);
}

size_t maillog_json_unwrap(const char *line, size_t len, char *buf, size_t cap)
{
    writer w = {buf, buf ? cap : 0, 0};
    ml_record r = {0};
    maillog_time t;
    if (!line) return 0;
    ml_cur c = ml_slice(line, line + len);
    if (!maillog__json_members(&c, &r) || !r.rank[ML_MESSAGE]) return 0;
    ml_cur message = r.value[ML_MESSAGE];
    maillog__drop_escaped_line_end(&message);
    if (maillog__record_time(&r, &t)) put_stamp(&w, &t);
    put_origin(&w, &r);
    const size_t start = w.len;
    if (ml_is_json_array(message) && put_bytes_of_array(&w, message)) return w.len;
    w.len = start;
    put_string(&w, message);
    return w.len;
}
