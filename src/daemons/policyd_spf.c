/* policyd_spf.c: SPF policy servers: spf-engine (policyd-spf, Python) 1.3 to 3.1, and postfix-policyd-spf-perl 2.0 to
 * 2.011 (tag policy-spf).
 *
 * Python: `[QID: ]prepend Received-SPF: R (COMMENT) identity=I; client-ip=A; helo=H; envelope-from=F; receiver=T `, the
 * same as Authentication-Results, and `550 5.7.23 Message rejected due to: …`. Nothing is quoted. HELO comes from
 * Postfix without blanks and semicolons; the sender is the client's, in internal form, so the receiver is found from
 * the right. Perl: `Policy action=ACTION`; values in its Received-SPF are quoted where they have to be, but the comment
 * names the sender as it is and an explanation may be a text from the sender's DNS. */
#include "../base/pattern.h"
#include "../base/token.h"
#include "daemons.h"

#define E(NAME) MAILLOG_EVENT_SPF_##NAME
#define F(NAME) MAILLOG_FIELD_##NAME

enum { MOST_READINGS = 8 };

extern const ml_patterns maillog__policyd_spf_statements;
ML_PATTERN_ROWS(maillog__policyd_spf_statements) = {
    {E(CONFIG), {F(NAME), F(TEXT)}, ML_TEXT("%w in Whitelist not IP network.  Message: %s")},
    {E(CONFIG), {F(NAME), F(TEXT)}, ML_TEXT("%w in skip_addresses not IP network.  Message: %s")},
    {E(DEBUG), {F(NAME)}, ML_TEXT("%w check used peruser data")},
    {E(DEBUG), {F(NAME)}, ML_TEXT("%w enabled.")},
    {E(DEBUG), {F(NAME), F(TEXT)}, ML_TEXT("%w policy true results: %s")},
    {E(ERROR), {F(TEXT)}, ML_TEXT("  File \"%s")},
    {E(ERROR), {F(TEXT)}, ML_TEXT("#012During handling of the above exception, %s")},
    {E(DEBUG), {F(NAME), F(TEXT)}, ML_TEXT("Action: %w: Text: %s")},
    {E(DEBUG), {F(NAME), F(TEXT)}, ML_TEXT("Attribute: %w=%s")},
    {E(ERROR), {F(ERROR)}, ML_TEXT("AttributeError: %s")},
    {E(CONFIG), {0}, ML_TEXT("Authserv_Id not set for authentication results header - invalid configuration.")},
    {E(DEBUG), {F(TEXT)}, ML_TEXT("Cached data for this instance: %s")},
    {E(DEBUG), {F(TEXT)}, ML_TEXT("Config: %s")},
    {E(CONFIG), {F(NAME)}, ML_TEXT("Configuration File parsing error: %w")},
    {E(CONFIG), {F(NAME), F(PATH)}, ML_TEXT("Configuration item \"%s\" not defined in file \"%s\"")},
    {E(CONFIG), {F(TEXT)}, ML_TEXT("Could not make HostDataset from InternalHosts: %s")},
    {E(BAD_REQUEST), {F(TEXT)}, ML_TEXT("Could not match line \"%S\"")},
    {E(CONFIG), {F(PATH)}, ML_TEXT("Deprecated Config Option defaultSeedOnly in use in: %s")},
    {E(DEBUG), {F(TEXT)}, ML_TEXT("Domain Whitelist %s")},
    {E(ERROR), {F(TEXT)}, ML_TEXT("During handling of the above exception, %s")},
    {E(CONFIG), {F(PATH)}, ML_TEXT("Error processing per user config: %s")},
    {E(DEBUG), {0}, ML_TEXT("Found the end of entry")},
    {E(DEBUG), {F(TEXT)}, ML_TEXT("HELO Domain Whitelist %s")},
    {E(DEBUG), {F(TEXT)}, ML_TEXT("HELO check failed - %s")},
    {E(NOT_PREPENDED), {F(TEXT)}, ML_TEXT("Header field not prepended: %s")},
    {E(DEBUG), {F(TEXT)}, ML_TEXT("Header text %s")},
    {E(CONFIG), {0}, ML_TEXT("Header_Type includes both SPF and AR - invalid configuration.")},
    {E(ERROR), {F(ERROR)}, ML_TEXT("IOError: %s")},
    {E(ERROR), {F(ERROR)}, ML_TEXT("ImportError: %s")},
    {E(ERROR), {F(ERROR)}, ML_TEXT("IndexError: %s")},
    {E(ERROR), {F(ERROR)}, ML_TEXT("KeyError: %s")},
    {E(DEBUG), {F(TEXT)}, ML_TEXT("Mail From (sender) check failed - %s")},
    {E(ERROR), {F(ERROR)}, ML_TEXT("ModuleNotFoundError: %s")},
    {E(DEBUG), {0}, ML_TEXT("Normal exit")},
    {E(ERROR), {F(ERROR)}, ML_TEXT("OSError: %s")},
    {E(ERROR), {F(TEXT)}, ML_TEXT("Ouch, caught exc: %s")},
    {E(DEBUG), {F(TEXT)}, ML_TEXT("PID dir created: %s")},
    {E(DEBUG), {F(TEXT)}, ML_TEXT("PTR Domain Whitelist %s")},
    {E(DEBUG), {F(TEXT)}, ML_TEXT("Parsed line: %s")},
    {E(DEBUG), {F(TEXT)}, ML_TEXT("Per user configuration data in use for: %s")},
    {E(SKIPPED), {F(AUTHSERV), F(REASON)}, ML_TEXT("Policy action=PREPEND Authentication-Results: %w; none (%s)")},
    {E(SKIPPED),
     {0},
     ML_TEXT("Policy action=PREPEND X-Comment: SPF not applicable to localhost connection - skipped check")},
    {E(DEBUG), {F(TEXT)}, ML_TEXT("Pyspf Cached SPF record %s")},
    {E(DEBUG), {F(TEXT)}, ML_TEXT("Read line: %s")},
    {E(RESULT), {F(SPF_RESULT), F(REASON), F(FROM)}, ML_TEXT("SPF %w (%s): Envelope-from: %s")},
    {E(RESULT), {F(SPF_RESULT), F(REASON), F(HELO)}, ML_TEXT("SPF %w (%s): HELO/EHLO (Null Sender): %s")},
    {E(RESULT), {F(SPF_RESULT), F(REASON), F(HELO)}, ML_TEXT("SPF %w (%s): HELO/EHLO: %s")},
    {E(RESULT),
     {F(SPF_RESULT), F(HELO), F(CLIENT_ADDR), F(TO)},
     ML_TEXT("SPF %w: HELO/EHLO: %s, IP Address: %w, Recipient: %s")},
    {E(RESULT), {F(SPF_RESULT), F(HELO)}, ML_TEXT("SPF %w: HELO/EHLO: %s")},
    {E(RESULT), {F(SPF_RESULT), F(HELO)}, ML_TEXT("SPF %w: HELO/EHLO (Null Sender): %s")},
    {E(RESULT),
     {F(SPF_RESULT), F(FROM), F(CLIENT_ADDR), F(TO)},
     ML_TEXT("SPF %w: Envelope-from: %S, IP Address: %w, Recipient: %s")},
    {E(RESULT), {F(SPF_RESULT), F(FROM)}, ML_TEXT("SPF %w: Envelope-from: %s")},
    {E(RESULT), {F(SPF_RESULT), F(REASON), F(TEXT)}, ML_TEXT("SPF %w: smtp_comment=%S, header_comment=%s")},
    {E(SKIPPED), {0}, ML_TEXT("SPF not applicable to localhost connection - skipped check")},
    {E(DEBUG), {F(NAME), F(TEXT)}, ML_TEXT("Scope %w unused results: %s")},
    {E(DEBUG), {0}, ML_TEXT("Starting")},
    {E(ERROR), {0}, ML_TEXT("Traceback (most recent call last):")},
    {E(ERROR), {F(ERROR)}, ML_TEXT("TypeError: %s")},
    {E(ERROR), {F(ERROR)}, ML_TEXT("Unable to write pidfle %s")},
    {E(ERROR), {F(ERROR)}, ML_TEXT("UnicodeDecodeError: %s")},
    {E(ERROR), {F(ERROR)}, ML_TEXT("UnicodeEncodeError: %s")},
    {E(CONFIG), {F(NAME), F(PATH)}, ML_TEXT("Unknown name \"%s\" in file \"%s\" in per user settings")},
    {E(CONFIG), {F(NAME), F(PATH)}, ML_TEXT("Unknown name \"%s\" in file \"%s\"")},
    {E(ERROR), {F(ERROR)}, ML_TEXT("ValueError: %s")},
    {E(DEBUG), {F(TEXT)}, ML_TEXT("_get_resultcodes: %s")},
    {E(ERROR), {F(ERROR)}, ML_TEXT("dns.%s")},
    {E(ERROR), {F(ERROR)}, ML_TEXT("fatal_exit: %s")},
    {E(DEBUG), {F(NAME), F(TEXT)}, ML_TEXT("handler %w: %s")},
    {E(BAD_REQUEST), {F(TEXT)}, ML_TEXT("ignoring garbage: %s")},
    {E(DEBUG), {0}, ML_TEXT("not peruser")},
    {E(CONFIG), {F(TEXT), F(PATH)}, ML_TEXT("parsing line \"%s\" from file \"%s\"")},
    {E(SKIPPED), {0}, ML_TEXT("prepend X-Comment: SPF not applicable to localhost connection - skipped check")},
    {E(DEBUG), {F(TEXT)}, ML_TEXT("readUserConfigFile: %s")},
    {E(RESTRICTION), {F(TEXT)}, ML_TEXT("result_only %s")},
    {E(DEBUG), {F(TEXT)}, ML_TEXT("skip_addresses enabled%s")},
    {E(ERROR), {F(ERROR)}, ML_TEXT("spf.%s")},
    {E(DEBUG), {0}, ML_TEXT("spfcheck: No client address, exiting")},
    {E(DEBUG), {0}, ML_TEXT("spfcheck: No sender or helo, exiting")},
    {E(DEBUG), {F(TEXT)}, ML_TEXT("spfcheck: pyspf result: \"%S\"")},
};
ML_PATTERN_TABLE(maillog__policyd_spf_statements);

