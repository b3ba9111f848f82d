/* fuzz_join_model.c: the join against its model, tests/test_join_model.c: the fuzzer throws the dice by which the model
 * makes a log whose messages are known, and the join must find them, whichever way the lines come. */
#include "fuzz.h"

#define JOIN_MODEL_DICE
#define assert_true(a) fuzz_check(a)
#define assert_non_null(a) fuzz_check((a) != NULL)
#define assert_int_equal(a, b) fuzz_check((uint64_t)(a) == (uint64_t)(b))
#define fail() abort()
#include "../tests/test_join_model.c"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1) return 0;
    dice = data + 1;
    dice_end = data + size;
    play(data[0] >> 1, data[0] & 1);
    return 0;
}
