/* mta.c: see mta.h. A message of sendmail or OpenSMTPD is over when as many recipients as it was taken for have been
 * served; Exim says so itself. */
#include "mta.h"

#define ROW(TYPE, ROLE, STATUS)                                                                                        \
    {                                                                                                                  \
        MAILLOG_EVENT_##TYPE, ML_ROLE_##ROLE, STATUS                                                                   \
    }

/* status: of events that have no STATUS field. */
static const struct {
    uint16_t type;
    uint8_t role, status;
} roles[] = {
    ROW(SENDMAIL_FROM, ARRIVAL, 0),
    ROW(SENDMAIL_TO, DELIVERY, 0),
    ROW(SENDMAIL_REJECT, REFUSAL, 0),
    ROW(SENDMAIL_MILTER, REFUSAL, 0),
    ROW(SENDMAIL_DSN, NOTICE, 0),
    ROW(SENDMAIL_DISCARDED, DISCARDED, 0),
    ROW(SENDMAIL_DONE, OVER, 0),
    ROW(SENDMAIL_LOST, OVER, 0),
    ROW(SENDMAIL_NOISSUE, OVER, 0),
    ROW(OPENSMTPD_CONNECT, CONNECT, 0),
    ROW(OPENSMTPD_TLS, SESSION, 0),
    ROW(OPENSMTPD_AUTH, SESSION, 0),
    ROW(OPENSMTPD_AUTH_FAIL, SESSION, 0),
    ROW(OPENSMTPD_CERT_CHECK, SESSION, 0),
    ROW(OPENSMTPD_BAD_INPUT, SESSION, 0),
    ROW(OPENSMTPD_FAILED_COMMAND, REFUSAL, 0),
    ROW(OPENSMTPD_DISCONNECT, DISCONNECT, 0),
    ROW(OPENSMTPD_MESSAGE, ARRIVAL, 0),
    ROW(OPENSMTPD_DELIVERY, DELIVERY, 0),
    ROW(OPENSMTPD_CONNECTING, OUTGOING, 0),
    ROW(OPENSMTPD_MTA_CONNECTED, OUTGOING, 0),
    ROW(OPENSMTPD_MTA_ERROR, OUTGOING, 0),
    ROW(EXIM_ARRIVE, ARRIVAL, 0),
    ROW(EXIM_DELIVER, DELIVERY, MAILLOG_STATUS_SENT),
    ROW(EXIM_ADDITIONAL, DELIVERY, MAILLOG_STATUS_SENT),
    ROW(EXIM_CUTTHROUGH, DELIVERY, MAILLOG_STATUS_SENT),
    ROW(EXIM_DEFERRED, DELIVERY, MAILLOG_STATUS_DEFERRED),
    ROW(EXIM_FAILED, DELIVERY, MAILLOG_STATUS_BOUNCED),
    ROW(EXIM_REJECTED, REFUSAL, 0),
    ROW(EXIM_FAKE_REJECT, ARRIVAL, 0),
    ROW(EXIM_DISCARDED, DISCARDED, 0),
    ROW(EXIM_COMPLETED, OVER, 0),
    ROW(EXIM_ABANDONED, OVER, 0),
};

enum { ROLES = sizeof roles / sizeof *roles };

static size_t find(uint16_t type)
{
    size_t i = 0;
    while (i < ROLES && roles[i].type != type) i++;
    return i;
}

ml_role maillog__mta_role(uint16_t type)
{
    const size_t i = find(type);
    return i < ROLES ? (ml_role)roles[i].role : ML_ROLE_NONE;
}

unsigned maillog__mta_status(const ml_entry *e)
{
    const unsigned word = maillog__entry_word(e, ML_K_STATUS);
    const size_t i = word ? ROLES : find(e->type);
    return i < ROLES ? roles[i].status : word;
}

/* ---- how many recipients are still to come ---- */

enum { MOST = 0xffff };

/* In ml_node.u.g.client, which means nothing to these legs: wanted << 16 | served. */
static void count(ml_node *n, uint32_t wanted, uint32_t served)
{
    const uint32_t w = n->u.g.client >> 16, s = n->u.g.client & MOST;
    if (wanted < w) wanted = w;
    served += s;
    n->u.g.client = (wanted < MOST ? wanted : MOST) << 16 | (served < MOST ? served : MOST);
}

static uint32_t number(maillog_str v)
{
    uint32_t n = 0;
    for (size_t i = 0; i < v.len && ml_is_digit(v.ptr[i]) && n < MOST; i++) n = n * 10 + (uint32_t)(v.ptr[i] - '0');
    return n;
}

