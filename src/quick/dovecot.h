/* dovecot.h: log-ins, the end of sessions and what was stored. See quick.h; the grammars are dovecot.c,
 * dovecot_login.c, dovecot_session.c, dovecot_delivery.c and dovecot_sieve.c. */
#ifndef MAILLOG_QUICK_DOVECOT_H
#define MAILLOG_QUICK_DOVECOT_H

#include "quick.h"

/* ---- SERVICE(USER)<PID><SESSION>: ---- */

/* From the '(' on; `name` is the service's. A user with a comma, or that may be a number, is for the grammar. */
ML_INLINE bool quick_user(ml_quick *q, const char *name, bool header_has_pid)
{
    const char *const user = q->p + 1, *const close = ml_quick_find_2(q, user, ')', ',');
    if (close + 2 >= q->e || *close != ')' || ml_is_digit(*user)) return false;
    ML_ROW(q, SERVICE, name, q->p);
    ML_ROW(q, USER, user, close);
    q->p = close + 1;
    if (*q->p == '<') {
        const char *const pid = q->p + 1, *const pid_end = ml_quick_digits(pid, q->e);
        if (pid_end == pid || pid_end + 1 >= q->e || *pid_end != '>' || pid_end[1] != '<') return false;
        const char *const session = pid_end + 2, *const end = ml_quick_find(q, session, '>');
        if (end >= q->e || session == end) return false;
        ml_row(q, header_has_pid ? MAILLOG_FIELD_CHILD_PID : MAILLOG_FIELD_PID, pid, pid_end);
        ML_ROW(q, SESSION, session, end);
        q->p = end + 1;
    }
    return ML_QUICK_SKIP(q, &q->p, ": ");
}

/* ---- MESSAGE: user=<U>, method=M, rip=A, lip=A, mpid=N, TLS, session=<S> ---- */

/* `, key=value` up to the next comma; false: it is not there. */
ML_INLINE bool quick_element(ml_quick *q, const char *lit, size_t n, maillog_field_id id)
{
    const char *p = q->p;
    if (!ml_quick_skip(q, &p, lit, n)) return false;
    const char *const end = ml_quick_find(q, p, ',');
    if (end >= q->e) return false;
    ml_row(q, id, p, end);
    q->p = end;
    return true;
}
#define QUICK_ELEMENT(q, lit, NAME) quick_element((q), lit, sizeof(lit) - 1, MAILLOG_FIELD_##NAME)

/* `(auth failed, N attempts in N secs)`: the rows, from the `(` on; q->p is behind the `)`. */
ML_INLINE bool quick_attempts(ml_quick *q)
{
    const char *const detail = q->p + 1;
    if (!ML_QUICK_SKIP(q, &q->p, "(auth failed, ")) return false;
    const char *const attempts = q->p, *const attempts_end = ml_quick_digits(attempts, q->e);
    q->p = attempts_end;
    if (attempts == attempts_end || !ML_QUICK_SKIP(q, &q->p, " attempts in ")) return false;
    const char *const seconds = q->p, *const seconds_end = ml_quick_digits(seconds, q->e);
    q->p = seconds_end;
    if (seconds == seconds_end || !ML_QUICK_SKIP(q, &q->p, " secs)")) return false;
    ML_ROW(q, REASON_DETAIL, detail, q->p - 1);
    ML_ROW(q, ATTEMPTS, attempts, attempts_end);
    ML_ROW(q, SECONDS, seconds, seconds_end);
    return true;
}

/* What was said: `Login`, `Logged in`, `Aborted login (…)` or `Disconnected (…)`; the event, or 0. */
ML_INLINE unsigned quick_login_message(ml_quick *q)
{
    const char *const message = q->p;
    if (ML_QUICK_SKIP(q, &q->p, "Login") || ML_QUICK_SKIP(q, &q->p, "Logged in")) return MAILLOG_EVENT_DOVECOT_LOGIN;
    if (ML_QUICK_SKIP(q, &q->p, "Aborted login "))
        ML_ROW(q, REASON, message, q->p - 1);
    else if (!ML_QUICK_SKIP(q, &q->p, "Disconnected "))
        return 0;
    return quick_attempts(q) ? MAILLOG_EVENT_DOVECOT_LOGIN_ABORTED : 0;
}

