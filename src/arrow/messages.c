/* messages.c: the messages of a log as record batches. The log is parsed and joined as far as the next batch needs;
 * what the join gives is copied, cell by cell, into buffers that grow, and a batch is these buffers in one block. */
#include "messages.h"

#include <maillog/explain.h>
#include <maillog/join.h>
#include <maillog/parse.h>
#include <maillog/stream.h>

#include <string.h>

enum { ROWS_DEFAULT = 1024, PIECE = 1 << 20 };

/* One buffer of the caller's memory that grows. */
typedef struct buffer {
    char *p;
    size_t n, cap;
} buffer;

/* A column of the tree, in the order of the table, parents first. */
typedef struct node {
    const ml_message_column *column;
    size_t next; /* the node after its children */
    int64_t rows, nulls;
    buffer valid, value, text; /* value: numbers, or offsets */
} node;

enum { NODES_MAX = 128 };

typedef struct messages {
    ml_block block;
    maillog_arrow_message_config config;
    const char *log, *error;
    size_t len, at;
    bool over; /* all lines are taken, and all messages given out */
    bool failed;
    maillog_zone zone;
    ml_day day;
    maillog_stream stream;
    maillog_join *join;
    void *join_memory;
    buffer why;
    node node[NODES_MAX];
    size_t nnodes;
} messages;

/* ---- buffers ---- */

static bool reserve(messages *a, buffer *b, size_t more)
{
    if (b->cap - b->n >= more) return true;
    const size_t twice = b->cap * 2 + 256, cap = twice > b->n + more ? twice : b->n + more;
    char *const p = (char *)a->config.memory.get(a->config.memory.user, cap);
    if (!p) {
        a->failed = true;
        return false;
    }
    if (b->p) memcpy(p, b->p, b->n);
    if (b->p) a->config.memory.put(a->config.memory.user, b->p);
    b->p = p;
    b->cap = cap;
    return true;
}

static void append(messages *a, buffer *b, const void *p, size_t n)
{
    if (!n || !reserve(a, b, n)) return;
    memcpy(b->p + b->n, p, n);
    b->n += n;
}

/* A bit at `row`; the bits before it are there. */
static void append_bit(messages *a, buffer *b, int64_t row, bool set)
{
    static const char none;
    if (row % 8 == 0) append(a, b, &none, 1);
    if (set && !a->failed) b->p[row / 8] = (char)((unsigned char)b->p[row / 8] | 1u << (row & 7));
}

static void append_offset(messages *a, buffer *b, size_t offset)
{
    static const int32_t zero;
    const int32_t o = (int32_t)offset;
    if (b->n == 0) append(a, b, &zero, sizeof zero);
    append(a, b, &o, sizeof o);
}

/* ---- cells ---- */

static void end_cell(messages *a, node *n, bool valid)
{
    append_bit(a, &n->valid, n->rows, valid);
    n->rows++;
    n->nulls += !valid;
}

static void put_text(messages *a, node *n, maillog_str s)
{
    if (s.len && reserve(a, &n->text, s.len)) {
        maillog__arrow_copy_text(n->text.p + n->text.n, s.ptr, s.len);
        n->text.n += s.len;
    }
    append_offset(a, &n->value, n->text.n);
    end_cell(a, n, s.ptr != NULL);
}

static void put_int(messages *a, node *n, int64_t value, bool valid)
{
    append(a, &n->value, &value, sizeof value);
    end_cell(a, n, valid);
}

static uint64_t number_at(const char *p, size_t size)
{
    uint64_t wide;
    uint32_t narrow;
    if (size == 1) return *(const unsigned char *)p;
    memcpy(&narrow, p, sizeof narrow);
    if (size == sizeof narrow) return narrow;
    memcpy(&wide, p, sizeof wide);
    return wide;
}

