/* dovecot_auth.c: auth, auth-worker, dict: what became of authentication requests, and their data bases.
 *
 *   2.2, 2.3  BACKEND(USER[,IP][,master][,<SESSION>]): MESSAGE      in auth-worker after `auth-worker<N>: `
 *   2.4       BACKEND: MESSAGE                                      the rest is in the prefix; `request [N]: `
 *
 * Source: auth/auth-request.c, passdb and userdb drivers, auth-worker-client.c, lib-sql.
 * Remote-controlled: USER (at most 64 bytes, control characters masked; a `)`, `,` or `<` only where
 * auth_username_chars allows it), the password of `given password:`, realm and names in messages. What Dovecot writes
 * after the user is read from the right; where a second reading is possible, the line is flagged. */
#include "dovecot.h"

/* ---- USER,IP,… ---- */

enum {
    USER_MAX = 64, /* with the `...` of a longer one */
    /* the user, an IPv6 address with a zone, sasl:MECH, master, a session ID */
    IDENTITY_MAX = USER_MAX + 1 + 64 + 1 + 40 + sizeof ",master" + 2 + 64,
};

typedef struct identity {
    ml_cur user, ip, mech, session;
} identity;

static bool is_ip(ml_cur v)
{
    bool separator = false, digit = false;
    for (const char *p = v.p; p < v.e; p++) {
        if (*p == '.' || *p == ':')
            separator = true;
        else if (ml_is_hex(*p))
            digit = true;
        else
            return false;
    }
    return separator && (digit || ML_IS(v, "::")); /* a cut name ends in `...` */
}

/* Read from the right, as far as Dovecot's own parts go, each of which it writes once; `parts`: there may be some. */
static identity read_identity(ml_cur c, bool parts)
{
    identity id = {c, {NULL, NULL}, {NULL, NULL}, {NULL, NULL}};
    bool master = false;
    if (!parts) return id;
    for (const char *comma; !id.ip.p && (comma = ml_rfind(c, ',')) != NULL; c.e = comma) {
        ml_cur part = ml_slice(comma + 1, c.e);
        if (!id.session.p && ML_SKIP(&part, "<") && ML_DROP_END(&part, ">"))
            id.session = part;
        else if (!id.mech.p && ML_SKIP(&part, "sasl:"))
            id.mech = part;
        else if (is_ip(part))
            id.ip = part;
        else if (master || !ML_IS(part, "master"))
            break;
        else
            master = true;
        id.user.e = comma;
    }
    return id;
}

static bool ends_identity(const char *p, const char *e)
{
    return e - p > 1 && (p[1] == '<' || (p[1] == ':' && e - p > 2 && p[2] == ' '));
}

/* The first `)` in the window that may end an identity; the text ends at `e`. */
static const char *next_end(const ml_line *l, ml_cur window, const char *e)
{
    const char *p = window.p;
#ifdef ML_SSE2
    const __m128i close = _mm_set1_epi8(')'), colon = _mm_set1_epi8(':'), angle = _mm_set1_epi8('<');
    for (; window.e - p >= 16 && l->readable - p >= 17; p += 16) {
        unsigned mask = ml_mask_16(p, close) & (ml_mask_16(p + 1, colon) | ml_mask_16(p + 1, angle));
        for (; mask; mask &= mask - 1) {
            const char *const at = p + __builtin_ctz(mask);
            if (ends_identity(at, e)) return at;
        }
    }
#endif
    for (; (p = ml_find(l, ml_slice(p, window.e), ')')) != NULL; p++)
        if (ends_identity(p, e)) return p;
    return NULL;
}

/* A name that auth_username_chars does not allow as it comes: the format may be forged with it. */
static bool is_odd(ml_cur user)
{
    for (const char *p = user.p; p < user.e; p++)
        if (*p == '(' || *p == ')' || *p == '<' || *p == ',') return true;
    return false;
}

