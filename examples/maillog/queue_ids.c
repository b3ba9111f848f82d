/* queue_ids.c: two generations of queue IDs. When the young one is full, the old one, which nobody asked for lately, is
 * forgotten, and the young one becomes old. */
#include "siphash.h"
#include "summary.h"

#include <stdlib.h>
#include <string.h>

typedef struct generation {
    queue_entry *slots;
    size_t used;
} generation;

static generation young, old;
static size_t nslots, most;
static siphash_key key;

static queue_entry *new_slots(void)
{
    queue_entry *slots = (queue_entry *)calloc(nslots, sizeof *slots);
    return slots ? slots : (queue_entry *)must_realloc(NULL, SIZE_MAX);
}

void queue_ids_start(uint64_t memory)
{
    nslots = 256;
    while (nslots * 4 * sizeof(queue_entry) <= memory) nslots *= 2;
    most = nslots * 3 / 4;
    key = siphash_random_key();
    young.slots = new_slots();
    old.slots = new_slots();
}

void queue_ids_end(void)
{
    free(young.slots);
    free(old.slots);
}

static queue_entry *slot_of(const generation *g, uint64_t hash)
{
    size_t i = (size_t)hash & (nslots - 1);
    while (g->slots[i].used && g->slots[i].key != hash) i = (i + 1) & (nslots - 1);
    return &g->slots[i];
}

static queue_entry *insert(summary *s, uint64_t hash)
{
    if (young.used >= most) {
        const generation spent = old;
        for (size_t i = 0; i < nslots; i++) s->queue_ids_dropped += spent.slots[i].used && !spent.slots[i].removed;
        old = young;
        memset(spent.slots, 0, nslots * sizeof *spent.slots);
        young.slots = spent.slots;
        young.used = 0;
    }
    queue_entry *e = slot_of(&young, hash);
    memset(e, 0, sizeof *e);
    e->key = hash;
    e->used = 1;
    young.used++;
    return e;
}

static queue_entry *entry_at(summary *s, uint64_t hash, bool make)
{
    queue_entry *e = slot_of(&young, hash);
    if (e->used) return e;
    queue_entry *before = slot_of(&old, hash);
    if (before->used && before->key == hash) { /* once forgotten, twice remembered: it moves to the young ones */
        const queue_entry copy = *before;
        before->removed = 1;
        e = insert(s, hash);
        *e = copy;
        return e;
    }
    return make ? insert(s, hash) : NULL;
}

/* It is mostly that of the line before. */
static uint64_t hash_of_host(maillog_str host)
{
    static char last[64];
    static size_t len;
    static uint64_t hash;
    if (!host.len) return 0;
    if (host.len == len && memcmp(host.ptr, last, len) == 0) return hash;
    hash = siphash_quick(key, host.ptr, host.len, true);
    len = host.len <= sizeof last ? host.len : 0;
    memcpy(last, host.ptr, len);
    return hash;
}

queue_entry *queue_entry_of(summary *s, const maillog_event *ev, maillog_str queue_id, bool make)
{
    if (!queue_id.len) return NULL;
    siphash_key with_host = key;
    with_host.half[0] ^= hash_of_host(maillog_get(ev, MAILLOG_FIELD_HOST));
    return entry_at(s, siphash_quick(with_host, queue_id.ptr, queue_id.len, false), make);
}

queue_entry *queue_memo(summary *s, memo_kind what, uint64_t number, maillog_str text, bool make)
{
    const siphash_key own = {{key.half[0] ^ number, key.half[1] ^ (uint64_t)what}};
    return entry_at(s, siphash_quick(own, text.ptr ? text.ptr : "", text.len, false), make);
}

queue_entry *queue_entry_by_key(summary *s, uint64_t hash) { return entry_at(s, hash, false); }

uint64_t queue_hash(maillog_str text) { return siphash_quick(key, text.ptr ? text.ptr : "", text.len, false); }
