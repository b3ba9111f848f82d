/* mmexternal.c: the child of rsyslog's mmexternal: adds the fields of each line to the message, as $!maillog!… .
 * rsyslog gives the raw message on a line, and takes what is to be changed as an object on a line. */
#define _DEFAULT_SOURCE
#include <maillog/maillog.h>

#include <stdio.h>
#include <stdlib.h>

int main(void)
{
    maillog_memo memo = {{0}};
    const maillog_options from_line = {sizeof from_line, .memo = &memo};
    char *line = NULL, *text = NULL;
    size_t line_cap = 0, cap = 0;
    for (ssize_t n; (n = getline(&line, &line_cap, stdin)) > 0;) {
        maillog_event ev;
        const maillog_json_options options = {sizeof options, .flags = MAILLOG_JSON_NO_HEADER | MAILLOG_JSON_NUMBERS};
        n -= line[n - 1] == '\n';
        if (maillog_parse_line(&from_line, line, (size_t)n, &ev) != MAILLOG_OK) return 1;
        size_t len = maillog_event_json(&ev, &options, text, cap);
        if (len > cap) {
            free(text);
            text = (char *)malloc(cap = len * 2);
            if (!text) return 1;
            len = maillog_event_json(&ev, &options, text, cap);
        }
        printf("{\"$!\":{\"maillog\":%.*s}}\n", (int)len, text);
        if (fflush(stdout) != 0) return 1;
    }
    free(line);
    free(text);
    return 0;
}
