/* ipc.h: an Arrow C stream as an Arrow IPC file, or as an IPC stream: what polars, pandas, R, DuckDB, ClickHouse and
 * apache-arrow of any language read. */
#ifndef IPC_H
#define IPC_H

#include <maillog/arrow.h>

#include <stdbool.h>
#include <stdio.h>

/* All of the stream, which is released. `file`: the file format, which has an index at its end; else the stream format,
 * for pipes. Types: int64, double, bool, timestamps, Utf8, lists, structs, and dictionaries of Utf8; a dictionary stays
 * the same from batch to batch. NULL, or what the trouble is. */
const char *ipc_write(FILE *out, struct ArrowArrayStream *stream, bool file);

#endif
