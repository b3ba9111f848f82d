/* test_describe.c: the schema at run time says the same from every side; the tags of the daemons lead to them. */
#include <maillog/describe.h>
#include <maillog/maillog.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "daemons/daemons.h"

static void has_text(const char *text, const char *what, int id)
{
    if (!text || !*text) fail_msg("%s %d has no text", what, id);
}

enum { NO_ID = 65000 };

static void test_daemons(void **state)
{
    (void)state;
    int n = 0;
    for (int id = maillog_daemon_next(0); id; id = maillog_daemon_next(id), n++) {
        const char *name = maillog_daemon_name(id);
        has_text(name, "daemon", id);
        has_text(maillog_daemon_doc(id), "doc of daemon", id);
        assert_int_equal(maillog_daemon_by_name(name, strlen(name)), id);
        assert_int_not_equal(maillog_daemon_by_name(name, strlen(name) - 1), id);
    }
    assert_true(n > 50);
    assert_int_equal(maillog_daemon_by_name("postfix/none", 12), 0);
    assert_string_equal(maillog_daemon_doc(NO_ID), "");
}

static void test_events(void **state)
{
    (void)state;
    for (int id = maillog_event_next(0); id; id = maillog_event_next(id)) {
        has_text(maillog_event_name(id), "event", id);
        has_text(maillog_event_doc(id), "doc of event", id);
        const int family = maillog_event_family(id);
        has_text(maillog_family_name(family), "family", family);
        has_text(maillog_family_doc(family), "doc of family", family);
        for (int f = maillog_field_next(0); f; f = maillog_field_next(f)) {
            const int form = maillog_event_form(id, f);
            has_text(maillog_form_name(form), "form", form);
            if (!form) continue;
            has_text(maillog_form_doc(form), "doc of form", form);
            assert_true(maillog_event_may_have(id, f));
        }
    }
    assert_string_equal(maillog_event_doc(NO_ID), "");
    assert_string_equal(maillog_family_doc(NO_ID), "");
    assert_string_equal(maillog_form_doc(NO_ID), "");
    assert_string_equal(maillog_form_name(NO_ID), "unknown");
    assert_false(maillog_event_may_have(NO_ID, MAILLOG_FIELD_FROM));
}

static void test_fields(void **state)
{
    (void)state;
    for (int id = maillog_field_next(0); id; id = maillog_field_next(id)) {
        const char *name = maillog_field_name(id);
        has_text(name, "field", id);
        has_text(maillog_field_doc(id), "doc of field", id);
        has_text(maillog_kind_name(maillog_field_kind(id)), "kind of field", id);
        assert_int_equal(maillog_field_by_name(name, strlen(name)), id);
    }
    assert_int_equal(maillog_field_by_name("no_such_field", 13), 0);
    assert_string_equal(maillog_field_doc(NO_ID), "");
}

static void test_constants(void **state)
{
    (void)state;
    assert_int_equal(maillog_version(),
                     MAILLOG_VERSION_MAJOR * 10000 + MAILLOG_VERSION_MINOR * 100 + MAILLOG_VERSION_PATCH);
    assert_int_equal(maillog_sizeof(MAILLOG_SIZEOF_STR), sizeof(maillog_str));
    assert_int_equal(maillog_sizeof(MAILLOG_SIZEOF_TIME), sizeof(maillog_time));
    assert_int_equal(maillog_sizeof(MAILLOG_SIZEOF_FIELD), sizeof(maillog_field));
    assert_int_equal(maillog_sizeof(MAILLOG_SIZEOF_EVENT), sizeof(maillog_event));
    assert_int_equal(maillog_sizeof(MAILLOG_SIZEOF_OPTIONS), sizeof(maillog_options));
    assert_int_equal(maillog_sizeof(MAILLOG_SIZEOF_CALLBACKS), sizeof(maillog_callbacks));
    assert_int_equal(maillog_sizeof(MAILLOG_SIZEOF_STREAM), sizeof(maillog_stream));
    assert_int_equal(maillog_sizeof(MAILLOG_SIZEOF_BATCH), sizeof(maillog_batch));
    assert_int_equal(maillog_sizeof(MAILLOG_SIZEOF_BATCH_EVENT), sizeof(maillog_batch_event));
    assert_int_equal(maillog_sizeof(MAILLOG_SIZEOF_JSON_OPTIONS), sizeof(maillog_json_options));
    assert_int_equal(maillog_sizeof(MAILLOG_SIZEOF_MEMO), sizeof(maillog_memo));
    assert_int_equal(maillog_sizeof(-1), 0);
    assert_string_equal(maillog_strerror(12345), "unknown error");
    for (int error = 0; error > -8; error--) has_text(maillog_strerror(error), "error", error);
}

/* ---- tags ---- */

static const struct tag {
    const char *name;
    int daemon;
} tags[] = {
#define TAG(tag, NAME, grammar) {tag, MAILLOG_DAEMON_##NAME},
#include "daemons/tags.def"
#undef TAG
};
enum { TAGS = sizeof tags / sizeof *tags };

static int daemon_of(const char *tag)
{
    ml_line l;
    memset(&l, 0, sizeof l);
    const char *const slash = strrchr(tag, '/'), *const end = tag + strlen(tag);
    l.prefix = slash ? ml_slice(tag, slash) : ml_none();
    l.program = ml_slice(slash ? slash + 1 : tag, end);
    l.readable = end;
    return maillog__dispatch(&l).daemon;
}

static int tag_of(const char *name)
{
    for (size_t i = 0; i < TAGS; i++)
        if (strcmp(tags[i].name, name) == 0) return tags[i].daemon;
    return 0;
}

static void test_tags(void **state)
{
    (void)state;
    for (size_t i = 0; i < TAGS; i++) {
        char other[64];
        const size_t n = (size_t)snprintf(other, sizeof other, "%s", tags[i].name);
        assert_int_equal(daemon_of(tags[i].name), tags[i].daemon);
        other[n - 1] = '~'; /* the same length, another end */
        if (daemon_of(other) != tag_of(other)) fail_msg("%s is taken for a daemon", other);
        other[n - 1] = tags[i].name[n - 1];
        other[0] = '~';
        assert_int_equal(daemon_of(other), 0);
    }
    assert_int_equal(daemon_of("a-name-that-is-longer-than-any"), 0);
}

/* Postfix's programs behind an instance; names that differ in one byte are none. */
static void test_programs(void **state)
{
    (void)state;
    for (int id = maillog_daemon_next(0); id && id <= MAILLOG_DAEMON_POSTFIX_FILES; id = maillog_daemon_next(id)) {
        char name[64];
        const size_t n = (size_t)snprintf(name, sizeof name, "%s", maillog_daemon_name(id));
        assert_memory_equal(name, "postfix/", 8);
        assert_int_equal(daemon_of(name), id);
        name[n - 1] = '~';
        assert_int_equal(daemon_of(name), 0);
    }
    assert_int_equal(daemon_of("postfix/a-name-that-is-no-program"), 0);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_daemons),   cmocka_unit_test(test_events), cmocka_unit_test(test_fields),
        cmocka_unit_test(test_constants), cmocka_unit_test(test_tags),   cmocka_unit_test(test_programs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
