/* siphash.c: SipHash-2-4 as Aumasson and Bernstein describe it, and a hash for tables. */
#include "siphash.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

WRAPS siphash_key siphash_random_key(void)
{
    siphash_key key;
    FILE *f = fopen("/dev/urandom", "rb");
    if (!f || fread(&key, sizeof key, 1, f) != 1) {
        key.half[0] = (uint64_t)time(NULL) * 0x9e3779b97f4a7c15ull;
        key.half[1] = (uint64_t)clock() ^ (uint64_t)(uintptr_t)&key;
    }
    if (f) fclose(f);
    return key;
}

static uint64_t rotl(uint64_t x, int b) { return x << b | x >> (64 - b); }

WRAPS static void sip_round(uint64_t v[4])
{
    v[0] += v[1], v[1] = rotl(v[1], 13) ^ v[0], v[0] = rotl(v[0], 32);
    v[2] += v[3], v[3] = rotl(v[3], 16) ^ v[2];
    v[0] += v[3], v[3] = rotl(v[3], 21) ^ v[0];
    v[2] += v[1], v[1] = rotl(v[1], 17) ^ v[2], v[2] = rotl(v[2], 32);
}

/* Bytes in the order of little endian, whatever the machine's. */
static uint64_t eight_bytes(const char *s)
{
    uint64_t n;
    memcpy(&n, s, sizeof n);
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    n = __builtin_bswap64(n);
#endif
    return n;
}

static uint64_t four_bytes(const char *s)
{
    uint32_t n;
    memcpy(&n, s, sizeof n);
    return n;
}

static uint64_t last_bytes(const char *s, size_t n)
{
    uint64_t m = 0;
    for (size_t i = 0; i < n; i++) m |= (uint64_t)(unsigned char)s[i] << (i * 8);
    return m;
}

/* Capital letters of eight bytes made small: no sum below reaches the next byte, for bit 7 is left out. */
static uint64_t lower_case(uint64_t m)
{
    const uint64_t low = m & 0x7f7f7f7f7f7f7f7full;
    const uint64_t from_a = low + 0x3f3f3f3f3f3f3f3full, past_z = low + 0x2525252525252525ull;
    return m + ((from_a & ~past_z & ~m & 0x8080808080808080ull) >> 2);
}

uint64_t siphash(siphash_key key, const char *s, size_t n, bool fold)
{
    uint64_t v[4] = {key.half[0] ^ 0x736f6d6570736575ull, key.half[1] ^ 0x646f72616e646f6dull,
                     key.half[0] ^ 0x6c7967656e657261ull, key.half[1] ^ 0x7465646279746573ull};
    const size_t whole = n - n % 8;
    for (size_t i = 0; i <= whole; i += 8) {
        uint64_t m = i < whole ? eight_bytes(s + i) : last_bytes(s + i, n % 8);
        if (fold) m = lower_case(m);
        if (i == whole) m |= (uint64_t)n << 56;
        v[3] ^= m, sip_round(v), sip_round(v), v[0] ^= m;
    }
    v[2] ^= 0xff;
    for (int i = 0; i < 4; i++) sip_round(v);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}

/* Both halves of the product of two numbers, folded together. */
static uint64_t folded_product(uint64_t a, uint64_t b)
{
#ifdef __SIZEOF_INT128__
    __extension__ typedef unsigned __int128 wide;
    const wide product = (wide)a * b;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
#else
    const uint64_t low = (a & 0xffffffff) * (b & 0xffffffff), high = (a >> 32) * (b >> 32);
    const uint64_t one = (a >> 32) * (b & 0xffffffff) + (low >> 32), two = (a & 0xffffffff) * (b >> 32) + (uint32_t)one;
    return (two << 32 | (uint32_t)low) ^ (high + (one >> 32) + (two >> 32));
#endif
}

/* One to seven bytes as a number that no other of as many bytes have. */
static uint64_t few_bytes(const char *s, size_t n)
{
    const unsigned char *p = (const unsigned char *)s;
    if (n < 4) return p[0] | (uint64_t)p[n / 2] << 8 | (uint64_t)p[n - 1] << 16;
    return four_bytes(s) | four_bytes(s + n - 4) << 32;
}

/* As Wang Yi's wyhash does it: sixteen bytes a multiplication, the last ones overlapping those before. */
WRAPS uint64_t quick_hash(siphash_key key, const char *s, size_t n)
{
    uint64_t h = key.half[0] ^ (n * 0x9e3779b97f4a7c15ull), a = 0, b = 0;
    if (n >= 8) {
        size_t left = n;
        for (; left > 16; s += 16, left -= 16) h = folded_product(eight_bytes(s) ^ key.half[1], eight_bytes(s + 8) ^ h);
        a = eight_bytes(n >= 16 ? s + left - 16 : s);
        b = eight_bytes(s + left - 8);
    } else if (n) {
        a = few_bytes(s, n);
    }
    h = folded_product(a ^ key.half[1], b ^ h);
    return folded_product(h ^ 0xe7037ed1a0b428dbull, key.half[1] ^ 0x8ebc6af09c88c6e3ull);
}

uint64_t both_ends(const char *s, size_t n, uint64_t *last)
{
    *last = n < 8 ? 0 : eight_bytes(s + n - 8);
    return n < 8 ? few_bytes(s, n) : eight_bytes(s);
}
