/* way.c: what let a message through, the filters it went through, trouble that did not decide, and what is easy to
 * miss. */
#include "outcome.h"

#define FAULTS_MAX 64u
#define LEGS_MAX 64u /* looked at for a re-injection: each is looked up in the links */

static bool is_null_sender(const maillog_message *m) { return m->from.ptr && !m->from.len; }

/* ---- checks that passed ---- */

static void greylist_pass(ml_say *o, const maillog_message_check *k)
{
    maillog__say(o, "%s let it pass (", k->by);
    if (k->text.len) maillog__say(o, "%s, ", k->text);
    if (k->score.len) maillog__say(o, "%s s after the first try, ", k->score);
    maillog__say(o, "%l)", k->line);
}

static void levels(ml_say *o, const maillog_message_check *k)
{
    if (k->tag2_level.len) maillog__say(o, ", spam from %s", k->tag2_level);
    if (k->kill_level.len) maillog__say(o, ", kept back from %s", k->kill_level);
}

/* The levels of a recipient, which amavis logs apart from its verdict. */
static const maillog_message_check *levels_of(const maillog_message *m)
{
    for (size_t i = 0; i < m->nchecks; i++)
        if (m->checks[i].daemon == MAILLOG_DAEMON_AMAVIS && m->checks[i].tag2_level.ptr) return &m->checks[i];
    return NULL;
}

static void amavis_pass(ml_say *o, const maillog_message_check *k)
{
    const maillog_message_check *l = levels_of(o->m);
    if (k->tag2_level.ptr)
        maillog__say(o, "amavis let it pass (");
    else
        maillog__say(o, "amavis found it %s (", k->check);
    if (k->score.len && !ml_is(k->score, "-")) {
        maillog__say(o, "score %s", k->score);
        if (l && ml_equal(l->score, k->score)) levels(o, l);
        maillog__say(o, ", ");
    }
    if (k->elapsed_ms.len) maillog__say(o, "%s ms, ", k->elapsed_ms);
    maillog__say(o, "%l)", k->line);
}

static void other_pass(ml_say *o, const maillog_message_check *k)
{
    const maillog_str word = k->action.len && ml_is(k->check, "result") ? k->action : k->check;
    maillog__say(o, "%s: %s (", k->by, word);
    if (k->score.len) maillog__say(o, "score %s, ", k->score);
    if (k->elapsed_ms.len) maillog__say(o, "%s ms, ", k->elapsed_ms);
    maillog__say(o, "%l)", k->line);
}

static bool is_greylister(const maillog_message_check *k)
{
    return k->daemon == MAILLOG_DAEMON_POSTGREY || k->daemon == MAILLOG_DAEMON_SQLGREY ||
           k->daemon == MAILLOG_DAEMON_MILTER_GREYLIST;
}

/* One pass of a kind is enough: recipients have theirs one by one. */
static bool is_new(const maillog_message *m, size_t i)
{
    for (size_t k = 0; k < i; k++)
        if (m->checks[k].daemon == m->checks[i].daemon && m->checks[k].event == m->checks[i].event &&
            m->checks[k].result == m->checks[i].result)
            return false;
    return true;
}

static bool amavis_spoke(const maillog_message *m)
{
    for (size_t i = 0; i < m->nchecks; i++)
        if (m->checks[i].daemon == MAILLOG_DAEMON_AMAVIS && !m->checks[i].tag2_level.ptr) return true;
    return false;
}

/* Found nothing to check: no signature, no policy. */
static bool is_nothing(const maillog_message_check *k)
{
    return k->event == MAILLOG_EVENT_OPENDKIM_NO_SIGNATURE ||
           (k->daemon == MAILLOG_DAEMON_OPENDMARC && ml_is(k->action, "none"));
}

static bool passes(const maillog_message *m, size_t i)
{
    const maillog_message_check *k = &m->checks[i];
    if (is_nothing(k)) return false;
    if (k->result != MAILLOG_CHECK_PASS && k->result != MAILLOG_CHECK_TAG) return false;
    if (k->tag2_level.ptr && amavis_spoke(m)) return false; /* its verdict says the score, too */
    if (k->kill_level.ptr && m->verdict != MAILLOG_VERDICT_DELIVERED && m->verdict != MAILLOG_VERDICT_PARTIAL)
        return false;
    return k->daemon > MAILLOG_DAEMON_POSTFIX_FILES && k->check.len && i < 200 && is_new(m, i);
}

static size_t say_passes(ml_say *o)
{
    size_t n = 0;
    for (size_t i = 0; i < o->m->nchecks && n < 5; i++) {
        const maillog_message_check *k = &o->m->checks[i];
        if (!passes(o->m, i)) continue;
        if (n++) maillog__say(o, "; ");
        if (is_greylister(k))
            greylist_pass(o, k);
        else if (k->daemon == MAILLOG_DAEMON_AMAVIS)
            amavis_pass(o, k);
        else
            other_pass(o, k);
    }
    return n;
}

