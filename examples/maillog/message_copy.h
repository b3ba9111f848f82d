/* message_copy.h: a message of its own, for a thread to print while the join goes on. */
#ifndef MESSAGE_COPY_H
#define MESSAGE_COPY_H

#include <maillog/join.h>

/* A copy with all that it points to, in `mem`, aligned as malloc does. The bytes it needs; more than `cap`: it did not
 * fit, and `out` is of no use. */
size_t message_copy(const maillog_message *m, char *mem, size_t cap, maillog_message **out);

#endif
