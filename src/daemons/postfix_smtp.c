/* postfix_smtp.c: the SMTP and LMTP client. Source: smtp.c, smtp_connect.c, smtp_proto.c, smtp_session.c,
 * smtp_trouble.c, smtp_chat.c, smtp_sasl_glue.c of Postfix 2.11 to 3.11. Delivery lines: postfix_delivery.c; TLS:
 * postfix_tls.c.
 * Remote-controlled: reason, error, reply, text, old, mechs: what the server said; content: the message's header. */
#include "postfix_library.h"

ML_PATTERN_ROWS(maillog__postfix_smtp_infos) = {
    ROW2(REPLY_REPLACED, "%r: replacing server reply \"%S\" with \"%s\"", OLD, NEW),
    ROW0(SETTING_WARNING, "CLIENT wrappermode (port smtps/465) is unimplemented"),
    ROW1(STARTTLS_OFFERED, "Host offered STARTTLS: [%s]", RELAY_NAME),
    ROW2(SETTING_WARNING,
         "SMTPS wrappermode (TCP port 465) requires setting \"%s = yes\", and \"%s = encrypt\" (or stronger)", P1, P2),
    ROW4(TLS_REPORT, "TLSRPT: status=%w, domain=%w, receiving_mx=%r, failure_type=%w%(, failure_reason=%s%)", STATUS,
         DOMAIN, FAILURE_TYPE, FAILURE_REASON),
    ROW2(TLS_REPORT, "TLSRPT: status=%w, domain=%w, receiving_mx=%r", STATUS, DOMAIN),
    ROW1(CONNECT_FAILED, "connect to %r: %s", ERROR),
    ROW1(DISCARD_EHLO, "discarding EHLO keywords: %s", KEYWORDS),
    ROW0(SMTPUTF8_WITHOUT_8BITMIME, "host %r offers SMTPUTF8 support, but not 8BITMIME"),
    ROW0(SETTING_WARNING, "instead, send to (port submission/587) with STARTTLS"),
    ROW2(LOOKUP_FAILED, "skipping SRV lookup for %w: %s", DOMAIN, ERROR),
    ROW1(COMPAT_SETTING, "using backwards-compatible default setting %s=(empty)", PARAM),
    ROW0(COMPAT_SETTING, "using backwards-compatible default setting lmtp_tls_fingerprint_digest=md5 to compute "
                         "certificate fingerprints"),
    ROW0(COMPAT_SETTING, "using backwards-compatible default setting smtp_tls_fingerprint_digest=md5 to compute "
                         "certificate fingerprints"),
    ROW0(COMPAT_SETTING, "using using backwards-compatible default setting smtp_tlsrpt_skip_reused_handshakes=yes"),
};
ML_PATTERN_TABLE(maillog__postfix_smtp_infos);

ML_PATTERN_ROWS(maillog__postfix_smtp_queue_id_infos) = {
    ROW1(SERVICE_ERROR, "%w service failure", SERVICE),
    ROW1(LINE_BROKEN, "breaking line > %d bytes with <CR><LF>SPACE", LIMIT),
    ROW1(PIX_WORKAROUND, "enabling PIX workarounds: %s for %r", WORDS),
};
ML_PATTERN_TABLE(maillog__postfix_smtp_queue_id_infos);

ML_PATTERN_ROWS(maillog__postfix_smtp_warnings) = {
    ROW2(LOOKUP_FAILED, "%w map lookup error for %s", MAP, KEY),
    ROW1(SETTING_WARNING, "%w: the \"dane\" security level is invalid for delivery via unix-domain sockets", DEST),
    ROW1(SASL_UNAVAILABLE, "%r offered no supported AUTH mechanisms: '%S'", MECHS),
    ROW0(SASL_UNAVAILABLE, "%r offered null AUTH mechanism list"),
    ROW2(STS_MX_MISMATCH, "MX name '%s' does not match STS MX pattern for '%s'", MX, DOMAIN),
    ROW2(LOOKUP_FAILED, "SASL auth failure map %s: lookup failed for %s", TABLE, KEY),
    ROW2(LOOKUP_FAILED, "TLS policy lookup error for %w: %s", DOMAIN, ERROR),
    ROW2(LOOKUP_FAILED, "TLS policy lookup for %w: %s", DOMAIN, ERROR),
    ROW1(SERVER_REPLY_INVALID, "bad size limit \"%S\" in EHLO reply from %r", LIMIT),
    ROW1(SETTING_WARNING, "flag `D' requires %w_destination_recipient_limit = 1", TRANSPORT),
    ROW1(SETTING_WARNING, "flag `O' requires %w_destination_recipient_limit = 1", TRANSPORT),
    ROW1(MAIL_LOOP, "host %r greeted me with my own hostname %s", HOSTNAME),
    ROW1(MAIL_LOOP, "host %r replied to HELO/EHLO with my own hostname %s", HOSTNAME),
    ROW2(SERVER_REPLY, "host %r said: %S (in reply to %s)", REPLY, COMMAND),
    ROW1(MAIL_LOOP, "mailer loop: best MX host for %w is local", DOMAIN),
    ROW1(LOOKUP_FAILED, "no MX host for %w has a valid address record", DOMAIN),
    ROW1(LOOKUP_FAILED, "no SRV host for %w has a valid address record", DOMAIN),
    ROW2(SERVER_REPLY_INVALID, "non-%w response from %r: %s", KIND, TEXT),
    ROW2(CONNECT_FAILED, "smtp_connect_addr: bind %w: %s", ADDR, ERROR),
    ROW2(CONNECT_FAILED, "smtp_connect_sock: bind %w: %s", ADDR, ERROR),
    ROW2(PIX_WORKAROUND, "to prevent loss of mail, turn off command pipelining for %w with the %w parameter",
         RELAY_ADDR, PARAM),
};
ML_PATTERN_TABLE(maillog__postfix_smtp_warnings);

