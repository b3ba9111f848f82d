/* dovecot_sieve.c: `sieve: …` of Pigeonhole in lda, lmtp, imap, managesieve: what scripts did, and what went wrong.
 *
 *   sieve: msgid=ID: [NAME action: ]STATEMENT      (the action's name since 0.5.9)
 *
 * Source: lib-sieve/sieve-actions.c, cmd-redirect.c, ext-reject.c, plugins/lda-sieve; Pigeonhole 0.4, 0.5, 2.4.
 * Remote-controlled: the Message-ID, sender addresses, replies of the server that refuses a forwarded message. Mailbox
 * and script names are the user's, mailbox names in scripts may be made of parts of the message; the quotes are logged.
 */
#include "dovecot.h"

ML_PATTERN_ROWS(maillog__dovecot_sieve_actions) = {
    {MAILLOG_EVENT_DOVECOT_DISCARDED,
     {0},
     ML_TEXT("Marked message to be discarded if not explicitly delivered (discard action)")},
    {MAILLOG_EVENT_DOVECOT_DISCARDED, {0}, ML_TEXT("discarded")},
    {MAILLOG_EVENT_DOVECOT_FORWARD_DUPLICATE, {MAILLOG_FIELD_TO}, ML_TEXT("discarded duplicate forward to %a")},
    {MAILLOG_EVENT_DOVECOT_VACATION_DUPLICATE,
     {MAILLOG_FIELD_TO},
     ML_TEXT("discarded duplicate vacation response to %a")},
    {MAILLOG_EVENT_DOVECOT_VACATION_SKIPPED, {MAILLOG_FIELD_TO}, ML_TEXT("discarded vacation reply to %a")},
    {MAILLOG_EVENT_DOVECOT_VACATION_SKIPPED,
     {MAILLOG_FIELD_TO, MAILLOG_FIELD_TEXT},
     ML_TEXT("discarded vacation reply to own address %a%( (%s)%)")},
    {MAILLOG_EVENT_DOVECOT_VACATION_SKIPPED,
     {MAILLOG_FIELD_TO, MAILLOG_FIELD_TEXT},
     ML_TEXT("discarding vacation response for implicitly delivered message; no known (envelope) recipient address "
             "found in "
             "message headers (recipient=%a, %s)")},
    {MAILLOG_EVENT_DOVECOT_VACATION_SKIPPED,
     {MAILLOG_FIELD_REASON, MAILLOG_FIELD_TO},
     ML_TEXT("discarding vacation response to %s from %a")},
    {MAILLOG_EVENT_DOVECOT_VACATION_SKIPPED,
     {MAILLOG_FIELD_REASON, MAILLOG_FIELD_TO},
     ML_TEXT("discarding vacation response to %s recipient %a")},
    {MAILLOG_EVENT_DOVECOT_VACATION_SKIPPED,
     {MAILLOG_FIELD_TO, MAILLOG_FIELD_REASON},
     ML_TEXT("discarding vacation response to message from %a (%s)")},
    {MAILLOG_EVENT_DOVECOT_VACATION_SKIPPED,
     {MAILLOG_FIELD_PRECEDENCE, MAILLOG_FIELD_TO},
     ML_TEXT("discarding vacation response to precedence=%s message from %a")},
    {MAILLOG_EVENT_DOVECOT_PIPE_FAILED,
     {MAILLOG_FIELD_COMMAND, MAILLOG_FIELD_ERROR},
     ML_TEXT("failed to pipe message to program `%s': %s")},
    {MAILLOG_EVENT_DOVECOT_PIPE_FAILED,
     {MAILLOG_FIELD_COMMAND, MAILLOG_FIELD_ERROR},
     ML_TEXT("failed to pipe message to program: program `%s' %s")},
    {MAILLOG_EVENT_DOVECOT_FORWARD_FAILED,
     {MAILLOG_FIELD_TO, MAILLOG_FIELD_ERROR},
     ML_TEXT("failed to redirect message to %a: %S (permanent failure)")},
    {MAILLOG_EVENT_DOVECOT_FORWARD_FAILED,
     {MAILLOG_FIELD_TO, MAILLOG_FIELD_ERROR},
     ML_TEXT("failed to redirect message to %a: %S (temporary failure)")},
    {MAILLOG_EVENT_DOVECOT_FORWARD_FAILED,
     {MAILLOG_FIELD_TO, MAILLOG_FIELD_ERROR},
     ML_TEXT("failed to redirect message to %a: %s")},
    {MAILLOG_EVENT_DOVECOT_NOTIFY_FAILED,
     {MAILLOG_FIELD_TYPE, MAILLOG_FIELD_TO, MAILLOG_FIELD_ERROR},
     ML_TEXT("failed to send `%s' report to %a: %s")},
    {MAILLOG_EVENT_DOVECOT_NOTIFY_FAILED,
     {MAILLOG_FIELD_TO, MAILLOG_FIELD_ERROR},
     ML_TEXT("failed to send mail notification to %a: %S (permanent failure)")},
    {MAILLOG_EVENT_DOVECOT_NOTIFY_FAILED,
     {MAILLOG_FIELD_TO, MAILLOG_FIELD_ERROR},
     ML_TEXT("failed to send mail notification to %a: %s")},
    {MAILLOG_EVENT_DOVECOT_REJECT_FAILED,
     {MAILLOG_FIELD_TO, MAILLOG_FIELD_ERROR},
     ML_TEXT("failed to send rejection message to %a: %S (permanent failure)")},
    {MAILLOG_EVENT_DOVECOT_REJECT_FAILED,
     {MAILLOG_FIELD_TO, MAILLOG_FIELD_ERROR},
     ML_TEXT("failed to send rejection message to %a: %s")},
    {MAILLOG_EVENT_DOVECOT_VACATION_FAILED,
     {MAILLOG_FIELD_TO, MAILLOG_FIELD_ERROR},
     ML_TEXT("failed to send vacation response to %s: <%S> (permanent error)")},
    {MAILLOG_EVENT_DOVECOT_VACATION_FAILED,
     {MAILLOG_FIELD_TO, MAILLOG_FIELD_ERROR},
     ML_TEXT("failed to send vacation response to %s: %s")},
    {MAILLOG_EVENT_DOVECOT_FORWARDED, {MAILLOG_FIELD_TO}, ML_TEXT("forwarded to %a")},
    {MAILLOG_EVENT_DOVECOT_LEFT, {MAILLOG_FIELD_MAILBOX}, ML_TEXT("left message in mailbox %s")},
    {MAILLOG_EVENT_DOVECOT_FORWARD_LOOP,
     {MAILLOG_FIELD_TO},
     ML_TEXT("not forwarding message to %a: the `x-sieve-redirected-from' header indicates a mail loop")},
    {MAILLOG_EVENT_DOVECOT_NOTIFY_SKIPPED, {MAILLOG_FIELD_REASON}, ML_TEXT("not sending notification for %s")},
    {MAILLOG_EVENT_DOVECOT_REJECT_SKIPPED, {MAILLOG_FIELD_REASON}, ML_TEXT("not sending reject message (%s)")},
    {MAILLOG_EVENT_DOVECOT_REJECT_SKIPPED, {MAILLOG_FIELD_TO}, ML_TEXT("not sending reject message to %a")},
    {MAILLOG_EVENT_DOVECOT_VACATION_SKIPPED, {MAILLOG_FIELD_REASON}, ML_TEXT("not sending vacation reply (%s)")},
    {MAILLOG_EVENT_DOVECOT_VACATION_SKIPPED,
     {MAILLOG_FIELD_TO},
     ML_TEXT("not sending vacation response to system address %a")},
    {MAILLOG_EVENT_DOVECOT_PIPED, {MAILLOG_FIELD_COMMAND}, ML_TEXT("piped message to program `%S'")},
    {MAILLOG_EVENT_DOVECOT_SIEVE_REJECTED,
     {MAILLOG_FIELD_FROM, MAILLOG_FIELD_REJECT_KIND},
     ML_TEXT("rejected message from %a (%s)")},
    {MAILLOG_EVENT_DOVECOT_NOTIFIED, {MAILLOG_FIELD_TYPE, MAILLOG_FIELD_TO}, ML_TEXT("sent `%s' report to %a")},
    {MAILLOG_EVENT_DOVECOT_NOTIFIED, {MAILLOG_FIELD_TO}, ML_TEXT("sent mail notification to %a")},
    {MAILLOG_EVENT_DOVECOT_VACATION_SENT, {MAILLOG_FIELD_TO}, ML_TEXT("sent vacation response to %a")},
    {MAILLOG_EVENT_DOVECOT_STORE_SKIPPED, {MAILLOG_FIELD_MAILBOX}, ML_TEXT("store into mailbox %S aborted")},
    {MAILLOG_EVENT_DOVECOT_STORE_SKIPPED, {MAILLOG_FIELD_MAILBOX}, ML_TEXT("store into mailbox %S skipped")},
};
ML_PATTERN_TABLE(maillog__dovecot_sieve_actions);

