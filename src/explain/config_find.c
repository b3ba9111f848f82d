/* config_find.c: where a restriction stands, in the lists of smtpd_*_restrictions and what they refer to. */
#include "config.h"

#define DEPTH_MAX 16u
#define WORK_MAX 5000u /* words: lists that name each other could go on for ever */

/* The lists in the order smtpd goes through them, and the object that `reject` and the like speak of there. */
static const struct {
    const char *name;
    uint8_t object;
} lists[] = {
    {"smtpd_client_restrictions", MAILLOG_OBJECT_CLIENT},
    {"smtpd_helo_restrictions", MAILLOG_OBJECT_HELO},
    {"smtpd_sender_restrictions", MAILLOG_OBJECT_SENDER},
    {"smtpd_relay_restrictions", MAILLOG_OBJECT_RECIPIENT},
    {"smtpd_recipient_restrictions", MAILLOG_OBJECT_RECIPIENT},
    {"smtpd_data_restrictions", MAILLOG_OBJECT_DATA},
    {"smtpd_end_of_data_restrictions", MAILLOG_OBJECT_END_OF_DATA},
    {"smtpd_etrn_restrictions", MAILLOG_OBJECT_ETRN},
};

typedef struct walk {
    const maillog_postfix_config *c;
    size_t service, list, work, depth;
    const maillog_postfix_wanted *wanted;
    maillog_postfix_place *out;
    bool found;
    const ml_setting *path[DEPTH_MAX]; /* the settings it is in, the outermost first; NULL: a default */
} walk;

/* Where the words of a list come from. */
typedef struct source {
    maillog_str file;
    size_t service;
    bool is_default, warn;
} source;

static void walk_setting(walk *w, maillog_str name, bool warn);

