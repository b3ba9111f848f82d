/* duck.c: DuckDB's library, and its queries. */
#include "duck.h"
#include "duck_api.h"
#include "library.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct duck_api duck;

int duck_load(const char *path)
{
    static const library_function rows[] = {
        {"duckdb_open", &duck.open},
        {"duckdb_connect", &duck.connect},
        {"duckdb_query", &duck.query},
        {"duckdb_result_error", &duck.result_error},
        {"duckdb_destroy_result", &duck.destroy_result},
        {"duckdb_row_count", &duck.row_count},
        {"duckdb_column_count", &duck.column_count},
        {"duckdb_value_varchar", &duck.value_varchar},
        {"duckdb_free", &duck.free},
        {"duckdb_disconnect", &duck.disconnect},
        {"duckdb_close", &duck.close},
        {"duckdb_appender_create", &duck.appender_create},
        {"duckdb_appender_column_type", &duck.appender_column_type},
        {"duckdb_appender_error", &duck.appender_error},
        {"duckdb_append_data_chunk", &duck.append_data_chunk},
        {"duckdb_appender_close", &duck.appender_close},
        {"duckdb_appender_destroy", &duck.appender_destroy},
        {"duckdb_create_data_chunk", &duck.create_data_chunk},
        {"duckdb_data_chunk_get_vector", &duck.data_chunk_get_vector},
        {"duckdb_data_chunk_set_size", &duck.data_chunk_set_size},
        {"duckdb_destroy_data_chunk", &duck.destroy_data_chunk},
        {"duckdb_vector_get_data", &duck.vector_get_data},
        {"duckdb_vector_ensure_validity_writable", &duck.vector_ensure_validity_writable},
        {"duckdb_vector_get_validity", &duck.vector_get_validity},
        {"duckdb_enum_internal_type", &duck.enum_internal_type},
        {"duckdb_destroy_logical_type", &duck.destroy_logical_type},
        {"duckdb_schema_from_arrow", &duck.schema_from_arrow},
        {"duckdb_data_chunk_from_arrow", &duck.data_chunk_from_arrow},
        {"duckdb_destroy_arrow_converted_schema", &duck.destroy_arrow_converted_schema},
        {"duckdb_error_data_message", &duck.error_data_message},
        {"duckdb_error_data_has_error", &duck.error_data_has_error}};
    return library_load(path, rows, sizeof rows / sizeof *rows);
}

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
