/* pattern.c: matches rows of pattern.h. */
#include "pattern.h"

#include "token.h"

/* The literal that a pattern text begins with: its bytes up to the first '%'. */
static size_t literal_len(const char *text)
{
    size_t n = 0;
    while (text[n] != '\0' && text[n] != '%') n++;
    return n;
}

static bool begins_with_value(const char *text) { return *text == '%' || *text == '\0'; }

/* <0, 0, >0 as the row's literal sorts before, is a prefix of, or sorts after the text. *common: how many bytes are
 * known to be the same; how many are. */
static int compare_literal(const char *lit, ml_cur text, size_t *common)
{
    const char *p = text.p + *common;
    lit += *common;
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
        if (!blank || (size_t)(blank - c.p) <= k) return NULL;
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

/* Where what follows a lead begins: found once for all tables that have it. key.p NULL: the lead is not there. */
typedef struct lead {
    const char *text;
    size_t len;
    ml_cur key;
} lead;

/* More than the different leads of any list of tables; one that finds no room is searched for each time. */
enum { LEADS = 8 };
typedef struct leads {
    size_t count;
    lead known[LEADS];
} leads;

static bool same_text(const char *a, const char *b)
{
    while (*a == *b && *a != '\0') {
        a++;
        b++;
    }
    return *a == *b;
}

static lead find_lead(const ml_line *l, const char *text, ml_cur c)
{
    const char *lit = text + 2; /* behind the conversion */
    const size_t n = literal_len(lit);
    lead out = {text, n + 2, ml_none()};
    ml_cur value;
    if (cut_text(l, text[1], &c, lit, n, &value)) out.key = ml_slice(c.p + n, c.e);
    return out;
}

static lead lead_of(const ml_line *l, const ml_patterns *table, ml_cur text, leads *all)
{
    static const lead nothing_in_common = {NULL, 0, {NULL, NULL}};
    if (!table->lead) {
        lead out = nothing_in_common;
        out.key = text;
        return out;
    }
    for (size_t i = 0; i < all->count; i++)
        if (same_text(all->known[i].text, table->lead)) return all->known[i];
    const lead out = find_lead(l, table->lead, text);
    if (all->count < LEADS) all->known[all->count++] = out;
    return out;
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

static bool match_table(ml_line *l, const ml_patterns *table, ml_cur text, leads *all)
{
    const lead found = lead_of(l, table, text, all);
    const size_t skip = found.len;
    ml_cur key = found.key;
    size_t hi = table->count;
    if (!key.p) return false;
    while (hi > 0) {
        /* The last row below `hi` whose literal does not sort after the key. Between two rows that share their first
         * bytes with it, all do. */
        size_t lo = 0, n = 0, beyond = 0;
        int order = 1;
        while (lo < hi) {
            const size_t mid = lo + (hi - lo) / 2;
            size_t common = n < beyond ? n : beyond;
            const int d = compare_literal(table->row[mid].text + skip, key, &common);
            if (d > 0) {
                hi = mid;
                beyond = common;
                continue;
            }
            lo = mid + 1;
            n = common;
            order = d;
        }
        if (hi == 0) return false;
        if (order == 0) {
            /* this literal begins the text: try all its rows, in their order */
            const size_t first = first_of_equal(table, hi, skip, n);
            for (size_t i = first; i < hi; i++)
                if (can_end(&table->row[i], text) && match_row(l, &table->row[i], text, skip ? 0 : n)) return true;
            hi = first;
            if (n == 0) return false;
            n--; /* what remains is shorter */
        } else if (n == 0 && !begins_with_value(table->row[0].text + skip)) {
            return false; /* the usual end: nothing begins so, and no row begins with a value */
        }
        key.e = key.p + n; /* only literals within the common prefix can still match */
    }
    return false;
}

bool maillog__match_tables(ml_line *l, const ml_patterns *const *table, size_t count, ml_cur text)
{
    leads all;
    all.count = 0;
    for (size_t i = 0; i < count; i++)
        if (match_table(l, table[i], text, &all)) return true;
    return false;
}

bool maillog__match_patterns(ml_line *l, const ml_patterns *table, ml_cur text)
{
    return maillog__match_tables(l, &table, 1, text);
}
