/* follow_file.c: events of a growing log as JSON, one a line, until it is told to stop (SIGINT, SIGTERM). When the log
 * is rotated, the old file is read to its end first. usage: follow_file FILE */
#define _POSIX_C_SOURCE 200809L
#include <maillog/maillog.h>

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static volatile sig_atomic_t stop;

static void on_signal(int number)
{
    (void)number;
    stop = 1;
}

static int on_event(void *user, const maillog_event *ev)
{
    static char json[1 << 18];
    const size_t n = maillog_event_json(ev, NULL, json, sizeof json);
    (void)user;
    if (n > sizeof json) return MAILLOG_CONTINUE; /* longer than anything a carry of 64 KiB lets through */
    fwrite(json, 1, n, stdout);
    putchar('\n');
    return fflush(stdout) == 0 ? MAILLOG_CONTINUE : -1; /* nobody reads any more: give up */
}

/* What the file has to give now. */
static int drain(int fd, maillog_stream *s)
{
    static char buf[65536];
    size_t used;
    ssize_t n;
    while ((n = read(fd, buf, sizeof buf)) > 0)
        if (maillog_stream_feed(s, buf, (size_t)n, &used) != MAILLOG_OK) return -1;
    return n < 0 ? -1 : 0;
}

/* Another file has the name and is in use, or this one was cut (copytruncate). */
static int was_rotated(int fd, const char *path)
{
    struct stat named, ours;
    if (stat(path, &named) != 0 || fstat(fd, &ours) != 0) return 0;
    if (named.st_ino == ours.st_ino && named.st_dev == ours.st_dev) return ours.st_size < lseek(fd, 0, SEEK_CUR);
    return named.st_size > 0; /* empty: syslogd still writes to the old one */
}

int main(int argc, char **argv)
{
    static char carry[65536];
    const struct timespec pause = {0, 200000000};
    const struct sigaction on_stop = {.sa_handler = on_signal};
    maillog_callbacks cb;
    maillog_stream stream;
    int fd = argc == 2 ? open(argv[1], O_RDONLY) : -1;
    if (fd < 0) return perror(argc == 2 ? argv[1] : "usage: follow_file FILE"), 2;
    sigaction(SIGINT, &on_stop, NULL);
    sigaction(SIGTERM, &on_stop, NULL);
    maillog_callbacks_init(&cb);
    cb.on_event = on_event;
    maillog_stream_init(&stream, &cb, NULL, carry, sizeof carry);
    while (drain(fd, &stream) == 0 && !stop) {
        if (was_rotated(fd, argv[1])) {
            if (drain(fd, &stream) != 0 || maillog_stream_finish(&stream) != MAILLOG_OK) break;
            close(fd);
            if ((fd = open(argv[1], O_RDONLY)) < 0) return perror(argv[1]), 1;
        } else {
            nanosleep(&pause, NULL);
        }
    }
    return stop ? 0 : 1;
}
