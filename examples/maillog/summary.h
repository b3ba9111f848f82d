/* summary.h: what `maillog summary` counts, and how it is shown. */
#ifndef SUMMARY_H
#define SUMMARY_H

#include "command.h"
#include "tally.h"

typedef enum figure {
    RECEIVED,
    DELIVERED,
    FORWARDED,
    DEFERRED, /* messages */
    DEFERRALS,
    BOUNCED,
    EXPIRED,
    REJECTED,
    REJECT_WARNINGS,
    HELD,
    DISCARDED,
    THROUGH_FILTER, /* came back from a filter: counted once */
    BETWEEN_HOSTS,  /* came from another host of the same logs: counted once, too */
    BYTES_RECEIVED,
    BYTES_DELIVERED,
    CONNECTIONS,
    FIGURES
} figure;

typedef enum rate { RATE_RECEIVED, RATE_DELIVERED, RATE_DEFERRED, RATE_BOUNCED, RATE_REJECTED, RATES } rate;
extern const char *const rate_names[RATES];

typedef struct summary_day {
    uint32_t date; /* 20260719 */
    uint64_t rate[RATES];
} summary_day;

/* Every table: its name in JSON, title, what the parts of its rows' names are, what its rows have beside a count. */
#define SUMMARY_TABLES(X)                                                                                              \
    X(SENDERS, "top_senders", "Senders", 1, "address", NULL, NULL, HAS_BYTES)                                          \
    X(RECIPIENTS, "top_recipients", "Recipients", 1, "address", NULL, NULL, HAS_BYTES)                                 \
    X(SENDING_DOMAINS, "sending_domains", "Sending hosts and domains", 1, "domain", NULL, NULL, HAS_BYTES)             \
    X(RECIPIENT_DOMAINS, "recipient_domains", "Recipient hosts and domains", 1, "domain", NULL, NULL,                  \
      HAS_BYTES | HAS_DELAY)                                                                                           \
    X(DEFERRAL_REASONS, "deferral_reasons", "Deferrals", 2, "agent", "reason", NULL, 0)                                \
    X(BOUNCE_REASONS, "bounce_reasons", "Bounces", 2, "relay", "reason", NULL, 0)                                      \
    X(REJECT_REASONS, "reject_reasons", "Rejects", 3, "stage", "reason", "name", 0)                                    \
    X(WARNED_REASONS, "reject_warning_reasons", "Reject warnings", 3, "stage", "reason", "name", 0)                    \
    X(HOLD_REASONS, "hold_reasons", "Holds", 3, "stage", "reason", "name", 0)                                          \
    X(DISCARD_REASONS, "discard_reasons", "Discards", 3, "stage", "reason", "name", 0)                                 \
    X(DELIVERY_FAILURES, "delivery_failures", "Servers that did not answer", 2, "reason", "host", NULL, 0)             \
    X(WARNINGS, "warnings", "Warnings", 2, "program", "text", NULL, 0)                                                 \
    X(FATALS, "fatal_errors", "Fatal errors", 2, "program", "text", NULL, 0)                                           \
    X(PANICS, "panics", "Panics", 2, "program", "text", NULL, 0)                                                       \
    X(MASTER, "master_messages", "Postfix starts and stops", 1, "text", NULL, NULL, 0)                                 \
    X(TLS, "tls", "TLS sessions", 3, "direction", "protocol", "cipher", 0)                                             \
    X(SASL, "sasl", "Mail of users who logged in (SASL)", 2, "method", "user", NULL, 0)                                \
    X(SASL_FAILED, "sasl_failed", "SASL logins that failed", 2, "method", "client", NULL, 0)                           \
    X(LOGINS, "logins", "Mailbox logins", 3, "service", "result", "user", 0)                                           \
    X(POSTSCREEN, "postscreen", "postscreen", 1, "result", NULL, NULL, 0)                                              \
    X(GREYLISTING, "greylisting", "Greylisting", 3, "daemon", "action", "reason", 0)                                   \
    X(FILTERS, "filters", "Filters", 2, "daemon", "result", NULL, HAS_DELAY)                                           \
    X(VIRUSES, "viruses", "Viruses", 2, "daemon", "virus", NULL, 0)                                                    \
    X(AUTHENTICATION, "authentication", "SPF, DKIM, DMARC", 2, "daemon", "result", NULL, 0)                            \
    X(SIEVE, "sieve", "Sieve and mailbox deliveries", 2, "action", "mailbox", NULL, 0)

enum { HAS_BYTES = 1, HAS_DELAY = 2 };

typedef enum table_id {
#define X(id, name, title, keys, key1, key2, key3, has) TABLE_##id,
    SUMMARY_TABLES(X)
#undef X
        TABLES
} table_id;

typedef struct table_info {
    const char *name, *title;
    unsigned keys;
    const char *key[3];
    unsigned has;
} table_info;
extern const table_info tables[TABLES];

typedef struct summary {
    command *c;
    uint64_t figure[FIGURES];
    uint64_t hour[24][RATES];
    summary_day *days; /* in the order they came; summary_finish() sorts them */
    size_t ndays, cap_days, present_day;
    tally table[TABLES];
    uint64_t lines, understood;
    maillog_time first, last;
    int first_year, last_year;
    int64_t first_at, last_at; /* nanoseconds */
    uint64_t first_host;       /* its hash; 0: no host yet */
    const maillog_event *present;
    uint64_t host; /* of the present event, its hash */
    bool several_hosts;
    uint64_t queue_ids_dropped; /* forgotten while they may have been in use */
} summary;

