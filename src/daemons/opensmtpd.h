/* opensmtpd.h: what the parts of OpenSMTPD's grammar share. Sources: OpenSMTPD 5.3 to 7.7 (smtp_session.c,
 * mta_session.c, mta.c, mda.c, smtpd.c).
 *
 * Remote parties choose: addresses, of which the server lets only atoms in (no blanks, quotes, commas or brackets);
 * commands that failed, with control characters escaped and quotes as they came; the name of a user who logs in, with
 * blanks escaped; replies of other servers, which stand last in their lines. */
#ifndef MAILLOG_OPENSMTPD_H
#define MAILLOG_OPENSMTPD_H

#include "../base/pattern.h"
#include "../base/token.h"

/* Cut n hexadecimal digits, all of the run. */
bool maillog__opensmtpd_hex(ml_cur *c, size_t n, ml_cur *out);

/* `[addr]`, `IPv6:addr`, `addr`: without what stands around it. */
ml_cur maillog__opensmtpd_addr(ml_cur v);

/* The number of an envelope: EVPID, and its first half, which is the message's: QUEUE_ID. */
void maillog__opensmtpd_envelope(ml_line *l, ml_cur id);

/* Ok, TempFail, PermFail: STATUS. */
void maillog__opensmtpd_status(ml_line *l, ml_cur v);

/* `addr (name)`: RELAY_ADDR, RELAY_NAME. */
void maillog__opensmtpd_relay(ml_line *l, ml_cur v);

/* What a client tried and the reply to it: COMMAND, STAGE, FROM or TO, CODE, DSN, REASON. */
void maillog__opensmtpd_failed(ml_line *l, ml_cur command, ml_cur reply);

/* Statements of 5.3 to 5.7: `smtp-in: …`, `relay: …`, `delivery: …`; and what all versions say with few values. */
bool maillog__opensmtpd_old(ml_line *l, ml_cur c);

extern const ml_patterns maillog__opensmtpd_statements;

#endif
