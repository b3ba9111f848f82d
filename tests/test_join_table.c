/* test_join_table.c: the table itself: its block, its bounds, its counters, what it refuses. */
#include "base/cursor.h"
#include "support/tables.h"

static void push_message(maillog_join *j, unsigned n)
{
    const unsigned s = n / 50, h = s / 3600 % 24, m = s / 60 % 60;
    const char *const head = "Jul 19 %02u:%02u:%02u mx postfix/";
    char at[48];
    snprintf(at, sizeof at, head, h, m, s % 60);
    push(j, "%spickup[9]: %05XAB%u: uid=0 from=<user%u@example.net>", at, n % 0xF4000, n, n);
    push(j, "%scleanup[8]: %05XAB%u: message-id=<%u@example.net>", at, n % 0xF4000, n, n);
    push(j, "%sqmgr[7]: %05XAB%u: from=<user%u@example.net>, size=300, nrcpt=1 (queue active)", at, n % 0xF4000, n, n);
}

static void end_message(maillog_join *j, unsigned n, unsigned now)
{
    push(j,
         "Jul 19 %02u:%02u:%02u mx postfix/smtp[5]: %05XAB%u: to=<r%u@example.org>, relay=mx[198.51.100.7]:25, "
         "delay=1, delays=0/0/0/1, dsn=2.0.0, status=sent (250 Ok)",
         now / 3600, now / 60 % 60, now % 60, n % 0xF4000, n, n);
    push(j, "Jul 19 %02u:%02u:%02u mx postfix/qmgr[7]: %05XAB%u: removed", now / 3600, now / 60 % 60, now % 60,
         n % 0xF4000, n);
}

static void test_arguments(void **state)
{
    (void)state;
    maillog_join_config cfg = small();
    maillog_join *j;
    maillog_event ev;
    seen s = {0};
    const size_t n = maillog_join_size(&cfg);
    void *mem = malloc(n);
    assert_int_equal(n, 64 * 1024);
    assert_int_equal(maillog_join_size(NULL), 64u << 20);
    assert_int_equal(maillog_join_init(NULL, mem, n, &cfg, note, &s), MAILLOG_ERR_ARGUMENT);
    assert_int_equal(maillog_join_init(&j, NULL, n, &cfg, note, &s), MAILLOG_ERR_ARGUMENT);
    assert_int_equal(maillog_join_init(&j, mem, n, &cfg, NULL, &s), MAILLOG_ERR_ARGUMENT);
    assert_int_equal(maillog_join_init(&j, mem, n - 1, &cfg, note, &s), MAILLOG_ERR_NO_SPACE);
    assert_int_equal(maillog_join_init(&j, mem, n, &cfg, note, &s), MAILLOG_OK);
    assert_int_equal(maillog_parse_line(NULL, "x", 1, &ev), MAILLOG_OK);
    assert_int_equal(maillog_join_push(NULL, &ev), MAILLOG_ERR_ARGUMENT);
    assert_int_equal(maillog_join_push(j, NULL), MAILLOG_ERR_ARGUMENT);
    assert_int_equal(maillog_join_push_line(j, &ev, 0), MAILLOG_ERR_ARGUMENT);
    assert_int_equal(maillog_join_flush(NULL), MAILLOG_ERR_ARGUMENT);
    assert_int_equal(maillog_join_expire(NULL, 0), MAILLOG_ERR_ARGUMENT);
    assert_int_equal(maillog_join_import(j, NULL, 0), MAILLOG_ERR_ARGUMENT);
    assert_int_equal(maillog_join_import(j, "short", 5), MAILLOG_ERR_FORMAT);
    assert_int_equal(maillog_join_export(NULL, NULL, 0), 0);
    assert_int_equal(maillog_join_unbuilt(NULL, NULL), MAILLOG_ERR_ARGUMENT);
    assert_int_equal(maillog_message_room("short", 5), 0);
    assert_int_equal(maillog_message_build("short", 5, mem, n, note, &s), MAILLOG_ERR_FORMAT);
    assert_int_equal(maillog_message_build(NULL, 0, mem, n, note, &s), MAILLOG_ERR_ARGUMENT);
    assert_int_equal(maillog_message_build("short", 5, mem, n, NULL, &s), MAILLOG_ERR_ARGUMENT);
    assert_string_equal(maillog_verdict_name(99), "unknown");
    assert_string_equal(maillog_verdict_name(-1), "unknown");
    assert_string_equal(maillog_record_name(0), "unknown");
    free(mem);
}

