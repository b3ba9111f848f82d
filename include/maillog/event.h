/* maillog/event.h: what a line becomes. Enumerations come from schema.def. */
#ifndef MAILLOG_EVENT_H
#define MAILLOG_EVENT_H

#include <maillog/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/** What the bytes of a field mean. Numbers and times are converted only when asked for. */
typedef enum maillog_kind {
    MAILLOG_KIND_TEXT = 1,     /**< free text, as logged */
    MAILLOG_KIND_NUMBER = 2,   /**< decimal integer */
    MAILLOG_KIND_DECIMAL = 3,  /**< decimal number with an optional fraction or sign */
    MAILLOG_KIND_DURATION = 4, /**< decimal seconds */
    MAILLOG_KIND_ADDRESS = 5,  /**< mail address without the outer <> */
    MAILLOG_KIND_IP = 6,       /**< IPv4 or IPv6 address, or the daemon's word for "not known" */
    MAILLOG_KIND_WORD = 7,     /**< one of a set of words; see maillog_field.word */
    MAILLOG_KIND_LIST = 8,     /**< several values; walk it with maillog_list_next() */
    MAILLOG_KIND_QUEUE_ID = 9  /**< queue ID of a mail system */
} maillog_kind;

/** Daemons. Ids are append-only and never shift. */
typedef enum maillog_daemon {
    MAILLOG_DAEMON_UNKNOWN = 0,
#define MAILLOG_DAEMON(id, NAME, member, name, doc) MAILLOG_DAEMON_##NAME = id,
#include <maillog/schema.def>
} maillog_daemon;

/** Fields. Ids are append-only and never shift. */
typedef enum maillog_field_id {
    MAILLOG_FIELD_NONE = 0,
#define MAILLOG_FIELD(id, NAME, name, kind, doc) MAILLOG_FIELD_##NAME = id,
#include <maillog/schema.def>
} maillog_field_id;

/** Families group daemons that share one set of events. */
typedef enum maillog_family {
    MAILLOG_FAMILY_NONE = 0,
#define MAILLOG_FAMILY(id, NAME, name, doc) MAILLOG_FAMILY_##NAME = id,
#include <maillog/schema.def>
} maillog_family;

/** Event types: family id * 1000 + number within the family. Append-only. */
typedef enum maillog_event_type {
    MAILLOG_EVENT_NONE = 0,
#define MAILLOG_EVENT(FAMILY, NAME, number, name, doc, fields)                                                         \
    MAILLOG_EVENT_##FAMILY##_##NAME = MAILLOG_FAMILY_##FAMILY * 1000 + (number),
#include <maillog/schema.def>
} maillog_event_type;

/** Words of enumerated fields; see maillog_field.word. */
typedef enum maillog_word {
    MAILLOG_WORD_NONE = 0,
#define MAILLOG_WORD(id, SET, NAME, word) MAILLOG_##SET##_##NAME = id,
#include <maillog/schema.def>
} maillog_word;

/** How a daemon writes what a stranger sent. Append-only. */
typedef enum maillog_form {
    MAILLOG_FORM_NONE = 0, /**< no stranger fills the field */
#define MAILLOG_FORM(id, NAME, name, doc) MAILLOG_FORM_##NAME = id,
#include <maillog/schema.def>
} maillog_form;

/** How far a line was understood. */
typedef enum maillog_match {
    MAILLOG_MATCH_RAW = 0,    /**< no known beginning; the text is in `message` */
    MAILLOG_MATCH_HEADER = 1, /**< time, host or program known, the daemon is not */
    MAILLOG_MATCH_DAEMON = 2, /**< the daemon is known, its statement is not; see `rest` */
    MAILLOG_MATCH_EVENT = 3   /**< a typed event */
} maillog_match;

