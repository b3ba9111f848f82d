/* openarc.c: `QUEUE-ID: text` of OpenARC 1.0 to 1.3. Header field names and domains are the sender's text. */
#include "../base/pattern.h"
#include "../base/token.h"
#include "daemons.h"

#define E(NAME) MAILLOG_EVENT_OPENARC_##NAME
#define F(NAME) MAILLOG_FIELD_##NAME

extern const ml_patterns maillog__openarc_statements;
ML_PATTERN_ROWS(maillog__openarc_statements) = {
    {E(STARTING), {F(NAME), F(VERSION), F(ARGS)}, "%s v%w starting (args: %S)"},
    {E(STARTING), {F(NAME), F(VERSION), F(ARGS)}, "%s v%w starting (%S)"},
    {E(STOPPING), {F(NAME), F(VERSION), F(STATUS), F(ERRNO)}, "%s v%w terminating with status %d, errno = %d"},
    {E(IGNORED), {F(CLIENT_NAME), F(CLIENT_ADDR)}, "%w [%s] not internal"},
    {E(INTERNAL_ERROR), {F(HEADER)}, "%w header add failed"},
    {E(INTERNAL_ERROR), {F(FUNC), F(ERROR)}, "%w(): %s"},
    {E(INTERNAL_ERROR), {F(FUNC), F(ERROR)}, "%w() failed: %s"},
    {E(INTERNAL_ERROR), {F(FUNC)}, "%w() failed"},
    {E(INTERNAL_ERROR), {F(PATH), F(FUNC), F(ERROR)}, "%w: %w(): %s"},
    {E(CONFIG), {F(PATH), F(LINE_NO), F(ERROR)}, "%s: configuration error at line %d: %s"},
    {E(CONFIG), {F(PATH), F(NAME)}, "%s: required parameter \"%s\" missing"},
    {E(CONFIG), {F(PATH), F(TEXT)}, "%s: settings found for deprecated value(s): %s"},
    {E(LIBMILTER), {F(TEXT)}, "OpenARC Filter: %s"},
    {E(LIBMILTER), {F(TEXT)}, "OpenARC: %s"},
    {E(BAD_MESSAGE), {F(ERROR)}, "RFC5322 header requirement error%(: %s%)"},
    {E(LIBMILTER), {F(TEXT)}, "WARNING: symbol 'i' not available%s"},
    {E(INTERNAL_ERROR), {F(FUNC), F(ERROR)}, "[child] %s(): %s"},
    {E(INTERNAL_ERROR), {F(FUNC), F(ERROR)}, "[parent] %s(): %s"},
    {E(CHAIN), {F(RESULT), F(DOMAIN)}, "arc=%w header.d=%w"},
    {E(CONFIG), {F(ERROR)}, "can't configure ARC library: %s"},
    {E(BAD_MESSAGE), {F(HEADER)}, "can't parse %w; ignoring"},
    {E(INTERNAL_ERROR), {F(PATH), F(ERROR)}, "can't write pid to %s: %s"},
    {E(CHAIN), {F(RESULT)}, "chain state is %w"},
    {E(CONFIG), {F(PATH)}, "configuration reloaded from %s"},
    {E(INTERNAL_ERROR), {F(HEADER)}, "error inserting header field \"%S\""},
    {E(BAD_MESSAGE), {0}, "error processing at end of header"},
    {E(BAD_MESSAGE), {0}, "error processing at end-of-message"},
    {E(BAD_MESSAGE), {0}, "error processing body chunk"},
    {E(BAD_MESSAGE), {F(HEADER)}, "error processing header field \"%S\""},
    {E(RESTARTING), {F(STATUS)}, "exited with status %d%(, restarting%)"},
    {E(SEAL_FAILED), {0}, "failed to compute seal"},
    {E(SEAL_FAILED), {F(ERROR)}, "failed to compute seal: %s"},
    {E(INTERNAL_ERROR), {F(HEADER)}, "failed to remove %w: header"},
    {E(IGNORED), {F(CLIENT_NAME)}, "ignoring connection from %s"},
    {E(BAD_MESSAGE), {F(HEADER)}, "ignoring header field '%S'"},
    {E(INTERNAL_ERROR), {F(ERROR)}, "socket cleanup failed: %s"},
    {E(RESTARTING), {F(SIGNAL)}, "terminated with signal %d, restarting"},
    {E(BAD_MESSAGE), {0}, "too much header data"},
};

ML_PATTERN_TABLE(maillog__openarc_statements);

void maillog__openarc(ml_line *l, ml_cur message)
{
    ml_cur c = message, id;
    if (maillog__job_id_prefix(&c, &id)) ml_put(l, MAILLOG_FIELD_QUEUE_ID, id);
    if (!maillog__match_patterns(l, &maillog__openarc_statements, c)) ml_put_rest(l, c);
}
