/* cyrus.c: who logged in, what was delivered, and the audit log of Cyrus IMAP; what is text with a few values is in
 * cyrus_statements.c, and cyrus.h names the sources.
 *
 *   login: [name ][addr] USER MECH[+TLS] User logged in[ SESSIONID=<id>]
 *   badlogin: [name ][addr] MECH (USER) [DETAIL]       before 3.0: MECH USER DETAIL, or MECH [DETAIL]
 *   auditlog: WORD key=<value> …
 *
 * Remote parties choose: the user of a badlogin, the Message-ID and date of a message, the words of an ID command. None
 * is escaped. Details are SASL's own, session IDs and mailbox names the server's. */
#include "cyrus.h"

#include "daemons.h"

#define E(NAME) MAILLOG_EVENT_CYRUS_##NAME
#define F(NAME) MAILLOG_FIELD_##NAME

/* `[name ][addr]`, `[local]`: CLIENT_NAME, CLIENT_ADDR; moved past a blank behind it, too. */
static bool put_host(ml_line *l, ml_cur *c)
{
    ml_cur t = *c, name = ml_none(), addr;
    if (ml_peek(t) != '[') {
        if (!ml_until(l, &t, ' ', &name) && !ml_until(l, &t, '[', &name)) return false;
        const char *glued = ml_find(l, name, '['); /* 2.2: name[addr] */
        if (glued) t = ml_slice(glued, c->e);
        if (glued) name.e = glued;
    }
    if (!ml_skip_char(&t, '[') || !ml_until(l, &t, ']', &addr)) return false;
    if (!ml_empty(t) && !ml_skip_char(&t, ' ')) return false;
    ml_put_opt(l, F(CLIENT_NAME), name);
    ml_put(l, ML_IS(addr, "local") || ML_IS(addr, "unknown") ? F(CLIENT) : F(CLIENT_ADDR), addr);
    *c = t;
    return true;
}

/* ---- logins ---- */

/* MECH[+TLS] */
static void put_mech(ml_line *l, ml_cur mech)
{
    ml_cur tls = ml_none();
    if (ML_ENDS(mech, "+TLS")) {
        tls = ml_slice(mech.e - 3, mech.e);
        mech.e -= 4;
    }
    ml_put(l, F(MECH), mech);
    ml_put_opt(l, F(TLS), tls);
}

/* USER MECH[+TLS] User logged in[ SESSIONID=<id>]: read from the right, a user may have blanks. */
static bool logged_in(ml_line *l, ml_cur c)
{
    ml_cur user, session = c, mech;
    if (ML_DROP_END(&session, ">") && ML_UNTIL_LAST(&session, " SESSIONID=<", &user))
        c = user;
    else
        session = ml_none();
    if (!ML_DROP_END(&c, " User logged in") && !ML_DROP_END(&c, " ")) return false;
    mech = c;
    if (!ML_UNTIL_LAST(&mech, " ", &user)) return false;
    ml_put(l, F(USER), user);
    put_mech(l, mech);
    ml_put_opt(l, F(SESSION), session);
    return ml_event(l, E(LOGIN));
}

static bool login(ml_line *l, ml_cur c)
{
    maillog_field *const mark = ml_mark(l);
    ml_cur t;
    if (!ML_SKIP(&c, "login: ") || !put_host(l, &c)) return ml_fail(l, mark);
    t = c;
    if (!ML_SKIP(&t, "anonymous ")) return logged_in(l, c) || ml_fail(l, mark);
    /* what an anonymous user gave as password, if not the mechanism he used: he may have sent either */
    if (ML_FIND(l, t, " User logged in")) {
        l->ev->flags |= MAILLOG_FLAG_AMBIGUOUS;
        const char *const blank = ml_find(l, t, ' ');
        if (blank && ML_STARTS(ml_slice(blank, t.e), " User logged in") && logged_in(l, c)) return true;
    }
    ml_put(l, F(USER), ml_slice(c.p, t.p - 1));
    ml_put(l, F(TEXT), t);
    return ml_event(l, E(LOGIN));
}

