/* otlp_json.c: the JSON of OTLP, see otlp_json.h. */
#include "otlp_json.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static void comma(json *j)
{
    if (j->more) fputc(',', j->out);
    j->more = true;
}

void json_key(json *j, const char *key)
{
    comma(j);
    fprintf(j->out, "\"%s\":", key);
    j->more = false;
}

void json_open(json *j, const char *key, char bracket)
{
    if (key)
        json_key(j, key);
    else
        comma(j);
    fputc(bracket, j->out);
    j->more = false;
}

void json_close(json *j, char bracket)
{
    fputc(bracket, j->out);
    j->more = true;
}

/* The library writes such bytes as lone surrogates, with which they can be had back. Characters beyond the BMP are not
 * escaped, so every \udc.. is one of them. */
static void put_text(FILE *out, maillog_str s)
{
    static char *buf;
    static size_t cap;
    size_t n = maillog_json_string(s.ptr ? s.ptr : "", s.len, buf, cap);
    if (n > cap) {
        buf = (char *)must_realloc(buf, cap = n * 2);
        n = maillog_json_string(s.ptr ? s.ptr : "", s.len, buf, cap);
    }
    for (size_t i = 1; i + 6 < n; i++) {
        if (buf[i] != '\\') continue;
        if (memcmp(buf + i, "\\udc", 4) == 0) memcpy(buf + i, "\\ufffd", 6);
        i++; /* what is escaped may be a backslash */
    }
    fwrite(buf + 1, 1, n - 2, out);
}

void json_text(json *j, maillog_str s) { json_two_texts(j, s, (maillog_str){NULL, 0}); }

void json_two_texts(json *j, maillog_str a, maillog_str b)
{
    comma(j);
    fputc('"', j->out);
    put_text(j->out, a);
    if (b.ptr) fputc(' ', j->out);
    if (b.ptr) put_text(j->out, b);
    fputc('"', j->out);
}

void json_integer(json *j, const char *key, int value)
{
    json_key(j, key);
    fprintf(j->out, "%d", value);
    j->more = true;
}

/* Neither times nor counts are negative. */
void json_int64(json *j, const char *key, int64_t value)
{
    json_key(j, key);
    fprintf(j->out, "\"%" PRId64 "\"", value < 0 ? 0 : value);
    j->more = true;
}

void json_id(json *j, const char *key, const uint64_t *half, size_t n)
{
    json_key(j, key);
    fputc('"', j->out);
    for (size_t i = 0; i < n; i++) fprintf(j->out, "%016" PRIx64, half[i]);
    fputc('"', j->out);
    j->more = true;
}

bool json_number(maillog_str s, double *value)
{
    char copy[32], *end;
    if (!s.len || s.len >= sizeof copy) return false;
    for (size_t i = 0; i < s.len; i++)
        if (!strchr("0123456789.+-", s.ptr[i]) || !s.ptr[i]) return false;
    memcpy(copy, s.ptr, s.len);
    copy[s.len] = '\0';
    *value = strtod(copy, &end);
    return end == copy + s.len;
}

static void attribute_open(json *j, const char *key)
{
    json_open(j, NULL, '{');
    json_key(j, "key");
    json_text(j, (maillog_str){key, strlen(key)});
    json_open(j, "value", '{');
}

static void attribute_close(json *j)
{
    json_close(j, '}');
    json_close(j, '}');
}

void attribute_empty(json *j, const char *key, maillog_str value)
{
    attribute_open(j, key);
    json_key(j, "stringValue");
    json_text(j, value);
    attribute_close(j);
}

void attribute_text(json *j, const char *key, maillog_str value)
{
    if (value.len) attribute_empty(j, key, value);
}

void attribute_word(json *j, const char *key, const char *value)
{
    attribute_empty(j, key, (maillog_str){value, strlen(value)});
}

void attribute_true(json *j, const char *key)
{
    attribute_open(j, key);
    json_key(j, "boolValue");
    fputs("true", j->out);
    attribute_close(j);
}

/* The values of int64 in JSON are strings. */
void attribute_count(json *j, const char *key, uint64_t value)
{
    if (value > INT64_MAX) return;
    attribute_open(j, key);
    json_int64(j, "intValue", (int64_t)value);
    attribute_close(j);
}

void attribute_integer(json *j, const char *key, maillog_str value)
{
    double number;
    if (value.len > 15 || !json_number(value, &number) || number < 0 || memchr(value.ptr, '.', value.len)) return;
    attribute_count(j, key, (uint64_t)number);
}

void attribute_number(json *j, const char *key, maillog_str value)
{
    double number;
    if (!json_number(value, &number)) return;
    attribute_open(j, key);
    json_key(j, "doubleValue");
    fprintf(j->out, "%.15g", number);
    attribute_close(j);
}

void attribute_list(json *j, const char *key)
{
    attribute_open(j, key);
    json_open(j, "arrayValue", '{');
    json_open(j, "values", '[');
}

void list_text(json *j, maillog_str value)
{
    json_open(j, NULL, '{');
    json_key(j, "stringValue");
    json_text(j, value);
    json_close(j, '}');
}

void list_end(json *j)
{
    json_close(j, ']');
    json_close(j, '}');
    attribute_close(j);
}
