/* test_stream.c: the lines are the same however the bytes are cut, paused or not. */
#include <maillog/maillog.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

typedef struct lines {
    char text[4096]; /* each line, then "|" */
    size_t len;
    int answer;
} lines;

static int add_line(void *user, const maillog_event *ev)
{
    lines *l = (lines *)user;
    assert_true(l->len + ev->len + 2 < sizeof l->text);
    memcpy(l->text + l->len, ev->line, ev->len);
    l->len += ev->len;
    l->text[l->len++] = '|';
    l->text[l->len] = '\0';
    return l->answer;
}

static void run(lines *out, const char *text, size_t len, size_t chunk, int answer)
{
    maillog_callbacks cb;
    maillog_stream s;
    size_t used;
    char *carry = (char *)malloc(len + 1);
    memset(out, 0, sizeof *out);
    out->answer = answer;
    maillog_callbacks_init(&cb);
    cb.on_event = add_line;
    assert_int_equal(maillog_stream_init(&s, &cb, out, carry, len + 1), MAILLOG_OK);
    while (len > 0) {
        const size_t n = chunk < len ? chunk : len;
        const size_t before = out->len;
        maillog_stream_feed(&s, text, n, &used);
        assert_true(used > 0 || out->len > before); /* it goes on */
        text += used;
        len -= used;
    }
    while (maillog_stream_finish(&s) != MAILLOG_OK) {
    }
    free(carry);
}

/* Damaged records of journalctl -o export: what looked like a length is none, which is seen only some bytes later. */
static const struct {
    const char *text;
    size_t len;
} damaged[] = {
#define TEXT(t)                                                                                                        \
    {                                                                                                                  \
        t, sizeof(t) - 1                                                                                               \
    }
    TEXT("__CURSOR=\n_\n\n\\F\\F\\F\\"),
    TEXT("__CURSOR=\n_\n\nfirst line behind\nsecond\n__CURSOR=x\nMESSAGE=m\n\nlast\n"),
    TEXT("__CURSOR=\nK\n\n__CURSOR=\nK\n\nabcdefghij\nklm\n"),
    TEXT("__CURSOR=\nK\n\x03\0\0\0\0\0\0\0no end\nbehind\n\nlast\n"),
#undef TEXT
};

static void test_every_chunk(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof damaged / sizeof *damaged; i++) {
        lines whole, cut;
        run(&whole, damaged[i].text, damaged[i].len, damaged[i].len, MAILLOG_CONTINUE);
        for (size_t chunk = 1; chunk <= damaged[i].len; chunk++)
            for (int answer = -1; answer <= MAILLOG_PAUSE; answer++) {
                run(&cut, damaged[i].text, damaged[i].len, chunk, answer);
                assert_string_equal(whole.text, cut.text);
            }
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {cmocka_unit_test(test_every_chunk)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
