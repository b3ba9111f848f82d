/* ipc.c: the IPC format of Arrow columns (https://arrow.apache.org/docs/format/Columnar.html, "Serialization and
 * Interprocess Communication"; the metadata's tables are of Schema.fbs, Message.fbs and File.fbs there).
 *
 * A message is: FFFFFFFF, the size of its metadata, the metadata, its body: the buffers of the batch, one after the
 * other. A stream is a message with the schema, one for each dictionary, one for each batch, and FFFFFFFF 00000000. A
 * file is "ARROW1", the stream, a footer that says where its messages are, the footer's size and "ARROW1" again. All of
 * it is aligned to eight bytes.
 *
 * Views of text (Utf8View) are not written: they would take the whole log with each batch. */
#include "ipc.h"
#include "flat.h"

#include <stdlib.h>
#include <string.h>

/* Values of the .fbs files' enums and unions */
enum { METADATA_V5 = 4 };
enum { HEADER_SCHEMA = 1, HEADER_DICTIONARY = 2, HEADER_BATCH = 3 };
enum {
    TYPE_INT = 2,
    TYPE_FLOATING_POINT = 3,
    TYPE_UTF8 = 5,
    TYPE_BOOL = 6,
    TYPE_TIMESTAMP = 10,
    TYPE_LIST = 12,
    TYPE_STRUCT = 13
};
enum { PRECISION_DOUBLE = 2, UNIT_NANOSECOND = 3 };
enum { NODE_SIZE = 16, BUFFER_SIZE = 16, BLOCK_SIZE = 24, NESTING_MAX = 16 };

#define MAGIC "ARROW1"

/* Where a message is: for the footer */
typedef struct block {
    uint64_t offset, metadata, body;
} block;

typedef struct blocks {
    block *p;
    size_t n, cap;
} blocks;

/* One buffer of a body. `bytes` of NULL are zeroes: there are at most eight of them. */
typedef struct piece {
    const void *p;
    size_t bytes;
} piece;

typedef struct writer {
    FILE *out;
    const char *error;
    uint64_t at; /* bytes written */
    flat meta;
    blocks dictionaries, batches;
    /* of the batch that is being written: its tree, parents first */
    piece *piece;
    size_t pieces, pieces_cap;
    int64_t (*node)[2]; /* rows, nulls */
    size_t nodes, nodes_cap;
    size_t fields;        /* dictionaries' ids are counted over all of the schema's */
    const void **written; /* by id: the offsets of the dictionary that was written */
} writer;

static void fail(writer *w, const char *why)
{
    if (!w->error) w->error = why;
}

static void *grow(writer *w, void *p, size_t *cap, size_t n, size_t size)
{
    if (n < *cap) return p;
    void *const more = realloc(p, (n * 2 + 64) * size);
    if (!more) {
        fail(w, "no memory");
        return p;
    }
    *cap = n * 2 + 64;
    return more;
}

/* ---- schema ---- */

static bool is_list(const struct ArrowSchema *s) { return strcmp(s->format, "+l") == 0; }
static bool is_struct(const struct ArrowSchema *s) { return strcmp(s->format, "+s") == 0; }

/* What is written: the C data interface's format, the type, and its table's fields. */
static const struct type_row {
    const char *format;
    uint8_t type;
    const char *fields;
} type_rows[] = {
    {"l", TYPE_INT, "41"},           /* bitWidth, is_signed */
    {"g", TYPE_FLOATING_POINT, "2"}, /* precision */
    {"tsn:", TYPE_TIMESTAMP, "24"},  /* unit, timezone; the zone is the rest of the format */
    {"u", TYPE_UTF8, ""},
    {"b", TYPE_BOOL, ""},
    {"+l", TYPE_LIST, ""},
    {"+s", TYPE_STRUCT, ""},
};

static const struct type_row *type_of(const char *format)
{
    for (size_t i = 0; i < sizeof type_rows / sizeof *type_rows; i++) {
        const struct type_row *const row = &type_rows[i];
        const bool begins = row->type == TYPE_TIMESTAMP;
        if (begins ? strncmp(format, row->format, strlen(row->format)) == 0 : strcmp(format, row->format) == 0)
            return row;
    }
    return NULL;
}

