/* maillog/json.h: events as JSON, without allocation. */
#ifndef MAILLOG_JSON_H
#define MAILLOG_JSON_H

#include <maillog/event.h>

#ifdef __cplusplus
extern "C" {
#endif

/** maillog_json_options.flags */
enum {
    MAILLOG_JSON_NO_HEADER = 1, /**< leave out time, host, program, pid, message */
    MAILLOG_JSON_NUMBERS = 2    /**< fields of kind number and decimal that are valid JSON numbers without quotes */
};

/** Zero every byte (or pass NULL) for the defaults. */
typedef struct maillog_json_options {
    size_t size;             /**< sizeof(maillog_json_options), or 0 for all defaults */
    uint64_t line_number;    /**< 0: no "line" key */
    uint32_t flags;          /**< MAILLOG_JSON_* */
    int16_t year;            /**< for stamps that have none; 0: "--07-19T07:59:06" */
    int16_t utc_offset;      /**< with `has_utc_offset`: appended to stamps that have none, in minutes east of UTC */
    uint32_t has_utc_offset; /**< non-zero: `utc_offset` counts */
} maillog_json_options;

/** Write an event as one JSON object, no line end, keys as in SCHEMA.md.
 *  Bytes that are not UTF-8 are written as lone surrogates U+DC80..U+DCFF (`\udc80`.. `\udcff`, as Python's
 *  surrogateescape does), control characters as `\u00XX`: the line is ASCII-safe JSON and the bytes can be had back.
 *  @param cap  bytes at `buf`; nothing is written past them
 *  @return bytes the whole object needs (snprintf's contract: if > cap, the output is incomplete), no NUL is
 *          written. NULL `ev` gives 0. Thread-safe; linear. */
MAILLOG_API size_t maillog_event_json(const maillog_event *ev, const maillog_json_options *opt, char *buf, size_t cap);

/** Write `len` bytes as a JSON string with its quotes: at most 6 * len + 2. Same rules, same return. */
MAILLOG_API size_t maillog_json_string(const char *text, size_t len, char *buf, size_t cap);

/** Make a plain line of a line that is a JSON record (journalctl -o json, docker's json-file, log shippers):
 *  `2026-07-19T05:59:06.123456Z mail postfix/smtpd[15492]: text` with the escapes of the text undone. Events of such
 *  records point into the record and keep its escapes; where that matters (MAILLOG_FLAG_ESCAPED), parse this instead.
 *  `\u....` becomes UTF-8, a lone surrogate U+DC80..U+DCFF the byte it stands for, an array of numbers its bytes.
 *  @return bytes the whole line needs (snprintf's contract), no NUL is written; 0 if it is no such record.
 *          Thread-safe; linear. */
MAILLOG_API size_t maillog_json_unwrap(const char *line, size_t len, char *buf, size_t cap);

#ifdef __cplusplus
}
#endif

#endif
