/* deliver.c: records go out: when they are over, when they are too old, when there is no room, at the end. */
#include "mta.h"

/* ---- counting, and letting go ---- */

static void count_lines(maillog_join *j, maillog_record record, uint64_t n)
{
    switch (record) {
    case MAILLOG_RECORD_MESSAGE:
        j->stats.attributed += n;
        break;
    case MAILLOG_RECORD_SESSION:
        j->stats.sessions += n;
        break;
    case MAILLOG_RECORD_SERVICE:
        j->stats.services += n;
        break;
    default:
        j->stats.unmatched += n;
        break;
    }
}

/* Whether the callback hears of such records. Others are counted, and not built. */
static bool is_wanted(const maillog_join *j, maillog_record record)
{
    return record == MAILLOG_RECORD_MESSAGE || j->config.flags & MAILLOG_JOIN_ALL_RECORDS;
}

static void count_message(maillog_join *j, maillog_message_state state)
{
    j->stats.messages++;
    j->stats.complete += state == MAILLOG_STATE_COMPLETE;
    j->stats.expired += state == MAILLOG_STATE_EXPIRED;
    j->stats.evicted += state == MAILLOG_STATE_EVICTED;
    j->stats.flushed += state == MAILLOG_STATE_FLUSHED;
}

static void hand_over(maillog_join *j, maillog_message *m, maillog_message_state state)
{
    m->state = state;
    if (m->record == MAILLOG_RECORD_MESSAGE) {
        count_message(j, state);
    } else {
        j->stats.records++;
        if (!is_wanted(j, m->record)) return;
    }
    if (!j->muted && j->cb(j->user, m) < 0) j->aborted = 1;
}

static void hand_over_unbuilt(maillog_join *j, maillog_str bytes, maillog_message_state state)
{
    count_message(j, state);
    if (!j->muted && j->unbuilt(j->user, bytes.ptr, bytes.len) < 0) j->aborted = 1;
}

static uint64_t entries_of(const maillog_join *j, const ml_node *n)
{
    const char *p = ml_scratch(j);
    const char *const end = maillog__tape_copy(j, n, ml_scratch(j));
    uint64_t count = 0;
    ml_entry e;
    while (maillog__entry(&p, end, &e)) count++;
    return count;
}

/* Entries of a session's tape that no record listed yet. The first ones are known by their number (group_next), others
 * by a bit in the tape. */
typedef struct unlisted {
    const char *at, *end;
    uint32_t index, first;
} unlisted;

static unlisted begin_unlisted(const maillog_join *j, const ml_node *n)
{
    unlisted u = {ml_scratch(j), NULL, 0, n->group_next};
    u.end = n->group_next < n->session_prev ? maillog__tape_copy(j, n, ml_scratch(j)) : u.at;
    return u;
}

static const char *next_unlisted(unlisted *u, ml_entry *e)
{
    for (const char *entry = u->at; maillog__entry(&u->at, u->end, e); entry = u->at)
        if (u->index++ >= u->first && !(e->cut & ML_CUT_LISTED)) return entry;
    return NULL;
}

/* Mark what a record lists: the shared lines and those of a segment (of the leg's, or of an attempt), or all. The first
 * record to list a line counts. */
static uint64_t list_session(maillog_join *j, uint32_t session, uint32_t leg, uint16_t segment, bool all)
{
    ml_node *n = ml_at_node(j, session);
    uint64_t fresh = n->session_prev - n->group_next, left = 0;
    ml_entry e;
    if (!(n->flags & ML_F_SEGMENTS)) {
        n->flags |= ML_F_LISTED;
        n->group_next = n->session_prev;
        return fresh;
    }
    fresh = 0;
    unlisted u = begin_unlisted(j, n);
    const char *const start = u.at;
    const ml_apart apart = maillog__apart(j, session, leg, u.at, u.end);
    for (const char *entry; (entry = next_unlisted(&u, &e)) != NULL;) {
        if (!all && e.segment && (e.segment != segment || maillog__is_apart(&apart, e))) {
            left++;
            continue;
        }
        ml_scratch(j)[entry - start + ML_HEAD_CUT] |= ML_CUT_LISTED;
        fresh++;
    }
    n->flags |= ML_F_LISTED;
    if (!left)
        n->group_next = n->session_prev;
    else if (fresh)
        maillog__tape_store(j, n, start);
    return fresh;
}

