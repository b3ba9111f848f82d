/* outcome.h: the sentences, in their order. */
#ifndef MAILLOG_EXPLAIN_OUTCOME_H
#define MAILLOG_EXPLAIN_OUTCOME_H

#include "finding.h"

void maillog__say_outcome(ml_say *o);  /* outcome.c: what became of it */
void maillog__say_decision(ml_say *o); /* decision.c: what decided, and what to change */
void maillog__say_warning(ml_say *o);  /* decision.c: what fired and was not let decide */
void maillog__say_way(ml_say *o);      /* way.c: what let it through, filters, re-injection */
void maillog__say_faults(ml_say *o);   /* way.c */
void maillog__say_notes(ml_say *o);    /* way.c: what is easy to miss */

/* name[addr] of the outside client; false if nothing is known of it. */
bool maillog__say_client(ml_say *o);

/* The first recipient with this verdict, or NULL; how many. */
const maillog_message_recipient *maillog__recipient(const maillog_message *m, maillog_verdict v, size_t *n);

/* " (line 3)" */
static inline void ml_say_line(ml_say *o, uint64_t line)
{
    if (line) maillog__say(o, " (%l)", line);
}

#endif
