/* dovecot_error.c: faults that no other table has, by the forms in which all of Dovecot's services say what went wrong:
 *
 *   [/PATH: ][MODULE[(…)]: ] FUNC(ARGS) failed: ERROR
 *                            Failed to WHAT: ERROR        Couldn't, Can't, Cannot, Could not, Unable to, Error
 *                            WHAT failed: ERROR
 *                            Invalid …                    Unknown, Unexpected, Missing, Corrupted, … : what it was
 * given SCRIPT: [line N: ]error: TEXT                         Sieve, when it has no log file of the user's
 *
 * MODULE is the prefix that a part of the service gives its log (event_set_append_log_prefix), in small letters.
 * Source: Dovecot 2.3.19 to 2.4, all statements of e_error, e_warning, i_error, i_warning, i_fatal.
 * Remote-controlled: nothing but what is quoted at the end of an error. */
#include "dovecot.h"

/* Statements of which only a part varies. */
ML_PATTERN_ROWS(maillog__dovecot_errors) = {
    {MAILLOG_EVENT_DOVECOT_CONNECTION_ERROR, {MAILLOG_FIELD_ERROR}, ML_TEXT("Auth service %s")},
    {MAILLOG_EVENT_DOVECOT_PROGRAM_FAILED, {MAILLOG_FIELD_ERROR}, ML_TEXT("Child %s")},
    {MAILLOG_EVENT_DOVECOT_CONNECTION_ERROR, {MAILLOG_FIELD_ERROR}, ML_TEXT("Client input error: %s")},
    {MAILLOG_EVENT_DOVECOT_CONNECTION_ERROR, {MAILLOG_FIELD_ERROR}, ML_TEXT("FIFO input error: %s")},
    {MAILLOG_EVENT_DOVECOT_PROGRAM_FAILED, {MAILLOG_FIELD_ERROR}, ML_TEXT("Forcibly %s")},
    {MAILLOG_EVENT_DOVECOT_CONNECTION_ERROR, {MAILLOG_FIELD_ERROR}, ML_TEXT("IPC proxy %s")},
    {MAILLOG_EVENT_DOVECOT_CONNECTION_ERROR, {MAILLOG_FIELD_ERROR}, ML_TEXT("Lost connection %s")},
    {MAILLOG_EVENT_DOVECOT_CONFIG_ERROR, {MAILLOG_FIELD_ERROR}, ML_TEXT("Mailbox list driver %s")},
    {MAILLOG_EVENT_DOVECOT_CONNECTION_ERROR, {MAILLOG_FIELD_ERROR}, ML_TEXT("No result code %s")},
    {MAILLOG_EVENT_DOVECOT_CONNECTION_ERROR, {MAILLOG_FIELD_ERROR}, ML_TEXT("Peer's credentials %s")},
    {MAILLOG_EVENT_DOVECOT_AUTH_CLIENT, {MAILLOG_FIELD_ERROR}, ML_TEXT("Policy server %s")},
    {MAILLOG_EVENT_DOVECOT_CONNECTION_ERROR, {MAILLOG_FIELD_ERROR}, ML_TEXT("Remote %s")},
    {MAILLOG_EVENT_DOVECOT_PROGRAM_FAILED, {MAILLOG_FIELD_ERROR}, ML_TEXT("Script terminated %s")},
    {MAILLOG_EVENT_DOVECOT_CONNECTION_ERROR, {MAILLOG_FIELD_ERROR}, ML_TEXT("Session %s")},
    {MAILLOG_EVENT_DOVECOT_CONNECTION_ERROR, {MAILLOG_FIELD_ERROR}, ML_TEXT("Socket supports major version %s")},
    {MAILLOG_EVENT_DOVECOT_PROGRAM_FAILED, {MAILLOG_FIELD_ERROR}, ML_TEXT("Stopped with signal %s")},
    {MAILLOG_EVENT_DOVECOT_CONFIG_ERROR, {MAILLOG_FIELD_ERROR}, ML_TEXT("Storage driver %s")},
    {MAILLOG_EVENT_DOVECOT_PROGRAM_FAILED, {MAILLOG_FIELD_ERROR}, ML_TEXT("Sub-process %s")},
    {MAILLOG_EVENT_DOVECOT_PROGRAM_FAILED, {MAILLOG_FIELD_ERROR}, ML_TEXT("Terminated %s")},
    {MAILLOG_EVENT_DOVECOT_CONFIG_ERROR, {MAILLOG_FIELD_ERROR}, ML_TEXT("This process must %s")},
    {MAILLOG_EVENT_DOVECOT_CONFIG_ERROR, {MAILLOG_FIELD_NAME, MAILLOG_FIELD_ERROR}, ML_TEXT("USER environment %s: %s")},
    {MAILLOG_EVENT_DOVECOT_CONFIG_ERROR, {MAILLOG_FIELD_ERROR}, ML_TEXT("USER environment %s")},
    {MAILLOG_EVENT_DOVECOT_USER_FAILED, {MAILLOG_FIELD_LOGIN_USER, MAILLOG_FIELD_ERROR}, ML_TEXT("User %w %s")},
    {MAILLOG_EVENT_DOVECOT_USER_FAILED, {MAILLOG_FIELD_LOGIN_USER, MAILLOG_FIELD_ERROR}, ML_TEXT("Username `%S' %s")},
    {MAILLOG_EVENT_DOVECOT_CONFIG_ERROR, {MAILLOG_FIELD_ERROR}, ML_TEXT("director_servers %s")},
    {MAILLOG_EVENT_DOVECOT_MAILBOX_ERROR, {MAILLOG_FIELD_PATH, MAILLOG_FIELD_ERROR}, ML_TEXT("mbox %w %s")},
    {MAILLOG_EVENT_DOVECOT_USER_FAILED, {MAILLOG_FIELD_ERROR}, ML_TEXT("user is %s")},
    {MAILLOG_EVENT_DOVECOT_USER_FAILED, {MAILLOG_FIELD_ERROR}, ML_TEXT("user not found from userdb%s")},
    {MAILLOG_EVENT_DOVECOT_USER_FAILED, {MAILLOG_FIELD_ERROR}, ML_TEXT("username %s")},
    {MAILLOG_EVENT_DOVECOT_PROGRAM_FAILED, {MAILLOG_FIELD_ERROR}, ML_TEXT("waitpid() %s")},
};
ML_PATTERN_TABLE(maillog__dovecot_errors);

