/* events.c: `maillog events` and `maillog unmatched`: lines, one by one. */
#include "command.h"

#include <stdlib.h>
#include <string.h>

static size_t write_event(const void *ev, const maillog_json_options *opt, char *buf, size_t cap)
{
    return maillog_event_json((const maillog_event *)ev, opt, buf, cap);
}

static int on_event(command *c, const maillog_event *ev)
{
    if (c->daemon && strcmp(c->daemon, maillog_daemon_name(ev->daemon)) != 0) return MAILLOG_CONTINUE;
    if (c->event && strcmp(c->event, maillog_event_name(ev->type)) != 0) return MAILLOG_CONTINUE;
    maillog_json_options opt = command_json_options(c, &ev->time);
    opt.line_number = c->line;
    print_json(stdout, write_event, ev, &opt);
    return ferror(stdout) ? -1 : MAILLOG_CONTINUE;
}

int command_events(command *c)
{
    c->on_event = on_event;
    command_read(c);
    return c->status;
}
