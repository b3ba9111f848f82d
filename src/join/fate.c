/* fate.c: what became of each recipient, and of the message.
 *
 * A delivery is final, or a step: handed to a filter on this host, forwarded by local(8), relayed to another of our
 * hosts. A step counts only as long as the leg it led to says nothing. */
#include "fate.h"

typedef maillog_message_recipient recipient;

#define GET(e, NAME) maillog__entry_get((e), ML_K_##NAME)

static const maillog_str no_alias = {NULL, 0};

/* ---- one entry per leg and recipient ---- */

uint32_t *maillog__fate_place(const ml_fates *f, uint32_t leg, maillog_str to, maillog_str orig)
{
    const uint64_t h = maillog__hash(f->b->j, leg, to.ptr, to.len);
    size_t k = (size_t)(h >> 24) & (f->slots - 1);
    for (; f->slot[k]; k = (k + 1) & (f->slots - 1)) {
        const ml_fate *v = &f->v[f->slot[k] - 1];
        const bool same = !orig.ptr || !v->r.orig_to.ptr || ml_same(v->r.orig_to, orig);
        if (v->leg == leg && same && ml_same(v->r.to, to)) break;
    }
    return &f->slot[k];
}

ml_fate *maillog__fate_for(ml_fates *f, uint32_t leg, maillog_str to, maillog_str orig)
{
    uint32_t *place = maillog__fate_place(f, leg, to, orig);
    if (*place) return &f->v[*place - 1];
    if (f->n == f->most) return NULL;
    ml_fate *v = &f->v[f->n++];
    memset(v, 0, sizeof *v);
    *place = (uint32_t)f->n;
    v->leg = leg;
    v->next = ML_NO_LEG;
    v->r.to = to;
    return v;
}

static maillog_verdict of_status(const ml_entry *e, unsigned status, maillog_str reply)
{
    switch (status) {
    case MAILLOG_STATUS_SENT:
    case MAILLOG_STATUS_DELIVERABLE:
        if (e->daemon == MAILLOG_DAEMON_POSTFIX_DISCARD) return MAILLOG_VERDICT_DISCARDED;
        if (e->daemon == MAILLOG_DAEMON_POSTFIX_LOCAL && ml_same(reply, ml_text("discarded")))
            return MAILLOG_VERDICT_DISCARDED;
        return MAILLOG_VERDICT_DELIVERED;
    case MAILLOG_STATUS_BOUNCED:
    case MAILLOG_STATUS_UNDELIVERABLE:
        return MAILLOG_VERDICT_BOUNCED;
    case MAILLOG_STATUS_EXPIRED:
    case MAILLOG_STATUS_FORCE_EXPIRED:
        return MAILLOG_VERDICT_EXPIRED;
    default:
        return MAILLOG_VERDICT_DEFERRED;
    }
}

/* Other MTAs say it in words of their own. */
static maillog_str mta_word(unsigned status)
{
    return ml_text(status == MAILLOG_STATUS_SENT ? "sent" : status == MAILLOG_STATUS_BOUNCED ? "bounced" : "deferred");
}

static void delivery(ml_fates *f, const ml_entry *e, uint32_t leg, maillog_str to, unsigned status)
{
    const maillog_str orig = GET(e, ORIG_TO);
    ml_fate *v = maillog__fate_for(f, leg, to, orig);
    if (!v) return;
    v->r.attempts++;
    /* what was sent or bounced is not tried again: a deferred attempt that comes after it is an older one, late */
    const bool over = v->r.verdict == MAILLOG_VERDICT_DELIVERED || v->r.verdict == MAILLOG_VERDICT_BOUNCED;
    if (over && of_status(e, status, GET(e, REPLY)) == MAILLOG_VERDICT_DEFERRED) return;
    if (orig.ptr) v->r.orig_to = orig;
    v->r.queue_id = f->b->m->legs[leg].queue_id;
    v->r.relay = GET(e, RELAY);
    v->r.status = ml_is_mta(e->daemon) ? mta_word(status) : GET(e, STATUS);
    v->r.dsn = GET(e, DSN);
    v->r.reply = GET(e, REPLY);
    if (!v->r.reply.ptr && ml_is_mta(e->daemon)) v->r.reply = GET(e, REASON).ptr ? GET(e, REASON) : GET(e, ERROR);
    v->r.delay = GET(e, DELAY);
    v->r.line = e->line;
    v->r.verdict = of_status(e, status, v->r.reply);
    v->daemon = e->daemon;
    const ml_hop hop = maillog__hop(f->b, e);
    const bool here = hop.here, forwarded = hop.forwarded;
    const maillog_str id = hop.next;
    v->session = ml_is_mta(e->daemon) ? maillog__saved_session(v->r.reply) : hop.session;
    v->next = maillog__leg_index(f->b, id);
    if (v->next == leg) v->next = ML_NO_LEG;
    v->step = v->r.verdict == MAILLOG_VERDICT_DELIVERED && !v->session.len &&
              (v->next != ML_NO_LEG || (forwarded && id.len) || (e->daemon == MAILLOG_DAEMON_POSTFIX_SMTP && here));
    v->awaits = v->step && id.len && (here || forwarded);
}

