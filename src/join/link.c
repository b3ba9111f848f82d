/* link.c: edges between nodes: what one line says about another part of the same message. Exact proofs join groups at
 * once; a Message-ID only where no exact proof speaks, and only if it points to one group. */
#include "../base/token.h"
#include "table.h"

enum { MOST_LOOKED_AT = 16, NANO = 1000000000 };

static ml_cur cur(maillog_str s) { return s.ptr ? ml_slice(s.ptr, s.ptr + s.len) : ml_none(); }
static maillog_str str(const char *p, const char *e)
{
    const maillog_str s = {p, (size_t)(e - p)};
    return s;
}
static const maillog_str nothing = {NULL, 0};

bool maillog__is_loopback(maillog_str addr)
{
    const ml_cur c = cur(addr);
    return addr.len && (ML_STARTS(c, "127.") || ML_IS(c, "::1"));
}

maillog_str maillog__relay_addr(maillog_str relay)
{
    const char *open = relay.len ? (const char *)memchr(relay.ptr, '[', relay.len) : NULL;
    const char *close = open ? (const char *)memchr(open, ']', (size_t)(relay.ptr + relay.len - open)) : NULL;
    return close ? str(open + 1, close) : nothing;
}

/* ---- replies ---- */

/* `… queued as ID`, the last one; what follows an ID there is not part of it. */
static maillog_str id_after(maillog_str text, const char *words, size_t n)
{
    ml_cur c = cur(text), id;
    const char *p = text.len ? maillog__rfind_bytes(c, words, n) : NULL;
    if (!p) return nothing;
    c.p = p + n;
    return maillog__queue_id(&c, &id) ? str(id.p, id.e) : nothing;
}
#define ID_AFTER(text, words) id_after((text), "" words, sizeof(words) - 1)

maillog_str maillog__queued_as(maillog_str reply) { return ID_AFTER(reply, "queued as "); }

/* Dovecot's LMTP reply: `250 2.0.0 <rcpt> SESSION Saved`. */
maillog_str maillog__saved_session(maillog_str reply)
{
    ml_cur c = cur(reply);
    if (!reply.len || !ML_DROP_END(&c, " Saved")) return nothing;
    const char *blank = ml_rfind(c, ' ');
    if (!blank || blank + 8 >= c.e || blank[1] == '<' || blank[-1] != '>') return nothing;
    return str(blank + 1, c.e);
}

/* `ID`, `ID:2`, `ID:R2`, `ID:R2:3`: the number of the recipient comes last and is left off. */
maillog_str maillog__lmtp_session(maillog_str session)
{
    size_t n = session.len;
    while (n && ml_is_digit(session.ptr[n - 1])) n--;
    if (n > 1 && n < session.len && session.ptr[n - 1] == ':') session.len = n - 1;
    return session;
}

uint64_t maillog__user_key(const maillog_join *j, uint32_t host, maillog_str user)
{
    char low[256];
    maillog_str v = {low, user.len < sizeof low ? user.len : sizeof low};
    for (size_t i = 0; i < v.len; i++) low[i] = (char)(ml_is_upper(user.ptr[i]) ? user.ptr[i] | 0x20 : user.ptr[i]);
    return maillog__key(j, ML_KEY_USER, host, v);
}

/* ---- Message-ID ---- */

/* No value, or one that says nothing: `<>`. */
static bool is_telling(maillog_str id) { return id.len > 2; }

static uint64_t message_id_key(const maillog_join *j, uint32_t host, maillog_str id)
{
    return maillog__key(j, ML_KEY_MESSAGE_ID, host, id);
}

/* Let a part that has only a Message-ID join the one live message with it. */
bool maillog__link_by_message_id(maillog_join *j, uint32_t node, maillog_str id)
{
    if (!is_telling(id)) return false;
    const uint64_t key = message_id_key(j, ml_at_node(j, node)->host, id);
    uint32_t at = 0, found = 0;
    for (int most = MOST_LOOKED_AT; most; most--) {
        const uint32_t i = maillog__find(j, key, &at);
        if (!i) break;
        const ml_node *n = ml_at_node(j, i);
        if (n->kind != ML_NODE_LEG) continue;
        if (found && ml_at_node(j, found)->group != n->group) return false;
        if (!found) found = i;
    }
    if (!found) return false;
    maillog__join_groups(j, found, node);
    ml_at_node(j, node)->flags |= ML_F_LINKED;
    return true;
}

