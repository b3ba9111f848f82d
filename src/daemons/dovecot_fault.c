/* dovecot_fault.c: what any Dovecot service may say: failed calls, assertions, faults of mailboxes and indexes, quota,
 * plugins; and debug statements, known by their first words.
 *
 * Source: lib/failures.c, lib/backtrace-string.c, lib-index, lib-storage, plugins/quota; Dovecot 2.2 to 2.4.
 * Remote-controlled: nothing; names of mailboxes and files are the user's. */
#include "dovecot.h"

/* ---- FUNC(ARGS) failed: ERROR ---- */

static bool cut_function(ml_cur *c, ml_cur *name)
{
    const char *p = c->p;
    while (p < c->e && (ml_is_alnum(*p) || *p == '_')) p++;
    if (p == c->p || p == c->e || *p != '(') return false;
    *name = ml_slice(c->p, p);
    c->p = p + 1;
    return true;
}

/* One argument is a path or a name; `ADDRESS, PORT` is what connect() and listen() get. */
static void put_arguments(ml_line *l, ml_cur func, ml_cur args)
{
    ml_cur t = args, first, port;
    if (ml_empty(args)) return;
    if (!ML_UNTIL(l, &t, ", ", &first)) {
        ml_put(l, ml_find(l, args, '=') && *args.p != '/' ? MAILLOG_FIELD_ARGS : MAILLOG_FIELD_PATH, args);
        return;
    }
    const bool net =
        ML_IS(func, "listen") || ML_IS(func, "connect") || ML_IS(func, "bind") || ML_IS(func, "net_connect_ip");
    if (net && ml_digits(&t, &port) && ml_empty(t)) {
        ml_put(l, MAILLOG_FIELD_ADDR, first);
        ml_put(l, MAILLOG_FIELD_PORT, port);
        return;
    }
    ml_put(l, MAILLOG_FIELD_ARGS, args);
}

bool maillog__dovecot_call(ml_line *l, ml_cur c)
{
    ml_cur func, args;
    if (!cut_function(&c, &func) || !ML_UNTIL(l, &c, ") failed: ", &args)) return false;
    ml_put(l, MAILLOG_FIELD_FUNC, func);
    put_arguments(l, func, args);
    ml_put(l, MAILLOG_FIELD_ERROR, c);
    return ml_event(l, MAILLOG_EVENT_DOVECOT_CALL_FAILED);
}

/* ---- tables ---- */

