/* reject.c: from the text of a rejection to the restriction behind it.
 *
 * A remote party chooses the name in "<x>: …", and the words at the end of some texts (a remote server's reply, a
 * blocklist's words, a login). So the name is taken from the line's own helo=, from= and to= where they are known; what
 * follows must be one of Postfix's texts as a whole. Where two readings are possible, the result is marked. */
#include "restrictions.h"

typedef maillog_reject_info info;

static const maillog_str nothing = {NULL, 0};

static const char *const object_names[] = {
    "unknown",        "Client host",        "Unverified Client host", "Helo command",
    "Sender address", "Recipient address",  "Data command",           "End-of-data",
    "Etrn command",   "Client certificate", "SASL login name"};
#define OBJECTS (sizeof object_names / sizeof *object_names)

const char *maillog_reject_object_name(int object)
{
    return (size_t)object < OBJECTS ? object_names[object] : "unknown";
}

const char *maillog_reject_kind_name(int kind)
{
    static const char *const names[] = {"unknown", "name",      "dns",     "relay",    "user_unknown", "unverified",
                                        "login",   "blocklist", "access",  "greylist", "spf",          "dmarc",
                                        "milter",  "filter",    "content", "protocol", "tls",          "size",
                                        "storage", "rate",      "fault",   "bounce",   "requested"};
    return (size_t)kind < sizeof names / sizeof *names ? names[kind] : "unknown";
}

/* ---- searching ---- */

static const char *find(maillog_str s, const char *lit)
{
    const size_t n = strlen(lit);
    for (const char *p = s.ptr, *e = s.ptr + s.len; n && (size_t)(e - p) >= n; p++) {
        p = (const char *)memchr(p, lit[0], (size_t)(e - p) - n + 1);
        if (!p) return NULL;
        if (memcmp(p, lit, n) == 0) return p;
    }
    return NULL;
}

static char lower(char c) { return (unsigned char)(c - 'A') < 26 ? (char)(c | 0x20) : c; }

/* ASCII case does not count; `word` is in lower case. */
static bool contains(maillog_str s, const char *word)
{
    const size_t n = strlen(word);
    for (size_t i = 0; i + n <= s.len; i++) {
        size_t k = 0;
        while (k < n && lower(s.ptr[i + k]) == word[k]) k++;
        if (k == n) return true;
    }
    return false;
}

/* ---- how the text begins ---- */

typedef struct head {
    maillog_str subject, body; /* body: behind "<x>: " or "<x>: CLASS rejected: " */
    maillog_reject_object object;
} head;

/* "Helo command rejected: ", or with `plain` "Helo command "; false: none of the classes. */
static bool take_object(maillog_str *s, bool plain, maillog_reject_object *out)
{
    for (size_t i = 1; i < OBJECTS; i++) {
        if (!ml_begins(*s, object_names[i])) continue;
        maillog_str rest = ml_after(*s, strlen(object_names[i]));
        if (ml_begins(rest, " rejected: "))
            rest = ml_after(rest, 11);
        else if (plain && ml_begins(rest, " "))
            rest = ml_after(rest, 1);
        else
            continue;
        *s = rest;
        *out = (maillog_reject_object)i;
        return true;
    }
    return false;
}

static bool is_subject_text(maillog_str s)
{
    return ml_is(s, "Relay access denied") || ml_is(s, "Temporary lookup failure");
}

/* What follows "<x>: " is Postfix's: a class, or one of the texts without. */
static bool take_rest(maillog_str rest, bool plain, maillog_str subject, head *out)
{
    head h = {subject, rest, MAILLOG_OBJECT_NONE};
    if (!take_object(&h.body, plain, &h.object) && !is_subject_text(rest)) return false;
    *out = h;
    return true;
}

