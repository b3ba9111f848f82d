/* duck_table.c: an Arrow stream into a DuckDB table, by the appender, a chunk for each record batch.
 *
 * Of flat columns the chunks are made here and not by duckdb_data_chunk_from_arrow(): that gives dictionaries as text,
 * which DuckDB then copies twice. Here they are ENUMs, a byte or two each: a third less time, and less room. Nested
 * columns go the other way. (duckdb_arrow_scan() is not used: it pushes projections and filters into a stream that
 * cannot do them.) */
#include "duck.h"
#include "duck_api.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* An element of Utf8View: DuckDB's string, but for the pointer. */
typedef struct view {
    uint32_t len;
    char prefix[4];
    int32_t buffer, offset;
} view;
static_assert(sizeof(view) == sizeof(duck_string), "both 16 bytes");

enum { INLINE_MAX = 12 };

/* The values of an ENUM, in the order of text, so that ORDER BY gives what it gives for text. */
typedef struct words {
    uint16_t *rank; /* by index of Arrow's dictionary */
    bool narrow;
} words;

typedef struct table {
    const duck_database *db;
    const char *name;
    void *appender;
    struct ArrowSchema schema;
    int64_t columns;
    bool nested;
    void *chunk;     /* of flat columns */
    words *word;     /* by column */
    void *converted; /* of nested ones: the schema */
} table;

/* ---- the table ---- */

typedef struct word {
    const char *text;
    size_t len;
    uint16_t index;
} word;

static int by_text(const void *a, const void *b)
{
    const word *const p = (const word *)a, *const q = (const word *)b;
    const int c = memcmp(p->text, q->text, p->len < q->len ? p->len : q->len);
    return c ? c : (p->len > q->len) - (p->len < q->len);
}

static void write_quoted(FILE *sql, char quote, const char *text, size_t len)
{
    putc(quote, sql);
    for (size_t i = 0; i < len; i++) {
        if (text[i] == quote) putc(quote, sql);
        putc(text[i], sql);
    }
    putc(quote, sql);
}

/* ENUM('a', 'b', …) */
static bool write_enum(FILE *sql, const struct ArrowArray *dictionary, words *out)
{
    const size_t n = (size_t)dictionary->length;
    const int32_t *const offset = (const int32_t *)dictionary->buffers[1];
    const char *const text = (const char *)dictionary->buffers[2];
    word *const sorted = (word *)malloc(n * sizeof *sorted + 1);
    out->rank = (uint16_t *)malloc(n * sizeof *out->rank + 1);
    if (!sorted || !out->rank) return free(sorted), false;
    for (size_t i = 0; i < n; i++)
        sorted[i] = (word){text + offset[i], (size_t)(offset[i + 1] - offset[i]), (uint16_t)i};
    qsort(sorted, n, sizeof *sorted, by_text);
    for (size_t i = 0; i < n; i++) {
        out->rank[sorted[i].index] = (uint16_t)i;
        fputs(i ? ", " : "ENUM(", sql);
        write_quoted(sql, '\'', sorted[i].text, sorted[i].len);
    }
    putc(')', sql);
    free(sorted);
    return true;
}

static const char *type_name(const char *format)
{
    switch (*format) {
    case 'l':
        return "BIGINT";
    case 'g':
        return "DOUBLE";
    case 'b':
        return "BOOLEAN";
    case 't':
        return "TIMESTAMPTZ";
    default:
        return "VARCHAR";
    }
}

static void write_type(FILE *sql, const struct ArrowSchema *s)
{
    if (strcmp(s->format, "+l") == 0) {
        write_type(sql, s->children[0]);
        fputs("[]", sql);
    } else if (strcmp(s->format, "+s") == 0) {
        for (int64_t i = 0; i < s->n_children; i++) {
            fputs(i ? ", " : "STRUCT(", sql);
            write_quoted(sql, '"', s->children[i]->name, strlen(s->children[i]->name));
            putc(' ', sql);
            write_type(sql, s->children[i]);
        }
        putc(')', sql);
    } else {
        fputs(type_name(s->dictionary ? "u" : s->format), sql);
    }
}

/* A dictionary's words come with the first batch, if there is one. */
static char *table_definition(table *t, const struct ArrowArray *first)
{
    char *text = NULL;
    size_t len;
    FILE *const sql = open_memstream(&text, &len);
    bool made = sql != NULL;
    if (sql) fprintf(sql, "CREATE OR REPLACE TABLE %s (", t->name);
    for (int64_t i = 0; made && i < t->columns; i++) {
        const struct ArrowSchema *const s = t->schema.children[i];
        if (i) fputs(", ", sql);
        write_quoted(sql, '"', s->name, strlen(s->name));
        putc(' ', sql);
        if (first->release && s->dictionary && !t->nested)
            made = write_enum(sql, first->children[i]->dictionary, &t->word[i]);
        else
            write_type(sql, s);
    }
    if (sql) putc(')', sql);
    if (sql && fclose(sql) == 0 && made) return text;
    free(text);
    return NULL;
}

/* ---- flat columns: one chunk, filled again for each batch; what is appended is copied ---- */

static bool make_chunk(table *t)
{
    void **const type = (void **)calloc((size_t)t->columns, sizeof *type);
    if (!type) return false;
    for (int64_t i = 0; i < t->columns; i++) {
        type[i] = duck.appender_column_type(t->appender, (uint64_t)i);
        if (t->word[i].rank) t->word[i].narrow = duck.enum_internal_type(type[i]) == DUCK_UTINYINT;
    }
    t->chunk = duck.create_data_chunk(type, (uint64_t)t->columns);
    for (int64_t i = 0; i < t->columns; i++) duck.destroy_logical_type(&type[i]);
    free(type);
    return t->chunk != NULL;
}

