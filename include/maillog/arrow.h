/* maillog/arrow.h: a log as a table of Apache Arrow, through its C stream interface: for DuckDB, ClickHouse, polars,
 * pandas and whatever else reads it. No dependency: the interface is three structs.
 *
 * Not part of <maillog/maillog.h>: include it where it is wanted. Text columns are views of the log itself (Utf8View),
 * so nothing is copied; with MAILLOG_ARROW_COPY they are plain Utf8, for consumers that know no views. */
#ifndef MAILLOG_ARROW_H
#define MAILLOG_ARROW_H

#include <maillog/event.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The structs as https://arrow.apache.org/docs/format/CDataInterface.html defines them. */
#ifndef ARROW_C_DATA_INTERFACE
#define ARROW_C_DATA_INTERFACE
#define ARROW_FLAG_DICTIONARY_ORDERED 1
#define ARROW_FLAG_NULLABLE 2
#define ARROW_FLAG_MAP_KEYS_SORTED 4
struct ArrowSchema {
    const char *format, *name, *metadata;
    int64_t flags, n_children;
    struct ArrowSchema **children, *dictionary;
    void (*release)(struct ArrowSchema *);
    void *private_data;
};
struct ArrowArray {
    int64_t length, null_count, offset, n_buffers, n_children;
    const void **buffers;
    struct ArrowArray **children, *dictionary;
    void (*release)(struct ArrowArray *);
    void *private_data;
};
#endif
#ifndef ARROW_C_STREAM_INTERFACE
#define ARROW_C_STREAM_INTERFACE
struct ArrowArrayStream {
    int (*get_schema)(struct ArrowArrayStream *, struct ArrowSchema *out);
    int (*get_next)(struct ArrowArrayStream *, struct ArrowArray *out);
    const char *(*get_last_error)(struct ArrowArrayStream *);
    void (*release)(struct ArrowArrayStream *);
    void *private_data;
};
#endif

/** Columns that are no fields; all others are named by their maillog_field_id. A field of kind number is an int64, of
 *  kind decimal or duration (in seconds) a double, of kind word a dictionary; all else is text. What a line does not
 *  have, or what is no such number or none of the schema's words, is null. */
enum {
    MAILLOG_ARROW_LINE = 0xFF01,   /**< "line": number of the line, int64 */
    MAILLOG_ARROW_TIME = 0xFF02,   /**< "time": timestamp in nanoseconds, UTC */
    MAILLOG_ARROW_DAEMON = 0xFF03, /**< "daemon": dictionary */
    MAILLOG_ARROW_EVENT = 0xFF04,  /**< "event": dictionary */
    MAILLOG_ARROW_MATCH = 0xFF05   /**< "match": dictionary */
};

/** maillog_arrow_config.flags */
enum { MAILLOG_ARROW_COPY = 1 /**< text as Utf8, copied, instead of Utf8View */ };

/** Where memory comes from: the library has none. `get` gives `bytes`, aligned as malloc does, or NULL; `put` takes a
 *  block back, in whichever thread the consumer releases. */
typedef struct maillog_arrow_memory {
    void *(*get)(void *user, size_t bytes);
    void (*put)(void *user, void *block);
    void *user;
} maillog_arrow_memory;

/** Zero every byte, set `memory` and `columns`. Copied; only what `daemons` and `types` point to must outlive the
 *  stream. */
typedef struct maillog_arrow_config {
    size_t size;             /**< sizeof(maillog_arrow_config) */
    const uint16_t *columns; /**< maillog_field_id or MAILLOG_ARROW_*, each once */
    size_t ncolumns;         /**< 1 to 1000 */
    maillog_arrow_memory memory;
    const uint8_t *daemons; /**< as in maillog_batch: lines to leave out */
    const uint16_t *types;
    uint32_t ntypes;
    uint32_t rows;      /**< most rows of one record batch; 0: 8192 */
    uint32_t flags;     /**< MAILLOG_ARROW_COPY */
    int32_t utc_offset; /**< seconds east of UTC, of stamps that name no zone */
    int64_t reference;  /**< seconds since 1970 near the log's time: gives stamps without a year their year */
} maillog_arrow_config;

/** Make a stream of `len` bytes of log, at most INT32_MAX. `log` must stay where it is until the stream and all that
 *  came from it are released. Bytes that are not UTF-8 become '?'. A stream belongs to one thread at a time; what it
 *  gave may be released in any other.
 *  @return MAILLOG_OK, ERR_ARGUMENT (an unknown or repeated column, too long a log, no memory functions), or
 *          ERR_NO_SPACE (`get` gave NULL). The stream's own functions return errno codes (EINVAL, ENOMEM). */
MAILLOG_API int maillog_arrow_stream(struct ArrowArrayStream *out, const char *log, size_t len,
                                     const maillog_arrow_config *config);

/** Zero every byte, set `memory`. Copied. */
typedef struct maillog_arrow_message_config {
    size_t size; /**< sizeof(maillog_arrow_message_config) */
    maillog_arrow_memory memory;
    uint64_t join_memory; /**< bytes of the join's block; 0: 64 MiB; at most 512 MiB */
    uint64_t seed[2];     /**< as in maillog_join_config: random numbers */
    uint32_t rows; /**< a record batch ends when it has as many messages; 0: 1024. The last has all that are left */
    int32_t utc_offset; /**< seconds east of UTC, of stamps that name no zone */
    int64_t reference;  /**< seconds since 1970 near the log's time: gives stamps without a year their year */
} maillog_arrow_message_config;

/** The messages of a log, joined and explained, as they end: a struct with what maillog_message_json() writes, under
 * the same names. Recipients, notifications, checks, links, legs and faults are lists of structs, queue_ids and lines
 * lists; texts are Utf8, numbers int64, `delay` and `ms` doubles, times timestamps in nanoseconds; what JSON leaves out
 * is null or false. Settings behind checks are not among them. `log` must stay where it is until the stream is
 * released; record batches keep nothing of it. Memory, threads and return as maillog_arrow_stream(). */
MAILLOG_API int maillog_arrow_message_stream(struct ArrowArrayStream *out, const char *log, size_t len,
                                             const maillog_arrow_message_config *config);

#ifdef __cplusplus
}
#endif

#endif
