/* test_arrow.c: a log as record batches: formats, values, nulls, text that is no UTF-8, and who gives memory back. */
#include <maillog/arrow.h>
#include <maillog/maillog.h>

#include <stdarg.h>
#include <setjmp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char log_text[] =
    "Jul 19 07:59:11 mail postfix/smtp[15502]: B8D5D20BDD: to=<anna@example.org>, relay=127.0.0.1[127.0.0.1]:10024, "
    "delay=4.2, delays=2.1/0.01/0.01/2.1, dsn=2.0.0, status=sent (250 2.0.0 Ok)\n"
    "no mail log at all\n"
    "Jul 19 07:59:12 mail postfix/qmgr[3224]: B8D5D20BDD: from=<a\xFFvery-long-\xC3\xA4-address@example.net>, "
    "size=493, "
    "nrcpt=1 (queue active)\n"
    "Jul 19 07:59:13 mail postfix/qmgr[3224]: B8D5D20BDD: removed";

/* Blocks handed out and not given back; the next `refuse`-th request gets none. */
static struct {
    int live, refuse;
} blocks;

static void *get(void *user, size_t bytes)
{
    (void)user;
    if (blocks.refuse && --blocks.refuse == 0) return NULL;
    blocks.live++;
    return malloc(bytes);
}

static void put(void *user, void *block)
{
    (void)user;
    blocks.live--;
    free(block);
}

enum { TO, DELAY, SIZE, STATUS, FROM, EVENT, LINE, TIME, DAEMON, COLUMNS };
static const uint16_t columns[COLUMNS] = {
    [TO] = MAILLOG_FIELD_TO,         [DELAY] = MAILLOG_FIELD_DELAY, [SIZE] = MAILLOG_FIELD_SIZE,
    [STATUS] = MAILLOG_FIELD_STATUS, [FROM] = MAILLOG_FIELD_FROM,   [EVENT] = MAILLOG_ARROW_EVENT,
    [LINE] = MAILLOG_ARROW_LINE,     [TIME] = MAILLOG_ARROW_TIME,   [DAEMON] = MAILLOG_ARROW_DAEMON};

static maillog_arrow_config config_of(uint32_t flags, uint32_t rows)
{
    maillog_arrow_config c;
    memset(&c, 0, sizeof c);
    c.size = sizeof c;
    c.columns = columns;
    c.ncolumns = COLUMNS;
    c.memory.get = get;
    c.memory.put = put;
    c.flags = flags;
    c.rows = rows;
    c.reference = 1374220746; /* July 2013 */
    return c;
}

static struct ArrowArrayStream stream_of(uint32_t flags, uint32_t rows)
{
    const maillog_arrow_config c = config_of(flags, rows);
    struct ArrowArrayStream s;
    assert_int_equal(maillog_arrow_stream(&s, log_text, sizeof log_text - 1, &c), MAILLOG_OK);
    return s;
}

static int is_valid(const struct ArrowArray *a, size_t row)
{
    return ((const uint8_t *)a->buffers[0])[row / 8] >> (row % 8) & 1;
}

/* A cell of text in any of its three forms, as a string of `out`. */
static const char *text_of(const struct ArrowArray *a, size_t row, char out[256])
{
    if (!is_valid(a, row)) return NULL;
    const char *p;
    size_t n;
    if (a->dictionary) {
        const int32_t word = ((const int32_t *)a->buffers[1])[row];
        const int32_t *offset = (const int32_t *)a->dictionary->buffers[1];
        assert_in_range(word, 0, a->dictionary->length - 1);
        p = (const char *)a->dictionary->buffers[2] + offset[word];
        n = (size_t)(offset[word + 1] - offset[word]);
    } else if (a->n_buffers == 3) {
        const int32_t *offset = (const int32_t *)a->buffers[1];
        p = (const char *)a->buffers[2] + offset[row];
        n = (size_t)(offset[row + 1] - offset[row]);
    } else {
        assert_int_equal(a->n_buffers, 5);
        const char *view = (const char *)a->buffers[1] + 16 * row;
        int32_t len, where[2];
        memcpy(&len, view, 4);
        memcpy(where, view + 8, 8);
        n = (size_t)len;
        p = n <= 12 ? view + 4 : (const char *)a->buffers[2 + where[0]] + where[1];
        if (n > 12) {
            assert_memory_equal(view + 4, p, 4);
            assert_in_range(where[1] + len, 0, ((const int64_t *)a->buffers[4])[where[0]]);
        }
    }
    memcpy(out, p, n);
    out[n] = '\0';
    return out;
}

