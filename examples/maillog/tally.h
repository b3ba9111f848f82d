/* tally.h: how often was what: rows by name, in bounded memory. */
#ifndef TALLY_H
#define TALLY_H

#include <maillog/base.h>

#include <stdbool.h>
#include <stdint.h>

enum { TALLY_KEYS = 4 };

typedef struct tally_row {
    uint64_t hash, count, bytes, deferrals;
    uint64_t delay, delay_max; /* microseconds: of all together, of the longest; whole ones, whose sum has no order */
    char *key[TALLY_KEYS];     /* as many as the table has */
} tally_row;

typedef struct tally_slot {
    uint32_t hash; /* half of the row's: most of the others are told apart without a look at them */
    uint32_t row;  /* its number + 1; 0: free */
} tally_slot;

typedef struct tally {
    size_t keys;    /* parts of a name */
    size_t also;    /* parts behind them that are kept as the first row had them */
    size_t longest; /* bytes of a part that are kept; 0: 240 */
    tally_row *rows;
    size_t n, cap;
    tally_slot *slots;
    size_t nslots;
    struct tally_text *text;  /* the keys of all rows */
    uint64_t memory, dropped; /* bytes in use; rows that had to make room: the rarest */
} tally;

/* Bytes that all tables may use together; rows beyond make room. */
void tally_limit(uint64_t memory);
/* The row of a name, made if it is not there. It lives until the next call. */
tally_row *tally_at(tally *t, const maillog_str key[TALLY_KEYS], uint64_t *hash);
/* Make the row of a name that is not there. */
tally_row *tally_new(tally *t, const maillog_str key[TALLY_KEYS], uint64_t hash);
/* The hash of the row of a name that has one part. */
uint64_t tally_hash(maillog_str name);
/* Add another table's rows to those of the same name. */
void tally_merge(tally *t, const tally *other);
/* NULL: not there (any more). */
tally_row *tally_find(tally *t, uint64_t hash);
/* A row that will be asked for soon comes into the cache: first its slot, some time later the row. */
void tally_fetch_slot(const tally *t, uint64_t hash);
void tally_fetch_row(const tally *t, uint64_t hash);
/* Seconds. */
double tally_average(const tally_row *row);
/* Rows with a count or a deferral. */
uint64_t tally_used(const tally *t);
/* Put the rows in order: by the first parts of the name, then by number, highest first. The table is only read then. */
typedef enum tally_order { TALLY_BY_COUNT, TALLY_BY_BYTES, TALLY_BY_COUNT_ALONE } tally_order;
void tally_sort(tally *t, tally_order order);
/* The same, but of rows that were counted only the first `most` are in order (0: all); of a table with one key. */
void tally_sort_first(tally *t, tally_order order, size_t most);
void tally_free(tally *t);

#endif
