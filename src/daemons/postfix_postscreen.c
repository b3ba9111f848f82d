/* postfix_postscreen.c: the zombie blocker before smtpd and its helpers dnsblog and tlsproxy. Source: postscreen*.c,
 * dnsblog.c, tlsproxy.c of Postfix 2.11 to 3.11. Clients have no name, only `[addr]:port`.
 * Client-controlled: data, command, args, old, new (all escaped by escape(3), the last part of their line), and from,
 * to, helo of a rejection. */
#include "postfix_library.h"

ML_PATTERN_ROWS(maillog__postfix_postscreen_infos) = {
    ROW2(COMMAND_REPLACED, "%p: replacing command \"%S\" with \"%s\"", OLD, NEW),
    ROW0(ALLOWLIST_VETO, "ALLOWLIST VETO %p"),
    ROW0(ALLOWLISTED, "ALLOWLISTED %p"),
    ROW1(BARE_NEWLINE, "BARE NEWLINE from %p after %s", DATA),
    ROW0(DATA_WITHOUT_RCPT, "BDAT without valid RCPT from %p"),
    ROW0(DENYLISTED, "BLACKLISTED %p"),
    ROW1(COMMAND_LIMIT, "COMMAND COUNT LIMIT from %p after %s", STAGE),
    ROW1(COMMAND_LIMIT, "COMMAND LENGTH LIMIT from %p after %s", STAGE),
    ROW2(PIPELINING, "COMMAND PIPELINING from %p after %s: %s", STAGE, DATA),
    ROW1(COMMAND_LIMIT, "COMMAND TIME LIMIT from %p after %s", STAGE),
    ROW2(CONNECT, "CONNECT from %p to [%s]:%d", SERVER_ADDR, SERVER_PORT),
    ROW0(DATA_WITHOUT_RCPT, "DATA without valid RCPT from %p"),
    ROW0(DENYLISTED, "DENYLISTED %p"),
    ROW0(DISCONNECT, "DISCONNECT %p"),
    ROW1(DNSBL_RANK, "DNSBL rank %d for %p", RANK),
    ROW2(HANGUP, "HANGUP after %f from %p in %s", ELAPSED, PHASE),
    ROW3(NON_SMTP_COMMAND, "NON-SMTP COMMAND from %p after %s: %w %s", STAGE, COMMAND, ARGS),
    ROW2(NON_SMTP_COMMAND, "NON-SMTP COMMAND from %p after %s: %s", STAGE, COMMAND),
    ROW1(PASS, "PASS %w %p", KIND),
    ROW3(PREGREET, "PREGREET %d after %f from %p: %s", BYTES, ELAPSED, DATA),
    ROW0(ALLOWLIST_VETO, "WHITELIST VETO %p"),
    ROW0(ALLOWLISTED, "WHITELISTED %p"),
    ROW1(STRESS_ON, "entering STRESS mode with %d connections", COUNT),
    ROW1(STRESS_OFF, "leaving STRESS mode with %d connections", COUNT),
    ROW1(TABLE_CHANGED, "table %s has changed - finishing in the background", TABLE),
    ROW0(COMPAT_SETTING, "using backwards-compatible default setting respectful_logging=no for client %p"),
};
ML_PATTERN_TABLE(maillog__postfix_postscreen_infos);

ML_PATTERN_ROWS(maillog__postfix_postscreen_warnings) = {
    ROW4(SERVICE_FAILED, "%w: %w %w average delay is %f ms", NAME, CACHE, KIND, MS),
    ROW2(SERVICE_FAILED, "cannot connect to service %w: %s", SVC, ERROR),
    ROW1(CLIENT_DROPPED, "cannot convert client address/port to string: %s -- dropping this connection", ERROR),
    ROW1(CLIENT_DROPPED, "cannot convert server address/port to string: %s -- dropping this connection", ERROR),
    ROW2(SERVICE_FAILED, "cannot pass connection to service %w: %s", SVC, ERROR),
    ROW2(SERVICE_FAILED, "dnsblog reply timeout %ds for %s", SEC, ZONE),
    ROW1(CLIENT_DROPPED, "getsockname: %s -- dropping this connection", ERROR),
    ROW1(SERVICE_FAILED, "problem sending file handle to %s service", SVC),
    ROW2(SERVICE_FAILED, "psc_cache_lookup: %w lookup average delay is %f ms", CACHE, MS),
    ROW2(SERVICE_FAILED, "psc_cache_update: %w update average delay is %f ms", CACHE, MS),
    ROW1(SERVICE_FAILED, "timeout sending connection to service %s", SVC),
    ROW1(CLIENT_DROPPED, "write %p: %s", ERROR),
};
ML_PATTERN_TABLE(maillog__postfix_postscreen_warnings);

