/* tag.c: `postfix/submission/smtpd[15492]: ` and its kin: who wrote the line. */
#include "header.h"

/* The message starts after the first blank; a tag that does not end in ':' is no tag. */
bool maillog__tag(ml_line *l, ml_cur *c)
{
    ml_cur rest = *c, tag;
    if (!ml_until(l, &rest, ' ', &tag)) {
        tag = rest; /* `tag:` at the end of the line: an empty message */
        rest.p = rest.e;
    }
    if (ml_last(tag) != ':' || ml_len(tag) < 2) return false;
    tag.e--;
    ml_cur program = tag, pid = ml_none();
    if (ml_last(tag) == ']') {
        const char *open = ml_rfind(tag, '[');
        if (open && open > tag.p) {
            program.e = open;
            pid = ml_slice(open + 1, tag.e - 1);
        }
    }
    const char *slash = ml_rfind(program, '/');
    l->prefix = slash ? ml_slice(program.p, slash) : ml_none();
    l->program = slash ? ml_slice(slash + 1, program.e) : program;
    ml_put(l, MAILLOG_FIELD_PROGRAM, program);
    ml_put_opt(l, MAILLOG_FIELD_PID, pid);
    *c = rest;
    return true;
}
