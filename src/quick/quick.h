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

/* A line stands in a buffer with room behind it: of so many bytes behind its end, which has a byte that no literal here
 * has, any may be loaded. So a look at the text at or shortly behind the end needs no guard, but what it found does:
 * whatever is found at or behind the end is not there. */
enum { ML_BEHIND = 128 };

/* What a quick grammar works on. Copied by each, so that the compiler keeps it in registers. */
typedef struct ml_quick {
    const char *p, *e;   /* the text left, and its end: that of the line */
    uintptr_t to_offset; /* added to a pointer, gives what the low half of it is an offset from */
    maillog_field *next; /* the next free row: there are always enough, for every quick grammar has a most */
    ml_line *l;          /* for what asks the daemon's own grammar */
    uint32_t head;       /* of the event: see ml_found */
} ml_quick;

/* True: the event is whole; `q->next` is behind its rows. */
typedef bool (*ml_quick_grammar)(ml_quick *q);

/* What a grammar found: where its rows end, or NULL; and type, daemon (0: that of the program) and match of the event,
 * as they stand in it. Two registers. */
typedef struct ml_found {
    maillog_field *next;
    uint64_t head;
} ml_found;

/* The same for the statement [p, e), whose rows are written from `next` on. In arguments, not in an ml_quick: these
 * stay in registers. */
typedef ml_found ml_quick_reader(ml_line *l, const char *p, const char *e, maillog_field *next);

/* To be called with a grammar's name, so that it vanishes into its caller. */
ML_INLINE ml_found ml_quick_read(ml_quick_grammar grammar, ml_line *l, const char *p, const char *e,
                                 maillog_field *next)
{
    ml_quick q = {p, e, l->to_offset, next, l, 0};
    const ml_found found = {grammar(&q) ? q.next : NULL, q.head};
    return found;
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
    ml_row_at(q->next++, id, word, ml_offset(p, q->to_offset), (uint32_t)(e - p));
}
ML_INLINE void ml_row(ml_quick *q, maillog_field_id id, const char *p, const char *e) { ml_row_word(q, id, 0, p, e); }
#define ML_ROW(q, NAME, p, e) ml_row((q), MAILLOG_FIELD_##NAME, (p), (e))
#define ML_ROW_WORD(q, NAME, word, p, e) ml_row_word((q), MAILLOG_FIELD_##NAME, (word), (p), (e))

/* The last thing a quick grammar does. */
ML_INLINE bool ml_quick_event(ml_quick *out, const ml_quick *q, maillog_event_type type)
{
    out->next = q->next;
    out->head = (uint32_t)type | (uint32_t)MAILLOG_MATCH_EVENT << 24;
    return true;
}

/* ---- looking ---- */

/* Eight bytes as ml_load64() gives them; a constant that may be an index. */
#define ML_WORD(a, b, c, d, e, f, g, h)                                                                                \
    ((uint64_t)(a) | (uint64_t)(b) << 8 | (uint64_t)(c) << 16 | (uint64_t)(d) << 24 | (uint64_t)(e) << 32 |            \
     (uint64_t)(f) << 40 | (uint64_t)(g) << 48 | (uint64_t)(h) << 56)

/* The first `a` or `b` from p on; at or behind q->e: there is none. */
ML_INLINE const char *ml_quick_find_2(const ml_quick *q, const char *p, char a, char b)
{
    do {
        const uint64_t hits = a == b ? ml_hits(p, a) : ml_hits_2(p, a, b);
        if (ML_MOSTLY(hits)) return p + (ml_first(hits) >> ML_HIT_SHIFT);
        p += ML_VEC;
    } while (p < q->e);
    return p;
}
ML_INLINE const char *ml_quick_find(const ml_quick *q, const char *p, char ch) { return ml_quick_find_2(q, p, ch, ch); }

/* The literal's bytes from `i` on as a number, 0 for those past its end; a constant. */
ML_INLINE uint64_t ml_literal_byte(const char *lit, size_t n, size_t i) { return i < n ? (unsigned char)lit[i] : 0; }
ML_INLINE uint64_t ml_literal(const char *lit, size_t n, size_t i)
{
    return ml_literal_byte(lit, n, i) | ml_literal_byte(lit, n, i + 1) << 8 | ml_literal_byte(lit, n, i + 2) << 16 |
           ml_literal_byte(lit, n, i + 3) << 24 | ml_literal_byte(lit, n, i + 4) << 32 |
           ml_literal_byte(lit, n, i + 5) << 40 | ml_literal_byte(lit, n, i + 6) << 48 |
           ml_literal_byte(lit, n, i + 7) << 56;
}