/* `identity=I; client-ip=A; helo=H; envelope-from=F; receiver=T `, written as the fields of their names; parts at the
 * left may be missing. */
static bool details(ml_line *l, ml_cur c, maillog_field_id from_id)
{
    maillog_field *const mark = ml_mark(l);
    ml_cur identity, addr, helo, from;
    if (ML_SKIP(&c, "identity=")) {
        if (!ML_UNTIL(l, &c, "; ", &identity)) return false;
        ml_put(l, MAILLOG_FIELD_IDENTITY, identity);
    }
    if (!ML_SKIP(&c, "client-ip=") || !ML_UNTIL(l, &c, "; helo=", &addr) ||
        !ML_UNTIL(l, &c, "; envelope-from=", &helo) || !ML_UNTIL_LAST(&c, "; receiver=", &from))
        return ml_fail(l, mark);
    ML_DROP_END(&c, " ");
    if (ML_FIND(l, from, "; receiver=")) l->ev->flags |= MAILLOG_FLAG_AMBIGUOUS;
    ml_put(l, MAILLOG_FIELD_CLIENT_ADDR, addr);
    ml_put(l, MAILLOG_FIELD_HELO, helo);
    ml_put(l, from_id, from);
    ml_put(l, MAILLOG_FIELD_RECEIVER, c);
    return true;
}

