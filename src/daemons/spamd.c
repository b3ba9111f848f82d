/* spamd.c: SpamAssassin 3.4 and 4.0: spamd, spamc, and the proxy spampd. spamd makes blanks and commas of a Message-ID
 * into '_', so the result line can be read from left to right; the user name is the client's. */
#include "../base/pattern.h"
#include "../base/token.h"
#include "daemons.h"

#define E(NAME) MAILLOG_EVENT_SPAMD_##NAME
#define F(NAME) MAILLOG_FIELD_##NAME

extern const ml_patterns maillog__spamd_statements;
ML_PATTERN_ROWS(maillog__spamd_statements) = {
    {E(SPAMASSASSIN), {F(TEXT)}, ML_TEXT("antivirus: %s")},
    {E(SPAMASSASSIN), {F(TEXT)}, ML_TEXT("archive-iterator: %s")},
    {E(SPAMASSASSIN), {F(TEXT)}, ML_TEXT("askdns: %s")},
    {E(SPAMASSASSIN), {F(TEXT)}, ML_TEXT("asn: %s")},
    {E(SPAMASSASSIN), {F(TEXT)}, ML_TEXT("async: %s")},
    {E(SPAMASSASSIN), {F(TEXT)}, ML_TEXT("auto-whitelist: %s")},
    {E(SPAMASSASSIN), {F(TEXT)}, ML_TEXT("awl: %s")},
    {E(SPAMASSASSIN), {F(TEXT)}, ML_TEXT("bayes: %s")},
    {E(SPAMASSASSIN), {F(TEXT)}, ML_TEXT("check: %s")},
    {E(CONFIG), {F(TEXT)}, ML_TEXT("config: %s")},
    {E(CONFIG), {F(PATH)}, ML_TEXT("config: created user preferences file: %s")},
    {E(SPAMASSASSIN), {F(TEXT)}, ML_TEXT("dcc: %s")},
    {E(SPAMASSASSIN), {F(TEXT)}, ML_TEXT("dkim: %s")},
    {E(SPAMASSASSIN), {F(TEXT)}, ML_TEXT("dns: %s")},
    {E(SPAMASSASSIN), {F(TEXT)}, ML_TEXT("facts: %s")},
    {E(SPAMASSASSIN), {F(TEXT)}, ML_TEXT("fromnamespoof: %s")},
    {E(SPAMASSASSIN), {F(TEXT)}, ML_TEXT("generic: %s")},
    {E(SPAMASSASSIN), {F(TEXT)}, ML_TEXT("geodb: %s")},
    {E(SPAMASSASSIN), {F(TEXT)}, ML_TEXT("hashbl: %s")},
    {E(SPAMASSASSIN), {F(TEXT)}, ML_TEXT("html: %s")},
    {E(SPAMASSASSIN), {F(TEXT)}, ML_TEXT("info: %s")},
    {E(SPAMASSASSIN), {F(TEXT)}, ML_TEXT("ldap: %s")},
    {E(SPAMASSASSIN), {F(TEXT)}, ML_TEXT("learn: %s")},
    {E(SPAMASSASSIN), {F(TEXT)}, ML_TEXT("locker: %s")},
    {E(SPAMASSASSIN), {F(TEXT)}, ML_TEXT("logger: %s")},
    {E(SPAMASSASSIN), {F(TEXT)}, ML_TEXT("message: %s")},
    {E(SPAMASSASSIN), {F(TEXT)}, ML_TEXT("metadata: %s")},
    {E(SPAMASSASSIN), {F(TEXT)}, ML_TEXT("mimeheader: %s")},
    {E(SPAMASSASSIN), {F(TEXT)}, ML_TEXT("netset: %s")},
    {E(SPAMASSASSIN), {F(TEXT)}, ML_TEXT("olevbmacro: %s")},
    {E(SPAMASSASSIN), {F(TEXT)}, ML_TEXT("pdfinfo: %s")},
    {E(SPAMASSASSIN), {F(TEXT)}, ML_TEXT("phishing: %s")},
    {E(SPAMASSASSIN), {F(TEXT)}, ML_TEXT("plugin: %s")},
    {E(CHILD), {F(TEXT)}, ML_TEXT("prefork: %s")},
    {E(CHILD), {F(STATES)}, ML_TEXT("prefork: child states: %s")},
    {E(CHILD), {0}, ML_TEXT("prefork: server reached --max-children setting, consider raising it")},
    {E(SPAMASSASSIN), {F(TEXT)}, ML_TEXT("pyzor: %s")},
    {E(SPAMASSASSIN), {F(TEXT)}, ML_TEXT("razor2: %s")},
    {E(SPAMASSASSIN), {F(TEXT)}, ML_TEXT("rbl: %s")},
    {E(SPAMASSASSIN), {F(TEXT)}, ML_TEXT("replacetags: %s")},
    {E(SPAMASSASSIN), {F(TEXT)}, ML_TEXT("reporter: %s")},
    {E(SPAMASSASSIN), {F(TEXT)}, ML_TEXT("resolver: %s")},
    {E(SPAMASSASSIN), {F(TEXT)}, ML_TEXT("rules: %s")},
    {E(SPAMASSASSIN), {F(TEXT)}, ML_TEXT("shortcircuit: %s")},
    {E(USER), {F(ERROR)}, ML_TEXT("spamd: POSIX::setgid %s")},
    {E(USER), {F(ERROR)}, ML_TEXT("spamd: POSIX::setuid %s")},
    {E(LEARN),
     {F(ACTION), F(USER), F(UID), F(SECONDS), F(SIZE)},
     ML_TEXT("spamd: Tell: %s for %S:%d in %f seconds, %d bytes")},
    {E(LEARN), {F(USER), F(UID), F(SECONDS), F(SIZE)}, ML_TEXT("spamd: Tell:for %S:%d in %f seconds, %d bytes")},
    {E(ERROR), {F(ERROR)}, ML_TEXT("spamd: accept_a_conn: %s")},
    {E(CHILD), {F(TEXT)}, ML_TEXT("spamd: accidental fork: %s")},
    {E(ERROR), {F(TEXT)}, ML_TEXT("spamd: bad protocol: %s")},
    {E(ERROR), {F(TEXT)}, ML_TEXT("spamd: bad protocol: header error: %s")},
    {E(ERROR), {F(ERROR)}, ML_TEXT("spamd: cannot %s")},
    {E(CHILD), {F(TEXT)}, ML_TEXT("spamd: cannot send SIG%s")},
    {E(MESSAGE),
     {F(MESSAGE_ID), F(RESENT_MESSAGE_ID), F(USER), F(UID)},
     ML_TEXT("spamd: checking message %w aka %w for %S:%d")},
    {E(MESSAGE), {F(MESSAGE_ID), F(USER), F(UID)}, ML_TEXT("spamd: checking message %w for %S:%d")},
    {E(CHILD), {F(CHILD_PID), F(STATUS)}, ML_TEXT("spamd: child [%d] killed successfully: %s")},
    {E(CHILD), {F(SIGNAL)}, ML_TEXT("spamd: child got SIG%w, exiting")},
    {E(CLEAN),
     {F(SCORE), F(REQUIRED), F(USER), F(UID), F(SECONDS), F(SIZE)},
     ML_TEXT("spamd: clean message (%f/%f) for %S:%d in %f seconds, %d bytes.")},
    {E(CONNECTION),
     {F(CLIENT_NAME), F(CLIENT_ADDR), F(CLIENT_PORT), F(PORT), F(FD)},
     ML_TEXT("spamd: connection from %w [%w]:%d to port %d, fd %d")},
    {E(CONNECTION),
     {F(CLIENT_NAME), F(CLIENT_ADDR), F(CLIENT_PORT)},
     ML_TEXT("spamd: connection from %w [%w] at port %d")},
    {E(CHILD), {F(TEXT)}, ML_TEXT("spamd: copy_config timeout, %s")},
    {E(ERROR), {F(ERROR)}, ML_TEXT("spamd: could not create %s")},
    {E(USER), {F(PATH), F(USER)}, ML_TEXT("spamd: created %s for %w")},
    {E(USER), {F(PATH)}, ML_TEXT("spamd: creating default_prefs: %s")},
    {E(ERROR), {F(ERROR)}, ML_TEXT("spamd: error: %s")},
    {E(USER), {F(PATH), F(USER)}, ML_TEXT("spamd: failed to create %s for %w")},
    {E(USER), {F(PATH)}, ML_TEXT("spamd: failed to create readable default_prefs: %s")},
    {E(USER), {F(ERROR)}, ML_TEXT("spamd: failed to set %s")},
    {E(CONNECTION), {F(PATH)}, ML_TEXT("spamd: got connection over %s")},
    {E(USER), {F(METHOD), F(USER)}, ML_TEXT("spamd: handle_user (%w) unable to find user: '%S'")},
    {E(USER), {F(METHOD), F(USER)}, ML_TEXT("spamd: handle_user (%w) unable to find user: %s")},
    {E(USER), {F(USER)}, ML_TEXT("spamd: handle_user unable to find user: '%S'")},
    {E(CHILD),
     {F(CHILD_PID), F(SIGNAL), F(STATUS)},
     ML_TEXT("spamd: handled cleanup of child pid [%d] due to SIG%w: %s")},
    {E(CHILD), {F(CHILD_PID), F(STATUS)}, ML_TEXT("spamd: handled cleanup of child pid [%d]: %s")},
    {E(SPAM),
     {F(SCORE), F(REQUIRED), F(USER), F(UID), F(SECONDS), F(SIZE)},
     ML_TEXT("spamd: identified spam (%f/%f) for %S:%d in %f seconds, %d bytes.")},
    {E(MESSAGE),
     {F(MESSAGE_ID), F(RESENT_MESSAGE_ID), F(USER), F(UID)},
     ML_TEXT("spamd: processing message %w aka %w for %S:%d")},
    {E(MESSAGE), {F(MESSAGE_ID), F(USER), F(UID)}, ML_TEXT("spamd: processing message %w for %S:%d")},
    {E(STARTING), {F(COMMAND)}, ML_TEXT("spamd: restarting using '%S'")},
    {E(STOPPING), {F(SIGNAL)}, ML_TEXT("spamd: server hit by SIG%w, restarting")},
    {E(STOPPING), {F(SIGNAL)}, ML_TEXT("spamd: server killed by SIG%w, shutting down")},
    {E(STARTING), {F(MASTER_PID)}, ML_TEXT("spamd: server pid: %d")},
    {E(STOPPING), {F(TYPE)}, ML_TEXT("spamd: server socket closed, type %s")},
    {E(STARTING), {F(TEXT), F(VERSION)}, ML_TEXT("spamd: server started on %s (running version %w)")},
    {E(STARTING), {F(TEXT)}, ML_TEXT("spamd: server started on %s")},
    {E(CHILD), {F(CHILD_PID)}, ML_TEXT("spamd: server successfully spawned child process, pid %d")},
    {E(ERROR), {F(ERROR)}, ML_TEXT("spamd: service unavailable: %s")},
    {E(USER), {F(ERROR)}, ML_TEXT("spamd: setuid %s")},
    {E(USER), {F(USER)}, ML_TEXT("spamd: setuid to %s succeeded")},
    {E(USER), {F(USER), F(TABLE)}, ML_TEXT("spamd: setuid to %w succeeded, reading scores from %w")},
    {E(SKIPPED), {F(SECONDS)}, ML_TEXT("spamd: skipped large message in %f seconds")},
    {E(USER), {F(TEXT)}, ML_TEXT("spamd: still running as root: %s")},
    {E(USER),
     {0},
     ML_TEXT("spamd: still running as root: user not specified with -u, not found, or set to root, falling back to "
             "nobody")},
    {E(ERROR), {F(TEXT)}, ML_TEXT("spamd: timeout: %s")},
    {E(ERROR), {F(SECONDS), F(COMMAND)}, ML_TEXT("spamd: timeout: (%d second timeout while trying to %w)")},
    {E(DENIED), {F(TEXT)}, ML_TEXT("spamd: unauthorized %s")},
    {E(DENIED),
     {F(CLIENT_NAME), F(CLIENT_ADDR), F(CLIENT_PORT), F(PORT), F(FD)},
     ML_TEXT("spamd: unauthorized connection from %w [%w]:%d to port %d, fd %d")},
    {E(DENIED),
     {F(CLIENT_NAME), F(CLIENT_ADDR), F(CLIENT_PORT), F(PORT), F(FD), F(TEXT)},
     ML_TEXT("spamd: unauthorized connection from %w [%w]:%d to port %d, fd %d at %s")},
    {E(ERROR), {F(TEXT)}, ML_TEXT("spamd: unknown order: %s")},
    {E(USER), {F(USER), F(PATH)}, ML_TEXT("spamd: using default config for %w: %s")},
    {E(SPAMASSASSIN), {F(TEXT)}, ML_TEXT("spf: %s")},
    {E(SPAMASSASSIN), {F(TEXT)}, ML_TEXT("sql: %s")},
    {E(SPAMASSASSIN), {F(TEXT)}, ML_TEXT("textcat: %s")},
    {E(TIMING), {F(TEXT)}, ML_TEXT("timing: %s")},
    {E(SPAMASSASSIN), {F(TEXT)}, ML_TEXT("txrep: %s")},
    {E(SPAMASSASSIN), {F(TEXT)}, ML_TEXT("uri: %s")},
    {E(SPAMASSASSIN), {F(TEXT)}, ML_TEXT("uridnsbl: %s")},
    {E(SPAMASSASSIN), {F(TEXT)}, ML_TEXT("util: %s")},
    {E(CHILD), {F(TEXT)}, ML_TEXT("waitpid failed: %s")},
};

