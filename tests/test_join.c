/* test_join.c: whole messages: log lines in, records out. A case of tests/join/NAME.txt is
 *
 *   # title
 *   ! all                     deliver records that are no messages, too
 *   ! ordered                 neighbours do not change places: nothing tells that they did
 *   < log line                (escapes as in tests/cases)
 *   > {"verdict":…}           one for each record, in the order of their first lines
 *
 * Each case runs with lines pushed one by one, with bytes streamed one by one, in the smallest block, and with the
 * block sealed, copied elsewhere and attached again before every line. All must give the same records. */
#include <maillog/maillog.h>

#include <stdarg.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cases.h"

typedef struct text {
    char *p;
    size_t len;
} text;

/* One case: lines in, wanted records; where it stands in the file. */
typedef struct story {
    text *line, *want;
    size_t nlines, nwant, number;
    bool all, ordered;
} story;

static struct {
    char *path, *content;
    story *v;
    size_t n;
} file;

/* ---- reading ---- */

static void add(text **v, size_t *n, const char *p, size_t len)
{
    *v = (text *)realloc(*v, (*n + 1) * sizeof **v);
    text *t = &(*v)[(*n)++];
    t->p = (char *)malloc(len + 1);
    t->len = case_decode(p, len, t->p);
    t->p[t->len] = '\0';
}

static void add_verbatim(text **v, size_t *n, const char *p, size_t len)
{
    *v = (text *)realloc(*v, (*n + 1) * sizeof **v);
    (*v)[*n].p = strndup(p, len);
    (*v)[(*n)++].len = len;
}

static bool read_file(const char *path)
{
    size_t size, number = 0;
    file.path = strdup(path);
    file.content = case_read_all(path, &size);
    if (!file.content) return false;
    story *s = NULL;
    for (const char *p = file.content, *e; *p; p = e + (*e == '\n')) {
        e = strchr(p, '\n');
        if (!e) e = p + strlen(p);
        number++;
        if (*p == '#' && (!s || s->nlines)) {
            file.v = (story *)realloc(file.v, (file.n + 1) * sizeof *file.v);
            s = &file.v[file.n++];
            memset(s, 0, sizeof *s);
            s->number = number;
        }
        if (s && strncmp(p, "! all", 5) == 0) s->all = true;
        if (s && strncmp(p, "! ordered", 9) == 0) s->ordered = true;
        if (s && strncmp(p, "< ", 2) == 0) add(&s->line, &s->nlines, p + 2, (size_t)(e - p) - 2);
        if (s && strncmp(p, "> ", 2) == 0) add_verbatim(&s->want, &s->nwant, p + 2, (size_t)(e - p) - 2);
    }
    return true;
}

static void free_texts(text *v, size_t n)
{
    for (size_t i = 0; i < n; i++) free(v[i].p);
    free(v);
}

/* ---- running ---- */

typedef struct run {
    maillog_join *join;
    void *mem;
    size_t size;
    uint64_t *first;
    text *got;
    size_t n;
} run;

/* In the order of first lines. */
static void add_record(run *r, text json, uint64_t first)
{
    r->got = (text *)realloc(r->got, (r->n + 1) * sizeof *r->got);
    r->first = (uint64_t *)realloc(r->first, (r->n + 1) * sizeof *r->first);
    size_t i = r->n++;
    for (; i > 0 && (r->first[i - 1] > first || (r->first[i - 1] == first && strcmp(r->got[i - 1].p, json.p) > 0));
         i--) {
        r->got[i] = r->got[i - 1];
        r->first[i] = r->first[i - 1];
    }
    r->got[i] = json;
    r->first[i] = first;
}

static int keep(void *user, maillog_message *m)
{
    const size_t n = maillog_message_json(m, NULL, NULL, 0);
    text json = {(char *)malloc(n + 1), n};
    assert_int_equal(maillog_message_json(m, NULL, json.p, n), n);
    json.p[n] = '\0';
    add_record((run *)user, json, m->lines.len ? m->lines.ptr[0] : 0);
    return 0;
}

/* As another thread would: from a copy, in memory of no more than is asked for. */
static int build(void *user, const void *bytes, size_t len)
{
    const size_t room = maillog_message_room(bytes, len);
    void *copy = malloc(len), *mem = malloc(room);
    memcpy(copy, bytes, len);
    assert_int_equal(maillog_message_build(copy, len, mem, room - 1, keep, user), MAILLOG_ERR_NO_SPACE);
    const int rc = maillog_message_build(copy, len, mem, room, keep, user);
    free(copy);
    free(mem);
    return rc;
}

