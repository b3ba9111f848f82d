/* postfix_smtpd_session.c: how a session with a client begins and ends, and failed log-ins. Source: smtpd.c,
 * smtpd_sasl_glue.c, qmqpd.c of Postfix 2.11 to 3.11.
 * Client-controlled: the host name (only what forward and reverse look-up agree on), sasl_method (no blanks),
 * sasl_username (cut at 100 bytes, last in the line). */
#include "postfix.h"

/* ` ehlo=1 mail=0/1 … commands=4/6[ notes=…]` after `disconnect from CLIENT` (>= 3.0). */
static bool command_counts(ml_line *l, ml_cur c)
{
    static const struct {
        uint64_t key;
        uint16_t len, field;
    } counts[] = {
#define COUNT(word, NAME) {ML_KEY(word, 0), sizeof(word) - 1, MAILLOG_FIELD_##NAME}
        COUNT("helo", CMD_HELO),         COUNT("ehlo", CMD_EHLO),         COUNT("xclient", CMD_XCLIENT),
        COUNT("xforward", CMD_XFORWARD), COUNT("starttls", CMD_STARTTLS), COUNT("auth", CMD_AUTH),
        COUNT("mail", CMD_MAIL),         COUNT("rcpt", CMD_RCPT),         COUNT("data", CMD_DATA),
        COUNT("bdat", CMD_BDAT),         COUNT("rset", CMD_RSET),         COUNT("noop", CMD_NOOP),
        COUNT("vrfy", CMD_VRFY),         COUNT("etrn", CMD_ETRN),         COUNT("quit", CMD_QUIT),
        COUNT("help", CMD_HELP),         COUNT("unknown", CMD_UNKNOWN),   COUNT("commands", COMMANDS),
        COUNT("notes", NOTES),
#undef COUNT
    };
    const size_t all = sizeof counts / sizeof *counts;
    size_t i = 0; /* the order is fixed: smtpd_cmd_table */
    ml_cur unknown = ml_none();
    while (ml_skip_char(&c, ' ')) {
        ml_cur item, v;
        const char *equals;
        if (!ml_word_with(l, &c, '=', &item, &equals)) break;
        size_t k = all;
        if (equals) {
            const ml_cur word = ml_slice(item.p, equals);
            const uint64_t key = ml_key(l, word);
            for (k = i; k < all; k++)
                if (counts[k].key == key && counts[k].len == ml_len(word)) break;
        }
        if (k == all) { /* a counter that Postfix adds next year, or one that is cut */
            if (!unknown.p) unknown = item;
            unknown.e = item.e;
            continue;
        }
        i = k + 1;
        v = ml_slice(equals + 1, item.e);
        if (unknown.p) {
            ml_put_rest(l, unknown);
            unknown = ml_none();
        }
        ml_put(l, (maillog_field_id)counts[k].field, v);
    }
    ml_put_rest(l, unknown);
    return ml_empty(c);
}

static bool connect(ml_line *l, ml_cur c)
{
    if (!maillog__put_client(l, &c)) return false;
    ml_put_rest(l, c);
    return ml_event(l, MAILLOG_EVENT_POSTFIX_CONNECT);
}

static bool disconnect(ml_line *l, ml_cur c)
{
    return maillog__put_client(l, &c) && command_counts(l, c) && ml_event(l, MAILLOG_EVENT_POSTFIX_DISCONNECT);
}

/* REASON after STAGE[ (N bytes)] from CLIENT */
static bool broken_off(ml_line *l, ml_cur c)
{
    static const struct {
        ml_lit reason;
        uint16_t event;
    } reasons[] = {
        {ML_LIT("lost connection after "), MAILLOG_EVENT_POSTFIX_LOST_CONNECTION},
        {ML_LIT("timeout after "), MAILLOG_EVENT_POSTFIX_TIMEOUT},
        {ML_LIT("too many errors after "), MAILLOG_EVENT_POSTFIX_TOO_MANY_ERRORS},
        {ML_LIT("bare <LF> received after "), MAILLOG_EVENT_POSTFIX_BARE_NEWLINE},
    };
    const uint64_t key = ml_key(l, c);
    const char *start = c.p;
    size_t i = 0;
    while (!ml_starts_lit(key, c, &reasons[i].reason))
        if (++i == sizeof reasons / sizeof *reasons) return false;
    c.p += reasons[i].reason.len;
    ml_put(l, MAILLOG_FIELD_REASON, ml_slice(start, c.p - sizeof(" after ") + 1));
    ml_cur stage, bytes = ml_none(), t;
    if (!ML_UNTIL(l, &c, " from ", &stage)) return false;
    t = stage;
    if (ML_DROP_END(&t, " bytes)") && ML_UNTIL_LAST(&t, " (", &stage)) bytes = t;
    maillog__postfix_put_stage(l, stage);
    ml_put_opt(l, MAILLOG_FIELD_BYTES, bytes);
    if (!maillog__put_client(l, &c)) return false;
    ml_put_rest(l, c);
    return ml_event(l, (maillog_event_type)reasons[i].event);
}

