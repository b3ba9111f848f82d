/* postfix_screen.h: what postscreen says of nearly every client. See quick.h; the grammar is postfix_postscreen.c. */
#ifndef MAILLOG_QUICK_POSTFIX_SCREEN_H
#define MAILLOG_QUICK_POSTFIX_SCREEN_H

#include "text.h"

/* `[addr]:port` at q->p. */
ML_INLINE bool quick_addr_port(ml_quick *q, maillog_field_id addr_id, maillog_field_id port_id)
{
    if (q->p >= q->e || *q->p != '[') return false;
    const char *const addr = q->p + 1, *const close = ml_quick_find(q, addr, ']');
    if (close + 2 >= q->e || close[1] != ':') return false;
    const char *const port = close + 2, *const end = quick_digits(q, port);
    if (port == end) return false;
    ml_row(q, addr_id, addr, close);
    ml_row(q, port_id, port, end);
    q->p = end;
    return true;
}

ML_INLINE bool quick_screened(ml_quick *q)
{
    return quick_addr_port(q, MAILLOG_FIELD_CLIENT_ADDR, MAILLOG_FIELD_CLIENT_PORT);
}

/* CONNECT from CLIENT to [ADDR]:PORT, PASS OLD CLIENT, DNSBL rank N for CLIENT, DISCONNECT CLIENT */
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
    } else {
        return false;
    }
    return q.p == q.e && ml_quick_event(out, &q, type);
}

#endif
