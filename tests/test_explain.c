/* test_explain.c: whole messages, explained. A case of tests/explain/messages/NAME.txt is
 *
 *   # title
 *   m|a line of main.cf          these two stay for the cases that follow, until a case has its own
 *   s|a line of master.cf
 *   - config                     no configuration from here on
 *   < log line                   (escapes as in tests/cases)
 *   > verdict: why               what came out; then, for each of the other sentences,
 *   > - sentence [lines]         and for each check of Postfix
 *   > * check: setting file:line note
 *
 * Each message is explained with a buffer of the exact size, with none, and with one that is a byte too small. */
#include <maillog/maillog.h>

#include <stdarg.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cases.h"

static const char *path;

typedef struct text {
    char *p;
    size_t len;
} text;

static struct {
    text main_cf, master_cf, got;
    maillog_postfix_config *config;
    void *config_mem;
    char **line;
    size_t nlines;
} state;

static void append(text *t, const char *p, size_t n)
{
    t->p = (char *)realloc(t->p, t->len + n + 1);
    memcpy(t->p + t->len, p, n);
    t->len += n;
    t->p[t->len] = '\0';
}

static void print(const char *format, ...)
{
    char buf[8192];
    va_list args;
    va_start(args, format);
    const int n = vsnprintf(buf, sizeof buf, format, args);
    va_end(args);
    append(&state.got, buf, (size_t)n < sizeof buf ? (size_t)n : sizeof buf - 1);
}

static void drop(text *t)
{
    free(t->p);
    memset(t, 0, sizeof *t);
}

static void use_config(void)
{
    const maillog_postfix_files files = {
        sizeof files, NULL, NULL, state.main_cf.p, state.master_cf.p, state.main_cf.len, state.master_cf.len};
    free(state.config_mem);
    state.config_mem = NULL;
    state.config = NULL;
    if (!state.main_cf.len && !state.master_cf.len) return;
    const size_t n = maillog_postfix_config_size(&files);
    state.config_mem = malloc(n);
    assert_int_equal(maillog_postfix_config_init(&state.config, state.config_mem, n, &files), MAILLOG_OK);
}

/* ---- a message ---- */

static void print_sentence(const maillog_sentence *s)
{
    print("> - %.*s [", MAILLOG_STR_ARG(s->text));
    for (uint32_t i = 0; i < s->nlines; i++) print(i ? " %llu" : "%llu", (unsigned long long)s->line[i]);
    print("]\n");
}

static void print_check(const maillog_message_check *k)
{
    const maillog_check_config *c = &k->config;
    print("> * %.*s", MAILLOG_STR_ARG(k->check));
    if (c->setting.ptr) print(": %.*s", MAILLOG_STR_ARG(c->setting));
    if (c->file.ptr) print(" %.*s:%llu", MAILLOG_STR_ARG(c->file), (unsigned long long)c->line);
    if (c->note.ptr) print(": %.*s", MAILLOG_STR_ARG(c->note));
    print("\n");
}

/* The lines a sentence names are lines of the message. */
static void check_evidence(const maillog_message *m, const maillog_sentence *s)
{
    for (uint32_t i = 0; i < s->nlines; i++) {
        bool found = false;
        for (size_t k = 0; k < m->lines.len; k++) found |= m->lines.ptr[k] == s->line[i];
        assert_true(found);
    }
}

static int explain(void *user, maillog_message *m)
{
    maillog_explanation e, again;
    (void)user;
    e.size = again.size = sizeof e;
    const size_t n = maillog_explain(m, state.config, NULL, NULL, 0);
    assert_true(n > 0);
    assert_null(m->why.ptr);
    char *small = (char *)malloc(n - 1 ? n - 1 : 1), *exact = (char *)malloc(n);
    assert_int_equal(maillog_explain(m, state.config, &again, small, n - 1), n);
    assert_null(m->why.ptr);
    assert_int_equal(maillog_explain(m, state.config, &e, exact, n), n);
    free(small);
    print("> %s: %.*s\n", maillog_verdict_name((int)m->verdict), MAILLOG_STR_ARG(m->why));
    assert_true(e.n >= 1 && e.n == again.n);
    size_t in_why = 0;
    for (size_t i = 0; i < e.n; i++) {
        check_evidence(m, &e.sentence[i]);
        in_why += e.sentence[i].in_why;
        print_sentence(&e.sentence[i]);
    }
    assert_true(in_why >= 1 && in_why <= 4);
    for (size_t i = 0; i < m->nchecks; i++) print_check(&m->checks[i]);
    free(exact);
    return 0;
}

