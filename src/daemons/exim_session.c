/* exim_session.c: what clients did, and what was refused:
 *
 *   H=HOST[ X=…][ F=<S>][ A=…] [temporarily ]rejected RCPT <R>: REASON
 *   BEGINNING HOST[ KEY=value] ENDING
 *
 * The host is Exim's own writing but for the HELO name; see exim.h. */
#include "exim.h"

typedef struct beginning {
    ml_lit text;
    uint16_t event;
} beginning;

/* Statements that name a client (and nothing before it that a client could have chosen). */
static const beginning beginnings[] = {
    {ML_LIT("SMTP connection from "), MAILLOG_EVENT_EXIM_CONNECTION},
    {ML_LIT("SMTP call from "), MAILLOG_EVENT_EXIM_DROPPED},
    {ML_LIT("SMTP command timeout on connection from "), MAILLOG_EVENT_EXIM_TIMEOUT},
    {ML_LIT("SMTP command timeout on TLS connection from "), MAILLOG_EVENT_EXIM_TIMEOUT},
    {ML_LIT("SMTP data timeout (message abandoned) on connection from "), MAILLOG_EVENT_EXIM_TIMEOUT},
    {ML_LIT("SMTP connection lost after final dot "), MAILLOG_EVENT_EXIM_UNEXPECTED},
    {ML_LIT("no MAIL in SMTP connection from "), MAILLOG_EVENT_EXIM_NO_MAIL},
    {ML_LIT("no MAIL in TFO SMTP connection from "), MAILLOG_EVENT_EXIM_NO_MAIL},
    {ML_LIT("no MAIL in TFO* SMTP connection from "), MAILLOG_EVENT_EXIM_NO_MAIL},
    {ML_LIT("unexpected disconnection while reading SMTP command from "), MAILLOG_EVENT_EXIM_UNEXPECTED},
    {ML_LIT("unexpected EOF while reading SMTP command from "), MAILLOG_EVENT_EXIM_UNEXPECTED},
    {ML_LIT("TLS error on connection from "), MAILLOG_EVENT_EXIM_TLSERR},
    {ML_LIT("TLS error on SMTP connection from "), MAILLOG_EVENT_EXIM_TLSERR},
    {ML_LIT("Connection from "), MAILLOG_EVENT_EXIM_REFUSED},
    {ML_LIT("connection from "), MAILLOG_EVENT_EXIM_REFUSED},
    {ML_LIT("refused connection from "), MAILLOG_EVENT_EXIM_REFUSED},
    {ML_LIT("temporarily refused connection from "), MAILLOG_EVENT_EXIM_REFUSED},
    {ML_LIT("rejected EHLO from "), MAILLOG_EVENT_EXIM_BAD_COMMAND},
    {ML_LIT("rejected HELO from "), MAILLOG_EVENT_EXIM_BAD_COMMAND},
    {ML_LIT("rejected MAIL from "), MAILLOG_EVENT_EXIM_BAD_COMMAND},
    {ML_LIT("getsockopt() failed from "), MAILLOG_EVENT_EXIM_ERROR},
    {ML_LIT("setsockopt(SO_KEEPALIVE) on connection from "), MAILLOG_EVENT_EXIM_ERROR},
};

/* ` (…)` at the start of an ending. */
static bool parenthesis(const ml_line *l, ml_cur *c, ml_cur *out)
{
    ml_cur t = *c;
    if (!ML_SKIP(&t, " (") || !ml_until(l, &t, ')', out)) return false;
    *c = t;
    return true;
}

/* What follows the client: `refused: too many connections`, ` (gnutls_handshake): text`, ` D=12s`. */
static void put_ending(ml_line *l, ml_cur c, unsigned event)
{
    ml_cur func;
    if (event == MAILLOG_EVENT_EXIM_TLSERR) {
        if (parenthesis(l, &c, &func)) ml_put(l, MAILLOG_FIELD_FUNC, func);
        if (!ML_SKIP(&c, ": ")) ml_skip_char(&c, ' ');
        if (!ml_empty(c)) ml_put(l, MAILLOG_FIELD_ERROR, c);
        return;
    }
    ml_cur error;
    if (event == MAILLOG_EVENT_EXIM_UNEXPECTED && parenthesis(l, &c, &error)) {
        ML_SKIP(&error, "error: ");
        ml_put(l, MAILLOG_FIELD_ERROR, error);
    }
    maillog__exim_fields(l, &c, ML_EXIM_SESSION);
    if (ML_SKIP(&c, " lost D=")) { /* `lost` is the ending, and has a duration */
        ml_put(l, MAILLOG_FIELD_REASON, ml_slice(c.p - 7, c.p - 3));
        ml_put(l, MAILLOG_FIELD_DURATION, c);
        return;
    }
    if (!ML_SKIP(&c, ": ")) ml_skip_char(&c, ' ');
    if (!ml_empty(c)) ml_put(l, MAILLOG_FIELD_REASON, c);
}

