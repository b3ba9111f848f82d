/* postfwd.c: policy firewall. Sources: postfwd 1.1 to 1.35 and 2.0 to 2.03 (postfwd3 writes the same).
 *
 *   [KIND] rule=N, id=I, [queue=Q, ]client=NAME[ADDR], [user=U, ]sender=<S>, [recipient=<R>, ]helo=<H>, proto=P,
 *   state=S[, rate=…][, score=…][, delay=Ns][, hits=H][, action=A]
 *
 * Sender, recipient and user stand there as the client gave them, in internal form; HELO comes from Postfix without
 * blanks and <>. An action may repeat any of them. So the end of the addresses is the last `>, helo=<H>, proto=P,
 * state=S`, and a line with more than one is flagged. */
#include "../base/pattern.h"
#include "../base/token.h"
#include "daemons.h"
#include "net_server.h"

#define E(NAME) MAILLOG_EVENT_POSTFWD_##NAME
#define F(NAME) MAILLOG_FIELD_##NAME

enum { MOST_READINGS = 8 };

extern const ml_patterns maillog__postfwd_statements;
ML_PATTERN_ROWS(maillog__postfwd_statements) = {
    {E(START), {F(NAME), F(VERSION)}, ML_TEXT("%w %w ready for input")},
    {E(BAD_RULE), {F(PATH)}, ML_TEXT("%w not found - will be ignored")},
    {E(RATES_STORED), {F(PATH), F(ERROR)}, ML_TEXT("Could not load rate limits from %w (%s)")},
    {E(RATES_STORED), {F(PATH), F(ERROR)}, ML_TEXT("Could not load rate limits from %w: %s")},
    {E(RATES_STORED), {F(PATH), F(ERROR)}, ML_TEXT("Could not store rate limits to %w (%s)")},
    {E(RATES_STORED), {F(PATH), F(ERROR)}, ML_TEXT("Could not store rate limits to %w: %s")},
    {E(REQUESTED), {0}, ML_TEXT("DUMP requested")},
    {E(RATES_STORED), {F(COUNT), F(PATH)}, ML_TEXT("Fetched %w rates from %s")},
    {E(BAD_RULE), {F(PATH)}, ML_TEXT("File not found: %s")},
    {E(BAD_REQUEST), {F(TEXT)}, ML_TEXT("Ignoring garbage '%S'")},
    {E(BAD_REQUEST), {F(REQUEST)}, ML_TEXT("Ignoring unrecognized request type: '%S'")},
    {E(SETTING), {0}, ML_TEXT("NODNS: set - will skip all dns based checks")},
    {E(SETTING), {F(TEXT)}, ML_TEXT("Overriding cacheid itemlist with: %s")},
    {E(BAD_RULE), {F(RULE), F(PATH), F(LINE_NO), F(TEXT)}, ML_TEXT("Rule %d (%s line %d): %s")},
    {E(REQUESTED), {0}, ML_TEXT("STATS requested")},
    {E(RATES_STORED), {F(COUNT), F(PATH)}, ML_TEXT("Saved %w rates to %s")},
    {E(SETTING), {F(INTERVAL)}, ML_TEXT("Setting status interval to %d seconds")},
    {E(SETTING), {F(ACTION)}, ML_TEXT("TESTMODE: set - will return %w to all requests")},
    {E(SETTING), {0}, ML_TEXT("VERBOSE: set")},
    {E(DEBUG), {F(TEXT)}, ML_TEXT("[CHECKRATE] %s")},
    {E(DEBUG), {F(TEXT)}, ML_TEXT("[CLEANUP] %s")},
    {E(CACHE_ITEM), {F(ITEM)}, ML_TEXT("[DELCACHEITEM] request cache item '%S' removed")},
    {E(CACHE_ITEM), {F(ITEM)}, ML_TEXT("[DELRATEITEM] rate cache item '%S' removed")},
    {E(DNSBL), {F(ADDRESS), F(TEXT)}, ML_TEXT("[DNSBL] %w listed on %s")},
    {E(DNS_TROUBLE), {0}, ML_TEXT("[DNSBL] dns timeout")},
    {E(DNS_TROUBLE), {F(QUERY)}, ML_TEXT("[DNSBL] ignoring unknown query %s")},
    {E(DNSBL),
     {F(ADDRESS), F(LIST), F(TEXT), F(SECONDS)},
     ML_TEXT("[DNSBL] object %w listed on %w (answer: %s, time: %fs)")},
    {E(DNSBL), {F(ADDRESS), F(LIST), F(TEXT)}, ML_TEXT("[DNSBL] object %w listed on %w (answer: %s)")},
    {E(DNSBL), {F(ADDRESS), F(LIST), F(TEXT)}, ML_TEXT("[DNSBL] query %w listed on %w (answer: %s)")},
    {E(DEBUG), {F(TEXT)}, ML_TEXT("[DNSQUERY] %s")},
    {E(DNS_TROUBLE), {F(LIST)}, ML_TEXT("[DNSQUERY] skipping rbls: %s - too much timeouts")},
    {E(DEBUG), {F(TEXT)}, ML_TEXT("[DNS] %s")},
    {E(DNS_TROUBLE), {F(ERROR), F(TEXT)}, ML_TEXT("[DNS] ERROR: \"%s\", DETAIL: \"%s\"")},
    {E(DEBUG), {F(TEXT)}, ML_TEXT("[DUMP] %s")},
    {E(DEBUG), {F(LEVEL), F(TEXT)}, ML_TEXT("[LOGS %w]: %s")},
    {E(DEBUG), {F(TEXT)}, ML_TEXT("[PLUGIN] %s")},
    {E(DEBUG), {F(ITEM), F(COUNT)}, ML_TEXT("[RATES] increasing rate limit object '%S' to %d")},
    {E(DEBUG), {F(ITEM)}, ML_TEXT("[RATES] increasing rate object '%S'")},
    {E(DEBUG), {F(ITEM)}, ML_TEXT("[RATES] renewing rate limit object '%S'")},
    {E(DEBUG), {F(ITEM)}, ML_TEXT("[RATES] renewing rate object '%S'")},
    {E(DEBUG), {F(TEXT)}, ML_TEXT("[SENDDNS] %s")},
    {E(STATS), {F(TEXT)}, ML_TEXT("[STATS] %s")},
    {E(STATS),
     {F(REQUESTS), F(INTERVAL), F(CACHE_PCT), F(RATE_PCT)},
     ML_TEXT("[STATS] Requests: %d overall, %d last interval, %f%% cache hits, %f%% rate hits")},
    {E(RELOAD), {0}, ML_TEXT("catched HUP signal - clearing request cache on next request")},
    {E(RELOAD), {0}, ML_TEXT("catched HUP signal - reloading ruleset on next request")},
    {E(BAD_RULE), {F(PATH), F(ERROR)}, ML_TEXT("could not open %w - %s - file will be ignored")},
    {E(BAD_RULE), {F(PATH), F(ERROR)}, ML_TEXT("could not open %w - %s - will be ignored")},
    {E(SETTING),
     {0},
     ML_TEXT(
         "disabling request cache due to ratelimits in configuration. may be changed with the --fast_limit_evaluation "
         "option")},
    {E(DNS_TROUBLE), {F(ERROR), F(TEXT)}, ML_TEXT("dns err: \"%s\", detail: \"%s\"")},
    {E(DNS_TROUBLE), {F(QUERY), F(SECONDS)}, ML_TEXT("dnsquery: timeout for %s after %d seconds")},
    {E(BAD_RULE), {F(PATH), F(LINE_NO), F(NAME)}, ML_TEXT("file %w, ignoring line %d: undefined macro '%S'")},
    {E(BAD_RULE), {F(PATH)}, ML_TEXT("file %w not found - file will be ignored")},
    {E(BAD_RULE), {F(PATH), F(LINE_NO), F(TEXT)}, ML_TEXT("ignoring invalid %w line %d: \"%S\"")},
    {E(BAD_REQUEST), {F(TEXT)}, ML_TEXT("ignoring unknown command '%S'")},
    {E(BAD_RULE), {0}, ML_TEXT("no rules found - i feel useless (have you set -f or -r?)")},
    {E(CACHE_ITEM), {F(ITEM)}, ML_TEXT("rate cache item '%S' removed")},
    {E(CACHE_ITEM), {F(ITEM), F(ERROR)}, ML_TEXT("rate cache removal of '%S' failed: %s")},
    {E(START), {0}, ML_TEXT("ready for input")},
    {E(SETTING), {F(SCORE), F(ACTION)}, ML_TEXT("redefined score %w with action=\"%S\"")},
    {E(CACHE_ITEM), {F(ITEM)}, ML_TEXT("request cache item '%S' removed")},
    {E(CACHE_ITEM), {F(ITEM), F(ERROR)}, ML_TEXT("request cache removal of '%S' failed: %s")},
    {E(SETTING), {F(SCORE), F(ACTION)}, ML_TEXT("setting new score %w with action=\"%S\"")},
    {E(STOP), {0}, ML_TEXT("terminating...")},
    {E(BAD_RULE),
     {F(SECONDS), F(RULE), F(PATH), F(LINE_NO), F(TEXT)},
     ML_TEXT("timeout after %ds at parsing Rule %d (%s line %d): \"%S\"")},
};
ML_PATTERN_TABLE(maillog__postfwd_statements);

