/* own_file.c: files that daemons write themselves: after the stamp stands no host and no tag. What tells them apart is
 * what the daemon itself writes first; the daemon's own grammar reads the rest. */
#include "header.h"

static bool at_form(ml_line *l, ml_cur *c, ml_cur rest, ml_form form)
{
    l->form = form;
    *c = rest;
    return true;
}

/* The severity of a line of Dovecot's own file. */
static bool skip_type(ml_cur *c)
{
    static const ml_lit types[] = {ML_LIT("Info: "),  ML_LIT("Warning: "), ML_LIT("Error: "),
                                   ML_LIT("Debug: "), ML_LIT("Fatal: "),   ML_LIT("Panic: ")};
    if (!ml_is_upper(ml_peek(*c))) return false;
    const uint64_t key = ml_key(NULL, *c);
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        if (!ml_starts_lit(key, *c, &types[i])) continue;
        c->p += types[i].len;
        return true;
    }
    return false;
}

/* `SERVICE[(…)][<…>]: `; `end`: where the service's name ends. */
static bool skip_service(const ml_line *l, ml_cur *c, const char **end)
{
    enum { LONGEST = 40 };
    ml_cur service;
    if (!ml_is_alpha(ml_peek(*c)) || !ML_UNTIL(l, c, ": ", &service)) return false;
    const char *p = service.p;
    for (; p < service.e && *p != '(' && *p != '<'; p++)
        if (p - service.p == LONGEST || (!ml_is_alnum(*p) && *p != '-' && *p != '_')) return false;
    *end = p;
    return true;
}

/* Dovecot's log_path: `SERVICE[(…)][<…>]: TYPE: `; a user's name in parentheses may hold some `: `, too. */
bool maillog__dovecot_file(ml_line *l, const ml_cur *c)
{
    enum { COLONS_MAX = 8 };
    ml_cur rest = *c, name;
    const char *end;
    if (!ml_is_lower(ml_peek(rest)) || !skip_service(l, &rest, &end)) return false;
    for (int colons = *end == '(' ? COLONS_MAX : 1; !skip_type(&rest); colons--)
        if (colons == 1 || !ML_UNTIL(l, &rest, ": ", &name)) return false;
    l->form = ML_FORM_DOVECOT;
    return true;
}

/* The same of 1.x, behind its stamp: `TYPE: SERVICE[(…)]: `. */
static bool dovecot_1(ml_line *l, ml_cur *c)
{
    ml_cur rest = *c;
    const char *end;
    if (!skip_type(&rest) || !skip_service(l, &rest, &end)) return false;
    l->form = ML_FORM_DOVECOT;
    return true;
}

/* rspamd: `#1234(normal) <tag>; `. */
static bool rspamd(ml_line *l, ml_cur *c)
{
    ml_cur rest = *c, pid, type;
    if (!ml_skip_char(&rest, '#') || !ml_digits(&rest, &pid) || !ml_skip_char(&rest, '(') ||
        !ML_UNTIL(l, &rest, ") ", &type))
        return false;
    ml_put(l, MAILLOG_FIELD_PID, pid);
    return at_form(l, c, rest, ML_FORM_RSPAMD);
}

/* fail2ban: `fail2ban.actions        [1234]: NOTICE  [jail] …`; before 0.9 `fail2ban.actions: WARNING …`. */
static bool fail2ban(ml_line *l, ml_cur *c)
{
    ml_cur rest = *c, name, pid;
    if (!ML_STARTS(rest, "fail2ban.") || !ml_word(l, &rest, &name)) return false;
    maillog_field *mark = ml_mark(l);
    if (ml_last(name) == ':') {
        name.e--;
        ml_put(l, MAILLOG_FIELD_PROGRAM, name);
        ml_skip_blanks(&rest);
        return at_form(l, c, rest, ML_FORM_FAIL2BAN);
    }
    ml_put(l, MAILLOG_FIELD_PROGRAM, name);
    ml_skip_blanks(&rest);
    if (!ml_skip_char(&rest, '[') || !ml_digits(&rest, &pid) || !ML_SKIP(&rest, "]: ")) return ml_fail(l, mark);
    ml_put(l, MAILLOG_FIELD_PID, pid);
    return at_form(l, c, rest, ML_FORM_FAIL2BAN);
}

/* `[1234] ` or `(1234) `; the pid is not written yet. */
static bool pid_in(ml_cur *c, char open, char close, ml_cur *pid)
{
    ml_cur rest = *c;
    if (!ml_skip_char(&rest, open) || !ml_digits(&rest, pid) || !ml_skip_char(&rest, close) ||
        !ml_skip_char(&rest, ' '))
        return false;
    *c = rest;
    return true;
}

