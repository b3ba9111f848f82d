/* dovecot_master.c: master, log, anvil, stats, config, ssl-params, indexer, replicator, director: the life of the
 * server.
 *
 * Source: master/main.c, service.c, service-monitor.c, service-process.c, config, anvil, stats, replication;
 * Dovecot 1.2 to 2.4. Nothing here is remote-controlled but names of mailboxes and users in errors. */
#include "dovecot.h"

ML_PATTERN_ROWS(maillog__dovecot_master_statements) = {
    {MAILLOG_EVENT_DOVECOT_CONFIG_NOTE, {MAILLOG_FIELD_TEXT}, ML_TEXT("Corrected permissions for %s")},
    {MAILLOG_EVENT_DOVECOT_STARTED,
     {MAILLOG_FIELD_VERSION, MAILLOG_FIELD_PROTOCOLS, MAILLOG_FIELD_TEXT},
     ML_TEXT("Dovecot v%s starting up for %s%( (%s)%)")},
    {MAILLOG_EVENT_DOVECOT_STARTED,
     {MAILLOG_FIELD_VERSION, MAILLOG_FIELD_TEXT},
     ML_TEXT("Dovecot v%s starting up%( (%s)%)")},
    {MAILLOG_EVENT_DOVECOT_CONFIG_ERROR,
     {MAILLOG_FIELD_PATH, MAILLOG_FIELD_LINE_NO, MAILLOG_FIELD_ERROR},
     ML_TEXT("Error in configuration file %s line %d: %s")},
    {MAILLOG_EVENT_DOVECOT_CONFIG_ERROR, {MAILLOG_FIELD_ERROR}, ML_TEXT("Error reading configuration: %s")},
    {MAILLOG_EVENT_DOVECOT_CONFIG_ERROR, {MAILLOG_FIELD_ERROR}, ML_TEXT("Invalid configuration: %s")},
    {MAILLOG_EVENT_DOVECOT_KILLED,
     {MAILLOG_FIELD_SIGNAL, MAILLOG_FIELD_PEER_PID, MAILLOG_FIELD_UID, MAILLOG_FIELD_CODE},
     ML_TEXT("Killed with signal %d%( (by pid=%d uid=%d code=%s)%)")},
    {MAILLOG_EVENT_DOVECOT_CONFIG_NOTE, {MAILLOG_FIELD_TEXT}, ML_TEXT("NOTE: %s")},
    {MAILLOG_EVENT_DOVECOT_CONFIG_NOTE,
     {MAILLOG_FIELD_PATH, MAILLOG_FIELD_LINE_NO, MAILLOG_FIELD_TEXT},
     ML_TEXT("Obsolete setting in %s:%d: %s")},
    {MAILLOG_EVENT_DOVECOT_RELOADED, {0}, ML_TEXT("SIGHUP received - reloading configuration")},
    {MAILLOG_EVENT_DOVECOT_SSL_PARAMETERS, {0}, ML_TEXT("SSL parameters regeneration completed")},
    {MAILLOG_EVENT_DOVECOT_TIME_MOVED,
     {MAILLOG_FIELD_SECONDS, MAILLOG_FIELD_TEXT},
     ML_TEXT("Time just moved backwards by %f seconds. %s")},
    {MAILLOG_EVENT_DOVECOT_TIME_MOVED,
     {MAILLOG_FIELD_SECONDS, MAILLOG_FIELD_TEXT},
     ML_TEXT("Time moved backwards by %f seconds, %s")},
    {MAILLOG_EVENT_DOVECOT_TIME_MOVED,
     {MAILLOG_FIELD_SECONDS},
     ML_TEXT("Time moved forward by %f seconds - adjusting timeouts.")},
    {MAILLOG_EVENT_DOVECOT_TIME_MOVED,
     {MAILLOG_FIELD_SECONDS},
     ML_TEXT("Time moved forwards by %f seconds - adjusting timeouts.")},
    {MAILLOG_EVENT_DOVECOT_LIMIT_TOO_LOW,
     {MAILLOG_FIELD_N, MAILLOG_FIELD_M, MAILLOG_FIELD_TEXT},
     ML_TEXT("fd limit (ulimit -n) is lower than required under max. load (%d < %d), because of %s")},
    {MAILLOG_EVENT_DOVECOT_LIMIT_TOO_LOW,
     {MAILLOG_FIELD_NAME, MAILLOG_FIELD_N, MAILLOG_FIELD_M, MAILLOG_FIELD_TEXT},
     ML_TEXT("service %w { client_limit=%d } is lower than required under max. load (%d). Counted for protocol "
             "services with "
             "service_count != 1: %s")},
    {MAILLOG_EVENT_DOVECOT_LIMIT_TOO_LOW,
     {MAILLOG_FIELD_NAME, MAILLOG_FIELD_N, MAILLOG_FIELD_M, MAILLOG_FIELD_TEXT},
     ML_TEXT("service %w { client_limit=%d } is lower than required under max. load (%d). Counted with: %s")},
};
ML_PATTERN_TABLE(maillog__dovecot_master_statements);

