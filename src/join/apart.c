/* apart.c: lines of a session that came before a queue ID was given, and are another transaction's: one that was
 * refused as a whole. smtpd does not log where a transaction begins, but at the end how many there were (`mail=2`). If
 * that is more than the log shows, what was refused from another sender is none of the message's; and if it is as many
 * more as there are places where something was refused, nothing of what was refused there is. A sender that only looks
 * like another was rewritten on its way in (SRS, canonical addresses): then the numbers agree. */
#include "build.h"

enum { MOST_BYTES = 4096 }; /* of the session: longer ones are not looked through for each message */

static bool is_refused(const ml_entry *e)
{
    switch (maillog__entry_word(e, ML_K_ACTION)) {
    case MAILLOG_ACTION_REJECT:
    case MAILLOG_ACTION_MILTER_REJECT:
    case MAILLOG_ACTION_PROXY_REJECT:
    case MAILLOG_ACTION_HANGUP:
    case MAILLOG_ACTION_DEFER:
    case MAILLOG_ACTION_GREYLIST:
        return true;
    default:
        return false;
    }
}

/* Segments in which something was refused. */
static unsigned refused_segments(const ml_node *session, const char *tape, const char *end)
{
    uint64_t seen = 0;
    unsigned n = 0;
    ml_entry e;
    while (session->segment < 64 && maillog__entry(&tape, end, &e)) {
        ml_read_fields(&e);
        if (!e.segment || e.segment > session->segment || !is_refused(&e) || seen >> e.segment & 1) continue;
        seen |= (uint64_t)1 << e.segment;
        n++;
    }
    return n;
}

ml_apart maillog__apart(const maillog_join *j, uint32_t session, uint32_t leg, const char *tape, const char *end)
{
    const ml_node *s = ml_at_node(j, session), *l = leg ? ml_at_node(j, leg) : NULL;
    const unsigned begun = s->session_next >> 16;
    ml_apart a = {j, 0, 0, false};
    if (!l || !(l->flags & ML_F_ACTIVE) || !(s->flags & ML_F_CLOSED) || !(s->flags & ML_F_SEGMENTS)) return a;
    if (begun <= s->segment || s->bytes > MOST_BYTES) return a;
    const unsigned n = refused_segments(s, tape, end);
    a.sender = l->u.g.client;
    a.segment = l->segment;
    a.all = n && n <= begun - s->segment;
    return a;
}

bool maillog__is_apart(const ml_apart *a, ml_entry e)
{
    if (!a->sender || e.segment != a->segment) return false;
    ml_read_fields(&e);
    const maillog_str from = maillog__entry_get(&e, ML_K_FROM);
    if (from.ptr && maillog__text_hash(a->j, from) != a->sender) return true;
    return a->all && is_refused(&e);
}
