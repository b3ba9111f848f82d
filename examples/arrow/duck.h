/* duck.h: Arrow streams into DuckDB's tables. DuckDB's library is opened at run time: nothing is linked to it.
 * Functions give 0, or something else after they said on stderr what the trouble is. */
#ifndef DUCK_H
#define DUCK_H

#include <maillog/arrow.h>

#include <stdbool.h>

/* First of all, once: the path of libduckdb.so, or its name for the loader. */
int duck_load(const char *library);

typedef struct duck_database {
    void *database, *connection;
} duck_database;

int duck_open(duck_database *db, const char *path); /* a file, or ":memory:" */
void duck_close(duck_database *db);                 /* also one that could not be opened */
int duck_query(const duck_database *db, const char *sql, bool print);

/* The table is made anew, as the stream's schema has it, and the stream is read to its end and released. Text stays
 * where it is until DuckDB takes it: where the stream's text is views of the log, nothing is copied before that. */
int duck_fill(const duck_database *db, const char *table, struct ArrowArrayStream *stream);

#endif
