/* arena.c: cells, hashes, and tapes: the lines of a node as bytes in a chain of cells.
 *
 *   entry:  daemon, match, fields, cut (1 byte each), type, segment, length of the fields (2 each), content (4),
 *           line (1..10), fields
 *   field:  id (2), word (2), length (1..10), bytes */
#include "table.h"

/* ---- hashing: 64-bit products folded, keyed with the seed; strangers choose what is hashed ---- */

static inline uint64_t load8(const unsigned char *p)
{
    uint64_t v;
    memcpy(&v, p, 8);
    return v;
}

static inline uint64_t fold(uint64_t a, uint64_t b)
{
#ifdef __SIZEOF_INT128__
    const unsigned __int128 r = (unsigned __int128)a * b;
    return (uint64_t)r ^ (uint64_t)(r >> 64);
#else
    const uint64_t ah = a >> 32, al = (uint32_t)a, bh = b >> 32, bl = (uint32_t)b;
    const uint64_t mid = ah * bl, mid2 = al * bh, low = al * bl;
    const uint64_t lo = low + (mid << 32), carry = lo < low;
    const uint64_t lo2 = lo + (mid2 << 32), carry2 = lo2 < lo;
    return lo2 ^ (ah * bh + (mid >> 32) + (mid2 >> 32) + carry + carry2);
#endif
}

uint64_t maillog__hash(const maillog_join *j, uint64_t salt, const void *data, size_t n)
{
    const unsigned char *p = (const unsigned char *)data;
    const uint64_t k0 = j->config.seed[0] ^ 0x9e3779b97f4a7c15u, k1 = j->config.seed[1] ^ 0xd1b54a32d192ed03u;
    uint64_t h = fold(salt ^ k0, n ^ k1);
    if (n > 32) { /* two lanes at a time */
        uint64_t g = h ^ 0x8ebc6af09c88c6e3u;
        for (; n > 32; n -= 32, p += 32) {
            h = fold(load8(p) ^ k1 ^ h, load8(p + 8) ^ k0);
            g = fold(load8(p + 16) ^ k0 ^ g, load8(p + 24) ^ k1);
        }
        h ^= g;
    }
    for (; n > 16; n -= 16, p += 16) h = fold(load8(p) ^ k1 ^ h, load8(p + 8) ^ k0);
    uint64_t a = 0, b = 0;
    if (n >= 8) {
        a = load8(p);
        b = load8(p + n - 8);
    } else if (n) {
        unsigned char last[8] = {0};
        memcpy(last, p, n);
        a = load8(last);
    }
    return fold(a ^ k1 ^ h, b ^ k0 ^ (h << 1));
}

/* ---- cells ---- */

/* push() made sure that there is one. */
uint32_t maillog__new_cell(maillog_join *j)
{
    uint32_t cell = j->free_cell;
    if (cell)
        memcpy(&j->free_cell, ml_cell(j, cell) + ML_CELL_DATA, sizeof cell);
    else
        cell = j->fresh_cell++;
    j->used_cells++;
    return cell;
}

void maillog__free_cell(maillog_join *j, uint32_t cell)
{
    memcpy(ml_cell(j, cell) + ML_CELL_DATA, &j->free_cell, sizeof cell);
    j->free_cell = cell;
    j->used_cells--;
}

static uint32_t next_cell(const maillog_join *j, uint32_t cell)
{
    uint32_t next;
    memcpy(&next, ml_cell(j, cell) + ML_CELL_DATA, sizeof next);
    return next;
}

static void set_next(const maillog_join *j, uint32_t cell, uint32_t next)
{
    memcpy(ml_cell(j, cell) + ML_CELL_DATA, &next, sizeof next);
}

/* ---- writing ---- */

static void grow(maillog_join *j, ml_node *n)
{
    const uint32_t cell = maillog__new_cell(j);
    set_next(j, cell, 0);
    if (n->tail)
        set_next(j, n->tail, cell);
    else
        n->head = cell;
    n->tail = cell;
    n->tail_used = 0;
}

static void put(maillog_join *j, ml_node *n, const void *data, size_t len)
{
    const char *p = (const char *)data;
    n->bytes += (uint32_t)len;
    while (len) {
        if (!n->tail || n->tail_used == ML_CELL_DATA) grow(j, n);
        const size_t room = ML_CELL_DATA - n->tail_used, k = len < room ? len : room;
        memcpy(ml_cell(j, n->tail) + n->tail_used, p, k);
        n->tail_used = (uint8_t)(n->tail_used + k);
        p += k;
        len -= k;
    }
}

static size_t varint(unsigned char *out, uint64_t v)
{
    size_t n = 0;
    for (; v > 127; v >>= 7) out[n++] = (unsigned char)(v | 128);
    out[n++] = (unsigned char)v;
    return n;
}

