/* dovecot_delivery.c: lda, lmtp, deliver: what became of a message on its way into a mailbox.
 *
 * Source: lib-lda/mail-deliver.c, mail-send.c, lmtp/lmtp-client.c, lmtp-local.c, lmtp-proxy.c; Dovecot 1.2 to 2.4, with
 * the default deliver_log_format `msgid=%m: %$`.
 * Remote-controlled: the Message-ID (control characters masked, at most 200 bytes; before 2.3.8 the header as it came),
 * replies of other servers in `rejected:`, `Sent message to`. */
#include "dovecot.h"

/* ---- msgid=…: STATEMENT ---- */

/* str_sanitize() cuts a Message-ID at 200 bytes, with a `...` at the end. */
enum { MSGID_MAX = 208 };

/* Whether the bytes so far can be a whole Message-ID: `<` local part, which may be quoted and hold anything, `@` domain
 * `>`. Before 2.3.8 the header is logged as it came; without one the word is `unspecified`. */
static bool ends_msgid(const ml_line *l, ml_cur id)
{
    if (ml_peek(id) != '<') return true;
    if (ML_ENDS(id, "...")) return true;
    if (ml_last(id) != '>') return false;
    const char *const at = ml_rfind(id, '@');
    const ml_cur rest = ml_slice(at ? at : id.p + 1, id.e > id.p + 1 ? id.e - 1 : id.e);
    const char *const angle = ml_find_either(l, rest, '<', '>');
    const char *const blank = ml_find(l, ml_slice(rest.p, angle ? angle : rest.e), ' ');
    return blank ? !at : !angle;
}

/* `<local@domain>` without anything that could be more than that. */
static bool is_plain(ml_cur id)
{
    bool at = false;
    if (ml_peek(id) != '<' || ml_last(id) != '>') return false;
    for (const char *p = id.p + 1; p < id.e - 1; p++) {
        if (*p == ' ' || *p == '"' || *p == '<' || *p == '>') return false;
        at |= *p == '@';
    }
    return at;
}

/* The next `: ` at or after `from` that may end the Message-ID, or NULL. `broken`: it is no `<ID>` at all. */
static const char *next_end(const ml_line *l, ml_cur window, const char *from, bool broken)
{
    ml_cur t = ml_slice(from, window.e);
    for (const char *p; (p = ML_FIND(l, t, ": ")) != NULL; t.p = p + 1)
        if (broken || ends_msgid(l, ml_slice(window.p, p))) return p;
    return NULL;
}

typedef bool statement_reader(ml_line *l, ml_cur text);

/* Where the Message-ID may end, from the right: each `: ` of the window, or its last and its first ones. */
enum { MSGID_LAST = 4, MSGID_FIRST = 3 };
typedef struct msgid_ends {
    const char *at[MSGID_LAST + MSGID_FIRST];
    bool whole[MSGID_LAST + MSGID_FIRST]; /* what stands before it is a whole `<ID>` */
    size_t count;
    bool more; /* there are others between them */
} msgid_ends;

static msgid_ends find_ends(const ml_line *l, ml_cur c)
{
    msgid_ends out = {{NULL}, {false}, 0, false};
    ml_cur t = ml_slice(c.p, ml_len(c) > MSGID_MAX ? c.p + MSGID_MAX : c.e);
    const char *first[MSGID_FIRST] = {NULL}, *p;
    size_t n = 0;
    for (; out.count < MSGID_LAST && (p = ML_RFIND(t, ": ")) != NULL; t.e = p + 1) out.at[out.count++] = p;
    for (; n < MSGID_FIRST && (p = ML_FIND(l, t, ": ")) != NULL; t.p = p + 1) first[n++] = p;
    out.more = n == MSGID_FIRST && ML_FIND(l, t, ": ");
    while (n > 0) out.at[out.count++] = first[--n];
    for (size_t i = 0; i < out.count; i++) out.whole[i] = ends_msgid(l, ml_slice(c.p, out.at[i]));
    return out;
}

/* The rightmost end, among those whose ID is whole or among the others, that a statement follows; NULL: none. `sure`:
 * no other can be meant. */
static const char *end_before(ml_line *l, ml_cur c, const msgid_ends *ends, bool whole, statement_reader *statement,
                              bool *sure)
{
    maillog_field *const mark = ml_mark(l);
    const char *best = NULL;
    bool is_last = true;
    *sure = !ends->more;
    for (size_t i = 0; i < ends->count; i++) {
        if (ends->whole[i] != whole) continue;
        const bool known = statement(l, ml_slice(ends->at[i] + 2, c.e));
        l->next = mark;
        if (known && best) *sure = false;
        if (known && !best) {
            best = ends->at[i];
            const ml_cur id = ml_slice(c.p, best);
            /* behind a later end may stand a statement that is not known */
            if (!is_last && !is_plain(id) && !ML_IS(id, "unspecified")) *sure = false;
        }
        is_last = false;
    }
    return best;
}