/* ---- counting ---- */

typedef void (*summary_handler)(summary *s, const maillog_event *ev);
typedef struct summary_rule {
    uint16_t event;
    summary_handler count;
    bool of_message; /* it looks at queue IDs, and so depends on the lines before; the others can be counted apart */
} summary_rule;

/* Rules of summary_postfix.c and summary_others.c; the last has event 0. */
extern const summary_rule postfix_rules[], other_rules[];
/* Beside the rules, of every line of Postfix: warnings and the like. */
void count_severity(summary *s, const maillog_event *ev);
/* Its syslog_name is another one than postfix: pflogsumm does not see it. */
bool of_other_instance(const maillog_event *ev);

uint32_t date_of(const summary *s, const maillog_event *ev);
summary_day *count_day(summary *s, uint32_t date); /* made if it is not there; it lives until the next call */
void count_rate(summary *s, const maillog_event *ev, rate r);
tally_row *count_in(summary *s, table_id t, maillog_str a, maillog_str b, maillog_str c);
maillog_str str_of(const char *text);
/* Both with a blank between, in a buffer of the caller's; of each at most forty bytes. */
enum { TWO_WORDS = 81 };
maillog_str two_words(char buf[TWO_WORDS], maillog_str first, maillog_str second);
/* The part behind the @; the whole without one. */
maillog_str domain_of(maillog_str address);
/* The address with its domain in lower case. It lives until the next call. */
maillog_str folded(maillog_str address);
/* "mail.example.org" → "example.org", as far as a rule without a list goes; the address of a host without a name. */
maillog_str site_of(maillog_str name, maillog_str addr);
uint64_t usec_of(maillog_str seconds); /* decimal */

/* ---- queue IDs: what a message still has to be remembered for ---- */

typedef struct queue_entry {
    uint64_t key;
    uint64_t size, sender, domain; /* sender and domain: rows they were counted in; 0: not yet */
    uint64_t message_id, delay;    /* its hash, 0: not known; of a delivery, in microseconds */
    uint32_t day, minute;          /* minute: since 1970, when it was made or done */
    uint8_t hour;
    uint8_t used, received, sized, deferred, refed, removed, local; /* refed: came back from a filter */
} queue_entry;                                                      /* 64 bytes: it is in one line of the cache */

void queue_ids_start(uint64_t memory);
/* The entry of a queue ID on the line's host; `make`: a new one when there is none. It lives until the next is
 * asked for. */
queue_entry *queue_entry_of(summary *s, const maillog_event *ev, maillog_str queue_id, bool make);
/* The same for something else that is to be remembered: what it is, and a key of the caller's. */
typedef enum memo_kind { MEMO_HOSTS = 1, MEMO_PIPED } memo_kind;
queue_entry *queue_memo(summary *s, memo_kind what, uint64_t key, maillog_str text, bool make);
queue_entry *queue_entry_by_key(summary *s, uint64_t key);
void queue_entry_done(const summary *s, queue_entry *e);
/* Where a message came from, for mail without a sender; of an entry that was asked for last. */
enum { SITE = 72 };
char *queue_entry_site(const queue_entry *e);
uint64_t queue_hash(maillog_str text);
void queue_ids_end(void);

/* A message came in; what it is; what became of it. Shared by all mail systems. */
void count_received(summary *s, const maillog_event *ev, maillog_str queue_id, maillog_str site, bool local);
void count_size(summary *s, const maillog_event *ev, maillog_str queue_id, maillog_str from, uint64_t size);
void count_delivered(summary *s, const maillog_event *ev, maillog_str queue_id, maillog_str to, uint64_t delay);
void count_deferred(summary *s, const maillog_event *ev, maillog_str queue_id, maillog_str to, uint64_t delay);
/* Is this delivery a hand-over to a filter that gave the message back, or to another host of the logs? Then its way in
 * there is not counted, either. */
bool count_hand_over(summary *s, const maillog_event *ev, maillog_str queue_id, maillog_str reply);
/* The Message-ID of a queue ID is known now. */
void count_message_id(summary *s, const maillog_event *ev, maillog_str queue_id, maillog_str message_id);
/* A command of pipe(8) took the message: is it a filter, from which it has come back with sendmail(1) already? */
bool count_piped(summary *s, const maillog_event *ev, maillog_str queue_id, maillog_str to, uint64_t delay);
/* A delivery was tried of a message that may be one that a command of pipe(8) gave back: then that delivery was none.
 */
void count_given_back(summary *s, const maillog_event *ev, maillog_str queue_id);
void count_host(summary *s, const maillog_event *ev, maillog_str queue_id, const queue_entry *e);
/* count.c: what was counted is taken back. */
void uncount_received(summary *s, queue_entry *e, figure why);
void uncount_delivered(summary *s, const queue_entry *delivery, maillog_str to);

/* ---- showing ---- */

void summary_text(FILE *out, summary *s);
void summary_json(FILE *out, summary *s);
bool summary_html(summary *s, const char *path); /* false: said */
/* Rows of a table in order, `--top` of each group; start with zeroes. NULL: no more. */
typedef struct row_walk {
    size_t next, in_group;
    const tally_row *last;
} row_walk;
const tally_row *summary_next_row(const summary *s, size_t table, row_walk *w);
/* Are the first parts of their names the same? */
bool summary_same_group(const tally_row *a, const tally_row *b, size_t parts);
uint64_t summary_value(const summary *s, size_t i, const char **name); /* totals by number, in order; NULL: no more */

#endif