static bool delivers_to(const maillog_join *j, const ml_node *leg, maillog_str user)
{
    ml_entry e;
    if (leg->bytes > 4096) return false;
    const char *p = ml_scratch(j);
    const char *const end = maillog__tape_copy(j, leg, ml_scratch(j));
    while (maillog__entry(&p, end, &e)) {
        ml_read_fields(&e);
        const maillog_str to = maillog__entry_get(&e, ML_K_TO);
        if (e.type == MAILLOG_EVENT_POSTFIX_DELIVERY && to.len == user.len && memcmp(to.ptr, user.ptr, to.len) == 0)
            return true;
    }
    return false;
}

/* Of several live messages with the Message-ID, the one that was just delivered to the user. */
bool maillog__link_by_recipient(maillog_join *j, uint32_t node, maillog_str id, maillog_str user)
{
    if (!is_telling(id) || !user.len) return false;
    const uint64_t key = message_id_key(j, ml_at_node(j, node)->host, id);
    uint32_t at = 0;
    for (int most = MOST_LOOKED_AT; most; most--) {
        const uint32_t i = maillog__find(j, key, &at);
        if (!i) return false;
        if (ml_at_node(j, i)->kind != ML_NODE_LEG || !delivers_to(j, ml_at_node(j, i), user)) continue;
        maillog__join_groups(j, i, node);
        ml_at_node(j, node)->flags |= ML_F_LINKED;
        return true;
    }
    return false;
}

/* A leg that came from this host and names no parent, and one that went to a filter or a command on this host which did
 * not say under which ID the message comes back: the Message-ID may say it, for as long as that can take. */
static bool may_follow(const ml_node *before, const ml_node *after, int64_t sent, uint32_t wait)
{
    return before != after && before->kind == ML_NODE_LEG && after->kind == ML_NODE_LEG &&
           before->host == after->host && before->flags & ML_F_FILTERED && !(before->flags & ML_F_OUTBOUND) &&
           after->flags & (ML_F_LOCAL | ML_F_SUBMITTED) && !(after->flags & ML_F_INBOUND) &&
           after->first + NANO >= before->first && after->first <= sent + wait * (int64_t)NANO;
}

/* `sent`: when it went to the filter, if this line says so. */
static void link_filtered(maillog_join *j, uint32_t leg, int64_t sent)
{
    ml_node *self = ml_at_node(j, leg);
    const uint64_t key = self->key[1];
    uint32_t at = 0;
    for (int most = MOST_LOOKED_AT; key && most; most--) {
        const uint32_t i = maillog__find(j, key, &at);
        if (!i) return;
        ml_node *n = ml_at_node(j, i);
        const bool down = may_follow(self, n, sent, j->config.wait), up = may_follow(n, self, n->last, j->config.wait);
        if (!down && !up) continue;
        (down ? self : n)->flags |= ML_F_OUTBOUND;
        (down ? n : self)->flags |= ML_F_INBOUND;
        maillog__join_groups(j, leg, i);
        return;
    }
}

/* What this host gives back: from where it is said, unless an exact proof speaks. */
void maillog__link_back(maillog_join *j, uint32_t leg)
{
    const ml_node *n = ml_at_node(j, leg);
    if (n->flags & (ML_F_LOCAL | ML_F_SUBMITTED) && !(n->flags & ML_F_INBOUND)) link_filtered(j, leg, n->last);
}

/* Another host's leg said `queued as` with this leg's ID, before this leg was seen. */
/* Who replied, hashed as a client of this host is; 0: it is not known. */
static uint32_t replier(const maillog_join *j, uint32_t host, maillog_str addr)
{
    return addr.ptr ? (uint32_t)maillog__key(j, ML_KEY_ADDRESS, host, addr) | 1 : 0;
}

/* Whether the leg came from `addr`, a hash: a filter on a machine of its own that hands back what it was handed. */
static bool came_from(const maillog_join *j, const ml_node *leg, uint32_t addr)
{
    return addr && leg->session && ml_at_node(j, leg->session)->u.s.client == addr;
}

/* Whether a hint can mean this leg: who replied names an ID that was given by another host of ours, or by this one to a
 * client that is this host, or is who replied. Who names one that is given to a stranger later has guessed it. */
static bool is_named_late(const maillog_join *j, const ml_node *hint, const ml_node *leg)
{
    return hint->host != leg->host || (leg->flags & (ML_F_BORN | ML_F_LOCAL)) != ML_F_BORN ||
           came_from(j, leg, hint->u.g.message_id);
}

