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
    if (ml_len(c) >= RECORD_LEN - 64 && ml_len(message) >= RECORD_LEN) l->ev->flags |= MAILLOG_FLAG_TRUNCATED;

    const uint8_t daemon = l->ev->daemon;
    const ml_postfix_grammar own = daemon < sizeof programs / sizeof *programs ? programs[daemon] : NULL;
    maillog_field *const mark = ml_mark(l);
    if (own && own(l, c, &head)) return;
    ml_fail(l, mark);
    if (any_program(l, c, &head, own)) return;
    if (maillog__postfix_library(l, c, &head)) return;
    ml_fail(l, mark);
    ml_put_rest(l, c);
}
