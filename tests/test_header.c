/* test_header.c: what the case files cannot show: files that daemons write themselves (the case files of those daemons
 * have their statements), records of the journal through a stream and a batch, and JSON records made plain. */
#include <maillog/maillog.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "header/header.h"

typedef struct parsed {
    maillog_event ev;
    ml_line line;
    ml_cur message;
    bool found;
} parsed;

static void read_header(parsed *p, const char *text)
{
    const size_t n = strlen(text);
    memset(p, 0, sizeof *p);
    p->ev.line = text;
    p->ev.len = (uint32_t)n;
    p->line.ev = &p->ev;
    p->line.next = p->ev.field;
    p->line.limit = p->ev.field + MAILLOG_FIELDS_MAX;
    p->line.base = text;
    p->line.readable = text + n;
    p->message = ml_slice(text, text + n);
    p->found = maillog__header(&p->line, &p->message);
    p->ev.nfields = (uint32_t)(p->line.next - p->ev.field);
}

static void expect_slice(ml_cur got, const char *want)
{
    assert_int_equal(ml_len(got), strlen(want));
    assert_memory_equal(got.p, want, strlen(want));
}

static void expect_field(const maillog_event *ev, maillog_field_id id, const char *want)
{
    const maillog_str s = maillog_get(ev, id);
    if (!want) {
        assert_null(s.ptr);
        return;
    }
    assert_non_null(s.ptr);
    expect_slice(ml_slice(s.ptr, s.ptr + s.len), want);
}

#define EXIM_ID "1w5kQa-0000000Bcd-1Xyz"

