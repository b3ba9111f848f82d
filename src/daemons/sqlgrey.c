/* sqlgrey.c: greylisting policy server. Source: SQLgrey 1.6 to 1.8 (smtpd_access_policy(), mylog()): `TYPE: text`.
 *
 *   grey: new: ID(ADDR), SENDER -> RECIPIENT
 *   grey: reconnect ok: ID(ADDR), SENDER -> RECIPIENT (DELAY)
 *
 * ID is the address or the network it stands for. The sender is the client's; the recipient follows the last ` -> `. */
#include "../base/pattern.h"
#include "../base/token.h"
#include "daemons.h"
#include "net_server.h"

#define E(NAME) MAILLOG_EVENT_SQLGREY_##NAME
#define F(NAME) MAILLOG_FIELD_##NAME

extern const ml_patterns maillog__sqlgrey_statements;
ML_PATTERN_ROWS(maillog__sqlgrey_statements) = {
    {E(SPAM), {F(CLIENT_ADDR), F(FROM), F(TO), F(DATE)}, ML_TEXT("Probable spam: %w: %S -> %S at %s")},
    {E(CLEANUP), {F(SECONDS), F(TEXT)}, ML_TEXT("Spent %ds cleaning: %s")},
    {E(CONFIG), {F(TEXT)}, ML_TEXT("conf: Discrimination %s")},
    {E(CONFIG), {F(COUNT), F(PATH)}, ML_TEXT("conf: Read %d discrimination regexp's from %w")},
    {E(CONFIG), {F(TEXT)}, ML_TEXT("conf: Skipping invalid line in discrimination file: %s")},
    {E(CONFIG), {F(PATH)}, ML_TEXT("conf: error: %w not found or unreadable")},
    {E(RELOAD), {0}, ML_TEXT("conf: reloading static whitelists and smart regexps")},
    {E(CONFIG), {F(PATH), F(TEXT)}, ML_TEXT("conf: unrecognised line in %w: %s")},
    {E(CONFIG), {F(PATH)}, ML_TEXT("conf: warning: %w not found or unreadable")},
    {E(CONFIG), {F(PATH)}, ML_TEXT("conf: warning: more than one line in %w,took only last one")},
    {E(DATABASE), {F(TEXT)}, ML_TEXT("dbaccess: DB%s")},
    {E(DATABASE), {0}, ML_TEXT("dbaccess: Database connection ok")},
    {E(DATABASE), {F(ERROR)}, ML_TEXT("dbaccess: can't connect to DB: %s")},
    {E(DATABASE), {F(ERROR)}, ML_TEXT("dbaccess: error: %s")},
    {E(DATABASE), {F(ERROR)}, ML_TEXT("dbaccess: warning: %s")},
    {E(AWL), {F(ADDRESS), F(CLIENT_ADDR), F(DOMAIN)}, ML_TEXT("grey: domain awl match: updating %w(%w), %s")},
    {E(AWL), {F(CLIENT_ADDR), F(DOMAIN)}, ML_TEXT("grey: domain awl match: updating %w, %s")},
    {E(AWL), {F(CLIENT_ADDR), F(DOMAIN)}, ML_TEXT("grey: domain awl: %w, %S added")},
    {E(AWL), {F(ADDRESS), F(CLIENT_ADDR), F(FROM)}, ML_TEXT("grey: from awl match: updating %w(%w), %s")},
    {E(AWL), {F(CLIENT_ADDR), F(FROM)}, ML_TEXT("grey: from awl match: updating %w, %s")},
    {E(AWL), {F(CLIENT_ADDR), F(FROM)}, ML_TEXT("grey: from awl: %w, %S added")},
    {E(PATTERN),
     {F(CLIENT_NAME), F(CLIENT_ADDR), F(TEXT)},
     ML_TEXT("grey: identified SMTP server pattern: %w, %w: %s")},
    {E(PATTERN),
     {F(REASON), F(CLIENT_NAME), F(CLIENT_ADDR), F(TEXT)},
     ML_TEXT("grey: identified dynamic pattern (%s): %w, %w: %s")},
    {E(PATTERN), {F(CLIENT_ADDR)}, ML_TEXT("grey: unknown RDNS: %w")},
    {E(PATTERN), {F(CLIENT_NAME), F(CLIENT_ADDR), F(TEXT)}, ML_TEXT("grey: unknown pattern: %w, %w: %s")},
    {E(BAD_REQUEST), {F(TEXT)}, ML_TEXT("ignoring garbage: <%S>")},
    {E(OPTIN), {F(TEXT)}, ML_TEXT("optin: %s")},
    {E(OPTIN), {F(TO)}, ML_TEXT("optin: greylisting active for %s")},
    {E(OPTIN), {F(TO)}, ML_TEXT("optin: greylisting inactive for %s")},
    {E(STOP), {0}, ML_TEXT("other: Exiting!")},
    {E(BAD_REQUEST), {F(TEXT)}, ML_TEXT("other: ignoring garbage: <%S>")},
    {E(BAD_REQUEST), {F(REQUEST)}, ML_TEXT("other: unrecognized request type: '%S'")},
    {E(CLEANUP), {F(SECONDS), F(TEXT)}, ML_TEXT("perf: spent %ds cleaning: %s")},
    {E(RELOAD), {F(PATH)}, ML_TEXT("reloading %w")},
    {E(SPAM), {F(CLIENT_ADDR), F(FROM), F(TO), F(DATE)}, ML_TEXT("spam: %w: %S -> %S at %s")},
    {E(BAD_REQUEST), {F(REQUEST)}, ML_TEXT("unrecognized request type: '%S'")},
    {E(WHITELIST), {F(FROM), F(CLIENT_ADDR), F(CLIENT_NAME), F(TO)}, ML_TEXT("whitelist: %S, %w(%w) -> %s")},
    {E(WHITELIST), {F(NAME), F(TYPE)}, ML_TEXT("whitelist: %w in %w whitelist")},
    {E(WHITELIST), {F(NAME), F(DOMAIN), F(TYPE)}, ML_TEXT("whitelist: %w: %w domain in %w whitelist")},
    {E(WHITELIST), {F(NAME), F(TYPE)}, ML_TEXT("whitelist: %w: match %w whitelist regexp")},
    {E(RELOAD), {F(PATH)}, ML_TEXT("whitelist: reloading %w")},
};
ML_PATTERN_TABLE(maillog__sqlgrey_statements);

