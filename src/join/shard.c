/* shard.c: open records handed from one table to another, as bytes: sessions first, then group by group. Keys are
 * hashes with the same seed, so they hold on both sides; numbers of cells do not, and are translated.
 *
 *   head, then for each node: ml_node, its number, the length of its tape, the tape */
#include "table.h"

#define MAGIC 0x7061726c6c69616du /* "mailpart" less a letter */
#define FORMAT 2u

enum { ML_KEY_IMPORT = 15 }; /* a key that only lives during an import */

typedef struct shard_head {
    uint64_t magic, bytes, checksum, seed, lines;
    uint32_t version, node_size;
    int64_t log_time;
} shard_head;

static uint64_t checksum(const maillog_join *j, const shard_head *h, const char *body)
{
    shard_head plain = *h;
    plain.checksum = 0;
    return maillog__hash(j, maillog__hash(j, MAGIC, &plain, sizeof plain), body, (size_t)h->bytes - sizeof *h);
}

/* ---- out ---- */

typedef struct sink {
    const maillog_join *j;
    char *p;
    size_t cap, len;
} sink;

static void put(sink *s, const void *p, size_t n)
{
    if (s->len + n <= s->cap) memcpy(s->p + s->len, p, n);
    s->len += n;
}

static void put_node(sink *s, uint32_t node)
{
    const ml_node *n = ml_at_node(s->j, node);
    const uint32_t numbers[2] = {node, n->bytes};
    put(s, n, sizeof *n);
    put(s, numbers, sizeof numbers);
    if (s->len + n->bytes <= s->cap) maillog__tape_copy(s->j, n, s->p + s->len);
    s->len += n->bytes;
}

typedef void (*node_fn)(sink *s, uint32_t node);

/* Sessions that a leg of the group points to; each comes with the leg that heads its chain. */
static void put_session_of(sink *s, uint32_t node)
{
    const ml_node *n = ml_at_node(s->j, node);
    if (n->session && ml_at_node(s->j, n->session)->u.s.legs == node) put_node(s, n->session);
}

static void each_in_groups(sink *s, node_fn fn)
{
    for (unsigned l = ML_LIST_OPEN; l <= ML_LIST_LOOSE; l++)
        for (uint32_t g = s->j->list[l].first; g; g = ml_at_node(s->j, g)->next) {
            uint32_t i = g;
            do {
                fn(s, i);
                i = ml_at_node(s->j, i)->group_next;
            } while (i != g);
        }
}

static void put_all(sink *s)
{
    for (unsigned l = ML_LIST_SESSION; l <= ML_LIST_GREY; l++)
        for (uint32_t i = s->j->list[l].first; i; i = ml_at_node(s->j, i)->next) put_node(s, i);
    each_in_groups(s, put_session_of);
    each_in_groups(s, put_node);
}

static void forget_all(maillog_join *j)
{
    for (unsigned l = ML_LIST_OPEN; l <= ML_LIST_LOOSE; l++)
        for (uint32_t g; (g = j->list[l].first) != 0;) {
            maillog__list_take(j, g);
            uint32_t i = g, next;
            do {
                next = ml_at_node(j, i)->group_next;
                maillog__leave_session(j, i);
                maillog__free_node(j, i);
                i = next;
            } while (i != g);
        }
    for (unsigned l = ML_LIST_SESSION; l < ML_LISTS; l++)
        for (uint32_t i; (i = j->list[l].first) != 0;) maillog__free_node(j, i);
}

