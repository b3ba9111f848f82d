/* parallel.c: a ring of blocks. The reading thread fills one, gives it to the workers, and hands on the oldest when the
 * ring is full; a worker takes the next block that is filled. Workers share nothing but the ring. */
#include "parallel.h"
#include "mask.h"
#include "text.h"

#include <maillog/batch.h>

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK = 1 << 18, LONGEST = 1 << 20, MOST_THREADS = 64, EVENTS = 4096, FIELDS = EVENTS * 12 };

typedef enum block_state { FREE, FILLED, DONE } block_state;

typedef struct block {
    block_state state;
    char *text;
    size_t len, cap;
    bool last; /* of a file: a line may lack its end */
    uint64_t first_line;
    command own; /* for `render` */
    char *printed;
    size_t printed_len;
    maillog_batch_event *event;
    maillog_field *field;
    size_t nevents, event_cap, nfields, field_cap;
} block;

static struct {
    pthread_mutex_t lock;
    pthread_cond_t filled, done;
    pthread_t thread[MOST_THREADS];
    unsigned nthreads;
    block *ring;
    size_t nblocks;
    uint64_t put, taken, got; /* blocks filled, taken by a worker, handed on */
    bool stop, active;
    const parallel_work *work;
    command *c;
    uint64_t line; /* number of the last line that was filled in */
} pool = {.lock = PTHREAD_MUTEX_INITIALIZER, .filled = PTHREAD_COND_INITIALIZER, .done = PTHREAD_COND_INITIALIZER};

static block *block_at(uint64_t i) { return &pool.ring[i % pool.nblocks]; }

/* ---- workers ---- */

