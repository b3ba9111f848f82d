/* quick.c: the parse of a line: header, daemon, grammar, in one function that the common lines never leave. avx2.c
 * includes this file. */
#include "../parse.h"
#include "../frame.h"
#include "../base/token.h"
#include "dovecot.h"
#include "filters.h"
#include "header.h"
#include "postfix_delivery.h"
#include "postfix_other.h"
#include "postfix_screen.h"
#include "postfix_services.h"
#include "postfix_session.h"

/* warning: … of smtpd's */
static bool quick_warning(ml_quick *out)
{
    if (QUICK_AT(out->p, "warning: hostname ")) return quick_hostname(out);
    return QUICK_AT(out->p, "warning: TLS ") ? quick_tls_problem(out) : quick_sasl_failed(out);
}

/* Grammars as functions, each by itself: what one saves on the stack, and vectors make it align that, another need not.
 */
#define READER(name, grammar)                                                                                          \
    static __attribute__((noinline)) ml_found name(ml_line *l, const char *p, const char *e, maillog_field *next)      \
    {                                                                                                                  \
        return ml_quick_read(grammar, l, p, e, next);                                                                  \
    }
READER(read_connect, quick_connect)
READER(read_disconnect, quick_disconnect)
READER(read_noqueue, quick_noqueue)
READER(read_broken_off, quick_broken_off)
READER(read_tls, quick_tls)
READER(read_smtp_tls, quick_smtp_tls)
READER(read_reject, quick_reject)
READER(read_new_message, quick_new_message)
READER(read_message_id, quick_message_id)
READER(read_queue_active, quick_queue_active)
READER(read_removed, quick_removed)
READER(read_delivery, quick_delivery)
READER(read_postscreen, quick_postscreen)
READER(read_screen_noqueue, quick_screen_noqueue)
READER(read_dnsblog, quick_dnsblog)
READER(read_tlsproxy, quick_tlsproxy)
READER(read_postgrey, quick_postgrey)
READER(read_amavis, quick_amavis)
READER(read_login, quick_login_service)
READER(read_imap, quick_imap)
READER(read_dovecot_delivery, quick_delivery_service)
READER(read_warning, quick_warning)
READER(read_handshake, quick_handshake)
READER(read_statistics, quick_statistics)
READER(read_pickup, quick_pickup)
READER(read_bounce, quick_bounce)
READER(read_opendkim, quick_opendkim)
READER(read_spamd, quick_spamd)

static ml_found no_statement(ml_line *l, const char *p, const char *e, maillog_field *next)
{
    const ml_found none = {NULL, 0};
    (void)l, (void)p, (void)e, (void)next;
    return none;
}

/* By the first letter; what else may begin with it, the grammar finds out. */
static ml_found smtpd_session(ml_line *l, const char *p, const char *e, maillog_field *next)
{
    static ml_quick_reader *const readers[64] = {
        ['c' & 63] = read_connect,    ['d' & 63] = read_disconnect, ['N' & 63] = read_noqueue,
        ['l' & 63] = read_broken_off, ['t' & 63] = read_broken_off, ['w' & 63] = read_warning,
        ['S' & 63] = read_handshake,  ['A' & 63] = read_tls,        ['T' & 63] = read_tls,
        ['U' & 63] = read_tls,        ['V' & 63] = read_tls,
    };
    ml_quick_reader *const reader = readers[*p & 63];
    return reader ? reader(l, p, e, next) : no_statement(l, p, e, next);
}

static ml_found smtpd_message(ml_line *l, const char *p, const char *e, maillog_field *next)
{
    static ml_quick_reader *const readers[2] = {read_new_message, read_reject};
    return readers[*p == 'r'](l, p, e, next);
}

static ml_found postscreen_session(ml_line *l, const char *p, const char *e, maillog_field *next)
{
    static ml_quick_reader *const readers[2] = {read_postscreen, read_screen_noqueue};
    return readers[*p == 'N'](l, p, e, next);
}

static ml_found qmgr_message(ml_line *l, const char *p, const char *e, maillog_field *next)
{
    static ml_quick_reader *const readers[2] = {read_removed, read_queue_active};
    return readers[*p == 'f'](l, p, e, next);
}

