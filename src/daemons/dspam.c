/* dspam.c: DSPAM 3.9, 3.10: `[pid] text` or `text`. */
#include "../base/pattern.h"
#include "../base/token.h"
#include "daemons.h"

#define E(NAME) MAILLOG_EVENT_DSPAM_##NAME
#define F(NAME) MAILLOG_FIELD_##NAME

extern const ml_patterns maillog__dspam_statements;
ML_PATTERN_ROWS(maillog__dspam_statements) = {
    {E(ERROR), {F(TEXT)}, "Could not %s"},
    {E(DAEMON), {F(TEXT)}, "Daemon process starting%s"},
    {E(DAEMON), {F(TEXT)}, "Daemon shutdown%s"},
    {E(DAEMON), {F(TEXT)}, "Daemon terminating%s"},
    {E(DELIVERY_FAILED), {F(STATUS), F(TEXT)}, "Delivery agent returned exit code %d: %s"},
    {E(DELIVERY_FAILED), {F(TEXT)}, "Delivery to %s"},
    {E(ERROR), {F(TEXT)}, "Failed to %s"},
    {E(ERROR), {F(TEXT)}, "Unable to %s"},
    {E(DELIVERY_FAILED), {F(TEXT)}, "Unable to deliver %s"},
    {E(ERROR), {F(TEXT)}, "bailing on error %s"},
    {E(DAEMON), {F(TEXT)}, "connection id %s"},
    {E(ERROR), {F(TEXT)}, "dspam_init failed%s"},
    {E(CLEAN), {F(CLIENT_ADDR)}, "innocent message from %s"},
    {E(ERROR), {F(TEXT)}, "process_message returned error %s"},
    {E(ERROR), {F(TEXT)}, "query error: %s"},
    {E(ERROR), {F(TEXT)}, "received invalid %s"},
    {E(SPAM), {F(CLIENT_ADDR)}, "spam detected from %s"},
};

ML_PATTERN_TABLE(maillog__dspam_statements);

void maillog__dspam(ml_line *l, ml_cur message)
{
    ml_cur c = message, pid;
    if (ml_skip_char(&c, '[') && !(ml_digits(&c, &pid) && ML_SKIP(&c, "] "))) c = message;
    if (!maillog__match_patterns(l, &maillog__dspam_statements, c)) ml_put_rest(l, c);
}