size_t maillog_join_export(maillog_join *j, void *buf, size_t cap)
{
    if (!j || j->sealed) return 0;
    sink s = {j, (char *)buf, buf ? cap : 0, sizeof(shard_head)};
    put_all(&s);
    if (s.len > s.cap) return s.len;
    maillog_join_stats st;
    maillog_join_stats_get(j, &st);
    shard_head h;
    memset(&h, 0, sizeof h);
    h.magic = MAGIC;
    h.version = FORMAT;
    h.node_size = (uint32_t)sizeof(ml_node);
    h.bytes = s.len;
    h.seed = maillog__hash(j, MAGIC, NULL, 0);
    h.lines = st.pending;
    h.log_time = j->log_time;
    h.checksum = checksum(j, &h, s.p + sizeof h);
    memcpy(s.p, &h, sizeof h);
    forget_all(j);
    j->stats.lines -= st.pending;
    return s.len;
}

/* ---- in ---- */

typedef struct source {
    maillog_join *j;
    const char *p, *end;
} source;

typedef struct record {
    ml_node n;
    uint32_t number, bytes;
    const char *tape;
} record;

static bool next_record(source *s, record *r)
{
    if ((size_t)(s->end - s->p) < sizeof r->n + 8) return false;
    memcpy(&r->n, s->p, sizeof r->n);
    memcpy(&r->number, s->p + sizeof r->n, 4);
    memcpy(&r->bytes, s->p + sizeof r->n + 4, 4);
    s->p += sizeof r->n + 8;
    if (r->bytes > (size_t)(s->end - s->p)) return false;
    r->tape = s->p;
    s->p += r->bytes;
    return true;
}

static uint64_t number_key(const maillog_join *j, uint32_t number)
{
    const maillog_str v = {(const char *)&number, sizeof number};
    return maillog__key(j, ML_KEY_IMPORT, 0, v);
}

static void widen(ml_node *n, const ml_node *other)
{
    if (!(other->flags & ML_F_TIMED)) return;
    if (!(n->flags & ML_F_TIMED)) {
        n->first = other->first;
        n->last = other->last;
        n->digits = other->digits;
        n->quarters = other->quarters;
        n->flags |= ML_F_TIMED;
    }
    if (other->first < n->first) n->first = other->first;
    if (other->last > n->last) n->last = other->last;
}

static uint32_t add_node(maillog_join *j, const record *r)
{
    ml_in in;
    memset(&in, 0, sizeof in);
    in.host = r->n.host;
    const uint32_t node = maillog__new_node(j, (ml_kind)r->n.kind, &in);
    ml_node *n = ml_at_node(j, node);
    n->instance = r->n.instance;
    n->segment = r->n.segment;
    memcpy(n->recent, r->n.recent, sizeof n->recent);
    n->first = r->n.first;
    n->last = r->n.last;
    widen(n, &r->n);
    for (unsigned slot = 0; slot < 2; slot++)
        if (r->n.key[slot]) maillog__set_key(j, node, slot, r->n.key[slot]);
    return node;
}

/* A connection that began in the part before: its process's open session goes on here. If there is none, a line that
 * the part before has, too, came twice. */
static uint32_t session_before(maillog_join *j, const ml_node *n)
{
    uint32_t at = 0, twice = 0;
    for (uint32_t i; (i = maillog__find(j, n->key[0], &at)) != 0;) {
        const ml_node *s = ml_at_node(j, i);
        if (s->kind != n->kind || s->flags & ML_F_FRESH) continue;
        const bool other = n->u.s.client && s->u.s.client && n->u.s.client != s->u.s.client && n->flags & ML_F_CONNECT;
        if (!(n->flags & s->flags & ML_F_CONNECT) && !(s->flags & ML_F_CLOSED) && !other) return i;
        const bool next = n->flags & ML_F_CONNECT && s->flags & ML_F_CLOSED; /* whatever its first line looks like */
        if (!twice && !next && n->recent[0] && ml_is_recent(s, n->recent[0])) twice = i;
    }
    return twice;
}

