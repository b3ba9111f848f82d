/* postfix_cleanup.c: canonicalises and enqueues. Source: cleanup_message.c, cleanup_milter.c, cleanup_out.c,
 * cleanup_map1n.c, cleanup_bounce.c, header_body_checks.c of Postfix 2.11 to 3.11.
 * Sender-controlled: message_id and resent_message_id (raw header text up to the end of the line), content (the first
 * 200 bytes of a header or body line: all that Postfix adds is read from the right). */
#include "postfix_library.h"

ML_PATTERN_ROWS(maillog__postfix_cleanup_warnings) = {
    ROW1(LOOKUP_FAILED, "%w map lookup problem -- message not accepted, try again later", MAP),
    ROW2(LOOKUP_FAILED, "%w map lookup problem for %S -- message not accepted, try again later", MAP, KEY),
    ROW1(MILTER_REQUEST, "Milter or header/body_checks request to add multi-recipient: \"%s\"", TEXT),
    ROW1(MILTER_REQUEST, "Milter request to add multi-recipient: \"%s\"", TEXT),
    ROW1(MILTER_REQUEST, "Milter request to add multi-sender: \"%s\"", TEXT),
    ROW1(MILTER_REQUEST, "Milter request to drop multi-recipient: \"%s\"", TEXT),
    ROW1(CHECKS_WARNING, "bad DSN action in %w -- need 4.x.x or 5.x.x", MAP),
    ROW2(CHECKS_WARNING, "bad FILTER command %S in %w -- need transport:destination", TEXT, MAP),
    ROW0(BOUNCE_FAILED, "bounce message failure"),
    ROW0(MILTER_REQUEST, "ignoring attempt from Milter to add null recipient"),
    ROW2(CHECKS_WARNING, "ignoring bad DELAY argument %S in %w map", TEXT, MAP),
    ROW1(MESSAGE_REJECTED, "message not accepted, %s", REASON),
    ROW1(MESSAGE_REJECTED, "message rejected: %s", REASON),
    ROW1(CHECKS_WARNING, "missing DELAY argument in %w map", MAP),
    ROW1(CHECKS_WARNING, "missing FILTER command argument in %w map", MAP),
    ROW2(LOOKUP_FAILED, "multi-valued %w entry for %s", MAP, KEY),
    ROW2(CHECKS_WARNING, "unknown command in %w map: %s", MAP, COMMAND),
    ROW2(MESSAGE_REJECTED, "unreasonable %w map nesting for %S -- message not accepted, try again later", MAP, KEY),
    ROW2(MESSAGE_REJECTED, "unreasonable %w map expansion size for %S -- message not accepted, try again later", MAP,
         KEY),
};
ML_PATTERN_TABLE(maillog__postfix_cleanup_warnings);

/* ` from ORIGIN` at the end: ORIGIN is name[addr], `local` or `unknown`, without blanks. */
static bool split_origin(ml_cur *content, ml_cur *origin)
{
    ml_cur t = *content;
    if (!ML_UNTIL_LAST(&t, " from ", content)) return false;
    *origin = t;
    return true;
}

static void put_origin(ml_line *l, ml_cur origin)
{
    ml_cur t = origin;
    maillog_field *const mark = ml_mark(l);
    if (maillog__put_client(l, &t) && ml_empty(t)) return;
    ml_fail(l, mark);
    ml_put(l, MAILLOG_FIELD_ORIGIN, origin);
}

/* `: TEXT` after the context: the action's own text. */
static void put_after(ml_line *l, ml_cur c)
{
    if (ML_SKIP(&c, ": ")) {
        if (!ml_empty(c)) ml_put(l, MAILLOG_FIELD_TEXT, c);
    } else {
        ml_put_rest(l, c);
    }
}

/* header|body|content CONTENT from ORIGIN; from=<…> to=<…> proto=… helo=<…>[: TEXT] */
static bool content_check(ml_line *l, ml_cur c)
{
    ml_cur where, content, origin;
    ml_context ctx;
    if (!ml_word(l, &c, &where) || !ml_skip_char(&c, ' ')) return false;
    if (!maillog__postfix_find_context(l, c, ML_CONTEXT_THEN_TEXT, &ctx)) {
        l->ev->flags |= MAILLOG_FLAG_TRUNCATED;
        ml_put(l, MAILLOG_FIELD_WHERE, where);
        ml_put(l, MAILLOG_FIELD_CONTENT, c);
        return ml_event(l, MAILLOG_EVENT_POSTFIX_CONTENT_CHECK);
    }
    content = ctx.text;
    if (!split_origin(&content, &origin)) return false;
    ml_put(l, MAILLOG_FIELD_WHERE, where);
    ml_put(l, MAILLOG_FIELD_CONTENT, content);
    put_origin(l, origin);
    maillog__postfix_put_context(l, &ctx);
    put_after(l, ctx.after);
    return ml_event(l, MAILLOG_EVENT_POSTFIX_CONTENT_CHECK);
}

