/* json.c: an event as one JSON object. Walks the schema's names; knows no daemon. */
#include <maillog/describe.h>
#include <maillog/json.h>

#include "base/cursor.h"
#include "json.h"

/* snprintf's contract: count everything, store what fits. */
typedef struct writer {
    char *buf;
    size_t cap, len;
} writer;

static void put_bytes(writer *w, const char *p, size_t n)
{
    if (w->len < w->cap) {
        const size_t room = w->cap - w->len;
        memcpy(w->buf + w->len, p, n < room ? n : room);
    }
    w->len += n;
}
static void put_char(writer *w, char c) { put_bytes(w, &c, 1); }
static void put_text(writer *w, const char *s) { put_bytes(w, s, strlen(s)); }

static void put_number(writer *w, uint64_t n, int width)
{
    char digits[20];
    int i = 20;
    do {
        digits[--i] = (char)('0' + n % 10);
        n /= 10;
    } while (n || 20 - i < width);
    put_bytes(w, digits + i, (size_t)(20 - i));
}

static void put_escape(writer *w, unsigned code)
{
    static const char hex[] = "0123456789abcdef";
    const char text[6] = {'\\', 'u', hex[code >> 12 & 15], hex[code >> 8 & 15], hex[code >> 4 & 15], hex[code & 15]};
    put_bytes(w, text, 6);
}

/* Length of the valid UTF-8 sequence at p, 0 for a byte that begins none (RFC 3629: no surrogates, no overlong). */
static size_t utf8_len(const unsigned char *p, size_t left)
{
    static const struct {
        unsigned char first_lo, first_hi, second_lo, second_hi, len;
    } rows[] = {
        {0xC2, 0xDF, 0x80, 0xBF, 2}, {0xE0, 0xE0, 0xA0, 0xBF, 3}, {0xE1, 0xEC, 0x80, 0xBF, 3},
        {0xED, 0xED, 0x80, 0x9F, 3}, {0xEE, 0xEF, 0x80, 0xBF, 3}, {0xF0, 0xF0, 0x90, 0xBF, 4},
        {0xF1, 0xF3, 0x80, 0xBF, 4}, {0xF4, 0xF4, 0x80, 0x8F, 4},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (p[0] < rows[i].first_lo || p[0] > rows[i].first_hi) continue;
        if (left < rows[i].len || p[1] < rows[i].second_lo || p[1] > rows[i].second_hi) return 0;
        for (size_t k = 2; k < rows[i].len; k++)
            if ((p[k] & 0xC0) != 0x80) return 0;
        return rows[i].len;
    }
    return 0;
}

/* One byte that cannot stand for itself; returns how many bytes were taken. */
static size_t put_special(writer *w, const unsigned char *p, size_t left)
{
    switch (p[0]) {
    case '"':
        put_bytes(w, "\\\"", 2);
        return 1;
    case '\\':
        put_bytes(w, "\\\\", 2);
        return 1;
    case '\n':
        put_bytes(w, "\\n", 2);
        return 1;
    case '\t':
        put_bytes(w, "\\t", 2);
        return 1;
    case '\r':
        put_bytes(w, "\\r", 2);
        return 1;
    default:
        break;
    }
    const size_t n = p[0] < 0x80 ? 0 : utf8_len(p, left);
    if (n) {
        put_bytes(w, (const char *)p, n);
        return n;
    }
    put_escape(w, p[0] < 0x80 ? p[0] : 0xDC00u + p[0]);
    return 1;
}

static bool is_plain(unsigned char c) { return c >= 0x20 && c < 0x7F && c != '"' && c != '\\'; }

static void put_string(writer *w, const char *text, size_t len)
{
    const unsigned char *p = (const unsigned char *)text, *e = p + len;
    put_char(w, '"');
    while (p < e) {
        const unsigned char *run = p;
        while (p < e && is_plain(*p)) p++;
        put_bytes(w, (const char *)run, (size_t)(p - run));
        if (p < e) p += put_special(w, p, (size_t)(e - p));
    }
    put_char(w, '"');
}

static void put_key(writer *w, const char *key)
{
    if (w->len > 1) put_char(w, ',');
    put_char(w, '"');
    put_text(w, key);
    put_bytes(w, "\":", 2);
}

static void put_offset(writer *w, int minutes)
{
    const unsigned m = (unsigned)(minutes < 0 ? -minutes : minutes);
    if (minutes == 0) {
        put_char(w, 'Z');
        return;
    }
    put_char(w, minutes < 0 ? '-' : '+');
    put_number(w, m / 60, 2);
    put_char(w, ':');
    put_number(w, m % 60, 2);
}

/* ISO 8601, as exact as the log; without a year `--07-19T07:59:06`. */
static void put_stamp(writer *w, const maillog_time *t, const maillog_json_options *opt)
{
    const int year = t->year ? t->year : opt->year;
    put_char(w, '"');
    if (year > 0)
        put_number(w, (uint64_t)year, 4);
    else
        put_char(w, '-');
    put_char(w, '-');
    put_number(w, t->month, 2);
    put_char(w, '-');
    put_number(w, t->day, 2);
    put_char(w, 'T');
    put_number(w, t->hour, 2);
    put_char(w, ':');
    put_number(w, t->minute, 2);
    put_char(w, ':');
    put_number(w, t->second, 2);
    if (t->digits) {
        uint32_t n = t->nsec;
        for (int i = t->digits; i < 9; i++) n /= 10;
        put_char(w, '.');
        put_number(w, n, t->digits);
    }
    if (t->utc_offset != MAILLOG_NO_OFFSET)
        put_offset(w, t->utc_offset);
    else if (opt->has_utc_offset)
        put_offset(w, opt->utc_offset);
    put_char(w, '"');
}

