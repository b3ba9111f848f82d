/* opensmtpd_statements.c: what OpenSMTPD 5.3 to 5.7 wrote as sentences, and what all versions say with few values:
 *
 *   smtp-in: Accepted message ID on session S: from=<A>, to=<A>, size=N, ndest=N, proto=P
 *   smtp-in: Failed command on session S: "COMMAND" => REPLY
 *   relay: Ok for EVPID: session=S, from=<A>, to=<A>, rcpt=<A>, source=A, relay=A (H), delay=T, stat=REPLY
 *   delivery: Ok for EVPID: from=<A>, to=<A>, rcpt=<A>, user=U, method=M, delay=T, stat=TEXT
 *
 * Addresses have neither blanks nor commas; command and stat are as the other side wrote them. */
#include "opensmtpd.h"

#define E(NAME) MAILLOG_EVENT_OPENSMTPD_##NAME
#define F(NAME) MAILLOG_FIELD_##NAME

ML_PATTERN_ROWS(maillog__opensmtpd_statements) = {
    {E(START), {F(SOFTWARE), F(VERSION)}, ML_TEXT("%w %w starting")},
    {E(PAUSE), {F(NAME)}, ML_TEXT("%w paused")},
    {E(PAUSE), {F(NAME)}, ML_TEXT("%w resumed")},
    {E(BOUNCE),
     {F(ERROR), F(QUEUE_ID), F(TO), F(COUNT), F(REASON)},
     ML_TEXT("%w injecting failure report on message %w to %a for %d envelope: %s")},
    {E(BOUNCE),
     {F(ERROR), F(QUEUE_ID), F(TO), F(COUNT), F(REASON)},
     ML_TEXT("%w injecting failure report on message %w to %a for %d envelopes: %s")},
    {E(FILE_ERROR), {F(PATH), F(UID)}, ML_TEXT("%s: not owned by uid %d")},
    {E(FILE_ERROR), {F(PATH), F(TEXT)}, ML_TEXT("%s: insecure permissions: %s")},
    {E(LIMIT), {F(TEXT)}, ML_TEXT("Disabling incoming SMTP connections%s")},
    {E(STOP), {0}, ML_TEXT("Exiting")},
    {E(MTA_ERROR), {F(REASON)}, ML_TEXT("Failed to parse smarthost %s")},
    {E(TABLE), {F(TABLE)}, ML_TEXT("Failed to update table \"%S\"")},
    {E(TABLE_ERROR), {F(TABLE)}, ML_TEXT("Lookup table not found: \"%S\"")},
    {E(TABLE), {F(TABLE)}, ML_TEXT("Table \"%S\" successfully updated")},
    {E(TABLE_ERROR), {F(TABLE)}, ML_TEXT("cannot find user table %s")},
    {E(TABLE_ERROR), {F(TABLE), F(KEY)}, ML_TEXT("credentials lookup fail for %w:%s")},
    {E(TABLE_ERROR), {F(TABLE), F(KEY)}, ML_TEXT("credentials not found for %w:%s")},
    {E(TABLE_ERROR), {F(TABLE)}, ML_TEXT("credentials table %w missing")},
    {E(LIMIT), {0}, ML_TEXT("ctl client limit hit, disabling new connections")},
    {E(STOP), {0}, ML_TEXT("exiting")},
    {E(TABLE_ERROR), {F(TABLE), F(KEY)}, ML_TEXT("failure during helo lookup %w:%s")},
    {E(TABLE_ERROR), {F(TABLE), F(KEY)}, ML_TEXT("failure during userinfo lookup %w:%s")},
    {E(FORWARD), {F(TEXT)}, ML_TEXT("forward file %s")},
    {E(LIMIT), {0}, ML_TEXT("loop detected")},
    {E(CHILD), {F(NAME), F(REASON)}, ML_TEXT("lost child: %w %s")},
    {E(CHILD), {F(NAME), F(REASON)}, ML_TEXT("lost processor: %w %s")},
    {E(MDA_ERROR), {F(TEXT)}, ML_TEXT("mda: %s")},
    {E(FILE_ERROR), {F(TEXT)}, ML_TEXT("parent_forward_open: %s")},
    {E(FORWARD), {F(TEXT)}, ML_TEXT("parse error in forward file%s")},
    {E(QUEUE_ERROR), {F(TEXT)}, ML_TEXT("queue-fs: %s")},
    {E(QUEUE_ERROR), {F(TEXT)}, ML_TEXT("queue: %s")},
    {E(LIMIT), {0}, ML_TEXT("re-enabling ctl connections")},
    {E(QUEUE_ERROR), {F(TEXT)}, ML_TEXT("scheduler: %s")},
    {E(TABLE_ERROR), {F(TABLE)}, ML_TEXT("smarthost table %w missing")},
    {E(AUTH), {F(USER), F(SESSION)}, ML_TEXT("smtp-in: Accepted authentication for user %w on session %w")},
    {E(AUTH_FAIL), {F(USER), F(SESSION)}, ML_TEXT("smtp-in: Authentication failed for user %w on session %w")},
    {E(AUTH_FAIL),
     {F(USER), F(SESSION)},
     ML_TEXT("smtp-in: Authentication temporarily failed for user %w on session %w")},
    {E(BAD_INPUT), {F(SESSION), F(REASON)}, ML_TEXT("smtp-in: Bad input on session %w: %s")},
    {E(CERT_CHECK), {F(RESULT), F(SESSION)}, ML_TEXT("smtp-in: Client certificate verification %w on session %w")},
    {E(DISCONNECT), {F(SESSION)}, ML_TEXT("smtp-in: Closing session %w")},
    {E(DISCONNECT), {F(SESSION), F(REASON)}, ML_TEXT("smtp-in: Disconnecting session %w: %s")},
    {E(DISCONNECT), {F(SESSION), F(REASON)}, ML_TEXT("smtp-in: IO error on session %w: %s")},
    {E(CONNECT), {F(SESSION), F(CLIENT_NAME), F(CLIENT_ADDR)}, ML_TEXT("smtp-in: New session %w from host %w [%w]")},
    {E(CONNECT), {F(SESSION), F(CLIENT)}, ML_TEXT("smtp-in: New session %w from host %s")},
    {E(DISCONNECT), {F(SESSION)}, ML_TEXT("smtp-in: Received disconnect from session %w")},
    {E(TLS),
     {F(SESSION), F(TLS_PROTO), F(CIPHER), F(BITS)},
     ML_TEXT("smtp-in: Started TLS on session %w: version=%w, cipher=%w, bits=%w")},
    {E(DISCONNECT), {F(SESSION)}, ML_TEXT("smtp-in: Timeout on session %w")},
    {E(ROUTE), {F(ROUTE)}, ML_TEXT("smtp-out: Address family mismatch on %s")},
    {E(MTA_DISCONNECTED), {F(SESSION), F(MESSAGE_COUNT)}, ML_TEXT("smtp-out: Closing session %w: %d message sent.")},
    {E(MTA_DISCONNECTED), {F(SESSION), F(MESSAGE_COUNT)}, ML_TEXT("smtp-out: Closing session %w: %d messages sent.")},
    {E(MTA_CONNECTED), {F(SESSION)}, ML_TEXT("smtp-out: Connected on session %w")},
    {E(MTA_CONNECTED), {F(SESSION)}, ML_TEXT("smtp-out: Connected on session %w...")},
    {E(ROUTE), {F(ROUTE), F(DURATION)}, ML_TEXT("smtp-out: Disabling route %S for %s")},
    {E(ROUTE), {F(ROUTE)}, ML_TEXT("smtp-out: Enabling route %s per admin request")},
    {E(ROUTE), {F(ROUTE)}, ML_TEXT("smtp-out: Enabling route %s")},
    {E(ROUTE), {F(ROUTE), F(REASON)}, ML_TEXT("smtp-out: Error on %s: %s")},
    {E(MTA_ERROR), {F(SESSION), F(REASON)}, ML_TEXT("smtp-out: Error on session %w: %s")},
    {E(MTA_ERROR),
     {F(SESSION), F(MESSAGE_COUNT), F(REASON)},
     ML_TEXT("smtp-out: Error on session %w after %d message sent: %s")},
    {E(MTA_ERROR),
     {F(SESSION), F(MESSAGE_COUNT), F(REASON)},
     ML_TEXT("smtp-out: Error on session %w after %d messages sent: %s")},
    {E(ROUTE), {F(ROUTE), F(REASON)}, ML_TEXT("smtp-out: Failed to resolve MX for %s: %s")},
    {E(ROUTE), {F(ROUTE)}, ML_TEXT("smtp-out: No MX found for %s")},
    {E(ROUTE), {F(ROUTE)}, ML_TEXT("smtp-out: No valid route for %s")},
    {E(CERT_CHECK), {F(RESULT), F(SESSION)}, ML_TEXT("smtp-out: Server certificate verification %w on session %w")},
    {E(TLS),
     {F(SESSION), F(TLS_PROTO), F(CIPHER), F(BITS)},
     ML_TEXT("smtp-out: Started TLS on session %w: version=%w, cipher=%w, bits=%w")},
    {E(ROUTE), {F(ROUTE), F(REASON)}, ML_TEXT("smtp-out: Too many errors on %s: %s")},
    {E(ROUTE), {F(ROUTE), F(REASON)}, ML_TEXT("smtp-out: back to lowat on %s: %s")},
    {E(ROUTE), {F(ROUTE), F(REASON)}, ML_TEXT("smtp-out: hiwat reached on %s: %s")},
    {E(LIMIT), {F(TEXT)}, ML_TEXT("smtp: fd exhaustion over, %s")},
    {E(FILE_ERROR), {F(PATH)}, ML_TEXT("smtpd: %s: unsecure file")},
    {E(FILE_ERROR), {F(TEXT)}, ML_TEXT("smtpd: %s")},
    {E(TABLE_ERROR), {F(TABLE)}, ML_TEXT("source address table %w missing")},
    {E(TABLE_ERROR), {F(TEXT)}, ML_TEXT("table-proc: %s")},
    {E(LIMIT), {F(UID)}, ML_TEXT("too many connections to control socket from user with uid %d")},
    {E(TABLE_ERROR), {F(TABLE), F(KEY)}, ML_TEXT("user credentials lookup fail for %w:%s")},
};
ML_PATTERN_TABLE(maillog__opensmtpd_statements);