static int64_t int_of(const struct ArrowArray *a, size_t row) { return ((const int64_t *)a->buffers[1])[row]; }

static void check_text(const struct ArrowArray *a, size_t row, const char *want)
{
    char buf[256];
    const char *got = text_of(a, row, buf);
    if (want)
        assert_string_equal(got, want);
    else
        assert_null(got);
}

static void check_values(const struct ArrowArray *batch)
{
    struct ArrowArray **c = batch->children;
    assert_int_equal(batch->length, 4);
    assert_int_equal(batch->n_children, COLUMNS);
    check_text(c[TO], 0, "anna@example.org");
    check_text(c[TO], 1, NULL);
    check_text(c[FROM], 1, NULL);
    check_text(c[FROM], 2, "a?very-long-\xC3\xA4-address@example.net");
    check_text(c[FROM], 3, NULL);
    check_text(c[STATUS], 0, "sent");
    check_text(c[STATUS], 3, NULL);
    check_text(c[EVENT], 0, "delivery");
    check_text(c[EVENT], 1, NULL);
    check_text(c[EVENT], 3, "removed");
    check_text(c[DAEMON], 2, "postfix/qmgr");
    assert_true(((const double *)c[DELAY]->buffers[1])[0] > 4.19 && ((const double *)c[DELAY]->buffers[1])[0] < 4.21);
    assert_int_equal(c[DELAY]->null_count, 3);
    assert_int_equal(int_of(c[SIZE], 2), 493);
    assert_int_equal(c[SIZE]->null_count, 3);
    for (size_t row = 0; row < 4; row++) assert_int_equal(int_of(c[LINE], row), row + 1);
    assert_true(int_of(c[TIME], 3) == INT64_C(1374220753) * 1000000000);
    assert_false(is_valid(c[TIME], 1));
}

static void one_batch(uint32_t flags)
{
    struct ArrowArrayStream s = stream_of(flags, 0);
    struct ArrowArray batch, end;
    assert_int_equal(s.get_next(&s, &batch), 0);
    check_values(&batch);
    assert_int_equal(s.get_next(&s, &end), 0);
    assert_null(end.release);
    s.release(&s); /* the batch lives on */
    assert_null(s.release);
    check_values(&batch);
    batch.release(&batch);
    assert_null(batch.release);
    assert_int_equal(blocks.live, 0);
}

static void test_views(void **state)
{
    (void)state;
    one_batch(0);
}

static void test_copies(void **state)
{
    (void)state;
    one_batch(MAILLOG_ARROW_COPY);
}

static void test_schema(void **state)
{
    (void)state;
    static const char *const formats[COLUMNS] = {"vu", "g", "l", "i", "vu", "i", "l", "tsn:UTC", "i"};
    struct ArrowArrayStream s = stream_of(0, 0);
    struct ArrowSchema schema, kept;
    assert_int_equal(s.get_schema(&s, &schema), 0);
    s.release(&s);
    assert_string_equal(schema.format, "+s");
    assert_int_equal(schema.n_children, COLUMNS);
    for (size_t i = 0; i < COLUMNS; i++) assert_string_equal(schema.children[i]->format, formats[i]);
    assert_string_equal(schema.children[STATUS]->name, "status");
    assert_string_equal(schema.children[STATUS]->dictionary->format, "u");
    assert_null(schema.children[TO]->dictionary);
    kept = *schema.children[STATUS]; /* a child that moves out stays when its parent goes */
    schema.children[STATUS]->release = NULL;
    schema.release(&schema);
    assert_string_equal(kept.dictionary->format, "u");
    kept.release(&kept);
    assert_int_equal(blocks.live, 0);
}

static void test_child_outlives(void **state)
{
    (void)state;
    char buf[256];
    struct ArrowArrayStream s = stream_of(0, 0);
    struct ArrowArray batch, kept;
    assert_int_equal(s.get_next(&s, &batch), 0);
    kept = *batch.children[EVENT];
    batch.children[EVENT]->release = NULL;
    batch.release(&batch);
    s.release(&s);
    assert_string_equal(text_of(&kept, 0, buf), "delivery");
    kept.release(&kept);
    assert_int_equal(blocks.live, 0);
}

static void test_small_batches(void **state)
{
    (void)state;
    struct ArrowArrayStream s = stream_of(MAILLOG_ARROW_COPY, 1);
    struct ArrowArray batch;
    int64_t rows = 0;
    while (s.get_next(&s, &batch) == 0 && batch.release) {
        assert_int_equal(batch.length, 1);
        assert_int_equal(int_of(batch.children[LINE], 0), ++rows);
        batch.release(&batch);
    }
    assert_int_equal(rows, 4);
    s.release(&s);
    assert_int_equal(blocks.live, 0);
}