/* `NAME action: `: one lower-case word. */
static void cut_action_name(ml_line *l, ml_cur *c)
{
    ml_cur name, t = *c;
    if (!ml_word(l, &t, &name) || !ML_SKIP(&t, " action: ")) return;
    for (const char *p = name.p; p < name.e; p++)
        if (!ml_is_lower(*p) && *p != '_' && *p != '-') return;
    ml_put(l, MAILLOG_FIELD_SIEVE_ACTION, name);
    *c = t;
}

/* `failed to store into mailbox 'NAME'[ (VIRTUAL NAME)]: ERROR`: a quoted name may hold a colon. */
static bool store_failed(ml_line *l, ml_cur c)
{
    ml_cur name = ml_none();
    if (!ML_SKIP(&c, "failed to store into mailbox ")) return false;
    const char *end = ml_peek(c) == '\'' ? ML_FIND(l, c, "': ") : NULL;
    if (end) {
        name = ml_slice(c.p, end + 1);
        c.p = end + 3;
    } else if (!ML_UNTIL(l, &c, ": ", &name)) {
        return false;
    }
    ml_put(l, MAILLOG_FIELD_MAILBOX, name);
    ml_put(l, MAILLOG_FIELD_ERROR, c);
    return ml_event(l, MAILLOG_EVENT_DOVECOT_STORE_FAILED);
}

