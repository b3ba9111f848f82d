/* sendmail_delivery.c: the two lines of every message:
 *
 *   from=A, size=, class=, nrcpts=[, msgid=][, bodytype=][, proto=][, daemon=][, tls_verify=][, auth=], relay=CLIENT
 *   to=A,A…[ [more]][, ctladdr=A (uid/gid)], delay=[, xdelay=][, mailer=][, pri=][, relay=HOST. [addr]][, dsn=]
 *     [, ntries=][, stage=][, reply=TEXT], stat=TEXT
 *
 * The first is read from both ends, for the Message-ID in its middle is whatever the sender wrote; of `bodytype`, which
 * the client chooses anyway, nobody can tell whether it stood in the Message-ID. The second is read from the left:
 * addresses with their quotes, then what sendmail itself knows, and last what the other server said. */
#include "sendmail.h"

/* ---- from= ---- */

static const struct {
    const char *text;
    uint16_t field;
} tail_keys[] = {
    /* from right to left */
    {", relay=", 0},
    {", auth=", MAILLOG_FIELD_AUTH},
    {", cipher=", MAILLOG_FIELD_CIPHER},
    {", tls_version=", MAILLOG_FIELD_TLS_PROTO},
    {", tls_verify=", MAILLOG_FIELD_VERIFY},
    {", daemon=", MAILLOG_FIELD_LISTENER},
    {", proto=", MAILLOG_FIELD_PROTO},
    {", bodytype=", MAILLOG_FIELD_BODYTYPE},
};
enum { TAIL_KEYS = sizeof tail_keys / sizeof *tail_keys };

/* Cut ` , key=value` off the end, if the last item of the list has that key. */
static bool cut_last(ml_cur *c, const char *key, ml_cur *value)
{
    const size_t n = strlen(key);
    const char *at = maillog__rfind_bytes(*c, ", ", 2);
    if (!at || !ml_starts_n(ml_slice(at, c->e), key, n)) return false;
    *value = ml_slice(at + n, c->e);
    c->e = at;
    return true;
}

static void put_tail(ml_line *l, const ml_cur *value)
{
    for (size_t i = TAIL_KEYS; i-- > 1;) {
        if (!value[i].p) continue;
        const bool proto = tail_keys[i].field == MAILLOG_FIELD_PROTO;
        ml_put_word(l, (maillog_field_id)tail_keys[i].field, value[i],
                    proto ? maillog__word(value[i], MAILLOG_PROTO_SMTP, MAILLOG_PROTO_LMTP) : 0);
    }
    if (value[0].p) maillog__sendmail_client(l, value[0]);
}

/* Without its <>; the closing one may have been cut off. */
static ml_cur bare(ml_cur v)
{
    if (ml_peek(v) == '<') {
        v.p++;
        if (ml_last(v) == '>') v.e--;
    }
    return v;
}

/* Whether one of the words begins at a comma: all are `, ` and a letter, or a comma is the only one. */
static inline bool is_word_at(ml_cur c, const char *const *words)
{
    if (words[0][1] == '\0') return true;
    if (ml_len(c) < 3 || c.p[1] != ' ') return false;
    for (size_t i = 0; words[i]; i++)
        if (c.p[2] == words[i][2] && ml_starts_n(c, words[i], strlen(words[i]))) return true;
    return false;
}

/* The end of a list of addresses: the first of `, ` and one of the words, outside of quotes. NULL: none. A quote that
 * is never closed does not hide what follows. */
static const char *end_of_addresses(ml_cur c, const char *const *words)
{
    for (const char *p = c.p; p < c.e; p++) {
        if (*p == ',' && is_word_at(ml_slice(p, c.e), words)) return p;
        if (*p == '"') {
            const char *const end = maillog__quoted_end(ml_slice(p, c.e));
            if (end) p = end - 1;
        } else if (*p == '\\' && p + 1 < c.e) {
            p++;
        }
    }
    return NULL;
}

/* N, class=N[, pri=N], nrcpts=N */
static void put_numbers(ml_line *l, ml_cur *c)
{
    ml_cur size, class, pri, nrcpt;
    if (ml_decimal(c, &size)) ml_put(l, MAILLOG_FIELD_SIZE, size);
    if (ML_SKIP(c, ", class=") && ml_decimal(c, &class)) ml_put(l, MAILLOG_FIELD_CLASS, class);
    if (ML_SKIP(c, ", pri=") && ml_digits(c, &pri)) ml_put(l, MAILLOG_FIELD_PRI, pri); /* 8.9 */
    if (ML_SKIP(c, ", nrcpts=") && ml_digits(c, &nrcpt)) ml_put(l, MAILLOG_FIELD_NRCPT, nrcpt);
}