/* ---- re-injection ---- */

static const maillog_message_link *link_to(const maillog_message *m, maillog_str id, maillog_proof proof)
{
    for (size_t i = 0; i < m->nlinks; i++)
        if (m->links[i].proof == proof && m->links[i].from.len && ml_equal(m->links[i].to, id)) return &m->links[i];
    return NULL;
}

static uint64_t first_line(const maillog_message_link *l) { return l && l->lines.len ? l->lines.ptr[0] : 0; }

static const maillog_message_leg *leg_named(const maillog_message *m, maillog_str id)
{
    for (size_t i = 0; i < m->nlegs; i++)
        if (ml_equal(m->legs[i].queue_id, id)) return &m->legs[i];
    return NULL;
}

/* The filter's word for where it handed the message back: "250 2.0.0 from MTA(smtp:[127.0.0.1]:10025): …" */
static maillog_str port_in_reply(maillog_str reply)
{
    static const char mark[] = "from MTA(";
    maillog_str none = {NULL, 0};
    for (size_t i = 0; i + sizeof mark - 1 <= reply.len; i++) {
        if (memcmp(reply.ptr + i, mark, sizeof mark - 1) != 0) continue;
        size_t e = i;
        while (e < reply.len && reply.ptr[e] != ')') e++;
        size_t p = e;
        while (p > i && (unsigned char)(reply.ptr[p - 1] - '0') < 10) p--;
        if (p == e || p == i || reply.ptr[p - 1] != ':' || e == reply.len) return none;
        return ml_cut(reply.ptr + p, reply.ptr + e);
    }
    return none;
}

/* ", on port 10025 (master.cf line 47)" */
static void say_port(ml_say *o, maillog_str port)
{
    char name[8];
    maillog_postfix_service s;
    if (!port.len || port.len >= sizeof name) return;
    maillog__say(o, " on port %s", port);
    memcpy(name, port.ptr, port.len);
    name[port.len] = '\0';
    if (maillog_postfix_service_get(o->c, maillog_postfix_service_find(o->c, name, "smtpd"), &s))
        maillog__say(o, " (%f line %n)", s.file, s.line);
}

static bool is_amavis(const maillog_message *m, uint64_t line)
{
    for (size_t i = 0; i < m->nchecks; i++)
        if (m->checks[i].line == line && m->checks[i].daemon == MAILLOG_DAEMON_AMAVIS) return true;
    return false;
}

static void say_filter(ml_say *o, const maillog_message_leg *before, bool amavis)
{
    maillog_postfix_setting s;
    if (amavis)
        maillog__say(o, "amavis");
    else if (before && before->relay.len)
        maillog__say(o, "the content filter at %s", before->relay);
    else
        maillog__say(o, "the content filter");
    if (!maillog__parameter(o, MAILLOG_NO_SERVICE, "content_filter", &s) || s.is_default || !s.value.len) return;
    maillog__say(o, " (content_filter, %f line %n)", s.file, s.line);
}

/* The leg that a filter on this host handed back, and the proof that it did. */
static bool say_reinjection(ml_say *o, bool again)
{
    const maillog_message *m = o->m;
    for (size_t i = 0; i < m->nlegs && i < LEGS_MAX; i++) {
        const maillog_message_leg *leg = &m->legs[i];
        const maillog_message_link *as = link_to(m, leg->queue_id, MAILLOG_PROOF_QUEUED_AS);
        const maillog_message_link *reply = link_to(m, leg->queue_id, MAILLOG_PROOF_REPLY);
        const maillog_message_link *orig = link_to(m, leg->queue_id, MAILLOG_PROOF_ORIG_QUEUE_ID);
        const maillog_message_link *any = as ? as : reply ? reply : orig;
        if (!any || leg->notification || !ml_is_loopback(leg->client_addr)) continue;
        const maillog_message_leg *before = leg_named(m, any->from);
        if (again) maillog__say(o, "; ");
        maillog__say(o, again ? "the" : "The");
        maillog__say(o, " connection from %s[%s] is not spoofing but ", leg->client_name, leg->client_addr);
        say_filter(o, before, as && is_amavis(m, first_line(as)));
        maillog__say(o, " re-injecting %s as %s", any->from, leg->queue_id);
        if (before) say_port(o, port_in_reply(before->reply));
        maillog__say(o, ", proved by");
        if (as) maillog__say(o, " its report (%l)", first_line(as));
        if (reply) maillog__say(o, "%z the reply to Postfix (%l)", as ? " and" : "", first_line(reply));
        if (!as && !reply) maillog__say(o, " orig_queue_id (%l)", first_line(orig));
        return true;
    }
    return false;
}

