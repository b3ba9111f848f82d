/* postfix_delivery.c: `to=<…>, relay=…, delay=…, delays=a/b/c/d, dsn=…, status=… (…)` of smtp, lmtp, local, virtual,
 * pipe, error, discard (log_adhoc.c of Postfix 2.3 to 3.11). Remote-controlled: the text in the last parentheses. */
#include "postfix.h"

static bool delays(ml_line *l, ml_cur v)
{
    static const uint16_t part[] = {MAILLOG_FIELD_DELAY_BEFORE_QMGR, MAILLOG_FIELD_DELAY_IN_QMGR,
                                    MAILLOG_FIELD_DELAY_CONN_SETUP};
    ml_cur item;
    for (size_t i = 0; i < 3; i++) {
        if (!ml_until(l, &v, '/', &item)) return false;
        ml_put(l, (maillog_field_id)part[i], item);
    }
    ml_put(l, MAILLOG_FIELD_DELAY_TRANSMISSION, v);
    return true;
}

static bool relay(ml_line *l, ml_cur v)
{
    ml_cur t = v;
    if (maillog__put_relay(l, &t) && ml_empty(t)) return true;
    ml_put(l, MAILLOG_FIELD_RELAY, v);
    return true;
}

/* `sent (250 2.0.0 Ok: queued as X)`: the reply is all between the first " (" and the last ')' of the line. */
static bool status(ml_line *l, ml_cur c)
{
    ml_cur word;
    if (!ml_word(l, &c, &word)) return false;
    ml_put_word(l, MAILLOG_FIELD_STATUS, word, maillog__word(word, MAILLOG_STATUS_SENT, MAILLOG_STATUS_SOFTBOUNCE));
    if (!ML_SKIP(&c, " (")) {
        ml_put_rest(l, c);
        return true;
    }
    if (!ML_DROP_END(&c, ")")) l->ev->flags |= MAILLOG_FLAG_TRUNCATED;
    ml_put(l, MAILLOG_FIELD_REPLY, c);
    return true;
}

/* One `key=value` of the list between the recipient and the status. */
static bool item(ml_line *l, ml_cur key, ml_cur value)
{
    if (ML_IS(key, "relay")) return relay(l, value);
    if (ML_IS(key, "delay")) return ml_put(l, MAILLOG_FIELD_DELAY, value), true;
    if (ML_IS(key, "delays")) return delays(l, value);
    if (ML_IS(key, "dsn")) return ml_put(l, MAILLOG_FIELD_DSN, value), true;
    if (ML_IS(key, "conn_use")) return ml_put(l, MAILLOG_FIELD_CONN_USE, value), true;
    if (ML_IS(key, "tls")) return ml_put(l, MAILLOG_FIELD_TLS, value), true;
    return false;
}

bool maillog__postfix_delivery_line(ml_line *l, ml_cur c)
{
    maillog_field *const mark = ml_mark(l);
    ml_cur v, key;
    if (!ML_SKIP(&c, "to=") || !maillog__angle(l, &c, ",", &v)) return false;
    ml_put(l, MAILLOG_FIELD_TO, v);
    if (ML_SKIP(&c, ", orig_to=")) {
        if (!maillog__angle(l, &c, ",", &v)) return ml_fail(l, mark);
        ml_put(l, MAILLOG_FIELD_ORIG_TO, v);
    }
    while (ML_SKIP(&c, ", ")) {
        if (ML_SKIP(&c, "status=")) return status(l, c) && ml_event(l, MAILLOG_EVENT_POSTFIX_DELIVERY);
        const char *comma = ML_FIND(l, c, ", ");
        v = ml_slice(c.p, comma ? comma : c.e);
        c.p = v.e;
        if (!ml_until(l, &v, '=', &key) || !item(l, key, v)) break;
    }
    return ml_fail(l, mark);
}

bool maillog__postfix_delivery(ml_line *l, ml_cur text, const ml_postfix *head)
{
    return head->queue_id.p && maillog__postfix_delivery_line(l, text);
}
