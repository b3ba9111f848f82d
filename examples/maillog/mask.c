/* mask.c: --mask. Names are replaced in the line before it is parsed, so that whatever is printed is masked alike:
 * user@host, IP addresses and dotted host names wherever they stand, and the whole of fields that name a user or a
 * host. A pseudonym is a keyed hash: the same name has the same one, and it cannot be turned back without the key. */
#include "command.h"
#include "mask.h"
#include "siphash.h"

#include <stdlib.h>
#include <string.h>

static siphash_key key;

static _Thread_local struct {
    char *ptr;
    size_t len, cap;
} out;

WRAPS void mask_start(const char *text)
{
    if (!text) {
        key = siphash_random_key();
        return;
    }
    key.half[0] = 0x6d61696c6c6f67ull, key.half[1] = 0x6b6579ull;
    for (; *text; text++) {
        key.half[0] = (key.half[0] ^ (unsigned char)*text) * 0x100000001b3ull;
        key.half[1] = key.half[1] * 31 + key.half[0];
    }
}

void mask_free(void)
{
    free(out.ptr);
    memset(&out, 0, sizeof out);
}

static uint64_t hash(const char *s, size_t n) { return siphash(key, s, n, true); }

static void put(const char *s, size_t n)
{
    if (out.len + n > out.cap) out.ptr = (char *)must_realloc(out.ptr, out.cap = (out.len + n) * 2 + 1024);
    memcpy(out.ptr + out.len, s, n);
    out.len += n;
}

static void put_name(const char *prefix, const char *s, size_t n, const char *suffix)
{
    char name[48];
    const int len = snprintf(name, sizeof name, "%s%08llx%s", prefix, (unsigned long long)(hash(s, n) >> 32), suffix);
    put(name, (size_t)len);
}

static bool is_alnum(char ch) { return (ch >= '0' && ch <= '9') || ((ch | 32) >= 'a' && (ch | 32) <= 'z'); }
static bool is_word(char ch) { return is_alnum(ch) || strchr("-_.+=%&~!#$'*/^`{|}?", ch) != NULL; }

static void put_ip(const char *s, size_t n)
{
    char ip[48];
    const uint64_t h = hash(s, n);
    const char *form = memchr(s, ':', n) ? "2001:db8:%x:%x::%x" : "10.%u.%u.%u";
    const unsigned mask = memchr(s, ':', n) ? 0xffff : 0xff;
    if ((n == 9 && memcmp(s, "127.0.0.1", n) == 0) || (n == 3 && memcmp(s, "::1", n) == 0)) {
        put(s, n);
        return;
    }
    const int len = snprintf(ip, sizeof ip, form, (unsigned)(h >> 8) & mask, (unsigned)(h >> 24) & mask,
                             (unsigned)(h >> 40) & mask);
    put(ip, (size_t)len);
}

static bool is_ipv4(const char *s, size_t n)
{
    unsigned parts = 1, digits = 0;
    for (size_t i = 0; i < n; i++) {
        if (s[i] == '.' && digits > 0)
            parts++, digits = 0;
        else if (s[i] < '0' || s[i] > '9' || ++digits > 3)
            return false;
    }
    return parts == 4 && digits > 0;
}

/* Hexadecimal groups with at least two colons, and a double colon or all eight: times and key:value pairs are none. */
static bool is_ipv6(const char *s, size_t n)
{
    unsigned colons = 0, digits = 0;
    bool twice = false;
    for (size_t i = 0; i < n; i++) {
        if (s[i] == ':') {
            twice = twice || (i > 0 && s[i - 1] == ':');
            colons++, digits = 0;
        } else if (!(is_alnum(s[i]) && (s[i] <= '9' || (s[i] | 32) <= 'f')) || ++digits > 4) {
            return s[i] == '.' && twice;
        }
    }
    return n > 2 && colons >= 2 && (twice || colons == 7);
}

/* name.name.letters; file names of the trade are none. */
static bool is_host(const char *s, size_t n)
{
    static const char *const files[] = {"cf",  "conf", "pm",   "pl",   "db", "sock", "log",
                                        "pid", "cdb",  "lmdb", "hash", "c",  "py",   "cc"};
    const char *dot = NULL;
    if (n == 0 || !is_alnum(s[0]) || memchr(s, '/', n)) return false;
    for (size_t i = 0; i < n; i++) {
        if (s[i] == '.') dot = s + i;
        if (!is_alnum(s[i]) && s[i] != '.' && s[i] != '-' && s[i] != '_') return false;
    }
    if (!dot) return false;
    const size_t last = n - (size_t)(dot + 1 - s);
    if (last < 2 || !((dot[1] | 32) >= 'a' && (dot[1] | 32) <= 'z')) return false;
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        if (last == strlen(files[i]) && memcmp(dot + 1, files[i], last) == 0) return false;
    return true;
}

