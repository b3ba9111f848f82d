/* maillog/stream.h: bytes in, a callback for each line. Lines reach a callback whole, never in pieces. */
#ifndef MAILLOG_STREAM_H
#define MAILLOG_STREAM_H

#include <maillog/parse.h>

#ifdef __cplusplus
extern "C" {
#endif

/** `user` is what maillog_stream_init() got; `ev` and the line live until the return. An exception or longjmp must not
 *  leave it. @return MAILLOG_CONTINUE, MAILLOG_PAUSE, or a negative value. */
typedef int (*maillog_event_cb)(void *user, const maillog_event *ev);

/** Callbacks; set up with maillog_callbacks_init(), then fill in what you want.
 *  Each returns MAILLOG_CONTINUE, MAILLOG_PAUSE (stop after this line, go on later) or a negative value (give up).
 *  A line goes to its daemon's own member; where that is NULL, to `on_event`; where nothing was understood
 *  beyond the header (match below MAILLOG_MATCH_DAEMON), to `on_unmatched`, or `on_event` if that is NULL.
 *  Daemons nobody listens to cost only their header. The event and its slices live until the callback returns. */
typedef struct maillog_callbacks {
    size_t size;                   /**< set by maillog_callbacks_init() */
    maillog_event_cb on_event;     /**< all daemons without a member of their own that is set */
    maillog_event_cb on_unmatched; /**< lines of no known daemon */
#define MAILLOG_DAEMON(id, NAME, member, name, doc) maillog_event_cb on_##member;
#include <maillog/schema.def>
} maillog_callbacks;

/** All members NULL, `size` set: always start with this. */
MAILLOG_API void maillog_callbacks_init(maillog_callbacks *cb);

/** A stream: public size, private content. One stream per thread. Nothing to free. */
typedef struct maillog_stream {
    uint64_t private_[256];
} maillog_stream;

/** Set up a stream. `cb` is copied. `user` is handed to every callback.
 *  @param carry  caller memory that holds a line which straddles two feeds; it must outlive the stream. NULL with
 *                `carry_len` 0: nothing is held, feed stops after the last line end and the caller keeps the tail.
 *                A longer line than `carry_len` is delivered once, cut, with MAILLOG_FLAG_TRUNCATED and
 *                MAILLOG_FLAG_OVERSIZED.
 *  @return MAILLOG_OK or ERR_ARGUMENT. */
MAILLOG_API int maillog_stream_init(maillog_stream *s, const maillog_callbacks *cb, void *user, void *carry,
                                    size_t carry_len);

/** Feed bytes in pieces of any size.
 *  @param consumed  always set: bytes taken. After a pause or error the line whose callback stopped counts as
 *                   taken; go on with feed(data + *consumed, len - *consumed).
 *  @return MAILLOG_OK, MAILLOG_PAUSE, ERR_ABORTED, or ERR_ARGUMENT. No callback follows a pause or an abort, and
 *          nothing is sticky: the next feed just goes on. */
MAILLOG_API int maillog_stream_feed(maillog_stream *s, const void *data, size_t len, size_t *consumed);

/** Deliver a last line that has no line end. @return as maillog_stream_feed(); after a pause or an abort call it again,
 *  until it returns MAILLOG_OK, to get what still waits. */
MAILLOG_API int maillog_stream_finish(maillog_stream *s);

#ifdef __cplusplus
}
#endif

#endif
