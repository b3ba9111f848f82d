/* shard.c: what a part of a log could not decide, handed from one table to another: the lines themselves, in the order
 * in which they were taken. The other table takes them as if they had just been read, so that it comes to what it would
 * have come to with the whole log; only what is but remembered (legs that went out, attempts that were greylisted) goes
 * as nodes, each at its place among the lines. Its keys are hashes with the same seed, so they hold on both sides.
 *
 *   head | items: a head each, then the line or the node | index: what comes first, and where it is */
#include <maillog/parse.h>

#include "build.h"

#define MAGIC 0x7061726c6c69616du /* "mailpart" less a letter */
#define FORMAT 3u

typedef struct shard_head {
    uint64_t magic, bytes, checksum, seed, index, items;
    uint32_t version, node_size;
    int64_t began, log_time, clock;
} shard_head;

typedef struct shard_item {
    uint64_t line;
    uint32_t len;
    uint8_t kind; /* of the node; 0: a line */
    uint8_t listed, match, reserved;
} shard_item;

static uint64_t checksum(const maillog_join *j, const shard_head *h, const char *body)
{
    shard_head plain = *h;
    plain.checksum = 0;
    return maillog__hash(j, maillog__hash(j, MAGIC, &plain, sizeof plain), body, (size_t)h->bytes - sizeof *h);
}

/* ---- out ---- */

/* The index stands where a multiple of 8 does in `p`, so that it can be sorted in place. */
typedef struct sink {
    const maillog_join *j;
    char *p;
    size_t cap, len, items;
    ml_sorted *index; /* NULL in the first round, which counts */
    uint64_t repeats, cut;
} sink;

/* Lines come at even places, what went out just before one at the odd one before it. */
static void put(sink *s, uint64_t place, const shard_item *item, const void *data)
{
    if (s->index) {
        const ml_sorted at = {place, s->len};
        s->index[s->items] = at;
        memcpy(s->p + s->len, item, sizeof *item);
        memcpy(s->p + s->len + sizeof *item, data, item->len);
    }
    s->len += sizeof *item + item->len;
    s->items++;
}

static void put_lines(sink *s, uint32_t node)
{
    const ml_node *n = ml_at_node(s->j, node);
    const uint32_t listed = n->group ? 0 : n->group_next;
    const char *p = ml_scratch(s->j);
    const char *const end = maillog__tape_copy(s->j, n, ml_scratch(s->j));
    ml_entry e;
    for (uint32_t i = 0; maillog__entry(&p, end, &e); i++) {
        const ml_whole w = maillog__entry_whole(&e);
        const bool told = i < listed || e.cut & ML_CUT_LISTED;
        const shard_item item = {e.line, (uint32_t)w.text.len, 0, told, e.match, 0};
        put(s, w.place * 2, &item, w.text.ptr);
        if (told) continue;
        s->repeats += w.repeats;
        s->cut += (e.cut & ML_CUT_VALUES) != 0;
    }
}

static void put_node(sink *s, uint32_t node)
{
    const ml_node *n = ml_at_node(s->j, node);
    const shard_item item = {0, sizeof *n, n->kind, 0, 0, 0};
    const uint64_t place = (uint64_t)n->session_next << 32 | n->session_prev;
    put(s, place * 2 - 1, &item, n);
}

/* Sessions that legs point to are in no list: each comes with the leg that heads its chain. */
static void put_group(sink *s, uint32_t leader)
{
    uint32_t i = leader;
    do {
        const ml_node *n = ml_at_node(s->j, i);
        put_lines(s, i);
        if (n->session && ml_at_node(s->j, n->session)->u.s.legs == i) put_lines(s, n->session);
        i = n->group_next;
    } while (i != leader);
}

static void put_all(sink *s)
{
    for (unsigned l = ML_LIST_OPEN; l < ML_LISTS; l++)
        for (uint32_t i = s->j->list[l].first; i; i = ml_at_node(s->j, i)->next) {
            if (l == ML_LIST_GREY || l == ML_LIST_GONE)
                put_node(s, i);
            else if (ml_at_node(s->j, i)->group)
                put_group(s, i);
            else
                put_lines(s, i);
        }
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
    if (!j || j->sealed || !ml_is_part(j)) return 0;
    sink s = {j, (char *)buf, buf ? cap : 0, sizeof(shard_head), 0, NULL, 0, 0};
    put_all(&s);
    const size_t items = s.items, need = s.len + items * sizeof(ml_sorted) + 7;
    if (need > s.cap) return need;
    shard_head h;
    memset(&h, 0, sizeof h);
    h.magic = MAGIC;
    h.version = FORMAT;
    h.node_size = (uint32_t)sizeof(ml_node);
    h.bytes = need;
    h.seed = maillog__hash(j, MAGIC, NULL, 0);
    h.items = items;
    h.index = s.len + ml_padding((uintptr_t)s.p + s.len, 8);
    h.began = j->began;
    h.log_time = j->log_time;
    h.clock = j->clock;
    memset(s.p + s.len, 0, need - s.len);
    s.index = (ml_sorted *)(void *)(s.p + h.index);
    s.len = sizeof h;
    s.items = 0;
    s.repeats = s.cut = 0;
    put_all(&s);
    maillog__sort(s.index, items);
    h.checksum = checksum(j, &h, s.p + sizeof h);
    memcpy(s.p, &h, sizeof h);
    maillog_join_stats st;
    maillog_join_stats_get(j, &st);
    j->stats.lines -= st.pending;
    j->stats.duplicates -= s.repeats;
    j->stats.truncated -= s.cut;
    forget_all(j);
    maillog__begin_anew(j);
    return need;
}

