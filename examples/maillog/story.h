/* story.h: what happened to a message, step by step. */
#ifndef STORY_H
#define STORY_H

#include "command.h"

typedef enum step_mark { MARK_NONE, MARK_GOOD, MARK_WARN, MARK_BAD } step_mark;

/* One thing that happened. Texts are made safe for a terminal. */
typedef struct step {
    uint64_t line; /* 0: known from no line of its own */
    step_mark mark;
    char *label;        /* who, or what: "postgrey", "queue", "sent" */
    char *text, *below; /* `below`: where it is configured; NULL without */
} step;

typedef struct steps {
    step *step;
    size_t n, cap;
} steps;

/* story_steps.c: in the order of the lines. */
void steps_collect(steps *all, const maillog_message *m);
void steps_free(steps *all);
/* "client → smtpd ID → amavis → smtpd ID → dovecot → INBOX", to be freed. */
char *story_way(const command *c, const maillog_message *m);

#endif
