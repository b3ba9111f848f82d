/* parallel.c: a ring of blocks. The reading thread fills one, gives it to the threads, and hands on the oldest when the
 * ring is full. */
#include "parallel.h"
#include "bytes.h"
#include "pool.h"
#include "sheet.h"
#include "text.h"

#include <stdlib.h>
#include <string.h>

enum { BLOCK = 1 << 17, LONGEST = 1 << 20, EVENTS = 2048, FIELDS = EVENTS * 12, AT_ONCE = 64 };

typedef struct block {
    job job; /* first: a job is its block */
    char *text;
    size_t len, cap;
    bool last;                  /* of a file: a line may lack its end */
    bool json;                  /* a line may be a record of journalctl -o json */
    uint64_t first_line, lines; /* number of the line before it; lines in it */
    command own;                /* of the thread */
    sheet printed;
    maillog_batch_event *event;
    uint64_t *number; /* of each event's line, from first_line; NULL: they follow each other */
    maillog_field *field;
    size_t nevents, event_cap, nfields, field_cap;
} block;

static struct {
    block *ring;
    size_t nblocks;
    uint64_t put, got; /* blocks given to the threads, handed on */
    bool active;
    const parallel_work *work;
    command *c;
    uint64_t line; /* number of the last line that was filled in */
    maillog_options options;
    uint8_t skip[256];
} ring;

static block *block_at(uint64_t i) { return &ring.ring[i % ring.nblocks]; }

/* ---- on a thread ---- */

static void more_rows(block *b)
{
    if (b->event_cap - b->nevents < EVENTS) {
        b->event_cap += EVENTS;
        b->event = (maillog_batch_event *)must_realloc(b->event, b->event_cap * sizeof *b->event);
        if (ring.work->only) b->number = (uint64_t *)must_realloc(b->number, b->event_cap * sizeof *b->number);
    }
    if (b->field_cap - b->nfields < FIELDS)
        b->field = (maillog_field *)must_realloc(b->field, (b->field_cap += FIELDS) * sizeof *b->field);
}

static void parse_span(block *b, size_t at, size_t end)
{
    const line_filter *only = ring.work->only;
    while (at < end) {
        size_t used = 0;
        more_rows(b);
        maillog_batch batch = {.event = b->event + b->nevents,
                               .field = b->field + b->nfields,
                               .event_cap = EVENTS,
                               .field_cap = FIELDS,
                               .final = b->last};
        if (only && only->by_daemon) batch.daemons = only->daemons;
        if (only && only->by_type) batch.types = only->types, batch.ntypes = (uint32_t)only->ntypes;
        const int rc = maillog_batch_parse(&ring.options, b->text + at, end - at, &batch, &used);
        if (rc != MAILLOG_OK || used == 0) return;
        for (uint32_t i = 0; i < batch.nevents; i++) {
            b->event[b->nevents + i].off += (uint32_t)at;
            b->event[b->nevents + i].field += (uint32_t)b->nfields;
        }
        for (uint32_t i = 0; at && i < batch.nfields; i++) batch.field[i].off += (uint32_t)at;
        b->nevents += batch.nevents;
        b->nfields += batch.nfields;
        at += used;
    }
}

/* Only the lines that have the filter's text. */
static void parse_lines_with_text(block *b)
{
    const line_filter *only = ring.work->only;
    size_t at = 0;
    const char *hit;
    while (at < b->len && (hit = bytes_find(b->text + at, b->len - at, only->text, only->len)) != NULL) {
        size_t begin = (size_t)(hit - b->text);
        const char *lf = (const char *)memchr(hit, '\n', b->len - begin);
        while (begin > at && b->text[begin - 1] != '\n') begin--;
        at = lf ? (size_t)(lf - b->text) + 1 : b->len;
        parse_span(b, begin, at);
    }
}

static void number_rows(block *b)
{
    size_t at = 0;
    uint64_t line = 0;
    for (size_t i = 0; i < b->nevents; i++) {
        line += bytes_lines(b->text + at, b->event[i].off - at);
        b->number[i] = line;
        at = b->event[i].off;
    }
}

