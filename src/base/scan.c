/* scan.c: searches that are too long to inline, and the word tables. */
#include "cursor.h"

/* Both look for the first, the last and a middle byte of `lit` at their distances, sixteen places at once: what has
 * all is nearly always it. The middle one is there for the many literals from ": " to " ". The first one decides for
 * most places; where it is a blank, the middle one does. */

#ifdef ML_SSE2
/* Whether what has these three is it: up to three bytes it is; longer ones differ in the first four, mostly. */
static inline bool is_it(const char *p, const char *lit, size_t n)
{
    if (n <= 3) return true;
    if (ml_load32(p) != ml_load32(lit)) return false;
    for (size_t k = 4; k + 8 < n; k += 8)
        if (ml_load64(p + k) != ml_load64(lit + k)) return false;
    return n < 8 ? ml_load32(p + n - 4) == ml_load32(lit + n - 4) : ml_load64(p + n - 8) == ml_load64(lit + n - 8);
}
#endif

#ifdef ML_SSE2
/* Where sixteen places from p to `end` on can be looked at, which load `n` bytes, is in front of this. */
static inline const char *may_begin(const ml_line *l, const char *p, const char *end, size_t n)
{
    const ptrdiff_t loads = l->readable - p - (ptrdiff_t)n + 1;
    return loads <= 0 ? p : loads < end - p ? p + loads : end;
}

/* Whether one of 32 bytes at p is the byte in `want`. */
static inline bool has_32(const char *p, __m128i want)
{
    const __m128i *const at = (const __m128i *)(const void *)p;
    const __m128i a = _mm_cmpeq_epi8(_mm_loadu_si128(at), want), b = _mm_cmpeq_epi8(_mm_loadu_si128(at + 1), want);
    return _mm_movemask_epi8(_mm_or_si128(a, b));
}
#endif

/* Place by place. Out of the way of what mostly finds it sooner. */
static __attribute__((noinline)) const char *find_slowly(const ml_line *l, ml_cur head, const char *lit, size_t n)
{
    for (const char *p; (p = ml_find(l, head, lit[0])) != NULL; head.p = p + 1)
        if (memcmp(p, lit, n) == 0) return p;
    return NULL;
}

const char *maillog__find_two(const ml_line *l, ml_cur c, const char *lit)
{
    const char *p = c.p;
#ifdef ML_SSE2
    const __m128i first = _mm_set1_epi8(lit[0]), second = _mm_set1_epi8(lit[1]);
    const char *const stop = may_begin(l, c.p, c.e - 1, 17);
    for (; p < stop; p += 16) {
        unsigned mask = ml_mask_16(p, first);
        if (!mask) {
            while (stop - p > 32 && !has_32(p + 16, first)) p += 32;
            continue;
        }
        mask &= ml_mask_16(p + 1, second);
        if (!mask) continue;
        p += __builtin_ctz(mask);
        return c.e - p > 1 ? p : NULL;
    }
#endif
    return c.e - p > 1 ? find_slowly(l, ml_slice(p, c.e - 1), lit, 2) : NULL;
}

const char *maillog__find_bytes(const ml_line *l, ml_cur c, const char *lit, size_t n)
{
    if (n == 2) return maillog__find_two(l, c, lit);
    if (ml_len(c) < n) return NULL;
    ml_cur head = ml_slice(c.p, c.e - (n - 1)); /* where the first byte can stand */
#ifdef ML_SSE2
    const size_t m = n / 2;
    const size_t rare = lit[0] == ' ' ? m : 0, other = m - rare;
    const __m128i want = _mm_set1_epi8(lit[rare]), mid = _mm_set1_epi8(lit[other]), last = _mm_set1_epi8(lit[n - 1]);
    const char *const stop = may_begin(l, head.p, head.e, n + 15);
    for (; head.p < stop; head.p += 16) {
        unsigned mask = ml_mask_16(head.p + rare, want);
        if (!mask) {
            while (stop - head.p > 32 && !has_32(head.p + 16 + rare, want)) head.p += 32;
            continue;
        }
        mask &= ml_mask_16(head.p + other, mid) & ml_mask_16(head.p + (n - 1), last);
        for (; mask; mask &= mask - 1) {
            const char *p = head.p + __builtin_ctz(mask);
            if (p >= head.e) return NULL;
            if (is_it(p, lit, n)) return p;
        }
    }
    if (head.p >= head.e) return NULL;
    if (head.e - c.p >= 16) { /* the last places together with some that were looked at */
        const char *const at = head.e - 16;
        unsigned mask = ml_mask_16(at + rare, want) & ml_mask_16(at + other, mid) & ml_mask_16(at + (n - 1), last);
        for (mask &= ~0u << (head.p - at); mask; mask &= mask - 1) {
            const char *p = at + __builtin_ctz(mask);
            if (is_it(p, lit, n)) return p;
        }
        return NULL;
    }
#endif
    return find_slowly(l, head, lit, n);
}

