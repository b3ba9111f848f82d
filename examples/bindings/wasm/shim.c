/* shim.c: one buffer of text for JavaScript to fill, the rows of it, and one call. */
#include <maillog/maillog.h>

#include <string.h>

enum { TEXT = 1 << 20, EVENTS = 8192, FIELDS = EVENTS * 16 };

static struct {
    char text[TEXT];
    maillog_batch_event event[EVENTS];
    maillog_field field[FIELDS];
    uint32_t nevents, nfields;
} memory;

#define EXPORT __attribute__((visibility("default")))

EXPORT char *text(void) { return memory.text; }
EXPORT uint32_t text_size(void) { return TEXT; }
EXPORT void *rows(void) { return memory.event; }
EXPORT void *fields(void) { return memory.field; }
EXPORT uint32_t *counts(void) { return &memory.nevents; }

/* Parse the first `len` bytes of text. Returns the bytes taken, or a negative error. */
EXPORT int32_t parse(uint32_t len, uint32_t final)
{
    maillog_batch b;
    size_t used = 0;
    memset(&b, 0, sizeof b);
    b.event = memory.event;
    b.field = memory.field;
    b.event_cap = EVENTS;
    b.field_cap = FIELDS;
    b.final = final;
    const int rc = maillog_batch_parse(NULL, memory.text, len <= TEXT ? len : TEXT, &b, &used);
    memory.nevents = b.nevents;
    memory.nfields = b.nfields;
    return rc < 0 ? rc : (int32_t)used;
}
