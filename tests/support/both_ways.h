/* both_ways.h: text by the quick grammars, through each of the library's doors, and by the grammars they stand for: the
 * events must be the same. For test_quick.c and fuzz_quick.c, which each say what happens when they are not. */
#ifndef BOTH_WAYS_H
#define BOTH_WAYS_H

#include <stddef.h>
#include <string.h>

#include "parse.h"

/* The user's own. Does not return. */
static void both_ways_differ(const maillog_event *quick, const maillog_event *slow);

/* Fields of `quick` count from `base` bytes before its line. */
static bool is_same(const maillog_event *quick, const maillog_event *slow, uint32_t base)
{
    if (quick->type != slow->type || quick->daemon != slow->daemon || quick->match != slow->match) return false;
    if (quick->flags != slow->flags || quick->len != slow->len || quick->nfields != slow->nfields) return false;
    for (uint32_t i = 0; i < slow->nfields; i++) {
        maillog_field f = quick->field[i];
        f.off -= base;
        if (memcmp(&f, &slow->field[i], sizeof f) != 0) return false;
    }
    return memcmp(&quick->time, &slow->time, sizeof slow->time) == 0;
}

/* The line as the daemons' own grammars read it. */
static void parse_slow(const char *line, size_t len, size_t readable, maillog_event *slow)
{
    ml_line l;
    memset(slow, 0, offsetof(maillog_event, field));
    slow->line = line;
    slow->len = (uint32_t)len;
    ml_line_init(&l, slow, line, line + readable);
    maillog__parse_any(&l, NULL, ml_slice(line, line + len), slow->field);
}

static void compare(const maillog_event *quick, size_t readable, uint32_t base)
{
    maillog_event slow;
    parse_slow(quick->line, quick->len, readable, &slow);
    if (!is_same(quick, &slow, base)) both_ways_differ(quick, &slow);
}

/* All lines of the text, as a batch; what one line leaves behind must not change the next. */
static void compare_rows(const ml_path *path, const char *text, size_t size)
{
    enum { ROWS = 3 };
    static maillog_batch_event event[ROWS];
    static maillog_field field[ROWS * MAILLOG_FIELDS_MAX];
    ml_host hosts[ML_HOSTS];
    ml_line l;
    ml_rows rows = {event, event + ROWS, field, 0, (ROWS - 1) * MAILLOG_FIELDS_MAX};
    ml_line_init(&l, NULL, text, text + size);
    maillog__line_keep(&l, hosts);
    path->rows(&l, NULL, text, true, &rows);
    for (const maillog_batch_event *row = event; row < rows.event; row++) {
        maillog_event quick;
        memset(&quick, 0, offsetof(maillog_event, field));
        quick.line = text + row->off;
        quick.len = row->len;
        quick.type = row->type;
        quick.daemon = row->daemon;
        quick.match = row->match;
        quick.flags = row->flags;
        quick.nfields = row->nfields;
        quick.time = row->time;
        memcpy(quick.field, field + row->field, row->nfields * sizeof *field);
        compare(&quick, size - row->off, row->off);
    }
}

static int compare_event(void *end, const maillog_event *quick)
{
    compare(quick, (size_t)((const char *)end - quick->line), 0);
    return 0;
}

/* The same by callback; of a last line without a line end there is none. */
static void compare_lines(const ml_path *path, char *text, size_t size)
{
    ml_host hosts[ML_HOSTS];
    ml_line l;
    int rc = 0;
    ml_line_init(&l, NULL, text, text + size);
    maillog__line_keep(&l, hosts);
    path->lines(&l, NULL, text, compare_event, text + size, &rc);
}

/* By itself, and with what any lines before it left. */
static void compare_line(const ml_path *path, const char *line, size_t len, size_t readable)
{
    static ml_line kept;
    static ml_host hosts[ML_HOSTS];
    maillog_event quick;
    if (!kept.hosts) maillog__line_keep(&kept, hosts);
    path->line(NULL, NULL, line, line + len, line + readable, &quick);
    compare(&quick, readable, 0);
    path->line(&kept, NULL, line, line + len, line + readable, &quick);
    compare(&quick, readable, 0);
}

static void compare_on_path(const ml_path *path, char *text, size_t len, size_t readable)
{
    compare_line(path, text, len, readable);
    const char behind = readable > len ? text[len] : '\0';
    if (readable > len) text[len] = '\n';
    compare_rows(path, text, readable);
    compare_lines(path, text, readable);
    if (readable > len) text[len] = behind;
}

/* The line text[0..len) by itself, and as the first of a text of `readable` bytes: on every path that this processor
 * can run. */
static void both_ways(char *text, size_t len, size_t readable)
{
    compare_on_path(&maillog__path_base, text, len, readable);
    if (maillog__path() != &maillog__path_base) compare_on_path(maillog__path(), text, len, readable);
}

/* A line of a buffer is read where it stands if there is room behind it, else in a copy: so much is room. */
enum { BOTH_WAYS_ROOM = 512 };

/* How long the line is with what follows it there, which no grammar may see: itself again, and blanks. */
static size_t size_with_more(size_t len) { return 2 * len + 1 + BOTH_WAYS_ROOM; }
static void put_with_more(char *text, const char *line, size_t len)
{
    memset(text, ' ', size_with_more(len));
    memcpy(text, line, len);
    text[len] = '\n';
    memcpy(text + len + 1, line, len);
}

#endif
