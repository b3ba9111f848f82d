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
    {E(DISCARDED), {F(REASON)}, ML_TEXT("-owner message replied and discarded%s")},
    {E(DISCARDED), {F(REASON)}, ML_TEXT("-request message replied and discarded%s")},
    {E(DISCARDED), {F(REASON)}, ML_TEXT("Precedence: %s")},
    {E(DELIVERY_FAILED), {F(TO), F(CODE), F(REPLY)}, ML_TEXT("delivery to %w failed with code %d, %s")},
    {E(DISCARDED), {F(REASON)}, ML_TEXT("list post replied and discarded%s")},
    {E(DELIVERY_FAILED), {F(ERROR)}, ML_TEXT("low level smtp error: %s")},
    {E(POST), {F(LIST), F(FROM), F(SIZE)}, ML_TEXT("post to %w from %w, %d bytes")},
    {E(POST), {F(LIST), F(FROM), F(SIZE), F(COUNT)}, ML_TEXT("post to %w from %w, %d bytes, %d failures")},
    {E(PRESERVED), {F(PATH)}, ML_TEXT("preserved in file base %s")},
    {E(DELIVERY_FAILED), {F(ERROR)}, ML_TEXT("recipients refused: %s")},
    {E(DELIVERY_FAILED), {F(ERROR)}, ML_TEXT("response exception: %s")},
    {E(ERROR), {F(TEXT)}, ML_TEXT("runner %s")},
    {E(SMTP), {F(LIST), F(NRCPT), F(SECONDS)}, ML_TEXT("smtp to %w for %d recips, completed in %f seconds")},
    {E(ERROR), {F(ERROR)}, ML_TEXT("unknown sub-address: %s")},
};
ML_PATTERN_TABLE(maillog__mailman_message);

