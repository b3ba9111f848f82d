/* when.c: --since, --until, --timezone: times as people write them, and stamps as points in time. */
#include "command.h"

#include <stdlib.h>
#include <string.h>

enum { QUARTER = 900 };

/* The offset of the zone in TZ at a wall clock's time. Zones change at full quarters of an hour: some are kept, since a
 * stamp without a year is tried in several years. */
static int32_t offset_at(void *user, int64_t local)
{
    enum { KEPT = 67 }; /* a prime: the same quarter of neighbouring years has places of its own */
    static _Thread_local struct {
        int64_t quarter;
        int32_t offset;
    } kept[KEPT];
    (void)user;
    const int64_t quarter = (local - (local % QUARTER + QUARTER) % QUARTER) / QUARTER;
    const size_t place = (size_t)((quarter % KEPT + KEPT) % KEPT);
    if (kept[place].quarter == quarter && quarter != 0) return kept[place].offset;
    const time_t t = (time_t)(quarter * QUARTER);
    struct tm tm;
    gmtime_r(&t, &tm);
    tm.tm_isdst = -1;
    const time_t real = mktime(&tm);
    kept[place].quarter = quarter;
    kept[place].offset = (int32_t)(t - real);
    return kept[place].offset;
}

/* "+02:00", "-0530", "Z": minutes are enough. */
static bool fixed_offset(const char *s, int32_t *out)
{
    unsigned h = 0, m = 0;
    int used = 0;
    if (strcmp(s, "Z") == 0 || strcmp(s, "z") == 0) {
        *out = 0;
        return true;
    }
    if (*s != '+' && *s != '-') return false;
    if ((sscanf(s + 1, "%2u:%2u%n", &h, &m, &used) != 2 || s[1 + used]) &&
        (sscanf(s + 1, "%2u%2u%n", &h, &m, &used) != 2 || s[1 + used]) &&
        (m = 0, sscanf(s + 1, "%2u%n", &h, &used) != 1 || s[1 + used]))
        return false;
    if (h > 18 || m > 59) return false;
    *out = (int32_t)(h * 3600 + m * 60) * (*s == '-' ? -1 : 1);
    return true;
}

static bool zone_exists(const char *name)
{
    char path[300];
    if (strcmp(name, "UTC") == 0 || strcmp(name, "GMT") == 0 || strchr(name, ',')) return true;
    if (strstr(name, "..")) return false;
    snprintf(path, sizeof path, "/usr/share/zoneinfo/%.200s", name);
    FILE *f = fopen(path, "rb");
    if (f) fclose(f);
    return f != NULL;
}

static int64_t midnight(const command *c, int64_t seconds, int days)
{
    const int32_t off = c->zone.offset_at ? c->zone.offset_at(NULL, seconds) : c->zone.fixed;
    const int64_t local = seconds + off, day = (local - (local % 86400 + 86400) % 86400) / 86400 + days;
    const int32_t then = c->zone.offset_at ? c->zone.offset_at(NULL, day * 86400) : c->zone.fixed;
    return day * 86400 - then;
}

/* "-2h", "-90m", "-7d" */
static bool relative(const char *s, int64_t now, int64_t *seconds)
{
    static const struct {
        char unit;
        int64_t seconds;
    } units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}, {'w', 7 * 86400}};
    char *end;
    if (*s != '-' || s[1] < '0' || s[1] > '9') return false;
    const long n = strtol(s + 1, &end, 10);
    for (size_t i = 0; n < 1000000 && i < sizeof units / sizeof *units; i++)
        if (end[0] == units[i].unit && end[1] == '\0') {
            *seconds = now - n * units[i].seconds;
            return true;
        }
    return false;
}

