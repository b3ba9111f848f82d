/* vector.h: looks at many bytes at once, with what the machine has: AVX2, SSE2, NEON, or eight bytes in a number.
 *
 * A vector of ML_VEC bytes gives a mask with ML_HIT_BITS = 1 << ML_HIT_SHIFT bits for each; a window of 64 bytes gives
 * one bit for each. In both the first byte is lowest. */
#ifndef MAILLOG_QUICK_VECTOR_H
#define MAILLOG_QUICK_VECTOR_H

#include "../base/cursor.h"

ML_INLINE unsigned ml_first(uint64_t mask) { return (unsigned)__builtin_ctzll(mask); }

#if defined(ML_SSE2) && (defined(__AVX2__) || defined(ML_AVX2))
#include <immintrin.h>

/* Each byte four times. A compiler makes a vector of one byte from a number, in three steps; from here it takes one. */
#pragma GCC visibility push(hidden)
extern const uint32_t maillog__four_times[256];
#pragma GCC visibility pop

#define ML_HIT_BITS 1
enum { ML_VEC = 32, ML_HIT_SHIFT = 0 };

ML_INLINE __m128i ml_splat_16(char ch)
{
    return _mm_broadcastd_epi32(_mm_cvtsi32_si128((int)maillog__four_times[(unsigned char)ch]));
}
ML_INLINE __m256i ml_splat(char ch)
{
    return _mm256_broadcastd_epi32(_mm_cvtsi32_si128((int)maillog__four_times[(unsigned char)ch]));
}

ML_INLINE uint64_t ml_hits(const char *p, char ch)
{
    const __m256i x = _mm256_loadu_si256((const __m256i *)(const void *)p);
    return (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(x, ml_splat(ch)));
}
ML_INLINE uint64_t ml_hits_2(const char *p, char a, char b)
{
    const __m256i x = _mm256_loadu_si256((const __m256i *)(const void *)p);
    return (uint32_t)_mm256_movemask_epi8(
        _mm256_or_si256(_mm256_cmpeq_epi8(x, ml_splat(a)), _mm256_cmpeq_epi8(x, ml_splat(b))));
}
/* Of each byte that is in lo .. lo + span when the bits of `set` are set. */
ML_INLINE uint64_t ml_hits_range(const char *p, char set, char lo, char span)
{
    const __m256i x = _mm256_or_si256(_mm256_loadu_si256((const __m256i *)(const void *)p), ml_splat(set));
    const __m256i y = _mm256_sub_epi8(x, ml_splat(lo));
    return (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(_mm256_min_epu8(y, ml_splat(span)), y));
}
/* One bit for each of 64 bytes at p that is `ch` when the bits of `ignore` are put aside. */
ML_INLINE uint64_t ml_mask_64(const char *p, char ch, char ignore)
{
    const __m256i want = ml_splat(ch);
    __m256i x = _mm256_loadu_si256((const __m256i *)(const void *)p);
    __m256i y = _mm256_loadu_si256((const __m256i *)(const void *)(p + 32));
    if (ignore) {
        const __m256i keep = ml_splat((char)~ignore);
        x = _mm256_and_si256(x, keep);
        y = _mm256_and_si256(y, keep);
    }
    return (uint64_t)(uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(x, want)) |
           (uint64_t)(uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(y, want)) << 32;
}

#elif defined(ML_SSE2)

#define ML_HIT_BITS 1
enum { ML_VEC = 16, ML_HIT_SHIFT = 0 };

ML_INLINE __m128i ml_splat_16(char ch) { return _mm_set1_epi8(ch); }
ML_INLINE __m128i ml_vec(const char *p) { return _mm_loadu_si128((const __m128i *)(const void *)p); }
ML_INLINE uint64_t ml_hits(const char *p, char ch)
{
    return (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(ml_vec(p), _mm_set1_epi8(ch)));
}
ML_INLINE uint64_t ml_hits_2(const char *p, char a, char b)
{
    const __m128i x = ml_vec(p);
    return (unsigned)_mm_movemask_epi8(
        _mm_or_si128(_mm_cmpeq_epi8(x, _mm_set1_epi8(a)), _mm_cmpeq_epi8(x, _mm_set1_epi8(b))));
}
ML_INLINE uint64_t ml_hits_range(const char *p, char set, char lo, char span)
{
    const __m128i x = _mm_sub_epi8(_mm_or_si128(ml_vec(p), _mm_set1_epi8(set)), _mm_set1_epi8(lo));
    return (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(_mm_min_epu8(x, _mm_set1_epi8(span)), x));
}
ML_INLINE uint64_t ml_mask_64(const char *p, char ch, char ignore)
{
    const __m128i want = _mm_set1_epi8(ch), keep = _mm_set1_epi8((char)~ignore);
    __m128i x[4] = {ml_vec(p), ml_vec(p + 16), ml_vec(p + 32), ml_vec(p + 48)};
    if (ignore) {
        x[0] = _mm_and_si128(x[0], keep);
        x[1] = _mm_and_si128(x[1], keep);
        x[2] = _mm_and_si128(x[2], keep);
        x[3] = _mm_and_si128(x[3], keep);
    }
    const uint64_t a = (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(x[0], want));
    const uint64_t b = (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(x[1], want));
    const uint64_t c = (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(x[2], want));
    const uint64_t d = (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(x[3], want));
    return a | b << 16 | c << 32 | d << 48;
}

