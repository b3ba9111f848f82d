/* sendmail_session.c: what rulesets, milters and TLS said, and what clients did.
 *
 *   ruleset=NAME, arg1=ARG[, arg2=ARG][, relay=CLIENT], reject=REPLY | quarantine=TEXT | discard
 *   Milter: WHERE=ARG, reject=REPLY | discard
 *   CLIENT did not issue MAIL/EXPN/VRFY/ETRN during connection to DAEMON
 *
 * ARG is the client's: an address in <> (quoted local parts are honoured), HELO, or the text of a header. Where one
 * that is not in <> looks as if it held the daemon's own words too, all of it stays text and the line is flagged. */
#include "sendmail.h"

#define F(NAME) MAILLOG_FIELD_##NAME

/* ---- clients and replies ---- */

void maillog__sendmail_client(ml_line *l, ml_cur v)
{
    static const char forged[] = " (may be forged)";
    ml_cur addr = ml_none(), name = v, user, note = ml_none();
    if (ML_DROP_END(&name, " (may be forged)")) note = ml_slice(name.e + 2, name.e + sizeof forged - 2);
    if (ML_IS(v, "[RESPONSE]")) { /* a notification, made here */
        ml_put(l, F(CLIENT), v);
        return;
    }
    const char *open = ml_last(name) == ']' ? ml_rfind(name, '[') : NULL;
    if (open) {
        addr = ml_slice(open + 1, name.e - 1);
        name.e = open > name.p && open[-1] == ' ' ? open - 1 : open;
        ML_SKIP(&addr, "IPv6:");
    }
    ML_SKIP(&name, "IDENT:");
    if (ml_until(l, &name, '@', &user)) ml_put(l, F(USER), user);
    if (!ml_empty(name)) ml_put(l, F(CLIENT_NAME), name);
    if (addr.p) ml_put(l, F(CLIENT_ADDR), addr);
    if (note.p) ml_put(l, F(NOTES), note);
}

/* `<address>... ` or `address... `, as sendmail begins its replies about one. */
static bool put_address(ml_line *l, ml_cur *c, maillog_field_id id)
{
    ml_cur t = *c, v;
    if (ml_peek(t) == '<') {
        if (!maillog__angle(l, &t, ".", &v) || !ML_SKIP(&t, "... ")) return false;
    } else {
        const char *const end = maillog__bare_address_end(l, t, "... ", 4);
        if (!end || end == t.p || (*t.p != '"' && ml_find(l, ml_slice(t.p, end), ' '))) return false;
        v = ml_slice(t.p, end);
        t.p = end + 4;
    }
    ml_put(l, id, v);
    *c = t;
    return true;
}

void maillog__sendmail_reply(ml_line *l, ml_cur c, maillog_field_id address_id)
{
    ml_cur t = c, code, dsn;
    if (ml_digits(&t, &code) && ml_len(code) == 3 && (ml_empty(t) || ml_skip_char(&t, ' ') || ml_skip_char(&t, '-'))) {
        ml_put(l, F(CODE), code);
        c = t;
        if (maillog__dsn(&t, &dsn) && (ml_empty(t) || ml_skip_char(&t, ' '))) {
            ml_put(l, F(DSN), dsn);
            c = t;
        }
    }
    put_address(l, &c, address_id);
    if (!ml_empty(c)) ml_put(l, F(REASON), c);
}

/* All commands of a connection are refused: `rejecting commands`, `temp failing commands[=REPLY]`, `shutdown[=REPLY]`.
 */
static bool put_refusal(ml_line *l, ml_cur c, maillog_field_id address_id)
{
    static const struct {
        const char *text;
        unsigned word;
    } rows[] = {
        {"rejecting commands", MAILLOG_ACTION_REJECT},
        {"temp failing commands", MAILLOG_ACTION_DEFER},
        {"shutdown", MAILLOG_ACTION_HANGUP},
        {"closing connection", MAILLOG_ACTION_HANGUP},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *first = c.p;
        if (!ml_skip_n(&c, rows[i].text, strlen(rows[i].text))) continue;
        ml_put_word(l, F(ACTION), ml_slice(first, c.p), rows[i].word);
        if (ml_skip_char(&c, '=')) maillog__sendmail_reply(l, c, address_id);
        return true;
    }
    return false;
}

