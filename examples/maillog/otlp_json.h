/* otlp_json.h: writing JSON as OTLP wants it: ids in hex, 64-bit numbers as strings, attributes as key and typed value.
 */
#ifndef OTLP_JSON_H
#define OTLP_JSON_H

#include "command.h"

typedef struct json {
    FILE *out;
    bool more; /* a comma is due before the next */
} json;

void json_key(json *j, const char *key);
/* key NULL: an element of a list. `bracket`: '{' or '[', '}' or ']' */
void json_open(json *j, const char *key, char bracket);
void json_close(json *j, char bracket);
/* Bytes that are no UTF-8 become U+FFFD: OTLP's strings are Unicode. */
void json_text(json *j, maillog_str s);
void json_two_texts(json *j, maillog_str a, maillog_str b); /* "a b" */
void json_integer(json *j, const char *key, int value);
void json_int64(json *j, const char *key, int64_t value); /* below 0: as 0 */
void json_id(json *j, const char *key, const uint64_t *half, size_t n);
/* Is all of it a decimal number? */
bool json_number(maillog_str s, double *value);

/* Attributes; one whose value is absent or empty is left out, but for attribute_empty(). */
void attribute_text(json *j, const char *key, maillog_str value);
void attribute_empty(json *j, const char *key, maillog_str value);
void attribute_word(json *j, const char *key, const char *value);
void attribute_true(json *j, const char *key);
void attribute_count(json *j, const char *key, uint64_t value);      /* MAILLOG_NO_NUMBER: left out */
void attribute_integer(json *j, const char *key, maillog_str value); /* what is no number is left out */
void attribute_number(json *j, const char *key, maillog_str value);
void attribute_list(json *j, const char *key);
void list_text(json *j, maillog_str value);
void list_end(json *j);

#endif
