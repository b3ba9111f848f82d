/* quick.h: the lines that make up nearly all of a log, each read in one straight line.
 *
 * A quick grammar knows one shape of one statement. It takes nothing that the daemon's own grammar (src/daemons) would
 * read otherwise, and gives up at the first byte that it did not expect: then that grammar reads the line from the
 * beginning. So quick grammars may be left out, one or all, and nothing changes but the time (a test compares). */
#ifndef MAILLOG_QUICK_H
#define MAILLOG_QUICK_H

#include "vector.h"

/* Whether there are quick grammars at all: header.h writes numbers for a machine that puts the lowest byte first. On
 * any other the daemons' own grammars read every line; so they do with -DML_QUICK=0. */
#ifndef ML_QUICK
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define ML_QUICK 1
#else
#define ML_QUICK 0
#endif
#endif

/* What a quick grammar works on. Copied by each, so that the compiler keeps it in registers. */
typedef struct ml_quick {
    const char *p, *e;       /* the text left, and its end: that of the line */
    const char *stop;        /* vectors that begin below this may be loaded whole; at most `e` */
    const char *last_window; /* the same of 64 bytes, up to this */
    const char *base;        /* offsets count from here */
    maillog_field *next;     /* the next free row: there are always enough, for every quick grammar has a most */
} ml_quick;

/* True: the event is whole; `q->next` is behind its rows. */
typedef bool (*ml_quick_grammar)(ml_quick *q, ml_line *l);

/* The same for the statement [p, e), whose rows are written from `next` on: where they end, or NULL. In arguments, not
 * in an ml_quick: these stay in registers. */
typedef maillog_field *ml_quick_reader(ml_line *l, const char *p, const char *e, maillog_field *next);

/* To be called with a grammar's name, so that it vanishes into its caller. */
ML_INLINE maillog_field *ml_quick_read(ml_quick_grammar grammar, ml_line *l, const char *p, const char *e,
                                       maillog_field *next)
{
    const char *const last_vector = l->readable - ML_VEC;
    ml_quick q = {p, e, e <= last_vector ? e : last_vector + 1, l->readable - 64, l->base, next};
    return grammar(&q, l) ? q.next : NULL;
}

/* ---- rows ---- */

typedef char row_layout[offsetof(maillog_field, word) == 2 && offsetof(maillog_field, off) == 4 ? 1 : -1];

/* `id` and `word` in one number, written at once. */
ML_INLINE void ml_row_at(maillog_field *f, maillog_field_id id, unsigned word, uint32_t off, uint32_t len)
{
    const uint32_t both = (uint32_t)id | (uint32_t)word << 16; /* a constant mostly: one store */
    memcpy(f, &both, sizeof both);
    f->off = off;
    f->len = len;
}
ML_INLINE void ml_row_word(ml_quick *q, maillog_field_id id, unsigned word, const char *p, const char *e)
{
    ml_row_at(q->next++, id, word, (uint32_t)(p - q->base), (uint32_t)(e - p));
}
ML_INLINE void ml_row(ml_quick *q, maillog_field_id id, const char *p, const char *e) { ml_row_word(q, id, 0, p, e); }
#define ML_ROW(q, NAME, p, e) ml_row((q), MAILLOG_FIELD_##NAME, (p), (e))
#define ML_ROW_WORD(q, NAME, word, p, e) ml_row_word((q), MAILLOG_FIELD_##NAME, (word), (p), (e))

/* The last thing a quick grammar does. */
ML_INLINE bool ml_quick_event(ml_quick *out, const ml_quick *q, maillog_event *ev, maillog_event_type type)
{
    out->next = q->next;
    ev->type = (uint16_t)type;
    ev->match = MAILLOG_MATCH_EVENT;
    return true;
}

/* ---- looking ---- */

/* Eight bytes as ml_load64() gives them; a constant that may be an index. */
#define ML_WORD(a, b, c, d, e, f, g, h)                                                                                \
    ((uint64_t)(a) | (uint64_t)(b) << 8 | (uint64_t)(c) << 16 | (uint64_t)(d) << 24 | (uint64_t)(e) << 32 |            \
     (uint64_t)(f) << 40 | (uint64_t)(g) << 48 | (uint64_t)(h) << 56)

/* ml_quick_find_2() where no whole vector may be loaded any more: the last one is, from `last` on. */
static __attribute__((noinline)) const char *ml_quick_find_tail(const char *p, const char *e, const char *last, char a,
                                                                char b)
{
    if (p - last >= ML_VEC) return e; /* the very end of the buffer */
    const uint64_t hits = ml_hits_2(last, a, b) >> ((p - last) * ML_HIT_BITS);
    return hits ? p + (ml_first(hits) >> ML_HIT_SHIFT) : e;
}

/* The first `a` or `b` from p on; at or behind q->e: there is none. */
ML_INLINE const char *ml_quick_find_2(const ml_quick *q, const char *p, char a, char b)
{
    for (; p < q->stop; p += ML_VEC) {
        const uint64_t hits = a == b ? ml_hits(p, a) : ml_hits_2(p, a, b);
        if (hits) return p + (ml_first(hits) >> ML_HIT_SHIFT);
    }
    return p < q->e ? ml_quick_find_tail(p, q->e, q->last_window + (64 - ML_VEC), a, b) : q->e;
}
ML_INLINE const char *ml_quick_find(const ml_quick *q, const char *p, char ch) { return ml_quick_find_2(q, p, ch, ch); }

/* Whether the text goes on with the literal; then past it. */
ML_INLINE bool ml_quick_skip(const ml_quick *q, const char **p, const char *lit, size_t n)
{
    if ((size_t)(q->e - *p) < n || !ml_same_bytes(*p, lit, n)) return false;
    *p += n;
    return true;
}
#define ML_QUICK_SKIP(q, p, lit) ml_quick_skip((q), (p), "" lit, sizeof(lit) - 1)

/* Whether [p, e) is the literal. */
#define ML_QUICK_IS(p, e, lit) ((size_t)((e) - (p)) == sizeof(lit) - 1 && ml_same_bytes((p), "" lit, sizeof(lit) - 1))

/* Past the digits at p, which may be none; up to `e`. */
ML_INLINE const char *ml_quick_digits(const char *p, const char *e)
{
    while (p < e && ml_is_digit(*p)) p++;
    return p;
}

/* Masks of the 64 bytes from p on: bits of bytes at and behind the end of the line are 0. Where so much may not be
 * loaded behind p, the last 64 bytes of the buffer are, and the mask is shifted. */
typedef struct ml_window {
    const char *at;
    unsigned shift;
    uint64_t inside;
} ml_window;

ML_INLINE ml_window ml_quick_window(const ml_quick *q, const char *p)
{
    ml_window w;
    w.at = p < q->last_window ? p : q->last_window;
    w.shift = (unsigned)(p - w.at);
    w.inside = q->e - p < 64 ? ml_below((unsigned)(q->e - p)) : ~UINT64_C(0);
    return w;
}
ML_INLINE uint64_t ml_window_mask(const ml_window *w, char ch)
{
    return ml_mask_64(w->at, ch, 0) >> (w->shift & 63) & w->inside; /* 64: nothing is left, and nothing is inside */
}

#endif
