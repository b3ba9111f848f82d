/* trace.c: `maillog trace`: messages, as they end or in the order of their first lines. */
#include "otlp.h"
#include "pages.h"
#include "pool.h"
#include "state.h"
#include "text.h"
#include "trace.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void *memory; /* the join's block */
static size_t memory_len;

static size_t write_message(const void *m, const maillog_json_options *opt, char *buf, size_t cap)
{
    return maillog_message_json((const maillog_message *)m, opt, buf, cap);
}

static _Thread_local sheet why;

void trace_free(void) { sheet_free(&why); }

/* Fill `why` and the settings behind the checks. */
static void explain(const command *c, maillog_message *m)
{
    const size_t need = maillog_explain(m, c->config, NULL, why.text, why.cap);
    if (need > why.cap) maillog_explain(m, c->config, NULL, sheet_room(&why, need), need);
}

static bool by_first_line(const command *c)
{
    return c->sort == SORT_FIRST || (c->sort == SORT_AUTO && c->json && !c->follow);
}
static bool otlp(const command *c) { return c->format == TRACE_OTLP; }
static bool whole_story(const command *c) { return c->story || c->verbose || select_any(c); }
static bool for_programs(const command *c) { return c->json || otlp(c); }

static bool list(const command *c) { return !(for_programs(c) || whole_story(c)); }
/* What was looked for is seen at once, also through a pipe. */
static bool at_once(const command *c) { return c->follow || text_columns() || select_any(c); }

static void put_story(sheet *out, const command *c, const maillog_message *m)
{
    char *text = NULL;
    size_t len;
    FILE *f = open_memstream(&text, &len); /* stories are few */
    if (!f) return;
    if (otlp(c))
        print_otlp(f, c, m);
    else
        print_story(f, c, m);
    fclose(f);
    sheet_put(out, text, len);
    free(text);
}

static void put_record(sheet *out, const command *c, maillog_message *m)
{
    if (list(c)) {
        put_list_line(out, c, m);
        return;
    }
    if (m->record == MAILLOG_RECORD_MESSAGE) explain(c, m);
    if (c->json) {
        const maillog_json_options opt = command_json_options(c, &m->first_time);
        sheet_put_json(out, write_message, m, &opt);
    } else {
        put_story(out, c, m);
    }
}

static void print_text(uint64_t first_line, const char *text, size_t len)
{
    (void)first_line;
    fwrite(text, 1, len, stdout);
}

/* A log of one message answers with its story: a list of one would only be asked on. Logs that are still written do not
 * wait for a second message. */
static struct {
    sheet line, story;
    uint64_t first_line;
    bool waits;
} only_one;

static bool may_be_only_one(const command *c)
{
    return list(c) && !c->follow && c->shown < 2 && c->nfiles > 0 && strcmp(c->files[0], "-") != 0;
}

static void hold_only_one(const command *c, maillog_message *m)
{
    put_list_line(&only_one.line, c, m);
    explain(c, m);
    put_story(&only_one.story, c, m);
    only_one.first_line = m->lines.len ? m->lines.ptr[0] : 0;
    only_one.waits = true;
}

static struct {
    uint64_t all, shown;
} built; /* messages that threads have built */

static void count_built(bool selected)
{
    built.all++;
    built.shown += selected;
}

static const page_work *work_of(const command *c)
{
    static const page_work in_order_of_end = {select_message, put_record, count_built, print_text},
                           in_order_of_first_line = {select_message, put_record, count_built, order_add};
    return by_first_line(c) ? &in_order_of_first_line : &in_order_of_end;
}

static bool by_pages(const command *c) { return pool_threads() && !at_once(c) && (c->json || list(c)); }

static int on_message(void *user, maillog_message *m)
{
    static sheet text;
    command *c = (command *)user;
    const page_work *work = work_of(c);
    const bool message = m->record == MAILLOG_RECORD_MESSAGE;
    if (message) c->messages++;
    if (message ? !select_message(c, m) : !c->all) return MAILLOG_CONTINUE;
    c->shown += message;
    if (may_be_only_one(c)) {
        hold_only_one(c, m);
        return MAILLOG_CONTINUE;
    }
    if (only_one.waits) work->print(only_one.first_line, only_one.line.text, only_one.line.len);
    only_one.waits = false;
    if (by_pages(c)) {
        pages_add(c, m, work);
        return output_open() ? MAILLOG_CONTINUE : -1;
    }
    text.len = 0;
    put_record(&text, c, m);
    work->print(m->lines.len ? m->lines.ptr[0] : 0, text.text, text.len);
    if (at_once(c) && !by_first_line(c)) return output_works() ? MAILLOG_CONTINUE : -1;
    return output_open() ? MAILLOG_CONTINUE : -1;
}

/* Threads build the messages, too, as soon as it is clear that there will be a list. */
static int on_unbuilt(void *user, const void *bytes, size_t len)
{
    const command *c = (const command *)user;
    pages_add_unbuilt(c, bytes, len, work_of(c));
    return ferror(stdout) ? -1 : MAILLOG_CONTINUE;
}

static void share_building(command *c)
{
    static bool shared;
    if (shared || !by_pages(c) || may_be_only_one(c) || only_one.waits) return;
    shared = maillog_join_unbuilt(c->join, on_unbuilt) == MAILLOG_OK;
}

