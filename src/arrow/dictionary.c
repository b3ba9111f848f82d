/* dictionary.c: names of daemons, events, match levels, and the words of enumerated fields, each once. */
#include <maillog/describe.h>

#include <string.h>

#include "../base/cursor.h"
#include "arrow.h"

static const uint16_t daemons[] = {
#define MAILLOG_DAEMON(id, NAME, member, name, doc) id,
#include <maillog/schema.def>
};
static const uint16_t events[] = {
#define MAILLOG_EVENT(FAMILY, NAME, number, name, doc, fields) MAILLOG_EVENT_##FAMILY##_##NAME,
#include <maillog/schema.def>
};
static const uint16_t words[] = {
#define MAILLOG_WORD(id, SET, NAME, word) id,
#include <maillog/schema.def>
};
static const uint16_t matches[] = {MAILLOG_MATCH_RAW, MAILLOG_MATCH_HEADER, MAILLOG_MATCH_DAEMON, MAILLOG_MATCH_EVENT};

#define IDS(array) array, sizeof array / sizeof *array
static const struct {
    const uint16_t *id;
    size_t count;
    const char *(*name)(int);
} sources[ML_DICTIONARIES] = {
    [ML_DAEMONS] = {IDS(daemons), maillog_daemon_name},
    [ML_EVENTS] = {IDS(events), maillog_event_name},
    [ML_MATCHES] = {IDS(matches), maillog_match_name},
    [ML_WORDS] = {IDS(words), maillog_word_name},
};
#undef IDS

static size_t ids_of(int which)
{
    size_t most = 0;
    for (size_t i = 0; i < sources[which].count; i++)
        if (sources[which].id[i] > most) most = sources[which].id[i];
    return most + 1;
}

size_t maillog__dictionaries_size(void)
{
    size_t n = 0;
    for (int which = 0; which < ML_DICTIONARIES; which++) {
        n += ids_of(which) * sizeof(uint16_t) + 2 * sizeof(int32_t); /* with what aligns the offsets */
        for (size_t i = 0; i < sources[which].count; i++)
            n += sizeof(int32_t) + strlen(sources[which].name(sources[which].id[i]));
    }
    return n + (size_t)ML_DICTIONARIES * 8; /* each begins aligned */
}

/* Names that are there, by their hash: many families have an event of the same name. */
enum { SLOTS = 2048 };
_Static_assert(sizeof events / sizeof *events < SLOTS, "a slot stays empty");

typedef struct names {
    const int32_t *offset;
    const char *text;
    uint16_t place[SLOTS]; /* + 1; 0: empty */
} names;

/* The slot of a name, or the empty one where it belongs. */
ML_WRAPS static uint16_t *slot_of(names *n, const char *name, size_t len)
{
    uint32_t hash = 2166136261u; /* FNV-1a */
    for (size_t i = 0; i < len; i++) hash = (hash ^ (unsigned char)name[i]) * 16777619u;
    for (;; hash++) {
        uint16_t *const slot = &n->place[hash % SLOTS];
        if (!*slot) return slot;
        const int32_t *const at = &n->offset[*slot - 1];
        if ((size_t)(at[1] - at[0]) == len && memcmp(n->text + at[0], name, len) == 0) return slot;
    }
}

static char *make(ml_dictionary *d, int which, char *memory)
{
    const size_t ids = ids_of(which);
    uint16_t *const index_of = (uint16_t *)(void *)memory;
    memory += (ids * sizeof *index_of + 3) & ~(size_t)3;
    int32_t *const offset = (int32_t *)(void *)memory;
    char *const text = memory + (sources[which].count + 1) * sizeof *offset;
    names n = {offset, text, {0}};
    uint16_t count = 0;
    memset(index_of, 0, ids * sizeof *index_of);
    offset[0] = 0;
    for (size_t i = 0; i < sources[which].count; i++) {
        const uint16_t id = sources[which].id[i];
        const char *const name = sources[which].name(id);
        const size_t len = strlen(name);
        uint16_t *const slot = slot_of(&n, name, len);
        if (!*slot) {
            memcpy(text + offset[count], name, len);
            offset[count + 1] = offset[count] + (int32_t)len;
            *slot = ++count;
        }
        index_of[id] = *slot;
    }
    *d = (ml_dictionary){index_of, (uint32_t)ids, count, offset, text};
    return text + offset[count];
}

char *maillog__dictionaries_make(ml_dictionary out[ML_DICTIONARIES], char *memory)
{
    for (int which = 0; which < ML_DICTIONARIES; which++) {
        memory = make(&out[which], which, memory);
        memory += ml_padding((uintptr_t)memory, 8);
    }
    return memory;
}
