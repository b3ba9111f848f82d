/* maillog/explain.h: why a message went the way it went.
 *
 *   maillog_explain_reject()          the text of a rejection → the restriction that wrote it, and its settings
 *   maillog_postfix_config_*()        main.cf and master.cf, read as Postfix reads them, in the caller's memory
 *   maillog_explain()                 a whole message → plain sentences, and the setting behind each check
 *
 * Nothing is said that the log does not prove; what the configuration adds is marked with its file and line. */
#ifndef MAILLOG_EXPLAIN_H
#define MAILLOG_EXPLAIN_H

#include <maillog/join.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- the text of a rejection ---- */

/** What a rejection is about; the word Postfix writes before "rejected:". */
typedef enum maillog_reject_object {
    MAILLOG_OBJECT_NONE = 0,
    MAILLOG_OBJECT_CLIENT = 1,            /**< Client host */
    MAILLOG_OBJECT_UNVERIFIED_CLIENT = 2, /**< Unverified Client host */
    MAILLOG_OBJECT_HELO = 3,              /**< Helo command */
    MAILLOG_OBJECT_SENDER = 4,            /**< Sender address */
    MAILLOG_OBJECT_RECIPIENT = 5,         /**< Recipient address */
    MAILLOG_OBJECT_DATA = 6,              /**< Data command */
    MAILLOG_OBJECT_END_OF_DATA = 7,       /**< End-of-data */
    MAILLOG_OBJECT_ETRN = 8,              /**< Etrn command */
    MAILLOG_OBJECT_CERTIFICATE = 9,       /**< Client certificate */
    MAILLOG_OBJECT_LOGIN = 10             /**< SASL login name */
} maillog_reject_object;

/** Why, in one word. */
typedef enum maillog_reject_kind {
    MAILLOG_REJECT_UNKNOWN = 0,
    MAILLOG_REJECT_NAME = 1,         /**< a host name or address that is malformed or not fully qualified */
    MAILLOG_REJECT_DNS = 2,          /**< DNS does not know it, or takes no mail for it */
    MAILLOG_REJECT_RELAY = 3,        /**< not our domain, not our client */
    MAILLOG_REJECT_USER_UNKNOWN = 4, /**< no such address here */
    MAILLOG_REJECT_UNVERIFIED = 5,   /**< a probe of the address failed, or is not back yet */
    MAILLOG_REJECT_LOGIN = 6,        /**< the sender address belongs to another login */
    MAILLOG_REJECT_BLOCKLIST = 7,    /**< listed by a DNS blocklist */
    MAILLOG_REJECT_ACCESS = 8,       /**< an access table, a policy server, or `reject` itself */
    MAILLOG_REJECT_GREYLIST = 9,     /**< try again later, on purpose */
    MAILLOG_REJECT_SPF = 10,
    MAILLOG_REJECT_DMARC = 11,
    MAILLOG_REJECT_MILTER = 12,
    MAILLOG_REJECT_FILTER = 13,   /**< a before-queue content filter */
    MAILLOG_REJECT_CONTENT = 14,  /**< header_checks, body_checks and the like */
    MAILLOG_REJECT_PROTOCOL = 15, /**< the client broke the rules of SMTP */
    MAILLOG_REJECT_TLS = 16,      /**< encryption is required */
    MAILLOG_REJECT_SIZE = 17,
    MAILLOG_REJECT_STORAGE = 18,  /**< no room in the queue */
    MAILLOG_REJECT_RATE = 19,     /**< too much from one client */
    MAILLOG_REJECT_FAULT = 20,    /**< trouble on this side: tables, configuration, policy server */
    MAILLOG_REJECT_BOUNCE = 21,   /**< a bounce to several recipients */
    MAILLOG_REJECT_REQUESTED = 22 /**< defer, defer_if_permit and the like, as configured */
} maillog_reject_kind;

/** A rejection as an event's fields give it; absent strings are fine. */
typedef struct maillog_reject_text {
    int daemon;                 /**< maillog_daemon; 0: postfix/smtpd */
    maillog_str action;         /**< "reject", "reject_warning", "milter-reject", … */
    maillog_str code, dsn;      /**< "504", "5.5.2" */
    maillog_str text;           /**< what follows them: "<x>: Helo command rejected: …" */
    maillog_str helo, from, to; /**< of the same line: they tell a name in the text from the text */
} maillog_reject_text;

