/* log_table.h: a log as the two tables that the examples here and `maillog export` make of it, as Arrow streams:
 * events, one row a line, and messages, one row a message, nested. */
#ifndef LOG_TABLE_H
#define LOG_TABLE_H

#include <maillog/arrow.h>

#include <stdbool.h>

typedef struct log_table {
    const char *text; /* at most INT32_MAX bytes; they stay where they are until the stream's batches are released */
    size_t len;
    int64_t reference;    /* seconds since 1970: a stamp without a year is of the one nearest to it */
    int32_t utc_offset;   /* seconds east of UTC, of stamps that name no zone */
    uint64_t join_memory; /* of messages; 0: 64 MiB */
} log_table;

/* MAILLOG_OK, or an error of the library. `copy`: text of its own, for a file; else views of the log, for DuckDB. So
 * many of the columns, the most usual first; 0: all. */
int log_table_events(struct ArrowArrayStream *out, const log_table *log, bool copy, size_t ncolumns);
int log_table_messages(struct ArrowArrayStream *out, const log_table *log);

#endif
