/* stream.c: cuts bytes into lines and calls back; only a line that straddles two feeds is copied, into the caller's
 * carry. */
#include <maillog/stream.h>

#include <string.h>

#include "base/cursor.h"
#include "frame.h"
#include "parse.h"

typedef struct stream {
    maillog_callbacks cb;
    void *user;
    const ml_path *path;
    char *carry;
    size_t carry_cap, carry_len;
    size_t carry_at;  /* whole lines in the carry wait from here: behind a record whose end was seen late */
    size_t scanned;   /* of a record in the carry: bytes of whole fields */
    bool skipping;    /* inside the tail of a line that did not fit */
    bool skip_record; /* and that line is a record: up to its empty line */
    bool mid_line;    /* the last byte that was kept or skipped is no line end */
    ml_line line;     /* what is kept from line to line: the last stamp */
    ml_host hosts[ML_HOSTS];
    bool skip_any;     /* whether there are daemons nobody listens to, */
    uint8_t skip[256]; /* and which */
} stream;

typedef char stream_fits[sizeof(stream) <= sizeof(maillog_stream) ? 1 : -1];

static stream *self(maillog_stream *s) { return (stream *)(void *)s; }

void maillog_callbacks_init(maillog_callbacks *cb)
{
    if (!cb) return;
    memset(cb, 0, sizeof *cb);
    cb->size = sizeof *cb;
}

/* The daemon's own member, found by its id. */
ML_INLINE maillog_event_cb own_callback(const maillog_callbacks *cb, unsigned daemon)
{
    static const uint16_t offsets[256] = {
#define MAILLOG_DAEMON(id, NAME, member, name, doc) [id] = offsetof(maillog_callbacks, on_##member),
#include <maillog/schema.def>
    };
    maillog_event_cb own = NULL;
    if (offsets[daemon]) memcpy(&own, (const char *)cb + offsets[daemon], sizeof own);
    return own;
}

ML_INLINE maillog_event_cb callback_for(const maillog_callbacks *cb, const maillog_event *ev)
{
    if (ev->match < MAILLOG_MATCH_DAEMON) return cb->on_unmatched ? cb->on_unmatched : cb->on_event;
    const maillog_event_cb own = own_callback(cb, ev->daemon);
    return own ? own : cb->on_event;
}

/* The grammar of a family is entered by one tag: if any member of the family is listened to, it must run. */
static bool family_wanted(const maillog_callbacks *cb, unsigned first, unsigned last)
{
    for (unsigned d = first; d <= last; d++)
        if (own_callback(cb, d)) return true;
    return false;
}

static void choose_daemons(stream *s)
{
    s->skip_any = s->cb.on_event == NULL;
    if (!s->skip_any) return;
    for (unsigned d = 1; d < 256; d++) s->skip[d] = own_callback(&s->cb, d) == NULL;
    if (family_wanted(&s->cb, MAILLOG_DAEMON_DOVECOT_LDA, MAILLOG_DAEMON_AMAVIS - 1))
        memset(s->skip + MAILLOG_DAEMON_DOVECOT_LDA, 0, MAILLOG_DAEMON_AMAVIS - MAILLOG_DAEMON_DOVECOT_LDA);
}

int maillog_stream_init(maillog_stream *out, const maillog_callbacks *cb, void *user, void *carry, size_t carry_len)
{
    if (!out || !cb || cb->size == 0 || (!carry && carry_len)) return MAILLOG_ERR_ARGUMENT;
    stream *s = self(out);
    memset(s, 0, sizeof *s);
    memcpy(&s->cb, cb, cb->size < sizeof s->cb ? cb->size : sizeof s->cb);
    s->user = user;
    s->path = maillog__path();
    s->carry = (char *)carry;
    s->carry_cap = carry_len;
    maillog__line_keep(&s->line, s->hosts);
    choose_daemons(s);
    return MAILLOG_OK;
}

/* What lines before this one left; the stream may have been moved. */
ML_INLINE ml_line *kept_line(stream *s)
{
    s->line.hosts = s->hosts;
    return &s->line;
}

static int call_back(void *to, const maillog_event *ev)
{
    const stream *const s = (const stream *)to;
    const maillog_event_cb cb = callback_for(&s->cb, ev);
    const int rc = cb ? cb(s->user, ev) : MAILLOG_CONTINUE;
    return rc < 0 ? MAILLOG_ERR_ABORTED : rc > 0 ? MAILLOG_PAUSE : MAILLOG_OK;
}

/* One whole line to its callback. */
static int deliver(stream *s, const char *p, const char *e, const char *readable, uint32_t flags)
{
    maillog_event ev;
    if (e > p && e[-1] == '\r') e--;
    if ((size_t)(e - p) > UINT32_MAX) e = p + UINT32_MAX;
    (void)s->path->line(kept_line(s), s->skip, p, e, readable, &ev);
    ev.flags |= flags;
    return call_back(s, &ev);
}

/* Each whole line from p on to its callback, until one gives *rc: where the next line begins. */
static const char *deliver_lines(stream *s, const char *p, const char *end, int *rc)
{
    const char *e, *next;
    if ((size_t)(end - p) <= UINT32_MAX) {
        ml_line *const l = kept_line(s);
        l->readable = end;
        return s->path->lines(l, s->skip_any ? s->skip : NULL, p, call_back, s, rc);
    }
    if (!maillog__next_line(p, end, &e, &next)) return p;
    *rc = deliver(s, p, e, end, 0);
    return next;
}

