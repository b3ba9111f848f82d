/* message_json.c: a record as one JSON object. Knows the shape of maillog_message, no daemon. */
#include <maillog/join.h>

#include <string.h>

#include "json.h"

typedef struct out {
    char *buf;
    size_t cap, len;
    bool first; /* no comma before the next key or item */
} out;

static void put(out *o, const char *p, size_t n)
{
    if (o->len < o->cap) memcpy(o->buf + o->len, p, n < o->cap - o->len ? n : o->cap - o->len);
    o->len += n;
}

static char *room(out *o, size_t *left)
{
    *left = o->len < o->cap ? o->cap - o->len : 0;
    return *left ? o->buf + o->len : NULL;
}

static void comma(out *o)
{
    if (!o->first) put(o, ",", 1);
    o->first = false;
}

static void key(out *o, const char *name)
{
    comma(o);
    put(o, "\"", 1);
    put(o, name, strlen(name));
    put(o, "\":", 2);
}

static void open(out *o, char c)
{
    put(o, &c, 1);
    o->first = true;
}

static void close(out *o, char c)
{
    put(o, &c, 1);
    o->first = false;
}

static void string(out *o, maillog_str s)
{
    size_t left;
    char *p = room(o, &left);
    o->len += maillog_json_string(s.ptr, s.len, p, left);
}

static void text(out *o, const char *name, maillog_str s)
{
    if (!s.ptr) return;
    key(o, name);
    string(o, s);
}

static void word(out *o, const char *name, const char *value)
{
    key(o, name);
    put(o, "\"", 1);
    put(o, value, strlen(value));
    put(o, "\"", 1);
}

static void decimal(out *o, uint64_t n)
{
    char digits[20];
    size_t i = sizeof digits;
    do {
        digits[--i] = (char)('0' + n % 10);
        n /= 10;
    } while (n);
    put(o, digits + i, sizeof digits - i);
}

static void number(out *o, const char *name, uint64_t n)
{
    if (n == MAILLOG_NO_NUMBER) return;
    key(o, name);
    decimal(o, n);
}

/* A number as logged, if JSON takes it as one. */
static void logged(out *o, const char *name, maillog_str s)
{
    if (!s.ptr) return;
    key(o, name);
    if (maillog__is_json_number(s.ptr, s.len))
        put(o, s.ptr, s.len);
    else
        string(o, s);
}

static void truth(out *o, const char *name, bool value)
{
    key(o, name);
    put(o, value ? "true" : "false", value ? 4 : 5);
}

static void lines(out *o, maillog_lines l)
{
    key(o, "lines");
    open(o, '[');
    for (size_t i = 0; i < l.len; i++) {
        comma(o);
        decimal(o, l.ptr[i]);
    }
    close(o, ']');
}

static void stamp(out *o, const char *name, const maillog_time *t, const maillog_json_options *opt)
{
    size_t left;
    if (!t->month) return;
    key(o, name);
    char *p = room(o, &left);
    o->len += maillog__json_stamp(t, opt, p, left);
}

static void client(out *o, const maillog_message_client *c)
{
    key(o, "client");
    open(o, '{');
    text(o, "name", c->name);
    text(o, "addr", c->addr);
    text(o, "port", c->port);
    text(o, "helo", c->helo);
    text(o, "proto", c->proto);
    text(o, "sasl_username", c->sasl_username);
    text(o, "tls", c->tls);
    close(o, '}');
}

static void leg(out *o, const maillog_message_leg *l)
{
    comma(o);
    open(o, '{');
    text(o, "queue_id", l->queue_id);
    text(o, "instance", l->instance);
    text(o, "host", l->host);
    text(o, "client_name", l->client_name);
    text(o, "client_addr", l->client_addr);
    text(o, "from", l->from);
    number(o, "size", l->size);
    number(o, "nrcpt", l->nrcpt);
    text(o, "message_id", l->message_id);
    truth(o, "removed", l->removed);
    if (l->notification) truth(o, "notification", true);
    lines(o, l->lines);
    close(o, '}');
}

static void link(out *o, const maillog_message_link *l)
{
    comma(o);
    open(o, '{');
    text(o, "from", l->from);
    text(o, "to", l->to);
    word(o, "proof", maillog_proof_name((int)l->proof));
    word(o, "confidence", maillog_confidence_name((int)l->confidence));
    if (l->disputed) truth(o, "disputed", true);
    lines(o, l->lines);
    close(o, '}');
}