static bool is_message(const maillog_join *j, uint32_t leader)
{
    return (ml_at_node(j, leader)->flags & ML_F_LEGS) != 0;
}

static maillog_record record_of(const maillog_join *j, uint32_t leader)
{
    if (is_message(j, leader)) return MAILLOG_RECORD_MESSAGE;
    switch (ml_at_node(j, leader)->kind) {
    case ML_NODE_STORE:
        return MAILLOG_RECORD_SESSION;
    case ML_NODE_RUN:
    case ML_NODE_PROCESS:
        return MAILLOG_RECORD_SERVICE;
    default:
        return MAILLOG_RECORD_UNMATCHED;
    }
}

/* Where in its part of the log it went. */
static void note_place(const maillog_join *j, ml_node *n)
{
    n->session_prev = (uint32_t)j->place;
    n->session_next = (uint32_t)(j->place >> 32);
}

/* A leg that is over is remembered by its key, so that a line that comes late is known as such. */
static void release(maillog_join *j, uint32_t node, bool remember)
{
    ml_node *n = ml_at_node(j, node);
    maillog__leave_session(j, node);
    if (!remember || n->kind != ML_NODE_LEG || !(n->flags & ML_F_DONE) || !n->head) {
        maillog__free_node(j, node);
        return;
    }
    maillog__list_take(j, node);
    maillog__drop_key(j, node, 1);
    maillog__tape_free(j, n);
    note_place(j, n);
    n->kind = ML_NODE_GONE;
    n->group = n->group_next = 0;
    n->active = (uint32_t)j->clock;
    maillog__list_put(j, node, ML_LIST_GONE);
}

static void release_group(maillog_join *j, uint32_t leader, bool remember)
{
    uint32_t i = ml_at_node(j, leader)->group_next;
    for (uint32_t next; i != leader; i = next) {
        next = ml_at_node(j, i)->group_next;
        release(j, i, remember);
    }
    release(j, leader, remember);
}

static uint64_t lines_of_parts(const ml_build *b)
{
    uint64_t n = 0;
    for (size_t i = 0; i < b->nparts; i++) n += b->part[i].kind == ML_NODE_SESSION ? 0 : b->part[i].n;
    return n;
}

static uint64_t list_sessions_of(maillog_join *j, uint32_t leader)
{
    uint64_t lines = 0;
    uint32_t i = leader;
    do {
        const ml_node *n = ml_at_node(j, i);
        if (n->session) lines += list_session(j, n->session, i, n->segment, false);
        i = n->group_next;
    } while (i != leader);
    return lines;
}

static uint64_t entries_of_group(const maillog_join *j, uint32_t leader)
{
    uint64_t lines = 0;
    uint32_t i = leader;
    do {
        lines += entries_of(j, ml_at_node(j, i));
        i = ml_at_node(j, i)->group_next;
    } while (i != leader);
    return lines;
}

static void count_group(maillog_join *j, uint32_t leader, maillog_record record)
{
    const uint64_t lines = entries_of_group(j, leader) + list_sessions_of(j, leader);
    count_lines(j, record, lines);
    j->stats.records += lines != 0;
}

static bool has_session(const maillog_join *j, uint32_t leader)
{
    uint32_t i = leader;
    do {
        if (ml_at_node(j, i)->session) return true;
        i = ml_at_node(j, i)->group_next;
    } while (i != leader);
    return false;
}

/* False: it is to be built here. */
static bool deliver_unbuilt(maillog_join *j, uint32_t leader, maillog_message_state state)
{
    maillog_str bytes;
    const uint64_t lines = entries_of_group(j, leader);
    if ((!lines && !has_session(j, leader)) || !maillog__unbuilt(j, leader, state, &bytes)) return false;
    hand_over_unbuilt(j, bytes, state);
    count_lines(j, MAILLOG_RECORD_MESSAGE, lines + list_sessions_of(j, leader));
    return true;
}

