/* duck.c: DuckDB's library, and a log's Arrow streams into its tables. What is used of its C API is declared here, so
 * that this builds without it. (duckdb_arrow_scan() is not used: it pushes projections into a stream that cannot do
 * them.) */
#include "duck.h"

#include <maillog/arrow.h>

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct duck_result {
    uint64_t deprecated[4];
    char *error;
    void *internal;
} duck_result;

/* duckdb.h's functions, by their names there */
static struct {
    int (*open)(const char *path, void **database);
    int (*connect)(void *database, void **connection);
    int (*query)(void *connection, const char *sql, duck_result *out);
    const char *(*result_error)(duck_result *);
    void (*destroy_result)(duck_result *);
    uint64_t (*row_count)(duck_result *);
    uint64_t (*column_count)(duck_result *);
    char *(*value_varchar)(duck_result *, uint64_t column, uint64_t row);
    void (*free)(void *);
    int (*appender_create)(void *connection, const char *schema, const char *table, void **appender);
    int (*append_data_chunk)(void *appender, void *chunk);
    int (*appender_destroy)(void **appender);
    void *(*schema_from_arrow)(void *connection, struct ArrowSchema *schema, void **out);
    void *(*data_chunk_from_arrow)(void *connection, struct ArrowArray *array, void *converted, void **chunk);
    const char *(*error_data_message)(void *error);
    unsigned char (*error_data_has_error)(void *error);
    void (*destroy_data_chunk)(void **chunk);
    void (*destroy_arrow_converted_schema)(void **converted);
    void (*disconnect)(void **connection);
    void (*close)(void **database);
} duck;

int duck_load(const char *path)
{
    static const struct {
        const char *name;
        void *function;
    } rows[] = {{"duckdb_open", &duck.open},
                {"duckdb_connect", &duck.connect},
                {"duckdb_query", &duck.query},
                {"duckdb_result_error", &duck.result_error},
                {"duckdb_destroy_result", &duck.destroy_result},
                {"duckdb_row_count", &duck.row_count},
                {"duckdb_column_count", &duck.column_count},
                {"duckdb_value_varchar", &duck.value_varchar},
                {"duckdb_free", &duck.free},
                {"duckdb_appender_create", &duck.appender_create},
                {"duckdb_append_data_chunk", &duck.append_data_chunk},
                {"duckdb_appender_destroy", &duck.appender_destroy},
                {"duckdb_schema_from_arrow", &duck.schema_from_arrow},
                {"duckdb_data_chunk_from_arrow", &duck.data_chunk_from_arrow},
                {"duckdb_error_data_message", &duck.error_data_message},
                {"duckdb_error_data_has_error", &duck.error_data_has_error},
                {"duckdb_destroy_data_chunk", &duck.destroy_data_chunk},
                {"duckdb_destroy_arrow_converted_schema", &duck.destroy_arrow_converted_schema},
                {"duckdb_disconnect", &duck.disconnect},
                {"duckdb_close", &duck.close}};
    void *lib = dlopen(path, RTLD_NOW);
    if (!lib) return fprintf(stderr, "%s\n", dlerror());
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        void *symbol = dlsym(lib, rows[i].name);
        if (!symbol) return fprintf(stderr, "%s: too old: no %s\n", path, rows[i].name);
        memcpy(rows[i].function, &symbol, sizeof symbol);
    }
    return 0;
}

static void *get(void *user, size_t bytes) { return (void)user, malloc(bytes); }
static void put(void *user, void *block) { (void)user, free(block); }

static const uint16_t columns[] = {
    MAILLOG_ARROW_LINE,        MAILLOG_ARROW_TIME,        MAILLOG_FIELD_HOST,  MAILLOG_ARROW_DAEMON,
    MAILLOG_ARROW_EVENT,       MAILLOG_FIELD_QUEUE_ID,    MAILLOG_FIELD_FROM,  MAILLOG_FIELD_TO,
    MAILLOG_FIELD_CLIENT_ADDR, MAILLOG_FIELD_STATUS,      MAILLOG_FIELD_DSN,   MAILLOG_FIELD_DELAY,
    MAILLOG_FIELD_SIZE,        MAILLOG_FIELD_RELAY,       MAILLOG_FIELD_REPLY, MAILLOG_FIELD_REASON,
    MAILLOG_FIELD_MESSAGE_ID,  MAILLOG_FIELD_CLIENT_NAME, MAILLOG_FIELD_HELO,  MAILLOG_FIELD_SASL_USERNAME,
    MAILLOG_FIELD_CODE};
#define RECIPIENTS                                                                                                     \
    "STRUCT(\"to\" VARCHAR, orig_to VARCHAR, queue_id VARCHAR, relay VARCHAR, status VARCHAR, dsn VARCHAR, "           \
    "reply VARCHAR, delay DOUBLE, attempts BIGINT, final STRUCT(\"by\" VARCHAR, \"user\" VARCHAR, mailbox VARCHAR, "   \
    "action VARCHAR), verdict VARCHAR, line BIGINT)[]"
static const char events_table[] =
    "CREATE OR REPLACE TABLE events (line BIGINT, time TIMESTAMPTZ, host VARCHAR, daemon VARCHAR, "
    "event VARCHAR, queue_id VARCHAR, \"from\" VARCHAR, \"to\" VARCHAR, client_addr VARCHAR, "
    "status VARCHAR, dsn VARCHAR, delay DOUBLE, size BIGINT, relay VARCHAR, reply VARCHAR, "
    "reason VARCHAR, message_id VARCHAR, client_name VARCHAR, helo VARCHAR, sasl_username VARCHAR, code BIGINT)";
