/* filter.c: content filters with runs of their own: amavis (one am_id is one message), spamd (one child at a time). */
#include "../base/token.h"
#include "table.h"

static const maillog_str nothing = {NULL, 0};

static bool is_id(maillog_str v) { return v.len && maillog__is_queue_id(ml_slice(v.ptr, v.ptr + v.len)); }

/* ---- amavis ---- */

enum { MOST_SPLIT = 8 }; /* of one message; each makes a node, for which there must be room: push.c, cells_for() */

static void link_report(maillog_join *j, uint32_t run, const ml_in *in)
{
    const maillog_str from = ml_value(in, ML_S_QUEUE_ID);
    int64_t since = maillog__began(j, run);
    if (is_id(from)) {
        const uint32_t leg = maillog__leg(j, in, from, true, ML_EVER);
        since = maillog__began(j, leg);
        ml_at_node(j, leg)->flags |= ML_F_OUTBOUND;
        ml_at_node(j, run)->flags |= ML_F_LINKED;
        maillog__join_groups(j, leg, run);
    } else if (!(ml_at_node(j, run)->flags & ML_F_LINKED)) {
        maillog__link_by_message_id(j, run, ml_value(in, ML_S_MESSAGE_ID));
    }
    /* `ID`, `ID/ID` for a message that was split, or the whole reply of the next hop */
    maillog_str as = ml_value(in, ML_S_QUEUED_AS), item = nothing;
    int most = MOST_SPLIT;
    for (size_t at = 0, end; at < as.len && most; at = end + 1) {
        for (end = at; end < as.len && as.ptr[end] != '/'; end++) continue;
        item.ptr = as.ptr + at;
        item.len = end - at;
        if (!is_id(item)) item = maillog__queued_as(item);
        if (!is_id(item)) continue;
        most--;
        const uint32_t next = maillog__leg(j, in, item, true, since);
        ml_at_node(j, next)->flags |= ML_F_INBOUND;
        ml_at_node(j, run)->flags |= ML_F_LINKED;
        maillog__join_groups(j, run, next);
    }
}

/* The last part of a report that was cut came in: what the whole says of queue IDs. */
void maillog__link_pieces(maillog_join *j, uint32_t run)
{
    maillog_event ev;
    ml_in in;
    const ml_node *n = ml_at_node(j, run);
    char *const limit = ml_scratch(j) + j->scratch_size;
    if (n->bytes > j->scratch_size) return;
    char *const end = maillog__tape_copy(j, n, ml_scratch(j));
    if (!maillog__whole_report(ml_scratch(j), end, end, limit, &ev)) return;
    memset(&in, 0, sizeof in);
    in.ev = &ev;
    in.host = n->host;
    in.ns = n->last;
    maillog__scan(&in);
    link_report(j, run, &in);
    maillog__settle(j, run);
}

void maillog__push_run(maillog_join *j, ml_in *in)
{
    const maillog_str id = ml_value(in, ML_S_AM_ID);
    if (!id.len) {
        maillog__deliver_line(j, in, MAILLOG_RECORD_SERVICE);
        return;
    }
    const uint64_t key = maillog__key(j, ML_KEY_RUN, in->host, id);
    uint32_t at = 0, run = maillog__find(j, key, &at);
    if (!run || ml_is_stale(j, ml_at_node(j, run))) {
        run = maillog__new_node(j, ML_NODE_RUN, in);
        maillog__set_key(j, run, 0, key);
    }
    const bool fresh = !ml_repeats(ml_at_node(j, run), in), piece = in->ev->flags & MAILLOG_FLAG_CONTINUED;
    if (in->f[ML_S_RESULT] && fresh && !piece) link_report(j, run, in);
    maillog__add_line(j, run, in);
    if (fresh && piece) maillog__link_pieces(j, run);
}

/* ---- spamd ---- */

/* A child handles one message at a time: connection, processing <Message-ID>, clean or spam, result. */
void maillog__push_spamd(maillog_join *j, ml_in *in)
{
    if (!in->f[ML_S_PID]) {
        maillog__deliver_line(j, in, MAILLOG_RECORD_SERVICE);
        return;
    }
    const maillog_str id = ml_value(in, ML_S_MESSAGE_ID);
    const uint64_t key = maillog__key(j, ML_KEY_RUN, (uint64_t)in->host << 8 | in->ev->daemon, ml_value(in, ML_S_PID));
    uint32_t at = 0, run = maillog__find(j, key, &at);
    if (run && ml_is_stale(j, ml_at_node(j, run))) run = 0;
    const bool connection = in->f[ML_S_CLIENT_PORT] != 0;
    if (!run && !connection && !id.len && !ml_is_part(j)) {
        maillog__deliver_line(j, in, MAILLOG_RECORD_SERVICE);
        return;
    }
    if (!run || (connection && ml_at_node(j, run)->flags & ML_F_REPORT)) {
        run = maillog__new_node(j, ML_NODE_RUN, in);
        maillog__set_key(j, run, 0, key);
        if (!connection && ml_is_part(j)) ml_at_node(j, run)->flags |= ML_F_AWAITS; /* it may be in another part */
    }
    ml_node *n = ml_at_node(j, run);
    if (id.len && !(n->flags & ML_F_LINKED)) maillog__link_by_message_id(j, run, id);
    if (in->f[ML_S_IS_SPAM]) n->flags |= ML_F_REPORT;
    maillog__add_line(j, run, in);
}