/* ---- in ---- */

/* Whether all that the index names is there. */
static bool is_sound(const shard_head *h, const char *buf)
{
    shard_item item;
    ml_sorted at;
    if (h->index < sizeof *h || h->index > h->bytes || h->items > (h->bytes - h->index) / sizeof at) return false;
    for (uint64_t i = 0; i < h->items; i++) {
        memcpy(&at, buf + h->index + i * sizeof at, sizeof at);
        if (at.index < sizeof *h || at.index > h->index || h->index - at.index < sizeof item) return false;
        memcpy(&item, buf + at.index, sizeof item);
        if (item.len > h->index - at.index - sizeof item) return false;
        if (item.kind && item.len != sizeof(ml_node)) return false;
    }
    return true;
}

static int check_head(const maillog_join *j, const void *buf, size_t len, shard_head *h)
{
    if (len < sizeof *h) return MAILLOG_ERR_FORMAT;
    memcpy(h, buf, sizeof *h);
    if (h->magic != MAGIC) return MAILLOG_ERR_FORMAT;
    if (h->version != FORMAT || h->node_size != sizeof(ml_node)) return MAILLOG_ERR_VERSION;
    if (h->seed != maillog__hash(j, MAGIC, NULL, 0)) return MAILLOG_ERR_ARGUMENT;
    if (h->bytes != len) return MAILLOG_ERR_CORRUPT;
    const bool same = checksum(j, h, (const char *)buf + sizeof *h) == h->checksum;
    return same && is_sound(h, (const char *)buf) ? MAILLOG_OK : MAILLOG_ERR_CORRUPT;
}

/* Something that is but remembered, as old as it was there. */
static void import_node(maillog_join *j, const shard_head *h, const ml_node *from)
{
    ml_in in;
    memset(&in, 0, sizeof in);
    in.host = from->host;
    uint32_t at = 0;
    const bool grey = from->kind == ML_NODE_GREY;
    const uint32_t known = grey ? maillog__find(j, from->key[0], &at) : 0;
    if (known && ml_at_node(j, known)->kind == ML_NODE_GREY) {
        maillog__grey_line(ml_at_node(j, known), from->last);
        return;
    }
    const uint32_t node = maillog__new_node(j, (ml_kind)from->kind, &in);
    ml_node *n = ml_at_node(j, node);
    n->group = n->group_next = 0;
    n->flags = from->flags & ~(uint32_t)(ML_F_UNKEYED0 | ML_F_UNKEYED1 | ML_F_LATER);
    n->instance = from->instance;
    n->first = from->first;
    n->last = from->last;
    memcpy(n->recent, from->recent, sizeof n->recent);
    n->session_prev = (uint32_t)j->place;
    n->session_next = (uint32_t)(j->place >> 32);
    const int64_t left = h->log_time > j->log_time ? h->log_time - j->log_time : 0; /* until the end of its part */
    n->active = (uint32_t)(j->clock + left - (h->clock - (int64_t)from->active));
    maillog__set_key(j, node, 0, from->key[0]);
    maillog__list_put(j, node, grey ? ML_LIST_GREY : ML_LIST_GONE);
}

/* Its fields are found again; what the caller of the other table had skipped stays so. */
static void import_line(maillog_join *j, const shard_head *h, const shard_item *item, const char *text)
{
    uint8_t all[256];
    maillog_options opt;
    maillog_event ev;
    memset(&opt, 0, sizeof opt);
    if (item->match == MAILLOG_MATCH_HEADER) {
        memset(all, 1, sizeof all);
        opt.skip = all;
    }
    maillog_parse_line(&opt, text, item->len, &ev);
    maillog__take_again(j, &ev, item->line, item->listed != 0, h->log_time);
}

static void import_item(maillog_join *j, const shard_head *h, const char *p)
{
    shard_item item;
    memcpy(&item, p, sizeof item);
    if (!item.kind) {
        import_line(j, h, &item, p + sizeof item);
        return;
    }
    ml_node n;
    memcpy(&n, p + sizeof item, sizeof n);
    if (j->used_cells + 16 < j->ncells) import_node(j, h, &n);
}

int maillog_join_import(maillog_join *j, const void *buf, size_t len)
{
    shard_head h;
    if (!j || !buf) return MAILLOG_ERR_ARGUMENT;
    if (j->sealed) return MAILLOG_ERR_STATE;
    const int rc = check_head(j, buf, len, &h);
    if (rc != MAILLOG_OK) return rc;
    j->aborted = 0;
    if (h.log_time == INT64_MIN) return MAILLOG_OK; /* it saw no line */
    if (j->log_time == INT64_MIN) {
        j->log_time = j->began = h.began;
        j->clock = ml_first_clock(h.began);
    }
    const char *const body = (const char *)buf;
    for (uint64_t i = 0; i < h.items; i++) {
        ml_sorted at;
        memcpy(&at, body + h.index + i * sizeof at, sizeof at);
        import_item(j, &h, body + at.index);
    }
    maillog__set_time(j, h.log_time);
    maillog__tick(j);
    return j->aborted ? MAILLOG_ERR_ABORTED : MAILLOG_OK;
}
