/* siphash.h: a keyed hash, so that strangers who choose the names in a log cannot aim at a bucket, nor guess a name. */
#ifndef SIPHASH_H
#define SIPHASH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* For functions whose numbers wrap around and are meant to: in all others the sanitizer reports it. */
#ifdef __clang__
#define WRAPS __attribute__((no_sanitize("unsigned-integer-overflow")))
#else
#define WRAPS
#endif

typedef struct siphash_key {
    uint64_t half[2];
} siphash_key;

/* A key that nobody knows; weaker where there is no /dev/urandom. */
siphash_key siphash_random_key(void);
/* SipHash-2-4; `fold`: of the text in lower case. */
uint64_t siphash(siphash_key key, const char *s, size_t n, bool fold);
/* For tables, whose hashes nobody sees: some times faster. NULL is allowed for no bytes. */
uint64_t quick_hash(siphash_key key, const char *s, size_t n);

/* The first and the last eight bytes: two texts of as many bytes, 1 to 16, are the same if these are. */
uint64_t both_ends(const char *s, size_t n, uint64_t *last);

#endif
