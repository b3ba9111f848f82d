/* exim.c: lines of Exim's main, reject and panic logs, in its own files or in syslog: `[MESSAGE-ID ]text`. In syslog
 * the stamp of the file stands before it (syslog_timestamp), and long entries come in parts: `[1/3] `, `[2/3] …`, or
 * `[1\3] ` where the entry had lines. The ways of a message are in exim_message.c, clients in exim_session.c. */
#include "exim.h"

#include "daemons.h"

#define E(NAME) MAILLOG_EVENT_EXIM_##NAME
#define F(NAME) MAILLOG_FIELD_##NAME

extern const ml_patterns maillog__exim_statements;
ML_PATTERN_ROWS(maillog__exim_statements) = {
    {E(LIST_MATCH), {F(NAME)}, "%w accepted by +include_unknown"},
    {E(LIST_MATCH), {F(NAME)}, "%w accepted by +include_defer"},
    {E(TRANSPORT), {F(TRANSPORT)}, "%w transport process vanished unexpectedly"},
    {E(TRANSPORT), {F(TRANSPORT), F(STATUS), F(TEXT)}, "%w transport process returned non-zero status %w: %s"},
    {E(ROUTER), {F(ROUTER), F(TEXT)}, "%w router: skipped error: %s"},
    {E(ROUTER), {F(ROUTER), F(TEXT)}, "%w router failed to expand %s"},
    {E(ROUTER), {F(TO), F(TEXT)}, "%S: error ignored%s"},
    {E(SCANNER), {F(NAME), F(ERROR)}, "%w spamd: %s"},
    {E(EDITED), {F(OLD), F(WHERE), F(NEW)}, "\"%S\" from %w rewritten as \"%S\" by submission mode"},
    {E(EDITED), {F(OLD), F(WHERE), F(NEW), F(RULE)}, "\"%S\" from %w rewritten as \"%S\" by rule %d"},
    {E(TRANSPORT), {F(TO), F(TRANSPORT), F(TEXT)}, "<%S>: %w transport output: %s"},
    {E(ERROR), {F(ERROR)}, "ALERT: exim paniclog %s"},
    {E(DKIM_ERROR), {F(ERROR)}, "ARC: bad signing-specification (%s)"},
    {E(DKIM_ERROR), {F(ERROR)}, "ARC: no Authentication-Results header for signing%s"},
    {E(QUEUE_END), {F(OPTIONS), F(VALUE), F(MAX)}, "Abandon queue run: %s (load %f, max %f)"},
    {E(DNS), {F(NAME)}, "CNAME loop for %w encountered"},
    {E(ERROR), {F(ERROR)}, "Cannot open %s"},
    {E(COMPLETED), {0}, "Completed"},
    {E(COMPLETED), {F(QUEUE_TIME)}, "Completed QT=%s"},
    {E(ERROR), {F(ERROR)}, "Couldn't open %s"},
    {E(TLSERR), {F(RELAY_NAME), F(RELAY_ADDR), F(ERROR)}, "DANE attempt failed; TLS connection to %w [%s]: %s"},
    {E(TLSERR), {F(ERROR)}, "DANE error: %s"},
    {E(SCANNER), {F(ERROR)}, "DCC: %s"},
    {E(DKIM_ERROR), {F(ERROR)}, "DKIM: Error during validation, disabling signature verification: %s"},
    {E(DKIM),
     {F(DOMAIN), F(SELECTOR), F(METHOD), F(ALGORITHM), F(BITS), F(RESULT)},
     "DKIM: d=%w s=%w c=%w a=%w b=%d [%s]"},
    {E(DKIM),
     {F(DOMAIN), F(SELECTOR), F(METHOD), F(ALGORITHM), F(BITS), F(TEXT), F(RESULT)},
     "DKIM: d=%w s=%w c=%w a=%w b=%d %s [%s]"},
    {E(DKIM),
     {F(DOMAIN), F(SELECTOR), F(METHOD), F(ALGORITHM), F(TEXT), F(RESULT)},
     "DKIM: d=%w s=%w c=%w a=%w %s [%s]"},
    {E(DKIM), {F(DOMAIN), F(SELECTOR), F(METHOD), F(ALGORITHM), F(RESULT)}, "DKIM: d=%w s=%w c=%w a=%w [%s]"},
    {E(DKIM), {F(DOMAIN), F(SELECTOR), F(RESULT)}, "DKIM: d=%w s=%w [%s]"},
    {E(DKIM_ERROR), {F(ERROR)}, "DKIM: message could not be signed, %s"},
    {E(DKIM_ERROR), {F(ERROR)}, "DKIM: signing failed: %s"},
    {E(DKIM_ERROR), {F(METHOD), F(TEXT)}, "DKIM: unknown canonicalization method '%s', %s"},
    {E(DKIM_ERROR), {F(ERROR)}, "DKIM: validation error: %s"},
    {E(DMARC_ERROR), {F(ERROR)}, "DMARC failure %s"},
    {E(DMARC), {F(DOMAIN), F(HEADER_FROM), F(TEXT)}, "DMARC results: spf_domain=%w dmarc_domain=%w %s"},
    {E(DMARC), {F(DOMAIN)}, "DMARC using synthesized SPF sender domain = %s"},
    {E(DNS), {F(NAME), F(RESULT)}, "DNS list lookup defer (probably timeout) for %w: %s"},
    {E(DNS), {F(NAME), F(DOMAIN), F(RESULT)}, "DNS list lookup for %w at %w returned %w; not in 127.0/8 and discarded"},
    {E(QUEUED), {0}, "Delivery deferred by system filter"},
    {E(ETRN), {F(ARGS), F(CLIENT)}, "ETRN %S received from %s"},
    {E(QUEUE_END), {F(NAME), F(OPTIONS)}, "End '%s' queue run: %s"},
    {E(ROUTER), {F(ROUTER), F(TEXT)}, "Error in %w router: %s"},
    {E(SPOOL_ERROR), {F(PATH), F(ERROR)}, "Error reading spool file %w: %s"},
    {E(CONFIG), {F(TEXT)}, "Exim configuration error %s"},
    {E(ERROR), {F(ERROR)}, "Failed to create %s"},
    {E(DAEMON), {F(ERROR)}, "Failed to create IPv6 socket for wildcard listening (%s): will use IPv4"},
    {E(CONFIG), {F(ERROR)}, "Failed to expand %s"},
    {E(ERROR), {F(ERROR)}, "Failed to get %s"},
    {E(ERROR), {F(ERROR)}, "Failed writing transport result %s"},
    {E(SPOOL_ERROR), {F(PATH), F(SIZE)}, "Format error in spool file %w: size=%d"},
    {E(SPOOL_ERROR), {F(PATH)}, "Format error in spool file %w"},
    {E(FROZEN), {0}, "Frozen"},
    {E(FROZEN), {F(REASON)}, "Frozen (%s)"},
    {E(ERROR), {F(ERROR)}, "IPv4 socket creation failed: %s"},
    {E(ERROR), {F(ERROR)}, "IPv6 socket creation failed: %s"},
    {E(DNS), {F(TYPE), F(NAME), F(TIME_MS)}, "Long %w lookup for '%S': %d msec"},
    {E(SCANNER), {F(ERROR)}, "MIME acl condition warning - %s"},
    {E(ABANDONED), {F(REASON)}, "Message abandoned: %s"},
    {E(FROZEN), {0}, "Message is frozen"},
    {E(REMOVED), {F(REASON)}, "Message removed because %s"},
    {E(TLSERR), {0}, "OCSP dates invalid"},
    {E(TLSERR), {F(ERROR)}, "Received TLS cert status response, %s"},
    {E(TLSERR), {0}, "Required TLS certificate status not received"},
    {E(LOCAL_INPUT), {F(SIGNAL_NAME)}, "SIG%w received while reading local message"},
    {E(DAEMON), {0}, "SIGHUP received: re-exec daemon"},
    {E(TLSERR), {0}, "SSL channel closed on write"},
    {E(TLSERR), {F(ERROR)}, "SSL_write error %s"},
    {E(TLSERR), {F(ERROR)}, "SSL_write: %s"},
    {E(TLSERR), {F(ERROR)}, "Server certificate %s"},
    {E(DAEMON), {F(ERROR)}, "Setting IPV6_V6ONLY on daemon's IPv6 wildcard socket failed (%s): carrying on without it"},
    {E(SPOOL_ERROR), {F(EXIM_ID), F(ERROR)}, "Spool error for %w: %s"},
    {E(SPOOL_ERROR), {F(EXIM_ID)}, "Spool error: no recipients for %w"},
    {E(SPOOL_ERROR), {F(PATH)}, "Spool file %w not found"},
    {E(LOCKED), {F(EXIM_ID)}, "Spool file for %w is locked (another process is handling this message)"},
    {E(LOCKED), {0}, "Spool file is locked (another process is handling this message)"},
    {E(QUEUE_RUN), {F(NAME), F(OPTIONS)}, "Start '%s' queue run: %s"},
    {E(TLSERR), {F(ERROR)}, "TLS error (%s"},
    {E(TLSERR), {F(ERROR)}, "TLS error in certificate %s"},
    {E(TLSERR), {F(RELAY_NAME), F(RELAY_ADDR), F(ERROR)}, "TLS error on connection to %w [%s] %s"},
    {E(TLSERR),
     {F(RELAY_NAME), F(RELAY_ADDR)},
     "TLS session failure: delivering unencrypted to H=%w [%s] (not in hosts_require_tls)"},
    {E(UNFROZEN), {F(REASON)}, "Unfrozen by %s"},
    {E(ACL_WARNING), {F(TEXT)}, "Warning: ACL \"warn\" statement skipped: %s"},
    {E(CONFIG), {F(TEXT)}, "Warning: No server certificate defined; %s"},
    {E(CONFIG), {F(TEXT)}, "Warning: purging the environment.%s"},
    {E(TLSERR), {F(ADDR), F(ERROR)}, "[%s] SSL verify error: %s"},
    {E(TLSERR), {F(ADDR), F(ERROR)}, "[%s] SSL verify error%s"},
    {E(TLSERR), {F(ADDR), F(ERROR)}, "[%s] after QUIT, client reset TCP before %s"},
    {E(EDITED), {F(TO), F(USER)}, "address <%S> marked delivered by %s"},
    {E(REMOVED), {F(REASON)}, "cancelled by %s"},
    {E(COMMAND_LINE), {F(DIR), F(COUNT), F(ARGS)}, "cwd=%w %d args: %s"},
    {E(COMMAND_LINE), {F(DIR), F(ARGS)}, "cwd=%w %s"},
    {E(ERROR), {F(ERROR)}, "daemon: %s"},
    {E(TRANSPORT), {F(ERROR)}, "delivery setrlimit(RLIMIT_CORE, RLIM_INFINITY) failed: %s"},
    {E(DNS), {F(DOMAIN)}, "dnslists domain \"%s\" contains strange characters - is this right?"},
    {E(DNS), {F(NAME)}, "dnssec fail on SRV for %w"},
    {E(DAEMON), {F(VERSION)}, "exim %w daemon terminating, inetd wait timeout reached."},
    {E(CONFIG), {F(ERROR)}, "failed to expand %s"},
    {E(ERROR), {F(ERROR)}, "failed to move %s"},
    {E(ERROR), {F(ERROR)}, "failed to open %s"},
    {E(ERROR), {F(ERROR)}, "failed to parse address %s"},
    {E(ERROR), {F(ERROR)}, "failed to read delivery status %s"},
    {E(ERROR), {F(ERROR)}, "failed to set %s"},
    {E(ERROR), {F(ERROR)}, "failed to unlink %s"},
    {E(ERROR), {F(ERROR)}, "failed to write to %s"},
    {E(DMARC_ERROR), {F(ERROR)}, "failure to %s"},
    {E(FROZEN), {F(USER)}, "frozen by %s"},
    {E(ERROR), {F(ERROR)}, "getsockname() failed: %s"},
    {E(DNS), {F(NAME)}, "host name alias list truncated for %s"},
    {E(IDENT), {F(CLIENT_ADDR)}, "ident connection to %w timed out"},
    {E(IDENT), {F(CLIENT_ADDR), F(ERROR)}, "ident connection to %w failed: %s"},
    {E(ERROR), {F(ERROR)}, "internal problem in %s"},
    {E(SCANNER), {F(ERROR)}, "internal scanner error (ignored): %s"},
    {E(LOCAL_SCAN), {F(VALUE), F(TEXT)}, "invalid return %d from local_scan(). %s"},
    {E(LIST_MATCH), {F(REASON)}, "list matching forced to fail: %s"},
    {E(DAEMON), {F(COUNT), F(LISTEN_ADDR), F(LPORT)}, "listen backlog %d I=[%s]:%d"},
    {E(LOCAL_SCAN), {F(TEXT)}, "local_scan() function %s"},
    {E(SPOOL_ERROR), {F(N), F(M)}, "log directory space check failed: space=%d inodes=%w"},
    {E(SCANNER), {F(ERROR)}, "malware acl condition: %s"},
    {E(SCANNER), {F(ERROR)}, "mime_regex acl condition warning - %s"},
    {E(NOHOST), {F(NAME), F(TEXT)}, "no IP address found for host %w (during %s)"},
    {E(NOHOST), {F(NAME)}, "no IP address found for host %w"},
    {E(NOHOST), {F(CLIENT_ADDR)}, "no host name found for IP address %w"},
    {E(QUEUED), {F(REASON)}, "no immediate delivery: %s"},
    {E(ROUTER), {F(TEXT)}, "original recipients ignored (%s)"},
    {E(DAEMON), {F(CHILD_PID)}, "pid %d: SIGHUP received: re-exec daemon"},
    {E(ERROR), {F(CHILD_PID), F(SIGNAL), F(EXIM_ID)}, "process %d crashed with signal %d while delivering %w"},
    {E(ERROR),
     {F(CHILD_PID), F(SIGNAL), F(EXIM_ID)},
     "queue run: process %d crashed with signal %d while delivering %w"},
    {E(EDITED), {F(TO), F(USER)}, "recipient <%S> added by %s"},
    {E(SCANNER), {F(ERROR)}, "regex acl condition warning - %s"},
    {E(REMOVED), {F(USER)}, "removed by %s"},
    {E(EDITED), {F(FROM), F(USER)}, "sender address changed to <%S> by %s"},
    {E(DAEMON), {F(PORT), F(LISTEN_ADDR), F(ERROR), F(TEXT)}, "socket bind() to port %w for address %w failed: %s: %s"},
    {E(SCANNER), {F(ERROR)}, "spam acl condition: %s"},
    {E(SPOOL_ERROR), {F(N), F(M)}, "spool directory space check failed: space=%d inodes=%w"},
    {E(LOCAL_INPUT), {0}, "timed out while reading local message"},
    {E(ERROR), {F(ERROR)}, "unable to set gid=%s"},
    {E(UNFROZEN), {F(USER)}, "unfrozen by %s"},
};
ML_PATTERN_TABLE(maillog__exim_statements);

