/* postfix.c: what every Postfix line begins with, and the way to the program's own grammar. */
#include "postfix.h"

#include "daemons.h"

/* Programs by the name they log: relay and the like only occur as master.cf names of a copied program. */
static const ml_postfix_grammar programs[] = {
    [MAILLOG_DAEMON_POSTFIX_SMTPD] = maillog__postfix_smtpd,
    [MAILLOG_DAEMON_POSTFIX_CLEANUP] = maillog__postfix_cleanup,
    [MAILLOG_DAEMON_POSTFIX_QMGR] = maillog__postfix_qmgr,
    [MAILLOG_DAEMON_POSTFIX_SMTP] = maillog__postfix_smtp,
    [MAILLOG_DAEMON_POSTFIX_PIPE] = maillog__postfix_agent,
    [MAILLOG_DAEMON_POSTFIX_LOCAL] = maillog__postfix_agent,
    [MAILLOG_DAEMON_POSTFIX_LMTP] = maillog__postfix_smtp,
    [MAILLOG_DAEMON_POSTFIX_VIRTUAL] = maillog__postfix_agent,
    [MAILLOG_DAEMON_POSTFIX_ANVIL] = maillog__postfix_statistics,
    [MAILLOG_DAEMON_POSTFIX_BOUNCE] = maillog__postfix_bounce,
    [MAILLOG_DAEMON_POSTFIX_POSTSCREEN] = maillog__postfix_postscreen,
    [MAILLOG_DAEMON_POSTFIX_DNSBLOG] = maillog__postfix_dnsblog,
    [MAILLOG_DAEMON_POSTFIX_TLSPROXY] = maillog__postfix_tlsproxy,
    [MAILLOG_DAEMON_POSTFIX_PICKUP] = maillog__postfix_pickup,
    [MAILLOG_DAEMON_POSTFIX_ERROR] = maillog__postfix_agent,
    [MAILLOG_DAEMON_POSTFIX_DISCARD] = maillog__postfix_agent,
    [MAILLOG_DAEMON_POSTFIX_RELAY] = maillog__postfix_smtp,
    [MAILLOG_DAEMON_POSTFIX_RETRY] = maillog__postfix_agent,
    [MAILLOG_DAEMON_POSTFIX_DEFER] = maillog__postfix_bounce,
    [MAILLOG_DAEMON_POSTFIX_TRACE] = maillog__postfix_bounce,
    [MAILLOG_DAEMON_POSTFIX_OQMGR] = maillog__postfix_qmgr,
    [MAILLOG_DAEMON_POSTFIX_NQMGR] = maillog__postfix_qmgr,
    [MAILLOG_DAEMON_POSTFIX_VERIFY] = maillog__postfix_statistics,
    [MAILLOG_DAEMON_POSTFIX_SCACHE] = maillog__postfix_statistics,
    [MAILLOG_DAEMON_POSTFIX_QMQPD] = maillog__postfix_qmqpd,
    [MAILLOG_DAEMON_POSTFIX_SCRIPT] = maillog__postfix_script,
    [MAILLOG_DAEMON_POSTFIX_POSTFIX] = maillog__postfix_script,
    [MAILLOG_DAEMON_POSTFIX_FILES] = maillog__postfix_script,
    [MAILLOG_DAEMON_POSTFIX_TLSMGR] = maillog__postfix_services,
    [MAILLOG_DAEMON_POSTFIX_PROXYMAP] = maillog__postfix_services,
    [MAILLOG_DAEMON_POSTFIX_PROXYWRITE] = maillog__postfix_services,
    [MAILLOG_DAEMON_POSTFIX_TRIVIAL_REWRITE] = maillog__postfix_services,
    [MAILLOG_DAEMON_POSTFIX_FLUSH] = maillog__postfix_services,
    [MAILLOG_DAEMON_POSTFIX_SHOWQ] = maillog__postfix_services,
    [MAILLOG_DAEMON_POSTFIX_SPAWN] = maillog__postfix_services,
    [MAILLOG_DAEMON_POSTFIX_NBDB_REINDEXD] = maillog__postfix_services,
    [MAILLOG_DAEMON_POSTFIX_POSTSUPER] = maillog__postfix_tools,
    [MAILLOG_DAEMON_POSTFIX_POSTQUEUE] = maillog__postfix_tools,
    [MAILLOG_DAEMON_POSTFIX_POSTDROP] = maillog__postfix_tools,
    [MAILLOG_DAEMON_POSTFIX_SENDMAIL] = maillog__postfix_tools,
    [MAILLOG_DAEMON_POSTFIX_POSTMAP] = maillog__postfix_tools,
    [MAILLOG_DAEMON_POSTFIX_POSTALIAS] = maillog__postfix_tools,
    [MAILLOG_DAEMON_POSTFIX_POSTKICK] = maillog__postfix_tools,
    [MAILLOG_DAEMON_POSTFIX_POSTMULTI] = maillog__postfix_tools,
    [MAILLOG_DAEMON_POSTFIX_POSTCONF] = maillog__postfix_tools,
    [MAILLOG_DAEMON_POSTFIX_POSTCAT] = maillog__postfix_tools,
    [MAILLOG_DAEMON_POSTFIX_POSTLOCK] = maillog__postfix_tools,
    [MAILLOG_DAEMON_POSTFIX_POSTTLS_FINGER] = maillog__postfix_tools,
    [MAILLOG_DAEMON_POSTFIX_TLSPOL] = maillog__postfix_tools,
    [MAILLOG_DAEMON_POSTFIX_POSTLOG] = maillog__postfix_postlog,
    [MAILLOG_DAEMON_POSTFIX_POSTLOGD] = maillog__postfix_postlog,
};

