/* arena.h: the hash that keys are made with: 64-bit products folded, keyed with the seed; strangers choose what is
 * hashed. Included by table.h. */
#ifndef MAILLOG_JOIN_ARENA_H
#define MAILLOG_JOIN_ARENA_H

#include "../base/cursor.h"

typedef struct ml_hasher {
    uint64_t k0, k1;
} ml_hasher;

static inline uint64_t ml_word8(const char *p) /* as it stands in memory: hashes are of one machine */
{
    uint64_t v;
    memcpy(&v, p, 8);
    return v;
}

static inline uint32_t ml_word4(const char *p)
{
    uint32_t v;
    memcpy(&v, p, 4);
    return v;
}

static inline uint64_t ml_fold(uint64_t a, uint64_t b)
{
#ifdef __SIZEOF_INT128__
    const unsigned __int128 r = (unsigned __int128)a * b;
    return (uint64_t)r ^ (uint64_t)(r >> 64);
#else
    const uint64_t ah = a >> 32, al = (uint32_t)a, bh = b >> 32, bl = (uint32_t)b;
    const uint64_t mid = ah * bl, mid2 = al * bh, low = al * bl;
    const uint64_t lo = low + (mid << 32), carry = lo < low;
    const uint64_t lo2 = lo + (mid2 << 32), carry2 = lo2 < lo;
    return lo2 ^ (ah * bh + (mid >> 32) + (mid2 >> 32) + carry + carry2);
#endif
}

static inline uint64_t ml_hash_begin(ml_hasher k, uint64_t salt, size_t n) { return ml_fold(salt ^ k.k0, n ^ k.k1); }

/* The last bytes, sixteen at most. */
static inline uint64_t ml_hash_end(ml_hasher k, uint64_t h, const char *p, size_t n)
{
    uint64_t a = 0, b = 0;
    if (n >= 8) {
        a = ml_word8(p);
        b = ml_word8(p + n - 8);
    } else if (n >= 4) {
        a = ml_word4(p);
        b = ml_word4(p + n - 4);
    } else if (n) {
        a = (uint64_t)(unsigned char)p[0] | (uint64_t)(unsigned char)p[n / 2] << 8 |
            (uint64_t)(unsigned char)p[n - 1] << 16;
    }
    return ml_fold(a ^ k.k1 ^ h, b ^ k.k0 ^ (h << 1));
}

static inline uint64_t ml_hash(ml_hasher k, uint64_t salt, const char *p, size_t n)
{
    uint64_t h = ml_hash_begin(k, salt, n);
    if (n > 32) { /* two lanes at a time */
        uint64_t g = h ^ 0x8ebc6af09c88c6e3u;
        for (; n > 32; n -= 32, p += 32) {
            h = ml_fold(ml_word8(p) ^ k.k1, ml_word8(p + 8) ^ h);
            g = ml_fold(ml_word8(p + 16) ^ k.k0, ml_word8(p + 24) ^ g);
        }
        h ^= g;
    }
    for (; n > 16; n -= 16, p += 16) h = ml_fold(ml_word8(p) ^ k.k1, ml_word8(p + 8) ^ h);
    return ml_hash_end(k, h, p, n);
}

#endif
