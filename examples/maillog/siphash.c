/* siphash.c: SipHash-2-4 as Aumasson and Bernstein describe it. */
#include "siphash.h"

#include <stdio.h>
#include <time.h>

siphash_key siphash_random_key(void)
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

static void sip_round(uint64_t v[4])
{
    v[0] += v[1], v[1] = rotl(v[1], 13) ^ v[0], v[0] = rotl(v[0], 32);
    v[2] += v[3], v[3] = rotl(v[3], 16) ^ v[2];
    v[0] += v[3], v[3] = rotl(v[3], 21) ^ v[0];
    v[2] += v[1], v[1] = rotl(v[1], 17) ^ v[2], v[2] = rotl(v[2], 32);
}

uint64_t siphash(siphash_key key, const char *s, size_t n, bool fold)
{
    uint64_t v[4] = {key.half[0] ^ 0x736f6d6570736575ull, key.half[1] ^ 0x646f72616e646f6dull,
                     key.half[0] ^ 0x6c7967656e657261ull, key.half[1] ^ 0x7465646279746573ull};
    uint64_t m = 0;
    for (size_t i = 0; i <= n; i++) {
        const bool end = i == n;
        const unsigned char plain = end ? (unsigned char)n : (unsigned char)s[i];
        const bool lower = !end && fold && plain >= 'A' && plain <= 'Z';
        m |= (uint64_t)(lower ? plain + 32 : plain) << (end ? 56 : i % 8 * 8);
        if (!end && i % 8 != 7) continue;
        v[3] ^= m, sip_round(v), sip_round(v), v[0] ^= m, m = 0;
    }
    v[2] ^= 0xff;
    for (int i = 0; i < 4; i++) sip_round(v);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}
