/* summary_others.c: greylists, filters, authentication, mailboxes, and the other mail systems. */
#include "bytes.h"
#include "summary.h"

#include <string.h>

static maillog_str daemon_of(const summary *s) { return str_of(maillog_daemon_name(s->line.daemon)); }
static const maillog_str nothing = {"", 0};

static maillog_str first_of(const summary *s, field_place a, field_place b)
{
    const maillog_str value = get(s, a);
    return value.len ? value : get(s, b);
}

/* ---- greylists ---- */

static void on_greylist(summary *s)
{
    const maillog_str action = get(s, FIELD_ACTION);
    count_in(s, TABLE_GREYLISTING, daemon_of(s), action.len ? action : str_of(maillog_event_name(s->line.type)),
             get(s, FIELD_REASON));
}

/* ---- filters ---- */

static void add_time(tally_row *row, maillog_str ms)
{
    const uint64_t usec = usec_of(ms) / 1000;
    row->delay += usec;
    if (usec > row->delay_max) row->delay_max = usec;
}

static void on_amavis(summary *s)
{
    const maillog_str result = get(s, FIELD_RESULT), category = get(s, FIELD_CATEGORY);
    const maillog_str virus = get(s, FIELD_VIRUS);
    char name[TWO_WORDS];
    const maillog_str what = two_words(name, result, category);
    if (virus.len) count_in(s, TABLE_VIRUSES, daemon_of(s), virus, nothing);
    add_time(count_in(s, TABLE_FILTERS, daemon_of(s), what, nothing), get(s, FIELD_ELAPSED_MS));
}

static void on_rspamd(summary *s)
{
    add_time(count_in(s, TABLE_FILTERS, daemon_of(s), get(s, FIELD_ACTION), nothing), get(s, FIELD_TIME_MS));
}

static void on_spamd(summary *s)
{
    const maillog_str spam = get(s, FIELD_IS_SPAM);
    const bool is = spam.len == 1 && (*spam.ptr == 'Y' || *spam.ptr == 'y');
    count_in(s, TABLE_FILTERS, daemon_of(s), str_of(is ? "spam" : "clean"), nothing);
}

static void on_virus(summary *s) { count_in(s, TABLE_VIRUSES, daemon_of(s), get(s, FIELD_VIRUS), nothing); }

static void on_rule(summary *s) { count_in(s, TABLE_FILTERS, daemon_of(s), get(s, FIELD_ACTION), nothing); }

/* ---- SPF, DKIM, DMARC ---- */

static void on_spf(summary *s)
{
    const maillog_str result = get(s, FIELD_SPF_RESULT);
    count_in(s, TABLE_AUTHENTICATION, daemon_of(s), result.len ? result : str_of(maillog_event_name(s->line.type)),
             nothing);
}

static void on_result(summary *s)
{
    const maillog_str result = get(s, FIELD_RESULT);
    count_in(s, TABLE_AUTHENTICATION, daemon_of(s), result.len ? result : str_of(maillog_event_name(s->line.type)),
             nothing);
}

/* ---- mailboxes ---- */

/* Sieve puts a name into quotes, the others do not. */
static void on_mailbox(summary *s)
{
    maillog_str name = get(s, FIELD_MAILBOX);
    if (name.len > 1 && *name.ptr == '\'' && name.ptr[name.len - 1] == '\'') {
        name.ptr++;
        name.len -= 2;
    }
    count_in(s, TABLE_SIEVE, str_of(maillog_event_name(s->line.type)), name, nothing);
}

static void on_login(summary *s)
{
    count_in(s, TABLE_LOGINS, daemon_of(s), str_of(maillog_event_name(s->line.type)),
             first_of(s, FIELD_USER, FIELD_RIP));
}

/* ---- other mail systems ---- */

static void on_refused(summary *s)
{
    const maillog_str stage = first_of(s, FIELD_STAGE, FIELD_RULESET);
    const maillog_str reason = cut(first_of(s, FIELD_REASON, FIELD_TEXT), 100);
    const maillog_str name = site_of(get(s, FIELD_CLIENT_NAME), first_of(s, FIELD_CLIENT_ADDR, FIELD_HELO));
    s->figure[REJECTED]++;
    count_rate(s, RATE_REJECTED);
    count_in(s, TABLE_REJECT_REASONS, stage.len ? stage : daemon_of(s), reason, name);
}

static maillog_str client_site(const summary *s)
{
    return site_of(get(s, FIELD_CLIENT_NAME), get(s, FIELD_CLIENT_ADDR));
}

