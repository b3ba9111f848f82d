/* bench_worst.c: what hostile lines cost, per byte, against ordinary ones; and whether twice as long costs twice as
 * much.
 *
 * Each pattern is a beginning that leads into a grammar, a filler that is repeated, and an end. It is run as many lines
 * of ordinary length and as lines of 64 KB to 1 MB. Exit 1: more than five times the ordinary cost, or not linear.
 *
 * usage: bench_worst              by the clock
 *        bench_worst --once       each line once, through measured(); bench/worst.sh counts the instructions with
 * callgrind bench_worst --once FILE  the ordinary lines and those of a file in the same way
 */
#include "bench.h"

typedef struct pattern {
    const char *head, *filler, *tail;
} pattern;

#define SMTPD "Jul 19 07:59:06 mail postfix/smtpd[4711]: "
#define CLEANUP "Jul 19 07:59:06 mail postfix/cleanup[4711]: 4F1C02B7A1: "
#define SMTP "Jul 19 07:59:06 mail postfix/smtp[4711]: "
#define REJECT SMTPD "NOQUEUE: reject: RCPT from unknown[192.0.2.7]: 550 5.1.1 "
#define DOVECOT "Jul 19 07:59:06 mail dovecot: "

static const char *const ordinary[] = {
    SMTPD "connect from mx7.example.net[192.0.2.17]",
    SMTPD "4F1C02B7A1: client=mx7.example.net[192.0.2.17]",
    CLEANUP "message-id=<20260719075906.4F1C02B7A1@mx7.example.net>",
    "Jul 19 07:59:06 mail postfix/qmgr[4711]: 4F1C02B7A1: from=<ivan@example.net>, size=2311, nrcpt=1 (queue active)",
    SMTP "4F1C02B7A1: to=<olga@example.com>, relay=mx.example.com[198.51.100.25]:25, delay=1.1, "
         "delays=0.1/0/0.5/0.5, dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as 9F3B2C1D4E)",
    "Jul 19 07:59:06 mail postfix/qmgr[4711]: 4F1C02B7A1: removed",
    REJECT "<olga@example.com>: Recipient address rejected: User unknown; from=<ivan@example.net> "
           "to=<olga@example.com> proto=ESMTP helo=<mx7.example.net>",
    SMTPD "warning: unknown[203.0.113.9]: SASL LOGIN authentication failed: UGFzc3dvcmQ6, sasl_username=nina",
    DOVECOT "imap-login: Login: user=<nina>, method=PLAIN, rip=203.0.113.9, lip=198.51.100.5, mpid=17, TLS, "
            "session=<G1zq0XUeLbAAAIp9>",
    DOVECOT "lda(nina)<5102><mB3lOaAvxWjuEwAAkQ1jAg>: msgid=<1.a@example.net>: saved mail to INBOX",
};
enum { ORDINARY = sizeof ordinary / sizeof *ordinary };

