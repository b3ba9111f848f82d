/* vector.h: looks at many bytes at once, with what the machine has: AVX2, SSE2, NEON, or eight bytes in a number.
 *
 * A vector of ML_VEC bytes gives a mask with ML_HIT_BITS = 1 << ML_HIT_SHIFT bits for each; a window of 64 bytes gives
 * one bit for each. In both the first byte is lowest. */
#ifndef MAILLOG_QUICK_VECTOR_H
#define MAILLOG_QUICK_VECTOR_H

#include "../base/cursor.h"

ML_INLINE unsigned ml_first(uint64_t mask) { return (unsigned)__builtin_ctzll(mask); }

#if defined(ML_SSE2) && defined(__AVX2__) && !defined(ML_AVX2)
#define ML_AVX2 1
#endif

#ifdef ML_AVX2
#include <immintrin.h>

/* Each byte in all places of a vector. A compiler makes a vector of one byte from a number, in three steps; from here
 * it takes none: a compare reads it from memory. */
#pragma GCC visibility push(hidden)
extern const uint64_t maillog__splat[128][4];
#pragma GCC visibility pop

#define ML_HIT_BITS 1
enum { ML_VEC = 32, ML_HIT_SHIFT = 0 };

ML_INLINE __m128i ml_splat_16(char ch) { return *(const __m128i *)(const void *)maillog__splat[(unsigned char)ch]; }
ML_INLINE __m256i ml_splat(char ch) { return *(const __m256i *)(const void *)maillog__splat[(unsigned char)ch]; }
ML_INLINE __m256i ml_vec(const char *p) { return _mm256_loadu_si256((const __m256i *)(const void *)p); }

