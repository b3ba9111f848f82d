/* postfix_config.c: main.cf and master.cf as an index of settings and services, in the caller's memory.
 *
 * What it holds are slices of the texts. A setting that is made twice counts as it was made last, and a service, too;
 * chains of the hash table begin with the newest. */
#include "../base/cursor.h"
#include "config.h"

#define ALIGN 16u

static size_t round_up(size_t n) { return (n + ALIGN - 1) / ALIGN * ALIGN; }

static size_t count(const char *p, size_t n, char c)
{
    size_t k = 0;
    while (n) {
        const char *const at = (const char *)memchr(p, c, n);
        if (!at) break;
        k++;
        n -= (size_t)(at + 1 - p);
        p = at + 1;
    }
    return k;
}

typedef struct sizes {
    size_t settings, services, buckets, setting_at, service_at, bucket_at, total;
} sizes;

/* Each setting has a '=', each service a line. */
static bool measure(const maillog_postfix_files *f, sizes *s)
{
    if (!f || f->size < sizeof *f || (!f->main_cf && f->main_len) || (!f->master_cf && f->master_len)) return false;
    if (f->main_len >= UINT32_MAX || f->master_len >= UINT32_MAX) return false;
    s->settings = count(f->main_cf, f->main_len, '=') + count(f->master_cf, f->master_len, '=');
    s->services = f->master_len ? count(f->master_cf, f->master_len, '\n') + 1 : 0;
    for (s->buckets = 16; s->buckets < s->settings; s->buckets *= 2) continue;
    s->setting_at = round_up(sizeof(maillog_postfix_config));
    s->service_at = s->setting_at + round_up(s->settings * sizeof(ml_setting));
    s->bucket_at = s->service_at + round_up(s->services * sizeof(maillog_postfix_service));
    s->total = s->bucket_at + round_up(s->buckets * sizeof(uint32_t));
    return true;
}

size_t maillog_postfix_config_size(const maillog_postfix_files *files)
{
    sizes s;
    return measure(files, &s) ? s.total : 0;
}

/* ---- settings ---- */

ML_WRAPS static size_t bucket_of(const maillog_postfix_config *c, size_t service, maillog_str name)
{
    uint64_t h = (service + 1) * 0x9e3779b97f4a7c15u;
    for (size_t i = 0; i < name.len; i++) h = (h ^ (unsigned char)name.ptr[i]) * 0x100000001b3u;
    return (size_t)(h >> 20) & (c->buckets - 1);
}

typedef struct named {
    maillog_str name;
    ml_logical value;
    uint64_t line;
} named;

/* `service` is 1 + number, or 0 for main.cf. */
static void add_named(maillog_postfix_config *c, size_t service, const named *n, bool in_master)
{
    if (c->settings == c->most_settings) return;
    ml_setting *s = &c->setting[c->settings++];
    uint32_t *head = &c->bucket[bucket_of(c, service, n->name)];
    s->name = n->name;
    s->value = n->value;
    s->line = n->line;
    s->service = (uint32_t)service;
    s->in_master = in_master;
    s->next = *head;
    *head = (uint32_t)c->settings;
}

static void add_setting(maillog_postfix_config *c, size_t service, ml_logical l, bool in_master)
{
    named n;
    if (maillog__name_value(l, &n.name, &n.line, &n.value)) add_named(c, service, &n, in_master);
}

static const ml_setting *find_in(const maillog_postfix_config *c, size_t service, maillog_str name)
{
    for (uint32_t i = c->bucket[bucket_of(c, service, name)]; i; i = c->setting[i - 1].next) {
        const ml_setting *s = &c->setting[i - 1];
        if (s->service == service && ml_equal(s->name, name)) return s;
    }
    return NULL;
}

const ml_setting *maillog__setting(const maillog_postfix_config *c, size_t service, maillog_str name)
{
    const ml_setting *s = NULL;
    const maillog_str old = ml_words(maillog__old_name(name));
    const bool own = service < c->services;
    if (own) s = find_in(c, service + 1, name);
    if (own && !s && old.len) s = find_in(c, service + 1, old);
    if (!s) s = find_in(c, 0, name);
    return s || !old.len ? s : find_in(c, 0, old);
}

/* ---- main.cf ---- */

static void read_main(maillog_postfix_config *c, const char *text, size_t len)
{
    ml_lines t = {text, text + len, 1};
    ml_logical l;
    while (maillog__next_logical(&t, &l)) add_setting(c, 0, l, false);
}

/* ---- master.cf ---- */

/* {name = value} or name=value */
static void add_override(maillog_postfix_config *c, size_t service, maillog_str word, uint64_t line)
{
    ml_logical l = {word.ptr, word.ptr + word.len, line};
    if (word.len >= 2 && word.ptr[0] == '{' && word.ptr[word.len - 1] == '}') {
        l.p++;
        l.e--;
    }
    add_setting(c, service, l, true);
}

static void read_arguments(maillog_postfix_config *c, size_t service, ml_logical *l)
{
    maillog_str word;
    uint64_t line;
    while (maillog__next_item(l, false, &word, &line)) {
        if (ml_is(word, "-o")) {
            if (maillog__next_item(l, false, &word, &line)) add_override(c, service, word, line);
        } else if (ml_begins(word, "-o")) {
            add_override(c, service, ml_after(word, 2), line);
        }
    }
}

