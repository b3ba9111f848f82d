/* main.c: the maillog command: which subcommand, its options, signals, how it ends. */
#include "command.h"
#include "mask.h"
#include "pool.h"
#include "text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

volatile sig_atomic_t interrupted;

static const struct {
    const char *name;
    unsigned which;
    int (*run)(command *);
} subcommands[] = {{"trace", CMD_TRACE, command_trace},
                   {"events", CMD_EVENTS, command_events},
                   {"summary", CMD_SUMMARY, command_summary},
                   {"unmatched", CMD_UNMATCHED, command_unmatched},
                   {"export", CMD_EXPORT, command_export}};

enum { SUBCOMMANDS = sizeof subcommands / sizeof *subcommands };

static const char *subcommand_name(size_t i, const void *list)
{
    (void)list;
    return i < SUBCOMMANDS ? subcommands[i].name : NULL;
}

static void on_signal(int sig)
{
    if (interrupted) _exit(128 + sig); /* asked twice */
    interrupted = sig;
}

static void catch_signals(void)
{
    struct sigaction act;
    memset(&act, 0, sizeof act);
    sigemptyset(&act.sa_mask);
    act.sa_handler = on_signal; /* without SA_RESTART: a waiting read() comes back */
    sigaction(SIGINT, &act, NULL);
    sigaction(SIGTERM, &act, NULL);
    act.sa_handler = SIG_IGN; /* a reader that has seen enough (head, a pager) is no trouble */
    sigaction(SIGPIPE, &act, NULL);
}

/* What could not be written is said, unless the reader went away. */
static int close_output(int rc)
{
    if (output_open() && output_works()) return rc;
    const int why = output_error();
    if (why == EPIPE || output_gone()) return rc;
    fprintf(stderr, "maillog: standard output: %s\n", why ? strerror(why) : "could not be written");
    return 1;
}

static int run(command *c, int argc, char **argv, int (*subcommand)(command *))
{
    static char buffer[1 << 17]; /* much is written: a few kilobytes at a time cost */
    bool done;
    c->top = -1;
    c->files = (char **)must_realloc(NULL, ((size_t)argc + 1) * sizeof *c->files);
    int rc = options_read(c, argc, argv, &done);
    if (rc == 0 && !done && !when_setup(c)) rc = 2;
    if (rc == 0 && !done) {
        c->mask = c->mask || c->mask_key;
        if (c->mask) mask_start(c->mask_key);
        text_setup(c);
        catch_signals();
        if (!isatty(1)) setvbuf(stdout, buffer, _IOFBF, sizeof buffer);
        rc = subcommand(c);
        pool_end();
        if (interrupted && !c->follow) rc = 128 + interrupted;
    }
    free(c->files);
    return close_output(rc);
}

int main(int argc, char **argv)
{
    command c;
    memset(&c, 0, sizeof c);
    if (argc >= 2 && strcmp(argv[1], "--version") == 0) {
        printf("maillog %s\n", MAILLOG_VERSION_STRING);
        return close_output(0);
    }
    if (argc >= 2 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
        options_help(stdout, &c);
        return close_output(0);
    }
    for (size_t i = 0; argc >= 2 && i < SUBCOMMANDS; i++) {
        if (strcmp(argv[1], subcommands[i].name) != 0) continue;
        c.name = subcommands[i].name;
        c.which = subcommands[i].which;
        return run(&c, argc, argv, subcommands[i].run);
    }
    if (argc < 2) {
        options_help(stderr, &c);
        return 2;
    }
    const char *meant = did_you_mean(argv[1], subcommand_name, NULL);
    if (meant) return wrong_usage(&c, "unknown subcommand %s: did you mean %s?", argv[1], meant);
    return wrong_usage(&c, "unknown subcommand %s: want trace, events, summary, unmatched or export", argv[1]);
}
