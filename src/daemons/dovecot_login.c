/* dovecot_login.c: imap-login, pop3-login, submission-login, managesieve-login: `MESSAGE: user=<…>, method=…, rip=…,
 * …`.
 *
 * Source: login-common/client-common.c, client-common-auth.c, login-proxy.c, sasl-server.c, main.c; Dovecot 2.2 to 2.4;
 * the list of elements is that of the default login_log_format_elements, unknown ones go to `rest`.
 * Remote-controlled: user (control characters masked, at most 80 bytes since 2.2.?; `>`, `,` and `=` stay), method
 * (upper case), the values of `ID sent:`, texts of TLS errors. The elements after the user are written by Dovecot, so
 * the user ends at the LAST `>, method=` or `>, rip=` of the line, and the message ends at the FIRST `: user=<`. */
#include "dovecot.h"

/* ---- the elements ---- */

typedef struct elements {
    ml_cur user;
    ml_cur rest; /* after the user's '>': "" or `, method=…` */
    bool cut;    /* the line ends inside the user */
} elements;

/* The name of a mechanism is logged in upper case and cut at 64 bytes; one that does not exist may hold any bytes. */
static bool is_method(ml_cur v)
{
    enum { METHOD_MAX = 64 };
    for (const char *p = v.p; p < v.e; p++)
        if (ml_is_lower(*p)) return false;
    return ml_len(v) <= METHOD_MAX;
}

/* The `>` of the user: see above. */
static const char *user_end(ml_line *l, ml_cur c)
{
    const char *const method = ML_RFIND(c, ">, method="), *const rip = ML_RFIND(c, ">, rip=");
    if (!method) return rip;
    if (!rip || rip < method) return method;
    if (!is_method(ml_slice(method + sizeof ">, method=" - 1, rip + 1))) return rip;
    l->ev->flags |= MAILLOG_FLAG_AMBIGUOUS; /* a mechanism `X>`, or a user that ends in `>, method=X` */
    return method;
}

/* `user=<…>` and what follows, from a cursor after the `<`. */
static void cut_user(ml_line *l, ml_cur c, elements *out)
{
    const char *end = user_end(l, c);
    if (!end) { /* another login_log_format_elements */
        end = ML_FIND(l, c, ">, ");
        if (!end && ml_last(c) == '>') end = c.e - 1;
    }
    out->cut = !end;
    out->user = ml_slice(c.p, end ? end : c.e);
    out->rest = ml_slice(end ? end + 1 : c.e, c.e);
}

/* `TLSv1.3 with cipher NAME (256/256 bits)`: %k of the elements. */
static bool put_cipher(ml_line *l, ml_cur v)
{
    maillog_field *const mark = ml_mark(l);
    ml_cur protocol, cipher, used, all;
    if (!ML_UNTIL(l, &v, " with cipher ", &protocol) || !ML_UNTIL(l, &v, " (", &cipher)) return false;
    if (!ml_digits(&v, &used) || !ml_skip_char(&v, '/') || !ml_digits(&v, &all) || !ML_IS(v, " bits)"))
        return ml_fail(l, mark);
    ml_put(l, MAILLOG_FIELD_TLS_PROTOCOL, protocol);
    ml_put(l, MAILLOG_FIELD_TLS_CIPHER, cipher);
    ml_put(l, MAILLOG_FIELD_TLS_BITS_USED, used);
    ml_put(l, MAILLOG_FIELD_TLS_BITS_ALG, all);
    return true;
}

/* Dovecot writes every element once: a second one is text. `seen`: a bit for each field that was asked for before. */
static bool put_once(ml_line *l, maillog_field_id id, unsigned bit, unsigned *seen, ml_cur v)
{
    const bool again = *seen >> bit & 1;
    *seen |= 1u << bit;
    if (again || maillog__dovecot_field(l, id).p) return false;
    ml_put(l, id, v);
    return true;
}

