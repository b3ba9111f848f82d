/* maillog/join.h: events in, whole messages out. All state is in one block of the caller's memory.
 *
 *   size_t n = maillog_join_size(&cfg);                        bytes for cfg.memory
 *   maillog_join_init(&j, malloc(n), n, &cfg, on_message, me);
 *   for each event: maillog_join_push(j, &ev);                 on_message is called from inside
 *   maillog_join_flush(j);                                     the rest
 *
 * Each input line is part of exactly one record, with one exception: the lines of an SMTP session (connect, TLS, AUTH,
 * disconnect) are listed with every message of that session. A record reaches the callback exactly once: complete,
 * expired, evicted or flushed. When the block is full, the record that was quiet for longest is delivered early. */
#ifndef MAILLOG_JOIN_H
#define MAILLOG_JOIN_H

#include <maillog/event.h>
#include <maillog/json.h>

#ifdef __cplusplus
extern "C" {
#endif

/** What a record is. Only MESSAGE is on by default; the others are for callers who account for every line. */
typedef enum maillog_record {
    MAILLOG_RECORD_MESSAGE = 1,  /**< a message, or an attempt to send one that never got a queue ID */
    MAILLOG_RECORD_SESSION = 2,  /**< a connection in which no message was tried, a log-in */
    MAILLOG_RECORD_SERVICE = 3,  /**< what a daemon says about itself */
    MAILLOG_RECORD_UNMATCHED = 4 /**< a line of no known daemon, or of a message that is not (or no longer) here */
} maillog_record;

/** What became of a message, all legs and recipients together. */
typedef enum maillog_verdict {
    MAILLOG_VERDICT_NONE = 0,        /**< not a message */
    MAILLOG_VERDICT_DELIVERED = 1,   /**< in a mailbox, or taken by a server that is not ours */
    MAILLOG_VERDICT_REJECTED = 2,    /**< refused before it was ours, for good (5xx) or for now (4xx) */
    MAILLOG_VERDICT_GREYLISTED = 3,  /**< put off on purpose: the client is to come again */
    MAILLOG_VERDICT_BOUNCED = 4,     /**< taken, and not deliverable */
    MAILLOG_VERDICT_DEFERRED = 5,    /**< ours, and not delivered so far */
    MAILLOG_VERDICT_DISCARDED = 6,   /**< thrown away without a word */
    MAILLOG_VERDICT_QUARANTINED = 7, /**< kept by a filter */
    MAILLOG_VERDICT_HELD = 8,        /**< in the hold queue */
    MAILLOG_VERDICT_EXPIRED = 9,     /**< too long in the queue, returned */
    MAILLOG_VERDICT_PARTIAL = 10,    /**< recipients differ; see recipients[].verdict */
    MAILLOG_VERDICT_UNFINISHED = 11  /**< the log does not say how it ended */
} maillog_verdict;

/** Why a record was delivered now. */
typedef enum maillog_message_state {
    MAILLOG_STATE_COMPLETE = 1, /**< everything that was expected has been seen */
    MAILLOG_STATE_EXPIRED = 2,  /**< nothing came for too long */
    MAILLOG_STATE_EVICTED = 3,  /**< delivered early, because the block was full */
    MAILLOG_STATE_FLUSHED = 4   /**< the input ended before the message did */
} maillog_message_state;

/** What shows that two parts belong together. */
typedef enum maillog_proof {
    MAILLOG_PROOF_QUEUED_AS = 1,     /**< the filter's own report: Queue-ID and queued_as */
    MAILLOG_PROOF_REPLY = 2,         /**< `queued as ID` in the reply of a hop that is ours */
    MAILLOG_PROOF_ORIG_QUEUE_ID = 3, /**< the receiving side names the queue ID it came from */
    MAILLOG_PROOF_SESSION = 4,       /**< same smtpd process, same connection */
    MAILLOG_PROOF_LMTP_SESSION = 5,  /**< LMTP session ID in the reply and in the mail store's line */
    MAILLOG_PROOF_BOUNCE = 6,        /**< non-delivery, delay or delivery status notification */
    MAILLOG_PROOF_FORWARDED = 7,     /**< `forwarded as ID`; requeued */
    MAILLOG_PROOF_POLICY = 8,        /**< policy answer: client, recipient, time */
    MAILLOG_PROOF_MESSAGE_ID = 9     /**< same Message-ID; never used against an exact key */
} maillog_proof;

/** How much a proof is worth. */
typedef enum maillog_confidence {
    MAILLOG_CONFIDENCE_CERTAIN = 1, /**< the daemons name each other's IDs */
    MAILLOG_CONFIDENCE_LIKELY = 2,  /**< what they name, and when, fits nothing else */
    MAILLOG_CONFIDENCE_WEAK = 3     /**< a hint: the same Message-ID */
} maillog_confidence;

/** What a check said. */
typedef enum maillog_check_result {
    MAILLOG_CHECK_PASS = 1,    /**< let through */
    MAILLOG_CHECK_WARN = 2,    /**< would have been refused; warn_if_reject and the like */
    MAILLOG_CHECK_REJECT = 3,  /**< refused for good (5xx) */
    MAILLOG_CHECK_DEFER = 4,   /**< refused for now (4xx), greylisted */
    MAILLOG_CHECK_HOLD = 5,    /**< kept: hold queue, quarantine */
    MAILLOG_CHECK_DISCARD = 6, /**< accepted, thrown away */
    MAILLOG_CHECK_TAG = 7      /**< let through, marked */
} maillog_check_result;

/** A number the log does not give. */
#define MAILLOG_NO_NUMBER UINT64_MAX

/** Line numbers, ascending, no duplicates. */
typedef struct maillog_lines {
    const uint64_t *ptr;
    size_t len;
} maillog_lines;

/** The outside client: never the filter that hands the message back. */
typedef struct maillog_message_client {
    maillog_str name, addr, port, helo, proto, sasl_username;
    maillog_str tls; /**< protocol and cipher: "TLSv1.3 with cipher X"; absent without TLS */
} maillog_message_client;

/** One queue ID on the message's way. legs[0] is where it came in. */
typedef struct maillog_message_leg {
    maillog_str queue_id, instance, host, client_name, client_addr, from, message_id;
    uint64_t size, nrcpt; /**< MAILLOG_NO_NUMBER: not known */
    uint8_t removed;      /**< the queue manager said so */
    uint8_t notification; /**< a bounce, delay notice or delivery report about the message: no part of its fate */
    uint8_t daemon;       /**< maillog_daemon of its first line of an MTA: whose queue it is in */
    uint8_t reserved_[5];
    maillog_lines lines;             /**< of this queue ID alone */
    maillog_str relay, delay, reply; /**< where it went from here, how long it took, what was said: last delivery */
    uint64_t relay_line;             /**< … and its line; 0: none */
} maillog_message_leg;

/** Why two parts belong together. `from` and `to` are queue IDs, or an LMTP session ID, or empty for the client's
 *  connection. */
typedef struct maillog_message_link {
    maillog_str from, to;
    maillog_proof proof;
    maillog_confidence confidence;
    uint32_t disputed; /**< another proof names another queue ID: both are kept */
    maillog_lines lines;
} maillog_message_link;

/** The fate of one recipient over all legs: what the last leg said. */
typedef struct maillog_message_recipient {
    maillog_str to, orig_to;
    maillog_str queue_id; /**< the leg that decided */
    maillog_str relay;    /**< as logged: "127.0.0.1[127.0.0.1]:25", "dovecot" */
    maillog_str status;   /**< "sent", "bounced", "deferred", "expired"; without a delivery "rejected", "greylisted",
                               "discarded", "quarantined", "held"; absent: no word of it */
    maillog_str dsn, reply, delay;
    maillog_str final_by, final_user, final_mailbox, final_action; /**< the mail store's word; absent without one */
    uint64_t line;                                                 /**< the line that decided */
    uint32_t attempts;                                             /**< deliveries tried */
    maillog_verdict verdict;                                       /**< of this recipient alone */
} maillog_message_recipient;

/** The setting behind a check; filled by maillog_explain(), absent before. */
typedef struct maillog_check_config {
    maillog_str file, setting, note;
    uint64_t line;
} maillog_check_config;

/** One thing that was asked about the message, in the order of the lines. */
typedef struct maillog_message_check {
    maillog_str by;     /**< daemon: "postfix/smtpd", "postgrey", "amavis" */
    maillog_str check;  /**< what was asked. From the join: the event's name ("reject", "greylist", "spf"); explain puts
                             the restriction here ("reject_non_fqdn_helo_hostname") */
    maillog_str action; /**< word as logged: "reject_warning", "hold", "pass", "Passed" */
    maillog_str stage;  /**< SMTP stage as logged: "RCPT", "END-OF-MESSAGE"; of content checks "header", "body" */
    maillog_str code, dsn;
    maillog_str score;          /**< spam score; greylist: seconds waited; DNSBL rank */
    maillog_str elapsed_ms;     /**< how long the filter took, in milliseconds, as logged */
    maillog_str text;           /**< reason as logged, without code and dsn */
    maillog_str from, to, helo; /**< what it was asked about, where the line says so */
    maillog_str client_name, client_addr, instance;
    maillog_check_result result;
    uint16_t event;  /**< maillog_event_type of the line */
    uint8_t daemon;  /**< maillog_daemon */
    uint8_t decided; /**< this check ended the attempt, or the recipient */
    uint64_t line;
    maillog_check_config config;
    maillog_str tag2_level, kill_level; /**< amavis: scores from which it is spam, and is not delivered, if logged */
} maillog_message_check;

/** Trouble on the way that did not decide the outcome. */
typedef struct maillog_message_fault {
    maillog_str by, text;
    uint64_t line;
} maillog_message_fault;

/** A record, whole. Everything it points to lives until the callback returns. The callback may change the struct and
 *  the arrays (explain does): nothing of it goes back into the table. */
typedef struct maillog_message {
    size_t size; /**< sizeof(maillog_message) of the library */
    maillog_record record;
    maillog_verdict verdict;
    maillog_message_state state;
    uint32_t truncated; /**< values that were too long, or too many, to keep; the line numbers are all there */
    maillog_str host, from, message_id;
    uint64_t bytes, nrcpt; /**< "size", "nrcpt" of the first leg; MAILLOG_NO_NUMBER: not known */
    maillog_time first_time, last_time;
    maillog_message_client client;
    maillog_message_leg *legs;
    size_t nlegs;
    maillog_message_link *links;
    size_t nlinks;
    maillog_message_recipient *recipients;
    size_t nrecipients;
    maillog_message_recipient *notifications; /**< where bounces and delivery reports about the message went */
    size_t nnotifications;
    maillog_message_check *checks;
    size_t nchecks;
    maillog_message_fault *faults;
    size_t nfaults;
    maillog_lines lines;
    maillog_str daemon; /**< of the first line; for records that are no messages */
    maillog_str why;    /**< filled by maillog_explain() */
} maillog_message;

/** @return MAILLOG_CONTINUE, or a negative value: the call that is going on returns ERR_ABORTED; the record counts as
 *  delivered, and others that are due wait for the next call (a push() may still have to hand over its own line, or
 * what it makes room from). No call of the same join is allowed from inside. */
typedef int (*maillog_message_cb)(void *user, maillog_message *m);

/** A message that is not built yet; see maillog_join_unbuilt(). `bytes` live until the callback returns. @return as
 *  maillog_message_cb. */
typedef int (*maillog_unbuilt_cb)(void *user, const void *bytes, size_t len);

/** maillog_join_config.flags */
enum {
    MAILLOG_JOIN_ALL_RECORDS = 1, /**< deliver records that are no messages, too */
    MAILLOG_JOIN_PART = 2         /**< the input is a part of a log: lines that other parts may have to do with are kept
                                       for maillog_join_export() */
};

/** Zero every byte for the defaults, then change what you want. Times are seconds of the log's own clock. */
typedef struct maillog_join_config {
    size_t size;        /**< sizeof(maillog_join_config), or 0 for all defaults */
    uint64_t memory;    /**< bytes of the block; 0: 64 MiB; least: 64 KiB */
    uint64_t seed[2];   /**< random numbers, so that strangers cannot aim at one hash bucket; the same for tables that
                             are to be merged */
    uint32_t flags;     /**< MAILLOG_JOIN_* */
    uint32_t settle;    /**< a message that seems complete is kept this long for late lines; 0: 10 */
    uint32_t wait;      /**< … and this long, if only the end of its SMTP session is missing; 0: 300 */
    uint32_t expire;    /**< a message without a line for so long is given up; 0: 6 days */
    int64_t reference;  /**< seconds since 1970 near the first line: gives BSD stamps their year; 0: they have none */
    int32_t utc_offset; /**< seconds east of UTC, of stamps that name no zone */
    uint32_t reserved_;
} maillog_join_config;

/** lines == attributed + sessions + services + unmatched + pending, always. */
typedef struct maillog_join_stats {
    uint64_t lines;      /**< lines pushed */
    uint64_t attributed; /**< lines delivered in a message (a session line counts once, with its first) */
    uint64_t sessions;   /**< lines delivered in a session record */
    uint64_t services;   /**< … in a service record */
    uint64_t unmatched;  /**< … in an unmatched record */
    uint64_t pending;    /**< lines in records that are still open */
    uint64_t duplicates; /**< of all lines: those that repeat one their record already has */
    uint64_t truncated;  /**< of all lines: those of which not every value could be kept */
    uint64_t messages, complete, expired, evicted, flushed; /**< messages delivered, and how */
    uint64_t records;                                       /**< records delivered that are no messages */
    uint64_t live;                                          /**< parts now in the table */
    uint64_t memory, memory_used;                           /**< bytes for records, and bytes in use */
} maillog_join_stats;

/** The table. It is the block itself: no pointers inside, so it may be copied or mapped elsewhere and attached. */
typedef struct maillog_join maillog_join;

/** Bytes that maillog_join_init() needs: config->memory, at least 64 KiB, rounded down to whole cells. NULL config: the
 *  defaults. Never 0. Thread-safe. */
MAILLOG_API size_t maillog_join_size(const maillog_join_config *config);

/** Set up a table in `mem` (aligned as malloc does), `len` bytes, at least maillog_join_size(). `mem` stays the
 * caller's: the table is gone when it is freed, and nothing else has to be freed. `config` is copied. `cb` must be
 * given; it and `user` must be good for as long as the table is used. Not thread-safe: one table belongs to one thread
 * at a time.
 *  @return MAILLOG_OK, ERR_ARGUMENT or ERR_NO_SPACE (`len` is too small). */
MAILLOG_API int maillog_join_init(maillog_join **out, void *mem, size_t len, const maillog_join_config *config,
                                  maillog_message_cb cb, void *user);

/** Take a line, numbered one higher than the last. What is kept of it is copied. O(length of the line), whatever
 *  number of messages is live. @return MAILLOG_OK, ERR_ABORTED (the callback said so; the line was taken), ERR_STATE
 *  (sealed) or ERR_ARGUMENT. */
MAILLOG_API int maillog_join_push(maillog_join *j, const maillog_event *ev);

/** The same with a line number of the caller's, 1 or more. Numbers need not ascend. @return as maillog_join_push();
 *  ERR_ARGUMENT for line 0. */
MAILLOG_API int maillog_join_push_line(maillog_join *j, const maillog_event *ev, uint64_t line);

/** The same for `n` events one after the other, numbered from `line`; all their lines must be there. Gives the same as
 *  pushing them one by one, and is faster when many messages are live: what a line needs is fetched from memory while
 *  those before it are taken. 64 at a time do. `taken` (or NULL): events taken, `n` unless the callback stopped it.
 *  @return as maillog_join_push(). */
MAILLOG_API int maillog_join_push_events(maillog_join *j, const maillog_event *ev, size_t n, uint64_t line,
                                         size_t *taken);

/** Time went by without lines: deliver what is over at `now`, seconds since 1970 by the log's clock. A time before the
 *  last line's changes nothing. @return MAILLOG_OK, ERR_ABORTED (the callback said so), ERR_STATE (sealed) or
 *  ERR_ARGUMENT. */
MAILLOG_API int maillog_join_expire(maillog_join *j, int64_t now);

/** The input is at its end: deliver everything. The table is empty after it and can be used again, whatever the
 * callback said: once it has said stop it is not called again, and what is left is forgotten (and counted as
 * delivered).
 *  @return as maillog_join_expire(). */
MAILLOG_API int maillog_join_flush(maillog_join *j);

/** Counters. @return MAILLOG_OK, or ERR_CORRUPT if they do not add up (which is a bug). Walks the table. */
MAILLOG_API int maillog_join_stats_get(const maillog_join *j, maillog_join_stats *out);

/** Write the checksum, so that the block can be stored, copied, mapped elsewhere and attached. From now on no call but
 *  attach is allowed. @return MAILLOG_OK, ERR_STATE (sealed already) or ERR_ARGUMENT. */
MAILLOG_API int maillog_join_seal(maillog_join *j);

/** Take up a sealed block, where it is now: `mem` is aligned as malloc does, `len` at least what it was made with. The
 *  callback and `user` are new, as addresses do not last. The checksum finds accidents, not forgery: do not attach what
 *  a stranger could have written. @return MAILLOG_OK, ERR_FORMAT (no table), ERR_VERSION (of another version or
 * machine), ERR_STATE (not sealed), ERR_CORRUPT (damaged), ERR_ARGUMENT. */
MAILLOG_API int maillog_join_attach(maillog_join **out, void *mem, size_t len, maillog_message_cb cb, void *user);

/** Have messages built elsewhere: from now on `cb` gets most of them as bytes (with the `user` of the other callback),
 *  some kilobytes each, to be copied and given to maillog_message_build() on any thread. That is half of what a line
 * costs. The message callback still gets what is not worth it: attempts that were greylisted, messages of very many
 * parts, records that are no messages. The order is that of both callbacks together. NULL: no more. attach() forgets
 * it.
 *  @return MAILLOG_OK, ERR_STATE (sealed) or ERR_ARGUMENT. */
MAILLOG_API int maillog_join_unbuilt(maillog_join *j, maillog_unbuilt_cb cb);

/** Bytes of memory that maillog_message_build() needs for a message; nearly all of it is used by few. 0: these are no
 * bytes of an unbuilt message. Thread-safe. */
MAILLOG_API size_t maillog_message_room(const void *bytes, size_t len);

/** Build a message: exactly what the table would have handed to its callback. `mem`: `room` bytes, aligned as malloc
 *  does, at least maillog_message_room(); it is free again when the call returns. `bytes` are of the same program: they
 *  are not meant to be stored, and are trusted. Thread-safe with memory of its own for each thread; the table may be in
 *  use meanwhile, or be gone.
 *  @return MAILLOG_OK, ERR_ABORTED (the callback said so), ERR_NO_SPACE, ERR_FORMAT or ERR_ARGUMENT. */
MAILLOG_API int maillog_message_build(const void *bytes, size_t len, void *mem, size_t room, maillog_message_cb cb,
                                      void *user);

/** Hand on what a part of a log (MAILLOG_JOIN_PART) cannot decide: write the lines of its open records as bytes to
 * `buf`, and forget them here once all of it fits. The table is empty then, and the next line may begin another part.
 *  @return bytes needed; if that is more than `cap`, nothing is forgotten and `buf` holds nothing of use (NULL with
 *          `cap` 0 asks for the size). 0: NULL, a sealed table, or one without MAILLOG_JOIN_PART. */
MAILLOG_API size_t maillog_join_export(maillog_join *j, void *buf, size_t cap);

/** Take in what another table with the same seed and times exported, parts of a log in their order. What comes out is
 *  what one table of the whole log would have given. `buf` needs no alignment.
 *  @return MAILLOG_OK, ERR_FORMAT (no export), ERR_VERSION (of another version or machine), ERR_CORRUPT (damaged or
 *          cut), ERR_ARGUMENT (another seed), ERR_STATE (sealed), ERR_ABORTED (the callback said so; all was taken). */
MAILLOG_API int maillog_join_import(maillog_join *j, const void *buf, size_t len);

/** Names as they stand in JSON; "unknown" for any other value, never NULL. Thread-safe. */
MAILLOG_API const char *maillog_record_name(int record);
MAILLOG_API const char *maillog_verdict_name(int verdict);
MAILLOG_API const char *maillog_message_state_name(int state);
MAILLOG_API const char *maillog_proof_name(int proof);
MAILLOG_API const char *maillog_confidence_name(int confidence);
MAILLOG_API const char *maillog_check_result_name(int result);

/** Write a record as one JSON object, no line end. A record that is no message begins with "record". Year and offset
 *  of `opt` (NULL: none) are used for stamps that have none; its other members are not. Same rules and return as
 *  maillog_event_json(). */
MAILLOG_API size_t maillog_message_json(const maillog_message *m, const maillog_json_options *opt, char *buf,
                                        size_t cap);

#ifdef __cplusplus
}
#endif

#endif
