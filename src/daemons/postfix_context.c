/* postfix_context.c: `from=<…> to=<…> proto=ESMTP helo=<…>` and what may follow it (smtpd_check.c log_whatsup(),
 * cleanup_message.c). The client chooses from, to, helo and the SASL names; the order and the words are Postfix's. */
#include "postfix.h"

static bool angle_item(ml_line *l, ml_cur *c, const char *key, size_t n, maillog_field_id id)
{
    ml_cur t = *c, v;
    if (!ml_skip_n(&t, key, n)) return true; /* absent */
    if (!maillog__angle(l, &t, " ,", &v)) return false;
    ml_put(l, id, v);
    ml_skip_char(&t, ','); /* postscreen separates with commas */
    ml_skip_char(&t, ' ');
    *c = t;
    return true;
}

static bool word_item(ml_line *l, ml_cur *c, const char *key, size_t n, maillog_field_id id)
{
    ml_cur t = *c, v;
    if (!ml_skip_n(&t, key, n)) return true;
    if (ml_peek(t) == '<') return angle_item(l, c, key, n, id);
    if (!ml_word(l, &t, &v)) return false;
    if (ml_last(v) == ',') v.e--;
    ml_put_word(l, id, v, id == MAILLOG_FIELD_PROTO ? maillog__word(v, MAILLOG_PROTO_SMTP, MAILLOG_PROTO_LMTP) : 0);
    ml_skip_char(&t, ' ');
    *c = t;
    return true;
}

#define KEY(key) key, sizeof(key) - 1

bool maillog__postfix_context(ml_line *l, ml_cur tail)
{
    maillog_field *const mark = ml_mark(l);
    ml_cur c = tail;
    ml_skip_char(&c, ' ');
    if (angle_item(l, &c, KEY("from="), MAILLOG_FIELD_FROM) && angle_item(l, &c, KEY("to="), MAILLOG_FIELD_TO) &&
        word_item(l, &c, KEY("proto="), MAILLOG_FIELD_PROTO) && angle_item(l, &c, KEY("helo="), MAILLOG_FIELD_HELO) &&
        word_item(l, &c, KEY("sasl_method="), MAILLOG_FIELD_SASL_METHOD) &&
        word_item(l, &c, KEY("sasl_username="), MAILLOG_FIELD_SASL_USERNAME) &&
        word_item(l, &c, KEY("sasl_sender="), MAILLOG_FIELD_SASL_SENDER) && ml_empty(c))
        return true;
    return ml_fail(l, mark);
}

bool maillog__postfix_split_context(ml_line *l, ml_cur text, ml_cur *head, ml_cur *tail)
{
    maillog_field *const mark = ml_mark(l);
    ml_cur left = text;
    for (const char *p; (p = ml_rfind(left, ';')) != NULL; left.e = p) {
        const ml_cur rest = ml_slice(p + 1, text.e);
        if (!ml_empty(rest) && !maillog__postfix_context(l, rest)) continue;
        ml_fail(l, mark);
        *head = ml_slice(text.p, p);
        *tail = rest;
        return true;
    }
    return false;
}