/* postsuper speaks of a leg as a whole: of the recipients that were not delivered by then. */
static void postsuper(ml_fates *f, const ml_entry *e, uint32_t leg)
{
    const bool removed = e->type == MAILLOG_EVENT_POSTFIX_REMOVED, held = e->type == MAILLOG_EVENT_POSTFIX_MESSAGE_HELD;
    if (!removed && !held && e->type != MAILLOG_EVENT_POSTFIX_MESSAGE_RELEASED) return;
    for (size_t i = 0; i < f->n; i++) {
        ml_fate *v = &f->v[i];
        if (v->leg != leg || (v->r.verdict != MAILLOG_VERDICT_DEFERRED && v->r.verdict != MAILLOG_VERDICT_HELD))
            continue;
        v->r.verdict = removed ? MAILLOG_VERDICT_DISCARDED : held ? MAILLOG_VERDICT_HELD : MAILLOG_VERDICT_DEFERRED;
        v->r.line = e->line;
    }
    f->deleted |= removed;
}

/* qmgr: from=<…>, status=expired, returned to sender: for all that were still deferred. */
static void expire(ml_fates *f, const ml_entry *e, uint32_t leg)
{
    for (size_t i = 0; i < f->n; i++) {
        ml_fate *v = &f->v[i];
        if (v->leg != leg || v->r.verdict != MAILLOG_VERDICT_DEFERRED) continue;
        v->r.verdict = MAILLOG_VERDICT_EXPIRED;
        v->r.status = ml_is_mta(e->daemon) ? ml_text("expired") : GET(e, STATUS);
        v->r.line = e->line;
    }
}

/* One line of sendmail can be about many recipients. */
static void deliveries(ml_fates *f, const ml_entry *e, uint32_t leg)
{
    const unsigned status = ml_is_mta(e->daemon) ? maillog__mta_status(e) : maillog__entry_word(e, ML_K_STATUS);
    const maillog_str to = GET(e, TO), list = GET(e, RECIPIENTS);
    if (to.ptr) {
        delivery(f, e, leg, to, status);
        return;
    }
    maillog_str item;
    for (size_t pos = 0; maillog_list_next(MAILLOG_FIELD_RECIPIENTS, list, &pos, &item);) {
        if (item.len > 1 && item.ptr[0] == '<') {
            item.ptr++;
            item.len -= 2;
        }
        delivery(f, e, leg, item, status);
    }
}

/* A line about what became of recipients. */
static bool is_delivery(const ml_entry *e)
{
    if (ml_is_mta(e->daemon)) return maillog__role(e->type) == ML_ROLE_DELIVERY && maillog__mta_status(e);
    return ml_has_any(e, ML_BIT(STATUS)) && GET(e, STATUS).ptr && e->daemon < MAILLOG_DAEMON_DOVECOT_LDA;
}

