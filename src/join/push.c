/* push.c: the way in: a line's fields, its time, the node it belongs to. */
#include "../base/token.h"
#include "mta.h"

/* ---- time ---- */

enum { NANO = 1000000000 };

/* Stamps without a year get the one nearest to the line before; without any reference, to some leap year. `*whole`: of
 * it in seconds. */
ML_INLINE int64_t nanoseconds(maillog_join *j, const maillog_time *t, int64_t *whole)
{
    static const int64_t no_reference = 962409600; /* July 2000 */
    if (!t->month) return (*whole = j->log_time == INT64_MIN ? 0 : j->log_time) * NANO;
    if (t->month != j->day_month || t->day != j->day_day || t->year != j->day_year || !j->day_month) {
        maillog_time midnight = {t->year, t->month, t->day, 0, 0, 0, 0, 0, 0, 0};
        int64_t reference = j->log_time, ns;
        if (reference == INT64_MIN) reference = j->config.reference ? j->config.reference : no_reference;
        j->day_month = 0;
        if (maillog_time_to_epoch(&midnight, reference, NULL, &ns) != MAILLOG_OK) return (*whole = reference) * NANO;
        j->day = ns / NANO;
        j->day_month = t->month;
        j->day_day = t->day;
        j->day_year = t->year;
    }
    const int64_t offset = t->utc_offset == MAILLOG_NO_OFFSET ? j->config.utc_offset : t->utc_offset * 60;
    *whole = j->day + t->hour * 3600 + t->minute * 60 + t->second - offset;
    return *whole * NANO + t->nsec;
}

enum { STEP_BACK = 6 * 3600, LEAP = 86400 };

/* A second line agrees with the stamp that was far off: what that line belonged to is as young as this one. */
static void believe(maillog_join *j)
{
    if (!j->doubted_node) return;
    ml_node *n = ml_at_node(j, j->doubted_node), *g = n->group ? ml_leader(j, n) : n;
    n->active = g->active = (uint32_t)j->clock;
    g->flags |= ML_F_LATER;
    j->doubted_node = 0;
}

static void doubt(maillog_join *j, int64_t t)
{
    j->doubted = 1;
    j->doubt = t;
    j->doubted_node = 0;
}

static bool is_agreed(const maillog_join *j, int64_t t) { return t > j->doubt - LEAP && t < j->doubt + LEAP; }

/* The stamp is near the ones before: what was in doubt was alone. */
static void settle_doubt(maillog_join *j) { j->doubt = 0; }

/* Hosts whose clocks are far apart, in one log: back from the other's time to where the first was. */
static bool is_return(const maillog_join *j, int64_t t) { return t > j->before - LEAP && t < j->before + LEAP; }

/* The clock by which records grow old. It goes forward only, by what the stamps advance; a stamp far off counts once
 * the next one agrees with it (a damaged stamp here and there must not end every open message). */
static bool advance(maillog_join *j, int64_t t)
{
    if (j->log_time == INT64_MIN) {
        j->log_time = j->began = t;
        j->clock = t > 0 ? t : 1;
        return true;
    }
    const bool far = t > j->log_time + LEAP || t < j->log_time - STEP_BACK;
    if (far && !is_agreed(j, t)) {
        doubt(j, t);
        return false;
    }
    settle_doubt(j);
    if (t <= j->log_time && !far) return false;
    const int64_t from = far && is_return(j, t) ? j->before : j->log_time;
    if (t < j->log_time) j->before = j->log_time;
    if (far) j->began = t; /* a part of a log has its first seconds once more: see maillog__is_early() */
    j->log_time = t;
    if (t <= from) return false;
    j->clock += t - from;
    if (far) believe(j);
    return true;
}

bool maillog__set_time(maillog_join *j, int64_t t)
{
    if (t <= j->log_time) return false;
    const bool far = t > j->log_time + LEAP;
    j->clock += t - j->log_time;
    j->log_time = t;
    if (far && is_agreed(j, t)) believe(j);
    return true;
}

static bool is_same_host(const ml_host_memo *memo, maillog_str host)
{
    return host.len == memo->len && ml_alike(host.ptr, memo->name, host.len);
}