/* R (COMMENT) details; the comment may quote the sender's DNS record, of which a term has no blanks. */
static bool received_spf(ml_line *l, ml_cur c)
{
    maillog_field *const mark = ml_mark(l);
    ml_cur result, comment;
    if (!ML_UNTIL(l, &c, " (", &result) || ml_find(l, result, ' ')) return false;
    if (!ML_UNTIL(l, &c, ") identity=", &comment)) return false;
    c.p -= sizeof "identity=" - 1;
    ml_put(l, MAILLOG_FIELD_SPF_RESULT, result);
    ml_put(l, MAILLOG_FIELD_SPF_SCOPE, comment);
    if (!details(l, c, MAILLOG_FIELD_FROM)) return ml_fail(l, mark);
    return ml_event(l, MAILLOG_EVENT_SPF_RESULT);
}

/* AUTHSERV; spf=R (COMMENT) smtp.mailfrom=F (client-ip=…; receiver=T). When the sender imitates the opening of the
 * details there is no telling which is which: what follows the result stays as it is. */
static bool authentication_results(ml_line *l, ml_cur c)
{
    maillog_field *const mark = ml_mark(l);
    ml_cur authserv, result, comment = ml_none(), value;
    if (!ML_UNTIL(l, &c, "; spf=", &authserv)) return false;
    if (!ml_word(l, &c, &result)) return false;
    if (ML_SKIP(&c, " (") && !ML_UNTIL(l, &c, ") smtp.", &comment)) return false;
    if (!comment.p && !ML_SKIP(&c, " smtp.")) return false;
    ml_put(l, MAILLOG_FIELD_AUTHSERV, authserv);
    ml_put(l, MAILLOG_FIELD_SPF_RESULT, result);
    ml_put_opt(l, MAILLOG_FIELD_SPF_SCOPE, comment);
    const ml_cur properties = c;
    const bool helo = ML_SKIP(&c, "helo=");
    if (!helo && !ML_SKIP(&c, "mailfrom=")) return ml_fail(l, mark);
    const bool more = ML_UNTIL(l, &c, " (client-ip=", &value);
    if (more && ML_FIND(l, c, " (client-ip=")) {
        l->ev->flags |= MAILLOG_FLAG_AMBIGUOUS;
        ml_put_rest(l, properties);
        return ml_event(l, MAILLOG_EVENT_SPF_RESULT);
    }
    if (!helo) ml_put(l, MAILLOG_FIELD_FROM, more ? value : c);
    if (!more && helo) ml_put(l, MAILLOG_FIELD_HELO, c);
    if (more) {
        c.p -= sizeof "client-ip=" - 1;
        ML_DROP_END(&c, ")");
        if (!details(l, c, helo ? MAILLOG_FIELD_FROM : MAILLOG_FIELD_FROM2)) return ml_fail(l, mark);
    }
    return ml_event(l, MAILLOG_EVENT_SPF_RESULT);
}

