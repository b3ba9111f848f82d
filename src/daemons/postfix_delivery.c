/* postfix_delivery.c: `to=<…>, relay=…, delay=…, delays=a/b/c/d, dsn=…, status=… (…)` of all delivery agents, the queue
 * manager, bounce and cleanup: log_adhoc.c, smtp_trouble.c of Postfix 2.3 to 3.11.
 * Remote-controlled: to and orig_to (quoted in the external form), and all of the text in the last parentheses. */
#include "postfix.h"

static void put_delays(ml_line *l, ml_cur v)
{
    static const uint16_t part[] = {MAILLOG_FIELD_DELAY_BEFORE_QMGR, MAILLOG_FIELD_DELAY_IN_QMGR,
                                    MAILLOG_FIELD_DELAY_CONN_SETUP, MAILLOG_FIELD_DELAY_TRANSMISSION};
    ml_cur time;
    for (size_t i = 0; i < 3; i++) {
        if (!ml_until(l, &v, '/', &time)) return; /* cut */
        ml_put(l, (maillog_field_id)part[i], time);
    }
    ml_put(l, (maillog_field_id)part[3], v);
}

/* host[addr]:port, host[path], or one word: none, local, virtual, a transport. */
static void put_relay(ml_line *l, ml_cur v)
{
    ml_cur t = v;
    maillog_field *const mark = ml_mark(l);
    if (ml_last(v) == ']' || ml_is_digit(ml_last(v))) {
        if (maillog__put_relay(l, &t) && ml_empty(t)) return;
        ml_fail(l, mark);
    }
    ml_put(l, MAILLOG_FIELD_RELAY, v);
}

static unsigned status_word(ml_cur v)
{
    return maillog__word(v, MAILLOG_STATUS_SENT, MAILLOG_STATUS_UNDELIVERABLE_BUT_NOT_CACHED);
}

/* `sent (250 2.0.0 Ok: queued as X)`: the reply is all between the first " (" and the last ')' of the line. */
static void put_status(ml_line *l, ml_cur c)
{
    ml_cur v;
    if (!ml_word(l, &c, &v)) {
        l->ev->flags |= MAILLOG_FLAG_TRUNCATED;
        return;
    }
    const unsigned word = status_word(v);
    if (ml_empty(c)) l->ev->flags |= MAILLOG_FLAG_TRUNCATED;
    if (ml_empty(c) && !word) { /* cut inside of the word */
        ml_put_rest(l, v);
        return;
    }
    ml_put_word(l, MAILLOG_FIELD_STATUS, v, word);
    if (!ML_SKIP(&c, " (")) {
        ml_put_rest(l, c);
        return;
    }
    if (!ML_DROP_END(&c, ")")) l->ev->flags |= MAILLOG_FLAG_TRUNCATED;
    ml_put(l, MAILLOG_FIELD_REPLY, c);
    /* an unquoted address could have held all of it: then Postfix's own part comes later in the line */
    if (ml_find(l, c, '>') && ML_FIND(l, c, ">, relay=")) l->ev->flags |= MAILLOG_FLAG_AMBIGUOUS;
}

/* `newkey=`: a part that Postfix adds next year. */
static bool is_key(ml_cur c)
{
    const char *p = c.p;
    while (p < c.e && (ml_is_lower(*p) || *p == '_')) p++;
    return p > c.p && p < c.e && *p == '=';
}

/* The address of `to=<…>` or `orig_to=<…>`. In the internal form it may hold `>, `: then it ends where the line goes on
 * as Postfix writes it. */
static bool address(const ml_line *l, ml_cur *c, ml_cur *out)
{
    ml_cur t = *c, after;
    if (ml_peek(t) != '<') { /* very old: without <> */
        const char *const end = maillog__bare_address_end(l, t, ", ", 2);
        if (!end) return false;
        *out = ml_slice(t.p, end);
        c->p = end;
        return true;
    }
    if (!maillog__angle(l, &t, ",", out)) return false;
    after = t;
    if (!ml_empty(t) && !ML_STARTS(t, ", relay=") && ML_SKIP(&after, ", ") && !is_key(after)) {
        const char *end = ML_FIND(l, t, ">, relay=");
        if (!end) return false;
        *out = ml_slice(out->p, end);
        t.p = end + 1;
    }
    *c = t;
    return true;
}