static void build_and_deliver(maillog_join *j, uint32_t leader, maillog_record record, maillog_message_state state)
{
    ml_build b;
    maillog_message m;
    maillog__build_group(j, &b, &m, leader, record);
    /* a group of nothing but queue IDs that others named has no lines: it is no record */
    if (m.lines.len || m.truncated) hand_over(j, &m, state);
    count_lines(j, record, m.truncated ? entries_of_group(j, leader) : lines_of_parts(&b));
    count_lines(j, record, list_sessions_of(j, leader));
}

void maillog__deliver_group(maillog_join *j, uint32_t leader, maillog_message_state state)
{
    const maillog_record record = record_of(j, leader);
    maillog__list_take(j, leader);
    if (!is_wanted(j, record))
        count_group(j, leader, record);
    else if (!j->unbuilt || record != MAILLOG_RECORD_MESSAGE || !deliver_unbuilt(j, leader, state))
        build_and_deliver(j, leader, record, state);
    release_group(j, leader, state != MAILLOG_STATE_EVICTED);
}

/* ---- sessions ---- */

/* The transactions that are still to be told: those of which no message listed the lines, and in which something was
 * refused. Bit i of `out`: segment i + 1. */
enum { MOST_SEGMENTS = 256 };
typedef struct segments {
    uint16_t attempt[MOST_SEGMENTS];
    unsigned n;
    bool left; /* lines that nobody listed, and that are in no attempt */
} segments;

static void note_attempt(segments *s, uint16_t segment)
{
    if (s->n && s->attempt[s->n - 1] >= segment) return;
    if (s->n < MOST_SEGMENTS) s->attempt[s->n++] = segment;
}

static void find_untold(const maillog_join *j, const ml_node *n, segments *s)
{
    s->n = 0;
    s->left = n->group_next < n->session_prev;
    if (n->flags & ML_F_SEGMENTS) {
        unlisted u = begin_unlisted(j, n);
        ml_entry e;
        s->left = false;
        while (next_unlisted(&u, &e)) {
            s->left = true;
            if (e.segment && (e.daemon <= MAILLOG_DAEMON_POSTFIX_FILES || ml_is_mta(e.daemon)))
                note_attempt(s, e.segment);
        }
    }
    if (!s->n && n->flags & ML_F_TRIED && !(n->flags & ML_F_LISTED)) note_attempt(s, 0);
}

/* ---- greylisting: what was refused for now is remembered for its retry ---- */

static uint64_t grey_key(const maillog_join *j, maillog_str from, maillog_str to)
{
    return maillog__key(j, ML_KEY_GREY, maillog__hash(j, ML_KEY_GREY, from.ptr, from.len), to);
}

uint32_t maillog__grey(maillog_join *j, maillog_str from, maillog_str to)
{
    uint32_t at = 0, i;
    const uint64_t key = grey_key(j, from, to);
    while ((i = maillog__find(j, key, &at)) != 0 && ml_at_node(j, i)->kind != ML_NODE_GREY) continue;
    return i;
}

/* The first attempt counts; parts of a log can tell of it after a later one. */
void maillog__grey_line(ml_node *grey, int64_t line)
{
    if (line < grey->last) grey->last = line;
}

/* `ended`: when the attempt did. */
static void remember_greylisted(maillog_join *j, const maillog_message *m, int64_t ended)
{
    ml_in in;
    memset(&in, 0, sizeof in);
    for (size_t i = 0; i < m->nrecipients && j->used_cells + 64 < j->ncells; i++) {
        const maillog_message_recipient *r = &m->recipients[i];
        if (r->verdict != MAILLOG_VERDICT_GREYLISTED) continue;
        const uint32_t known = maillog__grey(j, m->from, r->to);
        if (known) {
            maillog__grey_line(ml_at_node(j, known), (int64_t)r->line);
            continue;
        }
        const uint32_t node = maillog__new_node(j, ML_NODE_GREY, &in);
        ml_node *n = ml_at_node(j, node);
        n->group = n->group_next = 0;
        n->last = (int64_t)r->line;
        n->first = ended;
        note_place(j, n);
        maillog__set_key(j, node, 0, grey_key(j, m->from, r->to));
        maillog__list_put(j, node, ML_LIST_GREY);
    }
}

