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

/* Hosts are few, and their lines alternate: the hashes of those of late are kept. */
enum { HOSTS_KEPT = 16, LONGEST_HOST = 64, ENDS = 16 };
typedef struct host_memo {
    size_t len;
    uint64_t first, last; /* eight bytes of its name each */
    uint64_t hash;
    char name[LONGEST_HOST]; /* of one that is longer than both */
} host_memo;

/* The fields that are counted. */
/* clang-format off */
#define SUMMARY_FIELDS(X)                                                                                              \
    X(ACTION) X(CATEGORY) X(CLASS) X(CLIENT_ADDR) X(CLIENT_NAME) X(CONTENT) X(DELAY) X(DELAY_HMS) X(DELIVERY_TIME)     \
    X(DSN) X(ELAPSED_MS) X(ERROR) X(EXIM_ID) X(FROM) X(HELO) X(HOST) X(INSTANCE) X(IS_SPAM) X(KIND) X(MAILBOX)         \
    X(MAILER) X(MESSAGE) X(MESSAGE_ID) X(NAME) X(ORIG_QUEUE_ID) X(ORIG_TO) X(QUEUE_ID) X(REASON) X(RECIPIENTS)         \
    X(RELAY_ADDR) X(RELAY_NAME) X(REPLY) X(RESULT) X(RIP) X(ROUTER) X(RULESET) X(SASL_METHOD) X(SASL_USERNAME)         \
    X(SIZE) X(SPF_RESULT) X(STAGE) X(STAT) X(STATUS) X(TEXT) X(TIME_MS) X(TLS_CIPHER) X(TLS_PROTOCOL) X(TLS_USAGE)     \
    X(TO) X(USER) X(VIRUS) X(WHERE) X(ZONE)
/* clang-format on */

typedef enum field_place {
    FIELD_OTHER, /* any other */
#define X(name) FIELD_##name,
    SUMMARY_FIELDS(X)
#undef X
        FIELD_PLACES
} field_place;

/* A line, of an event or of a batch. */
typedef struct summary_line {
    const char *text; /* what its fields count from */
    const maillog_field *field;
    uint32_t nfields;
    uint16_t type;
    uint8_t daemon, match;
    const maillog_time *time;
} summary_line;

/* What one thread counts. */
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
    summary_line line;         /* the present one */
    uint8_t at[FIELD_PLACES];  /* of the line: the number of each field, and 1; 0: it has none */
    bool dated;                /* it has a time, that of `stamp` */
    /* of the last line with a time: many have that of the line before */
    maillog_time stamp;
    int64_t stamp_reference, now; /* now: INT64_MIN if there is no such time */
    uint32_t date, stamp_minute;  /* 20260719; since 1970 */
    host_memo hosts[HOSTS_KEPT];
    /* of messages: the calling thread's alone */
    uint32_t minute;     /* of the present step */
    uint64_t first_host; /* its hash; 0: no host yet */
    bool several_hosts;
    uint64_t queue_ids_dropped; /* forgotten while they may have been in use */
} summary;

/* ---- counting: what a line says by itself, on any thread ---- */

typedef void (*summary_handler)(summary *s);
typedef struct summary_rule {
    uint16_t event;
    summary_handler count;
    bool few; /* it asks for no more than two fields, with seek() */
} summary_rule;

/* Rules of summary_postfix.c and summary_others.c; the last has event 0. */
extern const summary_rule postfix_rules[], other_rules[];
/* Beside the rules, of every line of Postfix: warnings and the like. */
void count_severity(summary *s);
/* Its syslog_name is another one than postfix: pflogsumm does not see it. */
bool of_other_instance(const summary *s);

static inline maillog_str value_of(const summary *s, const maillog_field *f)
{
    const maillog_str value = {s->line.text + f->off, f->len};
    return value;
}

/* A field of the present line; {NULL, 0}: it has none. */
static inline maillog_str get(const summary *s, field_place place)
{
    const maillog_str none = {NULL, 0};
    return s->at[place] ? value_of(s, &s->line.field[s->at[place] - 1]) : none;
}

static inline maillog_word get_word(const summary *s, field_place place)
{
    return s->at[place] ? (maillog_word)s->line.field[s->at[place] - 1].word : MAILLOG_WORD_NONE;
}

/* The same for one that stands near the front, or where few are asked for. */
static inline maillog_str seek(const summary *s, maillog_field_id id)
{
    const maillog_str none = {NULL, 0};
    for (const maillog_field *f = s->line.field, *const end = f + s->line.nfields; f < end; f++)
        if (f->id == id) return value_of(s, f);
    return none;
}

summary_day *count_day(summary *s, uint32_t date); /* made if it is not there; it lives until the next call */
void count_rate(summary *s, rate r);
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
uint64_t usec_of(maillog_str seconds);                /* decimal */
bool number_of(maillog_str digits, uint64_t *number); /* false: it is none */
/* A text of at most `most` bytes, with dots where it was cut. It lives until the next call. */
maillog_str cut(maillog_str s, size_t most);

/* ---- what a line says of a message, and depends on the lines before ---- */

/* On a thread it is put down what is to be done; the calling thread does it, in the order of the lines. What can be
 * known from the line alone is worked out before: hashes above all. */