/* "<" + known + ">: " */
static bool take_known(maillog_str text, maillog_str known, bool plain, head *out)
{
    if (!known.ptr || text.len < known.len + 4 || text.ptr[0] != '<') return false;
    const maillog_str subject = ml_cut(text.ptr + 1, text.ptr + 1 + known.len);
    const maillog_str rest = ml_after(text, known.len + 1);
    return ml_equal(subject, known) && ml_begins(rest, ">: ") && take_rest(ml_after(rest, 3), plain, subject, out);
}

/* The name ends before one of the places where Postfix's text could begin; `n` counts them. */
static bool take_any(maillog_str text, bool plain, head *out, size_t *n)
{
    const char *const end = text.ptr + text.len;
    head h;
    *n = 0;
    if (!ml_begins(text, "<")) return false;
    maillog_str rest = ml_after(text, 1);
    for (const char *p; (p = find(rest, ">: ")) != NULL; rest = ml_cut(p + 1, end)) {
        if (!take_rest(ml_cut(p + 3, end), plain, ml_cut(text.ptr + 1, p), &h)) continue;
        if (!(*n)++) *out = h;
    }
    return *n > 0;
}

/* The address that a rejection of this object names. */
static bool fits(const maillog_reject_text *in, const head *h)
{
    if (h->object == MAILLOG_OBJECT_HELO) return ml_equal(h->subject, in->helo);
    if (h->object == MAILLOG_OBJECT_SENDER) return ml_equal(h->subject, in->from);
    if (h->object == MAILLOG_OBJECT_RECIPIENT || h->object == MAILLOG_OBJECT_NONE) return ml_equal(h->subject, in->to);
    return true;
}

static bool take_head(const maillog_reject_text *in, bool plain, head *out, bool *ambiguous)
{
    const maillog_str known[] = {in->to, in->helo, in->from};
    size_t places, found = 0;
    head h;
    if (!take_any(in->text, plain, out, &places)) return false;
    for (size_t i = 0; places > 1 && i < 3; i++) {
        if (!take_known(in->text, known[i], plain, &h) || !fits(in, &h)) continue;
        if (found && (h.subject.len == out->subject.len || h.subject.len < out->subject.len)) {
            found += h.subject.len != out->subject.len;
            continue;
        }
        *out = h;
        found++;
    }
    *ambiguous = places > 1 && found != 1;
    return true;
}

/* ---- the rows ---- */

/* `pattern` covers the whole text. %w: a word up to the literal that follows; %s: what is left. */
static bool matches(maillog_str text, const char *pattern, info *out)
{
    out->what = out->detail = nothing;
    while (*pattern) {
        const char *stop = (const char *)memchr(pattern, '%', strlen(pattern));
        if (!stop) return ml_is(text, pattern);
        const maillog_str literal = ml_cut(pattern, stop);
        if (text.len < literal.len || memcmp(text.ptr, literal.ptr, literal.len) != 0) return false;
        text = ml_after(text, literal.len);
        if (stop[1] == 's') {
            out->detail = text;
            return true;
        }
        pattern = stop + 2;
        size_t n = 0;
        while (n < text.len && text.ptr[n] != ' ' && !(*pattern != ' ' && text.ptr[n] == *pattern)) n++;
        if (!n) return false;
        out->what = ml_cut(text.ptr, text.ptr + n);
        text = ml_after(text, n);
    }
    return text.len == 0;
}

/* "Service unavailable; CLASS [what] blocked using zone[; words]" */
static bool take_listing(maillog_str text, info *out)
{
    static const char begin[] = "Service unavailable; ";
    if (!ml_begins(text, begin)) return false;
    text = ml_after(text, sizeof begin - 1);
    if (!take_object(&text, true, &out->object) || !ml_begins(text, "[")) return false;
    const char *const end = text.ptr + text.len, *close = find(text, "] blocked using ");
    if (!close) return false;
    out->what = ml_cut(text.ptr + 1, close);
    maillog_str zone = ml_cut(close + 16, end);
    const char *words = find(zone, "; ");
    if (words) {
        out->detail = ml_cut(words + 2, end);
        zone = ml_cut(zone.ptr, words);
    }
    /* the list's name may stand with the answers that count: zone=127.0.0.[2..11] */
    const char *answers = zone.len ? (const char *)memchr(zone.ptr, '=', zone.len) : NULL;
    out->zone = answers ? ml_cut(zone.ptr, answers) : zone;
    return true;
}

