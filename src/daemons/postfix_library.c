/* postfix_library.c: what any Postfix program can write. Sources: util, global, master, tls, xsasl, milter and dns of
 * Postfix 2.11 to 3.11; the statements themselves are rows of the tables of postfix_statements.c.
 * A remote party controls: PTR names, TLS SNI, SASL names and replies, DNS data: always a value of a row, never its
 * literals, which stand to its left. A severity alone does not make an event: what has no row stays at `rest`. */
#include "postfix_library.h"

#define TABLE(name) &maillog__##name,
static const ml_patterns *const client_tables[] = {MAILLOG__POSTFIX_CLIENTS(TABLE)};
#undef TABLE

/* The statements that begin with a name and ": ": what leads their tables is looked for once. */
static bool statement_of_name(ml_line *l, ml_cur c, const ml_postfix *head)
{
    const ml_cur t = ml_slice(head->colon + 2, c.e);
    const char last = ml_last(ml_slice(c.p, head->colon));
    if (ml_is_digit(last) && maillog__match_patterns(l, &maillog__postfix_statements_line, c)) return true;
    if ((last == ']' || ml_is_digit(last)) && maillog__match_behind(l, &maillog__postfix_statements_peer, c, t.p))
        return true;
    const char *const second = ML_FIND(l, t, ": "), *const blank = ml_find(l, t, ' ');
    if (second && maillog__match_behind(l, &maillog__postfix_statements_named_twice, c, second + 2)) return true;
    if (blank && blank > t.p && maillog__match_behind(l, &maillog__postfix_statements_named_word, c, blank + 1))
        return true;
    return maillog__match_behind(l, &maillog__postfix_statements_named, c, t.p);
}

/* Statements of master and of the small services are among them: programs run under other names, and postlog(1) can
 * write under any tag. Those of the commands are not: some of them begin with a user's words. */
static bool statement(ml_line *l, ml_cur c, const ml_postfix *head)
{
    if (maillog__match_patterns(l, &maillog__postfix_statements, c)) return true;
    if (head->colon && statement_of_name(l, c, head)) return true;
    const char *const blank = ml_find(l, c, ' ');
    return blank && blank > c.p && maillog__match_behind(l, &maillog__postfix_statements_word, c, blank + 1);
}

/* TLS statements name the peer alike in servers and clients. */
static bool is_client(const ml_line *l)
{
    switch (l->ev->daemon) {
    case MAILLOG_DAEMON_POSTFIX_SMTP:
    case MAILLOG_DAEMON_POSTFIX_LMTP:
    case MAILLOG_DAEMON_POSTFIX_RELAY:
    case MAILLOG_DAEMON_POSTFIX_POSTTLS_FINGER:
        return true;
    default:
        return false;
    }
}

/* Programs that speak SMTP: in texts of others, `<` and `>` are an administrator's own. */
static bool has_dialogue(const ml_line *l)
{
    switch (l->ev->daemon) {
    case MAILLOG_DAEMON_POSTFIX_SMTPD:
    case MAILLOG_DAEMON_POSTFIX_POSTSCREEN:
        return true;
    default:
        return is_client(l);
    }
}

/* `timeout on SERVER while reading ITEM`, `premature end-of-input on …`: attr_scan*.c, of a policy server or service */
static bool attribute_read(ml_line *l, ml_cur c)
{
    ml_cur t = c, server;
    const bool timeout = ML_SKIP(&t, "timeout");
    if (!timeout && !ML_SKIP(&t, "premature end-of-input")) return false;
    const ml_cur what = ml_slice(c.p, t.p);
    if (!ML_SKIP(&t, " on ") || !ML_UNTIL(l, &t, " while reading ", &server)) return false;
    ml_put(l, MAILLOG_FIELD_WHAT, what);
    ml_put(l, MAILLOG_FIELD_SERVER, server);
    ml_put(l, MAILLOG_FIELD_ITEM, t);
    return ml_event(l, timeout ? MAILLOG_EVENT_POSTFIX_READ_TIMEOUT : MAILLOG_EVENT_POSTFIX_SERVER_ERROR);
}

/* `valid_hostname: misplaced delimiter: NAME`: valid_hostname.c, valid_mailhost_addr.c. The name is what a client or a
 * DNS server said: all that follows the second colon. */
static bool bad_hostname(ml_line *l, ml_cur c)
{
    ml_cur function, what;
    if (!ML_STARTS(c, "valid_") || !ML_UNTIL(l, &c, ": ", &function)) return false;
    if (!ML_UNTIL(l, &c, ": ", &what)) {
        what = c; /* no name behind it: `empty hostname`, or an empty name whose blank is gone */
        ML_DROP_END(&what, ":");
        c = ml_none();
    }
    ml_put(l, MAILLOG_FIELD_FUNC, function);
    ml_put(l, MAILLOG_FIELD_WHAT, what);
    ml_put_opt(l, MAILLOG_FIELD_NAME, c);
    return ml_event(l, MAILLOG_EVENT_POSTFIX_HOSTNAME_ERROR);
}

/* `REASON in server description: SERVER`: what host_port.c says of relayhost, a transport's nexthop, … */
static bool server_description(ml_line *l, ml_cur c, const ml_postfix *head)
{
    ml_cur reason;
    if (!ml_postfix_word(head, &c, &reason) || !ML_DROP_END(&reason, " in server description")) return false;
    ml_put(l, MAILLOG_FIELD_ERROR, reason);
    ml_put(l, MAILLOG_FIELD_SERVER, c);
    return ml_event(l, MAILLOG_EVENT_POSTFIX_CONFIG_ERROR);
}

