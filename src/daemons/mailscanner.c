/* mailscanner.c: MailScanner 4.8x and 5.x. The sender in `Message ID from IP (sender) to domain is …` is the client's
 * text; after the last `) to ` only MailScanner writes. */
#include "../base/pattern.h"
#include "../base/token.h"
#include "daemons.h"

#define E(NAME) MAILLOG_EVENT_MAILSCANNER_##NAME
#define F(NAME) MAILLOG_FIELD_##NAME

extern const ml_patterns maillog__mailscanner_statements;
ML_PATTERN_ROWS(maillog__mailscanner_statements) = {
    {E(LOGGED), {F(QUEUE_ID)}, "%w: Logged to MailWatch SQL"},
    {E(BATCH), {F(COUNT), F(SECONDS)}, "Batch (%d messages) processed in %f seconds"},
    {E(BATCH), {F(COUNT), F(SECONDS)}, "Batch (%d message) processed in %f seconds"},
    {E(BATCH), {F(TEXT)}, "Batch completed at %s"},
    {E(BATCH), {F(TEXT)}, "Batch processed in %s"},
    {E(CONFIG), {F(TEXT)}, "Bayes lock is at %s"},
    {E(CONFIG), {F(TEXT)}, "Blacklist refresh time reached%s"},
    {E(ERROR), {F(TEXT)}, "Cannot %s"},
    {E(CONFIG), {F(TEXT)}, "ClamAV %s"},
    {E(INFECTED), {F(TEXT)}, "ClamAVModule::INFECTED:: %s"},
    {E(INFECTED), {F(VIRUS), F(PATH)}, "Clamd::INFECTED::%s :: %s"},
    {E(INFECTED), {F(VIRUS), F(PATH)}, "Clamd::INFECTED:: %s :: %s"},
    {E(DELIVERED), {F(COUNT)}, "Cleaned: Delivered %d cleaned messages"},
    {E(CONFIG), {F(TEXT)}, "Closing down %s"},
    {E(ERROR), {F(TEXT)}, "Commercial scanner %s"},
    {E(CONFIG), {F(TEXT)}, "Config: %s"},
    {E(CONFIG), {F(TEXT)}, "Connected to %s"},
    {E(SCANNING), {F(TEXT)}, "Content Checks: %s"},
    {E(ERROR), {F(TEXT)}, "Could not %s"},
    {E(DELIVERED), {F(COUNT)}, "Deleted %d messages"},
    {E(DELIVERED), {F(COUNT)}, "Deleted %d messages from processing-database"},
    {E(DELIVERED), {F(COUNT)}, "Disinfection: Delivered %d disinfected messages"},
    {E(CONFIG), {F(TEXT)}, "Enabling %s"},
    {E(SCANNING), {F(TEXT)}, "Filename Checks: %s"},
    {E(SCANNING), {F(TEXT)}, "Filetype Checks: %s"},
    {E(INFECTED), {F(QUEUE_ID), F(CLIENT_ADDR)}, "Infected message %w came from %w"},
    {E(INFECTED), {F(QUEUE_ID), F(TEXT)}, "Infected message %w %s"},
    {E(CONFIG), {F(TEXT)}, "Initialising %s"},
    {E(LOGGED), {F(QUEUE_ID)}, "Logging message %w to SQL"},
    {E(SCANNING), {F(TEXT)}, "MCP Checks: %s"},
    {E(STARTING), {F(VERSION)}, "MailScanner E-Mail Processor version %w starting..."},
    {E(STARTING), {F(VERSION)}, "MailScanner E-Mail Virus Scanner version %w starting..."},
    {E(STARTING), {F(VERSION)}, "MailScanner Email Processor version %w starting..."},
    {E(CHILD), {F(TEXT)}, "MailScanner child %s"},
    {E(CHILD), {F(TEXT)}, "MailScanner: %s"},
    {E(ERROR), {F(TEXT)}, "Making attempt %s"},
    {E(RESULT),
     {F(QUEUE_ID), F(CLIENT_ADDR), F(FROM), F(TO), F(VERDICT), F(TEXT)},
     "Message %w from %w (%S) to %w is %s, %s"},
    {E(RESULT), {F(QUEUE_ID), F(CLIENT_ADDR), F(FROM), F(TO), F(VERDICT)}, "Message %w from %w (%S) to %w is %s"},
    {E(BATCH), {F(COUNT), F(TEXT)}, "New Batch: Forwarding %d unscanned messages, %s"},
    {E(BATCH), {F(COUNT)}, "New Batch: Found %d messages waiting"},
    {E(BATCH), {F(COUNT), F(SIZE)}, "New Batch: Scanning %d messages, %d bytes"},
    {E(NOTICE), {F(COUNT)}, "Notices: Warned about %d messages"},
    {E(SCANNING), {F(TEXT)}, "Other Checks: %s"},
    {E(SCANNING), {F(COUNT)}, "Other Checks: Found %d problems"},
    {E(SCANNING), {F(TEXT)}, "RBL Check %s"},
    {E(SCANNING), {F(TEXT)}, "RBL checks: %s"},
    {E(CONFIG), {F(TEXT)}, "Read %s"},
    {E(CONFIG), {F(PATH)}, "Reading configuration file %s"},
    {E(REQUEUED), {F(QUEUE_ID), F(NEW_QUEUE_ID)}, "Requeue: %w to %w"},
    {E(QUARANTINED), {F(PATH)}, "Saved entire message to %s"},
    {E(QUARANTINED), {F(NAME), F(PATH)}, "Saved infected \"%S\" to %s"},
    {E(NOTICE), {F(COUNT)}, "Sender Warnings: Delivered %d warnings to virus senders"},
    {E(DELIVERED), {F(COUNT)}, "Silent: Delivered %d messages containing silent viruses"},
    {E(SCANNING), {F(TEXT)}, "Spam Actions: %s"},
    {E(SCANNING), {F(RATE)}, "Spam Checks completed at %d bytes per second"},
    {E(SCANNING), {F(TEXT)}, "Spam Checks: %s"},
    {E(SCANNING), {F(COUNT)}, "Spam Checks: Found %d spam messages"},
    {E(SCANNING), {0}, "Spam Checks: Starting"},
    {E(SPAMASSASSIN), {F(TEXT)}, "SpamAssassin %s"},
    {E(CONFIG), {F(TEXT)}, "SpamAssassin cache %s"},
    {E(CONFIG), {F(TEXT)}, "SpamAssassin temporary working directory is %s"},
    {E(SPAMASSASSIN), {F(TEXT)}, "SpamAssassin timed out %s"},
    {E(CONFIG), {F(TEXT)}, "Starting up %s"},
    {E(ERROR), {F(TEXT)}, "Unable to %s"},
    {E(DELIVERED), {F(COUNT)}, "Uninfected: Delivered %d messages"},
    {E(DELIVERED), {F(COUNT)}, "Unscanned: Delivered %d messages"},
    {E(CONFIG), {F(TEXT)}, "Using %s"},
    {E(ERROR), {F(TEXT)}, "Virus Scanner %s"},
    {E(INFECTED), {F(SCANNER), F(COUNT)}, "Virus Scanning: %S found %d infections"},
    {E(INFECTED), {F(SCANNER), F(COUNT)}, "Virus Scanning: %S found %d viruses"},
    {E(SCANNING), {F(TEXT)}, "Virus Scanning: %s"},
    {E(INFECTED), {F(COUNT)}, "Virus Scanning: Found %d viruses"},
    {E(INFECTED), {F(COUNT)}, "Virus Scanning: Found %d infections"},
    {E(SCANNING), {F(TEXT)}, "Virus and Content Scanning: %s"},
    {E(ERROR), {F(TEXT)}, "Warning: %s"},
    {E(CONFIG), {F(TEXT)}, "Whitelist refresh time reached%s"},
};

ML_PATTERN_TABLE(maillog__mailscanner_statements);

void maillog__mailscanner(ml_line *l, ml_cur message)
{
    if (!maillog__match_patterns(l, &maillog__mailscanner_statements, message)) ml_put_rest(l, message);
}
