/* fast.c: the two common lines, `Jul 19 07:59:06 mail postfix/smtpd[15492]: …` and the same with
 * `2026-07-19T07:59:06.123456+02:00`, in one go: wide loads and bit masks where bsd.c, rfc3339.c, origin.c and tag.c
 * take byte by byte. It takes nothing that they would read otherwise (a test compares), and whatever is less than plain
 * is left to them: this file may be left out. */
#include "header.h"

#ifdef ML_SSE2

#ifdef __AVX2__
#include <immintrin.h>
#endif

/* The twelve names as numbers, where this product has them: four bits are enough to tell them apart. */
static unsigned month_number(const char *p)
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

/* maillog_time as two numbers, written at once: the machines that have SSE2 put the lowest byte first. */
typedef char time_layout[offsetof(maillog_time, month) == 2 && offsetof(maillog_time, hour) == 4 &&
                                 offsetof(maillog_time, digits) == 7 && offsetof(maillog_time, nsec) == 8 &&
                                 offsetof(maillog_time, utc_offset) == 12 && sizeof(maillog_time) == 16
                             ? 1
                             : -1];

static inline void set_time(maillog_time *t, uint64_t date, uint64_t clock, unsigned digits, uint32_t nsec, int offset)
{
    const uint64_t words[2] = {date | clock | (uint64_t)digits << 56, nsec | (uint64_t)(uint16_t)offset << 32};
    memcpy(t, words, sizeof words);
}

/* `dd?dd?dd` at p with the separators that `zeros` has between its '0's: three numbers in bytes 0, 3 and 6, each less
 * than its byte of `limits`; more than that with a bit above 63: there is none, so ~0 for anything else. */
static inline uint64_t three_numbers(const char *p, uint64_t zeros, uint64_t limits)
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

/* `Jul 19 07:59:06 `: the byte after it, or NULL. */
static inline const char *bsd(const char *p, maillog_time *t)
{
    const unsigned tens = p[4] == ' ' ? 0 : (unsigned)(p[4] - '0'), ones = (unsigned)(p[5] - '0');
    const unsigned month = month_number(p), day = tens * 10 + ones;
    const uint64_t clock = clock_at(p + 7);
    if (!month || tens > 3 || ones > 9 || day - 1 > 30 || p[6] != ' ' || p[15] != ' ' || clock == ~UINT64_C(0))
        return NULL;
    set_time(t, month << 16 | day << 24, clock, 0, 0, MAILLOG_NO_OFFSET);
    return p + 16;
}

/* Up to eight digits at p, as nanoseconds; their number is 0 when there are none, or more. */
static unsigned fraction(const char *p, uint32_t *nsec)
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

/* `2026-07-19T07:59:06`, a fraction or none, `Z` or `+02:00`, a blank: the byte after it, or NULL. */
static inline const char *rfc3339(const char *p, maillog_time *t)
{
    const uint64_t date = three_numbers(p + 2, UINT64_C(0x30302D30302D3030), LIMITS(100, 13, 32));
    const uint64_t clock = clock_at(p + 11);
    if (date == ~UINT64_C(0) || clock == ~UINT64_C(0) || p[0] != '2' || p[1] != '0' || p[10] != 'T') return NULL;
    const unsigned year = 2000 + (unsigned)(date & 0xFF), month = date >> 24 & 0xFF, day = (unsigned)(date >> 48);
    if (!month || !day) return NULL;
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
    set_time(t, year | month << 16 | day << 24, clock, digits, nsec, offset);
    return p;
}

/* One bit for each of 32 bytes at p that is `ch` when the bits of `ignore` are put aside. */
static inline uint32_t mask_32(const char *p, char ch, char ignore)
{
#ifdef __AVX2__
    __m256i x = _mm256_loadu_si256((const __m256i *)(const void *)p);
    if (ignore) x = _mm256_and_si256(x, _mm256_set1_epi8((char)~ignore));
    return (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(x, _mm256_set1_epi8(ch)));
#else
    const __m128i want = _mm_set1_epi8(ch), keep = _mm_set1_epi8((char)~ignore);
    __m128i a = _mm_loadu_si128((const __m128i *)(const void *)p);
    __m128i b = _mm_loadu_si128((const __m128i *)(const void *)(p + 16));
    if (ignore) {
        a = _mm_and_si128(a, keep);
        b = _mm_and_si128(b, keep);
    }
    return (uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(a, want)) | (uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(b, want))
                                                                      << 16;
#endif
}

