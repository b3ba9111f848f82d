/* postfix_screen.h: what postscreen, dnsblog and tlsproxy say of nearly every client. See quick.h; the grammar is
 * postfix_postscreen.c. */
#ifndef MAILLOG_QUICK_POSTFIX_SCREEN_H
#define MAILLOG_QUICK_POSTFIX_SCREEN_H

#include "postfix_other.h"

/* `N.N` at q->p, up to a text. */
ML_INLINE bool quick_elapsed(ml_quick *q, const char *behind, size_t n)
{
    const char *const elapsed = q->p, *const dot = quick_digits(q, elapsed), *const end = quick_digits(q, dot + 1);
    if (dot == elapsed || *dot != '.' || end == dot + 1 || !ml_quick_same(end, behind, n)) return false;
    ML_ROW(q, ELAPSED, elapsed, end);
    q->p = end + n;
    return true;
}
#define QUICK_ELAPSED(q, behind) quick_elapsed((q), behind, sizeof(behind) - 1)

/* All that is left, which is something. */
ML_INLINE bool quick_all_left(ml_quick *q, maillog_field_id id)
{
    if (q->p >= q->e) return false;
    ml_row(q, id, q->p, q->e);
    q->p = q->e;
    return true;
}

/* PREGREET N after T from CLIENT: DATA, HANGUP after T from CLIENT in PHASE; the event, or 0 */
ML_INLINE unsigned quick_test_failed(ml_quick *q)
{
    if (ML_QUICK_SKIP(&q->p, "HANGUP after "))
        return QUICK_ELAPSED(q, " from ") && quick_screened(q) && ML_QUICK_SKIP(&q->p, " in ") &&
                       quick_all_left(q, MAILLOG_FIELD_PHASE)
                   ? MAILLOG_EVENT_POSTFIX_HANGUP
                   : 0;
    return QUICK_NUMBER(q, "PREGREET ", BYTES) && ML_QUICK_SKIP(&q->p, " after ") && QUICK_ELAPSED(q, " from ") &&
                   quick_screened(q) && ML_QUICK_SKIP(&q->p, ": ") && quick_all_left(q, MAILLOG_FIELD_DATA)
               ? MAILLOG_EVENT_POSTFIX_PREGREET
               : 0;
}

/* CONNECT from CLIENT to [ADDR]:PORT, PASS OLD CLIENT, DNSBL rank N for CLIENT, DISCONNECT CLIENT, ALLOWLISTED CLIENT
 */
static bool quick_postscreen(ml_quick *out)
{
    ml_quick q = *out;
    maillog_event_type type;
    if (ML_QUICK_SKIP(&q.p, "CONNECT from ")) {
        type = MAILLOG_EVENT_POSTFIX_CONNECT;
        if (!quick_screened(&q) || !ML_QUICK_SKIP(&q.p, " to ")) return false;
        if (!quick_addr_port(&q, MAILLOG_FIELD_SERVER_ADDR, MAILLOG_FIELD_SERVER_PORT)) return false;
    } else if (ML_QUICK_SKIP(&q.p, "PASS ")) {
        type = MAILLOG_EVENT_POSTFIX_PASS;
        const char *const kind = q.p, *const end = ml_quick_find(&q, kind, ' ');
        if (end >= q.e || end == kind) return false;
        ML_ROW(&q, KIND, kind, end);
        q.p = end + 1;
        if (!quick_screened(&q)) return false;
    } else if (ML_QUICK_SKIP(&q.p, "DNSBL rank ")) {
        type = MAILLOG_EVENT_POSTFIX_DNSBL_RANK;
        const char *const rank = q.p, *const end = quick_digits(&q, rank);
        if (end == rank) return false;
        ML_ROW(&q, RANK, rank, end);
        q.p = end;
        if (!ML_QUICK_SKIP(&q.p, " for ") || !quick_screened(&q)) return false;
    } else if (ML_QUICK_SKIP(&q.p, "DISCONNECT ")) {
        type = MAILLOG_EVENT_POSTFIX_DISCONNECT;
        if (!quick_screened(&q)) return false;
    } else if (ML_QUICK_SKIP(&q.p, "ALLOWLISTED ") || ML_QUICK_SKIP(&q.p, "WHITELISTED ")) {
        type = MAILLOG_EVENT_POSTFIX_ALLOWLISTED;
        if (!quick_screened(&q)) return false;
    } else {
        type = (maillog_event_type)quick_test_failed(&q);
        if (!type) return false;
    }
    return q.p == q.e && ml_quick_event(out, &q, type);
}

/* NOQUEUE: reject: RCPT from CLIENT: …; from=<…>, to=<…>, proto=…, helo=<…> */
static bool quick_screen_noqueue(ml_quick *out) { return quick_refused(out, true); }

/* CONNECT from|to CLIENT, DISCONNECT CLIENT of tlsproxy's */
static bool quick_tlsproxy(ml_quick *out)
{
    ml_quick q = *out;
    maillog_event_type type = MAILLOG_EVENT_POSTFIX_DISCONNECT;
    if (ML_QUICK_SKIP(&q.p, "CONNECT ")) {
        const char *const dir = q.p, *const end = ml_quick_find(&q, dir, ' ');
        if (dir == end || end >= q.e) return false;
        ML_ROW(&q, DIR, dir, end);
        q.p = end + 1;
        type = MAILLOG_EVENT_POSTFIX_CONNECT;
    } else if (!ML_QUICK_SKIP(&q.p, "DISCONNECT ")) {
        return false;
    }
    return quick_screened(&q) && q.p == q.e && ml_quick_event(out, &q, type);
}

/* addr ADDR listed by domain ZONE as REPLY */
static bool quick_dnsblog(ml_quick *out)
{
    ml_quick q = *out;
    if (!ML_QUICK_SKIP(&q.p, "addr ")) return false;
    const char *const addr = q.p, *const addr_end = quick_find(&q, addr, ' ');
    q.p = addr_end;
    if (addr == addr_end || !ML_QUICK_SKIP(&q.p, " listed by domain ")) return false;
    const char *const zone = q.p, *const zone_end = quick_find(&q, zone, ' ');
    q.p = zone_end;
    if (zone == zone_end || !ML_QUICK_SKIP(&q.p, " as ")) return false;
    ML_ROW(&q, CLIENT_ADDR, addr, addr_end);
    ML_ROW(&q, ZONE, zone, zone_end);
    return quick_all_left(&q, MAILLOG_FIELD_REPLY) && ml_quick_event(out, &q, MAILLOG_EVENT_POSTFIX_DNSBL_LISTED);
}

#endif
