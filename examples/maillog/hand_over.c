/* hand_over.c: mail that goes through a filter, or from one host of the logs to another, is one message. What proves
 * it: the other side's queue ID in the reply; of filters behind pipe(8), which answer nothing, the same Message-ID and
 * the same recipient in mail that comes in through sendmail(1). */
#include "summary.h"

/* ---- from host to host ---- */

void count_host(summary *s, const message_step *m)
{
    const uint64_t host = m->host ? m->host : 1; /* logs without hosts are of one */
    if (!s->first_host) s->first_host = host;
    s->several_hosts = s->several_hosts || host != s->first_host;
    if (s->several_hosts) queue_memo(s, MEMO_HOSTS, 0, m->text[TEXT_ID], true)->sender = m->queue_id;
}

/* Queue IDs of two hosts may be equal by chance; with the same Message-ID it is none. */
static bool to_other_host(summary *s, const message_step *m)
{
    const queue_entry *near = s->several_hosts ? queue_entry_of(s, m->queue_id, false) : NULL;
    const uint64_t message_id = near ? near->message_id : 0, key = near ? near->key : 0;
    const queue_entry *memo = message_id ? queue_memo(s, MEMO_HOSTS, 0, m->text[TEXT_ID], false) : NULL;
    queue_entry *far = memo ? queue_entry_of(s, memo->sender, false) : NULL;
    if (!far || !far->received || far->key == key || far->message_id != message_id) return false;
    uncount_received(s, far, BETWEEN_HOSTS);
    return true;
}

bool count_hand_over(summary *s, const message_step *m)
{
    if (s->c->pflogsumm || !m->other_id || m->other_id == m->queue_id) return false;
    queue_entry *back = queue_entry_of(s, m->other_id, false);
    if (!back || !back->received) return to_other_host(s, m);
    uncount_received(s, back, THROUGH_FILTER);
    return true;
}

/* ---- pipe(8), and back with sendmail(1) ---- */

/* What is known of a message's copies for one recipient: `received`: one that came in through sendmail(1) was seen,
 * `sender` says which; `deferred`: a command took one, `domain` says which, and that was counted; `refed`: they were
 * found to be one. */
static queue_entry *copies(summary *s, const message_step *m, uint64_t message_id, maillog_str to, bool make)
{
    return queue_memo(s, MEMO_PIPED, message_id ^ m->host, to, make);
}

bool count_piped(summary *s, const message_step *m)
{
    const queue_entry *e = s->c->pflogsumm ? NULL : queue_entry_of(s, m->queue_id, false);
    if (!e || !e->message_id) return false;
    const queue_entry first = *e;
    queue_entry *memo = copies(s, m, first.message_id, m->text[TEXT_ADDRESS], true);
    if (memo->refed) return false;
    if (memo->received && memo->sender != first.key) {
        memo->refed = true;
        queue_entry *back = queue_entry_of(s, memo->sender, false);
        if (back) uncount_received(s, back, THROUGH_FILTER);
        return true;
    }
    memo->deferred = true;
    memo->domain = first.key;
    memo->size = first.sized ? first.size : 0;
    memo->delay = m->number;
    if (m->day) memo->day = m->day, memo->hour = m->hour;
    return false;
}

static bool was_piped(summary *s, const message_step *m, const queue_entry *local, maillog_str to, bool make)
{
    queue_entry *memo = to.len ? copies(s, m, local->message_id, to, make) : NULL;
    if (!memo || memo->refed) return false;
    if (memo->deferred && memo->domain != local->key) {
        memo->refed = true;
        uncount_delivered(s, memo, to);
        queue_entry *back = queue_entry_of(s, local->key, false);
        if (back) uncount_received(s, back, THROUGH_FILTER);
        return true;
    }
    if (!memo->received) memo->received = true, memo->sender = local->key;
    return false;
}

void count_given_back(summary *s, const message_step *m)
{
    const queue_entry *e = s->c->pflogsumm ? NULL : queue_entry_of(s, m->queue_id, false);
    if (!e || !e->local || !e->message_id) return;
    const queue_entry local = *e;
    if (!was_piped(s, m, &local, m->text[TEXT_ADDRESS], true)) was_piped(s, m, &local, m->text[TEXT_ORIG_TO], false);
}