/* After `service(NAME): `. */
ML_PATTERN_ROWS(maillog__dovecot_master_services) = {
    {MAILLOG_EVENT_DOVECOT_SERVICE_ERROR, {MAILLOG_FIELD_ERROR}, ML_TEXT("Initial status notification %s")},
    {MAILLOG_EVENT_DOVECOT_SERVICE_ERROR, {MAILLOG_FIELD_ERROR}, ML_TEXT("Socket already exists: %s")},
    {MAILLOG_EVENT_DOVECOT_CHILD_KILLED,
     {MAILLOG_FIELD_CHILD_PID, MAILLOG_FIELD_SIGNAL, MAILLOG_FIELD_TEXT},
     ML_TEXT("child %d killed with signal %d%( (%S)%)")},
    {MAILLOG_EVENT_DOVECOT_CHILD_FAILED,
     {MAILLOG_FIELD_CHILD_PID, MAILLOG_FIELD_STATUS, MAILLOG_FIELD_STATUS_TEXT},
     ML_TEXT("child %d returned error %d%(%s%)")},
    {MAILLOG_EVENT_DOVECOT_CLIENT_LIMIT,
     {MAILLOG_FIELD_LIMIT},
     ML_TEXT("client_limit (%d) reached, client connections are being dropped")},
    {MAILLOG_EVENT_DOVECOT_SERVICE_THROTTLED,
     {MAILLOG_FIELD_SECONDS},
     ML_TEXT("command startup failed, throttling for %f secs")},
    {MAILLOG_EVENT_DOVECOT_SERVICE_THROTTLED,
     {MAILLOG_FIELD_SECONDS},
     ML_TEXT("command startup failed, throttling for %f seconds")},
    {MAILLOG_EVENT_DOVECOT_PROCESS_LIMIT,
     {MAILLOG_FIELD_LIMIT},
     ML_TEXT("process_limit (%d) reached, client connections are being dropped")},
};
ML_PATTERN_TABLE(maillog__dovecot_master_services);

