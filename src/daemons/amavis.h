/* amavis.h: what the grammar files of amavis share. */
#ifndef MAILLOG_AMAVIS_H
#define MAILLOG_AMAVIS_H

#include "../base/pattern.h"
#include "../base/token.h"

/* `Passed CLEAN {…}, …` or `Blocked …` with the cursor on the first word. `cut`: the entry goes on in another line, and
 * the text ends where it was cut. Types the event. */
bool maillog__amavis_report(ml_line *l, ml_cur c, bool cut);

/* `<address>` as amavis logs it: RFC 5321 quoting, then every backslash doubled. */
bool maillog__amavis_angle(const ml_line *l, ml_cur *c, ml_cur *out);

/* `<sender> -> <recipient>,<recipient>…` written as FROM, RECIPIENTS and, for a single one, TO. `cut`: the last
 * recipient may have lost its end and is left out. */
bool maillog__amavis_path(ml_line *l, ml_cur *c, bool cut);

/* Statements; debug statements (level 2 to 5); what stands before `<sender> -> <recipients>`. */
extern const ml_patterns maillog__amavis_statements, maillog__amavis_named, maillog__amavis_debug,
    maillog__amavis_paths;

#endif
