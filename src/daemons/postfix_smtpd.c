/* postfix_smtpd.c: the SMTP server's lines about a message or a command. Source: smtpd.c, smtpd_check.c,
 * smtpd_proxy.c, smtpd_milter.c of Postfix 2.11 to 3.11. The session's lines are in postfix_smtpd_session.c, warnings
 * in postfix_smtpd_warnings.c.
 * Client-controlled: helo, from, to, sasl_method, sasl_username, sasl_sender, and in reason and text every address and
 * HELO name; milters, policy servers and DNSBLs write reason as they like. */
#include "postfix.h"

#include "postfix_smtpd.h"

void maillog__postfix_put_stage(ml_line *l, ml_cur stage)
{
    ml_put_word(l, MAILLOG_FIELD_STAGE, stage, maillog__word(stage, MAILLOG_STAGE_CONNECT, MAILLOG_STAGE_UNKNOWN));
}

/* orig_client=CLIENT */
static bool put_orig_client(ml_line *l, ml_cur c)
{
    ml_peer peer;
    if (!maillog__peer(l, &c, &peer) || !ml_empty(c)) return false;
    ml_put(l, MAILLOG_FIELD_ORIG_CLIENT_NAME, peer.name);
    ml_put(l, MAILLOG_FIELD_ORIG_CLIENT_ADDR, peer.addr);
    ml_put_opt(l, MAILLOG_FIELD_ORIG_CLIENT_PORT, peer.port);
    return true;
}

/* The parts after sasl_username or sasl_sender, which is bare text and may hold look-alikes: from the right, each only
 * if its value has the right shape. */
static void name_and_rest(ml_line *l, ml_cur c, maillog_field_id name)
{
    ml_cur sender = ml_none(), queue_id = ml_none(), client = ml_none(), t = c, before;
    if (ML_UNTIL_LAST(&t, ", orig_client=", &before) && ml_last(t) != ',' && !ml_find(l, t, ' ') &&
        ml_find(l, t, '[')) {
        client = t;
        c = before;
    }
    t = c;
    if (ML_UNTIL_LAST(&t, ", orig_queue_id=", &before) && maillog__is_queue_id(t)) {
        queue_id = t;
        c = before;
    }
    t = c;
    if (name == MAILLOG_FIELD_SASL_USERNAME && ML_UNTIL_LAST(&t, ", sasl_sender=", &before) && !ml_find(l, t, ' ')) {
        sender = t;
        c = before;
    }
    /* a name can end like these: only the names that the server knows tell; a sender (MAIL AUTH=) any client gives */
    if (client.p || queue_id.p || sender.p) l->ev->flags |= MAILLOG_FLAG_AMBIGUOUS;
    ml_put(l, name, c);
    ml_put_opt(l, MAILLOG_FIELD_SASL_SENDER, sender);
    ml_put_opt(l, MAILLOG_FIELD_ORIG_QUEUE_ID, queue_id);
    if (client.p) put_orig_client(l, client);
}

static bool is_client_item(ml_cur c)
{
    const char first = ml_peek(c);
    if (first != 's' && first != 'o') return false;
    return ML_STARTS(c, "sasl_method=") || ML_STARTS(c, "sasl_username=") || ML_STARTS(c, "sasl_sender=") ||
           ML_STARTS(c, "orig_queue_id=") || ML_STARTS(c, "orig_client=");
}

/* One `key=value` that cannot hold a comma. */
static bool client_item(ml_line *l, ml_cur v)
{
    ml_cur key;
    if (!ml_until(l, &v, '=', &key)) return false;
    if (ML_IS(key, "sasl_method")) return ml_put(l, MAILLOG_FIELD_SASL_METHOD, v), true;
    if (ML_IS(key, "orig_queue_id")) return ml_put(l, MAILLOG_FIELD_ORIG_QUEUE_ID, v), true;
    if (ML_IS(key, "orig_client")) return put_orig_client(l, v);
    return false;
}

/* Where an item ends: at the next comma with a blank behind it, or the end. Items are short. */
static const char *end_of_item(const ml_line *l, ml_cur c)
{
    for (const char *p; (p = ml_find(l, c, ',')) != NULL; c.p = p + 1)
        if (p + 1 < c.e && p[1] == ' ') return p;
    return c.e;
}

