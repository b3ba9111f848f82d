/* test_join_model.c: random logs of which every line's message is known, against the join.
 *
 * The model is naive: each line is made for a numbered message, and keeps that number. Messages run at the same time,
 * their lines interleave at random, queue IDs and process numbers are used again, lines of one second swap places with
 * their neighbours, lines come twice. The join sees the text alone; its records must be the model's: the same lines,
 * queue IDs, recipients, verdicts. */
#include <maillog/maillog.h>

#include <stdarg.h>
#include <stdbool.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum {
    MESSAGES = 60,
    MOST_LINES = 40,
    LIVE = 6,
    PIDS = 4,
    IDS = 24,
    MOST_IDS = IDS + 2 * MESSAGES,
    MOST_LOG = MESSAGES * MOST_LINES
};

typedef struct model {
    char *line[MOST_LOG];
    int owner[MOST_LOG];
    unsigned second[MOST_LOG];
    size_t n;
} model;

typedef struct message {
    char *line[MOST_LINES];
    int n, next;
    int pid;        /* of its smtpd, busy until `pid_free` lines have gone */
    int pid_free;   /* line after which the process is free */
    char id[2][24]; /* queue IDs, busy until the end */
    int slot[2], nids;
    bool removed;
    maillog_verdict verdict;
    int nrcpt;
    char rcpt[4][32];
    maillog_verdict fate[4];
    unsigned ended; /* second of the last line */
} message;

static uint64_t seed;
static unsigned roll(unsigned n)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (unsigned)((seed >> 11) % n);
}

/* ---- making messages ---- */

static void say(message *m, const char *format, ...)
{
    char text[600];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    assert_true(m->n < MOST_LINES);
    m->line[m->n++] = strdup(text);
}

static void say_session(message *m, const char *what, int pid, int number, const char *tail)
{
    say(m, "postfix/smtpd[%d]: %s from client%d.example.net[192.0.2.%d]%s", pid, what, number, number % 250 + 1, tail);
}

static const char *const words[] = {"sent", "bounced", "deferred"};
static const maillog_verdict verdicts[] = {MAILLOG_VERDICT_DELIVERED, MAILLOG_VERDICT_BOUNCED,
                                           MAILLOG_VERDICT_DEFERRED};

static void settle_verdict(message *m)
{
    m->verdict = m->fate[0];
    for (int i = 1; i < m->nrcpt; i++)
        if (m->fate[i] != m->verdict) m->verdict = MAILLOG_VERDICT_PARTIAL;
}

static void deliver(message *m, const char *id, int number)
{
    bool deferred = false;
    m->nrcpt = 1 + (int)roll(3);
    for (int i = 0; i < m->nrcpt; i++) {
        unsigned fate = roll(4);
        if (fate == 3) fate = 0;
        snprintf(m->rcpt[i], sizeof m->rcpt[i], "user%d.%d@example.org", number, i);
        if (fate == 0 && roll(4) == 0) /* first deferred, then sent */
            say(m,
                "postfix/smtp[%d]: %s: to=<%s>, relay=none, delay=%d, delays=0/0/0/0, dsn=4.4.1, status=deferred (no "
                "%d)",
                80 + i, id, m->rcpt[i], i, number);
        say(m,
            "postfix/smtp[%d]: %s: to=<%s>, relay=mx[198.51.100.7]:25, delay=%d, delays=0/0/0/0, dsn=2.0.0, status=%s "
            "(reply %d)",
            80 + i, id, m->rcpt[i], 10 + i, words[fate], number);
        m->fate[i] = verdicts[fate];
        deferred |= fate == 2;
    }
    settle_verdict(m);
    m->removed = !deferred; /* else the ID stays in use */
    if (m->removed) say(m, "postfix/qmgr[7]: %s: removed", id);
}

static void enqueue(message *m, const char *id, int number, const char *from)
{
    say(m, "postfix/cleanup[8]: %s: message-id=<%d@client.example.net>", id, number);
    say(m, "postfix/qmgr[7]: %s: from=<%s>, size=%d, nrcpt=1 (queue active)", id, from, 100 + number);
}

