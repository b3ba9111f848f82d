/* dovecot.c: what every Dovecot line begins with, and the way to the service's own grammar.
 *
 *   SERVICE[(USER | PID | PID, USER | IP,USER)][<PID>][<SESSION>]: [SESSION: ][TYPE: ][conn NAME (pid=N,uid=N): ]TEXT
 *
 * Sources: Dovecot 2.2.36, 2.3.19 to 2.3.21, 2.4.x: failures.c, master-service.c, mail-storage-service.c, lmtp,
 * auth-request.c. Remote-controlled: the user, before it is authenticated (auth and login services; control characters
 * are masked, `,` `)` `<` `>` are not); after that only what auth_username_chars lets through. */
#include "dovecot.h"

#include "daemons.h"
#include "pam.h"

enum {
    PID_IN_PARENTHESES = 1, /* a number alone is the process ID, never a user */
    IDENTITY = 2,           /* (USER,IP,sasl:MECH) of an authentication request */
};

typedef struct service_row {
    ml_lit name;
    uint8_t daemon, flags;
    ml_dovecot_grammar grammar;
} service_row;

#define SERVICE(name, DAEMON, flags, grammar)                                                                          \
    {                                                                                                                  \
        ML_LIT(name), MAILLOG_DAEMON_DOVECOT_##DAEMON, flags, grammar                                                  \
    }
static const service_row services[] = {
    SERVICE("lmtp", LMTP, PID_IN_PARENTHESES, maillog__dovecot_delivery),
    SERVICE("lda", LDA, 0, maillog__dovecot_delivery),
    SERVICE("imap-login", IMAP_LOGIN, 0, maillog__dovecot_login),
    SERVICE("imap", IMAP, 0, maillog__dovecot_session),
    SERVICE("pop3-login", POP3_LOGIN, 0, maillog__dovecot_login),
    SERVICE("pop3", POP3, 0, maillog__dovecot_session),
    SERVICE("auth-worker", AUTH_WORKER, PID_IN_PARENTHESES | IDENTITY, maillog__dovecot_auth),
    SERVICE("auth", AUTH, PID_IN_PARENTHESES | IDENTITY, maillog__dovecot_auth),
    SERVICE("submission-login", SUBMISSION_LOGIN, 0, maillog__dovecot_login),
    SERVICE("submission", SUBMISSION, 0, maillog__dovecot_session),
    SERVICE("managesieve-login", MANAGESIEVE_LOGIN, 0, maillog__dovecot_login),
    SERVICE("managesieve", MANAGESIEVE, 0, maillog__dovecot_session),
    SERVICE("deliver", DELIVER, 0, maillog__dovecot_delivery),
    SERVICE("master", MASTER, PID_IN_PARENTHESES, maillog__dovecot_master),
    SERVICE("anvil", ANVIL, PID_IN_PARENTHESES, maillog__dovecot_master),
    SERVICE("stats", STATS, PID_IN_PARENTHESES, maillog__dovecot_master),
    SERVICE("old-stats", OLD_STATS, PID_IN_PARENTHESES, maillog__dovecot_master),
    SERVICE("log", LOG, PID_IN_PARENTHESES, maillog__dovecot_master),
    SERVICE("config", CONFIG, PID_IN_PARENTHESES, maillog__dovecot_master),
    SERVICE("doveconf", DOVECONF, PID_IN_PARENTHESES, maillog__dovecot_master),
    SERVICE("ssl-params", SSL_PARAMS, PID_IN_PARENTHESES, maillog__dovecot_master),
    SERVICE("indexer", INDEXER, PID_IN_PARENTHESES, maillog__dovecot_master),
    SERVICE("indexer-worker", INDEXER_WORKER, 0, maillog__dovecot_session),
    SERVICE("doveadm", DOVEADM, 0, maillog__dovecot_session),
    SERVICE("doveadm-server", DOVEADM, 0, maillog__dovecot_session),
    SERVICE("dsync", DSYNC, 0, maillog__dovecot_session),
    SERVICE("dsync-local", DSYNC, 0, maillog__dovecot_session),
    SERVICE("dsync-remote", DSYNC, 0, maillog__dovecot_session),
    SERVICE("dsync-server", DSYNC, 0, maillog__dovecot_session),
    SERVICE("replicator", REPLICATOR, PID_IN_PARENTHESES, maillog__dovecot_master),
    SERVICE("aggregator", AGGREGATOR, PID_IN_PARENTHESES, maillog__dovecot_master),
    SERVICE("director", DIRECTOR, PID_IN_PARENTHESES, maillog__dovecot_master),
    SERVICE("dict", DICT, PID_IN_PARENTHESES, maillog__dovecot_auth),
    SERVICE("dict-async", DICT, PID_IN_PARENTHESES, maillog__dovecot_auth),
    SERVICE("quota-status", QUOTA_STATUS, 0, maillog__dovecot_session),
    SERVICE("imap-urlauth", IMAP_URLAUTH, 0, maillog__dovecot_session),
    SERVICE("imap-urlauth-worker", IMAP_URLAUTH, 0, maillog__dovecot_session),
    SERVICE("imap-urlauth-login", IMAP_URLAUTH, 0, maillog__dovecot_login),
    SERVICE("imap-hibernate", IMAP_HIBERNATE, 0, maillog__dovecot_session),
    SERVICE("ipc", IPC, PID_IN_PARENTHESES, maillog__dovecot_master),
    SERVICE("script", SCRIPT, 0, maillog__dovecot_session),
    SERVICE("script-login", SCRIPT, 0, maillog__dovecot_session),
    /* as 1.x wrote them */
    SERVICE("IMAP", IMAP, 0, maillog__dovecot_session),
    SERVICE("POP3", POP3, 0, maillog__dovecot_session),
    SERVICE("MANAGESIEVE", MANAGESIEVE, 0, maillog__dovecot_session),
};