static const pattern patterns[] = {
    {"", "[", ""},
    {"", "<", ""},
    {"", ",", ""},
    {"", "\"", ""},
    {"", " ", ""},
    {"", "a", ""},
    {"", "\\", ""},
    {"", ":", ""},
    {"", ": ", ""},
    {"", "\xff", ""},
    {"", "{\"", ""},
    {"<1>", "1 ", ""},
    {"Jul 19 07:59:06 ", "mail ", ""},
    {"Jul 19 07:59:06 mail ", "[", "]: x"},
    {SMTPD, "[", ""},
    {SMTPD, ": ", ""},
    {SMTPD "connect from ", "[", "]"},
    {SMTPD "4F1C02B7A1: client=", "x", "[192.0.2.1]"},
    {SMTPD "4F1C02B7A1: client=x[192.0.2.1]", ", sasl_username=", ""},
    {SMTPD "4F1C02B7A1: client=x[192.0.2.1]", ", sasl_sender=", ""},
    {SMTP "4F1C02B7A1: to=<a@b.example>, relay=none", ", ", ", status=sent (x)"},
    {SMTP "4F1C02B7A1: to=<a@b.example>, relay=none", ", d", ", status=sent (x)"},
    {SMTPD "4F1C02B7A1: client=x[1.2.3.4]", ", a=", ""},
    {REJECT, "; from=<", ""},
    {REJECT, "; from=<\"", ""},
    {REJECT, "; from=<a> to=<b>", ""},
    {REJECT, "; from=<a> to=<b> proto=ESMTP helo=<c>", " "},
    {REJECT, "<a>: ", "; from=<a> to=<b> proto=ESMTP helo=<c>"},
    {REJECT "<", "a>: Sender address rejected: ", "; from=<a> to=<b> proto=ESMTP helo=<c>"},
    {REJECT "x; from=<\"", "\\\"", "\"@x> to=<b> proto=ESMTP helo=<c>"},
    {REJECT, " proto=", ""},
    {REJECT, ";", ""},
    {REJECT, "; ", ""},
    {REJECT, "; f", ""},
    {REJECT, "; from=<a> ", ""},
    {REJECT "Service unavailable; client [", "] blocked using ", "; from=<a> to=<b> proto=SMTP"},
    {CLEANUP "message-id=", "<", ""},
    {CLEANUP "reject: header ", "; from=<a>: ", ""},
    {CLEANUP "reject: header ", "; from=<a>: \"", ""},
    {CLEANUP "reject: header <\"", "; from=<a>: ", ""},
    {CLEANUP "reject: header ", "; from=<a> to=<b>: ", ""},
    {CLEANUP "warning: header x", " from a[1.2.3.4]; from=<\"", ""},
    {CLEANUP "warning: header x", " from a[1.2.3.4]; from=<a> to=<b> proto=ESMTP helo=<c>: ", ""},
    {SMTP "4F1C02B7A1: to=<", ">, ", ""},
    {SMTP "4F1C02B7A1: to=<\"", "\\\"", ""},
    {SMTP "4F1C02B7A1: to=<a>, ", "relay=", ""},
    {SMTP "4F1C02B7A1: to=<a>", ", delay=1", ""},
    {SMTP "4F1C02B7A1: to=<a>, relay=b, status=sent (", "(", ")"},
    {SMTP "4F1C02B7A1: to=<a>, relay=b, status=sent (250 ", "queued as ", ")"},
    {SMTP "4F1C02B7A1: host a[1.2.3.4] said: ", "(in reply to ", ")"},
    {SMTP "warning: ", "a ", ""},
    {SMTP "warning: something that no table knows ", ": b", ""},
    {SMTP "warning: ", "/", ""},
    {SMTP "warning: ", "\"", ""},
    {SMTP "fatal: ", "x[1.2.3.4]: ", ""},
    {SMTP "error: ", "%s: ", ""},
    {SMTP "panic: ", "a: ", ""},
    {SMTP "Untrusted TLS connection established to ", "a[1.2.3.4]:25: ", ""},
    {DOVECOT "imap-login: Login: user=<", ">, ", "rip=1.2.3.4"},
    {DOVECOT "imap-login: ", "(", "): user=<a>"},
    {DOVECOT "imap-login: Disconnected: ", ": ", "user=<a>, rip=1.2.3.4"},
    {DOVECOT "auth: sql(", "),", "): x"},
    {DOVECOT "auth: sql(", "): ", "x"},
    {DOVECOT "auth: sql(", ",master): ", "x"},
    {DOVECOT "auth: sql(a", ",1.2.3.4): ", "x"},
    {DOVECOT "lda(", ")", ": msgid=<a>: saved mail to x"},
    {DOVECOT "lda(a): msgid=", "<: ", "saved mail to x"},
    {DOVECOT "lda(a): msgid=<", ">: ", "x"},
    {DOVECOT "lda(a): msgid=<a@b", ">: s: ", "x"},
    {DOVECOT "lda(a): msgid=<a@b", ">: saved mail to a", "x"},
    {DOVECOT "lda(a): sieve: msgid=", "a: ", "stored mail into x"},
    {DOVECOT "imap(a)<1><b>: delete: box=", ", uid=", "1"},
    {DOVECOT "imap(a)<1><b>: delete: box=a, msgid=<", ", size=", "1"},
    {DOVECOT "imap(a): Error: ", "a: ", ""},
    {DOVECOT "imap(a): ", "a(b) ", ""},
    {"Jul 19 07:59:06 mail amavis[1]: (1-1) Passed CLEAN, ", "<a>,", " 1 ms"},
    {"Jul 19 07:59:06 mail amavis[1]: (1-1) Passed CLEAN {R}, [1.2.3.4] <a> -> <b>, ", "Message-ID: <", ", Hits: 1"},
    {"Jul 19 07:59:06 mail amavis[1]: (1-1) ", "x: ", ""},
    {"Jul 19 07:59:06 mail rspamd[1]: <a>; task; ", "(a[1]){}; ", ""},
    {"Jul 19 07:59:06 mail spamd[1]: spamd: result: . 1 - ", "A,", ""},
    {"Jul 19 07:59:06 mail opendkim[1]: ", "a: ", ""},
    {"Jul 19 07:59:06 mail postgrey[1]: ", "a=b, ", ""},
    {"Jul 19 07:59:06 mail sendmail[1]: 62390aBc002211: ", "to=<a>, ", ""},
    {"Jul 19 07:59:06 mail sendmail[1]: ", "a... ", ""},
    {"2026-11-03 09:14:07 1jmFYj-00039V-QX <= ", "A=\"", ""},
    {"2026-11-03 09:14:07 1jmFYj-00039V-QX ** a ", ": R=", ""},
    {"Jul 19 07:59:06 mail smtpd[1]: ", "from=<a>, ", ""},
    {"Jul 19 07:59:06 mail policyd-spf[1]: ", "a; ", ""},
    {"Jul 19 07:59:06 mail saslauthd[1]: ", "[a=b] ", ""},
    /* found by search_worst */
    {"Jul 19 07:59:06 mail milter-greylist[1]: addr [1.2.3.4] from <\"", ">", ""},
    {"Jul 19 07:59:06 mail sendmail[1]: Milter (", "a) ", ""},
    {DOVECOT "submission(a): sieve: msgid=", ": action: failed to send m", ""},
    {SMTPD "using backwards-compatible default setting relay_domains=", "(: ", "a="},
    {DOVECOT "auth(", ")<", ""},
    {DOVECOT "lda(", ")<1><", ""},
    {DOVECOT "auth-worker(47): sq", "17", ""},
    {DOVECOT "lda(", ")<a>:", ""},
    {DOVECOT "doveadm(a): Error: Mailbox", " s", ""},
    {DOVECOT "doveadm(a): Error: Mailbox", " is", ""},
    {DOVECOT "pop3(a): Disconnected: Logged out top=0/0, retr=0/0,", " del=0", ""},
    {DOVECOT "imap-login: Login: user=<a>, method=PLAIN, rip=1.2.3.4", ", sured", ""},
    {DOVECOT "imap-login: Login: user=<a>, method=PLAIN, rip=1.2.3.4", ", ", ""},
    {"Jul 19 07:59:06 mail cyrus/sync[1]: SYNCERROR: mailbox copy failed: mailbox=<a>", " error=<S>", ""},
    {"Jul 19 07:59:06 mail cyrus/imap[1]: auditlog: a", " a=<b>", ""},
    {"Jul 19 07:59:06 mail imapd: LOGOUT, user=a, ip=[::ffff:1.2.3.4], port=[1]", ", rcvd=3", ""},
    {"Jul 19 07:59:06 mail pmg-smtp-filter[1]: 2C225C6817C7EEE: SA score=7", ".", ""},
    {"Jul 19 07:59:06 a", "_", ""},
    {"Jul 19 07:59:06 mx", "e3", " x: y"},
    {SMTPD "warning: table hash:/a: ", "what ", "a=b"},
    {"Jul 19 07:59:06 mail postfix/postkick[1]: invalid ", ": invalid a=", ""},
    {"2026-11-03 09:14:07 plain authenticator failed for (x) [192.0.2.1]", " Q=", ""},
    /* by search_worst --strangers */
    {"Nov  3 09:14:07 mx3 amavis[42]: (42-07) Passed BANNED (a) {B}, [192.0.2.1]:5 <x> -> <y>, Hits: 1, queued_as: 250",
     " a), ,", ""},
    {"Mar  3 08:11:04 mx sm-mta[2214]: 62390aBc002211: to=<\"", ",", "\"@x>, delay=00:00:01, stat=Sent"},
    {CLEANUP "warning: header X-Lie: ", "; proto=E ", ""},
    {CLEANUP "warning: header X-Lie: ; from=<>, o", "_", "=a b=;"},
    {DOVECOT "imap(a)<1><b>: expunge: box=a, uid=1, msgid=<", ", f>", ", size=72"},
    {DOVECOT "lda(a): sieve: msgid=<", "): ", ">: fileinto action: store into mailbox 'x'"},
};
enum { PATTERNS = sizeof patterns / sizeof *patterns, SMALL = 300, LARGE = 1 << 16, STEPS = 5 };

