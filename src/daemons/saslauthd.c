/* saslauthd.c: password checker of Cyrus SASL 2.1.22 to 2.1.28: `FUNCTION        : text` (the name is padded to 16),
 * and the PAM modules that run inside it.
 *
 *   auth failure: [user=U] [service=S] [realm=R] [mech=M] [reason=T]
 *
 * The user is what the client sent, not escaped, so the line is read from the right: service and mechanism are the
 * server's, the reason is the mechanism's. */
#include "../base/pattern.h"
#include "../base/token.h"
#include "daemons.h"
#include "pam.h"

#define E(NAME) MAILLOG_EVENT_SASLAUTHD_##NAME
#define F(NAME) MAILLOG_FIELD_##NAME

extern const ml_patterns maillog__saslauthd_statements;
ML_PATTERN_ROWS(maillog__saslauthd_statements) = {
    {E(BAD_REQUEST), {F(NAME), F(LIMIT)}, ML_TEXT("%w exceeded MAX_REQ_LEN: %d")},
    {E(BAD_REQUEST), {F(NAME), F(LIMIT)}, ML_TEXT("%w exceeds MAX_REQ_LEN: %d")},
    {E(MECH_ERROR), {F(REASON)}, ML_TEXT("Authentication failed for %s")},
    {E(BAD_REQUEST), {0}, ML_TEXT("Bad data")},
    {E(BAD_REQUEST), {F(NAME)}, ML_TEXT("NULL %w received")},
    {E(NOTE), {F(TEXT)}, ML_TEXT("accept lock file removed: %s")},
    {E(ERROR), {F(ERROR)}, ML_TEXT("accept: %s")},
    {E(NOTE), {F(TEXT)}, ML_TEXT("acquired %s")},
    {E(MECH_ERROR), {F(ERROR)}, ML_TEXT("auth failure: %s")},
    {E(MECH_ERROR), {F(ERROR)}, ML_TEXT("auth_rimap: %s")},
    {E(MECH_ERROR), {F(RELAY_NAME), F(ERROR)}, ML_TEXT("auth_rimap: connect %w: %s")},
    {E(AUTH_SUCCESS), {F(USER)}, ML_TEXT("auth_zimbra: %S auth OK")}, /* Zimbra's own build */
    {E(AUTH_FAILURE), {F(USER), F(REASON)}, ML_TEXT("auth_zimbra: %S auth failed: %s")},
    {E(ERROR), {F(ERROR)}, ML_TEXT("bind: %s")},
    {E(ERROR), {F(ERROR)}, ML_TEXT("cache %s")},
    {E(ERROR), {F(ERROR)}, ML_TEXT("chdir: %s")},
    {E(STOP), {F(CHILD_PID)}, ML_TEXT("child exited: %d")},
    {E(ERROR), {F(ERROR)}, ML_TEXT("chmod: %s")},
    {E(MECH_ERROR), {F(RELAY_NAME), F(ERROR)}, ML_TEXT("connect %w: %s")},
    {E(MECH_ERROR), {F(ERROR)}, ML_TEXT("connect: %s")},
    {E(ERROR), {F(ERROR)}, ML_TEXT("could not %s")},
    {E(LISTEN), {F(PATH)}, ML_TEXT("door on: %s")},
    {E(ERROR), {F(ERROR)}, ML_TEXT("door_return: %s")},
    {E(ERROR), {F(ERROR)}, ML_TEXT("failed %s")},
    {E(MECH_ERROR), {F(ERROR)}, ML_TEXT("failed to connect to %s")},
    {E(ERROR), {F(MECH)}, ML_TEXT("failed to initialize mechanism %s")},
    {E(MECH_ERROR), {F(ERROR)}, ML_TEXT("failed to retrieve salt for %s")},
    {E(ERROR), {F(ERROR)}, ML_TEXT("fcntl: %s")},
    {E(ERROR), {F(ERROR)}, ML_TEXT("fork: %s")},
    {E(MECH_ERROR), {F(ERROR)}, ML_TEXT("getaddrinfo %s")},
    {E(MECH_ERROR), {F(RELAY_NAME), F(SERVICE), F(ERROR)}, ML_TEXT("getaddrinfo(%w, %w): %s")},
    {E(MECH_ERROR), {F(ERROR)}, ML_TEXT("getnameinfo %s")},
    {E(ERROR), {F(ERROR)}, ML_TEXT("listen: %s")},
    {E(LISTEN), {F(PATH)}, ML_TEXT("listening on socket: %s")},
    {E(STOP), {F(MASTER_PID)}, ML_TEXT("master exited: %d")},
    {E(START), {F(MASTER_PID)}, ML_TEXT("master pid is: %d")},
    {E(ERROR), {F(ERROR)}, ML_TEXT("mmap: %s")},
    {E(ERROR), {0}, ML_TEXT("no authentication mechanism specified")},
    {E(ERROR), {F(ERROR)}, ML_TEXT("open: %s")},
    {E(NOTE), {F(TEXT)}, ML_TEXT("pid file lock removed: %s")},
    {E(MECH_ERROR), {F(ERROR)}, ML_TEXT("read (banner): %s")},
    {E(MECH_ERROR), {F(ERROR)}, ML_TEXT("read (response): %s")},
    {E(NOTE), {F(TEXT)}, ML_TEXT("released %s")},
    {E(NOTE), {F(TEXT)}, ML_TEXT("response: %s")},
    {E(START), {F(MASTER_PID)}, ML_TEXT("server created: %d")},
    {E(ERROR), {F(ERROR)}, ML_TEXT("setsid failed%s")},
    {E(ERROR), {F(ERROR)}, ML_TEXT("socket accept failure%s")},
    {E(NOTE), {F(TEXT)}, ML_TEXT("socket removed: %s")},
    {E(ERROR), {F(ERROR)}, ML_TEXT("socket: %s")},
    {E(START), {F(COMMAND)}, ML_TEXT("starting %s")},
    {E(MECH_ERROR), {F(REPLY)}, ML_TEXT("unexpected response during initial handshake: %s")},
    {E(MECH_ERROR), {F(CODE), F(REPLY)}, ML_TEXT("unexpected response to auth request: %w %s")},
    {E(MECH_ERROR), {F(REPLY)}, ML_TEXT("unexpected response to auth request: %s")},
    {E(MECH_ERROR), {F(SIGNAL)}, ML_TEXT("unexpected signal %d")},
    {E(ERROR), {F(MECH)}, ML_TEXT("unknown authentication mechanism: %s")},
    {E(MECH_ERROR), {F(ERROR)}, ML_TEXT("user %s")},
    {E(NOTE), {F(TEXT)}, ML_TEXT("using %s")},
    {E(MECH_ERROR), {F(ERROR)}, ML_TEXT("writev: %s")},
    {E(NOTE), {F(TEXT)}, ML_TEXT("zmauth: %s")},
    {E(NOTE), {F(TEXT)}, ML_TEXT("zmpost: %s")},
};
ML_PATTERN_TABLE(maillog__saslauthd_statements);