/* client=CLIENT[, sasl_method=M][, sasl_username=U][, sasl_sender=S][, orig_queue_id=Q][, orig_client=CLIENT] */
bool maillog__postfix_client(ml_line *l, ml_cur c)
{
    ml_cur fresh = ml_none(); /* parts to come */
    if (!maillog__put_client(l, &c)) return false;
    while (ML_SKIP(&c, ", ")) {
        const ml_cur item = ml_slice(c.p, end_of_item(l, c));
        if (!is_client_item(item)) {
            if (!fresh.p) fresh.p = item.p;
            fresh.e = c.p = item.e;
            continue;
        }
        ml_put_rest(l, fresh);
        fresh = ml_none();
        const bool username = ML_SKIP(&c, "sasl_username=");
        if (username || ML_SKIP(&c, "sasl_sender=")) {
            name_and_rest(l, c, username ? MAILLOG_FIELD_SASL_USERNAME : MAILLOG_FIELD_SASL_SENDER);
            c.p = c.e;
            break;
        }
        if (!client_item(l, item)) break;
        c.p = item.e;
    }
    ml_put_rest(l, fresh);
    ml_put_rest(l, c);
    return ml_event(l, MAILLOG_EVENT_POSTFIX_CLIENT);
}

/* `[CODE ][DSN ]text`; cleanup leaves the code out. */
ml_cur maillog__postfix_reply_text(ml_line *l, ml_cur c)
{
    ml_cur t = c, code, dsn;
    if (ml_digits(&t, &code) && ml_len(code) == 3 && ml_skip_char(&t, ' ')) {
        ml_put(l, MAILLOG_FIELD_CODE, code);
        c = t;
    }
    t = c;
    if (maillog__dsn(&t, &dsn) && ml_skip_char(&t, ' ')) {
        ml_put(l, MAILLOG_FIELD_DSN, dsn);
        c = t;
    }
    ml_put(l, MAILLOG_FIELD_REASON, c);
    return c;
}

/* Its text is not Postfix's. */
static bool is_milter(maillog_event_type event)
{
    return event == MAILLOG_EVENT_POSTFIX_MILTER_REJECT || event == MAILLOG_EVENT_POSTFIX_MILTER_HOLD ||
           event == MAILLOG_EVENT_POSTFIX_MILTER_DISCARD;
}

static maillog_event_type action_event(unsigned action)
{
    switch (action) {
    case MAILLOG_ACTION_REJECT:
        return MAILLOG_EVENT_POSTFIX_REJECT;
    case MAILLOG_ACTION_REJECT_WARNING:
        return MAILLOG_EVENT_POSTFIX_REJECT_WARNING;
    case MAILLOG_ACTION_MILTER_REJECT:
        return MAILLOG_EVENT_POSTFIX_MILTER_REJECT;
    case MAILLOG_ACTION_MILTER_HOLD:
        return MAILLOG_EVENT_POSTFIX_MILTER_HOLD;
    case MAILLOG_ACTION_MILTER_DISCARD:
        return MAILLOG_EVENT_POSTFIX_MILTER_DISCARD;
    default:
        return MAILLOG_EVENT_POSTFIX_ACTION;
    }
}

/* What was said, without its context: `421 4.3.0 HOST Server local data error`, or a line cut before the `;`. */
static void text_without_context(ml_line *l, ml_cur c)
{
    ml_cur t = c, code, dsn, host;
    if (ML_DROP_END(&t, " Server local data error") && ml_digits(&t, &code) && ml_skip_char(&t, ' ') &&
        maillog__dsn(&t, &dsn) && ml_skip_char(&t, ' ') && ml_word(l, &t, &host) && ml_empty(t)) {
        ml_put(l, MAILLOG_FIELD_CODE, code);
        ml_put(l, MAILLOG_FIELD_DSN, dsn);
        ml_put(l, MAILLOG_FIELD_MAIL_HOSTNAME, host);
        ml_put(l, MAILLOG_FIELD_REASON, ml_slice(host.e + 1, c.e));
        return;
    }
    l->ev->flags |= MAILLOG_FLAG_TRUNCATED;
    maillog__postfix_reply_text(l, c);
}