/* Hash of the first transaction's sender, as session.c makes it. */
static uint32_t first_sender(const maillog_join *j, const record *r)
{
    const char *p = r->tape;
    ml_entry e;
    while (maillog__entry(&p, r->tape + r->bytes, &e)) {
        ml_field fields[UINT8_MAX];
        maillog__entry_fields(&e, fields);
        const maillog_str from = maillog__entry_get(&e, ML_K_FROM);
        if (e.segment == 1 && from.ptr) return (uint32_t)maillog__key(j, ML_KEY_TEXT, 1, from) | 1;
    }
    return 0;
}

enum { OF_SEGMENT = ML_F_TAKEN | ML_F_ASKED | ML_F_REFUSED | ML_F_DISCARDS };

/* Its own second key waits until all numbers are translated: see restore_keys(). */
static void import_session(maillog_join *j, const record *r)
{
    uint32_t s = session_before(j, &r->n);
    uint16_t shift = 0;
    if (s) {
        ml_node *before = ml_at_node(j, s);
        const uint32_t from = first_sender(j, r);
        const bool goes_on =
            !(r->n.flags & (ML_F_SEGMENTS | ML_F_TAKEN)) && r->n.segment == 1; /* nothing began in it */
        const bool other =
            !goes_on && (before->flags & ML_F_TAKEN || (from && before->u.s.from && from != before->u.s.from));
        shift = (uint16_t)(before->segment - 1 + other);
        if (other) before->flags &= ~(uint32_t)OF_SEGMENT;
        widen(ml_at_node(j, s), &r->n);
    } else {
        s = add_node(j, r);
    }
    ml_node *n = ml_at_node(j, s);
    n->flags |= r->n.flags & ~(uint32_t)(ML_F_TIMED | ML_F_UNKEYED0 | ML_F_UNKEYED1);
    n->segment = (uint16_t)(r->n.segment + shift);
    if (r->n.u.s.from) n->u.s.from = r->n.u.s.from;
    n->u.s.active = (uint16_t)(n->u.s.active + r->n.u.s.active);
    if (r->n.u.s.client) n->u.s.client = r->n.u.s.client;
    n->instance = shift;
    n->flags |= ML_F_FRESH;
    if (r->n.flags & ML_F_CLOSED) {
        n->session_next = r->n.session_next;
        maillog__end_legs(j, s);
    }
    maillog__tape_add(j, s, r->tape, r->bytes, shift, r->n.group_next);
    maillog__set_key(j, s, 1, number_key(j, r->number));
    if (!n->u.s.refs) maillog__list_put(j, s, maillog__session_list(j, n));
}

enum { SLACK = 2000000000 }; /* nanoseconds by which lines of one moment may differ */

/* Whether two parts of a queue ID's life can be one: `o` is here, `n` comes in. */
static bool may_be_same(const ml_node *o, const ml_node *n)
{
    if (o->flags & ML_F_FRESH) return false; /* it is another of the same part */
    if (o->host != n->host && !((o->flags | n->flags) & ML_F_ANYWHERE)) return false;
    if (o->instance && n->instance && o->instance != n->instance) return false;
    if (o->flags & n->flags & ML_F_BORN && o->recent[0] != n->recent[0]) return false;
    if (o->u.g.message_id && n->u.g.message_id && o->u.g.message_id != n->u.g.message_id) return false;
    /* one that was only named: it began after the one that named it, see maillog__leg() */
    if (!(n->flags & ML_F_TIMED) && o->flags & ML_F_TIMED && o->first < n->last - SLACK) return false;
    /* it was over, and began again */
    if (o->flags & ML_F_REMOVED && n->flags & (ML_F_BORN | ML_F_BEGAN) && n->first >= o->last) return false;
    /* what is still open goes on in the next part, and be it that the clock was set back */
    const ml_node *born = o->flags & ML_F_BORN ? o : n->flags & ML_F_BORN ? n : NULL, *rest = born == o ? n : o;
    if (!born || (born == o && !(o->flags & ML_F_REMOVED))) return true;
    if (rest->flags & ML_F_TIMED && rest->last < born->first - SLACK) return false;
    return !(rest->flags & ML_F_REMOVED) || born->first <= rest->last;
}

