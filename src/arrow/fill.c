/* fill.c: the rows of a batch into the buffers of Arrow's columns. A cell that is not written is null. */
#include <string.h>

#include "../base/cursor.h"
#include "../base/utf8.h"
#include "arrow.h"

#define DAY_SECONDS INT64_C(86400)
#define NANO INT64_C(1000000000)

/* Up to twelve bytes stand in the view itself. */
enum { INLINE_MAX = 12 };
typedef struct view {
    int32_t len;
    char prefix[4];
    int32_t buffer, offset;
} view;
_Static_assert(sizeof(view) == 16, "as Arrow lays it out");

/* ---- text ---- */

#define TOP_BITS UINT64_C(0x8080808080808080)

static uint64_t four_words(const char *p)
{
    return ml_load64(p) | ml_load64(p + 8) | ml_load64(p + 16) | ml_load64(p + 24);
}

static bool is_ascii(const char *p, size_t n)
{
    uint64_t seen = 0;
    size_t i = 0;
    if (n >= 32) {
        for (; n - i > 32; i += 32) seen |= four_words(p + i);
        return !((seen | four_words(p + n - 32)) & TOP_BITS);
    }
    for (; n - i >= 8; i += 8) seen |= ml_load64(p + i);
    for (; i < n; i++) seen |= (unsigned char)p[i];
    return !(seen & TOP_BITS);
}

/* Bytes at p that are UTF-8: all, or up to the first that is not. */
static size_t utf8_run(const char *p, size_t n)
{
    size_t i = 0;
    while (i < n) {
        while (n - i >= 8 && !(ml_load64(p + i) & TOP_BITS)) i += 8;
        if (i == n) break;
        const size_t len = (unsigned char)p[i] < 0x80 ? 1 : ml_utf8_len((const unsigned char *)p + i, n - i);
        if (!len) break;
        i += len;
    }
    return i;
}

static bool is_utf8(const char *p, size_t n) { return is_ascii(p, n) || utf8_run(p, n) == n; }

void maillog__arrow_copy_text(char *to, const char *p, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const size_t run = utf8_run(p + i, n - i);
        memcpy(to + i, p + i, run);
        i += run;
        if (i < n) to[i] = '?';
    }
}

/* `plain`: known to be ASCII */
static void copy_text(char *to, const char *p, size_t n, bool plain)
{
    if (plain)
        memcpy(to, p, n);
    else
        maillog__arrow_copy_text(to, p, n);
}

/* The cell is zeroes. */
static void put_view(ml_cells *c, uint32_t row, const char *log, const char *p, size_t n, bool plain)
{
    view *const v = &((view *)c->value)[row];
    v->len = (int32_t)n;
    if (n <= INLINE_MAX) {
        copy_text((char *)v + sizeof v->len, p, n, plain);
        return;
    }
    if (plain || is_utf8(p, n)) {
        v->offset = (int32_t)(p - log);
    } else {
        v->buffer = 1;
        v->offset = (int32_t)c->text_n;
        maillog__arrow_copy_text(c->text + c->text_n, p, n);
        p = c->text + c->text_n;
        c->text_n += n;
    }
    memcpy(v->prefix, p, sizeof v->prefix);
}

/* Offsets are of the text's ends: those of cells without one are filled in later. */
static void put_copy(ml_cells *c, uint32_t row, const char *p, size_t n, bool plain)
{
    copy_text(c->text + c->text_n, p, n, plain);
    c->text_n += n;
    ((int32_t *)c->value)[row + 1] = (int32_t)c->text_n;
}

/* ---- numbers ---- */

static bool read_int(const char *p, size_t n, int64_t *out)
{
    const bool minus = n && *p == '-';
    uint64_t v = 0;
    size_t i = minus;
    if (i == n || n - i > 18) return false;
    for (; i < n; i++) {
        if (!ml_is_digit(p[i])) return false;
        v = v * 10 + (uint64_t)(p[i] - '0');
    }
    *out = minus ? -(int64_t)v : (int64_t)v;
    return true;
}

