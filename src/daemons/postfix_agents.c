/* postfix_agents.c: the delivery agents but smtp: local, virtual, pipe, error, retry, discard. Source: local*.c,
 * virtual*.c, pipe.c of Postfix 2.11 to 3.11. Delivery lines: postfix_delivery.c.
 * Remote-controlled: to, local, and the local part in file names made from it. */
#include "postfix_library.h"

ML_PATTERN_ROWS(maillog__postfix_agents_infos) = {
    ROW3(NETWORK_ERROR, "skipping address family %d for host '%s' service '%s'", FAMILY, NAME, VALUE),
};
ML_PATTERN_TABLE(maillog__postfix_agents_infos);

ML_PATTERN_ROWS(maillog__postfix_agents_warnings) = {
    ROW2(LOOKUP_FAILED, "%w: lookup of '%S' failed", MAP, KEY),
    ROW2(SETTING_WARNING, "%w: deprecated parameter, use \"%s = dotlock\" instead", PARAM, INSTEAD),
    ROW1(FILE_PROBLEM, ":include:%S uses a relative path", PATH),
    ROW1(FILE_PROBLEM, ":include: file %S is world writable", PATH),
    ROW1(FILE_PROBLEM, ":include: file %S is not a regular file", PATH),
    ROW1(ALIAS_PROBLEM, ":include: nesting limit exceeded for %s", USER),
    ROW1(RECIPIENT_PROBLEM, "address with illegal extension: %s", LOCAL),
    ROW1(ALIAS_PROBLEM, "alias database loop for %s", USER),
    ROW1(RECIPIENT_PROBLEM, "bad home directory syntax for: %s", USER),
    ROW1(BIFF_PROBLEM, "biff_notify: %s", ERROR),
    ROW2(ALIAS_PROBLEM, "cannot find alias database owner for %w: %s", MAP, ERROR),
    ROW1(ALIAS_PROBLEM, "cannot find alias database owner for %s", MAP),
    ROW2(FILE_PROBLEM, "cannot open file %S: %s", PATH, ERROR),
    ROW2(FILE_PROBLEM, "cannot open include file %S: %s", PATH, ERROR),
    ROW2(FILE_PROBLEM, "close file %S: %s", PATH, ERROR),
    ROW2(RECIPIENT_PROBLEM, "error looking up passwd info for %S: %s", USER, ERROR),
    ROW1(FILE_PROBLEM, "file %S is world writable", PATH),
    ROW1(FILE_PROBLEM, "file %S is not a regular file", PATH),
    ROW2(FILE_PROBLEM, "file %S has bad owner uid %d", PATH, UID),
    ROW3(MAILDIR_PROBLEM, "maildir access problem for UID/GID=%d/%d: %s", UID, GID, ERROR),
    ROW1(RECIPIENT_PROBLEM, "no @ in recipient address: %s", TO),
    ROW1(ALIAS_PROBLEM, "no owner UID for alias database %s", MAP),
    ROW1(ALIAS_PROBLEM, "no recipient in alias lookup result for %s", USER),
    ROW0(MAILDIR_PROBLEM, "perhaps you need to create the maildirs in advance"),
    ROW1(SETTING_WARNING, "pipe flag `D' requires %w_destination_recipient_limit = 1", SERVICE),
    ROW1(SETTING_WARNING, "pipe flag `O' requires %w_destination_recipient_limit = 1", TRANSPORT),
    ROW0(COMMAND_TIMEOUT, "pipe_command_wait_or_kill: child wait time limit exceeded"),
    ROW3(RECIPIENT_PROBLEM, "recipient %S: bad uid %d in %w", TO, UID, MAP),
    ROW3(RECIPIENT_PROBLEM, "recipient %S: bad gid %d in %w", TO, GID, MAP),
    ROW2(RECIPIENT_PROBLEM, "recipient %S: not found in %w", TO, MAP),
    ROW1(ALIAS_PROBLEM, "recipient nesting limit exceeded for %s", USER),
    ROW1(ALIAS_PROBLEM, "required alias not found: %s", ALIAS),
    ROW0(BIFF_PROBLEM, "service not found: biff/udp"),
    ROW1(SETTING_WARNING, "specify \"%s = no\" to ignore mailbox ownership mismatch", PARAM),
    ROW3(LOOKUP_FAILED, "table %w: lookup %S: %s", MAP, TO, ERROR),
    ROW2(FILE_PROBLEM, "unable to lookup :include: file %S: %s", PATH, ERROR),
    ROW1(RECIPIENT_PROBLEM, "unknown home directory for: %s", USER),
};
ML_PATTERN_TABLE(maillog__postfix_agents_warnings);

bool maillog__postfix_agent(ml_line *l, ml_cur text, const ml_postfix *head)
{
    if (head->severity) return maillog__match_patterns(l, &maillog__postfix_agents_warnings, text);
    if (!head->queue_id.p) return maillog__match_patterns(l, &maillog__postfix_agents_infos, text);
    return maillog__postfix_delivery_line(l, text);
}
