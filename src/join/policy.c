/* policy.c: answers of policy servers (greylisting, SPF …) that come before there is a queue ID: they name the client,
 * and perhaps sender and recipient, and belong to one of its connections. */
#include "table.h"

enum { MOST_LOOKED_AT = 16, NANO = 1000000000 };

/* Whether the transaction has an answer of this policy server. Long sessions are not looked through. */
static bool has_answered(const maillog_join *j, const ml_node *n, uint8_t daemon)
{
    const char *p = ml_scratch(j);
    ml_entry e;
    if (n->bytes > 2048) return true;
    const char *const end = maillog__tape_copy(j, n, ml_scratch(j));
    while (maillog__entry(&p, end, &e))
        if (e.segment == n->segment && e.daemon == daemon) return true;
    return false;
}

/* A policy answer comes before the queue ID of its transaction; one that was swapped with it belongs to it all the
 * same, if that server has not answered for it yet. After a refusal, another sender (0: not known) is another
 * transaction. */
static uint16_t segment_for_policy(const maillog_join *j, ml_node *n, uint8_t daemon, uint32_t from)
{
    const bool other = n->flags & ML_F_REFUSED && from && n->u.s.from && from != n->u.s.from;
    if (other || (n->flags & ML_F_TAKEN && n->flags & ML_F_ASKED && has_answered(j, n, daemon)))
        maillog__next_segment(n);
    n->flags |= ML_F_ASKED;
    return n->segment;
}

/* An answer that came again after the queue ID of its transaction was given: the client has named the same sender and
 * recipient once more in that second, if now there is another queue ID that has no answer of its own. Else the line
 * came twice, and both stay. */
void maillog__take_repeated(maillog_join *j, uint32_t session)
{
    enum { MOST_BYTES = 4096 };
    ml_node *s = ml_at_node(j, session);
    if (s->bytes > MOST_BYTES) return;
    char *const tape = ml_scratch(j);
    const char *const end = maillog__tape_copy(j, s, tape);
    const char *p = tape;
    ml_entry e, before;
    for (char *at = tape; maillog__entry(&p, end, &e); at = tape + (p - tape)) {
        if (e.segment + 1 != s->segment || e.daemon <= MAILLOG_DAEMON_POSTFIX_FILES) continue;
        bool again = false;
        for (const char *q = tape; q < at && !again && maillog__entry(&q, end, &before);)
            again = before.segment == e.segment && before.content == e.content;
        if (again) memcpy(at + ML_HEAD_SEGMENT, &s->segment, sizeof s->segment);
        if (again) s->flags |= ML_F_ASKED;
    }
    if (s->flags & ML_F_ASKED) maillog__tape_store(j, s, tape);
}

static bool is_parked(const ml_node *n) { return n->kind == ML_NODE_POLICY && !(n->flags & ML_F_LINKED); }

/* smtpd waits for five minutes (smtpd_timeout): one that was quiet for longer is most likely over, its end not logged.
 */
static bool is_quiet(const maillog_join *j, const ml_node *session)
{
    return j->clock > (int64_t)session->active + j->config.wait;
}

/* The one open session with the client's address; 0 if there is none, or more than one. */
uint32_t maillog__only_session(maillog_join *j, const ml_in *in)
{
    const uint64_t key = ml_address_key(j, in);
    uint32_t at = 0, open = 0, closed = 0, quiet = 0;
    bool many_quiet = false;
    for (int most = MOST_LOOKED_AT * 4; most; most--) {
        const uint32_t i = maillog__find(j, key, &at);
        if (!i) break;
        const ml_node *n = ml_at_node(j, i);
        if (n->kind != ML_NODE_SESSION || ml_is_stale(j, n)) continue;
        if (n->flags & ML_F_CLOSED) {
            /* the answer came after the end, unless there is one: then it is for a connection yet unknown (XCLIENT) */
            const bool late = in->ns <= n->last + NANO && !has_answered(j, n, in->ev->daemon);
            if (!closed && late) closed = i;
        } else if (is_quiet(j, n)) {
            many_quiet = quiet != 0;
            quiet = i;
        } else if (open) {
            return 0;
        } else {
            open = i;
        }
    }
    if (!open && quiet && !closed) {
        if (many_quiet) return 0;
        if (ml_is_part(j)) ml_at_node(j, quiet)->flags |= ML_F_AWAITS; /* as others in the part before may be */
        return quiet;
    }
    return open ? open : closed;
}

