/* postfix_tools.c: the commands: postsuper, postqueue, postdrop, sendmail, postmap, postalias, postkick, postmulti,
 * postconf, postcat, postlock. A local user controls his name and arguments, never what stands before them.
 * Sources: Postfix 2.11 to 3.11. */
#include "postfix_library.h"

/* `Requeued: 3 messages`: postsuper at its end */
#undef ROW_LEAD
#define ROW_LEAD "%s: "
ML_PATTERN_ROWS(maillog__postfix_tools_total) = {
    ROW2(QUEUE_TOTAL, "%s: %d message%(s%)", WHAT, COUNT),
};
ML_PATTERN_TABLE_LEAD(maillog__postfix_tools_total, ROW_LEAD);

/* `USER(UID): what`: sendmail(1); where its own words end the line, a user's name may hold all of it */
#undef ROW_LEAD
#define ROW_LEAD "%S(%d): "
ML_PATTERN_ROWS(maillog__postfix_tools_any_user) = {
    ROW2(SUBMISSION_ERROR, "%S(%d): No recipient addresses found in message header", USER, UID),
    ROW2(SUBMISSION_ERROR, "%S(%d): Recipient addresses must be specified on the command line or via the -t option",
         USER, UID),
};
ML_PATTERN_TABLE_LEAD(maillog__postfix_tools_any_user, ROW_LEAD);

#undef ROW_LEAD
#define ROW_LEAD "%s(%d): "
ML_PATTERN_ROWS(maillog__postfix_tools_user) = {
    ROW3(SUBMISSION_ERROR, "%s(%d): %s", USER, UID, ERROR),
    ROW2(SUBMISSION_ERROR, "%s(%d): -V option requires non-null sender address", USER, UID),
    ROW2(SUBMISSION_ERROR, "%s(%d): -t option cannot be used with -bv", USER, UID),
    ROW3(SUBMISSION_ERROR, "%s(%d): error reading input: %s", USER, UID, ERROR),
    ROW3(SUBMISSION_ERROR, "%s(%d): error writing queue file: %s", USER, UID, ERROR),
    ROW4(SUBMISSION_ERROR, "%s(%d): unable to execute %s: %s", USER, UID, CMD, ERROR),
    ROW3(SUBMISSION_ERROR, "%s(%d): unable to extract recipients: %s", USER, UID, ERROR),
};
ML_PATTERN_TABLE_LEAD(maillog__postfix_tools_user, ROW_LEAD);
#undef ROW_LEAD
#define ROW_LEAD ""

