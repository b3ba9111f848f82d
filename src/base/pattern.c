/* pattern.c: matches rows of pattern.h. */
#include "pattern.h"

#include "token.h"

/* Not 0 if one of eight bytes is a '%': the lowest bit is in the first one. */
ML_WRAPS static inline uint64_t percents(uint64_t x)
{
    const uint64_t ones = UINT64_C(0x0101010101010101);
    x ^= ones * '%';
    return (x - ones) & ~x & ones << 7;
}

/* Which byte of eight that ml_load64() gave is the first that is not 0; one is. */
static inline size_t first_byte(uint64_t x)
{
#if defined(__GNUC__)
    return (size_t)__builtin_ctzll(x) / 8;
#else
    size_t n = 0;
    for (; !(x & 0xff); x >>= 8) n++;
    return n;
#endif
}

/* The literal that a pattern's text goes on with: its bytes up to the next '%'. */
static size_t literal_len(const char *text, const char *end)
{
    const char *p = text;
    for (; end - p >= 8; p += 8) {
        const uint64_t percent = percents(ml_load64(p));
        if (percent) return (size_t)(p - text) + first_byte(percent);
    }
    while (p < end && *p != '%') p++;
    return (size_t)(p - text);
}

/* Where a value without blanks ends. A literal that holds a blank can only stand with its first blank at the text's
 * first; another one stands before that. NULL: nowhere, or the value would be empty. */
static const char *end_of_word(const ml_line *l, ml_cur c, const char *lit, size_t n)
{
    const char *const blank = ml_find(l, c, ' ');
    size_t k = 0;
    while (k < n && lit[k] != ' ') k++;
    const char *end;
    if (k < n) {
        if (!blank || (size_t)(blank - c.p) <= k || blank[-(ptrdiff_t)k] != lit[0]) return NULL;
        return ml_starts_n(ml_slice(blank - k, c.e), lit, n) ? blank - k : NULL;
    }
    if (n == 0)
        end = blank ? NULL : c.e;
    else if (n == 1)
        end = ml_find(l, ml_slice(c.p, blank ? blank : c.e), *lit);
    else
        end = maillog__find_bytes(l, ml_slice(c.p, blank ? blank : c.e), lit, n);
    return end == c.p ? NULL : end;
}

/* Cut a value that ends where the literal `lit` begins; an empty `lit` means the end of the text. */
static bool cut_text(const ml_line *l, char conv, ml_cur *c, const char *lit, size_t n, ml_cur *out)
{
    const char *end = c->e;
    if (conv == 'w')
        end = end_of_word(l, *c, lit, n);
    else if (n > 0)
        end = conv == 'S' ? maillog__rfind_bytes(*c, lit, n) : maillog__find_bytes(l, *c, lit, n);
    if (!end) return false;
    *out = ml_slice(c->p, end);
    c->p = end;
    return true;
}

static bool cut_value(ml_line *l, char conv, ml_cur *c, const char *rest, size_t n, bool optional, ml_cur *out)
{
    switch (conv) {
    case 's':
    case 'S':
    case 't':
    case 'w':
        if (cut_text(l, conv, c, rest, n, out)) return true;
        return optional && cut_text(l, conv, c, "", 0, out); /* the optional end is not there */
    case 'd':
        return ml_digits(c, out);
    case 'f':
        return ml_decimal(c, out);
    case 'q':
        return maillog__queue_id(c, out);
    case 'a': {
        const char follow[2] = {n > 0 ? *rest : '\0', '\0'};
        return maillog__angle(l, c, follow, out);
    }
    default:
        return false;
    }
}

static bool put_peer(ml_line *l, char conv, ml_cur *c)
{
    switch (conv) {
    case 'c':
        return maillog__put_client(l, c);
    case 'p':
        return maillog__put_addr_port(l, c);
    default:
        return maillog__put_relay(l, c);
    }
}

