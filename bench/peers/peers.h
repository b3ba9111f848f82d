/* peers.h: what a line's values are, for all who look for them. */
#ifndef PEERS_H
#define PEERS_H

#include "../paired.h"

enum { HEAD = 4, FIELDS = 24 }; /* HEAD: stamp, host, program, pid */

/* A kind of line, see kinds.txt. */
typedef struct kind {
    const char *name, *program, *pattern;
    size_t nfields;
    const char *field[FIELDS - HEAD];
} kind;

extern const kind peer_kinds[];
extern const size_t peer_nkinds;
extern const char peer_header_pattern[], peer_rules[];

typedef struct span {
    uint32_t off, len; /* len 0: the line has no such value */
} span;

typedef struct row {
    size_t kind, n; /* kind 0: none, and no values */
    span f[FIELDS];
} row;

/* The values of the line that begins at `line`; the beginning of the next. The last byte of the text is a line end. */
typedef const char *row_reader(const char *line, const char *end, row *r);
row_reader scan_row, pcre2_row;
/* All lines of the text; what a bench does with a row is the same for all. */
found way_rows(const bench_log *t, row_reader *read);

void pcre2_start(void);
void pcre2_end(void);
void lognorm_start(void);
void lognorm_end(void);
found way_lognorm(const bench_log *t);
/* Does liblognorm find the values that are in `want`? It gives no places, but copies. */
int lognorm_agrees(const char *line, size_t len, const row *want);

#endif
