/* test_reject.c: the text of a rejection → the restriction. A case of tests/explain/reject.txt is
 *
 *   < ACTION CODE DSN text          "-": absent; ACTION may be daemon:action (postfix/postscreen:reject)
 *   @ helo=… | from=… | to=…        the same fields of the line, where a case needs them
 *   > restrictions; object; kind; temporary or permanent; what else is known
 *
 * Each row of the table must be met by a case. Texts are given as exact-size allocations. */
#include <maillog/maillog.h>

#include <stdarg.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cases.h"
#include "explain/restrictions.h"

static const char *path;
static bool met[512];

static maillog_str absent(maillog_str s)
{
    const maillog_str none = {NULL, 0};
    return s.len == 1 && *s.ptr == '-' ? none : s;
}

static maillog_str take_word(char **p)
{
    maillog_str s = {*p, strcspn(*p, " ")};
    *p += s.len;
    if (**p == ' ') (*p)++;
    return absent(s);
}

static maillog_str value_of(const char *context, const char *key)
{
    maillog_str s = {context ? strstr(context, key) : NULL, 0};
    if (!s.ptr) return s;
    s.ptr += strlen(key);
    s.len = strcspn(s.ptr, "|");
    while (s.len && s.ptr[s.len - 1] == ' ') s.len--;
    return s;
}

static int daemon_of(maillog_str *action)
{
    const char *colon = (const char *)memchr(action->ptr ? action->ptr : "", ':', action->len);
    if (!colon) return 0;
    for (int d = 1; d < 100; d++) {
        const char *name = maillog_daemon_name(d);
        if (strlen(name) == (size_t)(colon - action->ptr) && memcmp(name, action->ptr, strlen(name)) == 0) {
            *action = ml_after(*action, (size_t)(colon + 1 - action->ptr));
            *action = absent(*action);
            return d;
        }
    }
    fail_msg("%.*s: no such daemon", (int)action->len, action->ptr);
    return 0;
}

/* The row whose literals the text has: enough to see that none is forgotten. */
static void mark_rows(const maillog_reject_info *r, const char *text)
{
    for (size_t i = 0; i < maillog__reject_rules_count; i++) {
        const ml_reject_rule *row = &maillog__reject_rules[i];
        char literal[128];
        snprintf(literal, sizeof literal, "%.*s", (int)strcspn(row->text, "%"), row->text);
        const bool object = !row->objects || row->objects & 1u << r->object;
        const bool names = row->restrictions == r->restrictions || row->form == ML_FORM_LISTED ||
                           row->kind == MAILLOG_REJECT_ACCESS || r->custom;
        if (object && names && ((row->code_setting == r->code_setting && row->code == r->code_default) || r->custom) &&
            strstr(text, literal))
            met[i] = true;
    }
}

static void add(char *out, const char *key, maillog_str v)
{
    if (v.ptr) sprintf(out + strlen(out), " %s=%.*s;", key, (int)v.len, v.ptr);
}

static void describe(char *out, const maillog_reject_info *r)
{
    sprintf(out, "%s; %s; %s; %s;", r->restrictions ? r->restrictions : "-", maillog_reject_object_name((int)r->object),
            maillog_reject_kind_name((int)r->kind), r->temporary ? "temporary" : "permanent");
    add(out, "subject", r->subject);
    add(out, "what", r->what);
    add(out, "zone", r->zone);
    add(out, "detail", r->detail);
    add(out, "old", ml_words(r->old_names));
    add(out, "code", ml_words(r->code_setting));
    add(out, "default", ml_words(r->code_default));
    add(out, "text", ml_words(r->text_setting));
    if (r->custom) strcat(out, " custom;");
    if (r->ambiguous) strcat(out, " ambiguous;");
}

