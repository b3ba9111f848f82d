/* options.c: every option in one table: what it is for, where its value goes, what --help says. */
#include "text.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

typedef enum kind { FLAG, TEXT, NUMBER, SIZE, WORD } kind;

typedef struct option {
    const char *name;
    unsigned for_; /* CMD_* */
    kind kind;
    size_t at; /* in struct command */
    const char *value, *help;
    char letter;
} option;

#define AT(member) offsetof(command, member)

static const option options[] = {
    {"json", CMD_ALL, FLAG, AT(json), NULL, "one JSON object for each record", 0},
    {"since", CMD_ALL | CMD_EXPORT, TEXT, AT(since_text), "TIME",
     "from then on: 2026-07-19, 2026-07-19T05:59, today, yesterday, -2h, -7d", 0},
    {"until", CMD_ALL | CMD_EXPORT, TEXT, AT(until_text), "TIME", "up to then", 0},
    {"timezone", CMD_ALL | CMD_EXPORT, TEXT, AT(zone_text), "ZONE",
     "of stamps that name none: UTC, +02:00, Europe/Berlin (default: local)", 0},
    {"year", CMD_ALL | CMD_EXPORT, NUMBER, AT(year), "YEAR", "of stamps that have none (default: the file's time)", 0},
    {"queue-id", CMD_TRACE, TEXT, AT(queue_id), "ID", "messages with this queue ID", 0},
    {"message-id", CMD_TRACE, TEXT, AT(message_id), "ID", "... with this Message-ID, with or without its <>", 0},
    {"address", CMD_TRACE, TEXT, AT(address), "ADDR",
     "... with this sender or recipient; @example.org: any of the domain", 0},
    {"from", CMD_TRACE, TEXT, AT(from), "ADDR", "... with this sender", 0},
    {"to", CMD_TRACE, TEXT, AT(to), "ADDR", "... with this recipient", 0},
    {"client", CMD_TRACE, TEXT, AT(client), "IP", "... from this client: an address, a net (192.0.2.0/24) or a name",
     0},
    {"verdict", CMD_TRACE, TEXT, AT(verdict), "WORD",
     "... that ended so: delivered, rejected, deferred, ... (several: a,b)", 0},
    {"text", CMD_TRACE, TEXT, AT(text), "TEXT", "... with this text in one of their lines", 0},
    {"all", CMD_TRACE, FLAG, AT(all), NULL, "records that are no messages, too (with --json)", 0},
    {"story", CMD_TRACE, FLAG, AT(story), NULL,
     "the whole story of each message, not a line each (--json has all of it)", 0},
    {"verbose", CMD_TRACE, FLAG, AT(verbose), NULL, "the raw lines, too (implies --story)", 'v'},
    {"sort", CMD_TRACE, WORD, AT(sort), "auto|end|first",
     "in order of the last or first line (default: end; with --json first)", 0},
    {"format", CMD_TRACE, WORD, AT(format), "text|json|otlp-json",
     "how they are printed: json is --json, otlp-json an OpenTelemetry trace each (default: text)", 0},
    {"daemon", CMD_EVENTS, TEXT, AT(daemon), "NAME", "lines of this daemon: postfix/smtpd", 0},
    {"event", CMD_EVENTS, TEXT, AT(event), "NAME", "lines with this event: reject", 0},
    {"where", CMD_EVENTS, TEXT, AT(where), "EXPR", "lines for which it is true: 'daemon=postfix/smtpd and code>=500'",
     0},
    {"format", CMD_EVENTS, WORD, AT(format), "json|csv|tsv|logfmt", "how they are printed (default: json)", 0},
    {"fields", CMD_EVENTS, TEXT, AT(fields), "A,B,...", "only these keys, in this order", 0},
    {"top", CMD_SUMMARY | CMD_UNMATCHED, NUMBER, AT(top), "N", "rows of each table (default: 20; 0: all)", 0},
    {"pflogsumm", CMD_SUMMARY, FLAG, AT(pflogsumm), NULL, "count mail that passes a filter twice, as pflogsumm does",
     0},
    {"html", CMD_SUMMARY, TEXT, AT(html), "FILE", "write one self-contained page", 0},
    {"to", CMD_EXPORT, WORD, AT(to_format), "parquet|duckdb|arrow", "what is written (default: parquet)", 0},
    {"output", CMD_EXPORT, TEXT, AT(output), "FILE", "the file or the database; -: an Arrow stream to stdout", 'o'},
    {"messages", CMD_EXPORT, FLAG, AT(only_messages), NULL, "a row for each message (default: for each line)", 0},
    {"duckdb-library", CMD_EXPORT, TEXT, AT(duckdb), "FILE", "libduckdb.so, when the loader does not find it", 0},
    {"main-cf", CMD_ALL, TEXT, AT(main_cf), "FILE", "Postfix's main.cf: trace names the setting behind a check", 0},
    {"master-cf", CMD_ALL, TEXT, AT(master_cf), "FILE", "Postfix's master.cf, for trace", 0},
    {"memory", CMD_ALL | CMD_EXPORT, SIZE, AT(memory), "SIZE",
     "of trace's join and of tables, with K, M or G (default: 64M)", 0},
    {"threads", CMD_ALL, NUMBER, AT(threads), "N", "parse with N threads; the output is the same", 0},
    {"follow", CMD_ALL, FLAG, AT(follow), NULL, "wait for more, across rotation and truncation", 'f'},
    {"state", CMD_TRACE, TEXT, AT(state_file), "FILE", "keep open messages and positions there for the next run", 0},
    {"mask", CMD_ALL | CMD_EXPORT, FLAG, AT(mask), NULL, "pseudonyms for addresses, hosts, IPs, users", 0},
    {"mask-key", CMD_ALL | CMD_EXPORT, TEXT, AT(mask_key), "TEXT",
     "the same pseudonyms in every run with this key (implies --mask)", 0},
    {"color", CMD_ALL, WORD, AT(color_when), "auto|always|never", "colour (default: on a terminal without NO_COLOR)",
     0},
    {"progress", CMD_ALL | CMD_EXPORT, WORD, AT(progress_when), "auto|always|never",
     "progress on stderr (default: on a terminal)", 0},
};