/** What a rejection's text says. Slices point into the text; the other strings are constants. */
typedef struct maillog_reject_info {
    maillog_str subject; /**< x in "<x>: …" */
    maillog_str what;    /**< what a list blocks, a domain, a mail exchanger, a login: as the text names it */
    maillog_str zone;    /**< DNS blocklist */
    maillog_str detail;  /**< words of others: the list's text, a remote server's reply, a table's or filter's text */
    /** Names as Postfix documents them, constant, separated by blanks, most likely first; NULL: not known. More than
     *  one: the text does not tell which. A restriction, or the parameter that is at work instead of one. */
    const char *restrictions;
    const char *old_names;        /**< the same under their old names, or NULL */
    const char *code_setting;     /**< parameter that sets the reply code; NULL: fixed, or set elsewhere */
    const char *code_default;     /**< "504"; NULL: none */
    const char *text_setting;     /**< what an admin changes the text with; NULL: nothing */
    maillog_reject_object object; /**< what was refused */
    maillog_reject_kind kind;     /**< why */
    uint8_t temporary;            /**< 4xx: the client may try again; without a code and dsn as the default is */
    uint8_t custom;    /**< the text is none of Postfix's own: an access table's, a policy server's, a filter's */
    uint8_t ambiguous; /**< the text could be read in two ways: it holds another's text that looks like Postfix's */
    uint8_t reserved_;
} maillog_reject_info;

/** Read the text of a rejection. Linear in the text; slices point into it. @return 1 if the restriction is known, 0 if
 *  only parts are; `out` is always filled. Thread-safe. */
MAILLOG_API int maillog_explain_reject(const maillog_reject_text *in, maillog_reject_info *out);

/** "Helo command", "blocklist": constant names; "unknown" for any other value, never NULL. */
MAILLOG_API const char *maillog_reject_object_name(int object);
MAILLOG_API const char *maillog_reject_kind_name(int kind);

/* ---- main.cf and master.cf ---- */

/** The texts, which must stay where they are as long as the configuration is used. `postconf -n` (or -nf) serves as
 *  main.cf, `postconf -M` (or -Mf) as master.cf. `main_cf` or `master_cf` NULL: not known. */
typedef struct maillog_postfix_files {
    size_t size;                         /**< sizeof(maillog_postfix_files) */
    const char *main_name, *master_name; /**< what to call them; NULL: "main.cf", "master.cf" */
    const char *main_cf, *master_cf;
    size_t main_len, master_len;
} maillog_postfix_files;

/** An index over the texts, in the caller's memory. Read-only once made: any thread may use it. */
typedef struct maillog_postfix_config maillog_postfix_config;

/** Bytes for maillog_postfix_config_init(): in proportion to the settings. 0: bad argument. */
MAILLOG_API size_t maillog_postfix_config_size(const maillog_postfix_files *files);

/** Index the texts in `mem` (aligned as malloc does). What is not main.cf or master.cf is skipped, as Postfix would
 *  refuse it: it is nobody's setting. Linear. @return MAILLOG_OK, ERR_ARGUMENT or ERR_NO_SPACE. */
MAILLOG_API int maillog_postfix_config_init(maillog_postfix_config **out, void *mem, size_t len,
                                            const maillog_postfix_files *files);

/** A line of master.cf. */
typedef struct maillog_postfix_service {
    maillog_str name, type, command; /**< "127.0.0.1:10025", "inet", "smtpd" */
    maillog_str file;
    uint64_t line;
} maillog_postfix_service;

/** No service: settings of main.cf alone. */
#define MAILLOG_NO_SERVICE SIZE_MAX

/** Service number `i`, in the order of the file. @return 1, or 0 past the last. */
MAILLOG_API int maillog_postfix_service_get(const maillog_postfix_config *c, size_t i, maillog_postfix_service *out);

/** The service with this name ("submission", "127.0.0.1:10025") or on this port ("10025", "smtp" for 25) that runs
 *  `command` (NULL: any). The last one counts, as for Postfix. @return its number, or MAILLOG_NO_SERVICE. */
MAILLOG_API size_t maillog_postfix_service_find(const maillog_postfix_config *c, const char *name, const char *command);

/** A setting. Slices point into the caller's texts; those of a default are constants. */
typedef struct maillog_postfix_setting {
    maillog_str name;
    maillog_str value; /**< as written; one that goes on over several lines holds their ends and the comments between */
    maillog_str file;
    uint64_t line;
    size_t service;     /**< whose -o it is, or MAILLOG_NO_SERVICE */
    uint8_t is_default; /**< set nowhere: Postfix's own; file and line are absent */
} maillog_postfix_setting;

/** The setting at work for a service: its -o, else main.cf's (the last one), else Postfix's default where it is known
 *  here. Old names of parameters are found under the new ones. @return 1, or 0 if nothing is known. */
