/* postgrey.c: greylisting policy server. Source: postgrey 1.36, 1.37 and the Net::Server it stands on.
 * Client-controlled: from (sender is written bare, so it may hold `, recipient=`) and the local part of to. */
#include "../base/pattern.h"
#include "../base/token.h"
#include "daemons.h"

ML_PATTERN_ROWS(postgrey_statements) = {
    {MAILLOG_EVENT_POSTGREY_BIND,
     {MAILLOG_FIELD_PROTO, MAILLOG_FIELD_PORT, MAILLOG_FIELD_LISTEN_ADDR, MAILLOG_FIELD_IPV},
     "Binding to %w port %d on host %w with %s"},
    {MAILLOG_EVENT_POSTGREY_BIND, {MAILLOG_FIELD_PATH}, "Binding to UNIX socket file \"%S\""},
    {MAILLOG_EVENT_POSTGREY_EXITING, {0}, "Exiting!"},
    {MAILLOG_EVENT_POSTGREY_HUP, {0}, "HUP received: reloading whitelists..."},
    {MAILLOG_EVENT_POSTGREY_START, {0}, "Process Backgrounded"},
    {MAILLOG_EVENT_POSTGREY_PRIVILEGES, {MAILLOG_FIELD_GID}, "Setting gid to \"%S\""},
    {MAILLOG_EVENT_POSTGREY_PRIVILEGES, {MAILLOG_FIELD_UID}, "Setting uid to \"%S\""},
    {MAILLOG_EVENT_POSTGREY_CLEANUP,
     {MAILLOG_FIELD_BEFORE, MAILLOG_FIELD_AFTER},
     "cleaning clients database finished. before: %d, after: %d"},
    {MAILLOG_EVENT_POSTGREY_CLEANUP,
     {MAILLOG_FIELD_BEFORE, MAILLOG_FIELD_AFTER},
     "cleaning main database finished. before: %d, after: %d"},
    {MAILLOG_EVENT_POSTGREY_CLEANUP, {0}, "cleaning up old entries..."},
    {MAILLOG_EVENT_POSTGREY_CLEANUP, {0}, "cleaning up old logs..."},
    {MAILLOG_EVENT_POSTGREY_FUTURE, {0}, "correcting date for first seen in the future!"},
    {MAILLOG_EVENT_POSTGREY_GARBAGE, {MAILLOG_FIELD_TEXT}, "ignoring garbage: <%S>"},
    {MAILLOG_EVENT_POSTGREY_RM, {MAILLOG_FIELD_PATH}, "rm %s"},
    {MAILLOG_EVENT_POSTGREY_UNRECOGNIZED, {MAILLOG_FIELD_REQUEST}, "unrecognized request type: '%S'"},
    {MAILLOG_EVENT_POSTGREY_WHITELISTED, {0}, "whitelisted: %c"},
};
static const ml_patterns postgrey_statements = {
    .row = postgrey_statements_rows,
    .count = sizeof postgrey_statements_rows / sizeof *postgrey_statements_rows,
    .name = "postgrey_statements",
};

/* `early-retry (127s missing)` or words alone. */
static void put_reason(ml_line *l, ml_cur v)
{
    ml_cur t = v, word, missing;
    if (ML_UNTIL(l, &t, " (", &word) && ml_digits(&t, &missing) && ML_IS(t, "s missing)")) {
        ml_put(l, MAILLOG_FIELD_REASON, word);
        ml_put(l, MAILLOG_FIELD_MISSING_SECONDS, missing);
        return;
    }
    ml_put(l, MAILLOG_FIELD_REASON, v);
}

/* `[sender=S, ]recipient=R`: the sender is bare, so the last `, recipient=` is postgrey's. */
static void put_addresses(ml_line *l, ml_cur c)
{
    ml_cur sender;
    if (ML_SKIP(&c, "sender=")) {
        if (!ML_UNTIL_LAST(&c, ", recipient=", &sender)) sender = c, c.p = c.e;
        ml_put(l, MAILLOG_FIELD_FROM, sender);
        if (c.p > sender.e) ml_put(l, MAILLOG_FIELD_TO, c);
    } else if (ML_SKIP(&c, "recipient=")) {
        ml_put(l, MAILLOG_FIELD_TO, c);
    } else {
        ml_put_rest(l, c);
    }
}

static unsigned action_word(ml_cur v)
{
    if (ML_IS(v, "greylist")) return MAILLOG_ACTION_GREYLIST;
    return ML_IS(v, "pass") ? MAILLOG_ACTION_PASS : 0;
}

/* action=A, reason=R[, delay=N], client_name=N, client_address=IP[, sender=S], recipient=R */
static bool answer(ml_line *l, ml_cur c)
{
    maillog_field *const mark = ml_mark(l);
    ml_cur v;
    if (!ML_UNTIL(l, &c, ", reason=", &v)) return false;
    ml_put_word(l, MAILLOG_FIELD_ACTION, v, action_word(v));
    if (!ml_until(l, &c, ',', &v)) return ml_fail(l, mark);
    put_reason(l, v);
    ml_skip_char(&c, ' ');
    if (ML_SKIP(&c, "delay=")) {
        if (!ml_digits(&c, &v) || !ML_SKIP(&c, ", ")) return ml_fail(l, mark);
        ml_put(l, MAILLOG_FIELD_GREYLIST_DELAY, v);
    }
    if (!ML_SKIP(&c, "client_name=") || !ML_UNTIL(l, &c, ", client_address=", &v)) return ml_fail(l, mark);
    ml_put(l, MAILLOG_FIELD_CLIENT_NAME, v);
    const char *comma = ml_find(l, c, ',');
    ml_put(l, MAILLOG_FIELD_CLIENT_ADDR, ml_slice(c.p, comma ? comma : c.e));
    c.p = comma ? comma + 1 : c.e;
    ml_skip_char(&c, ' ');
    put_addresses(l, c);
    return ml_event(l, MAILLOG_EVENT_POSTGREY_GREYLIST);
}

/* Net::Server: `2026/07/19-07:00:01 postgrey (type Net::Server::Multiplex) starting! pid(812)` */
static bool starting(ml_line *l, ml_cur c)
{
    maillog_field *const mark = ml_mark(l);
    ml_cur date, type, pid;
    if (!ML_UNTIL(l, &c, " postgrey (type ", &date) || !ML_UNTIL(l, &c, ") starting! pid(", &type) || !ml_digits(&c, &pid) ||
        !ML_IS(c, ")"))
        return ml_fail(l, mark);
    ml_put(l, MAILLOG_FIELD_DATE, date);
    ml_put(l, MAILLOG_FIELD_TYPE, type);
    ml_put(l, MAILLOG_FIELD_MASTER_PID, pid);
    return ml_event(l, MAILLOG_EVENT_POSTGREY_START);
}

void maillog__postgrey(ml_line *l, ml_cur message)
{
    ml_cur c = message, id;
    if (maillog__queue_id_prefix(&c, &id)) ml_put(l, MAILLOG_FIELD_QUEUE_ID, id);
    ml_cur text = c;
    if (ML_SKIP(&c, "action=") && answer(l, c)) return;
    if (ml_is_digit(ml_peek(text)) && starting(l, text)) return;
    if (maillog__match_patterns(l, &postgrey_statements, text)) return;
    ml_put_rest(l, text);
}
