/* trace.c: a small driver for tests: a log in, its records as JSON lines out, in the order of their first lines.
 *   trace [--memory BYTES] [--chunk BYTES] [--cut LINE]... [--settle SECONDS] [--wait SECONDS] [--all] [--stats] FILE
 * --cut: the lines up to that one are joined as one part, the others as another (up to the next --cut), and a last
 * table takes in all. */
#include <maillog/maillog.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct record {
    uint64_t first;
    char *json;
} record;

static struct {
    maillog_join *join, *whole;
    uint64_t line, cut[16];
    size_t ncuts, next;
    record *v;
    size_t n;
} state;

static int keep(void *user, maillog_message *m)
{
    (void)user;
    const size_t n = maillog_message_json(m, NULL, NULL, 0);
    record r = {m->lines.len ? m->lines.ptr[0] : 0, (char *)malloc(n + 1)};
    maillog_message_json(m, NULL, r.json, n);
    r.json[n] = '\0';
    state.v = (record *)realloc(state.v, (state.n + 1) * sizeof *state.v);
    state.v[state.n++] = r;
    return 0;
}

/* What the part holds goes to the table of the whole; then the part is empty. */
static void hand_on(void)
{
    const size_t n = maillog_join_export(state.join, NULL, 0);
    void *bytes = malloc(n);
    if (maillog_join_export(state.join, bytes, n) != n || maillog_join_import(state.whole, bytes, n) != MAILLOG_OK)
        exit(1);
    free(bytes);
}

static int push(void *user, const maillog_event *ev)
{
    (void)user;
    for (; state.next < state.ncuts && state.line == state.cut[state.next]; state.next++) hand_on();
    return maillog_join_push_line(state.join, ev, ++state.line) == MAILLOG_OK ? 0 : -1;
}

static int by_line(const void *a, const void *b)
{
    const record *x = (const record *)a, *y = (const record *)b;
    return x->first < y->first ? -1 : x->first > y->first;
}

int main(int argc, char **argv)
{
    static char buf[1 << 16], carry[1 << 16];
    maillog_join_config cfg;
    maillog_callbacks cb;
    maillog_stream s;
    size_t chunk = sizeof buf, n, used;
    int stats = 0;
    const char *path = NULL;
    memset(&cfg, 0, sizeof cfg);
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--memory") == 0)
            cfg.memory = strtoull(argv[++i], NULL, 10);
        else if (strcmp(argv[i], "--chunk") == 0)
            chunk = strtoull(argv[++i], NULL, 10);
        else if (strcmp(argv[i], "--cut") == 0)
            state.cut[state.ncuts++ % 16] = strtoull(argv[++i], NULL, 10);
        else if (strcmp(argv[i], "--settle") == 0)
            cfg.settle = (uint32_t)strtoul(argv[++i], NULL, 10);
        else if (strcmp(argv[i], "--wait") == 0)
            cfg.wait = (uint32_t)strtoul(argv[++i], NULL, 10);
        else if (strcmp(argv[i], "--all") == 0)
            cfg.flags |= MAILLOG_JOIN_ALL_RECORDS;
        else if (strcmp(argv[i], "--stats") == 0)
            stats = 1;
        else
            path = argv[i];
    }
    FILE *f = path ? fopen(path, "rb") : stdin;
    const size_t size = maillog_join_size(&cfg);
    void *mem = malloc(size), *mem2 = state.ncuts ? malloc(size) : NULL;
    maillog_callbacks_init(&cb);
    cb.on_event = push;
    if (mem2) {
        if (maillog_join_init(&state.whole, mem2, size, &cfg, keep, NULL) != MAILLOG_OK) return 1;
        cfg.flags |= MAILLOG_JOIN_PART;
    }
    if (!f || maillog_join_init(&state.join, mem, size, &cfg, keep, NULL) != MAILLOG_OK) return 1;
    maillog_stream_init(&s, &cb, NULL, carry, sizeof carry);
    while ((n = fread(buf, 1, chunk, f)) > 0)
        if (maillog_stream_feed(&s, buf, n, &used) != MAILLOG_OK) return 1;
    maillog_stream_finish(&s);
    if (state.whole) {
        hand_on();
        state.join = state.whole;
    }
    maillog_join_stats st;
    int rc = maillog_join_stats_get(state.join, &st);
    maillog_join_flush(state.join);
    rc |= maillog_join_stats_get(state.join, &st);
    qsort(state.v, state.n, sizeof *state.v, by_line);
    for (size_t i = 0; i < state.n; i++) puts(state.v[i].json);
    if (stats || rc)
        fprintf(stderr,
                "lines %llu attributed %llu sessions %llu services %llu unmatched %llu pending %llu duplicates %llu "
                "truncated %llu messages %llu (complete %llu expired %llu evicted %llu flushed %llu) live %llu rc %d\n",
                (unsigned long long)st.lines, (unsigned long long)st.attributed, (unsigned long long)st.sessions,
                (unsigned long long)st.services, (unsigned long long)st.unmatched, (unsigned long long)st.pending,
                (unsigned long long)st.duplicates, (unsigned long long)st.truncated, (unsigned long long)st.messages,
                (unsigned long long)st.complete, (unsigned long long)st.expired, (unsigned long long)st.evicted,
                (unsigned long long)st.flushed, (unsigned long long)st.live, rc);
    return rc ? 1 : 0;
}
