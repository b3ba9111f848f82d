/* scan.c: searches that are too long to inline, and the word tables. */
#include "cursor.h"

const char *maillog__find_bytes(const ml_line *l, ml_cur c, const char *lit, size_t n)
{
    if (ml_len(c) < n) return NULL;
    ml_cur head = ml_slice(c.p, c.e - (n - 1));
    for (const char *p; (p = ml_find(l, head, lit[0])) != NULL; head.p = p + 1)
        if (memcmp(p, lit, n) == 0) return p;
    return NULL;
}

const char *maillog__rfind_bytes(ml_cur c, const char *lit, size_t n)
{
    if (ml_len(c) < n) return NULL;
    ml_cur ends = ml_slice(c.p + (n - 1), c.e); /* where the last byte can stand */
    for (const char *p; (p = ml_rfind(ends, lit[n - 1])) != NULL; ends.e = p)
        if (memcmp(p - (n - 1), lit, n) == 0) return p - (n - 1);
    return NULL;
}

typedef struct word_row {
    uint16_t id;
    uint8_t len;
    char word[29];
} word_row;

static const word_row words[] = {
#define MAILLOG_WORD(id, SET, NAME, word) {id, sizeof(word) - 1, word},
#include <maillog/schema.def>
};

/* Where a word's row stands: the words of one set stand together. */
enum {
#define MAILLOG_WORD(id, SET, NAME, word) ROW_##SET##_##NAME,
#include <maillog/schema.def>
};
static const uint16_t row_of[] = {
#define MAILLOG_WORD(id, SET, NAME, word) [id] = ROW_##SET##_##NAME,
#include <maillog/schema.def>
};

unsigned maillog__word(ml_cur v, unsigned first, unsigned last)
{
    const size_t n = ml_len(v);
    if (n == 0) return 0;
    for (const word_row *w = &words[row_of[first]], *end = &words[row_of[last]]; w <= end; w++)
        if (w->len == n && w->word[0] == *v.p && memcmp(w->word, v.p, n) == 0) return w->id;
    return 0;
}
