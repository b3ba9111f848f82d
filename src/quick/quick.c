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

/* ---- Postfix ---- */

static maillog_field *read_connect(ml_line *l, const char *p, const char *e, maillog_field *next)
{
    return ml_quick_read(quick_connect, l, p, e, next);
}
static maillog_field *read_disconnect(ml_line *l, const char *p, const char *e, maillog_field *next)
{
    return ml_quick_read(quick_disconnect, l, p, e, next);
}
static maillog_field *read_noqueue(ml_line *l, const char *p, const char *e, maillog_field *next)
{
    return ml_quick_read(quick_noqueue, l, p, e, next);
}
static maillog_field *read_broken_off(ml_line *l, const char *p, const char *e, maillog_field *next)
{
    return ml_quick_read(quick_broken_off, l, p, e, next);
}
static maillog_field *read_hostname(ml_line *l, const char *p, const char *e, maillog_field *next)
{
    return ml_quick_read(quick_hostname, l, p, e, next);
}
static maillog_field *read_tls(ml_line *l, const char *p, const char *e, maillog_field *next)
{
    return ml_quick_read(quick_tls, l, p, e, next);
}
static maillog_field *read_reject(ml_line *l, const char *p, const char *e, maillog_field *next)
{
    return ml_quick_read(quick_reject, l, p, e, next);
}
static maillog_field *read_new_message(ml_line *l, const char *p, const char *e, maillog_field *next)
{
    return ml_quick_read(quick_new_message, l, p, e, next);
}
static maillog_field *read_message_id(ml_line *l, const char *p, const char *e, maillog_field *next)
{
    return ml_quick_read(quick_message_id, l, p, e, next);
}
static maillog_field *read_queue_active(ml_line *l, const char *p, const char *e, maillog_field *next)
{
    return ml_quick_read(quick_queue_active, l, p, e, next);
}
static maillog_field *read_removed(ml_line *l, const char *p, const char *e, maillog_field *next)
{
    return ml_quick_read(quick_removed, l, p, e, next);
}
static maillog_field *read_delivery(ml_line *l, const char *p, const char *e, maillog_field *next)
{
    return ml_quick_read(quick_delivery, l, p, e, next);
}
static maillog_field *read_postscreen(ml_line *l, const char *p, const char *e, maillog_field *next)
{
    return ml_quick_read(quick_postscreen, l, p, e, next);
}
static maillog_field *read_postgrey(ml_line *l, const char *p, const char *e, maillog_field *next)
{
    return ml_quick_read(quick_postgrey, l, p, e, next);
}
static maillog_field *read_amavis(ml_line *l, const char *p, const char *e, maillog_field *next)
{
    return ml_quick_read(quick_amavis, l, p, e, next);
}
static maillog_field *read_dovecot(ml_line *l, const char *p, const char *e, maillog_field *next)
{
    return ml_quick_read(quick_dovecot, l, p, e, next);
}
static maillog_field *read_sasl_failed(ml_line *l, const char *p, const char *e, maillog_field *next)
{
    return ml_quick_read(quick_sasl_failed, l, p, e, next);
}
static maillog_field *read_handshake(ml_line *l, const char *p, const char *e, maillog_field *next)
{
    return ml_quick_read(quick_handshake, l, p, e, next);
}
static maillog_field *read_statistics(ml_line *l, const char *p, const char *e, maillog_field *next)
{
    return ml_quick_read(quick_statistics, l, p, e, next);
}
static maillog_field *read_pickup(ml_line *l, const char *p, const char *e, maillog_field *next)
{
    return ml_quick_read(quick_pickup, l, p, e, next);
}
static maillog_field *read_bounce(ml_line *l, const char *p, const char *e, maillog_field *next)
{
    return ml_quick_read(quick_bounce, l, p, e, next);
}
static maillog_field *read_opendkim(ml_line *l, const char *p, const char *e, maillog_field *next)
{
    return ml_quick_read(quick_opendkim, l, p, e, next);
}
static maillog_field *read_spamd(ml_line *l, const char *p, const char *e, maillog_field *next)
{
    return ml_quick_read(quick_spamd, l, p, e, next);
}

