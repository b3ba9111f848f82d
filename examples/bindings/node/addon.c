/* addon.c: maillog for Node.js, plain C against Node-API: what index.js cannot do itself. Events come as rows of typed
 * arrays that JavaScript owns; messages come as the library's own JSON.
 *
 *   gcc -shared -fPIC -I/usr/include/node addon.c -lmaillog -o maillog.node */
#include <maillog/maillog.h>
#include <node_api.h>

#include <stdlib.h>
#include <string.h>

/* Whether the call went well; if not, an exception waits in JavaScript. */
static int ok(napi_env env, napi_status status)
{
    const napi_extended_error_info *info;
    bool pending = false;
    if (status == napi_ok) return 1;
    napi_get_last_error_info(env, &info);
    napi_is_exception_pending(env, &pending);
    if (!pending) napi_throw_error(env, NULL, info->error_message ? info->error_message : "maillog: bad call");
    return 0;
}

static int failed(napi_env env, int code)
{
    if (code < 0) napi_throw_error(env, NULL, maillog_strerror(code));
    return code < 0;
}

/* The bytes of a typed array or Buffer; {NULL, 0} for null. */
static int bytes(napi_env env, napi_value v, void **p, size_t *n)
{
    napi_typedarray_type type;
    napi_valuetype kind;
    *p = NULL;
    *n = 0;
    if (!ok(env, napi_typeof(env, v, &kind)) || kind == napi_null || kind == napi_undefined) return kind != napi_object;
    if (!ok(env, napi_get_typedarray_info(env, v, &type, n, p, NULL, NULL))) return 0;
    *n *= type == napi_uint32_array ? 4 : type == napi_uint16_array ? 2 : 1;
    return 1;
}

/* parse(text, final, rows, fields, types|null, out): out = [events, fields, bytes taken] */
static napi_value parse(napi_env env, napi_callback_info info)
{
    napi_value a[6];
    size_t argc = 6, n[6], used = 0;
    void *p[6];
    bool final = false;
    if (!ok(env, napi_get_cb_info(env, info, &argc, a, NULL, NULL)) || argc != 6) return NULL;
    for (size_t i = 0; i < 6; i++)
        if (i != 1 && !bytes(env, a[i], &p[i], &n[i])) return NULL;
    if (!ok(env, napi_get_value_bool(env, a[1], &final)) || n[5] < 12) return NULL;
    maillog_batch b;
    memset(&b, 0, sizeof b);
    b.event = (maillog_batch_event *)p[2];
    b.event_cap = (uint32_t)(n[2] / sizeof *b.event);
    b.field = (maillog_field *)p[3];
    b.field_cap = (uint32_t)(n[3] / sizeof *b.field);
    b.types = (const uint16_t *)p[4];
    b.ntypes = (uint32_t)(n[4] / 2);
    b.final = final;
    if (failed(env, maillog_batch_parse(NULL, p[0] ? (const char *)p[0] : "", n[0], &b, &used))) return NULL;
    const uint32_t out[3] = {b.nevents, b.nfields, (uint32_t)used};
    memcpy(p[5], out, sizeof out);
    return NULL;
}

typedef struct table {
    const char *name;
    int (*next)(int);
    const char *(*of)(int);
} table;

static napi_value name_table(napi_env env, const table *t)
{
    napi_value list, text;
    napi_create_array(env, &list);
    for (int id = t->next(0); id; id = t->next(id)) {
        napi_create_string_utf8(env, t->of(id), NAPI_AUTO_LENGTH, &text);
        napi_set_element(env, list, (uint32_t)id, text);
    }
    return list;
}

/* ---- messages ---- */

typedef struct joiner {
    maillog_join *join;
    maillog_stream stream;
    char carry[65536];
    void *block;
    char *json;
    size_t cap;
    napi_env env;     /* of the call that is going on */
    napi_value ready; /* its result */
} joiner;

