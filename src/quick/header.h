/* header.h: the two common beginnings of a line, `Jul 19 07:59:06 mail postfix/smtpd[15492]: …` and the same with
 * `2026-07-19T07:59:06.123456+02:00`, in one go: wide loads and bit masks where src/header takes byte by byte. */
#ifndef MAILLOG_QUICK_HEADER_H
#define MAILLOG_QUICK_HEADER_H

#include "../header/header.h"
#include "quick.h"

/* The twelve names as numbers, where this product has them: four bits are enough to tell them apart. */
ML_WRAPS static unsigned month_number(const char *p)
{
#define MONTH(a, b, c, n)                                                                                              \
    {                                                                                                                  \
        (uint32_t) a | (uint32_t)b << 8 | (uint32_t)c << 16 | (uint32_t)' ' << 24, n                                   \
    }
    static const struct {
        uint32_t name;
        uint32_t number;
    } months[16] = {{0, 0},
                    MONTH('J', 'u', 'n', 6),
                    MONTH('M', 'a', 'r', 3),
                    MONTH('D', 'e', 'c', 12),
                    MONTH('O', 'c', 't', 10),
                    MONTH('A', 'u', 'g', 8),
                    {0, 0},
                    MONTH('F', 'e', 'b', 2),
                    MONTH('J', 'u', 'l', 7),
                    MONTH('M', 'a', 'y', 5),
                    MONTH('A', 'p', 'r', 4),
                    {0, 0},
                    MONTH('S', 'e', 'p', 9),
                    {0, 0},
                    MONTH('N', 'o', 'v', 11),
                    MONTH('J', 'a', 'n', 1)};
#undef MONTH
    const uint32_t name = ml_load32(p);
    const unsigned slot = name * UINT32_C(0x0741C7A9) >> 28;
    return months[slot].name == name ? months[slot].number : 0;
}

/* maillog_time as two numbers, written at once: only for machines that put the lowest byte first, see ML_QUICK. */
typedef char time_layout[offsetof(maillog_time, month) == 2 && offsetof(maillog_time, hour) == 4 &&
                                 offsetof(maillog_time, digits) == 7 && offsetof(maillog_time, nsec) == 8 &&
                                 offsetof(maillog_time, utc_offset) == 12 && sizeof(maillog_time) == 16
                             ? 1
                             : -1];

static inline void set_time(maillog_time *t, uint64_t first, unsigned digits, uint32_t nsec, int offset)
{
    const uint64_t words[2] = {first | (uint64_t)digits << 56, nsec | (uint64_t)(uint16_t)offset << 32};
    memcpy(t, words, sizeof words);
}

/* `dd?dd?dd` at p with the separators that `zeros` has between its '0's: three numbers in bytes 0, 3 and 6, each less
 * than its byte of `limits`; more than that with a bit above 63: there is none, so ~0 for anything else. */
ML_WRAPS static inline uint64_t three_numbers(const char *p, uint64_t zeros, uint64_t limits)
{
    const uint64_t x = ml_load64(p) ^ zeros;
    const uint64_t pairs = (x * 10 + (x >> 8)) & UINT64_C(0x00FF0000FF0000FF);
    /* a digit is 0..9 and a separator 0: the sums have no top bit; nor have those of the numbers with 0x80 - limit */
    const uint64_t wrong = x | (x + UINT64_C(0x76767F76767F7676)) | (pairs + (UINT64_C(0x0080000080000080) - limits));
    return wrong & UINT64_C(0x8080808080808080) ? ~UINT64_C(0) : pairs;
}

#define LIMITS(a, b, c) ((uint64_t)(a) | (uint64_t)(b) << 24 | (uint64_t)(c) << 48)

/* Bytes 0, 3 and 6 of `pairs` side by side, the first lowest. */
static inline uint64_t side_by_side(uint64_t pairs) { return (pairs | pairs >> 16 | pairs >> 32) & 0xFFFFFF; }

/* `07:59:06` in the place of the clock in the first number of a time, or ~0. */
static inline uint64_t clock_at(const char *p)
{
    const uint64_t pairs = three_numbers(p, UINT64_C(0x30303A30303A3030), LIMITS(24, 60, 61));
    return pairs == ~UINT64_C(0) ? pairs : side_by_side(pairs) << 32;
}

