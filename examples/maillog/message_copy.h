/* message_copy.h: a message of its own, for a thread to print while the join goes on. */
#ifndef MESSAGE_COPY_H
#define MESSAGE_COPY_H

#include <maillog/join.h>

/* Bytes that message_copy() needs. */
size_t message_copy_size(const maillog_message *m);
/* A copy with all that it points to, in `mem`, aligned as malloc does. */
maillog_message *message_copy(const maillog_message *m, char *mem);

#endif
