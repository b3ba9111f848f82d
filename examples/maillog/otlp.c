/* otlp.c: `trace --format otlp-json`: a message as an OpenTelemetry trace, in the JSON form of OTLP. One TracesData
 * object on a line, as the Collector's file exporter and receiver have it: the message is the root; under it are its
 * legs, under each leg its deliveries, under the delivery that handed it on the next leg. Checks are under what they
 * looked at. Names of attributes are those of the semantic conventions where there are some, else maillog.*. */
#include "otlp.h"
#include "otlp_json.h"
#include "siphash.h"
#include "trace.h"

#include <stdlib.h>
#include <string.h>

typedef enum part { PART_MESSAGE, PART_LEG, PART_HAND_OVER, PART_RECIPIENT, PART_NOTIFICATION, PART_CHECK } part;

typedef struct span {
    part part;
    size_t index;  /* in the message's array */
    size_t parent; /* in spans; the root is its own */
    maillog_str host;
    int64_t start, end; /* nanoseconds */
} span;

/* One message at a time: the spans of the present one. */
static span *spans;
static size_t nspans, cap;
static siphash_key trace_id;

static bool same(maillog_str a, maillog_str b)
{
    return a.len == b.len && (!a.len || memcmp(a.ptr, b.ptr, a.len) == 0);
}

static bool has_line(maillog_lines lines, uint64_t line)
{
    for (size_t i = 0; i < lines.len; i++)
        if (lines.ptr[i] == line) return true;
    return false;
}

/* ---- ids: the same log gives the same ids ---- */

static void hash_text(FILE *f, maillog_str s)
{
    fwrite(s.ptr ? s.ptr : "", 1, s.len, f);
    fputc('\0', f);
}

/* A queue ID is one message's at a time. An attempt without one is known by all that was said of it. */
static void hash_message(FILE *f, const maillog_message *m, int64_t began)
{
    fwrite(&began, sizeof began, 1, f);
    hash_text(f, m->host);
    if (m->nlegs) {
        hash_text(f, m->legs[0].queue_id);
        return;
    }
    hash_text(f, m->client.addr);
    hash_text(f, m->client.port);
    hash_text(f, m->client.helo);
    hash_text(f, m->from);
    for (size_t i = 0; i < m->nrecipients; i++) hash_text(f, m->recipients[i].to);
    for (size_t i = 0; i < m->nchecks; i++) hash_text(f, m->checks[i].text);
}

static siphash_key hash_key(siphash_key salt, const char *text, size_t len)
{
    const siphash_key other = {{salt.half[1] + 1, salt.half[0]}};
    siphash_key id = {{siphash(salt, text, len, false), siphash(other, text, len, false)}};
    if (!id.half[0]) id.half[0] = 1; /* all zeroes is no id */
    return id;
}

/* Clients repeat themselves: of attempts within a second that are alike in everything, the second is told apart. */
static siphash_key tell_apart(siphash_key id)
{
    enum { SLOTS = 4096 };
    static struct {
        siphash_key id;
        uint64_t times;
    } slots[SLOTS];
    const size_t slot = (size_t)(id.half[0] % SLOTS);
    if (memcmp(&slots[slot].id, &id, sizeof id) != 0) {
        slots[slot].id = id;
        slots[slot].times = 0;
        return id;
    }
    slots[slot].times++;
    return hash_key(id, (const char *)&slots[slot].times, sizeof slots[slot].times);
}

static void name_trace(const maillog_message *m, int64_t began)
{
    static const siphash_key salt = {{0x6d61696c6c6f6721, 0x7472616365206964}};
    char *text = NULL;
    size_t len;
    FILE *f = open_memstream(&text, &len);
    if (!f) return;
    hash_message(f, m, began);
    fclose(f);
    trace_id = hash_key(salt, text, len);
    if (!m->nlegs) trace_id = tell_apart(trace_id);
    free(text);
}

static uint64_t span_id(size_t i)
{
    const uint64_t what[2] = {spans[i].part, spans[i].index};
    const uint64_t id = siphash(trace_id, (const char *)what, sizeof what, false);
    return id ? id : 1;
}

