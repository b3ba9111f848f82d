/* event.c: reading the field tape: slices, numbers, addresses, lists. */
#include <maillog/describe.h>
#include <maillog/event.h>

#include "base/cursor.h"

static const maillog_field *find(const maillog_event *ev, maillog_field_id id)
{
    if (!ev) return NULL;
    for (uint32_t i = 0; i < ev->nfields; i++)
        if (ev->field[i].id == id) return &ev->field[i];
    return NULL;
}

maillog_str maillog_get(const maillog_event *ev, maillog_field_id id)
{
    const maillog_field *f = find(ev, id);
    maillog_str s = {NULL, 0};
    if (f) {
        s.ptr = ev->line + f->off;
        s.len = f->len;
    }
    return s;
}

int maillog_has(const maillog_event *ev, maillog_field_id id) { return find(ev, id) != NULL; }

maillog_word maillog_get_word(const maillog_event *ev, maillog_field_id id)
{
    const maillog_field *f = find(ev, id);
    return f ? (maillog_word)f->word : MAILLOG_WORD_NONE;
}

/* Append a digit; false when the number would not fit. */
static bool push_digit(uint64_t *n, char c)
{
    const unsigned d = (unsigned)(c - '0');
    if (*n > (UINT64_MAX - d) / 10) return false;
    *n = *n * 10 + d;
    return true;
}

int maillog_get_u64(const maillog_event *ev, maillog_field_id id, uint64_t *out)
{
    const maillog_str s = maillog_get(ev, id);
    if (!s.ptr || !out) return MAILLOG_ERR_ARGUMENT;
    uint64_t n = 0;
    if (s.len == 0) return MAILLOG_ERR_FORMAT;
    for (size_t i = 0; i < s.len; i++)
        if (!ml_is_digit(s.ptr[i]) || !push_digit(&n, s.ptr[i])) return MAILLOG_ERR_FORMAT;
    *out = n;
    return MAILLOG_OK;
}

int maillog_get_usec(const maillog_event *ev, maillog_field_id id, uint64_t *out)
{
    const maillog_str s = maillog_get(ev, id);
    if (!s.ptr || !out) return MAILLOG_ERR_ARGUMENT;
    uint64_t n = 0;
    size_t i = 0;
    int digits = 0;
    for (; i < s.len && ml_is_digit(s.ptr[i]); i++)
        if (!push_digit(&n, s.ptr[i])) return MAILLOG_ERR_FORMAT;
    if (i == 0) return MAILLOG_ERR_FORMAT;
    if (i < s.len && s.ptr[i] == '.') {
        for (i++; i < s.len && ml_is_digit(s.ptr[i]); i++)
            if (digits < 6) {
                if (!push_digit(&n, s.ptr[i])) return MAILLOG_ERR_FORMAT;
                digits++;
            }
    }
    if (i != s.len) return MAILLOG_ERR_FORMAT;
    for (; digits < 6; digits++)
        if (!push_digit(&n, '0')) return MAILLOG_ERR_FORMAT;
    *out = n;
    return MAILLOG_OK;
}

/* Four decimal bytes, nothing after them. */
static bool parse_ipv4(ml_cur c, uint8_t out[4])
{
    for (int i = 0; i < 4; i++) {
        ml_cur part;
        if (i && !ml_skip_char(&c, '.')) return false;
        if (!ml_digits(&c, &part) || ml_len(part) > 3) return false;
        unsigned n = 0;
        for (const char *p = part.p; p < part.e; p++) n = n * 10 + (unsigned)(*p - '0');
        if (n > 255) return false;
        out[i] = (uint8_t)n;
    }
    return ml_empty(c);
}

static unsigned hex_value(char c) { return ml_is_digit(c) ? (unsigned)(c - '0') : (unsigned)((c | 0x20) - 'a') + 10; }

static bool parse_ipv6(ml_cur c, uint8_t out[16])
{
    uint8_t bytes[16];
    size_t n = 0, gap = 17; /* gap: where `::` stands */
    if (ML_SKIP(&c, "::")) gap = 0;
    while (!ml_empty(c)) {
        if (n == 16) return false;
        if (n <= 12 && (gap <= n || n == 12) && parse_ipv4(c, bytes + n)) {
            n += 4;
            c.p = c.e;
            break;
        }
        unsigned v = 0, digits = 0;
        for (; digits < 4 && ml_is_hex(ml_peek(c)); digits++, c.p++) v = v << 4 | hex_value(*c.p);
        if (!digits) return false;
        bytes[n++] = (uint8_t)(v >> 8);
        bytes[n++] = (uint8_t)v;
        if (ml_empty(c)) break;
        if (!ml_skip_char(&c, ':')) return false;
        if (ml_skip_char(&c, ':')) {
            if (gap != 17) return false;
            gap = n;
        } else if (ml_empty(c)) {
            return false;
        }
    }
    if (gap == 17 ? n != 16 : n > 14) return false;
    if (gap == 17) gap = n;
    memset(out, 0, 16);
    memcpy(out, bytes, gap);
    memcpy(out + 16 - (n - gap), bytes + gap, n - gap);
    return true;
}

