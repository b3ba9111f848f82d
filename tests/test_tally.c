/* test_tally.c: the command's tables of what was how often: rows are found again, also when half of them had to go; the
 * first ones of a table are those of the whole table in order. */
#include "../examples/maillog/command.h"
#include "../examples/maillog/tally.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

void *must_realloc(void *p, size_t n)
{
    void *new_one = realloc(p, n);
    if (!new_one) abort();
    return new_one;
}

/* The row of a number's name. */
static tally_row *row_of(tally *t, unsigned number)
{
    char name[32];
    uint64_t hash;
    const int n = snprintf(name, sizeof name, "user%u@example.org", number);
    const maillog_str key[TALLY_KEYS] = {{name, (size_t)n}};
    tally_row *row = tally_at(t, key, &hash);
    assert_string_equal(row->key[0], name);
    assert_ptr_equal(tally_find(t, hash), row);
    return row;
}

static void fill(tally *t, unsigned names, unsigned most)
{
    memset(t, 0, sizeof *t);
    t->keys = 1;
    for (unsigned i = 0; i < names; i++) {
        tally_row *row = row_of(t, i);
        row->count = (unsigned)rand() % most;
        row->bytes = (unsigned)rand() % most * 100;
        row->deferrals = (unsigned)rand() % 3 == 0;
    }
}

/* Rows that were counted, one after the other. */
static const tally_row *next_counted(const tally *t, size_t *at)
{
    while (*at < t->n && t->rows[*at].count + t->rows[*at].deferrals == 0) ++*at;
    assert_true(*at < t->n);
    return &t->rows[(*at)++];
}

static void test_first_rows(void **state)
{
    (void)state;
    srand(1);
    for (unsigned round = 0; round < 60; round++) {
        const tally_order order = round % 2 ? TALLY_BY_COUNT : TALLY_BY_BYTES;
        const size_t most = 1 + round % 25;
        tally first, all;
        size_t i = 0, k = 0;
        srand(round);
        fill(&first, 500 + round, 2 + round);
        srand(round);
        fill(&all, 500 + round, 2 + round);
        tally_sort_first(&first, order, most);
        tally_sort(&all, order);
        assert_int_equal(first.n, all.n);
        for (size_t n = 0; n < most; n++)
            assert_string_equal(next_counted(&first, &i)->key[0], next_counted(&all, &k)->key[0]);
        tally_free(&first);
        tally_free(&all);
    }
}

/* What is frequent stays; how much went is known; counts are of the right names. */
static void test_little_memory(void **state)
{
    (void)state;
    enum { NAMES = 5000, OFTEN = 20 };
    tally t;
    memset(&t, 0, sizeof t);
    t.keys = 1;
    tally_limit(100000);
    for (unsigned i = 0; i < NAMES; i++) {
        row_of(&t, i)->count++;
        for (unsigned k = 0; k < OFTEN; k++) row_of(&t, k)->count++;
    }
    assert_true(t.dropped > NAMES / 2);
    assert_int_equal(t.n + t.dropped, NAMES);
    for (unsigned k = 0; k < OFTEN; k++) assert_int_equal(row_of(&t, k)->count, NAMES + 1);
    tally_free(&t);
    tally_limit(0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_first_rows), cmocka_unit_test(test_little_memory)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
