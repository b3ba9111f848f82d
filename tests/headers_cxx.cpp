// The public headers are clean C++ (11 to 20).
#include <maillog/arrow.h>
#include <maillog/maillog.h>

int main()
{
    maillog_event ev;
    const char line[] = "Jul 19 07:59:11 mail postfix/qmgr[3224]: B8D5D20BDD: removed";
    if (maillog_parse_line(nullptr, line, sizeof line - 1, &ev) != MAILLOG_OK) return 1;
    return ev.type == MAILLOG_EVENT_POSTFIX_REMOVED ? 0 : 1;
}
