/* summary_others.c: greylists, filters, authentication, mailboxes, and the other mail systems. */
#include "summary.h"

#include <string.h>

static maillog_str get(const maillog_event *ev, maillog_field_id id) { return maillog_get(ev, id); }
static maillog_str daemon_of(const maillog_event *ev) { return str_of(maillog_daemon_name(ev->daemon)); }
static const maillog_str nothing = {"", 0};

static maillog_str first_of(const maillog_event *ev, maillog_field_id a, maillog_field_id b)
{
    const maillog_str s = get(ev, a);
    return s.len ? s : get(ev, b);
}

/* ---- greylists ---- */

static void on_greylist(summary *s, const maillog_event *ev)
{
    const maillog_str action = get(ev, MAILLOG_FIELD_ACTION);
    count_in(s, TABLE_GREYLISTING, daemon_of(ev), action.len ? action : str_of(maillog_event_name(ev->type)),
             get(ev, MAILLOG_FIELD_REASON));
}

/* ---- filters ---- */

static void add_time(tally_row *row, maillog_str ms)
{
    const uint64_t usec = usec_of(ms) / 1000;
    row->delay += usec;
    if (usec > row->delay_max) row->delay_max = usec;
}

static void on_amavis(summary *s, const maillog_event *ev)
{
    const maillog_str result = get(ev, MAILLOG_FIELD_RESULT), category = get(ev, MAILLOG_FIELD_CATEGORY);
    const maillog_str virus = get(ev, MAILLOG_FIELD_VIRUS);
    char name[TWO_WORDS];
    const maillog_str what = two_words(name, result, category);
    if (virus.len) count_in(s, TABLE_VIRUSES, daemon_of(ev), virus, nothing);
    add_time(count_in(s, TABLE_FILTERS, daemon_of(ev), what, nothing), get(ev, MAILLOG_FIELD_ELAPSED_MS));
}

static void on_rspamd(summary *s, const maillog_event *ev)
{
    add_time(count_in(s, TABLE_FILTERS, daemon_of(ev), get(ev, MAILLOG_FIELD_ACTION), nothing),
             get(ev, MAILLOG_FIELD_TIME_MS));
}

static void on_spamd(summary *s, const maillog_event *ev)
{
    const maillog_str spam = get(ev, MAILLOG_FIELD_IS_SPAM);
    const bool is = spam.len == 1 && (*spam.ptr == 'Y' || *spam.ptr == 'y');
    count_in(s, TABLE_FILTERS, daemon_of(ev), str_of(is ? "spam" : "clean"), nothing);
}

static void on_virus(summary *s, const maillog_event *ev)
{
    count_in(s, TABLE_VIRUSES, daemon_of(ev), get(ev, MAILLOG_FIELD_VIRUS), nothing);
}

static void on_rule(summary *s, const maillog_event *ev)
{
    count_in(s, TABLE_FILTERS, daemon_of(ev), get(ev, MAILLOG_FIELD_ACTION), nothing);
}

/* ---- SPF, DKIM, DMARC ---- */

static void on_spf(summary *s, const maillog_event *ev)
{
    const maillog_str result = get(ev, MAILLOG_FIELD_SPF_RESULT);
    count_in(s, TABLE_AUTHENTICATION, daemon_of(ev), result.len ? result : str_of(maillog_event_name(ev->type)),
             nothing);
}

static void on_result(summary *s, const maillog_event *ev)
{
    const maillog_str result = get(ev, MAILLOG_FIELD_RESULT);
    count_in(s, TABLE_AUTHENTICATION, daemon_of(ev), result.len ? result : str_of(maillog_event_name(ev->type)),
             nothing);
}

/* ---- mailboxes ---- */

static void on_mailbox(summary *s, const maillog_event *ev)
{
    count_in(s, TABLE_SIEVE, str_of(maillog_event_name(ev->type)), get(ev, MAILLOG_FIELD_MAILBOX), nothing);
}

static void on_login(summary *s, const maillog_event *ev)
{
    count_in(s, TABLE_LOGINS, daemon_of(ev), str_of(maillog_event_name(ev->type)),
             first_of(ev, MAILLOG_FIELD_USER, MAILLOG_FIELD_RIP));
}

/* ---- other mail systems ---- */

static void on_refused(summary *s, const maillog_event *ev)
{
    const maillog_str stage = first_of(ev, MAILLOG_FIELD_STAGE, MAILLOG_FIELD_RULESET);
    maillog_str reason = first_of(ev, MAILLOG_FIELD_REASON, MAILLOG_FIELD_TEXT);
    if (reason.len > 100) reason.len = 100;
    const maillog_str name =
        site_of(get(ev, MAILLOG_FIELD_CLIENT_NAME), first_of(ev, MAILLOG_FIELD_CLIENT_ADDR, MAILLOG_FIELD_HELO));
    s->figure[REJECTED]++;
    count_rate(s, ev, RATE_REJECTED);
    count_in(s, TABLE_REJECT_REASONS, stage.len ? stage : daemon_of(ev), reason, name);
}

static maillog_str client_site(const maillog_event *ev)
{
    return site_of(get(ev, MAILLOG_FIELD_CLIENT_NAME), get(ev, MAILLOG_FIELD_CLIENT_ADDR));
}

static void on_message(summary *s, const maillog_event *ev, maillog_field_id id)
{
    uint64_t size = 0;
    count_received(s, ev, get(ev, id), client_site(ev), !maillog_has(ev, MAILLOG_FIELD_CLIENT_ADDR));
    maillog_get_u64(ev, MAILLOG_FIELD_SIZE, &size);
    count_size(s, ev, get(ev, id), get(ev, MAILLOG_FIELD_FROM), size);
}

