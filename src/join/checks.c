/* checks.c: what was asked about a message, and what went wrong on the way without deciding it. Reads fields, not
 * statements: an event is a check if it carries an action, a result, a score. */
#include "mta.h"

typedef maillog_message_check check;

#define GET(e, NAME) maillog__entry_get((e), ML_K_##NAME)

static maillog_check_result by_code(maillog_str code, maillog_str dsn)
{
    const char c = code.len ? code.ptr[0] : dsn.len ? dsn.ptr[0] : '5';
    return c == '4' ? MAILLOG_CHECK_DEFER : MAILLOG_CHECK_REJECT;
}

/* ---- Postfix ---- */

static maillog_check_result action_result(unsigned action, const check *c)
{
    switch (action) {
    case MAILLOG_ACTION_REJECT:
    case MAILLOG_ACTION_MILTER_REJECT:
    case MAILLOG_ACTION_PROXY_REJECT:
    case MAILLOG_ACTION_HANGUP:
        return by_code(c->code, c->dsn);
    case MAILLOG_ACTION_DEFER:
    case MAILLOG_ACTION_GREYLIST:
        return MAILLOG_CHECK_DEFER;
    case MAILLOG_ACTION_REJECT_WARNING:
    case MAILLOG_ACTION_WARN:
    case MAILLOG_ACTION_WARNING:
        return MAILLOG_CHECK_WARN;
    case MAILLOG_ACTION_HOLD:
    case MAILLOG_ACTION_MILTER_HOLD:
        return MAILLOG_CHECK_HOLD;
    case MAILLOG_ACTION_DISCARD:
    case MAILLOG_ACTION_MILTER_DISCARD:
        return MAILLOG_CHECK_DISCARD;
    case MAILLOG_ACTION_PREPEND:
    case MAILLOG_ACTION_REPLACE:
        return MAILLOG_CHECK_TAG;
    default:
        return MAILLOG_CHECK_PASS;
    }
}

/* SASL failed: `client: SASL PLAIN authentication failed: reason`. */
static bool is_login_failure(const ml_entry *e)
{
    return GET(e, SEVERITY).ptr && GET(e, CLIENT_ADDR).ptr && GET(e, SASL_METHOD).ptr;
}

/* `queue file size limit exceeded`: no other line says that the message was refused, after all of it had been sent. */
static bool is_too_large(const ml_entry *e, check *c)
{
    static const char words[] = "queue file size limit exceeded";
    const maillog_str message = GET(e, MESSAGE);
    const bool taken_in = e->daemon == MAILLOG_DAEMON_POSTFIX_SMTPD || e->daemon == MAILLOG_DAEMON_POSTFIX_CLEANUP;
    if (e->type != MAILLOG_EVENT_POSTFIX_QUEUE_FILE_ERROR || !taken_in || !maillog__contains(message, words))
        return false;
    c->text.ptr = message.ptr + message.len - (sizeof words - 1);
    c->text.len = sizeof words - 1;
    c->action = ml_text("reject");
    c->check = ml_text("message_size_limit");
    c->result = MAILLOG_CHECK_REJECT;
    return true;
}

/* `Connection rate limit exceeded: 61 from client for service smtp`: the client was sent away for now, and no other
 * line says so. */
static bool is_over_limit(const ml_entry *e, check *c)
{
    static const char before[] = "warning: ";
    if (e->type != MAILLOG_EVENT_POSTFIX_RATE_LIMIT) return false;
    c->text = GET(e, MESSAGE);
    if (ml_text_starts(c->text, before)) {
        c->text.ptr += sizeof before - 1;
        c->text.len -= sizeof before - 1;
    }
    c->result = MAILLOG_CHECK_DEFER;
    return c->text.ptr != NULL;
}

/* What a filter said, as a whole: `554 5.7.0 text`. */
static void split_reply(maillog_str reply, check *c)
{
    if (reply.len < 4 || !ml_is_digit(reply.ptr[0]) || !ml_is_digit(reply.ptr[2]) || reply.ptr[3] != ' ') return;
    c->code.ptr = reply.ptr;
    c->code.len = 3;
    size_t at = 4;
    const char *end = (const char *)memchr(reply.ptr + 4, ' ', reply.len - 4);
    if (end && end - reply.ptr >= 9 && ml_is_digit(reply.ptr[4]) && reply.ptr[5] == '.') {
        c->dsn.ptr = reply.ptr + 4;
        c->dsn.len = (size_t)(end - c->dsn.ptr);
        at = (size_t)(end + 1 - reply.ptr);
    }
    c->text.ptr = reply.ptr + at;
    c->text.len = reply.len - at;
}

