/* list.c: a message on one line: time, verdict, from → to, size, delay, queue IDs. */
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

static void put_ids(FILE *out, const command *c, const maillog_message *m)
{
    const char *arrow = "";
    for (size_t i = 0; i < m->nlegs && i < 6; i++) {
        if (m->legs[i].notification) continue;
        fprintf(out, "%s%s%.*s%s", arrow, paint(c, "\033[2m"), S(m->legs[i].queue_id), paint(c, "\033[0m"));
        arrow = glyph("→", ">");
    }
}

void print_list_line(FILE *out, const command *c, const maillog_message *m)
{
    static const char *const months[] = {"---", "Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const maillog_time *t = &m->first_time;
    char *way = NULL, more[32] = "", size[16] = "", delay[16] = "", *ids = NULL;
    size_t way_len, ids_len;
    bool known;
    const double s = delay_of(m, &known);
    if (known) put_delay(delay, sizeof delay, s);
    if (m->bytes != MAILLOG_NO_NUMBER) snprintf(size, sizeof size, "%s", in_bytes(m->bytes));
    if (m->nrecipients > 1) snprintf(more, sizeof more, " +%zu", m->nrecipients - 1);

    FILE *f = open_memstream(&way, &way_len);
    if (!f) return;
    if (m->from.ptr && !m->from.len)
        fputs("<>", f);
    else
        fprintf(f, "%.*s", S(m->from));
    if (!m->from.ptr) fprintf(f, "%s", m->client.addr.len ? shown(m->client.addr) : "-");
    fprintf(f, " %s %s%s", glyph("→", ">"), m->nrecipients ? shown(m->recipients[0].to) : "-", more);
    fclose(f);
    f = open_memstream(&ids, &ids_len);
    if (!f) return;
    put_ids(f, c, m);
    fclose(f);

    fprintf(out, "%s %2u %02u:%02u:%02u  %s%-11s%s ", months[t->month <= 12 ? t->month : 0], t->day, t->hour, t->minute,
            t->second, paint(c, verdict_color(m->verdict)), maillog_verdict_name((int)m->verdict), paint(c, "\033[0m"));
    enum { TIME_AND_VERDICT = 30, NUMBERS = 16, LEAST = 20, WIDE = 52 };
    const size_t columns = text_columns(), width = text_width(way, way_len), of_ids = text_width(ids, ids_len);
    size_t fixed = TIME_AND_VERDICT + NUMBERS + of_ids; /* the IDs are what opens a message: they stay whole */
    const bool numbers = !columns || columns >= fixed + LEAST;
    if (!numbers) fixed -= NUMBERS - 2;
    const size_t room = !columns ? WIDE : columns > fixed + LEAST ? columns - fixed : LEAST;
    if (columns && width > room) {
        const char *dots = glyph("…", "~");
        const size_t n = text_fit(way, way_len, room - 1);
        fprintf(out, "%.*s%s", (int)n, way, dots);
    } else {
        fprintf(out, "%s%*s", way, (int)(room > width ? room - width : 0), "");
    }
    if (numbers) fprintf(out, " %6s %6s", size, delay);
    fprintf(out, "  %s\n", ids);
    free(way);
    free(ids);
}
