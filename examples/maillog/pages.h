/* pages.h: messages are put into words by threads, some at a time, and printed in their order. */
#ifndef PAGES_H
#define PAGES_H

#include "command.h"
#include "sheet.h"

typedef struct page_work {
    bool (*select)(const command *c, const maillog_message *m);       /* on a thread; of messages to be built */
    void (*render)(sheet *out, const command *c, maillog_message *m); /* on a thread */
    void (*count)(bool selected);                                     /* in order; of messages that were built */
    void (*print)(uint64_t first_line, const char *text, size_t len); /* in order */
} page_work;

/* A message, which is copied. */
void pages_add(const command *c, const maillog_message *m, const page_work *work);
/* A message that is yet to be built, from bytes, which are copied. */
void pages_add_unbuilt(const command *c, const void *bytes, size_t len, const page_work *work);
/* Of this thread: the memory that messages are built in. */
void pages_free(void);
/* Print all there are. */
void pages_end(void);

#endif