/* Cut `type:` off a table's name: `proxy:mysql:/path` has the type proxy:mysql, `inline:{a=b}` inline. */
static bool put_table_type(ml_line *l, maillog_field_id id, ml_cur *v)
{
    ml_cur t = *v, type;
    if (ML_UNTIL(l, &t, ":/", &type))
        t.p--; /* the name keeps its slash */
    else if (!ml_until(l, &t, ':', &type))
        return false;
    if (ml_find(l, type, ' ')) return false;
    ml_put(l, id, type);
    *v = t;
    return true;
}

/* A row that failed, and how many bytes of its text decided that: a row that begins with the same ones fails, too. */
typedef struct failure {
    const ml_pattern *row;
    size_t len; /* 0: none */
} failure;

/* `end` the end of what was read of the row's text. */
static bool fail_at(ml_line *l, maillog_field *mark, failure *why, const ml_pattern *row, const char *end)
{
    why->row = row;
    why->len = (size_t)(end - row->text);
    return ml_fail(l, mark);
}

static inline bool fails_too(const failure *why, const ml_pattern *row)
{
    return why->len > 0 && row->len >= why->len && memcmp(row->text, why->row->text, why->len) == 0;
}

/* What made a word fail: of a literal that holds a blank, the bytes up to the first that is not at the text's. */
static const char *end_of_word_reason(const ml_line *l, ml_cur c, const char *lit, size_t n)
{
    const char *const blank = ml_find(l, c, ' ');
    size_t k = 0, same = 0;
    while (k < n && lit[k] != ' ') k++;
    if (k == n) return lit + n + 1;
    if (!blank || (size_t)(blank - c.p) <= k) return lit + k + 1;
    for (const char *p = blank - k; same < n && p < c.e && *p == lit[same]; p++) same++;
    return lit + (same > k ? same : k) + 1;
}

/* What a value depends on: the literal behind it with what ends that, of an address its first byte, of a number
 * nothing; where there is none, whether it is an optional end. */
static const char *end_of_reason(const ml_line *l, char conv, ml_cur c, const char *follow, size_t n)
{
    if (conv == 'd' || conv == 'f' || conv == 'q') return follow;
    if (n == 0) return follow + (*follow == '%' ? 2 : 1);
    if (conv == 'w') return end_of_word_reason(l, c, follow, n);
    return follow + (conv == 'a' ? 1 : n + 1);
}

/* `known`: bytes of the row's literal that the text is known to begin with. */
static bool match_row(ml_line *l, const ml_pattern *row, ml_cur c, size_t known, failure *why)
{
    maillog_field *const mark = ml_mark(l);
    const uint16_t *field = row->field;
    bool in_optional = false;
    const char *const end = row->text + row->len;
    c.p += known;
    for (const char *t = row->text + known; t < end;) {
        if (*t != '%') {
            const size_t n = literal_len(t, end);
            if (!ml_skip_n(&c, t, n)) {
                if (in_optional) break;
                return fail_at(l, mark, why, row, t + n);
            }
            t += n;
            continue;
        }
        const char conv = t[1];
        t += 2;
        if (conv == '(') {
            in_optional = true;
            if (ml_empty(c)) break;
        } else if (conv == ')') {
            break;
        } else if (conv == '%') {
            if (!ml_skip_char(&c, '%')) return fail_at(l, mark, why, row, t);
        } else if (conv == 'c' || conv == 'p' || conv == 'r') {
            if (!put_peer(l, conv, &c)) return fail_at(l, mark, why, row, t);
        } else {
            const bool optional = t[0] == '%' && t[1] == '(';
            const char *const follow = optional ? t + 2 : t;
            const size_t n = literal_len(follow, end);
            ml_cur v;
            if (!cut_value(l, conv, &c, follow, n, optional, &v) ||
                (conv == 't' && !put_table_type(l, (maillog_field_id)*field++, &v)))
                return fail_at(l, mark, why, row, end_of_reason(l, conv, c, follow, n));
            ml_put(l, (maillog_field_id)*field++, v);
        }
    }
    if (!ml_empty(c)) return ml_fail(l, mark);
    return ml_event(l, (maillog_event_type)row->event);
}