/* Whether the part has no earlier life of the queue ID. */
static bool is_first(const source *part, const ml_node *n)
{
    source s = *part;
    record r;
    while (next_record(&s, &r))
        if (r.n.kind == ML_NODE_LEG && r.n.key[0] == n->key[0] && r.n.host == n->host && r.n.first < n->first)
            return false;
    return true;
}

/* The same life of a queue ID, the same run, the same delivery, of which the other table saw another part. A life that
 * was over is the last choice. */
static uint32_t same_node(maillog_join *j, const ml_node *n, const source *part)
{
    uint32_t at = 0, over = 0;
    const bool keyed = n->kind == ML_NODE_LEG || n->kind == ML_NODE_RUN || n->kind == ML_NODE_STORE;
    for (uint32_t i; keyed && n->key[0] && (i = maillog__find(j, n->key[0], &at)) != 0;) {
        const ml_node *o = ml_at_node(j, i);
        if (o->kind != n->kind) continue;
        if (n->kind == ML_NODE_RUN && n->flags & ML_F_CONNECT) continue; /* of the same spamd child, and another */
        if (n->kind != ML_NODE_LEG) return i;
        if (!may_be_same(o, n)) continue;
        const bool doubtful = n->flags & ML_F_BEGAN && !o->u.g.message_id; /* cut between its first two lines? */
        if (!(o->flags & ML_F_REMOVED) && doubtful && !is_first(part, n)) continue;
        if (!(o->flags & ML_F_REMOVED)) return i;
        /* of one that was only named, by a message that began elsewhere, the time says nothing */
        const bool long_ago = !(n->flags & ML_F_TIMED) && n->last == ML_EVER && n->first > o->last + SLACK;
        if (!long_ago && (!over || o->first > ml_at_node(j, over)->first)) over = i;
    }
    return over;
}

/* An LMTP connection that began in one part and goes on in another: see store.c. */
static void join_connection(maillog_join *j, uint32_t node, const record *r)
{
    const ml_node *n = &r->n;
    const char *p = r->tape;
    uint32_t at = 0;
    ml_entry e;
    const bool begins = maillog__entry(&p, r->tape + r->bytes, &e) && e.type == MAILLOG_EVENT_DOVECOT_CONNECT;
    for (uint32_t i; n->kind == ML_NODE_STORE && n->key[1] && (i = maillog__find(j, n->key[1], &at)) != 0;) {
        const ml_node *o = ml_at_node(j, i);
        if (i == node || o->kind != ML_NODE_STORE) continue;
        if (begins) { /* that was another, of the same process */
            maillog__drop_key(j, i, 1);
            at = 0;
            continue;
        }
        if (o->key[0] && n->key[0]) continue;
        maillog__drop_key(j, n->key[0] ? i : node, 1);
        maillog__join_groups(j, i, node);
        return;
    }
}

/* The first line of a process in its part: the connection that is open in the part before is its. */
static void join_connection_before(maillog_join *j, uint32_t node, const ml_node *n)
{
    const uint64_t key = (uint64_t)n->session_next << 32 | n->session_prev;
    uint32_t at = 0;
    ml_at_node(j, node)->session_prev = n->session_prev;
    ml_at_node(j, node)->session_next = n->session_next;
    for (uint32_t i; key && (i = maillog__find(j, key, &at)) != 0;) {
        const ml_node *o = ml_at_node(j, i);
        if (i == node || o->kind != ML_NODE_STORE || o->group == ml_at_node(j, node)->group) continue;
        if (o->key[0] && n->key[0]) continue;
        maillog__drop_key(j, i, 1);
        maillog__join_groups(j, i, node);
        return;
    }
}

