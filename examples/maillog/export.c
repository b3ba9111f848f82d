/* export.c: a log as a table: in a Parquet file or a DuckDB database, which DuckDB writes (its library is opened at run
 * time, so that nobody who does not export needs it), or in an Arrow IPC file, which is written here. */
#include "../arrow/duck.h"
#include "../arrow/ipc.h"
#include "../arrow/log_table.h"
#include "command.h"
#include "sheet.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct {
    sheet text; /* all lines, for views of them */
    log_table log;
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

static const char *table_name(const command *c) { return c->only_messages ? "messages" : "events"; }

static bool open_stream(command *c, struct ArrowArrayStream *out)
{
    const bool copy = c->to_format == EXPORT_ARROW;
    const int rc = c->only_messages ? log_table_messages(out, &all.log) : log_table_events(out, &all.log, copy, 0);
    if (rc != MAILLOG_OK) complain(c, c->output, maillog_strerror(rc));
    return rc == MAILLOG_OK;
}

/* COPY table TO 'file' (FORMAT parquet) */
static int copy_out(const command *c, const duck_database *db)
{
    sheet sql = {0};
    sheet_printf(&sql, "COPY %s TO '", table_name(c));
    for (const char *s = c->output; *s; s++) sheet_puts(&sql, *s == '\'' ? "''" : (const char[]){*s, '\0'});
    sheet_puts(&sql, "' (FORMAT parquet)");
    sheet_put_byte(&sql, '\0');
    const int rc = duck_query(db, sql.text, false);
    sheet_free(&sql);
    return rc;
}

static bool fill(command *c, const duck_database *db)
{
    struct ArrowArrayStream stream;
    return open_stream(c, &stream) && duck_fill(db, table_name(c), &stream) == 0;
}

static bool by_duckdb(command *c)
{
    duck_database db;
    const bool parquet = c->to_format == EXPORT_PARQUET;
    bool done = duck_open(&db, parquet ? ":memory:" : c->output) == 0 && fill(c, &db);
    if (parquet) done = done && copy_out(c, &db) == 0;
    duck_close(&db);
    return done;
}

/* The file format, or to standard output the stream format, which needs no end. */
static bool by_ipc(command *c)
{
    struct ArrowArrayStream stream;
    const bool to_stdout = strcmp(c->output, "-") == 0;
    if (!open_stream(c, &stream)) return false;
    FILE *const out = to_stdout ? stdout : fopen(c->output, "wb");
    if (!out) {
        stream.release(&stream);
        return complain(c, c->output, strerror(errno)), false;
    }
    const char *error = ipc_write(out, &stream, !to_stdout);
    if ((to_stdout ? fflush(out) : fclose(out)) != 0 && !error) error = strerror(errno);
    if (error) complain(c, c->output, error);
    return !error;
}

static const char *library(const command *c)
{
    const char *env = getenv("MAILLOG_DUCKDB");
    if (c->duckdb) return c->duckdb;
    return env && *env ? env : "libduckdb.so";
}

static bool has_duckdb(const command *c)
{
    if (duck_load(library(c)) == 0) return true;
    fputs("maillog: export to Parquet and DuckDB needs DuckDB's library, 1.4 or later: libduckdb-linux-*.zip of\n"
          "duckdb.org, or npm's @duckdb/node-api has it; name it by --duckdb-library FILE or the environment's\n"
          "MAILLOG_DUCKDB\n",
          stderr);
    return false;
}

int command_export(command *c)
{
    const bool arrow = c->to_format == EXPORT_ARROW;
    if (!c->output) return wrong_usage(c, "export needs --output FILE");
    if (!arrow && strcmp(c->output, "-") == 0) return wrong_usage(c, "only --to arrow goes to standard output");
    if (arrow && strcmp(c->output, "-") == 0 && isatty(STDOUT_FILENO))
        return wrong_usage(c, "an Arrow stream is not for a terminal");
    if (!arrow && !has_duckdb(c)) return 1;
    c->on_event = keep_line;
    command_read(c);
    if (interrupted) return 1; /* half a log is not written over a whole one */
    sheet_room(&all.text, 1);
    all.log.text = all.text.text;
    all.log.len = all.text.len;
    all.log.join_memory = c->memory;
    if (!all.full && !(arrow ? by_ipc(c) : by_duckdb(c))) c->status = 1;
    sheet_free(&all.text);
    return c->status;
}
