/* trace.c: `maillog trace`: the story of each message. */
#include "command.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* For `%.*s`: the log is written by strangers, and what they wrote must not steer the terminal. */
#define S(s) (int)(s).len, shown(s)

/* A copy without control bytes. It lives until some more have been made: enough for one line of output. */
static const char *shown(maillog_str s)
{
    enum { COPIES = 16 };
    static char *copies[COPIES];
    static size_t caps[COPIES], next;
    const size_t i = next++ % COPIES;
    if (s.len >= caps[i]) {
        char *more = (char *)realloc(copies[i], s.len * 2 + 64);
        if (!more) exit(1);
        copies[i] = more;
        caps[i] = s.len * 2 + 64;
    }
    for (size_t k = 0; k < s.len; k++) {
        const unsigned char c = (unsigned char)s.ptr[k];
        copies[i][k] = c < 0x20 || c == 0x7F ? '?' : s.ptr[k];
    }
    copies[i][s.len] = '\0';
    return copies[i];
}

/* Messages come out of the join as they end; they are shown in the order of their first lines. */
typedef struct story {
    uint64_t first;
    char *text;
} story;

static FILE *out; /* where the present story is written */
static story *stories;
static size_t nstories, cap_stories;

static int by_first_line(const void *a, const void *b)
{
    const uint64_t x = ((const story *)a)->first, y = ((const story *)b)->first;
    return x < y ? -1 : x > y;
}

static size_t write_message(const void *m, const maillog_json_options *opt, char *buf, size_t cap)
{
    return maillog_message_json((const maillog_message *)m, opt, buf, cap);
}

static bool is(maillog_str s, const char *want)
{
    return s.ptr && s.len == strlen(want) && memcmp(s.ptr, want, s.len) == 0;
}

static bool has_address(const maillog_message *m, const char *address)
{
    if (is(m->from, address)) return true;
    for (size_t i = 0; i < m->nrecipients; i++)
        if (is(m->recipients[i].to, address) || is(m->recipients[i].orig_to, address)) return true;
    return false;
}

static bool has_queue_id(const maillog_message *m, const char *id)
{
    for (size_t i = 0; i < m->nlegs; i++)
        if (is(m->legs[i].queue_id, id)) return true;
    return false;
}

static bool is_selected(const command *c, const maillog_message *m)
{
    if (c->queue_id && !has_queue_id(m, c->queue_id)) return false;
    if (c->message_id && !is(m->message_id, c->message_id)) return false;
    if (c->address && !has_address(m, c->address)) return false;
    if (c->client && !is(m->client.addr, c->client)) return false;
    if (c->verdict && strcmp(c->verdict, maillog_verdict_name((int)m->verdict)) != 0) return false;
    return true;
}

static const char *paint(const command *c, const char *code) { return c->color ? code : ""; }

static const char *verdict_color(maillog_verdict v)
{
    if (v == MAILLOG_VERDICT_DELIVERED) return "\033[1;32m";
    return v == MAILLOG_VERDICT_REJECTED || v == MAILLOG_VERDICT_BOUNCED ? "\033[1;31m" : "\033[1;33m";
}

static const char *mark_of(maillog_check_result r)
{
    if (r == MAILLOG_CHECK_PASS) return "✓";
    return r == MAILLOG_CHECK_WARN || r == MAILLOG_CHECK_TAG ? "!" : "✗";
}

static void print_check(const command *c, const maillog_message_check *k)
{
    fprintf(out, "    %s%s%s %.*s %.*s: %s", paint(c, k->result == MAILLOG_CHECK_PASS ? "\033[32m" : "\033[33m"),
            mark_of(k->result), paint(c, "\033[0m"), S(k->by), S(k->check), maillog_check_result_name((int)k->result));
    if (k->code.len) fprintf(out, " %.*s %.*s", S(k->code), S(k->dsn));
    if (k->text.len) fprintf(out, " %.*s", S(k->text));
    if (k->score.len) fprintf(out, " (score or delay %.*s)", S(k->score));
    if (k->elapsed_ms.len) fprintf(out, ", %.*s ms", S(k->elapsed_ms));
    fprintf(out, "  [line %llu]\n", (unsigned long long)k->line);
    if (!k->config.file.len && !k->config.note.len) return;
    fprintf(out, "      %.*s", S(k->config.file));
    if (k->config.line) fprintf(out, ":%llu", (unsigned long long)k->config.line);
    fprintf(out, " %.*s", S(k->config.setting));
    if (k->config.note.len) fprintf(out, " (%.*s)", S(k->config.note));
    fprintf(out, "\n");
}

static void print_recipient(const maillog_message_recipient *r)
{
    fprintf(out, "    → %.*s", S(r->to));
    if (r->status.len) fprintf(out, "  %.*s", S(r->status));
    if (r->relay.len) fprintf(out, " via %.*s", S(r->relay));
    if (r->delay.len) fprintf(out, " after %.*s s", S(r->delay));
    if (r->final_mailbox.len) fprintf(out, "; %.*s put it into %.*s", S(r->final_by), S(r->final_mailbox));
    if (r->reply.len) fprintf(out, "\n      %.*s", S(r->reply));
    fprintf(out, "  [line %llu]\n", (unsigned long long)r->line);
}

