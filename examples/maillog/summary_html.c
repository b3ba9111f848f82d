/* summary_html.c: the summary as one page: no file beside it, nothing from the net, charts as SVG, and a script of a
 * few lines that sorts and filters tables. The page works without the script. */
#include "summary.h"
#include "text.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

static const char head[] =
    "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
    "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n"
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; "
    "script-src 'unsafe-inline'; base-uri 'none'; form-action 'none'\">\n"
    "<title>Mail summary</title>\n<style>\n"
    ":root{color-scheme:light dark;--line:#8884;--soft:#8882;--received:#4878a8;--delivered:#4a9a5b;"
    "--deferred:#c9a227;--bounced:#b5651d;--rejected:#b03a48}\n"
    "body{font:15px/1.45 system-ui,sans-serif;margin:0 auto;max-width:72rem;padding:1rem}\n"
    "h1{font-size:1.4rem;margin:.2em 0}h2{font-size:1.1rem;margin:1.6em 0 .4em}\n"
    ".totals{display:grid;grid-template-columns:repeat(auto-fill,minmax(9.5rem,1fr));gap:.5rem;margin:1rem 0}\n"
    ".totals div{border:1px solid var(--line);border-radius:6px;padding:.4rem .6rem}\n"
    ".totals b{display:block;font-size:1.25rem;font-variant-numeric:tabular-nums}\n"
    "table{border-collapse:collapse;width:100%}td,th{padding:.15rem .5rem;border-bottom:1px solid var(--soft);"
    "text-align:left;vertical-align:top;overflow-wrap:anywhere}\n"
    "th{cursor:pointer;white-space:nowrap}.n{text-align:right;font-variant-numeric:tabular-nums;"
    "white-space:nowrap}\n"
    "svg{width:100%;height:auto;font:11px system-ui,sans-serif}svg text{fill:currentColor}\n"
    ".legend span{margin-right:1rem}.legend i{display:inline-block;width:.8em;height:.8em;margin-right:.3em}\n"
    "input{font:inherit;padding:.2rem .5rem;width:16rem;max-width:100%}details{margin:.6rem 0}"
    "summary{cursor:pointer;font-weight:600}\n"
    "</style></head><body>\n";

static const char script[] =
    "<script>\n"
    "for(const th of document.querySelectorAll('th'))th.onclick=()=>{const t=th.closest('table'),i=th.cellIndex,"
    "b=t.tBodies[0],v=r=>r.cells[i].dataset.v??r.cells[i].textContent,d=th.dataset.d=th.dataset.d==='1'?'-1':'1';"
    "[...b.rows].sort((x,y)=>{const p=v(x),q=v(y),n=+q-+p;return(isNaN(n)?p.localeCompare(q):n)*d})"
    ".forEach(r=>b.append(r))};\n"
    "const f=document.getElementById('find');f.hidden=false;f.oninput=()=>{const w=f.value.toLowerCase();"
    "for(const r of document.querySelectorAll('tbody tr'))r.hidden=w!==''&&!r.textContent.toLowerCase().includes(w)};\n"
    "</script>\n";

/* What stands in the log was written by strangers: it is text here, whatever it looks like. */
static void put_text(FILE *out, const char *s)
{
    for (; *s; s++) {
        const unsigned char ch = (unsigned char)*s;
        if (ch == '<')
            fputs("&lt;", out);
        else if (ch == '>')
            fputs("&gt;", out);
        else if (ch == '&')
            fputs("&amp;", out);
        else if (ch == '"')
            fputs("&quot;", out);
        else
            fputc(ch < 0x20 || ch == 0x7F ? '?' : ch, out);
    }
}

/* ---- totals ---- */

static void put_totals(FILE *out, const summary *s)
{
    const char *name;
    fputs("<div class=\"totals\">\n", out);
    uint64_t value = summary_value(s, 0, &name);
    for (size_t i = 0; name; value = summary_value(s, ++i, &name)) {
        fprintf(out, "<div id=\"%s\"><b>%s</b>", name, grouped(value));
        for (const char *p = name; *p; p++) fputc(*p == '_' ? ' ' : *p, out);
        fputs("</div>\n", out);
    }
    fputs("</div>\n", out);
}