static bool starts_with_one(const ml_line *l, ml_cur *c, const ml_lit *lits, size_t count)
{
    const uint64_t key = ml_key(l, *c);
    for (size_t i = 0; i < count; i++) {
        if (!ml_starts_lit(key, *c, &lits[i])) continue;
        c->p += lits[i].len;
        return true;
    }
    return false;
}
#define STARTS_WITH_ONE(l, c, lits) starts_with_one((l), (c), (lits), sizeof(lits) / sizeof *(lits))

/* Small letters, and `(…)` or a name behind some, then `: `. */
static bool cut_module(const ml_line *l, ml_cur *c, ml_cur *name)
{
    static const ml_lit named[] = {ML_LIT("passdb "),        ML_LIT("userdb "),       ML_LIT("acl "),
                                   ML_LIT("virtual index "), ML_LIT("dict "),         ML_LIT("urlauth "),
                                   ML_LIT("action "),        ML_LIT("binary "),       ML_LIT("program "),
                                   ML_LIT("oauth2 "),        ML_LIT("parser script ")};
    enum { LONGEST = 40 };
    ml_cur t = *c, inside;
    if (STARTS_WITH_ONE(l, &t, named)) {
        if (!ML_UNTIL(l, &t, ": ", &inside) || ml_empty(t)) return false;
        *name = ml_slice(c->p, inside.e);
        *c = t;
        return true;
    }
    const char *p = c->p;
    if (!ml_is_lower(ml_peek(*c))) return false;
    while (p < c->e && p - c->p < LONGEST &&
           (ml_is_lower(*p) || ml_is_digit(*p) || *p == '-' || *p == '_' || *p == '.'))
        p++;
    t = ml_slice(p, c->e);
    if (ml_skip_char(&t, '(') && !ml_until(l, &t, ')', &inside)) return false;
    const ml_cur whole = ml_slice(c->p, t.p);
    if (!ML_SKIP(&t, ": ") || ml_empty(t) || p - c->p < 2) return false;
    *name = whole;
    *c = t;
    return true;
}

