/* meaning.c: what a restriction says of a message in plain words, and what an admin can do about it. */
#include "finding.h"

enum { OF_SUBJECT, OF_BARE_SUBJECT /* of texts without a detail alone */, OF_WHAT, OF_ZONE, OF_DETAIL, OF_NOTHING };

typedef struct meaning {
    const char *restriction; /* or NULL: any of the kind */
    uint8_t kind, of;
    const char *clause; /* with one %q, unless of nothing */
    const char *advice;
} meaning;

#define ROW(restriction, kind, of, ...)                                                                                \
    {                                                                                                                  \
        restriction, MAILLOG_REJECT_##kind, OF_##of, __VA_ARGS__                                                       \
    }

/* clang-format off */
static const meaning meanings[] = {
    ROW("reject_non_fqdn_helo_hostname", NAME, SUBJECT, "the HELO name %q is not fully qualified", "its admin has to give it a full host name; if it must get in, permit it ahead of the restriction"),
    ROW("reject_invalid_helo_hostname", NAME, SUBJECT, "the HELO name %q is no valid host name or address", "its admin has to give it a valid name; if it must get in, permit it ahead of the restriction"),
    ROW("reject_non_fqdn_sender", NAME, SUBJECT, "the sender address %q has no full domain", "the sending system has to use a full address"),
    ROW("reject_non_fqdn_recipient", NAME, SUBJECT, "the recipient address %q has no full domain", "the sending system has to use a full address"),
    ROW("reject_unknown_client_hostname", DNS, WHAT, "the client address %q has no host name in DNS that leads back to it", "its admin has to set PTR and A (or AAAA) records that match"),
    ROW("reject_unknown_reverse_client_hostname", DNS, WHAT, "the client address %q has no host name in DNS", "its admin has to set a PTR record"),
    ROW("reject_unknown_helo_hostname", DNS, SUBJECT, "DNS has neither address nor MX for the HELO name %q", "its admin has to use a name that is in DNS"),
    ROW("reject_unknown_sender_domain", DNS, SUBJECT, "DNS does not show where mail for the sender address %q could go", "replies could not be delivered; the domain's DNS has to be put right, or the resolver of this server"),
    ROW("reject_unknown_recipient_domain", DNS, SUBJECT, "DNS does not show where mail for %q could go", "check the address, and the resolver of this server"),
    ROW("permit_mx_backup", DNS, SUBJECT, "it could not be found out whether this server is a backup MX for %q", NULL),
    ROW(NULL, DNS, SUBJECT, "DNS did not help with %q", NULL),
    ROW(NULL, RELAY, SUBJECT, "%q is in no domain of this server, and the client may not relay", "if the domain is yours, add it to mydestination, virtual_mailbox_domains or relay_domains; if the client is, add it to mynetworks or let it log in"),
    ROW("reject_unlisted_sender", USER_UNKNOWN, SUBJECT, "the sender address %q is in a domain of this server, and no such address exists", NULL),
    ROW(NULL, USER_UNKNOWN, SUBJECT, "there is no such address here: %q", "if there should be, add it to the table that the text names"),
    ROW("reject_unverified_sender", UNVERIFIED, SUBJECT, "a probe did not find the sender address %q deliverable", NULL),
    ROW(NULL, UNVERIFIED, SUBJECT, "a probe did not find the address %q deliverable", NULL),
    ROW(NULL, LOGIN, BARE_SUBJECT, "the sender address %q belongs to a login, and the client did not log in", "smtpd_sender_login_maps says which login owns which address"),
    ROW(NULL, LOGIN, SUBJECT, "the sender address %q does not belong to the client's login", "smtpd_sender_login_maps says which login owns which address"),
    ROW(NULL, BLOCKLIST, ZONE, "the DNS blocklist %q lists it", "if the listing is wrong, the client has to ask the list to remove it; if it must get in, permit it ahead of the list"),
    ROW(NULL, GREYLIST, NOTHING, "greylisting asks every unknown client to come back later", NULL),
    ROW(NULL, SPF, NOTHING, "the sender's domain does not let this client send its mail (SPF)", "the domain's SPF record decides; a forwarder needs SRS"),
    ROW(NULL, DMARC, NOTHING, "the DMARC policy of the domain in From: refuses it", NULL),
    ROW("check_policy_service", ACCESS, NOTHING, "a policy server decided so", NULL),
    ROW("reject", ACCESS, NOTHING, "the list of restrictions ends in reject for this client", NULL),
    ROW("postscreen_denylist_action", ACCESS, NOTHING, "the client is on postscreen's denylist (postscreen_access_list)", NULL),
    ROW(NULL, ACCESS, NOTHING, "a table (access or transport), a policy server or a plain reject decided so", NULL),
    ROW("milter_default_action", MILTER, NOTHING, "the milter did not answer as it should", "look at the milter's own log"),
    ROW(NULL, MILTER, NOTHING, "a milter decided it", NULL),
    ROW(NULL, FILTER, NOTHING, "the before-queue content filter decided it", NULL),
    ROW(NULL, CONTENT, NOTHING, "a rule of header_checks, body_checks or the like matched", NULL),
    ROW("reject_unauth_pipelining", PROTOCOL, NOTHING, "the client sent commands before it was their turn", NULL),
    ROW("smtpd_forbid_bare_newline", PROTOCOL, NOTHING, "the client ended lines with a bare LF, as SMTP smuggling does", "a client that must get in can be listed in smtpd_forbid_bare_newline_exclusions"),
    ROW(NULL, PROTOCOL, NOTHING, "the client broke the rules of SMTP", NULL),
    ROW(NULL, TLS, NOTHING, "the client did not encrypt the session, and has to", NULL),
    ROW(NULL, SIZE, NOTHING, "the message is larger than message_size_limit", NULL),
    ROW(NULL, STORAGE, NOTHING, "the queue's file system has too little room", "free some: mail is not taken until then"),
    ROW(NULL, RATE, NOTHING, "the client did too much in too short a time", NULL),
    ROW("check_policy_service", FAULT, NOTHING, "the policy server did not answer", "look whether it runs; the warning beside this line says what went wrong"),
    ROW(NULL, FAULT, NOTHING, "there is trouble on this server", "the warning beside this line says what went wrong"),
    ROW(NULL, BOUNCE, NOTHING, "a bounce goes to one recipient, this went to several", NULL),
    ROW(NULL, REQUESTED, NOTHING, "the configuration asks for it", NULL),
};
/* clang-format on */