/* One element of which the end is the next `, `. */
static bool put_element(ml_line *l, ml_cur v, unsigned *seen)
{
    enum { KEYS = 6, SESSION = KEYS, SECURED };
    static const struct {
        ml_lit key;
        maillog_field_id field;
    } keys[KEYS] = {
        {ML_LIT("method="), MAILLOG_FIELD_METHOD}, {ML_LIT("rip="), MAILLOG_FIELD_RIP},
        {ML_LIT("lip="), MAILLOG_FIELD_LIP},       {ML_LIT("mpid="), MAILLOG_FIELD_MPID},
        {ML_LIT("lport="), MAILLOG_FIELD_LPORT},   {ML_LIT("rport="), MAILLOG_FIELD_RPORT},
    };
    if (ml_len(v) < 3) return false;
    const uint64_t head = ml_key(l, v);
    for (unsigned i = 0; ml_at(v, 3) != 'v' && i < KEYS; i++)
        if (ml_starts_lit(head, v, &keys[i].key))
            return put_once(l, keys[i].field, i, seen, ml_slice(v.p + keys[i].key.len, v.e));
    if (ML_SKIP(&v, "session=<")) {
        if (!ML_DROP_END(&v, ">")) l->ev->flags |= MAILLOG_FLAG_TRUNCATED;
        return put_once(l, MAILLOG_FIELD_SESSION, SESSION, seen, v);
    }
    if (ML_IS(v, "secured") || ML_IS(v, "TLS")) return put_once(l, MAILLOG_FIELD_SECURED, SECURED, seen, v);
    return (ML_STARTS(v, "TLSv") || ML_STARTS(v, "SSLv")) && put_cipher(l, v);
}

/* `TLS: ERROR`, `TLS handshaking: ERROR`: the error may hold `, `, so it goes on to the last session or to the end. */
static bool cut_tls_error(ml_cur *c, ml_cur *out)
{
    if (!ML_STARTS(*c, "TLS: ") && !ML_STARTS(*c, "TLS handshaking")) return false;
    const char *end = ML_RFIND(*c, ", session=<");
    *out = ml_slice(c->p, end ? end : c->e);
    c->p = out->e;
    return true;
}

static void put_elements(ml_line *l, const elements *el)
{
    enum { ELEMENTS_MAX = 20 }; /* twice as many as there are; what comes behind them is text */
    ml_cur c = el->rest, v, unknown = ml_none();
    unsigned seen = 0, n = 0;
    ml_put(l, MAILLOG_FIELD_USER, el->user);
    if (el->cut) l->ev->flags |= MAILLOG_FLAG_TRUNCATED;
    if (ML_SKIP(&c, ", method=")) {
        const char *end = ML_FIND(l, c, ", rip=");
        if (!end) end = ML_FIND(l, c, ", ");
        v = ml_slice(c.p, end ? end : c.e);
        ml_put(l, MAILLOG_FIELD_METHOD, v);
        c.p = v.e;
    }
    for (; n < ELEMENTS_MAX && ML_SKIP(&c, ", "); n++) {
        if (cut_tls_error(&c, &v)) {
            ml_put(l, MAILLOG_FIELD_SECURED, v);
            continue;
        }
        const char *end = ML_FIND(l, c, ", ");
        v = ml_slice(c.p, end ? end : c.e);
        c.p = v.e;
        if (put_element(l, v, &seen)) continue;
        if (!unknown.p) unknown.p = v.p;
        unknown.e = v.e;
    }
    if (n == ELEMENTS_MAX && !ml_empty(c)) unknown = ml_slice(unknown.p ? unknown.p : c.p, c.e);
    if (unknown.p) ml_put_rest(l, unknown);
}

/* ---- the message ---- */

/* `auth failed, 3 attempts in 17 secs`, `no auth attempts in 2 secs`, `…, waited 12 secs`. */
static void put_counts(ml_line *l, ml_cur detail)
{
    ml_cur head = detail, n;
    if (!ML_DROP_END(&head, " secs")) {
        /* 2.2.? and rewritten logs: `auth failed, 1 attempts` */
        if (!ML_DROP_END(&head, " attempts")) return;
        const char *blank = ml_rfind(head, ' ');
        n = ml_slice(blank ? blank + 1 : head.p, head.e);
        ml_cur t = n, digits;
        if (ml_digits(&t, &digits) && ml_empty(t)) ml_put(l, MAILLOG_FIELD_ATTEMPTS, n);
        return;
    }
    const char *blank = ml_rfind(head, ' ');
    if (!blank) return;
    ml_cur seconds = ml_slice(blank + 1, head.e), t = seconds;
    if (!ml_digits(&t, &n) || !ml_empty(t)) return;
    head.e = blank;
    if (ML_DROP_END(&head, " attempts in") && (blank = ml_rfind(head, ' ')) != NULL) {
        t = ml_slice(blank + 1, head.e);
        if (ml_digits(&t, &n) && ml_empty(t)) ml_put(l, MAILLOG_FIELD_ATTEMPTS, n);
    }
    ml_put(l, MAILLOG_FIELD_SECONDS, seconds);
}

