/* milter_greylist.c: `QUEUE-ID: text` of milter-greylist 4.x. Sender and recipient are `<address>` as the client gave
 * them; quoted local parts are honoured. Entries of the ACL and reasons come from the configuration. */
#include "../base/pattern.h"
#include "../base/token.h"
#include "daemons.h"

#define E(NAME) MAILLOG_EVENT_MILTER_GREYLIST_##NAME
#define F(NAME) MAILLOG_FIELD_##NAME

extern const ml_patterns maillog__milter_greylist_statements;
ML_PATTERN_ROWS(maillog__milter_greylist_statements) = {
    {E(SYNC), {F(TEXT)}, "(local): %s"},
    {E(SYNC), {F(TEXT)}, "Connection to %s"},
    {E(STOPPING), {F(TEXT)}, "Exiting%s"},
    {E(DATABASE), {F(TEXT)}, "Final database dump%s"},
    {E(SYNC), {F(TEXT)}, "Incoming MX sync connexion%s"},
    {E(DATABASE), {F(TEXT)}, "Loaded %s"},
    {E(BYPASS), {F(TEXT)}, "SPF %s"},
    {E(BYPASS), {F(DN)}, "STARTTLS succeeded for DN=\"%s\", bypassing greylisting"},
    {E(STARTING), {F(TEXT)}, "Starting %s"},
    {E(BYPASS), {F(USER)}, "User %w authenticated, bypassing greylisting"},
    {E(DELAYED), {F(CLIENT), F(FROM), F(TO), F(DELAY_HMS), F(RULE)}, "addr %w from %a to %a delayed for %w (ACL %s)"},
    {E(DELAYED), {F(CLIENT), F(FROM), F(TO), F(DELAY_HMS), F(RULE)}, "addr %w from %a rcpt %a delayed for %w (ACL %s)"},
    {E(DELAYED),
     {F(CLIENT), F(FROM), F(TO), F(HOW), F(DELAY_HMS), F(RULE)},
     "addr %w from %a to %a delayed %s for %w (ACL %s)"},
    {E(DELAYED), {F(CLIENT), F(FROM), F(TO), F(DELAY_HMS)}, "addr %w from %a to %a delayed for %w"},
    {E(DELAYED), {F(CLIENT), F(FROM), F(TO), F(DELAY_HMS)}, "addr %w from %a rcpt %a: delayed for %w"},
    {E(BLACKLISTED), {F(CLIENT), F(FROM), F(TO), F(RULE)}, "addr %w from %a to %a blacklisted (ACL %s)"},
    {E(BLACKLISTED), {F(CLIENT), F(FROM), F(TO)}, "addr %w from %a to %a blacklisted"},
    {E(AUTOWHITE), {F(CLIENT), F(FROM), F(TO), F(DELAY_HMS)}, "addr %w from %a rcpt %a: autowhitelisted for %w"},
    {E(AUTOWHITE),
     {F(CLIENT), F(FROM), F(TO), F(DELAY_HMS)},
     "addr %w from %a rcpt %a: autowhitelisted for another %w"},
    {E(AUTOWHITE), {F(CLIENT), F(FROM), F(TO), F(TEXT)}, "addr %w from %a rcpt %a: %s"},
    {E(AUTOWHITE), {F(CLIENT), F(TEXT)}, "addr %w from %s"},
    {E(ERROR), {F(TEXT)}, "cannot %s"},
    {E(CONFIG), {F(TEXT)}, "config error at line %s"},
    {E(PENDING), {F(CLIENT), F(FROM), F(TO), F(SECONDS)}, "created: %w from %a to %a delayed for %d s"},
    {E(PENDING), {F(CLIENT), F(FROM), F(TO), F(SECONDS)}, "created: %w from %a to %a delayed for %ds"},
    {E(PENDING), {F(TEXT)}, "created: %s"},
    {E(DATABASE), {F(TEXT)}, "dump %s"},
    {E(DATABASE), {F(TEXT)}, "dumping %s"},
    {E(PENDING), {F(TEXT)}, "flushed: %s"},
    {E(DATABASE), {F(TEXT)}, "loaded %s"},
    {E(CONFIG), {F(TEXT)}, "loading config %s"},
    {E(ERROR), {F(TEXT)}, "malloc failed: %s"},
    {E(STARTING), {F(VERSION)}, "milter-greylist %w starting"},
    {E(STARTING), {F(TEXT)}, "milter-greylist %s"},
    {E(SYNC), {F(TEXT)}, "peer %s"},
    {E(CONFIG), {F(PATH), F(TEXT)}, "reloaded config file \"%s\" %s"},
    {E(CONFIG), {F(PATH)}, "reloaded config file \"%s\""},
    {E(CONFIG), {F(PATH)}, "reloading \"%s\""},
    {E(PENDING), {F(TEXT)}, "removed: %s"},
    {E(SKIPPED),
     {F(REASON), F(FROM), F(TO), F(CLIENT), F(RULE)},
     "skipping greylist because %S, (from=%a, rcpt=%a, addr=%w) ACL %s"},
    {E(SKIPPED), {F(REASON), F(FROM), F(TO), F(CLIENT)}, "skipping greylist because %S, (from=%a, rcpt=%a, addr=%w)"},
    {E(SKIPPED), {F(REASON)}, "skipping greylist because %s"},
    {E(ERROR), {F(TEXT)}, "smfi_%s"},
    {E(SYNC), {F(TEXT)}, "sync %s"},
};

ML_PATTERN_TABLE(maillog__milter_greylist_statements);

void maillog__milter_greylist(ml_line *l, ml_cur message)
{
    ml_cur c = message, id;
    if (maillog__job_id_prefix(&c, &id)) ml_put(l, MAILLOG_FIELD_QUEUE_ID, id);
    if (!maillog__match_patterns(l, &maillog__milter_greylist_statements, c)) ml_put_rest(l, c);
}
