/* opensmtpd.c: `SESSION smtp|mta|mda [event=]WORD key=value …` of OpenSMTPD 5.9 to 7.7; older ones are in
 * opensmtpd_statements.c. opensmtpd.h says who can write what.
 *
 * The tag is a bare smtpd, which others use too: what is not a statement of OpenSMTPD leaves the daemon unknown. */
#include "opensmtpd.h"

#include "daemons.h"

#define F(NAME) MAILLOG_FIELD_##NAME

/* ---- values ---- */

bool maillog__opensmtpd_hex(ml_cur *c, size_t n, ml_cur *out)
{
    size_t k = 0;
    while (k < ml_len(*c) && ml_is_hex(c->p[k])) k++;
    if (k != n) return false;
    *out = ml_slice(c->p, c->p + n);
    c->p += n;
    return true;
}

ml_cur maillog__opensmtpd_addr(ml_cur v)
{
    if (ml_peek(v) == '[' && ml_last(v) == ']') v = ml_slice(v.p + 1, v.e - 1);
    ML_SKIP(&v, "IPv6:");
    return v;
}

void maillog__opensmtpd_envelope(ml_line *l, ml_cur id)
{
    ml_put(l, F(EVPID), id);
    if (ml_len(id) == 16) ml_put(l, F(QUEUE_ID), ml_slice(id.p, id.p + 8));
}

void maillog__opensmtpd_status(ml_line *l, ml_cur v)
{
    const unsigned word = ML_IS(v, "Ok")         ? MAILLOG_STATUS_SENT
                          : ML_IS(v, "TempFail") ? MAILLOG_STATUS_DEFERRED
                          : ML_IS(v, "PermFail") ? MAILLOG_STATUS_BOUNCED
                                                 : 0;
    ml_put_word(l, F(STATUS), v, word);
}

void maillog__opensmtpd_relay(ml_line *l, ml_cur v)
{
    ml_cur addr;
    if (ml_last(v) == ')' && ML_UNTIL(l, &v, " (", &addr)) {
        v.e--;
        ml_put(l, F(RELAY_ADDR), maillog__opensmtpd_addr(addr));
        ml_put(l, F(RELAY_NAME), v);
    } else if (!ml_empty(v)) {
        ml_put(l, F(RELAY_NAME), v); /* not connected: the domain */
    }
}

static void put_client_addr(ml_line *l, ml_cur v)
{
    v = maillog__opensmtpd_addr(v);
    ml_put(l, ML_IS(v, "local") ? F(CLIENT) : F(CLIENT_ADDR), v);
}

/* smtp://192.0.2.1:25, smtps://[2001:db8::1]:465 */
static void put_next_address(ml_line *l, ml_cur v)
{
    ml_cur scheme, addr;
    if (!ML_UNTIL(l, &v, "://", &scheme)) {
        ml_put(l, F(RELAY_ADDR), maillog__opensmtpd_addr(v));
        return;
    }
    ml_put(l, F(SCHEME), scheme);
    ml_cur t = v;
    if (!ML_UNTIL_LAST(&t, ":", &addr)) {
        addr = v;
        t = ml_none();
    }
    ml_put(l, F(RELAY_ADDR), maillog__opensmtpd_addr(addr));
    ml_put_opt(l, F(RELAY_PORT), t);
}

/* `0` and `-` say that there is none. */
static void put_original(ml_line *l, ml_cur v)
{
    if (!ML_IS(v, "-")) ml_put(l, F(ORIG_TO), v);
}

/* ---- commands that failed ---- */

static const struct {
    const char *text;
    uint16_t field;
    uint8_t word;
} commands[] = {
    {"RCPT TO:", F(TO), MAILLOG_STAGE_RCPT}, {"MAIL FROM:", F(FROM), MAILLOG_STAGE_MAIL},
    {"AUTH", 0, MAILLOG_STAGE_AUTH},         {"HELO", 0, MAILLOG_STAGE_HELO},
    {"EHLO", 0, MAILLOG_STAGE_EHLO},         {"DATA", 0, MAILLOG_STAGE_DATA},
    {"STARTTLS", 0, MAILLOG_STAGE_STARTTLS}, {"VRFY", 0, MAILLOG_STAGE_VRFY},
};

