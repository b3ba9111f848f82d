/* links.c: the edges of a message, each with its proof and the lines behind it, read from what the lines say. */
#include "../base/token.h"
#include "mta.h"

typedef struct edge_line {
    uint64_t line;
    uint32_t link;
} edge_line;

typedef struct edges {
    ml_build *b;
    size_t most, nlines, most_lines;
    edge_line *line;
} edges;

static const maillog_str nothing = {NULL, 0};
static const maillog_str connection = {"", 0};

static void add_line(edges *g, uint64_t line, size_t link)
{
    if (g->nlines == g->most_lines) return;
    g->line[g->nlines].line = line;
    g->line[g->nlines++].link = (uint32_t)link;
}

static size_t add(edges *g, maillog_str from, maillog_str to, maillog_proof proof, maillog_confidence confidence,
                  uint64_t line)
{
    maillog_message *m = g->b->m;
    const size_t back = m->nlinks > 16 ? m->nlinks - 16 : 0; /* the same edge again comes soon after */
    for (size_t i = m->nlinks; i > back; i--) {
        const maillog_message_link *l = &m->links[i - 1];
        if (l->proof != proof || l->from.len != from.len || l->to.len != to.len) continue;
        if (!ml_alike(l->from.ptr, from.ptr, from.len) || !ml_alike(l->to.ptr, to.ptr, to.len)) continue;
        add_line(g, line, i - 1);
        return i - 1;
    }
    if (m->nlinks == g->most) return SIZE_MAX;
    const maillog_message_link l = {from, to, proof, confidence, 0, {NULL, 0}};
    m->links[m->nlinks] = l;
    add_line(g, line, m->nlinks);
    return m->nlinks++;
}

static bool is_id(maillog_str v) { return v.len && maillog__is_queue_id(ml_slice(v.ptr, v.ptr + v.len)); }

/* The hop of a delivery is this host: `name[127.0.0.1]:port`, or a socket. */
static bool is_here(const ml_entry *e)
{
    const maillog_str addr = maillog__relay_addr(maillog__entry_get(e, ML_K_RELAY));
    return maillog__is_loopback(addr) || (addr.len && memchr(addr.ptr, '/', addr.len));
}

static maillog_str forwarded_as(maillog_str reply)
{
    static const char words[] = "forwarded as ";
    if (!reply.len) return nothing;
    ml_cur c = ml_slice(reply.ptr, reply.ptr + reply.len), id;
    const char *p = maillog__rfind_bytes(c, words, sizeof words - 1);
    if (!p) return nothing;
    c.p = p + sizeof words - 1;
    if (!maillog__queue_id(&c, &id)) return nothing;
    const maillog_str s = {id.p, ml_len(id)};
    return s;
}

static maillog_str next_id(const ml_entry *e, bool *forwarded)
{
    const maillog_str reply = maillog__entry_get(e, ML_K_REPLY);
    *forwarded = false;
    if (e->daemon == MAILLOG_DAEMON_POSTFIX_LOCAL) {
        *forwarded = true;
        return forwarded_as(reply);
    }
    const maillog_str id = maillog__queued_as(reply);
    if (id.len) return id;
    const maillog_str as = maillog__entry_get(e, ML_K_QUEUED_AS);
    return is_id(as) ? as : nothing;
}

ml_hop maillog__hop(const ml_build *b, const ml_entry *e)
{
    if (e->hop) return *e->hop;
    ml_hop h = {nothing, nothing, is_here(e), e->daemon == MAILLOG_DAEMON_POSTFIX_LOCAL};
    /* a stranger's ID means nothing without its leg */
    if (h.here || h.forwarded || b->m->nlegs > 1) h.next = next_id(e, &h.forwarded);
    h.session = maillog__saved_session(maillog__entry_get(e, ML_K_REPLY));
    return h;
}