/* (NOQUEUE: )reject: STAGE from PEER: TEXT[; from=<…>, to=<…>, proto=…, helo=<…>] */
static bool reject(ml_line *l, ml_cur c)
{
    ml_cur stage;
    const char *start = c.p;
    if (!ML_SKIP(&c, "reject: ")) return false;
    ml_put_word(l, MAILLOG_FIELD_ACTION, ml_slice(start, c.p - 2), MAILLOG_ACTION_REJECT);
    if (!ML_UNTIL(l, &c, " from ", &stage)) return false;
    maillog__postfix_put_stage(l, stage);
    if (!maillog__put_addr_port(l, &c) || !ML_SKIP(&c, ": ")) return false;
    ml_context ctx;
    if (maillog__postfix_find_context(l, c, ML_CONTEXT_TO_END, &ctx)) {
        maillog__postfix_split_reason(l, maillog__postfix_reply_text(l, ctx.text), &ctx);
        maillog__postfix_put_context(l, &ctx);
        ml_put_rest(l, ctx.after);
    } else {
        maillog__postfix_reply_text(l, c);
    }
    return ml_event(l, MAILLOG_EVENT_POSTFIX_REJECT);
}

/* [ADDR]PORT: discarding EHLO keywords: WORDS (sic: Postfix leaves out the colon) */
static bool discard_ehlo(ml_line *l, ml_cur c)
{
    ml_cur addr, port;
    if (!ml_skip_char(&c, '[') || !ml_until(l, &c, ']', &addr)) return false;
    ml_skip_char(&c, ':');
    if (!ml_digits(&c, &port) || !ML_SKIP(&c, ": discarding EHLO keywords: ")) return false;
    ml_put(l, MAILLOG_FIELD_CLIENT_ADDR, addr);
    ml_put(l, MAILLOG_FIELD_CLIENT_PORT, port);
    ml_put(l, MAILLOG_FIELD_KEYWORDS, c);
    return ml_event(l, MAILLOG_EVENT_POSTFIX_DISCARD_EHLO);
}

bool maillog__postfix_postscreen(ml_line *l, ml_cur text, const ml_postfix *head)
{
    maillog_field *const mark = ml_mark(l);
    if (head->severity) return maillog__match_patterns(l, &maillog__postfix_postscreen_warnings, text);
    if (reject(l, text)) return true;
    ml_fail(l, mark);
    return discard_ehlo(l, text) || maillog__match_patterns(l, &maillog__postfix_postscreen_infos, text);
}

ML_PATTERN_ROWS(maillog__postfix_postscreen_dnsblog) = {
    ROW3(DNSBL_LISTED, "addr %w listed by domain %w as %s", CLIENT_ADDR, ZONE, REPLY),
};
ML_PATTERN_TABLE(maillog__postfix_postscreen_dnsblog);

bool maillog__postfix_dnsblog(ml_line *l, ml_cur text, const ml_postfix *head)
{
    (void)head;
    return maillog__match_patterns(l, &maillog__postfix_postscreen_dnsblog, text);
}

ML_PATTERN_ROWS(maillog__postfix_postscreen_tlsproxy) = {
    ROW1(CONNECT, "CONNECT %w %p", DIR),
    ROW0(DISCONNECT, "DISCONNECT %p"),
    ROW1(TLS_HANDSHAKE_FAILED, "TLS handshake failed for service=%w peer=%p", SERVICE),
    ROW1(TLS_HANDSHAKE_FAILED, "TLS handshake failed for service=%w peer=%r", SERVICE),
    ROW1(CLIENT_DROPPED, "ciphertext read/write %w for %p", WHAT),
    ROW1(CLIENT_DROPPED, "ciphertext read/write %w for %r", WHAT),
};
ML_PATTERN_TABLE(maillog__postfix_postscreen_tlsproxy);

bool maillog__postfix_tlsproxy(ml_line *l, ml_cur text, const ml_postfix *head)
{
    return maillog__match_patterns(l, &maillog__postfix_postscreen_tlsproxy, text) ||
           maillog__postfix_tls(l, text, head);
}
