/* webmail.c: logins that Roundcube 1.0 to 1.6 (rcmail::log_login, rcube::write_log, log_bug) and Nextcloud 10 to 31
 * (lib/private/Log/Syslog.php, LogDetails.php, User/Session.php) write to syslog.
 *
 *   [<session> ]Failed login for USER from ADDR in session ID (error: N)             Roundcube
 *   {app} TEXT, or {"reqId":…,"remoteAddr":…,"message":…,…}                          Nextcloud, before and since 20
 *
 * A stranger chooses the user, whole, with blanks and all that JSON must escape, escaped. Roundcube's address, session
 * and error behind it are its own, so they are read from the right; with proxies the address has theirs behind it. */
#include "../base/pattern.h"
#include "../base/token.h"
#include "daemons.h"

#define E(NAME) MAILLOG_EVENT_WEBMAIL_##NAME
#define F(NAME) MAILLOG_FIELD_##NAME

/* ADDR[(X-Real-IP: A,X-Forwarded-For: B)] */
static void put_remote(ml_line *l, ml_cur v)
{
    ml_cur t = v, addr;
    if (ml_last(t) == ')' && ml_until(l, &t, '(', &addr)) {
        t.e--;
        ml_put(l, F(CLIENT_ADDR), addr);
        ml_put(l, F(FORWARDED_FOR), t);
    } else {
        ml_put(l, F(CLIENT_ADDR), v);
    }
}

/* USER from ADDR in session ID */
static bool roundcube_login(ml_line *l, ml_cur c, bool good)
{
    ml_cur user, addr, id = ml_none();
    if (ML_UNTIL_LAST(&c, " in session ", &addr))
        id = c;
    else
        addr = c; /* before 1.1 */
    ml_cur head = addr;
    if (!ML_UNTIL_LAST(&head, " from ", &user)) return false;
    /* what the client says of its proxies, in brackets, has no form: it may repeat ` from `, as the user may */
    for (ml_cur piece = head; ml_last(head) == ')' && !ml_find(l, piece, '(');) {
        piece = user;
        if (!ML_UNTIL_LAST(&piece, " from ", &user)) break;
        head.p = piece.p;
    }
    addr = head;
    if (ml_last(addr) == ')' && ML_FIND(l, user, " from ")) l->ev->flags |= MAILLOG_FLAG_AMBIGUOUS;
    ml_cur t = user, number;
    if (good && ML_DROP_END(&t, ")") && ML_UNTIL_LAST(&t, " (ID: ", &number)) {
        user = number;
        ml_put(l, F(USER), user);
        ml_put(l, F(UID), t);
    } else {
        ml_put(l, F(USER), user);
    }
    put_remote(l, addr);
    ml_put_opt(l, F(SESSION), id);
    return ml_event(l, good ? E(LOGIN) : E(LOGIN_FAILED));
}

static bool failed_login(ml_line *l, ml_cur c)
{
    ml_cur t = c, before;
    maillog_field *const mark = ml_mark(l);
    if (!ML_SKIP(&t, "Failed login for ")) return false;
    c = t;
    if (ML_DROP_END(&t, ")") && ML_UNTIL_LAST(&t, " (error: ", &before)) {
        if (!roundcube_login(l, before, false)) return ml_fail(l, mark);
        ml_put(l, F(ERROR_CODE), t);
        return true;
    }
    return roundcube_login(l, c, false) || ml_fail(l, mark);
}

extern const ml_patterns maillog__roundcube_statements;
ML_PATTERN_ROWS(maillog__roundcube_statements) = {
    {E(ERROR), {F(TYPE), F(ERROR)}, ML_TEXT("%w Error: %s")},
    {E(ERROR), {F(TYPE), F(ERROR)}, ML_TEXT("%w Error %s")},
    {E(SESSION), {F(TEXT)}, ML_TEXT("Session %s")},
    {E(SENT),
     {F(USER), F(CLIENT_ADDR), F(MESSAGE_ID), F(TO), F(REPLY)},
     ML_TEXT("User %S [%w]; Message %s for %s; %s")},
};
ML_PATTERN_TABLE(maillog__roundcube_statements);

