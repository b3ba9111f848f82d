/* dspam.c: DSPAM 3.9, 3.10: `[pid] text` or `text`. */
#include "../base/pattern.h"
#include "../base/token.h"
#include "daemons.h"

#define E(NAME) MAILLOG_EVENT_DSPAM_##NAME
#define F(NAME) MAILLOG_FIELD_##NAME

extern const ml_patterns maillog__dspam_statements;
ML_PATTERN_ROWS(maillog__dspam_statements) = {
    {E(ERROR), {F(TEXT)}, ML_TEXT("Could not %s")},
    {E(DAEMON), {F(TEXT)}, ML_TEXT("Daemon process starting%s")},
    {E(DAEMON), {F(TEXT)}, ML_TEXT("Daemon shutdown%s")},
    {E(DAEMON), {F(TEXT)}, ML_TEXT("Daemon terminating%s")},
    {E(DELIVERY_FAILED), {F(STATUS), F(TEXT)}, ML_TEXT("Delivery agent returned exit code %d: %s")},
    {E(DELIVERY_FAILED), {F(TEXT)}, ML_TEXT("Delivery to %s")},
    {E(ERROR), {F(TEXT)}, ML_TEXT("Failed to %s")},
    {E(ERROR), {F(TEXT)}, ML_TEXT("Unable to %s")},
    {E(DELIVERY_FAILED), {F(TEXT)}, ML_TEXT("Unable to deliver %s")},
    {E(ERROR), {F(TEXT)}, ML_TEXT("bailing on error %s")},
    {E(DAEMON), {F(TEXT)}, ML_TEXT("connection id %s")},
    {E(ERROR), {F(TEXT)}, ML_TEXT("dspam_init failed%s")},
    {E(CLEAN), {F(CLIENT_ADDR)}, ML_TEXT("innocent message from %s")},
    {E(ERROR), {F(TEXT)}, ML_TEXT("process_message returned error %s")},
    {E(ERROR), {F(TEXT)}, ML_TEXT("query error: %s")},
    {E(ERROR), {F(TEXT)}, ML_TEXT("received invalid %s")},
    {E(SPAM), {F(CLIENT_ADDR)}, ML_TEXT("spam detected from %s")},
};

ML_PATTERN_TABLE(maillog__dspam_statements);

void maillog__dspam(ml_line *l, ml_cur message)
{
    ml_cur c = message, pid;
    if (ml_skip_char(&c, '[') && !(ml_digits(&c, &pid) && ML_SKIP(&c, "] "))) c = message;
    if (!maillog__match_patterns(l, &maillog__dspam_statements, c)) ml_put_rest(l, c);
}