ML_PATTERN_ROWS(maillog__dovecot_faults) = {
    {MAILLOG_EVENT_DOVECOT_AUTH_CLIENT, {MAILLOG_FIELD_ERROR}, ML_TEXT("Auth server %s")},
    {MAILLOG_EVENT_DOVECOT_CONNECTION_ERROR, {MAILLOG_FIELD_ERROR}, ML_TEXT("BUG: %s")},
    {MAILLOG_EVENT_DOVECOT_CONNECTION_ERROR, {MAILLOG_FIELD_ERROR}, ML_TEXT("Couldn't hibernate imap client: %s")},
    {MAILLOG_EVENT_DOVECOT_CONFIG_ERROR, {MAILLOG_FIELD_ERROR}, ML_TEXT("Couldn't load plugin %s")},
    {MAILLOG_EVENT_DOVECOT_SSL_ERROR,
     {MAILLOG_FIELD_ERROR},
     ML_TEXT("Diffie-Hellman key exchange requested, but no DH parameters provided. %s")},
    {MAILLOG_EVENT_DOVECOT_CONFIG_ERROR, {MAILLOG_FIELD_ERROR}, ML_TEXT("Dovecot version mismatch: %s")},
    {MAILLOG_EVENT_DOVECOT_CONFIG_ERROR, {MAILLOG_FIELD_ERROR}, ML_TEXT("Error reading configuration: %s")},
    {MAILLOG_EVENT_DOVECOT_CONNECTION_ERROR,
     {MAILLOG_FIELD_ERROR},
     ML_TEXT("Failed to establish relay connection: %s")},
    {MAILLOG_EVENT_DOVECOT_CONFIG_ERROR, {MAILLOG_FIELD_NAME, MAILLOG_FIELD_ERROR}, ML_TEXT("Failed to expand %s: %s")},
    {MAILLOG_EVENT_DOVECOT_SSL_ERROR, {MAILLOG_FIELD_ERROR}, ML_TEXT("Failed to initialize SSL %s")},
    {MAILLOG_EVENT_DOVECOT_REPLICATION,
     {MAILLOG_FIELD_MAILBOX, MAILLOG_FIELD_ERROR},
     ML_TEXT("Failed to lock mailbox %s for dsyncing: %s")},
    {MAILLOG_EVENT_DOVECOT_REPLICATION, {MAILLOG_FIELD_ERROR}, ML_TEXT("Failed to lock mailbox %s")},
    {MAILLOG_EVENT_DOVECOT_INDEXED, {MAILLOG_FIELD_N, MAILLOG_FIELD_MAILBOX}, ML_TEXT("Indexed %d messages in %s")},
    {MAILLOG_EVENT_DOVECOT_INDEXED, {MAILLOG_FIELD_TEXT}, ML_TEXT("Indexes disabled, %s")},
    {MAILLOG_EVENT_DOVECOT_KILLED,
     {MAILLOG_FIELD_SIGNAL, MAILLOG_FIELD_PEER_PID, MAILLOG_FIELD_UID, MAILLOG_FIELD_CODE},
     ML_TEXT("Killed with signal %d%( (by pid=%d uid=%d code=%s)%)")},
    {MAILLOG_EVENT_DOVECOT_AUTH_CLIENT, {MAILLOG_FIELD_ERROR}, ML_TEXT("Login client %s")},
    {MAILLOG_EVENT_DOVECOT_INDEXED, {MAILLOG_FIELD_TEXT}, ML_TEXT("Mail search interrupted: %s")},
    {MAILLOG_EVENT_DOVECOT_MAILBOX_ERROR,
     {MAILLOG_FIELD_MAILBOX, MAILLOG_FIELD_ERROR},
     ML_TEXT("Mailbox %S UIDVALIDITY %s")},
    {MAILLOG_EVENT_DOVECOT_BACKTRACE, {MAILLOG_FIELD_TEXT}, ML_TEXT("Raw backtrace: %s")},
    {MAILLOG_EVENT_DOVECOT_SSL_ALERT, {MAILLOG_FIELD_TEXT}, ML_TEXT("Received invalid SSL certificate: %s")},
    {MAILLOG_EVENT_DOVECOT_SSL_ALERT, {MAILLOG_FIELD_TEXT}, ML_TEXT("Received valid SSL certificate: %s")},
    {MAILLOG_EVENT_DOVECOT_REPLICATION, {MAILLOG_FIELD_ERROR}, ML_TEXT("Remote command process %s")},
    {MAILLOG_EVENT_DOVECOT_REPLICATION, {MAILLOG_FIELD_ERROR}, ML_TEXT("Remote command returned error %s")},
    {MAILLOG_EVENT_DOVECOT_REPLICATION, {MAILLOG_FIELD_ERROR}, ML_TEXT("Remote dsync failed: %s")},
    {MAILLOG_EVENT_DOVECOT_REPLICATION, {MAILLOG_FIELD_ERROR}, ML_TEXT("Remote sent %s")},
    {MAILLOG_EVENT_DOVECOT_REPLICATION, {MAILLOG_FIELD_ERROR}, ML_TEXT("Replicator sent %s")},
    {MAILLOG_EVENT_DOVECOT_SSL_ALERT, {MAILLOG_FIELD_TEXT}, ML_TEXT("SSL alert: %s")},
    {MAILLOG_EVENT_DOVECOT_SSL_ERROR,
     {MAILLOG_FIELD_ERROR},
     ML_TEXT("SSL context initialization failed, disabling SSL: %s")},
    {MAILLOG_EVENT_DOVECOT_SSL_ALERT, {MAILLOG_FIELD_TEXT}, ML_TEXT("SSL error: %s")},
    {MAILLOG_EVENT_DOVECOT_TIME_MOVED, {MAILLOG_FIELD_SECONDS}, ML_TEXT("Time jumped forwards %f seconds")},
    {MAILLOG_EVENT_DOVECOT_TIME_MOVED,
     {MAILLOG_FIELD_SECONDS, MAILLOG_FIELD_TEXT},
     ML_TEXT("Time just moved backwards by %f seconds. %s")},
    {MAILLOG_EVENT_DOVECOT_TIME_MOVED, {MAILLOG_FIELD_SECONDS}, ML_TEXT("Time moved backwards by %f seconds.")},
    {MAILLOG_EVENT_DOVECOT_TIME_MOVED,
     {MAILLOG_FIELD_SECONDS},
     ML_TEXT("Time moved forward by %f seconds - adjusting timeouts.")},
    {MAILLOG_EVENT_DOVECOT_TIME_MOVED,
     {MAILLOG_FIELD_SECONDS},
     ML_TEXT("Time moved forwards by %f seconds - adjusting timeouts.")},
    {MAILLOG_EVENT_DOVECOT_REPLICATION, {MAILLOG_FIELD_ERROR}, ML_TEXT("Timeout during state=%s")},
    {MAILLOG_EVENT_DOVECOT_CONFIG_NOTE, {MAILLOG_FIELD_TEXT}, ML_TEXT("You can generate it with: %s")},
    {MAILLOG_EVENT_DOVECOT_PLUGIN_NOTE, {MAILLOG_FIELD_TEXT}, ML_TEXT("acl: %s")},
    {MAILLOG_EVENT_DOVECOT_AUTH_CLIENT, {MAILLOG_FIELD_ERROR}, ML_TEXT("auth-client: %s")},
    {MAILLOG_EVENT_DOVECOT_AUTH_CLIENT, {MAILLOG_FIELD_ERROR}, ML_TEXT("auth-master: %s")},
    {MAILLOG_EVENT_DOVECOT_AUTH_CLIENT,
     {MAILLOG_FIELD_N, MAILLOG_FIELD_ERROR},
     ML_TEXT("auth-master: login: request [%d]: %s")},
    {MAILLOG_EVENT_DOVECOT_AUTH_CLIENT,
     {MAILLOG_FIELD_LOGIN_USER, MAILLOG_FIELD_ERROR},
     ML_TEXT("auth-master: userdb lookup(%s): %s")},
    {MAILLOG_EVENT_DOVECOT_QUOTA, {MAILLOG_FIELD_TEXT}, ML_TEXT("dict quota: %s")},
    {MAILLOG_EVENT_DOVECOT_CONNECTION_ERROR, {MAILLOG_FIELD_ERROR}, ML_TEXT("dict-client: %s")},
    {MAILLOG_EVENT_DOVECOT_CONNECTION_ERROR, {MAILLOG_FIELD_ERROR}, ML_TEXT("dns-client: %s")},
    {MAILLOG_EVENT_DOVECOT_REPLICATION, {MAILLOG_FIELD_TEXT}, ML_TEXT("doveadm server %s")},
    {MAILLOG_EVENT_DOVECOT_REPLICATION, {MAILLOG_FIELD_HOST_NAME, MAILLOG_FIELD_ERROR}, ML_TEXT("dsync(%s): %s")},
    {MAILLOG_EVENT_DOVECOT_ASSERTION,
     {MAILLOG_FIELD_FILE_NAME, MAILLOG_FIELD_LINE_NO, MAILLOG_FIELD_FUNC, MAILLOG_FIELD_EXPR},
     ML_TEXT("file %s: line %d (%s): assertion failed: (%S)")},
    {MAILLOG_EVENT_DOVECOT_ASSERTION,
     {MAILLOG_FIELD_FILE_NAME, MAILLOG_FIELD_LINE_NO, MAILLOG_FIELD_EXPR},
     ML_TEXT("file %s: line %d: assertion failed: (%S)")},
    {MAILLOG_EVENT_DOVECOT_ASSERTION,
     {MAILLOG_FIELD_FILE_NAME, MAILLOG_FIELD_LINE_NO, MAILLOG_FIELD_FUNC, MAILLOG_FIELD_EXPR},
     ML_TEXT("file %s: line %d (%s): %s")},
    {MAILLOG_EVENT_DOVECOT_PLUGIN_NOTE, {MAILLOG_FIELD_TEXT}, ML_TEXT("fts: %s")},
    {MAILLOG_EVENT_DOVECOT_PLUGIN_NOTE, {MAILLOG_FIELD_TEXT}, ML_TEXT("fts_solr: %s")},
    {MAILLOG_EVENT_DOVECOT_PLUGIN_NOTE, {MAILLOG_FIELD_TEXT}, ML_TEXT("fts_tika: %s")},
    {MAILLOG_EVENT_DOVECOT_HAPROXY,
     {MAILLOG_FIELD_VERSION, MAILLOG_FIELD_TEXT, MAILLOG_FIELD_RIP},
     ML_TEXT("haproxy(v%d): %s, rip=%S)")},
    {MAILLOG_EVENT_DOVECOT_HAPROXY,
     {MAILLOG_FIELD_VERSION, MAILLOG_FIELD_TEXT, MAILLOG_FIELD_RIP},
     ML_TEXT("haproxy(v%d): %s (rip=%S)")},
    {MAILLOG_EVENT_DOVECOT_HAPROXY, {MAILLOG_FIELD_TEXT, MAILLOG_FIELD_RIP}, ML_TEXT("haproxy: %s (rip=%S)")},
    {MAILLOG_EVENT_DOVECOT_HAPROXY, {MAILLOG_FIELD_TEXT}, ML_TEXT("haproxy: %s")},
    {MAILLOG_EVENT_DOVECOT_CONNECTION_ERROR, {MAILLOG_FIELD_ERROR}, ML_TEXT("http-client: %s")},
    {MAILLOG_EVENT_DOVECOT_CONNECTION_ERROR, {MAILLOG_FIELD_ERROR}, ML_TEXT("imap-master: %s")},
    {MAILLOG_EVENT_DOVECOT_PLUGIN_NOTE, {MAILLOG_FIELD_TEXT}, ML_TEXT("imapsieve: %s")},
    {MAILLOG_EVENT_DOVECOT_PLUGIN_NOTE, {MAILLOG_FIELD_TEXT}, ML_TEXT("last_login_dict: %s")},
    {MAILLOG_EVENT_DOVECOT_AUTH_CLIENT, {MAILLOG_FIELD_ERROR}, ML_TEXT("login client: %s")},
    {MAILLOG_EVENT_DOVECOT_CONNECTION_ERROR, {MAILLOG_FIELD_ERROR}, ML_TEXT("openmetrics: %s")},
    {MAILLOG_EVENT_DOVECOT_CONFIG_NOTE, {MAILLOG_FIELD_TEXT}, ML_TEXT("please set ssl_dh=%s")},
    {MAILLOG_EVENT_DOVECOT_PROGRAM_FAILED,
     {MAILLOG_FIELD_COMMAND, MAILLOG_FIELD_CHILD_PID, MAILLOG_FIELD_ERROR},
     ML_TEXT("program exec:%S (%d): %s")},
    {MAILLOG_EVENT_DOVECOT_PROGRAM_FAILED, {MAILLOG_FIELD_COMMAND, MAILLOG_FIELD_ERROR}, ML_TEXT("program tcp:%w: %s")},
    {MAILLOG_EVENT_DOVECOT_PROGRAM_FAILED,
     {MAILLOG_FIELD_COMMAND, MAILLOG_FIELD_ERROR},
     ML_TEXT("program unix:%s: %s")},
    {MAILLOG_EVENT_DOVECOT_QUOTA, {MAILLOG_FIELD_TEXT}, ML_TEXT("quota-fs: %s")},
    {MAILLOG_EVENT_DOVECOT_QUOTA, {MAILLOG_FIELD_TEXT}, ML_TEXT("quota: %s")},
    {MAILLOG_EVENT_DOVECOT_REPLICATION, {MAILLOG_FIELD_TEXT}, ML_TEXT("replication(%s")},
    {MAILLOG_EVENT_DOVECOT_CONNECTION_ERROR, {MAILLOG_FIELD_ERROR}, ML_TEXT("stats: Received invalid handshake: %s")},
    {MAILLOG_EVENT_DOVECOT_PLUGIN_NOTE, {MAILLOG_FIELD_TEXT}, ML_TEXT("trash: %s")},
    {MAILLOG_EVENT_DOVECOT_PLUGIN_NOTE, {MAILLOG_FIELD_TEXT}, ML_TEXT("virtual: %s")},
    {MAILLOG_EVENT_DOVECOT_PLUGIN_NOTE, {MAILLOG_FIELD_TEXT}, ML_TEXT("zlib: %s")},
};
ML_PATTERN_TABLE(maillog__dovecot_faults);

