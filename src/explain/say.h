/* say.h: sentences into the caller's buffer, with the lines that prove them. */
#ifndef MAILLOG_EXPLAIN_SAY_H
#define MAILLOG_EXPLAIN_SAY_H

#include <maillog/explain.h>

#include "words.h"

#define ML_WHY_MAX 4 /* sentences in `why` */

typedef struct ml_say {
    maillog_message *m;
    const maillog_postfix_config *c;
    maillog_explanation *out;
    char *buf;
    size_t cap, len;
    maillog_sentence now; /* the sentence that is being said */
    size_t start;         /* where it begins */
    size_t sentences, in_why, why_start, why_end;
    char last;          /* byte that was put */
    bool fault_decided; /* it was refused for trouble of this server's own */
} ml_say;

/* Begin a sentence; end it, with a full stop where none stands. A sentence of which nothing was said does not count. */
void maillog__begin(ml_say *o, maillog_sentence_kind kind);
void maillog__end(ml_say *o);

/* Words with values:
 *   %z const char *     %s maillog_str     %q maillog_str, quoted and cut where it is long     %n uint64_t
 *   %f maillog_str, a file: its last name                                                      %l uint64_t: "line N",
 * and evidence    %e uint64_t: evidence that is not named             %% */
void maillog__say(ml_say *o, const char *format, ...);

/* A text that stays, apart from any sentence: the note of a setting. */
typedef struct ml_note {
    size_t start;
} ml_note;
static inline ml_note ml_note_begin(const ml_say *o)
{
    const ml_note n = {o->len};
    return n;
}
maillog_str maillog__note_end(const ml_say *o, ml_note n); /* absent where it did not fit, or nothing was said */

static inline bool ml_has(maillog_str s, const char *word)
{
    const size_t n = strlen(word);
    for (size_t i = 0; i + n <= s.len; i++)
        if (memcmp(s.ptr + i, word, n) == 0) return true;
    return false;
}

/* "127.0.0.1", "::1" and what else is this host. */
static inline bool ml_is_loopback(maillog_str addr) { return ml_begins(addr, "127.") || ml_is(addr, "::1"); }

#endif
