/* fill.c: the rows of a batch into the buffers of Arrow's columns. A cell that is not written is null. */
#include <string.h>

#include "../base/cursor.h"
#include "../base/utf8.h"
#include "arrow.h"

/* Up to twelve bytes stand in the view itself. */
enum { INLINE_MAX = 12 };
typedef struct view {
    int32_t len;
    char prefix[4];
    int32_t buffer, offset;
} view;
_Static_assert(sizeof(view) == 16, "as Arrow lays it out");

/* ---- text ---- */

/* Bytes at p that are UTF-8: all, or up to the first that is not. */
static size_t utf8_run(const char *p, size_t n)
{
    size_t i = 0;
    while (i < n) {
        while (n - i >= 8 && !(ml_load64(p + i) & UINT64_C(0x8080808080808080))) i += 8;
        if (i == n) break;
        const size_t len = (unsigned char)p[i] < 0x80 ? 1 : ml_utf8_len((const unsigned char *)p + i, n - i);
        if (!len) break;
        i += len;
    }
    return i;
}

static bool is_utf8(const char *p, size_t n) { return utf8_run(p, n) == n; }

void maillog__arrow_copy_text(char *to, const char *p, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const size_t run = utf8_run(p + i, n - i);
        memcpy(to + i, p + i, run);
        i += run;
        if (i < n) to[i] = '?';
    }
}

static void put_view(ml_cells *c, uint32_t row, const char *log, const char *p, size_t n)
{
    view *const v = &((view *)c->value)[row];
    memset(v, 0, sizeof *v);
    v->len = (int32_t)n;
    if (n <= INLINE_MAX) {
        maillog__arrow_copy_text((char *)v + sizeof v->len, p, n);
        return;
    }
    if (is_utf8(p, n)) {
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
static void put_copy(ml_cells *c, uint32_t row, const char *p, size_t n)
{
    maillog__arrow_copy_text(c->text + c->text_n, p, n);
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

static void put_field(const ml_arrow *a, size_t column, ml_cells *c, uint32_t row, const maillog_field *f,
                      const char *base)
{
    const char *const p = base + f->off;
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
            put_copy(c, row, p, f->len);
        else
            put_view(c, row, a->log, p, f->len);
        set_valid(c, row);
    }
}

/* The column of a field, + 1, for the first of its kind in this row; 0: none. */
static size_t column_of(ml_arrow *a, uint32_t row, const maillog_field *f)
{
    const size_t column = a->column_of[f->id];
    if (!column || a->seen[column - 1] == row + 1) return 0;
    a->seen[column - 1] = row + 1;
    return column;
}

void maillog__arrow_measure(ml_arrow *a, const maillog_batch *b)
{
    const char *const base = a->log + a->at;
    const bool copy = a->config.flags & MAILLOG_ARROW_COPY;
    memset(a->seen, 0, a->config.ncolumns * sizeof *a->seen);
    memset(a->bytes, 0, a->config.ncolumns * sizeof *a->bytes);
    for (uint32_t row = 0; row < b->nevents; row++) {
        const maillog_batch_event *const ev = &b->event[row];
        for (uint32_t i = 0; i < ev->nfields; i++) {
            const maillog_field *const f = &b->field[ev->field + i];
            const size_t column = column_of(a, row, f);
            if (!column || a->column[column - 1].kind != ML_COLUMN_TEXT) continue;
            if (copy || (f->len > INLINE_MAX && !is_utf8(base + f->off, f->len))) a->bytes[column - 1] += f->len;
        }
    }
}

/* The columns that are no fields. */
static void put_other(ml_arrow *a, size_t column, ml_cells *c, uint32_t row, const maillog_batch_event *ev)
{
    int64_t ns;
    switch (a->column[column].id) {
    case MAILLOG_ARROW_TIME:
        if (maillog_time_to_epoch(&ev->time, a->config.reference, &a->zone, &ns) != MAILLOG_OK) return;
        ((int64_t *)c->value)[row] = ns;
        set_valid(c, row);
        return;
    case MAILLOG_ARROW_DAEMON:
        put_word(a, column, c, row, ev->daemon);
        return;
    case MAILLOG_ARROW_EVENT:
        put_word(a, column, c, row, ev->type);
        return;
    case MAILLOG_ARROW_MATCH:
        put_word(a, column, c, row, ev->match);
        return;
    default:
        return;
    }
}

static void put_line(ml_cells *c, uint32_t row, uint64_t line)
{
    ((int64_t *)c->value)[row] = (int64_t)line;
    set_valid(c, row);
}

/* An empty offset is the last one's. */
static void close_offsets(int32_t *offset, uint32_t rows, const uint8_t *valid)
{
    for (uint32_t row = 0; row < rows; row++)
        if (!(valid[row >> 3] >> (row & 7) & 1)) offset[row + 1] = offset[row];
}

void maillog__arrow_fill(ml_arrow *a, const maillog_batch *b, ml_cells *cells)
{
    const char *const base = a->log + a->at;
    const size_t n = a->config.ncolumns;
    const char *counted = base;
    uint64_t line = a->line + 1;
    memset(a->seen, 0, n * sizeof *a->seen);
    for (uint32_t row = 0; row < b->nevents; row++) {
        const maillog_batch_event *const ev = &b->event[row];
        if (a->counts_lines) line += ml_line_ends(counted, base + ev->off);
        counted = base + ev->off;
        for (uint32_t i = 0; i < ev->nfields; i++) {
            const maillog_field *const f = &b->field[ev->field + i];
            const size_t column = column_of(a, row, f);
            if (column) put_field(a, column - 1, &cells[column - 1], row, f, base);
        }
        for (size_t i = 0; i < n; i++) {
            if (a->column[i].id == MAILLOG_ARROW_LINE) put_line(&cells[i], row, line);
            if (a->column[i].id > MAILLOG_ARROW_LINE) put_other(a, i, &cells[i], row, ev);
        }
    }
    for (size_t i = 0; i < n; i++) {
        if (a->column[i].kind != ML_COLUMN_TEXT) continue;
        if (a->config.flags & MAILLOG_ARROW_COPY) close_offsets((int32_t *)cells[i].value, b->nevents, cells[i].valid);
        if (cells[i].sizes) cells[i].sizes[1] = (int64_t)cells[i].text_n;
    }
}
