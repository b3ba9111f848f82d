/* test_postfix_config.c: main.cf and master.cf. A case of tests/explain/postfix_config.txt is
 *
 *   # title
 *   m|a line of main.cf
 *   s|a line of master.cf
 *   ? value NAME [@SERVICE]           > FILE:LINE value
 *   ? find NAMES OBJECT [warn] [zone=ZONE] [@SERVICE]      NAMES with commas, OBJECT: number or 0
 *   ? service NAME [COMMAND]
 *
 * Texts are exact-size allocations, and so is the index. */
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

typedef struct fixture {
    char *main_cf, *master_cf;
    size_t main_len, master_len;
    void *mem;
    maillog_postfix_config *config;
} fixture;

static void append(char **text, size_t *len, const char *line)
{
    const size_t n = strlen(line);
    *text = (char *)realloc(*text, *len + n + 1);
    memcpy(*text + *len, line, n);
    (*text)[*len + n] = '\n';
    *len += n + 1;
}

static void forget(fixture *f)
{
    free(f->main_cf);
    free(f->master_cf);
    free(f->mem);
    memset(f, 0, sizeof *f);
}

static void make(fixture *f)
{
    maillog_postfix_files files = {sizeof files, NULL, NULL, f->main_cf, f->master_cf, f->main_len, f->master_len};
    const size_t n = maillog_postfix_config_size(&files);
    assert_true(n > 0);
    f->mem = malloc(n);
    assert_int_equal(maillog_postfix_config_init(&f->config, f->mem, n - 1, &files), MAILLOG_ERR_NO_SPACE);
    assert_int_equal(maillog_postfix_config_init(&f->config, f->mem, n, &files), MAILLOG_OK);
}

/* Words of a question; `@service` is taken out. */
typedef struct question {
    char *word[8];
    size_t n, service;
} question;

static void read_question(fixture *f, char *line, question *q)
{
    memset(q, 0, sizeof *q);
    q->service = MAILLOG_NO_SERVICE;
    for (char *w = strtok(line + 2, " "); w && q->n < 8; w = strtok(NULL, " ")) {
        if (*w == '@')
            q->service = maillog_postfix_service_find(f->config, w + 1, NULL);
        else
            q->word[q->n++] = w;
    }
}

static void answer_value(fixture *f, const question *q, char *out)
{
    maillog_postfix_setting s;
    if (!maillog_postfix_lookup(f->config, q->service, q->word[1], &s)) {
        strcpy(out, "not known");
        return;
    }
    const size_t n = maillog_postfix_value(f->config, q->service, q->word[1], NULL, 0);
    char *value = (char *)malloc(n + 1);
    assert_int_equal(maillog_postfix_value(f->config, q->service, q->word[1], value, n), n);
    if (s.is_default)
        sprintf(out, "default \"%.*s\"", (int)(n < 2000 ? n : 2000), value);
    else
        sprintf(out, "%.*s:%llu \"%.*s\"", MAILLOG_STR_ARG(s.file), (unsigned long long)s.line,
                (int)(n < 2000 ? n : 2000), value);
    free(value);
}

static void answer_find(fixture *f, question *q, char *out)
{
    maillog_postfix_wanted w;
    maillog_postfix_place p;
    memset(&w, 0, sizeof w);
    for (char *c = q->word[1]; *c; c++)
        if (*c == ',') *c = ' ';
    w.names = q->word[1];
    w.object = (maillog_reject_object)atoi(q->word[2]);
    for (size_t i = 3; i < q->n; i++) {
        if (strcmp(q->word[i], "warn") == 0) w.warn_if_reject = 1;
        if (strncmp(q->word[i], "zone=", 5) == 0) {
            w.zone.ptr = q->word[i] + 5;
            w.zone.len = strlen(w.zone.ptr);
        }
    }
    if (!maillog_postfix_find(f->config, q->service, &w, &p)) {
        strcpy(out, "nowhere");
        return;
    }
    sprintf(out, "%.*s:%llu %.*s: %s%.*s %.*s, %u", MAILLOG_STR_ARG(p.file), (unsigned long long)p.line,
            MAILLOG_STR_ARG(p.list), p.warn_if_reject ? "warn_if_reject " : "", MAILLOG_STR_ARG(p.word),
            MAILLOG_STR_ARG(p.argument), p.count);
    if (p.is_default) strcat(out, ", default");
    if (p.service != MAILLOG_NO_SERVICE) sprintf(out + strlen(out), ", -o of service %zu", p.service);
}

static void answer_service(fixture *f, const question *q, char *out)
{
    maillog_postfix_service s;
    const size_t i = maillog_postfix_service_find(f->config, q->word[1], q->word[2]);
    if (!maillog_postfix_service_get(f->config, i, &s))
        strcpy(out, "none");
    else
        sprintf(out, "%.*s:%llu %.*s %.*s %.*s", MAILLOG_STR_ARG(s.file), (unsigned long long)s.line,
                MAILLOG_STR_ARG(s.name), MAILLOG_STR_ARG(s.type), MAILLOG_STR_ARG(s.command));
}

static void answer(fixture *f, const char *line, char *out)
{
    question q;
    char *copy = strdup(line);
    if (!f->config) make(f);
    read_question(f, copy, &q);
    assert_true(q.n >= 2);
    if (strcmp(q.word[0], "value") == 0)
        answer_value(f, &q, out);
    else if (strcmp(q.word[0], "find") == 0)
        answer_find(f, &q, out);
    else
        answer_service(f, &q, out);
    free(copy);
}