/* ---- what stands before the text ---- */

static bool number_of(ml_cur *c, size_t n)
{
    if (ml_len(*c) < n) return false;
    for (size_t i = 0; i < n; i++)
        if (!ml_is_digit(c->p[i])) return false;
    c->p += n;
    return true;
}

/* `2026-11-03 09:14:07[.123] [+0100 ]` of the log file, repeated in syslog. */
static void skip_stamp(ml_cur *c)
{
    ml_cur t = *c, v;
    if (!number_of(&t, 4) || !ml_skip_char(&t, '-') || !number_of(&t, 2) || !ml_skip_char(&t, '-') ||
        !number_of(&t, 2) || !ml_skip_char(&t, ' '))
        return;
    if (!number_of(&t, 2) || !ml_skip_char(&t, ':') || !number_of(&t, 2) || !ml_skip_char(&t, ':') || !number_of(&t, 2))
        return;
    if (ml_skip_char(&t, '.')) ml_digits(&t, &v);
    if (!ml_skip_char(&t, ' ')) return;
    *c = t;
    if ((ml_skip_char(&t, '+') || ml_skip_char(&t, '-')) && number_of(&t, 4) && ml_skip_char(&t, ' ')) *c = t;
}

/* The process of the line, unless its head said it. */
static void put_pid(ml_line *l, ml_cur pid)
{
    for (const maillog_field *f = l->limit - MAILLOG_FIELDS_MAX; f < l->next; f++) {
        if (f->id != MAILLOG_FIELD_PID) continue;
        if (!ml_eq(pid, ml_slice(l->base + f->off, l->base + f->off + f->len))) ml_put(l, MAILLOG_FIELD_CHILD_PID, pid);
        return;
    }
    ml_put(l, MAILLOG_FIELD_PID, pid);
}

