/* forms.c: see forms.h. */
#include "forms.h"

#include <stdio.h>
#include <string.h>

#include <maillog/maillog.h>

static void add(form_text *t, int c) { t->p[t->len++] = (char)c; }

static void adds(form_text *t, const char *s)
{
    while (*s) add(t, *s++);
}

static int is_control(unsigned char c) { return c < 32 || c == 127; }

static void write_host(form_text *out, const char *sent, size_t n)
{
    add(out, 'x');
    for (size_t i = 0; i < n; i++) {
        const unsigned char c = (unsigned char)sent[i];
        add(out, (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z') || c == '-' || c == '.' ? c : '-');
    }
    adds(out, ".lie.example");
}

static void write_helo(form_text *out, const char *sent, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const unsigned char c = (unsigned char)sent[i];
        add(out, is_control(c) || c > 127 || strchr(" <>()\\\";@", c) ? '?' : c);
    }
    if (n == 0) add(out, 'x');
}

static void write_printable(form_text *out, const char *sent, size_t n)
{
    for (size_t i = 0; i < n; i++) add(out, is_control((unsigned char)sent[i]) ? '?' : sent[i]);
}

static void write_token(form_text *out, const char *sent, size_t n)
{
    for (size_t i = 0; i < n; i++) add(out, sent[i] == ' ' || is_control((unsigned char)sent[i]) ? '?' : sent[i]);
    if (n == 0) add(out, 'x');
}

/* A local part with what is no atom is a quoted string. */
static void write_address(form_text *out, const char *sent, size_t n)
{
    if (n == 0) return;
    add(out, '"');
    for (size_t i = 0; i < n; i++) {
        if (sent[i] == '"' || sent[i] == '\\') add(out, '\\');
        add(out, is_control((unsigned char)sent[i]) ? '?' : sent[i]);
    }
    adds(out, "\"@lie.example");
}

/* The same without the quotes: what some daemons write, too, beside the quoted form. */
static void write_internal(form_text *out, const char *sent, size_t n)
{
    if (n == 0) return;
    write_printable(out, sent, n);
    adds(out, "@lie.example");
}

static void write_header(form_text *out, const char *sent, size_t n)
{
    adds(out, "X-Lie: ");
    write_printable(out, sent, n);
}

static void write_atom(form_text *out, const char *sent, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const unsigned char c = (unsigned char)sent[i];
        add(out, is_control(c) || c > 126 || strchr(" <>()[]\\\";:@,", c) ? '_' : c);
    }
    adds(out, "@lie.example");
}

static void write_angle(form_text *out, const char *sent, size_t n)
{
    add(out, '<');
    for (size_t i = 0; i < n; i++) {
        const unsigned char c = (unsigned char)sent[i];
        add(out, is_control(c) || c > 126 || c == '<' || c == '>' ? '?' : c == ' ' ? '_' : c);
    }
    add(out, '>');
}

static void write_doubled(form_text *out, const char *sent, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (sent[i] == '"') add(out, '"');
        add(out, is_control((unsigned char)sent[i]) ? '?' : sent[i]);
    }
}

static void write_escaped(form_text *out, const char *sent, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const unsigned char c = (unsigned char)sent[i];
        if (is_control(c) || c > 126) {
            out->len += (size_t)sprintf(out->p + out->len, "\\%03o", c);
            continue;
        }
        if (c == '\\' || c == '"') add(out, '\\');
        add(out, c);
    }
}

/* As printable, cut to 64 bytes, of which the last three say so. */
static void write_short(form_text *out, const char *sent, size_t n)
{
    write_printable(out, sent, n > 64 ? 61 : n);
    for (int i = 0; i < 3 && n > 64; i++) add(out, '.');
}

form_writer *const form_writers[] = {
    [MAILLOG_FORM_HOST] = write_host,       [MAILLOG_FORM_HELO] = write_helo,
    [MAILLOG_FORM_ADDRESS] = write_address, [MAILLOG_FORM_PRINTABLE] = write_printable,
    [MAILLOG_FORM_TOKEN] = write_token,     [MAILLOG_FORM_ESCAPED] = write_escaped,
    [MAILLOG_FORM_SHORT] = write_short,     [MAILLOG_FORM_SUBJECT] = write_internal,
    [MAILLOG_FORM_HEADER] = write_header,   [MAILLOG_FORM_ATOM] = write_atom,
    [MAILLOG_FORM_ANGLE] = write_angle,     [MAILLOG_FORM_DOUBLED] = write_doubled,
};
