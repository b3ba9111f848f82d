/* flat.h: writing FlatBuffers, as much of it as Arrow's metadata needs: tables, strings, vectors.
 *
 * From the front to the back: what an offset points to is appended later, and the offset written when its place is
 * known. https://flatbuffers.dev/internals/ : a table begins with the distance back to its vtable; a vtable has its own
 * size, the table's size, and for each field where it is in the table (0: not there); offsets count from where they
 * stand; all of it is little-endian and aligned to its size. */
#ifndef FLAT_H
#define FLAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct flat {
    char *p;
    size_t n, cap;
    bool failed; /* no memory: what was written since is nothing */
} flat;

enum { FLAT_FIELDS = 8, FLAT_OFFSET = 4 };

/* Places in the buffer; of a table, of the fields it was asked for. */
typedef struct flat_table {
    size_t at, field[FLAT_FIELDS];
} flat_table;

/* A table whose fields take so many bytes: "4804" is a field of four bytes, one of eight, one that is not there, one of
 * four. All are zero. */
flat_table flat_begin_table(flat *f, const char *sizes);
flat_table flat_root(flat *f, const char *sizes); /* the first: the buffer is emptied */
void flat_put(flat *f, size_t at, uint64_t value, size_t bytes);
void flat_point(flat *f, size_t at, size_t to); /* the offset at `at` */
/* A vector of `count` elements of zeroes, of structs of 8, 16, 24 … bytes or offsets of 4; where its first is. */
size_t flat_vector(flat *f, size_t at, size_t count, size_t bytes);
void flat_string(flat *f, size_t at, const char *text);
/* To a multiple of eight bytes, as an IPC message wants its metadata. */
void flat_pad(flat *f);

#endif
