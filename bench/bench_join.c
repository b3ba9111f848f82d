/* bench_join.c: what the join costs per line, with N messages live at the same time.
 *   bench_join [LIVE…]        default: 1000 10000 100000; for the whole curve add 1000000 (one round: half a minute, 3
 *                             GB)
 *   bench_join --once push|all   for callgrind: 21,000 lines in one run, 64 at a time, with 1,000 messages live;
 * `push`: nothing goes out The log is made up: seven lines a message, LIVE messages interleaved line by line, each of
 * its own client. Printed: nanoseconds of CPU time a line for parsing alone, and what joining adds, with lines pushed
 * one by one and many at a time (the best of three rounds each), and bytes a live message. */
#define _POSIX_C_SOURCE 200809L
#include <maillog/maillog.h>

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { STEPS = 7, MANY = 64, ROUNDS = 3 };

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t); /* the machine may have other things to do */
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* Line `step` of message `m`; `second` since midnight. */
static int make_line(char *out, size_t cap, unsigned m, int step, unsigned second)
{
    const unsigned pid = 1000 + m, a = m % 250 + 1, b = m / 250 % 250, c = m / 62500 % 250;
    char head[64], id[24];
    snprintf(head, sizeof head, "Jul 19 %02u:%02u:%02u mx postfix/", second / 3600 % 24, second / 60 % 60, second % 60);
    snprintf(id, sizeof id, "%05X%05X", m % 0xF4000, m / 0xF4000 + 0x11111);
    switch (step) {
    case 0:
        return snprintf(out, cap, "%ssmtpd[%u]: connect from host%u.example.net[10.%u.%u.%u]", head, pid, m, c, b, a);
    case 1:
        return snprintf(out, cap, "%ssmtpd[%u]: %s: client=host%u.example.net[10.%u.%u.%u]", head, pid, id, m, c, b, a);
    case 2:
        return snprintf(out, cap, "%scleanup[99]: %s: message-id=<%u.4711@host.example.net>", head, id, m);
    case 3:
        return snprintf(out, cap, "%sqmgr[77]: %s: from=<user%u@example.net>, size=4711, nrcpt=1 (queue active)", head,
                        id, m);
    case 4:
        return snprintf(out, cap,
                        "%ssmtpd[%u]: disconnect from host%u.example.net[10.%u.%u.%u] ehlo=1 mail=1 rcpt=1 data=1 "
                        "quit=1 commands=5",
                        head, pid, m, c, b, a);
    case 5:
        return snprintf(out, cap,
                        "%slmtp[88]: %s: to=<user%u@example.org>, relay=mail.example.org[private/dovecot-lmtp], "
                        "delay=0.15, delays=0.01/0.02/0.07/0.05, dsn=2.0.0, status=sent (250 2.0.0 Saved)",
                        head, id, m);
    default:
        return snprintf(out, cap, "%sqmgr[77]: %s: removed", head, id);
    }
}

/* `live` messages at a time, one step of each in turn. */
static char *make_log(unsigned live, size_t lines, size_t *size)
{
    char *log = (char *)malloc(lines * 260);
    size_t n = 0, made = 0;
    for (unsigned batch = 0; made < lines; batch++)
        for (int step = 0; step < STEPS; step++)
            for (unsigned i = 0; i < live && made < lines; i++, made++) {
                n += (size_t)make_line(log + n, 256, batch * live + i, step, (unsigned)(made / 2000));
                log[n++] = '\n';
            }
    *size = n;
    return log;
}

static uint64_t seen;
static int count(void *user, maillog_message *m)
{
    (void)user;
    seen += m->nlegs;
    return 0;
}

/* Lines parsed, and pushed to `join` (or NULL) by `many`. */
static double run(const char *log, size_t size, maillog_join *join, size_t many)
{
    static maillog_event ev[MANY];
    const double start = now();
    size_t lines = 0, n = 0;
    for (const char *p = log, *e; p < log + size; p = e + 1) {
        e = (const char *)memchr(p, '\n', (size_t)(log + size - p));
        maillog_parse_line(NULL, p, (size_t)(e - p), &ev[n]);
        seen += ev[n].type;
        if (++n < many && e + 1 < log + size) continue;
        if (join && many == 1) maillog_join_push(join, ev);
        if (join && many > 1) maillog_join_push_events(join, ev, n, lines + 1, NULL);
        lines += n;
        n = 0;
    }
    return (now() - start) / (double)lines;
}

/* Bytes a message takes while its delivery is still to come. */
static size_t bytes_live(const char *log, size_t size, unsigned live, maillog_join *join)
{
    maillog_join_stats st;
    size_t half = 0;
    for (size_t k = 0; k < (size_t)live * 4; k++)
        half = (size_t)((const char *)memchr(log + half, '\n', size - half) - log) + 1;
    run(log, half, join, 1);
    maillog_join_stats_get(join, &st);
    return (size_t)st.memory_used / live;
}

static double best(double a, double b) { return a < b ? a : b; }

static void measure(unsigned live)
{
    const size_t lines = (size_t)(live < 40000 ? 40000 : live) * STEPS;
    size_t size;
    char *log = make_log(live, lines, &size);
    maillog_join_config cfg;
    maillog_join *join;
    memset(&cfg, 0, sizeof cfg);
    cfg.memory = (uint64_t)live * 1500 + (8u << 20);
    cfg.settle = 1;
    const size_t n = maillog_join_size(&cfg);
    void *mem = malloc(n);
    memset(mem, 0, n);
    double parse = 1e9, one = 1e9, all = 1e9;
    for (int i = 0; i < (live > 300000 ? 1 : ROUNDS); i++) {
        parse = best(parse, run(log, size, NULL, 1));
        maillog_join_init(&join, mem, n, &cfg, count, NULL);
        one = best(one, run(log, size, join, 1));
        maillog_join_init(&join, mem, n, &cfg, count, NULL);
        all = best(all, run(log, size, join, MANY));
    }
    maillog_join_init(&join, mem, n, &cfg, count, NULL);
    printf("%8u live: parse %5.0f, join one by one +%5.0f, by %d +%5.0f ns/line; %zu bytes a live message\n", live,
           parse, one - parse, MANY, all - parse, bytes_live(log, size, live, join));
    free(mem);
    free(log);
}

static int run_once(bool stay)
{
    enum { LIVE = 1000, LINES = 3000 * STEPS };
    size_t size;
    char *log = make_log(LIVE, LINES, &size);
    maillog_join_config cfg;
    maillog_join *join;
    memset(&cfg, 0, sizeof cfg);
    cfg.memory = 16u << 20;
    cfg.settle = stay ? 86400 : 1;
    const size_t n = maillog_join_size(&cfg);
    void *mem = malloc(n);
    maillog_join_init(&join, mem, n, &cfg, count, NULL);
    run(log, size, join, MANY);
    free(mem);
    free(log);
    return seen == 0;
}

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "--once") == 0) return run_once(strcmp(argv[2], "push") == 0);
    for (int i = 1; i < argc; i++) measure((unsigned)strtoul(argv[i], NULL, 10));
    for (unsigned live = 1000; argc == 1 && live <= 100000; live *= 10) measure(live);
    return seen == 0;
}