ML_PATTERN_TABLE(maillog__spamd_statements);

extern const ml_patterns maillog__spamc_statements;
ML_PATTERN_ROWS(maillog__spamc_statements) = {
    {E(CONNECT_FAILED),
     {F(HOST_NAME), F(ATTEMPT), F(ATTEMPTS), F(ERROR)},
     ML_TEXT("connect to spamd on %w failed, retrying (#%d of %d): %s")},
    {E(CONNECT_FAILED), {F(SOCKET), F(ERROR)}, ML_TEXT("connect(AF_UNIX) to spamd using --socket='%s' failed: %s")},
    {E(CONNECT_FAILED),
     {F(SOCKET), F(ATTEMPT), F(ATTEMPTS), F(ERROR)},
     ML_TEXT("connect(AF_UNIX) to spamd using --socket='%s' failed, retrying (#%d of %d): %s")},
    {E(CONNECT_FAILED), {F(ATTEMPTS)}, ML_TEXT("connection attempt to spamd aborted after %d retries")},
    {E(CONNECT_FAILED), {F(HOST_NAME), F(ERROR)}, ML_TEXT("could not resolve '%s': %s")},
    {E(SPAMC_ERROR), {F(TEXT)}, ML_TEXT("error %s")},
    {E(SPAMC_ERROR), {F(BYTES), F(SIZE)}, ML_TEXT("failed sanity check, %d bytes claimed, %d bytes seen")},
    {E(SPAMC_ERROR), {F(TEXT)}, ML_TEXT("failed to %s")},
    {E(CONNECT_FAILED), {F(HOST_NAME), F(ERROR)}, ML_TEXT("getaddrinfo(%s) failed: %s")},
    {E(CONNECT_FAILED), {F(HOST_NAME), F(ERROR)}, ML_TEXT("gethostbyname(%s) failed: %s")},
    {E(SPAMC_ERROR), {F(TEXT)}, ML_TEXT("oversized message%s")},
    {E(SPAMC_ERROR), {F(TEXT)}, ML_TEXT("read(%s")},
    {E(SKIPPED), {F(SIZE)}, ML_TEXT("skipped message, greater than max message size (%d bytes)")},
    {E(SPAMC_ERROR), {F(TEXT)}, ML_TEXT("socket(%s")},
    {E(SPAMC_ERROR), {F(TEXT)}, ML_TEXT("spamd closed connection before %s")},
    {E(SPAMC_ERROR), {F(TEXT)}, ML_TEXT("spamd responded with %s")},
    {E(SPAMC_ERROR), {F(TEXT)}, ML_TEXT("tell not enabled%s")},
    {E(SPAMC_ERROR), {F(TEXT)}, ML_TEXT("unexpected EOF%s")},
    {E(SPAMC_ERROR), {F(TEXT)}, ML_TEXT("write(%s")},
};

