/* batch.c: lines into flat arrays of the caller. */
#include <maillog/batch.h>

#include <string.h>

#include "base/cursor.h"
#include "parse.h"

static bool keeps_type(const maillog_batch *b, uint16_t type)
{
    if (!b->types) return true;
    uint32_t lo = 0, hi = b->ntypes;
    while (lo < hi) {
        const uint32_t mid = lo + (hi - lo) / 2;
        if (b->types[mid] < type)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo < b->ntypes && b->types[lo] == type;
}

static bool is_wanted(const maillog_batch *b, const maillog_batch_event *ev)
{
    return (!b->daemons || b->daemons[ev->daemon]) && keeps_type(b, ev->type);
}

/* Takes out the rows from `row` and `first`, a field, on that are not wanted. */
static void filter(const maillog_batch *b, maillog_batch_event *row, uint32_t first, ml_rows *rows)
{
    for (const maillog_batch_event *r = row; r < rows->event; r++) {
        if (!is_wanted(b, r)) continue;
        *row = *r;
        memmove(b->field + first, b->field + r->field, r->nfields * sizeof *b->field);
        row->field = first;
        first += row++->nfields;
    }
    rows->event = row;
    rows->field = b->field + first;
    rows->nfields = first;
}

int maillog_batch_parse(const maillog_options *opt, const char *buf, size_t len, maillog_batch *b, size_t *consumed)
{
    if (!b || !consumed || (!buf && len) || !b->event || !b->field || len > UINT32_MAX) return MAILLOG_ERR_ARGUMENT;
    if (b->field_cap < MAILLOG_FIELDS_MAX || b->event_cap == 0) return MAILLOG_ERR_NO_SPACE;
    ml_line l;
    ml_host hosts[ML_HOSTS];
    ml_rows rows = {b->event, b->event + b->event_cap, b->field, 0, b->field_cap - MAILLOG_FIELDS_MAX};
    const ml_path *const path = maillog__path();
    const char *p = buf;
    ml_line_init(&l, NULL, buf, buf + len);
    maillog__line_keep(&l, hosts);
    b->lines = 0;
    for (;;) { /* again where a filter made room */
        maillog_batch_event *const row = rows.event;
        const uint32_t first = rows.nfields;
        p = path->rows(&l, opt ? opt->skip : NULL, p, b->final != 0, &rows);
        const size_t lines = (size_t)(rows.event - row);
        b->lines += lines;
        if (!lines || !(b->daemons || b->types)) break;
        filter(b, row, first, &rows);
    }
    b->nevents = (uint32_t)(rows.event - b->event);
    b->nfields = rows.nfields;
    *consumed = (size_t)(p - buf);
    return MAILLOG_OK;
}