ML_INLINE uint64_t ml_hits(const char *p, char ch)
{
    return (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(ml_vec(p), ml_splat(ch)));
}
ML_INLINE uint64_t ml_hits_2(const char *p, char a, char b)
{
    const __m256i x = ml_vec(p);
    return (uint32_t)_mm256_movemask_epi8(
        _mm256_or_si256(_mm256_cmpeq_epi8(x, ml_splat(a)), _mm256_cmpeq_epi8(x, ml_splat(b))));
}
/* Of each byte that is in lo .. lo + span when the bits of `set` are set. */
ML_INLINE uint64_t ml_hits_range(const char *p, char set, char lo, char span)
{
    const __m256i x = set ? _mm256_or_si256(ml_vec(p), ml_splat(set)) : ml_vec(p);
    const __m256i y = _mm256_sub_epi8(x, ml_splat(lo));
    return (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(_mm256_min_epu8(y, ml_splat(span)), y));
}
/* One bit for each of 64 bytes at p that is `ch`. */
ML_INLINE uint64_t ml_mask_64(const char *p, char ch) { return ml_hits(p, ch) | ml_hits(p + 32, ch) << 32; }
/* The same of each digit. */
ML_INLINE uint64_t ml_mask_64_digits(const char *p)
{
    return ml_hits_range(p, 0, '0', 9) | ml_hits_range(p + 32, 0, '0', 9) << 32;
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
    const __m128i any = set ? _mm_or_si128(ml_vec(p), _mm_set1_epi8(set)) : ml_vec(p);
    const __m128i x = _mm_sub_epi8(any, _mm_set1_epi8(lo));
    return (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(_mm_min_epu8(x, _mm_set1_epi8(span)), x));
}
ML_INLINE uint64_t ml_mask_64(const char *p, char ch)
{
    return ml_hits(p, ch) | ml_hits(p + 16, ch) << 16 | (ml_hits(p + 32, ch) | ml_hits(p + 48, ch) << 16) << 32;
}
ML_INLINE uint64_t ml_mask_64_digits(const char *p)
{
    const uint64_t low = ml_hits_range(p, 0, '0', 9) | ml_hits_range(p + 16, 0, '0', 9) << 16;
    return low | (ml_hits_range(p + 32, 0, '0', 9) | ml_hits_range(p + 48, 0, '0', 9) << 16) << 32;
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
/* Of each byte that hit, a bit that tells its place among eight. */
ML_INLINE uint8x16_t ml_places(uint8x16_t hit)
{
    static const uint8_t weights[16] = {1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128};
    return vandq_u8(hit, vld1q_u8(weights));
}
ML_INLINE uint64_t ml_mask_64(const char *p, char ch)
{
    const uint8x16_t want = vdupq_n_u8((uint8_t)ch);
    uint8x16_t hit[4];
    for (unsigned i = 0; i < 4; i++) hit[i] = ml_places(vceqq_u8(ml_vec(p + 16 * i), want));
    const uint8x16_t pairs = vpaddq_u8(vpaddq_u8(hit[0], hit[1]), vpaddq_u8(hit[2], hit[3]));
    return vgetq_lane_u64(vreinterpretq_u64_u8(vpaddq_u8(pairs, pairs)), 0);
}
ML_INLINE uint64_t ml_mask_64_digits(const char *p)
{
    const uint8x16_t zero = vdupq_n_u8('0'), nine = vdupq_n_u8(9);
    uint8x16_t hit[4];
    for (unsigned i = 0; i < 4; i++) hit[i] = ml_places(vcleq_u8(vsubq_u8(ml_vec(p + 16 * i), zero), nine));
    const uint8x16_t pairs = vpaddq_u8(vpaddq_u8(hit[0], hit[1]), vpaddq_u8(hit[2], hit[3]));
    return vgetq_lane_u64(vreinterpretq_u64_u8(vpaddq_u8(pairs, pairs)), 0);
}
ML_INLINE uint64_t ml_mask_32(const char *p, char a, char b)
{
    const uint8x16_t x = ml_vec(p), y = ml_vec(p + 16), want_a = vdupq_n_u8((uint8_t)a),
                     want_b = vdupq_n_u8((uint8_t)b);
    const uint8x16_t low = ml_places(vorrq_u8(vceqq_u8(x, want_a), vceqq_u8(x, want_b)));
    const uint8x16_t high = ml_places(vorrq_u8(vceqq_u8(y, want_a), vceqq_u8(y, want_b)));
    const uint8x16_t pairs = vpaddq_u8(low, high), fours = vpaddq_u8(pairs, pairs);
    return vgetq_lane_u32(vreinterpretq_u32_u8(vpaddq_u8(fours, fours)), 0);
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
/* The eight bits of a number side by side. */
ML_WRAPS ML_INLINE uint64_t ml_side_by_side(uint64_t hits) { return hits * UINT64_C(0x0102040810204080) >> 56; }
ML_INLINE uint64_t ml_mask_64(const char *p, char ch)
{
    uint64_t mask = 0;
    for (unsigned i = 8; i > 0; i--) mask = mask << 8 | ml_side_by_side(ml_hits(p + 8 * i - 8, ch));
    return mask;
}
ML_INLINE uint64_t ml_mask_64_digits(const char *p)
{
    uint64_t mask = 0;
    for (unsigned i = 8; i > 0; i--) mask = mask << 8 | ml_side_by_side(ml_hits_range(p + 8 * i - 8, 0, '0', 9));
    return mask;
}
ML_INLINE uint64_t ml_mask_32(const char *p, char a, char b)
{
    uint64_t mask = 0;
    for (unsigned i = 4; i > 0; i--) mask = mask << 8 | ml_side_by_side(ml_hits_2(p + 8 * i - 8, a, b));
    return mask;
}

#endif

/* The line feed at p or behind it, looked for 64 bytes at a time, of which the last ones begin at `last` or before,
 * as `p` does; NULL: there is none in these. */
ML_INLINE const char *ml_line_feed(const char *p, const char *last)
{
#if ML_HIT_BITS == 8
    return p <= last ? (const char *)memchr(p, '\n', (size_t)(last + 64 - p)) : NULL;
#else
    uint64_t hits = ml_mask_64(p, '\n');
    if (ML_MOSTLY(hits)) return p + ml_first(hits);
    while ((p += 64) <= last) {
        hits = ml_mask_64(p, '\n');
        if (hits) return p + ml_first(hits);
    }
    return NULL;
#endif
}

/* 32 bytes from one place to another, and 32 NULs. */
ML_INLINE void ml_copy_32(char *to, const char *from)
{
#ifdef ML_AVX2
    _mm256_storeu_si256((__m256i *)(void *)to, ml_vec(from));
#else
    memcpy(to, from, 32);
#endif
}
ML_INLINE void ml_zero_32(char *to)
{
#ifdef ML_AVX2
    _mm256_storeu_si256((__m256i *)(void *)to, _mm256_setzero_si256());
#else
    memset(to, 0, 32);
#endif
}

#ifdef ML_SSE2
ML_INLINE __m128i ml_vec_16(const char *p) { return _mm_loadu_si128((const __m128i *)(const void *)p); }
ML_INLINE bool ml_is_zero_16(__m128i x)
{
#ifdef ML_AVX2
    return _mm_testz_si128(x, x);
#else
    return _mm_movemask_epi8(_mm_cmpeq_epi8(x, _mm_setzero_si128())) == 0xFFFF;
#endif
}
#endif

/* Whether the sixteen bytes at p are those at `q`; and whether they are, but for bits that are not in `mask`. */
ML_INLINE bool ml_same_16(const char *p, const char *q)
{
#ifdef ML_AVX2
    return ml_is_zero_16(_mm_xor_si128(ml_vec_16(p), ml_vec_16(q)));
#else
    return ml_same_bytes(p, q, 16);
#endif
}
ML_INLINE bool ml_same_masked_16(const char *p, const uint64_t q[2], const uint64_t mask[2])
{
#ifdef ML_AVX2
    const __m128i bits = _mm_loadu_si128((const __m128i *)(const void *)mask);
    const __m128i want = _mm_loadu_si128((const __m128i *)(const void *)q);
    return ml_is_zero_16(_mm_xor_si128(_mm_and_si128(ml_vec_16(p), bits), want));
#else
    return !(((ml_load64(p) & mask[0]) ^ q[0]) | ((ml_load64(p + 8) & mask[1]) ^ q[1]));
#endif
}

/* How many of the sixteen bytes at p, from the first on, are `0`-`9` or `A`-`F`. */
#ifdef ML_SSE2
ML_INLINE uint64_t ml_hex_run(const char *p)
{
    const __m128i x = ml_vec_16(p), zero = _mm_setzero_si128();
    const __m128i digit = _mm_subs_epu8(_mm_sub_epi8(x, ml_splat_16('0')), ml_splat_16(9));
    const __m128i letter = _mm_subs_epu8(_mm_sub_epi8(x, ml_splat_16('A')), ml_splat_16(5));
    const int hex = _mm_movemask_epi8(_mm_cmpeq_epi8(_mm_min_epu8(digit, letter), zero));
    return ml_first(~(uint64_t)(unsigned)hex);
}
/* How many digits the sixteen bytes at p begin with, or more than 8. */
ML_INLINE uint64_t ml_digits_16(const char *p)
{
    const __m128i value = _mm_sub_epi8(ml_vec_16(p), ml_splat_16('0'));
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

#if ML_HIT_BITS == 1
/* One bit for each of 32 bytes at p that is `a` or `b`. */
ML_INLINE uint64_t ml_mask_32(const char *p, char a, char b)
{
    const uint64_t low = a == b ? ml_hits(p, a) : ml_hits_2(p, a, b);
    if (ML_VEC == 32) return low;
    const char *const q = p + 16;
    return low | (a == b ? ml_hits(q, a) : ml_hits_2(q, a, b)) << 16;
}
#endif

ML_INLINE unsigned ml_highest(uint64_t mask) { return 63 - (unsigned)__builtin_clzll(mask); }
ML_INLINE uint64_t ml_below(unsigned bit) { return (UINT64_C(1) << bit) - 1; }

#endif
