/* postfix.h: what the grammars of the Postfix programs share. Sources: Postfix 2.11 to 3.11. */
#ifndef MAILLOG_POSTFIX_H
#define MAILLOG_POSTFIX_H

#include "../base/pattern.h"
#include "../base/token.h"

/* What stands before a program's own text. */
typedef struct ml_postfix {
    ml_cur queue_id;   /* p NULL: none; may be NOQUEUE */
    unsigned severity; /* MAILLOG_SEVERITY_*, 0: none (info) */
} ml_postfix;

/* A program's own grammar: the text after queue ID and severity; true when it typed the event. */
typedef bool (*ml_postfix_grammar)(ml_line *l, ml_cur text, const ml_postfix *head);

bool maillog__postfix_smtpd(ml_line *l, ml_cur text, const ml_postfix *head);
bool maillog__postfix_cleanup(ml_line *l, ml_cur text, const ml_postfix *head);
bool maillog__postfix_qmgr(ml_line *l, ml_cur text, const ml_postfix *head);
bool maillog__postfix_delivery(ml_line *l, ml_cur text, const ml_postfix *head);

bool maillog__postfix_master(ml_line *l, ml_cur text, const ml_postfix *head);
bool maillog__postfix_script(ml_line *l, ml_cur text, const ml_postfix *head);
bool maillog__postfix_services(ml_line *l, ml_cur text, const ml_postfix *head);
bool maillog__postfix_tools(ml_line *l, ml_cur text, const ml_postfix *head);
bool maillog__postfix_postlog(ml_line *l, ml_cur text, const ml_postfix *head);

/* What any program can write: tables, TLS, SASL, milters, queue files, processes, configuration. Tried after the
 * program's own grammar. */
bool maillog__postfix_library(ml_line *l, ml_cur text, const ml_postfix *head);

/* `to=<…>, [orig_to=<…>, ]relay=…, … status=… (…)`: also written by qmgr, bounce and cleanup. */
bool maillog__postfix_delivery_line(ml_line *l, ml_cur text);

/* The context at the end of smtpd's and cleanup's lines: ` from=<…> to=<…> proto=… helo=<…>` and the SASL tail, each
 * part optional, in this order. True only if it covers the whole of `tail`. Nothing is written on failure. */
bool maillog__postfix_context(ml_line *l, ml_cur tail);

/* Split `text; context` at the last `;` from which the context parses to the end: what the client wrote into the text
 * cannot move it. Writes nothing: `*tail` is the context. */
bool maillog__postfix_split_context(ml_line *l, ml_cur text, ml_cur *head, ml_cur *tail);

#endif