/* With mail_debug, auth_debug: the beginnings of statements. */
ML_PATTERN_ROWS(maillog__dovecot_debug) = {
    {MAILLOG_EVENT_DOVECOT_DEBUG, {MAILLOG_FIELD_NAME, MAILLOG_FIELD_VALUE}, ML_TEXT("Added userdb setting: %s=%s")},
    {MAILLOG_EVENT_DOVECOT_DEBUG, {MAILLOG_FIELD_TEXT}, ML_TEXT("Brute-force %s")},
    {MAILLOG_EVENT_DOVECOT_DEBUG, {MAILLOG_FIELD_TEXT}, ML_TEXT("Effective uid=%s")},
    {MAILLOG_EVENT_DOVECOT_DEBUG, {MAILLOG_FIELD_TEXT}, ML_TEXT("Home dir not found: %s")},
    {MAILLOG_EVENT_DOVECOT_DEBUG, {MAILLOG_FIELD_TEXT}, ML_TEXT("Home dir: %s")},
    {MAILLOG_EVENT_DOVECOT_DEBUG, {MAILLOG_FIELD_TEXT}, ML_TEXT("INBOX: %s")},
    {MAILLOG_EVENT_DOVECOT_DEBUG, {MAILLOG_FIELD_NAME}, ML_TEXT("Ignoring unknown passdb extra field: %s")},
    {MAILLOG_EVENT_DOVECOT_DEBUG, {MAILLOG_FIELD_PATH}, ML_TEXT("Loading modules from directory: %s")},
    {MAILLOG_EVENT_DOVECOT_DEBUG, {MAILLOG_FIELD_MAILBOX, MAILLOG_FIELD_TEXT}, ML_TEXT("Mailbox %s: %s")},
    {MAILLOG_EVENT_DOVECOT_DEBUG, {MAILLOG_FIELD_PATH}, ML_TEXT("Module loaded: %s")},
    {MAILLOG_EVENT_DOVECOT_DEBUG, {MAILLOG_FIELD_TEXT}, ML_TEXT("Namespace %s")},
    {MAILLOG_EVENT_DOVECOT_DEBUG, {MAILLOG_FIELD_TEXT}, ML_TEXT("Plugin %s")},
    {MAILLOG_EVENT_DOVECOT_DEBUG, {MAILLOG_FIELD_TEXT}, ML_TEXT("Quota %s")},
    {MAILLOG_EVENT_DOVECOT_DEBUG, {MAILLOG_FIELD_TEXT}, ML_TEXT("Quota grace: %s")},
    {MAILLOG_EVENT_DOVECOT_DEBUG, {MAILLOG_FIELD_TEXT}, ML_TEXT("Quota root: %s")},
    {MAILLOG_EVENT_DOVECOT_DEBUG, {MAILLOG_FIELD_TEXT}, ML_TEXT("Quota rule: %s")},
    {MAILLOG_EVENT_DOVECOT_DEBUG, {MAILLOG_FIELD_PATH}, ML_TEXT("Read auth token secret from %s")},
    {MAILLOG_EVENT_DOVECOT_DEBUG, {MAILLOG_FIELD_TEXT}, ML_TEXT("SSL alert: %s")},
    {MAILLOG_EVENT_DOVECOT_DEBUG, {MAILLOG_FIELD_TEXT}, ML_TEXT("SSL error: %s")},
    {MAILLOG_EVENT_DOVECOT_DEBUG, {MAILLOG_FIELD_TEXT}, ML_TEXT("SSL: where=%s")},
    {MAILLOG_EVENT_DOVECOT_DEBUG, {MAILLOG_FIELD_TEXT}, ML_TEXT("Storage %s")},
    {MAILLOG_EVENT_DOVECOT_DEBUG, {MAILLOG_FIELD_TEXT}, ML_TEXT("Unhibernating client%s")},
    {MAILLOG_EVENT_DOVECOT_DEBUG, {0}, ML_TEXT("User session is finished")},
    {MAILLOG_EVENT_DOVECOT_DEBUG, {MAILLOG_FIELD_TEXT}, ML_TEXT("acl: %s")},
    {MAILLOG_EVENT_DOVECOT_DEBUG, {MAILLOG_FIELD_TEXT}, ML_TEXT("anvil: %s")},
    {MAILLOG_EVENT_DOVECOT_DEBUG, {MAILLOG_FIELD_TEXT}, ML_TEXT("auth client connected (%s)")},
    {MAILLOG_EVENT_DOVECOT_DEBUG, {MAILLOG_FIELD_TEXT}, ML_TEXT("auth-client: %s")},
    {MAILLOG_EVENT_DOVECOT_DEBUG, {MAILLOG_FIELD_TEXT}, ML_TEXT("auth-master: %s")},
    {MAILLOG_EVENT_DOVECOT_DEBUG, {MAILLOG_FIELD_TEXT}, ML_TEXT("auth-worker: %s")},
    {MAILLOG_EVENT_DOVECOT_DEBUG, {MAILLOG_FIELD_TEXT}, ML_TEXT("cache(%s")},
    {MAILLOG_EVENT_DOVECOT_DEBUG, {MAILLOG_FIELD_TEXT}, ML_TEXT("client in: %s")},
    {MAILLOG_EVENT_DOVECOT_DEBUG, {MAILLOG_FIELD_TEXT}, ML_TEXT("client out: %s")},
    {MAILLOG_EVENT_DOVECOT_DEBUG, {MAILLOG_FIELD_TEXT}, ML_TEXT("client passdb out: %s")},
    {MAILLOG_EVENT_DOVECOT_DEBUG, {MAILLOG_FIELD_TEXT}, ML_TEXT("dict quota: %s")},
    {MAILLOG_EVENT_DOVECOT_DEBUG, {MAILLOG_FIELD_TEXT}, ML_TEXT("dict(%s")},
    {MAILLOG_EVENT_DOVECOT_DEBUG, {MAILLOG_FIELD_TEXT}, ML_TEXT("dict-client: %s")},
    {MAILLOG_EVENT_DOVECOT_DEBUG, {MAILLOG_FIELD_TEXT}, ML_TEXT("dns-client: %s")},
    {MAILLOG_EVENT_DOVECOT_DEBUG, {MAILLOG_FIELD_TEXT}, ML_TEXT("duplicate db: %s")},
    {MAILLOG_EVENT_DOVECOT_DEBUG, {MAILLOG_FIELD_TEXT}, ML_TEXT("file_dotlock_create(%s")},
    {MAILLOG_EVENT_DOVECOT_DEBUG, {MAILLOG_FIELD_TEXT}, ML_TEXT("fs: %s")},
    {MAILLOG_EVENT_DOVECOT_DEBUG, {MAILLOG_FIELD_TEXT}, ML_TEXT("fts: %s")},
    {MAILLOG_EVENT_DOVECOT_DEBUG, {MAILLOG_FIELD_TEXT}, ML_TEXT("http-client: %s")},
    {MAILLOG_EVENT_DOVECOT_DEBUG, {MAILLOG_FIELD_TEXT}, ML_TEXT("imapc: %s")},
    {MAILLOG_EVENT_DOVECOT_DEBUG, {MAILLOG_FIELD_TEXT}, ML_TEXT("imapsieve: %s")},
    {MAILLOG_EVENT_DOVECOT_DEBUG, {MAILLOG_FIELD_TEXT}, ML_TEXT("lmtp-server: %s")},
    {MAILLOG_EVENT_DOVECOT_DEBUG, {MAILLOG_FIELD_TEXT}, ML_TEXT("mailbox list: %s")},
    {MAILLOG_EVENT_DOVECOT_DEBUG, {MAILLOG_FIELD_TEXT}, ML_TEXT("maildir++: %s")},
    {MAILLOG_EVENT_DOVECOT_DEBUG, {MAILLOG_FIELD_TEXT}, ML_TEXT("master in: %s")},
    {MAILLOG_EVENT_DOVECOT_DEBUG, {MAILLOG_FIELD_TEXT}, ML_TEXT("master userdb out: %s")},
    {MAILLOG_EVENT_DOVECOT_DEBUG, {MAILLOG_FIELD_TEXT}, ML_TEXT("master-login: %s")},
    {MAILLOG_EVENT_DOVECOT_DEBUG, {MAILLOG_FIELD_TEXT}, ML_TEXT("none: root=%s")},
    {MAILLOG_EVENT_DOVECOT_DEBUG, {MAILLOG_FIELD_TEXT}, ML_TEXT("passwd-file %s")},
    {MAILLOG_EVENT_DOVECOT_DEBUG, {MAILLOG_FIELD_TEXT}, ML_TEXT("program %s")},
    {MAILLOG_EVENT_DOVECOT_DEBUG, {MAILLOG_FIELD_TEXT}, ML_TEXT("proxy(%s")},
    {MAILLOG_EVENT_DOVECOT_DEBUG, {MAILLOG_FIELD_TEXT}, ML_TEXT("push-notification: %s")},
    {MAILLOG_EVENT_DOVECOT_DEBUG, {MAILLOG_FIELD_TEXT}, ML_TEXT("quota: %s")},
    {MAILLOG_EVENT_DOVECOT_DEBUG, {MAILLOG_FIELD_TEXT}, ML_TEXT("settings: %s")},
    {MAILLOG_EVENT_DOVECOT_DEBUG, {MAILLOG_FIELD_TEXT}, ML_TEXT("userdb out: %s")},
};
ML_PATTERN_TABLE(maillog__dovecot_debug);

