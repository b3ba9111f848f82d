/* pam.h: what PAM modules say under the tag of the program that uses them. */
#ifndef MAILLOG_PAM_H
#define MAILLOG_PAM_H

#include "../base/cursor.h"

/* `pam_unix(SERVICE:TYPE): TEXT`: the fields are written and the cursor stands behind; the caller types the event. */
bool maillog__pam(ml_line *l, ml_cur c);

#endif