static void enter_session(maillog_join *j, uint32_t node, const ml_node *n)
{
    uint32_t at = 0;
    if (!n->session || ml_at_node(j, node)->session) return;
    const uint32_t s = maillog__find(j, number_key(j, n->session), &at);
    if (!s) return;
    maillog__join_session(j, node, s);
    ml_at_node(j, node)->segment = (uint16_t)(n->segment + ml_at_node(j, s)->instance);
}

/* Nothing more is expected of a leg: one part says so, and the other does not know more. */
static bool is_done(const ml_node *here, const record *r)
{
    const uint32_t there = r->n.flags;
    if (!here || !here->head) return (there & ML_F_DONE) != 0;
    if (!r->bytes) return (here->flags & ML_F_DONE) != 0;
    if ((here->flags | there) & (ML_F_REMOVED | ML_F_OVER)) return true;
    return (here->flags & ML_F_DONE && !(there & ML_F_ACTIVE)) || (there & ML_F_DONE && !(here->flags & ML_F_ACTIVE));
}

static uint32_t import_node(maillog_join *j, const record *r, const source *part)
{
    uint32_t node = same_node(j, &r->n, part);
    const bool merged = node != 0, leg = r->n.kind == ML_NODE_LEG;
    if (!merged) node = add_node(j, r);
    ml_node *n = ml_at_node(j, node);
    const bool done = is_done(merged ? n : NULL, r);
    const uint32_t own = ML_F_DONE | ML_F_LEGS | ML_F_ANYWHERE | ML_F_TIMED | ML_F_UNKEYED0 | ML_F_UNKEYED1;
    n->flags |= r->n.flags & ~own;
    if (!merged) n->flags |= r->n.flags & ML_F_ANYWHERE;
    if (merged) {
        widen(n, &r->n);
        if (!(r->n.flags & ML_F_ANYWHERE)) n->flags &= ~(uint32_t)ML_F_ANYWHERE;
        if (r->n.instance) n->instance = r->n.instance;
        if (!n->key[1] && r->n.key[1]) maillog__set_key(j, node, 1, r->n.key[1]);
    }
    if (!n->u.g.client) n->u.g.client = r->n.u.g.client;
    if (!n->u.g.message_id) n->u.g.message_id = r->n.u.g.message_id;
    maillog__tape_add(j, node, r->tape, r->bytes, 0, 0);
    if (leg) maillog__set_done(j, node, done);
    if (leg) ml_at_node(j, node)->flags |= ML_F_FRESH;
    if ((r->n.kind == ML_NODE_POLICY || r->n.kind == ML_NODE_PROCESS) && !(n->flags & ML_F_LINKED)) j->parked++;
    enter_session(j, node, &r->n);
    if (!merged && r->n.kind == ML_NODE_STORE && !r->n.session) join_connection_before(j, node, &r->n);
    if (!merged) join_connection(j, node, r);
    if (leg) maillog__link_again(j, node, r->tape, r->bytes);
    if (merged && r->n.kind == ML_NODE_RUN) maillog__link_pieces(j, node);
    return node;
}

/* Make room before each node; what comes in is the newest, and goes last. */
static void make_room(maillog_join *j, uint32_t bytes)
{
    while (j->used_cells + bytes / ML_CELL_DATA + 4 >= j->ncells - 1 && maillog__evict(j)) continue;
}

static void restore_keys(source s)
{
    record r;
    while (next_record(&s, &r)) {
        if (r.n.group) return; /* sessions come first */
        uint32_t at = 0;
        const uint32_t i = r.n.kind == ML_NODE_GREY ? 0 : maillog__find(s.j, number_key(s.j, r.number), &at);
        if (!i) continue;
        maillog__drop_key(s.j, i, 1);
        ml_at_node(s.j, i)->instance = 0;
        ml_at_node(s.j, i)->flags &= ~ML_F_FRESH;
        if (r.n.key[1]) maillog__set_key(s.j, i, 1, r.n.key[1]);
    }
}