/* Whether a text that ends so can be a row's: a look at its last bytes, before its values are searched for. */
static inline bool can_end(const ml_pattern *row, ml_cur text)
{
    const size_t n = row->len;
    const char *const end = row->text + n;
    if (n < 2 || end[-2] == '%' || ml_empty(text)) return true;
    if (end[-1] != text.e[-1]) return false;
    if (n < 5 || ml_len(text) < 4) return true;
    const uint32_t last = ml_load32(end - 4);
    return last == ml_load32(text.e - 4) || percents(last) || end[-5] == '%'; /* a value is among them */
}

/* What follows the table's lead; p NULL: the text does not begin with it. */
static ml_cur behind_lead(const ml_line *l, const char *lead, ml_cur c)
{
    while (*lead != '\0') {
        size_t n = 0; /* of the few bytes behind the conversion */
        while (lead[2 + n] != '\0' && lead[2 + n] != '%') n++;
        ml_cur value;
        if (lead[1] == 'd' ? !ml_digits(&c, &value) || !ml_starts_n(c, lead + 2, n)
                           : !cut_text(l, lead[1], &c, lead + 2, n, &value))
            return ml_none();
        c.p += n;
        lead += n + 2;
    }
    return c;
}

/* The first eight bytes of the text as ML_PATTERN_KEY() has those of a literal. */
static inline uint64_t key_of(const ml_line *l, ml_cur text) { return ml_highest_first(ml_key(l, text)); }

/* How many bytes of a literal its key has. */
static inline unsigned key_len(uint64_t key)
{
    unsigned n = 8;
#if defined(__GNUC__)
    n -= key ? (unsigned)__builtin_ctzll(key) / 8 : 8;
#else
    for (; n > 0 && !(key & 0xff); key >>= 8) n--;
#endif
    return n;
}

/* Whether the text begins with a literal of n bytes, fewer than eight. */
static inline bool is_prefix(uint64_t literal, unsigned n, uint64_t text)
{
    return n == 0 || (literal ^ text) >> (64 - 8 * n) == 0;
}

/* How many bytes two keys that are not the same begin with. */
static inline unsigned common_bytes(uint64_t a, uint64_t b)
{
    const uint64_t other = a ^ b;
#if defined(__GNUC__)
    return (unsigned)__builtin_clzll(other) / 8;
#else
    unsigned n = 0;
    while (!(other >> (56 - 8 * n) & 0xff)) n++;
    return n;
#endif
}

/* The key of the first n bytes, seven at most. */
static inline uint64_t key_of_first(uint64_t key, unsigned n)
{
    return n == 0 ? 0 : key >> (64 - 8 * n) << (64 - 8 * n);
}

/* How many of the first n rows have a key that is not above this one. */
static size_t count_up_to(const ml_pattern *row, size_t n, uint64_t key)
{
    const ml_pattern *at = row;
    for (; n > 1; n -= n / 2) {
        const ml_pattern *const half = at + n / 2;
        at = half->key <= key ? half : at;
    }
    return (size_t)(at - row) + (n > 0 && at->key <= key);
}

/* A text, and where in it the table's rows are told apart: behind its lead, `skip` bytes of a row's text. */
typedef struct looked_up {
    ml_cur text, behind;
    size_t skip;
    failure last;      /* of the rows that were tried */
    uint64_t colons;   /* what follows a ": " in the text: bit n for the bytes that are n in their lower six bits, */
    bool knows_colons; /* if a row asked for it */
} looked_up;