/* The same of the tag's 32 bytes, or of 64 if it is long. */
static inline uint64_t mask_tag(const char *tag, char ch, bool is_long)
{
    uint64_t mask = mask_32(tag, ch, 0);
    if (is_long) mask |= (uint64_t)mask_32(tag + 32, ch, 0) << 32;
    return mask;
}

static inline uint64_t below(unsigned bit) { return (UINT64_C(1) << bit) - 1; }
static inline unsigned highest(uint64_t mask) { return 63 - (unsigned)__builtin_clzll(mask); }

static inline maillog_field *put(const ml_line *l, maillog_field *f, maillog_field_id id, const char *p, size_t n)
{
    f->id = (uint16_t)id;
    f->word = 0;
    f->off = (uint32_t)(p - l->base);
    f->len = (uint32_t)n;
    return f + 1;
}

/* One to eight digits: all that a pid has. */
static inline bool is_pid(const char *p, size_t n)
{
    if (n - 1 > 7) return false;
    const uint64_t x = (ml_load64(p) ^ UINT64_C(0x3030303030303030)) << (64 - 8 * n);
    return !((x | (x + UINT64_C(0x7676767676767676))) & UINT64_C(0x8080808080808080));
}

/* The most that is looked at: a stamp of 35 bytes, windows of 32 and 64 for host and tag, and eight for the pid. */
#define WINDOW 144

bool maillog__header_fast(ml_line *l, ml_cur *c)
{
    const char *p = c->p;
    if (l->readable - p < WINDOW) return false;
    p = *p == '2' ? rfc3339(p, &l->ev->time) : bsd(p, &l->ev->time);
    if (!p) return false;

    /* the host: a word, no service of Dovecot's (`imap-login:`, `lmtp(1,`), no `<facility>`, no year; '(' is a blank
     * with one more bit */
    const char *host = p;
    const uint32_t host_end = mask_32(p, ' ', '(' ^ ' ');
    if (!host_end) return false;
    const unsigned host_len = (unsigned)__builtin_ctz(host_end);
    if (!host_len || p[host_len] != ' ' || *p == '<' || p[host_len - 1] == ':') return false;
    if (host_len == 4 && ml_is_digit(*p)) return false;

    /* the tag: up to a blank, with ':' before it and a pid before that */
    const char *tag = p + host_len + 1;
    uint64_t blank = mask_32(tag, ' ', 0);
    const bool is_long = !blank;
    if (is_long) blank = (uint64_t)mask_32(tag + 32, ' ', 0) << 32;
    if (!blank) return false;
    const unsigned end = (unsigned)__builtin_ctzll(blank);
    if (end < 2 || tag[end - 1] != ':' || tag + end >= c->e) return false;
    unsigned name_len = end - 1, pid_at = 0;
    if (tag[end - 2] == ']') {
        const uint64_t open = mask_tag(tag, '[', is_long) & below(end);
        if (!open) return false;
        name_len = highest(open);
        pid_at = name_len + 1;
        if (!name_len || !is_pid(tag + pid_at, end - 2 - pid_at)) return false;
    }
    const uint64_t slash = mask_tag(tag, '/', is_long) & below(name_len);
    const char *message = tag + end + 1;

    maillog_field *f = put(l, l->next, MAILLOG_FIELD_HOST, host, host_len);
    f = put(l, f, MAILLOG_FIELD_PROGRAM, tag, name_len);
    if (pid_at) f = put(l, f, MAILLOG_FIELD_PID, tag + pid_at, end - 2 - pid_at);
    l->next = f;
    const unsigned leaf = slash ? highest(slash) + 1 : 0;
    l->prefix = slash ? ml_slice(tag, tag + leaf - 1) : ml_none();
    l->program = ml_slice(tag + leaf, tag + name_len);
    c->p = message;
    if (ml_may_be_syslogd(ml_peek(*c))) maillog__message(l, c);
    return true;
}

#endif
