/* patterns.h: the tables of pattern rows of the grammars that test_patterns.c checks, besides those of Postfix's
 * libraries. A grammar with a table of its own adds two lines: the declaration and its place in PATTERN_TABLES. */
#ifndef MAILLOG_TEST_PATTERNS_H
#define MAILLOG_TEST_PATTERNS_H

#include "base/pattern.h"
#include "daemons/dovecot.h"

extern const ml_patterns maillog__syslogd_statements;

/* content filters and milters */
#define FILTER_TABLES(X)                                                                                               \
    X(maillog__amavis_named)                                                                                           \
    X(maillog__amavis_statements)                                                                                      \
    X(maillog__amavis_debug)                                                                                           \
    X(maillog__amavis_paths)                                                                                           \
    X(maillog__rspamd_statements)                                                                                      \
    X(maillog__rspamd_beginnings)                                                                                      \
    X(maillog__spamd_statements)                                                                                       \
    X(maillog__spamc_statements)                                                                                       \
    X(maillog__spampd_statements)                                                                                      \
    X(maillog__clamav_statements)                                                                                      \
    X(maillog__opendkim_statements)                                                                                    \
    X(maillog__opendmarc_statements)                                                                                   \
    X(maillog__openarc_statements)                                                                                     \
    X(maillog__mimedefang_statements)                                                                                  \
    X(maillog__milter_greylist_statements)                                                                             \
    X(maillog__smf_spf_statements)                                                                                     \
    X(maillog__dkimproxy_statements)                                                                                   \
    X(maillog__dspam_statements)                                                                                       \
    X(maillog__mailscanner_statements)                                                                                 \
    X(maillog__pmg_statements)

/* policy servers, other MTAs, mail stores, access */
#define SERVER_TABLES(X)                                                                                               \
    X(maillog__net_server_statements)                                                                                  \
    X(maillog__postgrey_statements)                                                                                    \
    X(maillog__policyd_weight_statements)                                                                              \
    X(maillog__postfwd_statements)                                                                                     \
    X(maillog__postsrsd_statements)                                                                                    \
    X(maillog__saslauthd_statements)                                                                                   \
    X(maillog__sqlgrey_statements)                                                                                     \
    X(maillog__exim_statements)                                                                                        \
    X(maillog__sendmail_milter)                                                                                        \
    X(maillog__sendmail_statements)                                                                                    \
    X(maillog__cyrus_statements)                                                                                       \
    X(maillog__courier_statements)                                                                                     \
    X(maillog__mailman_message)                                                                                        \
    X(maillog__mailman_statements)                                                                                     \
    X(maillog__maildrop_statements)                                                                                    \
    X(maillog__procmail_statements)                                                                                    \
    X(maillog__roundcube_statements)                                                                                   \
    X(maillog__fail2ban_jail)                                                                                          \
    X(maillog__fail2ban_statements)                                                                                    \
    X(maillog__policyd_spf_statements)

#define TABLE_DECLARATION(table) extern const ml_patterns table;
FILTER_TABLES(TABLE_DECLARATION)
SERVER_TABLES(TABLE_DECLARATION)

#define TABLE_ADDRESS(table) &table,
#define PATTERN_TABLES                                                                                                 \
    &maillog__syslogd_statements,                                                                                      \
        MAILLOG_DOVECOT_TABLES(TABLE_ADDRESS) FILTER_TABLES(TABLE_ADDRESS) SERVER_TABLES(TABLE_ADDRESS)

#endif
