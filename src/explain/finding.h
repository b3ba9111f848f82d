/* finding.h: what a check of a message comes down to: the restriction, and its setting. */
#ifndef MAILLOG_EXPLAIN_FINDING_H
#define MAILLOG_EXPLAIN_FINDING_H

#include "say.h"

typedef struct ml_finding {
    maillog_reject_info info;
    maillog_postfix_place place; /* of the restriction; or of the parameter that is at work instead */
    maillog_str restriction;     /* its one name; absent where the text leaves several */
    size_t service;              /* the smtpd of master.cf, or MAILLOG_NO_SERVICE */
    bool known, placed, is_parameter;
    bool several;        /* services of master.cf that it can have been */
    bool only_candidate; /* the words are not Postfix's; nothing else in the lists can have said them */
} ml_finding;

/* Whether it is a log-in that failed. */
bool maillog__is_login(const maillog_message_check *k);

/* Whether it is a Postfix program's, with a text to read. */
bool maillog__is_postfix_check(const maillog_message_check *k);

void maillog__find_out(const ml_say *o, const maillog_message_check *k, ml_finding *f);

/* A parameter that is set for a service, or its default. False: not known, or no configuration. */
bool maillog__parameter(const ml_say *o, size_t service, const char *name, maillog_postfix_setting *out);
bool maillog__is_yes(const ml_say *o, size_t service, const char *name, maillog_postfix_setting *out);

/* " (main.cf line 12)"; with a default " (a default)". */
void maillog__say_file(ml_say *o, maillog_str file, uint64_t line, bool is_default);

/* Name and setting of each check, with a note. */
void maillog__explain_checks(ml_say *o);

/* What it means, in a clause: "the HELO name "x" is not fully qualified"; and what can be done, or NULL. */
void maillog__say_meaning(ml_say *o, const maillog_message_check *k, const ml_finding *f);
const char *maillog__advice(const ml_finding *f);

/* What the digits of an enhanced status code mean ("mailbox full"), or NULL. */
const char *maillog__dsn_meaning(maillog_str dsn);

#endif
