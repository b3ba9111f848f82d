/* exim_fields.c: hosts and ` KEY=value` of Exim's log lines. */
#include "exim.h"

/* `[ADDR][:PORT]` with the cursor on the '['. */
static bool address(ml_cur *c, ml_cur *addr, ml_cur *port)
{
    ml_cur t = *c;
    if (!ml_skip_char(&t, '[')) return false;
    const char *first = t.p;
    while (!ml_empty(t) && (ml_is_hex(*t.p) || *t.p == '.' || *t.p == ':' || *t.p == '%')) t.p++;
    *addr = ml_slice(first, t.p);
    if (ml_empty(*addr) || !ml_skip_char(&t, ']')) return false;
    *port = ml_none();
    ml_cur p = t;
    if (ml_skip_char(&p, ':') && ml_digits(&p, port)) t = p;
    *c = t;
    return true;
}

/* `(HELO) [ADDR]`. Another address in a second `) [ADDR]` may be the client's, if helo_accept_junk_hosts let in a HELO
 * with the first, or stand in text that follows: nobody can say, so none is taken. */
static bool helo_and_address(ml_line *l, ml_cur *c, ml_exim_host *h)
{
    ml_cur t = *c, before, addr, port;
    bool found = false;
    if (!ml_skip_char(&t, '(')) return false;
    const char *first = t.p;
    while (ML_UNTIL(l, &t, ") [", &before)) {
        t.p--;
        if (!address(&t, &addr, &port)) continue;
        if (found && ml_eq(addr, h->addr)) continue;
        if (found) {
            l->ev->flags |= MAILLOG_FLAG_AMBIGUOUS;
            return false;
        }
        found = true;
        h->helo = ml_slice(first, before.e);
        h->addr = addr;
        h->port = port;
        c->p = t.p;
    }
    return found;
}

bool maillog__exim_host(ml_line *l, ml_cur *c, ml_exim_host *h)
{
    ml_cur t = *c;
    h->name = h->helo = h->addr = h->port = ml_none();
    if (ml_peek(t) == '(' || address(&t, &h->addr, &h->port)) {
        if (ml_peek(*c) == '(' && !helo_and_address(l, &t, h)) return false;
        *c = t;
        return true;
    }
    if (!ml_word(l, &t, &h->name) || !ml_skip_char(&t, ' ')) return false;
    ML_SKIP(&t, "DS "); /* the name was looked up with DNSSEC */
    if (!address(&t, &h->addr, &h->port) && !helo_and_address(l, &t, h)) return false;
    *c = t;
    return true;
}

void maillog__exim_put_client(ml_line *l, const ml_exim_host *h)
{
    ml_put_opt(l, MAILLOG_FIELD_CLIENT_NAME, h->name);
    ml_put_opt(l, MAILLOG_FIELD_HELO, h->helo);
    ml_put(l, MAILLOG_FIELD_CLIENT_ADDR, h->addr);
    ml_put_opt(l, MAILLOG_FIELD_CLIENT_PORT, h->port);
}

void maillog__exim_put_relay(ml_line *l, const ml_exim_host *h)
{
    ml_put_opt(l, MAILLOG_FIELD_RELAY_NAME, h->name.p ? h->name : h->helo);
    ml_put(l, MAILLOG_FIELD_RELAY_ADDR, h->addr);
    ml_put_opt(l, MAILLOG_FIELD_RELAY_PORT, h->port);
}

/* ---- values ---- */

/* `"…"` with backslash escapes, given without the quotes; an entry that was cut has no closing one. */
static ml_cur quoted(ml_cur *c)
{
    const char *first = ++c->p;
    while (!ml_empty(*c) && *c->p != '"') ml_advance(c, *c->p == '\\' ? 2 : 1);
    const ml_cur v = ml_slice(first, c->p);
    ml_skip_char(c, '"');
    return v;
}

/* Whether ` KEY=` or the end of the fields stands here. */
static bool at_next_field(ml_cur c)
{
    if (ml_empty(c) || ML_IS(c, ":") || ML_STARTS(c, ": ")) return true;
    if (!ml_skip_char(&c, ' ')) return false;
    size_t n = 0;
    while (n < 5 && (ml_is_alnum(ml_at(c, n)) || ml_at(c, n) == '*')) n++;
    return n > 0 && (ml_at(c, n) == '=' || (n <= 4 && (ml_at(c, n) == ' ' || ml_at(c, n) == '\0')));
}

/* DN="…": not escaped; ends at the first quote that a field, a colon or the end follows. */
static ml_cur distinguished_name(const ml_line *l, ml_cur *c)
{
    ml_cur t = ml_slice(c->p + 1, c->e), v;
    const char *first = t.p;
    while (ml_until(l, &t, '"', &v)) {
        if (!at_next_field(t)) continue;
        c->p = t.p;
        return ml_slice(first, v.e);
    }
    c->p = c->e;
    return ml_slice(first, c->e);
}