static bool sender(ml_line *l, ml_cur c)
{
    static const char *const ends[] = {", size=", NULL};
    ml_cur value[TAIL_KEYS];
    memset(value, 0, sizeof value);
    for (size_t i = 0; i < TAIL_KEYS; i++) {
        cut_last(&c, tail_keys[i].text, &value[i]);
        if (i == 0 && !value[0].p) break;
    }
    const char *end = end_of_addresses(c, ends);
    ml_put(l, MAILLOG_FIELD_FROM, bare(ml_slice(c.p, end ? end : c.e)));
    if (end) {
        c.p = end + strlen(ends[0]);
        put_numbers(l, &c);
        if (ML_SKIP(&c, ", msgid=")) {
            ml_put(l, MAILLOG_FIELD_MESSAGE_ID, c);
            c.p = c.e;
        }
        ml_put_rest(l, c);
    }
    put_tail(l, value);
    return ml_event(l, MAILLOG_EVENT_SENDMAIL_FROM);
}

/* ---- to= ---- */

/* `host. [addr]`, `[addr]`, `local`. */
static void put_next_hop(ml_line *l, ml_cur v)
{
    const char *open = ml_last(v) == ']' ? ml_rfind(v, '[') : NULL;
    ml_cur addr = open ? ml_slice(open + 1, v.e - 1) : ml_none(), name = ml_slice(v.p, open ? open : v.e);
    if (open && ml_last(name) == ' ') name.e--;
    const bool is_name = ml_last(name) == '.' || open;
    if (ml_last(name) == '.') name.e--;
    if (!ml_empty(name) && ml_peek(name) != '[')
        ml_put(l, is_name || ml_find(l, name, '.') ? MAILLOG_FIELD_RELAY_NAME : MAILLOG_FIELD_RELAY, name);
    ML_SKIP(&addr, "IPv6:");
    if (addr.p) ml_put(l, ml_peek(addr) == '/' ? MAILLOG_FIELD_RELAY_PATH : MAILLOG_FIELD_RELAY_ADDR, addr);
}

/* What the sentence means: its beginning, or else the class of the status code. */
static unsigned status_of(ml_cur word, ml_cur dsn, bool answered)
{
    if (ML_IS(word, "Sent") && !answered) return MAILLOG_STATUS_SENT;
    if (ML_IS(word, "Deferred") || ML_IS(word, "queued") || ML_IS(word, "quarantined")) return MAILLOG_STATUS_DEFERRED;
    return ml_peek(dsn) == '4' ? MAILLOG_STATUS_DEFERRED : MAILLOG_STATUS_BOUNCED;
}

/* `Sent (reply)`, `Deferred: reply`, `User unknown`. `answered`: a reply= of an error came before. */
static void put_stat(ml_line *l, ml_cur v, ml_cur dsn, bool answered)
{
    ml_put(l, MAILLOG_FIELD_STAT, v);
    const char *colon = ML_FIND(l, v, ": "), *open = ML_FIND(l, v, " (");
    const bool in_parens = open && !(colon && colon < open);
    const char *end = in_parens ? open : colon ? colon : v.e;
    ml_cur word = ml_slice(v.p, end);
    if (answered && ML_IS(word, "Sent") && dsn.p) word = dsn; /* that was the other server's */
    ml_put_word(l, MAILLOG_FIELD_STATUS, word, status_of(word, dsn, answered));
    if (end == v.e || answered) return;
    ml_cur reply = ml_slice(end + 2, v.e);
    if (in_parens && !ML_DROP_END(&reply, ")")) l->ev->flags |= MAILLOG_FLAG_TRUNCATED;
    ml_put(l, MAILLOG_FIELD_REPLY, reply);
}

/* reply=TEXT, stat=TEXT: both may hold what the other server said. */
static void put_answer(ml_line *l, ml_cur c, ml_cur dsn)
{
    ml_cur reply;
    if (!ML_UNTIL_LAST(&c, ", stat=", &reply)) {
        l->ev->flags |= MAILLOG_FLAG_TRUNCATED;
        ml_put(l, MAILLOG_FIELD_REPLY, c);
        return;
    }
    if (ML_FIND(l, reply, ", stat=")) l->ev->flags |= MAILLOG_FLAG_AMBIGUOUS;
    ml_put(l, MAILLOG_FIELD_REPLY, reply);
    put_stat(l, c, dsn, true);
}

/* `<address> (uid/gid)` */
static void put_controller(ml_line *l, ml_cur v)
{
    ml_cur ids = v, address, uid, gid;
    if (ml_last(v) != ')' || !ML_UNTIL_LAST(&ids, " (", &address) || !ml_digits(&ids, &uid) ||
        !ml_skip_char(&ids, '/') || !ml_digits(&ids, &gid)) {
        ml_put(l, MAILLOG_FIELD_CTLADDR, bare(v));
        return;
    }
    ml_put(l, MAILLOG_FIELD_CTLADDR, bare(address));
    ml_put(l, MAILLOG_FIELD_UID, uid);
    ml_put(l, MAILLOG_FIELD_GID, gid);
}