/* Whether the command begins with the word, in letters of any case. */
static bool skip_command(ml_cur *c, const char *word)
{
    const size_t n = strlen(word);
    if (ml_len(*c) < n) return false;
    for (size_t i = 0; i < n; i++)
        if (c->p[i] != word[i] && !(ml_is_lower(c->p[i]) && (c->p[i] & ~0x20) == word[i])) return false;
    c->p += n;
    return true;
}

static void put_stage(ml_line *l, ml_cur command)
{
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        ml_cur t = command, address;
        if (!skip_command(&t, commands[i].text)) continue;
        ml_put_word(l, F(STAGE), ml_slice(command.p, command.p + 4), commands[i].word);
        ml_skip_blanks(&t);
        if (commands[i].field && maillog__angle(l, &t, " ", &address))
            ml_put(l, (maillog_field_id)commands[i].field, address);
        return;
    }
}

void maillog__opensmtpd_failed(ml_line *l, ml_cur command, ml_cur reply)
{
    ml_cur t = reply, code, dsn;
    if (command.p) {
        ml_put(l, F(COMMAND), command);
        put_stage(l, command);
    }
    if (ml_digits(&t, &code) && ml_len(code) == 3 && ml_skip_char(&t, ' ')) {
        ml_put(l, F(CODE), code);
        reply = t;
        if (maillog__dsn(&t, &dsn)) {
            ml_put(l, F(DSN), dsn);
            if (!ML_SKIP(&t, ": ")) ml_skip_char(&t, ' ');
            reply = t;
        }
    }
    ml_put(l, F(REASON), reply);
}

/* ---- key=value ---- */

typedef enum key_kind {
    KEY_PLAIN,
    KEY_CLIENT,
    KEY_NEXT,
    KEY_EVPID,
    KEY_ORIGINAL,
    KEY_RELAY,
    KEY_STATUS,
    KEY_PROTO,
    KEY_SOURCE
} key_kind;

/* `to_end`: nothing follows, the value may hold anything. */
static const struct {
    const char *key;
    uint16_t field;
    uint8_t kind;
    bool to_end;
} keys[] = {
    {"evpid", 0, KEY_EVPID, false},
    {"msgid", F(QUEUE_ID), KEY_PLAIN, false},
    {"from", F(FROM), KEY_PLAIN, false},
    {"to", F(TO), KEY_PLAIN, false},
    {"rcpt", 0, KEY_ORIGINAL, false},
    {"source", 0, KEY_SOURCE, false},
    {"relay", 0, KEY_RELAY, false},
    {"user", F(USER), KEY_PLAIN, false},
    {"method", F(METHOD), KEY_PLAIN, false},
    {"delay", F(QUEUE_TIME), KEY_PLAIN, false},
    {"result", 0, KEY_STATUS, false},
    {"stat", F(REPLY), KEY_PLAIN, true},
    {"size", F(SIZE), KEY_PLAIN, false},
    {"nrcpt", F(NRCPT), KEY_PLAIN, false},
    {"ndest", F(NRCPT), KEY_PLAIN, false},
    {"proto", 0, KEY_PROTO, false},
    {"ciphers", F(TLS), KEY_PLAIN, false},
    {"reason", F(REASON), KEY_PLAIN, true},
    {"messages", F(MESSAGE_COUNT), KEY_PLAIN, false},
    {"fingerprint", F(DIGEST), KEY_PLAIN, false},
    {"address", 0, KEY_CLIENT, false},
    {"host", 0, KEY_CLIENT, false},
};

static bool cut_value(const ml_line *l, ml_cur *c, bool to_end, ml_cur *out)
{
    if (to_end) {
        *out = *c;
        c->p = c->e;
        if (ml_len(*out) > 1 && ml_peek(*out) == '"' && ml_last(*out) == '"') *out = ml_slice(out->p + 1, out->e - 1);
        if (ML_STARTS(*out, "quit messages=")) { /* the one reason that something follows */
            c->p = out->p + 4;
            out->e = c->p;
        }
        return true;
    }
    if (ml_peek(*c) == '<') return maillog__angle(l, c, " ", out);
    if (ml_skip_char(c, '"')) return ml_until(l, c, '"', out);
    if (ml_empty(*c) || ml_peek(*c) == ' ') {
        *out = ml_slice(c->p, c->p);
        return true;
    }
    return ml_word(l, c, out);
}

