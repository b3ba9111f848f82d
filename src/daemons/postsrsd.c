/* postsrsd.c: sender rewriting. Sources: PostSRSd 1.1 to 1.12 (`srs_forward: <A> rewritten as <B>`) and 2.0 to 2.4
 * (`[QID|socketmap: ]<A> forwarded as <B>`). Addresses are the client's, in internal form: the one after the words is
 * made by PostSRSd, so the words are sought from the right. */
#include "../base/pattern.h"
#include "../base/token.h"
#include "daemons.h"

#define E(NAME) MAILLOG_EVENT_POSTSRSD_##NAME
#define F(NAME) MAILLOG_FIELD_##NAME

extern const ml_patterns maillog__postsrsd_statements;
ML_PATTERN_ROWS(maillog__postsrsd_statements) = {
    {E(FORWARD), {F(FROM), F(REWRITTEN)}, ML_TEXT("<%S> forwarded as <%S>")},
    {E(NOT_FORWARDED), {F(FROM), F(REASON)}, ML_TEXT("<%S> not forwarded: %s")},
    {E(REVERSE), {F(TO), F(REWRITTEN)}, ML_TEXT("<%S> reversed to <%S>")},
    {E(NOT_REVERSED), {F(TO), F(REASON)}, ML_TEXT("<%S> not reversed: %s")},
    {E(ERROR), {F(PATH), F(ERROR)}, ML_TEXT("Cannot open file with secret: %s: %s")},
    {E(ERROR), {F(ERROR)}, ML_TEXT("Poll failure: %s")},
    {E(ERROR), {F(ERROR)}, ML_TEXT("cannot %s")},
    {E(ERROR), {F(ERROR)}, ML_TEXT("failed to %s")},
    {E(ERROR), {F(TEXT)}, ML_TEXT("socketmap: received invalid query%s")},
    {E(FORWARD), {F(FROM), F(REWRITTEN)}, ML_TEXT("srs_forward: <%S> rewritten as <%S>")},
    {E(NOT_FORWARDED), {F(FROM), F(REASON)}, ML_TEXT("srs_forward: <%S> not rewritten: %s")},
    {E(REVERSE), {F(TO), F(REWRITTEN)}, ML_TEXT("srs_reverse: <%S> rewritten as <%S>")},
    {E(NOT_REVERSED), {F(TO), F(REASON)}, ML_TEXT("srs_reverse: <%S> not rewritten: %s")},
};
ML_PATTERN_TABLE(maillog__postsrsd_statements);

void maillog__postsrsd(ml_line *l, ml_cur message)
{
    ml_cur c = message, id;
    if (maillog__queue_id_prefix(&c, &id))
        ml_put(l, MAILLOG_FIELD_QUEUE_ID, id);
    else if (ML_STARTS(c, "socketmap: <"))
        ML_SKIP(&c, "socketmap: ");
    maillog__put_severity(l, &c);
    if (!maillog__match_patterns(l, &maillog__postsrsd_statements, c)) ml_put_rest(l, c);
}
