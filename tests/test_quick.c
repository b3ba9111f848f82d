/* test_quick.c [--all] CASES...: the quick grammars against those they stand for: every case line, and what becomes of
 * it when it is cut or a byte of it is another, must give the same event both ways: by itself and as a line of a batch,
 * on every path that this processor can run. */
#include <maillog/maillog.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cases.h"
#include "parse.h"

static case_file file;
/* Behind the line and its twin: a line of a batch is read where it stands if there is room behind it, else in a copy.
 */
enum { MORE = 512 };
static size_t share = 23; /* one in so many of the changed lines */
static size_t turn;

static bool is_turn(void) { return ++turn % share == 0; }

/* Fields of `quick` count from `base` bytes before its line. */
static bool is_same(const maillog_event *quick, const maillog_event *slow, uint32_t base)
{
    if (quick->type != slow->type || quick->daemon != slow->daemon || quick->match != slow->match) return false;
    if (quick->flags != slow->flags || quick->len != slow->len || quick->nfields != slow->nfields) return false;
    for (uint32_t i = 0; i < slow->nfields; i++) {
        maillog_field f = quick->field[i];
        f.off -= base;
        if (memcmp(&f, &slow->field[i], sizeof f) != 0) return false;
    }
    return memcmp(&quick->time, &slow->time, sizeof slow->time) == 0;
}

static void expect_same(const maillog_event *quick, const maillog_event *slow, uint32_t base)
{
    char one[8192], two[8192];
    if (is_same(quick, slow, base)) return;
    maillog_event_json(quick, NULL, one, sizeof one);
    maillog_event_json(slow, NULL, two, sizeof two);
    fail_msg("quick:\n%.4000s\ngrammar:\n%.4000s", one, two);
}

/* The line as the daemons' own grammars read it. */
static void parse_slow(const char *line, size_t len, size_t readable, maillog_event *slow)
{
    ml_line l;
    memset(slow, 0, offsetof(maillog_event, field));
    slow->line = line;
    slow->len = (uint32_t)len;
    ml_line_init(&l, slow, line, line + readable);
    maillog__parse_any(&l, NULL, ml_slice(line, line + len), slow->field);
}

/* All lines of the text, as a batch; what one line leaves behind must not change the next. */
static void check_rows(const ml_path *path, const char *text, size_t size)
{
    enum { ROWS = 2 };
    static maillog_batch_event event[ROWS];
    static maillog_field field[ROWS * MAILLOG_FIELDS_MAX];
    ml_host hosts[ML_HOSTS];
    ml_line l;
    ml_rows rows = {event, event + ROWS, field, 0, (ROWS - 1) * MAILLOG_FIELDS_MAX};
    ml_line_init(&l, NULL, text, text + size);
    maillog__line_keep(&l, hosts);
    path->rows(&l, NULL, text, true, &rows);
    for (const maillog_batch_event *row = event; row < rows.event; row++) {
        maillog_event quick, slow;
        parse_slow(text + row->off, row->len, size - row->off, &slow);
        memset(&quick, 0, offsetof(maillog_event, field));
        quick.line = text; /* only printed */
        quick.len = row->len;
        quick.type = row->type;
        quick.daemon = row->daemon;
        quick.match = row->match;
        quick.flags = row->flags;
        quick.nfields = row->nfields;
        quick.time = row->time;
        memcpy(quick.field, field + row->field, row->nfields * sizeof *field);
        expect_same(&quick, &slow, row->off);
    }
}

static void check_line(const ml_path *path, char *line, size_t len, size_t readable)
{
    maillog_event quick, slow;
    ml_line l;
    ml_line_init(&l, &quick, line, line + readable);
    path->line(&l, NULL, line, line + len, quick.field);
    parse_slow(line, len, readable, &slow);
    expect_same(&quick, &slow, 0);

    const char behind = readable > len ? line[len] : '\0';
    if (readable > len) line[len] = '\n';
    check_rows(path, line, readable);
    if (readable > len) line[len] = behind;
}

/* The line both ways; `readable` bytes may be looked at. */
static void parse_both(char *line, size_t len, size_t readable)
{
    check_line(&maillog__path_base, line, len, readable);
    if (maillog__path() != &maillog__path_base) check_line(maillog__path(), line, len, readable);
}

/* Bytes that mean something to some grammar. */
static const char bytes[] = " ,;:<>[]()=/\"'@\\{}-_.09AZaz\t\x80";

/* The bytes behind the line, which no grammar may see: the line again, then blanks. */
static char *with_more(const char *line, size_t len)
{
    char *text = (char *)malloc(2 * len + MORE);
    memset(text, ' ', 2 * len + MORE);
    memcpy(text, line, len);
    text[len] = '\n';
    memcpy(text + len + 1, line, len);
    return text;
}

static void each_cut(char *text, size_t len)
{
    for (size_t n = 1; n <= len; n++) {
        parse_both(text, n, n);
        if (is_turn()) parse_both(text, n, n + 40);
        parse_both(text, n, 2 * len + MORE);
    }
}

static void each_byte(char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        const char was = text[i];
        for (const char *b = bytes; *b; b++) {
            if (!is_turn()) continue;
            text[i] = *b;
            parse_both(text, len, 2 * len + MORE);
        }
        text[i] = was;
    }
}

/* Without a piece of it, which is a word or more. */
static void each_piece(const char *line, size_t len)
{
    for (size_t from = 16; from < len; from++) {
        for (size_t n = 1; n < 24 && from + n < len; n += 3) {
            if (!is_turn()) continue;
            char *text = with_more(line, len);
            memmove(text + from, line + from + n, len - from - n);
            parse_both(text, len - n, 2 * len + MORE);
            free(text);
        }
    }
}

static void test_same_events(void **state)
{
    (void)state;
    for (size_t i = 0; i < file.count; i++) {
        const test_case *c = &file.cases[i];
        if (c->len > 700) continue;
        char *text = with_more(c->line, c->len);
        each_cut(text, c->len);
        each_byte(text, c->len);
        free(text);
        each_piece(c->line, c->len);
    }
}

int main(int argc, char **argv)
{
    static const struct CMUnitTest tests[] = {cmocka_unit_test(test_same_events)};
    int rc = 0;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--all") == 0) {
            share = 1;
            continue;
        }
        if (!case_file_read(argv[i], &file)) return 2;
        rc |= cmocka_run_group_tests_name(argv[i], tests, NULL, NULL);
        case_file_free(&file);
    }
    return argc < 2 ? 2 : rc;
}