static ml_reject_source source_of(const maillog_reject_text *in)
{
    if (ml_begins(in->action, "milter-")) return ML_FROM_MILTER;
    if (ml_begins(in->action, "proxy-")) return ML_FROM_PROXY;
    if (in->daemon == MAILLOG_DAEMON_POSTFIX_POSTSCREEN) return ML_FROM_POSTSCREEN;
    if (in->daemon == MAILLOG_DAEMON_POSTFIX_CLEANUP) return ML_FROM_CLEANUP;
    if (!in->action.len && find(in->text, " limit exceeded: ")) return ML_FROM_LIMIT;
    return ML_FROM_SMTPD;
}

static int first_digit(const maillog_reject_text *in)
{
    if (in->code.len) return in->code.ptr[0];
    return in->dsn.len ? in->dsn.ptr[0] : 0;
}

/* The text of cleanup's rejections begins with the code; that of others has none left. */
static maillog_str without_dsn(maillog_str s)
{
    size_t i = 0, dots = 0;
    while (i < s.len && ((unsigned char)(s.ptr[i] - '0') < 10 || (i && s.ptr[i] == '.'))) dots += s.ptr[i++] == '.';
    return dots == 2 && i < s.len && s.ptr[i] == ' ' ? ml_after(s, i + 1) : s;
}

static const ml_reject_rule *find_rule(ml_reject_source source, const head *h, bool has_head, int digit, info *out)
{
    const bool listed = source == ML_FROM_SMTPD && !has_head && take_listing(h->body, out);
    const ml_reject_form form = listed      ? ML_FORM_LISTED
                                : !has_head ? ML_FORM_PLAIN
                                : h->object ? ML_FORM_OBJECT
                                            : ML_FORM_SUBJECT;
    const maillog_reject_object object = listed ? out->object : h->object;
    for (size_t i = 0; i < maillog__reject_rules_count; i++) {
        const ml_reject_rule *r = &maillog__reject_rules[i];
        if (r->source != source || r->form != form) continue;
        if (r->objects && form != ML_FORM_PLAIN && !(r->objects & 1u << object)) continue;
        if ((r->flags & ML_RULE_4XX && digit != '4') || (r->flags & ML_RULE_5XX && digit == '4')) continue;
        if (listed || matches(h->body, r->text, out)) return r;
    }
    return NULL;
}

/* Policy servers and tables: the words of those that are well known. They say what it is, not who wrote it. */
static maillog_reject_kind kind_of_words(maillog_str s, maillog_reject_kind otherwise)
{
    static const struct {
        const char *word;
        uint8_t kind;
    } words[] = {
        {"greylist", MAILLOG_REJECT_GREYLIST},    {"graylist", MAILLOG_REJECT_GREYLIST},
        {"grey listed", MAILLOG_REJECT_GREYLIST}, {"grey-list", MAILLOG_REJECT_GREYLIST},
        {"spf fail", MAILLOG_REJECT_SPF},         {"openspf", MAILLOG_REJECT_SPF},
        {"open-spf", MAILLOG_REJECT_SPF},         {"sender policy framework", MAILLOG_REJECT_SPF},
        {"due to: spf", MAILLOG_REJECT_SPF},      {"spf check failed", MAILLOG_REJECT_SPF},
        {"dmarc", MAILLOG_REJECT_DMARC},
    };
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (contains(s, words[i].word)) return (maillog_reject_kind)words[i].kind;
    return otherwise;
}