static uint64_t bytes_behind_colons(const ml_line *l, ml_cur c)
{
    uint64_t seen = 0;
#ifdef ML_SSE2
    const __m128i colon = _mm_set1_epi8(':'), blank = _mm_set1_epi8(' ');
    for (; c.e - c.p > 2 && l->readable - c.p > 16; c.p += 16)
        for (unsigned mask = ml_mask_16(c.p, colon) & ml_mask_16(c.p + 1, blank); mask; mask &= mask - 1) {
            const char *const p = c.p + __builtin_ctz(mask) + 2;
            if (p < c.e) seen |= UINT64_C(1) << (*p & 63);
        }
#endif
    for (const char *p; c.p < c.e && (p = ml_find(l, c, ':')) != NULL; c.p = p + 1)
        if (c.e - p > 2 && p[1] == ' ') seen |= UINT64_C(1) << (p[2] & 63);
    return seen;
}

/* Whether the literal behind a value can be in the text: one that begins with ": " shows its next byte there. */
static inline bool can_follow(const ml_line *l, looked_up *t, const char *lit)
{
    if (lit[0] != ':' || lit[1] != ' ' || lit[2] == '%' || lit[2] == '\0') return true;
    if (!t->knows_colons) t->colons = bytes_behind_colons(l, t->behind);
    t->knows_colons = true;
    return t->colons >> (lit[2] & 63) & 1;
}

static bool try_row(ml_line *l, const ml_pattern *row, looked_up *t, size_t known)
{
    return !fails_too(&t->last, row) && match_row(l, row, t->text, known, &t->last);
}

/* Whether what a row goes on with, a value or a few bytes and one, can begin the text: what a look at some of them
 * tells. `blank`: the text's first. */
static inline bool can_begin(const ml_line *l, looked_up *t, const char *row, ml_cur text, const char *blank)
{
    for (; row[0] != '%'; row++, text.p++) /* a short literal, and what stands behind it */
        if (row[0] == '\0' || ml_peek(text) != row[0]) return row[0] == '\0' && ml_empty(text);
    if (blank && blank < text.p) blank = ml_find(l, text, ' ');
    const char *const lit = row + 2;
    size_t k = 0;
    switch (row[1]) {
    case 'w': /* the literal's first blank can only stand at the text's first */
        while (lit[k] != ' ' && lit[k] != '%' && lit[k] != '\0') k++;
        if (lit[k] != ' ') return true;
        if (!blank || (size_t)(blank - text.p) <= k || blank[-(ptrdiff_t)k] != lit[0]) return false;
        if (k > 1 && blank[-1] != lit[k - 1]) return false;
        return lit[k + 1] == '%' || lit[k + 1] == '\0' || (blank + 1 < text.e && blank[1] == lit[k + 1]);
    case 'c':
    case 'r':
        return ml_find(l, ml_slice(text.p, blank ? blank : text.e), '[') != NULL;
    case 'd':
        return ml_is_digit(ml_peek(text));
    case 'a':
        return ml_peek(text) == '<';
    case 'p':
        return ml_peek(text) == '[';
    case 's':
    case 'S':
    case 't':
        return can_follow(l, t, lit);
    default:
        return true;
    }
}

/* The rows first..end, whose literal of n bytes the text begins with, in their order. */
static bool match_rows(ml_line *l, const ml_patterns *table, size_t first, size_t end, looked_up *t, size_t n)
{
    const ml_cur rest = ml_slice(t->behind.p + n, t->text.e);
    const bool several = end - first > 1; /* one is tried at once */
    const char *const blank = several ? ml_find(l, rest, ' ') : NULL;
    for (size_t i = first; i < end; i++) {
        const ml_pattern *const row = &table->row[i];
        if (several && (!can_end(row, t->text) || !can_begin(l, t, row->text + t->skip + n, rest, blank))) continue;
        if (try_row(l, row, t, t->skip ? 0 : n)) return true;
    }
    return false;
}

/* How long the literal of a row is that the text begins with; 0: it does not. Sixteen bytes are known to be the same,
 * what follows is compared eight at a time. */
