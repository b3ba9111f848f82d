/* postfix_cleanup.c: canonicalises and enqueues. Source: cleanup_message.c, cleanup_milter.c of Postfix 2.11 to 3.11.
 * Sender-controlled: message_id, resent_message_id, content: raw header text, all of it up to the end of the line. */
#include "postfix.h"

bool maillog__postfix_cleanup(ml_line *l, ml_cur text, const ml_postfix *head)
{
    ml_cur c = text;
    if (!head->queue_id.p) return false;
    if (ML_SKIP(&c, "message-id=")) {
        ml_put(l, MAILLOG_FIELD_MESSAGE_ID, c);
        return ml_event(l, MAILLOG_EVENT_POSTFIX_MESSAGE_ID);
    }
    if (ML_SKIP(&c, "resent-message-id=")) {
        ml_put(l, MAILLOG_FIELD_RESENT_MESSAGE_ID, c);
        return ml_event(l, MAILLOG_EVENT_POSTFIX_RESENT_MESSAGE_ID);
    }
    return maillog__postfix_delivery_line(l, c);
}
