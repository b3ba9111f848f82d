/* message_table.c: which columns a message has: what maillog_message_json() writes, under the same names. */
#include "messages.h"

#include <maillog/join.h>

#include <stddef.h>

#define TEXT(S, member, as)                                                                                            \
    {                                                                                                                  \
        .name = as, .format = "u", .kind = ML_MESSAGE_TEXT, .at = offsetof(S, member)                                  \
    }
#define WORD(S, member, as, of)                                                                                        \
    {                                                                                                                  \
        .name = as, .format = "u", .kind = ML_MESSAGE_WORD, .at = offsetof(S, member), .word = of                      \
    }
#define DOUBLE(S, member, as)                                                                                          \
    {                                                                                                                  \
        .name = as, .format = "g", .kind = ML_MESSAGE_DOUBLE, .at = offsetof(S, member)                                \
    }
#define TIME(S, member, as)                                                                                            \
    {                                                                                                                  \
        .name = as, .format = "tsn:UTC", .kind = ML_MESSAGE_TIME, .at = offsetof(S, member)                            \
    }
#define NUMBER(S, member, as)                                                                                          \
    {                                                                                                                  \
        .name = as, .format = "l", .kind = ML_MESSAGE_NUMBER, .at = offsetof(S, member),                               \
        .size = sizeof((S *)0)->member                                                                                 \
    }
#define POSITIVE(S, member, as)                                                                                        \
    {                                                                                                                  \
        .name = as, .format = "l", .kind = ML_MESSAGE_NUMBER, .not_zero = true, .at = offsetof(S, member),             \
        .size = sizeof((S *)0)->member                                                                                 \
    }
#define FLAG(S, member, as)                                                                                            \
    {                                                                                                                  \
        .name = as, .format = "b", .kind = ML_MESSAGE_FLAG, .at = offsetof(S, member), .size = sizeof((S *)0)->member  \
    }
#define LIST(S, pointer, count, as, element, of)                                                                       \
    {                                                                                                                  \
        .name = as, .format = "+l", .kind = ML_MESSAGE_LIST, .at = offsetof(S, pointer),                               \
        .count_at = offsetof(S, count), .size = sizeof(element), .children = 1, .child = &(of)                         \
    }
#define STRUCT(as, from, of)                                                                                           \
    {                                                                                                                  \
        .name = as, .format = "+s", .kind = ML_MESSAGE_STRUCT, .at = from, .children = sizeof(of) / sizeof *(of),      \
        .child = of                                                                                                    \
    }

static const ml_message_column line = {
    .name = "item", .format = "l", .kind = ML_MESSAGE_NUMBER, .size = sizeof(uint64_t)};
#define LINES(S) LIST(S, lines.ptr, lines.len, "lines", uint64_t, line)

#define CLIENT(member) TEXT(maillog_message_client, member, #member)
static const ml_message_column client[] = {CLIENT(name),  CLIENT(addr),          CLIENT(port), CLIENT(helo),
                                           CLIENT(proto), CLIENT(sasl_username), CLIENT(tls)};

#define LEG(member) TEXT(maillog_message_leg, member, #member)
static const ml_message_column leg[] = {
    LEG(queue_id),
    LEG(instance),
    LEG(host),
    LEG(client_name),
    LEG(client_addr),
    LEG(from),
    NUMBER(maillog_message_leg, size, "size"),
    NUMBER(maillog_message_leg, nrcpt, "nrcpt"),
    LEG(message_id),
    FLAG(maillog_message_leg, removed, "removed"),
    FLAG(maillog_message_leg, notification, "notification"),
    LINES(maillog_message_leg),
};

static const ml_message_column link[] = {
    TEXT(maillog_message_link, from, "from"),
    TEXT(maillog_message_link, to, "to"),
    WORD(maillog_message_link, proof, "proof", maillog_proof_name),
    WORD(maillog_message_link, confidence, "confidence", maillog_confidence_name),
    FLAG(maillog_message_link, disputed, "disputed"),
    LINES(maillog_message_link),
};