MAILLOG_API int maillog_postfix_lookup(const maillog_postfix_config *c, size_t service, const char *name,
                                       maillog_postfix_setting *out);

/** Its value as Postfix sees it: one line, $name, ${name?text}, ${name:text} and the like put in. What refers to
 *  itself, or grows beyond 64 KiB, ends there. @return bytes needed (snprintf's contract, no NUL is written). */
MAILLOG_API size_t maillog_postfix_value(const maillog_postfix_config *c, size_t service, const char *name, char *buf,
                                         size_t cap);

/** Where a restriction stands. */
typedef struct maillog_postfix_place {
    maillog_str list;     /**< the list it is reached from: "smtpd_helo_restrictions" */
    maillog_str word;     /**< the restriction as written: "reject_non_fqdn_hostname" */
    maillog_str argument; /**< what follows it: a table, a list's zone, a server; absent without one */
    maillog_str file;     /**< absent in a default */
    uint64_t line;        /**< of the restriction itself, not of the list's name */
    size_t service;       /**< whose -o the list is, or MAILLOG_NO_SERVICE */
    uint32_t count;       /**< places that would fit as well, this one included */
    uint8_t warn_if_reject;
    uint8_t is_default;
    uint8_t reserved_[2];
} maillog_postfix_place;

/** What to look for. */
typedef struct maillog_postfix_wanted {
    const char *names; /**< maillog_reject_info.restrictions: any of these, or of their old names */
    maillog_reject_object object;
    maillog_str zone;       /**< of a blocklist; absent: any */
    uint8_t warn_if_reject; /**< behind warn_if_reject, rather than without */
} maillog_postfix_wanted;

/** Find a restriction in the smtpd_*_restrictions of a service, in the order Postfix goes through them, with $name and
 *  restriction classes followed. One that stands as wanted (with or without warn_if_reject) comes before one that does
 *  not. @return 1 if found. */
MAILLOG_API int maillog_postfix_find(const maillog_postfix_config *c, size_t service,
                                     const maillog_postfix_wanted *wanted, maillog_postfix_place *out);

/* ---- a whole message ---- */

/** What a sentence is about. */
typedef enum maillog_sentence_kind {
    MAILLOG_SENTENCE_OUTCOME = 1,  /**< what became of it */
    MAILLOG_SENTENCE_DECISION = 2, /**< the check or the reply that decided, and what to change */
    MAILLOG_SENTENCE_WARNING = 3,  /**< a check that fired and was not let decide */
    MAILLOG_SENTENCE_PASSED = 4,   /**< checks that let it through */
    MAILLOG_SENTENCE_WAY = 5,      /**< filters and re-injection */
    MAILLOG_SENTENCE_FAULT = 6,    /**< trouble that did not decide */
    MAILLOG_SENTENCE_NOTE = 7      /**< what is easy to miss */
} maillog_sentence_kind;

/** Most lines named for one sentence, and most sentences for one message. */
#define MAILLOG_EVIDENCE_MAX 12
#define MAILLOG_SENTENCES_MAX 16

/** One sentence. */
typedef struct maillog_sentence {
    maillog_sentence_kind kind;
    uint32_t nlines;                     /**< line numbers that prove it */
    uint64_t line[MAILLOG_EVIDENCE_MAX]; /**< in the order they are named */
    maillog_str text;                    /**< in the caller's `buf` */
    uint8_t in_why;                      /**< part of maillog_message.why */
    uint8_t reserved_[7];
} maillog_sentence;

/** An explanation, sentence by sentence. */
typedef struct maillog_explanation {
    size_t size; /**< sizeof(maillog_explanation), set by the caller */
    size_t n;    /**< sentences written */
    maillog_sentence sentence[MAILLOG_SENTENCES_MAX];
} maillog_explanation;

/** Explain a message in the callback that got it: name the restriction behind each check (`check`), its setting
 *  (`config`, with a configuration `c`, which may be NULL), and fill `why`: one to four plain sentences. `out` (or
 *  NULL) takes the same sentence by sentence, and what else is worth a note. Values of the log stand in the sentences
 * as logged: whoever shows them escapes them.
 *  @return bytes needed in `buf` (snprintf's contract, no NUL is written); if that is more than `cap`, `why`, the notes
 *  in `config`, and the texts in `out` are absent. Records that are no messages: 0. Thread-safe. */
MAILLOG_API size_t maillog_explain(maillog_message *m, const maillog_postfix_config *c, maillog_explanation *out,
                                   char *buf, size_t cap);

#ifdef __cplusplus
}
#endif

#endif