/* Up to eight digits at p, as nanoseconds; their number is 0 when there are none, or more. */
ML_WRAPS static unsigned fraction(const char *p, uint32_t *nsec)
{
    const uint64_t x = ml_load64(p) ^ UINT64_C(0x3030303030303030);
    const uint64_t other = (x | (x + UINT64_C(0x7676767676767676))) & UINT64_C(0x8080808080808080);
    if (!other) return 0;
    const unsigned bits = (unsigned)__builtin_ctzll(other) & ~7u; /* before the first byte that is no digit */
    uint64_t n = bits ? x & (~UINT64_C(0) >> (64 - bits)) : 0;
    n = (n * 10 + (n >> 8)) & UINT64_C(0x00FF00FF00FF00FF);
    n = (n * 100 + (n >> 16)) & UINT64_C(0x0000FFFF0000FFFF);
    n = (n * 10000 + (n >> 32)) & UINT64_C(0xFFFFFFFF);
    *nsec = (uint32_t)n * 10;
    return bits / 8;
}

/* `+02:00 ` at p in minutes; false for anything else. */
static inline bool offset_at(const char *p, int *minutes)
{
    const uint64_t zeros = UINT64_C(0x002030303A303000);
    const uint64_t x = (ml_load64(p) ^ zeros) >> 8; /* digits of hours, a colon, digits of minutes, the blank */
    if ((x | (x + UINT64_C(0x00007F76767F7676))) & UINT64_C(0x0000808080808080)) return false;
    const unsigned n = (unsigned)(x & 15) * 600 + (unsigned)(x >> 8 & 15) * 60 + (unsigned)(x >> 24 & 15) * 10 +
                       (unsigned)(x >> 32 & 15);
    if (*p != '+' && *p != '-') return false;
    *minutes = *p == '-' ? -(int)n : (int)n;
    return true;
}

