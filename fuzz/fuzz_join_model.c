/* fuzz_join_model.c: the join against its model, tests/test_join_model.c: the fuzzer throws the dice by which the model
 * makes a log whose messages are known, and the join must find them, whichever way the lines come. */
#include "fuzz.h"

#define JOIN_MODEL_DICE
#define assert_true(a) fuzz_check(a)
#define assert_non_null(a) fuzz_check((a) != NULL)
#define assert_int_equal(a, b) fuzz_check((uint64_t)(a) == (uint64_t)(b))
#define fail() abort()
#include "../tests/test_join_model.c"

/* The first byte: which way, and whether in disorder; the second: how many messages. Few make a quick input. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static model log;
    if (size < 2) return 0;
    const unsigned way = data[0] >> 1;
    messages = 1 + data[1] % 20;
    seed = 1u + data[0];
    dice = data + 2;
    dice_end = data + size;
    make_log(&log, data[0] & 1);
    if (way % (WAYS + 2) < WAYS)
        join_log(&log, (int)(way % (WAYS + 2)));
    else if (way % (WAYS + 2) == WAYS)
        parts_and_whole(&log);
    else
        join_evicting(&log, 1 + way % 16);
    free_log(&log);
    return 0;
}
