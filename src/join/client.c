/* client.c: who a message came from: what the lines say of the client, and which of several it was. */
#include "mta.h"

static maillog_str tls_of(ml_build *b, const ml_entry *e)
{
    static const char with[] = " with cipher ";
    const maillog_str protocol = maillog__entry_get(e, ML_K_TLS_PROTOCOL);
    const maillog_str cipher = maillog__entry_get(e, ML_K_TLS_CIPHER);
    maillog_str out = {NULL, 0};
    if (!protocol.len) return out;
    char *p = (char *)ml_take(b, protocol.len + sizeof with + cipher.len, 1);
    if (!p) return out;
    memcpy(p, protocol.ptr, protocol.len);
    out.ptr = p;
    out.len = protocol.len;
    if (!cipher.len) return out;
    memcpy(p + out.len, with, sizeof with - 1);
    memcpy(p + out.len + sizeof with - 1, cipher.ptr, cipher.len);
    out.len += sizeof with - 1 + cipher.len;
    return out;
}

/* A line of another MTA about its client. */
static bool is_incoming(const ml_entry *e)
{
    const ml_role role = maillog__role(e->type);
    return role == ML_ROLE_ARRIVAL || role == ML_ROLE_REFUSAL || (role >= ML_ROLE_CONNECT && role < ML_ROLE_OUTGOING);
}

/* What a line says of the client. `peer`: its name and address, too. */
static void client_line(ml_build *b, const ml_entry *e, bool peer)
{
    maillog_message_client *c = &b->m->client;
    if (!ml_has_any(e, ML_BIT(CLIENT_NAME) | ML_BIT(CLIENT_ADDR) | ML_BIT(CLIENT_PORT) | ML_BIT(HELO) | ML_BIT(PROTO) |
                           ML_BIT(SASL_USERNAME) | ML_BIT(TLS_PROTOCOL)))
        return;
    const bool smtp_in = e->daemon == MAILLOG_DAEMON_POSTFIX_SMTPD || e->daemon == MAILLOG_DAEMON_POSTFIX_QMQPD ||
                         e->daemon == MAILLOG_DAEMON_POSTFIX_POSTSCREEN || is_incoming(e);
    if (!smtp_in && e->daemon != MAILLOG_DAEMON_POSTFIX_CLEANUP) return;
    if (smtp_in && peer) {
        ml_keep_value(&c->name, e, ML_K_CLIENT_NAME);
        ml_keep_value(&c->addr, e, ML_K_CLIENT_ADDR);
        ml_keep_value(&c->port, e, ML_K_CLIENT_PORT);
    }
    ml_keep_value(&c->helo, e, ML_K_HELO);
    ml_keep_value(&c->proto, e, ML_K_PROTO);
    if (!maillog__entry_get(e, ML_K_SEVERITY).ptr) ml_keep_value(&c->sasl_username, e, ML_K_SASL_USERNAME);
    if (!c->tls.ptr && smtp_in) c->tls = tls_of(b, e);
}

static void client_from_leg(ml_build *b, const ml_part *p)
{
    const ml_entry *e;
    for (size_t at = 0; (e = ml_next(p, &at)) != NULL;)
        client_line(b, e,
                    e->type == MAILLOG_EVENT_POSTFIX_CLIENT || ml_is_mta(e->daemon) ||
                        maillog__entry_get(e, ML_K_STAGE).ptr);
}

/* The lines of the transaction come first: XCLIENT can name another client than the connection's. */
static void client_from_session(ml_build *b, const ml_part *p)
{
    const ml_entry *e;
    for (size_t at = 0; (e = ml_next(p, &at)) != NULL;)
        if (e->segment) client_line(b, e, true);
    for (size_t at = 0; (e = ml_next(p, &at)) != NULL;)
        if (!e->segment) client_line(b, e, true);
}

/* The client before the proxy or filter, as the first known leg was told (XFORWARD, XCLIENT, haproxy). */
static void original_client(ml_build *b, const ml_part *p)
{
    size_t at = 0;
    const ml_entry *e;
    while ((e = ml_next(p, &at)) != NULL) {
        if (e->type != MAILLOG_EVENT_POSTFIX_CLIENT) continue;
        const maillog_str addr = maillog__entry_get(e, ML_K_ORIG_CLIENT_ADDR);
        if (!addr.ptr) continue;
        memset(&b->m->client, 0, sizeof b->m->client);
        b->m->client.name = maillog__entry_get(e, ML_K_ORIG_CLIENT_NAME);
        b->m->client.addr = addr;
    }
}

/* A before-queue filter's client is in the session that has no queue ID of its own: it came first. */
static const ml_part *first_session(const ml_build *b, uint32_t session)
{
    const ml_part *first = NULL;
    for (size_t i = 0; i < b->nparts; i++) {
        const ml_part *p = &b->part[i];
        if (p->kind == ML_NODE_SESSION && p->node == session) first = p;
    }
    return first;
}

static uint32_t proxy_session(const ml_build *b)
{
    for (size_t i = 0; i < b->nparts; i++) {
        const ml_part *p = &b->part[i];
        if (p->kind != ML_NODE_SESSION) continue;
        bool owned = false;
        for (size_t k = 0; k < b->m->nlegs; k++)
            owned |= ml_at_node(b->j, b->part[b->leg_part[k]].node)->session == p->node;
        if (!owned) return p->node;
    }
    return 0;
}

void maillog__build_client(ml_build *b)
{
    uint32_t session = proxy_session(b);
    const ml_part *root = b->m->nlegs ? &b->part[b->leg_part[0]] : NULL;
    if (!session && root) session = ml_at_node(b->j, root->node)->session;
    const ml_part *s = session ? first_session(b, session) : NULL;
    if (root && (!session || ml_at_node(b->j, root->node)->session == session)) client_from_leg(b, root);
    if (s) client_from_session(b, s);
    if (root && maillog__is_loopback(b->m->client.addr)) original_client(b, root);
}