int maillog_get_addr(const maillog_event *ev, maillog_field_id id, uint8_t out[16])
{
    const maillog_str s = maillog_get(ev, id);
    if (!s.ptr || !out) return MAILLOG_ERR_ARGUMENT;
    ml_cur c = ml_slice(s.ptr, s.ptr + s.len);
    ML_SKIP(&c, "IPv6:");
    uint8_t v4[4];
    if (parse_ipv4(c, v4)) {
        memset(out, 0, 10);
        out[10] = out[11] = 0xff;
        memcpy(out + 12, v4, 4);
        return MAILLOG_OK;
    }
    return parse_ipv6(c, out) ? MAILLOG_OK : MAILLOG_ERR_FORMAT;
}

/* ---- lists ---- */

/* Past the `"` that closes the quoted string at `p`, or NULL. `doubled`: every backslash was logged as two. */
static const char *past_quotes(const char *p, const char *e, bool doubled)
{
    for (p++; p < e; p++) {
        if (*p == '"') return p + 1;
        if (*p != '\\') continue;
        if (!doubled)
            p++;
        else if (e - p > 2 && p[1] == '\\')
            p += p[2] == '\\' ? 3 : 2;
    }
    return NULL;
}

static const char *comma(const char *p, const char *e)
{
    while (p < e && *p != ',') p++;
    return p;
}

/* `<address>` of amavis, or an address without <>: a quoted local part may hold commas and '>'. */
static const char *address_end(const char *p, const char *e)
{
    const bool angle = p < e && *p == '<';
    if (angle) p++;
    if (p < e && *p == '"') {
        const char *q = past_quotes(p, e, angle);
        if (q) p = q;
    }
    if (angle)
        while (p < e && *p != '>') p++;
    return p;
}

/* Exim puts blanks between them, all others commas. */
static const char *comma_or_blank(const char *p, const char *e)
{
    while (p < e && *p != ',' && *p != ' ') p++;
    return p;
}

static const char *symbol_name(const char *p, const char *e)
{
    while (p < e && (ml_is_alnum(*p) || *p == '_' || *p == '.' || *p == '-')) p++;
    return p;
}

/* `NAME(score)`. */
static bool is_scored_symbol(const char *p, const char *e)
{
    ml_cur c = ml_slice(symbol_name(p, e), e), score;
    return c.p > p && ml_skip_char(&c, '(') && ml_decimal(&c, &score) && ml_peek(c) == ')';
}

/* rspamd: `NAME(1.00){option;option;},NAME(0.00){},…`, or names alone. Options are whatever the message made them: what
 * ends an item is a comma between `}` or `)` and the next `NAME(score)`. */
static const char *symbol_end(const char *p, const char *e)
{
    const char *q = comma(p, e);
    if (!is_scored_symbol(p, e)) return q;
    while (q < e && !((q[-1] == '}' || q[-1] == ')') && is_scored_symbol(q + 1, e))) q = comma(q + 1, e);
    return q;
}

int maillog_list_next(maillog_field_id id, maillog_str list, size_t *pos, maillog_str *item)
{
    if (!list.ptr || !pos || !item || *pos > list.len || list.len == 0) return 0;
    const char *e = list.ptr + list.len, *p = list.ptr + *pos, *end;
    while (p < e && *p == ' ') p++;
    switch (id) {
    case MAILLOG_FIELD_RECIPIENTS:
        end = comma_or_blank(address_end(p, e), e);
        break;
    case MAILLOG_FIELD_RCPTS:
    case MAILLOG_FIELD_MIME_RCPTS:
        end = comma(address_end(p, e), e);
        break;
    case MAILLOG_FIELD_SYMBOLS:
        end = symbol_end(p, e);
        break;
    default:
        end = comma(p, e);
        break;
    }
    item->ptr = p;
    item->len = (size_t)(end - p);
    /* a list that ends in a comma (rspamd's mime_rcpts) has an empty item at its end */
    *pos = end < e ? (size_t)(end - list.ptr) + 1 : list.len + 1;
    return 1;
}