/* `do_auth         : `: name, blanks, colon; of some builds (Debian's 2.1.28) the name is empty. */
static void function_prefix(ml_line *l, ml_cur *c)
{
    const char *p = c->p;
    while (p < c->e && (ml_is_alnum(*p) || *p == '_')) p++;
    const ml_cur name = ml_slice(c->p, p);
    ml_cur rest = ml_slice(p, c->e);
    ml_skip_blanks(&rest);
    if (rest.p - c->p < 16 || !ML_SKIP(&rest, ": ")) return;
    if (!ml_empty(name)) ml_put(l, MAILLOG_FIELD_FUNC, name);
    *c = rest;
}

/* [user=U] [service=S] [realm=R] [mech=M][ [reason=T]] */
static bool login(ml_line *l, ml_cur c, maillog_event_type event)
{
    ml_cur user = c, service, realm, mech, reason = ml_none();
    if (!ML_SKIP(&user, "[user=") || !ML_DROP_END(&user, "]")) return false;
    mech = user;
    if (!ML_UNTIL_LAST(&mech, "] [mech=", &user)) return false;
    reason = mech;
    if (!ML_UNTIL(l, &reason, "] [reason=", &mech)) reason = ml_none();
    realm = user;
    if (!ML_UNTIL_LAST(&realm, "] [realm=", &user)) return false;
    service = user;
    if (!ML_UNTIL_LAST(&service, "] [service=", &user)) return false;
    ml_put(l, MAILLOG_FIELD_USER, user);
    ml_put(l, MAILLOG_FIELD_SERVICE, service);
    ml_put(l, MAILLOG_FIELD_REALM, realm);
    ml_put(l, MAILLOG_FIELD_MECH, mech);
    ml_put_opt(l, MAILLOG_FIELD_REASON, reason);
    return ml_event(l, event);
}

void maillog__saslauthd(ml_line *l, ml_cur message)
{
    ml_cur c = message, t;
    if (maillog__pam(l, c)) {
        ml_event(l, MAILLOG_EVENT_SASLAUTHD_PAM);
        return;
    }
    function_prefix(l, &c);
    t = c;
    if (ML_SKIP(&t, "auth failure: ") && login(l, t, MAILLOG_EVENT_SASLAUTHD_AUTH_FAILURE)) return;
    if (ML_SKIP(&t, "auth success: ") && login(l, t, MAILLOG_EVENT_SASLAUTHD_AUTH_SUCCESS)) return;
    if (ML_SKIP(&t, "auth success (cached): ") && login(l, t, MAILLOG_EVENT_SASLAUTHD_AUTH_SUCCESS)) return;
    if (!maillog__match_patterns(l, &maillog__saslauthd_statements, c)) ml_put_rest(l, c);
}