/* `[pid] ` behind the stamp: the tag has it, too, unless syslog_pid is off. */
static void skip_pid(ml_line *l, ml_cur *c)
{
    ml_cur t = *c, pid;
    if (!ml_skip_char(&t, '[') || !ml_digits(&t, &pid) || !ML_SKIP(&t, "] ")) return;
    *c = t;
    put_pid(l, pid);
}

/* `[2/3] `, `[1\3] `: a part of an entry. True for a later part, which is text. */
static bool later_part(ml_line *l, ml_cur *c)
{
    ml_cur t = *c, part, parts;
    if (!ml_skip_char(&t, '[') || !ml_digits(&t, &part)) return false;
    if (!ml_skip_char(&t, '/') && !ml_skip_char(&t, '\\')) return false;
    if (!ml_digits(&t, &parts) || !ML_SKIP(&t, "] ")) return false;
    *c = t;
    ml_put(l, MAILLOG_FIELD_PART, part);
    ml_put(l, MAILLOG_FIELD_COUNT, parts);
    return !ML_IS(part, "1");
}

static size_t alnum_run(ml_cur c)
{
    size_t n = 0;
    while (n < ml_len(c) && ml_is_alnum(c.p[n])) n++;
    return n;
}

/* Three runs of base 62: of 6, 6 and 2 characters; since 4.97 of 6, 11 and 4. */
static bool message_id(ml_cur *c, ml_cur *id)
{
    ml_cur t = *c;
    size_t run[3];
    for (size_t i = 0; i < 3; i++) {
        if (i > 0 && !ml_skip_char(&t, '-')) return false;
        run[i] = alnum_run(t);
        t.p += run[i];
    }
    if (run[0] != 6 || run[1] < 6 || run[1] > 11 || (run[2] != 2 && run[2] != 4)) return false;
    *id = ml_slice(c->p, t.p);
    if (!ml_empty(t) && !ml_skip_char(&t, ' ')) return false;
    *c = t;
    return true;
}

