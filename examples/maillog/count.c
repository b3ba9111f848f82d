/* count.c: what all mail systems have in common, line by line: words, dates, and what is to be done about messages. */
#include "bytes.h"
#include "sheet.h"
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
    if (second.len) buf[n++] = ' ';
    n += put_word(buf + n, second);
    const maillog_str words = {buf, n};
    return words;
}

maillog_str domain_of(maillog_str address)
{
    bool capitals;
    const size_t at = bytes_domain(address.ptr, address.len, &capitals);
    const maillog_str domain = {address.ptr + at, address.len - at};
    return domain;
}

maillog_str folded(maillog_str address)
{
    static _Thread_local char buf[512];
    bool capitals;
    const size_t at = bytes_domain(address.ptr, address.len, &capitals);
    if (!at || !capitals) return address; /* no @: a local user's name */
    maillog_str out = {buf, address.len < sizeof buf ? address.len : sizeof buf};
    memcpy(buf, address.ptr, out.len);
    for (size_t i = at; i < out.len; i++)
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

bool number_of(maillog_str s, uint64_t *number)
{
    uint64_t n = 0;
    for (size_t i = 0; i < s.len; i++) {
        const unsigned digit = (unsigned)(s.ptr[i] - '0');
        if (digit > 9 || n > (UINT64_MAX - digit) / 10) return false;
        n = n * 10 + digit;
    }
    *number = n;
    return s.len > 0;
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

void count_rate(summary *s, rate r)
{
    if (!s->dated) return;
    count_day(s, s->date)->rate[r]++;
    s->hour[s->stamp.hour % 24][r]++;
}

tally_row *count_in(summary *s, table_id t, maillog_str a, maillog_str b, maillog_str c)
{
    const maillog_str key[TALLY_KEYS] = {a, b, c, {NULL, 0}};
    uint64_t hash;
    tally_row *row = tally_at(&s->table[t], key, &hash);
    row->count++;
    return row;
}

/* ---- steps ---- */

/* It is in the sheet when step_end() has been called, and lives until then. */
static message_step *step_begin(summary *s, step_kind kind, maillog_str queue_id)
{
    message_step *m = (message_step *)(void *)sheet_room(s->c->out, sizeof *m);
    memset(m, 0, kind < STEP_RECEIVED ? STEP_SHORT : sizeof *m);
    m->kind = (uint8_t)kind;
    m->host = host_hash(s, seek(s, MAILLOG_FIELD_HOST));
    m->queue_id = queue_id_hash(m->host, queue_id);
    if (s->c->now != INT64_MIN) m->minute = s->stamp_minute;
    if (s->dated) m->day = s->date, m->hour = s->stamp.hour % 24;
    return m;
}

/* The line is gone with the next one: the texts go behind the step. */
static void carry_texts(sheet *out, message_step *m)
{
    size_t n = 0;
    for (size_t i = 0; i < STEP_TEXTS; i++) n += m->text[i].len;
    m->carried = (uint32_t)(n + 7) & ~UINT32_C(7); /* the next step is aligned as well */
    const message_step copy = *m;
    char *to = sheet_room(out, copy.carried);
    for (size_t i = 0; i < STEP_TEXTS; i++) {
        if (copy.text[i].len) memcpy(to, copy.text[i].ptr, copy.text[i].len);
        to += copy.text[i].len;
    }
    out->len += copy.carried;
}

static void step_end(const summary *s, message_step *m)
{
    sheet *out = s->c->out;
    out->len += m->kind < STEP_RECEIVED ? STEP_SHORT : sizeof *m;
    if (s->c->fleeting && m->kind >= STEP_RECEIVED) carry_texts(out, m);
}

void count_message_id(summary *s, maillog_str queue_id, maillog_str message_id)
{
    if (message_id.len <= 2 || s->c->pflogsumm) return;
    message_step *m = step_begin(s, STEP_MESSAGE_ID, queue_id);
    m->number = queue_hash(message_id);
    step_end(s, m);
}

void count_removed(summary *s, maillog_str queue_id) { step_end(s, step_begin(s, STEP_REMOVED, queue_id)); }

void count_received(summary *s, maillog_str queue_id, maillog_str site, bool local)
{
    s->figure[RECEIVED]++;
    count_rate(s, RATE_RECEIVED);
    if (!queue_id.len) return;
    message_step *m = step_begin(s, STEP_RECEIVED, queue_id);
    m->local = local;
    m->other_id = queue_id_hash(m->host, get(s, FIELD_ORIG_QUEUE_ID));
    m->text[TEXT_ID] = queue_id;
    m->text[TEXT_SITE] = site;
    step_end(s, m);
}

/* The hashes of the rows of an address, which has its domain in lower case there. */
static void hash_address(message_step *m, maillog_str address)
{
    bool capitals;
    const size_t at = bytes_domain(address.ptr, address.len, &capitals);
    const maillog_str row = capitals ? folded(address) : address, domain = {row.ptr + at, row.len - at};
    m->text[TEXT_ADDRESS] = address;
    m->address_hash = tally_hash(row);
    m->domain_hash = at ? tally_hash(domain) : 0;
}

void count_size(summary *s, maillog_str queue_id, maillog_str from, uint64_t size)
{
    if (!queue_id.len) return;
    message_step *m = step_begin(s, STEP_SIZE, queue_id);
    m->number = size;
    hash_address(m, from.len ? from : str_of("<>"));
    step_end(s, m);
}

void count_delivery(summary *s, step_kind kind, const delivery *d)
{
    message_step *m = step_begin(s, kind, d->queue_id);
    m->number = d->delay;
    m->postfix = d->postfix;
    m->piped = d->piped;
    m->text[TEXT_ADDRESS] = d->to;
    m->text[TEXT_ORIG_TO] = d->orig_to;
    m->text[TEXT_ID] = d->queued_as;
    if (kind != STEP_TRIED) hash_address(m, d->to);
    if (!m->domain_hash) m->domain_hash = m->address_hash;
    m->other_id = queue_id_hash(m->host, d->queued_as);
    step_end(s, m);
}

maillog_str queued_as(maillog_str reply, bool *forwarded)
{
    static const char end_of_both[] = "ed as ";
    enum { N = sizeof end_of_both - 1, QUEU = 4, FORWARD = 7 };
    maillog_str id = {NULL, 0};
    const char *end = reply.ptr + reply.len, *at = reply.ptr;
    *forwarded = false;
    while (at && (at = bytes_find(at, (size_t)(end - at), end_of_both, N)) != NULL) {
        const size_t before = (size_t)(at - reply.ptr);
        if (before >= FORWARD && memcmp(at - FORWARD, "forward", FORWARD) == 0) *forwarded = true;
        if (before >= QUEU && memcmp(at - QUEU, "queu", QUEU) == 0) id.ptr = at + N;
        at += N;
    }
    for (; id.ptr && id.ptr + id.len < end; id.len++) {
        const char ch = id.ptr[id.len];
        if (ch == ')' || ch == ' ' || ch == '>' || ch == ',') break;
    }
    return id;
}