/** maillog_event.flags */
enum {
    MAILLOG_FLAG_TRUNCATED = 1,   /**< the line was cut, by the daemon, the syslog daemon or the carry buffer */
    MAILLOG_FLAG_AMBIGUOUS = 2,   /**< the daemon's format allows two readings; this is the safe one */
    MAILLOG_FLAG_FIELDS_FULL = 4, /**< more fields than MAILLOG_FIELDS_MAX; what is left is in `message` */
    MAILLOG_FLAG_CONTINUED = 8,   /**< part of a statement that the daemon split over several lines */
    MAILLOG_FLAG_ESCAPED = 32,    /**< from a JSON record: values keep its escapes; see maillog_json_unwrap() */
    MAILLOG_FLAG_OVERSIZED = 16   /**< longer than the carry buffer: the tail was skipped (stream only) */
};

/** Most fields one event can have. */
#define MAILLOG_FIELDS_MAX 64

/** One field: a slice of the line. `id`: maillog_field_id; `word`: maillog_word, 0 = none of the known.
 *  `off` counts from maillog_event.line, in a batch from the start of the buffer. */
typedef struct maillog_field {
    uint16_t id, word;
    uint32_t off, len;
} maillog_field;

/** One line, parsed. Fill it with maillog_parse_line(), or get it in a callback.
 *  Fields are in the order of the line; only field[0 .. nfields-1] are written. */
typedef struct maillog_event {
    const char *line;      /**< the whole line as given, without the line end */
    uint32_t len;          /**< its bytes */
    uint16_t type;         /**< maillog_event_type, 0 below MAILLOG_MATCH_EVENT */
    uint8_t daemon, match; /**< maillog_daemon, maillog_match */
    uint32_t flags;        /**< MAILLOG_FLAG_* */
    uint32_t nfields;      /**< rows of `field` that count */
    maillog_time time;     /**< as logged; see maillog_time_to_epoch() */
    maillog_field field[MAILLOG_FIELDS_MAX];
} maillog_event;

/** The first field `id` of the event; {NULL, 0} when absent. Thread-safe; O(fields). */
MAILLOG_API maillog_str maillog_get(const maillog_event *ev, maillog_field_id id);

/** Whether the event has the field. Thread-safe. */
MAILLOG_API int maillog_has(const maillog_event *ev, maillog_field_id id);

/** The number a field shows: MAILLOG_OK and *out set, or ERR_ARGUMENT (absent) or ERR_FORMAT (no decimal
 *  integer, or over UINT64_MAX). Thread-safe. */
MAILLOG_API int maillog_get_u64(const maillog_event *ev, maillog_field_id id, uint64_t *out);

/** A duration field in microseconds: digits past the sixth of the fraction are cut. Errors as
 *  maillog_get_u64(). Thread-safe. */
MAILLOG_API int maillog_get_usec(const maillog_event *ev, maillog_field_id id, uint64_t *out);

/** The maillog_word of an enumerated field; MAILLOG_WORD_NONE when absent or not one of the known: then the text says
 *  it (maillog_get()). Thread-safe. */
MAILLOG_API maillog_word maillog_get_word(const maillog_event *ev, maillog_field_id id);

/** An IP address field as 16 bytes in network order, IPv4 mapped to IPv6. MAILLOG_OK, or ERR_ARGUMENT
 *  (absent) or ERR_FORMAT ("unknown", not an address). Thread-safe. */
MAILLOG_API int maillog_get_addr(const maillog_event *ev, maillog_field_id id, uint8_t out[16]);

/** Walk a list field: set *pos to 0, then call until it returns 0. Each call cuts the next item out of `list`.
 *  The separator is the field's own (recipients: `<a>,<b>`; tests: `A=1,B=2`; symbols: top-level commas).
 *  @return 1 with *item set, 0 at the end. Thread-safe; linear. */
MAILLOG_API int maillog_list_next(maillog_field_id id, maillog_str list, size_t *pos, maillog_str *item);

#ifdef __cplusplus
}
#endif

#endif
