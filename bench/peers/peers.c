/* peers.c: maillog beside programs that know no mail logs, with grammars for the same lines and values (kinds.txt): a
 * scanner by re2c, PCRE2's JIT, liblognorm. All are given the same text; each must first find the same values in every
 * line.
 *
 *   bench_peers FILE [ROUNDS]   the check, then a table
 *   bench_peers --dump FILE     the values of every line, as maillog finds them, for a peer that is not in here */
#include "peers.h"

#include "grammar.h"

/* ---- maillog's rows, for the check ---- */

static size_t kind_of(const maillog_event *ev)
{
    char name[128];
    if (ev->match != MAILLOG_MATCH_EVENT) return 0;
    snprintf(name, sizeof name, "%s %s", maillog_daemon_name(ev->daemon), maillog_event_name(ev->type));
    for (size_t k = 1; k < peer_nkinds; k++)
        if (strcmp(peer_kinds[k].name, name) == 0) return k;
    return 0;
}

static span span_of(const maillog_event *ev, const char *name)
{
    const maillog_str value = maillog_get(ev, (maillog_field_id)maillog_field_by_name(name, strlen(name)));
    const span s = {value.len ? (uint32_t)(value.ptr - ev->line) : 0, (uint32_t)value.len};
    return s;
}

/* The stamp as text: it is there when what maillog made of it is what is written. */
static span stamp_of(const maillog_event *ev)
{
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    const maillog_time *t = &ev->time;
    char text[32] = "";
    if (t->month)
        snprintf(text, sizeof text, "%.3s %2d %02d:%02d:%02d", months + 3 * (t->month - 1), t->day, t->hour, t->minute,
                 t->second);
    const uint32_t n = (uint32_t)strlen(text);
    const span s = {0, ev->len > n && memcmp(ev->line, text, n) == 0 ? n : 0};
    return s;
}

static const char *maillog_row(const char *line, const char *end, row *r)
{
    static const span none = {0, 0};
    const char *lf = (const char *)memchr(line, '\n', (size_t)(end - line));
    maillog_event ev;
    maillog_parse_line(NULL, line, (size_t)(lf - line), &ev);
    const kind *k = &peer_kinds[r->kind = kind_of(&ev)];
    r->n = r->kind ? HEAD + k->nfields : 0;
    if (!r->kind) return lf + 1;
    r->f[0] = stamp_of(&ev);
    r->f[1] = span_of(&ev, "host");
    r->f[2] = span_of(&ev, "program");
    r->f[3] = span_of(&ev, "pid");
    if (line[r->f[2].off + r->f[2].len] != '[') r->f[3] = none; /* Dovecot's stands in the text */
    for (size_t i = 0; i < k->nfields; i++) r->f[HEAD + i] = span_of(&ev, k->field[i]);
    return lf + 1;
}

/* ---- the check ---- */

static int same(const row *a, const row *b)
{
    return a->kind == b->kind && a->n == b->n && memcmp(a->f, b->f, a->n * sizeof *a->f) == 0;
}

static int differs(const char *peer, const char *line, size_t len, const row *want)
{
    fprintf(stderr, "%s finds other values than maillog (%s) in: %.*s\n", peer,
            want->kind ? peer_kinds[want->kind].name : "no kind", (int)len, line);
    return 0;
}

static int all_agree(const bench_log *t)
{
    static row want, r;
    size_t lines = 0, known = 0;
    for (const char *p = t->text, *end = p + t->len, *next; p < end; p = next) {
        next = maillog_row(p, end, &want);
        const size_t len = (size_t)(next - p - 1);
        if (scan_row(p, end, &r) != next || !same(&want, &r)) return differs("re2c", p, len, &want);
        if (pcre2_row(p, end, &r) != next || !same(&want, &r)) return differs("PCRE2", p, len, &want);
        if (!lognorm_agrees(p, len, &want)) return differs("liblognorm", p, len, &want);
        lines++;
        known += want.kind != 0;
    }
    printf("the same values in %zu of %zu lines; the others are of no kind for all\n", known, lines);
    return known * 10 > lines * 9; /* or else it would be about nothing */
}

static void dump(const bench_log *t)
{
    static row r;
    for (const char *p = t->text, *end = p + t->len; p < end;) {
        p = maillog_row(p, end, &r);
        printf("%zu", r.kind);
        for (size_t i = 0; i < r.n; i++) printf(" %u+%u", r.f[i].off, r.f[i].len);
        putchar('\n');
    }
}

/* ---- the ways ---- */

__attribute__((noinline)) static void take(found *sum, const row *r)
{
    sum->lines++;
    sum->fields += r->n;
    if (r->n) sum->sum += r->f[r->n - 1].off;
}

found way_rows(const bench_log *t, row_reader *read)
{
    static row r;
    found sum = {0, 0, 0};
    for (const char *p = t->text, *end = p + t->len; p < end; take(&sum, &r)) p = read(p, end, &r);
    return sum;
}

static found by_batch(const bench_log *t) { return way_batches(t, NULL); }
static found by_re2c(const bench_log *t) { return way_rows(t, scan_row); }
static found by_pcre2(const bench_log *t) { return way_rows(t, pcre2_row); }

static const way ways[] = {
    {"memchr", way_memchr}, /* the lines alone */
    {"maillog", by_batch},  /* in batches */
    {"callback", way_callback}, {"re2c", by_re2c}, {"pcre2", by_pcre2}, {"lognorm", way_lognorm},
};

/* The scanner knows the end of the text by its last byte. */
static void end_line(bench_log *t)
{
    if (t->text[t->len - 1] == '\n') return;
    t->text = (char *)realloc(t->text, t->len + 1);
    if (!t->text) exit(1);
    t->text[t->len++] = '\n';
}

int main(int argc, char **argv)
{
    const int only_dump = argc == 3 && strcmp(argv[1], "--dump") == 0;
    const long rounds = argc == 3 && !only_dump ? strtol(argv[2], NULL, 10) : 15;
    bench_log t;
    if (argc < 2 || argc > 3 || rounds < 1) {
        fprintf(stderr, "usage: bench_peers FILE [ROUNDS] | --dump FILE\n");
        return 2;
    }
    if (!bench_read(argv[only_dump ? 2 : 1], &t)) return 1;
    end_line(&t);
    int rc = 0;
    if (only_dump) {
        dump(&t);
    } else {
        pcre2_start();
        lognorm_start();
        rc = !all_agree(&t);
        if (!rc) paired_report(ways, sizeof ways / sizeof *ways, &t, (size_t)rounds);
        pcre2_end();
        lognorm_end();
    }
    free(t.text);
    return rc;
}
