/* outcome.c: what became of a message, in one sentence. */
#include "outcome.h"

typedef maillog_message_recipient recipient;

const recipient *maillog__recipient(const maillog_message *m, maillog_verdict v, size_t *n)
{
    const recipient *first = NULL;
    *n = 0;
    for (size_t i = 0; i < m->nrecipients; i++) {
        if (m->recipients[i].verdict != v) continue;
        if (!(*n)++) first = &m->recipients[i];
    }
    return first;
}

bool maillog__say_client(ml_say *o)
{
    const maillog_message_client *c = &o->m->client;
    if (!c->addr.len) {
        if (c->name.len) maillog__say(o, "%s", c->name);
        return c->name.len > 0;
    }
    maillog__say(o, "%s[%s]", c->name, c->addr);
    return true;
}

/* ---- deliveries ---- */

/* The line in which the mail store says it: that of the link from the leg to its delivery. */
static uint64_t store_line(const maillog_message *m, const recipient *r)
{
    uint64_t line = 0;
    size_t n = 0;
    for (size_t i = 0; i < m->nlinks; i++) {
        const maillog_message_link *l = &m->links[i];
        const bool store = l->proof == MAILLOG_PROOF_LMTP_SESSION ||
                           (l->proof == MAILLOG_PROOF_MESSAGE_ID && l->to.len == 0) ||
                           (l->proof == MAILLOG_PROOF_SESSION && l->to.len == 0);
        if (!store || !ml_equal(l->from, r->queue_id) || !l->lines.len) continue;
        line = l->lines.ptr[l->lines.len - 1];
        n++;
    }
    return n == 1 && line != r->line ? line : 0;
}

static void say_line_and_store(ml_say *o, const recipient *r)
{
    const uint64_t store = store_line(o->m, r);
    const uint64_t first = store < r->line ? store : r->line, second = store < r->line ? r->line : store;
    if (first)
        maillog__say(o, " (lines %n and %n%e%e)", first, second, first, second);
    else
        ml_say_line(o, r->line);
}

static void say_address(ml_say *o, const recipient *r)
{
    maillog__say(o, "%s", r->to);
    if (r->orig_to.len && !ml_equal(r->orig_to, r->to)) maillog__say(o, " (sent to %s)", r->orig_to);
}

/* A relay of pipe(8) and the like is the transport's name. */
static bool is_transport(maillog_str relay)
{
    return relay.len && !memchr(relay.ptr, '[', relay.len) && !ml_is(relay, "none");
}

static void say_delivery(ml_say *o, const recipient *r)
{
    if (r->final_by.ptr && r->final_mailbox.len)
        maillog__say(o, "%s stored it in %s for ", r->final_by, r->final_mailbox);
    else if (r->final_by.ptr && r->final_action.len)
        maillog__say(o, "%s (%s) took it for ", r->final_by, r->final_action);
    else if (is_transport(r->relay))
        maillog__say(o, "%s took it for ", r->relay);
    else if (r->relay.len)
        maillog__say(o, "%s took it for ", r->relay);
    else
        maillog__say(o, "to ");
    say_address(o, r);
    if (r->final_by.ptr && is_transport(r->relay)) maillog__say(o, " through transport %s", r->relay);
    if (!r->final_by.ptr && r->reply.len) maillog__say(o, " and said %q", r->reply);
    say_line_and_store(o, r);
}

/* ", after 4.2 s in the first leg (A, line 15) and 0.05 s in the last (B, line 19)" */
static void say_times(ml_say *o)
{
    const maillog_message_leg *first = NULL, *last = NULL;
    for (size_t i = 0; i < o->m->nlegs; i++) {
        const maillog_message_leg *l = &o->m->legs[i];
        if (l->notification || !l->delay.len) continue;
        if (!first) first = l;
        last = l;
    }
    if (!first) return;
    if (first == last) {
        maillog__say(o, ", %s s after it came in", first->delay);
        return;
    }
    maillog__say(o, ", after %s s in the first leg (%s, %l)", first->delay, first->queue_id, first->relay_line);
    maillog__say(o, " and %s s in the last (%s, %l)", last->delay, last->queue_id, last->relay_line);
}

