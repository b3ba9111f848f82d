/* quick.c: the parse of a line: header, daemon, grammar, in one function that the common lines never leave. */
#include "../parse.h"
#include "../base/token.h"
#include "dovecot.h"
#include "filters.h"
#include "header.h"
#include "postfix_delivery.h"
#include "postfix_other.h"
#include "postfix_screen.h"
#include "postfix_session.h"

const char *maillog__quick_find_tail(const char *p, const char *e, char a, char b)
{
    while (p < e && *p != a && *p != b) p++;
    return p;
}

/* ---- Postfix ---- */

static bool smtpd_session(ml_quick *q, ml_line *l)
{
    switch (*q->p) {
    case 'c':
        return quick_connect(q, l);
    case 'd':
        return quick_disconnect(q, l);
    case 'N':
        return quick_noqueue(q, l);
    case 'l':
    case 't':
        return quick_broken_off(q, l);
    case 'w':
        return quick_hostname(q, l);
    default:
        return quick_tls(q, l);
    }
}

static bool smtpd_message(ml_quick *q, ml_line *l)
{
    return *q->p == 'r' ? quick_reject(q, l) : quick_new_message(q, l);
}

static bool qmgr_message(ml_quick *q, ml_line *l)
{
    return *q->p == 'f' ? quick_queue_active(q, l) : quick_removed(q, l);
}

enum { PLAIN, POSTFIX }; /* whether the tag begins with `postfix/` */

/* The programs that write most, found by a product of their names' first five bytes; names of four end in '['. */
typedef struct program {
    uint64_t key;  /* the name's first eight bytes */
    uint64_t mask; /* has the bits of `key` */
    uint32_t last; /* of one that is longer, up to twelve, the last four */
    uint8_t len, daemon, form;
    ml_quick_grammar own, with_id; /* of the message as it is, and behind a queue ID; NULL: none */
} program;

