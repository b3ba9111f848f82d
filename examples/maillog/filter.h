/* filter.h: which lines can matter at all, known before they are parsed, so that the others cost next to nothing. It
 * may let lines through that do not matter in the end; it never keeps one away that does. */
#ifndef FILTER_H
#define FILTER_H

#include <maillog/base.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { FILTER_TYPES = 64 };

typedef struct line_filter {
    bool by_daemon, by_type;
    uint8_t daemons[256]; /* non-zero: wanted */
    uint16_t types[FILTER_TYPES];
    size_t ntypes;
    const char *text; /* a line that matters has this text; NULL: not known */
    size_t len;
} line_filter;

/* Lines that pass both; lines that pass one of them. */
void filter_both(line_filter *f, const line_filter *other);
void filter_either(line_filter *f, const line_filter *other);
bool filter_any(const line_filter *f);

#endif