/* Logs are of one host, or of two in turn: the hashes of the last names are kept. */
static uint32_t host_hash(maillog_join *j, maillog_str host)
{
    for (unsigned i = 0; i < ML_HOST_MEMOS && host.len; i++)
        if (is_same_host(&j->host[i], host)) return j->host[i].hash;
    const uint32_t h = (uint32_t)maillog__key(j, ML_KEY_HOST, 0, host);
    ml_host_memo *memo = &j->host[j->host_oldest % ML_HOST_MEMOS];
    if (!host.len || host.len > sizeof memo->name) return h;
    j->host_oldest++;
    memcpy(memo->name, host.ptr, host.len);
    memo->len = (uint32_t)host.len;
    return memo->hash = h;
}

/* ---- queue IDs ---- */

static bool is_noqueue(maillog_str id) { return id.len == 7 && memcmp(id.ptr, "NOQUEUE", 7) == 0; }
static bool has_queue_id(const ml_in *in)
{
    const maillog_str id = ml_value(in, ML_S_QUEUE_ID);
    return id.len && !is_noqueue(id);
}

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
    uint32_t leg = leg_of(j, in);
    if (leg && ml_is_full(j, ml_at_node(j, leg))) { /* what there is goes out; the rest is another record */
        maillog__deliver_group(j, ml_at_node(j, leg)->group, MAILLOG_STATE_EVICTED);
        leg = leg_of(j, in);
    }
    if (!leg) {
        maillog__deliver_line(j, in, MAILLOG_RECORD_UNMATCHED);
        return;
    }
    ml_node *n = ml_at_node(j, leg);
    const bool repeats = ml_repeats(n, in);
    /* in a part of a log: lines before its beginning may be of an older life, which another part has */
    if (ml_is_part(j) && n->head && is_birth(in) && !(n->flags & ML_F_BORN)) n->flags |= ML_F_AWAITS;
    if (!repeats) leg_event(j, leg, in);
    if (j->parked && in->f[ML_S_PID]) take_process(j, leg, in);
    maillog__add_line(j, leg, in);
    if (!is_birth(in)) return;
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

/* ---- which way a line goes ---- */

static void push_postfix(maillog_join *j, ml_in *in)
{
    if (in->key[0]) {
        maillog__push_leg(j, in);
        return;
    }
    switch (in->ev->daemon) {
    case MAILLOG_DAEMON_POSTFIX_SMTPD:
    case MAILLOG_DAEMON_POSTFIX_QMQPD:
        maillog__push_session(j, in);
        return;
    case MAILLOG_DAEMON_POSTFIX_POSTSCREEN:
        maillog__push_screen(j, in);
        return;
    case MAILLOG_DAEMON_POSTFIX_SMTP:
    case MAILLOG_DAEMON_POSTFIX_LMTP:
    case MAILLOG_DAEMON_POSTFIX_PIPE:
    case MAILLOG_DAEMON_POSTFIX_LOCAL:
    case MAILLOG_DAEMON_POSTFIX_VIRTUAL:
    case MAILLOG_DAEMON_POSTFIX_CLEANUP:
        if (in->f[ML_S_PID]) {
            maillog__push_process(j, in);
            return;
        }
        break;
    default:
        break;
    }
    maillog__deliver_line(j, in, MAILLOG_RECORD_SERVICE);
}

