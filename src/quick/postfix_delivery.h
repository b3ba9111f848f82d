/* postfix_delivery.h: what became of a message for one recipient. See quick.h; the grammar is postfix_delivery.c. */
#ifndef MAILLOG_QUICK_POSTFIX_DELIVERY_H
#define MAILLOG_QUICK_POSTFIX_DELIVERY_H

#include "text.h"

/* The name of a relay ends at its `[`, a word at its comma; at or behind the end: with a blank in it, or none of both.
 */
ML_INLINE const char *quick_relay_end(const ml_quick *q, const char *p)
{
    const uint64_t ends = ml_mask_32(p, '[', ','), blanks = ml_mask_32(p, ' ', ' ');
    if (ML_MOSTLY(ends)) return blanks & (ends - 1) & ~ends ? q->e : p + ml_first(ends);
    const char *const end = ml_quick_find_2(q, p, '[', ',');
    return ml_quick_find(q, p, ' ') < end ? q->e : end;
}

/* host[addr]:port, host[/path] or a word, up to a comma. */
ML_INLINE bool quick_relay(ml_quick *q)
{
    const char *const name = q->p, *const open = quick_relay_end(q, name);
    if (*open == ',') {
        if (open >= q->e) return false;
        ML_ROW(q, RELAY, name, open);
        q->p = open;
        return true;
    }
    const char *const addr = open + 1, *const close = ml_quick_find_2(q, addr, ']', ',');
    if (close + 1 >= q->e || *close != ']') return false;
    ML_ROW(q, RELAY_NAME, name, open);
    q->p = close + 1;
    if (*q->p == ':') {
        const char *const port = q->p + 1;
        q->p = quick_digits(q, port);
        if (q->p == port) return false;
        ML_ROW(q, RELAY_ADDR, addr, close);
        ML_ROW(q, RELAY_PORT, port, q->p);
    } else {
        const bool path = ml_quick_find_2(q, addr, '/', ']') < close;
        ml_row(q, path ? MAILLOG_FIELD_RELAY_PATH : MAILLOG_FIELD_RELAY_ADDR, addr, close);
    }
    return true;
}

/* `D, delays=a/b/c/d, dsn=X, status=` at q->p: four delays of Postfix's fit into 32 bytes. */
ML_WRAPS ML_INLINE bool quick_times(ml_quick *q)
{
    const char *const delay = q->p, *const delay_end = ml_quick_find(q, delay, ','), *const delays = delay_end + 9;
    if (!QUICK_AT(delay_end + 1, " delays=")) return false;
    const uint64_t first = ml_mask_32(delays, '/', '/'), second = first & (first - 1), third = second & (second - 1);
    const uint64_t commas = ml_mask_32(delays, ',', ',');
    if (!third || !commas) return false;
    const char *const s1 = delays + ml_first(first), *const s2 = delays + ml_first(second);
    const char *const s3 = delays + ml_first(third), *const delays_end = delays + ml_first(commas);
    if (s3 >= delays_end || !QUICK_AT(delays_end, ", dsn=")) return false;
    const char *const dsn = delays_end + 6, *const dsn_end = ml_quick_find(q, dsn, ',');
    if (dsn_end >= q->e || !QUICK_AT(dsn_end + 1, " status=")) return false;
    ML_ROW(q, DELAY, delay, delay_end);
    ML_ROW(q, DELAY_BEFORE_QMGR, delays, s1);
    ML_ROW(q, DELAY_IN_QMGR, s1 + 1, s2);
    ML_ROW(q, DELAY_CONN_SETUP, s2 + 1, s3);
    ML_ROW(q, DELAY_TRANSMISSION, s3 + 1, delays_end);
    ML_ROW(q, DSN, dsn, dsn_end);
    q->p = dsn_end + 9;
    return true;
}

/* `sent (REPLY)` up to the end. */
ML_INLINE bool quick_status(ml_quick *q)
{
    const char *const status = q->p;
    if (QUICK_AT(status, "sent (")) {
        ML_ROW_WORD(q, STATUS, MAILLOG_STATUS_SENT, status, status + 4);
        q->p += 6;
    } else if (QUICK_AT(status, "deferred (")) {
        ML_ROW_WORD(q, STATUS, MAILLOG_STATUS_DEFERRED, status, status + 8);
        q->p += 10;
    } else if (QUICK_AT(status, "bounced (")) {
        ML_ROW_WORD(q, STATUS, MAILLOG_STATUS_BOUNCED, status, status + 7);
        q->p += 9;
    } else {
        return false;
    }
    if (q->p >= q->e || q->e[-1] != ')') return false;
    ML_ROW(q, REPLY, q->p, q->e - 1);
    /* a recipient that imitates Postfix's own words is for the grammar */
    return !quick_has(q, q->p, '=') || !ML_FIND(q->l, ml_slice(q->p, q->e), ">, relay=");
}

/* to=<…>, [orig_to=<…>, ]relay=…, [conn_use=N, ]delay=…, delays=…, dsn=…, status=… (…) */
static bool quick_delivery(ml_quick *out)
{
    ml_quick q = *out;
    if (!QUICK_AT(q.p, "to=<")) return false;
    q.p += 4;
    const char *close = quick_angle_end(&q, q.p);
    if (!close) return false;
    ML_ROW(&q, TO, q.p, close);
    if (!QUICK_AT(close + 1, ", relay=")) {
        if (!QUICK_AT(close + 1, ", orig_to=<")) return false;
        q.p = close + 12;
        close = quick_angle_end(&q, q.p);
        if (!close || !QUICK_AT(close + 1, ", relay=")) return false;
        ML_ROW(&q, ORIG_TO, q.p, close);
    }
    q.p = close + 9;
    if (!quick_relay(&q)) return false;
    if (!QUICK_AT(q.p, ", delay=")) {
        if (!QUICK_AT(q.p, ", conn_use=")) return false;
        const char *const uses = q.p + 11;
        q.p = quick_digits(&q, uses);
        if (q.p <= uses || !QUICK_AT(q.p, ", delay=")) return false;
        ML_ROW(&q, CONN_USE, uses, q.p);
    }
    q.p += 8;
    if (!quick_times(&q) || !quick_status(&q)) return false;
    return ml_quick_event(out, &q, MAILLOG_EVENT_POSTFIX_DELIVERY);
}

#endif
