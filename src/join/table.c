/* table.c: the block: how it is laid out, nodes and their keys, lists, groups. */
#include "table.h"

#define MAGIC 0x6e696f6a6c69616du /* "mailjoin" */
#define FORMAT 5u

_Static_assert(sizeof(ml_node) <= ML_CELL_DATA + 4u, "a node fits into a cell");

/* ---- the block ---- */

enum {
    MOST_OF_LINE = 1 << ML_PLACE_BITS,
    LEAST_MEMORY = 64 * 1024,
    LEAST_SCRATCH = 28 * 1024,
    MOST_SCRATCH = 16 * 1024 * 1024
};

/* cells have 32-bit numbers; where size_t has 32 bits, too, half of what it holds */
#define MOST_MEMORY (SIZE_MAX > UINT32_MAX ? (uint64_t)UINT32_MAX * 64 : SIZE_MAX / 2)

static size_t aligned(size_t n) { return (n + ML_CELL - 1) / ML_CELL * ML_CELL; }

static maillog_join_config with_defaults(const maillog_join_config *config)
{
    maillog_join_config c;
    memset(&c, 0, sizeof c);
    if (config) {
        const size_t n = config->size && config->size < sizeof c ? config->size : sizeof c;
        memcpy(&c, config, n);
    }
    c.size = sizeof c;
    if (!c.memory) c.memory = 64u << 20;
    if (c.memory < LEAST_MEMORY) c.memory = LEAST_MEMORY;
    if (c.memory > MOST_MEMORY) c.memory = MOST_MEMORY;
    c.memory = aligned((size_t)c.memory - (ML_CELL - 1));
    if (!c.settle) c.settle = 10;
    if (!c.wait) c.wait = 300;
    if (!c.expire) c.expire = 6 * 86400;
    return c;
}

size_t maillog_join_size(const maillog_join_config *config) { return (size_t)with_defaults(config).memory; }

/* `shift`: bytes that put the cells at the beginning of cache lines where the block was made. Elsewhere they may lie
 * across them: slower, and no worse. */
static void lay_out(maillog_join *j, uint32_t shift)
{
    const size_t total = (size_t)j->config.memory - shift;
    size_t scratch = aligned(total / 8);
    if (scratch < LEAST_SCRATCH) scratch = LEAST_SCRATCH;
    if (scratch > MOST_SCRATCH) scratch = MOST_SCRATCH;
    size_t cells = (total - aligned(sizeof *j) - scratch) / ML_CELL;
    j->nbuckets = 64;
    while (j->nbuckets < cells / 3) j->nbuckets *= 2;
    cells -= (j->nbuckets * sizeof(uint32_t) + ML_CELL - 1) / ML_CELL;
    j->shift = shift;
    j->buckets_at = aligned(sizeof *j) + shift;
    j->cells_at = aligned(aligned(sizeof *j) + j->nbuckets * sizeof(uint32_t)) + shift;
    j->ncells = (uint32_t)cells;
    j->scratch_at = j->cells_at + cells * ML_CELL;
    j->scratch_size = (size_t)j->config.memory - j->scratch_at;
    j->fresh_cell = 1; /* 0 is "none" */
    j->most[0] = (uint32_t)(j->scratch_size / 24);
    j->most[1] = (uint32_t)(j->scratch_size / 10);
    j->room[0] = (uint32_t)(j->scratch_size / 30);
    j->room[1] = (uint32_t)(j->scratch_size / 14);
    j->line_room = j->ncells / 8 * ML_CELL_DATA;
    for (unsigned i = 0; i < 2 && j->line_room >= MOST_OF_LINE && !ml_is_part(j); i++)
        j->easy[i] = j->room[i] > MOST_OF_LINE ? j->room[i] - MOST_OF_LINE : 0;
}

int maillog_join_init(maillog_join **out, void *mem, size_t len, const maillog_join_config *config,
                      maillog_message_cb cb, void *user)
{
    if (!out || !mem || !cb) return MAILLOG_ERR_ARGUMENT;
    const maillog_join_config c = with_defaults(config);
    if (len < c.memory) return MAILLOG_ERR_NO_SPACE;
    maillog_join *j = (maillog_join *)mem;
    memset(j, 0, sizeof *j);
    j->magic = MAGIC;
    j->version = FORMAT;
    j->layout = (uint32_t)sizeof *j;
    j->config = c;
    j->size = c.memory;
    j->cb = cb;
    j->user = user;
    j->log_time = INT64_MIN;
    lay_out(j, (uint32_t)ml_padding((uintptr_t)mem, ML_CELL));
    memset(ml_buckets(j), 0, (size_t)(j->cells_at - j->buckets_at));
    *out = j;
    return MAILLOG_OK;
}