/* What doveadm and Pigeonhole's tools say, who may log where the services do. */
ML_PATTERN_ROWS(maillog__dovecot_tools) = {
    {MAILLOG_EVENT_DOVECOT_TOOL,
     {MAILLOG_FIELD_LOGIN_USER, MAILLOG_FIELD_TEXT},
     ML_TEXT("ACL not enabled for user %s, %s")},
    {MAILLOG_EVENT_DOVECOT_TOOL, {MAILLOG_FIELD_TEXT}, ML_TEXT("All message flags are %s")},
    {MAILLOG_EVENT_DOVECOT_TOOL, {MAILLOG_FIELD_TEXT}, ML_TEXT("Folder key exists. %s")},
    {MAILLOG_EVENT_DOVECOT_TOOL, {MAILLOG_FIELD_MAILBOX, MAILLOG_FIELD_TEXT}, ML_TEXT("Mailbox %S is %s in LIST")},
    {MAILLOG_EVENT_DOVECOT_TOOL,
     {MAILLOG_FIELD_MAILBOX, MAILLOG_FIELD_TEXT},
     ML_TEXT("Mailbox '%S' is in namespace %s")},
    {MAILLOG_EVENT_DOVECOT_TOOL, {MAILLOG_FIELD_TEXT}, ML_TEXT("Mailbox found from %s")},
    {MAILLOG_EVENT_DOVECOT_TOOL, {MAILLOG_FIELD_TEXT}, ML_TEXT("Mailbox in user's %s")},
    {MAILLOG_EVENT_DOVECOT_TOOL, {MAILLOG_FIELD_TEXT}, ML_TEXT("Mailbox is in %s")},
    {MAILLOG_EVENT_DOVECOT_TOOL, {MAILLOG_FIELD_TEXT}, ML_TEXT("Mailbox path: %s")},
    {MAILLOG_EVENT_DOVECOT_DIRECTOR, {MAILLOG_FIELD_TEXT}, ML_TEXT("Moved %s")},
    {MAILLOG_EVENT_DOVECOT_TOOL, {MAILLOG_FIELD_TEXT}, ML_TEXT("Per-user private flags in mailbox: %s")},
    {MAILLOG_EVENT_DOVECOT_CONFIG_NOTE, {MAILLOG_FIELD_TEXT}, ML_TEXT("Random numbers are %s")},
    {MAILLOG_EVENT_DOVECOT_TOOL, {MAILLOG_FIELD_TEXT}, ML_TEXT("Retrying after rebuilds:%s")},
    {MAILLOG_EVENT_DOVECOT_PROGRAM_FAILED, {MAILLOG_FIELD_ERROR}, ML_TEXT("Terminated with non-zero exit code %s")},
    {MAILLOG_EVENT_DOVECOT_LOG_TEST,
     {MAILLOG_FIELD_LEVEL, MAILLOG_FIELD_TEXT},
     ML_TEXT("This is Dovecot's %w log (%S)")},
    {MAILLOG_EVENT_DOVECOT_TOOL, {MAILLOG_FIELD_LOGIN_USER, MAILLOG_FIELD_TEXT}, ML_TEXT("User %w found from %s")},
    {MAILLOG_EVENT_DOVECOT_TOOL, {MAILLOG_FIELD_LOGIN_USER, MAILLOG_FIELD_TEXT}, ML_TEXT("User %w has %s")},
    {MAILLOG_EVENT_DOVECOT_TOOL, {MAILLOG_FIELD_LOGIN_USER}, ML_TEXT("checked duplicate for user %s.")},
    {MAILLOG_EVENT_DOVECOT_TOOL, {MAILLOG_FIELD_TEXT}, ML_TEXT("corrupt binary %s")},
    {MAILLOG_EVENT_DOVECOT_TOOL, {MAILLOG_FIELD_TEXT}, ML_TEXT("final result: %s")},
    {MAILLOG_EVENT_DOVECOT_TOOL, {MAILLOG_FIELD_LOGIN_USER}, ML_TEXT("marked duplicate for user %s.")},
    {MAILLOG_EVENT_DOVECOT_TOOL, {0}, ML_TEXT("resource limit exceeded")},
    {MAILLOG_EVENT_DOVECOT_TOOL, {MAILLOG_FIELD_TEXT}, ML_TEXT("sending message from %s:")},
    {MAILLOG_EVENT_DOVECOT_TOOL, {MAILLOG_FIELD_TEXT}, ML_TEXT("userkey exists. %s")},
};
ML_PATTERN_TABLE(maillog__dovecot_tools);