/* Whatever the sender puts into the Message-ID, the statement stands after it: the last end of the ID that a known
 * statement follows. A look-alike in a remote reply behind it is possible, too: then the line is flagged. */
bool maillog__dovecot_msgid(ml_line *l, ml_cur text, statement_reader *statement)
{
    if (!ML_SKIP(&text, "msgid=")) return false;
    const msgid_ends ends = find_ends(l, text);
    bool sure = true;
    const bool one = ends.count == 1;
    const char *end = one ? ends.at[0] : end_before(l, text, &ends, true, statement, &sure);
    if (!one && !end) end = end_before(l, text, &ends, false, statement, &sure);
    if (!end) return false;
    maillog_field *const mark = ml_mark(l);
    ml_put(l, MAILLOG_FIELD_MESSAGE_ID, ml_slice(text.p, end));
    if (!statement(l, ml_slice(end + 2, text.e))) return ml_fail(l, mark);
    if (!sure) l->ev->flags |= MAILLOG_FLAG_AMBIGUOUS;
    return true;
}

void maillog__dovecot_cut_msgid(ml_line *l, ml_cur *c)
{
    ml_cur t = *c;
    if (!ML_SKIP(&t, "msgid=")) return;
    const ml_cur window = ml_slice(t.p, ml_len(t) > MSGID_MAX ? t.p + MSGID_MAX : t.e);
    const char *p = next_end(l, window, window.p, false);
    if (!p && (p = next_end(l, window, window.p, true)) == NULL) return;
    if (next_end(l, window, p + 2, false)) l->ev->flags |= MAILLOG_FLAG_AMBIGUOUS;
    ml_put(l, MAILLOG_FIELD_MESSAGE_ID, ml_slice(t.p, p));
    c->p = p + 2;
}

ML_PATTERN_ROWS(maillog__dovecot_delivery_outcomes) = {
    {MAILLOG_EVENT_DOVECOT_REJECTION_FAILED, {MAILLOG_FIELD_REASON}, ML_TEXT("Auto-submitted message discarded: %s")},
    {MAILLOG_EVENT_DOVECOT_REJECTION_FAILED,
     {MAILLOG_FIELD_ERROR},
     ML_TEXT("Invalid postmaster_address - can't send rejection: %s")},
    {MAILLOG_EVENT_DOVECOT_REJECTION_FAILED,
     {MAILLOG_FIELD_ERROR},
     ML_TEXT("Permanently failed to send rejection: %s")},
    {MAILLOG_EVENT_DOVECOT_REJECTION_FAILED,
     {MAILLOG_FIELD_REASON},
     ML_TEXT("Return-Path missing, rejection reason: %s")},
    {MAILLOG_EVENT_DOVECOT_REJECTION_FAILED,
     {MAILLOG_FIELD_ERROR},
     ML_TEXT("Temporarily failed to send rejection: %s")},
    {MAILLOG_EVENT_DOVECOT_REJECTED, {MAILLOG_FIELD_REASON}, ML_TEXT("rejected: %s")},
    {MAILLOG_EVENT_DOVECOT_SAVE_FAILED, {MAILLOG_FIELD_MAILBOX, MAILLOG_FIELD_ERROR}, ML_TEXT("save failed to %s: %s")},
    {MAILLOG_EVENT_DOVECOT_SAVE_FAILED,
     {MAILLOG_FIELD_MAILBOX, MAILLOG_FIELD_ERROR},
     ML_TEXT("save failed to open mailbox %s: %s")},
    {MAILLOG_EVENT_DOVECOT_SAVED, {MAILLOG_FIELD_MAILBOX}, ML_TEXT("saved mail to %s")},
};
ML_PATTERN_TABLE(maillog__dovecot_delivery_outcomes);

/* The Sieve plugin of 1.x wrote its actions without `sieve: `. */
static bool outcome(ml_line *l, ml_cur text)
{
    if (!ml_is_alpha(ml_peek(text))) return false;
    return maillog__match_patterns(l, &maillog__dovecot_delivery_outcomes, text) ||
           maillog__dovecot_sieve_action(l, text);
}

/* ---- LMTP connections ---- */

/* `REASON[ (state=STATE)]`; 2.2 writes `(in STATE)` into the reason. */
static bool disconnect(ml_line *l, ml_cur c)
{
    ml_cur client, state;
    if (!ML_SKIP(&c, "Disconnect from ") || !ML_UNTIL(l, &c, ": ", &client)) return false;
    ml_put(l, MAILLOG_FIELD_CLIENT, client);
    ml_cur t = c;
    if (maillog__dovecot_cut_parentheses(&t, &state) && ML_SKIP(&state, "state=")) {
        ml_put(l, MAILLOG_FIELD_REASON, t);
        ml_put(l, MAILLOG_FIELD_STATE, state);
    } else {
        ml_put(l, MAILLOG_FIELD_REASON, c);
    }
    return ml_event(l, MAILLOG_EVENT_DOVECOT_DISCONNECT);
}

