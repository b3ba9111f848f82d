/* explain.c: a whole message, explained: notes on its checks first, then the sentences in their order. The first of
 * them, up to four, are `why`. */
#include "outcome.h"

static void forget(maillog_message *m, maillog_explanation *out)
{
    const maillog_str nothing = {NULL, 0};
    m->why = nothing;
    for (size_t i = 0; i < m->nchecks; i++) m->checks[i].config.note = nothing;
    for (size_t i = 0; out && i < out->n; i++) out->sentence[i].text = nothing;
}

size_t maillog_explain(maillog_message *m, const maillog_postfix_config *c, maillog_explanation *out, char *buf,
                       size_t cap)
{
    ml_say o;
    memset(&o, 0, sizeof o);
    if (out && out->size < sizeof *out) out = NULL;
    if (out) out->n = 0;
    if (!m || m->record != MAILLOG_RECORD_MESSAGE) return 0;
    o.m = m;
    o.c = c;
    o.out = out;
    o.buf = buf;
    o.cap = buf ? cap : 0;
    maillog__explain_checks(&o);
    o.why_start = o.why_end = o.len;
    maillog__say_outcome(&o);
    maillog__say_decision(&o);
    maillog__say_warning(&o);
    maillog__say_way(&o);
    maillog__say_faults(&o);
    maillog__say_notes(&o);
    if (o.len > o.cap) {
        forget(m, out);
        return o.len;
    }
    m->why = ml_cut(buf + o.why_start, buf + o.why_end);
    return o.len;
}
