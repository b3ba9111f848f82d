/* local_delivery.c: maildrop 2.x, 3.x (maildrop/deliver.C, maildir.C, main.C) and procmail 3.22 (procmail.c,
 * foldinfo.c, misc.c): what they say through syslog. procmail quotes names in "", one at the end of a statement. */
#include "../base/pattern.h"
#include "daemons.h"

#define E(NAME) MAILLOG_EVENT_LOCAL_DELIVERY_##NAME
#define F(NAME) MAILLOG_FIELD_##NAME

extern const ml_patterns maillog__maildrop_statements;
ML_PATTERN_ROWS(maillog__maildrop_statements) = {
    {E(DELIVERING), {F(PATH)}, "Appending to %s"},
    {E(NOTE), {F(PATH)}, "Attempting %s"},
    {E(ERROR), {F(ERROR)}, "Cannot %s"},
    {E(NOTE), {F(PATH)}, "Changing to %s"},
    {E(DELIVERING), {F(PATH)}, "Delivering to %s"},
    {E(DELIVERING), {F(COMMAND)}, "Delivering to |%s"},
    {E(DELIVERED), {0}, "Delivery complete."},
    {E(ERROR), {F(ERROR)}, "Error %s"},
    {E(NOTE), {F(COMMAND)}, "Filtering through `%s`"},
    {E(DELIVERING), {F(PATH)}, "Flock()ing %s"},
    {E(ERROR), {F(ERROR)}, "Internal error%s"},
    {E(ERROR), {F(ERROR)}, "Invalid %s"},
    {E(NOTE), {F(FROM)}, "Message envelope sender=%s"},
    {E(ERROR), {F(ERROR)}, "Missing %s"},
    {E(ERROR), {F(ERROR)}, "Read error%s"},
    {E(ERROR), {F(ERROR)}, "Seek error%s"},
    {E(ERROR), {F(ERROR)}, "Syntax error%s"},
    {E(OVER_QUOTA), {0}, "Timeout quota exceeded."},
    {E(ERROR), {F(ERROR)}, "Unable to %s"},
    {E(NOTE), {F(GID)}, "authlib: groupid=%d"},
    {E(NOTE), {F(USER), F(PATH), F(MAILBOX)}, "authlib: logname=%w, home=%s, mail=%s"},
    {E(NOTE), {F(UID)}, "authlib: userid=%d"},
    {E(ERROR), {F(ERROR)}, "dup() %s"},
    {E(ERROR), {F(ERROR)}, "error %s"},
    {E(ERROR), {F(ERROR)}, "filter terminated prematurely%s"},
    {E(ERROR), {F(ERROR)}, "flock() %s"},
    {E(NOTE), {F(TEXT)}, "hasaddr%s"},
    {E(ERROR), {F(ERROR)}, "link() %s"},
    {E(OVER_QUOTA), {0}, "maildir over quota."},
    {E(ERROR), {F(ERROR)}, "maildir_kwSave() %s"},
    {E(ERROR), {F(ERROR)}, "rename() %s"},
    {E(ERROR), {F(ERROR)}, "select() %s"},
    {E(ERROR), {F(ERROR)}, "stat() %s"},
    {E(ERROR), {F(ERROR)}, "time out on maildir directory%s"},
};
ML_PATTERN_TABLE(maillog__maildrop_statements);

