/* hand_over.c: mail that goes through a filter, or from one host of the logs to another, is one message. What proves
 * it: the other side's queue ID in the reply; of filters behind pipe(8), which answer nothing, the same Message-ID and
 * the same recipient in mail that comes in through sendmail(1). */
#include "bytes.h"
#include "summary.h"

#include <string.h>

/* The word behind the last "queued as ". */
static maillog_str queued_as(maillog_str reply)
{
    static const char words[] = "queued as ";
    enum { N = sizeof words - 1 };
    maillog_str id = {NULL, 0};
    const char *end = reply.ptr + reply.len, *at = reply.ptr;
    while (at && (at = bytes_find(at, (size_t)(end - at), words, N)) != NULL) id.ptr = at += N;
    for (; id.ptr && id.ptr + id.len < end; id.len++) {
        const char ch = id.ptr[id.len];
        if (ch == ')' || ch == ' ' || ch == '>' || ch == ',') break;
    }
    return id;
}

/* ---- from host to host ---- */

void count_host(summary *s, const maillog_event *ev, maillog_str queue_id, const queue_entry *e)
{
    const uint64_t host = queue_hash(maillog_get(ev, MAILLOG_FIELD_HOST)), key = e->key;
    if (!s->first_host) s->first_host = host;
    s->several_hosts = s->several_hosts || host != s->first_host;
    if (s->several_hosts) queue_memo(s, MEMO_HOSTS, 0, queue_id, true)->sender = key;
}

/* Queue IDs of two hosts may be equal by chance; with the same Message-ID it is none. */
static bool to_other_host(summary *s, const maillog_event *ev, maillog_str queue_id, maillog_str there)
{
    const queue_entry *near = s->several_hosts ? queue_entry_of(s, ev, queue_id, false) : NULL;
    const uint64_t message_id = near ? near->message_id : 0, key = near ? near->key : 0;
    const queue_entry *memo = message_id ? queue_memo(s, MEMO_HOSTS, 0, there, false) : NULL;
    queue_entry *far = memo ? queue_entry_by_key(s, memo->sender) : NULL;
    if (!far || !far->received || far->key == key || far->message_id != message_id) return false;
    uncount_received(s, far, BETWEEN_HOSTS);
    return true;
}

bool count_hand_over(summary *s, const maillog_event *ev, maillog_str queue_id, maillog_str reply)
{
    if (s->c->pflogsumm) return false;
    const maillog_str id = queued_as(reply);
    if (!id.len || (id.len == queue_id.len && memcmp(id.ptr, queue_id.ptr, id.len) == 0)) return false;
    queue_entry *back = queue_entry_of(s, ev, id, false);
    if (!back || !back->received) return to_other_host(s, ev, queue_id, id);
    uncount_received(s, back, THROUGH_FILTER);
    return true;
}

/* ---- pipe(8), and back with sendmail(1) ---- */

void count_message_id(summary *s, const maillog_event *ev, maillog_str queue_id, maillog_str message_id)
{
    queue_entry *e = message_id.len > 2 && !s->c->pflogsumm ? queue_entry_of(s, ev, queue_id, false) : NULL;
    if (e) e->message_id = queue_hash(message_id);
}

/* What is known of a message's copies for one recipient: `received`: one that came in through sendmail(1) was seen,
 * `sender` says which; `deferred`: a command took one, `domain` says which, and that was counted; `refed`: they were
 * found to be one. */
static queue_entry *copies(summary *s, const maillog_event *ev, uint64_t message_id, maillog_str to, bool make)
{
    return queue_memo(s, MEMO_PIPED, message_id ^ queue_hash(maillog_get(ev, MAILLOG_FIELD_HOST)), to, make);
}

bool count_piped(summary *s, const maillog_event *ev, maillog_str queue_id, maillog_str to, uint64_t delay)
{
    const queue_entry *e = s->c->pflogsumm ? NULL : queue_entry_of(s, ev, queue_id, false);
    if (!e || !e->message_id) return false;
    const queue_entry first = *e;
    queue_entry *memo = copies(s, ev, first.message_id, to, true);
    if (memo->refed) return false;
    if (memo->received && memo->sender != first.key) {
        memo->refed = 1;
        queue_entry *back = queue_entry_by_key(s, memo->sender);
        if (back) uncount_received(s, back, THROUGH_FILTER);
        return true;
    }
    memo->deferred = 1;
    memo->domain = first.key;
    memo->size = first.sized ? first.size : 0;
    memo->delay = delay;
    if (ev->time.month) memo->day = date_of(s, ev), memo->hour = ev->time.hour % 24;
    return false;
}

static bool was_piped(summary *s, const maillog_event *ev, const queue_entry *local, maillog_str to, bool make)
{
    queue_entry *memo = to.len ? copies(s, ev, local->message_id, to, make) : NULL;
    if (!memo || memo->refed) return false;
    if (memo->deferred && memo->domain != local->key) {
        memo->refed = 1;
        uncount_delivered(s, memo, to);
        queue_entry *back = queue_entry_by_key(s, local->key);
        if (back) uncount_received(s, back, THROUGH_FILTER);
        return true;
    }
    if (!memo->received) memo->received = 1, memo->sender = local->key;
    return false;
}

void count_given_back(summary *s, const maillog_event *ev, maillog_str queue_id)
{
    const queue_entry *e = s->c->pflogsumm ? NULL : queue_entry_of(s, ev, queue_id, false);
    if (!e || !e->local || !e->message_id) return;
    const queue_entry local = *e;
    if (!was_piped(s, ev, &local, maillog_get(ev, MAILLOG_FIELD_TO), true))
        was_piped(s, ev, &local, maillog_get(ev, MAILLOG_FIELD_ORIG_TO), false);
}
