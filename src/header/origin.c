/* origin.c: what follows a stamp: `mail postfix/smtpd[15492]: `, and everything that stands there instead. */
#include "header.h"

/* An IPv6 address that ends in `::`: the one host whose last byte is a colon. */
static bool is_ipv6(ml_cur w)
{
    enum { LONGEST = 45 };
    unsigned colons = 0;
    if (ml_len(w) > LONGEST) return false;
    for (const char *p = w.p; p < w.e; p++) {
        if (!ml_is_hex(*p) && *p != ':') return false;
        colons += *p == ':';
    }
    return colons > 1;
}

/* `[18668]`: what spamd writes on its standard error stream in the place of a host. */
static bool is_pid(ml_cur w)
{
    ml_cur pid;
    return ml_skip_char(&w, '[') && ml_digits(&w, &pid) && ML_IS(w, "]");
}

/* A host is a word without a blank; these are not hosts: `imap-login:`, `lmtp(1234,`, `<mail.info>`, `[18668]`. */
static bool is_host(const ml_line *l, ml_cur w)
{
    if (ml_empty(w) || is_pid(w) || *w.p == '<' || (ml_last(w) == ':' && !is_ipv6(w))) return false;
    return !ml_find(l, w, '(');
}

bool maillog__origin(ml_line *l, ml_cur *c)
{
    maillog_field *mark = ml_mark(l);
    ml_cur rest = *c, host;
    if (!ml_until(l, &rest, ' ', &host) || !is_host(l, host)) return false;
    ml_put(l, MAILLOG_FIELD_HOST, host);
    if (!maillog__tag(l, &rest)) return ml_fail(l, mark);
    maillog__message(l, &rest);
    *c = rest;
    return true;
}

/* `<mail.info> ` or `<2.6> `, FreeBSD's syslogd -v. */
static void facility(ml_line *l, ml_cur *c)
{
    ml_cur rest = *c, word;
    if (!ml_skip_char(&rest, '<') || !ML_UNTIL(l, &rest, "> ", &word) || ml_find(l, word, ' ') ||
        !ml_find(l, word, '.'))
        return;
    ml_put(l, MAILLOG_FIELD_FACILITY, word);
    *c = rest;
}

/* `mail.info`, on AIX `mail:info`: a facility and one of syslog's eight words of severity. */
static bool is_level(const ml_line *l, ml_cur w)
{
    static const char levels[][8] = {"info", "warn", "err", "notice", "debug", "crit", "alert", "emerg"};
    const char *end = ml_find_either(l, w, '.', ':');
    if (!end || end == w.p) return false;
    w.p = end + 1;
    for (size_t i = 0; i < sizeof levels / sizeof *levels; i++)
        if (ml_is_n(w, levels[i], strlen(levels[i]))) return true;
    return false;
}

/* `mx7 mail.info postfix/qmgr[311]: `, the syslogd of BusyBox: a host and a tag, and the level between them. */
static bool level_before_tag(ml_line *l, ml_cur *c)
{
    maillog_field *mark = ml_mark(l);
    ml_cur rest = *c, host, level;
    if (!ml_until(l, &rest, ' ', &host) || !is_host(l, host) || !ml_until(l, &rest, ' ', &level) || !is_level(l, level))
        return false;
    ml_put(l, MAILLOG_FIELD_HOST, host);
    ml_put(l, MAILLOG_FIELD_FACILITY, level);
    if (!maillog__tag(l, &rest)) return ml_fail(l, mark);
    maillog__message(l, &rest);
    *c = rest;
    return true;
}

bool maillog__level_and_tag(ml_line *l, ml_cur *c)
{
    maillog_field *mark = ml_mark(l);
    ml_cur rest = *c, level;
    if (!ml_until(l, &rest, ' ', &level) || !is_level(l, level)) return false;
    ml_put(l, MAILLOG_FIELD_FACILITY, level);
    if (!maillog__tag(l, &rest)) return ml_fail(l, mark);
    maillog__message(l, &rest);
    *c = rest;
    return true;
}

/* `stdout F `: what a Kubernetes node writes after the stamp; P marks a piece of a longer line. */
static bool cri(ml_line *l, ml_cur *c)
{
    ml_cur rest = *c, stream;
    if (l->inside || !ml_until(l, &rest, ' ', &stream) || !(ML_IS(stream, "stdout") || ML_IS(stream, "stderr")))
        return false;
    const bool piece = ml_at(rest, 0) == 'P';
    if ((!piece && ml_at(rest, 0) != 'F') || ml_at(rest, 1) != ' ') return false;
    rest.p += 2;
    ml_put(l, MAILLOG_FIELD_STREAM, stream);
    if (piece) l->ev->flags |= MAILLOG_FLAG_CONTINUED;
    l->inside = true;
    maillog__header_inside(l, &rest);
    *c = rest;
    return true;
}

/* `last message repeated 3 times`, after a host or in its place. */
static bool repeated(ml_line *l, ml_cur *c)
{
    ml_cur rest = *c, host = ml_none();
    ML_SKIP(&rest, "--- ");
    if (!ML_STARTS(rest, "last message repeated ")) {
        rest = *c;
        if (!ml_until(l, &rest, ' ', &host)) return false;
        ML_SKIP(&rest, "--- ");
        if (!ML_STARTS(rest, "last message repeated ")) return false;
    }
    ml_put_opt(l, MAILLOG_FIELD_HOST, host);
    l->form = ML_FORM_REPEATED;
    *c = rest;
    return true;
}

/* A tag in the place of the host: files and containers without one. */
static bool tag_without_host(ml_line *l, ml_cur *c)
{
    ml_cur rest = *c, word;
    if (!ml_word(l, &rest, &word) || ml_last(word) != ':' || is_ipv6(word)) return false;
    if (!maillog__tag(l, c)) return false;
    maillog__message(l, c);
    return true;
}

/* The record that docker logs -t put a stamp before: it has one of its own. */
static bool stamped_again(ml_line *l, ml_cur *c)
{
    const char first = ml_peek(*c);
    if (l->inside) return false;
    if (!ml_is_upper(first) && !ml_is_digit(first) && first != '<') return false;
    const maillog_time outer = l->ev->time;
    ml_cur rest = *c;
    const bool stamped =
        first == '<' || (ml_is_digit(first) ? maillog__stamp_rfc3339(l, &rest) : maillog__stamp_bsd(l, &rest));
    l->ev->time = outer;
    l->inside = stamped;
    return stamped && maillog__header_inside(l, c);
}

void maillog__origin_other(ml_line *l, ml_cur *c, bool blank_in_stamp)
{
    facility(l, c);
    if (stamped_again(l, c)) return;
    if (maillog__own_file(l, c, blank_in_stamp)) return;
    if (maillog__origin(l, c) || tag_without_host(l, c) || cri(l, c) || repeated(l, c) || level_before_tag(l, c))
        return;
    /* no tag: a host comes first where syslog wrote the line, but not in files of other programs */
    ml_cur rest = *c, host;
    if (blank_in_stamp || !ml_until(l, &rest, ' ', &host) || !is_host(l, host)) return;
    ml_put(l, MAILLOG_FIELD_HOST, host);
    maillog__message(l, &rest);
    *c = rest;
}