static void read_legs(ml_fates *f)
{
    const ml_entry *e;
    for (size_t i = 0; i < f->b->m->nlegs; i++) {
        const ml_part *p = &f->b->part[f->b->leg_part[i]];
        for (size_t at = 0; (e = ml_next(p, &at)) != NULL;) {
            if (e->daemon == MAILLOG_DAEMON_POSTFIX_POSTSUPER) postsuper(f, e, (uint32_t)i);
            if (maillog__role(e->type) == ML_ROLE_DISCARDED) f->deleted = true;
            const unsigned status = maillog__entry_word(e, ML_K_STATUS);
            const bool expired = status == MAILLOG_STATUS_EXPIRED || status == MAILLOG_STATUS_FORCE_EXPIRED;
            if (expired && !GET(e, TO).ptr && (is_delivery(e) || maillog__role(e->type) == ML_ROLE_NOTICE))
                expire(f, e, (uint32_t)i);
            else if (is_delivery(e))
                deliveries(f, e, (uint32_t)i);
        }
    }
}

/* ---- the filter's report ---- */

static maillog_verdict of_block(maillog_str actions, bool quarantined)
{
    if (maillog__contains(actions, "tempfailed")) return MAILLOG_VERDICT_DEFERRED;
    if (maillog__contains(actions, "rejected")) return MAILLOG_VERDICT_REJECTED;
    if (maillog__contains(actions, "{bounced") || maillog__contains(actions, ",bounced"))
        return MAILLOG_VERDICT_BOUNCED;
    return quarantined || maillog__contains(actions, "quarantined") ? MAILLOG_VERDICT_QUARANTINED
                                                                    : MAILLOG_VERDICT_DISCARDED;
}

const char *maillog__fate_status(maillog_verdict v)
{
    switch (v) {
    case MAILLOG_VERDICT_REJECTED:
    case MAILLOG_VERDICT_GREYLISTED:
    case MAILLOG_VERDICT_BOUNCED:
    case MAILLOG_VERDICT_DEFERRED:
    case MAILLOG_VERDICT_DISCARDED:
    case MAILLOG_VERDICT_QUARANTINED:
    case MAILLOG_VERDICT_HELD:
        return maillog_verdict_name((int)v);
    default:
        return NULL;
    }
}

/* The one recipient to whom no delivery is known yet, in a report's list. */
static void block(ml_fates *f, uint32_t leg, maillog_str to, const ml_entry *e, maillog_verdict verdict)
{
    ml_fate *v = maillog__fate_for(f, leg, to, no_alias);
    if (!v || (v->r.verdict && !v->step)) return;                    /* Postfix was told otherwise: its word counts */
    if (v->r.verdict && verdict == MAILLOG_VERDICT_DEFERRED) return; /* an attempt before the one that was taken */
    if (!v->r.queue_id.ptr && leg != ML_NO_LEG) v->r.queue_id = f->b->m->legs[leg].queue_id;
    v->r.verdict = verdict;
    v->r.status = ml_text(maillog__fate_status(verdict));
    v->r.final_by = ml_text(maillog_daemon_name(e->daemon));
    v->r.final_action = GET(e, CATEGORY);
    v->r.final_mailbox = GET(e, QUARANTINE);
    v->r.line = e->line;
    v->step = v->awaits = 0;
}

static void read_runs(ml_fates *f)
{
    const ml_entry *e;
    for (size_t i = 0; i < f->b->nparts; i++) {
        if (f->b->part[i].kind != ML_NODE_RUN) continue;
        for (size_t at = 0; (e = ml_next(&f->b->part[i], &at)) != NULL;) {
            if (maillog__entry_word(e, ML_K_RESULT) != MAILLOG_RESULT_BLOCKED) continue;
            const maillog_verdict verdict = of_block(GET(e, ACTIONS), GET(e, QUARANTINE).ptr != NULL);
            const maillog_str list = GET(e, RECIPIENTS);
            const uint32_t leg = maillog__leg_index(f->b, GET(e, QUEUE_ID));
            maillog_str item;
            for (size_t pos = 0; maillog_list_next(MAILLOG_FIELD_RECIPIENTS, list, &pos, &item);) {
                if (item.len > 1 && item.ptr[0] == '<') {
                    item.ptr++;
                    item.len -= 2;
                }
                block(f, leg, item, e, verdict);
            }
        }
    }
}

/* ---- the mail store's word ---- */

static size_t local_len(maillog_str a)
{
    size_t n = a.len;
    while (n && a.ptr[n - 1] != '@') n--;
    return n ? n - 1 : a.len;
}