static void delivered(ml_say *o)
{
    size_t n;
    const recipient *r = maillog__recipient(o->m, MAILLOG_VERDICT_DELIVERED, &n);
    if (!r) {
        maillog__say(o, "Delivered");
        return;
    }
    maillog__say(o, "Delivered");
    if (n > 1) maillog__say(o, " to %n recipients", (uint64_t)n);
    maillog__say(o, ": ");
    say_delivery(o, r);
    if (n > 1) maillog__say(o, n > 2 ? ", and the others likewise" : ", and the other likewise");
    for (size_t i = 0; n > 1 && i < o->m->nrecipients; i++) maillog__say(o, "%e", o->m->recipients[i].line);
    if (n == 1 && r->attempts > 1) maillog__say(o, ", at try %n", (uint64_t)r->attempts);
    say_times(o);
}

/* ---- refusals ---- */

static const maillog_message_check *decisive(const maillog_message *m)
{
    for (size_t i = 0; i < m->nchecks; i++)
        if (m->checks[i].decided) return &m->checks[i];
    return NULL;
}

/* smtpd logs no reason where a command comes before TLS or a log-in, and counts it at the disconnect: `mail=0/1`. */
static void say_unsaid(ml_say *o)
{
    const uint64_t last = o->m->lines.len ? o->m->lines.ptr[o->m->lines.len - 1] : 0;
    if (!o->m->nlegs && !o->m->nrecipients && o->m->client.addr.len) {
        maillog__say(o, ": ");
        maillog__say_client(o);
        maillog__say(o, " was refused a command, as the counts at its disconnect show");
    }
    maillog__say(o, ", and no line says why");
    if (last) maillog__say(o, "; the last is %l", last);
}

static void refused(ml_say *o, const char *verb)
{
    const maillog_message_check *k = decisive(o->m);
    maillog__say(o, "%z", verb);
    if (!k) {
        say_unsaid(o);
        return;
    }
    if (maillog__is_login(k)) {
        maillog__say(o, ": ");
        if (!maillog__say_client(o)) maillog__say(o, "the client");
        maillog__say(o, " did not get in");
        ml_say_line(o, k->line);
        return;
    }
    if (k->event == MAILLOG_EVENT_POSTFIX_CONTENT_CHECK)
        maillog__say(o, " by a %s check", k->stage);
    else if (k->stage.len)
        maillog__say(o, " at %s", k->stage);
    maillog__say(o, ": ");
    if (!maillog__say_client(o)) maillog__say(o, "the client");
    if (!k->text.len && !k->code.len) {
        maillog__say(o, ", by %s", k->by);
        ml_say_line(o, k->line);
        return;
    }
    if (k->event == MAILLOG_EVENT_POSTFIX_QUEUE_FILE_ERROR) {
        maillog__say(o, " sent more than is taken");
        ml_say_line(o, k->line);
        return;
    }
    if (k->event == MAILLOG_EVENT_POSTFIX_RATE_LIMIT) {
        maillog__say(o, " was sent away, %q", k->text);
        ml_say_line(o, k->line);
        return;
    }
    maillog__say(o, " was told ");
    if (k->code.len) maillog__say(o, "%s ", k->code);
    if (k->dsn.len) maillog__say(o, "%s ", k->dsn);
    maillog__say(o, "%q", k->text);
    ml_say_line(o, k->line);
    if (!o->m->nlegs) maillog__say(o, ", so it never got a queue ID");
}

/* ---- the rest ---- */

static void failed(ml_say *o, maillog_verdict v, const char *verb)
{
    size_t n;
    const recipient *r = maillog__recipient(o->m, v, &n);
    maillog__say(o, "%z", verb);
    if (!r) return;
    maillog__say(o, ": ");
    if (n > 1) maillog__say(o, "%n recipients, ", (uint64_t)n);
    say_address(o, r);
    if (r->attempts > 1) maillog__say(o, ", at try %n", (uint64_t)r->attempts);
    if (n > 1) maillog__say(o, " first");
    ml_say_line(o, r->line);
}

