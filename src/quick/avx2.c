/* avx2.c: quick.c once more, for processors with AVX2 and BMI. */
#include "path.h"

#if ML_DISPATCH
#include <immintrin.h>

#ifdef __clang__
#pragma clang attribute push(__attribute__((target("avx2,bmi,bmi2"))), apply_to = function)
#else
#pragma GCC target("avx2,bmi,bmi2")
#endif

#define ML_AVX2 1
#define ML_PATH maillog__path_avx2
#include "quick.c" /* once more, for this machine: NOLINT(bugprone-suspicious-include) */

#ifdef __clang__
#pragma clang attribute pop
#endif
#endif