/* It is asked for again: see fate.c. */
static void keep_hop(ml_build *b, ml_entry *e)
{
    ml_hop *hop = (ml_hop *)ml_reserve(b, 1, sizeof *hop);
    if (!hop) return;
    *hop = maillog__hop(b, e);
    e->hop = hop;
}

static void delivery(edges *g, const ml_entry *e, maillog_str self)
{
    const ml_hop hop = maillog__hop(g->b, e);
    const bool here = hop.here, forwarded = hop.forwarded;
    const maillog_str id = hop.next, session = hop.session;
    if (id.len && !ml_same(id, self) && (here || forwarded || maillog__leg_index(g->b, id) != ML_NO_LEG)) {
        const maillog_confidence sure = here || forwarded ? MAILLOG_CONFIDENCE_CERTAIN : MAILLOG_CONFIDENCE_LIKELY;
        add(g, self, id, forwarded ? MAILLOG_PROOF_FORWARDED : MAILLOG_PROOF_REPLY, sure, e->line);
    }
    if (session.len && e->daemon != MAILLOG_DAEMON_POSTFIX_SMTP)
        add(g, self, session, MAILLOG_PROOF_LMTP_SESSION, MAILLOG_CONFIDENCE_CERTAIN, e->line);
}

static bool is_notice(uint8_t daemon)
{
    return daemon == MAILLOG_DAEMON_POSTFIX_BOUNCE || daemon == MAILLOG_DAEMON_POSTFIX_DEFER ||
           daemon == MAILLOG_DAEMON_POSTFIX_TRACE;
}

/* From nobody, and because of another message. */
static bool is_empty(const ml_entry *e)
{
    const maillog_str from = maillog__entry_get(e, ML_K_FROM);
    return from.ptr && !from.len && maillog__entry_get(e, ML_K_REF).len;
}

static void leg_links(edges *g, const ml_part *p)
{
    const maillog_str self = g->b->m->legs[p->leg].queue_id;
    size_t at = 0;
    const ml_entry *e;
    while ((e = ml_next(p, &at)) != NULL) {
        if (e->type == MAILLOG_EVENT_POSTFIX_DELIVERY) {
            keep_hop(g->b, &p->entry[at - 1]);
            delivery(g, e, self);
        }
        if (e->type == MAILLOG_EVENT_EXIM_ARRIVE && is_empty(e)) /* a bounce names its cause */
            add(g, maillog__entry_get(e, ML_K_REF), self, MAILLOG_PROOF_BOUNCE, MAILLOG_CONFIDENCE_CERTAIN, e->line);
        if (!ml_has_any(e, ML_BIT(ORIG_QUEUE_ID) | ML_BIT(NEW_QUEUE_ID))) continue;
        const maillog_str orig = maillog__entry_get(e, ML_K_ORIG_QUEUE_ID);
        if (is_id(orig) && e->daemon == MAILLOG_DAEMON_POSTFIX_PICKUP)
            add(g, orig, self, MAILLOG_PROOF_FORWARDED, MAILLOG_CONFIDENCE_CERTAIN, e->line);
        else if (is_id(orig))
            add(g, orig, self, MAILLOG_PROOF_ORIG_QUEUE_ID, MAILLOG_CONFIDENCE_CERTAIN, e->line);
        const maillog_str child = maillog__entry_get(e, ML_K_NEW_QUEUE_ID);
        const bool notice = is_notice(e->daemon) || maillog__role(e->type) == ML_ROLE_NOTICE;
        if (is_id(child) || (child.len && ml_is_mta(e->daemon)))
            add(g, self, child, notice ? MAILLOG_PROOF_BOUNCE : MAILLOG_PROOF_FORWARDED, MAILLOG_CONFIDENCE_CERTAIN,
                e->line);
    }
}

