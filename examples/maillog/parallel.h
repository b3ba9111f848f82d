/* parallel.h: blocks of whole lines are parsed by threads while the next are read, and handed on in their order, so
 * that the output is that of one thread. With --threads 1 the same is done by the one there is. */
#ifndef PARALLEL_H
#define PARALLEL_H

#include "command.h"

struct sheet;

/* What becomes of the lines of a file. `cb` gets each event, in order, on the calling thread, or `cb_many` gets some at
 * once. With `render` the threads hand each event to it alone, in no order, with a command of their own, or to `row` as
 * the batch has it, if it can be; what they write to that one's `out` is for `written` later, in order, on the calling
 * thread, while the lines are still there. */
typedef struct parallel_work {
    maillog_event_cb cb;
    int (*cb_many)(void *user, const maillog_event *ev, size_t n);
    void *user;
    int (*render)(command *own, const maillog_event *ev);
    void (*row)(command *own, const char *text, const maillog_batch_event *row, const maillog_field *field);
    void (*written)(command *c, const struct sheet *what); /* NULL: it is printed */
    const line_filter *only;                               /* NULL: all lines */
} parallel_work;

/* Begin with a file. */
bool parallel_begin(command *c, const parallel_work *work);
/* Where bytes of the file are read to: room for `n`. */
char *parallel_room(size_t n);
/* So many were read. Not `taken`: they need one reader (records of several lines, endless lines), see parallel_leave().
 * Negative: the callback gave up. */
int parallel_feed(size_t n, bool *taken);
/* Hand on the lines that are whole: the rest may be long in coming. */
int parallel_flush(void);
/* Hand on all that was taken; the bytes that were not, and those of a line before them, are in `tail`. */
int parallel_leave(const char **tail, size_t *len);
/* The file is over: a last line without a line end counts. All that was taken is handed on. */
int parallel_drain(void);
void parallel_end(void);

#endif
