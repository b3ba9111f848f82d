/* paired.c: the ways that all benches have, and the table. */
#include "paired.h"

found way_memchr(const bench_log *t)
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

found way_batches(const bench_log *t, const maillog_options *opt)
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

int way_count(void *user, const maillog_event *ev)
{
    found *r = (found *)user;
    r->lines++;
    r->fields += ev->nfields;
    r->sum += ev->field[ev->nfields - 1].off;
    return MAILLOG_CONTINUE;
}

found way_stream(const bench_log *t, maillog_callbacks *cb)
{
    found r = {0, 0, 0};
    maillog_stream s;
    size_t used;
    if (maillog_stream_init(&s, cb, &r, NULL, 0) != MAILLOG_OK) exit(1);
    if (maillog_stream_feed(&s, t->text, t->len, &used) != MAILLOG_OK) exit(1);
    return r;
}

found way_callback(const bench_log *t)
{
    maillog_callbacks cb;
    maillog_callbacks_init(&cb);
    cb.on_event = way_count;
    return way_stream(t, &cb);
}

void paired_report(const way *ways, size_t n, const bench_log *t, size_t rounds)
{
    double *took = (double *)malloc(n * rounds * sizeof *took), *ratio = (double *)malloc(rounds * sizeof *ratio),
           *base = (double *)malloc(rounds * sizeof *base);
    found *r = (found *)calloc(n, sizeof *r);
    if (!took || !ratio || !base || !r) exit(1);
    for (size_t i = 0; i < rounds; i++)
        for (size_t w = 0; w < n; w++) {
            const double start = bench_now();
            r[w] = ways[w].run(t);
            took[w * rounds + i] = bench_now() - start;
        }
    const double lines = (double)r[0].lines;
    printf("%zu lines, %zu bytes, %.1f bytes a line, %zu rounds\n", r[0].lines, t->len, (double)t->len / lines, rounds);
    printf("way      x %-6s    p10    p90   ns/line   GB/s  Mlines/s  fields/line\n", ways[0].name);
    memcpy(base, took, rounds * sizeof *base); /* a median sorts */
    for (size_t w = 0; w < n; w++) {
        double *const mine = took + w * rounds;
        for (size_t i = 0; i < rounds; i++) ratio[i] = mine[i] / base[i];
        const double median = bench_quantile(ratio, rounds, 0.5), low = bench_quantile(ratio, rounds, 0.1),
                     high = bench_quantile(ratio, rounds, 0.9), seconds = bench_quantile(mine, rounds, 0.5);
        printf("%-8s %8.2f %6.2f %6.2f %9.1f %6.2f %9.1f %12.2f\n", ways[w].name, median, low, high,
               seconds / lines * 1e9, (double)t->len / seconds * 1e-9, lines / seconds * 1e-6,
               (double)r[w].fields / lines);
    }
    free(took);
    free(ratio);
    free(base);
    free(r);
}

int paired_once(const way *ways, size_t n, const char *name, const bench_log *t)
{
    for (size_t w = 0; w < n; w++) {
        if (strcmp(name, ways[w].name) != 0) continue;
        const found r = ways[w].run(t);
        printf("%s: %zu lines, %zu fields (check %zu)\n", name, r.lines, r.fields, r.sum);
        return 0;
    }
    fprintf(stderr, "%s: no such way\n", name);
    return 2;
}