static bool postfix_check(const ml_entry *e, check *c)
{
    if (is_too_large(e, c) || is_over_limit(e, c)) return true;
    if (GET(e, RANK).ptr) { /* postscreen: DNSBL rank */
        c->score = GET(e, RANK);
        c->result = MAILLOG_CHECK_WARN;
        return true;
    }
    if (!c->action.ptr) {
        if (!is_login_failure(e)) return false;
        c->result = MAILLOG_CHECK_REJECT;
        c->action = GET(e, SASL_METHOD);
        return true;
    }
    const unsigned action = maillog__entry_word(e, ML_K_ACTION);
    if (action == MAILLOG_ACTION_PROXY_REJECT && !c->code.ptr) split_reply(GET(e, REPLY), c);
    c->result = action_result(action, c);
    return true;
}

/* ---- sendmail, OpenSMTPD, Exim ---- */

static bool mta_check(const ml_entry *e, check *c)
{
    if (maillog__role(e->type) != ML_ROLE_REFUSAL) return false;
    if (!c->action.ptr && !c->code.ptr) return false;
    c->result = c->action.ptr ? action_result(maillog__entry_word(e, ML_K_ACTION), c) : by_code(c->code, c->dsn);
    if (!c->text.ptr) c->text = GET(e, REPLY);
    c->check = GET(e, RULESET);
    return true;
}

/* ---- policy servers ---- */

/* The action as it goes to Postfix: `REJECT text`, `550 5.7.1 text`, `DEFER_IF_PERMIT`, `PREPEND header`, … */
static maillog_check_result policy_action(maillog_str a)
{
    static const struct {
        const char *word;
        maillog_check_result result;
    } words[] = {
        {"REJECT", MAILLOG_CHECK_REJECT},   {"reject", MAILLOG_CHECK_REJECT},       {"5", MAILLOG_CHECK_REJECT},
        {"DEFER", MAILLOG_CHECK_DEFER},     {"defer", MAILLOG_CHECK_DEFER},         {"4", MAILLOG_CHECK_DEFER},
        {"greylist", MAILLOG_CHECK_DEFER},  {"soft reject", MAILLOG_CHECK_DEFER},   {"HOLD", MAILLOG_CHECK_HOLD},
        {"DISCARD", MAILLOG_CHECK_DISCARD}, {"discard", MAILLOG_CHECK_DISCARD},     {"WARN", MAILLOG_CHECK_WARN},
        {"add header", MAILLOG_CHECK_TAG},  {"rewrite subject", MAILLOG_CHECK_TAG},
    };
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (ml_text_starts(a, words[i].word)) return words[i].result;
    return MAILLOG_CHECK_PASS;
}

static bool spf_check(const ml_entry *e, check *c)
{
    const maillog_str spf = GET(e, SPF_RESULT);
    if (!spf.ptr && !c->code.ptr) return false;
    c->action = spf;
    if (!c->text.ptr) c->text = GET(e, TEXT);
    c->result = MAILLOG_CHECK_PASS;
    if (c->code.ptr)
        c->result = by_code(c->code, c->dsn);
    else if (maillog__contains(spf, "fail") || maillog__contains(spf, "error"))
        c->result = MAILLOG_CHECK_TAG;
    return true;
}

/* ---- filters and milters ---- */

/* SPAM-TAG: the score against the levels, for one recipient. */
static bool amavis_score(const ml_entry *e, check *c)
{
    c->action = GET(e, VERDICT);
    c->result = c->action.len && c->action.ptr[0] == 'Y' ? MAILLOG_CHECK_TAG : MAILLOG_CHECK_PASS;
    return c->action.ptr != NULL;
}

