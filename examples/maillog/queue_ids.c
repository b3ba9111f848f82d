/* queue_ids.c: what is remembered of messages. Those that left the queue some minutes ago make room when the table is
 * full; when that does not suffice it grows; and when memory does not allow that there are two generations of it: the
 * old one, which nobody asked for lately, is forgotten, and the young one becomes old. */
#include "large.h"
#include "siphash.h"
#include "summary.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_SLOTS = 1024, MINUTES = 10 }; /* a message that is done is asked for that long */

enum { CACHE_LINE = 64 };
_Static_assert(sizeof(queue_entry) == CACHE_LINE, "an entry is one line of the cache");
typedef char site_name[SITE];

typedef struct generation {
    queue_entry *slots; /* NULL: none yet */
    uint32_t *tags;     /* of each slot: half of its key, so that few entries are looked at in vain; 0: it is free */
    site_name *site;    /* of each slot: those that are long */
    void *memory;       /* that the slots are in */
    size_t used, nslots;
} generation;

static generation young, old;
static size_t most_slots;
static siphash_key key;

static void make_slots(generation *g, size_t nslots)
{
    g->nslots = nslots;
    g->used = 0;
    g->tags = (uint32_t *)large_zeroes(nslots * sizeof *g->tags);
    g->memory = large_new((nslots + 1) * sizeof *g->slots);
    const uintptr_t at = ((uintptr_t)g->memory + CACHE_LINE - 1) / CACHE_LINE * CACHE_LINE;
    g->slots = (queue_entry *)at;
    g->site = (site_name *)must_realloc(NULL, nslots * sizeof *g->site);
}

void queue_ids_start(uint64_t memory)
{
    most_slots = 256;
    while (most_slots * 4 * (sizeof(queue_entry) + SITE) <= memory) most_slots *= 2;
    key = siphash_random_key();
    make_slots(&young, most_slots < FIRST_SLOTS ? most_slots : FIRST_SLOTS);
}

static void free_slots(const generation *g)
{
    free(g->memory);
    free(g->tags);
    free(g->site);
}

void queue_ids_end(void)
{
    free_slots(&young);
    free_slots(&old);
}

static uint32_t tag_of(uint64_t hash) { return (uint32_t)(hash >> 32) | 1; }

/* Where it is, or could be. */
static size_t slot_of(const generation *g, uint64_t hash)
{
    const uint32_t tag = tag_of(hash);
    size_t i = (size_t)hash & (g->nslots - 1);
    while (g->tags[i] && !(g->tags[i] == tag && g->slots[i].key == hash)) i = (i + 1) & (g->nslots - 1);
    return i;
}

static bool is_done(const queue_entry *e, uint32_t minute)
{
    const uint32_t away = minute > e->minute ? minute - e->minute : e->minute - minute;
    return e->removed && away > MINUTES;
}

static void move_slot(generation *to, size_t at, const generation *from, size_t i)
{
    to->slots[at] = from->slots[i];
    to->tags[at] = from->tags[i];
    if (from->slots[i].site_len > SHORT_SITE) memcpy(to->site[at], from->site[i], SITE);
}

/* Those behind it close up. */
static void remove_at(generation *g, size_t i)
{
    const size_t mask = g->nslots - 1;
    for (size_t k = (i + 1) & mask; g->tags[k]; k = (k + 1) & mask) {
        const size_t home = (size_t)g->slots[k].key & mask;
        if (((k - home) & mask) < ((k - i) & mask)) continue; /* nothing stands before its home */
        move_slot(g, i, g, k);
        i = k;
    }
    g->tags[i] = 0;
    g->used--;
}

static void remove_done(generation *g, uint32_t minute)
{
    for (size_t i = 0; i < g->nslots; i++)
        while (g->tags[i] && is_done(&g->slots[i], minute)) remove_at(g, i);
}

static void grow(void)
{
    const generation before = young;
    make_slots(&young, before.nslots * 2);
    for (size_t i = 0; i < before.nslots; i++)
        if (before.tags[i]) move_slot(&young, slot_of(&young, before.slots[i].key), &before, i);
    young.used = before.used;
    free_slots(&before);
}

static void make_old(summary *s)
{
    const generation spent = old;
    for (size_t i = 0; spent.slots && i < spent.nslots; i++)
        s->queue_ids_dropped += spent.tags[i] && !spent.slots[i].removed;
    free_slots(&spent);
    old = young;
    make_slots(&young, most_slots);
}

