/* syslogd.c: what the syslog daemons say about themselves. Sources: rsyslog 8, syslog-ng 3 and 4, systemd-journald 2xx,
 * BSD syslogd, sysklogd. A remote party controls `text` of a repeated message, and `where` of a dropped one as far as
 * it names a sender; nothing after them is trusted but the daemon's own last words. */
#include "../base/pattern.h"
#include "daemons.h"

#define ORIGIN "[origin software=\"%s\" swVersion=\"%s\" x-pid=\"%d\" x-info=\"%s\"] "
#define ORIGIN_FIELDS MAILLOG_FIELD_SOFTWARE, MAILLOG_FIELD_VERSION, MAILLOG_FIELD_PID, MAILLOG_FIELD_REF
#define SUSPENDED " There should be messages before this one giving the reason for suspension."
#define FIELD(name) MAILLOG_FIELD_##name
#define EVENT(name) MAILLOG_EVENT_SYSLOG_##name

ML_PATTERN_ROWS(maillog__syslogd_statements) = {
    {EVENT(DROP_BEGIN),
     {FIELD(WHERE), FIELD(LIMIT), FIELD(INTERVAL)},
     ML_TEXT("%s: begin to drop messages due to rate-limiting%( (%d allowed within %d seconds)%)")},
    {EVENT(DROPPED),
     {FIELD(WHERE), FIELD(COUNT), FIELD(LIMIT), FIELD(INTERVAL)},
     ML_TEXT("%s: %d messages lost due to rate-limiting%( (%d allowed within %d seconds)%)")},
    {EVENT(RELOAD), {0}, ML_TEXT("Configuration reload finished;")},
    {EVENT(RELOAD), {0}, ML_TEXT("Configuration reload request received, reloading configuration;")},
    {EVENT(QUEUE_FULL), {FIELD(DATA)}, ML_TEXT("Destination queue full, dropping message; %s")},
    {EVENT(QUEUE_FULL), {FIELD(DATA)}, ML_TEXT("Destination queue full, dropping messages; %s")},
    {EVENT(FILE_ERROR), {FIELD(PATH)}, ML_TEXT("File %s corrupted or uncleanly shut down, renaming and replacing.")},
    {EVENT(DROPPED), {FIELD(COUNT)}, ML_TEXT("Forwarding to syslog missed %d messages.")},
    {EVENT(START), {0}, ML_TEXT("Journal started")},
    {EVENT(STOP), {0}, ML_TEXT("Journal stopped")},
    {EVENT(STATISTICS), {FIELD(DATA)}, ML_TEXT("Log statistics; %s")},
    {EVENT(DROPPED), {FIELD(COUNT)}, ML_TEXT("Missed %d kernel messages")},
    {EVENT(CONNECTION_REFUSED),
     {FIELD(CLIENT), FIELD(LOCAL), FIELD(DATA)},
     ML_TEXT(
         "Number of allowed concurrent connections reached, rejecting connection; client='%s', local='%s'%(, %s%)")},
    {EVENT(SIGNAL), {FIELD(SIGNAL_NAME), FIELD(PEER_PID), FIELD(NAME)}, ML_TEXT("Received %w from PID %d (%s).")},
    {EVENT(FLUSH), {0}, ML_TEXT("Received client request to flush runtime journal.")},
    {EVENT(JOURNAL_SIZE),
     {FIELD(PATH), FIELD(USED), FIELD(MAX), FIELD(FREE)},
     ML_TEXT("Runtime Journal (%s) is %s, max %s, %s free.")},
    {EVENT(DROPPED), {FIELD(COUNT), FIELD(WHERE)}, ML_TEXT("Suppressed %d messages from %s")},
    {EVENT(CONNECTION),
     {FIELD(FD), FIELD(CLIENT), FIELD(LOCAL)},
     ML_TEXT("Syslog connection accepted; fd='%d', client='%s', local='%s'")},
    {EVENT(CONNECTION_LOST),
     {FIELD(FD), FIELD(SERVER), FIELD(SECONDS)},
     ML_TEXT("Syslog connection broken; fd='%d', server='%s', time_reopen='%d'")},
    {EVENT(CONNECTION_LOST),
     {FIELD(FD), FIELD(CLIENT), FIELD(LOCAL)},
     ML_TEXT("Syslog connection closed; fd='%d', client='%s', local='%s'")},
    {EVENT(CONNECTION),
     {FIELD(FD), FIELD(SERVER), FIELD(LOCAL)},
     ML_TEXT("Syslog connection established; fd='%d', server='%s', local='%s'")},
    {EVENT(CONNECTION_FAILED),
     {FIELD(FD), FIELD(SERVER), FIELD(ERROR), FIELD(SECONDS)},
     ML_TEXT("Syslog connection failed; fd='%d', server='%s', error='%s', time_reopen='%d'")},
    {EVENT(JOURNAL_SIZE),
     {FIELD(PATH), FIELD(USED), FIELD(MAX), FIELD(FREE)},
     ML_TEXT("System Journal (%s) is %s, max %s, %s free.")},
    {EVENT(FLUSH),
     {FIELD(PATH), FIELD(DURATION), FIELD(COUNT)},
     ML_TEXT("Time spent on flushing to %s is %s for %d entries.")},
    {EVENT(VACUUM), {FIELD(TOTAL), FIELD(PATH)}, ML_TEXT("Vacuuming done, freed %s of archived journals from %s.")},
    {EVENT(VACUUM), {FIELD(TOTAL)}, ML_TEXT("Vacuuming done, freed %s of archived journals.")},
    {EVENT(START), {ORIGIN_FIELDS}, ML_TEXT(ORIGIN "(re)start")},
    {EVENT(STOP), {ORIGIN_FIELDS, FIELD(SIGNAL)}, ML_TEXT(ORIGIN "exiting on signal %d.")},
    {EVENT(RELOAD), {ORIGIN_FIELDS, FIELD(TYPE)}, ML_TEXT(ORIGIN "rsyslogd was HUPed%(, type %s%)")},
    {EVENT(START), {ORIGIN_FIELDS}, ML_TEXT(ORIGIN "start")},
    {EVENT(ACTION_RESUMED), {FIELD(NAME), FIELD(MODULE)}, ML_TEXT("action '%s' resumed%( (module '%s')%)")},
    {EVENT(ACTION_SUSPENDED),
     {FIELD(NAME), FIELD(MODULE), FIELD(UNTIL), FIELD(ATTEMPT)},
     ML_TEXT("action '%s' suspended (module '%s'), next retry is %s, retry nbr %d.%(" SUSPENDED "%)")},
    {EVENT(ACTION_SUSPENDED),
     {FIELD(NAME), FIELD(MODULE), FIELD(ATTEMPT)},
     ML_TEXT("action '%s' suspended (module '%s'), retry %d.%(" SUSPENDED "%)")},
    {EVENT(ACTION_SUSPENDED), {FIELD(NAME), FIELD(UNTIL)}, ML_TEXT("action '%s' suspended, next retry is %s")},
    {EVENT(CONNECTION_FAILED), {FIELD(SERVER), FIELD(PORT), FIELD(ERROR)}, ML_TEXT("cannot connect to %s:%d: %s")},
    {EVENT(STOP), {FIELD(SIGNAL)}, ML_TEXT("exiting on signal %d%(.%)")},
    {EVENT(FILE_ERROR), {FIELD(PATH), FIELD(ERROR)}, ML_TEXT("file '%s': open error: %s")},
    {EVENT(DROPPED),
     {FIELD(COUNT), FIELD(PEER_PID)},
     ML_TEXT("imuxsock lost %d messages from pid %d due to rate-limiting")},
    {EVENT(START), {FIELD(PATH), FIELD(FD)}, ML_TEXT("imuxsock: Acquired UNIX socket '%s' (fd %d) from systemd.")},
    {EVENT(CONNECTION_LOST),
     {FIELD(SERVER), FIELD(PORT), FIELD(TEXT)},
     ML_TEXT("omfwd: remote server at %s:%d seems to have closed connection.%( %s%)")},
    {EVENT(START), {0}, ML_TEXT("restart%(.%)")},
    {EVENT(PRIVILEGES), {FIELD(GID)}, ML_TEXT("rsyslogd's groupid changed to %d")},
    {EVENT(PRIVILEGES), {FIELD(UID)}, ML_TEXT("rsyslogd's userid changed to %d")},
    {EVENT(STOP), {FIELD(VERSION), FIELD(DATA)}, ML_TEXT("syslog-ng shutting down; version='%s'%(, %s%)")},
    {EVENT(START), {FIELD(VERSION), FIELD(DATA)}, ML_TEXT("syslog-ng starting up; version='%s'%(, %s%)")},
};
extern const ml_patterns maillog__syslogd_statements; /* tests/patterns.h reads it */
ML_PATTERN_TABLE(maillog__syslogd_statements);

