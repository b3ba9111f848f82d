/* unmatched.c: `maillog unmatched`: lines that are not understood, by shape. */
#include "tally.h"
#include "text.h"

#include <string.h>

static tally shapes = {.keys = 3, .also = 1, .longest = 2000}; /* daemon, match, shape; an example */
static uint64_t total, matched;

static bool is_digit(char ch) { return ch >= '0' && ch <= '9'; }
static bool is_letter(char ch) { return ((ch | 32) >= 'a' && (ch | 32) <= 'z') || (ch & 0x80); }
static bool in_word(char ch) { return is_digit(ch) || is_letter(ch) || (ch && strchr("@.-_+=%~!#$", ch)); }

/* What stands for a word: words that are names, numbers or IDs differ from line to line. */
static const char *stand_in(const char *s, size_t n)
{
    size_t digits = 0, letters = 0;
    if (memchr(s, '@', n)) return "*@*";
    for (size_t i = 0; i < n; i++) digits += is_digit(s[i]), letters += is_letter(s[i]);
    if (!digits) return NULL;
    return letters ? "*" : "N";
}

/* Lines of one statement fall together: what is in <> or [] is left out, names, numbers and IDs become signs. */
static maillog_str shape_of(maillog_str s)
{
    static char buf[512];
    size_t n = 0;
    for (size_t i = 0; i < s.len && n + 8 < sizeof buf;) {
        const char close = s.ptr[i] == '<' ? '>' : s.ptr[i] == '[' ? ']' : '\0';
        const char *end = close ? (const char *)memchr(s.ptr + i, close, s.len - i) : NULL;
        if (end) {
            n += (size_t)snprintf(buf + n, 8, "%c*%c", s.ptr[i], close);
            i = (size_t)(end - s.ptr) + 1;
            continue;
        }
        size_t len = 0;
        while (i + len < s.len && in_word(s.ptr[i + len])) len++;
        const char *sign = len ? stand_in(s.ptr + i, len) : NULL;
        if (sign) {
            n += (size_t)snprintf(buf + n, 8, "%s", sign);
        } else {
            if (!len) len = 1;
            const size_t room = sizeof buf - 8 - n, fits = len < room ? len : room;
            memcpy(buf + n, s.ptr + i, fits);
            n += fits;
        }
        i += len;
    }
    const maillog_str shape = {buf, n};
    return shape;
}

static maillog_str of_text(const char *text)
{
    const maillog_str s = {text, strlen(text)};
    return s;
}

static int count_shape(command *c, const maillog_event *ev)
{
    (void)c;
    total++;
    if (ev->match == MAILLOG_MATCH_EVENT) {
        matched++;
        return MAILLOG_CONTINUE;
    }
    const maillog_str line = {ev->line, ev->len};
    const maillog_str part[TALLY_KEYS] = {of_text(ev->daemon ? maillog_daemon_name(ev->daemon) : ""),
                                          of_text(maillog_match_name(ev->match)),
                                          shape_of(maillog_get(ev, MAILLOG_FIELD_MESSAGE)), line};
    uint64_t hash;
    tally_at(&shapes, part, &hash)->count++;
    return MAILLOG_CONTINUE;
}

static void print_string(const char *key, const char *s)
{
    fputs(key, stdout);
    print_json_string(stdout, s, strlen(s));
}

static void print_shape(const command *c, const tally_row *row)
{
    if (!c->json) {
        printf("%8llu  %-18s %s\n", (unsigned long long)row->count, *row->key[0] ? row->key[0] : row->key[1],
               shown(of_text(row->key[3])));
        return;
    }
    print_string("{\"daemon\":", row->key[0]);
    printf(",\"match\":\"%s\",\"count\":%llu", row->key[1], (unsigned long long)row->count);
    print_string(",\"example\":", row->key[3]);
    print_string(",\"shape\":", row->key[2]);
    printf("}\n");
}

int command_unmatched(command *c)
{
    const uint64_t memory = c->memory ? c->memory : (uint64_t)64 << 20;
    if (memory < 65536) return wrong_usage(c, "--memory: 64K at least");
    if (c->top < 0) c->top = c->json ? 0 : 20;
    tally_limit(memory);
    c->on_event = count_shape;
    command_read(c);
    tally_sort(&shapes, TALLY_BY_COUNT_ALONE);
    const size_t top = c->top && (size_t)c->top < shapes.n ? (size_t)c->top : shapes.n;
    for (size_t i = 0; i < top; i++) print_shape(c, &shapes.rows[i]);
    if (c->json) printf("{\"total\":%llu,\"matched\":%llu}\n", (unsigned long long)total, (unsigned long long)matched);
    if (!c->json && top < shapes.n) printf("%8s  and %zu rarer shapes (--top 0 shows all)\n", "...", shapes.n - top);
    if (!c->json) printf("%s of %s lines understood\n", grouped(matched), grouped(total));
    if (shapes.dropped)
        fprintf(stderr, "maillog: %llu rare shapes were dropped: more --memory keeps them\n",
                (unsigned long long)shapes.dropped);
    tally_free(&shapes);
    return c->status;
}