static void forget_fresh(source s)
{
    record r;
    while (next_record(&s, &r)) {
        uint32_t at = 0;
        for (uint32_t i; r.n.kind == ML_NODE_LEG && (i = maillog__find(s.j, r.n.key[0], &at)) != 0;)
            ml_at_node(s.j, i)->flags &= ~ML_F_FRESH;
    }
}

static void adopt_answers(source s)
{
    record r;
    while (s.j->parked && next_record(&s, &r)) {
        uint32_t at = 0, i = 0;
        if (r.n.kind != ML_NODE_POLICY || r.n.flags & ML_F_LINKED) continue;
        while ((i = maillog__find(s.j, r.n.key[0], &at)) != 0) {
            const ml_node *n = ml_at_node(s.j, i);
            if (n->kind == ML_NODE_POLICY && !(n->flags & ML_F_LINKED) && n->recent[0] == r.n.recent[0]) break;
        }
        if (i) maillog__adopt_answer(s.j, i);
    }
}

static int check_head(const maillog_join *j, const void *buf, size_t len, shard_head *h)
{
    if (len < sizeof *h) return MAILLOG_ERR_FORMAT;
    memcpy(h, buf, sizeof *h);
    if (h->magic != MAGIC) return MAILLOG_ERR_FORMAT;
    if (h->version != FORMAT || h->node_size != sizeof(ml_node)) return MAILLOG_ERR_VERSION;
    if (h->seed != maillog__hash(j, MAGIC, NULL, 0)) return MAILLOG_ERR_ARGUMENT;
    if (h->bytes != len) return MAILLOG_ERR_CORRUPT;
    return checksum(j, h, (const char *)buf + sizeof *h) == h->checksum ? MAILLOG_OK : MAILLOG_ERR_CORRUPT;
}

static void import_grey(maillog_join *j, const record *r)
{
    uint32_t at = 0, known = r->n.key[0] ? maillog__find(j, r->n.key[0], &at) : 0;
    if (known && ml_at_node(j, known)->kind == ML_NODE_GREY) {
        maillog__grey_line(ml_at_node(j, known), r->n.last);
        return;
    }
    const uint32_t node = add_node(j, r);
    ml_node *n = ml_at_node(j, node);
    n->group = n->group_next = 0;
    n->last = r->n.last;
    maillog__list_put(j, node, ML_LIST_GREY);
}

int maillog_join_import(maillog_join *j, const void *buf, size_t len)
{
    shard_head h;
    if (!j || !buf) return MAILLOG_ERR_ARGUMENT;
    if (j->sealed) return MAILLOG_ERR_STATE;
    const int rc = check_head(j, buf, len, &h);
    if (rc != MAILLOG_OK) return rc;
    j->aborted = 0;
    if (j->log_time == INT64_MIN) {
        j->log_time = h.log_time;
        j->clock = h.log_time > 0 ? h.log_time : 1;
    } else if (h.log_time > j->log_time) {
        j->clock += h.log_time - j->log_time;
        j->log_time = h.log_time;
    }
    j->stats.lines += h.lines;
    const source all = {j, (const char *)buf + sizeof h, (const char *)buf + len};
    source s = all;
    record r;
    uint32_t group = 0, leader = 0;
    while (next_record(&s, &r)) {
        make_room(j, r.bytes + 64 * ML_CELL_DATA);
        if (!r.n.group) {
            if (r.n.kind == ML_NODE_GREY)
                import_grey(j, &r);
            else
                import_session(j, &r);
            continue;
        }
        const uint32_t node = import_node(j, &r, &all);
        if (r.n.group == group)
            maillog__join_groups(j, leader, node);
        else
            leader = node;
        group = r.n.group;
        maillog__settle(j, node);
    }
    restore_keys(all);
    forget_fresh(all);
    adopt_answers(all);
    maillog__tick(j);
    return j->aborted ? MAILLOG_ERR_ABORTED : MAILLOG_OK;
}
