/* postfix_context.c: `; from=<…> to=<…> proto=ESMTP helo=<…>` and what may follow it: smtpd_check.c log_whatsup(),
 * smtpd_proxy.c, cleanup_message.c, cleanup_milter.c, postscreen_smtpd.c of Postfix 2.11 to 3.11.
 *
 * The client chooses from, to, helo and the SASL names, and most of the text before the `;` too: an address there is
 * unquoted, so it can hold a whole false context. What Postfix guarantees: in `from=<>` and `to=<>` a local part that
 * is no dot-atom is quoted (external form, the default since 3.5), and helo has no blank, `<`, `>`, `"` or `;` unless
 * the line was written at HELO itself. So the parts are read strictly, from the last `;` to the first, and the first
 * reading that covers the line is taken: a look-alike inside a quoted local part does not fit, one in the text before
 * does not reach the end. Only if none fits, the internal form is read, with its ambiguities. */
#include "postfix.h"

/* Bytes that the external form of an address cannot hold outside quotes. */
static const uint8_t special[256] = {[' '] = 1, ['"'] = 1, ['<'] = 1, ['>'] = 1, [';'] = 1, [','] = 1, ['\\'] = 1};

static const char *bare_end(const char *p, const char *e)
{
#ifdef ML_SSE2
    for (; e - p >= 16; p += 16) {
        const __m128i x = _mm_loadu_si128((const __m128i *)(const void *)p);
        const __m128i marks = _mm_or_si128(_mm_or_si128(ml_equals(x, ' '), ml_equals(x, '"')), ml_equals(x, ','));
        const __m128i angles = _mm_or_si128(ml_equals(_mm_or_si128(x, _mm_set1_epi8(2)), '>'), ml_equals(x, ';'));
        const __m128i any = _mm_or_si128(_mm_or_si128(marks, angles), ml_equals(x, '\\'));
        const unsigned found = (unsigned)_mm_movemask_epi8(any);
        if (found) return p + __builtin_ctz(found);
    }
#endif
    while (p < e && !special[(unsigned char)*p]) p++;
    return p;
}

/* Bytes that a cleaned HELO cannot hold: a comma and a colon stay. */
static const char *helo_end(const char *p, const char *e)
{
    while (p < e && (*p == ',' || !special[(unsigned char)*p])) p++;
    return p;
}

/* `<value>` as the external form writes it. */
static bool strict_angle(ml_cur *c, ml_cur *out)
{
    const char *p = c->p + 1, *q = p;
    if (ml_peek(*c) != '<') return false;
    if (q < c->e && *q == '"') q = maillog__quoted_end(ml_slice(q, c->e));
    if (!q) return false;
    q = bare_end(q, c->e);
    if (q == c->e || *q != '>') return false;
    *out = ml_slice(p, q);
    c->p = q + 1;
    return true;
}

/* Between two parts: a blank, in postscreen's lines a comma and a blank. */
static bool gap(ml_cur *c)
{
    ml_cur t = *c;
    ml_skip_char(&t, ',');
    if (!ml_skip_char(&t, ' ')) return false;
    *c = t;
    return true;
}

/* `key` after the gap: the cursor moves past it, or stays before the gap when it is not there. */
static inline bool part(ml_cur *c, const char *key, size_t n)
{
    ml_cur t = *c;
    if (!gap(&t) || !ml_skip_n(&t, key, n)) return false;
    *c = t;
    return true;
}
#define PART(c, key) part((c), "" key, sizeof(key) - 1)

/* `<value>` of a part that may be absent. */
static inline bool angle_part(ml_cur *c, const char *key, size_t n, ml_cur *out)
{
    ml_cur t = *c;
    if (!part(&t, key, n)) return true;
    if (!strict_angle(&t, out)) return false;
    *c = t;
    return true;
}
#define ANGLE_PART(c, key, out) angle_part((c), "" key, sizeof(key) - 1, (out))

/* ` helo=<NAME>`, which may be absent. */
static bool helo_part(ml_cur *c, ml_cur *out)
{
    ml_cur t = *c;
    if (!PART(&t, "helo=<")) return true;
    const char *end = helo_end(t.p, t.e);
    if (end == t.e || *end != '>') return false;
    *out = ml_slice(t.p, end);
    c->p = end + 1;
    return true;
}

