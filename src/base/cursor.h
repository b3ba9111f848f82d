/* cursor.h: the only place that walks raw pointers. Everything above takes and gives slices of the line.
 *
 * A cursor is the unread rest of a region. Functions that take `ml_cur *` move it past what they matched and leave
 * it alone when they did not. No function reads before `p` or at or after `e`; searches may load, but never look at,
 * bytes up to ml_line.readable, which the caller of the library owns too. */
#ifndef MAILLOG_CURSOR_H
#define MAILLOG_CURSOR_H

#include <stdbool.h>
#include <string.h>

#include <maillog/event.h>

#if defined(__SSE2__) && !defined(MAILLOG_NO_SIMD)
#include <emmintrin.h>
#define ML_SSE2 1
#endif

/* For what is to vanish into its callers, where lengths are constants; unless size is all that counts. */
#ifndef ML_INLINE
#define ML_INLINE static inline __attribute__((always_inline))
#endif

/* What a sanitizer reports in all other functions: unsigned numbers that wrap around and are meant to (hashes, several
 * bytes tested as one number, a range tested by one comparison); bytes of a block that nobody wrote, as they lie. */
#ifdef __clang__
#define ML_WRAPS __attribute__((no_sanitize("unsigned-integer-overflow")))
#define ML_UNWRITTEN __attribute__((no_sanitize("memory")))
#else
#define ML_WRAPS
#define ML_UNWRITTEN
#endif

/* Which way the compiler is to lay out without a jump. */
#define ML_MOSTLY(condition) __builtin_expect(!!(condition), 1)
#define ML_RARELY(condition) __builtin_expect(!!(condition), 0)

typedef struct ml_cur {
    const char *p, *e;
} ml_cur;

/* Who wrote the line, where its form says so and not a tag: files that daemons write themselves, without syslog. */
typedef enum ml_form {
    ML_FORM_TAGGED = 0, /* the tag tells, if there is one */
    ML_FORM_REPEATED,   /* a syslog daemon's `last message repeated 3 times`, under any tag or none */
    ML_FORM_DOVECOT,    /* log_path: `imap-login: Info: …` */
    ML_FORM_EXIM,       /* mainlog: `1w5kQa-0000000Bcd-1Xyz <= …` */
    ML_FORM_RSPAMD,     /* `#1234(normal) <tag>; task; …` */
    ML_FORM_SPAMD,      /* `[1234] info: spamd: …` */
    ML_FORM_CLAMAV,     /* `-> …` */
    ML_FORM_MAILMAN,    /* `(1234) …` */
    ML_FORM_FAIL2BAN    /* `fail2ban.actions [1234]: NOTICE …` */
} ml_form;

/* The line being parsed and the event being written. */
/* A host that a line had, with its blank: sixteen bytes at most, `mask` has their bits. None yet: `bytes` that are
 * outside of `mask`. */
typedef struct ml_host {
    uint64_t bytes[2], mask[2];
    uint32_t len;
} ml_host;

enum { ML_HOSTS = 8 };

struct ml_asked;

typedef struct ml_line {
    maillog_event *ev;
    maillog_field *next, *limit; /* next free row, end of the rows */
    const char *base;            /* offsets count from here: see ml_line_base() */
    uintptr_t to_offset;         /* -base: added to a pointer, the low half is its offset. One step, and not two */
    const char *readable;        /* loads below this are allowed */
    ml_cur prefix, program;      /* the program tag, split at its last '/'; prefix.p NULL without one */
    char stamp[16];              /* how the last stamp began, */
    maillog_time time;           /* and what it means: mostly the next line's are the same; */
    uint64_t zone;               /* and its offset and the blank behind it, if it is `….123456+02:00 ` */
    struct ml_asked *asked;      /* what tables of statements had for this text: see pattern.h; NULL: nothing is kept */
    ml_host *hosts;              /* ML_HOSTS of them, of earlier lines, by their first bytes; NULL: none are kept */
    ml_form form;
    bool inside; /* a line inside a record or behind a container's prefix: there is no third */
} ml_line;

ML_WRAPS static inline void ml_line_base(ml_line *l, const char *base)
{
    l->base = base;
    l->to_offset = 0 - (uintptr_t)base;
}
ML_WRAPS ML_INLINE uint32_t ml_offset(const char *p, uintptr_t to_offset)
{
    return (uint32_t)((uintptr_t)p + to_offset);
}

/* How many bytes before the next multiple of `unit`; none if it is one. */
static inline size_t ml_padding(uintptr_t at, size_t unit) { return (unit - at % unit) % unit; }