/* Whether the literal stands at p, of which 32 bytes may be loaded. A line's end is in none of them, so there is no
 * match across it. */
ML_INLINE bool ml_quick_same(const char *p, const char *lit, size_t n)
{
    if (n == 4) return ml_load32(p) == (uint32_t)ml_literal(lit, n, 0);
    if (n == 2) return ml_same_2(p, lit);
    if (n == 1) return *p == *lit;
    if (n <= 8) return (ml_load64(p) ^ ml_literal(lit, n, 0)) << (64 - 8 * n) % 64 == 0;
#ifdef ML_AVX2
    if (n <= 16) {
        const __m128i want = _mm_set_epi64x((long long)ml_literal(lit, n, 8), (long long)ml_literal(lit, n, 0));
        const __m128i mask = _mm_set_epi64x((long long)ML_LIT_MASK(n - 8), -1);
        const __m128i other = _mm_xor_si128(ml_vec_16(p), want);
        return _mm_testz_si128(other, mask);
    }
    if (n <= 32) {
        const __m256i want = _mm256_set_epi64x((long long)ml_literal(lit, n, 24), (long long)ml_literal(lit, n, 16),
                                               (long long)ml_literal(lit, n, 8), (long long)ml_literal(lit, n, 0));
        const __m256i mask = _mm256_set_epi64x(n <= 24 ? 0 : (long long)ML_LIT_MASK(n - 24),
                                               (long long)(n < 24 ? ML_LIT_MASK(n - 16) : ~UINT64_C(0)), -1, -1);
        return _mm256_testz_si256(_mm256_xor_si256(ml_vec(p), want), mask);
    }
#endif
    return ml_same_bytes(p, lit, n);
}

/* Whether the literal stands at p, and a digit behind it; 32 bytes may be loaded. Less the literal and a '0', all bytes
 * are 0 but the digit, which is 9 at most; less that, and of the others whatever they are, all are. */
#ifdef ML_SSE2
ML_INLINE uint64_t ml_digit_limit(size_t n, size_t i)
{
    const uint64_t before = i < n ? (n - i < 8 ? ~UINT64_C(0) >> (64 - 8 * (n - i)) : ~UINT64_C(0)) : 0;
    const bool here = i <= n && n - i < 8;
    return ~(before | (here ? UINT64_C(0xFF) << 8 * (n - i) % 64 : 0)) | (here ? UINT64_C(9) << 8 * (n - i) % 64 : 0);
}
ML_INLINE bool ml_quick_same_digit(const char *p, const char *lit, size_t n)
{
    const uint64_t low = ml_literal(lit, n, 0) | (n < 8 ? (uint64_t)'0' << 8 * n % 64 : 0);
    const uint64_t high = ml_literal(lit, n, 8) | (n >= 8 && n < 16 ? (uint64_t)'0' << 8 * n % 64 : 0);
    if (n >= 16) return ml_quick_same(p, lit, n) && ml_is_digit(p[n]);
    const __m128i less = _mm_set_epi64x((long long)high, (long long)low);
    const __m128i limit = _mm_set_epi64x((long long)ml_digit_limit(n, 8), (long long)ml_digit_limit(n, 0));
    const __m128i over = _mm_subs_epu8(_mm_sub_epi8(ml_vec_16(p), less), limit);
    return ml_is_zero_16(over);
}
#else
ML_INLINE bool ml_quick_same_digit(const char *p, const char *lit, size_t n)
{
    return ml_quick_same(p, lit, n) && ml_is_digit(p[n]);
}
#endif

/* Whether the text goes on with the literal; then past it. */
ML_INLINE bool ml_quick_skip(const char **p, const char *lit, size_t n)
{
    if (!ml_quick_same(*p, lit, n)) return false;
    *p += n;
    return true;
}
#define ML_QUICK_SKIP(p, lit) ml_quick_skip((p), "" lit, sizeof(lit) - 1)

/* Whether [p, e) is the literal. */
#define ML_QUICK_IS(p, e, lit) ((size_t)((e) - (p)) == sizeof(lit) - 1 && ml_quick_same((p), "" lit, sizeof(lit) - 1))

/* Past the digits at p, which may be none; up to `e`. */
ML_INLINE const char *ml_quick_digits(const char *p, const char *e)
{
    while (p < e && ml_is_digit(*p)) p++;
    return p;
}

#endif
