/* large.h: memory for tables that are looked into here and there: in large pages, if the system has them and the table
 * is large enough. They are found sooner, and there is less to do until they are there. free() frees it. */
#ifndef LARGE_H
#define LARGE_H

#include <stddef.h>

void *large_new(size_t n);
void *large_zeroes(size_t n);

#endif