static inline size_t ml_len(ml_cur c) { return (size_t)(c.e - c.p); }
static inline bool ml_empty(ml_cur c) { return c.p == c.e; }
static inline ml_cur ml_slice(const char *p, const char *e)
{
    ml_cur c = {p, e};
    return c;
}
static inline ml_cur ml_none(void) { return ml_slice(NULL, NULL); }

/* The bytes at p as a number, first byte lowest on every machine. */
ML_INLINE uint64_t ml_load64(const char *p)
{
    uint64_t x;
    memcpy(&x, p, sizeof x);
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    x = __builtin_bswap64(x);
#endif
    return x;
}
ML_INLINE uint32_t ml_load32(const char *p)
{
    uint32_t x;
    memcpy(&x, p, sizeof x);
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    x = __builtin_bswap32(x);
#endif
    return x;
}

/* Whether two bytes are the literal's. */
ML_INLINE bool ml_same_2(const char *p, const char *lit)
{
    uint16_t x, y;
    memcpy(&x, p, sizeof x);
    memcpy(&y, lit, sizeof y);
    return x == y;
}

/* Character classes: pure functions of the byte, no locale. */
static inline bool ml_is_digit(char c) { return (unsigned char)(c - '0') < 10; }
static inline bool ml_is_upper(char c) { return (unsigned char)(c - 'A') < 26; }
static inline bool ml_is_lower(char c) { return (unsigned char)(c - 'a') < 26; }
static inline bool ml_is_alpha(char c) { return (unsigned char)((c | 0x20) - 'a') < 26; }
static inline bool ml_is_alnum(char c) { return ml_is_digit(c) || ml_is_alpha(c); }
static inline bool ml_is_hex(char c) { return ml_is_digit(c) || (unsigned char)((c | 0x20) - 'a') < 6; }

/* The first byte, or NUL at the end; the byte at `i`, or NUL past the end. */
static inline char ml_peek(ml_cur c) { return c.p < c.e ? *c.p : '\0'; }
static inline char ml_at(ml_cur c, size_t i) { return i < ml_len(c) ? c.p[i] : '\0'; }
static inline char ml_last(ml_cur c) { return c.p < c.e ? c.e[-1] : '\0'; }

/* Whether n bytes are the same. Where `n` is a constant, overlapping loads: a call costs more than all of them. */
ML_INLINE bool ml_same_bytes(const char *p, const char *q, size_t n)
{
    if (!__builtin_constant_p(n) || n < 4 || n > 40) return memcmp(p, q, n) == 0;
    if (n < 8) return !((ml_load32(p) ^ ml_load32(q)) | (ml_load32(p + n - 4) ^ ml_load32(q + n - 4)));
    uint64_t d = ml_load64(p) ^ ml_load64(q);
    if (n > 16) d |= ml_load64(p + 8) ^ ml_load64(q + 8);
    if (n > 24) d |= ml_load64(p + 16) ^ ml_load64(q + 16);
    if (n > 32) d |= ml_load64(p + 24) ^ ml_load64(q + 24);
    return !(d | (ml_load64(p + n - 8) ^ ml_load64(q + n - 8)));
}

ML_INLINE bool ml_starts_n(ml_cur c, const char *lit, size_t n) { return ml_len(c) >= n && ml_same_bytes(c.p, lit, n); }
ML_INLINE bool ml_ends_n(ml_cur c, const char *lit, size_t n)
{
    return ml_len(c) >= n && ml_same_bytes(c.e - n, lit, n);
}
ML_INLINE bool ml_is_n(ml_cur c, const char *lit, size_t n) { return ml_len(c) == n && ml_same_bytes(c.p, lit, n); }
ML_INLINE bool ml_skip_n(ml_cur *c, const char *lit, size_t n)
{
    if (!ml_starts_n(*c, lit, n)) return false;
    c->p += n;
    return true;
}
ML_INLINE bool ml_drop_end_n(ml_cur *c, const char *lit, size_t n)
{
    if (!ml_ends_n(*c, lit, n)) return false;
    c->e -= n;
    return true;
}

/* The same with a string literal: its length is a constant, so that short compares become one load. */
#define ML_STARTS(c, lit) ml_starts_n((c), "" lit, sizeof(lit) - 1)
#define ML_ENDS(c, lit) ml_ends_n((c), "" lit, sizeof(lit) - 1)
#define ML_IS(c, lit) ml_is_n((c), "" lit, sizeof(lit) - 1)
#define ML_SKIP(c, lit) ml_skip_n((c), "" lit, sizeof(lit) - 1)
#define ML_DROP_END(c, lit) ml_drop_end_n((c), "" lit, sizeof(lit) - 1)

