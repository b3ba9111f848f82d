/* test_join_forge.c: what strangers can do to the table: aim at one bucket, use the Message-ID of others, come with the
 * process and the ID of others, and crowd out a message. */
#include "support/tables.h"

/* ---- flooding one bucket ---- */

enum { FLOOD = 200 };

/* The longest chain that the Message-IDs make with the table's seed, if each goes to its bucket. */
static unsigned longest_chain(maillog_join *j, const unsigned *number)
{
    unsigned *load = (unsigned *)calloc(j->nbuckets, sizeof *load), most = 0;
    for (unsigned i = 0; i < FLOOD; i++) {
        char id[40];
        const maillog_str v = {id, (size_t)snprintf(id, sizeof id, "<%u@evil.example>", number[i])};
        unsigned *n = &load[maillog__key(j, ML_KEY_MESSAGE_ID, 7, v) & (j->nbuckets - 1)];
        if (++*n > most) most = *n;
    }
    free(load);
    return most;
}

/* Message-IDs that all fall into one bucket of a table with a known seed are spread over another's, whatever bit of the
 * seed differs: who does not know it has no better flood than chance. Guards: the seed in arena.c's hash(). */
static void test_flood(void **state)
{
    (void)state;
    maillog_join_config cfg = small();
    seen s = {0};
    void *mem, *mem2;
    unsigned number[FLOOD], n = 0;
    cfg.memory = 512 * 1024;
    maillog_join *j = new_table(&cfg, &mem, &s);
    for (unsigned i = 0; n < FLOOD; i++) {
        char id[40];
        const maillog_str v = {id, (size_t)snprintf(id, sizeof id, "<%u@evil.example>", i)};
        if (!(maillog__key(j, ML_KEY_MESSAGE_ID, 7, v) & (j->nbuckets - 1))) number[n++] = i;
    }
    assert_int_equal(longest_chain(j, number), FLOOD);
    for (unsigned bit = 0; bit < 128; bit++) {
        cfg.seed[0] = cfg.seed[1] = 0;
        cfg.seed[bit / 64] = (uint64_t)1 << bit % 64;
        maillog_join *k = new_table(&cfg, &mem2, &s);
        assert_in_range(longest_chain(k, number), 1, 8);
        free(mem2);
    }
    free(mem);
}

/* ---- one Message-ID, many messages ---- */

static unsigned with_key(maillog_join *j, uint64_t key)
{
    uint32_t at = 0;
    unsigned n = 0;
    while (maillog__find(j, key, &at)) n++;
    return n;
}

/* Everybody's Message-ID is the victim's. Each message stays one of its own. Guards: what everybody has is no key any
 * more (link.c, link_message_id()), nor does it join (link_filtered() wants a filter). */
static void test_same_message_id(void **state)
{
    (void)state;
    enum { N = 2000 };
    maillog_join_config cfg = small();
    seen s = {0};
    void *mem;
    cfg.memory = 8u << 20;
    maillog_join *j = new_table(&cfg, &mem, &s);
    const maillog_str id = {"<victim@example.net>", 20}, host = {"mx", 2};
    const uint32_t mx = (uint32_t)maillog__key(j, ML_KEY_HOST, 0, host);
    for (unsigned i = 0; i < N; i++) {
        push(j, "Jul 19 00:00:01 mx postfix/smtpd[%u]: 4C%04XB0: client=evil.example[203.0.113.%u]", 100 + i, i,
             i % 250);
        push(j, "Jul 19 00:00:01 mx postfix/cleanup[8]: 4C%04XB0: message-id=<victim@example.net>", i);
        push(j, "Jul 19 00:00:01 mx postfix/qmgr[7]: 4C%04XB0: from=<e%u@evil.example>, size=3, nrcpt=1 (queue active)",
             i, i);
    }
    assert_in_range(with_key(j, maillog__key(j, ML_KEY_MESSAGE_ID, mx, id)), 1, 16);
    assert_int_equal(maillog_join_flush(j), MAILLOG_OK);
    assert_int_equal(s.messages, N);
    assert_int_equal(s.legs, N);
    free(mem);
}

