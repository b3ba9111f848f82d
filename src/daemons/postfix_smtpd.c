/* postfix_smtpd.c: the SMTP server. Source: smtpd.c, smtpd_check.c, smtpd_chat.c of Postfix 2.11 to 3.11.
 * Client-controlled: helo, from, to, sasl_*, the tail of reject texts; see docs/threat-model.md. */
#include "postfix.h"

/* ` ehlo=1 mail=0/1 … commands=4/6[ notes=…]` after `disconnect from CLIENT` (>= 3.0). */
static bool command_counts(ml_line *l, ml_cur c)
{
    static const struct {
        const char *word;
        uint16_t field;
        uint8_t len;
    } counts[] = {
#define COUNT(word, NAME) {word, MAILLOG_FIELD_##NAME, sizeof(word) - 1}
        COUNT("helo", CMD_HELO),         COUNT("ehlo", CMD_EHLO),         COUNT("xclient", CMD_XCLIENT),
        COUNT("xforward", CMD_XFORWARD), COUNT("starttls", CMD_STARTTLS), COUNT("auth", CMD_AUTH),
        COUNT("mail", CMD_MAIL),         COUNT("rcpt", CMD_RCPT),         COUNT("data", CMD_DATA),
        COUNT("bdat", CMD_BDAT),         COUNT("rset", CMD_RSET),         COUNT("noop", CMD_NOOP),
        COUNT("vrfy", CMD_VRFY),         COUNT("etrn", CMD_ETRN),         COUNT("quit", CMD_QUIT),
        COUNT("help", CMD_HELP),         COUNT("unknown", CMD_UNKNOWN),   COUNT("commands", COMMANDS),
        COUNT("notes", NOTES),
#undef COUNT
    };
    size_t i = 0; /* the order is fixed: smtpd_cmd_table */
    while (ml_skip_char(&c, ' ')) {
        ml_cur item, word;
        if (!ml_word(l, &c, &item) || !ml_until(l, &item, '=', &word)) return false;
        while (i < sizeof counts / sizeof *counts && !ml_is_n(word, counts[i].word, counts[i].len)) i++;
        if (i == sizeof counts / sizeof *counts) {
            ml_put_rest(l, ml_slice(word.p, c.e)); /* a counter that Postfix adds next year */
            return true;
        }
        ml_put(l, (maillog_field_id)counts[i].field, item);
    }
    return ml_empty(c);
}

static bool connect(ml_line *l, ml_cur c)
{
    return maillog__put_client(l, &c) && ml_empty(c) && ml_event(l, MAILLOG_EVENT_POSTFIX_CONNECT);
}

static bool disconnect(ml_line *l, ml_cur c)
{
    return maillog__put_client(l, &c) && command_counts(l, c) && ml_event(l, MAILLOG_EVENT_POSTFIX_DISCONNECT);
}

/* QID: client=CLIENT[, sasl_method=M][, sasl_username=U][, sasl_sender=S][, orig_queue_id=Q][, orig_client=CLIENT] */
static bool client(ml_line *l, ml_cur c)
{
    return maillog__put_client(l, &c) && ml_empty(c) && ml_event(l, MAILLOG_EVENT_POSTFIX_CLIENT);
}

/* CODE DSN text, CODE text, or text. */
static void reply_text(ml_line *l, ml_cur c)
{
    ml_cur t = c, code, dsn;
    if (ml_digits(&t, &code) && ml_len(code) == 3 && ml_skip_char(&t, ' ')) {
        ml_put(l, MAILLOG_FIELD_CODE, code);
        c = t;
        if (maillog__dsn(&t, &dsn) && ml_skip_char(&t, ' ')) {
            ml_put(l, MAILLOG_FIELD_DSN, dsn);
            c = t;
        }
    }
    ml_put(l, MAILLOG_FIELD_REASON, c);
}

/* QID: ACTION: STAGE from CLIENT: TEXT; from=<…> to=<…> proto=… helo=<…> */
static bool action(ml_line *l, ml_cur c)
{
    maillog_field *const mark = ml_mark(l);
    ml_cur word, stage, text, tail;
    if (!ML_UNTIL(l, &c, ": ", &word)) return false;
    const unsigned id = maillog__word(word, MAILLOG_ACTION_REJECT, MAILLOG_ACTION_DEFER);
    if (!id) return false;
    ml_put_word(l, MAILLOG_FIELD_ACTION, word, id);
    if (!ML_UNTIL(l, &c, " from ", &stage)) return ml_fail(l, mark);
    ml_put_word(l, MAILLOG_FIELD_STAGE, stage, maillog__word(stage, MAILLOG_STAGE_CONNECT, MAILLOG_STAGE_UNKNOWN));
    if (!maillog__put_client(l, &c) || !ML_SKIP(&c, ": ")) return ml_fail(l, mark);
    if (!maillog__postfix_split_context(l, c, &text, &tail)) return ml_fail(l, mark);
    reply_text(l, text);
    if (!maillog__postfix_context(l, tail)) return ml_fail(l, mark);
    return ml_event(l, MAILLOG_EVENT_POSTFIX_REJECT);
}

bool maillog__postfix_smtpd(ml_line *l, ml_cur text, const ml_postfix *head)
{
    ml_cur c = text;
    if (head->queue_id.p) {
        if (ML_SKIP(&c, "client=")) return client(l, c);
        return action(l, c);
    }
    if (head->severity) return false;
    if (ML_SKIP(&c, "connect from ")) return connect(l, c);
    if (ML_SKIP(&c, "disconnect from ")) return disconnect(l, c);
    return false;
}