static void on_message(summary *s, field_place id)
{
    uint64_t size = 0;
    count_received(s, get(s, id), client_site(s), !get(s, FIELD_CLIENT_ADDR).ptr);
    number_of(get(s, FIELD_SIZE), &size);
    count_size(s, get(s, id), get(s, FIELD_FROM), size);
}

static void count_bounce(summary *s, maillog_str relay, maillog_str reason)
{
    s->figure[BOUNCED]++;
    count_rate(s, RATE_BOUNCED);
    count_in(s, TABLE_BOUNCE_REASONS, relay, cut(reason, 66), nothing);
}

static void count_sent(summary *s, maillog_str id, maillog_str reply, maillog_str to, uint64_t delay)
{
    bool forwarded;
    const delivery d = {.queue_id = id, .to = to, .queued_as = queued_as(reply, &forwarded), .delay = delay};
    count_delivery(s, STEP_SENT, &d);
}

static void count_wait(summary *s, maillog_str id, uint64_t delay, maillog_str reason)
{
    const delivery d = {.queue_id = id, .to = get(s, FIELD_TO), .delay = delay};
    count_delivery(s, STEP_DEFERRED, &d);
    count_in(s, TABLE_DEFERRAL_REASONS, daemon_of(s), cut(reason, 65), nothing);
}

static void on_exim_arrival(summary *s) { on_message(s, FIELD_EXIM_ID); }

static void on_exim_delivery(summary *s)
{
    const maillog_str id = get(s, FIELD_EXIM_ID);
    count_sent(s, id, get(s, FIELD_REPLY), get(s, FIELD_TO), usec_of(get(s, FIELD_DELIVERY_TIME)));
}

static bool begins(maillog_str s, const char *with)
{
    const size_t n = strlen(with);
    return s.len >= n && memcmp(s.ptr, with, n) == 0;
}

/* Without "SMTP error from remote mail server after RCPT TO:<…>: ", what that server said. */
static maillog_str exim_reason(const summary *s)
{
    maillog_str reason = first_of(s, FIELD_REASON, FIELD_ERROR);
    const char *said = NULL;
    if (begins(reason, "SMTP error from remote mail server after ")) said = bytes_find(reason.ptr, reason.len, ": ", 2);
    if (said) {
        reason.len = (size_t)(reason.ptr + reason.len - said - 2);
        reason.ptr = said + 2;
    }
    return reason;
}

static void on_exim_deferred(summary *s) { count_wait(s, get(s, FIELD_EXIM_ID), 0, exim_reason(s)); }

static void on_exim_failed(summary *s) { count_bounce(s, first_of(s, FIELD_RELAY_NAME, FIELD_ROUTER), exim_reason(s)); }

static void on_sendmail_from(summary *s) { on_message(s, FIELD_QUEUE_ID); }

/* [days+]hours:minutes:seconds, in microseconds */
static uint64_t hms(maillog_str s)
{
    uint64_t seconds = 0, part = 0;
    for (size_t i = 0; i < s.len; i++) {
        const char ch = s.ptr[i];
        if (ch >= '0' && ch <= '9')
            part = part * 10 + (uint64_t)(ch - '0');
        else
            seconds = (seconds + part) * (ch == '+' ? 24 : 60), part = 0;
    }
    return (seconds + part) * 1000000;
}

static void on_sendmail_to(summary *s)
{
    const maillog_str id = get(s, FIELD_QUEUE_ID), dsn = get(s, FIELD_DSN);
    const maillog_str stat = first_of(s, FIELD_STAT, FIELD_STATUS);
    const maillog_str said = get(s, FIELD_REPLY), reply = said.len ? said : stat;
    const uint64_t delay = hms(get(s, FIELD_DELAY_HMS));
    maillog_str list = get(s, FIELD_RECIPIENTS), to = get(s, FIELD_TO);
    size_t at = 0;
    if (begins(stat, "queued")) return;
    if (begins(dsn, "2") || begins(stat, "Sent")) {
        if (!list.len) list = to;
        while (maillog_list_next(MAILLOG_FIELD_RECIPIENTS, list, &at, &to)) count_sent(s, id, reply, to, delay);
    } else if (begins(dsn, "4") || begins(stat, "Deferred")) {
        count_wait(s, id, delay, reply);
    } else if (begins(dsn, "5")) {
        count_bounce(s, first_of(s, FIELD_RELAY_NAME, FIELD_MAILER), reply);
    }
}