/* The end of a word in capitals, and digits: no protocol has more than UTF8SMTPSA. */
static const char *proto_end(ml_cur c)
{
    enum { LONGEST = 16 };
    const char *p = c.p;
    if (ml_len(c) > LONGEST) c.e = c.p + LONGEST;
    while (p < c.e && (ml_is_upper(*p) || ml_is_digit(*p))) p++;
    return p;
}

/* A word in capitals; at the end of the line only one of Postfix's own, for that line may be cut. */
static bool proto_part(ml_cur *c, ml_cur *out)
{
    ml_cur t = *c;
    if (!PART(&t, "proto=")) return true;
    const char *const p = proto_end(t);
    const ml_cur word = ml_slice(t.p, p);
    if (p == t.p || (p == t.e && !ML_IS(word, "SMTP") && !ML_IS(word, "ESMTP") && !ML_IS(word, "QMQP"))) return false;
    *out = word;
    c->p = p;
    return true;
}

/* ` sasl_method=M sasl_username=U sasl_sender=S` (>= 3.10) or ` sasl_username=<U>` (milter and proxy lines): U and S
 * are bare text, U the longest that leaves the rest whole. */
static void sasl_parts(ml_cur *c, ml_context *out)
{
    ml_cur v;
    if (PART(c, "sasl_method=")) {
        const char *p = c->p;
        while (p < c->e && *p != ' ') p++;
        out->sasl_method = ml_slice(c->p, p);
        c->p = p;
    }
    if (PART(c, "sasl_username=")) {
        ml_cur u = *c;
        c->p = c->e;
        if (ml_peek(u) == '<' && ml_last(u) == '>') {
            out->sasl_username = ml_slice(u.p + 1, u.e - 1);
        } else if (ML_UNTIL_LAST(&u, " sasl_sender=", &v)) {
            out->sasl_username = v;
            out->sasl_sender = u;
        } else {
            out->sasl_username = u;
        }
    } else if (PART(c, "sasl_sender=")) {
        out->sasl_sender = *c;
        c->p = c->e;
    }
}

/* ` newkey=…`: a part of a Postfix to come. */
static bool is_new_part(ml_cur c)
{
    enum { LONGEST = 24 }; /* of its keys sasl_username is the longest */
    if (!gap(&c)) return false;
    const char *p = c.p;
    if (ml_len(c) > LONGEST) c.e = c.p + LONGEST;
    while (p < c.e && (ml_is_lower(*p) || *p == '_')) p++;
    return p > c.p && p < c.e && *p == '=';
}

static bool parts_end(ml_cur c, ml_context_end end, ml_context *out)
{
    out->after = c;
    ml_skip_blanks(&c);
    if (ml_empty(c)) return true;
    c = out->after;
    if (end == ML_CONTEXT_THEN_TEXT && ML_STARTS(c, ": ")) return true;
    return out->proto.p && is_new_part(c);
}

static void clear(ml_context *out)
{
    const ml_cur none = ml_none();
    out->text = out->from = out->to = out->proto = out->helo = none;
    out->sasl_method = out->sasl_username = out->sasl_sender = out->fresh = out->after = none;
    out->flags = 0;
}

/* Whether a part that is known stands here. */
static bool is_known_part(ml_cur c)
{
    switch (ml_peek(c)) {
    case 't':
        return ML_STARTS(c, "to=");
    case 'p':
        return ML_STARTS(c, "proto=");
    case 'h':
        return ML_STARTS(c, "helo=");
    case 's':
        return ML_STARTS(c, "sasl_");
    default:
        return false;
    }
}

/* ` newkey=word` between two parts. The word holds nothing that an address must quote, so that no look-alike inside of
 * quotes reaches over their end. */
static void fresh_parts(ml_cur *c, ml_context *out)
{
    for (;;) {
        ml_cur t = *c;
        if (!gap(&t) || is_known_part(t) || !is_new_part(*c)) return;
        const char *start = t.p;
        t.p = bare_end(t.p, t.e);
        if (!is_new_part(t)) return; /* nothing known behind it */
        if (!out->fresh.p) out->fresh.p = start;
        out->fresh.e = t.p;
        *c = t;
    }
}

