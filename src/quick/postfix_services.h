/* postfix_services.h: the peaks of anvil and scache, mail from pickup, bounces; failed log-ins and handshakes. See
 * quick.h; the grammars are postfix_statistics.c, postfix_submit.c, postfix_bounce.c, postfix_smtpd_session.c and
 * postfix_tls.c. */
#ifndef MAILLOG_QUICK_POSTFIX_SERVICES_H
#define MAILLOG_QUICK_POSTFIX_SERVICES_H

#include "../base/token.h"
#include "text.h"

enum { QUICK_STAMP = sizeof "Jul 19 07:59:06" - 1 };

/* ` for (SERVICE:ADDR) at TIME`, where the service is a plain name or a port. */
ML_INLINE bool quick_peak_client(ml_quick *q)
{
    if (!ML_QUICK_SKIP(&q->p, " for (")) return false;
    const char *const service = q->p, *const colon = ml_quick_find(q, service, ':'), *const addr = colon + 1;
    if (addr >= q->e || !quick_is_letters(service, colon, '-', true)) return false;
    const char *const close = ml_quick_find(q, addr, ')');
    q->p = close;
    if (close >= q->e || !ML_QUICK_SKIP(&q->p, ") at ") || q->e - q->p != QUICK_STAMP) return false;
    ML_ROW(q, SERVICE, service, colon);
    ML_ROW(q, CLIENT_ADDR, addr, close);
    ML_ROW(q, PEAK_TIME, q->p, q->e);
    return true;
}

/* statistics: max KIND rate N/Ns for (SERVICE:ADDR) at TIME; … KIND count N for …; … cache size N at TIME; start
 * interval TIME */
static bool quick_statistics(ml_quick *out)
{
    ml_quick q = *out;
    if (ML_QUICK_SKIP(&q.p, "statistics: start interval ")) {
        ML_ROW(&q, START_TIME, q.p, q.e);
        return q.e - q.p == QUICK_STAMP && ml_quick_event(out, &q, MAILLOG_EVENT_POSTFIX_CACHE_INTERVAL);
    }
    if (!ML_QUICK_SKIP(&q.p, "statistics: max ")) return false;
    if (QUICK_NUMBER(&q, "cache size ", SIZE)) {
        if (!ML_QUICK_SKIP(&q.p, " at ") || q.e - q.p != QUICK_STAMP) return false;
        ML_ROW(&q, PEAK_TIME, q.p, q.e);
        return ml_quick_event(out, &q, MAILLOG_EVENT_POSTFIX_PEAK_CACHE);
    }
    const char *const kind = q.p, *const end = ml_quick_find(&q, kind, ' ');
    if (end >= q.e || end == kind) return false;
    ML_ROW(&q, KIND, kind, end);
    q.p = end;
    if (QUICK_NUMBER(&q, " count ", COUNT))
        return quick_peak_client(&q) && ml_quick_event(out, &q, MAILLOG_EVENT_POSTFIX_PEAK_COUNT);
    if (!QUICK_NUMBER(&q, " rate ", RATE) || !QUICK_NUMBER(&q, "/", INTERVAL) || !ML_QUICK_SKIP(&q.p, "s"))
        return false;
    return quick_peak_client(&q) && ml_quick_event(out, &q, MAILLOG_EVENT_POSTFIX_PEAK_RATE);
}

/* uid=N from=<…> */
static bool quick_pickup(ml_quick *out)
{
    ml_quick q = *out;
    if (!QUICK_NUMBER(&q, "uid=", UID) || !ML_QUICK_SKIP(&q.p, " from=<") || q.p >= q.e || q.e[-1] != '>') return false;
    ML_ROW(&q, FROM, q.p, q.e - 1);
    return ml_quick_event(out, &q, MAILLOG_EVENT_POSTFIX_PICKUP);
}

/* sender non-delivery notification: QUEUE-ID */
static bool quick_bounce(ml_quick *out)
{
    ml_quick q = *out;
    if (!ML_QUICK_SKIP(&q.p, "sender ")) return false;
    const char *const kind = q.p;
    if (!ML_QUICK_SKIP(&q.p, "non-delivery notification: ") && !ML_QUICK_SKIP(&q.p, "delay notification: "))
        return false;
    ML_ROW(&q, KIND, kind, q.p - sizeof "notification: ");
    if (!maillog__is_queue_id(ml_slice(q.p, q.e))) return false;
    ML_ROW(&q, NEW_QUEUE_ID, q.p, q.e);
    return ml_quick_event(out, &q, MAILLOG_EVENT_POSTFIX_SENDER_NOTIFICATION);
}

/* warning: CLIENT: SASL MECH authentication failed: REASON[, sasl_username=U] */
static bool quick_sasl_failed(ml_quick *out)
{
    ml_quick q = *out;
    const char *const warning = q.p;
    if (!ML_QUICK_SKIP(&q.p, "warning: ")) return false;
    ML_ROW_WORD(&q, SEVERITY, MAILLOG_SEVERITY_WARNING, warning, warning + 7);
    if (!quick_client(&q) || !ML_QUICK_SKIP(&q.p, ": SASL ")) return false;
    const char *const method = q.p;
    while (q.p < q.e && (ml_is_upper(*q.p) || ml_is_digit(*q.p) || *q.p == '-')) q.p++;
    const char *const method_end = q.p;
    if (method_end == method || method_end - method > 100 || !ML_QUICK_SKIP(&q.p, " authentication failed: "))
        return false;
    const char *const reason = q.p, *reason_end = q.e;
    if (QUICK_AT(reason, "Invalid authentication")) return false; /* repeats the client's words */
    ML_ROW(&q, SASL_METHOD, method, method_end);
    if (quick_has(&q, reason, '=')) {
        const char *const name = ML_FIND(q.l, ml_slice(reason, q.e), ", sasl_username=");
        if (name) reason_end = name;
    }
    ML_ROW(&q, REASON, reason, reason_end);
    if (reason_end < q.e) ML_ROW(&q, SASL_USERNAME, reason_end + sizeof ", sasl_username=" - 1, q.e);
    return ml_quick_event(out, &q, MAILLOG_EVENT_POSTFIX_SASL_FAILED);
}

/* SSL_accept error from CLIENT: ERROR */
static bool quick_handshake(ml_quick *out)
{
    ml_quick q = *out;
    if (!ML_QUICK_SKIP(&q.p, "SSL_accept error from ") || q.p >= q.e || *q.p == '[') return false;
    if (!quick_client(&q) || !ML_QUICK_SKIP(&q.p, ": ")) return false;
    ML_ROW(&q, ERROR, q.p, q.e);
    return ml_quick_event(out, &q, MAILLOG_EVENT_POSTFIX_TLS_HANDSHAKE_ERROR);
}

#endif