/* One client, one process number, very many connections: each line looks at few of them. Guards: table.c's trim(). */
static void test_same_key(void **state)
{
    (void)state;
    maillog_join_config cfg = small();
    seen s = {0};
    void *mem;
    cfg.memory = 4u << 20;
    maillog_join *j = new_table(&cfg, &mem, &s);
    const maillog_str addr = {"203.0.113.6", 11}, host = {"mx", 2}, pid = {"77", 2};
    const uint32_t mx = (uint32_t)maillog__key(j, ML_KEY_HOST, 0, host);
    const uint64_t process = (uint64_t)mx << 8 | MAILLOG_DAEMON_POSTFIX_SMTPD;
    for (unsigned i = 0; i < 1000; i++)
        push(j, "Jul 19 00:00:01 mx postfix/smtpd[77]: connect from c%u.example[203.0.113.6]", i);
    assert_in_range(with_key(j, maillog__key(j, ML_KEY_ADDRESS, mx, addr)), 1, 64);
    assert_in_range(with_key(j, maillog__key(j, ML_KEY_PROCESS, process, pid)), 1, 64);
    assert_int_equal(maillog_join_flush(j), MAILLOG_OK);
    free(mem);
}

/* ---- the process and the queue ID of others ---- */

/* Connections of one process that never say goodbye, two of each client: no attempt gets a line of another. Guards: a
 * connect is a new session, whatever is open (session.c, session_for_connect()). */
static void test_same_process(void **state)
{
    (void)state;
    enum { N = 500 };
    maillog_join_config cfg = small();
    seen s = {0};
    void *mem;
    cfg.memory = 1u << 20;
    cfg.flags = MAILLOG_JOIN_ALL_RECORDS;
    maillog_join *j = new_table(&cfg, &mem, &s);
    s.line = (unsigned char *)calloc(N * 2 + 1, 1);
    for (unsigned i = 0; i < N; i++) {
        push(j, "Jul 19 00:00:01 mx postfix/smtpd[77]: connect from c%u.example[198.51.100.%u]", i, i / 2 % 250);
        push(j,
             "Jul 19 00:00:01 mx postfix/smtpd[77]: NOQUEUE: reject: RCPT from c%u.example[198.51.100.%u]: 550 5.1.1 "
             "<a@example.org>: Recipient address rejected: User unknown; from=<x%u@example.net> to=<a@example.org> "
             "proto=ESMTP helo=<c>",
             i / 2, i / 2 % 250, i);
    }
    assert_int_equal(maillog_join_flush(j), MAILLOG_OK);
    assert_int_equal(s.messages, N);
    for (unsigned i = 1; i <= N * 2; i++) assert_int_equal(s.line[i], 1);
    free(s.line);
    free(mem);
}

/* A server that a message is handed to names the queue ID of another message of ours in its reply: it gets neither
 * that message nor its place. Guards: link.c's confirms(), which wants a leg of this host to have come from here or
 * from the server itself. (Its other conditions: tests/join/hostile.txt.) */
static void test_reply_names_another(void **state)
{
    (void)state;
    maillog_join_config cfg = small();
    seen s = {0};
    void *mem;
    maillog_join *j = new_table(&cfg, &mem, &s);
    for (unsigned i = 0; i < 2; i++) {
        const char *const id = i ? "4CEB0B1" : "4CA11A1";
        push(j, "Jul 19 00:00:01 mx postfix/smtpd[%u]: %s: client=a.example[203.0.113.%u]", 100 + i, id, i);
        push(j, "Jul 19 00:00:01 mx postfix/cleanup[8]: %s: message-id=<same@example.net>", id);
        push(j, "Jul 19 00:00:01 mx postfix/qmgr[7]: %s: from=<e@example>, size=3, nrcpt=1 (queue active)", id);
    }
    push(j, "Jul 19 00:00:02 mx postfix/smtp[5]: 4CEB0B1: to=<r@evil.example>, relay=mx.evil.example[198.51.100.7]:25, "
            "delay=1, delays=0/0/0/1, dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as 4CA11A1)");
    assert_int_equal(maillog_join_flush(j), MAILLOG_OK);
    assert_int_equal(s.messages, 2);
    assert_int_equal(s.legs, 2);
    free(mem);
}

