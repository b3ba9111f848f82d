/* postfix_session.h: smtpd's lines about a session, and those that give a message its queue ID. See quick.h; the
 * grammars are postfix_smtpd.c, postfix_smtpd_session.c, postfix_cleanup.c and postfix_qmgr.c. */
#ifndef MAILLOG_QUICK_POSTFIX_SESSION_H
#define MAILLOG_QUICK_POSTFIX_SESSION_H

#include "text.h"

/* connect from CLIENT */
static bool quick_connect(ml_quick *out)
{
    ml_quick q = *out;
    if (!ML_QUICK_SKIP(&q.p, "connect from ") || !quick_client(&q) || q.p != q.e) return false;
    return ml_quick_event(out, &q, MAILLOG_EVENT_POSTFIX_CONNECT);
}

/* The commands that `disconnect` counts, by a product of their first four letters; `order` is Postfix's. */
typedef struct quick_count {
    uint64_t key, mask; /* the name, and the bits that it has */
    uint16_t field;
    uint8_t len, order;
} quick_count;
#define COUNT_SLOT(word) ((uint32_t)((uint32_t)(word)*UINT32_C(0x8712B8BD)) >> 27)
#define COUNT(word, len, NAME, order) [COUNT_SLOT(word)] = {word, ML_LIT_MASK(len), MAILLOG_FIELD_##NAME, len, order}
static const quick_count quick_counts[32] = {
    COUNT(ML_WORD('h', 'e', 'l', 'o', 0, 0, 0, 0), 4, CMD_HELO, 1),
    COUNT(ML_WORD('e', 'h', 'l', 'o', 0, 0, 0, 0), 4, CMD_EHLO, 2),
    COUNT(ML_WORD('x', 'c', 'l', 'i', 'e', 'n', 't', 0), 7, CMD_XCLIENT, 3),
    COUNT(ML_WORD('x', 'f', 'o', 'r', 'w', 'a', 'r', 'd'), 8, CMD_XFORWARD, 4),
    COUNT(ML_WORD('s', 't', 'a', 'r', 't', 't', 'l', 's'), 8, CMD_STARTTLS, 5),
    COUNT(ML_WORD('a', 'u', 't', 'h', 0, 0, 0, 0), 4, CMD_AUTH, 6),
    COUNT(ML_WORD('m', 'a', 'i', 'l', 0, 0, 0, 0), 4, CMD_MAIL, 7),
    COUNT(ML_WORD('r', 'c', 'p', 't', 0, 0, 0, 0), 4, CMD_RCPT, 8),
    COUNT(ML_WORD('d', 'a', 't', 'a', 0, 0, 0, 0), 4, CMD_DATA, 9),
    COUNT(ML_WORD('b', 'd', 'a', 't', 0, 0, 0, 0), 4, CMD_BDAT, 10),
    COUNT(ML_WORD('r', 's', 'e', 't', 0, 0, 0, 0), 4, CMD_RSET, 11),
    COUNT(ML_WORD('n', 'o', 'o', 'p', 0, 0, 0, 0), 4, CMD_NOOP, 12),
    COUNT(ML_WORD('v', 'r', 'f', 'y', 0, 0, 0, 0), 4, CMD_VRFY, 13),
    COUNT(ML_WORD('e', 't', 'r', 'n', 0, 0, 0, 0), 4, CMD_ETRN, 14),
    COUNT(ML_WORD('q', 'u', 'i', 't', 0, 0, 0, 0), 4, CMD_QUIT, 15),
    COUNT(ML_WORD('h', 'e', 'l', 'p', 0, 0, 0, 0), 4, CMD_HELP, 16),
    COUNT(ML_WORD('u', 'n', 'k', 'n', 'o', 'w', 'n', 0), 7, CMD_UNKNOWN, 17),
    COUNT(ML_WORD('c', 'o', 'm', 'm', 'a', 'n', 'd', 's'), 8, COMMANDS, 18),
};
#undef COUNT

/* ` ehlo=1 mail=0/1 … commands=4/6` up to the end. */
ML_WRAPS ML_INLINE bool quick_command_counts(ml_quick *q)
{
    unsigned last = 0;
    while (q->p < q->e) { /* 64 bytes at a time; nearly always one */
        const char *const at = q->p, *name = at + 1;
        uint64_t blanks = ml_mask_64(at, ' ');
        if (!(blanks & 1)) return false;
        if (q->e - at <= 63) { /* the end ends a word, too */
            const uint64_t end = UINT64_C(1) << (q->e - at);
            blanks = (blanks & (end - 1)) | end;
        }
        blanks &= blanks - 1;
        if (!blanks) return false;
        for (; blanks; blanks &= blanks - 1) {
            const char *const end = at + ml_first(blanks);
            const uint64_t word = ml_load64(name);
            const quick_count *const c = &quick_counts[COUNT_SLOT(word)];
            const char *const equal = name + c->len; /* the name has no blank, so that this is before the next one */
            if (((word ^ c->key) & c->mask) || *equal != '=' || c->order <= last) return false;
            last = c->order;
            ml_row(q, (maillog_field_id)c->field, equal + 1, end);
            name = end + 1;
        }
        q->p = name - 1;
    }
    return true;
}