/* Only made and filled here, and read by JavaScript when the call is over: no JavaScript runs inside of the parser. */
static int on_message(void *user, maillog_message *m)
{
    static char why[16384];
    joiner *j = (joiner *)user;
    napi_value text;
    uint32_t n = 0;
    maillog_explain(m, NULL, NULL, why, sizeof why);
    size_t len = maillog_message_json(m, NULL, j->json, j->cap);
    if (len > j->cap) {
        char *more = (char *)realloc(j->json, len * 2);
        if (!more) return -1;
        j->json = more;
        j->cap = len * 2;
        len = maillog_message_json(m, NULL, j->json, j->cap);
    }
    if (napi_create_string_utf8(j->env, j->json, len, &text) != napi_ok) return -1;
    napi_get_array_length(j->env, j->ready, &n);
    return napi_set_element(j->env, j->ready, n, text) == napi_ok ? MAILLOG_CONTINUE : -1;
}

static int push(void *user, const maillog_event *ev) { return maillog_join_push(((joiner *)user)->join, ev); }

static void joiner_free(napi_env env, void *data, void *hint)
{
    joiner *j = (joiner *)data;
    (void)env;
    (void)hint;
    free(j->block);
    free(j->json);
    free(j);
}

/* joiner(memory) */
static napi_value joiner_new(napi_env env, napi_callback_info info)
{
    napi_value memory, out;
    size_t argc = 1;
    double wanted;
    maillog_callbacks cb;
    maillog_join_config cfg;
    memset(&cfg, 0, sizeof cfg);
    if (!ok(env, napi_get_cb_info(env, info, &argc, &memory, NULL, NULL)) ||
        !ok(env, napi_get_value_double(env, memory, &wanted)))
        return NULL;
    cfg.size = sizeof cfg;
    cfg.memory = (uint64_t)wanted;
    const size_t size = maillog_join_size(&cfg);
    joiner *j = (joiner *)calloc(1, sizeof *j);
    void *block = j ? malloc(size) : NULL;
    if (!block || failed(env, maillog_join_init(&j->join, block, size, &cfg, on_message, j))) return free(j), NULL;
    j->block = block;
    maillog_callbacks_init(&cb);
    cb.on_event = push;
    maillog_stream_init(&j->stream, &cb, j, j->carry, sizeof j->carry);
    return ok(env, napi_create_external(env, j, joiner_free, NULL, &out)) ? out : NULL;
}

/* feed(joiner, text|null): messages that are over, as JSON; null: the input is at its end */
static napi_value joiner_feed(napi_env env, napi_callback_info info)
{
    napi_value a[2];
    size_t argc = 2, n, used;
    void *p, *data;
    if (!ok(env, napi_get_cb_info(env, info, &argc, a, NULL, NULL)) ||
        !ok(env, napi_get_value_external(env, a[0], &data)) || !bytes(env, a[1], &p, &n))
        return NULL;
    joiner *j = (joiner *)data;
    j->env = env;
    if (!ok(env, napi_create_array(env, &j->ready))) return NULL;
    int code = p ? maillog_stream_feed(&j->stream, p, n, &used) : maillog_stream_finish(&j->stream);
    if (!p && code == MAILLOG_OK) code = maillog_join_flush(j->join);
    return failed(env, code) ? NULL : j->ready;
}

NAPI_MODULE_INIT()
{
    static const struct {
        const char *name;
        napi_callback call;
    } functions[] = {{"parse", parse}, {"joiner", joiner_new}, {"feed", joiner_feed}};
    static const table tables[] = {{"daemons", maillog_daemon_next, maillog_daemon_name},
                                   {"types", maillog_event_next, maillog_event_name},
                                   {"fields", maillog_field_next, maillog_field_name}};
    napi_value f;
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
        napi_create_function(env, functions[i].name, NAPI_AUTO_LENGTH, functions[i].call, NULL, &f);
        napi_set_named_property(env, exports, functions[i].name, f);
    }
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
        napi_set_named_property(env, exports, tables[i].name, name_table(env, &tables[i]));
    return exports;
}