/* ---- which spans there are, and when they were ---- */

static size_t add(part p, size_t index, size_t parent, maillog_str host, line_time end)
{
    if (nspans == cap) spans = (span *)must_realloc(spans, (cap = cap * 2 + 32) * sizeof *spans);
    const int64_t took = (int64_t)(end.took < (uint64_t)INT64_MAX ? end.took : 0);
    spans[nspans] = (span){p, index, parent, host, end.ns - took, end.ns};
    return nspans++;
}

static int64_t epoch(const command *c, const maillog_time *t, int64_t otherwise)
{
    int64_t ns;
    return t->month && when_epoch(c, t, &ns) ? ns : otherwise;
}

/* Of a line that was too long ago, or read by an earlier run (--state), only the message's times are known. */
static line_time time_of(uint64_t line, int64_t otherwise)
{
    line_time t;
    if (line && times_get(line, &t)) return t;
    return (line_time){otherwise, 0};
}

/* The span of a delivery out of this leg that handed the message on, or of the leg. */
static size_t way_out(const maillog_message *m, maillog_str queue_id, size_t before)
{
    size_t found = 0;
    for (size_t i = 1; i < before; i++)
        if ((spans[i].part == PART_LEG || spans[i].part == PART_HAND_OVER) &&
            same(m->legs[spans[i].index].queue_id, queue_id))
            found = i;
    return found;
}

/* Where a leg came from: an earlier one, or the client. */
static size_t leg_before(const maillog_message *m, size_t leg)
{
    for (size_t i = 0; i < m->nlinks; i++) {
        if (!m->links[i].from.len || !same(m->links[i].to, m->legs[leg].queue_id)) continue;
        const size_t from = way_out(m, m->links[i].from, nspans);
        if (from) return from;
    }
    return 0;
}

static bool is_recipients(const maillog_message *m, uint64_t line)
{
    for (size_t i = 0; i < m->nrecipients; i++)
        if (m->recipients[i].line == line) return true;
    for (size_t i = 0; i < m->nnotifications; i++)
        if (m->notifications[i].line == line) return true;
    return false;
}

static void add_legs(const maillog_message *m)
{
    for (size_t i = 0; i < m->nlegs; i++) {
        const maillog_message_leg *l = &m->legs[i];
        const maillog_lines lines = l->lines;
        const size_t parent = leg_before(m, i);
        const size_t leg =
            add(PART_LEG, i, parent, l->host, time_of(lines.len ? lines.ptr[lines.len - 1] : 0, spans[0].end));
        spans[leg].start = lines.len ? time_of(lines.ptr[0], spans[0].start).ns : spans[leg].end;
        if (l->relay_line && !is_recipients(m, l->relay_line))
            add(PART_HAND_OVER, i, leg, l->host, time_of(l->relay_line, spans[leg].end));
    }
}

/* Refused, held or thrown away: that is the check's. */
static bool is_checks(const maillog_message *m, uint64_t line)
{
    for (size_t i = 0; i < m->nchecks; i++)
        if (m->checks[i].line == line) return true;
    return false;
}

static void add_recipients(const maillog_message *m, part p, const maillog_message_recipient *r, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        size_t leg = way_out(m, r[i].queue_id, nspans);
        if (!r[i].line || is_checks(m, r[i].line)) continue;
        if (spans[leg].part == PART_HAND_OVER) leg = spans[leg].parent;
        add(p, i, leg, spans[leg].host, time_of(r[i].line, spans[leg].end));
    }
}

/* A check is under the leg whose line it is; a filter's under the delivery that called it, as a link tells. */
static size_t checked(const maillog_message *m, uint64_t line)
{
    for (size_t i = 1; i < nspans; i++)
        if (spans[i].part == PART_LEG && has_line(m->legs[spans[i].index].lines, line)) return i;
    for (size_t i = 0; i < m->nlinks; i++)
        if (m->links[i].from.len && has_line(m->links[i].lines, line)) return way_out(m, m->links[i].from, nspans);
    return 0;
}

