/* read.c: sets of files → lines → events → a subcommand. One set is read through; several are merged by time. */
#include "command.h"
#include "input.h"
#include "follow.h"
#include "mask.h"
#include "parallel.h"
#include "sheet.h"
#include "state.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { CARRY = 1 << 24, BLOCK = 1 << 17 }; /* CARRY: the longest line that is kept whole */

/* One set of files on its way. With several sets each gives one event at a time, which is kept here. */
typedef struct lane {
    command *c;
    const file_set *set;
    size_t next; /* file of the set that comes next */
    source src;
    bool open, ended, merged, waits, rotated;
    bool told;     /* that the file is waited for */
    bool threaded; /* the present file goes through parallel.h */
    maillog_stream stream;
    char *carry, *buf;
    size_t at, n;   /* bytes of buf that are fed, that are there */
    uint64_t given; /* bytes of the present file that were read from it, unpacked */
    uint64_t tail;  /* ... of them, of a line that is not at its end */
    int64_t reference;
    maillog_event ev;
    char *line;
    size_t line_cap;
    bool has;
    int64_t now;
} lane;

void complain(command *c, const char *name, const char *why)
{
    progress_clear();
    fprintf(stderr, "maillog: %s: %s\n", name, why);
    c->status = 1;
}

static _Thread_local sheet plain; /* a line of a JSON record, without its escapes */

void read_free(void) { sheet_free(&plain); }

static const maillog_event *unescaped(const maillog_event *ev, maillog_event *own)
{
    size_t n = maillog_json_unwrap(ev->line, ev->len, plain.text, plain.cap);
    if (n > plain.cap) n = maillog_json_unwrap(ev->line, ev->len, sheet_room(&plain, n), n);
    return n > 0 && maillog_parse_line(NULL, plain.text, n, own) == MAILLOG_OK ? own : ev;
}

/* A line goes to the subcommand: escapes of JSON records undone, names masked if asked for, numbered. */
static int deliver(command *c, const maillog_event *ev)
{
    maillog_event own;
    int64_t ns;
    const maillog_event *const given = ev;
    c->line++;
    if (ev->flags & MAILLOG_FLAG_ESCAPED) ev = unescaped(ev, &own);
    if (c->mask) ev = mask_event(ev, &own);
    c->fleeting = ev != given;
    if (c->clock && ev->time.month && when_epoch(c, &ev->time, &ns)) c->now = ns;
    if (c->which != CMD_TRACE && !when_inside(c)) return MAILLOG_CONTINUE;
    return interrupted ? -1 : c->on_event(c, ev);
}

static int on_event(void *user, const maillog_event *ev)
{
    lane *l = (lane *)user;
    l->c->reference = l->reference;
    if (!l->merged) return deliver(l->c, ev);
    if (ev->len >= l->line_cap) l->line = (char *)must_realloc(l->line, l->line_cap = ev->len * 2 + 256);
    memcpy(l->line, ev->line, ev->len);
    memcpy(&l->ev, ev, offsetof(maillog_event, field) + ev->nfields * sizeof ev->field[0]);
    l->ev.line = l->line;
    l->has = true;
    when_epoch(l->c, &ev->time, &l->now); /* a line without a time stays behind the one before it */
    return MAILLOG_PAUSE;
}

/* The same for many. Records of JSON need their escapes undone, one by one. */
static int on_events(void *user, const maillog_event *ev, size_t n)
{
    lane *l = (lane *)user;
    uint32_t flags = 0;
    int rc = MAILLOG_CONTINUE;
    for (size_t i = 0; i < n; i++) flags |= ev[i].flags;
    for (size_t i = 0; i < n && flags & MAILLOG_FLAG_ESCAPED; i++)
        if ((rc = on_event(user, &ev[i])) < 0) return rc;
    if (flags & MAILLOG_FLAG_ESCAPED) return rc;
    l->c->reference = l->reference;
    rc = interrupted ? -1 : l->c->on_events(l->c, ev, n);
    l->c->line += n;
    return rc;
}

/* Threads can do more than parse where lines do not depend on each other: those without a time belong to the line
 * before them, which matters to --since and --until; names that are masked are seen only then. */
static void threads_start(lane *l)
{
    static parallel_work work;
    command *c = l->c;
    const bool apart = c->since == INT64_MIN && c->until == INT64_MAX;
    work.cb = on_event;
    work.user = l;
    work.cb_many = c->on_events && !c->mask ? on_events : NULL;
    work.render = apart && (c->which == CMD_EVENTS || c->which == CMD_SUMMARY) ? deliver : NULL;
    work.row = c->mask ? NULL : c->on_row;
    work.written = c->on_written;
    work.only = apart && !c->mask ? c->only : NULL;
    c->reference = l->reference;
    l->threaded = !l->merged && !c->follow && !c->state_file && parallel_begin(c, &work);
}