/* Sign, digits, fraction. Digits past the eighteenth are too small to count. */
bool maillog__arrow_read_double(const char *p, size_t n, double *out)
{
    const bool sign = n && (*p == '-' || *p == '+');
    double scale = 1;
    uint64_t v = 0;
    size_t i = sign, digits = 0;
    bool point = false;
    for (; i < n; i++) {
        if (p[i] == '.' && !point) {
            point = true;
        } else if (!ml_is_digit(p[i]) || (digits >= 18 && !point)) {
            return false;
        } else if (digits++ < 18) {
            v = v * 10 + (uint64_t)(p[i] - '0');
            if (point) scale *= 10;
        }
    }
    if (!digits) return false;
    *out = (double)v / scale;
    if (sign && *p == '-') *out = -*out;
    return true;
}

/* ---- time ---- */

static bool is_of_day(const ml_day *d, const maillog_time *t)
{
    return d->whole && t->day == d->midnight.day && t->month == d->midnight.month && t->year == d->midnight.year &&
           t->utc_offset == d->midnight.utc_offset && t->hour < 24 && t->minute < 60 && t->second < 60 &&
           t->nsec < NANO;
}

/* The day of `t`. Where a stamp has no year, one day may be of two, by which is nearer: such a day is not remembered.
 */
static void remember_day(ml_day *d, const maillog_time *t, int64_t reference, const maillog_zone *zone)
{
    maillog_time last = *t;
    int64_t end;
    last.hour = last.minute = last.second = 0;
    last.nsec = 0;
    d->midnight = last;
    last.hour = 23;
    last.minute = last.second = 59;
    d->whole = maillog_time_to_epoch(&d->midnight, reference, zone, &d->begin) == MAILLOG_OK &&
               maillog_time_to_epoch(&last, reference, zone, &end) == MAILLOG_OK &&
               end - d->begin == (DAY_SECONDS - 1) * NANO;
}

bool maillog__arrow_time(ml_day *d, const maillog_time *t, int64_t reference, const maillog_zone *zone, int64_t *ns)
{
    if (!is_of_day(d, t)) {
        remember_day(d, t, reference, zone);
        return maillog_time_to_epoch(t, reference, zone, ns) == MAILLOG_OK;
    }
    *ns = d->begin + ((t->hour * 60 + t->minute) * 60 + t->second) * NANO + t->nsec;
    return true;
}

/* ---- cells ---- */

static void set_valid(ml_cells *c, uint32_t row)
{
    c->valid[row >> 3] = (uint8_t)(c->valid[row >> 3] | 1u << (row & 7));
    c->nulls--;
}

static void put_word(const ml_arrow *a, size_t column, ml_cells *c, uint32_t row, uint32_t id)
{
    const ml_dictionary *const d = &a->dictionary[a->column[column].dictionary];
    if (id >= d->ids || !d->index_of[id]) return;
    ((int32_t *)c->value)[row] = (int32_t)d->index_of[id] - 1;
    set_valid(c, row);
}

static void put_field(const ml_arrow *a, size_t column, ml_cells *c, uint32_t row, const maillog_field *f)
{
    const char *const p = a->log + a->at + f->off;
    switch (a->column[column].kind) {
    case ML_COLUMN_INT:
        if (read_int(p, f->len, &((int64_t *)c->value)[row])) set_valid(c, row);
        return;
    case ML_COLUMN_DOUBLE:
        if (maillog__arrow_read_double(p, f->len, &((double *)c->value)[row])) set_valid(c, row);
        return;
    case ML_COLUMN_WORD:
        put_word(a, column, c, row, f->word);
        return;
    default:
        if (a->config.flags & MAILLOG_ARROW_COPY)
            put_copy(c, row, p, f->len, a->plain[row]);
        else
            put_view(c, row, a->log, p, f->len, a->plain[row]);
        set_valid(c, row);
    }
}

/* At most, that is: a field that a line has twice counts twice. */
void maillog__arrow_measure(ml_arrow *a, const maillog_batch *b)
{
    const char *const base = a->log + a->at;
    const bool copy = a->config.flags & MAILLOG_ARROW_COPY;
    memset(a->bytes, 0, a->config.ncolumns * sizeof *a->bytes);
    for (uint32_t row = 0; row < b->nevents; row++) {
        const maillog_batch_event *const ev = &b->event[row];
        const maillog_field *const field = &b->field[ev->field];
        a->plain[row] = is_ascii(base + ev->off, ev->len);
        if (a->plain[row] && !copy) continue;
        for (uint32_t i = 0; i < ev->nfields; i++) {
            const size_t column = a->column_of[field[i].id];
            if (!column || a->column[column - 1].kind != ML_COLUMN_TEXT) continue;
            if (copy || (field[i].len > INLINE_MAX && !is_utf8(base + field[i].off, field[i].len)))
                a->bytes[column - 1] += field[i].len;
        }
    }
}

