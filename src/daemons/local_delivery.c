/* local_delivery.c: maildrop 2.x, 3.x (maildrop/deliver.C, maildir.C, main.C) and procmail 3.22 (procmail.c,
 * foldinfo.c, misc.c): what they say through syslog. procmail quotes names in "", one at the end of a statement. */
#include "../base/pattern.h"
#include "daemons.h"

#define E(NAME) MAILLOG_EVENT_LOCAL_DELIVERY_##NAME
#define F(NAME) MAILLOG_FIELD_##NAME

extern const ml_patterns maillog__maildrop_statements;
ML_PATTERN_ROWS(maillog__maildrop_statements) = {
    {E(DELIVERING), {F(PATH)}, ML_TEXT("Appending to %s")},
    {E(NOTE), {F(PATH)}, ML_TEXT("Attempting %s")},
    {E(ERROR), {F(ERROR)}, ML_TEXT("Cannot %s")},
    {E(NOTE), {F(PATH)}, ML_TEXT("Changing to %s")},
    {E(DELIVERING), {F(PATH)}, ML_TEXT("Delivering to %s")},
    {E(DELIVERING), {F(COMMAND)}, ML_TEXT("Delivering to |%s")},
    {E(DELIVERED), {0}, ML_TEXT("Delivery complete.")},
    {E(ERROR), {F(ERROR)}, ML_TEXT("Error %s")},
    {E(NOTE), {F(COMMAND)}, ML_TEXT("Filtering through `%s`")},
    {E(DELIVERING), {F(PATH)}, ML_TEXT("Flock()ing %s")},
    {E(ERROR), {F(ERROR)}, ML_TEXT("Internal error%s")},
    {E(ERROR), {F(ERROR)}, ML_TEXT("Invalid %s")},
    {E(NOTE), {F(FROM)}, ML_TEXT("Message envelope sender=%s")},
    {E(ERROR), {F(ERROR)}, ML_TEXT("Missing %s")},
    {E(ERROR), {F(ERROR)}, ML_TEXT("Read error%s")},
    {E(ERROR), {F(ERROR)}, ML_TEXT("Seek error%s")},
    {E(ERROR), {F(ERROR)}, ML_TEXT("Syntax error%s")},
    {E(OVER_QUOTA), {0}, ML_TEXT("Timeout quota exceeded.")},
    {E(ERROR), {F(ERROR)}, ML_TEXT("Unable to %s")},
    {E(NOTE), {F(GID)}, ML_TEXT("authlib: groupid=%d")},
    {E(NOTE), {F(USER), F(PATH), F(MAILBOX)}, ML_TEXT("authlib: logname=%w, home=%s, mail=%s")},
    {E(NOTE), {F(UID)}, ML_TEXT("authlib: userid=%d")},
    {E(ERROR), {F(ERROR)}, ML_TEXT("dup() %s")},
    {E(ERROR), {F(ERROR)}, ML_TEXT("error %s")},
    {E(ERROR), {F(ERROR)}, ML_TEXT("filter terminated prematurely%s")},
    {E(ERROR), {F(ERROR)}, ML_TEXT("flock() %s")},
    {E(NOTE), {F(TEXT)}, ML_TEXT("hasaddr%s")},
    {E(ERROR), {F(ERROR)}, ML_TEXT("link() %s")},
    {E(OVER_QUOTA), {0}, ML_TEXT("maildir over quota.")},
    {E(ERROR), {F(ERROR)}, ML_TEXT("maildir_kwSave() %s")},
    {E(ERROR), {F(ERROR)}, ML_TEXT("rename() %s")},
    {E(ERROR), {F(ERROR)}, ML_TEXT("select() %s")},
    {E(ERROR), {F(ERROR)}, ML_TEXT("stat() %s")},
    {E(ERROR), {F(ERROR)}, ML_TEXT("time out on maildir directory%s")},
};
ML_PATTERN_TABLE(maillog__maildrop_statements);

