/* finding.c: from a check to the restriction behind it, and to the place in main.cf or master.cf where that stands. */
#include "config.h"
#include "finding.h"

static const maillog_str nothing = {NULL, 0};

bool maillog__is_login(const maillog_message_check *k)
{
    return k->event == MAILLOG_EVENT_POSTFIX_SASL_FAILED || k->event == MAILLOG_EVENT_POSTFIX_SASL_ABORTED;
}

bool maillog__is_postfix_check(const maillog_message_check *k)
{
    return !maillog__is_login(k) && k->daemon && k->daemon <= MAILLOG_DAEMON_POSTFIX_FILES && k->text.ptr &&
           (k->action.ptr || k->event == MAILLOG_EVENT_POSTFIX_RATE_LIMIT);
}

/* ---- the service ---- */

static bool has_syslog_name(const ml_say *o, size_t service, maillog_str want)
{
    char name[128];
    const size_t n = maillog_postfix_value(o->c, service, "syslog_name", name, sizeof name);
    return n <= sizeof name && n == want.len && memcmp(name, want.ptr, n) == 0;
}

static bool is_on_loopback(maillog_str name)
{
    return ml_begins(name, "127.") || ml_begins(name, "localhost:") || ml_begins(name, "[::1]");
}

/* The smtpd of master.cf that logged it: by its syslog_name, and by who can have come to it. */
static size_t smtpd_service(const ml_say *o, maillog_str instance, maillog_str client_addr, bool *several)
{
    const maillog_str name = instance.len ? instance : ml_words("postfix");
    maillog_postfix_service s;
    size_t found = MAILLOG_NO_SERVICE;
    *several = false;
    for (size_t i = 0; maillog_postfix_service_get(o->c, i, &s); i++) {
        if (!ml_is(s.command, "smtpd") || (!ml_is(s.type, "inet") && !ml_is(s.type, "pass"))) continue;
        if (client_addr.len && !ml_is_loopback(client_addr) && is_on_loopback(s.name)) continue;
        if (!has_syslog_name(o, i, name)) continue;
        *several |= found != MAILLOG_NO_SERVICE;
        if (found == MAILLOG_NO_SERVICE || ml_is(s.name, "smtp") || ml_is(s.type, "pass")) found = i;
    }
    return found;
}

static size_t postscreen_service(const ml_say *o)
{
    maillog_postfix_service s;
    for (size_t i = 0; maillog_postfix_service_get(o->c, i, &s); i++)
        if (ml_is(s.command, "postscreen")) return i;
    return MAILLOG_NO_SERVICE;
}

/* ---- parameters ---- */

bool maillog__parameter(const ml_say *o, size_t service, const char *name, maillog_postfix_setting *out)
{
    return o->c && maillog_postfix_lookup(o->c, service, name, out);
}

bool maillog__is_yes(const ml_say *o, size_t service, const char *name, maillog_postfix_setting *out)
{
    char value[8];
    if (!maillog__parameter(o, service, name, out)) return false;
    const size_t n = maillog_postfix_value(o->c, service, name, value, sizeof value);
    return n == 3 && (value[0] | 0x20) == 'y' && (value[1] | 0x20) == 'e' && (value[2] | 0x20) == 's';
}

void maillog__say_file(ml_say *o, maillog_str file, uint64_t line, bool is_default)
{
    if (is_default)
        maillog__say(o, " (Postfix's default)");
    else if (file.ptr)
        maillog__say(o, " (%f line %n)", file, line);
}

/* ---- the restriction ---- */

static bool is_several(const char *names) { return names && memchr(names, ' ', strlen(names)) != NULL; }

/* Several names that are one thing to an admin: the first says it. Tables and policy servers are not. */
static bool is_one_thing(const maillog_reject_info *r)
{
    if (!r->restrictions) return false;
    if (!is_several(r->restrictions)) return true;
    switch (r->kind) {
    case MAILLOG_REJECT_USER_UNKNOWN:
    case MAILLOG_REJECT_RELAY:
    case MAILLOG_REJECT_LOGIN:
    case MAILLOG_REJECT_NAME:
        return true;
    default:
        return false;
    }
}

static maillog_str first_name(const char *names)
{
    maillog_str rest = ml_words(names), name = nothing;
    return ml_next_word(&rest, &name) ? name : nothing;
}

/* Whether a policy server that refused this message logged so itself: then it was asked as one. */
static bool policy_server_refused(const maillog_message *m)
{
    for (size_t i = 0; i < m->nchecks; i++) {
        const maillog_message_check *k = &m->checks[i];
        if (k->result != MAILLOG_CHECK_DEFER && k->result != MAILLOG_CHECK_REJECT) continue;
        switch (k->daemon) {
        case MAILLOG_DAEMON_POSTGREY:
        case MAILLOG_DAEMON_SQLGREY:
        case MAILLOG_DAEMON_POLICYD_SPF:
        case MAILLOG_DAEMON_POLICYD_WEIGHT:
        case MAILLOG_DAEMON_POSTFWD:
            return true;
        default:
            break;
        }
    }
    return false;
}