ML_PATTERN_ROWS(maillog__postfix_tools_rows) = {
    ROW1(USAGE, "-%w option not supported", ARGS),
    ROW1(USAGE, "-%s", TEXT),
    ROW1(QUEUE_FILE_ERROR, "%w queue must not be hashed", QUEUE),
    ROW3(INSTANCE_ERROR, "%w = '%s': directory not found: %s", PARAM, VALUE, ERROR),
    ROW2(INSTANCE_ERROR, "%w = '%s' is not a directory", PARAM, VALUE),
    ROW3(USAGE, "'-O %s' was requested, but the configuration is '%s = %s'", ARGS, PARAM, VALUE),
    ROW0(USAGE, "-c requires absolute pathname"),
    ROW1(SUBMISSION_ERROR, "-f option specified malformed sender: %s", SENDER),
    ROW0(USAGE, "At most one -T <mode> option may be specified"),
    ROW0(ADVICE, "CHECK YOUR QUEUE IDS AND RE-ISSUE THE COMMAND"),
    ROW1(USAGE, "Cannot assign instance name or group with%s", TEXT),
    ROW2(SYSTEM_DOWN, "Cannot contact class %w service %w - perhaps the mail system is down", CLASS, SERVICE),
    ROW1(QUEUE_LIST_ERROR, "Cannot flush mail queue - invalid destination: \"%S\"", DOMAIN),
    ROW0(SYSTEM_DOWN, "Cannot flush mail queue - mail system is down"),
    ROW1(QUEUE_LIST_ERROR, "Cannot flush queue ID - invalid name: \"%S\"", ID),
    ROW2(INSTANCE_ERROR, "Cannot parse %w file%(: %s%)", PATH, ERROR),
    ROW0(INSTANCE_ERROR, "Cannot remove enabled instances"),
    ROW0(INSTANCE_ERROR, "Cannot remove the primary instance"),
    ROW1(USAGE, "Command %s", TEXT),
    ROW3(SYSTEM_DOWN, "Connect to the %s %w service: %s", MAIL_NAME, SERVICE, ERROR),
    ROW3(FILE_OWNER, "Creating root-owned database file(s) %s.* in non-root-owned directory %s. Files %s", PATH, DIR,
         TEXT),
    ROW1(QUEUE_LIST_ERROR, "Error running %s", CMD),
    ROW1(INSTANCE_ERROR, "Failed to obtain all required %w parameters", PATH),
    ROW1(QUEUE_LIST_ERROR, "Flush service is not configured for destination \"%S\"", DOMAIN),
    ROW3(USAGE, "Ignoring option '-O %s, because the configuration is '%s = %s'", ARGS, PARAM, VALUE),
    ROW1(INSTANCE_ERROR, "Illegal '/' character in new instance name: '%S'", NAME),
    ROW2(INSTANCE_ERROR, "Invalid %w parameter: %s", PATH, PARAM),
    ROW2(USAGE, "Invalid '-e' edit action '%s'. %s", ACTION, TEXT),
    ROW2(INSTANCE_ERROR, "Invalid default %s parameter value: '%s': specify an absolute pathname", PARAM, VALUE),
    ROW1(QUEUE_LIST_ERROR, "Invalid request: \"%S\"", REQ),
    ROW0(USAGE, "JSON output available only with '-l'"),
    ROW0(SYSTEM_DOWN, "Mail system is down -- accessing queue directly"),
    ROW3(SYSTEM_DOWN, "Mail system is down -- accessing queue directly (Connect to the %s %w service: %s)", MAIL_NAME,
         SERVICE, ERROR),
    ROW1(INSTANCE_ERROR, "Malformed parameter setting '%S'", VALUE),
    ROW1(INSTANCE_ERROR, "Missing %s parameter value", PARAM),
    ROW1(INSTANCE_ERROR, "New instance name must start with '%S'", TEXT),
    ROW1(INSTANCE_ERROR, "No instance named %s", NAME),
    ROW0(INSTANCE_ERROR, "No matching instances"),
    ROW0(INSTANCE_ERROR, "No matching secondary instances"),
    ROW2(INSTANCE_ERROR, "Non-default configuration directory: %s=%s", PARAM, PATH),
    ROW0(QUEUE_FILE_ERROR, "OPERATION INCOMPLETE -- RERUN COMMAND TO FIX THE QUEUE FIRST"),
    ROW2(INSTANCE_ERROR, "Parameter '%s' not valid with action %s", PARAM, ACTION),
    ROW1(USAGE, "Parameter overrides not valid with '-e %s'", ACTION),
    ROW1(INSTANCE_ERROR, "Parameter setting '%s' is not an absolute path", VALUE),
    ROW1(INSTANCE_ERROR, "Parameter setting '%s' is the root directory", VALUE),
    ROW0(QUEUE_TOTAL, "QUEUE FILE NAMES WERE CHANGED TO MATCH INODE NUMBERS"),
    ROW0(SYSTEM_DOWN, "Queue report unavailable - mail system is down"),
    ROW3(SYSTEM_DOWN, "Queue report unavailable - mail system is down (Connect to the %s %w service: %s)", MAIL_NAME,
         SERVICE, ERROR),
    ROW0(SUBMISSION_ERROR, "Recipient addresses must be specified on the command line or via the -t option"),
    ROW0(USAGE, "Select an instance via '-i name'"),
    ROW1(USAGE, "Specify %s", TEXT),
    ROW1(USAGE, "Specity %s", TEXT),
    ROW0(USAGE, "The '-p' and '-e' options preclude the use of '-R'"),
    ROW3(INSTANCE_ERROR, "Unexpected %w entry: %s = %s", PATH, PARAM, VALUE),
    ROW1(QUEUE_LIST_ERROR, "Unexpected flush server reply status %f", STATUS),
    ROW1(QUEUE_LIST_ERROR, "Unknown flush server reply status %f", STATUS),
    ROW1(INSTANCE_ERROR, "Unsafe characters in '-G %s'", NAME),
    ROW1(INSTANCE_ERROR, "Unsafe characters in new instance name: '%S'", NAME),
    ROW2(PERMISSION_ERROR, "User %S(%d) is not allowed to submit mail", USER, UID),
    ROW2(PERMISSION_ERROR, "User %S(%d) is not allowed to view the mail queue", USER, UID),
    ROW2(PERMISSION_ERROR, "User %S(%d) is not allowed to flush the mail queue", USER, UID),
    ROW0(USAGE, "alias initialization mode requires no recipient"),
    ROW1(USAGE, "bad -%w option value -- ignored", ARGS),
    ROW2(USAGE, "bad -%w option value: '%s' -- ignored", ARGS, VALUE),
    ROW1(USAGE, "bad -O option: '%s' -- ignored", ARGS),
    ROW1(USAGE, "bad mail queue ID: %s", ID),
    ROW1(USAGE, "bad offset: %s", VALUE),
    ROW1(USAGE, "bad severity: \"%S\"", VALUE),
    ROW0(USAGE, "bad syntax in -V option value -- ignored"),
    ROW1(QUEUE_FILE_ERROR, "bogus file name: %s", PATH),
    ROW0(USAGE, "can't create maps via the proxy service"),
    ROW0(USAGE, "can't sequence maps via the proxy service"),
    ROW0(USAGE, "daemon mode requires no recipient"),
    ROW0(USAGE, "display queue mode requires no recipient"),
    ROW2(QUEUE_FILE_ERROR, "expire file %w: %s", PATH, ERROR),
    ROW0(MESSAGE_EXPIRED, "expired"),
    ROW0(USAGE, "flush queue mode requires no recipient"),
    ROW0(USAGE, "flush queue_id requires no recipient"),
    ROW0(USAGE, "flush site requires no recipient"),
    ROW1(USAGE, "ignoring -%s", TEXT),
    ROW2(USAGE, "ignoring earlier request: '%s = %s'", PARAM, VALUE),
    ROW5(INSTANCE_ERROR, "instance %s, %s=%s conflicts with instance %s=%s", NAME, PARAM, VALUE, NAME, VALUE),
    ROW1(USAGE, "invalid mail queue id: %s", ID),
    ROW2(USAGE, "invalid parameter override: %s: %s", PARAM, ERROR),
    ROW1(USAGE, "invalid service attribute name: \"%S\"", NAME),
    ROW0(QUEUE_LIST_ERROR, "malformed showq server response"),
    ROW1(SUBMISSION_ERROR, "message format error: %s", ERROR),
    ROW0(USAGE, "missing service argument"),
    ROW1(QUEUE_FILE_ERROR, "name/inode mismatch: %s", PATH),
    ROW4(INSTANCE_ERROR, "new %s=%s is already in use by instance %s=%s", PARAM, VALUE, NAME, VALUE),
    ROW1(SUBMISSION_ERROR, "no login name found for user ID %d", UID),
    ROW3(CONFIG_FILE_ERROR, "open \"%s\" configuration \"%s\": %s", TYPE, PATH, ERROR),
    ROW1(USAGE, "option%s", TEXT),
    ROW2(USAGE, "option %s is deprecated with Postfix 2.3; specify %s instead", ARGS, REPL1),
    ROW1(USAGE, "option \"%s\" will ignore other command line queue IDs", ARGS),
    ROW0(FILE_OWNER, "or the command is run from a set-uid root process"),
    ROW0(MESSAGE_HELD, "placed on hold"),
    ROW3(CONFIG_FILE_ERROR, "read \"%s\" configuration \"%s\": %s", TYPE, PATH, ERROR),
    ROW0(MESSAGE_RELEASED, "released from hold"),
    ROW0(REMOVED, "removed"),
    ROW0(MESSAGE_REQUEUED, "requeued"),
    ROW1(USAGE, "specify %s", TEXT),
    ROW1(USAGE, "specify: -%s", TEXT),
    ROW0(USAGE, "stand-alone mode requires no recipient"),
    ROW0(FILE_OWNER, "the Postfix sendmail command has set-uid root file permissions"),
    ROW0(FILE_OWNER, "the Postfix sendmail command must be installed without set-uid root file permissions"),
    ROW0(USAGE, "too long -V option value -- ignored"),
    ROW1(SUBMISSION_ERROR, "uid=%d: malformed input", UID),
    ROW2(SUBMISSION_ERROR, "uid=%d: unexpected record type: %f", UID, TYPE),
    ROW3(SUBMISSION_ERROR, "uid=%d: ignoring malformed record: %s: %s", UID, ERROR, TEXT),
    ROW2(SUBMISSION_ERROR, "uid=%d: ignoring unexpected trace flags: %s", UID, TEXT),
    ROW3(SUBMISSION_ERROR, "uid=%d: ignoring attribute record: %s=%s", UID, NAME, VALUE),
    ROW3(SUBMISSION_ERROR, "uid=%d: null or line break in '%s' record type: %s", UID, NAME, TEXT),
    ROW3(SUBMISSION_ERROR, "uid=%d: remove %w: %s", UID, PATH, ERROR),
    ROW2(SUBMISSION_ERROR, "uid=%d: %s", UID, ERROR),
    ROW1(USAGE, "unknown 'postconf -T' mode: %s", ARGS),
    ROW1(USAGE, "unmatched request: \"%S\"", REQ),
    ROW1(USAGE, "unmatched service_name/type: \"%S\"", REQ),
    ROW1(USAGE, "unsupported: -%s", ARGS),
    ROW2(USAGE, "with option %s, do not specify %s", ARGS, TEXT),
};
ML_PATTERN_TABLE(maillog__postfix_tools_rows);

static bool row_of_tools(ml_line *l, ml_cur text)
{
    if (maillog__match_patterns(l, &maillog__postfix_tools_rows, text)) return true;
    return ml_find(l, text, '(') && (maillog__match_patterns(l, &maillog__postfix_tools_any_user, text) ||
                                     maillog__match_patterns(l, &maillog__postfix_tools_user, text));
}

bool maillog__postfix_tools(ml_line *l, ml_cur text, const ml_postfix *head)
{
    (void)head;
    return row_of_tools(l, text) || maillog__match_patterns(l, &maillog__postfix_tools_total, text);
}

/* postlog(1) and postlogd(8) write what others hand them: a line of theirs is their user's text but for the errors
 * that end the program. */
bool maillog__postfix_postlog(ml_line *l, ml_cur text, const ml_postfix *head)
{
    if (head->severity == MAILLOG_SEVERITY_FATAL || head->severity == MAILLOG_SEVERITY_PANIC)
        return row_of_tools(l, text);
    if (maillog__postfix_library(l, text, head)) return true;
    ml_put(l, MAILLOG_FIELD_TEXT, text);
    return ml_event(l, MAILLOG_EVENT_POSTFIX_LOG_TEXT);
}
