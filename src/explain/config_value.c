/* config_value.c: the value of a setting with what it refers to put in: $name, ${name}, $(name), ${name?text},
 * ${name:text}, ${name?{text}:{text}}, ${{text} == {text} ? {text} : {text}}, $$.
 *
 * A setting in the middle of its own value counts as empty. Depth and work are bounded, whatever the files say. */
#include "config.h"

#define DEPTH_MAX 32u
#define WORK_MAX (1u << 18)
#define LENGTH_MAX (1u << 16)

typedef struct out {
    const maillog_postfix_config *c;
    size_t service;
    char *buf;
    size_t cap, len, work, depth;
    const void *open[DEPTH_MAX]; /* the values that are being put in */
} out;

static void expand(out *o, ml_logical l);

static void put(out *o, int byte)
{
    if (o->len >= LENGTH_MAX) return;
    if (o->len < o->cap) o->buf[o->len] = (char)byte;
    o->len++;
}

static bool is_name(int c) { return (unsigned)(c - '0') < 10 || (unsigned)((c | 0x20) - 'a') < 26 || c == '_'; }

static ml_logical whole(maillog_str s)
{
    const ml_logical l = {s.ptr, s.ptr + s.len, 0};
    return l;
}

static void put_setting(out *o, maillog_str name)
{
    const ml_setting *s = maillog__setting(o->c, o->service, name);
    const char *value = s ? NULL : maillog__default_value(name);
    const void *const key = s ? (const void *)s : (const void *)value;
    o->work += 16;
    if (!key || o->depth == DEPTH_MAX) return;
    for (size_t i = 0; i < o->depth; i++)
        if (o->open[i] == key) return;
    o->open[o->depth++] = key;
    expand(o, s ? s->value : whole(ml_words(value)));
    o->depth--;
}

/* What `text` comes to, without writing it: its length. */
static size_t length_of(out *o, maillog_str text, bool is_setting)
{
    const size_t len = o->len, cap = o->cap;
    o->cap = 0;
    if (is_setting)
        put_setting(o, text);
    else
        expand(o, whole(text));
    const size_t n = o->len - len;
    o->len = len;
    o->cap = cap;
    return n;
}

/* {text} at the beginning of `*rest`, or else all of it. */
static maillog_str take_group(maillog_str *rest)
{
    size_t depth = 0, i = 0;
    *rest = maillog__trim(*rest);
    maillog_str all = *rest;
    if (!rest->len || rest->ptr[0] != '{') {
        *rest = ml_after(*rest, rest->len);
        return all;
    }
    for (; i < rest->len; i++) {
        depth += rest->ptr[i] == '{';
        if (rest->ptr[i] == '}' && --depth == 0) break;
    }
    all = ml_cut(rest->ptr + 1, rest->ptr + i);
    *rest = maillog__trim(ml_after(*rest, i + 1));
    return maillog__trim(all);
}

static void put_text(out *o, maillog_str text)
{
    if (o->depth == DEPTH_MAX) return;
    o->open[o->depth++] = text.ptr;
    expand(o, whole(text));
    o->depth--;
}

/* ?text, :text, ?{text}:{text} */
static void put_choice(out *o, bool yes, maillog_str rest)
{
    const char mark = rest.len ? rest.ptr[0] : '\0';
    if (mark != '?' && mark != ':') return;
    maillog_str text = ml_after(rest, 1);
    maillog_str first = take_group(&text);
    if (mark == ':') {
        if (!yes) put_text(o, first);
    } else if (yes) {
        put_text(o, first);
    } else if (text.len && text.ptr[0] == ':') {
        text = ml_after(text, 1);
        put_text(o, take_group(&text));
    }
}

static void copy_text(const out *from, maillog_str text, char *buf, size_t cap, size_t *len, size_t *work)
{
    out part = *from;
    part.buf = buf;
    part.cap = cap;
    part.len = 0;
    put_text(&part, text);
    *len = part.len < cap ? part.len : cap;
    *work = part.work;
}

/* {text} == {text} ? {text} : {text}; only equality, of texts up to 64 bytes: other comparisons are not decided. */
static void put_comparison(out *o, maillog_str rest)
{
    char a[64], b[64];
    size_t na, nb;
    const maillog_str left = take_group(&rest);
    const bool equal = ml_begins(rest, "=="), other = ml_begins(rest, "!=");
    if (!equal && !other) return;
    rest = ml_after(rest, 2);
    const maillog_str right = take_group(&rest);
    copy_text(o, left, a, sizeof a, &na, &o->work);
    copy_text(o, right, b, sizeof b, &nb, &o->work);
    put_choice(o, (na == nb && memcmp(a, b, na) == 0) == equal, rest);
}

static void put_body(out *o, maillog_str body)
{
    size_t n = 0;
    body = maillog__trim(body);
    if (body.len && body.ptr[0] == '{') {
        put_comparison(o, body);
        return;
    }
    while (n < body.len && is_name((unsigned char)body.ptr[n])) n++;
    const maillog_str name = ml_cut(body.ptr, body.ptr + n), rest = maillog__trim(ml_after(body, n));
    if (!rest.len)
        put_setting(o, name);
    else
        put_choice(o, length_of(o, name, true) > 0, rest);
}

/* With the cursor behind "${" or "$(": past the end that belongs to it. */
static maillog_str take_body(ml_logical *l, char open, char close)
{
    const char *const start = l->p;
    size_t depth = 1;
    for (; l->p < l->e; l->p++) {
        l->line += *l->p == '\n';
        depth += *l->p == open;
        if (*l->p == close && --depth == 0) break;
    }
    const maillog_str body = ml_cut(start, l->p);
    l->p += l->p < l->e;
    return body;
}

static void put_reference(out *o, ml_logical *l)
{
    const char c = l->p < l->e ? *l->p : '\0';
    if (c == '{' || c == '(') {
        l->p++;
        const maillog_str body = take_body(l, c, c == '{' ? '}' : ')');
        o->work += body.len;
        put_body(o, body);
        return;
    }
    const char *const start = l->p;
    while (l->p < l->e && is_name((unsigned char)*l->p)) l->p++;
    if (l->p > start)
        put_setting(o, ml_cut(start, l->p));
    else
        put(o, '$');
    if (c == '$') l->p++;
}

static void expand(out *o, ml_logical l)
{
    int c;
    while (o->work < WORK_MAX && (c = maillog__next_byte(&l)) >= 0) {
        o->work++;
        if (c == '$')
            put_reference(o, &l);
        else
            put(o, c);
    }
}

bool maillog__is_reference(maillog_str word, maillog_str *name)
{
    if (!ml_begins(word, "$")) return false;
    maillog_str s = ml_after(word, 1);
    const char c = s.len > 2 ? s.ptr[0] : '\0', last = s.len ? s.ptr[s.len - 1] : '\0';
    if ((c == '{' && last == '}') || (c == '(' && last == ')')) s = ml_cut(s.ptr + 1, s.ptr + s.len - 1);
    s = maillog__trim(s);
    for (size_t i = 0; i < s.len; i++)
        if (!is_name((unsigned char)s.ptr[i])) return false;
    *name = s;
    return s.len > 0;
}

size_t maillog_postfix_value(const maillog_postfix_config *c, size_t service, const char *name, char *buf, size_t cap)
{
    out o;
    memset(&o, 0, sizeof o);
    if (!c || !name) return 0;
    o.c = c;
    o.service = service;
    o.buf = buf;
    o.cap = buf ? cap : 0;
    put_setting(&o, ml_words(name));
    return o.len;
}