/* reject_rbl_client names an address, reject_rhsbl_client a host name. */
static const char *list_of_clients(maillog_str what)
{
    bool name = false;
    for (size_t i = 0; i < what.len; i++) {
        if (what.ptr[i] == ':') return "reject_rbl_client";
        name |= what.ptr[i] != '.' && (unsigned char)(what.ptr[i] - '0') > 9;
    }
    return name ? "reject_rhsbl_client" : "reject_rbl_client";
}

static void take_rule(const ml_reject_rule *r, info *out)
{
    out->kind = (maillog_reject_kind)r->kind;
    out->restrictions = r->restrictions;
    if (!r->restrictions && r->kind == MAILLOG_REJECT_ACCESS)
        out->restrictions = maillog__access_restrictions(out->object, !out->detail.ptr);
    if (r->form == ML_FORM_PLAIN && r->objects) out->object = MAILLOG_OBJECT_CLIENT;
    if (r->form == ML_FORM_LISTED && out->object == MAILLOG_OBJECT_CLIENT)
        out->restrictions = list_of_clients(out->what);
    out->old_names = r->old_names;
    out->code_setting = r->code_setting;
    out->code_default = r->code;
    out->text_setting = r->text_setting;
    out->custom = !!(r->flags & ML_RULE_CUSTOM);
    if (out->custom) out->kind = kind_of_words(out->detail, out->kind);
    if (r->source == ML_FROM_POSTSCREEN && r->kind == MAILLOG_REJECT_BLOCKLIST) {
        out->zone = out->detail;
        out->detail = nothing;
        if (out->what.len > 2) out->what = ml_cut(out->what.ptr + 1, out->what.ptr + out->what.len - 1);
    }
}

/* A text of nobody's form: a blocklist's by an admin's template (default_rbl_reply), if it says so; else it is unknown.
 */
static void zone_in_words(info *out)
{
    const char *p = find(out->detail, " blocked using ");
    const char *const end = out->detail.ptr + out->detail.len;
    if (!p) {
        out->kind = MAILLOG_REJECT_UNKNOWN;
        out->restrictions = out->code_setting = out->code_default = NULL;
        return;
    }
    const char *e = p += 15;
    while (e < end && *e != ' ' && *e != ';' && *e != ',') e++;
    out->zone = ml_cut(p, e);
}

int maillog_explain_reject(const maillog_reject_text *in, maillog_reject_info *out)
{
    info plain;
    if (!out) return 0;
    memset(out, 0, sizeof *out);
    if (!in || !in->text.ptr) return 0;
    const ml_reject_source source = source_of(in);
    const bool action = source == ML_FROM_SMTPD && in->action.len && !ml_begins(in->action, "reject");
    bool ambiguous = false;
    head h = {nothing, in->text, MAILLOG_OBJECT_NONE};
    const bool has_head = source == ML_FROM_SMTPD && take_head(in, action, &h, &ambiguous);
    const int digit = first_digit(in);
    if (source == ML_FROM_CLEANUP || source == ML_FROM_MILTER) h.body = without_dsn(h.body);
    memset(&plain, 0, sizeof plain);
    plain.subject = h.subject;
    plain.object = h.object;
    plain.temporary = digit == '4';
    plain.ambiguous = ambiguous;
    *out = plain;
    if (ml_is(in->action, "permit")) { /* smtpd_log_access_permit_actions: "action=NAME for CLASS=VALUE" */
        out->detail = h.body;
        return 0;
    }
    if (action) { /* hold, discard, filter, warn, …: what an access table or policy server asked for */
        out->kind = MAILLOG_REJECT_ACCESS;
        out->restrictions = maillog__access_restrictions(h.object, false);
        out->detail = h.body;
        out->custom = !ml_begins(h.body, "triggers ");
        return 1;
    }
    const ml_reject_rule *r = find_rule(source, &h, has_head, digit, out);
    if (!r) return 0;
    take_rule(r, out);
    if (!digit) out->temporary = r->code && r->code[0] == '4';
    if (out->custom && r->kind == MAILLOG_REJECT_BLOCKLIST) zone_in_words(out);
    return out->restrictions != NULL;
}
