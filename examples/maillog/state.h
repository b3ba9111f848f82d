/* state.h: --state FILE: the join table and how far each file was read, kept from one run to the next. */
#ifndef STATE_H
#define STATE_H

#include "command.h"
#include "input.h"

/* Take up the state of an earlier run: a block to attach, in malloc'ed memory, or NULL when there is none. False: said.
 */
bool state_load(command *c, void **block, size_t *len);
/* A file is opened: go on where the earlier run stopped. @return bytes that are skipped. */
uint64_t state_resume(command *c, source *s);
/* A file was read up to here. */
void state_done(command *c, const source *s, uint64_t given);
/* Write the sealed table. False: said. */
bool state_save(command *c, const void *block, size_t len);

#endif
