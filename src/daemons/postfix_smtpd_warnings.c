/* postfix_smtpd_warnings.c: smtpd's statements that are text with a few values. Source: smtpd.c, smtpd_check.c,
 * smtpd_peer.c, smtpd_proxy.c, smtpd_haproxy.c, smtpd_sasl_glue.c of Postfix 2.11 to 3.11.
 * Client-controlled: rdns_name, address, command, data, domain of ETRN, sni, from, to, request; each stands last in its
 * line, or is followed by the client's name, which is taken at the right. */
#include "postfix_smtpd.h"

#include "postfix_library.h"

ML_PATTERN_ROWS(maillog__postfix_smtpd_warnings) = {
    ROW1(NON_SMTP_COMMAND, "%c sent message header instead of SMTP command: %s", COMMAND),
    ROW2(LONG_REQUEST, "%c: request longer than %d: %s", LIMIT, DATA),
    ROW2(LONG_REQUEST, "%c: response longer than %d: %s", LIMIT, DATA),
    ROW2(HOSTNAME_MISMATCH, "%w: address not listed for hostname %s", CLIENT_ADDR, RDNS_NAME),
    ROW3(HOSTNAME_MISMATCH, "%w: hostname %w verification failed: %s", CLIENT_ADDR, RDNS_NAME, ERROR),
    ROW2(LOOKUP_FAILED, "%w: RBL lookup error: %s", QUERY, ERROR),
    ROW3(SETTING_WARNING, "%w: bad rbl reply template for domain %w: %s", NAME, DOMAIN, ERROR),
    ROW0(BDAT_ERROR, "BDAT request from %c exceeds message size limit"),
    ROW1(SETTING_WARNING, "DSN detail code configuration error: %s", TEXT),
    ROW2(ILLEGAL_ADDRESS, "Illegal address syntax from %c in %w command: %s", STAGE, ADDRESS),
    ROW1(TLS_REFUSED, "Refusing STARTTLS request from %c for service %s", SERVICE),
    ROW1(TLS_REFUSED, "Refusing TLS service request from %c for service %s", SERVICE),
    ROW3(LOOKUP_FAILED, "Unable to look up %w host for %w: %s", KIND, NAME, ERROR),
    ROW1(TLS_REFUSED,
         "Wrapper-mode request dropped from %c for service %s. TLS context initialization failed. For details see "
         "earlier warnings in your logs.",
         SERVICE),
    ROW2(SETTING_WARNING, "access table %s entry \"%s\" has FILTER entry without value", TABLE, ENTRY),
    ROW2(SETTING_WARNING, "access table %s entry \"%s\" requires transport:destination", TABLE, ENTRY),
    ROW2(SETTING_WARNING, "access table %s entry \"%s\" requires user@domain target", TABLE, ENTRY),
    ROW2(SETTING_WARNING, "access table %s entry \"%s\" requires header: text", TABLE, ENTRY),
    ROW2(SETTING_WARNING, "access table %s entry \"%s\" has DELAY entry without value", TABLE, ENTRY),
    ROW3(SETTING_WARNING, "access table %s entry \"%s\" has invalid DELAY argument \"%s\"", TABLE, ENTRY, VALUE),
    ROW2(SETTING_WARNING, "access table %s entry %s has empty value", TABLE, ENTRY),
    ROW2(SETTING_WARNING, "access table %s entry %s causes unreasonable recursion", TABLE, ENTRY),
    ROW2(SETTING_WARNING, "access table %s has entry with lookup table: %s", TABLE, ENTRY),
    ROW5(SETTING_WARNING, "access table %s: with %s=%s, action %s is always skipped in %s", TABLE, PARAM, VALUE, ACT,
         REASON),
    ROW3(SETTING_WARNING, "access table %s: with %s specified, action %s is unavailable", TABLE, PARAM, ACT),
    ROW2(SETTING_WARNING, "access table %s: action PREPEND must be used before %s", TABLE, PARAM),
    ROW3(SETTING_WARNING, "access table %s: action %w is unavailable in %s", TABLE, ACTION, WHERE),
    ROW1(ETRN_REJECTED, "bad ETRN %S... from %c", DOMAIN),
    ROW2(PROXY_FAILED, "connect to proxy filter %w: %s", SERVER, ERROR),
    ROW0(SETTING_WARNING, "define a restriction class and specify its name instead."),
    ROW0(SETTING_WARNING, "do not specify lookup tables inside SMTPD access maps"),
    ROW1(SETTING_WARNING, "ignoring non-empty %s setting behind postscreen", PARAM),
    ROW1(PROXY_FAILED, "lost connection with proxy %s", SERVER),
    ROW1(BDAT_ERROR, "malformed BDAT command syntax from %c: %s", COMMAND),
    ROW1(NON_SMTP_COMMAND, "non-SMTP command from %c: %s", COMMAND),
    ROW2(QUEUE_FULL, "not enough free space in mail queue: %d bytes < %f*message size limit", BYTES, FACTOR),
    ROW0(BDAT_ERROR, "null BDAT request from %c"),
    ROW3(PROXY_FAILED, "proxy %w rejected \"%S\": \"%s\"", SERVER, REQUEST, REPLY),
    ROW1(PROXY_FAILED, "proxy speed-adjust log I/O error: %s", ERROR),
    ROW1(SETTING_WARNING, "rbl response code configuration error: %s", TEXT),
    ROW2(PROXY_FAILED, "received garbage from proxy %w: %s", SERVER, TEXT),
    ROW1(ETRN_REJECTED, "reject: ETRN %S... from %c", DOMAIN),
    ROW2(LOOKUP_FAILED, "relay_clientcerts: lookup error for fingerprint '%s', pkey fingerprint %s", KEY,
         PKEY_FINGERPRINT),
    ROW2(SETTING_WARNING, "restriction %s returns OK for %s", NAME, TARGET),
    ROW2(SETTING_WARNING, "restriction `%s' after `%s' is ignored", NAME, AFTER),
    ROW1(SETTING_WARNING, "restriction `%s' ignored: no SASL support", NAME),
    ROW0(SETTING_WARNING, "this is not allowed for security reasons"),
    ROW1(PROXY_FAILED, "timeout talking to proxy %s", SERVER),
    ROW0(BDAT_ERROR, "too much BDAT content -- disabling further input from %c"),
    ROW0(SERVICE_FAILED, "unable to talk to fast flush service"),
    ROW1(SETTING_WARNING, "unknown smtpd restriction: \"%s\"", NAME),
    ROW0(SETTING_WARNING, "use DUNNO instead of OK if you want to make an exception"),
};
ML_PATTERN_TABLE(maillog__postfix_smtpd_warnings);