/* The items behind the addresses; values of sendmail's own have no commas. */
static void put_items(ml_line *l, ml_cur c)
{
    static const struct {
        const char *key;
        uint16_t field;
    } rows[] = {
        {"delay=", MAILLOG_FIELD_DELAY_HMS}, {"xdelay=", MAILLOG_FIELD_XDELAY},
        {"mailer=", MAILLOG_FIELD_MAILER},   {"tls_verify=", MAILLOG_FIELD_VERIFY},
        {"pri=", MAILLOG_FIELD_PRI},         {"dsn=", MAILLOG_FIELD_DSN},
        {"ntries=", MAILLOG_FIELD_ATTEMPTS}, {"stage=", MAILLOG_FIELD_STAGE},
        {"cipher=", MAILLOG_FIELD_CIPHER},   {"tls_version=", MAILLOG_FIELD_TLS_PROTO},
        {"quarantine=", MAILLOG_FIELD_TEXT},
    };
    enum { ROWS = sizeof rows / sizeof *rows };
    ml_cur dsn = ml_none(), v;
    for (ml_cur item = c; !ml_empty(c); item = c) {
        if (ML_SKIP(&c, "stat=")) {
            put_stat(l, c, dsn, false);
            return;
        }
        if (ML_SKIP(&c, "reply=")) {
            put_answer(l, c, dsn);
            return;
        }
        const char *end = ML_FIND(l, c, ", ");
        v = ml_slice(c.p, end ? end : c.e);
        c.p = end ? end + 2 : c.e;
        if (ML_SKIP(&v, "relay=")) {
            put_next_hop(l, v);
            continue;
        }
        size_t i = 0;
        while (i < ROWS && !ml_skip_n(&v, rows[i].key, strlen(rows[i].key))) i++;
        if (i == ROWS) { /* cut, or new */
            if (!ml_find(l, v, '=')) l->ev->flags |= MAILLOG_FLAG_TRUNCATED;
            ml_put_rest(l, item);
            return;
        }
        ml_put(l, (maillog_field_id)rows[i].field, v);
        if (rows[i].field == MAILLOG_FIELD_DSN) dsn = v;
    }
    l->ev->flags |= MAILLOG_FLAG_TRUNCATED; /* stat= is always there */
}

/* One address, or several: `<a>,<b>`. `[more]`: the rest stands in the next line. */
static void put_recipients(ml_line *l, ml_cur v)
{
    static const char *const separators[] = {",", NULL};
    if (ML_DROP_END(&v, " [more]")) ml_put(l, MAILLOG_FIELD_PART, ml_slice(v.e + 2, v.e + 6));
    ML_DROP_END(&v, ",");
    const bool several = end_of_addresses(v, separators) != NULL;
    ml_put(l, several ? MAILLOG_FIELD_RECIPIENTS : MAILLOG_FIELD_TO, several ? v : bare(v));
}

static bool recipient(ml_line *l, ml_cur c)
{
    static const char *const ends[] = {", ctladdr=", ", delay=", NULL}, *const delay[] = {", delay=", NULL};
    const char *end = end_of_addresses(c, ends);
    put_recipients(l, ml_slice(c.p, end ? end : c.e));
    if (!end) return ml_event(l, MAILLOG_EVENT_SENDMAIL_TO);
    c.p = end + 2;
    if (ML_SKIP(&c, "ctladdr=")) {
        end = end_of_addresses(c, delay);
        put_controller(l, ml_slice(c.p, end ? end : c.e));
        c.p = end ? end + 2 : c.e;
    }
    put_items(l, c);
    return ml_event(l, MAILLOG_EVENT_SENDMAIL_TO);
}

/* size= or msgid=, ctladdr=, delay= or stat= that stand alone, where the syslog buffer is short. */
static bool single(ml_line *l, ml_cur c)
{
    static const char *const keys[] = {"delay=", "stat=", "relay="};
    if (ML_SKIP(&c, "msgid=")) {
        ml_put(l, MAILLOG_FIELD_MESSAGE_ID, c);
        return ml_event(l, MAILLOG_EVENT_SENDMAIL_FROM);
    }
    if (ML_SKIP(&c, "size=")) {
        put_numbers(l, &c);
        ml_put_rest(l, c);
        return ml_event(l, MAILLOG_EVENT_SENDMAIL_FROM);
    }
    if (ML_SKIP(&c, "ctladdr=")) {
        put_controller(l, c);
        return ml_event(l, MAILLOG_EVENT_SENDMAIL_TO);
    }
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        if (!ml_starts_n(c, keys[i], strlen(keys[i]))) continue;
        const uint32_t flags = l->ev->flags;
        put_items(l, c);
        if (i != 1) l->ev->flags = flags;
        return ml_event(l, MAILLOG_EVENT_SENDMAIL_TO);
    }
    return false;
}

bool maillog__sendmail_delivery(ml_line *l, ml_cur c)
{
    if (ML_SKIP(&c, "from=")) return sender(l, c);
    if (ML_SKIP(&c, "to=")) return recipient(l, c);
    return single(l, c);
}