/* ---- from=<A>, to=<A>, … ---- */

static void put_old_value(ml_line *l, ml_cur key, ml_cur v)
{
    static const struct {
        const char *key;
        uint16_t field;
    } rows[] = {
        {"session", F(SESSION)},  {"from", F(FROM)}, {"to", F(TO)},       {"rcpt", F(ORIG_TO)}, {"source", F(SOURCE)},
        {"user", F(USER)},        {"size", F(SIZE)}, {"ndest", F(NRCPT)}, {"nrcpts", F(NRCPT)}, {"method", F(METHOD)},
        {"delay", F(QUEUE_TIME)},
    };
    if (ml_peek(v) == '<' && ml_last(v) == '>') v = ml_slice(v.p + 1, v.e - 1);
    if (ML_IS(key, "relay")) {
        maillog__opensmtpd_relay(l, v);
        return;
    }
    if (ML_IS(key, "proto")) {
        ml_put_word(l, F(PROTO), v, maillog__word(v, MAILLOG_PROTO_SMTP, MAILLOG_PROTO_LMTP));
        return;
    }
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (!ml_is_n(key, rows[i].key, strlen(rows[i].key))) continue;
        if (rows[i].field != F(ORIG_TO) || !ML_IS(v, "-")) ml_put(l, (maillog_field_id)rows[i].field, v);
        return;
    }
    ml_put_rest(l, v);
}

