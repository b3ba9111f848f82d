/* web.c: a log in, messages out, for worker.js: the parser, the join and the explanation in WebAssembly. JavaScript
 * fills `text`, calls feed(), and gets each record as JSON. */
#include <maillog/maillog.h>

#include <string.h>

#define EXPORT __attribute__((visibility("default")))
#define IMPORT(name) __attribute__((import_module("env"), import_name(name)))

/* `record`: a message as JSON. `unmatched`: a line that is no event: its daemon, and what was not understood. */
IMPORT("record") void on_record(const char *json, size_t len);
IMPORT("unmatched") void on_unmatched(const char *daemon, size_t daemon_len, const char *text, size_t len);

/* A product of 128 bits, which the compiler leaves to its run-time library: only the low half of each factor is used.
 */
unsigned __int128 __multi3(unsigned __int128 a, unsigned __int128 b);
unsigned __int128 __multi3(unsigned __int128 a, unsigned __int128 b)
{
    const uint64_t x = (uint64_t)a, y = (uint64_t)b;
    const uint64_t ll = (x & UINT32_MAX) * (y & UINT32_MAX), lh = (x & UINT32_MAX) * (y >> 32);
    const uint64_t hl = (x >> 32) * (y & UINT32_MAX), hh = (x >> 32) * (y >> 32);
    const uint64_t middle = (ll >> 32) + (lh & UINT32_MAX) + (hl & UINT32_MAX);
    const uint64_t high = hh + (lh >> 32) + (hl >> 32) + (middle >> 32);
    return (unsigned __int128)high << 64 | (middle << 32 | (ll & UINT32_MAX));
}

enum { TEXT = 1 << 20, CARRY = 1 << 20, WHY = 1 << 16, JSON = 1 << 22, PAGE = 65536 };

static struct {
    char text[TEXT], carry[CARRY], why[WHY], json[JSON];
    maillog_stream stream;
    maillog_join *join;
    maillog_postfix_config *config;
    maillog_zone zone;
    int64_t reference;
    uint64_t lines, matched;
} app;

EXPORT char *text(void) { return app.text; }
EXPORT uint32_t text_size(void) { return TEXT; }
EXPORT double lines(void) { return (double)app.lines; }
EXPORT double matched(void) { return (double)app.matched; }

/* Memory behind what is there, never given back: a page has one log. NULL: there is no more. */
EXPORT void *reserve(size_t bytes)
{
    const size_t pages = (bytes + PAGE - 1) / PAGE, at = __builtin_wasm_memory_grow(0, pages);
    return at == SIZE_MAX ? NULL : (void *)(at * PAGE);
}

static int on_message(void *user, maillog_message *m)
{
    maillog_json_options opt;
    (void)user;
    maillog_explain(m, app.config, NULL, app.why, sizeof app.why);
    memset(&opt, 0, sizeof opt);
    opt.size = sizeof opt;
    opt.year = (int16_t)maillog_time_year(&m->first_time, app.reference, &app.zone);
    const size_t n = maillog_message_json(m, &opt, app.json, sizeof app.json);
    if (n <= sizeof app.json) on_record(app.json, n);
    return MAILLOG_CONTINUE;
}

static int on_event(void *user, const maillog_event *ev)
{
    (void)user;
    app.lines++;
    app.matched += ev->match == MAILLOG_MATCH_EVENT;
    if (ev->match != MAILLOG_MATCH_EVENT) {
        const char *const daemon = maillog_daemon_name(ev->daemon);
        const maillog_str rest = maillog_get(ev, MAILLOG_FIELD_MESSAGE);
        on_unmatched(daemon, strlen(daemon), rest.ptr, rest.len);
    }
    return maillog_join_push(app.join, ev) == MAILLOG_OK ? MAILLOG_CONTINUE : -1;
}

/* Texts of main.cf and master.cf, in reserve()d memory; either may be NULL. */
EXPORT int32_t configure(const char *main_cf, size_t main_len, const char *master_cf, size_t master_len)
{
    const maillog_postfix_files files = {sizeof files, NULL, NULL, main_cf, master_cf, main_len, master_len};
    const size_t n = maillog_postfix_config_size(&files);
    void *const memory = n ? reserve(n) : NULL;
    return memory ? maillog_postfix_config_init(&app.config, memory, n, &files) : MAILLOG_ERR_NO_SPACE;
}

/* `memory`: bytes for the join; `reference`: seconds since 1970 near the log's end, for stamps without a year. */
EXPORT int32_t start(double memory, double reference, double seed)
{
    maillog_join_config config;
    maillog_callbacks cb;
    memset(&config, 0, sizeof config);
    config.size = sizeof config;
    config.memory = (uint64_t)memory;
    config.seed[0] = (uint64_t)seed;
    config.reference = app.reference = (int64_t)reference;
    const size_t n = maillog_join_size(&config);
    void *const block = n ? reserve(n) : NULL;
    if (!block) return MAILLOG_ERR_NO_SPACE;
    maillog_callbacks_init(&cb);
    cb.on_event = on_event;
    const int rc = maillog_join_init(&app.join, block, n, &config, on_message, NULL);
    return rc ? rc : maillog_stream_init(&app.stream, &cb, NULL, app.carry, sizeof app.carry);
}

/* Take the first `len` bytes of text. */
EXPORT int32_t feed(uint32_t len)
{
    size_t used;
    return maillog_stream_feed(&app.stream, app.text, len <= TEXT ? len : TEXT, &used);
}

EXPORT int32_t finish(void)
{
    const int rc = maillog_stream_finish(&app.stream);
    return rc ? rc : maillog_join_flush(app.join);
}
