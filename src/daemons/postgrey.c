/* postgrey.c: greylisting policy server. Source: postgrey 1.20 to 1.37 (mylog_action(), do_maintenance(), mux_input()).
 *
 *   [QID: ]action=A[, reason=R][, delay=N][, client_name=N][, client_address=A][, sender=S][, recipient=R]
 *
 * Empty values are left out with their names. Name and address of the client are Postfix's. Sender and recipient stand
 * there as the client gave them, bare: the recipient is one that this server was ready to accept, so the last
 * `, recipient=` is taken, and the line is flagged when there are more. */
#include "../base/pattern.h"
#include "../base/token.h"
#include "daemons.h"
#include "net_server.h"

#define E(NAME) MAILLOG_EVENT_POSTGREY_##NAME
#define F(NAME) MAILLOG_FIELD_##NAME

extern const ml_patterns maillog__postgrey_statements;
ML_PATTERN_ROWS(maillog__postgrey_statements) = {
    {E(RM), {F(PATH)}, ML_TEXT("rm %s")},
    {E(START), {F(DATE), F(TYPE), F(MASTER_PID)}, ML_TEXT("%w postgrey (type %w) starting! pid(%d)")},
    {E(WARNING), {F(PATH), F(LINE_NO)}, ML_TEXT("%s line %d: doesn't look like a hostname")},
    {E(WARNING), {F(PATH), F(LINE_NO)}, ML_TEXT("%s line %d: doesn't look like an address")},
    {E(BIND), {F(PROTO), F(PORT), F(LISTEN_ADDR), F(IPV)}, ML_TEXT("Binding to %w port %d on host %w with %s")},
    {E(BIND), {F(PROTO), F(PORT), F(LISTEN_ADDR)}, ML_TEXT("Binding to %w port %d on host %w")},
    {E(BIND), {F(PATH)}, ML_TEXT("Binding to UNIX socket file \"%S\"")},
    {E(EXITING), {0}, ML_TEXT("Exiting!")},
    {E(HUP), {0}, ML_TEXT("HUP received: reloading whitelists...")},
    {E(START), {0}, ML_TEXT("Process Backgrounded")},
    {E(PRIVILEGES), {F(GID)}, ML_TEXT("Setting gid to \"%S\"")},
    {E(PRIVILEGES), {F(UID)}, ML_TEXT("Setting uid to \"%S\"")},
    {E(WARNING), {F(NAME)}, ML_TEXT("attribute missing: %w")},
    {E(WARNING), {F(ERROR)}, ML_TEXT("can't checkpoint !? %s")},
    {E(FATAL), {F(ERROR)}, ML_TEXT("can't create DB environment: %s")},
    {E(FATAL), {F(PATH), F(ERROR)}, ML_TEXT("can't create database %w: %s")},
    {E(WARNING), {F(PATH), F(ERROR)}, ML_TEXT("can't open %s: %s")},
    {E(FATAL), {F(PATH)}, ML_TEXT("can't open lock file: %s")},
    {E(WARNING), {F(ADDRESS)}, ML_TEXT("can't parse client_address from postfix: %s")},
    {E(WARNING), {F(PATH), F(ERROR)}, ML_TEXT("can't remove db log %s: %s")},
    {E(CLEANUP), {F(BEFORE), F(AFTER)}, ML_TEXT("cleaning clients database finished. before: %d, after: %d")},
    {E(CLEANUP), {F(BEFORE), F(AFTER)}, ML_TEXT("cleaning finished. before: %d, after: %d")},
    {E(CLEANUP), {F(BEFORE), F(AFTER)}, ML_TEXT("cleaning main database finished. before: %d, after: %d")},
    {E(CLEANUP), {0}, ML_TEXT("cleaning up old entries...")},
    {E(CLEANUP), {0}, ML_TEXT("cleaning up old logs...")},
    {E(FUTURE), {0}, ML_TEXT("correcting date for first seen in the future!")},
    {E(GREYLIST),
     {F(GREYLIST_DELAY), F(CLIENT_NAME), F(FROM), F(TO)},
     ML_TEXT("delayed %d seconds: client=%w, from=%S, to=%w")},
    {E(WARNING),
     {F(VERSION), F(TEXT)},
     ML_TEXT("disabling DB_AUTO_COMMIT because you are using BerkeleyDB version %w. %s")},
    {E(GARBAGE), {F(TEXT)}, ML_TEXT("ignoring garbage: <%S>")},
    {E(FATAL), {F(PATH)}, ML_TEXT("locked: %s")},
    {E(WHITELISTED), {0}, ML_TEXT("tarpit whitelisted: %c")},
    {E(UNRECOGNIZED), {F(REQUEST)}, ML_TEXT("unrecognized request type: '%S'")},
    {E(WHITELISTED), {0}, ML_TEXT("whitelisted: %c")},
    {E(WHITELISTED), {F(CLIENT_ADDR)}, ML_TEXT("whitelisted: %w")},
};
ML_PATTERN_TABLE(maillog__postgrey_statements);

