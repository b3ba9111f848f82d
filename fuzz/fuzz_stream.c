/* fuzz_stream.c: the fuzzer chooses chunk size and what callbacks return; the lines are those of one feed of
 * everything. */
#include "base/cursor.h"
#include "fuzz.h"

typedef struct digest {
    uint64_t hash, lines;
    const uint8_t *answer; /* what callbacks return, by bits; NULL: always go on */
    size_t answers;
} digest;

ML_WRAPS static void mix(digest *d, const void *p, size_t n)
{
    const uint8_t *b = p;
    for (size_t i = 0; i < n; i++) d->hash = (d->hash ^ b[i]) * 0x100000001b3u;
}

static int on_event(void *user, const maillog_event *ev)
{
    digest *d = user;
    fuzz_check_event(ev);
    mix(d, ev->line, ev->len);
    mix(d, &ev->type, sizeof ev->type);
    for (uint32_t i = 0; i < ev->nfields; i++) mix(d, &ev->field[i], sizeof ev->field[i]);
    d->lines++;
    if (!d->answer) return MAILLOG_CONTINUE;
    const uint8_t bits = d->answer[d->lines % d->answers];
    return bits & 1 ? MAILLOG_PAUSE : bits & 2 ? -1 : MAILLOG_CONTINUE;
}

static void run(digest *d, const uint8_t *text, size_t len, size_t chunk, char *carry, size_t carry_len)
{
    maillog_callbacks cb;
    maillog_stream s;
    size_t used;
    maillog_callbacks_init(&cb);
    cb.on_event = on_event;
    fuzz_check(maillog_stream_init(&s, &cb, d, carry, carry_len) == MAILLOG_OK);
    while (len > 0) {
        const size_t n = chunk < len ? chunk : len;
        const int rc = maillog_stream_feed(&s, text, n, &used);
        fuzz_check(used <= n && (rc == MAILLOG_OK || rc == MAILLOG_PAUSE || rc == MAILLOG_ERR_ABORTED));
        text += used;
        len -= used;
    }
    while (maillog_stream_finish(&s) != MAILLOG_OK) {
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2 || size > 1 << 16) return 0;
    const size_t len = size - 1;
    char *carry = malloc(len + 1);
    if (!carry) return 0;
    digest whole = {0, 0, NULL, 0}, pieces = {0, 0, data, size};
    run(&whole, data + 1, len, len, carry, len + 1);
    run(&pieces, data + 1, len, 1 + (size_t)data[0], carry, len + 1);
    fuzz_check(whole.lines == pieces.lines && whole.hash == pieces.hash);
    free(carry);
    return 0;
}
