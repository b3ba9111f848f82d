/* arena.c: cells, hashes, and tapes: the lines of a node as bytes in a chain of cells.
 *
 *   entry:  daemon, match, fields, cut (1 byte each), type, segment (2 each), content (4), line (1..10), fields
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
    uint64_t h = fold(salt ^ k0, n ^ k1), g = h ^ 0x8ebc6af09c88c6e3u;
    for (; n > 32; n -= 32, p += 32) {
        h = fold(load8(p) ^ k1 ^ h, load8(p + 8) ^ k0);
        g = fold(load8(p + 16) ^ k0 ^ g, load8(p + 24) ^ k1);
    }
    h ^= g;
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

/* Fields worth keeping. RELAY_NAME stands for the whole `name[addr]:port`. MESSAGE is kept for lines of trouble. */
static const uint8_t kept[] = {
#define KEEP(NAME) [MAILLOG_FIELD_##NAME] = 1
    KEEP(HOST),
    KEEP(INSTANCE),
    KEEP(SEVERITY),
    KEEP(QUEUE_ID),
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
    KEEP(RELAY_NAME),
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
#undef KEEP
};

static bool keeps(uint16_t id) { return id < sizeof kept && kept[id]; }

/* name[addr]:port as logged: the parts are slices of one line. */
static uint32_t relay_len(const ml_in *in, const maillog_field *name)
{
    const maillog_field *last = in->f[ML_S_RELAY_PORT];
    if (last) return last->off + last->len - name->off;
    last = in->f[ML_S_RELAY_ADDR] ? in->f[ML_S_RELAY_ADDR] : in->f[ML_S_RELAY_PATH];
    return last && last->off > name->off ? last->off + last->len + 1 - name->off : name->len;
}

#define MAX_VALUE 2048u
#define MAX_TROUBLE 400u

static uint32_t put_field(maillog_join *j, ml_node *n, const ml_in *in, const maillog_field *f, uint32_t room)
{
    unsigned char head[14];
    uint16_t id = f->id;
    uint32_t len = f->len;
    if (id == MAILLOG_FIELD_RELAY_NAME) {
        id = MAILLOG_FIELD_RELAY;
        len = relay_len(in, f);
    }
    if (len > MAX_VALUE) len = MAX_VALUE;
    if (id == MAILLOG_FIELD_MESSAGE && len > MAX_TROUBLE) len = MAX_TROUBLE;
    if (len + sizeof head > room) return 0;
    memcpy(head, &id, 2);
    memcpy(head + 2, &f->word, 2);
    const size_t k = 4 + varint(head + 4, len);
    put(j, n, head, k);
    put(j, n, in->ev->line + f->off, len);
    return (uint32_t)k + len;
}

/* What one line, and one message, may take of the block: more is cut, the line numbers stay. */
static uint32_t room_for(const maillog_join *j, const ml_node *n)
{
    const uint32_t most = (uint32_t)(j->scratch_size / 6);
    uint32_t used = n->bytes;
    if (n->group) used = ml_leader(j, n)->u.g.bytes;
    if (used >= most) return 0;
    const uint32_t left = most - used, line = j->ncells / 8 * ML_CELL_DATA;
    const uint32_t room = left < line ? left : line;
    return room < 8192 ? room : 8192;
}

static bool is_trouble(const ml_in *in)
{
    return in->f[ML_S_SEVERITY] != NULL || in->ev->flags & MAILLOG_FLAG_CONTINUED;
}

void maillog__append(maillog_join *j, uint32_t node, const ml_in *in)
{
    ml_node *n = ml_at_node(j, node);
    const uint32_t before = n->bytes;
    uint32_t room = room_for(j, n);
    const maillog_event *ev = in->ev;
    uint8_t count = 0, cut = 0;
    const maillog_field *chosen[64];
    for (uint32_t i = 0; i < ev->nfields && i < MAILLOG_FIELDS_MAX; i++) {
        const maillog_field *f = &ev->field[i];
        const bool message = f->id == MAILLOG_FIELD_MESSAGE && is_trouble(in);
        if (!keeps(f->id) && !message) continue;
        const uint32_t len = (f->id == MAILLOG_FIELD_RELAY_NAME ? relay_len(in, f) : f->len) + 14;
        cut |= f->len > MAX_VALUE && !message;
        if (len > room && f->len <= MAX_VALUE) {
            cut = 1;
            continue;
        }
        chosen[count++] = f;
        room -= len < room ? len : room;
    }
    unsigned char head[22] = {ev->daemon, ev->match, count, cut};
    memcpy(head + 4, &ev->type, 2);
    memcpy(head + 6, &in->segment, 2);
    memcpy(head + 8, &in->content, 4);
    put(j, n, head, 12 + varint(head + 12, in->line));
    for (uint8_t i = 0; i < count; i++) put_field(j, n, in, chosen[i], UINT32_MAX);
    if (cut) j->stats.truncated++;
    if (n->group) ml_leader(j, n)->u.g.bytes += n->bytes - before;
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

static bool read_field(const char **p, const char *end, uint16_t *id, uint16_t *word, maillog_str *value)
{
    uint64_t len;
    if (end - *p < 4) return false;
    memcpy(id, *p, 2);
    memcpy(word, *p + 2, 2);
    *p += 4;
    if (!read_varint(p, end, &len) || len > (uint64_t)(end - *p)) return false;
    value->ptr = *p;
    value->len = (size_t)len;
    *p += len;
    return true;
}

bool maillog__entry(const char **p, const char *end, ml_entry *out)
{
    uint16_t id, word;
    maillog_str value;
    if (end - *p < 13) return false;
    const unsigned char *head = (const unsigned char *)*p;
    out->daemon = head[0];
    out->match = head[1];
    out->nfields = head[2];
    out->cut = head[3];
    memcpy(&out->type, head + 4, 2);
    memcpy(&out->segment, head + 6, 2);
    memcpy(&out->content, head + 8, 4);
    *p += 12;
    if (!read_varint(p, end, &out->line)) return false;
    out->fields = *p;
    out->end = end;
    for (uint8_t i = 0; i < out->nfields; i++)
        if (!read_field(p, end, &id, &word, &value)) return false;
    return true;
}

static maillog_str get(const ml_entry *e, maillog_field_id want, unsigned *word)
{
    const char *p = e->fields;
    maillog_str value, none = {NULL, 0};
    uint16_t id, w;
    for (uint8_t i = 0; i < e->nfields && read_field(&p, e->end, &id, &w, &value); i++) {
        if (id != want) continue;
        *word = w;
        return value;
    }
    *word = 0;
    return none;
}

maillog_str maillog__entry_get(const ml_entry *e, maillog_field_id id)
{
    unsigned word;
    return get(e, id, &word);
}

unsigned maillog__entry_word(const ml_entry *e, maillog_field_id id)
{
    unsigned word;
    get(e, id, &word);
    return word;
}

/* Append entries that were read elsewhere; those of a segment move on by `shift`. */
void maillog__tape_add(maillog_join *j, uint32_t node, const char *tape, size_t len, uint16_t shift)
{
    ml_node *n = ml_at_node(j, node);
    const uint32_t before = n->bytes;
    const char *p = tape, *const end = tape + len;
    ml_entry e;
    for (const char *entry = p; maillog__entry(&p, end, &e); entry = p) {
        const uint16_t segment = (uint16_t)(e.segment ? e.segment + shift : 0);
        put(j, n, entry, 6);
        put(j, n, &segment, 2);
        put(j, n, entry + 8, (size_t)(p - entry) - 8);
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
    }
}