static void put_text(const struct ArrowArray *a, duck_string *to)
{
    const view *const from = (const view *)a->buffers[1];
    memcpy(to, from, (size_t)a->length * sizeof *to);
    for (int64_t i = 0; i < a->length; i++)
        if (from[i].len > INLINE_MAX) to[i].text = (const char *)a->buffers[2 + from[i].buffer] + from[i].offset;
}

static void put_time(const struct ArrowArray *a, int64_t *to)
{
    const int64_t *const ns = (const int64_t *)a->buffers[1];
    for (int64_t i = 0; i < a->length; i++) to[i] = ns[i] / 1000; /* DuckDB's are microseconds */
}

static void put_words(const struct ArrowArray *a, const words *w, void *to)
{
    const int32_t *const index = (const int32_t *)a->buffers[1];
    if (w->narrow)
        for (int64_t i = 0; i < a->length; i++) ((uint8_t *)to)[i] = (uint8_t)w->rank[index[i]];
    else
        for (int64_t i = 0; i < a->length; i++) ((uint16_t *)to)[i] = w->rank[index[i]];
}

static void fill_chunk(const table *t, const struct ArrowArray *batch)
{
    for (int64_t i = 0; i < t->columns; i++) {
        const struct ArrowArray *const a = batch->children[i];
        const char *const format = t->schema.children[i]->format;
        void *const vector = duck.data_chunk_get_vector(t->chunk, (uint64_t)i);
        void *const to = duck.vector_get_data(vector);
        const size_t bits = ((size_t)a->length + 7) / 8;
        duck.vector_ensure_validity_writable(vector);
        if (a->buffers[0])
            memcpy(duck.vector_get_validity(vector), a->buffers[0], bits);
        else
            memset(duck.vector_get_validity(vector), 0xFF, bits);
        if (t->word[i].rank)
            put_words(a, &t->word[i], to);
        else if (*format == 'v')
            put_text(a, (duck_string *)to);
        else if (*format == 't')
            put_time(a, (int64_t *)to);
        else
            memcpy(to, a->buffers[1], (size_t)a->length * sizeof(int64_t));
    }
    duck.data_chunk_set_size(t->chunk, (uint64_t)batch->length);
}

/* ---- filling ---- */

static bool failed(void *error)
{
    if (!error || !duck.error_data_has_error(error)) return false;
    return fprintf(stderr, "%s\n", duck.error_data_message(error)) != 0;
}

/* What the code above knows, in batches that a vector holds. */
static bool is_flat(const struct ArrowSchema *s)
{
    for (int64_t i = 0; i < s->n_children; i++)
        if (*s->children[i]->format == '+' || *s->children[i]->format == 'b' || *s->children[i]->format == 'u')
            return false;
    return true;
}

static bool make_table(table *t, const struct ArrowArray *first)
{
    char *const sql = table_definition(t, first);
    const bool made = sql && duck_query(t->db, sql, false) == 0 &&
                      duck.appender_create(t->db->connection, NULL, t->name, &t->appender) == 0;
    free(sql);
    if (!made) return false;
    return t->nested ? !failed(duck.schema_from_arrow(t->db->connection, &t->schema, &t->converted)) : make_chunk(t);
}

static bool append_batch(const table *t, struct ArrowArray *batch)
{
    void *chunk = t->chunk;
    bool ok = true;
    if (t->nested)
        ok = !failed(duck.data_chunk_from_arrow(t->db->connection, batch, t->converted, &chunk));
    else
        fill_chunk(t, batch);
    if (ok && duck.append_data_chunk(t->appender, chunk) != 0) {
        fprintf(stderr, "%s\n", duck.appender_error(t->appender));
        ok = false;
    }
    if (t->nested && chunk) duck.destroy_data_chunk(&chunk);
    return ok;
}

static bool end_appender(table *t)
{
    const bool closed = duck.appender_close(t->appender) == 0;
    if (!closed) fprintf(stderr, "%s\n", duck.appender_error(t->appender));
    return duck.appender_destroy(&t->appender) == 0 && closed;
}

static bool fill(table *t, struct ArrowArrayStream *stream)
{
    struct ArrowArray batch;
    t->columns = t->schema.n_children;
    t->nested = !is_flat(&t->schema);
    t->word = (words *)calloc((size_t)t->columns + 1, sizeof *t->word);
    if (!t->word || stream->get_next(stream, &batch) != 0) return false;
    bool ok = make_table(t, &batch);
    while (batch.release) {
        ok = ok && append_batch(t, &batch);
        if (batch.release) batch.release(&batch); /* the conversion may have taken it */
        batch.release = NULL;
        if (ok) ok = stream->get_next(stream, &batch) == 0;
    }
    return ok;
}

int duck_fill(const duck_database *db, const char *name, struct ArrowArrayStream *stream)
{
    table t = {.db = db, .name = name};
    /* an appender is no work for many: with more threads it takes a quarter longer */
    bool ok = duck_query(db, "SET threads = 1", false) == 0 && stream->get_schema(stream, &t.schema) == 0;
    if (ok) {
        ok = fill(&t, stream);
        if (t.appender) ok = end_appender(&t) && ok;
        if (t.chunk) duck.destroy_data_chunk(&t.chunk);
        if (t.converted) duck.destroy_arrow_converted_schema(&t.converted);
        for (int64_t i = 0; t.word && i < t.columns; i++) free(t.word[i].rank);
        free(t.word);
        if (t.schema.release) t.schema.release(&t.schema);
    }
    stream->release(stream);
    return duck_query(db, "RESET threads", false) != 0 || !ok;
}
