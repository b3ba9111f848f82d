/* bytes.c: see bytes.h. */
#include "bytes.h"

#include <string.h>

#ifdef __SSE2__
#include <emmintrin.h>

enum { WIDTH = 16, AT_ONCE = 255 }; /* AT_ONCE: vectors whose line ends a byte can count */

static __m128i load(const char *s) { return _mm_loadu_si128((const __m128i *)(const void *)s); }

/* Of the places i to i + 15 those where the first byte of the text stands, and its last one as far behind it. */
static const char *find_at(const char *s, size_t i, const char *text, size_t len)
{
    const __m128i first = _mm_set1_epi8(text[0]), last = _mm_set1_epi8(text[len - 1]);
    const __m128i a = _mm_cmpeq_epi8(load(s + i), first), b = _mm_cmpeq_epi8(load(s + i + len - 1), last);
    for (unsigned mask = (unsigned)_mm_movemask_epi8(_mm_and_si128(a, b)); mask; mask &= mask - 1) {
        const char *at = s + i + (unsigned)__builtin_ctz(mask);
        if (memcmp(at, text, len) == 0) return at;
    }
    return NULL;
}

const char *bytes_find(const char *s, size_t n, const char *text, size_t len)
{
    if (n < len - 1 + WIDTH) return n < len ? NULL : (const char *)memmem(s, n, text, len);
    const size_t last = n - (len - 1) - WIDTH; /* looked through from there, whatever was before */
    for (size_t i = 0; i < last; i += WIDTH) {
        const char *at = find_at(s, i, text, len);
        if (at) return at;
    }
    return find_at(s, last, text, len);
}

static uint64_t sum_of(__m128i bytes)
{
    const __m128i halves = _mm_sad_epu8(bytes, _mm_setzero_si128());
    return (uint64_t)_mm_cvtsi128_si64(halves) + (uint64_t)_mm_cvtsi128_si64(_mm_srli_si128(halves, 8));
}

/* How far to go before the counts of a byte may overflow: whole vectors, with one byte more behind them. */
static const char *stop_before(const char *s, const char *end)
{
    const size_t vectors = end - s > WIDTH ? (size_t)(end - s - 1) / WIDTH : 0;
    return s + (vectors < AT_ONCE ? vectors : AT_ONCE) * WIDTH;
}

static uint64_t lines_in_vectors(const char *s, size_t n, size_t *done)
{
    const __m128i lf = _mm_set1_epi8('\n');
    uint64_t lines = 0;
    const char *p = s;
    for (const char *stop; (stop = stop_before(p, s + n)) != p;) {
        __m128i found = _mm_setzero_si128();
        for (; p != stop; p += WIDTH) found = _mm_sub_epi8(found, _mm_cmpeq_epi8(load(p), lf));
        lines += sum_of(found);
    }
    *done = (size_t)(p - s);
    return lines;
}

static bool plain_in_vectors(const char *s, size_t n, uint64_t *lines, size_t *done)
{
    const __m128i lf = _mm_set1_epi8('\n'), brace = _mm_set1_epi8('{'), line = _mm_set1_epi8('_');
    __m128i special = _mm_setzero_si128();
    const char *p = s;
    for (const char *stop; (stop = stop_before(p, s + n)) != p;) {
        __m128i found = _mm_setzero_si128();
        for (; p != stop; p += WIDTH) {
            const __m128i ends = _mm_cmpeq_epi8(load(p), lf), behind = load(p + 1);
            const __m128i marks = _mm_or_si128(_mm_cmpeq_epi8(behind, brace), _mm_cmpeq_epi8(behind, line));
            special = _mm_or_si128(special, _mm_and_si128(ends, marks));
            found = _mm_sub_epi8(found, ends);
        }
        *lines += sum_of(found);
    }
    *done = (size_t)(p - s);
    return _mm_movemask_epi8(special) == 0;
}
#else
const char *bytes_find(const char *s, size_t n, const char *text, size_t len)
{
    return (const char *)memmem(s, n, text, len);
}

static uint64_t lines_in_vectors(const char *s, size_t n, size_t *done)
{
    (void)s, (void)n;
    *done = 0;
    return 0;
}

static bool plain_in_vectors(const char *s, size_t n, uint64_t *lines, size_t *done)
{
    (void)s, (void)n, (void)lines;
    *done = 0;
    return true;
}
#endif

uint64_t bytes_lines(const char *s, size_t n)
{
    size_t at;
    uint64_t lines = lines_in_vectors(s, n, &at);
    const char *end = s + n;
    for (const char *p = s + at; (p = (const char *)memchr(p, '\n', (size_t)(end - p))) != NULL; p++) lines++;
    return lines;
}

bool bytes_plain(const char *s, size_t n, uint64_t *lines)
{
    size_t at;
    *lines = 0;
    bool plain = plain_in_vectors(s, n, lines, &at);
    const char *end = s + n;
    for (const char *p = s + at; (p = (const char *)memchr(p, '\n', (size_t)(end - p))) != NULL; p++) {
        ++*lines;
        if (p + 1 < end && (p[1] == '{' || p[1] == '_')) plain = false;
    }
    return plain;
}
