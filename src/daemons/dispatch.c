/* dispatch.c: tag → daemon. A tag with a '/' whose last part is a Postfix program is Postfix, whatever its syslog_name.
 */
#include "daemons.h"

typedef struct tag_row {
    const char *tag;
    uint8_t len, daemon;
    ml_grammar grammar;
} tag_row;

#define TAG(tag, NAME, grammar)                                                                                        \
    {                                                                                                                  \
        tag, sizeof(tag) - 1, MAILLOG_DAEMON_##NAME, grammar                                                           \
    }

/* Tags without a '/', or of which the whole tag counts. Frequent ones first. */
static const tag_row tags[] = {
    TAG("postfix", POSTFIX_POSTFIX, maillog__postfix),
    /* Postfix's tools on a terminal, or in a container, whose names are no other program's */
    TAG("postsuper", POSTFIX_POSTSUPER, maillog__postfix),
    TAG("postqueue", POSTFIX_POSTQUEUE, maillog__postfix),
    TAG("postdrop", POSTFIX_POSTDROP, maillog__postfix),
    TAG("postmap", POSTFIX_POSTMAP, maillog__postfix),
    TAG("postalias", POSTFIX_POSTALIAS, maillog__postfix),
    TAG("postconf", POSTFIX_POSTCONF, maillog__postfix),
    TAG("postmulti", POSTFIX_POSTMULTI, maillog__postfix),
    TAG("postlog", POSTFIX_POSTLOG, maillog__postfix),
    TAG("postcat", POSTFIX_POSTCAT, maillog__postfix),
    TAG("postkick", POSTFIX_POSTKICK, maillog__postfix),
    TAG("postlock", POSTFIX_POSTLOCK, maillog__postfix),
    TAG("postfix-script", POSTFIX_SCRIPT, maillog__postfix),
    TAG("postfix-tlspol", POSTFIX_TLSPOL, maillog__postfix),
    /* Dovecot */
    TAG("dovecot", DOVECOT_MASTER, maillog__dovecot),

    /* filters */
    TAG("amavis", AMAVIS, maillog__amavis),
    TAG("amavisd", AMAVIS, maillog__amavis),
    TAG("amavisd-new", AMAVIS, maillog__amavis),
    TAG("rspamd", RSPAMD, maillog__rspamd),
    TAG("rspamd_proxy", RSPAMD, maillog__rspamd),
    TAG("spamd", SPAMD, maillog__spamd),
    TAG("spamc", SPAMC, maillog__spamc),
    TAG("spampd", SPAMPD, maillog__spampd),
    TAG("clamd", CLAMD, maillog__clamav),
    TAG("freshclam", FRESHCLAM, maillog__clamav),
    TAG("MailScanner", MAILSCANNER, maillog__mailscanner),
    TAG("pmg-smtp-filter", PMG_FILTER, maillog__pmg),
    TAG("pmgpolicy", PMG_POLICY, maillog__pmg),
    TAG("dspam", DSPAM, maillog__dspam),
    TAG("dkimproxy.in", DKIMPROXY, maillog__dkimproxy),
    TAG("dkimproxy.out", DKIMPROXY, maillog__dkimproxy),
    TAG("dkimproxy", DKIMPROXY, maillog__dkimproxy),

    /* policy servers */
    TAG("postgrey", POSTGREY, NULL),

    /* milters */
    TAG("opendkim", OPENDKIM, maillog__opendkim),
    TAG("opendmarc", OPENDMARC, maillog__opendmarc),
    TAG("openarc", OPENARC, maillog__openarc),
    TAG("clamav-milter", CLAMAV_MILTER, maillog__clamav),
    TAG("mimedefang.pl", MIMEDEFANG, maillog__mimedefang),
    TAG("mimedefang", MIMEDEFANG, maillog__mimedefang),
    TAG("mimedefang-multiplexor", MIMEDEFANG, maillog__mimedefang),
    TAG("milter-greylist", MILTER_GREYLIST, maillog__milter_greylist),
    TAG("smf-spf", SPFMILTER, maillog__smf_spf),

    /* other MTAs and mail stores */

    /* access and the rest */

    /* the syslog daemons themselves */
    TAG("rsyslogd", SYSLOGD, maillog__syslogd),
    TAG("systemd-journald", SYSLOGD, maillog__syslogd),
    TAG("systemd-journal", SYSLOGD, maillog__syslogd),
    TAG("syslog-ng", SYSLOGD, maillog__syslogd),
    TAG("syslogd", SYSLOGD, maillog__syslogd),
    TAG("rsyslog", SYSLOGD, maillog__syslogd),
};