typedef enum step_kind {
    STEP_MESSAGE_ID,
    STEP_REMOVED,
    STEP_RECEIVED, /* those before it are short */
    STEP_SIZE,
    STEP_TRIED, /* deliveries: of no consequence for what is counted of the message, ... */
    STEP_SENT,
    STEP_DEFERRED
} step_kind;

enum { TEXT_ID, TEXT_SITE, TEXT_ADDRESS, TEXT_ORIG_TO, STEP_TEXTS }; /* TEXT_ID: of what came in, or of other_id */

typedef struct message_step {
    uint64_t queue_id, host; /* hashes; of queue IDs: on their host, 0: none */
    uint64_t number;         /* bytes, microseconds, or the hash of a Message-ID */
    uint32_t minute, day;    /* minute: since 1970; day: 20260719; 0: not known */
    uint32_t carried;        /* bytes behind it that its texts are in; 0: they are in the log */
    uint8_t kind, hour;
    bool local, postfix, piped; /* local: a message came in on this host; piped: a command of pipe(8) took it */
    uint64_t other_id;          /* short steps end before it; what it was called before, or is called by a filter */
    uint64_t address_hash, domain_hash; /* as the tables have them; of a sender without an @: domain_hash is 0 */
    maillog_str text[STEP_TEXTS];
} message_step;
enum { STEP_SHORT = offsetof(message_step, other_id) };

/* A message came in; what it is; what became of it. Shared by all mail systems. */
void count_received(summary *s, maillog_str queue_id, maillog_str site, bool local);
void count_size(summary *s, maillog_str queue_id, maillog_str from, uint64_t size);
typedef struct delivery {
    maillog_str queue_id, to, orig_to, queued_as; /* queued_as: what the other side, or a filter, calls it */
    uint64_t delay;                               /* microseconds */
    bool postfix, piped;
} delivery;
void count_delivery(summary *s, step_kind kind, const delivery *d);
/* The Message-ID of a queue ID is known now. */
void count_message_id(summary *s, maillog_str queue_id, maillog_str message_id);
void count_removed(summary *s, maillog_str queue_id);
/* The word behind the last "queued as "; `forwarded`: it says "forwarded as " somewhere. */
maillog_str queued_as(maillog_str reply, bool *forwarded);

/* messages.c: the steps that are in a sheet. */
struct sheet;
void take_steps(summary *s, const struct sheet *steps);

/* ---- queue IDs: what a message still has to be remembered for ---- */

enum { SITE = 72, SHORT_SITE = 32 };
typedef struct queue_entry {
    uint64_t key;
    union {
        struct {
            uint64_t size, sender, domain; /* sender and domain: rows it was counted in, when it was `counted` */
            uint64_t delay;                /* of a delivery, in microseconds */
        };
        char site[SHORT_SITE]; /* until then: where it came from, for mail without a sender */
    };
    uint64_t message_id;  /* its hash; 0: not known */
    uint32_t day, minute; /* minute: since 1970, when it was made or done */
    uint8_t hour, site_len;
    bool received : 1, sized : 1, counted : 1, deferred : 1, removed : 1, local : 1;
    bool refed : 1; /* it came back from a filter */
} queue_entry;      /* 64 bytes: it is in one line of the cache */

void queue_ids_start(uint64_t memory);
void queue_ids_end(void);
/* Hashes, on any thread: of a host, of a queue ID on it (0: there is none), of another text. */
uint64_t host_hash(summary *s, maillog_str host);
uint64_t queue_id_hash(uint64_t host, maillog_str queue_id);
uint64_t queue_hash(maillog_str text);
/* The entry of a queue ID; `make`: a new one when there is none. It lives until the next is asked for. */
queue_entry *queue_entry_of(summary *s, uint64_t hash, bool make);
/* The same for something else that is to be remembered: what it is, and a key of the caller's. */
typedef enum memo_kind { MEMO_HOSTS = 1, MEMO_PIPED } memo_kind;
queue_entry *queue_memo(summary *s, memo_kind what, uint64_t key, maillog_str text, bool make);
void queue_entry_done(const summary *s, queue_entry *e);
void queue_entry_fetch(uint64_t hash); /* into the cache: it will be asked for soon */
/* The site of an entry that was asked for last, and was not counted yet. It is cut when it is long. */
void queue_entry_set_site(queue_entry *e, maillog_str site);
maillog_str queue_entry_site(const queue_entry *e, char buf[SITE]);

/* ---- hand_over.c ---- */

/* Is this delivery a hand-over to a filter that gave the message back, or to another host of the logs? Then its way in
 * there is not counted, either. */
bool count_hand_over(summary *s, const message_step *m);
/* A command of pipe(8) took the message: is it a filter, from which it has come back with sendmail(1) already? */
bool count_piped(summary *s, const message_step *m);
/* A delivery was tried of a message that may be one that a command of pipe(8) gave back: then that delivery was none.
 */
void count_given_back(summary *s, const message_step *m);
void count_host(summary *s, const message_step *m);
/* messages.c: what was counted is taken back. */
void uncount_received(summary *s, queue_entry *e, figure why);
void uncount_delivered(summary *s, const queue_entry *gone, maillog_str to);

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