/* Of several, the one that has just refused what this answer is about: the two lines have changed places. */
static uint32_t refused_session(maillog_join *j, const ml_in *in)
{
    const uint64_t key = ml_address_key(j, in);
    const uint32_t to = maillog__text_hash(j, ml_value(in, ML_S_TO)),
                   from = maillog__text_hash(j, ml_value(in, ML_S_FROM));
    uint32_t at = 0;
    for (int most = MOST_LOOKED_AT; to && most; most--) {
        const uint32_t i = maillog__find(j, key, &at);
        if (!i) return 0;
        const ml_node *n = ml_at_node(j, i);
        if (n->kind == ML_NODE_SESSION && !(n->flags & ML_F_ASKED) && n->flags & ML_F_REFUSED && n->session == to &&
            n->u.s.from == from && in->ns <= n->last + NANO)
            return i;
    }
    return 0;
}

void maillog__push_policy(maillog_join *j, ml_in *in)
{
    const uint32_t only = maillog__only_session(j, in), s = only ? only : refused_session(j, in);
    /* the client may have another session, begun in the part of the log before */
    const uint32_t early = maillog__is_early(j, in->ns, j->config.wait) ? ML_F_AWAITS : 0;
    if (s) {
        ml_node *n = ml_at_node(j, s);
        n->flags |= early;
        if (n->flags & ML_F_TAKEN && ml_repeats(n, in)) n->flags |= ML_F_AGAIN;
        const uint32_t from = maillog__text_hash(j, ml_value(in, ML_S_FROM));
        in->segment = ml_repeats(n, in) ? n->segment : segment_for_policy(j, n, in->ev->daemon, from);
        maillog__add_line(j, s, in);
        return;
    }
    const uint32_t p = maillog__new_node(j, ML_NODE_POLICY, in);
    ml_node *n = ml_at_node(j, p);
    n->flags |= early;
    n->u.g.client = maillog__text_hash(j, ml_value(in, ML_S_FROM));
    n->u.g.message_id = maillog__text_hash(j, ml_value(in, ML_S_TO));
    maillog__set_key(j, p, 0, ml_address_key(j, in));
    j->parked++;
    maillog__add_line(j, p, in);
}

static uint8_t first_daemon(const maillog_join *j, uint32_t node)
{
    const ml_node *n = ml_at_node(j, node);
    return n->head ? (uint8_t)*ml_cell(j, n->head) : 0;
}

static uint16_t answer_segment(const maillog_join *j, ml_node *session, uint32_t policy)
{
    return segment_for_policy(j, session, first_daemon(j, policy), ml_at_node(j, policy)->u.g.client);
}

static void take_policy(maillog_join *j, uint32_t session, uint32_t policy, uint16_t segment)
{
    ml_node *s = ml_at_node(j, session);
    s->flags |= ML_F_ASKED | (ml_at_node(j, policy)->flags & ML_F_AWAITS);
    if (!s->recent[0]) s->recent[0] = ml_at_node(j, policy)->recent[0]; /* the first line that it has */
    maillog__tape_move(j, policy, session, segment);
    maillog__free_node(j, policy);
}

/* Of identical answers that wait, the one that came first. */
static uint32_t first_like(maillog_join *j, uint64_t key, uint32_t answer)
{
    const uint32_t content = ml_at_node(j, answer)->recent[0];
    uint32_t at = 0, first = answer;
    for (int most = MOST_LOOKED_AT; most; most--) {
        const uint32_t i = maillog__find(j, key, &at);
        if (!i) break;
        if (is_parked(ml_at_node(j, i)) && ml_at_node(j, i)->recent[0] == content) first = i;
    }
    return first;
}

/* Of identical answers about a client that has several connections, each is about one of them: this one has its. */
static bool is_for_another(maillog_join *j, uint32_t session, const ml_in *in, uint32_t answer, uint32_t taken)
{
    return taken && ml_at_node(j, answer)->recent[0] == taken && maillog__only_session(j, in) != session;
}