/* `SPF skipped for whitelisted relay - client-ip=…` */
static bool skipped(ml_line *l, ml_cur c)
{
    maillog_field *const mark = ml_mark(l);
    ml_cur reason;
    if (!ML_STARTS(c, "SPF ") || !ML_UNTIL(l, &c, " - client-ip=", &reason)) return false;
    c.p -= sizeof "client-ip=" - 1;
    ml_put(l, MAILLOG_FIELD_REASON, reason);
    if (!details(l, c, MAILLOG_FIELD_FROM)) return ml_fail(l, mark);
    return ml_event(l, MAILLOG_EVENT_SPF_SKIPPED);
}

/* `mx.example.org; none (SPF check N/A for local connections -  client-ip=…)` */
static bool skipped_results(ml_line *l, ml_cur c)
{
    maillog_field *const mark = ml_mark(l);
    ml_cur server, reason;
    if (!ML_UNTIL(l, &c, "; none (", &server) || ml_find(l, server, ' ') || !ML_DROP_END(&c, ")") ||
        !ML_UNTIL(l, &c, " - ", &reason))
        return false;
    ml_skip_blanks(&c);
    ml_put(l, MAILLOG_FIELD_AUTHSERV, server);
    ml_put(l, MAILLOG_FIELD_REASON, reason);
    if (!details(l, c, MAILLOG_FIELD_FROM)) return ml_fail(l, mark);
    return ml_event(l, MAILLOG_EVENT_SPF_SKIPPED);
}

/* `http://…Why?s=S;id=I;ip=A;r=R`, read from the right: the identity is the client's. */
static bool why(ml_line *l, ml_cur c)
{
    ml_cur scope, id, addr, before;
    if (!ML_UNTIL(l, &c, "?s=", &before) || !ML_UNTIL(l, &c, ";id=", &scope)) return false;
    if (!ML_UNTIL_LAST(&c, ";r=", &before)) return false;
    addr = before;
    if (!ML_UNTIL_LAST(&addr, ";ip=", &id)) return false;
    if (ML_FIND(l, id, ";ip=")) l->ev->flags |= MAILLOG_FLAG_AMBIGUOUS;
    ml_put(l, MAILLOG_FIELD_SCOPE, scope);
    ml_put(l, ML_IS(scope, "helo") ? MAILLOG_FIELD_HELO : MAILLOG_FIELD_FROM, id);
    ml_put(l, MAILLOG_FIELD_CLIENT_ADDR, addr);
    ml_put(l, MAILLOG_FIELD_RECEIVER, c);
    return true;
}