/* ADDR[(…)] and the `. ` behind it, which may stand in the brackets, too: the first that closes them counts. */
static bool cut_remote(ml_line *l, ml_cur *c, ml_cur *out)
{
    ml_cur t = *c;
    while (ml_is_hex(ml_peek(t)) || ml_peek(t) == '.' || ml_peek(t) == ':') t.p++;
    if (ml_peek(t) != '(' || !ML_UNTIL(l, &t, "). ", out)) return ML_UNTIL(l, c, ". ", out);
    if (ML_FIND(l, t, "). ")) l->ev->flags |= MAILLOG_FLAG_AMBIGUOUS;
    *out = ml_slice(c->p, out->e + 1);
    *c = t;
    return true;
}

/* IMAP Error: Login failed for USER against HOST from ADDR. TEXT in FILE on line N (METHOD URI) */
static bool imap_login_failed(ml_line *l, ml_cur c)
{
    ml_cur user, host, addr, text;
    if (!ML_SKIP(&c, "IMAP Error: Login failed for ")) return false;
    /* the server's reason behind the address does not repeat the user: the last address counts */
    text = c;
    if (!ML_UNTIL_LAST(&text, " from ", &user)) return false;
    if (ML_FIND(l, user, " from ")) l->ev->flags |= MAILLOG_FLAG_AMBIGUOUS;
    host = user;
    if (!ML_UNTIL_LAST(&host, " against ", &user)) host = ml_none();
    if (!cut_remote(l, &text, &addr)) return false;
    ml_put(l, F(USER), user);
    ml_put_opt(l, F(SERVER), host);
    put_remote(l, addr);
    ml_put(l, F(REASON), text);
    return ml_event(l, E(LOGIN_FAILED));
}

/* The same without an address: IMAP Error: Login failed for TEXT (METHOD URI) */
static bool imap_error(ml_line *l, ml_cur c)
{
    ml_cur method, text;
    if (!ML_SKIP(&c, "IMAP Error: Login failed for ") || !ML_DROP_END(&c, ")")) return false;
    if (!ML_UNTIL_LAST(&c, " ", &method) || !ML_UNTIL_LAST(&method, " (", &text)) return false;
    if (ml_empty(method) || ml_find(l, method, ' ')) return false;
    ml_put(l, F(ERROR), text);
    ml_put(l, F(METHOD), method);
    ml_put(l, F(PATH), c);
    return ml_event(l, E(ERROR));
}

void maillog__roundcube(ml_line *l, ml_cur message)
{
    ml_cur c = message, t = c, session = ml_none();
    if (ml_skip_char(&t, '<') && ML_UNTIL(l, &t, "> ", &session) && !ml_find(l, session, ' '))
        c = t;
    else
        session = ml_none();
    maillog_field *const mark = ml_mark(l);
    t = c;
    if (failed_login(l, c)) return; /* these say more of the session at their end */
    if (ML_SKIP(&t, "Successful login for ") && roundcube_login(l, t, true)) return;
    ml_fail(l, mark);
    ml_put_opt(l, F(SESSION), session);
    if (imap_login_failed(l, c) || imap_error(l, c) || maillog__match_patterns(l, &maillog__roundcube_statements, c))
        return;
    ml_fail(l, mark);
    ml_put_rest(l, message);
}

/* ---- Nextcloud ---- */

/* Login failed: 'USER' (Remote IP: 'ADDR'), without the quotes since 13 */
static bool login_failed(ml_line *l, ml_cur c)
{
    ml_cur user, addr;
    if (!ML_SKIP(&c, "Login failed: ") || !ML_DROP_END(&c, ")")) return false;
    addr = c;
    if (!ML_UNTIL_LAST(&addr, " (Remote IP: ", &user)) return false;
    if (ml_peek(addr) == '\'' && ml_last(addr) == '\'') { /* then the user has them, too */
        addr = ml_slice(addr.p + 1, addr.e - 1);
        if (ml_len(user) > 1 && ml_peek(user) == '\'' && ml_last(user) == '\'') user = ml_slice(user.p + 1, user.e - 1);
    }
    ml_put(l, F(USER), user);
    ml_put(l, F(CLIENT_ADDR), addr);
    return ml_event(l, E(LOGIN_FAILED));
}