static void start(run *r, const story *s, uint64_t memory)
{
    maillog_join_config cfg;
    memset(&cfg, 0, sizeof cfg);
    memset(r, 0, sizeof *r);
    cfg.memory = memory;
    cfg.flags = s->all ? MAILLOG_JOIN_ALL_RECORDS : 0;
    cfg.seed[0] = 0x1234567890abcdefu;
    r->size = maillog_join_size(&cfg);
    r->mem = malloc(r->size);
    assert_int_equal(maillog_join_init(&r->join, r->mem, r->size, &cfg, keep, r), MAILLOG_OK);
}

static void finish(run *r)
{
    maillog_join_stats st;
    assert_int_equal(maillog_join_stats_get(r->join, &st), MAILLOG_OK);
    assert_int_equal(maillog_join_flush(r->join), MAILLOG_OK);
    assert_int_equal(maillog_join_stats_get(r->join, &st), MAILLOG_OK);
    assert_int_equal(st.pending, 0);
    assert_int_equal(st.live, 0);
    free(r->mem);
}

static void push_text(run *r, const text *line)
{
    maillog_event ev;
    char *copy = (char *)malloc(line->len ? line->len : 1);
    memcpy(copy, line->p, line->len);
    maillog_parse_line(NULL, copy, line->len, &ev);
    assert_int_equal(maillog_join_push(r->join, &ev), MAILLOG_OK);
    free(copy);
}

/* Another address for the block: nothing in it may depend on the old one. */
static void move_block(run *r)
{
    assert_int_equal(maillog_join_seal(r->join), MAILLOG_OK);
    void *elsewhere = malloc(r->size);
    memcpy(elsewhere, r->mem, r->size);
    memset(r->mem, 0xA5, r->size);
    free(r->mem);
    r->mem = elsewhere;
    assert_int_equal(maillog_join_attach(&r->join, r->mem, r->size, keep, r), MAILLOG_OK);
}

static int push_event(void *user, const maillog_event *ev)
{
    return maillog_join_push(((run *)user)->join, ev) == MAILLOG_OK ? 0 : -1;
}

static void stream_bytes(run *r, const story *s)
{
    maillog_callbacks cb;
    maillog_stream stream;
    char carry[8192];
    size_t used;
    maillog_callbacks_init(&cb);
    cb.on_event = push_event;
    maillog_stream_init(&stream, &cb, r, carry, sizeof carry);
    for (size_t i = 0; i < s->nlines; i++) {
        for (size_t k = 0; k < s->line[i].len; k++)
            assert_int_equal(maillog_stream_feed(&stream, s->line[i].p + k, 1, &used), MAILLOG_OK);
        assert_int_equal(maillog_stream_feed(&stream, "\n", 1, &used), MAILLOG_OK);
    }
    maillog_stream_finish(&stream);
}

static void start_part(run *r, const story *s)
{
    start(r, s, 1 << 20);
    maillog_join_config cfg;
    memset(&cfg, 0, sizeof cfg);
    cfg.memory = 1 << 20;
    cfg.flags = MAILLOG_JOIN_PART | (s->all ? MAILLOG_JOIN_ALL_RECORDS : 0);
    cfg.seed[0] = 0x1234567890abcdefu;
    assert_int_equal(maillog_join_init(&r->join, r->mem, r->size, &cfg, keep, r), MAILLOG_OK);
}

static void push_numbered(run *r, const text *line, uint64_t number)
{
    maillog_event ev;
    maillog_parse_line(NULL, line->p, line->len, &ev);
    assert_int_equal(maillog_join_push_line(r->join, &ev, number), MAILLOG_OK);
}

static void hand_on(run *from, run *to)
{
    maillog_join_stats st;
    const size_t n = maillog_join_export(from->join, NULL, 0);
    char *bytes = (char *)malloc(n);
    assert_int_equal(maillog_join_export(from->join, bytes, n), n);
    assert_int_equal(maillog_join_stats_get(from->join, &st), MAILLOG_OK);
    assert_int_equal(st.live, 0);
    assert_int_equal(maillog_join_import(to->join, bytes, n), MAILLOG_OK);
    assert_int_equal(maillog_join_stats_get(to->join, &st), MAILLOG_OK);
    bytes[n / 2] ^= 1;
    assert_true(maillog_join_import(to->join, bytes, n) < 0);
    free(bytes);
    for (size_t i = 0; i < from->n; i++) add_record(to, from->got[i], from->first[i]);
    free(from->got);
    free(from->first);
    free(from->mem);
}

enum { BY_LINE, BY_BYTE, SMALLEST, MOVED, UNBUILT, WAYS };
static const char *const ways[] = {"by line", "by byte", "smallest block", "moved block", "built elsewhere"};

