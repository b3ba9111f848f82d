/* times.c: for `trace --format otlp-json`: when the lines of late were written, and how long what they report took. A
 * ring of those lines whose time is another than that of the line before, or that name a duration. */
#include "trace.h"

#include <stdlib.h>

typedef struct entry {
    uint64_t line;
    line_time time;
} entry;

static entry *ring;
static size_t first, n, cap, most; /* the oldest, how many, room, and the most there may be */

static const entry *at(size_t i) { return &ring[(first + i) % cap]; }

/* The ring is moved to the beginning of a larger one. */
static void grow(void)
{
    const size_t larger = cap ? cap * 2 : 1024;
    entry *copy = (entry *)must_realloc(NULL, larger * sizeof *copy);
    for (size_t i = 0; i < n; i++) copy[i] = *at(i);
    free(ring);
    ring = copy;
    cap = larger;
    first = 0;
}

void times_keep(uint64_t line, line_time time, uint64_t memory)
{
    if (!most) most = (size_t)((memory ? memory : (uint64_t)16 << 20) / sizeof *ring);
    if (n && time.took == 0 && at(n - 1)->time.ns == time.ns && at(n - 1)->time.took == 0) return;
    if (n == cap && (!cap || n < most)) {
        grow();
    } else if (n == cap) {
        first = (first + 1) % cap;
        n--;
    }
    ring[(first + n++) % cap] = (entry){line, time};
}

bool times_get(uint64_t line, line_time *out)
{
    size_t low = 0, high = n; /* the last entry that is not after the line is below `high` */
    if (!n || line < at(0)->line) return false;
    while (high - low > 1) {
        const size_t middle = low + (high - low) / 2;
        if (at(middle)->line <= line)
            low = middle;
        else
            high = middle;
    }
    *out = at(low)->time;
    if (at(low)->line != line) out->took = 0;
    return true;
}
