/* progress.c: how far the input is read, on stderr: share, rate, time left. */
#include "command.h"
#include "input.h"

#include <string.h>
#include <unistd.h>

static struct {
    bool on, drawn;
    uint64_t total, done, next;
    double began, drawn_at;
} bar;

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

void progress_start(command *c, const file_set *sets, size_t n)
{
    memset(&bar, 0, sizeof bar);
    /* a bar between lines that scroll by is in the way */
    const bool streams = isatty(1) && (c->which == CMD_EVENTS || (c->which == CMD_TRACE && !c->json));
    bar.on = c->progress_when == WHEN_ALWAYS || (c->progress_when == WHEN_AUTO && isatty(2) && !streams && !c->follow);
    bar.began = bar.drawn_at = seconds();
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < sets[i].n; k++) {
            struct stat st;
            if (stat(sets[i].name[k], &st) == 0 && S_ISREG(st.st_mode)) bar.total += (uint64_t)st.st_size;
        }
}

static void draw(double now)
{
    enum { WIDTH = 24 };
    const double rate = (double)bar.done / (now - bar.began + 1e-9);
    char cells[WIDTH + 1];
    bar.drawn = true;
    bar.drawn_at = now;
    if (bar.total == 0 || bar.done > bar.total) {
        fprintf(stderr, "\r\033[K%.1f MB  %.1f MB/s", (double)bar.done / 1e6, rate / 1e6);
        return;
    }
    const size_t full = (size_t)(bar.done * WIDTH / bar.total);
    memset(cells, '.', WIDTH);
    memset(cells, '#', full);
    cells[WIDTH] = '\0';
    const unsigned left = (unsigned)((double)(bar.total - bar.done) / (rate + 1));
    fprintf(stderr, "\r\033[K[%s] %3u %%  %.1f MB/s  %u:%02u left", cells, (unsigned)(bar.done * 100 / bar.total),
            rate / 1e6, left / 60, left % 60);
}

void progress_bytes(size_t n)
{
    bar.done += n;
    if (!bar.on || bar.done < bar.next) return;
    bar.next = bar.done + (1 << 18);
    const double now = seconds();
    if (now - bar.drawn_at >= 0.2) draw(now);
}

void progress_clear(void)
{
    if (bar.drawn) fputs("\r\033[K", stderr);
    bar.drawn = false;
}

void progress_end(void)
{
    if (bar.on && bar.done) draw(seconds());
    progress_clear();
    bar.on = false;
}