#define CUT (MAILLOG_FLAG_TRUNCATED | MAILLOG_FLAG_OVERSIZED)

/* Whether the carry holds the beginning of a record of journalctl -o export. */
static bool holds_record(const stream *s) { return maillog__is_export(s->carry, s->carry + s->carry_len); }

/* Append to the carry; when it is full, deliver what it holds and skip the rest of the line. */
static int keep(stream *s, const char *p, size_t n)
{
    if (n > 0) s->mid_line = p[n - 1] != '\n';
    if (s->skipping) return MAILLOG_OK;
    const size_t room = s->carry_cap - s->carry_len;
    memcpy(s->carry + s->carry_len, p, n < room ? n : room);
    s->carry_len += n < room ? n : room;
    if (n <= room) return MAILLOG_OK;
    const char *e = s->carry + s->carry_len;
    s->skipping = true;
    s->skip_record = holds_record(s);
    s->carry_len = s->scanned = 0;
    return deliver(s, s->carry, e, e, CUT);
}

/* Deliver what the carry holds, without the line end that a record without its empty line has. */
static int deliver_carry(stream *s)
{
    const char *e = s->carry + s->carry_len;
    if (s->carry_len && e[-1] == '\n') e--;
    s->carry_len = s->scanned = 0;
    return deliver(s, s->carry, e, e, 0);
}

/* Whole lines that wait in the carry. After a pause they go on waiting; what is left at last begins the carry. */
static int drain(stream *s)
{
    const char *end = s->carry + s->carry_len, *e, *next;
    while (s->carry_at < s->carry_len && maillog__next_line(s->carry + s->carry_at, end, &e, &next)) {
        const char *p = s->carry + s->carry_at;
        s->carry_at = (size_t)(next - s->carry);
        const int rc = deliver(s, p, e, end, 0);
        if (rc != MAILLOG_OK) return rc;
    }
    s->carry_len -= s->carry_at;
    memmove(s->carry, s->carry + s->carry_at, s->carry_len);
    s->carry_at = 0;
    return MAILLOG_OK;
}

/* Another line of a record is in the carry: deliver the record if it is whole. Its end may be some lines back, where a
 * length turned out to be none; those lines are lines of their own. */
static int end_record(stream *s)
{
    const char *at = s->carry + s->scanned;
    const bool whole = maillog__export_end(&at, s->carry + s->carry_len);
    s->scanned = (size_t)(at - s->carry);
    if (!whole) return MAILLOG_OK;
    s->carry_at = s->scanned + 1;
    s->scanned = 0;
    const int rc = deliver(s, s->carry, at - 1, s->carry + s->carry_len, 0);
    return rc == MAILLOG_OK ? drain(s) : rc;
}

/* More of the line that began in an earlier feed: `p[0..n)`, up to a line end. */
static int finish_carried(stream *s, const char *p, size_t n)
{
    if (s->skipping) {
        s->skipping = s->skip_record && (n > 0 || s->mid_line);
        s->mid_line = false;
        return MAILLOG_OK;
    }
    int rc = keep(s, p, n);
    if (!s->skipping && !holds_record(s)) return deliver_carry(s);
    if (!s->skipping) rc = keep(s, "\n", 1);
    if (s->skipping) {
        s->skipping = s->skip_record;
        s->mid_line = false;
        return rc;
    }
    return end_record(s);
}

int maillog_stream_feed(maillog_stream *out, const void *data, size_t len, size_t *consumed)
{
    if (!out || !consumed || (!data && len)) return MAILLOG_ERR_ARGUMENT;
    stream *s = self(out);
    const char *p = (const char *)data, *end = p + len;
    *consumed = 0;
    if (s->carry_at) {
        const int rc = drain(s);
        if (rc != MAILLOG_OK) return rc;
    }
    while (p < end) {
        int rc = MAILLOG_OK;
        if (s->carry_len > 0 || s->skipping) {
            const char *const e = (const char *)memchr(p, '\n', (size_t)(end - p));
            if (!e) break;
            rc = finish_carried(s, p, (size_t)(e - p));
            p = e + 1;
        } else {
            const char *const next = deliver_lines(s, p, end, &rc);
            if (next == p) break;
            p = next;
        }
        *consumed = (size_t)(p - (const char *)data);
        if (rc != MAILLOG_OK) return rc;
    }
    if (p == end || !s->carry) return MAILLOG_OK;
    const int rc = keep(s, p, (size_t)(end - p));
    *consumed = len;
    return rc;
}

int maillog_stream_finish(maillog_stream *out)
{
    if (!out) return MAILLOG_ERR_ARGUMENT;
    stream *s = self(out);
    /* also where nothing waits: the last bytes, without a line end, may show where a record ended */
    const int rc = s->skipping ? MAILLOG_OK : drain(s);
    if (rc != MAILLOG_OK) return rc;
    s->skipping = false;
    return s->carry_len ? deliver_carry(s) : MAILLOG_OK;
}
