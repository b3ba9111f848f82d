/* messages.c: what lines say of messages, in the order of the lines. */
#include "sheet.h"
#include "summary.h"

#include <string.h>

static tally_row *row_named(summary *s, table_id t, maillog_str name)
{
    const maillog_str key[TALLY_KEYS] = {name, {NULL, 0}, {NULL, 0}, {NULL, 0}};
    uint64_t hash;
    return tally_at(&s->table[t], key, &hash);
}

/* The row of an address, or of its domain. */
static tally_row *row_of(summary *s, table_id t, const message_step *m, uint64_t hash)
{
    tally_row *row = tally_find(&s->table[t], hash);
    if (row) return row;
    maillog_str name = folded(m->text[TEXT_ADDRESS]);
    if (t == TABLE_SENDING_DOMAINS || t == TABLE_RECIPIENT_DOMAINS) name = domain_of(name);
    const maillog_str key[TALLY_KEYS] = {name, {NULL, 0}, {NULL, 0}, {NULL, 0}};
    return tally_new(&s->table[t], key, hash);
}

static void count_at(summary *s, const message_step *m, rate r)
{
    if (!m->day) return;
    count_day(s, m->day)->rate[r]++;
    s->hour[m->hour][r]++;
}

static void uncount_at(summary *s, const queue_entry *e, rate r)
{
    if (!e->day) return;
    count_day(s, e->day)->rate[r]--;
    s->hour[e->hour][r]--;
}

static void more(tally_row *row, uint64_t bytes)
{
    row->count++;
    row->bytes += bytes;
}

static void less(tally_row *row, uint64_t bytes)
{
    if (row->count == 0) return; /* dropped since for lack of memory */
    row->count--;
    row->bytes -= row->bytes < bytes ? row->bytes : bytes;
}

/* ---- in ---- */

static void uncount_row(tally *t, uint64_t hash, uint64_t bytes)
{
    tally_row *row = hash ? tally_find(t, hash) : NULL;
    if (row) less(row, bytes);
}

void uncount_received(summary *s, queue_entry *e, figure why)
{
    if (!e->received || e->refed) return;
    e->refed = true;
    s->figure[why]++;
    s->figure[RECEIVED]--;
    uncount_at(s, e, RATE_RECEIVED);
    if (!e->counted) return;
    s->figure[BYTES_RECEIVED] -= e->size;
    uncount_row(&s->table[TABLE_SENDERS], e->sender, e->size);
    uncount_row(&s->table[TABLE_SENDING_DOMAINS], e->domain, e->size);
    e->counted = false;
}

static void take_received(summary *s, const message_step *m)
{
    queue_entry *e = queue_entry_of(s, m->queue_id, true);
    const queue_entry fresh = {.key = e->key, .received = true}; /* short queue IDs are used again */
    *e = fresh;
    e->local = m->local;
    e->day = m->day, e->hour = m->hour;
    queue_entry_set_site(e, m->text[TEXT_SITE]);
    if (s->c->pflogsumm) return;
    const queue_entry *before = queue_entry_of(s, m->other_id, false);
    if (before && before->received) uncount_received(s, queue_entry_of(s, m->queue_id, true), THROUGH_FILTER);
    count_host(s, m);
}

static void take_message_id(summary *s, const message_step *m)
{
    queue_entry *e = queue_entry_of(s, m->queue_id, false);
    if (e) e->message_id = m->number;
}

static void take_size(summary *s, const message_step *m)
{
    char buf[SITE];
    queue_entry *e = queue_entry_of(s, m->queue_id, true);
    if (e->sized) return; /* it goes through the queue manager once for each attempt */
    const bool count = e->received && !e->refed && !e->counted;
    /* a sender without a domain: the host that the message came from stands for it */
    const maillog_str site = e->local || !count ? m->text[TEXT_ADDRESS] : queue_entry_site(e, buf);
    e->sized = m->number != 0;
    e->size = m->number;
    if (!count) return;
    tally_row *row = row_of(s, TABLE_SENDERS, m, m->address_hash);
    e->sender = row->hash;
    more(row, m->number);
    row = m->domain_hash ? row_of(s, TABLE_SENDING_DOMAINS, m, m->domain_hash)
                         : row_named(s, TABLE_SENDING_DOMAINS, site);
    e->domain = row->hash;
    more(row, m->number);
    e->counted = true;
    s->figure[BYTES_RECEIVED] += m->number;
}

static void take_removed(summary *s, const message_step *m)
{
    queue_entry *e = queue_entry_of(s, m->queue_id, false);
    if (e) queue_entry_done(s, e);
}

/* ---- out ---- */

static tally_row *recipient_domain(summary *s, const message_step *m)
{
    tally_row *row = row_of(s, TABLE_RECIPIENT_DOMAINS, m, m->domain_hash);
    if (m->number > row->delay_max) row->delay_max = m->number;
    return row;
}

