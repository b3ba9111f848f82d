/* pam.c: `MODULE(SERVICE:TYPE): TEXT` of Linux-PAM 1.0 to 1.6 (pam_unix and those that follow it: pam_sss, pam_krb5,
 * pam_ldap). The user is whoever asks to log in, at the end of the line; rhost is what the program gave. */
#include "pam.h"

#include "../base/pattern.h"

/* ` KEY=value` up to the next key, which is known. */
static bool until_key(const ml_line *l, ml_cur *c, const char *key, ml_cur *out)
{
    return ml_until_n(l, c, key, strlen(key), out);
}

/* logname= uid=0 euid=0 tty= ruser= rhost= [ user=U] */
static bool failure(ml_line *l, ml_cur c)
{
    ml_cur logname, uid, euid, tty, ruser, rhost;
    if (!ML_SKIP(&c, "logname=") || !until_key(l, &c, " uid=", &logname) || !until_key(l, &c, " euid=", &uid) ||
        !until_key(l, &c, " tty=", &euid) || !until_key(l, &c, " ruser=", &tty) || !until_key(l, &c, " rhost=", &ruser))
        return false;
    const char *end = ml_find(l, c, ' ');
    rhost = ml_slice(c.p, end ? end : c.e);
    c.p = rhost.e;
    ml_skip_blanks(&c);
    ml_put(l, MAILLOG_FIELD_LOGNAME, logname);
    ml_put(l, MAILLOG_FIELD_UID, uid);
    ml_put(l, MAILLOG_FIELD_EUID, euid);
    ml_put(l, MAILLOG_FIELD_TTY, tty);
    ml_put(l, MAILLOG_FIELD_RUSER, ruser);
    ml_put(l, MAILLOG_FIELD_RHOST, rhost);
    if (ML_SKIP(&c, "user="))
        ml_put(l, MAILLOG_FIELD_USER, c);
    else
        ml_put_rest(l, c);
    return true;
}

bool maillog__pam(ml_line *l, ml_cur c)
{
    maillog_field *const mark = ml_mark(l);
    ml_cur module, service, type, count;
    if (!ML_STARTS(c, "pam_") || !ml_until(l, &c, '(', &module) || ml_find(l, module, ' ')) return false;
    if (!ml_until(l, &c, ':', &service) || !ML_UNTIL(l, &c, "): ", &type) || ml_find(l, type, ' ')) return false;
    ml_put(l, MAILLOG_FIELD_MODULE, module);
    ml_put(l, MAILLOG_FIELD_SERVICE, service);
    ml_put(l, MAILLOG_FIELD_TYPE, type);
    ml_cur t = c;
    if (ML_SKIP(&t, "authentication failure; ") && failure(l, t)) return true;
    t = c;
    if (ml_digits(&t, &count) &&
        (ML_SKIP(&t, " more authentication failures; ") || ML_SKIP(&t, " more authentication failure; "))) {
        ml_put(l, MAILLOG_FIELD_COUNT, count);
        if (failure(l, t)) return true;
    }
    if (ml_empty(c)) return ml_fail(l, mark);
    ml_put(l, MAILLOG_FIELD_TEXT, c);
    return true;
}