static void test_own_files(void **state)
{
    (void)state;
    static const struct {
        const char *line;
        ml_form form;
        const char *host, *program, *pid, *message;
    } rows[] = {
        /* Dovecot's log_path, with several log_timestamp and none */
        {"Mar 17 04:05:06 imap-login: Info: a", ML_FORM_DOVECOT, NULL, NULL, NULL, "imap-login: Info: a"},
        {"2025-03-17 04:05:06 auth: Debug: a", ML_FORM_DOVECOT, NULL, NULL, NULL, "auth: Debug: a"},
        {"2025-03-17T04:05:06 pop3-login: Info: a", ML_FORM_DOVECOT, NULL, NULL, NULL, "pop3-login: Info: a"},
        {"1742180706.250001 lmtp(3): Info: a", ML_FORM_DOVECOT, NULL, NULL, NULL, "lmtp(3): Info: a"},
        {"Mar 17 04:05:06 lmtp(3, a@example.org): Info: a", ML_FORM_DOVECOT, NULL, NULL, NULL,
         "lmtp(3, a@example.org): Info: a"},
        {"Mar 17 04:05:06 imap(a@example.org)<3><s>: Error: a", ML_FORM_DOVECOT, NULL, NULL, NULL,
         "imap(a@example.org)<3><s>: Error: a"},
        {"Mar 17 04:05:06 imap(a and b)<3><s>: Fatal: a", ML_FORM_DOVECOT, NULL, NULL, NULL,
         "imap(a and b)<3><s>: Fatal: a"},
        {"Mar 17 04:05:06 master: Warning: a", ML_FORM_DOVECOT, NULL, NULL, NULL, "master: Warning: a"},
        {"imap-login: Panic: a", ML_FORM_DOVECOT, NULL, NULL, NULL, "imap-login: Panic: a"},
        /* through syslog it has a host and a tag */
        {"Mar 17 04:05:06 mx7 dovecot: imap-login: Info: a", ML_FORM_TAGGED, "mx7", "dovecot", NULL,
         "imap-login: Info: a"},
        {"Mar 17 04:05:06 mx7 imap-login: Info: a", ML_FORM_TAGGED, "mx7", "imap-login", NULL, "Info: a"},
        {"Mar 17 04:05:06 imap-login: Infos: a", ML_FORM_TAGGED, NULL, "imap-login", NULL, "Infos: a"},
        /* rspamd */
        {"2025-03-17 04:05:06 #3(normal) <x>; task; a", ML_FORM_RSPAMD, NULL, NULL, "3", "<x>; task; a"},
        {"2025-03-17 04:05:06.250 #3(rspamd_proxy) <x>; proxy; a", ML_FORM_RSPAMD, NULL, NULL, "3", "<x>; proxy; a"},
        {"2025-03-17 04:05:06 #3 normal", ML_FORM_TAGGED, NULL, NULL, NULL, "#3 normal"},
        /* Exim's main log: message IDs old and new, log_timezone, +pid, +millisec */
        {"2025-03-17 04:05:06 " EXIM_ID " <= a", ML_FORM_EXIM, NULL, NULL, NULL, EXIM_ID " <= a"},
        {"2025-03-17 04:05:06.250 [3] 1w5kQa-00012b-Qx Completed", ML_FORM_EXIM, NULL, NULL, "3",
         "1w5kQa-00012b-Qx Completed"},
        {"2025-03-17 04:05:06 +0100 " EXIM_ID " DKIM: d=a", ML_FORM_EXIM, NULL, NULL, NULL, EXIM_ID " DKIM: d=a"},
        {"2025-03-17 04:05:06 -0330 [3] no host name found for IP address 192.0.2.9", ML_FORM_EXIM, NULL, NULL, "3",
         "no host name found for IP address 192.0.2.9"},
        {"2025-03-17 04:05:06 x_login authenticator failed for a", ML_FORM_EXIM, NULL, NULL, NULL,
         "x_login authenticator failed for a"},
        {"2025-03-17 04:05:06 1w5kQa-0000000Bcd-1Xy <= a", ML_FORM_TAGGED, NULL, NULL, NULL,
         "1w5kQa-0000000Bcd-1Xy <= a"},
        {"2025-03-17T04:05:06Z mx7 exim[3]: " EXIM_ID " <= a", ML_FORM_TAGGED, "mx7", "exim", "3", EXIM_ID " <= a"},
        /* ClamAV, Mailman, spamd, fail2ban */
        {"Mon Mar 17 04:05:06 2025 -> a", ML_FORM_CLAMAV, NULL, NULL, NULL, "a"},
        {"Mar 17 04:05:06 2025 (3) a", ML_FORM_MAILMAN, NULL, NULL, "3", "a"},
        {"Mon Mar 17 04:05:06 2025 [3] info: spamd: a", ML_FORM_SPAMD, NULL, NULL, "3", "spamd: a"},
        {"Mon Mar 17 04:05:06 2025 [3] error: a", ML_FORM_SPAMD, NULL, NULL, "3", "a"},
        {"2025-03-17 04:05:06,250 fail2ban.actions        [3]: NOTICE  [p] Ban", ML_FORM_FAIL2BAN, NULL,
         "fail2ban.actions", "3", "NOTICE  [p] Ban"},
        {"2025-03-17 04:05:06,250 fail2ban.actions: WARNING [p] Ban", ML_FORM_FAIL2BAN, NULL, "fail2ban.actions", NULL,
         "WARNING [p] Ban"},
        /* a file of which nothing is known: no host is made up */
        {"2025-03-17 04:05:06,250 INFO  [worker-1] a", ML_FORM_TAGGED, NULL, NULL, NULL, "INFO  [worker-1] a"},
        {"[2025-03-17 04:05:06 +0100] [3] [INFO] a", ML_FORM_TAGGED, NULL, NULL, NULL, "[3] [INFO] a"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        parsed p;
        read_header(&p, rows[i].line);
        if (!p.found || p.line.form != rows[i].form) fail_msg("form %d of: %s", (int)p.line.form, rows[i].line);
        expect_field(&p.ev, MAILLOG_FIELD_HOST, rows[i].host);
        expect_field(&p.ev, MAILLOG_FIELD_PROGRAM, rows[i].program);
        expect_field(&p.ev, MAILLOG_FIELD_PID, rows[i].pid);
        expect_slice(p.message, rows[i].message);
    }
}

/* Nothing is written when there is no header, whatever the reading before gave up on. */
static void test_nothing_left(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "a | b", "<22", "<22>1 ", "{\"MESSAGE\":", "__CURSOR=1", "[pod/a] b", "000123: ", "*"};
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        parsed p;
        read_header(&p, lines[i]);
        if (p.found && strncmp(lines[i], "<22>", 4) == 0) continue; /* a priority is something */
        assert_false(p.found);
        assert_ptr_equal(p.line.next, p.ev.field);
        assert_int_equal(p.line.form, ML_FORM_TAGGED);
        assert_int_equal(p.ev.time.month, 0);
        assert_ptr_equal(p.message.p, lines[i]);
    }
}

/* A line of stamps only costs no stack and no time: there is one line inside another, no third. */
static void test_stamps_without_end(void **state)
{
    (void)state;
    static char text[1 << 20];
    static const char one[] = "Mar 17 04:05:06 ";
    size_t n = 0;
    for (; n + sizeof one < sizeof text; n += sizeof one - 1) memcpy(text + n, one, sizeof one - 1);
    maillog_event ev;
    assert_int_equal(maillog_parse_line(NULL, text, n, &ev), MAILLOG_OK);
    assert_int_equal(ev.match, MAILLOG_MATCH_HEADER);
}

/* ---- journalctl -o export through the doors that cut lines ---- */

