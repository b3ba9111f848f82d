/* postfix_qmgr.c: the queue manager, old and new. Source: qmgr_active.c, qmgr_message.c, qmgr_bounce.c, qmgr_deliver.c,
 * qmgr_entry.c, qmgr_transport.c of Postfix 2.11 to 3.11.
 * Remote-controlled: from (quoted in the external form), nexthop, text of a bad attribute record. */
#include "postfix_library.h"

ML_PATTERN_ROWS(maillog__postfix_qmgr_warnings) = {
    ROW1(TRANSPORT_FAILED, "%s: premature disconnect", PATH),
    ROW2(TRANSPORT_FAILED, "connect to transport %w: %s", PATH, ERROR),
    ROW0(QUEUE_CLOGGED, "lots of deferred mail, that is bad for performance"),
    ROW3(QUEUE_CLOGGED, "mail for %s is using up %d of %d active queue entries", NEXTHOP, USED, TOTAL),
    ROW1(MESSAGE_REJECTED, "message rejected: %s", ERROR),
    ROW0(QUEUE_CLOGGED, "please avoid flushing the whole queue when you have"),
    ROW0(QUEUE_CLOGGED, "so that Postfix quickly skips unavailable hosts"),
    ROW0(QUEUE_CLOGGED, "so that Postfix wastes less time on undeliverable mail"),
    ROW0(QUEUE_CLOGGED, "this may slow down other mail deliveries"),
    ROW1(TRANSPORT_FAILED, "timeout receiving delivery status from transport: %s", TRANSPORT),
    ROW1(QUEUE_CLOGGED, "to turn off these warnings specify: %w = 0", PARAM),
    ROW1(TRANSPORT_FAILED,
         "transport %w failure -- see a previous warning/fatal/panic logfile record for the problem description",
         TRANSPORT),
    ROW1(QUEUE_CLOGGED, "you may need a separate master.cf transport for %s", DOMAIN),
    ROW2(QUEUE_CLOGGED, "you may need to increase the main.cf %w from %d", PARAM, VALUE),
    ROW2(QUEUE_CLOGGED, "you may need to increase the main.cf %w and %w", PARAM, PARAM2),
    ROW1(QUEUE_CLOGGED, "you may need to increase the master.cf %w process limit", TRANSPORT),
    ROW1(QUEUE_CLOGGED, "you may need to reduce %w connect and helo timeouts", TRANSPORT),
};
ML_PATTERN_TABLE(maillog__postfix_qmgr_warnings);

/* The line was cut: what is left of it. */
static bool cut_line(ml_line *l, ml_cur c)
{
    l->ev->flags |= MAILLOG_FLAG_TRUNCATED;
    ml_put_rest(l, c);
    return true;
}

/* size=N, nrcpt=N[, newkey=…] (queue active), with parts that Postfix adds next year at any place: they are rest. */
static bool new_parts(ml_line *l, ml_cur c)
{
    ml_cur queue = c, item;
    if (!ML_DROP_END(&queue, ")") || !ML_UNTIL_LAST(&queue, " (", &c)) return false;
    do {
        if (!ML_UNTIL(l, &c, ", ", &item)) {
            item = c;
            c.p = c.e;
        }
        ml_cur v = item;
        if (ML_SKIP(&v, "size="))
            ml_put(l, MAILLOG_FIELD_SIZE, v);
        else if (ML_SKIP(&v, "nrcpt="))
            ml_put(l, MAILLOG_FIELD_NRCPT, v);
        else
            ml_put_rest(l, item);
    } while (!ml_empty(c));
    ml_put(l, MAILLOG_FIELD_QUEUE, queue);
    return true;
}

