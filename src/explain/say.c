/* say.c: building sentences. The buffer may be too small at any point: lengths go on counting, nothing is written past
 * its end. */
#include "say.h"

#include <stdarg.h>

#define QUOTED_MAX 200 /* bytes of a value of the log in a sentence */

static void put(ml_say *o, const char *p, size_t n)
{
    if (o->len < o->cap && n) memcpy(o->buf + o->len, p, n < o->cap - o->len ? n : o->cap - o->len);
    o->len += n;
    if (n) o->last = p[n - 1];
}

static void number(ml_say *o, uint64_t n)
{
    char digits[20];
    size_t i = sizeof digits;
    do {
        digits[--i] = (char)('0' + n % 10);
        n /= 10;
    } while (n);
    put(o, digits + i, sizeof digits - i);
}

/* Not in the middle of a UTF-8 character. */
static size_t cut_length(maillog_str s)
{
    size_t n = QUOTED_MAX;
    if (s.len <= n) return s.len;
    while (n && ((unsigned char)s.ptr[n] & 0xC0) == 0x80) n--;
    return n;
}

static void quoted(ml_say *o, maillog_str s)
{
    const size_t n = cut_length(s);
    put(o, "\"", 1);
    put(o, s.ptr, n);
    if (n < s.len) put(o, "...", 3);
    put(o, "\"", 1);
}

static void evidence(ml_say *o, uint64_t line)
{
    maillog_sentence *s = &o->now;
    for (size_t i = 0; i < s->nlines; i++)
        if (s->line[i] == line) return;
    if (line && s->nlines < MAILLOG_EVIDENCE_MAX) s->line[s->nlines++] = line;
}

void maillog__say(ml_say *o, const char *format, ...)
{
    va_list args;
    uint64_t line;
    va_start(args, format);
    for (const char *p = format; *p; p++) {
        const char *const from = p;
        while (*p && *p != '%') p++;
        put(o, from, (size_t)(p - from));
        if (!*p) break;
        switch (*++p) {
        case 'z': {
            const maillog_str s = ml_words(va_arg(args, const char *));
            put(o, s.ptr, s.len);
            break;
        }
        case 's': {
            const maillog_str s = va_arg(args, maillog_str);
            put(o, s.ptr, cut_length(s));
            break;
        }
        case 'f': { /* the whole path is in the check's own fields */
            const maillog_str s = va_arg(args, maillog_str);
            size_t at = s.len;
            while (at && s.ptr[at - 1] != '/') at--;
            put(o, s.ptr + at, s.len - at);
            break;
        }
        case 'q':
            quoted(o, va_arg(args, maillog_str));
            break;
        case 'n':
            number(o, va_arg(args, uint64_t));
            break;
        case 'l':
            line = va_arg(args, uint64_t);
            put(o, "line ", 5);
            number(o, line);
            evidence(o, line);
            break;
        case 'e':
            evidence(o, va_arg(args, uint64_t));
            break;
        default:
            put(o, p, 1);
            break;
        }
    }
    va_end(args);
}

void maillog__begin(ml_say *o, maillog_sentence_kind kind)
{
    memset(&o->now, 0, sizeof o->now);
    o->now.kind = kind;
    if (o->sentences) put(o, " ", 1);
    o->start = o->len;
}

void maillog__end(ml_say *o)
{
    if (o->len == o->start) {
        o->len -= o->sentences ? 1 : 0;
        return;
    }
    if (o->last != '.' && o->last != '!' && o->last != '?') put(o, ".", 1);
    o->sentences++;
    /* the first ones are `why`, in one piece; notes never are */
    if (o->in_why == o->sentences - 1 && o->in_why < ML_WHY_MAX && o->now.kind != MAILLOG_SENTENCE_NOTE) {
        o->now.in_why = 1;
        o->in_why++;
        o->why_end = o->len;
    }
    if (!o->out || o->out->n == MAILLOG_SENTENCES_MAX) return;
    o->now.text.len = o->len - o->start;
    o->now.text.ptr = o->len <= o->cap ? o->buf + o->start : NULL;
    o->out->sentence[o->out->n++] = o->now;
}

maillog_str maillog__note_end(const ml_say *o, ml_note n)
{
    maillog_str s = {NULL, 0};
    if (o->len == n.start || o->len > o->cap) return s;
    s.ptr = o->buf + n.start;
    s.len = o->len - n.start;
    return s;
}
