/* bsd.c: `Jul 19 07:59:06 ` (RFC 3164; day padded with a blank by syslogd, with 0 by postlogd), with an optional year
 * (`Jul 19 2026 07:59:06`) and fraction (`07:59:06.482913`). */
#include "header.h"

/* "Jan".."Dec" as 1..12, 0 for anything else. */
static unsigned month_number(const char *p)
{
    static const char names[12][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    for (unsigned m = 0; m < 12; m++)
        if (memcmp(names[m], p, 3) == 0) return m + 1;
    return 0;
}

static bool clock_at(const char *p)
{
    return ml_is_digit(p[0]) && ml_is_digit(p[1]) && p[2] == ':' && ml_is_digit(p[3]) && ml_is_digit(p[4]) &&
           p[5] == ':' && ml_is_digit(p[6]) && ml_is_digit(p[7]);
}

bool maillog__stamp_bsd(ml_line *l, ml_cur *c)
{
    const char *p = c->p;
    if (ml_len(*c) < 16 || p[3] != ' ' || p[6] != ' ') return false;
    const unsigned month = month_number(p);
    if (!month || !(p[4] == ' ' || ml_is_digit(p[4])) || !ml_is_digit(p[5])) return false;
    const unsigned day = (p[4] == ' ' ? 0 : (unsigned)(p[4] - '0') * 10) + (unsigned)(p[5] - '0');
    if (day < 1 || day > 31) return false;

    unsigned year = 0;
    p += 7;
    if (p[2] != ':') {
        if (c->e - p < 14 || p[4] != ' ') return false;
        for (int i = 0; i < 4; i++) {
            if (!ml_is_digit(p[i])) return false;
            year = year * 10 + (unsigned)(p[i] - '0');
        }
        p += 5;
    }
    if (!clock_at(p)) return false;
    maillog_time *t = &l->ev->time;
    t->year = (int16_t)year;
    t->month = (uint8_t)month;
    t->day = (uint8_t)day;
    t->hour = (uint8_t)ml_two(p);
    t->minute = (uint8_t)ml_two(p + 3);
    t->second = (uint8_t)ml_two(p + 6);
    ml_cur rest = ml_slice(p + 8, c->e);
    maillog__fraction(&rest, t);
    if (!ml_skip_char(&rest, ' ')) return false;
    *c = rest;
    return true;
}
