/* count.c: what all mail systems have in common: messages in, sizes, deliveries, hand-overs to filters. */
#include "summary.h"

#include <string.h>

maillog_str str_of(const char *text)
{
    const maillog_str s = {text, strlen(text)};
    return s;
}

static size_t put_word(char *to, maillog_str s)
{
    enum { MOST = TWO_WORDS / 2 };
    const size_t n = s.len ? strnlen(s.ptr, s.len < MOST ? s.len : MOST) : 0;
    if (n) memcpy(to, s.ptr, n);
    return n;
}

maillog_str two_words(char buf[TWO_WORDS], maillog_str first, maillog_str second)
{
    size_t n = put_word(buf, first);
    buf[n++] = ' ';
    n += put_word(buf + n, second);
    const maillog_str words = {buf, n};
    return words;
}

maillog_str domain_of(maillog_str address)
{
    for (size_t i = address.len; i > 0; i--)
        if (address.ptr[i - 1] == '@') {
            const maillog_str domain = {address.ptr + i, address.len - i};
            return domain;
        }
    return address;
}

maillog_str folded(maillog_str address)
{
    static _Thread_local char buf[512];
    const maillog_str domain = domain_of(address);
    maillog_str out = {buf, address.len < sizeof buf ? address.len : sizeof buf};
    if (out.len) memcpy(buf, address.ptr, out.len);
    if (domain.len == address.len) return out; /* no @: a local user's name */
    for (size_t i = address.len - domain.len; i < out.len; i++)
        if (buf[i] >= 'A' && buf[i] <= 'Z') buf[i] = (char)(buf[i] + 32);
    return out;
}

uint64_t usec_of(maillog_str s)
{
    uint64_t usec = 0, unit = 1000000;
    bool point = false;
    for (size_t i = 0; i < s.len; i++) {
        const char ch = s.ptr[i];
        if (ch == '.' && !point) {
            point = true;
            continue;
        }
        if (ch < '0' || ch > '9' || (!point && usec > UINT64_MAX / 20)) break;
        if (point) unit /= 10;
        usec = point ? usec + (uint64_t)(ch - '0') * unit : usec * 10 + (uint64_t)(ch - '0') * 1000000;
    }
    return usec;
}

/* The last labels of a name: two, or three when they look as co.uk does. Names under longer top levels stay whole:
 * without a list of public suffixes nothing better is known, and pflogsumm does the same. */
maillog_str site_of(maillog_str name, maillog_str addr)
{
    size_t dot[3] = {0}, n = 0;
    if (!name.len || (name.len == 7 && memcmp(name.ptr, "unknown", 7) == 0)) return addr;
    for (size_t i = name.len; i > 0 && n < 3; i--)
        if (name.ptr[i - 1] == '.') dot[n++] = i;
    if (n < 2) return name;
    const size_t last = name.len - dot[0], middle = dot[0] - dot[1] - 1;
    size_t from = 0;
    if (last == 3)
        from = dot[1];
    else if (last == 2 && (middle == 2 || middle == 3) && n == 3)
        from = dot[2];
    const maillog_str site = {name.ptr + from, name.len - from};
    return site;
}

uint32_t date_of(const summary *s, const maillog_event *ev)
{
    return (uint32_t)when_year(s->c, &ev->time) * 10000 + ev->time.month * 100u + ev->time.day;
}

/* Lines are nearly in order: the present day is asked for first. */
summary_day *count_day(summary *s, uint32_t date)
{
    if (s->ndays && s->days[s->present_day].date == date) return &s->days[s->present_day];
    size_t i = 0;
    while (i < s->ndays && s->days[i].date != date) i++;
    if (i == s->cap_days)
        s->days = (summary_day *)must_realloc(s->days, (s->cap_days = s->cap_days * 2 + 16) * sizeof *s->days);
    if (i == s->ndays) {
        memset(&s->days[i], 0, sizeof s->days[i]);
        s->days[i].date = date;
        s->ndays++;
    }
    s->present_day = i;
    return &s->days[i];
}

void count_rate(summary *s, const maillog_event *ev, rate r)
{
    if (!ev->time.month) return;
    count_day(s, date_of(s, ev))->rate[r]++;
    s->hour[ev->time.hour % 24][r]++;
}

tally_row *count_in(summary *s, table_id t, maillog_str a, maillog_str b, maillog_str c)
{
    const maillog_str key[TALLY_KEYS] = {a, b, c, {NULL, 0}};
    uint64_t hash;
    tally_row *row = tally_at(&s->table[t], key, &hash);
    row->count++;
    return row;
}

static tally_row *row_of(summary *s, table_id t, maillog_str name, uint64_t *hash)
{
    const maillog_str key[TALLY_KEYS] = {name, {NULL, 0}, {NULL, 0}, {NULL, 0}};
    return tally_at(&s->table[t], key, hash);
}

/* ---- in ---- */

static void uncount_row(tally *t, uint64_t hash, uint64_t bytes)
{
    tally_row *row = hash ? tally_find(t, hash) : NULL;
    if (!row || row->count == 0) return;
    row->count--;
    row->bytes -= row->bytes < bytes ? row->bytes : bytes;
}

