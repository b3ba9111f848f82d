/* test_time.c: from a stamp to a point in time. */
#include <maillog/maillog.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define DAY INT64_C(86400)

/* `line` gives the stamp; the rest of it does not matter. */
static maillog_time stamp(const char *line)
{
    maillog_event ev;
    assert_int_equal(maillog_parse_line(NULL, line, strlen(line), &ev), MAILLOG_OK);
    assert_int_not_equal(ev.time.month, 0);
    return ev.time;
}

static int64_t utc(int64_t year, unsigned month, unsigned day, int hour, int minute, int second)
{
    return maillog_days_from_civil(year, month, day) * DAY + hour * 3600 + minute * 60 + second;
}

static int64_t seconds_of(const char *line, int64_t reference, const maillog_zone *zone)
{
    const maillog_time t = stamp(line);
    int64_t ns = -1;
    assert_int_equal(maillog_time_to_epoch(&t, reference, zone, &ns), MAILLOG_OK);
    assert_int_equal(ns % 1000000000, t.nsec);
    return ns / 1000000000;
}

/* Central Europe in 2026: clocks go from 02:00 to 03:00 on March 29, from 03:00 back to 02:00 on October 25. Answers as
 * maillog_zone_cb asks: the first of two, and before the gap in a gap. */
static int32_t berlin(void *user, int64_t local)
{
    *(int *)user += 1;
    const int64_t spring = utc(2026, 3, 29, 3, 0, 0), autumn = utc(2026, 10, 25, 3, 0, 0);
    return local >= spring && local < autumn ? 7200 : 3600;
}

static void test_civil(void **state)
{
    (void)state;
    static const struct {
        int64_t days, year;
        unsigned month, day;
    } rows[] = {{0, 1970, 1, 1},      {-1, 1969, 12, 31},   {11016, 2000, 2, 29},
                {11017, 2000, 3, 1},  {-719468, 0, 3, 1},   {-25509, 1900, 2, 28},
                {-25508, 1900, 3, 1}, {20653, 2026, 7, 19}, {2932896, 9999, 12, 31}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_int_equal(maillog_days_from_civil(rows[i].year, rows[i].month, rows[i].day), rows[i].days);
        int64_t year;
        unsigned month, day;
        maillog_civil_from_days(rows[i].days, &year, &month, &day);
        assert_int_equal(year, rows[i].year);
        assert_int_equal(month, rows[i].month);
        assert_int_equal(day, rows[i].day);
    }
    /* every day of four centuries there and back, in order */
    for (int64_t d = -200000; d < 200000; d++) {
        int64_t year;
        unsigned month, day;
        maillog_civil_from_days(d, &year, &month, &day);
        assert_int_equal(maillog_days_from_civil(year, month, day), d);
    }
}

static void test_stamps_with_year(void **state)
{
    (void)state;
    assert_int_equal(seconds_of("2026-07-19T07:59:06Z h p: x", 0, NULL), 1784447946);
    assert_int_equal(seconds_of("2026-07-19T07:59:06+02:00 h p: x", 0, NULL), 1784447946 - 7200);
    assert_int_equal(seconds_of("2026-07-19T07:59:06-03:30 h p: x", 0, NULL), 1784447946 + 12600);
    assert_int_equal(seconds_of("2026-07-19T07:59:06 h p: x", 0, NULL), 1784447946);
    assert_int_equal(seconds_of("1784447946.5 h p: x", 0, NULL), 1784447946);
    assert_int_equal(seconds_of("Jul 19 2026 07:59:06 h p: x", 0, NULL), 1784447946);
    /* the fraction, whatever its digits */
    const maillog_time t = stamp("2026-07-19T07:59:06.048Z h p: x");
    int64_t ns;
    assert_int_equal(maillog_time_to_epoch(&t, 0, NULL, &ns), MAILLOG_OK);
    assert_int_equal(ns, INT64_C(1784447946048000000));
    assert_int_equal(t.digits, 3);
}

static void test_zone(void **state)
{
    (void)state;
    maillog_zone zone = {NULL, NULL, -5 * 3600};
    assert_int_equal(seconds_of("2026-07-19T07:59:06 h p: x", 0, &zone), 1784447946 + 5 * 3600);
    /* a stamp's own offset counts */
    assert_int_equal(seconds_of("2026-07-19T07:59:06Z h p: x", 0, &zone), 1784447946);
    int calls = 0;
    zone.offset_at = berlin;
    zone.user = &calls;
    assert_int_equal(seconds_of("2026-07-19T07:59:06Z h p: x", 0, &zone), 1784447946);
    assert_int_equal(calls, 0);
    assert_int_equal(seconds_of("2026-07-19T07:59:06 h p: x", 0, &zone), 1784447946 - 7200);
    assert_int_equal(calls, 1);
}

