/* main.c: the maillog command: options, then one of its subcommands. */
#include "command.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char usage[] =
    "usage: maillog trace|events|unmatched [options] [FILE…]      (no FILE or -: standard input)\n"
    "\n"
    "  trace      the story of each message: verdict, way, checks, recipients\n"
    "  events     one JSON object for each line\n"
    "  unmatched  lines that are not understood, by shape\n"
    "\n"
    "  --json                 one JSON object for each record\n"
    "  --year Y               year of stamps that have none (default: the file's)\n"
    "  --memory SIZE          memory of the join table, with K, M or G (default 64M)\n"
    "  --color auto|always|never\n"
    "  trace:   --queue-id ID  --message-id ID  --address A  --client IP  --verdict V  --all\n"
    "           --main-cf F  --master-cf F  Postfix's configuration: names the setting behind a check\n"
    "  events:  --daemon D  --event E\n"
    "  --help, --version\n";

static uint64_t size_of(const char *s)
{
    char *end;
    const unsigned long long n = strtoull(s, &end, 10);
    const unsigned shift = *end == 'K' ? 10 : *end == 'M' ? 20 : *end == 'G' ? 30 : 0;
    return (uint64_t)n << shift;
}

static int wrong(const char *what, const char *arg)
{
    fprintf(stderr, "maillog: %s: %s\n%s", what, arg, usage);
    return 2;
}

typedef struct text_option {
    const char *name;
    const char **value;
} text_option;

/* Options that take a value: a table of names. Returns false for an unknown one. */
static bool take_option(command *c, const char *name, const char *value)
{
    const text_option texts[] = {
        {"--main-cf", &c->main_cf},       {"--master-cf", &c->master_cf}, {"--queue-id", &c->queue_id},
        {"--message-id", &c->message_id}, {"--address", &c->address},     {"--client", &c->client},
        {"--verdict", &c->verdict},       {"--daemon", &c->daemon},       {"--event", &c->event},
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (strcmp(texts[i].name, name) == 0) {
            *texts[i].value = value;
            return true;
        }
    if (strcmp(name, "--year") == 0) {
        c->year = atoi(value);
    } else if (strcmp(name, "--memory") == 0) {
        c->memory = size_of(value);
    } else if (strcmp(name, "--color") == 0) {
        c->color = strcmp(value, "always") == 0 || (c->color && strcmp(value, "auto") == 0);
    } else {
        return false;
    }
    return true;
}

static int options(command *c, int argc, char **argv)
{
    for (int i = 2; i < argc; i++) {
        char *arg = argv[i];
        if (arg[0] != '-' || arg[1] == '\0') {
            c->files[c->nfiles++] = arg;
        } else if (strcmp(arg, "--json") == 0) {
            c->json = true;
        } else if (strcmp(arg, "--all") == 0) {
            c->all = true;
        } else if (strcmp(arg, "--help") == 0) {
            fputs(usage, stdout);
            exit(0);
        } else {
            char *equals = strchr(arg, '=');
            if (equals) *equals = '\0';
            const char *value = equals ? equals + 1 : i + 1 < argc ? argv[++i] : NULL;
            if (!value) return wrong("option needs a value", arg);
            if (!take_option(c, arg, value)) return wrong("unknown option", arg);
        }
    }
    return 0;
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        int (*run)(command *);
    } subcommands[] = {{"trace", command_trace}, {"events", command_events}, {"unmatched", command_unmatched}};
    command c;
    memset(&c, 0, sizeof c);
    if (argc >= 2 && strcmp(argv[1], "--version") == 0) {
        printf("maillog %s\n", MAILLOG_VERSION_STRING);
        return 0;
    }
    if (argc >= 2 && strcmp(argv[1], "--help") == 0) {
        fputs(usage, stdout);
        return 0;
    }
    c.color = isatty(1) && !getenv("NO_COLOR");
    c.files = (char **)calloc((size_t)argc + 1, sizeof *c.files);
    if (!c.files) return 1;
    for (size_t i = 0; argc >= 2 && i < sizeof subcommands / sizeof *subcommands; i++) {
        if (strcmp(argv[1], subcommands[i].name) != 0) continue;
        int rc = options(&c, argc, argv);
        if (rc == 0) rc = subcommands[i].run(&c);
        if (fflush(stdout) != 0 && rc == 0) rc = 1;
        free(c.files);
        return rc;
    }
    free(c.files);
    if (argc < 2) {
        fputs(usage, stderr);
        return 2;
    }
    return wrong("unknown command", argv[1]);
}
