/* token.h: tokens that several daemons write, each read in one place. All take a cursor, move it past the token and
 * give its parts; nothing is written to the event unless the name says `put`. */
#ifndef MAILLOG_TOKEN_H
#define MAILLOG_TOKEN_H

#include "cursor.h"

/* A queue ID followed by `: ` at the start of the text. Exact alphabets of Postfix (short and long) and NOQUEUE. */
bool maillog__queue_id_prefix(ml_cur *c, ml_cur *id);

/* Whether the whole slice is a Postfix queue ID, short or long (not NOQUEUE). */
bool maillog__is_queue_id(ml_cur id);

/* Cut a run of queue-ID characters that is a Postfix queue ID. */
bool maillog__queue_id(ml_cur *c, ml_cur *id);

/* What milters print of the macro `i`, followed by `: `: a queue ID of Postfix, or of sendmail (8 letters and digits, 6
 * digits), or NOQUEUE. */
bool maillog__job_id_prefix(ml_cur *c, ml_cur *id);

/* `name[addr]` or `name[addr]:port`. The name has no blanks and no '['. */
typedef struct ml_peer {
    ml_cur name, addr, port; /* port.p NULL: not there */
} ml_peer;
bool maillog__peer(const ml_line *l, ml_cur *c, ml_peer *out);

/* The same, written as CLIENT_NAME, CLIENT_ADDR, CLIENT_PORT. */
bool maillog__put_client(ml_line *l, ml_cur *c);

/* `[addr]:port` written as CLIENT_ADDR, CLIENT_PORT. */
bool maillog__put_addr_port(ml_line *l, ml_cur *c);

/* host[addr]:port or host[path] written as RELAY_NAME, RELAY_ADDR, RELAY_PORT or RELAY_PATH. */
bool maillog__put_relay(ml_line *l, ml_cur *c);

/* `<address>` with the cursor on the '<': honours a quoted local part (external form), and takes the '>' after which
 * `follow` (a set of first characters, or "" for the end only; the end always counts) goes on. */
bool maillog__angle(const ml_line *l, ml_cur *c, const char *follow, ml_cur *out);

/* Past the quote that closes a quoted local part, which the region begins with; NULL: it never closes. */
const char *maillog__quoted_end(ml_cur c);

/* The literal that ends an address without <>, behind its quoted local part if it has one; or NULL. */
const char *maillog__bare_address_end(const ml_line *l, ml_cur c, const char *lit, size_t n);

/* A Message-ID as its sender wrote it, and the literal behind it, written as MESSAGE_ID and skipped. One in `<>` ends
 * at the first `>` with the literal behind it; one without, or whose `>` is missing, at the first literal. Where the
 * literal stands so twice, either may be the end: AMBIGUOUS. False, and nothing written: the literal does not follow.
 */
bool maillog__put_message_id(ml_line *l, ml_cur *c, const char *lit, size_t n);
#define ML_PUT_MESSAGE_ID(l, c, lit) maillog__put_message_id((l), (c), "" lit, sizeof(lit) - 1)

/* Enhanced status code: digit.digits.digits. */
bool maillog__dsn(ml_cur *c, ml_cur *out);

/* A word of severity and `: ` at the start of the text, whatever its letters' case: written as SEVERITY, skipped. */
bool maillog__put_severity(ml_line *l, ml_cur *c);

#ifdef ML_SSE2
/* All ones in each byte that is in lo .. lo + span. */
static inline __m128i ml_in_range(__m128i x, char lo, char span)
{
    const __m128i y = _mm_sub_epi8(x, _mm_set1_epi8(lo));
    return _mm_cmpeq_epi8(_mm_min_epu8(y, _mm_set1_epi8(span)), y);
}

static inline __m128i ml_equals(__m128i x, char c) { return _mm_cmpeq_epi8(x, _mm_set1_epi8(c)); }

/* A bit for each of sixteen bytes at p that a long queue ID may hold: digits and letters, no vowels. */
static inline uint32_t ml_b52_mask(const char *p)
{
    const __m128i x = _mm_loadu_si128((const __m128i *)(const void *)p), lower = _mm_or_si128(x, _mm_set1_epi8(0x20));
    __m128i vowels = _mm_or_si128(ml_equals(lower, 'a'), ml_equals(lower, 'e'));
    vowels = _mm_or_si128(vowels, _mm_or_si128(ml_equals(lower, 'i'), ml_equals(lower, 'o')));
    vowels = _mm_or_si128(vowels, ml_equals(lower, 'u'));
    const __m128i alnum = _mm_or_si128(ml_in_range(x, '0', 9), ml_in_range(lower, 'a', 25));
    return (uint32_t)_mm_movemask_epi8(_mm_andnot_si128(vowels, alnum));
}

/* Whether n bytes are a long queue ID, of which the masks tell where a 'z' is, and where a byte that it may hold. The
 * last z stands at 10 or later, and is not the last byte. */
static inline bool ml_is_long_id(size_t n, uint32_t z, uint32_t b52)
{
    const uint32_t all = (UINT32_C(1) << n) - 1;
    return n >= 12 && (z & all) >> 10 && !((z & all) >> (n - 1)) && !(~b52 & all);
}
#endif

#endif