/* ---- rule lines ---- */

typedef struct helo_part {
    ml_cur helo, proto, state, rest;
} helo_part;

/* A run of letters, digits, `-` and `_`. */
static bool name(ml_cur *c, ml_cur *out)
{
    const char *p = c->p;
    while (p < c->e && (ml_is_alnum(*p) || *p == '-' || *p == '_')) p++;
    *out = ml_slice(c->p, p);
    c->p = p;
    return ml_len(*out) > 0;
}

/* `H>, proto=P, state=S` and what follows. */
static bool read_helo(const ml_line *l, ml_cur c, helo_part *h)
{
    if (!ml_until(l, &c, '>', &h->helo) || ml_find(l, h->helo, '<')) return false;
    if (!ML_SKIP(&c, ", proto=") || !name(&c, &h->proto)) return false;
    if (!ML_SKIP(&c, ", state=") || !name(&c, &h->state)) return false;
    h->rest = c;
    return true;
}

/* The last place where the HELO part can be; what stands before is sender and recipient. */
static bool find_helo(ml_line *l, ml_cur c, ml_cur *addresses, helo_part *h)
{
    int count = 0;
    ml_cur before;
    *addresses = c;
    for (ml_cur scan = c; count < MOST_READINGS && ML_UNTIL(l, &scan, ">, helo=<", &before);) {
        helo_part next;
        if (!read_helo(l, scan, &next)) continue;
        *h = next;
        *addresses = ml_slice(c.p, before.e);
        count++;
    }
    if (count > 1) l->ev->flags |= MAILLOG_FLAG_AMBIGUOUS;
    return count > 0;
}

