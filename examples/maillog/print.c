/* print.c: JSON of any length, and memory that is there or the end. */
#include "command.h"

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

static _Thread_local char *buf;
static _Thread_local size_t cap;

maillog_json_options command_json_options(const command *c, const maillog_time *t)
{
    maillog_json_options opt;
    memset(&opt, 0, sizeof opt);
    opt.size = sizeof opt;
    opt.year = (int16_t)when_year(c, t);
    return opt;
}

void print_free(void)
{
    free(buf);
    buf = NULL;
    cap = 0;
}

void print_json_string(FILE *out, const char *s, size_t len)
{
    size_t n = maillog_json_string(s, len, buf, cap);
    if (n > cap) {
        buf = (char *)must_realloc(buf, cap = n * 2);
        n = maillog_json_string(s, len, buf, cap);
    }
    fwrite(buf, 1, n, out);
}