/* amavis: Queue-ID → queued_as. */
static void run_links(edges *g, const ml_part *p)
{
    size_t at = 0;
    const ml_entry *e;
    while ((e = ml_next(p, &at)) != NULL) {
        const maillog_str from = maillog__entry_get(e, ML_K_QUEUE_ID);
        const maillog_str as = maillog__entry_get(e, ML_K_QUEUED_AS);
        for (size_t start = 0, end; start < as.len; start = end + 1) {
            for (end = start; end < as.len && as.ptr[end] != '/'; end++) continue;
            maillog_str id = {as.ptr + start, end - start};
            if (!is_id(id)) id = maillog__queued_as(id);
            if (is_id(id))
                add(g, is_id(from) ? from : connection, id, MAILLOG_PROOF_QUEUED_AS,
                    is_id(from) ? MAILLOG_CONFIDENCE_CERTAIN : MAILLOG_CONFIDENCE_LIKELY, e->line);
        }
    }
}

/* The store's lines: behind the edge that the reply made, or one of their own. */
static void store_links(edges *g, const ml_part *p)
{
    maillog_message *m = g->b->m;
    size_t at = 0;
    const ml_entry *e;
    while ((e = ml_next(p, &at)) != NULL) {
        const maillog_str session = maillog__entry_get(e, ML_K_SESSION);
        size_t i = 0;
        while (i < m->nlinks && !(m->links[i].proof == MAILLOG_PROOF_LMTP_SESSION && ml_same(m->links[i].to, session)))
            i++;
        if (session.len && i < m->nlinks) {
            add_line(g, e->line, i);
            continue;
        }
        const maillog_str id = maillog__entry_get(e, ML_K_MESSAGE_ID);
        size_t leg = m->nlegs;
        while (leg > 0 && !ml_same(m->legs[leg - 1].message_id, id)) leg--;
        if (leg && id.len)
            add(g, m->legs[leg - 1].queue_id, session.ptr ? session : connection, MAILLOG_PROOF_MESSAGE_ID,
                MAILLOG_CONFIDENCE_LIKELY, e->line);
    }
}

/* Whether a message was let through that had been refused before. postgrey says how long ago; without that it has known
 * the triplet for longer. */
static bool is_retry(const ml_entry *e)
{
    if (maillog__entry_word(e, ML_K_ACTION) != MAILLOG_ACTION_PASS) return false;
    return e->daemon != MAILLOG_DAEMON_POSTGREY || ml_may_have(e, ML_K_GREYLIST_DELAY);
}

/* A policy answer; of a retry, with the line that refused the first attempt (which is another message's). */
static void policy(edges *g, maillog_str to, const ml_entry *e)
{
    const size_t i = add(g, connection, to, MAILLOG_PROOF_POLICY, MAILLOG_CONFIDENCE_LIKELY, e->line);
    const maillog_str rcpt = maillog__entry_get(e, ML_K_TO), from = maillog__entry_get(e, ML_K_FROM);
    if (i == SIZE_MAX || !rcpt.len || !is_retry(e)) return;
    const uint32_t grey = maillog__grey(g->b->j, from, rcpt);
    if (grey) add_line(g, (uint64_t)ml_at_node(g->b->j, grey)->last, i);
}

/* The connection → the queue ID, and the policy answers of its segment. */
static void session_links(edges *g, const ml_part *p)
{
    maillog_message *m = g->b->m;
    maillog_str to = nothing;
    for (size_t i = 0; i < m->nlegs && !to.ptr; i++) {
        const ml_node *n = ml_at_node(g->b->j, g->b->part[g->b->leg_part[i]].node);
        if (n->session == p->node && n->segment == p->segment) to = m->legs[i].queue_id;
    }
    if (!to.ptr && m->nlegs) to = m->legs[0].queue_id; /* before a proxy */
    if (!to.ptr) to = connection;
    size_t at = 0;
    const ml_entry *e;
    while ((e = ml_next(p, &at)) != NULL) {
        const bool own = e->daemon <= MAILLOG_DAEMON_POSTFIX_FILES || ml_is_mta(e->daemon);
        if (own && !m->nlegs) continue;
        if (own)
            add(g, connection, to, MAILLOG_PROOF_SESSION, MAILLOG_CONFIDENCE_CERTAIN, e->line);
        else
            policy(g, to, e);
    }
}

