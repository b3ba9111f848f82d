/* leg.c: lines with a queue ID, and what delivery agents say without one: which leg they are of, and what they make of
 * it. */
#include "../base/token.h"
#include "mta.h"

enum { NANO = 1000000000 };

/* The first part of the syslog_name, from the two programs that every message of an instance passes; others are
 * renamed at will (`-o syslog_name=`). 1: plain postfix. */
static uint16_t instance_of(const maillog_join *j, const ml_in *in)
{
    if (in->ev->daemon != MAILLOG_DAEMON_POSTFIX_QMGR && in->ev->daemon != MAILLOG_DAEMON_POSTFIX_CLEANUP) return 0;
    maillog_str v = ml_value(in, ML_S_INSTANCE);
    if (!v.len) return 1;
    for (size_t i = 0; i < v.len; i++)
        if (v.ptr[i] == '/') v.len = i;
    if (v.len == 7 && memcmp(v.ptr, "postfix", 7) == 0) return 1;
    return (uint16_t)(maillog__key(j, ML_KEY_TEXT, 0, v) | 2);
}

static bool is_birth(const ml_in *in)
{
    return in->ev->type == MAILLOG_EVENT_POSTFIX_CLIENT ||
           (in->ev->daemon == MAILLOG_DAEMON_POSTFIX_PICKUP && in->f[ML_S_UID] && in->f[ML_S_FROM]);
}

/* A line that only a new life of a removed ID can have: not an old one, come late. No life has two beginnings, whatever
 * the clock says. */
static bool is_new_life(const ml_node *n, const ml_in *in)
{
    if (ml_is_recent(n, in->content)) return false;
    if (is_birth(in) && n->flags & ML_F_BORN) return true;
    if (in->ns < n->last) return false;
    if (is_birth(in)) return true;
    return in->ev->type == MAILLOG_EVENT_POSTFIX_MESSAGE_ID || in->ev->type == MAILLOG_EVENT_POSTFIX_QUEUE_ACTIVE;
}

enum { MOST_LOOKED_AT = 16, SLACK = 2 };

static bool fits(const ml_node *n, const ml_in *in, uint16_t instance)
{
    if (n->kind != ML_NODE_LEG && n->kind != ML_NODE_GONE) return false;
    if (n->host != in->host && !(n->flags & ML_F_ANYWHERE)) return false;
    return !instance || !n->instance || n->instance == instance;
}

/* The life of the queue ID that the line is about: the last that had begun when the line was written. A line that is
 * older than all (the clock was set back, or an hour came twice) goes to the last one; in a part of a log, if that is
 * over, to a life that began in another part. */
static uint32_t find_life(maillog_join *j, const ml_in *in, uint64_t key, uint16_t instance)
{
    uint32_t at = 0, best = 0, newest = 0;
    for (int most = MOST_LOOKED_AT; most; most--) {
        const uint32_t i = maillog__find(j, key, &at);
        if (!i) break;
        const ml_node *n = ml_at_node(j, i);
        if (!fits(n, in, instance)) continue;
        if (!newest) newest = i;
        const bool begun = in->ns >= n->first - (int64_t)SLACK * NANO;
        if (begun && (!best || n->first > ml_at_node(j, best)->first)) best = i;
    }
    if (best || !newest) return best;
    const bool over = ml_at_node(j, newest)->kind == ML_NODE_GONE || ml_at_node(j, newest)->flags & ML_F_REMOVED;
    return over && ml_is_part(j) ? 0 : newest;
}

static uint32_t new_leg(maillog_join *j, const ml_in *in, uint64_t key)
{
    const uint32_t leg = maillog__new_node(j, ML_NODE_LEG, in);
    maillog__set_key(j, leg, 0, key);
    return leg;
}

void maillog__set_done(maillog_join *j, uint32_t leg, bool done)
{
    ml_node *n = ml_at_node(j, leg);
    if (!!(n->flags & ML_F_DONE) == done) return;
    n->flags ^= ML_F_DONE;
    ml_node *g = ml_leader(j, n);
    g->u.g.open = (uint16_t)(done ? g->u.g.open - 1 : g->u.g.open + 1);
}

/* Where the queue ID that another line names is kept; made if there is none yet. `since`: it began after that. */
uint32_t maillog__leg(maillog_join *j, const ml_in *in, maillog_str queue_id, bool any_host, int64_t since)
{
    const uint64_t key = maillog__key(j, ML_KEY_QUEUE, 0, queue_id);
    uint32_t at = 0, elsewhere = 0;
    for (int most = MOST_LOOKED_AT; most; most--) {
        const uint32_t i = maillog__find(j, key, &at);
        if (!i) break;
        const ml_node *n = ml_at_node(j, i);
        if (n->kind != ML_NODE_LEG) continue;
        const bool over = n->flags & ML_F_REMOVED && n->last < since;
        if (n->flags & ML_F_TIMED && (over || n->first < since - SLACK * (int64_t)NANO)) continue; /* another life */
        if (n->host == in->host || n->flags & ML_F_ANYWHERE) return i;
        if (!elsewhere) elsewhere = i;
    }
    if (any_host && elsewhere) return elsewhere;
    const uint32_t leg = new_leg(j, in, key);
    ml_node *made = ml_at_node(j, leg);
    made->first = in->ns; /* until its own lines say better: enough to tell it from an older life */
    made->last = since;
    if (any_host) made->flags |= ML_F_ANYWHERE;
    maillog__set_done(j, leg, true); /* nothing is known of it: nothing is waited for */
    return leg;
}

