/* dovecot.h: log-ins, the end of sessions and what was stored. See quick.h; the grammars are dovecot.c,
 * dovecot_login.c, dovecot_session.c, dovecot_delivery.c and dovecot_sieve.c. */
#ifndef MAILLOG_QUICK_DOVECOT_H
#define MAILLOG_QUICK_DOVECOT_H

#include "text.h"

/* ---- SERVICE(USER)<PID><SESSION>: ---- */

/* From the '(' on; `name` is the service's. A user with a comma, or that may be a number, is for the grammar. */
ML_INLINE bool quick_user(ml_quick *q, const char *name, bool header_has_pid)
{
    const char *const user = q->p + 1, *const close = quick_find_2(q, user, ')', ',');
    if (close >= q->e || *close != ')' || ml_is_digit(*user)) return false;
    ML_ROW(q, SERVICE, name, q->p);
    ML_ROW(q, USER, user, close);
    q->p = close + 1;
    if (*q->p == '<') {
        const char *const pid = q->p + 1, *const pid_end = quick_digits(q, pid);
        if (pid_end == pid || !QUICK_AT(pid_end, "><")) return false;
        const char *const session = pid_end + 2, *const end = quick_find(q, session, '>');
        if (end >= q->e || session == end) return false;
        ml_row(q, header_has_pid ? MAILLOG_FIELD_CHILD_PID : MAILLOG_FIELD_PID, pid, pid_end);
        ML_ROW(q, SESSION, session, end);
        q->p = end + 1;
        return ML_QUICK_SKIP(&q->p, ": ");
    }
    /* of old; or the user's name goes on, up to `)<PID><SESSION>: ` */
    if (!ML_QUICK_SKIP(&q->p, ": ")) return false;
    for (const char *p = q->p; p < q->e; p += ML_VEC) {
        const uint64_t ends = ml_hits(p, ')') & ml_hits(p + 1, '<');
        if (ends) return p + (ml_first(ends) >> ML_HIT_SHIFT) + 1 >= q->e;
    }
    return true;
}

/* ---- MESSAGE: user=<U>, method=M, rip=A, lip=A, mpid=N, TLS, session=<S> ---- */

/* Where a comma or a '>' is in the 64 bytes from `at` on; those that were taken are out of it. */
typedef struct quick_elements {
    const char *at;
    uint64_t ends;
} quick_elements;

/* `, key=value` up to the next comma; false: it is not there, or holds a '>', which might be the user's. */
ML_INLINE bool quick_element(ml_quick *q, quick_elements *el, const char *lit, size_t n, maillog_field_id id)
{
    if (!ml_quick_same(q->p, lit, n)) return false;
    const char *const value = q->p + n, *end;
    if (ML_VEC < 32) { /* less than looking at 64 bytes */
        end = ml_quick_find_2(q, value, ',', '>');
    } else {
        if (ML_RARELY(!el->ends)) {
            el->at = value;
            el->ends = ml_mask_64(value, ',') | ml_mask_64(value, '>');
            if (!el->ends) return false;
        }
        end = el->at + ml_first(el->ends);
        el->ends &= el->ends - 1;
    }
    if (end >= q->e || *end != ',') return false;
    ml_row(q, id, value, end);
    q->p = end;
    return true;
}
#define QUICK_ELEMENT(q, el, lit, NAME) quick_element((q), (el), lit, sizeof(lit) - 1, MAILLOG_FIELD_##NAME)

/* `(auth failed, N attempts in N secs)` or `(no auth attempts in N secs)`: the rows, from the `(` on. */
ML_INLINE bool quick_attempts(ml_quick *q)
{
    maillog_field *const row = q->next++;
    const char *const detail = q->p + 1;
    if (QUICK_NUMBER(q, "(auth failed, ", ATTEMPTS) ? !QUICK_NUMBER(q, " attempts in ", SECONDS)
                                                    : !QUICK_NUMBER(q, "(no auth attempts in ", SECONDS))
        return false;
    if (!ML_QUICK_SKIP(&q->p, " secs)")) return false;
    ml_quick detail_row = *q;
    detail_row.next = row;
    ML_ROW(&detail_row, REASON_DETAIL, detail, q->p - 1);
    return true;
}

/* `REASON (` at q->p, where the reason holds neither a parenthesis nor a colon. */
ML_INLINE bool quick_abort_reason(ml_quick *q)
{
    const char *const reason = q->p, *const open = ml_quick_find_2(q, reason, '(', ':');
    if (open >= q->e || *open != '(' || open - reason < 2 || open[-1] != ' ') return false;
    ML_ROW(q, REASON, reason, open - 1);
    q->p = open;
    return true;
}