/* USER DETAIL, of 2.x: SASL's detail has a code in front, a plain login another reason of one word or more. */
static bool cut_bare_user(const ml_line *l, ml_cur *c, bool is_plain, ml_cur *user)
{
    const char *end = ML_RFIND(*c, " SASL(");
    if (!end && ML_ENDS(*c, " invalid user")) end = c->e - (sizeof " invalid user" - 1);
    if (!end && is_plain) end = ml_find(l, *c, ' ');
    if (!end) return false;
    *user = ml_slice(c->p, end);
    c->p = end + 1;
    return true;
}

/* What follows the mechanism: (USER) [DETAIL], USER DETAIL, [DETAIL], or a reason. */
static void put_failure(ml_line *l, ml_cur c, bool is_plain)
{
    ml_cur user = ml_none(), detail = c, t = c;
    if (ML_SKIP(&t, "(") && ML_DROP_END(&t, "]") && ML_UNTIL_LAST(&t, ") [", &user)) {
        detail = t;
    } else if (ML_STARTS(c, "(") && ML_ENDS(c, ") invalid user")) {
        user = ml_slice(c.p + 1, c.e - (sizeof ") invalid user" - 1));
        detail = ml_slice(user.e + 2, c.e);
    } else if (!is_plain && ML_STARTS(c, "(<") && ML_UNTIL(l, &t, ">) ", &user)) { /* APOP: the challenge, no user */
        user = ml_none();
        detail = t;
    } else if (ML_STARTS(c, "[") && ML_ENDS(c, "]")) {
        detail = ml_slice(c.p + 1, c.e - 1);
    } else {
        cut_bare_user(l, &detail, is_plain, &user);
    }
    ml_put_opt(l, F(USER), user);
    if (!ml_empty(detail)) ml_put(l, F(REASON), detail);
}

static bool bad_login(ml_line *l, ml_cur c)
{
    maillog_field *const mark = ml_mark(l);
    ml_cur mech;
    if (!ML_SKIP(&c, "badlogin: ") || !put_host(l, &c)) return ml_fail(l, mark);
    if (ML_IS(c, "anonymous login refused")) {
        ml_put(l, F(REASON), c);
        return ml_event(l, E(LOGIN_FAILED));
    }
    if (!ml_word(l, &c, &mech)) return ml_fail(l, mark);
    put_mech(l, mech);
    ml_skip_char(&c, ' ');
    const bool plain = ML_IS(mech, "plaintext") || ML_IS(mech, "Basic");
    put_failure(l, c, plain);
    return ml_event(l, E(LOGIN_FAILED));
}

/* ---- statements that end with a host ---- */

static bool host_statement(ml_line *l, ml_cur c)
{
    static const struct {
        ml_lit text;
        uint16_t event;
    } rows[] = {
        {ML_LIT("STARTTLS negotiation failed: "), E(TLS_FAILED)},
        {ML_LIT("imaps TLS negotiation failed: "), E(TLS_FAILED)},
        {ML_LIT("imaps failed: "), E(TLS_FAILED)},
        {ML_LIT("pop3s failed: "), E(TLS_FAILED)},
        {ML_LIT("STARTTLS failed: "), E(TLS_FAILED)},
        {ML_LIT("[lmtpd] STARTTLS failed: "), E(TLS_FAILED)},
        {ML_LIT("[pop3d] STARTTLS failed: "), E(TLS_FAILED)},
        {ML_LIT("connection from "), E(CONNECT)},
    };
    const uint64_t key = ml_key(l, c);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (!ml_starts_lit(key, c, &rows[i].text)) continue;
        maillog_field *const mark = ml_mark(l);
        ml_cur t = ml_slice(c.p + rows[i].text.len, c.e);
        if (!put_host(l, &t)) return ml_fail(l, mark);
        ml_put_rest(l, t);
        return ml_event(l, (maillog_event_type)rows[i].event);
    }
    return false;
}

