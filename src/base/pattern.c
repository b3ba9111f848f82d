/* pattern.c: matches rows of pattern.h. */
#include "pattern.h"

#include "token.h"

/* The literal that a pattern text begins with: its bytes up to the first '%'. */
static size_t literal_len(const char *text)
{
    const size_t n = strlen(text);
    const char *const end = memchr(text, '%', n);
    return end ? (size_t)(end - text) : n;
}

static bool begins_with_value(const char *text) { return *text == '%' || *text == '\0'; }

/* <0, 0, >0 as the row's literal sorts before, is a prefix of, or sorts after the text; in *common, how many bytes are
 * the same. */
static int compare_literal(const char *lit, ml_cur text, size_t *common)
{
    const char *p = text.p;
    while (p < text.e && *lit == *p && *lit != '%' && *lit != '\0') {
        lit++;
        p++;
    }
    *common = (size_t)(p - text.p);
    if (*lit == '%' || *lit == '\0') return 0;
    return p < text.e && (unsigned char)*lit < (unsigned char)*p ? -1 : 1;
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

/* `known`: bytes of the row's literal that the text is known to begin with. */
static bool match_row(ml_line *l, const ml_pattern *row, ml_cur c, size_t known)
{
    maillog_field *const mark = ml_mark(l);
    const uint16_t *field = row->field;
    bool in_optional = false;
    c.p += known;
    for (const char *t = row->text + known; *t != '\0';) {
        const size_t n = literal_len(t);
        if (n > 0) {
            if (!ml_skip_n(&c, t, n)) {
                if (in_optional) break;
                return ml_fail(l, mark);
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
            if (!ml_skip_char(&c, '%')) return ml_fail(l, mark);
        } else if (conv == 'c' || conv == 'p' || conv == 'r') {
            if (!put_peer(l, conv, &c)) return ml_fail(l, mark);
        } else {
            const bool optional = t[0] == '%' && t[1] == '(';
            const char *follow = optional ? t + 2 : t;
            ml_cur v;
            if (!cut_value(l, conv, &c, follow, literal_len(follow), optional, &v)) return ml_fail(l, mark);
            if (conv == 't' && !put_table_type(l, (maillog_field_id)*field++, &v)) return ml_fail(l, mark);
            ml_put(l, (maillog_field_id)*field++, v);
        }
    }
    if (!ml_empty(c)) return ml_fail(l, mark);
    return ml_event(l, (maillog_event_type)row->event);
}

/* Whether a text that ends so can be a row's: a look at one byte, before its values are searched for. */
static bool can_end(const ml_pattern *row, ml_cur text)
{
    const size_t n = strlen(row->text);
    if (ml_empty(text) || n < 2 || row->text[n - 2] == '%') return true;
    return row->text[n - 1] == ml_last(text);
}

/* What follows the table's lead; p NULL: the text does not begin with it. */
static ml_cur behind_lead(const ml_line *l, const char *lead, ml_cur c)
{
    while (*lead != '\0') {
        size_t n = 0; /* of the few bytes behind the conversion */
        while (lead[2 + n] != '\0' && lead[2 + n] != '%') n++;
        ml_cur value;
        if (!cut_text(l, lead[1], &c, lead + 2, n, &value)) return ml_none();
        c.p += n;
        lead += n + 2;
    }
    return c;
}

/* The rows below `hi` whose literal is the one of row hi - 1, n bytes: the first of them. */
static size_t first_of_equal(const ml_patterns *table, size_t hi, size_t skip, size_t n)
{
    const char *lit = table->row[hi - 1].text + skip;
    size_t first = hi - 1;
    for (; first > 0; first--) {
        const char *other = table->row[first - 1].text + skip;
        size_t i = 0;
        while (i < n && other[i] == lit[i]) i++;
        if (i < n || (other[n] != '%' && other[n] != '\0')) break;
    }
    return first;
}

/* The first eight bytes of the text as ML_PATTERN_KEY() has those of a literal. */
static uint64_t key_of(const ml_line *l, ml_cur text)
{
    const uint64_t key = ml_key(l, text);
#if defined(__GNUC__)
    return __builtin_bswap64(key);
#else
    uint64_t out = 0;
    for (unsigned i = 0; i < 64; i += 8) out = out << 8 | (key >> i & 0xff);
    return out;
#endif
}

/* The last row whose literal does not sort after the text. */
typedef struct found_row {
    size_t end;    /* behind it; 0: there is none */
    size_t common; /* how many of the text's bytes it begins with */
    bool is_prefix;
} found_row;

/* It is looked for below `hi`: at `hi` - step first, then further down with steps that grow, until a row does not sort
 * after the text; then in the middle of what is left. */
static found_row last_not_after(const ml_line *l, const ml_patterns *table, size_t hi, size_t step, size_t skip,
                                ml_cur text)
{
    const uint64_t key = key_of(l, text);
    found_row out = {0, 0, false};
    for (size_t lo = 0; lo < hi; step *= 2) {
        const size_t half = (hi - lo + 1) / 2, at = hi - (step < half ? step : half);
        const ml_pattern *row = &table->row[at];
        size_t common = 0;
        if (row->key > key || (row->key == key && compare_literal(row->text + skip, text, &common) > 0)) {
            hi = at;
        } else {
            lo = at + 1;
            step = hi;
        }
    }
    out.end = hi;
    if (hi > 0) out.is_prefix = compare_literal(table->row[hi - 1].text + skip, text, &out.common) == 0;
    return out;
}

/* Whether the row, which begins with a value, can begin the text: where that is a word before a blank, by the byte
 * behind the blank. */
static bool can_begin(const char *row, ml_cur text, const char *blank)
{
    if (row[1] != 'w' || row[2] != ' ') return true;
    return blank && blank > text.p && (row[3] == '%' || row[3] == '\0' || (blank + 1 < text.e && blank[1] == row[3]));
}

/* The rows first..end that begin with the text's own bytes, in their order. */
static bool match_rows(ml_line *l, const ml_patterns *table, size_t first, size_t end, ml_cur text, size_t known)
{
    for (size_t i = first; i < end; i++)
        if (can_end(&table->row[i], text) && match_row(l, &table->row[i], text, known)) return true;
    return false;
}

bool maillog__match_patterns(ml_line *l, const ml_patterns *table, ml_cur text)
{
    const size_t skip = table->lead ? strlen(table->lead) : 0;
    const ml_cur behind = skip ? behind_lead(l, table->lead, text) : text;
    ml_cur key = behind;
    if (!key.p) return false;
    found_row r = last_not_after(l, table, table->count, table->count, skip, key);
    while (r.common > 0) {
        size_t n = r.common; /* what else begins the text is no longer than this */
        if (r.is_prefix) {
            const size_t first = first_of_equal(table, r.end, skip, n);
            if (match_rows(l, table, first, r.end, text, skip ? 0 : n)) return true;
            r.end = first;
            n--;
        }
        key.e = key.p + n;
        if (n == 0) break;
        r = last_not_after(l, table, r.end, 1, skip, key);
    }
    if (!begins_with_value(table->row[0].text + skip)) return false;
    const char *const blank = ml_find(l, behind, ' ');
    for (size_t i = 0; i < r.end && begins_with_value(table->row[i].text + skip); i++)
        if (can_begin(table->row[i].text + skip, behind, blank) && match_rows(l, table, i, i + 1, text, 0)) return true;
    return false;
}

bool maillog__match_tables(ml_line *l, const ml_patterns *const *table, size_t count, ml_cur text)
{
    for (size_t i = 0; i < count; i++)
        if (maillog__match_patterns(l, table[i], text)) return true;
    return false;
}