static void fill_event(const block *b, size_t i, maillog_event *ev)
{
    const maillog_batch_event *row = &b->event[i];
    ev->line = b->text + row->off;
    ev->len = row->len;
    ev->type = row->type;
    ev->daemon = row->daemon;
    ev->match = row->match;
    ev->flags = row->flags;
    ev->nfields = row->nfields;
    ev->time = row->time;
    const maillog_field *field = b->field + row->field;
    for (uint32_t k = 0; k < row->nfields; k++) {
        ev->field[k] = field[k];
        ev->field[k].off -= row->off; /* as events have it: from the line */
    }
}

static void render_rows(block *b)
{
    maillog_event ev;
    b->own.out = &b->printed;
    b->printed.len = 0;
    for (size_t i = 0; i < b->nevents && !interrupted; i++) {
        const maillog_batch_event *row = &b->event[i];
        if (ring.work->row && !(row->flags & MAILLOG_FLAG_ESCAPED)) {
            ring.work->row(&b->own, b->text, row, b->field + row->field);
            continue;
        }
        fill_event(b, i, &ev);
        b->own.line = b->first_line + (ring.work->only ? b->number[i] : i);
        if (ring.work->render(&b->own, &ev) < 0) break;
    }
}

static void do_block(job *j)
{
    block *b = (block *)j;
    const line_filter *only = ring.work->only;
    b->nevents = b->nfields = 0;
    if (only && only->text && !b->json) /* escapes of JSON hide the text */
        parse_lines_with_text(b);
    else
        parse_span(b, 0, b->len);
    if (only) number_rows(b);
    if (ring.work->render) render_rows(b);
}

/* ---- the reading thread ---- */

static int give_many(const block *b)
{
    static maillog_event evs[AT_ONCE];
    for (size_t i = 0; i < b->nevents;) {
        size_t n = 0;
        for (; n < AT_ONCE && i < b->nevents; n++, i++) fill_event(b, i, &evs[n]);
        const int rc = ring.work->cb_many(ring.work->user, evs, n);
        if (rc < 0) return rc;
    }
    return MAILLOG_OK;
}

static int give_events(const block *b)
{
    maillog_event ev;
    for (size_t i = 0; i < b->nevents; i++) {
        fill_event(b, i, &ev);
        const int rc = ring.work->cb(ring.work->user, &ev);
        if (rc < 0) return rc;
    }
    return MAILLOG_OK;
}

static int give_text(block *b)
{
    if (b->printed.len && ring.work->written)
        ring.work->written(ring.c, &b->printed);
    else if (b->printed.len)
        fwrite(b->printed.text, 1, b->printed.len, stdout);
    if (b->own.status) ring.c->status = b->own.status;
    return !output_open() || interrupted ? -1 : MAILLOG_OK;
}

/* Hand on the oldest block. */
static int give_oldest(void)
{
    block *b = block_at(ring.got);
    pool_wait(&b->job);
    const uint64_t line = ring.c->line + b->lines;
    const int rc = ring.work->render ? give_text(b) : ring.work->cb_many ? give_many(b) : give_events(b);
    if (rc >= 0) ring.c->line = line;
    b->len = 0;
    ring.got++;
    return rc;
}

/* The block is full: to the threads with it. What follows its last line end begins the next one. */
static int put_block(size_t whole, bool last)
{
    block *b = block_at(ring.put);
    const size_t rest = b->len - whole;
    int rc = MAILLOG_OK;
    while (ring.put - ring.got >= ring.nblocks - 1 && rc >= 0) rc = give_oldest();
    if (rc < 0) return rc;
    block *next = block_at(ring.put + 1);
    if (next->cap < rest + BLOCK) next->text = (char *)must_realloc(next->text, next->cap = rest + BLOCK);
    memcpy(next->text, b->text + whole, rest);
    next->len = rest;
    b->len = whole;
    b->last = last;
    next->lines = 0;
    next->json = false;
    b->own = *ring.c;
    b->lines += last && whole && b->text[whole - 1] != '\n';
    b->json = b->json || *b->text == '{';
    b->first_line = ring.line;
    ring.line += b->lines;
    ring.put++;
    pool_give(&b->job);
    return rc;
}

/* Count the lines of what was added to the block, and see what begins them. False: there are records of
 * journalctl -o export, which go over several lines, and need one reader. */
