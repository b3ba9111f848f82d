/* words.h: slices and constant lists of words, as the explaining files need them. */
#ifndef MAILLOG_EXPLAIN_WORDS_H
#define MAILLOG_EXPLAIN_WORDS_H

#include <stdbool.h>
#include <string.h>

#include <maillog/base.h>

static inline maillog_str ml_words(const char *s)
{
    const maillog_str v = {s, s ? strlen(s) : 0};
    return v;
}
static inline maillog_str ml_cut(const char *p, const char *e)
{
    const maillog_str v = {p, (size_t)(e - p)};
    return v;
}
static inline bool ml_equal(maillog_str a, maillog_str b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}
static inline bool ml_is(maillog_str a, const char *s) { return ml_equal(a, ml_words(s)); }
static inline bool ml_begins(maillog_str a, const char *s)
{
    const size_t n = strlen(s);
    return a.len >= n && (n == 0 || memcmp(a.ptr, s, n) == 0);
}
static inline maillog_str ml_after(maillog_str a, size_t n)
{
    if (n > a.len) n = a.len;
    const maillog_str v = {a.ptr ? a.ptr + n : NULL, a.len - n};
    return v;
}

/* The next word of a list separated by blanks; false at the end. Start with the whole list in `*rest`. */
static inline bool ml_next_word(maillog_str *rest, maillog_str *word)
{
    size_t i = 0, e;
    while (i < rest->len && rest->ptr[i] == ' ') i++;
    for (e = i; e < rest->len && rest->ptr[e] != ' '; e++) continue;
    if (e == i) return false;
    *word = ml_cut(rest->ptr + i, rest->ptr + e);
    *rest = ml_after(*rest, e);
    return true;
}

#endif