static inline bool ml_eq(ml_cur a, ml_cur b) { return ml_len(a) == ml_len(b) && memcmp(a.p, b.p, ml_len(a)) == 0; }
static inline void ml_advance(ml_cur *c, size_t n) { c->p += n < ml_len(*c) ? n : ml_len(*c); }
static inline void ml_skip_blanks(ml_cur *c)
{
    while (c->p < c->e && *c->p == ' ') c->p++;
}
static inline bool ml_skip_char(ml_cur *c, char ch)
{
    if (c->p == c->e || *c->p != ch) return false;
    c->p++;
    return true;
}

/* The first eight bytes of a literal as a number, 0 for those past its end: what ml_key() gives. A constant. */
#define ML_KEY_BYTE(lit, i) ((uint64_t)(unsigned char)(lit)[(i) < sizeof(lit) ? (i) : sizeof(lit) - 1])
#ifndef ML_KEY /* see ML_TEXT_BEHIND */
#define ML_KEY(lit, from)                                                                                              \
    (ML_KEY_BYTE(lit, from) | ML_KEY_BYTE(lit, (from) + 1) << 8 | ML_KEY_BYTE(lit, (from) + 2) << 16 |                 \
     ML_KEY_BYTE(lit, (from) + 3) << 24 | ML_KEY_BYTE(lit, (from) + 4) << 32 | ML_KEY_BYTE(lit, (from) + 5) << 40 |    \
     ML_KEY_BYTE(lit, (from) + 6) << 48 | ML_KEY_BYTE(lit, (from) + 7) << 56)
#endif

/* The first eight bytes of the region as a number, 0 for those past its end. `l` NULL:
 * the region is not of a line. */
static inline uint64_t ml_key(const ml_line *l, ml_cur c)
{
    const size_t n = ml_len(c);
    uint64_t x = 0;
    if (n >= 8) return ml_load64(c.p);
    if (l && l->readable - c.p >= 8) return ml_load64(c.p) & ((UINT64_C(1) << 8 * n) - 1);
    for (size_t i = 0; i < n; i++) x |= (uint64_t)(unsigned char)c.p[i] << 8 * i;
    return x;
}

/* Eight bytes that ml_load64() gave with the first one highest: numbers in the order of the texts. */
static inline uint64_t ml_highest_first(uint64_t x)
{
#if defined(__GNUC__)
    return __builtin_bswap64(x);
#else
    uint64_t out = 0;
    for (unsigned i = 0; i < 64; i += 8) out = out << 8 | (x >> i & 0xff);
    return out;
#endif
}

/* A literal in a table, found by its first eight bytes: as `const ml_lit lit;` in a row, ML_LIT("text") to fill it. */
typedef struct ml_lit {
    const char *text;
    uint64_t key, mask;
    size_t len;
} ml_lit;
#define ML_LIT_MASK(n) ((n) == 0 ? 0 : ~UINT64_C(0) >> ((n) < 8 ? 64 - 8 * (n) : 0) % 64)
#define ML_LIT(lit)                                                                                                    \
    {                                                                                                                  \
        "" lit, ML_KEY(lit, 0), ML_LIT_MASK(sizeof(lit) - 1), sizeof(lit) - 1                                          \
    }

/* Whether the region, whose ml_key() is `key`, begins with the literal, or is it. */
static inline bool ml_starts_lit(uint64_t key, ml_cur c, const ml_lit *lit)
{
    return !((key ^ lit->key) & lit->mask) && (lit->len <= 8 || ml_starts_n(c, lit->text, lit->len));
}
static inline bool ml_is_lit(uint64_t key, ml_cur c, const ml_lit *lit)
{
    return key == lit->key && ml_len(c) == lit->len && (lit->len <= 8 || memcmp(c.p, lit->text, lit->len) == 0);
}

/* Of `count` rows of `size` bytes in the order of the texts of their keys, the first of which is at `keys`, how many
 * have one that stands before `key`. */
size_t maillog__rows_before(const void *keys, size_t size, size_t count, uint64_t key);

#ifdef ML_SSE2
/* One bit for each of the sixteen bytes at p that is the byte in `want`. */
static inline unsigned ml_mask_16(const char *p, __m128i want)
{
    return (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(_mm_loadu_si128((const __m128i *)(const void *)p), want));
}
#endif

/* First `ch` in the region, or NULL. The end of a region of sixteen bytes is looked at together with what stands before
 * it, that of a shorter one with what follows it, where that may be loaded. */