/* `Mailbox NAME: [UID N: ]FAULT` */
static bool mailbox_fault(ml_line *l, ml_cur c)
{
    ml_cur name, uid, t;
    if (!ML_SKIP(&c, "Mailbox ") || !ML_UNTIL(l, &c, ": ", &name)) return false;
    ml_put(l, MAILLOG_FIELD_MAILBOX, name);
    t = c;
    if (ML_SKIP(&t, "UID ") && ml_digits(&t, &uid) && ML_SKIP(&t, ": ")) {
        ml_put(l, MAILLOG_FIELD_MAIL_UID, uid);
        c = t;
    }
    if (maillog__dovecot_call(l, c)) return true;
    ml_put(l, MAILLOG_FIELD_ERROR, c);
    return ml_event(l, MAILLOG_EVENT_DOVECOT_MAILBOX_ERROR);
}

bool maillog__dovecot_fault(ml_line *l, ml_cur text, const ml_dovecot *head)
{
    if (head->severity == MAILLOG_SEVERITY_DEBUG)
        return maillog__match_patterns(l, &maillog__dovecot_debug, text) || maillog__dovecot_call(l, text) ||
               maillog__match_patterns(l, &maillog__dovecot_tools, text);
    if (ML_STARTS(text, "sieve: ") && !ml_dovecot_is_fault(head)) return false; /* no table here begins so */
    if (maillog__match_patterns(l, &maillog__dovecot_faults, text) ||
        maillog__match_patterns(l, &maillog__dovecot_storage, text) ||
        maillog__match_patterns(l, &maillog__dovecot_tools, text) || maillog__dovecot_service(l, text, head))
        return true;
    return ml_dovecot_is_fault(head) &&
           (maillog__dovecot_call(l, text) || mailbox_fault(l, text) || maillog__dovecot_error(l, text, head));
}
