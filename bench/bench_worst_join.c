/* bench_worst_join.c: what hostile lines cost the join, per line, against ordinary ones; and whether more of them cost
 * more each.
 *
 * Each log is made up: what a stranger can have written very often, or what leaves the table full. Lines are parsed and
 * pushed, what is left is flushed at the end. Exit 1: more than five times the ordinary cost, or not linear.
 *
 * usage: bench_worst_join           by the clock
 *        bench_worst_join --once    each log once, through measured(); bench/worst.sh counts the instructions with
 * callgrind
 */
#include "bench.h"

enum { SHORT = 4000, LONG = 16000, LINE = 512, MEMORY = 4 << 20 };

typedef void (*write_line)(char *out, unsigned i);

#define STAMP "Jul 19 07:%02u:%02u mail "
#define SECONDS(i) (i) / 6000 % 60, (i) / 100 % 60
#define WRITE(out, i, text, ...) snprintf((out), LINE, STAMP text, SECONDS(i), __VA_ARGS__)

/* Seven lines a message, a hundred messages at a time. */
static void ordinary(char *out, unsigned i)
{
    const unsigned m = i / 700 * 100 + i % 100, pid = 1000 + m % 100, id = 0xF0000 + m;
    switch (i / 100 % 7) {
    case 0:
        WRITE(out, i, "postfix/smtpd[%u]: connect from mx%u.example.net[192.0.2.%u]", pid, m, m % 250);
        break;
    case 1:
        WRITE(out, i, "postfix/smtpd[%u]: %08X: client=mx%u.example.net[192.0.2.%u]", pid, id, m, m % 250);
        break;
    case 2:
        WRITE(out, i, "postfix/cleanup[99]: %08X: message-id=<%u.4711@mx.example.net>", id, m);
        break;
    case 3:
        WRITE(out, i, "postfix/qmgr[77]: %08X: from=<u%u@example.net>, size=4711, nrcpt=1 (queue active)", id, m);
        break;
    case 4:
        WRITE(out, i, "postfix/smtpd[%u]: disconnect from mx%u.example.net[192.0.2.%u] mail=1 rcpt=1 commands=2", pid,
              m, m % 250);
        break;
    case 5:
        WRITE(out, i,
              "postfix/lmtp[88]: %08X: to=<u%u@example.org>, relay=mail.example.org[private/lmtp], delay=0.1, "
              "delays=0.1/0/0/0, dsn=2.0.0, status=sent (250 2.0.0 Saved)",
              id, m);
        break;
    default:
        WRITE(out, i, "postfix/qmgr[77]: %08X: removed", id);
        break;
    }
}

static void one_process(char *out, unsigned i)
{
    WRITE(out, i, "postfix/smtpd[4711]: connect from mx%u.example.net[192.0.2.%u]", i, i % 250);
}

static void one_process_refused(char *out, unsigned i)
{
    WRITE(out, i,
          "postfix/smtpd[4711]: NOQUEUE: reject: RCPT from unknown[192.0.2.7]: 550 5.1.1 <a%u@example.com>: Recipient "
          "address rejected: User unknown; from=<b%u@example.net> to=<a%u@example.com> proto=ESMTP helo=<c>",
          i, i, i);
}

static void one_client(char *out, unsigned i)
{
    WRITE(out, i, "postfix/smtpd[%u]: connect from mx.example.net[192.0.2.7]", i);
}

static void one_message_id(char *out, unsigned i)
{
    if (i % 2)
        WRITE(out, i, "postfix/cleanup[99]: %08X: message-id=<1@example.net>", 0xF0000 + i / 2);
    else
        WRITE(out, i, "postfix/smtpd[%u]: %08X: client=mx.example.net[192.0.2.7]", i, 0xF0000 + i / 2);
}

static void stored_alike(char *out, unsigned i)
{
    WRITE(out, i, "dovecot: lda(nina)<%u><mB3lOaAvxWjuEwAAkQ1jAg>: msgid=<1@example.net>: saved mail to INBOX", i);
}

static void answers_alike(char *out, unsigned i)
{
    WRITE(out, i,
          "postgrey[%u]: action=greylist, reason=new, client_name=mx.example.net, client_address=192.0.2.7, "
          "sender=a@example.net, recipient=b@example.com",
          1u);
}

static void one_queue_id(char *out, unsigned i)
{
    WRITE(out, i,
          "postfix/smtp[88]: 4F1C02B7A1: to=<u%u@example.org>, relay=none, delay=1, delays=1/0/0/0, dsn=4.4.1, "
          "status=deferred (connect to example.org[192.0.2.7]:25: Connection refused)",
          i);
}

