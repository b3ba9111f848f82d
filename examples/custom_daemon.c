/* custom_daemon.c: lines of a program that the library does not know, beside those it does. The header is read already:
 * time, host, program and pid are there; what the program says is in `message`. Here: a quota service that logs
 *
 *   quotad[812]: user=<anna@example.org> used=734003200 limit=1073741824
 *
 * Reads a log from standard input; prints who is over 90 %. */
#include <maillog/maillog.h>

#include <stdio.h>
#include <string.h>

static int is(maillog_str s, const char *text) { return s.len == strlen(text) && memcmp(s.ptr, text, s.len) == 0; }

/* Take `text` off the front of *s. */
static int skip(maillog_str *s, const char *text)
{
    const size_t n = strlen(text);
    if (s->len < n || memcmp(s->ptr, text, n) != 0) return 0;
    s->ptr += n;
    s->len -= n;
    return 1;
}

static int number(maillog_str *s, double *out)
{
    const size_t before = s->len;
    for (*out = 0; s->len && *s->ptr >= '0' && *s->ptr <= '9'; s->ptr++, s->len--) *out = *out * 10 + (*s->ptr - '0');
    return s->len < before;
}

/* The user's name is a stranger's text and may hold anything, ">" and " used=1" too: the daemon's own words are looked
 * for from the end. */
static int parse_quota(maillog_str text, maillog_str *user, double *used, double *limit)
{
    if (!skip(&text, "user=<")) return 0;
    for (size_t i = text.len; i-- > 0;) {
        maillog_str rest = {text.ptr + i, text.len - i};
        if (!skip(&rest, "> used=")) continue;
        *user = (maillog_str){text.ptr, i};
        return number(&rest, used) && skip(&rest, " limit=") && number(&rest, limit) && rest.len == 0;
    }
    return 0;
}

static int on_unmatched(void *user, const maillog_event *ev)
{
    unsigned long *not_mine = user;
    maillog_str name;
    double used, limit;
    if (is(maillog_get(ev, MAILLOG_FIELD_PROGRAM), "quotad") &&
        parse_quota(maillog_get(ev, MAILLOG_FIELD_MESSAGE), &name, &used, &limit)) {
        if (used > 0.9 * limit) printf("%.*s is at %.0f %%\n", MAILLOG_STR_ARG(name), 100 * used / limit);
    } else {
        ++*not_mine;
    }
    return MAILLOG_CONTINUE;
}

int main(void)
{
    static char buf[65536], carry[65536];
    unsigned long not_mine = 0;
    maillog_callbacks cb;
    maillog_stream stream;
    size_t n, used;

    maillog_callbacks_init(&cb);
    cb.on_unmatched = on_unmatched; /* and nobody listens to the daemons that are known: they cost their header only */
    maillog_stream_init(&stream, &cb, &not_mine, carry, sizeof carry);
    while ((n = fread(buf, 1, sizeof buf, stdin)) > 0) maillog_stream_feed(&stream, buf, n, &used);
    maillog_stream_finish(&stream);
    fprintf(stderr, "%lu other lines of unknown programs\n", not_mine);
    return 0;
}
