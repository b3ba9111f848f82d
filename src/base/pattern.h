/* pattern.h: statements that are literal text with a few values, as rows of a table.
 *
 * A row's text is what the daemon's own format string says, with a conversion where a value stands:
 *   %s  text up to the first occurrence of the literal that follows (or to the end)
 *   %S  text up to the LAST occurrence of the literal that follows
 *   %w  like %s, but without blanks and not empty
 *   %t  like %s, split into a table's type and name (two fields): at ":/", or at the first ':'
 *   %d  digits          %f  decimal number, sign and fraction allowed
 *   %q  a queue ID      %a  <address>, without the <>; quoted local parts are honoured
 *   %c  name[addr] or name[addr]:port of a client: CLIENT_NAME, CLIENT_ADDR, CLIENT_PORT
 *   %p  [addr]:port of a client: CLIENT_ADDR, CLIENT_PORT
 *   %r  host[addr]:port or host[path] of a next hop: RELAY_NAME, RELAY_ADDR, RELAY_PORT or RELAY_PATH
 *   %(…%)  an optional end; must be the last thing in the row; may hold conversions
 *   %%  a percent sign
 * %s %S %w %d %f %q %a take the next id (%t two) of `field`; %c %p %r bring their own. A row matches only if it covers
 * the whole text. There is no backtracking: a row costs time linear in the text.
 *
 * A table is sorted by the literal before the first conversion (bytewise; a test checks it), so that few rows are
 * tried: those whose literal the text begins with, longest first; of equal ones, in the order of the table. Rows that
 * begin with a conversion stand first and are tried last, in the order of the table.
 *
 * Where all statements of a table begin with the same value (`%w: no regexp`, a table or function name), the table has
 * a `lead`: every row begins with it, and the rows are sorted and found by the literal that stands behind it. */
#ifndef MAILLOG_PATTERN_H
#define MAILLOG_PATTERN_H

#include "cursor.h"

#define ML_PATTERN_FIELDS 8

typedef struct ml_pattern {
    uint16_t event;                    /* maillog_event_type */
    uint16_t field[ML_PATTERN_FIELDS]; /* maillog_field_id for the conversions, in their order */
    const char *text;
} ml_pattern;

typedef struct ml_patterns {
    const ml_pattern *row;
    size_t count;
    const char *name; /* for the test that checks the order */
    const char *lead; /* what all rows begin with: one %w or %s and a literal; NULL: nothing in common */
} ml_patterns;

/* `ML_PATTERN_ROWS(name) = { {event, {fields}, "text"}, … };` then `ML_PATTERN_TABLE(name);` defines `name`. */
#define ML_PATTERN_ROWS(table) static const ml_pattern table##_rows[]
#define ML_PATTERN_TABLE(table) ML_PATTERN_TABLE_LEAD(table, NULL)
#define ML_PATTERN_TABLE_LEAD(table, lead)                                                                             \
    const ml_patterns table = {table##_rows, sizeof table##_rows / sizeof *table##_rows, #table, lead}

/* Match the whole of `text`; on success the fields and the event are written. */
bool maillog__match_patterns(ml_line *l, const ml_patterns *table, ml_cur text);

/* The same with the first of several tables that has a row for it; what their leads share is searched for once. */
bool maillog__match_tables(ml_line *l, const ml_patterns *const *table, size_t count, ml_cur text);

#endif