/* The master process of 1.x, and whatever has no service in front. */
static const service_row no_service = SERVICE("", MASTER, 0, maillog__dovecot_master);
static const service_row other_service = SERVICE("", SERVICE, 0, maillog__dovecot_session);

static const service_row *find_service(const ml_line *l, ml_cur name)
{
    const uint64_t head = ml_key(l, name);
    for (size_t i = 0; i < sizeof services / sizeof *services; i++)
        if (ml_is_lit(head, name, &services[i].name)) return &services[i];
    return &other_service;
}

/* ---- fields ---- */

ml_cur maillog__dovecot_field(const ml_line *l, maillog_field_id id)
{
    for (const maillog_field *f = l->limit - MAILLOG_FIELDS_MAX; f < l->next; f++)
        if (f->id == id) return ml_slice(l->base + f->off, l->base + f->off + f->len);
    return ml_none();
}

void maillog__dovecot_pid_of(ml_line *l, maillog_field_id id)
{
    const ml_cur pid = maillog__dovecot_field(l, id);
    if (pid.p && !maillog__dovecot_field(l, MAILLOG_FIELD_PID).p) ml_put(l, MAILLOG_FIELD_PID, pid);
}

void maillog__dovecot_put_pid(ml_line *l, maillog_field_id id, ml_cur pid)
{
    ml_put(l, id, pid);
    maillog__dovecot_pid_of(l, id);
}

/* The service's own process: syslog's tag names the log process, if any. */
static void put_own_pid(ml_line *l, ml_cur pid)
{
    const bool tag = maillog__dovecot_field(l, MAILLOG_FIELD_PID).p;
    ml_put(l, tag ? MAILLOG_FIELD_CHILD_PID : MAILLOG_FIELD_PID, pid);
}

bool maillog__dovecot_cut_parentheses(ml_cur *c, ml_cur *inner)
{
    if (ml_last(*c) != ')') return false;
    size_t depth = 0;
    for (const char *p = c->e; p > c->p; p--) {
        if (p[-1] == ')') depth++;
        if (p[-1] != '(' || --depth > 0) continue;
        if (p - c->p < 2 || p[-2] != ' ') return false;
        *inner = ml_slice(p, c->e - 1);
        c->e = p - 2;
        return true;
    }
    return false;
}

