/* rejected.c: the mail that was refused, and why: one line for each attempt. Reads a log from standard input; with the
 * name of a main.cf, the setting behind each refusal is named, too. usage: rejected [MAIN.CF] */
#include <maillog/maillog.h>

#include <stdio.h>
#include <stdlib.h>

static int on_message(void *user, maillog_message *m)
{
    static char why[16384]; /* the sentences; m->why points into it */
    const maillog_postfix_config *config = user;
    if (m->verdict != MAILLOG_VERDICT_REJECTED && m->verdict != MAILLOG_VERDICT_GREYLISTED) return MAILLOG_CONTINUE;
    maillog_explain(m, config, NULL, why, sizeof why);
    const maillog_str to = m->nrecipients ? m->recipients[0].to : (maillog_str){NULL, 0};
    printf("%02u:%02u:%02u %s %.*s from=<%.*s> to=<%.*s>: %.*s\n", (unsigned)m->first_time.hour,
           (unsigned)m->first_time.minute, (unsigned)m->first_time.second, maillog_verdict_name((int)m->verdict),
           MAILLOG_STR_ARG(m->client.addr), MAILLOG_STR_ARG(m->from), MAILLOG_STR_ARG(to), MAILLOG_STR_ARG(m->why));
    return MAILLOG_CONTINUE;
}

static int on_event(void *user, const maillog_event *ev)
{
    return maillog_join_push(user, ev) == MAILLOG_OK ? MAILLOG_CONTINUE : -1;
}

/* An index over the file, with the text behind it in the same block. NULL: said why. */
static maillog_postfix_config *read_main_cf(const char *path)
{
    static char text[1 << 20];
    maillog_postfix_config *config = NULL;
    FILE *f = fopen(path, "rb");
    if (!f) return perror(path), NULL;
    maillog_postfix_files files = {.size = sizeof files, .main_name = path, .main_cf = text};
    files.main_len = fread(text, 1, sizeof text, f);
    fclose(f);
    const size_t n = maillog_postfix_config_size(&files);
    void *mem = malloc(n);
    if (!mem || maillog_postfix_config_init(&config, mem, n, &files) != MAILLOG_OK) fprintf(stderr, "%s: ?\n", path);
    return config;
}

int main(int argc, char **argv)
{
    static char buf[65536], carry[65536];
    maillog_postfix_config *config = argc > 1 ? read_main_cf(argv[1]) : NULL;
    const size_t size = maillog_join_size(NULL); /* 64 MiB of records, the default */
    void *mem = malloc(size);
    maillog_join *join;
    maillog_callbacks cb;
    maillog_stream stream;
    size_t n, used;

    if ((argc > 1 && !config) || maillog_join_init(&join, mem, size, NULL, on_message, config) != MAILLOG_OK) return 1;
    maillog_callbacks_init(&cb);
    cb.on_event = on_event; /* the join wants to see every line */
    maillog_stream_init(&stream, &cb, join, carry, sizeof carry);
    while ((n = fread(buf, 1, sizeof buf, stdin)) > 0) maillog_stream_feed(&stream, buf, n, &used);
    maillog_stream_finish(&stream);
    maillog_join_flush(join); /* what is still open */
    free(mem);
    free(config);
    return 0;
}