static bool quick_login(ml_quick *out, ml_line *l)
{
    ml_quick q = *out;
    const unsigned event = quick_login_message(&q);
    if (!event || !ML_QUICK_SKIP(&q, &q.p, ": user=<")) return false;
    const char *const user = q.p, *const close = ml_quick_find(&q, user, '>');
    /* no other '>' but that of the session, and nothing behind that */
    if (close >= q.e || ml_quick_find(&q, close + 1, '>') != q.e - 1) return false;
    ML_ROW(&q, USER, user, close);
    q.p = close + 1;
    if (!QUICK_ELEMENT(&q, ", method=", METHOD) || !QUICK_ELEMENT(&q, ", rip=", RIP)) return false;
    if (!QUICK_ELEMENT(&q, ", lip=", LIP)) return false;
    (void)QUICK_ELEMENT(&q, ", mpid=", MPID);
    if (ML_QUICK_SKIP(&q, &q.p, ", TLS,"))
        ML_ROW(&q, SECURED, q.p - 4, q.p - 1);
    else if (ML_QUICK_SKIP(&q, &q.p, ", secured,"))
        ML_ROW(&q, SECURED, q.p - 8, q.p - 1);
    else if (!ML_QUICK_SKIP(&q, &q.p, ","))
        return false;
    if (!ML_QUICK_SKIP(&q, &q.p, " session=<") || ml_quick_find(&q, q.p, ',') < q.e) return false;
    ML_ROW(&q, SESSION, q.p, q.e - 1);
    return ml_quick_event(out, &q, l->ev, (maillog_event_type)event);
}

/* ---- [Disconnected: ]REASON[ (STATE)] in=N out=N deleted=N … ---- */

typedef struct quick_session_count {
    uint64_t key; /* the last eight bytes */
    uint8_t len;
    char lead[2]; /* those before them */
    uint16_t field;
} quick_session_count;
#define SESSION_SLOT(key) ((key)*UINT64_C(0xED038DB4DE383785) >> 60)
#define COUNT(word, len, a, b, NAME) [SESSION_SLOT(word)] = {word, len, {a, b}, MAILLOG_FIELD_##NAME}
static const quick_session_count session_counts[16] = {
    COUNT(ML_WORD('i', 'n', 0, 0, 0, 0, 0, 0), 2, 0, 0, IN),
    COUNT(ML_WORD('o', 'u', 't', 0, 0, 0, 0, 0), 3, 0, 0, OUT),
    COUNT(ML_WORD('d', 'e', 'l', 'e', 't', 'e', 'd', 0), 7, 0, 0, DELETED),
    COUNT(ML_WORD('e', 'x', 'p', 'u', 'n', 'g', 'e', 'd'), 8, 0, 0, EXPUNGED),
    COUNT(ML_WORD('t', 'r', 'a', 's', 'h', 'e', 'd', 0), 7, 0, 0, TRASHED),
    COUNT(ML_WORD('a', 'p', 'p', 'e', 'n', 'd', 'e', 'd'), 8, 0, 0, APPENDED),
    COUNT(ML_WORD('d', 'r', '_', 'c', 'o', 'u', 'n', 't'), 9, 'h', 0, HDR_COUNT),
    COUNT(ML_WORD('d', 'r', '_', 'b', 'y', 't', 'e', 's'), 9, 'h', 0, HDR_BYTES),
    COUNT(ML_WORD('d', 'y', '_', 'c', 'o', 'u', 'n', 't'), 10, 'b', 'o', BODY_COUNT),
    COUNT(ML_WORD('d', 'y', '_', 'b', 'y', 't', 'e', 's'), 10, 'b', 'o', BODY_BYTES),
};
#undef COUNT

/* `key=N` from p on, up to a blank or the end: past it, or NULL. */
ML_INLINE const char *quick_session_item(ml_quick *q, const char *p)
{
    const char *const equal = ml_quick_find(q, p, '=');
    if (equal >= q->e) return NULL;
    const size_t n = (size_t)(equal - p);
    if (n - 2 > 8) return NULL;
    const uint64_t last = ml_load64(equal - 8), key = n < 8 ? last >> (64 - 8 * n) : last;
    const quick_session_count *const c = &session_counts[SESSION_SLOT(key)];
    if (c->key != key || c->len != n || (n > 8 && memcmp(p, c->lead, n - 8) != 0)) return NULL;
    const char *const end = ml_quick_digits(equal + 1, q->e);
    if (end == equal + 1) return NULL;
    ml_row(q, (maillog_field_id)c->field, equal + 1, end);
    return end;
}

/* The first parenthesis of the reason, where there is one pair, at its end. */
ML_INLINE const char *quick_state(const ml_quick *q, const char *e)
{
    const char *const open = ml_quick_find_2(q, q->p, '(', ')');
    if (open >= e || *open != '(' || open == q->p || open[-1] != ' ') return NULL;
    return ml_quick_find_2(q, open + 1, '(', ')') == e - 1 ? open : NULL;
}