static inline const char *ml_find(const ml_line *l, ml_cur c, char ch)
{
    const char *p = c.p;
#ifdef ML_SSE2
    const __m128i want = _mm_set1_epi8(ch);
    for (; c.e - p >= 16; p += 16) {
        const unsigned mask = ml_mask_16(p, want);
        if (mask) return p + __builtin_ctz(mask);
    }
    if (p >= c.e) return NULL;
    if (l->readable - p >= 16) {
        const unsigned mask = ml_mask_16(p, want) & ((1u << (c.e - p)) - 1);
        return mask ? p + __builtin_ctz(mask) : NULL;
    }
    if (ml_len(c) >= 16) {
        const unsigned mask = ml_mask_16(c.e - 16, want);
        return mask ? c.e - 16 + __builtin_ctz(mask) : NULL;
    }
#else
    (void)l;
#endif
    for (; p < c.e; p++)
        if (*p == ch) return p;
    return NULL;
}

/* First of two characters in the region, or NULL. */
static inline const char *ml_find_either(const ml_line *l, ml_cur c, char a, char b)
{
    const char *p = c.p;
#ifdef ML_SSE2
    const __m128i want_a = _mm_set1_epi8(a), want_b = _mm_set1_epi8(b);
    for (; p < c.e && l->readable - p >= 16; p += 16) {
        const unsigned mask = ml_mask_16(p, want_a) | ml_mask_16(p, want_b);
        if (!mask) continue;
        p += __builtin_ctz(mask);
        return p < c.e ? p : NULL;
    }
#else
    (void)l;
#endif
    for (; p < c.e; p++)
        if (*p == a || *p == b) return p;
    return NULL;
}

/* Last `ch` in the region, or NULL. */
static inline const char *ml_rfind(ml_cur c, char ch)
{
    const char *p = c.e;
#ifdef ML_SSE2
    const __m128i want = _mm_set1_epi8(ch);
    for (; p - c.p >= 16; p -= 16) {
        const unsigned mask = ml_mask_16(p - 16, want);
        if (mask) return p - 16 + (31 - __builtin_clz(mask));
    }
#endif
    for (; p > c.p; p--)
        if (p[-1] == ch) return p - 1;
    return NULL;
}

/* First occurrence of the bytes lit[0..n), n > 0, or NULL. Time: region * n at worst, n is a small constant. */
const char *maillog__find_bytes(const ml_line *l, ml_cur c, const char *lit, size_t n);
/* The same for two bytes. */
const char *maillog__find_two(const ml_line *l, ml_cur c, const char *lit);
ML_INLINE const char *ml_find_n(const ml_line *l, ml_cur c, const char *lit, size_t n)
{
    return n == 2 ? maillog__find_two(l, c, lit) : maillog__find_bytes(l, c, lit, n);
}
/* Last occurrence, or NULL. */
const char *maillog__rfind_bytes(ml_cur c, const char *lit, size_t n);
#define ML_FIND(l, c, lit) ml_find_n((l), (c), "" lit, sizeof(lit) - 1)
#define ML_RFIND(c, lit) maillog__rfind_bytes((c), "" lit, sizeof(lit) - 1)

/* Cut `*out` up to `ch` and move past it; false (nothing moved) when there is none. */
static inline bool ml_until(const ml_line *l, ml_cur *c, char ch, ml_cur *out)
{
    const char *p = ml_find(l, *c, ch);
    if (!p) return false;
    *out = ml_slice(c->p, p);
    c->p = p + 1;
    return true;
}
ML_INLINE bool ml_until_n(const ml_line *l, ml_cur *c, const char *lit, size_t n, ml_cur *out)
{
    const char *p = ml_find_n(l, *c, lit, n);
    if (!p) return false;
    *out = ml_slice(c->p, p);
    c->p = p + n;
    return true;
}
#define ML_UNTIL(l, c, lit, out) ml_until_n((l), (c), "" lit, sizeof(lit) - 1, (out))

/* Split `*c` at the LAST occurrence: *out gets what stands before it, *c what follows. */
static inline bool ml_until_last_n(ml_cur *c, const char *lit, size_t n, ml_cur *out)
{
    const char *p = maillog__rfind_bytes(*c, lit, n);
    if (!p) return false;
    *out = ml_slice(c->p, p);
    c->p = p + n;
    return true;
}
#define ML_UNTIL_LAST(c, lit, out) ml_until_last_n((c), "" lit, sizeof(lit) - 1, (out))

