/* dovecot_mail_log.c: the mail_log plugin: `EVENT: box=…, uid=…, msgid=…, size=…[, …]` and what happens to mailboxes;
 * in 2.4 after `Mailbox NAME: `.
 *
 * Source: plugins/mail-log/mail-log-plugin.c; Dovecot 2.2 to 2.4; the order of the fields is the plugin's, each may be
 * missing. Remote-controlled: msgid (80 bytes, control characters masked; `>` and `, ` stay), from, subject. Mailbox
 * names are the user's. The sender's text stands between parts that Dovecot writes: box and uid are read from the left,
 * flags from the right; a Message-ID ends where a well-formed rest begins, and a second such place is flagged. */
#include "dovecot.h"

/* What may stand behind a Message-ID, or behind the sizes. */
static bool begins_sizes(ml_cur c) { return ML_STARTS(c, ", size=") || ML_STARTS(c, ", vsize="); }
static bool begins_names(ml_cur c)
{
    return ML_STARTS(c, ", from=") || ML_STARTS(c, ", subject=") || ML_STARTS(c, ", flags=(");
}

/* `size=N`, `vsize=N` (or the word `error`), from, subject, flags: the whole of `c`. */
static bool put_tail(ml_line *l, ml_cur c)
{
    static const struct {
        const char *key;
        uint8_t len;
        uint16_t field;
    } sizes[] = {{", size=", 7, MAILLOG_FIELD_SIZE}, {", vsize=", 8, MAILLOG_FIELD_VSIZE}};
    maillog_field *const mark = ml_mark(l);
    ml_cur v, flags = ml_none();
    for (size_t i = 0; i < 2; i++) {
        if (!ml_skip_n(&c, sizes[i].key, sizes[i].len)) continue;
        v = c;
        if (!ml_digits(&c, &v) && !ML_SKIP(&c, "error")) return ml_fail(l, mark);
        ml_put(l, (maillog_field_id)sizes[i].field, ml_slice(v.p, c.p));
    }
    if (!ml_empty(c) && !begins_names(c)) return ml_fail(l, mark);
    const char *const last = ML_RFIND(c, ", flags=(");
    if (last && ml_last(c) == ')') {
        flags = ml_slice(last + 9, c.e - 1);
        c.e = last;
    }
    if (ML_SKIP(&c, ", from=")) {
        const char *const subject = ML_FIND(l, c, ", subject=");
        v = ml_slice(c.p, subject ? subject : c.e);
        ml_put(l, MAILLOG_FIELD_HEADER_FROM, v);
        c.p = v.e;
    }
    if (ML_SKIP(&c, ", subject=")) {
        ml_put(l, MAILLOG_FIELD_SUBJECT, c);
        c.p = c.e;
    }
    ml_put_opt(l, MAILLOG_FIELD_FLAGS, flags);
    return ml_empty(c) || ml_fail(l, mark);
}

/* A Message-ID is at most 80 bytes, and a few more when it was cut. */
enum { MSGID_MAX = 100 };

/* `broken`: it is no `<ID>`, though it begins like one; the text ends at `e`. The first `, ` is mostly the one: others
 * are looked for byte by byte. */
static const char *next_end(const ml_line *l, ml_cur window, const char *e, const char *from, bool broken)
{
    for (const char *p = from > window.p ? from : ML_FIND(l, window, ", "); p && p < window.e - 1; p++) {
        if (p[0] != ',' || p[1] != ' ' || !(begins_sizes(ml_slice(p, e)) || begins_names(ml_slice(p, e)))) continue;
        const ml_cur id = ml_slice(window.p, p);
        if (broken || ml_peek(id) != '<' || ml_last(id) == '>' || ML_ENDS(id, "...")) return p;
    }
    return NULL;
}