static void recipient(out *o, const maillog_message_recipient *r)
{
    comma(o);
    open(o, '{');
    text(o, "to", r->to);
    text(o, "orig_to", r->orig_to);
    text(o, "queue_id", r->queue_id);
    text(o, "relay", r->relay);
    text(o, "status", r->status);
    text(o, "dsn", r->dsn);
    text(o, "reply", r->reply);
    logged(o, "delay", r->delay);
    if (r->attempts > 1) number(o, "attempts", r->attempts);
    if (r->final_by.ptr) {
        key(o, "final");
        open(o, '{');
        text(o, "by", r->final_by);
        text(o, "user", r->final_user);
        text(o, "mailbox", r->final_mailbox);
        text(o, "action", r->final_action);
        close(o, '}');
    }
    word(o, "verdict", maillog_verdict_name((int)r->verdict));
    if (r->line) number(o, "line", r->line);
    close(o, '}');
}

static void config(out *o, const maillog_check_config *c)
{
    if (!c->file.ptr && !c->setting.ptr && !c->note.ptr) return;
    key(o, "config");
    open(o, '{');
    text(o, "file", c->file);
    if (c->line) number(o, "line", c->line);
    text(o, "setting", c->setting);
    text(o, "note", c->note);
    close(o, '}');
}

static void check(out *o, const maillog_message_check *c)
{
    comma(o);
    open(o, '{');
    text(o, "by", c->by);
    text(o, "check", c->check);
    word(o, "result", maillog_check_result_name((int)c->result));
    text(o, "action", c->action);
    text(o, "stage", c->stage);
    text(o, "code", c->code);
    text(o, "dsn", c->dsn);
    text(o, "score", c->score);
    logged(o, "ms", c->elapsed_ms);
    text(o, "text", c->text);
    text(o, "to", c->to);
    if (c->decided) truth(o, "decided", true);
    number(o, "line", c->line);
    config(o, &c->config);
    close(o, '}');
}

static void fault(out *o, const maillog_message_fault *f)
{
    comma(o);
    open(o, '{');
    text(o, "by", f->by);
    text(o, "text", f->text);
    number(o, "line", f->line);
    close(o, '}');
}

#define ARRAY(o, name, write, v, n)                                                                                    \
    do {                                                                                                               \
        key(o, name);                                                                                                  \
        open(o, '[');                                                                                                  \
        for (size_t i = 0; i < (n); i++) write(o, &(v)[i]);                                                            \
        close(o, ']');                                                                                                 \
    } while (0)

static void queue_ids(out *o, const maillog_message *m)
{
    key(o, "queue_ids");
    open(o, '[');
    for (size_t i = 0; i < m->nlegs; i++) {
        comma(o);
        string(o, m->legs[i].queue_id);
    }
    close(o, ']');
}

static void message(out *o, const maillog_message *m, const maillog_json_options *opt)
{
    word(o, "verdict", maillog_verdict_name((int)m->verdict));
    text(o, "host", m->host);
    text(o, "from", m->from);
    text(o, "message_id", m->message_id);
    number(o, "size", m->bytes);
    number(o, "nrcpt", m->nrcpt);
    stamp(o, "first_time", &m->first_time, opt);
    stamp(o, "last_time", &m->last_time, opt);
    client(o, &m->client);
    queue_ids(o, m);
    ARRAY(o, "legs", leg, m->legs, m->nlegs);
    ARRAY(o, "links", link, m->links, m->nlinks);
    ARRAY(o, "recipients", recipient, m->recipients, m->nrecipients);
    if (m->nnotifications) ARRAY(o, "notifications", recipient, m->notifications, m->nnotifications);
    ARRAY(o, "checks", check, m->checks, m->nchecks);
    ARRAY(o, "faults", fault, m->faults, m->nfaults);
    text(o, "why", m->why);
    if (m->truncated) number(o, "truncated", m->truncated);
}

static void other(out *o, const maillog_message *m, const maillog_json_options *opt)
{
    word(o, "record", maillog_record_name((int)m->record));
    text(o, "host", m->host);
    text(o, "daemon", m->daemon);
    stamp(o, "first_time", &m->first_time, opt);
    stamp(o, "last_time", &m->last_time, opt);
    if (m->client.addr.ptr) client(o, &m->client);
}

size_t maillog_message_json(const maillog_message *m, const maillog_json_options *opt, char *buf, size_t cap)
{
    static const maillog_json_options defaults = {0, 0, 0, 0, 0, 0};
    out o = {buf, buf ? cap : 0, 0, true};
    if (!m) return 0;
    if (!opt) opt = &defaults;
    open(&o, '{');
    if (m->record == MAILLOG_RECORD_MESSAGE)
        message(&o, m, opt);
    else
        other(&o, m, opt);
    word(&o, "state", maillog_message_state_name((int)m->state));
    lines(&o, m->lines);
    close(&o, '}');
    return o.len;
}