extern const ml_patterns maillog__mailman_statements;
ML_PATTERN_ROWS(maillog__mailman_statements) = {
    {E(HELD), {F(LIST), F(FROM)}, ML_TEXT("%w: held subscription request from %s")},
    {E(HELD), {F(LIST), F(FROM)}, ML_TEXT("%w: held unsubscription request from %s")},
    {E(BOUNCE), {F(LIST), F(MEMBER), F(SCORE)}, ML_TEXT("%w: %w bounce score: %f")},
    {E(BOUNCE), {F(LIST), F(MEMBER), F(SCORE)}, ML_TEXT("%w: %w current bounce score: %f")},
    {E(BOUNCE), {F(LIST), F(MEMBER), F(TEXT)}, ML_TEXT("%w: %w has stale bounce info, %s")},
    {E(BOUNCE), {F(LIST), F(MEMBER)}, ML_TEXT("%w: %w residual bounce received")},
    {E(BOUNCE), {F(LIST), F(MEMBER), F(TEXT)}, ML_TEXT("%w: %w disabling due to %s")},
    {E(BOUNCE), {F(LIST), F(MEMBER), F(TEXT)}, ML_TEXT("%w: %w already scored a bounce for date %s")},
    {E(BOUNCE), {F(LIST), F(TEXT)}, ML_TEXT("%w: bounce message w/no discernable addresses: %s")},
    {E(BOUNCE), {F(LIST), F(TEXT)}, ML_TEXT("%w: bounce message for %s")},
    {E(SUBSCRIBED), {F(LIST), F(MEMBER), F(HOW)}, ML_TEXT("%w: new %w, %s")},
    {E(SUBSCRIBED), {F(LIST), F(MEMBER)}, ML_TEXT("%w: new %s")},
    {E(SUBSCRIBED), {F(LIST), F(MEMBER), F(CLIENT_ADDR)}, ML_TEXT("%w: pending %w %s")},
    {E(UNSUBSCRIBED), {F(LIST), F(MEMBER), F(HOW)}, ML_TEXT("%w: deleted %w; %s")},
    {E(UNSUBSCRIBED), {F(LIST), F(MEMBER)}, ML_TEXT("%w: deleted %s")},
    {E(DMARC),
     {F(LIST), F(FROM), F(DOMAIN), F(POLICY), F(TEXT)},
     ML_TEXT("%w: DMARC lookup for %w (%w) found p=%w in %s")},
    {E(RUNNER), {F(NAME), F(STATE)}, ML_TEXT("%w runner %s")},
    {E(RUNNER), {F(NAME), F(STATE)}, ML_TEXT("%w qrunner %s")},
    {E(APPROVED), {F(MESSAGE_ID)}, ML_TEXT("ACCEPT: %s")},
    {E(SMTP_ERROR), {F(ERROR)}, ML_TEXT("All recipients refused: %s")},
    {E(RESPONSE_LIMIT), {F(FROM)}, ML_TEXT("Automatic response limit discard: %s")},
    {E(BOUNCE), {F(TEXT)}, ML_TEXT("Bounce message for a non subscriber: %s")},
    {E(BOUNCE), {F(MESSAGE_ID)}, ML_TEXT("Bounce message w/no discernable addresses: %s")},
    {E(ERROR), {F(ERROR)}, ML_TEXT("Cannot %s")},
    {E(SMTP_ERROR), {F(RELAY_NAME), F(RELAY_PORT)}, ML_TEXT("Cannot connect to SMTP server %w on port %d")},
    {E(DISCARDED), {F(MESSAGE_ID)}, ML_TEXT("DISCARD: %s")},
    {E(DMARC), {F(TEXT)}, ML_TEXT("DNSException: %s")},
    {E(BOUNCE), {F(MEMBER), F(LIST), F(REASON)}, ML_TEXT("Disabling delivery for %w on list %w by %w")},
    {E(DISCARDED), {F(TEXT)}, ML_TEXT("Discarding %s")},
    {E(DISCARDED), {F(MESSAGE_ID)}, ML_TEXT("Discarding unrecognized bounce: %s")},
    {E(RUNNER), {F(CHILD_PID)}, ML_TEXT("ESRCH on pid: %d")},
    {E(ERROR), {F(ERROR)}, ML_TEXT("Exception in %s")},
    {E(ERROR), {F(ERROR)}, ML_TEXT("Group mismatch error. %s")},
    {E(ERROR), {F(ERROR)}, ML_TEXT("Invalid %s")},
    {E(SMTP_ERROR), {F(ERROR), F(MESSAGE_ID)}, ML_TEXT("Low level smtp error: %s, msgid: %s")},
    {E(RUNNER), {F(STATE)}, ML_TEXT("Master %s")},
    {E(RUNNER), {F(TEXT)}, ML_TEXT("Master detected subprocess exit%s")},
    {E(RUNNER), {F(TEXT)}, ML_TEXT("Master qrunner detected subprocess exit%s")},
    {E(BOUNCE), {F(MEMBER), F(LIST)}, ML_TEXT("Member %w already scored a bounce on list %w today.")},
    {E(BOUNCE), {F(MEMBER), F(LIST), F(SCORE)}, ML_TEXT("Member %w on list %w, bounce score = %d.")},
    {E(BOUNCE),
     {F(MEMBER), F(LIST), F(SCORE), F(MAX), F(TEXT)},
     ML_TEXT("Member %w on list %w, bounce score %d >= threshold %d, %s.")},
    {E(DISCARDED), {F(MESSAGE_ID)}, ML_TEXT("Message discarded, msgid: %s")},
    {E(APPROVED), {F(MESSAGE_ID)}, ML_TEXT("OWNER: %s")},
    {E(BOUNCE), {F(MEMBER), F(LIST)}, ML_TEXT("Probe bounce received for member %w on list %S.")},
    {E(REJECTED), {F(MESSAGE_ID)}, ML_TEXT("REJECT: %s")},
    {E(DMARC), {F(TEXT)}, ML_TEXT("RRset of TXT records for %s")},
    {E(BOUNCE), {F(MEMBER), F(LIST)}, ML_TEXT("Removed %w as a member of %s mailing list due to excessive bounces")},
    {E(BOUNCE), {F(MEMBER), F(LIST)}, ML_TEXT("Residual bounce received for member %w on list %S.")},
    {E(SHUNTED), {F(PATH)}, ML_TEXT("SHUNTING FAILED, preserving original entry: %s")},
    {E(SHUNTED), {F(PATH)}, ML_TEXT("SHUNTING: %s")},
    {E(BOUNCE), {F(MEMBER)}, ML_TEXT("Skipping VERP delivery to unqual recip: %s")},
    {E(SHUNTED), {F(PATH)}, ML_TEXT("Skipping and preserving unparseable message: %s")},
    {E(RUNNER), {F(TEXT)}, ML_TEXT("Task runner %s")},
    {E(ERROR), {F(ERROR)}, ML_TEXT("Traceback %s")},
    {E(ERROR), {F(ERROR)}, ML_TEXT("Uncaught runner exception: %s")},
    {E(ERROR), {F(ERROR)}, ML_TEXT("Unsupported %s")},
    {E(BOUNCE), {F(MESSAGE_ID)}, ML_TEXT("VERPed bounce message but not a recognized DSN: %s")},
    {E(ERROR), {F(ERROR)}, ML_TEXT("bad regexp in bounce_matching_header line: %s")},
    {E(APPROVED), {F(MESSAGE_ID)}, ML_TEXT("held message approved, message-id: %s")},
    {E(RESPONSE_LIMIT), {F(FROM)}, ML_TEXT("hold autoresponse limit hit: %s")},
    {E(POST),
     {F(LIST), F(FROM), F(SIZE), F(MESSAGE_ID)},
     ML_TEXT("post to %w from %w, size=%d, message-id=%S, success")},
    {E(POST),
     {F(LIST), F(FROM), F(SIZE), F(MESSAGE_ID), F(COUNT)},
     ML_TEXT("post to %w from %w, size=%d, message-id=%S, %d failures")},
    {E(POST), {F(LIST), F(FROM)}, ML_TEXT("post to %w from %s anonymized")},
    {E(ERROR), {F(ERROR)}, ML_TEXT("unknown sub-address: %s")},
    {E(SMTP_ERROR), {F(ERROR)}, ML_TEXT("while connecting to SMTP: %s")},
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

/* [HOLD: ]LIST post from FROM held, message-id=ID: REASON */
static bool held(ml_line *l, ml_cur c)
{
    ml_cur list, from;
    maillog_field *const mark = ml_mark(l);
    ML_SKIP(&c, "HOLD: ");
    if (!ml_word(l, &c, &list) || !ML_SKIP(&c, " post from ") || !ml_word(l, &c, &from)) return false;
    if (!ML_SKIP(&c, " held, message-id=")) return false;
    ml_put(l, F(LIST), list);
    ml_put(l, F(FROM), from);
    if (!ML_PUT_MESSAGE_ID(l, &c, ": ")) return ml_fail(l, mark);
    ml_put(l, F(REASON), c);
    return ml_event(l, E(HELD));
}

/* DISCARD: ID; REASON */
static bool discarded(ml_line *l, ml_cur c)
{
    if (!ML_SKIP(&c, "DISCARD: ") || !ML_PUT_MESSAGE_ID(l, &c, "; ")) return false;
    ml_put(l, F(REASON), c);
    return ml_event(l, E(DISCARDED));
}

void maillog__mailman(ml_line *l, ml_cur message)
{
    if (message_statement(l, message) || held(l, message) || discarded(l, message)) return;
    if (!maillog__match_patterns(l, &maillog__mailman_statements, message)) ml_put_rest(l, message);
}