/* Field's type_type and type */
static void put_type(writer *w, const flat_table *field, const char *format)
{
    flat *const f = &w->meta;
    const struct type_row *const row = type_of(format);
    if (!row) {
        fail(w, "a column of a type that is not written");
        return;
    }
    const flat_table t = flat_begin_table(f, row->fields);
    flat_put(f, field->field[2], row->type, 1);
    flat_point(f, field->field[3], t.at);
    if (row->type == TYPE_INT) {
        flat_put(f, t.field[0], 64, 4);
        flat_put(f, t.field[1], 1, 1);
    } else if (row->type == TYPE_FLOATING_POINT) {
        flat_put(f, t.field[0], PRECISION_DOUBLE, 2);
    } else if (row->type == TYPE_TIMESTAMP) {
        flat_put(f, t.field[0], UNIT_NANOSECOND, 2);
        flat_string(f, t.field[1], format + strlen(row->format));
    }
}

/* Field: name, nullable, type_type, type, dictionary, children */
static void put_field(writer *w, size_t at, const struct ArrowSchema *s, int depth)
{
    flat *const f = &w->meta;
    const flat_table field = flat_begin_table(f, s->dictionary ? "411444" : "411404");
    const uint64_t id = w->fields++;
    if (depth > NESTING_MAX) {
        fail(w, "columns nested too deeply");
        return;
    }
    flat_point(f, at, field.at);
    flat_string(f, field.field[0], s->name ? s->name : "");
    flat_put(f, field.field[1], (s->flags & ARROW_FLAG_NULLABLE) != 0, 1);
    put_type(w, &field, s->dictionary ? s->dictionary->format : s->format);
    if (s->dictionary) { /* DictionaryEncoding: id, indexType (int32 if there is none) */
        const flat_table encoding = flat_begin_table(f, "8");
        flat_put(f, encoding.field[0], id, 8);
        flat_point(f, field.field[4], encoding.at);
        if (strcmp(s->format, "i") != 0 || strcmp(s->dictionary->format, "u") != 0)
            fail(w, "a dictionary of a kind that is not written");
    }
    const size_t children = flat_vector(f, field.field[5], (size_t)s->n_children, FLAT_OFFSET);
    for (int64_t i = 0; i < s->n_children; i++)
        put_field(w, children + (size_t)i * FLAT_OFFSET, s->children[i], depth + 1);
}

/* Schema: endianness, fields */
static void put_schema(writer *w, size_t at, const struct ArrowSchema *s)
{
    flat *const f = &w->meta;
    const flat_table schema = flat_begin_table(f, "24");
    const uint16_t one = 1;
    flat_point(f, at, schema.at);
    flat_put(f, schema.field[0], *(const unsigned char *)&one == 0, 2); /* of the buffers: this machine's */
    const size_t fields = flat_vector(f, schema.field[1], (size_t)s->n_children, FLAT_OFFSET);
    w->fields = 0;
    for (int64_t i = 0; i < s->n_children; i++) put_field(w, fields + (size_t)i * FLAT_OFFSET, s->children[i], 0);
}

/* ---- messages ---- */

static void write_bytes(writer *w, const void *p, size_t n)
{
    if (w->error) return;
    if (n && fwrite(p, 1, n, w->out) != n) fail(w, "it cannot be written");
    w->at += n;
}

static size_t padding(uint64_t n) { return (size_t)((8 - n % 8) % 8); }

static void write_word(writer *w, uint32_t v)
{
    const unsigned char bytes[4] = {(unsigned char)v, (unsigned char)(v >> 8), (unsigned char)(v >> 16),
                                    (unsigned char)(v >> 24)};
    write_bytes(w, bytes, sizeof bytes);
}

/* Message: version, header_type, header, bodyLength. The header is to follow. */
static flat_table begin_message(writer *w, int header, uint64_t body)
{
    const flat_table t = flat_root(&w->meta, "2148");
    flat_put(&w->meta, t.field[0], METADATA_V5, 2);
    flat_put(&w->meta, t.field[1], (uint64_t)header, 1);
    flat_put(&w->meta, t.field[3], body, 8);
    return t;
}

static void write_metadata(writer *w)
{
    flat_pad(&w->meta);
    if (w->meta.failed) fail(w, "no memory");
    write_word(w, UINT32_MAX);
    write_word(w, (uint32_t)w->meta.n);
    write_bytes(w, w->meta.p, w->meta.n);
}

/* ---- batches ---- */

static void add_piece(writer *w, const void *p, int64_t bytes)
{
    w->piece = (piece *)grow(w, w->piece, &w->pieces_cap, w->pieces, sizeof *w->piece);
    if (!w->error) w->piece[w->pieces++] = (piece){p, (size_t)bytes};
}

