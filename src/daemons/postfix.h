/* postfix.h: what the grammars of the Postfix programs share. Sources: Postfix 2.11 to 3.11. */
#ifndef MAILLOG_POSTFIX_H
#define MAILLOG_POSTFIX_H

#include "../base/pattern.h"
#include "../base/token.h"

/* What stands before a program's own text. */
typedef struct ml_postfix {
    ml_cur queue_id;   /* p NULL: none; may be NOQUEUE */
    unsigned severity; /* MAILLOG_SEVERITY_*, 0: none (info) */
    const char *colon; /* the text's first ": ", or NULL */
} ml_postfix;

/* Cut the text up to its first ": ", and move past that; false: there is none. */
static inline bool ml_postfix_word(const ml_postfix *head, ml_cur *text, ml_cur *word)
{
    if (!head->colon) return false;
    *word = ml_slice(text->p, head->colon);
    text->p = head->colon + 2;
    return true;
}

/* A program's own grammar: the text after queue ID and severity; true when it typed the event. */
typedef bool (*ml_postfix_grammar)(ml_line *l, ml_cur text, const ml_postfix *head);

bool maillog__postfix_smtpd(ml_line *l, ml_cur text, const ml_postfix *head);
bool maillog__postfix_cleanup(ml_line *l, ml_cur text, const ml_postfix *head);
bool maillog__postfix_pickup(ml_line *l, ml_cur text, const ml_postfix *head);
bool maillog__postfix_qmqpd(ml_line *l, ml_cur text, const ml_postfix *head);
bool maillog__postfix_qmgr(ml_line *l, ml_cur text, const ml_postfix *head);
bool maillog__postfix_smtp(ml_line *l, ml_cur text, const ml_postfix *head);
bool maillog__postfix_agent(ml_line *l, ml_cur text, const ml_postfix *head);
bool maillog__postfix_bounce(ml_line *l, ml_cur text, const ml_postfix *head);
bool maillog__postfix_postscreen(ml_line *l, ml_cur text, const ml_postfix *head);
bool maillog__postfix_dnsblog(ml_line *l, ml_cur text, const ml_postfix *head);
bool maillog__postfix_tlsproxy(ml_line *l, ml_cur text, const ml_postfix *head);
bool maillog__postfix_statistics(ml_line *l, ml_cur text, const ml_postfix *head);

/* ---- shared by programs ---- */

/* `connect from CLIENT`, `disconnect from CLIENT …` and what else ends a session (smtpd, qmqpd). */
bool maillog__postfix_session(ml_line *l, ml_cur text, const ml_postfix *head);

/* `hostname NAME does not resolve to address ADDR[: REASON]`, after `warning: `. */
bool maillog__postfix_hostname(ml_line *l, ml_cur text);

/* `CLIENT: SASL … authentication failed: …` and its relatives, after `warning: `. */
bool maillog__postfix_sasl_failure(ml_line *l, ml_cur text);

/* `client=CLIENT[, …]`, with the cursor after the '='. */
bool maillog__postfix_client(ml_line *l, ml_cur text);

/* `ACTION: STAGE from CLIENT: TEXT; context` (smtpd, and cleanup for milters). */
bool maillog__postfix_action(ml_line *l, ml_cur text, const ml_postfix *head);

/* `[CODE ][DSN ]text` as CODE, DSN, REASON; the reason. */
ml_cur maillog__postfix_reply_text(ml_line *l, ml_cur text);

/* TLS lines of smtpd, smtp, tlsproxy and posttls-finger. */
bool maillog__postfix_tls(ml_line *l, ml_cur text, const ml_postfix *head);

bool maillog__postfix_script(ml_line *l, ml_cur text, const ml_postfix *head);
bool maillog__postfix_services(ml_line *l, ml_cur text, const ml_postfix *head);
bool maillog__postfix_tools(ml_line *l, ml_cur text, const ml_postfix *head);
bool maillog__postfix_postlog(ml_line *l, ml_cur text, const ml_postfix *head);

/* What any program can write: tables, TLS, SASL, milters, queue files, processes, configuration. Tried after the
 * program's own grammar. */
bool maillog__postfix_library(ml_line *l, ml_cur text, const ml_postfix *head);

/* `to=<…>, [orig_to=<…>, ]relay=…, … status=… (…)`: also written by qmgr, bounce and cleanup. */
bool maillog__postfix_delivery_line(ml_line *l, ml_cur text);

/* STAGE with its word. */
void maillog__postfix_put_stage(ml_line *l, ml_cur stage);

/* The context at the end of a line: `; from=<…> to=<…> proto=… helo=<…> sasl_method=… …`, each part optional, in this
 * order; commas between them in postscreen's. Slices with p NULL are absent. */
typedef struct ml_context {
    ml_cur text; /* what stands before the `;` */
    ml_cur from, to, proto, helo, sasl_method, sasl_username, sasl_sender;
    ml_cur fresh;   /* parts between the known ones that Postfix adds next year */
    ml_cur after;   /* what follows the known parts: cleanup's `: text`, or such a part at the end */
    unsigned flags; /* MAILLOG_FLAG_*: how sure this is */
} ml_context;

/* Where the context may end. */
typedef enum ml_context_end {
    ML_CONTEXT_TO_END,    /* smtpd, postscreen: at the end of the line */
    ML_CONTEXT_THEN_TEXT, /* cleanup's header and body checks: at the end, or before `: text` */
} ml_context_end;

/* Find and read the context. False: there is none, and nothing was written. Linear. */
bool maillog__postfix_find_context(const ml_line *l, ml_cur text, ml_context_end end, ml_context *out);

/* What a restriction says, `<SUBJECT>: CLASS rejected: TEXT` or `Service unavailable; CLASS [SUBJECT] blocked using
 * ZONE; TEXT`, as NAME, CLASS, ZONE, REASON_DETAIL: as far as it can be told apart. */
void maillog__postfix_split_reason(ml_line *l, ml_cur reason, const ml_context *ctx);

/* Write its fields and flags. */
void maillog__postfix_put_context(ml_line *l, const ml_context *ctx);

#endif
