/* input_archive.c: xz, zstd, bzip2 (and gzip where zlib is not there) through libarchive's filters. */
#include "input.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef MAILLOG_WITH_LIBARCHIVE
#include <archive.h>
#include <archive_entry.h>

typedef struct packed {
    struct archive *a;
    source *s;
    const char *kind;
    bool begun;
    char in[1 << 16];
} packed;

static ssize_t give(struct archive *a, void *user, const void **buf)
{
    packed *p = (packed *)user;
    (void)a;
    *buf = p->in;
    const ssize_t n = source_raw(p->s, p->in, sizeof p->in);
    if (n < 0) archive_set_error(a, -1, "%s", p->s->why);
    return n;
}

static ssize_t archive_trouble(source *s, packed *p)
{
    const char *said = archive_error_string(p->a);
    snprintf(s->why, sizeof s->why, "%s data cannot be read to its end (%s): what stands before is read", p->kind,
             said ? said : "damaged");
    return -1;
}

static ssize_t packed_read(source *s, char *buf, size_t cap)
{
    packed *p = (packed *)s->state;
    struct archive_entry *entry;
    if (!p->begun) {
        p->begun = true;
        if (archive_read_open(p->a, p, NULL, give, NULL) != ARCHIVE_OK) return archive_trouble(s, p);
        const int rc = archive_read_next_header(p->a, &entry);
        if (rc == ARCHIVE_EOF) return 0;
        if (rc != ARCHIVE_OK && rc != ARCHIVE_WARN) return archive_trouble(s, p);
    }
    const la_ssize_t n = archive_read_data(p->a, buf, cap);
    return n < 0 ? archive_trouble(s, p) : (ssize_t)n;
}

static void packed_close(source *s)
{
    packed *p = (packed *)s->state;
    archive_read_free(p->a);
    free(p);
}

bool unpack_archive(source *s, const char *kind)
{
    static const unpacker way = {packed_read, packed_close};
    packed *p = (packed *)calloc(1, sizeof *p);
    if (p) p->a = archive_read_new();
    if (!p || !p->a) {
        free(p);
        snprintf(s->why, sizeof s->why, "no memory to unpack it");
        return false;
    }
    archive_read_support_filter_all(p->a);
    archive_read_support_format_raw(p->a);
    archive_read_support_format_empty(p->a);
    p->s = s;
    p->kind = kind;
    s->state = p;
    s->unpack = &way;
    return true;
}

#else

bool unpack_archive(source *s, const char *kind)
{
    snprintf(s->why, sizeof s->why,
             "is packed with %s, and this maillog was built without libarchive: unpack it into a pipe", kind);
    return false;
}

#endif