static void put_old_pairs(ml_line *l, ml_cur c)
{
    while (!ml_empty(c)) {
        if (ML_SKIP(&c, "stat=")) {
            ml_put(l, F(REPLY), c);
            return;
        }
        ml_cur item, key;
        if (!ML_UNTIL(l, &c, ", ", &item)) {
            item = c;
            c.p = c.e;
        }
        if (!ml_until(l, &item, '=', &key)) {
            ml_put_rest(l, item);
            return;
        }
        put_old_value(l, key, item);
    }
}

/* `relay: Ok for EVPID: …`, `delivery: PermFail for EVPID: …` */
static bool delivery(ml_line *l, ml_cur c)
{
    ml_cur status, id;
    if (!ML_SKIP(&c, "relay: ") && !ML_SKIP(&c, "delivery: ")) return false;
    if (!ml_word(l, &c, &status) || !ML_SKIP(&c, " for ") || !maillog__opensmtpd_hex(&c, 16, &id) || !ML_SKIP(&c, ": "))
        return false;
    maillog__opensmtpd_envelope(l, id);
    put_old_pairs(l, c);
    maillog__opensmtpd_status(l, status);
    return ml_event(l, E(DELIVERY));
}

static bool message(ml_line *l, ml_cur c)
{
    ml_cur id, session;
    if (!ML_SKIP(&c, "smtp-in: Accepted message ") || !maillog__opensmtpd_hex(&c, 8, &id) ||
        !ML_SKIP(&c, " on session ") || !maillog__opensmtpd_hex(&c, 16, &session) || !ML_SKIP(&c, ": "))
        return false;
    ml_put(l, F(QUEUE_ID), id);
    ml_put(l, F(SESSION), session);
    put_old_pairs(l, c);
    return ml_event(l, E(MESSAGE));
}