/* What could not be done, and after the next `: ` why. */
static bool put_what(ml_line *l, ml_cur c)
{
    ml_cur what;
    if (ML_UNTIL(l, &c, ": ", &what)) {
        ml_put(l, MAILLOG_FIELD_WHAT, what);
        ml_put(l, MAILLOG_FIELD_ERROR, c);
    } else {
        ml_put(l, MAILLOG_FIELD_WHAT, c);
    }
    return ml_event(l, MAILLOG_EVENT_DOVECOT_OPERATION_FAILED);
}

static bool put_error(ml_line *l, ml_cur c)
{
    ml_put(l, MAILLOG_FIELD_ERROR, c);
    return ml_event(l, MAILLOG_EVENT_DOVECOT_OPERATION_FAILED);
}

static bool not_done(ml_line *l, ml_cur c)
{
    static const ml_lit verbs[] = {
        ML_LIT("Failed to "), ML_LIT("failed to "), ML_LIT("Couldn't "),  ML_LIT("Can't "),
        ML_LIT("Cannot "),    ML_LIT("cannot "),    ML_LIT("Could not "), ML_LIT("can't "),
        ML_LIT("couldn't "),  ML_LIT("Unable to "), ML_LIT("Error "),     ML_LIT("Not able to "),
    };
    return STARTS_WITH_ONE(l, &c, verbs) && !ml_empty(c) && put_what(l, c);
}

/* `WHAT failed[: ERROR]` and `WHAT failed with …` */
static bool has_failed(ml_line *l, ml_cur c)
{
    ml_cur what;
    const char *p = ML_FIND(l, c, " failed");
    if (!p || p == c.p) return false;
    what = ml_slice(c.p, p);
    c.p = p + strlen(" failed");
    if (!ml_empty(c) && !ML_SKIP(&c, ": ") && !ML_SKIP(&c, " - ") && !ml_skip_char(&c, ' ') && !ml_skip_char(&c, '.'))
        return false;
    ml_put(l, MAILLOG_FIELD_WHAT, what);
    if (!ml_empty(c)) ml_put(l, MAILLOG_FIELD_ERROR, c);
    return ml_event(l, MAILLOG_EVENT_DOVECOT_OPERATION_FAILED);
}

/* `WHAT timed out…`, `WHO sent …`, `WHAT is not …`: the second part says what is wrong. */
static bool said_of(ml_line *l, ml_cur c)
{
    static const struct {
        const char *text;
        uint16_t len, event;
    } verbs[] = {
#define VERB(text, EVENT) {text, sizeof(text) - 1, MAILLOG_EVENT_DOVECOT_##EVENT}
        VERB(" timed out", OPERATION_FAILED), VERB(" sent ", CONNECTION_ERROR),     VERB(" is not ", BAD_INPUT),
        VERB(" isn't ", BAD_INPUT),           VERB(" doesn't ", BAD_INPUT),         VERB(" does not ", BAD_INPUT),
        VERB(" must ", CONFIG_ERROR),         VERB(" not supported", CONFIG_ERROR),
#undef VERB
    };
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) { /* their order counts, not that of the text */
        const char *const at = maillog__find_bytes(l, c, verbs[i].text, verbs[i].len);
        if (!at || at == c.p) continue;
        if (verbs[i].event == MAILLOG_EVENT_DOVECOT_OPERATION_FAILED) {
            ml_put(l, MAILLOG_FIELD_WHAT, ml_slice(c.p, at));
            c.p = at + 1;
        }
        ml_put(l, MAILLOG_FIELD_ERROR, c);
        return ml_event(l, (maillog_event_type)verbs[i].event);
    }
    return false;
}