static run play(const story *s, int way)
{
    run r;
    start(&r, s, way == BY_LINE || way == UNBUILT ? 1 << 20 : 1);
    if (way == UNBUILT) assert_int_equal(maillog_join_unbuilt(r.join, build), MAILLOG_OK);
    if (way == BY_BYTE) {
        stream_bytes(&r, s);
    } else {
        for (size_t i = 0; i < s->nlines; i++) {
            if (way == MOVED) move_block(&r);
            push_text(&r, &s->line[i]);
        }
    }
    finish(&r);
    return r;
}

/* Two tables see a part of the log each; a third takes what they leave open. */
static run play_in_parts(const story *s, size_t cut)
{
    run a, b, c;
    start_part(&a, s);
    start_part(&b, s);
    start(&c, s, 1 << 20);
    for (size_t i = 0; i < s->nlines; i++) push_numbered(i < cut ? &a : &b, &s->line[i], i + 1);
    hand_on(&a, &c);
    hand_on(&b, &c);
    finish(&c);
    return c;
}

/* Two neighbours of one second have changed places: they keep their numbers, and nothing else may change. */
static bool may_swap(const story *s, size_t i)
{
    return i + 1 < s->nlines && s->line[i].len > 15 && s->line[i + 1].len > 15 &&
           memcmp(s->line[i].p, s->line[i + 1].p, 15) == 0;
}

static run play_swapped(const story *s, size_t swap)
{
    run r;
    start(&r, s, 1 << 20);
    for (size_t i = 0; i < s->nlines; i++) {
        const size_t k = i == swap ? i + 1 : i == swap + 1 ? i - 1 : i;
        push_numbered(&r, &s->line[k], k + 1);
    }
    finish(&r);
    return r;
}

static void end(run *r)
{
    free_texts(r->got, r->n);
    free(r->first);
}

static void compare(const story *s, const run *r, const char *how, size_t cut)
{
    for (size_t k = 0; k < r->n || k < s->nwant; k++) {
        const char *got = k < r->n ? r->got[k].p : "(none)", *want = k < s->nwant ? s->want[k].p : "(none)";
        if (strcmp(got, want) != 0) {
            fprintf(stderr, "%s:%zu (%s %zu), record %zu\n want: %s\n  got: %s\n", file.path, s->number, how, cut,
                    k + 1, want, got);
            fail();
        }
    }
}

static void test_stories(void **unused)
{
    (void)unused;
    assert_true(file.n > 0);
    for (size_t i = 0; i < file.n; i++) {
        const story *s = &file.v[i];
        for (int way = 0; way < WAYS; way++) {
            run r = play(s, way);
            compare(s, &r, ways[way], 0);
            end(&r);
        }
        for (size_t swap = 0; !s->ordered && swap < s->nlines; swap++) {
            if (!may_swap(s, swap)) continue;
            run r = play_swapped(s, swap);
            compare(s, &r, "lines swapped after line", swap);
            end(&r);
        }
        for (size_t cut = 0; cut <= s->nlines; cut++) {
            run r = play_in_parts(s, cut);
            compare(s, &r, "in parts, cut after line", cut);
            end(&r);
        }
    }
}

/* MAILLOG_UPDATE: write what came out as what is wanted, for review. */
static int update(void)
{
    FILE *out = fopen(file.path, "wb");
    if (!out) return 1;
    size_t next = 0, number = 0;
    const story *s = NULL;
    for (const char *p = file.content, *e; *p; p = e + (*e == '\n')) {
        e = strchr(p, '\n');
        if (!e) e = p + strlen(p);
        number++;
        if (strncmp(p, "> ", 2) == 0) continue;
        if (next < file.n && file.v[next].number == number) s = &file.v[next++];
        fprintf(out, "%.*s\n", (int)(e - p), p);
        const bool last = s && strncmp(p, "< ", 2) == 0 && strncmp(*e ? e + 1 : e, "< ", 2) != 0;
        if (!last) continue;
        run r = play(s, BY_LINE);
        for (size_t i = 0; i < r.n; i++) fprintf(out, "> %s\n", r.got[i].p);
        end(&r);
    }
    return fclose(out) != 0;
}

int main(int argc, char **argv)
{
    static const struct CMUnitTest tests[] = {cmocka_unit_test(test_stories)};
    if (argc != 2 || !read_file(argv[1])) {
        fprintf(stderr, "usage: test_join FILE\n");
        return 2;
    }
    const int rc = getenv("MAILLOG_UPDATE") ? update() : cmocka_run_group_tests(tests, NULL, NULL);
    for (size_t i = 0; i < file.n; i++) {
        free_texts(file.v[i].line, file.v[i].nlines);
        free_texts(file.v[i].want, file.v[i].nwant);
    }
    free(file.v);
    free(file.content);
    free(file.path);
    return rc;
}
