/* list.c: a message on one line: time, verdict, from → to, size, delay, queue IDs. */
#include "sheet.h"
#include "text.h"
#include "trace.h"

#include <stdlib.h>
#include <string.h>

const char *paint(const command *c, const char *code) { return c->color ? code : ""; }

const char *verdict_color(maillog_verdict v)
{
    if (v == MAILLOG_VERDICT_DELIVERED) return "\033[1;32m";
    return v == MAILLOG_VERDICT_REJECTED || v == MAILLOG_VERDICT_BOUNCED || v == MAILLOG_VERDICT_EXPIRED ? "\033[1;31m"
                                                                                                         : "\033[1;33m";
}

/* "0.15", as it stands in every delivery: a few digits over a power of ten are exact, whatever else strtod() takes. */
static bool short_number(maillog_str d, double *out)
{
    static const double powers[] = {1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
    uint64_t digits = 0;
    size_t point = d.len;
    if (d.len > 15) return false;
    for (size_t i = 0; i < d.len; i++) {
        if (d.ptr[i] >= '0' && d.ptr[i] <= '9')
            digits = digits * 10 + (uint64_t)(d.ptr[i] - '0');
        else if (d.ptr[i] == '.' && point == d.len)
            point = i;
        else
            return false;
    }
    *out = (double)digits / powers[point == d.len ? 0 : d.len - point - 1];
    return true;
}

/* How long the message took: the delays of its legs, one after the other. */
static double delay_of(const maillog_message *m, bool *known)
{
    double sum = 0;
    *known = false;
    for (size_t i = 0; i < m->nlegs; i++) {
        char buf[32];
        double one;
        const maillog_str d = m->legs[i].delay;
        if (!d.len || d.len >= sizeof buf || m->legs[i].notification) continue;
        if (!short_number(d, &one)) {
            memcpy(buf, d.ptr, d.len);
            buf[d.len] = '\0';
            one = strtod(buf, NULL);
        }
        sum += one;
        *known = true;
    }
    return sum;
}

/* Seconds with one decimal, unless they are so near to the middle of two that only printf() knows which it is. */
static bool put_tenths(char *buf, size_t n, double s)
{
    if (!(s >= 0 && s < 99.95)) return false;
    const double tenths = s * 10;
    const uint64_t down = (uint64_t)tenths;
    const double rest = tenths - (double)down;
    if (rest > 0.499999 && rest < 0.500001) return false;
    char *end = buf + n - 1;
    *end = '\0';
    *--end = 's';
    const char *begin = text_tenths(end, down + (rest > 0.5));
    memmove(buf, begin, (size_t)(buf + n - begin));
    return true;
}

static void put_delay(char *buf, size_t n, double s)
{
    if (put_tenths(buf, n, s)) return;
    if (s < 99.95)
        snprintf(buf, n, "%.1fs", s);
    else if (s < 7200)
        snprintf(buf, n, "%.0fm", s / 60);
    else
        snprintf(buf, n, s < 2 * 86400 ? "%.0fh" : "%.0fd", s < 2 * 86400 ? s / 3600 : s / 86400);
}

static void put_ids(sheet *out, const command *c, const maillog_message *m, size_t most)
{
    const char *arrow = "";
    size_t n = 0;
    for (size_t i = 0; i < m->nlegs && n <= most; i++) {
        if (m->legs[i].notification) continue;
        sheet_puts(out, arrow);
        if (n++ == most) {
            sheet_puts(out, glyph("…", "~"));
            return;
        }
        sheet_puts(out, paint(c, "\033[2m"));
        sheet_put_shown(out, m->legs[i].queue_id);
        sheet_puts(out, paint(c, "\033[0m"));
        arrow = glyph("→", ">");
    }
}

/* Columns of what was put behind `from`. */
static size_t width_from(const sheet *out, size_t from) { return text_width(out->text + from, out->len - from); }

/* A text in so many columns, or fewer: with dots where it is cut. How many it takes. */
static size_t put_within(sheet *out, maillog_str text, size_t room)
{
    const size_t begin = out->len;
    sheet_put_shown(out, text);
    const size_t width = width_from(out, begin);
    if (width <= room) return width;
    out->len = begin + text_fit(out->text + begin, out->len - begin, room - 1);
    sheet_puts(out, glyph("…", "~"));
    return width_from(out, begin);
}

/* Who to whom. When there is not room for both, each gets half of it, and what the other leaves. How many columns. */
static size_t put_from_to(sheet *out, const maillog_message *m, size_t room)
{
    static const maillog_str dash = {"-", 1}, bounce = {"<>", 2};
    const maillog_str from = m->from.len ? m->from : m->from.ptr ? bounce : m->client.addr.len ? m->client.addr : dash;
    const maillog_str to = m->nrecipients ? m->recipients[0].to : dash;
    char more[32] = "";
    if (m->nrecipients > 1) snprintf(more, sizeof more, " +%zu", m->nrecipients - 1);
    if (strlen(more) * 4 > room) *more = '\0';
    const size_t of_from = text_width(from.ptr, from.len), of_to = text_width(to.ptr, to.len) + strlen(more);
    const size_t both = room - 3, half = both / 2; /* an arrow between blanks */
    const size_t for_from = of_from + of_to <= both || of_from <= half ? of_from : of_to < half ? both - of_to : half;
    const size_t left = put_within(out, from, for_from);
    sheet_puts(out, glyph(" → ", " > "));
    const size_t right = put_within(out, to, of_from + of_to <= both ? of_to : both - for_from - strlen(more));
    sheet_puts(out, more);
    return left + 3 + right + strlen(more);
}

static char *put_two(char *p, unsigned n, char before)
{
    char text[8];
    char *const end = text + sizeof text, *begin = text_number(end, n);
    if (n < 10) *--begin = before;
    while (begin < end) *p++ = *begin++;
    return p;
}

static void put_time_and_verdict(sheet *out, const command *c, const maillog_message *m)
{
    static const char *const months[] = {"---", "Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    enum { MOST = 32, VERDICT = 11 };
    const maillog_time *t = &m->first_time;
    char *p = sheet_room(out, MOST);
    memcpy(p, months[t->month <= 12 ? t->month : 0], 3);
    p[3] = ' ';
    p = put_two(p + 4, t->day, ' ');
    *p++ = ' ';
    p = put_two(p, t->hour, '0');
    *p++ = ':';
    p = put_two(p, t->minute, '0');
    *p++ = ':';
    p = put_two(p, t->second, '0');
    *p++ = ' ';
    *p++ = ' ';
    out->len = (size_t)(p - out->text);
    sheet_puts(out, paint(c, verdict_color(m->verdict)));
    const char *verdict = maillog_verdict_name((int)m->verdict);
    const size_t width = strlen(verdict);
    sheet_put(out, verdict, width);
    sheet_blanks(out, width < VERDICT ? VERDICT - width : 0);
    sheet_puts(out, paint(c, "\033[0m"));
    sheet_put_byte(out, ' ');
}

static void put_right(sheet *out, const char *text, size_t columns)
{
    const size_t width = strlen(text);
    sheet_blanks(out, width < columns ? columns - width : 0);
    sheet_put(out, text, width);
}

static void put_size_and_delay(sheet *out, const maillog_message *m)
{
    char delay[16] = "";
    bool known;
    const double s = delay_of(m, &known);
    if (known) put_delay(delay, sizeof delay, s);
    sheet_put_byte(out, ' ');
    put_right(out, m->bytes != MAILLOG_NO_NUMBER ? in_bytes(m->bytes) : "", 6);
    sheet_put_byte(out, ' ');
    put_right(out, delay, 6);
}

static size_t width_of_ids(sheet *out, const command *c, const maillog_message *m, size_t most)
{
    const size_t begin = out->len;
    put_ids(out, c, m, most);
    const size_t width = width_from(out, begin);
    out->len = begin;
    return width;
}

/* `room`: columns that who to whom has; `most`: that it may take. */
static void put_line(sheet *out, const command *c, const maillog_message *m, size_t room, size_t most, bool numbers,
                     size_t ids)
{
    put_time_and_verdict(out, c, m);
    const size_t width = put_from_to(out, m, most);
    if (room > width) sheet_blanks(out, room - width);
    if (numbers) put_size_and_delay(out, m);
    sheet_puts(out, "  ");
    put_ids(out, c, m, ids);
    while (out->text[out->len - 1] == ' ') out->len--; /* it would wrap in a narrow terminal behind a pager */
    sheet_puts(out, "\n");
}

void put_list_line(sheet *out, const command *c, const maillog_message *m)
{
    enum {
        TIME_AND_VERDICT = 30,
        NUMBERS = 16,
        ENOUGH = 36,
        FEW = 24,
        LEAST = 16,
        WIDE = 52,
        ANY = 4096,
        MOST_IDS = 6
    };
    const size_t columns = text_columns();
    if (!columns) {
        put_line(out, c, m, WIDE, ANY, true, MOST_IDS);
        return;
    }
    /* the IDs open a message: they stay whole, and when they are too long for the terminal the first one does */
    const size_t all_ids = width_of_ids(out, c, m, MOST_IDS);
    const size_t ids = TIME_AND_VERDICT + 2 + FEW + all_ids > columns ? 1 : MOST_IDS;
    size_t fixed = TIME_AND_VERDICT + NUMBERS + (ids == 1 ? width_of_ids(out, c, m, 1) : all_ids);
    const bool numbers = columns >= fixed + ENOUGH;
    if (!numbers) fixed -= NUMBERS - 2;
    const size_t room = columns > fixed + LEAST ? columns - fixed : LEAST;
    put_line(out, c, m, room, room, numbers, ids);
}