static void stream_start(lane *l)
{
    maillog_callbacks cb;
    maillog_callbacks_init(&cb);
    cb.on_event = on_event;
    maillog_stream_init(&l->stream, &cb, l, l->carry, CARRY);
}

/* What gives stamps without a year theirs: nothing in a file is later than its last change, but for a clock or a zone
 * that is a day off. So the year of days that may be meant ends there. */
static int64_t reference_before(int64_t newest) { return newest + 86400 - 365 * 86400 / 2; }

static int64_t reference_of(const command *c, const source *s)
{
    if (c->year) return maillog_days_from_civil(c->year, 7, 2) * 86400;
    return reference_before(s->regular ? (int64_t)s->st.st_mtime : (int64_t)time(NULL));
}

static bool last_of_set(const lane *l) { return l->next == l->set->n; }

/* What is written while it is read, for days perhaps, is of now. */
static void keep_up(lane *l)
{
    const bool grows = !l->src.regular || (l->c->follow && last_of_set(l));
    if (!grows || l->c->year) return;
    const int64_t reference = reference_before((int64_t)time(NULL));
    if (reference - l->reference >= 3600) l->reference = reference;
}

/* What was meant for an option looks like a file's name. */
static void complain_of_name(command *c, const char *name, const source *s)
{
    const size_t n = strlen(name), id = strspn(name, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");
    const char *option = strchr(name, '@') ? "--address" : n >= 6 && id == n ? "--queue-id" : NULL;
    complain(c, name, s->why);
    if (s->missing && option && c->which == CMD_TRACE) fprintf(stderr, "maillog: did you mean %s %s?\n", option, name);
}

/* Open the next file. False: there is none (ended), or it is waited for. */
static bool open_next(lane *l)
{
    while (l->next < l->set->n) {
        const char *name = l->set->name[l->next];
        const bool awaited = l->c->follow && l->next + 1 == l->set->n && strcmp(name, "-") != 0;
        if (source_open(&l->src, name)) {
            l->next++;
            l->given = state_resume(l->c, &l->src);
            l->open = true;
            l->waits = l->rotated = l->told = false;
            l->reference = reference_of(l->c, &l->src);
            threads_start(l);
            return true;
        }
        if (awaited && l->src.missing) {
            if (!l->told) fprintf(stderr, "maillog: %s: not there yet: waiting for it\n", name);
            l->told = l->waits = true;
            return false;
        }
        complain_of_name(l->c, name, &l->src);
        l->next++;
    }
    l->ended = true;
    return false;
}

/* A followed file is read to its present end. False: wait for more. */
static bool after_end(lane *l)
{
    const char *name = l->src.name;
    if (l->c->follow && l->src.journal)
        complain(l->c, name, "a journal file is not followed: journalctl -f -o export | maillog does it");
    if (!l->c->follow || !last_of_set(l) || !l->src.own_fd || !l->src.regular || l->src.unpack || interrupted)
        return true;
    if (l->rotated) { /* what was written to the old file until now is read, too */
        l->next--;
        return true;
    }
    const follow_change change = follow_look(&l->src, l->given);
    if (change == FOLLOW_TRUNCATED) {
        fprintf(stderr, "maillog: %s: was truncated: going on at its beginning\n", name);
        l->given = l->tail = 0;
        maillog_stream_finish(&l->stream); /* half a line does not run into the new beginning */
    }
    l->rotated = change == FOLLOW_REPLACED;
    l->waits = change == FOLLOW_NOTHING;
    return false;
}

/* The present file gave all it has. */
static void close_file(lane *l)
{
    state_done(l->c, &l->src, l->given - l->tail);
    source_close(&l->src);
    l->open = false;
}

static void count_bytes(lane *l)
{
    size_t end = l->n;
    while (end > 0 && l->buf[end - 1] != '\n') end--;
    l->tail = end ? l->n - end : l->tail + l->n;
    l->given += l->n;
}

/* A file's last line does not run into the next file. With --state one without an end waits for the next run. */
static int end_file(lane *l)
{
    int rc = l->threaded ? parallel_drain() : MAILLOG_OK;
    if (l->c->state_file && l->tail && !l->src.unpack && l->src.regular) {
        stream_start(l);
        return rc;
    }
    if (rc >= 0) rc = maillog_stream_finish(&l->stream);
    while (rc == MAILLOG_PAUSE && !l->has) rc = maillog_stream_finish(&l->stream);
    return rc;
}

/* What was read goes to the threads, as long as they can do it. What a pipe gave is seen at once if it has no more. */
static int feed_threads(lane *l, size_t n)
{
    const char *tail;
    size_t len, used;
    bool taken;
    l->c->reference = l->reference;
    int rc = parallel_feed(n, &taken);
    if (taken && rc >= 0 && source_silent(&l->src)) rc = parallel_flush();
    if (taken || rc < 0) return rc;
    l->threaded = false;
    rc = parallel_leave(&tail, &len);
    return rc < 0 ? rc : maillog_stream_feed(&l->stream, tail, len, &used);
}

static int feed(lane *l)
{
    size_t used;
    const int rc = maillog_stream_feed(&l->stream, l->buf + l->at, l->n - l->at, &used);
    l->at += used;
    return rc;
}

/* Some more of the present file. False: nothing came, the trouble with it is said. */
static bool read_on(lane *l, int *rc)
{
    char *buf = l->threaded ? parallel_room(BLOCK) : l->buf;
    if (!l->src.regular) fflush(stdout); /* a pipe may have nothing for hours: what is known is seen before */
    const ssize_t n = source_read(&l->src, buf, BLOCK);
    l->at = l->n = 0;
    keep_up(l);
    if (n < 0) complain(l->c, l->src.name, l->src.why);
    if (n <= 0) return interrupted || (n == 0 && !after_end(l));
    if (l->threaded) {
        *rc = feed_threads(l, (size_t)n);
    } else {
        l->n = (size_t)n;
        count_bytes(l);
    }
    return true;
}

/* Read on until an event is there (merged), the input waits, or is over. */
static void lane_run(lane *l)
{
    int rc = MAILLOG_OK;
    l->waits = false;
    while (!l->has && !l->ended && !l->waits && !interrupted) {
        if (l->at < l->n) {
            rc = feed(l);
        } else if ((l->open || open_next(l)) && !read_on(l, &rc)) {
            rc = end_file(l);
            close_file(l);
        }
        if (rc < 0) l->ended = true;
    }
}

static void lane_start(lane *l, command *c, const file_set *set, bool merged)
{
    memset(l, 0, sizeof *l);
    l->c = c;
    l->set = set;
    l->merged = merged;
    l->now = INT64_MIN;
    l->carry = (char *)must_realloc(NULL, CARRY);
    l->buf = (char *)must_realloc(NULL, BLOCK);
    stream_start(l);
}

static void lane_end(lane *l)
{
    if (l->open) close_file(l);
    free(l->carry);
    free(l->buf);
    free(l->line);
}

/* The lane whose event is the oldest. NULL: none has one. */
static lane *oldest(lane *lanes, size_t n)
{
    lane *best = NULL;
    for (size_t i = 0; i < n; i++) {
        if (!lanes[i].has) lane_run(&lanes[i]);
        if (lanes[i].has && (!best || lanes[i].now < best->now)) best = &lanes[i];
    }
    return best;
}

static void merge(command *c, lane *lanes, size_t n)
{
    lane *l;
    while (!interrupted && (l = oldest(lanes, n)) != NULL) {
        l->has = false;
        c->reference = l->reference;
        if (deliver(c, &l->ev) < 0) {
            for (size_t i = 0; i < n; i++) lanes[i].ended = true;
            return;
        }
    }
}

static bool all_ended(const lane *lanes, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!lanes[i].ended) return false;
    return true;
}

