/* read.c: files and standard input, line by line, into a subcommand. */
#include "command.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { CARRY = 1 << 24 }; /* the longest line that is kept whole */

static int on_event(void *user, const maillog_event *ev)
{
    command *c = (command *)user;
    c->line++;
    return c->on_event(c, ev);
}

static void complain(command *c, const char *name, const char *why)
{
    fprintf(stderr, "maillog: %s: %s\n", name, why);
    c->status = 1;
}

static void read_stream(command *c, maillog_stream *s, FILE *f, const char *name)
{
    static char buf[1 << 18];
    struct stat st;
    size_t n, used;
    c->reference = (int64_t)time(NULL);
    if (fstat(fileno(f), &st) == 0 && S_ISREG(st.st_mode)) c->reference = (int64_t)st.st_mtime;
    if (c->year) c->reference = (maillog_days_from_civil(c->year, 7, 2)) * 86400;
    while ((n = fread(buf, 1, sizeof buf, f)) > 0)
        if (maillog_stream_feed(s, buf, n, &used) < 0) return;
    if (ferror(f)) complain(c, name, strerror(errno));
    maillog_stream_finish(s);
}

void command_read(command *c)
{
    maillog_callbacks cb;
    maillog_stream s;
    char *carry = (char *)malloc(CARRY);
    if (!carry) {
        complain(c, "memory", strerror(errno));
        return;
    }
    maillog_callbacks_init(&cb);
    cb.on_event = on_event;
    maillog_stream_init(&s, &cb, c, carry, CARRY);
    if (c->nfiles == 0) read_stream(c, &s, stdin, "standard input");
    for (int i = 0; i < c->nfiles; i++) {
        if (strcmp(c->files[i], "-") == 0) {
            read_stream(c, &s, stdin, "standard input");
            continue;
        }
        FILE *f = fopen(c->files[i], "rb");
        if (!f) {
            complain(c, c->files[i], strerror(errno));
            continue;
        }
        read_stream(c, &s, f, c->files[i]);
        fclose(f);
    }
    free(carry);
}

maillog_json_options command_json_options(const command *c, const maillog_time *t)
{
    maillog_json_options opt;
    memset(&opt, 0, sizeof opt);
    opt.size = sizeof opt;
    opt.year = (int16_t)(c->year ? c->year : maillog_time_year(t, c->reference, NULL));
    return opt;
}

void print_json(FILE *out, json_writer write, const void *what, const maillog_json_options *opt)
{
    static char *buf;
    static size_t cap;
    size_t n = write(what, opt, buf, cap);
    if (n > cap) {
        free(buf);
        cap = n * 2;
        buf = (char *)malloc(cap);
        if (!buf) {
            perror("maillog");
            exit(1);
        }
        n = write(what, opt, buf, cap);
    }
    fwrite(buf, 1, n, out);
    fputc('\n', out);
}