/* Lines that are left out count as lines, also over batches. */
static void test_filter(void **state)
{
    (void)state;
    const uint16_t types[] = {MAILLOG_EVENT_POSTFIX_REMOVED, MAILLOG_EVENT_POSTFIX_DELIVERY};
    maillog_arrow_config c = config_of(0, 1);
    struct ArrowArrayStream s;
    struct ArrowArray batch;
    c.types = types;
    c.ntypes = 2;
    assert_int_equal(maillog_arrow_stream(&s, log_text, sizeof log_text - 1, &c), MAILLOG_OK);
    for (int64_t line = 1; line <= 4; line += 3) {
        assert_int_equal(s.get_next(&s, &batch), 0);
        assert_int_equal(batch.length, 1);
        assert_int_equal(int_of(batch.children[LINE], 0), line);
        batch.release(&batch);
    }
    assert_int_equal(s.get_next(&s, &batch), 0);
    assert_null(batch.release);
    s.release(&s);
    c.rows = 0;
    assert_int_equal(maillog_arrow_stream(&s, log_text, sizeof log_text - 1, &c), MAILLOG_OK);
    assert_int_equal(s.get_next(&s, &batch), 0);
    assert_int_equal(batch.length, 2);
    assert_int_equal(int_of(batch.children[LINE], 0), 1);
    assert_int_equal(int_of(batch.children[LINE], 1), 4);
    batch.release(&batch);
    s.release(&s);
    assert_int_equal(blocks.live, 0);
}

/* Stamps of many days, with and without year and zone, to and fro: each as maillog_time_to_epoch() has it. January 17
 * is half a year from the reference: one of its seconds is of one year, and the next of another. */
static void test_times(void **state)
{
    static const char *const stamps[] = {"Jul 19 07:59:11",
                                         "Jul 19 23:59:59",
                                         "Jul 20 00:00:00",
                                         "Jan 17 20:59:05",
                                         "Jan 17 20:59:07",
                                         "Jan 17 23:59:59",
                                         "Jan 19 00:00:01",
                                         "Jan 19 23:00:00",
                                         "Feb 29 12:00:00",
                                         "Feb 29 12:00:01",
                                         "2013-07-19T07:59:11.5+02:00",
                                         "2013-07-19T07:59:11.25-11:30",
                                         "2012-07-19T07:59:11+02:00",
                                         "2012-07-19T07:59:60+02:00",
                                         "Jul 19 07:59:11"};
    enum { STAMPS = sizeof stamps / sizeof *stamps };
    static const uint16_t time_column[] = {MAILLOG_ARROW_TIME};
    char text[STAMPS * STAMPS * 2 * 64];
    size_t len = 0;
    (void)state;
    for (size_t i = 0; i < STAMPS; i++)
        for (size_t k = 0; k < STAMPS; k++)
            len += (size_t)snprintf(text + len, sizeof text - len,
                                    "%s mail postfix/qmgr[3224]: B8D5D20BDD: removed\n%s mail postfix/qmgr[1]: start\n",
                                    stamps[i], stamps[k]);
    maillog_arrow_config c = config_of(0, 0);
    c.columns = time_column;
    c.ncolumns = 1;
    c.utc_offset = 3600;
    const maillog_zone zone = {.fixed = c.utc_offset};
    struct ArrowArrayStream s;
    struct ArrowArray a;
    assert_int_equal(maillog_arrow_stream(&s, text, len, &c), MAILLOG_OK);
    assert_int_equal(s.get_next(&s, &a), 0);
    assert_int_equal(a.length, 2 * STAMPS * STAMPS);
    int64_t years = 0;
    const char *line = text;
    for (int64_t row = 0; row < a.length; row++) {
        const char *const end = strchr(line, '\n');
        maillog_event ev;
        int64_t want = 0;
        assert_int_equal(maillog_parse_line(NULL, line, (size_t)(end - line), &ev), MAILLOG_OK);
        const int rc = maillog_time_to_epoch(&ev.time, c.reference, &zone, &want);
        assert_int_equal(is_valid(a.children[0], (size_t)row), rc == MAILLOG_OK);
        assert_int_equal(((const int64_t *)a.children[0]->buffers[1])[row], want);
        if (ev.time.month == 1 && ev.time.day == 17) years |= INT64_C(1) << (want / 31556952000000000 - 40);
        line = end + 1;
    }
    assert_true(years & (years - 1)); /* of two years */
    a.release(&a);
    s.release(&s);
    assert_int_equal(blocks.live, 0);
}

