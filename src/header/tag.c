/* tag.c: `postfix/submission/smtpd[15492]: ` and its kin: who wrote the line. */
#include "header.h"

/* `[15492]` at the end of the tag: the program before it, and the digits. `[15492.3]` is pid and thread. Anything else
 * in brackets belongs to the name. */
static ml_cur cut_pid(ml_cur *tag)
{
    if (ml_last(*tag) != ']') return ml_none();
    const char *open = ml_rfind(*tag, '[');
    if (!open || open == tag->p) return ml_none();
    ml_cur pid, rest = ml_slice(open + 1, tag->e - 1);
    if (!ml_digits(&rest, &pid) || !(ml_empty(rest) || *rest.p == '.')) return ml_none();
    tag->e = open;
    return pid;
}

void maillog__put_tag(ml_line *l, ml_cur tag)
{
    const ml_cur pid = cut_pid(&tag);
    const char *slash = ml_rfind(tag, '/');
    l->prefix = slash ? ml_slice(tag.p, slash) : ml_none();
    l->program = slash ? ml_slice(slash + 1, tag.e) : tag;
    ml_put(l, MAILLOG_FIELD_PROGRAM, tag);
    ml_put_opt(l, MAILLOG_FIELD_PID, pid);
}

/* `amavisd (ch1-avail)[1234]: `: a program that shows its state in its name. */
static bool name_with_state(const ml_line *l, ml_cur *c, ml_cur *name, ml_cur *pid)
{
    ml_cur rest = *c, state, whole;
    if (!ml_word(l, &rest, name) || !ML_SKIP(&rest, " (") || !ml_until(l, &rest, ')', &state)) return false;
    if (!ml_until(l, &rest, ' ', &whole) || ml_last(whole) != ':') return false;
    whole = ml_slice(state.e, whole.e - 1); /* from the ')' on, so that the brackets are not the whole of it */
    *pid = cut_pid(&whole);
    if (!pid->p || ml_len(whole) != 1) return false;
    *c = rest;
    return true;
}

/* rsyslog forwards 32 bytes of a tag: what is left of the pid is not the pid. */
static bool cut_by_rsyslog(ml_cur tag, ml_cur *name)
{
    const char *open = ml_rfind(tag, '[');
    if (ml_len(tag) != 32 || !open || open == tag.p) return false;
    ml_cur rest = ml_slice(open + 1, tag.e), digits;
    if (!ml_empty(rest) && (!ml_digits(&rest, &digits) || !ml_empty(rest))) return false;
    *name = ml_slice(tag.p, open);
    return true;
}

/* The message starts after the first blank; a tag that ends neither in ':' nor in a pid is no tag. */
bool maillog__tag(ml_line *l, ml_cur *c)
{
    ml_cur rest = *c, tag, pid;
    if (!ml_until(l, &rest, ' ', &tag)) {
        tag = rest; /* `tag:` at the end of the line: an empty message */
        rest.p = rest.e;
    }
    if (ml_last(tag) == ':' && ml_len(tag) >= 2) {
        tag.e--;
        maillog__put_tag(l, tag);
        *c = rest;
        return true;
    }
    ml_cur name = tag;
    if (ml_last(tag) == ']' && cut_pid(&name).p) { /* some rsyslog templates lose the colon */
        maillog__put_tag(l, tag);
        *c = rest;
        return true;
    }
    if (cut_by_rsyslog(tag, &name)) {
        maillog__put_tag(l, name);
        *c = rest;
        return true;
    }
    rest = *c;
    if (!name_with_state(l, &rest, &name, &pid)) return false;
    maillog__put_tag(l, name);
    ml_put(l, MAILLOG_FIELD_PID, pid);
    *c = rest;
    return true;
}

/* `[ID 197553 mail.info] `: Solaris syslogd numbers the format strings. */
static void solaris_id(const ml_line *l, ml_cur *c, ml_cur *facility)
{
    ml_cur rest = *c, number;
    if (ML_SKIP(&rest, "[ID ") && ml_digits(&rest, &number) && ml_skip_char(&rest, ' ') &&
        ML_UNTIL(l, &rest, "] ", facility) && !ml_find(l, *facility, ' '))
        *c = rest;
    else
        *facility = ml_none();
}

static bool starts_with_count(ml_cur c, const char *lit)
{
    return ml_skip_n(&c, lit, strlen(lit)) && ml_is_digit(ml_peek(c));
}

void maillog__message(ml_line *l, ml_cur *c)
{
    ml_cur facility;
    switch (ml_peek(*c)) {
    case '[':
        solaris_id(l, c, &facility);
        ml_put_opt(l, MAILLOG_FIELD_FACILITY, facility);
        break;
    case 'm':
        if (starts_with_count(*c, "message repeated ")) l->form = ML_FORM_REPEATED;
        break;
    case 'l':
        if (starts_with_count(*c, "last message repeated ")) l->form = ML_FORM_REPEATED;
        break;
    case 'L':
        if (ML_STARTS(*c, "Last message '") && ML_RFIND(*c, " times, suppressed by syslog-ng on "))
            l->form = ML_FORM_REPEATED;
        break;
    default:
        break;
    }
}