static bool find_restriction(const ml_say *o, const maillog_message_check *k, ml_finding *f)
{
    maillog_postfix_wanted w;
    memset(&w, 0, sizeof w);
    const bool policy = f->info.kind == MAILLOG_REJECT_GREYLIST || f->info.kind == MAILLOG_REJECT_SPF;
    w.names = policy && policy_server_refused(o->m) ? "check_policy_service" : f->info.restrictions;
    w.object = f->info.object;
    w.zone = f->info.kind == MAILLOG_REJECT_BLOCKLIST ? f->info.zone : nothing;
    w.warn_if_reject = ml_is(k->action, "reject_warning");
    return maillog_postfix_find(o->c, f->service, &w, &f->place) != 0;
}

static bool is_set_in_a_service(const ml_say *o, const char *name)
{
    maillog_postfix_service s;
    maillog_postfix_setting p;
    for (size_t i = 0; maillog_postfix_service_get(o->c, i, &s); i++) {
        if (!ml_is(s.command, "smtpd") || !maillog_postfix_lookup(o->c, i, name, &p)) continue;
        if (!p.is_default && p.service == i) return true;
    }
    return false;
}

/* smtpd_milters, message_size_limit, …: a parameter does it, set somewhere or as it is by default. */
static bool find_parameter(const ml_say *o, ml_finding *f)
{
    maillog_str rest = ml_words(f->info.restrictions), name;
    maillog_postfix_setting s;
    char word[64];
    size_t set = 0;
    while (ml_next_word(&rest, &name)) {
        if (name.len >= sizeof word) continue;
        memcpy(word, name.ptr, name.len);
        word[name.len] = '\0';
        if (!maillog_postfix_lookup(o->c, f->service, word, &s)) continue;
        if (s.is_default && (f->placed || !s.value.len)) continue;
        if (f->several && is_set_in_a_service(o, word)) continue; /* which one it was is not known */
        set += !s.is_default;
        if (f->placed && !f->place.is_default) continue;
        f->placed = f->is_parameter = true;
        f->place.list = f->place.word = name;
        f->place.file = s.file;
        f->place.line = s.line;
        f->place.service = s.service;
        f->place.is_default = s.is_default;
    }
    f->place.count = set ? (uint32_t)set : 1;
    return f->placed;
}

/* Where the text leaves two names for one thing, the configuration tells which stands there. 454 for a relay can be
 * reject_unauth_destination's, with soft_bounce. */
static void by_place(ml_finding *f)
{
    maillog_str rest = ml_words(f->info.restrictions), name;
    if (f->is_parameter || !f->restriction.ptr || f->place.count != 1) return;
    while (ml_next_word(&rest, &name)) {
        if (!maillog__is_restriction(f->place.word, name)) continue;
        f->restriction = name;
        if (!ml_is(name, "reject_unauth_destination")) return;
        f->info.code_setting = "relay_domains_reject_code";
        f->info.code_default = "554";
        return;
    }
}

/* Which of cleanup's tables: it says whether it was a header or the body. */
static const char *content_parameters(const maillog_message_check *k)
{
    if (ml_is(k->stage, "body")) return "body_checks";
    if (ml_is(k->stage, "header")) return "header_checks mime_header_checks nested_header_checks milter_header_checks";
    return "strict_mime_encoding_domain strict_7bit_headers strict_8bitmime disable_mime_input_processing";
}

void maillog__find_out(const ml_say *o, const maillog_message_check *k, ml_finding *f)
{
    maillog_reject_text in = {k->daemon, k->action, k->code, k->dsn, k->text, k->helo, k->from, k->to};
    if (!in.text.ptr) in.text = ml_words("");
    memset(f, 0, sizeof *f);
    f->service = MAILLOG_NO_SERVICE;
    f->known = maillog_explain_reject(&in, &f->info) != 0;
    if (f->info.kind == MAILLOG_REJECT_CONTENT) f->info.restrictions = content_parameters(k);
    if (is_one_thing(&f->info)) f->restriction = first_name(f->info.restrictions);
    if (!o->c || !f->known || f->info.ambiguous) return;
    if (k->daemon == MAILLOG_DAEMON_POSTFIX_SMTPD)
        f->service =
            smtpd_service(o, k->instance, k->client_addr.ptr ? k->client_addr : o->m->client.addr, &f->several);
    else if (k->daemon == MAILLOG_DAEMON_POSTFIX_POSTSCREEN)
        f->service = postscreen_service(o);
    f->placed = find_restriction(o, k, f);
    if (!f->placed && !find_parameter(o, f)) return;
    by_place(f);
    /* words of a table's or policy server's own: what stands there may have written them, no more */
    f->only_candidate = f->info.custom && !f->is_parameter && f->place.count == 1;
    if (f->place.count == 1 && !f->restriction.ptr && !f->only_candidate && !f->is_parameter)
        f->restriction = f->place.word;
}

