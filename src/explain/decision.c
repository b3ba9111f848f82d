/* decision.c: what decided, and what can be changed; and what fired without being let decide. */
#include "outcome.h"

#include <maillog/describe.h>

typedef maillog_message_recipient recipient;

/* ---- restrictions ---- */

/* ": reject_x in smtpd_helo_restrictions (main.cf line 12)" */
static void say_place(ml_say *o, const ml_finding *f)
{
    const maillog_postfix_place *p = &f->place;
    maillog_postfix_service s;
    if (!f->placed) {
        if (f->restriction.ptr) maillog__say(o, " (%s)", f->restriction);
        return;
    }
    if (f->only_candidate)
        maillog__say(o, "; the only restriction that can have said so is %s", p->word);
    else if (p->count > 1)
        maillog__say(o, "; the first of %n places that it can be is %s", (uint64_t)p->count, p->word);
    else
        maillog__say(o, ": %s", p->word);
    if (p->argument.len) maillog__say(o, " %s", p->argument);
    if (!f->is_parameter) maillog__say(o, " in %s", p->list);
    maillog__say_file(o, p->file, p->line, p->is_default);
    if (p->service != MAILLOG_NO_SERVICE && maillog_postfix_service_get(o->c, p->service, &s))
        maillog__say(o, " of the service %s", s.name);
}

/* Why a code is what it is, if the configuration made it so. */
static void say_code(ml_say *o, const maillog_message_check *k, const ml_finding *f)
{
    maillog_postfix_setting s;
    const char *def = f->info.code_default;
    if (!def || !k->code.len || ml_is(k->code, def)) return;
    if (f->info.code_setting && maillog__parameter(o, f->service, f->info.code_setting, &s) && !s.is_default)
        maillog__say(o, ", because %z = %s (%f line %n)", f->info.code_setting, s.value, s.file, s.line);
    else if (def[0] == '5' && k->code.ptr[0] == '4' && maillog__is_yes(o, f->service, "soft_bounce", &s))
        maillog__say(o, ", because soft_bounce = yes (%f line %n)", s.file, s.line);
}

/* Greylisting that is known to be no more than that. */
static bool is_greylisting(const ml_say *o, const ml_finding *f)
{
    return o->m->verdict == MAILLOG_VERDICT_GREYLISTED || f->info.kind == MAILLOG_REJECT_GREYLIST;
}

static const maillog_message_check *policy_word(const maillog_message *m, maillog_check_result result)
{
    for (size_t i = 0; i < m->nchecks; i++) {
        const maillog_message_check *k = &m->checks[i];
        const bool grey = k->daemon == MAILLOG_DAEMON_POSTGREY || k->daemon == MAILLOG_DAEMON_SQLGREY ||
                          k->daemon == MAILLOG_DAEMON_MILTER_GREYLIST;
        if (grey && k->result == result) return k;
    }
    return NULL;
}

static void greylisting(ml_say *o, const ml_finding *f)
{
    const maillog_message_check *word = policy_word(o->m, MAILLOG_CHECK_DEFER);
    maillog__say(o, "It is temporary and on purpose: ");
    if (word)
        maillog__say(o, "%s said %q (%l)", word->by, word->text.len ? word->text : word->action, word->line);
    else
        maillog__say(o, "greylisting");
    if (f->placed && (f->only_candidate || f->place.count == 1))
        maillog__say(o, ", asked by %s %s in %s (%f line %n)", f->place.word, f->place.argument, f->place.list,
                     f->place.file, f->place.line);
    else if (f->placed && ml_is(f->place.word, "check_policy_service"))
        maillog__say(o, ", asked by one of %n check_policy_service, the first in %s (%f line %n)",
                     (uint64_t)f->place.count, f->place.list, f->place.file, f->place.line);
    maillog__say(o, "; a client that comes back after the delay, as real servers do, is let through this check");
}