enum { ONCE_LARGE = 1 << 14, ONCE_HUGE = 1 << 18 };

static size_t write_line(const pattern *p, size_t size, char *out)
{
    const size_t h = strlen(p->head), f = strlen(p->filler), t = strlen(p->tail);
    size_t n = h;
    memcpy(out, p->head, h);
    for (; n + f + t <= size; n += f) memcpy(out + n, p->filler, f);
    memcpy(out + n, p->tail, t);
    return n + t;
}

/* A function of its own, so that callgrind can be told to count what happens in it. */
void measured(const char *line, size_t n);
__attribute__((noinline)) void measured(const char *line, size_t n)
{
    maillog_event ev;
    maillog_parse_line(NULL, line, n, &ev);
}

/* Nanoseconds a byte for one line: the least of several runs, each long enough for the clock. */
static double cost(const char *line, size_t n)
{
    double best = 1e9;
    size_t runs = 1 + 200000 / (n + 100);
    for (int k = 0; k < 5; k++) {
        const double start = bench_now();
        for (size_t i = 0; i < runs; i++) measured(line, n);
        const double ns = (bench_now() - start) * 1e9 / (double)(runs * (n + 1));
        if (ns < best) best = ns;
    }
    return best;
}

static double ordinary_cost(void)
{
    double sum = 0;
    size_t bytes = 0;
    for (size_t i = 0; i < ORDINARY; i++) {
        const size_t n = strlen(ordinary[i]);
        sum += cost(ordinary[i], n) * (double)n;
        bytes += n;
    }
    return sum / (double)bytes;
}

