/* fail2ban.c: fail2ban 0.8 to 1.1 (server/actions.py, filter.py, jail.py, server.py, observer.py, database.py,
 * utils.py): `LEVEL [jail] statement`, in its own file and through syslog. What it quotes of other logs stands in
 * statements about failed commands and lines, and there it is the last. */
#include "../base/pattern.h"
#include "../base/token.h"
#include "daemons.h"

#define E(NAME) MAILLOG_EVENT_FAIL2BAN_##NAME
#define F(NAME) MAILLOG_FIELD_##NAME

/* behind `[jail] ` */
extern const ml_patterns maillog__fail2ban_jail;
ML_PATTERN_ROWS(maillog__fail2ban_jail) = {
    {E(ALREADY_BANNED), {F(CLIENT_ADDR)}, "%w already banned"},
    {E(LOG_SOURCE), {F(TEXT)}, "Added journal match for: %s"},
    {E(BAN), {F(CLIENT_ADDR)}, "Ban %w"},
    {E(UNBAN), {F(COMMAND)}, "Flush ticket(s) with %s"},
    {E(FOUND), {F(CLIENT_ADDR), F(DATE)}, "Found %w - %s"},
    {E(FOUND), {F(CLIENT_ADDR), F(TEXT)}, "Found %w, bad - %s"},
    {E(FOUND), {F(CLIENT_ADDR)}, "Found %w"},
    {E(FOUND), {F(CLIENT_ADDR), F(TEXT)}, "IP %w is bad: %s"},
    {E(IGNORED), {F(CLIENT_ADDR), F(REASON)}, "Ignore %w by %s"},
    {E(IGNORED), {F(CLIENT_ADDR), F(REASON)}, "Ignore %w, %s"},
    {E(BAN), {F(CLIENT_ADDR), F(COUNT), F(DURATION), F(UNTIL)}, "Increase Ban %w (%d # %s -> %s)"},
    {E(LOG_SOURCE), {F(TEXT)}, "Jail is in operation now (%s)"},
    {E(LOG_SOURCE), {F(TEXT)}, "Please check a jail has correct timezone%s"},
    {E(BAN), {F(CLIENT_ADDR)}, "Reban %w"},
    {E(LOG_SOURCE), {F(TEXT)}, "Removed journal match for: %s"},
    {E(BAN), {F(CLIENT_ADDR)}, "Restore Ban %w"},
    {E(UNBAN), {F(CLIENT_ADDR)}, "Unban %w"},
    {E(ERROR), {F(ERROR)}, "unhandled error in actions thread: %s"},
};
ML_PATTERN_TABLE(maillog__fail2ban_jail);

