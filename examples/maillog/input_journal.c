/* input_journal.c: journal files through libsystemd, as records of journalctl -o export, of the fields that matter. */
#include "command.h"
#include "input.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#ifdef MAILLOG_WITH_SYSTEMD
#include <systemd/sd-journal.h>

typedef struct journal {
    sd_journal *j;
    char *record;
    size_t len, at, cap;
} journal;

static void put(journal *jr, const void *data, size_t n)
{
    if (jr->len + n > jr->cap) jr->record = (char *)must_realloc(jr->record, jr->cap = (jr->len + n) * 2 + 1024);
    if (n) memcpy(jr->record + jr->len, data, n);
    jr->len += n;
}

static void put_text(journal *jr, const char *s) { put(jr, s, strlen(s)); }

/* KEY=value; with line ends in it, the key, eight bytes of length and the value. False: the entry has no such field. */
static bool put_field(journal *jr, const char *key)
{
    const void *data;
    size_t len;
    const size_t n = strlen(key) + 1; /* with the '=' */
    if (sd_journal_get_data(jr->j, key, &data, &len) < 0 || len < n) return false;
    if (!memchr(data, '\n', len)) {
        put(jr, data, len);
        put_text(jr, "\n");
        return true;
    }
    unsigned char size[8];
    for (size_t i = 0; i < sizeof size; i++) size[i] = (unsigned char)((uint64_t)(len - n) >> (8 * i));
    put(jr, data, n - 1);
    put_text(jr, "\n");
    put(jr, size, sizeof size);
    put(jr, (const char *)data + n, len - n);
    put_text(jr, "\n");
    return true;
}

static void put_entry(journal *jr)
{
    uint64_t usec;
    char stamp[64];
    put_text(jr, "__CURSOR=0\n");
    if (sd_journal_get_realtime_usec(jr->j, &usec) >= 0) {
        snprintf(stamp, sizeof stamp, "__REALTIME_TIMESTAMP=%llu\n", (unsigned long long)usec);
        put_text(jr, stamp);
    }
    put_field(jr, "_HOSTNAME");
    if (!put_field(jr, "SYSLOG_IDENTIFIER")) put_field(jr, "_COMM");
    if (!put_field(jr, "SYSLOG_PID")) put_field(jr, "_PID");
    put_field(jr, "MESSAGE");
    put_text(jr, "\n");
}

static ssize_t journal_read(source *s, char *buf, size_t cap)
{
    journal *jr = (journal *)s->state;
    size_t given = 0;
    while (given < cap && !interrupted) {
        if (jr->at == jr->len) {
            jr->at = jr->len = 0;
            const int rc = sd_journal_next(jr->j);
            if (rc < 0) {
                snprintf(s->why, sizeof s->why, "the journal is damaged: %s: what stands before is read",
                         strerror(-rc));
                return given ? (ssize_t)given : -1;
            }
            if (rc == 0) break;
            put_entry(jr);
        }
        const size_t left = jr->len - jr->at, n = left < cap - given ? left : cap - given;
        memcpy(buf + given, jr->record + jr->at, n);
        jr->at += n;
        given += n;
    }
    return (ssize_t)given;
}

static void journal_close(source *s)
{
    journal *jr = (journal *)s->state;
    sd_journal_close(jr->j);
    free(jr->record);
    free(jr);
}

bool unpack_journal(source *s)
{
    static const unpacker way = {journal_read, journal_close};
    const char *paths[] = {s->name, NULL};
    journal *jr = (journal *)must_realloc(NULL, sizeof *jr);
    memset(jr, 0, sizeof *jr);
    const int rc = s->own_fd ? sd_journal_open_files(&jr->j, paths, 0) : -ESPIPE;
    if (rc >= 0) {
        s->journal = true;
        s->state = jr;
        s->unpack = &way;
        return true;
    }
    free(jr);
    snprintf(s->why, sizeof s->why, "is a journal file, and cannot be opened: %s", strerror(-rc));
    return false;
}

#else

bool unpack_journal(source *s)
{
    snprintf(s->why, sizeof s->why, "is a journal file: pipe `journalctl -o export --file=%.60s` into maillog",
             s->name);
    return false;
}

#endif
