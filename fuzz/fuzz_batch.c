/* fuzz_batch.c: a batch gives the same events as line by line, at any array size. */
#include "fuzz.h"

static void check_row(const char *buf, const maillog_batch_event *row, const maillog_field *field)
{
    maillog_event ev;
    /* with a line end: maillog_parse_line() takes one off, and a line may end in a CR of its own */
    char *line = malloc((size_t)row->len + 2);
    if (!line) return;
    memcpy(line, buf + row->off, row->len);
    memcpy(line + row->len, "\r\n", 2);
    maillog_parse_line(NULL, line, (size_t)row->len + 2, &ev);
    fuzz_check(ev.type == row->type && ev.daemon == row->daemon && ev.match == row->match &&
               ev.nfields == row->nfields);
    for (uint32_t i = 0; i < ev.nfields; i++) {
        const maillog_field *a = &ev.field[i], *b = &field[row->field + i];
        fuzz_check(a->id == b->id && a->word == b->word && a->len == b->len && a->off + row->off == b->off);
    }
    free(line);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    enum { EVENTS = 8, FIELDS = 3 * MAILLOG_FIELDS_MAX };
    maillog_batch_event event[EVENTS];
    maillog_field field[FIELDS];
    maillog_batch b;
    if (size < 1) return 0;
    memset(&b, 0, sizeof b);
    b.event = event;
    b.field = field;
    b.event_cap = 1 + data[0] % EVENTS;
    b.field_cap = FIELDS;
    b.final = 1;
    const char *buf = (const char *)data + 1;
    for (size_t len = size - 1, used; len > 0; buf += used, len -= used) {
        fuzz_check(maillog_batch_parse(NULL, buf, len, &b, &used) == MAILLOG_OK);
        fuzz_check(used > 0 && used <= len);
        for (uint32_t i = 0; i < b.nevents; i++) check_row(buf, &event[i], field);
    }
    return 0;
}