static const meaning *meaning_of(const ml_finding *f)
{
    for (size_t i = 0; i < sizeof meanings / sizeof *meanings; i++) {
        const meaning *m = &meanings[i];
        if (m->kind != f->info.kind || (m->of == OF_BARE_SUBJECT && f->info.detail.len)) continue;
        if (!m->restriction || ml_is(f->restriction, m->restriction)) return m;
    }
    return NULL;
}

static maillog_str value_for(const meaning *m, const ml_finding *f)
{
    switch (m->of) {
    case OF_SUBJECT:
    case OF_BARE_SUBJECT:
        return f->info.subject;
    case OF_WHAT:
        return f->info.what;
    case OF_ZONE:
        return f->info.zone;
    default:
        return f->info.detail;
    }
}

void maillog__say_meaning(ml_say *o, const maillog_message_check *k, const ml_finding *f)
{
    const meaning *m = f->info.ambiguous ? NULL : meaning_of(f);
    if (!m)
        maillog__say(o, "%s wrote %q", k->by, k->text);
    else if (m->of == OF_NOTHING)
        maillog__say(o, m->clause);
    else
        maillog__say(o, m->clause, value_for(m, f));
    if (m && f->info.kind == MAILLOG_REJECT_BLOCKLIST && f->info.detail.len && !f->info.custom)
        maillog__say(o, ", and says %q", f->info.detail);
    else if (m && f->info.detail.len && f->info.kind == MAILLOG_REJECT_LOGIN)
        maillog__say(o, ", %q", f->info.detail);
    else if (m && f->info.detail.len && m->of != OF_DETAIL)
        maillog__say(o, ", with the words %q", f->info.detail);
}

const char *maillog__advice(const ml_finding *f)
{
    const meaning *m = f->info.ambiguous ? NULL : meaning_of(f);
    return m ? m->advice : NULL;
}

const char *maillog__dsn_meaning(maillog_str dsn)
{
    static const struct {
        const char *code, *text;
    } rows[] = {
        {"1.1", "no such mailbox"},
        {"1.2", "no such domain"},
        {"1.8", "bad sender domain"},
        {"1.10", "the domain takes no mail"},
        {"2.1", "mailbox disabled"},
        {"2.2", "mailbox full"},
        {"2.3", "message too long for the mailbox"},
        {"3.1", "the receiving system is full"},
        {"3.4", "message too big"},
        {"4.1", "no answer from the host"},
        {"4.2", "the connection broke off"},
        {"4.4", "no route to the domain"},
        {"4.6", "mail loop"},
        {"4.7", "time is up"},
        {"7.1", "refused by policy"},
        {"7.4", "encryption not supported"},
        {"7.5", "TLS trouble"},
        {"7.23", "SPF"},
        {"7.25", "no matching host name of the client"},
        {"7.26", "authentication of the message failed"},
    };
    if (dsn.len < 3 || dsn.ptr[1] != '.') return NULL;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (ml_is(ml_after(dsn, 2), rows[i].code)) return rows[i].text;
    return NULL;
}