/* 2026-07-19, 2026-07-19T05:59[:06[.123]], with or without a zone; a blank may stand for the T. */
static bool iso(const command *c, const char *s, int64_t *ns)
{
    unsigned y, mo, d, h = 0, mi = 0, se = 0;
    int used = 0;
    int32_t off = 0;
    maillog_time t = {0};
    if (sscanf(s, "%4u-%2u-%2u%n", &y, &mo, &d, &used) != 3 || used != 10) return false;
    s += used;
    if (*s == 'T' || *s == 't' || *s == ' ') {
        used = 0;
        if (sscanf(s + 1, "%2u:%2u%n", &h, &mi, &used) != 2 || used != 5) return false;
        s += 1 + used;
        used = 0;
        if (*s == ':' && (sscanf(s + 1, "%2u%n", &se, &used) != 1 || used != 2)) return false;
        s += *s == ':' ? 3 : 0;
        uint32_t unit = 100000000;
        if (*s == '.')
            for (s++; *s >= '0' && *s <= '9'; s++, unit /= 10) t.nsec += (uint32_t)(*s - '0') * unit;
    }
    t.year = (int16_t)y, t.month = (uint8_t)mo, t.day = (uint8_t)d;
    t.hour = (uint8_t)h, t.minute = (uint8_t)mi, t.second = (uint8_t)se;
    t.utc_offset = MAILLOG_NO_OFFSET;
    if (*s) {
        if (!fixed_offset(s, &off)) return false;
        t.utc_offset = (int16_t)(off / 60);
    }
    return maillog_time_to_epoch(&t, 0, &c->zone, ns) == MAILLOG_OK;
}

static bool parse_when(const command *c, const char *s, int64_t *ns)
{
    const int64_t now = (int64_t)time(NULL);
    int64_t seconds;
    if (strcmp(s, "now") == 0)
        seconds = now;
    else if (strcmp(s, "today") == 0)
        seconds = midnight(c, now, 0);
    else if (strcmp(s, "yesterday") == 0)
        seconds = midnight(c, now, -1);
    else if (!relative(s, now, &seconds))
        return iso(c, s, ns);
    *ns = seconds * 1000000000;
    return true;
}

static bool bound(command *c, const char *option, const char *text, int64_t *ns)
{
    if (!text || parse_when(c, text, ns)) return true;
    wrong_usage(c, "%s %s: want a time: 2026-07-19, 2026-07-19T05:59, today, yesterday, -2h, -7d", option, text);
    return false;
}

bool when_setup(command *c)
{
    c->since = INT64_MIN;
    c->until = INT64_MAX;
    c->now = INT64_MIN;
    c->zone.offset_at = offset_at;
    if (c->zone_text && fixed_offset(c->zone_text, &c->zone.fixed)) {
        c->zone.offset_at = NULL;
    } else if (c->zone_text && strcmp(c->zone_text, "local") != 0) {
        if (!zone_exists(c->zone_text)) {
            wrong_usage(c, "--timezone %s: want UTC, +02:00, Europe/Berlin or local", c->zone_text);
            return false;
        }
        setenv("TZ", c->zone_text, 1);
    }
    tzset();
    return bound(c, "--since", c->since_text, &c->since) && bound(c, "--until", c->until_text, &c->until);
}

/* A day is of one year, but for the one on which the nearest changes: that is seen from its first and last second. */
static int year_of_day(const command *c, const maillog_time *t)
{
    static _Thread_local int64_t reference;
    static _Thread_local uint8_t month, day;
    static _Thread_local int year;
    if (t->month == month && t->day == day && c->reference == reference) return year;
    maillog_time first = *t, last = *t;
    first.hour = first.minute = first.second = 0;
    last.hour = 23, last.minute = last.second = 59;
    const int of_first = maillog_time_year(&first, c->reference, NULL);
    if (of_first != maillog_time_year(&last, c->reference, NULL)) return maillog_time_year(t, c->reference, NULL);
    month = t->month, day = t->day, reference = c->reference;
    return year = of_first;
}

int when_year(const command *c, const maillog_time *t)
{
    if (!t->month) return 0;
    if (t->year) return t->year;
    return c->year ? c->year : year_of_day(c, t);
}

/* Many lines have the stamp of the one before them. */
bool when_epoch(const command *c, const maillog_time *t, int64_t *ns)
{
    static _Thread_local maillog_time last;
    static _Thread_local int64_t last_ns, last_reference;
    if (t->month && memcmp(t, &last, sizeof last) == 0 && c->reference == last_reference) {
        *ns = last_ns;
        return true;
    }
    if (maillog_time_to_epoch(t, c->reference, &c->zone, ns) != MAILLOG_OK) return false;
    last = *t;
    last_ns = *ns;
    last_reference = c->reference;
    return true;
}

bool when_inside(const command *c)
{
    if (c->since == INT64_MIN && c->until == INT64_MAX) return true;
    return c->now >= c->since && c->now < c->until;
}
