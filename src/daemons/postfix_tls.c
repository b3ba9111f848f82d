/* postfix_tls.c: TLS lines of smtpd, smtp, lmtp, tlsproxy and posttls-finger. Source: tls_misc.c tls_log_summary(),
 * tls_server.c, tls_client.c of Postfix 2.11 to 3.11; what else the TLS library tells is in
 * postfix_statements.c.
 * Remote-controlled: sni (a valid host name), names in certificates (issuer), all as the last part or before a
 * literal that such a name cannot hold. */
#include "postfix_library.h"

/* The peer of a line that both sides write: a client for servers, the next hop for clients. tlsproxy is either, and
 * knows no client name. */
static bool put_peer(ml_line *l, ml_cur *c)
{
    if (ml_peek(*c) == '[') return maillog__put_addr_port(l, c);
    return l->ev->daemon == MAILLOG_DAEMON_POSTFIX_SMTPD ? maillog__put_client(l, c) : maillog__put_relay(l, c);
}

/* ` WORD NAME[ (DETAIL)]` */
static void signature(ml_line *l, ml_cur *c, maillog_field_id name, maillog_field_id detail)
{
    ml_cur v;
    if (!ml_word(l, c, &v)) return;
    ml_put(l, name, v);
    ml_cur t = *c;
    if (detail && ML_SKIP(&t, " (") && ml_until(l, &t, ')', &v)) {
        ml_put(l, detail, v);
        *c = t;
    }
}

/* What OpenSSL 1.1.1 and later tell (>= 3.4). */
static void key_exchange(ml_line *l, ml_cur c)
{
    static const struct {
        const char *key;
        uint8_t len;
        uint16_t name, detail;
    } parts[] = {
#define PART(key, NAME, DETAIL) {key, sizeof(key) - 1, MAILLOG_FIELD_TLS_##NAME, MAILLOG_FIELD_##DETAIL}
        PART("key-exchange ", KEX, TLS_KEX_DETAIL),  PART("server-signature ", SERVER_SIG, TLS_SERVER_SIG_DETAIL),
        PART("server-digest ", SERVER_DIGEST, NONE), PART("client-signature ", CLIENT_SIG, TLS_CLIENT_SIG_DETAIL),
        PART("client-digest ", CLIENT_DIGEST, NONE),
#undef PART
    };
    enum { PARTS = sizeof parts / sizeof *parts };
    size_t next = 0; /* the order is fixed */
    ml_cur unknown = ml_none(), word;
    while (ml_skip_char(&c, ' ')) {
        size_t i = next;
        while (i < PARTS && !ml_skip_n(&c, parts[i].key, parts[i].len)) i++;
        if (i == PARTS) { /* a part that Postfix adds next year, or one that is cut */
            if (!ml_word(l, &c, &word)) break;
            if (!unknown.p) unknown = word;
            unknown.e = word.e;
            continue;
        }
        ml_put_rest(l, unknown);
        unknown = ml_none();
        signature(l, &c, (maillog_field_id)parts[i].name, (maillog_field_id)parts[i].detail);
        next = i + 1;
    }
    ml_put_rest(l, unknown);
}

/* PROTO with cipher NAME (USED/ALG bits)DETAILS; without the bits the line was cut, and the name may be too */
static void cipher(ml_line *l, ml_cur c)
{
    ml_cur proto, name, used, alg;
    if (!ML_UNTIL(l, &c, " with cipher ", &proto)) {
        l->ev->flags |= MAILLOG_FLAG_TRUNCATED;
        ml_put_rest(l, c);
        return;
    }
    ml_put(l, MAILLOG_FIELD_TLS_PROTOCOL, proto);
    ml_cur t = c;
    if (!ml_word(l, &t, &name) || !ML_SKIP(&t, " (") || !ml_digits(&t, &used) || !ml_skip_char(&t, '/') ||
        !ml_digits(&t, &alg) || !ML_SKIP(&t, " bits)")) {
        l->ev->flags |= MAILLOG_FLAG_TRUNCATED;
        ml_put_rest(l, c);
        return;
    }
    ml_put(l, MAILLOG_FIELD_TLS_CIPHER, name);
    ml_put(l, MAILLOG_FIELD_TLS_BITS_USED, used);
    ml_put(l, MAILLOG_FIELD_TLS_BITS_ALG, alg);
    key_exchange(l, t);
}