/* rsyslog ends what has a code with ` [v8.2302.0 try https://www.rsyslog.com/e/2007 ]`. */
static void version_and_code(ml_line *l, ml_cur *c)
{
    ml_cur rest = *c, head, version, code;
    if (!ML_DROP_END(&rest, "]") || !ML_UNTIL_LAST(&rest, " [v", &head)) return;
    ML_DROP_END(&rest, " ");
    version = rest;
    if (ML_UNTIL(l, &rest, " try ", &version) && ML_UNTIL_LAST(&rest, "/e/", &code))
        ml_put(l, MAILLOG_FIELD_REASON_CODE, rest);
    ml_put(l, MAILLOG_FIELD_VERSION, version);
    while (ml_last(head) == ' ') head.e--;
    *c = head;
}

void maillog__syslogd(ml_line *l, ml_cur message)
{
    ml_cur c = message;
    version_and_code(l, &c);
    if (!maillog__match_patterns(l, &maillog__syslogd_statements, c)) ml_put_rest(l, c);
}

/* `message repeated 2 times: [ text]` (rsyslog): the tag is that of the text. It is not parsed again: its events came
 * before, once each. */
static bool message_repeated(ml_line *l, ml_cur c)
{
    ml_cur count;
    if (!ML_SKIP(&c, "message repeated ") || !ml_digits(&c, &count) || !ML_SKIP(&c, " times: [")) return false;
    ml_skip_char(&c, ' ');
    if (!ML_DROP_END(&c, "]")) l->ev->flags |= MAILLOG_FLAG_TRUNCATED;
    ml_put(l, MAILLOG_FIELD_COUNT, count);
    ml_put(l, MAILLOG_FIELD_TEXT, c);
    return ml_event(l, MAILLOG_EVENT_SYSLOG_REPEATED);
}