static void put_scalar(messages *a, node *n, const char *p)
{
    const ml_message_column *const c = n->column;
    int64_t ns = 0;
    double real = 0;
    const maillog_str *const s = (const maillog_str *)(const void *)p;
    switch (c->kind) {
    case ML_MESSAGE_TEXT:
        put_text(a, n, *s);
        return;
    case ML_MESSAGE_WORD: {
        const char *const word = c->word((int)number_at(p, sizeof(uint32_t)));
        put_text(a, n, (maillog_str){word, strlen(word)});
        return;
    }
    case ML_MESSAGE_NUMBER: {
        const uint64_t v = number_at(p, c->size);
        put_int(a, n, (int64_t)v, v != MAILLOG_NO_NUMBER && (v || !c->not_zero));
        return;
    }
    case ML_MESSAGE_TIME: {
        const maillog_time *const t = (const maillog_time *)(const void *)p;
        const bool is = maillog__arrow_time(&a->day, t, a->config.reference, &a->zone, &ns);
        put_int(a, n, is ? ns : 0, is);
        return;
    }
    case ML_MESSAGE_DOUBLE: {
        const bool is = s->ptr && maillog__arrow_read_double(s->ptr, s->len, &real);
        append(a, &n->value, &real, sizeof real);
        end_cell(a, n, is);
        return;
    }
    default: /* ML_MESSAGE_FLAG */
        append_bit(a, &n->value, n->rows, number_at(p, c->size) != 0);
        end_cell(a, n, true);
    }
}

/* Lists hold structs, or text or numbers: the tree is a few levels deep, as the table is. */
static void put(messages *a, size_t i, const char *base)
{
    node *const n = &a->node[i];
    const ml_message_column *const c = n->column;
    if (c->kind == ML_MESSAGE_STRUCT) {
        for (size_t k = i + 1; k < n->next; k = a->node[k].next) put(a, k, base + c->at);
        n->rows++;
    } else if (c->kind == ML_MESSAGE_LIST) {
        const char *items;
        size_t count;
        memcpy(&items, base + c->at, sizeof items);
        memcpy(&count, base + c->count_at, sizeof count);
        for (size_t k = 0; k < count; k++) put(a, i + 1, items + k * c->size);
        append_offset(a, &n->value, (size_t)a->node[i + 1].rows);
        n->rows++;
    } else {
        put_scalar(a, n, base + c->at);
    }
}

static void explain(messages *a, maillog_message *m)
{
    const size_t need = maillog_explain(m, NULL, NULL, a->why.p, a->why.cap);
    a->why.n = 0;
    if (need > a->why.cap && reserve(a, &a->why, need)) maillog_explain(m, NULL, NULL, a->why.p, a->why.cap);
}

static int on_message(void *user, maillog_message *m)
{
    messages *const a = (messages *)user;
    if (m->record != MAILLOG_RECORD_MESSAGE) return MAILLOG_CONTINUE;
    explain(a, m);
    if (!a->failed) put(a, 0, (const char *)m);
    return a->failed ? -1 : MAILLOG_CONTINUE;
}

static bool enough(const messages *a) { return a->node[0].rows >= a->config.rows; }

static int on_event(void *user, const maillog_event *ev)
{
    messages *const a = (messages *)user;
    if (maillog_join_push(a->join, ev) < 0) return -1;
    return enough(a) ? MAILLOG_PAUSE : MAILLOG_CONTINUE;
}

/* Lines until there are enough messages; at the end, all that are open. */
static void advance(messages *a)
{
    size_t used = 1;
    while (used && a->at < a->len && !enough(a) && !a->failed) {
        const size_t left = a->len - a->at, most = left < PIECE ? left : PIECE;
        maillog_stream_feed(&a->stream, a->log + a->at, most, &used);
        if (!used && most < left) maillog_stream_feed(&a->stream, a->log + a->at, left, &used); /* a long line */
        a->at += used;
    }
    if (a->failed || enough(a)) return;
    if (a->at < a->len) { /* a last line without an end */
        maillog_event ev;
        maillog_parse_line(NULL, a->log + a->at, a->len - a->at, &ev);
        a->at = a->len;
        on_event(a, &ev);
    }
    maillog_join_flush(a->join);
    a->over = true;
}