/* ACT: header|body CONTENT[: TEXT] (smtp_header_checks and the like). The content is the sender's and may hold ": ";
 * a header name's own does not count. Which of several is meant, the line does not tell: the first, and a flag. */
static bool content_check(ml_line *l, ml_cur c, const ml_postfix *head)
{
    ml_cur word, where, name, text, t;
    if (!ml_postfix_word(head, &c, &word)) return false;
    const unsigned id = maillog__word(word, MAILLOG_ACTION_REJECT, MAILLOG_ACTION_DEFER);
    if (!id || !ml_word(l, &c, &where) || !ml_skip_char(&c, ' ')) return false;
    if (!ML_IS(where, "header") && !ML_IS(where, "body")) return false;
    ml_put_word(l, MAILLOG_FIELD_ACTION, word, id);
    ml_put(l, MAILLOG_FIELD_WHERE, where);
    t = c;
    if (ML_IS(where, "header")) ML_UNTIL(l, &t, ": ", &name);
    text = ml_none();
    const char *end = ML_FIND(l, t, ": ");
    if (end) {
        text = ml_slice(end + 2, c.e);
        c.e = end;
        t = text;
        if (ML_IS(where, "header")) ML_UNTIL(l, &t, ": ", &name); /* the text is a header too */
        /* whether a warning has a text at all, nobody can say */
        const bool may_lack_text = id == MAILLOG_ACTION_WARNING || id == MAILLOG_ACTION_INFO;
        if (may_lack_text || ML_FIND(l, t, ": ")) l->ev->flags |= MAILLOG_FLAG_AMBIGUOUS;
    }
    ml_put(l, MAILLOG_FIELD_CONTENT, c);
    ml_put_opt(l, MAILLOG_FIELD_TEXT, text);
    return ml_event(l, MAILLOG_EVENT_POSTFIX_CONTENT_CHECK);
}

/* What follows the server: ` said: REPLY (in reply to COMMAND)`, ` refused to talk to me: REPLY`, ` while PHASE`. The
 * reply is the server's: the last `(in reply to` is Postfix's own. */
static void server_said(ml_line *l, ml_cur c)
{
    ml_cur reply, command = ml_none();
    if (ML_SKIP(&c, " while ") || ML_SKIP(&c, " timed out while ")) {
        ml_put(l, MAILLOG_FIELD_PHASE, c);
        return;
    }
    if (!ML_SKIP(&c, " said: ") && !ML_SKIP(&c, " refused to talk to me: ")) return;
    reply = command = c;
    if (ML_DROP_END(&command, ")") && ML_UNTIL_LAST(&command, " (in reply to ", &reply))
        c = reply;
    else
        command = ml_none();
    ml_put(l, MAILLOG_FIELD_REPLY, c);
    ml_put_opt(l, MAILLOG_FIELD_COMMAND, command);
}

/* host HOST[ADDR] said: …, lost connection with HOST[ADDR] while …, and other words of smtp_trouble.c, dns.c, …: the
 * whole reason, and the server where it is said. */
static bool server_failed(ml_line *l, ml_cur c)
{
    static const char before[][64] = {"host ",
                                      "lost connection with ",
                                      "conversation with ",
                                      "connect to ",
                                      "SASL authentication failed; server ",
                                      "SASL authentication failed; cannot authenticate to server "};
    ml_put(l, MAILLOG_FIELD_REASON, c);
    for (size_t i = 0; i < sizeof before / sizeof *before; i++)
        if (ml_skip_n(&c, before[i], strlen(before[i]))) {
            if (maillog__put_relay(l, &c)) server_said(l, c);
            break;
        }
    return ml_event(l, MAILLOG_EVENT_POSTFIX_SERVER_FAILED);
}

/* With a queue ID: a delivery, or why one server failed while there is another to try. */
static bool about_message(ml_line *l, ml_cur c, const ml_postfix *head)
{
    maillog_field *const mark = ml_mark(l);
    if (maillog__postfix_delivery_line(l, c)) return true;
    ml_fail(l, mark);
    if (ML_IS(c, "removed")) return false; /* not ours */
    if (maillog__match_patterns(l, &maillog__postfix_smtp_queue_id_infos, c) || content_check(l, c, head)) return true;
    ml_fail(l, mark);
    return server_failed(l, c);
}

bool maillog__postfix_smtp(ml_line *l, ml_cur text, const ml_postfix *head)
{
    if (head->severity)
        return maillog__match_patterns(l, &maillog__postfix_smtp_warnings, text) || maillog__postfix_tls(l, text, head);
    if (head->queue_id.p) return about_message(l, text, head);
    return maillog__match_patterns(l, &maillog__postfix_smtp_infos, text) || maillog__postfix_tls(l, text, head);
}
