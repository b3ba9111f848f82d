/* dovecot_session.c: imap, pop3, managesieve, submission and the others that work for a user: how sessions end, what
 * was relayed.
 *
 *   [Disconnected: ]REASON[ (STATE)] COUNTS
 *   COUNTS   imap        in=N out=N deleted=N expunged=N trashed=N hdr_count=N … | in=N out=N (2.2) | bytes=N/N
 *            pop3        top=N/N, retr=N/N, del=N/N, size=N        managesieve  bytes=N/N        submission  in=N out=N
 *
 * Source: imap/imap-client.c, pop3/pop3-client.c, managesieve, submission; Dovecot 2.2 to 2.4 with the default
 * logout formats. Remote-controlled: what the client sends as ID; replies of the relay in `reply=`; nothing in the
 * counts, which are read from the right end. */
#include "dovecot.h"

/* ---- the counts at the end ---- */

typedef struct count_row {
    ml_lit key;
    uint16_t first, second; /* `key=FIRST[/SECOND]` */
} count_row;

#define COUNT(key, first, second)                                                                                      \
    {                                                                                                                  \
        ML_LIT(key), MAILLOG_FIELD_##first, MAILLOG_FIELD_##second                                                     \
    }
static const count_row counts[] = {
    COUNT("in", IN, NONE),
    COUNT("out", OUT, NONE),
    COUNT("deleted", DELETED, NONE),
    COUNT("expunged", EXPUNGED, NONE),
    COUNT("autoexpunged", AUTOEXPUNGED, NONE),
    COUNT("trashed", TRASHED, NONE),
    COUNT("appended", APPENDED, NONE),
    COUNT("hdr_count", HDR_COUNT, NONE),
    COUNT("hdr_bytes", HDR_BYTES, NONE),
    COUNT("body_count", BODY_COUNT, NONE),
    COUNT("body_bytes", BODY_BYTES, NONE),
    COUNT("top", TOP_COUNT, TOP_BYTES),
    COUNT("retr", RETR_COUNT, RETR_BYTES),
    COUNT("del", DELETED_COUNT, MESSAGE_COUNT), /* or DELETED_BYTES: see put_deleted() */
    COUNT("size", SIZE, NONE),
    COUNT("bytes", IN, OUT),
};

static const count_row *find_count(const ml_line *l, ml_cur key)
{
    const uint64_t head = ml_key(l, key);
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
        if (ml_is_lit(head, key, &counts[i].key)) return &counts[i];
    return NULL;
}

typedef struct count {
    const count_row *row;
    ml_cur first, second;
} count;

/* `key=N[/N]`, the whole slice. */
static bool read_count(const ml_line *l, ml_cur v, count *out)
{
    ml_cur key;
    if (!ml_until(l, &v, '=', &key)) return false;
    out->row = find_count(l, key);
    out->second = ml_none();
    if (!out->row || !ml_digits(&v, &out->first)) return false;
    if (ml_skip_char(&v, '/') && !ml_digits(&v, &out->second)) return false;
    return ml_empty(v);
}

/* Cut the counts off the end of `*c`, from the right; the cursor to them is in `*tail`. Dovecot writes each once. */
static bool cut_counts(const ml_line *l, ml_cur *c, ml_cur *tail)
{
    ml_cur t = *c;
    count one;
    uint32_t seen = 0; /* a bit for each row of counts */
    *tail = ml_slice(c->e, c->e);
    for (;;) {
        const char *blank = ml_rfind(t, ' ');
        ml_cur v = ml_slice(blank ? blank + 1 : t.p, t.e);
        ML_DROP_END(&v, ",");
        if (!read_count(l, v, &one) || seen >> (one.row - counts) & 1) break;
        seen |= UINT32_C(1) << (one.row - counts);
        tail->p = v.p;
        t.e = blank ? blank : t.p;
        if (!blank) break;
    }
    c->e = t.e;
    return !ml_empty(*tail);
}

static uint64_t number(ml_cur v)
{
    uint64_t n = 0;
    for (const char *p = v.p; p < v.e && n < UINT64_MAX / 100; p++) n = n * 10 + (uint64_t)(*p - '0');
    return n;
}

/* `del=D/X`: X counts all messages before 2.4, and the bytes of the deleted ones since. Of `size=`, the bytes of all
 * messages, and D one can tell which it is, as no message is smaller than its header; where both are possible, the line
 * is flagged and read the old way. */
