/* fuzz_json.c: whatever the line, its JSON is JSON: checked by a reader that shares nothing with the writer; and the
 * message read back is the message of the line, byte for byte. */
#include "fuzz.h"

typedef struct reader {
    const char *p, *e;
    char *text; /* where strings are decoded to; NULL: only checked */
    size_t len;
} reader;

static int hex4(reader *r)
{
    int v = 0;
    fuzz_check(r->e - r->p >= 4);
    for (int i = 0; i < 4; i++, r->p++) {
        const char c = *r->p;
        fuzz_check((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'));
        v = v * 16 + (c <= '9' ? c - '0' : (c | 32) - 'a' + 10);
    }
    return v;
}

static void out(reader *r, int byte)
{
    if (r->text) r->text[r->len] = (char)byte;
    r->len++;
}

static void out_utf8(reader *r, long c)
{
    if (c < 0x80) return out(r, (int)c);
    if (c >= 0xdc80 && c <= 0xdcff) return out(r, (int)(c - 0xdc00)); /* a byte that was not UTF-8 */
    fuzz_check(c < 0xd800 || c > 0xdfff);
    const int more = c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
    static const int first[] = {0, 0xc0, 0xe0, 0xf0};
    out(r, (int)(first[more] | c >> 6 * more));
    for (int i = more - 1; i >= 0; i--) out(r, (int)(0x80 | (c >> 6 * i & 0x3f)));
}

static void escape(reader *r)
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    fuzz_check(r->p < r->e);
    const char c = *r->p++;
    const char *known = c ? strchr(from, c) : NULL;
    if (known) return out(r, to[known - from]);
    fuzz_check(c == 'u');
    long v = hex4(r);
    if (v >= 0xd800 && v <= 0xdbff) {
        fuzz_check(r->e - r->p >= 6 && r->p[0] == '\\' && r->p[1] == 'u');
        r->p += 2;
        const long low = hex4(r);
        fuzz_check(low >= 0xdc00 && low <= 0xdfff);
        v = 0x10000 + ((v - 0xd800) << 10) + (low - 0xdc00);
    }
    out_utf8(r, v);
}

/* Bytes of a well-formed UTF-8 character at p, 0 if there is none. */
static int utf8_len(const unsigned char *p, const unsigned char *e)
{
    const int n = *p < 0x80                 ? 1
                  : *p >= 0xc2 && *p < 0xe0 ? 2
                  : *p >= 0xe0 && *p < 0xf0 ? 3
                  : *p >= 0xf0 && *p < 0xf5 ? 4
                                            : 0;
    if (n == 0 || e - p < n) return 0;
    for (int i = 1; i < n; i++)
        if ((p[i] & 0xc0) != 0x80) return 0;
    if ((*p == 0xe0 && p[1] < 0xa0) || (*p == 0xed && p[1] > 0x9f) || (*p == 0xf0 && p[1] < 0x90) ||
        (*p == 0xf4 && p[1] > 0x8f))
        return 0;
    return n;
}

static void string(reader *r)
{
    fuzz_check(r->p < r->e && *r->p == '"');
    for (r->p++;;) {
        fuzz_check(r->p < r->e);
        if (*r->p == '"') break;
        if (*r->p == '\\') {
            r->p++;
            escape(r);
            continue;
        }
        fuzz_check((unsigned char)*r->p >= 32);
        const int n = utf8_len((const unsigned char *)r->p, (const unsigned char *)r->e);
        fuzz_check(n > 0);
        for (int i = 0; i < n; i++) out(r, *r->p++);
    }
    r->p++;
}

static void value(reader *r, int depth);

static void members(reader *r, int depth, char close)
{
    for (r->p++; r->p < r->e && *r->p != close;) {
        if (close == '}') {
            string(r);
            fuzz_check(r->p < r->e && *r->p == ':');
            r->p++;
        }
        value(r, depth + 1);
        fuzz_check(r->p < r->e && (*r->p == ',' || *r->p == close));
        if (*r->p == ',') {
            r->p++;
            fuzz_check(r->p < r->e && *r->p != close);
        }
    }
    fuzz_check(r->p < r->e);
    r->p++;
}

static void value(reader *r, int depth)
{
    fuzz_check(depth < 8 && r->p < r->e);
    if (*r->p == '"') return string(r);
    if (*r->p == '{') return members(r, depth, '}');
    if (*r->p == '[') return members(r, depth, ']');
    const char *start = r->p;
    while (r->p < r->e && strchr("0123456789.+-eEtrufalsn", *r->p)) r->p++;
    fuzz_check(r->p > start);
}

/* The value of the key "message" of the outermost object. */
static void check_message(const char *json, size_t n, maillog_str want)
{
    char *text = malloc(n);
    if (!text) return;
    reader r = {json + 1, json + n, text, 0};
    while (*r.p != '}') {
        r.len = 0;
        string(&r);
        const int found = r.len == 7 && memcmp(text, "message", 7) == 0;
        r.p++;
        r.len = 0;
        value(&r, 0);
        if (found) fuzz_check(r.len == want.len && memcmp(text, want.ptr, want.len) == 0);
        if (*r.p == ',') r.p++;
    }
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    maillog_event ev;
    maillog_json_options opt;
    if (size < 1) return 0;
    memset(&opt, 0, sizeof opt);
    opt.size = sizeof opt;
    opt.flags = data[0] & MAILLOG_JSON_NUMBERS;
    opt.line_number = data[0] >> 4;
    opt.year = data[0] & 4 ? 2026 : 0;
    maillog_parse_line(NULL, (const char *)data + 1, size - 1, &ev);
    const size_t n = maillog_event_json(&ev, &opt, NULL, 0);
    char *buf = malloc(n);
    if (!buf) return 0;
    fuzz_check(maillog_event_json(&ev, &opt, buf, n) == n);
    reader r = {buf, buf + n, NULL, 0};
    value(&r, 0);
    fuzz_check(r.p == r.e);
    const maillog_str message = maillog_get(&ev, MAILLOG_FIELD_MESSAGE);
    if (message.ptr && !(ev.flags & MAILLOG_FLAG_ESCAPED)) check_message(buf, n, message);
    free(buf);
    return 0;
}
