/* main.c: the maillog command (first form: `events --json` from standard input or files). */
#include <maillog/maillog.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct printer {
    uint64_t line;
    maillog_json_options json;
    char *buf;
    size_t cap;
} printer;

static int print_event(void *user, const maillog_event *ev)
{
    printer *p = (printer *)user;
    p->json.line_number = ++p->line;
    size_t n = maillog_event_json(ev, &p->json, p->buf, p->cap);
    if (n > p->cap) {
        free(p->buf);
        p->cap = n * 2;
        p->buf = (char *)malloc(p->cap);
        if (!p->buf) return -1;
        n = maillog_event_json(ev, &p->json, p->buf, p->cap);
    }
    fwrite(p->buf, 1, n, stdout);
    putchar('\n');
    return MAILLOG_CONTINUE;
}

static int run(FILE *f, maillog_stream *s)
{
    static char buf[1 << 16];
    size_t n, used;
    while ((n = fread(buf, 1, sizeof buf, f)) > 0)
        if (maillog_stream_feed(s, buf, n, &used) < 0) return 1;
    return maillog_stream_finish(s) < 0;
}

int main(int argc, char **argv)
{
    static char carry[1 << 20];
    printer p;
    maillog_callbacks cb;
    maillog_stream s;
    memset(&p, 0, sizeof p);
    maillog_callbacks_init(&cb);
    cb.on_event = print_event;
    maillog_stream_init(&s, &cb, &p, carry, sizeof carry);
    int rc = 0, files = 0;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "events") == 0 || argv[i][0] == '-') continue;
        FILE *f = fopen(argv[i], "rb");
        files++;
        if (!f) {
            perror(argv[i]);
            rc = 1;
            continue;
        }
        rc |= run(f, &s);
        fclose(f);
    }
    if (!files) rc = run(stdin, &s);
    free(p.buf);
    return rc;
}
