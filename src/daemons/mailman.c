/* mailman.c: Mailman 2.1 (Mailman/Handlers/SMTPDirect.py, Hold.py, Bouncer.py, MailList.py, qrunner) and 3.1 to 3.3
 * (mailman/mta/deliver.py, config/schema.cfg, chains, app/bounces.py, bin/master.py), in their own files (smtp, post,
 * vette, bounce, subscribe, qrunner, error …) and through syslog.
 *
 * Remote parties choose: Message-IDs, senders, subjects and replies of servers. A Message-ID in `<>` is read to the `>`
 * behind which the statement goes on; where that stands twice the line is flagged. */
#include "../base/pattern.h"
#include "../base/token.h"
#include "daemons.h"

#define E(NAME) MAILLOG_EVENT_MAILMAN_##NAME
#define F(NAME) MAILLOG_FIELD_##NAME

/* behind a Message-ID and a blank */
extern const ml_patterns maillog__mailman_message;
ML_PATTERN_ROWS(maillog__mailman_message) = {
    {E(DISCARDED), {F(REASON)}, "-owner message replied and discarded%s"},
    {E(DISCARDED), {F(REASON)}, "-request message replied and discarded%s"},
    {E(DISCARDED), {F(REASON)}, "Precedence: %s"},
    {E(DELIVERY_FAILED), {F(TO), F(CODE), F(REPLY)}, "delivery to %w failed with code %d, %s"},
    {E(DISCARDED), {F(REASON)}, "list post replied and discarded%s"},
    {E(DELIVERY_FAILED), {F(ERROR)}, "low level smtp error: %s"},
    {E(POST), {F(LIST), F(FROM), F(SIZE)}, "post to %w from %w, %d bytes"},
    {E(POST), {F(LIST), F(FROM), F(SIZE), F(COUNT)}, "post to %w from %w, %d bytes, %d failures"},
    {E(PRESERVED), {F(PATH)}, "preserved in file base %s"},
    {E(DELIVERY_FAILED), {F(ERROR)}, "recipients refused: %s"},
    {E(DELIVERY_FAILED), {F(ERROR)}, "response exception: %s"},
    {E(ERROR), {F(TEXT)}, "runner %s"},
    {E(SMTP), {F(LIST), F(NRCPT), F(SECONDS)}, "smtp to %w for %d recips, completed in %f seconds"},
    {E(ERROR), {F(ERROR)}, "unknown sub-address: %s"},
};
ML_PATTERN_TABLE(maillog__mailman_message);

