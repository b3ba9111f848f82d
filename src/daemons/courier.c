/* courier.c: Courier IMAP and POP3 servers, authdaemond, couriertls, couriertcpd and the basics of Courier MTA.
 * Sources: Courier-IMAP 3.0 to 5.2 (imaplogin, imapd, pop3login, pop3dserver), courier-authlib 0.60 to 0.72, Courier
 * 0.60 to 1.3 (courierd, comctlfile, courieresmtpd).
 *
 *   WORDS, user=U, ip=[A], port=[P], key=value…        what the mail stores say about a client
 *   id=ID,from=<F>,addr=<A>[,size=N]…: TEXT            what the MTA says about a delivery
 *
 * courierlogger drops the level in front (`INFO: `) or leaves it, as configured. Remote parties choose: the user of a
 * failed login, the words of ID, addresses, the ident answer, the command an error= line quotes, replies. None is
 * escaped, so a failed login is read from the right. */
#include "../base/pattern.h"
#include "../base/token.h"
#include "daemons.h"

#define E(NAME) MAILLOG_EVENT_COURIER_##NAME
#define F(NAME) MAILLOG_FIELD_##NAME

extern const ml_patterns maillog__courier_statements;
ML_PATTERN_ROWS(maillog__courier_statements) = {
    {E(LIMIT), {F(COUNT)}, ML_TEXT("%d maximum active connections.")},
    {E(LIMIT), {F(COUNT)}, ML_TEXT("%d active connections.")},
    {E(AUTH_NOTE), {F(MODULE)}, ML_TEXT("%w: trying this module")},
    {E(AUTH_NOTE), {F(MODULE)}, ML_TEXT("%w: REJECT - try next module")},
    {E(AUTH_ERROR), {F(MODULE)}, ML_TEXT("%w: TEMPFAIL - no more modules will be tried")},
    {E(ACCOUNT_ERROR), {F(USER), F(ERROR)}, ML_TEXT("%S: chdir(%s")},
    {E(ACCOUNT_ERROR), {F(USER)}, ML_TEXT("%s: No homedir!!")},
    {E(ACCOUNT_ERROR), {F(USER)}, ML_TEXT("%s: No UID/GID!!")},
    {E(AUTH_NOTE), {F(TEXT)}, ML_TEXT("Authenticated: %s")},
    {E(ERROR), {F(ERROR)}, ML_TEXT("Bad line in %s")},
    {E(ACCOUNT_ERROR), {F(ERROR)}, ML_TEXT("Check for proper operation %s")},
    {E(ERROR), {F(ERROR)}, ML_TEXT("Configuration error - %s")},
    {E(PROXY), {F(RELAY_NAME)}, ML_TEXT("Connection to proxyhost %s failed.")},
    {E(START), {F(VERSION), F(TEXT)}, ML_TEXT("Courier %w Copyright %s")},
    {E(PROXY), {F(RELAY_NAME)}, ML_TEXT("Did not receive greeting from %s")},
    {E(ACCOUNT_ERROR), {F(ERROR)}, ML_TEXT("Error reading ACLs for %s")},
    {E(AUTH_NOTE), {0}, ML_TEXT("FAIL, all modules rejected")},
    {E(ACCOUNT_ERROR), {F(ERROR)}, ML_TEXT("Failed to create cache file: %s")},
    {E(ERROR), {F(ERROR)}, ML_TEXT("Group %s")},
    {E(START), {F(MODULE)}, ML_TEXT("Initializing %s")},
    {E(AUTH_MODULE), {F(MODULE)}, ML_TEXT("Installation complete: %s")},
    {E(START), {F(MODULE)}, ML_TEXT("Installed: %s")},
    {E(AUTH_MODULE), {F(MODULE)}, ML_TEXT("Installing %s")},
    {E(START), {F(TEXT)}, ML_TEXT("Installing [%s")},
    {E(AUTH_NOTE), {F(CLIENT_ADDR), F(USER)}, ML_TEXT("LOGIN: ip=[%w], username=%s")},
    {E(AUTH_NOTE), {F(CLIENT_ADDR), F(GIVEN_PASSWORD)}, ML_TEXT("LOGIN: ip=[%w], password=%s")},
    {E(AUTH_NOTE), {F(CLIENT_ADDR), F(COMMAND)}, ML_TEXT("LOGIN: ip=[%w], command=%s")},
    {E(AUTH_NOTE), {F(CLIENT_ADDR), F(TEXT)}, ML_TEXT("LOGIN: ip=[%w], %s")},
    {E(START), {F(TEXT)}, ML_TEXT("Loading STATIC transport %s")},
    {E(PROXY), {F(RELAY_NAME)}, ML_TEXT("Login password rejected by %s")},
    {E(PROXY), {F(RELAY_NAME)}, ML_TEXT("Login to %s failed")},
    {E(PROXY), {F(RELAY_NAME)}, ML_TEXT("Login userid rejected by %s")},
    {E(LIMIT), {F(CLIENT_ADDR)}, ML_TEXT("Maximum connection limit reached for %w")},
    {E(ERROR), {F(ERROR)}, ML_TEXT("Out of memory%s")},
    {E(PROXY), {F(RELAY_NAME)}, ML_TEXT("Proxy connected to %s")},
    {E(PROXY), {F(RELAY_NAME), F(ERROR)}, ML_TEXT("Proxy connection to %s failed: %s")},
    {E(QUEUE), {F(PATH)}, ML_TEXT("Purging %s")},
    {E(ERROR), {F(ERROR)}, ML_TEXT("QUEUE FILE CORRUPTION: %s")},
    {E(STOP), {F(REASON)}, ML_TEXT("SHUTDOWN: %s")},
    {E(START), {F(MODULE), F(CHILD_PID), F(TEXT)}, ML_TEXT("Started %s, pid=%d, %s")},
    {E(TLS_ERROR), {F(ERROR)}, ML_TEXT("Unexpected SSL connection shutdown%s")},
    {E(AUTH_MODULE), {F(MODULE)}, ML_TEXT("Uninstalling %s")},
    {E(START), {0}, ML_TEXT("Waiting.")},
    {E(QUEUE), {F(TEXT)}, ML_TEXT("Waiting.  shutdown time=%s")},
    {E(AUTH_ERROR), {F(ERROR)}, ML_TEXT("[Hint: %s")},
    {E(TLS_ERROR), {F(ERROR)}, ML_TEXT("accept: %s")},
    {E(AUTH_ERROR), {F(ERROR)}, ML_TEXT("authdaemon: %s")},
    {E(AUTH_ERROR), {F(ERROR)}, ML_TEXT("authentication error%s")},
    {E(AUTH_NOTE), {F(TEXT)}, ML_TEXT("authldaplib: %s")},
    {E(AUTH_NOTE), {F(TEXT)}, ML_TEXT("authmysqllib: %s")},
    {E(AUTH_NOTE), {F(TEXT)}, ML_TEXT("authpam: %s")},
    {E(AUTH_NOTE), {F(TEXT)}, ML_TEXT("authpgsqllib: %s")},
    {E(AUTH_NOTE), {F(TEXT)}, ML_TEXT("authuserdb: %s")},
    {E(ACCOUNT_ERROR), {F(PATH), F(ERROR)}, ML_TEXT("chdir %s: %s")},
    {E(COMPLETED), {F(COURIER_ID)}, ML_TEXT("completed,id=%w")},
    {E(TLS_ERROR), {F(ERROR)}, ML_TEXT("connect: %s")},
    {E(TLS_ERROR), {F(ERROR)}, ML_TEXT("courieresmtpd: STARTTLS failed: %s")},
    {E(TLS_ERROR), {F(ERROR)}, ML_TEXT("couriertls: %s")},
    {E(LIMIT), {F(CLIENT_ADDR)}, ML_TEXT("dropped blocked connection from %w")},
    {E(ACCOUNT_ERROR), {F(ERROR)}, ML_TEXT("error copying a message, %s")},
    {E(ACCOUNT_ERROR), {F(ERROR)}, ML_TEXT("error sending a message, %s")},
    {E(ACCOUNT_ERROR), {F(ERROR)}, ML_TEXT("error storing a message, %s")},
    {E(ERROR), {F(ERROR)}, ML_TEXT("exec(%s")},
    {E(ERROR), {F(ERROR)}, ML_TEXT("fork() %s")},
    {E(TLS_ERROR), {F(CLIENT_ADDR), F(ERROR)}, ML_TEXT("ip=[%w], %s")},
    {E(ERROR), {F(ERROR)}, ML_TEXT("malloc() %s")},
    {E(AUTH_MODULE), {F(TEXT), F(COUNT)}, ML_TEXT("modules=\"%s\", daemons=%d")},
    {E(ACCOUNT_ERROR), {F(ERROR)}, ML_TEXT("of the File Access Monitor daemon %s")},
    {E(AUTH_NOTE), {F(TEXT)}, ML_TEXT("pam_%s")},
    {E(QUEUE), {F(N), F(M)}, ML_TEXT("queuelo=%d, queuehi=%d")},
    {E(AUTH_REQUEST), {F(SERVICE), F(METHOD)}, ML_TEXT("received auth request, service=%w, authtype=%w")},
    {E(AUTH_REQUEST), {F(USER)}, ML_TEXT("received userid lookup request: %s")},
    {E(ACCOUNT_ERROR), {F(ERROR)}, ML_TEXT("rename(%s")},
    {E(START), {0}, ML_TEXT("restarting authdaemond children")},
    {E(ATTEMPT),
     {F(COURIER_ID), F(FROM), F(TRANSPORT), F(RELAY), F(TO)},
     ML_TEXT("started,id=%w,from=%a,module=%w,host=%s,addr=%a")},
    {E(SMTP_CONNECT), {F(CLIENT_ADDR), F(CLIENT_PORT)}, ML_TEXT("started,ip=[%w],port=[%d]")},
    {E(SMTP_CONNECT), {F(CLIENT_ADDR)}, ML_TEXT("started,ip=[%w]")},
    {E(TLS_ERROR), {F(ERROR)}, ML_TEXT("starttls: %s")},
    {E(STOP), {0}, ML_TEXT("stopping authdaemond children")},
    {E(TLS_ERROR), {F(TEXT)}, ML_TEXT("tlscache.c: %s")},
};
ML_PATTERN_TABLE(maillog__courier_statements);

