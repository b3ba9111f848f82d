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
 * begin with a conversion, or whose literal is shorter than four bytes, stand first and are tried last, in the order of
 * the table: then what begins otherwise than all others do is known after one look.
 *
 * Where all statements of a table begin with the same values (`%w: no regexp`, a table or function name), the table has
 * a `lead`: every row begins with it, and the rows are sorted and found by the literal that stands behind it. */
#ifndef MAILLOG_PATTERN_H
#define MAILLOG_PATTERN_H

#include "cursor.h"

#define ML_PATTERN_FIELDS 8
#define ML_PATTERN_SHORTEST 4 /* of the literals that rows are found by */

typedef struct ml_pattern {
    uint16_t event;                    /* maillog_event_type */
    uint16_t field[ML_PATTERN_FIELDS]; /* maillog_field_id for the conversions, in their order */
    uint16_t len;                      /* of the text */
    const char *text;
    uint64_t key, next; /* of the literal that the row is found by; of what that goes on with */
} ml_pattern;

/* The first eight bytes of the literal that begins at `from`, the first one highest, 0 for those past its end: the
 * order of these numbers is that of the rows. 0 for a literal shorter than four. A constant. */
#define ML_PATTERN_KEY_OF(text, at, shift, rest)                                                                       \
    (ML_KEY_BYTE(text, at) == '%' ? 0 : ML_KEY_BYTE(text, at) << (shift) | (rest))
#define ML_PATTERN_KEY_END(text, at)                                                                                   \
    ML_PATTERN_KEY_OF(                                                                                                 \
        text, at, 24,                                                                                                  \
        ML_PATTERN_KEY_OF(text, (at) + 1, 16,                                                                          \
                          ML_PATTERN_KEY_OF(text, (at) + 2, 8, ML_PATTERN_KEY_OF(text, (at) + 3, 0, UINT64_C(0)))))
#define ML_PATTERN_IS_SHORT(text, from)                                                                                \
    (ML_KEY_BYTE(text, from) == '%' || ML_KEY_BYTE(text, (from) + 1) == '%' || ML_KEY_BYTE(text, (from) + 2) == '%' || \
     ML_KEY_BYTE(text, (from) + 3) == '%' || ML_KEY_BYTE(text, (from) + 3) == '\0')
#define ML_PATTERN_KEY(text, from) (ML_PATTERN_IS_SHORT(text, from) ? 0 : ML_PATTERN_WHOLE_KEY(text, from))
#define ML_PATTERN_WHOLE_KEY(text, from)                                                                               \
    ML_PATTERN_KEY_OF(text, from, 56,                                                                                  \
                      ML_PATTERN_KEY_OF(text, (from) + 1, 48,                                                          \
                                        ML_PATTERN_KEY_OF(text, (from) + 2, 40,                                        \
                                                          ML_PATTERN_KEY_OF(text, (from) + 3, 32,                      \
                                                                            ML_PATTERN_KEY_END(text, (from) + 4)))))

/* The same for the eight bytes behind them; 0 where the literal has no more. A constant. */
#define ML_PATTERN_NEXT(text, from)                                                                                    \
    (ML_PATTERN_ENDS(text, from) || ML_PATTERN_ENDS(text, (from) + 4) ? 0 : ML_PATTERN_WHOLE_KEY(text, (from) + 8))
#define ML_PATTERN_ENDS(text, from)                                                                                    \
    (ML_KEY_BYTE(text, from) == '%' || ML_KEY_BYTE(text, (from) + 1) == '%' || ML_KEY_BYTE(text, (from) + 2) == '%' || \
     ML_KEY_BYTE(text, (from) + 3) == '%')

/* The end of a row: its text, and its keys. The lead of the table, where it has one. */
#define ML_TEXT(text) ML_TEXT_BEHIND("", text)
#ifndef ML_TEXT_BEHIND /* scripts/analyse.sh has one without the keys for a tool that takes hours over them */
#define ML_TEXT_BEHIND(lead, text)                                                                                     \
    sizeof(text) - 1, text, ML_PATTERN_KEY(text, sizeof(lead) - 1), ML_PATTERN_NEXT(text, sizeof(lead) - 1)
#endif

typedef struct ml_patterns {
    const ml_pattern *row;
    size_t count;
    const char *name; /* for the test that checks the order */
    const char *lead; /* what all rows begin with: values, each with a literal behind it; "": nothing in common */
    size_t lead_len;
} ml_patterns;

/* `ML_PATTERN_ROWS(name) = { {event, {fields}, ML_TEXT("text")}, … };` then `ML_PATTERN_TABLE(name);` defines `name`.
 */
#define ML_PATTERN_ROWS(table) static const ml_pattern table##_rows[]
#define ML_PATTERN_TABLE(table) ML_PATTERN_TABLE_LEAD(table, "")
#define ML_PATTERN_TABLE_LEAD(table, lead)                                                                             \
    const ml_patterns table = {table##_rows, sizeof table##_rows / sizeof *table##_rows, #table, lead, sizeof(lead) - 1}

/* Match the whole of `text`; on success the fields and the event are written. */
bool maillog__match_patterns(ml_line *l, const ml_patterns *table, ml_cur text);

/* The same with a table that has a lead, for a text that goes on at `behind` behind it. */
bool maillog__match_behind(ml_line *l, const ml_patterns *table, ml_cur text, const char *behind);

/* What tables had for a text: for each that was asked, the rows whose literal the text begins with, and an entry of
 * length 0 behind them. A grammar that reads the beginning of the text once more, without what it took for a later
 * Postfix's part, has `again` set meanwhile: no table is searched a second time. */
typedef struct ml_asked {
    size_t count; /* when they are all in use, what comes later is searched again */
    bool again;
    struct {
        const ml_patterns *table;
        const char *behind; /* where in the text its rows were looked for */
        uint16_t first, end;
        uint32_t len; /* of their literal */
    } row[20];
} ml_asked;

/* Match with the first of several tables that has a row for the text. */
bool maillog__match_tables(ml_line *l, const ml_patterns *const *table, size_t count, ml_cur text);

#endif
