/* messages.h: the columns of the table of messages. */
#ifndef MAILLOG_ARROW_MESSAGES_H
#define MAILLOG_ARROW_MESSAGES_H

#include "arrow.h"

typedef enum ml_message_kind {
    ML_MESSAGE_TEXT,   /* maillog_str */
    ML_MESSAGE_WORD,   /* an enumeration, with its name */
    ML_MESSAGE_NUMBER, /* uint64_t or uint32_t; MAILLOG_NO_NUMBER is null */
    ML_MESSAGE_DOUBLE, /* maillog_str that shows a number */
    ML_MESSAGE_TIME,   /* maillog_time */
    ML_MESSAGE_FLAG,   /* uint8_t or uint32_t */
    ML_MESSAGE_LIST,   /* a pointer and a count; one child, the element */
    ML_MESSAGE_STRUCT  /* children in the same struct, from `at` on */
} ml_message_kind;

typedef struct ml_message_column {
    const char *name, *format;
    uint8_t kind;
    bool not_zero; /* of a number: 0 is none */
    uint16_t at, count_at;
    uint16_t size; /* of a number or flag; of a list's element */
    uint16_t children;
    const struct ml_message_column *child;
    const char *(*word)(int);
} ml_message_column;

/* The root: a struct over maillog_message. */
extern const ml_message_column maillog__message_table;

#endif
