/* postfix_other.h: TLS sessions, refusals, lost connections and host names of Postfix. See quick.h; the grammars are
 * postfix_tls.c, postfix_smtpd.c, postfix_context.c and postfix_smtpd_session.c. */
#ifndef MAILLOG_QUICK_POSTFIX_OTHER_H
#define MAILLOG_QUICK_POSTFIX_OTHER_H

#include "../daemons/postfix.h"
#include "postfix_delivery.h"
#include "postfix_session.h"

/* ---- LEVEL TLS connection established (from CLIENT|to HOST): PROTO with cipher NAME (256/256 bits)… ---- */

/* ` WORD NAME[ (DETAIL)]` if it is there; false: it is, and not so. */
ML_INLINE bool quick_signature(ml_quick *q, const char *lit, size_t n, maillog_field_id id, maillog_field_id detail_id)
{
    if (!ml_quick_skip(&q->p, lit, n)) return true;
    const char *const name = q->p, *const end = ml_quick_find(q, name, ' ');
    q->p = end < q->e ? end : q->e;
    if (q->p == name) return false;
    ml_row(q, id, name, q->p);
    if (!QUICK_AT(q->p, " (")) return true;
    const char *const detail = q->p + 2, *const close = ml_quick_find(q, detail, ')');
    if (close >= q->e) return false;
    ml_row(q, detail_id, detail, close);
    q->p = close + 1;
    return true;
}
#define QUICK_SIGNATURE(q, lit, NAME)                                                                                  \
    quick_signature((q), lit, sizeof(lit) - 1, MAILLOG_FIELD_##NAME, MAILLOG_FIELD_##NAME##_DETAIL)

ML_INLINE bool quick_cipher(ml_quick *q)
{
    const char *const proto = q->p, *const proto_end = ml_quick_find(q, proto, ' '), *const name = proto_end + 13;
    if (!QUICK_AT(proto_end, " with cipher ")) return false;
    const char *const name_end = quick_find(q, name, ' '), *const used = name_end + 2;
    if (name == name_end || !QUICK_AT(name_end, " (")) return false;
    const char *const slash = quick_digits(q, used), *const alg = slash + 1;
    if (slash <= used || alg >= q->e || *slash != '/') return false;
    const char *const alg_end = quick_digits(q, alg);
    q->p = alg_end;
    if (alg == alg_end || !ML_QUICK_SKIP(&q->p, " bits)")) return false;
    ML_ROW(q, TLS_PROTOCOL, proto, proto_end);
    ML_ROW(q, TLS_CIPHER, name, name_end);
    ML_ROW(q, TLS_BITS_USED, used, slash);
    ML_ROW(q, TLS_BITS_ALG, alg, alg_end);
    if (q->p == q->e) return true;
    if (!QUICK_SIGNATURE(q, " key-exchange ", TLS_KEX) || !QUICK_SIGNATURE(q, " server-signature ", TLS_SERVER_SIG))
        return false;
    if (ML_QUICK_SKIP(&q->p, " server-digest ")) {
        const char *const digest = q->p;
        if (digest == q->e || quick_has(q, digest, ' ')) return false;
        ML_ROW(q, TLS_SERVER_DIGEST, digest, q->e);
        return true;
    }
    return q->p == q->e;
}

/* `LEVEL`, up to ` TLS connection `; its word, or 0. */
ML_INLINE unsigned quick_level(ml_quick *q)
{
    const char *const level = q->p;
    unsigned word;
    if (QUICK_AT(level, "Anonymous"))
        q->p += 9, word = MAILLOG_TLS_LEVEL_ANONYMOUS;
    else if (QUICK_AT(level, "Untrusted"))
        q->p += 9, word = MAILLOG_TLS_LEVEL_UNTRUSTED;
    else if (QUICK_AT(level, "Trusted"))
        q->p += 7, word = MAILLOG_TLS_LEVEL_TRUSTED;
    else if (QUICK_AT(level, "Verified"))
        q->p += 8, word = MAILLOG_TLS_LEVEL_VERIFIED;
    else
        return 0;
    ML_ROW_WORD(q, TLS_LEVEL, word, level, q->p);
    return word;
}

ML_INLINE bool quick_tls_connection(ml_quick *out, bool is_smtp)
{
    ml_quick q = *out;
    if (!quick_level(&q) || !ML_QUICK_SKIP(&q.p, " TLS connection ")) return false;
    const char *const usage = q.p;
    if (QUICK_AT(usage, "established ")) {
        ML_ROW_WORD(&q, TLS_USAGE, MAILLOG_TLS_USAGE_ESTABLISHED, usage, usage + 11);
        q.p += 12;
    } else if (QUICK_AT(usage, "reused ")) {
        ML_ROW_WORD(&q, TLS_USAGE, MAILLOG_TLS_USAGE_REUSED, usage, usage + 6);
        q.p += 7;
    } else {
        return false;
    }
    const maillog_field *const peer = q.next;
    if (QUICK_AT(q.p, "from ")) {
        q.p += 5;
        if (!quick_client(&q)) return false;
    } else if (is_smtp && QUICK_AT(q.p, "to ")) {
        q.p += 3;
        /* with a port only: without one it may be a socket's path */
        if (!QUICK_PEER(&q, RELAY) || q.next - peer != 3) return false;
    } else {
        return false;
    }
    if (peer->len == 0 || !ML_QUICK_SKIP(&q.p, ": ") || !quick_cipher(&q)) return false;
    return ml_quick_event(out, &q, MAILLOG_EVENT_POSTFIX_TLS_CONNECTION);
}
static bool quick_tls(ml_quick *out) { return quick_tls_connection(out, false); }
static bool quick_smtp_tls(ml_quick *out) { return quick_tls_connection(out, true); }

/* ---- reject[_warning]: RCPT from CLIENT: CODE DSN TEXT; from=<…> to=<…> proto=… helo=<…> ---- */

/* The end of the address or HELO name whose '<' stands before p: its '>', or NULL where a byte comes first that an
 * address must quote. */
ML_INLINE const char *quick_context_end(const ml_quick *q, const char *p)
{
    for (; p < q->e; p += ML_VEC) {
        const uint64_t hits =
            ml_hits_2(p, ' ', '"') | ml_hits_2(p, '<', '>') | ml_hits_2(p, ';', ',') | ml_hits(p, '\\');
        if (!hits) continue;
        p += ml_first(hits) >> ML_HIT_SHIFT;
        return p < q->e && *p == '>' ? p : NULL;
    }
    return NULL;
}

/* `KEY<value>`, or nothing of it, at *p; false: a value for the grammar. */
ML_INLINE bool quick_context_part(const ml_quick *q, const char **p, const char *lit, size_t n, ml_cur *out)
{
    *out = ml_none();
    if (!ml_quick_same(*p, lit, n)) return true;
    const char *const value = *p + n, *const end = quick_context_end(q, value);
    if (!end) return false;
    *out = ml_slice(value, end);
    *p = end + 1;
    return true;
}
#define QUICK_CONTEXT_PART(q, p, lit, out) quick_context_part((q), (p), lit, sizeof(lit) - 1, (out))

/* ` from=<…> to=<…> proto=… helo=<…>` at p, and the end of the line; postscreen puts commas between them. */
ML_INLINE bool quick_context_parts(const ml_quick *q, const char *p, bool commas, ml_context *ctx)
{
    if (!QUICK_CONTEXT_PART(q, &p, " from=<", &ctx->from)) return false;
    if (commas && ctx->from.p && *p++ != ',') return false;
    if (!QUICK_CONTEXT_PART(q, &p, " to=<", &ctx->to)) return false;
    if (commas && ctx->to.p && *p++ != ',') return false;
    const char *const proto = p + 7;
    if (QUICK_AT(p, " proto=ESMTP"))
        p += 12;
    else if (QUICK_AT(p, " proto=SMTP"))
        p += 11;
    else
        return false;
    ctx->proto = ml_slice(proto, p);
    if (commas && *p == ',' && !QUICK_AT(++p, " helo=<")) return false; /* the line was cut */
    return QUICK_CONTEXT_PART(q, &p, " helo=<", &ctx->helo) && p == q->e;
}

enum { QUICK_MOST_SEMICOLONS = 8 };

/* `TEXT; from=<…> to=<…> proto=… helo=<…>` up to the end of the line. No part holds a `;`, so the one before them is
 * the last. A text with many of them is the grammar's. */
ML_INLINE bool quick_context(const ml_quick *q, bool commas, ml_context *ctx)
{
    const char *semicolon = q->p;
    for (unsigned n = 0;; semicolon++, n++) {
        semicolon = ml_quick_find(q, semicolon, ';');
        if (semicolon >= q->e || n == QUICK_MOST_SEMICOLONS) return false;
        if (QUICK_AT(semicolon + 1, " from=<") || QUICK_AT(semicolon + 1, " proto=")) break;
    }
    ctx->text = ml_slice(q->p, semicolon);
    return quick_context_parts(q, semicolon + 1, commas, ctx);
}

ML_INLINE void quick_row_opt(ml_quick *q, maillog_field_id id, ml_cur v)
{
    if (v.p) ml_row(q, id, v.p, v.e);
}

/* `CODE DSN ` */
ML_INLINE bool quick_reply_code(ml_quick *q)
{
    const char *const code = q->p, *const dsn = code + 4;
    if (q->e - code < 10 || !ml_is_digit(*dsn)) return false;
    const uint64_t x = ml_load64(code) ^ ML_WORD('0', '0', '0', ' ', '0', '.', '0', 0);
    if ((x | (x + UINT64_C(0x00767F767F767676))) & UINT64_C(0x0080808080808080)) return false;
    const char *end = dsn + 3;
    if (*end != '.') end = ml_quick_digits(end, q->e);
    if (end >= q->e || *end != '.') return false;
    const char *const detail = end + 1;
    end = ml_quick_digits(detail, q->e);
    if (end == detail || end >= q->e || *end != ' ') return false;
    ML_ROW(q, CODE, code, code + 3);
    ML_ROW(q, DSN, dsn, end);
    q->p = end + 1;
    return true;
}

/* A client of postscreen's has no name, but a port. */
ML_INLINE bool quick_addr_port(ml_quick *q, maillog_field_id addr_id, maillog_field_id port_id)
{
    if (q->p >= q->e || *q->p != '[') return false;
    const char *const addr = q->p + 1, *const close = ml_quick_find(q, addr, ']');
    if (close + 2 >= q->e || close[1] != ':') return false;
    const char *const port = close + 2, *const end = quick_digits(q, port);
    if (port == end) return false;
    ml_row(q, addr_id, addr, close);
    ml_row(q, port_id, port, end);
    q->p = end;
    return true;
}
ML_INLINE bool quick_screened(ml_quick *q)
{
    return quick_addr_port(q, MAILLOG_FIELD_CLIENT_ADDR, MAILLOG_FIELD_CLIENT_PORT);
}

ML_INLINE bool quick_reject_by(ml_quick *out, bool postscreen)
{
    ml_quick q = *out;
    const char *const action = q.p;
    const bool warning = !QUICK_AT(action, "reject: ");
    if (warning && postscreen) return false;
    if (warning && !QUICK_AT(action, "reject_warning: ")) return false;
    const char *const action_end = action + (warning ? 14 : 6), *const stage = action_end + 2;
    const char *const stage_end = ml_quick_find(&q, stage, ' ');
    if (!QUICK_AT(stage_end, " from ")) return false;
    const ml_cur word = ml_slice(stage, stage_end);
    ML_ROW_WORD(&q, ACTION, warning ? MAILLOG_ACTION_REJECT_WARNING : MAILLOG_ACTION_REJECT, action, action_end);
    ML_ROW_WORD(&q, STAGE,
                ML_IS(word, "RCPT") ? MAILLOG_STAGE_RCPT
                                    : maillog__word(word, MAILLOG_STAGE_CONNECT, MAILLOG_STAGE_UNKNOWN),
                stage, stage_end);
    q.p = stage_end + 6;
    ml_context ctx;
    if (postscreen ? !quick_screened(&q) : !quick_client(&q)) return false;
    if (!ML_QUICK_SKIP(&q.p, ": ") || !quick_context(&q, postscreen, &ctx)) return false;
    q.e = ctx.text.e;
    if (quick_has(&q, q.p, '=') && ML_FIND(q.l, ctx.text, " sasl_username=")) return false; /* see postfix_context.c */
    if (!quick_reply_code(&q)) return false;
    ML_ROW(&q, REASON, q.p, q.e);
    q.l->next = q.next;
    q.l->limit = q.next + 16;
    maillog__postfix_split_reason(q.l, ml_slice(q.p, q.e), &ctx);
    q.next = q.l->next;
    quick_row_opt(&q, MAILLOG_FIELD_FROM, ctx.from);
    quick_row_opt(&q, MAILLOG_FIELD_TO, ctx.to);
    ML_ROW_WORD(&q, PROTO, *ctx.proto.p == 'E' ? MAILLOG_PROTO_ESMTP : MAILLOG_PROTO_SMTP, ctx.proto.p, ctx.proto.e);
    quick_row_opt(&q, MAILLOG_FIELD_HELO, ctx.helo);
    return ml_quick_event(out, &q, warning ? MAILLOG_EVENT_POSTFIX_REJECT_WARNING : MAILLOG_EVENT_POSTFIX_REJECT);
}

static bool quick_reject(ml_quick *out) { return quick_reject_by(out, false); }

/* NOQUEUE: reject: …, and NOQUEUE: client=… in front of a proxy filter */
ML_INLINE bool quick_refused(ml_quick *out, bool postscreen)
{
    ml_quick q = *out;
    if (!ML_QUICK_SKIP(&q.p, "NOQUEUE: ")) return false;
    ML_ROW(&q, QUEUE_ID, q.p - 9, q.p - 2);
    if (!postscreen && *q.p == 'c' ? !quick_new_message(&q) : !quick_reject_by(&q, postscreen)) return false;
    out->next = q.next;
    out->head = q.head;
    return true;
}
static bool quick_noqueue(ml_quick *out) { return quick_refused(out, false); }

/* ---- sessions that break off, and names that do not resolve ---- */

static bool quick_broken_off(ml_quick *out)
{
    ml_quick q = *out;
    const char *const reason = q.p;
    const bool lost = ML_QUICK_SKIP(&q.p, "lost connection after ");
    if (!lost && !ML_QUICK_SKIP(&q.p, "timeout after ")) return false;
    ML_ROW(&q, REASON, reason, q.p - 7);
    const char *const stage = q.p, *const end = ml_quick_find(&q, stage, ' ');
    if (end >= q.e) return false;
    q.p = end;
    const char *bytes = NULL, *bytes_end = NULL;
    if (ML_QUICK_SKIP(&q.p, " (")) {
        bytes = q.p;
        q.p = bytes_end = ml_quick_digits(bytes, q.e);
        if (bytes == bytes_end || !ML_QUICK_SKIP(&q.p, " bytes)")) return false;
    }
    if (!ML_QUICK_SKIP(&q.p, " from ")) return false;
    ML_ROW_WORD(&q, STAGE, maillog__word(ml_slice(stage, end), MAILLOG_STAGE_CONNECT, MAILLOG_STAGE_UNKNOWN), stage,
                end);
    if (bytes) ML_ROW(&q, BYTES, bytes, bytes_end);
    if (!quick_client(&q) || q.p != q.e) return false;
    return ml_quick_event(out, &q, lost ? MAILLOG_EVENT_POSTFIX_LOST_CONNECTION : MAILLOG_EVENT_POSTFIX_TIMEOUT);
}

/* warning: TLS library problem: ERROR: (OpenSSL's, which ends so) */
static bool quick_tls_problem(ml_quick *out)
{
    ml_quick q = *out;
    const char *const warning = q.p;
    if (!ML_QUICK_SKIP(&q.p, "warning: TLS library problem: ") || q.e - q.p < 2 || q.e[-1] != ':') return false;
    ML_ROW_WORD(&q, SEVERITY, MAILLOG_SEVERITY_WARNING, warning, warning + 7);
    ML_ROW(&q, ERROR, q.p, q.e - 1);
    return ml_quick_event(out, &q, MAILLOG_EVENT_POSTFIX_TLS_LIBRARY_PROBLEM);
}

/* warning: hostname NAME does not resolve to address ADDR[: ERROR] */
static bool quick_hostname(ml_quick *out)
{
    ml_quick q = *out;
    const char *const warning = q.p;
    if (!ML_QUICK_SKIP(&q.p, "warning: hostname ")) return false;
    const char *const name = q.p, *const end = ml_quick_find(&q, name, ' ');
    if (end >= q.e) return false;
    q.p = end;
    if (!ML_QUICK_SKIP(&q.p, " does not resolve to address ")) return false;
    const char *const addr = q.p, *blank = ml_quick_find(&q, addr, ' ');
    if (blank > q.e) blank = q.e;
    if (blank == addr) return false;
    const bool why = blank < q.e && blank[-1] == ':';
    if (blank < q.e && !why) return false;
    ML_ROW_WORD(&q, SEVERITY, MAILLOG_SEVERITY_WARNING, warning, warning + 7);
    ML_ROW(&q, RDNS_NAME, name, end);
    ML_ROW(&q, CLIENT_ADDR, addr, why ? blank - 1 : blank);
    if (why) ML_ROW(&q, ERROR, blank + 1, q.e);
    return ml_quick_event(out, &q, MAILLOG_EVENT_POSTFIX_HOSTNAME_MISMATCH);
}

#endif
