/* deliveries.c: who got mail, and how it ended. Reads a log from standard input. */
#include <maillog/maillog.h>
#include <stdio.h>
#include <string.h>

int main(void)
{
    char line[8192];
    maillog_event ev;
    while (fgets(line, sizeof line, stdin)) {
        maillog_parse_line(NULL, line, strlen(line), &ev);
        if (ev.type != MAILLOG_EVENT_POSTFIX_DELIVERY) continue;
        const maillog_str to = maillog_get(&ev, MAILLOG_FIELD_TO), status = maillog_get(&ev, MAILLOG_FIELD_STATUS);
        printf("%.*s %.*s\n", MAILLOG_STR_ARG(to), MAILLOG_STR_ARG(status));
    }
}
