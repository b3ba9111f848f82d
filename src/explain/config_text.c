/* config_text.c: the text of main.cf and master.cf, as Postfix's readlline(3) joins it: a line that begins with
 * whitespace goes on with the one before; empty lines and lines whose first text is '#' count for nothing, between
 * such lines, too. */
#include "config.h"

static bool is_space(char c) { return c == ' ' || (unsigned char)(c - '\t') < 5; }

static const char *line_end(const char *p, const char *e)
{
    const char *nl = p < e ? (const char *)memchr(p, '\n', (size_t)(e - p)) : NULL;
    return nl ? nl : e;
}

/* Empty, or a comment. */
static bool is_void(const char *p, const char *e)
{
    while (p < e && is_space(*p)) p++;
    return p == e || *p == '#';
}

bool maillog__next_logical(ml_lines *t, ml_logical *out)
{
    bool open = false;
    while (t->p < t->e) {
        const char *const end = line_end(t->p, t->e);
        const bool nothing = is_void(t->p, end), goes_on = is_space(*t->p);
        if (!nothing && !goes_on) {
            if (open) return true;
            out->p = t->p;
            out->line = t->line;
            open = true;
        }
        if (!nothing && open) out->e = end;
        t->p = end + (end < t->e);
        t->line++;
    }
    return open;
}

/* At a line end: past it, and past comments behind it. */
static void past_line_end(ml_logical *l)
{
    for (;;) {
        l->p++;
        l->line++;
        const char *const end = line_end(l->p, l->e);
        if (end == l->e || !is_void(l->p, end)) return;
        l->p = end;
    }
}

int maillog__next_byte(ml_logical *l)
{
    while (l->p < l->e && *l->p == '\n') past_line_end(l);
    return l->p < l->e ? (unsigned char)*l->p++ : -1;
}

static void skip(ml_logical *l, bool commas)
{
    while (l->p < l->e) {
        if (*l->p == '\n')
            past_line_end(l);
        else if (is_space(*l->p) || (commas && *l->p == ','))
            l->p++;
        else
            return;
    }
}

bool maillog__next_item(ml_logical *l, bool commas, maillog_str *word, uint64_t *line)
{
    skip(l, commas);
    if (l->p == l->e) return false;
    const char *const start = l->p;
    size_t depth = 0;
    *line = l->line;
    while (l->p < l->e) {
        const char c = *l->p;
        if (!depth && (is_space(c) || (commas && c == ','))) break;
        if (c == '\n') {
            past_line_end(l);
            continue;
        }
        depth += c == '{';
        depth -= c == '}' && depth;
        l->p++;
    }
    *word = ml_cut(start, l->p);
    return true;
}

maillog_str maillog__trim(maillog_str s)
{
    while (s.len && is_space(*s.ptr)) s = ml_after(s, 1);
    while (s.len && is_space(s.ptr[s.len - 1])) s.len--;
    return s;
}

bool maillog__name_value(ml_logical l, maillog_str *name, uint64_t *line, ml_logical *value)
{
    skip(&l, false);
    *line = l.line;
    const char *const start = l.p;
    while (l.p < l.e && *l.p != '=' && !is_space(*l.p)) l.p++;
    *name = ml_cut(start, l.p);
    skip(&l, false);
    if (!name->len || l.p == l.e || *l.p != '=') return false;
    l.p++;
    skip(&l, false);
    while (l.e > l.p && is_space(l.e[-1])) l.e--;
    *value = l;
    return true;
}

static char lower(char c) { return (unsigned char)(c - 'A') < 26 ? (char)(c | 0x20) : c; }

bool maillog__same_word(maillog_str a, maillog_str b)
{
    if (a.len != b.len) return false;
    for (size_t i = 0; i < a.len; i++)
        if (lower(a.ptr[i]) != lower(b.ptr[i])) return false;
    return true;
}
