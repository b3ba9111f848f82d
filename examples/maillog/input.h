/* input.h: bytes of one file, whatever it is packed with. */
#ifndef INPUT_H
#define INPUT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

typedef struct source source;

/* How a packing is undone. `read` as source_read(). */
typedef struct unpacker {
    ssize_t (*read)(source *s, char *buf, size_t cap);
    void (*close)(source *s);
} unpacker;

struct source {
    const char *name;
    int fd;
    bool regular, own_fd;
    bool journal; /* unpacked, and yet it may grow */
    bool missing; /* it could not be opened because it is not there */
    struct stat st;
    uint64_t raw; /* bytes read from the file, as it is packed */
    unsigned char head[16];
    size_t nhead, head_at;
    const unpacker *unpack; /* NULL: plain */
    void *state;
    char why[160]; /* what the trouble is */
};

/* Open a file, or standard input for "-". False: `why` says it. */
bool source_open(source *s, const char *name);
/* Bytes read, 0 at the end (or when interrupted), -1: `why` says it; what came before it is good. */
ssize_t source_read(source *s, char *buf, size_t cap);
/* Is there nothing to be read at present? A pipe may be silent for hours. */
bool source_silent(const source *s);
void source_close(source *s);

/* for unpackers: the bytes of the file itself */
ssize_t source_raw(source *s, void *buf, size_t cap);

/* input_gzip.c, input_archive.c, input_journal.c. False: `why` says it. */
bool unpack_gzip(source *s);
bool unpack_journal(source *s);
bool unpack_archive(source *s, const char *kind);

/* input_files.c: names as given → sets, each oldest file first. */
typedef struct file_set {
    const char **name;
    size_t n;
} file_set;

struct command;
file_set *input_sets(struct command *c, size_t *n);
void input_sets_free(file_set *sets, size_t n);

/* progress.c */
void progress_start(struct command *c, const file_set *sets, size_t n);
void progress_bytes(size_t n);
void progress_clear(void);
void progress_end(void);

#endif