/* What it was given: by a client, another service, a file or the configuration. */
static bool bad_input(ml_line *l, ml_cur c)
{
    static const ml_lit beginnings[] = {
        ML_LIT("Invalid "),    ML_LIT("invalid "),     ML_LIT("Unknown "),   ML_LIT("unknown "),
        ML_LIT("Unexpected "), ML_LIT("unexpected "),  ML_LIT("Missing "),   ML_LIT("missing "),
        ML_LIT("Corrupted "),  ML_LIT("Broken "),      ML_LIT("Duplicate "), ML_LIT("Empty "),
        ML_LIT("Received "),   ML_LIT("Unsupported "), ML_LIT("No such "),   ML_LIT("Too many "),
        ML_LIT("Ignoring "),   ML_LIT("Wrong "),       ML_LIT("Bad "),       ML_LIT("Client sent "),
        ML_LIT("Value "),      ML_LIT("Binary "),      ML_LIT("Trying to "),
    };
    ml_cur t = c;
    if (!STARTS_WITH_ONE(l, &t, beginnings)) return false;
    ml_put(l, MAILLOG_FIELD_ERROR, c);
    return ml_event(l, MAILLOG_EVENT_DOVECOT_BAD_INPUT);
}

/* `SCRIPT: [line N: ]error: TEXT`: the name of a script has no blanks at its end and no path. */
static bool script_error(ml_line *l, ml_cur c)
{
    static const ml_lit kinds[] = {ML_LIT("error: "), ML_LIT("warning: "), ML_LIT("info: "), ML_LIT("debug: ")};
    maillog_field *const mark = ml_mark(l);
    ml_cur script, line;
    if (!ML_UNTIL(l, &c, ": ", &script) || ml_empty(script)) return false;
    ml_put(l, MAILLOG_FIELD_SCRIPT, script);
    ml_cur t = c;
    if (ML_SKIP(&t, "line ") && ml_digits(&t, &line) && ML_SKIP(&t, ": ")) {
        ml_put(l, MAILLOG_FIELD_LINE_NO, line);
        c = t;
    }
    if (!STARTS_WITH_ONE(l, &c, kinds)) return ml_fail(l, mark);
    ml_put(l, MAILLOG_FIELD_ERROR, c);
    return ml_event(l, MAILLOG_EVENT_DOVECOT_SIEVE_ERROR);
}

/* `/PATH: ` of a socket or a file that the fault is about. */
static void cut_path(ml_line *l, ml_cur *c)
{
    ml_cur path;
    if (ml_peek(*c) == '/' && ML_UNTIL(l, c, ": ", &path)) ml_put(l, MAILLOG_FIELD_PATH, path);
}

bool maillog__dovecot_error(ml_line *l, ml_cur text, const ml_dovecot *head)
{
    maillog_field *const mark = ml_mark(l);
    ml_cur c = text, module = ml_none();
    if (ML_SKIP(&c, "error: ") && ML_STARTS(c, "msgid=")) return maillog__dovecot_sieve(l, c, head);
    c = text;
    if (script_error(l, c)) return true;
    cut_path(l, &c);
    if (!head->connection && cut_module(l, &c, &module)) {
        ml_put(l, MAILLOG_FIELD_MODULE, module);
        cut_path(l, &c);
    }
    if (maillog__dovecot_call(l, c) || not_done(l, c) || bad_input(l, c) || has_failed(l, c) ||
        maillog__match_patterns(l, &maillog__dovecot_errors, c))
        return true;
    if ((!module.p && said_of(l, c)) || (ML_STARTS(c, "Out of memory") && put_error(l, c))) return true;
    if (!module.p && l->next == mark) return false;
    ml_put(l, MAILLOG_FIELD_ERROR, c);
    return ml_event(l, MAILLOG_EVENT_DOVECOT_MODULE_ERROR);
}