/* ---- words, key=value, key=[value] ---- */

static const struct {
    ml_lit key;
    uint16_t field;
} keys[] = {
    {ML_LIT("port"), F(CLIENT_PORT)}, {ML_LIT("protocol"), F(PROTO)}, {ML_LIT("headers"), F(HDR_BYTES)},
    {ML_LIT("body"), F(BODY_BYTES)},  {ML_LIT("rcvd"), F(IN)},        {ML_LIT("sent"), F(OUT)},
    {ML_LIT("time"), F(SECONDS)},     {ML_LIT("top"), F(TOP_BYTES)},  {ML_LIT("retr"), F(RETR_BYTES)},
    {ML_LIT("starttls"), F(TLS)},     {ML_LIT("stls"), F(TLS)},       {ML_LIT("filename"), F(PATH)},
    {ML_LIT("old_name"), F(OLD)},     {ML_LIT("new_name"), F(NEW)},   {ML_LIT("method"), F(METHOD)},
};

/* `, key=value, key=[value]`; the name of a file takes the rest of the line, what is no key is TEXT. */
static void put_keys(ml_line *l, ml_cur c)
{
    enum { KEYS_MAX = 24 }; /* more than there are */
    bool is_text = false;
    for (int n = 0; n < KEYS_MAX && ML_SKIP(&c, ", "); n++) {
        ml_cur t = c, name, value;
        is_text = true; /* if it is no key: an ID of no words, too */
        if (!ml_until(l, &t, '=', &name)) break;
        const uint64_t key = ml_key(l, name);
        size_t i = 0;
        while (i < sizeof keys / sizeof *keys && !ml_is_lit(key, name, &keys[i].key)) i++;
        if (i == sizeof keys / sizeof *keys) break;
        const char *end = keys[i].field == F(PATH) ? NULL : ML_FIND(l, t, ", ");
        value = ml_slice(t.p, end ? end : t.e);
        c = ml_slice(value.e, t.e);
        is_text = false;
        if (keys[i].field == F(NEW)) ML_DROP_END(&value, ": only new_name will be left");
        if (ml_peek(value) == '[' && ml_last(value) == ']') value = ml_slice(value.p + 1, value.e - 1);
        ml_put(l, (maillog_field_id)keys[i].field, value);
    }
    ML_SKIP(&c, ", ");
    if (is_text || !ml_empty(c)) ml_put(l, F(TEXT), c);
}