/* ---- pieces of the prefix ---- */

/* `SERVICE` followed by `: ` or `(`. */
static bool cut_service(ml_cur *c, ml_cur *name)
{
    const char *p = c->p;
    const bool upper = ml_is_upper(ml_peek(*c)); /* of 1.x; a user follows */
    while (p < c->e &&
           ((upper ? ml_is_upper(*p) : ml_is_lower(*p)) || ml_is_digit(*p) || *p == '-' || *p == '_' || *p == '.'))
        p++;
    if (p == c->p || p - c->p > 40 || !ml_is_alpha(*c->p)) return false;
    if (p == c->e || !(*p == '(' || (!upper && *p == ':' && p + 1 < c->e && p[1] == ' '))) return false;
    *name = ml_slice(c->p, p);
    c->p = p;
    return true;
}

static bool is_number(ml_cur v)
{
    ml_cur digits;
    return ml_digits(&v, &digits) && ml_empty(v);
}

/* `<…>` at the cursor; the inside has no `>`. */
static bool cut_angle(const ml_line *l, ml_cur *c, ml_cur *inner)
{
    ml_cur t = *c;
    if (!ml_skip_char(&t, '<') || !ml_until(l, &t, '>', inner)) return false;
    *c = t;
    return true;
}

/* `<PID><SESSION>: `, `<SESSION>: `, or `: ` alone: what may stand after the `)`. */
typedef struct tail {
    ml_cur pid, session;
} tail;
static bool cut_tail(const ml_line *l, ml_cur *c, tail *out)
{
    ml_cur t = *c, first;
    out->pid = out->session = ml_none();
    if (cut_angle(l, &t, &first)) {
        if (is_number(first)) {
            out->pid = first;
            cut_angle(l, &t, &out->session);
        } else {
            out->session = first;
        }
    }
    if (!ML_SKIP(&t, ": ")) return false;
    *c = t;
    return true;
}

/* The longest user name is far below this; it bounds the search for the `)` that ends it. */
enum { PARENTHESES_MAX = 1024 };

/* Where the `)` that ends a user name is looked for. Each byte of the text is searched for once, however many look like
 * an end. */
typedef struct parentheses {
    ml_cur window;
    const char *angle, *after; /* `>`, and the next one, of what was looked at last; the text's end if there is none */
} parentheses;

/* The first `>` at or behind p; `known`: one that was found before. */
static const char *next_angle(const ml_line *l, const char *known, const char *p, const char *e)
{
    if (known >= p) return known;
    const char *const angle = p < e ? ml_find(l, ml_slice(p, e), '>') : NULL;
    return angle ? angle : e;
}

/* The first `)` in front of `before` that `<…>: ` or `<N><…>: ` follows. For each `>` there is at most one: any text
 * may stand in front of `>: `, nothing but a number in front of `><`. */
static const char *next_angled(const ml_line *l, parentheses *in, const char *before, const char *e)
{
    ml_cur c = ml_slice(in->window.p, before < e ? before + 1 : e);
    for (const char *p; in->angle < e && c.p < before && (p = ML_FIND(l, c, ")<")) != NULL;) {
        in->angle = next_angle(l, in->angle >= p + 2 ? in->angle : in->after, p + 2, e);
        const ml_cur behind = ml_slice(in->angle < e ? in->angle + 1 : e, e);
        if (ML_STARTS(behind, ": ")) return p;
        const char *number = c.p = in->angle;
        if (ml_peek(behind) != '<') continue;
        while (ml_is_digit(number[-1])) number--;
        if (number == in->angle || number[-1] != '<' || number[-2] != ')' || number - 2 >= before) continue;
        in->after = next_angle(l, in->after, behind.p + 1, e);
        if (in->after < e && ML_STARTS(ml_slice(in->after + 1, e), ": ")) return number - 2;
    }
    return NULL;
}

