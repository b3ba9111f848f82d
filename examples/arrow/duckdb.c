/* duckdb.c: a mail log into two DuckDB tables, events and messages (duck.c).
 *
 *   duckdb LIBDUCKDB.SO LOG DATABASE ["SELECT … FROM events", or messages] */
#include "duck.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static char *read_all(const char *path, size_t *len)
{
    FILE *f = fopen(path, "rb");
    if (!f || fseek(f, 0, SEEK_END) != 0) return NULL;
    const long size = ftell(f);
    char *text = size >= 0 ? malloc((size_t)size + 1) : NULL;
    rewind(f);
    *len = text ? fread(text, 1, (size_t)size, f) : 0;
    fclose(f);
    return text;
}

int main(int argc, char **argv)
{
    duck_database db;
    duck_log log = {0};
    if (argc < 4) return fprintf(stderr, "usage: duckdb LIBDUCKDB.SO LOG DATABASE [SQL]\n"), 2;
    if (duck_load(argv[1])) return 1;
    char *text = read_all(argv[2], &log.len);
    if (!text) return perror(argv[2]), 1;
    log.text = text;
    log.reference = time(NULL);
    int rc = duck_open(&db, argv[3]) || duck_fill_events(&db, &log) || duck_fill_messages(&db, &log);
    const char *sql = "SELECT daemon, event, count(*) FROM events GROUP BY ALL ORDER BY 3 DESC, 1, 2";
    rc = rc || duck_query(&db, argc > 4 ? argv[4] : sql, true);
    duck_close(&db);
    free(text);
    return rc != 0;
}
