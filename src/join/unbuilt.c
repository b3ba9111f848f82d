/* unbuilt.c: what a message is made of, as bytes that another thread can build it from: a block of its own, with the
 * nodes of the group, their sessions and all their tapes, and what is remembered of greylisted attempts they name.
 *
 *   head (with that of the table) | one bucket | cells, numbered from 1 */
#include "build.h"
#include "mta.h"

#define MAGIC 0x746c6975626e7567u /* "gunbuilt" */

enum { MOST_NODES = 64, MOST_SESSIONS = 64, ALIGNED = 16 };

typedef struct unbuilt {
    uint64_t magic, len;
    uint32_t state, attempt; /* attempt: of the session in cell 1, its segment; else the group that cell 1 leads */
    uint64_t room;           /* of the scratch that it is built in */
    uint16_t segment;
    maillog_join j;
} unbuilt;

#define BUCKET (sizeof(unbuilt) + (ALIGNED - sizeof(unbuilt) % ALIGNED) % ALIGNED)

/* Being written to the table's scratch. */
typedef struct parcel {
    maillog_join *from, *to;
    uint32_t ncells, most; /* in use; there is room for */
    uint32_t nsessions, session[MOST_SESSIONS];
    uint32_t first_session; /* the cell of session[0]; the others follow */
} parcel;

static uint32_t add_cell(parcel *p, const void *what)
{
    if (p->ncells == p->most) return 0;
    memcpy(ml_cell(p->to, ++p->ncells), what, ML_CELL);
    return p->ncells;
}

static uint32_t find_session(const parcel *p, uint32_t session)
{
    uint32_t i = 0;
    while (i < p->nsessions && p->session[i] != session) i++;
    return i;
}

/* The nodes: those of the group in the order of its ring, then the sessions. */
static bool add_nodes(parcel *p, uint32_t leader)
{
    uint32_t i = leader, session;
    do {
        const uint32_t cell = add_cell(p, ml_at_node(p->from, i));
        if (!cell) return false;
        ml_node *n = ml_at_node(p->to, cell);
        i = n->group_next;
        n->group = 1;
        n->group_next = i == leader ? 1 : cell + 1;
    } while (i != leader);
    p->first_session = p->ncells + 1;
    for (uint32_t cell = 1; cell < p->first_session; cell++) {
        if ((session = ml_at_node(p->to, cell)->session) == 0) continue;
        const uint32_t k = find_session(p, session);
        if (k == p->nsessions) {
            if (k == MOST_SESSIONS || !add_cell(p, ml_at_node(p->from, session))) return false;
            p->session[p->nsessions++] = session;
        }
        ml_at_node(p->to, cell)->session = p->first_session + k;
    }
    return true;
}

static bool add_tapes(parcel *p)
{
    const uint32_t nodes = p->ncells;
    for (uint32_t cell = 1; cell <= nodes; cell++) {
        ml_node *n = ml_at_node(p->to, cell);
        for (uint32_t from = n->head, last = 0; from; from = ml_next_cell(p->from, from)) {
            const uint32_t copy = add_cell(p, ml_cell(p->from, from));
            if (!copy) return false;
            if (last)
                ml_set_next_cell(p->to, last, copy);
            else
                n->head = copy;
            n->tail = last = copy;
            ml_set_next_cell(p->to, copy, 0);
        }
    }
    return true;
}

/* The attempt that a policy answer let through at last, if the table remembers it: see links.c. */
static bool add_grey(parcel *p, maillog_str from, maillog_str to)
{
    const uint32_t grey = maillog__grey(p->from, from, to);
    if (!grey) return true;
    const uint32_t cell = add_cell(p, ml_at_node(p->from, grey));
    if (!cell) return false;
    ml_node *n = ml_at_node(p->to, cell);
    uint32_t *bucket = ml_bucket(p->to, n->key[0]);
    n->key_next[0] = *bucket;
    *bucket = cell * 2;
    return true;
}

/* The second half of the table's scratch is free: see begin(). */
static bool add_greys_of(parcel *p, const ml_node *n)
{
    char *const copy = ml_scratch(p->from) + p->from->scratch_size / 2;
    if (n->bytes > p->from->scratch_size / 2) return false;
    const char *at = copy, *const end = maillog__tape_copy(p->to, n, copy);
    ml_entry e;
    while (maillog__entry(&at, end, &e)) {
        if (e.daemon <= MAILLOG_DAEMON_POSTFIX_FILES || ml_is_mta(e.daemon)) continue;
        ml_read_fields(&e);
        const maillog_str to = maillog__entry_get(&e, ML_K_TO);
        if (!to.len || maillog__entry_word(&e, ML_K_ACTION) != MAILLOG_ACTION_PASS) continue;
        if (!add_grey(p, maillog__entry_get(&e, ML_K_FROM), to)) return false;
    }
    return true;
}

static bool add_greys(parcel *p, uint32_t nodes)
{
    for (uint32_t cell = 1; cell <= nodes && p->from->list[ML_LIST_GREY].first; cell++) {
        const ml_node *n = ml_at_node(p->to, cell);
        const bool answers = n->kind == ML_NODE_POLICY || (cell >= p->first_session && n->flags & ML_F_SEGMENTS);
        if (answers && !add_greys_of(p, n)) return false;
    }
    return true;
}