/* reject=REPLY, quarantine=TEXT, discard, shutdown…: what was decided. */
static bool put_decision(ml_line *l, ml_cur c, maillog_field_id address_id)
{
    const char *first = c.p;
    ml_cur mode;
    if (ML_SKIP(&c, "reject=")) {
        ml_put_word(l, F(ACTION), ml_slice(first, first + 6), MAILLOG_ACTION_REJECT);
        if (ML_UNTIL(l, &c, ", errormode=", &mode)) { /* reject=421, errormode=4 */
            ml_put(l, F(CODE), mode);
            return true;
        }
        maillog__sendmail_reply(l, c, address_id);
        return true;
    }
    if (ML_SKIP(&c, "quarantine=")) {
        ml_put_word(l, F(ACTION), ml_slice(first, first + 10), MAILLOG_ACTION_HOLD);
        ml_put(l, F(REASON), c);
        return true;
    }
    if (ML_IS(c, "discard")) {
        ml_put_word(l, F(ACTION), c, MAILLOG_ACTION_DISCARD);
        return true;
    }
    return put_refusal(l, c, address_id);
}

/* ---- rulesets ---- */

/* The argument of a ruleset: of those that check an address, it is one. */
static maillog_field_id argument_of(ml_cur ruleset)
{
    static const struct {
        const char *name;
        uint16_t field;
    } rows[] = {
        {"check_rcpt", F(TO)},      {"check_mail", F(FROM)},         {"check_relay", F(CLIENT_ADDR)},
        {"check_compat", F(FROM)},  {"authorize_addr", F(FROM)},     {"tls_rcpt", F(TO)},
        {"check_vrfy", F(ADDRESS)}, {"check_expn", F(ADDRESS)},      {"check_etrn", F(DOMAIN)},
        {"tls_client", F(VERIFY)},  {"tls_server", F(VERIFY)},       {"srv_features", F(CLIENT_NAME)},
        {"trust_auth", F(USER)},    {"clt_features", F(RELAY_NAME)},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (ml_is_n(ruleset, rows[i].name, strlen(rows[i].name))) return (maillog_field_id)rows[i].field;
    return F(VALUE);
}

static maillog_field_id address_in_reply(maillog_field_id argument) { return argument == F(FROM) ? F(FROM2) : F(TO2); }

/* ARG, up to `, arg2=`, `, relay=` or the decision; `*c` stands behind the comma. False: nobody can say where. */
static bool cut_argument(const ml_line *l, ml_cur *c, ml_cur *out)
{
    ml_cur t = *c;
    const char *comma = NULL;
    if (ml_peek(t) == '<' && maillog__angle(l, &t, ",", out) && ML_SKIP(&t, ", ") &&
        (ML_STARTS(t, "arg2=") || ML_STARTS(t, "relay=") || ML_STARTS(t, "reject=") || ML_STARTS(t, "quarantine=") ||
         ML_IS(t, "discard"))) {
        *c = t;
        return true;
    }
    t = *c;
    const char *relay = ML_FIND(l, t, ", relay="), *second = ML_FIND(l, t, ", arg2=");
    if (relay && ML_FIND(l, ml_slice(relay + 1, t.e), ", relay=")) return false;
    comma = second && relay && second < relay ? second : relay;
    if (!comma) comma = ML_FIND(l, t, ", reject=");
    if (!comma || (!relay && ML_FIND(l, ml_slice(comma + 1, t.e), ", reject="))) return false;
    *out = ml_slice(t.p, comma);
    c->p = comma + 2;
    return true;
}

/* The address of check_relay is the client's, and may come as a name. */
static maillog_field_id put_argument(ml_line *l, maillog_field_id id, ml_cur v)
{
    if (ml_peek(v) == '<' && ml_last(v) == '>') v = ml_slice(v.p + 1, v.e - 1);
    if (id == F(CLIENT_ADDR)) {
        if (ml_peek(v) == '[' && ml_last(v) == ']') v = ml_slice(v.p + 1, v.e - 1);
        ML_SKIP(&v, "IPv6:");
        if (!ml_is_digit(ml_peek(v)) && !ml_find(l, v, ':')) id = F(VALUE);
    }
    ml_put(l, id, v);
    return id;
}

/* The client again, as relay=: a second address has its own field. */
static void put_relay_client(ml_line *l, ml_cur v, maillog_field_id argument)
{
    maillog_field *const first = ml_mark(l);
    maillog__sendmail_client(l, v);
    for (maillog_field *f = first; f < l->next && argument == F(CLIENT_ADDR); f++)
        if (f->id == F(CLIENT_ADDR)) f->id = F(CLIENT_ADDR2);
}

static bool ruleset(ml_line *l, ml_cur c)
{
    ml_cur name, arg, v;
    if (!ML_SKIP(&c, "ruleset=") || !ML_UNTIL(l, &c, ", arg1=", &name)) return false;
    ml_put(l, F(RULESET), name);
    const maillog_field_id id = argument_of(name);
    const ml_cur all = c;
    if (!cut_argument(l, &c, &arg)) {
        l->ev->flags |= MAILLOG_FLAG_AMBIGUOUS;
        ml_put(l, F(TEXT), all);
        return ml_event(l, MAILLOG_EVENT_SENDMAIL_REJECT);
    }
    const maillog_field_id first = put_argument(l, id, arg);
    if (ML_SKIP(&c, "arg2=")) {
        const bool angle = ml_peek(c) == '<' && maillog__angle(l, &c, ",", &v) && ML_SKIP(&c, ", ");
        if (angle || ML_UNTIL(l, &c, ", ", &v)) ml_put(l, F(ARG2), v);
    }
    if (ML_SKIP(&c, "relay=") && ML_UNTIL(l, &c, ", ", &v)) put_relay_client(l, v, first);
    if (!put_decision(l, c, address_in_reply(id))) ml_put_rest(l, c);
    return ml_event(l, MAILLOG_EVENT_SENDMAIL_REJECT);
}

/* ---- milters ---- */

static unsigned stage_word(ml_cur v)
{
    static const struct {
        const char *name;
        unsigned word;
    } rows[] = {
        {"connect", MAILLOG_STAGE_CONNECT}, {"helo", MAILLOG_STAGE_HELO}, {"ehlo", MAILLOG_STAGE_EHLO},
        {"mail", MAILLOG_STAGE_MAIL},       {"from", MAILLOG_STAGE_MAIL}, {"rcpt", MAILLOG_STAGE_RCPT},
        {"to", MAILLOG_STAGE_RCPT},         {"data", MAILLOG_STAGE_DATA}, {"startup", MAILLOG_STAGE_CONNECT},
        {"rset", MAILLOG_STAGE_RSET},       {"quit", MAILLOG_STAGE_QUIT}, {"starttls", MAILLOG_STAGE_STARTTLS},
        {"auth", MAILLOG_STAGE_AUTH},       {"noop", MAILLOG_STAGE_NOOP}, {"eom", MAILLOG_STAGE_END_OF_MESSAGE},
        {"unknown", MAILLOG_STAGE_UNKNOWN},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (ml_is_n(v, rows[i].name, strlen(rows[i].name))) return rows[i].word;
    return 0;
}

static bool milter_event(ml_line *l) { return ml_event(l, MAILLOG_EVENT_SENDMAIL_MILTER); }

/* `data, reject=…`: the whole message. */
static bool milter_data(ml_line *l, ml_cur c)
{
    ML_SKIP(&c, "cmd=");
    ml_cur stage;
    if (!ML_UNTIL(l, &c, ", ", &stage) || !(ML_IS(stage, "data") || ML_IS(stage, "header") || ML_IS(stage, "eoh")))
        return false;
    ml_put_word(l, F(STAGE), stage, stage_word(stage));
    if (!put_decision(l, c, F(TO2))) ml_put(l, F(TEXT), c);
    return milter_event(l);
}

/* `to=<a>, reject=…`, `helo=name, reject=…` */
static bool milter_argument(ml_line *l, ml_cur c)
{
    static const struct {
        const char *key;
        uint16_t field;
        uint8_t word;
    } rows[] = {
        {"to", F(TO), MAILLOG_STAGE_RCPT},
        {"from", F(FROM), MAILLOG_STAGE_MAIL},
        {"helo", F(HELO), MAILLOG_STAGE_HELO},
        {"cmd", F(COMMAND), 0},
    };
    ml_cur key, v, t = c;
    if (!ml_until(l, &t, '=', &key)) return false;
    size_t i = 0;
    while (!ml_is_n(key, rows[i].key, strlen(rows[i].key)))
        if (++i == sizeof rows / sizeof *rows) return false;
    ml_put_word(l, F(STAGE), key, rows[i].word);
    ml_cur after = t;
    const bool address = ml_peek(t) == '<' && maillog__angle(l, &after, ",", &v) && ML_SKIP(&after, ", ");
    if (!address && (!ML_UNTIL(l, &after, ", ", &v) || ML_FIND(l, after, ", reject="))) {
        l->ev->flags |= MAILLOG_FLAG_AMBIGUOUS;
        ml_put(l, F(TEXT), t);
        return milter_event(l);
    }
    ml_put(l, (maillog_field_id)rows[i].field, v);
    if (!put_decision(l, after, rows[i].field == F(FROM) ? F(FROM2) : F(TO2))) ml_put(l, F(TEXT), after);
    return milter_event(l);
}

/* `connect: host=H, addr=A, reject=… | shutdown=… | rejecting commands …` */
static bool milter_connect(ml_line *l, ml_cur c)
{
    ml_cur host, addr;
    if (!ML_SKIP(&c, "connect: host=") || !ML_UNTIL(l, &c, ", addr=", &host) || !ML_UNTIL(l, &c, ", ", &addr))
        return false;
    ML_SKIP(&addr, "IPv6:");
    ml_put_word(l, F(STAGE), ml_slice(host.p - 14, host.p - 7), MAILLOG_STAGE_CONNECT);
    ml_put(l, F(CLIENT_NAME), host);
    ml_put(l, F(CLIENT_ADDR), addr);
    if (!put_decision(l, c, F(TO2))) ml_put(l, F(TEXT), c);
    return milter_event(l);
}

static bool milter(ml_line *l, ml_cur c)
{
    if (!ML_SKIP(&c, "Milter: ")) return false;
    maillog_field *const mark = ml_mark(l);
    if (ML_SKIP(&c, "initialization failed, ") && put_refusal(l, c, F(TO2))) return milter_event(l);
    return milter_data(l, c) || milter_connect(l, c) || milter_argument(l, c) || ml_fail(l, mark);
}

/* ---- TLS and AUTH ---- */

/* STARTTLS=server, relay=R, version=V, verify=V, cipher=C, bits=N/N[, pubkey_fp=F] */
static bool starttls(ml_line *l, ml_cur c)
{
    ml_cur role, relay, version, verify, cipher, bits1, bits2;
    if (!ML_SKIP(&c, "STARTTLS=") || !ML_UNTIL(l, &c, ", relay=", &role) || !ML_UNTIL(l, &c, ", version=", &relay) ||
        !ML_UNTIL(l, &c, ", verify=", &version) || !ML_UNTIL(l, &c, ", cipher=", &verify) ||
        !ML_UNTIL(l, &c, ", bits=", &cipher) || !ml_digits(&c, &bits1))
        return false;
    ml_put(l, F(ROLE), role);
    if (ML_IS(role, "client")) {
        if (ml_last(relay) == '.') relay.e--;
        ml_put(l, F(RELAY_NAME), relay);
    } else {
        maillog__sendmail_client(l, relay);
    }
    ml_put(l, F(TLS_PROTO), version);
    ml_put(l, F(VERIFY), verify);
    ml_put(l, F(CIPHER), cipher);
    ml_put(l, F(BITS1), bits1);
    if (ml_skip_char(&c, '/') && ml_digits(&c, &bits2)) ml_put(l, F(BITS2), bits2);
    if (ML_SKIP(&c, ", pubkey_fp=")) {
        if (!ml_empty(c)) ml_put(l, F(DIGEST), c);
        c.p = c.e;
    }
    ml_put_rest(l, c);
    return ml_event(l, MAILLOG_EVENT_SENDMAIL_STARTTLS);
}

/* AUTH=server, relay=R, authid=USER, mech=M, bits=N: the user's name may hold anything, so its end is the last. */
static bool auth(ml_line *l, ml_cur c)
{
    ml_cur role, relay, user = ml_none(), mech;
    if (!ML_SKIP(&c, "AUTH=") || !ML_UNTIL(l, &c, ", relay=", &role)) return false;
    if (ML_IS(role, "server") ? !ML_UNTIL(l, &c, ", authid=", &relay) || !ML_UNTIL_LAST(&c, ", mech=", &user)
                              : !ML_UNTIL(l, &c, ", mech=", &relay))
        return false;
    if (!ML_UNTIL(l, &c, ", bits=", &mech)) return false;
    ml_put(l, F(ROLE), role);
    if (user.p) {
        maillog__sendmail_client(l, relay);
        ml_put(l, F(SASL_USERNAME), user);
    } else {
        if (ml_last(relay) == '.') relay.e--;
        ml_put(l, F(RELAY_NAME), relay);
    }
    ml_put(l, F(SASL_METHOD), mech);
    ml_put(l, F(BITS), c);
    return ml_event(l, MAILLOG_EVENT_SENDMAIL_AUTH);
}

/* AUTH failure (MECH): TEXT (NUMBER) DETAIL, relay=CLIENT: the detail names the user. */
static bool auth_failure(ml_line *l, ml_cur c)
{
    ml_cur mech, reason, number, detail;
    if (!ML_SKIP(&c, "AUTH failure (") || !ML_UNTIL(l, &c, "): ", &mech)) return false;
    if (!ML_UNTIL_LAST(&c, ", relay=", &detail)) {
        detail = c;
        c.p = c.e;
    }
    ml_put(l, F(SASL_METHOD), mech);
    ml_cur t = detail;
    if (ML_UNTIL(l, &t, " (", &reason) && ml_decimal(&t, &number) && ml_skip_char(&t, ')')) {
        ml_put(l, F(REASON), reason);
        ml_put(l, F(ERRNO), number);
        ml_skip_blanks(&t);
        if (!ml_empty(t)) ml_put(l, F(REASON_DETAIL), t);
    } else {
        ml_put(l, F(REASON), detail);
    }
    if (!ml_empty(c)) maillog__sendmail_client(l, c);
    return ml_event(l, MAILLOG_EVENT_SENDMAIL_AUTH_FAIL);
}

/* ---- clients ---- */

/* `lost input channel from CLIENT to DAEMON after STAGE` */
static bool lost(ml_line *l, ml_cur c)
{
    ml_cur client, listener;
    if (!ML_SKIP(&c, "lost input channel from ") || !ML_UNTIL(l, &c, " to ", &client)) return false;
    maillog__sendmail_client(l, client);
    if (ML_UNTIL(l, &c, " after ", &listener)) {
        ml_put(l, F(LISTENER), listener);
        ml_put_word(l, F(STAGE), c, stage_word(c));
    } else {
        ml_put(l, F(LISTENER), c);
    }
    return ml_event(l, MAILLOG_EVENT_SENDMAIL_LOST);
}

/* `timeout waiting for input from HOST during PHASE`: a client's, or a server's when the phase says so. */
static bool timeout(ml_line *l, ml_cur c)
{
    ml_cur host;
    if (!ML_SKIP(&c, "timeout waiting for input from ") || !ML_UNTIL(l, &c, " during ", &host)) return false;
    if (ML_STARTS(c, "client ")) {
        if (ml_last(host) == '.') host.e--;
        ml_put(l, F(RELAY_NAME), host);
    } else {
        maillog__sendmail_client(l, host);
    }
    ml_put(l, F(PHASE), c);
    return ml_event(l, MAILLOG_EVENT_SENDMAIL_TIMEOUT);
}

/* What stands behind a client at the beginning of a line. */
static bool about_client(ml_line *l, ml_cur c)
{
    ml_cur v, attack;
    if (ML_SKIP(&c, " did not issue MAIL/EXPN/VRFY/ETRN during connection to ")) {
        ml_put(l, F(LISTENER), c);
        return ml_event(l, MAILLOG_EVENT_SENDMAIL_NOISSUE);
    }
    if (!ML_SKIP(&c, ": ")) return false;
    attack = c;
    if (ML_SKIP(&c, "possible SMTP attack: command=") && ML_UNTIL_LAST(&c, ", count=", &v)) {
        ml_put(l, F(COMMAND), v);
        ml_put(l, F(COUNT), c);
        return ml_event(l, MAILLOG_EVENT_SENDMAIL_ABUSE);
    }
    if (ML_SKIP(&c, "probable open proxy: command=")) {
        ml_put(l, F(COMMAND), c);
        return ml_event(l, MAILLOG_EVENT_SENDMAIL_ABUSE);
    }
    if (ML_STARTS(c, "Possible SMTP RCPT flood, ") || ML_STARTS(c, "SMTP violation, ")) {
        ml_put(l, F(TEXT), attack);
        return ml_event(l, MAILLOG_EVENT_SENDMAIL_ABUSE);
    }
    if (ML_DROP_END(&c, " [rejected]")) ml_put_word(l, F(ACTION), ml_slice(c.e + 2, c.e + 10), MAILLOG_ACTION_REJECT);
    ml_put(l, F(COMMAND), c); /* VRFY, EXPN, ETRN as the client wrote it */
    return ml_event(l, MAILLOG_EVENT_SENDMAIL_PROBE);
}

/* `host [addr][ (may be forged)]` or `user@localhost`, then a statement. */
static bool client_first(ml_line *l, ml_cur c)
{
    ml_cur t = c, name;
    maillog_field *const mark = ml_mark(l);
    const char *close = NULL;
    if (ml_peek(t) == '[' || (ml_word(l, &t, &name) && ML_SKIP(&t, " ["))) close = ml_find(l, t, ']');
    if (close) {
        t.p = close + 1;
        ML_SKIP(&t, " (may be forged)");
    } else {
        t = c;
        if (!ml_word(l, &t, &name) || !ML_STARTS(t, " did not issue ")) return false;
    }
    maillog__sendmail_client(l, ml_slice(c.p, t.p));
    return about_client(l, t) || ml_fail(l, mark);
}

bool maillog__sendmail_session(ml_line *l, ml_cur c)
{
    maillog_field *const mark = ml_mark(l);
    if (ruleset(l, c) || milter(l, c) || starttls(l, c) || auth(l, c) || auth_failure(l, c) || lost(l, c) ||
        timeout(l, c))
        return true;
    ml_fail(l, mark);
    return client_first(l, c);
}
