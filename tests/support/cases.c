/* cases.c: see cases.h. */
#include "cases.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

char *case_read_all(const char *path, size_t *size)
{
    FILE *f = fopen(path, "rb");
    if (!f) return NULL;
    char *buf = NULL;
    size_t len = 0, cap = 0, n;
    do {
        if (cap - len < 4096) buf = (char *)realloc(buf, cap = cap * 2 + 8192);
        n = fread(buf + len, 1, cap - len - 1, f);
        len += n;
    } while (n > 0);
    fclose(f);
    buf[len] = '\0';
    *size = len;
    return buf;
}

static int hex(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : (c | 0x20) >= 'a' && (c | 0x20) <= 'f' ? (c | 0x20) - 'a' + 10 : -1;
}

size_t case_decode(const char *p, size_t n, char *out)
{
    size_t k = 0;
    for (size_t i = 0; i < n; i++) {
        if (p[i] != '\\' || i + 1 >= n) {
            out[k++] = p[i];
        } else if (p[i + 1] == 'n') {
            out[k++] = '\n';
            i++;
        } else if (p[i + 1] == '\\') {
            out[k++] = '\\';
            i++;
        } else if (p[i + 1] == 'x' && i + 3 < n && hex(p[i + 2]) >= 0 && hex(p[i + 3]) >= 0) {
            out[k++] = (char)(hex(p[i + 2]) << 4 | hex(p[i + 3]));
            i += 3;
        } else {
            out[k++] = p[i];
        }
    }
    return k;
}

static void add_case(case_file *f, size_t number, const char *p, size_t n)
{
    f->cases = (test_case *)realloc(f->cases, (f->count + 1) * sizeof *f->cases);
    test_case *c = &f->cases[f->count++];
    c->number = number;
    c->line = (char *)malloc(n + 1);
    c->len = case_decode(p, n, c->line);
    c->line[c->len] = '\0';
    c->expect = strdup("");
}

bool case_file_read(const char *path, case_file *out)
{
    memset(out, 0, sizeof *out);
    out->path = strdup(path);
    out->text = case_read_all(path, &out->size);
    if (!out->text) return false;
    out->full = strncmp(out->text, "#full", 5) == 0;
    size_t number = 0;
    for (const char *p = out->text, *e; *p; p = e + (*e == '\n')) {
        e = strchr(p, '\n');
        if (!e) e = p + strlen(p);
        number++;
        if (strncmp(p, "< ", 2) == 0) {
            add_case(out, number, p + 2, (size_t)(e - p) - 2);
        } else if (strncmp(p, "> ", 2) == 0 && out->count) {
            test_case *c = &out->cases[out->count - 1];
            free(c->expect);
            c->expect = strndup(p + 2, (size_t)(e - p) - 2);
        }
    }
    return true;
}

bool case_file_update(const case_file *f, char *const *got)
{
    FILE *out = fopen(f->path, "wb");
    if (!out) return false;
    size_t i = 0;
    for (const char *p = f->text, *e; *p; p = e + (*e == '\n')) {
        e = strchr(p, '\n');
        if (!e) e = p + strlen(p);
        if (strncmp(p, "> ", 2) == 0) continue;
        fprintf(out, "%.*s\n", (int)(e - p), p);
        if (strncmp(p, "< ", 2) == 0) fprintf(out, "> %s\n", got[i++]);
    }
    return fclose(out) == 0;
}

void case_file_free(case_file *f)
{
    for (size_t i = 0; i < f->count; i++) {
        free(f->cases[i].line);
        free(f->cases[i].expect);
    }
    free(f->cases);
    free(f->text);
    free(f->path);
}