/* Over all that counts: not the callback, not cells that were never used, not the scratch. A cell in use may have bytes
 * that nobody wrote. */
ML_UNWRITTEN static uint64_t checksum(const maillog_join *j)
{
    maillog_join head;
    memcpy(&head, j, sizeof head);
    head.checksum = 0;
    head.cb = NULL;
    head.user = NULL;
    head.unbuilt = NULL;
    const size_t body = (size_t)(j->cells_at - j->buckets_at) + (size_t)j->fresh_cell * ML_CELL;
    const uint64_t h = maillog__hash(j, MAGIC, &head, sizeof head);
    return maillog__hash(j, h, (const char *)j + j->buckets_at, body);
}

int maillog_join_seal(maillog_join *j)
{
    if (!j || j->sealed) return j ? MAILLOG_ERR_STATE : MAILLOG_ERR_ARGUMENT;
    memset(ml_cell(j, 0), 0, ML_CELL);
    j->sealed = 1;
    j->checksum = checksum(j);
    return MAILLOG_OK;
}

int maillog_join_attach(maillog_join **out, void *mem, size_t len, maillog_message_cb cb, void *user)
{
    if (!out || !mem || !cb) return MAILLOG_ERR_ARGUMENT;
    maillog_join *j = (maillog_join *)mem;
    if (len < sizeof *j || j->magic != MAGIC) return MAILLOG_ERR_FORMAT;
    if (j->version != FORMAT || j->layout != sizeof *j) return MAILLOG_ERR_VERSION;
    if (j->sealed != 1) return j->sealed ? MAILLOG_ERR_CORRUPT : MAILLOG_ERR_STATE;
    /* the layout is computed again, so that a damaged head cannot send the checksum out of the block */
    maillog_join expect;
    memset(&expect, 0, sizeof expect);
    expect.config = j->config;
    if (j->config.memory != j->size || j->size > len || j->size < LEAST_MEMORY || j->shift >= ML_CELL)
        return MAILLOG_ERR_CORRUPT;
    lay_out(&expect, j->shift);
    if (expect.buckets_at != j->buckets_at || expect.cells_at != j->cells_at || expect.ncells != j->ncells ||
        expect.nbuckets != j->nbuckets || expect.scratch_at != j->scratch_at || j->fresh_cell > j->ncells ||
        checksum(j) != j->checksum)
        return MAILLOG_ERR_CORRUPT;
    j->sealed = 0;
    j->cb = cb;
    j->user = user;
    j->unbuilt = NULL;
    *out = j;
    return MAILLOG_OK;
}

/* ---- keys ---- */

static uint32_t unkeyed(unsigned slot) { return slot ? ML_F_UNKEYED1 : ML_F_UNKEYED0; }

/* Nobody looks further than the newest few of a key (an address, a process, a user can be that of very many nodes):
 * those behind them leave the bucket, so that neither finding a key nor dropping it depends on how many have it. */
enum { MOST_ALIKE = 32 };

static void trim(maillog_join *j, uint64_t key)
{
    uint32_t *link = ml_bucket(j, key);
    for (int alike = 0; *link; link = ml_next_ref(j, *link)) {
        ml_node *n = ml_at_node(j, *link / 2);
        if (n->key[*link % 2] != key || ++alike <= MOST_ALIKE) continue;
        n->flags |= unkeyed(*link % 2);
        *link = *ml_next_ref(j, *link);
        return;
    }
}

void maillog__set_key(maillog_join *j, uint32_t node, unsigned slot, uint64_t key)
{
    ml_node *n = ml_at_node(j, node);
    if (n->key[slot]) maillog__drop_key(j, node, slot);
    uint32_t *head = ml_bucket(j, key);
    n->key[slot] = key;
    n->key_next[slot] = *head;
    *head = node * 2 + slot;
    if (n->key_next[slot]) trim(j, key);
}

void maillog__drop_key(maillog_join *j, uint32_t node, unsigned slot)
{
    ml_node *n = ml_at_node(j, node);
    if (!n->key[slot]) return;
    if (!(n->flags & unkeyed(slot))) {
        uint32_t *link = ml_bucket(j, n->key[slot]);
        while (*link && *link != node * 2 + slot) link = ml_next_ref(j, *link);
        if (*link) *link = n->key_next[slot];
    }
    n->flags &= ~unkeyed(slot);
    n->key[slot] = 0;
}

/* ---- nodes ---- */

