/* json.c: an event as one JSON object. Walks the schema's names; knows no daemon. */
#include <maillog/describe.h>
#include <maillog/json.h>

#include "base/cursor.h"
#include "base/utf8.h"
#include "json.h"

/* snprintf's contract: count everything, store what fits. */
typedef struct writer {
    char *buf;
    size_t cap, len;
} writer;

static inline void put_bytes(writer *w, const char *p, size_t n)
{
    if (w->len < w->cap) {
        const size_t room = w->cap - w->len;
        if (n <= room)
            memcpy(w->buf + w->len, p, n); /* mostly of a length that the compiler knows */
        else
            memcpy(w->buf + w->len, p, room);
    }
    w->len += n;
}
static inline void put_char(writer *w, char c)
{
    if (w->len < w->cap) w->buf[w->len] = c;
    w->len++;
}
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

/* A number below 100. */
static inline void put_two(writer *w, unsigned n)
{
    put_char(w, (char)('0' + n / 10 % 10));
    put_char(w, (char)('0' + n % 10));
}

static void put_escape(writer *w, unsigned code)
{
    static const char hex[] = "0123456789abcdef";
    const char text[6] = {'\\', 'u', hex[code >> 12 & 15], hex[code >> 8 & 15], hex[code >> 4 & 15], hex[code & 15]};
    put_bytes(w, text, 6);
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
    const size_t n = p[0] < 0x80 ? 0 : ml_utf8_len(p, left);
    if (n) {
        put_bytes(w, (const char *)p, n);
        return n;
    }
    put_escape(w, p[0] < 0x80 ? p[0] : 0xDC00u + p[0]);
    return 1;
}

static bool is_plain(unsigned char c) { return c >= 0x20 && c < 0x7F && c != '"' && c != '\\'; }

#ifdef ML_SSE2
/* A bit for each of the sixteen bytes that is not plain. */
static inline unsigned special_mask(__m128i x)
{
    /* as signed numbers, bytes from 0x80 on are less than a blank, too */
    __m128i other = _mm_cmplt_epi8(x, _mm_set1_epi8(0x20));
    other = _mm_or_si128(other, _mm_cmpeq_epi8(x, _mm_set1_epi8(0x7F)));
    other = _mm_or_si128(other, _mm_cmpeq_epi8(x, _mm_set1_epi8('"')));
    other = _mm_or_si128(other, _mm_cmpeq_epi8(x, _mm_set1_epi8('\\')));
    return (unsigned)_mm_movemask_epi8(other);
}
#endif

/* Copy plain bytes from p on, up to the first that is none, or to e. Where sixteen can be read, and written, that is
 * done, and only then seen how many of them count. */
static const char *put_plain(writer *w, const char *p, const char *e, const char *readable)
{
#ifdef ML_SSE2
    while (p < e && readable - p >= 16 && w->len < w->cap && w->cap - w->len >= 16) {
        const __m128i x = _mm_loadu_si128((const __m128i *)(const void *)p);
        const unsigned past = e - p < 16 ? ~0u << (e - p) : 1u << 16;
        const unsigned n = (unsigned)__builtin_ctz(special_mask(x) | past);
        _mm_storeu_si128((__m128i *)(void *)(w->buf + w->len), x);
        w->len += n;
        p += n;
        if (n < 16) return p;
    }
#else
    (void)readable;
#endif
    const char *run = p;
    while (p < e && is_plain((unsigned char)*p)) p++;
    put_bytes(w, run, (size_t)(p - run));
    return p;
}

/* Loads up to `readable` are allowed. */
static void put_escaped(writer *w, const char *text, size_t len, const char *readable)
{
    const char *p = text, *e = p + len;
    while (p < e) {
        p = put_plain(w, p, e, readable);
        if (p < e) p += put_special(w, (const unsigned char *)p, (size_t)(e - p));
    }
}

static void put_string(writer *w, const char *text, size_t len, const char *readable)
{
    put_char(w, '"');
    put_escaped(w, text, len, readable);
    put_char(w, '"');
}

/* A name of the schema: nothing in it needs an escape. */
static void put_name(writer *w, const char *name)
{
    put_char(w, '"');
    put_text(w, name);
    put_char(w, '"');
}

/* `,"name":`: all that stands before a value, in one piece. */
enum { KEY_MAX = 32 };
typedef struct key {
    char text[KEY_MAX];
    size_t len;
} key;
#define KEY(name)                                                                                                      \
    {                                                                                                                  \
        ",\"" name "\":", sizeof(",\"" name "\":") - 1                                                                 \
    }

#define MAILLOG_FIELD(id, NAME, name, kind, doc) _Static_assert(sizeof(name) + 4 <= KEY_MAX, "raise KEY_MAX");
#include <maillog/schema.def>

static void put_key(writer *w, const key *k)
{
    const size_t skip = w->len <= 1; /* no comma behind the brace */
    if (w->len < w->cap && w->cap - w->len >= KEY_MAX) {
        memcpy(w->buf + w->len, k->text + skip, KEY_MAX - 1); /* all at once: longer ones than that there are none */
        w->len += k->len - skip;
    } else {
        put_bytes(w, k->text + skip, k->len - skip);
    }
}

