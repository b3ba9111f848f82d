/* bsd.c: `Jul 19 07:59:06 ` (RFC 3164). The day is padded with a blank by syslogd, with 0 by postlogd, and not at all
 * where blanks were collapsed. Variants: a year before or after the clock, a fraction, and what network gear adds: a
 * zone and a colon (`Jul 19 07:59:06.482 UTC: `). */
#include "header.h"

/* "Jan ".."Dec " as 1..12, 0 for anything else: four bytes are one number, and this product tells the twelve apart. */
static unsigned month_number(const char *p)
{
#define NAME(a, b, c) ((uint32_t)a | (uint32_t)b << 8 | (uint32_t)c << 16 | (uint32_t)' ' << 24)
    switch (ml_load32(p)) {
    case NAME('J', 'a', 'n'):
        return 1;
    case NAME('F', 'e', 'b'):
        return 2;
    case NAME('M', 'a', 'r'):
        return 3;
    case NAME('A', 'p', 'r'):
        return 4;
    case NAME('M', 'a', 'y'):
        return 5;
    case NAME('J', 'u', 'n'):
        return 6;
    case NAME('J', 'u', 'l'):
        return 7;
    case NAME('A', 'u', 'g'):
        return 8;
    case NAME('S', 'e', 'p'):
        return 9;
    case NAME('O', 'c', 't'):
        return 10;
    case NAME('N', 'o', 'v'):
        return 11;
    case NAME('D', 'e', 'c'):
        return 12;
    default:
        return 0;
    }
#undef NAME
}

static bool is_zone_word(ml_cur w)
{
    for (const char *p = w.p; p < w.e; p++)
        if (!ml_is_upper(*p)) return false;
    return ml_len(w) >= 2 && ml_len(w) <= 5;
}

/* `: ` or ` UTC: ` after the clock. */
static bool zone_and_colon(const ml_line *l, ml_cur *c, maillog_time *t)
{
    ml_cur rest = *c, zone;
    if (ML_SKIP(c, ": ")) return true;
    if (!ml_skip_char(&rest, ' ') || !ML_UNTIL(l, &rest, ": ", &zone) || !is_zone_word(zone)) return false;
    if (ML_IS(zone, "UTC") || ML_IS(zone, "GMT")) t->utc_offset = 0;
    *c = rest;
    return true;
}

/* ` 2026 ` after the clock, when it is not a host of that name: a tag follows a host. */
static bool year_after(const ml_line *l, ml_cur *c, maillog_time *t)
{
    ml_cur rest = *c, word;
    if (ml_len(rest) < 5 || t->year || !ml_year(rest.p) || rest.p[4] != ' ') return false;
    const unsigned year = ml_year(rest.p);
    rest.p += 5;
    if (ml_word(l, &rest, &word) && ml_last(word) == ':') return false;
    t->year = (int16_t)year;
    c->p += 5;
    return true;
}

/* After the clock: a fraction, a zone, a year; one of them or a blank. */
static bool after_clock(const ml_line *l, ml_cur *c, maillog_time *t)
{
    maillog__fraction(c, t);
    if (zone_and_colon(l, c, t)) return true;
    if (!ml_skip_char(c, ' ')) return false;
    year_after(l, c, t);
    return true;
}

/* The day, with its padding; 0 when there is none. */
static unsigned day_number(ml_cur *c)
{
    ml_cur day;
    ml_skip_char(c, ' ');
    if (!ml_digits(c, &day) || ml_len(day) > 2 || !ml_skip_char(c, ' ')) return 0;
    const unsigned n = ml_len(day) == 2 ? ml_two(day.p) : (unsigned)(*day.p - '0');
    return n <= 31 ? n : 0;
}

/* ` 7:59:06`: an hour padded as the day is. */
static bool padded_clock(const char *p, maillog_time *t)
{
    char clock[8];
    if (*p != ' ') return false;
    memcpy(clock, p, sizeof clock);
    clock[0] = '0';
    return ml_clock(clock, t);
}

bool maillog__stamp_day(ml_line *l, ml_cur *c, unsigned month)
{
    maillog_time t = {0, (uint8_t)month, 0, 0, 0, 0, 0, 0, MAILLOG_NO_OFFSET, 0};
    ml_cur rest = *c;
    t.day = (uint8_t)day_number(&rest);
    if (!t.day) return false;
    if (ml_len(rest) > 14 && rest.p[4] == ' ') { /* a year before the clock */
        t.year = (int16_t)ml_year(rest.p);
        if (!t.year) return false;
        rest.p += 5;
    }
    if (ml_len(rest) < 9 || !(ml_clock(rest.p, &t) || padded_clock(rest.p, &t))) return false;
    rest.p += 8;
    if (!after_clock(l, &rest, &t)) return false;
    l->ev->time = t;
    *c = rest;
    return true;
}

bool maillog__stamp_bsd(ml_line *l, ml_cur *c)
{
    if (ml_len(*c) < sizeof "Jul 9 07:59:06 " - 1) return false;
    const unsigned month = month_number(c->p);
    ml_cur rest = ml_slice(c->p + 4, c->e);
    if (!month || !maillog__stamp_day(l, &rest, month)) return false;
    *c = rest;
    return true;
}