const char *maillog__rfind_bytes(ml_cur c, const char *lit, size_t n)
{
    if (ml_len(c) < n) return NULL;
    ml_cur head = ml_slice(c.p, c.e - (n - 1));
#ifdef ML_SSE2
    const bool is_long = ml_len(head) >= 16;
    const size_t m = n / 2;
    const size_t rare = lit[0] == ' ' ? m : 0, other = m - rare;
    const __m128i want = _mm_set1_epi8(lit[rare]), mid = _mm_set1_epi8(lit[other]), last = _mm_set1_epi8(lit[n - 1]);
    for (; head.e - head.p >= 16; head.e -= 16) {
        const char *at = head.e - 16;
        unsigned mask = ml_mask_16(at + rare, want);
        if (!mask) continue;
        mask &= ml_mask_16(at + other, mid) & ml_mask_16(at + (n - 1), last);
        while (mask) {
            const unsigned i = 31 - (unsigned)__builtin_clz(mask);
            if (is_it(at + i, lit, n)) return at + i;
            mask ^= 1u << i;
        }
    }
    if (is_long) { /* the first places together with some that were looked at */
        const char *const at = head.p;
        unsigned mask = ml_mask_16(at + rare, want) & ml_mask_16(at + other, mid) & ml_mask_16(at + (n - 1), last);
        for (mask &= (1u << ml_len(head)) - 1; mask;) {
            const unsigned i = 31 - (unsigned)__builtin_clz(mask);
            if (is_it(at + i, lit, n)) return at + i;
            mask ^= 1u << i;
        }
        return NULL;
    }
#endif
    for (const char *p; (p = ml_rfind(head, lit[0])) != NULL; head.e = p)
        if (memcmp(p, lit, n) == 0) return p;
    return NULL;
}

size_t maillog__rows_before(const void *keys, size_t size, size_t count, uint64_t key)
{
    const uint64_t order = ml_highest_first(key);
    size_t first = 0;
    while (count > 0) {
        const size_t half = count / 2;
        uint64_t x;
        memcpy(&x, (const char *)keys + (first + half) * size, sizeof x);
        const bool is_before = ml_highest_first(x) < order;
        first += is_before ? half + 1 : 0;
        count = is_before ? count - half - 1 : half;
    }
    return first;
}

typedef struct word_row {
    uint16_t id;
    uint8_t len;
    char word[29];
} word_row;

static const word_row words[] = {
#define MAILLOG_WORD(id, SET, NAME, word) {id, sizeof(word) - 1, word},
#include <maillog/schema.def>
};

/* Where a word's row stands: the words of one set stand together. */
enum {
#define MAILLOG_WORD(id, SET, NAME, word) ROW_##SET##_##NAME,
#include <maillog/schema.def>
};
static const uint16_t row_of[] = {
#define MAILLOG_WORD(id, SET, NAME, word) [id] = ROW_##SET##_##NAME,
#include <maillog/schema.def>
};

unsigned maillog__word(ml_cur v, unsigned first, unsigned last)
{
    const size_t n = ml_len(v);
    const uint64_t key = ml_key(NULL, v);
    if (n == 0 || n >= sizeof words->word) return 0;
    for (const word_row *w = &words[row_of[first]], *end = &words[row_of[last]]; w <= end; w++)
        if (ml_load64(w->word) == key && w->len == n && (n <= 8 || memcmp(w->word, v.p, n) == 0)) return w->id;
    return 0;
}