uint32_t maillog__new_node(maillog_join *j, ml_kind kind, const ml_in *in)
{
    const uint32_t node = maillog__new_cell(j);
    ml_node *n = ml_at_node(j, node);
    memset(n, 0, sizeof *n);
    n->kind = (unsigned char)(kind & 15);
    n->host = in->host;
    n->quarters = -128;
    n->active = (uint32_t)j->clock;
    if (kind != ML_NODE_SESSION && kind != ML_NODE_SCREEN) {
        n->group = n->group_next = node;
        n->u.g.nodes = 1;
        if (kind == ML_NODE_LEG) {
            n->u.g.open = 1;
            n->flags = ML_F_LEGS;
        }
    }
    j->nodes++;
    j->screens += kind == ML_NODE_SCREEN;
    j->hints += kind == ML_NODE_HINT;
    return node;
}

/* The node is in no group of others, and no session points to it. */
void maillog__free_node(maillog_join *j, uint32_t node)
{
    ml_node *n = ml_at_node(j, node);
    j->screens -= n->kind == ML_NODE_SCREEN;
    j->hints -= n->kind == ML_NODE_HINT;
    j->parked -= (n->kind == ML_NODE_POLICY || n->kind == ML_NODE_PROCESS) && !(n->flags & ML_F_LINKED);
    if (j->doubted_node == node) j->doubted_node = 0;
    maillog__list_take(j, node);
    maillog__drop_key(j, node, 0);
    maillog__drop_key(j, node, 1);
    maillog__tape_free(j, n);
    maillog__free_cell(j, node);
    j->nodes--;
}

/* ---- lists ---- */

void maillog__list_take(maillog_join *j, uint32_t node)
{
    ml_node *n = ml_at_node(j, node);
    if (!n->list) return;
    ml_ends *l = &j->list[n->list];
    if (n->prev)
        ml_at_node(j, n->prev)->next = n->next;
    else
        l->first = n->next;
    if (n->next)
        ml_at_node(j, n->next)->prev = n->prev;
    else
        l->last = n->prev;
    n->prev = n->next = 0;
    n->list = ML_LIST_NONE;
}

void maillog__list_put(maillog_join *j, uint32_t node, ml_list list)
{
    maillog__list_take(j, node);
    ml_node *n = ml_at_node(j, node);
    ml_ends *l = &j->list[list];
    n->list = (unsigned char)(list & 15);
    n->flags &= ~(uint32_t)ML_F_LATER;
    n->prev = l->last;
    if (l->last)
        ml_at_node(j, l->last)->next = node;
    else
        l->first = node;
    l->last = node;
}

/* ---- groups ---- */

enum { MOST_NODES = 20000 };

void maillog__join_groups(maillog_join *j, uint32_t a, uint32_t b)
{
    uint32_t big = ml_at_node(j, a)->group, small = ml_at_node(j, b)->group;
    if (big == small || !big || !small) return;
    if (ml_at_node(j, big)->u.g.nodes < ml_at_node(j, small)->u.g.nodes) {
        const uint32_t t = big;
        big = small;
        small = t;
    }
    ml_node *x = ml_at_node(j, big), *y = ml_at_node(j, small);
    if (x->u.g.nodes + y->u.g.nodes > MOST_NODES) { /* each goes its own way */
        maillog__settle(j, big);
        maillog__settle(j, small);
        return;
    }
    maillog__list_take(j, small);
    uint32_t i = small;
    do {
        ml_node *n = ml_at_node(j, i);
        n->group = big;
        i = n->group_next;
    } while (i != small);
    const uint32_t next = x->group_next;
    x->group_next = y->group_next;
    y->group_next = next;
    x->u.g.nodes = (uint16_t)(x->u.g.nodes + y->u.g.nodes);
    x->u.g.open = (uint16_t)(x->u.g.open + y->u.g.open);
    x->u.g.bytes += y->u.g.bytes;
    x->flags |= y->flags & ML_F_LEGS;
    if (y->active > x->active) x->active = y->active;
}

uint32_t maillog__oldest(maillog_join *j, ml_list list)
{
    uint32_t i;
    while ((i = j->list[list].first) != 0 && ml_at_node(j, i)->flags & ML_F_LATER) maillog__list_put(j, i, list);
    return i;
}

/* Whether a leg of the group waits for the end of its session. Only asked when nothing else is missing; a group of very
 * many parts does not wait. */
static bool waits_for_session(const maillog_join *j, uint32_t leader)
{
    uint32_t i = leader;
    for (int most = 64; most; most--) {
        const ml_node *n = ml_at_node(j, i);
        if (n->session && !(ml_at_node(j, n->session)->flags & ML_F_CLOSED)) return true;
        i = n->group_next;
        if (i == leader) break;
    }
    return false;
}

enum { NANO = 1000000000, SLACK = 2 };

bool maillog__is_early(const maillog_join *j, int64_t ns, uint32_t seconds)
{
    return ml_is_part(j) && (j->doubted || ns <= (j->began + seconds) * NANO);
}