static void policy_links(edges *g, const ml_part *p)
{
    maillog_message *m = g->b->m;
    size_t at = 0;
    const ml_entry *e;
    while (m->nlegs && (e = ml_next(p, &at)) != NULL) policy(g, m->legs[0].queue_id, e);
}

/* Two legs that nothing but the Message-ID joins. */
static void message_id_links(edges *g)
{
    maillog_message *m = g->b->m;
    const size_t exact = m->nlinks;
    for (size_t i = 1; i < m->nlegs; i++) {
        bool reached = false;
        for (size_t k = 0; k < exact && !reached; k++)
            reached = ml_same(m->links[k].to, m->legs[i].queue_id) && m->links[k].from.len;
        for (size_t k = 0; k < i && !reached && m->legs[i].message_id.len > 2 && m->nlegs < 1000; k++) {
            if (!ml_same(m->legs[k].message_id, m->legs[i].message_id)) continue;
            reached = true;
            const uint64_t line = m->legs[i].lines.len ? m->legs[i].lines.ptr[0] : 0;
            add(g, m->legs[k].queue_id, m->legs[i].queue_id, MAILLOG_PROOF_MESSAGE_ID, MAILLOG_CONFIDENCE_WEAK, line);
        }
    }
}

/* The filter's report and the reply to Postfix should name the same queue IDs. */
static bool is_named(const maillog_message *m, maillog_str from, maillog_str to, maillog_proof by, bool *any)
{
    for (size_t i = 0; i < m->nlinks; i++) {
        if (m->links[i].proof != by || !ml_same(m->links[i].from, from)) continue;
        *any = true;
        if (ml_same(m->links[i].to, to)) return true;
    }
    return false;
}

static void mark_disputes(maillog_message *m)
{
    for (size_t i = 0; i < m->nlinks && m->nlinks < 1000; i++) {
        maillog_message_link *l = &m->links[i];
        const bool report = l->proof == MAILLOG_PROOF_QUEUED_AS;
        bool any = false;
        if (!report && l->proof != MAILLOG_PROOF_REPLY) continue;
        const maillog_proof other = report ? MAILLOG_PROOF_REPLY : MAILLOG_PROOF_QUEUED_AS;
        if (!is_named(m, l->from, l->to, other, &any) && any) l->disputed = 1;
    }
}

/* A leg that a notice led to, and what follows from it, tells nothing of the message's fate. */
static void mark_notifications(ml_build *b)
{
    maillog_message *m = b->m;
    size_t bounces = 0;
    for (size_t i = 0; i < m->nlinks; i++) bounces += m->links[i].proof == MAILLOG_PROOF_BOUNCE;
    if (!bounces) return;
    for (int round = 0; round < 8; round++) {
        bool changed = false;
        for (size_t i = 0; i < m->nlinks; i++) {
            const uint32_t from = maillog__leg_index(b, m->links[i].from), to = maillog__leg_index(b, m->links[i].to);
            if (to == ML_NO_LEG || m->legs[to].notification) continue;
            if (m->links[i].proof != MAILLOG_PROOF_BOUNCE && (from == ML_NO_LEG || !m->legs[from].notification))
                continue;
            m->legs[to].notification = 1;
            changed = true;
        }
        if (!changed) return;
    }
}

static uint64_t first_line(const maillog_message_link *l) { return l->lines.len ? l->lines.ptr[0] : 0; }