static bool about_client(ml_line *l, ml_cur c)
{
    const uint64_t key = ml_key(l, c);
    for (size_t i = 0; i < sizeof beginnings / sizeof *beginnings; i++) {
        if (!ml_starts_lit(key, c, &beginnings[i].text)) continue;
        ml_cur t = ml_slice(c.p + beginnings[i].text.len, c.e);
        maillog_field *const mark = ml_mark(l);
        ml_exim_host h;
        ML_SKIP(&t, "H=");
        if (!maillog__exim_host(l, &t, &h)) return ml_fail(l, mark); /* a local caller has no host */
        maillog__exim_put_client(l, &h);
        put_ending(l, t, beginnings[i].event);
        return ml_event(l, (maillog_event_type)beginnings[i].event);
    }
    return false;
}

/* ---- rejections ---- */

/* <ADDRESS> as the client wrote it, with what follows it in the command. */
static bool put_address(ml_line *l, ml_cur *c, maillog_field_id id)
{
    ml_cur v;
    if (!maillog__angle(l, c, ": ", &v)) return false;
    ml_put(l, id, v);
    return true;
}

/* RCPT <R>: REASON | MAIL <S>: … | connection in "connect" ACL: … | after DATA: … | EHLO or HELO name: … */
static void put_rejected(ml_line *l, ml_cur c)
{
    static const struct {
        const char *text;
        unsigned word;
    } stages[] = {
        {"RCPT", MAILLOG_STAGE_RCPT},
        {"MAIL", MAILLOG_STAGE_MAIL},
        {"connection in \"connect\" ACL", MAILLOG_STAGE_CONNECT},
        {"after DATA PRDR", MAILLOG_STAGE_DATA_CONTENT},
        {"after DATA", MAILLOG_STAGE_DATA_CONTENT},
        {"during MIME ACL checks", MAILLOG_STAGE_DATA_CONTENT},
        {"DATA", MAILLOG_STAGE_DATA},
        {"EHLO or HELO", MAILLOG_STAGE_HELO},
        {"AUTH", MAILLOG_STAGE_AUTH},
        {"STARTTLS", MAILLOG_STAGE_STARTTLS},
        {"VRFY", MAILLOG_STAGE_VRFY},
        {"EXPN", 0},
        {"ETRN", MAILLOG_STAGE_ETRN},
    };
    for (size_t i = 0; i < sizeof stages / sizeof *stages; i++) {
        const char *first = c.p;
        if (!ml_skip_n(&c, stages[i].text, strlen(stages[i].text))) continue;
        ml_put_word(l, MAILLOG_FIELD_STAGE, ml_slice(first, c.p), stages[i].word);
        ml_cur t = c;
        if (ml_skip_char(&t, ' ') && put_address(l, &t, i == 1 ? MAILLOG_FIELD_FROM : MAILLOG_FIELD_TO)) c = t;
        break;
    }
    if (!ML_SKIP(&c, ": ")) ml_skip_char(&c, ' ');
    if (!ml_empty(c)) ml_put(l, MAILLOG_FIELD_REASON, c);
}

static bool rejected(ml_line *l, ml_cur c)
{
    const bool later = ML_SKIP(&c, "temporarily ");
    const char *first = c.p;
    if (!ML_SKIP(&c, "rejected ")) return false;
    ml_put_word(l, MAILLOG_FIELD_ACTION, later ? ml_slice(first - 12, first + 8) : ml_slice(first, first + 8),
                later ? MAILLOG_ACTION_DEFER : MAILLOG_ACTION_REJECT);
    put_rejected(l, c);
    return ml_event(l, MAILLOG_EVENT_EXIM_REJECTED);
}

/* `sender verify fail for <S>: reason` */
static bool verify(ml_line *l, ml_cur c)
{
    ml_cur result;
    if (!ML_SKIP(&c, "sender verify ") || !ML_UNTIL(l, &c, " for ", &result) || ml_find(l, result, ' ')) return false;
    maillog_field *const mark = ml_mark(l);
    ml_put(l, MAILLOG_FIELD_RESULT, result);
    if (!put_address(l, &c, MAILLOG_FIELD_FROM)) return ml_fail(l, mark);
    if (ML_SKIP(&c, ": ")) ml_put(l, MAILLOG_FIELD_REASON, c);
    return ml_event(l, MAILLOG_EVENT_EXIM_VERIFY);
}

