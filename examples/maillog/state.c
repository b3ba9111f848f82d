/* state.c: the file of --state: a head, how far each log was read, the join table as it is in memory. */
#include "state.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MARKS = 256 };

/* A log is known by its device and inode, so that a rotated one is still the same. */
typedef struct mark {
    uint64_t dev, ino, given;
} mark;

typedef struct state_head {
    char magic[16];
    uint64_t line, block, nmarks;
    mark marks[MARKS];
} state_head;

static const char magic[16] = "maillog state 1";
static state_head before, now; /* what the earlier run left; what this one did */

/* A state that could not be kept is known before hours of reading, not after. */
static bool can_write(const command *c)
{
    FILE *f = fopen(c->state_file, "ab");
    if (f) {
        fclose(f);
        unlink(c->state_file);
        return true;
    }
    fprintf(stderr, "maillog: --state %s: %s\n", c->state_file, strerror(errno));
    return false;
}

bool state_load(command *c, void **block, size_t *len)
{
    *block = NULL;
    if (!c->state_file) return true;
    FILE *f = fopen(c->state_file, "rb");
    if (!f && errno == ENOENT) return can_write(c);
    const bool read_head = f && fread(&before, sizeof before, 1, f) == 1;
    const bool ok = read_head && memcmp(before.magic, magic, sizeof magic) == 0 && before.nmarks <= MARKS;
    if (ok && (*block = malloc(before.block ? before.block : 1)) != NULL &&
        fread(*block, 1, before.block, f) == before.block) {
        fclose(f);
        *len = before.block;
        c->line = before.line;
        return true;
    }
    fprintf(stderr, "maillog: --state %s: %s\n", c->state_file,
            f ? "is no state of this maillog, or was cut" : strerror(errno));
    if (f) fclose(f);
    free(*block);
    *block = NULL;
    return false;
}

/* Entries of a journal are only ever added. */
static uint64_t pass_over(source *s, uint64_t bytes)
{
    static char buf[1 << 16];
    uint64_t passed = 0;
    while (passed < bytes) {
        const uint64_t left = bytes - passed;
        const ssize_t n = source_read(s, buf, left < sizeof buf ? (size_t)left : sizeof buf);
        if (n <= 0) break;
        passed += (uint64_t)n;
    }
    return passed;
}

uint64_t state_resume(command *c, source *s)
{
    if (!c->state_file || !s->regular) return 0;
    for (uint64_t i = 0; i < before.nmarks; i++) {
        const mark *m = &before.marks[i];
        if (m->dev != (uint64_t)s->st.st_dev || m->ino != (uint64_t)s->st.st_ino) continue;
        if (s->journal) return pass_over(s, m->given);
        if (s->unpack) { /* a packed log does not grow: it was read */
            s->unpack->close(s);
            s->unpack = NULL;
            s->nhead = 0;
            lseek(s->fd, 0, SEEK_END);
            return m->given;
        }
        if ((uint64_t)s->st.st_size < m->given) return 0; /* truncated since */
        s->nhead = s->head_at = 0;
        lseek(s->fd, (off_t)m->given, SEEK_SET);
        return m->given;
    }
    return 0;
}

void state_done(command *c, const source *s, uint64_t given)
{
    if (!c->state_file || !s->regular) return;
    for (uint64_t i = 0; i < now.nmarks; i++)
        if (now.marks[i].dev == (uint64_t)s->st.st_dev && now.marks[i].ino == (uint64_t)s->st.st_ino) {
            now.marks[i].given = given;
            return;
        }
    if (now.nmarks == MARKS) memmove(now.marks, now.marks + 1, (size_t)(--now.nmarks) * sizeof now.marks[0]);
    const mark m = {(uint64_t)s->st.st_dev, (uint64_t)s->st.st_ino, given};
    now.marks[now.nmarks++] = m;
}

/* Logs that were not named this time keep their marks. */
static void keep_marks(void)
{
    for (uint64_t i = 0; i < before.nmarks && now.nmarks < MARKS; i++) {
        bool known = false;
        for (uint64_t k = 0; k < now.nmarks; k++)
            known = known || (now.marks[k].dev == before.marks[i].dev && now.marks[k].ino == before.marks[i].ino);
        if (!known) now.marks[now.nmarks++] = before.marks[i];
    }
}

/* A table is mostly empty: pages of zeroes are holes in the file. */
static bool write_block(FILE *f, const char *block, size_t len)
{
    static const char zeroes[4096];
    for (size_t at = 0; at < len; at += sizeof zeroes) {
        const size_t n = len - at < sizeof zeroes ? len - at : sizeof zeroes;
        const bool empty = memcmp(block + at, zeroes, n) == 0;
        if (empty ? fseeko(f, (off_t)n, SEEK_CUR) != 0 : fwrite(block + at, 1, n, f) != n) return false;
    }
    return fflush(f) == 0 && ftruncate(fileno(f), ftello(f)) == 0;
}

bool state_save(command *c, const void *block, size_t len)
{
    char temporary[4096];
    keep_marks();
    memcpy(now.magic, magic, sizeof magic);
    now.line = c->line;
    now.block = len;
    const int n = snprintf(temporary, sizeof temporary, "%s.new", c->state_file);
    FILE *f = n > 0 && (size_t)n < sizeof temporary ? fopen(temporary, "wb") : NULL;
    bool ok =
        f && fwrite(&now, sizeof now, 1, f) == 1 && write_block(f, (const char *)block, len) && fsync(fileno(f)) == 0;
    if (f && fclose(f) != 0) ok = false;
    if (ok && rename(temporary, c->state_file) == 0) return true;
    complain(c, c->state_file, strerror(errno));
    if (f) unlink(temporary);
    return false;
}
