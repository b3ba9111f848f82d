/* chdb.c: a mail log into tables of ClickHouse, by its library chDB, which reads Arrow streams itself. What is used of
 * its C API (chdb.h) is declared here, so that this builds without it.
 *
 *   chdb LIBCHDB.SO LOG "SELECT … FROM events", or messages … */
#include "library.h"
#include "log_table.h"
#include "read_all.h"

#include <maillog/base.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef struct chdb_handle {
    void *internal;
} chdb_handle;

static struct {
    chdb_handle **(*connect)(int argc, char **argv);
    void (*close_conn)(chdb_handle **);
    chdb_handle *(*query)(chdb_handle *connection, const char *sql, const char *format);
    const char *(*result_error)(chdb_handle *);
    char *(*result_buffer)(chdb_handle *);
    size_t (*result_length)(chdb_handle *);
    void (*destroy_query_result)(chdb_handle *);
    int (*arrow_scan)(chdb_handle *connection, const char *name, struct ArrowArrayStream *);
    int (*arrow_unregister_table)(chdb_handle *connection, const char *name);
} chdb;

static int load(const char *path)
{
    static const library_function rows[] = {{"chdb_connect", &chdb.connect},
                                            {"chdb_close_conn", &chdb.close_conn},
                                            {"chdb_query", &chdb.query},
                                            {"chdb_result_error", &chdb.result_error},
                                            {"chdb_result_buffer", &chdb.result_buffer},
                                            {"chdb_result_length", &chdb.result_length},
                                            {"chdb_destroy_query_result", &chdb.destroy_query_result},
                                            {"chdb_arrow_scan", &chdb.arrow_scan},
                                            {"chdb_arrow_unregister_table", &chdb.arrow_unregister_table}};
    return library_load(path, rows, sizeof rows / sizeof *rows);
}

static int query(chdb_handle *connection, const char *sql)
{
    chdb_handle *const result = chdb.query(connection, sql, "TSV");
    const char *const error = chdb.result_error(result);
    if (error)
        fprintf(stderr, "%s\n", error);
    else
        fwrite(chdb.result_buffer(result), 1, chdb.result_length(result), stdout);
    chdb.destroy_query_result(result);
    return error != NULL;
}

/* A stream is read once: into a table in memory. */
static int fill(chdb_handle *connection, const char *table, struct ArrowArrayStream *stream)
{
    char sql[200];
    snprintf(sql, sizeof sql, "CREATE TABLE %s ENGINE = Memory AS SELECT * FROM arrowstream('stream')", table);
    int rc = chdb.arrow_scan(connection, "stream", stream);
    if (rc) fprintf(stderr, "%s: the stream is not taken\n", table);
    rc = rc || query(connection, sql);
    chdb.arrow_unregister_table(connection, "stream");
    if (stream->release) stream->release(stream);
    return rc;
}

static int fill_both(chdb_handle *connection, const log_table *log)
{
    struct ArrowArrayStream stream;
    if (log_table_events(&stream, log, false, 0) != MAILLOG_OK || fill(connection, "events", &stream)) return 1;
    return log_table_messages(&stream, log) != MAILLOG_OK || fill(connection, "messages", &stream);
}

int main(int argc, char **argv)
{
    char *none[] = {argv[0], NULL};
    log_table log = {0};
    if (argc < 4) return fprintf(stderr, "usage: chdb LIBCHDB.SO LOG SQL…\n"), 2;
    if (load(argv[1])) return 1;
    char *const text = read_all(argv[2], &log.len);
    chdb_handle **const connection = chdb.connect(1, none);
    if (!text || !connection) return perror(argv[2]), 1;
    log.text = text;
    log.reference = time(NULL);
    int rc = fill_both(*connection, &log);
    for (int i = 3; !rc && i < argc; i++) rc = query(*connection, argv[i]);
    chdb.close_conn(connection);
    free(text);
    return rc;
}