/* How many digits the region begins with; eight bytes at once, where they are there. */
ML_WRAPS static inline size_t ml_digit_run(ml_cur c)
{
    size_t n = 0;
    while (ml_len(c) - n >= 8) {
        const uint64_t x = ml_load64(c.p + n) ^ UINT64_C(0x3030303030303030);
        /* a digit is 0..9 now; the lowest top bit is that of the first byte that is more */
        const uint64_t other = (x | (x + UINT64_C(0x7676767676767676))) & UINT64_C(0x8080808080808080);
        if (other) return n + (size_t)__builtin_ctzll(other) / 8;
        n += 8;
    }
    while (n < ml_len(c) && ml_is_digit(c.p[n])) n++;
    return n;
}

/* Cut a run of digits, one at least. */
static inline bool ml_digits(ml_cur *c, ml_cur *out)
{
    const char *p = c->p + ml_digit_run(*c);
    if (p == c->p) return false;
    *out = ml_slice(c->p, p);
    c->p = p;
    return true;
}

/* Cut a decimal number: [-+]digits[.digits]. */
static inline bool ml_decimal(ml_cur *c, ml_cur *out)
{
    const char *p = c->p;
    if (p < c->e && (*p == '-' || *p == '+')) p++;
    const char *const first = p;
    p += ml_digit_run(ml_slice(p, c->e));
    if (p < c->e && *p == '.') p += 1 + ml_digit_run(ml_slice(p + 1, c->e));
    if (p == first) return false;
    *out = ml_slice(c->p, p);
    c->p = p;
    return true;
}

/* Cut up to a blank or the end, one byte at least. */
static inline bool ml_word(const ml_line *l, ml_cur *c, ml_cur *out)
{
    if (ml_empty(*c)) return false;
    const char *p = ml_find(l, *c, ' ');
    if (!p) p = c->e;
    if (p == c->p) return false;
    *out = ml_slice(c->p, p);
    c->p = p;
    return true;
}

/* The same, and the first `ch` in the word, or NULL. */
static inline bool ml_word_with(const ml_line *l, ml_cur *c, char ch, ml_cur *out, const char **at)
{
#ifdef ML_SSE2
    if (l->readable - c->p >= 16) { /* both in one look, where the word is short */
        const unsigned end = ml_len(*c) < 16 ? 1u << ml_len(*c) : 0;
        const unsigned blank = ml_mask_16(c->p, _mm_set1_epi8(' ')) | end;
        if (blank) {
            const char *p = c->p, *e = p + __builtin_ctz(blank);
            const unsigned found = ml_mask_16(p, _mm_set1_epi8(ch)) & (blank - 1) & ~blank; /* below the first blank */
            if (p == e) return false;
            *out = ml_slice(p, e);
            *at = found ? p + __builtin_ctz(found) : NULL;
            c->p = e;
            return true;
        }
    }
#endif
    if (!ml_word(l, c, out)) return false;
    *at = ml_find(l, *out, ch);
    return true;
}

/* ---- writing the event ---- */

/* Append a field. When the rows are full, the event is flagged and the field stays in `message`. */
static inline void ml_put_word(ml_line *l, maillog_field_id id, ml_cur v, unsigned word)
{
    maillog_field *f = l->next;
    if (f == l->limit) {
        l->ev->flags |= MAILLOG_FLAG_FIELDS_FULL;
        return;
    }
    f->id = (uint16_t)id;
    f->word = (uint16_t)word;
    f->off = (uint32_t)(v.p - l->base);
    f->len = (uint32_t)(v.e - v.p);
    l->next = f + 1;
}
static inline void ml_put(ml_line *l, maillog_field_id id, ml_cur v) { ml_put_word(l, id, v, 0); }

/* Append the field if the slice is there (p not NULL). */
static inline void ml_put_opt(ml_line *l, maillog_field_id id, ml_cur v)
{
    if (v.p) ml_put(l, id, v);
}

/* Text that no field covers; nothing is written for an empty one, or one of blanks. */
static inline void ml_put_rest(ml_line *l, ml_cur v)
{
    const char *p = v.p;
    while (p < v.e && *p == ' ') p++;
    if (p < v.e) ml_put(l, MAILLOG_FIELD_REST, v);
}

/* The line is a typed event. Returns true, so that a grammar can end with it. */
static inline bool ml_event(ml_line *l, maillog_event_type type)
{
    l->ev->type = (uint16_t)type;
    l->ev->match = MAILLOG_MATCH_EVENT;
    return true;
}

/* Grammars try one reading after the other: remember where the rows stood, and go back when a reading failed. */
static inline maillog_field *ml_mark(const ml_line *l) { return l->next; }
static inline bool ml_fail(ml_line *l, maillog_field *mark)
{
    l->next = mark;
    return false;
}

/* The word of `set` (a run of rows in words.def, first..last) that the slice spells, or 0. */
unsigned maillog__word(ml_cur v, unsigned first, unsigned last);

#endif