static void add_checks(const maillog_message *m)
{
    for (size_t i = 0; i < m->nchecks; i++) {
        const maillog_message_check *k = &m->checks[i];
        const size_t parent = checked(m, k->line);
        line_time t = time_of(k->line, spans[0].start);
        double ms;
        if (json_number(k->elapsed_ms, &ms) && ms >= 0 && ms < 1e9) t.took = (uint64_t)(ms * 1e6);
        add(PART_CHECK, i, parent, spans[parent].host, t);
    }
}

/* Stamps are often full seconds, durations are finer: what holds a span begins no later than that. The root holds all.
 */
static void widen(void)
{
    for (size_t i = nspans; i-- > 1;) {
        span *up = &spans[spans[i].parent];
        if (spans[i].end < spans[i].start) spans[i].end = spans[i].start;
        if (up->start > spans[i].start) up->start = spans[i].start;
        if (spans[0].end < spans[i].end) spans[0].end = spans[i].end;
    }
    if (spans[0].end < spans[0].start) spans[0].end = spans[0].start;
}

static void collect(const command *c, const maillog_message *m)
{
    const int64_t began = epoch(c, &m->first_time, 0);
    nspans = 0;
    name_trace(m, began);
    add(PART_MESSAGE, 0, 0, m->host, (line_time){epoch(c, &m->last_time, began), 0});
    spans[0].start = began;
    add_legs(m);
    add_recipients(m, PART_RECIPIENT, m->recipients, m->nrecipients);
    add_recipients(m, PART_NOTIFICATION, m->notifications, m->nnotifications);
    add_checks(m);
    widen();
}

/* ---- what is said of them ---- */

/* "mx.example.org[203.0.113.9]:25", or the name of a transport or of a socket's path */
static void put_relay(json *j, maillog_str relay)
{
    const char *open = relay.len ? (const char *)memchr(relay.ptr, '[', relay.len) : NULL;
    const char *close = open ? (const char *)memchr(open, ']', (size_t)(relay.ptr + relay.len - open)) : NULL;
    attribute_text(j, "maillog.relay", relay);
    if (!close) return;
    const maillog_str name = {relay.ptr, (size_t)(open - relay.ptr)}, addr = {open + 1, (size_t)(close - open - 1)};
    attribute_text(j, "server.address", name);
    attribute_text(j, "network.peer.address", addr);
    if (close + 1 >= relay.ptr + relay.len || close[1] != ':') return;
    const maillog_str port = {close + 2, (size_t)(relay.ptr + relay.len - close - 2)};
    attribute_integer(j, "server.port", port);
}

/* "TLSv1.3 with cipher X (256/256 bits)" */
static void put_tls(json *j, maillog_str tls)
{
    static const char with[] = " with cipher ";
    const maillog_str name = {"tls", 3};
    if (tls.len < 5 || memcmp(tls.ptr, "TLSv", 4) != 0) return;
    const char *blank = (const char *)memchr(tls.ptr, ' ', tls.len);
    const size_t n = blank ? (size_t)(blank - tls.ptr) : tls.len, before = n + sizeof with - 1;
    const maillog_str version = {tls.ptr + 4, n - 4};
    attribute_text(j, "tls.protocol.name", name);
    attribute_text(j, "tls.protocol.version", version);
    if (!blank || tls.len <= before || memcmp(blank, with, sizeof with - 1) != 0) return;
    maillog_str cipher = {tls.ptr + before, tls.len - before};
    const char *end = (const char *)memchr(cipher.ptr, ' ', cipher.len);
    if (end) cipher.len = (size_t)(end - cipher.ptr);
    attribute_text(j, "tls.cipher", cipher);
}

static void put_client(json *j, const maillog_message_client *k)
{
    const maillog_str smtp = {"smtp", 4};
    if (k->addr.len || k->name.len) attribute_text(j, "network.protocol.name", smtp);
    attribute_text(j, "client.address", k->addr.len ? k->addr : k->name);
    attribute_integer(j, "client.port", k->port);
    attribute_text(j, "user.name", k->sasl_username);
    put_tls(j, k->tls);
    attribute_text(j, "maillog.client.name", k->name);
    attribute_text(j, "maillog.client.helo", k->helo);
    attribute_text(j, "maillog.client.proto", k->proto);
}