/* What was said: `Login`, `Logged in`, `Aborted login (…)`, `Disconnected[: REASON] (…)`, `Login aborted: REASON (…)
 * (CODE)`; the event, or 0. */
ML_INLINE unsigned quick_login_message(ml_quick *q)
{
    if (ML_QUICK_SKIP(&q->p, "Login: ") || ML_QUICK_SKIP(&q->p, "Logged in: ")) return MAILLOG_EVENT_DOVECOT_LOGIN;
    const bool has_code = ML_QUICK_SKIP(&q->p, "Login aborted: ");
    if (has_code || ML_QUICK_SKIP(&q->p, "Disconnected: ") || QUICK_AT(q->p, "Aborted login (")) {
        if (!quick_abort_reason(q)) return 0;
    } else if (!ML_QUICK_SKIP(&q->p, "Disconnected ")) {
        return 0;
    }
    if (!quick_attempts(q)) return 0;
    if (has_code) {
        const char *const code = q->p + 2;
        if (!ML_QUICK_SKIP(&q->p, " (")) return 0;
        while (q->p < q->e && (ml_is_lower(*q->p) || *q->p == '_')) q->p++;
        if (q->p == code) return 0;
        ML_ROW(q, REASON_CODE, code, q->p);
        if (!ML_QUICK_SKIP(&q->p, ")")) return 0;
    }
    return ML_QUICK_SKIP(&q->p, ": ") ? MAILLOG_EVENT_DOVECOT_LOGIN_ABORTED : 0;
}

ML_INLINE bool quick_login(ml_quick *out)
{
    ml_quick q = *out;
    const unsigned event = quick_login_message(&q);
    if (!event || !QUICK_AT(q.p, "user=<")) return false;
    /* no other '>' behind it but that of the session, and nothing behind that */
    const char *const user = q.p + 6, *const close = quick_find(&q, user, '>');
    if (close >= q.e) return false;
    ML_ROW(&q, USER, user, close);
    q.p = close + 1;
    quick_elements el = {NULL, 0};
    (void)QUICK_ELEMENT(&q, &el, ", method=", METHOD);
    if (!QUICK_ELEMENT(&q, &el, ", rip=", RIP) || !QUICK_ELEMENT(&q, &el, ", lip=", LIP)) return false;
    (void)QUICK_ELEMENT(&q, &el, ", mpid=", MPID);
    if (ML_QUICK_SKIP(&q.p, ", TLS,"))
        ML_ROW(&q, SECURED, q.p - 4, q.p - 1);
    else if (ML_QUICK_SKIP(&q.p, ", secured,"))
        ML_ROW(&q, SECURED, q.p - 8, q.p - 1);
    else if (!ML_QUICK_SKIP(&q.p, ","))
        return false;
    if (!ML_QUICK_SKIP(&q.p, " session=<") || quick_find_2(&q, q.p, ',', '>') != q.e - 1 || q.e[-1] != '>')
        return false;
    ML_ROW(&q, SESSION, q.p, q.e - 1);
    return ml_quick_event(out, &q, (maillog_event_type)event);
}

/* ---- [Disconnected: ]REASON[ (STATE)] in=N out=N deleted=N … ---- */

/* The first parenthesis of the reason, where there is one pair, at its end. */
ML_INLINE const char *quick_state(const ml_quick *q, const char *e)
{
    const char *const open = ml_quick_find_2(q, q->p, '(', ')');
    if (open >= e || *open != '(' || open == q->p || open[-1] != ' ') return NULL;
    return ml_quick_find_2(q, open + 1, '(', ')') == e - 1 ? open : NULL;
}

/* `REASON[ (STATE)]`, up to the blank before the counts. */
ML_INLINE bool quick_end_reason(ml_quick *q, bool disconnected)
{
    if (QUICK_AT(q->p, "Logged out in=")) {
        ML_ROW(q, REASON, q->p, q->p + 10);
        q->p += 10;
        return true;
    }
    const char *const equal = ml_quick_find(q, q->p, '='), *const e = equal - 3;
    if (equal >= q->e || e <= q->p || *e != ' ' || ml_quick_find(q, q->p, ':') < e) return false;
    if (!disconnected && !QUICK_AT(q->p, "Logged out") && !QUICK_AT(q->p, "Connection closed")) return false;
    if (e[-1] == ')') {
        const char *const state = quick_state(q, e);
        if (!state) return false;
        ML_ROW(q, REASON, q->p, state - 1);
        ML_ROW(q, STATE, state + 1, e - 1);
    } else {
        ML_ROW(q, REASON, q->p, e);
    }
    q->p = e;
    return true;
}

