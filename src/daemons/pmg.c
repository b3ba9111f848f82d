/* pmg.c: Proxmox Mail Gateway 5 to 8: pmg-smtp-filter (`FILTER-ID: text`; the ID of its own run, which Postfix gets as
 * the reply `250 2.5.0 OK (FILTER-ID)`) and pmgpolicy. `accept mail to <x> (QUEUE-ID)`: the queue ID after the filter.
 * Message-ID and addresses are the sender's; rules are the site's. */
#include "../base/pattern.h"
#include "../base/token.h"
#include "daemons.h"

#define E(NAME) MAILLOG_EVENT_PMG_##NAME
#define F(NAME) MAILLOG_FIELD_##NAME

extern const ml_patterns maillog__pmg_statements;
ML_PATTERN_ROWS(maillog__pmg_statements) = {
    {E(GREYLIST), {F(ACTION)}, ML_TEXT("%w greylisted mail")},
    {E(NET_SERVER), {F(DATE), F(NAME), F(TEXT)}, ML_TEXT("%w %w (type %s")},
    {E(NET_SERVER), {F(TEXT)}, ML_TEXT("Beginning prefork %s")},
    {E(NET_SERVER), {F(TEXT)}, ML_TEXT("Binding to %s")},
    {E(ERROR), {F(ERROR)}, ML_TEXT("Cleanup failures: %s")},
    {E(DATABASE), {F(TEXT)}, ML_TEXT("Database connection broken%s")},
    {E(ERROR), {F(ERROR)}, ML_TEXT("ERROR: %s")},
    {E(STARTING), {F(COUNT)}, ML_TEXT("Filter daemon (re)started (max. %d processes)")},
    {E(NET_SERVER), {F(TEXT)}, ML_TEXT("Group Not Defined.%s")},
    {E(STARTING), {F(TEXT)}, ML_TEXT("Policy daemon (re)started%s")},
    {E(NET_SERVER), {F(TEXT)}, ML_TEXT("Process Backgrounded%s")},
    {E(NET_SERVER), {F(TEXT)}, ML_TEXT("Reloading %s")},
    {E(SPAM_SCAN),
     {F(SCORE), F(REQUIRED), F(SECONDS), F(BAYES), F(AUTOLEARN), F(AUTOLEARN_FORCE), F(TESTS)},
     ML_TEXT("SA score=%f/%f time=%f bayes=%w autolearn=%w autolearn_force=%w hits=%s")},
    {E(SPAM_SCAN),
     {F(SCORE), F(REQUIRED), F(SECONDS), F(BAYES), F(AUTOLEARN), F(TESTS)},
     ML_TEXT("SA score=%f/%f time=%f bayes=%w autolearn=%w hits=%s")},
    {E(SPAM_SCAN),
     {F(SCORE), F(REQUIRED), F(SECONDS), F(BAYES), F(TESTS)},
     ML_TEXT("SA score=%f/%f time=%f bayes=%w hits=%s")},
    {E(SPAM_SCAN), {F(SCORE), F(REQUIRED), F(SECONDS), F(TESTS)}, ML_TEXT("SA score=%f/%f time=%f hits=%s")},
    {E(SPAM_SCAN), {F(SCORE), F(REQUIRED), F(TEXT)}, ML_TEXT("SA score=%f/%f %s")},
    {E(SPF), {F(SPF_RESULT)}, ML_TEXT("SPF says %w")},
    {E(NET_SERVER), {F(TEXT)}, ML_TEXT("Setting %s")},
    {E(NET_SERVER), {F(TEXT)}, ML_TEXT("Starting \"%s")},
    {E(NET_SERVER), {F(TEXT)}, ML_TEXT("User Not Defined.%s")},
    {E(ERROR), {F(ERROR)}, ML_TEXT("WARNING: %s")},
    {E(ACCEPT), {F(TO), F(QUEUED_AS), F(RULE)}, ML_TEXT("accept mail to %a (%q) (rule: %s")},
    {E(ACCEPT), {F(TO), F(QUEUED_AS), F(RULE)}, ML_TEXT("accept mail to %a (%w) (rule: %s")},
    {E(POLICY), {F(REASON), F(CLIENT_ADDR)}, ML_TEXT("accept mails from %S - %w")},
    {E(POLICY), {F(REASON), F(TO)}, ML_TEXT("accept mails to %S - <%s>")},
    {E(CHANGED), {F(TEXT)}, ML_TEXT("added disclaimer%s")},
    {E(BCC), {F(TO), F(RULE)}, ML_TEXT("bcc to %a (rule: %s")},
    {E(BLOCK), {F(TO), F(RULE)}, ML_TEXT("block mail to %a (rule: %s")},
    {E(DATABASE), {F(MS)}, ML_TEXT("end database maintenance (%d ms)")},
    {E(DATABASE), {F(TEXT)}, ML_TEXT("end policy database maintenance%s")},
    {E(EXIT), {F(BYTES)}, ML_TEXT("fast exit because of errors (free %d bytes)")},
    {E(EXIT), {F(BYTES)}, ML_TEXT("fast exit to reduce server load (free %d bytes)")},
    {E(ARCHIVE), {F(NAME), F(TYPE)}, ML_TEXT("found archive '%S' (%w)")},
    {E(POLICY), {F(TEXT)}, ML_TEXT("greylist policy protocol error - %s")},
    {E(CHANGED), {F(TEXT)}, ML_TEXT("modified field: %s")},
    {E(QUARANTINE),
     {F(TO), F(KIND), F(QUARANTINE), F(RULE)},
     ML_TEXT("moved mail for %a to %w quarantine - %w (rule: %s")},
    {E(MESSAGE), {F(MESSAGE_ID)}, ML_TEXT("new mail message-id=%s")},
    {E(NOTIFY), {F(TO), F(RULE)}, ML_TEXT("notify %a (rule: %s")},
    {E(TIMING), {F(ELAPSED), F(TEXT)}, ML_TEXT("processing time: %f seconds (%s)")},
    {E(REINJECT_FAILED), {F(TO), F(RULE)}, ML_TEXT("reinject mail to %a (rule: %s")},
    {E(CONFIG), {0}, ML_TEXT("reloading configuration")},
    {E(CONFIG), {F(DB)}, ML_TEXT("reloading configuration %s")},
    {E(CHANGED), {F(TEXT)}, ML_TEXT("removed attachment %s")},
    {E(CHANGED), {F(TEXT)}, ML_TEXT("removing %s")},
    {E(CHANGED), {F(TEXT)}, ML_TEXT("replaced %s")},
    {E(DATABASE), {0}, ML_TEXT("starting database maintenance")},
    {E(DATABASE), {F(TEXT)}, ML_TEXT("starting policy database maintenance%s")},
    {E(DATABASE), {F(ERROR)}, ML_TEXT("unable to reconnect to database server: %s")},
    {E(ARCHIVE), {F(NAME), F(MS)}, ML_TEXT("unpack archive '%S' done (%d ms)")},
    {E(ARCHIVE), {F(ERROR)}, ML_TEXT("unpack archive failed %s")},
    {E(ARCHIVE), {F(ERROR)}, ML_TEXT("unpack failed - %s")},
    {E(VIRUS), {F(VIRUS), F(SCANNER)}, ML_TEXT("virus detected: %S (%w)")},
    {E(VIRUS), {F(VIRUS)}, ML_TEXT("virus detected: %s")},
};

