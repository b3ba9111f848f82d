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

static const char *find_in_few(const char *s, size_t n, const char *text, size_t len)
{
    for (const char *end = s + n; (size_t)(end - s) >= len; s++)
        if (*s == *text && memcmp(s, text, len) == 0) return s;
    return NULL;
}

const char *bytes_find(const char *s, size_t n, const char *text, size_t len)
{
    if (n < len - 1 + WIDTH) return find_in_few(s, n, text, len);
    const size_t last = n - (len - 1) - WIDTH; /* looked through from there, whatever was before */
    for (size_t i = 0; i < last; i += WIDTH) {
        const char *at = find_at(s, i, text, len);
        if (at) return at;
    }
    return find_at(s, last, text, len);
}

static unsigned mask_of(__m128i bytes) { return (unsigned)_mm_movemask_epi8(bytes); }

/* Capital letters: those that are 25 at most when 'A' is 0. */
static __m128i are_capitals(__m128i v)
{
    const __m128i from_a = _mm_sub_epi8(v, _mm_set1_epi8('A'));
    return _mm_cmpeq_epi8(_mm_min_epu8(from_a, _mm_set1_epi8(25)), from_a);
}

/* The end of the address, as long as there are whole vectors of it. */
static size_t domain_in_vectors(const char *s, size_t *n, bool *capitals)
{
    for (; *n >= WIDTH; *n -= WIDTH) {
        const __m128i v = load(s + *n - WIDTH);
        const unsigned at = mask_of(_mm_cmpeq_epi8(v, _mm_set1_epi8('@'))), capital = mask_of(are_capitals(v));
        if (at) {
            const unsigned behind = 32 - (unsigned)__builtin_clz(at);
            *capitals = *capitals || capital >> behind;
            return *n - WIDTH + behind;
        }
        *capitals = *capitals || capital;
    }
    return 0;
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

/* '{' and '_' are the same but for two bits, as are only '[' and DEL: these are taken for one of them, too. */
enum { SAME_BITS = (char)~('{' ^ '_'), MARK = '{' & '_' };

static bool plain_sse2(const char *s, size_t n, uint64_t *lines, size_t *done)
{
    const __m128i lf = _mm_set1_epi8('\n'), bits = _mm_set1_epi8(SAME_BITS), mark = _mm_set1_epi8(MARK);
    __m128i special = _mm_setzero_si128();
    const char *p = s;
    for (const char *stop; (stop = stop_before(p, s + n)) != p;) {
        __m128i found = _mm_setzero_si128();
        for (; p != stop; p += WIDTH) {
            const __m128i ends = _mm_cmpeq_epi8(load(p), lf);
            const __m128i marks = _mm_cmpeq_epi8(_mm_and_si128(load(p + 1), bits), mark);
            special = _mm_or_si128(special, _mm_and_si128(ends, marks));
            found = _mm_sub_epi8(found, ends);
        }
        *lines += sum_of(found);
    }
    *done = (size_t)(p - s);
    return _mm_movemask_epi8(special) == 0;
}

#if defined(__GNUC__) && defined(__x86_64__)
#include <immintrin.h>

/* The same, 32 bytes at a time. */
__attribute__((target("avx2"))) static bool plain_avx2(const char *s, size_t n, uint64_t *lines, size_t *done)
{
    enum { WIDE = 32 };
    const __m256i lf = _mm256_set1_epi8('\n'), bits = _mm256_set1_epi8(SAME_BITS), mark = _mm256_set1_epi8(MARK);
    __m256i special = _mm256_setzero_si256(), sums = special;
    const char *p = s;
    while ((size_t)(s + n - p) > WIDE) {
        const size_t left = (size_t)(s + n - p - 1) / WIDE;
        __m256i found = _mm256_setzero_si256();
        for (const char *stop = p + (left < AT_ONCE ? left : AT_ONCE) * WIDE; p != stop; p += WIDE) {
            const __m256i ends = _mm256_cmpeq_epi8(_mm256_loadu_si256((const __m256i *)(const void *)p), lf);
            const __m256i behind = _mm256_loadu_si256((const __m256i *)(const void *)(p + 1));
            const __m256i marks = _mm256_cmpeq_epi8(_mm256_and_si256(behind, bits), mark);
            special = _mm256_or_si256(special, _mm256_and_si256(ends, marks));
            found = _mm256_sub_epi8(found, ends);
        }
        sums = _mm256_add_epi64(sums, _mm256_sad_epu8(found, _mm256_setzero_si256()));
    }
    const __m128i both = _mm_add_epi64(_mm256_castsi256_si128(sums), _mm256_extracti128_si256(sums, 1));
    *lines += (uint64_t)_mm_cvtsi128_si64(both) + (uint64_t)_mm_cvtsi128_si64(_mm_srli_si128(both, 8));
    *done = (size_t)(p - s);
    return _mm256_movemask_epi8(special) == 0;
}

static bool plain_in_vectors(const char *s, size_t n, uint64_t *lines, size_t *done)
{
    return __builtin_cpu_supports("avx2") ? plain_avx2(s, n, lines, done) : plain_sse2(s, n, lines, done);
}
#else
static bool plain_in_vectors(const char *s, size_t n, uint64_t *lines, size_t *done)
{
    return plain_sse2(s, n, lines, done);
}
#endif
#else
const char *bytes_find(const char *s, size_t n, const char *text, size_t len)
{
    return (const char *)memmem(s, n, text, len);
}

static size_t domain_in_vectors(const char *s, size_t *n, bool *capitals)
{
    (void)s, (void)n, (void)capitals;
    return 0;
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

size_t bytes_domain(const char *s, size_t n, bool *capitals)
{
    *capitals = false;
    size_t at = domain_in_vectors(s, &n, capitals);
    for (size_t i = n; !at && i > 0; i--) {
        if (s[i - 1] == '@') at = i;
        if (s[i - 1] >= 'A' && s[i - 1] <= 'Z') *capitals = true;
    }
    *capitals = *capitals && at;
    return at;
}

uint64_t bytes_lines(const char *s, size_t n)
{
    size_t at;
    uint64_t lines = lines_in_vectors(s, n, &at);
    const char *end = s + n;
    for (const char *p = s + at; (p = (const char *)memchr(p, '\n', (size_t)(end - p))) != NULL; p++) lines++;
    return lines;
}

/* What the vectors found may be another byte. */
static bool any_marked(const char *s, size_t n)
{
    const char *end = s + n;
    for (const char *p = s; (p = (const char *)memchr(p, '\n', (size_t)(end - p))) != NULL; p++)
        if (p[1] == '{' || p[1] == '_') return true;
    return false;
}

bool bytes_plain(const char *s, size_t n, uint64_t *lines)
{
    size_t at;
    *lines = 0;
    bool plain = plain_in_vectors(s, n, lines, &at) || !any_marked(s, at);
    const char *end = s + n;
    for (const char *p = s + at; (p = (const char *)memchr(p, '\n', (size_t)(end - p))) != NULL; p++) {
        ++*lines;
        if (p + 1 < end && (p[1] == '{' || p[1] == '_')) plain = false;
    }
    return plain;
}
