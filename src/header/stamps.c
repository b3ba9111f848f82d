/* stamps.c: the rare ways to write a time: weekday first (`Sun Jul 19 07:59:06 2026 ` as asctime(3), `Sun 2026-07-19
 * 07:59:06 CEST ` as journalctl -o short-full), a year first (syslog-ng), seconds since 1970 (`1784440746.123456 `,
 * short-unix), seconds since boot (`[  123.456789] `, short-monotonic: no time of day), a stamp in brackets, the
 * labels of multilog, and months in other languages. */
#include <maillog/time.h>

#include "header.h"

void maillog__time_of_seconds(maillog_time *t, uint64_t seconds, uint32_t nsec, unsigned digits)
{
    int64_t year;
    unsigned month, day;
    const unsigned rest = (unsigned)(seconds % 86400);
    maillog_civil_from_days((int64_t)(seconds / 86400), &year, &month, &day);
    t->year = (int16_t)year;
    t->month = (uint8_t)month;
    t->day = (uint8_t)day;
    t->hour = (uint8_t)(rest / 3600);
    t->minute = (uint8_t)(rest / 60 % 60);
    t->second = (uint8_t)(rest % 60);
    t->digits = (uint8_t)digits;
    t->nsec = nsec;
    t->utc_offset = 0;
    t->reserved = 0;
}

/* Months as journalctl writes them for people of other languages (glibc's abmon): Czech, Dutch, French, German,
 * Italian, Polish, Portuguese, Russian, Spanish, Swedish, where they differ from the C locale's. */
static unsigned month_of(ml_cur word)
{
    static const struct {
        char name[8];
        uint8_t month;
    } months[] = {
        {"janv", 1},  {"ene", 1},  {"gen", 1},  {"sty", 1},  {"led", 1},  {"янв", 1},  {"févr", 2}, {"fev", 2},
        {"lut", 2},   {"úno", 2},  {"фев", 2},  {"mars", 3}, {"mär", 3},  {"mrt", 3},  {"bře", 3},  {"мар", 3},
        {"avril", 4}, {"abr", 4},  {"kwi", 4},  {"dub", 4},  {"апр", 4},  {"mai", 5},  {"mei", 5},  {"maj", 5},
        {"mag", 5},   {"kvě", 5},  {"мая", 5},  {"май", 5},  {"juin", 6}, {"giu", 6},  {"cze", 6},  {"čen", 6},
        {"июн", 6},   {"juil", 7}, {"lug", 7},  {"lip", 7},  {"čec", 7},  {"июл", 7},  {"août", 8}, {"ago", 8},
        {"sie", 8},   {"srp", 8},  {"авг", 8},  {"sept", 9}, {"set", 9},  {"wrz", 9},  {"zář", 9},  {"сен", 9},
        {"okt", 10},  {"ott", 10}, {"out", 10}, {"paź", 10}, {"říj", 10}, {"окт", 10}, {"lis", 11}, {"ноя", 11},
        {"déc", 12},  {"dez", 12}, {"dic", 12}, {"gru", 12}, {"pro", 12}, {"дек", 12}, {"jan", 1},  {"feb", 2},
        {"mar", 3},   {"apr", 4},  {"jun", 6},  {"jul", 7},  {"aug", 8},  {"sep", 9},  {"oct", 10}, {"nov", 11},
        {"dec", 12},
    };
    char low[8] = {0};
    ML_DROP_END(&word, "."); /* French */
    if (ml_empty(word) || ml_len(word) > sizeof low) return 0;
    for (size_t i = 0; i < ml_len(word); i++) low[i] = (char)(ml_is_upper(word.p[i]) ? word.p[i] | 0x20 : word.p[i]);
    for (size_t i = 0; i < sizeof months / sizeof *months; i++)
        if (memcmp(low, months[i].name, sizeof low) == 0) return months[i].month;
    return 0;
}

static bool other_month(ml_line *l, ml_cur *c)
{
    ml_cur rest = *c, word;
    if (ml_is_digit(ml_peek(rest)) || ml_len(rest) < 20) return false;
    if (!ml_until(l, &rest, ' ', &word) || ml_len(word) > 8) return false;
    const unsigned month = month_of(word);
    if (!month || !maillog__stamp_day(l, &rest, month)) return false;
    *c = rest;
    return true;
}

static bool is_weekday(const char *p)
{
    static const char names[] = "Mon Tue Wed Thu Fri Sat Sun ";
    for (size_t i = 0; i + 4 < sizeof names; i += 4)
        if (memcmp(p, names + i, 4) == 0) return true;
    return false;
}

