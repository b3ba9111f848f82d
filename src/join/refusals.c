/* refusals.c: recipients of whom no line but a check's speaks, and what the checks did to a message as a whole. */
#include "fate.h"

static const maillog_str no_alias = {NULL, 0};

/* `greylist` or `graylist`, in any case; texts have few of the letter that is looked for. */
static bool names_greylist(maillog_str text)
{
    static const char letters[] = {'y', 'Y'};
    if (!text.len) return false;
    const char *const end = text.ptr + text.len;
    for (size_t i = 0; i < sizeof letters; i++)
        for (const char *p = text.ptr; (p = (const char *)memchr(p, letters[i], (size_t)(end - p))) != NULL; p++) {
            if (p - text.ptr < 3 || end - p < 5) continue;
            const maillog_str word = {p - 3, 8};
            if (maillog__contains(word, "greylist") || maillog__contains(word, "graylist")) return true;
        }
    return false;
}

static bool says_greylisted(const ml_build *b, const maillog_message_check *c)
{
    if (c->result != MAILLOG_CHECK_DEFER) return false;
    if (names_greylist(c->text)) return true;
    for (size_t i = 0; i < b->m->nchecks; i++) {
        const maillog_message_check *g = &b->m->checks[i];
        if (g->result == MAILLOG_CHECK_DEFER && g->daemon == MAILLOG_DAEMON_POSTGREY && ml_same(g->to, c->to))
            return true;
    }
    return false;
}

static bool refuses(const maillog_message_check *c)
{
    return (c->result == MAILLOG_CHECK_REJECT || c->result == MAILLOG_CHECK_DEFER) &&
           (c->daemon <= MAILLOG_DAEMON_POSTFIX_FILES || ml_is_mta(c->daemon));
}

/* sendmail names its messages before they have recipients: one of which none was left is an attempt. */
bool maillog__was_never_taken(const ml_fates *f)
{
    const maillog_message *m = f->b->m;
    const ml_entry *e;
    if (f->n || m->nlegs != 1 || (m->legs[0].nrcpt && m->legs[0].nrcpt != MAILLOG_NO_NUMBER)) return false;
    const ml_part *p = &f->b->part[f->b->leg_part[0]];
    for (size_t at = 0; (e = ml_next(p, &at)) != NULL;)
        if (e->daemon == MAILLOG_DAEMON_SENDMAIL) return true;
    return false;
}

/* What can be the end of a message: Postfix's word, not that of a server it asked. */
static bool decides(const maillog_message_check *c)
{
    return c->result == MAILLOG_CHECK_DISCARD || c->result == MAILLOG_CHECK_HOLD || refuses(c);
}

static bool at_rcpt(const maillog_message_check *c)
{
    return c->stage.len == 4 && memcmp(c->stage.ptr, "RCPT", 4) == 0;
}

static maillog_verdict of_check(const ml_build *b, const maillog_message_check *c)
{
    switch (c->result) {
    case MAILLOG_CHECK_REJECT:
    case MAILLOG_CHECK_DEFER:
        return says_greylisted(b, c) ? MAILLOG_VERDICT_GREYLISTED : MAILLOG_VERDICT_REJECTED;
    case MAILLOG_CHECK_DISCARD:
        return MAILLOG_VERDICT_DISCARDED;
    case MAILLOG_CHECK_HOLD:
        return MAILLOG_VERDICT_HELD;
    default:
        return MAILLOG_VERDICT_NONE;
    }
}

/* The recipient that a check names as refused, or (of a message of which no delivery is known) as kept or discarded. */
static void take_refusal(ml_fates *f, maillog_message_check *c)
{
    ml_fate *v = maillog__fate_for(f, ML_NO_LEG, c->to, no_alias);
    if (!v || (v->r.verdict && !v->refused)) return;
    if (v->r.verdict == MAILLOG_VERDICT_REJECTED && c->result != MAILLOG_CHECK_REJECT) return;
    v->refused = 1;
    c->decided |= !refuses(c);
    v->r.verdict = of_check(f->b, c);
    v->r.status = ml_text(maillog__fate_status(v->r.verdict));
    v->r.dsn = c->dsn;
    v->r.reply = c->text;
    v->r.line = c->line;
    v->r.attempts = 1;
}

