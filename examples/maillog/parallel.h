/* parallel.h: --threads: blocks of whole lines are parsed by threads, and handed on in their order. */
#ifndef PARALLEL_H
#define PARALLEL_H

#include "command.h"

/* Whether blocks go to threads: not for merged input, nor with one thread, nor once the input needs one reader. */
bool parallel_on(const command *c, bool merged);
/* Take bytes; whole lines of them go to threads; events come through `cb` as in maillog_stream_feed(). */
int parallel_feed(const char *buf, size_t len, size_t *used, maillog_stream *one, maillog_event_cb cb, void *user);
/* All that was fed comes through `cb`. */
int parallel_drain(maillog_event_cb cb, void *user);
void parallel_end(void);

#endif