/* The line's leg; 0 when it came too late, or from nowhere. */
static uint32_t leg_of(maillog_join *j, const ml_in *in)
{
    const uint64_t key = in->key[0];
    const uint16_t instance = instance_of(j, in);
    uint32_t leg = find_life(j, in, key, instance);
    const ml_node *n = leg ? ml_at_node(j, leg) : NULL;
    if (n && n->kind == ML_NODE_GONE) {
        if (!is_new_life(n, in)) return 0;
        leg = 0;
    } else if (n && n->flags & ML_F_REMOVED && is_new_life(n, in)) {
        leg = 0;
    } else if (n && n->flags & ML_F_BORN && is_birth(in) && is_new_life(n, in)) {
        maillog__set_done(j, leg, true); /* its end was not logged */
        maillog__settle(j, leg);
        leg = 0;
    }
    if (!leg) leg = new_leg(j, in, key);
    ml_node *found = ml_at_node(j, leg);
    if (found->flags & ML_F_ANYWHERE) {
        found->flags &= ~(uint32_t)ML_F_ANYWHERE;
        found->host = in->host;
    }
    if (instance) found->instance = instance;
    if (!found->head) maillog__set_done(j, leg, false);
    return leg;
}

/* When the leg began, as far as is known. */
int64_t maillog__began(const maillog_join *j, uint32_t leg)
{
    const ml_node *n = ml_at_node(j, leg);
    const bool elsewhere = ml_is_part(j) && !(n->flags & (ML_F_BORN | ML_F_BEGAN));
    return n->flags & ML_F_TIMED && !elsewhere ? n->first : ML_EVER;
}

static void child(maillog_join *j, uint32_t leg, const ml_in *in, ml_slot slot)
{
    const maillog_str id = ml_value(in, slot);
    if (!id.len || !(ml_is_mta(in->ev->daemon) || maillog__is_queue_id(ml_slice(id.ptr, id.ptr + id.len)))) return;
    const uint32_t other = maillog__leg(j, in, id, false, maillog__began(j, leg));
    ml_at_node(j, other)->flags |= ML_F_INBOUND;
    maillog__join_groups(j, leg, other);
}

static void parent(maillog_join *j, uint32_t leg, const ml_in *in)
{
    const maillog_str id = ml_value(in, ML_S_ORIG_QUEUE_ID);
    if (!id.len) return;
    const uint32_t other = maillog__leg(j, in, id, true, ML_EVER);
    ml_at_node(j, leg)->flags |= ML_F_INBOUND;
    ml_at_node(j, other)->flags |= ML_F_OUTBOUND;
    maillog__join_groups(j, other, leg);
}

/* Refused as a whole, with its queue ID: it never reaches the queue manager. */
static bool ends_message(const ml_in *in)
{
    switch (ml_word_of(in, ML_S_ACTION)) {
    case MAILLOG_ACTION_DISCARD:
    case MAILLOG_ACTION_MILTER_DISCARD:
        return true;
    case MAILLOG_ACTION_REJECT:
    case MAILLOG_ACTION_MILTER_REJECT:
        if (in->ev->daemon == MAILLOG_DAEMON_POSTFIX_CLEANUP) return ml_word_of(in, ML_S_STAGE) != MAILLOG_STAGE_RCPT;
        switch (ml_word_of(in, ML_S_STAGE)) {
        case MAILLOG_STAGE_DATA:
        case MAILLOG_STAGE_BDAT:
        case MAILLOG_STAGE_DATA_CONTENT:
        case MAILLOG_STAGE_BDAT_CONTENT:
        case MAILLOG_STAGE_END_OF_MESSAGE:
            return true;
        default:
            return false;
        }
    default:
        return false;
    }
}

