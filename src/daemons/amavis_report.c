/* amavis_report.c: the entry amavis writes for every message: `Passed CLEAN {RelayedInbound}, [ip]:port <a> -> <b>, …`.
 * Source: $log_short_templ and $log_verbose_templ of amavisd-new 2.7 to 2.13, and the forms without {actions} of 2.4 to
 * 2.6. amavis writes every control character and backslash as an escape, a backslash as two; nothing else is quoted.
 *
 * Remote parties choose: the names in `BANNED (…)`, sender and recipients (quoted local parts may hold anything),
 * Message-ID (<…> without a bare '>'), Subject (in "", a quote doubled), From and User-Agent (blanks become _), helo,
 * dkim domains. The keys have one order, each comes once at most; only the names in parentheses have no end of their
 * own: there a reading counts only if all of the line then fits, and two such readings are none. */
#include "amavis.h"

/* ---- addresses ---- */

/* Past a run in quotes or brackets whose closing byte is not escaped (by a doubled backslash); NULL if it does not
 * close, or if a bare '>' stands in it. */
static const char *past_run(const char *p, const char *e, char close)
{
    for (p++; p < e; p++) {
        if (*p == close) return p + 1;
        if (*p == '>') return NULL;
        if (*p == '\\' && e - p > 2 && p[1] == '\\') p += p[2] == '\\' ? 3 : 2;
    }
    return NULL;
}

/* parse_message_id(): an ID whose runs do not close is garbage, in which every inner '>' was made '_'. */
bool maillog__amavis_angle(const ml_line *l, ml_cur *c, ml_cur *out)
{
    if (ml_peek(*c) != '<') return false;
    const char *const first = c->p + 1, *const angle = ml_find(l, ml_slice(first, c->e), '>'), *p = first;
    if (!angle) return false;
    if (!ml_find_either(l, ml_slice(first, angle), '"', '[')) p = angle; /* the usual one has no runs */
    while (p && p < c->e && *p != '>') {
        if (*p == '"' || *p == '[')
            p = past_run(p, c->e, *p == '"' ? '"' : ']');
        else
            p++;
    }
    if (!p) p = angle;
    if (p == c->e) return false;
    *out = ml_slice(first, p);
    c->p = p + 1;
    return true;
}

/* A quoted local part may hold a bare '>': in an address the quotes go first. */
static bool path_angle(const ml_line *l, ml_cur *c, ml_cur *out)
{
    if (ml_peek(*c) != '<') return false;
    const char *p = c->p + 1;
    if (p < c->e && *p == '"') {
        for (p++; p < c->e && *p != '"'; p++)
            if (*p == '\\' && c->e - p > 2 && p[1] == '\\') p += p[2] == '\\' ? 3 : 2;
        if (p == c->e) return false;
    }
    p = ml_find(l, ml_slice(p, c->e), '>');
    if (!p) return false;
    *out = ml_slice(c->p + 1, p);
    c->p = p + 1;
    return true;
}

bool maillog__amavis_path(ml_line *l, ml_cur *c, bool cut)
{
    maillog_field *const mark = ml_mark(l);
    ml_cur t = *c, from, to, all = ml_none();
    if (!path_angle(l, &t, &from) || !ML_SKIP(&t, " -> ")) return false;
    size_t n = 0;
    if (ml_peek(t) == ',' && ml_at(t, 1) == ' ') { /* `-> , Hits: …`: nobody is left for whom this was decided */
        ml_put(l, MAILLOG_FIELD_FROM, from);
        *c = t;
        return true;
    }
    for (const char *first = t.p;; t.p++) {
        if (!path_angle(l, &t, &to)) {
            if (!cut) return ml_fail(l, mark);
            t.p = t.e; /* it has lost its end */
            break;
        }
        all = ml_slice(first, t.p);
        n++;
        if (ml_peek(t) != ',' || ml_at(t, 1) != '<') break;
    }
    ml_put(l, MAILLOG_FIELD_FROM, from);
    ml_put_opt(l, MAILLOG_FIELD_RECIPIENTS, all);
    if (n == 1 && !(cut && ml_empty(t))) ml_put(l, MAILLOG_FIELD_TO, ml_slice(all.p + 1, all.e - 1));
    *c = t;
    return true;
}

/* ---- what stands before the sender ---- */