/* name type private unprivileged chroot wakeup maxproc command [arguments] */
static void read_service(maillog_postfix_config *c, ml_logical l)
{
    const uint64_t first = l.line;
    maillog_str word[8];
    uint64_t line;
    if (c->services == c->most_services) return;
    for (size_t i = 0; i < 8; i++)
        if (!maillog__next_item(&l, false, &word[i], &line)) return;
    maillog_postfix_service *s = &c->service[c->services++];
    s->name = word[0];
    s->type = word[1];
    s->command = word[7];
    s->file = ml_words(c->master_name);
    s->line = first;
    read_arguments(c, c->services, &l);
}

/* What stands behind the last `c`; nothing without one. What is before it stays in `*s`. */
static maillog_str cut_last(maillog_str *s, char c)
{
    maillog_str after = {NULL, 0};
    for (size_t i = s->len; i > 0; i--) {
        if (s->ptr[i - 1] != c) continue;
        after = ml_after(*s, i);
        s->len = i - 1;
        break;
    }
    return after;
}

/* SERVICE/TYPE/NAME = VALUE, as `postconf -P` writes an override of a service above. */
static bool read_override(maillog_postfix_config *c, ml_logical l)
{
    named n;
    if (!maillog__name_value(l, &n.name, &n.line, &n.value)) return false;
    maillog_str service = n.name;
    n.name = cut_last(&service, '/');
    const maillog_str type = cut_last(&service, '/');
    if (!n.name.len || !type.len) return false;
    for (size_t i = c->services; i > 0; i--) {
        if (!ml_equal(c->service[i - 1].name, service) || !ml_equal(c->service[i - 1].type, type)) continue;
        add_named(c, i, &n, true);
        break;
    }
    return true;
}

static void read_master(maillog_postfix_config *c, const char *text, size_t len)
{
    ml_lines t = {text, text + len, 1};
    ml_logical l;
    while (maillog__next_logical(&t, &l))
        if (!read_override(c, l)) read_service(c, l);
}

int maillog_postfix_config_init(maillog_postfix_config **out, void *mem, size_t len, const maillog_postfix_files *files)
{
    sizes s;
    if (out) *out = NULL;
    if (!out || !mem || (uintptr_t)mem % sizeof(uint64_t) || !measure(files, &s)) return MAILLOG_ERR_ARGUMENT;
    if (len < s.total) return MAILLOG_ERR_NO_SPACE;
    char *const base = (char *)mem;
    maillog_postfix_config *c = (maillog_postfix_config *)mem;
    memset(c, 0, sizeof *c);
    c->main_name = files->main_name ? files->main_name : "main.cf";
    c->master_name = files->master_name ? files->master_name : "master.cf";
    c->most_settings = s.settings;
    c->most_services = s.services;
    c->buckets = s.buckets;
    c->setting = (ml_setting *)(void *)(base + s.setting_at);
    c->service = (maillog_postfix_service *)(void *)(base + s.service_at);
    c->bucket = (uint32_t *)(void *)(base + s.bucket_at);
    memset(c->bucket, 0, s.buckets * sizeof *c->bucket);
    if (files->main_len) read_main(c, files->main_cf, files->main_len);
    if (files->master_len) read_master(c, files->master_cf, files->master_len);
    *out = c;
    return MAILLOG_OK;
}

/* ---- services ---- */

int maillog_postfix_service_get(const maillog_postfix_config *c, size_t i, maillog_postfix_service *out)
{
    if (!c || !out || i >= c->services) return 0;
    *out = c->service[i];
    return 1;
}

/* What stands behind the last colon; the whole name without one. */
static maillog_str port_of(maillog_str name)
{
    for (size_t i = name.len; i > 0; i--)
        if (name.ptr[i - 1] == ':') return ml_after(name, i);
    return name;
}

static maillog_str well_known(maillog_str port)
{
    static const char *const names[][2] = {
        {"smtp", "25"}, {"submission", "587"}, {"smtps", "465"}, {"submissions", "465"}, {"qmqp", "628"}};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (ml_is(port, names[i][0])) return ml_words(names[i][1]);
    return port;
}

size_t maillog_postfix_service_find(const maillog_postfix_config *c, const char *name, const char *command)
{
    const maillog_str want = ml_words(name);
    size_t by_port = MAILLOG_NO_SERVICE;
    for (size_t n = c && name ? c->services : 0; n > 0; n--) {
        const size_t i = n - 1;
        const maillog_postfix_service *s = &c->service[i];
        if (command && !ml_is(s->command, command)) continue;
        if (ml_equal(s->name, want)) return i;
        if (by_port == MAILLOG_NO_SERVICE && ml_is(s->type, "inet") &&
            ml_equal(well_known(port_of(s->name)), well_known(want)))
            by_port = i;
    }
    return by_port;
}

int maillog_postfix_lookup(const maillog_postfix_config *c, size_t service, const char *name,
                           maillog_postfix_setting *out)
{
    if (!c || !name || !out) return 0;
    memset(out, 0, sizeof *out);
    out->service = MAILLOG_NO_SERVICE;
    out->name = ml_words(name);
    const ml_setting *s = maillog__setting(c, service, out->name);
    if (!s) {
        out->value = ml_words(maillog__default_value(out->name));
        out->is_default = 1;
        return out->value.ptr != NULL;
    }
    out->name = s->name;
    out->value = ml_cut(s->value.p, s->value.e);
    out->file = ml_words(s->in_master ? c->master_name : c->main_name);
    out->line = s->line;
    if (s->service) out->service = s->service - 1;
    return 1;
}
