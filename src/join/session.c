/* session.c: SMTP connections: smtpd by (host, process), postscreen by client address and port.
 *
 * The lines of a session are of two sorts. Shared ones (connect, TLS, AUTH, disconnect; segment 0) go with every
 * message of it. Those that speak of one transaction (NOQUEUE rejects, policy answers; segment 1, 2, …) go with the
 * queue ID that follows them, or, if none does, make an attempt of their own. */
#include <maillog/describe.h>

#include "mta.h"

enum { MOST_LOOKED_AT = 16, NANO = 1000000000 };

static uint32_t client_hash(const maillog_join *j, const ml_in *in)
{
    if (!in->f[ML_S_CLIENT_ADDR]) return 0;
    return (uint32_t)ml_address_key(j, in) | 1;
}

uint32_t maillog__text_hash(const maillog_join *j, maillog_str v)
{
    return v.ptr ? (uint32_t)maillog__key(j, ML_KEY_TEXT, 1, v) | 1 : 0;
}

/* ---- which session ---- */

static uint32_t new_session(maillog_join *j, const ml_in *in)
{
    const uint32_t s = maillog__new_node(j, ML_NODE_SESSION, in);
    ml_at_node(j, s)->segment = 1;
    maillog__set_key(j, s, 0, in->key[1]);
    return s;
}

/* The newest two sessions of the process. */
static void find_sessions(maillog_join *j, const ml_in *in, uint32_t out[2])
{
    const uint64_t key = in->key[1];
    uint32_t at = 0, n = 0;
    out[0] = out[1] = 0;
    for (int most = MOST_LOOKED_AT; n < 2 && most; most--) {
        const uint32_t i = maillog__find(j, key, &at);
        if (!i) break;
        const ml_node *s = ml_at_node(j, i);
        if (s->kind == ML_NODE_SESSION && !ml_is_stale(j, s)) out[n++] = i;
    }
}

/* Containers that send their logs under one host name have the same process numbers: the newest open session of the
 * process with this client, other than `but`. */
static uint32_t open_session_of(maillog_join *j, const ml_in *in, uint32_t client, uint32_t but)
{
    uint32_t at = 0;
    for (int most = MOST_LOOKED_AT; client && most; most--) {
        const uint32_t i = maillog__find(j, in->key[1], &at);
        if (!i) return 0;
        const ml_node *n = ml_at_node(j, i);
        if (n->kind != ML_NODE_SESSION || i == but || n->flags & ML_F_CLOSED || ml_is_stale(j, n)) continue;
        if (n->u.s.client == client) return i;
    }
    return 0;
}

static bool is_open(const ml_node *session) { return !(session->flags & ML_F_CLOSED); }

static void know_client(maillog_join *j, uint32_t s, const ml_in *in)
{
    ml_node *n = ml_at_node(j, s);
    const uint32_t client = in->f[ML_S_RDNS_NAME] ? 0 : client_hash(j, in);
    if (!client || client == n->u.s.client) return;
    n->u.s.client = client; /* it can change: XCLIENT */
    maillog__set_key(j, s, 1, ml_address_key(j, in));
}

/* connect: a new session, unless lines of the process that came before it (a warning about the client's name, a TLS
 * library's) began one. */
static uint32_t session_for_connect(maillog_join *j, const ml_in *in)
{
    uint32_t s[2];
    find_sessions(j, in, s);
    if (!s[0]) return new_session(j, in);
    const ml_node *n = ml_at_node(j, s[0]);
    if (ml_repeats(n, in) && is_open(n)) return s[0];
    const uint32_t client = client_hash(j, in);
    if (!(n->flags & ML_F_CONNECT)) {
        /* in a part of a log, it may go on with a session of the part before */
        const bool late = ml_is_part(j) && in->ns > n->last + 2 * (int64_t)NANO;
        if (late) ml_at_node(j, s[0])->flags |= ML_F_AWAITS;
        if (is_open(n) && (!n->u.s.client || n->u.s.client == client)) return s[0];
        if (n->u.s.client == client && in->ns <= n->first) { /* the disconnect came ahead of it */
            if (ml_is_part(j)) ml_at_node(j, s[0])->flags |= ML_F_AWAITS;
            return s[0];
        }
    }
    return new_session(j, in);
}