static const char messages_table[] =
    "CREATE OR REPLACE TABLE messages (verdict VARCHAR, host VARCHAR, \"from\" VARCHAR, message_id VARCHAR, "
    "size BIGINT, nrcpt BIGINT, first_time TIMESTAMPTZ, last_time TIMESTAMPTZ, "
    "client STRUCT(name VARCHAR, addr VARCHAR, port VARCHAR, helo VARCHAR, proto VARCHAR, sasl_username VARCHAR, "
    "tls VARCHAR), queue_ids VARCHAR[], "
    "legs STRUCT(queue_id VARCHAR, instance VARCHAR, host VARCHAR, client_name VARCHAR, client_addr VARCHAR, "
    "\"from\" VARCHAR, size BIGINT, nrcpt BIGINT, message_id VARCHAR, removed BOOLEAN, notification BOOLEAN, "
    "lines BIGINT[])[], "
    "links STRUCT(\"from\" VARCHAR, \"to\" VARCHAR, proof VARCHAR, confidence VARCHAR, disputed BOOLEAN, "
    "lines BIGINT[])[], recipients " RECIPIENTS ", notifications " RECIPIENTS ", "
    "checks STRUCT(\"by\" VARCHAR, \"check\" VARCHAR, result VARCHAR, action VARCHAR, stage VARCHAR, code VARCHAR, "
    "dsn VARCHAR, score VARCHAR, ms DOUBLE, \"text\" VARCHAR, \"to\" VARCHAR, decided BOOLEAN, line BIGINT)[], "
    "faults STRUCT(\"by\" VARCHAR, \"text\" VARCHAR, line BIGINT)[], why VARCHAR, state VARCHAR, lines BIGINT[])";

int duck_query(const duck_database *db, const char *sql, bool print)
{
    duck_result r;
    if (duck.query(db->connection, sql, &r) != 0) {
        fprintf(stderr, "%s\n", duck.result_error(&r));
        duck.destroy_result(&r);
        return 1;
    }
    for (uint64_t row = 0; print && row < duck.row_count(&r); row++)
        for (uint64_t column = 0; column < duck.column_count(&r); column++) {
            char *value = duck.value_varchar(&r, column, row);
            printf("%s%c", value ? value : "", column + 1 < duck.column_count(&r) ? '\t' : '\n');
            duck.free(value);
        }
    duck.destroy_result(&r);
    return 0;
}

static int failed(void *error)
{
    if (!error || !duck.error_data_has_error(error)) return 0;
    return fprintf(stderr, "%s\n", duck.error_data_message(error));
}

static int append_all(void *connection, void *appender, struct ArrowArrayStream *stream)
{
    struct ArrowSchema schema;
    struct ArrowArray batch;
    void *converted = NULL;
    int rc = stream->get_schema(stream, &schema);
    if (rc || failed(duck.schema_from_arrow(connection, &schema, &converted))) return 1;
    while ((rc = stream->get_next(stream, &batch)) == 0 && batch.release) {
        void *chunk = NULL;
        rc = failed(duck.data_chunk_from_arrow(connection, &batch, converted, &chunk)) ||
             duck.append_data_chunk(appender, chunk) != 0;
        if (chunk) duck.destroy_data_chunk(&chunk);
        if (batch.release) batch.release(&batch);
        if (rc) break;
    }
    duck.destroy_arrow_converted_schema(&converted);
    if (schema.release) schema.release(&schema);
    return rc;
}

/* Into the table, and the stream is released. */
static int fill(void *connection, const char *table, struct ArrowArrayStream *stream)
{
    void *appender = NULL;
    int rc = duck.appender_create(connection, NULL, table, &appender) != 0;
    if (!rc) rc = append_all(connection, appender, stream);
    if (appender && duck.appender_destroy(&appender) != 0) rc = 1;
    stream->release(stream);
    return rc;
}

int duck_fill_events(const duck_database *db, const duck_log *log)
{
    maillog_arrow_config config;
    struct ArrowArrayStream stream;
    memset(&config, 0, sizeof config);
    config.size = sizeof config;
    config.columns = columns;
    config.ncolumns = sizeof columns / sizeof *columns;
    config.memory.get = get;
    config.memory.put = put;
    config.rows = 2048; /* DuckDB's own size of a chunk */
    config.reference = log->reference;
    config.utc_offset = log->utc_offset;
    return duck_query(db, events_table, false) ||
           maillog_arrow_stream(&stream, log->text, log->len, &config) != MAILLOG_OK ||
           fill(db->connection, "events", &stream);
}

int duck_fill_messages(const duck_database *db, const duck_log *log)
{
    maillog_arrow_message_config config;
    struct ArrowArrayStream stream;
    memset(&config, 0, sizeof config);
    config.size = sizeof config;
    config.memory.get = get;
    config.memory.put = put;
    config.join_memory = log->join_memory;
    config.reference = log->reference;
    config.utc_offset = log->utc_offset;
    return duck_query(db, messages_table, false) ||
           maillog_arrow_message_stream(&stream, log->text, log->len, &config) != MAILLOG_OK ||
           fill(db->connection, "messages", &stream);
}

int duck_open(duck_database *db, const char *path)
{
    db->database = db->connection = NULL;
    if (duck.open(path, &db->database) == 0 && duck.connect(db->database, &db->connection) == 0) return 0;
    return fprintf(stderr, "%s: DuckDB cannot open it\n", path);
}

void duck_close(duck_database *db)
{
    duck.disconnect(&db->connection);
    duck.close(&db->database);
}