ML_PATTERN_TABLE(maillog__spamc_statements);

extern const ml_patterns maillog__spampd_statements;
ML_PATTERN_ROWS(maillog__spampd_statements) = {
    {E(NET_SERVER), {F(DATE), F(NAME), F(TEXT)}, ML_TEXT("%w %w (type %s")},
    {E(NET_SERVER), {F(TEXT)}, ML_TEXT("Beginning prefork %s")},
    {E(NET_SERVER), {F(TEXT)}, ML_TEXT("Binding to %s")},
    {E(STARTING), {F(TEXT)}, ML_TEXT("Process Backgrounded%s")},
    {E(NET_SERVER), {F(TEXT)}, ML_TEXT("Server closing%s")},
    {E(NET_SERVER), {F(TEXT)}, ML_TEXT("Setting %s")},
    {E(ERROR), {F(ERROR)}, ML_TEXT("WARNING!! %s")},
    {E(ERROR), {F(ERROR)}, ML_TEXT("WARNING!! Error in process_request eval block: %s")},
    {E(ERROR), {F(MESSAGE_ID), F(ERROR)}, ML_TEXT("WARNING!! SpamAssassin error on message %w: %s")},
    {E(CLEAN),
     {F(MESSAGE_ID), F(SCORE), F(REQUIRED), F(FROM), F(RCPTS), F(SECONDS), F(SIZE)},
     ML_TEXT("clean message %w (%f/%f) from <%s> for %S in %fs, %d bytes.")},
    {E(SPAM),
     {F(MESSAGE_ID), F(SCORE), F(REQUIRED), F(FROM), F(RCPTS), F(SECONDS), F(SIZE)},
     ML_TEXT("identified spam %w (%f/%f) from <%s> for %S in %fs, %d bytes.")},
    {E(MESSAGE), {F(MESSAGE_ID), F(RCPTS)}, ML_TEXT("processing message %w for %s")},
    {E(SPAM_TESTS), {F(MESSAGE_ID), F(TESTS)}, ML_TEXT("rules hit for %w: %s")},
    {E(SKIPPED), {F(SIZE)}, ML_TEXT("skipped large message (%sKB)")},
};