static void make_refused(message *m, int number)
{
    say_session(m, "connect", m->pid, number, "");
    m->nrcpt = 1 + (int)roll(2);
    for (int i = 0; i < m->nrcpt; i++) {
        snprintf(m->rcpt[i], sizeof m->rcpt[i], "no%d.%d@example.org", number, i);
        m->fate[i] = MAILLOG_VERDICT_REJECTED;
        say(m,
            "postfix/smtpd[%d]: NOQUEUE: reject: RCPT from client%d.example.net[192.0.2.%d]: 554 5.7.1 <%s>: Relay "
            "access denied; from=<x%d@example.net> to=<%s> proto=ESMTP helo=<h>",
            m->pid, number, number % 250 + 1, m->rcpt[i], number, m->rcpt[i]);
    }
    say_session(m, "disconnect", m->pid, number, " ehlo=1 mail=1 rcpt=0/1 quit=1 commands=3/4");
    m->pid_free = m->n;
    m->verdict = MAILLOG_VERDICT_REJECTED;
}

static void make_plain(message *m, int number)
{
    char from[32];
    snprintf(from, sizeof from, "from%d@example.net", number);
    say_session(m, "connect", m->pid, number, "");
    say(m, "postfix/smtpd[%d]: %s: client=client%d.example.net[192.0.2.%d]", m->pid, m->id[0], number,
        number % 250 + 1);
    enqueue(m, m->id[0], number, from);
    say_session(m, "disconnect", m->pid, number, " ehlo=1 mail=1 rcpt=1 data=1 quit=1 commands=5");
    m->pid_free = m->n;
    deliver(m, m->id[0], number);
}

static void make_forwarded(message *m, int number)
{
    char from[32];
    snprintf(from, sizeof from, "local%d@example.net", number);
    say(m, "postfix/pickup[9]: %s: uid=0 from=<%s>", m->id[0], from);
    enqueue(m, m->id[0], number, from);
    m->nids = 2;
    say(m,
        "postfix/local[6]: %s: to=<list%d@example.org>, relay=local, delay=1, delays=0/0/0/0, dsn=2.0.0, status=sent "
        "(forwarded as %s)",
        m->id[0], number, m->id[1]);
    enqueue(m, m->id[1], number, from);
    say(m, "postfix/qmgr[7]: %s: removed", m->id[0]);
    deliver(m, m->id[1], number);
}

static void make_filtered(message *m, int number)
{
    char from[32];
    snprintf(from, sizeof from, "local%d@example.net", number);
    say(m, "postfix/pickup[9]: %s: uid=0 from=<%s>", m->id[0], from);
    enqueue(m, m->id[0], number, from);
    m->nids = 2;
    enqueue(m, m->id[1], number, from);
    say(m,
        "postfix/smtp[5]: %s: to=<list%d@example.org>, relay=127.0.0.1[127.0.0.1]:10024, delay=1, delays=0/0/0/0, "
        "dsn=2.0.0, status=sent (250 2.0.0 from MTA(smtp:[127.0.0.1]:10025): 250 2.0.0 Ok: queued as %s)",
        m->id[0], number, m->id[1]);
    say(m, "postfix/qmgr[7]: %s: removed", m->id[0]);
    deliver(m, m->id[1], number);
}

static void make_bounced(message *m, int number)
{
    char from[32];
    snprintf(from, sizeof from, "local%d@example.net", number);
    say(m, "postfix/pickup[9]: %s: uid=0 from=<%s>", m->id[0], from);
    enqueue(m, m->id[0], number, from);
    m->nids = 2;
    m->nrcpt = 1;
    snprintf(m->rcpt[0], sizeof m->rcpt[0], "nobody%d@example.org", number);
    m->fate[0] = m->verdict = MAILLOG_VERDICT_BOUNCED;
    say(m,
        "postfix/smtp[5]: %s: to=<%s>, relay=mx[198.51.100.7]:25, delay=1, delays=0/0/0/0, dsn=5.1.1, status=bounced "
        "(host mx[198.51.100.7] said: 550 5.1.1 no %d (in reply to RCPT TO command))",
        m->id[0], m->rcpt[0], number);
    say(m, "postfix/cleanup[8]: %s: message-id=<bounce%d@mx.example.net>", m->id[1], number);
    say(m, "postfix/bounce[4]: %s: sender non-delivery notification: %s", m->id[0], m->id[1]);
    say(m, "postfix/qmgr[7]: %s: from=<>, size=%d, nrcpt=1 (queue active)", m->id[1], 2000 + number);
    say(m, "postfix/qmgr[7]: %s: removed", m->id[0]);
    say(m,
        "postfix/local[6]: %s: to=<%s>, relay=local, delay=0, delays=0/0/0/0, dsn=2.0.0, status=sent (delivered to "
        "mailbox)",
        m->id[1], from);
    say(m, "postfix/qmgr[7]: %s: removed", m->id[1]);
}

