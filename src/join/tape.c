/* tape.c: the lines of a node as bytes in a chain of cells.
 *
 *   entry:  daemon, match, fields, cut (1 byte each), type, segment, length of the rest (2 each), content (4),
 *           line (4, or 8 with ML_CUT_FAR), a mark for each value (4), the values
 *   mark:   word (13 bits), length (12), number in kept.def (7)
 *
 * In a part of a log the line itself stands behind the values, then its place (8): it may have to be handed on. */
#include "table.h"

/* ---- the line's fields ---- */

/* What a field is to the join, and on a tape. */
static const struct {
    uint8_t slot, kept;
} roles[] = {
#define ML_SLOT(NAME) [MAILLOG_FIELD_##NAME].slot = ML_S_##NAME,
#include "slots.def"
#define ML_KEPT(NAME) [MAILLOG_FIELD_##NAME].kept = ML_K_##NAME,
#include "kept.def"
    [MAILLOG_FIELD_EXIM_ID].slot = ML_S_QUEUE_ID,
    [MAILLOG_FIELD_EXIM_ID].kept = ML_K_QUEUE_ID,
    [MAILLOG_FIELD_RELAY_NAME].kept = ML_K_RELAY,
};

enum { ROLES = sizeof roles / sizeof *roles, LAST_BY_RULE = ML_K_MESSAGE };

unsigned maillog__kept(unsigned id) { return id < ROLES ? roles[id].kept : ML_K_NONE; }

/* In one pass: where the fields are that the join asks for, and which will be kept. From the last to the first: of
 * several of a kind the first counts. */
void maillog__scan(ml_in *in)
{
    const maillog_field *const field = in->ev->field, *f = field + in->ev->nfields;
    uint8_t *kept = in->kept[0];
    memset(in->f, 0, sizeof in->f);
    for (uint32_t i = in->ev->nfields; i > 0; i--) {
        const unsigned id = (--f)->id;
        if (id >= ROLES) continue;
        const unsigned slot = roles[id].slot, as = roles[id].kept;
        in->f[slot] = (uint8_t)i;
        kept[0] = (uint8_t)i;
        kept[1] = (uint8_t)as;
        if (as > LAST_BY_RULE) kept += 2;
    }
    in->f[ML_S_NONE] = 0;
    in->nkept = (uint8_t)((kept - in->kept[0]) / 2);
}

/* ---- writing ---- */

static void grow(maillog_join *j, ml_node *n)
{
    const uint32_t cell = maillog__new_cell(j);
    ml_set_next_cell(j, cell, 0);
    if (n->tail)
        ml_set_next_cell(j, n->tail, cell);
    else
        n->head = cell;
    n->tail = cell;
    n->tail_used = 0;
}

static void put_over_cells(maillog_join *j, ml_node *n, const char *p, size_t len)
{
    while (len) {
        if (!n->tail || n->tail_used == ML_CELL_DATA) grow(j, n);
        const size_t room = ML_CELL_DATA - n->tail_used, k = len < room ? len : room;
        memcpy(ml_cell(j, n->tail) + n->tail_used, p, k);
        n->tail_used = (uint8_t)(n->tail_used + k);
        p += k;
        len -= k;
    }
}

static void put(maillog_join *j, ml_node *n, const void *data, size_t len)
{
    n->bytes += (uint32_t)len;
    if (!n->tail || len > ML_CELL_DATA - n->tail_used) {
        put_over_cells(j, n, (const char *)data, len);
        return;
    }
    memcpy(ml_cell(j, n->tail) + n->tail_used, data, len);
    n->tail_used = (uint8_t)(n->tail_used + len);
}

/* name[addr]:port as logged: the parts are slices of one line, and a bracket stands behind the address. Others than
 * Postfix write them apart. */
static uint32_t relay_len(const ml_in *in, const maillog_field *name)
{
    const maillog_field *last = ml_field_of(in, ML_S_RELAY_PORT);
    if (name->id != MAILLOG_FIELD_RELAY_NAME) return name->len;
    if (last && last->off > name->off) return last->off + last->len - name->off;
    last = ml_field_of(in, in->f[ML_S_RELAY_ADDR] ? ML_S_RELAY_ADDR : ML_S_RELAY_PATH);
    if (!last || last->off <= name->off) return name->len;
    const uint32_t end = last->off + last->len;
    return end + (end < in->ev->len && in->ev->line[end] == ']') - name->off;
}

