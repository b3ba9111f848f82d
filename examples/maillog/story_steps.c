/* story_steps.c: a message's parts, as steps in the order of their lines. */
#include "story.h"
#include "text.h"
#include "trace.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

static char *say(const char *format, ...) __attribute__((format(printf, 1, 2)));
static char *say(const char *format, ...)
{
    va_list args;
    char *text = NULL;
    size_t len;
    FILE *f = open_memstream(&text, &len);
    if (!f) return must_strndup("", 0);
    va_start(args, format);
    vfprintf(f, format, args);
    va_end(args);
    fclose(f);
    return text;
}

static step *add(steps *all, uint64_t line, step_mark mark, char *label, char *text)
{
    if (all->n == all->cap)
        all->step = (step *)must_realloc(all->step, (all->cap = all->cap * 2 + 16) * sizeof *all->step);
    const step s = {line, mark, label, text, NULL};
    all->step[all->n] = s;
    return &all->step[all->n++];
}

/* "postfix/smtpd" → "smtpd": the label is narrow. */
static maillog_str short_name(maillog_str by)
{
    static const char postfix[] = "postfix/";
    const size_t n = sizeof postfix - 1;
    if (by.len > n && memcmp(by.ptr, postfix, n) == 0) by.ptr += n, by.len -= n;
    return by;
}

static const char *before(bool is, const char *text) { return is ? text : ""; }

static void add_client(steps *all, const maillog_message *m)
{
    const maillog_message_client *k = &m->client;
    if (!k->addr.len && !k->name.len) return;
    add(all, m->lines.len ? m->lines.ptr[0] : 0, MARK_NONE, say("client"),
        say("%.*s[%.*s]%s%.*s%s%.*s%s%.*s%s%.*s", S(k->name), S(k->addr), before(k->proto.len, ", "), S(k->proto),
            before(k->helo.len, ", HELO "), S(k->helo), before(k->sasl_username.len, ", logged in as "),
            S(k->sasl_username), before(k->tls.len, ", "), S(k->tls)));
}

static step_mark mark_of(maillog_check_result r)
{
    if (r == MAILLOG_CHECK_PASS) return MARK_GOOD;
    return r == MAILLOG_CHECK_WARN || r == MAILLOG_CHECK_TAG || r == MAILLOG_CHECK_HOLD ? MARK_WARN : MARK_BAD;
}

static const char *did(maillog_check_result r)
{
    switch (r) {
    case MAILLOG_CHECK_WARN:
        return " would have refused it";
    case MAILLOG_CHECK_REJECT:
        return " refused it";
    case MAILLOG_CHECK_DEFER:
        return " refused it for now";
    case MAILLOG_CHECK_HOLD:
        return " put it on hold";
    case MAILLOG_CHECK_DISCARD:
        return " threw it away";
    case MAILLOG_CHECK_TAG:
        return " marked it";
    default:
        return "";
    }
}

/* "proxy-accept" is the check proxy_accept. */
static bool names_itself(const maillog_message_check *k)
{
    if (k->action.len != k->check.len) return false;
    for (size_t i = 0; i < k->check.len; i++)
        if (k->action.ptr[i] != (k->check.ptr[i] == '_' ? '-' : k->check.ptr[i])) return false;
    return true;
}

/* What a check said; one without words, what it did. */
static maillog_str words_of(const maillog_message_check *k)
{
    const maillog_str none = {"", 0};
    if (k->text.len) return k->text;
    return k->code.len || k->score.len || k->result != MAILLOG_CHECK_PASS || names_itself(k) ? none : k->action;
}

static void add_check(steps *all, const maillog_message_check *k)
{
    const maillog_str words = words_of(k);
    const bool waited = k->event == MAILLOG_EVENT_POSTGREY_GREYLIST;
    const maillog_str space = {" ", 1}, none = {"", 0};
    step *s = add(all, k->line, mark_of(k->result), say("%.*s", S(short_name(k->by))),
                  say("%.*s%s%s%.*s%.*s%.*s%.*s%.*s%s%.*s%s%s%.*s%s", S(k->check), did(k->result),
                      before(words.len || k->code.len, ": "), S(k->code), S(k->code.len && k->dsn.len ? space : none),
                      S(k->dsn), S(k->code.len || k->dsn.len ? space : none), S(words),
                      before(k->score.len, waited ? ", after " : ", score "), S(k->score),
                      before(k->score.len && waited, " s"), before(k->elapsed_ms.len, ", "), S(k->elapsed_ms),
                      before(k->elapsed_ms.len, " ms")));
    if (!k->config.file.len && !k->config.note.len) return;
    char place[32] = "";
    if (k->config.line) snprintf(place, sizeof place, ":%llu", (unsigned long long)k->config.line);
    s->below = say("%.*s%s %.*s%s%.*s", S(k->config.file), place, S(k->config.setting),
                   before(k->config.note.len, ": "), S(k->config.note));
}