enum { OPTIONS = sizeof options / sizeof *options };

/* ---- help ---- */

static const char *const about[][2] = {
    {"trace", "the story of each message: verdict, way, checks, recipients"},
    {"events", "one record for each line, with its fields"},
    {"summary", "totals, rates, reasons, tables: a day's mail on a page"},
    {"unmatched", "lines that are not understood, by shape"},
    {"export", "a table of events or messages, as Parquet or Arrow or in DuckDB"},
};

void options_help(FILE *out, command *c)
{
    enum { HELP = 35 }; /* the column of what an option is for */
    text_setup(c);
    fprintf(out, "usage: maillog %s [options] [FILE...]\n\n",
            c->name ? c->name : "trace|events|summary|unmatched|export");
    for (size_t i = 0; i < sizeof about / sizeof *about; i++)
        if (!c->name || strcmp(c->name, about[i][0]) == 0) fprintf(out, "  %-10s %s\n", about[i][0], about[i][1]);
    static const char files[] =
        "FILE: a log, plain or packed (gzip, xz, zstd, bzip2); none or -: standard input, where "
        "the output of journalctl -o export|json is welcome, too. Rotated logs are put in order, "
        "several logs are merged by time.";
    fputc('\n', out);
    print_wrapped(out, files, strlen(files), 0, 0);
    fputc('\n', out);
    for (size_t i = 0; i < OPTIONS; i++) {
        const option *o = &options[i];
        char left[64];
        if (c->which && !(o->for_ & c->which)) continue;
        if (!c->which && (o->for_ & CMD_ALL) != CMD_ALL) continue;
        snprintf(left, sizeof left, "%c%c%s --%s %s", o->letter ? '-' : ' ', o->letter ? o->letter : ' ',
                 o->letter ? "," : " ", o->name, o->value ? o->value : "");
        fprintf(out, "  %-32s ", left);
        print_wrapped(out, o->help, strlen(o->help), HELP, HELP);
    }
    fprintf(out, "  %-32s %s\n  %-32s %s\n", "    --help", "this", "    --version", "the version");
    if (!c->name) fputs("\nmaillog SUBCOMMAND --help lists the options of one.\n", out);
}

/* ---- errors ---- */

int wrong_usage(const command *c, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fputs("maillog: ", stderr);
    vfprintf(stderr, format, args);
    va_end(args);
    fprintf(stderr, "\nmaillog%s%s --help says more.\n", c->name ? " " : "", c->name ? c->name : "");
    return 2;
}

/* Levenshtein distance of short words; 99: too far, or too long. */
static unsigned distance(const char *a, const char *b)
{
    enum { LONG = 32 };
    unsigned row[LONG + 1];
    const size_t n = strlen(a), m = strlen(b);
    if (n > LONG || m > LONG) return 99;
    for (size_t j = 0; j <= m; j++) row[j] = (unsigned)j;
    for (size_t i = 1; i <= n; i++) {
        unsigned diagonal = row[0];
        row[0] = (unsigned)i;
        for (size_t j = 1; j <= m; j++) {
            const unsigned above = row[j];
            unsigned best = diagonal + (a[i - 1] != b[j - 1]);
            if (above + 1 < best) best = above + 1;
            if (row[j - 1] + 1 < best) best = row[j - 1] + 1;
            row[j] = best;
            diagonal = above;
        }
    }
    return row[m];
}

const char *did_you_mean(const char *typed, const char *(*next)(size_t i, const void *list), const void *list)
{
    const char *best = NULL, *word;
    unsigned least = (unsigned)strlen(typed) / 3 + 1;
    for (size_t i = 0; (word = next(i, list)) != NULL; i++) {
        const unsigned d = distance(typed, word);
        if (d <= least && (!best || d < least)) least = d, best = word;
        if (!best && strlen(typed) >= 3 && strncmp(typed, word, strlen(typed)) == 0) best = word;
    }
    return best;
}

