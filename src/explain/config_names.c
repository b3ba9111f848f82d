/* config_names.c: Postfix's defaults of the parameters that matter for what becomes of a message (3.10), and the names
 * that parameters and restrictions had before. */
#include "config.h"

typedef struct pair {
    const char *name, *value;
} pair;

static const pair defaults[] = {
    {"access_map_defer_code", "450"},
    {"access_map_reject_code", "554"},
    {"address_verify_poll_count", "${stress?{1}:{3}}"},
    {"bounce_queue_lifetime", "5d"},
    {"content_filter", ""},
    {"default_rbl_reply",
     "$rbl_code Service unavailable; $rbl_class [$rbl_what] blocked using $rbl_domain${rbl_reason?; $rbl_reason}"},
    {"defer_code", "450"},
    {"delay_warning_time", "0h"},
    {"header_checks", ""},
    {"body_checks", ""},
    {"mime_header_checks", "$header_checks"},
    {"nested_header_checks", "$header_checks"},
    {"invalid_hostname_reject_code", "501"},
    {"local_recipient_maps", "proxy:unix:passwd.byname $alias_maps"},
    {"mailbox_size_limit", "51200000"},
    {"maps_rbl_reject_code", "554"},
    {"maximal_backoff_time", "4000s"},
    {"maximal_queue_lifetime", "5d"},
    {"message_size_limit", "10240000"},
    {"milter_default_action", "tempfail"},
    {"minimal_backoff_time", "300s"},
    {"multi_recipient_bounce_reject_code", "550"},
    {"mydestination", "$myhostname, localhost.$mydomain, localhost"},
    {"non_fqdn_reject_code", "504"},
    {"non_smtpd_milters", ""},
    {"plaintext_reject_code", "450"},
    {"postscreen_denylist_action", "ignore"},
    {"postscreen_dnsbl_action", "ignore"},
    {"postscreen_greet_action", "ignore"},
    {"queue_minfree", "0"},
    {"queue_run_delay", "300s"},
    {"reject_code", "554"},
    {"relay_domains", "${{$compatibility_level} < {2} ? {$mydestination} : {}}"},
    {"relay_domains_reject_code", "554"},
    {"relay_recipient_maps", ""},
    {"show_user_unknown_table_name", "yes"},
    {"smtpd_client_auth_rate_limit", "0"},
    {"smtpd_client_connection_count_limit", "50"},
    {"smtpd_client_connection_rate_limit", "0"},
    {"smtpd_client_message_rate_limit", "0"},
    {"smtpd_client_new_tls_session_rate_limit", "0"},
    {"smtpd_client_recipient_rate_limit", "0"},
    {"smtpd_client_restrictions", ""},
    {"smtpd_data_restrictions", ""},
    {"smtpd_delay_reject", "yes"},
    {"smtpd_end_of_data_restrictions", ""},
    {"smtpd_etrn_restrictions", ""},
    {"smtpd_forbid_bare_newline", "normalize"},
    {"smtpd_helo_required", "no"},
    {"smtpd_helo_restrictions", ""},
    {"smtpd_milters", ""},
    {"smtpd_policy_service_default_action", "451 4.3.5 Server configuration problem"},
    {"smtpd_proxy_filter", ""},
    {"smtpd_recipient_restrictions", ""},
    {"smtpd_reject_unlisted_recipient", "yes"},
    {"smtpd_reject_unlisted_sender", "no"},
    {"smtpd_relay_restrictions", "permit_mynetworks, permit_sasl_authenticated, defer_unauth_destination"},
    {"smtpd_sender_restrictions", ""},
    {"smtpd_tls_security_level", ""},
    {"soft_bounce", "no"},
    {"syslog_name", "${multi_instance_name?{$multi_instance_name}:{postfix}}"},
    {"unknown_address_reject_code", "450"},
    {"unknown_client_reject_code", "450"},
    {"unknown_hostname_reject_code", "450"},
    {"unknown_local_recipient_reject_code", "550"},
    {"unknown_relay_recipient_reject_code", "550"},
    {"unknown_virtual_alias_reject_code", "550"},
    {"unknown_virtual_mailbox_reject_code", "550"},
    {"unverified_recipient_defer_code", "450"},
    {"unverified_recipient_reject_code", "450"},
    {"unverified_sender_defer_code", "450"},
    {"unverified_sender_reject_code", "450"},
};

/* new name, old name */
static const pair old_parameters[] = {
    {"postscreen_allowlist_interfaces", "postscreen_whitelist_interfaces"},
    {"postscreen_denylist_action", "postscreen_blacklist_action"},
    {"postscreen_dnsbl_allowlist_threshold", "postscreen_dnsbl_whitelist_threshold"},
    {"smtpd_client_event_limit_exceptions", "smtpd_client_connection_limit_exceptions"},
    {"virtual_alias_maps", "virtual_maps"},
};

static const pair old_restrictions[] = {
    {"reject_invalid_helo_hostname", "reject_invalid_hostname"},
    {"reject_non_fqdn_helo_hostname", "reject_non_fqdn_hostname"},
    {"reject_rbl_client", "reject_maps_rbl"},
    {"reject_rbl_client", "reject_rbl"},
    {"reject_unknown_client_hostname", "reject_unknown_client"},
    {"reject_unknown_helo_hostname", "reject_unknown_hostname"},
    {"reject_unknown_sender_domain", "reject_unknown_address"},
    {"reject_unlisted_recipient", "check_recipient_maps"},
};
#define COUNT(a) (sizeof(a) / sizeof *(a))

static const char *value_of(const pair *p, size_t n, maillog_str name)
{
    for (size_t i = 0; i < n; i++)
        if (ml_is(name, p[i].name)) return p[i].value;
    return NULL;
}

const char *maillog__default_value(maillog_str name) { return value_of(defaults, COUNT(defaults), name); }

const char *maillog__old_name(maillog_str name) { return value_of(old_parameters, COUNT(old_parameters), name); }

bool maillog__is_restriction(maillog_str word, maillog_str name)
{
    if (maillog__same_word(word, name)) return true;
    for (size_t i = 0; i < COUNT(old_restrictions); i++)
        if (ml_is(name, old_restrictions[i].name) && maillog__same_word(word, ml_words(old_restrictions[i].value)))
            return true;
    return false;
}
