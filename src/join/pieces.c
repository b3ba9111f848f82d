/* pieces.c: amavis cuts entries that are too long: each part but the last ends with `...`, each but the first begins
 * with it, after `(id) `. The parts stand on the run's tape; once a first and a last one are there, the report is
 * parsed as if it had come in one line. */
#include <maillog/parse.h>

#include "table.h"

typedef struct pieces {
    char *out, *limit; /* the text put together; out NULL: it does not fit */
    bool first, last;
} pieces;

static void add(pieces *p, maillog_str text, bool first)
{
    if (!text.len || !p->out) return;
    const char *c = (const char *)memchr(text.ptr, ')', text.len), *e = text.ptr + text.len;
    if (!c) return;
    c += c + 1 < e ? 2 : 1;
    const bool begins = e - c < 3 || memcmp(c, "...", 3) != 0, ends = e - c < 6 || memcmp(e - 3, "...", 3) != 0;
    if (begins != first) return;
    const char *from = begins ? text.ptr : c + 3, *to = ends ? e : e - 3;
    p->first |= begins;
    p->last |= ends;
    if (p->limit - p->out < to - from) {
        p->out = NULL;
        return;
    }
    memcpy(p->out, from, (size_t)(to - from));
    p->out += to - from;
}

/* First the part that begins the entry, then the others as they came. */
static void add_all(pieces *p, const char *tape, const char *end, bool first)
{
    ml_entry e;
    while (maillog__entry(&tape, end, &e)) {
        if (!(e.cut & ML_CUT_PIECE)) continue;
        ml_read_fields(&e);
        add(p, maillog__entry_get(&e, ML_K_TEXT), first);
    }
}

bool maillog__whole_report(const char *tape, const char *end, char *out, char *limit, maillog_event *ev)
{
    static const char head[] = "Jan  1 00:00:00 x amavis: ";
    if (limit - out < (ptrdiff_t)sizeof head) return false;
    memcpy(out, head, sizeof head - 1);
    pieces p = {out + sizeof head - 1, limit, false, false};
    add_all(&p, tape, end, true);
    add_all(&p, tape, end, false);
    if (!p.out || !p.first || !p.last) return false;
    return maillog_parse_line(NULL, out, (size_t)(p.out - out), ev) == MAILLOG_OK &&
           maillog_has(ev, MAILLOG_FIELD_RESULT);
}
