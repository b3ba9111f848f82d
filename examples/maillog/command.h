/* command.h: what the parts of the maillog command share. */
#ifndef COMMAND_H
#define COMMAND_H

#include "filter.h"

#include <maillog/maillog.h>
#include <maillog/batch.h>
#include <maillog/explain.h>
#include <maillog/join.h>

#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <time.h>

/* Subcommands, as bits: which of them an option is for. All: that print. */
enum { CMD_TRACE = 1, CMD_EVENTS = 2, CMD_SUMMARY = 4, CMD_UNMATCHED = 8, CMD_ALL = 15, CMD_EXPORT = 16 };

enum { WHEN_AUTO, WHEN_ALWAYS, WHEN_NEVER };                 /* --color, --progress */
enum { SORT_AUTO, SORT_END, SORT_FIRST };                    /* --sort */
enum { FORMAT_JSON, FORMAT_CSV, FORMAT_TSV, FORMAT_LOGFMT }; /* --format of events */
enum { TRACE_TEXT, TRACE_JSON, TRACE_OTLP };                 /* --format of trace */
enum { EXPORT_PARQUET, EXPORT_DUCKDB, EXPORT_ARROW };        /* --to of export */

typedef struct command {
    unsigned which; /* CMD_*, one bit */
    const char *name;
    /* options */
    bool json, all, verbose, follow, pflogsumm, mask, story, only_messages;
    int year; /* --year; 0: the file's */
    int color_when, progress_when, sort, format, top, threads, to_format;
    uint64_t memory;                                 /* --memory */
    const char *since_text, *until_text, *zone_text; /* --since, --until, --timezone */
    const char *queue_id, *message_id, *address, *from, *to, *client, *verdict, *text; /* trace selects */
    const char *daemon, *event, *fields, *where;                                       /* events selects */
    const char *main_cf, *master_cf;                                                   /* --main-cf, --master-cf */
    const char *mask_key, *state_file, *html, *output, *duckdb;
    char **files;
    int nfiles;

    maillog_postfix_config *config; /* NULL: none given */
    void *config_memory;
    char *main_text, *master_text;

    bool color;
    int64_t since, until; /* nanoseconds; INT64_MIN and INT64_MAX: no bound */
    maillog_zone zone;    /* of stamps that name none */
    int64_t reference;    /* seconds; stamps without a year are of that nearest to it */
    int64_t now;          /* nanoseconds of the present line, or of the last that had a time; INT64_MIN: none yet */
    bool clock;           /* somebody asks for `now` */
    uint64_t line;        /* number of the present line, over all files */
    int status;           /* exit status so far */
    bool fleeting;        /* the present line's bytes are gone with the next line */
    struct sheet *out;    /* events, summary: what a line is written to; on a thread it is the thread's */
    int (*on_event)(struct command *, const maillog_event *);
    /* Files that can be: many events at once, the first of them line + 1. On a thread, a line as a batch has it. What
     * on_event and on_row have written to `out` on a thread, in the order of the lines (NULL: it is printed). Lines
     * that on_event would pass over. All may be NULL. */
    int (*on_events)(struct command *, const maillog_event *, size_t n);
    void (*on_row)(struct command *own, const char *text, const maillog_batch_event *, const maillog_field *);
    void (*on_written)(struct command *, const struct sheet *);
    const line_filter *only;
    void (*on_idle)(struct command *); /* --follow: nothing new for a while; may be NULL */
    maillog_join *join;
    uint64_t shown, messages;
} command;

/* Set by SIGINT and SIGTERM: stop reading, print what is there. */
extern volatile sig_atomic_t interrupted;

/* Trouble with a file: say it, go on, exit 1 at the end. */
void complain(command *c, const char *name, const char *why);
/* Say it and what to do; exit status 2. Printf's way. */
int wrong_usage(const command *c, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The word of a list that is nearest to what was typed, or NULL. `next` walks the list. */
const char *did_you_mean(const char *typed, const char *(*next)(size_t i, const void *list), const void *list);

/* options.c: read the options of a subcommand. 0, or an exit status; `done`: nothing more to do (--help). */
int options_read(command *c, int argc, char **argv, bool *done);
void options_help(FILE *out, command *c);
bool options_value(const command *c, const char *name, const char *value);

/* Read every file (standard input without one) and hand each line to on_event, in the order of time when there are
 * several sets. Trouble goes to stderr and into status. */
void command_read(command *c);

/* when.c: times */
bool when_setup(command *c);        /* --timezone, --since, --until; false: said */
bool when_inside(const command *c); /* is the present line between --since and --until? */
bool when_epoch(const command *c, const maillog_time *t, int64_t *ns);
int when_year(const command *c, const maillog_time *t); /* of a stamp, or the one it is nearest to; 0: no stamp */

/* Read --main-cf and --master-cf. False: one cannot be read; it was said on stderr. */
bool command_read_config(command *c);
void command_free_config(command *c);

/* The join table of --memory. False: said on stderr, and status is set. */
bool command_start_join(command *c, maillog_message_cb cb, uint32_t flags, void **mem);

int command_events(command *c);
int command_trace(command *c);
int command_summary(command *c);
int command_unmatched(command *c);
int command_export(command *c);

/* One of the library's writers of JSON. */
typedef size_t (*json_writer)(const void *what, const maillog_json_options *opt, char *buf, size_t cap);
void print_json_string(FILE *out, const char *s, size_t len);
/* What that, read.c and trace.c keep for the calling thread; at its end. */
void print_free(void);
void read_free(void);
void trace_free(void);

/* Options of the JSON for a stamp of the present file. */
maillog_json_options command_json_options(const command *c, const maillog_time *t);

/* Memory, or the end: a program that reads logs has nothing to save. */
void *must_realloc(void *p, size_t n) __attribute__((returns_nonnull));
char *must_strndup(const char *s, size_t n);

#endif
