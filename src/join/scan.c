/* scan.c: what can be known of a line without what is in the table: its fields, its keys. */
#include "mta.h"

/* What a field is to the join, and on a tape. */
static const struct {
    uint8_t slot, kept;
} roles[] = {
#define ML_SLOT(NAME) [MAILLOG_FIELD_##NAME].slot = ML_S_##NAME,
#include "slots.def"
#define ML_KEPT(NAME) [MAILLOG_FIELD_##NAME].kept = ML_K_##NAME,
#include "kept.def"
    [MAILLOG_FIELD_EXIM_ID].slot = ML_S_QUEUE_ID,
    [MAILLOG_FIELD_EXIM_ID].kept = ML_K_QUEUE_ID,
    [MAILLOG_FIELD_RELAY_NAME].kept = ML_K_RELAY,
};

enum { ROLES = sizeof roles / sizeof *roles, LAST_BY_RULE = ML_K_MESSAGE };

unsigned maillog__kept(unsigned id) { return id < ROLES ? roles[id].kept : ML_K_NONE; }

/* In one pass: where the fields are that the join asks for, and which will be kept. From the last to the first: of
 * several of a kind the first counts. */
void maillog__scan(ml_in *in)
{
    const maillog_field *const field = in->ev->field, *f = field + in->ev->nfields;
    unsigned kept = MAILLOG_FIELDS_MAX;
    memset(in->f, 0, sizeof in->f);
    for (uint32_t i = in->ev->nfields; i > 0; i--) {
        const unsigned id = (--f)->id;
        if (id >= ROLES) continue;
        const unsigned slot = roles[id].slot, as = roles[id].kept;
        in->f[slot] = (uint8_t)i;
        if (as <= LAST_BY_RULE) continue;
        kept--;
        in->kept_at[kept] = (uint16_t)((const char *)f - (const char *)in->ev);
        in->kept_as[kept] = (uint8_t)as;
    }
    in->f[ML_S_NONE] = 0;
    in->kept = (uint8_t)kept;
}

/* ---- keys ---- */

/* Logs are of one host, or of a few in turn: the hashes of the last names are kept, if they are short. */
static uint32_t learn_host(maillog_join *j, maillog_str host)
{
    const uint32_t h = (uint32_t)maillog__key(j, ML_KEY_HOST, 0, host);
    ml_host_memo *memo = &j->host[j->host_oldest % ML_HOST_MEMOS];
    if (!host.len || host.len > sizeof memo->name) return h;
    j->host_oldest++;
    memset(memo, 0, sizeof *memo);
    memcpy(memo->name, host.ptr, host.len);
    memset(memo->mask, 0xff, host.len);
    memo->len = (uint32_t)host.len;
    return memo->hash = h;
}

static uint32_t host_hash(maillog_join *j, const ml_in *in)
{
    const maillog_str host = ml_value(in, ML_S_HOST);
    if (!host.len || host.ptr + sizeof j->host[0].name > in->ev->line + in->ev->len) return learn_host(j, host);
    const uint64_t low = ml_word8(host.ptr), high = ml_word8(host.ptr + 8);
    for (const ml_host_memo *memo = j->host; memo < j->host + ML_HOST_MEMOS; memo++)
        if (host.len == memo->len &&
            !(((low ^ memo->name[0]) & memo->mask[0]) | ((high ^ memo->name[1]) & memo->mask[1])))
            return memo->hash;
    return learn_host(j, host);
}

static bool is_noqueue(maillog_str id) { return id.len == 7 && memcmp(id.ptr, "NOQUEUE", 7) == 0; }
static bool has_queue_id(const ml_in *in)
{
    const maillog_str id = ml_value(in, ML_S_QUEUE_ID);
    return id.len && !is_noqueue(id);
}

/* Of its process; 0: no line of a session. */
static uint64_t session_key(const maillog_join *j, const ml_in *in)
{
    const uint8_t daemon = in->ev->daemon;
    const bool smtpd = daemon == MAILLOG_DAEMON_POSTFIX_SMTPD || daemon == MAILLOG_DAEMON_POSTFIX_QMQPD;
    if (!smtpd && !ml_is_mta(daemon)) return 0;
    const uint64_t of = smtpd ? MAILLOG_DAEMON_POSTFIX_SMTPD : daemon;
    return ml_short_key(j, ML_KEY_PROCESS, (uint64_t)in->host << 8 | of,
                        smtpd ? ml_value(in, ML_S_PID) : maillog__session_name(in));
}

/* It may be done ahead: see maillog_join_push_events(). */
void maillog__prepare(maillog_join *j, ml_in *in, const maillog_event *ev)
{
    in->ev = ev;
    in->segment = 0;
    in->listed = false;
    maillog__scan(in);
    in->host = host_hash(j, in);
    in->content = (uint32_t)ml_hash(ml_hasher_of(j), ml_key_salt(ML_KEY_TEXT, 0), ev->line, ev->len);
    in->key[0] = has_queue_id(in) ? ml_short_key(j, ML_KEY_QUEUE, 0, ml_value(in, ML_S_QUEUE_ID)) : 0;
    in->key[1] = session_key(j, in);
    in->message_id = ev->type == MAILLOG_EVENT_POSTFIX_MESSAGE_ID
                         ? maillog__key(j, ML_KEY_MESSAGE_ID, in->host, ml_value(in, ML_S_MESSAGE_ID))
                         : 0;
    in->client =
        in->f[ML_S_CLIENT_ADDR] ? ml_short_key(j, ML_KEY_ADDRESS, in->host, ml_value(in, ML_S_CLIENT_ADDR)) : 0;
}
