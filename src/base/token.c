/* token.c: see token.h. Sources: Postfix 2.11 to 3.11 (mail_queue.h, mail_addr_form, smtpd_peer, sent.c). */
#include "token.h"

/* Long queue IDs: base 52 without vowels (safe_ultostr(3)): 6+ digits of seconds, 4 of microseconds, 'z', inode in
 * base 51. */
static bool is_b52(char c)
{
    if (ml_is_digit(c)) return true;
    if (!ml_is_alpha(c)) return false;
    switch (c | 0x20) {
    case 'a':
    case 'e':
    case 'i':
    case 'o':
    case 'u':
        return false;
    default:
        return true;
    }
}

/* The five hex digits of microseconds that a short ID begins with: 00000 .. F423F */
static bool is_microseconds(const char *p) { return *p != 'F' || memcmp(p, "F423F", 5) <= 0; }

static bool is_upper_hex(const char *p, const char *e)
{
    for (; p < e; p++)
        if (!ml_is_digit(*p) && !(*p >= 'A' && *p <= 'F')) return false;
    return true;
}

/* The same of eight bytes at once: each is compared by what its high bit becomes. */
ML_WRAPS static bool is_upper_hex_8(const char *p)
{
    const uint64_t x = ml_load64(p), each = 0x0101010101010101u, high = each << 7;
    const uint64_t digit = (x + each * (0x80 - '0')) & ~(x + each * (0x7f - '9'));
    const uint64_t letter = (x + each * (0x80 - 'A')) & ~(x + each * (0x7f - 'F'));
    return !(x & high) && ((digit | letter) & high) == high;
}

static bool is_short_id(ml_cur id)
{
    const size_t n = ml_len(id);
    if (n < 6 || n > 21) return false;
    if (n < 8 || n > 16) return is_upper_hex(id.p, id.e) && is_microseconds(id.p);
    return is_upper_hex_8(id.p) && is_upper_hex_8(id.e - 8) && is_microseconds(id.p);
}

static bool is_long_id(ml_cur id)
{
    const size_t n = ml_len(id);
    if (n < 12 || n > 32) return false;
    size_t z = 0;
    for (size_t i = 0; i < n; i++) {
        if (!is_b52(id.p[i])) return false;
        if (id.p[i] == 'z') z = i;
    }
    return z >= 10 && z + 1 < n;
}

bool maillog__is_queue_id(ml_cur id) { return is_short_id(id) || is_long_id(id); }

static size_t alnum_run(ml_cur c)
{
    size_t n = 0;
    while (n < ml_len(c) && ml_is_alnum(c.p[n])) n++;
    return n;
}

bool maillog__queue_id(ml_cur *c, ml_cur *id)
{
    const ml_cur run = ml_slice(c->p, c->p + alnum_run(*c));
    if (!maillog__is_queue_id(run)) return false;
    *id = run;
    c->p = run.e;
    return true;
}

#ifdef ML_SSE2
/* maillog__is_queue_id() of the n bytes at p, 6 to 31, where 16 may be loaded, and from p + more on another 16. */
static bool is_queue_id_32(const char *p, size_t more, size_t n)
{
    const uint32_t all = (UINT32_C(1) << n) - 1;
    const __m128i want = _mm_set1_epi8('z');
    uint32_t z = ml_mask_16(p, want), b52 = ml_b52_mask(p);
    if (n > 16) {
        z |= ml_mask_16(p + more, want) << more;
        b52 |= ml_b52_mask(p + more) << more;
    }
    z &= all;
    if (!z) return is_short_id(ml_slice(p, p + n));
    return n >= 12 && !(~b52 & all) && z >> 10 &&
           !(z >> (n - 1)); /* the last z at 10 or later, and not the last byte */
}
#endif

bool maillog__queue_id_prefix(ml_cur *c, ml_cur *id)
{
    size_t n = 0;
    bool found = false;
#ifdef ML_SSE2
    if (ml_len(*c) >= 16) {
        const __m128i want = _mm_set1_epi8(':');
        const size_t more = ml_len(*c) < 32 ? ml_len(*c) - 16 : 16;
        uint32_t colons = ml_mask_16(c->p, want);
        if (!colons && ml_mask_16(c->p, _mm_set1_epi8(' '))) return false; /* a sentence */
        if (!colons) colons = ml_mask_16(c->p + more, want) << more;
        if (colons) {
            n = (size_t)__builtin_ctz(colons);
            if (n < 6 || ml_at(*c, n + 1) != ' ') return false;
            found = is_queue_id_32(c->p, more, n);
        }
    }
#endif
    if (n == 0) {
        n = alnum_run(*c);
        if (n < 6 || ml_at(*c, n) != ':' || ml_at(*c, n + 1) != ' ') return false;
        found = maillog__is_queue_id(ml_slice(c->p, c->p + n));
    }
    const ml_cur run = ml_slice(c->p, c->p + n);
    if (!found && !ML_IS(run, "NOQUEUE")) return false;
    *id = run;
    c->p = run.e + 2;
    return true;
}

