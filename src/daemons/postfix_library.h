/* postfix_library.h: the tables of what every Postfix program can write, and how their rows are spelled. */
#ifndef MAILLOG_POSTFIX_LIBRARY_H
#define MAILLOG_POSTFIX_LIBRARY_H

#include "postfix.h"

/* Rows: the event, the statement, the fields of its conversions. ROW_LEAD is the lead of the table they are in. */
#define ROW_LEAD ""
#define ROW_OF(E, text, ...)                                                                                           \
    {                                                                                                                  \
        MAILLOG_EVENT_POSTFIX_##E, {__VA_ARGS__}, ML_TEXT_BEHIND(ROW_LEAD, text)                                       \
    }
#define ROW0(E, text) ROW_OF(E, text, 0)
#define ROW1(E, text, A) ROW_OF(E, text, MAILLOG_FIELD_##A)
#define ROW2(E, text, A, B) ROW_OF(E, text, MAILLOG_FIELD_##A, MAILLOG_FIELD_##B)
#define ROW3(E, text, A, B, C) ROW_OF(E, text, MAILLOG_FIELD_##A, MAILLOG_FIELD_##B, MAILLOG_FIELD_##C)
#define ROW4(E, text, A, B, C, D)                                                                                      \
    ROW_OF(E, text, MAILLOG_FIELD_##A, MAILLOG_FIELD_##B, MAILLOG_FIELD_##C, MAILLOG_FIELD_##D)
#define ROW5(E, text, A, B, C, D, F)                                                                                   \
    ROW_OF(E, text, MAILLOG_FIELD_##A, MAILLOG_FIELD_##B, MAILLOG_FIELD_##C, MAILLOG_FIELD_##D, MAILLOG_FIELD_##F)
#define ROW6(E, text, A, B, C, D, F, G)                                                                                \
    ROW_OF(E, text, MAILLOG_FIELD_##A, MAILLOG_FIELD_##B, MAILLOG_FIELD_##C, MAILLOG_FIELD_##D, MAILLOG_FIELD_##F,     \
           MAILLOG_FIELD_##G)

/* MAILLOG__POSTFIX_LIBRARY(X), _CLIENTS(X), _PROGRAMS(X): every table. */
#include "postfix_tables.def"

#define DECLARE_TABLE(name) extern const ml_patterns maillog__##name;
MAILLOG__POSTFIX_LIBRARY(DECLARE_TABLE)
MAILLOG__POSTFIX_CLIENTS(DECLARE_TABLE)
MAILLOG__POSTFIX_PROGRAMS(DECLARE_TABLE)
#undef DECLARE_TABLE

#endif
