/* search_worst.c: looks for lines that cost much a byte, by changing lines at random and keeping the dearest of each
 * daemon. What a line costs is the number of basic blocks that run, which the compiler counts (-fsanitize-coverage): it
 * does not depend on the machine's load, and stands for instructions well enough to choose by.
 *
 * usage: search_worst SECONDS LONGEST FILE...
 *
 * The lines of the files (of those in tests/cases, what stands behind `< `) are the beginning and the words. Printed
 * are the dearest, one a line, the dearest first: bench/worst.sh counts their instructions. */
#include "bench.h"

#include <stdint.h>

enum { DAEMONS = 256, KEPT = 6, LINE_MAX = 1 << 16, USUAL = 104 /* bytes of an ordinary line */ };

typedef struct text {
    char *p;
    size_t n;
} text;

typedef struct kept {
    text line;
    double cost; /* blocks a byte */
} kept;

static kept pool[DAEMONS][KEPT];
static text *seeds;
static size_t nseeds;
static uint64_t blocks, state = 0x9E3779B97F4A7C15u;

/* What the compiler calls in each block of the library; this file is compiled without it. */
void __sanitizer_cov_trace_pc(void);
void __sanitizer_cov_trace_pc(void) { blocks++; }

static size_t below(size_t n)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return n ? (size_t)(state % n) : 0;
}

/* A line's own pool is that of its daemon; a shorter one than usual is not dear for its header. */
static void try_line(const char *p, size_t n)
{
    maillog_event ev;
    blocks = 0;
    maillog_parse_line(NULL, p, n, &ev);
    const double cost = (double)blocks / (double)(n < USUAL ? USUAL : n);
    kept *const mine = pool[ev.daemon % DAEMONS];
    size_t least = 0;
    for (size_t i = 0; i < KEPT; i++) {
        if (mine[i].line.n == n && memcmp(mine[i].line.p, p, n) == 0) return;
        if (mine[i].cost < mine[least].cost) least = i;
    }
    if (cost <= mine[least].cost) return;
    char *const copy = (char *)malloc(n + 1);
    if (!copy) exit(1);
    memcpy(copy, p, n);
    free(mine[least].line.p);
    mine[least].line.p = copy;
    mine[least].line.n = n;
    mine[least].cost = cost;
}

static const text *any_line(void)
{
    for (int i = 0; i < 32; i++) {
        const kept *const k = &pool[below(DAEMONS)][below(KEPT)];
        if (k->line.n) return &k->line;
    }
    return &seeds[below(nseeds)];
}

/* Put n bytes in the place of `gone` at `at`. */
static size_t replace(char *line, size_t len, size_t at, size_t gone, const char *p, size_t n, size_t most)
{
    if (gone > len - at) gone = len - at;
    if (n > most - (len - gone)) n = most - (len - gone);
    memmove(line + at + n, line + at + gone, len - at - gone);
    memcpy(line + at, p, n);
    return len - gone + n;
}

/* A part of a line: mostly a word or a few, as blanks and colons cut it. */
static text part_of(const text *t)
{
    const size_t from = below(t->n), n = 1 + below(below(2) ? t->n - from : 16);
    const text part = {t->p + from, n > t->n - from ? t->n - from : n};
    return part;
}

static size_t change(char *line, size_t len, size_t most)
{
    static const char signs[] = " :,;=<>[](){}\"'\\/%@.-_";
    static char copy[LINE_MAX];
    const size_t at = below(len + 1);
    text part = part_of(below(3) ? &seeds[below(nseeds)] : any_line());
    switch (below(7)) {
    case 0:
        return replace(line, len, at, 0, part.p, part.n, most);
    case 1:
        return replace(line, len, at, part.n, part.p, part.n, most);
    case 2:
        return replace(line, len, at, len, part.p, part.n, most);
    case 3:
        return replace(line, len, at, 1 + below(12), "", 0, most);
    case 4: { /* some bytes of its own, many times */
        const size_t n = len - at < 12 ? len - at : 1 + below(12);
        memcpy(copy, line + at, n);
        for (size_t times = 1 + below(below(2) ? 4 : 200); times-- && len + n <= most;)
            len = replace(line, len, at, 0, copy, n, most);
        return len;
    }
    default:
        return replace(line, len, at, below(2), &signs[below(sizeof signs - 1)], 1, most);
    }
}

static void read_seeds(const char *path)
{
    bench_log t;
    if (!bench_read(path, &t)) exit(2);
    for (char *p = t.text, *end = p + t.len; p < end;) {
        char *lf = (char *)memchr(p, '\n', (size_t)(end - p));
        if (!lf) lf = end;
        if (lf - p > 2 && memcmp(p, "< ", 2) == 0) p += 2;
        if (lf > p) {
            if (!(nseeds & (nseeds + 1))) seeds = (text *)realloc(seeds, (2 * nseeds + 1) * sizeof *seeds);
            if (!seeds) exit(1);
            seeds[nseeds].p = p;
            seeds[nseeds++].n = (size_t)(lf - p);
        }
        p = lf + 1;
    }
}

static int by_cost(const void *a, const void *b)
{
    const double x = ((const kept *)a)->cost, y = ((const kept *)b)->cost;
    return (x < y) - (x > y);
}

int main(int argc, char **argv)
{
    static char line[LINE_MAX];
    const double seconds = argc > 3 ? strtod(argv[1], NULL) : 0;
    const size_t most = argc > 3 ? strtoul(argv[2], NULL, 10) : 0;
    if (seconds <= 0 || most < 1 || most > LINE_MAX) {
        fprintf(stderr, "usage: search_worst SECONDS LONGEST FILE...\n");
        return 2;
    }
    for (int i = 3; i < argc; i++) read_seeds(argv[i]);
    for (size_t i = 0; i < nseeds; i++)
        if (seeds[i].n <= most) try_line(seeds[i].p, seeds[i].n);
    unsigned long runs = 0;
    for (const double start = bench_now(); bench_now() - start < seconds;)
        for (int k = 0; k < 1000; k++, runs++) {
            const text *const from = below(8) ? any_line() : &seeds[below(nseeds)];
            size_t n = from->n < most ? from->n : most;
            memcpy(line, from->p, n);
            for (size_t times = 1 + below(4); times--;) n = change(line, n, most);
            for (size_t i = 0; i < n; i++)
                if (line[i] == '\n') line[i] = ' ';
            try_line(line, n);
        }
    kept *const all = &pool[0][0];
    qsort(all, DAEMONS * KEPT, sizeof *all, by_cost);
    for (size_t i = 0; i < DAEMONS * KEPT && all[i].line.n; i++) printf("%.*s\n", (int)all[i].line.n, all[i].line.p);
    fprintf(stderr, "%lu lines tried; the dearest: %.1f blocks a byte\n", runs, all[0].cost);
    return 0;
}