/* Refused, and yet delivered or bounced: the client tried again, or this is the next hop's side of the bounce. */
static void drop_refuted(ml_fates *f)
{
    for (size_t i = 0, n = f->n; i < n; i++) {
        const ml_fate *v = &f->v[i];
        if (v->leg == ML_NO_LEG || !v->r.verdict) continue;
        const uint32_t to = *maillog__fate_place(f, ML_NO_LEG, v->r.to, no_alias),
                       orig = *maillog__fate_place(f, ML_NO_LEG, v->r.orig_to, no_alias);
        if (to && f->v[to - 1].refused) f->v[to - 1].dropped = 1;
        if (orig && f->v[orig - 1].refused) f->v[orig - 1].dropped = 1;
    }
}

/* The session says how many transactions there were, and all are known: its lines are this one's, even if the sender
 * was rewritten on the way in. */
static bool has_all_transactions(const ml_build *b)
{
    const uint32_t session = b->m->nlegs ? ml_at_node(b->j, b->part[b->leg_part[0]].node)->session : 0;
    if (!session) return false;
    const ml_node *s = ml_at_node(b->j, session);
    return s->flags & ML_F_CLOSED && s->session_next >> 16 && s->session_next >> 16 <= s->segment;
}

/* Of another sender: a transaction before this one, which nothing in the log sets apart. */
static bool is_of_its_sender(const maillog_message *m, const maillog_message_check *c)
{
    return !m->nlegs || !c->from.ptr || !m->legs[0].from.ptr || ml_same(c->from, m->legs[0].from);
}

/* Of an attempt without queue ID: its recipients are those that were refused. Of a message: those that the client
 * named beside the ones that were taken; if there were no deliveries, the one that the line about its end names. */
void maillog__read_refusals(ml_fates *f)
{
    const maillog_message *m = f->b->m;
    const bool all = has_all_transactions(f->b);
    for (size_t i = 0; i < m->nchecks; i++) {
        maillog_message_check *c = &m->checks[i];
        if (f->attempt && refuses(c)) c->decided = 1;
        if (!c->to.ptr || !of_check(f->b, c)) continue;
        const bool beside = refuses(c) && (f->attempt || (at_rcpt(c) && (all || is_of_its_sender(m, c))));
        if (beside || (!f->delivered && decides(c))) take_refusal(f, c);
    }
    if (f->delivered) drop_refuted(f);
}

/* An attempt of which the log says no more than that commands were refused: `mail=0/1` without STARTTLS. */
static bool was_refused(const ml_build *b)
{
    for (size_t i = 0; i < b->nparts && !b->m->nlegs; i++)
        if (b->part[i].kind == ML_NODE_SESSION && ml_at_node(b->j, b->part[i].node)->flags & ML_F_UNSAID) return true;
    return false;
}

/* A message with queue ID and without a delivery: what the checks did to it as a whole. */
maillog_verdict maillog__whole_verdict(ml_fates *f)
{
    maillog_verdict v = f->deleted ? MAILLOG_VERDICT_DISCARDED : MAILLOG_VERDICT_UNFINISHED;
    for (size_t i = 0; i < f->b->m->nchecks; i++) {
        maillog_message_check *c = &f->b->m->checks[i];
        const bool of_session = at_rcpt(c) || c->event == MAILLOG_EVENT_POSTFIX_RATE_LIMIT; /* not of the message */
        if (!decides(c) || (f->b->m->nlegs && refuses(c) && of_session)) continue;
        if (c->result == MAILLOG_CHECK_HOLD && v != MAILLOG_VERDICT_UNFINISHED) continue;
        v = of_check(f->b, c);
        c->decided = 1;
    }
    return v == MAILLOG_VERDICT_UNFINISHED && was_refused(f->b) ? MAILLOG_VERDICT_REJECTED : v;
}
