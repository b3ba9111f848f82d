/* paired.h: ways of reading a log, timed one after the other in each round, so that a busy neighbour slows all alike.
 */
#ifndef PAIRED_H
#define PAIRED_H

#include "bench.h"

/* What a pass found. `sum` is over the fields, so that nothing can be left out. */
typedef struct found {
    size_t lines, fields, sum;
} found;

typedef struct way {
    const char *name;
    found (*run)(const bench_log *t);
} way;

/* The lines alone, by memchr(): what the others are compared with. */
found way_memchr(const bench_log *t);
/* All lines through maillog_batch_parse(), a thousand at a time into the same arrays. */
found way_batches(const bench_log *t, const maillog_options *opt);
/* All lines through a stream; the callbacks get a `found *`, such as way_count(). */
found way_stream(const bench_log *t, maillog_callbacks *cb);
int way_count(void *user, const maillog_event *ev);
/* All lines and fields through a stream. */
found way_callback(const bench_log *t);

/* A table on standard output; the first way is what the others are compared with. Medians are of the rounds, and so are
 * the ratios. */
void paired_report(const way *ways, size_t n, const bench_log *t, size_t rounds);
/* One pass of the way of that name, for callgrind: an exit status. */
int paired_once(const way *ways, size_t n, const char *name, const bench_log *t);

#endif
