/* input_files.c: the names on the command line → sets of files that continue each other (mail.log.2.gz, mail.log.1,
 * mail.log), oldest first. Different sets (hosts, logs) are merged by time later. */
#include "command.h"
#include "input.h"

#include <errno.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>

typedef struct log_name {
    char *name;
    size_t stem;   /* bytes of the name in front of the rotation's part */
    uint64_t age;  /* .1, .2: higher is older; 0: the live file */
    uint64_t date; /* -20260719, .2026-07-19_120000: higher is newer; UINT64_MAX: the live file */
    size_t order;  /* on the command line */
} log_name;

static bool is_digit(char ch) { return ch >= '0' && ch <= '9'; }

static size_t without_packing(const char *name, size_t n)
{
    static const char *const ends[] = {".gz", ".xz", ".zst", ".bz2", ".lz4", ".Z"};
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        const size_t len = strlen(ends[i]);
        if (n > len && memcmp(name + n - len, ends[i], len) == 0) return n - len;
    }
    return n;
}

/* The digits of a date, whatever stands between them; 0: it is no date. */
static uint64_t date_of(const char *s, size_t n)
{
    uint64_t date = 0;
    size_t digits = 0;
    for (size_t i = 0; i < n; i++) {
        if (!is_digit(s[i])) continue;
        date = date * 10 + (uint64_t)(s[i] - '0');
        digits++;
    }
    if (digits < 8 || digits > 14) return 0;
    while (digits++ < 14) date *= 10;
    return date;
}

static log_name name_of(const char *name, size_t order)
{
    log_name l = {must_strndup(name, strlen(name)), 0, 0, UINT64_MAX, order};
    const size_t n = without_packing(name, strlen(name));
    size_t at = n;
    l.stem = n;
    while (at > 0 && (is_digit(name[at - 1]) || strchr("-_T:", name[at - 1])) && name[at - 1] != '\0') at--;
    const uint64_t date = date_of(name + at, n - at);
    if (date) {
        if (at > 0 && name[at - 1] == '.') at--;
        l.date = date;
        l.stem = at;
        return l;
    }
    for (at = n; at > 0 && is_digit(name[at - 1]);) at--;
    if (at < n && at > 1 && n - at < 8 && name[at - 1] == '.') {
        l.age = strtoull(name + at, NULL, 10) + 1; /* .0 is older than the live file */
        l.stem = at - 1;
    }
    return l;
}

static bool same_set(const log_name *a, const log_name *b)
{
    return a->stem == b->stem && memcmp(a->name, b->name, a->stem) == 0;
}

static int by_age(const void *x, const void *y)
{
    const log_name *a = (const log_name *)x, *b = (const log_name *)y;
    if (a->date != b->date) return a->date < b->date ? -1 : 1;
    if (a->age != b->age) return a->age > b->age ? -1 : 1;
    return a->order < b->order ? -1 : a->order > b->order;
}

static void add_name(log_name **all, size_t *n, const char *name)
{
    for (size_t i = 0; i < *n; i++)
        if (strcmp((*all)[i].name, name) == 0) return; /* a log read twice would count twice */
    *all = (log_name *)must_realloc(*all, (*n + 1) * sizeof **all);
    (*all)[*n] = name_of(name, *n);
    (*n)++;
}

/* A pattern that the shell left alone is expanded here. */
static void add_argument(command *c, log_name **all, size_t *n, const char *arg)
{
    struct stat st;
    glob_t g;
    if (strcmp(arg, "-") == 0 || !strpbrk(arg, "*?[") || stat(arg, &st) == 0) {
        add_name(all, n, arg);
        return;
    }
    if (glob(arg, 0, NULL, &g) != 0) {
        complain(c, arg, "no file of that pattern");
        return;
    }
    for (size_t i = 0; i < g.gl_pathc; i++)
        if (stat(g.gl_pathv[i], &st) != 0 || !S_ISDIR(st.st_mode)) add_name(all, n, g.gl_pathv[i]);
    globfree(&g);
}

file_set *input_sets(command *c, size_t *nsets)
{
    log_name *all = NULL;
    size_t n = 0;
    if (c->nfiles == 0) add_name(&all, &n, "-");
    for (int i = 0; i < c->nfiles; i++) add_argument(c, &all, &n, c->files[i]);
    file_set *sets = (file_set *)calloc(n + 1, sizeof *sets);
    bool *taken = (bool *)calloc(n + 1, sizeof *taken);
    log_name *members = (log_name *)calloc(n + 1, sizeof *members);
    *nsets = 0;
    for (size_t i = 0; sets && taken && members && i < n; i++) {
        size_t k = 0;
        if (taken[i]) continue;
        for (size_t j = i; j < n; j++)
            if (!taken[j] && same_set(&all[i], &all[j])) members[k++] = all[j], taken[j] = true;
        qsort(members, k, sizeof *members, by_age);
        file_set *set = &sets[(*nsets)++];
        set->name = (const char **)must_realloc(NULL, k * sizeof *set->name);
        for (set->n = 0; set->n < k; set->n++) set->name[set->n] = members[set->n].name;
    }
    free(all);
    free(taken);
    free(members);
    return sets;
}

void input_sets_free(file_set *sets, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < sets[i].n; k++) free((void *)(uintptr_t)sets[i].name[k]);
        free(sets[i].name);
    }
    free(sets);
}
