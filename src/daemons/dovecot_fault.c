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
    {MAILLOG_EVENT_DOVECOT_AUTH_CLIENT, {MAILLOG_FIELD_ERROR}, "Auth server %s"},
    {MAILLOG_EVENT_DOVECOT_CONNECTION_ERROR, {MAILLOG_FIELD_ERROR}, "BUG: %s"},
    {MAILLOG_EVENT_DOVECOT_CONNECTION_ERROR, {MAILLOG_FIELD_ERROR}, "Couldn't hibernate imap client: %s"},
    {MAILLOG_EVENT_DOVECOT_CONFIG_ERROR, {MAILLOG_FIELD_ERROR}, "Couldn't load plugin %s"},
    {MAILLOG_EVENT_DOVECOT_SSL_ERROR,
     {MAILLOG_FIELD_ERROR},
     "Diffie-Hellman key exchange requested, but no DH parameters provided. %s"},
    {MAILLOG_EVENT_DOVECOT_CONFIG_ERROR, {MAILLOG_FIELD_ERROR}, "Dovecot version mismatch: %s"},
    {MAILLOG_EVENT_DOVECOT_CONFIG_ERROR, {MAILLOG_FIELD_ERROR}, "Error reading configuration: %s"},
    {MAILLOG_EVENT_DOVECOT_CONNECTION_ERROR, {MAILLOG_FIELD_ERROR}, "Failed to establish relay connection: %s"},
    {MAILLOG_EVENT_DOVECOT_CONFIG_ERROR, {MAILLOG_FIELD_NAME, MAILLOG_FIELD_ERROR}, "Failed to expand %s: %s"},
    {MAILLOG_EVENT_DOVECOT_SSL_ERROR, {MAILLOG_FIELD_ERROR}, "Failed to initialize SSL %s"},
    {MAILLOG_EVENT_DOVECOT_REPLICATION, {MAILLOG_FIELD_ERROR}, "Failed to lock mailbox %s"},
    {MAILLOG_EVENT_DOVECOT_INDEXED, {MAILLOG_FIELD_N, MAILLOG_FIELD_MAILBOX}, "Indexed %d messages in %s"},
    {MAILLOG_EVENT_DOVECOT_INDEXED, {MAILLOG_FIELD_TEXT}, "Indexes disabled, %s"},
    {MAILLOG_EVENT_DOVECOT_KILLED,
     {MAILLOG_FIELD_SIGNAL, MAILLOG_FIELD_PEER_PID, MAILLOG_FIELD_UID, MAILLOG_FIELD_CODE},
     "Killed with signal %d%( (by pid=%d uid=%d code=%s)%)"},
    {MAILLOG_EVENT_DOVECOT_AUTH_CLIENT, {MAILLOG_FIELD_ERROR}, "Login client %s"},
    {MAILLOG_EVENT_DOVECOT_INDEXED, {MAILLOG_FIELD_TEXT}, "Mail search interrupted: %s"},
    {MAILLOG_EVENT_DOVECOT_MAILBOX_ERROR, {MAILLOG_FIELD_MAILBOX, MAILLOG_FIELD_ERROR}, "Mailbox %S UIDVALIDITY %s"},
    {MAILLOG_EVENT_DOVECOT_BACKTRACE, {MAILLOG_FIELD_TEXT}, "Raw backtrace: %s"},
    {MAILLOG_EVENT_DOVECOT_SSL_ALERT, {MAILLOG_FIELD_TEXT}, "Received invalid SSL certificate: %s"},
    {MAILLOG_EVENT_DOVECOT_SSL_ALERT, {MAILLOG_FIELD_TEXT}, "Received valid SSL certificate: %s"},
    {MAILLOG_EVENT_DOVECOT_REPLICATION, {MAILLOG_FIELD_ERROR}, "Remote command process %s"},
    {MAILLOG_EVENT_DOVECOT_REPLICATION, {MAILLOG_FIELD_ERROR}, "Remote command returned error %s"},
    {MAILLOG_EVENT_DOVECOT_REPLICATION, {MAILLOG_FIELD_ERROR}, "Remote dsync failed: %s"},
    {MAILLOG_EVENT_DOVECOT_REPLICATION, {MAILLOG_FIELD_ERROR}, "Remote sent %s"},
    {MAILLOG_EVENT_DOVECOT_REPLICATION, {MAILLOG_FIELD_ERROR}, "Replicator sent %s"},
    {MAILLOG_EVENT_DOVECOT_SSL_ALERT, {MAILLOG_FIELD_TEXT}, "SSL alert: %s"},
    {MAILLOG_EVENT_DOVECOT_SSL_ERROR, {MAILLOG_FIELD_ERROR}, "SSL context initialization failed, disabling SSL: %s"},
    {MAILLOG_EVENT_DOVECOT_SSL_ALERT, {MAILLOG_FIELD_TEXT}, "SSL error: %s"},
    {MAILLOG_EVENT_DOVECOT_TIME_MOVED, {MAILLOG_FIELD_SECONDS}, "Time jumped forwards %f seconds"},
    {MAILLOG_EVENT_DOVECOT_TIME_MOVED,
     {MAILLOG_FIELD_SECONDS, MAILLOG_FIELD_TEXT},
     "Time just moved backwards by %f seconds. %s"},
    {MAILLOG_EVENT_DOVECOT_TIME_MOVED, {MAILLOG_FIELD_SECONDS}, "Time moved backwards by %f seconds."},
    {MAILLOG_EVENT_DOVECOT_TIME_MOVED,
     {MAILLOG_FIELD_SECONDS},
     "Time moved forward by %f seconds - adjusting timeouts."},
    {MAILLOG_EVENT_DOVECOT_TIME_MOVED,
     {MAILLOG_FIELD_SECONDS},
     "Time moved forwards by %f seconds - adjusting timeouts."},
    {MAILLOG_EVENT_DOVECOT_REPLICATION, {MAILLOG_FIELD_ERROR}, "Timeout during state=%s"},
    {MAILLOG_EVENT_DOVECOT_CONFIG_NOTE, {MAILLOG_FIELD_TEXT}, "You can generate it with: %s"},
    {MAILLOG_EVENT_DOVECOT_PLUGIN_NOTE, {MAILLOG_FIELD_TEXT}, "acl: %s"},
    {MAILLOG_EVENT_DOVECOT_AUTH_CLIENT, {MAILLOG_FIELD_ERROR}, "auth-client: %s"},
    {MAILLOG_EVENT_DOVECOT_AUTH_CLIENT, {MAILLOG_FIELD_ERROR}, "auth-master: %s"},
    {MAILLOG_EVENT_DOVECOT_AUTH_CLIENT, {MAILLOG_FIELD_N, MAILLOG_FIELD_ERROR}, "auth-master: login: request [%d]: %s"},
    {MAILLOG_EVENT_DOVECOT_AUTH_CLIENT,
     {MAILLOG_FIELD_LOGIN_USER, MAILLOG_FIELD_ERROR},
     "auth-master: userdb lookup(%s): %s"},
    {MAILLOG_EVENT_DOVECOT_QUOTA, {MAILLOG_FIELD_TEXT}, "dict quota: %s"},
    {MAILLOG_EVENT_DOVECOT_CONNECTION_ERROR, {MAILLOG_FIELD_ERROR}, "dict-client: %s"},
    {MAILLOG_EVENT_DOVECOT_CONNECTION_ERROR, {MAILLOG_FIELD_ERROR}, "dns-client: %s"},
    {MAILLOG_EVENT_DOVECOT_REPLICATION, {MAILLOG_FIELD_TEXT}, "doveadm server %s"},
    {MAILLOG_EVENT_DOVECOT_REPLICATION, {MAILLOG_FIELD_HOST_NAME, MAILLOG_FIELD_ERROR}, "dsync(%s): %s"},
    {MAILLOG_EVENT_DOVECOT_ASSERTION,
     {MAILLOG_FIELD_FILE_NAME, MAILLOG_FIELD_LINE_NO, MAILLOG_FIELD_FUNC, MAILLOG_FIELD_EXPR},
     "file %s: line %d (%s): assertion failed: (%S)"},
    {MAILLOG_EVENT_DOVECOT_ASSERTION,
     {MAILLOG_FIELD_FILE_NAME, MAILLOG_FIELD_LINE_NO, MAILLOG_FIELD_EXPR},
     "file %s: line %d: assertion failed: (%S)"},
    {MAILLOG_EVENT_DOVECOT_ASSERTION,
     {MAILLOG_FIELD_FILE_NAME, MAILLOG_FIELD_LINE_NO, MAILLOG_FIELD_FUNC, MAILLOG_FIELD_EXPR},
     "file %s: line %d (%s): %s"},
    {MAILLOG_EVENT_DOVECOT_PLUGIN_NOTE, {MAILLOG_FIELD_TEXT}, "fts: %s"},
    {MAILLOG_EVENT_DOVECOT_PLUGIN_NOTE, {MAILLOG_FIELD_TEXT}, "fts_solr: %s"},
    {MAILLOG_EVENT_DOVECOT_PLUGIN_NOTE, {MAILLOG_FIELD_TEXT}, "fts_tika: %s"},
    {MAILLOG_EVENT_DOVECOT_HAPROXY,
     {MAILLOG_FIELD_VERSION, MAILLOG_FIELD_TEXT, MAILLOG_FIELD_RIP},
     "haproxy(v%d): %s, rip=%S)"},
    {MAILLOG_EVENT_DOVECOT_HAPROXY,
     {MAILLOG_FIELD_VERSION, MAILLOG_FIELD_TEXT, MAILLOG_FIELD_RIP},
     "haproxy(v%d): %s (rip=%S)"},
    {MAILLOG_EVENT_DOVECOT_HAPROXY, {MAILLOG_FIELD_TEXT, MAILLOG_FIELD_RIP}, "haproxy: %s (rip=%S)"},
    {MAILLOG_EVENT_DOVECOT_HAPROXY, {MAILLOG_FIELD_TEXT}, "haproxy: %s"},
    {MAILLOG_EVENT_DOVECOT_CONNECTION_ERROR, {MAILLOG_FIELD_ERROR}, "http-client: %s"},
    {MAILLOG_EVENT_DOVECOT_CONNECTION_ERROR, {MAILLOG_FIELD_ERROR}, "imap-master: %s"},
    {MAILLOG_EVENT_DOVECOT_PLUGIN_NOTE, {MAILLOG_FIELD_TEXT}, "imapsieve: %s"},
    {MAILLOG_EVENT_DOVECOT_PLUGIN_NOTE, {MAILLOG_FIELD_TEXT}, "last_login_dict: %s"},
    {MAILLOG_EVENT_DOVECOT_AUTH_CLIENT, {MAILLOG_FIELD_ERROR}, "login client: %s"},
    {MAILLOG_EVENT_DOVECOT_CONNECTION_ERROR, {MAILLOG_FIELD_ERROR}, "openmetrics: %s"},
    {MAILLOG_EVENT_DOVECOT_CONFIG_NOTE, {MAILLOG_FIELD_TEXT}, "please set ssl_dh=%s"},
    {MAILLOG_EVENT_DOVECOT_PROGRAM_FAILED,
     {MAILLOG_FIELD_COMMAND, MAILLOG_FIELD_CHILD_PID, MAILLOG_FIELD_ERROR},
     "program exec:%S (%d): %s"},
    {MAILLOG_EVENT_DOVECOT_PROGRAM_FAILED, {MAILLOG_FIELD_COMMAND, MAILLOG_FIELD_ERROR}, "program tcp:%w: %s"},
    {MAILLOG_EVENT_DOVECOT_PROGRAM_FAILED, {MAILLOG_FIELD_COMMAND, MAILLOG_FIELD_ERROR}, "program unix:%s: %s"},
    {MAILLOG_EVENT_DOVECOT_QUOTA, {MAILLOG_FIELD_TEXT}, "quota-fs: %s"},
    {MAILLOG_EVENT_DOVECOT_QUOTA, {MAILLOG_FIELD_TEXT}, "quota: %s"},
    {MAILLOG_EVENT_DOVECOT_REPLICATION, {MAILLOG_FIELD_TEXT}, "replication(%s"},
    {MAILLOG_EVENT_DOVECOT_CONNECTION_ERROR, {MAILLOG_FIELD_ERROR}, "stats: Received invalid handshake: %s"},
    {MAILLOG_EVENT_DOVECOT_PLUGIN_NOTE, {MAILLOG_FIELD_TEXT}, "trash: %s"},
    {MAILLOG_EVENT_DOVECOT_PLUGIN_NOTE, {MAILLOG_FIELD_TEXT}, "virtual: %s"},
    {MAILLOG_EVENT_DOVECOT_PLUGIN_NOTE, {MAILLOG_FIELD_TEXT}, "zlib: %s"},
};
ML_PATTERN_TABLE(maillog__dovecot_faults);

