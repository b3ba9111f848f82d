/* print.c: JSON of any length, and memory that is there or the end. */
#include "sheet.h"

#include <stdlib.h>
#include <string.h>

void *must_realloc(void *p, size_t n)
{
    void *q = realloc(p, n ? n : 1);
    if (q) return q;
    fputs("maillog: out of memory\n", stderr);
    exit(1);
}

char *must_strndup(const char *s, size_t n)
{
    char *copy = (char *)must_realloc(NULL, n + 1);
    if (n) memcpy(copy, s, n);
    copy[n] = '\0';
    return copy;
}

maillog_json_options command_json_options(const command *c, const maillog_time *t)
{
    maillog_json_options opt;
    memset(&opt, 0, sizeof opt);
    opt.size = sizeof opt;
    opt.year = (int16_t)when_year(c, t);
    return opt;
}

static _Thread_local sheet string;

void print_free(void) { sheet_free(&string); }

void print_json_string(FILE *out, const char *s, size_t len)
{
    const maillog_str text = {s, len};
    string.len = 0;
    sheet_put_json_string(&string, text);
    fwrite(string.text, 1, string.len, out);
}
