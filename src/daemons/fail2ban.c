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
    {E(FOUND), {F(CLIENT_ADDR), F(TEXT)}, ML_TEXT("IP %w is bad: %s")},
    {E(ALREADY_BANNED), {F(CLIENT_ADDR)}, ML_TEXT("%w already banned")},
    {E(LOG_SOURCE), {F(TEXT)}, ML_TEXT("Added journal match for: %s")},
    {E(BAN), {F(CLIENT_ADDR)}, ML_TEXT("Ban %w")},
    {E(UNBAN), {F(COMMAND)}, ML_TEXT("Flush ticket(s) with %s")},
    {E(FOUND), {F(CLIENT_ADDR), F(DATE)}, ML_TEXT("Found %w - %s")},
    {E(FOUND), {F(CLIENT_ADDR), F(TEXT)}, ML_TEXT("Found %w, bad - %s")},
    {E(FOUND), {F(CLIENT_ADDR)}, ML_TEXT("Found %w")},
    {E(IGNORED), {F(CLIENT_ADDR), F(REASON)}, ML_TEXT("Ignore %w by %s")},
    {E(IGNORED), {F(CLIENT_ADDR), F(REASON)}, ML_TEXT("Ignore %w, %s")},
    {E(BAN), {F(CLIENT_ADDR), F(COUNT), F(DURATION), F(UNTIL)}, ML_TEXT("Increase Ban %w (%d # %s -> %s)")},
    {E(LOG_SOURCE), {F(TEXT)}, ML_TEXT("Jail is in operation now (%s)")},
    {E(LOG_SOURCE), {F(TEXT)}, ML_TEXT("Please check a jail has correct timezone%s")},
    {E(BAN), {F(CLIENT_ADDR)}, ML_TEXT("Reban %w")},
    {E(LOG_SOURCE), {F(TEXT)}, ML_TEXT("Removed journal match for: %s")},
    {E(BAN), {F(CLIENT_ADDR)}, ML_TEXT("Restore Ban %w")},
    {E(UNBAN), {F(CLIENT_ADDR)}, ML_TEXT("Unban %w")},
    {E(ERROR), {F(ERROR)}, ML_TEXT("unhandled error in actions thread: %s")},
};
ML_PATTERN_TABLE(maillog__fail2ban_jail);