/* Whether the Message-ID could end before a `, size=` inside of it, or at one behind it. */
static bool is_doubtful(ml_line *l, ml_cur c, const char *end, ml_cur window)
{
    maillog_field *const mark = ml_mark(l);
    const char *const earlier = ML_FIND(l, ml_slice(c.p, end), ", size=");
    if (earlier && put_tail(l, ml_slice(earlier, c.e))) {
        l->next = mark;
        return true;
    }
    return end + 2 < window.e && ML_FIND(l, ml_slice(end + 2, window.e), ", size=");
}

static bool read_msgid(ml_line *l, ml_cur c, bool broken)
{
    maillog_field *const mark = ml_mark(l);
    const ml_cur window = ml_slice(c.p, ml_len(c) > MSGID_MAX ? c.p + MSGID_MAX : c.e);
    if (!broken && ml_peek(c) == '<' && !ml_find(l, window, '>') && !ML_FIND(l, window, "...")) return false;
    for (const char *p = window.p; (p = next_end(l, window, c.e, p, broken)) != NULL; p += 2) {
        ml_put(l, MAILLOG_FIELD_MESSAGE_ID, ml_slice(c.p, p));
        if (put_tail(l, ml_slice(p, c.e))) {
            if (broken || is_doubtful(l, c, p, window)) l->ev->flags |= MAILLOG_FLAG_AMBIGUOUS;
            return true;
        }
        l->next = mark;
    }
    return false;
}

/* `msgid=ID` and the rest of the line. */
static bool put_message(ml_line *l, ml_cur c)
{
    if (!ML_SKIP(&c, ", msgid=")) return put_tail(l, c);
    if (read_msgid(l, c, false) || read_msgid(l, c, true)) return true;
    if (ml_find(l, c, ',')) return false;
    ml_put(l, MAILLOG_FIELD_MESSAGE_ID, c);
    return true;
}

/* `box=NAME, uid=N, …`; the name ends at the first uid. */
static bool put_fields(ml_line *l, ml_cur c, maillog_field_id box)
{
    ml_cur v = ml_slice(c.p, c.p);
    if (ML_SKIP(&c, "box=")) {
        const char *const uid = ML_FIND(l, c, ", uid="), *end = uid;
        if (!end) end = ML_FIND(l, c, ", msgid=");
        if (!end) end = ML_FIND(l, c, ", size=");
        v = ml_slice(c.p, end ? end : c.e);
        ml_put(l, box, v);
        c.p = v.e;
        if (uid && ML_FIND(l, ml_slice(uid + 2, c.e), ", uid=")) l->ev->flags |= MAILLOG_FLAG_AMBIGUOUS;
        ML_SKIP(&c, ", ");
    }
    if (ML_SKIP(&c, "uid=")) {
        v = c;
        if (!ml_digits(&c, &v) && !ML_SKIP(&c, "error")) return false;
        ml_put(l, MAILLOG_FIELD_UID, ml_slice(v.p, c.p));
        return put_message(l, c);
    }
    if (c.p > v.p && c.p[-1] == ' ') c.p -= 2; /* the `, ` belongs to what follows */
    return put_message(l, c);
}

/* `EVENT` or `copy from MAILBOX`, before `: box=` or `: uid=`. */
static bool put_event(ml_line *l, ml_cur event)
{
    static const char *const events[] = {"delete", "undelete", "expunge", "autoexpunge", "save", "flag_change", "copy"};
    ml_cur source = event;
    if (ML_SKIP(&source, "copy from ")) {
        ml_put(l, MAILLOG_FIELD_ACTION, ml_slice(event.p, event.p + sizeof "copy" - 1));
        ml_put(l, MAILLOG_FIELD_SRC_MAILBOX, source);
        return true;
    }
    for (size_t i = 0; i < sizeof events / sizeof *events; i++) {
        if (!ml_is_n(event, events[i], strlen(events[i]))) continue;
        ml_put(l, MAILLOG_FIELD_ACTION, event);
        return true;
    }
    return false;
}

/* Whether the text begins with a word that an event may be, and what follows one. */
static bool begins_event(ml_cur c)
{
    while (ml_is_lower(ml_peek(c)) || ml_peek(c) == '_') c.p++;
    return ML_STARTS(c, ": box=") || ML_STARTS(c, ": uid=") || ML_STARTS(c, " from ");
}

