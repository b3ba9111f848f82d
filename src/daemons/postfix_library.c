/* postfix_library.c: what any Postfix program can write. Sources: util, global, master, tls, xsasl, milter and dns of
 * Postfix 2.11 to 3.11; the statements themselves are rows of the tables postfix_lib_*.c.
 * A remote party controls: PTR names, TLS SNI, SASL names and replies, DNS data: always a value of a row, never its
 * literals, which stand to its left. A severity alone does not make an event: what has no row stays at `rest`. */
#include "postfix_library.h"

static const ml_patterns *const tables[] = {
#define TABLE(name) &maillog__##name,
    MAILLOG__POSTFIX_LIBRARY(TABLE)
#undef TABLE
};

/* `panic: function: text`: a bug of Postfix; the function is the name in the source. */
static bool panic(ml_line *l, ml_cur c)
{
    ml_cur t = c, function;
    if (ML_UNTIL(l, &t, ": ", &function) && !ml_empty(function) && !ml_find(l, function, ' '))
        ml_put(l, MAILLOG_FIELD_FUNC, function);
    else
        t = c;
    ml_put(l, MAILLOG_FIELD_TEXT, t);
    return ml_event(l, MAILLOG_EVENT_POSTFIX_PANIC);
}

bool maillog__postfix_library(ml_line *l, ml_cur text, const ml_postfix *head)
{
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
        if (maillog__match_patterns(l, tables[i], text)) return true;
    return head->severity == MAILLOG_SEVERITY_PANIC && panic(l, text);
}
