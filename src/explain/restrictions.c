/* restrictions.c: the texts of Postfix's rejections and what writes them: smtpd_check.c, postscreen_smtpd.c and
 * postscreen_early.c, smtpd.c, as of 2.6 to 3.10. Rows are tried in their order; the last of each source take any text,
 * which then is not Postfix's own.
 *
 * The default texts of smtpd_milters, of default_rbl_reply and of smtpd_policy_service_default_action are rows; what an
 * access table, a policy server or a milter says is theirs. */
#include "restrictions.h"

#define BIT(NAME) (1u << MAILLOG_OBJECT_##NAME)
#define ADDRESSES (BIT(SENDER) | BIT(RECIPIENT))

/* Access tables are called by what they look up; check_policy_service and `reject` speak of the object of the list they
 * stand in. `reject` has one text only. */
#define TABLES(x) "check_" x "_access check_" x "_mx_access check_" x "_ns_access check_" x "_a_access"
#define BOTH(names)                                                                                                    \
    {                                                                                                                  \
        names, names " reject"                                                                                         \
    }
static const char *const access_names[][2] = {
    [MAILLOG_OBJECT_NONE] = BOTH("check_policy_service"),
    [MAILLOG_OBJECT_CLIENT] = BOTH(TABLES("client") " check_policy_service"),
    [MAILLOG_OBJECT_UNVERIFIED_CLIENT] = {TABLES("reverse_client_hostname"), TABLES("reverse_client_hostname")},
    [MAILLOG_OBJECT_HELO] = BOTH(TABLES("helo") " check_policy_service"),
    [MAILLOG_OBJECT_SENDER] = BOTH(TABLES("sender") " check_policy_service"),
    [MAILLOG_OBJECT_RECIPIENT] = BOTH(TABLES("recipient") " check_policy_service"),
    [MAILLOG_OBJECT_DATA] = BOTH("check_policy_service"),
    [MAILLOG_OBJECT_END_OF_DATA] = BOTH("check_policy_service"),
    [MAILLOG_OBJECT_ETRN] = BOTH("check_etrn_access check_policy_service"),
    [MAILLOG_OBJECT_CERTIFICATE] = {"check_ccert_access", "check_ccert_access"},
    [MAILLOG_OBJECT_LOGIN] = {"check_sasl_access", "check_sasl_access"},
};

const char *maillog__access_restrictions(maillog_reject_object object, bool denied)
{
    const size_t i = (size_t)object;
    return access_names[i < sizeof access_names / sizeof *access_names ? i : 0][denied];
}

/* clang-format off */
#define RULE(source, form, kind, flags, objects, ...) {ML_FROM_##source, ML_FORM_##form, MAILLOG_REJECT_##kind, flags, objects, __VA_ARGS__}
#define LIMIT(text, setting) RULE(LIMIT, PLAIN, RATE, 0, 0, text " limit exceeded: %s", setting, NULL, NULL, "421", NULL)
#define ACCESS NULL /* by the object: maillog__access_restrictions() */

