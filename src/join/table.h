/* table.h: what the join keeps, inside its one block. Everything is reached by index: the block holds no pointers but
 * the callback's, which attach() sets anew.
 *
 *   head | buckets | cells | scratch
 *
 * A cell is 128 bytes: a node, or a piece of a node's tape. A node is one part of the story: a queue ID (leg), an SMTP
 * session, a run of a filter, a delivery into a mail store, an answer of a policy server. Its tape is the lines it was
 * made from, each as the few fields that count. Nodes that belong to one message form a group: a ring with a leader.
 * Nothing is interpreted before the message is delivered: push() only finds the node, appends and joins rings. */
#ifndef MAILLOG_JOIN_TABLE_H
#define MAILLOG_JOIN_TABLE_H

#include <maillog/join.h>
#include <maillog/time.h>

#include "../base/cursor.h"
#include "arena.h"
#include "tape.h"

#define ML_CELL 128u
#define ML_CELL_DATA 124u /* the rest is the number of the next cell */

typedef enum ml_kind {
    ML_NODE_LEG = 1, /* a queue ID */
    ML_NODE_SESSION, /* an smtpd connection; in no group: the legs point to it */
    ML_NODE_SCREEN,  /* a postscreen connection */
    ML_NODE_RUN,     /* one amavis am_id, one spamd child's message */
    ML_NODE_STORE,   /* an LMTP session or lda call of the mail store */
    ML_NODE_POLICY,  /* a policy answer without queue ID that waits for its session */
    ML_NODE_PROCESS, /* lines of a delivery agent that name no queue ID, waiting for its next delivery */
    ML_NODE_HINT,    /* a remote `queued as`: the ID might turn out to be ours */
    ML_NODE_GREY,    /* a greylisted recipient of an attempt that went out: `last` is its line; for the retry */
    ML_NODE_GONE     /* a delivered leg: remembered a while, so that late lines do not look like a new message */
} ml_kind;

/* Node lists, each ordered by the clock of the last line. */
typedef enum ml_list {
    ML_LIST_NONE,
    ML_LIST_OPEN,    /* groups that wait for more */
    ML_LIST_WAIT,    /* groups that wait for nothing but the end of a session */
    ML_LIST_DONE,    /* groups kept for late lines */
    ML_LIST_LOOSE,   /* groups without a leg */
    ML_LIST_SESSION, /* open sessions without a live leg */
    ML_LIST_CLOSED,  /* ended sessions without a live leg */
    ML_LIST_GREY,
    ML_LIST_GONE,
    ML_LISTS
} ml_list;

enum {                           /* ml_node.flags */
       ML_F_BORN = 1,            /* leg: its first line (client=, uid=) was seen */
       ML_F_REMOVED = 2,         /* leg: out of the queue */
       ML_F_DONE = 4,            /* leg: nothing more is expected */
       ML_F_ACTIVE = 8,          /* leg: the queue manager had it */
       ML_F_INBOUND = 16,        /* leg: an exact proof says where it comes from */
       ML_F_AGAIN = 16,          /* session: an answer came again after the current segment's queue ID */
       ML_F_OUTBOUND = 32,       /* leg: … where it went */
       ML_F_LOCAL = 64,          /* leg: the client is this host */
       ML_F_ANYWHERE = 128,      /* leg: made by a proof that does not know the host */
       ML_F_CLOSED = 256,        /* session: ended */
       ML_F_CONNECT = 512,       /* session, screen, spamd's run: connect was seen */
       ML_F_TAKEN = 1024,        /* session: the current segment has its queue ID */
       ML_F_TRIED = 2048,        /* session: something was refused or broke off */
       ML_F_COUNTED = 4096,      /* its lines are in the counters */
       ML_F_REPORT = 8192,       /* run: the report was seen */
       ML_F_TIMED = 16384,       /* first and last are times */
       ML_F_LINKED = 32768,      /* store, policy, run: found its message */
       ML_F_LEGS = 65536,        /* leader: the group has a leg */
       ML_F_LISTED = 131072,     /* session: some of its lines went out with a message */
       ML_F_DISCARDS = 262144,   /* session: the current segment is to be discarded; leg: it is */
       ML_F_FILTERED = 524288,   /* leg: went to a filter, or a command, on this host that did not say under which ID it
                                    comes back */
       ML_F_ASKED = 1048576,     /* session: a policy server was asked in the current segment */
       ML_F_REFUSED = 2097152,   /* session: something was refused in the current segment */
       ML_F_PASSED = 4194304,    /* screen: handed on to smtpd */
       ML_F_NAMED = 4194304,     /* leg: a server on this host named it in a reply */
       ML_F_BEGAN = 8388608,     /* leg: its Message-ID was seen */
       ML_F_LATER = 16777216,    /* its place in the list is older than its last line */
       ML_F_UNSAID = 33554432,   /* session: commands were refused, for a reason that need not be logged */
       ML_F_OVER = 67108864,     /* leg: requeued under another ID, or given up */
       ML_F_SEGMENTS = 67108864, /* session: not all lines on its tape are shared ones that no record listed */
       ML_F_UNKEYED0 = 134217728,   /* key[0] is in no bucket: too many newer nodes have it */
       ML_F_UNKEYED1 = 268435456,   /* … key[1] */
       ML_F_SUBMITTED = 1073741824, /* leg: came in by sendmail(1) */
       ML_F_AWAITS = 536870912      /* in a part of a log: what another part has may belong to it: it is handed on */
};

