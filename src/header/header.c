/* header.c: which form is this? The common two are told by one byte each. */
#include "header.h"

static bool stamp(ml_line *l, ml_cur *c)
{
    if (ml_is_digit(ml_peek(*c))) return maillog__stamp_rfc3339(l, c);
    return maillog__stamp_bsd(l, c);
}

bool maillog__header(ml_line *l, ml_cur *c)
{
    ml_cur t = *c, host;
    l->ev->time.utc_offset = MAILLOG_NO_OFFSET;
    if (!stamp(l, &t)) {
        memset(&l->ev->time, 0, sizeof l->ev->time);
        l->ev->time.utc_offset = MAILLOG_NO_OFFSET;
        return maillog__tag(l, c); /* `tag[pid]: message` alone, as containers print it */
    }
    if (!ml_until(l, &t, ' ', &host)) {
        *c = t;
        return true; /* a stamp and nothing else */
    }
    ml_put(l, MAILLOG_FIELD_HOST, host);
    *c = t;
    maillog__tag(l, c); /* without a tag, all that follows is the message */
    return true;
}
