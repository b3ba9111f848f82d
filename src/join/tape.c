/* tape.c: how the fields of a line come to stand on a tape: see tape.h. */
#include "table.h"

/* ---- writing ---- */

static void add_cell(maillog_join *j, ml_node *n, uint32_t cell)
{
    ml_set_next_cell(j, cell, 0);
    if (n->tail)
        ml_set_next_cell(j, n->tail, cell);
    else
        n->head = cell;
    n->tail = cell;
}

static void put(maillog_join *j, ml_node *n, const void *data, size_t len)
{
    const char *p = (const char *)data;
    const size_t room = n->tail ? ML_CELL_DATA - n->tail_used : 0;
    n->bytes += (uint32_t)len;
    if (room) {
        const size_t k = len < room ? len : room;
        memcpy(ml_cell(j, n->tail) + n->tail_used, p, k);
        n->tail_used = (uint8_t)(n->tail_used + k);
        p += k;
        len -= k;
    }
    while (len) {
        const size_t k = len < ML_CELL_DATA ? len : ML_CELL_DATA;
        add_cell(j, n, maillog__new_cell(j));
        memcpy(ml_cell(j, n->tail), p, k);
        n->tail_used = (uint8_t)k;
        p += k;
        len -= k;
    }
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

#define MAX_VALUE ((1u << ML_LEN_BITS) - 1)
#define MAX_TROUBLE 400u
#define MAX_FIELDS (1u << ML_PLACE_BITS) /* of one line, with what each needs beside its bytes */
#define FIELD_HEAD 6u
#define COPY_SLACK 32u /* behind the last value: see copy_value() */

/* A mark has eight bits for the word: once there are more words, it needs another form. */
#define MAILLOG_WORD(id, SET, NAME, word) _Static_assert((id) <= UINT8_MAX, "a mark has room for the word");
#include <maillog/schema/words.def>
#undef MAILLOG_WORD
_Static_assert(ML_KEPT_FIELDS <= 128, "a field's number has seven bits: see ml_entry_find()");

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
    unsigned char *as, *mark, *p, *values;
    uint32_t room, cut;
} writer;

