/* forms.h: how daemons write what strangers sent them: the forms of schema/control.def. */
#ifndef FORMS_H
#define FORMS_H

#include <stddef.h>

/* Room for 4 * n + 64 bytes more is the caller's. */
typedef struct form_text {
    char *p;
    size_t len;
} form_text;

typedef void form_writer(form_text *out, const char *sent, size_t n);

/* By MAILLOG_FORM_*; NULL for a field that no stranger fills. */
extern form_writer *const form_writers[];

#endif