bool maillog__job_id_prefix(ml_cur *c, ml_cur *id)
{
    if (maillog__queue_id_prefix(c, id)) return true;
    if (ml_len(*c) < 16 || alnum_run(*c) != 14 || c->p[14] != ':' || c->p[15] != ' ') return false;
    for (int i = 8; i < 14; i++)
        if (!ml_is_digit(c->p[i])) return false;
    *id = ml_slice(c->p, c->p + 14);
    c->p += 16;
    return true;
}

/* `:port`; a client that is gone has the port `unknown`. */
static bool port_after_colon(ml_cur *c, ml_cur *port)
{
    ml_cur t = *c;
    if (!ml_skip_char(&t, ':')) return false;
    const char *start = t.p;
    if (ML_SKIP(&t, "unknown"))
        *port = ml_slice(start, t.p);
    else if (!ml_digits(&t, port))
        return false;
    *c = t;
    return true;
}

bool maillog__peer(const ml_line *l, ml_cur *c, ml_peer *out)
{
    const char *open = ml_find_either(l, *c, '[', ' ');
    if (!open || *open != '[') return false;
    ml_cur t = ml_slice(open + 1, c->e), addr;
    if (!ml_until(l, &t, ']', &addr)) return false;
    out->name = ml_slice(c->p, open);
    out->addr = addr;
    out->port = ml_none();
    if (ml_peek(t) == ':') port_after_colon(&t, &out->port);
    *c = t;
    return true;
}

bool maillog__put_client(ml_line *l, ml_cur *c)
{
    ml_peer peer;
    if (!maillog__peer(l, c, &peer)) return false;
    ml_put(l, MAILLOG_FIELD_CLIENT_NAME, peer.name);
    ml_put(l, MAILLOG_FIELD_CLIENT_ADDR, peer.addr);
    ml_put_opt(l, MAILLOG_FIELD_CLIENT_PORT, peer.port);
    return true;
}

bool maillog__put_addr_port(ml_line *l, ml_cur *c)
{
    ml_cur t = *c, addr, port;
    if (!ml_skip_char(&t, '[') || !ml_until(l, &t, ']', &addr) || !port_after_colon(&t, &port)) return false;
    ml_put(l, MAILLOG_FIELD_CLIENT_ADDR, addr);
    ml_put(l, MAILLOG_FIELD_CLIENT_PORT, port);
    *c = t;
    return true;
}

bool maillog__put_relay(ml_line *l, ml_cur *c)
{
    ml_peer peer;
    if (!maillog__peer(l, c, &peer)) return false;
    ml_put(l, MAILLOG_FIELD_RELAY_NAME, peer.name);
    if (peer.port.p) {
        ml_put(l, MAILLOG_FIELD_RELAY_ADDR, peer.addr);
        ml_put(l, MAILLOG_FIELD_RELAY_PORT, peer.port);
    } else {
        /* host[addr] without a port is written in replies; a socket path has a slash */
        ml_put(l, ml_find(l, peer.addr, '/') ? MAILLOG_FIELD_RELAY_PATH : MAILLOG_FIELD_RELAY_ADDR, peer.addr);
    }
    return true;
}

static bool is_one_of(const char *set, char c)
{
    while (*set && *set != c) set++;
    return *set != '\0';
}

#ifdef ML_SSE2
/* Of sixteen bytes, of which some are backslashes, those behind the odd ones of each run: carries find where runs that
 * begin at odd places end. *carry: whether the first byte is one of them; then, whether the first of the next is. */
static unsigned escaped(unsigned backslashes, unsigned *carry)
{
    const unsigned even = 0x5555;
    backslashes &= ~*carry;
    const unsigned behind = backslashes << 1 | *carry;
    const unsigned runs = (backslashes & ~even & ~behind) + backslashes;
    *carry = runs >> 16;
    return (even ^ runs << 1) & behind & 0xffff;
}
#endif

const char *maillog__quoted_end(ml_cur c)
{
    const char *p = c.p + 1;
    unsigned carry = 0;
#ifdef ML_SSE2
    for (; c.e - p >= 16; p += 16) {
        const unsigned escapes = ml_mask_16(p, _mm_set1_epi8('\\'));
        const unsigned quotes = ml_mask_16(p, _mm_set1_epi8('"')) & ~(escapes | carry ? escaped(escapes, &carry) : 0);
        if (quotes) return p + __builtin_ctz(quotes) + 1;
    }
#endif
    for (p += carry && p < c.e; p < c.e; p++) {
        if (*p == '"') return p + 1;
        if (*p == '\\' && ++p == c.e) break;
    }
    return NULL;
}