/* Three quarters are used: half of them at most are to be. */
static void make_room(summary *s)
{
    remove_done(&young, s->minute);
    if (young.used * 2 <= young.nslots) return;
    if (young.nslots < most_slots)
        grow();
    else
        make_old(s);
}

static queue_entry *insert(summary *s, uint64_t hash)
{
    if (young.used >= young.nslots / 4 * 3) make_room(s);
    const size_t i = slot_of(&young, hash);
    queue_entry *e = &young.slots[i];
    memset(e, 0, sizeof *e);
    e->key = hash;
    e->minute = s->minute;
    young.tags[i] = tag_of(hash);
    young.used++;
    return e;
}

/* Once forgotten, twice remembered: an entry of the old ones moves to the young ones. */
static queue_entry *remember(summary *s, size_t i)
{
    const queue_entry copy = old.slots[i];
    site_name site;
    if (copy.site_len > SHORT_SITE) memcpy(site, old.site[i], SITE);
    old.slots[i].removed = true;
    queue_entry *e = insert(s, copy.key); /* the old ones may be gone */
    *e = copy;
    if (copy.site_len > SHORT_SITE) memcpy(young.site[e - young.slots], site, SITE);
    return e;
}

queue_entry *queue_entry_of(summary *s, uint64_t hash, bool make)
{
    if (!hash) return NULL;
    const size_t i = slot_of(&young, hash);
    if (young.tags[i]) return &young.slots[i];
    const size_t before = old.slots ? slot_of(&old, hash) : 0;
    if (old.slots && old.tags[before]) return remember(s, before);
    return make ? insert(s, hash) : NULL;
}

void queue_entry_fetch(uint64_t hash)
{
    const size_t i = (size_t)hash & (young.nslots - 1);
    __builtin_prefetch(&young.tags[i]);
    __builtin_prefetch(&young.slots[i]);
}

void queue_entry_set_site(queue_entry *e, maillog_str site)
{
    const size_t n = site.len < SITE ? site.len : SITE;
    e->site_len = (uint8_t)n;
    if (n) memcpy(n > SHORT_SITE ? young.site[e - young.slots] : e->site, site.ptr, n);
}

maillog_str queue_entry_site(const queue_entry *e, char buf[SITE])
{
    const maillog_str site = {buf, e->site_len};
    memcpy(buf, site.len > SHORT_SITE ? young.site[e - young.slots] : e->site, site.len);
    return site;
}

void queue_entry_done(const summary *s, queue_entry *e)
{
    e->removed = true;
    e->minute = s->minute;
}

static uint64_t not_none(uint64_t hash) { return hash ? hash : 1; }

uint64_t host_hash(summary *s, maillog_str host)
{
    uint64_t last;
    if (!host.len) return 0;
    const uint64_t first = both_ends(host.ptr, host.len, &last);
    host_memo *kept = &s->hosts[(host.len + (size_t)first + (size_t)(last >> 56)) % HOSTS_KEPT];
    if (host.len == kept->len && first == kept->first && last == kept->last &&
        (host.len <= ENDS || memcmp(host.ptr, kept->name, host.len) == 0))
        return kept->hash;
    const uint64_t hash = siphash(key, host.ptr, host.len, true);
    if (host.len > LONGEST_HOST) return hash;
    memcpy(kept->name, host.ptr, host.len);
    kept->len = host.len, kept->first = first, kept->last = last;
    kept->hash = hash;
    return hash;
}

uint64_t queue_id_hash(uint64_t host, maillog_str queue_id)
{
    const siphash_key with_host = {{key.half[0] ^ host, key.half[1]}};
    return queue_id.len ? not_none(quick_hash(with_host, queue_id.ptr, queue_id.len)) : 0;
}

queue_entry *queue_memo(summary *s, memo_kind what, uint64_t number, maillog_str text, bool make)
{
    const siphash_key own = {{key.half[0] ^ number, key.half[1] + (uint64_t)what}};
    queue_entry *e = queue_entry_of(s, not_none(quick_hash(own, text.ptr, text.len)), make);
    if (e && !e->removed) queue_entry_done(s, e); /* it is asked for soon, or not at all */
    return e;
}

uint64_t queue_hash(maillog_str text) { return quick_hash(key, text.ptr, text.len); }
