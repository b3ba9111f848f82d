/* path.c: which processor is this? The compiler's own library has asked, when the program was loaded. */
#include "path.h"

const ml_path *maillog__path(void)
{
#if ML_DISPATCH
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2"))
        return &maillog__path_avx2;
#endif
    return &maillog__path_base;
}

#define FOUR(b) ((b)*UINT32_C(0x01010101))
#define ROW(b) FOUR(b), FOUR((b) + 1), FOUR((b) + 2), FOUR((b) + 3)
#define ROWS(b) ROW(b), ROW((b) + 4), ROW((b) + 8), ROW((b) + 12)
#pragma GCC visibility push(hidden)
extern const uint32_t maillog__four_times[256];
#pragma GCC visibility pop
const uint32_t maillog__four_times[256] = {ROWS(0x00), ROWS(0x10), ROWS(0x20), ROWS(0x30), ROWS(0x40), ROWS(0x50),
                                           ROWS(0x60), ROWS(0x70), ROWS(0x80), ROWS(0x90), ROWS(0xA0), ROWS(0xB0),
                                           ROWS(0xC0), ROWS(0xD0), ROWS(0xE0), ROWS(0xF0)};