ML_PATTERN_TABLE(maillog__pmg_statements);

/* 14 or more hexadecimal digits and `: `. */
static bool filter_id(ml_cur *c, ml_cur *id)
{
    const char *p = c->p;
    while (p < c->e && (ml_is_digit(*p) || (*p >= 'A' && *p <= 'F'))) p++;
    ml_cur t = ml_slice(p, c->e);
    if (p - c->p < 14 || !ML_SKIP(&t, ": ")) return false;
    *id = ml_slice(c->p, p);
    *c = t;
    return true;
}

/* `(rule: NAME)`: the name may hold parentheses; the last one is not part of it. */
static void trim_rule(ml_line *l)
{
    maillog_field *const f = l->next - 1;
    if (f->id == MAILLOG_FIELD_RULE && f->len && l->base[f->off + f->len - 1] == ')') f->len--;
}

void maillog__pmg(ml_line *l, ml_cur message)
{
    ml_cur c = message, id;
    ML_DROP_END(&c, "#012"); /* the end of a header field, as rsyslog writes it */
    while (ml_last(c) == ' ') c.e--;
    if (filter_id(&c, &id)) ml_put(l, MAILLOG_FIELD_ID, id);
    if (!maillog__match_patterns(l, &maillog__pmg_statements, c)) {
        ml_put_rest(l, c);
        return;
    }
    trim_rule(l);
}