/* Up to the first `)` that a well-formed tail follows. When that is `: ` alone, as of old, and one with pid and session
 * comes behind it, the user may be called `x): …`, or the text may say `)<1><…>: `. */
static bool cut_parentheses(const ml_line *l, ml_cur *c, ml_cur *inner, tail *out)
{
    parentheses in = {ml_slice(c->p + 1, ml_len(*c) > PARENTHESES_MAX ? c->p + PARENTHESES_MAX : c->e), c->p, c->p};
    if (!ML_FIND(l, *c, ">: ")) in.angle = in.after = c->e;
    const char *const colon = ML_FIND(l, *c, "): ");
    const char *p = next_angled(l, &in, colon && colon < in.window.e ? colon : in.window.e, c->e);
    if (!p) p = colon;
    if (!p || p >= in.window.e) return false;
    ml_cur t = ml_slice(in.window.p = p + 1, c->e);
    cut_tail(l, &t, out);
    *inner = ml_slice(c->p + 1, p);
    *c = t;
    tail other = *out;
    while (!other.session.p && (p = next_angled(l, &in, in.window.e, c->e)) != NULL) {
        t = ml_slice(in.window.p = p + 1, c->e);
        cut_tail(l, &t, &other);
    }
    if (!out->session.p && other.session.p) l->ev->flags |= MAILLOG_FLAG_AMBIGUOUS;
    return true;
}

static bool is_address(ml_cur v)
{
    bool separator = false;
    for (const char *p = v.p; p < v.e; p++) {
        separator |= *p == '.' || *p == ':';
        if (!ml_is_hex(*p) && *p != '.' && *p != ':') return false;
    }
    return separator;
}

/* Base64 without padding, and `:N` for later recipients. */
static bool is_session(ml_cur v)
{
    for (const char *p = v.p; p < v.e; p++)
        if (!ml_is_alnum(*p) && *p != '+' && *p != '/' && *p != ':') return false;
    return ml_len(v) >= 16;
}

/* `USER,SESSION,IP`, the last two optional: while a user is looked up. */
static void put_looked_up(ml_line *l, ml_cur inner)
{
    ml_cur user = inner, ip = ml_none(), session = ml_none();
    const char *comma = ml_rfind(user, ',');
    if (comma && is_address(ml_slice(comma + 1, user.e))) {
        ip = ml_slice(comma + 1, user.e);
        user.e = comma;
        comma = ml_rfind(user, ',');
    }
    if (comma && is_session(ml_slice(comma + 1, user.e))) {
        session = ml_slice(comma + 1, user.e);
        user.e = comma;
    }
    ml_put(l, MAILLOG_FIELD_USER, user);
    ml_put_opt(l, MAILLOG_FIELD_SESSION, session);
    ml_put_opt(l, MAILLOG_FIELD_RIP, ip);
}

/* `USER`, `PID`, `PID, USER`, `IP,USER`. */
static void put_inner(ml_line *l, const service_row *row, ml_cur inner, const tail *end)
{
    ml_cur t = inner, first;
    if (ml_until(l, &t, ',', &first) && !ml_empty(first)) {
        if (is_number(first) && ML_SKIP(&t, " ")) {
            put_own_pid(l, first);
            inner = t;
        } else if (row->daemon == MAILLOG_DAEMON_DOVECOT_DOVEADM && is_address(first)) {
            ml_put(l, MAILLOG_FIELD_RIP, first);
            inner = t;
        }
    }
    if (end->session.p)
        ml_put(l, MAILLOG_FIELD_USER, inner);
    else
        put_looked_up(l, inner);
}

