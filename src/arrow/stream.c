/* stream.c: events: the four functions of an Arrow stream.
 *
 * Three kinds of blocks: the stream's (log, columns, dictionaries), one for the schema, one for each record batch; and
 * a batch holds the stream's, since its dictionaries point there. */
#include <maillog/describe.h>

#include <string.h>

#include "arrow.h"

enum { COLUMNS_MAX = 1000, FIELDS_PER_ROW = 16, ROWS_DEFAULT = 8192, FIELD_IDS = 0x1000 };

/* ---- schema ---- */

static int get_schema(struct ArrowArrayStream *stream, struct ArrowSchema *out)
{
    ml_arrow *const a = (ml_arrow *)stream->private_data;
    const size_t n = a->config.ncolumns;
    ml_block *const b = maillog__block_get(
        &a->config.memory, ml_room(sizeof(ml_block)) + ml_room(n * sizeof(void *)) + ml_room(2 * n * sizeof *out),
        NULL);
    out->release = NULL;
    if (!b) {
        a->error = "no memory for the schema";
        return ARROW_ENOMEM;
    }
    char *at = (char *)b + ml_room(sizeof *b);
    struct ArrowSchema **const child = (struct ArrowSchema **)ml_carve(&at, n * sizeof *child);
    struct ArrowSchema *const schema = (struct ArrowSchema *)ml_carve(&at, 2 * n * sizeof *schema);
    for (size_t i = 0; i < n; i++) {
        child[i] = &schema[2 * i];
        maillog__schema_set(child[i], b, a->column[i].format, a->column[i].name, ARROW_FLAG_NULLABLE);
        if (a->column[i].kind != ML_COLUMN_WORD) continue;
        child[i]->dictionary = &schema[2 * i + 1];
        maillog__schema_set(child[i]->dictionary, b, "u", "", 0);
    }
    maillog__schema_set(out, b, "+s", "", 0);
    out->children = child;
    out->n_children = (int64_t)n;
    maillog__block_drop(b); /* what it was made with */
    return 0;
}

/* ---- record batches ---- */

/* Bytes of a cell in the main buffer of a column. */
static size_t cell_size(const ml_arrow *a, size_t column)
{
    switch (a->column[column].kind) {
    case ML_COLUMN_TEXT:
        return a->config.flags & MAILLOG_ARROW_COPY ? sizeof(int32_t) : 16;
    case ML_COLUMN_WORD:
        return sizeof(int32_t);
    default:
        return sizeof(int64_t);
    }
}

enum { BUFFERS_MAX = 5 };

/* One column's part of the block of a record batch. */
typedef struct part {
    struct ArrowArray array, dictionary;
    const void *buffers[BUFFERS_MAX], *words[3];
    int64_t sizes[2];
} part;

static size_t batch_size(const ml_arrow *a, uint32_t rows)
{
    const size_t n = a->config.ncolumns;
    size_t bytes = ml_room(sizeof(ml_block)) + ml_room(sizeof(void *)) + ml_room(n * sizeof(void *)) +
                   ml_room(n * sizeof(part)) + ml_room(n * sizeof(ml_cells));
    for (size_t i = 0; i < n; i++)
        bytes += ml_room((rows + 7) / 8) + ml_room(((size_t)rows + 1) * cell_size(a, i)) + ml_room(a->bytes[i]);
    return bytes;
}

static void make_dictionary(const ml_dictionary *d, part *p, ml_block *b)
{
    p->words[1] = d->offset;
    p->words[2] = d->text;
    maillog__array_set(&p->dictionary, b, d->count, p->words, 3);
    p->array.dictionary = &p->dictionary;
}

/* The array over the cells of a column. */
static void make_column(const ml_arrow *a, size_t column, part *p, ml_cells *c, uint32_t rows, ml_block *b)
{
    const bool text = a->column[column].kind == ML_COLUMN_TEXT, copy = a->config.flags & MAILLOG_ARROW_COPY;
    p->buffers[0] = c->valid;
    p->buffers[1] = c->value;
    maillog__array_set(&p->array, b, rows, p->buffers, text ? copy ? 3 : 5 : 2);
    if (a->column[column].kind == ML_COLUMN_WORD) make_dictionary(&a->dictionary[a->column[column].dictionary], p, b);
    if (text && copy) p->buffers[2] = c->text;
    if (!text || copy) return;
    p->sizes[0] = (int64_t)a->len;
    p->buffers[2] = a->log;
    p->buffers[3] = c->text;
    p->buffers[4] = c->sizes = p->sizes;
}

