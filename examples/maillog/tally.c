/* tally.c: open addressing over rows in the order they came. When memory is short, the rarer half of the biggest table
 * goes: what is frequent stays right, and the number of what was dropped is known. */
#include "command.h"
#include "siphash.h"
#include "tally.h"

#include <stdlib.h>
#include <string.h>

enum { LONGEST = 240 };

static uint64_t limit;
static _Atomic uint64_t in_use; /* by the tables of all threads */
static siphash_key key;

void tally_limit(uint64_t memory)
{
    limit = memory;
    key = siphash_random_key();
}

static size_t slot_of(const tally *t, uint64_t hash)
{
    size_t i = (size_t)hash & (t->nslots - 1);
    while (t->slots[i] && t->rows[t->slots[i] - 1].hash != hash) i = (i + 1) & (t->nslots - 1);
    return i;
}

static void index_rows(tally *t, size_t nslots)
{
    free(t->slots);
    t->nslots = nslots;
    t->slots = (uint32_t *)calloc(nslots, sizeof *t->slots);
    if (!t->slots) must_realloc(NULL, SIZE_MAX); /* says so, and ends */
    for (size_t i = 0; i < t->n; i++) t->slots[slot_of(t, t->rows[i].hash)] = (uint32_t)(i + 1);
}

static uint64_t row_memory(const tally *t, const tally_row *row)
{
    uint64_t n = sizeof *row + 2 * sizeof *t->slots + 16;
    for (size_t i = 0; i < t->keys + t->also; i++) n += strlen(row->key[i]) + 1;
    return n;
}

static uint64_t weight(const tally_row *row) { return row->count + row->deferrals; }

static int by_weight(const void *a, const void *b)
{
    const uint64_t x = weight((const tally_row *)a), y = weight((const tally_row *)b);
    return x < y ? 1 : x > y ? -1 : 0;
}

static void drop_half(tally *t)
{
    qsort(t->rows, t->n, sizeof *t->rows, by_weight);
    const size_t keep = t->n / 2;
    for (size_t i = keep; i < t->n; i++) {
        const uint64_t n = row_memory(t, &t->rows[i]);
        t->memory -= n;
        in_use -= n;
        free(t->rows[i].key[0]);
    }
    t->dropped += t->n - keep;
    t->n = keep;
    index_rows(t, t->nslots);
}

static uint64_t hash_of(const tally *t, const maillog_str *part)
{
    uint64_t h = 0;
    for (size_t i = 0; i < t->keys; i++) {
        const siphash_key chained = {{key.half[0] ^ h, key.half[1]}};
        h = quick_hash(chained, part[i].ptr, part[i].len);
    }
    return h;
}

/* A part that is cut is not cut within a character of UTF-8. */
static size_t kept(const tally *t, maillog_str s)
{
    const size_t longest = t->longest ? t->longest : LONGEST;
    size_t n = s.len < longest ? s.len : longest;
    while (n < s.len && n > 0 && ((unsigned char)s.ptr[n] & 0xC0) == 0x80) n--;
    return n;
}

static void copy_keys(const tally *t, tally_row *row, const maillog_str *part)
{
    size_t need = 0;
    for (size_t i = 0; i < t->keys + t->also; i++) need += kept(t, part[i]) + 1;
    char *p = (char *)must_realloc(NULL, need);
    for (size_t i = 0; i < t->keys + t->also; i++) {
        const size_t n = kept(t, part[i]);
        row->key[i] = p;
        if (n) memcpy(p, part[i].ptr, n);
        for (size_t k = 0; k < n; k++)
            if (p[k] == '\0') p[k] = '?';
        p[n] = '\0';
        p += n + 1;
    }
}

tally_row *tally_at(tally *t, const maillog_str part[TALLY_KEYS], uint64_t *hash)
{
    *hash = hash_of(t, part);
    if (!t->nslots) index_rows(t, 64);
    size_t slot = slot_of(t, *hash);
    if (t->slots[slot]) return &t->rows[t->slots[slot] - 1];
    if (limit && in_use > limit && t->n > 64) drop_half(t);
    if ((t->n + 1) * 2 > t->nslots) index_rows(t, t->nslots * 2);
    slot = slot_of(t, *hash);
    if (t->n == t->cap) t->rows = (tally_row *)must_realloc(t->rows, (t->cap = t->cap * 2 + 32) * sizeof *t->rows);
    tally_row *row = &t->rows[t->n++];
    memset(row, 0, sizeof *row);
    row->hash = *hash;
    copy_keys(t, row, part);
    t->slots[slot] = (uint32_t)t->n;
    const uint64_t n = row_memory(t, row);
    t->memory += n;
    in_use += n;
    return row;
}

void tally_merge(tally *t, const tally *other)
{
    for (size_t i = 0; i < other->n; i++) {
        const tally_row *from = &other->rows[i];
        maillog_str part[TALLY_KEYS] = {{NULL, 0}};
        uint64_t hash;
        for (size_t k = 0; k < other->keys; k++) part[k].ptr = from->key[k], part[k].len = strlen(from->key[k]);
        tally_row *to = tally_at(t, part, &hash);
        to->count += from->count;
        to->bytes += from->bytes;
        to->deferrals += from->deferrals;
        to->delay += from->delay;
        if (from->delay_max > to->delay_max) to->delay_max = from->delay_max;
    }
    t->dropped += other->dropped;
}

tally_row *tally_find(tally *t, uint64_t hash)
{
    if (!t->nslots) return NULL;
    const size_t slot = slot_of(t, hash);
    return t->slots[slot] ? &t->rows[t->slots[slot] - 1] : NULL;
}

double tally_average(const tally_row *row) { return row->count ? (double)row->delay / (double)row->count / 1e6 : 0; }

uint64_t tally_used(const tally *t)
{
    uint64_t n = 0;
    for (size_t i = 0; i < t->n; i++) n += t->rows[i].count > 0;
    return n;
}

/* ---- order ---- */

static size_t compared_keys; /* of the table that is sorted */
static tally_order sorted_by;

static int in_order(const void *a, const void *b)
{
    const tally_row *x = (const tally_row *)a, *y = (const tally_row *)b;
    for (size_t i = 0; i + 1 < compared_keys && sorted_by != TALLY_BY_COUNT_ALONE; i++) {
        const int rc = strcmp(x->key[i], y->key[i]);
        if (rc) return rc;
    }
    const uint64_t m = sorted_by == TALLY_BY_BYTES ? x->bytes : x->count;
    const uint64_t n = sorted_by == TALLY_BY_BYTES ? y->bytes : y->count;
    if (m != n) return m < n ? 1 : -1;
    if (x->bytes != y->bytes) return x->bytes < y->bytes ? 1 : -1;
    if (weight(x) != weight(y)) return weight(x) < weight(y) ? 1 : -1;
    return strcmp(x->key[compared_keys - 1], y->key[compared_keys - 1]);
}

void tally_sort(tally *t, tally_order order)
{
    compared_keys = t->keys;
    sorted_by = order;
    if (t->n) qsort(t->rows, t->n, sizeof *t->rows, in_order);
}

void tally_free(tally *t)
{
    for (size_t i = 0; i < t->n; i++) free(t->rows[i].key[0]);
    free(t->rows);
    free(t->slots);
    memset(t, 0, sizeof *t);
}
