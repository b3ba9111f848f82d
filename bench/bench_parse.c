/* bench_parse.c: how fast lines become events, beside what it costs to find the lines at all.
 *
 *   bench_parse FILE [ROUNDS]     paired rounds over the file in memory: memchr line split, header only, all fields
 *   bench_parse --once WHAT FILE  one pass of WHAT (memchr, header, parse), for `valgrind --tool=callgrind`
 *
 * Each round runs all of them after each other, so that a busy neighbour slows all alike; medians are of the rounds,
 * and so are the ratios. */
#include <maillog/maillog.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef struct log_text {
    char *text;
    size_t len, lines;
} log_text;

static log_text read_file(const char *path)
{
    log_text t = {NULL, 0, 0};
    FILE *f = fopen(path, "rb");
    if (!f) return t;
    size_t cap = 1 << 20, n;
    t.text = (char *)malloc(cap);
    while (t.text && (n = fread(t.text + t.len, 1, cap - t.len, f)) > 0) {
        t.len += n;
        if (t.len == cap) t.text = (char *)realloc(t.text, cap *= 2);
    }
    fclose(f);
    return t;
}

static size_t split_lines(const log_text *t)
{
    size_t lines = 0;
    const char *p = t->text, *end = p + t->len;
    while (p < end) {
        const char *lf = (const char *)memchr(p, '\n', (size_t)(end - p));
        if (!lf) lf = end - 1;
        lines++;
        p = lf + 1;
    }
    return lines;
}

enum { EVENTS = 1024 };

/* Every line through maillog_batch_parse(), a thousand at a time into the same arrays. Returns a sum over the fields,
 * so that nothing can be left out. */
static size_t parse_lines(const log_text *t, const maillog_options *opt, size_t *lines, size_t *fields)
{
    static maillog_batch_event event[EVENTS];
    static maillog_field field[EVENTS * MAILLOG_FIELDS_MAX / 4];
    size_t sum = 0;
    *lines = *fields = 0;
    for (size_t at = 0, used; at < t->len; at += used) {
        maillog_batch b;
        memset(&b, 0, sizeof b);
        b.event = event;
        b.field = field;
        b.event_cap = EVENTS;
        b.field_cap = (uint32_t)(sizeof field / sizeof *field);
        b.final = 1;
        if (maillog_batch_parse(opt, t->text + at, t->len - at, &b, &used) != MAILLOG_OK || used == 0) exit(1);
        *lines += b.nevents;
        *fields += b.nfields;
        if (b.nfields) sum += field[b.nfields - 1].off;
    }
    return sum;
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Sorts `v`; q in 0..1. */
static double quantile(double *v, size_t n, double q)
{
    qsort(v, n, sizeof *v, by_value);
    return v[(size_t)(q * (double)(n - 1) + 0.5)];
}

enum { MEMCHR, HEADER, PARSE, WHATS };
static const char *const names[WHATS] = {"memchr", "header", "parse"};

static size_t run(int what, const log_text *t, size_t *lines, size_t *fields)
{
    static uint8_t all[256];
    static maillog_options header_only;
    memset(all, 1, sizeof all);
    header_only.size = sizeof header_only;
    header_only.skip = all;
    if (what == MEMCHR) {
        *fields = 0;
        return *lines = split_lines(t);
    }
    return parse_lines(t, what == HEADER ? &header_only : NULL, lines, fields);
}

static void report(const log_text *t, size_t rounds)
{
    double *took[WHATS], *ratio = (double *)malloc(rounds * sizeof *ratio);
    size_t lines = 0, fields[WHATS], sum = 0;
    for (int w = 0; w < WHATS; w++) took[w] = (double *)malloc(rounds * sizeof **took);
    for (size_t r = 0; r < rounds; r++)
        for (int w = 0; w < WHATS; w++) {
            const double start = now();
            sum += run(w, t, &lines, &fields[w]);
            took[w][r] = now() - start;
        }
    printf("%zu lines, %zu bytes, %.1f bytes a line, %zu rounds (check %zu)\n", lines, t->len,
           (double)t->len / (double)lines, rounds, sum);
    for (int w = 0; w < WHATS; w++) {
        for (size_t r = 0; r < rounds; r++) ratio[r] = took[w][r] / took[MEMCHR][r];
        const double low = quantile(ratio, rounds, 0.1), high = quantile(ratio, rounds, 0.9);
        printf("%-7s %5.2f x memchr [%.2f..%.2f], %.2f fields a line\n", names[w], quantile(ratio, rounds, 0.5), low,
               high, (double)fields[w] / (double)lines);
    }
    for (int w = 0; w < WHATS; w++) {
        const double s = quantile(took[w], rounds, 0.5);
        printf("%-7s %6.1f ns a line, %5.2f GB/s, %5.1f million lines a second\n", names[w], s / (double)lines * 1e9,
               (double)t->len / s * 1e-9, (double)lines / s * 1e-6);
    }
    for (int w = 0; w < WHATS; w++) free(took[w]);
    free(ratio);
}

int main(int argc, char **argv)
{
    const int once = argc == 4 && strcmp(argv[1], "--once") == 0;
    if (argc < 2 || argc > 4 || (argc == 4 && !once)) {
        fprintf(stderr, "usage: bench_parse FILE [ROUNDS] | --once memchr|header|parse FILE\n");
        return 2;
    }
    const char *path = once ? argv[3] : argv[1];
    log_text t = read_file(path);
    if (!t.len) {
        fprintf(stderr, "bench_parse: %s: cannot be read, or is empty\n", path);
        return 1;
    }
    if (!once) {
        const long rounds = argc == 3 ? strtol(argv[2], NULL, 10) : 30;
        report(&t, rounds > 0 ? (size_t)rounds : 30);
    } else {
        for (int w = 0; w < WHATS; w++) {
            size_t lines, fields;
            if (strcmp(argv[2], names[w]) != 0) continue;
            const size_t sum = run(w, &t, &lines, &fields);
            printf("%s: %zu lines, %zu fields (check %zu)\n", names[w], lines, fields, sum);
        }
    }
    free(t.text);
    return 0;
}
