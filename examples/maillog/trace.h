/* trace.h: the parts of `maillog trace`. */
#ifndef TRACE_H
#define TRACE_H

#include "command.h"
#include "sheet.h"

/* select.c */
bool select_setup(const command *c); /* false: said */
bool select_any(const command *c);   /* is anything selected at all? */
void select_line(const command *c, const maillog_event *ev, uint64_t number);
bool select_message(const command *c, const maillog_message *m);
bool text_is(maillog_str s, const char *want);

/* story.c: a message as a whole; list.c: on one line */
void print_story(FILE *out, const command *c, const maillog_message *m);
void put_list_line(sheet *out, const command *c, const maillog_message *m);
const char *paint(const command *c, const char *code);
const char *verdict_color(maillog_verdict v);

/* lines.c: the raw lines of late, as many as fit into memory */
void lines_keep(uint64_t number, maillog_str line, uint64_t memory);
maillog_str lines_get(uint64_t number); /* absent: too long ago */

/* times.c: when the lines of late were written, as many as fit into memory */
typedef struct line_time {
    int64_t ns;
    uint64_t took; /* nanoseconds of what the line reports, that ended then; 0: not known */
} line_time;
void times_keep(uint64_t line, line_time time, uint64_t memory);
bool times_get(uint64_t line, line_time *out); /* false: too long ago */

/* order.c: texts that come out in the order of a number */
void order_add(uint64_t key, const char *text, size_t len);
bool order_print(FILE *out);

#endif