/* msg(3) writes one of four words; `warning: header …` after a queue ID is cleanup's action, not a severity. */
static unsigned severity(ml_line *l, ml_cur *c)
{
    static const struct {
        ml_lit text;
        unsigned word;
    } levels[] = {
        {ML_LIT("warning: "), MAILLOG_SEVERITY_WARNING},
        {ML_LIT("error: "), MAILLOG_SEVERITY_ERROR},
        {ML_LIT("fatal: "), MAILLOG_SEVERITY_FATAL},
        {ML_LIT("panic: "), MAILLOG_SEVERITY_PANIC},
    };
    const uint64_t head = ml_key(l, *c);
    for (size_t i = 0; i < sizeof levels / sizeof *levels; i++) {
        const char *start = c->p;
        if (!ml_starts_lit(head, *c, &levels[i].text)) continue;
        c->p += levels[i].text.len;
        ml_put_word(l, MAILLOG_FIELD_SEVERITY, ml_slice(start, c->p - 2), levels[i].word);
        return levels[i].word;
    }
    return 0;
}

/* `QID: text`, `warning: text`, `warning: QID: text`. */
static inline void read_head(ml_line *l, ml_cur *c, ml_postfix *head)
{
    head->queue_id = ml_none();
    head->severity = 0;
    head->colon = NULL;
    if (!maillog__queue_id_prefix(c, &head->queue_id)) {
        if (ml_at(*c, 5) != ':' && ml_at(*c, 7) != ':') return; /* no word of severity */
        head->severity = severity(l, c);
        if (!head->severity || !maillog__queue_id_prefix(c, &head->queue_id)) return;
    }
    ml_put(l, MAILLOG_FIELD_QUEUE_ID, head->queue_id);
}

/* What a program with a name of its own may still be: a copy of a delivery agent, a queue manager, a cleanup, … */
static bool any_program(ml_line *l, ml_cur c, const ml_postfix *head, ml_postfix_grammar own)
{
    if (!head->queue_id.p || head->severity) return false;
    maillog_field *const mark = ml_mark(l);
    if (own != maillog__postfix_qmgr && maillog__postfix_qmgr(l, c, head)) return true;
    ml_fail(l, mark);
    return (own != maillog__postfix_cleanup && maillog__postfix_cleanup(l, c, head)) || ml_fail(l, mark);
}

/* journalctl -o with-unit names the unit in the place of the program: any of them may have written the line. */
static bool of_unit(ml_line *l, ml_cur c, const ml_postfix *head)
{
    static const ml_postfix_grammar any[] = {
        maillog__postfix_smtpd,  maillog__postfix_smtp,       maillog__postfix_agent,     maillog__postfix_pickup,
        maillog__postfix_bounce, maillog__postfix_postscreen, maillog__postfix_statistics};
    maillog_field *const mark = ml_mark(l);
    if (!l->program.p || !ML_ENDS(l->program, ".service")) return false;
    for (size_t i = 0; i < sizeof any / sizeof *any; i++) {
        if (any[i](l, c, head)) return true;
        ml_fail(l, mark);
    }
    return false;
}

