/* tape.h: a tape, read back: lines of a node, as bytes in a chain of cells, in the order they came.
 *
 *   entry:  content (4), type, segment (2 each), daemon, match, fields, cut (1 each), length of the rest (2),
 *           line (4, or 8 with ML_CUT_FAR), of each field its number in kept.def (1), of each field a mark (4),
 *           the values
 *   mark:   word (8 bits), length (11), place among the values (13)
 *
 * Nothing is unpacked: what is asked for is found by its number, and its mark says where it stands. In a part of a log
 * the line itself stands behind the values, then its place (8): it may have to be handed on. */
#ifndef MAILLOG_JOIN_TAPE_H
#define MAILLOG_JOIN_TAPE_H

#include <maillog/event.h>

#include "../base/cursor.h"

typedef enum ml_kept {
    ML_K_NONE,
#define ML_KEPT(NAME) ML_K_##NAME,
#include "kept.def"
    ML_KEPT_FIELDS /* at most 127 */
} ml_kept;

enum { /* ml_entry.cut */
       ML_CUT_VALUES = 1,
       ML_CUT_LISTED = 2,
       ML_CUT_REPEATS = 4,
       ML_CUT_PIECE = 8,
       ML_CUT_FAR = 16,
       ML_CUT_CHECK = 32, /* not on a tape: it may be a check; a fault */
       ML_CUT_FAULT = 64
};
enum {
    ML_HEAD_SEGMENT = 6, /* where these stand in an entry */
    ML_HEAD_CUT = 11,
    ML_HEAD_SAME = 12, /* up to here as in ml_entry */
    ML_HEAD = 18,      /* all; with ML_CUT_FAR four more */
    ML_MOST_HEAD = 22,
    ML_FIELD_BYTES = 5, /* a field's number and mark */
    ML_PLACE_BITS = 13,
    ML_LEN_BITS = 11,
    ML_IDS = 8 /* fields of which the numbers stand together in ml_entry.ids */
};

typedef struct ml_field {
    const char *p;
    uint32_t len;
    uint16_t id, word; /* id: ml_kept */
} ml_field;

typedef struct ml_whole {
    maillog_str text; /* as it was pushed */
    uint64_t place;
    bool repeats;
} ml_whole;

/* What a delivery says of the next hop: this host, the queue ID it was given there, whether local(8) forwarded it, the
 * LMTP session. */
typedef struct ml_hop {
    maillog_str next, session;
    bool here, forwarded;
} ml_hop;

typedef struct ml_entry {
    uint64_t line;
    uint64_t mask;                  /* bits of the fields that are there, of the first 64; bit 0: there are others */
    uint64_t ids;                   /* a byte for each of the first ones */
    const char *raw, *values, *end; /* raw: the numbers of the fields */
    const ml_field *field;          /* of a report put together from pieces, else NULL */
    const ml_hop *hop;              /* NULL: it was not looked at yet */
    union {
        struct {
            uint32_t content;
            uint16_t type, segment;
            uint8_t daemon, match, nfields, cut;
        };
        char head[ML_HEAD_SAME];
    };
} ml_entry;

/* The next entry; its fields are there once ml_read_fields() was called. */
static inline bool maillog__entry(const char **p, const char *end, ml_entry *out)
{
    const char *const head = *p;
    uint16_t len;
    uint32_t low, high = 0;
    if (end - head < ML_HEAD) return false;
    memcpy(out->head, head, ML_HEAD_SAME);
    memcpy(&len, head + ML_HEAD_SAME, 2);
    memcpy(&low, head + ML_HEAD_SAME + 2, 4);
    out->raw = head + ML_HEAD;
    if (ML_RARELY(out->cut & ML_CUT_FAR)) {
        if (end - head < ML_MOST_HEAD) return false;
        memcpy(&high, head + ML_HEAD, 4);
        out->raw += 4;
    }
    out->line = (uint64_t)high << 32 | low;
    out->values = out->raw + out->nfields * (size_t)ML_FIELD_BYTES;
    if (len > end - out->raw || out->values > out->raw + len) return false;
    *p = out->end = out->raw + len;
    out->field = NULL;
    out->hop = NULL;
    out->mask = 0;
    return true;
}

static inline uint64_t ml_bit(unsigned id) { return (uint64_t)1 << (id < 64 ? id : 0); }

static inline void ml_read_fields(ml_entry *e)
{
    const unsigned n = e->nfields;
    uint64_t mask = 0, ids = 0;
    for (unsigned i = 0; i < n; i++) mask |= ml_bit((unsigned char)e->raw[i]);
    if (n >= 2) /* with their marks they are eight bytes */
        ids = ml_load64(e->raw) & (n < ML_IDS ? ((uint64_t)1 << n * 8) - 1 : UINT64_MAX);
    else if (n)
        ids = (unsigned char)e->raw[0];
    e->mask = mask;
    e->ids = ids;
}

static inline ml_field ml_entry_at(const ml_entry *e, size_t i)
{
    if (ML_RARELY(e->field != NULL)) return e->field[i];
    uint32_t mark;
    memcpy(&mark, e->raw + e->nfields + i * 4, 4);
    const ml_field f = {e->values + (mark & ((1u << ML_PLACE_BITS) - 1)),
                        mark >> ML_PLACE_BITS & ((1u << ML_LEN_BITS) - 1), (unsigned char)e->raw[i],
                        (uint16_t)(mark >> (ML_PLACE_BITS + ML_LEN_BITS))};
    return f;
}

/* Its index, or the number of fields. */
ML_WRAPS static inline size_t ml_entry_find(const ml_entry *e, unsigned id)
{
    size_t i = 0;
#ifdef __GNUC__
    const uint64_t ones = 0x0101010101010101u, other = e->ids ^ ones * id, same = (other - ones) & ~other & ones << 7;
    if (same) return (size_t)__builtin_ctzll(same) / 8; /* the lowest is certain */
    i = e->ids >> (ML_IDS - 1) * 8 ? ML_IDS : 0;
#endif
    while (i < e->nfields && (unsigned char)e->raw[i] != id) i++;
    return i;
}

/* Most that is asked for is not there: the mask says so at once. */
static inline bool ml_may_have(const ml_entry *e, ml_kept id) { return (e->mask & ml_bit(id)) != 0; }

static inline maillog_str maillog__entry_get(const ml_entry *e, ml_kept id)
{
    maillog_str v = {NULL, 0};
    if (!ml_may_have(e, id)) return v;
    const size_t i = ml_entry_find(e, id);
    if (id >= 64 && i == e->nfields) return v;
    const ml_field f = ml_entry_at(e, i);
    v.ptr = f.p;
    v.len = f.len;
    return v;
}

static inline unsigned maillog__entry_word(const ml_entry *e, ml_kept id)
{
    if (!ml_may_have(e, id)) return 0;
    const size_t i = ml_entry_find(e, id);
    return id >= 64 && i == e->nfields ? 0 : ml_entry_at(e, i).word;
}

#endif
