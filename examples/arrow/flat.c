/* flat.c: see flat.h. */
#include "flat.h"

#include <stdlib.h>
#include <string.h>

/* Room for more, zeroed; its place. */
static size_t room(flat *f, size_t bytes)
{
    const size_t at = f->n;
    if (f->cap - f->n < bytes) {
        const size_t cap = (f->n + bytes) * 2 + 256;
        char *const p = (char *)realloc(f->p, cap);
        if (!p) {
            f->failed = true;
            return 0;
        }
        f->p = p;
        f->cap = cap;
    }
    memset(f->p + at, 0, bytes);
    f->n += bytes;
    return at;
}

/* So that what comes `after` bytes further is aligned. */
static void align(flat *f, size_t to, size_t after)
{
    const size_t over = (f->n + after) % to;
    if (over) room(f, to - over);
}

void flat_pad(flat *f) { align(f, 8, 0); }

void flat_put(flat *f, size_t at, uint64_t value, size_t bytes)
{
    if (f->failed) return;
    for (size_t i = 0; i < bytes; i++) f->p[at + i] = (char)(unsigned char)(value >> 8 * i);
}

void flat_point(flat *f, size_t at, size_t to) { flat_put(f, at, to - at, FLAT_OFFSET); }

flat_table flat_begin_table(flat *f, const char *sizes)
{
    enum { HEAD = 4 };
    flat_table t = {0, {0}};
    const size_t fields = strlen(sizes), vtable_size = HEAD + 2 * fields;
    align(f, 8, vtable_size);
    const size_t vtable = room(f, vtable_size);
    size_t size = FLAT_OFFSET; /* the distance to the vtable */
    t.at = f->n;
    for (size_t i = 0; i < fields; i++) {
        const size_t bytes = (size_t)(sizes[i] - '0');
        if (!bytes) continue;
        size = (size + bytes - 1) / bytes * bytes;
        flat_put(f, vtable + HEAD + 2 * i, size, 2);
        t.field[i] = t.at + size;
        size += bytes;
    }
    flat_put(f, vtable, vtable_size, 2);
    flat_put(f, vtable + 2, size, 2);
    room(f, size);
    flat_put(f, t.at, t.at - vtable, FLAT_OFFSET);
    return t;
}

flat_table flat_root(flat *f, const char *sizes)
{
    f->n = 0;
    const size_t root = room(f, FLAT_OFFSET);
    const flat_table t = flat_begin_table(f, sizes);
    flat_point(f, root, t.at);
    return t;
}

size_t flat_vector(flat *f, size_t at, size_t count, size_t bytes)
{
    align(f, bytes % 8 ? 4 : 8, FLAT_OFFSET);
    const size_t length = room(f, FLAT_OFFSET);
    flat_put(f, length, count, FLAT_OFFSET);
    flat_point(f, at, length);
    return room(f, count * bytes);
}

void flat_string(flat *f, size_t at, const char *text)
{
    const size_t len = strlen(text);
    const size_t to = flat_vector(f, at, len, 1);
    if (!f->failed) memcpy(f->p + to, text, len);
    room(f, 1); /* a string ends with NUL, too */
}
