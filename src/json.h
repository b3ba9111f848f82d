/* json.h: what the writers of events and of messages share. snprintf's contract. */
#ifndef MAILLOG_SRC_JSON_H
#define MAILLOG_SRC_JSON_H

#include <stdbool.h>

#include <maillog/json.h>

/* A stamp as a JSON string, with its quotes: ISO 8601, as exact as the log. */
size_t maillog__json_stamp(const maillog_time *t, const maillog_json_options *opt, char *buf, size_t cap);

/* -?(0|[1-9]digits)(.digits)?: what JSON takes as a number. */
bool maillog__is_json_number(const char *p, size_t n);

#endif