/* One call of measured() for each line that is printed, in this order. */
static void run_ordinary(void)
{
    for (size_t i = 0; i < ORDINARY; i++) {
        measured(ordinary[i], strlen(ordinary[i]));
        printf("ordinary\t%zu\t%s\n", strlen(ordinary[i]), ordinary[i]);
    }
}

static void run_patterns(char *line)
{
    for (size_t i = 0; i < PATTERNS; i++) {
        static const size_t sizes[] = {SMALL, ONCE_LARGE, ONCE_HUGE};
        for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++) {
            const size_t n = write_line(&patterns[i], sizes[k], line);
            measured(line, n);
            printf("%s\t%zu\t%.50s%.20s\n",
                   k == 0   ? "short"
                   : k == 1 ? "large"
                            : "huge",
                   n, patterns[i].head, patterns[i].filler);
        }
    }
}

static int run_file(const char *path)
{
    bench_log t;
    if (!bench_read(path, &t)) return 1;
    for (const char *p = t.text, *end = p + t.len; p < end;) {
        const char *lf = (const char *)memchr(p, '\n', (size_t)(end - p));
        if (!lf) lf = end;
        const size_t n = (size_t)(lf - p);
        measured(p, n);
        printf("line\t%zu\t%.*s\n", n, n < 160 ? (int)n : 160, p);
        p = lf + 1;
    }
    free(t.text);
    return 0;
}

static int drop(void *user, const maillog_event *ev)
{
    *(size_t *)user += ev->nfields;
    return MAILLOG_CONTINUE;
}