static bool is_reason_code(ml_cur v)
{
    for (const char *p = v.p; p < v.e; p++)
        if (!ml_is_lower(*p) && *p != '_') return false;
    return !ml_empty(v);
}

/* 2.4: `Login aborted: REASON (DETAIL) (CODE)`; before: `Disconnected[: REASON][ (DETAIL)]`, `Aborted login[ …]`. */
static bool aborted(ml_line *l, ml_cur m)
{
    const bool new_form = ML_SKIP(&m, "Login aborted: ");
    if (!new_form && !ML_STARTS(m, "Aborted login") && !ML_STARTS(m, "Disconnected") &&
        !ML_STARTS(m, "Maximum number of connections") && !ML_STARTS(m, "Internal login failure") &&
        !ML_STARTS(m, "Timeout while finishing login"))
        return false;
    ml_cur code = ml_none(), detail = ml_none(), t = m;
    if (new_form && maillog__dovecot_cut_parentheses(&t, &code) && is_reason_code(code))
        m = t;
    else
        code = ml_none();
    if (!ML_STARTS(m, "Maximum number")) maillog__dovecot_cut_parentheses(&m, &detail);
    if (!ML_SKIP(&m, "Disconnected: ")) ML_SKIP(&m, "Disconnected");
    ML_SKIP(&m, "Disconnected: "); /* pop3-login before 2.3.15 says it twice */
    if (!ml_empty(m)) ml_put(l, MAILLOG_FIELD_REASON, m);
    if (detail.p) {
        ml_put(l, MAILLOG_FIELD_REASON_DETAIL, detail);
        put_counts(l, detail);
    }
    ml_put_opt(l, MAILLOG_FIELD_REASON_CODE, code);
    return ml_event(l, MAILLOG_EVENT_DOVECOT_LOGIN_ABORTED);
}

/* ---- proxying ---- */

static bool is_address(ml_cur v)
{
    for (const char *p = v.p; p < v.e; p++)
        if (!ml_is_hex(*p) && *p != '.' && *p != ':') return false;
    return !ml_empty(v);
}

static void put_proxy_host(ml_line *l, ml_cur host)
{
    ml_put(l, is_address(host) ? MAILLOG_FIELD_PROXY_ADDR : MAILLOG_FIELD_PROXY_HOST, host);
}

/* `HOST:PORT`, the port after the last colon. */
static bool host_port(ml_cur v, ml_cur *host, ml_cur *port)
{
    const char *colon = ml_rfind(v, ':');
    if (!colon) return false;
    *host = ml_slice(v.p, colon);
    *port = ml_slice(colon + 1, v.e);
    ml_cur t = *port, digits;
    return ml_digits(&t, &digits) && ml_empty(t);
}

/* ` from SOURCE`, ` as user NAME`, ` (master NAME)` between the statement and what follows. */
static void put_as_user(ml_line *l, ml_cur t)
{
    ml_cur before, name;
    if (!ML_UNTIL(l, &t, " as user ", &before)) return;
    if (!ML_UNTIL(l, &t, " (master ", &name)) name = t;
    ml_put(l, MAILLOG_FIELD_LOGIN_USER, name);
}

/* `Started proxying to <IP>[ (<HOST>)]… (0.012 secs[, N reconnects])`, `started proxying to HOST:PORT[ …]`. */
static bool proxy_started(ml_line *l, ml_cur m)
{
    ml_cur v, host, port, times = ml_none();
    const bool old = ML_SKIP(&m, "started proxying to ");
    if (!old && !ML_SKIP(&m, "Started proxying to ")) return false;
    if (!old) maillog__dovecot_cut_parentheses(&m, &times);
    if (ML_SKIP(&m, "<") && ml_until(l, &m, '>', &v)) {
        put_proxy_host(l, v);
        if (ML_SKIP(&m, " (<") && ml_until(l, &m, '>', &v) && !maillog__dovecot_field(l, MAILLOG_FIELD_PROXY_HOST).p)
            ml_put(l, MAILLOG_FIELD_PROXY_HOST, v);
    } else if (old && ml_word(l, &m, &v) && host_port(v, &host, &port)) {
        put_proxy_host(l, host);
        ml_put(l, MAILLOG_FIELD_PROXY_PORT, port);
    }
    put_as_user(l, m);
    if (times.p && ML_UNTIL(l, &times, " secs", &v)) {
        ml_put(l, MAILLOG_FIELD_SECONDS, v);
        if (ML_SKIP(&times, ", ") && ml_digits(&times, &v)) ml_put(l, MAILLOG_FIELD_RETRY, v);
    }
    return ml_event(l, MAILLOG_EVENT_DOVECOT_PROXY_STARTED);
}

