/* path.h: the hot path, compiled for more than one kind of processor; which one runs is chosen at run time. */
#ifndef MAILLOG_QUICK_PATH_H
#define MAILLOG_QUICK_PATH_H

#include <maillog/batch.h>

#include "../base/cursor.h"

/* Whether there is a choice: avx2.c is not empty. Not where the compiler may use AVX2 anyway, nor without vectors; and
 * not with -DMAILLOG_NO_DISPATCH. */
#if defined(__x86_64__) && defined(__GNUC__) && defined(ML_SSE2) && !defined(__AVX2__) && !defined(MAILLOG_NO_DISPATCH)
#define ML_DISPATCH 1
#else
#define ML_DISPATCH 0
#endif

/* The free rows of a batch; moved past what is written. */
typedef struct ml_rows {
    maillog_batch_event *event, *event_end;
    maillog_field *field;
    uint32_t nfields, fields_max; /* rows before `field`; a line may begin behind so many */
} ml_rows;

/* What a line became; `to`: whose it is. Anything but 0: no more lines. */
typedef int ml_deliver(void *to, const maillog_event *ev);

/* `skip`: as in maillog_options. */
typedef struct ml_path {
    /* The line [p, e), which stands by itself, into `ev`; offsets count from p, and loads below `readable` are allowed,
     * or, where that is NULL, below e.
     * `kept`: what lines before it left, see maillog__line_keep(), or NULL; all else in it is set here. MAILLOG_OK, so
     * that maillog_parse_line() may end with it. */
    int (*line)(ml_line *kept, const uint8_t *skip, const char *p, const char *e, const char *readable,
                maillog_event *ev);
    /* The same of each line, or record, from p < l->readable on, whose ends are looked for. Each event is given to
     * `deliver`, until that returns what is not 0, which *rc gets; else it is left alone. Where the next line begins:
     * at the end of what is readable, or its own end is not there. For this and for rows(), also maillog__line_keep()
     * was called; base and event of `l` are set here. */
    const char *(*lines)(ml_line *l, const uint8_t *skip, const char *p, ml_deliver *deliver, void *to, int *rc);
    /* As many lines from p on as there are, or rows are free for: where the next one begins. `final`: the last one may
     * have no line end. The event of `l` is set here. */
    const char *(*rows)(ml_line *l, const uint8_t *skip, const char *p, bool final, ml_rows *out);
} ml_path;

/* With what the compiler was told to use; and with AVX2 and BMI, if ML_DISPATCH. */
extern const ml_path maillog__path_base;
#if ML_DISPATCH
extern const ml_path maillog__path_avx2;
#endif

/* The best one that this processor can run: the compiler's own library has asked, when the program was loaded. */
static inline const ml_path *maillog__path(void)
{
#if ML_DISPATCH
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2"))
        return &maillog__path_avx2;
#endif
    return &maillog__path_base;
}

#endif