static int make_batch(ml_arrow *a, const maillog_batch *parsed, struct ArrowArray *out)
{
    const size_t n = a->config.ncolumns;
    const uint32_t rows = parsed->nevents;
    maillog__arrow_measure(a, parsed);
    ml_block *const b = maillog__block_get(&a->config.memory, batch_size(a, rows), &a->block);
    if (!b) {
        a->error = "no memory for a record batch";
        return ARROW_ENOMEM;
    }
    char *at = (char *)b + ml_room(sizeof *b);
    const void **const none = (const void **)ml_carve(&at, sizeof *none);
    struct ArrowArray **const child = (struct ArrowArray **)ml_carve(&at, n * sizeof *child);
    part *const parts = (part *)ml_carve(&at, n * sizeof *parts);
    ml_cells *const cells = (ml_cells *)ml_carve(&at, n * sizeof *cells);
    for (size_t i = 0; i < n; i++) {
        cells[i].valid = (uint8_t *)ml_carve(&at, (rows + 7) / 8);
        cells[i].value = ml_carve(&at, ((size_t)rows + 1) * cell_size(a, i));
        cells[i].text = (char *)ml_carve(&at, a->bytes[i]);
        cells[i].nulls = rows;
        make_column(a, i, &parts[i], &cells[i], rows, b);
        child[i] = &parts[i].array;
    }
    maillog__arrow_fill(a, parsed, cells);
    for (size_t i = 0; i < n; i++) child[i]->null_count = cells[i].nulls;
    maillog__array_set(out, b, rows, none, 1);
    out->children = child;
    out->n_children = (int64_t)n;
    maillog__block_drop(b);
    return 0;
}

static int get_next(struct ArrowArrayStream *stream, struct ArrowArray *out)
{
    ml_arrow *const a = (ml_arrow *)stream->private_data;
    memset(out, 0, sizeof *out); /* no release: the end */
    while (a->at < a->len) {
        maillog_batch b;
        size_t used;
        memset(&b, 0, sizeof b);
        b.event = a->event;
        b.field = a->field;
        b.event_cap = a->rows;
        b.field_cap = a->field_rows;
        b.daemons = a->config.daemons;
        b.types = a->config.types;
        b.ntypes = a->config.ntypes;
        b.final = 1;
        if (maillog_batch_parse(NULL, a->log + a->at, a->len - a->at, &b, &used) != MAILLOG_OK || !used) {
            a->error = "the log cannot be parsed";
            return ARROW_EINVAL;
        }
        const int rc = b.nevents ? make_batch(a, &b, out) : 0;
        if (rc) return rc; /* the same lines again, if memory is there then */
        a->line += b.lines;
        a->at += used;
        if (b.nevents) break;
    }
    return 0;
}

static const char *get_last_error(struct ArrowArrayStream *stream)
{
    return ((const ml_arrow *)stream->private_data)->error;
}

static void release_stream(struct ArrowArrayStream *stream)
{
    ml_arrow *const a = (ml_arrow *)stream->private_data;
    stream->release = NULL;
    maillog__block_drop(&a->block);
}

/* ---- columns ---- */

static const ml_column others[] = {
    {MAILLOG_ARROW_LINE, ML_COLUMN_INT, 0, "l", "line"},
    {MAILLOG_ARROW_TIME, ML_COLUMN_INT, 0, "tsn:UTC", "time"},
    {MAILLOG_ARROW_DAEMON, ML_COLUMN_WORD, ML_DAEMONS, "i", "daemon"},
    {MAILLOG_ARROW_EVENT, ML_COLUMN_WORD, ML_EVENTS, "i", "event"},
    {MAILLOG_ARROW_MATCH, ML_COLUMN_WORD, ML_MATCHES, "i", "match"},
};