/* One word of the line: text without blanks and brackets. */
static void put_word(const char *s, size_t n)
{
    while (n > 0 && s[n - 1] == '.') { /* the end of a sentence */
        put_word(s, n - 1);
        put(".", 1);
        return;
    }
    const char *equals = (const char *)memchr(s, '=', n);
    if (is_ipv4(s, n))
        put_ip(s, n);
    else if (is_host(s, n))
        put_name("host-", s, n, ".example");
    else if (equals) {
        put(s, (size_t)(equals - s) + 1);
        put_word(equals + 1, n - (size_t)(equals - s) - 1);
    } else
        put(s, n);
}

static size_t run(const char *s, size_t n, bool (*is)(char))
{
    size_t i = 0;
    while (i < n && is(s[i])) i++;
    return i;
}

static bool is_ip_char(char ch)
{
    return ch == ':' || ch == '.' || (ch >= '0' && ch <= '9') || ((ch | 32) >= 'a' && (ch | 32) <= 'f');
}
static bool is_host_char(char ch) { return is_alnum(ch) || ch == '.' || ch == '-' || ch == '_'; }

static void put_text(const char *s, size_t n)
{
    for (size_t i = 0; i < n;) {
        const bool begins = i == 0 || !is_alnum(s[i - 1]);
        const size_t ip = begins ? run(s + i, n - i, is_ip_char) : 0;
        size_t word = run(s + i, n - i, is_word);
        const size_t colon = ip > 1 && s[i + ip - 1] == ':' && s[i + ip - 2] != ':' ? 1 : 0;
        if (ip > 2 && is_ipv6(s + i, ip - colon) && (i + ip == n || !is_alnum(s[i + ip]))) {
            put_ip(s + i, ip - colon);
            i += ip - colon;
        } else if (word > 0 && i + word + 1 < n && s[i + word] == '@' && is_host_char(s[i + word + 1])) {
            const size_t host = run(s + i + word + 1, n - i - word - 1, is_host_char);
            const char *equals =
                (const char *)memchr(s + i, '=', word); /* user=anna@example.org: the name is no part */
            const bool named = equals && i > 0 && s[i - 1] != '<';
            if (named) put(s + i, (size_t)(equals - s) - i + 1);
            const size_t at = named ? (size_t)(equals - s) + 1 : i;
            put_name("user-", s + at, i + word - at, "@");
            put_name("host-", s + i + word + 1, host, ".example");
            i += word + 1 + host;
        } else if (word > 0) {
            put_word(s + i, word);
            i += word;
        } else {
            put(s + i++, 1);
        }
    }
}

/* Fields that are a name as a whole, also without a dot or an @. */
static bool is_name(unsigned id)
{
    switch (id) {
    case MAILLOG_FIELD_HOST:
    case MAILLOG_FIELD_HELO:
    case MAILLOG_FIELD_CLIENT_NAME:
    case MAILLOG_FIELD_USER:
    case MAILLOG_FIELD_LOGIN_USER:
    case MAILLOG_FIELD_SASL_USERNAME:
    case MAILLOG_FIELD_SASL_SENDER:
        return true;
    default:
        return false;
    }
}

static bool is_plain_name(const char *s, size_t n)
{
    if (n == 7 && memcmp(s, "unknown", n) == 0) return false;
    if (n == 9 && memcmp(s, "localhost", n) == 0) return false;
    for (size_t i = 0; i < n; i++)
        if (s[i] == '.' || s[i] == '@' || s[i] == ':') return false;
    return n > 0;
}

const maillog_event *mask_event(const maillog_event *ev, maillog_event *parsed)
{
    size_t at = 0;
    out.len = 0;
    for (uint32_t i = 0; i < ev->nfields; i++) {
        const maillog_field *f = &ev->field[i];
        if (f->id == MAILLOG_FIELD_MESSAGE || f->off < at || !is_name(f->id)) continue;
        if (!is_plain_name(ev->line + f->off, f->len)) continue;
        put_text(ev->line + at, f->off - at);
        put_name(f->id == MAILLOG_FIELD_HOST ? "mx-" : "name-", ev->line + f->off, f->len, "");
        at = f->off + f->len;
    }
    put_text(ev->line + at, ev->len - at);
    maillog_parse_line(NULL, out.ptr ? out.ptr : "", out.len, parsed);
    return parsed;
}
