/* duck.h: a log into DuckDB's tables, by way of Arrow streams. DuckDB's library is opened at run time: nothing is
 * linked to it. Functions give 0, or something else after they said on stderr what the trouble is. */
#ifndef DUCK_H
#define DUCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* First of all, once: the path of libduckdb.so, or its name for the loader. */
int duck_load(const char *library);

typedef struct duck_database {
    void *database, *connection;
} duck_database;

int duck_open(duck_database *db, const char *path); /* a file, or ":memory:" */
void duck_close(duck_database *db);                 /* also one that could not be opened */
int duck_query(const duck_database *db, const char *sql, bool print);

typedef struct duck_log {
    const char *text; /* at most INT32_MAX bytes */
    size_t len;
    int64_t reference;    /* seconds since 1970: a stamp without a year is of the one nearest to it */
    int32_t utc_offset;   /* seconds east of UTC, of stamps that name no zone */
    uint64_t join_memory; /* 0: 64 MiB */
} duck_log;

/* The table is made anew. Text of events stays where it is until DuckDB takes it: the columns are views of the log. */
int duck_fill_events(const duck_database *db, const duck_log *log);
int duck_fill_messages(const duck_database *db, const duck_log *log);

#endif