static maillog_field *smtpd_session(ml_line *l, const char *p, const char *e, maillog_field *next)
{
    switch (*p) {
    case 'c':
        return read_connect(l, p, e, next);
    case 'd':
        return read_disconnect(l, p, e, next);
    case 'N':
        return read_noqueue(l, p, e, next);
    case 'l':
    case 't':
        return read_broken_off(l, p, e, next);
    case 'w':
        return ml_same_bytes(p, "warning: hostnam", 16) ? read_hostname(l, p, e, next)
                                                        : read_sasl_failed(l, p, e, next);
    case 'S':
        return read_handshake(l, p, e, next);
    default:
        return read_tls(l, p, e, next);
    }
}

static maillog_field *smtpd_message(ml_line *l, const char *p, const char *e, maillog_field *next)
{
    return *p == 'r' ? read_reject(l, p, e, next) : read_new_message(l, p, e, next);
}

static maillog_field *qmgr_message(ml_line *l, const char *p, const char *e, maillog_field *next)
{
    return *p == 'f' ? read_queue_active(l, p, e, next) : read_removed(l, p, e, next);
}

static maillog_field *no_statement(ml_line *l, const char *p, const char *e, maillog_field *next)
{
    (void)l, (void)p, (void)e, (void)next;
    return NULL;
}

/* The programs that write most, found by a product of their names' first five bytes; names of four end in '['. */
typedef struct program {
    uint64_t key;     /* the name's first eight bytes, with the bits of `not_key` */
    uint64_t not_key; /* the bits that are not its; with none and a `key` of 0 no program is here */
    uint64_t last;    /* of one that is longer, up to sixteen, the last eight */
    uint8_t len;      /* with the instance's name */
    uint8_t leaf;     /* so many bytes of `len` are an instance's name and its slash */
    uint8_t daemon;
    ml_quick_reader *own, *with_id; /* of the message as it is, and behind a queue ID, or NULL */
    uint64_t unused[2];             /* 64 bytes: the address of a row is one shift away */
} program;

#define SLOT(key) (((key) << 24) * UINT64_C(0xA6EB8C9EBD69FE29) >> 58)
#define WITH_BRACKET(word, len) ((len) == 4 ? (word) | (uint64_t)'[' << 32 : (word))
#define NOT_KEY(len) ((len) < 8 ? ~UINT64_C(0) << (8 * (len)&63) : 0)
#define LONG_PROGRAM(word, last, len, leaf, DAEMON, own, with_id)                                                      \
    [SLOT(WITH_BRACKET(word, len))] = {(word) | NOT_KEY(len),   NOT_KEY(len), last,    len, leaf,                      \
                                       MAILLOG_DAEMON_##DAEMON, own,          with_id, {0}}
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
    PROGRAM(ML_WORD('s', 'm', 't', 'p', 0, 0, 0, 0), 4, POSTFIX_SMTP, read_tls, read_delivery),
    PROGRAM(ML_WORD('l', 'm', 't', 'p', 0, 0, 0, 0), 4, POSTFIX_LMTP, no_statement, read_delivery),
    PROGRAM(ML_WORD('p', 'i', 'p', 'e', 0, 0, 0, 0), 4, POSTFIX_PIPE, no_statement, read_delivery),
    PROGRAM(ML_WORD('l', 'o', 'c', 'a', 'l', 0, 0, 0), 5, POSTFIX_LOCAL, no_statement, read_delivery),
    PROGRAM(ML_WORD('v', 'i', 'r', 't', 'u', 'a', 'l', 0), 7, POSTFIX_VIRTUAL, no_statement, read_delivery),
    PROGRAM(ML_WORD('a', 'n', 'v', 'i', 'l', 0, 0, 0), 5, POSTFIX_ANVIL, read_statistics, NULL),
    PROGRAM(ML_WORD('s', 'c', 'a', 'c', 'h', 'e', 0, 0), 6, POSTFIX_SCACHE, read_statistics, NULL),
    PROGRAM(ML_WORD('p', 'i', 'c', 'k', 'u', 'p', 0, 0), 6, POSTFIX_PICKUP, no_statement, read_pickup),
    PROGRAM(ML_WORD('b', 'o', 'u', 'n', 'c', 'e', 0, 0), 6, POSTFIX_BOUNCE, no_statement, read_bounce),
    LONG_PROGRAM(ML_WORD('p', 'o', 's', 't', 's', 'c', 'r', 'e'), ML_WORD('s', 't', 's', 'c', 'r', 'e', 'e', 'n'), 10,
                 0, POSTFIX_POSTSCREEN, read_postscreen, NULL),
};
static const program plain_programs[64] = {
    PROGRAM(ML_WORD('p', 'o', 's', 't', 'g', 'r', 'e', 'y'), 8, POSTGREY, read_postgrey, read_postgrey),
    PROGRAM(ML_WORD('a', 'm', 'a', 'v', 'i', 's', 0, 0), 6, AMAVIS, read_amavis, NULL),
    PROGRAM(ML_WORD('d', 'o', 'v', 'e', 'c', 'o', 't', 0), 7, DOVECOT_MASTER, read_dovecot, NULL),
    PROGRAM(ML_WORD('o', 'p', 'e', 'n', 'd', 'k', 'i', 'm'), 8, OPENDKIM, no_statement, read_opendkim),
    PROGRAM(ML_WORD('s', 'p', 'a', 'm', 'd', 0, 0, 0), 5, SPAMD, read_spamd, NULL),
};

