/* duckdb.c: a mail log into two DuckDB tables, events and messages.
 *
 *   duckdb LIBDUCKDB.SO LOG DATABASE [STATEMENT… "SELECT … FROM events", or messages]
 *   duckdb --time LIBDUCKDB.SO LOG COLUMNS     only events, into memory: what it takes of the processor */
#include "duck.h"
#include "log_table.h"
#include "read_all.h"

#include <maillog/base.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static int fill_events(const duck_database *db, const log_table *log, size_t columns)
{
    struct ArrowArrayStream stream;
    return log_table_events(&stream, log, false, columns) != MAILLOG_OK || duck_fill(db, "events", &stream);
}

static int fill_messages(const duck_database *db, const log_table *log)
{
    struct ArrowArrayStream stream;
    return log_table_messages(&stream, log) != MAILLOG_OK || duck_fill(db, "messages", &stream);
}

/* As text, all of it: the C API's quick way to a value knows no ENUM. */
static int show(const duck_database *db, const char *select)
{
    static const char before[] = "SELECT COLUMNS(*)::VARCHAR FROM (", after[] = ")";
    const size_t room = sizeof before + strlen(select) + sizeof after;
    char *const sql = (char *)malloc(room);
    if (!sql) return 1;
    snprintf(sql, room, "%s%s%s", before, select, after);
    const int rc = duck_query(db, sql, true);
    free(sql);
    return rc;
}

static int tables(const log_table *log, const char *path, char **sql, int n)
{
    duck_database db;
    int rc = duck_open(&db, path) || fill_events(&db, log, 0) || fill_messages(&db, log);
    for (int i = 0; !rc && i + 1 < n; i++) rc = duck_query(&db, sql[i], false);
    if (!rc && n) rc = show(&db, sql[n - 1]);
    if (!rc && !n) rc = show(&db, "SELECT daemon, event, count(*) FROM events GROUP BY ALL ORDER BY 3 DESC, 1, 2");
    duck_close(&db);
    return rc;
}

static int measure(const log_table *log, size_t columns)
{
    duck_database db;
    size_t lines = 0;
    for (size_t i = 0; i < log->len; i++) lines += log->text[i] == '\n';
    int rc = duck_open(&db, ":memory:");
    const clock_t begun = clock();
    rc = rc || fill_events(&db, log, columns);
    const double seconds = (double)(clock() - begun) / CLOCKS_PER_SEC;
    duck_close(&db);
    if (!rc) printf("%.0f ns an event, with %zu columns\n", seconds * 1e9 / (double)(lines ? lines : 1), columns);
    return rc;
}

int main(int argc, char **argv)
{
    const bool time_it = argc == 5 && strcmp(argv[1], "--time") == 0;
    log_table log = {0};
    argv += time_it;
    if (argc < 4) return fprintf(stderr, "usage: duckdb LIBDUCKDB.SO LOG DATABASE [SQL…]\n"), 2;
    if (duck_load(argv[1])) return 1;
    char *text = read_all(argv[2], &log.len);
    if (!text) return perror(argv[2]), 1;
    log.text = text;
    log.reference = time(NULL);
    const int rc = time_it ? measure(&log, strtoul(argv[3], NULL, 10)) : tables(&log, argv[3], argv + 4, argc - 4);
    free(text);
    return rc != 0;
}
