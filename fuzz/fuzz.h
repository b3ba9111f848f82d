/* fuzz.h: what every target shares. A broken invariant aborts: the fuzzer keeps the input. */
#ifndef FUZZ_H
#define FUZZ_H

#include <maillog/maillog.h>

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static inline void fuzz_check(int holds)
{
    if (!holds) abort();
}

/* What every event promises, whatever the bytes. */
static inline void fuzz_check_event(const maillog_event *ev)
{
    fuzz_check(ev->match <= MAILLOG_MATCH_EVENT && ev->nfields <= MAILLOG_FIELDS_MAX);
    fuzz_check((ev->type != 0) == (ev->match == MAILLOG_MATCH_EVENT));
    for (uint32_t i = 0; i < ev->nfields; i++) {
        const maillog_field *f = &ev->field[i];
        fuzz_check(f->off <= ev->len && f->len <= ev->len - f->off);
        fuzz_check(maillog_field_kind(f->id) != 0);
    }
}

#endif
