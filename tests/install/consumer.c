/* consumer.c: what an outside program does. */
#include <maillog/maillog.h>

#include <stdio.h>

int main(void)
{
    static const char line[] = "Jul 19 07:59:11 mail postfix/qmgr[3224]: B8D5D20BDD: removed";
    maillog_event ev;
    maillog_parse_line(NULL, line, sizeof line - 1, &ev);
    const maillog_str id = maillog_get(&ev, MAILLOG_FIELD_QUEUE_ID);
    printf("%s %.*s\n", maillog_event_name(ev.type), MAILLOG_STR_ARG(id));
    return ev.type != MAILLOG_EVENT_POSTFIX_REMOVED;
}
