/* make_log.c: a made-up log of any size on standard output, the same for the same arguments, as fast as it can be read.
 *
 *   make_log BYTES [live=N] [unknown=PERCENT] [width=N] [programs=N] [seed=N]
 *
 * Unlike mix.py's its lines belong to each other: messages of a client, through Postfix to another server or to
 * Dovecot, `live` of them at a time (1000), line by line in no order; every eighth is deferred once. Between them
 * refusals, postscreen, mailbox sessions. BYTES may end in M or G. `unknown`: so many lines are of no program that
 * maillog knows, or have a text that Postfix never wrote. `width`: so many bytes more in names and replies. `programs`:
 * every second line is of one of so many other programs. */
#define _POSIX_C_SOURCE 200809L
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINE = 4096, PAD = 1024 };

typedef struct message {
    uint64_t number;
    unsigned step;
} message;

static struct {
    uint64_t bytes, live, unknown, width, programs, seed;
} want = {0, 1000, 0, 0, 0, 1};

static uint64_t state, made, lines;
static char pad[PAD + 1];

static uint32_t any(uint32_t below) /* xorshift64* */
{
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    return (uint32_t)(((state * UINT64_C(2685821657736338717)) >> 32) * below >> 32);
}

/* A number's own random one: what a message's lines have in common. */
static uint32_t own(uint64_t number, unsigned which, uint32_t below)
{
    uint64_t x = (number * 16 + which + want.seed) * UINT64_C(0x9E3779B97F4A7C15);
    x = (x ^ x >> 29) * UINT64_C(0xBF58476D1CE4E5B9);
    return (uint32_t)((x >> 32) * below >> 32);
}

/* ---- the parts of lines ---- */

static int put_head(char *out, const char *program, unsigned pid)
{
    const uint64_t second = lines / 400; /* a day has 86400 */
    const unsigned day = (unsigned)(second / 86400 % 28) + 1;
    const unsigned s = (unsigned)(second % 86400);
    const int n = snprintf(out, 128, "Jul %2u %02u:%02u:%02u mx1 %s", day, s / 3600, s / 60 % 60, s % 60, program);
    return n + (pid ? snprintf(out + n, 32, "[%u]: ", pid) : snprintf(out + n, 32, ": "));
}

static void client_of(char *out, uint64_t m)
{
    const unsigned a = own(m, 0, 200), b = own(m, 1, 250);
    snprintf(out, LINE / 2, "mail%u%s.site%u.example.net[10.%u.%u.%u]", b, pad, a, a, b, own(m, 2, 250) + 1);
}

enum { SESSION = 5, DEFERRED = 6, DELIVERY = 8, STEPS = 11 }; /* 0 to 4: a client's session */

static int is_local(uint64_t m) { return own(m, 3, 10) < 4; }

static int put_delivery(char *out, uint64_t m, const char *id, const char *to)
{
    const unsigned site = own(m, 4, 300), n = own(m, 5, 90) + 10;
    if (is_local(m)) {
        const int h = put_head(out, "postfix/lmtp", 2000 + n);
        return h +
               snprintf(out + h, LINE,
                        "%s: to=<%s>, relay=mx1.example.org[private/dovecot-lmtp], delay=0.%u, delays=0.%u/0/0/0.01, "
                        "dsn=2.0.0, status=sent (250 2.0.0 <%s> %" PRIx64 "Ab%s Saved)",
                        id, to, n, n - 1, to, m, pad);
    }
    const int h = put_head(out, "postfix/smtp", 3000 + n);
    return h +
           snprintf(out + h, LINE,
                    "%s: to=<%s>, relay=mx.site%u.example.com[192.0.2.%u]:25, delay=1.%u, delays=0.%u/0.01/0.5/0.5, "
                    "dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as %s%" PRIX64 ")",
                    id, to, site, site % 250 + 1, n, n, pad, m + 0x10000);
}

