/* rfc3339.c: `2026-07-19T07:59:06.123456+02:00 ` (rsyslog's file format). A blank instead of the T, any fraction, Z, no
 * offset, journalctl's `+0200`, and Exim's ` +0200` after a blank are taken too. */
#include "header.h"

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

static bool two_digits(ml_cur c) { return ml_is_digit(ml_at(c, 0)) && ml_is_digit(ml_at(c, 1)); }

void maillog__utc_offset(ml_cur *c, maillog_time *t)
{
    t->utc_offset = MAILLOG_NO_OFFSET;
    const char sign = ml_peek(*c);
    if (sign == 'Z' || sign == 'z') {
        t->utc_offset = 0;
        c->p++;
        return;
    }
    ml_cur rest = ml_slice(c->p + (sign == '+' || sign == '-'), c->e);
    if (rest.p == c->p || !two_digits(rest)) return;
    unsigned minutes = ml_two(rest.p) * 60;
    rest.p += 2;
    ml_skip_char(&rest, ':');
    if (two_digits(rest)) {
        minutes += ml_two(rest.p);
        rest.p += 2;
    }
    t->utc_offset = (int16_t)(sign == '-' ? -(int)minutes : (int)minutes);
    *c = rest;
}

/* ` +0200` between a clock and the end of the stamp. */
static void offset_after_blank(ml_cur *c, maillog_time *t, char end)
{
    ml_cur rest = *c;
    if (!ml_skip_char(&rest, ' ') || (ml_peek(rest) != '+' && ml_peek(rest) != '-')) return;
    maillog__utc_offset(&rest, t);
    if (t->utc_offset == MAILLOG_NO_OFFSET) return;
    if (ml_peek(rest) == end)
        *c = rest;
    else
        t->utc_offset = MAILLOG_NO_OFFSET;
}

bool maillog__rfc3339(ml_cur *c, maillog_time *out, char end)
{
    const char *p = c->p;
    unsigned date[3];
    maillog_time t;
    if (ml_len(*c) < sizeof "2026-07-19T07:59:06 " - 1 || (p[10] != 'T' && p[10] != ' ')) return false;
    if (!ml_is_digit(p[0]) || !ml_is_digit(p[1]) || !ml_three_numbers(p + 2, '-', date)) return false;
    if (date[1] < 1 || date[1] > 12 || date[2] < 1 || date[2] > 31 || !ml_clock(p + 11, &t)) return false;
    t.year = (int16_t)(ml_two(p) * 100 + date[0]);
    t.month = (uint8_t)date[1];
    t.day = (uint8_t)date[2];
    t.reserved = 0;
    ml_cur rest = ml_slice(p + 19, c->e);
    maillog__fraction(&rest, &t);
    maillog__utc_offset(&rest, &t);
    if (p[10] == ' ' && t.utc_offset == MAILLOG_NO_OFFSET) offset_after_blank(&rest, &t, end);
    if (!ml_skip_char(&rest, end)) return false;
    *out = t;
    *c = rest;
    return true;
}

bool maillog__stamp_rfc3339(ml_line *l, ml_cur *c) { return maillog__rfc3339(c, &l->ev->time, ' '); }