#define RECORD_1                                                                                                       \
    "__CURSOR=s=1\n__REALTIME_TIMESTAMP=1742180706250001\n_HOSTNAME=mx7\nSYSLOG_IDENTIFIER=worker\nMESSAGE=one\n"
#define RECORD_2 "__CURSOR=s=2\n_HOSTNAME=mx7\nMESSAGE\n\x07\0\0\0\0\0\0\0a\n\n=\nbc\nSYSLOG_IDENTIFIER=worker\n"
#define RECORD_3 "__CURSOR=s=3\nSYSLOG_IDENTIFIER=worker\nMESSAGE=three\n"
static const char journal[] =
    RECORD_1 "\n" RECORD_2 "\n" RECORD_3 "\nMar 17 04:05:06 mx7 worker: four\n" RECORD_3 "\n" RECORD_1;
#define JOURNAL_LEN (sizeof journal - 1)

static const struct {
    const char *message, *program;
} journal_events[] = {{"one", "worker"},  {"a\n\n=\nbc", "worker"}, {"three", "worker"},
                      {"four", "worker"}, {"three", "worker"},      {"one", "worker"}};
#define JOURNAL_EVENTS (sizeof journal_events / sizeof *journal_events)

static int check_journal_event(void *user, const maillog_event *ev)
{
    size_t *n = (size_t *)user;
    assert_true(*n < JOURNAL_EVENTS);
    expect_field(ev, MAILLOG_FIELD_MESSAGE, journal_events[*n].message);
    expect_field(ev, MAILLOG_FIELD_PROGRAM, journal_events[*n].program);
    assert_int_equal(ev->flags, 0);
    ++*n;
    return MAILLOG_CONTINUE;
}

static void feed_journal(size_t piece, size_t first)
{
    static char carry[512];
    maillog_callbacks cb;
    maillog_stream s;
    size_t events = 0, used;
    maillog_callbacks_init(&cb);
    cb.on_event = check_journal_event;
    assert_int_equal(maillog_stream_init(&s, &cb, &events, carry, sizeof carry), MAILLOG_OK);
    for (size_t at = 0, n; at < JOURNAL_LEN; at += n) {
        n = at == 0 && first ? first : piece;
        if (n > JOURNAL_LEN - at) n = JOURNAL_LEN - at;
        char *copy = (char *)malloc(n);
        memcpy(copy, journal + at, n);
        assert_int_equal(maillog_stream_feed(&s, copy, n, &used), MAILLOG_OK);
        assert_int_equal(used, n);
        free(copy);
    }
    assert_int_equal(maillog_stream_finish(&s), MAILLOG_OK);
    assert_int_equal(events, JOURNAL_EVENTS);
}

static void test_export_stream(void **state)
{
    (void)state;
    for (size_t first = 1; first <= JOURNAL_LEN; first++) feed_journal(JOURNAL_LEN, first);
    for (size_t piece = 1; piece <= 64; piece++) feed_journal(piece, 0);
}

/* Without a carry the caller keeps what is not whole. */
static void test_export_without_carry(void **state)
{
    (void)state;
    maillog_callbacks cb;
    maillog_stream s;
    size_t events = 0, used, at = 0;
    maillog_callbacks_init(&cb);
    cb.on_event = check_journal_event;
    assert_int_equal(maillog_stream_init(&s, &cb, &events, NULL, 0), MAILLOG_OK);
    for (size_t end = 1; end <= JOURNAL_LEN; end++) {
        assert_int_equal(maillog_stream_feed(&s, journal + at, end - at, &used), MAILLOG_OK);
        at += used;
    }
    assert_int_equal(events, JOURNAL_EVENTS - 1); /* the last has no empty line */
    assert_int_equal(JOURNAL_LEN - at, sizeof RECORD_1 - 1);
}

static void test_export_batch(void **state)
{
    (void)state;
    static maillog_batch_event row[8];
    static maillog_field field[8 * MAILLOG_FIELDS_MAX];
    for (size_t end = 0; end <= JOURNAL_LEN; end++) {
        maillog_batch b;
        size_t used, used_2, events = 0;
        memset(&b, 0, sizeof b);
        b.event = row;
        b.field = field;
        b.event_cap = 8;
        b.field_cap = 8 * MAILLOG_FIELDS_MAX;
        assert_int_equal(maillog_batch_parse(NULL, journal, end, &b, &used), MAILLOG_OK);
        assert_true(used <= end);
        events = b.nevents;
        b.final = 1;
        assert_int_equal(maillog_batch_parse(NULL, journal + used, JOURNAL_LEN - used, &b, &used_2), MAILLOG_OK);
        assert_int_equal(used + used_2, JOURNAL_LEN);
        assert_int_equal(events + b.nevents, JOURNAL_EVENTS);
        assert_int_equal(row[b.nevents - 1].len, sizeof RECORD_1 - 2);
    }
}

