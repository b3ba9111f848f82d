/* bench_parse.c: how fast lines become events, beside what it costs to find the lines at all.
 *
 *   bench_parse FILE [ROUNDS]     paired rounds over the file in memory, of all that is in the table `ways` below
 *   bench_parse --once WAY FILE   one pass of one way, for `valgrind --tool=callgrind`
 *
 * Each round runs all of them after each other, so that a busy neighbour slows all alike; medians are of the rounds,
 * and so are the ratios. */
#include "bench.h"

/* What a pass found. `sum` is over the fields, so that nothing can be left out. */
typedef struct found {
    size_t lines, fields, sum;
} found;

/* ---- the ways ---- */

static found split_lines(const bench_log *t)
{
    found r = {0, 0, 0};
    const char *p = t->text, *end = p + t->len;
    while (p < end) {
        const char *lf = (const char *)memchr(p, '\n', (size_t)(end - p));
        if (!lf) lf = end - 1;
        r.lines++;
        p = lf + 1;
    }
    r.sum = r.lines;
    return r;
}

enum { EVENTS = 1024 };

/* Every line through maillog_batch_parse(), a thousand at a time into the same arrays. */
static found batches(const bench_log *t, const maillog_options *opt)
{
    static maillog_batch_event event[EVENTS];
    static maillog_field field[EVENTS * MAILLOG_FIELDS_MAX / 4];
    found r = {0, 0, 0};
    for (size_t at = 0, used; at < t->len; at += used) {
        maillog_batch b;
        memset(&b, 0, sizeof b);
        b.event = event;
        b.field = field;
        b.event_cap = EVENTS;
        b.field_cap = (uint32_t)(sizeof field / sizeof *field);
        b.final = 1;
        if (maillog_batch_parse(opt, t->text + at, t->len - at, &b, &used) != MAILLOG_OK || used == 0) exit(1);
        r.lines += b.nevents;
        r.fields += b.nfields;
        if (b.nfields) r.sum += field[b.nfields - 1].off;
    }
    return r;
}

static found parse(const bench_log *t) { return batches(t, NULL); }

static found header(const bench_log *t)
{
    static uint8_t all[256];
    const maillog_options opt = {sizeof opt, all};
    memset(all, 1, sizeof all);
    return batches(t, &opt);
}

static found line(const bench_log *t)
{
    found r = {0, 0, 0};
    maillog_event ev;
    for (const char *p = t->text, *end = p + t->len; p < end;) {
        const char *lf = (const char *)memchr(p, '\n', (size_t)(end - p));
        if (!lf) lf = end;
        maillog_parse_line(NULL, p, (size_t)(lf - p), &ev);
        r.lines++;
        r.fields += ev.nfields;
        r.sum += ev.field[ev.nfields - 1].off;
        p = lf + 1;
    }
    return r;
}

static int count(void *user, const maillog_event *ev)
{
    found *r = (found *)user;
    r->lines++;
    r->fields += ev->nfields;
    r->sum += ev->field[ev->nfields - 1].off;
    return MAILLOG_CONTINUE;
}

static found feed(const bench_log *t, maillog_callbacks *cb)
{
    found r = {0, 0, 0};
    maillog_stream s;
    size_t used;
    if (maillog_stream_init(&s, cb, &r, NULL, 0) != MAILLOG_OK) exit(1);
    if (maillog_stream_feed(&s, t->text, t->len, &used) != MAILLOG_OK) exit(1);
    return r;
}

static found stream(const bench_log *t)
{
    maillog_callbacks cb;
    maillog_callbacks_init(&cb);
    cb.on_event = count;
    return feed(t, &cb);
}

/* One daemon of the ten or so that the log has. */
static found one_daemon(const bench_log *t)
{
    maillog_callbacks cb;
    maillog_callbacks_init(&cb);
    cb.on_postfix_cleanup = count;
    return feed(t, &cb);
}

static const struct {
    const char *name;
    found (*run)(const bench_log *t);
} ways[] = {
    {"memchr", split_lines}, /* the lines alone */
    {"header", header},      /* all daemons skipped */
    {"parse", parse},        /* all fields, in batches */
    {"line", line},          /* the same, line by line: with the memchr that finds them */
    {"stream", stream},      /* the same, by callback */
    {"one", one_daemon},     /* by callback, one daemon in ten */
};
enum { WAYS = sizeof ways / sizeof *ways };

static void report(const bench_log *t, size_t rounds)
{
    double *took[WAYS], *ratio = (double *)malloc(WAYS * rounds * sizeof *ratio);
    found r[WAYS];
    for (int w = 0; w < WAYS; w++) took[w] = (double *)malloc(rounds * sizeof **took);
    for (size_t i = 0; i < rounds; i++)
        for (int w = 0; w < WAYS; w++) {
            const double start = bench_now();
            r[w] = ways[w].run(t);
            took[w][i] = bench_now() - start;
        }
    const double lines = (double)r[0].lines;
    printf("%zu lines, %zu bytes, %.1f bytes a line, %zu rounds\n", r[0].lines, t->len, (double)t->len / lines, rounds);
    printf("way      x memchr    p10    p90   ns/line   GB/s  Mlines/s  fields/line\n");
    for (int w = WAYS - 1; w >= 0; w--) /* the pairs first: a median sorts */
        for (size_t i = 0; i < rounds; i++) ratio[(size_t)w * rounds + i] = took[w][i] / took[0][i];
    for (int w = 0; w < WAYS; w++) {
        double *const pairs = ratio + (size_t)w * rounds, seconds = bench_quantile(took[w], rounds, 0.5);
        const double low = bench_quantile(pairs, rounds, 0.1), high = bench_quantile(pairs, rounds, 0.9);
        printf("%-7s %9.2f %6.2f %6.2f %9.1f %6.2f %9.1f %12.2f\n", ways[w].name, bench_quantile(pairs, rounds, 0.5),
               low, high, seconds / lines * 1e9, (double)t->len / seconds * 1e-9, lines / seconds * 1e-6,
               (double)r[w].fields / lines);
    }
    for (int w = 0; w < WAYS; w++) free(took[w]);
    free(ratio);
}

static int once(const char *name, const bench_log *t)
{
    for (int w = 0; w < WAYS; w++) {
        if (strcmp(name, ways[w].name) != 0) continue;
        const found r = ways[w].run(t);
        printf("%s: %zu lines, %zu fields (check %zu)\n", name, r.lines, r.fields, r.sum);
        return 0;
    }
    fprintf(stderr, "bench_parse: %s: no such way\n", name);
    return 2;
}

int main(int argc, char **argv)
{
    const int single = argc == 4 && strcmp(argv[1], "--once") == 0;
    const long rounds = argc == 3 ? strtol(argv[2], NULL, 10) : 30;
    if (argc < 2 || argc > 4 || (argc == 4 && !single) || rounds < 1) {
        fprintf(stderr, "usage: bench_parse FILE [ROUNDS] | --once memchr|header|parse|line|stream|one FILE\n");
        return 2;
    }
    bench_log t;
    if (!bench_read(single ? argv[3] : argv[1], &t)) return 1;
    int rc = 0;
    if (single)
        rc = once(argv[2], &t);
    else
        report(&t, (size_t)rounds);
    free(t.text);
    return rc;
}