/* The message has been counted before. */
void uncount_received(summary *s, queue_entry *e, figure why)
{
    if (!e->received || e->refed) return;
    e->refed = 1;
    s->figure[why]++;
    s->figure[RECEIVED]--;
    if (e->day) {
        count_day(s, e->day)->rate[RATE_RECEIVED]--;
        s->hour[e->hour][RATE_RECEIVED]--;
    }
    if (!e->sender) return;
    s->figure[BYTES_RECEIVED] -= e->size;
    uncount_row(&s->table[TABLE_SENDERS], e->sender, e->size);
    uncount_row(&s->table[TABLE_SENDING_DOMAINS], e->domain, e->size);
    e->sender = 0;
}

void count_received(summary *s, const maillog_event *ev, maillog_str queue_id, maillog_str site, bool local)
{
    queue_entry *e = queue_entry_of(s, ev, queue_id, true);
    s->figure[RECEIVED]++;
    count_rate(s, ev, RATE_RECEIVED);
    if (!e) return;
    const queue_entry fresh = {.key = e->key, .used = 1, .received = 1}; /* short queue IDs are used again */
    *e = fresh;
    e->local = local;
    if (ev->time.month) e->day = date_of(s, ev), e->hour = ev->time.hour % 24;
    char *kept = queue_entry_site(e);
    const size_t n = site.len < SITE - 1 ? site.len : SITE - 1;
    if (n) memcpy(kept, site.ptr, n);
    kept[n] = '\0';
    if (s->c->pflogsumm) return;
    const maillog_str origin = maillog_get(ev, MAILLOG_FIELD_ORIG_QUEUE_ID);
    const queue_entry *before = queue_entry_of(s, ev, origin, false);
    const bool again = before && before->received;
    e = queue_entry_of(s, ev, queue_id, true);
    if (again) uncount_received(s, e, THROUGH_FILTER);
    count_host(s, ev, queue_id, e);
}

static maillog_str sending_domain(const queue_entry *e, maillog_str from)
{
    const maillog_str domain = domain_of(from);
    if (domain.len < from.len) return domain;
    return e->local ? from : str_of(queue_entry_site(e));
}

void count_size(summary *s, const maillog_event *ev, maillog_str queue_id, maillog_str from, uint64_t size)
{
    queue_entry *e = queue_entry_of(s, ev, queue_id, true);
    if (!e || e->sized) return; /* it goes through the queue manager once for each attempt */
    e->sized = size != 0;
    e->size = size;
    if (!e->received || e->refed || e->sender) return;
    from = from.len ? folded(from) : str_of("<>");
    tally_row *row = row_of(s, TABLE_SENDERS, from, &e->sender);
    row->count++;
    row->bytes += size;
    row = row_of(s, TABLE_SENDING_DOMAINS, sending_domain(e, from), &e->domain);
    row->count++;
    row->bytes += size;
    s->figure[BYTES_RECEIVED] += size;
}

/* ---- out ---- */

static tally_row *recipient_domain(summary *s, maillog_str to, uint64_t delay)
{
    uint64_t hash;
    tally_row *row = row_of(s, TABLE_RECIPIENT_DOMAINS, domain_of(to), &hash);
    if (delay > row->delay_max) row->delay_max = delay;
    return row;
}

void count_delivered(summary *s, const maillog_event *ev, maillog_str queue_id, maillog_str to, uint64_t delay)
{
    const queue_entry *e = queue_entry_of(s, ev, queue_id, false);
    const uint64_t size = e && e->sized ? e->size : 0;
    uint64_t hash;
    to = folded(to);
    tally_row *row = row_of(s, TABLE_RECIPIENTS, to, &hash);
    row->count++;
    row->bytes += size;
    row = recipient_domain(s, to, delay);
    row->count++;
    row->bytes += size;
    row->delay += delay;
    s->figure[DELIVERED]++;
    s->figure[BYTES_DELIVERED] += size;
    count_rate(s, ev, RATE_DELIVERED);
}

void count_deferred(summary *s, const maillog_event *ev, maillog_str queue_id, maillog_str to, uint64_t delay)
{
    queue_entry *e = queue_entry_of(s, ev, queue_id, true);
    recipient_domain(s, folded(to), delay)->deferrals++;
    s->figure[DEFERRALS]++;
    count_rate(s, ev, RATE_DEFERRED);
    if (!e || e->deferred) return;
    e->deferred = 1;
    s->figure[DEFERRED]++;
}

static void less(tally_row *row, const queue_entry *delivery)
{
    if (row->count == 0) return; /* dropped since for lack of memory */
    row->count--;
    row->bytes -= row->bytes < delivery->size ? row->bytes : delivery->size;
}

void uncount_delivered(summary *s, const queue_entry *delivery, maillog_str to)
{
    uint64_t hash;
    to = folded(to);
    less(row_of(s, TABLE_RECIPIENTS, to, &hash), delivery);
    tally_row *row = row_of(s, TABLE_RECIPIENT_DOMAINS, domain_of(to), &hash);
    less(row, delivery);
    row->delay -= row->delay < delivery->delay ? row->delay : delivery->delay;
    s->figure[DELIVERED]--;
    s->figure[BYTES_DELIVERED] -= delivery->size;
    if (!delivery->day) return;
    count_day(s, delivery->day)->rate[RATE_DELIVERED]--;
    s->hour[delivery->hour][RATE_DELIVERED]--;
}
