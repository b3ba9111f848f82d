/* tables.h: what tests of the join's table share: a table, a callback that counts, a line pushed. */
#ifndef TABLES_H
#define TABLES_H

#include <maillog/maillog.h>

#include <stdarg.h>
#include <stdbool.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "join/table.h"

typedef struct seen {
    uint64_t records, lines, messages, evicted, complete, legs, bytes; /* bytes: of the lines pushed */
    uint64_t last;                                                     /* first line of the last message */
    uint64_t wanted;                                                   /* a line … */
    bool found;                                                        /* … and whether its record came out */
    int answer;                                                        /* what the callback returns */
    unsigned char *line; /* how often each line was listed; NULL: not asked */
} seen;

static inline int note(void *user, maillog_message *m)
{
    seen *s = (seen *)user;
    s->records++;
    s->legs += m->nlegs;
    for (size_t i = 0; i < m->nlegs; i++) assert_true(m->legs[i].queue_id.len > 0);
    if (m->record == MAILLOG_RECORD_MESSAGE) s->messages++;
    s->evicted += m->state == MAILLOG_STATE_EVICTED;
    s->complete += m->state == MAILLOG_STATE_COMPLETE;
    for (size_t i = 0; i < m->lines.len; i++) {
        if (s->line) s->line[m->lines.ptr[i]]++;
        s->found |= m->lines.ptr[i] == s->wanted;
    }
    if (m->lines.len) s->last = m->lines.ptr[0];
    return s->answer;
}

static inline maillog_join *new_table(maillog_join_config *cfg, void **mem, seen *s)
{
    maillog_join *j;
    *mem = malloc(maillog_join_size(cfg));
    assert_non_null(*mem);
    assert_int_equal(maillog_join_init(&j, *mem, maillog_join_size(cfg), cfg, note, s), MAILLOG_OK);
    return j;
}

static inline maillog_join_config small(void)
{
    maillog_join_config cfg;
    memset(&cfg, 0, sizeof cfg);
    cfg.memory = 1;
    return cfg;
}

static inline int push(maillog_join *j, const char *format, ...)
{
    char line[4096];
    maillog_event ev;
    va_list args;
    va_start(args, format);
    const int n = vsnprintf(line, sizeof line, format, args);
    va_end(args);
    maillog_parse_line(NULL, line, (size_t)n, &ev);
    ((seen *)j->user)->bytes += (uint64_t)n;
    return maillog_join_push(j, &ev);
}

#endif
