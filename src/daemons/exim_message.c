/* exim_message.c: the way of a message:
 *
 *   <= SENDER [R=ID] H=… P=… … [id=MID] [T="SUBJECT"] [from <S>] [for R R R]
 *   => ADDRESS [(PARENT)] [<ORIGINAL>] [F=<S>] R=… T=… H=… … C="REPLY"        -> *> >> in the same way
 *   == ADDRESS … defer (ERRNO)[: STRERROR][ H=…][: MESSAGE]
 *   ** ADDRESS … H=…: MESSAGE */
#include "exim.h"

ml_cur maillog__exim_address(const ml_line *l, ml_cur *c)
{
    const char *first = c->p;
    if (ml_peek(*c) == '"')
        for (c->p++; !ml_empty(*c) && *c->p != '"';) ml_advance(c, *c->p == '\\' ? 2 : 1);
    const char *end = ml_find(l, *c, ' ');
    c->p = end ? end : c->e;
    /* `** a@example.org: retry timeout exceeded`, but `:blackhole: <a@example.org>` */
    if (end && c->p > first && c->p[-1] == ':' && *first != ':') c->p--;
    return ml_slice(first, c->p);
}

/* `|command args` may hold blanks: it goes to the ` <ORIGINAL>` that always follows. */
static ml_cur pipe_command(const ml_line *l, ml_cur *c)
{
    const char *end = ML_FIND(l, *c, " <");
    const ml_cur v = ml_slice(c->p, end ? end : c->e);
    c->p = v.e;
    return v;
}

/* ADDRESS [(PARENT)] [<ORIGINAL>]: alone, the address is the recipient; before it stands where it went in the end. */
static void put_recipient(ml_line *l, ml_cur *c)
{
    ML_SKIP(c, "save ");
    const bool pipe = ml_peek(*c) == '|';
    const ml_cur final = pipe ? pipe_command(l, c) : maillog__exim_address(l, c);
    ml_cur parents = ml_none(), original, t = *c;
    if (ML_SKIP(&t, " (") && ml_until(l, &t, ')', &parents) && ML_STARTS(t, " <"))
        *c = t;
    else
        parents = ml_none();
    t = *c;
    const bool has_original = ml_skip_char(&t, ' ') && maillog__angle(l, &t, " :", &original);
    if (!has_original) {
        ml_put(l, MAILLOG_FIELD_TO, final);
        return;
    }
    *c = t;
    if (ml_peek(final) == '/')
        ml_put(l, MAILLOG_FIELD_PATH, final);
    else if (pipe)
        ml_put(l, MAILLOG_FIELD_COMMAND, final);
    else if (ml_find(l, final, '@'))
        ml_put(l, MAILLOG_FIELD_TO, final);
    else
        ml_put(l, MAILLOG_FIELD_LOCALPART, final);
    ml_put_opt(l, MAILLOG_FIELD_PARENTS, parents);
    ml_put(l, ml_find(l, final, '@') && !pipe && *final.p != '/' ? MAILLOG_FIELD_ORIG_TO : MAILLOG_FIELD_TO, original);
}

/* `: text`, or ` text`. */
static void put_reason(ml_line *l, ml_cur c)
{
    if (!ML_SKIP(&c, ": ")) ml_skip_char(&c, ' ');
    if (!ml_empty(c)) ml_put(l, MAILLOG_FIELD_REASON, c);
}

/* The same, and ` DT=0.1s` at the very end (log selector deliver_time), if it stood nowhere before. What a remote
 * server says can end so, too: then the line is flagged. */
static void put_reason_and_time(ml_line *l, const maillog_field *first, ml_cur c)
{
    const char *const blank = ml_rfind(c, ' ');
    ml_cur time = ml_slice(blank ? blank + 1 : c.e, c.e);
    for (const maillog_field *f = first; f < l->next; f++)
        if (f->id == MAILLOG_FIELD_DELIVERY_TIME) time.p = time.e;
    if (ML_SKIP(&time, "DT=") && ml_is_digit(ml_peek(time)) && ml_last(time) == 's') {
        if (ML_FIND(l, c, "SMTP error from remote")) l->ev->flags |= MAILLOG_FLAG_AMBIGUOUS;
        ml_put(l, MAILLOG_FIELD_DELIVERY_TIME, time);
        c.e = blank;
    }
    put_reason(l, c);
}