/* A client that was served: connect, client, message-id, queue active, disconnect. */
static int put_session(char *out, uint64_t m, unsigned step, const char *id, const char *msgid)
{
    const unsigned pid = 10000 + (unsigned)(m % 4000000);
    char client[LINE / 2];
    client_of(client, m);
    if (step == 2) {
        const int h = put_head(out, "postfix/cleanup", 1100 + pid % 50);
        return h + snprintf(out + h, LINE, "%s: message-id=%s", id, msgid);
    }
    const int h = put_head(out, "postfix/smtpd", pid);
    if (step == 0) return h + snprintf(out + h, LINE, "connect from %s", client);
    if (step == 1) return h + snprintf(out + h, LINE, "%s: client=%s", id, client);
    return h + snprintf(out + h, LINE, "disconnect from %s ehlo=1 mail=1 rcpt=1 data=1 quit=1 commands=5", client);
}

static int put_message(char *out, message *x)
{
    const uint64_t m = x->number;
    char id[32], to[128], msgid[LINE / 2];
    snprintf(id, sizeof id, "%05X%05" PRIX64, own(m, 6, 1000000), m % 0xFFFFF);
    snprintf(to, sizeof to, "user%u@%s%u.example.org", own(m, 7, 5000), is_local(m) ? "mx" : "site", own(m, 8, 50));
    snprintf(msgid, sizeof msgid, "<%" PRIx64 ".%u%s@site%u.example.net>", m, own(m, 9, 1000000), pad, own(m, 0, 200));
    const unsigned step = x->step++;
    if (step == DEFERRED - 1 && own(m, 10, 8)) x->step = DELIVERY; /* seven of eight are delivered at once */
    if (step == DELIVERY && !is_local(m)) x->step++;
    if (step < 3 || step == 4) return put_session(out, m, step, id, msgid);
    if (step == DELIVERY) return put_delivery(out, m, id, to);
    if (step == DEFERRED) {
        const int h = put_head(out, "postfix/smtp", 3000 + own(m, 5, 90));
        return h +
               snprintf(out + h, LINE,
                        "%s: to=<%s>, relay=none, delay=30, delays=0.1/0/30/0, dsn=4.4.1, status=deferred (connect to "
                        "mx.site%u.example.com[192.0.2.%u]:25: Connection timed out%s)",
                        id, to, own(m, 4, 300), own(m, 4, 300) % 250 + 1, pad);
    }
    if (step == DELIVERY + 1) {
        const int h = put_head(out, "dovecot", 0);
        return h + snprintf(out + h, LINE,
                            "lmtp(%s)<%u><%" PRIx64 "Ab>: sieve: msgid=%s: stored mail into mailbox 'INBOX'", to,
                            4000 + own(m, 5, 90), m, msgid);
    }
    const int h = put_head(out, "postfix/qmgr", 1001);
    if (step == STEPS - 1) return h + snprintf(out + h, LINE, "%s: removed", id);
    return h + snprintf(out + h, LINE, "%s: from=<sender%u%s@site%u.example.net>, size=%u, nrcpt=1 (queue active)", id,
                        own(m, 11, 3000), pad, own(m, 0, 200), own(m, 12, 90000) + 900);
}

/* ---- lines of their own ---- */

static int put_other(char *out)
{
    const unsigned n = any(40000) + 1000, user = any(5000);
    char client[LINE / 2];
    int h;
    client_of(client, any(1u << 30));
    switch (any(6)) {
    case 0:
        h = put_head(out, "postfix/smtpd", n);
        return h + snprintf(out + h, LINE,
                            "NOQUEUE: reject: RCPT from %s: 554 5.7.1 <user%u@other.example>: Relay access denied; "
                            "from=<a%u@site%u.example.net> to=<user%u@other.example> proto=ESMTP helo=<mail>",
                            client, user, n, user % 200, user);
    case 1:
        h = put_head(out, "postfix/postscreen", 1009);
        return h + snprintf(out + h, LINE, "CONNECT from [10.1.%u.%u]:%u to [192.0.2.1]:25", n % 250, user % 250, n);
    case 2:
        h = put_head(out, "postfix/postscreen", 1009);
        return h + snprintf(out + h, LINE, "PASS OLD [10.1.%u.%u]:%u", n % 250, user % 250, n);
    case 3:
        h = put_head(out, "dovecot", 0);
        return h + snprintf(
                       out + h, LINE,
                       "imap-login: Login: user=<user%u@mx1.example.org>, method=PLAIN, rip=10.2.%u.%u, lip=192.0.2.1, "
                       "mpid=%u, TLS, session=<%xQ%x>",
                       user, n % 250, user % 250, n, n, user);
    case 4:
        h = put_head(out, "dovecot", 0);
        return h + snprintf(out + h, LINE,
                            "imap(user%u@mx1.example.org)<%u><%xQ%x>: Disconnected: Logged out in=%u out=%u deleted=0 "
                            "expunged=0 trashed=0 hdr_count=1 hdr_bytes=%u body_count=0 body_bytes=0",
                            user, n, n, user, n, n * 7, user);
    default:
        h = put_head(out, "postfix/smtpd", n);
        return h + snprintf(out + h, LINE, "lost connection after AUTH from %s", client);
    }
}