/* ACTION [DSN ]Message rejected|deferred due to: REASON. [Please ]see URL; the action is a reply code or a word. */
static bool refused(ml_line *l, ml_cur c)
{
    ml_cur action, dsn = ml_none(), reason;
    if (!ml_word(l, &c, &action) || !ml_skip_char(&c, ' ')) return false;
    if (maillog__dsn(&c, &dsn) && !ml_skip_char(&c, ' ')) return false;
    const bool deferred = ML_SKIP(&c, "Message deferred due to: ");
    if (!deferred && !ML_SKIP(&c, "Message rejected due to: ")) return false;
    if (ml_is_digit(ml_peek(action)))
        ml_put(l, MAILLOG_FIELD_CODE, action);
    else
        ml_put_word(l, MAILLOG_FIELD_ACTION, action, deferred ? MAILLOG_ACTION_DEFER : MAILLOG_ACTION_REJECT);
    ml_put_opt(l, MAILLOG_FIELD_DSN, dsn);
    if (!ML_UNTIL(l, &c, ". Please see ", &reason)) {
        ml_put(l, MAILLOG_FIELD_REASON, c);
    } else {
        ml_put(l, MAILLOG_FIELD_REASON, reason);
        if (!why(l, c)) ml_put_rest(l, c);
    }
    return ml_event(l, deferred ? MAILLOG_EVENT_SPF_DEFER : MAILLOG_EVENT_SPF_REJECT);
}

static bool python(ml_line *l, ml_cur c)
{
    const bool header = ML_SKIP(&c, "prepend ") || ML_STARTS(c, "X-Comment: ") || ML_STARTS(c, "Received-SPF: ") ||
                        ML_STARTS(c, "Authentication-Results: "); /* debugLevel 3: the header by itself */
    if (!header) return refused(l, c);
    if (ML_SKIP(&c, "Received-SPF: ")) return received_spf(l, c);
    if (ML_SKIP(&c, "Authentication-Results: ")) return skipped_results(l, c) || authentication_results(l, c);
    return ML_SKIP(&c, "X-Comment: ") && skipped(l, c);
}

/* `Pass; identity=…`: the result before the header is made (debugLevel 2). */
static bool result_only(ml_line *l, ml_cur c)
{
    static const char *const results[] = {"Pass", "Fail", "Softfail", "Neutral", "None", "Temperror", "Permerror"};
    ml_cur result;
    if (!ML_UNTIL(l, &c, "; ", &result) || !ML_STARTS(c, "identity=")) return false;
    for (size_t i = 0; i < sizeof results / sizeof *results; i++) {
        if (!ml_is_n(result, results[i], strlen(results[i]))) continue;
        maillog_field *const mark = ml_mark(l);
        ml_put(l, MAILLOG_FIELD_SPF_RESULT, result);
        if (!details(l, c, MAILLOG_FIELD_FROM)) return ml_fail(l, mark);
        return ml_event(l, MAILLOG_EVENT_SPF_RESULT);
    }
    return false;
}

/* ---- Perl: receiver=R; identity=S; envelope-from="F"; helo=H; client-ip=A ---- */

typedef struct perl_details {
    ml_cur receiver, identity, from, helo, addr;
} perl_details;

/* A value of RFC 7208's key=value list: a dot-atom, or a quoted string, given without its quotes. */
static bool value(ml_cur *c, ml_cur *out)
{
    if (!ml_skip_char(c, '"')) {
        const char *p = c->p;
        while (p < c->e && *p != ';' && *p != '"' && *p != ' ' && *p != '\\' && *p != '(' && *p != ')') p++;
        *out = ml_slice(c->p, p);
        c->p = p;
        return true;
    }
    const char *first = c->p;
    while (!ml_empty(*c) && *c->p != '"') ml_advance(c, *c->p == '\\' ? 2 : 1);
    *out = ml_slice(first, c->p);
    return ml_skip_char(c, '"');
}

/* `; KEY=value`, if the key is the next. */
static bool pair(ml_cur *c, const char *key, size_t n, ml_cur *out)
{
    ml_cur t = *c;
    if (!ML_SKIP(&t, "; ") || !ml_skip_n(&t, key, n) || !ml_skip_char(&t, '=') || !value(&t, out)) return false;
    *c = t;
    return true;
}
#define PAIR(c, key, out) pair((c), "" key, sizeof(key) - 1, (out))

