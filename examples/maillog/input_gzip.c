/* input_gzip.c: gzip through zlib, which hands out every byte in front of a cut; without zlib it is libarchive's, which
 * gives whole blocks only. */
#include "input.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef MAILLOG_WITH_ZLIB
#include <zlib.h>

typedef struct gzip {
    z_stream z;
    bool between; /* a member is over; another may follow */
    unsigned char in[1 << 16];
} gzip;

static ssize_t trouble(source *s, const char *why)
{
    snprintf(s->why, sizeof s->why, "%s", why);
    return -1;
}

static ssize_t gzip_read(source *s, char *buf, size_t cap)
{
    gzip *g = (gzip *)s->state;
    g->z.next_out = (unsigned char *)buf;
    g->z.avail_out = (uInt)cap;
    while (g->z.avail_out == cap) {
        if (g->z.avail_in == 0) {
            const ssize_t n = source_raw(s, g->in, sizeof g->in);
            if (n < 0) return n;
            if (n == 0) return g->between ? 0 : trouble(s, "gzip data ends too early: what was there is read");
            g->z.next_in = g->in;
            g->z.avail_in = (uInt)n;
        }
        if (g->between) { /* zero padding, as tapes have it, is no member */
            while (g->z.avail_in > 0 && *g->z.next_in == 0) g->z.next_in++, g->z.avail_in--;
            if (g->z.avail_in == 0) continue;
            if (*g->z.next_in != 0x1f)
                return trouble(s, "something that is not gzip follows the gzip data: it is left out");
            inflateReset(&g->z);
            g->between = false;
        }
        const int rc = inflate(&g->z, Z_NO_FLUSH);
        if (rc == Z_STREAM_END) {
            g->between = true;
        } else if (rc != Z_OK && rc != Z_BUF_ERROR) {
            if (g->z.avail_out < cap) break; /* said with the next read: first what is good */
            return trouble(s, "gzip data is damaged: what stands before the damage is read");
        }
    }
    return (ssize_t)(cap - g->z.avail_out);
}

static void gzip_close(source *s)
{
    gzip *g = (gzip *)s->state;
    inflateEnd(&g->z);
    free(g);
}

bool unpack_gzip(source *s)
{
    static const unpacker way = {gzip_read, gzip_close};
    gzip *g = (gzip *)calloc(1, sizeof *g);
    if (!g || inflateInit2(&g->z, 15 + 16) != Z_OK) {
        free(g);
        return trouble(s, "no memory to unpack it") > 0;
    }
    s->state = g;
    s->unpack = &way;
    return true;
}

#else

bool unpack_gzip(source *s) { return unpack_archive(s, "gzip"); }

#endif
