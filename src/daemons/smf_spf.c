/* smf_spf.c: smf-spf 2.x, `SPF result: address, name, HELO, <sender>`. The client chooses HELO and sender: HELO goes to
 * the last `, <`; the address and the name have no blanks. */
#include "../base/pattern.h"
#include "../base/token.h"
#include "daemons.h"

#define E(NAME) MAILLOG_EVENT_SMF_SPF_##NAME
#define F(NAME) MAILLOG_FIELD_##NAME

extern const ml_patterns maillog__smf_spf_statements;
ML_PATTERN_ROWS(maillog__smf_spf_statements) = {
    {E(SPF),
     {F(SPF_RESULT), F(CLIENT_ADDR), F(CLIENT_NAME), F(HELO), F(FROM)},
     ML_TEXT("SPF %w (cached): %w, %w, %S, <%S>")},
    {E(SPF), {F(SPF_RESULT), F(CLIENT_ADDR), F(CLIENT_NAME), F(HELO), F(FROM)}, ML_TEXT("SPF %w: %w, %w, %S, <%S>")},
    {E(ERROR), {F(ERROR)}, ML_TEXT("[ERROR] %s")},
};

ML_PATTERN_TABLE(maillog__smf_spf_statements);

void maillog__smf_spf(ml_line *l, ml_cur message)
{
    if (!maillog__match_patterns(l, &maillog__smf_spf_statements, message)) ml_put_rest(l, message);
}