/* ---- messages ---- */

/* The Message-ID, and whether the literal and more follow: one that has no brackets, or ends as if all were one, may
 * have the literal inside. */
static bool put_id_and(ml_line *l, ml_cur *c, const char *lit, size_t n)
{
    const ml_cur all = *c;
    if (!maillog__put_message_id(l, c, lit, n)) {
        ml_put(l, F(MESSAGE_ID), all);
        return false;
    }
    if (ml_peek(all) != '<' || ml_last(all) == '>') l->ev->flags |= MAILLOG_FLAG_AMBIGUOUS;
    return true;
}
#define PUT_ID_AND(l, c, lit) put_id_and((l), (c), "" lit, sizeof(lit) - 1)

/* dupelim: eliminated duplicate message to MAILBOX id ID[ date DATE] (BY) */
static bool duplicate(ml_line *l, ml_cur c)
{
    ml_cur to, by = c, text;
    if (!ML_SKIP(&c, "dupelim: eliminated duplicate message to ") || !ML_UNTIL(l, &c, " id ", &to)) return false;
    ml_put(l, F(MAILBOX), to);
    by = c;
    if (ML_ENDS(c, ")") && ML_UNTIL_LAST(&by, " (", &text)) {
        by.e--;
        c = text;
    } else {
        by = ml_none();
    }
    if (PUT_ID_AND(l, &c, " date ")) ml_put(l, F(DATE), c);
    ml_put_opt(l, F(SERVICE), by);
    return ml_event(l, E(DUPLICATE));
}

/* sieve ACTION: ID[ to: ADDR] */
static bool sieve_action(ml_line *l, ml_cur c)
{
    ml_cur action;
    maillog_field *const mark = ml_mark(l);
    if (!ML_SKIP(&c, "sieve ") || !ml_until(l, &c, ':', &action) || !ml_skip_char(&c, ' ')) return false;
    const bool is_imip = ML_SKIP(&action, "iMIP ");
    if (!is_imip) ML_SKIP(&action, "LMTP ");
    if (ml_empty(action) || ml_find(l, action, ' ')) return false;
    ml_put(l, F(SIEVE_ACTION), action);
    if (is_imip) {
        if (!ML_PUT_MESSAGE_ID(l, &c, ": ")) return ml_fail(l, mark);
        ml_put(l, F(TEXT), c);
    } else if (PUT_ID_AND(l, &c, " to: ")) {
        ml_put(l, F(TO), c);
    }
    return ml_event(l, E(SIEVE));
}

/* sieve runtime error for USER id ID: TEXT, sieve log: userid=USER messageid=ID text=TEXT */
static bool sieve(ml_line *l, ml_cur c)
{
    ml_cur user;
    maillog_field *const mark = ml_mark(l);
    if (ML_SKIP(&c, "sieve runtime error for ") && ML_UNTIL(l, &c, " id ", &user)) {
        ml_put(l, F(USER), user);
        if (!ML_PUT_MESSAGE_ID(l, &c, ": ")) return ml_fail(l, mark);
        ml_put(l, F(ERROR), c);
        return ml_event(l, E(SIEVE_ERROR));
    }
    if (ML_SKIP(&c, "sieve log: userid=") && ML_UNTIL(l, &c, " messageid=", &user)) {
        ml_put(l, F(USER), user);
        if (!ML_PUT_MESSAGE_ID(l, &c, " text=")) return ml_fail(l, mark);
        ml_put(l, F(TEXT), c);
        return ml_event(l, E(SIEVE));
    }
    return false;
}

/* ---- key=<value> ---- */