/* ---- crowding out ---- */

static void by_connection(maillog_join *j, unsigned i)
{
    push(j, "Jul 19 00:00:03 mx postfix/smtpd[%u]: connect from unknown[10.%u.%u.%u]", i % 100000, i >> 16,
         i >> 8 & 255, i & 255);
}

static void by_attempt(maillog_join *j, unsigned i)
{
    push(j,
         "Jul 19 00:00:03 mx postfix/smtpd[%u]: NOQUEUE: reject: RCPT from unknown[10.0.0.1]: 450 4.2.0 <a@b.c>: "
         "Recipient "
         "address rejected: Greylisted; from=<%u@x.y> to=<a@b.c> proto=SMTP helo=<h>",
         i % 100000, i);
}

static void by_answer(maillog_join *j, unsigned i)
{
    push(j,
         "Jul 19 00:00:03 mx postgrey[9]: action=greylist, reason=new, client_name=u, client_address=10.%u.%u.%u, "
         "sender=a@b.c, recipient=d@e.f",
         i >> 16, i >> 8 & 255, i & 255);
}

/* The next host's reply names IDs of messages that never come. */
static void by_reply(maillog_join *j, unsigned i)
{
    if (!i) push(j, "Jul 19 00:00:03 mx postfix/cleanup[8]: 4CFFFF1: message-id=<evil@example.net>");
    push(j,
         "Jul 19 00:00:03 mx postfix/smtp[5]: 4CFFFF1: to=<%u@x.y>, relay=m[198.51.100.7]:25, delay=1, "
         "delays=0/0/0/1, dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as AB%07u)",
         i, i);
}

static void by_message(maillog_join *j, unsigned i)
{
    push(j, "Jul 19 00:00:03 mx postfix/smtpd[5]: AC%07u: client=u[10.0.0.1]", i);
}

/* A message in the queue goes out early only when very much of the log is newer than it: no kind of line takes many
 * times its length of the block, and nothing that is quiet for less long is kept instead. Guards: one node, and what
 * its text takes, for a line; and deliver.c's maillog__evict(), oldest first. */
static void crowd_out(void (*attack)(maillog_join *, unsigned), double most, bool fills)
{
    maillog_join_config cfg = small();
    seen s = {0};
    void *mem;
    maillog_join_stats st;
    cfg.memory = 4u << 20;
    maillog_join *j = new_table(&cfg, &mem, &s);
    push(j, "Jul 19 00:00:00 mx postfix/smtpd[1]: 4C0D11F2A0: client=a.example.net[192.0.2.1]");
    push(j,
         "Jul 19 00:00:00 mx postfix/qmgr[7]: 4C0D11F2A0: from=<ann@example.net>, size=1000, nrcpt=1 (queue active)");
    unsigned n = 0;
    s.bytes = 0;
    s.wanted = 1;
    while (!s.found && s.bytes < 4 * cfg.memory) attack(j, n++);
    maillog_join_stats_get(j, &st);
    const double factor = (double)st.memory / (double)s.bytes;
    if (factor > most)
        print_error("%u lines, %zu bytes crowd out a table of %u: factor %.1f\n", n, (size_t)s.bytes,
                    (unsigned)st.memory, factor);
    assert_true(factor <= most);
    assert_int_equal(s.found, fills);
    free(mem);
}

static void test_crowding(void **state)
{
    (void)state;
    crowd_out(by_connection, 4, true);
    crowd_out(by_attempt, 4, true);
    crowd_out(by_answer, 4, true);
    crowd_out(by_reply, 4, false); /* its own message is too long, and goes out */
    crowd_out(by_message, 4, true);
}

