/* summary.c: `maillog summary`: totals, rates, reasons, tables. */
#include "pool.h"
#include "sheet.h"
#include "summary.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

const char *const rate_names[RATES] = {"received", "delivered", "deferred", "bounced", "rejected"};

const table_info tables[TABLES] = {
#define X(id, name, title, keys, key1, key2, key3, has) {name, title, keys, {key1, key2, key3}, has},
    SUMMARY_TABLES(X)
#undef X
};

static summary sum;

/* ---- a line ---- */

enum { EVENTS = 1 << 15, RULES = 128 };
static summary_rule rules[RULES]; /* 0: none */
static uint8_t rule_of[EVENTS];   /* by event type */
static bool is_postfix[256];

static void set_rules(const summary_rule *rule)
{
    static uint8_t n;
    for (; rule->event && n + 1 < RULES; rule++) {
        rules[++n] = *rule;
        rule_of[rule->event % EVENTS] = n;
    }
}

static void find_postfix(void)
{
    for (int id = 0; (id = maillog_daemon_next(id)) != 0;)
        is_postfix[id & 255] = strncmp(maillog_daemon_name(id), "postfix", 7) == 0;
}

static uint8_t places[UINT16_MAX + 1]; /* by field */

static void set_places(void)
{
#define X(name) places[MAILLOG_FIELD_##name] = FIELD_##name;
    SUMMARY_FIELDS(X)
#undef X
}

/* Where each field of the line is, in one go: most rules ask for several. */
static void find_fields(summary *s)
{
    memset(s->at, 0, sizeof s->at);
    for (uint32_t i = s->line.nfields; i > 0; i--) /* the first of a name is what counts */
        s->at[places[s->line.field[i - 1].id]] = (uint8_t)i;
}

/* Logs are not always in order: rotated sets overlap, hosts' clocks differ. */
static void keep_time(summary *s, const maillog_time *t, int year)
{
    const bool none = !s->first.month;
    if (none || s->now < s->first_at) s->first = *t, s->first_year = year, s->first_at = s->now;
    if (none || s->now >= s->last_at) s->last = *t, s->last_year = year, s->last_at = s->now;
}

static void new_stamp(summary *s, const maillog_time *t)
{
    const int year = when_year(s->c, t);
    s->stamp = *t;
    s->stamp_reference = s->c->reference;
    s->date = (uint32_t)year * 10000 + t->month * 100u + t->day;
    if (!when_epoch(s->c, t, &s->now)) s->now = INT64_MIN;
    s->stamp_minute = s->now == INT64_MIN ? 0 : (uint32_t)(s->now / 60000000000);
    if (s->now != INT64_MIN) keep_time(s, t, year);
}

static void count_line(summary *s, command *c)
{
    const summary_line *line = &s->line;
    s->c = c;
    s->lines++;
    s->understood += line->match == MAILLOG_MATCH_EVENT;
    s->dated = line->time->month != 0;
    if (s->dated) {
        if (memcmp(line->time, &s->stamp, sizeof s->stamp) != 0 || c->reference != s->stamp_reference)
            new_stamp(s, line->time);
        if (s->now != INT64_MIN) c->now = s->now;
    }
    if (is_postfix[line->daemon] && c->pflogsumm && of_other_instance(s)) return;
    const uint8_t rule = rule_of[line->type % EVENTS];
    if (rule) {
        if (!rules[rule].few) find_fields(s);
        rules[rule].count(s);
    }
    if (is_postfix[line->daemon]) count_severity(s);
}

/* ---- on threads: each has figures of its own, which are added up at the end; what depends on the lines before is put
 * down, and done by the thread that reads ---- */

static struct {
    pthread_mutex_t lock;
    summary *each[POOL_MOST];
    size_t n;
} apart = {.lock = PTHREAD_MUTEX_INITIALIZER};

static void start_tables(summary *s)
{
    for (size_t t = 0; t < TABLES; t++) s->table[t].keys = tables[t].keys;
}

static void end_tables(summary *s)
{
    for (size_t t = 0; t < TABLES; t++) tally_free(&s->table[t]);
    free(s->days);
}

static _Thread_local summary *mine;

/* The calling thread's figures. */
static summary *own_figures(void)
{
    if (mine) return mine;
    mine = (summary *)must_realloc(NULL, sizeof *mine);
    memset(mine, 0, sizeof *mine);
    start_tables(mine);
    pthread_mutex_lock(&apart.lock);
    apart.each[apart.n++] = mine;
    pthread_mutex_unlock(&apart.lock);
    return mine;
}

static sheet out; /* of lines that come one by one */

static int on_event(command *c, const maillog_event *ev)
{
    summary *s = own_figures();
    s->line = (summary_line){ev->line, ev->field, ev->nfields, ev->type, ev->daemon, ev->match, &ev->time};
    count_line(s, c);
    if (c->out != &out) return MAILLOG_CONTINUE;
    take_steps(&sum, &out);
    out.len = 0;
    return MAILLOG_CONTINUE;
}

static void on_row(command *own, const char *text, const maillog_batch_event *row, const maillog_field *field)
{
    summary *s = own_figures();
    s->line = (summary_line){text, field, row->nfields, row->type, row->daemon, row->match, &row->time};
    count_line(s, own);
}

static void on_written(command *c, const sheet *steps)
{
    sum.c = c;
    take_steps(&sum, steps);
}

static void add_figures(summary *to, const summary *from)
{
    for (size_t i = 0; i < FIGURES; i++) to->figure[i] += from->figure[i];
    for (size_t h = 0; h < 24; h++)
        for (size_t r = 0; r < RATES; r++) to->hour[h][r] += from->hour[h][r];
    for (size_t i = 0; i < from->ndays; i++)
        for (size_t r = 0; r < RATES; r++) count_day(to, from->days[i].date)->rate[r] += from->days[i].rate[r];
    for (size_t t = 0; t < TABLES; t++) tally_merge(&to->table[t], &from->table[t]);
    to->lines += from->lines;
    to->understood += from->understood;
    if (!from->first.month) return;
    if (!to->first.month || from->first_at < to->first_at)
        to->first = from->first, to->first_year = from->first_year, to->first_at = from->first_at;
    if (!to->last.month || from->last_at >= to->last_at)
        to->last = from->last, to->last_year = from->last_year, to->last_at = from->last_at;
}

static void add_up(summary *s)
{
    for (size_t i = 0; i < apart.n; i++) {
        add_figures(s, apart.each[i]);
        end_tables(apart.each[i]);
        free(apart.each[i]);
    }
    apart.n = 0;
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
                   {"between_hosts", BETWEEN_HOSTS},
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
    find_postfix();
    set_places();
    set_rules(postfix_rules);
    set_rules(other_rules);
    start_tables(s);
    tally_limit(memory / 2);
    queue_ids_start(memory / 2);
    c->on_event = on_event;
    c->on_row = on_row;
    c->on_written = on_written;
    c->out = &out;
    mine = s;
    command_read(c);
    s->c = c;
    add_up(s);
    sheet_free(&out);
    if (s->days) qsort(s->days, s->ndays, sizeof *s->days, by_date);
    for (size_t t = 0; t < TABLES; t++) tally_sort_first(&s->table[t], TALLY_BY_COUNT, (size_t)c->top);
    admit(s);
    if (c->html && !summary_html(s, c->html)) c->status = 1;
    if (c->json)
        summary_json(stdout, s);
    else if (!c->html)
        summary_text(stdout, s);
    end_tables(s);
    queue_ids_end();
    return c->status;
}
