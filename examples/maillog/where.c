/* where.c: a recursive descent into a tree of nodes; evaluated line by line. */
#include "column.h"
#include "net.h"
#include "where.h"

#include <regex.h>
#include <stdlib.h>
#include <string.h>

typedef enum op { HAS, EQUAL, UNEQUAL, LESS, AT_MOST, MORE, AT_LEAST, LIKE, UNLIKE, NOT, AND, OR } op;

typedef struct node {
    op op;
    size_t left, right; /* of NOT, AND, OR */
    column col;
    char *value;
    bool is_number, is_net;
    double number;
    ip_net net;
    regex_t regex;
} node;

enum { NODES = 256, DEEP = 64 };

struct where {
    node nodes[NODES];
    size_t n, root;
};

typedef struct parser {
    const command *c;
    const char *text, *at;
    where *w;
    unsigned depth;
    bool failed;
} parser;

static size_t expression(parser *p);

static size_t fail(parser *p, const char *want)
{
    if (!p->failed)
        wrong_usage(p->c, "--where: want %s at '%.30s' (character %d)", want, p->at, (int)(p->at - p->text) + 1);
    p->failed = true;
    return 0;
}

static void blanks(parser *p) { p->at += strspn(p->at, " \t\n"); }

static bool is_name_char(char ch)
{
    return (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') || (ch >= '0' && ch <= '9') || ch == '_';
}

static size_t name_len(const char *s)
{
    size_t n = 0;
    while (is_name_char(s[n])) n++;
    return n;
}

static bool word(parser *p, const char *text)
{
    const size_t n = strlen(text);
    blanks(p);
    if (strncmp(p->at, text, n) != 0 || is_name_char(p->at[n])) return false;
    p->at += n;
    return true;
}

static size_t new_node(parser *p, op o)
{
    if (p->w->n == NODES) return fail(p, "a shorter expression");
    memset(&p->w->nodes[p->w->n], 0, sizeof p->w->nodes[0]);
    p->w->nodes[p->w->n].op = o;
    return p->w->n++;
}

static op operator_at(parser *p)
{
    static const struct {
        const char *text;
        op op;
    } ops[] = {{"!=", UNEQUAL}, {"<=", AT_MOST}, {">=", AT_LEAST}, {"!~", UNLIKE}, {"==", EQUAL},
               {"=", EQUAL},    {"<", LESS},     {">", MORE},      {"~", LIKE}};
    blanks(p);
    for (size_t i = 0; i < sizeof ops / sizeof *ops; i++) {
        const size_t n = strlen(ops[i].text);
        if (strncmp(p->at, ops[i].text, n) != 0) continue;
        p->at += n;
        return ops[i].op;
    }
    return HAS;
}

static char *value_at(parser *p)
{
    blanks(p);
    const char quote = *p->at == '"' || *p->at == '\'' ? *p->at : '\0';
    const char *begin = p->at + (quote != '\0');
    const size_t n = quote ? strcspn(begin, quote == '"' ? "\"" : "'") : strcspn(begin, " \t\n()");
    if ((quote && begin[n] != quote) || (!quote && (n == 0 || strchr("=<>!~", *begin)))) {
        fail(p, quote ? "the other quote" : "a value");
        return NULL;
    }
    p->at = begin + n + (quote != '\0');
    return must_strndup(begin, n);
}

static bool is_number(const char *s, size_t n, double *out)
{
    char buf[32], *end;
    if (n == 0 || n >= sizeof buf || !((s[0] >= '0' && s[0] <= '9') || s[0] == '-' || s[0] == '.')) return false;
    memcpy(buf, s, n);
    buf[n] = '\0';
    *out = strtod(buf, &end);
    return end == buf + n;
}

static void prepare(parser *p, node *x)
{
    const maillog_str text = {x->value, strlen(x->value)};
    x->is_number = is_number(x->value, text.len, &x->number);
    if (x->col.kind == COLUMN_FIELD && maillog_field_kind((int)x->col.field) == MAILLOG_KIND_IP)
        x->is_net = net_parse(text, &x->net) == NET_OK;
    if (x->op != LIKE && x->op != UNLIKE) return;
    const int rc = regcomp(&x->regex, x->value, REG_EXTENDED | REG_ICASE | REG_NOSUB);
    if (rc == 0) return;
    char why[128];
    regerror(rc, &x->regex, why, sizeof why);
    x->op = HAS; /* nothing to free */
    wrong_usage(p->c, "--where: %s: %s", x->value, why);
    p->failed = true;
}

static size_t comparison(parser *p)
{
    column col;
    blanks(p);
    const char *name = p->at;
    const size_t n = name_len(name);
    if (n == 0) return fail(p, "a field");
    if (!column_find(name, n, &col)) {
        char *typed = must_strndup(name, n);
        const char *meant = did_you_mean(typed, column_name, NULL);
        if (!p->failed && meant) wrong_usage(p->c, "--where: there is no field %s: did you mean %s?", typed, meant);
        if (!p->failed && !meant) wrong_usage(p->c, "--where: there is no field %s", typed);
        p->failed = true;
        free(typed);
        return 0;
    }
    p->at += n;
    const size_t i = new_node(p, operator_at(p));
    if (p->failed) return 0;
    node *x = &p->w->nodes[i];
    x->col = col;
    if (x->op == HAS) return i;
    x->value = value_at(p);
    if (x->value) prepare(p, x);
    return i;
}

static size_t unary(parser *p)
{
    if (p->depth >= DEEP) return fail(p, "fewer brackets");
    if (word(p, "not")) {
        p->depth++;
        const size_t inner = unary(p), i = new_node(p, NOT);
        p->depth--;
        p->w->nodes[i].left = inner;
        return i;
    }
    blanks(p);
    if (*p->at != '(') return comparison(p);
    p->at++;
    p->depth++;
    const size_t i = expression(p);
    p->depth--;
    blanks(p);
    if (p->failed || *p->at != ')') return fail(p, "a )");
    p->at++;
    return i;
}

static size_t chain(parser *p, const char *name, op o, size_t (*part)(parser *))
{
    size_t left = part(p);
    while (!p->failed && word(p, name)) {
        const size_t right = part(p), i = new_node(p, o);
        p->w->nodes[i].left = left;
        p->w->nodes[i].right = right;
        left = i;
    }
    return left;
}

static size_t conjunction(parser *p) { return chain(p, "and", AND, unary); }
static size_t expression(parser *p) { return chain(p, "or", OR, conjunction); }

where *where_parse(const command *c, const char *text)
{
    parser p = {c, text, text, (where *)must_realloc(NULL, sizeof(where)), 0, false};
    p.w->n = 0;
    p.w->root = expression(&p);
    blanks(&p);
    if (!p.failed && *p.at) fail(&p, "and, or, or the end");
    if (!p.failed) return p.w;
    where_free(p.w);
    return NULL;
}

void where_free(where *w)
{
    if (!w) return;
    for (size_t i = 0; i < w->n; i++) {
        if (w->nodes[i].value && (w->nodes[i].op == LIKE || w->nodes[i].op == UNLIKE)) regfree(&w->nodes[i].regex);
        free(w->nodes[i].value);
    }
    free(w);
}

static bool matches(const regex_t *r, maillog_str s)
{
    char *text = must_strndup(s.ptr, s.len); /* REG_STARTEND is not in POSIX */
    const bool found = regexec(r, text, 0, NULL, 0) == 0;
    free(text);
    return found;
}

/* Below, at, above 0: as the value is less, equal, more. */
static int compare(const node *x, maillog_str value)
{
    double number;
    if (x->is_number && is_number(value.ptr, value.len, &number)) return number < x->number ? -1 : number > x->number;
    const size_t n = strlen(x->value), least = value.len < n ? value.len : n;
    const int rc = least ? memcmp(value.ptr, x->value, least) : 0;
    return rc ? rc : value.len < n ? -1 : value.len > n;
}

static bool compares(const node *x, maillog_str value)
{
    if (!value.ptr) return false;
    if (x->op == HAS) return true;
    if (x->op == LIKE || x->op == UNLIKE) return matches(&x->regex, value) == (x->op == LIKE);
    if (x->is_net && (x->op == EQUAL || x->op == UNEQUAL)) return net_has(&x->net, value) == (x->op == EQUAL);
    const int rc = compare(x, value);
    switch (x->op) {
    case EQUAL:
        return rc == 0;
    case UNEQUAL:
        return rc != 0;
    case LESS:
        return rc < 0;
    case AT_MOST:
        return rc <= 0;
    case MORE:
        return rc > 0;
    default:
        return rc >= 0;
    }
}

static bool true_at(const command *c, const where *w, size_t i, const maillog_event *ev)
{
    const node *x = &w->nodes[i];
    if (x->op == NOT) return !true_at(c, w, x->left, ev);
    if (x->op == AND) return true_at(c, w, x->left, ev) && true_at(c, w, x->right, ev);
    if (x->op == OR) return true_at(c, w, x->left, ev) || true_at(c, w, x->right, ev);
    return compares(x, column_value(c, &x->col, ev));
}

bool where_true(const command *c, const where *w, const maillog_event *ev) { return true_at(c, w, w->root, ev); }

/* ---- what is known before a line is parsed ---- */

static void types_by_name(const char *name, line_filter *f)
{
    f->by_type = true;
    for (int type = 0; (type = maillog_event_next(type)) != 0;) {
        if (strcmp(maillog_event_name(type), name) != 0) continue;
        if (f->ntypes == FILTER_TYPES) {
            f->by_type = false;
            return;
        }
        f->types[f->ntypes++] = (uint16_t)type;
    }
}

void where_filter_names(const char *daemon, const char *event, line_filter *out)
{
    if (daemon) {
        out->by_daemon = true;
        out->daemons[maillog_daemon_by_name(daemon, strlen(daemon))] = 1;
        out->daemons[MAILLOG_DAEMON_UNKNOWN] = 0;
    }
    if (event) types_by_name(event, out);
}

static void filter_at(const where *w, size_t i, line_filter *out)
{
    const node *x = &w->nodes[i];
    line_filter right;
    memset(out, 0, sizeof *out);
    if (x->op == AND || x->op == OR) {
        filter_at(w, x->left, out);
        filter_at(w, x->right, &right);
        (x->op == AND ? filter_both : filter_either)(out, &right);
    }
    if (x->op != EQUAL) return;
    if (x->col.kind == COLUMN_DAEMON) where_filter_names(x->value, NULL, out);
    if (x->col.kind == COLUMN_EVENT) where_filter_names(NULL, x->value, out);
    /* the value of a field is a piece of the line */
    if (x->col.kind == COLUMN_FIELD && !x->is_number && !x->is_net && *x->value) {
        out->text = x->value;
        out->len = strlen(x->value);
    }
}

void where_filter(const where *w, line_filter *out) { filter_at(w, w->root, out); }