typedef struct ml_node {
    uint64_t key[2];            /* seeded hashes; 0: none */
    uint32_t key_next[2];       /* next in the bucket: node * 2 + slot */
    uint32_t group, group_next; /* session: 0; lines from the start of its tape that a message has listed */
    uint32_t prev, next;
    uint32_t head, tail;                          /* tape */
    int64_t first, last;                          /* nanoseconds */
    uint32_t host;                                /* hash of the host name */
    uint32_t active;                              /* clock of the last line */
    uint32_t recent[3];                           /* contents of the last lines; [0]: of the first */
    uint32_t bytes;                               /* of the tape */
    uint32_t session, session_prev, session_next; /* of a session: hash of the recipient that was refused last;
                                                     session_prev lines on its tape;
                                                     session_next, once it has ended: 1 + messages taken, and in the
                                                     high half transactions that were begun; of what is gone, in a part
                                                     of a log: prev and next are the place in it */
    uint32_t flags;
    uint16_t segment;  /* leg: its part of the session; session: the part that is being written */
    uint16_t instance; /* leg: hash of the syslog_name's first part, from programs where it says the instance */
    unsigned char kind : 4, list : 4;
    uint8_t tail_used, digits;
    int8_t quarters; /* offset from UTC in quarters of an hour; -128: none */
    union {
        struct {
            uint16_t nodes, open; /* leader: of the ring; legs not done or with an open session */
            uint32_t bytes;       /* leader: of all tapes */
            uint32_t client; /* leg, policy: hash of the sender; leg of another MTA: recipients wanted and served */
            uint32_t
                message_id; /* leg, store: hash of it; policy: of the recipient; hint: of the address that replied */
        } g;
        struct {
            uint32_t from, legs, client; /* hash of the segment's sender; first live leg; hash of the client address */
            uint16_t refs, active;       /* live legs; legs that reached the queue manager */
        } s;
    } u;
} ml_node;

typedef struct ml_ends {
    uint32_t first, last;
} ml_ends;

/* A short host name with its hash; `mask`: bits of the bytes it has. */
enum { ML_HOST_MEMOS = 4 };
typedef struct ml_host_memo {
    uint64_t name[2], mask[2];
    uint32_t len, hash;
} ml_host_memo;

/* A line on its way in: the event's fields that matter. */
typedef enum ml_slot {
    ML_S_NONE,
#define ML_SLOT(NAME) ML_S_##NAME,
#include "slots.def"
    ML_SLOTS
} ml_slot;

enum { ML_FEW_KEPT = 16 }; /* fields of a line that are kept, mostly */