/* `S>, recipient=<R`, or `S` alone. */
static void put_addresses(ml_line *l, ml_cur c)
{
    ml_cur from;
    if (!ML_UNTIL_LAST(&c, ">, recipient=<", &from)) {
        ml_put(l, MAILLOG_FIELD_FROM, c);
        return;
    }
    if (ML_FIND(l, from, ">, recipient=<")) l->ev->flags |= MAILLOG_FLAG_AMBIGUOUS;
    ml_put(l, MAILLOG_FIELD_FROM, from);
    ml_put(l, MAILLOG_FIELD_TO, c);
}

/* `, KEY=value` up to the next `, `, or to the end. */
static bool pair(const ml_line *l, ml_cur *c, const char *key, ml_cur *out)
{
    ml_cur t = *c;
    if (!ML_SKIP(&t, ", ") || !ml_skip_n(&t, key, strlen(key))) return false;
    const char *end = ML_FIND(l, t, ", ");
    *out = ml_slice(t.p, end ? end : t.e);
    c->p = out->e;
    return true;
}

/* The action; that of a rate limit ends with ` (item: 'I', type: T, count: N/M, time: E/TTLs)`. */
static void put_action(ml_line *l, ml_cur action)
{
    ml_cur c = action, before, item, type, count, max, elapsed, ttl;
    if (!ML_UNTIL_LAST(&c, " (item: '", &before)) before = ml_none();
    if (!before.p || !ML_UNTIL_LAST(&c, "', type: ", &item) || !ML_UNTIL(l, &c, ", count: ", &type) ||
        !ml_digits(&c, &count) || !ml_skip_char(&c, '/') || !ml_digits(&c, &max) || !ML_SKIP(&c, ", time: ") ||
        !ml_decimal(&c, &elapsed) || !ml_skip_char(&c, '/') || !ml_digits(&c, &ttl) || !ML_IS(c, "s)")) {
        ml_put(l, MAILLOG_FIELD_ACTION, action);
        return;
    }
    ml_put(l, MAILLOG_FIELD_ACTION, before);
    ml_put(l, MAILLOG_FIELD_ITEM, item);
    ml_put(l, MAILLOG_FIELD_TYPE, type);
    ml_put(l, MAILLOG_FIELD_COUNT, count);
    ml_put(l, MAILLOG_FIELD_MAX, max);
    ml_put(l, MAILLOG_FIELD_ELAPSED, elapsed);
    ml_put(l, MAILLOG_FIELD_TTL, ttl);
}