/* disconnect: of the newest session, or of one before, if that has the client, or if a connect came ahead of it. */
static uint32_t session_for_disconnect(maillog_join *j, const ml_in *in)
{
    uint32_t s[2];
    find_sessions(j, in, s);
    if (!s[0]) return new_session(j, in);
    const ml_node *n = ml_at_node(j, s[0]);
    if (!is_open(n) && ml_repeats(n, in)) return s[0];
    const uint32_t client = client_hash(j, in);
    const uint32_t other = open_session_of(j, in, client, s[0]);
    if (other) {
        const bool began = n->recent[1] == 0 && n->recent[2] == 0 && !n->u.s.refs; /* only its connect */
        if (n->u.s.client != client || began || !is_open(n)) return other;
    }
    return is_open(n) ? s[0] : new_session(j, in);
}

static uint32_t session_for_line(maillog_join *j, const ml_in *in)
{
    uint32_t s[2];
    find_sessions(j, in, s);
    if (!s[0]) return new_session(j, in);
    const ml_node *n = ml_at_node(j, s[0]);
    /* a warning about the client's name begins a session; but the two lines may have changed places */
    const bool begins = in->f[ML_S_RDNS_NAME] && in->ns > n->last + 2 * (int64_t)NANO;
    if (begins) return new_session(j, in);
    const uint32_t client = in->f[ML_S_RDNS_NAME] ? 0 : client_hash(j, in);
    if (is_open(n) && (!client || !n->u.s.client || n->u.s.client == client)) return s[0];
    if (!is_open(n) && in->ns <= n->last + 2 * (int64_t)NANO) {
        /* it comes after the disconnect; or it begins the next session, as a warning about a name does */
        const bool same = client && n->u.s.client == client;
        if (same || (!client && in->f[ML_S_STAGE])) return s[0];
    }
    const uint32_t other = open_session_of(j, in, client, s[0]);
    if (other) return other;
    return is_open(n) ? s[0] : new_session(j, in); /* its client changes: XCLIENT */
}

/* ---- segments ---- */

void maillog__next_segment(ml_node *n)
{
    if (n->segment < UINT16_MAX) n->segment++;
    n->u.s.from = 0;
    n->flags &= ~(uint32_t)(ML_F_TAKEN | ML_F_ASKED | ML_F_AGAIN | ML_F_REFUSED | ML_F_DISCARDS);
}

/* A line of a transaction: another sender, or a line after the queue ID was given, is another transaction. */
static uint16_t segment_for(maillog_join *j, ml_node *n, const ml_in *in)
{
    const maillog_str from = ml_value(in, ML_S_FROM);
    const uint32_t hash = maillog__text_hash(j, from);
    if (n->flags & ML_F_TAKEN || (hash && n->u.s.from && hash != n->u.s.from)) maillog__next_segment(n);
    if (hash) n->u.s.from = hash;
    switch (ml_word_of(in, ML_S_ACTION)) {
    case MAILLOG_ACTION_REJECT:
    case MAILLOG_ACTION_MILTER_REJECT:
    case MAILLOG_ACTION_PROXY_REJECT:
    case MAILLOG_ACTION_HANGUP:
        n->flags |= ML_F_REFUSED;
        n->session = maillog__text_hash(j, ml_value(in, ML_S_TO));
        break;
    case MAILLOG_ACTION_DISCARD:
    case MAILLOG_ACTION_MILTER_DISCARD:
        n->flags |= ML_F_DISCARDS;
        break;
    default:
        break;
    }
    return n->segment;
}

/* ---- the legs of a session ---- */

