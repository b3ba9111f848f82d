/* postfix_library.h: the tables of what every Postfix program can write, by subject, and how their rows are spelled. */
#ifndef MAILLOG_POSTFIX_LIBRARY_H
#define MAILLOG_POSTFIX_LIBRARY_H

#include "postfix.h"

/* Rows: the event, the statement, the fields of its conversions. */
#define ROW0(E, text)                                                                                                  \
    {                                                                                                                  \
        MAILLOG_EVENT_POSTFIX_##E, {0}, text                                                                           \
    }
#define ROW1(E, text, A)                                                                                               \
    {                                                                                                                  \
        MAILLOG_EVENT_POSTFIX_##E, {MAILLOG_FIELD_##A}, text                                                           \
    }
#define ROW2(E, text, A, B)                                                                                            \
    {                                                                                                                  \
        MAILLOG_EVENT_POSTFIX_##E, {MAILLOG_FIELD_##A, MAILLOG_FIELD_##B}, text                                        \
    }
#define ROW3(E, text, A, B, C)                                                                                         \
    {                                                                                                                  \
        MAILLOG_EVENT_POSTFIX_##E, {MAILLOG_FIELD_##A, MAILLOG_FIELD_##B, MAILLOG_FIELD_##C}, text                     \
    }
#define ROW4(E, text, A, B, C, D)                                                                                      \
    {                                                                                                                  \
        MAILLOG_EVENT_POSTFIX_##E, {MAILLOG_FIELD_##A, MAILLOG_FIELD_##B, MAILLOG_FIELD_##C, MAILLOG_FIELD_##D}, text  \
    }
#define ROW5(E, text, A, B, C, D, F)                                                                                   \
    {                                                                                                                  \
        MAILLOG_EVENT_POSTFIX_##E,                                                                                     \
            {MAILLOG_FIELD_##A, MAILLOG_FIELD_##B, MAILLOG_FIELD_##C, MAILLOG_FIELD_##D, MAILLOG_FIELD_##F}, text      \
    }
#define ROW6(E, text, A, B, C, D, F, G)                                                                                \
    {                                                                                                                  \
        MAILLOG_EVENT_POSTFIX_##E, {MAILLOG_FIELD_##A, MAILLOG_FIELD_##B, MAILLOG_FIELD_##C,                           \
                                    MAILLOG_FIELD_##D, MAILLOG_FIELD_##F, MAILLOG_FIELD_##G},                          \
            text                                                                                                       \
    }

/* MAILLOG__POSTFIX_LIBRARY(X), _CLIENTS(X), _PROGRAMS(X): every table. */
#include "postfix_tables.def"

#define DECLARE_TABLE(name) extern const ml_patterns maillog__##name;
MAILLOG__POSTFIX_LIBRARY(DECLARE_TABLE)
MAILLOG__POSTFIX_CLIENTS(DECLARE_TABLE)
MAILLOG__POSTFIX_PROGRAMS(DECLARE_TABLE)
#undef DECLARE_TABLE

#endif