static int64_t count_nulls(const struct ArrowArray *a)
{
    const uint8_t *const valid = (const uint8_t *)a->buffers[0];
    int64_t n = 0;
    if (a->null_count >= 0 || !valid) return valid ? a->null_count : 0;
    for (int64_t i = 0; i < a->length; i++) n += !(valid[i >> 3] >> (i & 7) & 1);
    return n;
}

static void add_node(writer *w, const struct ArrowArray *a)
{
    const int64_t nulls = count_nulls(a);
    if (a->offset) fail(w, "a slice of an array is not written");
    w->node = (int64_t(*)[2])grow(w, w->node, &w->nodes_cap, w->nodes, sizeof *w->node);
    if (w->error) return;
    w->node[w->nodes][0] = a->length;
    w->node[w->nodes++][1] = nulls;
    add_piece(w, a->buffers[0], nulls ? (a->length + 7) / 8 : 0);
}

/* One more than there are rows; without any, their buffer may not be there. Gives the last. */
static int64_t add_offsets(writer *w, const struct ArrowArray *a)
{
    const int32_t *const offset = (const int32_t *)a->buffers[1];
    if (!a->length) return add_piece(w, NULL, sizeof *offset), 0;
    add_piece(w, offset, (a->length + 1) * (int64_t)sizeof *offset);
    return offset[a->length];
}

static void add_column(writer *w, const struct ArrowSchema *s, const struct ArrowArray *a)
{
    add_node(w, a);
    if (is_list(s)) {
        add_offsets(w, a);
    } else if (strcmp(s->format, "u") == 0) {
        const int64_t bytes = add_offsets(w, a);
        add_piece(w, a->buffers[2], bytes);
    } else if (*s->format == 'b') {
        add_piece(w, a->buffers[1], (a->length + 7) / 8);
    } else if (!is_struct(s)) {
        add_piece(w, a->buffers[1], a->length * (s->dictionary ? 4 : 8));
    }
    for (int64_t i = 0; i < s->n_children; i++) add_column(w, s->children[i], a->children[i]);
}

static uint64_t body_size(const writer *w)
{
    uint64_t n = 0;
    for (size_t i = 0; i < w->pieces; i++) n += w->piece[i].bytes + padding(w->piece[i].bytes);
    return n;
}

/* RecordBatch: length, nodes, buffers */
static void put_batch(writer *w, size_t at, int64_t rows)
{
    flat *const f = &w->meta;
    const flat_table t = flat_begin_table(f, "844");
    uint64_t offset = 0;
    flat_point(f, at, t.at);
    flat_put(f, t.field[0], (uint64_t)rows, 8);
    const size_t nodes = flat_vector(f, t.field[1], w->nodes, NODE_SIZE);
    for (size_t i = 0; i < w->nodes; i++) {
        flat_put(f, nodes + i * NODE_SIZE, (uint64_t)w->node[i][0], 8);
        flat_put(f, nodes + i * NODE_SIZE + 8, (uint64_t)w->node[i][1], 8);
    }
    const size_t buffers = flat_vector(f, t.field[2], w->pieces, BUFFER_SIZE);
    for (size_t i = 0; i < w->pieces; i++) {
        flat_put(f, buffers + i * BUFFER_SIZE, offset, 8);
        flat_put(f, buffers + i * BUFFER_SIZE + 8, w->piece[i].bytes, 8);
        offset += w->piece[i].bytes + padding(w->piece[i].bytes);
    }
}

static void remember(writer *w, blocks *list, block b)
{
    list->p = (block *)grow(w, list->p, &list->cap, list->n, sizeof *list->p);
    if (!w->error) list->p[list->n++] = b;
}

/* The message whose metadata is made, with the pieces as its body. */
static void write_message(writer *w, blocks *list)
{
    static const char zeroes[8];
    const uint64_t begun = w->at;
    write_metadata(w);
    const uint64_t body = w->at;
    for (size_t i = 0; i < w->pieces; i++) {
        write_bytes(w, w->piece[i].p ? w->piece[i].p : zeroes, w->piece[i].bytes);
        write_bytes(w, zeroes, padding(w->piece[i].bytes));
    }
    remember(w, list, (block){begun, body - begun, w->at - body});
    w->pieces = w->nodes = 0;
}