void maillog__say_way(ml_say *o)
{
    size_t n;
    if (!maillog__recipient(o->m, MAILLOG_VERDICT_DELIVERED, &n)) return; /* what let it through did not help it */
    maillog__begin(o, MAILLOG_SENTENCE_WAY);
    const size_t passed = say_passes(o);
    if (!say_reinjection(o, passed > 0) && passed) o->now.kind = MAILLOG_SENTENCE_PASSED;
    maillog__end(o);
}

/* ---- faults ---- */

/* amavis: without the number of the run. */
static maillog_str without_run(maillog_str s)
{
    size_t i = 1;
    if (!ml_begins(s, "(")) return s;
    while (i < s.len && ((unsigned char)(s.ptr[i] - '0') < 10 || s.ptr[i] == '-')) i++;
    return i + 1 < s.len && s.ptr[i] == ')' && s.ptr[i + 1] == ' ' ? ml_after(s, i + 2) : s;
}

/* " at (eval 111) line 170, <GEN39> line 9463.": where in the program it was said. */
static maillog_str without_place(maillog_str s)
{
    for (size_t i = s.len; i-- > 4;) {
        if (memcmp(s.ptr + i - 4, " at ", 4) != 0) continue;
        const maillog_str rest = ml_after(s, i);
        const bool place = (ml_begins(rest, "(eval ") || ml_begins(rest, "/")) && ml_has(rest, " line ");
        return place ? ml_cut(s.ptr, s.ptr + i - 4) : s;
    }
    return s;
}

/* Said before it, or (of a message that failed) in the reason: no connection came about. */
static bool is_new_fault(const maillog_message *m, size_t i, bool delivered)
{
    const maillog_message_fault *f = &m->faults[i];
    if (!delivered && ml_begins(f->text, "connect to ")) return false;
    for (size_t k = 0; k < i; k++)
        if (ml_equal(m->faults[k].text, f->text)) return false;
    return true;
}

void maillog__say_faults(ml_say *o)
{
    const maillog_message *m = o->m;
    const bool delivered = m->verdict == MAILLOG_VERDICT_DELIVERED;
    size_t shown = 0, more = 0;
    bool reconnect = true;
    maillog__begin(o, MAILLOG_SENTENCE_FAULT);
    for (size_t i = 0; i < m->nfaults && i < FAULTS_MAX; i++) {
        const maillog_message_fault *f = &m->faults[i];
        if (!is_new_fault(m, i, delivered)) continue;
        if (shown == 2) {
            more++;
            continue;
        }
        maillog__say(o, shown++ ? ", and " : delivered ? "Trouble on the way: " : "Beside it, ");
        maillog__say(o, "%s wrote %q (%l)", f->by, without_place(without_run(f->text)), f->line);
        reconnect &= ml_has(f->text, "reconnecting");
    }
    if (more) maillog__say(o, ", and %n more", (uint64_t)more);
    if (!shown)
        ;
    else if (delivered && reconnect && !more)
        maillog__say(o, ": a reconnect, which did not decide the outcome");
    else if (delivered)
        maillog__say(o, "; it did not decide the outcome");
    else if (o->fault_decided)
        maillog__say(o, ": likely what this server had trouble with");
    maillog__end(o);
}

/* ---- notes ---- */

static void note_message_id(ml_say *o)
{
    const maillog_message *m = o->m;
    if (!m->nlegs || !m->legs[0].message_id.ptr || m->legs[0].message_id.len > 2) return;
    maillog__begin(o, MAILLOG_SENTENCE_NOTE);
    maillog__say(o, "It came without a Message-ID (leg %s)", m->legs[0].queue_id);
    for (size_t i = 1; i < m->nlegs; i++) {
        if (m->legs[i].notification || m->legs[i].message_id.len <= 2) continue;
        maillog__say(o, "; it got %s in leg %s", m->legs[i].message_id, m->legs[i].queue_id);
        break;
    }
    maillog__end(o);
}

void maillog__say_notes(ml_say *o)
{
    const maillog_message *m = o->m;
    if (is_null_sender(m)) {
        maillog__begin(o, MAILLOG_SENTENCE_NOTE);
        maillog__say(o, "The sender is null (from=<>), as in bounces and notifications, and in mail that wants to look "
                        "like one");
        maillog__end(o);
    }
    note_message_id(o);
    maillog__begin(o, MAILLOG_SENTENCE_NOTE);
    if (m->client.sasl_username.len) maillog__say(o, "The client had logged in as %q", m->client.sasl_username);
    maillog__end(o);
    maillog__begin(o, MAILLOG_SENTENCE_NOTE);
    if (m->client.tls.len) maillog__say(o, "The client's connection was encrypted: %s", m->client.tls);
    maillog__end(o);
    maillog__begin(o, MAILLOG_SENTENCE_NOTE);
    if (m->truncated) maillog__say(o, "%n values of the log were too long or too many to keep", (uint64_t)m->truncated);
    maillog__end(o);
}