/* Whether another part may follow here. */
static bool may_go_on(ml_cur c) { return gap(&c) && ml_is_lower(ml_peek(c)); }

/* All parts after the `;`, of which may_begin() knows the first. A bare SASL name or a part to come runs to the end of
 * the line, so a false context that ends in one would swallow the true one: `last_proto`, the last ` proto=` of the
 * line, must be the context's own, or nothing may follow. */
static bool strict_parts(ml_cur c, const char *last_proto, ml_context_end end, ml_context *out)
{
    const char *start = c.p;
    ml_cur from = ml_none();
    if (ML_SKIP(&c, " from=") && !strict_angle(&c, &from)) return false; /* of many look-alikes no more is read */
    clear(out);
    out->from = from;
    if (!may_go_on(c)) return parts_end(c, end, out); /* a look-alike, mostly: that is all of it */
    fresh_parts(&c, out);
    const char *none_at = c.p; /* no new part begins here */
    if (!ANGLE_PART(&c, "to=", &out->to)) return false;
    if (!out->fresh.p && c.p != none_at) fresh_parts(&c, out);
    none_at = c.p;
    if (!proto_part(&c, &out->proto)) return false;
    if (!out->fresh.p && c.p != none_at) fresh_parts(&c, out);
    const bool foreign = last_proto >= start && out->proto.p != last_proto + sizeof(" proto=") - 1;
    if (!helo_part(&c, &out->helo)) return false;
    if (end == ML_CONTEXT_TO_END && foreign) {
        out->after = c;
        return ml_empty(c);
    }
    if (end == ML_CONTEXT_TO_END) sasl_parts(&c, out);
    return parts_end(c, end, out);
}

/* Whether another part, a text or the end may stand behind a protocol. */
static bool may_be_proto(ml_cur c)
{
    c.p = proto_end(c);
    if (may_go_on(c)) return true;
    ml_skip_blanks(&c);
    return ml_empty(c) || *c.p == ':';
}

/* A look-alike mostly goes on with what an address must quote. */
static inline bool may_begin(ml_cur c)
{
    if (ML_SKIP(&c, " proto=")) return may_be_proto(c);
    if (!ML_STARTS(c, " from=<")) return ML_STARTS(c, " to=<");
    const char next = ml_at(c, sizeof " from=<" - 1);
    return next == '"' || next == '>' || !special[(unsigned char)next];
}

/* The last `;` before `before`, in a text from `start` to `end`, that a part follows. */
ML_INLINE const char *last_start(const char *start, const char *before, const char *end)
{
    const char *p = end - start < 4 ? start : before < end - 3 ? before : end - 3;
#ifdef ML_SSE2
    const __m128i r = _mm_set1_epi8('r'), o = _mm_set1_epi8('o'); /* from=, proto=; to= */
    for (; p - start >= 16; p -= 16) {
        const char *at = p - 16;
        unsigned mask = ml_mask_16(at, _mm_set1_epi8(';')) & ml_mask_16(at + 1, _mm_set1_epi8(' ')) &
                        (ml_mask_16(at + 3, r) | ml_mask_16(at + 3, o));
        while (mask) {
            const unsigned i = 31 - (unsigned)__builtin_clz(mask);
            if (may_begin(ml_slice(at + i + 1, end))) return at + i;
            mask ^= 1u << i;
        }
    }
#endif
    while (p > start)
        if (*--p == ';' && may_begin(ml_slice(p + 1, end))) return p;
    return NULL;
}

/* More than an address or a header of one line of SMTP can hold; what stands before them is not looked at. */
enum { LOOK_ALIKES_MAX = 512 };

static bool find_strict(ml_cur text, const char *last_proto, ml_context *out)
{
    const char *p = text.e;
    for (int tries = 0; tries < LOOK_ALIKES_MAX && (p = last_start(text.p, p, text.e)) != NULL; tries++) {
        if (!strict_parts(ml_slice(p + 1, text.e), last_proto, ML_CONTEXT_TO_END, out)) continue;
        out->text = ml_slice(text.p, p);
        return true;
    }
    return false;
}

/* The first quote of a local part that may be open at the end of the text: the last one that is no `\"`, behind a `<`.
 */
