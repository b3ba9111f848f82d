/* sendmail.h: what the parts of sendmail's grammar share. Sources: sendmail 8.9 to 8.18 (deliver.c logdelivery(),
 * headers.c logsender(), parseaddr.c rscheck(), srvrsmtp.c, milter.c, conf.c sm_syslog()).
 *
 * sendmail makes every byte printable (str2prt), quotes nothing else. Remote parties choose: addresses (quoted local
 * parts may hold anything), the Message-ID and other header text, HELO, the ident answer, the name of a SASL user, and
 * what other servers reply (behind `stat=` and `reply=`). Host names are checked by the resolver: they have neither
 * blanks nor commas. */
#ifndef MAILLOG_SENDMAIL_H
#define MAILLOG_SENDMAIL_H

#include "../base/pattern.h"
#include "../base/token.h"

/* A queue ID: eight letters and digits of time and sequence, five to ten digits of the process; 8.9: three letters. */
bool maillog__sendmail_id(ml_cur *c, ml_cur *id);

/* `[IDENT:][user@]host [addr][ (may be forged)]`, `[addr]`, `user@localhost`: the whole of `v` is a client. */
void maillog__sendmail_client(ml_line *l, ml_cur v);

/* `550 5.7.1 <address>... text`: CODE, DSN, the address as `address_id`, REASON. */
void maillog__sendmail_reply(ml_line *l, ml_cur v, maillog_field_id address_id);

/* from=…, to=…, and the single lines of systems with a short syslog buffer. */
bool maillog__sendmail_delivery(ml_line *l, ml_cur c);

/* ruleset=…, Milter: …, STARTTLS=…, AUTH=…, what clients did. */
bool maillog__sendmail_session(ml_line *l, ml_cur c);

extern const ml_patterns maillog__sendmail_statements, maillog__sendmail_milter;

#endif