static void put_value(ml_line *l, size_t i, ml_cur v, bool outgoing, bool delivery)
{
    switch ((key_kind)keys[i].kind) {
    case KEY_EVPID:
        maillog__opensmtpd_envelope(l, v);
        return;
    case KEY_ORIGINAL:
        put_original(l, v);
        return;
    case KEY_SOURCE:
        if (!ML_IS(v, "-")) ml_put(l, F(SOURCE), maillog__opensmtpd_addr(v));
        return;
    case KEY_RELAY:
        maillog__opensmtpd_relay(l, v);
        return;
    case KEY_STATUS:
        if (delivery)
            maillog__opensmtpd_status(l, v);
        else
            ml_put(l, F(RESULT), v);
        return;
    case KEY_PROTO:
        ml_put_word(l, F(PROTO), v, maillog__word(v, MAILLOG_PROTO_SMTP, MAILLOG_PROTO_LMTP));
        return;
    case KEY_CLIENT:
        if (keys[i].key[0] == 'h')
            ml_put(l, outgoing ? F(RELAY_NAME) : F(CLIENT_NAME), v);
        else if (outgoing)
            put_next_address(l, v);
        else
            put_client_addr(l, v);
        return;
    default:
        ml_put(l, (maillog_field_id)keys[i].field, v);
    }
}

static void put_pairs(ml_line *l, ml_cur c, bool outgoing, bool delivery)
{
    enum { KEYS = sizeof keys / sizeof *keys };
    for (ml_skip_blanks(&c); !ml_empty(c); ml_skip_blanks(&c)) {
        const ml_cur item = c;
        ml_cur key, v;
        size_t i = KEYS;
        if (ml_until(l, &c, '=', &key))
            for (i = 0; i < KEYS && !ml_is_n(key, keys[i].key, strlen(keys[i].key)); i++) continue;
        if (i == KEYS || !cut_value(l, &c, keys[i].to_end, &v)) {
            l->ev->flags |= ml_find(l, item, '=') ? 0 : MAILLOG_FLAG_TRUNCATED;
            ml_put_rest(l, item);
            return;
        }
        put_value(l, i, v, outgoing, delivery);
    }
}

/* command="TEXT" result="TEXT": both may hold the client's quotes; where it is not certain which end the command, all
 * of it stays text. */
static bool failed_command(ml_line *l, ml_cur c)
{
    ml_cur command, client;
    if (!ML_UNTIL(l, &c, "command=\"", &client)) return false;
    put_pairs(l, client, false, false); /* 5.9: address=… host=… */
    const ml_cur all = c;
    if (!ML_DROP_END(&c, "\"")) l->ev->flags |= MAILLOG_FLAG_TRUNCATED;
    if (!ML_UNTIL(l, &c, "\" result=\"", &command) || ML_FIND(l, c, "\" result=\"")) {
        l->ev->flags |= MAILLOG_FLAG_AMBIGUOUS;
        ml_put(l, F(TEXT), all);
        return ml_event(l, MAILLOG_EVENT_OPENSMTPD_FAILED_COMMAND);
    }
    maillog__opensmtpd_failed(l, command, c);
    return ml_event(l, MAILLOG_EVENT_OPENSMTPD_FAILED_COMMAND);
}

/* ---- SESSION smtp … ---- */

