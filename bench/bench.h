/* bench.h: what the benchmarks share: a file in memory, a clock, quantiles. */
#ifndef BENCH_H
#define BENCH_H

#define _POSIX_C_SOURCE 200809L

#include <maillog/maillog.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef struct bench_log {
    char *text;
    size_t len;
} bench_log;

static inline int bench_read(const char *path, bench_log *t)
{
    size_t cap = 1 << 20, n;
    FILE *f = fopen(path, "rb");
    t->len = 0;
    t->text = f ? (char *)malloc(cap) : NULL;
    while (t->text && (n = fread(t->text + t->len, 1, cap - t->len, f)) > 0) {
        t->len += n;
        if (t->len == cap) t->text = (char *)realloc(t->text, cap *= 2);
    }
    if (f) fclose(f);
    if (!t->text || !t->len) fprintf(stderr, "%s: cannot be read, or is empty\n", path);
    return t->text && t->len;
}

/* Seconds of processor time: what other programs do meanwhile does not count. */
static inline double bench_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static inline int bench_by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Sorts `v`; q in 0..1. */
static inline double bench_quantile(double *v, size_t n, double q)
{
    qsort(v, n, sizeof *v, bench_by_value);
    return v[(size_t)(q * (double)(n - 1) + 0.5)];
}

#endif
