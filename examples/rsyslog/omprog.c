/* omprog.c: the child of a collector's rsyslog: whole messages of the lines that come in, through crashes of either.
 *
 *   maillog-omprog [-k] [-s] [-m MEGABYTES] [-w SECONDS] DIR
 *
 * DIR/journal.N         the lines since checkpoint N: written before a line is confirmed; the one before it is kept,
 * too DIR/state             checkpoint N: the join table, and where the output was DIR/messages.ndjson   the output:
 * one object for each message
 *
 * A line is confirmed (omprog: confirmMessages) once it is in the journal, so a line that is confirmed is never lost.
 * After a crash the table of the last checkpoint takes the journal again; as the same lines make the same messages,
 * those that were written since are passed over, and none is told twice. A line that comes twice, because its
 * confirmation was lost, changes nothing: the join knows it.
 *
 * -k: keep the journals: they are the log.   -s: fdatasync() each line, for a collector that may lose its power.
 * -w: how long a message waits for the end of its SMTP session (300); where sessions go to another shard, 10. */
#define _DEFAULT_SOURCE
#include <maillog/maillog.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

enum { LINE_MAX_LEN = 1 << 20, CHECKPOINT_LINES = 100000, IDLE_MS = 10000, LATE = 1024 };

typedef struct head {
    char magic[16];
    uint64_t generation, output, block;
} head;

static const char magic[16] = "maillog omprog1";
static const char clock_mark[] = "\001clock "; /* a line of the journal: time went by without lines until then */

static bool keep, sync_each;
static int output = -1, journal = -1;
static head now;
static char *block;
static size_t block_len;
static maillog_join *join;
static uint64_t pass_over; /* messages that are in the output already */
static uint64_t since;     /* lines since the checkpoint */
static maillog_time last;  /* stamp of the last line that had one */

static void die(const char *what)
{
    fprintf(stderr, "maillog-omprog: %s: %s\n", what, strerror(errno));
    exit(1); /* rsyslog keeps the line, and starts us again */
}

static void write_all(int fd, const char *data, size_t len, const char *name)
{
    while (len) {
        const ssize_t n = write(fd, data, len);
        if (n < 0 && errno != EINTR) die(name);
        if (n > 0) data += n, len -= (size_t)n;
    }
}

static int on_message(void *user, maillog_message *m)
{
    static char *text;
    static size_t cap;
    (void)user;
    if (m->record != MAILLOG_RECORD_MESSAGE) return MAILLOG_CONTINUE;
    if (pass_over && pass_over--) return MAILLOG_CONTINUE;
    size_t n = maillog_message_json(m, NULL, text, cap);
    if (n >= cap) {
        free(text);
        text = (char *)malloc(cap = n * 2 + 1);
        if (!text) die("memory");
        n = maillog_message_json(m, NULL, text, cap);
    }
    text[n] = '\n';
    write_all(output, text, n + 1, "messages.ndjson");
    return MAILLOG_CONTINUE;
}

/* The lines of late; RELP sends again what it has no acknowledgement for, 128 lines at most. */
static struct {
    uint64_t hash;
    size_t len;
    char *text;
} late[LATE];

static bool came_before(const char *line, size_t len)
{
    static size_t next;
    uint64_t hash = 1469598103934665603u; /* FNV-1a: only to be quick, the text decides */
    for (size_t i = 0; i < len; i++) hash = (hash ^ (unsigned char)line[i]) * 1099511628211u;
    for (size_t i = 0; i < LATE; i++)
        if (late[i].hash == hash && late[i].len == len && memcmp(late[i].text, line, len) == 0) return true;
    char *copy = (char *)realloc(late[next].text, len + 1);
    if (!copy) die("memory");
    memcpy(copy, line, len);
    late[next].hash = hash;
    late[next].len = len;
    late[next].text = copy;
    next = (next + 1) % LATE;
    return false;
}

static void remember(const char *line, size_t len) { came_before(line, len); }