/* LEVEL TLS connection (established|reused) (from|to) PEER[ to SNI]: … */
static bool summary(ml_line *l, ml_cur c)
{
    ml_cur level, usage, v;
    if (!ML_SKIP(&c, "TLS connection ")) { /* old ones begin without a level */
        if (!ml_word(l, &c, &level) || !ML_SKIP(&c, " TLS connection ")) return false;
        const unsigned word = maillog__word(level, MAILLOG_TLS_LEVEL_ANONYMOUS, MAILLOG_TLS_LEVEL_VERIFIED);
        if (!word) return false;
        ml_put_word(l, MAILLOG_FIELD_TLS_LEVEL, level, word);
    }
    if (!ml_word(l, &c, &usage)) return false;
    ml_put_word(l, MAILLOG_FIELD_TLS_USAGE, usage,
                maillog__word(usage, MAILLOG_TLS_USAGE_ESTABLISHED, MAILLOG_TLS_USAGE_REUSED));
    const bool from = ML_SKIP(&c, " from ");
    if (!from && !ML_SKIP(&c, " to ")) return false;
    const bool peer = from && ml_peek(c) != '[' ? maillog__put_client(l, &c) : put_peer(l, &c);
    if (!peer) return false;
    if (ML_SKIP(&c, " to ")) {
        if (!ML_UNTIL(l, &c, ": ", &v)) return false;
        ml_put(l, MAILLOG_FIELD_TLS_SNI, v);
    } else if (!ML_SKIP(&c, ": ")) {
        return false;
    }
    cipher(l, c);
    return ml_event(l, MAILLOG_EVENT_POSTFIX_TLS_CONNECTION);
}

/* `: REASON` of a failed verification: the whole reason, and the values in it. */
static void failure_parts(ml_line *l, ml_cur c)
{
    ml_cur v;
    ml_put(l, MAILLOG_FIELD_REASON, c);
    if (ML_SKIP(&c, "untrusted issuer ")) {
        ml_put(l, MAILLOG_FIELD_ISSUER, c);
    } else if (ML_SKIP(&c, "certificate chain longer than limit(")) {
        if (ml_until(l, &c, ')', &v)) ml_put(l, MAILLOG_FIELD_LIMIT, v);
    } else if (ML_SKIP(&c, "not designated for use as a ")) {
        if (ML_DROP_END(&c, " certificate")) ml_put(l, MAILLOG_FIELD_PURPOSE, c);
    } else if (ML_SKIP(&c, "external policy failure (")) {
        if (ml_until(l, &c, ')', &v)) ml_put(l, MAILLOG_FIELD_TYPE, v);
    } else if (ML_SKIP(&c, "num=") && ml_until(l, &c, ':', &v)) {
        ml_put(l, MAILLOG_FIELD_NUM, v);
        ml_put(l, MAILLOG_FIELD_ERROR, c);
    }
}

/* [server |client ]certificate verification failed for PEER: REASON */
static bool certificate_failed(ml_line *l, ml_cur c)
{
    if (!ML_SKIP(&c, "server ")) ML_SKIP(&c, "client ");
    if (!ML_SKIP(&c, "certificate verification failed for ") || !put_peer(l, &c) || !ML_SKIP(&c, ": ")) return false;
    failure_parts(l, c);
    return ml_event(l, MAILLOG_EVENT_POSTFIX_TLS_VERIFICATION);
}

/* Before 2.6 only the name stands there. */
static bool relay_name(ml_line *l, ml_cur *c)
{
    ml_cur name;
    if (!ML_UNTIL(l, c, ": ", &name) || ml_find(l, name, ' ')) return false;
    c->p -= 2;
    ml_put(l, MAILLOG_FIELD_RELAY_NAME, name);
    return true;
}