/* Speaks of the object of the list it stands in, rather than of one of its own. */
static bool is_general(maillog_str word)
{
    static const char *const names[] = {"reject",
                                        "defer",
                                        "defer_if_permit",
                                        "defer_if_reject",
                                        "check_policy_service",
                                        "reject_unauth_pipelining",
                                        "reject_multi_recipient_bounce"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (maillog__same_word(word, ml_words(names[i]))) return true;
    return false;
}

static bool takes_argument(maillog_str word)
{
    static const char *const names[] = {"reject_rbl_client",           "reject_rbl",
                                        "reject_rhsbl_client",         "reject_rhsbl_helo",
                                        "reject_rhsbl_sender",         "reject_rhsbl_recipient",
                                        "permit_dnswl_client",         "permit_rhswl_client",
                                        "reject_rhsbl_reverse_client", "sleep"};
    if (ml_begins(word, "check_") && !ml_is(word, "check_relay_domains") && !ml_is(word, "check_recipient_maps") &&
        !ml_is(word, "check_sender_maps"))
        return true;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (maillog__same_word(word, ml_words(names[i]))) return true;
    return false;
}

/* A list's zone may go on with the answers that count: zone=127.0.0.2 */
static bool is_zone(maillog_str argument, maillog_str zone)
{
    if (!zone.len) return true;
    if (argument.len < zone.len || (argument.len > zone.len && argument.ptr[zone.len] != '=')) return false;
    return maillog__same_word(ml_cut(argument.ptr, argument.ptr + zone.len), zone);
}

static bool is_wanted(const walk *w, maillog_str word, maillog_str argument)
{
    const maillog_reject_object object = w->wanted->object;
    maillog_str names = ml_words(w->wanted->names), name;
    if (object && is_general(word) && lists[w->list].object != object) return false;
    while (ml_next_word(&names, &name))
        if (maillog__is_restriction(word, name)) return is_zone(argument, w->wanted->zone);
    return false;
}

static void take(walk *w, const source *s, maillog_str word, maillog_str argument, uint64_t line, bool warn)
{
    maillog_postfix_place *p = w->out;
    const bool wants_warn = !!w->wanted->warn_if_reject;
    if (!is_wanted(w, word, argument)) return;
    if (w->found && p->warn_if_reject == wants_warn) {
        p->count += warn == wants_warn;
        return;
    }
    if (w->found && warn != wants_warn) {
        p->count++;
        return;
    }
    w->found = true;
    p->list = ml_words(lists[w->list].name);
    p->word = word;
    p->argument = argument;
    p->file = s->file;
    p->line = line;
    p->service = s->service;
    p->count = 1;
    p->warn_if_reject = warn;
    p->is_default = s->is_default;
}

/* A class of restrictions, by its name: no word of Postfix's own. */
static bool is_class(const walk *w, maillog_str word)
{
    static const char *const own[] = {"check_", "permit", "reject", "defer", "sleep"};
    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        if (ml_begins(word, own[i]) && !maillog__setting(w->c, w->service, word)) return false;
    return maillog__setting(w->c, w->service, word) != NULL;
}

static const maillog_str nothing = {NULL, 0};

/* { check_policy_service server, timeout=… } */
static void walk_group(walk *w, const source *s, maillog_str group, uint64_t line, bool warn)
{
    ml_logical l = {group.ptr + 1, group.ptr + group.len - 1, line};
    maillog_str word, argument = nothing;
    uint64_t at, argument_at;
    if (!maillog__next_item(&l, true, &word, &at)) return;
    if (takes_argument(word) && !maillog__next_item(&l, true, &argument, &argument_at)) argument = nothing;
    take(w, s, word, argument, at, warn);
}

static void walk_list(walk *w, ml_logical l, const source *s)
{
    maillog_str word, argument, name;
    uint64_t line, argument_at;
    bool warn = s->warn;
    while (w->work < WORK_MAX && maillog__next_item(&l, true, &word, &line)) {
        w->work++;
        if (maillog__same_word(word, ml_words("warn_if_reject"))) {
            warn = true;
            continue;
        }
        argument = nothing;
        if (maillog__is_reference(word, &name)) {
            walk_setting(w, name, warn);
        } else if (word.len >= 2 && word.ptr[0] == '{' && word.ptr[word.len - 1] == '}') {
            walk_group(w, s, word, line, warn);
        } else if (is_class(w, word)) {
            walk_setting(w, word, warn);
        } else {
            if (takes_argument(word) && !maillog__next_item(&l, true, &argument, &argument_at)) argument = nothing;
            take(w, s, word, argument, line, warn);
        }
        warn = s->warn;
    }
}

/* In a list that names itself smtpd stops with an error; to go on would find the same words again. */
static bool is_on_path(const walk *w, const ml_setting *v)
{
    for (size_t i = 0; v && i < w->depth; i++)
        if (w->path[i] == v) return true;
    return false;
}

static void walk_setting(walk *w, maillog_str name, bool warn)
{
    const ml_setting *v = maillog__setting(w->c, w->service, name);
    source s = {nothing, MAILLOG_NO_SERVICE, true, warn};
    if (w->depth == DEPTH_MAX || is_on_path(w, v)) return;
    w->path[w->depth++] = v;
    w->work++;
    if (v) {
        s.file = ml_words(v->in_master ? w->c->master_name : w->c->main_name);
        s.is_default = false;
        if (v->service) s.service = v->service - 1;
        walk_list(w, v->value, &s);
    } else {
        const char *const value = maillog__default_value(name);
        const ml_logical l = {value, value ? value + strlen(value) : NULL, 0};
        if (value) walk_list(w, l, &s);
    }
    w->depth--;
}

int maillog_postfix_find(const maillog_postfix_config *c, size_t service, const maillog_postfix_wanted *wanted,
                         maillog_postfix_place *out)
{
    if (!c || !wanted || !wanted->names || !out) return 0;
    walk w = {c, service, 0, 0, 0, wanted, out, false, {NULL}};
    memset(out, 0, sizeof *out);
    for (; w.list < sizeof lists / sizeof *lists; w.list++) walk_setting(&w, ml_words(lists[w.list].name), false);
    return w.found;
}