static void test_daylight_saving(void **state)
{
    (void)state;
    int calls = 0;
    const maillog_zone zone = {berlin, &calls, 0};
    const int64_t reference = utc(2026, 6, 1, 0, 0, 0);
    /* the gap: a time that no clock showed is counted on from before it */
    assert_int_equal(seconds_of("Mar 29 01:59:59 h p: x", reference, &zone), utc(2026, 3, 29, 0, 59, 59));
    assert_int_equal(seconds_of("Mar 29 02:30:00 h p: x", reference, &zone), utc(2026, 3, 29, 1, 30, 0));
    assert_int_equal(seconds_of("Mar 29 03:00:00 h p: x", reference, &zone), utc(2026, 3, 29, 1, 0, 0));
    /* the overlap: the first of the two */
    assert_int_equal(seconds_of("Oct 25 01:59:59 h p: x", reference, &zone), utc(2026, 10, 24, 23, 59, 59));
    assert_int_equal(seconds_of("Oct 25 02:30:00 h p: x", reference, &zone), utc(2026, 10, 25, 0, 30, 0));
    assert_int_equal(seconds_of("Oct 25 03:00:00 h p: x", reference, &zone), utc(2026, 10, 25, 2, 0, 0));
}

static void test_new_year(void **state)
{
    (void)state;
    /* a line of December read in January, and one of January read (by a slow clock) in December */
    assert_int_equal(seconds_of("Dec 31 23:59:59 h p: x", utc(2026, 1, 1, 0, 0, 5), NULL),
                     utc(2025, 12, 31, 23, 59, 59));
    assert_int_equal(seconds_of("Jan  1 00:00:01 h p: x", utc(2025, 12, 31, 23, 59, 58), NULL),
                     utc(2026, 1, 1, 0, 0, 1));
    assert_int_equal(seconds_of("Aug 20 00:00:00 h p: x", utc(2026, 1, 15, 0, 0, 0), NULL), utc(2025, 8, 20, 0, 0, 0));
    assert_int_equal(seconds_of("Jun 20 00:00:00 h p: x", utc(2026, 1, 15, 0, 0, 0), NULL), utc(2026, 6, 20, 0, 0, 0));
    /* the zone decides, too: half an hour into January in the east is still December in UTC */
    const maillog_zone east = {NULL, NULL, 9 * 3600};
    assert_int_equal(seconds_of("Jan  1 00:30:00 h p: x", utc(2025, 12, 31, 15, 30, 0), &east),
                     utc(2025, 12, 31, 15, 30, 0));
    const maillog_time t = stamp("Jan  1 00:30:00 h p: x");
    assert_int_equal(maillog_time_year(&t, utc(2025, 12, 31, 15, 30, 0), &east), 2026);
}

static void test_leap_days(void **state)
{
    (void)state;
    assert_int_equal(seconds_of("Feb 29 12:00:00 h p: x", utc(2024, 3, 1, 0, 0, 0), NULL), utc(2024, 2, 29, 12, 0, 0));
    assert_int_equal(seconds_of("Feb 29 12:00:00 h p: x", utc(2025, 1, 1, 0, 0, 0), NULL), utc(2024, 2, 29, 12, 0, 0));
    /* no leap year next to the reference: the nearest one */
    assert_int_equal(seconds_of("Feb 29 12:00:00 h p: x", utc(2026, 2, 1, 0, 0, 0), NULL), utc(2024, 2, 29, 12, 0, 0));
    assert_int_equal(seconds_of("Feb 29 12:00:00 h p: x", utc(2026, 5, 1, 0, 0, 0), NULL), utc(2028, 2, 29, 12, 0, 0));
    assert_int_equal(seconds_of("Feb 29 12:00:00 h p: x", utc(1899, 5, 1, 0, 0, 0), NULL), utc(1896, 2, 29, 12, 0, 0));
    assert_int_equal(seconds_of("Feb 29 12:00:00 h p: x", utc(2100, 7, 1, 0, 0, 0), NULL), utc(2104, 2, 29, 12, 0, 0));
    maillog_time t = stamp("2025-02-29T12:00:00Z h p: x");
    int64_t ns = 7;
    assert_int_equal(maillog_time_to_epoch(&t, 0, NULL, &ns), MAILLOG_ERR_FORMAT);
    t = stamp("1900-02-29T12:00:00Z h p: x");
    assert_int_equal(maillog_time_to_epoch(&t, 0, NULL, &ns), MAILLOG_ERR_FORMAT);
    assert_int_equal(ns, 7);
    assert_int_equal(seconds_of("2000-02-29T12:00:00Z h p: x", 0, NULL), utc(2000, 2, 29, 12, 0, 0));
}

