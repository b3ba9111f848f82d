/* library.h: a library that is opened at run time, and what is used of it. */
#ifndef LIBRARY_H
#define LIBRARY_H

#include <dlfcn.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

typedef struct library_function {
    const char *name;
    void *pointer; /* to the pointer to the function */
} library_function;

/* 0, or something else after saying on stderr what the trouble is. */
static inline int library_load(const char *path, const library_function *rows, size_t n)
{
    void *const library = dlopen(path, RTLD_NOW);
    if (!library) return fprintf(stderr, "%s\n", dlerror());
    for (size_t i = 0; i < n; i++) {
        void *const symbol = dlsym(library, rows[i].name);
        if (!symbol) return fprintf(stderr, "%s: too old: no %s\n", path, rows[i].name);
        memcpy(rows[i].pointer, &symbol, sizeof symbol);
    }
    return 0;
}

#endif