static const char *open_quote(ml_cur c)
{
    for (const char *p; (p = ml_rfind(c, '"')) != NULL; c.e = p)
        if (p == c.p || p[-1] != '\\') return p > c.p && p[-1] == '<' ? p : NULL;
    return NULL;
}

/* Where a text may follow: the reading that ends last. One inside of a quoted local part ends before that part's own,
 * and a quote that the content leaves open is closed by the true context's first, before its end. Another
 * context before it is the content's; two of them may be the content's and the true one, before a text that repeats the
 * content: that cannot be told. */
static bool find_strict_then_text(ml_cur text, ml_context *out)
{
    ml_context c;
    unsigned beside = 0;
    const char *quote = NULL, *p = text.e;
    clear(out);
    for (int tries = 0; tries < LOOK_ALIKES_MAX && (p = last_start(text.p, p, text.e)) != NULL; tries++) {
        if (!strict_parts(ml_slice(p + 1, text.e), NULL, ML_CONTEXT_THEN_TEXT, &c)) continue;
        if (!out->text.p || c.after.p > out->after.p) {
            *out = c;
            out->text = ml_slice(text.p, p);
            quote = open_quote(out->text);
        } else if (c.after.p <= out->text.e) {
            beside++;
        }
        if (beside < 2) continue;
        if (!quote) break; /* what stands before cannot end later */
        if (p > quote) p = quote;
    }
    if (beside > 1) out->flags |= MAILLOG_FLAG_AMBIGUOUS;
    return out->text.p != NULL;
}

/* `TEXT; from=<…> to=<…>` whose addresses may hold anything: the last occurrences of what stands between them count. */
static bool loose_addresses(ml_cur c, ml_context *out)
{
    ml_drop_end_n(&c, ",", 1);
    if (ML_DROP_END(&c, ";")) {
        out->text = c;
        return true;
    }
    if (!ML_DROP_END(&c, ">")) return false;
    if (ML_UNTIL_LAST(&c, "; from=<", &out->text)) {
        out->from = c;
        if (ML_UNTIL_LAST(&c, "> to=<", &out->from) || ML_UNTIL_LAST(&c, ">, to=<", &out->from)) out->to = c;
        return true;
    }
    if (!ML_UNTIL_LAST(&c, "; to=<", &out->text)) return false;
    out->to = c;
    return true;
}

static bool has(const ml_line *l, ml_cur c, const char *text)
{
    return c.p && maillog__find_bytes(l, c, text, strlen(text));
}

/* Internal form (before 3.5, or info_log_address_format = internal), or a raw HELO: the parts are told apart by what
 * stands between them, at its last occurrence. One reading, no search. */
static bool find_loose(const ml_line *l, ml_cur text, const char *last_proto, ml_context_end end, ml_context *out)
{
    clear(out);
    if (!last_proto) return false;
    ml_cur c = ml_slice(last_proto, text.e);
    if (!proto_part(&c, &out->proto)) return false;
    if (!helo_part(&c, &out->helo)) {
        if (end != ML_CONTEXT_TO_END || !PART(&c, "helo=<") || ml_last(c) != '>') return false;
        out->helo = ml_slice(c.p, c.e - 1);
        c.p = c.e;
    } else if (end == ML_CONTEXT_TO_END) {
        sasl_parts(&c, out);
    }
    if (!parts_end(c, end, out) || !loose_addresses(ml_slice(text.p, last_proto), out)) return false;
    if (has(l, out->from, ">") || has(l, out->to, ">") || has(l, out->helo, ">") || has(l, out->text, "; from=<") ||
        has(l, out->text, "; proto="))
        out->flags |= MAILLOG_FLAG_AMBIGUOUS;
    return true;
}

/* A line written at HELO: no addresses, and a raw name, which may hold the same words. */
static bool find_raw_helo(const ml_line *l, ml_cur text, ml_context *out)
{
    clear(out);
    ml_cur c = text;
    if (ml_last(text) != '>' || !ML_UNTIL_LAST(&c, "; proto=", &out->text)) return false;
    c.p -= sizeof(" proto=") - 1;
    if (!proto_part(&c, &out->proto) || !PART(&c, "helo=<")) return false;
    out->helo = ml_slice(c.p, c.e - 1);
    out->after = ml_slice(c.e, c.e);
    if (has(l, out->helo, ">") || has(l, out->text, "; proto=")) out->flags |= MAILLOG_FLAG_AMBIGUOUS;
    return true;
}

