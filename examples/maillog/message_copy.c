/* message_copy.c: what a message points to is found by tables: its arrays, and in their elements the texts and the line
 * numbers. */
#include "message_copy.h"

#include <stdbool.h>
#include <string.h>

enum { ALIGNED = 16, MOST = 24, END = 0xffff };

/* Where texts and line numbers are in a struct; the last is END. */
typedef struct layout {
    size_t size;
    uint16_t text[MOST], lines[2];
} layout;

#define AT(type, member) offsetof(maillog_message##type, member)

static const layout whole = {sizeof(maillog_message),
                             {AT(, host), AT(, from), AT(, message_id), AT(, client.name), AT(, client.addr),
                              AT(, client.port), AT(, client.helo), AT(, client.proto), AT(, client.sasl_username),
                              AT(, client.tls), AT(, daemon), AT(, why), END},
                             {AT(, lines), END}};
static const layout leg = {sizeof(maillog_message_leg),
                           {AT(_leg, queue_id), AT(_leg, instance), AT(_leg, host), AT(_leg, client_name),
                            AT(_leg, client_addr), AT(_leg, from), AT(_leg, message_id), AT(_leg, relay),
                            AT(_leg, delay), AT(_leg, reply), END},
                           {AT(_leg, lines), END}};
static const layout link_ = {
    sizeof(maillog_message_link), {AT(_link, from), AT(_link, to), END}, {AT(_link, lines), END}};
static const layout recipient = {sizeof(maillog_message_recipient),
                                 {AT(_recipient, to), AT(_recipient, orig_to), AT(_recipient, queue_id),
                                  AT(_recipient, relay), AT(_recipient, status), AT(_recipient, dsn),
                                  AT(_recipient, reply), AT(_recipient, delay), AT(_recipient, final_by),
                                  AT(_recipient, final_user), AT(_recipient, final_mailbox),
                                  AT(_recipient, final_action), END},
                                 {END}};
static const layout check = {sizeof(maillog_message_check),
                             {AT(_check, by),
                              AT(_check, check),
                              AT(_check, action),
                              AT(_check, stage),
                              AT(_check, code),
                              AT(_check, dsn),
                              AT(_check, score),
                              AT(_check, elapsed_ms),
                              AT(_check, text),
                              AT(_check, from),
                              AT(_check, to),
                              AT(_check, helo),
                              AT(_check, client_name),
                              AT(_check, client_addr),
                              AT(_check, instance),
                              AT(_check, config.file),
                              AT(_check, config.setting),
                              AT(_check, config.note),
                              AT(_check, tag2_level),
                              AT(_check, kill_level),
                              END},
                             {END}};
static const layout fault = {sizeof(maillog_message_fault), {AT(_fault, by), AT(_fault, text), END}, {END}};

static const struct {
    size_t array, count; /* in a message */
    const layout *of;
} arrays[] = {{AT(, legs), AT(, nlegs), &leg},
              {AT(, links), AT(, nlinks), &link_},
              {AT(, recipients), AT(, nrecipients), &recipient},
              {AT(, notifications), AT(, nnotifications), &recipient},
              {AT(, checks), AT(, nchecks), &check},
              {AT(, faults), AT(, nfaults), &fault}};

enum { ARRAYS = sizeof arrays / sizeof *arrays };

/* Memory that is given out from its beginning; what does not fit is only counted. */
typedef struct room {
    char *mem;
    size_t used, cap;
} room;

static void *put(room *r, const void *what, size_t n)
{
    void *to = r->used + n <= r->cap ? r->mem + r->used : NULL;
    if (to && n) memcpy(to, what, n);
    r->used += n;
    return to;
}

static void *put_aligned(room *r, const void *what, size_t n)
{
    r->used = (r->used + ALIGNED - 1) & ~(size_t)(ALIGNED - 1);
    return put(r, what, n);
}

/* What the struct at `from` points to; `to` is its copy. */
static void put_parts(room *r, const char *from, char *to, const layout *of)
{
    for (size_t i = 0; of->text[i] != END; i++) {
        const maillog_str *text = (const maillog_str *)(const void *)(from + of->text[i]);
        const char *copy = (const char *)put(r, text->ptr, text->ptr ? text->len : 0);
        if (to && text->ptr) ((maillog_str *)(void *)(to + of->text[i]))->ptr = copy;
    }
    for (size_t i = 0; of->lines[i] != END; i++) {
        const maillog_lines *lines = (const maillog_lines *)(const void *)(from + of->lines[i]);
        const uint64_t *copy = (const uint64_t *)put_aligned(r, lines->ptr, lines->len * sizeof *lines->ptr);
        if (to) ((maillog_lines *)(void *)(to + of->lines[i]))->ptr = copy;
    }
}

size_t message_copy(const maillog_message *m, char *mem, size_t cap, maillog_message **out)
{
    room all = {mem, 0, cap}, *r = &all;
    const char *from = (const char *)m;
    char *to = (char *)put_aligned(r, m, sizeof *m);
    put_parts(r, from, to, &whole);
    for (size_t a = 0; a < ARRAYS; a++) {
        const size_t size = arrays[a].of->size;
        size_t n;
        const char *old;
        memcpy(&n, from + arrays[a].count, sizeof n);
        memcpy(&old, from + arrays[a].array, sizeof old);
        char *fresh = (char *)put_aligned(r, old, n * size);
        if (to) memcpy(to + arrays[a].array, &fresh, sizeof fresh);
        for (size_t i = 0; i < n; i++) put_parts(r, old + i * size, fresh ? fresh + i * size : NULL, arrays[a].of);
    }
    *out = (maillog_message *)(void *)to;
    return r->used;
}