static void deliver_attempt(maillog_join *j, uint32_t session, uint16_t segment, maillog_message_state state)
{
    ml_build b;
    maillog_message m;
    maillog_str bytes;
    if (j->unbuilt && maillog__unbuilt_attempt(j, session, segment, state, &bytes)) {
        hand_over_unbuilt(j, bytes, state);
    } else {
        maillog__build_attempt(j, &b, &m, session, segment, MAILLOG_RECORD_MESSAGE);
        hand_over(j, &m, state);
        if (m.verdict == MAILLOG_VERDICT_GREYLISTED) remember_greylisted(j, &m, ml_at_node(j, session)->last);
    }
    count_lines(j, MAILLOG_RECORD_MESSAGE, list_session(j, session, 0, segment, false));
}

void maillog__deliver_session(maillog_join *j, uint32_t session, maillog_message_state state)
{
    ml_build b;
    maillog_message m;
    segments s;
    maillog__list_take(j, session);
    find_untold(j, ml_at_node(j, session), &s);
    for (unsigned i = 0; i < s.n; i++) deliver_attempt(j, session, s.attempt[i], state);
    if (s.left && !is_wanted(j, MAILLOG_RECORD_SESSION)) {
        const uint64_t lines = list_session(j, session, 0, 0, true);
        count_lines(j, MAILLOG_RECORD_SESSION, lines);
        j->stats.records += lines != 0;
    } else if (s.left) {
        maillog__build_attempt(j, &b, &m, session, 0, MAILLOG_RECORD_SESSION);
        if (m.lines.len) {
            hand_over(j, &m, state);
            count_lines(j, MAILLOG_RECORD_SESSION, list_session(j, session, 0, 0, true));
        }
    }
    maillog__free_node(j, session);
}

/* ---- one line that is a record ---- */

void maillog__deliver_line(maillog_join *j, const ml_in *in, maillog_record record)
{
    if (in->listed) return;
    count_lines(j, record, 1);
    maillog_message m;
    memset(&m, 0, sizeof m);
    m.size = sizeof m;
    m.record = record;
    m.bytes = m.nrcpt = MAILLOG_NO_NUMBER;
    m.host = ml_value(in, ML_S_HOST);
    if (in->ev->daemon) m.daemon = ml_text(maillog_daemon_name(in->ev->daemon));
    m.first_time = m.last_time = in->ev->time;
    m.lines.ptr = &in->line;
    m.lines.len = 1;
    hand_over(j, &m, MAILLOG_STATE_COMPLETE);
}

/* ---- time, room, the end ---- */

/* A part that found no message by exact proofs gets a last chance by its Message-ID. */
static bool last_chance(maillog_join *j, uint32_t leader)
{
    const ml_node *n = ml_at_node(j, leader);
    if (n->kind != ML_NODE_STORE && n->kind != ML_NODE_RUN) return false;
    const char *p = ml_scratch(j);
    const char *const end = maillog__tape_copy(j, n, ml_scratch(j));
    ml_entry e;
    while (maillog__entry(&p, end, &e)) {
        ml_read_fields(&e);
        const maillog_str id = maillog__entry_get(&e, ML_K_MESSAGE_ID);
        if (!id.ptr || !maillog__link_by_message_id(j, leader, id)) continue;
        maillog__settle(j, leader);
        return true;
    }
    return false;
}