static void put_deleted(ml_line *l, const count *c, ml_cur size)
{
    enum { SMALLEST = 64 };
    const uint64_t deleted = number(c->first), x = number(c->second), all = size.p ? number(size) : 0;
    const bool messages = all / SMALLEST >= x;
    const bool bytes = deleted > 0 && x / SMALLEST >= deleted && x <= all;
    ml_put(l, MAILLOG_FIELD_DELETED_COUNT, c->first);
    ml_put(l, bytes && !messages ? MAILLOG_FIELD_DELETED_BYTES : MAILLOG_FIELD_MESSAGE_COUNT, c->second);
    if (bytes && messages) l->ev->flags |= MAILLOG_FLAG_AMBIGUOUS;
}

static void put_counts(ml_line *l, ml_cur c)
{
    ml_cur size = ml_none(), v;
    const char *const last = ML_RFIND(c, "size=");
    if (last) {
        v = ml_slice(last + 5, c.e);
        ml_digits(&v, &size);
    }
    for (count one; ml_word(l, &c, &v); ml_skip_blanks(&c)) {
        ML_DROP_END(&v, ",");
        if (!read_count(l, v, &one)) return;
        if (one.row->first == MAILLOG_FIELD_DELETED_COUNT && one.second.p) {
            put_deleted(l, &one, size);
            continue;
        }
        ml_put(l, (maillog_field_id)one.row->first, one.first);
        if (one.second.p && one.row->second) ml_put(l, (maillog_field_id)one.row->second, one.second);
    }
}

/* ---- the end of a session ---- */

static bool session_end(ml_line *l, ml_cur c)
{
    ml_cur tail, state;
    const bool said = ML_STARTS(c, "Disconnected");
    const bool counted = cut_counts(l, &c, &tail);
    if (!said && !counted) return false;
    ML_SKIP(&c, "Disconnected: ");
    if (maillog__dovecot_cut_parentheses(&c, &state)) {
        ML_SKIP(&state, "state="); /* submission has nothing else there */
        ml_put(l, MAILLOG_FIELD_REASON, c);
        ml_put(l, MAILLOG_FIELD_STATE, state);
    } else {
        ml_put(l, MAILLOG_FIELD_REASON, c);
    }
    put_counts(l, tail);
    return ml_event(l, MAILLOG_EVENT_DOVECOT_SESSION_END);
}

/* ---- other statements ---- */