/* `early-retry (127s missing)` or words alone. */
static void put_reason(ml_line *l, ml_cur v)
{
    ml_cur t = v, word, missing;
    if (ML_UNTIL(l, &t, " (", &word) && ml_digits(&t, &missing) && ML_IS(t, "s missing)")) {
        ml_put(l, MAILLOG_FIELD_REASON, word);
        ml_put(l, MAILLOG_FIELD_MISSING_SECONDS, missing);
        return;
    }
    ml_put(l, MAILLOG_FIELD_REASON, v);
}

/* NAME=value up to the next `, `, if it is there. */
ML_INLINE bool attribute(const ml_line *l, ml_cur *c, const char *name, size_t n, ml_cur *out)
{
    if (!ml_skip_n(c, name, n)) return false;
    const char *end = ML_FIND(l, *c, ", ");
    *out = ml_slice(c->p, end ? end : c->e);
    c->p = out->e + (end ? 2 : 0);
    return true;
}

#define ATTRIBUTE(l, c, name, out) attribute((l), (c), name, sizeof(name) - 1, (out))

/* `[sender=S, ][recipient=R]` */
static void put_addresses(ml_line *l, ml_cur c)
{
    ml_cur sender;
    if (ML_SKIP(&c, "recipient=")) {
        ml_put(l, MAILLOG_FIELD_TO, c);
        return;
    }
    if (!ML_SKIP(&c, "sender=")) {
        ml_put_rest(l, c);
        return;
    }
    if (!ML_UNTIL_LAST(&c, ", recipient=", &sender)) {
        ml_put(l, MAILLOG_FIELD_FROM, c);
        return;
    }
    if (ML_FIND(l, sender, ", recipient=")) l->ev->flags |= MAILLOG_FLAG_AMBIGUOUS;
    ml_put(l, MAILLOG_FIELD_FROM, sender);
    ml_put(l, MAILLOG_FIELD_TO, c);
}

static unsigned action_word(ml_cur v)
{
    if (ML_IS(v, "greylist")) return MAILLOG_ACTION_GREYLIST;
    return ML_IS(v, "pass") ? MAILLOG_ACTION_PASS : 0;
}

static bool answer(ml_line *l, ml_cur c)
{
    ml_cur v;
    if (!ATTRIBUTE(l, &c, "action=", &v)) return false;
    ml_put_word(l, MAILLOG_FIELD_ACTION, v, action_word(v));
    if (ATTRIBUTE(l, &c, "reason=", &v)) put_reason(l, v);
    if (ATTRIBUTE(l, &c, "delay=", &v)) ml_put(l, MAILLOG_FIELD_GREYLIST_DELAY, v);
    if (ATTRIBUTE(l, &c, "client_name=", &v)) ml_put(l, MAILLOG_FIELD_CLIENT_NAME, v);
    if (ATTRIBUTE(l, &c, "client_address=", &v)) ml_put(l, MAILLOG_FIELD_CLIENT_ADDR, v);
    put_addresses(l, c);
    return ml_event(l, MAILLOG_EVENT_POSTGREY_GREYLIST);
}

/* Perl's warn() and die() go out as `WARNING: …` and `FATAL: ERROR: …`. */
void maillog__postgrey(ml_line *l, ml_cur message)
{
    ml_cur c = message, id;
    if (maillog__queue_id_prefix(&c, &id)) ml_put(l, MAILLOG_FIELD_QUEUE_ID, id);
    if (answer(l, c)) return;
    ml_skip_blanks(&c);
    if (maillog__put_severity(l, &c)) ML_SKIP(&c, "ERROR: ");
    if (maillog__match_patterns(l, &maillog__postgrey_statements, c)) return;
    if (!maillog__match_patterns(l, &maillog__net_server_statements, c)) ml_put_rest(l, c);
}