ML_PATTERN_TABLE(maillog__spampd_statements);

/* Fields of the result line. */
static const struct {
    const char *key;
    uint8_t len;
    uint16_t field;
} result_keys[] = {
#define KEY(key, NAME)                                                                                                 \
    {                                                                                                                  \
        key, sizeof(key) - 1, MAILLOG_FIELD_##NAME                                                                     \
    }
    KEY("scantime=", SCANTIME),
    KEY("size=", SIZE),
    KEY("user=", USER),
    KEY("uid=", UID),
    KEY("required_score=", REQUIRED_SCORE),
    KEY("rhost=", RHOST),
    KEY("raddr=", RADDR),
    KEY("rport=", RPORT),
    KEY("mid=", MESSAGE_ID),
    KEY("rmid=", RESENT_MESSAGE_ID),
    KEY("bayes=", BAYES),
    KEY("autolearn=", AUTOLEARN),
    KEY("autolearn_force=", AUTOLEARN_FORCE),
    KEY("shortcircuit=", SHORTCIRCUIT),
#undef KEY
};

/* A Message-ID is in <>, and has neither of them inside; the user's name ends before the uid. */
static const char *value_end(const ml_line *l, ml_cur c, unsigned field)
{
    const bool id = field == MAILLOG_FIELD_MESSAGE_ID || field == MAILLOG_FIELD_RESENT_MESSAGE_ID;
    if (field == MAILLOG_FIELD_USER) return ML_FIND(l, c, ",uid=");
    const char *close = id && ml_peek(c) == '<' ? ml_find(l, c, '>') : NULL;
    if (close) c.p = close;
    return ml_find(l, c, ',');
}