#elif defined(__ARM_NEON) && defined(__aarch64__) && !defined(MAILLOG_NO_SIMD)
#include <arm_neon.h>

#define ML_HIT_BITS 4
enum { ML_VEC = 16, ML_HIT_SHIFT = 2 };

ML_INLINE uint8x16_t ml_vec(const char *p) { return vld1q_u8((const uint8_t *)(const void *)p); }
/* Four bits of each byte that is all ones: the narrowing shift takes them out of pairs. */
ML_INLINE uint64_t ml_nibbles(uint8x16_t hit)
{
    const uint8x8_t n = vshrn_n_u16(vreinterpretq_u16_u8(hit), 4);
    return vget_lane_u64(vreinterpret_u64_u8(n), 0) & UINT64_C(0x1111111111111111);
}
ML_INLINE uint64_t ml_hits(const char *p, char ch) { return ml_nibbles(vceqq_u8(ml_vec(p), vdupq_n_u8((uint8_t)ch))); }
ML_INLINE uint64_t ml_hits_2(const char *p, char a, char b)
{
    const uint8x16_t x = ml_vec(p);
    return ml_nibbles(vorrq_u8(vceqq_u8(x, vdupq_n_u8((uint8_t)a)), vceqq_u8(x, vdupq_n_u8((uint8_t)b))));
}
ML_INLINE uint64_t ml_hits_range(const char *p, char set, char lo, char span)
{
    const uint8x16_t x = vsubq_u8(vorrq_u8(ml_vec(p), vdupq_n_u8((uint8_t)set)), vdupq_n_u8((uint8_t)lo));
    return ml_nibbles(vcleq_u8(x, vdupq_n_u8((uint8_t)span)));
}
ML_INLINE uint64_t ml_mask_64(const char *p, char ch, char ignore)
{
    static const uint8_t weights[16] = {1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128};
    const uint8x16_t want = vdupq_n_u8((uint8_t)ch), keep = vdupq_n_u8((uint8_t)~ignore), bit = vld1q_u8(weights);
    uint8x16_t hit[4];
    for (unsigned i = 0; i < 4; i++) hit[i] = vandq_u8(vceqq_u8(vandq_u8(ml_vec(p + 16 * i), keep), want), bit);
    const uint8x16_t pairs = vpaddq_u8(vpaddq_u8(hit[0], hit[1]), vpaddq_u8(hit[2], hit[3]));
    return vgetq_lane_u64(vreinterpretq_u64_u8(vpaddq_u8(pairs, pairs)), 0);
}

#else

#define ML_HIT_BITS 8
enum { ML_VEC = 8, ML_HIT_SHIFT = 3 };

/* The lowest bit of every byte of x that is 0; exact in all of them. */
ML_INLINE uint64_t ml_zero_bytes(uint64_t x)
{
    const uint64_t low = UINT64_C(0x7F7F7F7F7F7F7F7F);
    return ~(((x & low) + low) | x | low) >> 7;
}
ML_INLINE uint64_t ml_spread(char ch) { return (unsigned char)ch * UINT64_C(0x0101010101010101); }
ML_INLINE uint64_t ml_hits(const char *p, char ch) { return ml_zero_bytes(ml_load64(p) ^ ml_spread(ch)); }
ML_INLINE uint64_t ml_hits_2(const char *p, char a, char b) { return ml_hits(p, a) | ml_hits(p, b); }
ML_INLINE uint64_t ml_hits_range(const char *p, char set, char lo, char span)
{
    const uint64_t x = ml_load64(p) | ml_spread(set), low = x & ml_spread(0x7F); /* lo + span < 0x80 */
    const uint64_t from = low + ml_spread((char)(0x80 - lo)), over = low + ml_spread((char)(0x7F - lo - span));
    return (from & ~over & ~x & ml_spread((char)0x80)) >> 7;
}
ML_INLINE uint64_t ml_mask_64(const char *p, char ch, char ignore)
{
    const uint64_t keep = ~ml_spread(ignore);
    uint64_t mask = 0;
    for (unsigned i = 0; i < 8; i++) {
        const uint64_t hits = ml_zero_bytes((ml_load64(p + 8 * i) & keep) ^ ml_spread(ch));
        mask |= (hits * UINT64_C(0x0102040810204080) >> 56) << 8 * i; /* the eight bits side by side */
    }
    return mask;
}

