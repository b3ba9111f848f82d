/* text.h: pieces that many quick grammars read: numbers, names with addresses, `<…>`. See quick.h.
 *
 * Most look at 8, 16 or 32 bytes once where these may be loaded: no loop whose turns nobody could foretell. */
#ifndef MAILLOG_QUICK_TEXT_H
#define MAILLOG_QUICK_TEXT_H

#include "quick.h"

/* ---- looking ---- */

/* The bits of a vector whose bytes all hit. */
#define ML_ALL_HITS                                                                                                    \
    (ML_HIT_BITS == 1   ? ml_below(ML_VEC)                                                                             \
     : ML_HIT_BITS == 4 ? UINT64_C(0x1111111111111111)                                                                 \
                        : UINT64_C(0x0101010101010101))

/* What ml_quick_find_2() finds, for what mostly ends within 32 bytes. */
ML_INLINE const char *quick_find_2(const ml_quick *q, const char *p, char a, char b)
{
    const uint64_t hits = ml_mask_32(p, a, b);
    return ML_MOSTLY(hits) ? p + ml_first(hits) : ml_quick_find_2(q, p + 32, a, b);
}
ML_INLINE const char *quick_find(const ml_quick *q, const char *p, char ch) { return quick_find_2(q, p, ch, ch); }

/* Whether the literal stands at p. */
#define QUICK_AT(p, lit) ml_quick_same((p), "" lit, sizeof(lit) - 1)

/* Whether the byte is anywhere from p on. */
ML_INLINE bool quick_has(const ml_quick *q, const char *p, char ch)
{
    do {
        const uint64_t hits = ml_mask_64(p, ch);
        if (hits) return p + ml_first(hits) < q->e;
        p += 64;
    } while (p < q->e);
    return false;
}

/* Whether [p, e) are letters and `also`, or (digits) digits as well. */
ML_INLINE bool quick_is_letters(const char *p, const char *e, char also, bool digits)
{
    for (; p < e; p += ML_VEC) {
        const uint64_t hits =
            ml_hits_range(p, ' ', 'a', 25) | ml_hits(p, also) | (digits ? ml_hits_range(p, 0, '0', 9) : 0);
        if (~hits & ML_ALL_HITS && p + (ml_first(~hits & ML_ALL_HITS) >> ML_HIT_SHIFT) < e) return false;
    }
    return true;
}

/* ---- numbers ---- */

/* Past the digits at p, which may be none. */
ML_INLINE const char *quick_digits(const ml_quick *q, const char *p)
{
    const uint64_t n = ml_digits_16(p);
    return ML_MOSTLY(n <= 8) ? p + n : ml_quick_digits(p, q->e);
}

/* A text and a number; false: it is not there. */
ML_INLINE bool quick_number(ml_quick *q, const char *before, size_t n, maillog_field_id id)
{
    if (!ml_quick_same_digit(q->p, before, n)) return false;
    const char *const number = q->p + n, *const end = quick_digits(q, number);
    ml_row(q, id, number, end);
    q->p = end;
    return true;
}
#define QUICK_NUMBER(q, before, NAME) quick_number((q), before, sizeof(before) - 1, MAILLOG_FIELD_##NAME)

/* Where the runs of digits end in the 64 bytes from `at` on, at which none is; those that were taken are out of it. */
typedef struct quick_numbers {
    const char *at;
    uint64_t ends;
} quick_numbers;

/* ` key=N`, where many of these stand one after the other, with no digit in a key: true if it is there. */
ML_INLINE bool quick_next_number(ml_quick *q, quick_numbers *n, const char *before, size_t len, maillog_field_id id)
{
    if (ML_VEC < 32) return quick_number(q, before, len, id); /* less than looking at 64 bytes */
    if (!ml_quick_same_digit(q->p, before, len)) return false;
    if (ML_RARELY(!n->ends)) {
        const uint64_t digits = ml_mask_64_digits(q->p);
        n->at = q->p;
        n->ends = digits << 1 & ~digits;
        if (!n->ends) return false;
    }
    const char *const number = q->p + len, *const end = n->at + ml_first(n->ends);
    n->ends &= n->ends - 1;
    ml_row(q, id, number, end);
    q->p = end;
    return true;
}
#define QUICK_COUNT(q, n, before, NAME) quick_next_number((q), (n), before, sizeof(before) - 1, MAILLOG_FIELD_##NAME)

/* The digits before `e`, down to `p`; before p stands more of the line. */
ML_INLINE const char *quick_digits_before(const char *p, const char *e)
{
    const uint64_t x = ml_load64(e - 8) ^ UINT64_C(0x3030303030303030), low = UINT64_C(0x7F7F7F7F7F7F7F7F);
    const uint64_t other = (x | ((x & low) + UINT64_C(0x7676767676767676))) & ~low;
    if (ML_MOSTLY(other)) return e - 7 + ml_highest(other) / 8;
    while (e > p && ml_is_digit(e[-1])) e--;
    return e;
}

/* ---- names and addresses ---- */

/* `name[addr]` or `name[addr]:port` at q->p: written; then q->p is behind it. A port `unknown` is left there. */
ML_INLINE bool quick_peer(ml_quick *q, maillog_field_id name_id, maillog_field_id addr_id, maillog_field_id port_id)
{
    const char *const name = q->p, *const open = quick_find_2(q, name, '[', ' ');
    if (open >= q->e || *open != '[') return false;
    const char *const close = ml_quick_find(q, open + 1, ']');
    if (close >= q->e) return false;
    ml_row(q, name_id, name, open);
    ml_row(q, addr_id, open + 1, close);
    q->p = close + 1;
    if (*q->p != ':') return true;
    const char *const port = q->p + 1, *const port_end = quick_digits(q, port);
    if (port_end != port) {
        ml_row(q, port_id, port, port_end);
        q->p = port_end;
    }
    return true;
}
#define QUICK_PEER(q, NAME)                                                                                            \
    quick_peer((q), MAILLOG_FIELD_##NAME##_NAME, MAILLOG_FIELD_##NAME##_ADDR, MAILLOG_FIELD_##NAME##_PORT)

ML_INLINE bool quick_client(ml_quick *q) { return QUICK_PEER(q, CLIENT); }

/* The end of the address whose '<' stands before p, where no quotes begin it: its '>', or NULL. */
ML_INLINE const char *quick_angle_end(const ml_quick *q, const char *p)
{
    const char *const close = quick_find(q, p, '>');
    return close < q->e && *p != '"' ? close : NULL;
}

#endif
