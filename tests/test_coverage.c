/* test_coverage.c: every row of the schema has a case: each event is emitted by one, each daemon writes one, each field
 * is carried by one, each word of an enumerated field is read in one. */
#include <maillog/maillog.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cases.h"

enum { EVENTS = 65536, FIELDS = 4096, DAEMONS = 256, WORDS = 4096 };
static unsigned char event_seen[EVENTS], field_seen[FIELDS], daemon_seen[DAEMONS], word_seen[WORDS];

/* Rows that no line can show. */
static const int no_event[] = {0};
static const int no_daemon[] = {0};
static const int no_field[] = {0};
static const int no_word[] = {0};

static bool among(const int *list, size_t n, int id)
{
    for (size_t i = 0; i < n; i++)
        if (list[i] == id) return true;
    return false;
}
#define AMONG(list, id) among((list), sizeof(list) / sizeof *(list), (id))

static void see(const test_case *c)
{
    maillog_event ev;
    assert_int_equal(maillog_parse_line(NULL, c->line, c->len, &ev), MAILLOG_OK);
    event_seen[ev.type] = 1;
    daemon_seen[ev.daemon] = 1;
    for (uint32_t i = 0; i < ev.nfields; i++) {
        field_seen[ev.field[i].id] = 1;
        word_seen[ev.field[i].word] = 1;
    }
}

static void test_events(void **state)
{
    (void)state;
    int missing = 0;
    for (int id = maillog_event_next(0); id; id = maillog_event_next(id)) {
        if (event_seen[id] != AMONG(no_event, id)) continue;
        print_error("no case emits %s of %s\n", maillog_event_name(id), maillog_family_name(maillog_event_family(id)));
        missing++;
    }
    assert_int_equal(missing, 0);
}

static void test_daemons(void **state)
{
    (void)state;
    int missing = 0;
    for (int id = maillog_daemon_next(0); id; id = maillog_daemon_next(id)) {
        if (daemon_seen[id] != AMONG(no_daemon, id)) continue;
        print_error("no case of %s\n", maillog_daemon_name(id));
        missing++;
    }
    assert_int_equal(missing, 0);
}

static void test_fields(void **state)
{
    (void)state;
    int missing = 0;
    for (int id = maillog_field_next(0); id; id = maillog_field_next(id)) {
        if (field_seen[id] != AMONG(no_field, id)) continue;
        print_error("no case has %s\n", maillog_field_name(id));
        missing++;
    }
    assert_int_equal(missing, 0);
}

static void test_words(void **state)
{
    (void)state;
    int missing = 0;
    for (int id = 1; id < WORDS; id++) {
        if (strcmp(maillog_word_name(id), "unknown") == 0 || word_seen[id] != AMONG(no_word, id)) continue;
        print_error("no case has the word %s (%d)\n", maillog_word_name(id), id);
        missing++;
    }
    assert_int_equal(missing, 0);
}

int main(int argc, char **argv)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_events),
        cmocka_unit_test(test_daemons),
        cmocka_unit_test(test_fields),
        cmocka_unit_test(test_words),
    };
    for (int i = 1; i < argc; i++) {
        case_file file;
        if (!case_file_read(argv[i], &file)) {
            fprintf(stderr, "cannot read %s\n", argv[i]);
            return 2;
        }
        for (size_t k = 0; k < file.count; k++) see(&file.cases[k]);
        case_file_free(&file);
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