static void refusal(ml_say *o, const maillog_message_check *k)
{
    ml_finding f;
    maillog__find_out(o, k, &f);
    maillog__begin(o, MAILLOG_SENTENCE_DECISION);
    maillog__say(o, "%e", k->line);
    if (is_greylisting(o, &f)) {
        greylisting(o, &f);
        maillog__end(o);
        return;
    }
    o->fault_decided = f.info.kind == MAILLOG_REJECT_FAULT;
    maillog__say(o, "Reason: ");
    maillog__say_meaning(o, k, &f);
    say_place(o, &f);
    if (k->result == MAILLOG_CHECK_HOLD || k->result == MAILLOG_CHECK_DISCARD) {
        maillog__end(o);
        return;
    }
    if (f.info.temporary) {
        maillog__say(o, "; it is temporary");
        say_code(o, k, &f);
        maillog__say(o, ": the client may try again");
    } else {
        maillog__say(o, "; it is permanent");
        say_code(o, k, &f);
    }
    const char *advice = maillog__advice(&f);
    if (advice) maillog__say(o, "; %z", advice);
    maillog__end(o);
}

/* amavis: the score against the levels, where it logs them. */
static void say_levels(ml_say *o)
{
    for (size_t i = 0; i < o->m->nchecks; i++) {
        const maillog_message_check *k = &o->m->checks[i];
        if (!k->kill_level.len) continue;
        maillog__say(o, "; the score %s stands against %s for spam and %s for keeping it back (%l)", k->score,
                     k->tag2_level, k->kill_level, k->line);
        return;
    }
}

/* A filter's own decision. */
static bool other_check(ml_say *o)
{
    for (size_t i = 0; i < o->m->nchecks; i++) {
        const maillog_message_check *k = &o->m->checks[i];
        if (k->daemon != MAILLOG_DAEMON_AMAVIS ||
            (k->result != MAILLOG_CHECK_REJECT && k->result != MAILLOG_CHECK_DISCARD &&
             k->result != MAILLOG_CHECK_DEFER))
            continue;
        maillog__begin(o, MAILLOG_SENTENCE_DECISION);
        maillog__say(o, "Reason: amavis found it %s", k->check);
        if (k->score.len) maillog__say(o, ", score %s", k->score);
        if (k->text.len) maillog__say(o, ", and did %s", k->text);
        ml_say_line(o, k->line);
        say_levels(o);
        maillog__end(o);
        return true;
    }
    return false;
}

static bool login(ml_say *o)
{
    for (size_t i = 0; i < o->m->nchecks; i++) {
        const maillog_message_check *k = &o->m->checks[i];
        if (!maillog__is_login(k)) continue;
        maillog__begin(o, MAILLOG_SENTENCE_DECISION);
        maillog__say(o, "Reason: the log-in by SASL %s failed", k->action);
        if (k->text.len) maillog__say(o, ", %q", k->text);
        ml_say_line(o, k->line);
        if (o->m->client.tls.len) maillog__say(o, "; the connection was encrypted");
        maillog__end(o);
        return true;
    }
    return false;
}

/* ---- deliveries that failed ---- */

/* The MTA in whose queue the recipient was. */
static maillog_daemon mta_of(const maillog_message *m, const recipient *r)
{
    for (size_t i = 0; i < m->nlegs; i++)
        if (m->legs[i].daemon && ml_equal(m->legs[i].queue_id, r->queue_id)) return (maillog_daemon)m->legs[i].daemon;
    return MAILLOG_DAEMON_POSTFIX_QMGR;
}

static bool is_postfix(maillog_daemon d) { return d <= MAILLOG_DAEMON_POSTFIX_FILES; }

/* The next hop's words, if it is the next hop that speaks. */
static void say_reason(ml_say *o, const recipient *r, maillog_daemon mta)
{
    if (ml_begins(r->reply, "host ") && ml_has(r->reply, " said: "))
        maillog__say(o, "the next hop's words are %q", r->reply);
    else if (ml_begins(r->reply, "host ") && ml_has(r->reply, " refused to talk to me: "))
        maillog__say(o, "the next hop did not want to talk: %q", r->reply);
    else if (ml_begins(r->reply, "connect to "))
        maillog__say(o, "no connection to the next hop came about: %q", r->reply);
    else if (ml_begins(r->reply, "Host or domain name not found") || ml_begins(r->reply, "Host not found"))
        maillog__say(o, "DNS did not say where to: %q", r->reply);
    else if (ml_begins(r->reply, "delivery temporarily suspended: "))
        maillog__say(o, "Postfix waits with this destination after failures: %q", r->reply);
    else if (r->reply.len && is_postfix(mta))
        maillog__say(o, "%s says %q", r->relay.len && !ml_is(r->relay, "none") ? r->relay : ml_words("Postfix"),
                     r->reply);
    else if (r->reply.len)
        maillog__say(o, "%z logged %q", maillog_daemon_name((int)mta), r->reply);
    else
        maillog__say(o, "the log gives none");
}