static bool mail_changed(ml_line *l, ml_cur c, bool after_mailbox)
{
    maillog_field *const mark = ml_mark(l);
    if (!begins_event(c)) return false;
    const char *end = ML_FIND(l, c, ": box=");
    if (!end) end = ML_FIND(l, c, ": uid=");
    if (!end || !put_event(l, ml_slice(c.p, end))) return false;
    c.p = end + 2;
    if (!put_fields(l, c, after_mailbox ? MAILLOG_FIELD_MAILBOX2 : MAILLOG_FIELD_MAILBOX)) return ml_fail(l, mark);
    return ml_event(l, MAILLOG_EVENT_DOVECOT_MAIL_CHANGED);
}

ML_PATTERN_ROWS(maillog__dovecot_mail_log_mailboxes) = {
    {MAILLOG_EVENT_DOVECOT_MAILBOX_CREATED, {MAILLOG_FIELD_MAILBOX}, ML_TEXT("Mailbox created: %s")},
    {MAILLOG_EVENT_DOVECOT_MAILBOX_DELETED, {MAILLOG_FIELD_MAILBOX}, ML_TEXT("Mailbox deleted: %s")},
};
ML_PATTERN_TABLE(maillog__dovecot_mail_log_mailboxes);

/* Before 2.4: `OLD -> NEW`; a name may hold the arrow. */
static bool renamed(ml_line *l, ml_cur c)
{
    ml_cur old;
    if (!ML_SKIP(&c, "Mailbox renamed: ") || !ML_UNTIL(l, &c, " -> ", &old)) return false;
    ml_put(l, MAILLOG_FIELD_MAILBOX, old);
    ml_put(l, MAILLOG_FIELD_NEW_MAILBOX, c);
    if (ML_FIND(l, c, " -> ")) l->ev->flags |= MAILLOG_FLAG_AMBIGUOUS;
    return ml_event(l, MAILLOG_EVENT_DOVECOT_MAILBOX_RENAMED);
}

/* `Mailbox renamed: NAME -> NEW` after `Mailbox NAME: `: the name is known, so the arrow is. */
static bool renamed_after(ml_line *l, ml_cur c, ml_cur name)
{
    if (!ML_SKIP(&c, "Mailbox renamed: ") || !ml_starts_n(c, name.p, ml_len(name))) return false;
    const ml_cur old = ml_slice(c.p, c.p + ml_len(name));
    c.p = old.e;
    if (!ML_SKIP(&c, " -> ")) return false;
    ml_put(l, MAILLOG_FIELD_MAILBOX2, old);
    ml_put(l, MAILLOG_FIELD_NEW_MAILBOX, c);
    return ml_event(l, MAILLOG_EVENT_DOVECOT_MAILBOX_RENAMED);
}

/* 2.4: `Mailbox NAME: STATEMENT`. */
static bool after_mailbox(ml_line *l, ml_cur c)
{
    maillog_field *const mark = ml_mark(l);
    ml_cur name;
    if (!ML_SKIP(&c, "Mailbox ") || !ML_UNTIL(l, &c, ": ", &name)) return false;
    ml_put(l, MAILLOG_FIELD_MAILBOX, name);
    if (ML_IS(c, "Mailbox created")) return ml_event(l, MAILLOG_EVENT_DOVECOT_MAILBOX_CREATED);
    if (ML_IS(c, "Mailbox deleted")) return ml_event(l, MAILLOG_EVENT_DOVECOT_MAILBOX_DELETED);
    return renamed_after(l, c, name) || mail_changed(l, c, true) || ml_fail(l, mark);
}

bool maillog__dovecot_mail_log(ml_line *l, ml_cur text)
{
    if (ML_STARTS(text, "Mailbox "))
        return maillog__match_patterns(l, &maillog__dovecot_mail_log_mailboxes, text) || renamed(l, text) ||
               after_mailbox(l, text);
    return mail_changed(l, text, false);
}