#define RECIPIENT(member) TEXT(maillog_message_recipient, member, #member)
static const ml_message_column final[] = {
    TEXT(maillog_message_recipient, final_by, "by"),
    TEXT(maillog_message_recipient, final_user, "user"),
    TEXT(maillog_message_recipient, final_mailbox, "mailbox"),
    TEXT(maillog_message_recipient, final_action, "action"),
};
static const ml_message_column recipient[] = {
    RECIPIENT(to),
    RECIPIENT(orig_to),
    RECIPIENT(queue_id),
    RECIPIENT(relay),
    RECIPIENT(status),
    RECIPIENT(dsn),
    RECIPIENT(reply),
    DOUBLE(maillog_message_recipient, delay, "delay"),
    NUMBER(maillog_message_recipient, attempts, "attempts"),
    STRUCT("final", 0, final),
    WORD(maillog_message_recipient, verdict, "verdict", maillog_verdict_name),
    POSITIVE(maillog_message_recipient, line, "line"),
};

#define CHECK(member) TEXT(maillog_message_check, member, #member)
static const ml_message_column check[] = {
    CHECK(by),
    CHECK(check),
    WORD(maillog_message_check, result, "result", maillog_check_result_name),
    CHECK(action),
    CHECK(stage),
    CHECK(code),
    CHECK(dsn),
    CHECK(score),
    DOUBLE(maillog_message_check, elapsed_ms, "ms"),
    CHECK(text),
    CHECK(to),
    FLAG(maillog_message_check, decided, "decided"),
    NUMBER(maillog_message_check, line, "line"),
};

static const ml_message_column fault[] = {
    TEXT(maillog_message_fault, by, "by"),
    TEXT(maillog_message_fault, text, "text"),
    NUMBER(maillog_message_fault, line, "line"),
};

static const ml_message_column queue_id = {
    .name = "item", .format = "u", .kind = ML_MESSAGE_TEXT, .at = offsetof(maillog_message_leg, queue_id)};
static const ml_message_column a_leg = STRUCT("item", 0, leg), a_link = STRUCT("item", 0, link),
                               a_recipient = STRUCT("item", 0, recipient), a_check = STRUCT("item", 0, check),
                               a_fault = STRUCT("item", 0, fault);

#define MESSAGE(member, as) TEXT(maillog_message, member, as)
static const ml_message_column message[] = {
    WORD(maillog_message, verdict, "verdict", maillog_verdict_name),
    MESSAGE(host, "host"),
    MESSAGE(from, "from"),
    MESSAGE(message_id, "message_id"),
    NUMBER(maillog_message, bytes, "size"),
    NUMBER(maillog_message, nrcpt, "nrcpt"),
    TIME(maillog_message, first_time, "first_time"),
    TIME(maillog_message, last_time, "last_time"),
    STRUCT("client", offsetof(maillog_message, client), client),
    LIST(maillog_message, legs, nlegs, "queue_ids", maillog_message_leg, queue_id),
    LIST(maillog_message, legs, nlegs, "legs", maillog_message_leg, a_leg),
    LIST(maillog_message, links, nlinks, "links", maillog_message_link, a_link),
    LIST(maillog_message, recipients, nrecipients, "recipients", maillog_message_recipient, a_recipient),
    LIST(maillog_message, notifications, nnotifications, "notifications", maillog_message_recipient, a_recipient),
    LIST(maillog_message, checks, nchecks, "checks", maillog_message_check, a_check),
    LIST(maillog_message, faults, nfaults, "faults", maillog_message_fault, a_fault),
    MESSAGE(why, "why"),
    WORD(maillog_message, state, "state", maillog_message_state_name),
    LINES(maillog_message),
};

const ml_message_column maillog__message_table = STRUCT("", 0, message);