/* `last message repeated 3 times` (BSD, sysklogd, Solaris); NetBSD puts dashes around it. */
static bool last_message_repeated(ml_line *l, ml_cur c)
{
    ml_cur count;
    ML_SKIP(&c, "--- ");
    if (!ML_SKIP(&c, "last message repeated ") || !ml_digits(&c, &count) || !ML_SKIP(&c, " time")) return false;
    ml_skip_char(&c, 's');
    ML_SKIP(&c, " ---");
    if (!ml_empty(c)) return false;
    ml_put(l, MAILLOG_FIELD_COUNT, count);
    return ml_event(l, MAILLOG_EVENT_SYSLOG_REPEATED);
}

/* `Last message 'text' repeated 3 times, suppressed by syslog-ng on host`: the text is cut to 20 bytes, and may hold
 * quotes: the daemon's own words are the last. */
static bool last_message_suppressed(ml_line *l, ml_cur c)
{
    ml_cur text, count;
    if (!ML_SKIP(&c, "Last message '") || !ML_UNTIL_LAST(&c, "' repeated ", &text)) return false;
    if (!ml_digits(&c, &count) || !ML_SKIP(&c, " times, suppressed by syslog-ng on ")) return false;
    ml_put(l, MAILLOG_FIELD_TEXT, text);
    ml_put(l, MAILLOG_FIELD_COUNT, count);
    ml_put(l, MAILLOG_FIELD_HOSTNAME, c);
    return ml_event(l, MAILLOG_EVENT_SYSLOG_REPEATED);
}

void maillog__syslogd_repeated(ml_line *l, ml_cur message)
{
    if (message_repeated(l, message) || last_message_repeated(l, message) || last_message_suppressed(l, message))
        return;
    ml_put_rest(l, message);
}