static int count_flags(void *user, const maillog_event *ev)
{
    size_t *n = (size_t *)user;
    n[0]++;
    n[1] += (ev->flags & MAILLOG_FLAG_OVERSIZED) != 0;
    return MAILLOG_CONTINUE;
}

/* A record that does not fit is one cut event, up to its empty line. */
static void test_export_oversized(void **state)
{
    (void)state;
    char carry[40];
    maillog_callbacks cb;
    maillog_stream s;
    size_t n[2] = {0, 0}, used;
    maillog_callbacks_init(&cb);
    cb.on_event = count_flags;
    assert_int_equal(maillog_stream_init(&s, &cb, n, carry, sizeof carry), MAILLOG_OK);
    static const char text[] = RECORD_1 "\nMar 17 04:05:06 mx7 worker: four\n";
    for (const char *p = text; *p; p++) assert_int_equal(maillog_stream_feed(&s, p, 1, &used), MAILLOG_OK);
    assert_int_equal(n[0], 2);
    assert_int_equal(n[1], 1);
}

/* ---- JSON records as plain lines ---- */

static void test_unwrap(void **state)
{
    (void)state;
    static const struct {
        const char *record, *line;
    } rows[] = {
        {"{\"MESSAGE\":\"from=<\\\"a b\\\"@example.org>\",\"SYSLOG_IDENTIFIER\":\"postfix/qmgr\",\"_PID\":\"3\","
         "\"_HOSTNAME\":\"mx7\",\"__REALTIME_TIMESTAMP\":\"1742180706250001\"}",
         "2025-03-17T03:05:06.250001Z mx7 postfix/qmgr[3]: from=<\"a b\"@example.org>"},
        {"{\"log\":\"Mar 17 05:05:06 mx7 p[3]: from=\\u003ca@example.org\\u003e\\r\\n\",\"stream\":\"stdout\","
         "\"time\":\"2025-03-17T04:05:06.250001987Z\"}",
         "2025-03-17T04:05:06.250001987Z Mar 17 05:05:06 mx7 p[3]: from=<a@example.org>"},
        {"{\"MESSAGE\":[104,105, 255 ],\"SYSLOG_IDENTIFIER\":\"p\"}", "p: hi\xFF"},
        {"{\"MESSAGE\":\"[104,105]\",\"SYSLOG_IDENTIFIER\":\"p\"}", "p: [104,105]"},
        {"{\"MESSAGE\":\"\\u00e4\\u20AC\\ud83d\\ude00\\udcff\\t\\/"
         "\\\\\\q\\u12\",\"SYSLOG_IDENTIFIER\":\"p[7]:\",\"_PID\":\"8\"}",
         "p[7]: \xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80\xFF\t/\\\\q\\u12"},
        {"{\"message\":\"text\"}", "text"},
        {"{\"a\":1}", ""},
        {"{\"MESSAGE\":\"text\"", ""},
        {"no record", ""},
        {"", ""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const size_t n = strlen(rows[i].line);
        char buf[256];
        assert_int_equal(maillog_json_unwrap(rows[i].record, strlen(rows[i].record), NULL, 0), n);
        memset(buf, '#', sizeof buf);
        assert_int_equal(maillog_json_unwrap(rows[i].record, strlen(rows[i].record), buf, sizeof buf), n);
        assert_memory_equal(buf, rows[i].line, n);
        memset(buf, '#', sizeof buf);
        maillog_json_unwrap(rows[i].record, strlen(rows[i].record), buf, n / 2);
        assert_int_equal(buf[n / 2], '#');
    }
    assert_int_equal(maillog_json_unwrap(NULL, 0, NULL, 0), 0);
}

/* Empty slices of other languages point to where nothing can be read. */
static void test_empty_anywhere(void **state)
{
    (void)state;
    maillog_event ev;
    assert_int_equal(maillog_parse_line(NULL, (const char *)(uintptr_t)1, 0, &ev), MAILLOG_OK);
    assert_int_equal(ev.match, MAILLOG_MATCH_RAW);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_empty_anywhere), cmocka_unit_test(test_own_files),
        cmocka_unit_test(test_nothing_left),   cmocka_unit_test(test_stamps_without_end),
        cmocka_unit_test(test_export_stream),  cmocka_unit_test(test_export_without_carry),
        cmocka_unit_test(test_export_batch),   cmocka_unit_test(test_export_oversized),
        cmocka_unit_test(test_unwrap),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