struct maillog_join {
    uint64_t magic, version, size, checksum;
    maillog_message_cb cb; /* not part of the checksum, and so are the next two */
    void *user;
    maillog_unbuilt_cb unbuilt; /* or NULL */
    maillog_join_config config;
    uint32_t nbuckets, ncells, sealed, layout, shift, unused;
    uint32_t most[2], room[2], line_room; /* bytes of tape: of a session, of a group: see table.c, tape.c */
    uint32_t easy[2];                     /* up to there, a line has all the room that it may take; 0: never */
    uint64_t buckets_at, cells_at, scratch_at, scratch_size;
    uint32_t free_cell, fresh_cell, used_cells, nodes;
    ml_ends list[ML_LISTS];
    int64_t due[ML_LISTS];          /* by the clock: before that nothing in the list is old enough */
    uint32_t turnover;              /* cells taken since the lists were last looked through: see maillog__tick() */
    int64_t clock, log_time, doubt; /* seconds: the clock only advances; log_time follows the stamps */
    int64_t before;                 /* log_time before it was set far back */
    int64_t began;                  /* the first stamp */
    uint32_t doubted, doubted_node; /* whether the last stamp is in doubt; where the line of `doubt` went */
    int64_t day;                    /* the last stamp's, in seconds */
    int16_t day_year;
    uint8_t day_month, day_day;
    int64_t civil_days; /* the day that the last record ended on, and its date */
    struct {
        int16_t year;
        uint8_t month, day; /* month 0: none yet */
    } civil;
    uint32_t host_oldest; /* counted on with each name that is new */
    ml_host_memo host[ML_HOST_MEMOS];
    uint32_t parked;  /* policy and process nodes that wait; with the next two: 0 saves looking for them */
    uint32_t hints;   /* hint nodes */
    uint32_t screens; /* postscreen nodes */
    uint32_t aborted; /* the callback said stop */
    uint32_t muted;   /* … and is not to be called: flush() */
    uint64_t line;
    uint64_t place; /* lines that were taken: in a part of a log, what is handed on keeps its order by it */
    maillog_join_stats stats;
};

typedef struct ml_in {
    const maillog_event *ev;
    uint64_t line;
    int64_t ns;
    uint64_t key[2];   /* of its own queue ID; of its SMTP session; 0: none */
    uint32_t guess[2]; /* the nodes that these will most likely lead to */
    uint32_t content;  /* hash of the whole line */
    uint32_t host;
    uint64_t client;     /* of the client's address; 0: not there, or not made yet: see ml_address_key() */
    uint64_t message_id; /* of the Message-ID, the same */
    uint16_t segment;
    bool listed;         /* another table has told of it */
    uint8_t f[ML_SLOTS]; /* number of the first such field, counted from 1; 0: absent. [ML_S_NONE] means nothing */
    uint8_t kept;        /* fields for the tape: the first in the two lists, which end with the last that can be */
    uint8_t kept_as[MAILLOG_FIELDS_MAX + ML_FEW_KEPT]; /* ml_kept */
    uint16_t kept_at[MAILLOG_FIELDS_MAX];              /* bytes from the event to the field */
} ml_in;

static inline const maillog_field *ml_field_of(const ml_in *in, ml_slot s)
{
    return in->f[s] ? &in->ev->field[in->f[s] - 1] : NULL;
}

static inline maillog_str ml_value(const ml_in *in, ml_slot s)
{
    const maillog_field *f = ml_field_of(in, s);
    maillog_str v = {NULL, 0};
    if (f) {
        v.ptr = in->ev->line + f->off;
        v.len = f->len;
    }
    return v;
}
static inline unsigned ml_word_of(const ml_in *in, ml_slot s)
{
    const maillog_field *f = ml_field_of(in, s);
    return f ? f->word : 0;
}

/* Short texts: a call of memcmp() would cost more. */
static inline bool ml_alike(const char *a, const char *b, size_t n)
{
    uint64_t x, y;
    for (; n >= 8; n -= 8, a += 8, b += 8) {
        memcpy(&x, a, 8);
        memcpy(&y, b, 8);
        if (x != y) return false;
    }
    if (n >= 4) { /* two halves that may overlap */
        uint32_t first[2], last[2];
        memcpy(&first[0], a, 4);
        memcpy(&first[1], b, 4);
        memcpy(&last[0], a + n - 4, 4);
        memcpy(&last[1], b + n - 4, 4);
        return first[0] == first[1] && last[0] == last[1];
    }
    for (size_t i = 0; i < n; i++)
        if (a[i] != b[i]) return false;
    return true;
}