static void print_way(const command *c, const maillog_message *m)
{
    fprintf(out, "  way     %.*s[%.*s]", S(m->client.name), S(m->client.addr));
    if (m->client.helo.len) fprintf(out, " helo=%.*s", S(m->client.helo));
    for (size_t i = 0; i < m->nlegs; i++)
        fprintf(out, " → %s%.*s%s", paint(c, "\033[1m"), S(m->legs[i].queue_id), paint(c, "\033[0m"));
    fprintf(out, "\n");
    for (size_t i = 0; i < m->nlinks; i++)
        fprintf(out, "    %.*s → %.*s: proved by %s (%s)\n", S(m->links[i].from), S(m->links[i].to),
                maillog_proof_name((int)m->links[i].proof), maillog_confidence_name((int)m->links[i].confidence));
}

static void print_story(const command *c, const maillog_message *m)
{
    fprintf(out, "%s%s%s  %02u:%02u:%02u  from=<%.*s>", paint(c, verdict_color(m->verdict)),
            maillog_verdict_name((int)m->verdict), paint(c, "\033[0m"), m->first_time.hour, m->first_time.minute,
            m->first_time.second, S(m->from));
    if (m->message_id.len) fprintf(out, "  message-id %.*s", S(m->message_id));
    fprintf(out, "  (%zu lines, %s)\n", m->lines.len, maillog_message_state_name((int)m->state));
    print_way(c, m);
    if (m->nchecks) fprintf(out, "  checks\n");
    for (size_t i = 0; i < m->nchecks; i++) print_check(c, &m->checks[i]);
    if (m->nrecipients) fprintf(out, "  recipients\n");
    for (size_t i = 0; i < m->nrecipients; i++) print_recipient(&m->recipients[i]);
    if (m->nfaults) fprintf(out, "  faults (did not decide)\n");
    for (size_t i = 0; i < m->nfaults; i++)
        fprintf(out, "    %.*s: %.*s  [line %llu]\n", S(m->faults[i].by), S(m->faults[i].text),
                (unsigned long long)m->faults[i].line);
    if (m->why.len) fprintf(out, "  why     %.*s\n", S(m->why));
    fprintf(out, "\n");
}

/* Fill `why` and the settings behind the checks. */
static void explain(const command *c, maillog_message *m)
{
    static char *buf;
    static size_t cap;
    const size_t need = maillog_explain(m, c->config, NULL, buf, cap);
    if (need <= cap) return;
    free(buf);
    cap = need * 2;
    buf = (char *)malloc(cap);
    if (!buf) cap = 0;
    maillog_explain(m, c->config, NULL, buf, cap);
}

static int on_message(void *user, maillog_message *m)
{
    command *c = (command *)user;
    const bool message = m->record == MAILLOG_RECORD_MESSAGE;
    if (message) c->messages++;
    if (message ? !is_selected(c, m) : !c->all) return MAILLOG_CONTINUE;
    if (!message && !c->json) return MAILLOG_CONTINUE;
    c->shown += message;
    if (message) explain(c, m);
    if (nstories == cap_stories) {
        story *more = (story *)realloc(stories, (cap_stories * 2 + 256) * sizeof *stories);
        if (!more) return -1;
        stories = more;
        cap_stories = cap_stories * 2 + 256;
    }
    story *s = &stories[nstories];
    size_t len;
    s->first = m->lines.len ? m->lines.ptr[0] : 0;
    out = open_memstream(&s->text, &len);
    if (!out) return -1;
    if (c->json) {
        const maillog_json_options opt = command_json_options(c, &m->first_time);
        print_json(out, write_message, m, &opt);
    } else {
        print_story(c, m);
    }
    fclose(out);
    nstories++;
    return MAILLOG_CONTINUE;
}

static int on_event(command *c, const maillog_event *ev)
{
    return maillog_join_push_line(c->join, ev, c->line) < 0 ? -1 : MAILLOG_CONTINUE;
}

int command_trace(command *c)
{
    maillog_join_config cfg;
    memset(&cfg, 0, sizeof cfg);
    cfg.size = sizeof cfg;
    cfg.memory = c->memory;
    cfg.flags = c->all ? MAILLOG_JOIN_ALL_RECORDS : 0;
    cfg.reference = c->year ? maillog_days_from_civil(c->year, 7, 2) * 86400 : (int64_t)time(NULL);
    cfg.seed[0] = (uint64_t)time(NULL);
    cfg.seed[1] = (uint64_t)(uintptr_t)c;
    const size_t need = maillog_join_size(&cfg);
    void *mem = need ? malloc(need) : NULL;
    if (!mem || maillog_join_init(&c->join, mem, need, &cfg, on_message, c) != MAILLOG_OK) {
        fprintf(stderr, "maillog: --memory: %s\n", mem ? "too small" : strerror(errno));
        free(mem);
        return 2;
    }
    if (!command_read_config(c)) {
        command_free_config(c);
        free(mem);
        return 1;
    }
    c->on_event = on_event;
    command_read(c);
    maillog_join_flush(c->join);
    if (stories) qsort(stories, nstories, sizeof *stories, by_first_line);
    for (size_t i = 0; i < nstories; i++) {
        fputs(stories[i].text, stdout);
        free(stories[i].text);
    }
    free(stories);
    command_free_config(c);
    if (!c->json) printf("%llu of %llu messages\n", (unsigned long long)c->shown, (unsigned long long)c->messages);
    free(mem);
    return c->status;
}
