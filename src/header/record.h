/* record.h: what a record of key-value pairs (JSON, journal export) says about a line. */
#ifndef MAILLOG_RECORD_H
#define MAILLOG_RECORD_H

#include "header.h"

/* The parts of a line; a record may give each under several keys, of which the best counts. */
typedef enum ml_record_slot {
    ML_TIME,
    ML_HOST,
    ML_PROGRAM,
    ML_PID,
    ML_MESSAGE,
    ML_STREAM,
    ML_RECORD_SLOTS
} ml_record_slot;

typedef struct ml_record {
    ml_cur value[ML_RECORD_SLOTS];
    uint8_t rank[ML_RECORD_SLOTS]; /* 0: not there; higher is better */
} ml_record;

/* Keep the value if its key is one that counts. Of equal keys the first stays. */
void maillog__record_put(ml_record *r, ml_cur key, ml_cur value);

/* Write time and fields; `*c` becomes the message. False: the record has no message. */
bool maillog__record_finish(ml_line *l, const ml_record *r, ml_cur *c);

/* Read a JSON object, `*c` at its brace, and keep the members that count. False: it is broken. */
bool maillog__json_members(ml_cur *c, ml_record *r);

/* Whether a value is an array, and not a string that begins like one. */
static inline bool ml_is_json_array(ml_cur v) { return ml_peek(v) == '[' && v.p[-1] != '"'; }

/* `\n` and `\r` at the end of a JSON string: docker keeps the line end in the text. */
void maillog__drop_escaped_line_end(ml_cur *v);

/* The time of a record, in any of the forms that are known; false: none. */
bool maillog__record_time(const ml_record *r, maillog_time *t);

#endif
