/* follow.c: inotify says when to look again; what happened is seen from the files themselves. */
#include "follow.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/inotify.h>
#endif

static int watch = -1;

void follow_start(const file_set *sets, size_t n)
{
#ifdef __linux__
    watch = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    for (size_t i = 0; watch >= 0 && i < n; i++) {
        const char *name = sets[i].name[sets[i].n - 1], *slash = strrchr(name, '/');
        char *dir = slash ? strndup(name, (size_t)(slash - name) + 1) : strdup(".");
        if (dir) inotify_add_watch(watch, dir, IN_MODIFY | IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE);
        free(dir);
    }
#else
    (void)sets, (void)n;
#endif
}

void follow_wait(void)
{
    char events[4096];
    struct pollfd p = {watch, POLLIN, 0};
    if (poll(&p, watch >= 0 ? 1 : 0, 1000) > 0) /* a second: file systems without inotify, and expiry */
        while (read(watch, events, sizeof events) > 0) {
        }
}

void follow_end(void)
{
    if (watch >= 0) close(watch);
    watch = -1;
}

follow_change follow_look(source *s, uint64_t given)
{
    struct stat now;
    if (fstat(s->fd, &now) == 0 && (uint64_t)now.st_size < given) {
        lseek(s->fd, 0, SEEK_SET);
        return FOLLOW_TRUNCATED;
    }
    if (stat(s->name, &now) == 0 && (now.st_ino != s->st.st_ino || now.st_dev != s->st.st_dev)) return FOLLOW_REPLACED;
    return FOLLOW_NOTHING;
}
