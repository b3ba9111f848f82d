/* parallel.h: --threads: blocks of whole lines are parsed by threads while the next are read, and handed on in their
 * order, so that the output is that of one thread. */
#ifndef PARALLEL_H
#define PARALLEL_H

#include "command.h"

/* What becomes of the lines of a file: `cb` gets each event, in order, on the calling thread. With `render` the threads
 * hand each event to `render` instead, with a command of their own whose `out` is what is printed later, in order. */
typedef struct parallel_work {
    maillog_event_cb cb;
    void *user;
    int (*render)(command *own, const maillog_event *ev);
} parallel_work;

/* Begin with a file. False: one thread reads it (--threads 1, or no threads to be had). */
bool parallel_begin(command *c, const parallel_work *work);
/* Take bytes, all or none. None: they need one reader (records of several lines, endless lines), see parallel_leave().
 * Negative: the callback gave up. */
int parallel_feed(const char *buf, size_t len, bool *taken);
/* Hand on all whole lines that were taken; the bytes of a line behind them, which are yet to be read, are in `tail`. */
int parallel_leave(const char **tail, size_t *len);
/* The file is over: a last line without a line end counts. All that was taken is handed on. */
int parallel_drain(void);
void parallel_end(void);

#endif
