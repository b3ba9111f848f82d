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

static inline void set_time(maillog_time *t, uint64_t first, unsigned digits, uint32_t nsec, int offset)
{
    const uint64_t words[2] = {first | (uint64_t)digits << 56, nsec | (uint64_t)(uint16_t)offset << 32};
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

/* The first sixteen bytes of a stamp: all of a BSD stamp, RFC 3339's up to the minute. Lines come many a second, so
 * that mostly they are those of the line before, and what they mean is known. */
static inline bool is_same_stamp(const ml_line *l, const char *p)
{
    const __m128i now = _mm_loadu_si128((const __m128i *)(const void *)p);
    const __m128i last = _mm_loadu_si128((const __m128i *)(const void *)l->stamp);
    return _mm_movemask_epi8(_mm_cmpeq_epi8(now, last)) == 0xFFFF && l->time.month;
}

static inline void keep_stamp(ml_line *l, const char *p)
{
    memcpy(l->stamp, p, sizeof l->stamp);
    l->time = l->ev->time;
}

/* `Jul 19 07:59:06 `: the byte after it, or NULL. */
static inline const char *bsd(ml_line *l, const char *p)
{
    if (is_same_stamp(l, p)) {
        l->ev->time = l->time;
        return p + 16;
    }
    const unsigned tens = p[4] == ' ' ? 0 : (unsigned)(p[4] - '0'), ones = (unsigned)(p[5] - '0');
    const unsigned month = month_number(p), day = tens * 10 + ones;
    const uint64_t clock = clock_at(p + 7);
    if (!month || tens > 3 || ones > 9 || day - 1 > 30 || p[6] != ' ' || p[15] != ' ' || clock == ~UINT64_C(0))
        return NULL;
    set_time(&l->ev->time, month << 16 | day << 24 | clock, 0, 0, MAILLOG_NO_OFFSET);
    keep_stamp(l, p);
    return p + 16;
}

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
static inline const char *rfc3339(ml_line *l, const char *p)
{
    const char *start = p;
    const bool same = is_same_stamp(l, p);
    uint64_t known = 0, first;
    if (same) memcpy(&known, &l->time, sizeof known);
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
    set_time(&l->ev->time, first, digits, nsec, offset);
    if (!same) keep_stamp(l, start);
    return p;
}

/* One bit for each of 64 bytes at p that is `ch` when the bits of `ignore` are put aside. */
static inline uint64_t mask_64(const char *p, char ch, char ignore)
{
    uint64_t mask = 0;
#ifdef __AVX2__
    for (unsigned i = 0; i < 64; i += 32) {
        __m256i x = _mm256_loadu_si256((const __m256i *)(const void *)(p + i));
        if (ignore) x = _mm256_and_si256(x, _mm256_set1_epi8((char)~ignore));
        mask |= (uint64_t)(uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(x, _mm256_set1_epi8(ch))) << i;
    }
#else
    for (unsigned i = 0; i < 64; i += 16) {
        __m128i x = _mm_loadu_si128((const __m128i *)(const void *)(p + i));
        if (ignore) x = _mm_and_si128(x, _mm_set1_epi8((char)~ignore));
        mask |= (uint64_t)(unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(x, _mm_set1_epi8(ch))) << i;
    }
#endif
    return mask;
}

static inline uint64_t below(unsigned bit) { return (UINT64_C(1) << bit) - 1; }
static inline unsigned highest(uint64_t mask) { return 63 - (unsigned)__builtin_clzll(mask); }

/* The length of the pid whose `]` is at p: one to seven digits after a `[`; 0: something else. */
static inline unsigned pid_before(const char *p)
{
    const uint64_t x = ml_load64(p - 8), y = x ^ UINT64_C(0x3030303030303030);
    /* digits are 0..9 now: all others get their top bit (and may give it to a digit above them, which is then none) */
    const uint64_t other = (y | (y + UINT64_C(0x7676767676767676))) & UINT64_C(0x8080808080808080);
    if (!other) return 0;
    const unsigned above = (unsigned)__builtin_clzll(other) & ~7u;
    return (x >> (56 - above) & 0xFF) == '[' ? above / 8 : 0;
}

static inline maillog_field *put(maillog_field *f, maillog_field_id id, uint32_t off, uint32_t n)
{
    f->id = (uint16_t)id;
    f->word = 0;
    f->off = off;
    f->len = n;
    return f + 1;
}

/* The most that is looked at: a stamp of 35 bytes, 64 from the host on and 64 from the tag on. */
#define WINDOW 168

/* What was found, as offsets from the beginning of the line. */
typedef struct found {
    unsigned host, host_len, tag, name_len, pid_len, message;
} found;

/* `text` has WINDOW bytes, the line ends after `len` of them. */
static inline bool find(ml_line *l, const char *text, size_t len, found *out)
{
    const char *p = *text == '2' ? rfc3339(l, text) : bsd(l, text);
    if (!p) return false;

    /* the host: a word, no service of Dovecot's (`imap-login:`, `lmtp(1,`), no `<facility>`, no `[pid]`, no year; '('
     * is a blank with one more bit */
    uint64_t blank = mask_64(p, ' ', '(' ^ ' ');
    if (!blank) return false;
    const unsigned host_len = (unsigned)__builtin_ctzll(blank);
    if (host_len - 1 > 61 || p[host_len] != ' ' || *p == '<' || *p == '[' || p[host_len - 1] == ':') return false;
    if (host_len == 4 && ml_is_digit(*p)) return false;

    /* the tag: up to a blank, with ':' before it and a pid before that */
    const char *tag = p + host_len + 1;
    blank >>= host_len + 1;
    if (!blank) blank = mask_64(tag, ' ', '(' ^ ' ');
    if (!blank) return false;
    const unsigned end = (unsigned)__builtin_ctzll(blank);
    if (end < 2 || tag[end] != ' ' || tag[end - 1] != ':' || (size_t)(tag - text) + end >= len) return false;
    unsigned pid_len = 0;
    if (tag[end - 2] == ']') {
        pid_len = pid_before(tag + end - 2);
        if (!pid_len || pid_len + 3 >= end) return false;
    }
    out->host = (unsigned)(p - text);
    out->host_len = host_len;
    out->tag = (unsigned)(tag - text);
    out->name_len = pid_len ? end - 3 - pid_len : end - 1;
    out->pid_len = pid_len;
    out->message = out->tag + end + 1;
    return true;
}

/* The tag, split at its last '/'. */
static inline void split_tag(ml_line *l, const char *text, const char *line, const found *at)
{
    const uint64_t slash =
        (at->name_len <= 16 ? ml_mask_16(text + at->tag, _mm_set1_epi8('/')) : mask_64(text + at->tag, '/', 0)) &
        below(at->name_len);
    const char *tag = line + at->tag, *end = tag + at->name_len;
    const unsigned leaf = slash ? highest(slash) + 1 : 0;
    l->prefix = slash ? ml_slice(tag, tag + leaf - 1) : ml_none();
    l->program = ml_slice(tag + leaf, end);
}

bool maillog__header_fast(ml_line *l, ml_cur *c)
{
    char copy[WINDOW];
    const char *text = c->p;
    const size_t len = ml_len(*c), readable = (size_t)(l->readable - text);
    if (readable < WINDOW) {
        memset(copy, 0, sizeof copy);
        memcpy(copy, text, readable);
        text = copy;
    }
    found at;
    if (!find(l, text, len, &at)) return false;
    const uint32_t off = (uint32_t)(c->p - l->base);
    maillog_field *f = put(l->next, MAILLOG_FIELD_HOST, off + at.host, at.host_len);
    f = put(f, MAILLOG_FIELD_PROGRAM, off + at.tag, at.name_len);
    if (at.pid_len) f = put(f, MAILLOG_FIELD_PID, off + at.tag + at.name_len + 1, at.pid_len);
    l->next = f;
    split_tag(l, text, c->p, &at);
    c->p += at.message;
    if (ml_may_be_syslogd(ml_peek(*c))) maillog__message(l, c);
    return true;
}

#endif