/* Whether a byte of a sealed block says anything: not the callback's place, cells never used, the scratch. */
static bool counts(const maillog_join *j, size_t i)
{
    const size_t callback = offsetof(maillog_join, cb), after = offsetof(maillog_join, config);
    if (i < sizeof *j) return i < callback || i >= after;
    return i >= j->buckets_at && i < j->cells_at + (size_t)j->fresh_cell * ML_CELL;
}

/* Some bytes at a time, anywhere: refused if one of them counts. */
ML_WRAPS static void damage_at_random(const void *mem, unsigned char *copy, size_t n, seen *s)
{
    maillog_join *k;
    uint64_t x = 4711;
    for (unsigned round = 0; round < 2000; round++) {
        bool changed = false;
        memcpy(copy, mem, n);
        for (unsigned i = 0; i <= round % 16; i++) {
            x = x * 6364136223846793005u + 1442695040888963407u;
            const size_t at = (size_t)(x >> 20) % n;
            const unsigned char byte = (unsigned char)(x >> 56);
            changed |= copy[at] != byte && counts((const maillog_join *)mem, at);
            copy[at] = byte;
        }
        const int rc = maillog_join_attach(&k, copy, n, note, s);
        if (changed) assert_true(rc < 0);
    }
}

/* Of another version of the format, of a machine with another layout, of one whose bytes go the other way round. */
static void refuse_others(const void *mem, unsigned char *copy, size_t n, seen *s)
{
    maillog_join *k, *head = (maillog_join *)(void *)copy;
    memcpy(copy, mem, n);
    head->version++;
    assert_int_equal(maillog_join_attach(&k, copy, n, note, s), MAILLOG_ERR_VERSION);
    memcpy(copy, mem, n);
    head->layout += 8;
    assert_int_equal(maillog_join_attach(&k, copy, n, note, s), MAILLOG_ERR_VERSION);
    for (size_t width = 4; width <= 8; width += 4) {
        memcpy(copy, mem, n);
        for (size_t i = 0; i + width <= n; i += width)
            for (size_t a = i, b = i + width - 1; a < b; a++, b--) {
                const unsigned char t = copy[a];
                copy[a] = copy[b];
                copy[b] = t;
            }
        assert_int_equal(maillog_join_attach(&k, copy, n, note, s), MAILLOG_ERR_FORMAT);
    }
}

/* A sealed block with any one bit of its head, or any one byte elsewhere, changed is refused; so is one that was not
 * sealed, a short one, a foreign one. */
static void test_damage(void **state)
{
    (void)state;
    maillog_join_config cfg = small();
    seen s = {0};
    const size_t n = maillog_join_size(&cfg);
    void *mem = calloc(1, n); /* all of it is compared below, also bytes of cells that nobody writes */
    maillog_join *j, *k;
    assert_int_equal(maillog_join_init(&j, mem, n, &cfg, note, &s), MAILLOG_OK);
    for (unsigned i = 0; i < 20; i++) push_message(j, i);
    unsigned char *copy = (unsigned char *)malloc(n);
    memcpy(copy, mem, n);
    assert_int_equal(maillog_join_attach(&k, copy, n, note, &s), MAILLOG_ERR_STATE);
    assert_int_equal(maillog_join_seal(j), MAILLOG_OK);
    assert_int_equal(maillog_join_seal(j), MAILLOG_ERR_STATE);
    assert_int_equal(push(j, "x"), MAILLOG_ERR_STATE);
    assert_int_equal(maillog_join_flush(j), MAILLOG_ERR_STATE);
    for (size_t i = 0; i < n; i += i < sizeof *j ? 1 : 37)
        for (unsigned bit = 0; bit < (i < sizeof *j ? 8u : 1u); bit++) {
            memcpy(copy, mem, n);
            copy[i] ^= (unsigned char)(1u << (bit + i) % 8);
            const int rc = maillog_join_attach(&k, copy, n, note, &s);
            if (counts((const maillog_join *)mem, i))
                assert_true(rc < 0);
            else
                assert_int_equal(rc, MAILLOG_OK);
        }
    damage_at_random(mem, copy, n, &s);
    refuse_others(mem, copy, n, &s);
    memcpy(copy, mem, n);
    assert_int_equal(maillog_join_attach(&k, copy, n - 1, note, &s), MAILLOG_ERR_CORRUPT);
    assert_int_equal(maillog_join_attach(&k, copy, 16, note, &s), MAILLOG_ERR_FORMAT);
    memset(copy, 0, n);
    assert_int_equal(maillog_join_attach(&k, copy, n, note, &s), MAILLOG_ERR_FORMAT);
    assert_int_equal(maillog_join_attach(&k, mem, n, note, &s), MAILLOG_OK);
    assert_int_equal(maillog_join_flush(k), MAILLOG_OK);
    assert_int_equal(s.messages, 20);
    free(copy);
    free(mem);
}

