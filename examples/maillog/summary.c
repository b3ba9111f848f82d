/* summary.c: `maillog summary`: totals, rates, reasons, tables. */
#include "summary.h"

#include <stdlib.h>
#include <string.h>

const char *const rate_names[RATES] = {"received", "delivered", "deferred", "bounced", "rejected"};

const table_info tables[TABLES] = {
#define X(id, name, title, keys, key1, key2, key3, has) {name, title, keys, {key1, key2, key3}, has},
    SUMMARY_TABLES(X)
#undef X
};

static summary sum;
enum { EVENTS = 1 << 15 };
static summary_handler handlers[EVENTS];

static void set_rules(const summary_rule *rules)
{
    for (; rules->event; rules++) handlers[rules->event % EVENTS] = rules->count;
}

/* Logs are not always in order: rotated sets overlap, hosts' clocks differ. */
static void keep_time(summary *s, const maillog_time *t)
{
    const bool none = !s->first.month, first = none || s->c->now < s->first_at, last = none || s->c->now >= s->last_at;
    if (!t->month || (!first && !last)) return;
    const int year = s->c->year ? s->c->year : maillog_time_year(t, s->c->reference, NULL);
    if (first) s->first = *t, s->first_year = year, s->first_at = s->c->now;
    if (last) s->last = *t, s->last_year = year, s->last_at = s->c->now;
}

static int on_event(command *c, const maillog_event *ev)
{
    summary *s = &sum;
    s->lines++;
    s->understood += ev->match == MAILLOG_MATCH_EVENT;
    keep_time(s, &ev->time);
    const bool postfix = strncmp(maillog_daemon_name(ev->daemon), "postfix", 7) == 0;
    if (postfix && c->pflogsumm && of_other_instance(ev)) return MAILLOG_CONTINUE;
    const summary_handler count = handlers[ev->type % EVENTS];
    if (count) count(s, ev);
    if (postfix) count_severity(s, ev);
    return MAILLOG_CONTINUE;
}

uint64_t summary_value(const summary *s, size_t i, const char **name)
{
    static const struct {
        const char *name;
        figure figure;
    } figures[] = {{"received", RECEIVED},
                   {"delivered", DELIVERED},
                   {"forwarded", FORWARDED},
                   {"deferred", DEFERRED},
                   {"deferrals", DEFERRALS},
                   {"bounced", BOUNCED},
                   {"expired", EXPIRED},
                   {"rejected", REJECTED},
                   {"reject_warnings", REJECT_WARNINGS},
                   {"held", HELD},
                   {"discarded", DISCARDED},
                   {"through_filter", THROUGH_FILTER},
                   {"connections", CONNECTIONS},
                   {"bytes_received", BYTES_RECEIVED},
                   {"bytes_delivered", BYTES_DELIVERED}};
    static const struct {
        const char *name;
        table_id table;
    } distinct[] = {{"senders", TABLE_SENDERS},
                    {"sending_domains_seen", TABLE_SENDING_DOMAINS},
                    {"recipients", TABLE_RECIPIENTS},
                    {"recipient_domains_seen", TABLE_RECIPIENT_DOMAINS}};
    const size_t n = sizeof figures / sizeof *figures, m = sizeof distinct / sizeof *distinct;
    *name = i < n ? figures[i].name : i < n + m ? distinct[i - n].name : NULL;
    if (i < n) return s->figure[figures[i].figure];
    if (i >= n + m) return 0;
    const tally *t = &s->table[distinct[i - n].table];
    return tally_used(t) + t->dropped;
}

bool summary_same_group(const tally_row *a, const tally_row *b, size_t parts)
{
    for (size_t i = 0; i < parts; i++)
        if (strcmp(a->key[i], b->key[i]) != 0) return false;
    return true;
}

const tally_row *summary_next_row(const summary *s, size_t table, row_walk *w)
{
    const tally *t = &s->table[table];
    while (w->next < t->n) {
        const tally_row *row = &t->rows[w->next++];
        if (row->count + row->deferrals == 0) continue; /* taken back: it had come from a filter */
        if (w->last && !summary_same_group(w->last, row, tables[table].keys - 1)) w->in_group = 0;
        w->last = row;
        if (!s->c->top || w->in_group++ < (size_t)s->c->top) return row;
    }
    return NULL;
}

static int by_date(const void *a, const void *b)
{
    const uint32_t x = ((const summary_day *)a)->date, y = ((const summary_day *)b)->date;
    return x < y ? -1 : x > y;
}

/* What was shortened for lack of memory is said: figures must not pass for exact when they are not. */
static void admit(const summary *s)
{
    uint64_t rows = 0;
    for (size_t t = 0; t < TABLES; t++) rows += s->table[t].dropped;
    if (rows)
        fprintf(stderr, "maillog: %llu rare rows of the tables were dropped: more --memory keeps them\n",
                (unsigned long long)rows);
    if (s->queue_ids_dropped)
        fprintf(stderr, "maillog: %llu queue IDs were forgotten before their end: more --memory keeps them\n",
                (unsigned long long)s->queue_ids_dropped);
}

int command_summary(command *c)
{
    summary *s = &sum;
    const uint64_t memory = c->memory ? c->memory : (uint64_t)64 << 20;
    if (memory < 65536) return wrong_usage(c, "--memory: 64K at least");
    s->c = c;
    if (c->top < 0) c->top = 20;
    set_rules(postfix_rules);
    set_rules(other_rules);
    for (size_t t = 0; t < TABLES; t++) s->table[t].keys = tables[t].keys;
    tally_limit(memory / 2);
    queue_ids_start(memory / 2);
    c->on_event = on_event;
    command_read(c);
    if (s->days) qsort(s->days, s->ndays, sizeof *s->days, by_date);
    for (size_t t = 0; t < TABLES; t++) tally_sort(&s->table[t], TALLY_BY_COUNT);
    admit(s);
    if (c->html && !summary_html(s, c->html)) c->status = 1;
    if (c->json)
        summary_json(stdout, s);
    else if (!c->html)
        summary_text(stdout, s);
    for (size_t t = 0; t < TABLES; t++) tally_free(&s->table[t]);
    free(s->days);
    queue_ids_end();
    return c->status;
}