static void test_bad_arguments(void **state)
{
    (void)state;
    static const uint16_t twice[] = {MAILLOG_FIELD_TO, MAILLOG_FIELD_TO}, unknown[] = {0xFFFF};
    struct ArrowArrayStream s;
    maillog_arrow_config c = config_of(0, 0);
    c.columns = twice;
    c.ncolumns = 2;
    assert_int_equal(maillog_arrow_stream(&s, "", 0, &c), MAILLOG_ERR_ARGUMENT);
    c.columns = unknown;
    c.ncolumns = 1;
    assert_int_equal(maillog_arrow_stream(&s, "", 0, &c), MAILLOG_ERR_ARGUMENT);
    c.ncolumns = 0;
    assert_int_equal(maillog_arrow_stream(&s, "", 0, &c), MAILLOG_ERR_ARGUMENT);
    c = config_of(0, 0);
    c.memory.get = NULL;
    assert_int_equal(maillog_arrow_stream(&s, "", 0, &c), MAILLOG_ERR_ARGUMENT);
    assert_int_equal(blocks.live, 0);
}

static void test_no_memory(void **state)
{
    (void)state;
    const maillog_arrow_config c = config_of(0, 0);
    struct ArrowArrayStream s;
    struct ArrowArray batch;
    struct ArrowSchema schema;
    blocks.refuse = 1;
    assert_int_equal(maillog_arrow_stream(&s, log_text, sizeof log_text - 1, &c), MAILLOG_ERR_NO_SPACE);
    s = stream_of(0, 0);
    blocks.refuse = 1;
    assert_int_not_equal(s.get_schema(&s, &schema), 0);
    assert_null(schema.release);
    blocks.refuse = 1;
    assert_int_not_equal(s.get_next(&s, &batch), 0);
    assert_null(batch.release);
    assert_non_null(s.get_last_error(&s));
    assert_int_equal(s.get_next(&s, &batch), 0); /* nothing was lost */
    check_values(&batch);
    batch.release(&batch);
    s.release(&s);
    assert_int_equal(blocks.live, 0);
}

/* ---- messages ---- */

static const char story[] =
    "Jul 19 07:59:06 mail postfix/smtpd[1]: connect from a.example.net[192.0.2.1]\n"
    "Jul 19 07:59:06 mail postfix/smtpd[1]: NOQUEUE: reject: RCPT from a.example.net[192.0.2.1]: 554 5.7.1 "
    "<x@example.org>: Relay access denied; from=<> to=<x@example.org> proto=SMTP helo=<a>\n"
    "Jul 19 07:59:06 mail postfix/smtpd[1]: disconnect from a.example.net[192.0.2.1]\n"
    "Jul 19 07:59:07 mail postfix/qmgr[3]: B8D5D20BDD: from=<a\xFF@example.net>, size=493, nrcpt=2 (queue active)\n"
    "Jul 19 07:59:08 mail postfix/smtp[4]: B8D5D20BDD: to=<x@example.org>, relay=none, delay=1.5, delays=1/0/0.5/0, "
    "dsn=4.4.1, status=deferred (connect to mx.example.org[192.0.2.9]:25: Connection refused)\n"
    "Jul 19 07:59:08 mail postfix/smtp[4]: B8D5D20BDD: to=<y@example.org>, relay=none, delay=1.5, delays=1/0/0.5/0, "
    "dsn=4.4.1, status=deferred (connect to mx.example.org[192.0.2.9]:25: Connection refused)";

static struct ArrowArrayStream messages_of(uint32_t rows, int *rc)
{
    maillog_arrow_message_config c;
    struct ArrowArrayStream s;
    memset(&c, 0, sizeof c);
    memset(&s, 0, sizeof s);
    c.size = sizeof c;
    c.memory.get = get;
    c.memory.put = put;
    c.join_memory = 65536;
    c.rows = rows;
    c.reference = 1374220746;
    *rc = maillog_arrow_message_stream(&s, story, sizeof story - 1, &c);
    return s;
}

/* The child of that name, of an array. */
static const struct ArrowArray *child(const struct ArrowArray *a, const struct ArrowSchema *s, const char *name)
{
    for (int64_t i = 0; i < s->n_children; i++)
        if (strcmp(s->children[i]->name, name) == 0) return a->children[i];
    fail_msg("no column %s", name);
    return NULL;
}

