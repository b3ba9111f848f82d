/* standalone_main.c: runs a fuzz target over its seed corpus, without libFuzzer: the files of a folder, and a pack,
 * which is a zip whose entries are not compressed. */
#include <dirent.h>
#include <stdio.h>

#include "fuzz.h"

typedef struct bytes {
    uint8_t *p;
    size_t n;
} bytes;

static bytes read_file(const char *path)
{
    bytes b = {NULL, 0};
    FILE *f = fopen(path, "rb");
    if (!f) return b;
    fseek(f, 0, SEEK_END);
    const long size = ftell(f);
    rewind(f);
    b.p = (uint8_t *)malloc(size > 0 ? (size_t)size : 1);
    if (b.p && size > 0) b.n = fread(b.p, 1, (size_t)size, f);
    fclose(f);
    return b;
}

/* The input in an allocation of exactly its size: an over-read is seen by ASan. */
static void run(const uint8_t *data, size_t size)
{
    uint8_t *copy = (uint8_t *)malloc(size ? size : 1);
    if (!copy) abort();
    memcpy(copy, data, size);
    LLVMFuzzerTestOneInput(copy, size);
    free(copy);
}

static size_t little_endian(const uint8_t *p, int n)
{
    size_t v = 0;
    while (n--) v = v << 8 | p[n];
    return v;
}

/* The entries stand one behind the other, each behind a header that says its size; the table at the end is not needed.
 */
static int run_pack(const char *path)
{
    const bytes pack = read_file(path);
    int count = 0;
    for (size_t at = 0; at + 30 <= pack.n && memcmp(pack.p + at, "PK\3\4", 4) == 0; count++) {
        const uint8_t *head = pack.p + at;
        const size_t size = little_endian(head + 18, 4);
        at += 30 + little_endian(head + 26, 2) + little_endian(head + 28, 2);
        if (head[6] & 8 || little_endian(head + 8, 2) != 0 || at > pack.n || size > pack.n - at) {
            fprintf(stderr, "%s: entry %d is compressed, or cut\n", path, count);
            exit(2);
        }
        run(pack.p + at, size);
        at += size;
    }
    free(pack.p);
    return count;
}

static int run_folder(const char *folder)
{
    int count = 0;
    DIR *dir = opendir(folder);
    if (!dir) return 0;
    for (const struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        char path[4096];
        if (entry->d_name[0] == '.') continue;
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        const bytes input = read_file(path);
        if (!input.p) continue;
        run(input.p, input.n);
        free(input.p);
        count++;
    }
    closedir(dir);
    return count;
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        fprintf(stderr, "usage: %s CORPUS-FOLDER [PACK.zip]\n", argv[0]);
        return 2;
    }
    const int files = run_folder(argv[1]), packed = argc > 2 ? run_pack(argv[2]) : 1;
    printf("%d files, %d in the pack\n", files, argc > 2 ? packed : 0);
    return files == 0 || packed == 0; /* an empty corpus tests nothing */
}
