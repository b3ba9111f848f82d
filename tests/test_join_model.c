/* test_join_model.c: random logs of which every line's message is known, against the join.
 *
 * The model is naive: each line is made for a numbered message, and keeps that number. Messages run at the same time,
 * their lines interleave at random, queue IDs and process numbers are used again, lines of one second swap places with
 * their neighbours, lines come twice. The join sees the text alone; its records must be the model's: the same lines,
 * queue IDs, recipients, verdicts, however the lines reach it: one by one, many at a time, as bytes cut anywhere, in
 * parts that are put together. In a table far too small, the counters must still account for every line. */
#include <maillog/maillog.h>

#include <stdarg.h>
#include <stdbool.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifndef JOIN_MODEL_DICE /* fuzz/fuzz_join_model.c throws them, and checks without cmocka */
#include <cmocka.h>
#endif

#include "base/cursor.h"

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

static int messages = MESSAGES; /* in a log */
static uint64_t seed;
static const uint8_t *dice, *dice_end; /* somebody else's, as long as there are some */
static unsigned roll(unsigned n)
{
    if (dice < dice_end) return *dice++ % n;
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

/* A policy server's answer: it names the client alone. */
static void say_policy(message *m, const char *answer, int number, const char *rcpt)
{
    say(m,
        "postgrey[50]: action=%s, client_name=client%d.example.net, client_address=192.0.2.%d, sender=x%d@example.net, "
        "recipient=%s",
        answer, number, number % 250 + 1, number, rcpt);
}

static void make_greylisted(message *m, int number)
{
    say_session(m, "connect", m->pid, number, "");
    m->nrcpt = 1;
    snprintf(m->rcpt[0], sizeof m->rcpt[0], "grey%d@example.org", number);
    m->fate[0] = m->verdict = MAILLOG_VERDICT_GREYLISTED;
    say_policy(m, "greylist, reason=new", number, m->rcpt[0]);
    say(m,
        "postfix/smtpd[%d]: NOQUEUE: reject: RCPT from client%d.example.net[192.0.2.%d]: 450 4.2.0 <%s>: Recipient "
        "address rejected: Greylisted; from=<x%d@example.net> to=<%s> proto=ESMTP helo=<h>",
        m->pid, number, number % 250 + 1, m->rcpt[0], number, m->rcpt[0]);
    say_session(m, "disconnect", m->pid, number, " ehlo=1 mail=1 rcpt=0/1 quit=1 commands=3/4");
    m->pid_free = m->n;
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
    if (roll(3) == 0) say_policy(m, "pass, reason=client AWL", number, "list@example.org");
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
    if (roll(2) == 0)
        say(m,
            "amavis[77]: (00077-%d) Passed CLEAN {RelayedInternal}, <%s> -> <list%d@example.org>, Queue-ID: %s, "
            "Message-ID: <%d@client.example.net>, mail_id: x%d, Hits: -, size: 300, queued_as: %s, 100 ms",
            number, from, number, m->id[0], number, number, m->id[1]);
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

/* Two recipients by LMTP into the mail store, in one connection. */
static void make_stored(message *m, int number)
{
    char from[32], session[32];
    const int pid = 5000 + number;
    snprintf(from, sizeof from, "local%d@example.net", number);
    snprintf(session, sizeof session, "kWq9MkQ/ZmjLBQAAdv%04d", number);
    say(m, "postfix/pickup[9]: %s: uid=0 from=<%s>", m->id[0], from);
    enqueue(m, m->id[0], number, from);
    say(m, "dovecot: lmtp(%d): Connect from local", pid);
    m->nrcpt = 2;
    for (int i = 0; i < 2; i++) {
        snprintf(m->rcpt[i], sizeof m->rcpt[i], "box%d.%d@example.org", number, i);
        m->fate[i] = MAILLOG_VERDICT_DELIVERED;
        say(m, "dovecot: lmtp(%s)<%d><%s%s>: msgid=<%d@client.example.net>: saved mail to INBOX", m->rcpt[i], pid,
            session, i ? ":2" : "", number);
    }
    for (int i = 0; i < 2; i++)
        say(m,
            "postfix/lmtp[%d]: %s: to=<%s>, relay=mx.example.org[private/dovecot-lmtp], delay=%d, delays=0/0/0/0, "
            "dsn=2.0.0, status=sent (250 2.0.0 <%s> %s%s Saved)",
            90 + i, m->id[0], m->rcpt[i], i, m->rcpt[i], session, i ? ":2" : "");
    say(m, "dovecot: lmtp(%d): Disconnect from local: Logged out (state=READY)", pid);
    say(m, "postfix/qmgr[7]: %s: removed", m->id[0]);
    m->verdict = MAILLOG_VERDICT_DELIVERED;
}

/* To another host of ours, whose log is in the same input. */
static void make_relayed(message *m, int number)
{
    char from[32];
    snprintf(from, sizeof from, "local%d@example.net", number);
    say(m, "postfix/pickup[9]: %s: uid=0 from=<%s>", m->id[0], from);
    enqueue(m, m->id[0], number, from);
    m->nids = 2;
    say(m, "@my postfix/smtpd[%d]: connect from mx.example.org[198.51.100.25]", 7000 + number);
    say(m, "@my postfix/smtpd[%d]: %s: client=mx.example.org[198.51.100.25]", 7000 + number, m->id[1]);
    say(m, "@my postfix/cleanup[8]: %s: message-id=<%d@client.example.net>", m->id[1], number);
    say(m, "@my postfix/qmgr[7]: %s: from=<%s>, size=%d, nrcpt=1 (queue active)", m->id[1], from, 200 + number);
    say(m,
        "postfix/smtp[5]: %s: to=<far%d@example.org>, relay=my.example.org[198.51.100.26]:25, delay=1, delays=0/0/0/0, "
        "dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as %s)",
        m->id[0], number, m->id[1]);
    say(m, "postfix/qmgr[7]: %s: removed", m->id[0]);
    say(m, "@my postfix/smtpd[%d]: disconnect from mx.example.org[198.51.100.25] ehlo=1 mail=1 rcpt=1 data=1 quit=1",
        7000 + number);
    m->nrcpt = 1;
    snprintf(m->rcpt[0], sizeof m->rcpt[0], "far%d@example.org", number);
    m->fate[0] = m->verdict = MAILLOG_VERDICT_DELIVERED;
    say(m,
        "@my postfix/virtual[6]: %s: to=<%s>, relay=virtual, delay=1, delays=0/0/0/0, dsn=2.0.0, status=sent "
        "(delivered "
        "to maildir)",
        m->id[1], m->rcpt[0]);
    say(m, "@my postfix/qmgr[7]: %s: removed", m->id[1]);
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
    static void (*const make[])(message *, int) = {make_plain,  make_forwarded, make_filtered, make_bounced,
                                                   make_stored, make_relayed,   make_refused,  make_greylisted};
    const unsigned kind = roll(sizeof make / sizeof *make);
    if (kind > 5) m->nids = 0;
    make[kind](m, number);
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
    while (started < messages || nlive) {
        if (started < messages && nlive < LIVE && (roll(3) == 0 || !nlive)) {
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
        const char *line = m->line[m->next];
        snprintf(text, sizeof text, "Jul 19 %02u:%02u:%02u %s%s", 8 + second / 3600, second / 60 % 60, second % 60,
                 *line == '@' ? "" : "mx ", line + (*line == '@'));
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

/* ---- the ways in ---- */

typedef struct table {
    maillog_join *join;
    void *mem;
} table;

/* Short times: a record is over soon, and a part of the log decides what it can. */
static uint32_t settle, wait;

static table new_table(uint64_t memory, uint32_t flags, maillog_message_cb cb, void *user)
{
    maillog_join_config cfg;
    table t;
    memset(&cfg, 0, sizeof cfg);
    cfg.memory = memory;
    cfg.seed[0] = 4711;
    cfg.flags = flags;
    cfg.settle = settle;
    cfg.wait = wait;
    const size_t n = maillog_join_size(&cfg);
    t.mem = malloc(n);
    assert_int_equal(maillog_join_init(&t.join, t.mem, n, &cfg, cb, user), MAILLOG_OK);
    return t;
}

static void check_counters(const table *t)
{
    maillog_join_stats st;
    assert_int_equal(maillog_join_stats_get(t->join, &st), MAILLOG_OK);
}

static void parse(const model *log, size_t i, maillog_event *ev)
{
    maillog_parse_line(NULL, log->line[i], strlen(log->line[i]), ev);
    assert_int_equal(ev->match, MAILLOG_MATCH_EVENT);
}

static void one_by_one(const model *log, table *t, size_t from, size_t to)
{
    maillog_event ev;
    for (size_t i = from; i < to; i++) {
        parse(log, i, &ev);
        assert_int_equal(maillog_join_push_line(t->join, &ev, i + 1), MAILLOG_OK);
        if (i % 16 == 0) check_counters(t);
    }
}

static void many_at_a_time(const model *log, table *t)
{
    static maillog_event ev[100];
    size_t taken;
    for (size_t i = 0, n; i < log->n; i += n) {
        for (n = 0; n < 1 + roll(99) && i + n < log->n; n++) parse(log, i + n, &ev[n]);
        assert_int_equal(maillog_join_push_events(t->join, ev, n, i + 1, &taken), MAILLOG_OK);
        assert_int_equal(taken, n);
        check_counters(t);
    }
}

static int push_event(void *user, const maillog_event *ev)
{
    return maillog_join_push((maillog_join *)user, ev) == MAILLOG_OK ? 0 : -1;
}

static void as_bytes(const model *log, table *t)
{
    maillog_callbacks cb;
    maillog_stream stream;
    char carry[2048], block[1400];
    size_t n = 0, used;
    maillog_callbacks_init(&cb);
    cb.on_event = push_event;
    maillog_stream_init(&stream, &cb, t->join, carry, sizeof carry);
    for (size_t i = 0; i < log->n; i++) {
        const size_t len = strlen(log->line[i]);
        memcpy(block + n, log->line[i], len);
        block[n + len] = '\n';
        for (n += len + 1; n > 600 || (n && i + 1 == log->n);) {
            const size_t cut = 1 + roll((unsigned)n);
            assert_int_equal(maillog_stream_feed(&stream, block, cut, &used), MAILLOG_OK);
            memmove(block, block + cut, n -= cut);
        }
    }
    maillog_stream_finish(&stream);
}

/* Some parts, each in a table of its own; the last takes what they leave open. */
static void in_parts(const model *log, table *t, uint32_t flags, maillog_message_cb cb)
{
    size_t from = 0;
    for (int more = 1 + (int)roll(4); more >= 0; more--) {
        const size_t left = log->n - from, to = more ? from + roll((unsigned)left + 1) : log->n;
        table part = new_table(1 << 20, MAILLOG_JOIN_PART | flags, cb, NULL);
        one_by_one(log, &part, from, to);
        const size_t n = maillog_join_export(part.join, NULL, 0);
        char *bytes = (char *)malloc(n);
        assert_int_equal(maillog_join_export(part.join, bytes, n), n);
        assert_int_equal(maillog_join_import(t->join, bytes, n), MAILLOG_OK);
        check_counters(t);
        free(bytes);
        free(part.mem);
        from = to;
    }
}

/* Messages that are built from their bytes. */
static int build(void *user, const void *bytes, size_t len)
{
    const size_t room = maillog_message_room(bytes, len);
    void *mem = malloc(room);
    const int rc = maillog_message_build(bytes, len, mem, room, compare, user);
    free(mem);
    return rc;
}

enum { ONE, MANY, UNBUILT, BYTES, PARTS, WAYS };

static void join_log(const model *log, int way)
{
    table t = new_table(1 << 20, 0, compare, NULL);
    maillog_join_stats st;
    current = log;
    memset(told, 0, sizeof told);
    switch (way) {
    case ONE:
        one_by_one(log, &t, 0, log->n);
        break;
    case UNBUILT:
        assert_int_equal(maillog_join_unbuilt(t.join, build), MAILLOG_OK);
        many_at_a_time(log, &t);
        break;
    case MANY:
        many_at_a_time(log, &t);
        break;
    case BYTES:
        as_bytes(log, &t);
        break;
    default:
        in_parts(log, &t, 0, compare);
    }
    assert_int_equal(maillog_join_flush(t.join), MAILLOG_OK);
    assert_int_equal(maillog_join_stats_get(t.join, &st), MAILLOG_OK);
    assert_int_equal(st.pending, 0);
    for (int i = 0; i < messages; i++) assert_int_equal(told[i], 1);
    free(t.mem);
}

/* ---- parts and the whole: every record the same, be it a message or not, to the last letter ---- */

enum { MOST_RECORDS = 2 * MOST_LOG };
typedef struct records {
    char *json[MOST_RECORDS];
    size_t n;
} records;
static records *written;

static int write_down(void *user, maillog_message *m)
{
    (void)user;
    const size_t n = maillog_message_json(m, NULL, NULL, 0);
    char *json = (char *)malloc(n + 1);
    maillog_message_json(m, NULL, json, n);
    json[n] = '\0';
    assert_true(written->n < MOST_RECORDS);
    written->json[written->n++] = json;
    return 0;
}

static int by_text(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

static void write_records(const model *log, records *r, bool parts)
{
    maillog_join_stats st;
    r->n = 0;
    written = r;
    table t = new_table(1 << 20, MAILLOG_JOIN_ALL_RECORDS, write_down, NULL);
    if (parts)
        in_parts(log, &t, MAILLOG_JOIN_ALL_RECORDS, write_down);
    else
        one_by_one(log, &t, 0, log->n);
    assert_int_equal(maillog_join_flush(t.join), MAILLOG_OK);
    assert_int_equal(maillog_join_stats_get(t.join, &st), MAILLOG_OK);
    free(t.mem);
    qsort(r->json, r->n, sizeof *r->json, by_text);
}

static void parts_and_whole(const model *log)
{
    static records whole, parts;
    settle = 1 + roll(4);
    wait = settle + roll(60);
    write_records(log, &whole, false);
    write_records(log, &parts, true);
    for (size_t i = 0; i < whole.n || i < parts.n; i++) {
        const char *want = i < whole.n ? whole.json[i] : "(none)", *got = i < parts.n ? parts.json[i] : "(none)";
        if (strcmp(want, got) == 0) continue;
        for (size_t k = 0; k < log->n; k++) fprintf(stderr, "%zu %s\n", k + 1, log->line[k]);
        fprintf(stderr, "settle %u, wait %u\nwhole: %s\nparts: %s\n", settle, wait, want, got);
        fail();
    }
    for (size_t i = 0; i < whole.n; i++) {
        free(whole.json[i]);
        free(parts.json[i]);
    }
    settle = wait = 0;
}

/* ---- too little memory ---- */

static unsigned char listed[MOST_LOG * 2 + 1];
static int note_lines(void *user, maillog_message *m)
{
    (void)user;
    for (size_t i = 0; i < m->lines.len; i++) listed[m->lines.ptr[i]] = 1;
    return 0;
}

/* Every live message of `times` logs in the least table there is: the counters add up, each line is told. */
static void join_evicting(const model *log, unsigned times)
{
    table t = new_table(1, MAILLOG_JOIN_ALL_RECORDS, note_lines, NULL);
    maillog_join_stats st;
    memset(listed, 0, sizeof listed);
    for (unsigned k = 0; k < times; k++) one_by_one(log, &t, 0, log->n);
    assert_int_equal(maillog_join_flush(t.join), MAILLOG_OK);
    assert_int_equal(maillog_join_stats_get(t.join, &st), MAILLOG_OK);
    assert_int_equal(st.pending, 0);
    assert_int_equal(st.lines, log->n * times);
    assert_int_equal(st.attributed + st.sessions + st.services + st.unmatched, st.lines);
    for (size_t i = 1; i <= log->n; i++) assert_int_equal(listed[i], 1);
    free(t.mem);
}

static void free_log(model *log)
{
    for (size_t i = 0; i < log->n; i++) free(log->line[i]);
    for (int i = 0; i < messages; i++)
        for (int k = 0; k < all[i].n; k++) free(all[i].line[k]);
}

#ifndef JOIN_MODEL_DICE
ML_WRAPS static void play(uint64_t start, bool disorder)
{
    static model log;
    seed = start * 0x9e3779b97f4a7c15u + 1;
    make_log(&log, disorder);
    for (int way = 0; way < WAYS; way++) join_log(&log, way);
    for (int i = 0; i < 4; i++) parts_and_whole(&log);
    if (start % 16 == 0) join_evicting(&log, 2);
    free_log(&log);
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
#endif