static ml_column field_column(int id, uint32_t flags)
{
    const ml_column text = {(uint16_t)id, ML_COLUMN_TEXT, 0, flags & MAILLOG_ARROW_COPY ? "u" : "vu",
                            maillog_field_name(id)};
    ml_column c = text;
    switch (maillog_field_kind(id)) {
    case MAILLOG_KIND_NUMBER:
        c.kind = ML_COLUMN_INT;
        c.format = "l";
        return c;
    case MAILLOG_KIND_DECIMAL:
    case MAILLOG_KIND_DURATION:
        c.kind = ML_COLUMN_DOUBLE;
        c.format = "g";
        return c;
    case MAILLOG_KIND_WORD:
        c.kind = ML_COLUMN_WORD;
        c.dictionary = ML_WORDS;
        c.format = "i";
        return c;
    default:
        return c;
    }
}

/* False: no such column, or it is there already. */
static bool add_column(ml_arrow *a, size_t i, uint16_t id)
{
    for (size_t k = 0; k < i; k++)
        if (a->column[k].id == id) return false;
    for (size_t k = 0; k < sizeof others / sizeof *others; k++) {
        if (others[k].id != id) continue;
        a->column[i] = others[k];
        return true;
    }
    if (id >= FIELD_IDS || !maillog_field_kind(id)) return false;
    a->column[i] = field_column(id, a->config.flags);
    a->column_of[id] = (uint16_t)(i + 1);
    return true;
}

/* ---- setting up ---- */

static bool is_sound(const char *log, size_t len, const maillog_arrow_config *c)
{
    return c && (log || !len) && len <= INT32_MAX && c->size >= sizeof *c && c->columns && c->ncolumns &&
           c->ncolumns <= COLUMNS_MAX && c->memory.get && c->memory.put && c->rows <= INT32_MAX / FIELDS_PER_ROW;
}

static ml_arrow *make_stream(const maillog_arrow_config *config)
{
    const size_t n = config->ncolumns, rows = config->rows ? config->rows : ROWS_DEFAULT;
    const size_t fields = rows * FIELDS_PER_ROW + MAILLOG_FIELDS_MAX;
    const size_t bytes = ml_room(sizeof(ml_arrow)) + ml_room(n * sizeof(ml_column)) +
                         ml_room(FIELD_IDS * sizeof(uint16_t)) + ml_room(rows * sizeof(maillog_batch_event)) +
                         ml_room(fields * sizeof(maillog_field)) + ml_room(n * sizeof(uint32_t)) +
                         ml_room(n * sizeof(size_t)) + ml_room(rows * sizeof(bool)) +
                         ml_room(maillog__dictionaries_size());
    ml_arrow *const a = (ml_arrow *)(void *)maillog__block_get(&config->memory, bytes, NULL);
    if (!a) return NULL;
    char *at = (char *)a + ml_room(sizeof *a);
    a->config = *config;
    a->column = (ml_column *)ml_carve(&at, n * sizeof *a->column);
    a->column_of = (uint16_t *)ml_carve(&at, FIELD_IDS * sizeof *a->column_of);
    a->event = (maillog_batch_event *)ml_carve(&at, rows * sizeof *a->event);
    a->field = (maillog_field *)ml_carve(&at, fields * sizeof *a->field);
    a->seen = (uint32_t *)ml_carve(&at, n * sizeof *a->seen);
    a->bytes = (size_t *)ml_carve(&at, n * sizeof *a->bytes);
    a->plain = (bool *)ml_carve(&at, rows * sizeof *a->plain);
    a->rows = (uint32_t)rows;
    a->field_rows = (uint32_t)fields;
    maillog__dictionaries_make(a->dictionary, at);
    return a;
}

int maillog_arrow_stream(struct ArrowArrayStream *out, const char *log, size_t len, const maillog_arrow_config *config)
{
    if (!out || !is_sound(log, len, config)) return MAILLOG_ERR_ARGUMENT;
    ml_arrow *const a = make_stream(config);
    if (!a) return MAILLOG_ERR_NO_SPACE;
    a->log = log ? log : "";
    a->len = len;
    a->zone.fixed = config->utc_offset;
    for (size_t i = 0; i < config->ncolumns; i++) {
        if (add_column(a, i, config->columns[i])) continue;
        maillog__block_drop(&a->block);
        return MAILLOG_ERR_ARGUMENT;
    }
    a->config.columns = NULL; /* the caller's */
    *out = (struct ArrowArrayStream){get_schema, get_next, get_last_error, release_stream, a};
    return MAILLOG_OK;
}