/* `Ns idle, in=N, out=N[+N][, client output blocked]` */
static bool proxy_counts(ml_line *l, ml_cur c)
{
    ml_cur idle, in, out;
    if (!ml_digits(&c, &idle) || !ML_SKIP(&c, "s idle, in=") || !ml_digits(&c, &in) || !ML_SKIP(&c, ", out=") ||
        !ml_digits(&c, &out))
        return false;
    ml_put(l, MAILLOG_FIELD_IDLE, idle);
    ml_put(l, MAILLOG_FIELD_IN, in);
    ml_put(l, MAILLOG_FIELD_OUT, out);
    if (!ml_empty(c)) ml_put(l, MAILLOG_FIELD_TEXT, c); /* what could not be sent any more */
    return true;
}

/* `Disconnected by client[: REASON] (COUNTS)`; 2.2: `disconnecting IP (REASON(COUNTS))`. */
static bool proxy_ended(ml_line *l, ml_cur m)
{
    maillog_field *const mark = ml_mark(l);
    ml_cur counts, addr;
    if (ML_SKIP(&m, "disconnecting ")) {
        if (!ML_UNTIL(l, &m, " (", &addr) || !ML_DROP_END(&m, "))")) return false;
        const char *open = ml_rfind(m, '(');
        if (!open) return false;
        counts = ml_slice(open + 1, m.e);
        m.e = open;
        ml_put(l, MAILLOG_FIELD_RIP2, addr);
    } else if (!ML_STARTS(m, "Disconnected by ") || !maillog__dovecot_cut_parentheses(&m, &counts)) {
        return false;
    }
    ml_put(l, MAILLOG_FIELD_REASON, m);
    if (!proxy_counts(l, counts)) return ml_fail(l, mark);
    return ml_event(l, MAILLOG_EVENT_DOVECOT_PROXY_ENDED);
}

/* `Login failed[ as user X]: REASON`, or any fault. */
static bool proxy_failed(ml_line *l, ml_cur m, const ml_dovecot *head)
{
    ml_cur who;
    if (ML_SKIP(&m, "Login failed")) {
        if (ml_until(l, &m, ':', &who)) {
            put_as_user(l, who);
            ml_skip_blanks(&m);
        }
        ml_put(l, MAILLOG_FIELD_REASON, m);
    } else if (ml_dovecot_is_fault(head)) {
        ml_put(l, MAILLOG_FIELD_ERROR, m);
    } else {
        ml_put(l, MAILLOG_FIELD_REASON, m);
    }
    return ml_event(l, MAILLOG_EVENT_DOVECOT_PROXY_FAILED);
}

/* `proxy(USER): …`, `proxy(USER,HOST:PORT): …`; the user is that of the elements, when there are any. */
static bool cut_proxy(ml_line *l, ml_cur *m, ml_cur user)
{
    ml_cur t = *m, who, host, port;
    if (!ML_SKIP(&t, "proxy(")) return false;
    const char *const start = t.p;
    if (user.p && ml_starts_n(t, user.p, ml_len(user))) t.p += ml_len(user);
    if (!ML_UNTIL(l, &t, "): ", &who)) return false;
    const char *const comma = ml_rfind(who, ',');
    if (comma && host_port(ml_slice(comma + 1, who.e), &host, &port)) {
        ml_put(l, MAILLOG_FIELD_PROXY_HOST, host);
        ml_put(l, MAILLOG_FIELD_PROXY_PORT, port);
        who.e = comma;
    }
    if (!user.p) ml_put(l, MAILLOG_FIELD_USER, ml_slice(start, who.e));
    *m = t;
    return true;
}

static bool proxy(ml_line *l, ml_cur m, ml_cur user, const ml_dovecot *head)
{
    return cut_proxy(l, &m, user) && (proxy_started(l, m) || proxy_ended(l, m) || proxy_failed(l, m, head));
}

/* ---- lines ---- */