/* The first '>' with a byte of the set behind it. */
static const char *angle_end(const ml_line *l, ml_cur c, const char *follow)
{
    const char pair[2] = {'>', follow[0]};
    if (!follow[0]) return NULL;
    if (!follow[1]) return maillog__find_bytes(l, c, pair, sizeof pair);
    for (const char *p; (p = ml_find(l, c, '>')) != NULL; c.p = p + 1)
        if (p + 1 < c.e && p[1] && is_one_of(follow, p[1])) return p;
    return NULL;
}

bool maillog__angle(const ml_line *l, ml_cur *c, const char *follow, ml_cur *out)
{
    if (ml_peek(*c) != '<') return false;
    const ml_cur inner = ml_slice(c->p + 1, c->e);
    ml_cur scan = inner;
    if (ml_peek(scan) == '"') {
        const char *q = maillog__quoted_end(scan);
        if (q) scan.p = q;
    }
    const char *end = angle_end(l, scan, follow);
    if (!end && scan.p < scan.e && scan.e[-1] == '>') end = scan.e - 1;
    if (!end) return false;
    *out = ml_slice(inner.p, end);
    c->p = end + 1;
    return true;
}

const char *maillog__bare_address_end(const ml_line *l, ml_cur c, const char *lit, size_t n)
{
    if (ml_peek(c) == '"') {
        const char *q = maillog__quoted_end(c);
        if (q) c.p = q;
    }
    return maillog__find_bytes(l, c, lit, n);
}

bool maillog__dsn(ml_cur *c, ml_cur *out)
{
    ml_cur t = *c, part;
    if (!ml_is_digit(ml_peek(t)) || ml_at(t, 1) != '.') return false;
    t.p += 2;
    if (!ml_digits(&t, &part) || !ml_skip_char(&t, '.') || !ml_digits(&t, &part)) return false;
    *out = ml_slice(c->p, t.p);
    *c = t;
    return true;
}

bool maillog__put_message_id(ml_line *l, ml_cur *c, const char *lit, size_t n)
{
    enum { LIT_MAX = 16 };
    char mark[1 + LIT_MAX] = ">"; /* the ID's own bracket is part of what ends it */
    const bool bracket = ml_peek(*c) == '<' && n <= LIT_MAX;
    const char *end = NULL;
    size_t ends = 0;
    if (bracket) memcpy(mark + 1, lit, n);
    ml_cur t = *c;
    const char *const what = bracket ? mark : lit;
    for (const char *p; ends < 2 && (p = maillog__find_bytes(l, t, what, n + bracket)) != NULL; t.p = p + 1)
        if (!ends++) end = p + bracket;
    if (!end && bracket && ml_last(*c) == '>') return false; /* the ID is all there is */
    if (!end) end = maillog__find_bytes(l, *c, lit, n);
    if (!end) return false;
    if (ends > 1) l->ev->flags |= MAILLOG_FLAG_AMBIGUOUS;
    ml_put(l, MAILLOG_FIELD_MESSAGE_ID, ml_slice(c->p, end));
    c->p = end + n;
    return true;
}

/* Whether the slice spells the word, given in lower case. */
static bool is_word(ml_cur v, const char *word, size_t n)
{
    if (ml_len(v) != n) return false;
    for (size_t i = 0; i < n; i++)
        if (v.p[i] != word[i] && !(ml_is_upper(v.p[i]) && (v.p[i] | 0x20) == word[i])) return false;
    return true;
}

bool maillog__put_severity(ml_line *l, ml_cur *c)
{
    static const struct {
        char text[9];
        uint8_t len, word;
    } rows[] = {
        {"warning", 7, MAILLOG_SEVERITY_WARNING}, {"warn", 4, MAILLOG_SEVERITY_WARNING},
        {"error", 5, MAILLOG_SEVERITY_ERROR},     {"err", 3, MAILLOG_SEVERITY_ERROR},
        {"fatal", 5, MAILLOG_SEVERITY_FATAL},     {"critical", 8, MAILLOG_SEVERITY_FATAL},
        {"crit", 4, MAILLOG_SEVERITY_FATAL},      {"panic", 5, MAILLOG_SEVERITY_PANIC},
        {"info", 4, MAILLOG_SEVERITY_INFO},       {"debug", 5, MAILLOG_SEVERITY_DEBUG},
        {"notice", 6, MAILLOG_SEVERITY_NOTICE},
    };
    size_t n = 0;
    while (n < 9 && ml_is_alpha(ml_at(*c, n))) n++;
    if (ml_at(*c, n) != ':' || ml_at(*c, n + 1) != ' ') return false;
    const ml_cur word = ml_slice(c->p, c->p + n);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (!is_word(word, rows[i].text, rows[i].len)) continue;
        ml_put_word(l, MAILLOG_FIELD_SEVERITY, word, rows[i].word);
        c->p = word.e + 2;
        return true;
    }
    return false;
}