#endif

/* The line feed at p or behind it; NULL: there is none in the buffer, of which `last_window` are the last 64 bytes. */
ML_INLINE const char *ml_line_feed(const char *p, const char *last_window)
{
#if ML_HIT_BITS == 8
    return (const char *)memchr(p, '\n', (size_t)(last_window + 64 - p));
#else
    uint64_t hits;
    for (; p < last_window; p += 64) {
        hits = ml_mask_64(p, '\n', 0);
        if (hits) return p + ml_first(hits);
    }
    if (p >= last_window + 64) return NULL;
    hits = ml_mask_64(last_window, '\n', 0) >> (p - last_window);
    return hits ? p + ml_first(hits) : NULL;
#endif
}

/* How many of the sixteen bytes at p, from the first on, are `0`-`9` or `A`-`F`. */
#ifdef ML_SSE2
ML_INLINE uint64_t ml_hex_run(const char *p)
{
    const __m128i x = _mm_loadu_si128((const __m128i *)(const void *)p), zero = _mm_setzero_si128();
    const __m128i digit = _mm_subs_epu8(_mm_sub_epi8(x, ml_splat_16('0')), ml_splat_16(9));
    const __m128i letter = _mm_subs_epu8(_mm_sub_epi8(x, ml_splat_16('A')), ml_splat_16(5));
    const int hex = _mm_movemask_epi8(_mm_cmpeq_epi8(_mm_min_epu8(digit, letter), zero));
    return ml_first(~(uint64_t)(unsigned)hex);
}
/* How many digits the sixteen bytes at p begin with, or more than 8. */
ML_INLINE uint64_t ml_digits_16(const char *p)
{
    const __m128i x = _mm_loadu_si128((const __m128i *)(const void *)p);
    const __m128i value = _mm_sub_epi8(x, ml_splat_16('0'));
    const int digits = _mm_movemask_epi8(_mm_cmpeq_epi8(_mm_min_epu8(value, ml_splat_16(9)), value));
    return ml_first(~(uint64_t)(unsigned)digits);
}
#else
ML_INLINE uint64_t ml_digits_16(const char *p)
{
    const uint64_t x = ml_load64(p) ^ UINT64_C(0x3030303030303030);
    const uint64_t other = (x | (x + UINT64_C(0x7676767676767676))) & UINT64_C(0x8080808080808080);
    return other ? (unsigned)__builtin_ctzll(other) / 8 : 9;
}
ML_INLINE uint64_t ml_hex_run(const char *p)
{
    uint64_t n = 0;
    while (n < 16 && (ml_is_digit(p[n]) || (p[n] >= 'A' && p[n] <= 'F'))) n++;
    return n;
}
#endif

/* One bit for each of 32 bytes at p that is `a` or `b`. */
ML_INLINE uint64_t ml_mask_32(const char *p, char a, char b)
{
#if ML_HIT_BITS == 1
    const uint64_t low = a == b ? ml_hits(p, a) : ml_hits_2(p, a, b);
    if (ML_VEC == 32) return low;
    const char *const q = p + 16;
    return low | (a == b ? ml_hits(q, a) : ml_hits_2(q, a, b)) << 16;
#else
    uint64_t mask = 0;
    for (unsigned i = 0; i < 32; i++) mask |= (uint64_t)(p[i] == a || p[i] == b) << i;
    return mask;
#endif
}

ML_INLINE unsigned ml_highest(uint64_t mask) { return 63 - (unsigned)__builtin_clzll(mask); }
ML_INLINE uint64_t ml_below(unsigned bit) { return (UINT64_C(1) << bit) - 1; }

#endif
