/* pages.h: messages are put into words by threads, some at a time, and printed in their order. */
#ifndef PAGES_H
#define PAGES_H

#include "command.h"
#include "sheet.h"

typedef struct page_work {
    void (*render)(sheet *out, const command *c, maillog_message *m); /* on a thread */
    void (*print)(uint64_t first_line, const char *text, size_t len); /* in order */
} page_work;

/* A message, which is copied. */
void pages_add(const command *c, const maillog_message *m, const page_work *work);
/* Print all there are. */
void pages_end(void);

#endif