/* SSL_accept error from CLIENT: ERROR; SSL_connect error to HOST: ERROR; SSL_set_fd error to PEER */
static bool handshake_failed(ml_line *l, ml_cur c)
{
    bool ok;
    if (ML_SKIP(&c, "SSL_accept error from ")) {
        ok = ml_peek(c) == '[' ? maillog__put_addr_port(l, &c) : maillog__put_client(l, &c);
    } else if (ML_SKIP(&c, "SSL_connect error to ")) {
        ok = ml_peek(c) == '[' ? maillog__put_addr_port(l, &c) : maillog__put_relay(l, &c) || relay_name(l, &c);
    } else if (ML_SKIP(&c, "SSL_set_fd error to ")) {
        return put_peer(l, &c) && ml_empty(c) && ml_event(l, MAILLOG_EVENT_POSTFIX_TLS_HANDSHAKE_ERROR);
    } else {
        return false;
    }
    if (!ok) return false;
    if (ML_SKIP(&c, ": "))
        ml_put(l, MAILLOG_FIELD_ERROR, c);
    else
        ml_put_rest(l, c);
    return ml_event(l, MAILLOG_EVENT_POSTFIX_TLS_HANDSHAKE_ERROR);
}

/* setting up TLS connection (from CLIENT|to HOST) (log level 2) */
static bool setting_up(ml_line *l, ml_cur c)
{
    if (!ML_SKIP(&c, "setting up TLS connection ")) return false;
    if (!ML_SKIP(&c, "from ") && !ML_SKIP(&c, "to ")) return false;
    return put_peer(l, &c) && ml_empty(c) && ml_event(l, MAILLOG_EVENT_POSTFIX_TLS_SETUP);
}

/* What the log levels above 1 tell of a session: the peer, a blank, the rest. */
ML_PATTERN_ROWS(maillog__postfix_tls_rows) = {
    ROW3(TLS_ALERT, "SSL3 alert %w:%w:%s", DIR, LEVEL, ERROR),
    ROW1(TLS_STATE, "SSL_accept:%s", STATE),
    ROW1(TLS_STATE, "SSL_connect:%s", STATE),
    ROW2(TLS_CERTIFICATE, "Unverified: subject_CN=%S, issuer=%s", SUBJECT, ISSUER),
    ROW2(TLS_CERTIFICATE, "Verified: subject_CN=%S, issuer=%s", SUBJECT, ISSUER),
    ROW2(TLS_SESSION, "delete %w session id=%s", CACHE, SESSION),
    ROW1(TLS_SETUP, "initializing the %w-side TLS engine", ROLE),
    ROW1(TLS_CERTIFICATE, "issuer=%s", ISSUER),
    ROW2(TLS_SESSION, "looking for session %w in %w cache", SESSION, CACHE),
    ROW2(TLS_SESSION, "lookup %w session id=%s", CACHE, SESSION),
    ROW3(TLS_SESSION, "put %w session id=%S [data %d bytes]", CACHE, SESSION, BYTES),
    ROW4(TLS_SESSION, "read %w TLS cache entry %S: time=%d [data %d bytes]", CACHE, SESSION, START_TIME, BYTES),
    ROW2(TLS_SESSION, "reloaded session %w from %w cache", SESSION, CACHE),
    ROW2(TLS_SESSION, "remove session %w from %w cache", SESSION, CACHE),
    ROW2(TLS_SESSION, "save session %w to %w cache", SESSION, CACHE),
    ROW1(TLS_CERTIFICATE, "subject=%s", SUBJECT),
    ROW4(TLS_SESSION, "write %w TLS cache entry %S: time=%d [data %d bytes]", CACHE, SESSION, START_TIME, BYTES),
};
ML_PATTERN_TABLE(maillog__postfix_tls_rows);

