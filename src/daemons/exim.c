/* exim.c: lines of Exim's main, reject and panic logs, in its own files or in syslog: `[MESSAGE-ID ]text`. In syslog
 * the stamp of the file stands before it (syslog_timestamp), and long entries come in parts: `[1/3] `, `[2/3] …`, or
 * `[1\3] ` where the entry had lines. The ways of a message are in exim_message.c, clients in exim_session.c. */
#include "exim.h"

#include "daemons.h"

#define E(NAME) MAILLOG_EVENT_EXIM_##NAME
#define F(NAME) MAILLOG_FIELD_##NAME

extern const ml_patterns maillog__exim_statements;
ML_PATTERN_ROWS(maillog__exim_statements) = {
    {E(LOCAL_INPUT), {F(SIGNAL_NAME)}, ML_TEXT("SIG%w received while reading local message")},
    {E(EDITED), {F(OLD), F(WHERE), F(NEW)}, ML_TEXT("\"%S\" from %w rewritten as \"%S\" by submission mode")},
    {E(EDITED), {F(OLD), F(WHERE), F(NEW), F(RULE)}, ML_TEXT("\"%S\" from %w rewritten as \"%S\" by rule %d")},
    {E(TRANSPORT), {F(TO), F(TRANSPORT), F(TEXT)}, ML_TEXT("<%S>: %w transport output: %s")},
    {E(TLSERR), {F(ADDR), F(ERROR)}, ML_TEXT("[%s] SSL verify error: %s")},
    {E(TLSERR), {F(ADDR), F(ERROR)}, ML_TEXT("[%s] SSL verify error%s")},
    {E(TLSERR), {F(ADDR), F(ERROR)}, ML_TEXT("[%s] after QUIT, client reset TCP before %s")},
    {E(LIST_MATCH), {F(NAME)}, ML_TEXT("%w accepted by +include_unknown")},
    {E(LIST_MATCH), {F(NAME)}, ML_TEXT("%w accepted by +include_defer")},
    {E(TRANSPORT), {F(TRANSPORT)}, ML_TEXT("%w transport process vanished unexpectedly")},
    {E(TRANSPORT), {F(TRANSPORT), F(STATUS), F(TEXT)}, ML_TEXT("%w transport process returned non-zero status %w: %s")},
    {E(ROUTER), {F(ROUTER), F(TEXT)}, ML_TEXT("%w router: skipped error: %s")},
    {E(ROUTER), {F(ROUTER), F(TEXT)}, ML_TEXT("%w router failed to expand %s")},
    {E(ROUTER), {F(TO), F(TEXT)}, ML_TEXT("%S: error ignored%s")},
    {E(SCANNER), {F(NAME), F(ERROR)}, ML_TEXT("%w spamd: %s")},
    {E(ERROR), {F(ERROR)}, ML_TEXT("ALERT: exim paniclog %s")},
    {E(DKIM_ERROR), {F(ERROR)}, ML_TEXT("ARC: bad signing-specification (%s)")},
    {E(DKIM_ERROR), {F(ERROR)}, ML_TEXT("ARC: no Authentication-Results header for signing%s")},
    {E(QUEUE_END), {F(OPTIONS), F(VALUE), F(MAX)}, ML_TEXT("Abandon queue run: %s (load %f, max %f)")},
    {E(DNS), {F(NAME)}, ML_TEXT("CNAME loop for %w encountered")},
    {E(ERROR), {F(ERROR)}, ML_TEXT("Cannot open %s")},
    {E(COMPLETED), {0}, ML_TEXT("Completed")},
    {E(COMPLETED), {F(QUEUE_TIME)}, ML_TEXT("Completed QT=%s")},
    {E(ERROR), {F(ERROR)}, ML_TEXT("Couldn't open %s")},
    {E(TLSERR),
     {F(RELAY_NAME), F(RELAY_ADDR), F(ERROR)},
     ML_TEXT("DANE attempt failed; TLS connection to %w [%s]: %s")},
    {E(TLSERR), {F(ERROR)}, ML_TEXT("DANE error: %s")},
    {E(SCANNER), {F(ERROR)}, ML_TEXT("DCC: %s")},
    {E(DKIM_ERROR), {F(ERROR)}, ML_TEXT("DKIM: Error during validation, disabling signature verification: %s")},
    {E(DKIM),
     {F(DOMAIN), F(SELECTOR), F(METHOD), F(ALGORITHM), F(BITS), F(RESULT)},
     ML_TEXT("DKIM: d=%w s=%w c=%w a=%w b=%d [%s]")},
    {E(DKIM),
     {F(DOMAIN), F(SELECTOR), F(METHOD), F(ALGORITHM), F(BITS), F(TEXT), F(RESULT)},
     ML_TEXT("DKIM: d=%w s=%w c=%w a=%w b=%d %s [%s]")},
    {E(DKIM),
     {F(DOMAIN), F(SELECTOR), F(METHOD), F(ALGORITHM), F(TEXT), F(RESULT)},
     ML_TEXT("DKIM: d=%w s=%w c=%w a=%w %s [%s]")},
    {E(DKIM), {F(DOMAIN), F(SELECTOR), F(METHOD), F(ALGORITHM), F(RESULT)}, ML_TEXT("DKIM: d=%w s=%w c=%w a=%w [%s]")},
    {E(DKIM), {F(DOMAIN), F(SELECTOR), F(RESULT)}, ML_TEXT("DKIM: d=%w s=%w [%s]")},
    {E(DKIM_ERROR), {F(ERROR)}, ML_TEXT("DKIM: message could not be signed, %s")},
    {E(DKIM_ERROR), {F(ERROR)}, ML_TEXT("DKIM: signing failed: %s")},
    {E(DKIM_ERROR), {F(METHOD), F(TEXT)}, ML_TEXT("DKIM: unknown canonicalization method '%s', %s")},
    {E(DKIM_ERROR), {F(ERROR)}, ML_TEXT("DKIM: validation error: %s")},
    {E(DMARC_ERROR), {F(ERROR)}, ML_TEXT("DMARC failure %s")},
    {E(DMARC), {F(DOMAIN), F(HEADER_FROM), F(TEXT)}, ML_TEXT("DMARC results: spf_domain=%w dmarc_domain=%w %s")},
    {E(DMARC), {F(DOMAIN)}, ML_TEXT("DMARC using synthesized SPF sender domain = %s")},
    {E(DNS), {F(NAME), F(RESULT)}, ML_TEXT("DNS list lookup defer (probably timeout) for %w: %s")},
    {E(DNS),
     {F(NAME), F(DOMAIN), F(RESULT)},
     ML_TEXT("DNS list lookup for %w at %w returned %w; not in 127.0/8 and discarded")},
    {E(QUEUED), {0}, ML_TEXT("Delivery deferred by system filter")},
    {E(ERROR), {F(ERROR)}, ML_TEXT("Delivery status for %s")},
    {E(ETRN), {F(ARGS), F(CLIENT)}, ML_TEXT("ETRN %S received from %s")},
    {E(QUEUE_END), {F(NAME), F(OPTIONS)}, ML_TEXT("End '%s' queue run: %s")},
    {E(ROUTER), {F(ROUTER), F(TEXT)}, ML_TEXT("Error in %w router: %s")},
    {E(SPOOL_ERROR), {F(PATH), F(ERROR)}, ML_TEXT("Error reading spool file %w: %s")},
    {E(CONFIG), {F(TEXT)}, ML_TEXT("Exim configuration error %s")},
    {E(ERROR), {F(ERROR)}, ML_TEXT("Failed to create %s")},
    {E(DAEMON), {F(ERROR)}, ML_TEXT("Failed to create IPv6 socket for wildcard listening (%s): will use IPv4")},
    {E(CONFIG), {F(ERROR)}, ML_TEXT("Failed to expand %s")},
    {E(ERROR), {F(ERROR)}, ML_TEXT("Failed to get %s")},
    {E(SPOOL_ERROR), {F(PATH), F(ERROR)}, ML_TEXT("Failed to reopen %w %s")},
    {E(ERROR), {F(ERROR)}, ML_TEXT("Failed writing transport result %s")},
    {E(SPOOL_ERROR), {F(PATH), F(SIZE)}, ML_TEXT("Format error in spool file %w: size=%d")},
    {E(SPOOL_ERROR), {F(PATH)}, ML_TEXT("Format error in spool file %w")},
    {E(FROZEN), {0}, ML_TEXT("Frozen")},
    {E(FROZEN), {F(REASON)}, ML_TEXT("Frozen (%s)")},
    {E(ERROR), {F(ERROR)}, ML_TEXT("IPv4 socket creation failed: %s")},
    {E(ERROR), {F(ERROR)}, ML_TEXT("IPv6 socket creation failed: %s")},
    {E(DNS), {F(TYPE), F(NAME), F(TIME_MS)}, ML_TEXT("Long %w lookup for '%S': %d msec")},
    {E(SCANNER), {F(ERROR)}, ML_TEXT("MIME acl condition warning - %s")},
    {E(ABANDONED), {F(REASON)}, ML_TEXT("Message abandoned: %s")},
    {E(FROZEN), {0}, ML_TEXT("Message is frozen")},
    {E(REMOVED), {F(REASON)}, ML_TEXT("Message removed because %s")},
    {E(TLSERR), {0}, ML_TEXT("OCSP dates invalid")},
    {E(TLSERR), {F(ERROR)}, ML_TEXT("Received TLS cert status response, %s")},
    {E(TLSERR), {0}, ML_TEXT("Required TLS certificate status not received")},
    {E(DAEMON), {0}, ML_TEXT("SIGHUP received: re-exec daemon")},
    {E(TLSERR), {0}, ML_TEXT("SSL channel closed on write")},
    {E(TLSERR), {F(ERROR)}, ML_TEXT("SSL_write error %s")},
    {E(TLSERR), {F(ERROR)}, ML_TEXT("SSL_write: %s")},
    {E(TLSERR), {F(ERROR)}, ML_TEXT("Server certificate %s")},
    {E(DAEMON),
     {F(ERROR)},
     ML_TEXT("Setting IPV6_V6ONLY on daemon's IPv6 wildcard socket failed (%s): carrying on without it")},
    {E(SPOOL_ERROR), {F(EXIM_ID), F(ERROR)}, ML_TEXT("Spool error for %w: %s")},
    {E(SPOOL_ERROR), {F(EXIM_ID)}, ML_TEXT("Spool error: no recipients for %w")},
    {E(SPOOL_ERROR), {F(PATH)}, ML_TEXT("Spool file %w not found")},
    {E(LOCKED), {F(EXIM_ID)}, ML_TEXT("Spool file for %w is locked (another process is handling this message)")},
    {E(LOCKED), {0}, ML_TEXT("Spool file is locked (another process is handling this message)")},
    {E(QUEUE_RUN), {F(NAME), F(OPTIONS)}, ML_TEXT("Start '%s' queue run: %s")},
    {E(CONFIG), {F(TEXT)}, ML_TEXT("Suggested action: %s")},
    {E(TLSERR), {F(ERROR)}, ML_TEXT("TLS error (%s")},
    {E(TLSERR), {F(ERROR)}, ML_TEXT("TLS error in certificate %s")},
    {E(TLSERR), {F(RELAY_NAME), F(RELAY_ADDR), F(ERROR)}, ML_TEXT("TLS error on connection to %w [%s] %s")},
    {E(TLSERR),
     {F(RELAY_NAME), F(RELAY_ADDR)},
     ML_TEXT("TLS session failure: delivering unencrypted to H=%w [%s] (not in hosts_require_tls)")},
    {E(UNFROZEN), {F(REASON)}, ML_TEXT("Unfrozen by %s")},
    {E(ACL_WARNING), {F(TEXT)}, ML_TEXT("Warning: ACL \"warn\" statement skipped: %s")},
    {E(CONFIG), {F(TEXT)}, ML_TEXT("Warning: No server certificate defined; %s")},
    {E(CONFIG), {F(TEXT)}, ML_TEXT("Warning: purging the environment.%s")},
    {E(EDITED), {F(TO), F(USER)}, ML_TEXT("address <%S> marked delivered by %s")},
    {E(REMOVED), {F(REASON)}, ML_TEXT("cancelled by %s")},
    {E(COMMAND_LINE), {F(DIR), F(COUNT), F(ARGS)}, ML_TEXT("cwd=%w %d args: %s")},
    {E(COMMAND_LINE), {F(DIR), F(ARGS)}, ML_TEXT("cwd=%w %s")},
    {E(ERROR), {F(ERROR)}, ML_TEXT("daemon: %s")},
    {E(TRANSPORT), {F(ERROR)}, ML_TEXT("delivery setrlimit(RLIMIT_CORE, RLIM_INFINITY) failed: %s")},
    {E(DNS), {F(DOMAIN)}, ML_TEXT("dnslists domain \"%s\" contains strange characters - is this right?")},
    {E(DNS), {F(NAME)}, ML_TEXT("dnssec fail on SRV for %w")},
    {E(DAEMON), {F(VERSION)}, ML_TEXT("exim %w daemon terminating, inetd wait timeout reached.")},
    {E(CONFIG), {F(TEXT)}, ML_TEXT("exim user lost privilege for %s")},
    {E(CONFIG), {F(ERROR)}, ML_TEXT("failed to expand %s")},
    {E(ERROR), {F(ERROR)}, ML_TEXT("failed to move %s")},
    {E(ERROR), {F(ERROR)}, ML_TEXT("failed to open %s")},
    {E(ERROR), {F(ERROR)}, ML_TEXT("failed to parse address %s")},
    {E(ERROR), {F(ERROR)}, ML_TEXT("failed to read delivery status %s")},
    {E(ERROR), {F(ERROR)}, ML_TEXT("failed to set %s")},
    {E(ERROR), {F(ERROR)}, ML_TEXT("failed to unlink %s")},
    {E(ERROR), {F(ERROR)}, ML_TEXT("failed to write to %s")},
    {E(DMARC_ERROR), {F(ERROR)}, ML_TEXT("failure to %s")},
    {E(FROZEN), {F(USER)}, ML_TEXT("frozen by %s")},
    {E(ERROR), {F(ERROR)}, ML_TEXT("getsockname() failed: %s")},
    {E(DNS), {F(NAME)}, ML_TEXT("host name alias list truncated for %s")},
    {E(IDENT), {F(CLIENT_ADDR)}, ML_TEXT("ident connection to %w timed out")},
    {E(IDENT), {F(CLIENT_ADDR), F(ERROR)}, ML_TEXT("ident connection to %w failed: %s")},
    {E(ERROR), {F(ERROR)}, ML_TEXT("internal problem in %s")},
    {E(SCANNER), {F(ERROR)}, ML_TEXT("internal scanner error (ignored): %s")},
    {E(LOCAL_SCAN), {F(VALUE), F(TEXT)}, ML_TEXT("invalid return %d from local_scan(). %s")},
    {E(LIST_MATCH), {F(REASON)}, ML_TEXT("list matching forced to fail: %s")},
    {E(DAEMON), {F(COUNT), F(LISTEN_ADDR), F(LPORT)}, ML_TEXT("listen backlog %d I=[%s]:%d")},
    {E(LOCAL_SCAN), {F(TEXT)}, ML_TEXT("local_scan() function %s")},
    {E(SPOOL_ERROR), {F(N), F(M)}, ML_TEXT("log directory space check failed: space=%d inodes=%w")},
    {E(SCANNER), {F(ERROR)}, ML_TEXT("malware acl condition: %s")},
    {E(SCANNER), {F(ERROR)}, ML_TEXT("mime_regex acl condition warning - %s")},
    {E(NOHOST), {F(NAME), F(TEXT)}, ML_TEXT("no IP address found for host %w (during %s)")},
    {E(NOHOST), {F(NAME)}, ML_TEXT("no IP address found for host %w")},
    {E(NOHOST), {F(CLIENT_ADDR)}, ML_TEXT("no host name found for IP address %w")},
    {E(QUEUED), {F(REASON)}, ML_TEXT("no immediate delivery: %s")},
    {E(ROUTER), {F(TEXT)}, ML_TEXT("original recipients ignored (%s)")},
    {E(DAEMON), {F(CHILD_PID)}, ML_TEXT("pid %d: SIGHUP received: re-exec daemon")},
    {E(ERROR), {F(CHILD_PID), F(SIGNAL), F(EXIM_ID)}, ML_TEXT("process %d crashed with signal %d while delivering %w")},
    {E(ERROR),
     {F(CHILD_PID), F(SIGNAL), F(EXIM_ID)},
     ML_TEXT("queue run: process %d crashed with signal %d while delivering %w")},
    {E(EDITED), {F(TO), F(USER)}, ML_TEXT("recipient <%S> added by %s")},
    {E(SCANNER), {F(ERROR)}, ML_TEXT("regex acl condition warning - %s")},
    {E(REMOVED), {F(USER)}, ML_TEXT("removed by %s")},
    {E(EDITED), {F(FROM), F(USER)}, ML_TEXT("sender address changed to <%S> by %s")},
    {E(DAEMON),
     {F(PORT), F(LISTEN_ADDR), F(ERROR), F(TEXT)},
     ML_TEXT("socket bind() to port %w for address %w failed: %s: %s")},
    {E(SCANNER), {F(ERROR)}, ML_TEXT("spam acl condition: %s")},
    {E(SPOOL_ERROR), {F(N), F(M)}, ML_TEXT("spool directory space check failed: space=%d inodes=%w")},
    {E(LOCAL_INPUT), {0}, ML_TEXT("timed out while reading local message")},
    {E(ERROR), {F(ERROR)}, ML_TEXT("unable to set gid=%s")},
    {E(UNFROZEN), {F(USER)}, ML_TEXT("unfrozen by %s")},
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
    if (maillog__match_patterns(l, &maillog__exim_statements, c)) return;
    if (c.p > message.p && ml_peek(message) == '[' && ML_STARTS(message, "[1")) { /* what the other parts complete */
        ml_put(l, MAILLOG_FIELD_TEXT, c);
        ml_event(l, MAILLOG_EVENT_EXIM_PART);
        return;
    }
    ml_put_rest(l, c);
}