bool maillog__dovecot_identity(ml_line *l, ml_cur *c)
{
    ml_cur window = ml_slice(c->p, ml_len(*c) > IDENTITY_MAX ? c->p + IDENTITY_MAX : c->e);
    identity best = {{NULL, NULL}, {NULL, NULL}, {NULL, NULL}, {NULL, NULL}};
    const char *end = NULL, *comma = NULL; /* the first one in the window; its end: there is none */
    unsigned readings = 0;
    bool odd = false;
    for (const char *p; (p = next_end(l, window, c->e)) != NULL; window.p = p + 1) {
        if (!comma || comma < window.p) comma = ml_find(l, window, ',');
        if (!comma) comma = window.e;
        if (readings > 1 && comma == window.e) break; /* none of the others has an address */
        const ml_cur all = ml_slice(c->p, p);
        const char *const last = comma < p ? ml_rfind(all, ',') : NULL, *const before = ml_rfind(all, ')');
        if (end && before && before - c->p >= USER_MAX) break; /* it would be the user's */
        const bool parts = last && (!before || before < last); /* none of them holds a `)` */
        if (end && !parts && ml_len(all) > USER_MAX) continue;
        const identity id = read_identity(all, parts);
        if (end && ml_len(id.user) > USER_MAX) continue;
        if (!end || id.ip.p || !best.ip.p || odd) readings++; /* either may be true */
        if (end && !id.ip.p) continue;
        best = id;
        odd = is_odd(best.user);
        end = p;
    }
    if (!end) return false;
    if (readings > 1) l->ev->flags |= MAILLOG_FLAG_AMBIGUOUS;
    ml_put(l, MAILLOG_FIELD_USER, best.user);
    ml_put_opt(l, MAILLOG_FIELD_RIP, best.ip);
    ml_put_opt(l, MAILLOG_FIELD_MECH, best.mech);
    ml_put_opt(l, MAILLOG_FIELD_SESSION, best.session);
    c->p = end + 1;
    return true;
}

/* ---- messages of a request ---- */

/* Whole messages that say: not this user, or not this password. */
static bool is_refusal(const ml_line *l, ml_cur m)
{
    static const ml_lit texts[] = {
        ML_LIT("Unknown user"),
        ML_LIT("User unknown"),
        ML_LIT("unknown user"),
        ML_LIT("Password mismatch"),
        ML_LIT("password mismatch"),
        ML_LIT("invalid input"),
        ML_LIT("Invalid username"),
        ML_LIT("Invalid credentials"),
        ML_LIT("user is disabled"),
        ML_LIT("User is disabled"),
        ML_LIT("User found from deny passdb"),
        ML_LIT("Login attempt with empty password"),
        ML_LIT("Attempted login with password having illegal chars"),
        ML_LIT("Cached NULL password access"),
        ML_LIT("invalid credentials"),
        ML_LIT("user not found from any userdbs"),
        ML_LIT("malformed data"),
        ML_LIT("no initial response"),
        ML_LIT("username not known"),
        ML_LIT("Invalid input"),
        ML_LIT("Invalid base64 data in initial response"),
        ML_LIT("Invalid base64 data in continued response"),
        ML_LIT("Empty username"),
    };
    static const ml_lit starts[] = {
        ML_LIT("pam_authenticate() failed: "),
        ML_LIT("Authentication failure"),
        ML_LIT("Password mismatch"),
        ML_LIT("unknown user"),
        ML_LIT("Username character disallowed by auth_username_chars: "),
        ML_LIT("Authentication failed"),
        ML_LIT("Login failed"),
        ML_LIT("oauth2 failed: "),
        ML_LIT("allow_nets check failed: "),
        ML_LIT("Policy check"),
        ML_LIT("user not authenticated: "),
        ML_LIT("Request timed out waiting for client to continue authentication"),
        ML_LIT("User not authorized to log in as "),
        ML_LIT("Attempted master login with no master passdbs"),
        ML_LIT("account "),
        ML_LIT("pam_acct_mgmt() failed: "),
        ML_LIT("checkpassword failed"),
        ML_LIT("Empty response from client"),
    };
    const uint64_t key = ml_key(l, m);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (ml_is_lit(key, m, &texts[i])) return true;
    for (size_t i = 0; i < sizeof starts / sizeof *starts; i++)
        if (ml_starts_lit(key, m, &starts[i])) return true;
    return false;
}

/* ` (given password: X)`, ` (SHA1 of given password: X)` at the end: the password is the client's, the first counts. */
static ml_cur cut_given(const ml_line *l, ml_cur *m, maillog_field_id *id)
{
    static const struct {
        const char *text;
        uint8_t len;
        uint16_t field;
    } forms[] = {
        {" (given password: ", 18, MAILLOG_FIELD_GIVEN_PASSWORD},
        {" (SHA1 of given password: ", 26, MAILLOG_FIELD_SHA1},
    };
    for (size_t i = 0; i < sizeof forms / sizeof *forms && ml_last(*m) == ')'; i++) {
        const char *p = maillog__find_bytes(l, *m, forms[i].text, forms[i].len);
        if (!p) continue;
        const ml_cur given = ml_slice(p + forms[i].len, m->e - 1);
        m->e = p;
        *id = (maillog_field_id)forms[i].field;
        return given;
    }
    return ml_none();
}