/* ---- charts ---- */

enum { WIDTH = 960, HEIGHT = 220, LEFT = 56, BELOW = 24, ABOVE = 12 };

typedef struct series {
    size_t n;
    const uint64_t *(*rates)(const summary *s, size_t i);
    void (*label)(const summary *s, size_t i, char *buf, size_t cap);
} series;

static const uint64_t *hour_rates(const summary *s, size_t i) { return s->hour[i]; }
static const uint64_t *day_rates(const summary *s, size_t i) { return s->days[i].rate; }

static void hour_label(const summary *s, size_t i, char *buf, size_t cap)
{
    (void)s;
    snprintf(buf, cap, "%02zu:00", i);
}

static void day_label(const summary *s, size_t i, char *buf, size_t cap)
{
    const uint32_t d = s->days[i].date;
    snprintf(buf, cap, "%04u-%02u-%02u", d / 10000, d / 100 % 100, d % 100);
}

static uint64_t highest(const summary *s, const series *x)
{
    uint64_t most = 1;
    for (size_t i = 0; i < x->n; i++)
        for (size_t r = 0; r < RATES; r++)
            if (x->rates(s, i)[r] > most) most = x->rates(s, i)[r];
    return most;
}

static void put_chart(FILE *out, const summary *s, const char *title, const series *x)
{
    const uint64_t most = highest(s, x);
    const double step = (double)(WIDTH - LEFT) / (double)(x->n ? x->n : 1), bar = step / (RATES + 1);
    char label[32];
    fprintf(out, "<h2>%s</h2>\n<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"%s\">\n", title, WIDTH,
            HEIGHT + BELOW + ABOVE, title);
    for (unsigned line = 0; line <= 4; line++) {
        const double y = ABOVE + HEIGHT - HEIGHT * line / 4.0;
        fprintf(out,
                "<path d=\"M%d %.1fH%d\" stroke=\"var(--line)\"/><text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%s"
                "</text>\n",
                LEFT, y, WIDTH, LEFT - 6, y + 4, grouped((most * line + 2) / 4));
    }
    for (size_t i = 0; i < x->n; i++) {
        x->label(s, i, label, sizeof label);
        for (size_t r = 0; r < RATES; r++) {
            const uint64_t n = x->rates(s, i)[r];
            const double h = HEIGHT * (double)n / (double)most;
            if (!n) continue;
            fprintf(out,
                    "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" fill=\"var(--%s)\"><title>%s: %s "
                    "%s</title></rect>\n",
                    LEFT + step * (double)i + bar * ((double)r + 0.5), ABOVE + HEIGHT - h, bar, h, rate_names[r], label,
                    grouped(n), rate_names[r]);
        }
        if (i % (x->n / 12 + 1) == 0)
            fprintf(out, "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%s</text>\n",
                    LEFT + step * ((double)i + 0.5), ABOVE + HEIGHT + 16, label);
    }
    fputs("</svg>\n<p class=\"legend\">", out);
    for (size_t r = 0; r < RATES; r++)
        fprintf(out, "<span><i style=\"background:var(--%s)\"></i>%s</span>", rate_names[r], rate_names[r]);
    fputs("</p>\n", out);
}

/* ---- tables ---- */

static void put_number(FILE *out, double value, const char *text)
{
    fprintf(out, "<td class=\"n\" data-v=\"%.3f\">%s</td>", value, text);
}

