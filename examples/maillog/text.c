/* text.c: output for people. */
#include "text.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static bool utf8, gone;
static int output_errno; /* of the first write that failed */
static unsigned columns;

/* No locale at all is taken for UTF-8, as terminals are today; LANG=C asks for ASCII. */
static bool wants_utf8(void)
{
    static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};
    for (size_t i = 0; i < 3; i++) {
        const char *v = getenv(names[i]);
        if (v && *v) return strstr(v, "UTF-8") || strstr(v, "utf8") || strstr(v, "UTF8") || strstr(v, "utf-8");
    }
    return true;
}

void text_setup(command *c)
{
    struct winsize w;
    const char *env = getenv("COLUMNS"), *no_color = getenv("NO_COLOR"), *term = getenv("TERM");
    const bool dumb = (no_color && *no_color) || (term && strcmp(term, "dumb") == 0);
    c->color = c->color_when == WHEN_ALWAYS || (c->color_when == WHEN_AUTO && isatty(1) && !dumb);
    utf8 = wants_utf8();
    if (isatty(1)) columns = ioctl(1, TIOCGWINSZ, &w) == 0 && w.ws_col ? w.ws_col : env ? (unsigned)atoi(env) : 80;
    if (columns && columns < 40) columns = 40;
}

unsigned text_columns(void) { return columns; }
const char *glyph(const char *fancy, const char *ascii) { return utf8 ? fancy : ascii; }

/* Eight bytes at a time. */
static uint64_t eight(unsigned char byte) { return UINT64_C(0x0101010101010101) * byte; }
static bool has_zero(uint64_t v) { return ((v - eight(1)) & ~v & eight(0x80)) != 0; }

static bool are_plain(const char *s, bool printable)
{
    uint64_t v;
    memcpy(&v, s, 8);
    if (v & eight(0x80)) return false;
    return printable ? !has_zero(v & eight(0xE0)) && !has_zero(v ^ eight(0x7F)) : !has_zero(v ^ eight(0x1B));
}

/* Bytes from the beginning that are ASCII and no escape: each is a column wide. `printable`: nor
 * any other control byte. */
static size_t plain(const char *s, size_t len, bool printable)
{
    size_t n = 0;
    while (n + 8 <= len && are_plain(s + n, printable)) n += 8;
    return n && n < len && n + 8 > len && are_plain(s + len - 8, printable) ? len : n;
}

void text_copy_shown(char *to, maillog_str s)
{
    const size_t same = s.len ? plain(s.ptr, s.len, true) : 0;
    if (same) memcpy(to, s.ptr, same);
    for (size_t k = same; k < s.len; k++) {
        const unsigned char ch = (unsigned char)s.ptr[k];
        const bool c1 = ch == 0xC2 && k + 1 < s.len && ((unsigned char)s.ptr[k + 1] & 0xE0) == 0x80;
        to[k] = ch < 0x20 || ch == 0x7F || c1 || (!utf8 && ch >= 0x80) ? '?' : s.ptr[k];
    }
}

const char *shown(maillog_str s)
{
    enum { COPIES = 16 };
    static char *copies[COPIES];
    static size_t caps[COPIES], next;
    const size_t i = next++ % COPIES;
    if (s.len >= caps[i]) copies[i] = (char *)must_realloc(copies[i], caps[i] = s.len * 2 + 64);
    text_copy_shown(copies[i], s);
    copies[i][s.len] = '\0';
    return copies[i];
}

/* Bytes of the character at s; escape sequences count as one without width. */
static size_t step(const char *s, size_t left, size_t *width)
{
    const unsigned char ch = (unsigned char)*s;
    size_t n = 1;
    *width = 1;
    if (ch == 0x1B && left > 1 && s[1] == '[') {
        for (n = 2; n < left && s[n] != 'm';) n++;
        *width = 0;
        return n < left ? n + 1 : n;
    }
    if (ch >= 0xC0)
        while (n < left && n < 4 && ((unsigned char)s[n] & 0xC0) == 0x80) n++;
    if (ch >= 0xE1 && n == 3 && (ch == 0xEF ? (unsigned char)s[1] >= 0xBC : ch >= 0xE3)) *width = 2; /* CJK */
    if (ch >= 0xF0 && n == 4) *width = 2;
    return n;
}