static void put_message(json *j, const maillog_message *m)
{
    put_client(j, &m->client);
    attribute_text(j, "email.message_id", m->message_id);
    if (m->from.ptr) attribute_empty(j, "maillog.from", m->from);
    attribute_list(j, "maillog.to");
    for (size_t i = 0; i < m->nrecipients; i++) list_text(j, m->recipients[i].to);
    list_end(j);
    attribute_list(j, "maillog.queue_ids");
    for (size_t i = 0; i < m->nlegs; i++) list_text(j, m->legs[i].queue_id);
    list_end(j);
    attribute_count(j, "maillog.size", m->bytes);
    attribute_word(j, "maillog.verdict", maillog_verdict_name((int)m->verdict));
    attribute_word(j, "maillog.state", maillog_message_state_name((int)m->state));
    attribute_text(j, "maillog.why", m->why);
}

/* What proves that it is the same message's. */
static void put_proofs(json *j, const maillog_message *m, maillog_str queue_id)
{
    maillog_confidence best = MAILLOG_CONFIDENCE_WEAK;
    bool any = false, disputed = false;
    for (size_t i = 0; i < m->nlinks; i++) {
        const maillog_message_link *l = &m->links[i];
        if (!l->from.len || !same(l->to, queue_id)) continue;
        if (!any) attribute_list(j, "maillog.link.proofs");
        any = true;
        const char *name = maillog_proof_name((int)l->proof);
        list_text(j, (maillog_str){name, strlen(name)});
        if (l->confidence < best) best = l->confidence;
        disputed = disputed || l->disputed;
    }
    if (!any) return;
    list_end(j);
    attribute_word(j, "maillog.link.confidence", maillog_confidence_name((int)best));
    if (disputed) attribute_true(j, "maillog.link.disputed");
}

static void put_leg(json *j, const maillog_message *m, const maillog_message_leg *l)
{
    attribute_text(j, "maillog.queue_id", l->queue_id);
    attribute_text(j, "maillog.instance", l->instance);
    attribute_text(j, "client.address", l->client_addr);
    attribute_text(j, "maillog.client.name", l->client_name);
    attribute_text(j, "email.message_id", l->message_id);
    if (l->from.ptr) attribute_empty(j, "maillog.from", l->from);
    attribute_count(j, "maillog.size", l->size);
    attribute_count(j, "maillog.nrcpt", l->nrcpt);
    if (l->removed) attribute_true(j, "maillog.removed");
    if (l->notification) attribute_true(j, "maillog.notification");
    put_proofs(j, m, l->queue_id);
}

static void put_hand_over(json *j, const maillog_message_leg *l)
{
    attribute_text(j, "maillog.queue_id", l->queue_id);
    put_relay(j, l->relay);
    attribute_number(j, "maillog.delay", l->delay);
    attribute_text(j, "maillog.reply", l->reply);
    attribute_count(j, "maillog.line", l->relay_line);
}

static bool failed(maillog_verdict v)
{
    return v == MAILLOG_VERDICT_BOUNCED || v == MAILLOG_VERDICT_DEFERRED || v == MAILLOG_VERDICT_EXPIRED ||
           v == MAILLOG_VERDICT_PARTIAL;
}

static void put_recipient(json *j, const maillog_message_recipient *r)
{
    attribute_text(j, "maillog.to", r->to);
    attribute_text(j, "maillog.orig_to", r->orig_to);
    attribute_text(j, "maillog.queue_id", r->queue_id);
    put_relay(j, r->relay);
    attribute_number(j, "maillog.delay", r->delay);
    attribute_text(j, "maillog.status", r->status);
    attribute_text(j, "maillog.dsn", r->dsn);
    attribute_text(j, "maillog.reply", r->reply);
    attribute_count(j, "maillog.attempts", r->attempts);
    attribute_text(j, "maillog.final.by", r->final_by);
    attribute_text(j, "maillog.final.user", r->final_user);
    attribute_text(j, "maillog.final.mailbox", r->final_mailbox);
    attribute_text(j, "maillog.final.action", r->final_action);
    if (failed(r->verdict)) attribute_text(j, "error.type", r->dsn.len ? r->dsn : r->status);
    attribute_count(j, "maillog.line", r->line);
}