static inline void ml_prefetch(const void *p)
{
#ifdef __GNUC__
    __builtin_prefetch(p);
#else
    (void)p;
#endif
}
static inline uint32_t *ml_buckets(maillog_join *j) { return (uint32_t *)(void *)((char *)j + j->buckets_at); }
static inline char *ml_cell(const maillog_join *j, uint32_t i)
{
    return (char *)(uintptr_t)j + j->cells_at + (size_t)i * ML_CELL;
}
static inline uint32_t ml_next_cell(const maillog_join *j, uint32_t cell) /* of a tape */
{
    uint32_t next;
    memcpy(&next, ml_cell(j, cell) + ML_CELL_DATA, sizeof next);
    return next;
}
static inline void ml_set_next_cell(const maillog_join *j, uint32_t cell, uint32_t next)
{
    memcpy(ml_cell(j, cell) + ML_CELL_DATA, &next, sizeof next);
}
static inline ml_node *ml_at_node(const maillog_join *j, uint32_t i) { return (ml_node *)(void *)ml_cell(j, i); }
static inline char *ml_scratch(const maillog_join *j) { return (char *)(uintptr_t)j + j->scratch_at; }
static inline void ml_prefetch_node(const maillog_join *j, uint32_t i)
{
    ml_prefetch(ml_cell(j, i));
    ml_prefetch(ml_cell(j, i) + ML_CELL / 2);
}
static inline uint32_t *ml_bucket(maillog_join *j, uint64_t key) { return &ml_buckets(j)[key & (j->nbuckets - 1)]; }
static inline uint32_t *ml_next_ref(maillog_join *j, uint32_t ref)
{
    return &ml_at_node(j, ref / 2)->key_next[ref % 2];
}
static inline ml_node *ml_leader(const maillog_join *j, const ml_node *n) { return ml_at_node(j, n->group); }

static inline bool ml_is_part(const maillog_join *j) { return (j->config.flags & MAILLOG_JOIN_PART) != 0; }

/* The clock at a table's first line: of use to a reader, if there is room for it to go on in 32 bits. */
static inline int64_t ml_first_clock(int64_t second) { return second > 0 && second < INT32_MAX ? second : 1; }

/* Seconds after which a quiet session is given up. */
static inline int64_t ml_session_wait(const maillog_join *j) { return 12 * (int64_t)j->config.wait; }

/* Whether a session, or a part that found no message, was quiet for so long that it is given up: lists are in order of
 * time but nearly, and what is found must not depend on what else is in the table. */
static inline bool ml_is_stale(const maillog_join *j, const ml_node *n)
{
    if (n->kind == ML_NODE_SESSION)
        return !n->u.s.refs && !(n->flags & ML_F_CLOSED) && j->clock >= (int64_t)n->active + ml_session_wait(j);
    const ml_node *g = n->group ? ml_leader(j, n) : n;
    return n->group && !(g->flags & ML_F_LEGS) && j->clock >= (int64_t)g->active + j->config.wait;
}

/* Whether the node's message has as many lines as can be handed over at once: reading a tape and listing its lines
 * takes eight times its bytes, at worst. */
static inline uint32_t ml_tape_bytes(const maillog_join *j, const ml_node *n)
{
    return n->group ? ml_leader(j, n)->u.g.bytes : n->bytes;
}
static inline bool ml_is_full(const maillog_join *j, const ml_node *n)
{
    return ml_tape_bytes(j, n) > j->most[n->group != 0];
}

/* ---- arena.c: cells, hashes ---- */
uint64_t maillog__hash(const maillog_join *j, uint64_t salt, const void *p, size_t n);
uint64_t maillog__key(const maillog_join *j, unsigned kind, uint64_t scope, maillog_str value);
static inline ml_hasher ml_hasher_of(const maillog_join *j)
{
    const ml_hasher k = {j->config.seed[0] ^ 0x9e3779b97f4a7c15u, j->config.seed[1] ^ 0xd1b54a32d192ed03u};
    return k;
}
ML_WRAPS static inline uint64_t ml_key_salt(unsigned kind, uint64_t scope) { return scope * 16 + kind; }
/* The same as maillog__key(), without a call for what is short. */
static inline uint64_t ml_short_key(const maillog_join *j, unsigned kind, uint64_t scope, maillog_str value)
{
    if (ML_RARELY(value.len > 16)) return maillog__key(j, kind, scope, value);
    const ml_hasher k = ml_hasher_of(j);
    const uint64_t h = ml_hash_end(k, ml_hash_begin(k, ml_key_salt(kind, scope), value.len), value.ptr, value.len);
    return h ? h : 1;
}
uint32_t maillog__new_cell(maillog_join *j);
void maillog__free_cell(maillog_join *j, uint32_t cell);

