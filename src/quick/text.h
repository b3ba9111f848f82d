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
    if (p - q->last_window <= 32) {
        const uint64_t hits = ml_mask_32(p, a, b);
        if (hits) return p + ml_first(hits);
        p += 32;
    }
    return ml_quick_find_2(q, p, a, b);
}
ML_INLINE const char *quick_find(const ml_quick *q, const char *p, char ch) { return quick_find_2(q, p, ch, ch); }

/* Whether the literal stands at p, in the middle of a line: where sixteen bytes may be loaded, its end is not compared
 * with that of the line. So it may reach over that, by what stands there; whatever is looked for behind it is not found
 * then. */
ML_INLINE bool quick_at(const ml_quick *q, const char *p, const char *lit, size_t n)
{
    return ((n <= ML_VEC && p < q->stop) || q->e - p >= (ptrdiff_t)n) && ml_same_bytes(p, lit, n);
}
#define QUICK_AT(q, p, lit) quick_at((q), (p), "" lit, sizeof(lit) - 1)

/* Whether the byte is anywhere from p on. */
ML_INLINE bool quick_has(const ml_quick *q, const char *p, char ch)
{
    if (q->e - p < ML_VEC) return ml_quick_find(q, p, ch) < q->e;
    const char *const last = q->e - ML_VEC;
    uint64_t hits = ml_hits(last, ch);
    for (; p < last; p += ML_VEC) hits |= ml_hits(p, ch);
    return hits != 0;
}

/* Whether [p, e) are letters and `also`, or (digits) digits as well. */
ML_INLINE bool quick_is_letters(const ml_quick *q, const char *p, const char *e, char also, bool digits)
{
    for (; p < e; p += ML_VEC) {
        if (p >= q->stop) {
            while (p < e && (ml_is_alpha(*p) || (digits && ml_is_digit(*p)) || *p == also)) p++;
            return p == e;
        }
        const uint64_t hits =
            ml_hits_range(p, ' ', 'a', 25) | ml_hits(p, also) | (digits ? ml_hits_range(p, 0, '0', 9) : 0);
        if (~hits & ML_ALL_HITS && p + (ml_first(~hits & ML_ALL_HITS) >> ML_HIT_SHIFT) < e) return false;
    }
    return true;
}

/* ---- numbers ---- */

/* Past the digits at p, which may be none; up to the end. */
ML_INLINE const char *quick_digits(const ml_quick *q, const char *p)
{
    if (p < q->stop) {
        const uint64_t n = ml_digits_16(p);
        if (n <= 8) return p + n < q->e ? p + n : q->e;
    }
    return ml_quick_digits(p, q->e);
}

/* A text and a number; false: it is not there. */
ML_INLINE bool quick_number(ml_quick *q, const char *before, size_t n, maillog_field_id id)
{
    if (!quick_at(q, q->p, before, n)) return false;
    const char *const number = q->p + n, *const end = quick_digits(q, number);
    if (end <= number) return false;
    ml_row(q, id, number, end);
    q->p = end;
    return true;
}
#define QUICK_NUMBER(q, before, NAME) quick_number((q), before, sizeof(before) - 1, MAILLOG_FIELD_##NAME)

/* The digits before `e`, down to `p`. */
ML_INLINE const char *quick_digits_before(const char *p, const char *e)
{
    if (e - p >= 8) {
        const uint64_t x = ml_load64(e - 8) ^ UINT64_C(0x3030303030303030), low = UINT64_C(0x7F7F7F7F7F7F7F7F);
        const uint64_t other = (x | ((x & low) + UINT64_C(0x7676767676767676))) & ~low;
        if (other) return e - 7 + ml_highest(other) / 8;
    }
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
    if (q->p == q->e || *q->p != ':') return true;
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
