/* test_paths.c: one library for each way of searching (scalar, SSE2, AVX2: CMakeLists.txt builds this test with each),
 * all case files on each.
 *
 * Nothing outside of the buffer is touched: each line stands between two pages that cannot be read, at the end of the
 * first and at the beginning of the second. Nothing is left over from the line before: all lines of a file in one
 * buffer give what each gives by itself. */
#define _GNU_SOURCE
#include <maillog/maillog.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "cases.h"

static case_file file;
enum { MOST_ROOM = 400 };

/* `size` bytes, whole pages, with a page on either side that cannot be read. */
static char *map_between_guards(size_t size, size_t page)
{
    char *all = (char *)mmap(NULL, size + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_true(all != MAP_FAILED);
    assert_int_equal(mprotect(all + page, size, PROT_READ | PROT_WRITE), 0);
    return all + page;
}

static void unmap(char *p, size_t size, size_t page) { munmap(p - page, size + 2 * page); }

static void expect_event(const test_case *c, const maillog_event *ev)
{
    maillog_json_options opt;
    memset(&opt, 0, sizeof opt);
    opt.size = sizeof opt;
    if (!file.full) opt.flags = MAILLOG_JSON_NO_HEADER;
    const size_t n = maillog_event_json(ev, &opt, NULL, 0);
    char *json = (char *)malloc(n + 1);
    maillog_event_json(ev, &opt, json, n);
    json[n] = '\0';
    if (strcmp(json, c->expect) != 0)
        fail_msg("%s:%zu\n line: %.*s\n want: %s\n  got: %s", file.path, c->number, (int)c->len, c->line, c->expect,
                 json);
    free(json);
}

/* With what the lines before left, in a memo that is moved from line to line. */
static void parse_with_memo(const test_case *c, const char *p)
{
    static maillog_memo memo[2];
    static unsigned turn;
    maillog_options opt = {.size = sizeof opt, .memo = &memo[turn]};
    maillog_event ev;
    memcpy(&memo[turn], &memo[1 - turn], sizeof *memo);
    memset(&memo[1 - turn], 0xA5, sizeof *memo);
    assert_int_equal(maillog_parse_line(&opt, p, c->len, &ev), MAILLOG_OK);
    expect_event(c, &ev);
    opt.size = offsetof(maillog_options, buffer_end); /* of a caller that knows of the memo alone */
    assert_int_equal(maillog_parse_line(&opt, p, c->len, &ev), MAILLOG_OK);
    expect_event(c, &ev);
    opt.size = offsetof(maillog_options, memo); /* of one that knows of neither */
    opt.memo = &memo[turn = 1 - turn];
    memcpy(&memo[turn], &memo[1 - turn], sizeof *memo);
    assert_int_equal(maillog_parse_line(&opt, p, c->len, &ev), MAILLOG_OK);
    assert_memory_equal(&memo[turn], &memo[1 - turn], sizeof *memo);
}

/* With so much behind it that is the caller's, too, up to a page that cannot be read: whatever it is, nobody looks at
 * it.
 */
static void parse_in_buffer(const test_case *c, const char *buffer_end)
{
    static const size_t rooms[] = {0, 1, 2, 15, 16, 31, 127, 128, 129, 351, 352, 353, MOST_ROOM};
    static const char lies[] = " a], b>, status=sent (c) \")\n";
    maillog_options opt = {.size = sizeof opt, .buffer_end = buffer_end};
    for (size_t i = 0; i < sizeof rooms / sizeof *rooms; i++) {
        maillog_event ev;
        char *const p = (char *)buffer_end - rooms[i] - c->len;
        memcpy(p, c->line, c->len);
        for (size_t k = 0; k < rooms[i]; k++) p[c->len + k] = lies[(i + k) % (sizeof lies - 1)];
        assert_int_equal(maillog_parse_line(&opt, p, c->len, &ev), MAILLOG_OK);
        expect_event(c, &ev);
        if (rooms[i] == 0) continue;
        p[c->len] = '\n';
        assert_int_equal(maillog_parse_line(&opt, p, c->len, &ev), MAILLOG_OK);
        expect_event(c, &ev);
    }
}

/* As a line, and as a batch of one line without its end: `p` is where the line stands. */
static void parse_at(const test_case *c, char *p)
{
    maillog_event ev;
    maillog_batch_event row;
    maillog_field field[MAILLOG_FIELDS_MAX];
    maillog_batch b;
    size_t used;
    memcpy(p, c->line, c->len);
    assert_int_equal(maillog_parse_line(NULL, p, c->len, &ev), MAILLOG_OK);
    expect_event(c, &ev);
    parse_with_memo(c, p);
    if (memchr(c->line, '\n', c->len)) return;
    memset(&b, 0, sizeof b);
    b.event = &row;
    b.field = field;
    b.event_cap = 1;
    b.field_cap = MAILLOG_FIELDS_MAX;
    b.final = 1;
    assert_int_equal(maillog_batch_parse(NULL, p, c->len, &b, &used), MAILLOG_OK);
    assert_int_equal(b.nevents, c->len > 0);
}

static void test_guard_pages(void **state)
{
    (void)state;
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    for (size_t i = 0; i < file.count; i++) {
        const test_case *c = &file.cases[i];
        const size_t size = ((c->len + MOST_ROOM) / page + 1) * page;
        char *p = map_between_guards(size, page);
        parse_at(c, p);
        parse_at(c, p + size - c->len);
        parse_in_buffer(c, p + size);
        unmap(p, size, page);
    }
}

/* What is looked at behind a header does not depend on how long its parts are. */
static void test_headers_at_the_end(void **state)
{
    (void)state;
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    char *const p = map_between_guards(page, page), line[256];
    static const char text[] = "connect from unknown[192.0.2.1]", digits[] = "1234567",
                      name[] = "postfix-in-the-other-place/smtpd",
                      host[] = "mail.example.org.mail.example.org.mail.example";
    for (int hosts = 1; hosts < (int)sizeof host; hosts += 4)
        for (int names = 6; names < (int)sizeof name; names++)
            for (int pid = 1; pid < (int)sizeof digits; pid++)
                for (int texts = 0; texts < (int)sizeof text; texts++) {
                    maillog_event ev;
                    const int n = snprintf(line, sizeof line, "2026-07-19T07:59:06.123456+02:00 %.*s %s[%.*s]: %.*s",
                                           hosts, host, name + sizeof name - 1 - names, pid, digits, texts, text);
                    char *const at = p + page - n;
                    memcpy(at, line, (size_t)n);
                    assert_int_equal(maillog_parse_line(NULL, at, (size_t)n, &ev), MAILLOG_OK);
                    assert_int_equal(maillog_get(&ev, MAILLOG_FIELD_MESSAGE).len, texts);
                }
    unmap(p, page, page);
}

typedef struct walk {
    size_t at;
} walk;

static int next_case(void *user, const maillog_event *ev)
{
    walk *w = (walk *)user;
    while (memchr(file.cases[w->at].line, '\n', file.cases[w->at].len)) w->at++;
    expect_event(&file.cases[w->at++], ev);
    return MAILLOG_CONTINUE;
}

static void test_one_after_the_other(void **state)
{
    (void)state;
    size_t n = 0, used, len = 1;
    for (size_t i = 0; i < file.count; i++) len += file.cases[i].len + 1;
    char *text = (char *)malloc(len);
    for (size_t i = 0; i < file.count; i++) {
        const test_case *c = &file.cases[i];
        if (memchr(c->line, '\n', c->len)) continue;
        memcpy(text + n, c->line, c->len);
        n += c->len;
        text[n++] = '\n';
    }
    maillog_callbacks cb;
    maillog_stream s;
    walk w = {0};
    maillog_callbacks_init(&cb);
    cb.on_event = next_case;
    assert_int_equal(maillog_stream_init(&s, &cb, &w, NULL, 0), MAILLOG_OK);
    assert_int_equal(maillog_stream_feed(&s, text, n, &used), MAILLOG_OK);
    assert_int_equal(used, n);
    free(text);
}

/* snprintf's contract: what fits is stored, nothing behind it, and the length is that of all. */
static void test_json_that_does_not_fit(void **state)
{
    (void)state;
    for (size_t i = 0; i < file.count; i++) {
        const test_case *c = &file.cases[i];
        maillog_event ev;
        maillog_parse_line(NULL, c->line, c->len, &ev);
        const size_t n = maillog_event_json(&ev, NULL, NULL, 0);
        char *whole = (char *)malloc(n);
        assert_int_equal(maillog_event_json(&ev, NULL, whole, n), n);
        for (size_t cap = i % 16; cap < n; cap += 1 + n / 32) {
            char *part = (char *)malloc(cap + 1);
            part[cap] = '#';
            assert_int_equal(maillog_event_json(&ev, NULL, part, cap), n);
            assert_memory_equal(part, whole, cap);
            assert_int_equal(part[cap], '#');
            free(part);
        }
        free(whole);
    }
}

int main(int argc, char **argv)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_guard_pages), cmocka_unit_test(test_headers_at_the_end),
        cmocka_unit_test(test_one_after_the_other), cmocka_unit_test(test_json_that_does_not_fit)};
#ifdef __AVX2__
    if (!__builtin_cpu_supports("avx2")) return 77;
#endif
    int rc = 0;
    for (int i = 1; i < argc; i++) {
        if (!case_file_read(argv[i], &file)) return 2;
        rc |= cmocka_run_group_tests_name(argv[i], tests, NULL, NULL);
        case_file_free(&file);
    }
    return argc < 2 ? 2 : rc;
}
