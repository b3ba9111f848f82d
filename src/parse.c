/* parse.c: bytes of one line → event. The one parse under the line, stream and batch doors. */
#include "parse.h"

#include "daemons/daemons.h"
#include "header/header.h"

static void finish(ml_line *l, maillog_match match)
{
    maillog_event *ev = l->ev;
    if (ev->match < MAILLOG_MATCH_EVENT) {
        ev->match = (uint8_t)match;
        ev->type = 0;
    }
    ev->nfields = (uint32_t)(l->next - (l->limit - MAILLOG_FIELDS_MAX));
}

void maillog__parse(const maillog_options *opt, const char *base, const char *p, const char *e, const char *readable,
                    maillog_event *ev, maillog_field *field)
{
    ml_line l = {ev,   field, field + MAILLOG_FIELDS_MAX, base, readable, {NULL, NULL}, {NULL, NULL}, ML_FORM_TAGGED,
                 false};
    ml_cur c = ml_slice(p, e);
    ev->line = p;
    ev->len = (uint32_t)(e - p);
    ev->type = 0;
    ev->daemon = 0;
    ev->match = 0;
    ev->flags = 0;

    if (!maillog__header(&l, &c)) {
        ml_put(&l, MAILLOG_FIELD_MESSAGE, c);
        finish(&l, MAILLOG_MATCH_RAW);
        return;
    }
    ml_put(&l, MAILLOG_FIELD_MESSAGE, c);
    const ml_route route = maillog__dispatch(&l);
    ev->daemon = route.daemon;
    if (!route.daemon) {
        finish(&l, MAILLOG_MATCH_HEADER);
        return;
    }
    if (!(opt && opt->skip && opt->skip[route.daemon])) {
        if (route.grammar)
            route.grammar(&l, c);
        else
            ml_put_rest(&l, c);
    }
    finish(&l, MAILLOG_MATCH_DAEMON);
}

/* One LF or CRLF at the end is not part of the line. */
static const char *without_line_end(const char *p, const char *e)
{
    if (e > p && e[-1] == '\n') e--;
    if (e > p && e[-1] == '\r') e--;
    return e;
}

int maillog_parse_line(const maillog_options *opt, const char *line, size_t len, maillog_event *out)
{
    if (!out || (!line && len)) return MAILLOG_ERR_ARGUMENT;
    if (!line) line = "";
    if (len > UINT32_MAX) len = UINT32_MAX;
    maillog__parse(opt, line, line, without_line_end(line, line + len), line + len, out, out->field);
    return MAILLOG_OK;
}
