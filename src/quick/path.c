/* path.c: the one table that a path needs. */
#include "path.h"

#if ML_DISPATCH || defined(__AVX2__)
/* Each byte of a vector, see vector.h. */
#define SPLAT(b)                                                                                                       \
    {                                                                                                                  \
        (b) * UINT64_C(0x0101010101010101), (b)*UINT64_C(0x0101010101010101), (b)*UINT64_C(0x0101010101010101),        \
            (b)*UINT64_C(0x0101010101010101)                                                                           \
    }
#define SPLATS_4(b) SPLAT(b), SPLAT((b) + 1), SPLAT((b) + 2), SPLAT((b) + 3)
#define SPLATS(b) SPLATS_4(b), SPLATS_4((b) + 4), SPLATS_4((b) + 8), SPLATS_4((b) + 12)
#pragma GCC visibility push(hidden)
extern const uint64_t maillog__splat[128][4];
#pragma GCC visibility pop
const uint64_t maillog__splat[128][4] __attribute__((aligned(32))) = {
    SPLATS(0x00), SPLATS(0x10), SPLATS(0x20), SPLATS(0x30), SPLATS(0x40), SPLATS(0x50), SPLATS(0x60), SPLATS(0x70)};
#endif