static const char *option_name(size_t i, const void *list)
{
    const command *c = (const command *)list;
    for (size_t k = 0; k < OPTIONS; k++) {
        if (!(options[k].for_ & c->which)) continue;
        if (i == 0) return options[k].name;
        i--;
    }
    return NULL;
}

static int unknown(const command *c, const char *dashes, const char *name, const option *elsewhere)
{
    if (elsewhere) return wrong_usage(c, "%s has no option %s%s", c->name, dashes, name);
    const char *meant = did_you_mean(name, option_name, c);
    if (meant) return wrong_usage(c, "unknown option %s%s: did you mean --%s?", dashes, name, meant);
    return wrong_usage(c, "unknown option %s%s", dashes, name);
}

/* ---- values ---- */

static bool number_of(const char *s, int *out)
{
    char *end;
    const long n = strtol(s, &end, 10);
    if (end == s || *end || n < 0 || n > 1000000) return false;
    *out = (int)n;
    return true;
}

static bool size_of(const char *s, uint64_t *out)
{
    char *end;
    const unsigned long long n = strtoull(s, &end, 10);
    const char *unit = *end ? strchr("KMGkmg", *end) : NULL;
    const unsigned shift = unit ? (unsigned)((unit - "KMGkmg") % 3 + 1) * 10 : 0;
    if (end == s || *s == '-' || (*end && (!unit || end[1])) || n == 0 || n > UINT64_MAX >> (shift + 1)) return false;
    *out = (uint64_t)n << shift;
    return true;
}

/* The place of a word in "a|b|c"; -1: not there. */
static int word_of(const char *words, const char *s)
{
    const size_t n = strlen(s);
    for (int i = 0; *words; i++) {
        const size_t len = strcspn(words, "|");
        if (len == n && memcmp(words, s, n) == 0) return i;
        words += len + (words[len] == '|');
    }
    return -1;
}

static int take(command *c, const option *o, const char *value)
{
    void *where = (char *)c + o->at;
    bool ok = true;
    if (o->kind == FLAG) *(bool *)where = true;
    if (o->kind == TEXT) *(const char **)where = value;
    if (o->kind == NUMBER) ok = number_of(value, (int *)where);
    if (o->kind == SIZE) ok = size_of(value, (uint64_t *)where);
    if (o->kind == WORD) ok = (*(int *)where = word_of(o->value, value)) >= 0;
    if (ok) return 0;
    return o->kind == WORD
               ? wrong_usage(c, "--%s %s: want %s", o->name, value, o->value)
               : wrong_usage(c, "--%s %s: want a number%s", o->name, value, o->kind == SIZE ? " with K, M or G" : "");
}

static const option *find(const command *c, const char *name, size_t n, const option **elsewhere)
{
    *elsewhere = NULL;
    for (size_t i = 0; i < OPTIONS; i++) {
        const option *o = &options[i];
        const bool is = strlen(o->name) == n ? memcmp(o->name, name, n) == 0 : n == 1 && o->letter == *name;
        if (is && (o->for_ & c->which)) return o;
        if (is) *elsewhere = o;
    }
    return NULL;
}

int options_read(command *c, int argc, char **argv, bool *done)
{
    bool only_files = false;
    *done = false;
    for (int i = 2; i < argc; i++) {
        const char *arg = argv[i];
        const option *elsewhere;
        if (only_files || arg[0] != '-' || arg[1] == '\0') {
            c->files[c->nfiles++] = argv[i];
            continue;
        }
        if (strcmp(arg, "--") == 0) {
            only_files = true;
            continue;
        }
        if (strcmp(arg, "--help") == 0 || strcmp(arg, "-h") == 0) {
            options_help(stdout, c);
            *done = true;
            return 0;
        }
        const char *name = arg + (arg[1] == '-' ? 2 : 1);
        const size_t n = strcspn(name, "=");
        const option *o = arg[1] == '-' || n == 1 ? find(c, name, n, &elsewhere) : find(c, "", 0, &elsewhere);
        char *typed = must_strndup(name, n);
        int rc = 0;
        if (!o || (n == 1 && arg[1] == '-'))
            rc = unknown(c, arg[1] == '-' ? "--" : "-", typed, elsewhere);
        else if (o->kind == FLAG && name[n] == '=')
            rc = wrong_usage(c, "--%s takes no value", typed);
        else if (o->kind != FLAG && name[n] != '=' && i + 1 >= argc)
            rc = wrong_usage(c, "--%s needs a value: %s", typed, o->value);
        else
            rc = take(c, o, o->kind == FLAG ? NULL : name[n] == '=' ? name + n + 1 : argv[++i]);
        free(typed);
        if (rc) return rc;
    }
    return 0;
}