static void test_leap_second(void **state)
{
    (void)state;
    assert_int_equal(seconds_of("2016-12-31T23:59:60Z h p: x", 0, NULL), utc(2017, 1, 1, 0, 0, 0));
    assert_int_equal(seconds_of("Dec 31 23:59:60 h p: x", utc(2016, 12, 1, 0, 0, 0), NULL), utc(2017, 1, 1, 0, 0, 0));
}

static void test_bounds(void **state)
{
    (void)state;
    maillog_time t = stamp("2026-07-19T07:59:06Z h p: x");
    int64_t ns = 7;
    assert_int_equal(maillog_time_to_epoch(NULL, 0, NULL, &ns), MAILLOG_ERR_ARGUMENT);
    assert_int_equal(maillog_time_to_epoch(&t, 0, NULL, NULL), MAILLOG_ERR_ARGUMENT);
    assert_int_equal(maillog_time_year(NULL, 0, NULL), 0);

    maillog_time none = t;
    none.month = 0;
    assert_int_equal(maillog_time_to_epoch(&none, 0, NULL, &ns), MAILLOG_ERR_ARGUMENT);
    assert_int_equal(maillog_time_year(&none, 0, NULL), 0);

    static const struct {
        uint8_t month, day, hour, minute, second;
    } wrong[] = {{13, 1, 0, 0, 0}, {4, 31, 0, 0, 0}, {4, 0, 0, 0, 0},
                 {4, 1, 24, 0, 0}, {4, 1, 0, 60, 0}, {4, 1, 0, 0, 61}};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        maillog_time w = t;
        w.month = wrong[i].month;
        w.day = wrong[i].day;
        w.hour = wrong[i].hour;
        w.minute = wrong[i].minute;
        w.second = wrong[i].second;
        assert_int_equal(maillog_time_to_epoch(&w, 0, NULL, &ns), MAILLOG_ERR_FORMAT);
    }
    maillog_time far = t;
    far.nsec = 1000000000;
    assert_int_equal(maillog_time_to_epoch(&far, 0, NULL, &ns), MAILLOG_ERR_FORMAT);
    far.nsec = 0;
    far.year = 2262;
    assert_int_equal(maillog_time_to_epoch(&far, 0, NULL, &ns), MAILLOG_ERR_FORMAT);
    far.year = 1677;
    assert_int_equal(maillog_time_to_epoch(&far, 0, NULL, &ns), MAILLOG_ERR_FORMAT);
    far.year = -4;
    assert_int_equal(maillog_time_to_epoch(&far, 0, NULL, &ns), MAILLOG_ERR_FORMAT);
    assert_int_equal(ns, 7);
    far.year = 2261;
    assert_int_equal(maillog_time_to_epoch(&far, 0, NULL, &ns), MAILLOG_OK);
    far.year = 1678;
    assert_int_equal(maillog_time_to_epoch(&far, 0, NULL, &ns), MAILLOG_OK);
    assert_true(ns < 0);

    /* any reference is taken */
    const maillog_time bsd = stamp("Jul 19 07:59:06 h p: x");
    assert_in_range(maillog_time_year(&bsd, INT64_MAX, NULL), 2261, 2263);
    assert_in_range(maillog_time_year(&bsd, INT64_MIN, NULL), 1676, 1678);
    assert_int_equal(seconds_of("Jul 19 07:59:06 h p: x", -1, NULL), utc(1969, 7, 19, 7, 59, 6));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_civil),       cmocka_unit_test(test_stamps_with_year),
        cmocka_unit_test(test_zone),        cmocka_unit_test(test_daylight_saving),
        cmocka_unit_test(test_new_year),    cmocka_unit_test(test_leap_days),
        cmocka_unit_test(test_leap_second), cmocka_unit_test(test_bounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