bool maillog__dovecot_sieve_action(ml_line *l, ml_cur text)
{
    maillog_field *const mark = ml_mark(l);
    cut_action_name(l, &text);
    if (ML_SKIP(&text, "stored mail into mailbox ")) { /* what nearly all lines say */
        ml_put(l, MAILLOG_FIELD_MAILBOX, text);
        return ml_event(l, MAILLOG_EVENT_DOVECOT_STORED);
    }
    if (store_failed(l, text)) return true;
    if (!maillog__match_patterns(l, &maillog__dovecot_sieve_actions, text)) return ml_fail(l, mark);
    const ml_cur kind = maillog__dovecot_field(l, MAILLOG_FIELD_REJECT_KIND);
    if (kind.p)
        ml_put_word(l, MAILLOG_FIELD_ACTION, kind, maillog__word(kind, MAILLOG_ACTION_REJECT, MAILLOG_ACTION_DEFER));
    return true;
}

/* ---- scripts and the interpreter ---- */

ML_PATTERN_ROWS(maillog__dovecot_sieve_statements) = {
    {MAILLOG_EVENT_DOVECOT_SIEVE_NOTE, {MAILLOG_FIELD_TEXT}, ML_TEXT("Aborted script execution sequence with %s")},
    {MAILLOG_EVENT_DOVECOT_SIEVE_SCRIPT_FAILED,
     {MAILLOG_FIELD_SCRIPT, MAILLOG_FIELD_LOGFILE},
     ML_TEXT("Execution of script %s failed with unsuccessful implicit keep%( (user logfile %S may reveal additional "
             "details)%)")},
    {MAILLOG_EVENT_DOVECOT_SIEVE_SCRIPT_FAILED,
     {MAILLOG_FIELD_SCRIPT, MAILLOG_FIELD_LOGFILE},
     ML_TEXT("Execution of script %s failed, but implicit keep was successful%( (user logfile %S may reveal additional "
             "details)%)")},
    {MAILLOG_EVENT_DOVECOT_SIEVE_SCRIPT_FAILED,
     {MAILLOG_FIELD_SCRIPT, MAILLOG_FIELD_TEXT, MAILLOG_FIELD_LOGFILE},
     ML_TEXT("Execution of script %s was aborted due to %s%( (user logfile %S may reveal additional details)%)")},
    {MAILLOG_EVENT_DOVECOT_SIEVE_SCRIPT_FAILED,
     {MAILLOG_FIELD_WHAT, MAILLOG_FIELD_SCRIPT, MAILLOG_FIELD_LOGFILE},
     ML_TEXT("Failed to %w script '%s'%( (view user logfile '%S' for more information)%)")},
    {MAILLOG_EVENT_DOVECOT_SIEVE_SCRIPT_FAILED,
     {MAILLOG_FIELD_WHAT, MAILLOG_FIELD_SCRIPT, MAILLOG_FIELD_LOGFILE},
     ML_TEXT("Failed to %w script `%s'%( (view user logfile `%S' for more information)%)")},
    {MAILLOG_EVENT_DOVECOT_SIEVE_SCRIPT_FAILED, {MAILLOG_FIELD_TEXT}, ML_TEXT("Failed to access %s")},
    {MAILLOG_EVENT_DOVECOT_SIEVE_SCRIPT_FAILED,
     {MAILLOG_FIELD_SCRIPT, MAILLOG_FIELD_TEXT},
     ML_TEXT("Failed to open script '%s' for %s")},
    {MAILLOG_EVENT_DOVECOT_SIEVE_SCRIPT_FAILED,
     {MAILLOG_FIELD_SCRIPT, MAILLOG_FIELD_TEXT},
     ML_TEXT("Failed to open script `%s' for %s")},
    {MAILLOG_EVENT_DOVECOT_SIEVE_NOTE,
     {MAILLOG_FIELD_SCRIPT, MAILLOG_FIELD_TEXT},
     ML_TEXT("Moved active sieve script file '%s' to script storage as '%S'.")},
    {MAILLOG_EVENT_DOVECOT_SIEVE_NOTE, {MAILLOG_FIELD_VERSION}, ML_TEXT("Pigeonhole version %s initializing")},
    {MAILLOG_EVENT_DOVECOT_SIEVE_NOTE, {MAILLOG_FIELD_TEXT}, ML_TEXT("The %s")},
    {MAILLOG_EVENT_DOVECOT_SIEVE_NOTE, {MAILLOG_FIELD_TEXT}, ML_TEXT("file storage: %s")},
    {MAILLOG_EVENT_DOVECOT_SIEVE_NOTE,
     {MAILLOG_FIELD_PATH},
     ML_TEXT("file storage: Relative path to sieve storage in active link: %s")},
    {MAILLOG_EVENT_DOVECOT_SIEVE_NOTE,
     {MAILLOG_FIELD_PATH},
     ML_TEXT("file storage: Using active Sieve script path: %s")},
    {MAILLOG_EVENT_DOVECOT_SIEVE_NOTE,
     {MAILLOG_FIELD_PATH, MAILLOG_FIELD_TEXT},
     ML_TEXT("file storage: Using permissions from %s: %s")},
    {MAILLOG_EVENT_DOVECOT_SIEVE_NOTE, {MAILLOG_FIELD_PATH}, ML_TEXT("file storage: Using script storage path: %s")},
    {MAILLOG_EVENT_DOVECOT_SIEVE_NOTE, {MAILLOG_FIELD_TEXT}, ML_TEXT("include: %s")},
    {MAILLOG_EVENT_DOVECOT_SIEVE_NOTE, {MAILLOG_FIELD_TEXT}, ML_TEXT("storage: %s")},
};
ML_PATTERN_TABLE(maillog__dovecot_sieve_statements);