static void put_check(json *j, const maillog_message_check *k)
{
    attribute_text(j, "maillog.daemon", k->by);
    attribute_text(j, "maillog.check.name", k->check);
    attribute_word(j, "maillog.check.result", maillog_check_result_name((int)k->result));
    attribute_text(j, "maillog.check.action", k->action);
    attribute_text(j, "maillog.check.stage", k->stage);
    attribute_text(j, "maillog.check.code", k->code);
    attribute_text(j, "maillog.check.dsn", k->dsn);
    attribute_number(j, "maillog.check.score", k->score);
    attribute_text(j, "maillog.check.text", k->text);
    attribute_text(j, "maillog.to", k->to);
    if (k->decided) attribute_true(j, "maillog.check.decided");
    attribute_text(j, "maillog.config.file", k->config.file);
    attribute_text(j, "maillog.config.setting", k->config.setting);
    attribute_text(j, "maillog.config.note", k->config.note);
    if (k->config.line) attribute_count(j, "maillog.config.line", k->config.line);
    attribute_count(j, "maillog.line", k->line);
}

static void put_attributes(json *j, const maillog_message *m, const span *s)
{
    switch (s->part) {
    case PART_MESSAGE:
        put_message(j, m);
        if (failed(m->verdict)) attribute_word(j, "error.type", maillog_verdict_name((int)m->verdict));
        break;
    case PART_LEG:
        put_leg(j, m, &m->legs[s->index]);
        break;
    case PART_HAND_OVER:
        put_hand_over(j, &m->legs[s->index]);
        break;
    case PART_RECIPIENT:
        put_recipient(j, &m->recipients[s->index]);
        break;
    case PART_NOTIFICATION:
        put_recipient(j, &m->notifications[s->index]);
        break;
    case PART_CHECK:
        put_check(j, &m->checks[s->index]);
        break;
    }
}

/* Few names, so that they can be grouped: what was asked, and whom, are words of the daemons. */
static void put_name(json *j, const maillog_message *m, const span *s)
{
    static const char *const names[] = {
        [PART_MESSAGE] = "message",   [PART_LEG] = "queue",           [PART_HAND_OVER] = "hand over",
        [PART_RECIPIENT] = "deliver", [PART_NOTIFICATION] = "notify", [PART_CHECK] = "check"};
    const maillog_message_check *k = s->part == PART_CHECK ? &m->checks[s->index] : NULL;
    const char *name = names[s->part];
    json_key(j, "name");
    if (k)
        json_two_texts(j, k->by, k->check);
    else
        json_text(j, (maillog_str){name, strlen(name)});
}

/* Trouble on the way, at its time. */
static void put_events(json *j, const maillog_message *m)
{
    if (!m->nfaults) return;
    json_open(j, "events", '[');
    for (size_t i = 0; i < m->nfaults; i++) {
        const maillog_message_fault *f = &m->faults[i];
        json_open(j, NULL, '{');
        json_int64(j, "timeUnixNano", time_of(f->line, spans[0].start).ns);
        json_key(j, "name");
        json_text(j, (maillog_str){"maillog.fault", 13});
        json_open(j, "attributes", '[');
        attribute_text(j, "maillog.daemon", f->by);
        attribute_text(j, "maillog.text", f->text);
        attribute_count(j, "maillog.line", f->line);
        json_close(j, ']');
        json_close(j, '}');
    }
    json_close(j, ']');
}

/* An error is mail that was taken and did not arrive. To refuse mail is what a server is there for. */
static void put_status(json *j, const maillog_message *m, const span *s)
{
    enum { STATUS_CODE_ERROR = 2 };
    const maillog_message_recipient *r = s->part == PART_RECIPIENT      ? &m->recipients[s->index]
                                         : s->part == PART_NOTIFICATION ? &m->notifications[s->index]
                                                                        : NULL;
    const bool bad = s->part == PART_MESSAGE ? failed(m->verdict) : r && failed(r->verdict);
    json_open(j, "status", '{');
    if (bad) {
        json_integer(j, "code", STATUS_CODE_ERROR);
        json_key(j, "message");
        json_text(j, r ? r->reply : m->why);
    }
    json_close(j, '}');
}

