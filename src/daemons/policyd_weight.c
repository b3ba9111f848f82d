/* policyd_weight.c: policyd-weight 0.1.12 to 0.1.15, weighted DNSBL and HELO checks.
 *
 *   weighted check: CHECKS; <client=NAME[ADDR]> <helo=H> <from=F> <to=T>; rate: N
 *   decided action=ACTION; <client=…> … <to=T>; delay: Ns
 *
 * Sender and recipient are the client's, without quotes; HELO comes from Postfix without blanks and <>. Both stand
 * behind the client, which is therefore the first. */
#include "../base/pattern.h"
#include "../base/token.h"
#include "daemons.h"

#define E(NAME) MAILLOG_EVENT_POLICYD_WEIGHT_##NAME
#define F(NAME) MAILLOG_FIELD_##NAME

extern const ml_patterns maillog__policyd_weight_statements;
ML_PATTERN_ROWS(maillog__policyd_weight_statements) = {
    {E(CONFIG), {F(NAME), F(PATH), F(ERROR)}, ML_TEXT("%w: syntax error in file %w: %s")},
    {E(ERROR), {F(PATH)}, ML_TEXT("-k action but %w still exists, deleting it")},
    {E(STOP), {0}, ML_TEXT("Abnormal exit. Daemon killed forcingly.")},
    {E(ERROR),
     {F(PATH), F(PEER_PID)},
     ML_TEXT("Couldn't remove %w, a process with pid %d exists! Use \"restart\" to force.")},
    {E(STOP), {0}, ML_TEXT("Daemon terminated.")},
    {E(STOP), {F(SIGNAL_NAME)}, ML_TEXT("Got SIG%w. Daemon terminated.")},
    {E(CHILD), {F(SIGNAL_NAME), F(CHILD_PID)}, ML_TEXT("Got SIG%w. Child %d terminated.")},
    {E(ERROR), {0}, ML_TEXT("Process already running")},
    {E(DNS_TROUBLE), {0}, ML_TEXT("RBL Socket died, using Net-DNS now.")},
    {E(CONFIG), {F(USER)}, ML_TEXT("User %w doesn't exist, create it, or set $USER")},
    {E(CACHE), {0}, ML_TEXT("cache spawned")},
    {E(CACHE), {0}, ML_TEXT("cache-init: error: socket exists and is connectable")},
    {E(RELOAD), {F(PATH)}, ML_TEXT("cache: %w reloaded")},
    {E(CONFIG), {F(NAME)}, ML_TEXT("cache: $%w in wrong format. Using default.")},
    {E(CACHE), {F(SIGNAL_NAME)}, ML_TEXT("cache: SIG%w, terminating")},
    {E(ERROR), {F(ERROR)}, ML_TEXT("cache: couldn't change %s")},
    {E(ERROR), {F(ERROR)}, ML_TEXT("cache: err: %s")},
    {E(CACHE), {0}, ML_TEXT("cache: multiline request. Doh!")},
    {E(CACHE), {0}, ML_TEXT("cache: new cache version, terminating ASAP")},
    {E(CACHE), {F(COUNT), F(CACHE), F(SECONDS)}, ML_TEXT("cache: purged %d from %w cache, time: %ds")},
    {E(CACHE), {F(USER), F(TEXT)}, ML_TEXT("cache: running as wrong user: %w; %s")},
    {E(CACHE), {F(ERROR)}, ML_TEXT("cache_query: $csock couln't be created: %S, calling spawn_cache()")},
    {E(CACHE), {0}, ML_TEXT("cache_query: start: calling spawn_cache()")},
    {E(CACHE), {0}, ML_TEXT("cache_query: timeout")},
    {E(RELOAD), {F(PATH)}, ML_TEXT("child: %w reloaded")},
    {E(ERROR), {F(SIGNAL_NAME)}, ML_TEXT("child: Could not block SIG%w")},
    {E(ERROR), {F(SIGNAL_NAME)}, ML_TEXT("child: Could not unblock SIG%w")},
    {E(ERROR), {F(ERROR)}, ML_TEXT("child: err: %s")},
    {E(CHILD), {F(IDLE)}, ML_TEXT("child: exiting: idle for %d sec.")},
    {E(CHILD), {0}, ML_TEXT("child: spawned")},
    {E(CONFIG), {F(ERROR)}, ML_TEXT("conf-err: %s")},
    {E(CACHE), {0}, ML_TEXT("could not connect to cache (maybe just starting up)")},
    {E(DNS_TROUBLE), {F(SERVER), F(ERROR)}, ML_TEXT("could not open IPv6 RBL Lookup Socket to %w: %s")},
    {E(DNS_TROUBLE), {F(SERVER), F(ERROR)}, ML_TEXT("could not open RBL Lookup Socket to %w: %s")},
    {E(ERROR), {F(ERROR)}, ML_TEXT("err: %s")},
    {E(ERROR), {F(ERROR)}, ML_TEXT("err: init: %s")},
    {E(ERROR), {F(ERROR)}, ML_TEXT("fatal_exit: %s")},
    {E(BAD_REQUEST), {F(TEXT)}, ML_TEXT("ignoring garbage: %s")},
    {E(RELOAD), {F(PATH)}, ML_TEXT("master: %w reloaded")},
    {E(ERROR), {F(SIGNAL_NAME)}, ML_TEXT("master: Could not block SIG%w")},
    {E(ERROR), {F(SIGNAL_NAME)}, ML_TEXT("master: Could not unblock SIG%w")},
    {E(CHILD), {F(MAX)}, ML_TEXT("master: MAX_PROC (%d) reached")},
    {E(CHILD), {F(CHILD_PID)}, ML_TEXT("master: child %d exited")},
    {E(ERROR), {F(ERROR)}, ML_TEXT("master: socketpair: %s")},
    {E(START),
     {F(VERSION), F(CONF), F(GID), F(EGID), F(UID), F(EUID), F(TAINT)},
     ML_TEXT("policyd-weight %s started and daemonized. conf:%s; GID:%s EGID:%s UID:%s EUID:%s; taint mode: %d")},
    {E(DNS_TROUBLE), {F(ERROR)}, ML_TEXT("rbl_lookup: %s")},
    {E(ERROR), {F(PATH)}, ML_TEXT("removing stale %s")},
    {E(BAD_REQUEST), {F(REQUEST)}, ML_TEXT("unrecognized request type: '%S'")},
    {E(ERROR), {0}, ML_TEXT("weighted_check returned a zero value!")},
};
ML_PATTERN_TABLE(maillog__policyd_weight_statements);