static void make_message(message *m, int number, int pid, const int slot[2])
{
    memset(m, 0, sizeof *m);
    m->pid = 100 + pid;
    m->nids = 1;
    m->removed = true;
    for (int i = 0; i < 2; i++) {
        m->slot[i] = slot[i];
        snprintf(m->id[i], sizeof m->id[i], "4C0D%X%04X", 1 + (unsigned)slot[i] / 10, 0x1F200 + (unsigned)slot[i]);
    }
    switch (roll(5)) {
    case 4:
        make_bounced(m, number);
        break;
    case 0:
        m->nids = 0;
        make_refused(m, number);
        break;
    case 1:
        make_plain(m, number);
        break;
    case 2:
        make_forwarded(m, number);
        break;
    default:
        make_filtered(m, number);
        break;
    }
}

/* ---- making a log ---- */

static message all[MESSAGES];

/* One of the first `n`, or of those behind them when all are busy. */
static int pick_free(const bool *busy, int n)
{
    int i = (int)roll((unsigned)n);
    for (int tries = 0; tries < n && busy[i]; tries++) i = (i + 1) % n;
    while (busy[i]) i++;
    return i;
}

/* Lines of the running messages in turn. A queue ID may be used again as soon as its message has ended; a process as
 * soon as its connection has. */
static void make_log(model *log, bool disorder)
{
    bool busy_pid[PIDS + LIVE] = {false}, busy_id[MOST_IDS] = {false};
    int live[LIVE], nlive = 0, started = 0;
    unsigned second = 0;
    memset(log, 0, sizeof *log);
    while (started < MESSAGES || nlive) {
        if (started < MESSAGES && nlive < LIVE && (roll(3) == 0 || !nlive)) {
            int slot[2];
            const int pid = pick_free(busy_pid, PIDS + LIVE);
            busy_pid[pid] = true;
            for (int i = 0; i < 2; i++) busy_id[slot[i] = pick_free(busy_id, IDS)] = true;
            make_message(&all[started], started, pid, slot);
            live[nlive++] = started++;
        }
        const int k = (int)roll((unsigned)nlive), number = live[k];
        message *m = &all[number];
        if (roll(3) == 0) second++;
        char text[700];
        snprintf(text, sizeof text, "Jul 19 %02u:%02u:%02u mx %s", 8 + second / 3600, second / 60 % 60, second % 60,
                 m->line[m->next]);
        for (int twice = disorder && roll(12) == 0; twice >= 0; twice--) {
            log->line[log->n] = strdup(text);
            log->owner[log->n] = number;
            log->second[log->n++] = second;
        }
        if (++m->next == m->pid_free) busy_pid[m->pid - 100] = false;
        if (m->next < m->n) continue;
        if (!m->pid_free) busy_pid[m->pid - 100] = false;
        for (int i = 0; i < 2 && m->removed; i++) busy_id[m->slot[i]] = false;
        m->ended = second;
        live[k] = live[--nlive];
        second += 2; /* the next life of an ID begins later than the last line of this one */
    }
    for (size_t i = 0; disorder && i + 1 < log->n; i++) {
        if (log->second[i] != log->second[i + 1] || roll(10)) continue;
        char *t = log->line[i];
        const int owner = log->owner[i];
        log->line[i] = log->line[i + 1];
        log->owner[i] = log->owner[i + 1];
        log->line[i + 1] = t;
        log->owner[i + 1] = owner;
        i++;
    }
}

/* ---- comparing ---- */

static const model *current;
static int told[MESSAGES];