/* A block of a hundredth of what the live messages need: each record comes out once, no line is lost. */
static void test_eviction(void **state)
{
    (void)state;
    enum { N = 12000 };
    maillog_join_config cfg = small();
    seen s = {0};
    void *mem;
    cfg.flags = MAILLOG_JOIN_ALL_RECORDS;
    maillog_join *j = new_table(&cfg, &mem, &s);
    maillog_join_stats st;
    s.line = (unsigned char *)calloc(N * 5 + 1, 1);
    for (unsigned i = 0; i < N; i++) {
        push_message(j, i);
        if (i % 97 == 0) assert_int_equal(maillog_join_stats_get(j, &st), MAILLOG_OK);
        assert_true(st.memory_used <= st.memory);
    }
    for (unsigned i = 0; i < N; i++) end_message(j, i, N / 50 + i / 50);
    assert_int_equal(maillog_join_flush(j), MAILLOG_OK);
    assert_int_equal(maillog_join_stats_get(j, &st), MAILLOG_OK);
    assert_int_equal(st.lines, N * 5);
    assert_int_equal(st.pending, 0);
    assert_int_equal(st.live, 0);
    assert_int_equal(st.attributed + st.sessions + st.services + st.unmatched, N * 5);
    assert_true(st.evicted > N / 2);
    assert_int_equal(st.evicted, s.evicted);
    for (size_t i = 1; i <= N * 5; i++) assert_int_equal(s.line[i], 1);
    free(s.line);
    free(mem);
}

/* One message of very many lines, and lines of any length: bounded, and every line number is there. */
static void test_large(void **state)
{
    (void)state;
    enum { N = 5000 };
    static char reply[3000];
    maillog_join_config cfg = small();
    seen s = {0};
    void *mem;
    maillog_join *j = new_table(&cfg, &mem, &s);
    maillog_join_stats st;
    s.line = (unsigned char *)calloc(N + 6, 1);
    memset(reply, 'x', sizeof reply - 1);
    push_message(j, 1);
    for (unsigned i = 0; i < N; i++)
        push(j,
             "Jul 19 00:00:00 mx postfix/smtp[5]: 00001AB1: to=<r%u@example.org>, relay=mx[198.51.100.7]:25, delay=%u, "
             "delays=0/0/0/1, dsn=2.0.0, status=sent (%s)",
             i, i, i % 10 ? "250 Ok" : reply);
    /* what comes later, of another queue ID, has its ID all the same */
    push(j, "Jul 19 00:00:01 mx postfix/local[6]: 00001AB1: to=<r@example.org>, relay=local, delay=1, "
            "delays=0/0/0/1, dsn=2.0.0, status=sent (forwarded as 00002AB2)");
    push(j, "Jul 19 00:00:01 mx postfix/qmgr[7]: 00002AB2: from=<user1@example.net>, size=300, nrcpt=1 (queue active)");
    assert_int_equal(maillog_join_stats_get(j, &st), MAILLOG_OK);
    assert_int_equal(maillog_join_flush(j), MAILLOG_OK);
    assert_int_equal(maillog_join_stats_get(j, &st), MAILLOG_OK);
    assert_int_equal(st.lines, N + 5);
    assert_true(st.truncated > 0);
    for (size_t i = 1; i <= N + 5; i++) assert_int_equal(s.line[i], 1);
    free(s.line);
    free(mem);
}

static void test_expire(void **state)
{
    (void)state;
    maillog_join_config cfg = small();
    seen s = {0};
    void *mem;
    cfg.reference = 1311062400; /* 19 July 2011 */
    cfg.expire = 3600;
    maillog_join *j = new_table(&cfg, &mem, &s);
    push_message(j, 0);
    push_message(j, 1);
    end_message(j, 1, 0);
    assert_int_equal(maillog_join_expire(j, 1311033600 + 5), MAILLOG_OK);
    assert_int_equal(s.messages, 0);
    assert_int_equal(maillog_join_expire(j, 1311033600 + 60), MAILLOG_OK);
    assert_int_equal(s.messages, 1); /* the one that was over */
    assert_int_equal(s.complete, 1);
    assert_int_equal(maillog_join_expire(j, 1311033600 + 3700), MAILLOG_OK);
    assert_int_equal(s.messages, 2);
    free(mem);
}

