/* standalone_main.c: runs a fuzz target over the files of a folder (its seed corpus), without libFuzzer. */
#include <dirent.h>
#include <stdio.h>

#include "fuzz.h"

/* The input in an allocation of exactly its size: an over-read is seen by ASan. */
static int run_file(const char *path)
{
    FILE *f = fopen(path, "rb");
    if (!f) return 0;
    fseek(f, 0, SEEK_END);
    const long size = ftell(f);
    rewind(f);
    uint8_t *data = malloc(size > 0 ? (size_t)size : 1);
    if (data && size >= 0) LLVMFuzzerTestOneInput(data, fread(data, 1, (size_t)size, f));
    free(data);
    fclose(f);
    return 1;
}

int main(int argc, char **argv)
{
    int count = 0;
    DIR *dir = argc == 2 ? opendir(argv[1]) : NULL;
    if (!dir) {
        fprintf(stderr, "usage: %s CORPUS-FOLDER\n", argv[0]);
        return 2;
    }
    for (const struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        char path[4096];
        if (entry->d_name[0] == '.') continue;
        snprintf(path, sizeof path, "%s/%s", argv[1], entry->d_name);
        count += run_file(path);
    }
    closedir(dir);
    printf("%d inputs\n", count);
    return count == 0; /* an empty corpus tests nothing */
}
