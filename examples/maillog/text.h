/* text.h: what is printed for people: safe, as wide as the terminal, in characters it knows. */
#ifndef TEXT_H
#define TEXT_H

#include "command.h"

/* For `%.*s`: the log is written by strangers, and what they wrote must not steer the terminal. */
#define S(s) (int)(s).len, shown(s)

/* A copy without control bytes; without UTF-8 also without other bytes than ASCII. It lives until some more were made.
 */
const char *shown(maillog_str s);
/* The same into memory of the caller's, as long as `s`. */
void text_copy_shown(char *to, maillog_str s);

void text_setup(command *c);
/* Columns of the terminal; 0: no terminal, as wide as it gets. */
unsigned text_columns(void);
/* The sign, or what stands for it in ASCII. */
const char *glyph(const char *utf8, const char *ascii);
/* Columns of a text in UTF-8; escape sequences of colours have none. */
size_t text_width(const char *s, size_t len);
/* Bytes of `s` that fit into `columns`. */
size_t text_fit(const char *s, size_t len, size_t columns);
/* Print a text in lines that fit the terminal, those after the first indented. `column`: where it begins. */
void print_wrapped(FILE *out, const char *s, size_t len, unsigned column, unsigned indent);
/* Write errors: standard output was closed by its reader. */
bool output_gone(void);
/* A write failed just now: errno is kept, which later writes would not set again. */
void output_failed(void);
int output_error(void);
/* Without a flush: what was written so far arrived, or waits in the buffer. */
bool output_open(void);
/* Flush; false: there is nobody, or no room, to write to any more. */
bool output_works(void);
/* "1,234" without a locale; "12.3M" */
const char *grouped(uint64_t n);
const char *in_bytes(uint64_t n);
/* Digits that stand before `end`: of a number, of tenths with their point. Where they begin. */
char *text_number(char *end, uint64_t n);
char *text_tenths(char *end, uint64_t n);

#endif