/* ---- tape.c ---- */
void maillog__add_line(maillog_join *j, uint32_t node, const ml_in *in);
void maillog__tape_move(maillog_join *j, uint32_t from, uint32_t to, uint16_t segment);
void maillog__prefetch_tape(const maillog_join *j, const ml_node *n);
char *maillog__tape_copy(const maillog_join *j, const ml_node *n, char *out);
void maillog__tape_store(maillog_join *j, const ml_node *n, const char *from);
void maillog__tape_free(maillog_join *j, ml_node *n);

static inline bool ml_is_recent(const ml_node *n, uint32_t content)
{
    return n->recent[0] == content || n->recent[1] == content || n->recent[2] == content;
}
/* Whether the line is one of the last that the node has: a duplicate. */
static inline bool ml_repeats(const ml_node *n, const ml_in *in) { return n->head && ml_is_recent(n, in->content); }

ml_whole maillog__entry_whole(const ml_entry *e); /* in a part of a log: the line itself */

/* ---- table.c: nodes, keys, lists, groups, the clock ---- */
enum { /* what is hashed keeps the kinds of keys apart */
       ML_KEY_QUEUE = 1,
       ML_KEY_PROCESS,
       ML_KEY_ADDRESS,
       ML_KEY_RUN,
       ML_KEY_LMTP,
       ML_KEY_MESSAGE_ID,
       ML_KEY_USER,
       ML_KEY_HINT,
       ML_KEY_SCREEN,
       ML_KEY_HOST,
       ML_KEY_GREY,
       ML_KEY_TEXT
};
/* The client's address on this host. */
static inline uint64_t ml_address_key(const maillog_join *j, const ml_in *in)
{
    return in->client ? in->client : maillog__key(j, ML_KEY_ADDRESS, in->host, ml_value(in, ML_S_CLIENT_ADDR));
}
uint32_t maillog__new_node(maillog_join *j, ml_kind kind, const ml_in *in);
void maillog__free_node(maillog_join *j, uint32_t node);
void maillog__set_key(maillog_join *j, uint32_t node, unsigned slot, uint64_t key);
void maillog__drop_key(maillog_join *j, uint32_t node, unsigned slot);
/* Walk the nodes with a key, newest first: set *at to 0 and call until it returns 0. */
static inline uint32_t maillog__find(maillog_join *j, uint64_t key, uint32_t *at)
{
    if (*at == UINT32_MAX) return 0;
    uint32_t ref = *at ? *ml_next_ref(j, *at) : *ml_bucket(j, key);
    while (ref && ml_at_node(j, ref / 2)->key[ref % 2] != key) ref = *ml_next_ref(j, ref);
    *at = ref ? ref : UINT32_MAX;
    return ref / 2;
}
void maillog__list_put(maillog_join *j, uint32_t node, ml_list list);
/* A line came: nothing is moved (that would touch two neighbours for each line); who looks for what is oldest moves it
 * when it comes to the front: see maillog__oldest(). */
static inline void ml_keep_in(maillog_join *j, uint32_t node, ml_list list)
{
    if (ml_at_node(j, node)->list == list)
        ml_at_node(j, node)->flags |= ML_F_LATER;
    else
        maillog__list_put(j, node, list);
}
ml_list maillog__session_list(const maillog_join *j, const ml_node *session);
uint32_t maillog__oldest(maillog_join *j, ml_list list); /* in order of lines, nearly */
void maillog__list_take(maillog_join *j, uint32_t node);
void maillog__join_groups(maillog_join *j, uint32_t a, uint32_t b);
/* In a part of a log: whether a moment is in its first seconds, which lines of the part before can reach; and keep what
 * would go out, if it is to be handed on. `late`: it is too old for new lines, and is handed on whatever it is. */
bool maillog__is_early(const maillog_join *j, int64_t ns, uint32_t seconds);
bool maillog__reaches_back(maillog_join *j, const ml_in *in); /* … or the line lets through what was greylisted there */
bool maillog__hold_back(maillog_join *j, uint32_t node, bool late);
void maillog__settle(maillog_join *j, uint32_t node); /* a line came: put its group where it belongs now */

/* ---- deliver.c: records go out ---- */
void maillog__deliver_group(maillog_join *j, uint32_t leader, maillog_message_state state);
void maillog__deliver_session(maillog_join *j, uint32_t session, maillog_message_state state);
void maillog__deliver_line(maillog_join *j, const ml_in *in, maillog_record record);
void maillog__tick(maillog_join *j);
bool maillog__evict(maillog_join *j);
void maillog__begin_anew(maillog_join *j);
uint32_t maillog__grey(maillog_join *j, maillog_str from, maillog_str to); /* 0: not greylisted of late */
void maillog__grey_line(ml_node *grey, int64_t line);

