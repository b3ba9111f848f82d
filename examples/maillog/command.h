/* command.h: what the parts of the maillog command share. */
#ifndef COMMAND_H
#define COMMAND_H

#include <maillog/maillog.h>
#include <maillog/explain.h>
#include <maillog/join.h>

#include <stdbool.h>
#include <stdio.h>
#include <time.h>

typedef struct command {
    bool json, all, color;
    int year;                                                       /* --year; 0: the file's */
    uint64_t memory;                                                /* --memory */
    const char *queue_id, *message_id, *address, *client, *verdict; /* trace selects */
    const char *daemon, *event;                                     /* events selects */
    const char *main_cf, *master_cf;                                /* --main-cf, --master-cf */
    maillog_postfix_config *config;                                 /* NULL: none given */
    void *config_memory;
    char *main_text, *master_text;
    char **files;
    int nfiles;

    int64_t reference; /* seconds near which the present file was written */
    uint64_t line;     /* number of the present line, over all files */
    int status;        /* exit status so far */
    int (*on_event)(struct command *, const maillog_event *);
    maillog_join *join;
    uint64_t shown, messages;
} command;

/* Read every file (standard input without one) and hand each line to on_event. Trouble goes to stderr and into status.
 */
void command_read(command *c);

/* Read --main-cf and --master-cf. False: one cannot be read; it was said on stderr. */
bool command_read_config(command *c);
void command_free_config(command *c);

int command_events(command *c);
int command_trace(command *c);
int command_unmatched(command *c);

/* Print JSON of any length with one of the library's writers. */
typedef size_t (*json_writer)(const void *what, const maillog_json_options *opt, char *buf, size_t cap);
void print_json(FILE *out, json_writer write, const void *what, const maillog_json_options *opt);

/* Options of the JSON for a stamp of the present file. */
maillog_json_options command_json_options(const command *c, const maillog_time *t);

#endif