static void link_hint(maillog_join *j, uint32_t leg, maillog_str queue_id)
{
    const uint64_t key = maillog__key(j, ML_KEY_HINT, 0, queue_id);
    const uint32_t content = ml_at_node(j, leg)->u.g.message_id;
    uint32_t at = 0;
    for (int most = MOST_LOOKED_AT; most; most--) {
        const uint32_t i = maillog__find(j, key, &at);
        if (!i) return;
        const ml_node *n = ml_at_node(j, i);
        if (n->kind != ML_NODE_HINT || n->group == ml_at_node(j, leg)->group) continue;
        if (!n->u.g.client) ml_at_node(j, leg)->flags |= ML_F_AWAITS;
        if (n->u.g.client != content || !is_named_late(j, n, ml_at_node(j, leg))) continue;
        maillog__drop_key(j, i, 0);
        ml_at_node(j, leg)->flags |= ML_F_INBOUND;
        maillog__join_groups(j, i, leg);
        return;
    }
}

void maillog__link_message_id(maillog_join *j, uint32_t leg, const ml_in *in)
{
    const maillog_str id = ml_value(in, ML_S_MESSAGE_ID);
    ml_node *n = ml_at_node(j, leg);
    if (!is_telling(id) || n->key[1]) return;
    const uint64_t key = in->message_id && n->host == in->host ? in->message_id : message_id_key(j, n->host, id);
    uint32_t at = 0;
    int same = 0;
    while (same < MOST_LOOKED_AT && maillog__find(j, key, &at)) same++;
    if (same == MOST_LOOKED_AT) return; /* it tells nothing any more, and must cost nothing */
    n->u.g.message_id = (uint32_t)message_id_key(j, 0, id);
    maillog__set_key(j, leg, 1, key);
    maillog__link_back(j, leg);
    if (j->hints) link_hint(j, leg, ml_value(in, ML_S_QUEUE_ID));
}

/* ---- deliveries ---- */

/* The reply's author chose the ID: believe it only if that leg came in while this one was being handed over, on another
 * host of ours, or from this host itself or the author's. */
static bool confirms(const maillog_join *j, const ml_node *self, const ml_node *next, const ml_in *in, uint32_t replied)
{
    if (next->kind != ML_NODE_LEG || next == self || next->flags & ML_F_INBOUND) return false;
    if (next->u.g.message_id != self->u.g.message_id) return false;
    if (next->host == self->host && !(next->flags & ML_F_LOCAL) && !came_from(j, next, replied)) return false;
    return next->first >= self->first - 2 * (int64_t)NANO && next->first <= in->ns + 2 * (int64_t)NANO;
}

/* `queued as ID` by a hop of which it is not known whether it is ours: it is, if that leg is in our logs, at the time,
 * with the same Message-ID. Else remember it as a hint. */
static void link_remote(maillog_join *j, uint32_t leg, const ml_in *in, maillog_str id, maillog_str relay_addr)
{
    const ml_node *self = ml_at_node(j, leg);
    const uint64_t key = maillog__key(j, ML_KEY_QUEUE, 0, id);
    uint32_t at = 0;
    const bool part = ml_is_part(j);
    const uint32_t replied = replier(j, in->host, relay_addr);
    if (!self->u.g.message_id && !part) return;
    for (int most = MOST_LOOKED_AT; most; most--) {
        const uint32_t i = maillog__find(j, key, &at);
        if (!i) break;
        ml_node *n = ml_at_node(j, i);
        if (!self->u.g.message_id) n->flags |= ML_F_AWAITS; /* another part knows the Message-ID */
        if (!self->u.g.message_id || !confirms(j, self, n, in, replied)) continue;
        n->flags |= ML_F_INBOUND;
        maillog__join_groups(j, leg, i);
        return;
    }
    const uint32_t hint = maillog__new_node(j, ML_NODE_HINT, in);
    ml_at_node(j, hint)->u.g.client = self->u.g.message_id;
    ml_at_node(j, hint)->u.g.message_id = replied;
    maillog__set_key(j, hint, 0, maillog__key(j, ML_KEY_HINT, 0, id));
    maillog__join_groups(j, leg, hint);
}