/* The program whose name begins at p, or NULL; 16 bytes may be loaded. What follows the name is not looked at. Where
 * the name begins with NULs, one without a name is found. */
ML_INLINE const program *find_program(const program *programs, const char *p)
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
static bool other_program(const char *tag, program *out)
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

/* The length of a long queue ID that begins the text, or of a short one that the look before this did not take. 16
 * bytes may be loaded. */
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

/* The length of a queue ID of Postfix that begins the text, if `: ` and more follows; or 0. 16 bytes may be loaded;
 * where there is `room`, a vector behind them, too. */
ML_INLINE uint64_t queue_id(const char *p, const char *e, bool room)
{
    uint64_t n = ml_hex_run(p);
    if (n - 6 > 8 || !ml_same_2(p + n, ": ") || *p == 'F') {
        const bool colon = !(room || e - p >= 8 + ML_VEC) || ml_hits(p + 8, ':');
        n = colon && *p != 'N' ? long_queue_id(p, e) : 0; /* NOQUEUE */
    }
    return n && (uint64_t)(e - p) > n + 2 ? n : 0;
}

/* The statement of a program, at the message; `f`: the free rows behind those of the header. */
ML_INLINE maillog_field *statement(const program *who, ml_line *l, const char *p, const char *e, bool room,
                                   maillog_field *f)
{
    if ((size_t)(e - p) - 1 > 1899) return NULL; /* an empty one; Postfix cuts long ones: see postfix.c */
    if (!who->with_id) return who->own(l, p, e, f);
    const uint64_t n = queue_id(p, e, room);
    if (!n) return who->own(l, p, e, f);
    ml_row_at(f, MAILLOG_FIELD_QUEUE_ID, 0, (uint32_t)(p - l->base), (uint32_t)n);
    return who->with_id(l, p + n + 2, e, f + 1);
}

/* ---- a line ---- */

/* How much a header is looked at, and a queue ID behind it; the most: a stamp 33, a host 63, a tag 31, a pid 20. */
enum { ROOM = 192 };
/* A line whose end is known has room enough if each part of its header has 64 bytes. Shorter ones are parsed in a copy
 * with room behind it; and those for which that was not enough. Too short for a copy is what is no common line. */
enum { COPIED = 96, LEAST = sizeof "Jul 19 07:59:06 a b: c" - 1 };

/* The bytes that a run of lines is in, and what it leaves out; the compiler keeps it in registers. */
typedef struct text {
    const char *base;        /* offsets count from here */
    const char *last_line;   /* a line that begins up to here has ROOM; NULL: none has */
    const char *last_window; /* the last 64 bytes */
    const uint8_t *skip;     /* as in maillog_options, but never NULL */
} text;

static inline text text_of(const ml_line *l, const uint8_t *skip)
{
    static const uint8_t skip_none[256];
    const size_t len = ML_QUICK ? (size_t)(l->readable - l->base) : 0;
    const text t = {l->base, len >= ROOM ? l->readable - ROOM : NULL, len >= 64 ? l->readable - 64 : NULL,
                    skip ? skip : skip_none};
    return t;
}