ML_PATTERN_ROWS(maillog__dovecot_auth_requests) = {
    {MAILLOG_EVENT_DOVECOT_AUTH_MASTER_LOGIN, {MAILLOG_FIELD_LOGIN_USER}, ML_TEXT("Master user logging in as %s")},
    {MAILLOG_EVENT_DOVECOT_AUTH_ERROR, {MAILLOG_FIELD_ERROR}, ML_TEXT("Password query failed: %s")},
    {MAILLOG_EVENT_DOVECOT_AUTH_ERROR, {MAILLOG_FIELD_SCHEME}, ML_TEXT("Requested unknown scheme %s")},
    {MAILLOG_EVENT_DOVECOT_AUTH_ERROR, {MAILLOG_FIELD_SCHEME}, ML_TEXT("Unknown scheme %s")},
    {MAILLOG_EVENT_DOVECOT_AUTH_ERROR, {MAILLOG_FIELD_ERROR}, ML_TEXT("User query failed: %s")},
};
ML_PATTERN_TABLE(maillog__dovecot_auth_requests);

static bool message(ml_line *l, ml_cur m, const ml_dovecot *head)
{
    if (maillog__match_patterns(l, &maillog__dovecot_auth_requests, m)) return true;
    if (head->severity == MAILLOG_SEVERITY_DEBUG) {
        ml_put(l, MAILLOG_FIELD_TEXT, m);
        return ml_event(l, MAILLOG_EVENT_DOVECOT_AUTH_NOTE);
    }
    if (ml_dovecot_is_fault(head)) {
        ml_put(l, MAILLOG_FIELD_ERROR, m);
        return ml_event(l, MAILLOG_EVENT_DOVECOT_AUTH_ERROR);
    }
    ml_cur reason = m, next;
    maillog_field_id id = MAILLOG_FIELD_NONE;
    next = reason;
    if (ML_DROP_END(&reason, " - trying the next passdb") || ML_DROP_END(&reason, " - trying the next userdb"))
        next.p = reason.e + strlen(" - ");
    else
        next = ml_none();
    const ml_cur given = cut_given(l, &reason, &id);
    while (ML_DROP_END(&reason, " ")) continue; /* userdb look-ups end so */
    if (!is_refusal(l, reason)) {
        ml_put(l, MAILLOG_FIELD_TEXT, m);
        return ml_event(l, MAILLOG_EVENT_DOVECOT_AUTH_NOTE);
    }
    ml_put(l, MAILLOG_FIELD_REASON, reason);
    if (given.p) ml_put(l, id, given);
    ml_put_opt(l, MAILLOG_FIELD_TEXT, next);
    return ml_event(l, MAILLOG_EVENT_DOVECOT_AUTH_FAILED);
}

/* The name of a passdb, a userdb or a mechanism. */
static bool cut_backend(ml_cur *c, ml_cur *out)
{
    enum { LONGEST = 64 };
    const char *p = c->p;
    while (p < c->e && p - c->p <= LONGEST && (ml_is_alnum(*p) || *p == '-' || *p == '_')) p++;
    if (p == c->p || p == c->e || p - c->p > LONGEST) return false;
    *out = ml_slice(c->p, p);
    c->p = p;
    return true;
}

/* `BACKEND(USER,…): MESSAGE` */
static bool request_23(ml_line *l, ml_cur c, const ml_dovecot *head)
{
    maillog_field *const mark = ml_mark(l);
    ml_cur backend;
    if (!cut_backend(&c, &backend) || !ml_skip_char(&c, '(')) return false;
    ml_put(l, MAILLOG_FIELD_BACKEND, backend);
    if (!maillog__dovecot_identity(l, &c) || !ML_SKIP(&c, ": ")) return ml_fail(l, mark);
    return message(l, c, head);
}

/* `BACKEND: MESSAGE` after a prefix with the request's user. */
static bool request_24(ml_line *l, ml_cur c, const ml_dovecot *head)
{
    ml_cur t = c, backend;
    if (!head->identity) return false;
    if (cut_backend(&t, &backend) && ML_SKIP(&t, ": ")) {
        ml_put(l, MAILLOG_FIELD_BACKEND, backend);
        c = t;
    }
    return message(l, c, head);
}

