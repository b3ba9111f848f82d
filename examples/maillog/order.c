/* order.c: messages come out of the join as they end; JSON shows them in the order of their first lines. Their texts
 * wait in memory, and beyond 64 MB in a temporary file, so that memory stays bounded by a few bytes for each message;
 * when there is no room for the file, in memory after all. */
#include "trace.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { IN_MEMORY = 64 << 20 };

typedef struct story {
    uint64_t key, at;
    size_t len;
} story;

static story *stories;
static size_t n, cap;
static char *text;
static size_t used, text_cap;
static uint64_t spilled; /* bytes in the file */
static FILE *file;
static bool full; /* no more goes into the file */

static void spill(void)
{
    if (!file) file = tmpfile();
    if (!file || fwrite(text, 1, used, file) != used || fflush(file) != 0) {
        fprintf(stderr, "maillog: temporary file: %s: the records wait in memory\n", strerror(errno));
        full = true;
        return;
    }
    spilled += used;
    used = 0;
}

void order_add(uint64_t key, const char *what, size_t len)
{
    if (used + len > IN_MEMORY && used && !full) spill();
    if (used + len > text_cap) text = (char *)must_realloc(text, text_cap = (used + len) * 2);
    if (n == cap) stories = (story *)must_realloc(stories, (cap = cap * 2 + 256) * sizeof *stories);
    const story s = {key, spilled + used, len};
    stories[n++] = s;
    memcpy(text + used, what, len);
    used += len;
}

static int by_key(const void *a, const void *b)
{
    const story *x = (const story *)a, *y = (const story *)b;
    if (x->key != y->key) return x->key < y->key ? -1 : 1;
    return x->at < y->at ? -1 : x->at > y->at;
}

bool order_print(FILE *out)
{
    char *copy = NULL;
    size_t copy_cap = 0;
    bool failed = false;
    if (stories) qsort(stories, n, sizeof *stories, by_key);
    for (size_t i = 0; stories && i < n && !failed && !ferror(out); i++) {
        const story *s = &stories[i];
        if (s->at >= spilled) {
            fwrite(text + (s->at - spilled), 1, s->len, out);
            continue;
        }
        if (s->len > copy_cap) copy = (char *)must_realloc(copy, copy_cap = s->len * 2);
        failed = fseeko(file, (off_t)s->at, SEEK_SET) != 0 || fread(copy, 1, s->len, file) != s->len;
        if (!failed) fwrite(copy, 1, s->len, out);
    }
    if (failed) fprintf(stderr, "maillog: temporary file: %s\n", strerror(errno));
    if (file) fclose(file);
    free(copy);
    free(stories);
    free(text);
    return !failed;
}
