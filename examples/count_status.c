/* count_status.c: how did deliveries end? Reads a log from standard input. */
#include <maillog/maillog.h>

#include <stdio.h>

static int on_delivery(void *user, const maillog_event *ev)
{
    unsigned long *counts = user;
    if (ev->type == MAILLOG_EVENT_POSTFIX_DELIVERY) counts[maillog_get_word(ev, MAILLOG_FIELD_STATUS)]++;
    return MAILLOG_CONTINUE;
}

int main(void)
{
    static char buf[65536], carry[65536];
    unsigned long counts[MAILLOG_STATUS_SOFTBOUNCE + 1] = {0};
    maillog_callbacks cb;
    maillog_stream stream;
    size_t n, used;

    maillog_callbacks_init(&cb);
    cb.on_postfix_smtp = cb.on_postfix_lmtp = cb.on_postfix_local = cb.on_postfix_virtual = cb.on_postfix_pipe =
        on_delivery;
    maillog_stream_init(&stream, &cb, counts, carry, sizeof carry);
    while ((n = fread(buf, 1, sizeof buf, stdin)) > 0) maillog_stream_feed(&stream, buf, n, &used);
    maillog_stream_finish(&stream);

    for (int word = MAILLOG_STATUS_SENT; word <= MAILLOG_STATUS_SOFTBOUNCE; word++)
        if (counts[word]) printf("%-14s %lu\n", maillog_word_name(word), counts[word]);
    return 0;
}
