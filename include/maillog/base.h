/* maillog/base.h: slices, time, errors. Everything else builds on these. */
#ifndef MAILLOG_BASE_H
#define MAILLOG_BASE_H

#include <stddef.h>
#include <stdint.h>

#include <maillog/version.h>

#if defined(_WIN32) && defined(MAILLOG_SHARED)
#ifdef MAILLOG_BUILDING
#define MAILLOG_API __declspec(dllexport)
#else
#define MAILLOG_API __declspec(dllimport)
#endif
#elif defined(__GNUC__)
#define MAILLOG_API __attribute__((visibility("default")))
#else
#define MAILLOG_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

/** A slice of the caller's bytes: not NUL-terminated, never owned by the library.
 *  `ptr` NULL: absent. `ptr` set and `len` 0: present and empty, as in `from=<>`.
 *  Lives exactly as long as the line it was cut from. */
typedef struct maillog_str {
    const char *ptr;
    size_t len;
} maillog_str;

/** `printf("%.*s", MAILLOG_STR_ARG(s))` */
#define MAILLOG_STR_ARG(s) (int)(s).len, ((s).ptr ? (s).ptr : "")

/** `utc_offset` of a stamp that names no zone. */
#define MAILLOG_NO_OFFSET INT16_MIN

/** A time as the log shows it, broken down, nothing guessed.
 *  `month` 0: the line has no time. `year` 0: the form has no year (BSD syslog).
 *  `digits`: digits of the fraction as logged (0..9); `nsec` holds them scaled to nanoseconds.
 *  `utc_offset`: minutes east of UTC, or MAILLOG_NO_OFFSET. */
typedef struct maillog_time {
    int16_t year;
    uint8_t month, day, hour, minute, second, digits;
    uint32_t nsec;
    int16_t utc_offset;
    uint16_t reserved;
} maillog_time;

/** Every error of the library: negative, unique, never reused. */
#define MAILLOG_ERROR_MAP(X)                                                                                           \
    X(OK, 0, "success")                                                                                                \
    X(ERR_ARGUMENT, -1, "bad argument")                                                                                \
    X(ERR_NO_SPACE, -2, "the caller's memory is too small")                                                            \
    X(ERR_ABORTED, -3, "a callback stopped the run")                                                                   \
    X(ERR_STATE, -4, "the call is not allowed in this state")                                                          \
    X(ERR_FORMAT, -5, "the data is not in the expected form")                                                          \
    X(ERR_VERSION, -6, "the data is of another version")                                                               \
    X(ERR_CORRUPT, -7, "the data is damaged")

typedef enum maillog_error {
#define X(name, value, text) MAILLOG_##name = value,
    MAILLOG_ERROR_MAP(X)
#undef X
} maillog_error;

/** What a callback returns: go on, stop after this line, or (any negative value) give up. */
enum { MAILLOG_CONTINUE = 0, MAILLOG_PAUSE = 1 };

/** The text of an error code; "unknown error" for any other value. Thread-safe. */
MAILLOG_API const char *maillog_strerror(int error);

/** The version the library was built as, MAJOR * 10000 + MINOR * 100 + PATCH. Thread-safe. */
MAILLOG_API uint32_t maillog_version(void);

/** MAILLOG_SCHEMA_VERSION the library was built with. Thread-safe. */
MAILLOG_API uint32_t maillog_schema_version(void);

/** Sizes of public structs, so that a foreign-function binding can check its layout. */
typedef enum maillog_struct {
    MAILLOG_SIZEOF_STR = 1,
    MAILLOG_SIZEOF_TIME = 2,
    MAILLOG_SIZEOF_FIELD = 3,
    MAILLOG_SIZEOF_EVENT = 4,
    MAILLOG_SIZEOF_OPTIONS = 5,
    MAILLOG_SIZEOF_CALLBACKS = 6,
    MAILLOG_SIZEOF_STREAM = 7,
    MAILLOG_SIZEOF_BATCH = 8,
    MAILLOG_SIZEOF_BATCH_EVENT = 9,
    MAILLOG_SIZEOF_JSON_OPTIONS = 10,
    MAILLOG_SIZEOF_MEMO = 11
} maillog_struct;

/** sizeof of a public struct in bytes; 0 for an unknown `what`. Thread-safe. */
MAILLOG_API size_t maillog_sizeof(int what);

#ifdef __cplusplus
}
#endif

#endif