/* `auth-worker<N>: ` and `request [N]: `: the worker's count of requests. */
static void cut_request_number(ml_line *l, ml_cur *c)
{
    ml_cur t = *c, n;
    if (ML_SKIP(&t, "auth-worker<")) {
        if (!ml_digits(&t, &n) || !ML_SKIP(&t, ">: ")) return;
    } else if (!ML_SKIP(&t, "request [") || !ml_digits(&t, &n) || !ML_SKIP(&t, "]: ")) {
        return;
    }
    ml_put(l, MAILLOG_FIELD_N, n);
    *c = t;
}

/* ---- data bases ---- */

ML_PATTERN_ROWS(maillog__dovecot_auth_sql) = {
    {MAILLOG_EVENT_DOVECOT_SQL_ERROR,
     {MAILLOG_FIELD_DB, MAILLOG_FIELD_ERROR, MAILLOG_FIELD_N},
     ML_TEXT("Connect failed to database %s: %S - waiting for %d seconds before retry")},
    {MAILLOG_EVENT_DOVECOT_SQL_ERROR,
     {MAILLOG_FIELD_DB, MAILLOG_FIELD_ERROR, MAILLOG_FIELD_N},
     ML_TEXT("Connect failed to database (%s): %S - waiting for %d seconds before retry")},
    {MAILLOG_EVENT_DOVECOT_SQL_ERROR,
     {MAILLOG_FIELD_ERROR, MAILLOG_FIELD_N},
     ML_TEXT("Connect failed: %S - waiting for %d seconds before retry")},
    {MAILLOG_EVENT_DOVECOT_SQL_CONNECTED, {0}, ML_TEXT("Connected")},
    {MAILLOG_EVENT_DOVECOT_SQL_CONNECTED, {MAILLOG_FIELD_DB}, ML_TEXT("Connected to database %s")},
};
ML_PATTERN_TABLE(maillog__dovecot_auth_sql);

/* `mysql(HOST): …`, `pgsql(HOST): …`, `mysql: …` */
static bool sql_driver(ml_line *l, ml_cur c, const ml_dovecot *head)
{
    maillog_field *const mark = ml_mark(l);
    ml_cur backend, host;
    if (!cut_backend(&c, &backend)) return false;
    if (!ML_IS(backend, "mysql") && !ML_IS(backend, "pgsql") && !ML_IS(backend, "sqlite") &&
        !ML_IS(backend, "cassandra"))
        return false;
    ml_put(l, MAILLOG_FIELD_BACKEND, backend);
    if (ml_skip_char(&c, '(')) {
        if (!ML_UNTIL(l, &c, "): ", &host)) return ml_fail(l, mark);
        ml_put(l, MAILLOG_FIELD_HOST_NAME, host);
    } else if (!ML_SKIP(&c, ": ")) {
        return ml_fail(l, mark);
    }
    if (maillog__match_patterns(l, &maillog__dovecot_auth_sql, c)) return true;
    if (!ml_dovecot_is_fault(head)) return ml_fail(l, mark);
    ml_put(l, MAILLOG_FIELD_ERROR, c);
    return ml_event(l, MAILLOG_EVENT_DOVECOT_SQL_ERROR);
}

/* `ldap(/PATH): …`: of the connection that this configuration file describes; a request has a user there. */
static bool ldap(ml_line *l, ml_cur c)
{
    ml_cur path;
    if (!ML_SKIP(&c, "ldap(") || ml_peek(c) != '/' || !ML_UNTIL(l, &c, "): ", &path)) return false;
    ml_put(l, MAILLOG_FIELD_PATH, path);
    ml_put(l, MAILLOG_FIELD_ERROR, c);
    return ml_event(l, MAILLOG_EVENT_DOVECOT_LDAP_ERROR);
}

/* ---- the service itself ---- */

