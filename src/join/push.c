/* push.c: the way in: a line's time, which way it goes, and many lines at a time. */
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
    *whole = j->day + t->hour * INT64_C(3600) + t->minute * INT64_C(60) + t->second - offset;
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
/* Records keep the clock in 32 bits. After a leap of the log all of them are as old as matters, whatever its length;
 * and where thousands of leaps have used up the numbers, nothing ages any more. */
static void go_forward(maillog_join *j, int64_t seconds)
{
    int64_t most = 86400; /* and what else maillog__tick() waits for */
    if (most < j->config.expire) most = j->config.expire;
    if (most < ml_session_wait(j)) most = ml_session_wait(j);
    if (most < 6 * (int64_t)j->config.settle) most = 6 * (int64_t)j->config.settle;
    j->clock += seconds <= most ? seconds : most + 1;
    if (j->clock > UINT32_MAX) j->clock = UINT32_MAX;
}

static bool advance(maillog_join *j, int64_t t)
{
    if (j->log_time == INT64_MIN) {
        j->log_time = j->began = t;
        j->clock = ml_first_clock(t);
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
    go_forward(j, t - from);
    if (far) believe(j);
    return true;
}

bool maillog__set_time(maillog_join *j, int64_t t)
{
    if (t <= j->log_time) return false;
    const bool far = t > j->log_time + LEAP;
    go_forward(j, t - j->log_time);
    j->log_time = t;
    if (far && is_agreed(j, t)) believe(j);
    return true;
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

static void make_room(maillog_join *j, const maillog_event *ev)
{
    enum { MOST_CELLS = 500 }; /* of any line */
    if (ML_MOSTLY(j->used_cells + MOST_CELLS < j->ncells)) return;
    while (j->used_cells + cells_for(j, ev) >= j->ncells - 1 && maillog__evict(j)) continue;
}

/* Most lines are of the same second as the one before. */
static inline void go_on_to(maillog_join *j, int64_t second)
{
    if (second == j->log_time)
        settle_doubt(j);
    else if (advance(j, second))
        maillog__tick(j);
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
    if (ev->time.month) go_on_to(j, second);
    make_room(j, ev);
    route(j, in);
}

/* A line that another table hands on. The clock follows it, but not beyond where the other had come to, nor back: parts
 * may be of one time. */
void maillog__take_again(maillog_join *j, const maillog_event *ev, uint64_t line, bool listed, int64_t end)
{
    ml_in in;
    maillog__prepare(j, &in, ev);
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
    make_room(j, ev);
    route(j, &in);
}

int maillog_join_push_line(maillog_join *j, const maillog_event *ev, uint64_t line)
{
    if (!j || !ev || !line) return MAILLOG_ERR_ARGUMENT;
    if (j->sealed) return MAILLOG_ERR_STATE;
    ml_in in;
    maillog__prepare(j, &in, ev);
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

/* Steps before the first line wrap around, and so are of none. */
ML_WRAPS int maillog_join_push_events(maillog_join *j, const maillog_event *ev, size_t n, uint64_t line, size_t *taken)
{
    ml_in in[AHEAD];
    if (taken) *taken = 0;
    if (!j || (!ev && n) || !line) return MAILLOG_ERR_ARGUMENT;
    if (j->sealed) return MAILLOG_ERR_STATE;
    j->aborted = 0;
    for (size_t i = 0; i < n + AHEAD - 1; i++) {
        /* line `i` enters; others are some steps on */
        if (i < n) {
            maillog__prepare(j, &in[i % AHEAD], &ev[i]);
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
    if (j->log_time == INT64_MIN) {
        j->log_time = j->began = now;
        j->clock = ml_first_clock(now);
    }
    maillog__set_time(j, now);
    maillog__tick(j);
    return j->aborted ? MAILLOG_ERR_ABORTED : MAILLOG_OK;
}
