/* fuzz_time.c: any stamp, reference and offset: defined results, and what comes out goes back in. */
#include "fuzz.h"

static int32_t offset_at(void *user, int64_t local)
{
    const int32_t *offsets = user;
    return offsets[(local >> 20) & 1];
}

static void check_days(int64_t days)
{
    int64_t year;
    unsigned month, day;
    maillog_civil_from_days(days, &year, &month, &day);
    fuzz_check(month >= 1 && month <= 12 && day >= 1 && day <= 31);
    fuzz_check(maillog_days_from_civil(year, month, day) == days);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct {
        maillog_time t;
        int64_t reference, days;
        int32_t offsets[2];
        int32_t fixed;
        uint32_t use;
    } in;
    int64_t ns;
    if (size < sizeof in) return 0;
    memcpy(&in, data, sizeof in);
    for (int i = 0; i < 2; i++) in.offsets[i] %= 50 * 3600;
    in.fixed %= 50 * 3600;
    const maillog_zone zone = {in.use & 1 ? offset_at : NULL, in.offsets, in.fixed};
    const int rc = maillog_time_to_epoch(&in.t, in.reference, in.use & 2 ? &zone : NULL, &ns);
    fuzz_check(rc == MAILLOG_OK || rc == MAILLOG_ERR_ARGUMENT || rc == MAILLOG_ERR_FORMAT);
    const int year = maillog_time_year(&in.t, in.reference, in.use & 2 ? &zone : NULL);
    if (rc == MAILLOG_OK) fuzz_check(year != 0 && (in.t.year == 0 || year == in.t.year));
    check_days(in.days % 365000000000);

    maillog_event ev; /* and as text: a stamp that was read is a time of day */
    maillog_parse_line(NULL, (const char *)data, size, &ev);
    if (ev.time.month)
        fuzz_check(ev.time.month <= 12 && ev.time.day <= 31 && ev.time.digits <= 9 && ev.time.nsec < 1000000000);
    return 0;
}