/* Text without nulls has no bits of validity. */
static void check_plain(const struct ArrowArray *a, size_t row, const char *want)
{
    const int32_t *offset = (const int32_t *)a->buffers[1];
    assert_int_equal(a->n_buffers, 3);
    assert_int_equal(offset[row + 1] - offset[row], strlen(want));
    assert_memory_equal((const char *)a->buffers[2] + offset[row], want, strlen(want));
}

static void test_messages(void **state)
{
    (void)state;
    int rc;
    struct ArrowArrayStream s = messages_of(0, &rc);
    struct ArrowSchema schema;
    struct ArrowArray batch, end;
    assert_int_equal(rc, MAILLOG_OK);
    assert_int_equal(s.get_schema(&s, &schema), 0);
    assert_int_equal(s.get_next(&s, &batch), 0);
    assert_int_equal(s.get_next(&s, &end), 0);
    assert_null(end.release);
    s.release(&s); /* what it gave lives on */
    assert_string_equal(schema.format, "+s");
    assert_int_equal(batch.length, 2);
    check_plain(child(&batch, &schema, "verdict"), 0, "rejected");
    check_plain(child(&batch, &schema, "verdict"), 1, "deferred");
    check_plain(child(&batch, &schema, "from"), 1, "a?@example.net");
    assert_false(is_valid(child(&batch, &schema, "size"), 0));
    assert_int_equal(int_of(child(&batch, &schema, "size"), 1), 493);
    assert_true(int_of(child(&batch, &schema, "last_time"), 1) == INT64_C(1374220748) * 1000000000);
    const struct ArrowArray *recipients = child(&batch, &schema, "recipients");
    const int32_t *offset = (const int32_t *)recipients->buffers[1];
    assert_int_equal(offset[0], 0);
    assert_int_equal(offset[1], 1);
    assert_int_equal(offset[2], 3);
    const struct ArrowSchema *const of = schema.children[12]->children[0];
    assert_string_equal(schema.children[12]->format, "+l");
    assert_string_equal(schema.children[12]->name, "recipients");
    assert_int_equal(recipients->children[0]->length, 3);
    check_plain(child(recipients->children[0], of, "to"), 2, "y@example.org");
    assert_true(((const double *)child(recipients->children[0], of, "delay")->buffers[1])[1] > 1.49);
    assert_false(is_valid(child(recipients->children[0], of, "delay"), 0));
    const struct ArrowArray *ids = child(&batch, &schema, "queue_ids");
    assert_int_equal(((const int32_t *)ids->buffers[1])[1], 0);
    check_plain(ids->children[0], 0, "B8D5D20BDD");
    batch.release(&batch);
    schema.release(&schema);
    assert_int_equal(blocks.live, 0);
}

static void test_messages_one_by_one(void **state)
{
    (void)state;
    int rc;
    struct ArrowArrayStream s = messages_of(1, &rc);
    struct ArrowArray batch;
    int64_t rows = 0;
    for (;;) {
        assert_int_equal(s.get_next(&s, &batch), 0);
        if (!batch.release) break;
        rows += batch.length;
        batch.release(&batch);
    }
    assert_int_equal(rows, 2);
    s.release(&s);
    assert_int_equal(blocks.live, 0);
}

/* Whichever request for memory fails: said, and all is given back. */
static void test_messages_no_memory(void **state)
{
    (void)state;
    bool refused = true;
    int tries = 0;
    for (int n = 1; refused; n++, tries++) {
        int rc;
        struct ArrowArray batch;
        struct ArrowSchema schema;
        blocks.refuse = n;
        struct ArrowArrayStream s = messages_of(0, &rc);
        if (rc == MAILLOG_OK) {
            if (s.get_schema(&s, &schema) == 0) schema.release(&schema);
            if (s.get_next(&s, &batch) == 0 && batch.release) batch.release(&batch);
            refused = blocks.refuse == 0;
            if (refused) assert_non_null(s.get_last_error(&s));
            s.release(&s);
        } else {
            assert_int_equal(rc, MAILLOG_ERR_NO_SPACE);
        }
        blocks.refuse = 0;
        assert_int_equal(blocks.live, 0);
    }
    assert_true(tries > 50);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_views),
        cmocka_unit_test(test_copies),
        cmocka_unit_test(test_schema),
        cmocka_unit_test(test_child_outlives),
        cmocka_unit_test(test_small_batches),
        cmocka_unit_test(test_filter),
        cmocka_unit_test(test_times),
        cmocka_unit_test(test_bad_arguments),
        cmocka_unit_test(test_no_memory),
        cmocka_unit_test(test_messages),
        cmocka_unit_test(test_messages_one_by_one),
        cmocka_unit_test(test_messages_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