static bool look_through(block *b, size_t from)
{
    const char *s = b->text, *end = s + b->len;
    uint64_t lines;
    if (from < 2 && b->len >= 2 && s[0] == '_' && s[1] == '_') return false;
    const char *p = s + (from > 2 ? from - 2 : 0); /* half of the mark may have come before */
    const bool plain = bytes_plain(p, (size_t)(end - p), &lines);
    b->lines += lines - bytes_lines(p, (size_t)(s + from - p));
    for (; !plain && (p = (const char *)memchr(p, '\n', (size_t)(end - p))) != NULL; p++) {
        if (end - p > 2 && p[1] == '_' && p[2] == '_') return false;
        if (end - p > 1 && p[1] == '{') b->json = true;
    }
    return true;
}

static size_t behind_last_line(const block *b)
{
    size_t n = b->len;
    while (n > 0 && b->text[n - 1] != '\n') n--;
    return n;
}

char *parallel_room(size_t n)
{
    block *b = block_at(ring.put);
    if (b->cap < b->len + n) b->text = (char *)must_realloc(b->text, b->cap = b->len + n);
    return b->text + b->len;
}

int parallel_feed(size_t n, bool *taken)
{
    block *b = block_at(ring.put);
    const size_t before = b->len;
    b->len += n;
    *taken = look_through(b, before) && (b->len < LONGEST || behind_last_line(b));
    if (!*taken || b->len < BLOCK) return MAILLOG_OK;
    const size_t whole = behind_last_line(b);
    return whole ? put_block(whole, false) : MAILLOG_OK;
}

static int give_all(void)
{
    int rc = MAILLOG_OK;
    while (ring.got < ring.put && rc >= 0) rc = give_oldest();
    return rc;
}

int parallel_flush(void)
{
    block *b = block_at(ring.put);
    const int rc = b->lines ? put_block(behind_last_line(b), false) : MAILLOG_OK;
    return rc < 0 ? rc : give_all();
}

int parallel_leave(const char **tail, size_t *len)
{
    const int rc = give_all();
    block *b = block_at(ring.put);
    *tail = b->text;
    *len = b->len;
    b->len = b->lines = 0;
    b->json = false;
    ring.active = false;
    return rc;
}

int parallel_drain(void)
{
    int rc = MAILLOG_OK;
    if (!ring.active) return rc;
    if (block_at(ring.put)->len) rc = put_block(block_at(ring.put)->len, true);
    if (rc >= 0) rc = give_all();
    ring.active = false;
    return rc;
}

static void set_options(const parallel_work *work)
{
    memset(&ring.options, 0, sizeof ring.options);
    ring.options.size = sizeof ring.options;
    if (!work->only || !work->only->by_daemon) return;
    /* which of Dovecot's daemons it is stands in the text of many a line */
    enum { DOVECOT = MAILLOG_DAEMON_DOVECOT_LDA, BEHIND = MAILLOG_DAEMON_AMAVIS };
    const bool dovecot = memchr(work->only->daemons + DOVECOT, 1, BEHIND - DOVECOT) != NULL;
    for (size_t i = 0; i < sizeof ring.skip; i++)
        ring.skip[i] = !work->only->daemons[i] && !(dovecot && i >= DOVECOT && i < BEHIND);
    ring.options.skip = ring.skip;
}

bool parallel_begin(command *c, const parallel_work *work)
{
    if (!ring.ring) {
        pool_start(c->threads);
        ring.nblocks = 2 * pool_threads() + 2;
        ring.ring = (block *)calloc(ring.nblocks, sizeof *ring.ring);
        for (size_t i = 0; ring.ring && i < ring.nblocks; i++) ring.ring[i].job.run = do_block;
    }
    ring.work = work;
    ring.c = c;
    ring.line = c->line;
    ring.active = ring.ring != NULL;
    if (ring.active) set_options(work);
    return ring.active;
}

void parallel_end(void)
{
    for (; ring.got < ring.put; ring.got++)
        pool_wait(&block_at(ring.got)->job); /* left behind by a callback that gave up */
    for (size_t i = 0; ring.ring && i < ring.nblocks; i++) {
        free(ring.ring[i].text);
        free(ring.ring[i].event);
        free(ring.ring[i].number);
        free(ring.ring[i].field);
        sheet_free(&ring.ring[i].printed);
    }
    free(ring.ring);
    ring.ring = NULL;
}