static void explain(char *line, const char *context, char *out)
{
    maillog_reject_text in;
    maillog_reject_info r;
    char *p = line + 2;
    memset(&in, 0, sizeof in);
    in.action = take_word(&p);
    in.daemon = daemon_of(&in.action);
    in.code = take_word(&p);
    in.dsn = take_word(&p);
    in.helo = value_of(context, "helo=");
    in.from = value_of(context, "from=");
    in.to = value_of(context, "to=");
    in.text.len = strlen(p);
    char *exact = (char *)malloc(in.text.len ? in.text.len : 1);
    memcpy(exact, p, in.text.len);
    in.text.ptr = exact;
    const int known = maillog_explain_reject(&in, &r);
    assert_int_equal(known, r.restrictions != NULL);
    describe(out, &r);
    mark_rows(&r, p);
    free(exact);
}

/* Cut at line ends; the last pointer is NULL. */
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

static bool is_wanted(const char *line, const char *got)
{
    return line && strncmp(line, "> ", 2) == 0 && strcmp(line + 2, got) == 0;
}

/* With `update`, write the file anew with what came out. @return cases that are wrong */
static int run(bool update)
{
    static char got[8192];
    size_t size;
    int wrong = 0, cases = 0;
    char *const all = case_read_all(path, &size);
    assert_non_null(all);
    char **const line = split(all);
    FILE *f = update ? fopen(path, "wb") : NULL;
    for (size_t i = 0; line[i]; i++) {
        if (f && line[i][0] != '>') fprintf(f, "%s\n", line[i]);
        if (line[i][0] != '<') continue;
        const bool context = line[i + 1] && line[i + 1][0] == '@';
        explain(line[i], context ? line[i + 1] : NULL, got);
        cases++;
        if (f && context) fprintf(f, "%s\n", line[i + 1]);
        if (f) fprintf(f, "> %s\n", got);
        if (!f && !is_wanted(line[i + 1 + context], got)) {
            fprintf(stderr, "%s:%zu: %s\n  got: %s\n", path, i + 1, line[i], got);
            wrong++;
        }
        i += context;
    }
    if (f) fclose(f);
    free(line);
    free(all);
    assert_true(cases > 0);
    return wrong;
}

static void test_texts(void **unused)
{
    (void)unused;
    assert_int_equal(run(false), 0);
    for (size_t i = 0; i < maillog__reject_rules_count; i++)
        if (!met[i]) fail_msg("no case for row %zu: %s", i, maillog__reject_rules[i].text);
}

static void test_nothing(void **unused)
{
    maillog_reject_info r;
    maillog_reject_text in;
    (void)unused;
    memset(&in, 0, sizeof in);
    assert_int_equal(maillog_explain_reject(NULL, &r), 0);
    assert_int_equal(maillog_explain_reject(&in, NULL), 0);
    assert_int_equal(maillog_explain_reject(&in, &r), 0);
    assert_null(r.restrictions);
    assert_string_equal(maillog_reject_kind_name(-1), "unknown");
    assert_string_equal(maillog_reject_kind_name(MAILLOG_REJECT_REQUESTED), "requested");
    assert_string_equal(maillog_reject_object_name(MAILLOG_OBJECT_LOGIN), "SASL login name");
    assert_string_equal(maillog_reject_object_name(99), "unknown");
}

/* A megabyte of what looks like the end of a name, again and again: still linear. */
static void test_long(void **unused)
{
    static const char piece[] = ">: Sender address rejected: <a";
    const size_t n = 1 << 20;
    char *text = (char *)malloc(n);
    maillog_reject_text in;
    maillog_reject_info r;
    (void)unused;
    for (size_t i = 0; i < n; i++) text[i] = piece[i % (sizeof piece - 1)];
    text[0] = '<';
    memset(&in, 0, sizeof in);
    in.text.ptr = text;
    in.text.len = n;
    in.from = in.text;
    assert_int_equal(maillog_explain_reject(&in, &r), 1);
    assert_int_equal(r.ambiguous, 1);
    free(text);
}

int main(int argc, char **argv)
{
    static const struct CMUnitTest tests[] = {cmocka_unit_test(test_texts), cmocka_unit_test(test_nothing),
                                              cmocka_unit_test(test_long)};
    if (argc != 2) return 2;
    path = argv[1];
    if (getenv("MAILLOG_UPDATE")) return run(true);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