/* A table of July 2011 with one open message. */
static maillog_join *open_in_2011(void **mem, seen *s)
{
    maillog_join_config cfg = small();
    cfg.reference = 1311062400;
    maillog_join *j = new_table(&cfg, mem, s);
    push_message(j, 0);
    return j;
}

/* A stamp far ahead is no reason to give up every open message; a second one that agrees is. */
static void test_wild_stamp(void **state)
{
    (void)state;
    seen s = {0};
    void *mem;
    maillog_join *j = open_in_2011(&mem, &s);
    push(j, "2031-01-01T00:00:00Z mx postfix/qmgr[7]: 0AAAAAB77: removed");
    end_message(j, 0, 3);
    push(j, "Jul 19 00:10:00 mx postfix/anvil[1]: statistics: max cache size 1 at Jul 19 00:10:00");
    assert_int_equal(s.messages, 2);
    assert_int_equal(s.complete, 2);
    free(mem);
}

/* Stamps of later years here and there, and of a host that lives in an earlier one: nothing that is open grows old by
 * them. */
static void test_other_years(void **state)
{
    (void)state;
    seen s = {0};
    void *mem;
    maillog_join *j = open_in_2011(&mem, &s);
    for (unsigned i = 0; i < 40; i++) {
        for (unsigned k = 0; k <= (i % 2 ? 0 : i % 3); k++)
            push(j, "%u-01-01T00:00:%02uZ other postfix/anvil[1]: statistics: max cache size 1 at Jan 1 00:00:00",
                 i % 2 ? 2031 : 1999, i);
        for (unsigned k = 0; k <= i % 4; k++)
            push(j, "Jul 19 00:01:%02u mx postfix/anvil[1]: statistics: max cache size 1 at Jul 19 00:00:00", i);
    }
    assert_int_equal(s.messages, 0);
    end_message(j, 0, 3);
    assert_int_equal(maillog_join_flush(j), MAILLOG_OK);
    assert_int_equal(s.messages, 1);
    assert_int_equal(s.complete, 1);
    free(mem);
}

/* Stamps of 2126, which no clock of 32 bits has: what is open grows old by them, once; what comes later as it always
 * does. In a part of a log, which gives nothing up, too. */
static void test_beyond_2106(void **state)
{
    (void)state;
    for (int part = 0; part < 2; part++) {
        maillog_join_config cfg = small();
        seen s = {0};
        void *mem;
        cfg.reference = 1311062400;
        cfg.flags = part ? MAILLOG_JOIN_PART : 0;
        maillog_join *j = new_table(&cfg, &mem, &s);
        for (unsigned i = 0; i < 300; i++) { /* leaps of a century, far more than 32 bits in all */
            push_message(j, i % 8);
            for (unsigned k = 0; k < 2; k++)
                push(j, "%u-05-09T10:00:0%uZ other postfix/anvil[1]: statistics: max cache size 1 at May 9 10:00:00",
                     i % 2 ? 2126 : 2026, k);
        }
        assert_int_equal(maillog_join_flush(j), MAILLOG_OK);
        if (!part) assert_true(s.messages >= 8);
        free(mem);
    }
}

/* Keys are hashes alone: every bit of what is hashed, of its kind and of the seed must count, at every length. */
static void test_hash(void **state)
{
    (void)state;
    maillog_join_config cfg = small();
    seen s = {0};
    void *mem;
    maillog_join *j = new_table(&cfg, &mem, &s);
    char text[100];
    for (size_t i = 0; i < sizeof text; i++) text[i] = (char)(i * 7);
    for (size_t n = 0; n <= sizeof text; n++) {
        const uint64_t h = maillog__hash(j, 3, text, n);
        assert_true(h != maillog__hash(j, 9, text, n));
        if (n) assert_true(h != maillog__hash(j, 3, text, n - 1));
        for (size_t bit = 0; bit < n * 8; bit++) {
            text[bit / 8] ^= (char)(1 << bit % 8);
            assert_true(h != maillog__hash(j, 3, text, n));
            text[bit / 8] ^= (char)(1 << bit % 8);
        }
        j->config.seed[0] ^= 1;
        assert_true(h != maillog__hash(j, 3, text, n));
        j->config.seed[0] ^= 1;
    }
    free(mem);
}

