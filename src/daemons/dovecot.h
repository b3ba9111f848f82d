/* dovecot.h: what the grammars of the Dovecot services share. Sources: Dovecot 2.2.36, 2.3.19 to 2.3.21, 2.4.x with
 * Pigeonhole 0.4, 0.5 and 2.4. */
#ifndef MAILLOG_DOVECOT_H
#define MAILLOG_DOVECOT_H

#include "../base/pattern.h"
#include "../base/token.h"

/* What stood before the service's own text. */
typedef struct ml_dovecot {
    unsigned severity; /* MAILLOG_SEVERITY_*, 0: none said (info) */
    bool identity;     /* the prefix named the user of an authentication request (auth of 2.4) */
    bool session;      /* the prefix gave a session ID */
    bool connection;   /* the text was said about a connection between processes */
} ml_dovecot;

/* A service's own grammar: the text after prefix and severity; true when it typed the event. */
typedef bool (*ml_dovecot_grammar)(ml_line *l, ml_cur text, const ml_dovecot *head);

bool maillog__dovecot_login(ml_line *l, ml_cur text, const ml_dovecot *head);
bool maillog__dovecot_auth(ml_line *l, ml_cur text, const ml_dovecot *head);
bool maillog__dovecot_delivery(ml_line *l, ml_cur text, const ml_dovecot *head);
bool maillog__dovecot_session(ml_line *l, ml_cur text, const ml_dovecot *head);
bool maillog__dovecot_master(ml_line *l, ml_cur text, const ml_dovecot *head);

/* `[master: ]service(NAME): …`, also written by the log process for a service that died. */
bool maillog__dovecot_service(ml_line *l, ml_cur text, const ml_dovecot *head);

/* What any service may say: failed calls, assertions, mailbox and index faults. */
bool maillog__dovecot_fault(ml_line *l, ml_cur text, const ml_dovecot *head);

/* `sieve: …`, in any service that runs scripts; the text is what follows `sieve: `. */
bool maillog__dovecot_sieve(ml_line *l, ml_cur text, const ml_dovecot *head);

/* What Sieve did with a message: the text after `msgid=…: `. */
bool maillog__dovecot_sieve_action(ml_line *l, ml_cur text);

/* `[Mailbox NAME: ]delete: box=…, uid=…, msgid=…, size=…` and the mailbox statements of the mail_log plugin. */
bool maillog__dovecot_mail_log(ml_line *l, ml_cur text);

/* `msgid=ID: STATEMENT`: the ID is the sender's, so that the statement, not the first `: `, decides where it ends. */
bool maillog__dovecot_msgid(ml_line *l, ml_cur text, bool (*statement)(ml_line *l, ml_cur text));

/* `msgid=ID: ` in front of text that is not known: the first end of the ID. Writes MESSAGE_ID. */
void maillog__dovecot_cut_msgid(ml_line *l, ml_cur *c);

/* An authentication request's `USER[,IP][,sasl:MECH][,master][,<SESSION>]` up to `)`; the cursor stands after the '('
 * and is left after the ')'. Writes USER, RIP, MECH, SESSION. */
bool maillog__dovecot_identity(ml_line *l, ml_cur *c);

/* A trailing ` (…)`, parentheses balanced: cut off `*c`, its inside in `*inner`. */
bool maillog__dovecot_cut_parentheses(ml_cur *c, ml_cur *inner);

/* The process ID of another process: as `id`, and as PID when the line has none. */
void maillog__dovecot_put_pid(ml_line *l, maillog_field_id id, ml_cur pid);

/* After a table wrote such a process ID: PID too, when the line has none. */
void maillog__dovecot_pid_of(ml_line *l, maillog_field_id id);

/* The field `id` of the line so far; p NULL when absent. */
ml_cur maillog__dovecot_field(const ml_line *l, maillog_field_id id);

/* Faults in the forms that all services share: `MODULE: …`, `Failed to WHAT: ERROR`, `Invalid …`. */
bool maillog__dovecot_error(ml_line *l, ml_cur text, const ml_dovecot *head);

/* `FUNC(ARGS) failed: ERROR`, with the parts as FUNC, and PATH or ADDR, PORT or ARGS, and ERROR. */
bool maillog__dovecot_call(ml_line *l, ml_cur text);

static inline bool ml_dovecot_is_fault(const ml_dovecot *head)
{
    return head->severity >= MAILLOG_SEVERITY_WARNING && head->severity <= MAILLOG_SEVERITY_PANIC;
}

/* Unknown text of a known form: ERROR for a warning or worse, TEXT otherwise. */
static inline void ml_dovecot_put_text(ml_line *l, const ml_dovecot *head, ml_cur text)
{
    ml_put(l, ml_dovecot_is_fault(head) ? MAILLOG_FIELD_ERROR : MAILLOG_FIELD_TEXT, text);
}

/* The tables of statements, for the test that checks their order. */
#define MAILLOG_DOVECOT_TABLES(X)                                                                                      \
    X(maillog__dovecot_login_statements)                                                                               \
    X(maillog__dovecot_auth_requests)                                                                                  \
    X(maillog__dovecot_auth_sql)                                                                                       \
    X(maillog__dovecot_auth_statements)                                                                                \
    X(maillog__dovecot_delivery_outcomes)                                                                              \
    X(maillog__dovecot_delivery_faults)                                                                                \
    X(maillog__dovecot_sieve_actions)                                                                                  \
    X(maillog__dovecot_sieve_statements)                                                                               \
    X(maillog__dovecot_session_statements)                                                                             \
    X(maillog__dovecot_mail_log_mailboxes)                                                                             \
    X(maillog__dovecot_master_statements)                                                                              \
    X(maillog__dovecot_master_services)                                                                                \
    X(maillog__dovecot_master_others)                                                                                  \
    X(maillog__dovecot_faults)                                                                                         \
    X(maillog__dovecot_storage)                                                                                        \
    X(maillog__dovecot_debug)                                                                                          \
    X(maillog__dovecot_errors)                                                                                         \
    X(maillog__dovecot_tools)
#define ML_DECLARE(table) extern const ml_patterns table;
MAILLOG_DOVECOT_TABLES(ML_DECLARE)
#undef ML_DECLARE

#endif