void maillog__join_session(maillog_join *j, uint32_t node, uint32_t session)
{
    ml_node *n = ml_at_node(j, node), *s = ml_at_node(j, session);
    n->session = session;
    n->segment = s->segment;
    n->session_prev = 0;
    n->session_next = s->u.s.legs;
    if (s->u.s.legs) ml_at_node(j, s->u.s.legs)->session_prev = node;
    s->u.s.legs = node;
    if (s->u.s.refs++ == 0) maillog__list_take(j, session);
}

/* The leg goes out: the session stays until its last leg has gone and it has ended. */
void maillog__leave_session(maillog_join *j, uint32_t node)
{
    ml_node *n = ml_at_node(j, node);
    if (!n->session) return;
    ml_node *s = ml_at_node(j, n->session);
    if (n->session_prev)
        ml_at_node(j, n->session_prev)->session_next = n->session_next;
    else
        s->u.s.legs = n->session_next;
    if (n->session_next) ml_at_node(j, n->session_next)->session_prev = n->session_prev;
    if (--s->u.s.refs == 0) {
        s->active = (uint32_t)j->clock;
        maillog__list_put(j, n->session, maillog__session_list(j, s));
    }
    n->session = n->session_prev = n->session_next = 0;
}

/* QID: client=: the leg belongs to its process's session. */
void maillog__session_of(maillog_join *j, uint32_t leg, ml_in *in)
{
    if (!maillog__session_name(in).len || ml_at_node(j, leg)->session) return;
    const uint32_t s = session_for_line(j, in);
    know_client(j, s, in);
    ml_node *n = ml_at_node(j, s);
    if (n->flags & ML_F_TAKEN) {
        const bool again = n->flags & ML_F_AGAIN;
        maillog__next_segment(n);
        if (again) maillog__take_repeated(j, s);
    }
    if (j->parked) maillog__take_first_answer(j, s, in);
    n->flags |= ML_F_TAKEN;
    ml_at_node(j, leg)->flags |= n->flags & ML_F_DISCARDS;
    maillog__join_session(j, leg, s);
    n->active = (uint32_t)j->clock;
}

/* `3` or `3/5`: the good ones. */
static unsigned count(const ml_in *in, ml_slot slot)
{
    const maillog_str v = ml_value(in, slot);
    unsigned n = 0;
    for (size_t i = 0; i < v.len && ml_is_digit(v.ptr[i]) && n < 100000; i++) n = n * 10 + (unsigned)(v.ptr[i] - '0');
    return n;
}

/* The end: a leg whose message was never taken (no successful DATA for it) will not come to the queue manager. */
void maillog__end_legs(maillog_join *j, uint32_t session)
{
    const ml_node *s = ml_at_node(j, session);
    const uint32_t taken = s->session_next & UINT16_MAX;
    const bool none_more = taken && taken - 1 <= s->u.s.active;
    uint32_t i = s->u.s.legs, later;
    while (i && ml_at_node(j, i)->session_next) i = ml_at_node(j, i)->session_next; /* the first goes out first */
    for (; i; i = later) {
        ml_node *leg = ml_at_node(j, i);
        later = leg->session_prev;
        if (leg->kind == ML_NODE_LEG && !(leg->flags & (ML_F_ACTIVE | ML_F_DONE)) &&
            (leg->flags & ML_F_DISCARDS || none_more))
            maillog__set_done(j, i, true);
        maillog__settle(j, i);
    }
}

/* `0/1`, `2/3`: some were refused. */
static bool some_refused(const ml_in *in, ml_slot slot)
{
    const maillog_str v = ml_value(in, slot);
    return v.len && memchr(v.ptr, '/', v.len);
}

static uint32_t at_most(unsigned n) { return n < UINT16_MAX ? n : UINT16_MAX; }

static void close_session(maillog_join *j, uint32_t session, const ml_in *in)
{
    ml_node *s = ml_at_node(j, session);
    if (s->flags & ML_F_CLOSED) return;
    s->flags |= ML_F_CLOSED;
    if (some_refused(in, ML_S_CMD_MAIL) || some_refused(in, ML_S_CMD_RCPT) || some_refused(in, ML_S_CMD_AUTH))
        s->flags |= ML_F_TRIED | ML_F_UNSAID;
    if (in->f[ML_S_CMD_MAIL] || in->f[ML_S_CMD_DATA] || in->f[ML_S_CMD_BDAT])
        s->session_next =
            at_most(1 + count(in, ML_S_CMD_DATA) + count(in, ML_S_CMD_BDAT)) | at_most(count(in, ML_S_CMD_MAIL)) << 16;
    maillog__end_legs(j, session);
}

