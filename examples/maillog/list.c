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

/* How long the message took: the delays of its legs, one after the other. */
static double delay_of(const maillog_message *m, bool *known)
{
    double sum = 0;
    *known = false;
    for (size_t i = 0; i < m->nlegs; i++) {
        char buf[32];
        const maillog_str d = m->legs[i].delay;
        if (!d.len || d.len >= sizeof buf || m->legs[i].notification) continue;
        memcpy(buf, d.ptr, d.len);
        buf[d.len] = '\0';
        sum += strtod(buf, NULL);
        *known = true;
    }
    return sum;
}

static void put_delay(char *buf, size_t n, double s)
{
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

/* A text in so many columns: with dots where it is cut. */
static void put_within(sheet *out, maillog_str text, size_t room)
{
    const size_t begin = out->len;
    sheet_put_shown(out, text);
    if (width_from(out, begin) <= room) return;
    out->len = begin + text_fit(out->text + begin, out->len - begin, room - 1);
    sheet_puts(out, glyph("…", "~"));
}

/* Who to whom. When there is not room for both, each gets half of it, and what the other leaves. */
static void put_from_to(sheet *out, const maillog_message *m, size_t room)
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
    put_within(out, from, for_from);
    sheet_printf(out, " %s ", glyph("→", ">"));
    put_within(out, to, of_from + of_to <= both ? of_to : both - for_from - strlen(more));
    sheet_puts(out, more);
}

static void put_time_and_verdict(sheet *out, const command *c, const maillog_message *m)
{
    static const char *const months[] = {"---", "Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const maillog_time *t = &m->first_time;
    sheet_printf(out, "%s %2u %02u:%02u:%02u  %s%-11s%s ", months[t->month <= 12 ? t->month : 0], t->day, t->hour,
                 t->minute, t->second, paint(c, verdict_color(m->verdict)), maillog_verdict_name((int)m->verdict),
                 paint(c, "\033[0m"));
}

static void put_size_and_delay(sheet *out, const maillog_message *m)
{
    char delay[16] = "";
    bool known;
    const double s = delay_of(m, &known);
    if (known) put_delay(delay, sizeof delay, s);
    sheet_printf(out, " %6s %6s", m->bytes != MAILLOG_NO_NUMBER ? in_bytes(m->bytes) : "", delay);
}

static size_t width_of_ids(sheet *out, const command *c, const maillog_message *m, size_t most)
{
    const size_t begin = out->len;
    put_ids(out, c, m, most);
    const size_t width = width_from(out, begin);
    out->len = begin;
    return width;
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
    /* the IDs open a message: they stay whole, and when they are too long for the terminal the first one does */
    const size_t all_ids = width_of_ids(out, c, m, MOST_IDS);
    const size_t ids = columns && TIME_AND_VERDICT + 2 + FEW + all_ids > columns ? 1 : MOST_IDS;
    size_t fixed = TIME_AND_VERDICT + NUMBERS + (ids == 1 ? width_of_ids(out, c, m, 1) : all_ids);
    const bool numbers = !columns || columns >= fixed + ENOUGH;
    if (!numbers) fixed -= NUMBERS - 2;
    const size_t room = !columns ? WIDE : columns > fixed + LEAST ? columns - fixed : LEAST;
    put_time_and_verdict(out, c, m);
    const size_t way = out->len;
    put_from_to(out, m, columns ? room : ANY);
    const size_t width = width_from(out, way);
    if (room > width) sheet_blanks(out, room - width);
    if (numbers) put_size_and_delay(out, m);
    sheet_puts(out, "  ");
    put_ids(out, c, m, ids);
    while (out->text[out->len - 1] == ' ') out->len--; /* it would wrap in a narrow terminal behind a pager */
    sheet_puts(out, "\n");
}
