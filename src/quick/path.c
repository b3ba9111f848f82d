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
