/* fate.h: what is known of each recipient, while it is being found out. */
#ifndef MAILLOG_JOIN_FATE_H
#define MAILLOG_JOIN_FATE_H

#include "mta.h"

typedef struct ml_fate {
    maillog_message_recipient r;
    maillog_str session;                            /* LMTP session of the reply */
    uint32_t leg, next;                             /* next: leg it led to, or ML_NO_LEG */
    uint8_t daemon, step, awaits, dropped, refused; /* refused: known from a check alone */
} ml_fate;

typedef struct ml_fates {
    ml_build *b;
    ml_fate *v;
    size_t n, most;
    uint32_t *slot; /* hash table of v by leg and recipient */
    size_t slots;
    bool deleted;   /* by postsuper */
    bool attempt;   /* nobody was taken as a recipient */
    bool delivered; /* there are deliveries, or a filter's report about a recipient */
} ml_fates;

/* fate.c: the entry of a leg's recipient, made if it is new; NULL: no room. Its place in the hash table: 0 there, if it
 * has none. `orig`: the address it was before an alias; absent: any. One address can be reached from several. */
ml_fate *maillog__fate_for(ml_fates *f, uint32_t leg, maillog_str to, maillog_str orig);
uint32_t *maillog__fate_place(const ml_fates *f, uint32_t leg, maillog_str to, maillog_str orig);
const char *maillog__fate_status(maillog_verdict v);

/* refusals.c: recipients of whom only a check speaks; what the checks did to a message as a whole. */
bool maillog__was_never_taken(const ml_fates *f);
void maillog__read_refusals(ml_fates *f);
maillog_verdict maillog__whole_verdict(ml_fates *f);

#endif