/* mime-error REASON: CONTENT from ORIGIN; from=<…> to=<…> */
static bool mime_error(ml_line *l, ml_cur c)
{
    ml_cur reason, content, origin;
    ml_context ctx;
    if (!ML_SKIP(&c, "mime-error ") || !ML_UNTIL(l, &c, ": ", &reason)) return false;
    if (!maillog__postfix_find_context(l, c, ML_CONTEXT_THEN_TEXT, &ctx)) return false;
    content = ctx.text;
    if (!split_origin(&content, &origin)) return false;
    ml_put(l, MAILLOG_FIELD_MIME_ERROR, reason);
    ml_put(l, MAILLOG_FIELD_CONTENT, content);
    put_origin(l, origin);
    maillog__postfix_put_context(l, &ctx);
    ml_put_rest(l, ctx.after);
    return ml_event(l, MAILLOG_EVENT_POSTFIX_MIME_ERROR);
}

static bool is_lower_word(ml_cur c)
{
    for (; !ml_empty(c) && ml_is_lower(*c.p); c.p++) continue;
    return ml_empty(c);
}

/* milter-header-ACT: as content_check, from milter_header_checks; ACT alone is the action, known or not. */
static bool milter_check(ml_line *l, ml_cur word, ml_cur c)
{
    ml_cur act = word, part;
    if (!ML_SKIP(&act, "milter-") || !ml_until(l, &act, '-', &part)) return false;
    const unsigned id = maillog__word(act, MAILLOG_ACTION_REJECT, MAILLOG_ACTION_DEFER);
    if (!id && !is_lower_word(act)) return false;
    ml_put(l, MAILLOG_FIELD_WHERE2, part);
    ml_put_word(l, MAILLOG_FIELD_ACTION, act, id);
    return content_check(l, c);
}

/* ACT: … of header and body checks, MIME errors, and Milters. */
static bool action(ml_line *l, ml_cur text, const ml_postfix *head)
{
    ml_cur c = text, word;
    if (!ml_postfix_word(head, &c, &word)) return false;
    const unsigned id = maillog__word(word, MAILLOG_ACTION_REJECT, MAILLOG_ACTION_DEFER);
    if (!id) return milter_check(l, word, c);
    if (ML_STARTS(word, "milter-")) return maillog__postfix_action(l, text, head);
    ml_put_word(l, MAILLOG_FIELD_ACTION, word, id);
    return mime_error(l, c) || content_check(l, c);
}

/* removed[ (canceled|discarded)] */
static bool removed(ml_line *l, ml_cur c)
{
    ml_cur why;
    if (!ML_SKIP(&c, "removed")) return false;
    if (ML_SKIP(&c, " (") && ml_until(l, &c, ')', &why)) ml_put(l, MAILLOG_FIELD_WHY, why);
    ml_put_rest(l, c);
    return ml_event(l, MAILLOG_EVENT_POSTFIX_REMOVED);
}

bool maillog__postfix_cleanup(ml_line *l, ml_cur text, const ml_postfix *head)
{
    ml_cur c = text;
    if (head->severity) return maillog__match_patterns(l, &maillog__postfix_cleanup_warnings, text);
    if (!head->queue_id.p) return false;
    if (ML_SKIP(&c, "message-id=")) {
        ml_put(l, MAILLOG_FIELD_MESSAGE_ID, c);
        return ml_event(l, MAILLOG_EVENT_POSTFIX_MESSAGE_ID);
    }
    if (ML_SKIP(&c, "resent-message-id=")) {
        ml_put(l, MAILLOG_FIELD_RESENT_MESSAGE_ID, c);
        return ml_event(l, MAILLOG_EVENT_POSTFIX_RESENT_MESSAGE_ID);
    }
    maillog_field *const mark = ml_mark(l);
    if (maillog__postfix_delivery_line(l, c) || removed(l, c) || action(l, c, head)) return true;
    ml_fail(l, mark);
    return maillog__match_patterns(l, &maillog__postfix_cleanup_warnings, text); /* told without a severity too */
}
