/* lines.c: for `trace -v`: the raw lines of late. Two halves: when one is full, the older one makes room. */
#include "trace.h"

#include <stdlib.h>
#include <string.h>

typedef struct half {
    uint64_t first; /* number of its first line */
    size_t n, cap;  /* lines; offset[n] is the end of the last */
    size_t *offset;
    char *text;
    size_t used;
} half;

static half halves[2];
static size_t room;
static unsigned present;

void lines_keep(uint64_t number, maillog_str line, uint64_t memory)
{
    half *h = &halves[present];
    if (!room) room = (size_t)(memory ? memory : (uint64_t)16 << 20);
    if (h->n && h->used + line.len > room) {
        present ^= 1;
        h = &halves[present];
        h->n = h->used = 0;
    }
    if (line.len > room) line.len = room;
    if (!h->text) h->text = (char *)must_realloc(NULL, room);
    if (h->n + 2 > h->cap)
        h->offset = (size_t *)must_realloc(h->offset, (h->cap = h->cap * 2 + 1024) * sizeof *h->offset);
    if (h->n == 0) h->first = number;
    memcpy(h->text + h->used, line.ptr, line.len);
    h->offset[h->n++] = h->used;
    h->used += line.len;
    h->offset[h->n] = h->used;
}

maillog_str lines_get(uint64_t number)
{
    maillog_str line = {NULL, 0};
    for (unsigned i = 0; i < 2; i++) {
        const half *h = &halves[i];
        if (h->n == 0 || number < h->first || number - h->first >= h->n) continue;
        const size_t k = (size_t)(number - h->first);
        line.ptr = h->text + h->offset[k];
        line.len = h->offset[k + 1] - h->offset[k];
    }
    return line;
}