static bool read_perl_details(ml_cur c, perl_details *d)
{
    d->from = d->helo = ml_none();
    if (!value(&c, &d->receiver) || !PAIR(&c, "identity", &d->identity)) return false;
    PAIR(&c, "envelope-from", &d->from);
    PAIR(&c, "helo", &d->helo);
    return PAIR(&c, "client-ip", &d->addr) && ml_empty(c);
}

/* R (COMMENT) receiver=…: the last place from which all the rest is such a list. */
static bool perl_received_spf(ml_line *l, ml_cur c)
{
    ml_cur result, comment = ml_none(), before;
    perl_details d, found;
    memset(&found, 0, sizeof found);
    int tries = 0;
    if (!ML_UNTIL(l, &c, " (", &result) || ml_find(l, result, ' ')) return false;
    for (ml_cur scan = c; ML_UNTIL(l, &scan, ") receiver=", &before) && tries < MOST_READINGS; tries++) {
        if (!read_perl_details(scan, &d)) continue;
        comment = ml_slice(c.p, before.e);
        found = d;
    }
    if (tries == MOST_READINGS) l->ev->flags |= MAILLOG_FLAG_AMBIGUOUS;
    if (!comment.p) return false;
    ml_put(l, MAILLOG_FIELD_SPF_RESULT, result);
    ml_put(l, MAILLOG_FIELD_SPF_SCOPE, comment);
    ml_put(l, MAILLOG_FIELD_RECEIVER, found.receiver);
    ml_put(l, MAILLOG_FIELD_IDENTITY, found.identity);
    ml_put_opt(l, MAILLOG_FIELD_FROM, found.from);
    ml_put_opt(l, MAILLOG_FIELD_HELO, found.helo);
    ml_put(l, MAILLOG_FIELD_CLIENT_ADDR, found.addr);
    return true;
}

/* Policy action=PREPEND Received-SPF: … | 550 EXPLANATION | DEFER_IF_PERMIT SPF-Result=EXPLANATION | DUNNO */
static bool perl(ml_line *l, ml_cur c)
{
    maillog_field *const mark = ml_mark(l);
    ml_cur action;
    if (!ML_SKIP(&c, "Policy action=") || !ml_word(l, &c, &action)) return false;
    ml_skip_char(&c, ' ');
    if (ML_IS(action, "550")) {
        ml_put(l, MAILLOG_FIELD_CODE, action);
        ml_put(l, MAILLOG_FIELD_REASON, c);
        return ml_event(l, MAILLOG_EVENT_SPF_REJECT);
    }
    if (ML_IS(action, "DEFER_IF_PERMIT") && ML_SKIP(&c, "SPF-Result=")) {
        ml_put_word(l, MAILLOG_FIELD_ACTION, action, MAILLOG_ACTION_DEFER);
        ml_put(l, MAILLOG_FIELD_REASON, c);
        return ml_event(l, MAILLOG_EVENT_SPF_DEFER);
    }
    ml_put_word(l, MAILLOG_FIELD_ACTION, action, ML_IS(action, "PREPEND") ? MAILLOG_ACTION_PREPEND : 0);
    if (ML_IS(action, "PREPEND") && ML_SKIP(&c, "Received-SPF: ") && perl_received_spf(l, c))
        return ml_event(l, MAILLOG_EVENT_SPF_RESULT);
    if (ML_IS(action, "DUNNO") && ml_empty(c)) return ml_event(l, MAILLOG_EVENT_SPF_NO_RESULT);
    return ml_fail(l, mark);
}

void maillog__policyd_spf(ml_line *l, ml_cur message)
{
    ml_cur c = message, id;
    if (maillog__queue_id_prefix(&c, &id)) ml_put(l, MAILLOG_FIELD_QUEUE_ID, id);
    ML_SKIP(&c, ": "); /* policy-spf of 2007 put a colon before its own text */
    maillog__put_severity(l, &c);
    if (python(l, c) || perl(l, c) || result_only(l, c)) return;
    if (!maillog__match_patterns(l, &maillog__policyd_spf_statements, c)) ml_put_rest(l, c);
}
