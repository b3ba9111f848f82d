/* summary_text.c: the summary for people: totals, small charts, tables. */
#include "summary.h"
#include "text.h"
#include "trace.h"

#include <string.h>

static void title(FILE *out, const summary *s, const char *text)
{
    fprintf(out, "\n%s%s%s\n", paint(s->c, "\033[1m"), text, paint(s->c, "\033[0m"));
}

/* ---- totals ---- */

static void put_total(FILE *out, uint64_t n, const char *label, const char *more)
{
    fprintf(out, "  %14s  %s%s\n", grouped(n), label, more);
}

static uint64_t share(uint64_t part, uint64_t whole) { return whole ? part * 100 / whole : 0; }

static void put_totals(FILE *out, const summary *s)
{
    const uint64_t *f = s->figure;
    const uint64_t all = f[DELIVERED] + f[REJECTED] + f[DISCARDED];
    char more[64] = "";
    put_total(out, f[RECEIVED], "received", "");
    put_total(out, f[DELIVERED], "delivered", "");
    put_total(out, f[FORWARDED], "forwarded", "");
    if (f[DEFERRALS]) snprintf(more, sizeof more, "  (%s deferrals)", grouped(f[DEFERRALS]));
    put_total(out, f[DEFERRED], "deferred", more);
    put_total(out, f[BOUNCED], "bounced", "");
    if (f[EXPIRED]) put_total(out, f[EXPIRED], "expired in the queue", "");
    snprintf(more, sizeof more, " (%llu%%)", (unsigned long long)share(f[REJECTED], all));
    put_total(out, f[REJECTED], "rejected", more);
    put_total(out, f[REJECT_WARNINGS], "reject warnings", "");
    put_total(out, f[HELD], "held", "");
    snprintf(more, sizeof more, " (%llu%%)", (unsigned long long)share(f[DISCARDED], all));
    put_total(out, f[DISCARDED], "discarded", more);
    if (f[THROUGH_FILTER]) put_total(out, f[THROUGH_FILTER], "came back from a filter (counted once)", "");
    if (f[BETWEEN_HOSTS]) put_total(out, f[BETWEEN_HOSTS], "came from another host of these logs (counted once)", "");
    fputc('\n', out);
    put_total(out, f[BYTES_RECEIVED], "bytes received", "");
    put_total(out, f[BYTES_DELIVERED], "bytes delivered", "");
    static const struct {
        table_id table;
        const char *label;
    } distinct[] = {{TABLE_SENDERS, "senders"},
                    {TABLE_SENDING_DOMAINS, "sending hosts/domains"},
                    {TABLE_RECIPIENTS, "recipients"},
                    {TABLE_RECIPIENT_DOMAINS, "recipient hosts/domains"}};
    for (size_t i = 0; i < sizeof distinct / sizeof *distinct; i++) {
        const tally *t = &s->table[distinct[i].table];
        put_total(out, tally_used(t) + t->dropped, distinct[i].label, "");
    }
}

/* ---- rates ---- */

static void put_bar(FILE *out, const summary *s, uint64_t n, uint64_t most)
{
    static const char *const eighths[] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉", "█"};
    enum { WIDTH = 24 };
    const bool fancy = *glyph("u", "a") == 'u';
    const uint64_t cells = most ? (n * WIDTH * 8 + most - 1) / most : 0;
    fputs(paint(s->c, "\033[36m"), out);
    for (uint64_t i = 0; i < cells / 8; i++) fputs(fancy ? eighths[8] : "#", out);
    if (cells % 8) fputs(fancy ? eighths[cells % 8] : "#", out);
    fputs(paint(s->c, "\033[0m"), out);
}

static void rates_head(FILE *out, const summary *s, const char *text, const char *unit)
{
    title(out, s, text);
    fprintf(out, "  %-10s", unit);
    for (size_t r = 0; r < RATES; r++) fprintf(out, " %10s", rate_names[r]);
    fputc('\n', out);
}

static void put_rates(FILE *out, const summary *s, const char *label, const uint64_t rates[RATES], uint64_t most)
{
    fprintf(out, "  %-10s", label);
    for (size_t r = 0; r < RATES; r++) fprintf(out, " %10s", grouped(rates[r]));
    if (rates[RATE_DELIVERED]) fputs("  ", out);
    put_bar(out, s, rates[RATE_DELIVERED], most);
    fputc('\n', out);
}

static void put_days(FILE *out, const summary *s)
{
    uint64_t most = 0;
    if (s->ndays < 2) return;
    for (size_t i = 0; i < s->ndays; i++)
        if (s->days[i].rate[RATE_DELIVERED] > most) most = s->days[i].rate[RATE_DELIVERED];
    rates_head(out, s, "Per day", "date");
    for (size_t i = 0; i < s->ndays; i++) {
        char label[24];
        const uint32_t d = s->days[i].date;
        snprintf(label, sizeof label, "%04u-%02u-%02u", d / 10000, d / 100 % 100, d % 100);
        put_rates(out, s, label, s->days[i].rate, most);
    }
}

