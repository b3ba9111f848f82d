/* fuzz_attach.c: a sealed table, or the export of one, with bytes damaged: it is refused, or nothing was changed.
 * Input: how many damages, then offset (3 bytes) and value (1) of each, then a log. */
#include "base/cursor.h"
#include "fuzz.h"

#include <maillog/join.h>

enum { MEMORY = 65536, DAMAGES = 8 };

static int on_message(void *user, maillog_message *m)
{
    *(uint64_t *)user += maillog_message_json(m, NULL, NULL, 0);
    return MAILLOG_CONTINUE;
}

static void push_log(maillog_join *j, const uint8_t *p, const uint8_t *e)
{
    while (p < e) {
        const uint8_t *lf = memchr(p, '\n', (size_t)(e - p));
        const uint8_t *end = lf ? lf : e;
        maillog_event ev;
        maillog_parse_line(NULL, (const char *)p, (size_t)(end - p), &ev);
        fuzz_check(maillog_join_push(j, &ev) == MAILLOG_OK);
        p = lf ? lf + 1 : e;
    }
}

/* Whether any byte is another now. */
ML_UNWRITTEN static int damage(uint8_t *block, size_t len, const uint8_t *list, size_t count)
{
    int changed = 0;
    for (size_t i = 0; i < count && len > 0; i++, list += 4) {
        uint8_t *at = &block[((size_t)list[0] | (size_t)list[1] << 8 | (size_t)list[2] << 16) % len];
        changed |= *at != list[3];
        *at = list[3];
    }
    return changed;
}

static maillog_join *new_table(void *mem, size_t need, const maillog_join_config *cfg, uint64_t *total)
{
    maillog_join *j;
    fuzz_check(maillog_join_init(&j, mem, need, cfg, on_message, total) == MAILLOG_OK);
    return j;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    maillog_join_config cfg;
    uint64_t total = 0;
    const size_t count = size ? data[0] % DAMAGES : 0;
    if (size < 1 + 4 * count) return 0;
    const uint8_t *log = data + 1 + 4 * count;
    memset(&cfg, 0, sizeof cfg);
    cfg.size = sizeof cfg;
    cfg.memory = MEMORY;
    cfg.flags = MAILLOG_JOIN_ALL_RECORDS;
    const size_t need = maillog_join_size(&cfg);
    void *mem = malloc(need), *other = malloc(need);
    if (!mem || !other) goto done;

    maillog_join *j = new_table(mem, need, &cfg, &total);
    push_log(j, log, data + size);
    fuzz_check(maillog_join_seal(j) == MAILLOG_OK);
    memcpy(other, mem, need); /* a block may lie anywhere */
    const int changed = damage(other, need, data + 1, count);
    const int rc = maillog_join_attach(&j, other, need, on_message, &total);
    fuzz_check(changed || rc == MAILLOG_OK);
    if (rc == MAILLOG_OK) fuzz_check(maillog_join_flush(j) == MAILLOG_OK);

    cfg.flags |= MAILLOG_JOIN_PART;
    j = new_table(mem, need, &cfg, &total);
    push_log(j, log, data + size);
    cfg.flags &= ~(uint32_t)MAILLOG_JOIN_PART;
    const size_t n = maillog_join_export(j, NULL, 0);
    uint8_t *shard = malloc(n ? n : 1);
    if (shard) {
        fuzz_check(maillog_join_export(j, shard, n) == n);
        const int torn = damage(shard, n, data + 1, count);
        j = new_table(other, need, &cfg, &total);
        const int imported = maillog_join_import(j, shard, n);
        fuzz_check(torn || imported == MAILLOG_OK);
        if (imported == MAILLOG_OK) fuzz_check(maillog_join_flush(j) == MAILLOG_OK);
    }
    free(shard);
done:
    free(mem);
    free(other);
    return 0;
}