/* Within a second, one process may well say the same twice. */
static bool is_repeated(const char *line, size_t len)
{
    maillog_event ev;
    return maillog_parse_line(NULL, line, len, &ev) == MAILLOG_OK && ev.time.digits && came_before(line, len);
}

static void take(const char *line, size_t len)
{
    maillog_event ev;
    if (len > sizeof clock_mark && memcmp(line, clock_mark, sizeof clock_mark - 1) == 0) {
        char number[24] = "";
        memcpy(number, line + sizeof clock_mark - 1, len - sizeof clock_mark < 20 ? len - sizeof clock_mark + 1 : 20);
        maillog_join_expire(join, strtoll(number, NULL, 10));
        return;
    }
    if (maillog_parse_line(NULL, line, len, &ev) == MAILLOG_OK) maillog_join_push(join, &ev);
    if (ev.time.month) last = ev.time;
    since++;
}

static int open_journal(uint64_t generation, int flags)
{
    char name[40];
    snprintf(name, sizeof name, "journal.%llu", (unsigned long long)generation);
    const int fd = open(name, flags | O_CREAT, 0640);
    if (fd < 0) die(name);
    return fd;
}

/* ---- checkpoints ---- */

static void save(const char *name)
{
    const int fd = open("state.new", O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (fd < 0) die(name);
    write_all(fd, (const char *)&now, sizeof now, name);
    write_all(fd, block, block_len, name);
    if (fsync(fd) != 0 || close(fd) != 0 || rename("state.new", name) != 0) die(name);
}

/* The journal of the next generation is there before the state that names it is. */
static void checkpoint(void)
{
    char old[40];
    snprintf(old, sizeof old, "journal.%llu", (unsigned long long)now.generation - 1);
    maillog_join_seal(join);
    if (fsync(output) != 0) die("messages.ndjson");
    close(journal);
    journal = open_journal(++now.generation, O_WRONLY | O_TRUNC | O_APPEND);
    now.output = (uint64_t)lseek(output, 0, SEEK_END);
    save("state");
    if (!keep && now.generation > 1) unlink(old);
    if (maillog_join_attach(&join, block, block_len, on_message, NULL) != MAILLOG_OK) die("state");
    since = 0;
}

static void begin(uint64_t memory, uint32_t wait)
{
    const time_t t = time(NULL);
    maillog_join_config cfg;
    memset(&cfg, 0, sizeof cfg);
    cfg.size = sizeof cfg;
    cfg.memory = memory;
    cfg.wait = wait;
    cfg.reference = t;
    if (getentropy(cfg.seed, sizeof cfg.seed) != 0) die("getentropy");
    block_len = maillog_join_size(&cfg);
    block = (char *)malloc(block_len);
    if (!block || maillog_join_init(&join, block, block_len, &cfg, on_message, NULL) != MAILLOG_OK) die("memory");
    memcpy(now.magic, magic, sizeof magic);
    now.block = block_len;
}

static bool resume(void)
{
    FILE *f = fopen("state", "rb");
    if (!f && errno == ENOENT) return false;
    if (!f || fread(&now, sizeof now, 1, f) != 1 || memcmp(now.magic, magic, sizeof magic) != 0) die("state");
    block_len = now.block;
    block = (char *)malloc(block_len);
    if (!block || fread(block, 1, block_len, f) != block_len) die("state");
    fclose(f);
    const int rc = maillog_join_attach(&join, block, block_len, on_message, NULL);
    if (rc == MAILLOG_OK) return true;
    fprintf(stderr, "maillog-omprog: state: %s\n", maillog_strerror(rc)); /* another version: see README.md */
    exit(1);
}

/* ---- after a crash ---- */

/* Whole lines of an open file from `from` on, each given to `each`; what is after the last is cut off. */
static uint64_t whole_lines(int fd, uint64_t from, void (*each)(const char *, size_t), const char *name)
{
    uint64_t lines = 0, end = from;
    char *line = NULL;
    size_t cap = 0;
    ssize_t n;
    FILE *f = fdopen(dup(fd), "rb");
    if (!f || fseeko(f, (off_t)from, SEEK_SET) != 0) die(name);
    while ((n = getline(&line, &cap, f)) > 0 && line[n - 1] == '\n') {
        if (each) each(line, (size_t)n - 1);
        end += (uint64_t)n;
        lines++;
    }
    free(line);
    fclose(f);
    if (ftruncate(fd, (off_t)end) != 0 || lseek(fd, 0, SEEK_END) < 0) die(name);
    return lines;
}

static void recover(void)
{
    output = open("messages.ndjson", O_RDWR | O_CREAT, 0640);
    if (output < 0) die("messages.ndjson");
    pass_over = whole_lines(output, now.output, NULL, "messages.ndjson");
    if (now.generation) {
        journal = open_journal(now.generation - 1, O_RDWR | O_APPEND);
        whole_lines(journal, 0, remember, "journal");
        close(journal);
    }
    journal = open_journal(now.generation, O_RDWR | O_APPEND);
    whole_lines(journal, 0, remember, "journal");
    whole_lines(journal, 0, take, "journal");
    pass_over = 0;
}

/* ---- rsyslog's side ---- */

static void confirm(void) { write_all(1, "OK\n", 3, "standard output"); }

static void write_journal(const char *line, size_t len)
{
    write_all(journal, line, len, "journal");
    if (sync_each && fdatasync(journal) != 0) die("journal");
}

/* Quiet: messages that wait for late lines go out. Only a log of today has the clock of today. */
static void idle(void)
{
    char mark[40];
    int64_t then;
    const time_t t = time(NULL);
    if (maillog_time_to_epoch(&last, t, NULL, &then) != MAILLOG_OK || t - then / 1000000000 > 86400) return;
    const int n = snprintf(mark, sizeof mark, "%s%lld\n", clock_mark, (long long)t);
    write_journal(mark, (size_t)n);
    take(mark, (size_t)n - 1);
}

static void serve(void)
{
    static char buf[LINE_MAX_LEN];
    size_t used = 0;
    struct pollfd in = {0, POLLIN, 0};
    confirm(); /* we are there */
    for (;;) {
        const int ready = poll(&in, 1, IDLE_MS);
        if (ready == 0) idle();
        if (ready <= 0) continue;
        const ssize_t n = read(0, buf + used, sizeof buf - used);
        if (n <= 0) break;
        used += (size_t)n;
        size_t begun = 0;
        for (char *end; (end = (char *)memchr(buf + begun, '\n', used - begun)) != NULL;) {
            const size_t len = (size_t)(end - buf) - begun;
            if (!is_repeated(buf + begun, len)) {
                write_journal(buf + begun, len + 1);
                take(buf + begun, len);
            }
            if (since >= CHECKPOINT_LINES) checkpoint();
            confirm();
            begun += len + 1;
        }
        if (begun == 0 && used == sizeof buf) used = 0; /* no mail daemon writes such a line */
        memmove(buf, buf + begun, used - begun);
        used -= begun;
    }
}

int main(int argc, char **argv)
{
    uint64_t memory = 64;
    uint32_t wait = 0;
    for (int o; (o = getopt(argc, argv, "ksm:w:")) != -1;) {
        keep = keep || o == 'k';
        sync_each = sync_each || o == 's';
        if (o == 'm') memory = strtoull(optarg, NULL, 10);
        if (o == 'w') wait = (uint32_t)strtoul(optarg, NULL, 10);
        if (o == '?') return 2;
    }
    if (optind + 1 != argc || chdir(argv[optind]) != 0) {
        fprintf(stderr, "usage: maillog-omprog [-k] [-s] [-m MEGABYTES] [-w SECONDS] DIR\n");
        return 2;
    }
    /* an rsyslog that was killed leaves a child that is about to end: wait for it */
    const int lock = open("lock", O_RDWR | O_CREAT, 0600);
    if (lock < 0 || flock(lock, LOCK_EX) != 0) die("lock");
    if (!resume()) begin(memory << 20, wait);
    recover();
    checkpoint();
    serve();
    checkpoint();
    return 0;
}
