/* milter_greylist.c: `QUEUE-ID: text` of milter-greylist 4.x. Sender and recipient are `<address>` as the client gave
 * them; quoted local parts are honoured. Entries of the ACL and reasons come from the configuration. */
#include "../base/pattern.h"
#include "../base/token.h"
#include "daemons.h"

#define E(NAME) MAILLOG_EVENT_MILTER_GREYLIST_##NAME
#define F(NAME) MAILLOG_FIELD_##NAME

extern const ml_patterns maillog__milter_greylist_statements;
ML_PATTERN_ROWS(maillog__milter_greylist_statements) = {
    {E(SYNC), {F(TEXT)}, ML_TEXT("(local): %s")},
    {E(SYNC), {F(TEXT)}, ML_TEXT("Connection to %s")},
    {E(STOPPING), {F(TEXT)}, ML_TEXT("Exiting%s")},
    {E(DATABASE), {F(TEXT)}, ML_TEXT("Final database dump%s")},
    {E(SYNC), {F(TEXT)}, ML_TEXT("Incoming MX sync connexion%s")},
    {E(DATABASE), {F(TEXT)}, ML_TEXT("Loaded %s")},
    {E(BYPASS), {F(TEXT)}, ML_TEXT("SPF %s")},
    {E(BYPASS), {F(DN)}, ML_TEXT("STARTTLS succeeded for DN=\"%s\", bypassing greylisting")},
    {E(STARTING), {F(TEXT)}, ML_TEXT("Starting %s")},
    {E(BYPASS), {F(USER)}, ML_TEXT("User %w authenticated, bypassing greylisting")},
    {E(DELAYED),
     {F(CLIENT), F(FROM), F(TO), F(DELAY_HMS), F(RULE)},
     ML_TEXT("addr %w from %a to %a delayed for %w (ACL %s)")},
    {E(DELAYED),
     {F(CLIENT), F(FROM), F(TO), F(DELAY_HMS), F(RULE)},
     ML_TEXT("addr %w from %a rcpt %a delayed for %w (ACL %s)")},
    {E(DELAYED),
     {F(CLIENT), F(FROM), F(TO), F(HOW), F(DELAY_HMS), F(RULE)},
     ML_TEXT("addr %w from %a to %a delayed %s for %w (ACL %s)")},
    {E(DELAYED), {F(CLIENT), F(FROM), F(TO), F(DELAY_HMS)}, ML_TEXT("addr %w from %a to %a delayed for %w")},
    {E(DELAYED), {F(CLIENT), F(FROM), F(TO), F(DELAY_HMS)}, ML_TEXT("addr %w from %a rcpt %a: delayed for %w")},
    {E(BLACKLISTED), {F(CLIENT), F(FROM), F(TO), F(RULE)}, ML_TEXT("addr %w from %a to %a blacklisted (ACL %s)")},
    {E(BLACKLISTED), {F(CLIENT), F(FROM), F(TO)}, ML_TEXT("addr %w from %a to %a blacklisted")},
    {E(AUTOWHITE),
     {F(CLIENT), F(FROM), F(TO), F(DELAY_HMS)},
     ML_TEXT("addr %w from %a rcpt %a: autowhitelisted for %w")},
    {E(AUTOWHITE),
     {F(CLIENT), F(FROM), F(TO), F(DELAY_HMS)},
     ML_TEXT("addr %w from %a rcpt %a: autowhitelisted for another %w")},
    {E(AUTOWHITE), {F(CLIENT), F(FROM), F(TO), F(TEXT)}, ML_TEXT("addr %w from %a rcpt %a: %s")},
    {E(AUTOWHITE), {F(CLIENT), F(TEXT)}, ML_TEXT("addr %w from %s")},
    {E(ERROR), {F(TEXT)}, ML_TEXT("cannot %s")},
    {E(CONFIG), {F(TEXT)}, ML_TEXT("config error at line %s")},
    {E(PENDING), {F(CLIENT), F(FROM), F(TO), F(SECONDS)}, ML_TEXT("created: %w from %a to %a delayed for %d s")},
    {E(PENDING), {F(CLIENT), F(FROM), F(TO), F(SECONDS)}, ML_TEXT("created: %w from %a to %a delayed for %ds")},
    {E(PENDING), {F(TEXT)}, ML_TEXT("created: %s")},
    {E(DATABASE), {F(TEXT)}, ML_TEXT("dump %s")},
    {E(DATABASE), {F(TEXT)}, ML_TEXT("dumping %s")},
    {E(PENDING), {F(TEXT)}, ML_TEXT("flushed: %s")},
    {E(DATABASE), {F(TEXT)}, ML_TEXT("loaded %s")},
    {E(CONFIG), {F(TEXT)}, ML_TEXT("loading config %s")},
    {E(ERROR), {F(TEXT)}, ML_TEXT("malloc failed: %s")},
    {E(STARTING), {F(VERSION)}, ML_TEXT("milter-greylist %w starting")},
    {E(STARTING), {F(TEXT)}, ML_TEXT("milter-greylist %s")},
    {E(SYNC), {F(TEXT)}, ML_TEXT("peer %s")},
    {E(CONFIG), {F(PATH), F(TEXT)}, ML_TEXT("reloaded config file \"%s\" %s")},
    {E(CONFIG), {F(PATH)}, ML_TEXT("reloaded config file \"%s\"")},
    {E(CONFIG), {F(PATH)}, ML_TEXT("reloading \"%s\"")},
    {E(PENDING), {F(TEXT)}, ML_TEXT("removed: %s")},
    {E(SKIPPED),
     {F(REASON), F(FROM), F(TO), F(CLIENT), F(RULE)},
     ML_TEXT("skipping greylist because %S, (from=%a, rcpt=%a, addr=%w) ACL %s")},
    {E(SKIPPED),
     {F(REASON), F(FROM), F(TO), F(CLIENT)},
     ML_TEXT("skipping greylist because %S, (from=%a, rcpt=%a, addr=%w)")},
    {E(SKIPPED), {F(REASON)}, ML_TEXT("skipping greylist because %s")},
    {E(ERROR), {F(TEXT)}, ML_TEXT("smfi_%s")},
    {E(SYNC), {F(TEXT)}, ML_TEXT("sync %s")},
};

ML_PATTERN_TABLE(maillog__milter_greylist_statements);

void maillog__milter_greylist(ml_line *l, ml_cur message)
{
    ml_cur c = message, id;
    if (maillog__job_id_prefix(&c, &id)) ml_put(l, MAILLOG_FIELD_QUEUE_ID, id);
    if (!maillog__match_patterns(l, &maillog__milter_greylist_statements, c)) ml_put_rest(l, c);
}