static char **split(char *text)
{
    size_t n = 0;
    char **v = (char **)malloc((strlen(text) + 2) * sizeof *v);
    while (*text) {
        v[n++] = text;
        text += strcspn(text, "\n");
        if (*text) *text++ = '\0';
    }
    v[n] = NULL;
    return v;
}

/* A line of a file: escapes as in tests/cases. */
static void take_line(fixture *f, const char *line)
{
    char *decoded = (char *)malloc(strlen(line) + 1);
    decoded[case_decode(line + 2, strlen(line) - 2, decoded)] = '\0';
    if (*line == 'm')
        append(&f->main_cf, &f->main_len, decoded);
    else
        append(&f->master_cf, &f->master_len, decoded);
    free(decoded);
}

static int run(bool update)
{
    static char got[8192];
    size_t size;
    int wrong = 0, cases = 0;
    fixture f;
    char *const all = case_read_all(path, &size);
    assert_non_null(all);
    char **const line = split(all);
    FILE *out = update ? fopen(path, "wb") : NULL;
    memset(&f, 0, sizeof f);
    for (size_t i = 0; line[i]; i++) {
        if (out && line[i][0] != '>') fprintf(out, "%s\n", line[i]);
        if (line[i][0] == '#') forget(&f);
        if (line[i][0] && line[i][1] == '|') take_line(&f, line[i]);
        if (line[i][0] != '?') continue;
        answer(&f, line[i], got);
        cases++;
        if (out) fprintf(out, "> %s\n", got);
        const bool right = line[i + 1] && strncmp(line[i + 1], "> ", 2) == 0 && strcmp(line[i + 1] + 2, got) == 0;
        if (!out && !right) {
            fprintf(stderr, "%s:%zu: %s\n  got: %s\n", path, i + 1, line[i], got);
            wrong++;
        }
    }
    forget(&f);
    if (out) fclose(out);
    free(line);
    free(all);
    assert_true(cases > 0);
    return wrong;
}

static void test_cases(void **unused)
{
    (void)unused;
    assert_int_equal(run(false), 0);
}

/* Settings that refer to themselves, in circles, and twice each on many levels: short answers, in no time. */
static void test_hostile(void **unused)
{
    fixture f;
    char line[256];
    maillog_postfix_wanted w;
    maillog_postfix_place p;
    (void)unused;
    memset(&f, 0, sizeof f);
    for (int i = 0; i < 200; i++) {
        snprintf(line, sizeof line, "v%d = $v%d ${v%d} ${v%d?$v%d} ${v%d:$v%d}", i, i + 1, i + 1, i + 1, i + 1, i + 1,
                 i + 1);
        append(&f.main_cf, &f.main_len, line);
    }
    append(&f.main_cf, &f.main_len, "v200 = x$v0");
    append(&f.main_cf, &f.main_len, "smtpd_client_restrictions = $v0 $v0, reject");
    make(&f);
    assert_true(maillog_postfix_value(f.config, MAILLOG_NO_SERVICE, "v0", NULL, 0) <= 1 << 16);
    memset(&w, 0, sizeof w);
    w.names = "reject_unknown_client_hostname";
    assert_int_equal(maillog_postfix_find(f.config, MAILLOG_NO_SERVICE, &w, &p), 0);
    forget(&f);
    /* a megabyte of one name: chains are not walked for each */
    f.main_cf = (char *)malloc(200001 * 4);
    f.main_len = 200001 * 4;
    for (size_t i = 0; i < f.main_len; i += 4) memcpy(f.main_cf + i, i + 4 < f.main_len ? "a=1\n" : "a=2\n", 4);
    make(&f);
    maillog_postfix_setting s;
    assert_int_equal(maillog_postfix_lookup(f.config, MAILLOG_NO_SERVICE, "a", &s), 1);
    assert_int_equal(s.line, 200001);
    forget(&f);
}

static void test_arguments(void **unused)
{
    maillog_postfix_files files;
    maillog_postfix_config *c;
    maillog_postfix_service s;
    uint64_t mem[128];
    (void)unused;
    memset(&files, 0, sizeof files);
    assert_int_equal(maillog_postfix_config_size(NULL), 0);
    assert_int_equal(maillog_postfix_config_size(&files), 0);
    files.size = sizeof files;
    assert_true(maillog_postfix_config_size(&files) <= sizeof mem);
    assert_int_equal(maillog_postfix_config_init(NULL, mem, sizeof mem, &files), MAILLOG_ERR_ARGUMENT);
    assert_int_equal(maillog_postfix_config_init(&c, mem, sizeof mem, &files), MAILLOG_OK);
    assert_int_equal(maillog_postfix_service_get(c, 0, &s), 0);
    assert_true(maillog_postfix_service_find(c, "smtp", NULL) == MAILLOG_NO_SERVICE);
    assert_int_equal(maillog_postfix_value(c, MAILLOG_NO_SERVICE, "soft_bounce", NULL, 0), 2);
    assert_int_equal(maillog_postfix_value(NULL, 0, "soft_bounce", NULL, 0), 0);
}

int main(int argc, char **argv)
{
    static const struct CMUnitTest tests[] = {cmocka_unit_test(test_cases), cmocka_unit_test(test_hostile),
                                              cmocka_unit_test(test_arguments)};
    if (argc != 2) return 2;
    path = argv[1];
    if (getenv("MAILLOG_UPDATE")) return run(true);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
