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

/* Where the subject ends: of those in the context the longest, else the only `>: `. NULL: not to be told. */
static const char *subject_end(const ml_line *l, ml_cur c, const ml_context *ctx)
{
    const ml_cur known[] = {ctx->from, ctx->to, ctx->helo};
    const char *best = NULL, *end;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (is_subject(c, known[i], &end) && (!best || end > best)) best = end;
    if (best) return best;
    end = ML_FIND(l, c, ">: ");
    return end && !ML_FIND(l, ml_slice(end + 1, c.e), ">: ") ? end : NULL;
}

/* Postfix's names of what a restriction looks at; in RBL texts postscreen says `client`. */
static bool skip_class(ml_cur *c, ml_cur *class)
{
    static const struct {
        const char *text;
        size_t len;
    } classes[] = {
#define CLASS(text) {text " ", sizeof(text)}
        CLASS("Client host"),  CLASS("Helo command"),       CLASS("Sender address"), CLASS("Recipient address"),
        CLASS("Data command"), CLASS("End-of-data"),        CLASS("Etrn command"),   CLASS("Unverified Client host"),
        CLASS("client"),       CLASS("Client certificate"), CLASS("SASL login name")
#undef CLASS
    };
    for (size_t i = 0; i < sizeof classes / sizeof *classes; i++) {
        const char *start = c->p;
        if (!ml_skip_n(c, classes[i].text, classes[i].len)) continue;
        *class = ml_slice(start, c->p - 1);
        return true;
    }
    return false;
}

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