size_t text_fit(const char *s, size_t len, size_t room)
{
    size_t at = 0, width;
    while (at < len) {
        const size_t n = step(s + at, len - at, &width);
        if (width > room) break;
        room -= width;
        at += n;
    }
    return at;
}

size_t text_width(const char *s, size_t len)
{
    size_t total = len ? plain(s, len, false) : 0, width;
    for (size_t at = total; at < len; total += width) at += step(s + at, len - at, &width);
    return total;
}

/* "[line 8]" stays in one piece. */
static bool ends_with_mark(const char *s, size_t n) { return n >= 5 && memcmp(s + n - 5, "[line", 5) == 0; }

void print_wrapped(FILE *out, const char *s, size_t len, unsigned column, unsigned indent)
{
    while (columns && len > 0) {
        const size_t room = columns > column + 20 ? columns - column : 20;
        size_t n = text_fit(s, len, room);
        if (n == len) break;
        size_t blank = n;
        while (blank > 0 && (s[blank] != ' ' || ends_with_mark(s, blank))) blank--;
        if (blank > 0) n = blank;
        fprintf(out, "%.*s\n%*s", (int)n, s, (int)indent, "");
        while (n < len && s[n] == ' ') n++;
        s += n;
        len -= n;
        column = indent;
    }
    fprintf(out, "%.*s\n", (int)len, s);
}

bool output_works(void)
{
    errno = 0;
    if (fflush(stdout) == 0 && !ferror(stdout)) return true;
    output_failed();
    return false;
}

bool output_open(void)
{
    if (!ferror(stdout)) return true;
    output_failed();
    return false;
}

void output_failed(void)
{
    if (!output_errno) output_errno = errno;
    gone = gone || output_errno == EPIPE;
}

int output_error(void) { return output_errno; }

/* An error of an earlier write does not say any more which it was; a pipe without a reader still does. */
bool output_gone(void)
{
    struct pollfd p = {1, POLLOUT, 0};
    return gone || (poll(&p, 1, 0) > 0 && (p.revents & POLLERR));
}

const char *grouped(uint64_t n)
{
    static _Thread_local char bufs[8][32];
    static _Thread_local size_t next;
    char *end = bufs[next++ % 8] + 31, *p = end;
    *p = '\0';
    for (unsigned digits = 0; n > 0 || digits == 0; n /= 10, digits++) {
        if (digits && digits % 3 == 0) *--p = ',';
        *--p = (char)('0' + n % 10);
    }
    return p;
}

char *text_number(char *end, uint64_t n)
{
    do *--end = (char)('0' + n % 10);
    while (n /= 10);
    return end;
}

char *text_tenths(char *end, uint64_t n)
{
    *--end = (char)('0' + n % 10);
    *--end = '.';
    return text_number(end, n / 10);
}

const char *in_bytes(uint64_t n)
{
    static _Thread_local char bufs[8][32];
    static _Thread_local size_t next;
    static const char units[] = " KMGTPE";
    char *buf = bufs[next++ % 8];
    double value = (double)n;
    size_t unit = 0;
    for (; value >= 9999.5 && unit < 6; unit++) value /= 1024;
    if (unit == 0) {
        snprintf(buf, 32, "%llu", (unsigned long long)n);
        return buf;
    }
    if (n >> 53) { /* the double is not exact */
        snprintf(buf, 32, value < 99.95 ? "%.1f%c" : "%.0f%c", value, units[unit]);
        return buf;
    }
    const bool fraction = value < 99.95;
    const uint64_t scaled = fraction ? n * 10 : n, whole = scaled >> 10 * unit, half = UINT64_C(1) << (10 * unit - 1),
                   rest = scaled & (half * 2 - 1);
    const uint64_t rounded = whole + (rest > half || (rest == half && whole & 1)); /* as printf() does */
    char *end = buf + 31;
    *end = '\0';
    *--end = units[unit];
    return fraction ? text_tenths(end, rounded) : text_number(end, rounded);
}