static void parse_block(block *b)
{
    size_t at = 0;
    b->nevents = b->nfields = 0;
    while (at < b->len) {
        size_t used = 0;
        if (b->event_cap - b->nevents < EVENTS)
            b->event = (maillog_batch_event *)must_realloc(b->event, (b->event_cap += EVENTS) * sizeof *b->event);
        if (b->field_cap - b->nfields < FIELDS)
            b->field = (maillog_field *)must_realloc(b->field, (b->field_cap += FIELDS) * sizeof *b->field);
        maillog_batch batch = {.event = b->event + b->nevents,
                               .field = b->field + b->nfields,
                               .event_cap = EVENTS,
                               .field_cap = FIELDS,
                               .final = b->last};
        if (maillog_batch_parse(NULL, b->text + at, b->len - at, &batch, &used) != MAILLOG_OK || used == 0) return;
        for (uint32_t i = 0; i < batch.nevents; i++) {
            maillog_batch_event *row = &batch.event[i];
            maillog_field *field = batch.field + row->field;
            for (uint32_t k = 0; k < row->nfields; k++) field[k].off -= row->off; /* as events have it: from the line */
            row->off += (uint32_t)at;
            row->field += (uint32_t)b->nfields;
        }
        b->nevents += batch.nevents;
        b->nfields += batch.nfields;
        at += used;
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
    memcpy(ev->field, b->field + row->field, row->nfields * sizeof *ev->field);
}

static void render_block(block *b)
{
    maillog_event ev;
    b->own.out = open_memstream(&b->printed, &b->printed_len);
    if (!b->own.out) return;
    b->own.line = b->first_line;
    for (size_t i = 0; i < b->nevents && !interrupted; i++) {
        fill_event(b, i, &ev);
        if (pool.work->render(&b->own, &ev) < 0) break;
    }
    fclose(b->own.out);
}

static void *work(void *unused)
{
    (void)unused;
    for (;;) {
        pthread_mutex_lock(&pool.lock);
        while (pool.taken == pool.put && !pool.stop) pthread_cond_wait(&pool.filled, &pool.lock);
        if (pool.taken == pool.put) break;
        block *b = block_at(pool.taken++);
        pthread_mutex_unlock(&pool.lock);
        parse_block(b);
        if (pool.work->render) render_block(b);
        pthread_mutex_lock(&pool.lock);
        b->state = DONE;
        pthread_cond_broadcast(&pool.done);
        pthread_mutex_unlock(&pool.lock);
    }
    pthread_mutex_unlock(&pool.lock);
    read_free();
    mask_free();
    print_free();
    return NULL;
}

/* ---- the reading thread ---- */

static int give_events(const block *b)
{
    maillog_event ev;
    for (size_t i = 0; i < b->nevents; i++) {
        fill_event(b, i, &ev);
        const int rc = pool.work->cb(pool.work->user, &ev);
        if (rc < 0) return rc;
    }
    return MAILLOG_OK;
}

static int give_text(block *b)
{
    if (fwrite(b->printed, 1, b->printed_len, pool.c->out) != b->printed_len) output_failed();
    free(b->printed);
    b->printed = NULL;
    b->printed_len = 0;
    pool.c->line += b->nevents;
    if (b->own.status) pool.c->status = b->own.status;
    return interrupted || ferror(pool.c->out) ? -1 : MAILLOG_OK;
}

/* Hand on the oldest block. */
static int give_oldest(void)
{
    block *b = block_at(pool.got);
    pthread_mutex_lock(&pool.lock);
    while (b->state != DONE) pthread_cond_wait(&pool.done, &pool.lock);
    pthread_mutex_unlock(&pool.lock);
    const int rc = pool.work->render ? give_text(b) : give_events(b);
    b->state = FREE;
    b->len = 0;
    pool.got++;
    return rc;
}

static uint64_t lines_in(const block *b)
{
    uint64_t n = 0;
    for (const char *p = b->text, *end = p + b->len; (p = (const char *)memchr(p, '\n', (size_t)(end - p))) != NULL;
         p++)
        n++;
    return n;
}

/* The block is full: to the workers with it. What follows its last line end begins the next one. */
static int put_block(size_t whole, bool last)
{
    block *b = block_at(pool.put);
    const size_t rest = b->len - whole;
    int rc = MAILLOG_OK;
    while (pool.put - pool.got >= pool.nblocks - 1 && rc >= 0) rc = give_oldest();
    if (rc < 0) return rc;
    block *next = block_at(pool.put + 1);
    if (next->cap < rest + BLOCK) next->text = (char *)must_realloc(next->text, next->cap = rest + BLOCK);
    memcpy(next->text, b->text + whole, rest);
    next->len = rest;
    b->len = whole;
    b->last = last;
    b->first_line = pool.line;
    if (pool.work->render) {
        pool.line += lines_in(b);
        b->own = *pool.c;
    }
    pthread_mutex_lock(&pool.lock);
    b->state = FILLED;
    pool.put++;
    pthread_cond_signal(&pool.filled);
    pthread_mutex_unlock(&pool.lock);
    return rc;
}

/* Records of journalctl -o export go over several lines: they begin with this. */
static bool needs_one_reader(const char *s, size_t n, bool at_line)
{
    if (at_line && n >= 2 && s[0] == '_' && s[1] == '_') return true;
    for (const char *p = s, *end = s + n; (p = (const char *)memchr(p, '\n', (size_t)(end - p))) != NULL; p++)
        if (end - p > 2 && p[1] == '_' && p[2] == '_') return true;
    return false;
}

static size_t behind_last_line(const block *b)
{
    size_t n = b->len;
    while (n > 0 && b->text[n - 1] != '\n') n--;
    return n;
}

int parallel_feed(const char *buf, size_t len, bool *taken)
{
    block *b = block_at(pool.put);
    if (b->cap < b->len + len) b->text = (char *)must_realloc(b->text, b->cap = b->len + len + BLOCK);
    memcpy(b->text + b->len, buf, len);
    const size_t before = b->len, seam = before >= 2 ? before - 2 : 0; /* half of the mark may have come before */
    b->len += len;
    *taken =
        !needs_one_reader(b->text + seam, b->len - seam, seam == 0) && (b->len < LONGEST || behind_last_line(b) > 0);
    if (!*taken) b->len = before;
    if (!*taken || b->len < BLOCK) return MAILLOG_OK;
    const size_t whole = behind_last_line(b);
    return whole ? put_block(whole, false) : MAILLOG_OK;
}

static int give_all(void)
{
    int rc = MAILLOG_OK;
    while (pool.got < pool.put && rc >= 0) rc = give_oldest();
    return rc;
}

int parallel_leave(const char **tail, size_t *len)
{
    const size_t whole = behind_last_line(block_at(pool.put));
    int rc = whole ? put_block(whole, false) : MAILLOG_OK;
    if (rc >= 0) rc = give_all();
    block *b = block_at(pool.put);
    *tail = b->text;
    *len = b->len;
    b->len = 0;
    pool.active = false;
    return rc;
}

int parallel_drain(void)
{
    int rc = MAILLOG_OK;
    if (!pool.active) return rc;
    if (block_at(pool.put)->len) rc = put_block(block_at(pool.put)->len, true);
    if (rc >= 0) rc = give_all();
    pool.active = false;
    return rc;
}

static bool start_threads(const command *c)
{
    const unsigned want = (unsigned)c->threads < MOST_THREADS ? (unsigned)c->threads : MOST_THREADS;
    if (pool.nthreads) return true;
    pool.nblocks = 2 * want + 2;
    pool.ring = (block *)calloc(pool.nblocks, sizeof *pool.ring);
    while (pool.ring && pool.nthreads < want && pthread_create(&pool.thread[pool.nthreads], NULL, work, NULL) == 0)
        pool.nthreads++;
    return pool.nthreads > 0;
}

bool parallel_begin(command *c, const parallel_work *work_)
{
    pool.active = false;
    if (c->threads < 2 || !start_threads(c)) return false;
    pool.work = work_;
    pool.c = c;
    pool.line = c->line;
    pool.active = true;
    return true;
}

void parallel_end(void)
{
    pthread_mutex_lock(&pool.lock);
    pool.stop = true;
    pthread_cond_broadcast(&pool.filled);
    pthread_mutex_unlock(&pool.lock);
    for (unsigned i = 0; i < pool.nthreads; i++) pthread_join(pool.thread[i], NULL);
    for (size_t i = 0; pool.ring && i < pool.nblocks; i++) {
        free(pool.ring[i].text);
        free(pool.ring[i].event);
        free(pool.ring[i].field);
        free(pool.ring[i].printed);
    }
    free(pool.ring);
}
