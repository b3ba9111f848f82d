/* test_cases.c: every case of a file: line in, JSON out; and the same through every door of the library. */
#include <maillog/maillog.h>

#include <stdarg.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cases.h"

static case_file file;

static maillog_json_options json_options(void)
{
    maillog_json_options opt;
    memset(&opt, 0, sizeof opt);
    opt.size = sizeof opt;
    if (!file.full) opt.flags = MAILLOG_JSON_NO_HEADER;
    return opt;
}

static char *event_json(const maillog_event *ev)
{
    const maillog_json_options opt = json_options();
    const size_t n = maillog_event_json(ev, &opt, NULL, 0);
    char *buf = (char *)malloc(n + 1);
    assert_non_null(buf);
    assert_int_equal(maillog_event_json(ev, &opt, buf, n), n);
    buf[n] = '\0';
    return buf;
}

/* A copy in an allocation of exactly its size: ASan sees one byte too many. */
static char *exact_copy(const char *p, size_t n)
{
    char *copy = (char *)malloc(n ? n : 1);
    assert_non_null(copy);
    memcpy(copy, p, n);
    return copy;
}

static char *parse_to_json(const test_case *c)
{
    maillog_event ev;
    char *copy = exact_copy(c->line, c->len);
    assert_int_equal(maillog_parse_line(NULL, copy, c->len, &ev), MAILLOG_OK);
    char *json = event_json(&ev);
    free(copy);
    return json;
}

static void expect_json(const test_case *c, const char *door, const char *got)
{
    if (strcmp(got, c->expect) == 0) return;
    fail_msg("%s:%zu (%s)\n line: %.*s\n want: %s\n  got: %s", file.path, c->number, door, (int)c->len, c->line,
             c->expect, got);
}

static void check_line(const test_case *c)
{
    char *json = parse_to_json(c);
    expect_json(c, "line", json);
    free(json);
}

static void check_schema(const test_case *c)
{
    maillog_event ev;
    maillog_parse_line(NULL, c->line, c->len, &ev);
    for (uint32_t i = 0; i < ev.nfields; i++) {
        const maillog_field *f = &ev.field[i];
        assert_true(f->off <= ev.len && f->len <= ev.len - f->off);
        if (!maillog_event_may_have(ev.type, f->id) && ev.match == MAILLOG_MATCH_EVENT)
            fail_msg("%s:%zu: the schema does not give `%s` to `%s`", file.path, c->number, maillog_field_name(f->id),
                     maillog_event_name(ev.type));
    }
}

typedef struct sink {
    char *json;
    size_t count;
} sink;

static int keep_json(void *user, const maillog_event *ev)
{
    sink *s = (sink *)user;
    free(s->json);
    s->json = event_json(ev);
    s->count++;
    return MAILLOG_CONTINUE;
}

static void feed_in_two(const test_case *c, const char *text, size_t n, size_t cut, char *carry)
{
    maillog_callbacks cb;
    maillog_stream s;
    sink out = {NULL, 0};
    size_t used;
    maillog_callbacks_init(&cb);
    cb.on_event = keep_json;
    assert_int_equal(maillog_stream_init(&s, &cb, &out, carry, n), MAILLOG_OK);
    char *head = exact_copy(text, cut), *tail = exact_copy(text + cut, n - cut);
    assert_int_equal(maillog_stream_feed(&s, head, cut, &used), MAILLOG_OK);
    assert_int_equal(used, cut);
    free(head);
    assert_int_equal(maillog_stream_feed(&s, tail, n - cut, &used), MAILLOG_OK);
    assert_int_equal(used, n - cut);
    free(tail);
    assert_int_equal(out.count, 1);
    expect_json(c, "stream", out.json);
    free(out.json);
}

static void check_every_split(const test_case *c)
{
    if (memchr(c->line, '\n', c->len)) return;
    const size_t n = c->len + 1;
    char *text = (char *)malloc(n), *carry = (char *)malloc(n);
    memcpy(text, c->line, c->len);
    text[c->len] = '\n';
    const size_t step = n > 4096 ? n / 512 : 1; /* every byte, but for the very long */
    for (size_t cut = 0; cut <= n; cut += step) feed_in_two(c, text, n, cut, carry);
    free(text);
    free(carry);
}

/* The line between a short one, so that offsets must count from the start of the buffer, and `after`. */
static void check_batch_before(const test_case *c, const char *after)
{
    static const char first[] = "x\n";
    maillog_batch_event row[3];
    maillog_field field[3 * MAILLOG_FIELDS_MAX];
    maillog_batch b;
    size_t used;
    memset(&b, 0, sizeof b);
    b.event = row;
    b.field = field;
    b.event_cap = 3;
    b.field_cap = 3 * MAILLOG_FIELDS_MAX;
    b.final = 1;
    const size_t head = sizeof first - 1, n = head + c->len + strlen(after);
    char *text = (char *)malloc(n);
    memcpy(text, first, head);
    memcpy(text + head, c->line, c->len);
    memcpy(text + head + c->len, after, strlen(after));
    assert_int_equal(maillog_batch_parse(NULL, text, n, &b, &used), MAILLOG_OK);
    assert_int_equal(used, n);
    assert_int_equal(b.nevents, 1 + (c->len > 0 || *after) + (*after != '\0'));
    if (b.nevents > 1) {
        maillog_event ev;
        memset(&ev, 0, sizeof ev);
        ev.line = text;
        ev.len = (uint32_t)n;
        ev.type = row[1].type;
        ev.daemon = row[1].daemon;
        ev.match = row[1].match;
        ev.flags = row[1].flags;
        ev.time = row[1].time;
        ev.nfields = row[1].nfields;
        memcpy(ev.field, field + row[1].field, row[1].nfields * sizeof *field);
        char *json = event_json(&ev);
        expect_json(c, *after ? "batch, more behind" : "batch", json);
        free(json);
    }
    free(text);
}

/* At the end of the buffer, where nothing behind the line may be loaded; and with so much behind it that all of the
 * wide loads are taken: both must read the same. */
static void check_batch(const test_case *c)
{
    static char more[256];
    if (memchr(c->line, '\n', c->len)) return;
    check_batch_before(c, "");
    memset(more, '7', sizeof more - 1);
    more[0] = '\n';
    check_batch_before(c, more);
    memset(more + 1, ' ', sizeof more - 2);
    check_batch_before(c, more);
}

static void test_case_lines(void **state)
{
    (void)state;
    for (size_t i = 0; i < file.count; i++) {
        check_line(&file.cases[i]);
        check_schema(&file.cases[i]);
        check_every_split(&file.cases[i]);
        check_batch(&file.cases[i]);
    }
    assert_true(file.count > 0);
}

static int update(void)
{
    char **got = (char **)calloc(file.count + 1, sizeof *got);
    for (size_t i = 0; i < file.count; i++) got[i] = parse_to_json(&file.cases[i]);
    const bool ok = case_file_update(&file, got);
    for (size_t i = 0; i < file.count; i++) free(got[i]);
    free(got);
    return ok ? 0 : 1;
}

int main(int argc, char **argv)
{
    static const struct CMUnitTest tests[] = {cmocka_unit_test(test_case_lines)};
    if (argc != 2 || !case_file_read(argv[1], &file)) {
        fprintf(stderr, "usage: test_cases FILE\n");
        return 2;
    }
    const int rc = getenv("MAILLOG_UPDATE") ? update() : cmocka_run_group_tests(tests, NULL, NULL);
    case_file_free(&file);
    return rc;
}
