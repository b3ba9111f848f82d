/* sheet.c: text that grows in memory. */
#include "sheet.h"
#include "text.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

char *sheet_room(sheet *s, size_t n)
{
    if (!s->text || s->cap - s->len < n) s->text = (char *)must_realloc(s->text, s->cap = (s->len + n) * 2 + 256);
    return s->text + s->len;
}

void sheet_put(sheet *s, const char *text, size_t n)
{
    if (!n) return;
    memcpy(sheet_room(s, n), text, n);
    s->len += n;
}

void sheet_put_byte(sheet *s, char byte)
{
    *sheet_room(s, 1) = byte;
    s->len++;
}

void sheet_puts(sheet *s, const char *text) { sheet_put(s, text, strlen(text)); }

void sheet_printf(sheet *s, const char *format, ...)
{
    enum { MOST = 256 };
    va_list args;
    va_start(args, format);
    const int n = vsnprintf(sheet_room(s, MOST), MOST, format, args);
    va_end(args);
    if (n > 0) s->len += (size_t)n < MOST ? (size_t)n : MOST - 1;
}

void sheet_blanks(sheet *s, size_t n)
{
    memset(sheet_room(s, n), ' ', n);
    s->len += n;
}

void sheet_put_shown(sheet *s, maillog_str text)
{
    text_copy_shown(sheet_room(s, text.len), text);
    s->len += text.len;
}

void sheet_put_json(sheet *s, json_writer write, const void *what, const maillog_json_options *opt)
{
    char *const end = sheet_room(s, 1);
    const size_t room = s->cap - s->len;
    size_t n = write(what, opt, end, room);
    if (n > room) n = write(what, opt, sheet_room(s, n), n);
    s->len += n;
    sheet_put(s, "\n", 1);
}

void sheet_put_json_string(sheet *s, maillog_str text)
{
    char *const end = sheet_room(s, 1);
    const size_t room = s->cap - s->len;
    size_t n = maillog_json_string(text.ptr, text.len, end, room);
    if (n > room) n = maillog_json_string(text.ptr, text.len, sheet_room(s, n), n);
    s->len += n;
}

void sheet_free(sheet *s)
{
    free(s->text);
    memset(s, 0, sizeof *s);
}