/* spamd: `[1234] info: spamd: …`; the level is written as `severity` where it is more than information. */
static bool spamd(ml_line *l, ml_cur *c)
{
    static const struct {
        char text[8];
        unsigned word;
    } levels[] = {{"info: ", MAILLOG_SEVERITY_INFO},
                  {"warn: ", MAILLOG_SEVERITY_WARNING},
                  {"error: ", MAILLOG_SEVERITY_ERROR},
                  {"dbg: ", MAILLOG_SEVERITY_DEBUG}};
    ml_cur rest = *c, pid;
    if (!pid_in(&rest, '[', ']', &pid)) return false;
    for (size_t i = 0; i < sizeof levels / sizeof *levels; i++) {
        const char *start = rest.p;
        if (!ml_skip_n(&rest, levels[i].text, strlen(levels[i].text))) continue;
        ml_put(l, MAILLOG_FIELD_PID, pid);
        if (i) ml_put_word(l, MAILLOG_FIELD_SEVERITY, ml_slice(start, rest.p - 2), levels[i].word);
        return at_form(l, c, rest, ML_FORM_SPAMD);
    }
    return false;
}

/* Exim's message ID: three runs of base 62, of 6-6-2 characters, since 4.97 of 6-11-4. */
static bool is_exim_id(ml_cur w)
{
    size_t run[3] = {0, 0, 0}, i = 0;
    for (const char *p = w.p; p < w.e; p++) {
        if (ml_is_alnum(*p))
            run[i]++;
        else if (*p != '-' || ++i == 3)
            return false;
    }
    return i == 2 && run[0] == 6 && run[1] >= 6 && run[1] <= 11 && (run[2] == 2 || run[2] == 4);
}

/* What Exim's main log says about no message in particular. */
static bool is_exim_statement(const ml_line *l, ml_cur c)
{
    static const ml_lit starts[] = {
        ML_LIT("H="),
        ML_LIT("exim "),
        ML_LIT("Start queue run: "),
        ML_LIT("End queue run: "),
        ML_LIT("SMTP "),
        ML_LIT("TLS "),
        ML_LIT("no host name found for IP address "),
        ML_LIT("no IP address found for host "),
        ML_LIT("rejected "),
        ML_LIT("refused "),
        ML_LIT("unexpected disconnection while reading SMTP command from "),
        ML_LIT("unexpected "),
        ML_LIT("unqualified "),
        ML_LIT("ident connection to "),
        ML_LIT("daemon: "),
        ML_LIT("SIGHUP received"),
        ML_LIT("cwd="),
        ML_LIT("list matching "),
        ML_LIT("Exim configuration error"),
        ML_LIT("host name alias "),
        ML_LIT("syntactically invalid "),
        ML_LIT("login from "),
        ML_LIT("Connection from "),
        ML_LIT("pid "),
        ML_LIT("failed to "),
        ML_LIT("auxiliary Exim "),
        ML_LIT("Warning: "),
        ML_LIT("U="),
        ML_LIT("F="),
        ML_LIT("no MAIL in "),
        ML_LIT("no immediate delivery: "),
        ML_LIT("too many recipients: "),
        ML_LIT("temporarily rejected "),
        ML_LIT("temporarily refused connection from "),
        ML_LIT("connection from "),
        ML_LIT("Abandon queue run: "),
        ML_LIT("Start '"),
        ML_LIT("End '"),
        ML_LIT("socket bind() to port "),
        ML_LIT("DNS list lookup "),
        ML_LIT("dnslists domain "),
        ML_LIT("DKIM: "),
        ML_LIT("SSL_write"),
        ML_LIT("SIGTERM received while reading local message"),
        ML_LIT("timed out while reading local message"),
        ML_LIT("queue run: process "),
        ML_LIT("process "),
        ML_LIT("SMTP>> "),
        ML_LIT("ETRN "),
        ML_LIT("D="),
    };
    const uint64_t key = ml_key(l, c);
    for (size_t i = 0; i < sizeof starts / sizeof *starts; i++)
        if (ml_starts_lit(key, c, &starts[i])) return true;
    ml_cur rest = c, word;
    return ml_word(l, &rest, &word) && ML_STARTS(rest, " authenticator failed for ");
}

/* Exim: date and clock with a blank between them, then `[pid] ` (log_selector +pid), then a message ID or a statement.
 */
static bool exim(ml_line *l, ml_cur *c)
{
    ml_cur rest = *c, pid = ml_none(), word;
    const bool has_pid = pid_in(&rest, '[', ']', &pid);
    ml_cur after = rest;
    if (!(ml_word(l, &after, &word) && is_exim_id(word)) && !is_exim_statement(l, rest)) return false;
    if (has_pid) ml_put(l, MAILLOG_FIELD_PID, pid);
    return at_form(l, c, rest, ML_FORM_EXIM);
}

bool maillog__own_file(ml_line *l, ml_cur *c, bool blank_in_stamp)
{
    ml_cur rest = *c, pid;
    switch (ml_peek(*c)) {
    case '#':
        return rspamd(l, c);
    case '-': /* clamd, freshclam, clamav-milter */
        return ML_SKIP(&rest, "-> ") && at_form(l, c, rest, ML_FORM_CLAMAV);
    case '(': /* Mailman's files have the year after the clock */
        if (!l->ev->time.year || !pid_in(&rest, '(', ')', &pid)) return false;
        ml_put(l, MAILLOG_FIELD_PID, pid);
        return at_form(l, c, rest, ML_FORM_MAILMAN);
    case '[':
        if (spamd(l, c)) return true;
        break;
    default:
        break;
    }
    if (fail2ban(l, c) || maillog__dovecot_file(l, c) || dovecot_1(l, c)) return true;
    return blank_in_stamp && exim(l, c);
}