/* All days together: an average, as pflogsumm prints it, hides the small figures. */
static void put_hours(FILE *out, const summary *s)
{
    uint64_t most = 0;
    for (size_t h = 0; h < 24; h++)
        if (s->hour[h][RATE_DELIVERED] > most) most = s->hour[h][RATE_DELIVERED];
    rates_head(out, s, s->ndays > 1 ? "Per hour of the day, all days" : "Per hour", "hour");
    for (size_t h = 0; h < 24; h++) {
        char label[24];
        snprintf(label, sizeof label, "%02zu-%02zu", h, h + 1);
        put_rates(out, s, label, s->hour[h], most);
    }
}

/* ---- tables ---- */

static const char *duration(double s)
{
    static char bufs[4][24];
    static size_t next;
    char *buf = bufs[next++ % 4];
    if (s < 60)
        snprintf(buf, sizeof bufs[0], "%.1f s", s);
    else
        snprintf(buf, sizeof bufs[0],
                 s < 3600    ? "%.1f m"
                 : s < 86400 ? "%.1f h"
                             : "%.1f d",
                 s < 3600    ? s / 60
                 : s < 86400 ? s / 3600
                             : s / 86400);
    return buf;
}

static const char *printable(const char *text)
{
    if (!*text) return "-";
    return shown(str_of(text));
}

static void put_flat_row(FILE *out, const table_info *info, const tally_row *row)
{
    fprintf(out, "  %10s", grouped(row->count));
    if (info->has & HAS_BYTES) fprintf(out, " %9s", in_bytes(row->bytes));
    if (info->has == (HAS_BYTES | HAS_DELAY)) fprintf(out, " %9s", grouped(row->deferrals));
    if (info->has & HAS_DELAY)
        fprintf(out, " %9s %9s", duration(tally_average(row)), duration((double)row->delay_max / 1e6));
    fprintf(out, "  %s\n", printable(row->key[info->keys - 1]));
}

static void flat_head(FILE *out, const table_info *info)
{
    if (!(info->has & HAS_BYTES)) return;
    fprintf(out, "  %10s %9s", "messages", "bytes");
    if (info->has & HAS_DELAY) fprintf(out, " %9s %9s %9s", "deferrals", "delay", "longest");
    fputc('\n', out);
}

/* The first parts of a name are headings, with the sum of what stands below. */
static void put_heading(FILE *out, const tally *t, const tally_row *row, size_t part)
{
    uint64_t total = 0;
    for (const tally_row *r = row; r < t->rows + t->n && summary_same_group(r, row, part + 1); r++) total += r->count;
    fprintf(out, "%*s%s  (%s)\n", (int)(2 + 2 * part), "", printable(row->key[part]), grouped(total));
}

static void put_rows(FILE *out, const summary *s, size_t table)
{
    const table_info *info = &tables[table];
    row_walk walk = {0, 0, NULL};
    const tally_row *row, *last = NULL;
    while ((row = summary_next_row(s, table, &walk)) != NULL) {
        for (size_t part = 0; part + 1 < info->keys; part++)
            if (!last || !summary_same_group(last, row, part + 1)) put_heading(out, &s->table[table], row, part);
        if (info->keys < 3 || *row->key[2]) put_flat_row(out, info, row);
        last = row;
    }
}

static void put_table(FILE *out, summary *s, size_t t)
{
    const table_info *info = &tables[t];
    if (!s->table[t].n) return;
    title(out, s, info->title);
    flat_head(out, info);
    put_rows(out, s, t);
    if (t != TABLE_SENDERS && t != TABLE_RECIPIENTS) return;
    tally_sort_first(&s->table[t], TALLY_BY_BYTES, (size_t)s->c->top);
    char text[64];
    snprintf(text, sizeof text, "%s by size", info->title);
    title(out, s, text);
    flat_head(out, info);
    put_rows(out, s, t);
    tally_sort_first(&s->table[t], TALLY_BY_COUNT, (size_t)s->c->top);
}

void summary_text(FILE *out, summary *s)
{
    if (s->first.month)
        fprintf(out, "%04d-%02u-%02u %02u:%02u:%02u to %04d-%02u-%02u %02u:%02u:%02u", s->first_year, s->first.month,
                s->first.day, s->first.hour, s->first.minute, s->first.second, s->last_year, s->last.month, s->last.day,
                s->last.hour, s->last.minute, s->last.second);
    fprintf(out, "%s%s lines, %s understood\n\n", s->first.month ? ", " : "", grouped(s->lines),
            grouped(s->understood));
    put_totals(out, s);
    put_days(out, s);
    put_hours(out, s);
    for (size_t t = 0; t < TABLES; t++) put_table(out, s, t);
    if (interrupted) fprintf(out, "\n(interrupted at line %s)\n", grouped(s->c->line));
}
