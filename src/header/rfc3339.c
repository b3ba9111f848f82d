/* rfc3339.c: `2026-07-19T07:59:06.123456+02:00 ` (rsyslog's file format; a blank instead of the T, any fraction, Z, no
 * offset, and journalctl's `+0200` are taken too). */
#include "header.h"

static bool digits_at(const char *p, int n)
{
    for (int i = 0; i < n; i++)
        if (!ml_is_digit(p[i])) return false;
    return true;
}

void maillog__fraction(ml_cur *c, maillog_time *t)
{
    t->nsec = 0;
    t->digits = 0;
    if ((ml_peek(*c) != '.' && ml_peek(*c) != ',') || !ml_is_digit(ml_at(*c, 1))) return;
    c->p++;
    uint32_t n = 0;
    uint8_t digits = 0;
    for (; c->p < c->e && ml_is_digit(*c->p); c->p++) {
        if (digits == 9) continue;
        n = n * 10 + (uint32_t)(*c->p - '0');
        digits++;
    }
    t->digits = digits;
    for (; digits < 9; digits++) n *= 10;
    t->nsec = n;
}

/* Z, +hh:mm, +hhmm, +hh or nothing. */
static void offset(ml_cur *c, maillog_time *t)
{
    t->utc_offset = MAILLOG_NO_OFFSET;
    const char sign = ml_peek(*c);
    if (sign == 'Z' || sign == 'z') {
        t->utc_offset = 0;
        c->p++;
        return;
    }
    if ((sign != '+' && sign != '-') || ml_len(*c) < 3 || !digits_at(c->p + 1, 2)) return;
    unsigned minutes = ml_two(c->p + 1) * 60;
    ml_cur rest = ml_slice(c->p + 3, c->e);
    ml_skip_char(&rest, ':');
    if (ml_len(rest) >= 2 && digits_at(rest.p, 2)) {
        minutes += ml_two(rest.p);
        rest.p += 2;
    }
    t->utc_offset = (int16_t)(sign == '-' ? -(int)minutes : (int)minutes);
    *c = rest;
}

bool maillog__stamp_rfc3339(ml_line *l, ml_cur *c)
{
    const char *p = c->p;
    if (ml_len(*c) < 20 || p[4] != '-' || p[7] != '-' || (p[10] != 'T' && p[10] != ' ') || p[13] != ':' || p[16] != ':')
        return false;
    if (!digits_at(p, 4) || !digits_at(p + 5, 2) || !digits_at(p + 8, 2) || !digits_at(p + 11, 2) ||
        !digits_at(p + 14, 2) || !digits_at(p + 17, 2))
        return false;
    const unsigned month = ml_two(p + 5), day = ml_two(p + 8);
    if (month < 1 || month > 12 || day < 1 || day > 31) return false;
    maillog_time *t = &l->ev->time;
    t->year = (int16_t)(ml_two(p) * 100 + ml_two(p + 2));
    t->month = (uint8_t)month;
    t->day = (uint8_t)day;
    t->hour = (uint8_t)ml_two(p + 11);
    t->minute = (uint8_t)ml_two(p + 14);
    t->second = (uint8_t)ml_two(p + 17);
    ml_cur rest = ml_slice(p + 19, c->e);
    maillog__fraction(&rest, t);
    offset(&rest, t);
    if (!ml_skip_char(&rest, ' ')) return false;
    *c = rest;
    return true;
}