static const struct {
    ml_lit words;
    uint16_t event;
    bool by_stranger; /* the user is what a stranger sent: the address is the last one */
} clients[] = {
    {ML_LIT("Connection"), E(CONNECT), false},
    {ML_LIT("LOGIN"), E(LOGIN), false},
    {ML_LIT("LOGIN FAILED"), E(LOGIN_FAILED), true},
    {ML_LIT("LOGOUT"), E(SESSION_END), false},
    {ML_LIT("TIMEOUT"), E(SESSION_END), false},
    {ML_LIT("DISCONNECTED"), E(SESSION_END), false},
    {ML_LIT("Disconnected"), E(DISCONNECT), false},
    {ML_LIT("I/O error disconnect"), E(SESSION_END), false},
    {ML_LIT("Disconnected during shutdown by signal"), E(SESSION_END), false},
    {ML_LIT("EXPUNGED"), E(MAILBOX), false},
    {ML_LIT("DELETED"), E(MAILBOX), false},
    {ML_LIT("LOCKED"), E(MAILBOX), false},
    {ML_LIT("ID"), E(CLIENT_ID), false},
};

/* WORDS[, user=U | , method=M], ip=[A][, …] */
static bool client(ml_line *l, ml_cur c)
{
    ml_cur words, head = ml_none(), addr;
    maillog_field *const mark = ml_mark(l);
    const char *comma = ml_find(l, c, ',');
    if (!comma) return false;
    words = ml_slice(c.p, comma);
    const uint64_t key = ml_key(l, words);
    size_t i = 0;
    while (i < sizeof clients / sizeof *clients && !ml_is_lit(key, words, &clients[i].words)) i++;
    if (i == sizeof clients / sizeof *clients) return false;
    c.p = comma;
    if (clients[i].by_stranger ? !ML_UNTIL_LAST(&c, ", ip=[", &head) : !ML_UNTIL(l, &c, ", ip=[", &head)) return false;
    if (!ml_until(l, &c, ']', &addr)) return false;
    if (ML_SKIP(&head, ", user="))
        ml_put(l, F(USER), head);
    else if (ML_SKIP(&head, ", method="))
        ml_put(l, F(METHOD), head);
    else if (!ml_empty(head))
        return ml_fail(l, mark);
    const uint16_t event = clients[i].event;
    if (event == E(SESSION_END) || event == E(MAILBOX)) ml_put(l, F(REASON), words);
    ml_put(l, F(CLIENT_ADDR), addr);
    put_keys(l, c);
    return ml_event(l, (maillog_event_type)event);
}