ML_PATTERN_ROWS(maillog__dovecot_auth_statements) = {
    {MAILLOG_EVENT_DOVECOT_AUTH_SLOW,
     {MAILLOG_FIELD_N, MAILLOG_FIELD_COUNT, MAILLOG_FIELD_TEXT},
     ML_TEXT("%d%% of last %d lookups took over %s")},
    {MAILLOG_EVENT_DOVECOT_AUTH_CLIENT,
     {MAILLOG_FIELD_TEXT, MAILLOG_FIELD_USER, MAILLOG_FIELD_ERROR},
     ML_TEXT("Aborted %s request for %s: %s")},
    {MAILLOG_EVENT_DOVECOT_AUTH_CLIENT,
     {MAILLOG_FIELD_SECONDS, MAILLOG_FIELD_COUNT},
     ML_TEXT("Aborting auth request that was queued for %d secs, %d left in queue")},
    {MAILLOG_EVENT_DOVECOT_AUTH_FAILED, {MAILLOG_FIELD_REASON}, ML_TEXT("Attempted login with %s")},
    {MAILLOG_EVENT_DOVECOT_AUTH_CLIENT,
     {MAILLOG_FIELD_USER, MAILLOG_FIELD_SECONDS, MAILLOG_FIELD_TEXT},
     ML_TEXT("Auth master disconnected us while handling request for %s for %d secs (result=%s)")},
    {MAILLOG_EVENT_DOVECOT_AUTH_CLIENT,
     {MAILLOG_FIELD_SECONDS, MAILLOG_FIELD_COUNT},
     ML_TEXT("Auth request was queued for %d seconds, %d left in queue (see auth_worker_max_count)")},
    {MAILLOG_EVENT_DOVECOT_AUTH_CLIENT, {MAILLOG_FIELD_TEXT}, ML_TEXT("Auth worker sees different %s")},
    {MAILLOG_EVENT_DOVECOT_AUTH_CLIENT, {MAILLOG_FIELD_ERROR}, ML_TEXT("Authentication client %s")},
    {MAILLOG_EVENT_DOVECOT_AUTH_CLIENT, {MAILLOG_FIELD_ERROR}, ML_TEXT("BUG: %s")},
    {MAILLOG_EVENT_DOVECOT_LDAP_ERROR, {MAILLOG_FIELD_ERROR}, ML_TEXT("Connection lost to LDAP server, %s")},
    {MAILLOG_EVENT_DOVECOT_LDAP_ERROR, {MAILLOG_FIELD_ERROR}, ML_TEXT("LDAP: %s")},
    {MAILLOG_EVENT_DOVECOT_AUTH_SLOW,
     {MAILLOG_FIELD_USER, MAILLOG_FIELD_SECONDS},
     ML_TEXT("Lookup for %s took %d secs")},
    {MAILLOG_EVENT_DOVECOT_AUTH_CLIENT, {MAILLOG_FIELD_ERROR}, ML_TEXT("Master request %s")},
    {MAILLOG_EVENT_DOVECOT_AUTH_CLIENT, {MAILLOG_FIELD_ERROR}, ML_TEXT("Master requested %s")},
    {MAILLOG_EVENT_DOVECOT_AUTH_MASTER_LOGIN, {MAILLOG_FIELD_LOGIN_USER}, ML_TEXT("Master user logging in as %s")},
    {MAILLOG_EVENT_DOVECOT_AUTH_CLIENT,
     {MAILLOG_FIELD_ID, MAILLOG_FIELD_SECONDS, MAILLOG_FIELD_TEXT},
     ML_TEXT("Request %s timed out after %d secs, %s")},
    {MAILLOG_EVENT_DOVECOT_AUTH_CACHE_FLUSHED, {MAILLOG_FIELD_N}, ML_TEXT("SIGHUP received, %d cache entries flushed")},
    {MAILLOG_EVENT_DOVECOT_AUTH_CLIENT,
     {MAILLOG_FIELD_CLIENT, MAILLOG_FIELD_COUNT, MAILLOG_FIELD_ERROR},
     ML_TEXT("auth client %d disconnected with %d pending requests: %s")},
    {MAILLOG_EVENT_DOVECOT_AUTH_CLIENT, {MAILLOG_FIELD_ERROR}, ML_TEXT("auth-worker: %s")},
    {MAILLOG_EVENT_DOVECOT_AUTH_CLIENT, {MAILLOG_FIELD_ERROR}, ML_TEXT("auth: %s")},
};
ML_PATTERN_TABLE(maillog__dovecot_auth_statements);

bool maillog__dovecot_auth(ml_line *l, ml_cur text, const ml_dovecot *head)
{
    cut_request_number(l, &text);
    return sql_driver(l, text, head) || ldap(l, text) ||
           maillog__match_patterns(l, &maillog__dovecot_auth_statements, text) || request_23(l, text, head) ||
           request_24(l, text, head);
}
