/* sheet.h: text that grows in memory, for what is written piece by piece and often: a stream of stdio costs more to
 * open than most lines have to say. Start with zeroes; the memory is kept from one use to the next. */
#ifndef SHEET_H
#define SHEET_H

#include "command.h"

typedef struct sheet {
    char *text;
    size_t len, cap;
} sheet;

/* Room for so many bytes more; the end is where it begins. */
char *sheet_room(sheet *s, size_t n);
void sheet_put(sheet *s, const char *text, size_t n);
void sheet_put_byte(sheet *s, char byte);
void sheet_puts(sheet *s, const char *text);
void sheet_printf(sheet *s, const char *format, ...) __attribute__((format(printf, 2, 3)));
void sheet_blanks(sheet *s, size_t n);
/* What a stranger wrote: without control bytes, as shown() has it. */
void sheet_put_shown(sheet *s, maillog_str text);
/* JSON of any length, with a line end, by one of the library's writers. */
void sheet_put_json(sheet *s, json_writer write, const void *what, const maillog_json_options *opt);
/* A string in JSON, with its quotes. */
void sheet_put_json_string(sheet *s, maillog_str text);
void sheet_free(sheet *s);

#endif