static void test_abort(void **state)
{
    (void)state;
    maillog_join_config cfg = small();
    seen s = {0};
    void *mem;
    maillog_join *j = new_table(&cfg, &mem, &s);
    maillog_join_stats st;
    push_message(j, 0);
    end_message(j, 0, 1);
    s.answer = -1;
    assert_int_equal(push(j, "Jul 19 00:10:00 mx postfix/qmgr[7]: 0AAAAAB77: removed"), MAILLOG_ERR_ABORTED);
    assert_int_equal(maillog_join_stats_get(j, &st), MAILLOG_OK); /* the line was taken */
    assert_int_equal(st.lines, 6);
    s.answer = 0;
    assert_int_equal(maillog_join_flush(j), MAILLOG_OK);
    assert_int_equal(s.messages, 2);
    push_message(j, 5); /* and again */
    assert_int_equal(maillog_join_flush(j), MAILLOG_OK);
    assert_int_equal(s.messages, 3);
    free(mem);
}

/* After its "stop" the callback is left alone: flush() forgets the rest, expire() and push() leave it for the next
 * call. */
static void test_abort_many(void **state)
{
    (void)state;
    maillog_join_config cfg = small();
    cfg.memory = 256 * 1024;
    seen s = {0};
    void *mem;
    maillog_join *j = new_table(&cfg, &mem, &s);
    maillog_join_stats st;
    for (unsigned i = 0; i < 5; i++) push_message(j, i);
    s.answer = -1;
    assert_int_equal(maillog_join_flush(j), MAILLOG_ERR_ABORTED);
    assert_int_equal(s.messages, 1);
    assert_int_equal(maillog_join_stats_get(j, &st), MAILLOG_OK);
    assert_int_equal(st.live, 0);
    assert_int_equal(st.pending, 0);
    assert_int_equal(st.messages, 5);
    for (unsigned i = 5; i < 10; i++) {
        push_message(j, i);
        end_message(j, i, 1);
    }
    memset(&s, 0, sizeof s);
    s.answer = -1;
    for (unsigned i = 1; i <= 5; i++) {
        assert_int_equal(maillog_join_expire(j, 1000000000), MAILLOG_ERR_ABORTED);
        assert_int_equal(s.messages, i);
    }
    assert_int_equal(maillog_join_expire(j, 1000000000), MAILLOG_OK);
    s.answer = 0;
    assert_int_equal(maillog_join_flush(j), MAILLOG_OK);
    assert_int_equal(s.messages, 5);
    assert_int_equal(maillog_join_stats_get(j, &st), MAILLOG_OK);
    free(mem);
}

/* Another seed is another table's: its keys mean nothing here. */
static void test_import_seed(void **state)
{
    (void)state;
    maillog_join_config cfg = small();
    seen s = {0};
    void *mem, *mem2;
    maillog_join *j = new_table(&cfg, &mem, &s);
    push_message(j, 0);
    assert_int_equal(maillog_join_export(j, NULL, 0), 0); /* only a part of a log keeps what it would hand on */
    free(mem);
    cfg.flags |= MAILLOG_JOIN_PART;
    j = new_table(&cfg, &mem, &s);
    cfg.seed[1] = 7;
    maillog_join *k = new_table(&cfg, &mem2, &s);
    push_message(j, 0);
    const size_t n = maillog_join_export(j, NULL, 0);
    char *bytes = (char *)malloc(n);
    assert_int_equal(maillog_join_export(j, bytes, n - 1), n);
    assert_int_equal(maillog_join_export(j, bytes, n), n);
    assert_int_equal(maillog_join_import(k, bytes, n), MAILLOG_ERR_ARGUMENT);
    assert_int_equal(maillog_join_import(j, bytes, n), MAILLOG_OK);
    for (size_t i = 0; i < n; i++) {
        bytes[i] ^= 1;
        assert_true(maillog_join_import(j, bytes, n) < 0);
        bytes[i] ^= 1;
    }
    assert_int_equal(maillog_join_flush(j), MAILLOG_OK);
    assert_int_equal(s.messages, 1);
    free(bytes);
    free(mem);
    free(mem2);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_arguments),   cmocka_unit_test(test_damage),      cmocka_unit_test(test_eviction),
        cmocka_unit_test(test_large),       cmocka_unit_test(test_expire),      cmocka_unit_test(test_wild_stamp),
        cmocka_unit_test(test_other_years), cmocka_unit_test(test_beyond_2106), cmocka_unit_test(test_abort),
        cmocka_unit_test(test_abort_many),  cmocka_unit_test(test_import_seed), cmocka_unit_test(test_hash),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