ML_PATTERN_ROWS(maillog__dovecot_session_statements) = {
    {MAILLOG_EVENT_DOVECOT_SIEVE_SCRIPT_NOTE, {MAILLOG_FIELD_SCRIPT}, ML_TEXT("Activated script `%S'")},
    {MAILLOG_EVENT_DOVECOT_SIEVE_SCRIPT_NOTE,
     {MAILLOG_FIELD_SCRIPT, MAILLOG_FIELD_TEXT},
     ML_TEXT("Activated script `%S'  (%s)")},
    {MAILLOG_EVENT_DOVECOT_SIEVE_SCRIPT_NOTE, {0}, ML_TEXT("Checked script")},
    {MAILLOG_EVENT_DOVECOT_SIEVE_SCRIPT_NOTE, {0}, ML_TEXT("Deactivated script")},
    {MAILLOG_EVENT_DOVECOT_SIEVE_SCRIPT_NOTE, {MAILLOG_FIELD_SCRIPT}, ML_TEXT("Deleted script `%S'")},
    {MAILLOG_EVENT_DOVECOT_SIEVE_SCRIPT_FAILED,
     {MAILLOG_FIELD_WHAT, MAILLOG_FIELD_TEXT},
     ML_TEXT("Failed to %w script: %s")},
    {MAILLOG_EVENT_DOVECOT_SIEVE_SCRIPT_FAILED,
     {MAILLOG_FIELD_WHAT, MAILLOG_FIELD_SCRIPT, MAILLOG_FIELD_TEXT},
     ML_TEXT("Failed to %w script `%s': %s")},
    {MAILLOG_EVENT_DOVECOT_SIEVE_SCRIPT_FAILED,
     {MAILLOG_FIELD_SCRIPT, MAILLOG_FIELD_SIZE, MAILLOG_FIELD_TEXT},
     ML_TEXT("Failed to check quota for script `%s' (size %d bytes): %s")},
    {MAILLOG_EVENT_DOVECOT_SIEVE_SCRIPT_FAILED, {MAILLOG_FIELD_TEXT}, ML_TEXT("Failed to list scripts: %s")},
    {MAILLOG_EVENT_DOVECOT_SIEVE_SCRIPT_FAILED,
     {MAILLOG_FIELD_SCRIPT, MAILLOG_FIELD_NEW, MAILLOG_FIELD_TEXT},
     ML_TEXT("Failed to open script `%s' for rename to `%s': %s")},
    {MAILLOG_EVENT_DOVECOT_SIEVE_SCRIPT_FAILED,
     {MAILLOG_FIELD_SCRIPT, MAILLOG_FIELD_TEXT},
     ML_TEXT("Failed to open script `%s' for activation: %s")},
    {MAILLOG_EVENT_DOVECOT_RELAY_FAILED,
     {MAILLOG_FIELD_FROM, MAILLOG_FIELD_SIZE, MAILLOG_FIELD_NRCPT, MAILLOG_FIELD_REPLY},
     ML_TEXT("Failed to relay message: from=%a, size=%d, nrcpt=%d, reply=`%S'")},
    {MAILLOG_EVENT_DOVECOT_RELAY_FAILED,
     {MAILLOG_FIELD_FROM, MAILLOG_FIELD_TO, MAILLOG_FIELD_SIZE, MAILLOG_FIELD_N, MAILLOG_FIELD_M, MAILLOG_FIELD_REPLY},
     ML_TEXT("Failed to relay message: from=%a, to=%a, size=%d, rcpt=%d/%d, reply=`%S'")},
    {MAILLOG_EVENT_DOVECOT_SIEVE_SCRIPT_FAILED,
     {MAILLOG_FIELD_SCRIPT, MAILLOG_FIELD_NEW, MAILLOG_FIELD_TEXT},
     ML_TEXT("Failed to rename script `%s' to `%s': %s")},
    {MAILLOG_EVENT_DOVECOT_CLIENT_ID, {MAILLOG_FIELD_TEXT}, ML_TEXT("ID sent: %s")},
    {MAILLOG_EVENT_DOVECOT_INDEXED, {MAILLOG_FIELD_N, MAILLOG_FIELD_MAILBOX}, ML_TEXT("Indexed %d messages in %s")},
    {MAILLOG_EVENT_DOVECOT_INDEXED, {MAILLOG_FIELD_TEXT}, ML_TEXT("Indexes disabled, %s")},
    {MAILLOG_EVENT_DOVECOT_SIEVE_SCRIPT_NOTE,
     {MAILLOG_FIELD_SCRIPT, MAILLOG_FIELD_NEW},
     ML_TEXT("Renamed script `%S' to `%s'")},
    {MAILLOG_EVENT_DOVECOT_SIEVE_SCRIPT_NOTE, {MAILLOG_FIELD_SCRIPT}, ML_TEXT("Stored script `%S'")},
    {MAILLOG_EVENT_DOVECOT_RELAYED,
     {MAILLOG_FIELD_FROM, MAILLOG_FIELD_SIZE, MAILLOG_FIELD_ID, MAILLOG_FIELD_NRCPT, MAILLOG_FIELD_REPLY},
     ML_TEXT("Successfully relayed message: from=%a, size=%d, id=%w, nrcpt=%d, reply=`%S'")},
    {MAILLOG_EVENT_DOVECOT_RELAYED,
     {MAILLOG_FIELD_FROM, MAILLOG_FIELD_TO, MAILLOG_FIELD_SIZE, MAILLOG_FIELD_ID, MAILLOG_FIELD_N, MAILLOG_FIELD_M,
      MAILLOG_FIELD_REPLY},
     ML_TEXT("Successfully relayed message: from=%a, to=%a, size=%d, id=%w, rcpt=%d/%d, reply=`%S'")},
};
ML_PATTERN_TABLE(maillog__dovecot_session_statements);

bool maillog__dovecot_session(ml_line *l, ml_cur text, const ml_dovecot *head)
{
    if (ML_SKIP(&text, "sieve: ")) return maillog__dovecot_sieve(l, text, head);
    if (maillog__match_patterns(l, &maillog__dovecot_session_statements, text) || maillog__dovecot_mail_log(l, text))
        return true;
    return !ml_dovecot_is_fault(head) && session_end(l, text);
}