ML_PATTERN_ROWS(maillog__postfix_smtpd_infos) = {
    ROW2(COMMAND_REPLACED, "%c: replacing command \"%S\" with \"%s\"", OLD, NEW),
    ROW1(REPLY_REPLACED, "%c: reply filter in: %s", OLD),
    ROW1(REPLY_REPLACED, "%c: reply filter out: %s", NEW),
    ROW1(DISCARD_EHLO, "discarding EHLO keywords: %s", KEYWORDS),
    ROW2(PIPELINING, "improper command pipelining after %s from %c%(: %s%)", STAGE, DATA),
    ROW1(PIPELINING, "improper command pipelining after %s from %c:", STAGE), /* no data, and its blank was cut off */
    ROW3(DSN_MAPPED, "mapping DSN status %w into %s status %s", OLD, CLASS, NEW),
    ROW1(COMPAT_SETTING,
         "using backwards-compatible default setting \"smtpd_relay_restrictions = (empty)\" to avoid \"Relay access "
         "denied\" error for recipient \"%S\" from client \"%c\"",
         TO),
    ROW1(COMPAT_SETTING,
         "using backwards-compatible default setting mynetworks_style=%w to permit request from client \"%c\"", STYLE),
    ROW1(COMPAT_SETTING,
         "using backwards-compatible default setting relay_domains=$mydestination to accept mail for address \"%s\"",
         TO),
    ROW1(COMPAT_SETTING,
         "using backwards-compatible default setting relay_domains=$mydestination to accept mail for domain \"%s\"",
         DOMAIN),
    ROW0(
        COMPAT_SETTING,
        "using backwards-compatible default setting relay_domains=$mydestination to permit request from client \"%c\""),
    ROW1(COMPAT_SETTING,
         "using backwards-compatible default setting smtpd_relay_before_recipient_restrictions=no to reject recipient "
         "\"%S\" from client \"%c\"",
         TO),
    ROW0(COMPAT_SETTING, "using backwards-compatible default setting smtpd_tls_fingerprint_digest=md5 to compute "
                         "certificate and public key fingerprints"),
    ROW0(COMPAT_SETTING, "using backwards-compatible default setting smtpd_tls_fingerprint_digest=md5 to compute "
                         "certificate fingerprints"),
    ROW0(COMPAT_SETTING, "using backwards-compatible default setting smtpd_tls_fingerprint_digest=md5 to compute "
                         "public key fingerprints"),
    ROW1(COMPAT_SETTING,
         "using backwards-compatible default setting smtputf8_enable=no to accept non-ASCII recipient address \"%S\" "
         "from %c",
         TO),
    ROW1(COMPAT_SETTING,
         "using backwards-compatible default setting smtputf8_enable=no to accept non-ASCII sender address \"%S\" from "
         "%c",
         FROM),
};
ML_PATTERN_TABLE(maillog__postfix_smtpd_infos);