/* ---- unbuilt.c: the group as bytes, in the scratch; false: there is not room for it ---- */
bool maillog__unbuilt(maillog_join *j, uint32_t leader, maillog_message_state state, maillog_str *out);
bool maillog__unbuilt_attempt(maillog_join *j, uint32_t session, uint16_t segment, maillog_message_state state,
                              maillog_str *out);

/* ---- leg.c: queue IDs ---- */
#define ML_EVER (INT64_MIN / 2) /* before all stamps */
uint32_t maillog__leg(maillog_join *j, const ml_in *in, maillog_str queue_id, bool any_host, int64_t since);
int64_t maillog__began(const maillog_join *j, uint32_t leg);
void maillog__set_done(maillog_join *j, uint32_t leg, bool done);

/* ---- link.c: what belongs together ---- */
bool maillog__is_loopback(maillog_str addr);
maillog_str maillog__relay_addr(maillog_str relay); /* `addr` of `name[addr]:port`, or the path of a socket */
void maillog__link_delivery(maillog_join *j, uint32_t leg, const ml_in *in);
void maillog__link_back(maillog_join *j, uint32_t leg);
void maillog__link_message_id(maillog_join *j, uint32_t leg, const ml_in *in);
bool maillog__link_by_recipient(maillog_join *j, uint32_t node, maillog_str id, maillog_str user);
bool maillog__link_by_message_id(maillog_join *j, uint32_t node, maillog_str id);
maillog_str maillog__queued_as(maillog_str reply);
maillog_str maillog__lmtp_session(maillog_str session); /* without the recipient's number */
maillog_str maillog__saved_session(maillog_str reply);
uint64_t maillog__user_key(const maillog_join *j, uint32_t host, maillog_str user);

/* ---- pieces.c, filter.c: a report that came in several lines. `out` … `limit`: room for its text ---- */
bool maillog__whole_report(const char *tape, const char *end, char *out, char *limit, maillog_event *ev);
void maillog__link_pieces(maillog_join *j, uint32_t run);

/* ---- session.c ---- */
uint32_t maillog__text_hash(const maillog_join *j, maillog_str v); /* 0: there is none */
void maillog__session_of(maillog_join *j, uint32_t leg, ml_in *in);
void maillog__end_legs(maillog_join *j, uint32_t session);
void maillog__leave_session(maillog_join *j, uint32_t node);
void maillog__join_session(maillog_join *j, uint32_t node, uint32_t session);
void maillog__next_segment(ml_node *session);

/* ---- policy.c ---- */
uint32_t maillog__only_session(maillog_join *j, const ml_in *in);
void maillog__take_policies(maillog_join *j, uint32_t session, const ml_in *in, bool connect);
void maillog__take_first_answer(maillog_join *j, uint32_t session, const ml_in *in);
void maillog__take_repeated(maillog_join *j, uint32_t session);
void maillog__match_policies(maillog_join *j, uint32_t leg, const ml_in *in);

/* ---- scan.c ---- */
unsigned maillog__kept(unsigned id); /* ml_kept of a maillog_field_id */
void maillog__scan(ml_in *in);
void maillog__prepare(maillog_join *j, ml_in *in, const maillog_event *ev);

/* ---- push.c ---- */
bool maillog__set_time(maillog_join *j, int64_t t); /* only forward */
void maillog__take_again(maillog_join *j, const maillog_event *ev, uint64_t line, bool listed, int64_t end);

/* ---- from a line to its node: leg.c, session.c, policy.c, filter.c, store.c, mta.c ---- */
void maillog__push_leg(maillog_join *j, ml_in *in);
void maillog__push_session(maillog_join *j, ml_in *in);
void maillog__push_screen(maillog_join *j, ml_in *in);
void maillog__push_policy(maillog_join *j, ml_in *in);
void maillog__push_run(maillog_join *j, ml_in *in);
void maillog__push_spamd(maillog_join *j, ml_in *in);
void maillog__push_store(maillog_join *j, ml_in *in);
void maillog__push_process(maillog_join *j, ml_in *in);

#endif