static void route(maillog_join *j, ml_in *in)
{
    const uint8_t daemon = in->ev->daemon;
    if (daemon && daemon < MAILLOG_DAEMON_DOVECOT_LDA) {
        push_postfix(j, in);
        return;
    }
    if (ml_is_mta(daemon)) {
        maillog__push_mta(j, in);
        return;
    }
    switch (daemon) {
    case MAILLOG_DAEMON_AMAVIS:
        maillog__push_run(j, in);
        return;
    case MAILLOG_DAEMON_SPAMD:
        maillog__push_spamd(j, in);
        return;
    case MAILLOG_DAEMON_DOVECOT_LMTP:
    case MAILLOG_DAEMON_DOVECOT_LDA:
    case MAILLOG_DAEMON_DOVECOT_DELIVER:
        maillog__push_store(j, in);
        return;
    case 0:
        maillog__deliver_line(j, in, MAILLOG_RECORD_UNMATCHED);
        return;
    default:
        break;
    }
    const maillog_str id = ml_value(in, ML_S_QUEUE_ID);
    if (in->key[0] && maillog__is_queue_id(ml_slice(id.ptr, id.ptr + id.len)))
        maillog__push_leg(j, in);
    else if (in->f[ML_S_CLIENT_ADDR] && !in->f[ML_S_USER])
        maillog__push_policy(j, in);
    else
        maillog__deliver_line(j, in, in->f[ML_S_USER] ? MAILLOG_RECORD_SESSION : MAILLOG_RECORD_SERVICE);
}

/* Cells that one line can need: its tape, and the nodes it makes. */
static uint32_t cells_for(const maillog_join *j, const maillog_event *ev)
{
    const bool longer =
        ev->len > 8192 || ev->flags & MAILLOG_FLAG_CONTINUED; /* the parts of an entry make a long one */
    const uint32_t whole = ev->len < 32768 ? ev->len : 32768; /* see tape.c */
    return 20 + (longer ? 8192 : ev->len) / 62 + (ml_is_part(j) ? whole / ML_CELL_DATA : 0);
}

static bool may_have_session(uint8_t daemon)
{
    return daemon == MAILLOG_DAEMON_POSTFIX_SMTPD || daemon == MAILLOG_DAEMON_POSTFIX_QMQPD || ml_is_mta(daemon);
}

/* What can be known of a line without the table: it may be done ahead. */
static void prepare(maillog_join *j, ml_in *in, const maillog_event *ev)
{
    in->ev = ev;
    in->segment = 0;
    in->listed = false;
    maillog__scan(in);
    in->host = host_hash(j, ml_value(in, ML_S_HOST));
    in->content = (uint32_t)maillog__hash(j, ML_KEY_TEXT, ev->line, ev->len);
    in->key[0] = has_queue_id(in) ? maillog__key(j, ML_KEY_QUEUE, 0, ml_value(in, ML_S_QUEUE_ID)) : 0;
    in->key[1] = may_have_session(ev->daemon) ? maillog__session_key(j, in) : 0;
    in->message_id = ev->type == MAILLOG_EVENT_POSTFIX_MESSAGE_ID
                         ? maillog__key(j, ML_KEY_MESSAGE_ID, in->host, ml_value(in, ML_S_MESSAGE_ID))
                         : 0;
    in->client =
        in->f[ML_S_CLIENT_ADDR] ? maillog__key(j, ML_KEY_ADDRESS, in->host, ml_value(in, ML_S_CLIENT_ADDR)) : 0;
}

static void take(maillog_join *j, ml_in *in, uint64_t line)
{
    const maillog_event *ev = in->ev;
    in->line = line;
    int64_t second;
    in->ns = nanoseconds(j, &ev->time, &second);
    j->line = line;
    j->place++;
    j->stats.lines++;
    j->doubted = 0;
    if (ev->time.month && advance(j, second)) maillog__tick(j);
    while (j->used_cells + cells_for(j, ev) >= j->ncells - 1 && maillog__evict(j)) continue;
    route(j, in);
}

/* A line that another table hands on. The clock follows it, but not beyond where the other had come to, nor back: parts
 * may be of one time. */
void maillog__take_again(maillog_join *j, const maillog_event *ev, uint64_t line, bool listed, int64_t end)
{
    ml_in in;
    prepare(j, &in, ev);
    in.listed = listed;
    in.line = line;
    int64_t t;
    in.ns = nanoseconds(j, &ev->time, &t);
    j->place++;
    j->stats.lines += !listed;
    j->doubted = 0;
    if (ev->time.month && t > end && t < end + 180 * (int64_t)LEAP) /* beyond that, they differ in the year alone */
        doubt(j, t);
    else if (ev->time.month && t > j->log_time && advance(j, t))
        maillog__tick(j);
    else if (ev->time.month && t <= j->log_time)
        settle_doubt(j);
    while (j->used_cells + cells_for(j, ev) >= j->ncells - 1 && maillog__evict(j)) continue;
    route(j, &in);
}