/* ---- what consumers call ---- */

static int out_of_memory(messages *a)
{
    a->error = "no memory";
    a->over = true;
    return ARROW_ENOMEM;
}

static int get_schema(struct ArrowArrayStream *stream, struct ArrowSchema *out)
{
    messages *const a = (messages *)stream->private_data;
    const size_t n = a->nnodes;
    ml_block *const b = maillog__block_get(
        &a->config.memory, ml_room(sizeof(ml_block)) + ml_room(n * sizeof(void *)) + ml_room(n * sizeof *out), NULL);
    out->release = NULL;
    if (!b) {
        a->error = "no memory for the schema";
        return ARROW_ENOMEM;
    }
    char *at = (char *)b + ml_room(sizeof *b);
    struct ArrowSchema **child = (struct ArrowSchema **)ml_carve(&at, n * sizeof *child);
    struct ArrowSchema *const schema = (struct ArrowSchema *)ml_carve(&at, n * sizeof *schema);
    for (size_t i = 0; i < n; i++) {
        struct ArrowSchema *const s = i ? &schema[i] : out;
        const ml_message_column *const c = a->node[i].column;
        const bool leaf = c->kind != ML_MESSAGE_STRUCT && c->kind != ML_MESSAGE_LIST;
        maillog__schema_set(s, b, c->format, c->name, leaf ? ARROW_FLAG_NULLABLE : 0);
        s->children = child;
        for (size_t k = i + 1; k < a->node[i].next; k = a->node[k].next) child[s->n_children++] = &schema[k];
        child += s->n_children;
    }
    maillog__block_drop(b);
    return 0;
}

typedef struct part {
    struct ArrowArray array;
    const void *buffers[3];
} part;

static size_t batch_size(const messages *a)
{
    size_t bytes = ml_room(sizeof(ml_block)) + ml_room(a->nnodes * sizeof(part)) + ml_room(a->nnodes * sizeof(void *));
    for (size_t i = 0; i < a->nnodes; i++)
        bytes +=
            ml_room(a->node[i].valid.n) + ml_room(a->node[i].value.n + sizeof(int32_t)) + ml_room(a->node[i].text.n);
    return bytes;
}

/* Copy a buffer into the block; it is empty afterwards. */
static const void *move(char **at, buffer *b, size_t least)
{
    char *const p = (char *)ml_carve(at, b->n > least ? b->n : least);
    if (b->n) memcpy(p, b->p, b->n);
    b->n = 0;
    return p;
}

static void make_array(messages *a, size_t i, struct ArrowArray *array, const void **buffers, char **at, ml_block *b)
{
    node *const n = &a->node[i];
    const uint8_t kind = n->column->kind;
    const bool text = kind == ML_MESSAGE_TEXT || kind == ML_MESSAGE_WORD;
    maillog__array_set(array, b, n->rows, buffers, kind == ML_MESSAGE_STRUCT ? 1 : text ? 3 : 2);
    array->null_count = n->nulls;
    buffers[0] = n->nulls ? move(at, &n->valid, 0) : NULL;
    if (kind != ML_MESSAGE_STRUCT) buffers[1] = move(at, &n->value, sizeof(int32_t)); /* offsets: one more than rows */
    if (text) buffers[2] = move(at, &n->text, 0);
    n->valid.n = n->value.n = n->text.n = 0;
    n->rows = n->nulls = 0;
}