/* Fields worth keeping. */
enum {
    KEPT = 1,
    KEPT_ONCE,  /* stands once on a tape */
    KEPT_RELAY, /* RELAY_NAME stands for the whole `name[addr]:port` */
    KEPT_TEXT   /* of lines of trouble alone */
};
static const uint8_t kept[] = {
#define KEEP(NAME) [MAILLOG_FIELD_##NAME] = KEPT
    [MAILLOG_FIELD_HOST] = KEPT_ONCE,
    KEEP(INSTANCE),
    KEEP(SEVERITY),
    [MAILLOG_FIELD_QUEUE_ID] = KEPT_ONCE,
    KEEP(CLIENT_NAME),
    KEEP(CLIENT_ADDR),
    KEEP(CLIENT_PORT),
    KEEP(HELO),
    KEEP(PROTO),
    KEEP(SASL_USERNAME),
    KEEP(SASL_METHOD),
    KEEP(ORIG_CLIENT_NAME),
    KEEP(ORIG_CLIENT_ADDR),
    KEEP(ORIG_QUEUE_ID),
    KEEP(FROM),
    KEEP(TO),
    KEEP(ORIG_TO),
    KEEP(SIZE),
    KEEP(NRCPT),
    KEEP(MESSAGE_ID),
    KEEP(RELAY),
    [MAILLOG_FIELD_RELAY_NAME] = KEPT_RELAY,
    KEEP(DELAY),
    KEEP(DSN),
    KEEP(STATUS),
    KEEP(REPLY),
    KEEP(ACTION),
    KEEP(STAGE),
    KEEP(CODE),
    KEEP(REASON),
    KEEP(TEXT),
    KEEP(TLS_PROTOCOL),
    KEEP(TLS_CIPHER),
    KEEP(NEW_QUEUE_ID),
    KEEP(QUEUED_AS),
    KEEP(RESULT),
    KEEP(HITS),
    KEEP(ACTIONS),
    KEEP(ELAPSED_MS),
    KEEP(CATEGORY),
    KEEP(RECIPIENTS),
    KEEP(MAILBOX),
    KEEP(USER),
    KEEP(SESSION),
    KEEP(SIEVE_ACTION),
    KEEP(SCORE),
    KEEP(SPF_RESULT),
    KEEP(VIRUS),
    KEEP(ERROR),
    KEEP(GREYLIST_DELAY),
    KEEP(MILTER),
    KEEP(RANK),
    KEEP(IS_SPAM),
    KEEP(RULE_ID),
    KEEP(MISSING_SECONDS),
    KEEP(QUARANTINE),
    KEEP(WHY),
    KEEP(UID),
    KEEP(AM_ID),
    KEEP(DOMAIN),
    KEEP(RATE),
    KEEP(REQUIRED),
    KEEP(TARGET),
    KEEP(HEADER),
    KEEP(WHERE),
    KEEP(VERDICT),
    KEEP(TAG2_LEVEL),
    KEEP(KILL_LEVEL),
    [MAILLOG_FIELD_EXIM_ID] = KEPT_ONCE,
    KEEP(REF),
    KEEP(RULESET),
    [MAILLOG_FIELD_MESSAGE] = KEPT_TEXT,
#undef KEEP
};

/* name[addr]:port as logged: the parts are slices of one line. */
static uint32_t relay_len(const ml_in *in, const maillog_field *name)
{
    const maillog_field *last = ml_field_of(in, ML_S_RELAY_PORT);
    if (last) return last->off + last->len - name->off;
    last = ml_field_of(in, in->f[ML_S_RELAY_ADDR] ? ML_S_RELAY_ADDR : ML_S_RELAY_PATH);
    return last && last->off > name->off ? last->off + last->len + 1 - name->off : name->len;
}

#define MAX_VALUE 2048u
#define MAX_TROUBLE 400u
#define MAX_FIELDS 8192u /* of one line, with what each needs beside its bytes */
#define MOST_HEAD 24u    /* of an entry */

/* What one line, and one message, may take of the block: more is cut, the line numbers stay. */
static uint32_t room_for(const maillog_join *j, const ml_node *n)
{
    const uint32_t most = (uint32_t)(j->scratch_size / (n->group ? 14 : 30)), line = j->ncells / 8 * ML_CELL_DATA;
    const uint32_t used = n->group ? ml_leader(j, n)->u.g.bytes : n->bytes;
    if (used >= most) return 0;
    uint32_t room = most - used;
    if (room > line) room = line;
    return room < MAX_FIELDS ? room : MAX_FIELDS;
}

/* Lines whose text is kept: trouble, pieces of a longer entry, what is told about a filter's run or a failed attempt.
 */