/* With mail_debug, auth_debug: the beginnings of statements. */
ML_PATTERN_ROWS(maillog__dovecot_debug) = {
    {MAILLOG_EVENT_DOVECOT_DEBUG, {MAILLOG_FIELD_NAME, MAILLOG_FIELD_VALUE}, "Added userdb setting: %s=%s"},
    {MAILLOG_EVENT_DOVECOT_DEBUG, {MAILLOG_FIELD_TEXT}, "Brute-force %s"},
    {MAILLOG_EVENT_DOVECOT_DEBUG, {MAILLOG_FIELD_TEXT}, "Effective uid=%s"},
    {MAILLOG_EVENT_DOVECOT_DEBUG, {MAILLOG_FIELD_TEXT}, "Home dir not found: %s"},
    {MAILLOG_EVENT_DOVECOT_DEBUG, {MAILLOG_FIELD_TEXT}, "Home dir: %s"},
    {MAILLOG_EVENT_DOVECOT_DEBUG, {MAILLOG_FIELD_TEXT}, "INBOX: %s"},
    {MAILLOG_EVENT_DOVECOT_DEBUG, {MAILLOG_FIELD_NAME}, "Ignoring unknown passdb extra field: %s"},
    {MAILLOG_EVENT_DOVECOT_DEBUG, {MAILLOG_FIELD_PATH}, "Loading modules from directory: %s"},
    {MAILLOG_EVENT_DOVECOT_DEBUG, {MAILLOG_FIELD_MAILBOX, MAILLOG_FIELD_TEXT}, "Mailbox %s: %s"},
    {MAILLOG_EVENT_DOVECOT_DEBUG, {MAILLOG_FIELD_PATH}, "Module loaded: %s"},
    {MAILLOG_EVENT_DOVECOT_DEBUG, {MAILLOG_FIELD_TEXT}, "Namespace %s"},
    {MAILLOG_EVENT_DOVECOT_DEBUG, {MAILLOG_FIELD_TEXT}, "Plugin %s"},
    {MAILLOG_EVENT_DOVECOT_DEBUG, {MAILLOG_FIELD_TEXT}, "Quota %s"},
    {MAILLOG_EVENT_DOVECOT_DEBUG, {MAILLOG_FIELD_TEXT}, "Quota grace: %s"},
    {MAILLOG_EVENT_DOVECOT_DEBUG, {MAILLOG_FIELD_TEXT}, "Quota root: %s"},
    {MAILLOG_EVENT_DOVECOT_DEBUG, {MAILLOG_FIELD_TEXT}, "Quota rule: %s"},
    {MAILLOG_EVENT_DOVECOT_DEBUG, {MAILLOG_FIELD_PATH}, "Read auth token secret from %s"},
    {MAILLOG_EVENT_DOVECOT_DEBUG, {MAILLOG_FIELD_TEXT}, "SSL alert: %s"},
    {MAILLOG_EVENT_DOVECOT_DEBUG, {MAILLOG_FIELD_TEXT}, "SSL error: %s"},
    {MAILLOG_EVENT_DOVECOT_DEBUG, {MAILLOG_FIELD_TEXT}, "SSL: where=%s"},
    {MAILLOG_EVENT_DOVECOT_DEBUG, {MAILLOG_FIELD_TEXT}, "Storage %s"},
    {MAILLOG_EVENT_DOVECOT_DEBUG, {MAILLOG_FIELD_TEXT}, "Unhibernating client%s"},
    {MAILLOG_EVENT_DOVECOT_DEBUG, {0}, "User session is finished"},
    {MAILLOG_EVENT_DOVECOT_DEBUG, {MAILLOG_FIELD_TEXT}, "acl: %s"},
    {MAILLOG_EVENT_DOVECOT_DEBUG, {MAILLOG_FIELD_TEXT}, "anvil: %s"},
    {MAILLOG_EVENT_DOVECOT_DEBUG, {MAILLOG_FIELD_TEXT}, "auth client connected (%s)"},
    {MAILLOG_EVENT_DOVECOT_DEBUG, {MAILLOG_FIELD_TEXT}, "auth-client: %s"},
    {MAILLOG_EVENT_DOVECOT_DEBUG, {MAILLOG_FIELD_TEXT}, "auth-master: %s"},
    {MAILLOG_EVENT_DOVECOT_DEBUG, {MAILLOG_FIELD_TEXT}, "auth-worker: %s"},
    {MAILLOG_EVENT_DOVECOT_DEBUG, {MAILLOG_FIELD_TEXT}, "cache(%s"},
    {MAILLOG_EVENT_DOVECOT_DEBUG, {MAILLOG_FIELD_TEXT}, "client in: %s"},
    {MAILLOG_EVENT_DOVECOT_DEBUG, {MAILLOG_FIELD_TEXT}, "client out: %s"},
    {MAILLOG_EVENT_DOVECOT_DEBUG, {MAILLOG_FIELD_TEXT}, "client passdb out: %s"},
    {MAILLOG_EVENT_DOVECOT_DEBUG, {MAILLOG_FIELD_TEXT}, "dict quota: %s"},
    {MAILLOG_EVENT_DOVECOT_DEBUG, {MAILLOG_FIELD_TEXT}, "dict(%s"},
    {MAILLOG_EVENT_DOVECOT_DEBUG, {MAILLOG_FIELD_TEXT}, "dict-client: %s"},
    {MAILLOG_EVENT_DOVECOT_DEBUG, {MAILLOG_FIELD_TEXT}, "dns-client: %s"},
    {MAILLOG_EVENT_DOVECOT_DEBUG, {MAILLOG_FIELD_TEXT}, "duplicate db: %s"},
    {MAILLOG_EVENT_DOVECOT_DEBUG, {MAILLOG_FIELD_TEXT}, "file_dotlock_create(%s"},
    {MAILLOG_EVENT_DOVECOT_DEBUG, {MAILLOG_FIELD_TEXT}, "fs: %s"},
    {MAILLOG_EVENT_DOVECOT_DEBUG, {MAILLOG_FIELD_TEXT}, "fts: %s"},
    {MAILLOG_EVENT_DOVECOT_DEBUG, {MAILLOG_FIELD_TEXT}, "http-client: %s"},
    {MAILLOG_EVENT_DOVECOT_DEBUG, {MAILLOG_FIELD_TEXT}, "imapc: %s"},
    {MAILLOG_EVENT_DOVECOT_DEBUG, {MAILLOG_FIELD_TEXT}, "imapsieve: %s"},
    {MAILLOG_EVENT_DOVECOT_DEBUG, {MAILLOG_FIELD_TEXT}, "lmtp-server: %s"},
    {MAILLOG_EVENT_DOVECOT_DEBUG, {MAILLOG_FIELD_TEXT}, "mailbox list: %s"},
    {MAILLOG_EVENT_DOVECOT_DEBUG, {MAILLOG_FIELD_TEXT}, "maildir++: %s"},
    {MAILLOG_EVENT_DOVECOT_DEBUG, {MAILLOG_FIELD_TEXT}, "master in: %s"},
    {MAILLOG_EVENT_DOVECOT_DEBUG, {MAILLOG_FIELD_TEXT}, "master userdb out: %s"},
    {MAILLOG_EVENT_DOVECOT_DEBUG, {MAILLOG_FIELD_TEXT}, "master-login: %s"},
    {MAILLOG_EVENT_DOVECOT_DEBUG, {MAILLOG_FIELD_TEXT}, "none: root=%s"},
    {MAILLOG_EVENT_DOVECOT_DEBUG, {MAILLOG_FIELD_TEXT}, "passwd-file %s"},
    {MAILLOG_EVENT_DOVECOT_DEBUG, {MAILLOG_FIELD_TEXT}, "program %s"},
    {MAILLOG_EVENT_DOVECOT_DEBUG, {MAILLOG_FIELD_TEXT}, "proxy(%s"},
    {MAILLOG_EVENT_DOVECOT_DEBUG, {MAILLOG_FIELD_TEXT}, "push-notification: %s"},
    {MAILLOG_EVENT_DOVECOT_DEBUG, {MAILLOG_FIELD_TEXT}, "quota: %s"},
    {MAILLOG_EVENT_DOVECOT_DEBUG, {MAILLOG_FIELD_TEXT}, "settings: %s"},
    {MAILLOG_EVENT_DOVECOT_DEBUG, {MAILLOG_FIELD_TEXT}, "userdb out: %s"},
};
ML_PATTERN_TABLE(maillog__dovecot_debug);

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
        return maillog__match_patterns(l, &maillog__dovecot_debug, text) || maillog__dovecot_call(l, text);
    if (maillog__match_patterns(l, &maillog__dovecot_faults, text) ||
        maillog__match_patterns(l, &maillog__dovecot_storage, text) || maillog__dovecot_service(l, text, head))
        return true;
    return ml_dovecot_is_fault(head) && (maillog__dovecot_call(l, text) || mailbox_fault(l, text));
}