static bool connection(ml_line *l, ml_cur c)
{
    if (ML_SKIP(&c, "Connect from ")) {
        ml_put(l, MAILLOG_FIELD_CLIENT, c);
        return ml_event(l, MAILLOG_EVENT_DOVECOT_CONNECT);
    }
    return disconnect(l, c);
}

/* ---- LMTP proxy ---- */

/* `N/M at T ms` */
static bool proxy_times(ml_line *l, ml_cur c)
{
    ml_cur n, m, ms;
    if (!ml_digits(&c, &n) || !ml_skip_char(&c, '/') || !ml_digits(&c, &m) || !ML_SKIP(&c, " at ") ||
        !ml_digits(&c, &ms) || !ML_IS(c, " ms"))
        return false;
    ml_put(l, MAILLOG_FIELD_N, n);
    ml_put(l, MAILLOG_FIELD_M, m);
    ml_put(l, MAILLOG_FIELD_MS, ms);
    return true;
}

/* `[<SESSION>: ](Sent message|Failed to send message) to <ADDRESS> at HOST:PORT: REPLY (N/M at T ms)`. The address and
 * the reply come from outside; host and port end at the first `: ` after ` at `, the counts stand at the end. */
static bool proxied(ml_line *l, ml_cur c)
{
    maillog_field *const mark = ml_mark(l);
    ml_cur v, times;
    if (ML_SKIP(&c, "<")) {
        if (!ML_UNTIL(l, &c, ">: ", &v)) return false;
        ml_put(l, MAILLOG_FIELD_SESSION, v);
    }
    const bool sent = ML_SKIP(&c, "Sent message to ");
    if ((!sent && !ML_SKIP(&c, "Failed to send message to ")) || !maillog__angle(l, &c, " ", &v))
        return ml_fail(l, mark);
    ml_put(l, MAILLOG_FIELD_TO, v);
    if (!ML_SKIP(&c, " at ") || !ML_UNTIL(l, &c, ": ", &v)) return ml_fail(l, mark);
    const char *colon = ml_rfind(v, ':');
    ml_put(l, MAILLOG_FIELD_RELAY_NAME, ml_slice(v.p, colon ? colon : v.e));
    if (colon) ml_put(l, MAILLOG_FIELD_RELAY_PORT, ml_slice(colon + 1, v.e));
    ml_cur t = c;
    if (maillog__dovecot_cut_parentheses(&t, &times)) {
        ml_put(l, MAILLOG_FIELD_REPLY, t);
        if (!proxy_times(l, times)) return ml_fail(l, mark);
    } else {
        ml_put(l, MAILLOG_FIELD_REPLY, c);
    }
    return ml_event(l, sent ? MAILLOG_EVENT_DOVECOT_PROXIED : MAILLOG_EVENT_DOVECOT_PROXY_REFUSED);
}

/* ---- the rest ---- */

ML_PATTERN_ROWS(maillog__dovecot_delivery_faults) = {
    {MAILLOG_EVENT_DOVECOT_SAVE_FAILED, {MAILLOG_FIELD_ERROR}, ML_TEXT("Can't open delivery mail as raw: %s")},
    {MAILLOG_EVENT_DOVECOT_SAVE_FAILED, {MAILLOG_FIELD_ERROR}, ML_TEXT("Can't open delivery mail: %s")},
    {MAILLOG_EVENT_DOVECOT_USER_FAILED, {MAILLOG_FIELD_ERROR}, ML_TEXT("Failed to expand settings: %s")},
    {MAILLOG_EVENT_DOVECOT_USER_FAILED,
     {MAILLOG_FIELD_LOGIN_USER, MAILLOG_FIELD_ERROR},
     ML_TEXT("Failed to initialize user %s: %s")},
    {MAILLOG_EVENT_DOVECOT_USER_FAILED, {MAILLOG_FIELD_ERROR}, ML_TEXT("Failed to initialize user: %s")},
    {MAILLOG_EVENT_DOVECOT_USER_FAILED,
     {MAILLOG_FIELD_LOGIN_USER, MAILLOG_FIELD_ERROR},
     ML_TEXT("Failed to lookup user %s: %s")},
};
ML_PATTERN_TABLE(maillog__dovecot_delivery_faults);

bool maillog__dovecot_delivery(ml_line *l, ml_cur text, const ml_dovecot *head)
{
    if (ML_SKIP(&text, "sieve: ")) return maillog__dovecot_sieve(l, text, head);
    return maillog__dovecot_msgid(l, text, outcome) || connection(l, text) || proxied(l, text) ||
           maillog__dovecot_mail_log(l, text) || maillog__match_patterns(l, &maillog__dovecot_delivery_faults, text);
}