static bool keeps_text(const ml_in *in)
{
    if (in->f[ML_S_SEVERITY] || in->ev->flags & MAILLOG_FLAG_CONTINUED) return true;
    switch (in->ev->daemon) {
    case MAILLOG_DAEMON_AMAVIS:
        return !in->f[ML_S_RESULT];
    case MAILLOG_DAEMON_POSTFIX_SMTP:
    case MAILLOG_DAEMON_POSTFIX_LMTP:
        return !in->f[ML_S_STATUS];
    default:
        return false;
    }
}

/* The host stands once on a tape, and so does a leg's queue ID. */
static bool is_known(const ml_node *n, uint16_t id)
{
    if (!n->head) return false;
    return id == MAILLOG_FIELD_HOST ||
           ((id == MAILLOG_FIELD_QUEUE_ID || id == MAILLOG_FIELD_EXIM_ID) && n->kind == ML_NODE_LEG);
}

static void put_head(unsigned char *head, const ml_in *in, size_t count, uint8_t cut, size_t len)
{
    const uint16_t fields = (uint16_t)len;
    head[0] = in->ev->daemon;
    head[1] = in->ev->match;
    head[2] = (unsigned char)count;
    head[3] = cut;
    memcpy(head + 4, &in->ev->type, 2);
    memcpy(head + 6, &in->segment, 2);
    memcpy(head + 8, &fields, 2);
    memcpy(head + 10, &in->content, 4);
    varint(head + 14, in->line);
}

/* Values are short: a call for each would cost more than the bytes. */
static inline void copy_value(unsigned char *to, const char *from, size_t n)
{
    if (n > 32) {
        memcpy(to, from, n);
    } else if (n >= 16) {
        memcpy(to + n - 16, from + n - 16, 16);
        memcpy(to, from, 16);
    } else if (n >= 8) {
        memcpy(to + n - 8, from + n - 8, 8);
        memcpy(to, from, 8);
    } else {
        for (size_t i = 0; i < n; i++) to[i] = (unsigned char)from[i];
    }
}

static size_t varint_size(uint64_t v)
{
    size_t n = 1;
    for (; v > 127; v >>= 7) n++;
    return n;
}

/* What is kept of a field, with what it needs beside its bytes. */
static unsigned char *put_field(unsigned char *p, uint16_t id, uint16_t word, const char *value, uint32_t len)
{
    memcpy(p, &id, 2);
    memcpy(p + 2, &word, 2);
    p += 4 + varint(p + 4, len);
    copy_value(p, value, len);
    return p + len;
}

void maillog__append(maillog_join *j, uint32_t node, const ml_in *in)
{
    ml_node *n = ml_at_node(j, node);
    const maillog_event *ev = in->ev;
    const uint32_t before = n->bytes;
    const bool text = keeps_text(in);
    unsigned char entry[MOST_HEAD + MAX_FIELDS];
    unsigned char *const fields = entry + 14 + varint_size(in->line), *p = fields;
    size_t room = room_for(j, n), count = 0;
    uint8_t cut = 0;
    for (uint32_t i = 0; i < ev->nfields; i++) {
        const maillog_field *f = &ev->field[i];
        const uint8_t how = f->id < sizeof kept ? kept[f->id] : 0;
        uint16_t id = f->id;
        uint32_t len = f->len;
        if (!how) continue;
        if (how == KEPT_ONCE) {
            if (is_known(n, id)) continue;
            if (id == MAILLOG_FIELD_EXIM_ID) id = MAILLOG_FIELD_QUEUE_ID;
        } else if (how == KEPT_RELAY) {
            id = MAILLOG_FIELD_RELAY;
            len = relay_len(in, f);
        } else if (how == KEPT_TEXT) {
            if (!text) continue;
            if (len > MAX_TROUBLE) len = MAX_TROUBLE;
        }
        if (len > MAX_VALUE) {
            len = MAX_VALUE;
            cut |= ML_CUT_VALUES;
        }
        const size_t size = 4 + varint_size(len) + len;
        if (size > room) {
            cut |= ML_CUT_VALUES;
            continue;
        }
        room -= size;
        p = put_field(p, id, f->word, ev->line + f->off, len);
        count++;
    }
    if (ev->flags & MAILLOG_FLAG_CONTINUED) cut |= ML_CUT_PIECE;
    put_head(entry, in, count, cut, (size_t)(p - fields));
    put(j, n, entry, (size_t)(p - entry));
    if (cut & ML_CUT_VALUES) j->stats.truncated++;
    if (n->group)
        ml_leader(j, n)->u.g.bytes += n->bytes - before;
    else
        n->session_prev++; /* a session: lines on its tape */
}

/* ---- reading ---- */

