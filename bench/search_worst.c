/* search_worst.c: looks for lines that cost much a byte, by changing lines at random and keeping the dearest of each
 * daemon. What a line costs is the number of basic blocks that run, which the compiler counts (-fsanitize-coverage): it
 * does not depend on the machine's load, and stands for instructions well enough to choose by.
 *
 * usage: search_worst [--strangers] SECONDS LONGEST FILE...
 *
 * The lines of the files (of those in tests/cases, what stands behind `< `) are the beginning and the words. With
 * --strangers only what a stranger sends is changed, and written as the daemon writes it. Printed are the dearest, one
 * a line, the dearest first: bench/worst.sh counts their instructions. */
#include "bench.h"

#include <stdbool.h>
#include <stdint.h>

#include "../tests/support/cases.h"
#include "../tests/support/forms.h"

enum { DAEMONS = 256, KEPT = 6, LINE_MAX = 1 << 16, USUAL = 104 /* bytes of an ordinary line */ };

typedef struct text {
    char *p;
    size_t n;
} text;

/* What may be changed of a line: all of it, or what a stranger sent. */
typedef struct place {
    text before, value, after;
    form_writer *write; /* NULL: as it is */
} place;

typedef struct kept {
    text line, value;
    const place *at;
    double cost; /* blocks a byte */
} kept;

static kept pool[DAEMONS][KEPT];
static text *seeds;
static place *places;
static size_t nseeds, nplaces;
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

static text copy_of(const char *p, size_t n)
{
    const text t = {(char *)malloc(n + 1), n};
    if (!t.p) exit(1);
    memcpy(t.p, p, n);
    return t;
}

static void keep(kept *k, const place *at, text value, form_text line, double cost)
{
    free(k->line.p);
    free(k->value.p);
    k->line = copy_of(line.p, line.len);
    k->value = copy_of(value.p, value.n);
    k->at = at;
    k->cost = cost;
}

static void add(form_text *out, text t)
{
    memcpy(out->p + out->len, t.p, t.n);
    out->len += t.n;
}

/* A line's own pool is that of its daemon; a shorter one than usual is not dear for its header. */
static void try_value(const place *at, text value)
{
    static char room[5 * LINE_MAX + 64];
    form_text line = {room, 0};
    maillog_event ev;
    add(&line, at->before);
    if (at->write)
        at->write(&line, value.p, value.n);
    else
        add(&line, value);
    add(&line, at->after);
    for (size_t i = 0; i < line.len; i++)
        if (room[i] == '\n') room[i] = ' ';
    blocks = 0;
    maillog_parse_line(NULL, line.p, line.len, &ev);
    const double cost = (double)blocks / (double)(line.len < USUAL ? USUAL : line.len);
    kept *const mine = pool[ev.daemon % DAEMONS];
    size_t least = 0;
    for (size_t i = 0; i < KEPT; i++) {
        if (mine[i].line.n == line.len && memcmp(mine[i].line.p, line.p, line.len) == 0) return;
        if (mine[i].cost < mine[least].cost) least = i;
    }
    if (cost > mine[least].cost) keep(&mine[least], at, value, line, cost);
}

static const kept *any_kept(void)
{
    for (int i = 0; i < 32; i++) {
        const kept *const k = &pool[below(DAEMONS)][below(KEPT)];
        if (k->line.n) return k;
    }
    return NULL;
}

static const text *any_line(void)
{
    const kept *const k = any_kept();
    return k ? &k->line : &seeds[below(nseeds)];
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

static void add_place(text before, text value, text after, form_writer *write)
{
    if (!(nplaces & (nplaces + 1))) places = (place *)realloc(places, (2 * nplaces + 1) * sizeof *places);
    if (!places) exit(1);
    places[nplaces++] = (place){before, value, after, write};
}

static void add_strangers(text line)
{
    maillog_event ev;
    maillog_parse_line(NULL, line.p, line.n, &ev);
    for (uint32_t i = 0; i < ev.nfields; i++) {
        const maillog_field *const f = &ev.field[i];
        form_writer *const write = form_writers[maillog_event_form(ev.type, f->id)];
        const size_t end = (size_t)f->off + f->len;
        if (write)
            add_place((text){line.p, f->off}, (text){line.p + f->off, f->len}, (text){line.p + end, line.n - end},
                      write);
    }
}

static void add_seed(text line, bool is_strangers)
{
    if (!(nseeds & (nseeds + 1))) seeds = (text *)realloc(seeds, (2 * nseeds + 1) * sizeof *seeds);
    if (!seeds) exit(1);
    seeds[nseeds++] = line;
    if (is_strangers)
        add_strangers(line);
    else
        add_place((text){line.p, 0}, line, (text){line.p, 0}, NULL);
}

static void read_seeds(const char *path, bool is_strangers)
{
    bench_log t;
    if (!bench_read(path, &t)) exit(2);
    for (char *p = t.text, *end = p + t.len; p < end;) {
        char *lf = (char *)memchr(p, '\n', (size_t)(end - p));
        if (!lf) lf = end;
        text line = {p, (size_t)(lf - p)};
        if (line.n > 2 && memcmp(p, "< ", 2) == 0) line.n = case_decode(p + 2, line.n - 2, line.p = p + 2);
        if (line.n > 0) add_seed(line, is_strangers);
        p = lf + 1;
    }
}

static int by_cost(const void *a, const void *b)
{
    const double x = ((const kept *)a)->cost, y = ((const kept *)b)->cost;
    return (x < y) - (x > y);
}

/* Change what is kept, or what the files have. */
static void search(double seconds, size_t most)
{
    static char value[LINE_MAX];
    unsigned long runs = 0;
    for (const double start = bench_now(); bench_now() - start < seconds;)
        for (int k = 0; k < 1000; k++, runs++) {
            const kept *const from = below(8) ? any_kept() : NULL;
            const place *const at = from ? from->at : &places[below(nplaces)];
            const text old = from ? from->value : at->value;
            const size_t around = at->before.n + at->after.n, room = most > around ? most - around : 0;
            size_t n = old.n < room ? old.n : room;
            memcpy(value, old.p, n);
            for (size_t times = 1 + below(4); times--;) n = change(value, n, room);
            try_value(at, (text){value, n});
        }
    fprintf(stderr, "%lu lines tried\n", runs);
}

int main(int argc, char **argv)
{
    const bool is_strangers = argc > 1 && strcmp(argv[1], "--strangers") == 0;
    const int first = is_strangers ? 2 : 1;
    const double seconds = argc > first + 2 ? strtod(argv[first], NULL) : 0;
    const size_t most = argc > first + 2 ? strtoul(argv[first + 1], NULL, 10) : 0;
    if (seconds <= 0 || most < 1 || most > LINE_MAX) {
        fprintf(stderr, "usage: search_worst [--strangers] SECONDS LONGEST FILE...\n");
        return 2;
    }
    for (int i = first + 2; i < argc; i++) read_seeds(argv[i], is_strangers);
    for (size_t i = 0; i < nplaces; i++) try_value(&places[i], places[i].value);
    search(seconds, most);
    kept *const all = &pool[0][0];
    qsort(all, DAEMONS * KEPT, sizeof *all, by_cost);
    for (size_t i = 0; i < DAEMONS * KEPT && all[i].line.n; i++) printf("%.*s\n", (int)all[i].line.n, all[i].line.p);
    fprintf(stderr, "the dearest: %.1f blocks a byte\n", all[0].cost);
    return 0;
}
