/* bench_json.c: how fast events become JSON.
 *
 *   bench_json FILE [ROUNDS]
 *
 * Some hundred lines at a time are parsed, and then written; only the writing is timed. Printed: megabytes of JSON a
 * second (median of the rounds, p10 and p90), bytes and nanoseconds a line. */
#include "bench.h"

enum { EVENTS = 256, ROOM = 1 << 16 };

static maillog_event event[EVENTS];

static size_t parse_some(const bench_log *t, size_t *at)
{
    size_t n = 0;
    while (n < EVENTS && *at < t->len) {
        const char *p = t->text + *at, *lf = (const char *)memchr(p, '\n', t->len - *at);
        const size_t len = lf ? (size_t)(lf - p) : t->len - *at;
        maillog_parse_line(NULL, p, len, &event[n++]);
        *at += len + 1;
    }
    return n;
}

static double write_all(const bench_log *t, size_t *lines, size_t *bytes)
{
    static char out[ROOM];
    const maillog_json_options opt = {.size = sizeof opt, .line_number = 1};
    double seconds = 0;
    *lines = *bytes = 0;
    for (size_t at = 0; at < t->len;) {
        const size_t n = parse_some(t, &at);
        const double start = bench_now();
        for (size_t i = 0; i < n; i++) *bytes += maillog_event_json(&event[i], &opt, out, ROOM);
        seconds += bench_now() - start;
        *lines += n;
    }
    return seconds;
}

int main(int argc, char **argv)
{
    const long rounds = argc == 3 ? strtol(argv[2], NULL, 10) : 20;
    if (argc < 2 || argc > 3 || rounds < 1) {
        fprintf(stderr, "usage: bench_json FILE [ROUNDS]\n");
        return 2;
    }
    bench_log t;
    if (!bench_read(argv[1], &t)) return 1;
    double *took = (double *)malloc((size_t)rounds * sizeof *took);
    size_t lines = 0, bytes = 0;
    for (long r = 0; r < rounds; r++) took[r] = write_all(&t, &lines, &bytes);
    const double all = (double)bytes, median = bench_quantile(took, (size_t)rounds, 0.5);
    printf("json    %6.0f MB/s [%.0f..%.0f], %.0f bytes and %.1f ns a line\n", all / median * 1e-6,
           all / bench_quantile(took, (size_t)rounds, 0.9) * 1e-6,
           all / bench_quantile(took, (size_t)rounds, 0.1) * 1e-6, all / (double)lines, median / (double)lines * 1e9);
    free(took);
    free(t.text);
    return 0;
}
