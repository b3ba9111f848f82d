/* queue_ids.c: what is remembered of messages. Those that left the queue some minutes ago make room when the table is
 * full; when that does not suffice it grows; and when memory does not allow that there are two generations of it: the
 * old one, which nobody asked for lately, is forgotten, and the young one becomes old. */
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
    site_name *site;    /* of each slot: hardly ever asked for */
    void *memory;       /* that both are in */
    size_t used, nslots;
} generation;

static generation young, old;
static size_t most_slots;
static siphash_key key;

static void make_slots(generation *g, size_t nslots)
{
    g->nslots = nslots;
    g->used = 0;
    g->memory = calloc(nslots + 1, sizeof *g->slots + sizeof *g->site);
    if (!g->memory) must_realloc(NULL, SIZE_MAX); /* says so, and ends */
    const uintptr_t at = ((uintptr_t)g->memory + CACHE_LINE - 1) / CACHE_LINE * CACHE_LINE;
    g->slots = (queue_entry *)at;
    g->site = (site_name *)(g->slots + nslots);
}

void queue_ids_start(uint64_t memory)
{
    most_slots = 256;
    while (most_slots * 4 * (sizeof(queue_entry) + SITE) <= memory) most_slots *= 2;
    key = siphash_random_key();
    make_slots(&young, most_slots < FIRST_SLOTS ? most_slots : FIRST_SLOTS);
}

void queue_ids_end(void)
{
    free(young.memory);
    free(old.memory);
}

static queue_entry *slot_of(const generation *g, uint64_t hash)
{
    size_t i = (size_t)hash & (g->nslots - 1);
    while (g->slots[i].used && g->slots[i].key != hash) i = (i + 1) & (g->nslots - 1);
    return &g->slots[i];
}

static uint32_t minute_of(const summary *s) { return s->c->now == INT64_MIN ? 0 : (uint32_t)(s->c->now / 60000000000); }

static bool is_done(const queue_entry *e, uint32_t minute)
{
    const uint32_t away = minute > e->minute ? minute - e->minute : e->minute - minute;
    return e->removed && away > MINUTES;
}

/* Into a table of another size, or the same: without what is done. */
static void move_slots(const summary *s, size_t nslots)
{
    const generation before = young;
    const uint32_t minute = minute_of(s);
    make_slots(&young, nslots);
    for (size_t i = 0; i < before.nslots; i++) {
        const queue_entry *e = &before.slots[i];
        if (!e->used || is_done(e, minute)) continue;
        queue_entry *to = slot_of(&young, e->key);
        *to = *e;
        memcpy(young.site[to - young.slots], before.site[i], SITE);
        young.used++;
    }
    free(before.memory);
}

static size_t still_used(const summary *s)
{
    const uint32_t minute = minute_of(s);
    size_t n = 0;
    for (size_t i = 0; i < young.nslots; i++) n += young.slots[i].used && !is_done(&young.slots[i], minute);
    return n;
}

static void make_old(summary *s)
{
    const generation spent = old;
    for (size_t i = 0; spent.slots && i < spent.nslots; i++)
        s->queue_ids_dropped += spent.slots[i].used && !spent.slots[i].removed;
    free(spent.memory);
    old = young;
    make_slots(&young, most_slots);
}

/* Three quarters are used: half of them at most are to be. */
static void make_room(summary *s)
{
    const size_t used = still_used(s), want = used * 2 > young.nslots ? young.nslots * 2 : young.nslots;
    if (want <= most_slots)
        move_slots(s, want);
    else
        make_old(s);
}

static queue_entry *insert(summary *s, uint64_t hash)
{
    if (young.used >= young.nslots / 4 * 3) make_room(s);
    queue_entry *e = slot_of(&young, hash);
    memset(e, 0, sizeof *e);
    e->key = hash;
    e->used = 1;
    e->minute = minute_of(s);
    young.used++;
    return e;
}

static queue_entry *entry_at(summary *s, uint64_t hash, bool make)
{
    queue_entry *e = slot_of(&young, hash);
    if (e->used) return e;
    queue_entry *before = old.slots ? slot_of(&old, hash) : NULL;
    if (before && before->used) { /* once forgotten, twice remembered: it moves to the young ones */
        const queue_entry copy = *before;
        site_name site;
        memcpy(site, old.site[before - old.slots], SITE);
        before->removed = 1;
        e = insert(s, hash); /* the old ones may be gone */
        *e = copy;
        memcpy(queue_entry_site(e), site, SITE);
        return e;
    }
    return make ? insert(s, hash) : NULL;
}

char *queue_entry_site(const queue_entry *e) { return young.site[e - young.slots]; }

void queue_entry_done(const summary *s, queue_entry *e)
{
    e->removed = 1;
    e->minute = minute_of(s);
}

/* Hosts are few, and their lines alternate: those of late are kept. */
static uint64_t hash_of_host(maillog_str host)
{
    enum { KEPT = 16, LONGEST = 64 };
    static struct {
        char name[LONGEST];
        size_t len;
        uint64_t hash;
    } kept[KEPT];
    if (!host.len) return 0;
    const size_t place = (host.len + (unsigned char)host.ptr[0] + (unsigned char)host.ptr[host.len - 1]) % KEPT;
    if (host.len == kept[place].len && memcmp(host.ptr, kept[place].name, host.len) == 0) return kept[place].hash;
    const uint64_t hash = siphash(key, host.ptr, host.len, true);
    if (host.len > LONGEST) return hash;
    memcpy(kept[place].name, host.ptr, host.len);
    kept[place].len = host.len;
    kept[place].hash = hash;
    return hash;
}

queue_entry *queue_entry_of(summary *s, const maillog_event *ev, maillog_str queue_id, bool make)
{
    /* one line asks for its queue ID several times */
    static char last[32];
    static size_t len;
    static uint64_t last_host, hash;
    if (!queue_id.len) return NULL;
    if (s->present != ev) s->present = ev, s->host = hash_of_host(maillog_get(ev, MAILLOG_FIELD_HOST));
    const uint64_t host = s->host;
    if (queue_id.len == len && host == last_host && memcmp(queue_id.ptr, last, len) == 0)
        return entry_at(s, hash, make);
    const siphash_key with_host = {{key.half[0] ^ host, key.half[1]}};
    hash = quick_hash(with_host, queue_id.ptr, queue_id.len);
    len = queue_id.len <= sizeof last ? queue_id.len : 0;
    memcpy(last, queue_id.ptr, len);
    last_host = host;
    return entry_at(s, hash, make);
}

queue_entry *queue_memo(summary *s, memo_kind what, uint64_t number, maillog_str text, bool make)
{
    const siphash_key own = {{key.half[0] ^ number, key.half[1] + (uint64_t)what}};
    queue_entry *e = entry_at(s, quick_hash(own, text.ptr, text.len), make);
    if (e && !e->removed) queue_entry_done(s, e); /* it is asked for soon, or not at all */
    return e;
}

queue_entry *queue_entry_by_key(summary *s, uint64_t hash) { return entry_at(s, hash, false); }

uint64_t queue_hash(maillog_str text) { return quick_hash(key, text.ptr, text.len); }
