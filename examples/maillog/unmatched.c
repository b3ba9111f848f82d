/* unmatched.c: `maillog unmatched`: lines that are not understood, by shape. */
#include "command.h"

#include <stdlib.h>
#include <string.h>

typedef struct shape {
    char *text, *example;
    const char *daemon, *match;
    uint64_t count;
} shape;

static shape *shapes;
static size_t nshapes, cap_shapes;
static uint64_t total, matched;

/* Digits become N, so that lines of one statement fall together. */
static char *shape_of(maillog_str s)
{
    char *out = (char *)malloc(s.len + 1);
    size_t n = 0;
    for (size_t i = 0; out && i < s.len && n < 200; i++) {
        const bool digit = s.ptr[i] >= '0' && s.ptr[i] <= '9';
        if (!digit)
            out[n++] = s.ptr[i];
        else if (n == 0 || out[n - 1] != 'N')
            out[n++] = 'N';
    }
    if (out) out[n] = '\0';
    return out;
}

static int count_shape(command *c, const maillog_event *ev)
{
    (void)c;
    total++;
    if (ev->match == MAILLOG_MATCH_EVENT) {
        matched++;
        return MAILLOG_CONTINUE;
    }
    char *text = shape_of(maillog_get(ev, MAILLOG_FIELD_MESSAGE));
    const char *daemon = ev->daemon ? maillog_daemon_name(ev->daemon) : "";
    for (size_t i = 0; text && i < nshapes; i++)
        if (strcmp(shapes[i].text, text) == 0 && shapes[i].daemon == daemon) {
            shapes[i].count++;
            free(text);
            return MAILLOG_CONTINUE;
        }
    if (nshapes == cap_shapes) shapes = (shape *)realloc(shapes, (cap_shapes = cap_shapes * 2 + 64) * sizeof *shapes);
    if (!shapes || !text) return -1;
    const shape s = {text, strndup(ev->line, ev->len), daemon, maillog_match_name(ev->match), 1};
    shapes[nshapes++] = s;
    return MAILLOG_CONTINUE;
}

static int by_count(const void *a, const void *b)
{
    const uint64_t x = ((const shape *)a)->count, y = ((const shape *)b)->count;
    return x < y ? 1 : x > y ? -1 : 0;
}

static void print_string(const char *key, const char *s)
{
    fputs(key, stdout);
    print_json_string(stdout, s, strlen(s));
}

int command_unmatched(command *c)
{
    c->on_event = count_shape;
    command_read(c);
    if (shapes) qsort(shapes, nshapes, sizeof *shapes, by_count);
    for (size_t i = 0; i < nshapes; i++) {
        if (c->json) {
            print_string("{\"daemon\":", shapes[i].daemon);
            printf(",\"match\":\"%s\",\"count\":%llu", shapes[i].match, (unsigned long long)shapes[i].count);
            print_string(",\"example\":", shapes[i].example);
            print_string(",\"shape\":", shapes[i].text);
            printf("}\n");
        } else {
            printf("%8llu  %-18s %s\n", (unsigned long long)shapes[i].count, shapes[i].daemon, shapes[i].example);
        }
    }
    if (c->json)
        printf("{\"total\":%llu,\"matched\":%llu}\n", (unsigned long long)total, (unsigned long long)matched);
    else
        printf("%llu of %llu lines understood\n", (unsigned long long)matched, (unsigned long long)total);
    return c->status;
}