extern const ml_patterns maillog__procmail_statements;
ML_PATTERN_ROWS(maillog__procmail_statements) = {
    {E(NOTE), {F(TEXT)}, ML_TEXT("Assigning \"%S\"")},
    {E(DELIVERED), {F(PATH)}, ML_TEXT("Assigning \"LASTFOLDER=%s\"")},
    {E(ERROR), {F(COMMAND)}, ML_TEXT("Attempt to execute \"%S\"")},
    {E(ERROR), {F(USER)}, ML_TEXT("Attempt to fake stamp by \"%S\"")},
    {E(ERROR), {F(PATH)}, ML_TEXT("Couldn't chdir to \"%S\"")},
    {E(ERROR), {F(PATH)}, ML_TEXT("Couldn't create \"%S\"")},
    {E(ERROR), {F(PATH)}, ML_TEXT("Couldn't create or rename temp file \"%S\"")},
    {E(ERROR), {F(PATH)}, ML_TEXT("Couldn't read \"%S\"")},
    {E(ERROR), {F(PATH), F(NEW)}, ML_TEXT("Couldn't rename bogus \"%s\" into \"%S\"")},
    {E(LOCK), {F(PATH)}, ML_TEXT("Couldn't unlock \"%S\"")},
    {E(LOCK), {F(PATH)}, ML_TEXT("Deadlock attempted on \"%S\"")},
    {E(ERROR), {F(PATH)}, ML_TEXT("Denying special privileges for \"%S\"")},
    {E(ERROR), {F(PATH)}, ML_TEXT("Enforcing stricter permissions on \"%S\"")},
    {E(ERROR), {F(PATH)}, ML_TEXT("Error while writing to \"%S\"")},
    {E(NOTE), {F(COMMAND)}, ML_TEXT("Executing \"%S\"")},
    {E(ERROR), {F(COMMAND)}, ML_TEXT("Failed forking \"%S\"")},
    {E(ERROR), {F(COMMAND)}, ML_TEXT("Failed to execute \"%S\"")},
    {E(DELIVERED), {F(PATH), F(SIZE)}, ML_TEXT("Folder: %S\t%d")},
    {E(DELIVERED), {F(PATH), F(SIZE)}, ML_TEXT("Folder: %S %d")},
    {E(LOCK), {F(PATH)}, ML_TEXT("Forced unlock denied on \"%S\"")},
    {E(LOCK), {F(PATH)}, ML_TEXT("Forcing lock on \"%S\"")},
    {E(ERROR), {F(ERROR)}, ML_TEXT("Incomplete recipe%s")},
    {E(ERROR), {F(USER)}, ML_TEXT("Insufficient privileges to deliver to \"%S\"")},
    {E(LOCK), {F(TEXT)}, ML_TEXT("Kernel-lock %s")},
    {E(LOCK), {F(TEXT)}, ML_TEXT("Kernel-unlock %s")},
    {E(ERROR), {F(CODE)}, ML_TEXT("LMTP child failed: exit code %d")},
    {E(LOCK), {F(PATH)}, ML_TEXT("Lock failure on \"%S\"")},
    {E(NOTE), {F(TEXT)}, ML_TEXT("Match on %s")},
    {E(ERROR), {F(ERROR)}, ML_TEXT("Missing %s")},
    {E(NOTE), {F(TEXT)}, ML_TEXT("No match on %s")},
    {E(ERROR), {F(COMMAND)}, ML_TEXT("No permission to execute \"%S\"")},
    {E(ERROR), {F(PATH)}, ML_TEXT("No space left to finish writing \"%S\"")},
    {E(ERROR), {F(CODE), F(COMMAND)}, ML_TEXT("Non-zero exitcode (%d) from \"%S\"")},
    {E(DELIVERING), {F(PATH)}, ML_TEXT("Opening \"%S\"")},
    {E(ERROR), {F(ERROR)}, ML_TEXT("Out of memory%s")},
    {E(ERROR), {F(CODE), F(COMMAND)}, ML_TEXT("Program failure (%d) of \"%S\"")},
    {E(ERROR), {F(SIGNAL), F(COMMAND)}, ML_TEXT("Program failure (-%d) of \"%S\"")},
    {E(OVER_QUOTA), {F(PATH)}, ML_TEXT("Quota exceeded while writing \"%S\"")},
    {E(MAILBOX_RENAMED), {F(PATH), F(NEW)}, ML_TEXT("Renamed bogus \"%s\" into \"%S\"")},
    {E(MAILBOX_RENAMED), {F(PATH), F(NEW)}, ML_TEXT("Renaming bogus mailbox \"%s\" into \"%S\"")},
    {E(NOTE), {F(TEXT)}, ML_TEXT("Rescue of unfiltered data %s")},
    {E(NOTE), {F(TEXT)}, ML_TEXT("Score: %s")},
    {E(ERROR), {F(PATH)}, ML_TEXT("Skipped \"%S\"")},
    {E(ERROR), {F(PATH)}, ML_TEXT("Suspicious rcfile \"%S\"")},
    {E(ERROR), {F(COMMAND)}, ML_TEXT("Timeout, terminating \"%S\"")},
    {E(ERROR), {F(COMMAND)}, ML_TEXT("Timeout, was waiting for \"%S\"")},
    {E(ERROR), {F(PATH)}, ML_TEXT("Truncated file to former size%s")},
    {E(ERROR), {F(PATH)}, ML_TEXT("Truncating \"%s\" and retrying lock")},
    {E(ERROR), {F(USER)}, ML_TEXT("Unknown user \"%S\"")},
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
