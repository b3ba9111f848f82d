/* maillog/batch.h: thousands of lines per call, as flat arrays of the caller. Made for bindings. */
#ifndef MAILLOG_BATCH_H
#define MAILLOG_BATCH_H

#include <maillog/parse.h>

#ifdef __cplusplus
extern "C" {
#endif

/** One line of a batch. Offsets count from the start of the buffer given to maillog_batch_parse(). */
typedef struct maillog_batch_event {
    uint32_t off, len;       /**< the line, without its line end */
    uint32_t field, nfields; /**< its fields: maillog_batch.field[field .. field + nfields - 1] */
    uint32_t flags;          /**< MAILLOG_FLAG_* */
    uint16_t type;           /**< maillog_event_type */
    uint8_t daemon, match;   /**< maillog_daemon, maillog_match */
    maillog_time time;       /**< as logged */
} maillog_batch_event;

/** Caller arrays and their sizes in; counts out. Zero every byte first. About 16 rows of `field` for each row of
 *  `event` do. */
typedef struct maillog_batch {
    maillog_batch_event *event;    /**< rows, one for each line that is kept */
    maillog_field *field;          /**< the fields of all rows, one after the other */
    uint32_t event_cap, field_cap; /**< in: rows of the arrays; field_cap at least MAILLOG_FIELDS_MAX */
    uint32_t nevents, nfields;     /**< out: rows written */
    uint64_t lines;                /**< out: lines looked at, filtered ones included */
    const uint8_t *daemons;        /**< in: 256 bytes by maillog_daemon, or NULL; zero = leave its lines out */
    const uint16_t *types;         /**< in: `ntypes` event types to keep, ascending, or NULL for all */
    uint32_t ntypes;
    uint32_t final; /**< in: non-zero = the buffer ends the input, a last line without LF counts */
} maillog_batch;

/** Parse whole lines of `buf` until it, or one of the arrays, is at its end.
 *  Reentrant: any thread, as long as two calls do not share arrays.
 *  @param consumed  bytes taken: always whole lines; call again from there with emptied arrays.
 *  @return MAILLOG_OK, or ERR_ARGUMENT (NULL, `len` over UINT32_MAX), or ERR_NO_SPACE (event_cap 0, field_cap under
 *          MAILLOG_FIELDS_MAX). A full array is no error: *consumed says how far it went. */
MAILLOG_API int maillog_batch_parse(const maillog_options *opt, const char *buf, size_t len, maillog_batch *inout,
                                    size_t *consumed);

#ifdef __cplusplus
}
#endif

#endif