/* ---- columns that are no fields ---- */

static uint64_t line_ends(const char *p, const char *e)
{
    uint64_t n = 0;
    for (; p < e && (p = (const char *)memchr(p, '\n', (size_t)(e - p))) != NULL; p++) n++;
    return n;
}

/* Lines that a filter leaves out are not in the batch, but they count. */
static void fill_lines(const ml_arrow *a, const maillog_batch *b, ml_cells *c)
{
    const char *const base = a->log + a->at;
    const bool all = b->lines == b->nevents;
    uint64_t line = a->line + 1;
    uint32_t counted = 0;
    for (uint32_t row = 0; row < b->nevents; row++) {
        if (!all) line += line_ends(base + counted, base + b->event[row].off);
        counted = b->event[row].off;
        ((int64_t *)c->value)[row] = (int64_t)line;
        if (all) line++;
        set_valid(c, row);
    }
}

static void fill_times(ml_arrow *a, const maillog_batch *b, ml_cells *c)
{
    for (uint32_t row = 0; row < b->nevents; row++) {
        int64_t ns;
        if (!maillog__arrow_time(&a->day, &b->event[row].time, a->config.reference, &a->zone, &ns)) continue;
        ((int64_t *)c->value)[row] = ns;
        set_valid(c, row);
    }
}

static uint32_t id_of(const maillog_batch_event *ev, uint16_t column)
{
    switch (column) {
    case MAILLOG_ARROW_DAEMON:
        return ev->daemon;
    case MAILLOG_ARROW_EVENT:
        return ev->type;
    default:
        return ev->match;
    }
}

static void fill_other(ml_arrow *a, size_t column, const maillog_batch *b, ml_cells *c)
{
    const uint16_t id = a->column[column].id;
    if (id == MAILLOG_ARROW_LINE) {
        fill_lines(a, b, c);
    } else if (id == MAILLOG_ARROW_TIME) {
        fill_times(a, b, c);
    } else {
        for (uint32_t row = 0; row < b->nevents; row++) put_word(a, column, c, row, id_of(&b->event[row], id));
    }
}

/* Of a field that a line has twice, the first. */
static void fill_fields(ml_arrow *a, const maillog_batch *b, ml_cells *cells)
{
    const uint16_t *const column_of = a->column_of;
    uint32_t *const seen = a->seen;
    memset(seen, 0, a->config.ncolumns * sizeof *seen);
    for (uint32_t row = 0; row < b->nevents; row++) {
        const maillog_field *f = &b->field[b->event[row].field];
        for (uint32_t i = b->event[row].nfields; i; i--, f++) {
            const size_t column = column_of[f->id];
            if (!column || seen[column - 1] == row + 1) continue;
            seen[column - 1] = row + 1;
            put_field(a, column - 1, &cells[column - 1], row, f);
        }
    }
}

/* An empty offset is the last one's. */
static void close_offsets(int32_t *offset, uint32_t rows, const uint8_t *valid)
{
    for (uint32_t row = 0; row < rows; row++)
        if (!(valid[row >> 3] >> (row & 7) & 1)) offset[row + 1] = offset[row];
}

void maillog__arrow_fill(ml_arrow *a, const maillog_batch *b, ml_cells *cells)
{
    fill_fields(a, b, cells);
    for (size_t i = 0; i < a->config.ncolumns; i++) {
        if (a->column[i].id >= MAILLOG_ARROW_LINE) fill_other(a, i, b, &cells[i]);
        if (a->column[i].kind != ML_COLUMN_TEXT) continue;
        if (a->config.flags & MAILLOG_ARROW_COPY) close_offsets((int32_t *)cells[i].value, b->nevents, cells[i].valid);
        if (cells[i].sizes) cells[i].sizes[1] = (int64_t)cells[i].text_n;
    }
}