static bool is_actions(ml_cur c)
{
    for (const char *p = c.p; p < c.e; p++)
        if (!ml_is_alpha(*p) && *p != ',') return false;
    return true;
}

/* ` {RelayedInbound,Quarantined},` (2.7 on) or `,`. */
static bool actions(ml_line *l, ml_cur *c)
{
    ml_cur t = *c, inner;
    if (ML_SKIP(&t, " {")) {
        if (!ml_until(l, &t, '}', &inner) || !is_actions(inner)) return false;
        ml_put(l, MAILLOG_FIELD_ACTIONS, ml_slice(inner.p - 1, inner.e + 1));
    }
    if (!ml_skip_char(&t, ',')) return false;
    *c = t;
    return true;
}

/* `[addr]` or `[addr]:port`. */
static bool address(ml_line *l, ml_cur word, maillog_field_id addr_id, maillog_field_id port_id)
{
    ml_cur addr, port;
    if (!ml_skip_char(&word, '[') || !ml_until(l, &word, ']', &addr)) return false;
    ml_put(l, addr_id, addr);
    if (!ml_skip_char(&word, ':')) return ml_empty(word);
    if (!ml_digits(&word, &port) || !ml_empty(word)) return false;
    ml_put(l, port_id, port);
    return true;
}

/* `ESMTPS/ESMTP` of the verbose template: how the client came, how the mail came to amavis. */
static bool protocols(ml_line *l, ml_cur word)
{
    ml_cur client;
    if (!ml_until_last_n(&word, "/", 1, &client)) return false;
    if (!ML_STARTS(word, "SMTP") && !ML_STARTS(word, "ESMTP") && !ML_STARTS(word, "LMTP") &&
        !ML_STARTS(word, "UTF8SMTP") && !ML_STARTS(word, "UTF8LMTP") && !ML_IS(word, "AM.PDP"))
        return false;
    ml_put(l, MAILLOG_FIELD_CLIENT_PROTO, client);
    ml_put_word(l, MAILLOG_FIELD_PROTO, word, maillog__word(word, MAILLOG_PROTO_SMTP, MAILLOG_PROTO_LMTP));
    return true;
}

/* `[ BANK/BANK][ LOCAL][ [addr]:port][ [addr]][ PROTO/PROTO] ` before the sender. All of it is amavis' own. */
static bool origin(ml_line *l, ml_cur *c)
{
    enum { WORDS_MAX = 12 }; /* twice as many as the templates have */
    ml_cur t = *c, word, bank = ml_none(), local = ml_none();
    int addresses = 0;
    for (int words = 0; words < WORDS_MAX && ml_skip_char(&t, ' '); words++) {
        if (ml_peek(t) == '<') {
            *c = t;
            return true;
        }
        if (!ml_word(l, &t, &word)) return false;
        if (*word.p == '[') {
            ml_put_opt(l, MAILLOG_FIELD_POLICY_BANK, bank);
            ml_put_opt(l, MAILLOG_FIELD_LOCAL, local);
            bank = local = ml_none();
            if (addresses == 0 && !address(l, word, MAILLOG_FIELD_CLIENT_ADDR, MAILLOG_FIELD_CLIENT_PORT)) return false;
            if (addresses == 1 && !address(l, word, MAILLOG_FIELD_ORIG_CLIENT_ADDR, MAILLOG_FIELD_ORIG_CLIENT_PORT))
                return false;
            if (++addresses > 2) return false;
        } else if (ML_STARTS(t, " <") && protocols(l, word)) {
            continue;
        } else if (addresses || local.p || ml_find_either(l, word, ',', ')')) {
            return false;
        } else if (ML_IS(word, "LOCAL")) {
            local = word;
        } else {
            bank = ml_slice(bank.p ? bank.p : word.p, word.e);
        }
        if (ML_STARTS(t, " <")) {
            ml_put_opt(l, MAILLOG_FIELD_POLICY_BANK, bank);
            ml_put_opt(l, MAILLOG_FIELD_LOCAL, local);
            bank = local = ml_none();
        }
    }
    return false;
}

/* ---- the keys after the recipients ---- */

/* How a value ends. */
enum { WORD, PARENTHESES, ANGLE, QUOTED, BRACKETS, QUEUED_AS };

typedef struct key_row {
    ml_lit text;
    uint8_t rank, form;
    uint16_t field;
} key_row;

