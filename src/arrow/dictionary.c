/* dictionary.c: names of daemons, events, match levels, and the words of enumerated fields, each once. */
#include <maillog/describe.h>

#include <string.h>

#include "arrow.h"

static int word_next(int id)
{
    static const uint16_t ids[] = {
#define MAILLOG_WORD(id, SET, NAME, word) id,
#include <maillog/schema.def>
        0};
    int next = 0;
    for (size_t i = 0; ids[i]; i++)
        if (ids[i] > id && (!next || ids[i] < next)) next = ids[i];
    return next;
}

static int match_next(int id) { return id < MAILLOG_MATCH_EVENT ? id + 1 : 0; }

static const struct {
    int first, ids;
    int (*next)(int);
    const char *(*name)(int);
} sources[ML_DICTIONARIES] = {
    [ML_DAEMONS] = {1, 256, maillog_daemon_next, maillog_daemon_name},
    [ML_EVENTS] = {1, 65536, maillog_event_next, maillog_event_name},
    [ML_MATCHES] = {0, MAILLOG_MATCH_EVENT + 1, match_next, maillog_match_name},
    [ML_WORDS] = {1, 65536, word_next, maillog_word_name},
};

/* Every id of a source: the smallest first. */
static int first_of(int which) { return sources[which].first ? sources[which].next(0) : 0; }
static int next_of(int which, int id)
{
    const int next = sources[which].next(id);
    return next ? next : -1;
}

size_t maillog__dictionaries_size(void)
{
    size_t n = 0;
    for (int which = 0; which < ML_DICTIONARIES; which++) {
        n += (size_t)sources[which].ids * sizeof(uint16_t) + sizeof(int32_t);
        for (int id = first_of(which); id >= 0; id = next_of(which, id))
            n += sizeof(int32_t) + strlen(sources[which].name(id));
    }
    return n + ML_DICTIONARIES * 8; /* each begins aligned */
}

/* The place of a name among those that are there; `count` if it is new. */
static uint32_t place_of(const int32_t *offset, uint32_t count, const char *text, const char *name, size_t len)
{
    for (uint32_t i = 0; i < count; i++)
        if ((size_t)(offset[i + 1] - offset[i]) == len && memcmp(text + offset[i], name, len) == 0) return i;
    return count;
}

static char *make(ml_dictionary *d, int which, char *memory)
{
    uint16_t *const index_of = (uint16_t *)(void *)memory;
    uint32_t names = 0, count = 0;
    memset(index_of, 0, (size_t)sources[which].ids * sizeof *index_of);
    for (int id = first_of(which); id >= 0; id = next_of(which, id)) names++;
    int32_t *const offset = (int32_t *)(void *)(memory + (size_t)sources[which].ids * sizeof *index_of);
    char *const text = (char *)(offset + names + 1);
    offset[0] = 0;
    for (int id = first_of(which); id >= 0; id = next_of(which, id)) {
        const char *const name = sources[which].name(id);
        const size_t len = strlen(name);
        const uint32_t place = place_of(offset, count, text, name, len);
        if (place == count) {
            memcpy(text + offset[count], name, len);
            offset[count + 1] = offset[count] + (int32_t)len;
            count++;
        }
        index_of[id] = (uint16_t)(place + 1);
    }
    *d = (ml_dictionary){index_of, (uint32_t)sources[which].ids, count, offset, text};
    return text + offset[count];
}

char *maillog__dictionaries_make(ml_dictionary out[ML_DICTIONARIES], char *memory)
{
    for (int which = 0; which < ML_DICTIONARIES; which++) {
        memory = make(&out[which], which, memory);
        memory += -(uintptr_t)memory & 7;
    }
    return memory;
}