/* `RCPT <ADDRESS>: discarded by RCPT ACL[: REASON]` */
static bool discarded(ml_line *l, ml_cur c)
{
    const ml_cur stage = ml_slice(c.p, c.p + 4);
    const bool rcpt = ML_SKIP(&c, "RCPT ");
    ml_cur address, acl;
    if ((!rcpt && !ML_SKIP(&c, "MAIL ")) || !maillog__angle(l, &c, ":", &address) || !ML_SKIP(&c, ": discarded by ") ||
        !ML_UNTIL(l, &c, " ACL", &acl))
        return false;
    ml_put_word(l, MAILLOG_FIELD_STAGE, stage, rcpt ? MAILLOG_STAGE_RCPT : MAILLOG_STAGE_MAIL);
    if (rcpt) ml_put(l, MAILLOG_FIELD_TO, address);
    ml_put_word(l, MAILLOG_FIELD_ACTION, ml_slice(acl.p - strlen("discarded by "), acl.p - strlen(" by ")),
                MAILLOG_ACTION_DISCARD);
    if (ML_SKIP(&c, ": ")) ml_put(l, MAILLOG_FIELD_REASON, c);
    return ml_event(l, MAILLOG_EVENT_EXIM_DISCARDED);
}

/* Behind `H=HOST` and its fields; the cursor is on a blank or the end. */
static bool about_host(ml_line *l, ml_cur c)
{
    ml_cur t = c;
    if (!ml_skip_char(&t, ' ')) return false;
    if (rejected(l, t) || verify(l, t)) return true;
    if (ML_SKIP(&t, "Warning: ")) {
        ml_put_word(l, MAILLOG_FIELD_SEVERITY, ml_slice(t.p - 9, t.p - 2), MAILLOG_SEVERITY_WARNING);
        ml_put(l, MAILLOG_FIELD_TEXT, t);
        return ml_event(l, MAILLOG_EVENT_EXIM_ACL_WARNING);
    }
    if (discarded(l, t)) return true;
    if (ML_SKIP(&t, "incomplete transaction (")) {
        ml_cur reason, from;
        if (!ml_until(l, &t, ')', &reason)) return false;
        ml_put(l, MAILLOG_FIELD_REASON, reason);
        if (ML_SKIP(&t, " from ") && maillog__angle(l, &t, " ", &from)) ml_put(l, MAILLOG_FIELD_FROM, from);
        if (ML_SKIP(&t, " for ")) ml_put(l, MAILLOG_FIELD_RECIPIENTS, t);
        return ml_event(l, MAILLOG_EVENT_EXIM_INCOMPLETE);
    }
    return false;
}

/* `H=mx.example.net [192.0.2.1] Connection refused`: a host mail was to go to. */
static bool about_relay(ml_line *l, const ml_exim_host *h, ml_cur c)
{
    ml_cur func;
    maillog__exim_put_relay(l, h);
    if (ML_SKIP(&c, " TLS error on connection")) {
        if (parenthesis(l, &c, &func)) ml_put(l, MAILLOG_FIELD_FUNC, func);
        if (!ML_SKIP(&c, ": ")) ml_skip_char(&c, ' ');
        ml_put(l, MAILLOG_FIELD_ERROR, c);
        return ml_event(l, MAILLOG_EVENT_EXIM_TLSERR);
    }
    if (!ML_SKIP(&c, ": ")) ml_skip_char(&c, ' ');
    if (ml_empty(c)) return false;
    ml_put(l, MAILLOG_FIELD_REASON, c);
    return ml_event(l, MAILLOG_EVENT_EXIM_HOST_ERROR);
}

static bool host_line(ml_line *l, ml_cur c)
{
    maillog_field *const mark = ml_mark(l);
    ml_exim_host h;
    if (!maillog__exim_host(l, &c, &h)) return false;
    maillog__exim_put_client(l, &h);
    ml_cur t = c;
    maillog__exim_fields(l, &t, ML_EXIM_SESSION);
    if (about_host(l, t)) return true;
    ml_fail(l, mark);
    return about_relay(l, &h, c) || ml_fail(l, mark);
}

/* `U=root F=<a@example.org> rejected …`, `F=<…> rejected by non-SMTP ACL: …`: no host, a local caller. */
static bool local_line(ml_line *l, ml_cur c)
{
    maillog_field *const mark = ml_mark(l);
    ml_cur t = ml_slice(c.p - 1, c.e); /* the blank before */
    maillog__exim_fields(l, &t, ML_EXIM_SESSION);
    if (t.p == c.p - 1) return false;
    return about_host(l, t) || ml_fail(l, mark);
}