/* 3: same LMTP session; 2: same address; 1: same local part, or user without domain. */
static int likeness(const ml_fate *v, const ml_entry *e)
{
    const maillog_str session = GET(e, SESSION), user = GET(e, USER);
    if (v->session.len) return ml_same(v->session, session) ? 3 : 0;
    if (ml_same(v->r.to, user)) return 2;
    const size_t n = local_len(user), k = local_len(v->r.to);
    return n && n == k && memcmp(user.ptr, v->r.to.ptr, n) == 0 ? 1 : 0;
}

static ml_fate *stored_for(ml_fates *f, const ml_entry *e)
{
    ml_fate *best = NULL, *only = NULL;
    int score = 0;
    size_t candidates = 0;
    for (size_t i = 0; i < f->n; i++) {
        ml_fate *v = &f->v[i];
        if (v->step || v->dropped || v->r.verdict == MAILLOG_VERDICT_NONE) continue;
        const int s = likeness(v, e);
        if (s > score) {
            score = s;
            best = v;
        }
        candidates++;
        only = v;
    }
    if (best) return best;
    return candidates == 1 && !only->session.len ? only : NULL;
}

static maillog_str unquoted(maillog_str s)
{
    if (s.len >= 2 && s.ptr[0] == '\'' && s.ptr[s.len - 1] == '\'') {
        s.ptr++;
        s.len -= 2;
    }
    return s;
}

/* Statements of the mail store that say where the message itself went; others name a mailbox too. */
static bool names_its_mailbox(const ml_entry *e)
{
    switch (e->type) {
    case MAILLOG_EVENT_DOVECOT_SAVED:
    case MAILLOG_EVENT_DOVECOT_STORED:
    case MAILLOG_EVENT_DOVECOT_LEFT:
        return true;
    default:
        return e->type / 1000 != MAILLOG_FAMILY_DOVECOT;
    }
}

/* Postfix was told that all is well, whatever the store did with it. */
static maillog_verdict of_store(const recipient *r, const ml_entry *e)
{
    if (r->final_mailbox.ptr) return MAILLOG_VERDICT_DELIVERED;
    /* Sieve rejects, and the sender is <>: nobody hears of it */
    if (e->type == MAILLOG_EVENT_DOVECOT_REJECT_SKIPPED && GET(e, TO).ptr) return MAILLOG_VERDICT_DISCARDED;
    if (maillog__contains(r->final_action, "discard")) return MAILLOG_VERDICT_DISCARDED;
    return maillog__contains(r->final_action, "reject") ? MAILLOG_VERDICT_REJECTED : MAILLOG_VERDICT_DELIVERED;
}

static void read_store(ml_fates *f, const ml_part *p)
{
    const ml_entry *e;
    for (size_t at = 0; (e = ml_next(p, &at)) != NULL;) {
        const maillog_str mailbox = unquoted(GET(e, MAILBOX)), action = GET(e, SIEVE_ACTION);
        if (!e->type || !GET(e, USER).ptr) continue;
        if (mailbox.ptr && !GET(e, ERROR).ptr && !names_its_mailbox(e)) continue;
        ml_fate *v = stored_for(f, e);
        if (!v) continue;
        v->r.final_by = ml_text(maillog_daemon_name(e->daemon));
        v->r.final_user = GET(e, USER);
        const bool stored = mailbox.ptr && !GET(e, ERROR).ptr;
        if (stored) v->r.final_mailbox = mailbox;
        if (stored || !v->r.final_mailbox.ptr)
            v->r.final_action = action.ptr ? action : ml_text(maillog_event_name(e->type));
        if (v->r.verdict == MAILLOG_VERDICT_DELIVERED || v->r.verdict == MAILLOG_VERDICT_DISCARDED ||
            v->r.verdict == MAILLOG_VERDICT_REJECTED)
            v->r.verdict = of_store(&v->r, e);
    }
}

/* ---- steps ---- */

static bool has_fate(const ml_fates *f, uint32_t leg)
{
    for (size_t i = 0; i < f->n; i++)
        if (f->v[i].leg == leg && f->v[i].r.verdict) return true;
    return false;
}