/* `xsasl_cyrus_server_first: ERROR`, `event_enable_read: epoll_ctl: ERROR`: a function and what a library told it. */
static bool function_failed(ml_line *l, ml_cur c)
{
    ml_cur function;
    const bool sasl = ML_STARTS(c, "xsasl_");
    if ((!sasl && !ML_STARTS(c, "event_")) || !ML_UNTIL(l, &c, ": ", &function) || ml_find(l, function, ' '))
        return false;
    ml_put(l, sasl ? MAILLOG_FIELD_NAME : MAILLOG_FIELD_FUNC, function);
    ml_put(l, MAILLOG_FIELD_ERROR, c);
    return ml_event(l, sasl ? MAILLOG_EVENT_POSTFIX_SASL_PROBLEM : MAILLOG_EVENT_POSTFIX_PROCESS_ERROR);
}

/* `0.0.0.0:smtps: Servname not supported for ai_socktype`: what getaddrinfo(3) says of an address to listen at
 * (inet_listen.c). The library's texts only: any other text may be anything. */
static bool listen_address(ml_line *l, ml_cur c)
{
    static const char errors[][48] = {
        "Servname not supported for ai_socktype",     "Name or service not known",
        "No address associated with hostname",        "Temporary failure in name resolution",
        "Non-recoverable failure in name resolution", "hostname nor servname provided, or not known",
        "servname not supported for ai_socktype"};
    ml_cur addr;
    if (!ML_UNTIL(l, &c, ": ", &addr) || ml_find(l, addr, ' ')) return false;
    for (size_t i = 0; i < sizeof errors / sizeof *errors; i++) {
        if (!ml_is_n(c, errors[i], strlen(errors[i]))) continue;
        ml_put(l, MAILLOG_FIELD_ADDR, addr);
        ml_put(l, MAILLOG_FIELD_ERROR, c);
        return ml_event(l, MAILLOG_EVENT_POSTFIX_LISTEN_ERROR);
    }
    return false;
}

/* `< PEER: LINE`, `> PEER: LINE`: what went over the wire, of peers in debug_peer_list; the peer is smtpd's client or
 * its before-queue filter, smtp's next hop. The line is the other side's and runs to the end. */
static bool dialogue(ml_line *l, ml_cur c)
{
    ml_cur server;
    if ((ml_peek(c) != '<' && ml_peek(c) != '>') || ml_at(c, 1) != ' ') return false;
    maillog_field *const mark = ml_mark(l);
    ml_put(l, MAILLOG_FIELD_DIR, ml_slice(c.p, c.p + 1));
    c.p += 2;
    const ml_cur peer = c;
    maillog_field *const before_peer = ml_mark(l);
    const bool ok = ml_peek(c) == '[' ? maillog__put_addr_port(l, &c)
                    : is_client(l)    ? maillog__put_relay(l, &c)
                                      : maillog__put_client(l, &c);
    if (!ok || !ML_SKIP(&c, ": ")) {
        ml_fail(l, before_peer);
        c = peer;
        if (!ML_UNTIL(l, &c, ": ", &server) || ml_find(l, server, ' ')) return ml_fail(l, mark);
        ml_put(l, MAILLOG_FIELD_SERVER, server);
    }
    ml_put(l, MAILLOG_FIELD_DATA, c);
    return ml_event(l, MAILLOG_EVENT_POSTFIX_DIALOGUE);
}

/* `panic: function: text`: a bug of Postfix; the function is the name in the source. */
static bool panic(ml_line *l, ml_cur c)
{
    ml_cur t = c, function;
    if (ML_UNTIL(l, &t, ": ", &function) && !ml_empty(function) && !ml_find(l, function, ' '))
        ml_put(l, MAILLOG_FIELD_FUNC, function);
    else
        t = c;
    ml_put(l, MAILLOG_FIELD_TEXT, t);
    return ml_event(l, MAILLOG_EVENT_POSTFIX_PANIC);
}

/* Whether the text can be a row of client_tables. */
static bool is_about_peer(const ml_line *l, ml_cur c, const ml_postfix *head)
{
    if (!head->colon) return ML_STARTS(c, "SSL_set_fd");
    const ml_cur before = ml_slice(c.p, head->colon);
    return ML_STARTS(c, "certificate ") || ML_FIND(l, before, " certificate verification ");
}

/* What has a ": " in it; the last two behind one word. */
static bool with_colon(ml_line *l, ml_cur text, const ml_postfix *head)
{
    if (server_description(l, text, head)) return true;
    if (ml_find(l, ml_slice(text.p, head->colon), ' ')) return false;
    return listen_address(l, text) || (head->severity && function_failed(l, text));
}

bool maillog__postfix_library(ml_line *l, ml_cur text, const ml_postfix *head)
{
    if (!head->severity && !head->queue_id.p && has_dialogue(l) && dialogue(l, text)) return true;
    if (is_client(l) && is_about_peer(l, text, head) &&
        maillog__match_tables(l, client_tables, sizeof client_tables / sizeof *client_tables, text))
        return true;
    if (statement(l, text, head) || attribute_read(l, text) || bad_hostname(l, text)) return true;
    if (head->colon && with_colon(l, text, head)) return true;
    return head->severity == MAILLOG_SEVERITY_PANIC && panic(l, text);
}