static void say_lifetime(ml_say *o, maillog_daemon mta)
{
    maillog_postfix_setting s;
    if (!is_postfix(mta)) {
        maillog__say(o, ", and %z tries again", maillog_daemon_name((int)mta));
        return;
    }
    const bool null_sender = o->m->from.ptr && !o->m->from.len;
    const char *name = null_sender ? "bounce_queue_lifetime" : "maximal_queue_lifetime";
    maillog__say(o, ", and Postfix keeps trying until %z", name);
    if (maillog__parameter(o, MAILLOG_NO_SERVICE, name, &s)) {
        maillog__say(o, " = %s", s.value);
        maillog__say_file(o, s.file, s.line, s.is_default);
    }
    maillog__say(o, " is over");
}

/* The notice to the sender, where the log has it. */
static void say_notice(ml_say *o, const recipient *r)
{
    for (size_t i = 0; i < o->m->nlinks; i++) {
        const maillog_message_link *l = &o->m->links[i];
        if (l->proof != MAILLOG_PROOF_BOUNCE || !ml_equal(l->from, r->queue_id) || !l->lines.len) continue;
        maillog__say(o, "; the notice about it is %s (%l)", l->to, l->lines.ptr[0]);
        return;
    }
    if (o->m->from.ptr && !o->m->from.len) maillog__say(o, "; a null sender gets no notice");
}

/* The line of the reply: of a message that was given up, the last try's. */
static uint64_t reply_line(const maillog_message *m, const recipient *r)
{
    for (size_t i = 0; r->verdict == MAILLOG_VERDICT_EXPIRED && i < m->nlegs; i++)
        if (ml_equal(m->legs[i].queue_id, r->queue_id) && ml_equal(m->legs[i].reply, r->reply))
            return m->legs[i].relay_line;
    return r->verdict == MAILLOG_VERDICT_EXPIRED ? 0 : r->line;
}

static void delivery(ml_say *o, const recipient *r)
{
    const char *meaning = maillog__dsn_meaning(r->dsn);
    const bool deferred = r->verdict == MAILLOG_VERDICT_DEFERRED;
    const maillog_daemon mta = mta_of(o->m, r);
    maillog__begin(o, MAILLOG_SENTENCE_DECISION);
    maillog__say(o, "Reason: ");
    say_reason(o, r, mta);
    if (r->dsn.len) maillog__say(o, ", %s", r->dsn);
    if (meaning) maillog__say(o, " (%z)", meaning);
    ml_say_line(o, reply_line(o->m, r));
    if (deferred) {
        maillog__say(o, "; it is temporary");
        say_lifetime(o, mta);
    } else if (r->verdict == MAILLOG_VERDICT_BOUNCED) {
        maillog__say(o, "; it is permanent");
        if (r->dsn.len && r->dsn.ptr[0] == '4') maillog__say(o, " only here: the code itself says temporary");
    }
    if (!deferred) say_notice(o, r);
    maillog__end(o);
}

static const recipient *failed_recipient(const maillog_message *m)
{
    static const maillog_verdict order[] = {MAILLOG_VERDICT_BOUNCED, MAILLOG_VERDICT_EXPIRED, MAILLOG_VERDICT_DEFERRED};
    size_t n;
    for (size_t i = 0; i < sizeof order / sizeof *order; i++) {
        const recipient *r = maillog__recipient(m, order[i], &n);
        if (r) return r;
    }
    return NULL;
}

