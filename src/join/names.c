/* names.c: the words of messages, as they stand in JSON. */
#include "table.h"

static const char *name_of(const char *const *names, size_t n, int i)
{
    return i >= 0 && (size_t)i < n && names[i] ? names[i] : "unknown";
}
#define NAME_OF(table, i) name_of(table, sizeof table / sizeof *table, i)

const char *maillog_record_name(int record)
{
    static const char *const names[] = {NULL, "message", "session", "service", "unmatched"};
    return NAME_OF(names, record);
}

const char *maillog_verdict_name(int verdict)
{
    static const char *const names[] = {"none",      "delivered",   "rejected", "greylisted", "bounced", "deferred",
                                        "discarded", "quarantined", "held",     "expired",    "partial", "unfinished"};
    return NAME_OF(names, verdict);
}

const char *maillog_message_state_name(int state)
{
    static const char *const names[] = {NULL, "complete", "expired", "evicted", "flushed"};
    return NAME_OF(names, state);
}

const char *maillog_proof_name(int proof)
{
    static const char *const names[] = {NULL,           "queued_as", "reply",     "orig_queue_id", "session",
                                        "lmtp_session", "bounce",    "forwarded", "policy",        "message_id"};
    return NAME_OF(names, proof);
}

const char *maillog_confidence_name(int confidence)
{
    static const char *const names[] = {NULL, "certain", "likely", "weak"};
    return NAME_OF(names, confidence);
}

const char *maillog_check_result_name(int result)
{
    static const char *const names[] = {NULL, "pass", "warn", "reject", "defer", "hold", "discard", "tag"};
    return NAME_OF(names, result);
}
