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

static void put_ids(sheet *out, const command *c, const maillog_message *m)
{
    const char *arrow = "";
    for (size_t i = 0; i < m->nlegs && i < 6; i++) {
        if (m->legs[i].notification) continue;
        sheet_puts(out, arrow);
        sheet_puts(out, paint(c, "\033[2m"));
        sheet_put_shown(out, m->legs[i].queue_id);
        sheet_puts(out, paint(c, "\033[0m"));
        arrow = glyph("→", ">");
    }
}

static void put_from_to(sheet *out, const maillog_message *m)
{
    static const maillog_str dash = {"-", 1}, bounce = {"<>", 2};
    const maillog_str from = m->from.len ? m->from : m->from.ptr ? bounce : m->client.addr.len ? m->client.addr : dash;
    sheet_put_shown(out, from);
    sheet_printf(out, " %s ", glyph("→", ">"));
    sheet_put_shown(out, m->nrecipients ? m->recipients[0].to : dash);
    if (m->nrecipients > 1) sheet_printf(out, " +%zu", m->nrecipients - 1);
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

/* Columns of what was put behind `from`. */
static size_t width_from(const sheet *out, size_t from) { return text_width(out->text + from, out->len - from); }

static size_t width_of_ids(sheet *out, const command *c, const maillog_message *m)
{
    const size_t begin = out->len;
    put_ids(out, c, m);
    const size_t width = width_from(out, begin);
    out->len = begin;
    return width;
}

void put_list_line(sheet *out, const command *c, const maillog_message *m)
{
    enum { TIME_AND_VERDICT = 30, NUMBERS = 16, LEAST = 20, WIDE = 52 };
    const size_t columns = text_columns();
    size_t fixed = TIME_AND_VERDICT + NUMBERS + width_of_ids(out, c, m); /* the IDs open a message: they stay whole */
    const bool numbers = !columns || columns >= fixed + LEAST;
    if (!numbers) fixed -= NUMBERS - 2;
    const size_t room = !columns ? WIDE : columns > fixed + LEAST ? columns - fixed : LEAST;
    put_time_and_verdict(out, c, m);
    const size_t way = out->len;
    put_from_to(out, m);
    const size_t width = width_from(out, way);
    if (columns && width > room) {
        out->len = way + text_fit(out->text + way, out->len - way, room - 1);
        sheet_puts(out, glyph("…", "~"));
    } else if (room > width) {
        sheet_blanks(out, room - width);
    }
    if (numbers) put_size_and_delay(out, m);
    sheet_puts(out, "  ");
    put_ids(out, c, m);
    while (out->text[out->len - 1] == ' ') out->len--; /* it would wrap in a narrow terminal behind a pager */
    sheet_puts(out, "\n");
}
