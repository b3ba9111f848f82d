/* exim.h: what the parts of Exim's grammar share. Sources: Exim 4.60 to 4.99 (deliver.c, receive.c, smtp_in.c, host.c).
 *
 * Remote parties choose: HELO (letters, digits, '.', '-', '_' and address literals, unless helo_accept_junk_hosts lets
 * any text in), addresses, the ident answer (U=), SNI, the names in certificates (DN=), replies of other servers (in
 * C="…", and behind the last colon of `**` and `==`), the Message-ID, the subject. Quotes and backslashes are escaped
 * in C= and T=, not in DN=. */
#ifndef MAILLOG_EXIM_H
#define MAILLOG_EXIM_H

#include "../base/pattern.h"
#include "../base/token.h"

/* `[NAME ][(HELO) ][ADDR][:PORT]` */
typedef struct ml_exim_host {
    ml_cur name, helo, addr, port; /* p NULL: not there */
} ml_exim_host;

/* Cut a host; `*c` stands behind it. False, and the line is flagged, where two places may be the end of the HELO. */
bool maillog__exim_host(ml_line *l, ml_cur *c, ml_exim_host *h);
void maillog__exim_put_client(ml_line *l, const ml_exim_host *h);
void maillog__exim_put_relay(ml_line *l, const ml_exim_host *h);

/* What the letters before '=' mean depends on who is at the other end. */
typedef enum ml_exim_side { ML_EXIM_RECEIVED, ML_EXIM_DELIVERED, ML_EXIM_SESSION } ml_exim_side;

/* Write ` KEY=value` and the flags between them, as many as there are; `*c` stands at what is none of them. */
void maillog__exim_fields(ml_line *l, ml_cur *c, ml_exim_side side);

/* Cut an address without <>: a quoted local part may hold anything. Empty where there is none. */
ml_cur maillog__exim_address(const ml_line *l, ml_cur *c);

/* Lines of a message: `<= `, `=> `, `== `, `** ` and so on. True when the text was one. */
bool maillog__exim_message(ml_line *l, ml_cur c);

/* Lines about a client or a host: what was rejected, who came and went. */
bool maillog__exim_session(ml_line *l, ml_cur c);

#endif