/* A recipient that was refused beside others that were taken. */
static const maillog_message_check *refused_beside(const maillog_message *m)
{
    for (size_t i = 0; i < m->nchecks; i++) {
        const maillog_message_check *k = &m->checks[i];
        if (maillog__is_postfix_check(k) && (k->result == MAILLOG_CHECK_REJECT || k->result == MAILLOG_CHECK_DEFER))
            return k;
    }
    return NULL;
}

void maillog__say_decision(ml_say *o)
{
    const recipient *r = failed_recipient(o->m);
    if (r && ml_is(r->final_by, "amavis") && other_check(o)) return;
    if (r) {
        delivery(o, r);
        return;
    }
    for (size_t i = 0; i < o->m->nchecks; i++) {
        const maillog_message_check *k = &o->m->checks[i];
        if (!k->decided) continue;
        if (maillog__is_login(k) && login(o)) return; /* what was refused after it was refused for want of it */
        if (!maillog__is_postfix_check(k)) continue;
        refusal(o, k);
        return;
    }
    if (other_check(o) || login(o)) return;
    const maillog_message_check *k = refused_beside(o->m);
    if (!k) return;
    ml_finding f;
    maillog__find_out(o, k, &f);
    maillog__begin(o, MAILLOG_SENTENCE_DECISION);
    maillog__say(o, "Beside it, ");
    if (k->to.len) maillog__say(o, "%s was refused", k->to);
    if (!k->to.len) maillog__say(o, "something was refused");
    maillog__say(o, " with %s %s", k->code, k->dsn);
    ml_say_line(o, k->line);
    maillog__say(o, ": ");
    maillog__say_meaning(o, k, &f);
    say_place(o, &f);
    maillog__end(o);
}

/* ---- warn_if_reject ---- */

static void say_warn_place(ml_say *o, const ml_finding *f)
{
    if (f->placed && !f->is_parameter && f->place.warn_if_reject) {
        maillog__say(o, ": warn_if_reject stands before %s in %s", f->place.word, f->place.list);
        maillog__say_file(o, f->place.file, f->place.line, f->place.is_default);
        maillog__say(o, "; remove warn_if_reject there, and such a client is refused");
    } else if (f->placed && !f->is_parameter) {
        maillog__say(o, " by a warn_if_reject that is gone: %s in %s", f->place.word, f->place.list);
        maillog__say_file(o, f->place.file, f->place.line, f->place.is_default);
        maillog__say(o, " now stands without it");
    } else {
        maillog__say(o, ": without warn_if_reject before that restriction, such a client is refused");
    }
}

static const maillog_message_check *warned(const maillog_message *m, size_t *n)
{
    const maillog_message_check *first = NULL;
    *n = 0;
    for (size_t i = 0; i < m->nchecks; i++) {
        const maillog_message_check *k = &m->checks[i];
        if (!ml_is(k->action, "reject_warning") || !maillog__is_postfix_check(k)) continue;
        const bool again = first && ml_equal(k->text, first->text);
        if (!first) first = k;
        *n += !again;
    }
    return first;
}

static void say_upper_first(ml_say *o, size_t at)
{
    if (at < o->len && at < o->cap && (unsigned char)(o->buf[at] - 'a') < 26) o->buf[at] = (char)(o->buf[at] - 32);
}

void maillog__say_warning(ml_say *o)
{
    size_t n;
    const maillog_message_check *k = warned(o->m, &n);
    ml_finding f;
    if (!k) return;
    maillog__find_out(o, k, &f);
    maillog__begin(o, MAILLOG_SENTENCE_WARNING);
    const size_t at = o->len;
    maillog__say_meaning(o, k, &f);
    say_upper_first(o, at);
    maillog__say(o, " (");
    if (f.restriction.ptr) maillog__say(o, "%s, ", f.restriction);
    maillog__say(o, "%s %s, %l), logged only as reject_warning", k->code, k->dsn, k->line);
    say_warn_place(o, &f);
    if (n > 1) maillog__say(o, "; %n more such %z", (uint64_t)(n - 1), n == 2 ? "warning" : "warnings");
    maillog__end(o);
}