/* `Jul 19 07:59:06 `: the byte after it, or NULL. */
#ifdef ML_AVX2
static inline const char *bsd(const char *p, maillog_time *out)
{
    /* of each byte but the month's: what a 0 or a separator is, and how much more it may be; the day may be padded */
    const __m128i zeros = _mm_setr_epi8(0, 0, 0, 0, '0', '0', ' ', '0', '0', ':', '0', '0', ':', '0', '0', ' ');
    const __m128i most = _mm_setr_epi8(-1, -1, -1, -1, 9, 9, 0, 9, 9, 0, 9, 9, 0, 9, 9, 0);
    const __m128i pad = _mm_setr_epi8(0, 0, 0, 0, ' ', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
    const __m128i pad_bit = _mm_setr_epi8(0, 0, 0, 0, '0' ^ ' ', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
    const __m128i both_digits = _mm_setr_epi8(4, 5, 7, 8, 10, 11, 13, 14, -1, -1, -1, -1, -1, -1, -1, -1);
    const __m128i text = ml_vec_16(p);
    const __m128i x = _mm_sub_epi8(_mm_or_si128(text, _mm_and_si128(_mm_cmpeq_epi8(text, pad), pad_bit)), zeros);
    const __m128i pairs = _mm_maddubs_epi16(_mm_shuffle_epi8(x, both_digits), _mm_set1_epi16(10 | 1 << 8));
    const __m128i numbers = _mm_packus_epi16(pairs, pairs); /* day, hour, minute, second; the rest is 0 or the same */
    const __m128i limits = _mm_setr_epi8(31, 23, 59, 60, 0, 0, 0, 0, 31, 23, 59, 60, 0, 0, 0, 0);
    const __m128i over = _mm_or_si128(_mm_subs_epu8(x, most), _mm_subs_epu8(numbers, limits));
    const uint32_t day_to_second = (uint32_t)_mm_cvtsi128_si32(numbers);
    const unsigned month = month_number(p);
    if (!ml_is_zero_16(over) || !month || !(day_to_second & 0xFF)) return NULL;
    set_time(out, (uint64_t)month << 16 | (uint64_t)day_to_second << 24, 0, 0, MAILLOG_NO_OFFSET);
    return p + 16;
}
#else
ML_WRAPS static inline const char *bsd(const char *p, maillog_time *out)
{
    const uint64_t zeros =
        UINT64_C(0x30303A3030203030); /* of `19 07:59`, in which the day may be padded with a blank */
    const uint64_t pairs = three_numbers(p + 4, p[4] == ' ' ? zeros ^ 0x10 : zeros, LIMITS(32, 24, 60));
    const uint32_t second = ml_load32(p + 12) ^ (uint32_t)ML_WORD(':', '0', '0', ' ', 0, 0, 0, 0); /* `:06 ` */
    const uint32_t number = (second >> 8 & 15) * 10 + (second >> 16 & 15);
    const unsigned month = month_number(p);
    if (pairs == ~UINT64_C(0) || (second | (second + 0x7F76767F)) & 0x80808080 || number > 60) return NULL;
    if (!month || !(pairs & 0xFF)) return NULL;
    set_time(out, (uint64_t)month << 16 | side_by_side(pairs) << 24 | (uint64_t)number << 48, 0, 0, MAILLOG_NO_OFFSET);
    return p + 16;
}
#endif

/* `:06` at p in the place of the second in the first number of a time, or ~0. */
static inline uint64_t second_at(const char *p)
{
    const unsigned tens = (unsigned)(p[1] - '0'), ones = (unsigned)(p[2] - '0');
    if (p[0] != ':' || tens > 6 || ones > 9 || tens * 10 + ones > 60) return ~UINT64_C(0);
    return (uint64_t)(tens * 10 + ones) << 48;
}

/* `2026-07-19T07:59:06` in the first number of a time, or ~0. */
static inline uint64_t date_and_clock(const char *p)
{
    const uint64_t date = three_numbers(p + 2, UINT64_C(0x30302D30302D3030), LIMITS(100, 13, 32));
    const uint64_t clock = clock_at(p + 11);
    if (date == ~UINT64_C(0) || clock == ~UINT64_C(0) || p[0] != '2' || p[1] != '0' || p[10] != 'T')
        return ~UINT64_C(0);
    const unsigned year = 2000 + (unsigned)(date & 0xFF), month = date >> 24 & 0xFF, day = (unsigned)(date >> 48);
    return month && day ? year | month << 16 | day << 24 | clock : ~UINT64_C(0);
}

/* The same, a fraction or none, `Z` or `+02:00`, a blank: the byte after it, or NULL. */
static inline const char *rfc3339(const ml_line *l, const char *p, bool same, maillog_time *out)
{
    uint64_t known, first;
    memcpy(&known, &l->time, sizeof known);
    first = same ? (known & UINT64_C(0x0000FFFFFFFFFFFF)) | second_at(p + 16) : date_and_clock(p);
    if (first == ~UINT64_C(0)) return NULL;
    unsigned digits = 0;
    uint32_t nsec = 0;
    int offset = 0;
    p += 19;
    if (*p == '.') {
        digits = fraction(p + 1, &nsec);
        if (!digits) return NULL;
        p += 1 + digits;
    }
    if (*p == 'Z' && p[1] == ' ')
        p += 2;
    else if (offset_at(p, &offset))
        p += 7;
    else
        return NULL;
    set_time(out, first, digits, nsec, offset);
    return p;
}

/* The stamp `2026-07-19T07:59:06.123456+02:00 ` at p, if up to the minute, and from the offset on, it is the one kept.
 */
static inline bool new_microsecond(const ml_line *l, const char *p, maillog_time *out)
{
    const uint64_t second = ml_load64(p + 16) ^ ML_WORD(':', '0', '0', '.', '0', '0', '0', '0');
    uint64_t n = (ml_load64(p + 20) ^ UINT64_C(0x0000303030303030)) << 16; /* its six digits, the last one on top */
    const uint64_t tens = second >> 8 & 15, seconds = tens * 10 + (second >> 16 & 15);
    uint64_t known;
    if (ml_load64(p + 25) >> 8 != l->zone || (second & UINT64_C(0xFF0000FF)) || seconds > 60) return false;
    /* a digit is 0..9: the sums have no top bit */
    if ((second | (second + UINT64_C(0x7676767676767676)) | n | (n + UINT64_C(0x7676767676760000))) &
        UINT64_C(0x8080808080808080))
        return false;
    n = (n * 10 + (n >> 8)) & UINT64_C(0x00FF00FF00FF00FF);
    n = (n * 100 + (n >> 16)) & UINT64_C(0x0000FFFF0000FFFF);
    n = (n * 10000 + (n >> 32)) & UINT64_C(0xFFFFFFFF);
    memcpy(&known, &l->time, sizeof known);
    set_time(out, (known & UINT64_C(0x0000FFFFFFFFFFFF)) | seconds << 48, 6, (uint32_t)n * 1000, l->time.utc_offset);
    return true;
}

/* What new_microsecond() compares, of the stamp that ends here; 0: it has another form. */
static inline uint64_t zone_of(const char *p, const char *end, const maillog_time *t)
{
    return end - p == 33 && t->digits == 6 ? ml_load64(p + 25) >> 8 : 0;
}

/* The BSD stamp at p, if it is the one kept but for its second. */
static inline bool new_second(ml_line *l, const char *p)
{
    uint64_t first;
    const uint64_t other = (ml_load64(p + 8) ^ ml_load64(l->stamp + 8)) & UINT64_C(0xFF0000FFFFFFFFFF);
    const uint64_t second = second_at(p + 12);
    if ((ml_load64(p) ^ ml_load64(l->stamp)) | other || second == ~UINT64_C(0)) return false;
    memcpy(&first, &l->time, sizeof first);
    first = (first & UINT64_C(0xFF00FFFFFFFFFFFF)) | second;
    memcpy(&l->time, &first, sizeof first);
    memcpy(l->stamp + 8, p + 8, 8);
    return true;
}

/* A stamp that is not that of the line before, or not all of it. */
static __attribute__((noinline)) const char *new_stamp(ml_line *l, const char *p, maillog_time *out)
{
    if (*p != '2' && new_second(l, p)) {
        *out = l->time;
        return p + 16;
    }
    const bool same = ml_same_16(p, l->stamp);
    if (same && new_microsecond(l, p, out)) return p + 33;
    const char *const end = *p == '2' ? rfc3339(l, p, same, out) : bsd(p, out);
    if (end) {
        memcpy(l->stamp, p, sizeof l->stamp);
        l->time = *out;
        l->zone = zone_of(p, end, out);
    }
    return end;
}

/* The stamp at p: the byte after it, or NULL for one of the rare forms.
 * Of lines that come one after the other, the first sixteen bytes are kept: all of a BSD stamp, RFC 3339's up to the
 * minute. Lines come many a second, so that mostly they are those of the line before, and what they mean is known. */
ML_INLINE const char *plain_stamp(ml_line *l, const char *p, bool keep, maillog_time *out)
{
    if (!keep) return *p == '2' ? rfc3339(l, p, false, out) : bsd(p, out);
    if (ML_RARELY(!ml_same_16(p, l->stamp) || *p == '2')) return new_stamp(l, p, out);
    *out = l->time;
    return p + 16;
}

/* Past the host at p: a word, no service of Dovecot's (`imap-login:`, `lmtp(1,`), no `<facility>`, no `[pid]`, no year.
 * NULL: something else, or, if the line's end is not known yet, a line feed. 64 bytes may be loaded. */
ML_WRAPS ML_INLINE const char *past_host(const char *p, bool framed)
{
    uint64_t ends = ml_hits_2(p, ' ', '('), feeds = framed ? 0 : ml_hits(p, '\n');
    unsigned len;
    if (ends) {
        len = ml_first(ends) >> ML_HIT_SHIFT;
    } else { /* a long one */
        ends = ml_mask_64(p, ' ') | ml_mask_64(p, '(');
        if (!ends) return NULL;
        feeds = framed ? 0 : ml_mask_64(p, '\n');
        len = ml_first(ends);
    }
    if (feeds & (ends ^ (ends - 1))) return NULL;
    if (len - 1 > 61 || p[len] != ' ' || *p == '<' || *p == '[' || p[len - 1] == ':') return NULL;
    return len == 4 && ml_is_digit(*p) ? NULL : p + len + 1;
}

/* past_host(), which is kept. */
static __attribute__((noinline)) const char *past_new_host(ml_host *h, const char *p)
{
    const char *const tag = past_host(p, false);
    if (!tag || tag - p > 16) return tag;
    h->len = (uint32_t)(tag - p);
    h->mask[0] = h->len < 8 ? ml_below(8 * h->len) : ~UINT64_C(0);
    h->mask[1] = h->len < 16 ? (h->len > 8 ? ml_below(8 * (h->len - 8)) : 0) : ~UINT64_C(0);
    h->bytes[0] = ml_load64(p) & h->mask[0];
    h->bytes[1] = ml_load64(p + 8) & h->mask[1];
    return tag;
}

/* past_host(), for which a host that is known need not be looked at. */
ML_WRAPS ML_INLINE const char *past_known_host(ml_host *hosts, const char *p)
{
    ml_host *const h = &hosts[ml_load32(p) * UINT32_C(0x85EBCA6B) >> 29];
    return ML_MOSTLY(ml_same_masked_16(p, h->bytes, h->mask)) ? p + h->len : past_new_host(h, p);
}

/* How many digits stand at p, if they are a pid and `]: ` follows, or 0; 17 bytes may be loaded. */
ML_WRAPS ML_INLINE uint64_t ml_pid_digits(const char *p)
{
    const uint64_t n = ml_digits_16(p);
    return n - 1 < 7 && ml_load32(p + n - 1) >> 8 == ML_WORD(']', ':', ' ', 0, 0, 0, 0, 0) ? n : 0;
}

#endif