static void new_lives(char *out, unsigned i)
{
    WRITE(out, i, "postfix/smtpd[%u]: 4F1C02B7A1: client=mx%u.example.net[192.0.2.7]", i, i);
}

static void full(char *out, unsigned i)
{
    WRITE(out, i, "postfix/qmgr[77]: %08X: from=<u%u@example.net>, size=4711, nrcpt=1 (queue active)", 0xF0000 + i, i);
}

static void replies(char *out, unsigned i)
{
    WRITE(out, i,
          "postfix/smtp[88]: 4F1C02B7A1: to=<u%u@example.org>, relay=mx.example.org[192.0.2.7]:25, delay=1, "
          "delays=1/0/0/0, dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as %08X)",
          i, 0xF0000 + i);
}

static void logins(char *out, unsigned i)
{
    WRITE(out, i, "dovecot: imap-login: Login: user=<nina>, method=PLAIN, rip=203.0.113.9, lip=198.51.100.5, mpid=%u",
          17u);
}

static const struct {
    const char *name;
    write_line write;
} logs[] = {
    {"ordinary: seven lines a message", ordinary},
    {"connections of one process that never end", one_process},
    {"refusals of one process", one_process_refused},
    {"connections of one client that never end", one_client},
    {"one Message-ID for all messages", one_message_id},
    {"one Message-ID for all that is stored", stored_alike},
    {"one client and recipient in all policy answers", answers_alike},
    {"one queue ID in all lines", one_queue_id},
    {"one queue ID for all messages", new_lives},
    {"each line another message, the table is full", full},
    {"each line the reply that names another message", replies},
    {"log-ins of one process", logins},
};
enum { LOGS = sizeof logs / sizeof *logs };

static int drop(void *user, maillog_message *m)
{
    *(size_t *)user += m->nlegs;
    return MAILLOG_CONTINUE;
}

/* A function of its own, so that callgrind can be told to count what happens in it. */
void measured(maillog_join *join, const char *log, size_t len);
__attribute__((noinline)) void measured(maillog_join *join, const char *log, size_t len)
{
    maillog_event ev;
    for (const char *p = log, *e; p < log + len; p = e + 1) {
        e = (const char *)memchr(p, '\n', (size_t)(log + len - p));
        maillog_parse_line(NULL, p, (size_t)(e - p), &ev);
        maillog_join_push(join, &ev);
    }
    maillog_join_flush(join);
}

static size_t make_log(write_line write, unsigned lines, char *log)
{
    size_t n = 0;
    for (unsigned i = 0; i < lines; i++) {
        write(log + n, i);
        n += strlen(log + n);
        log[n++] = '\n';
    }
    return n;
}

/* Nanoseconds a line: the least of `rounds`. */
static double cost(unsigned which, unsigned lines, int rounds, char *log, void *block, size_t size,
                   const maillog_join_config *cfg)
{
    const size_t len = make_log(logs[which].write, lines, log);
    double best = 1e9;
    size_t legs = 0;
    for (int i = 0; i < rounds; i++) {
        maillog_join *join;
        if (maillog_join_init(&join, block, size, cfg, drop, &legs) != MAILLOG_OK) exit(1);
        const double start = bench_now();
        measured(join, log, len);
        const double ns = (bench_now() - start) * 1e9 / lines;
        if (ns < best) best = ns;
    }
    return best;
}

int main(int argc, char **argv)
{
    const int once = argc == 2 && strcmp(argv[1], "--once") == 0;
    maillog_join_config cfg;
    memset(&cfg, 0, sizeof cfg);
    cfg.memory = MEMORY;
    const size_t size = maillog_join_size(&cfg);
    void *const block = malloc(size);
    char *const log = (char *)malloc((size_t)LONG * LINE);
    double usual = 0;
    int bad = 0;
    if (!block || !log) return 1;
    for (unsigned i = 0; i < LOGS; i++) {
        const double some = cost(i, SHORT, once ? 1 : 5, log, block, size, &cfg);
        const double many = cost(i, LONG, once ? 1 : 5, log, block, size, &cfg);
        if (once) {
            printf("short\t%d\t-\t%s\nlong\t%d\t-\t%s\n", SHORT, logs[i].name, LONG, logs[i].name);
            continue;
        }
        if (i == 0) usual = many;
        const int is_bad = some > 5 * usual || many > 5 * usual || many > 2 * some;
        bad |= is_bad;
        printf("%8.2f %8.2f%c %7.0f ns  %s\n", some / usual, many / usual, is_bad ? '*' : ' ', many, logs[i].name);
    }
    free(block);
    free(log);
    return bad;
}