/* `request longer than 2048: AAAA...`: the dots say that it was cut */
static void drop_dots(ml_line *l)
{
    maillog_field *f = l->next - 1;
    const char *e = l->base + f->off + f->len;
    if (l->ev->type != MAILLOG_EVENT_POSTFIX_LONG_REQUEST || f->len < 3) return;
    if (memcmp(e - 3, "...", 3) == 0) f->len -= 3;
}

/* Give the stage its word: the rows of a table write plain text. */
static void type_stage(ml_line *l, const maillog_field *first)
{
    for (maillog_field *f = l->next; f > first; f--) {
        if (f[-1].id != MAILLOG_FIELD_STAGE) continue;
        const char *p = l->base + f[-1].off;
        f[-1].word = (uint16_t)maillog__word(ml_slice(p, p + f[-1].len), MAILLOG_STAGE_CONNECT, MAILLOG_STAGE_UNKNOWN);
        return;
    }
}

static bool match(ml_line *l, const ml_patterns *table, ml_cur text)
{
    const maillog_field *first = ml_mark(l);
    if (!maillog__match_patterns(l, table, text)) return false;
    drop_dots(l);
    type_stage(l, first);
    return true;
}

/* KIND limit exceeded: RATE from CLIENT for service SERVICE, of anvil's kinds only. */
static bool rate_limit(ml_line *l, ml_cur c, const ml_postfix *head)
{
    static const char kinds[][32] = {"AUTH command rate",    "Connection concurrency",        "Connection rate",
                                     "New TLS session rate", "Message delivery request rate", "Recipient address rate"};
    ml_cur kind, rate;
    size_t i = 0;
    if (!ml_postfix_word(head, &c, &kind) || !ML_DROP_END(&kind, " limit exceeded")) return false;
    while (!ml_is_n(kind, kinds[i], strlen(kinds[i])))
        if (++i == sizeof kinds / sizeof *kinds) return false;
    if (!ml_digits(&c, &rate) || !ML_SKIP(&c, " from ")) return false;
    ml_put(l, MAILLOG_FIELD_KIND, kind);
    ml_put(l, MAILLOG_FIELD_RATE, rate);
    if (!maillog__put_client(l, &c) || !ML_SKIP(&c, " for service ")) return false;
    ml_put(l, MAILLOG_FIELD_SERVICE, c);
    return ml_event(l, MAILLOG_EVENT_POSTFIX_RATE_LIMIT);
}

/* Unable to look up MX host HOST for CLASS NAME: ERROR, with a class of several words (`Sender address`). */
static bool host_lookup(ml_line *l, ml_cur c)
{
    ml_cur kind, host, what, class;
    if (!ML_SKIP(&c, "Unable to look up ") || !ml_word(l, &c, &kind) || !ML_SKIP(&c, " host ") ||
        !ml_word(l, &c, &host) || !ML_SKIP(&c, " for ") || !ML_UNTIL(l, &c, ": ", &what))
        return false;
    ml_put(l, MAILLOG_FIELD_KIND, kind);
    ml_put(l, MAILLOG_FIELD_MX_HOST, host);
    if (ML_UNTIL_LAST(&what, " ", &class)) ml_put(l, MAILLOG_FIELD_CLASS, class);
    ml_put(l, MAILLOG_FIELD_NAME, what);
    ml_put(l, MAILLOG_FIELD_ERROR, c);
    return ml_event(l, MAILLOG_EVENT_POSTFIX_LOOKUP_FAILED);
}

bool maillog__postfix_smtpd_warning(ml_line *l, ml_cur text, const ml_postfix *head)
{
    maillog_field *const mark = ml_mark(l);
    if (rate_limit(l, text, head)) return true;
    ml_fail(l, mark);
    if (match(l, &maillog__postfix_smtpd_warnings, text)) return true;
    ml_fail(l, mark);
    return host_lookup(l, text);
}
bool maillog__postfix_smtpd_info(ml_line *l, ml_cur text) { return match(l, &maillog__postfix_smtpd_infos, text); }