/* `F=SENDER H=HOST[ X=…] [temporarily ]rejected by local_scan(): …`: here the sender has no <>; only one in quotes can
 * have blanks. */
static bool local_scan(ml_line *l, ml_cur c)
{
    maillog_field *const mark = ml_mark(l);
    ml_exim_host h;
    if (!ML_SKIP(&c, "F=")) return false;
    const ml_cur from = maillog__exim_address(l, &c);
    ml_put(l, MAILLOG_FIELD_FROM, ML_IS(from, "<>") ? ml_slice(from.p + 1, from.p + 1) : from);
    if (ML_SKIP(&c, " H=")) {
        if (!maillog__exim_host(l, &c, &h)) return ml_fail(l, mark);
        maillog__exim_put_client(l, &h);
    }
    maillog__exim_fields(l, &c, ML_EXIM_SESSION);
    return about_host(l, c) || ml_fail(l, mark);
}

/* ---- what clients typed ---- */

/* `BEGINNING "COMMAND" H=HOST ENDING`: the command is the client's, without escapes. More than one `" H=` and nobody
 * can say which is Exim's: then all of it stays text. */
static bool bad_command(ml_line *l, ml_cur c)
{
    static const beginning rows[] = {
        {ML_LIT("SMTP syntax error in \""), MAILLOG_EVENT_EXIM_BAD_COMMAND},
        {ML_LIT("SMTP protocol error in \""), MAILLOG_EVENT_EXIM_BAD_COMMAND},
        {ML_LIT("SMTP protocol synchronization error (next input sent too soon: pipelining was not advertised): "
                "rejected \""),
         MAILLOG_EVENT_EXIM_SYNC},
        {ML_LIT(
             "SMTP protocol synchronization error (next input sent too soon: pipelining was advertised): rejected \""),
         MAILLOG_EVENT_EXIM_SYNC},
        {ML_LIT("rejected \""), MAILLOG_EVENT_EXIM_BAD_COMMAND},
        {ML_LIT("temporarily rejected \""), MAILLOG_EVENT_EXIM_BAD_COMMAND},
    };
    const uint64_t key = ml_key(l, c);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (!ml_starts_lit(key, c, &rows[i].text)) continue;
        const ml_cur all = ml_slice(c.p + rows[i].text.len, c.e);
        ml_cur t = all, command;
        ml_exim_host h;
        const bool by_name = ML_UNTIL(l, &t, "\" H=", &command);
        if (!by_name && !ML_UNTIL(l, &t, "\" from ", &command)) return false;
        ml_cur rest = t;
        if ((by_name && ML_FIND(l, t, "\" H=")) || !maillog__exim_host(l, &rest, &h)) {
            l->ev->flags |= MAILLOG_FLAG_AMBIGUOUS;
            ml_put(l, MAILLOG_FIELD_TEXT, all);
            return ml_event(l, (maillog_event_type)rows[i].event);
        }
        ml_put(l, MAILLOG_FIELD_COMMAND, command);
        maillog__exim_put_client(l, &h);
        if (ML_SKIP(&rest, " next input=\"") || ML_SKIP(&rest, " input=\"")) {
            if (!ML_DROP_END(&rest, "\"")) ML_DROP_END(&rest, "\"...");
            ml_put(l, MAILLOG_FIELD_TEXT, rest);
        } else {
            maillog__exim_fields(l, &rest, ML_EXIM_SESSION);
            if (!ML_SKIP(&rest, ": ")) ml_skip_char(&rest, ' ');
            if (!ml_empty(rest)) ml_put(l, MAILLOG_FIELD_REASON, rest);
        }
        return ml_event(l, (maillog_event_type)rows[i].event);
    }
    return false;
}

/* `SMTP protocol synchronization error (input sent without waiting for greeting): rejected connection from H=…
 * input="…"` */
static bool too_early(ml_line *l, ml_cur c)
{
    ml_exim_host h;
    if (!ML_SKIP(&c, "SMTP protocol synchronization error (")) return false;
    ml_cur reason;
    if (!ML_UNTIL(l, &c, "): rejected", &reason)) return false;
    maillog_field *const mark = ml_mark(l);
    ml_put(l, MAILLOG_FIELD_REASON, reason);
    if (ml_empty(c)) return ml_event(l, MAILLOG_EVENT_EXIM_SYNC);
    if (!ML_SKIP(&c, " connection from ")) return ml_fail(l, mark);
    ML_SKIP(&c, "H=");
    if (!maillog__exim_host(l, &c, &h)) return ml_fail(l, mark);
    maillog__exim_put_client(l, &h);
    maillog__exim_fields(l, &c, ML_EXIM_SESSION);
    if (ML_SKIP(&c, " input=\"")) {
        if (!ML_DROP_END(&c, "\"")) ML_DROP_END(&c, "\"...");
        ml_put(l, MAILLOG_FIELD_TEXT, c);
    } else {
        ml_put_rest(l, c);
    }
    return ml_event(l, MAILLOG_EVENT_EXIM_SYNC);
}

