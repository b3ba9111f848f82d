/* patterns.h: the tables of pattern rows of the grammars that test_patterns.c checks, besides those of Postfix's
 * libraries. A grammar with a table of its own adds two lines: the declaration and its place in PATTERN_TABLES. */
#ifndef MAILLOG_TEST_PATTERNS_H
#define MAILLOG_TEST_PATTERNS_H

#include "base/pattern.h"
#include "daemons/dovecot.h"

extern const ml_patterns maillog__syslogd_statements;

#define TABLE_ADDRESS(table) &table,
#define PATTERN_TABLES &maillog__syslogd_statements, MAILLOG_DOVECOT_TABLES(TABLE_ADDRESS)

#endif
