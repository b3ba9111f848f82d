/* large.c: see large.h. */
#include "large.h"
#include "command.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { LARGE = 1 << 21 };

void *large_new(size_t n)
{
    void *p = NULL;
    if (n < LARGE || posix_memalign(&p, LARGE, n) != 0) return must_realloc(NULL, n);
#ifdef MADV_HUGEPAGE
    madvise(p, n, MADV_HUGEPAGE); /* in vain: small pages do, too */
#endif
    return p;
}

void *large_zeroes(size_t n)
{
    if (n >= LARGE) return memset(large_new(n), 0, n);
    void *p = calloc(n, 1);
    if (!p) must_realloc(NULL, SIZE_MAX); /* says so, and ends */
    return p;
}