/* `NAME authenticator failed for HOST: 535 text (set_id=USER)` */
static bool auth_failed(ml_line *l, ml_cur c)
{
    maillog_field *const mark = ml_mark(l);
    ml_cur name, code, text;
    ml_exim_host h;
    if (!ml_word(l, &c, &name) || !ML_SKIP(&c, " authenticator failed for ")) return false;
    ML_SKIP(&c, "H=");
    ml_put(l, MAILLOG_FIELD_AUTH, name);
    if (!maillog__exim_host(l, &c, &h)) return ml_fail(l, mark);
    maillog__exim_put_client(l, &h);
    maillog__exim_fields(l, &c, ML_EXIM_SESSION);
    if (!ML_SKIP(&c, ": ")) ml_skip_char(&c, ' ');
    ml_cur t = c;
    if (ml_digits(&t, &code) && ml_len(code) == 3 && ml_skip_char(&t, ' ')) {
        ml_put(l, MAILLOG_FIELD_CODE, code);
        c = t;
    }
    t = c;
    if (ML_UNTIL(l, &t, " (set_id=", &text)) {
        ml_put(l, MAILLOG_FIELD_REASON, text);
        ML_DROP_END(&t, ")");
        ml_put(l, MAILLOG_FIELD_SASL_USERNAME, t);
    } else if (!ml_empty(c)) {
        ml_put(l, MAILLOG_FIELD_REASON, c);
    }
    return ml_event(l, MAILLOG_EVENT_EXIM_AUTH_FAIL);
}

/* `BEGINNING <ADDRESS> H=HOST[: REASON]` */
static bool address_first(ml_line *l, ml_cur c)
{
    static const struct {
        ml_lit text;
        uint16_t field;
        uint8_t reason; /* how much of it says why, where nothing stands behind the host */
    } rows[] = {
        {ML_LIT("rejected from "), MAILLOG_FIELD_FROM, 0},
        {ML_LIT("unqualified sender rejected: "), MAILLOG_FIELD_FROM, sizeof "unqualified sender" - 1},
        {ML_LIT("unqualified recipient rejected: "), MAILLOG_FIELD_TO, sizeof "unqualified recipient" - 1},
        {ML_LIT("unqualified verify rejected: "), MAILLOG_FIELD_TO, sizeof "unqualified verify" - 1},
        {ML_LIT("rejected MAIL FROM:"), MAILLOG_FIELD_FROM, 0},
        {ML_LIT("too many recipients: message rejected: sender="), MAILLOG_FIELD_FROM,
         sizeof "too many recipients" - 1},
        {ML_LIT("too many recipients: excess temporarily rejected: sender="), MAILLOG_FIELD_FROM,
         sizeof "too many recipients" - 1},
    };
    const uint64_t key = ml_key(l, c);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const ml_cur all = c;
        if (!ml_starts_lit(key, c, &rows[i].text)) continue;
        c.p += rows[i].text.len;
        maillog_field *const mark = ml_mark(l);
        ml_cur v;
        if (!maillog__angle(l, &c, " :", &v)) return ml_fail(l, mark);
        ml_put(l, (maillog_field_id)rows[i].field, v);
        maillog__exim_fields(l, &c, ML_EXIM_SESSION);
        if (!ML_SKIP(&c, ": ")) ml_skip_char(&c, ' ');
        if (!ml_empty(c))
            ml_put(l, MAILLOG_FIELD_REASON, c);
        else if (rows[i].reason)
            ml_put(l, MAILLOG_FIELD_REASON, ml_slice(all.p, all.p + rows[i].reason));
        return ml_event(l, MAILLOG_EVENT_EXIM_REJECTED);
    }
    return false;
}

bool maillog__exim_session(ml_line *l, ml_cur c)
{
    ml_cur t = c;
    if (ML_SKIP(&t, "H=")) return host_line(l, t);
    if (ML_STARTS(c, "U=") || ML_STARTS(c, "F=<")) return local_line(l, c) || local_scan(l, c);
    if (ML_STARTS(c, "F=")) return local_scan(l, c);
    return auth_failed(l, c) || bad_command(l, c) || too_early(l, c) || address_first(l, c) || about_client(l, c);
}