static void put_span(json *j, const maillog_message *m, size_t i)
{
    enum { SPAN_KIND_INTERNAL = 1, SPAN_KIND_SERVER = 2, SPAN_KIND_CLIENT = 3 };
    static const uint8_t kinds[] = {[PART_MESSAGE] = SPAN_KIND_SERVER,      [PART_LEG] = SPAN_KIND_INTERNAL,
                                    [PART_HAND_OVER] = SPAN_KIND_CLIENT,    [PART_RECIPIENT] = SPAN_KIND_CLIENT,
                                    [PART_NOTIFICATION] = SPAN_KIND_CLIENT, [PART_CHECK] = SPAN_KIND_INTERNAL};
    const span *s = &spans[i];
    const bool local = i == 0 && !m->client.addr.len && !m->client.name.len;
    json_open(j, NULL, '{');
    json_id(j, "traceId", trace_id.half, 2);
    const uint64_t id = span_id(i), parent = span_id(s->parent);
    json_id(j, "spanId", &id, 1);
    if (i) json_id(j, "parentSpanId", &parent, 1);
    put_name(j, m, s);
    json_integer(j, "kind", local ? SPAN_KIND_INTERNAL : kinds[s->part]);
    json_int64(j, "startTimeUnixNano", s->start);
    json_int64(j, "endTimeUnixNano", s->end);
    json_open(j, "attributes", '[');
    put_attributes(j, m, s);
    json_close(j, ']');
    if (i == 0) put_events(j, m);
    put_status(j, m, s);
    json_close(j, '}');
}

static void put_resource(json *j, const maillog_message *m, maillog_str host)
{
    json_open(j, NULL, '{');
    json_open(j, "resource", '{');
    json_open(j, "attributes", '[');
    attribute_word(j, "service.name", "mail");
    attribute_text(j, "host.name", host);
    json_close(j, ']');
    json_close(j, '}');
    json_open(j, "scopeSpans", '[');
    json_open(j, NULL, '{');
    json_open(j, "scope", '{');
    json_key(j, "name");
    json_text(j, (maillog_str){"maillog", 7});
    json_key(j, "version");
    json_text(j, (maillog_str){MAILLOG_VERSION_STRING, sizeof MAILLOG_VERSION_STRING - 1});
    json_close(j, '}');
    json_open(j, "spans", '[');
    for (size_t i = 0; i < nspans; i++)
        if (same(spans[i].host, host)) put_span(j, m, i);
    json_close(j, ']');
    json_close(j, '}');
    json_close(j, ']');
    json_close(j, '}');
}

void print_otlp(FILE *out, const command *c, const maillog_message *m)
{
    json j = {out, false};
    collect(c, m);
    json_open(&j, NULL, '{');
    json_open(&j, "resourceSpans", '[');
    for (size_t i = 0; i < nspans; i++) { /* a resource for each host */
        bool first = true;
        for (size_t k = 0; first && k < i; k++) first = !same(spans[k].host, spans[i].host);
        if (first) put_resource(&j, m, spans[i].host);
    }
    json_close(&j, ']');
    json_close(&j, '}');
    fputc('\n', out);
}

/* Keep what a line says of times. The SMTP dialogue is the delivery; waiting in the queue is the leg's. */
void otlp_line(const command *c, const maillog_event *ev)
{
    uint64_t setup = 0, dialogue = 0;
    if (c->now == INT64_MIN) return;
    maillog_get_usec(ev, MAILLOG_FIELD_DELAY_CONN_SETUP, &setup);
    maillog_get_usec(ev, MAILLOG_FIELD_DELAY_TRANSMISSION, &dialogue);
    const line_time t = {c->now, (setup + dialogue) * 1000};
    times_keep(c->line, t, c->memory / 4);
}