static void deliver_oldest(maillog_join *j, ml_list list, maillog_message_state state)
{
    const uint32_t i = j->list[list].first;
    switch (list) {
    case ML_LIST_SESSION:
    case ML_LIST_CLOSED:
        maillog__deliver_session(j, i, state);
        return;
    case ML_LIST_GREY:
    case ML_LIST_GONE:
        maillog__free_node(j, i);
        return;
    case ML_LIST_LOOSE:
        if (state != MAILLOG_STATE_EVICTED && last_chance(j, i)) return;
        break;
    default:
        break;
    }
    maillog__deliver_group(j, i, state);
}

/* In a part of a log, nothing is given up, and what waits for the end of a session goes with that: other parts may know
 * more. But it gets no more lines than it would in the whole. */
static bool is_kept(maillog_join *j, ml_list list, maillog_message_state state)
{
    const uint32_t i = j->list[list].first;
    if (!ml_is_part(j) || list == ML_LIST_GREY || list == ML_LIST_GONE) return false;
    if (list == ML_LIST_LOOSE && last_chance(j, i)) return true;
    return maillog__hold_back(j, i, state == MAILLOG_STATE_EXPIRED || list == ML_LIST_WAIT);
}

/* The next in the list goes out soon, too. */
static void fetch_next(maillog_join *j, uint32_t node)
{
    const ml_node *n = ml_at_node(j, node);
    if (!n->next) return;
    const ml_node *next = ml_at_node(j, n->next);
    if (next->next) ml_prefetch_node(j, next->next);
    if (next->head) maillog__prefetch_tape(j, next);
    if (next->key[0]) ml_prefetch(ml_bucket(j, next->key[0]));
    if (next->group && next->session) ml_prefetch_node(j, next->session);
}

void maillog__tick(maillog_join *j)
{
    const struct {
        ml_list list;
        int64_t after;
        maillog_message_state state;
    } rows[] = {
        {ML_LIST_LOOSE, j->config.wait, MAILLOG_STATE_EXPIRED},
        {ML_LIST_DONE, j->config.settle, MAILLOG_STATE_COMPLETE},
        {ML_LIST_WAIT, j->config.wait, MAILLOG_STATE_COMPLETE},
        {ML_LIST_CLOSED, j->config.settle, MAILLOG_STATE_COMPLETE},
        {ML_LIST_SESSION, ml_session_wait(j), MAILLOG_STATE_EXPIRED},
        {ML_LIST_OPEN, j->config.expire, MAILLOG_STATE_EXPIRED},
        {ML_LIST_GREY, 86400, MAILLOG_STATE_COMPLETE},
        {ML_LIST_GONE, 6 * (int64_t)j->config.settle, MAILLOG_STATE_COMPLETE},
    };
    /* what had lines since is moved back now and then, so that eviction finds what was quiet for long */
    const bool all = j->turnover > j->ncells / 16;
    if (all) j->turnover = 0;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        int64_t *due = &j->due[rows[i].list];
        if (j->clock < *due && !all) continue;
        *due = j->clock + rows[i].after; /* what comes in later is younger */
        for (uint32_t n; (n = maillog__oldest(j, rows[i].list)) != 0;) {
            if (j->aborted) {
                *due = 0;
                return;
            }
            const int64_t old = (int64_t)ml_at_node(j, n)->active + rows[i].after;
            if (old > j->clock) {
                *due = old;
                break;
            }
            fetch_next(j, n);
            if (!is_kept(j, rows[i].list, rows[i].state)) deliver_oldest(j, rows[i].list, rows[i].state);
        }
    }
}

/* Make room: what is only remembered goes first, then the record that was quiet for longest. */
bool maillog__evict(maillog_join *j)
{
    ml_list oldest = ML_LIST_NONE;
    for (unsigned l = ML_LISTS - 1; l >= ML_LIST_GREY; l--)
        if (j->list[l].first) {
            deliver_oldest(j, (ml_list)l, MAILLOG_STATE_EVICTED);
            return true;
        }
    for (unsigned l = ML_LIST_OPEN; l < ML_LIST_GREY; l++) {
        const uint32_t n = maillog__oldest(j, (ml_list)l);
        if (!n) continue;
        if (!oldest || ml_at_node(j, n)->active < ml_at_node(j, j->list[oldest].first)->active) oldest = (ml_list)l;
    }
    if (!oldest) return false;
    const bool over = oldest == ML_LIST_DONE || oldest == ML_LIST_CLOSED;
    deliver_oldest(j, oldest, over ? MAILLOG_STATE_COMPLETE : MAILLOG_STATE_EVICTED);
    return true;
}