/* disconnect from CLIENT ehlo=1 … */
static bool quick_disconnect(ml_quick *out)
{
    ml_quick q = *out;
    if (!ML_QUICK_SKIP(&q.p, "disconnect from ") || !quick_client(&q) || !quick_command_counts(&q)) return false;
    return ml_quick_event(out, &q, MAILLOG_EVENT_POSTFIX_DISCONNECT);
}

/* `KEY=value` of what is said of a client, up to a comma or the end; false: it is not there. */
ML_INLINE bool quick_client_item(ml_quick *q, const char *lit, size_t n, maillog_field_id id)
{
    if (!ml_quick_same(q->p, lit, n)) return false;
    const char *const value = q->p + n, *const comma = ml_quick_find(q, value, ',');
    q->p = comma < q->e ? comma : q->e;
    ml_row(q, id, value, q->p);
    return true;
}
#define QUICK_CLIENT_ITEM(q, lit, NAME) quick_client_item((q), lit, sizeof(lit) - 1, MAILLOG_FIELD_##NAME)

/* client=CLIENT[, sasl_method=M, sasl_username=U][, orig_queue_id=Q][, orig_client=CLIENT]; nothing may follow U: that
 * is bare text */
static bool quick_new_message(ml_quick *out)
{
    ml_quick q = *out;
    if (!QUICK_AT(q.p, "client=")) return false;
    q.p += 7;
    if (!quick_client(&q)) return false;
    if (QUICK_CLIENT_ITEM(&q, ", sasl_method=", SASL_METHOD)) {
        if (!QUICK_CLIENT_ITEM(&q, ", sasl_username=", SASL_USERNAME)) return false;
    } else {
        (void)QUICK_CLIENT_ITEM(&q, ", orig_queue_id=", ORIG_QUEUE_ID);
        if (QUICK_AT(q.p, ", orig_client=")) {
            q.p += 14;
            if (ml_quick_find(&q, q.p, ',') < q.e || !QUICK_PEER(&q, ORIG_CLIENT))
                return false; /* it would end there */
        }
    }
    return q.p == q.e && ml_quick_event(out, &q, MAILLOG_EVENT_POSTFIX_CLIENT);
}

/* message-id=… */
static bool quick_message_id(ml_quick *out)
{
    ml_quick q = *out;
    if (!ML_QUICK_SKIP(&q.p, "message-id=")) return false;
    ML_ROW(&q, MESSAGE_ID, q.p, q.e);
    return ml_quick_event(out, &q, MAILLOG_EVENT_POSTFIX_MESSAGE_ID);
}

/* removed */
static bool quick_removed(ml_quick *out)
{
    return ML_QUICK_IS(out->p, out->e, "removed") && ml_quick_event(out, out, MAILLOG_EVENT_POSTFIX_REMOVED);
}

/* from=<…>, size=N, nrcpt=N (queue active): from the right, for the address may hold anything. */
static bool quick_queue_active(ml_quick *out)
{
    ml_quick q = *out;
    const char *const queue = q.e - (sizeof "queue active)" - 1), *const numbers_end = queue - 2;
    if (q.e - q.p < (ptrdiff_t)sizeof "from=<>, size=1, nrcpt=1 (queue active)" - 1) return false;
    if (!ml_same_bytes(q.p, "from=<", 6) || !ml_same_bytes(numbers_end, " (queue active)", 15)) return false;
    const char *const least = q.p + 6;
    const char *const nrcpt = quick_digits_before(least, numbers_end), *const size_end = nrcpt - 8;
    if (size_end <= least || nrcpt == numbers_end || !ml_same_bytes(size_end, ", nrcpt=", 8)) return false;
    const char *const size = quick_digits_before(least, size_end), *const from_end = size - 8;
    if (from_end < least || size == size_end || !ml_same_bytes(from_end, ">, size=", 8)) return false;
    ML_ROW(&q, FROM, least, from_end);
    ML_ROW(&q, SIZE, size, size_end);
    ML_ROW(&q, NRCPT, nrcpt, numbers_end);
    ML_ROW(&q, QUEUE, queue, q.e - 1);
    return ml_quick_event(out, &q, MAILLOG_EVENT_POSTFIX_QUEUE_ACTIVE);
}

#endif