static int get_next(struct ArrowArrayStream *stream, struct ArrowArray *out)
{
    messages *const a = (messages *)stream->private_data;
    memset(out, 0, sizeof *out);
    if (!a->over) advance(a);
    if (a->failed) return out_of_memory(a);
    if (a->node[0].rows == 0) return 0; /* the end */
    ml_block *const b = maillog__block_get(&a->config.memory, batch_size(a), NULL);
    if (!b) {
        a->error = "no memory for a record batch";
        return ARROW_ENOMEM; /* the same again, if memory is there then */
    }
    char *at = (char *)b + ml_room(sizeof *b);
    part *const parts = (part *)ml_carve(&at, a->nnodes * sizeof *parts);
    struct ArrowArray **child = (struct ArrowArray **)ml_carve(&at, a->nnodes * sizeof *child);
    for (size_t i = 0; i < a->nnodes; i++) {
        struct ArrowArray *const array = i ? &parts[i].array : out;
        make_array(a, i, array, parts[i].buffers, &at, b);
        array->children = child;
        for (size_t k = i + 1; k < a->node[i].next; k = a->node[k].next) child[array->n_children++] = &parts[k].array;
        child += array->n_children;
    }
    maillog__block_drop(b);
    return 0;
}

static const char *get_last_error(struct ArrowArrayStream *stream)
{
    return ((const messages *)stream->private_data)->error;
}

static void give_back(const messages *a, void *p)
{
    if (p) a->config.memory.put(a->config.memory.user, p);
}

static void release_stream(struct ArrowArrayStream *stream)
{
    messages *const a = (messages *)stream->private_data;
    stream->release = NULL;
    for (size_t i = 0; i < a->nnodes; i++) {
        give_back(a, a->node[i].valid.p);
        give_back(a, a->node[i].value.p);
        give_back(a, a->node[i].text.p);
    }
    give_back(a, a->why.p);
    give_back(a, a->join_memory);
    maillog__block_drop(&a->block);
}

/* ---- setting up ---- */

static void add_nodes(messages *a, const ml_message_column *c)
{
    node *const n = &a->node[a->nnodes++];
    n->column = c;
    for (size_t i = 0; i < c->children; i++) add_nodes(a, &c->child[i]);
    n->next = a->nnodes;
}

static int start_join(messages *a)
{
    maillog_join_config cfg;
    maillog_callbacks callbacks;
    memset(&cfg, 0, sizeof cfg);
    cfg.size = sizeof cfg;
    cfg.memory = a->config.join_memory;
    cfg.seed[0] = a->config.seed[0];
    cfg.seed[1] = a->config.seed[1];
    cfg.reference = a->config.reference;
    cfg.utc_offset = a->config.utc_offset;
    const size_t need = maillog_join_size(&cfg);
    if (!need) return MAILLOG_ERR_ARGUMENT;
    a->join_memory = a->config.memory.get(a->config.memory.user, need);
    if (!a->join_memory) return MAILLOG_ERR_NO_SPACE;
    maillog_callbacks_init(&callbacks);
    callbacks.on_event = on_event;
    maillog_stream_init(&a->stream, &callbacks, a, NULL, 0);
    return maillog_join_init(&a->join, a->join_memory, need, &cfg, on_message, a);
}

int maillog_arrow_message_stream(struct ArrowArrayStream *out, const char *log, size_t len,
                                 const maillog_arrow_message_config *config)
{
    if (!out || !config || (!log && len) || config->size < sizeof *config || !config->memory.get ||
        !config->memory.put || config->join_memory > (uint64_t)512 << 20)
        return MAILLOG_ERR_ARGUMENT;
    messages *const a = (messages *)(void *)maillog__block_get(&config->memory, sizeof *a, NULL);
    if (!a) return MAILLOG_ERR_NO_SPACE;
    a->config = *config;
    if (!a->config.rows) a->config.rows = ROWS_DEFAULT;
    a->log = log ? log : "";
    a->len = len;
    a->zone.fixed = config->utc_offset;
    add_nodes(a, &maillog__message_table);
    *out = (struct ArrowArrayStream){get_schema, get_next, get_last_error, release_stream, a};
    const int rc = start_join(a);
    if (rc != MAILLOG_OK) out->release(out);
    return rc;
}
