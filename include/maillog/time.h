/* maillog/time.h: from a stamp as logged to a point in time. The core guesses nothing; these helpers are told. */
#ifndef MAILLOG_TIME_H
#define MAILLOG_TIME_H

#include <maillog/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A zone's offset, given by the caller: seconds east of UTC when the wall clock shows `local` (counted as if the wall
 *  clock were UTC: seconds since 1970). For a wall-clock time that occurs twice (end of DST),
 *  answer for the first; for one that does not occur, answer with the offset before the gap. */
typedef int32_t (*maillog_zone_cb)(void *user, int64_t local);

/** The zone of stamps that name none. */
typedef struct maillog_zone {
    maillog_zone_cb offset_at; /**< NULL: `fixed` */
    void *user;                /**< handed to `offset_at` */
    int32_t fixed;             /**< seconds east of UTC */
} maillog_zone;

/** Nanoseconds since 1970-01-01T00:00:00Z; 64 bits hold the years 1678 to 2261.
 *  A year-less stamp gets the year that puts it nearest to `reference` (seconds since 1970): this rolls over at New
 *  Year in both directions. A stamp with an offset of its own ignores `zone`; NULL zone: UTC.
 *  A leap second (`:60`) is the first instant of the next minute.
 *  @return MAILLOG_OK, or ERR_ARGUMENT (NULL, no time in the line), or ERR_FORMAT (no such date in that year, no such
 *          time of day, or a year out of range); `*ns` is set only with MAILLOG_OK.
 *  Thread-safe if the callback is. */
MAILLOG_API int maillog_time_to_epoch(const maillog_time *t, int64_t reference, const maillog_zone *zone, int64_t *ns);

/** The year of the stamp, or that nearest to `reference` if it has none and the date exists in it (February 29);
 *  0 if the line has no time. Thread-safe if the callback is. */
MAILLOG_API int maillog_time_year(const maillog_time *t, int64_t reference, const maillog_zone *zone);

/** Days since 1970-01-01 of a civil date (proleptic Gregorian, month 1 to 12), and back; for years up to a billion
 *  either way. Thread-safe. */
MAILLOG_API int64_t maillog_days_from_civil(int64_t year, unsigned month, unsigned day);
MAILLOG_API void maillog_civil_from_days(int64_t days, int64_t *year, unsigned *month, unsigned *day);

#ifdef __cplusplus
}
#endif

#endif
