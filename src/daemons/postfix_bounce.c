/* postfix_bounce.c: the bounce, defer and trace services. Source: bounce_notify_service.c, bounce_warn_service.c,
 * bounce_trace_service.c, bounce_templ.c of Postfix 2.11 to 3.11. Nothing of a line but `to` is a remote party's. */
#include "postfix_library.h"

ML_PATTERN_ROWS(maillog__postfix_bounce_queue_id_infos) = {
    ROW1(NOTIFICATION_SKIPPED, "not sending trace/success notification for %s message", KIND),
    ROW2(POSTMASTER_NOTIFICATION, "postmaster %s notification: %q", KIND, NEW_QUEUE_ID),
    ROW2(SENDER_NOTIFICATION, "sender %s notification: %q", KIND, NEW_QUEUE_ID),
};
ML_PATTERN_TABLE(maillog__postfix_bounce_queue_id_infos);

ML_PATTERN_ROWS(maillog__postfix_bounce_warnings) = {
    ROW3(BOUNCE_TEMPLATE, "%w, line %d: missing \"%s\" end marker", PATH, FILE_LINE, NAME),
    ROW2(BOUNCE_TEMPLATE, "%w: 8-bit message text in %w template", PATH, TEMPLATE),
    ROW0(BOUNCE_TEMPLATE, "-- ignoring this template for now"),
    ROW0(BOUNCE_TEMPLATE, "for instructions see the bounce(5) manual"),
    ROW1(BOUNCE_REQUEST_INVALID, "malformed queue id: %s", TEXT),
    ROW1(BOUNCE_REQUEST_INVALID, "malformed queue name: %s", TEXT),
    ROW0(BOUNCE_REQUEST_INVALID, "malformed request"),
    ROW1(BOUNCE_REQUEST_INVALID, "malformed verp delimiter string: %s", TEXT),
    ROW0(BOUNCE_TEMPLATE, "please specify a charset value other than us-ascii"),
    ROW1(NOTIFICATION_FAILED, "postmaster notice failed while bouncing to %s", TO),
    ROW1(NOTIFICATION_FAILED, "postmaster notice failed while warning %s", TO),
    ROW0(NOTIFICATION_FAILED, "postmaster notification failed"),
    ROW1(NOTIFICATION_FAILED, "postmaster notification failed: %s", ERROR),
    ROW2(NOTIFICATION_FAILED, "sender notification failed to %S: %s", TO, ERROR),
    ROW1(NOTIFICATION_FAILED, "sender notification failed to %s", TO),
    ROW0(NOTIFICATION_DISCARDED, "undeliverable postmaster notification discarded"),
    ROW1(BOUNCE_REQUEST_INVALID, "unknown command: %s", TEXT),
};
ML_PATTERN_TABLE(maillog__postfix_bounce_warnings);

bool maillog__postfix_bounce(ml_line *l, ml_cur text, const ml_postfix *head)
{
    if (head->severity) return maillog__match_patterns(l, &maillog__postfix_bounce_warnings, text);
    if (!head->queue_id.p) return false;
    return maillog__match_patterns(l, &maillog__postfix_bounce_queue_id_infos, text) ||
           maillog__postfix_delivery_line(l, text);
}