/* `ID(ADDR), SENDER -> RECIPIENT[ (DELAY)]` */
static bool put_message(ml_line *l, ml_cur c, bool has_delay)
{
    ml_cur id, addr, from, delay = ml_none();
    if (!ML_UNTIL(l, &c, ", ", &id) || ml_find(l, id, ' ')) return false;
    addr = id;
    if (ML_DROP_END(&addr, ")") && !ml_until(l, &addr, '(', &id)) return false;
    ml_cur t = c, before;
    if (has_delay && ML_DROP_END(&t, ")") && ML_UNTIL_LAST(&t, " (", &before)) {
        delay = t;
        c = before;
    }
    if (!ML_UNTIL_LAST(&c, " -> ", &from)) return false;
    if (ML_FIND(l, from, " -> ")) l->ev->flags |= MAILLOG_FLAG_AMBIGUOUS;
    if (!ml_eq(id, addr)) ml_put(l, MAILLOG_FIELD_ADDRESS, id);
    ml_put(l, MAILLOG_FIELD_CLIENT_ADDR, addr);
    ml_put(l, MAILLOG_FIELD_FROM, from);
    ml_put(l, MAILLOG_FIELD_TO, c);
    ml_put_opt(l, MAILLOG_FIELD_DELAY_HMS, delay);
    return true;
}

static bool decision(ml_line *l, ml_cur c)
{
    static const struct {
        char text[20];
        unsigned action;
    } rows[] = {{"new: ", MAILLOG_ACTION_GREYLIST},
                {"early reconnect: ", MAILLOG_ACTION_GREYLIST},
                {"throttling: ", MAILLOG_ACTION_GREYLIST},
                {"reconnect ok: ", MAILLOG_ACTION_PASS}};
    if (!ML_SKIP(&c, "grey: ")) return false;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const ml_cur word = ml_slice(c.p, c.p + strlen(rows[i].text) - 2);
        if (!ml_skip_n(&c, rows[i].text, strlen(rows[i].text))) continue;
        maillog_field *const mark = ml_mark(l);
        ml_put_word(l, MAILLOG_FIELD_ACTION, word, rows[i].action);
        if (!put_message(l, c, rows[i].action == MAILLOG_ACTION_PASS)) return ml_fail(l, mark);
        return ml_event(l, MAILLOG_EVENT_SQLGREY_GREYLIST);
    }
    return false;
}

void maillog__sqlgrey(ml_line *l, ml_cur message)
{
    ml_cur c = message;
    if (decision(l, c)) return;
    if (maillog__match_patterns(l, &maillog__sqlgrey_statements, c)) return;
    if (!maillog__match_patterns(l, &maillog__net_server_statements, c)) ml_put_rest(l, c);
}