const ml_reject_rule maillog__reject_rules[] = {
    /* the client */
    RULE(SMTPD, PLAIN, DNS, 0, BIT(CLIENT), "Client host rejected: cannot find your hostname, [%w]", "reject_unknown_client_hostname", "reject_unknown_client", "unknown_client_reject_code", "450", NULL),
    RULE(SMTPD, PLAIN, DNS, 0, BIT(CLIENT), "Client host rejected: cannot find your reverse hostname, [%w]", "reject_unknown_reverse_client_hostname", NULL, "unknown_client_reject_code", "450", NULL),
    RULE(SMTPD, PLAIN, TLS, 0, 0, "Session encryption is required", "reject_plaintext_session", NULL, "plaintext_reject_code", "450", NULL),
    RULE(SMTPD, PLAIN, TLS, 0, 0, "Must issue a STARTTLS command first", "smtpd_tls_security_level", "smtpd_enforce_tls", NULL, "530", NULL),

    /* HELO */
    RULE(SMTPD, OBJECT, NAME, 0, BIT(HELO), "Invalid name", "reject_invalid_helo_hostname", "reject_invalid_hostname", "invalid_hostname_reject_code", "501", NULL),
    RULE(SMTPD, OBJECT, NAME, 0, BIT(HELO), "invalid ip address", "reject_invalid_helo_hostname reject_non_fqdn_helo_hostname reject_unknown_helo_hostname", "reject_invalid_hostname reject_non_fqdn_hostname reject_unknown_hostname", "invalid_hostname_reject_code", "501", NULL),
    RULE(SMTPD, OBJECT, NAME, 0, BIT(HELO), "need fully-qualified hostname", "reject_non_fqdn_helo_hostname", "reject_non_fqdn_hostname", "non_fqdn_reject_code", "504", NULL),
    RULE(SMTPD, OBJECT, DNS, 0, BIT(HELO), "Host not found", "reject_unknown_helo_hostname", "reject_unknown_hostname", "unknown_hostname_reject_code", "450", NULL),
    RULE(SMTPD, OBJECT, DNS, 0, BIT(HELO), "Malformed DNS server reply", "reject_unknown_helo_hostname", "reject_unknown_hostname", "unknown_hostname_reject_code", "450", NULL),

    /* addresses */
    RULE(SMTPD, OBJECT, NAME, 0, BIT(SENDER), "need fully-qualified address", "reject_non_fqdn_sender", NULL, "non_fqdn_reject_code", "504", NULL),
    RULE(SMTPD, OBJECT, NAME, 0, BIT(RECIPIENT), "need fully-qualified address", "reject_non_fqdn_recipient", NULL, "non_fqdn_reject_code", "504", NULL),
    RULE(SMTPD, OBJECT, DNS, 0, BIT(SENDER), "Domain not found", "reject_unknown_sender_domain", "reject_unknown_address", "unknown_address_reject_code", "450", NULL),
    RULE(SMTPD, OBJECT, DNS, 0, BIT(RECIPIENT), "Domain not found", "reject_unknown_recipient_domain", NULL, "unknown_address_reject_code", "450", NULL),
    RULE(SMTPD, OBJECT, DNS, 0, BIT(SENDER), "Malformed DNS server reply", "reject_unknown_sender_domain", "reject_unknown_address", "unknown_address_reject_code", "450", NULL),
    RULE(SMTPD, OBJECT, DNS, 0, BIT(RECIPIENT), "Malformed DNS server reply", "reject_unknown_recipient_domain", NULL, "unknown_address_reject_code", "450", NULL),
    RULE(SMTPD, OBJECT, DNS, 0, BIT(SENDER), "Domain %w does not accept mail (nullMX)", "reject_unknown_sender_domain", "reject_unknown_address", NULL, "550", NULL),
    RULE(SMTPD, OBJECT, DNS, 0, BIT(RECIPIENT), "Domain %w does not accept mail (nullMX)", "reject_unknown_recipient_domain", NULL, NULL, "556", NULL),
    RULE(SMTPD, OBJECT, UNVERIFIED, ML_RULE_DETAIL, BIT(SENDER), "undeliverable address: %s", "reject_unverified_sender", NULL, "unverified_sender_reject_code", "450", "unverified_sender_reject_reason"),
    RULE(SMTPD, OBJECT, UNVERIFIED, ML_RULE_DETAIL, BIT(RECIPIENT), "undeliverable address: %s", "reject_unverified_recipient", NULL, "unverified_recipient_reject_code", "450", "unverified_recipient_reject_reason"),
    RULE(SMTPD, OBJECT, UNVERIFIED, ML_RULE_DETAIL, BIT(SENDER), "unverified address: %s", "reject_unverified_sender", NULL, "unverified_sender_defer_code", "450", "unverified_sender_reject_reason"),
    RULE(SMTPD, OBJECT, UNVERIFIED, ML_RULE_DETAIL, BIT(RECIPIENT), "unverified address: %s", "reject_unverified_recipient", NULL, "unverified_recipient_defer_code", "450", "unverified_recipient_reject_reason"),
    RULE(SMTPD, OBJECT, FAULT, 0, BIT(SENDER), "address verification problem", "reject_unverified_sender", NULL, NULL, "450", NULL),
    RULE(SMTPD, OBJECT, FAULT, 0, BIT(RECIPIENT), "address verification problem", "reject_unverified_recipient", NULL, NULL, "450", NULL),

    /* unknown users */
    RULE(SMTPD, OBJECT, USER_UNKNOWN, 0, BIT(SENDER), "User unknown in local recipient table", "reject_unlisted_sender smtpd_reject_unlisted_sender", NULL, "unknown_local_recipient_reject_code", "550", NULL),
    RULE(SMTPD, OBJECT, USER_UNKNOWN, 0, BIT(RECIPIENT), "User unknown in local recipient table", "reject_unlisted_recipient smtpd_reject_unlisted_recipient", "check_recipient_maps", "unknown_local_recipient_reject_code", "550", NULL),
    RULE(SMTPD, OBJECT, USER_UNKNOWN, 0, BIT(SENDER), "User unknown in virtual mailbox table", "reject_unlisted_sender smtpd_reject_unlisted_sender", NULL, "unknown_virtual_mailbox_reject_code", "550", NULL),
    RULE(SMTPD, OBJECT, USER_UNKNOWN, 0, BIT(RECIPIENT), "User unknown in virtual mailbox table", "reject_unlisted_recipient smtpd_reject_unlisted_recipient", "check_recipient_maps", "unknown_virtual_mailbox_reject_code", "550", NULL),
    RULE(SMTPD, OBJECT, USER_UNKNOWN, 0, BIT(SENDER), "User unknown in relay recipient table", "reject_unlisted_sender smtpd_reject_unlisted_sender", NULL, "unknown_relay_recipient_reject_code", "550", NULL),
    RULE(SMTPD, OBJECT, USER_UNKNOWN, 0, BIT(RECIPIENT), "User unknown in relay recipient table", "reject_unlisted_recipient smtpd_reject_unlisted_recipient", "check_recipient_maps", "unknown_relay_recipient_reject_code", "550", NULL),
    RULE(SMTPD, OBJECT, USER_UNKNOWN, 0, BIT(SENDER), "User unknown in virtual alias table", "reject_unlisted_sender smtpd_reject_unlisted_sender", NULL, "unknown_virtual_alias_reject_code", "550", "transport_maps"),
    RULE(SMTPD, OBJECT, USER_UNKNOWN, 0, BIT(RECIPIENT), "User unknown in virtual alias table", "reject_unlisted_recipient smtpd_reject_unlisted_recipient", "check_recipient_maps", "unknown_virtual_alias_reject_code", "550", "transport_maps"),
    RULE(SMTPD, OBJECT, USER_UNKNOWN, 0, BIT(SENDER), "User unknown", "reject_unlisted_sender smtpd_reject_unlisted_sender", NULL, NULL, "550", "show_user_unknown_table_name"),
    RULE(SMTPD, OBJECT, USER_UNKNOWN, 0, BIT(RECIPIENT), "User unknown", "reject_unlisted_recipient smtpd_reject_unlisted_recipient", "check_recipient_maps", NULL, "550", "show_user_unknown_table_name"),

    /* relaying; with soft_bounce a 5xx becomes 4xx */
    RULE(SMTPD, SUBJECT, RELAY, ML_RULE_5XX, 0, "Relay access denied", "reject_unauth_destination", NULL, "relay_domains_reject_code", "554", NULL),
    RULE(SMTPD, SUBJECT, RELAY, ML_RULE_4XX, 0, "Relay access denied", "defer_unauth_destination reject_unauth_destination", NULL, NULL, "454", NULL),
    RULE(SMTPD, OBJECT, RELAY, 0, BIT(RECIPIENT), "Relay access denied", "check_relay_domains reject_unauth_destination", NULL, "relay_domains_reject_code", "554", NULL),
    RULE(SMTPD, OBJECT, DNS, ML_RULE_DETAIL, BIT(RECIPIENT), "Unable to look up host %w as mail exchanger: %s", "permit_mx_backup", NULL, NULL, "450", NULL),
    RULE(SMTPD, OBJECT, DNS, 0, BIT(RECIPIENT), "Unable to verify host %w as mail exchanger", "permit_mx_backup", NULL, NULL, "450", NULL),
    RULE(SMTPD, OBJECT, DNS, ML_RULE_DETAIL, BIT(RECIPIENT), "Unable to look up mail exchanger host %w: %s", "permit_mx_backup", NULL, NULL, "450", NULL),
    RULE(SMTPD, OBJECT, DNS, ML_RULE_DETAIL, BIT(RECIPIENT), "Unable to look up mail exchanger information: %s", "permit_mx_backup", NULL, NULL, "450", NULL),

    /* the sender and the login */
    RULE(SMTPD, OBJECT, LOGIN, ML_RULE_DETAIL, BIT(SENDER), "not owned by user %s", "reject_sender_login_mismatch reject_authenticated_sender_login_mismatch reject_known_sender_login_mismatch", NULL, NULL, "553", NULL),
    RULE(SMTPD, OBJECT, LOGIN, 0, BIT(SENDER), "not logged in", "reject_sender_login_mismatch reject_unauthenticated_sender_login_mismatch reject_known_sender_login_mismatch", NULL, NULL, "553", NULL),

    /* SMTP */
    RULE(SMTPD, OBJECT, PROTOCOL, 0, 0, "Improper use of SMTP command pipelining", "reject_unauth_pipelining", NULL, NULL, "503", NULL),
    RULE(SMTPD, OBJECT, BOUNCE, 0, 0, "Multi-recipient bounce", "reject_multi_recipient_bounce", NULL, "multi_recipient_bounce_reject_code", "550", NULL),
    RULE(SMTPD, PLAIN, PROTOCOL, 0, 0, "bare <LF> received", "smtpd_forbid_bare_newline", NULL, "smtpd_forbid_bare_newline_reject_code", "550", NULL),
    RULE(SMTPD, PLAIN, SIZE, 0, 0, "Message size exceeds fixed limit", "message_size_limit", NULL, NULL, "552", NULL),
    RULE(SMTPD, PLAIN, SIZE, 0, 0, "queue file size limit exceeded", "message_size_limit", NULL, NULL, "552", NULL),
    RULE(SMTPD, PLAIN, STORAGE, 0, 0, "Insufficient system storage", "queue_minfree", NULL, NULL, "452", NULL),

    /* blocklists */
    RULE(SMTPD, LISTED, BLOCKLIST, 0, BIT(CLIENT), "", "reject_rbl_client reject_rhsbl_client", "reject_maps_rbl", "maps_rbl_reject_code", "554", "default_rbl_reply rbl_reply_maps"),
    RULE(SMTPD, LISTED, BLOCKLIST, 0, BIT(UNVERIFIED_CLIENT), "", "reject_rhsbl_reverse_client", NULL, "maps_rbl_reject_code", "554", "default_rbl_reply rbl_reply_maps"),
    RULE(SMTPD, LISTED, BLOCKLIST, 0, BIT(HELO), "", "reject_rhsbl_helo", NULL, "maps_rbl_reject_code", "554", "default_rbl_reply rbl_reply_maps"),
    RULE(SMTPD, LISTED, BLOCKLIST, 0, BIT(SENDER), "", "reject_rhsbl_sender", NULL, "maps_rbl_reject_code", "554", "default_rbl_reply rbl_reply_maps"),
    RULE(SMTPD, LISTED, BLOCKLIST, 0, BIT(RECIPIENT), "", "reject_rhsbl_recipient", NULL, "maps_rbl_reject_code", "554", "default_rbl_reply rbl_reply_maps"),
    RULE(SMTPD, PLAIN, FAULT, ML_RULE_4XX, 0, "Service unavailable", "default_rbl_reply rbl_reply_maps", NULL, NULL, "450", NULL),

    /* what can be asked for as such, and trouble on this side */
    RULE(SMTPD, OBJECT, REQUESTED, 0, 0, "Try again later", "defer", NULL, "defer_code", "450", NULL),
    RULE(SMTPD, OBJECT, REQUESTED, 0, 0, "defer_if_permit requested", "defer_if_permit", NULL, NULL, "450", NULL),
    RULE(SMTPD, OBJECT, REQUESTED, 0, 0, "defer_if_reject requested", "defer_if_reject", NULL, NULL, "450", NULL),
    RULE(SMTPD, OBJECT, FAULT, 0, 0, "Server configuration problem", "check_policy_service", NULL, NULL, "451", "smtpd_policy_service_default_action"),
    RULE(SMTPD, SUBJECT, FAULT, 0, 0, "Temporary lookup failure", NULL, NULL, NULL, "451", NULL),
    RULE(SMTPD, PLAIN, FAULT, 0, 0, "Temporary lookup failure", NULL, NULL, NULL, "451", NULL),
    RULE(SMTPD, PLAIN, FAULT, 0, 0, "Temporary lookup error", "local_header_rewrite_clients", NULL, NULL, "451", NULL),
    RULE(SMTPD, PLAIN, FAULT, 0, 0, "451 4.3.0 Temporary lookup error", "local_header_rewrite_clients", NULL, NULL, "451", NULL),
    RULE(SMTPD, PLAIN, FAULT, 0, 0, "Server configuration error", NULL, NULL, NULL, "451", NULL),
    RULE(SMTPD, PLAIN, FAULT, 0, 0, "Server local data error", NULL, NULL, NULL, "451", NULL),
    RULE(SMTPD, PLAIN, FAULT, 0, 0, "451 4.3.5 Server configuration error", "local_header_rewrite_clients", NULL, NULL, "451", NULL),

    /* access tables and policy servers; DNS trouble of an allowlist reads like a table's DEFER_IF_… */
    RULE(SMTPD, OBJECT, ACCESS, 0, 0, "Access denied", ACCESS, NULL, "access_map_reject_code", "554", NULL),
    RULE(SMTPD, OBJECT, ACCESS, ML_RULE_4XX, BIT(CLIENT), "Service unavailable", "check_client_access check_policy_service permit_dnswl_client permit_rhswl_client", NULL, "access_map_defer_code", "450", NULL),
    RULE(SMTPD, OBJECT, ACCESS, 0, 0, "Service unavailable", ACCESS, NULL, "access_map_defer_code", "450", NULL),
    RULE(SMTPD, OBJECT, ACCESS, ML_RULE_CUSTOM | ML_RULE_DETAIL, ADDRESSES, "%s", ACCESS, NULL, NULL, NULL, "transport_maps"),
    RULE(SMTPD, OBJECT, ACCESS, ML_RULE_CUSTOM | ML_RULE_DETAIL, 0, "%s", ACCESS, NULL, NULL, NULL, NULL),
    RULE(SMTPD, PLAIN, BLOCKLIST, ML_RULE_CUSTOM | ML_RULE_DETAIL, 0, "%s", "reject_rbl_client reject_rhsbl_client reject_rhsbl_helo reject_rhsbl_sender reject_rhsbl_recipient reject_rhsbl_reverse_client", NULL, "maps_rbl_reject_code", "554", "default_rbl_reply rbl_reply_maps"),

    /* postscreen */
    RULE(POSTSCREEN, PLAIN, GREYLIST, ML_RULE_4XX, 0, "Service currently unavailable", "postscreen_pipelining_enable postscreen_non_smtp_command_enable postscreen_bare_newline_enable", NULL, NULL, "450", NULL),
    RULE(POSTSCREEN, PLAIN, ACCESS, ML_RULE_5XX, 0, "Service currently unavailable", "postscreen_denylist_action", "postscreen_blacklist_action", NULL, "550", NULL),
    RULE(POSTSCREEN, PLAIN, BLOCKLIST, 0, 0, "Service unavailable; client %w blocked using %s", "postscreen_dnsbl_action", NULL, NULL, "550", "postscreen_dnsbl_reply_map"),
    RULE(POSTSCREEN, PLAIN, PROTOCOL, 0, 0, "Protocol error", "postscreen_greet_action postscreen_pipelining_action postscreen_non_smtp_command_action postscreen_bare_newline_action", NULL, NULL, "550", NULL),
    RULE(POSTSCREEN, PLAIN, RATE, 0, 0, "too many connections", "postscreen_client_connection_count_limit", NULL, NULL, "421", NULL),
    RULE(POSTSCREEN, PLAIN, RATE, 0, 0, "all server ports busy", "postscreen_post_queue_limit", NULL, NULL, "421", NULL),
    RULE(POSTSCREEN, PLAIN, RATE, 0, 0, "all screening ports busy", "postscreen_pre_queue_limit", NULL, NULL, "421", NULL),
    RULE(POSTSCREEN, PLAIN, RATE, 0, 0, "Too many connections", "postscreen_client_connection_count_limit", NULL, NULL, "421", NULL),
    RULE(POSTSCREEN, PLAIN, RATE, 0, 0, "All server ports are busy", "postscreen_post_queue_limit", NULL, NULL, "421", NULL),

    /* milters and before-queue filters */
    RULE(MILTER, PLAIN, MILTER, 0, 0, "Service unavailable - try again later", "milter_default_action smtpd_milters", NULL, NULL, "451", "milter_default_action"),
    RULE(MILTER, PLAIN, MILTER, 0, 0, "Command rejected", "smtpd_milters", NULL, NULL, "550", NULL),
    RULE(MILTER, PLAIN, MILTER, 0, 0, "Server closing connection", "smtpd_milters", NULL, NULL, "421", NULL),
    RULE(MILTER, PLAIN, MILTER, 0, 0, "milter triggers %w action", "smtpd_milters", NULL, NULL, NULL, NULL),
    RULE(MILTER, PLAIN, MILTER, ML_RULE_CUSTOM, 0, "%s", "smtpd_milters", NULL, NULL, NULL, NULL),
    RULE(PROXY, PLAIN, FILTER, ML_RULE_CUSTOM, 0, "%s", "smtpd_proxy_filter", NULL, NULL, NULL, NULL),

    /* cleanup(8): the texts stand in the tables; without one it says so itself */
    RULE(CLEANUP, PLAIN, CONTENT, 0, 0, "message content rejected", "header_checks body_checks mime_header_checks nested_header_checks milter_header_checks", NULL, NULL, "550", NULL),
    RULE(CLEANUP, PLAIN, CONTENT, ML_RULE_CUSTOM, 0, "%s", "header_checks body_checks mime_header_checks nested_header_checks milter_header_checks", NULL, NULL, "550", NULL),

    /* limits on clients: warnings, with a 421 or 450 to the client that is not logged */
    LIMIT("Connection concurrency", "smtpd_client_connection_count_limit"),
    LIMIT("Connection rate", "smtpd_client_connection_rate_limit"),
    LIMIT("Message delivery request rate", "smtpd_client_message_rate_limit"),
    LIMIT("Recipient address rate", "smtpd_client_recipient_rate_limit"),
    LIMIT("New TLS session rate", "smtpd_client_new_tls_session_rate_limit"),
    LIMIT("AUTH command rate", "smtpd_client_auth_rate_limit"),
};
/* clang-format on */

const size_t maillog__reject_rules_count = sizeof maillog__reject_rules / sizeof *maillog__reject_rules;