static void on_smtpd_message(summary *s) { on_message(s, FIELD_QUEUE_ID); }

static void on_smtpd_delivery(summary *s)
{
    const maillog_str id = get(s, FIELD_QUEUE_ID), reply = get(s, FIELD_REPLY);
    const maillog_str result = first_of(s, FIELD_STATUS, FIELD_RESULT);
    if (begins(result, "Ok") || begins(result, "Delivered")) {
        count_sent(s, id, reply, get(s, FIELD_TO), 0);
    } else if (begins(result, "TempFail")) {
        count_wait(s, id, 0, reply);
    } else if (begins(result, "PermFail")) {
        count_bounce(s, get(s, FIELD_RELAY_NAME), reply);
    }
}

#define EVENT(name) MAILLOG_EVENT_##name
const summary_rule other_rules[] = {
    {EVENT(POSTGREY_GREYLIST), on_greylist, false},
    {EVENT(POSTGREY_WHITELISTED), on_greylist, false},
    {EVENT(SQLGREY_GREYLIST), on_greylist, false},
    {EVENT(MILTER_GREYLIST_DELAYED), on_greylist, false},
    {EVENT(MILTER_GREYLIST_AUTOWHITE), on_greylist, false},
    {EVENT(MILTER_GREYLIST_SKIPPED), on_greylist, false},
    {EVENT(AMAVIS_PASSED), on_amavis, false},
    {EVENT(AMAVIS_BLOCKED), on_amavis, false},
    {EVENT(RSPAMD_TASK), on_rspamd, false},
    {EVENT(SPAMD_RESULT), on_spamd, false},
    {EVENT(CLAMAV_INFECTED), on_virus, false},
    {EVENT(POSTFWD_RULE), on_rule, false},
    {EVENT(SPF_RESULT), on_spf, false},
    {EVENT(SPF_REJECT), on_spf, false},
    {EVENT(SPF_DEFER), on_spf, false},
    {EVENT(OPENDKIM_SIGNED), on_result, false},
    {EVENT(OPENDKIM_VERIFIED), on_result, false},
    {EVENT(OPENDKIM_BAD_SIGNATURE), on_result, false},
    {EVENT(OPENDKIM_NO_SIGNATURE), on_result, false},
    {EVENT(OPENDMARC_RESULT), on_result, false},
    {EVENT(DOVECOT_SAVED), on_mailbox, false},
    {EVENT(DOVECOT_SAVE_FAILED), on_mailbox, false},
    {EVENT(DOVECOT_STORED), on_mailbox, false},
    {EVENT(DOVECOT_FORWARDED), on_mailbox, false},
    {EVENT(DOVECOT_REJECTED), on_mailbox, false},
    {EVENT(DOVECOT_DISCARDED), on_mailbox, false},
    {EVENT(DOVECOT_SIEVE_REJECTED), on_mailbox, false},
    {EVENT(DOVECOT_VACATION_SENT), on_mailbox, false},
    {EVENT(DOVECOT_SIEVE_ERROR), on_mailbox, false},
    {EVENT(DOVECOT_LOGIN), on_login, false},
    {EVENT(DOVECOT_LOGIN_ABORTED), on_login, false},
    {EVENT(DOVECOT_LOGIN_FAILED), on_login, false},
    {EVENT(DOVECOT_AUTH_FAILED), on_login, false},
    {EVENT(EXIM_ARRIVE), on_exim_arrival, false},
    {EVENT(EXIM_DELIVER), on_exim_delivery, false},
    {EVENT(EXIM_ADDITIONAL), on_exim_delivery, false},
    {EVENT(EXIM_CUTTHROUGH), on_exim_delivery, false},
    {EVENT(EXIM_DEFERRED), on_exim_deferred, false},
    {EVENT(EXIM_FAILED), on_exim_failed, false},
    {EVENT(EXIM_REJECTED), on_refused, false},
    {EVENT(SENDMAIL_FROM), on_sendmail_from, false},
    {EVENT(SENDMAIL_TO), on_sendmail_to, false},
    {EVENT(SENDMAIL_REJECT), on_refused, false},
    {EVENT(SENDMAIL_MILTER), on_refused, false},
    {EVENT(OPENSMTPD_MESSAGE), on_smtpd_message, false},
    {EVENT(OPENSMTPD_DELIVERY), on_smtpd_delivery, false},
    {EVENT(OPENSMTPD_FAILED_COMMAND), on_refused, false},
    {0, NULL, false},
};