/* ---- the MTA ---- */

/* newmsg,id=ID[, auth=U][: MTA] */
static bool new_message(ml_line *l, ml_cur c)
{
    ml_cur id, user = ml_none();
    if (!ML_SKIP(&c, "newmsg,id=")) return false;
    const char *p = c.p;
    while (p < c.e && (ml_is_hex(*p) || *p == '.')) p++;
    id = ml_slice(c.p, p);
    c.p = p;
    ml_put(l, F(COURIER_ID), id);
    if (ML_SKIP(&c, ", auth=") && !ML_UNTIL(l, &c, ": ", &user)) {
        user = c;
        c.p = c.e;
    }
    ml_put_opt(l, F(SASL_USERNAME), user);
    ML_SKIP(&c, ": ");
    if (ML_SKIP(&c, "dns; ")) {
        ml_cur helo, host, addr;
        ml_cur t = c;
        if (ML_DROP_END(&t, "])") && ML_UNTIL_LAST(&t, "[", &host)) {
            addr = t;
            if (ML_UNTIL_LAST(&host, "(", &helo)) {
                ML_DROP_END(&helo, " ");
                ML_DROP_END(&host, " ");
                ml_put(l, F(HELO), helo);
                if (!ml_empty(host)) ml_put(l, F(CLIENT_NAME), host);
                ml_put(l, F(CLIENT_ADDR), addr);
                c.p = c.e;
            }
        }
    }
    if (!ml_empty(c)) ml_put(l, F(TEXT), c);
    return ml_event(l, E(QUEUED));
}

/* id=ID,from=<F>,addr=<A>[,size=N][,success]: TEXT, or …,status: success|deferred|failure */
static bool delivery(ml_line *l, ml_cur c)
{
    ml_cur id, from, to, size;
    maillog_field *const mark = ml_mark(l);
    if (!ML_SKIP(&c, "id=") || !ML_UNTIL(l, &c, ",from=", &id) || !maillog__angle(l, &c, ",", &from)) return false;
    if (!ML_SKIP(&c, ",addr=") || !maillog__angle(l, &c, ",:", &to)) return false;
    ml_put(l, F(COURIER_ID), id);
    ml_put(l, F(FROM), from);
    ml_put(l, F(TO), to);
    if (ML_SKIP(&c, ",size=") && ml_digits(&c, &size)) ml_put(l, F(SIZE), size);
    ml_cur word = c;
    if (ML_SKIP(&c, ",status: ")) {
        const unsigned status = ML_IS(c, "success")    ? MAILLOG_STATUS_SENT
                                : ML_IS(c, "deferred") ? MAILLOG_STATUS_DEFERRED
                                : ML_IS(c, "failure")  ? MAILLOG_STATUS_BOUNCED
                                                       : 0;
        ml_put_word(l, F(STATUS), c, status);
        return ml_event(l, E(DELIVERY));
    }
    if (ML_SKIP(&c, ",success")) ml_put_word(l, F(STATUS), ml_slice(word.p + 1, c.p), MAILLOG_STATUS_SENT);
    if (!ML_SKIP(&c, ": ")) return ml_fail(l, mark);
    ml_put(l, F(REPLY), c);
    return ml_event(l, E(DELIVERY));
}