/* ---- postscreen ---- */

ML_WRAPS static uint64_t screen_key(const maillog_join *j, const ml_in *in)
{
    uint64_t scope = in->host;
    const maillog_str port = ml_value(in, ML_S_CLIENT_PORT);
    for (size_t i = 0; i < port.len && i < 5; i++) scope = scope * 131 + (unsigned char)port.ptr[i];
    return maillog__key(j, ML_KEY_SCREEN, scope, ml_value(in, ML_S_CLIENT_ADDR));
}

static uint64_t screen_address_key(const maillog_join *j, const ml_in *in)
{
    return maillog__key(j, ML_KEY_SCREEN, (uint64_t)in->host << 32, ml_value(in, ML_S_CLIENT_ADDR));
}

static bool starts(const ml_in *in, const char *word) { return ml_text_starts(ml_value(in, ML_S_MESSAGE), word); }

/* It becomes part of smtpd's session; in a part of a log, its beginning may be in the part before. */
static void move_screen(maillog_join *j, uint32_t screen, uint32_t session)
{
    const uint32_t flags = ml_at_node(j, screen)->flags;
    if (ml_is_part(j) && (flags & ML_F_AWAITS || !(flags & ML_F_CONNECT))) ml_at_node(j, session)->flags |= ML_F_AWAITS;
    maillog__tape_move(j, screen, session, 0);
    maillog__free_node(j, screen);
}

void maillog__push_screen(maillog_join *j, ml_in *in)
{
    if (!in->f[ML_S_CLIENT_ADDR]) {
        maillog__deliver_line(j, in, MAILLOG_RECORD_SERVICE);
        return;
    }
    const uint64_t key = screen_key(j, in);
    uint32_t at = 0, s = maillog__find(j, key, &at);
    if (!s || ml_at_node(j, s)->kind != ML_NODE_SCREEN ||
        (starts(in, "CONNECT ") && !ml_repeats(ml_at_node(j, s), in))) {
        s = maillog__new_node(j, ML_NODE_SCREEN, in);
        ml_at_node(j, s)->segment = 1;
        maillog__set_key(j, s, 0, key);
        maillog__set_key(j, s, 1, screen_address_key(j, in));
    }
    ml_node *n = ml_at_node(j, s);
    if (in->f[ML_S_ACTION]) {
        n->flags |= ML_F_TRIED;
        in->segment = segment_for(j, n, in);
    }
    const bool pass = starts(in, "PASS ");
    if (starts(in, "CONNECT ")) n->flags |= ML_F_CONNECT;
    if (pass) n->flags |= ML_F_PASSED | ML_F_CLOSED;
    if (starts(in, "DISCONNECT ")) n->flags |= ML_F_CLOSED;
    maillog__add_line(j, s, in);
    const uint32_t smtpd = pass ? maillog__only_session(j, in) : 0; /* its connect came ahead of this */
    if (!smtpd || ml_at_node(j, smtpd)->first > in->ns + NANO || in->ns > ml_at_node(j, smtpd)->first + NANO) return;
    if (maillog__is_early(j, in->ns, j->config.wait)) ml_at_node(j, smtpd)->flags |= ML_F_AWAITS;
    move_screen(j, s, smtpd);
}

/* smtpd's connection is the one that postscreen let through a moment before. */
static void take_screen(maillog_join *j, uint32_t session, const ml_in *in)
{
    const uint64_t key = screen_address_key(j, in);
    uint32_t at = 0;
    for (int most = MOST_LOOKED_AT; most; most--) {
        const uint32_t i = maillog__find(j, key, &at);
        if (!i) return;
        const ml_node *n = ml_at_node(j, i);
        if (n->kind != ML_NODE_SCREEN || !(n->flags & ML_F_PASSED) || in->ns > n->last + 2 * (int64_t)NANO) continue;
        move_screen(j, i, session);
        return;
    }
}