/* ---- statements with a process number ---- */

/* `Start queue run: pid=4711[ -qf]` */
static bool queue_run(ml_line *l, ml_cur c)
{
    ml_cur pid;
    const bool start = ML_SKIP(&c, "Start queue run: pid=");
    if (!start && !ML_SKIP(&c, "End queue run: pid=")) return false;
    if (!ml_digits(&c, &pid)) return false;
    put_pid(l, pid);
    if (ml_skip_char(&c, ' ')) ml_put(l, MAILLOG_FIELD_OPTIONS, c);
    return ml_event(l, start ? MAILLOG_EVENT_EXIM_QUEUE_RUN : MAILLOG_EVENT_EXIM_QUEUE_END);
}

/* `exim 4.98 daemon started: pid=812, -q30m, listening for …` */
static bool started(ml_line *l, ml_cur c)
{
    maillog_field *const mark = ml_mark(l);
    ml_cur version, pid;
    if (!ML_SKIP(&c, "exim ") || !ml_word(l, &c, &version) || !ML_SKIP(&c, " daemon started: pid=")) return false;
    ml_put(l, MAILLOG_FIELD_VERSION, version);
    if (!ml_digits(&c, &pid) || !ML_SKIP(&c, ", ")) return ml_fail(l, mark);
    put_pid(l, pid);
    ml_put(l, MAILLOG_FIELD_TEXT, c);
    return ml_event(l, MAILLOG_EVENT_EXIM_DAEMON);
}

void maillog__exim(ml_line *l, ml_cur message)
{
    ml_cur c = message, id;
    const bool later = later_part(l, &c);
    if (later) {
        ml_put(l, MAILLOG_FIELD_TEXT, c);
        ml_event(l, MAILLOG_EVENT_EXIM_PART);
        return;
    }
    skip_stamp(&c);
    skip_pid(l, &c);
    if (message_id(&c, &id)) ml_put(l, MAILLOG_FIELD_EXIM_ID, id);
    if (maillog__exim_message(l, c) || maillog__exim_session(l, c) || queue_run(l, c) || started(l, c)) return;
    if (!maillog__match_patterns(l, &maillog__exim_statements, c)) ml_put_rest(l, c);
}
