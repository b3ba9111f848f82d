/* story.c: a message's whole story: verdict, why, the way, checks, recipients. */
#include "text.h"
#include "trace.h"

#include <stdlib.h>
#include <string.h>

static const char *mark_of(maillog_check_result r)
{
    if (r == MAILLOG_CHECK_PASS) return glyph("✓", "+");
    return r == MAILLOG_CHECK_WARN || r == MAILLOG_CHECK_TAG ? "!" : glyph("✗", "x");
}

static const char *mark_color(maillog_check_result r)
{
    if (r == MAILLOG_CHECK_PASS) return "\033[32m";
    return r == MAILLOG_CHECK_WARN || r == MAILLOG_CHECK_TAG ? "\033[33m" : "\033[31m";
}

/* A text is put together first: where it is cut depends on the terminal. */
static char *text;
static size_t text_len;
static FILE *begin(void)
{
    free(text);
    text = NULL;
    FILE *f = open_memstream(&text, &text_len);
    if (f) return f;
    perror("maillog");
    exit(1);
}

static void end(FILE *f, FILE *out, unsigned column, unsigned indent)
{
    fclose(f);
    print_wrapped(out, text, text_len, column, indent);
}

static void print_check(FILE *out, const command *c, const maillog_message_check *k)
{
    FILE *f = begin();
    fprintf(f, "%s%s%s %.*s %.*s: %s", paint(c, mark_color(k->result)), mark_of(k->result), paint(c, "\033[0m"),
            S(k->by), S(k->check), maillog_check_result_name((int)k->result));
    if (k->code.len) fprintf(f, " %.*s %.*s", S(k->code), S(k->dsn));
    if (k->text.len) fprintf(f, " %.*s", S(k->text));
    if (k->score.len)
        fprintf(f, k->event == MAILLOG_EVENT_POSTGREY_GREYLIST ? " (after %.*s s)" : " (score %.*s)", S(k->score));
    if (k->elapsed_ms.len) fprintf(f, ", %.*s ms", S(k->elapsed_ms));
    fprintf(f, "  %s[line %llu]%s", paint(c, "\033[2m"), (unsigned long long)k->line, paint(c, "\033[0m"));
    fputs("    ", out);
    end(f, out, 4, 6);
    if (!k->config.file.len && !k->config.note.len) return;
    f = begin();
    fprintf(f, "%.*s", S(k->config.file));
    if (k->config.line) fprintf(f, ":%llu", (unsigned long long)k->config.line);
    fprintf(f, " %.*s", S(k->config.setting));
    if (k->config.note.len) fprintf(f, " (%.*s)", S(k->config.note));
    fputs("      ", out);
    end(f, out, 6, 8);
}

static void print_recipient(FILE *out, const command *c, const maillog_message_recipient *r)
{
    FILE *f = begin();
    fprintf(f, "%s %s%.*s%s", glyph("→", ">"), paint(c, "\033[1m"), S(r->to), paint(c, "\033[0m"));
    if (r->orig_to.len) fprintf(f, " (for %.*s)", S(r->orig_to));
    if (r->status.len) fprintf(f, "  %s%.*s%s", paint(c, verdict_color(r->verdict)), S(r->status), paint(c, "\033[0m"));
    if (r->relay.len) fprintf(f, " via %.*s", S(r->relay));
    if (r->delay.len) fprintf(f, " after %.*s s", S(r->delay));
    if (r->final_mailbox.len) fprintf(f, "; %.*s put it into %.*s", S(r->final_by), S(r->final_mailbox));
    fprintf(f, "  %s[line %llu]%s", paint(c, "\033[2m"), (unsigned long long)r->line, paint(c, "\033[0m"));
    fputs("    ", out);
    end(f, out, 4, 6);
    if (!r->reply.len) return;
    f = begin();
    fprintf(f, "%.*s", S(r->reply));
    fputs("      ", out);
    end(f, out, 6, 6);
}