/* ` deleted=N expunged=N trashed=N`, or what there is of it; most sessions delete nothing. False: no ` deleted=`. */
ML_INLINE bool quick_deleted(ml_quick *q)
{
    const char *const p = q->p;
    if (QUICK_AT(p, " deleted=0 expunged=0 trashed=0 ")) {
        ML_ROW(q, DELETED, p + 9, p + 10);
        ML_ROW(q, EXPUNGED, p + 20, p + 21);
        ML_ROW(q, TRASHED, p + 30, p + 31);
        q->p += 31;
        return true;
    }
    if (!QUICK_NUMBER(q, " deleted=", DELETED)) return false;
    (void)QUICK_NUMBER(q, " expunged=", EXPUNGED);
    (void)QUICK_NUMBER(q, " trashed=", TRASHED);
    return true;
}

/* ` hdr_count=N hdr_bytes=N body_count=N body_bytes=N`, or what there is of it. */
ML_INLINE void quick_fetched(ml_quick *q)
{
    quick_numbers n = {NULL, 0};
    if (!QUICK_COUNT(q, &n, " hdr_count=", HDR_COUNT)) {
        (void)QUICK_COUNT(q, &n, " appended=", APPENDED);
        (void)QUICK_COUNT(q, &n, " hdr_count=", HDR_COUNT);
    }
    (void)QUICK_COUNT(q, &n, " hdr_bytes=", HDR_BYTES);
    const char *const p = q->p;
    if (QUICK_AT(p, " body_count=0 body_bytes=0") && q->e - p == 26) {
        ML_ROW(q, BODY_COUNT, p + 12, p + 13);
        ML_ROW(q, BODY_BYTES, p + 25, p + 26);
        q->p += 26;
        return;
    }
    (void)QUICK_COUNT(q, &n, " body_count=", BODY_COUNT);
    (void)QUICK_COUNT(q, &n, " body_bytes=", BODY_BYTES);
}

/* The counts in the order of imap_logout_format's default. */
ML_INLINE bool quick_session_end(ml_quick *out)
{
    ml_quick q = *out;
    const bool disconnected = ML_QUICK_SKIP(&q.p, "Disconnected: ");
    if (!quick_end_reason(&q, disconnected) || !QUICK_NUMBER(&q, " in=", IN) || !QUICK_NUMBER(&q, " out=", OUT))
        return false;
    if (quick_deleted(&q)) quick_fetched(&q);
    return q.p == q.e && ml_quick_event(out, &q, MAILLOG_EVENT_DOVECOT_SESSION_END);
}

/* ---- [sieve: ]msgid=<…>: STATEMENT ---- */

/* The first '>', '<' or blank of the ID; at or behind the end: there is none. */
ML_INLINE const char *quick_id_end(const ml_quick *q, const char *p)
{
    for (; p < q->e; p += ML_VEC) {
        const uint64_t hits = ml_hits_2(p, '>', ' ') | ml_hits(p, '<');
        if (hits) return p + (ml_first(hits) >> ML_HIT_SHIFT);
    }
    return p;
}

/* `NAME action: ` (since Pigeonhole 0.5.9) */
ML_INLINE bool quick_sieve_action(ml_quick *q)
{
    const char *const name = q->p, *const end = quick_find(q, name, ' ');
    q->p = end;
    if (end == name || end >= q->e || !ML_QUICK_SKIP(&q->p, " action: ")) return false;
    for (const char *p = name; p < end; p++)
        if (!ml_is_lower(*p) && *p != '_' && *p != '-') return false;
    ML_ROW(q, SIEVE_ACTION, name, end);
    return true;
}

/* What `discard` says, in three looks. */
ML_INLINE bool quick_is_discard(const char *p, const char *e)
{
    return e - p == 75 && QUICK_AT(p, "Marked message to be discarded i") &&
           QUICK_AT(p + 32, "f not explicitly delivered (disc") && QUICK_AT(p + 64, "ard action)");
}

ML_INLINE bool quick_stored(ml_quick *out)
{
    enum { ID_MAX = 190 }; /* below what Dovecot cuts */
    ml_quick q = *out;
    const bool sieve = ML_QUICK_SKIP(&q.p, "sieve: ");
    if (!ML_QUICK_SKIP(&q.p, "msgid=<")) return false;
    const char *const id = q.p, *const close = quick_id_end(&q, id);
    if (close >= q.e || *close != '>' || close - id > ID_MAX) return false;
    ML_ROW(&q, MESSAGE_ID, id - 1, close + 1);
    q.p = close + 1;
    maillog_event_type type = MAILLOG_EVENT_DOVECOT_STORED;
    if (!ML_QUICK_SKIP(&q.p, ": ")) return false;
    if (!sieve) {
        if (!ML_QUICK_SKIP(&q.p, "saved mail to ")) return false;
        type = MAILLOG_EVENT_DOVECOT_SAVED;
    } else if (!ML_QUICK_SKIP(&q.p, "stored mail into mailbox ")) {
        if (!quick_sieve_action(&q)) return false;
        if (quick_is_discard(q.p, q.e)) return ml_quick_event(out, &q, MAILLOG_EVENT_DOVECOT_DISCARDED);
        if (!ML_QUICK_SKIP(&q.p, "stored mail into mailbox ")) return false;
    }
    if (quick_has(&q, q.p, ':')) return false; /* another end of the ID? */
    ML_ROW(&q, MAILBOX, q.p, q.e);
    return ml_quick_event(out, &q, type);
}