/* The leg that a filter's own report, or the Message-ID, names as the next one. */
static uint32_t next_by_link(const ml_build *b, uint32_t leg)
{
    for (size_t i = 0; i < b->m->nlinks; i++) {
        const maillog_message_link *l = &b->m->links[i];
        if (l->proof == MAILLOG_PROOF_BOUNCE || !ml_same(l->from, b->m->legs[leg].queue_id)) continue;
        const uint32_t next = maillog__leg_index(b, l->to);
        if (next != ML_NO_LEG && next != leg) return next;
    }
    return ML_NO_LEG;
}

/* A filter that hands a message back in parts names one of them in its reply, and all in its report. */
static bool is_linked(const ml_build *b, uint32_t from, uint32_t to)
{
    for (size_t i = 0; i < b->m->nlinks; i++) {
        const maillog_message_link *l = &b->m->links[i];
        if (l->proof != MAILLOG_PROOF_BOUNCE && ml_same(l->to, b->m->legs[to].queue_id) &&
            ml_same(l->from, b->m->legs[from].queue_id))
            return true;
    }
    return false;
}

/* The addresses that a leg's recipients had before an alias named them go on to the next leg's. */
static void inherit(ml_fates *f, const ml_fate *step)
{
    for (size_t i = 0; step->r.orig_to.ptr && i < f->n; i++) {
        ml_fate *v = &f->v[i];
        if (v->leg == ML_NO_LEG || v->leg == step->leg) continue;
        if (!ml_same(v->r.to, step->r.to) && !ml_same(v->r.orig_to, step->r.to)) continue;
        if (v->leg == step->next || is_linked(f->b, step->leg, v->leg)) v->r.orig_to = step->r.orig_to;
    }
}

/* Requeued under a new ID: the old one's attempts are history. */
static void resolve_requeued(ml_fates *f)
{
    const maillog_message *m = f->b->m;
    for (size_t i = 0; i < m->nlinks; i++) {
        if (m->links[i].proof != MAILLOG_PROOF_FORWARDED) continue;
        const uint32_t from = maillog__leg_index(f->b, m->links[i].from), to = maillog__leg_index(f->b, m->links[i].to);
        if (from == ML_NO_LEG || to == ML_NO_LEG || !has_fate(f, to)) continue;
        for (size_t k = 0; k < f->n; k++) {
            ml_fate *v = &f->v[k];
            if (v->leg == from && v->r.verdict == MAILLOG_VERDICT_DEFERRED) v->dropped = 1;
        }
    }
}

/* A command gave the message back: its fate goes on if the next leg has the same recipient. */
static bool goes_on(const ml_fates *f, const ml_fate *v)
{
    for (size_t i = 0; i < f->n; i++) {
        const ml_fate *o = &f->v[i];
        if (o->leg == v->next && o->r.verdict && (ml_same(o->r.to, v->r.to) || ml_same(o->r.orig_to, v->r.to)))
            return true;
    }
    return false;
}

static void resolve_pipes(ml_fates *f)
{
    for (size_t i = 0; i < f->n && f->n < 2000; i++) {
        ml_fate *v = &f->v[i];
        if (v->daemon != MAILLOG_DAEMON_POSTFIX_PIPE || v->r.verdict != MAILLOG_VERDICT_DELIVERED || v->r.final_by.ptr)
            continue;
        v->next = next_by_link(f->b, v->leg);
        v->step = v->next != ML_NO_LEG && goes_on(f, v);
    }
}

static void resolve_steps(ml_fates *f)
{
    uint32_t last_leg = ML_NO_LEG, last_next = ML_NO_LEG;
    for (size_t i = 0; i < f->n; i++) {
        ml_fate *v = &f->v[i];
        if (!v->step) continue;
        if (v->next == ML_NO_LEG) {
            if (last_leg != v->leg) last_next = next_by_link(f->b, last_leg = v->leg);
            v->next = last_next;
        }
        if (f->n < 2000) inherit(f, v);
        if (v->next != ML_NO_LEG && has_fate(f, v->next)) {
            v->dropped = 1;
        } else if (v->next != ML_NO_LEG || v->awaits) {
            v->r.verdict = MAILLOG_VERDICT_UNFINISHED;
            v->r.status = (maillog_str){NULL, 0};
            v->r.status.len = 0;
        }
    }
}

