/* build.c: small tools of the building: sorting, room in the scratch, words in a text. */
#include "build.h"

static bool after(const ml_sorted *a, const ml_sorted *b)
{
    return a->key != b->key ? a->key > b->key : a->index > b->index;
}

static void sift(ml_sorted *v, size_t root, size_t n)
{
    for (size_t kid; (kid = root * 2 + 1) < n; root = kid) {
        if (kid + 1 < n && after(&v[kid + 1], &v[kid])) kid++;
        if (!after(&v[kid], &v[root])) return;
        const ml_sorted t = v[root];
        v[root] = v[kid];
        v[kid] = t;
    }
}

/* A few, or nearly in order, as most are. */
static bool sort_few(ml_sorted *v, size_t n)
{
    size_t moves = 0;
    for (size_t i = 1; i < n; i++) {
        const ml_sorted t = v[i];
        size_t k = i;
        for (; k && after(&v[k - 1], &t); k--) v[k] = v[k - 1];
        v[k] = t;
        moves += i - k;
        if (moves > n * 8) return false;
    }
    return true;
}

void maillog__sort(ml_sorted *v, size_t n)
{
    if (sort_few(v, n)) return;
    for (size_t i = n / 2; i > 0; i--) sift(v, i - 1, n);
    for (size_t i = n; i-- > 1;) {
        const ml_sorted t = v[0];
        v[0] = v[i];
        v[i] = t;
        sift(v, 0, i);
    }
}

/* False: too far from being sorted. */
static bool sort_few_lines(uint64_t *line, size_t n)
{
    size_t moves = 0;
    for (size_t i = 1; i < n; i++) {
        const uint64_t t = line[i];
        size_t k = i;
        for (; k && line[k - 1] > t; k--) line[k] = line[k - 1];
        line[k] = t;
        moves += i - k;
        if (moves > n * 8) return false;
    }
    return true;
}

static bool sort_lines(ml_build *b, uint64_t *line, size_t n)
{
    char *const top = b->top;
    ml_sorted *v = (ml_sorted *)ml_take(b, n, sizeof *v);
    if (!v) return false;
    for (size_t i = 0; i < n; i++) v[i].key = line[i];
    maillog__sort(v, n);
    for (size_t i = 0; i < n; i++) line[i] = v[i].key;
    b->top = top;
    return true;
}

maillog_lines maillog__sorted_lines(ml_build *b, uint64_t *line, size_t n)
{
    maillog_lines out = {line, n};
    size_t i = 1;
    while (i < n && line[i - 1] < line[i]) i++;
    if (i >= n) return out;
    out.len = 0;
    if (!sort_few_lines(line, n) && !sort_lines(b, line, n)) return out;
    for (i = 0; i < n; i++)
        if (!out.len || line[out.len - 1] != line[i]) line[out.len++] = line[i];
    return out;
}

static char lower(char c) { return ml_is_upper(c) ? (char)(c | 0x20) : c; }

bool maillog__contains(maillog_str text, const char *word)
{
    const size_t n = strlen(word);
    for (size_t i = 0; i + n <= text.len; i++) {
        if (lower(text.ptr[i]) != *word) continue;
        size_t k = 1;
        while (k < n && lower(text.ptr[i + k]) == word[k]) k++;
        if (k == n) return true;
    }
    return false;
}