/* size=N, nrcpt=N (queue active) */
static bool sizes(ml_line *l, ml_cur c)
{
    ml_cur t = c, v, nrcpt, queue;
    if (ml_digits(&t, &v) && ML_SKIP(&t, ", nrcpt=") && ml_digits(&t, &nrcpt) && ML_SKIP(&t, " (") &&
        ml_until(l, &t, ')', &queue)) {
        ml_put(l, MAILLOG_FIELD_SIZE, v);
        ml_put(l, MAILLOG_FIELD_NRCPT, nrcpt);
        ml_put(l, MAILLOG_FIELD_QUEUE, queue);
        ml_put_rest(l, t);
        return true;
    }
    if (new_parts(l, ml_slice(c.p - (sizeof("size=") - 1), c.e))) return true;
    t = c;
    if (!ml_digits(&t, &v) || !ML_SKIP(&t, ", ")) return cut_line(l, c);
    ml_put(l, MAILLOG_FIELD_SIZE, v);
    c = t;
    if (!ML_SKIP(&t, "nrcpt=") || !ml_digits(&t, &v) || ml_empty(t)) return cut_line(l, c);
    ml_put(l, MAILLOG_FIELD_NRCPT, v);
    return cut_line(l, t);
}

/* from=<…>, size=N, nrcpt=N (queue active); from=<…>, status=expired, returned to sender. All that follows the
 * address is Postfix's own, so it ends at the last `>, size=` of the line, whatever it holds. */
static bool sender(ml_line *l, ml_cur c)
{
    ml_cur from, v;
    if (!ml_skip_char(&c, '<')) return false;
    if (ML_UNTIL_LAST(&c, ">, size=", &from)) {
        ml_put(l, MAILLOG_FIELD_FROM, from);
        return sizes(l, c) && ml_event(l, MAILLOG_EVENT_POSTFIX_QUEUE_ACTIVE);
    }
    if (ML_UNTIL_LAST(&c, ">, status=", &from)) {
        ml_put(l, MAILLOG_FIELD_FROM, from);
        const char *end = ml_find(l, c, ',');
        v = ml_slice(c.p, end ? end : c.e);
        c.p = v.e;
        ml_put_word(l, MAILLOG_FIELD_STATUS, v, maillog__word(v, MAILLOG_STATUS_SENT, MAILLOG_STATUS_SOFTBOUNCE));
        if (!ML_DROP_END(&c, ", returned to sender")) l->ev->flags |= MAILLOG_FLAG_TRUNCATED;
        ML_SKIP(&c, ", ");
        ml_put_rest(l, c);
        return ml_event(l, MAILLOG_EVENT_POSTFIX_EXPIRED);
    }
    c.p--;
    if (!maillog__angle(l, &c, ",", &from) || !ML_SKIP(&c, ", ")) return false;
    ml_put(l, MAILLOG_FIELD_FROM, from);
    return new_parts(l, c) && ml_event(l, MAILLOG_EVENT_POSTFIX_QUEUE_ACTIVE);
}

/* status=deferred (bounce failed) */
static bool bounce_failed(ml_line *l, ml_cur c)
{
    ml_cur v;
    if (!ML_SKIP(&c, "status=") || !ml_word(l, &c, &v) || !ML_SKIP(&c, " (")) return false;
    ml_put_word(l, MAILLOG_FIELD_STATUS, v, maillog__word(v, MAILLOG_STATUS_SENT, MAILLOG_STATUS_SOFTBOUNCE));
    ML_DROP_END(&c, ")");
    ml_put(l, MAILLOG_FIELD_REASON, c);
    return ml_event(l, MAILLOG_EVENT_POSTFIX_BOUNCE_FAILED);
}

bool maillog__postfix_qmgr(ml_line *l, ml_cur text, const ml_postfix *head)
{
    ml_cur c = text;
    if (head->severity) return maillog__match_patterns(l, &maillog__postfix_qmgr_warnings, text);
    if (!head->queue_id.p) return false;
    if (ML_IS(c, "removed")) return ml_event(l, MAILLOG_EVENT_POSTFIX_REMOVED);
    if (ML_SKIP(&c, "from=")) return sender(l, c);
    if (ML_IS(c, "skipped, still being delivered")) return ml_event(l, MAILLOG_EVENT_POSTFIX_SKIPPED);
    return bounce_failed(l, c) || maillog__postfix_delivery_line(l, c);
}