/* In the order of their first eight bytes: see maillog__rows_before(). */
static const struct {
    ml_lit key;
    uint16_t field;
} keys[] = {
    {ML_LIT("action"), F(KIND)},        {ML_LIT("bytes_in"), F(IN)},
    {ML_LIT("bytes_out"), F(OUT)},      {ML_LIT("cid"), F(CONVERSATION_ID)},
    {ML_LIT("client"), F(CLIENT)},      {ML_LIT("date"), F(DATE)},
    {ML_LIT("error"), F(ERROR)},        {ML_LIT("filename"), F(PATH)},
    {ML_LIT("fname"), F(PATH)},         {ML_LIT("func"), F(FUNC)},
    {ML_LIT("guid"), F(SHA1)},          {ML_LIT("highestmodseq"), F(MODSEQ)},
    {ML_LIT("mailbox"), F(MAILBOX)},    {ML_LIT("mboxname"), F(MAILBOX)},
    {ML_LIT("modseq"), F(MODSEQ)},      {ML_LIT("newmailbox"), F(NEW_MAILBOX)},
    {ML_LIT("newpart"), F(NEW)},        {ML_LIT("oldflags"), F(OLD_FLAGS)},
    {ML_LIT("oldmailbox"), F(MAILBOX)}, {ML_LIT("oldpart"), F(OLD)},
    {ML_LIT("path"), F(PATH)},          {ML_LIT("remote"), F(REF)},
    {ML_LIT("root"), F(PATH)},          {ML_LIT("sessionid"), F(SESSION)},
    {ML_LIT("size"), F(SIZE)},          {ML_LIT("syserror"), F(ERROR)},
    {ML_LIT("sysflags"), F(FLAGS)},     {ML_LIT("target"), F(TO)},
    {ML_LIT("uid"), F(MAIL_UID)},       {ML_LIT("uidvalidity"), F(UIDVALIDITY)},
    {ML_LIT("uniqueid"), F(UNIQUE_ID)}, {ML_LIT("user"), F(USER)},
    {ML_LIT("userid"), F(USER)},
};

/* The field of a key; 0: it has none of its own. */
static uint16_t find_key(const ml_line *l, ml_cur name)
{
    enum { KEYS = sizeof keys / sizeof *keys };
    const uint64_t key = ml_key(l, name);
    const size_t at = maillog__rows_before(&keys->key.key, sizeof *keys, KEYS, key);
    return at < KEYS && ml_is_lit(key, name, &keys[at].key) ? keys[at].field : 0;
}

/* Up to the first `> ` or the `>` at the end, with the cursor behind the `<`. A date is a stranger's and the last; a
 * target may have a quoted local part. */
static bool cut_key_value(ml_line *l, ml_cur name, ml_cur *c, ml_cur *value)
{
    ml_cur t = ml_slice(c->p - 1, c->e);
    if (ML_IS(name, "target") && ml_peek(*c) == '"' && maillog__angle(l, &t, " ", value)) {
        *c = t;
        return true;
    }
    if (!ML_IS(name, "date") && ML_UNTIL(l, c, "> ", value)) return true;
    if (!ML_DROP_END(c, ">")) return false;
    *value = *c;
    c->p = c->e;
    return true;
}

/* `key=<`: short words, which are read byte by byte. */
static bool cut_key(ml_cur *c, ml_cur *name)
{
    const char *p = c->p;
    while (c->e - p > 1 && *p != ' ' && !(p[0] == '=' && p[1] == '<')) p++;
    if (c->e - p < 2 || *p == ' ') return false;
    *name = ml_slice(c->p, p);
    c->p = p + 2;
    return true;
}

/* key=<value>, blanks between them. A value ends at the first `> ` or at the end. Keys without a field of their own
 * stand as they are in PARAM, then PARAM2, neighbours together; what is none of these, or more, is text. */
