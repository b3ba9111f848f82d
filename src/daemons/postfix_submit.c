/* postfix_submit.c: the other ways in: pickup (sendmail(1) on this host) and qmqpd. Source: pickup.c, qmqpd.c of
 * Postfix 2.11 to 3.11. A local user controls from. */
#include "postfix_library.h"

ML_PATTERN_ROWS(maillog__postfix_submit_pickup) = {
    ROW3(PICKUP_PROBLEM, "maildrop/%w: error writing %q: %s", PATH, QUEUE_ID, ERROR),
    ROW2(PICKUP_PROBLEM, "maildrop/%w: %s", PATH, ERROR),
    ROW2(CLOCK_PROBLEM, "message %w dated %d seconds into the future", PATH, SECONDS),
    ROW2(QUEUED_LONG, "message %w has been queued for %d days", PATH, DAYS),
    ROW1(CLOCK_PROBLEM, "message dated %d seconds into the future", SECONDS),
    ROW1(QUEUED_LONG, "message has been queued for %d days", DAYS),
    ROW1(PICKUP_PROBLEM, "uid=%d: no envelope sender", UID),
    ROW2(PICKUP_PROBLEM, "uid=%d: unexpected or malformed record type %s", UID, TYPE),
};
ML_PATTERN_TABLE(maillog__postfix_submit_pickup);

/* uid=N from=<…>[ orig_id=QID]: nothing follows that the user controls, so the last '>' ends the address. */
static bool submitted(ml_line *l, ml_cur c)
{
    ml_cur uid, v;
    if (!ML_SKIP(&c, "uid=") || !ml_digits(&c, &uid) || !ML_SKIP(&c, " from=<")) return false;
    ml_put(l, MAILLOG_FIELD_UID, uid);
    const char *end = ml_rfind(c, '>');
    if (!end) {
        l->ev->flags |= MAILLOG_FLAG_TRUNCATED;
        ml_put_rest(l, c);
        return ml_event(l, MAILLOG_EVENT_POSTFIX_PICKUP);
    }
    ml_put(l, MAILLOG_FIELD_FROM, ml_slice(c.p, end));
    c.p = end + 1;
    if (ML_SKIP(&c, " orig_id=") && ml_word(l, &c, &v)) ml_put(l, MAILLOG_FIELD_ORIG_QUEUE_ID, v);
    ml_skip_char(&c, ' ');
    ml_put_rest(l, c);
    return ml_event(l, MAILLOG_EVENT_POSTFIX_PICKUP);
}

bool maillog__postfix_pickup(ml_line *l, ml_cur text, const ml_postfix *head)
{
    if (head->severity) return maillog__match_patterns(l, &maillog__postfix_submit_pickup, text);
    return head->queue_id.p && submitted(l, text);
}

/* CLIENT: lost connection|timeout while STATE */
static bool broken_off(ml_line *l, ml_cur c)
{
    ml_cur reason;
    if (!maillog__put_client(l, &c) || !ML_SKIP(&c, ": ") || !ML_UNTIL(l, &c, " while ", &reason)) return false;
    ml_put(l, MAILLOG_FIELD_REASON, reason);
    ml_put(l, MAILLOG_FIELD_STAGE, c);
    return ml_event(l,
                    ML_IS(reason, "timeout") ? MAILLOG_EVENT_POSTFIX_TIMEOUT : MAILLOG_EVENT_POSTFIX_LOST_CONNECTION);
}

bool maillog__postfix_qmqpd(ml_line *l, ml_cur text, const ml_postfix *head)
{
    maillog_field *const mark = ml_mark(l);
    ml_cur c = text;
    if (head->queue_id.p && ML_SKIP(&c, "client=")) return maillog__postfix_client(l, c);
    if (!head->severity && (maillog__postfix_session(l, text, head) || broken_off(l, text))) return true;
    ml_fail(l, mark);
    return maillog__postfix_hostname(l, text) || ml_fail(l, mark);
}