/* ---- a case ---- */

static void play(void)
{
    maillog_join_config cfg;
    maillog_join *join;
    memset(&cfg, 0, sizeof cfg);
    cfg.memory = 1 << 20;
    const size_t size = maillog_join_size(&cfg);
    void *mem = malloc(size);
    assert_int_equal(maillog_join_init(&join, mem, size, &cfg, explain, NULL), MAILLOG_OK);
    for (size_t i = 0; i < state.nlines; i++) {
        maillog_event ev;
        char *decoded = (char *)malloc(strlen(state.line[i]) + 1);
        maillog_parse_line(NULL, decoded, case_decode(state.line[i], strlen(state.line[i]), decoded), &ev);
        assert_int_equal(maillog_join_push(join, &ev), MAILLOG_OK);
        free(decoded);
    }
    assert_int_equal(maillog_join_flush(join), MAILLOG_OK);
    free(mem);
    state.nlines = 0;
}

static void take_setting(const char *line, bool *fresh)
{
    if (!*fresh) {
        drop(&state.main_cf);
        drop(&state.master_cf);
    }
    *fresh = true;
    text *t = *line == 'm' ? &state.main_cf : &state.master_cf;
    append(t, line + 2, strlen(line) - 2);
    append(t, "\n", 1);
    use_config();
}

static char **split(char *all)
{
    size_t n = 0;
    char **v = (char **)malloc((strlen(all) + 2) * sizeof *v);
    while (*all) {
        v[n++] = all;
        all += strcspn(all, "\n");
        if (*all) *all++ = '\0';
    }
    v[n] = NULL;
    return v;
}

/* What stands in the file from line i on. */
static void wanted(char **line, size_t i, text *t)
{
    for (; line[i] && line[i][0] == '>'; i++) {
        append(t, line[i], strlen(line[i]));
        append(t, "\n", 1);
    }
}

static int run(bool update)
{
    size_t size, cases = 0;
    int wrong = 0;
    bool fresh = false;
    char *const all = case_read_all(path, &size);
    assert_non_null(all);
    char **const line = split(all);
    FILE *out = update ? fopen(path, "wb") : NULL;
    state.line = (char **)calloc(size + 1, sizeof *state.line);
    for (size_t i = 0; line[i]; i++) {
        if (out && line[i][0] != '>') fprintf(out, "%s\n", line[i]);
        if (line[i][0] == '#') fresh = false;
        if (line[i][0] && line[i][1] == '|') take_setting(line[i], &fresh);
        if (strcmp(line[i], "- config") == 0) {
            drop(&state.main_cf);
            drop(&state.master_cf);
            use_config();
        }
        if (line[i][0] != '<') continue;
        state.line[state.nlines++] = line[i] + 2;
        if (line[i + 1] && line[i + 1][0] == '<') continue;
        text want = {NULL, 0};
        wanted(line, i + 1, &want);
        play();
        cases++;
        if (out) fputs(state.got.p, out);
        if (!out && (!want.p || !state.got.p || strcmp(want.p, state.got.p) != 0)) {
            fprintf(stderr, "%s:%zu\n want:\n%s got:\n%s", path, i + 2, want.p ? want.p : "", state.got.p);
            wrong++;
        }
        drop(&want);
        drop(&state.got);
    }
    if (out) fclose(out);
    drop(&state.main_cf);
    drop(&state.master_cf);
    use_config();
    free(state.line);
    free(line);
    free(all);
    assert_true(cases > 0);
    return wrong;
}

static void test_messages(void **unused)
{
    (void)unused;
    assert_int_equal(run(false), 0);
}

static void test_arguments(void **unused)
{
    maillog_message m;
    (void)unused;
    assert_int_equal(maillog_explain(NULL, NULL, NULL, NULL, 0), 0);
    memset(&m, 0, sizeof m);
    m.record = MAILLOG_RECORD_SERVICE;
    assert_int_equal(maillog_explain(&m, NULL, NULL, NULL, 0), 0);
    m.record = MAILLOG_RECORD_MESSAGE;
    assert_true(maillog_explain(&m, NULL, NULL, NULL, 0) > 0);
}

int main(int argc, char **argv)
{
    static const struct CMUnitTest tests[] = {cmocka_unit_test(test_messages), cmocka_unit_test(test_arguments)};
    if (argc != 2) return 2;
    path = argv[1];
    if (getenv("MAILLOG_UPDATE")) return run(true);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