static size_t common_literal(const ml_pattern *row, size_t skip, ml_cur text)
{
    const char *const lit = row->text + skip, *const end = row->text + row->len;
    const size_t both = ml_len(text) < (size_t)(end - lit) ? ml_len(text) : (size_t)(end - lit);
    size_t k = 16;
    for (; k + 8 <= both; k += 8) {
        const uint64_t x = ml_load64(lit + k);
        const bool is_same = x == ml_load64(text.p + k);
        if (percents(x)) break;
        if (!is_same) return 0;
    }
    const size_t n = k + literal_len(lit + k, end);
    return ml_starts_n(ml_slice(text.p + k, text.e), lit + k, n - k) ? n : 0;
}

/* The rows from `first` on whose literal is that of row `last`, n bytes: the first of them. */
static size_t first_of_equal(const ml_patterns *table, size_t first, size_t last, size_t skip, size_t n)
{
    const ml_pattern *const same = &table->row[last];
    for (; last > first && table->row[last - 1].next == same->next; last--) {
        const ml_pattern *const row = &table->row[last - 1];
        const char *const lit = row->text + skip;
        if (n < 16) continue; /* the keys say it all */
        if (row->len - skip < n || memcmp(lit, same->text + skip, n) != 0 || (lit[n] != '%' && lit[n] != '\0')) break;
    }
    return last;
}

/* The rows first..end, which have the text's key: those whose whole literal it begins with, longer ones first. `next`:
 * of the text, what is that of a row. */
static bool match_few(ml_line *l, const ml_patterns *table, looked_up *t, size_t first, size_t end, uint64_t next)
{
    while (end > first) {
        const ml_pattern *const row = &table->row[end - 1];
        const bool is_long = row->next & 0xff;
        if ((is_long ? row->next != next : !is_prefix(row->next, key_len(row->next), next)) || !can_end(row, t->text)) {
            end--;
            continue;
        }
        const size_t n = is_long ? common_literal(row, t->skip, t->behind) : 8 + key_len(row->next);
        const size_t from = n > 0 ? first_of_equal(table, first, end - 1, t->skip, n) : end - 1;
        if (n > 0 && match_rows(l, table, from, end, t, n)) return true;
        end = from;
    }
    return false;
}

/* How many rows, of those up to `end`, go on with no key above this one; those below `first` do. */
static size_t count_next_up_to(const ml_pattern *row, size_t first, size_t end, uint64_t key)
{
    while (first < end) {
        const size_t half = first + (end - first) / 2;
        if (row[half].next <= key)
            first = half + 1;
        else
            end = half;
    }
    return first;
}

/* The same for any number of rows: of many, those that go on as the text does are found as the first eight bytes are.
 */
static bool match_same_key(ml_line *l, const ml_patterns *table, looked_up *t, size_t first, size_t end)
{
    enum { FEW = 12 };
    const ml_pattern *const row = table->row;
    const uint64_t next = key_of(l, ml_slice(t->behind.p + 8, t->text.e));
    uint64_t key = next;
    if (end - first <= FEW) return match_few(l, table, t, first, end, next);
    end = count_next_up_to(row, first, end, key);
    while (end > first) {
        const uint64_t last = row[end - 1].next;
        const unsigned n = key_len(last);
        if (n < 8 ? !is_prefix(last, n, key) : last != key) {
            key = key_of_first(key, common_bytes(last, key));
            end = count_next_up_to(row, first, end - 1, key);
            continue;
        }
        const size_t from = n > 0 ? count_next_up_to(row, first, end - 1, last - 1) : first;
        if (match_few(l, table, t, from, end, next)) return true;
        end = from;
    }
    return false;
}

static bool match_found(ml_line *l, const ml_patterns *table, looked_up *t, size_t first, size_t end, size_t n)
{
    return n < 8 ? match_rows(l, table, first, end, t, n) : match_same_key(l, table, t, first, end);
}

