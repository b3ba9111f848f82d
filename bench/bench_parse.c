/* bench_parse.c: how fast lines become events, beside what it costs to find the lines at all.
 *
 *   bench_parse FILE [ROUNDS]     paired rounds over the file in memory, of all that is in the table `ways` below
 *   bench_parse --once WAY FILE   one pass of one way, for `valgrind --tool=callgrind`
 *
 * Each round runs all of them after each other, so that a busy neighbour slows all alike; medians are of the rounds,
 * and so are the ratios. */
#include "paired.h"

static found parse(const bench_log *t) { return way_batches(t, NULL); }

static found header(const bench_log *t)
{
    static uint8_t all[256];
    const maillog_options opt = {sizeof opt, all, NULL, NULL};
    memset(all, 1, sizeof all);
    return way_batches(t, &opt);
}

static found lines(const bench_log *t, maillog_memo *memo, const char *buffer_end)
{
    const maillog_options opt = {sizeof opt, NULL, memo, buffer_end};
    found r = {0, 0, 0};
    maillog_event ev;
    for (const char *p = t->text, *end = p + t->len; p < end;) {
        const char *lf = (const char *)memchr(p, '\n', (size_t)(end - p));
        if (!lf) lf = end;
        maillog_parse_line(memo ? &opt : NULL, p, (size_t)(lf - p), &ev);
        r.lines++;
        r.fields += ev.nfields;
        r.sum += ev.field[ev.nfields - 1].off;
        p = lf + 1;
    }
    return r;
}

static found line(const bench_log *t) { return lines(t, NULL, NULL); }

static found with_memo(const bench_log *t)
{
    maillog_memo memo = {{0}};
    return lines(t, &memo, NULL);
}

static found in_buffer(const bench_log *t)
{
    maillog_memo memo = {{0}};
    return lines(t, &memo, t->text + t->len);
}

/* One daemon of the ten or so that the log has. */
static found one_daemon(const bench_log *t)
{
    maillog_callbacks cb;
    maillog_callbacks_init(&cb);
    cb.on_postfix_cleanup = way_count;
    return way_stream(t, &cb);
}

static const way ways[] = {
    {"memchr", way_memchr},   /* the lines alone */
    {"header", header},       /* all daemons skipped */
    {"parse", parse},         /* all fields, in batches */
    {"line", line},           /* the same, line by line: with the memchr that finds them */
    {"memo", with_memo},      /* so, with a memo */
    {"buffer", in_buffer},    /* and with the end of the buffer */
    {"stream", way_callback}, /* the same, by callback */
    {"one", one_daemon},      /* by callback, one daemon in ten */
};
enum { WAYS = sizeof ways / sizeof *ways };

int main(int argc, char **argv)
{
    const int single = argc == 4 && strcmp(argv[1], "--once") == 0;
    const long rounds = argc == 3 ? strtol(argv[2], NULL, 10) : 30;
    if (argc < 2 || argc > 4 || (argc == 4 && !single) || rounds < 1) {
        fprintf(stderr,
                "usage: bench_parse FILE [ROUNDS] | --once memchr|header|parse|line|memo|buffer|stream|one FILE\n");
        return 2;
    }
    bench_log t;
    if (!bench_read(single ? argv[3] : argv[1], &t)) return 1;
    int rc = 0;
    if (single)
        rc = paired_once(ways, WAYS, argv[2], &t);
    else
        paired_report(ways, WAYS, &t, (size_t)rounds);
    free(t.text);
    return rc;
}