/* ---- the whole ---- */

static maillog_verdict both(maillog_verdict a, maillog_verdict b)
{
    return a == MAILLOG_VERDICT_NONE || a == b ? b : MAILLOG_VERDICT_PARTIAL;
}

static maillog_verdict message_verdict(ml_fates *f)
{
    const maillog_message *m = f->b->m;
    maillog_verdict all = MAILLOG_VERDICT_NONE;
    for (size_t i = 0; i < m->nrecipients; i++) all = both(all, m->recipients[i].verdict);
    if (all != MAILLOG_VERDICT_NONE && (f->delivered || f->attempt)) return all;
    /* with a queue ID somebody was taken whom the log does not name */
    const maillog_verdict whole = maillog__whole_verdict(f);
    return whole == MAILLOG_VERDICT_UNFINISHED && !f->attempt ? whole : both(all, whole);
}

/* Postfix's own mailbox delivery is the end of the way, too. */
static void own_mailboxes(ml_fates *f)
{
    for (size_t i = 0; i < f->n; i++) {
        ml_fate *v = &f->v[i];
        const bool own = v->daemon == MAILLOG_DAEMON_POSTFIX_LOCAL || v->daemon == MAILLOG_DAEMON_POSTFIX_VIRTUAL;
        if (!own || v->step || v->r.final_by.ptr || v->r.verdict != MAILLOG_VERDICT_DELIVERED) continue;
        v->r.final_by = ml_text(maillog_daemon_name(v->daemon));
        v->r.final_action = v->r.reply;
    }
}

static void give_recipients(ml_fates *f)
{
    maillog_message *m = f->b->m;
    m->recipients = (recipient *)ml_reserve(f->b, f->n, sizeof *m->recipients);
    if (!m->recipients) return;
    for (int notices = 0; notices < 2; notices++) {
        if (notices) m->notifications = m->recipients + m->nrecipients;
        for (size_t i = 0; i < f->n; i++) {
            const ml_fate *v = &f->v[i];
            const bool notice = v->leg != ML_NO_LEG && m->legs[v->leg].notification;
            if (v->dropped || !v->r.verdict || notice != (notices == 1)) continue;
            if (notices)
                m->notifications[m->nnotifications++] = v->r;
            else
                m->recipients[m->nrecipients++] = v->r;
        }
    }
}

/* An upper bound of the recipients: deliveries, refusals, and those a filter's report lists. */
static size_t bound(ml_build *b)
{
    size_t n = b->m->nchecks + 1;
    const ml_entry *e;
    for (size_t i = 0; i < b->nparts; i++)
        for (size_t at = 0; (e = ml_next(&b->part[i], &at)) != NULL;) {
            if (!ml_has_any(e, ML_BIT(STATUS) | ML_BIT(RECIPIENTS)) && !ml_is_mta(e->daemon)) continue;
            n++;
            const maillog_str list = GET(e, RECIPIENTS);
            for (size_t k = 0; k < list.len; k++) n += list.ptr[k] == '<' || list.ptr[k] == ',';
        }
    return n;
}

void maillog__build_fate(ml_build *b)
{
    ml_fates f;
    memset(&f, 0, sizeof f);
    f.b = b;
    f.most = bound(b);
    for (f.slots = 16; f.slots < f.most * 2; f.slots *= 2) continue;
    f.v = (ml_fate *)ml_reserve(b, f.most, sizeof *f.v);
    f.slot = (uint32_t *)ml_take(b, f.slots, sizeof *f.slot);
    b->m->verdict = MAILLOG_VERDICT_UNFINISHED;
    if (!f.v || !f.slot) return;
    read_legs(&f);
    read_runs(&f);
    for (size_t i = 0; i < b->nparts; i++)
        if (b->part[i].kind == ML_NODE_STORE) read_store(&f, &b->part[i]);
    resolve_pipes(&f);
    resolve_steps(&f);
    resolve_requeued(&f);
    own_mailboxes(&f);
    f.delivered = f.n != 0;
    f.attempt = !b->m->nlegs || maillog__was_never_taken(&f);
    maillog__read_refusals(&f);
    give_recipients(&f);
    b->m->verdict = message_verdict(&f);
}