/* Whether the line ends here, or goes on with ` KEY=` or recipients: not with the text that a colon leads to. */
static bool at_key(ml_cur c)
{
    size_t n = 1;
    if (ml_empty(c) || ML_STARTS(c, " for ") || ML_STARTS(c, " from ")) return true;
    while (ml_is_alnum(ml_at(c, n))) n++;
    return ml_peek(c) == ' ' && n > 1 && ml_at(c, n) == '=';
}

/* Up to a blank; a quoted local part may hold blanks. A colon before a blank belongs to what follows. */
static ml_cur bare(const ml_line *l, ml_cur *c)
{
    const char *first = c->p;
    if (ml_peek(*c) == '"') quoted(c);
    const char *end = ml_find(l, *c, ' ');
    c->p = end ? end : c->e;
    if (c->p > first && c->p[-1] == ':' && !at_key(*c)) c->p--;
    return ml_slice(first, c->p);
}

/* `[ADDR]:PORT` or a word. */
static void put_interface(ml_line *l, ml_cur *c, maillog_field_id addr_id, maillog_field_id port_id)
{
    ml_cur addr, port;
    if (!address(c, &addr, &port)) {
        ml_put(l, addr_id, bare(l, c));
        return;
    }
    ml_put(l, addr_id, addr);
    ml_put_opt(l, port_id, port);
}

/* A=authenticator[:user[:sender]] */
static void put_auth(ml_line *l, ml_cur *c)
{
    ml_cur auth = bare(l, c), name;
    ml_put(l, MAILLOG_FIELD_AUTH, auth);
    if (!ml_until(l, &auth, ':', &name)) return;
    const char *sender = ml_find(l, auth, ':');
    ml_put(l, MAILLOG_FIELD_SASL_USERNAME, ml_slice(auth.p, sender ? sender : auth.e));
}

static void put_host(ml_line *l, ml_cur *c, ml_exim_side side)
{
    ml_exim_host h;
    if (!maillog__exim_host(l, c, &h)) {
        if (l->ev->flags & MAILLOG_FLAG_AMBIGUOUS) {
            ml_put_rest(l, *c);
            c->p = c->e;
            return;
        }
        ml_put(l, side == ML_EXIM_DELIVERED ? MAILLOG_FIELD_RELAY_NAME : MAILLOG_FIELD_CLIENT_NAME, bare(l, c));
    } else if (side == ML_EXIM_DELIVERED) {
        maillog__exim_put_relay(l, &h);
        ml_skip_char(c, '*'); /* not the first message over this connection */
    } else {
        maillog__exim_put_client(l, &h);
    }
}

typedef enum value_kind { BARE, QUOTED, ANGLE, NAME, INTERFACE, PROXY, AUTH, HOST } value_kind;

typedef struct key_row {
    uint64_t key;
    uint8_t kind;
    uint16_t received, delivered; /* fields, by side; 0: not there */
} key_row;

#define BOTH(NAME) MAILLOG_FIELD_##NAME, MAILLOG_FIELD_##NAME
/* In the order of the keys; of the same ones, those before the last fit some values only. */
static const key_row keys[] = {
    {ML_KEY("A", 0), AUTH, BOTH(AUTH)},
    {ML_KEY("C", 0), QUOTED, BOTH(REPLY)},
    {ML_KEY("C", 0), BARE, BOTH(COMMANDS)},
    {ML_KEY("CV", 0), BARE, BOTH(CV)},
    {ML_KEY("D", 0), BARE, BOTH(DURATION)},
    {ML_KEY("DKIM", 0), BARE, BOTH(DKIM)},
    {ML_KEY("DN", 0), NAME, BOTH(DN)},
    {ML_KEY("DT", 0), BARE, BOTH(DELIVERY_TIME)},
    {ML_KEY("F", 0), ANGLE, BOTH(FROM)},
    {ML_KEY("H", 0), HOST, 0, 0},
    {ML_KEY("I", 0), INTERFACE, 0, 0},
    {ML_KEY("M8S", 0), BARE, BOTH(BODY_8BIT)},
    {ML_KEY("P", 0), ANGLE, BOTH(RETURN_PATH)},
    {ML_KEY("P", 0), BARE, MAILLOG_FIELD_PROTO, 0},
    {ML_KEY("PRX", 0), PROXY, 0, 0},
    {ML_KEY("Q", 0), BARE, BOTH(QUEUE)},
    {ML_KEY("QT", 0), BARE, BOTH(QUEUE_TIME)},
    {ML_KEY("R", 0), BARE, MAILLOG_FIELD_REF, MAILLOG_FIELD_ROUTER},
    {ML_KEY("RT", 0), BARE, BOTH(RECEPTION_TIME)},
    {ML_KEY("S", 0), BARE, BOTH(SIZE)},
    {ML_KEY("SNI", 0), QUOTED, BOTH(SNI)},
    {ML_KEY("SNI", 0), BARE, BOTH(SNI)},
    {ML_KEY("SRS", 0), ANGLE, BOTH(REWRITTEN)},
    {ML_KEY("ST", 0), BARE, BOTH(SHADOW_TRANSPORT)},
    {ML_KEY("T", 0), BARE, 0, MAILLOG_FIELD_TRANSPORT},
    {ML_KEY("T", 0), QUOTED, MAILLOG_FIELD_SUBJECT, 0},
    {ML_KEY("U", 0), BARE, BOTH(USER)},
    {ML_KEY("X", 0), BARE, BOTH(TLS)},
    {ML_KEY("id", 0), BARE, MAILLOG_FIELD_MESSAGE_ID, 0},
    {ML_KEY("id*", 0), BARE, MAILLOG_FIELD_MESSAGE_ID, 0},
};

