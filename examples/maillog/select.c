/* select.c: which messages `maillog trace` shows. */
#include "net.h"
#include "trace.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

bool text_is(maillog_str s, const char *want)
{
    return s.ptr && s.len == strlen(want) && strncasecmp(s.ptr, want, s.len) == 0;
}

/* ---- --client: an address, a net, a name ---- */

static ip_net net;
static bool by_name; /* it is a name */

static bool setup_client(const command *c)
{
    const maillog_str text = {c->client, strlen(c->client)};
    const net_error rc = net_parse(text, &net);
    by_name = rc == NET_NO_IP && !strchr(c->client, '/');
    if (rc == NET_OK || by_name) return true;
    if (rc == NET_BAD_BITS)
        wrong_usage(c, "--client %s: a net has 0 to %d bits", c->client, strchr(c->client, ':') ? 128 : 32);
    else
        wrong_usage(c, "--client %s: want an address, a net as 192.0.2.0/24 or 2001:db8::/32, or a name", c->client);
    return false;
}

static bool from_client(const command *c, const maillog_message *m)
{
    return by_name ? text_is(m->client.name, c->client) : net_has(&net, m->client.addr);
}

/* ---- --text: numbers of the lines that have it, ascending ---- */

static uint64_t *hits;
static size_t nhits, cap_hits;

static bool contains(const char *s, size_t n, const char *text)
{
    const size_t len = strlen(text);
    for (const char *end = s + n; (size_t)(end - s) >= len; s++) {
        s = (const char *)memchr(s, *text, (size_t)(end - s) - len + 1);
        if (!s) return false;
        if (memcmp(s, text, len) == 0) return true;
    }
    return false;
}

void select_line(const command *c, const maillog_event *ev, uint64_t number)
{
    if (!c->text || !*c->text || !contains(ev->line, ev->len, c->text)) return;
    if (nhits == cap_hits) hits = (uint64_t *)must_realloc(hits, (cap_hits = cap_hits * 2 + 256) * sizeof *hits);
    hits[nhits++] = number;
}

static int by_number(const void *a, const void *b)
{
    const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

static bool has_text(const maillog_message *m)
{
    for (size_t i = 0; i < m->lines.len && nhits; i++)
        if (bsearch(&m->lines.ptr[i], hits, nhits, sizeof *hits, by_number)) return true;
    return false;
}

/* ---- the rest ---- */

static const char *verdict_word(size_t i, const void *list)
{
    (void)list;
    return i < MAILLOG_VERDICT_UNFINISHED ? maillog_verdict_name((int)i + 1) : NULL;
}

static bool in_words(const char *list, const char *word)
{
    const size_t n = strlen(word);
    for (const char *p = list; *p; p += strcspn(p, ","), p += *p == ',')
        if (strcspn(p, ",") == n && memcmp(p, word, n) == 0) return true;
    return false;
}

static bool setup_verdict(const command *c)
{
    for (const char *p = c->verdict; *p; p += strcspn(p, ","), p += *p == ',') {
        char *word = must_strndup(p, strcspn(p, ","));
        bool known = false;
        for (size_t i = 0; !known && verdict_word(i, NULL); i++) known = strcmp(word, verdict_word(i, NULL)) == 0;
        const char *meant = known ? NULL : did_you_mean(word, verdict_word, NULL);
        if (!known && meant)
            wrong_usage(c, "--verdict %s: did you mean %s?", word, meant);
        else if (!known)
            wrong_usage(
                c,
                "--verdict %s: want delivered, rejected, greylisted, bounced, deferred, discarded, quarantined, held, "
                "expired, partial or unfinished",
                word);
        free(word);
        if (!known) return false;
    }
    return true;
}

bool select_setup(const command *c) { return (!c->client || setup_client(c)) && (!c->verdict || setup_verdict(c)); }

bool select_any(const command *c)
{
    return c->queue_id || c->message_id || c->address || c->from || c->to || c->client || c->verdict || c->text;
}

/* An address, or with @example.org any of a domain. */
static bool address_is(maillog_str s, const char *want)
{
    const size_t n = strlen(want);
    if (want[0] == '@' && s.len > n) return strncasecmp(s.ptr + s.len - n, want, n) == 0;
    return text_is(s, want);
}

static bool has_recipient(const maillog_message *m, const char *address)
{
    for (size_t i = 0; i < m->nrecipients; i++)
        if (address_is(m->recipients[i].to, address) || address_is(m->recipients[i].orig_to, address)) return true;
    return false;
}

static bool has_queue_id(const maillog_message *m, const char *id)
{
    for (size_t i = 0; i < m->nlegs; i++)
        if (m->legs[i].queue_id.len == strlen(id) && memcmp(m->legs[i].queue_id.ptr, id, strlen(id)) == 0) return true;
    return false;
}

static bool has_message_id(const maillog_message *m, const char *id)
{
    const maillog_str s = m->message_id, inner = {s.ptr + 1, s.len - 2};
    if (text_is(s, id)) return true;
    return s.len > 2 && s.ptr[0] == '<' && s.ptr[s.len - 1] == '>' && text_is(inner, id);
}

static bool inside(const command *c, const maillog_message *m)
{
    int64_t first, last;
    if (c->since == INT64_MIN && c->until == INT64_MAX) return true;
    if (!when_epoch(c, &m->first_time, &first) || !when_epoch(c, &m->last_time, &last)) return false;
    return last >= c->since && first < c->until;
}

bool select_message(const command *c, const maillog_message *m)
{
    if (c->queue_id && !has_queue_id(m, c->queue_id)) return false;
    if (c->message_id && !has_message_id(m, c->message_id)) return false;
    if (c->address && !address_is(m->from, c->address) && !has_recipient(m, c->address)) return false;
    if (c->from && !address_is(m->from, c->from)) return false;
    if (c->to && !has_recipient(m, c->to)) return false;
    if (c->client && !from_client(c, m)) return false;
    if (c->verdict && !in_words(c->verdict, maillog_verdict_name((int)m->verdict))) return false;
    if (c->text && !has_text(m)) return false;
    return inside(c, m);
}