/* The table of --memory, or the one of --state. Its first line gives it the time of the log. */
bool command_start_join(command *c, maillog_message_cb cb, uint32_t flags, void **mem)
{
    maillog_join_config cfg;
    memset(&cfg, 0, sizeof cfg);
    cfg.size = sizeof cfg;
    cfg.memory = c->memory;
    cfg.flags = flags;
    cfg.reference = c->reference ? c->reference : (int64_t)time(NULL);
    cfg.utc_offset = c->zone.offset_at ? c->zone.offset_at(NULL, cfg.reference) : c->zone.fixed;
    if (getentropy(cfg.seed, sizeof cfg.seed) != 0) { /* strangers choose what is hashed */
        cfg.seed[0] = (uint64_t)time(NULL);
        cfg.seed[1] = (uint64_t)(uintptr_t)c;
    }
    const size_t need = maillog_join_size(&cfg);
    *mem = need ? malloc(need) : NULL;
    memory_len = need;
    if (*mem && maillog_join_init(&c->join, *mem, need, &cfg, cb, c) == MAILLOG_OK) return true;
    fprintf(stderr, "maillog: --memory: %s\n", *mem || !need ? "too small: 64K at least" : strerror(errno));
    c->status = 1;
    return false;
}

/* What the join does not keep of a line, and is asked for later. */
static void note_line(const command *c, const maillog_event *ev, uint64_t number)
{
    if (otlp(c)) otlp_line(c, ev);
    if ((whole_story(c) && !for_programs(c)) || may_be_only_one(c)) { /* its clocks, and with -v the lines */
        const maillog_str line = {ev->line, ev->len};
        lines_keep(number, line, c->memory / 4);
    }
    if (c->text) select_line(c, ev, number);
}

static bool notes_lines(const command *c)
{
    return otlp(c) || c->text || (whole_story(c) && !for_programs(c)) || may_be_only_one(c);
}

static bool have_join(command *c)
{
    return c->join || command_start_join(c, on_message, c->all ? MAILLOG_JOIN_ALL_RECORDS : 0, &memory);
}

static int on_event(command *c, const maillog_event *ev)
{
    if (!have_join(c)) return -1;
    note_line(c, ev, c->line);
    return maillog_join_push_line(c->join, ev, c->line) < 0 ? -1 : MAILLOG_CONTINUE;
}

static int on_events(command *c, const maillog_event *ev, size_t n)
{
    if (!have_join(c)) return -1;
    const bool noted = notes_lines(c);
    for (size_t i = 0; noted && i < n; i++) note_line(c, &ev[i], c->line + 1 + i);
    share_building(c);
    return maillog_join_push_events(c->join, ev, n, c->line + 1, NULL) < 0 ? -1 : MAILLOG_CONTINUE;
}

static bool attach(command *c)
{
    const int rc = maillog_join_attach(&c->join, memory, memory_len, on_message, c);
    if (rc == MAILLOG_OK) return true;
    fprintf(stderr, "maillog: --state %s: %s\n", c->state_file, maillog_strerror(rc));
    c->join = NULL;
    return false;
}

static bool take_up_state(command *c) { return state_load(c, &memory, &memory_len) && (!memory || attach(c)); }

/* Now and then, so that a machine that stops suddenly costs half a minute: what was shown since is shown again. */
static void keep_state(command *c)
{
    enum { SECONDS = 30 };
    static time_t saved;
    static uint64_t line;
    const time_t present = time(NULL);
    if (!c->state_file || !c->join || c->line == line || present - saved < SECONDS) return;
    saved = present;
    line = c->line;
    maillog_join_seal(c->join);
    state_save(c, memory, memory_len);
    attach(c);
}

/* --follow: time goes by without lines. Only a log of today has the clock of today. */
static void on_idle(command *c)
{
    const int64_t now = (int64_t)time(NULL), last = c->now / 1000000000;
    if (c->join && c->now != INT64_MIN && now - last < 86400 && now >= last) maillog_join_expire(c->join, now);
    fflush(stdout);
    keep_state(c);
}

static void end_join(command *c)
{
    if (!c->join) return;
    if (!c->state_file) {
        maillog_join_flush(c->join);
        return;
    }
    maillog_join_seal(c->join);
    state_save(c, memory, memory_len);
}

static void print_end(const command *c)
{
    if (for_programs(c)) return;
    if (only_one.waits) fwrite(only_one.story.text, 1, only_one.story.len, stdout);
    char text[256];
    int n = snprintf(text, sizeof text, "%s of %s messages", grouped(c->shown), grouped(c->messages));
    if (interrupted) n += snprintf(text + n, sizeof text - (size_t)n, " (interrupted at line %s)", grouped(c->line));
    if (c->shown && !whole_story(c) && !only_one.waits)
        n += snprintf(text + n, sizeof text - (size_t)n,
                      "; the story of one: maillog trace --queue-id ID, of all: --story");
    print_wrapped(stdout, text, (size_t)n, 0, 0);
}

int command_trace(command *c)
{
    if (c->json && otlp(c)) return wrong_usage(c, "--json and --format otlp-json: one of them");
    c->json = c->json || c->format == TRACE_JSON;
    if (c->all && !c->json) return wrong_usage(c, "--all: with --json only");
    if (!select_setup(c)) return 2;
    if (c->memory && c->memory < 65536) return wrong_usage(c, "--memory: 64K at least");
    if (!command_read_config(c) || !take_up_state(c)) {
        command_free_config(c);
        return 1;
    }
    c->on_event = on_event;
    c->on_events = otlp(c) ? NULL : on_events; /* it asks for the time of each line */
    c->clock = otlp(c);
    c->on_idle = on_idle;
    command_read(c);
    end_join(c);
    pages_end();
    c->messages += built.all;
    c->shown += built.shown;
    if (by_first_line(c) && !order_print(stdout)) c->status = 1;
    print_end(c);
    command_free_config(c);
    sheet_free(&only_one.line);
    sheet_free(&only_one.story);
    free(memory);
    return c->status;
}