/* A greylist lets through what it refused a while ago. That attempt is in this part of the log, and over, or it is
 * handed on with this one, so that the two are linked. */
static bool is_retry(maillog_join *j, const ml_in *in)
{
    const maillog_str waited = ml_value(in, ML_S_GREYLIST_DELAY);
    int64_t seconds = 0;
    if (ml_word_of(in, ML_S_ACTION) != MAILLOG_ACTION_PASS) return false;
    if (!waited.len) return in->ev->daemon != MAILLOG_DAEMON_POSTGREY && in->f[ML_S_FROM]; /* see links.c */
    for (size_t i = 0; i < waited.len && ml_is_digit(waited.ptr[i]) && seconds < INT32_MAX; i++)
        seconds = seconds * 10 + (waited.ptr[i] - '0');
    const uint32_t grey = maillog__grey(j, ml_value(in, ML_S_FROM), ml_value(in, ML_S_TO));
    const int64_t first = in->ns - seconds * NANO, known = grey ? ml_at_node(j, grey)->first : 0;
    return !grey || first < known - SLACK * (int64_t)NANO || first > known + SLACK * (int64_t)NANO;
}

bool maillog__reaches_back(maillog_join *j, const ml_in *in)
{
    return maillog__is_early(j, in->ns, j->config.settle + SLACK) || is_retry(j, in);
}

static bool begins_elsewhere(const maillog_join *j, const ml_node *n)
{
    const bool whole = n->flags & ML_F_BORN || (n->flags & ML_F_BEGAN && n->flags & ML_F_INBOUND);
    if ((n->kind == ML_NODE_LEG && !whole) || n->flags & ML_F_AWAITS) return true;
    if (n->flags & (ML_F_LOCAL | ML_F_SUBMITTED) && !(n->flags & ML_F_INBOUND) &&
        maillog__is_early(j, n->first, j->config.wait))
        return true; /* a filter or a command may have handed it back: see link.c */
    const uint32_t session = n->session ? ml_at_node(j, n->session)->flags : ML_F_CONNECT;
    return !(session & ML_F_CONNECT) || session & ML_F_AWAITS;
}

/* In a part of a log: whether another part can have to do with the message. All that is in its sessions goes with it.
 */
static bool is_handed_on(const maillog_join *j, uint32_t leader)
{
    enum { MOST = 256 };
    const uint32_t nodes = ml_at_node(j, leader)->u.g.nodes;
    uint32_t i = leader, n = 0;
    while (n < nodes && n < MOST && !begins_elsewhere(j, ml_at_node(j, i))) {
        i = ml_at_node(j, i)->group_next;
        n++;
    }
    if (n == nodes) return false;
    i = leader;
    do {
        const ml_node *node = ml_at_node(j, i);
        if (node->session) ml_at_node(j, node->session)->flags |= ML_F_AWAITS;
        i = node->group_next;
    } while (i != leader);
    return true;
}

bool maillog__hold_back(maillog_join *j, uint32_t node, bool late)
{
    ml_node *g = ml_at_node(j, node);
    uint32_t i = node;
    if (!g->group) {
        if (!late) return false; /* see maillog__session_list() */
        maillog__drop_key(j, node, 0);
        maillog__drop_key(j, node, 1);
    } else if (late) {
        do {
            ml_node *n = ml_at_node(j, i);
            n->flags |= ML_F_AWAITS;
            maillog__drop_key(j, i, 0);
            maillog__drop_key(j, i, 1);
            i = n->group_next;
        } while (i != node);
        is_handed_on(j, node);
    } else if (!is_handed_on(j, node)) {
        return false;
    }
    g->active = (uint32_t)j->clock;
    maillog__list_put(j, node, g->group ? ML_LIST_OPEN : ML_LIST_SESSION);
    return true;
}

void maillog__settle(maillog_join *j, uint32_t node)
{
    const uint32_t leader = ml_at_node(j, node)->group;
    if (!leader) return;
    ml_node *g = ml_at_node(j, leader);
    ml_list list = ML_LIST_OPEN;
    if (!(g->flags & ML_F_LEGS))
        list = ML_LIST_LOOSE;
    else if (!g->u.g.open)
        list = waits_for_session(j, leader) ? ML_LIST_WAIT : ML_LIST_DONE;
    g->active = (uint32_t)j->clock;
    ml_keep_in(j, leader, list);
}

/* Where a session waits that no live leg points to. */
ml_list maillog__session_list(const maillog_join *j, const ml_node *session)
{
    if (!(session->flags & ML_F_CLOSED)) return ML_LIST_SESSION;
    const bool whole = session->flags & ML_F_CONNECT && !(session->flags & ML_F_AWAITS);
    return ml_is_part(j) && !whole ? ML_LIST_SESSION : ML_LIST_CLOSED;
}