static void leg_event(maillog_join *j, uint32_t leg, ml_in *in)
{
    ml_node *n = ml_at_node(j, leg);
    switch (in->ev->type) {
    case MAILLOG_EVENT_POSTFIX_CLIENT:
        if (maillog__is_loopback(ml_value(in, ML_S_CLIENT_ADDR))) n->flags |= ML_F_LOCAL;
        if (in->ev->daemon == MAILLOG_DAEMON_POSTFIX_SMTPD) maillog__session_of(j, leg, in);
        maillog__link_back(j, leg);
        break;
    case MAILLOG_EVENT_POSTFIX_PICKUP:
        n->flags |= ML_F_SUBMITTED;
        maillog__link_back(j, leg);
        break;
    case MAILLOG_EVENT_POSTFIX_MESSAGE_ID:
        n->flags |= ML_F_BEGAN; /* the first line of what has neither client nor submitter: a bounce */
        maillog__link_message_id(j, leg, in);
        break;
    case MAILLOG_EVENT_POSTFIX_QUEUE_ACTIVE:
        if (!(n->flags & ML_F_ACTIVE) && n->session) ml_at_node(j, n->session)->u.s.active++;
        n->flags |= ML_F_ACTIVE;
        n->u.g.client = maillog__text_hash(j, ml_value(in, ML_S_FROM));
        if (!(n->flags & ML_F_REMOVED)) maillog__set_done(j, leg, false);
        break;
    case MAILLOG_EVENT_POSTFIX_REMOVED:
        n->flags |= ML_F_REMOVED;
        maillog__set_done(j, leg, true);
        break;
    case MAILLOG_EVENT_POSTFIX_MESSAGE_REQUEUED: /* pickup will name it as orig_id of a new one */
        n->flags |= ML_F_OVER;
        maillog__set_done(j, leg, true);
        break;
    case MAILLOG_EVENT_POSTFIX_DELIVERY:
        maillog__link_delivery(j, leg, in);
        if (j->parked) maillog__match_policies(j, leg, in);
        break;
    default:
        if (ml_is_mta(in->ev->daemon)) maillog__mta_event(j, leg, in);
        break;
    }
    if (in->f[ML_S_NEW_QUEUE_ID]) child(j, leg, in, ML_S_NEW_QUEUE_ID);
    if (in->f[ML_S_ORIG_QUEUE_ID]) parent(j, leg, in);
    if (in->f[ML_S_ACTION] && !(n->flags & ML_F_ACTIVE) && ends_message(in)) maillog__set_done(j, leg, true);
}

static uint64_t process_key(const maillog_join *j, const ml_in *in)
{
    return maillog__key(j, ML_KEY_PROCESS, (uint64_t)in->host << 8 | in->ev->daemon, maillog__session_name(in));
}

/* What the same process said just before, without a queue ID; before the message was there, it spoke of another. */
static void take_process(maillog_join *j, uint32_t leg, const ml_in *in)
{
    uint32_t at = 0;
    const uint32_t i = maillog__find(j, process_key(j, in), &at);
    if (!i || ml_at_node(j, i)->kind != ML_NODE_PROCESS) return;
    const ml_node *n = ml_at_node(j, leg);
    if (n->flags & (ML_F_BORN | ML_F_BEGAN) && ml_at_node(j, i)->last < n->first - SLACK * (int64_t)NANO) return;
    maillog__drop_key(j, i, 0);
    j->parked--;
    ml_at_node(j, i)->flags |= ML_F_LINKED;
    maillog__join_groups(j, leg, i);
}

void maillog__push_leg(maillog_join *j, ml_in *in)
{
    const uint32_t leg = leg_of(j, in);
    if (!leg) {
        maillog__deliver_line(j, in, MAILLOG_RECORD_UNMATCHED);
        return;
    }
    ml_node *n = ml_at_node(j, leg);
    if (ML_RARELY(ml_is_full(j, n))) { /* what there is goes out; the rest is another record */
        maillog__deliver_group(j, n->group, MAILLOG_STATE_EVICTED);
        maillog__push_leg(j, in);
        return;
    }
    const bool repeats = ml_repeats(n, in), born = is_birth(in);
    /* in a part of a log: lines before its beginning may be of an older life, which another part has */
    if (ml_is_part(j) && n->head && born && !(n->flags & ML_F_BORN)) n->flags |= ML_F_AWAITS;
    if (!repeats) leg_event(j, leg, in);
    if (j->parked && in->f[ML_S_PID]) take_process(j, leg, in);
    maillog__add_line(j, leg, in);
    if (!born) return;
    n->flags |= ML_F_BORN;
    n->recent[0] = in->content;
}

/* A delivery agent's line without a queue ID (TLS, connection trouble): kept for its next delivery. */
void maillog__push_process(maillog_join *j, ml_in *in)
{
    uint32_t at = 0, i = maillog__find(j, process_key(j, in), &at);
    const bool old = i && in->ns > ml_at_node(j, i)->last + j->config.settle * (int64_t)NANO;
    if (!i || old || ml_at_node(j, i)->kind != ML_NODE_PROCESS) {
        i = maillog__new_node(j, ML_NODE_PROCESS, in);
        maillog__set_key(j, i, 0, process_key(j, in));
        j->parked++;
    }
    maillog__add_line(j, i, in);
}