/* Parked answers that came just before this session's connect, or for the recipient that it refuses now. */
void maillog__take_policies(maillog_join *j, uint32_t session, const ml_in *in, bool connect)
{
    const uint64_t key = ml_address_key(j, in);
    const uint32_t to = maillog__text_hash(j, ml_value(in, ML_S_TO)),
                   from = maillog__text_hash(j, ml_value(in, ML_S_FROM));
    uint32_t at = 0, taken = 0;
    for (int most = MOST_LOOKED_AT; j->parked && most; most--) {
        const uint32_t i = maillog__find(j, key, &at);
        if (!i) return;
        const ml_node *n = ml_at_node(j, i);
        if (!is_parked(n) || (!connect && is_for_another(j, session, in, i, taken))) continue;
        if (connect ? in->ns > n->last + 2 * (int64_t)NANO
                    : (n->u.g.message_id && n->u.g.message_id != to) || (n->u.g.client && n->u.g.client != from))
            continue;
        ml_node *s = ml_at_node(j, session);
        taken = n->recent[0];
        take_policy(j, session, first_like(j, key, i), connect ? answer_segment(j, s, i) : s->segment);
        at = 0; /* the chain has changed */
    }
}

/* The oldest parked answer about the client, with or without a recipient, of the last two seconds; 0: none. */
static uint32_t oldest_answer(maillog_join *j, const ml_in *in, bool recipient)
{
    const uint64_t key = ml_address_key(j, in);
    uint32_t at = 0, oldest = 0;
    for (int most = MOST_LOOKED_AT; most; most--) {
        const uint32_t i = maillog__find(j, key, &at);
        if (!i) break;
        const ml_node *n = ml_at_node(j, i);
        const bool fresh = is_parked(n) && in->ns <= n->last + 2 * (int64_t)NANO;
        if (fresh && recipient == (n->u.g.message_id != 0)) oldest = i;
    }
    return oldest;
}

/* A queue ID was given to this client: the oldest parked answer that names a recipient led to that, and so did those of
 * other policy servers for the same sender and recipient, and the oldest that names none (SPF is about the sender). */
void maillog__take_first_answer(maillog_join *j, uint32_t session, const ml_in *in)
{
    const uint32_t whose = oldest_answer(j, in, false), first = oldest_answer(j, in, true);
    const uint32_t from = first ? ml_at_node(j, first)->u.g.client : 0;
    const uint32_t to = first ? ml_at_node(j, first)->u.g.message_id : 0;
    if (whose) {
        const uint32_t sender = ml_at_node(j, whose)->u.g.client;
        if (!sender || !from || sender == from) take_policy(j, session, whose, ml_at_node(j, session)->segment);
    }
    uint32_t at = 0, taken = 0;
    for (int most = MOST_LOOKED_AT; first && most; most--) {
        const uint32_t i = maillog__find(j, ml_address_key(j, in), &at);
        if (!i) return;
        const ml_node *n = ml_at_node(j, i);
        if (!is_parked(n) || n->u.g.client != from || n->u.g.message_id != to) continue;
        if (is_for_another(j, session, in, i, taken)) continue;
        taken = n->recent[0];
        take_policy(j, session, first_like(j, ml_address_key(j, in), i), ml_at_node(j, session)->segment);
        at = 0; /* the chain has changed */
    }
}

/* A recipient of a leg is known now: the answer about it, parked because several connections were open, is its. */
void maillog__match_policies(maillog_join *j, uint32_t leg, const ml_in *in)
{
    const uint32_t to = maillog__text_hash(j, ml_value(in, ML_S_TO)),
                   orig = maillog__text_hash(j, ml_value(in, ML_S_ORIG_TO));
    const ml_node *self = ml_at_node(j, leg);
    if (!self->session || !ml_at_node(j, self->session)->key[1]) return;
    uint32_t at = 0;
    for (int most = MOST_LOOKED_AT; most; most--) {
        const uint32_t i = maillog__find(j, ml_at_node(j, self->session)->key[1], &at);
        if (!i) return;
        ml_node *n = ml_at_node(j, i);
        if (!is_parked(n) || ml_is_stale(j, n) || !n->u.g.message_id ||
            (n->u.g.message_id != to && n->u.g.message_id != orig))
            continue;
        n->flags |= ML_F_LINKED;
        maillog__drop_key(j, i, 0);
        j->parked--;
        maillog__join_groups(j, leg, i);
        return;
    }
}