extern const ml_patterns maillog__fail2ban_statements;
ML_PATTERN_ROWS(maillog__fail2ban_statements) = {
    {E(ACTION_FAILED), {F(ID), F(COMMAND)}, "%w -- exec: %s"},
    {E(ACTION_FAILED), {F(ID), F(TEXT)}, "%w -- stdout: %s"},
    {E(ACTION_FAILED), {F(ID), F(TEXT)}, "%w -- stderr: %s"},
    {E(ACTION_FAILED), {F(ID), F(CODE)}, "%w -- returned %d"},
    {E(ACTION_FAILED), {F(ID), F(TEXT)}, "%w -- killed with %s"},
    {E(ACTION_FAILED), {F(ID), F(TEXT)}, "%w -- timed out %s"},
    {E(SETTING), {F(KEY), F(VALUE)}, "  %w: %s"},
    {E(START), {0}, "--------------------------------------------------"},
    {E(LOG_SOURCE), {F(PATH)}, "Added logfile = %s"},
    {E(LOG_SOURCE), {F(PATH), F(OFFSET), F(DIGEST)}, "Added logfile: '%s' (pos = %d, hash = %w)"},
    {E(LOG_SOURCE), {F(PATH)}, "Added logfile: '%s'"},
    {E(STOP), {F(SIGNAL)}, "Caught signal %d. Exiting"},
    {E(ERROR), {F(ERROR)}, "Caught unhandled exception%s"},
    {E(LOG_SOURCE), {F(PATH)}, "Changed logging target to %s"},
    {E(ERROR), {F(ERROR)}, "Command %s"},
    {E(DATABASE), {F(PATH)}, "Connected to fail2ban persistent database '%s'"},
    {E(DATABASE), {F(TEXT)}, "Connection to database %s"},
    {E(ERROR), {F(ERROR)}, "Could not %s"},
    {E(JAIL), {F(JAIL)}, "Creating new jail '%s'"},
    {E(START), {0}, "Daemon started"},
    {E(DATABASE), {F(TEXT)}, "Database %s"},
    {E(ERROR), {F(ERROR)}, "Detected a log entry %s"},
    {E(NAME_ERROR), {F(NAME), F(REASON)}, "Determined IP using DNS Lookup: %w = %s"},
    {E(ERROR), {F(ERROR)}, "Error %s"},
    {E(STOP), {0}, "Exiting Fail2ban"},
    {E(ERROR), {F(ERROR)}, "Fail2ban seems to be %s"},
    {E(ACTION_FAILED), {F(COMMAND), F(JAIL), F(NAME), F(ERROR)}, "Failed to %w jail '%s' action '%s': %s"},
    {E(ERROR), {F(ERROR)}, "Failed to %s"},
    {E(ACTION_FAILED), {F(COMMAND), F(JAIL), F(NAME), F(ERROR)}, "Failed to execute %w jail '%s' action '%s' %s"},
    {E(ACTION_FAILED), {F(JAIL), F(NAME), F(ERROR)}, "Failed to flush bans in jail '%s' action '%s': %s"},
    {E(ACTION_FAILED), {F(CODE), F(TEXT)}, "HINT on %d: %s"},
    {E(JAIL), {F(BACKEND)}, "Initiated '%s' backend"},
    {E(ACTION_FAILED), {F(REASON)}, "Invariant check failed. %s"},
    {E(JAIL), {F(JAIL), F(STATE)}, "Jail '%s' %s"},
    {E(SETTING), {F(VALUE)}, "Jail is not a JournalFilter instance%s"},
    {E(LOG_SOURCE), {F(PATH)}, "Log rotation detected for %s"},
    {E(LOG_SOURCE), {F(PATH)}, "Logging to previous target '%s'"},
    {E(DATABASE), {F(VERSION)}, "New database created. Version '%s'"},
    {E(ACTION_FAILED), {F(TEXT)}, "No flush occurred, %s"},
    {E(START), {0}, "Observer start..."},
    {E(STOP), {F(TEXT)}, "Observer stop%s"},
    {E(START), {F(TEXT)}, "Reload %s"},
    {E(JAIL), {F(JAIL)}, "Reload jail '%s'"},
    {E(LOG_SOURCE), {F(PATH)}, "Removed logfile: '%s'"},
    {E(JAIL), {F(JAIL), F(REASON)}, "Restart jail '%s' (reason: %s)"},
    {E(ERROR), {F(ERROR)}, "Restore %s"},
    {E(ERROR), {F(ERROR)}, "Server connection was closed: %s"},
    {E(START), {0}, "Server ready"},
    {E(SETTING), {F(KEY), F(VALUE)}, "Set %w = %s"},
    {E(STOP), {0}, "Shutdown in progress..."},
    {E(ERROR), {F(ERROR)}, "Simulate %s"},
    {E(START), {F(VERSION)}, "Start Fail2ban v%w"},
    {E(START), {F(VERSION)}, "Starting Fail2ban v%w"},
    {E(START), {0}, "Starting in daemon mode"},
    {E(STOP), {0}, "Stopping all jails"},
    {E(ERROR), {F(ERROR)}, "Too many errors %s"},
    {E(DATABASE), {F(TEXT)}, "Trying to repair database %s"},
    {E(ERROR), {F(ERROR)}, "Unable to %s"},
    {E(NAME_ERROR), {F(NAME), F(ERROR)}, "Unable to find a corresponding IP address for %w: %s"},
    {E(DATABASE), {F(TEXT)}, "Upgrade database: %s"},
    {E(SETTING), {F(VALUE)}, "banTimeExtra : %s"},
    {E(LOG_SOURCE), {F(PATH)}, "flush performed on %s"},
    {E(LOG_SOURCE), {F(PATH)}, "rollover performed on %s"},
};
ML_PATTERN_TABLE(maillog__fail2ban_statements);

/* `NOTICE  `: the level, padded */
static void put_level(ml_line *l, ml_cur *c)
{
    static const struct {
        ml_lit text;
        uint8_t word;
    } levels[] = {
        {ML_LIT("INFO"), MAILLOG_SEVERITY_INFO},       {ML_LIT("NOTICE"), MAILLOG_SEVERITY_NOTICE},
        {ML_LIT("WARNING"), MAILLOG_SEVERITY_WARNING}, {ML_LIT("ERROR"), MAILLOG_SEVERITY_ERROR},
        {ML_LIT("CRITICAL"), MAILLOG_SEVERITY_FATAL},  {ML_LIT("DEBUG"), MAILLOG_SEVERITY_DEBUG},
    };
    ml_cur t = *c, word;
    if (!ml_word(l, &t, &word)) return;
    if (ml_last(word) == ':') word.e--; /* 0.8 */
    const uint64_t key = ml_key(l, word);
    for (size_t i = 0; i < sizeof levels / sizeof *levels; i++) {
        if (!ml_is_lit(key, word, &levels[i].text)) continue;
        ml_put_word(l, F(SEVERITY), word, levels[i].word);
        /* padded to seven and a blank, behind which settings are indented */
        const size_t width = 8;
        size_t n = ml_len(word);
        while (n < width && ml_at(*c, n) == ' ') n++;
        c->p = n == width ? c->p + width : t.p < c->e ? t.p + 1 : c->e;
        return;
    }
}

void maillog__fail2ban(ml_line *l, ml_cur message)
{
    ml_cur c = message, jail;
    put_level(l, &c);
    maillog_field *const mark = ml_mark(l);
    ml_cur t = c;
    ml_skip_blanks(&t);
    if (ml_skip_char(&t, '[') && ML_UNTIL(l, &t, "] ", &jail)) {
        ml_put(l, F(JAIL), jail);
        if (maillog__match_patterns(l, &maillog__fail2ban_jail, t)) return;
        ml_fail(l, mark);
    }
    if (maillog__match_patterns(l, &maillog__fail2ban_statements, c)) return;
    ml_skip_blanks(&c);
    if (!maillog__match_patterns(l, &maillog__fail2ban_statements, c)) ml_put_rest(l, c);
}