static bool failed(ml_line *l, ml_cur c)
{
    ml_cur session, command;
    if (!ML_SKIP(&c, "smtp-in: Failed command on session ") || !maillog__opensmtpd_hex(&c, 16, &session) ||
        !ML_SKIP(&c, ": \""))
        return false;
    const ml_cur all = c;
    ml_put(l, F(SESSION), session);
    if (!ML_UNTIL(l, &c, "\" => ", &command) || ML_FIND(l, c, "\" => ")) {
        l->ev->flags |= MAILLOG_FLAG_AMBIGUOUS;
        ml_put(l, F(TEXT), all);
        return ml_event(l, E(FAILED_COMMAND));
    }
    maillog__opensmtpd_failed(l, command, c);
    return ml_event(l, E(FAILED_COMMAND));
}

/* `smtp-out: Connecting to smtp://192.0.2.1:25 (host) on session S...` */
static bool connecting(ml_line *l, ml_cur c)
{
    ml_cur address, name;
    if (!ML_SKIP(&c, "smtp-out: Connecting to ") || !ML_UNTIL(l, &c, " (", &address) ||
        !ML_UNTIL(l, &c, ") on session ", &name))
        return false;
    ML_DROP_END(&c, "...");
    ml_cur scheme, addr, t = address;
    ml_put(l, F(SESSION), c);
    if (ML_UNTIL(l, &t, "://", &scheme)) {
        ml_put(l, F(SCHEME), scheme);
        address = t;
    }
    if (ML_UNTIL_LAST(&address, ":", &addr)) {
        ml_put(l, F(RELAY_ADDR), maillog__opensmtpd_addr(addr));
        ml_put(l, F(RELAY_PORT), address);
    } else {
        ml_put(l, F(RELAY_ADDR), maillog__opensmtpd_addr(address));
    }
    ml_put(l, F(RELAY_NAME), name);
    return ml_event(l, E(CONNECTING));
}

bool maillog__opensmtpd_old(ml_line *l, ml_cur c)
{
    maillog_field *const mark = ml_mark(l);
    if (delivery(l, c) || message(l, c) || failed(l, c)) return true;
    ml_fail(l, mark);
    return connecting(l, c);
}