/* A report that names very many queue IDs makes but a few nodes, so that there is always room for what a line needs,
 * and a group stays one that can be handed over. Guards: MOST_SPLIT in filter.c, MOST_NODES in table.c. */
static void test_many_queue_ids(void **state)
{
    (void)state;
    enum { BEHIND = 4096 };
    maillog_join_config cfg = small();
    seen s = {0};
    maillog_join *j;
    maillog_join_stats st;
    const size_t size = maillog_join_size(&cfg);
    char *mem = (char *)malloc(size + BEHIND), ids[3900];
    memset(mem + size, 0x5a, BEHIND);
    assert_int_equal(maillog_join_init(&j, mem, size, &cfg, note, &s), MAILLOG_OK);
    for (unsigned i = 0; i < 300; i++) {
        size_t n = 0;
        for (unsigned k = 0; n + 16 < sizeof ids; k++)
            n += (size_t)snprintf(ids + n, sizeof ids - n, "%s4C%03X%03XA", k ? "/" : "", i, k);
        push(j, "Jul 19 00:00:%02u mx amavis[7]: (00007-%u) Passed CLEAN, <a@b.c> -> <d@e.f>, queued_as: %s, 9 ms",
             i / 10, i, ids);
        if (!i) assert_in_range(j->nodes, 2, 32);
        assert_in_range(j->used_cells, 1, j->ncells - 1);
        assert_int_equal(maillog_join_stats_get(j, &st), MAILLOG_OK);
    }
    assert_int_equal(maillog_join_flush(j), MAILLOG_OK);
    for (size_t i = 0; i < BEHIND; i++) assert_int_equal(mem[size + i], 0x5a);
    free(mem);
}

static unsigned ring_of(const maillog_join *j, uint32_t leader)
{
    unsigned n = 0;
    for (uint32_t i = leader; !n || i != leader; i = ml_at_node(j, i)->group_next) n++;
    return n;
}

/* Very many such reports of one run: the group stays one that can be counted and handed over. Guards: MOST_NODES in
 * table.c. */
static void test_many_nodes(void **state)
{
    (void)state;
    enum { LINES = 9000, IDS = 8 };
    maillog_join_config cfg = small();
    seen s = {0};
    void *mem;
    maillog_join_stats st;
    cfg.memory = 160u << 20;
    maillog_join *j = new_table(&cfg, &mem, &s);
    for (unsigned i = 0; i < LINES; i++) {
        char ids[IDS * 16];
        size_t n = 0;
        for (unsigned k = 0; k < IDS; k++)
            n += (size_t)snprintf(ids + n, sizeof ids - n, "%s4C%04X%XA", k ? "/" : "", i, k);
        push(j, "Jul 19 00:00:00 mx amavis[7]: (00007-1) Passed CLEAN, <a@b.c> -> <d@e.f>, queued_as: %s, 9 ms", ids);
    }
    for (unsigned l = ML_LIST_OPEN; l <= ML_LIST_LOOSE; l++)
        for (uint32_t i = j->list[l].first; i; i = ml_at_node(j, i)->next)
            assert_int_equal(ml_at_node(j, i)->u.g.nodes, ring_of(j, i));
    assert_int_equal(maillog_join_stats_get(j, &st), MAILLOG_OK);
    assert_int_equal(st.live, LINES * IDS + 1);
    assert_int_equal(maillog_join_flush(j), MAILLOG_OK);
    assert_int_equal(maillog_join_stats_get(j, &st), MAILLOG_OK);
    free(mem);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_flood),          cmocka_unit_test(test_same_message_id),
        cmocka_unit_test(test_same_process),   cmocka_unit_test(test_reply_names_another),
        cmocka_unit_test(test_crowding),       cmocka_unit_test(test_same_key),
        cmocka_unit_test(test_many_queue_ids), cmocka_unit_test(test_many_nodes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