static bool delivered(ml_line *l, ml_cur c, maillog_event_type event)
{
    static const char *const dropped[] = {"discarded", "blackhole"};
    for (size_t i = 0; i < sizeof dropped / sizeof *dropped; i++) {
        ml_cur t = c;
        if (!ml_skip_n(&t, dropped[i], strlen(dropped[i])) || !ML_SKIP(&t, " (") || !ML_DROP_END(&t, ")")) continue;
        ml_put_word(l, MAILLOG_FIELD_ACTION, ml_slice(c.p, c.p + strlen(dropped[i])), MAILLOG_ACTION_DISCARD);
        ml_put(l, MAILLOG_FIELD_REASON, t);
        return ml_event(l, MAILLOG_EVENT_EXIM_DISCARDED);
    }
    put_recipient(l, &c);
    maillog__exim_fields(l, &c, ML_EXIM_DELIVERED);
    ml_put_rest(l, c);
    return ml_event(l, event);
}

static bool failed(ml_line *l, ml_cur c)
{
    const maillog_field *const first = ml_mark(l);
    put_recipient(l, &c);
    maillog__exim_fields(l, &c, ML_EXIM_DELIVERED);
    put_reason_and_time(l, first, c);
    return ml_event(l, MAILLOG_EVENT_EXIM_FAILED);
}

/* Behind ` defer (ERRNO)`. A positive number has the system's words for it; a host may stand behind them. */
static void put_deferral(ml_line *l, const maillog_field *first, ml_cur c, bool system_error)
{
    ml_cur t = c, error;
    if (system_error && ML_SKIP(&t, ": ") && ML_UNTIL(l, &t, " H=", &error) && !ML_FIND(l, error, ": ")) {
        ml_put(l, MAILLOG_FIELD_ERROR, error);
        c.p = error.e;
    }
    maillog__exim_fields(l, &c, ML_EXIM_DELIVERED);
    put_reason_and_time(l, first, c);
}

static bool deferred(ml_line *l, ml_cur c)
{
    maillog_field *const mark = ml_mark(l);
    ml_cur number;
    put_recipient(l, &c);
    maillog__exim_fields(l, &c, ML_EXIM_DELIVERED);
    ml_skip_char(&c, ' ');
    ML_SKIP(&c, "routing ");
    ml_cur t = c;
    if (!ML_SKIP(&t, "defer (") || !ml_decimal(&t, &number) || !ml_skip_char(&t, ')')) {
        if (ml_empty(c)) return ml_fail(l, mark);
        ml_put(l, MAILLOG_FIELD_REASON, c);
        return ml_event(l, MAILLOG_EVENT_EXIM_DEFERRED);
    }
    ml_put(l, MAILLOG_FIELD_ERRNO, number);
    put_deferral(l, mark, t, *number.p != '-' && *number.p != '0');
    return ml_event(l, MAILLOG_EVENT_EXIM_DEFERRED);
}

/* ` from <SENDER>` and ` for R R R`, with the log selectors received_sender and received_recipients. */
static void put_raw_envelope(ml_line *l, ml_cur c)
{
    ml_cur sender;
    if (ML_SKIP(&c, " from ")) {
        if (!maillog__angle(l, &c, " ", &sender)) {
            ml_put_rest(l, c);
            return;
        }
        ml_put(l, MAILLOG_FIELD_RAW_FROM, sender);
    }
    if (ML_SKIP(&c, " for "))
        ml_put(l, MAILLOG_FIELD_RECIPIENTS, c);
    else
        ml_put_rest(l, c);
}

static bool received(ml_line *l, ml_cur c, maillog_event_type event)
{
    const ml_cur sender = maillog__exim_address(l, &c);
    if (ml_empty(sender)) return false;
    ml_put(l, MAILLOG_FIELD_FROM, ML_IS(sender, "<>") ? ml_slice(sender.p + 1, sender.p + 1) : sender);
    maillog__exim_fields(l, &c, ML_EXIM_RECEIVED);
    put_raw_envelope(l, c);
    return ml_event(l, event);
}

bool maillog__exim_message(ml_line *l, ml_cur c)
{
    if (ml_len(c) < 4 || c.p[2] != ' ') return false;
    const char a = c.p[0], b = c.p[1];
    c.p += 3;
    if (b == '=') {
        if (a == '<') return received(l, c, MAILLOG_EVENT_EXIM_ARRIVE);
        if (a == '(') return received(l, c, MAILLOG_EVENT_EXIM_FAKE_REJECT);
        return a == '=' && deferred(l, c);
    }
    if (a == '*' && b == '*') return failed(l, c);
    if (b != '>') return false;
    switch (a) {
    case '=':
        return delivered(l, c, MAILLOG_EVENT_EXIM_DELIVER);
    case '-':
        return delivered(l, c, MAILLOG_EVENT_EXIM_ADDITIONAL);
    case '>':
        return delivered(l, c, MAILLOG_EVENT_EXIM_CUTTHROUGH);
    case '*':
        return delivered(l, c, MAILLOG_EVENT_EXIM_NOT_DELIVERED);
    default:
        return false;
    }
}