void command_read(command *c)
{
    size_t n;
    c->clock = c->clock || c->follow || c->since != INT64_MIN || c->until != INT64_MAX;
    file_set *sets = input_sets(c, &n);
    lane *lanes = (lane *)must_realloc(NULL, (n + 1) * sizeof *lanes);
    if (c->nfiles == 0 && isatty(0))
        fprintf(stderr, "maillog: reading what is typed here (Ctrl-D ends it); a log is read with: maillog %s FILE\n",
                c->name);
    progress_start(c, sets, n);
    for (size_t i = 0; i < n; i++) lane_start(&lanes[i], c, &sets[i], n > 1);
    if (c->follow) follow_start(sets, n);
    while (!interrupted && !all_ended(lanes, n)) {
        if (n > 1)
            merge(c, lanes, n);
        else
            lane_run(&lanes[0]);
        if (all_ended(lanes, n) || interrupted) break;
        for (size_t i = 0; i < n; i++)
            if (lanes[i].open) state_done(c, &lanes[i].src, lanes[i].given - lanes[i].tail);
        if (c->on_idle) c->on_idle(c);
        follow_wait();
    }
    for (size_t i = 0; i < n; i++) lane_end(&lanes[i]);
    parallel_end();
    follow_end();
    progress_end();
    free(lanes);
    input_sets_free(sets, n);
}
