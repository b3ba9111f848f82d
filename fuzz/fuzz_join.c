/* fuzz_join.c: any log through the smallest table: counters add up, every line is accounted for. */
#include "fuzz.h"

#include <maillog/join.h>

static int on_message(void *user, maillog_message *m)
{
    const size_t n = maillog_message_json(m, NULL, NULL, 0);
    for (size_t i = 0; i < m->nlegs; i++) fuzz_check(m->legs[i].queue_id.len > 0);
    *(uint64_t *)user += n;
    return MAILLOG_CONTINUE;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    maillog_join_config cfg;
    maillog_join_stats stats;
    maillog_join *j;
    uint64_t total = 0, lines = 0;
    memset(&cfg, 0, sizeof cfg);
    cfg.size = sizeof cfg;
    cfg.memory = 65536;
    cfg.flags = MAILLOG_JOIN_ALL_RECORDS;
    const size_t need = maillog_join_size(&cfg);
    void *mem = malloc(need);
    if (!mem) return 0;
    fuzz_check(maillog_join_init(&j, mem, need, &cfg, on_message, &total) == MAILLOG_OK);
    for (const uint8_t *p = data, *e = data + size; p < e;) {
        const uint8_t *lf = memchr(p, '\n', (size_t)(e - p));
        const uint8_t *end = lf ? lf : e;
        maillog_event ev;
        maillog_parse_line(NULL, (const char *)p, (size_t)(end - p), &ev);
        fuzz_check(maillog_join_push(j, &ev) == MAILLOG_OK);
        lines++;
        p = lf ? lf + 1 : e;
    }
    fuzz_check(maillog_join_flush(j) == MAILLOG_OK);
    fuzz_check(maillog_join_stats_get(j, &stats) == MAILLOG_OK);
    fuzz_check(stats.lines == lines && stats.pending == 0);
    free(mem);
    return 0;
}