static void link_reply(maillog_join *j, uint32_t leg, const ml_in *in)
{
    maillog_str id = maillog__queued_as(ml_value(in, ML_S_REPLY));
    if (!id.len) {
        const maillog_str as = ml_value(in, ML_S_QUEUED_AS);
        if (as.len && maillog__is_queue_id(cur(as))) id = as;
    }
    const bool here = maillog__is_loopback(ml_value(in, ML_S_RELAY_ADDR)) || in->f[ML_S_RELAY_PATH];
    ml_node *n = ml_at_node(j, leg);
    if (id.len && here) {
        const uint32_t next = maillog__leg(j, in, id, false, maillog__began(j, leg));
        ml_node *const after = ml_at_node(j, next);
        n->flags |= ML_F_OUTBOUND;
        if (after->flags & ML_F_NAMED && after->group != n->group)
            return; /* of two messages one at most came in there */
        after->flags |= ML_F_INBOUND | ML_F_NAMED;
        maillog__join_groups(j, leg, next);
    } else if (id.len) {
        link_remote(j, leg, in, id, ml_value(in, ML_S_RELAY_ADDR));
    } else if (here && in->ev->daemon == MAILLOG_DAEMON_POSTFIX_SMTP) {
        n->flags |= ML_F_FILTERED;
        link_filtered(j, leg, in->ns);
    }
}

static void link_lmtp(maillog_join *j, uint32_t leg, const ml_in *in, maillog_str session)
{
    const uint64_t key = maillog__key(j, ML_KEY_LMTP, 0, maillog__lmtp_session(session));
    uint32_t at = 0, store = maillog__find(j, key, &at);
    if (!store) { /* its own lines come later, or never */
        store = maillog__new_node(j, ML_NODE_STORE, in);
        maillog__set_key(j, store, 0, key);
    }
    ml_at_node(j, store)->flags |= ML_F_LINKED;
    maillog__join_groups(j, leg, store);
}

/* A delivery to a command or a mailbox: the store's line, if it came first, waits under its user's name. */
static bool take_store(maillog_join *j, uint32_t leg, const ml_in *in, maillog_str user)
{
    const uint64_t key = maillog__user_key(j, in->host, user);
    const ml_node *self = ml_at_node(j, leg);
    uint32_t at = 0, best = 0;
    for (int most = MOST_LOOKED_AT; user.len && most; most--) {
        const uint32_t i = maillog__find(j, key, &at);
        if (!i) break;
        const ml_node *n = ml_at_node(j, i);
        if (n->kind != ML_NODE_STORE || n->flags & ML_F_LINKED || ml_is_stale(j, n)) continue;
        const bool same = n->u.g.message_id && n->u.g.message_id == self->u.g.message_id;
        if (n->u.g.message_id && self->u.g.message_id && !same) continue;
        best = i; /* newest first: the oldest of those that fit wins */
        if (same) break;
    }
    if (!best) return false;
    maillog__drop_key(j, best, ml_at_node(j, best)->key[1] == key);
    ml_at_node(j, best)->flags |= ML_F_LINKED;
    maillog__join_groups(j, leg, best);
    return true;
}

static void link_store(maillog_join *j, uint32_t leg, const ml_in *in)
{
    const maillog_str to = ml_value(in, ML_S_TO);
    if (!to.len || take_store(j, leg, in, to)) return;
    const char *at = ml_rfind(cur(to), '@');
    if (at) take_store(j, leg, in, str(to.ptr, at));
}

void maillog__link_delivery(maillog_join *j, uint32_t leg, const ml_in *in)
{
    if (ml_word_of(in, ML_S_STATUS) != MAILLOG_STATUS_SENT) return;
    const maillog_str reply = ml_value(in, ML_S_REPLY), session = maillog__saved_session(reply);
    /* by SMTP such a reply is a stranger's, however it looks */
    if (session.len && in->ev->daemon != MAILLOG_DAEMON_POSTFIX_SMTP) {
        link_lmtp(j, leg, in, session);
        return;
    }
    switch (in->ev->daemon) {
    case MAILLOG_DAEMON_POSTFIX_LOCAL: {
        const maillog_str id = ID_AFTER(reply, "forwarded as ");
        if (id.len) {
            const uint32_t next = maillog__leg(j, in, id, false, maillog__began(j, leg));
            ml_at_node(j, next)->flags |= ML_F_INBOUND;
            maillog__join_groups(j, leg, next);
            return;
        }
        link_store(j, leg, in);
        return;
    }
    case MAILLOG_DAEMON_POSTFIX_PIPE:
        link_store(j, leg, in);
        ml_at_node(j, leg)->flags |= ML_F_FILTERED; /* what it runs may hand the message back */
        link_filtered(j, leg, in->ns);
        return;
    case MAILLOG_DAEMON_POSTFIX_VIRTUAL:
        link_store(j, leg, in);
        return;
    default:
        link_reply(j, leg, in);
        return;
    }
}