/* journalctl names the zone; only UTC says what it means. */
static void zone_word(const ml_line *l, ml_cur *c, maillog_time *t)
{
    ml_cur rest = *c, word;
    if (t->utc_offset != MAILLOG_NO_OFFSET || !ml_until(l, &rest, ' ', &word)) return;
    if (ML_IS(word, "UTC"))
        t->utc_offset = 0;
    else if ((word.p[0] == '+' || word.p[0] == '-') && ml_len(word) <= 6)
        maillog__utc_offset(&word, t);
    *c = rest;
}

static bool weekday_first(ml_line *l, ml_cur *c)
{
    if (ml_len(*c) < 20 || !is_weekday(c->p)) return false;
    ml_cur rest = ml_slice(c->p + 4, c->e);
    if (maillog__stamp_bsd(l, &rest)) {
        *c = rest;
        return true;
    }
    if (!maillog__stamp_rfc3339(l, &rest)) return false;
    zone_word(l, &rest, &l->ev->time);
    *c = rest;
    return true;
}

/* `2026 Jul 19 07:59:06 `, ts-format(full) of syslog-ng */
static bool year_first(ml_line *l, ml_cur *c)
{
    if (ml_len(*c) < 20 || c->p[4] != ' ' || !ml_year(c->p)) return false;
    const maillog_time before = l->ev->time;
    ml_cur rest = ml_slice(c->p + 5, c->e);
    if (!maillog__stamp_bsd(l, &rest)) return false;
    if (l->ev->time.year) {
        l->ev->time = before;
        return false;
    }
    l->ev->time.year = (int16_t)ml_year(c->p);
    *c = rest;
    return true;
}

static bool since_1970(ml_line *l, ml_cur *c)
{
    ml_cur rest = *c, seconds;
    maillog_time fraction;
    if (!ml_digits(&rest, &seconds) || ml_len(seconds) < 9 || ml_len(seconds) > 10 || ml_peek(rest) != '.')
        return false;
    maillog__fraction(&rest, &fraction);
    if (!ml_skip_char(&rest, ' ')) return false;
    uint64_t n = 0;
    for (const char *p = seconds.p; p < seconds.e; p++) n = n * 10 + (unsigned)(*p - '0');
    maillog__time_of_seconds(&l->ev->time, n, fraction.nsec, fraction.digits);
    *c = rest;
    return true;
}

static bool padded_seconds(ml_cur *c)
{
    ml_cur n;
    ml_skip_blanks(c);
    return ml_digits(c, &n) && ml_skip_char(c, '.') && ml_digits(c, &n);
}

/* With ` < 0.000123 >`, the time since the line before (short-delta). */
static bool since_boot(ml_cur *c)
{
    ml_cur rest = *c;
    if (!ml_skip_char(&rest, '[') || !padded_seconds(&rest)) return false;
    if (ML_SKIP(&rest, " <") && !(padded_seconds(&rest) && ML_SKIP(&rest, " >"))) return false;
    if (!ML_SKIP(&rest, "] ")) return false;
    *c = rest;
    return true;
}

/* `@400000004c91b044077a9e94 `: TAI64N of multilog: 2^62 plus seconds and ten more, the leap seconds of 1970, which is
 * all that daemontools subtract; then nanoseconds. */
static bool tai64n(ml_line *l, ml_cur *c)
{
    if (ml_len(*c) < 26 || *c->p != '@' || c->p[25] != ' ') return false;
    uint64_t n[2] = {0, 0};
    for (int i = 0; i < 24; i++) {
        const char ch = c->p[1 + i];
        if (!ml_is_hex(ch)) return false;
        n[i / 16] = n[i / 16] << 4 | (unsigned)(ml_is_digit(ch) ? ch - '0' : (ch | 0x20) - 'a' + 10);
    }
    const uint64_t epoch = (UINT64_C(1) << 62) + 10;
    if (n[0] < epoch || n[0] - epoch > UINT32_MAX || n[1] > 999999999) return false;
    maillog__time_of_seconds(&l->ev->time, n[0] - epoch, (uint32_t)n[1], 9);
    c->p += 26;
    return true;
}

/* `[2026-07-19 07:59:06 +0200] `, `[2026-07-19 07:59:06,112] `: the bracket stands where a stamp has its blank. */
static bool in_brackets(ml_line *l, ml_cur *c)
{
    ml_cur rest = *c;
    maillog_time t;
    if (!ml_skip_char(&rest, '[') || !maillog__rfc3339(&rest, &t, ']') || !ml_skip_char(&rest, ' ')) return false;
    l->ev->time = t;
    *c = rest;
    return true;
}

bool maillog__stamp_other(ml_line *l, ml_cur *c)
{
    return weekday_first(l, c) || year_first(l, c) || since_1970(l, c) || since_boot(c) || in_brackets(l, c) ||
           tai64n(l, c) || other_month(l, c);
}
