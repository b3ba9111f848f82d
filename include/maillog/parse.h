/* maillog/parse.h: one line in, one event out. Pure and reentrant: any thread, no state but what the caller keeps. */
#ifndef MAILLOG_PARSE_H
#define MAILLOG_PARSE_H

#include <maillog/event.h>

#ifdef __cplusplus
extern "C" {
#endif

/** What one who has single lines may keep from one to the next: the last stamp and the last hosts, which need not be
 *  read anew where the next line has the same. Events are the same with it and without. Public size, private content.
 *  Zero every byte before the first line. One per thread; it may be copied and moved; nothing to free. A stream and a
 *  batch keep the same by themselves. */
typedef struct maillog_memo {
    uint64_t private_[64];
} maillog_memo;

/** Options of a parse. Zero every byte (or pass NULL) for the defaults; `size` lets the struct grow. */
typedef struct maillog_options {
    size_t size;         /**< sizeof(maillog_options), or 0 for all defaults */
    const uint8_t *skip; /**< 256 bytes by maillog_daemon, or NULL: non-zero = stop after the header of this daemon */
    maillog_memo *memo;  /**< for maillog_parse_line(): of this caller's last line; or NULL */
    /** For maillog_parse_line(): the end of the buffer that the line is in, or NULL: no byte but the line's is loaded.
     *  With it, where a LF follows the line, up to 352 bytes from its beginning or 128 behind its end are loaded, so
     *  that it need not be copied first; events are the same. Another thread must not write there meanwhile. */
    const char *buffer_end;
} maillog_options;

/** Parse one line. Any bytes give a defined event; a log line is never an error.
 *  Memory: slices of `out` point into `line` and live as long as it does; nothing is copied or allocated.
 *  Thread-safe, but two threads must not share a memo. Time: linear in `len`.
 *  @param line  bytes, no NUL or LF needed; one LF or CRLF at the end is left off; NULL only if `len` is 0.
 *               Only the first UINT32_MAX bytes are looked at.
 *  @return MAILLOG_OK, or ERR_ARGUMENT if `out` is NULL, or `line` is NULL and `len` is not 0. */
MAILLOG_API int maillog_parse_line(const maillog_options *opt, const char *line, size_t len, maillog_event *out);

#ifdef __cplusplus
}
#endif

#endif