static void count_bounce(summary *s, const maillog_event *ev, maillog_str relay, maillog_str reason)
{
    s->figure[BOUNCED]++;
    count_rate(s, ev, RATE_BOUNCED);
    if (reason.len > 66) reason.len = 66;
    count_in(s, TABLE_BOUNCE_REASONS, relay, reason, nothing);
}

static void count_wait(summary *s, const maillog_event *ev, maillog_str id, uint64_t delay, maillog_str reason)
{
    count_deferred(s, ev, id, get(ev, MAILLOG_FIELD_TO), delay);
    if (reason.len > 65) reason.len = 65;
    count_in(s, TABLE_DEFERRAL_REASONS, daemon_of(ev), reason, nothing);
}

static void on_exim_arrival(summary *s, const maillog_event *ev) { on_message(s, ev, MAILLOG_FIELD_EXIM_ID); }

static void on_exim_delivery(summary *s, const maillog_event *ev)
{
    const maillog_str id = get(ev, MAILLOG_FIELD_EXIM_ID);
    if (count_hand_over(s, ev, id, get(ev, MAILLOG_FIELD_REPLY))) return;
    count_delivered(s, ev, id, get(ev, MAILLOG_FIELD_TO), usec_of(get(ev, MAILLOG_FIELD_DELIVERY_TIME)));
}

static maillog_str exim_reason(const maillog_event *ev)
{
    return first_of(ev, MAILLOG_FIELD_ERROR, MAILLOG_FIELD_TEXT);
}

static void on_exim_deferred(summary *s, const maillog_event *ev)
{
    count_wait(s, ev, get(ev, MAILLOG_FIELD_EXIM_ID), 0, exim_reason(ev));
}

static void on_exim_failed(summary *s, const maillog_event *ev)
{
    count_bounce(s, ev, first_of(ev, MAILLOG_FIELD_RELAY_NAME, MAILLOG_FIELD_ROUTER), exim_reason(ev));
}

static void on_sendmail_from(summary *s, const maillog_event *ev) { on_message(s, ev, MAILLOG_FIELD_QUEUE_ID); }

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

static bool begins(maillog_str s, const char *with)
{
    const size_t n = strlen(with);
    return s.len >= n && memcmp(s.ptr, with, n) == 0;
}

static void on_sendmail_to(summary *s, const maillog_event *ev)
{
    const maillog_str id = get(ev, MAILLOG_FIELD_QUEUE_ID), dsn = get(ev, MAILLOG_FIELD_DSN);
    const maillog_str stat = first_of(ev, MAILLOG_FIELD_STAT, MAILLOG_FIELD_STATUS);
    const maillog_str said = get(ev, MAILLOG_FIELD_REPLY), reply = said.len ? said : stat;
    const uint64_t delay = hms(get(ev, MAILLOG_FIELD_DELAY_HMS));
    maillog_str list = get(ev, MAILLOG_FIELD_RECIPIENTS), to = get(ev, MAILLOG_FIELD_TO);
    size_t at = 0;
    if (begins(stat, "queued")) return;
    if (begins(dsn, "2") || begins(stat, "Sent")) {
        if (count_hand_over(s, ev, id, reply)) return;
        if (!list.len) list = to;
        while (maillog_list_next(MAILLOG_FIELD_RECIPIENTS, list, &at, &to)) count_delivered(s, ev, id, to, delay);
    } else if (begins(dsn, "4") || begins(stat, "Deferred")) {
        count_wait(s, ev, id, delay, reply);
    } else if (begins(dsn, "5")) {
        count_bounce(s, ev, first_of(ev, MAILLOG_FIELD_RELAY_NAME, MAILLOG_FIELD_MAILER), reply);
    }
}

static void on_smtpd_message(summary *s, const maillog_event *ev) { on_message(s, ev, MAILLOG_FIELD_QUEUE_ID); }

static void on_smtpd_delivery(summary *s, const maillog_event *ev)
{
    const maillog_str id = get(ev, MAILLOG_FIELD_QUEUE_ID), reply = get(ev, MAILLOG_FIELD_REPLY);
    const maillog_str result = first_of(ev, MAILLOG_FIELD_STATUS, MAILLOG_FIELD_RESULT);
    if (begins(result, "Ok") || begins(result, "Delivered")) {
        if (!count_hand_over(s, ev, id, reply)) count_delivered(s, ev, id, get(ev, MAILLOG_FIELD_TO), 0);
    } else if (begins(result, "TempFail")) {
        count_wait(s, ev, id, 0, reply);
    } else if (begins(result, "PermFail")) {
        count_bounce(s, ev, get(ev, MAILLOG_FIELD_RELAY_NAME), reply);
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
    {EVENT(EXIM_ARRIVE), on_exim_arrival, true},
    {EVENT(EXIM_DELIVER), on_exim_delivery, true},
    {EVENT(EXIM_ADDITIONAL), on_exim_delivery, true},
    {EVENT(EXIM_CUTTHROUGH), on_exim_delivery, true},
    {EVENT(EXIM_DEFERRED), on_exim_deferred, true},
    {EVENT(EXIM_FAILED), on_exim_failed, false},
    {EVENT(EXIM_REJECTED), on_refused, false},
    {EVENT(SENDMAIL_FROM), on_sendmail_from, true},
    {EVENT(SENDMAIL_TO), on_sendmail_to, true},
    {EVENT(SENDMAIL_REJECT), on_refused, false},
    {EVENT(SENDMAIL_MILTER), on_refused, false},
    {EVENT(OPENSMTPD_MESSAGE), on_smtpd_message, true},
    {EVENT(OPENSMTPD_DELIVERY), on_smtpd_delivery, true},
    {EVENT(OPENSMTPD_FAILED_COMMAND), on_refused, false},
    {0, NULL, false},
};