/* `scantime=0.8,size=4120,…,autolearn=ham autolearn_force=no`; an unknown key and what follows it is `rest`. */
static void result_values(ml_line *l, ml_cur c)
{
    enum { KEYS = sizeof result_keys / sizeof *result_keys };
    size_t k = 0;
    while (!ml_empty(c)) {
        size_t i = k; /* in this order, each once */
        while (i < KEYS && !ml_starts_n(c, result_keys[i].key, result_keys[i].len)) i++;
        if (i == KEYS) break;
        c.p += result_keys[i].len;
        const char *p = value_end(l, c, result_keys[i].field);
        const char *blank = result_keys[i].field == MAILLOG_FIELD_AUTOLEARN ? ml_find(l, c, ' ') : NULL;
        if (blank && (!p || blank < p)) p = blank;
        const ml_cur v = ml_slice(c.p, p ? p : c.e);
        ml_put(l, (maillog_field_id)result_keys[i].field, v);
        c.p = p ? p + 1 : c.e;
        k = i + 1;
    }
    ml_put_rest(l, c);
}

/* `result: Y 17 - TEST,TEST scantime=…`; the score is right-aligned in two columns. */
static bool result(ml_line *l, ml_cur c)
{
    maillog_field *const mark = ml_mark(l);
    ml_cur verdict, score, tests;
    if (!ML_SKIP(&c, "spamd: result: ") || !ml_until(l, &c, ' ', &verdict)) return false;
    if (!ML_UNTIL(l, &c, " - ", &score) || !ML_UNTIL(l, &c, " scantime=", &tests)) return ml_fail(l, mark);
    ml_put(l, MAILLOG_FIELD_IS_SPAM, verdict);
    ml_put(l, MAILLOG_FIELD_SCORE, score);
    ml_put(l, MAILLOG_FIELD_TESTS, tests);
    result_values(l, ml_slice(tests.e + 1, c.e));
    return ml_event(l, MAILLOG_EVENT_SPAMD_RESULT);
}

void maillog__spamd(ml_line *l, ml_cur message)
{
    if (result(l, message)) return;
    if (!maillog__match_patterns(l, &maillog__spamd_statements, message)) ml_put_rest(l, message);
}

void maillog__spamc(ml_line *l, ml_cur message)
{
    if (!maillog__match_patterns(l, &maillog__spamc_statements, message)) ml_put_rest(l, message);
}

void maillog__spampd(ml_line *l, ml_cur message)
{
    if (!maillog__match_patterns(l, &maillog__spampd_statements, message)) ml_put_rest(l, message);
}
