/* sendmail.c: `[QUEUE-ID: ]text` of sendmail's programs: the daemon (sm-mta, sendmail), the submission queue
 * (sm-msp-queue), queue runners. Entries that do not fit the syslog buffer come in parts: `QUEUE-ID[1]: text ...`,
 * `QUEUE-ID[2]: text`. Delivery lines are in sendmail_delivery.c, clients, rulesets and milters in sendmail_session.c;
 * sendmail.h says who can write what. */
#include "sendmail.h"

#include "daemons.h"

static size_t alnum_run(ml_cur c)
{
    size_t n = 0;
    while (n < ml_len(c) && ml_is_alnum(c.p[n])) n++;
    return n;
}

bool maillog__sendmail_id(ml_cur *c, ml_cur *id)
{
    const size_t n = alnum_run(*c);
    size_t digits = 0;
    while (digits < n && ml_is_digit(c->p[n - 1 - digits])) digits++;
    const bool now = n >= 13 && n <= 20 && digits >= 5, old = n == 8 && digits >= 5;
    if (!now && !old && !ML_IS(ml_slice(c->p, c->p + n), "NOQUEUE")) return false;
    *id = ml_slice(c->p, c->p + n);
    c->p += n;
    return true;
}

/* `[3]`: the number of a part. */
static bool part_number(ml_cur *c, ml_cur *out)
{
    ml_cur t = *c;
    if (!ml_skip_char(&t, '[') || !ml_digits(&t, out) || !ml_skip_char(&t, ']')) return false;
    *c = t;
    return true;
}

/* `QUEUE-ID: `, `QUEUE-ID[1]: `, `[2]: ` at the start. */
static void put_id(ml_line *l, ml_cur *c, ml_cur *part)
{
    ml_cur t = *c, id = ml_none();
    *part = ml_none();
    maillog__sendmail_id(&t, &id);
    part_number(&t, part);
    if ((!id.p && !part->p) || !ML_SKIP(&t, ": ")) {
        *part = ml_none();
        return;
    }
    *c = t;
    ml_put_opt(l, MAILLOG_FIELD_QUEUE_ID, id);
    ml_put_opt(l, MAILLOG_FIELD_PART, *part);
}

/* `NEW-ID: DSN: text`, `NEW-ID: clone: owner=A`: a message that was made for this one. */
static bool child(ml_line *l, ml_cur c)
{
    static const char *const kinds[] = {"DSN", "return to sender", "sender notify", "postmaster notify"};
    static const char expired[] = "Cannot send message";
    ml_cur id;
    if (!maillog__sendmail_id(&c, &id) || !ML_SKIP(&c, ": ")) return false;
    ml_put(l, MAILLOG_FIELD_NEW_QUEUE_ID, id);
    if (ML_SKIP(&c, "clone: owner=")) {
        ml_put(l, MAILLOG_FIELD_OWNER, c);
        return ml_event(l, MAILLOG_EVENT_SENDMAIL_CLONE);
    }
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        const char *first = c.p;
        if (!ml_skip_n(&c, kinds[i], strlen(kinds[i]))) continue;
        ml_put(l, MAILLOG_FIELD_KIND, ml_slice(first, c.p));
        if (!ML_SKIP(&c, ": ")) return false;
        if (ML_STARTS(c, "Cannot send message"))
            ml_put_word(l, MAILLOG_FIELD_STATUS, ml_slice(c.p, c.p + sizeof expired - 1), MAILLOG_STATUS_EXPIRED);
        ml_put(l, MAILLOG_FIELD_REASON, c);
        return ml_event(l, MAILLOG_EVENT_SENDMAIL_DSN);
    }
    return false;
}

/* `<address>... text`, or `550 5.1.1 <address>... text`: an error of a user, told to who made it. */
static bool user_error(ml_line *l, ml_cur c)
{
    ml_cur t = c, word;
    const bool code = ml_digits(&t, &word) && ml_len(word) == 3 && ml_peek(t) == ' ';
    if (!code && ml_peek(c) == '<') {
        t = c;
        if (!maillog__angle(l, &t, ".", &word) || !ML_STARTS(t, "... ")) return false;
    } else if (!code && ml_peek(c) == '"') {
        if (!maillog__bare_address_end(l, c, "... ", 4)) return false;
    } else if (!code && (!ml_word(l, &t, &word) || !ML_ENDS(word, "...") || ml_len(word) < 4))
        return false;
    maillog__sendmail_reply(l, c, MAILLOG_FIELD_TO);
    return ml_event(l, MAILLOG_EVENT_SENDMAIL_USER_ERROR);
}

/* `Milter (NAME): …`, `Milter (NAME) …` */
static bool milter_named(ml_line *l, ml_cur c)
{
    return ML_SKIP(&c, "Milter (") && maillog__match_patterns(l, &maillog__sendmail_milter, c);
}

void maillog__sendmail(ml_line *l, ml_cur message)
{
    ml_cur c = message, part;
    put_id(l, &c, &part);
    if (part.p && !ML_IS(part, "1")) {
        ml_put(l, MAILLOG_FIELD_TEXT, c);
        ml_event(l, MAILLOG_EVENT_SENDMAIL_PART);
        return;
    }
    if (part.p && ML_DROP_END(&c, " ...")) { /* cut behind a comma or a blank */
        l->ev->flags |= MAILLOG_FLAG_TRUNCATED;
        ML_DROP_END(&c, " ");
        ML_DROP_END(&c, ",");
    }
    maillog_field *const mark = ml_mark(l);
    if (maillog__sendmail_delivery(l, c) || maillog__sendmail_session(l, c) || child(l, c)) return;
    ml_fail(l, mark);
    if (milter_named(l, c) || maillog__match_patterns(l, &maillog__sendmail_statements, c) || user_error(l, c)) return;
    ml_put_rest(l, c);
}