/* What is left of a part when the line was cut inside of it. */
static bool is_cut_part(ml_cur c)
{
    static const char parts[][8] = {" from=<", " to=<", " proto=", " helo=<"};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        const size_t n = strlen(parts[i]), have = ml_len(c) < n ? ml_len(c) : n;
        if (memcmp(c.p, parts[i], have) == 0) return true;
    }
    return false;
}

/* The line was cut inside of the context: all parts of the last one that are whole. */
static bool find_cut(ml_cur text, ml_context *out)
{
    const char *p = ML_RFIND(text, "; from=<");
    if (!p) p = ML_RFIND(text, "; to=<");
    if (!p) p = ML_RFIND(text, "; proto=");
    if (!p) return false;
    clear(out);
    ml_cur c = ml_slice(p + 1, text.e);
    out->text = ml_slice(text.p, p);
    if (ANGLE_PART(&c, "from=", &out->from) && ANGLE_PART(&c, "to=", &out->to) && proto_part(&c, &out->proto))
        helo_part(&c, &out->helo);
    out->after = c;
    out->flags = MAILLOG_FLAG_TRUNCATED;
    return is_cut_part(c);
}

bool maillog__postfix_find_context(const ml_line *l, ml_cur text, ml_context_end end, ml_context *out)
{
    const char *last_proto = ML_RFIND(text, " proto=");
    if (end == ML_CONTEXT_TO_END && find_strict(text, last_proto, out)) {
        /* a login whose name is a context cannot be told from a text that holds one */
        if (ML_FIND(l, out->text, " sasl_username=")) out->flags |= MAILLOG_FLAG_AMBIGUOUS;
        return true;
    }
    if (end == ML_CONTEXT_THEN_TEXT && find_strict_then_text(text, out)) {
        /* a context in what seems to be cleanup's own text: the true one is in the internal form */
        if (!ML_FIND(l, out->after, "; from=<")) return true;
        ml_context loose;
        if (find_loose(l, text, last_proto, end, &loose)) *out = loose;
        out->flags |= MAILLOG_FLAG_AMBIGUOUS;
        return true;
    }
    if (find_loose(l, text, last_proto, end, out)) return true;
    if (end == ML_CONTEXT_TO_END && find_raw_helo(l, text, out)) return true;
    if (find_cut(text, out)) return true;
    if (!ML_DROP_END(&text, ";")) return false;
    clear(out);
    out->text = text;
    return true;
}

/* One part, and before it the new ones that stand there: fields come in the order of the line. */
static void put_part(ml_line *l, maillog_field_id field, ml_cur v, ml_cur *fresh)
{
    if (!v.p) return;
    if (fresh->p && fresh->p < v.p) {
        ml_put_rest(l, *fresh);
        *fresh = ml_none();
    }
    if (field == MAILLOG_FIELD_PROTO)
        ml_put_word(l, field, v, maillog__word(v, MAILLOG_PROTO_SMTP, MAILLOG_PROTO_LMTP));
    else
        ml_put(l, field, v);
}

void maillog__postfix_put_context(ml_line *l, const ml_context *ctx)
{
    ml_cur fresh = ctx->fresh;
    put_part(l, MAILLOG_FIELD_FROM, ctx->from, &fresh);
    put_part(l, MAILLOG_FIELD_TO, ctx->to, &fresh);
    put_part(l, MAILLOG_FIELD_PROTO, ctx->proto, &fresh);
    put_part(l, MAILLOG_FIELD_HELO, ctx->helo, &fresh);
    put_part(l, MAILLOG_FIELD_SASL_METHOD, ctx->sasl_method, &fresh);
    put_part(l, MAILLOG_FIELD_SASL_USERNAME, ctx->sasl_username, &fresh);
    put_part(l, MAILLOG_FIELD_SASL_SENDER, ctx->sasl_sender, &fresh);
    ml_put_rest(l, fresh);
    l->ev->flags |= ctx->flags;
}