static void copy_other(unsigned char *to, const char *from, size_t n)
{
    if (n >= 16) {
        memcpy(to, from, n);
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

/* Values are short: a call for each would cost more than the bytes. There is always more room than needed, and `wide`:
 * 32 bytes of the line may be read from there on. */
ML_INLINE void copy_value(unsigned char *to, const char *from, size_t n, bool wide)
{
    if (ML_MOSTLY(n <= 32 && wide))
        memcpy(to, from, 32);
    else
        copy_other(to, from, n);
}

ML_INLINE uint32_t mark_of(const maillog_field *f, uint32_t len, uint32_t place)
{
    return (uint32_t)f->word << (ML_PLACE_BITS + ML_LEN_BITS) | len << ML_PLACE_BITS | place;
}

static void put_field(writer *w, unsigned kept_as, const maillog_field *f, uint32_t whole)
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
    const uint32_t mark = mark_of(f, len, (uint32_t)(w->p - w->values));
    memcpy(w->mark, &mark, 4);
    w->mark += 4;
    *w->as++ = (unsigned char)kept_as;
    copy_value(w->p, w->ev->line + f->off, len, (size_t)f->off + 32 <= w->ev->len);
    w->p += len;
}

/* What is kept of the line beside the fields that kept.def says: see maillog__append(). */
typedef struct extras {
    bool host, id, text;
} extras;

static const maillog_field *field_at(const ml_in *in, ml_slot slot) { return &in->ev->field[in->f[slot] - 1]; }

static uint32_t trouble_len(const ml_in *in)
{
    const uint32_t len = field_at(in, ML_S_MESSAGE)->len;
    return len < MAX_TROUBLE ? len : MAX_TROUBLE;
}

static inline const maillog_field *kept_field(const ml_in *in, unsigned i)
{
    return (const maillog_field *)(const void *)((const char *)in->ev + in->kept_at[i]);
}

ML_INLINE uint32_t kept_len(const ml_in *in, unsigned i, const maillog_field *f)
{
    return in->kept_as[i] == ML_K_RELAY ? relay_len(in, f) : f->len;
}

static void put_what_fits(writer *w, const ml_in *in, extras x)
{
    if (x.host) put_field(w, ML_K_HOST, field_at(in, ML_S_HOST), field_at(in, ML_S_HOST)->len);
    if (x.id) put_field(w, ML_K_QUEUE_ID, field_at(in, ML_S_QUEUE_ID), field_at(in, ML_S_QUEUE_ID)->len);
    for (unsigned i = in->kept; i < MAILLOG_FIELDS_MAX; i++) {
        const maillog_field *f = kept_field(in, i);
        put_field(w, in->kept_as[i], f, kept_len(in, i, f));
    }
    if (x.text) put_field(w, ML_K_MESSAGE, field_at(in, ML_S_MESSAGE), trouble_len(in));
}

/* Not all had room: what there is moves together. */
static void close_gaps(writer *w, unsigned char *as, unsigned char *marks, size_t count)
{
    const size_t n = (size_t)(w->as - as), gap = count - n, used = (size_t)(w->p - w->values);
    memmove(as + n, marks, n * 4);
    memmove(as + n * ML_FIELD_BYTES, w->values, used);
    w->p -= gap * ML_FIELD_BYTES;
}

ML_INLINE void put_head(unsigned char *head, const ml_in *in, size_t count, uint32_t cut, size_t rest)
{
    const maillog_event *ev = in->ev;
    const uint16_t len = (uint16_t)rest;
    const uint32_t low = (uint32_t)in->line, high = (uint32_t)(in->line >> 32); /* the low half first on any machine */
    memcpy(head, &in->content, 4);
    memcpy(head + 4, &ev->type, 2);
    memcpy(head + ML_HEAD_SEGMENT, &in->segment, 2);
    head[8] = ev->daemon;
    head[9] = ev->match;
    head[10] = (unsigned char)count;
    head[ML_HEAD_CUT] = (unsigned char)cut;
    memcpy(head + ML_HEAD_SAME, &len, 2);
    memcpy(head + ML_HEAD_SAME + 2, &low, 4);
    if (cut & ML_CUT_FAR) memcpy(head + ML_HEAD, &high, 4);
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

static void append_what_fits(maillog_join *j, ml_node *n, const ml_in *in, extras x, unsigned count)
{
    const maillog_event *ev = in->ev;
    const bool part = ml_is_part(j);
    unsigned char entry[ML_MOST_HEAD + MAX_FIELDS + COPY_SLACK];
    uint32_t cut = ev->flags & MAILLOG_FLAG_CONTINUED ? ML_CUT_PIECE : 0;
    if (in->listed) cut |= ML_CUT_LISTED;
    if (in->line > UINT32_MAX) cut |= ML_CUT_FAR;
    unsigned char *const as = entry + (cut & ML_CUT_FAR ? ML_MOST_HEAD : ML_HEAD), *const marks = as + count;
    writer w = {ev, as, marks, marks + (size_t)count * 4, marks + (size_t)count * 4, room_for(j, n), cut};
    put_what_fits(&w, in, x);
    if (w.as < marks) close_gaps(&w, as, marks, count);
    const uint32_t whole = part ? whole_len(j, n, ev, (size_t)(w.p - entry)) : 0;
    if (part && whole < ev->len) w.cut |= ML_CUT_VALUES;
    put_head(entry, in, (size_t)(w.as - as), w.cut, (size_t)(w.p - as) + (part ? whole + TRAILER : 0));
    put(j, n, entry, (size_t)(w.p - entry));
    if (part) {
        const uint64_t place = j->place | (ml_repeats(n, in) ? REPEATS : 0);
        put(j, n, ev->line, whole);
        put(j, n, &place, TRAILER);
    }
    if (w.cut & ML_CUT_VALUES) j->stats.truncated++;
    if (in->listed && !n->group) n->flags |= ML_F_SEGMENTS | ML_F_LISTED;
}

enum { EASY_LINE = 1200, MOST_EASY = 6000 }; /* bytes of a line; of all its values: room is left for the text */

/* Whether there is no question of room, nor of anything else that is seldom. */
static inline bool is_easy(const maillog_join *j, const ml_node *n, const ml_in *in)
{
    return in->ev->len <= EASY_LINE && ml_tape_bytes(j, n) < j->easy[n->group != 0] &&
           MAILLOG_FIELDS_MAX - in->kept <= ML_FEW_KEPT && !(in->ev->flags & MAILLOG_FLAG_CONTINUED) && !in->listed &&
           in->line <= UINT32_MAX;
}

/* An entry that is being written, and cannot grow too long. */
typedef struct easy_writer {
    const maillog_event *ev;
    const char *line;
    unsigned char *mark, *values;
    uint32_t place;
    int32_t wide; /* from there on, fewer than 32 bytes of the line are left */
} easy_writer;

ML_INLINE void put_value(easy_writer *w, const maillog_field *f, uint32_t len)
{
    const uint32_t mark = mark_of(f, len, w->place);
    memcpy(w->mark, &mark, 4);
    w->mark += 4;
    copy_value(w->values + w->place, w->line + f->off, len, (int32_t)f->off <= w->wide);
    w->place += len;
}

/* False: fields that have far more bytes together than the line, and nothing was done. */
ML_INLINE bool append_easily(maillog_join *j, ml_node *n, const ml_in *in, extras x, unsigned count)
{
    unsigned char entry[ML_HEAD + MAX_FIELDS + COPY_SLACK], *const first = entry + ML_HEAD, *as = first;
    easy_writer w = {
        in->ev, in->ev->line, first + count, first + (size_t)count * ML_FIELD_BYTES, 0, (int32_t)in->ev->len - 32};
    if (x.host) *as++ = ML_K_HOST;
    if (x.id) *as++ = ML_K_QUEUE_ID;
    memcpy(as, in->kept_as + in->kept, ML_FEW_KEPT); /* marks and values go over what is too much */
    if (x.text) first[count - 1] = ML_K_MESSAGE;
    if (x.host) put_value(&w, field_at(in, ML_S_HOST), field_at(in, ML_S_HOST)->len);
    if (x.id) put_value(&w, field_at(in, ML_S_QUEUE_ID), field_at(in, ML_S_QUEUE_ID)->len);
    for (unsigned i = in->kept; i < MAILLOG_FIELDS_MAX; i++) {
        const maillog_field *f = kept_field(in, i);
        const uint32_t len = kept_len(in, i, f);
        if (ML_RARELY(w.place + len > MOST_EASY)) return false;
        put_value(&w, f, len);
    }
    if (x.text) put_value(&w, field_at(in, ML_S_MESSAGE), trouble_len(in));
    put_head(entry, in, count, 0, count * ML_FIELD_BYTES + w.place);
    put(j, n, entry, ML_HEAD + count * ML_FIELD_BYTES + w.place);
    return true;
}

/* The host stands once on a tape, and so does a leg's queue ID; the name of a relay stands for all of it; the text is
 * for lines of trouble alone. */
static void append(maillog_join *j, ml_node *n, const ml_in *in)
{
    const uint32_t before = n->bytes;
    const extras x = {!n->head && in->f[ML_S_HOST], in->f[ML_S_QUEUE_ID] && (!n->head || n->kind != ML_NODE_LEG),
                      in->f[ML_S_MESSAGE] && keeps_text(in)};
    const unsigned count = (unsigned)MAILLOG_FIELDS_MAX - in->kept + x.host + x.id + x.text;
    if (!is_easy(j, n, in) || !append_easily(j, n, in, x, count)) append_what_fits(j, n, in, x, count);
    if (n->group)
        ml_leader(j, n)->u.g.bytes += n->bytes - before;
    else
        add_to_session(n, in->segment);
}

static void stamp(ml_node *n, const ml_in *in)
{
    const maillog_time *t = &in->ev->time;
    if (!t->month) return;
    if (!(n->flags & ML_F_TIMED)) {
        n->flags |= ML_F_TIMED;
        n->first = n->last = in->ns;
        n->digits = (uint8_t)(t->digits | (t->year ? 128 : 0)); /* the high bit: the stamp has a year */
        if (t->utc_offset != MAILLOG_NO_OFFSET) n->quarters = (int8_t)(t->utc_offset / 15);
    }
    if (in->ns < n->first) n->first = in->ns;
    if (in->ns > n->last) n->last = in->ns;
}

/* Most wait for more, and did so before: see maillog__settle(). */
static void settle(maillog_join *j, uint32_t node)
{
    ml_node *g = ml_leader(j, ml_at_node(j, node));
    if (g->list != ML_LIST_OPEN || !(g->flags & ML_F_LEGS) || !g->u.g.open) {
        maillog__settle(j, node);
        return;
    }
    g->active = (uint32_t)j->clock;
    g->flags |= ML_F_LATER;
}

/* Sessions without a message wait in lists of their own. */
static void keep_session(maillog_join *j, uint32_t node, const ml_node *n)
{
    if (n->kind != ML_NODE_SESSION && n->kind != ML_NODE_SCREEN) return;
    if (!n->u.s.refs) ml_keep_in(j, node, maillog__session_list(j, n));
}

/* The line becomes part of the node, which goes to the end of its list. */
void maillog__add_line(maillog_join *j, uint32_t node, const ml_in *in)
{
    ml_node *n = ml_at_node(j, node);
    if (ml_is_full(j, n)) {
        maillog__deliver_line(j, in, n->group ? MAILLOG_RECORD_UNMATCHED : MAILLOG_RECORD_SESSION);
        /* a new one may be full of what policy servers said before it */
        if (!n->group && n->list == ML_LIST_NONE) keep_session(j, node, n);
        return;
    }
    const bool first = !n->head;
    if (ml_repeats(n, in)) j->stats.duplicates++;
    stamp(n, in);
    if (j->doubted) j->doubted_node = node;
    if (ml_is_part(j) && maillog__reaches_back(j, in)) n->flags |= ML_F_AWAITS;
    append(j, n, in);
    if (first) {
        n->recent[0] = in->content;
    } else {
        n->recent[1] = n->recent[2];
        n->recent[2] = in->content;
    }
    n->active = (uint32_t)j->clock;
    if (n->group)
        settle(j, node);
    else
        keep_session(j, node, n);
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

ml_whole maillog__entry_whole(const ml_entry *e)
{
    ml_whole w = {{NULL, 0}, 0, false};
    const ml_field last = e->nfields ? ml_entry_at(e, e->nfields - 1u) : (ml_field){e->values, 0, 0, 0};
    const char *p = last.p + last.len;
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
        memcpy((char *)(uintptr_t)entry + ML_HEAD_SEGMENT, &segment, 2);
        put(j, target, entry, (size_t)(p - entry));
        add_to_session(target, segment);
    }
}
