/* postfix_services.c: the programs with few statements of their own: tlsmgr, proxymap, trivial-rewrite, flush, showq,
 * spawn, nbdb_reindexd. A remote party controls domain names and addresses (values behind Postfix's words).
 * Sources: Postfix 2.11 to 3.11. */
#include "postfix_library.h"

ML_PATTERN_ROWS(maillog__postfix_services_rows) = {
    ROW0(TLS_ENTROPY, "PRNG exchange file was removed -- exiting to reopen"),
    ROW1(REWRITE_ERROR, "bad command %s", COMMAND),
    ROW2(FLUSH_LOG_ERROR, "bad queue id \"%s\" in fast flush logfile %s", ID, PATH),
    ROW2(TLS_CACHE_ERROR, "bogus cache type \"%s\" in \"%s\" request", TYPE, REQ),
    ROW2(TLS_CACHE_ERROR, "bogus seed length \"%f\" in \"%s\" request", LENGTH, REQ),
    ROW2(TLS_ENTROPY, "cannot connect to EGD server %w: %s", SERVER, ERROR),
    ROW1(TLS_ENTROPY, "cannot fstat() the PRNG exchange file: %s", ERROR),
    ROW2(TLS_ENTROPY, "cannot open entropy device %w: %s", PATH, ERROR),
    ROW2(TLS_ENTROPY, "cannot read from entropy device %w: %s -- exiting to reopen", PATH, ERROR),
    ROW2(TLS_ENTROPY, "cannot read from entropy file %w: %s", PATH, ERROR),
    ROW2(PROCESS_EXIT, "command %S exit status %d", CMD, STATUS),
    ROW2(PROCESS_SIGNAL, "command %S killed by signal %d", PATH, SIGNAL),
    ROW3(CONFIG_ERROR, "do not use the same TLS cache file %s for %w and %w", PATH, PARAM, PARAM2),
    ROW0(TLS_ENTROPY, "encryption keys etc. may be predictable"),
    ROW1(TLS_ENTROPY, "exiting to reopen external entropy source %s", PATH),
    ROW3(CONFIG_ERROR, "invalid service name: \"%s\" - service name must be \"%s\" or \"%S\"", SERVICE, P1, P2),
    ROW1(TLS_CACHE_ERROR, "invalid session ticket key name length: %f", LENGTH),
    ROW2(TABLE_INDEX_FAILED, "look up status for directory '%s': %s", PATH, ERROR),
    ROW1(TLS_ENTROPY, "lost connection to EGD server %s -- exiting to reconnect", SERVER),
    ROW0(CONFIG_ERROR, "missing argv= attribute"),
    ROW0(CONFIG_ERROR, "missing user= attribute"),
    ROW1(TLS_ENTROPY, "no entropy source specified with parameter %w", PARAM),
    ROW2(QUEUE_LIST_ERROR, "readdir loop on queue %w id %w", QUEUE, ID),
    ROW2(TABLE_NOT_APPROVED, "refusing %s update request on non-%s service", TABLE, SERVICE),
    ROW2(TABLE_NOT_APPROVED, "refusing %s delete request on non-%s service", TABLE, SERVICE),
    ROW2(FLUSH_LOG_ERROR, "remove logfile %w: %s", PATH, ERROR),
    ROW0(PERMISSION_ERROR, "request to deliver as mail system owner"),
    ROW0(PERMISSION_ERROR, "request to deliver as root"),
    ROW3(TABLE_INDEX_FAILED, "request to index %w:%w failed: %s", TYPE, PATH, ERROR),
    ROW1(PERMISSION_ERROR, "request to use mail system owner group id %d", GID),
    ROW1(PERMISSION_ERROR, "request to use privileged group id %d", GID),
    ROW2(REWRITE_ERROR, "resolve_addr: %a: giving up after %d iterations", ADDRESS, N),
    ROW0(REWRITE_ERROR, "rewrite_addr: null address"),
    ROW2(CONFIG_ERROR, "service name must be one of %w or %w", P1, P2),
    ROW1(USAGE, "stand-alone mode called with bad argument: '%S'", ARGS),
    ROW0(USAGE, "stand-alone mode requires one type:/path argument"),
    ROW3(TABLE_INDEX_FAILED, "stand-alone request to re-index '%w:%w' failed: %s", TYPE, PATH, ERROR),
    ROW4(TABLE_INDEXED, "successfully executed '%w %w:%s' as uid %d", CMD, TYPE, PATH, UID),
    ROW1(TABLE_INDEX_FAILED, "target file '%s' already exists, skipping this request", PATH),
    ROW0(REWRITE_ERROR, "transport_lookup: null address - skipping table lookup"),
    ROW1(CONFIG_ERROR, "unknown attribute name: %s", NAME),
    ROW1(REWRITE_ERROR, "unknown context: %s", NAME),
    ROW1(CONFIG_ERROR, "unknown group name: %s", GROUP),
    ROW1(CONFIG_ERROR, "unknown user name: %s", USER),
    ROW0(PERMISSION_ERROR, "user must not have group ID -1"),
    ROW0(PERMISSION_ERROR, "user must not have user ID -1"),
    ROW2(FLUSH_LOG_ERROR, "write fast flush logfile %w: %s", PATH, ERROR),
    ROW1(REWRITE_ERROR, "write resolver reply: %s", ERROR),
    ROW1(REWRITE_ERROR, "write rewrite reply: %s", ERROR),
};
ML_PATTERN_TABLE(maillog__postfix_services_rows);

ML_PATTERN_ROWS(maillog__postfix_services_named) = {
    ROW2(QUEUE_RECORD_ERROR, "%w: duplicate sender address: %s -- skipping remainder of this file", PATH, FROM),
    ROW3(FLUSH_LOG_ERROR, "%w: lock fast flush logfile %w: %s", FUNC, PATH, ERROR),
    ROW2(QUEUE_RECORD_ERROR, "%w: malformed size record: %s -- using file size instead", PATH, TEXT),
    ROW2(QUEUE_RECORD_ERROR, "%w: missing sender address: %s -- skipping remainder of this file", PATH, FROM),
    ROW3(FLUSH_LOG_ERROR, "%w: open fast flush logfile %w: %s", FUNC, PATH, ERROR),
    ROW3(FLUSH_LOG_ERROR, "%w: read fast flush logfile %w: %s", FUNC, PATH, ERROR),
    ROW4(FLUSH_LOG_ERROR, "%w: rename from %w to %w: %s", FUNC, PATH, PATH2, ERROR),
    ROW3(FLUSH_LOG_ERROR, "%w: truncate fast flush logfile %w: %s", FUNC, PATH, ERROR),
    ROW3(FLUSH_LOG_ERROR, "%w: unlock fast flush logfile %w: %s", FUNC, PATH, ERROR),
    ROW3(FLUSH_LOG_ERROR, "%w: update %w time stamps: %s", FUNC, PATH, ERROR),
};
ML_PATTERN_TABLE_LEAD(maillog__postfix_services_named, "%w: ");

bool maillog__postfix_services(ml_line *l, ml_cur text, const ml_postfix *head)
{
    return maillog__match_patterns(l, &maillog__postfix_services_rows, text) ||
           maillog__match_patterns(l, &maillog__postfix_services_named, text) || maillog__postfix_tls(l, text, head);
}