static void put_field_key(writer *w, unsigned id)
{
    static const key keys[] = {
#define MAILLOG_FIELD(id, NAME, name, kind, doc) [id] = KEY(name),
#include <maillog/schema.def>
    };
    put_key(w, &keys[id]);
}

static void put_offset(writer *w, int minutes)
{
    const unsigned m = (unsigned)(minutes < 0 ? -minutes : minutes);
    if (minutes == 0) {
        put_char(w, 'Z');
        return;
    }
    put_char(w, minutes < 0 ? '-' : '+');
    put_two(w, m / 60);
    put_char(w, ':');
    put_two(w, m % 60);
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
    put_two(w, t->month);
    put_char(w, '-');
    put_two(w, t->day);
    put_char(w, 'T');
    put_two(w, t->hour);
    put_char(w, ':');
    put_two(w, t->minute);
    put_char(w, ':');
    put_two(w, t->second);
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
    static const key name = KEY("time");
    put_key(w, &name);
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

static void put_list(writer *w, maillog_field_id id, maillog_str list, const char *readable)
{
    maillog_str item;
    size_t pos = 0, n = 0;
    put_char(w, '[');
    while (maillog_list_next(id, list, &pos, &item)) {
        if (n++) put_char(w, ',');
        put_string(w, item.ptr, item.len, readable);
    }
    put_char(w, ']');
}

static void put_field(writer *w, const maillog_event *ev, const maillog_field *f, uint32_t flags)
{
    const maillog_str v = {ev->line + f->off, f->len};
    const char *readable = ev->line + ev->len;
    const int kind = maillog_field_kind(f->id);
    put_field_key(w, f->id);
    if (kind == MAILLOG_KIND_LIST) {
        put_list(w, (maillog_field_id)f->id, v, readable);
        return;
    }
    if (f->id == MAILLOG_FIELD_SEVERITY && f->word) { /* one word for all, however the daemon spells it */
        put_name(w, maillog_word_name(f->word));
        return;
    }
    const bool numeric = kind == MAILLOG_KIND_NUMBER || kind == MAILLOG_KIND_DECIMAL || kind == MAILLOG_KIND_DURATION;
    if ((flags & MAILLOG_JSON_NUMBERS) && numeric && maillog__is_json_number(v.ptr, v.len))
        put_bytes(w, v.ptr, v.len);
    else
        put_string(w, v.ptr, v.len, readable);
}

/* What no field covers may stand in several places of a line: one key for all, with the first. */
static void put_rest(writer *w, const maillog_event *ev, uint32_t i)
{
    for (uint32_t k = 0; k < i; k++)
        if (ev->field[k].id == MAILLOG_FIELD_REST) return;
    put_field_key(w, MAILLOG_FIELD_REST);
    put_char(w, '"');
    for (uint32_t k = i; k < ev->nfields; k++) {
        if (ev->field[k].id != MAILLOG_FIELD_REST) continue;
        if (k > i) put_char(w, ' ');
        put_escaped(w, ev->line + ev->field[k].off, ev->field[k].len, ev->line + ev->len);
    }
    put_char(w, '"');
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
    static const key marks = KEY("marks");
    put_key(w, &marks);
    put_char(w, '[');
    size_t n = 0;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (!(flags & rows[i].flag)) continue;
        if (n++) put_char(w, ',');
        put_name(w, rows[i].name);
    }
    put_char(w, ']');
}

size_t maillog_event_json(const maillog_event *ev, const maillog_json_options *opt, char *buf, size_t cap)
{
    static const maillog_json_options defaults = {0, 0, 0, 0, 0, 0};
    static const key line = KEY("line"), daemon = KEY("daemon"), event = KEY("event"), match = KEY("match");
    writer w = {buf, buf ? cap : 0, 0};
    if (!ev) return 0;
    if (!opt) opt = &defaults;
    put_char(&w, '{');
    if (opt->line_number) {
        put_key(&w, &line);
        put_number(&w, opt->line_number, 1);
    }
    if (ev->time.month && !(opt->flags & MAILLOG_JSON_NO_HEADER)) put_time(&w, &ev->time, opt);
    if (ev->daemon) {
        put_key(&w, &daemon);
        put_name(&w, maillog_daemon_name(ev->daemon));
    }
    if (ev->type) {
        put_key(&w, &event);
        put_name(&w, maillog_event_name(ev->type));
    }
    put_key(&w, &match);
    put_name(&w, maillog_match_name(ev->match));
    put_flags(&w, ev->flags);
    for (uint32_t i = 0; i < ev->nfields; i++) {
        if (ev->field[i].id == MAILLOG_FIELD_REST)
            put_rest(&w, ev, i);
        else if (!is_left_out(ev->field[i].id, opt->flags))
            put_field(&w, ev, &ev->field[i], opt->flags);
    }
    put_char(&w, '}');
    return w.len;
}

size_t maillog_json_string(const char *text, size_t len, char *buf, size_t cap)
{
    writer w = {buf, buf ? cap : 0, 0};
    put_string(&w, text, text ? len : 0, text ? text + len : text);
    return w.len;
}