static bool user_prefix(ml_line *l, ml_cur *c, const service_row *row, ml_cur name, ml_dovecot *head)
{
    ml_cur inner;
    tail end;
    if (!cut_parentheses(l, c, &inner, &end)) return false;
    /* some are always named by their process, others until they have a user */
    const bool pid =
        is_number(inner) && (row->flags & PID_IN_PARENTHESES || ML_STARTS(*c, "Error: auth-master: login: "));
    if (!pid) ml_put(l, MAILLOG_FIELD_SERVICE, name);
    if (pid)
        put_own_pid(l, inner);
    else
        put_inner(l, row, inner, &end);
    if (end.pid.p) put_own_pid(l, end.pid);
    if (end.session.p && !ml_empty(end.session)) {
        ml_put(l, MAILLOG_FIELD_SESSION, end.session);
        head->session = true;
    }
    return true;
}

/* auth and auth-worker of 2.4: `auth(USER,IP,sasl:MECH)<SESSION>: `. */
static bool identity_prefix(ml_line *l, ml_cur *c, ml_dovecot *head)
{
    maillog_field *const mark = ml_mark(l);
    ml_cur t = ml_slice(c->p + 1, c->e);
    tail end;
    if (!maillog__dovecot_identity(l, &t) || !cut_tail(l, &t, &end)) return ml_fail(l, mark);
    if (end.pid.p) put_own_pid(l, end.pid);
    if (end.session.p && !ml_empty(end.session)) ml_put(l, MAILLOG_FIELD_SESSION, end.session);
    head->identity = head->session = true;
    *c = t;
    return true;
}

/* lmtp of 2.2: `lmtp(PID, USER): SESSION: `: base64 without padding, with `:N` for later recipients. */
static void session_of_22(ml_line *l, ml_cur *c, ml_dovecot *head)
{
    const char *p = c->p;
    while (p < c->e && (ml_is_alnum(*p) || *p == '+' || *p == '/')) p++;
    if (p - c->p < 16 || p - c->p > 64) return;
    while (p + 1 < c->e && *p == ':' && (ml_is_alnum(p[1])))
        for (p++; p < c->e && ml_is_alnum(*p);) p++;
    ml_cur rest = ml_slice(p, c->e);
    if (!ML_SKIP(&rest, ": ")) return;
    ml_put(l, MAILLOG_FIELD_SESSION, ml_slice(c->p, p));
    head->session = true;
    *c = rest;
}

static void cut_severity(ml_line *l, ml_cur *c, ml_dovecot *head)
{
    static const struct {
        ml_lit text;
        unsigned word;
    } levels[] = {
        {ML_LIT("Error: "), MAILLOG_SEVERITY_ERROR}, {ML_LIT("Warning: "), MAILLOG_SEVERITY_WARNING},
        {ML_LIT("Info: "), MAILLOG_SEVERITY_INFO},   {ML_LIT("Debug: "), MAILLOG_SEVERITY_DEBUG},
        {ML_LIT("Fatal: "), MAILLOG_SEVERITY_FATAL}, {ML_LIT("Panic: "), MAILLOG_SEVERITY_PANIC},
    };
    const uint64_t head_bytes = ml_key(l, *c);
    for (size_t i = 0; i < sizeof levels / sizeof *levels; i++) {
        const char *start = c->p;
        if (!ml_starts_lit(head_bytes, *c, &levels[i].text)) continue;
        c->p += levels[i].text.len;
        ml_put_word(l, MAILLOG_FIELD_SEVERITY, ml_slice(start, c->p - 2), levels[i].word);
        head->severity = levels[i].word;
        return;
    }
}

/* ` (pid=N,uid=N)` of a UNIX socket's other end. */
static bool cut_credentials(ml_line *l, ml_cur *c)
{
    ml_cur t = *c, pid, uid;
    if (!ML_SKIP(&t, " (pid=") || !ml_digits(&t, &pid) || !ML_SKIP(&t, ",uid=") || !ml_digits(&t, &uid) ||
        !ML_SKIP(&t, ")"))
        return false;
    maillog__dovecot_put_pid(l, MAILLOG_FIELD_PEER_PID, pid);
    ml_put(l, MAILLOG_FIELD_UID, uid);
    *c = t;
    return true;
}