static ml_found dovecot_service(ml_line *l, const char *p, const char *e, maillog_field *next)
{
    static ml_quick_reader *const readers[3] = {read_imap, read_login, read_dovecot_delivery};
    switch (ml_load32(p)) {
    case ML_WORD('i', 'm', 'a', 'p', 0, 0, 0, 0):
        return readers[p[4] == '-'](l, p, e, next);
    case ML_WORD('p', 'o', 'p', '3', 0, 0, 0, 0):
        return readers[1](l, p, e, next);
    case ML_WORD('l', 'm', 't', 'p', 0, 0, 0, 0):
    case ML_WORD('l', 'd', 'a', '(', 0, 0, 0, 0):
        return readers[2](l, p, e, next);
    default:
        return no_statement(l, p, e, next);
    }
}

/* The programs that write most, found by a product of their names' first five bytes; names of four end in '['. */
typedef struct program {
    uint64_t key;     /* the name's first eight bytes, with the bits of `not_key` */
    uint64_t not_key; /* the bits that are not its; with none and a `key` of 0 no program is here */
    uint64_t last;    /* of one that is longer, up to sixteen, the last eight */
    uint8_t len;      /* with the instance's name */
    uint8_t leaf;     /* so many bytes of `len` are an instance's name and its slash */
    uint8_t daemon;
    uint32_t head;                  /* of its events, see ml_found: the daemon; 0: the reader says it */
    ml_quick_reader *own, *with_id; /* of the message as it is, and behind a queue ID, or NULL */
    uint64_t unused[2];             /* 64 bytes: the address of a row is one shift away */
} program;