/* What follows the state: the decision, or a remark. */
static maillog_event_type put_decision(ml_line *l, ml_cur c, maillog_event_type decided)
{
    ml_cur v;
    if (pair(l, &c, "rate=", &v)) ml_put(l, MAILLOG_FIELD_RATE, v);
    if (pair(l, &c, "score=", &v)) ml_put(l, MAILLOG_FIELD_SCORE, v);
    if (pair(l, &c, "delay=", &v)) {
        ML_DROP_END(&v, "s");
        ml_put(l, MAILLOG_FIELD_DELAY, v);
    }
    if (pair(l, &c, "hits=", &v)) ml_put(l, MAILLOG_FIELD_HITS, v);
    if (ML_SKIP(&c, ", action=")) {
        put_action(l, c);
        return decided;
    }
    if (!ML_SKIP(&c, ", ") && !ML_SKIP(&c, " - note: ")) ML_SKIP(&c, " - ");
    ml_put(l, MAILLOG_FIELD_TEXT, c);
    return MAILLOG_EVENT_POSTFWD_REMARK;
}

static bool rule(ml_line *l, ml_cur c)
{
    static const struct {
        char text[12];
        maillog_event_type event;
    } kinds[] = {
        {"[RULES] ", MAILLOG_EVENT_POSTFWD_RULE},  {"[CACHE] ", MAILLOG_EVENT_POSTFWD_CACHE},
        {"[RATES] ", MAILLOG_EVENT_POSTFWD_RATE},  {"[SCORE] ", MAILLOG_EVENT_POSTFWD_REMARK},
        {"[MAIL] ", MAILLOG_EVENT_POSTFWD_REMARK}, {"[SENDMAIL] ", MAILLOG_EVENT_POSTFWD_REMARK},
    };
    maillog_event_type event = MAILLOG_EVENT_NONE;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds && !event; i++)
        if (ml_skip_n(&c, kinds[i].text, strlen(kinds[i].text))) event = kinds[i].event;
    maillog_field *const mark = ml_mark(l);
    ml_cur number, id, queue = ml_none(), user, addresses;
    helo_part h = {0};
    if (!event || !ML_SKIP(&c, "rule=") || !ML_UNTIL(l, &c, ", id=", &number)) return false;
    if (!ML_UNTIL(l, &c, ", ", &id)) return false;
    ml_put(l, MAILLOG_FIELD_RULE, number);
    ml_put(l, MAILLOG_FIELD_RULE_ID, id);
    if (ML_SKIP(&c, "queue=") && !ML_UNTIL(l, &c, ", ", &queue)) return ml_fail(l, mark);
    ml_put_opt(l, MAILLOG_FIELD_QUEUE_ID, queue);
    if (!ML_SKIP(&c, "client=") || !maillog__put_client(l, &c)) return ml_fail(l, mark);
    if (ML_SKIP(&c, ", user=")) {
        if (!ML_UNTIL(l, &c, ", sender=<", &user)) return ml_fail(l, mark);
        ml_put(l, MAILLOG_FIELD_SASL_USERNAME, user);
    } else if (!ML_SKIP(&c, ", sender=<")) {
        return ml_fail(l, mark);
    }
    if (!find_helo(l, c, &addresses, &h)) return ml_fail(l, mark);
    put_addresses(l, addresses);
    ml_put(l, MAILLOG_FIELD_HELO, h.helo);
    ml_put_word(l, MAILLOG_FIELD_PROTO, h.proto, maillog__word(h.proto, MAILLOG_PROTO_SMTP, MAILLOG_PROTO_LMTP));
    ml_put(l, MAILLOG_FIELD_STATE, h.state);
    return ml_event(l, put_decision(l, h.rest, event));
}

void maillog__postfwd(ml_line *l, ml_cur message)
{
    ml_cur c = message;
    if (rule(l, c)) return;
    maillog__put_severity(l, &c);
    if (maillog__match_patterns(l, &maillog__postfwd_statements, c)) return;
    if (!maillog__match_patterns(l, &maillog__net_server_statements, c)) ml_put_rest(l, c);
}