int maillog_join_push_line(maillog_join *j, const maillog_event *ev, uint64_t line)
{
    if (!j || !ev || !line) return MAILLOG_ERR_ARGUMENT;
    if (j->sealed) return MAILLOG_ERR_STATE;
    ml_in in;
    prepare(j, &in, ev);
    j->aborted = 0;
    take(j, &in, line);
    return j->aborted ? MAILLOG_ERR_ABORTED : MAILLOG_OK;
}

int maillog_join_push(maillog_join *j, const maillog_event *ev)
{
    return j ? maillog_join_push_line(j, ev, j->line + 1) : MAILLOG_ERR_ARGUMENT;
}

/* ---- many lines: what a line will touch is fetched while those before it are taken ---- */

enum { AHEAD = 16, NODE_AHEAD = 10, TAPE_AHEAD = 5 }; /* lines */

static void fetch_buckets(maillog_join *j, const ml_in *in)
{
    for (unsigned i = 0; i < 2; i++)
        if (in->key[i]) ml_prefetch(ml_bucket(j, in->key[i]));
    const uint64_t other = in->client ? in->client : in->message_id;
    if (other) ml_prefetch(ml_bucket(j, other));
}

/* The nodes that the buckets lead to: nearly always the right ones. */
static void fetch_nodes(maillog_join *j, ml_in *in)
{
    for (unsigned i = 0; i < 2; i++) {
        in->guess[i] = in->key[i] ? *ml_bucket(j, in->key[i]) / 2 : 0;
        if (in->guess[i]) ml_prefetch_node(j, in->guess[i]);
    }
}

static void fetch_tapes(const maillog_join *j, const ml_in *in)
{
    for (unsigned i = 0; i < 2; i++) {
        const ml_node *n = ml_at_node(j, in->guess[i]);
        if (!in->guess[i]) continue;
        if (n->tail && n->tail < j->ncells) ml_prefetch(ml_cell(j, n->tail) + n->tail_used);
        if (n->group && n->group != in->guess[i] && n->group < j->ncells) ml_prefetch_node(j, n->group);
        const uint32_t near = n->kind == ML_NODE_SESSION ? n->u.s.legs : n->session;
        if (near && near < j->ncells) ml_prefetch_node(j, near);
    }
}

int maillog_join_push_events(maillog_join *j, const maillog_event *ev, size_t n, uint64_t line, size_t *taken)
{
    ml_in in[AHEAD];
    if (taken) *taken = 0;
    if (!j || (!ev && n) || !line) return MAILLOG_ERR_ARGUMENT;
    if (j->sealed) return MAILLOG_ERR_STATE;
    j->aborted = 0;
    for (size_t i = 0; i < n + AHEAD - 1; i++) {
        /* line `i` enters; others are some steps on */
        if (i < n) {
            prepare(j, &in[i % AHEAD], &ev[i]);
            fetch_buckets(j, &in[i % AHEAD]);
        }
        const size_t node = i - (AHEAD - NODE_AHEAD), tape = i - (AHEAD - TAPE_AHEAD), now = i - (AHEAD - 1);
        if (node < n) fetch_nodes(j, &in[node % AHEAD]);
        if (tape < n) fetch_tapes(j, &in[tape % AHEAD]);
        if (now >= n) continue;
        take(j, &in[now % AHEAD], line + now);
        if (taken) *taken = now + 1;
        if (j->aborted) return MAILLOG_ERR_ABORTED;
    }
    return MAILLOG_OK;
}

int maillog_join_expire(maillog_join *j, int64_t now)
{
    if (!j) return MAILLOG_ERR_ARGUMENT;
    if (j->sealed) return MAILLOG_ERR_STATE;
    j->aborted = 0;
    if (j->log_time == INT64_MIN) j->log_time = j->began = j->clock = now;
    maillog__set_time(j, now);
    maillog__tick(j);
    return j->aborted ? MAILLOG_ERR_ABORTED : MAILLOG_OK;
}