static void add_leg(steps *all, const maillog_message_leg *l)
{
    char size[48] = "", nrcpt[48] = "";
    if (l->size != MAILLOG_NO_NUMBER) snprintf(size, sizeof size, ", %s bytes", grouped(l->size));
    if (l->nrcpt != MAILLOG_NO_NUMBER)
        snprintf(nrcpt, sizeof nrcpt, ", %llu recipient%s", (unsigned long long)l->nrcpt, l->nrcpt == 1 ? "" : "s");
    add(all, l->lines.len ? l->lines.ptr[0] : 0, MARK_NONE, say(l->notification ? "notice" : "queue"),
        say("%.*s%s%s%s%.*s", S(l->queue_id), size, nrcpt, before(l->instance.len, ", instance "), S(l->instance)));
}

static const char *proof_words(maillog_proof p)
{
    static const char *const words[] = {[MAILLOG_PROOF_QUEUED_AS] = "the filter's report",
                                        [MAILLOG_PROOF_REPLY] = "its reply",
                                        [MAILLOG_PROOF_ORIG_QUEUE_ID] = "the ID it was handed back with",
                                        [MAILLOG_PROOF_SESSION] = "the session",
                                        [MAILLOG_PROOF_LMTP_SESSION] = "the LMTP session",
                                        [MAILLOG_PROOF_BOUNCE] = "the notification",
                                        [MAILLOG_PROOF_FORWARDED] = "what forwarded it",
                                        [MAILLOG_PROOF_POLICY] = "the policy answer",
                                        [MAILLOG_PROOF_MESSAGE_ID] = "the same Message-ID"};
    return (size_t)p < sizeof words / sizeof *words && words[p] ? words[p] : "another line";
}

static bool same(maillog_str a, maillog_str b)
{
    return a.len == b.len && (!a.len || memcmp(a.ptr, b.ptr, a.len) == 0);
}

/* From one queue ID to the next, with all that proves it. */
static void add_hand_over(steps *all, const maillog_message *m, size_t i)
{
    const maillog_message_link *l = &m->links[i];
    const char *kind = l->proof == MAILLOG_PROOF_BOUNCE      ? "notice"
                       : l->proof == MAILLOG_PROOF_FORWARDED ? "forward"
                                                             : "handed on";
    if (!l->from.len || !l->to.len) return;
    for (size_t k = 0; k < i; k++)
        if (same(m->links[k].from, l->from) && same(m->links[k].to, l->to)) return;
    char *proofs = say("%s", proof_words(l->proof));
    uint64_t line = l->lines.len ? l->lines.ptr[0] : 0;
    bool certain = l->confidence == MAILLOG_CONFIDENCE_CERTAIN;
    for (size_t k = i + 1; k < m->nlinks; k++) {
        const maillog_message_link *more = &m->links[k];
        if (!same(more->from, l->from) || !same(more->to, l->to)) continue;
        char *longer = say("%s, %s", proofs, proof_words(more->proof));
        free(proofs);
        proofs = longer;
        certain = certain || more->confidence == MAILLOG_CONFIDENCE_CERTAIN;
        if (more->lines.len && more->lines.ptr[0] > line) line = more->lines.ptr[0];
    }
    add(all, line, l->disputed ? MARK_WARN : MARK_NONE, say("%s", kind),
        say("%.*s %s %.*s (%s: %s%s)", S(l->from), glyph("→", "->"), S(l->to), certain ? "proved by" : "likely by",
            proofs, before(l->disputed, "; another proof names another")));
    free(proofs);
}

static step_mark mark_of_verdict(maillog_verdict v)
{
    if (v == MAILLOG_VERDICT_DELIVERED) return MARK_GOOD;
    return v == MAILLOG_VERDICT_BOUNCED || v == MAILLOG_VERDICT_REJECTED || v == MAILLOG_VERDICT_EXPIRED ? MARK_BAD
                                                                                                         : MARK_WARN;
}

/* The reply of a refusal has been told with the check that refused. */
static bool told(const maillog_message *m, uint64_t line)
{
    for (size_t i = 0; i < m->nchecks; i++)
        if (m->checks[i].line == line) return true;
    return false;
}