static const struct {
    const char *text;
    uint16_t event, outgoing; /* of a server; of a client, where it is another one */
} words[] = {
    {"connected", MAILLOG_EVENT_OPENSMTPD_CONNECT, MAILLOG_EVENT_OPENSMTPD_MTA_CONNECTED},
    {"disconnected", MAILLOG_EVENT_OPENSMTPD_DISCONNECT, MAILLOG_EVENT_OPENSMTPD_MTA_DISCONNECTED},
    {"closed", MAILLOG_EVENT_OPENSMTPD_DISCONNECT, MAILLOG_EVENT_OPENSMTPD_MTA_DISCONNECTED},
    {"closing", MAILLOG_EVENT_OPENSMTPD_DISCONNECT, MAILLOG_EVENT_OPENSMTPD_MTA_DISCONNECTED},
    {"message", MAILLOG_EVENT_OPENSMTPD_MESSAGE, 0},
    {"envelope", MAILLOG_EVENT_OPENSMTPD_ENVELOPE, 0},
    {"delivery", MAILLOG_EVENT_OPENSMTPD_DELIVERY, 0},
    {"tls", MAILLOG_EVENT_OPENSMTPD_TLS, 0},
    {"starttls", MAILLOG_EVENT_OPENSMTPD_TLS, 0},
    {"authentication", MAILLOG_EVENT_OPENSMTPD_AUTH, 0},
    {"client-cert-check", MAILLOG_EVENT_OPENSMTPD_CERT_CHECK, 0},
    {"server-cert-check", MAILLOG_EVENT_OPENSMTPD_CERT_CHECK, 0},
    {"cert-check", MAILLOG_EVENT_OPENSMTPD_CERT_CHECK, 0},
    {"connecting", MAILLOG_EVENT_OPENSMTPD_CONNECTING, 0},
    {"error", MAILLOG_EVENT_OPENSMTPD_MTA_ERROR, 0},
    {"host-rejects-all-mails", MAILLOG_EVENT_OPENSMTPD_MTA_ERROR, 0},
    {"proxy", MAILLOG_EVENT_OPENSMTPD_PROXY, 0},
};

static bool bad_input(ml_line *l, ml_cur c)
{
    if (!ML_SKIP(&c, "result=\"")) return false;
    ML_DROP_END(&c, "\"");
    maillog__opensmtpd_failed(l, ml_none(), c);
    return ml_event(l, MAILLOG_EVENT_OPENSMTPD_BAD_INPUT);
}

/* What follows `SESSION smtp `. */
static bool session_event(ml_line *l, ml_cur c, bool outgoing)
{
    ml_cur word;
    ML_SKIP(&c, "event=");
    if (!ml_word(l, &c, &word)) return false;
    ml_skip_blanks(&c);
    if (ML_IS(word, "failed-command")) return failed_command(l, c);
    if (ML_IS(word, "bad-input")) return bad_input(l, c);
    if (ML_IS(word, "ssl_check_name:")) {
        ml_put(l, F(ERROR), c);
        return ml_event(l, MAILLOG_EVENT_OPENSMTPD_MTA_ERROR);
    }
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (!ml_is_n(word, words[i].text, strlen(words[i].text))) continue;
        put_pairs(l, c, outgoing, words[i].event == MAILLOG_EVENT_OPENSMTPD_DELIVERY);
        return ml_event(l, (maillog_event_type)(outgoing && words[i].outgoing ? words[i].outgoing : words[i].event));
    }
    return false;
}

static bool session(ml_line *l, ml_cur c)
{
    ml_cur id;
    if (!maillog__opensmtpd_hex(&c, 16, &id) || !ml_skip_char(&c, ' ')) return false;
    const bool incoming = ML_SKIP(&c, "smtp ");
    if (!incoming && !ML_SKIP(&c, "mta ") && !ML_SKIP(&c, "mda ")) return false;
    ml_put(l, F(SESSION), id);
    if (!session_event(l, c, !incoming)) ml_put_rest(l, c);
    return true;
}

void maillog__opensmtpd(ml_line *l, ml_cur message)
{
    ml_cur c = message;
    maillog_field *const mark = ml_mark(l);
    if (session(l, c) || maillog__opensmtpd_old(l, c)) return;
    ml_fail(l, mark);
    const bool own = ML_STARTS(c, "warn: ") || ML_STARTS(c, "info: ") || ML_STARTS(c, "debug: ");
    const bool sentence = own || ML_STARTS(c, "smtp-") || ML_IS(c, "Exiting");
    maillog__put_severity(l, &c);
    if (sentence && maillog__match_patterns(l, &maillog__opensmtpd_statements, c)) return;
    if (own) {
        ml_put_rest(l, c);
        return;
    }
    ml_not_ours(l, mark, message); /* somebody else's smtpd */
}
