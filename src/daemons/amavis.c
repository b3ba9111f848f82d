/* amavis.c: `(id) [(!)|(!!)]text` of amavisd-new 2.7 to 2.13 (and what 2.3 to 2.6 wrote in another form). The report of
 * a message is in amavis_report.c, the other statements in amavis_statements.c and amavis_debug.c.
 *
 * Entries longer than $logline_maxlen (980) go out in parts: all but the last end with `...`, all but the first begin
 * with it. A part is cut anywhere, so what a later one holds is only known together with the first: it is `text`.
 * Remote parties choose addresses, names of attachments, header text and remote replies; control characters and
 * backslashes are escaped. */
#include "amavis.h"

#include "daemons.h"

/* `(11960-14) `, `(11960-14-2) `: process, number of its connection, number of the message in it. */
static bool id_prefix(ml_line *l, ml_cur *c)
{
    ml_cur t = *c, part;
    if (!ml_skip_char(&t, '(')) return false;
    const char *first = t.p;
    if (!ml_digits(&t, &part) || !ml_skip_char(&t, '-') || !ml_digits(&t, &part)) return false;
    if (ml_skip_char(&t, '-') && !ml_digits(&t, &part)) return false;
    const ml_cur id = ml_slice(first, t.p);
    if (!ML_SKIP(&t, ") ")) return false;
    ml_put(l, MAILLOG_FIELD_AM_ID, id);
    *c = t;
    return true;
}

/* `(!)`: log level -1, a warning; `(!!)`: -2 and below, an error. */
static bool alert_mark(ml_line *l, ml_cur *c)
{
    ml_cur mark = *c;
    unsigned word = MAILLOG_SEVERITY_WARNING;
    if (ML_SKIP(c, "(!!)"))
        word = MAILLOG_SEVERITY_ERROR;
    else if (!ML_SKIP(c, "(!)"))
        return false;
    mark.e = c->p;
    ml_put_word(l, MAILLOG_FIELD_SEVERITY, mark, word);
    return true;
}

/* The word of severity that some texts begin with; it stays part of the text. */
static void severity_word(ml_line *l, ml_cur c)
{
    static const struct {
        ml_lit text;
        unsigned word;
    } rows[] = {
        {ML_LIT("NOTICE"), MAILLOG_SEVERITY_NOTICE}, {ML_LIT("INFO"), MAILLOG_SEVERITY_INFO},
        {ML_LIT("WARN"), MAILLOG_SEVERITY_WARNING},  {ML_LIT("TROUBLE"), MAILLOG_SEVERITY_ERROR},
        {ML_LIT("FATAL"), MAILLOG_SEVERITY_FATAL},   {ML_LIT("PANIC"), MAILLOG_SEVERITY_PANIC},
    };
    const uint64_t head = ml_key(l, c);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (!ml_starts_lit(head, c, &rows[i].text)) continue;
        const size_t n = rows[i].text.len;
        const char after = ml_at(c, n);
        if (after == ':' || after == ' ' || after == ',')
            ml_put_word(l, MAILLOG_FIELD_SEVERITY, ml_slice(c.p, c.p + n), rows[i].word);
        return;
    }
}

/* ---- statements about a message on its way: HEAD<sender> -> <recipients>TAIL ---- */

/* What X-Spam-Status says: `Yes, score=7.9 tag=-10 tag2=6.31 kill=6.31 tests=[A=1, B=2] autolearn=no…`. */
static void spam_status(ml_line *l, ml_cur c)
{
    static const struct {
        const char *key;
        uint8_t len;
        uint16_t field;
    } rows[] = {
        {"score=", 6, MAILLOG_FIELD_SCORE},
        {"hits=", 5, MAILLOG_FIELD_SCORE},
        {"tagged_above=", 13, MAILLOG_FIELD_TAG_LEVEL},
        {"tag=", 4, MAILLOG_FIELD_TAG_LEVEL},
        {"tag1=", 5, MAILLOG_FIELD_TAG_LEVEL},
        {"tag2=", 5, MAILLOG_FIELD_TAG2_LEVEL},
        {"kill=", 5, MAILLOG_FIELD_KILL_LEVEL},
        {"required=", 9, MAILLOG_FIELD_REQUIRED},
        {"autolearn=", 10, MAILLOG_FIELD_AUTOLEARN},
        {"autolearn_force=", 16, MAILLOG_FIELD_AUTOLEARN_FORCE},
    };
    enum { ROWS = sizeof rows / sizeof *rows };
    ml_cur v;
    if (!ML_SKIP(&c, ", ") || !ML_UNTIL(l, &c, ", ", &v)) return ml_put_rest(l, c);
    ml_put(l, MAILLOG_FIELD_VERDICT, v);
    while (!ml_empty(c)) {
        while (ml_peek(c) == ' ' || ml_peek(c) == ',') c.p++;
        if (ML_SKIP(&c, "tests=[")) {
            if (!ml_until(l, &c, ']', &v)) v = ml_slice(c.p, c.e), c.p = c.e;
            ml_put(l, MAILLOG_FIELD_TESTS, v);
            continue;
        }
        size_t i = 0;
        while (i < ROWS && !ml_starts_n(c, rows[i].key, rows[i].len)) i++;
        if (i == ROWS) break;
        c.p += rows[i].len;
        const char *p = c.p;
        while (p < c.e && *p != ' ' && *p != ',') p++;
        ml_put(l, (maillog_field_id)rows[i].field, ml_slice(c.p, p));
        c.p = p;
    }
    if (ML_SKIP(&c, "tests=")) { /* 2.3 */
        const char *p = ML_FIND(l, c, ", quarantine ");
        ml_put(l, MAILLOG_FIELD_TESTS, ml_slice(c.p, p ? p : c.e));
        c.p = p ? p + 2 : c.e;
    }
    if (ML_SKIP(&c, "quarantine ")) ml_put(l, MAILLOG_FIELD_QUARANTINE, ml_slice(c.p, c.e)), c.p = c.e;
    ml_put_rest(l, c);
}

