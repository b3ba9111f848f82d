/* lognorm.c: liblognorm with the rules of generate.py. */
#include "peers.h"

#include <json.h>
#include <liblognorm.h>

static ln_ctx ctx;

void lognorm_start(void)
{
    ctx = ln_initCtx();
    if (!ctx || ln_loadSamplesFromString(ctx, peer_rules) != 0) {
        fprintf(stderr, "liblognorm does not read its rules\n");
        exit(1);
    }
}

void lognorm_end(void) { ln_exitCtx(ctx); }

/* It wants a NUL behind the line: of what it does not know it makes a string. */
static int normalize(const char *line, size_t len, struct fjson_object **json)
{
    static char text[4096];
    const size_t n = len < sizeof text ? len : sizeof text - 1;
    memcpy(text, line, n);
    text[n] = '\0';
    return ln_normalize(ctx, text, n, json);
}

found way_lognorm(const bench_log *t)
{
    found r = {0, 0, 0};
    for (const char *p = t->text, *end = p + t->len, *lf; p < end; p = lf + 1) {
        struct fjson_object *json = NULL;
        lf = (const char *)memchr(p, '\n', (size_t)(end - p));
        normalize(p, (size_t)(lf - p), &json);
        r.lines++;
        if (json) r.fields += (size_t)fjson_object_object_length(json);
        fjson_object_put(json);
    }
    return r;
}

static int is(struct fjson_object *json, const char *name, const char *text, size_t len)
{
    struct fjson_object *value;
    if (!fjson_object_object_get_ex(json, name, &value)) return len == 0;
    return (size_t)fjson_object_get_string_len(value) == len && memcmp(fjson_object_get_string(value), text, len) == 0;
}

/* The tag of the rule is the kind's name. */
static int has_kind(struct fjson_object *json, const kind *k)
{
    struct fjson_object *tags;
    char name[64];
    snprintf(name, sizeof name, "%s", k->name);
    *strchr(name, ' ') = '-';
    return fjson_object_object_get_ex(json, "event.tags", &tags) && fjson_object_array_length(tags) == 1 &&
           strcmp(fjson_object_get_string(fjson_object_array_get_idx(tags, 0)), name) == 0;
}

int lognorm_agrees(const char *line, size_t len, const row *want)
{
    static const char *const head[HEAD] = {"stamp", "host", NULL, "pid"}; /* the program is in the rule */
    const kind *k = &peer_kinds[want->kind];
    struct fjson_object *json = NULL;
    const int rc = normalize(line, len, &json);
    int good = want->kind ? rc == 0 && has_kind(json, k) : rc != 0;
    for (size_t i = 0; i < want->n && good; i++) {
        const char *name = i < HEAD ? head[i] : k->field[i - HEAD];
        if (name && (want->f[i].len || i >= HEAD)) good = is(json, name, line + want->f[i].off, want->f[i].len);
    }
    fjson_object_put(json);
    return good;
}
