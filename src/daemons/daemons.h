/* daemons.h: one grammar per daemon. Every grammar has the same shape: it gets the message after the header, writes
 * fields, and either types the event (ml_event) or writes what it did not understand with ml_put_rest(); then the
 * line stays at match `daemon`. No daemon file knows another. */
#ifndef MAILLOG_DAEMONS_H
#define MAILLOG_DAEMONS_H

#include "../base/cursor.h"

typedef void (*ml_grammar)(ml_line *l, ml_cur message);

/* What the dispatcher found; daemon 0: nobody known. `grammar` NULL: known by name only.
 * A grammar of a family (dovecot) refines ev->daemon. */
typedef struct ml_route {
    uint8_t daemon; /* maillog_daemon */
    ml_grammar grammar;
} ml_route;

/* The daemon that wrote the line, by its tag (l->prefix, l->program). */
ml_route maillog__dispatch(const ml_line *l);

void maillog__postfix(ml_line *l, ml_cur message);
/* The program of that name (`smtpd`), 0: none. */
uint8_t maillog__postfix_program(const ml_line *l, ml_cur name);
void maillog__postgrey(ml_line *l, ml_cur message);
void maillog__amavis(ml_line *l, ml_cur message);
void maillog__rspamd(ml_line *l, ml_cur message);
void maillog__spamd(ml_line *l, ml_cur message);
void maillog__spamc(ml_line *l, ml_cur message);
void maillog__spampd(ml_line *l, ml_cur message);
void maillog__clamav(ml_line *l, ml_cur message);
void maillog__opendkim(ml_line *l, ml_cur message);
void maillog__opendmarc(ml_line *l, ml_cur message);
void maillog__openarc(ml_line *l, ml_cur message);
void maillog__mimedefang(ml_line *l, ml_cur message);
void maillog__milter_greylist(ml_line *l, ml_cur message);
void maillog__smf_spf(ml_line *l, ml_cur message);
void maillog__dkimproxy(ml_line *l, ml_cur message);
void maillog__dspam(ml_line *l, ml_cur message);
void maillog__mailscanner(ml_line *l, ml_cur message);
void maillog__pmg(ml_line *l, ml_cur message);

/* policy servers */
void maillog__policyd_spf(ml_line *l, ml_cur message);
void maillog__policyd_weight(ml_line *l, ml_cur message);
void maillog__postfwd(ml_line *l, ml_cur message);
void maillog__postsrsd(ml_line *l, ml_cur message);
void maillog__sqlgrey(ml_line *l, ml_cur message);

/* other MTAs and mail stores */
void maillog__exim(ml_line *l, ml_cur message);
void maillog__sendmail(ml_line *l, ml_cur message);
void maillog__opensmtpd(ml_line *l, ml_cur message);
void maillog__cyrus(ml_line *l, ml_cur message);
void maillog__cyrus_bare(ml_line *l, ml_cur message);
void maillog__courier(ml_line *l, ml_cur message);
void maillog__courier_bare(ml_line *l, ml_cur message);
void maillog__mailman(ml_line *l, ml_cur message);
void maillog__maildrop(ml_line *l, ml_cur message);
void maillog__procmail(ml_line *l, ml_cur message);

/* access */
void maillog__saslauthd(ml_line *l, ml_cur message);
void maillog__roundcube(ml_line *l, ml_cur message);
void maillog__nextcloud(ml_line *l, ml_cur message);
void maillog__fail2ban(ml_line *l, ml_cur message);

void maillog__syslogd(ml_line *l, ml_cur message);
void maillog__syslogd_repeated(ml_line *l, ml_cur message);

void maillog__dovecot(ml_line *l, ml_cur message);
void maillog__dovecot_pam(ml_line *l, ml_cur message);

/* The program under a tag that several use, Cyrus' service or daemon by its name: `name` is the part behind `cyrus/`.
 */
uint8_t maillog__cyrus_daemon(ml_cur name);

/* A grammar that was asked because of a tag that others use, too, does not know the text: somebody else's line. */
static inline void ml_not_ours(ml_line *l, maillog_field *mark, ml_cur message)
{
    ml_fail(l, mark);
    l->ev->daemon = 0;
    l->ev->match = MAILLOG_MATCH_HEADER;
    ml_put_rest(l, message);
}

#endif
