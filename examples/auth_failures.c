/* auth_failures.c: who guesses passwords? Prints an address once it failed LIMIT times within WINDOW seconds of the
 * log's own clock, for Postfix, Dovecot and Exim. Reads standard input. usage: auth_failures [LIMIT [WINDOW]] */
#include <maillog/maillog.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { CLIENTS = 4096 };
typedef struct client {
    uint8_t addr[16]; /* IPv4 as ::ffff:a.b.c.d */
    int64_t first;    /* begin of its window, seconds */
    uint64_t failures;
} client;

static uint64_t limit = 5;
static int64_t window = 600, now;

/* Where each kind of failure names the client, and how often it tried. */
static const struct {
    uint16_t type;
    maillog_field_id addr, attempts;
} failures[] = {{MAILLOG_EVENT_POSTFIX_SASL_FAILED, MAILLOG_FIELD_CLIENT_ADDR, MAILLOG_FIELD_NONE},
                {MAILLOG_EVENT_DOVECOT_LOGIN_ABORTED, MAILLOG_FIELD_RIP, MAILLOG_FIELD_ATTEMPTS},
                {MAILLOG_EVENT_EXIM_AUTH_FAIL, MAILLOG_FIELD_CLIENT_ADDR, MAILLOG_FIELD_NONE},
                {0, MAILLOG_FIELD_NONE, MAILLOG_FIELD_NONE}};

/* Its own slot, else the one of the eight it may have that has been quiet for longest. */
static client *find(client *clients, const uint8_t addr[16])
{
    uint32_t h = 2166136261u;
    for (int i = 0; i < 16; i++) h = (h ^ addr[i]) * 16777619u;
    client *const set = &clients[h % (CLIENTS / 8) * 8], *oldest = set;
    for (client *c = set; c < set + 8; c++) {
        if (memcmp(c->addr, addr, 16) == 0) return c;
        if (c->first < oldest->first) oldest = c;
    }
    memset(oldest, 0, sizeof *oldest);
    memcpy(oldest->addr, addr, 16);
    return oldest;
}

static int on_event(void *user, const maillog_event *ev)
{
    uint8_t addr[16];
    uint64_t tries = 1;
    int64_t ns;
    size_t i = 0;
    while (failures[i].type && failures[i].type != ev->type) i++;
    if (!failures[i].type || maillog_get_addr(ev, failures[i].addr, addr) != MAILLOG_OK ||
        (failures[i].attempts && maillog_get_u64(ev, failures[i].attempts, &tries) != MAILLOG_OK) ||
        maillog_time_to_epoch(&ev->time, now, NULL, &ns) != MAILLOG_OK)
        return MAILLOG_CONTINUE;
    client *c = find(user, addr);
    if (!c->failures || ns / 1000000000 - c->first > window) c->first = ns / 1000000000, c->failures = 0;
    c->failures += tries;
    if (c->failures < limit || c->failures - tries >= limit) return MAILLOG_CONTINUE; /* not yet, or said */
    const maillog_str text = maillog_get(ev, failures[i].addr);
    return printf("%.*s\n", MAILLOG_STR_ARG(text)) < 0 || fflush(stdout) != 0 ? -1 : MAILLOG_CONTINUE;
}

int main(int argc, char **argv)
{
    static client clients[CLIENTS];
    static char buf[65536], carry[65536];
    maillog_callbacks cb;
    maillog_stream stream;
    size_t n, used;
    if (argc > 1) limit = strtoull(argv[1], NULL, 10);
    if (argc > 2) window = strtoll(argv[2], NULL, 10);
    now = (int64_t)time(NULL); /* stamps without a year: the one nearest to now */
    maillog_callbacks_init(&cb);
    cb.on_event = on_event;
    maillog_stream_init(&stream, &cb, clients, carry, sizeof carry);
    while ((n = fread(buf, 1, sizeof buf, stdin)) > 0)
        if (maillog_stream_feed(&stream, buf, n, &used) != MAILLOG_OK) return 1;
    return maillog_stream_finish(&stream) == MAILLOG_OK ? 0 : 1;
}