/* Nanoseconds a byte of a text that goes through a stream in pieces. */
static double feed_cost(const char *text, size_t n, size_t piece, char *room, size_t cap)
{
    maillog_callbacks cb;
    maillog_stream s;
    size_t fields = 0, used;
    maillog_callbacks_init(&cb);
    cb.on_event = drop;
    if (maillog_stream_init(&s, &cb, &fields, room, cap) != MAILLOG_OK) exit(1);
    const double start = bench_now();
    for (size_t at = 0; at < n; at += piece)
        if (maillog_stream_feed(&s, text + at, n - at < piece ? n - at : piece, &used) != MAILLOG_OK) exit(1);
    return (bench_now() - start) * 1e9 / (double)n;
}

/* A text of n bytes, of ordinary lines or as one. */
static void write_text(char *text, size_t n, int is_one_line)
{
    memset(text, 'a', n);
    text[n - 1] = '\n';
    if (is_one_line) memcpy(text, SMTPD, sizeof SMTPD - 1);
    for (size_t at = 0, i = 0; !is_one_line && at + 512 < n; i = (i + 1) % ORDINARY) {
        const size_t len = strlen(ordinary[i]);
        memcpy(text + at, ordinary[i], len);
        text[at + len] = '\n';
        at += len + 1;
    }
}

/* A megabyte and ten at once and byte by byte: not linear when ten cost twice as much a byte. */
static int run_feeds(void)
{
    enum { MOST = 10000000 };
    char *const text = (char *)malloc(MOST), *const room = (char *)malloc(MOST);
    int bad = 0;
    if (!text || !room) exit(1);
    for (int is_one_line = 0; is_one_line < 2; is_one_line++) {
        double least = 0;
        for (size_t n = MOST / 10; n <= MOST; n *= 10) {
            write_text(text, n, is_one_line);
            const double whole = feed_cost(text, n, n, room, MOST), bytes = feed_cost(text, n, 1, room, MOST);
            printf("%8zu bytes, %s: %.2f ns a byte; fed byte by byte: %.1f\n", n, is_one_line ? "one line" : "lines",
                   whole, bytes);
            if (least == 0) least = bytes;
            bad |= bytes > 2 * least;
        }
    }
    free(text);
    free(room);
    return bad;
}

static int run_timed(char *line)
{
    double worst = 0, steepest = 0;
    int bad = 0;
    const double usual = ordinary_cost();
    printf("ordinary lines: %.2f ns a byte\n%8s %8s %8s  pattern\n", usual, "short", "64 KB", "1 MB");
    for (size_t i = 0; i < PATTERNS; i++) {
        const double small = cost(line, write_line(&patterns[i], SMALL, line));
        const double large = cost(line, write_line(&patterns[i], LARGE, line));
        const double huge = cost(line, write_line(&patterns[i], LARGE << (STEPS - 1), line));
        const double most = small > large ? small : large, growth = huge / (large + 0.02 * usual);
        if (most > worst) worst = most;
        if (growth > steepest) steepest = growth;
        const int is_bad = most > 5 * usual || huge > 5 * usual || growth > 3;
        bad += is_bad;
        printf("%8.2f %8.2f %8.2f%c %.50s%.20s\n", small / usual, large / usual, huge / usual, is_bad ? '*' : ' ',
               patterns[i].head, patterns[i].filler);
    }
    printf("worst: %.1f times the ordinary; sixteen times as long: %.1f times as much a byte\n", worst / usual,
           steepest);
    return bad > 0;
}

int main(int argc, char **argv)
{
    char *line = (char *)malloc((LARGE << (STEPS - 1)) + 256);
    int bad = 0;
    if (!line) return 1;
    if (argc == 1) {
        bad = run_timed(line);
        bad |= run_feeds();
    } else if (argc <= 3 && strcmp(argv[1], "--once") == 0) {
        run_ordinary();
        if (argc == 3)
            bad = run_file(argv[2]);
        else
            run_patterns(line);
    } else {
        fprintf(stderr, "usage: bench_worst [--once [FILE]]\n");
        bad = 2;
    }
    free(line);
    return bad;
}