static void set_aside(ml_say *o, maillog_verdict v, const char *verb)
{
    size_t n;
    const recipient *r = maillog__recipient(o->m, v, &n);
    const maillog_message_check *k = decisive(o->m);
    maillog__say(o, "%z", verb);
    if (r) {
        if (r->final_by.len)
            maillog__say(o, " by %s", r->final_by);
        else if (r->relay.len && !ml_is(r->relay, "none"))
            maillog__say(o, " by %s", r->relay);
        else if (k)
            maillog__say(o, " by %s", k->by);
        if (!r->final_by.len && !r->relay.len && k && k->text.len) maillog__say(o, ", %q", k->text);
        if (r->final_action.len) maillog__say(o, " (%s)", r->final_action);
        if (r->final_mailbox.len) maillog__say(o, ", kept as %s", r->final_mailbox);
        maillog__say(o, ", for ");
        say_address(o, r);
        say_line_and_store(o, r);
        return;
    }
    if (!k) return;
    maillog__say(o, " by %s", k->by);
    if (k->text.len) maillog__say(o, ", %q", k->text);
    ml_say_line(o, k->line);
}

static void partial(ml_say *o)
{
    static const maillog_verdict order[] = {
        MAILLOG_VERDICT_DELIVERED, MAILLOG_VERDICT_BOUNCED,    MAILLOG_VERDICT_EXPIRED,   MAILLOG_VERDICT_DEFERRED,
        MAILLOG_VERDICT_REJECTED,  MAILLOG_VERDICT_GREYLISTED, MAILLOG_VERDICT_DISCARDED, MAILLOG_VERDICT_QUARANTINED,
        MAILLOG_VERDICT_HELD,      MAILLOG_VERDICT_UNFINISHED};
    size_t n, said = 0;
    maillog__say(o, "Recipients had different fates: ");
    for (size_t i = 0; i < sizeof order / sizeof *order; i++) {
        const recipient *r = maillog__recipient(o->m, order[i], &n);
        if (!r) continue;
        if (said++) maillog__say(o, ", ");
        maillog__say(o, "%n %z (", (uint64_t)n, maillog_verdict_name((int)order[i]));
        say_address(o, r);
        if (n > 1) maillog__say(o, " and others");
        if (r->line) maillog__say(o, ", %l", r->line);
        maillog__say(o, ")");
    }
}

static void unfinished(ml_say *o)
{
    const maillog_message *m = o->m;
    if (!m->nlegs && !m->nchecks)
        maillog__say(o, "Nothing was sent in this connection that the log shows");
    else if (!m->nlegs)
        maillog__say(o, "The client went away without a message, and nothing that the log shows refused it");
    else
        maillog__say(o, "The log does not say what became of it");
    if (m->lines.len) maillog__say(o, "; the last that belongs to it is %l", m->lines.ptr[m->lines.len - 1]);
    if (m->state == MAILLOG_STATE_FLUSHED) maillog__say(o, ", and the input ends before it does");
    if (m->state == MAILLOG_STATE_EVICTED) maillog__say(o, ", and it was given out early for lack of memory");
}

void maillog__say_outcome(ml_say *o)
{
    maillog__begin(o, MAILLOG_SENTENCE_OUTCOME);
    switch (o->m->verdict) {
    case MAILLOG_VERDICT_DELIVERED:
        delivered(o);
        break;
    case MAILLOG_VERDICT_REJECTED:
        if (o->m->nrecipients && o->m->recipients[0].final_by.len)
            set_aside(o, MAILLOG_VERDICT_REJECTED, "Refused");
        else
            refused(o, "Refused");
        break;
    case MAILLOG_VERDICT_GREYLISTED:
        refused(o, "Greylisted");
        break;
    case MAILLOG_VERDICT_BOUNCED:
        failed(o, MAILLOG_VERDICT_BOUNCED, "Bounced");
        break;
    case MAILLOG_VERDICT_DEFERRED:
        failed(o, MAILLOG_VERDICT_DEFERRED, "Deferred, and in the queue when last seen");
        break;
    case MAILLOG_VERDICT_EXPIRED:
        failed(o, MAILLOG_VERDICT_EXPIRED, "Given up: it was in the queue for too long");
        break;
    case MAILLOG_VERDICT_DISCARDED:
        set_aside(o, MAILLOG_VERDICT_DISCARDED, "Discarded");
        break;
    case MAILLOG_VERDICT_QUARANTINED:
        set_aside(o, MAILLOG_VERDICT_QUARANTINED, "Quarantined");
        break;
    case MAILLOG_VERDICT_HELD:
        set_aside(o, MAILLOG_VERDICT_HELD, "Held in the queue");
        maillog__say(o, ", until postsuper -H releases it");
        break;
    case MAILLOG_VERDICT_PARTIAL:
        partial(o);
        break;
    default:
        unfinished(o);
        break;
    }
    maillog__end(o);
}
