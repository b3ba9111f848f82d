/* mta.h: what the lines of other MTAs (sendmail, OpenSMTPD, Exim) are in a message's story. One table says it; the rest
 * of the join asks for the role of an event and knows none of these daemons. */
#ifndef MAILLOG_JOIN_MTA_H
#define MAILLOG_JOIN_MTA_H

#include "build.h"

typedef enum ml_role {
    ML_ROLE_NONE,
    ML_ROLE_ARRIVAL,    /* the message, its sender and its client */
    ML_ROLE_DELIVERY,   /* a recipient, and what became of it */
    ML_ROLE_OVER,       /* the message has left the queue, or will never be in it */
    ML_ROLE_DISCARDED,  /* … and was thrown away */
    ML_ROLE_REFUSAL,    /* a client, a sender or a recipient was refused */
    ML_ROLE_NOTICE,     /* a notification was made: NEW_QUEUE_ID */
    ML_ROLE_CONNECT,    /* a session with a name of its own begins */
    ML_ROLE_SESSION,    /* a line of it */
    ML_ROLE_DISCONNECT, /* it ends */
    ML_ROLE_OUTGOING    /* a line of a connection to another server, before its delivery */
} ml_role;

static inline bool ml_is_mta(uint8_t daemon)
{
    return daemon >= MAILLOG_DAEMON_OPENSMTPD && daemon <= MAILLOG_DAEMON_EXIM;
}

/* The role of an event of those MTAs; of any other: NONE. */
ml_role maillog__mta_role(uint16_t type);
static inline ml_role maillog__role(uint16_t type)
{
    const unsigned family = type / 1000u;
    return family == MAILLOG_FAMILY_SENDMAIL || family == MAILLOG_FAMILY_OPENSMTPD || family == MAILLOG_FAMILY_EXIM
               ? maillog__mta_role(type)
               : ML_ROLE_NONE;
}

/* The status of a delivery: a word of STATUS, 0 for what is none. */
unsigned maillog__mta_status(const ml_entry *e);

void maillog__push_mta(maillog_join *j, ml_in *in);
void maillog__mta_event(maillog_join *j, uint32_t leg, ml_in *in);

/* What names the session of a line without queue ID: its own number, the process, or the client. */
maillog_str maillog__session_name(const ml_in *in);

#endif
