/* time.c: from a broken-down stamp to a point in time. Civil-date arithmetic after Howard Hinnant's public notes. */
#include <maillog/time.h>

int64_t maillog_days_from_civil(int64_t year, unsigned month, unsigned day)
{
    /* years begin in March, so that the leap day is the last */
    const int64_t y = year - (month <= 2);
    const int64_t era = (y >= 0 ? y : y - 399) / 400;
    const int64_t yoe = y - era * 400;
    const int64_t doy = (153 * ((int64_t)month + (month > 2 ? -3 : 9)) + 2) / 5 + (int64_t)day - 1;
    return era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468;
}

void maillog_civil_from_days(int64_t days, int64_t *year, unsigned *month, unsigned *day)
{
    const int64_t z = days + 719468;
    const int64_t era = (z >= 0 ? z : z - 146096) / 146097;
    const int64_t doe = z - era * 146097;
    const int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    const int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    const int64_t mp = (5 * doy + 2) / 153;
    *day = (unsigned)(doy - (153 * mp + 2) / 5 + 1);
    *month = (unsigned)(mp < 10 ? mp + 3 : mp - 9);
    *year = yoe + era * 400 + (*month <= 2);
}

static int is_leap(int64_t y) { return (y % 4 == 0 && y % 100 != 0) || y % 400 == 0; }

static int is_date(int64_t year, unsigned month, unsigned day)
{
    static const uint8_t days[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    if (month < 1 || month > 12 || day < 1) return 0;
    return day <= days[month - 1] + (unsigned)(month == 2 && is_leap(year));
}

/* Wall-clock seconds, counted as if the wall clock were UTC. */
static int64_t wall_seconds(const maillog_time *t, int64_t year)
{
    return maillog_days_from_civil(year, t->month, t->day) * 86400 + t->hour * INT64_C(3600) + t->minute * INT64_C(60) +
           t->second;
}

static int64_t zone_offset(const maillog_time *t, const maillog_zone *zone, int64_t wall)
{
    if (t->utc_offset != MAILLOG_NO_OFFSET) return (int64_t)t->utc_offset * 60;
    if (!zone) return 0;
    return zone->offset_at ? zone->offset_at(zone->user, wall) : zone->fixed;
}

static int64_t distance(int64_t a, int64_t b) { return a < b ? b - a : a - b; }

/* The year within `span` of `near` in which the date exists and is nearest to the reference, 0 if there is none. */
static int64_t nearest_year(const maillog_time *t, int64_t near, int64_t span, int64_t reference,
                            const maillog_zone *zone)
{
    int64_t best = 0, best_distance = INT64_MAX;
    for (int64_t y = near - span; y <= near + span; y++) {
        if (!is_date(y, t->month, t->day)) continue;
        const int64_t wall = wall_seconds(t, y);
        const int64_t d = distance(wall - zone_offset(t, zone, wall), reference);
        if (d >= best_distance) continue;
        best = y;
        best_distance = d;
    }
    return best;
}

/* Nanoseconds of so many seconds fit into 64 bits: the years 1678 to 2261, and some months around them. */
#define SECONDS_MAX INT64_C(9223372036)

int maillog_time_year(const maillog_time *t, int64_t reference, const maillog_zone *zone)
{
    if (!t || !t->month) return 0;
    if (t->year) return t->year;
    if (reference > SECONDS_MAX) reference = SECONDS_MAX;
    if (reference < -SECONDS_MAX) reference = -SECONDS_MAX;
    int64_t near;
    unsigned month, day;
    maillog_civil_from_days(reference / 86400 - (reference % 86400 < 0), &near, &month, &day);
    int64_t year = nearest_year(t, near, 1, reference, zone);
    /* February 29: eight years from one to the next around 1900 */
    if (!year) year = nearest_year(t, near, 8, reference, zone);
    return (int)(year ? year : near);
}

int maillog_time_to_epoch(const maillog_time *t, int64_t reference, const maillog_zone *zone, int64_t *ns)
{
    if (!t || !ns || !t->month) return MAILLOG_ERR_ARGUMENT;
    const int64_t year = maillog_time_year(t, reference, zone);
    if (!is_date(year, t->month, t->day) || t->hour > 23 || t->minute > 59 || t->second > 60) return MAILLOG_ERR_FORMAT;
    const int64_t wall = wall_seconds(t, year);
    const int64_t seconds = wall - zone_offset(t, zone, wall);
    if (seconds >= SECONDS_MAX || seconds <= -SECONDS_MAX || t->nsec > 999999999) return MAILLOG_ERR_FORMAT;
    *ns = seconds * 1000000000 + t->nsec;
    return MAILLOG_OK;
}
