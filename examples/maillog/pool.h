/* pool.h: threads that do jobs, first come, first served. Without threads a job is done where it is given. */
#ifndef POOL_H
#define POOL_H

#include <stdbool.h>

typedef struct job {
    void (*run)(struct job *);
    struct job *next;
    bool done;
} job;

enum { POOL_MOST = 64 };
/* So many threads, POOL_MOST at most; 1 or less, or none to be had: none. Once. */
void pool_start(int threads);
unsigned pool_threads(void);
/* `j` stays where it is until it is done. */
void pool_give(job *j);
bool pool_done(job *j);
void pool_wait(job *j);
/* All that was given is done; the threads end. */
void pool_end(void);

#endif