extern const ml_patterns maillog__fail2ban_statements;
ML_PATTERN_ROWS(maillog__fail2ban_statements) = {
    {E(SETTING), {F(KEY), F(VALUE)}, ML_TEXT("  %w: %s")},
    {E(ACTION_FAILED), {F(ID), F(COMMAND)}, ML_TEXT("%w -- exec: %s")},
    {E(ACTION_FAILED), {F(ID), F(TEXT)}, ML_TEXT("%w -- stdout: %s")},
    {E(ACTION_FAILED), {F(ID), F(TEXT)}, ML_TEXT("%w -- stderr: %s")},
    {E(ACTION_FAILED), {F(ID), F(CODE)}, ML_TEXT("%w -- returned %d")},
    {E(ACTION_FAILED), {F(ID), F(TEXT)}, ML_TEXT("%w -- killed with %s")},
    {E(ACTION_FAILED), {F(ID), F(TEXT)}, ML_TEXT("%w -- timed out %s")},
    {E(START), {0}, ML_TEXT("--------------------------------------------------")},
    {E(LOG_SOURCE), {F(PATH)}, ML_TEXT("Added logfile = %s")},
    {E(LOG_SOURCE), {F(PATH), F(OFFSET), F(DIGEST)}, ML_TEXT("Added logfile: '%s' (pos = %d, hash = %w)")},
    {E(LOG_SOURCE), {F(PATH)}, ML_TEXT("Added logfile: '%s'")},
    {E(STOP), {F(SIGNAL)}, ML_TEXT("Caught signal %d. Exiting")},
    {E(ERROR), {F(ERROR)}, ML_TEXT("Caught unhandled exception%s")},
    {E(LOG_SOURCE), {F(PATH)}, ML_TEXT("Changed logging target to %s")},
    {E(ERROR), {F(ERROR)}, ML_TEXT("Command %s")},
    {E(DATABASE), {F(PATH)}, ML_TEXT("Connected to fail2ban persistent database '%s'")},
    {E(DATABASE), {F(TEXT)}, ML_TEXT("Connection to database %s")},
    {E(ERROR), {F(ERROR)}, ML_TEXT("Could not %s")},
    {E(JAIL), {F(JAIL)}, ML_TEXT("Creating new jail '%s'")},
    {E(START), {0}, ML_TEXT("Daemon started")},
    {E(DATABASE), {F(TEXT)}, ML_TEXT("Database %s")},
    {E(ERROR), {F(ERROR)}, ML_TEXT("Detected a log entry %s")},
    {E(NAME_ERROR), {F(NAME), F(REASON)}, ML_TEXT("Determined IP using DNS Lookup: %w = %s")},
    {E(ERROR), {F(ERROR)}, ML_TEXT("Error %s")},
    {E(STOP), {0}, ML_TEXT("Exiting Fail2ban")},
    {E(ERROR), {F(ERROR)}, ML_TEXT("Fail2ban seems to be %s")},
    {E(ACTION_FAILED), {F(COMMAND), F(JAIL), F(NAME), F(ERROR)}, ML_TEXT("Failed to %w jail '%s' action '%s': %s")},
    {E(ERROR), {F(ERROR)}, ML_TEXT("Failed to %s")},
    {E(ACTION_FAILED),
     {F(COMMAND), F(JAIL), F(NAME), F(ERROR)},
     ML_TEXT("Failed to execute %w jail '%s' action '%s' %s")},
    {E(ACTION_FAILED), {F(JAIL), F(NAME), F(ERROR)}, ML_TEXT("Failed to flush bans in jail '%s' action '%s': %s")},
    {E(ACTION_FAILED), {F(CODE), F(TEXT)}, ML_TEXT("HINT on %d: %s")},
    {E(JAIL), {F(BACKEND)}, ML_TEXT("Initiated '%s' backend")},
    {E(ACTION_FAILED), {F(REASON)}, ML_TEXT("Invariant check failed. %s")},
    {E(JAIL), {F(JAIL), F(STATE)}, ML_TEXT("Jail '%s' %s")},
    {E(SETTING), {F(VALUE)}, ML_TEXT("Jail is not a JournalFilter instance%s")},
    {E(LOG_SOURCE), {F(PATH)}, ML_TEXT("Log rotation detected for %s")},
    {E(LOG_SOURCE), {F(PATH)}, ML_TEXT("Logging to previous target '%s'")},
    {E(DATABASE), {F(VERSION)}, ML_TEXT("New database created. Version '%s'")},
    {E(ACTION_FAILED), {F(TEXT)}, ML_TEXT("No flush occurred, %s")},
    {E(START), {0}, ML_TEXT("Observer start...")},
    {E(STOP), {F(TEXT)}, ML_TEXT("Observer stop%s")},
    {E(START), {F(TEXT)}, ML_TEXT("Reload %s")},
    {E(JAIL), {F(JAIL)}, ML_TEXT("Reload jail '%s'")},
    {E(LOG_SOURCE), {F(PATH)}, ML_TEXT("Removed logfile: '%s'")},
    {E(JAIL), {F(JAIL), F(REASON)}, ML_TEXT("Restart jail '%s' (reason: %s)")},
    {E(ERROR), {F(ERROR)}, ML_TEXT("Restore %s")},
    {E(ERROR), {F(ERROR)}, ML_TEXT("Server connection was closed: %s")},
    {E(START), {0}, ML_TEXT("Server ready")},
    {E(SETTING), {F(KEY), F(VALUE)}, ML_TEXT("Set %w = %s")},
    {E(STOP), {0}, ML_TEXT("Shutdown in progress...")},
    {E(ERROR), {F(ERROR)}, ML_TEXT("Simulate %s")},
    {E(START), {F(VERSION)}, ML_TEXT("Start Fail2ban v%w")},
    {E(START), {F(VERSION)}, ML_TEXT("Starting Fail2ban v%w")},
    {E(START), {0}, ML_TEXT("Starting in daemon mode")},
    {E(STOP), {0}, ML_TEXT("Stopping all jails")},
    {E(ERROR), {F(ERROR)}, ML_TEXT("Too many errors %s")},
    {E(DATABASE), {F(TEXT)}, ML_TEXT("Trying to repair database %s")},
    {E(ERROR), {F(ERROR)}, ML_TEXT("Unable to %s")},
    {E(NAME_ERROR), {F(NAME), F(ERROR)}, ML_TEXT("Unable to find a corresponding IP address for %w: %s")},
    {E(DATABASE), {F(TEXT)}, ML_TEXT("Upgrade database: %s")},
    {E(SETTING), {F(VALUE)}, ML_TEXT("banTimeExtra : %s")},
    {E(LOG_SOURCE), {F(PATH)}, ML_TEXT("flush performed on %s")},
    {E(LOG_SOURCE), {F(PATH)}, ML_TEXT("rollover performed on %s")},
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