/* Where a line ends, without its line end, and where the next one begins. */
typedef struct ends {
    const char *e, *next;
} ends;

/* The message behind a plain header, of which there are these rows: HOST, PROGRAM, PID or not, MESSAGE. */
static maillog_field *slow_message(ml_line *l, const uint8_t *skip, maillog_field *field)
{
    maillog_field *const f = field + (field[2].id == MAILLOG_FIELD_PID ? 3 : 2);
    const char *const message = l->base + f->off;
    const ml_cur tag = ml_slice(l->base + field[1].off, l->base + field[1].off + field[1].len);
    const char *const slash = ml_rfind(tag, '/');
    l->next = f;
    l->prefix = slash ? ml_slice(tag.p, slash) : ml_none();
    l->program = ml_slice(slash ? slash + 1 : tag.p, tag.e);
    maillog__parse_message(l, skip, ml_slice(message, message + f->len), field);
    return field + l->ev->nfields;
}

ML_INLINE void put(maillog_field *f, maillog_field_id id, const char *base, const char *p, const char *e)
{
    ml_row_at(f, id, 0, (uint32_t)(p - base), (uint32_t)(e - p));
}

ML_INLINE uint32_t rows_between(const maillog_field *from, const maillog_field *to)
{
    const uint32_t bytes = (uint32_t)((uintptr_t)to - (uintptr_t)from);
    return (bytes >> 2) * UINT32_C(0xAAAAAAAB); /* a third of it, which is whole */
}

/* The line at p, if it is a common one or has a header like theirs: the end of its rows, which begin at `field`, or
 * NULL. Its time is put at `time`, and what else `ev`, which is that of `l`, has, but for `line` and `len`. `framed`:
 * its end is known. Else `at` gets it. */
ML_INLINE maillog_field *common_line(ml_line *l, const text *t, const char *p, bool framed, ends *at,
                                     maillog_field *field, maillog_event *ev, maillog_time *time)
{
    const char *const base = t->base;
    if (!ML_QUICK || p > (framed ? t->last_window : t->last_line)) return NULL;
    const char *const host = plain_stamp(l, p, !framed, time);
    if (!host || (framed && host > t->last_window)) return NULL;
    const char *const tag = framed ? past_host(host, true) : past_known_host(l->hosts, host);
    if (!tag || (framed && tag > t->last_window)) return NULL;
    put(&field[0], MAILLOG_FIELD_HOST, base, host, tag - 1);

    const bool postfix = ml_same_bytes(tag, "postfix/", 8);
    const char *name = postfix ? tag + 8 : tag;
    const program *who = find_program(postfix ? postfix_programs : plain_programs, name);
    program other;
    if (ML_RARELY(!who)) {
        if (!other_program(tag, &other)) return NULL;
        name = tag;
        who = &other;
    }
    const char *const tag_end = name + who->len, *message = tag_end + 2;
    put(&field[1], MAILLOG_FIELD_PROGRAM, base, tag, tag_end);
    maillog_field *f = field + 2;
    if (ML_MOSTLY(*tag_end == '[')) {
        const uint64_t digits = ml_pid_digits(tag_end + 1);
        if (!digits) return NULL;
        put(f++, MAILLOG_FIELD_PID, base, tag_end + 1, tag_end + 1 + digits);
        message += digits + 2;
    } else if (!ml_same_2(tag_end, ": ")) {
        return NULL;
    }
    if (!framed) {
        const char *const lf = ml_line_feed(message, t->last_window);
        if (!lf) return NULL;
        at->next = lf + 1;
        at->e = ML_RARELY(lf[-1] == '\r') ? lf - 1 : lf;
    } else if (message > at->e) {
        return NULL;
    }
    const char *const e = at->e;
    put(f++, MAILLOG_FIELD_MESSAGE, base, message, e);
    ev->daemon = who->daemon;
    ev->flags = 0;
    if (ML_RARELY(t->skip[who->daemon])) {
        if (!who->daemon || message == e || ml_may_be_syslogd(*message)) return slow_message(l, t->skip, field);
        ev->match = MAILLOG_MATCH_DAEMON;
        ev->type = 0;
        ev->nfields = rows_between(field, f);
        return f;
    }
    if (ML_RARELY(who->leaf)) put(f++, MAILLOG_FIELD_INSTANCE, base, tag, name + who->leaf - 1);
    f = statement(who, l, message, e, !framed, f);
    if (ML_RARELY(!f)) return slow_message(l, t->skip, field);
    ev->nfields = rows_between(field, f);
    return f;
}

