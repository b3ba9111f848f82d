/* string.c: the functions of string.h that the library calls, for a machine without a C library. */
#include <string.h>
#include <wasm_simd128.h>

void *memchr(const void *s, int c, size_t n)
{
    const unsigned char *p = (const unsigned char *)s;
    const v128_t wanted = wasm_u8x16_splat((uint8_t)c);
    for (; n >= 16; p += 16, n -= 16) {
        const uint32_t found = wasm_i8x16_bitmask(wasm_i8x16_eq(wasm_v128_load(p), wanted));
        if (found) return (void *)(p + __builtin_ctz(found));
    }
    for (; n; p++, n--)
        if (*p == (unsigned char)c) return (void *)p;
    return NULL;
}

int memcmp(const void *a, const void *b, size_t n)
{
    const unsigned char *p = (const unsigned char *)a, *q = (const unsigned char *)b;
    for (; n && *p == *q; p++, q++) n--;
    return n ? *p - *q : 0;
}

/* The asm keeps the compiler from making a call of memcpy out of the loop of memcpy. */
void *memcpy(void *restrict to, const void *restrict from, size_t n)
{
    unsigned char *t = (unsigned char *)to;
    const unsigned char *f = (const unsigned char *)from;
    for (; n >= 16; t += 16, f += 16, n -= 16) wasm_v128_store(t, wasm_v128_load(f));
    for (; n; n--) {
        *t++ = *f++;
        __asm__("");
    }
    return to;
}

void *memmove(void *to, const void *from, size_t n)
{
    unsigned char *t = (unsigned char *)to;
    const unsigned char *f = (const unsigned char *)from;
    if (t <= f || t >= f + n) return memcpy(to, from, n);
    while (n--) {
        t[n] = f[n];
        __asm__("");
    }
    return to;
}

void *memset(void *s, int c, size_t n)
{
    unsigned char *p = (unsigned char *)s;
    for (; n >= 16; p += 16, n -= 16) wasm_v128_store(p, wasm_u8x16_splat((uint8_t)c));
    for (; n; n--) {
        *p++ = (unsigned char)c;
        __asm__("");
    }
    return s;
}

size_t strlen(const char *s)
{
    size_t n = 0;
    while (s[n]) {
        n++;
        __asm__("");
    }
    return n;
}
