/* batch.c: lines into flat arrays of the caller. */
#include <maillog/batch.h>

#include <string.h>

#include "base/cursor.h"
#include "frame.h"
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

static bool is_wanted(const maillog_batch *b, const maillog_event *ev)
{
    return (!b->daemons || b->daemons[ev->daemon]) && keeps_type(b, ev->type);
}

/* The event as a row; `field` is where its fields begin. */
static void store(maillog_batch_event *row, const maillog_event *ev, const char *buf, uint32_t field)
{
    row->off = (uint32_t)(ev->line - buf);
    row->len = ev->len;
    row->field = field;
    row->nfields = ev->nfields;
    row->flags = ev->flags;
    row->type = ev->type;
    row->daemon = ev->daemon;
    row->match = ev->match;
    row->time = ev->time;
}

int maillog_batch_parse(const maillog_options *opt, const char *buf, size_t len, maillog_batch *b, size_t *consumed)
{
    if (!b || !consumed || (!buf && len) || !b->event || !b->field || len > UINT32_MAX) return MAILLOG_ERR_ARGUMENT;
    if (b->field_cap < MAILLOG_FIELDS_MAX || b->event_cap == 0) return MAILLOG_ERR_NO_SPACE;
    const char *p = buf, *const end = buf + len;
    const uint8_t *const skip = opt ? opt->skip : NULL;
    const bool all = !b->daemons && !b->types;
    const uint32_t fields_max = b->field_cap - MAILLOG_FIELDS_MAX;
    maillog_batch_event *row = b->event;
    const maillog_batch_event *const rows_end = row + b->event_cap;
    maillog_field *const field = b->field;
    uint32_t nfields = 0;
    uint64_t lines = 0;
    maillog_event ev; /* its rows are not used: fields go straight to the caller's */
    ml_host hosts[ML_HOSTS] = {{{0}, {0}, 0}};
    ml_line l;
    ml_line_init(&l, &ev, buf, end);
    l.hosts = hosts;
    while (p < end && row < rows_end && nfields <= fields_max) {
        const char *e, *next;
        if (!maillog__next_line(p, end, &e, &next)) {
            if (!b->final) break;
            next = end;
            e = end - (end[-1] == '\n'); /* a record may lack its empty line */
        }
        if (e > p && e[-1] == '\r') e--;
        maillog__parse(&l, skip, p, e, field + nfields);
        lines++;
        p = next;
        if (!all && !is_wanted(b, &ev)) continue;
        store(row++, &ev, buf, nfields);
        nfields += ev.nfields;
    }
    b->nevents = (uint32_t)(row - b->event);
    b->nfields = nfields;
    b->lines = lines;
    *consumed = (size_t)(p - buf);
    return MAILLOG_OK;
}