#define MAX_VALUE 2048u
#define MAX_TROUBLE 400u
#define MAX_FIELDS 8192u /* of one line, with what each needs beside its bytes */
#define FIELD_HEAD 6u
#define HEAD 18u       /* of an entry; 22 with ML_CUT_FAR */
#define COPY_SLACK 32u /* behind the last value: see put_kept() */
#define MARK_WORDS 13

_Static_assert(MAX_VALUE < 1u << (32 - MARK_WORDS - 7) && ML_KEPT_FIELDS <= 128, "a mark has room for it");

/* What one line, and one message, may take of the block: more is cut, the line numbers stay, and whose tape it is: the
 * host and the queue ID, which its first line keeps. */
static uint32_t room_for(const maillog_join *j, const ml_node *n)
{
    const uint32_t most = j->room[n->group != 0], used = ml_tape_bytes(j, n), least = n->head ? 0 : 512;
    uint32_t room = used < most ? most - used : 0;
    if (room > j->line_room) room = j->line_room;
    if (room < least) room = least;
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

/* An entry that is being written. */
typedef struct writer {
    const maillog_event *ev;
    unsigned char *mark, *p;
    uint32_t room, cut;
} writer;

/* Values are short: a call for each would cost more than the bytes. `left`: bytes of the line from there on; there is
 * always more room than needed. */
static inline void copy_value(unsigned char *to, const char *from, size_t n, size_t left)
{
    if (n <= 32 && left >= 32) {
        memcpy(to, from, 32);
    } else if (n >= 16) {
        if (n > 32) memcpy(to, from, n);
        memcpy(to, from, 16);
        memcpy(to + n - 16, from + n - 16, 16);
    } else if (n >= 8) {
        memcpy(to, from, 8);
        memcpy(to + n - 8, from + n - 8, 8);
    } else if (n >= 4) {
        memcpy(to, from, 4);
        memcpy(to + n - 4, from + n - 4, 4);
    } else {
        for (size_t i = 0; i < n; i++) to[i] = (unsigned char)from[i];
    }
}

ML_INLINE void put_field(writer *w, unsigned kept_as, const maillog_field *f, uint32_t whole)
{
    uint32_t len = whole;
    if (len > MAX_VALUE) {
        len = MAX_VALUE;
        w->cut |= ML_CUT_VALUES;
    }
    if (len + FIELD_HEAD > w->room) {
        w->cut |= ML_CUT_VALUES;
        return;
    }
    w->room -= len + FIELD_HEAD;
    const uint32_t mark = (uint32_t)f->word << (32 - MARK_WORDS) | len << 7 | kept_as;
    memcpy(w->mark, &mark, 4);
    w->mark += 4;
    copy_value(w->p, w->ev->line + f->off, len, w->ev->len - f->off);
    w->p += len;
}

ML_INLINE void put_slot(writer *w, const ml_in *in, ml_slot slot, unsigned kept_as, uint32_t most)
{
    const maillog_field *f = &in->ev->field[in->f[slot] - 1];
    put_field(w, kept_as, f, f->len < most ? f->len : most);
}

ML_INLINE void put_kept(writer *w, const ml_in *in)
{
    for (unsigned i = in->nkept; i-- > 0;) {
        const maillog_field *f = &in->ev->field[in->kept[i][0] - 1];
        const unsigned as = in->kept[i][1];
        put_field(w, as, f, as == ML_K_RELAY ? relay_len(in, f) : f->len);
    }
}

static void put_head(unsigned char *head, const ml_in *in, size_t count, uint32_t cut, size_t rest)
{
    const uint16_t len = (uint16_t)rest;
    head[0] = in->ev->daemon;
    head[1] = in->ev->match;
    head[2] = (unsigned char)count;
    head[3] = (unsigned char)cut;
    memcpy(head + 4, &in->ev->type, 2);
    memcpy(head + 6, &in->segment, 2);
    memcpy(head + 8, &len, 2);
    memcpy(head + 10, &in->content, 4);
}

/* A session: lines on its tape. */
static void add_to_session(ml_node *n, uint16_t segment)
{
    n->session_prev++;
    if (segment) n->flags |= ML_F_SEGMENTS;
}

#define MOST_WHOLE 32768u /* of a line that is to be handed on */
#define TRAILER 8u
#define REPEATS ((uint64_t)1 << 63)

/* Room for the line itself behind `used` bytes of an entry. */
static uint32_t whole_len(const maillog_join *j, const ml_node *n, const maillog_event *ev, size_t used)
{
    const uint32_t most = j->most[n->group != 0], taken = ml_tape_bytes(j, n) + (uint32_t)used + TRAILER;
    uint32_t room = taken < most ? most - taken : 0;
    if (room > MOST_WHOLE) room = MOST_WHOLE;
    if (room > j->line_room) room = j->line_room;
    return ev->len < room ? ev->len : room;
}

/* The host stands once on a tape, and so does a leg's queue ID; the name of a relay stands for all of it; the text is
 * for lines of trouble alone. */
void maillog__append(maillog_join *j, uint32_t node, const ml_in *in)
{
    ml_node *n = ml_at_node(j, node);
    const maillog_event *ev = in->ev;
    const uint32_t before = n->bytes;
    const bool host = !n->head && in->f[ML_S_HOST], id = in->f[ML_S_QUEUE_ID] && (!n->head || n->kind != ML_NODE_LEG),
               text = in->f[ML_S_MESSAGE] && keeps_text(in);
    unsigned char entry[ML_MOST_HEAD + MAX_FIELDS + COPY_SLACK];
    writer w = {ev, entry + HEAD, NULL, room_for(j, n), ev->flags & MAILLOG_FLAG_CONTINUED ? ML_CUT_PIECE : 0};
    if (in->listed) w.cut |= ML_CUT_LISTED;
    const uint32_t low = (uint32_t)in->line, high = (uint32_t)(in->line >> 32); /* the low half first on any machine */
    memcpy(entry + 14, &low, 4);
    memcpy(entry + 18, &high, 4);
    if (in->line > UINT32_MAX) {
        w.cut |= ML_CUT_FAR;
        w.mark += 4;
    }
    unsigned char *const marks = w.mark, *const values = marks + (size_t)(in->nkept + host + id + text) * 4;
    w.p = values;
    if (host) put_slot(&w, in, ML_S_HOST, ML_K_HOST, UINT32_MAX);
    if (id) put_slot(&w, in, ML_S_QUEUE_ID, ML_K_QUEUE_ID, UINT32_MAX);
    put_kept(&w, in);
    if (text) put_slot(&w, in, ML_S_MESSAGE, ML_K_MESSAGE, MAX_TROUBLE);
    if (w.mark < values) { /* not all had room */
        memmove(w.mark, values, (size_t)(w.p - values));
        w.p -= values - w.mark;
    }
    const bool part = ml_is_part(j);
    const uint32_t whole = part ? whole_len(j, n, ev, (size_t)(w.p - entry)) : 0;
    if (part && whole < ev->len) w.cut |= ML_CUT_VALUES;
    put_head(entry, in, (size_t)(w.mark - marks) / 4, w.cut, (size_t)(w.p - marks) + (part ? whole + TRAILER : 0));
    put(j, n, entry, (size_t)(w.p - entry));
    if (part) {
        const uint64_t place = j->place | (ml_repeats(n, in) ? REPEATS : 0);
        put(j, n, ev->line, whole);
        put(j, n, &place, TRAILER);
    }
    if (w.cut & ML_CUT_VALUES) j->stats.truncated++;
    if (n->group)
        ml_leader(j, n)->u.g.bytes += n->bytes - before;
    else
        add_to_session(n, in->segment);
    if (in->listed && !n->group) n->flags |= ML_F_SEGMENTS | ML_F_LISTED;
}

/* ---- reading ---- */

/* The ends, and what the first cell leads to. */
void maillog__prefetch_tape(const maillog_join *j, const ml_node *n)
{
    const uint32_t second = ml_next_cell(j, n->head);
    if (second) ml_prefetch_node(j, second);
    if (n->tail != second) ml_prefetch_node(j, n->tail);
}

char *maillog__tape_copy(const maillog_join *j, const ml_node *n, char *out)
{
    for (uint32_t cell = n->head; cell; cell = ml_next_cell(j, cell)) {
        const size_t k = cell == n->tail ? n->tail_used : ML_CELL_DATA;
        memcpy(out, ml_cell(j, cell), k);
        out += k;
    }
    return out;
}

/* Write back what tape_copy() gave, changed in place. */
void maillog__tape_store(maillog_join *j, const ml_node *n, const char *from)
{
    for (uint32_t cell = n->head; cell; cell = ml_next_cell(j, cell)) {
        const size_t k = cell == n->tail ? n->tail_used : ML_CELL_DATA;
        memcpy(ml_cell(j, cell), from, k);
        from += k;
    }
}

void maillog__tape_free(maillog_join *j, ml_node *n)
{
    for (uint32_t cell = n->head, next; cell; cell = next) {
        next = ml_next_cell(j, cell);
        maillog__free_cell(j, cell);
    }
    n->head = n->tail = 0;
    n->bytes = 0;
    n->tail_used = 0;
}

bool maillog__entry(const char **p, const char *end, ml_entry *out)
{
    const char *const head = *p;
    uint16_t len;
    uint32_t line;
    if ((size_t)(end - head) < HEAD) return false;
    memcpy(&out->daemon, head, 1);
    memcpy(&out->match, head + 1, 1);
    memcpy(&out->nfields, head + 2, 1);
    memcpy(&out->cut, head + 3, 1);
    memcpy(&out->type, head + 4, 2);
    memcpy(&out->segment, head + 6, 2);
    memcpy(&len, head + 8, 2);
    memcpy(&out->content, head + 10, 4);
    memcpy(&line, head + 14, 4);
    out->line = line;
    out->raw = head + HEAD;
    if (out->cut & ML_CUT_FAR) {
        if ((size_t)(end - head) < HEAD + 4) return false;
        uint32_t high;
        memcpy(&high, head + 18, 4);
        out->line |= (uint64_t)high << 32;
        out->raw += 4;
    }
    if (len > end - out->raw || len < out->nfields * 4u) return false;
    *p = out->end = out->raw + len;
    out->field = NULL;
    out->hop = NULL;
    out->mask[0] = out->mask[1] = 0;
    return true;
}

size_t maillog__entry_fields(ml_entry *e, ml_field *out)
{
    const char *mark = e->raw;
    const char *p = mark + e->nfields * 4u;
    const char *const end = e->end;
    uint64_t low = 0, high = 0, ids = 0;
    size_t n = 0;
    e->field = out;
    for (const char *const first = p; mark < first; mark += 4, n++) {
        uint32_t m;
        memcpy(&m, mark, 4);
        const uint32_t id = m & 127, len = m >> 7 & ((1u << (32 - MARK_WORDS - 7)) - 1);
        const ml_field f = {p, len, (uint16_t)id, (uint16_t)(m >> (32 - MARK_WORDS))};
        if (len > (size_t)(end - p)) break;
        out[n] = f;
        p += len;
        if (id < 64)
            low |= (uint64_t)1 << id;
        else
            high |= (uint64_t)1 << (id - 64);
        if (n < ML_IDS) ids |= (uint64_t)id << n * 8;
    }
    e->mask[0] = low;
    e->mask[1] = high;
    e->ids = ids;
    e->nfields = (uint8_t)n;
    return n;
}

ml_whole maillog__entry_whole(const ml_entry *e)
{
    ml_whole w = {{NULL, 0}, 0, false};
    const char *p = e->raw + e->nfields * 4u;
    for (const char *mark = e->raw, *const first = p; mark < first; mark += 4) {
        uint32_t m;
        memcpy(&m, mark, 4);
        p += m >> 7 & ((1u << (32 - MARK_WORDS - 7)) - 1);
    }
    if (e->end - p < (ptrdiff_t)TRAILER) return w;
    w.text.ptr = p;
    w.text.len = (size_t)(e->end - p) - TRAILER;
    memcpy(&w.place, e->end - TRAILER, TRAILER);
    w.repeats = w.place & REPEATS;
    w.place &= ~REPEATS;
    return w;
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
        add_to_session(target, segment);
    }
}