static bool amavis_check(const ml_entry *e, check *c)
{
    const maillog_str actions = GET(e, ACTIONS);
    c->tag2_level = GET(e, TAG2_LEVEL);
    c->kill_level = GET(e, KILL_LEVEL);
    if (c->tag2_level.ptr && !GET(e, RESULT).ptr) return amavis_score(e, c);
    c->action = GET(e, RESULT);
    if (!c->action.ptr) return false;
    c->check = GET(e, CATEGORY);
    c->score = GET(e, HITS);
    c->elapsed_ms = GET(e, ELAPSED_MS);
    c->text = actions;
    c->to = (maillog_str){NULL, 0};
    const bool clean = maillog__entry_word(e, ML_K_CATEGORY) == MAILLOG_CATEGORY_CLEAN;
    if (maillog__entry_word(e, ML_K_RESULT) != MAILLOG_RESULT_BLOCKED)
        c->result = clean ? MAILLOG_CHECK_PASS : MAILLOG_CHECK_TAG;
    else if (maillog__contains(actions, "tempfailed"))
        c->result = MAILLOG_CHECK_DEFER;
    else
        c->result = maillog__contains(actions, "rejected") || maillog__contains(actions, "{bounced") ||
                            maillog__contains(actions, ",bounced")
                        ? MAILLOG_CHECK_REJECT
                        : MAILLOG_CHECK_DISCARD;
    return true;
}

static bool spamd_check(const ml_entry *e, check *c)
{
    c->action = GET(e, IS_SPAM);
    if (!c->action.ptr) return false;
    c->result = c->action.len && c->action.ptr[0] == 'Y' ? MAILLOG_CHECK_TAG : MAILLOG_CHECK_PASS;
    return true;
}

/* OpenDKIM, OpenDMARC, ClamAV and the like: their word, or the name of the event. */
static bool milter_check(const ml_entry *e, check *c)
{
    const maillog_str name = ml_text(maillog_event_name(e->type)), result = GET(e, RESULT);
    if (!e->type) return false;
    c->action = result;
    if (!c->text.ptr) c->text = GET(e, VIRUS).ptr ? GET(e, VIRUS) : GET(e, ERROR);
    const bool bad = maillog__contains(result, "fail") || maillog__contains(result, "error") ||
                     maillog__contains(name, "fail") || maillog__contains(name, "bad") ||
                     maillog__contains(name, "error") || maillog__contains(name, "revoked") || GET(e, VIRUS).len;
    c->result = bad ? MAILLOG_CHECK_WARN : MAILLOG_CHECK_PASS;
    return true;
}

static bool classify(const ml_entry *e, check *c)
{
    switch (e->daemon) {
    case MAILLOG_DAEMON_AMAVIS:
        return amavis_check(e, c);
    case MAILLOG_DAEMON_SPAMD:
        return spamd_check(e, c);
    case MAILLOG_DAEMON_POLICYD_SPF:
        return spf_check(e, c);
    case MAILLOG_DAEMON_POSTGREY:
    case MAILLOG_DAEMON_SQLGREY:
    case MAILLOG_DAEMON_MILTER_GREYLIST:
        if (!c->action.ptr) return false;
        c->score = GET(e, GREYLIST_DELAY);
        c->result = ml_text_starts(c->action, "pass") || maillog__entry_word(e, ML_K_ACTION) == MAILLOG_ACTION_PASS
                        ? MAILLOG_CHECK_PASS
                        : MAILLOG_CHECK_DEFER;
        return true;
    case MAILLOG_DAEMON_POSTFWD:
    case MAILLOG_DAEMON_POLICYD_WEIGHT:
    case MAILLOG_DAEMON_RSPAMD:
        if (!c->action.ptr && !c->score.ptr) return false;
        c->result = policy_action(c->action);
        return true;
    case MAILLOG_DAEMON_OPENDKIM:
    case MAILLOG_DAEMON_OPENDMARC:
    case MAILLOG_DAEMON_OPENARC:
    case MAILLOG_DAEMON_CLAMAV_MILTER:
    case MAILLOG_DAEMON_SPFMILTER:
    case MAILLOG_DAEMON_MIMEDEFANG:
        return milter_check(e, c);
    default:
        return ml_is_mta(e->daemon) ? mta_check(e, c)
                                    : e->daemon <= MAILLOG_DAEMON_POSTFIX_FILES && postfix_check(e, c);
    }
}

/* Most lines are no checks: they have none of the fields that make one. */
static bool may_be_check(const ml_entry *e)
{
    if (ml_has_any(e, ML_BIT(ACTION) | ML_BIT(RESULT) | ML_BIT(SCORE) | ML_BIT(RANK) | ML_BIT(IS_SPAM) |
                          ML_BIT(SPF_RESULT) | ML_BIT(CODE) | ML_BIT(SASL_METHOD)))
        return true;
    switch (e->daemon) {
    case MAILLOG_DAEMON_OPENDKIM:
    case MAILLOG_DAEMON_OPENDMARC:
    case MAILLOG_DAEMON_OPENARC:
    case MAILLOG_DAEMON_CLAMAV_MILTER:
    case MAILLOG_DAEMON_SPFMILTER:
    case MAILLOG_DAEMON_MIMEDEFANG:
        return true;
    default:
        return e->type == MAILLOG_EVENT_POSTFIX_QUEUE_FILE_ERROR || e->type == MAILLOG_EVENT_POSTFIX_RATE_LIMIT;
    }
}