static bool fits(const key_row *row, char first, ml_exim_side side)
{
    switch (row->kind) {
    case QUOTED:
    case NAME:
        if (first != '"') return false;
        break;
    case ANGLE:
        if (first != '<') return false;
        break;
    case HOST:
    case INTERFACE:
    case PROXY:
        return true;
    default:
        break;
    }
    return (side == ML_EXIM_DELIVERED ? row->delivered : row->received) != 0;
}

static const key_row *find_key(uint64_t key, char first, ml_exim_side side)
{
    enum { KEYS = sizeof keys / sizeof *keys };
    for (size_t i = maillog__rows_before(keys, sizeof *keys, KEYS, key); i < KEYS && keys[i].key == key; i++)
        if (fits(&keys[i], first, side)) return &keys[i];
    return NULL;
}

static bool put_value(ml_line *l, const key_row *row, ml_cur *c, ml_exim_side side)
{
    const maillog_field_id id = (maillog_field_id)(side == ML_EXIM_DELIVERED ? row->delivered : row->received);
    ml_cur v;
    switch (row->kind) {
    case HOST:
        put_host(l, c, side);
        return true;
    case INTERFACE:
        put_interface(l, c, MAILLOG_FIELD_LISTEN_ADDR, MAILLOG_FIELD_LPORT);
        return true;
    case PROXY:
        put_interface(l, c, MAILLOG_FIELD_PROXY_ADDR, MAILLOG_FIELD_PROXY_PORT);
        return true;
    case AUTH:
        put_auth(l, c);
        return true;
    case ANGLE:
        if (!maillog__angle(l, c, " ", &v)) return false;
        break;
    case QUOTED:
        v = quoted(c);
        break;
    case NAME:
        v = distinguished_name(l, c);
        break;
    default:
        v = bare(l, c);
        break;
    }
    ml_put(l, id, v);
    return true;
}

/* Words that say how a connection was used: they carry no value. */
static bool skip_flag(ml_cur *c)
{
    static const char flags[][7] = {"L",    "L-", "L*",  "L.",   "L*-",   "L.-", "K",
                                    "PRDR", "DS", "TFO", "TFO*", "TFO**", "ARC", "*"};
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++) {
        ml_cur t = *c;
        if (!ml_skip_n(&t, flags[i], strlen(flags[i])) || (!ml_empty(t) && *t.p != ' ')) continue;
        *c = t;
        return true;
    }
    return false;
}

static bool field(ml_line *l, ml_cur *c, ml_exim_side side)
{
    ml_cur t = *c;
    if (!ml_skip_char(&t, ' ')) return false;
    const char *p = t.p;
    while (p < t.e && p - t.p < 5 && (ml_is_alnum(*p) || *p == '*')) p++;
    if (p == t.e || *p != '=' || p == t.p) {
        if (!skip_flag(&t)) return false;
        *c = t;
        return true;
    }
    const ml_cur key = ml_slice(t.p, p);
    t.p = p + 1;
    const key_row *row = find_key(ml_key(l, key), ml_peek(t), side);
    if (!row || !put_value(l, row, &t, side)) return false;
    *c = t;
    return true;
}

void maillog__exim_fields(ml_line *l, ml_cur *c, ml_exim_side side)
{
    enum { KEYS_MAX = 20 }; /* more than Exim writes at most; what stands behind them is text */
    for (int n = 0; n < KEYS_MAX && field(l, c, side); n++) {
    }
}
