/* story.c: a message's whole story: verdict, the way, what happened step by step, why. */
#include "story.h"
#include "text.h"
#include "trace.h"

#include <stdlib.h>
#include <string.h>

enum { STEP_COLUMN = 24 }; /* where the text of a step begins */

static void print_text(FILE *out, const char *text, unsigned column, unsigned indent)
{
    print_wrapped(out, text, strlen(text), column, indent);
}

static const char *sign(const command *c, step_mark mark)
{
    static char buf[32];
    static const struct {
        const char *color, *utf8, *ascii;
    } signs[] = {[MARK_NONE] = {"", "·", "."},
                 [MARK_GOOD] = {"\033[32m", "✓", "+"},
                 [MARK_WARN] = {"\033[33m", "!", "!"},
                 [MARK_BAD] = {"\033[31m", "✗", "x"}};
    snprintf(buf, sizeof buf, "%s%s%s", paint(c, signs[mark].color), glyph(signs[mark].utf8, signs[mark].ascii),
             paint(c, *signs[mark].color ? "\033[0m" : ""));
    return buf;
}

/* The clock of a line that is still kept. */
static void line_clock(uint64_t number, char buf[16])
{
    maillog_event ev;
    const maillog_str line = lines_get(number);
    snprintf(buf, 16, "%8s", "");
    if (!line.ptr || maillog_parse_line(NULL, line.ptr, line.len, &ev) != MAILLOG_OK || !ev.time.month) return;
    snprintf(buf, 16, "%02u:%02u:%02u", ev.time.hour, ev.time.minute, ev.time.second);
}

static void print_step(FILE *out, const command *c, const step *s)
{
    char clock_text[16], *text = NULL;
    size_t len;
    line_clock(s->line, clock_text);
    fprintf(out, "  %s%s%s %s %-10s ", paint(c, "\033[2m"), clock_text, paint(c, "\033[0m"), sign(c, s->mark),
            s->label);
    const size_t label = strlen(s->label);
    FILE *f = open_memstream(&text, &len);
    if (!f) return;
    fputs(s->text, f);
    if (s->line) fprintf(f, "  %s[line %llu]%s", paint(c, "\033[2m"), (unsigned long long)s->line, paint(c, "\033[0m"));
    fclose(f);
    print_text(out, text, STEP_COLUMN + (unsigned)(label > 10 ? label - 10 : 0), STEP_COLUMN);
    free(text);
    if (!s->below) return;
    fprintf(out, "%*s%s", STEP_COLUMN, "", paint(c, "\033[36m"));
    print_text(out, s->below, STEP_COLUMN, STEP_COLUMN);
    fputs(paint(c, "\033[0m"), out);
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

static void put_stamp(FILE *f, const maillog_time *t)
{
    if (t->year) fprintf(f, "%04d-", t->year);
    fprintf(f, "%02u-%02u %02u:%02u:%02u", t->month, t->day, t->hour, t->minute, t->second);
}

/* Without a sender it is a bounce or the like: RFC 5321's empty reverse path. */
static void print_head(FILE *out, const command *c, const maillog_message *m)
{
    char *text = NULL;
    size_t len;
    FILE *f = open_memstream(&text, &len);
    if (!f) return;
    fprintf(f, "%s%s%s  ", paint(c, verdict_color(m->verdict)), maillog_verdict_name((int)m->verdict),
            paint(c, "\033[0m"));
    put_stamp(f, &m->first_time);
    if (m->from.ptr) fprintf(f, "  from <%.*s>", S(m->from));
    if (m->nrecipients == 1) fprintf(f, " to <%.*s>", S(m->recipients[0].to));
    if (m->nrecipients > 1) fprintf(f, " to %zu recipients", m->nrecipients);
    if (m->bytes != MAILLOG_NO_NUMBER) fprintf(f, ", %s bytes", grouped(m->bytes));
    fprintf(f, ", %zu lines", m->lines.len);
    if (m->state != MAILLOG_STATE_COMPLETE) fprintf(f, " (%s)", maillog_message_state_name((int)m->state));
    fclose(f);
    print_text(out, text, 0, 4);
    free(text);
    if (m->message_id.len) fprintf(out, "  id      %.*s\n", S(m->message_id));
}

void print_story(FILE *out, const command *c, const maillog_message *m)
{
    steps all;
    print_head(out, c, m);
    char *way = story_way(c, m);
    fputs("  way     ", out);
    print_text(out, way, 10, 10);
    free(way);
    fputc('\n', out);
    steps_collect(&all, m);
    for (size_t i = 0; i < all.n; i++) print_step(out, c, &all.step[i]);
    steps_free(&all);
    if (m->why.len) {
        fputs("\n  why     ", out);
        const char *why = shown(m->why);
        print_text(out, why, 10, 10);
    }
    if (c->verbose) print_lines(out, c, m);
    fputc('\n', out);
}