static void begin(parcel *p, maillog_join *j, unbuilt *u)
{
    memset(p, 0, offsetof(parcel, session));
    memset(u, 0, BUCKET + sizeof(uint32_t));
    p->from = j;
    p->to = &u->j;
    u->magic = MAGIC;
    u->room = j->scratch_size;
    u->j.config = j->config;
    u->j.nbuckets = 1;
    u->j.buckets_at = BUCKET - offsetof(unbuilt, j);
    u->j.cells_at = BUCKET + ALIGNED - ML_CELL - offsetof(unbuilt, j); /* from 1 */
    p->most = (uint32_t)((j->scratch_size / 2 - BUCKET - ALIGNED) / ML_CELL);
}

static maillog_str end(const parcel *p, unbuilt *u, maillog_message_state state)
{
    u->j.ncells = p->ncells + 1;
    u->state = (uint32_t)state;
    u->len = BUCKET + ALIGNED + (size_t)p->ncells * ML_CELL;
    const maillog_str bytes = {(const char *)u, (size_t)u->len};
    return bytes;
}

bool maillog__unbuilt(maillog_join *j, uint32_t leader, maillog_message_state state, maillog_str *out)
{
    unbuilt *const u = (unbuilt *)(void *)ml_scratch(j);
    parcel p;
    if (ml_at_node(j, leader)->u.g.nodes > MOST_NODES) return false;
    begin(&p, j, u);
    if (!add_nodes(&p, leader)) return false;
    const uint32_t nodes = p.ncells;
    if (!add_tapes(&p) || !add_greys(&p, nodes)) return false;
    *out = end(&p, u, state);
    return true;
}

/* Whether it may turn out to be greylisted, which the table has to know. Any text with `greylist` or `graylist` will
 * do.
 */
static bool may_be_greylisted(const maillog_join *j, const ml_node *session)
{
    const char *p = ml_scratch(j), *const tape = p;
    const char *const end = maillog__tape_copy(j, session, ml_scratch(j));
    ml_entry e;
    while (maillog__entry(&p, end, &e))
        if (e.daemon == MAILLOG_DAEMON_POSTGREY) return true;
    for (p = tape; (p = (const char *)memchr(p, 'y', (size_t)(end - p))) != NULL; p++)
        if (end - p >= 5 && (p[1] | 0x20) == 'l' && (p[2] | 0x20) == 'i' && (p[3] | 0x20) == 's') return true;
    return memchr(tape, 'Y', (size_t)(end - tape)) != NULL; /* seldom */
}

bool maillog__unbuilt_attempt(maillog_join *j, uint32_t session, uint16_t segment, maillog_message_state state,
                              maillog_str *out)
{
    unbuilt *const u = (unbuilt *)(void *)ml_scratch(j);
    parcel p;
    if (may_be_greylisted(j, ml_at_node(j, session))) return false;
    begin(&p, j, u);
    p.first_session = 1;
    if (!add_cell(&p, ml_at_node(j, session)) || !add_tapes(&p) || !add_greys(&p, 1)) return false;
    u->attempt = 1;
    u->segment = segment;
    *out = end(&p, u, state);
    return true;
}

int maillog_join_unbuilt(maillog_join *j, maillog_unbuilt_cb cb)
{
    if (!j) return MAILLOG_ERR_ARGUMENT;
    if (j->sealed) return MAILLOG_ERR_STATE;
    j->unbuilt = cb;
    return MAILLOG_OK;
}

static size_t rounded(size_t n) { return (n + ALIGNED - 1) / ALIGNED * ALIGNED; }

static bool read_head(const void *bytes, size_t len, unbuilt *u)
{
    if (!bytes || len < BUCKET + ALIGNED) return false;
    memcpy(u, bytes, sizeof *u);
    return u->magic == MAGIC && u->len == len;
}

size_t maillog_message_room(const void *bytes, size_t len)
{
    unbuilt u;
    return read_head(bytes, len, &u) ? rounded(len) + (size_t)u.room : 0;
}

int maillog_message_build(const void *bytes, size_t len, void *mem, size_t room, maillog_message_cb cb, void *user)
{
    unbuilt head;
    ml_build b;
    maillog_message m;
    if (!bytes || !mem || !cb) return MAILLOG_ERR_ARGUMENT;
    if (!read_head(bytes, len, &head)) return MAILLOG_ERR_FORMAT;
    if (room < rounded(len) + head.room) return MAILLOG_ERR_NO_SPACE;
    unbuilt *const u = (unbuilt *)memcpy(mem, bytes, len);
    u->j.scratch_at = rounded(len) - offsetof(unbuilt, j);
    u->j.scratch_size = u->room;
    if (u->attempt)
        maillog__build_attempt(&u->j, &b, &m, 1, u->segment, MAILLOG_RECORD_MESSAGE);
    else
        maillog__build_group(&u->j, &b, &m, 1, MAILLOG_RECORD_MESSAGE);
    if (!m.lines.len && !m.truncated) return MAILLOG_OK;
    m.state = (maillog_message_state)u->state;
    return cb(user, &m) < 0 ? MAILLOG_ERR_ABORTED : MAILLOG_OK;
}
