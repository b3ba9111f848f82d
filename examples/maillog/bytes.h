/* bytes.h: what is looked for in all bytes of a log. Sixteen at a time where the processor has SSE2, as every one for
 * x86-64 has; elsewhere the C library does it. */
#ifndef BYTES_H
#define BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* As memmem(), which in glibc looks at one byte at a time; `len` is not 0. */
const char *bytes_find(const char *s, size_t n, const char *text, size_t len);
/* Where the domain of an address begins: behind its last @; 0: it has none. `capitals`: the domain has some. */
size_t bytes_domain(const char *s, size_t n, bool *capitals);
/* Line ends. */
uint64_t bytes_lines(const char *s, size_t n);
/* The same, and false when behind one of them stands a '{' or '_', as in what journalctl -o json or export writes. */
bool bytes_plain(const char *s, size_t n, uint64_t *lines);

#endif
