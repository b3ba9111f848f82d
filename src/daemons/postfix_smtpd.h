/* postfix_smtpd.h: the parts of smtpd's grammar. */
#ifndef MAILLOG_POSTFIX_SMTPD_H
#define MAILLOG_POSTFIX_SMTPD_H

#include "postfix.h"

/* Statements after `warning: `, and those without a severity, that are text with a few values. */
bool maillog__postfix_smtpd_warning(ml_line *l, ml_cur text, const ml_postfix *head);
bool maillog__postfix_smtpd_info(ml_line *l, ml_cur text);

#endif
