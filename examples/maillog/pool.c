/* pool.c: one queue, one lock. Jobs are some hundred microseconds long: the lock is nothing beside them. */
#include "pool.h"
#include "command.h"
#include "mask.h"
#include "pages.h"

#include <pthread.h>

static struct {
    pthread_mutex_t lock;
    pthread_cond_t given, done;
    pthread_t thread[POOL_MOST];
    unsigned nthreads;
    job *first, *last;
    bool stop;
} pool = {.lock = PTHREAD_MUTEX_INITIALIZER, .given = PTHREAD_COND_INITIALIZER, .done = PTHREAD_COND_INITIALIZER};

/* The next job, or NULL at the end. */
static job *take(void)
{
    pthread_mutex_lock(&pool.lock);
    while (!pool.first && !pool.stop) pthread_cond_wait(&pool.given, &pool.lock);
    job *j = pool.first;
    if (j) pool.first = j->next;
    pthread_mutex_unlock(&pool.lock);
    return j;
}

static void *work(void *unused)
{
    (void)unused;
    for (job *j; (j = take()) != NULL;) {
        j->run(j);
        pthread_mutex_lock(&pool.lock);
        j->done = true;
        pthread_cond_broadcast(&pool.done);
        pthread_mutex_unlock(&pool.lock);
    }
    read_free();
    mask_free();
    print_free();
    trace_free();
    pages_free();
    return NULL;
}

void pool_start(int threads)
{
    if (threads < 2 || pool.nthreads) return;
    const unsigned want = threads < POOL_MOST ? (unsigned)threads : POOL_MOST;
    while (pool.nthreads < want && pthread_create(&pool.thread[pool.nthreads], NULL, work, NULL) == 0) pool.nthreads++;
}

unsigned pool_threads(void) { return pool.nthreads; }

void pool_give(job *j)
{
    j->done = false;
    j->next = NULL;
    if (!pool.nthreads) {
        j->run(j);
        j->done = true;
        return;
    }
    pthread_mutex_lock(&pool.lock);
    if (pool.first)
        pool.last->next = j;
    else
        pool.first = j;
    pool.last = j;
    pthread_cond_signal(&pool.given);
    pthread_mutex_unlock(&pool.lock);
}

bool pool_done(job *j)
{
    pthread_mutex_lock(&pool.lock);
    const bool done = j->done;
    pthread_mutex_unlock(&pool.lock);
    return done;
}

void pool_wait(job *j)
{
    pthread_mutex_lock(&pool.lock);
    while (!j->done) pthread_cond_wait(&pool.done, &pool.lock);
    pthread_mutex_unlock(&pool.lock);
}

void pool_end(void)
{
    pthread_mutex_lock(&pool.lock);
    pool.stop = true;
    pthread_cond_broadcast(&pool.given);
    pthread_mutex_unlock(&pool.lock);
    for (unsigned i = 0; i < pool.nthreads; i++) pthread_join(pool.thread[i], NULL);
    pool.nthreads = 0;
}
