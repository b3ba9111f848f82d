/* token.h: tokens that several daemons write, each read in one place. All take a cursor, move it past the token and
 * give its parts; nothing is written to the event unless the name says `put`. */
#ifndef MAILLOG_TOKEN_H
#define MAILLOG_TOKEN_H

#include "cursor.h"

/* A queue ID followed by `: ` at the start of the text. Exact alphabets of Postfix (short and long) and NOQUEUE. */
bool maillog__queue_id_prefix(ml_cur *c, ml_cur *id);

/* Whether the whole slice is a Postfix queue ID, short or long (not NOQUEUE). */
bool maillog__is_queue_id(ml_cur id);

/* Cut a run of queue-ID characters that is a Postfix queue ID. */
bool maillog__queue_id(ml_cur *c, ml_cur *id);

/* What milters print of the macro `i`, followed by `: `: a queue ID of Postfix, or of sendmail (8 letters and digits, 6
 * digits), or NOQUEUE. */
bool maillog__job_id_prefix(ml_cur *c, ml_cur *id);

/* `name[addr]` or `name[addr]:port`. The name has no blanks and no '['. */
typedef struct ml_peer {
    ml_cur name, addr, port; /* port.p NULL: not there */
} ml_peer;
bool maillog__peer(const ml_line *l, ml_cur *c, ml_peer *out);

/* The same, written as CLIENT_NAME, CLIENT_ADDR, CLIENT_PORT. */
bool maillog__put_client(ml_line *l, ml_cur *c);

/* `[addr]:port` written as CLIENT_ADDR, CLIENT_PORT. */
bool maillog__put_addr_port(ml_line *l, ml_cur *c);

/* host[addr]:port or host[path] written as RELAY_NAME, RELAY_ADDR, RELAY_PORT or RELAY_PATH. */
bool maillog__put_relay(ml_line *l, ml_cur *c);

/* `<address>` with the cursor on the '<': honours a quoted local part (external form), and takes the '>' after which
 * `follow` (a set of first characters, or "" for the end only; the end always counts) goes on. */
bool maillog__angle(const ml_line *l, ml_cur *c, const char *follow, ml_cur *out);

/* The literal that ends an address without <>, behind its quoted local part if it has one; or NULL. */
const char *maillog__bare_address_end(const ml_line *l, ml_cur c, const char *lit, size_t n);

/* Enhanced status code: digit.digits.digits. */
bool maillog__dsn(ml_cur *c, ml_cur *out);

/* A word of severity and `: ` at the start of the text, whatever its letters' case: written as SEVERITY, skipped. */
bool maillog__put_severity(ml_line *l, ml_cur *c);

#endif