/* ACTION: STAGE from CLIENT: TEXT; from=<…> to=<…> proto=… helo=<…> */
bool maillog__postfix_action(ml_line *l, ml_cur c, const ml_postfix *head)
{
    maillog_field *const mark = ml_mark(l);
    ml_cur word, stage;
    if (!ml_postfix_word(head, &c, &word)) return false;
    const unsigned id = maillog__word(word, MAILLOG_ACTION_REJECT, MAILLOG_ACTION_DEFER);
    if (!id) return false;
    ml_put_word(l, MAILLOG_FIELD_ACTION, word, id);
    if (!ML_UNTIL(l, &c, " from ", &stage)) return ml_fail(l, mark);
    maillog__postfix_put_stage(l, stage);
    if (!maillog__put_client(l, &c) || !ML_SKIP(&c, ": ")) return ml_fail(l, mark);

    ml_context ctx;
    const maillog_event_type event = action_event(id);
    if (!maillog__postfix_find_context(l, c, ML_CONTEXT_TO_END, &ctx)) {
        text_without_context(l, c);
        return ml_event(l, event);
    }
    ml_cur said = ctx.text;
    if (event == MAILLOG_EVENT_POSTFIX_ACTION)
        ml_put(l, MAILLOG_FIELD_TEXT, said);
    else
        said = maillog__postfix_reply_text(l, said);
    if (!is_milter(event)) maillog__postfix_split_reason(l, said, &ctx);
    maillog__postfix_put_context(l, &ctx);
    ml_put_rest(l, ctx.after);
    return ml_event(l, event);
}

/* proxy-(accept|reject): STAGE: REPLY; context. The reply is the proxy's. */
static bool proxy_reply(ml_line *l, ml_cur c)
{
    const bool ok = ML_STARTS(c, "proxy-accept: ");
    ml_cur word, stage;
    ml_context ctx;
    if ((!ok && !ML_STARTS(c, "proxy-reject: ")) || !ML_UNTIL(l, &c, ": ", &word)) return false;
    if (!ML_UNTIL(l, &c, ": ", &stage)) return false;
    ml_put_word(l, MAILLOG_FIELD_ACTION, word, ok ? MAILLOG_ACTION_PROXY_ACCEPT : MAILLOG_ACTION_PROXY_REJECT);
    maillog__postfix_put_stage(l, stage);
    if (maillog__postfix_find_context(l, c, ML_CONTEXT_TO_END, &ctx)) {
        ml_put(l, MAILLOG_FIELD_REPLY, ctx.text);
        maillog__postfix_put_context(l, &ctx);
        ml_put_rest(l, ctx.after);
    } else {
        l->ev->flags |= MAILLOG_FLAG_TRUNCATED;
        ml_put(l, MAILLOG_FIELD_REPLY, c);
    }
    return ml_event(l, ok ? MAILLOG_EVENT_POSTFIX_PROXY_ACCEPT : MAILLOG_EVENT_POSTFIX_PROXY_REJECT);
}

/* abort: TLS from CLIENT: REASON */
static bool tls_abort(ml_line *l, ml_cur c)
{
    if (!ML_SKIP(&c, "abort: TLS from ") || !maillog__put_client(l, &c) || !ML_SKIP(&c, ": ")) return false;
    ml_put(l, MAILLOG_FIELD_REASON, c);
    return ml_event(l, MAILLOG_EVENT_POSTFIX_TLS_ABORT);
}

bool maillog__postfix_smtpd(ml_line *l, ml_cur text, const ml_postfix *head)
{
    ml_cur c = text;
    if (head->severity)
        return maillog__postfix_hostname(l, c) || maillog__postfix_sasl_failure(l, c) ||
               maillog__postfix_smtpd_warning(l, c, head) || maillog__postfix_tls(l, c, head);
    if (head->queue_id.p) {
        if (ML_SKIP(&c, "client=")) return maillog__postfix_client(l, c);
        return maillog__postfix_action(l, c, head) || maillog__postfix_session(l, c, head) || proxy_reply(l, c) ||
               tls_abort(l, c) || maillog__postfix_smtpd_info(l, c);
    }
    return maillog__postfix_session(l, c, head) || proxy_reply(l, c) || maillog__postfix_tls(l, c, head) ||
           maillog__postfix_smtpd_info(l, c) || maillog__postfix_action(l, c, head); /* before 2.1 without NOQUEUE */
}