static int put_program(char *out)
{
    static const char *const names[] = {"postgrey",  "amavis",   "spamd",    "opendkim",  "opendmarc", "policyd-spf",
                                        "postfwd",   "clamd",    "rspamd",   "saslauthd", "sqlgrey",   "mimedefang",
                                        "maildrop",  "procmail", "fail2ban", "exim",      "sendmail",  "courierd",
                                        "freshclam", "imapd",    "pop3d",    "lmtpd",     "smtpd",     "mailman"};
    enum { NAMES = sizeof names / sizeof *names };
    const int h = put_head(out, names[any((uint32_t)want.programs) % NAMES], 500 + any(100));
    return h + snprintf(out + h, LINE, "%" PRIu64 " things were done in %u ms, and nothing else is to be said", lines,
                        any(5000));
}

/* Half of them from a program that nobody knows, half a text that Postfix never wrote. */
static int put_unknown(char *out)
{
    const int known = any(2) == 0, h = put_head(out, known ? "postfix/smtpd" : "backupd", 700 + any(90));
    return h + snprintf(out + h, LINE, "volume %u: %u files in %u seconds%s", any(9), any(99999), any(999), pad);
}

/* ---- all of them ---- */

static int put_line(char *out, message *live)
{
    if (want.unknown && any(1000) < want.unknown * 10) return put_unknown(out);
    if (want.programs && any(2)) return put_program(out);
    if (any(5) == 0) return put_other(out);
    message *x = &live[any((uint32_t)want.live)];
    if (x->step == STEPS) {
        x->number = ++made;
        x->step = 0;
    }
    return put_message(out, x);
}

static int read_size(const char *s, uint64_t *out)
{
    char *end;
    *out = strtoull(s, &end, 10);
    const int unit = *end == 'M' ? 1000000 : *end == 'G' ? 1000000000 : 1;
    *out *= (uint64_t)unit;
    return end != s && (unit == 1 ? *end == '\0' : end[1] == '\0') && *out > 0;
}

static int read_option(const char *s)
{
    static const struct {
        const char *name;
        uint64_t *to, most;
    } options[] = {{"live=", &want.live, 100000000},
                   {"unknown=", &want.unknown, 100},
                   {"width=", &want.width, PAD},
                   {"programs=", &want.programs, 24},
                   {"seed=", &want.seed, UINT32_MAX}};
    for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
        const size_t n = strlen(options[i].name);
        if (strncmp(s, options[i].name, n) != 0) continue;
        *options[i].to = strtoull(s + n, NULL, 10);
        return *options[i].to <= options[i].most;
    }
    return 0;
}

int main(int argc, char **argv)
{
    int good = argc > 1 && read_size(argv[1], &want.bytes);
    for (int i = 2; i < argc && good; i++) good = read_option(argv[i]);
    message *live = good && want.live ? (message *)malloc(want.live * sizeof *live) : NULL;
    if (!live) {
        fprintf(stderr, "usage: make_log BYTES [live=N] [unknown=PERCENT] [width=N] [programs=N] [seed=N]\n");
        return 2;
    }
    state = want.seed * 2 + 1;
    memset(pad, 'x', want.width);
    for (uint64_t i = 0; i < want.live; i++) { /* they are under way when the log begins */
        const message m = {++made, any(STEPS)};
        live[i] = m;
    }
    static char out[1 << 18];
    uint64_t written = 0;
    for (size_t n = 0; written + n < want.bytes || n;) {
        const int full = n + 2 * LINE > sizeof out || written + n >= want.bytes;
        if (!full) {
            n += (size_t)put_line(out + n, live);
            out[n++] = '\n';
            lines++;
            continue;
        }
        if (fwrite(out, 1, n, stdout) != n) return 1;
        written += n;
        n = 0;
    }
    free(live);
    return fflush(stdout) != 0;
}