/* NAME[ADDR]> <helo=H> <from=F> <to=T> */
static bool put_trace(ml_line *l, ml_cur c)
{
    maillog_field *const mark = ml_mark(l);
    ml_cur helo, from;
    if (!maillog__put_client(l, &c) || !ML_SKIP(&c, "> <helo=") || !ML_UNTIL(l, &c, "> <from=", &helo) ||
        !ML_UNTIL_LAST(&c, "> <to=", &from) || !ML_DROP_END(&c, ">"))
        return ml_fail(l, mark);
    if (ML_FIND(l, from, "> <to=")) l->ev->flags |= MAILLOG_FLAG_AMBIGUOUS;
    ml_put(l, MAILLOG_FIELD_HELO, helo);
    ml_put(l, MAILLOG_FIELD_FROM, from);
    ml_put(l, MAILLOG_FIELD_TO, c);
    return true;
}

static bool weighted(ml_line *l, ml_cur c)
{
    maillog_field *const mark = ml_mark(l);
    ml_cur rate = c, trace, checks;
    if (!ML_SKIP(&rate, "weighted check: ") || !ML_UNTIL_LAST(&rate, "; rate: ", &trace)) return false;
    if (!ML_UNTIL(l, &trace, "; <client=", &checks)) return false;
    ml_put(l, MAILLOG_FIELD_CHECKS, checks);
    if (!put_trace(l, trace)) return ml_fail(l, mark);
    ml_put(l, MAILLOG_FIELD_SCORE, rate);
    return ml_event(l, MAILLOG_EVENT_POLICYD_WEIGHT_RESULTS);
}

static bool decided(ml_line *l, ml_cur c)
{
    maillog_field *const mark = ml_mark(l);
    ml_cur delay = c, trace, action;
    if (!ML_SKIP(&delay, "decided action=") || !ML_UNTIL_LAST(&delay, "; delay: ", &trace)) return false;
    if (!ML_UNTIL(l, &trace, "; <client=", &action)) return false;
    ml_put(l, MAILLOG_FIELD_ACTION, action);
    ml_put(l, MAILLOG_FIELD_TRACE, ml_slice(trace.p - sizeof "<client=" + 1, trace.e));
    if (!put_trace(l, trace)) return ml_fail(l, mark);
    ML_DROP_END(&delay, "s");
    ml_put(l, MAILLOG_FIELD_DELAY, delay);
    return ml_event(l, MAILLOG_EVENT_POLICYD_WEIGHT_DECIDED);
}

void maillog__policyd_weight(ml_line *l, ml_cur message)
{
    ml_cur c = message;
    if (weighted(l, c) || decided(l, c)) return;
    maillog__put_severity(l, &c);
    if (!maillog__match_patterns(l, &maillog__policyd_weight_statements, c)) ml_put_rest(l, c);
}