#define KEY(text, rank, form, NAME)                                                                                    \
    {                                                                                                                  \
        ML_LIT(text), rank, form, MAILLOG_FIELD_##NAME                                                                 \
    }
/* In the order of the templates; a rank comes once at most. */
static const key_row keys[] = {
    KEY("(", 1, PARENTHESES, TRACE),
    KEY("tls: ", 2, WORD, TLS),
    KEY("quarantine: ", 3, WORD, QUARANTINE),
    KEY("quarantine ", 3, WORD, QUARANTINE), /* 2.3 */
    KEY("Queue-ID: ", 4, WORD, QUEUE_ID),
    KEY("Message-ID: ", 5, ANGLE, MESSAGE_ID),
    KEY("Resent-Message-ID: ", 6, ANGLE, RESENT_MESSAGE_ID),
    KEY("mail_id: ", 7, WORD, MAIL_ID),
    KEY("b: ", 8, WORD, BODY_DIGEST),
    KEY("Hits: ", 9, WORD, HITS),
    KEY("tag=", 32, WORD, TAG_LEVEL), /* these three in the entry of each recipient */
    KEY("tag2=", 33, WORD, TAG2_LEVEL),
    KEY("kill=", 34, WORD, KILL_LEVEL),
    KEY("size: ", 10, WORD, SIZE),
    KEY("pt: ", 11, WORD, PARTITION_TAG),
    KEY("queued_as: ", 12, QUEUED_AS, QUEUED_AS),
    KEY("fwd: ", 12, QUEUED_AS, REPLY),
    KEY("Subject: ", 13, QUOTED, SUBJECT),
    KEY("From: ", 14, WORD, HEADER_FROM),
    KEY("User-Agent: ", 15, WORD, USER_AGENT),
    KEY("X-Mailer: ", 15, WORD, USER_AGENT),
    KEY("helo=", 16, WORD, HELO),
    KEY("Tests: ", 17, BRACKETS, TESTS),
    KEY("b.key=", 18, WORD, BANNED_KEY),
    KEY("b.com=", 19, WORD, BANNED_COMMENT),
    KEY("b.rhs=", 20, WORD, BANNED_RHS),
    KEY("b.parts=", 21, WORD, BANNED_PARTS),
    KEY("shortcircuit=", 22, WORD, SHORTCIRCUIT),
    KEY("autolearn=", 23, WORD, AUTOLEARN),
    KEY("autolearnscore=", 24, WORD, AUTOLEARNSCORE),
    KEY("languages=", 25, WORD, LANGUAGES),
    KEY("relaycountry=", 26, WORD, RELAYCOUNTRY),
    KEY("asn=", 27, WORD, ASN),
    KEY("dkim_i=", 28, WORD, DKIM_IDENTITY),
    KEY("dkim_sd=", 29, WORD, DKIM_SD),
    KEY("dkim_new=", 30, WORD, DKIM_NEW),
    KEY("rss=", 31, WORD, RSS),
};
#undef KEY
enum { NKEYS = sizeof keys / sizeof *keys, RANK_HITS = 9, RANK_FROM = 14 };

/* Whether a key may begin so. */
static bool begins_key(char c) { return ml_is_alpha(c) || c == '('; }

/* The key that the text begins with, of those from row `from` on. */
static const key_row *find_key(const ml_line *l, ml_cur c, const key_row *from)
{
    if (!begins_key(ml_peek(c))) return NULL;
    const uint64_t head = ml_key(l, c);
    for (const key_row *k = from; k < keys + NKEYS; k++)
        if (ml_starts_lit(head, c, &k->text)) return k;
    return NULL;
}

/* The first row of a higher rank than that of `k`. */
static const key_row *next_rank(const key_row *k)
{
    const unsigned rank = k->rank;
    while (k < keys + NKEYS && k->rank == rank) k++;
    return k;
}

/* `1802 ms` and the end. */
static bool elapsed(ml_cur c, ml_cur *ms) { return ml_is_digit(ml_peek(c)) && ml_digits(&c, ms) && ML_IS(c, " ms"); }

/* `L/Y/0/0` and the end: whether the recipient is local, and which of its levels the score has reached. */
static bool levels(ml_cur c)
{
    if (ml_len(c) != 7) return false;
    for (size_t i = 1; i < 7; i += 2)
        if (c.p[i] != '/') return false;
    return ml_is_alnum(c.p[0]) && ml_is_alnum(c.p[2]) && ml_is_alnum(c.p[4]) && ml_is_alnum(c.p[6]);
}