/* … of a peer: PEER: … */
ML_PATTERN_ROWS(maillog__postfix_tls_peer) = {
    ROW1(TLS_SESSION, "Decrypting session ticket, key expiration: %s", UNTIL),
    ROW1(TLS_SESSION, "Issuing session ticket, key expiration: %s", UNTIL),
    ROW0(TLS_SESSION, "Reusing old session"),
    ROW1(TLS_SESSION, "Reusing old session (%s)", KIND),
    ROW1(TLS_SETUP, "SNI hostname: %s", SNI),
    ROW1(TLS_SETUP, "TLS cipher list \"%s\"", LIST),
    ROW3(TLS_CERTIFICATE, "certificate verification depth=%d verify=%d subject=%s", DEPTH, VERIFY, SUBJECT),
    ROW3(TLS_CERTIFICATE, "depth=%d verify=%d%( subject=%s%)", DEPTH, VERIFY, SUBJECT),
    ROW2(TLS_SESSION, "looking for session %w in %w cache", SESSION, CACHE),
    ROW2(TLS_SESSION, "looking up session %w in %w cache", SESSION, CACHE),
    ROW1(TLS_MATCH, "matched peername: %s", NAME),
    ROW1(TLS_CERTIFICATE, "raw public key fingerprint=%w", PKEY_FINGERPRINT),
    ROW0(TLS_SESSION, "re-using session with untrusted certificate, look for details earlier in the log"),
    ROW0(TLS_SESSION, "re-using session with untrusted peer credential, look for details earlier in the log"),
    ROW2(TLS_SESSION, "reloaded session %w from %w cache", SESSION, CACHE),
    ROW2(TLS_SESSION, "remove session %w from %w cache", SESSION, CACHE),
    ROW2(TLS_SESSION, "removing session %w from %w cache", SESSION, CACHE),
    ROW2(TLS_SESSION, "save session %w to %w cache", SESSION, CACHE),
    ROW4(TLS_CERTIFICATE, "subject_CN=%S, issuer_CN=%S, fingerprint=%w, pkey_fingerprint=%w", SUBJECT, ISSUER,
         FINGERPRINT, PKEY_FINGERPRINT),
    ROW4(TLS_CERTIFICATE, "subject_CN=%S, issuer=%S, fingerprint=%w, pkey_fingerprint=%w", SUBJECT, ISSUER, FINGERPRINT,
         PKEY_FINGERPRINT),
    ROW4(TLS_CERTIFICATE, "subject_CN=%S, issuer=%S, cert fingerprint=%w, pkey fingerprint=%w", SUBJECT, ISSUER,
         FINGERPRINT, PKEY_FINGERPRINT),
    ROW3(TLS_CERTIFICATE, "subject_CN=%S, issuer=%S, cert fingerprint=%w", SUBJECT, ISSUER, FINGERPRINT),
    ROW3(TLS_CERTIFICATE, "subject_CN=%S, issuer=%S, pkey fingerprint=%w", SUBJECT, ISSUER, PKEY_FINGERPRINT),
    ROW2(TLS_CERTIFICATE, "subject_CN=%S, issuer=%s", SUBJECT, ISSUER),
    ROW1(TLS_CERTIFICATE, "subject_CN=%s", SUBJECT),
    ROW1(TLS_CERTIFICATE, "verify=%d raw public key", VERIFY),
};
ML_PATTERN_TABLE(maillog__postfix_tls_peer);

static bool of_peer(ml_line *l, ml_cur c)
{
    return put_peer(l, &c) && ML_SKIP(&c, ": ") && maillog__match_patterns(l, &maillog__postfix_tls_peer, c);
}

bool maillog__postfix_tls(ml_line *l, ml_cur text, const ml_postfix *head)
{
    maillog_field *const mark = ml_mark(l);
    const char first = ml_peek(text);
    if (head->severity) return false;
    if (ml_is_upper(first)) { /* TLS, a level; SSL_accept, SSL_connect */
        if (summary(l, text)) return true;
        ml_fail(l, mark);
        if (first == 'S' && handshake_failed(l, text)) return true;
        ml_fail(l, mark);
    } else if (first == 's' || first == 'c') {
        if (certificate_failed(l, text)) return true;
        ml_fail(l, mark);
        if (setting_up(l, text)) return true;
        ml_fail(l, mark);
    }
    if (maillog__match_patterns(l, &maillog__postfix_tls_rows, text)) return true;
    return of_peer(l, text) || ml_fail(l, mark);
}