static const tag_row *find(const tag_row *row, size_t count, ml_cur tag)
{
    for (size_t i = 0; i < count; i++)
        if (row[i].len == ml_len(tag) && memcmp(row[i].tag, tag.p, row[i].len) == 0) return &row[i];
    return NULL;
}

/* Postfix programs, by the part after the last '/': the rows of the schema named "postfix/…". */
#define POSTFIX_PREFIX (sizeof("postfix/") - 1)
typedef struct program_row {
    uint8_t daemon, len;
    char name[32];
} program_row;
static const program_row programs[] = {
#define MAILLOG_DAEMON(id, NAME, member, name, doc) {id, sizeof(name) - 1, name},
#include <maillog/schema.def>
};

static uint8_t postfix_program(ml_cur leaf)
{
    const size_t want = ml_len(leaf) + POSTFIX_PREFIX;
    for (const program_row *r = programs; r->daemon <= MAILLOG_DAEMON_POSTFIX_FILES; r++)
        if (r->len == want && memcmp(r->name + POSTFIX_PREFIX, leaf.p, ml_len(leaf)) == 0) return r->daemon;
    return 0;
}

/* Tags that are not the plain name: a unit of systemd, a path, a name with something after it. */
static ml_cur plain_name(ml_cur tag)
{
    const char *slash = *tag.p == '/' ? ml_rfind(tag, '/') : NULL;
    if (slash) tag.p = slash + 1;
    ML_DROP_END(&tag, ".service");
    if (ML_STARTS(tag, "rsyslogd-") || ML_STARTS(tag, "fail2ban.")) tag.e = tag.p + 8;
    const char *at = ml_rfind(tag, '@'); /* postfix@-.service: an instance of a unit */
    if (at && at > tag.p) tag.e = at;
    return tag;
}

static ml_route by_tag(ml_cur prefix, ml_cur program)
{
    ml_route route = {0, NULL};
    if (!program.p) return route;
    if (prefix.p) {
        const uint8_t daemon = postfix_program(program);
        if (daemon) {
            route.daemon = daemon;
            route.grammar = maillog__postfix;
            return route;
        }
    }
    const ml_cur tag = prefix.p ? ml_slice(prefix.p, program.e) : program;
    const tag_row *row = find(tags, sizeof tags / sizeof *tags, tag);
    if (!row) row = find(tags, sizeof tags / sizeof *tags, plain_name(tag));
    if (row) {
        route.daemon = row->daemon;
        route.grammar = row->grammar;
    }
    return route;
}

/* The form says who wrote the line: the grammar is that of the daemon's tag. */
static ml_route by_form(const ml_line *l)
{
    static const char *const tag_of[] = {
        [ML_FORM_DOVECOT] = "dovecot",   [ML_FORM_EXIM] = "exim",    [ML_FORM_RSPAMD] = "rspamd",
        [ML_FORM_SPAMD] = "spamd",       [ML_FORM_CLAMAV] = "clamd", [ML_FORM_MAILMAN] = "mailman",
        [ML_FORM_FAIL2BAN] = "fail2ban",
    };
    if (l->form == ML_FORM_REPEATED) {
        ml_route route = by_tag(l->prefix, l->program);
        if (!route.daemon) route.daemon = MAILLOG_DAEMON_SYSLOGD;
        route.grammar = maillog__syslogd_repeated;
        return route;
    }
    const char *tag = tag_of[l->form];
    return by_tag(ml_none(), ml_slice(tag, tag + strlen(tag)));
}

ml_route maillog__dispatch(const ml_line *l) { return l->form ? by_form(l) : by_tag(l->prefix, l->program); }
