/* arena.c: hashes, and the cells that all else is made of. */
#include "table.h"

/* ---- hashing: 64-bit products folded, keyed with the seed; strangers choose what is hashed ---- */

static inline uint64_t load8(const unsigned char *p)
{
    uint64_t v;
    memcpy(&v, p, 8);
    return v;
}

static inline uint32_t load4(const unsigned char *p)
{
    uint32_t v;
    memcpy(&v, p, 4);
    return v;
}

static inline uint64_t fold(uint64_t a, uint64_t b)
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

ML_INLINE uint64_t hash(const maillog_join *j, uint64_t salt, const void *data, size_t n)
{
    const unsigned char *p = (const unsigned char *)data;
    const uint64_t k0 = j->config.seed[0] ^ 0x9e3779b97f4a7c15u, k1 = j->config.seed[1] ^ 0xd1b54a32d192ed03u;
    uint64_t h = fold(salt ^ k0, n ^ k1);
    if (n > 32) { /* two lanes at a time */
        uint64_t g = h ^ 0x8ebc6af09c88c6e3u;
        for (; n > 32; n -= 32, p += 32) {
            h = fold(load8(p) ^ k1, load8(p + 8) ^ h);
            g = fold(load8(p + 16) ^ k0, load8(p + 24) ^ g);
        }
        h ^= g;
    }
    for (; n > 16; n -= 16, p += 16) h = fold(load8(p) ^ k1, load8(p + 8) ^ h);
    uint64_t a = 0, b = 0;
    if (n >= 8) {
        a = load8(p);
        b = load8(p + n - 8);
    } else if (n >= 4) {
        a = load4(p);
        b = load4(p + n - 4);
    } else if (n) {
        a = (uint64_t)p[0] | (uint64_t)p[n / 2] << 8 | (uint64_t)p[n - 1] << 16;
    }
    return fold(a ^ k1 ^ h, b ^ k0 ^ (h << 1));
}

uint64_t maillog__hash(const maillog_join *j, uint64_t salt, const void *p, size_t n) { return hash(j, salt, p, n); }

uint64_t maillog__key(const maillog_join *j, unsigned kind, uint64_t scope, maillog_str value)
{
    const uint64_t h = hash(j, scope * 16 + kind, value.ptr, value.len);
    return h ? h : 1;
}

/* ---- cells ---- */

/* push() made sure that there is one. */
uint32_t maillog__new_cell(maillog_join *j)
{
    uint32_t cell = j->free_cell;
    if (cell) {
        memcpy(&j->free_cell, ml_cell(j, cell) + ML_CELL_DATA, sizeof cell);
        if (j->free_cell) ml_prefetch_node(j, j->free_cell); /* it is the next to be taken */
    } else {
        cell = j->fresh_cell++;
        memset(ml_cell(j, cell), 0, ML_CELL); /* a sealed block must not tell what its memory held before */
    }
    j->used_cells++;
    j->turnover++;
    return cell;
}

void maillog__free_cell(maillog_join *j, uint32_t cell)
{
    memcpy(ml_cell(j, cell) + ML_CELL_DATA, &j->free_cell, sizeof cell);
    j->free_cell = cell;
    j->used_cells--;
}