/* opendkim says of each message that it need not sign it: that is how it is set up, and no check. */
static bool is_about_signing(const ml_entry *e)
{
    switch (e->type) {
    case MAILLOG_EVENT_OPENDKIM_NOT_INTERNAL:
    case MAILLOG_EVENT_OPENDKIM_NOT_AUTHENTICATED:
    case MAILLOG_EVENT_OPENDKIM_NO_MATCH:
        return true;
    default:
        return false;
    }
}

static maillog_str take_word(maillog_str *rest)
{
    maillog_str word = {rest->ptr, 0};
    while (word.len < rest->len && rest->ptr[word.len] != ' ') word.len++;
    const size_t n = word.len < rest->len ? word.len + 1 : word.len;
    rest->ptr += n;
    rest->len -= n;
    return word;
}

/* "554 5.7.0 Reject, id=…": code, DSN, text. */
static void take_reply(maillog_str reply, check *c)
{
    c->text = reply;
    if (!reply.len || c->code.ptr) return;
    const maillog_str code = take_word(&reply);
    if (code.len != 3 || !ml_is_digit(code.ptr[0])) return;
    c->code = code;
    c->text = reply;
    const maillog_str dsn = take_word(&reply);
    if (dsn.len < 5 || dsn.ptr[1] != '.' || !ml_is_digit(dsn.ptr[0])) return;
    c->dsn = dsn;
    c->text = reply;
}

/* What a check has of its line as it stands there; of several fields of a kind the first counts. */
static void read_fields(const ml_entry *e, check *c)
{
#define TO(NAME, member) [ML_K_##NAME] = offsetof(check, member)
    static const uint16_t to[ML_KEPT_FIELDS] = {
        TO(ACTION, action),
        TO(SCORE, score),
        TO(CODE, code),
        TO(DSN, dsn),
        TO(REASON, text),
        TO(TO, to),
        TO(STAGE, stage),
        TO(FROM, from),
        TO(HELO, helo),
        TO(CLIENT_NAME, client_name),
        TO(CLIENT_ADDR, client_addr),
        TO(INSTANCE, instance),
    };
#undef TO
    for (size_t i = e->nfields; i > 0; i--) {
        const ml_field f = ml_entry_at(e, i - 1);
        const maillog_str v = {f.p, f.len};
        if (to[f.id]) memcpy((char *)c + to[f.id], &v, sizeof v);
    }
    if (!c->text.ptr) c->text = GET(e, TEXT);
    if (!c->stage.ptr) c->stage = GET(e, WHERE);
}

static bool make_check(const ml_entry *e, check *c)
{
    memset(c, 0, sizeof *c);
    read_fields(e, c);
    if (maillog__entry_word(e, ML_K_ACTION) == MAILLOG_ACTION_PROXY_REJECT) take_reply(GET(e, REPLY), c);
    if (!classify(e, c)) return false;
    c->by = ml_text(maillog_daemon_name(e->daemon));
    if (!c->check.ptr && e->type) c->check = ml_text(maillog_event_name(e->type));
    c->event = e->type;
    c->daemon = e->daemon;
    c->line = e->line;
    return true;
}

/* ---- faults ---- */

static bool is_trouble_word(unsigned severity)
{
    return severity == MAILLOG_SEVERITY_WARNING || severity == MAILLOG_SEVERITY_ERROR ||
           severity == MAILLOG_SEVERITY_FATAL || severity == MAILLOG_SEVERITY_PANIC;
}

/* amavis: `(id) (!)…`, `(id) NOTICE: …`, `(id) …TROUBLE…`. */
static bool is_amavis_trouble(maillog_str message)
{
    const char *close = message.len ? (const char *)memchr(message.ptr, ')', message.len) : NULL;
    if (!close) return false;
    maillog_str text = {close + 1, (size_t)(message.ptr + message.len - close - 1)};
    while (text.len && *text.ptr == ' ') {
        text.ptr++;
        text.len--;
    }
    return ml_text_starts(text, "(!") || ml_text_starts(text, "NOTICE") || ml_text_starts(text, "WARN") ||
           maillog__contains(text, "trouble");
}