static bool statement(ml_line *l, ml_cur m, ml_cur user, const ml_dovecot *head)
{
    if (ML_IS(m, "Login") || ML_IS(m, "Logged in")) return ml_event(l, MAILLOG_EVENT_DOVECOT_LOGIN);
    if (aborted(l, m) || proxy(l, m, user, head)) return true;
    if (ML_SKIP(&m, "Login failed: ") || ML_SKIP(&m, "APOP failed: ")) {
        ml_put(l, MAILLOG_FIELD_REASON, m);
        return ml_event(l, MAILLOG_EVENT_DOVECOT_LOGIN_FAILED);
    }
    ml_cur mechanism;
    if (ML_SKIP(&m, "Authenticate ")) { /* the name is the client's, the reason ours: the last ` failed: ` */
        if (!ML_UNTIL_LAST(&m, " failed: ", &mechanism)) return false;
        ml_put(l, MAILLOG_FIELD_REASON, m);
        return ml_event(l, MAILLOG_EVENT_DOVECOT_LOGIN_FAILED);
    }
    if (ML_SKIP(&m, "ID sent: ")) {
        ml_put(l, MAILLOG_FIELD_TEXT, m);
        return ml_event(l, MAILLOG_EVENT_DOVECOT_CLIENT_ID);
    }
    return false;
}

/* Lines without elements. */
ML_PATTERN_ROWS(maillog__dovecot_login_statements) = {
    {MAILLOG_EVENT_DOVECOT_SSL_ERROR,
     {MAILLOG_FIELD_ERROR},
     ML_TEXT("Diffie-Hellman key exchange requested, but no DH parameters provided. %s")},
    {MAILLOG_EVENT_DOVECOT_SSL_ERROR, {MAILLOG_FIELD_ERROR}, ML_TEXT("Failed to initialize SSL %s")},
    {MAILLOG_EVENT_DOVECOT_SSL_ALERT, {MAILLOG_FIELD_TEXT}, ML_TEXT("Received invalid SSL certificate: %s")},
    {MAILLOG_EVENT_DOVECOT_SSL_ALERT, {MAILLOG_FIELD_TEXT}, ML_TEXT("SSL alert: %s")},
    {MAILLOG_EVENT_DOVECOT_SSL_ALERT, {MAILLOG_FIELD_TEXT}, ML_TEXT("SSL error: %s")},
    {MAILLOG_EVENT_DOVECOT_LOGIN_NOTE, {0}, ML_TEXT("SSL is disabled (ssl=no)")},
    {MAILLOG_EVENT_DOVECOT_SSL_ALERT, {MAILLOG_FIELD_TEXT}, ML_TEXT("SSL: %s")},
    {MAILLOG_EVENT_DOVECOT_ACCESS_REFUSED,
     {MAILLOG_FIELD_SOCKET, MAILLOG_FIELD_RIP},
     ML_TEXT("access(%s): Client disconnected during lookup (rip=%s)")},
    {MAILLOG_EVENT_DOVECOT_ACCESS_REFUSED,
     {MAILLOG_FIELD_SOCKET, MAILLOG_FIELD_RIP},
     ML_TEXT("access(%s): Client refused (rip=%s)")},
    {MAILLOG_EVENT_DOVECOT_AUTH_CLIENT, {MAILLOG_FIELD_ERROR}, ML_TEXT("auth-client: %s")},
    {MAILLOG_EVENT_DOVECOT_POSTLOGIN_FAILED, {MAILLOG_FIELD_WHAT, MAILLOG_FIELD_ERROR}, ML_TEXT("master(%s): %s")},
};
ML_PATTERN_TABLE(maillog__dovecot_login_statements);

/* The message ends where the elements begin. An IMAP client writes the text of `ID sent:` itself: there the last
 * `: user=<` counts. */
static bool split(const ml_line *l, ml_cur text, ml_cur *message, ml_cur *user)
{
    *user = text;
    if (!ML_STARTS(text, "ID sent: ")) return ML_UNTIL(l, user, ": user=<", message);
    if (!ML_UNTIL_LAST(user, ": user=<", message)) return false;
    if (ML_FIND(l, *message, ": user=<")) l->ev->flags |= MAILLOG_FLAG_AMBIGUOUS;
    return true;
}

bool maillog__dovecot_login(ml_line *l, ml_cur text, const ml_dovecot *head)
{
    maillog_field *const mark = ml_mark(l);
    ml_cur message, rest;
    elements el;
    if (!split(l, text, &message, &rest))
        return statement(l, text, ml_none(), head) ||
               maillog__match_patterns(l, &maillog__dovecot_login_statements, text);
    cut_user(l, rest, &el);
    if (!statement(l, message, el.user, head)) {
        l->next = mark;
        ml_dovecot_put_text(l, head, message);
        ml_event(l, MAILLOG_EVENT_DOVECOT_LOGIN_NOTE);
    }
    put_elements(l, &el);
    return true;
}