static void print_way(FILE *out, const command *c, const maillog_message *m)
{
    FILE *f = begin();
    const char *arrow = glyph("→", "->");
    if (m->client.addr.len || m->client.name.len)
        fprintf(f, "%.*s[%.*s]", S(m->client.name), S(m->client.addr));
    else
        fputs("local", f);
    if (m->client.helo.len) fprintf(f, " helo=%.*s", S(m->client.helo));
    if (m->client.sasl_username.len) fprintf(f, " login=%.*s", S(m->client.sasl_username));
    if (m->client.tls.len) fprintf(f, " %.*s", S(m->client.tls));
    for (size_t i = 0; i < m->nlegs; i++)
        fprintf(f, " %s %s%.*s%s%s", arrow, paint(c, "\033[1m"), S(m->legs[i].queue_id), paint(c, "\033[0m"),
                m->legs[i].notification ? " (notification)" : "");
    fputs("  way     ", out);
    end(f, out, 10, 10);
    for (size_t i = 0; i < m->nlinks; i++) {
        const maillog_message_link *l = &m->links[i];
        fprintf(out, "          %s%s %s %s: %s, %s%s%s\n", paint(c, "\033[2m"), l->from.len ? shown(l->from) : "client",
                arrow,
                l->to.len     ? shown(l->to)
                : l->from.len ? "mailbox"
                              : "attempt",
                maillog_proof_name((int)l->proof), maillog_confidence_name((int)l->confidence),
                l->disputed ? " (disputed)" : "", paint(c, "\033[0m"));
    }
}

static void print_lines(FILE *out, const command *c, const maillog_message *m)
{
    fputs("  lines\n", out);
    for (size_t i = 0; i < m->lines.len; i++) {
        const maillog_str line = lines_get(m->lines.ptr[i]);
        fprintf(out, "    %s%llu%s ", paint(c, "\033[2m"), (unsigned long long)m->lines.ptr[i], paint(c, "\033[0m"));
        if (line.ptr)
            fprintf(out, "%.*s\n", S(line));
        else
            fputs("(too long ago to be kept: more --memory keeps more)\n", out);
    }
}

void print_story(FILE *out, const command *c, const maillog_message *m)
{
    FILE *f = begin();
    const maillog_time *t = &m->first_time;
    fprintf(f, "%s%s%s  ", paint(c, verdict_color(m->verdict)), maillog_verdict_name((int)m->verdict),
            paint(c, "\033[0m"));
    if (t->year) fprintf(f, "%04d-", t->year);
    fprintf(f, "%02u-%02u %02u:%02u:%02u  from=<%.*s>", t->month, t->day, t->hour, t->minute, t->second, S(m->from));
    if (m->bytes != MAILLOG_NO_NUMBER) fprintf(f, "  %s bytes", grouped(m->bytes));
    if (m->message_id.len) fprintf(f, "  message-id %.*s", S(m->message_id));
    fprintf(f, "  (%zu lines, %s)", m->lines.len, maillog_message_state_name((int)m->state));
    end(f, out, 0, 4);
    if (m->why.len) {
        f = begin();
        fprintf(f, "%.*s", S(m->why));
        fputs("  why     ", out);
        end(f, out, 10, 10);
    }
    print_way(out, c, m);
    if (m->nchecks) fputs("  checks\n", out);
    for (size_t i = 0; i < m->nchecks; i++) print_check(out, c, &m->checks[i]);
    if (m->nrecipients) fputs("  recipients\n", out);
    for (size_t i = 0; i < m->nrecipients; i++) print_recipient(out, c, &m->recipients[i]);
    if (m->nfaults) fputs("  faults (did not decide)\n", out);
    for (size_t i = 0; i < m->nfaults; i++) {
        f = begin();
        fprintf(f, "%.*s: %.*s  [line %llu]", S(m->faults[i].by), S(m->faults[i].text),
                (unsigned long long)m->faults[i].line);
        fputs("    ", out);
        end(f, out, 4, 6);
    }
    if (c->verbose) print_lines(out, c, m);
    fputc('\n', out);
}
