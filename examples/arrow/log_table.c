/* log_table.c: the columns of the table of events, and where memory comes from: malloc(). */
#include "log_table.h"

#include <stdlib.h>
#include <string.h>

static void *get(void *user, size_t bytes) { return (void)user, malloc(bytes); }
static void put(void *user, void *block) { (void)user, free(block); }

static const uint16_t columns[] = {
    MAILLOG_ARROW_LINE,        MAILLOG_ARROW_TIME,        MAILLOG_FIELD_HOST,  MAILLOG_ARROW_DAEMON,
    MAILLOG_ARROW_EVENT,       MAILLOG_FIELD_QUEUE_ID,    MAILLOG_FIELD_FROM,  MAILLOG_FIELD_TO,
    MAILLOG_FIELD_CLIENT_ADDR, MAILLOG_FIELD_STATUS,      MAILLOG_FIELD_DSN,   MAILLOG_FIELD_DELAY,
    MAILLOG_FIELD_SIZE,        MAILLOG_FIELD_RELAY,       MAILLOG_FIELD_REPLY, MAILLOG_FIELD_REASON,
    MAILLOG_FIELD_MESSAGE_ID,  MAILLOG_FIELD_CLIENT_NAME, MAILLOG_FIELD_HELO,  MAILLOG_FIELD_SASL_USERNAME,
    MAILLOG_FIELD_CODE};

int log_table_events(struct ArrowArrayStream *out, const log_table *log, bool copy, size_t ncolumns)
{
    const size_t all = sizeof columns / sizeof *columns;
    maillog_arrow_config config;
    memset(&config, 0, sizeof config);
    config.size = sizeof config;
    config.columns = columns;
    config.ncolumns = ncolumns && ncolumns < all ? ncolumns : all;
    config.memory.get = get;
    config.memory.put = put;
    config.rows = copy ? 16384 : 2048; /* DuckDB's vectors have so many */
    config.flags = copy ? MAILLOG_ARROW_COPY : 0;
    config.reference = log->reference;
    config.utc_offset = log->utc_offset;
    return maillog_arrow_stream(out, log->text, log->len, &config);
}

int log_table_messages(struct ArrowArrayStream *out, const log_table *log)
{
    maillog_arrow_message_config config;
    memset(&config, 0, sizeof config);
    config.size = sizeof config;
    config.memory.get = get;
    config.memory.put = put;
    config.join_memory = log->join_memory;
    config.reference = log->reference;
    config.utc_offset = log->utc_offset;
    return maillog_arrow_message_stream(out, log->text, log->len, &config);
}