/* In the order of their first lines. */
static void sort_links(ml_build *b)
{
    maillog_message *m = b->m;
    size_t n = 1;
    while (n < m->nlinks && first_line(&m->links[n - 1]) <= first_line(&m->links[n])) n++;
    if (n >= m->nlinks) return;
    ml_sorted *v = (ml_sorted *)ml_reserve(b, m->nlinks, sizeof *v);
    maillog_message_link *sorted = (maillog_message_link *)ml_reserve(b, m->nlinks, sizeof *sorted);
    if (!v || !sorted) return;
    for (size_t i = 0; i < m->nlinks; i++) {
        v[i].key = first_line(&m->links[i]);
        v[i].index = i;
    }
    maillog__sort(v, m->nlinks);
    for (size_t i = 0; i < m->nlinks; i++) sorted[i] = m->links[v[i].index];
    m->links = sorted;
}

static void give_lines(edges *g)
{
    maillog_message *m = g->b->m;
    size_t *fill = (size_t *)ml_take(g->b, m->nlinks + 1, sizeof *fill);
    uint64_t *line = (uint64_t *)ml_reserve(g->b, g->nlines, sizeof *line);
    if (!fill || !line) return;
    for (size_t i = 0; i < g->nlines; i++) fill[g->line[i].link + 1]++;
    for (size_t i = 0; i < m->nlinks; i++) fill[i + 1] += fill[i];
    for (size_t i = 0; i < g->nlines; i++) line[fill[g->line[i].link]++] = g->line[i].line;
    for (size_t i = 0, start = 0; i < m->nlinks; i++) {
        m->links[i].lines = maillog__sorted_lines(g->b, line + start, fill[i] - start);
        start = fill[i];
    }
    sort_links(g->b);
}

/* An upper bound of the edges: entries that can make one. */
static size_t count_telling(const ml_build *b)
{
    const uint64_t bits = ML_BIT(REPLY) | ML_BIT(QUEUED_AS) | ML_BIT(ORIG_QUEUE_ID) | ML_BIT(NEW_QUEUE_ID);
    size_t n = 0;
    for (size_t i = 0; i < b->nparts; i++) {
        const bool all = b->part[i].kind != ML_NODE_LEG && b->part[i].kind != ML_NODE_RUN;
        const ml_entry *e;
        for (size_t at = 0; (e = ml_next(&b->part[i], &at)) != NULL;) {
            if (!all && !ml_has_any(e, bits)) continue;
            n++;
            const maillog_str as = maillog__entry_get(e, ML_K_QUEUED_AS);
            for (size_t k = 0; k < as.len; k++) n += as.ptr[k] == '/';
        }
    }
    return n;
}

void maillog__build_links(ml_build *b)
{
    edges g;
    memset(&g, 0, sizeof g);
    g.b = b;
    const size_t telling = count_telling(b);
    g.most = telling + b->m->nlegs + 1;
    g.most_lines = telling * 2 + b->m->nlegs + 1;
    b->m->links = (maillog_message_link *)ml_reserve(b, g.most, sizeof *b->m->links);
    g.line = (edge_line *)ml_reserve(b, g.most_lines, sizeof *g.line);
    if (!b->m->links || !g.line) return;
    static const uint8_t order[] = {ML_NODE_SESSION, ML_NODE_POLICY, ML_NODE_RUN, ML_NODE_LEG, ML_NODE_STORE};
    uint32_t kinds = 0;
    for (size_t i = 0; i < b->nparts; i++) kinds |= UINT32_C(1) << b->part[i].kind;
    for (size_t k = 0; k < sizeof order; k++)
        for (size_t i = 0; i < b->nparts && kinds >> order[k] & 1; i++) {
            const ml_part *p = &b->part[i];
            if (p->kind != order[k]) continue;
            switch (p->kind) {
            case ML_NODE_SESSION:
                session_links(&g, p);
                break;
            case ML_NODE_POLICY:
                policy_links(&g, p);
                break;
            case ML_NODE_RUN:
                run_links(&g, p);
                break;
            case ML_NODE_LEG:
                if (p->leg != ML_NO_LEG) leg_links(&g, p);
                break;
            default:
                store_links(&g, p);
                break;
            }
        }
    message_id_links(&g);
    give_lines(&g);
    mark_disputes(b->m);
    mark_notifications(b);
}
