/* follow.h: --follow: a file that grows, is truncated, is rotated away, or is not there yet. */
#ifndef FOLLOW_H
#define FOLLOW_H

#include "input.h"

typedef enum follow_change { FOLLOW_NOTHING, FOLLOW_TRUNCATED, FOLLOW_REPLACED } follow_change;

void follow_start(const file_set *sets, size_t n);
/* Until something happens to one of the files, or a second is over. */
void follow_wait(void);
void follow_end(void);
/* What became of a file that is read to byte `given`. A truncated one is set to its beginning. */
follow_change follow_look(source *s, uint64_t given);

#endif
