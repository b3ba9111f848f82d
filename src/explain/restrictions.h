/* restrictions.h: the texts Postfix refuses with, as rows. */
#ifndef MAILLOG_EXPLAIN_RESTRICTIONS_H
#define MAILLOG_EXPLAIN_RESTRICTIONS_H

#include <maillog/explain.h>

#include "words.h"

/* How the text begins. */
typedef enum ml_reject_form {
    ML_FORM_OBJECT,  /* "<x>: Helo command rejected: " */
    ML_FORM_SUBJECT, /* "<x>: " */
    ML_FORM_PLAIN,   /* nothing */
    ML_FORM_LISTED,  /* "Service unavailable; Helo command [x] blocked using zone[; words]" */
    ML_FORM_ACTION   /* no rejection: "<x>: Helo command triggers …", by the line's keyword */
} ml_reject_form;

/* Who writes it. */
typedef enum ml_reject_source {
    ML_FROM_SMTPD,
    ML_FROM_POSTSCREEN,
    ML_FROM_MILTER,  /* action milter-… */
    ML_FROM_PROXY,   /* action proxy-… */
    ML_FROM_CLEANUP, /* header and body checks */
    ML_FROM_LIMIT    /* smtpd's warnings about limits */
} ml_reject_source;

enum {
    ML_RULE_4XX = 1,    /* only with a code 4xx */
    ML_RULE_5XX = 2,    /* only with another */
    ML_RULE_CUSTOM = 4, /* the words are not Postfix's */
    ML_RULE_DETAIL = 8  /* %s holds words of others that could look like Postfix's own */
};

/* `text` follows the form's beginning, whole: %w takes a word (→ what), %s the rest (→ detail). */
typedef struct ml_reject_rule {
    uint8_t source, form, kind, flags;
    uint16_t objects; /* 1 << maillog_reject_object, …; 0: any; of plain texts: what they are about */
    const char *text, *restrictions, *old_names, *code_setting, *code, *text_setting;
} ml_reject_rule;

extern const ml_reject_rule maillog__reject_rules[];
extern const size_t maillog__reject_rules_count;

/* What can refuse an object with words of its own, or (denied) with "Access denied". */
const char *maillog__access_restrictions(maillog_reject_object object, bool denied);

#endif