static void put_keys(ml_line *l, ml_cur c)
{
    enum { KEYS_MAX = 16 }; /* a third more than the longest line of Cyrus has; the others are the rest */
    static const uint16_t others[] = {F(PARAM), F(PARAM2)};
    size_t other = 0;
    ml_cur run = ml_none();
    ml_skip_blanks(&c);
    for (int n = 0; n < KEYS_MAX && !ml_empty(c); n++) {
        ml_cur t = c, name, value;
        if (!cut_key(&t, &name)) break;
        if (!cut_key_value(l, name, &t, &value)) break;
        const uint16_t field = find_key(l, name);
        if (field) {
            if (run.p) ml_put(l, (maillog_field_id)others[other++], run);
            run = ml_none();
            ml_put(l, (maillog_field_id)field, value);
        } else {
            if (!run.p && other == sizeof others / sizeof *others) break;
            run = ml_slice(run.p ? run.p : name.p, value.e + 1);
        }
        c = t;
        ml_skip_blanks(&c);
    }
    if (run.p) ml_put(l, (maillog_field_id)others[other], run);
    ml_put_rest(l, c);
}

/* The Message-ID of an audit line, in no brackets but its own, and the key that follows it: what stands behind is the
 * server's, but for a target, which may be a sender's address, and the date of a duplicate. Behind that of a discarded
 * message nothing follows. */
static void put_audit_id(ml_line *l, ml_cur action, ml_cur *c)
{
    enum { TARGET, USER, MAILBOX, SIZE };
    static const ml_lit ends[] = {[TARGET] = ML_LIT(" target=<"),
                                  [USER] = ML_LIT(" userid=<"),
                                  [MAILBOX] = ML_LIT(" user=<"),
                                  [SIZE] = ML_LIT(" size=<")};
    const char *at = ML_FIND(l, *c, " message-id=");
    if (!at) at = ML_FIND(l, *c, " messageid=");
    if (!at) return;
    put_keys(l, ml_slice(c->p, at));
    ml_cur t = ml_slice(ml_find(l, ml_slice(at, c->e), '=') + 1, c->e);
    const char *end = ML_IS(action, "discard") ? t.e : NULL;
    const size_t first = ML_IS(action, "append") ? SIZE : ML_IS(action, "duplicate") ? MAILBOX : TARGET;
    for (size_t i = first; i <= SIZE && !end; i++) {
        end = maillog__rfind_bytes(t, ends[i].text, ends[i].len);
        const char *const other = end ? maillog__find_bytes(l, t, ends[i].text, ends[i].len) : NULL;
        /* a date may repeat it, and a target in quotes */
        if (other != end && (i == MAILBOX || (i == TARGET && other[ends[i].len] == '"')))
            l->ev->flags |= MAILLOG_FLAG_AMBIGUOUS;
    }
    if (!end) end = t.e;
    ml_put(l, F(MESSAGE_ID), ml_slice(t.p, end));
    *c = ml_slice(end, c->e);
}

static bool audit(ml_line *l, ml_cur c)
{
    ml_cur action;
    if (!ML_SKIP(&c, "auditlog: ")) return false;
    const char *key = ML_FIND(l, c, "=<");
    const char *end = key ? ml_rfind(ml_slice(c.p, key), ' ') : NULL;
    if (!end) return false;
    action = ml_slice(c.p, end);
    ML_DROP_END(&action, ":"); /* of acl alone */
    ml_put(l, F(ACTION), action);
    c.p = end + 1;
    put_audit_id(l, action, &c);
    put_keys(l, c);
    return ml_event(l, E(AUDIT));
}

/* IOERROR: text: key=<value> … ; without keys, all is text */
static bool fault(ml_line *l, ml_cur c)
{
    static const ml_lit kinds[] = {ML_LIT("IOERROR: "),      ML_LIT("DBERROR: "),     ML_LIT("SYNCERROR: "),
                                   ML_LIT("DENYDB_ERROR: "), ML_LIT("LOCKERROR: "),   ML_LIT("XERROR: "),
                                   ML_LIT("SYNCNOTICE: "),   ML_LIT("SYNC_NOTICE: "), ML_LIT("DBERROR ")};
    const uint64_t key = ml_key(l, c);
    ml_cur kind = ml_none();
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds && !kind.p; i++)
        if (ml_starts_lit(key, c, &kinds[i])) {
            kind = ml_slice(c.p, c.p + kinds[i].len - (kinds[i].text[kinds[i].len - 2] == ':' ? 2 : 1));
            c.p += kinds[i].len;
        }
    const char *pair = ML_FIND(l, c, "=<");
    const char *colon = pair ? ML_RFIND(ml_slice(c.p, pair), ": ") : NULL;
    if (!kind.p && (!colon || ml_find(l, ml_slice(colon + 2, pair), ' '))) return false;
    ml_put_opt(l, F(KIND), kind);
    if (colon && !ml_find(l, ml_slice(colon + 2, pair), ' ')) {
        ml_put(l, F(TEXT), ml_slice(c.p, colon));
        put_keys(l, ml_slice(colon + 2, c.e));
    } else {
        ml_put(l, F(TEXT), c);
    }
    return ml_event(l, E(FAULT));
}

