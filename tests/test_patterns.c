/* test_patterns.c: every table of statements is sorted the way maillog__match_patterns() searches it, and its rows are
 * spelled as pattern.h says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <maillog/describe.h>

#include "daemons/postfix_library.h"
#include "patterns.h"

static const ml_patterns *const tables[] = {
#define TABLE(name) &maillog__##name,
    MAILLOG__POSTFIX_LIBRARY(TABLE) MAILLOG__POSTFIX_CLIENTS(TABLE) MAILLOG__POSTFIX_PROGRAMS(TABLE)
#undef TABLE
        PATTERN_TABLES};

#define TABLES (sizeof tables / sizeof *tables)

static const char *key(const ml_patterns *t, size_t i) { return t->row[i].text + t->lead_len; }

/* The literal that a key begins with; what is too short to be found by counts as none. */
static size_t literal(const char *key)
{
    const size_t n = strcspn(key, "%");
    return n < ML_PATTERN_SHORTEST ? 0 : n;
}

/* <0, 0, >0 by the literals that two keys begin with */
static int compare(const char *a, const char *b)
{
    const size_t na = literal(a), nb = literal(b);
    const int d = memcmp(a, b, na < nb ? na : nb);
    if (d != 0) return d;
    return na < nb ? -1 : na > nb;
}

static void test_order(void **state)
{
    (void)state;
    for (size_t t = 0; t < TABLES; t++)
        for (size_t i = 1; i < tables[t]->count; i++)
            if (compare(key(tables[t], i - 1), key(tables[t], i)) > 0)
                fail_msg("%s: `%s` must stand behind `%s`", tables[t]->name, tables[t]->row[i - 1].text,
                         tables[t]->row[i].text);
}

/* The keys of a row are those of its literal. */
static void test_keys(void **state)
{
    (void)state;
    for (size_t t = 0; t < TABLES; t++)
        for (size_t i = 0; i < tables[t]->count; i++) {
            const char *const text = key(tables[t], i);
            const size_t n = literal(text);
            uint64_t want = 0;
            uint64_t next = 0;
            for (size_t k = 0; k < 8; k++) want = want << 8 | (k < n ? (unsigned char)text[k] : 0);
            for (size_t k = 8; k < 16; k++) next = next << 8 | (k < n ? (unsigned char)text[k] : 0);
            if (tables[t]->row[i].key != want || tables[t]->row[i].next != next)
                fail_msg("%s: the keys of `%s` are another's", tables[t]->name, tables[t]->row[i].text);
        }
}

/* The row's text begins with values where the lead has them, and with its literals. */
static void check_lead(const char *table, const char *lead, const char *text)
{
    const char *const whole = lead;
    for (; *lead; text += strcspn(text + 2, "%") + 2) {
        const size_t n = strcspn(lead + 2, "%");
        assert_true(lead[0] == '%' && strchr("wsStrcpqad", lead[1]) && n > 0);
        if (text[0] != '%' || strncmp(text + 2, lead + 2, n) != 0)
            fail_msg("%s: `%s` does not begin with the lead `%s`", table, text, whole);
        /* a lead of one word rejects a text for all its rows; one that ends at a blank is a word anyway */
        if (lead[1] == 'w' && lead[2] != ' ' && text[1] != 'w')
            fail_msg("%s: `%s` may begin with what is no word, the lead `%s` does not", table, text, whole);
        lead += 2 + n;
    }
}

static void test_lead(void **state)
{
    (void)state;
    for (size_t t = 0; t < TABLES; t++) {
        const char *lead = tables[t]->lead;
        for (size_t i = 0; i < tables[t]->count; i++) check_lead(tables[t]->name, lead, tables[t]->row[i].text);
    }
}

/* The ids that the conversions of a row take; -1: a conversion that pattern.h does not know. */
static int wanted_fields(const char *text)
{
    int n = 0;
    for (const char *p = text; (p = strchr(p, '%')) != NULL; p += 2) {
        if (strchr("sSwdfqa", p[1]))
            n++;
        else if (p[1] == 't')
            n += 2;
        else if (!strchr("cpr()%", p[1]))
            return -1;
        if (p[1] == '\0') return -1;
    }
    return n;
}

static void test_fields(void **state)
{
    (void)state;
    for (size_t t = 0; t < TABLES; t++)
        for (size_t i = 0; i < tables[t]->count; i++) {
            const ml_pattern *row = &tables[t]->row[i];
            int have = 0;
            while (have < ML_PATTERN_FIELDS && row->field[have]) have++;
            if (wanted_fields(row->text) != have)
                fail_msg("%s: `%s` has %d fields, its conversions take %d", tables[t]->name, row->text, have,
                         wanted_fields(row->text));
            for (int f = 0; f < have; f++)
                if (!maillog_event_may_have(row->event, row->field[f]))
                    fail_msg("%s: `%s`: the schema does not give `%s` to `%s`", tables[t]->name, row->text,
                             maillog_field_name(row->field[f]), maillog_event_name(row->event));
        }
}

/* A row that an earlier one with the same text hides can never match. */
static void test_no_twins(void **state)
{
    (void)state;
    for (size_t t = 0; t < TABLES; t++)
        for (size_t i = 1; i < tables[t]->count; i++)
            for (size_t k = i; k > 0 && compare(key(tables[t], k - 1), key(tables[t], i)) == 0; k--)
                if (strcmp(tables[t]->row[k - 1].text, tables[t]->row[i].text) == 0)
                    fail_msg("%s: `%s` stands twice", tables[t]->name, tables[t]->row[i].text);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order),  cmocka_unit_test(test_keys),     cmocka_unit_test(test_lead),
        cmocka_unit_test(test_fields), cmocka_unit_test(test_no_twins),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