bool maillog__postfix_session(ml_line *l, ml_cur text, const ml_postfix *head)
{
    maillog_field *const mark = ml_mark(l);
    ml_cur c = text;
    if (!head->queue_id.p) {
        if (ML_SKIP(&c, "connect from ")) return connect(l, c) || ml_fail(l, mark);
        if (ML_SKIP(&c, "disconnect from ")) return disconnect(l, c) || ml_fail(l, mark);
    }
    return broken_off(l, c) || ml_fail(l, mark);
}

bool maillog__postfix_hostname(ml_line *l, ml_cur c)
{
    ml_cur name, addr;
    if (!ML_SKIP(&c, "hostname ") || !ML_UNTIL(l, &c, " does not resolve to address ", &name) || !ml_word(l, &c, &addr))
        return false;
    const bool reason = ml_last(addr) == ':' && !ml_empty(c);
    if (reason) addr.e--;
    if (!reason && !ml_empty(c)) ML_DROP_END(&addr, ","); /* a part that a later Postfix adds */
    ml_put(l, MAILLOG_FIELD_RDNS_NAME, name);
    ml_put(l, MAILLOG_FIELD_CLIENT_ADDR, addr);
    ml_skip_char(&c, ' ');
    if (reason)
        ml_put(l, MAILLOG_FIELD_ERROR, c);
    else
        ml_put_rest(l, c);
    return ml_event(l, MAILLOG_EVENT_POSTFIX_HOSTNAME_MISMATCH);
}

/* A token of a command: a blank in it stands in quotes, in <>, or behind a backslash (smtpd_token.c). */
static const char *token_end(const char *p, const char *e)
{
    char wanted = '\0'; /* what ends the quotes */
    for (; p < e; p++) {
        if (*p == '\\' && p + 1 < e)
            p++;
        else if (wanted && *p == wanted)
            wanted = '\0';
        else if (!wanted && (*p == '"' || *p == '<'))
            wanted = *p == '"' ? '"' : '>';
        else if (!wanted && *p == ' ')
            return p;
    }
    return NULL;
}

/* The mechanism as the client wrote it, cut at 100 bytes; so it can hold what follows it, too. */
static bool sasl_method(ml_line *l, ml_cur *c, ml_cur *method)
{
    enum { CUT = 100 };
    ml_cur t = *c;
    const char *end = token_end(t.p, ml_len(t) > CUT ? t.p + CUT + 1 : t.e);
    if (!end && ml_len(t) > CUT && t.p[CUT] == ' ') end = t.p + CUT;
    if (end) {
        *method = ml_slice(t.p, end);
        t.p = end;
    } else { /* quotes that do not end */
        if (!ml_word(l, &t, method)) return false;
        l->ev->flags |= MAILLOG_FLAG_AMBIGUOUS;
    }
    if (!ML_SKIP(&t, " authentication ")) return false;
    *c = t;
    return true;
}

/* REASON[, sasl_username=U] (the name since 3.5): the reason is the server's, so the first `, sasl_username=` is
 * Postfix's own. But that of an unknown mechanism repeats the client's: it is looked for behind that. */
static void reason_and_name(ml_line *l, ml_cur c, ml_cur method)
{
    static const char repeats[] = "Invalid authentication mechanism: '";
    const size_t n = sizeof repeats - 1;
    const char *const start = c.p;
    ml_cur reason;
    if (ml_starts_n(c, repeats, n) && ml_starts_n(ml_slice(c.p + n, c.e), method.p, ml_len(method)))
        c.p += n + ml_len(method);
    if (!ML_UNTIL(l, &c, ", sasl_username=", &reason)) {
        ml_put(l, MAILLOG_FIELD_REASON, ml_slice(start, c.e));
        return;
    }
    ml_put(l, MAILLOG_FIELD_REASON, ml_slice(start, reason.e));
    ml_put(l, MAILLOG_FIELD_SASL_USERNAME, c);
}

/* CLIENT: SASL MECH authentication failed: REASON[, sasl_username=U]; CLIENT: SASL MECH authentication aborted. */
bool maillog__postfix_sasl_failure(ml_line *l, ml_cur c)
{
    maillog_field *const mark = ml_mark(l);
    ml_cur method;
    if (!maillog__put_client(l, &c) || !ML_SKIP(&c, ": SASL ")) return ml_fail(l, mark);
    const bool named = sasl_method(l, &c, &method);
    if (named && ML_IS(c, "aborted")) {
        ml_put(l, MAILLOG_FIELD_SASL_METHOD, method);
        return ml_event(l, MAILLOG_EVENT_POSTFIX_SASL_ABORTED);
    }
    if (named && ML_SKIP(&c, "failed: ")) {
        ml_put(l, MAILLOG_FIELD_SASL_METHOD, method);
        reason_and_name(l, c, method);
    } else {
        if (named) c.p = method.p;
        ml_put(l, MAILLOG_FIELD_REASON, c); /* `authentication failed`, `bad request`, … */
    }
    return ml_event(l, MAILLOG_EVENT_POSTFIX_SASL_FAILED);
}