/* `[MODULE: ]conn (unix:NAME (pid=N,uid=N) | ADDRESS:PORT)[ [N]]: [rcpt ADDRESS: ]`: whom the text is about. */
static void cut_connection(ml_line *l, ml_cur *c, ml_dovecot *head)
{
    maillog_field *const mark = ml_mark(l);
    ml_cur t = *c, module, name, v;
    if (!ML_STARTS(t, "conn ") && ML_UNTIL(l, &t, ": ", &module)) {
        if (!ML_ENDS(module, "-server") && !ML_ENDS(module, "-client")) return;
        ml_put(l, MAILLOG_FIELD_MODULE, module);
    }
    if (!ML_SKIP(&t, "conn ") || !ml_word(l, &t, &name)) {
        l->next = mark;
        return;
    }
    const bool ended = ML_DROP_END(&name, ":");
    ML_SKIP(&name, "unix:");
    ml_put(l, MAILLOG_FIELD_SOCKET, name);
    if (!ended) {
        cut_credentials(l, &t);
        if (ML_SKIP(&t, " [")) ml_until(l, &t, ']', &v);
        ML_SKIP(&t, ":");
    }
    if (!ML_SKIP(&t, " ")) {
        l->next = mark;
        return;
    }
    if (ML_SKIP(&t, "rcpt ") && ML_UNTIL(l, &t, ": ", &v)) {
        if (ML_SKIP(&v, "<")) ML_DROP_END(&v, ">");
        ml_put(l, MAILLOG_FIELD_TO, v);
    }
    head->connection = true;
    *c = t;
}

/* ---- the grammar ---- */

/* `(1234)`: a process, and no user whose name begins with a digit. */
static bool is_pid(ml_cur c)
{
    ml_cur pid;
    return ml_skip_char(&c, '(') && ml_digits(&c, &pid) && ml_peek(c) == ')';
}

static const service_row *cut_prefix(ml_line *l, ml_cur *c, ml_dovecot *head)
{
    ml_cur t = *c, name;
    if (!cut_service(&t, &name)) return &no_service;
    const service_row *row = find_service(l, name);
    if (ml_is_upper(*name.p) && row == &other_service) return &no_service;
    if (row->flags & IDENTITY && ML_SKIP(&t, "(default): ")) {
        /* 1.x: the name of the auth section, no user */
    } else if (ml_peek(t) == '(') {
        const bool identity = row->flags & IDENTITY && !is_pid(t) && identity_prefix(l, &t, head);
        if (!identity && !user_prefix(l, &t, row, name, head)) return &no_service;
    } else {
        t.p += 2; /* ": " */
        if (row == &other_service) ml_put(l, MAILLOG_FIELD_SERVICE, name);
    }
    *c = t;
    return row;
}

void maillog__dovecot(ml_line *l, ml_cur message)
{
    ml_dovecot head = {0, false, false, false};
    ml_cur c = message;
    ML_SKIP(&c, "dovecot: ");   /* 1.x: auth's own, inside that of the log process */
    cut_severity(l, &c, &head); /* 1.x: before the service */
    const service_row *row = cut_prefix(l, &c, &head);
    l->ev->daemon = row->daemon;
    if (row->daemon == MAILLOG_DAEMON_DOVECOT_LMTP && !head.session) session_of_22(l, &c, &head);
    if (!head.severity) cut_severity(l, &c, &head);
    cut_connection(l, &c, &head);
    if (row->grammar(l, c, &head) || maillog__dovecot_fault(l, c, &head)) return;
    if (head.connection) {
        ml_dovecot_put_text(l, &head, c);
        ml_event(l, ml_dovecot_is_fault(&head) ? MAILLOG_EVENT_DOVECOT_CONNECTION_ERROR
                                               : MAILLOG_EVENT_DOVECOT_CONNECTION_NOTE);
        return;
    }
    ml_put_rest(l, c);
}

void maillog__dovecot_pam(ml_line *l, ml_cur message)
{
    maillog_field *const mark = ml_mark(l);
    if (maillog__pam(l, message))
        ml_event(l, MAILLOG_EVENT_DOVECOT_PAM);
    else
        ml_not_ours(l, mark, message);
}
