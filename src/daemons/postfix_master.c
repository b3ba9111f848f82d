/* postfix_master.c: the master process (src/master). Nothing here comes from a remote party.
 * Sources: Postfix 2.11 to 3.11. */
#include "postfix_library.h"

ML_PATTERN_ROWS(maillog__postfix_master_rows) = {
    ROW1(SYSTEM_START_ERROR, "%w while waiting for daemon initialization", ERROR),
    ROW1(SYSTEM_START_ERROR, "%s while waiting for daemon initialization", ERROR),
    ROW0(USAGE, "-i is allowed only for PID 1 process"),
    ROW0(SYSTEM_START_ERROR, "daemon initialization failure%( -- see logs for details%)"),
    ROW2(STARTED, "daemon started -- version %w, configuration %s", VERSION, CONFIG),
    ROW2(CONFIG_WARNING, "duplicate master.cf entry for service \"%s\" (%s) -- using the last entry", SERVICE, NAME),
    ROW1(CONFIG_RESTART, "ignoring %w parameter value change", PARAM),
    ROW2(STATUS_IGNORED, "ignoring status update from child pid %d generation %d", CHILD_PID, GENERATION),
    ROW0(TERMINATING, "master exit time has arrived"),
    ROW2(CONFIG_RESTART, "old value: \"%s\", new value: \"%S\"", OLD, NEW),
    ROW3(PROCESS_EXIT, "process %s pid %d exit status %d", PATH, CHILD_PID, STATUS),
    ROW3(PROCESS_SIGNAL, "process %s pid %d killed by signal %d", PATH, CHILD_PID, SIGNAL),
    ROW3(PROCESS_SIGNAL, "process %s pid %d stopped by signal %d", PATH, CHILD_PID, SIGNAL),
    ROW2(RELOADED, "reload -- version %w, configuration %s", VERSION, CONFIG),
    ROW1(RELOADED, "reload configuration %s", CONFIG),
    ROW0(ADVICE,
         "see http://www.postfix.org/STRESS_README.html for examples of stress-adapting configuration settings"),
    ROW0(ADVICE,
         "see http://www.postfix.org/STRESS_README.html for examples of stress-dependent configuration settings"),
    ROW0(ADVICE,
         "see https://www.postfix.org/STRESS_README.html for examples of stress-adapting configuration settings"),
    ROW2(CONFIG_RESTART, "service %w: ignoring %w change", SERVICE, PARAM),
    ROW4(PROCESS_ERROR, "service %w(%w): child (pid %d) sent partial status update (%d bytes)", SERVICE, NAME,
         CHILD_PID, BYTES),
    ROW3(PROCESS_LIMIT,
         "service \"%s\" (%s) has reached its process limit \"%d\": new clients may experience noticeable delays",
         SERVICE, NAME, LIMIT),
    ROW1(TERMINATING, "terminating on signal %d", SIGNAL),
    ROW0(USAGE, "the -i option cannot be used with -D, -d, or -w"),
    ROW0(USAGE, "the -t and -w options cannot be used together"),
    ROW0(ADVICE,
         "to avoid this condition, increase the process count in master.cf or reduce the service time per client"),
    ROW1(CONFIG_RESTART, "to change %w, stop and start Postfix", PARAM),
    ROW1(PROCESS_ERROR, "write to SIG_PIPE_WRITE_FD failed: %s", ERROR),
};
ML_PATTERN_TABLE(maillog__postfix_master_rows);

ML_PATTERN_ROWS(maillog__postfix_master_named) = {
    ROW1(PROCESS_THROTTLED, "%w: bad command startup -- throttling", PATH),
    ROW3(PROCESS_ERROR, "%w: close listener socket %d: %s", FUNC, FD, ERROR),
    ROW2(PROCESS_ERROR, "%w: close status descriptor (read side): %s", FUNC, ERROR),
    ROW2(PROCESS_ERROR, "%w: close status descriptor (write side): %s", FUNC, ERROR),
    ROW3(PROCESS_ERROR, "%w: dup2 listen_fd %d: %s", FUNC, FD, ERROR),
    ROW2(PROCESS_ERROR, "%w: dup2 status_fd: %s", FUNC, ERROR),
    ROW2(PROCESS_ERROR, "%w: flow pipe read descriptor <= %d", FUNC, FD),
    ROW2(PROCESS_THROTTLED, "%w: fork: %s -- throttling", FUNC, ERROR),
    ROW3(PROCESS_ERROR, "%w: ignoring unknown status: %d allegedly from pid: %d", FUNC, STATUS, CHILD_PID),
    ROW2(PROCESS_ERROR, "%w: kill myself: %s", FUNC, ERROR),
    ROW2(PROCESS_ERROR, "%w: kill process group: %s", FUNC, ERROR),
    ROW1(PROCESS_ERROR, "%w: listen file descriptor collision", FUNC),
    ROW4(SERVICE_CONNECT_ERROR, "%w: service %w(%w): %s", FUNC, SERVICE, NAME, ERROR),
    ROW1(PROCESS_ERROR, "%w: status file descriptor collision", FUNC),
    ROW2(PANIC, "%w: unknown pid: %d", FUNC, CHILD_PID),
};
ML_PATTERN_TABLE_LEAD(maillog__postfix_master_named, "%w: ");

bool maillog__postfix_master(ml_line *l, ml_cur text, const ml_postfix *head)
{
    (void)head;
    return maillog__match_patterns(l, &maillog__postfix_master_rows, text) ||
           maillog__match_patterns(l, &maillog__postfix_master_named, text);
}
