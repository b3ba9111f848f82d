/* rspamd.h: the tables of rspamd_statements.c: statements with fields; statements told by how they begin. */
#ifndef MAILLOG_RSPAMD_H
#define MAILLOG_RSPAMD_H

#include "../base/pattern.h"

extern const ml_patterns maillog__rspamd_statements, maillog__rspamd_beginnings;

#endif