static void describe_log(int number)
{
    for (size_t i = 0; i < current->n; i++)
        if (number < 0 || current->owner[i] == number) fprintf(stderr, "%zu %s\n", i + 1, current->line[i]);
}

static void expect(bool ok, const char *what, const maillog_message *m, int number)
{
    if (ok) return;
    const size_t n = maillog_message_json(m, NULL, NULL, 0);
    char *json = (char *)malloc(n + 1);
    maillog_message_json(m, NULL, json, n);
    json[n] = '\0';
    fprintf(stderr, "message %d: %s is wrong\n%s\n", number, what, json);
    describe_log(number);
    free(json);
    fail();
}

static bool has_recipient(const maillog_message *m, const char *to, maillog_verdict fate)
{
    for (size_t i = 0; i < m->nrecipients; i++)
        if (m->recipients[i].to.len == strlen(to) && memcmp(m->recipients[i].to.ptr, to, strlen(to)) == 0)
            return m->recipients[i].verdict == fate;
    return false;
}

static int compare(void *user, maillog_message *m)
{
    (void)user;
    if (m->record != MAILLOG_RECORD_MESSAGE) return 0;
    const int number = current->owner[m->lines.ptr[0] - 1];
    const message *want = &all[number];
    size_t k = 0;
    expect(!told[number]++, "told twice: it", m, number);
    for (size_t i = 0; i < current->n; i++) {
        if (current->owner[i] != number) continue;
        expect(k < m->lines.len && m->lines.ptr[k] == i + 1, "a line", m, number);
        k++;
    }
    expect(k == m->lines.len, "the number of lines", m, number);
    expect(m->verdict == want->verdict, "the verdict", m, number);
    expect(m->nlegs == (size_t)want->nids, "the number of queue IDs", m, number);
    for (int i = 0; i < want->nids; i++)
        expect(strncmp(m->legs[i].queue_id.ptr, want->id[i], m->legs[i].queue_id.len) == 0, "a queue ID", m, number);
    expect(m->nrecipients == (size_t)want->nrcpt, "the number of recipients", m, number);
    for (int i = 0; i < want->nrcpt; i++)
        expect(has_recipient(m, want->rcpt[i], want->fate[i]), want->rcpt[i], m, number);
    return 0;
}

static void join_log(const model *log, uint64_t memory)
{
    maillog_join_config cfg;
    maillog_join *j;
    maillog_join_stats st;
    maillog_event ev;
    memset(&cfg, 0, sizeof cfg);
    cfg.memory = memory;
    cfg.seed[0] = seed;
    void *mem = malloc(maillog_join_size(&cfg));
    current = log;
    memset(told, 0, sizeof told);
    assert_int_equal(maillog_join_init(&j, mem, maillog_join_size(&cfg), &cfg, compare, NULL), MAILLOG_OK);
    for (size_t i = 0; i < log->n; i++) {
        maillog_parse_line(NULL, log->line[i], strlen(log->line[i]), &ev);
        assert_int_equal(ev.match, MAILLOG_MATCH_EVENT);
        assert_int_equal(maillog_join_push(j, &ev), MAILLOG_OK);
        if (i % 16 == 0) assert_int_equal(maillog_join_stats_get(j, &st), MAILLOG_OK);
    }
    assert_int_equal(maillog_join_flush(j), MAILLOG_OK);
    assert_int_equal(maillog_join_stats_get(j, &st), MAILLOG_OK);
    assert_int_equal(st.pending, 0);
    for (int i = 0; i < MESSAGES; i++) assert_int_equal(told[i], 1);
    free(mem);
}

static void play(uint64_t start, bool disorder)
{
    static model log;
    seed = start * 0x9e3779b97f4a7c15u + 1;
    make_log(&log, disorder);
    join_log(&log, 1 << 20);
    for (size_t i = 0; i < log.n; i++) free(log.line[i]);
    for (int i = 0; i < MESSAGES; i++)
        for (int k = 0; k < all[i].n; k++) free(all[i].line[k]);
}

static void test_in_order(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < 200; i++) play(i, false);
}

static void test_in_disorder(void **state)
{
    (void)state;
    for (uint64_t i = 1000; i < 1400; i++) play(i, true);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {cmocka_unit_test(test_in_order), cmocka_unit_test(test_in_disorder)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
