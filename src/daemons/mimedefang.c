/* mimedefang.c: `QUEUE-ID: text` of MIMEDefang 2.8x and 3.x: the milter, the multiplexor and mimedefang.pl. The record
 * `MDLOG,QUEUE-ID,event,value1,value2,<sender>,<recipient>,subject` has commas inside its values percent-encoded. What
 * a site's own filter logs is its own. */
#include "../base/pattern.h"
#include "../base/token.h"
#include "daemons.h"

#define E(NAME) MAILLOG_EVENT_MIMEDEFANG_##NAME
#define F(NAME) MAILLOG_FIELD_##NAME

extern const ml_patterns maillog__mimedefang_statements;
ML_PATTERN_ROWS(maillog__mimedefang_statements) = {
    {E(FILTER_ACTION), {F(FUNC)}, ML_TEXT("%w said DISCARD: Discarding this message")},
    {E(FILTER_ACTION), {F(FUNC), F(WHAT)}, ML_TEXT("%w tempfailed %w")},
    {E(FILTER_ACTION), {F(FUNC), F(WHAT)}, ML_TEXT("%w rejected %w")},
    {E(FILTER_ACTION), {F(FUNC), F(TEXT)}, ML_TEXT("%w said ACCEPT_AND_NO_MORE_FILTERING: %s")},
    {E(NO_WORKERS), {F(TEXT)}, ML_TEXT("All workers are busy: %s")},
    {E(ERROR), {F(TEXT)}, ML_TEXT("Attempt to call %s")},
    {E(ERROR), {F(TEXT)}, ML_TEXT("Attempted to %s")},
    {E(BOUNCED), {0}, ML_TEXT("Bouncing because filter instructed us to")},
    {E(WORKER), {F(TEXT)}, ML_TEXT("Bringing workers up to %s")},
    {E(ERROR), {F(TEXT)}, ML_TEXT("Cannot %s")},
    {E(ERROR), {F(TEXT)}, ML_TEXT("Could not %s")},
    {E(WORKER), {F(TEXT)}, ML_TEXT("Could not start worker %s")},
    {E(WORKER), {F(TEXT)}, ML_TEXT("Did not start worker %s")},
    {E(DISCARDED), {0}, ML_TEXT("Discarding because filter instructed us to")},
    {E(ERROR), {F(TEXT)}, ML_TEXT("Error %s")},
    {E(MULTIPLEXOR), {F(ERROR)}, ML_TEXT("Error from multiplexor: %s")},
    {E(FILTER_FAILED), {F(ERROR)}, ML_TEXT("Error reading RESULTS file: %s")},
    {E(ERROR), {F(TEXT)}, ML_TEXT("External filter exited with non-zero status %s")},
    {E(ERROR), {F(TEXT)}, ML_TEXT("Failure in cleanup %s")},
    {E(FILTER_FAILED), {0}, ML_TEXT("Filter did not create RESULTS file")},
    {E(FILTER_FAILED), {F(PATH)}, ML_TEXT("Filter failed.  Message kept in %s")},
    {E(FILTER_TIME), {F(MS)}, ML_TEXT("Filter time is %dms")},
    {E(WORKER), {F(TEXT)}, ML_TEXT("Initialized embedded Perl interpreter%s")},
    {E(WORKER), {F(STATE), F(N), F(CHILD_PID), F(TEXT)}, ML_TEXT("Killing %w worker %d (pid %d) %s")},
    {E(WORKER), {F(STATE), F(N), F(CHILD_PID), F(TEXT)}, ML_TEXT("Killing %w slave %d (pid %d) %s")},
    {E(LOG),
     {F(QUEUE_ID), F(WHAT), F(P1), F(P2), F(FROM), F(TO), F(SUBJECT)},
     ML_TEXT("MDLOG,%w,%w,%s,%s,<%s>,<%s>,%s")},
    {E(LOG), {F(QUEUE_ID), F(WHAT), F(P1), F(P2), F(FROM), F(TO), F(SUBJECT)}, ML_TEXT("MDLOG,%w,%w,%s,%s,%s,%s,%s")},
    {E(MULTIPLEXOR), {F(TEXT)}, ML_TEXT("MIMEDefang alive. %s")},
    {E(MULTIPLEXOR), {F(ERROR)}, ML_TEXT("MXCommand: %s")},
    {E(HEADER), {F(COUNT)}, ML_TEXT("Message contains %d Subject: headers.  Deleting all but the first")},
    {E(HEADER), {F(SUBJECT)}, ML_TEXT("Message contains more than one Subject: header: %s")},
    {E(MULTIPLEXOR), {F(TEXT)}, ML_TEXT("Multiplexor %s")},
    {E(ERROR), {F(TEXT)}, ML_TEXT("Not cleaning up %s")},
    {E(ERROR), {F(TEXT)}, ML_TEXT("Out of memory%s")},
    {E(FILTER_FAILED), {F(TEXT)}, ML_TEXT("Overlong line in RESULTS file%s")},
    {E(FILTER_FAILED), {F(TEXT)}, ML_TEXT("RESULTS file %s")},
    {E(WORKER), {F(N), F(CHILD_PID), F(STATUS)}, ML_TEXT("Reap: slave %d (pid %d) exited normally with status %s")},
    {E(WORKER), {F(N), F(CHILD_PID), F(TEXT)}, ML_TEXT("Reap: slave %d (pid %d) exited %s")},
    {E(WORKER), {F(N), F(CHILD_PID), F(STATUS)}, ML_TEXT("Reap: worker %d (pid %d) exited normally with status %s")},
    {E(WORKER), {F(N), F(CHILD_PID), F(TEXT)}, ML_TEXT("Reap: worker %d (pid %d) exited %s")},
    {E(WORKER), {F(TEXT)}, ML_TEXT("Scheduling %s")},
    {E(WORKER), {F(N), F(TEXT)}, ML_TEXT("Slave %d resource usage: %s")},
    {E(WORKER), {F(N), F(TEXT)}, ML_TEXT("Slave %d stderr: %s")},
    {E(WORKER), {F(TEXT)}, ML_TEXT("Slave status: %s")},
    {E(WORKER), {F(N), F(CHILD_PID), F(COUNT), F(REASON)}, ML_TEXT("Starting slave %d (pid %d) (%d running): %s")},
    {E(WORKER), {F(N), F(CHILD_PID), F(COUNT), F(REASON)}, ML_TEXT("Starting worker %d (pid %d) (%d running): %s")},
    {E(TEMPFAILED), {0}, ML_TEXT("Tempfailing because filter instructed us to")},
    {E(ERROR), {F(TEXT)}, ML_TEXT("Unable to %s")},
    {E(FILTER_FAILED), {F(ERROR)}, ML_TEXT("Unable to stat RESULTS file: %s")},
    {E(FILTER_FAILED), {F(TEXT)}, ML_TEXT("Unknown command '%s")},
    {E(HEADER), {F(COUNT)}, ML_TEXT("WARNING: %d Content-Type headers found -- deleting all but first")},
    {E(WORKER), {F(N), F(TEXT)}, ML_TEXT("Worker %d resource usage: %s")},
    {E(WORKER), {F(N), F(TEXT)}, ML_TEXT("Worker %d stderr: %s")},
    {E(WORKER), {F(N), F(TEXT)}, ML_TEXT("Worker %d died %s")},
    {E(WORKER), {F(N), F(TEXT)}, ML_TEXT("Worker %d ran out of memory %s")},
    {E(WORKER), {F(N), F(CHILD_PID), F(TEXT)}, ML_TEXT("Worker %d (pid %d) taking %s")},
    {E(WORKER), {F(TEXT)}, ML_TEXT("Worker status: %s")},
    {E(ERROR), {F(TEXT)}, ML_TEXT("doScan: %s")},
    {E(ERROR), {F(TEXT)}, ML_TEXT("failed to clean up %s")},
    {E(SMTP_CHECK), {F(TEXT)}, ML_TEXT("get_smtp_return_code: %s")},
    {E(SMTP_CHECK), {F(TO), F(SERVER), F(CODE), F(TEXT)}, ML_TEXT("get_smtp_return_code: for %w on %w returned %d %s")},
    {E(ERROR), {F(TEXT)}, ML_TEXT("handleAccept: %s")},
    {E(ERROR), {F(TEXT)}, ML_TEXT("handleCommand: %s")},
    {E(ERROR), {F(TEXT)}, ML_TEXT("handleWorker%s")},
    {E(ERROR), {F(TEXT)}, ML_TEXT("lstat(%s")},
    {E(SMTP_CHECK), {F(TEXT)}, ML_TEXT("md_check_against_smtp_server: %s")},
    {E(NO_WORKERS), {F(TEXT)}, ML_TEXT("mfconnect: No free slaves: %s")},
    {E(NO_WORKERS), {F(TEXT)}, ML_TEXT("mfconnect: No free workers: %s")},
    {E(ERROR), {F(TEXT)}, ML_TEXT("opendir(%s")},
    {E(ERROR), {F(TEXT)}, ML_TEXT("reply_to_mimedefang: %s")},
    {E(ERROR), {F(TEXT)}, ML_TEXT("rmdir(%s")},
    {E(ERROR), {F(TEXT)}, ML_TEXT("sendmail failure in resend_message: %s")},
    {E(MULTIPLEXOR), {F(TEXT)}, ML_TEXT("started; %s")},
    {E(WORKER), {F(SECONDS), F(STATE), F(N), F(COUNT), F(TEXT)}, ML_TEXT("stats %f %w worker=%d nworkers=%d %s")},
    {E(WORKER), {F(SECONDS), F(STATE), F(N), F(COUNT), F(TEXT)}, ML_TEXT("stats %f %w slave=%d nslaves=%d %s")},
    {E(ERROR), {F(TEXT)}, ML_TEXT("stream_by_%s")},
    {E(ERROR), {F(TEXT)}, ML_TEXT("unlink(%s")},
    {E(ERROR), {F(TEXT)}, ML_TEXT("writen failed: %s")},
};

ML_PATTERN_TABLE(maillog__mimedefang_statements);

void maillog__mimedefang(ml_line *l, ml_cur message)
{
    ml_cur c = message, id;
    if (maillog__job_id_prefix(&c, &id)) ml_put(l, MAILLOG_FIELD_QUEUE_ID, id);
    if (!maillog__match_patterns(l, &maillog__mimedefang_statements, c)) ml_put_rest(l, c);
}
