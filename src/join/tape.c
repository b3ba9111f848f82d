/* tape.c: the lines of a node as bytes in a chain of cells.
 *
 *   entry:  daemon, match, fields, cut (1 byte each), type, segment, length of the fields (2 each), content (4),
 *           line (1..10), fields
 *   field:  number in kept.def, with the high bit if there is a word (1), word (0 or 2), length (1..3), bytes */
#include "table.h"

/* ---- the line's fields ---- */

static const uint8_t slots[] = {
#define ML_SLOT(NAME) [MAILLOG_FIELD_##NAME] = ML_S_##NAME,
#include "slots.def"
    [MAILLOG_FIELD_EXIM_ID] = ML_S_QUEUE_ID,
};

static const uint8_t kept[] = {
#define ML_KEPT(NAME) [MAILLOG_FIELD_##NAME] = ML_K_##NAME,
#include "kept.def"
    [MAILLOG_FIELD_EXIM_ID] = ML_K_QUEUE_ID,
    [MAILLOG_FIELD_RELAY_NAME] = ML_K_RELAY,
};

unsigned maillog__kept(unsigned id) { return id < sizeof kept ? kept[id] : ML_K_NONE; }

/* In one pass: where the fields are that the join asks for, and which will be kept. */
void maillog__scan(ml_in *in)
{
    const maillog_event *ev = in->ev;
    memset(in->f, 0, sizeof in->f);
    in->nkept = 0;
    for (uint32_t i = 0; i < ev->nfields; i++) {
        const uint16_t id = ev->field[i].id;
        const unsigned slot = id < sizeof slots ? slots[id] : ML_S_NONE;
        if (!in->f[slot]) in->f[slot] = (uint8_t)(i + 1);
        in->kept[in->nkept] = (uint8_t)i;
        in->nkept = (uint8_t)(in->nkept + (maillog__kept(id) != ML_K_NONE));
    }
}

/* ---- writing ---- */

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

/* name[addr]:port as logged: the parts are slices of one line, and a bracket stands behind the address. Others than
 * Postfix write them apart. */
static uint32_t relay_len(const ml_in *in, const maillog_field *name)
{
    const maillog_field *last = ml_field_of(in, ML_S_RELAY_PORT);
    if (last && last->off > name->off) return last->off + last->len - name->off;
    last = ml_field_of(in, in->f[ML_S_RELAY_ADDR] ? ML_S_RELAY_ADDR : ML_S_RELAY_PATH);
    if (!last || last->off <= name->off) return name->len;
    const uint32_t end = last->off + last->len;
    return end + (end < in->ev->len && in->ev->line[end] == ']') - name->off;
}

#define MAX_VALUE 2048u
#define MAX_TROUBLE 400u
#define MAX_FIELDS 8192u /* of one line, with what each needs beside its bytes */
#define MOST_HEAD 24u    /* of an entry */
#define FIELD_HEAD 6u    /* of a field, at most */
#define HAS_WORD 128u
#define NOT_KEPT UINT32_MAX

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

/* How much of a field is kept. The host stands once on a tape, and so does a leg's queue ID; the name of a relay stands
 * for all of it; the text is for lines of trouble alone. */
static uint32_t kept_len(const ml_node *n, const ml_in *in, const maillog_field *f)
{
    static const uint8_t special[] = {
        [MAILLOG_FIELD_HOST] = 1,       [MAILLOG_FIELD_QUEUE_ID] = 1, [MAILLOG_FIELD_EXIM_ID] = 1,
        [MAILLOG_FIELD_RELAY_NAME] = 1, [MAILLOG_FIELD_MESSAGE] = 1,
    };
    if (f->id >= sizeof special || !special[f->id]) return f->len;
    switch (f->id) {
    case MAILLOG_FIELD_HOST:
        return n->head ? NOT_KEPT : f->len;
    case MAILLOG_FIELD_QUEUE_ID:
    case MAILLOG_FIELD_EXIM_ID:
        return n->head && n->kind == ML_NODE_LEG ? NOT_KEPT : f->len;
    case MAILLOG_FIELD_RELAY_NAME:
        return relay_len(in, f);
    case MAILLOG_FIELD_MESSAGE:
        if (!keeps_text(in)) return NOT_KEPT;
        return f->len < MAX_TROUBLE ? f->len : MAX_TROUBLE;
    default:
        return f->len;
    }
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
    } else if (n >= 4) {
        memcpy(to + n - 4, from + n - 4, 4);
        memcpy(to, from, 4);
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

static unsigned char *put_field(unsigned char *p, unsigned kept_as, uint16_t word, const char *value, uint32_t len)
{
    *p++ = (unsigned char)(kept_as | (word ? HAS_WORD : 0));
    if (word) {
        memcpy(p, &word, 2);
        p += 2;
    }
    p += varint(p, len);
    copy_value(p, value, len);
    return p + len;
}

void maillog__append(maillog_join *j, uint32_t node, const ml_in *in)
{
    ml_node *n = ml_at_node(j, node);
    const maillog_event *ev = in->ev;
    const uint32_t before = n->bytes;
    unsigned char entry[MOST_HEAD + MAX_FIELDS];
    unsigned char *const fields = entry + 14 + varint_size(in->line), *p = fields;
    size_t room = room_for(j, n), count = 0;
    uint8_t cut = 0;
    for (unsigned i = 0; i < in->nkept; i++) {
        const maillog_field *f = &ev->field[in->kept[i]];
        const uint32_t whole = kept_len(n, in, f), len = whole < MAX_VALUE ? whole : MAX_VALUE;
        if (whole == NOT_KEPT) continue;
        if (len < whole) cut |= ML_CUT_VALUES;
        if (len + FIELD_HEAD > room) {
            cut |= ML_CUT_VALUES;
            continue;
        }
        room -= len + FIELD_HEAD;
        p = put_field(p, kept[f->id], f->word, ev->line + f->off, len);
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

static bool read_long_varint(const char **p, const char *end, uint64_t *out)
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

static inline bool read_varint(const char **p, const char *end, uint64_t *out)
{
    if (*p == end || (unsigned char)**p > 127) return read_long_varint(p, end, out);
    *out = (unsigned char)*(*p)++;
    return true;
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
    out->mask[0] = out->mask[1] = 0;
    *p += len;
    out->end = *p;
    return true;
}

size_t maillog__entry_fields(ml_entry *e, ml_field *out)
{
    const char *p = e->raw;
    uint64_t mask[2] = {0, 0};
    size_t n = 0;
    e->field = out;
    for (; n < e->nfields && e->end - p >= 2; n++) {
        uint64_t len;
        const unsigned char first = (unsigned char)*p++;
        out[n].id = first & (HAS_WORD - 1);
        out[n].word = 0;
        if (first & HAS_WORD) {
            if (e->end - p < 3) break;
            memcpy(&out[n].word, p, 2);
            p += 2;
        }
        if (!read_varint(&p, e->end, &len) || len > (uint64_t)(e->end - p)) break;
        out[n].p = p;
        out[n].len = (uint32_t)len;
        mask[first >> 6 & 1] |= (uint64_t)1 << (first & 63);
        p += len;
    }
    memcpy(e->mask, mask, sizeof mask);
    e->nfields = (uint8_t)n;
    return n;
}

const ml_field *maillog__entry_find(const ml_entry *e, unsigned id)
{
    const ml_field *f = e->field;
    while (f->id != id) f++; /* the mask says that it is there */
    return f;
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