char *maillog__tape_copy(const maillog_join *j, const ml_node *n, char *out)
{
    for (uint32_t cell = n->head; cell; cell = next_cell(j, cell)) {
        const size_t k = cell == n->tail ? n->tail_used : ML_CELL_DATA;
        memcpy(out, ml_cell(j, cell), k);
        out += k;
    }
    return out;
}

/* Write back what tape_copy() gave, changed in place. */
void maillog__tape_store(maillog_join *j, const ml_node *n, const char *from)
{
    for (uint32_t cell = n->head; cell; cell = next_cell(j, cell)) {
        const size_t k = cell == n->tail ? n->tail_used : ML_CELL_DATA;
        memcpy(ml_cell(j, cell), from, k);
        from += k;
    }
}

void maillog__tape_free(maillog_join *j, ml_node *n)
{
    for (uint32_t cell = n->head, next; cell; cell = next) {
        next = next_cell(j, cell);
        maillog__free_cell(j, cell);
    }
    n->head = n->tail = 0;
    n->bytes = 0;
    n->tail_used = 0;
}

static bool read_varint(const char **p, const char *end, uint64_t *out)
{
    uint64_t v = 0;
    for (unsigned shift = 0; *p < end && shift < 64; shift += 7) {
        const unsigned char c = (unsigned char)*(*p)++;
        v |= (uint64_t)(c & 127) << shift;
        if (c < 128) {
            *out = v;
            return true;
        }
    }
    return false;
}

bool maillog__entry(const char **p, const char *end, ml_entry *out)
{
    uint16_t len;
    if (end - *p < 15) return false;
    const unsigned char *head = (const unsigned char *)*p;
    out->daemon = head[0];
    out->match = head[1];
    out->nfields = head[2];
    out->cut = head[3];
    memcpy(&out->type, head + 4, 2);
    memcpy(&out->segment, head + 6, 2);
    memcpy(&len, head + 8, 2);
    memcpy(&out->content, head + 10, 4);
    *p += 14;
    if (!read_varint(p, end, &out->line) || len > end - *p) return false;
    out->raw = *p;
    out->field = NULL;
    out->mask = 0;
    *p += len;
    out->end = *p;
    return true;
}

size_t maillog__entry_fields(ml_entry *e, ml_field *out)
{
    const char *p = e->raw;
    size_t n = 0;
    e->field = out;
    for (; n < e->nfields && e->end - p >= 5; n++) {
        uint64_t len;
        memcpy(&out[n].id, p, 2);
        memcpy(&out[n].word, p + 2, 2);
        p += 4;
        if (!read_varint(&p, e->end, &len) || len > (uint64_t)(e->end - p)) break;
        out[n].p = p;
        out[n].len = (uint32_t)len;
        e->mask |= (uint64_t)1 << (out[n].id & 63);
        p += len;
    }
    e->nfields = (uint8_t)n;
    return n;
}

const ml_field *maillog__entry_find(const ml_entry *e, unsigned id)
{
    for (uint8_t i = 0; i < e->nfields; i++)
        if (e->field[i].id == id) return &e->field[i];
    return NULL;
}

/* Append entries that were read elsewhere; those of a segment move on by `shift`, the first `listed` are marked so. */
void maillog__tape_add(maillog_join *j, uint32_t node, const char *tape, size_t len, uint16_t shift, uint32_t listed)
{
    ml_node *n = ml_at_node(j, node);
    const uint32_t before = n->bytes;
    const char *p = tape, *const end = tape + len;
    ml_entry e;
    for (const char *entry = p; maillog__entry(&p, end, &e); entry = p) {
        const uint16_t segment = (uint16_t)(e.segment ? e.segment + shift : 0);
        char head[8];
        memcpy(head, entry, 6);
        memcpy(head + 6, &segment, 2);
        if (listed) {
            head[3] |= ML_CUT_LISTED;
            listed--;
        }
        put(j, n, head, sizeof head);
        put(j, n, entry + 8, (size_t)(p - entry) - 8);
        if (!n->group) n->session_prev++;
    }
    if (n->group) ml_leader(j, n)->u.g.bytes += n->bytes - before;
}

/* Append the tape of one node to another's. The tail cell of the target may be partly empty, so bytes are copied. */
void maillog__tape_move(maillog_join *j, uint32_t from, uint32_t to, uint16_t segment)
{
    ml_node *source = ml_at_node(j, from), *target = ml_at_node(j, to);
    char *const start = ml_scratch(j);
    if (source->bytes > j->scratch_size) return;
    char *const end = maillog__tape_copy(j, source, start);
    const char *p = start;
    ml_entry e;
    maillog__tape_free(j, source);
    for (const char *entry = p; maillog__entry(&p, end, &e); entry = p) {
        memcpy((char *)(uintptr_t)entry + 6, &segment, 2);
        put(j, target, entry, (size_t)(p - entry));
        target->session_prev++;
    }
}
