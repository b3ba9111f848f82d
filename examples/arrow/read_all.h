/* read_all.h: a file as one block of memory: for the small programs here. */
#ifndef READ_ALL_H
#define READ_ALL_H

#include <stdio.h>
#include <stdlib.h>

/* To be freed; NULL: errno says why. */
static inline char *read_all(const char *path, size_t *len)
{
    FILE *const f = fopen(path, "rb");
    if (!f) return NULL;
    char *text = NULL;
    if (fseek(f, 0, SEEK_END) == 0) {
        const long size = ftell(f);
        text = size >= 0 ? (char *)malloc((size_t)size + 1) : NULL;
        rewind(f);
        *len = text ? fread(text, 1, (size_t)size, f) : 0;
    }
    fclose(f);
    return text;
}

#endif