#define SLOT(key) (((key) << 24) * UINT64_C(0x5AFFB2297631A993) >> 58)
#define WITH_BRACKET(word, len) ((len) == 4 ? (word) | (uint64_t)'[' << 32 : (word))
#define NOT_KEY(len) ((len) < 8 ? ~UINT64_C(0) << (8 * (len)&63) : 0)
#define HEAD(DAEMON)                                                                                                   \
    (MAILLOG_DAEMON_##DAEMON == MAILLOG_DAEMON_DOVECOT_MASTER ? 0 : (uint32_t)MAILLOG_DAEMON_##DAEMON << 16)
#define LONG_PROGRAM(word, last, len, leaf, DAEMON, own, with_id)                                                      \
    [SLOT(WITH_BRACKET(word, len))] = {(word) | NOT_KEY(len),   NOT_KEY(len), last, len,     leaf,                     \
                                       MAILLOG_DAEMON_##DAEMON, HEAD(DAEMON), own,  with_id, {0}}
#define PROGRAM(word, len, DAEMON, own, with_id) LONG_PROGRAM(word, 0, len, 0, DAEMON, own, with_id)

/* Behind `postfix/`. */
static const program postfix_programs[64] = {
    PROGRAM(ML_WORD('s', 'm', 't', 'p', 'd', 0, 0, 0), 5, POSTFIX_SMTPD, smtpd_session, smtpd_message),
    LONG_PROGRAM(ML_WORD('s', 'u', 'b', 'm', 'i', 's', 's', 'i'), ML_WORD('o', 'n', '/', 's', 'm', 't', 'p', 'd'), 16,
                 11, POSTFIX_SMTPD, smtpd_session, smtpd_message),
    LONG_PROGRAM(ML_WORD('s', 'm', 't', 'p', 's', '/', 's', 'm'), ML_WORD('p', 's', '/', 's', 'm', 't', 'p', 'd'), 11,
                 6, POSTFIX_SMTPD, smtpd_session, smtpd_message),
    PROGRAM(ML_WORD('c', 'l', 'e', 'a', 'n', 'u', 'p', 0), 7, POSTFIX_CLEANUP, no_statement, read_message_id),
    PROGRAM(ML_WORD('q', 'm', 'g', 'r', 0, 0, 0, 0), 4, POSTFIX_QMGR, no_statement, qmgr_message),
    PROGRAM(ML_WORD('s', 'm', 't', 'p', 0, 0, 0, 0), 4, POSTFIX_SMTP, read_smtp_tls, read_delivery),
    PROGRAM(ML_WORD('l', 'm', 't', 'p', 0, 0, 0, 0), 4, POSTFIX_LMTP, no_statement, read_delivery),
    PROGRAM(ML_WORD('p', 'i', 'p', 'e', 0, 0, 0, 0), 4, POSTFIX_PIPE, no_statement, read_delivery),
    PROGRAM(ML_WORD('l', 'o', 'c', 'a', 'l', 0, 0, 0), 5, POSTFIX_LOCAL, no_statement, read_delivery),
    PROGRAM(ML_WORD('v', 'i', 'r', 't', 'u', 'a', 'l', 0), 7, POSTFIX_VIRTUAL, no_statement, read_delivery),
    PROGRAM(ML_WORD('a', 'n', 'v', 'i', 'l', 0, 0, 0), 5, POSTFIX_ANVIL, read_statistics, NULL),
    PROGRAM(ML_WORD('s', 'c', 'a', 'c', 'h', 'e', 0, 0), 6, POSTFIX_SCACHE, read_statistics, NULL),
    PROGRAM(ML_WORD('p', 'i', 'c', 'k', 'u', 'p', 0, 0), 6, POSTFIX_PICKUP, no_statement, read_pickup),
    PROGRAM(ML_WORD('b', 'o', 'u', 'n', 'c', 'e', 0, 0), 6, POSTFIX_BOUNCE, no_statement, read_bounce),
    LONG_PROGRAM(ML_WORD('p', 'o', 's', 't', 's', 'c', 'r', 'e'), ML_WORD('s', 't', 's', 'c', 'r', 'e', 'e', 'n'), 10,
                 0, POSTFIX_POSTSCREEN, postscreen_session, NULL),
    PROGRAM(ML_WORD('e', 'r', 'r', 'o', 'r', 0, 0, 0), 5, POSTFIX_ERROR, no_statement, read_delivery),
    PROGRAM(ML_WORD('t', 'l', 's', 'p', 'r', 'o', 'x', 'y'), 8, POSTFIX_TLSPROXY, read_tlsproxy, NULL),
    PROGRAM(ML_WORD('d', 'n', 's', 'b', 'l', 'o', 'g', 0), 7, POSTFIX_DNSBLOG, read_dnsblog, NULL),
};
static const program plain_programs[64] = {
    PROGRAM(ML_WORD('p', 'o', 's', 't', 'g', 'r', 'e', 'y'), 8, POSTGREY, read_postgrey, read_postgrey),
    PROGRAM(ML_WORD('a', 'm', 'a', 'v', 'i', 's', 0, 0), 6, AMAVIS, read_amavis, NULL),
    PROGRAM(ML_WORD('d', 'o', 'v', 'e', 'c', 'o', 't', 0), 7, DOVECOT_MASTER, dovecot_service, NULL),
    PROGRAM(ML_WORD('o', 'p', 'e', 'n', 'd', 'k', 'i', 'm'), 8, OPENDKIM, no_statement, read_opendkim),
    PROGRAM(ML_WORD('s', 'p', 'a', 'm', 'd', 0, 0, 0), 5, SPAMD, read_spamd, NULL),
};

/* The program whose name begins at p, or NULL; 16 bytes may be loaded. What follows the name is not looked at. Where
 * the name begins with NULs, one without a name is found. */
ML_WRAPS ML_INLINE const program *find_program(const program *programs, const char *p)
{
    const uint64_t bytes = ml_load64(p);
    const program *const found = &programs[SLOT(bytes)];
    if (ML_RARELY((bytes | found->not_key) != found->key)) return NULL;
    return ML_MOSTLY(found->len <= 8) || ml_load64(p + found->len - 8) == found->last ? found : NULL;
}

/* The leaf of a tag of 31 bytes at most that is one word, and its end; false: something else. */
static bool read_name(const char *tag, const char **leaf, const char **end)
{
    const uint64_t ends = ml_mask_32(tag, '[', ':');
    if (!ends) return false;
    const uint64_t inside = (ends - 1) & ~ends, slashes = ml_mask_32(tag, '/', '/') & inside;
    if ((ml_mask_32(tag, ' ', '(') | ml_mask_32(tag, '\n', '\n')) & inside) return false;
    *leaf = slashes ? tag + ml_highest(slashes) + 1 : tag;
    *end = tag + ml_first(ends);
    return *leaf < *end;
}

/* A tag that is not `postfix/smtpd` or `dovecot`: what `name` gets; false: something else. Known are programs of
 * another instance, `postfix-in/smtpd`; but not the processes of postfwd, which have names of Postfix's. */
static __attribute__((noinline)) bool other_program(const char *tag, program *out)
{
    const char *leaf, *end;
    if (!read_name(tag, &leaf, &end)) return false;
    const program *const found = find_program(postfix_programs, leaf);
    const bool known = found && leaf + found->len == end && leaf > tag + 1 && memcmp(tag, "postfwd", 7) != 0;
    memset(out, 0, sizeof *out);
    out->own = no_statement;
    if (known) *out = *found;
    out->len = (uint8_t)(end - tag);
    out->leaf = (uint8_t)(leaf - tag);
    return true;
}

/* The length of a long queue ID that begins the text, or of a short one that the look before this did not take. */
static uint64_t long_queue_id(const char *p, const char *e)
{
    ml_cur c = ml_slice(p, e), id;
#ifdef ML_SSE2
    const uint64_t colons = ml_mask_16(p, _mm_set1_epi8(':'));
    if (colons && e - p > 16) {
        const uint64_t n = ml_first(colons);
        if (ml_is_long_id(n, ml_mask_16(p, _mm_set1_epi8('z')), ml_b52_mask(p))) return p[n + 1] == ' ' ? n : 0;
    }
#endif
    return maillog__queue_id_prefix(&c, &id) ? ml_len(id) : 0;
}

/* The length of a queue ID of Postfix that begins the text, if `: ` follows; or 0. */
ML_WRAPS ML_INLINE uint64_t queue_id(const char *p, const char *e)
{
    const uint64_t colons = ml_mask_32(p, ':', ':');
    if (!colons) return 0;
    uint64_t n = ml_first(colons);
    if (n - 6 > 8 || ml_hex_run(p) != n || *p == 'F') n = n >= 6 && *p != 'N' ? long_queue_id(p, e) : 0; /* NOQUEUE */
    return n && p[n + 1] == ' ' ? n : 0;
}

/* The statement of a program, at the message; `f`: the free rows behind those of the header. */
ML_INLINE ml_found statement(const program *who, ml_line *l, const char *p, const char *e, maillog_field *f)
{
    /* Postfix cuts long ones: see postfix.c */
    if (ML_RARELY(e - p > 1900)) return no_statement(l, p, e, f);
    if (!who->with_id) return who->own(l, p, e, f);
    const uint64_t n = queue_id(p, e);
    if (!n) return who->own(l, p, e, f);
    ml_row_at(f, MAILLOG_FIELD_QUEUE_ID, 0, ml_offset(p, l->to_offset), (uint32_t)n);
    return who->with_id(l, p + n + 2, e, f + 1);
}

/* ---- a line ---- */

/* A line in a buffer is read there if it begins so far from the buffer's end: all of a header may be looked at, the
 * most being a stamp of 33 bytes, a host of 63, a tag of 31 and a pid of 20, and 64 bytes for the end of the line; and
 * behind that is ML_BEHIND. Others are read in a copy with room behind it; the longest that are, and the shortest that
 * may be a common line. */
enum { ROOM = 352, COPIED_MAX = 1024, LEAST = sizeof "Jul 19 07:59:06 a b: c" - 1 };

/* The bytes that a run of lines is in, and what it leaves out; the compiler keeps it in registers. */
typedef struct text {
    const char *until;       /* a line that begins before this has ROOM */
    const char *last_window; /* of 64 bytes, behind which is ML_BEHIND */
    const uint8_t *skip;     /* as in maillog_options */
} text;

static inline text text_of(const ml_line *l, const uint8_t *skip)
{
    const bool has_room = l->readable - l->base >= ROOM;
    const text t = {has_room ? l->readable - ROOM + 1 : l->base, has_room ? l->readable - 64 - ML_BEHIND : NULL, skip};
    return t;
}

/* Where a line ends, without its line end, and where the next one begins. */
typedef struct ends {
    const char *e, *next;
} ends;

/* What became of a line: where its rows end, or NULL; and its event, `head` as in ml_found. */
typedef struct parsed {
    maillog_field *next;
    uint32_t head, flags;
} parsed;

static parsed parsed_event(const ml_line *l, maillog_field *field)
{
    const maillog_event *const ev = l->ev;
    parsed r = {field + ev->nfields, 0, ev->flags};
    memcpy(&r.head, &ev->type, sizeof r.head);
    return r;
}

/* The message behind a plain header, of which there are these rows: HOST, PROGRAM, PID or not, MESSAGE. */
static __attribute__((noinline)) parsed slow_message(ml_line *l, const uint8_t *skip, maillog_field *field)
{
    maillog_field *const f = field + (field[2].id == MAILLOG_FIELD_PID ? 3 : 2);
    const char *const message = l->base + f->off;
    const ml_cur tag = ml_slice(l->base + field[1].off, l->base + field[1].off + field[1].len);
    const char *const slash = ml_rfind(tag, '/');
    l->next = f;
    l->prefix = slash ? ml_slice(tag.p, slash) : ml_none();
    l->program = ml_slice(slash ? slash + 1 : tag.p, tag.e);
    maillog__parse_message(l, skip, ml_slice(message, message + f->len), field);
    return parsed_event(l, field);
}

ML_INLINE void put_place(maillog_batch_event *row, const ml_line *l, const char *p, const char *e)
{
    row->off = ml_offset(p, l->to_offset); /* cppcheck-suppress ctunullpointer ; in a batch there is a row */
    row->len = (uint32_t)(e - p);
}

/* The part of the tag before the leaf and its slash; `name`: what `who` was found by. */
static __attribute__((noinline)) void put_instance(maillog_field *f, const ml_line *l, const char *tag,
                                                   const char *name, const program *who)
{
    ml_row_at(f, MAILLOG_FIELD_INSTANCE, 0, ml_offset(tag, l->to_offset), (uint32_t)(name + who->leaf - 1 - tag));
}

ML_WRAPS ML_INLINE uint32_t rows_between(const maillog_field *from, const maillog_field *to)
{
    const uint32_t bytes = (uint32_t)((uintptr_t)to - (uintptr_t)from);
    return (bytes >> 2) * UINT32_C(0xAAAAAAAB); /* a third of it, which is whole */
}

/* The line at p, if it is a common one or has a header like theirs; its rows are written from `field` on and its time
 * at `time`. `framed`: its end is known, and of lines before it something may be kept, or not. Else `at` gets it; and
 * `row`, if not NULL, where the line is, as soon as that is known: then it need not be kept any longer. */
ML_INLINE parsed common_line(ml_line *l, const text *t, const char *p, bool framed, ends *at, maillog_field *field,
                             maillog_time *time, maillog_batch_event *row, bool in_batch)
{
    const parsed none = {NULL, 0, 0};
    const uintptr_t to_offset = l->to_offset;
    const bool keep = !framed || l->hosts;
    const char *const host = plain_stamp(l, p, keep, time);
    if (!host) return none;
    const char *const tag = keep ? past_known_host(l->hosts, host) : past_host(host, true);
    if (!tag) return none;
    ml_row_at(&field[0], MAILLOG_FIELD_HOST, 0, ml_offset(host, to_offset), (uint32_t)(tag - host - 1));

    const bool postfix = ml_same_bytes(tag, "postfix/", 8);
    const char *name = postfix ? tag + 8 : tag;
    const program *who = find_program(postfix ? postfix_programs : plain_programs, name);
    program other;
    if (ML_RARELY(!who)) {
        if (!other_program(tag, &other)) return none;
        name = tag;
        who = &other;
    }
    const char *const tag_end = name + who->len, *message = tag_end + 2;
    ml_row_at(&field[1], MAILLOG_FIELD_PROGRAM, 0, ml_offset(tag, to_offset), (uint32_t)(tag_end - tag));
    maillog_field *f = field + 2;
    if (ML_MOSTLY(*tag_end == '[')) {
        const uint64_t digits = ml_pid_digits(tag_end + 1);
        if (!digits) return none;
        ml_row_at(f++, MAILLOG_FIELD_PID, 0, ml_offset(tag_end, to_offset) + 1, (uint32_t)digits);
        message += digits + 2;
    } else if (!ml_same_2(tag_end, ": ")) {
        return none;
    }
    if (!framed) {
        const char *const lf = ml_line_feed(message, t->last_window);
        if (!lf) return none;
        at->next = lf + 1;
        at->e = ML_RARELY(lf[-1] == '\r') ? lf - 1 : lf;
        if (in_batch) put_place(row, l, p, at->e);
    } else if (message > at->e) {
        return none;
    }
    const char *const e = at->e;
    ml_row_at(f++, MAILLOG_FIELD_MESSAGE, 0, ml_offset(message, to_offset), (uint32_t)(e - message));
    if (ML_RARELY(t->skip != NULL) && t->skip[who->daemon]) {
        if (!who->daemon || message == e || ml_may_be_syslogd(*message)) return slow_message(l, t->skip, field);
        const parsed header = {f, (uint32_t)who->daemon << 16 | (uint32_t)MAILLOG_MATCH_DAEMON << 24, 0};
        return header;
    }
    if (ML_RARELY(who->leaf)) put_instance(f++, l, tag, name, who);
    const ml_found found = statement(who, l, message, e, f);
    if (ML_RARELY(!found.next)) return slow_message(l, t->skip, field);
    const parsed event = {found.next, (uint32_t)found.head | who->head, 0};
    return event;
}

/* What common_line() found, into an event. */
static inline bool put_event(maillog_event *ev, maillog_field *field, parsed found)
{
    if (!found.next) return false;
    memcpy(&ev->type, &found.head, sizeof found.head);
    ev->flags = found.flags;
    ev->nfields = rows_between(field, found.next);
    return true;
}

/* ---- a line that stands by itself ---- */

/* No loops: a compiler would call memcpy for them, which costs more. */
ML_INLINE void copy_64(char *to, const char *from)
{
    ml_copy_32(to, from);
    ml_copy_32(to + 32, from + 32);
}
ML_INLINE void copy_128(char *to, const char *from)
{
    copy_64(to, from);
    copy_64(to + 64, from + 64);
}

/* A line of LEAST bytes or more, as two pieces that overlap, and NULs to all that may be looked at behind it. */
ML_INLINE void copy_line(char *to, const char *from, size_t len)
{
    char *const end = to + len;
    const char *const from_end = from + len;
    if (len > 256) {
        memcpy(to, from, len);
    } else if (len > 128) {
        copy_128(to, from);
        copy_128(end - 128, from_end - 128);
    } else if (len > 64) {
        copy_64(to, from);
        copy_64(end - 64, from_end - 64);
    } else if (len >= 32) {
        ml_copy_32(to, from);
        ml_copy_32(end - 32, from_end - 32);
    } else {
        memcpy(to, from, 16);
        memcpy(end - 16, from_end - 16, 16);
    }
    ml_zero_32(end);
    ml_zero_32(end + 32);
    ml_zero_32(end + 64);
    ml_zero_32(end + ML_BEHIND - 32);
}

/* The line [p, e), which stands by itself: in a copy, where there is no room behind it. */
ML_WRAPS static int parse_line(ml_line *kept, const uint8_t *skip, const char *p, const char *e, const char *readable,
                               maillog_event *ev)
{
    char copy[COPIED_MAX + ML_BEHIND];
    ml_line own, *l = kept;
    if (!l) {
        own.hosts = NULL;
        l = &own;
    }
    const size_t len = (size_t)(e - p);
    l->ev = ev;
    ev->line = p;
    ev->len = (uint32_t)len;
    if (ML_QUICK && ML_MOSTLY(len - LEAST <= COPIED_MAX - LEAST)) {
        const text t = {NULL, NULL, skip};
        const char *line = p;
        if (!readable || readable - e < ML_BEHIND || readable - p < ROOM || *e != '\n') { /* see quick.h */
            copy_line(copy, p, len);
            line = copy;
        }
        ends at = {line + len, NULL};
        ml_line_base(l, line);
        l->readable = at.e + ML_BEHIND;
        if (put_event(ev, ev->field, common_line(l, &t, line, true, &at, ev->field, &ev->time, NULL, false)))
            return MAILLOG_OK;
    }
    ml_line_base(l, p);
    l->readable = readable && readable > e ? readable : e;
    maillog__parse_any(l, skip, ml_slice(p, e), ev->field);
    return MAILLOG_OK;
}

/* The same of a line of a buffer that has no room there, as an event of `l`, whose rows `field` gets. */
static void parse_copied(ml_line *l, const uint8_t *skip, const char *p, const char *e, maillog_field *field)
{
    const char *const base = l->base, *const readable = l->readable;
    maillog_event *const ev = l->ev;
    (void)parse_line(l, skip, p, e, readable, ev);
    ml_line_base(l, base);
    l->readable = readable;
    for (uint32_t i = 0; i < ev->nfields; i++) {
        field[i] = ev->field[i]; /* which may be the same */
        field[i].off += (uint32_t)(p - base);
    }
}

/* ---- lines of a buffer ---- */

/* What common_line() did not take. False: its end is not in the buffer. */
static bool other_line(ml_line *l, const uint8_t *skip, const char *p, ends *at, maillog_field *field)
{
    if (!maillog__next_line(p, l->readable, &at->e, &at->next)) return false;
    if (at->e > p && at->e[-1] == '\r') at->e--;
    if (l->readable - p < ROOM)
        parse_copied(l, skip, p, at->e, field);
    else
        maillog__parse_any(l, skip, ml_slice(p, at->e), field);
    return true;
}

static const char *parse_lines(ml_line *l, const uint8_t *skip, const char *p, ml_deliver *deliver, void *to, int *rc)
{
    maillog_event ev;
    ends at;
    ml_line_base(l, p);
    const text t = text_of(l, skip);
    l->ev = &ev; /* cppcheck-suppress autoVariables ; until the end of this function */
    do {
        ml_line_base(l, p);
        if (!(ML_QUICK && p < t.until &&
              put_event(&ev, ev.field, common_line(l, &t, p, false, &at, ev.field, &ev.time, NULL, false))) &&
            !other_line(l, skip, p, &at, ev.field))
            break;
        ev.line = p;
        ev.len = (uint32_t)(at.e - p);
        p = at.next;
        *rc = deliver(to, &ev);
    } while (ML_MOSTLY(!*rc) && p < l->readable);
    l->ev = NULL;
    return p;
}

/* What common_line() did not take in a batch, or the last line, without its line end: that is left if `keep`. */
static ends row_line(ml_line *l, const uint8_t *skip, const char *p, bool keep, maillog_field *field)
{
    ends at;
    if (other_line(l, skip, p, &at, field)) return at;
    at.next = NULL;
    if (keep) return at;
    at.next = l->readable;
    at.e = at.next - (at.next[-1] == '\n'); /* a record may lack its empty line */
    if (at.e > p && at.e[-1] == '\r') at.e--;
    parse_copied(l, skip, p, at.e, field);
    return at;
}

/* How many lines there is room for, whatever they have; one at least. */
static size_t room_for(const ml_rows *out)
{
    const size_t events = (size_t)(out->event_end - out->event);
    const size_t lines = (out->fields_max - out->nfields) / MAILLOG_FIELDS_MAX + 1;
    return lines < events ? lines : events;
}

/* So many lines at most, into rows that are free: where the next one begins. */
static const char *parse_some(ml_line *l, const uint8_t *skip, const char *p, bool final, ml_rows *out, size_t lines)
{
    const text t = text_of(l, skip);
    maillog_event *const ev = l->ev;
    maillog_batch_event *row = out->event;
    const maillog_batch_event *const end = row + lines;
    maillog_field *field = out->field;
    uint32_t n = out->nfields;
    do {
        parsed found = {NULL, 0, 0};
        ends at = {NULL, NULL};
        if (ML_QUICK && ML_MOSTLY(p < t.until)) found = common_line(l, &t, p, false, &at, field, &row->time, row, true);
        if (ML_RARELY(!found.next)) {
            if (p >= l->readable) break;
            at = row_line(l, skip, p, !final, field);
            if (!at.next) break;
            row->time = ev->time;
            put_place(row, l, p, at.e);
            found = parsed_event(l, field);
        }
        const uint32_t nfields = rows_between(field, found.next);
        row->field = n;
        row->nfields = nfields;
        row->flags = found.flags;
        memcpy(&row->type, &found.head, sizeof found.head);
        p = at.next;
        n += nfields;
        field = found.next;
    } while (++row < end);
    out->event = row;
    out->field = field;
    out->nfields = n;
    return p;
}

static const char *parse_rows(ml_line *l, const uint8_t *skip, const char *p, bool final, ml_rows *out)
{
    maillog_event ev; /* its rows are for copied lines only: fields go straight to the caller's */
    l->ev = &ev;      /* cppcheck-suppress autoVariables ; until the end of this function */
    while (out->event < out->event_end && out->nfields <= out->fields_max) {
        const maillog_batch_event *const begin = out->event;
        const size_t lines = room_for(out);
        p = parse_some(l, skip, p, final, out, lines);
        if ((size_t)(out->event - begin) < lines) break; /* the end of the buffer */
    }
    l->ev = NULL;
    return p;
}

#ifndef ML_PATH
#define ML_PATH maillog__path_base
#endif
const ml_path ML_PATH = {parse_line, parse_lines, parse_rows};