/* `,BODY=7BIT 250 2.0.0 from MTA(…): …`, or `, 250 2.6.0 Ok, id=…` before 2.7. */
static void forward_reply(ml_line *l, ml_cur c)
{
    ml_cur options;
    if (!ml_skip_char(&c, ',') || !ml_until(l, &c, ' ', &options)) return ml_put_rest(l, c);
    if (!ml_empty(options)) ml_put(l, MAILLOG_FIELD_OPTIONS, options);
    ml_put(l, MAILLOG_FIELD_REPLY, c);
}

static bool path_statement(ml_line *l, ml_cur c)
{
    maillog_field *const mark = ml_mark(l);
    const char *less = ml_find(l, c, '<');
    if (!less || !maillog__match_patterns(l, &maillog__amavis_paths, ml_slice(c.p, less))) return false;
    c.p = less;
    if (!maillog__amavis_path(l, &c, false)) {
        l->ev->type = 0;
        l->ev->match = MAILLOG_MATCH_DAEMON;
        return ml_fail(l, mark);
    }
    switch (l->ev->type) {
    case MAILLOG_EVENT_AMAVIS_SPAM_TAG:
        spam_status(l, c);
        break;
    case MAILLOG_EVENT_AMAVIS_FORWARD:
        forward_reply(l, c);
        break;
    default:
        ML_SKIP(&c, ", ");
        while (ml_peek(c) == ' ') c.p++;
        if (!ml_empty(c)) ml_put(l, MAILLOG_FIELD_TEXT, c);
        break;
    }
    return true;
}

/* ---- all of them ---- */

/* Whether amavis may have cut the entry here: parts but the last are $logline_maxlen long. */
enum { SHORTEST_PART = 900 };

static bool statement(ml_line *l, ml_cur c, ml_cur message)
{
    const bool cut = ML_ENDS(c, "...");
    if (ML_SKIP(&c, "...")) {
        l->ev->flags |= MAILLOG_FLAG_CONTINUED;
        ml_put(l, MAILLOG_FIELD_TEXT, message);
        return ml_event(l, MAILLOG_EVENT_AMAVIS_CONTINUATION);
    }
    if (cut && (ML_STARTS(c, "Passed") || ML_STARTS(c, "Blocked"))) {
        l->ev->flags |= MAILLOG_FLAG_CONTINUED;
        if (!maillog__amavis_report(l, ml_slice(c.p, c.e - 3), true)) return false;
        ml_put(l, MAILLOG_FIELD_TEXT, message);
        return true;
    }
    if (maillog__amavis_report(l, c, false)) return true;
    if (cut && ml_len(message) >= SHORTEST_PART) l->ev->flags |= MAILLOG_FLAG_CONTINUED;
    if (path_statement(l, c)) return true;
    if (maillog__match_patterns(l, &maillog__amavis_statements, c) ||
        maillog__match_patterns(l, &maillog__amavis_named, c))
        return true;
    if (!maillog__match_patterns(l, &maillog__amavis_debug, c)) return false;
    if (l->ev->type == MAILLOG_EVENT_AMAVIS_DEBUG) { /* known by its beginning, which stays in the text */
        maillog_field *const text = l->next - 1;
        text->off = (uint32_t)(c.p - l->base);
        text->len = (uint32_t)ml_len(c);
    }
    return true;
}

void maillog__amavis(ml_line *l, ml_cur message)
{
    ml_cur c = message;
    while (ml_last(c) == ' ') c.e--; /* some formats pad */
    const ml_cur all = c;
    id_prefix(l, &c);
    if (alert_mark(l, &c))
        ml_skip_blanks(&c); /* before 2.6 */
    else
        severity_word(l, c);
    if (!statement(l, c, all)) ml_put_rest(l, c);
}