static void add_recipient(steps *all, const maillog_message *m, const maillog_message_recipient *r, bool notification)
{
    char tries[32] = "";
    const bool reply = r->reply.len && !told(m, r->line);
    const maillog_str none = {"", 0};
    if (!r->status.len) return;
    if (r->attempts > 1) snprintf(tries, sizeof tries, " (try %u)", r->attempts);
    char *mailbox = r->final_mailbox.len ? say(" %s %.*s (%.*s)", glyph("→", "->"), S(r->final_mailbox), S(r->final_by))
                                         : say("%s", "");
    add(all, r->line, mark_of_verdict(r->verdict), say("%.*s", S(r->status)),
        say("%s%.*s%s%.*s%s%s%.*s%s%.*s%s%s%.*s%s", before(notification, "notification to "), S(r->to),
            before(r->orig_to.len, " (sent to "), S(r->orig_to), before(r->orig_to.len, ")"),
            before(r->relay.len, " by "), S(r->relay), before(r->delay.len, " after "), S(r->delay),
            before(r->delay.len, " s"), before(reply, ": "), S(reply ? r->reply : none), tries));
    step *s = &all->step[all->n - 1];
    char *with = say("%s%s", s->text, mailbox);
    free(s->text);
    free(mailbox);
    s->text = with;
}

static int by_line(const void *a, const void *b)
{
    const step *x = (const step *)a, *y = (const step *)b;
    return x->line < y->line ? -1 : x->line > y->line;
}

void steps_collect(steps *all, const maillog_message *m)
{
    memset(all, 0, sizeof *all);
    add_client(all, m);
    for (size_t i = 0; i < m->nchecks; i++) add_check(all, &m->checks[i]);
    for (size_t i = 0; i < m->nlegs; i++) add_leg(all, &m->legs[i]);
    for (size_t i = 0; i < m->nlinks; i++) add_hand_over(all, m, i);
    for (size_t i = 0; i < m->nrecipients; i++) add_recipient(all, m, &m->recipients[i], false);
    for (size_t i = 0; i < m->nnotifications; i++) add_recipient(all, m, &m->notifications[i], true);
    for (size_t i = 0; i < m->nfaults; i++)
        add(all, m->faults[i].line, MARK_WARN, say("%.*s", S(short_name(m->faults[i].by))),
            say("trouble that did not decide: %.*s", S(m->faults[i].text)));
    if (all->n) qsort(all->step, all->n, sizeof *all->step, by_line);
}

void steps_free(steps *all)
{
    for (size_t i = 0; i < all->n; i++) {
        free(all->step[i].label);
        free(all->step[i].text);
        free(all->step[i].below);
    }
    free(all->step);
}

/* ---- the way, on one line ---- */

/* What took a message from one leg and gave it back as the next. */
static maillog_str filter_behind(const maillog_message *m, const maillog_message_leg *leg)
{
    for (size_t i = 0; i < m->nchecks; i++)
        if (m->checks[i].event / 1000 == MAILLOG_FAMILY_AMAVIS) return m->checks[i].by;
    return leg->relay;
}

static void put_end(FILE *f, const command *c, const maillog_message *m, const char *arrow)
{
    const maillog_message_recipient *r = m->recipients;
    if (m->nrecipients > 1) fprintf(f, " %s %zu recipients", arrow, m->nrecipients);
    if (m->nrecipients != 1) return;
    if (r->relay.len && r->verdict != MAILLOG_VERDICT_REJECTED) fprintf(f, " %s %.*s", arrow, S(r->relay));
    if (r->final_mailbox.len)
        fprintf(f, " %s %s%.*s%s", arrow, paint(c, "\033[1m"), S(r->final_mailbox), paint(c, "\033[0m"));
    else if (r->verdict != MAILLOG_VERDICT_DELIVERED && r->status.len)
        fprintf(f, " %s %s%.*s%s", arrow, paint(c, verdict_color(r->verdict)), S(r->status), paint(c, "\033[0m"));
}

char *story_way(const command *c, const maillog_message *m)
{
    char *text = NULL;
    size_t len;
    const char *arrow = glyph("→", "->");
    const maillog_message_leg *last = NULL;
    FILE *f = open_memstream(&text, &len);
    if (!f) return say("%s", "");
    if (m->client.addr.len || m->client.name.len)
        fprintf(f, "%.*s[%.*s]", S(m->client.name), S(m->client.addr));
    else
        fputs(m->nlegs ? "local" : "unknown", f);
    for (size_t i = 0; i < m->nlegs; i++) {
        const maillog_message_leg *leg = &m->legs[i];
        if (leg->notification) continue;
        const maillog_str filter = last ? filter_behind(m, last) : leg->relay;
        if (last && filter.len) fprintf(f, " %s %.*s", arrow, S(filter));
        fprintf(f, " %s %s%.*s%s", arrow, paint(c, "\033[1m"), S(leg->queue_id), paint(c, "\033[0m"));
        last = leg;
    }
    put_end(f, c, m, arrow);
    fclose(f);
    return text;
}
