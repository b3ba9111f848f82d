/* utf8.h: what is UTF-8 and what is not (RFC 3629: no surrogates, nothing overlong). */
#ifndef MAILLOG_UTF8_H
#define MAILLOG_UTF8_H

#include <stddef.h>

/* Length of the valid sequence of two bytes and more at p, 0 for a byte that begins none. */
static inline size_t ml_utf8_len(const unsigned char *p, size_t left)
{
    static const struct {
        unsigned char first_lo, first_hi, second_lo, second_hi, len;
    } rows[] = {
        {0xC2, 0xDF, 0x80, 0xBF, 2}, {0xE0, 0xE0, 0xA0, 0xBF, 3}, {0xE1, 0xEC, 0x80, 0xBF, 3},
        {0xED, 0xED, 0x80, 0x9F, 3}, {0xEE, 0xEF, 0x80, 0xBF, 3}, {0xF0, 0xF0, 0x90, 0xBF, 4},
        {0xF1, 0xF3, 0x80, 0xBF, 4}, {0xF4, 0xF4, 0x80, 0x8F, 4},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (p[0] < rows[i].first_lo || p[0] > rows[i].first_hi) continue;
        if (left < rows[i].len || p[1] < rows[i].second_lo || p[1] > rows[i].second_hi) return 0;
        for (size_t k = 2; k < rows[i].len; k++)
            if ((p[k] & 0xC0) != 0x80) return 0;
        return rows[i].len;
    }
    return 0;
}

#endif