/* `SCRIPT: line N: TYPE: TEXT[.]`: what scripts are told about themselves. */
static bool script_error(ml_line *l, ml_cur c)
{
    maillog_field *const mark = ml_mark(l);
    ml_cur script_name, line, type;
    if (!ML_UNTIL(l, &c, ": line ", &script_name) || !ml_digits(&c, &line) || !ML_SKIP(&c, ": ")) return false;
    ml_put(l, MAILLOG_FIELD_SCRIPT, script_name);
    ml_put(l, MAILLOG_FIELD_LINE_NO, line);
    if (!ML_UNTIL(l, &c, ": ", &type) ||
        !(ML_IS(type, "error") || ML_IS(type, "warning") || ML_IS(type, "info") || ML_IS(type, "debug")))
        return ml_fail(l, mark);
    ML_DROP_END(&c, ".");
    ml_put(l, MAILLOG_FIELD_ERROR, c);
    return ml_event(l, MAILLOG_EVENT_DOVECOT_SIEVE_ERROR);
}

/* A fault that is not in the table, with or without a message. */
static bool fault(ml_line *l, ml_cur text)
{
    maillog__dovecot_cut_msgid(l, &text);
    cut_action_name(l, &text);
    ml_put(l, MAILLOG_FIELD_ERROR, text);
    return ml_event(l, MAILLOG_EVENT_DOVECOT_SIEVE_ERROR);
}

static bool debug(ml_line *l, ml_cur text)
{
    maillog__dovecot_cut_msgid(l, &text);
    ml_put(l, MAILLOG_FIELD_TEXT, text);
    return ml_event(l, MAILLOG_EVENT_DOVECOT_SIEVE_NOTE);
}

bool maillog__dovecot_sieve(ml_line *l, ml_cur text, const ml_dovecot *head)
{
    if (maillog__dovecot_msgid(l, text, maillog__dovecot_sieve_action)) return true;
    if (!ML_STARTS(text, "msgid=") && maillog__match_patterns(l, &maillog__dovecot_sieve_statements, text)) return true;
    if (script_error(l, text)) return true;
    if (head->severity == MAILLOG_SEVERITY_DEBUG) return debug(l, text);
    return ml_dovecot_is_fault(head) && fault(l, text);
}
