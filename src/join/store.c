/* store.c: deliveries into the mail store: Dovecot's lmtp (by session ID) and lda (by user, Message-ID, time). */
#include "table.h"

/* The process that delivers; where the header has the master's, its own stands beside it. */
static maillog_str pid_of(const ml_in *in) { return ml_value(in, in->f[ML_S_CHILD_PID] ? ML_S_CHILD_PID : ML_S_PID); }

/* The connection's node goes to the delivery it carries first; its end goes to the last. Both are found by process. */
static uint64_t process_key(const maillog_join *j, const ml_in *in)
{
    return maillog__key(j, ML_KEY_PROCESS, (uint64_t)in->host << 8 | in->ev->daemon, pid_of(in));
}

static uint32_t holder_of(maillog_join *j, const ml_in *in)
{
    uint32_t at = 0;
    const uint32_t i = pid_of(in).len ? maillog__find(j, process_key(j, in), &at) : 0;
    return i && ml_is_stale(j, ml_at_node(j, i)) ? 0 : i;
}

static uint32_t new_store(maillog_join *j, const ml_in *in) { return maillog__new_node(j, ML_NODE_STORE, in); }

static void push_connection(maillog_join *j, ml_in *in)
{
    uint32_t holder = holder_of(j, in);
    const bool end = in->f[ML_S_REASON] || in->f[ML_S_STATE];
    if (holder && !end && !ml_repeats(ml_at_node(j, holder), in)) { /* a new connection of the process */
        maillog__drop_key(j, holder, 1);
        holder = 0;
    }
    if (!holder && ((end && !ml_is_part(j)) || !pid_of(in).len)) {
        maillog__deliver_line(j, in, MAILLOG_RECORD_SESSION);
        return;
    }
    if (!holder) {
        holder = new_store(j, in);
        maillog__set_key(j, holder, 1, process_key(j, in));
    }
    maillog__add_line(j, holder, in);
}

/* Take the process over from its connection, or from the delivery before. */
static void hold(maillog_join *j, uint32_t store, const ml_in *in)
{
    const uint32_t holder = holder_of(j, in);
    if (holder == store) return;
    if (holder) {
        maillog__drop_key(j, holder, 1);
        if (!ml_at_node(j, holder)->key[0] && ml_at_node(j, holder)->kind == ML_NODE_STORE)
            maillog__join_groups(j, store, holder);
    }
    if (!pid_of(in).len) return;
    /* in a part of a log, what a process says first may go on with a connection of the part before */
    if (!holder && ml_is_part(j)) ml_at_node(j, store)->flags |= ML_F_AWAITS;
    maillog__set_key(j, store, 1, process_key(j, in));
}

static uint32_t by_session(maillog_join *j, const ml_in *in)
{
    const maillog_str session = maillog__lmtp_session(ml_value(in, ML_S_SESSION));
    const uint64_t key = maillog__key(j, ML_KEY_LMTP, 0, session);
    uint32_t at = 0, store = maillog__find(j, key, &at);
    if (store && !ml_is_stale(j, ml_at_node(j, store))) return store;
    store = new_store(j, in);
    maillog__set_key(j, store, 0, key);
    return store;
}

/* A call of lda, or an old lmtp without session IDs: by the Message-ID, if only one live message has it; else it waits
 * for the delivery to its user. */
static void find_message(maillog_join *j, uint32_t store, const ml_in *in)
{
    ml_node *n = ml_at_node(j, store);
    if (n->flags & ML_F_LINKED) return;
    const maillog_str id = ml_value(in, ML_S_MESSAGE_ID);
    if (id.len > 2) n->u.g.message_id = (uint32_t)maillog__key(j, ML_KEY_MESSAGE_ID, 0, id);
    if (maillog__link_by_message_id(j, store, id)) return;
    if (maillog__link_by_recipient(j, store, id, ml_value(in, ML_S_USER))) return;
    const unsigned slot = n->key[0] ? 1 : 0;
    if (!n->key[slot] && in->f[ML_S_USER])
        maillog__set_key(j, store, slot, maillog__user_key(j, in->host, ml_value(in, ML_S_USER)));
}

void maillog__push_store(maillog_join *j, ml_in *in)
{
    if (!in->f[ML_S_USER] || in->ev->match < MAILLOG_MATCH_DAEMON) {
        push_connection(j, in);
        return;
    }
    const bool lmtp = in->ev->daemon == MAILLOG_DAEMON_DOVECOT_LMTP;
    uint32_t store = 0;
    if (in->f[ML_S_SESSION]) {
        store = by_session(j, in);
    } else if (pid_of(in).len) {
        store = holder_of(j, in);
        if (store && !lmtp && ml_at_node(j, store)->flags & ML_F_LINKED) store = 0;
    }
    if (!store) store = new_store(j, in);
    if (lmtp)
        hold(j, store, in);
    else
        find_message(j, store, in);
    maillog__add_line(j, store, in);
}
