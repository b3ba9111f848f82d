/* postfix_delivery.h: what became of a message for one recipient. See quick.h; the grammar is postfix_delivery.c. */
#ifndef MAILLOG_QUICK_POSTFIX_DELIVERY_H
#define MAILLOG_QUICK_POSTFIX_DELIVERY_H

#include "quick.h"

/* `<…>` that holds no quoted local part; q->p is behind it. */
ML_INLINE bool quick_address(ml_quick *q, maillog_field_id id)
{
    if (q->e - q->p < 2 || *q->p != '<' || q->p[1] == '"') return false;
    const char *const close = ml_quick_find(q, q->p + 1, '>');
    if (close >= q->e) return false;
    ml_row(q, id, q->p + 1, close);
    q->p = close + 1;
    return true;
}

/* host[addr]:port, host[/path] or a word, up to a comma. */
ML_INLINE bool quick_relay(ml_quick *q)
{
    const char *const name = q->p, *const open = ml_quick_find_2(q, name, '[', ',');
    if (open >= q->e) return false;
    if (*open == ',') {
        ML_ROW(q, RELAY, name, open);
        q->p = open;
        return true;
    }
    const char *const addr = open + 1, *const close = ml_quick_find_2(q, addr, ']', ',');
    if (close + 1 >= q->e || *close != ']' || ml_quick_find(q, name, ' ') < open) return false;
    ML_ROW(q, RELAY_NAME, name, open);
    q->p = close + 1;
    if (*q->p == ':') {
        const char *const port = q->p + 1;
        q->p = ml_quick_digits(port, q->e);
        if (q->p == port) return false;
        ML_ROW(q, RELAY_ADDR, addr, close);
        ML_ROW(q, RELAY_PORT, port, q->p);
    } else {
        const bool path = ml_quick_find_2(q, addr, '/', ']') < close;
        ml_row(q, path ? MAILLOG_FIELD_RELAY_PATH : MAILLOG_FIELD_RELAY_ADDR, addr, close);
    }
    return q->p < q->e && *q->p == ',';
}

/* `delay=D, delays=a/b/c/d, dsn=X, status=` at q->p, of which commas and slashes are found in one window. */
ML_INLINE bool quick_times(ml_quick *q)
{
    const char *const at = q->p;
    const ml_window w = ml_quick_window(q, at);
    uint64_t commas = ml_window_mask(&w, ','), slashes = ml_window_mask(&w, '/');
    if (!commas || !ML_QUICK_SKIP(q, &q->p, "delay=")) return false;
    const char *const delay = q->p, *const delay_end = at + ml_first(commas);
    q->p = delay_end;
    if (delay_end < delay || !ML_QUICK_SKIP(q, &q->p, ", delays=")) return false;
    ML_ROW(q, DELAY, delay, delay_end);

    commas &= commas - 1;
    if (!commas) return false;
    const char *const delays = q->p, *const delays_end = at + ml_first(commas);
    if (delays_end < delays) return false;
    slashes &= ~UINT64_C(0) << (delays - at);
    const uint64_t second = slashes & (slashes - 1), third = second & (second - 1);
    if (!third) return false;
    const char *const s1 = at + ml_first(slashes), *const s2 = at + ml_first(second), *const s3 = at + ml_first(third);
    if (s3 >= delays_end) return false;
    ML_ROW(q, DELAY_BEFORE_QMGR, delays, s1);
    ML_ROW(q, DELAY_IN_QMGR, s1 + 1, s2);
    ML_ROW(q, DELAY_CONN_SETUP, s2 + 1, s3);
    ML_ROW(q, DELAY_TRANSMISSION, s3 + 1, delays_end);

    q->p = delays_end;
    if (!ML_QUICK_SKIP(q, &q->p, ", dsn=")) return false;
    const char *const dsn = q->p, *const dsn_end = ml_quick_find(q, dsn, ',');
    if (dsn_end >= q->e) return false;
    ML_ROW(q, DSN, dsn, dsn_end);
    q->p = dsn_end;
    return ML_QUICK_SKIP(q, &q->p, ", status=");
}

/* `sent (REPLY)` up to the end. */
ML_INLINE bool quick_status(ml_line *l, ml_quick *q)
{
    const char *const status = q->p;
    unsigned word;
    if (ML_QUICK_SKIP(q, &q->p, "sent ("))
        word = MAILLOG_STATUS_SENT;
    else if (ML_QUICK_SKIP(q, &q->p, "deferred ("))
        word = MAILLOG_STATUS_DEFERRED;
    else if (ML_QUICK_SKIP(q, &q->p, "bounced ("))
        word = MAILLOG_STATUS_BOUNCED;
    else
        return false;
    if (q->p >= q->e || q->e[-1] != ')') return false;
    ML_ROW_WORD(q, STATUS, word, status, q->p - 2);
    ML_ROW(q, REPLY, q->p, q->e - 1);
    /* a recipient that imitates Postfix's own words is for the grammar */
    const char *const close = ml_quick_find(q, q->p, '>');
    return close >= q->e || !ML_FIND(l, ml_slice(close, q->e), ">, relay=");
}

/* to=<…>, [orig_to=<…>, ]relay=…, [conn_use=N, ]delay=…, delays=…, dsn=…, status=… (…) */
static bool quick_delivery(ml_quick *out, ml_line *l)
{
    ml_quick q = *out;
    if (!ML_QUICK_SKIP(&q, &q.p, "to=") || !quick_address(&q, MAILLOG_FIELD_TO)) return false;
    if (ML_QUICK_SKIP(&q, &q.p, ", orig_to=") && !quick_address(&q, MAILLOG_FIELD_ORIG_TO)) return false;
    if (!ML_QUICK_SKIP(&q, &q.p, ", relay=") || !quick_relay(&q) || !ML_QUICK_SKIP(&q, &q.p, ", ")) return false;
    if (ML_QUICK_SKIP(&q, &q.p, "conn_use=")) {
        const char *const uses = q.p;
        q.p = ml_quick_digits(uses, q.e);
        ML_ROW(&q, CONN_USE, uses, q.p);
        if (!ML_QUICK_SKIP(&q, &q.p, ", ")) return false;
    }
    if (!quick_times(&q) || !quick_status(l, &q)) return false;
    return ml_quick_event(out, &q, l->ev, MAILLOG_EVENT_POSTFIX_DELIVERY);
}

#endif
