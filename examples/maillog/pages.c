/* pages.c: a ring of pages. One is filled with copies of messages, and given to the threads when it is full; the oldest
 * is printed when the ring is full. */
#include "pages.h"
#include "message_copy.h"
#include "pool.h"

#include <stdlib.h>
#include <string.h>

enum { PAGES = 8, ROOM = 1 << 18, ALIGNED = 16 };

typedef struct entry {
    maillog_message *m; /* NULL: to be built */
    size_t at, len;     /* of what from: bytes of the page */
    uint64_t first_line;
    size_t end;    /* of its text */
    bool selected; /* of what was built */
} entry;

typedef struct page {
    job job; /* first: a job is its page */
    char *mem;
    size_t used, cap;
    entry *entries;
    size_t n, entries_cap;
    command own;
    const page_work *work;
    sheet text;
} page;

static page pages[PAGES];
static uint64_t put, got; /* pages given to the threads, printed */

static page *page_at(uint64_t i) { return &pages[i % PAGES]; }

static _Thread_local sheet builder;

void pages_free(void) { sheet_free(&builder); }

typedef struct built {
    page *p;
    entry *e;
} built;

static int on_built(void *user, maillog_message *m)
{
    const built *b = (const built *)user;
    b->e->selected = b->p->work->select(&b->p->own, m);
    b->e->first_line = m->lines.len ? m->lines.ptr[0] : 0;
    if (b->e->selected) b->p->work->render(&b->p->text, &b->p->own, m);
    return MAILLOG_CONTINUE;
}

static void build(page *p, entry *e)
{
    built b = {p, e};
    const char *bytes = p->mem + e->at;
    void *mem = sheet_room(&builder, maillog_message_room(bytes, e->len));
    maillog_message_build(bytes, e->len, mem, builder.cap, on_built, &b);
}

static void do_page(job *j)
{
    page *p = (page *)j;
    p->text.len = 0;
    for (size_t i = 0; i < p->n; i++) {
        if (p->entries[i].m)
            p->work->render(&p->text, &p->own, p->entries[i].m);
        else
            build(p, &p->entries[i]);
        p->entries[i].end = p->text.len;
    }
}

static void print_oldest(void)
{
    page *p = page_at(got++);
    size_t at = 0;
    pool_wait(&p->job);
    for (size_t i = 0; i < p->n; at = p->entries[i++].end) {
        const entry *e = &p->entries[i];
        if (!e->m) p->work->count(e->selected);
        if (e->m || e->selected) p->work->print(e->first_line, p->text.text + at, e->end - at);
    }
    p->n = p->used = 0;
}

static void give_page(void)
{
    page *p = page_at(put);
    if (p->n == 0) return;
    put++;
    p->job.run = do_page;
    pool_give(&p->job);
    while (got < put && (put - got >= PAGES || pool_done(&page_at(got)->job))) print_oldest();
}

/* An empty page with room for so many bytes. */
static page *new_page(size_t need)
{
    give_page();
    page *p = page_at(put);
    if (need <= p->cap) return p;
    free(p->mem);
    p->mem = (char *)must_realloc(NULL, p->cap = ((need > ROOM ? need : ROOM) + ALIGNED) & ~(size_t)(ALIGNED - 1));
    return p;
}

/* The page that is being filled, with room for so many bytes. */
static page *page_with(const command *c, size_t need)
{
    page *p = page_at(put);
    const bool other = p->n && p->own.reference != c->reference;
    return !p->mem || other || need > p->cap - p->used ? new_page(need ? need : 1) : p;
}

static void add_entry(page *p, const command *c, const page_work *work, entry e)
{
    if (p->n == p->entries_cap)
        p->entries = (entry *)must_realloc(p->entries, (p->entries_cap = p->entries_cap * 2 + 64) * sizeof *p->entries);
    if (p->n == 0) p->own = *c, p->work = work;
    p->entries[p->n++] = e;
    p->used += (e.len + ALIGNED - 1) & ~(size_t)(ALIGNED - 1);
}

void pages_add(const command *c, const maillog_message *m, const page_work *work)
{
    page *p = page_with(c, 0);
    maillog_message *copy;
    size_t need = message_copy(m, p->mem + p->used, p->cap - p->used, &copy);
    if (need > p->cap - p->used) {
        p = new_page(need);
        message_copy(m, p->mem, p->cap, &copy);
    }
    const entry e = {copy, p->used, need, m->lines.len ? m->lines.ptr[0] : 0, 0, true};
    add_entry(p, c, work, e);
}

void pages_add_unbuilt(const command *c, const void *bytes, size_t len, const page_work *work)
{
    page *p = page_with(c, len);
    const entry e = {NULL, p->used, len, 0, 0, false};
    memcpy(p->mem + p->used, bytes, len);
    add_entry(p, c, work, e);
}

void pages_end(void)
{
    give_page();
    while (got < put) print_oldest();
    for (size_t i = 0; i < PAGES; i++) {
        free(pages[i].mem);
        free(pages[i].entries);
        sheet_free(&pages[i].text);
    }
    memset(pages, 0, sizeof pages);
}