/* ---- the check's own fields ---- */

static bool is_delayed(const ml_say *o, const maillog_message_check *k, const ml_finding *f, maillog_postfix_setting *s)
{
    return ml_is(k->stage, "RCPT") && f->placed && !f->is_parameter &&
           (ml_is(f->place.list, "smtpd_client_restrictions") || ml_is(f->place.list, "smtpd_helo_restrictions") ||
            ml_is(f->place.list, "smtpd_sender_restrictions")) &&
           maillog__is_yes(o, f->service, "smtpd_delay_reject", s);
}

static void note_gap(ml_say *o, ml_note n)
{
    if (o->len > n.start) maillog__say(o, "; ");
}

/* The code is none of Postfix's defaults: which setting makes it so. */
static void note_code(ml_say *o, const maillog_message_check *k, const ml_finding *f, ml_note n)
{
    maillog_postfix_setting s;
    const maillog_str code = ml_words(f->info.code_default);
    if (!k->code.len || !code.len || ml_equal(k->code, code)) return;
    if (f->info.code_setting && maillog__parameter(o, f->service, f->info.code_setting, &s) && !s.is_default) {
        note_gap(o, n);
        maillog__say(o, "the code is that of %z = %s (%f line %n), by default it is %s", f->info.code_setting, s.value,
                     s.file, s.line, code);
        return;
    }
    if (k->code.ptr[0] == '4' && code.ptr[0] == '5' && maillog__is_yes(o, f->service, "soft_bounce", &s)) {
        note_gap(o, n);
        maillog__say(o, "soft_bounce = yes");
        maillog__say_file(o, s.file, s.line, s.is_default);
        maillog__say(o, " makes it temporary");
    }
}

static void note_place(ml_say *o, const maillog_message_check *k, const ml_finding *f, ml_note n)
{
    maillog_postfix_setting s;
    const bool warned = ml_is(k->action, "reject_warning");
    if (f->is_parameter) {
        if (f->place.is_default) maillog__say(o, "not set: Postfix's default");
    } else {
        if (warned && f->place.warn_if_reject)
            maillog__say(o, "warn_if_reject stands before %s: it is logged, and nobody is refused", f->place.word);
        else if (warned)
            maillog__say(o, "%s stands here without warn_if_reject: not as it was when this was logged", f->place.word);
        else if (f->place.warn_if_reject)
            maillog__say(o, "%s stands here behind warn_if_reject: not as it was when this was logged", f->place.word);
        else
            maillog__say(o, "%s", f->place.word);
        if (f->place.argument.len) maillog__say(o, " %s", f->place.argument);
        if (f->place.is_default) maillog__say(o, ", by default: the list is not set");
    }
    if (f->place.count > 1) maillog__say(o, "; one of %n places that it can be", (uint64_t)f->place.count);
    if (is_delayed(o, k, f, &s)) {
        note_gap(o, n);
        maillog__say(o, "looked at when the client named a recipient: smtpd_delay_reject = yes");
        maillog__say_file(o, s.file, s.line, s.is_default);
    }
}

static void fill_config(ml_say *o, maillog_message_check *k, const ml_finding *f)
{
    const ml_note n = ml_note_begin(o);
    memset(&k->config, 0, sizeof k->config);
    if (!f->placed) return;
    k->config.setting = f->place.list;
    k->config.file = f->place.file;
    k->config.line = f->place.line;
    note_place(o, k, f, n);
    note_code(o, k, f, n);
    k->config.note = maillog__note_end(o, n);
}

static maillog_str kind_name(const ml_finding *f)
{
    return f->info.kind ? ml_words(maillog_reject_kind_name((int)f->info.kind)) : nothing;
}

void maillog__explain_checks(ml_say *o)
{
    ml_finding f;
    for (size_t i = 0; i < o->m->nchecks; i++) {
        maillog_message_check *k = &o->m->checks[i];
        if (!maillog__is_postfix_check(k)) continue;
        maillog__find_out(o, k, &f);
        const maillog_str name = f.restriction.ptr ? f.restriction : kind_name(&f);
        if (name.ptr) k->check = name;
        fill_config(o, k, &f);
    }
}
