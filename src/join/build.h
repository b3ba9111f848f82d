/* build.h: from the tapes of a group, or of a session's segment, to a maillog_message. Works in the block's scratch:
 * first the tapes, copied to be contiguous, then the arrays of the message. */
#ifndef MAILLOG_JOIN_BUILD_H
#define MAILLOG_JOIN_BUILD_H

#include <maillog/describe.h>

#include "table.h"

#define ML_NO_LEG UINT32_MAX
enum { ML_UNLISTED = 2, ML_ATTEMPT = 3 }; /* ml_part.own: what no message has listed yet; that, and the shared lines */

/* A node's tape, read: of a session, the entries of one segment and the shared ones, those unless `own`. */
typedef struct ml_part {
    ml_entry *entry;
    size_t n, telling;          /* telling: of them, those that repeat no other; they come first */
    maillog_str host, queue_id; /* of the first line that came, listed or not */
    uint32_t node, leg;         /* leg: index into the message's, or ML_NO_LEG */
    uint16_t segment;
    uint8_t kind, own;
} ml_part;

typedef struct ml_build {
    maillog_join *j;
    maillog_message *m;
    char *top, *limit;
    ml_part *part;
    size_t nparts;
    uint32_t *leg_part; /* message leg → its part */
} ml_build;

/* Whether an entry has one of the fields: most lines are sorted out by it. */
#define ML_BIT(NAME) ((uint64_t)1 << ML_K_##NAME)
static inline bool ml_has_any(const ml_entry *e, uint64_t bits) { return (e->mask & bits) != 0; }

/* Sorting: by key, then by index. */
typedef struct ml_sorted {
    uint64_t key;
    uint64_t index;
} ml_sorted;
void maillog__sort(ml_sorted *v, size_t n);

/* NULL when the scratch is full. The scratch ends where a multiple of 8 does. */
static inline void *ml_reserve(ml_build *b, size_t count, size_t size)
{
    char *p = b->top + ml_padding((uintptr_t)b->top, 8);
    if ((size_t)(b->limit - p) < count * size) {
        b->m->truncated++;
        return NULL;
    }
    b->top = p + count * size;
    return p;
}

/* The same, zeroed. */
static inline void *ml_take(ml_build *b, size_t count, size_t size)
{
    void *p = ml_reserve(b, count, size);
    if (p && count) memset(p, 0, count * size);
    return p;
}
maillog_lines maillog__sorted_lines(ml_build *b, uint64_t *line, size_t n);
uint32_t maillog__leg_index(const ml_build *b, maillog_str queue_id);

/* Start at 0; entries that count: no repeats. */
static inline const ml_entry *ml_next(const ml_part *p, size_t *at)
{
    return *at < p->telling ? &p->entry[(*at)++] : NULL;
}

static inline bool ml_same(maillog_str a, maillog_str b)
{
    return a.ptr && b.ptr && a.len == b.len && memcmp(a.ptr, b.ptr, a.len) == 0;
}
static inline maillog_str ml_text(const char *s)
{
    const maillog_str v = {s, strlen(s)};
    return v;
}
static inline bool ml_text_starts(maillog_str s, const char *word)
{
    const size_t n = strlen(word);
    return s.ptr && s.len >= n && memcmp(s.ptr, word, n) == 0;
}
static inline void ml_keep_first(maillog_str *to, maillog_str v)
{
    if (!to->ptr) *to = v;
}

/* Nothing is looked for if it is known. */
static inline void ml_keep_value(maillog_str *to, const ml_entry *e, ml_kept id)
{
    if (!to->ptr) *to = maillog__entry_get(e, id);
}
ml_hop maillog__hop(const ml_build *b, const ml_entry *delivery); /* links.c; the message has its legs */
bool maillog__contains(maillog_str text, const char *word);       /* ASCII case does not count */

/* apart.c: which lines of a leg's segment are another transaction's. `leg` 0: none; the tape is the session's. */
typedef struct ml_apart {
    const maillog_join *j;
    uint32_t sender; /* 0: nothing is known to be */
    uint16_t segment;
    bool all; /* all that was refused */
} ml_apart;
ml_apart maillog__apart(const maillog_join *j, uint32_t session, uint32_t leg, const char *tape, const char *end);
bool maillog__is_apart(const ml_apart *a, ml_entry e);

void maillog__build_group(maillog_join *j, ml_build *b, maillog_message *m, uint32_t leader, maillog_record record);
void maillog__build_attempt(maillog_join *j, ml_build *b, maillog_message *m, uint32_t session, uint16_t segment,
                            maillog_record record);
void maillog__build_client(ml_build *b); /* client.c */
void maillog__build_links(ml_build *b);  /* links.c */
void maillog__build_checks(ml_build *b); /* checks.c: checks and faults */
void maillog__build_fate(ml_build *b);   /* fate.c: recipients and verdict */

#endif
