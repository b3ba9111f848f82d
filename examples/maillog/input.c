/* input.c: a file or standard input; what it is packed with is seen from its first bytes. */
#include "command.h"
#include "input.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

ssize_t source_raw(source *s, void *buf, size_t cap)
{
    if (s->head_at < s->nhead) {
        const size_t left = s->nhead - s->head_at, n = left < cap ? left : cap;
        memcpy(buf, s->head + s->head_at, n);
        s->head_at += n;
        return (ssize_t)n;
    }
    for (;;) {
        const ssize_t n = read(s->fd, buf, cap);
        if (n >= 0) {
            s->raw += (uint64_t)n;
            progress_bytes((size_t)n);
            return n;
        }
        if (errno == EINTR && interrupted) return 0;
        if (errno == EINTR) continue;
        snprintf(s->why, sizeof s->why, "%s", strerror(errno));
        return -1;
    }
}

static bool begins(const source *s, const char *magic, size_t n)
{
    return s->nhead >= n && memcmp(s->head, magic, n) == 0;
}

/* Which packing the first bytes show. */
static bool choose_unpacker(source *s)
{
    if (begins(s, "\x1f\x8b", 2)) return unpack_gzip(s);
    if (begins(s,
               "\xFD"
               "7zXZ",
               6))
        return unpack_archive(s, "xz");
    if (begins(s, "\x28\xB5\x2F\xFD", 4)) return unpack_archive(s, "zstd");
    if (begins(s, "BZh", 3) && s->nhead > 3 && s->head[3] >= '1' && s->head[3] <= '9')
        return unpack_archive(s, "bzip2");
    if (begins(s, "LPKSHHRH", 8)) return unpack_journal(s);
    return true;
}

bool source_open(source *s, const char *name)
{
    memset(s, 0, sizeof *s);
    s->own_fd = strcmp(name, "-") != 0;
    s->name = s->own_fd ? name : "standard input";
    s->fd = s->own_fd ? open(name, O_RDONLY | O_CLOEXEC) : 0;
    if (s->fd < 0) {
        s->missing = errno == ENOENT;
        snprintf(s->why, sizeof s->why, "%s", strerror(errno));
        return false;
    }
    if (fstat(s->fd, &s->st) == 0 && S_ISDIR(s->st.st_mode)) {
        snprintf(s->why, sizeof s->why, "is a directory: name the files in it, as in %.60s/mail.log*", name);
        source_close(s);
        return false;
    }
    s->regular = S_ISREG(s->st.st_mode);
    while (s->nhead < sizeof s->head) {
        s->head_at = s->nhead; /* nothing of it is to be given out yet */
        const ssize_t n = source_raw(s, s->head + s->nhead, sizeof s->head - s->nhead);
        if (n < 0) {
            source_close(s);
            return false;
        }
        if (n == 0) break;
        s->nhead += (size_t)n;
        if (memchr(s->head, '\n', s->nhead)) break; /* a short line from a pipe must not wait for more */
    }
    s->head_at = 0;
    if (choose_unpacker(s)) return true;
    source_close(s);
    return false;
}

ssize_t source_read(source *s, char *buf, size_t cap)
{
    return s->unpack ? s->unpack->read(s, buf, cap) : source_raw(s, buf, cap);
}

bool source_silent(const source *s)
{
    struct pollfd p = {s->fd, POLLIN, 0};
    return !s->regular && poll(&p, 1, 0) == 0;
}

void source_close(source *s)
{
    if (s->unpack) s->unpack->close(s);
    if (s->own_fd && s->fd >= 0) close(s->fd);
    s->unpack = NULL;
    s->fd = -1;
}