extern const ml_patterns maillog__mailman_statements;
ML_PATTERN_ROWS(maillog__mailman_statements) = {
    {E(HELD), {F(LIST), F(FROM), F(MESSAGE_ID), F(REASON)}, "%w post from %w held, message-id=%s: %s"},
    {E(HELD), {F(LIST), F(FROM)}, "%w: held subscription request from %s"},
    {E(HELD), {F(LIST), F(FROM)}, "%w: held unsubscription request from %s"},
    {E(BOUNCE), {F(LIST), F(MEMBER), F(SCORE)}, "%w: %w bounce score: %f"},
    {E(BOUNCE), {F(LIST), F(MEMBER), F(SCORE)}, "%w: %w current bounce score: %f"},
    {E(BOUNCE), {F(LIST), F(MEMBER), F(TEXT)}, "%w: %w has stale bounce info, %s"},
    {E(BOUNCE), {F(LIST), F(MEMBER)}, "%w: %w residual bounce received"},
    {E(BOUNCE), {F(LIST), F(MEMBER), F(TEXT)}, "%w: %w disabling due to %s"},
    {E(BOUNCE), {F(LIST), F(MEMBER), F(TEXT)}, "%w: %w already scored a bounce for date %s"},
    {E(BOUNCE), {F(LIST), F(TEXT)}, "%w: bounce message w/no discernable addresses: %s"},
    {E(BOUNCE), {F(LIST), F(TEXT)}, "%w: bounce message for %s"},
    {E(SUBSCRIBED), {F(LIST), F(MEMBER), F(HOW)}, "%w: new %w, %s"},
    {E(SUBSCRIBED), {F(LIST), F(MEMBER)}, "%w: new %s"},
    {E(SUBSCRIBED), {F(LIST), F(MEMBER), F(CLIENT_ADDR)}, "%w: pending %w %s"},
    {E(UNSUBSCRIBED), {F(LIST), F(MEMBER), F(HOW)}, "%w: deleted %w; %s"},
    {E(UNSUBSCRIBED), {F(LIST), F(MEMBER)}, "%w: deleted %s"},
    {E(DMARC), {F(LIST), F(FROM), F(DOMAIN), F(POLICY), F(TEXT)}, "%w: DMARC lookup for %w (%w) found p=%w in %s"},
    {E(RUNNER), {F(NAME), F(STATE)}, "%w runner %s"},
    {E(RUNNER), {F(NAME), F(STATE)}, "%w qrunner %s"},
    {E(APPROVED), {F(MESSAGE_ID)}, "ACCEPT: %s"},
    {E(SMTP_ERROR), {F(ERROR)}, "All recipients refused: %s"},
    {E(RESPONSE_LIMIT), {F(FROM)}, "Automatic response limit discard: %s"},
    {E(BOUNCE), {F(TEXT)}, "Bounce message for a non subscriber: %s"},
    {E(BOUNCE), {F(MESSAGE_ID)}, "Bounce message w/no discernable addresses: %s"},
    {E(ERROR), {F(ERROR)}, "Cannot %s"},
    {E(SMTP_ERROR), {F(RELAY_NAME), F(RELAY_PORT)}, "Cannot connect to SMTP server %w on port %d"},
    {E(DISCARDED), {F(MESSAGE_ID), F(REASON)}, "DISCARD: %s; %s"},
    {E(DISCARDED), {F(MESSAGE_ID)}, "DISCARD: %s"},
    {E(DMARC), {F(TEXT)}, "DNSException: %s"},
    {E(BOUNCE), {F(MEMBER), F(LIST), F(REASON)}, "Disabling delivery for %w on list %w by %w"},
    {E(DISCARDED), {F(TEXT)}, "Discarding %s"},
    {E(DISCARDED), {F(MESSAGE_ID)}, "Discarding unrecognized bounce: %s"},
    {E(RUNNER), {F(CHILD_PID)}, "ESRCH on pid: %d"},
    {E(ERROR), {F(ERROR)}, "Exception in %s"},
    {E(ERROR), {F(ERROR)}, "Group mismatch error. %s"},
    {E(HELD), {F(LIST), F(FROM), F(MESSAGE_ID), F(REASON)}, "HOLD: %w post from %w held, message-id=%s: %s"},
    {E(ERROR), {F(ERROR)}, "Invalid %s"},
    {E(SMTP_ERROR), {F(ERROR), F(MESSAGE_ID)}, "Low level smtp error: %S, msgid: %s"},
    {E(RUNNER), {F(STATE)}, "Master %s"},
    {E(RUNNER), {F(TEXT)}, "Master detected subprocess exit%s"},
    {E(RUNNER), {F(TEXT)}, "Master qrunner detected subprocess exit%s"},
    {E(BOUNCE), {F(MEMBER), F(LIST)}, "Member %w already scored a bounce on list %w today."},
    {E(BOUNCE), {F(MEMBER), F(LIST), F(SCORE)}, "Member %w on list %w, bounce score = %d."},
    {E(BOUNCE),
     {F(MEMBER), F(LIST), F(SCORE), F(MAX), F(TEXT)},
     "Member %w on list %w, bounce score %d >= threshold %d, %s."},
    {E(DISCARDED), {F(MESSAGE_ID)}, "Message discarded, msgid: %s"},
    {E(APPROVED), {F(MESSAGE_ID)}, "OWNER: %s"},
    {E(BOUNCE), {F(MEMBER), F(LIST)}, "Probe bounce received for member %w on list %S."},
    {E(REJECTED), {F(MESSAGE_ID)}, "REJECT: %s"},
    {E(DMARC), {F(TEXT)}, "RRset of TXT records for %s"},
    {E(BOUNCE), {F(MEMBER), F(LIST)}, "Removed %w as a member of %s mailing list due to excessive bounces"},
    {E(BOUNCE), {F(MEMBER), F(LIST)}, "Residual bounce received for member %w on list %S."},
    {E(SHUNTED), {F(PATH)}, "SHUNTING FAILED, preserving original entry: %s"},
    {E(SHUNTED), {F(PATH)}, "SHUNTING: %s"},
    {E(BOUNCE), {F(MEMBER)}, "Skipping VERP delivery to unqual recip: %s"},
    {E(SHUNTED), {F(PATH)}, "Skipping and preserving unparseable message: %s"},
    {E(RUNNER), {F(TEXT)}, "Task runner %s"},
    {E(ERROR), {F(ERROR)}, "Traceback %s"},
    {E(ERROR), {F(ERROR)}, "Uncaught runner exception: %s"},
    {E(ERROR), {F(ERROR)}, "Unsupported %s"},
    {E(BOUNCE), {F(MESSAGE_ID)}, "VERPed bounce message but not a recognized DSN: %s"},
    {E(ERROR), {F(ERROR)}, "bad regexp in bounce_matching_header line: %s"},
    {E(APPROVED), {F(MESSAGE_ID)}, "held message approved, message-id: %s"},
    {E(RESPONSE_LIMIT), {F(FROM)}, "hold autoresponse limit hit: %s"},
    {E(POST), {F(LIST), F(FROM), F(SIZE), F(MESSAGE_ID)}, "post to %w from %w, size=%d, message-id=%S, success"},
    {E(POST),
     {F(LIST), F(FROM), F(SIZE), F(MESSAGE_ID), F(COUNT)},
     "post to %w from %w, size=%d, message-id=%S, %d failures"},
    {E(POST), {F(LIST), F(FROM)}, "post to %w from %s anonymized"},
    {E(ERROR), {F(ERROR)}, "unknown sub-address: %s"},
    {E(SMTP_ERROR), {F(ERROR)}, "while connecting to SMTP: %s"},
};
ML_PATTERN_TABLE(maillog__mailman_statements);

/* `<ID> statement`: the ID ends where a statement follows; what a stranger writes into it seldom is a whole one. */
static bool message_statement(ml_line *l, ml_cur c)
{
    if (ml_peek(c) != '<') return false;
    const char *const ends[] = {ML_FIND(l, c, "> "), ML_RFIND(c, "> ")};
    maillog_field *const mark = ml_mark(l);
    for (size_t i = 0; i < 2 && ends[i]; i++) {
        ml_put(l, F(MESSAGE_ID), ml_slice(c.p, ends[i] + 1));
        if (maillog__match_patterns(l, &maillog__mailman_message, ml_slice(ends[i] + 2, c.e))) {
            if (ends[0] != ends[1]) l->ev->flags |= MAILLOG_FLAG_AMBIGUOUS;
            return true;
        }
        ml_fail(l, mark);
    }
    return false;
}

void maillog__mailman(ml_line *l, ml_cur message)
{
    if (message_statement(l, message)) return;
    if (!maillog__match_patterns(l, &maillog__mailman_statements, message)) ml_put_rest(l, message);
}
