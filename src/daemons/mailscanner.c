/* mailscanner.c: MailScanner 4.8x and 5.x. The sender in `Message ID from IP (sender) to domain is …` is the client's
 * text; after the last `) to ` only MailScanner writes. */
#include "../base/pattern.h"
#include "../base/token.h"
#include "daemons.h"

#define E(NAME) MAILLOG_EVENT_MAILSCANNER_##NAME
#define F(NAME) MAILLOG_FIELD_##NAME

extern const ml_patterns maillog__mailscanner_statements;
ML_PATTERN_ROWS(maillog__mailscanner_statements) = {
    {E(LOGGED), {F(QUEUE_ID)}, ML_TEXT("%w: Logged to MailWatch SQL")},
    {E(BATCH), {F(COUNT), F(SECONDS)}, ML_TEXT("Batch (%d messages) processed in %f seconds")},
    {E(BATCH), {F(COUNT), F(SECONDS)}, ML_TEXT("Batch (%d message) processed in %f seconds")},
    {E(BATCH), {F(TEXT)}, ML_TEXT("Batch completed at %s")},
    {E(BATCH), {F(TEXT)}, ML_TEXT("Batch processed in %s")},
    {E(CONFIG), {F(TEXT)}, ML_TEXT("Bayes lock is at %s")},
    {E(CONFIG), {F(TEXT)}, ML_TEXT("Blacklist refresh time reached%s")},
    {E(ERROR), {F(TEXT)}, ML_TEXT("Cannot %s")},
    {E(CONFIG), {F(TEXT)}, ML_TEXT("ClamAV %s")},
    {E(INFECTED), {F(TEXT)}, ML_TEXT("ClamAVModule::INFECTED:: %s")},
    {E(INFECTED), {F(VIRUS), F(PATH)}, ML_TEXT("Clamd::INFECTED::%s :: %s")},
    {E(INFECTED), {F(VIRUS), F(PATH)}, ML_TEXT("Clamd::INFECTED:: %s :: %s")},
    {E(DELIVERED), {F(COUNT)}, ML_TEXT("Cleaned: Delivered %d cleaned messages")},
    {E(CONFIG), {F(TEXT)}, ML_TEXT("Closing down %s")},
    {E(ERROR), {F(TEXT)}, ML_TEXT("Commercial scanner %s")},
    {E(CONFIG), {F(TEXT)}, ML_TEXT("Config: %s")},
    {E(CONFIG), {F(TEXT)}, ML_TEXT("Connected to %s")},
    {E(SCANNING), {F(TEXT)}, ML_TEXT("Content Checks: %s")},
    {E(ERROR), {F(TEXT)}, ML_TEXT("Could not %s")},
    {E(DELIVERED), {F(COUNT)}, ML_TEXT("Deleted %d messages")},
    {E(DELIVERED), {F(COUNT)}, ML_TEXT("Deleted %d messages from processing-database")},
    {E(DELIVERED), {F(COUNT)}, ML_TEXT("Disinfection: Delivered %d disinfected messages")},
    {E(CONFIG), {F(TEXT)}, ML_TEXT("Enabling %s")},
    {E(SCANNING), {F(TEXT)}, ML_TEXT("Filename Checks: %s")},
    {E(SCANNING), {F(TEXT)}, ML_TEXT("Filetype Checks: %s")},
    {E(INFECTED), {F(QUEUE_ID), F(CLIENT_ADDR)}, ML_TEXT("Infected message %w came from %w")},
    {E(INFECTED), {F(QUEUE_ID), F(TEXT)}, ML_TEXT("Infected message %w %s")},
    {E(CONFIG), {F(TEXT)}, ML_TEXT("Initialising %s")},
    {E(LOGGED), {F(QUEUE_ID)}, ML_TEXT("Logging message %w to SQL")},
    {E(SCANNING), {F(TEXT)}, ML_TEXT("MCP Checks: %s")},
    {E(STARTING), {F(VERSION)}, ML_TEXT("MailScanner E-Mail Processor version %w starting...")},
    {E(STARTING), {F(VERSION)}, ML_TEXT("MailScanner E-Mail Virus Scanner version %w starting...")},
    {E(STARTING), {F(VERSION)}, ML_TEXT("MailScanner Email Processor version %w starting...")},
    {E(CHILD), {F(TEXT)}, ML_TEXT("MailScanner child %s")},
    {E(CHILD), {F(TEXT)}, ML_TEXT("MailScanner: %s")},
    {E(ERROR), {F(TEXT)}, ML_TEXT("Making attempt %s")},
    {E(RESULT),
     {F(QUEUE_ID), F(CLIENT_ADDR), F(FROM), F(TO), F(VERDICT), F(TEXT)},
     ML_TEXT("Message %w from %w (%S) to %w is %s, %s")},
    {E(RESULT),
     {F(QUEUE_ID), F(CLIENT_ADDR), F(FROM), F(TO), F(VERDICT)},
     ML_TEXT("Message %w from %w (%S) to %w is %s")},
    {E(BATCH), {F(COUNT), F(TEXT)}, ML_TEXT("New Batch: Forwarding %d unscanned messages, %s")},
    {E(BATCH), {F(COUNT)}, ML_TEXT("New Batch: Found %d messages waiting")},
    {E(BATCH), {F(COUNT), F(SIZE)}, ML_TEXT("New Batch: Scanning %d messages, %d bytes")},
    {E(NOTICE), {F(COUNT)}, ML_TEXT("Notices: Warned about %d messages")},
    {E(SCANNING), {F(TEXT)}, ML_TEXT("Other Checks: %s")},
    {E(SCANNING), {F(COUNT)}, ML_TEXT("Other Checks: Found %d problems")},
    {E(SCANNING), {F(TEXT)}, ML_TEXT("RBL Check %s")},
    {E(SCANNING), {F(TEXT)}, ML_TEXT("RBL checks: %s")},
    {E(CONFIG), {F(TEXT)}, ML_TEXT("Read %s")},
    {E(CONFIG), {F(PATH)}, ML_TEXT("Reading configuration file %s")},
    {E(REQUEUED), {F(QUEUE_ID), F(NEW_QUEUE_ID)}, ML_TEXT("Requeue: %w to %w")},
    {E(QUARANTINED), {F(PATH)}, ML_TEXT("Saved entire message to %s")},
    {E(QUARANTINED), {F(NAME), F(PATH)}, ML_TEXT("Saved infected \"%S\" to %s")},
    {E(NOTICE), {F(COUNT)}, ML_TEXT("Sender Warnings: Delivered %d warnings to virus senders")},
    {E(DELIVERED), {F(COUNT)}, ML_TEXT("Silent: Delivered %d messages containing silent viruses")},
    {E(SCANNING), {F(TEXT)}, ML_TEXT("Spam Actions: %s")},
    {E(SCANNING), {F(RATE)}, ML_TEXT("Spam Checks completed at %d bytes per second")},
    {E(SCANNING), {F(TEXT)}, ML_TEXT("Spam Checks: %s")},
    {E(SCANNING), {F(COUNT)}, ML_TEXT("Spam Checks: Found %d spam messages")},
    {E(SCANNING), {0}, ML_TEXT("Spam Checks: Starting")},
    {E(SPAMASSASSIN), {F(TEXT)}, ML_TEXT("SpamAssassin %s")},
    {E(CONFIG), {F(TEXT)}, ML_TEXT("SpamAssassin cache %s")},
    {E(CONFIG), {F(TEXT)}, ML_TEXT("SpamAssassin temporary working directory is %s")},
    {E(SPAMASSASSIN), {F(TEXT)}, ML_TEXT("SpamAssassin timed out %s")},
    {E(CONFIG), {F(TEXT)}, ML_TEXT("Starting up %s")},
    {E(ERROR), {F(TEXT)}, ML_TEXT("Unable to %s")},
    {E(DELIVERED), {F(COUNT)}, ML_TEXT("Uninfected: Delivered %d messages")},
    {E(DELIVERED), {F(COUNT)}, ML_TEXT("Unscanned: Delivered %d messages")},
    {E(CONFIG), {F(TEXT)}, ML_TEXT("Using %s")},
    {E(ERROR), {F(TEXT)}, ML_TEXT("Virus Scanner %s")},
    {E(INFECTED), {F(SCANNER), F(COUNT)}, ML_TEXT("Virus Scanning: %S found %d infections")},
    {E(INFECTED), {F(SCANNER), F(COUNT)}, ML_TEXT("Virus Scanning: %S found %d viruses")},
    {E(SCANNING), {F(TEXT)}, ML_TEXT("Virus Scanning: %s")},
    {E(INFECTED), {F(COUNT)}, ML_TEXT("Virus Scanning: Found %d viruses")},
    {E(INFECTED), {F(COUNT)}, ML_TEXT("Virus Scanning: Found %d infections")},
    {E(SCANNING), {F(TEXT)}, ML_TEXT("Virus and Content Scanning: %s")},
    {E(ERROR), {F(TEXT)}, ML_TEXT("Warning: %s")},
    {E(CONFIG), {F(TEXT)}, ML_TEXT("Whitelist refresh time reached%s")},
};

ML_PATTERN_TABLE(maillog__mailscanner_statements);

void maillog__mailscanner(ml_line *l, ml_cur message)
{
    if (!maillog__match_patterns(l, &maillog__mailscanner_statements, message)) ml_put_rest(l, message);
}
