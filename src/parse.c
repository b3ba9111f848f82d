/* parse.c: what quick/quick.c leaves: any header, any daemon. */
#include "parse.h"

#include "daemons/daemons.h"
#include "header/header.h"

void maillog__line_keep(ml_line *l, ml_host *hosts)
{
    /* a stamp and what it means, as if a line had had it */
    static const maillog_time first = {0, 1, 1, 0, 0, 0, 0, 0, MAILLOG_NO_OFFSET, 0};
    static const ml_host none = {{1, 1}, {0, 0}, 0};
    memcpy(l->stamp, "Jan  1 00:00:00 ", sizeof l->stamp);
    l->time = first;
    l->zone = 0;
    l->hosts = hosts;
    for (int i = 0; i < ML_HOSTS; i++) hosts[i] = none;
}

static void clear(maillog_event *ev)
{
    ev->type = 0;
    ev->daemon = 0;
    ev->match = MAILLOG_MATCH_RAW;
    ev->flags = 0;
}

/* What the header leaves to the daemon's grammar. */
static void read_message(ml_line *l, const uint8_t *skip, ml_cur message)
{
    const ml_route route = maillog__dispatch(l);
    maillog_event *ev = l->ev;
    ev->daemon = route.daemon;
    ev->match = route.daemon ? MAILLOG_MATCH_DAEMON : MAILLOG_MATCH_HEADER;
    if (!route.daemon || (skip && skip[route.daemon])) return;
    l->asked = NULL;
    if (route.grammar)
        route.grammar(l, message);
    else
        ml_put_rest(l, message);
}

void maillog__parse_message(ml_line *l, const uint8_t *skip, ml_cur message, maillog_field *field)
{
    maillog_event *const ev = l->ev;
    l->limit = field + MAILLOG_FIELDS_MAX;
    l->form = ML_FORM_TAGGED;
    l->inside = false;
    clear(ev);
    if (ml_may_be_syslogd(ml_peek(message))) maillog__message(l, &message);
    ml_put(l, MAILLOG_FIELD_MESSAGE, message);
    read_message(l, skip, message);
    ev->nfields = (uint32_t)(l->next - field);
}

void maillog__parse_any(ml_line *l, const uint8_t *skip, ml_cur line, maillog_field *field)
{
    clear(l->ev);
    l->next = field;
    l->limit = field + MAILLOG_FIELDS_MAX;
    l->form = ML_FORM_TAGGED;
    l->inside = false;
    const bool has_header = maillog__header(l, &line);
    ml_put(l, MAILLOG_FIELD_MESSAGE, line);
    if (has_header) read_message(l, skip, line);
    l->ev->nfields = (uint32_t)(l->next - field);
}

/* What is in a maillog_memo. */
typedef struct memo {
    ml_line line;
    ml_host hosts[ML_HOSTS];
    const ml_path *path; /* NULL: it is not set up */
} memo;

typedef char memo_fits[sizeof(memo) <= sizeof(maillog_memo) ? 1 : -1];

/* Whether the options have a field that ends there. */
static bool has_field(const maillog_options *opt, size_t end) { return opt && opt->size >= end; }
#define HAS_FIELD(opt, field) has_field(opt, offsetof(maillog_options, field) + sizeof(opt)->field)

/* One LF or CRLF at the end is not part of the line. */
static const char *without_line_end(const char *p, const char *e)
{
    if (e > p && e[-1] == '\n') e--;
    if (e > p && e[-1] == '\r') e--;
    return e;
}

ML_INLINE int parse(const uint8_t *skip, memo *m, const char *p, const char *e, const char *readable,
                    maillog_event *out)
{
    if (!m) return maillog__path()->line(NULL, skip, p, e, readable, out);
    m->line.hosts = m->hosts; /* it may have been moved */
    return m->path->line(&m->line, skip, p, e, readable, out);
}

/* What most calls need not: see maillog_parse_line(). */
static __attribute__((noinline)) int parse_rare(const maillog_options *opt, const char *line, size_t len,
                                                maillog_event *out)
{
    if (!out || (!line && len)) return MAILLOG_ERR_ARGUMENT;
    memo *const m = HAS_FIELD(opt, memo) ? (memo *)(void *)opt->memo : NULL;
    const char *const buffer_end = HAS_FIELD(opt, buffer_end) ? opt->buffer_end : NULL;
    if (!line) line = "";
    if (len > UINT32_MAX) len = UINT32_MAX;
    if (m && !m->path) {
        maillog__line_keep(&m->line, m->hosts);
        m->path = maillog__path();
    }
    return parse(opt ? opt->skip : NULL, m, line, without_line_end(line, line + len), buffer_end, out);
}

ML_WRAPS int maillog_parse_line(const maillog_options *opt, const char *line, size_t len, maillog_event *out)
{
    const bool is_rare = !out || !line || len - 1 >= UINT32_MAX || (unsigned char)line[len - 1] <= '\r';
    memo *const m = opt && opt->size >= sizeof *opt ? (memo *)(void *)opt->memo : NULL;
    /* apart, so that nothing is saved on the stack for it */
    if (ML_RARELY(is_rare || (opt && opt->size < sizeof *opt) || (m && !m->path)))
        return parse_rare(opt, line, len, out);
    if (!opt) return parse(NULL, NULL, line, line + len, NULL, out);
    return parse(opt->skip, m, line, line + len, opt->buffer_end, out);
}