/* Services are named in cyrus.conf: imap, imaps, imaplocal, lmtpunix …; what is none of these is a tool. */
uint8_t maillog__cyrus_daemon(ml_cur name)
{
    static const struct {
        ml_lit begin;
        uint8_t daemon;
    } rows[] = {
        {ML_LIT("imap"), MAILLOG_DAEMON_CYRUS_IMAP},       {ML_LIT("lmtp"), MAILLOG_DAEMON_CYRUS_LMTP},
        {ML_LIT("pop3"), MAILLOG_DAEMON_CYRUS_POP3},       {ML_LIT("master"), MAILLOG_DAEMON_CYRUS_MASTER},
        {ML_LIT("sieve"), MAILLOG_DAEMON_CYRUS_SIEVE},     {ML_LIT("managesieve"), MAILLOG_DAEMON_CYRUS_SIEVE},
        {ML_LIT("timsieved"), MAILLOG_DAEMON_CYRUS_SIEVE}, {ML_LIT("http"), MAILLOG_DAEMON_CYRUS_HTTP},
        {ML_LIT("nntp"), MAILLOG_DAEMON_CYRUS_NNTP},       {ML_LIT("sync"), MAILLOG_DAEMON_CYRUS_SYNC},
        {ML_LIT("csync"), MAILLOG_DAEMON_CYRUS_SYNC},      {ML_LIT("mupdate"), MAILLOG_DAEMON_CYRUS_SYNC},
    };
    const uint64_t key = ml_key(NULL, name);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (ml_starts_lit(key, name, &rows[i].begin)) return rows[i].daemon;
    return MAILLOG_DAEMON_CYRUS_TOOL;
}

static bool statement(ml_line *l, ml_cur c)
{
    maillog_field *const mark = ml_mark(l);
    if (login(l, c) || bad_login(l, c) || audit(l, c) || host_statement(l, c)) return true;
    ml_fail(l, mark);
    if (duplicate(l, c) || sieve(l, c) || sieve_action(l, c)) return true;
    ml_fail(l, mark);
    return maillog__match_patterns(l, &maillog__cyrus_statements, c) || fault(l, c);
}

void maillog__cyrus(ml_line *l, ml_cur message)
{
    ml_cur c = message;
    /* some statements end with blanks of their own; those at the end of what a stranger said are his */
    static const ml_lit said[] = {ML_LIT("client id"), ML_LIT("login: "), ML_LIT("sieve"),
                                  ML_LIT("auditlog: discard ")};
    const uint64_t key = ml_key(l, c);
    bool is_said = false;
    for (size_t i = 0; i < sizeof said / sizeof *said; i++) is_said |= ml_starts_lit(key, c, &said[i]);
    while (!is_said && c.p < c.e && (c.e[-1] == ' ' || c.e[-1] == '\n')) c.e--;
    if (!statement(l, c)) ml_put_rest(l, message);
}

/* Tags without `cyrus/` that others use, too. */
void maillog__cyrus_bare(ml_line *l, ml_cur message)
{
    maillog_field *const mark = ml_mark(l);
    maillog__cyrus(l, message);
    if (l->ev->match != MAILLOG_MATCH_EVENT) ml_not_ours(l, mark, message);
}
