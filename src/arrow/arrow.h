/* arrow.h: what the files of src/arrow share. stream.c: events; messages.c, message_table.c: messages; dictionary.c:
 * the schema's words; fill.c: cells into buffers; block.c: memory, in blocks of the caller's. */
#ifndef MAILLOG_ARROW_INTERNAL_H
#define MAILLOG_ARROW_INTERNAL_H

#include <maillog/arrow.h>
#include <maillog/batch.h>
#include <maillog/time.h>

#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>

/* One block from the caller. Whoever has a piece of it holds it; the last one to drop it gives it back. */
typedef struct ml_block {
    _Atomic uint32_t held;
    maillog_arrow_memory memory;
    struct ml_block *keeps; /* another block that must live as long; NULL: none */
} ml_block;

/* errno's, which the interface wants: the library includes no errno.h */
enum { ARROW_ENOMEM = 12, ARROW_EINVAL = 22 };

/* block.c. A block of zeroes, held once; NULL: no memory. */
ml_block *maillog__block_get(const maillog_arrow_memory *memory, size_t bytes, ml_block *keeps);
void maillog__block_drop(ml_block *b);
/* Set up, to be released with its children; it holds the block. */
void maillog__schema_set(struct ArrowSchema *s, ml_block *b, const char *format, const char *name, int64_t flags);
void maillog__array_set(struct ArrowArray *array, ml_block *b, int64_t length, const void **buffers, int64_t n);
static inline void ml_block_hold(ml_block *b) { atomic_fetch_add_explicit(&b->held, 1, memory_order_relaxed); }

/* What `bytes` take in a block, so that what follows is aligned for anything that stands in one. */
static inline size_t ml_room(size_t bytes) { return (bytes + 63) & ~(size_t)63; }

static inline void *ml_carve(char **at, size_t bytes)
{
    char *const p = *at;
    *at += ml_room(bytes);
    return p;
}

typedef enum ml_column_kind { ML_COLUMN_TEXT, ML_COLUMN_INT, ML_COLUMN_DOUBLE, ML_COLUMN_WORD } ml_column_kind;

/* The words of a column that has a dictionary: index_of[id] - 1 is the place, 0: none. */
typedef struct ml_dictionary {
    const uint16_t *index_of;
    uint32_t ids, count;
    const int32_t *offset; /* count + 1 */
    const char *text;
} ml_dictionary;

enum { ML_DAEMONS, ML_EVENTS, ML_MATCHES, ML_WORDS, ML_DICTIONARIES };

typedef struct ml_column {
    uint16_t id;
    uint8_t kind; /* ml_column_kind */
    uint8_t dictionary;
    const char *format, *name;
} ml_column;

/* The day of the last stamp: most lines are of the same. */
typedef struct ml_day {
    maillog_time midnight;
    int64_t begin; /* midnight, in nanoseconds since 1970 */
    bool whole;    /* all of the day is of one year, so the rest is addition */
} ml_day;

typedef struct ml_arrow {
    ml_block block;
    const char *log;
    size_t len, at;
    uint64_t line; /* lines so far */
    maillog_arrow_config config;
    maillog_zone zone;
    ml_day day;
    ml_column *column;
    uint16_t *column_of; /* by field id: column + 1 */
    maillog_batch_event *event;
    maillog_field *field;
    uint32_t *seen; /* by column: the last row it had a value for, + 1 */
    size_t *bytes;  /* by column: text to be copied */
    bool *plain;    /* by row: its line is ASCII, so that no text of it need be looked at */
    uint32_t rows, field_rows;
    ml_dictionary dictionary[ML_DICTIONARIES];
    const char *error;
} ml_arrow;

/* How much memory the dictionaries take, and making them there; returns past it. */
size_t maillog__dictionaries_size(void);
char *maillog__dictionaries_make(ml_dictionary out[ML_DICTIONARIES], char *memory);

/* Where a column's cells of one record batch go. */
typedef struct ml_cells {
    uint8_t *valid;
    void *value;   /* int64, double, int32, views, or offsets */
    char *text;    /* copied text */
    size_t text_n; /* … so far */
    int64_t nulls;
    int64_t *sizes; /* of the two buffers that views point into */
} ml_cells;

/* Copy, with '?' for each byte that is not UTF-8. */
void maillog__arrow_copy_text(char *to, const char *p, size_t n);
bool maillog__arrow_read_double(const char *p, size_t n, double *out);
/* As maillog_time_to_epoch(); `zone` must be a fixed one, and the same for each call with a day, as the reference. */
bool maillog__arrow_time(ml_day *day, const maillog_time *t, int64_t reference, const maillog_zone *zone, int64_t *ns);

/* Count the text that must be copied, column by column. */
void maillog__arrow_measure(ml_arrow *a, const maillog_batch *b);
void maillog__arrow_fill(ml_arrow *a, const maillog_batch *b, ml_cells *cells);

#endif
