/* duck_api.h: what is used of DuckDB's C API, by its names there, declared here so that this builds without DuckDB. */
#ifndef DUCK_API_H
#define DUCK_API_H

#include <maillog/arrow.h>

typedef struct duck_result {
    uint64_t deprecated[4];
    char *error;
    void *internal;
} duck_result;

/* duckdb_string_t. Up to twelve bytes stand in it, from `prefix` on. */
typedef struct duck_string {
    uint32_t len;
    char prefix[4];
    const char *text;
} duck_string;

enum { DUCK_UTINYINT = 6 }; /* of enum duckdb_type */

struct duck_api {
    int (*open)(const char *path, void **database);
    int (*connect)(void *database, void **connection);
    int (*query)(void *connection, const char *sql, duck_result *out);
    const char *(*result_error)(duck_result *);
    void (*destroy_result)(duck_result *);
    uint64_t (*row_count)(duck_result *);
    uint64_t (*column_count)(duck_result *);
    char *(*value_varchar)(duck_result *, uint64_t column, uint64_t row);
    void (*free)(void *);
    void (*disconnect)(void **connection);
    void (*close)(void **database);

    int (*appender_create)(void *connection, const char *schema, const char *table, void **appender);
    void *(*appender_column_type)(void *appender, uint64_t column);
    const char *(*appender_error)(void *appender);
    int (*append_data_chunk)(void *appender, void *chunk);
    int (*appender_close)(void *appender);
    int (*appender_destroy)(void **appender);

    void *(*create_data_chunk)(void **types, uint64_t columns);
    void *(*data_chunk_get_vector)(void *chunk, uint64_t column);
    void (*data_chunk_set_size)(void *chunk, uint64_t rows);
    void (*destroy_data_chunk)(void **chunk);
    void *(*vector_get_data)(void *vector);
    void (*vector_ensure_validity_writable)(void *vector);
    uint64_t *(*vector_get_validity)(void *vector);
    int (*enum_internal_type)(void *type);
    void (*destroy_logical_type)(void **type);

    void *(*schema_from_arrow)(void *connection, struct ArrowSchema *schema, void **out);
    void *(*data_chunk_from_arrow)(void *connection, struct ArrowArray *array, void *converted, void **chunk);
    void (*destroy_arrow_converted_schema)(void **converted);
    const char *(*error_data_message)(void *error);
    unsigned char (*error_data_has_error)(void *error);
};

extern struct duck_api duck; /* duck_load() fills it */

#endif