static void put_time(writer *w, const maillog_time *t, const maillog_json_options *opt)
{
    put_key(w, "time");
    put_stamp(w, t, opt);
}

size_t maillog__json_stamp(const maillog_time *t, const maillog_json_options *opt, char *buf, size_t cap)
{
    writer w = {buf, buf ? cap : 0, 0};
    put_stamp(&w, t, opt);
    return w.len;
}

/* -?(0|[1-9]digits)(.digits)?: what JSON takes as a number. */
bool maillog__is_json_number(const char *p, size_t n)
{
    ml_cur c = ml_slice(p, p + n), digits;
    ml_skip_char(&c, '-');
    if (!ml_digits(&c, &digits) || (ml_len(digits) > 1 && *digits.p == '0')) return false;
    if (ml_skip_char(&c, '.') && !ml_digits(&c, &digits)) return false;
    return ml_empty(c) && n < 16;
}

static void put_list(writer *w, maillog_field_id id, maillog_str list)
{
    maillog_str item;
    size_t pos = 0, n = 0;
    put_char(w, '[');
    while (maillog_list_next(id, list, &pos, &item)) {
        if (n++) put_char(w, ',');
        put_string(w, item.ptr, item.len);
    }
    put_char(w, ']');
}

static void put_field(writer *w, const maillog_event *ev, const maillog_field *f, uint32_t flags)
{
    const maillog_str v = {ev->line + f->off, f->len};
    const int kind = maillog_field_kind(f->id);
    put_key(w, maillog_field_name(f->id));
    if (kind == MAILLOG_KIND_LIST) {
        put_list(w, (maillog_field_id)f->id, v);
        return;
    }
    if (f->id == MAILLOG_FIELD_SEVERITY && f->word) { /* one word for all, however the daemon spells it */
        const char *word = maillog_word_name(f->word);
        put_string(w, word, strlen(word));
        return;
    }
    const bool numeric = kind == MAILLOG_KIND_NUMBER || kind == MAILLOG_KIND_DECIMAL || kind == MAILLOG_KIND_DURATION;
    if ((flags & MAILLOG_JSON_NUMBERS) && numeric && maillog__is_json_number(v.ptr, v.len))
        put_bytes(w, v.ptr, v.len);
    else
        put_string(w, v.ptr, v.len);
}

static bool is_left_out(uint16_t id, uint32_t flags)
{
    if (!(flags & MAILLOG_JSON_NO_HEADER)) return false;
    return id == MAILLOG_FIELD_HOST || id == MAILLOG_FIELD_PROGRAM || id == MAILLOG_FIELD_PID ||
           id == MAILLOG_FIELD_MESSAGE;
}

/* The flags of the event; `flags` is a field of Dovecot's mail_log plugin. */
static void put_flags(writer *w, uint32_t flags)
{
    static const struct {
        uint32_t flag;
        const char *name;
    } rows[] = {
        {MAILLOG_FLAG_TRUNCATED, "truncated"},     {MAILLOG_FLAG_AMBIGUOUS, "ambiguous"},
        {MAILLOG_FLAG_FIELDS_FULL, "fields_full"}, {MAILLOG_FLAG_CONTINUED, "continued"},
        {MAILLOG_FLAG_OVERSIZED, "oversized"},     {MAILLOG_FLAG_ESCAPED, "escaped"},
    };
    if (!flags) return;
    put_key(w, "marks");
    put_char(w, '[');
    size_t n = 0;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (!(flags & rows[i].flag)) continue;
        if (n++) put_char(w, ',');
        put_string(w, rows[i].name, strlen(rows[i].name));
    }
    put_char(w, ']');
}

size_t maillog_event_json(const maillog_event *ev, const maillog_json_options *opt, char *buf, size_t cap)
{
    static const maillog_json_options defaults = {0, 0, 0, 0, 0, 0};
    writer w = {buf, buf ? cap : 0, 0};
    if (!ev) return 0;
    if (!opt) opt = &defaults;
    put_char(&w, '{');
    if (opt->line_number) {
        put_key(&w, "line");
        put_number(&w, opt->line_number, 1);
    }
    if (ev->time.month && !(opt->flags & MAILLOG_JSON_NO_HEADER)) put_time(&w, &ev->time, opt);
    if (ev->daemon) {
        const char *name = maillog_daemon_name(ev->daemon);
        put_key(&w, "daemon");
        put_string(&w, name, strlen(name));
    }
    if (ev->type) {
        const char *name = maillog_event_name(ev->type);
        put_key(&w, "event");
        put_string(&w, name, strlen(name));
    }
    put_key(&w, "match");
    put_char(&w, '"');
    put_text(&w, maillog_match_name(ev->match));
    put_char(&w, '"');
    put_flags(&w, ev->flags);
    for (uint32_t i = 0; i < ev->nfields; i++)
        if (!is_left_out(ev->field[i].id, opt->flags)) put_field(&w, ev, &ev->field[i], opt->flags);
    put_char(&w, '}');
    return w.len;
}

size_t maillog_json_string(const char *text, size_t len, char *buf, size_t cap)
{
    writer w = {buf, buf ? cap : 0, 0};
    put_string(&w, text, text ? len : 0);
    return w.len;
}