/* ---- smtpd ---- */

/* Whether the line says that the client wanted something and did not get it. */
static bool is_try(const ml_in *in)
{
    if (ml_is_mta(in->ev->daemon)) return maillog__role(in->ev->type) == ML_ROLE_REFUSAL;
    return in->f[ML_S_ACTION] || in->f[ML_S_STAGE] || in->f[ML_S_QUEUE_ID] ||
           (in->f[ML_S_SEVERITY] && in->f[ML_S_CLIENT_ADDR] && !in->f[ML_S_RDNS_NAME]);
}

/* proxy-accept … queued as ID: this connection's message is that leg's, which came in by the filter's connection. */
static void link_proxy(maillog_join *j, uint32_t session, const ml_in *in)
{
    const maillog_str id =
        maillog__queued_as(ml_value(in, ML_S_REPLY).ptr ? ml_value(in, ML_S_REPLY) : ml_value(in, ML_S_MESSAGE));
    if (!id.len) return;
    const uint32_t leg = maillog__leg(j, in, id, false, maillog__began(j, session)),
                   part = maillog__new_node(j, ML_NODE_POLICY, in);
    ml_node *s = ml_at_node(j, session);
    if (s->flags & ML_F_TAKEN) maillog__next_segment(s);
    s->flags |= ML_F_TAKEN;
    ml_at_node(j, part)->flags |= ML_F_LINKED;
    ml_at_node(j, leg)->flags |= ML_F_INBOUND;
    maillog__join_session(j, part, session);
    maillog__join_groups(j, leg, part);
    s->u.s.active++;
    maillog__settle(j, leg);
}

void maillog__push_session(maillog_join *j, ml_in *in)
{
    const uint16_t type = in->ev->type;
    if (!maillog__session_name(in).len) {
        maillog__deliver_line(j, in, MAILLOG_RECORD_SERVICE);
        return;
    }
    const ml_role role = maillog__role(type);
    const bool connect = type == MAILLOG_EVENT_POSTFIX_CONNECT || role == ML_ROLE_CONNECT,
               end = type == MAILLOG_EVENT_POSTFIX_DISCONNECT || role == ML_ROLE_DISCONNECT;
    const uint32_t s = connect ? session_for_connect(j, in)
                       : end   ? session_for_disconnect(j, in)
                               : session_for_line(j, in);
    ml_node *n = ml_at_node(j, s);
    know_client(j, s, in);
    if (connect) {
        n->flags |= ML_F_CONNECT;
        if (j->screens) take_screen(j, s, in);
        if (j->parked) maillog__take_policies(j, s, in, true);
    } else if (!end && is_try(in)) {
        n->flags |= ML_F_TRIED;
        if (in->f[ML_S_ACTION] || in->f[ML_S_QUEUE_ID] || role) {
            in->segment = segment_for(j, n, in);
            if (j->parked) maillog__take_policies(j, s, in, false);
        }
        if (starts(in, "proxy-accept")) link_proxy(j, s, in);
    }
    maillog__add_line(j, s, in);
    const unsigned severity = ml_word_of(in, ML_S_SEVERITY);
    if (severity == MAILLOG_SEVERITY_FATAL || severity == MAILLOG_SEVERITY_PANIC) n->flags |= ML_F_TRIED;
    /* MTAs whose sessions have no number do not say when one ends */
    const bool single = role == ML_ROLE_REFUSAL && in->ev->daemon != MAILLOG_DAEMON_OPENSMTPD;
    if (end || single || severity == MAILLOG_SEVERITY_FATAL ||
        severity == MAILLOG_SEVERITY_PANIC) { /* the process has ended */
        close_session(j, s, in);
        if (!n->u.s.refs) maillog__list_put(j, s, maillog__session_list(j, n));
    }
}