/* A short line at the end of the buffer, in a copy with room behind it. */
static bool copied_line(ml_line *l, const uint8_t *skip, const char *p, size_t len, maillog_field *field)
{
    char copy[ROOM + 64];
    const char *const base = l->base, *const readable = l->readable;
    maillog_event *const ev = l->ev;
    ends at = {copy + len, NULL};
    memcpy(copy, p, len);
    memset(copy + len, 0, sizeof copy - len);
    l->base = copy;
    l->readable = copy + sizeof copy;
    const text t = text_of(l, skip);
    const bool found = common_line(l, &t, copy, true, &at, field, ev, &ev->time) != NULL;
    l->base = base;
    l->readable = readable;
    if (!found) return false;
    for (uint32_t i = 0; p != base && i < ev->nfields; i++) field[i].off += (uint32_t)(p - base);
    return true;
}

static void parse_line(ml_line *l, const uint8_t *skip, const char *p, const char *e, maillog_field *field)
{
    const text t = text_of(l, skip);
    const size_t len = (size_t)(e - p);
    maillog_event *const ev = l->ev;
    ends at = {e, NULL};
    ev->line = p;
    ev->len = (uint32_t)len;
    bool found = len >= COPIED && common_line(l, &t, p, true, &at, field, ev, &ev->time);
    if (!found && ML_QUICK && len >= LEAST && (size_t)(l->readable - p) < ROOM)
        found = copied_line(l, skip, p, len, field);
    if (!found) maillog__parse_any(l, skip, ml_slice(p, e), field);
}

/* What common_line() did not take. False: its end is not in the buffer. */
static bool other_line(ml_line *l, const uint8_t *skip, const char *p, ends *at, maillog_field *field)
{
    if (!maillog__next_line(p, l->readable, &at->e, &at->next)) return false;
    if (at->e > p && at->e[-1] == '\r') at->e--;
    if ((size_t)(l->readable - p) < ROOM)
        parse_line(l, skip, p, at->e, field);
    else
        maillog__parse_any(l, skip, ml_slice(p, at->e), field);
    return true;
}

static const char *parse_next(ml_line *l, const uint8_t *skip, const char *p, maillog_field *field)
{
    const text t = text_of(l, skip);
    maillog_event *const ev = l->ev;
    ends at;
    if (!common_line(l, &t, p, false, &at, field, ev, &ev->time) && !other_line(l, skip, p, &at, field)) return NULL;
    ev->line = p;
    ev->len = (uint32_t)(at.e - p);
    return at.next;
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
    parse_line(l, skip, p, at.e, field);
    return at;
}

static const char *parse_rows(ml_line *l, const uint8_t *skip, const char *p, bool final, ml_rows *out)
{
    const char *const end = l->readable;
    const text t = text_of(l, skip);
    maillog_event ev; /* its rows are not used: fields go straight to the caller's */
    maillog_batch_event *row = out->event;
    maillog_field *field = out->field;
    uint32_t n = out->nfields;
    l->ev = &ev;
    while (p < end && row < out->event_end && n <= out->fields_max) {
        ends at;
        row->off = (uint32_t)(p - t.base);
        row->field = n;
        maillog_field *next_field = common_line(l, &t, p, false, &at, field, &ev, &row->time);
        if (ML_RARELY(!next_field)) {
            const ends found = row_line(l, skip, p, !final, field);
            if (!found.next) break;
            at = found;
            row->time = ev.time;
            next_field = field + ev.nfields;
        }
        row->len = (uint32_t)(at.e - p);
        row->nfields = ev.nfields;
        row->flags = ev.flags;
        memcpy(&row->type, &ev.type, 4); /* type, daemon and match, which stand together in both */
        row++;
        p = at.next;
        n += ev.nfields;
        field = next_field;
    }
    l->ev = NULL;
    out->event = row;
    out->field = field;
    out->nfields = n;
    return p;
}

#ifndef ML_PATH
#define ML_PATH maillog__path_base
#endif
const ml_path ML_PATH = {parse_line, parse_next, parse_rows};