/* What kept a delivery from one server, so that another was tried. */
static bool is_failed_attempt(const ml_entry *e)
{
    if (e->daemon != MAILLOG_DAEMON_POSTFIX_SMTP && e->daemon != MAILLOG_DAEMON_POSTFIX_LMTP) return false;
    switch (e->type) { /* how it went on, not why it failed */
    case MAILLOG_EVENT_POSTFIX_DISCARD_EHLO:
    case MAILLOG_EVENT_POSTFIX_LINE_BROKEN:
    case MAILLOG_EVENT_POSTFIX_PIX_WORKAROUND:
    case MAILLOG_EVENT_POSTFIX_REPLY_REPLACED:
    case MAILLOG_EVENT_POSTFIX_SMTPUTF8_WITHOUT_8BITMIME:
    case MAILLOG_EVENT_POSTFIX_STARTTLS_OFFERED:
    case MAILLOG_EVENT_POSTFIX_TLS_REPORT:
    case MAILLOG_EVENT_POSTFIX_TLS_SETUP:
        return false;
    default:
        break;
    }
    return !GET(e, STATUS).ptr && !GET(e, TLS_PROTOCOL).ptr && GET(e, MESSAGE).ptr;
}

static const maillog_str none = {NULL, 0};

static maillog_str fault_text(const ml_entry *e)
{
    const maillog_str message = GET(e, MESSAGE);
    if (!message.ptr) return none;
    if (is_trouble_word(maillog__entry_word(e, ML_K_SEVERITY)) || is_failed_attempt(e)) return message;
    if (e->daemon == MAILLOG_DAEMON_AMAVIS && is_amavis_trouble(message)) return message;
    return none;
}

/* ---- all of them, by line ---- */

static void sort_checks(ml_build *b, check *from, size_t n)
{
    b->m->checks = from;
    b->m->nchecks = n;
    size_t i = 1;
    while (i < n && from[i - 1].line <= from[i].line) i++;
    if (i >= n) return;
    ml_sorted *v = (ml_sorted *)ml_reserve(b, n, sizeof *v);
    check *to = (check *)ml_reserve(b, n, sizeof *to);
    if (!v || !to) return;
    for (i = 0; i < n; i++) {
        v[i].key = from[i].line;
        v[i].index = i;
    }
    maillog__sort(v, n);
    for (i = 0; i < n; i++) to[i] = from[v[i].index];
    b->m->checks = to;
}

static void sort_faults(maillog_message_fault *f, size_t n)
{
    for (size_t i = 1; i < n && n < 1000; i++) /* few, and mostly in order */
        for (size_t k = i; k && f[k - 1].line > f[k].line; k--) {
            const maillog_message_fault t = f[k];
            f[k] = f[k - 1];
            f[k - 1] = t;
        }
}

/* Bounds of how many there are; those that may be one are marked. */
static void count(ml_build *b, size_t *checks, size_t *faults)
{
    for (size_t i = 0; i < b->nparts; i++) {
        ml_entry *e = b->part[i].entry;
        for (const ml_entry *const end = e + b->part[i].telling; e < end; e++) {
            const bool telling = may_be_check(e) && !is_about_signing(e), fault = ml_has_any(e, ML_BIT(MESSAGE));
            if (telling) e->cut |= ML_CUT_CHECK;
            if (fault) e->cut |= ML_CUT_FAULT;
            *checks += telling;
            *faults += fault;
        }
    }
}

void maillog__build_checks(ml_build *b)
{
    const ml_entry *e;
    size_t checks = 0, faults = 0;
    count(b, &checks, &faults);
    check *out = (check *)ml_reserve(b, checks, sizeof *out);
    b->m->faults = (maillog_message_fault *)ml_reserve(b, faults, sizeof *b->m->faults);
    if (!out || !b->m->faults || !(checks + faults)) return;
    checks = 0;
    for (size_t i = 0; i < b->nparts; i++)
        for (size_t at = 0; (e = ml_next(&b->part[i], &at)) != NULL;) {
            if (e->cut & ML_CUT_CHECK && make_check(e, &out[checks])) {
                checks++;
                continue;
            }
            const maillog_str text = e->cut & ML_CUT_FAULT ? fault_text(e) : none;
            if (!text.ptr) continue;
            maillog_message_fault *f = &b->m->faults[b->m->nfaults++];
            f->by = ml_text(maillog_daemon_name(e->daemon));
            f->text = text;
            f->line = e->line;
        }
    sort_checks(b, out, checks);
    sort_faults(b->m->faults, b->m->nfaults);
}
