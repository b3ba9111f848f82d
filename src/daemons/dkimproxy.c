/* dkimproxy.c: dkimproxy.in and dkimproxy.out 1.x. Message-ID, signer and sender are the sender's text; the Message-ID
 * and the signer have no blanks. */
#include "../base/pattern.h"
#include "../base/token.h"
#include "daemons.h"

#define E(NAME) MAILLOG_EVENT_DKIMPROXY_##NAME
#define F(NAME) MAILLOG_FIELD_##NAME

extern const ml_patterns maillog__dkimproxy_statements;
ML_PATTERN_ROWS(maillog__dkimproxy_statements) = {
    {E(NET_SERVER), {F(DATE), F(NAME), F(TEXT)}, ML_TEXT("%w %w (type %s")},
    {E(NET_SERVER), {F(TEXT)}, ML_TEXT("Beginning prefork %s")},
    {E(NET_SERVER), {F(TEXT)}, ML_TEXT("Binding to %s")},
    {E(SIGNED),
     {F(RESULT), F(MESSAGE_ID), F(SIGNER), F(FROM)},
     ML_TEXT("DKIM signing - %s; message-id=%w, signer=%w, from=%s")},
    {E(SIGNED), {F(RESULT), F(MESSAGE_ID), F(FROM)}, ML_TEXT("DKIM signing - %s; message-id=%w, from=%s")},
    {E(SIGNED), {F(RESULT), F(TEXT)}, ML_TEXT("DKIM signing - %s; %s")},
    {E(SIGNED), {F(RESULT)}, ML_TEXT("DKIM signing - %s")},
    {E(VERIFIED),
     {F(RESULT), F(MESSAGE_ID), F(SIGNER), F(FROM)},
     ML_TEXT("DKIM verify - %s; message-id=%w, signer=%w, from=%s")},
    {E(VERIFIED), {F(RESULT), F(MESSAGE_ID), F(FROM)}, ML_TEXT("DKIM verify - %s; message-id=%w, from=%s")},
    {E(VERIFIED), {F(RESULT), F(TEXT)}, ML_TEXT("DKIM verify - %s; %s")},
    {E(VERIFIED), {F(RESULT)}, ML_TEXT("DKIM verify - %s")},
    {E(NET_SERVER), {F(TEXT)}, ML_TEXT("Group Not Defined.%s")},
    {E(NET_SERVER), {F(TEXT)}, ML_TEXT("Process Backgrounded%s")},
    {E(NET_SERVER), {F(TEXT)}, ML_TEXT("Server closing%s")},
    {E(NET_SERVER), {F(TEXT)}, ML_TEXT("Setting %s")},
    {E(NET_SERVER), {F(TEXT)}, ML_TEXT("User Not Defined.%s")},
    {E(ERROR), {F(TEXT)}, ML_TEXT("Warning: %s")},
    {E(ERROR), {F(TEXT)}, ML_TEXT("child process %s")},
    {E(CONNECTION), {F(CLIENT_ADDR)}, ML_TEXT("connect from %w")},
    {E(CONNECTION), {F(CLIENT_ADDR)}, ML_TEXT("disconnect from %w")},
    {E(ERROR), {F(ERROR)}, ML_TEXT("signature error: %s")},
    {E(ERROR), {F(ERROR)}, ML_TEXT("signing error: %s")},
};

ML_PATTERN_TABLE(maillog__dkimproxy_statements);

void maillog__dkimproxy(ml_line *l, ml_cur message)
{
    if (!maillog__match_patterns(l, &maillog__dkimproxy_statements, message)) ml_put_rest(l, message);
}
