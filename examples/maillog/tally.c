/* tally.c: open addressing over rows in the order they came. When memory is short, the rarer half of the biggest table
 * goes: what is frequent stays right, and the number of what was dropped is known. */
#include "command.h"
#include "large.h"
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

/* Memory for keys, which go all at once. */
typedef struct tally_text {
    struct tally_text *before;
    size_t used, cap;
    char text[];
} tally_text;

static char *text_room(tally *t, size_t n)
{
    enum { ROOM = 16384 };
    tally_text *x = t->text;
    if (!x || x->cap - x->used < n) {
        const size_t cap = n < ROOM ? ROOM : n;
        x = (tally_text *)must_realloc(NULL, sizeof *x + cap);
        x->before = t->text;
        x->used = 0;
        x->cap = cap;
        t->text = x;
    }
    x->used += n;
    return x->text + x->used - n;
}

static void free_text(tally_text *x)
{
    while (x) {
        tally_text *before = x->before;
        free(x);
        x = before;
    }
}

static size_t slot_of(const tally *t, uint64_t hash)
{
    const uint32_t half = (uint32_t)(hash >> 32);
    size_t i = (size_t)hash & (t->nslots - 1);
    for (; t->slots[i].row; i = (i + 1) & (t->nslots - 1))
        if (t->slots[i].hash == half && t->rows[t->slots[i].row - 1].hash == hash) break;
    return i;
}

static void put_row(tally *t, size_t slot, size_t row)
{
    t->slots[slot].hash = (uint32_t)(t->rows[row].hash >> 32);
    t->slots[slot].row = (uint32_t)(row + 1);
}

static void index_rows(tally *t, size_t nslots)
{
    free(t->slots);
    t->nslots = nslots;
    t->slots = (tally_slot *)large_zeroes(nslots * sizeof *t->slots);
    for (size_t i = 0; i < t->n; i++) put_row(t, slot_of(t, t->rows[i].hash), i);
}

static uint64_t row_memory(const tally *t, const tally_row *row)
{
    uint64_t n = sizeof *row + 3 * sizeof *t->slots; /* two to four slots a row */
    for (size_t i = 0; i < t->keys + t->also; i++) n += strlen(row->key[i]) + 1;
    return n;
}

static uint64_t weight(const tally_row *row) { return row->count + row->deferrals; }

static int by_weight(const void *a, const void *b)
{
    const uint64_t x = weight((const tally_row *)a), y = weight((const tally_row *)b);
    return x < y ? 1 : x > y ? -1 : 0;
}

/* The keys of the rows that stay, in memory of their own. */
static void move_keys(tally *t)
{
    tally_text *before = t->text;
    t->text = NULL;
    for (size_t i = 0; i < t->n; i++)
        for (size_t k = 0; k < t->keys + t->also; k++) {
            const size_t n = strlen(t->rows[i].key[k]) + 1;
            t->rows[i].key[k] = (char *)memcpy(text_room(t, n), t->rows[i].key[k], n);
        }
    free_text(before);
}

static void drop_half(tally *t)
{
    qsort(t->rows, t->n, sizeof *t->rows, by_weight);
    const size_t keep = t->n / 2;
    for (size_t i = keep; i < t->n; i++) {
        const uint64_t n = row_memory(t, &t->rows[i]);
        t->memory -= n;
        in_use -= n;
    }
    t->dropped += t->n - keep;
    t->n = keep;
    move_keys(t);
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

uint64_t tally_hash(maillog_str name) { return quick_hash(key, name.ptr, name.len); }

/* A part that is cut is not cut within a character of UTF-8. */
static size_t kept(const tally *t, maillog_str s)
{
    const size_t longest = t->longest ? t->longest : LONGEST;
    size_t n = s.len < longest ? s.len : longest;
    while (n < s.len && n > 0 && ((unsigned char)s.ptr[n] & 0xC0) == 0x80) n--;
    return n;
}

static void copy_keys(tally *t, tally_row *row, const maillog_str *part)
{
    for (size_t i = 0; i < t->keys + t->also; i++) {
        const size_t n = kept(t, part[i]);
        char *p = row->key[i] = text_room(t, n + 1);
        if (part[i].ptr) memcpy(p, part[i].ptr, n);
        for (char *nul = p; (nul = (char *)memchr(nul, '\0', n - (size_t)(nul - p))) != NULL;) *nul = '?';
        p[n] = '\0';
    }
}

tally_row *tally_new(tally *t, const maillog_str part[TALLY_KEYS], uint64_t hash)
{
    if (limit && in_use > limit && t->n > 64) drop_half(t);
    if ((t->n + 1) * 2 > t->nslots) index_rows(t, t->nslots ? t->nslots * 2 : 64);
    if (t->n == t->cap) t->rows = (tally_row *)must_realloc(t->rows, (t->cap = t->cap * 2 + 32) * sizeof *t->rows);
    tally_row *row = &t->rows[t->n++];
    memset(row, 0, sizeof *row);
    row->hash = hash;
    copy_keys(t, row, part);
    put_row(t, slot_of(t, hash), t->n - 1);
    const uint64_t n = row_memory(t, row);
    t->memory += n;
    in_use += n;
    return row;
}

tally_row *tally_at(tally *t, const maillog_str part[TALLY_KEYS], uint64_t *hash)
{
    *hash = hash_of(t, part);
    tally_row *row = tally_find(t, *hash);
    return row ? row : tally_new(t, part, *hash);
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
    return t->slots[slot].row ? &t->rows[t->slots[slot].row - 1] : NULL;
}

void tally_fetch_slot(const tally *t, uint64_t hash)
{
    if (t->nslots) __builtin_prefetch(&t->slots[(size_t)hash & (t->nslots - 1)]);
}

void tally_fetch_row(const tally *t, uint64_t hash)
{
    const tally_slot *slot = t->nslots ? &t->slots[(size_t)hash & (t->nslots - 1)] : NULL;
    if (slot && slot->row && slot->hash == (uint32_t)(hash >> 32)) __builtin_prefetch(&t->rows[slot->row - 1]);
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

void tally_sort_first(tally *t, tally_order order, size_t most)
{
    tally_row row;
    size_t n = 0;
    if (most == 0 || t->keys != 1 || most > t->n / 16) {
        tally_sort(t, order);
        return;
    }
    compared_keys = t->keys;
    sorted_by = order;
    for (size_t i = 0; i < t->n; i++) { /* few are better than the worst of the best until now */
        if (!weight(&t->rows[i]) || (n == most && in_order(&t->rows[i], &t->rows[n - 1]) > 0)) continue;
        row = t->rows[i];
        if (n < most) n++;
        size_t at = n - 1;
        t->rows[i] = t->rows[at];
        for (; at > 0 && in_order(&row, &t->rows[at - 1]) < 0; at--) t->rows[at] = t->rows[at - 1];
        t->rows[at] = row;
    }
}

void tally_free(tally *t)
{
    free_text(t->text);
    free(t->rows);
    free(t->slots);
    memset(t, 0, sizeof *t);
}