/* Up to `, ` or the end. */
static ml_cur up_to_comma(const ml_line *l, ml_cur *c)
{
    const char *p = ML_FIND(l, *c, ", ");
    const ml_cur v = ml_slice(c->p, p ? p : c->e);
    c->p = v.e;
    return v;
}

/* "…" with the quotes inside doubled. */
static bool quoted(ml_cur *c, ml_cur *v)
{
    if (ml_peek(*c) != '"') return false;
    for (const char *p = c->p + 1; p < c->e; p++) {
        if (*p != '"') continue;
        if (p + 1 < c->e && p[1] == '"') {
            p++;
            continue;
        }
        *v = ml_slice(c->p + 1, p);
        c->p = p + 1;
        return true;
    }
    return false;
}

static bool is_id_list(ml_cur v)
{
    for (const char *p = v.p; p < v.e; p++)
        if (!ml_is_alnum(*p) && *p != '/') return false;
    return !ml_empty(v);
}

/* IDs, or replies of the next hop that did not end in `queued as ID`, joined by '/'. A reply is free text: it goes on
 * to the first thing that may follow it. */
static bool queued_as(const ml_line *l, const key_row *key, ml_cur *c, ml_cur *v, bool *is_reply)
{
    enum { COMMAS_MAX = 16 }; /* of a reply, a line of SMTP: what stands behind more of them is text */
    const ml_cur all = *c;
    ml_cur ms;
    *v = up_to_comma(l, c);
    if (is_id_list(*v)) return true;
    *is_reply = true;
    for (int commas = 0; commas < COMMAS_MAX && !ml_empty(*c); commas++) {
        const ml_cur next = ml_slice(c->p + 2, c->e);
        if (find_key(l, next, next_rank(key)) || elapsed(next, &ms) || levels(next)) break;
        c->p = next.p;
        (void)up_to_comma(l, c);
    }
    *v = ml_slice(all.p, c->p);
    return true;
}

static bool key_value(const ml_line *l, const key_row *key, ml_cur *c, ml_cur *v, bool *is_reply)
{
    ml_cur inner;
    switch (key->form) {
    case PARENTHESES:
        return ml_until(l, c, ')', v);
    case BRACKETS:
        return ml_skip_char(c, '[') && ml_until(l, c, ']', v);
    case QUOTED:
        return quoted(c, v);
    case QUEUED_AS:
        return queued_as(l, key, c, v, is_reply);
    case ANGLE:
        *v = *c;
        if (!maillog__amavis_angle(l, c, &inner)) break; /* before 2.6 the header's text as it was */
        v->e = c->p;
        return true;
    default:
        break;
    }
    *v = up_to_comma(l, c);
    return true;
}

/* What a reading of the line found. */
typedef struct reading {
    bool complete; /* every byte was accounted for */
    bool is_reply; /* queued_as is a reply: free text */
} reading;

/* `, key: value…, N ms` to the end of the text. What is left over goes to `rest`. In a cut text a value that reaches
 * the end has lost some of it and is not written. */
static reading keys_to_end(ml_line *l, ml_cur c, bool cut)
{
    reading r = {true, false};
    const key_row *from = keys;
    unsigned rank = 0;
    while (!ml_empty(c)) {
        ml_cur t = c, v, ms;
        /* 2.3 had no comma before size */
        if (!ML_SKIP(&t, ", ") && !(rank == RANK_HITS && ML_STARTS(t, " size: ") && ml_skip_char(&t, ' '))) break;
        if (!cut && elapsed(t, &ms)) {
            ml_put(l, MAILLOG_FIELD_ELAPSED_MS, ms);
            return r;
        }
        if (!cut && levels(t)) {
            ml_put(l, MAILLOG_FIELD_LEVELS, t);
            return r;
        }
        const key_row *key = find_key(l, t, from);
        if (!key) break;
        t.p += key->text.len;
        if (key->rank == RANK_HITS) { /* the score ends at a blank, too */
            const char *p = ml_find_either(l, t, ',', ' ');
            v = ml_slice(t.p, p ? p : t.e);
            t.p = v.e;
        } else if (!key_value(l, key, &t, &v, &r.is_reply)) {
            break;
        }
        if (cut && ml_empty(t)) return r;
        const bool author = key->rank == RANK_FROM && ML_DROP_END(&v, " (dkim:AUTHOR)");
        ml_put(l, (maillog_field_id)key->field, v);
        if (author) ml_put(l, MAILLOG_FIELD_DKIM_AUTHOR, ml_slice(t.p - 7, t.p - 1));
        rank = key->rank;
        from = next_rank(key);
        c = t;
    }
    if (cut) return r;
    r.complete = ml_empty(c);
    ml_put_rest(l, c);
    return r;
}

