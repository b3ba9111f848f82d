/* postfix_qmgr.c: the queue manager. Source: qmgr_active.c, qmgr_message.c of Postfix 2.11 to 3.11. */
#include "postfix.h"

/* from=<…>, size=N, nrcpt=N (queue active) */
static bool queue_active(ml_line *l, ml_cur c)
{
    maillog_field *const mark = ml_mark(l);
    ml_cur from, size, nrcpt, queue;
    if (!maillog__angle(l, &c, ",", &from) || !ML_SKIP(&c, ", size=")) return false;
    ml_put(l, MAILLOG_FIELD_FROM, from);
    if (!ml_digits(&c, &size) || !ML_SKIP(&c, ", nrcpt=") || !ml_digits(&c, &nrcpt)) return ml_fail(l, mark);
    ml_put(l, MAILLOG_FIELD_SIZE, size);
    ml_put(l, MAILLOG_FIELD_NRCPT, nrcpt);
    if (ML_SKIP(&c, " (") && ml_until(l, &c, ')', &queue)) ml_put(l, MAILLOG_FIELD_QUEUE, queue);
    ml_put_rest(l, c);
    return ml_event(l, MAILLOG_EVENT_POSTFIX_QUEUE_ACTIVE);
}

bool maillog__postfix_qmgr(ml_line *l, ml_cur text, const ml_postfix *head)
{
    ml_cur c = text;
    if (!head->queue_id.p) return false;
    if (ML_IS(c, "removed")) return ml_event(l, MAILLOG_EVENT_POSTFIX_REMOVED);
    if (ML_SKIP(&c, "from=")) return queue_active(l, c);
    return maillog__postfix_delivery_line(l, c);
}
