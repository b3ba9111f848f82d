/* postfix_services.c: the programs with few statements of their own: tlsmgr, proxymap, trivial-rewrite, flush, showq,
 * spawn, nbdb_reindexd. What they say is in postfix_statements.c, but for what means something else with others.
 * Sources: Postfix 2.11 to 3.11. */
#include "postfix_library.h"

#undef ROW_LEAD
#define ROW_LEAD "%w: "
ML_PATTERN_ROWS(maillog__postfix_services_flush) = {
    ROW3(FLUSH_LOG_ERROR, "%w: update %w time stamps: %s", FUNC, PATH, ERROR),
};
ML_PATTERN_TABLE_LEAD(maillog__postfix_services_flush, ROW_LEAD);
#undef ROW_LEAD
#define ROW_LEAD ""

bool maillog__postfix_services(ml_line *l, ml_cur text, const ml_postfix *head)
{
    return maillog__match_patterns(l, &maillog__postfix_services_flush, text) || maillog__postfix_tls(l, text, head);
}
