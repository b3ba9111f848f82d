/* cyrus.h: the parts of Cyrus' grammar. Sources: Cyrus IMAP 2.3 to 3.8 (imap/imapd.c, pop3d.c, lmtpengine.c,
 * lmtp_sieve.c, duplicate.c, mailbox.c, tls.c, timsieved/parser.c, master/master.c, lib/xsyslog). */
#ifndef MAILLOG_CYRUS_H
#define MAILLOG_CYRUS_H

#include "../base/pattern.h"
#include "../base/token.h"

extern const ml_patterns maillog__cyrus_statements;

#endif
