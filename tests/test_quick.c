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

#include "both_ways.h"
#include "cases.h"

static case_file file;
static size_t share = 23; /* one in so many of the changed lines */
static size_t turn;

static bool is_turn(void) { return ++turn % share == 0; }

static void both_ways_differ(const maillog_event *quick, const maillog_event *slow)
{
    char one[8192], two[8192];
    maillog_event_json(quick, NULL, one, sizeof one);
    maillog_event_json(slow, NULL, two, sizeof two);
    fail_msg("quick:\n%.4000s\ngrammar:\n%.4000s", one, two);
}

/* Bytes that mean something to some grammar. */
static const char bytes[] = " ,;:<>[]()=/\"'@\\{}-_.09AZaz\t\x80";

static char *with_more(const char *line, size_t len)
{
    char *text = (char *)malloc(size_with_more(len));
    put_with_more(text, line, len);
    return text;
}

static void each_cut(char *text, size_t len)
{
    for (size_t n = 1; n <= len; n++) {
        both_ways(text, n, n);
        if (is_turn()) both_ways(text, n, n + 40);
        both_ways(text, n, 2 * len + BOTH_WAYS_ROOM);
    }
}

static void each_byte(char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        const char was = text[i];
        for (const char *b = bytes; *b; b++) {
            if (!is_turn()) continue;
            text[i] = *b;
            both_ways(text, len, 2 * len + BOTH_WAYS_ROOM);
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
            both_ways(text, len - n, 2 * len + BOTH_WAYS_ROOM);
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