/* From the actions on. */
static bool body(ml_line *l, ml_cur c, bool cut, reading *r)
{
    maillog_field *const mark = ml_mark(l);
    if (!actions(l, &c) || !origin(l, &c) || !maillog__amavis_path(l, &c, cut)) return ml_fail(l, mark);
    *r = keys_to_end(l, c, cut);
    return true;
}

/* ---- category ---- */

static unsigned category_word(ml_cur v)
{
    const unsigned word = maillog__word(v, MAILLOG_CATEGORY_CLEAN, MAILLOG_CATEGORY_TEMPFAIL);
    if (word) return word;
    if (ML_STARTS(v, "BAD-HEADER-")) return MAILLOG_CATEGORY_BAD_HEADER;
    if (ML_IS(v, "UNCHECKED-ENCRYPTED")) return MAILLOG_CATEGORY_UNCHECKED;
    return 0;
}

enum { MOST_READINGS = 8 };

/* ` (names) {actions}, …`: names end at the parenthesis after which the rest of the line is read to its end in the only
 * possible way. Readings are bounded, so time stays linear. */
static bool named(ml_line *l, ml_cur c, maillog_field_id names, bool cut)
{
    maillog_field *const mark = ml_mark(l);
    ml_cur chosen = ml_none(), scan = c, before;
    int tries = 0, best = 0, equals = 0;
    while (ml_until(l, &scan, ')', &before)) {
        if (ml_peek(scan) != ',' && !ML_STARTS(scan, " {")) continue;
        if (++tries > MOST_READINGS) {
            equals = 2;
            break;
        }
        reading r;
        if (!body(l, scan, cut, &r)) continue;
        ml_fail(l, mark);
        const int rank = !r.complete ? 1 : r.is_reply ? 2 : 3;
        equals = rank > best ? 1 : equals + (rank == best);
        if (rank > best) chosen = ml_slice(c.p, scan.p - 1);
        best = rank > best ? rank : best;
        if (best == 3 && !cut) break; /* text that someone else chose cannot read like this */
    }
    if (!chosen.p || equals > 1) {
        if (equals > 1) l->ev->flags |= MAILLOG_FLAG_AMBIGUOUS;
        if (!cut) ml_put_rest(l, c);
        return true;
    }
    reading r;
    ml_put(l, names, chosen);
    return body(l, ml_slice(chosen.e + 1, c.e), cut, &r);
}

bool maillog__amavis_report(ml_line *l, ml_cur c, bool cut)
{
    maillog_field *const mark = ml_mark(l);
    ml_cur result = c, category;
    const bool passed = ML_SKIP(&c, "Passed");
    if (!passed && !ML_SKIP(&c, "Blocked")) return false;
    result.e = c.p;
    ml_put_word(l, MAILLOG_FIELD_RESULT, result, passed ? MAILLOG_RESULT_PASSED : MAILLOG_RESULT_BLOCKED);
    const maillog_event_type type = passed ? MAILLOG_EVENT_AMAVIS_PASSED : MAILLOG_EVENT_AMAVIS_BLOCKED;
    if (ml_skip_char(&c, ' ')) { /* 2.3 wrote `Passed, ` for clean mail */
        category = c;
        while (c.p < c.e && (ml_is_alnum(*c.p) || *c.p == '-' || *c.p == '_')) c.p++;
        category.e = c.p;
        if (ml_empty(category)) return ml_fail(l, mark);
        ml_put_word(l, MAILLOG_FIELD_CATEGORY, category, category_word(category));
        if (ML_SKIP(&c, " ("))
            return named(l, c, ML_IS(category, "INFECTED") ? MAILLOG_FIELD_VIRUS : MAILLOG_FIELD_BANNED, cut) &&
                   ml_event(l, type);
    }
    reading r;
    if (!body(l, c, cut, &r)) {
        if (!cut) return ml_fail(l, mark);
        return ml_event(l, type); /* cut before the recipients */
    }
    return ml_event(l, type);
}