/* Where the answer of an ident server ends, behind its quote if it has them, and how often it may. */
static const char *end_of_ident(const ml_line *l, ml_cur c, bool is_quoted, size_t *ends)
{
    const char *end = NULL, *from = ML_FIND(l, c, ",from=<"), *msg = ML_FIND(l, c, ",msg=\"");
    for (*ends = 0; *ends < 2 && (from || msg);) {
        const char *const p = !msg || (from && from < msg) ? from : msg;
        const ml_cur rest = ml_slice(p + 1, c.e);
        if (p == from)
            from = ML_FIND(l, rest, ",from=<");
        else
            msg = ML_FIND(l, rest, ",msg=\"");
        if (is_quoted && (p <= c.p + 1 || p[-1] != '"')) continue;
        if (!(*ends)++) end = p;
    }
    return end;
}

/* `"I",` or, in old versions, `I,`: what the client's ident server said, up to what follows it. That may be in it. */
static bool put_ident(ml_line *l, ml_cur *c)
{
    size_t ends;
    bool is_quoted = ml_peek(*c) == '"';
    const char *end = end_of_ident(l, *c, is_quoted, &ends);
    if (!end && is_quoted) {
        is_quoted = false;
        end = end_of_ident(l, *c, false, &ends);
    }
    if (!end) return false;
    if (ends > 1) l->ev->flags |= MAILLOG_FLAG_AMBIGUOUS;
    ml_put(l, F(IDENT), is_quoted ? ml_slice(c->p + 1, end - 1) : ml_slice(c->p, end));
    c->p = end + 1;
    return true;
}

/* error,relay=A[,port=P][,ident="I"],from=<F>[,to=<T>]: TEXT, or …,msg="TEXT",cmd: COMMAND */
static bool smtp_error(ml_line *l, ml_cur c)
{
    ml_cur v;
    maillog_field *const mark = ml_mark(l);
    if (!ML_SKIP(&c, "error,relay=") || !ml_until(l, &c, ',', &v)) return false;
    ml_put(l, F(CLIENT_ADDR), v);
    if (ML_SKIP(&c, "port=") && ml_until(l, &c, ',', &v)) ml_put(l, F(CLIENT_PORT), v);
    if (ML_SKIP(&c, "ident=") && !put_ident(l, &c)) return ml_fail(l, mark);
    if (ML_SKIP(&c, "msg=\"")) {
        if (!ML_UNTIL(l, &c, "\",cmd: ", &v)) return ml_fail(l, mark);
        ml_put(l, F(REPLY), v);
        ml_put(l, F(COMMAND), c);
        return ml_event(l, E(SMTP_ERROR));
    }
    if (!ML_SKIP(&c, "from=") || !maillog__angle(l, &c, ",:", &v)) return ml_fail(l, mark);
    ml_put(l, F(FROM), v);
    if (ML_SKIP(&c, ",to=")) {
        if (!maillog__angle(l, &c, ":", &v)) return ml_fail(l, mark);
        ml_put(l, F(TO), v);
    }
    if (!ML_SKIP(&c, ": ")) return ml_fail(l, mark);
    ml_put(l, F(REPLY), c);
    return ml_event(l, E(SMTP_ERROR));
}

static bool statement(ml_line *l, ml_cur c)
{
    return client(l, c) || delivery(l, c) || smtp_error(l, c) || new_message(l, c) ||
           maillog__match_patterns(l, &maillog__courier_statements, c);
}

void maillog__courier(ml_line *l, ml_cur message)
{
    ml_cur c = message;
    if (ML_SKIP(&c, "ALERT: ")) ml_put_word(l, F(SEVERITY), ml_slice(message.p, message.p + 5), MAILLOG_SEVERITY_FATAL);
    maillog__put_severity(l, &c);
    if (!statement(l, c)) ml_put_rest(l, c);
}

/* Tags that others use, too: imapd, pop3d, which are Cyrus's before 2.5. */
void maillog__courier_bare(ml_line *l, ml_cur message)
{
    maillog_field *const mark = ml_mark(l);
    maillog__courier(l, message);
    if (l->ev->match == MAILLOG_MATCH_EVENT) return;
    ml_fail(l, mark);
    l->ev->daemon = maillog__cyrus_daemon(l->program);
    maillog__cyrus_bare(l, message);
}
