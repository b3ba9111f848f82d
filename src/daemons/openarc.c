/* openarc.c: `QUEUE-ID: text` of OpenARC 1.0 to 1.3. Header field names and domains are the sender's text. */
#include "../base/pattern.h"
#include "../base/token.h"
#include "daemons.h"

#define E(NAME) MAILLOG_EVENT_OPENARC_##NAME
#define F(NAME) MAILLOG_FIELD_##NAME

extern const ml_patterns maillog__openarc_statements;
ML_PATTERN_ROWS(maillog__openarc_statements) = {
    {E(STARTING), {F(NAME), F(VERSION), F(ARGS)}, ML_TEXT("%s v%w starting (args: %S)")},
    {E(STARTING), {F(NAME), F(VERSION), F(ARGS)}, ML_TEXT("%s v%w starting (%S)")},
    {E(STOPPING), {F(NAME), F(VERSION), F(STATUS), F(ERRNO)}, ML_TEXT("%s v%w terminating with status %d, errno = %d")},
    {E(IGNORED), {F(CLIENT_NAME), F(CLIENT_ADDR)}, ML_TEXT("%w [%s] not internal")},
    {E(INTERNAL_ERROR), {F(HEADER)}, ML_TEXT("%w header add failed")},
    {E(INTERNAL_ERROR), {F(FUNC), F(ERROR)}, ML_TEXT("%w(): %s")},
    {E(INTERNAL_ERROR), {F(FUNC), F(ERROR)}, ML_TEXT("%w() failed: %s")},
    {E(INTERNAL_ERROR), {F(FUNC)}, ML_TEXT("%w() failed")},
    {E(INTERNAL_ERROR), {F(PATH), F(FUNC), F(ERROR)}, ML_TEXT("%w: %w(): %s")},
    {E(CONFIG), {F(PATH), F(LINE_NO), F(ERROR)}, ML_TEXT("%s: configuration error at line %d: %s")},
    {E(CONFIG), {F(PATH), F(NAME)}, ML_TEXT("%s: required parameter \"%s\" missing")},
    {E(CONFIG), {F(PATH), F(TEXT)}, ML_TEXT("%s: settings found for deprecated value(s): %s")},
    {E(LIBMILTER), {F(TEXT)}, ML_TEXT("OpenARC Filter: %s")},
    {E(LIBMILTER), {F(TEXT)}, ML_TEXT("OpenARC: %s")},
    {E(BAD_MESSAGE), {F(ERROR)}, ML_TEXT("RFC5322 header requirement error%(: %s%)")},
    {E(LIBMILTER), {F(TEXT)}, ML_TEXT("WARNING: symbol %s")},
    {E(INTERNAL_ERROR), {F(FUNC), F(ERROR)}, ML_TEXT("[child] %s(): %s")},
    {E(INTERNAL_ERROR), {F(FUNC), F(ERROR)}, ML_TEXT("[parent] %s(): %s")},
    {E(CHAIN), {F(RESULT), F(DOMAIN)}, ML_TEXT("arc=%w header.d=%w")},
    {E(CONFIG), {F(ERROR)}, ML_TEXT("can't configure ARC library: %s")},
    {E(BAD_MESSAGE), {F(HEADER)}, ML_TEXT("can't parse %w; ignoring")},
    {E(INTERNAL_ERROR), {F(PATH), F(ERROR)}, ML_TEXT("can't write pid to %s: %s")},
    {E(CHAIN), {F(RESULT)}, ML_TEXT("chain state is %w")},
    {E(CONFIG), {F(PATH)}, ML_TEXT("configuration reloaded from %s")},
    {E(INTERNAL_ERROR), {F(HEADER)}, ML_TEXT("error inserting header field \"%S\"")},
    {E(BAD_MESSAGE), {0}, ML_TEXT("error processing at end of header")},
    {E(BAD_MESSAGE), {0}, ML_TEXT("error processing at end-of-message")},
    {E(BAD_MESSAGE), {0}, ML_TEXT("error processing body chunk")},
    {E(BAD_MESSAGE), {F(HEADER)}, ML_TEXT("error processing header field \"%S\"")},
    {E(RESTARTING), {F(STATUS)}, ML_TEXT("exited with status %d%(, restarting%)")},
    {E(SEAL_FAILED), {0}, ML_TEXT("failed to compute seal")},
    {E(SEAL_FAILED), {F(ERROR)}, ML_TEXT("failed to compute seal: %s")},
    {E(INTERNAL_ERROR), {F(HEADER)}, ML_TEXT("failed to remove %w: header")},
    {E(IGNORED), {F(CLIENT_NAME)}, ML_TEXT("ignoring connection from %s")},
    {E(BAD_MESSAGE), {F(HEADER)}, ML_TEXT("ignoring header field '%S'")},
    {E(INTERNAL_ERROR), {F(ERROR)}, ML_TEXT("socket cleanup failed: %s")},
    {E(RESTARTING), {F(SIGNAL)}, ML_TEXT("terminated with signal %d, restarting")},
    {E(BAD_MESSAGE), {0}, ML_TEXT("too much header data")},
};

ML_PATTERN_TABLE(maillog__openarc_statements);

void maillog__openarc(ml_line *l, ml_cur message)
{
    ml_cur c = message, id;
    if (maillog__job_id_prefix(&c, &id)) ml_put(l, MAILLOG_FIELD_QUEUE_ID, id);
    if (!maillog__match_patterns(l, &maillog__openarc_statements, c)) ml_put_rest(l, c);
}