static uint32_t recipients_of(const ml_in *in)
{
    const maillog_str list = ml_value(in, ML_S_RECIPIENTS);
    maillog_str item;
    uint32_t n = 0;
    for (size_t pos = 0; maillog_list_next(MAILLOG_FIELD_RECIPIENTS, list, &pos, &item);) n++;
    return n ? n : in->f[ML_S_TO] != 0;
}

static void end(maillog_join *j, uint32_t leg)
{
    ml_at_node(j, leg)->flags |= ML_F_REMOVED;
    maillog__set_done(j, leg, true);
}

static void arrival(maillog_join *j, uint32_t leg, ml_in *in)
{
    ml_node *n = ml_at_node(j, leg);
    n->flags |= ML_F_BORN;
    const maillog_str nrcpt = ml_value(in, ML_S_NRCPT), from = ml_value(in, ML_S_FROM), ref = ml_value(in, ML_S_REF);
    count(n, number(nrcpt), 0);
    if (in->ev->daemon == MAILLOG_DAEMON_OPENSMTPD) maillog__session_of(j, leg, in);
    if (nrcpt.len && !number(nrcpt)) end(j, leg); /* nobody was left of its recipients */
    if (in->ev->daemon != MAILLOG_DAEMON_EXIM || !ref.len || !from.ptr || from.len) return;
    const uint32_t other = maillog__leg(j, in, ref, false, maillog__began(j, leg)); /* a bounce names its cause */
    ml_at_node(j, leg)->flags |= ML_F_INBOUND;
    maillog__join_groups(j, other, leg);
}

static void delivery(maillog_join *j, uint32_t leg, const ml_in *in)
{
    ml_node *n = ml_at_node(j, leg);
    if (in->ev->daemon == MAILLOG_DAEMON_EXIM) return;
    switch (ml_word_of(in, ML_S_STATUS)) {
    case MAILLOG_STATUS_SENT:
    case MAILLOG_STATUS_BOUNCED:
        count(n, 1, recipients_of(in));
        if ((n->u.g.client & MOST) >= n->u.g.client >> 16) end(j, leg);
        return;
    case 0:
        return;
    default:
        if (n->flags & ML_F_OVER) return; /* it was written before the message was given up */
        n->flags &= ~(uint32_t)ML_F_REMOVED;
        maillog__set_done(j, leg, false);
    }
}

void maillog__mta_event(maillog_join *j, uint32_t leg, ml_in *in)
{
    switch (maillog__role(in->ev->type)) {
    case ML_ROLE_ARRIVAL:
        arrival(j, leg, in);
        return;
    case ML_ROLE_DELIVERY:
        delivery(j, leg, in);
        return;
    case ML_ROLE_OVER:
    case ML_ROLE_DISCARDED:
        end(j, leg);
        return;
    case ML_ROLE_NOTICE: /* given up, the sender is told */
        if (ml_word_of(in, ML_S_STATUS) != MAILLOG_STATUS_EXPIRED) return;
        ml_at_node(j, leg)->flags |= ML_F_OVER;
        end(j, leg);
        return;
    case ML_ROLE_REFUSAL:
        /* Exim's messages with a number are refused as a whole: after DATA */
        if (in->ev->daemon == MAILLOG_DAEMON_EXIM) end(j, leg);
        return;
    default:
        return;
    }
}

/* ---- lines without a queue ID ---- */

maillog_str maillog__session_name(const ml_in *in)
{
    if (in->ev->daemon == MAILLOG_DAEMON_OPENSMTPD) return ml_value(in, ML_S_SESSION);
    if (in->f[ML_S_PID] || !ml_is_mta(in->ev->daemon)) return ml_value(in, ML_S_PID);
    return ml_value(in, ML_S_CLIENT_ADDR);
}

void maillog__push_mta(maillog_join *j, ml_in *in)
{
    const maillog_str id = ml_value(in, ML_S_QUEUE_ID);
    if (id.len && !(id.len == 7 && memcmp(id.ptr, "NOQUEUE", 7) == 0)) {
        maillog__push_leg(j, in);
        return;
    }
    switch (maillog__role(in->ev->type)) {
    case ML_ROLE_CONNECT:
    case ML_ROLE_SESSION:
    case ML_ROLE_DISCONNECT:
    case ML_ROLE_REFUSAL:
        maillog__push_session(j, in);
        return;
    case ML_ROLE_OUTGOING:
        maillog__push_process(j, in);
        return;
    default:
        maillog__deliver_line(j, in, in->f[ML_S_CLIENT_ADDR] ? MAILLOG_RECORD_SESSION : MAILLOG_RECORD_SERVICE);
    }
}