/* What stands between the recipient and the status, in this order (from 2.5 on; `delay` is older). */
typedef struct item_row {
    ml_lit key;
    void (*put)(ml_line *l, ml_cur v); /* NULL: the field alone */
    maillog_field_id field;
} item_row;
static const item_row items[] = {
    {ML_LIT("relay="), put_relay, MAILLOG_FIELD_RELAY}, {ML_LIT("conn_use="), NULL, MAILLOG_FIELD_CONN_USE},
    {ML_LIT("delay="), NULL, MAILLOG_FIELD_DELAY},      {ML_LIT("delays="), put_delays, MAILLOG_FIELD_NONE},
    {ML_LIT("tls="), NULL, MAILLOG_FIELD_TLS},          {ML_LIT("dsn="), NULL, MAILLOG_FIELD_DSN},
};
enum { ITEMS = sizeof items / sizeof *items };

/* The item that the text begins with; looked for from row `from` on, round and round. */
static const item_row *find_item(const ml_line *l, ml_cur c, size_t from)
{
    const uint64_t head = ml_key(l, c);
    for (size_t n = 0; n < ITEMS; n++, from++) {
        if (from >= ITEMS) from = 0;
        if (ml_starts_lit(head, c, &items[from].key)) return &items[from];
    }
    return NULL;
}

/* `, key=value` … up to the status. Parts that Postfix adds next year, and one that is cut, go to rest; no Postfix will
 * add so many that a line of them is to cost more than others. */
static void put_items(ml_line *l, ml_cur c)
{
    enum { MOST_UNKNOWN = 24 };
    ml_cur unknown = ml_none();
    size_t from = 0, unknowns = 0;
    while (unknowns < MOST_UNKNOWN && ML_SKIP(&c, ", ")) {
        if (ML_SKIP(&c, "status=")) {
            ml_put_rest(l, unknown);
            put_status(l, c);
            return;
        }
        const char *start = c.p, *comma = ml_find(l, c, ',');
        const item_row *item = comma ? find_item(l, c, from) : NULL;
        c.p = comma ? comma : c.e;
        if (item) {
            const ml_cur v = ml_slice(start + item->key.len, c.p);
            if (unknown.p) ml_put_rest(l, unknown);
            unknown = ml_none();
            if (item->put)
                item->put(l, v);
            else
                ml_put(l, item->field, v);
            from = (size_t)(item - items) + 1;
            continue;
        }
        if (!unknown.p) unknown.p = start;
        unknown.e = c.p;
        unknowns++;
    }
    l->ev->flags |= MAILLOG_FLAG_TRUNCATED;
    if (!unknown.p) unknown = c;
    unknown.e = c.e;
    ml_put_rest(l, unknown);
}

bool maillog__postfix_delivery_line(ml_line *l, ml_cur c)
{
    ml_cur v;
    if (!ML_SKIP(&c, "to=")) return false;
    if (!address(l, &c, &v)) {
        if (ml_peek(c) != '<') return false;
        l->ev->flags |= MAILLOG_FLAG_TRUNCATED; /* cut inside of the address */
        ml_put_rest(l, c);
        return ml_event(l, MAILLOG_EVENT_POSTFIX_DELIVERY);
    }
    ml_put(l, MAILLOG_FIELD_TO, v);
    if (ML_SKIP(&c, ", orig_to=")) {
        if (!address(l, &c, &v)) {
            l->ev->flags |= MAILLOG_FLAG_TRUNCATED;
            ml_put_rest(l, c);
            return ml_event(l, MAILLOG_EVENT_POSTFIX_DELIVERY);
        }
        ml_put(l, MAILLOG_FIELD_ORIG_TO, v);
    }
    put_items(l, c);
    return ml_event(l, MAILLOG_EVENT_POSTFIX_DELIVERY);
}