/* The table is empty, and the next line may be of any time. */
void maillog__begin_anew(maillog_join *j)
{
    j->log_time = INT64_MIN;
    j->doubt = j->before = 0;
    j->day_month = 0;
    memset(j->due, 0, sizeof j->due);
}

int maillog_join_flush(maillog_join *j)
{
    /* what was refused goes before what was let through later; sessions that messages end leave last */
    static const struct {
        ml_list list;
        maillog_message_state state;
    } rows[] = {
        {ML_LIST_LOOSE, MAILLOG_STATE_FLUSHED},   {ML_LIST_CLOSED, MAILLOG_STATE_COMPLETE},
        {ML_LIST_SESSION, MAILLOG_STATE_FLUSHED}, {ML_LIST_DONE, MAILLOG_STATE_COMPLETE},
        {ML_LIST_WAIT, MAILLOG_STATE_COMPLETE},   {ML_LIST_OPEN, MAILLOG_STATE_FLUSHED},
        {ML_LIST_CLOSED, MAILLOG_STATE_COMPLETE}, {ML_LIST_SESSION, MAILLOG_STATE_FLUSHED},
        {ML_LIST_GREY, MAILLOG_STATE_COMPLETE},   {ML_LIST_GONE, MAILLOG_STATE_COMPLETE},
    };
    if (!j) return MAILLOG_ERR_ARGUMENT;
    if (j->sealed) return MAILLOG_ERR_STATE;
    j->aborted = 0;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        while (j->list[rows[i].list].first) {
            deliver_oldest(j, rows[i].list, rows[i].state);
            j->muted = j->aborted;
        }
    j->muted = 0;
    maillog__begin_anew(j);
    return j->aborted ? MAILLOG_ERR_ABORTED : MAILLOG_OK;
}

/* ---- the counters, and the proof that they add up ---- */

static uint64_t count_unlisted(const maillog_join *j, const ml_node *n)
{
    unlisted u = begin_unlisted(j, n);
    uint64_t count = 0;
    ml_entry e;
    while (next_unlisted(&u, &e)) count++;
    return count;
}

static uint64_t lines_of_group(const maillog_join *j, uint32_t leader, uint64_t *live)
{
    uint64_t lines = 0;
    uint32_t i = leader;
    do {
        const ml_node *n = ml_at_node(j, i);
        lines += entries_of(j, n);
        (*live)++;
        /* a session that legs point to is in no list: count it with its first leg */
        if (n->session && ml_at_node(j, n->session)->u.s.legs == i) {
            lines += count_unlisted(j, ml_at_node(j, n->session));
            (*live)++;
        }
        i = n->group_next;
    } while (i != leader);
    return lines;
}

int maillog_join_stats_get(const maillog_join *j, maillog_join_stats *out)
{
    if (!j || !out) return MAILLOG_ERR_ARGUMENT;
    *out = j->stats;
    out->live = 0;
    for (unsigned l = ML_LIST_OPEN; l < ML_LISTS; l++)
        for (uint32_t i = j->list[l].first; i; i = ml_at_node(j, i)->next) {
            if (ml_at_node(j, i)->group) {
                out->pending += lines_of_group(j, i, &out->live);
            } else {
                out->pending += count_unlisted(j, ml_at_node(j, i));
                out->live++;
            }
        }
    out->memory = (uint64_t)j->ncells * ML_CELL;
    out->memory_used = (uint64_t)j->used_cells * ML_CELL;
    const uint64_t sum = out->attributed + out->sessions + out->services + out->unmatched + out->pending;
    return sum == out->lines && out->live == j->nodes ? MAILLOG_OK : MAILLOG_ERR_CORRUPT;
}
