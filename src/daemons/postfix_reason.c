/* postfix_reason.c: what a restriction says, split into its subject (name), what that is (class), and its own text
 * (reason_detail); `reason` keeps the whole. Source: smtpd_check.c, smtpd.c, postscreen_smtpd.c of Postfix 2.11 to
 * 3.11.
 *
 * The subject is the client's, and is not quoted here: it can hold `>: Sender address rejected: …`. The text can be a
 * remote server's (`unverified address: host … said: 550 <x>: Recipient address rejected: …`). So the subject is what
 * the line's own context says, or else it must be the only one; what remains doubtful is not split. */
#include "postfix.h"

/* `<SUBJECT>: `: the subject is the unquoted form of this address. `end` is set at its '>'. */
static bool is_subject(ml_cur c, ml_cur address, const char **end)
{
    const bool quoted = ml_peek(address) == '"';
    const char *p = c.p;
    bool inside = quoted;
    if (!address.p) return false;
    for (const char *a = address.p + quoted; a < address.e; a++) {
        if (inside && *a == '"') {
            inside = false;
            continue;
        }
        if (inside && *a == '\\' && a + 1 < address.e) a++;
        if (p == c.e || *p++ != *a) return false;
    }
    if (!ml_starts_n(ml_slice(p, c.e), ">: ", 3)) return false;
    *end = p;
    return true;
}

/* Where the subject ends: of those in the context the longest, else the only `>: `. NULL: not to be told. Where the
 * first '>' is the only one, that is the end in any case. */
static const char *subject_end(const ml_line *l, ml_cur c, const ml_context *ctx)
{
    const ml_cur known[] = {ctx->from, ctx->to, ctx->helo};
    const char *best = NULL, *end = ml_find(l, c, '>');
    if (!end) return NULL;
    if (!ml_find(l, ml_slice(end + 1, c.e), '>')) return ML_STARTS(ml_slice(end, c.e), ">: ") ? end : NULL;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (is_subject(c, known[i], &end) && (!best || end > best)) best = end;
    if (best) return best;
    end = ML_FIND(l, c, ">: ");
    return end && !ML_FIND(l, ml_slice(end + 1, c.e), ">: ") ? end : NULL;
}

/* One of Postfix's names of what a restriction looks at, and a blank. */
ML_INLINE bool is_class(ml_cur *c, const char *lit, size_t n, ml_cur *class)
{
    if (!ml_starts_n(*c, lit, n)) return false;
    *class = ml_slice(c->p, c->p + n - 1);
    c->p += n;
    return true;
}
#define IS_CLASS(name) is_class(c, name " ", sizeof(name), class)

/* In RBL texts postscreen says `client`. */
static bool skip_class(ml_cur *c, ml_cur *class)
{
    switch (ml_peek(*c)) {
    case 'C':
        return IS_CLASS("Client host") || IS_CLASS("Client certificate");
    case 'D':
        return IS_CLASS("Data command");
    case 'E':
        return IS_CLASS("End-of-data") || IS_CLASS("Etrn command");
    case 'H':
        return IS_CLASS("Helo command");
    case 'R':
        return IS_CLASS("Recipient address");
    case 'S':
        return IS_CLASS("Sender address") || IS_CLASS("SASL login name");
    case 'U':
        return IS_CLASS("Unverified Client host");
    case 'c':
        return IS_CLASS("client");
    default:
        return false;
    }
}
#undef IS_CLASS

/* CLASS [SUBJECT] blocked using ZONE[; TEXT], the default reply of an RBL: the subject ends at the last of these. */
static void blocked(ml_line *l, ml_cur c)
{
    ml_cur class, subject, zone;
    if (!skip_class(&c, &class) || !ml_skip_char(&c, '[') || !ML_UNTIL_LAST(&c, "] blocked using ", &subject)) return;
    ml_put(l, MAILLOG_FIELD_CLASS, class);
    ml_put(l, MAILLOG_FIELD_NAME, subject);
    if (!ml_word(l, &c, &zone)) return;
    ml_drop_end_n(&zone, ";", 1);
    ml_skip_char(&c, ' ');
    ml_put(l, MAILLOG_FIELD_ZONE, zone);
    if (!ml_empty(c)) ml_put(l, MAILLOG_FIELD_REASON_DETAIL, c);
}

void maillog__postfix_split_reason(ml_line *l, ml_cur c, const ml_context *ctx)
{
    ml_cur name = ml_none(), class = ml_none();
    if (ML_SKIP(&c, "Service unavailable; ")) {
        blocked(l, c);
        return;
    }
    if (ml_skip_char(&c, '<')) {
        const char *end = subject_end(l, c, ctx);
        if (!end) return;
        name = ml_slice(c.p, end);
        c.p = end + 3;
    }
    if (skip_class(&c, &class))
        ML_SKIP(&c, "rejected: ");
    else if (!name.p)
        return;
    ml_put_opt(l, MAILLOG_FIELD_NAME, name);
    ml_put_opt(l, MAILLOG_FIELD_CLASS, class);
    ml_put(l, MAILLOG_FIELD_REASON_DETAIL, c);
}
