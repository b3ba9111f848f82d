/* test_mixed.c: forms may be mixed in one file. The lines of all case files take turns in one log, with LF and CRLF,
 * after a byte order mark, with NULs where a crash left them; each gives what it gives by itself, through the stream
 * in pieces of every kind and through the batch. */
#include <maillog/maillog.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cases.h"

typedef struct expected {
    const case_file *file;
    const test_case *line;
} expected;

typedef struct mixed_log {
    char *text;
    size_t len;
    expected *line; /* in the order of the log */
    size_t count;
} mixed_log;

static mixed_log whole;

static void expect_event(const expected *want, const maillog_event *ev, const char *door)
{
    maillog_json_options opt;
    memset(&opt, 0, sizeof opt);
    opt.size = sizeof opt;
    if (!want->file->full) opt.flags = MAILLOG_JSON_NO_HEADER;
    const size_t n = maillog_event_json(ev, &opt, NULL, 0);
    char *json = (char *)malloc(n + 1);
    assert_non_null(json);
    maillog_event_json(ev, &opt, json, n);
    json[n] = '\0';
    if (strcmp(json, want->line->expect) != 0)
        fail_msg("%s:%zu (%s)\n line: %.*s\n want: %s\n  got: %s", want->file->path, want->line->number, door,
                 (int)want->line->len, want->line->line, want->line->expect, json);
    free(json);
}

/* Records of many lines, empty lines, and what the ends and the debris of this log would change. */
static bool can_be_mixed(const test_case *c)
{
    return c->len > 0 && c->line[0] != '_' && c->line[0] != '\0' && c->line[c->len - 1] != '\r' &&
           !memchr(c->line, '\n', c->len);
}

static void append(mixed_log *log, const void *p, size_t n)
{
    memcpy(log->text + log->len, p, n);
    log->len += n;
}

/* One line of each file, then the next of each: the forms change from line to line. */
static void mix(const case_file *file, size_t files, mixed_log *log)
{
    size_t lines = 0, bytes = 3, longest = 0;
    for (size_t f = 0; f < files; f++) {
        lines += file[f].count;
        bytes += file[f].size + 8 * file[f].count;
        if (file[f].count > longest) longest = file[f].count;
    }
    memset(log, 0, sizeof *log);
    log->text = (char *)malloc(bytes);
    log->line = (expected *)malloc((lines + 1) * sizeof *log->line);
    assert_true(log->text && log->line);
    append(log, "\xEF\xBB\xBF", 3);
    for (size_t i = 0; i < longest; i++)
        for (size_t f = 0; f < files; f++) {
            if (i >= file[f].count || !can_be_mixed(&file[f].cases[i])) continue;
            const test_case *c = &file[f].cases[i];
            log->line[log->count++] = (expected){&file[f], c};
            append(log, c->line, c->len);
            if (log->count % 3 == 0)
                append(log, "\r\n", 2);
            else
                append(log, "\n", 1);
        }
}

typedef struct sink {
    size_t count;
    const char *door;
} sink;

static int check_event(void *user, const maillog_event *ev)
{
    sink *s = (sink *)user;
    assert_true(s->count < whole.count);
    expect_event(&whole.line[s->count++], ev, s->door);
    return MAILLOG_CONTINUE;
}

static void feed_in_pieces(size_t piece)
{
    maillog_callbacks cb;
    maillog_stream s;
    char door[32];
    static char carry[1 << 16];
    snprintf(door, sizeof door, "stream, pieces of %zu", piece);
    sink out = {0, door};
    maillog_callbacks_init(&cb);
    cb.on_event = check_event;
    assert_int_equal(maillog_stream_init(&s, &cb, &out, carry, sizeof carry), MAILLOG_OK);
    for (size_t at = 0, used; at < whole.len; at += used) {
        const size_t n = whole.len - at < piece ? whole.len - at : piece;
        assert_int_equal(maillog_stream_feed(&s, whole.text + at, n, &used), MAILLOG_OK);
        assert_int_equal(used, n);
    }
    assert_int_equal(maillog_stream_finish(&s), MAILLOG_OK);
    assert_int_equal(out.count, whole.count);
}

static void test_stream(void **state)
{
    (void)state;
    static const size_t pieces[] = {1, 7, 64, 1000, 4096, SIZE_MAX};
    for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) feed_in_pieces(pieces[i]);
}

static void test_batch(void **state)
{
    (void)state;
    enum { ROWS = 64 };
    static maillog_batch_event row[ROWS];
    static maillog_field field[ROWS * MAILLOG_FIELDS_MAX];
    size_t at = 0, count = 0;
    while (at < whole.len) {
        maillog_batch b;
        size_t used;
        memset(&b, 0, sizeof b);
        b.event = row;
        b.field = field;
        b.event_cap = ROWS;
        b.field_cap = ROWS * MAILLOG_FIELDS_MAX;
        b.final = 1;
        assert_int_equal(maillog_batch_parse(NULL, whole.text + at, whole.len - at, &b, &used), MAILLOG_OK);
        assert_true(used > 0);
        for (size_t i = 0; i < b.nevents; i++) {
            maillog_event ev;
            memset(&ev, 0, sizeof ev);
            ev.line = whole.text + at;
            ev.len = (uint32_t)(whole.len - at);
            ev.type = row[i].type;
            ev.daemon = row[i].daemon;
            ev.match = row[i].match;
            ev.flags = row[i].flags;
            ev.time = row[i].time;
            ev.nfields = row[i].nfields;
            memcpy(ev.field, field + row[i].field, row[i].nfields * sizeof *field);
            assert_true(count < whole.count);
            expect_event(&whole.line[count++], &ev, "batch");
        }
        at += used;
    }
    assert_int_equal(count, whole.count);
}

/* What a crash leaves of a file: a run of NULs before a line, whatever its form. */
static void test_debris(void **state)
{
    (void)state;
    for (size_t i = 0; i < whole.count; i++) {
        const test_case *c = whole.line[i].line;
        if (strstr(c->expect, "\"match\":\"raw\"")) continue; /* all of such a line is its text */
        const size_t n = c->len + 16;
        char *text = (char *)calloc(n, 1);
        maillog_event ev;
        assert_non_null(text);
        memcpy(text + 16, c->line, c->len);
        assert_int_equal(maillog_parse_line(NULL, text, n, &ev), MAILLOG_OK);
        expect_event(&whole.line[i], &ev, "after NULs");
        free(text);
    }
}

int main(int argc, char **argv)
{
    static const struct CMUnitTest tests[] = {cmocka_unit_test(test_stream), cmocka_unit_test(test_batch),
                                              cmocka_unit_test(test_debris)};
    const size_t files = argc > 1 ? (size_t)argc - 1 : 0;
    case_file *file = (case_file *)calloc(files + 1, sizeof *file);
    for (size_t i = 0; i < files; i++)
        if (!file || !case_file_read(argv[i + 1], &file[i])) {
            fprintf(stderr, "usage: test_mixed FILE…\n");
            return 2;
        }
    mix(file, files, &whole);
    const int rc = whole.count ? cmocka_run_group_tests(tests, NULL, NULL) : 2;
    free(whole.text);
    free(whole.line);
    for (size_t i = 0; i < files; i++) case_file_free(&file[i]);
    free(file);
    return rc;
}