/* ---- lmtp(PID): Connect from CLIENT, Disconnect from CLIENT: REASON (state=STATE) ---- */

static bool quick_lmtp_connection(ml_quick *out, bool header_has_pid)
{
    ml_quick q = *out;
    const char *const pid = q.p + 1;
    q.p = quick_digits(&q, pid);
    if (q.p <= pid || !ML_QUICK_SKIP(&q.p, "): ")) return false;
    if (quick_has(&q, q.p, '<')) return false; /* another end of the parentheses? */
    ml_row(&q, header_has_pid ? MAILLOG_FIELD_CHILD_PID : MAILLOG_FIELD_PID, pid, q.p - 3);
    if (ML_QUICK_SKIP(&q.p, "Connect from ")) {
        ML_ROW(&q, CLIENT, q.p, q.e);
        return ml_quick_event(out, &q, MAILLOG_EVENT_DOVECOT_CONNECT);
    }
    if (!ML_QUICK_SKIP(&q.p, "Disconnect from ")) return false;
    const char *const client = q.p, *const colon = ml_quick_find(&q, client, ':'), *const reason = colon + 2;
    if (reason >= q.e || colon[1] != ' ') return false;
    const char *const open = ml_quick_find(&q, reason, '('), *const state = open + 7;
    if (open < reason + 2 || !QUICK_AT(open - 1, " (state=") || state >= q.e) return false;
    if (ml_quick_find_2(&q, state, ')', '(') != q.e - 1 || q.e[-1] != ')') return false;
    ML_ROW(&q, CLIENT, client, colon);
    ML_ROW(&q, REASON, reason, open - 1);
    ML_ROW(&q, STATE, state, q.e - 1);
    return ml_quick_event(out, &q, MAILLOG_EVENT_DOVECOT_DISCONNECT);
}

/* ---- the services ---- */

/* The last thing a quick grammar of Dovecot does: whose event it is, the tag does not say. */
ML_INLINE bool quick_dovecot_event(ml_quick *out, const ml_quick *q, maillog_daemon daemon)
{
    out->next = q->next;
    out->head = q->head | (uint32_t)daemon << 16;
    return true;
}

/* Whether the header has a pid: its row is in front of the message's. */
ML_INLINE bool quick_has_pid(const ml_quick *q) { return q->next[-2].id == MAILLOG_FIELD_PID; }

/* imap-login: …, pop3-login: … */
static bool quick_login_service(ml_quick *out)
{
    ml_quick q = *out;
    const bool imap = *q.p == 'i';
    q.p += 4;
    if (!ML_QUICK_SKIP(&q.p, "-login: ") || !quick_login(&q)) return false;
    return quick_dovecot_event(out, &q, imap ? MAILLOG_DAEMON_DOVECOT_IMAP_LOGIN : MAILLOG_DAEMON_DOVECOT_POP3_LOGIN);
}

/* imap(USER)…: … */
static bool quick_imap(ml_quick *out)
{
    ml_quick q = *out;
    const char *const service = q.p;
    q.p += 4;
    if (*q.p != '(' || !quick_user(&q, service, quick_has_pid(&q)) || !quick_session_end(&q)) return false;
    return quick_dovecot_event(out, &q, MAILLOG_DAEMON_DOVECOT_IMAP);
}

/* lmtp(USER)…: …, lda(USER)…: …, lmtp(PID): … */
static bool quick_delivery_service(ml_quick *out)
{
    ml_quick q = *out;
    const char *const service = q.p;
    const bool lmtp = service[1] == 'm';
    q.p += lmtp ? 4 : 3;
    if (*q.p != '(') return false;
    if (lmtp && ml_is_digit(q.p[1])) {
        if (!quick_lmtp_connection(&q, quick_has_pid(&q))) return false;
    } else if (!quick_user(&q, service, quick_has_pid(&q)) || !quick_stored(&q)) {
        return false;
    }
    return quick_dovecot_event(out, &q, lmtp ? MAILLOG_DAEMON_DOVECOT_LMTP : MAILLOG_DAEMON_DOVECOT_LDA);
}

#endif
