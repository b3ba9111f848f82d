/* export.c: a log as a table in a Parquet file or a DuckDB database. DuckDB writes both; its library is opened at run
 * time, so that nobody who does not export needs it. */
#include "../arrow/duck.h"
#include "command.h"
#include "sheet.h"

#include <stdlib.h>
#include <string.h>

static struct {
    sheet text; /* all lines, for views of them */
    duck_log log;
    bool timed; /* a line with a time was seen: log has reference and offset */
    bool full;
} all;

static int keep_line(command *c, const maillog_event *ev)
{
    int64_t ns;
    if (all.text.len + ev->len >= INT32_MAX) {
        all.full = true;
        complain(c, c->output, "more than 2 GB of lines: export them in parts, with --since and --until");
        return -1;
    }
    char *line = sheet_room(&all.text, ev->len + 1);
    memcpy(line, ev->line, ev->len);
    for (char *at = line; (at = (char *)memchr(at, '\n', (size_t)(line + ev->len - at))) != NULL;)
        *at = ' '; /* JSON's */
    line[ev->len] = '\n';
    all.text.len += ev->len + 1;
    if (all.timed || !when_epoch(c, &ev->time, &ns)) return MAILLOG_CONTINUE;
    all.timed = true;
    all.log.reference = c->reference;
    all.log.utc_offset = c->zone.offset_at ? c->zone.offset_at(NULL, ns / 1000000000) : c->zone.fixed;
    return MAILLOG_CONTINUE;
}

static int fill(const command *c, const duck_database *db)
{
    return c->only_messages ? duck_fill_messages(db, &all.log) : duck_fill_events(db, &all.log);
}

/* COPY table TO 'file' (FORMAT parquet) */
static int copy_out(const command *c, const duck_database *db)
{
    sheet sql = {0};
    sheet_printf(&sql, "COPY %s TO '", c->only_messages ? "messages" : "events");
    for (const char *s = c->output; *s; s++) sheet_puts(&sql, *s == '\'' ? "''" : (const char[]){*s, '\0'});
    sheet_puts(&sql, "' (FORMAT parquet)");
    sheet_put_byte(&sql, '\0');
    const int rc = duck_query(db, sql.text, false);
    sheet_free(&sql);
    return rc;
}

static int write_table(const command *c)
{
    duck_database db;
    const bool parquet = c->to_format == EXPORT_PARQUET;
    int rc = duck_open(&db, parquet ? ":memory:" : c->output) || fill(c, &db);
    if (parquet) rc = rc || copy_out(c, &db);
    duck_close(&db);
    return rc;
}

static const char *library(const command *c)
{
    const char *env = getenv("MAILLOG_DUCKDB");
    if (c->duckdb) return c->duckdb;
    return env && *env ? env : "libduckdb.so";
}

int command_export(command *c)
{
    if (!c->output) return wrong_usage(c, "export needs --output FILE");
    if (duck_load(library(c))) {
        fputs("maillog: export needs DuckDB's library, 1.4 or later: libduckdb-linux-*.zip of duckdb.org, or npm's\n"
              "@duckdb/node-api has it; name it by --duckdb-library FILE or the environment's MAILLOG_DUCKDB\n",
              stderr);
        return 1;
    }
    c->on_event = keep_line;
    command_read(c);
    if (interrupted) return 1; /* half a log is not written over a whole one */
    sheet_room(&all.text, 1);
    all.log.text = all.text.text;
    all.log.len = all.text.len;
    all.log.join_memory = c->memory;
    if (!all.full && write_table(c)) c->status = 1;
    sheet_free(&all.text);
    return c->status;
}
