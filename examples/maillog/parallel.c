/* parallel.c: --threads. */
#include "parallel.h"

bool parallel_on(const command *c, bool merged)
{
    (void)c, (void)merged;
    return false;
}

int parallel_feed(const char *buf, size_t len, size_t *used, maillog_stream *one, maillog_event_cb cb, void *user)
{
    (void)cb, (void)user;
    return maillog_stream_feed(one, buf, len, used);
}

int parallel_drain(maillog_event_cb cb, void *user)
{
    (void)cb, (void)user;
    return MAILLOG_OK;
}

void parallel_end(void) {}