/* `library`: what any program says, too. */
static bool read_text(ml_line *l, ml_cur c, const ml_postfix *head, ml_postfix_grammar own, bool library)
{
    maillog_field *const mark = ml_mark(l);
    if (own && own(l, c, head)) return true;
    ml_fail(l, mark);
    if (any_program(l, c, head, own) || of_unit(l, c, head)) return true;
    return (library && maillog__postfix_library(l, c, head)) || ml_fail(l, mark);
}

/* Cut `, name=value` or ` name=value` off the end: a part that a later Postfix adds to a statement. */
static bool cut_new_part(ml_cur *c)
{
    enum { LONGEST = 32 }; /* of a name */
    const char *blank = ml_rfind(*c, ' ');
    if (!blank || blank == c->p) return false;
    const char *p = blank + 1, *const stop = c->e - p > LONGEST ? p + LONGEST : c->e;
    while (p < stop && (ml_is_lower(*p) || ml_is_digit(*p) || *p == '_')) p++;
    if (p == blank + 1 || p == c->e || *p != '=') return false;
    c->e = blank[-1] == ',' ? blank - 1 : blank;
    return c->e > c->p;
}

enum { MOST_PARTS = 4 };

/* The program's statement in front of parts that nobody knows yet, one or several; they are the rest. */
static bool with_new_parts(ml_line *l, ml_cur c, const ml_postfix *head, ml_postfix_grammar own)
{
    ml_cur text = c;
    for (int n = 0; n < MOST_PARTS && cut_new_part(&text);) n++;
    ml_postfix cut = *head;
    if (cut.colon && cut.colon + 2 > text.e) cut.colon = NULL;
    if (text.e == c.e) return false;
    l->asked->again = true;
    if (!read_text(l, text, &cut, own, false)) return false;
    ml_cur parts = ml_slice(text.e, c.e);
    if (!ML_SKIP(&parts, ", ")) ml_skip_blanks(&parts);
    ml_put_rest(l, parts);
    return true;
}

/* A value that went to the end of the line, and in which there is no comma: what stands behind one is such a part. */
static void split_last(ml_line *l)
{
    maillog_field *const f = l->next - 1;
    if (f->id != MAILLOG_FIELD_PEAK_TIME && f->id != MAILLOG_FIELD_START_TIME && f->id != MAILLOG_FIELD_CONFIG) return;
    const ml_cur v = ml_slice(l->base + f->off, l->base + f->off + f->len);
    const char *const comma = ML_FIND(l, v, ", ");
    ml_cur t = v;
    if (!comma || !cut_new_part(&t)) return;
    f->len = (uint32_t)(comma - v.p);
    ml_put_rest(l, ml_slice(comma + 2, v.e));
}

/* msg_syslog(3) cuts the text, without the severity, at this length. */
#define RECORD_LEN 2000

/* `postfix/postlog: ` inside a line of `postfix`: what a program wrote on its standard error stream, as systemd keeps
 * it. */
static void inner_program(ml_line *l, ml_cur *c)
{
    ml_cur rest = *c, name;
    if (l->ev->daemon != MAILLOG_DAEMON_POSTFIX_POSTFIX || !ML_SKIP(&rest, "postfix/") ||
        !ML_UNTIL(l, &rest, ": ", &name))
        return;
    const uint8_t daemon = maillog__postfix_program(l, name);
    if (!daemon) return;
    l->ev->daemon = daemon;
    *c = rest;
}

void maillog__postfix(ml_line *l, ml_cur message)
{
    ml_cur c = message;
    inner_program(l, &c);
    if (l->prefix.p && !ML_IS(l->prefix, "postfix")) ml_put(l, MAILLOG_FIELD_INSTANCE, l->prefix);
    ml_postfix head;
    read_head(l, &c, &head);
    head.colon = ML_FIND(l, c, ": ");
    if (ml_len(c) >= RECORD_LEN - 64 && ml_len(message) >= RECORD_LEN) l->ev->flags |= MAILLOG_FLAG_TRUNCATED;

    const uint8_t daemon = l->ev->daemon;
    const ml_postfix_grammar own = daemon < sizeof programs / sizeof *programs ? programs[daemon] : NULL;
    ml_asked asked;
    asked.count = 0;
    asked.again = false;
    l->asked = &asked;
    if (read_text(l, c, &head, own, true))
        split_last(l);
    else if (!with_new_parts(l, c, &head, own))
        ml_put_rest(l, c);
    l->asked = NULL;
}
