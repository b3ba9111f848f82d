/* bench_baseline.c: what every binding's benchmark does, in C: a queue-ID string for each event that has one, a status
 * string for each delivery, counted. CPU time, so that a busy machine tells little lies only. Prints "EVENTS DELIVERIES
 * NS-PER-EVENT". usage: bench_baseline LOG */
#define _POSIX_C_SOURCE 200809L
#include <maillog/maillog.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef struct count {
    unsigned long events, ids, sent;
    char id[64], status[64];
} count;

static void copy(char *to, maillog_str s)
{
    const size_t n = s.len < 63 ? s.len : 63;
    memcpy(to, s.ptr, n);
    to[n] = '\0';
}

static int on_event(void *user, const maillog_event *ev)
{
    count *c = (count *)user;
    c->events++;
    const maillog_str id = maillog_get(ev, MAILLOG_FIELD_QUEUE_ID);
    if (id.ptr) copy(c->id, id), c->ids++;
    if (ev->type != MAILLOG_EVENT_POSTFIX_DELIVERY) return 0;
    copy(c->status, maillog_get(ev, MAILLOG_FIELD_STATUS));
    c->sent += strcmp(c->status, "sent") == 0;
    return 0;
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

int main(int argc, char **argv)
{
    FILE *f = argc > 1 ? fopen(argv[1], "rb") : NULL;
    if (!f) return 2;
    char *text = (char *)malloc(1u << 30);
    const size_t n = fread(text, 1, 1u << 30, f);
    fclose(f);
    static char carry[65536];
    double best = 1e30;
    count c;
    for (int round = 0; round < 3; round++) {
        maillog_callbacks cb;
        maillog_stream s;
        size_t used;
        memset(&c, 0, sizeof c);
        maillog_callbacks_init(&cb);
        cb.on_event = on_event;
        maillog_stream_init(&s, &cb, &c, carry, sizeof carry);
        const double start = now();
        maillog_stream_feed(&s, text, n, &used);
        maillog_stream_finish(&s);
        const double took = (now() - start) / (double)c.events;
        if (took < best) best = took;
    }
    printf("%lu %lu %.1f\n", c.events, c.sent, best);
    return 0;
}