extern const ml_patterns maillog__procmail_statements;
ML_PATTERN_ROWS(maillog__procmail_statements) = {
    {E(NOTE), {F(TEXT)}, "Assigning \"%s\""},
    {E(DELIVERED), {F(PATH)}, "Assigning \"LASTFOLDER=%s\""},
    {E(ERROR), {F(COMMAND)}, "Attempt to execute \"%s\""},
    {E(ERROR), {F(USER)}, "Attempt to fake stamp by \"%s\""},
    {E(ERROR), {F(PATH)}, "Couldn't chdir to \"%s\""},
    {E(ERROR), {F(PATH)}, "Couldn't create \"%s\""},
    {E(ERROR), {F(PATH)}, "Couldn't create or rename temp file \"%s\""},
    {E(ERROR), {F(PATH)}, "Couldn't read \"%s\""},
    {E(ERROR), {F(PATH), F(NEW)}, "Couldn't rename bogus \"%s\" into \"%s\""},
    {E(LOCK), {F(PATH)}, "Couldn't unlock \"%s\""},
    {E(LOCK), {F(PATH)}, "Deadlock attempted on \"%s\""},
    {E(ERROR), {F(PATH)}, "Denying special privileges for \"%s\""},
    {E(ERROR), {F(PATH)}, "Enforcing stricter permissions on \"%s\""},
    {E(ERROR), {F(PATH)}, "Error while writing to \"%s\""},
    {E(NOTE), {F(COMMAND)}, "Executing \"%s\""},
    {E(ERROR), {F(COMMAND)}, "Failed forking \"%s\""},
    {E(ERROR), {F(COMMAND)}, "Failed to execute \"%s\""},
    {E(DELIVERED), {F(PATH), F(SIZE)}, "Folder: %S\t%d"},
    {E(DELIVERED), {F(PATH), F(SIZE)}, "Folder: %S %d"},
    {E(LOCK), {F(PATH)}, "Forced unlock denied on \"%s\""},
    {E(LOCK), {F(PATH)}, "Forcing lock on \"%s\""},
    {E(ERROR), {F(ERROR)}, "Incomplete recipe%s"},
    {E(ERROR), {F(USER)}, "Insufficient privileges to deliver to \"%s\""},
    {E(LOCK), {F(TEXT)}, "Kernel-lock %s"},
    {E(LOCK), {F(TEXT)}, "Kernel-unlock %s"},
    {E(ERROR), {F(CODE)}, "LMTP child failed: exit code %d"},
    {E(LOCK), {F(PATH)}, "Lock failure on \"%s\""},
    {E(NOTE), {F(TEXT)}, "Match on %s"},
    {E(ERROR), {F(ERROR)}, "Missing %s"},
    {E(NOTE), {F(TEXT)}, "No match on %s"},
    {E(ERROR), {F(COMMAND)}, "No permission to execute \"%s\""},
    {E(ERROR), {F(PATH)}, "No space left to finish writing \"%s\""},
    {E(ERROR), {F(CODE), F(COMMAND)}, "Non-zero exitcode (%d) from \"%s\""},
    {E(DELIVERING), {F(PATH)}, "Opening \"%s\""},
    {E(ERROR), {F(ERROR)}, "Out of memory%s"},
    {E(ERROR), {F(CODE), F(COMMAND)}, "Program failure (%d) of \"%s\""},
    {E(ERROR), {F(SIGNAL), F(COMMAND)}, "Program failure (-%d) of \"%s\""},
    {E(OVER_QUOTA), {F(PATH)}, "Quota exceeded while writing \"%s\""},
    {E(MAILBOX_RENAMED), {F(PATH), F(NEW)}, "Renamed bogus \"%s\" into \"%s\""},
    {E(MAILBOX_RENAMED), {F(PATH), F(NEW)}, "Renaming bogus mailbox \"%s\" into \"%s\""},
    {E(NOTE), {F(TEXT)}, "Rescue of unfiltered data %s"},
    {E(NOTE), {F(TEXT)}, "Score: %s"},
    {E(ERROR), {F(PATH)}, "Skipped \"%s\""},
    {E(ERROR), {F(PATH)}, "Suspicious rcfile \"%s\""},
    {E(ERROR), {F(COMMAND)}, "Timeout, terminating \"%s\""},
    {E(ERROR), {F(COMMAND)}, "Timeout, was waiting for \"%s\""},
    {E(ERROR), {F(PATH)}, "Truncated file to former size%s"},
    {E(ERROR), {F(PATH)}, "Truncating \"%s\" and retrying lock"},
    {E(ERROR), {F(USER)}, "Unknown user \"%s\""},
};
ML_PATTERN_TABLE(maillog__procmail_statements);

void maillog__maildrop(ml_line *l, ml_cur message)
{
    ml_cur c = message;
    ML_SKIP(&c, "maildrop: ");
    if (!maillog__match_patterns(l, &maillog__maildrop_statements, c)) ml_put_rest(l, message);
}

void maillog__procmail(ml_line *l, ml_cur message)
{
    ml_cur c = message;
    ML_SKIP(&c, "procmail: ");
    ml_skip_blanks(&c);
    if (!maillog__match_patterns(l, &maillog__procmail_statements, c)) ml_put_rest(l, message);
}