#define SLOT(key) (((key) << 24) * UINT64_C(0xEA7B5BF55EB561A5) >> 58)
#define WITH_BRACKET(word, len) ((len) == 4 ? (word) | (uint64_t)'[' << 32 : (word))
#define KEY_MASK(len) (~UINT64_C(0) >> ((len) < 8 ? 64 - 8 * (len) : 0))
#define PROGRAM(word, last, len, DAEMON, form, own, with_id)                                                           \
    [SLOT(WITH_BRACKET(word, len))] = {word, KEY_MASK(len), last, len, MAILLOG_DAEMON_##DAEMON, form, own, with_id}

static const program programs[64] = {
    PROGRAM(ML_WORD('s', 'm', 't', 'p', 'd', 0, 0, 0), 0, 5, POSTFIX_SMTPD, POSTFIX, smtpd_session, smtpd_message),
    PROGRAM(ML_WORD('c', 'l', 'e', 'a', 'n', 'u', 'p', 0), 0, 7, POSTFIX_CLEANUP, POSTFIX, NULL, quick_message_id),
    PROGRAM(ML_WORD('q', 'm', 'g', 'r', 0, 0, 0, 0), 0, 4, POSTFIX_QMGR, POSTFIX, NULL, qmgr_message),
    PROGRAM(ML_WORD('s', 'm', 't', 'p', 0, 0, 0, 0), 0, 4, POSTFIX_SMTP, POSTFIX, quick_tls, quick_delivery),
    PROGRAM(ML_WORD('l', 'm', 't', 'p', 0, 0, 0, 0), 0, 4, POSTFIX_LMTP, POSTFIX, NULL, quick_delivery),
    PROGRAM(ML_WORD('p', 'i', 'p', 'e', 0, 0, 0, 0), 0, 4, POSTFIX_PIPE, POSTFIX, NULL, quick_delivery),
    PROGRAM(ML_WORD('l', 'o', 'c', 'a', 'l', 0, 0, 0), 0, 5, POSTFIX_LOCAL, POSTFIX, NULL, quick_delivery),
    PROGRAM(ML_WORD('v', 'i', 'r', 't', 'u', 'a', 'l', 0), 0, 7, POSTFIX_VIRTUAL, POSTFIX, NULL, quick_delivery),
    PROGRAM(ML_WORD('p', 'o', 's', 't', 'g', 'r', 'e', 'y'), 0, 8, POSTGREY, PLAIN, quick_postgrey, NULL),
    PROGRAM(ML_WORD('a', 'm', 'a', 'v', 'i', 's', 0, 0), 0, 6, AMAVIS, PLAIN, quick_amavis, NULL),
    PROGRAM(ML_WORD('d', 'o', 'v', 'e', 'c', 'o', 't', 0), 0, 7, DOVECOT_MASTER, PLAIN, quick_dovecot, NULL),
    PROGRAM(ML_WORD('p', 'o', 's', 't', 's', 'c', 'r', 'e'), ML_WORD('r', 'e', 'e', 'n', 0, 0, 0, 0), 10,
            POSTFIX_POSTSCREEN, POSTFIX, quick_postscreen, NULL),
};

/* The program whose name stands at p, if the '[' or ':' behind a name follows; NULL: none of these. 12 bytes may be
 * loaded. */
ML_INLINE const program *find_program(const char *p)
{
    const uint64_t bytes = ml_load64(p);
    const program *const found = &programs[SLOT(bytes)];
    if ((bytes & found->mask) != found->key || !found->len) return NULL;
    return found->len <= 8 || ml_load32(p + found->len - 4) == found->last ? found : NULL;
}

/* A tag that is not `postfix/smtpd` or `dovecot`: `postfix/submission/smtpd`, `postfix-in/smtpd`. */
typedef struct name {
    const char *tag, *leaf, *end;
} name;

/* The leaf of a tag of 31 bytes at most that is one word; false: something else. */
static bool read_name(const char *tag, name *out)
{
    const uint32_t ends = ml_mask_32(tag, '[', ':');
    if (!ends) return false;
    const uint32_t inside = (ends - 1) & ~ends, slashes = ml_mask_32(tag, '/', '/') & inside;
    if (ml_mask_32(tag, ' ', '(') & inside) return false;
    out->tag = tag;
    out->leaf = slashes ? tag + 32 - __builtin_clz(slashes) : tag;
    out->end = tag + __builtin_ctz(ends);
    return out->leaf < out->end;
}

/* Another instance of Postfix; but not the processes of postfwd, which have names of Postfix's. */
static const program *other_instance(const name *n)
{
    const program *const found = find_program(n->leaf);
    if (!found || found->form != POSTFIX || n->leaf + found->len != n->end) return NULL;
    return n->leaf <= n->tag + 1 || memcmp(n->tag, "postfwd", 7) == 0 ? NULL : found;
}

/* A long queue ID; its colon is at 12 or behind. */
static bool long_queue_id(ml_quick *q)
{
    ml_cur c = ml_slice(q->p, q->e), id;
    if (!maillog__queue_id_prefix(&c, &id) || *id.p == 'N') return false;
    ML_ROW(q, QUEUE_ID, id.p, id.e);
    q->p = c.p;
    return true;
}

/* `QUEUE-ID: ` of Postfix: written, and q->p moved past it. */
ML_INLINE bool queue_id(ml_quick *q)
{
    if (q->e - q->p < 16) return false;
    const unsigned n = ml_hex_run(q->p);
    if (n - 6 > 8 || q->p[n] != ':' || q->p[n + 1] != ' ' || *q->p == 'F')
        return q->e - q->p >= 8 + ML_VEC && ml_hits(q->p + 8, ':') && long_queue_id(q);
    ML_ROW(q, QUEUE_ID, q->p, q->p + n);
    q->p += n + 2;
    return true;
}

/* The program's statement; q->p at the message. */
ML_INLINE bool statement(const program *who, ml_quick *q, ml_line *l)
{
    if ((size_t)(q->e - q->p) - 1 > 1899) return false; /* an empty one; Postfix cuts long ones: see postfix.c */
    if (who->with_id && queue_id(q)) return q->p < q->e && who->with_id(q, l);
    return who->own && who->own(q, l);
}

/* The message behind a header whose rows are written. */
static void slow_message(ml_line *l, const uint8_t *skip, ml_cur message, const name *n, maillog_field *field,
                         maillog_field *after_header)
{
    l->next = after_header;
    l->prefix = n->leaf == n->tag ? ml_none() : ml_slice(n->tag, n->leaf - 1);
    l->program = ml_slice(n->leaf, n->end);
    maillog__parse_message(l, skip, message, field);
}

ML_INLINE maillog_field *put(maillog_field *f, maillog_field_id id, const char *base, const char *p, const char *e)
{
    f->id = (uint16_t)id;
    f->word = 0;
    f->off = (uint32_t)(p - base);
    f->len = (uint32_t)(e - p);
    return f + 1;
}

void maillog__parse(ml_line *l, const uint8_t *skip, const char *p, const char *e, maillog_field *field)
{
    maillog_event *const ev = l->ev;
    const char *const base = l->base;
    unsigned pid_len;
    maillog_field *f = field;
    ev->line = p;
    ev->len = (uint32_t)(e - p);
    ev->type = 0;
    ev->daemon = 0;
    ev->match = MAILLOG_MATCH_RAW;
    ev->flags = 0;
    if (!ML_QUICK || l->readable - p < 64) goto any; /* a length: an empty line may be at address 1 */
    const char *const last_window = l->readable - 64;
    const char *const host = *p == '2' ? rfc3339(l, p) : bsd(l, p);
    if (!host) goto any;
    const char *const tag = past_known_host(l, host, last_window);
    if (!tag || tag > last_window + 24) goto any; /* of 64 bytes, 40 are looked at */
    f = put(f, MAILLOG_FIELD_HOST, base, host, tag - 1);

    const bool postfix = ml_same_bytes(tag, "postfix/", 8);
    name n = {tag, postfix ? tag + 8 : tag, NULL};
    const program *who = find_program(n.leaf);
    const bool usual = who && who->form == postfix;
    if (usual) {
        n.end = n.leaf + who->len;
    } else {
        if (!read_name(tag, &n)) goto any;
        who = other_instance(&n);
    }
    f = put(f, MAILLOG_FIELD_PROGRAM, base, tag, n.end);
    const char *const message = ml_quick_pid(n.end, e, &pid_len);
    if (!message) goto any;
    if (pid_len) f = put(f, MAILLOG_FIELD_PID, base, n.end + 1, n.end + 1 + pid_len);
    maillog_field *const after_header = f;
    if (who) {
        f = put(f, MAILLOG_FIELD_MESSAGE, base, message, e);
        ev->daemon = who->daemon;
        if (skip && skip[who->daemon]) {
            ev->match = MAILLOG_MATCH_DAEMON;
            if (message < e && !ml_may_be_syslogd(*message)) {
                ev->nfields = (uint32_t)(f - field);
                return;
            }
        } else {
            ml_quick q = {message, e, e <= l->readable - ML_VEC ? e : l->readable - ML_VEC + 1, last_window, base, f};
            /* a name longer than a vector is not found at once: plain `postfix/` is no instance */
            if (!usual && !(postfix && n.leaf == tag + 8)) ML_ROW(&q, INSTANCE, tag, n.leaf - 1);
            if (statement(who, &q, l)) {
                ev->nfields = (uint32_t)(q.next - field);
                return;
            }
        }
    }
    slow_message(l, skip, ml_slice(message, e), &n, field, after_header);
    return;
any:
    ev->daemon = 0;
    maillog__parse_any(l, skip, ml_slice(p, e), field);
}