static void put_row(FILE *out, const table_info *info, const tally_row *row)
{
    char buf[32];
    fputs("<tr>", out);
    put_number(out, (double)row->count, grouped(row->count));
    if (info->has & HAS_BYTES) put_number(out, (double)row->bytes, in_bytes(row->bytes));
    if (info->has & HAS_DELAY) {
        const double average = tally_average(row), longest = (double)row->delay_max / 1e6;
        put_number(out, (double)row->deferrals, grouped(row->deferrals));
        snprintf(buf, sizeof buf, "%.1f s", average);
        put_number(out, average, buf);
        snprintf(buf, sizeof buf, "%.1f s", longest);
        put_number(out, longest, buf);
    }
    for (size_t k = 0; k < info->keys; k++) {
        fputs("<td>", out);
        put_text(out, row->key[k]);
        fputs("</td>", out);
    }
    fputs("</tr>\n", out);
}

static void put_table(FILE *out, const summary *s, size_t t)
{
    const table_info *info = &tables[t];
    row_walk walk = {0, 0, NULL};
    const tally_row *row;
    if (!s->table[t].n) return;
    fprintf(out, "<details open id=\"%s\"><summary>%s</summary><table><thead><tr><th class=\"n\">count</th>",
            info->name, info->title);
    if (info->has & HAS_BYTES) fputs("<th class=\"n\">bytes</th>", out);
    if (info->has & HAS_DELAY)
        fputs("<th class=\"n\">deferrals</th><th class=\"n\">delay</th><th class=\"n\">longest</th>", out);
    for (size_t k = 0; k < info->keys; k++) fprintf(out, "<th>%s</th>", info->key[k]);
    fputs("</tr></thead><tbody>\n", out);
    while ((row = summary_next_row(s, t, &walk)) != NULL) put_row(out, info, row);
    fputs("</tbody></table></details>\n", out);
}

static void put_page(FILE *out, const summary *s)
{
    const series hours = {24, hour_rates, hour_label}, days = {s->ndays, day_rates, day_label};
    fputs(head, out);
    fputs("<h1>Mail summary</h1>\n<p>", out);
    if (s->first.month)
        fprintf(out, "%04d-%02u-%02u %02u:%02u:%02u to %04d-%02u-%02u %02u:%02u:%02u, ", s->first_year, s->first.month,
                s->first.day, s->first.hour, s->first.minute, s->first.second, s->last_year, s->last.month, s->last.day,
                s->last.hour, s->last.minute, s->last.second);
    fprintf(out, "%s lines, %s understood</p>\n", grouped(s->lines), grouped(s->understood));
    put_totals(out, s);
    if (s->ndays > 1) put_chart(out, s, "Per day", &days);
    put_chart(out, s, s->ndays > 1 ? "Per hour of the day, all days" : "Per hour", &hours);
    fputs("<h2>Tables</h2>\n<input id=\"find\" type=\"search\" placeholder=\"filter rows\" hidden>\n", out);
    for (size_t t = 0; t < TABLES; t++) put_table(out, s, t);
    fputs(script, out);
    fputs("</body></html>\n", out);
}

/* A file that is there and is no page: a log, when the name of the page was forgotten. */
static bool is_something_else(const char *path)
{
    static const char page[] = "<!doctype html>";
    char start[sizeof page - 1];
    struct stat st;
    if (stat(path, &st) != 0 || !S_ISREG(st.st_mode) || st.st_size == 0) return false;
    FILE *f = fopen(path, "r");
    const bool same = f && fread(start, 1, sizeof start, f) == sizeof start && memcmp(start, page, sizeof start) == 0;
    if (f) fclose(f);
    return !same;
}

bool summary_html(summary *s, const char *path)
{
    if (is_something_else(path)) {
        fprintf(stderr, "maillog: --html %s: is there, and is no page: it is left as it is\n", path);
        return false;
    }
    FILE *f = strcmp(path, "-") == 0 ? stdout : fopen(path, "w");
    if (f) put_page(f, s);
    bool ok = f && !ferror(f);
    if (f == stdout) return true; /* its trouble is said at the end */
    if (f && fclose(f) != 0) ok = false;
    if (!ok) fprintf(stderr, "maillog: --html %s: %s\n", path, strerror(errno));
    return ok;
}