/* DictionaryBatch: id, data; the data is a batch of one column. */
static void write_dictionary(writer *w, uint64_t id, const struct ArrowSchema *s, const struct ArrowArray *a)
{
    if (w->written[id]) {
        if (w->written[id] != a->buffers[1]) fail(w, "a dictionary that changes is not written");
        return;
    }
    w->written[id] = a->buffers[1];
    add_column(w, s, a);
    const flat_table message = begin_message(w, HEADER_DICTIONARY, body_size(w));
    const flat_table t = flat_begin_table(&w->meta, "84");
    flat_point(&w->meta, message.field[2], t.at);
    flat_put(&w->meta, t.field[0], id, 8);
    put_batch(w, t.field[1], a->length);
    write_message(w, &w->dictionaries);
}

/* In the order of put_field(). */
static uint64_t write_dictionaries(writer *w, uint64_t id, const struct ArrowSchema *s, const struct ArrowArray *a)
{
    if (s->dictionary) write_dictionary(w, id, s->dictionary, a->dictionary);
    id++;
    for (int64_t i = 0; i < s->n_children; i++) id = write_dictionaries(w, id, s->children[i], a->children[i]);
    return id;
}

static void write_batch(writer *w, const struct ArrowSchema *s, const struct ArrowArray *a)
{
    uint64_t id = 0;
    for (int64_t i = 0; i < s->n_children; i++) id = write_dictionaries(w, id, s->children[i], a->children[i]);
    for (int64_t i = 0; i < s->n_children; i++) add_column(w, s->children[i], a->children[i]);
    const flat_table message = begin_message(w, HEADER_BATCH, body_size(w));
    put_batch(w, message.field[2], a->length);
    write_message(w, &w->batches);
}

/* ---- the whole ---- */

static void put_blocks(writer *w, size_t at, const blocks *list)
{
    flat *const f = &w->meta;
    const size_t to = flat_vector(f, at, list->n, BLOCK_SIZE);
    for (size_t i = 0; i < list->n; i++) { /* Block: offset, metaDataLength (int), bodyLength */
        flat_put(f, to + i * BLOCK_SIZE, list->p[i].offset, 8);
        flat_put(f, to + i * BLOCK_SIZE + 8, list->p[i].metadata, 4);
        flat_put(f, to + i * BLOCK_SIZE + 16, list->p[i].body, 8);
    }
}

/* Footer: version, schema, dictionaries, recordBatches */
static void write_footer(writer *w, const struct ArrowSchema *s)
{
    const flat_table t = flat_root(&w->meta, "2444");
    flat_put(&w->meta, t.field[0], METADATA_V5, 2);
    put_schema(w, t.field[1], s);
    put_blocks(w, t.field[2], &w->dictionaries);
    put_blocks(w, t.field[3], &w->batches);
    if (w->meta.failed) fail(w, "no memory");
    write_bytes(w, w->meta.p, w->meta.n);
    write_word(w, (uint32_t)w->meta.n);
    write_bytes(w, MAGIC, sizeof MAGIC - 1);
}

static void write_all(writer *w, struct ArrowArrayStream *stream, const struct ArrowSchema *schema, bool file)
{
    struct ArrowArray batch;
    if (file) write_bytes(w, MAGIC "\0", sizeof MAGIC + 1);
    put_schema(w, begin_message(w, HEADER_SCHEMA, 0).field[2], schema);
    w->written = (const void **)calloc(w->fields + 1, sizeof *w->written);
    if (!w->written) fail(w, "no memory");
    write_metadata(w);
    while (!w->error) {
        if (stream->get_next(stream, &batch) != 0) fail(w, stream->get_last_error(stream));
        if (w->error || !batch.release) break;
        write_batch(w, schema, &batch);
        batch.release(&batch);
    }
    write_word(w, UINT32_MAX);
    write_word(w, 0);
    if (file) write_footer(w, schema);
}

const char *ipc_write(FILE *out, struct ArrowArrayStream *stream, bool file)
{
    writer w = {.out = out};
    struct ArrowSchema schema;
    if (stream->get_schema(stream, &schema) == 0) {
        write_all(&w, stream, &schema, file);
        schema.release(&schema);
    } else {
        fail(&w, stream->get_last_error(stream));
    }
    stream->release(stream);
    free(w.meta.p);
    free(w.dictionaries.p);
    free(w.batches.p);
    free(w.piece);
    free(w.node);
    free(w.written);
    return w.error;
}
