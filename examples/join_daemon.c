/* join_daemon.c: whole messages of a growing log as JSON lines, through rotations and restarts: the place in the log
 * and the open messages are in the mapped file STATE. Killed while reading, it begins the log again. */
#define _DEFAULT_SOURCE
#include <maillog/maillog.h>

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { HEAD = 4096 }; /* STATE: which log we are in, with st_size how far; after a page, the table */
static volatile sig_atomic_t stop;
static void on_signal(int number) { stop = number; }
static int on_event(void *join, const maillog_event *ev) { return maillog_join_push(join, ev) == MAILLOG_OK ? 0 : -1; }

static int on_message(void *options, maillog_message *m)
{
    static char json[1 << 20];
    const size_t n = maillog_message_json(m, options, json, sizeof json);
    return n > sizeof json || (printf("%.*s\n", (int)n, json) > 0 && fflush(stdout) == 0) ? MAILLOG_CONTINUE : -1;
}

/* Open the log if it is the one we were in and was not cut; or, with `any`, begin another that is not empty. */
static int open_log(const char *path, struct stat *at, int any)
{
    struct stat st;
    const int fd = open(path, O_RDONLY);
    if (fd < 0 || fstat(fd, &st) != 0) return -1;
    if (st.st_ino == at->st_ino && st.st_dev == at->st_dev && st.st_size >= at->st_size) return fd;
    if (!any || st.st_size == 0) return close(fd), -1; /* empty: the old one is still written to */
    st.st_size = 0;
    return *at = st, fd;
}

/* Feed whole lines, so that our place is always the begin of one. Returns the bytes taken. */
static size_t take(int fd, struct stat *at, maillog_stream *s)
{
    static char buf[1 << 20];
    size_t used = 0;
    const ssize_t n = fd < 0 ? 0 : pread(fd, buf, sizeof buf, at->st_size);
    if (n > 0 && maillog_stream_feed(s, buf, (size_t)n, &used) != MAILLOG_OK) stop = 1;
    if (used == 0 && n == (ssize_t)sizeof buf) used = sizeof buf; /* no mail daemon writes such a line: skip it */
    return at->st_size += (off_t)used, used;
}

int main(int argc, char **argv)
{
    const time_t now = time(NULL);
    const maillog_join_config cfg = {sizeof cfg, .reference = now, .utc_offset = (int)localtime(&now)->tm_gmtoff};
    const size_t size = maillog_join_size(&cfg);
    const int f = argc == 4 ? open(argv[3], O_RDWR | O_CREAT, 0600) : -1;
    char *mem = mmap(NULL, HEAD + size, PROT_READ | PROT_WRITE, MAP_SHARED, f, 0);
    if (mem == MAP_FAILED || ftruncate(f, (off_t)(HEAD + size)) != 0)
        return perror("usage: join_daemon LOG LOG.1 STATE"), 2;
    struct stat *at = (struct stat *)(void *)mem;
    maillog_join *join;
    maillog_callbacks cb;
    maillog_stream stream;
    int rc = maillog_join_attach(&join, mem + HEAD, size, on_message, NULL);
    if (rc) at->st_ino = 0, rc = maillog_join_init(&join, mem + HEAD, size, &cfg, on_message, NULL);
    if (rc) return 1;
    signal(SIGTERM, on_signal);
    maillog_callbacks_init(&cb);
    cb.on_event = on_event;
    maillog_stream_init(&stream, &cb, join, NULL, 0);
    for (int fd = open_log(argv[2], at, 0); !stop;) { /* rotated while we were away: first the rest of it */
        if (take(fd, at, &stream)) continue;
        struct stat next = *at;
        const int named = open_log(argv[1], &next, 1);
        while (named >= 0 && next.st_ino != at->st_ino && take(fd, at, &stream)) continue; /* its last words */
        if (named >= 0) close(fd), fd = named, *at = next;
        maillog_join_expire(join, time(NULL));
        sleep(1);
    }
    return maillog_join_seal(join) == MAILLOG_OK ? 0 : 1;
}