static void take_tried(summary *s, const message_step *m)
{
    if (m->postfix) count_given_back(s, m);
}

static void take_sent(summary *s, const message_step *m)
{
    take_tried(s, m);
    if (count_hand_over(s, m) || (m->piped && count_piped(s, m))) return;
    const queue_entry *e = queue_entry_of(s, m->queue_id, false);
    const uint64_t size = e && e->sized ? e->size : 0;
    tally_row *row = row_of(s, TABLE_RECIPIENTS, m, m->address_hash);
    more(row, size);
    row = recipient_domain(s, m);
    more(row, size);
    row->delay += m->number;
    s->figure[DELIVERED]++;
    s->figure[BYTES_DELIVERED] += size;
    count_at(s, m, RATE_DELIVERED);
}

static void take_deferred(summary *s, const message_step *m)
{
    take_tried(s, m);
    queue_entry *e = queue_entry_of(s, m->queue_id, true);
    recipient_domain(s, m)->deferrals++;
    s->figure[DEFERRALS]++;
    count_at(s, m, RATE_DEFERRED);
    if (!e || e->deferred) return;
    e->deferred = true;
    s->figure[DEFERRED]++;
}

void uncount_delivered(summary *s, const queue_entry *gone, maillog_str to)
{
    to = folded(to);
    less(row_named(s, TABLE_RECIPIENTS, to), gone->size);
    tally_row *row = row_named(s, TABLE_RECIPIENT_DOMAINS, domain_of(to));
    less(row, gone->size);
    row->delay -= row->delay < gone->delay ? row->delay : gone->delay;
    s->figure[DELIVERED]--;
    s->figure[BYTES_DELIVERED] -= gone->size;
    uncount_at(s, gone, RATE_DELIVERED);
}

/* ---- all ---- */

/* The step as it was put down, its texts where they are. */
static message_step with_texts(const message_step *m)
{
    message_step step = *m;
    const char *text = (const char *)(m + 1);
    for (size_t i = 0; i < STEP_TEXTS; i++) {
        step.text[i].ptr = text;
        text += step.text[i].len;
    }
    return step;
}

static const message_step *step_behind(const message_step *m)
{
    const size_t n = m->kind < STEP_RECEIVED ? STEP_SHORT : sizeof *m + m->carried;
    return (const message_step *)(const void *)((const char *)m + n);
}

/* Tables are larger than the caches: what steps will look for is on its way there before, a slot and then its row. */
static void fetch_slots(const summary *s, const message_step *m)
{
    queue_entry_fetch(m->queue_id);
    if (m->kind >= STEP_RECEIVED && m->other_id) queue_entry_fetch(m->other_id);
    if (m->kind == STEP_SIZE) tally_fetch_slot(&s->table[TABLE_SENDERS], m->address_hash);
    if (m->kind >= STEP_SENT) tally_fetch_slot(&s->table[TABLE_RECIPIENTS], m->address_hash);
}

static void fetch_rows(const summary *s, const message_step *m)
{
    if (m->kind == STEP_SIZE) tally_fetch_row(&s->table[TABLE_SENDERS], m->address_hash);
    if (m->kind >= STEP_SENT) tally_fetch_row(&s->table[TABLE_RECIPIENTS], m->address_hash);
}

static void take_step(summary *s, const message_step *m)
{
    static void (*const take[])(summary *, const message_step *) = {
        [STEP_MESSAGE_ID] = take_message_id, [STEP_REMOVED] = take_removed,
        [STEP_RECEIVED] = take_received,     [STEP_SIZE] = take_size,
        [STEP_TRIED] = take_tried,           [STEP_SENT] = take_sent,
        [STEP_DEFERRED] = take_deferred};
    if (m->minute) s->minute = m->minute;
    if (m->carried) {
        const message_step step = with_texts(m);
        take[m->kind](s, &step);
    } else {
        take[m->kind](s, m);
    }
}

typedef struct step_cursor {
    const message_step *m;
    size_t n;
} step_cursor;

static void go_on(step_cursor *c)
{
    c->m = step_behind(c->m);
    c->n++;
}

void take_steps(summary *s, const sheet *steps)
{
    enum { AHEAD = 8 }; /* steps from one to the next */
    if (!steps->len) return;
    const message_step *const first = (const message_step *)(const void *)steps->text;
    const message_step *const end = (const message_step *)(const void *)(steps->text + steps->len);
    step_cursor slots = {first, 0}, rows = slots;
    for (step_cursor now = slots; now.m < end; go_on(&now)) {
        for (; slots.m < end && slots.n < now.n + 2 * AHEAD; go_on(&slots)) fetch_slots(s, slots.m);
        for (; rows.m < end && rows.n < now.n + AHEAD; go_on(&rows)) fetch_rows(s, rows.m);
        take_step(s, now.m);
    }
}