/* Of the services around the master, and of start-up. */
ML_PATTERN_ROWS(maillog__dovecot_master_others) = {
    {MAILLOG_EVENT_DOVECOT_DIRECTOR,
     {MAILLOG_FIELD_HOST_NAME, MAILLOG_FIELD_TEXT},
     ML_TEXT("Adding director %s to ring (%s)")},
    {MAILLOG_EVENT_DOVECOT_CONNECTION_ERROR, {MAILLOG_FIELD_ERROR}, ML_TEXT("Anvil client %s")},
    {MAILLOG_EVENT_DOVECOT_CONNECTION_ERROR, {MAILLOG_FIELD_ERROR}, ML_TEXT("Config client %s")},
    {MAILLOG_EVENT_DOVECOT_CONFIG_NOTE, {MAILLOG_FIELD_TEXT}, ML_TEXT("Configuration file %s")},
    {MAILLOG_EVENT_DOVECOT_DIRECTOR,
     {MAILLOG_FIELD_HOST_NAME, MAILLOG_FIELD_PORT, MAILLOG_FIELD_TEXT},
     ML_TEXT("Connecting to %s:%d (as %s")},
    {MAILLOG_EVENT_DOVECOT_REPLICATION, {MAILLOG_FIELD_ERROR}, ML_TEXT("Corrupted replicator record in %s")},
    {MAILLOG_EVENT_DOVECOT_CONFIG_NOTE, {MAILLOG_FIELD_TEXT}, ML_TEXT("DEPRECATED: %s")},
    {MAILLOG_EVENT_DOVECOT_DIRECTOR, {MAILLOG_FIELD_TEXT}, ML_TEXT("Delaying %s")},
    {MAILLOG_EVENT_DOVECOT_DIRECTOR, {MAILLOG_FIELD_TEXT}, ML_TEXT("Director %s")},
    {MAILLOG_EVENT_DOVECOT_DIRECTOR, {MAILLOG_FIELD_TEXT}, ML_TEXT("Directors have been connected, %s")},
    {MAILLOG_EVENT_DOVECOT_CONFIG_NOTE, {MAILLOG_FIELD_TEXT}, ML_TEXT("Dovecot was last started using %s")},
    {MAILLOG_EVENT_DOVECOT_START_FAILED, {MAILLOG_FIELD_TEXT}, ML_TEXT("Failed to start listeners%s")},
    {MAILLOG_EVENT_DOVECOT_CONFIG_NOTE, {MAILLOG_FIELD_TEXT}, ML_TEXT("Fixing permissions of %s")},
    {MAILLOG_EVENT_DOVECOT_DIRECTOR, {MAILLOG_FIELD_TEXT}, ML_TEXT("Flushed all backend hosts %s")},
    {MAILLOG_EVENT_DOVECOT_SSL_PARAMETERS, {0}, ML_TEXT("Generating SSL parameters")},
    {MAILLOG_EVENT_DOVECOT_DIRECTOR, {MAILLOG_FIELD_HOST_NAME, MAILLOG_FIELD_TEXT}, ML_TEXT("Host %w changed %s")},
    {MAILLOG_EVENT_DOVECOT_DIRECTOR,
     {MAILLOG_FIELD_HOST_NAME, MAILLOG_FIELD_TEXT},
     ML_TEXT("Host %w vhost count changed %s")},
    {MAILLOG_EVENT_DOVECOT_CONNECTION_ERROR, {MAILLOG_FIELD_ERROR}, ML_TEXT("IPC proxy %s")},
    {MAILLOG_EVENT_DOVECOT_DIRECTOR, {MAILLOG_FIELD_HOST_NAME}, ML_TEXT("Incoming connection from director %s")},
    {MAILLOG_EVENT_DOVECOT_CONNECTION_ERROR, {MAILLOG_FIELD_ERROR}, ML_TEXT("Indexer worker %s")},
    {MAILLOG_EVENT_DOVECOT_DIRECTOR, {MAILLOG_FIELD_TEXT}, ML_TEXT("Moved %s")},
    {MAILLOG_EVENT_DOVECOT_START_FAILED, {MAILLOG_FIELD_TEXT}, ML_TEXT("Must be started by dovecot master process%s")},
    {MAILLOG_EVENT_DOVECOT_CONNECTION_ERROR, {MAILLOG_FIELD_ERROR}, ML_TEXT("Notify client %s")},
    {MAILLOG_EVENT_DOVECOT_DIRECTOR,
     {MAILLOG_FIELD_HOST_NAME, MAILLOG_FIELD_TEXT},
     ML_TEXT("Removing director %s from ring (%s)")},
    {MAILLOG_EVENT_DOVECOT_DIRECTOR, {MAILLOG_FIELD_TEXT}, ML_TEXT("Ring %s")},
    {MAILLOG_EVENT_DOVECOT_CONFIG_NOTE, {MAILLOG_FIELD_TEXT}, ML_TEXT("SSL is disabled because global ssl=no, %s")},
    {MAILLOG_EVENT_DOVECOT_CONNECTION_NOTE, {MAILLOG_FIELD_TEXT}, ML_TEXT("Sent %s processes")},
    {MAILLOG_EVENT_DOVECOT_CONNECTION_NOTE, {MAILLOG_FIELD_TEXT}, ML_TEXT("Shutting down logging for %s")},
    {MAILLOG_EVENT_DOVECOT_DIRECTOR, {MAILLOG_FIELD_TEXT}, ML_TEXT("User %s")},
    {MAILLOG_EVENT_DOVECOT_DIRECTOR, {MAILLOG_FIELD_TEXT}, ML_TEXT("director(%s")},
    {MAILLOG_EVENT_DOVECOT_DIRECTOR, {MAILLOG_FIELD_TEXT}, ML_TEXT("director: %s")},
    {MAILLOG_EVENT_DOVECOT_CONNECTION_ERROR, {MAILLOG_FIELD_ERROR}, ML_TEXT("notify client %s")},
};
ML_PATTERN_TABLE(maillog__dovecot_master_others);

/* Fatal errors of the start are logged whole. */
static bool start_failed(ml_line *l, ml_cur c)
{
    if (!ML_STARTS(c, "Dovecot is already running")) return false;
    ml_put(l, MAILLOG_FIELD_TEXT, c);
    return ml_event(l, MAILLOG_EVENT_DOVECOT_START_FAILED);
}

/* `service(NAME): …`: a service, and often one of its processes. */
bool maillog__dovecot_service(ml_line *l, ml_cur c, const ml_dovecot *head)
{
    maillog_field *const mark = ml_mark(l);
    ml_cur name;
    ML_SKIP(&c, "master: "); /* the log process says it with the prefix of the dead one */
    if (!ML_SKIP(&c, "service(") || !ML_UNTIL(l, &c, "): ", &name)) return false;
    if (!maillog__dovecot_field(l, MAILLOG_FIELD_SERVICE).p) ml_put(l, MAILLOG_FIELD_SERVICE, name);
    if (maillog__match_patterns(l, &maillog__dovecot_master_services, c)) {
        maillog__dovecot_pid_of(l, MAILLOG_FIELD_CHILD_PID);
        return true;
    }
    if (!ml_dovecot_is_fault(head)) return ml_fail(l, mark);
    if (!maillog__dovecot_call(l, c)) ml_put(l, MAILLOG_FIELD_ERROR, c);
    return ml_event(l, MAILLOG_EVENT_DOVECOT_SERVICE_ERROR);
}

bool maillog__dovecot_master(ml_line *l, ml_cur text, const ml_dovecot *head)
{
    if (maillog__match_patterns(l, &maillog__dovecot_master_statements, text)) {
        maillog__dovecot_pid_of(l, MAILLOG_FIELD_PEER_PID);
        return true;
    }
    return start_failed(l, text) || maillog__match_patterns(l, &maillog__dovecot_master_others, text) ||
           maillog__dovecot_service(l, text, head);
}