/* Keep it that the text begins with the key of these rows, n bytes; 0: and with no others of the table. */
static inline void keep(const ml_line *l, const ml_patterns *table, const looked_up *t, size_t first, size_t end,
                        size_t n)
{
    ml_asked *const a = l->asked;
    if (!a || a->again || a->count == sizeof a->row / sizeof *a->row) return;
    a->row[a->count].table = table;
    a->row[a->count].behind = t->behind.p;
    a->row[a->count].first = (uint16_t)first;
    a->row[a->count].end = (uint16_t)end;
    a->row[a->count++].len = (uint32_t)n;
}

/* The rows that begin with a literal: the longest one that the text begins with, then shorter ones. Those with the same
 * key stand together. */
static bool match_literals(ml_line *l, const ml_patterns *table, looked_up *t)
{
    const ml_pattern *const row = table->row;
    uint64_t key = key_of(l, t->behind);
    size_t end = count_up_to(row, table->count, key);
    while (end > 0 && row[end - 1].key != 0) {
        const uint64_t last = row[end - 1].key;
        const unsigned n = key_len(last);
        if (n < 8 ? !is_prefix(last, n, key) : last != key) {
            const unsigned common = common_bytes(last, key);
            if (common < ML_PATTERN_SHORTEST) break;
            key = key_of_first(key, common);
            end = count_up_to(row, end - 1, key);
            continue;
        }
        const bool is_one = end < 2 || row[end - 2].key != last;
        const size_t from = is_one ? end - 1 : count_up_to(row, end - 1, last - 1);
        keep(l, table, t, from, end, n);
        if (match_found(l, table, t, from, end, n)) return true;
        end = from;
    }
    keep(l, table, t, 0, 0, 0);
    return false;
}

/* The same from what was kept of an earlier search, of which the text is the beginning; *known: there is such. */
static bool match_kept(ml_line *l, const ml_patterns *table, looked_up *t, bool *known)
{
    const ml_asked *const a = l->asked;
    for (size_t i = 0; i < a->count && !*known; i++) {
        if (a->row[i].table != table || a->row[i].behind != t->behind.p) continue;
        *known = a->row[i].len == 0;
        if (a->row[i].len <= ml_len(t->behind) &&
            match_found(l, table, t, a->row[i].first, a->row[i].end, a->row[i].len))
            return true;
    }
    return false;
}

static bool match(ml_line *l, const ml_patterns *table, looked_up *t)
{
    bool known = false;
    if (l->asked && l->asked->again && match_kept(l, table, t, &known)) return true;
    if (!known && match_literals(l, table, t)) return true;
    if (table->row[0].key != 0) return false;
    const char *const blank = ml_find(l, t->behind, ' ');
    for (size_t i = 0; i < table->count && table->row[i].key == 0; i++) {
        const ml_pattern *const row = &table->row[i];
        if (can_end(row, t->text) && can_begin(l, t, row->text + t->skip, t->behind, blank) && try_row(l, row, t, 0))
            return true;
    }
    return false;
}

bool maillog__match_behind(ml_line *l, const ml_patterns *table, ml_cur text, const char *behind)
{
    looked_up t = {text, ml_slice(behind, text.e), table->lead_len, {NULL, 0}, 0, false};
    return match(l, table, &t);
}

bool maillog__match_patterns(ml_line *l, const ml_patterns *table, ml_cur text)
{
    if (table->lead_len) {
        const ml_cur behind = behind_lead(l, table->lead, text);
        return behind.p && maillog__match_behind(l, table, text, behind.p);
    }
    looked_up t = {text, text, 0, {NULL, 0}, 0, false};
    return match(l, table, &t);
}

bool maillog__match_tables(ml_line *l, const ml_patterns *const *table, size_t count, ml_cur text)
{
    for (size_t i = 0; i < count; i++)
        if (maillog__match_patterns(l, table[i], text)) return true;
    return false;
}