static bool quick_session_end(ml_quick *out, ml_line *l)
{
    ml_quick q = *out;
    const char *const equal = ml_quick_find(&q, q.p, '='), *const counts = equal - 2;
    if (equal >= q.e || counts <= q.p || counts[-1] != ' ') return false;
    if (!ML_QUICK_SKIP(&q, &q.p, "Disconnected: ") && !ml_same_bytes(q.p, "Logged out", 10) &&
        !ml_same_bytes(q.p, "Connection closed", 17))
        return false;
    const char *const reason_end = counts - 1;
    if (reason_end <= q.p || ml_quick_find(&q, q.p, ':') < reason_end) return false;
    if (reason_end[-1] == ')') {
        const char *const state = quick_state(&q, reason_end);
        if (!state) return false;
        ML_ROW(&q, REASON, q.p, state - 1);
        ML_ROW(&q, STATE, state + 1, reason_end - 1);
    } else {
        ML_ROW(&q, REASON, q.p, reason_end);
    }
    int most = 16;
    for (const char *p = counts; (p = quick_session_item(&q, p)) != q.e; p++)
        if (!p || *p != ' ' || --most == 0) return false;
    return ml_quick_event(out, &q, l->ev, MAILLOG_EVENT_DOVECOT_SESSION_END);
}

/* ---- [sieve: ]msgid=<…>: STATEMENT ---- */

static bool quick_stored(ml_quick *out, ml_line *l)
{
    enum { ID_MAX = 190 }; /* below what Dovecot cuts */
    ml_quick q = *out;
    const bool sieve = ML_QUICK_SKIP(&q, &q.p, "sieve: ");
    if (!ML_QUICK_SKIP(&q, &q.p, "msgid=<")) return false;
    const char *const id = q.p, *const close = ml_quick_find_2(&q, id, '>', ' ');
    if (close >= q.e || *close != '>' || close - id > ID_MAX || ml_quick_find(&q, id, '<') < close) return false;
    ML_ROW(&q, MESSAGE_ID, id - 1, close + 1);
    q.p = close + 1;
    maillog_event_type type = MAILLOG_EVENT_DOVECOT_STORED;
    if (sieve ? !ML_QUICK_SKIP(&q, &q.p, ": stored mail into mailbox ") : !ML_QUICK_SKIP(&q, &q.p, ": saved mail to "))
        return false;
    if (!sieve) type = MAILLOG_EVENT_DOVECOT_SAVED;
    if (ml_quick_find(&q, q.p, ':') < q.e) return false; /* another end of the ID? */
    ML_ROW(&q, MAILBOX, q.p, q.e);
    return ml_quick_event(out, &q, l->ev, type);
}

/* ---- all of them ---- */

static bool quick_dovecot(ml_quick *out, ml_line *l)
{
    ml_quick q = *out;
    const char *const service = q.p;
    const bool header_has_pid = q.next[-2].id == MAILLOG_FIELD_PID; /* in front of the message's row */
    ml_quick_grammar statement;
    uint8_t daemon;
    if (q.e - q.p < 24) return false;
    switch (ml_load32(q.p)) {
    case ML_WORD('i', 'm', 'a', 'p', 0, 0, 0, 0):
        q.p += 4;
        daemon = MAILLOG_DAEMON_DOVECOT_IMAP;
        statement = quick_session_end;
        if (ML_QUICK_SKIP(&q, &q.p, "-login: ")) {
            daemon = MAILLOG_DAEMON_DOVECOT_IMAP_LOGIN;
            statement = quick_login;
        }
        break;
    case ML_WORD('p', 'o', 'p', '3', 0, 0, 0, 0):
        q.p += 4;
        if (!ML_QUICK_SKIP(&q, &q.p, "-login: ")) return false;
        daemon = MAILLOG_DAEMON_DOVECOT_POP3_LOGIN;
        statement = quick_login;
        break;
    case ML_WORD('l', 'm', 't', 'p', 0, 0, 0, 0):
        q.p += 4;
        daemon = MAILLOG_DAEMON_DOVECOT_LMTP;
        statement = quick_stored;
        break;
    case ML_WORD('l', 'd', 'a', '(', 0, 0, 0, 0):
        q.p += 3;
        daemon = MAILLOG_DAEMON_DOVECOT_LDA;
        statement = quick_stored;
        break;
    default:
        return false;
    }
    if (statement != quick_login && (*q.p != '(' || !quick_user(&q, service, header_has_pid))) return false;
    if (!statement(&q, l)) return false;
    out->next = q.next;
    l->ev->daemon = daemon;
    return true;
}

#endif
