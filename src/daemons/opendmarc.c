/* opendmarc.c: `QUEUE-ID: text` of OpenDMARC 1.3 and 1.4. Domains are the sender's text: they have no blanks, and the
 * result is one of the daemon's words. One statement has no colon after the queue ID. */
#include "../base/pattern.h"
#include "../base/token.h"
#include "daemons.h"

#define E(NAME) MAILLOG_EVENT_OPENDMARC_##NAME
#define F(NAME) MAILLOG_FIELD_##NAME

extern const ml_patterns maillog__opendmarc_statements;
ML_PATTERN_ROWS(maillog__opendmarc_statements) = {
    {E(STARTING), {F(NAME), F(VERSION), F(ARGS)}, ML_TEXT("%s v%w starting (args: %S)")},
    {E(STARTING), {F(NAME), F(VERSION), F(ARGS)}, ML_TEXT("%s v%w starting (%S)")},
    {E(STOPPING), {F(NAME), F(VERSION), F(STATUS), F(ERRNO)}, ML_TEXT("%s v%w terminating with status %d, errno = %d")},
    {E(LIBRARY_ERROR), {F(FUNC), F(STATUS)}, ML_TEXT("%w() returned status %d")},
    {E(LIBRARY_ERROR), {F(FUNC), F(ERROR)}, ML_TEXT("%w(): %s")},
    {E(LIBRARY_ERROR), {F(FUNC)}, ML_TEXT("%w() failed")},
    {E(LIBRARY_ERROR), {F(PATH), F(FUNC), F(ERROR)}, ML_TEXT("%w: %w(): %s")},
    {E(LIBRARY_ERROR), {F(HEADER)}, ML_TEXT("%w header add failed")},
    {E(CONFIG), {F(PATH), F(LINE_NO), F(ERROR)}, ML_TEXT("%s: configuration error at line %d: %s")},
    {E(CONFIG), {F(PATH), F(NAME)}, ML_TEXT("%s: required parameter \"%s\" missing")},
    {E(ARC), {0}, ML_TEXT("ARC pass, policy fail > continuing DMARC eval")},
    {E(ARC), {0}, ML_TEXT("ARC pass, policy pass > overriding DMARC fail")},
    {E(LIBRARY_ERROR), {0}, ML_TEXT("DMARC context initialization failed")},
    {E(LIBMILTER), {F(TEXT)}, ML_TEXT("OpenDMARC Filter: %s")},
    {E(LIBMILTER), {F(TEXT)}, ML_TEXT("OpenDMARC: %s")},
    {E(BAD_HEADER), {F(ERROR)}, ML_TEXT("RFC5322 requirement error: %s")},
    {E(SPF), {F(SPF_SCOPE), F(DOMAIN), F(RESULT)}, ML_TEXT("SPF(%w): %w %w")},
    {E(LIBRARY_ERROR), {F(FUNC), F(ERROR)}, ML_TEXT("[child] %s(): %s")},
    {E(LIBRARY_ERROR), {F(FUNC), F(ERROR)}, ML_TEXT("[parent] %s(): %s")},
    {E(CONFIG), {F(HOSTS)}, ML_TEXT("additional trusted authentication services: %s")},
    {E(BAD_HEADER), {0}, ML_TEXT("can't extract SPF address from Authentication-Results")},
    {E(CONFIG), {F(PATH), F(ERROR)}, ML_TEXT("can't load ignore list from %s: %s")},
    {E(LIBRARY_ERROR), {F(PATH), F(ERROR)}, ML_TEXT("can't write pid to %s: %s")},
    {E(CONFIG), {F(PATH)}, ML_TEXT("configuration reloaded from %s")},
    {E(RESTARTING), {F(STATUS)}, ML_TEXT("exited with status %d%(, restarting%)")},
    {E(IGNORED), {F(INDEX), F(AUTHSERV_ID)}, ML_TEXT("ignoring Authentication-Results at %d from %s")},
    {E(IGNORED), {F(CLIENT_NAME)}, ML_TEXT("ignoring connection from %s")},
    {E(IGNORED), {F(HEADER), F(VALUE)}, ML_TEXT("ignoring invalid %w header \"%S\"")},
    {E(IGNORED), {F(DOMAIN)}, ML_TEXT("ignoring mail from %s")},
    {E(CONFIG), {F(AUTHSERV_ID)}, ML_TEXT("implicit authentication service: %s")},
    {E(BAD_HEADER), {0}, ML_TEXT("multi-valued From field detected")},
    {E(QUERY_FAILED), {F(DOMAIN), F(STATUS)}, ML_TEXT("opendmarc_policy_query_dmarc(%s) returned status %d")},
    {E(DISPOSITION), {F(DOMAIN)}, ML_TEXT("quarantined by DMARC policy for %s")},
    {E(DISPOSITION), {F(DOMAIN)}, ML_TEXT("rejected by DMARC policy for %s")},
    {E(LIBRARY_ERROR), {F(ERROR)}, ML_TEXT("socket cleanup failed: %s")},
    {E(RESTARTING), {F(SIGNAL)}, ML_TEXT("terminated with signal %d, restarting")},
    {E(CONFIG), {F(HOSTS)}, ML_TEXT("trusted authentication services: %s")},
    {E(LIBRARY_ERROR), {0}, ML_TEXT("unable to create buffer for failure report")},
    {E(BAD_HEADER), {0}, ML_TEXT("unable to parse From header field")},
    {E(BAD_HEADER), {F(ADDRESS)}, ML_TEXT("unable to parse validated SPF address <%S>")},
};

ML_PATTERN_TABLE(maillog__opendmarc_statements);

/* `DOMAIN RESULT`. */
static bool policy_result(ml_line *l, ml_cur c)
{
    static const struct {
        const char *text;
        uint8_t len;
    } results[] = {{"pass", 4}, {"fail", 4}, {"none", 4}, {"temperror", 9}, {"permerror", 9}, {"bestguesspass", 13}};
    ml_cur domain;
    if (!ml_until(l, &c, ' ', &domain) || ml_empty(domain)) return false;
    for (size_t i = 0; i < sizeof results / sizeof *results; i++) {
        if (!ml_is_n(c, results[i].text, results[i].len)) continue;
        ml_put(l, MAILLOG_FIELD_DOMAIN, domain);
        ml_put(l, MAILLOG_FIELD_RESULT, c);
        return ml_event(l, MAILLOG_EVENT_OPENDMARC_RESULT);
    }
    return false;
}

void maillog__opendmarc(ml_line *l, ml_cur message)
{
    ml_cur c = message, id;
    bool has_id = maillog__job_id_prefix(&c, &id);
    if (!has_id) {
        ml_cur t = c;
        has_id = maillog__queue_id(&t, &id) && ml_skip_char(&t, ' ') && ML_STARTS(t, "ignoring ");
        if (has_id) c = t;
    }
    if (has_id) ml_put(l, MAILLOG_FIELD_QUEUE_ID, id);
    if (has_id && policy_result(l, c)) return;
    if (!maillog__match_patterns(l, &maillog__opendmarc_statements, c)) ml_put_rest(l, c);
}