/* The value of a key of one flat JSON object: strings without their quotes, escapes as they stand. Keys of objects
 * inside, and text inside strings that looks like a key, do not count. Linear: one walk for all keys. */
typedef struct json_member {
    ml_cur key, value;
} json_member;

static bool json_string(ml_cur *c, ml_cur *out)
{
    if (ml_peek(*c) != '"') return false;
    for (const char *p = c->p + 1; p < c->e; p++) {
        if (*p == '\\')
            p++;
        else if (*p == '"') {
            *out = ml_slice(c->p + 1, p);
            c->p = p + 1;
            return true;
        }
    }
    return false;
}

/* Over a value; objects and arrays with all that is in them. */
static bool json_value(ml_cur *c, ml_cur *out)
{
    if (json_string(c, out)) return true;
    const char *start = c->p;
    ml_cur text;
    size_t depth = 0;
    while (c->p < c->e) {
        const char ch = *c->p;
        if (ch == '"') {
            if (!json_string(c, &text)) return false;
            continue;
        }
        if ((ch == ',' || ch == '}' || ch == ']') && depth == 0) break;
        if (ch == '{' || ch == '[') depth++;
        if (ch == '}' || ch == ']') depth--;
        c->p++;
    }
    *out = ml_slice(start, c->p);
    return c->p > start;
}

static bool json_next(ml_cur *c, json_member *m)
{
    if (!json_string(c, &m->key) || !ml_skip_char(c, ':') || !json_value(c, &m->value)) return false;
    return ml_skip_char(c, ',') || ML_IS(*c, "}");
}

static const struct {
    ml_lit key;
    uint16_t field;
} members[] = {
    {ML_LIT("reqId"), F(ID)},        {ML_LIT("time"), F(DATE)},   {ML_LIT("app"), F(MODULE)},
    {ML_LIT("method"), F(METHOD)},   {ML_LIT("url"), F(PATH)},    {ML_LIT("userAgent"), F(USER_AGENT)},
    {ML_LIT("version"), F(VERSION)}, {ML_LIT("level"), F(LEVEL)}, {ML_LIT("data"), F(DATA)},
    {ML_LIT("exception"), F(ERROR)},
};

static bool nextcloud_json(ml_line *l, ml_cur c)
{
    json_member m;
    ml_cur remote = ml_none(), user = ml_none(), message = ml_none();
    maillog_field *const mark = ml_mark(l);
    if (!ml_skip_char(&c, '{')) return false;
    while (ml_peek(c) == '"') {
        if (!json_next(&c, &m)) return ml_fail(l, mark);
        const uint64_t key = ml_key(l, m.key);
        if (ML_IS(m.key, "remoteAddr")) remote = m.value;
        if (ML_IS(m.key, "user")) user = m.value;
        if (ML_IS(m.key, "message")) message = m.value;
        for (size_t i = 0; i < sizeof members / sizeof *members; i++)
            if (ml_is_lit(key, m.key, &members[i].key)) ml_put(l, (maillog_field_id)members[i].field, m.value);
    }
    if (!ML_IS(c, "}") || !message.p) return ml_fail(l, mark);
    if (login_failed(l, message)) return true;
    if (remote.p && !ml_empty(remote)) ml_put(l, F(CLIENT_ADDR), remote);
    if (user.p && !ML_IS(user, "--")) ml_put(l, F(USER), user);
    ml_put(l, F(TEXT), message);
    return ml_event(l, E(NOTE));
}

void maillog__nextcloud(ml_line *l, ml_cur message)
{
    ml_cur c = message, app;
    if (nextcloud_json(l, c)) return;
    maillog_field *const mark = ml_mark(l);
    if (ml_skip_char(&c, '{') && ML_UNTIL(l, &c, "} ", &app)) { /* before 20 */
        ml_put(l, F(MODULE), app);
        if (login_failed(l, c)) return;
        ml_put(l, F(TEXT), c);
        ml_event(l, E(NOTE));
        return;
    }
    ml_fail(l, mark);
    ml_put_rest(l, message);
}
