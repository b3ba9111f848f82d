/* summary_postfix.c: Postfix's lines in figures. The rules are those that pflogsumm's users know; where --pflogsumm
 * asks for it, its oversights are kept, too (docs/summary.md). */
#include "bytes.h"
#include "summary.h"

#include <string.h>

static maillog_str queue_id(const summary *s) { return get(s, FIELD_QUEUE_ID); }

static bool has(maillog_str s, const char *text) { return s.len && bytes_find(s.ptr, s.len, text, strlen(text)); }

/* The daemon without "postfix/": what pflogsumm calls a command. */
static maillog_str agent(const summary *s)
{
    const char *name = maillog_daemon_name(s->line.daemon), *slash = strchr(name, '/');
    return str_of(slash ? slash + 1 : name);
}

/* Of smtpd's lines pflogsumm knows "postfix/smtpd", "postfix/smtps/smtpd" and "postfix/submission/smtpd" only. */
static bool left_out(const summary *s)
{
    const maillog_str instance = get(s, FIELD_INSTANCE);
    if (!s->c->pflogsumm || !instance.len) return false;
    return !has(instance, "submission") && !has(instance, "smtps");
}

/* ---- in ---- */

static void on_connect(summary *s) { s->figure[CONNECTIONS] += s->line.daemon == MAILLOG_DAEMON_POSTFIX_SMTPD; }

static void on_client(summary *s)
{
    const maillog_str id = queue_id(s), user = get(s, FIELD_SASL_USERNAME);
    const bool no_queue = id.len == 7 && memcmp(id.ptr, "NOQUEUE", 7) == 0; /* a before-queue filter's front end */
    if (left_out(s) || (no_queue && !s->c->pflogsumm)) return;
    if (user.len) count_in(s, TABLE_SASL, get(s, FIELD_SASL_METHOD), user, str_of(""));
    count_received(s, id, site_of(get(s, FIELD_CLIENT_NAME), get(s, FIELD_CLIENT_ADDR)), false);
}

static void on_pickup(summary *s) { count_received(s, queue_id(s), str_of("pickup"), true); }

static void on_queue_active(summary *s)
{
    uint64_t size;
    if (!number_of(get(s, FIELD_SIZE), &size)) return;
    count_size(s, queue_id(s), get(s, FIELD_FROM), size);
}

static void on_message_id(summary *s)
{
    count_message_id(s, seek(s, MAILLOG_FIELD_QUEUE_ID), seek(s, MAILLOG_FIELD_MESSAGE_ID));
}

static void on_removed(summary *s) { count_removed(s, seek(s, MAILLOG_FIELD_QUEUE_ID)); }

/* ---- out ---- */

/* A value as it stands in the line: the fields have its parts. */
static maillog_str raw_value(maillog_str text, const char *name, char until)
{
    const size_t n = strlen(name);
    maillog_str value = {NULL, 0};
    const char *at = text.len ? bytes_find(text.ptr, text.len, name, n) : NULL;
    if (at) value.ptr = at + n;
    while (value.ptr && value.ptr + value.len < text.ptr + text.len && value.ptr[value.len] != until) value.len++;
    return value;
}

static void drop_front(maillog_str *s, size_t n)
{
    s->ptr += n;
    s->len -= n;
}

/* Behind the first colon; 0: there is none. That of a URL is none, but for pflogsumm. */
static size_t behind_colon(maillog_str s, bool of_urls)
{
    for (size_t i = 0; i < s.len; i++)
        if (s.ptr[i] == ':' && (of_urls || s.len - i < 3 || memcmp(s.ptr + i, "://", 3) != 0)) return i + 1;
    return 0;
}

/* The end of a long reply says more than its beginning: who said it, and where, goes first. */
static maillog_str shortened(const summary *x, maillog_str s, size_t most)
{
    while (s.len > most) {
        size_t at = 0;
        for (size_t i = 6; i <= s.len; i++)
            if (memcmp(s.ptr + i - 6, "said: ", 6) == 0 && (i == 6 || s.ptr[i - 7] == ' ')) at = i;
        if (!at) at = behind_colon(s, x->c->pflogsumm);
        if (!at) break;
        drop_front(&s, at);
        while (s.len && *s.ptr == ' ') drop_front(&s, 1);
    }
    return s;
}

maillog_str cut(maillog_str s, size_t most)
{
    static _Thread_local char buf[128];
    if (s.len <= most) return s;
    memcpy(buf, s.ptr, most - 3);
    memcpy(buf + most - 3, "...", 3);
    const maillog_str out = {buf, most};
    return out;
}

static bool is_code(maillog_str s)
{
    for (size_t i = 0; i < 3; i++)
        if (s.len < 4 || s.ptr[i] < '0' || s.ptr[i] > '9') return false;
    return s.ptr[3] == ' ';
}

/* Of deferred mail pflogsumm takes the reply up to its first closing bracket, which may belong to it. */
static maillog_str reason_of(const summary *s, maillog_str reply, bool deferred, size_t most)
{
    if (!reply.ptr) return reply;
    const bool until_bracket = deferred && s->c->pflogsumm;
    const char *bracket = until_bracket ? (const char *)memchr(reply.ptr, ')', reply.len) : NULL;
    if (bracket) reply.len = (size_t)(bracket - reply.ptr);
    reply = cut(shortened(s, reply, most), most);
    if (is_code(reply)) drop_front(&reply, 4);
    if (deferred && reply.len > 11 && memcmp(reply.ptr, "connect to ", 11) == 0) drop_front(&reply, 11);
    return reply;
}

static void on_sent(summary *s, delivery *d)
{
    bool forwarded;
    d->queued_as = queued_as(get(s, FIELD_REPLY), &forwarded);
    s->figure[FORWARDED] += forwarded;
    count_delivery(s, forwarded ? STEP_TRIED : STEP_SENT, d);
}

static void on_delivery(summary *s)
{
    delivery d = {.queue_id = queue_id(s), .to = get(s, FIELD_TO), .orig_to = get(s, FIELD_ORIG_TO)};
    d.postfix = true;
    d.delay = usec_of(get(s, FIELD_DELAY));
    d.piped = s->line.daemon == MAILLOG_DAEMON_POSTFIX_PIPE;
    switch (get_word(s, FIELD_STATUS)) {
    case MAILLOG_STATUS_SENT:
        on_sent(s, &d);
        return;
    case MAILLOG_STATUS_DEFERRED:
        count_delivery(s, STEP_DEFERRED, &d);
        count_in(s, TABLE_DEFERRAL_REASONS, agent(s), reason_of(s, get(s, FIELD_REPLY), true, 65), str_of(""));
        return;
    case MAILLOG_STATUS_BOUNCED:
        count_delivery(s, STEP_TRIED, &d);
        s->figure[BOUNCED]++;
        count_rate(s, RATE_BOUNCED);
        count_in(s, TABLE_BOUNCE_REASONS, raw_value(get(s, FIELD_MESSAGE), "relay=", ','),
                 reason_of(s, get(s, FIELD_REPLY), false, 66), str_of(""));
        return;
    default:
        count_delivery(s, STEP_TRIED, &d);
        return;
    }
}

static void on_expired(summary *s) { s->figure[EXPIRED]++; }

static void on_connect_failed(summary *s)
{
    if (s->line.daemon != MAILLOG_DAEMON_POSTFIX_SMTP) return;
    const maillog_str name = get(s, FIELD_RELAY_NAME);
    count_in(s, TABLE_DELIVERY_FAILURES, get(s, FIELD_ERROR), name.len ? name : get(s, FIELD_RELAY_ADDR), str_of(""));
}

/* ---- refused, warned, held, discarded ---- */

typedef struct outcome {
    figure figure;
    table_id table;
} outcome;

static const outcome refused = {REJECTED, TABLE_REJECT_REASONS}, warned = {REJECT_WARNINGS, TABLE_WARNED_REASONS},
                     held = {HELD, TABLE_HOLD_REASONS}, discarded = {DISCARDED, TABLE_DISCARD_REASONS};

static void count_outcome(summary *s, outcome o, maillog_str stage, maillog_str reason, maillog_str name)
{
    s->figure[o.figure]++;
    if (o.figure == REJECTED || s->c->pflogsumm) count_rate(s, RATE_REJECTED); /* it has one column for all four */
    count_in(s, o.table, stage, reason, name);
}

/* Where one of two bytes stands, or the end of what can be shown. */
static size_t find_byte(maillog_str s, char one, char other)
{
    size_t i = 0;
    while (i < s.len && s.ptr[i] != one && s.ptr[i] != other && s.ptr[i] != '\0') i++;
    return i;
}

/* A reason without what differs from client to client, so that equal ones fall together. */
static maillog_str plain_reason(const summary *s, char *buf, size_t cap)
{
    const maillog_str reason = get(s, FIELD_REASON);
    maillog_str text = reason.len ? reason : get(s, FIELD_TEXT); /* of HOLD, DISCARD: the table's own words */
    const maillog_str name = get(s, FIELD_NAME), zone = get(s, FIELD_ZONE);
    if (zone.len) {
        const int n = snprintf(buf, cap, "blocked using %.*s", (int)zone.len, zone.ptr);
        const maillog_str out = {buf, n < 0 ? 0 : (size_t)n < cap ? (size_t)n : cap - 1};
        return out;
    }
    if (name.len && text.len > name.len + 4 && *text.ptr == '<') {
        drop_front(&text, name.len + 2); /* <name> */
        while (text.len && (*text.ptr == ':' || *text.ptr == ' ')) drop_front(&text, 1);
    } else if (s->c->pflogsumm && find_byte(text, ':', ';') + 1 < text.len) {
        drop_front(&text, find_byte(text, ':', ';') + 2); /* without a <name> it takes the class for one */
    }
    text.len = find_byte(text, ';', ',');
    const maillog_str class_ = get(s, FIELD_CLASS);
    const bool address = (class_.len == 14 && memcmp(class_.ptr, "Sender address", 14) == 0) ||
                         (class_.len == 17 && memcmp(class_.ptr, "Recipient address", 17) == 0);
    if (!address) return text;
    maillog_str detail = text; /* "Sender address rejected: Domain not found: more" */
    const size_t first = find_byte(detail, ':', ':');
    if (first == detail.len) return text;
    drop_front(&detail, first + 1);
    const size_t second = find_byte(detail, ':', ':');
    text.len = first + 1 + second;
    return text;
}

static void on_refusal(summary *s, outcome o)
{
    char buf[256];
    const maillog_str reason = plain_reason(s, buf, sizeof buf);
    maillog_str name = site_of(get(s, FIELD_CLIENT_NAME), get(s, FIELD_CLIENT_ADDR));
    if (has(reason, "Sender address rejected:")) name = get(s, FIELD_FROM);
    if (has(reason, "Recipient address rejected:") || has(reason, "User unknown")) name = get(s, FIELD_TO);
    if (!name.len) name = str_of("<>");
    count_outcome(s, o, get(s, FIELD_STAGE), reason, name);
}

static void on_reject(summary *s)
{
    if (!left_out(s)) on_refusal(s, refused);
}

static void on_reject_warning(summary *s)
{
    if (!left_out(s)) on_refusal(s, warned);
}

static void on_action(summary *s)
{
    const maillog_word action = get_word(s, FIELD_ACTION);
    if (action == MAILLOG_ACTION_HOLD) on_refusal(s, held);
    if (action == MAILLOG_ACTION_DISCARD) on_refusal(s, discarded);
}

static bool by_cleanup(const summary *s) { return s->line.daemon == MAILLOG_DAEMON_POSTFIX_CLEANUP; }

/* What stands behind the stage in cleanup's line, without where it came from: pflogsumm's name for it. */
static maillog_str behind_stage(const summary *s, maillog_str stage)
{
    static const char from[] = "; from=<";
    maillog_str text = get(s, FIELD_MESSAGE);
    if (!stage.len || !text.ptr) return text;
    drop_front(&text, (size_t)(stage.ptr + stage.len - text.ptr));
    if (text.len) drop_front(&text, 1);
    for (size_t i = 0; i + sizeof from - 1 <= text.len; i++)
        if (memcmp(text.ptr + i, from, sizeof from - 1) == 0) text.len = i;
    size_t word = text.len;
    while (word > 0 && text.ptr[word - 1] != ' ') word--;
    if (word > 6 && memcmp(text.ptr + word - 6, " from ", 6) == 0) text.len = word - 6;
    return text;
}

/* Checks of what a message contains: the check's own text tells more than the header it found. */
static void on_content(summary *s, outcome o)
{
    const maillog_str milter = get(s, FIELD_STAGE), where = get(s, FIELD_WHERE);
    const maillog_str stage = milter.len ? milter : where, content = get(s, FIELD_CONTENT);
    if (s->c->pflogsumm) {
        count_outcome(s, o, agent(s), stage, cut(behind_stage(s, stage), 64));
        return;
    }
    const maillog_str text = get(s, FIELD_TEXT), reason = get(s, FIELD_REASON);
    const maillog_str why = text.len ? text : reason.len ? reason : stage;
    count_outcome(s, o, stage.len ? stage : agent(s), why,
                  content.len ? cut(content, 64) : site_of(get(s, FIELD_CLIENT_NAME), get(s, FIELD_CLIENT_ADDR)));
}

static void on_content_check(summary *s)
{
    switch (get_word(s, FIELD_ACTION)) {
    case MAILLOG_ACTION_REJECT:
        on_content(s, refused);
        return;
    case MAILLOG_ACTION_WARNING:
        on_content(s, warned);
        return;
    case MAILLOG_ACTION_HOLD:
        on_content(s, held);
        return;
    case MAILLOG_ACTION_DISCARD:
        on_content(s, discarded);
        return;
    default:
        return;
    }
}

static void on_mime_error(summary *s)
{
    if (!s->c->pflogsumm) on_content(s, refused);
}

static void on_milter(summary *s)
{
    if (s->c->pflogsumm && !by_cleanup(s)) return;
    if (s->line.type == MAILLOG_EVENT_POSTFIX_MILTER_REJECT) on_content(s, refused);
    if (s->line.type == MAILLOG_EVENT_POSTFIX_MILTER_HOLD) on_content(s, held);
    if (s->line.type == MAILLOG_EVENT_POSTFIX_MILTER_DISCARD) on_content(s, discarded);
}

static void on_proxy_reject(summary *s)
{
    if (!s->c->pflogsumm) count_outcome(s, refused, get(s, FIELD_STAGE), cut(get(s, FIELD_REPLY), 64), str_of(""));
}

/* ---- what pflogsumm does not have ---- */

static void on_tls(summary *s)
{
    if (get_word(s, FIELD_TLS_USAGE) == MAILLOG_TLS_USAGE_REUSED) return;
    const bool in = get(s, FIELD_CLIENT_ADDR).ptr != NULL;
    count_in(s, TABLE_TLS, str_of(in ? "in" : "out"), get(s, FIELD_TLS_PROTOCOL), get(s, FIELD_TLS_CIPHER));
}

static void on_sasl_failed(summary *s)
{
    count_in(s, TABLE_SASL_FAILED, get(s, FIELD_SASL_METHOD), get(s, FIELD_CLIENT_ADDR), str_of(""));
}

static void on_postscreen(summary *s)
{
    const maillog_str kind = get(s, FIELD_KIND);
    if (s->line.daemon != MAILLOG_DAEMON_POSTFIX_POSTSCREEN) return;
    char name[TWO_WORDS];
    const maillog_str type = str_of(maillog_event_name(s->line.type));
    const maillog_str result = kind.len ? two_words(name, type, kind) : type;
    count_in(s, TABLE_POSTSCREEN, result, str_of(""), str_of(""));
}

#define POSTFIX(event) MAILLOG_EVENT_POSTFIX_##event
const summary_rule postfix_rules[] = {
    {POSTFIX(CONNECT), on_connect, true},
    {POSTFIX(CLIENT), on_client, false},
    {POSTFIX(PICKUP), on_pickup, false},
    {POSTFIX(MESSAGE_ID), on_message_id, true},
    {POSTFIX(QUEUE_ACTIVE), on_queue_active, false},
    {POSTFIX(REMOVED), on_removed, true},
    {POSTFIX(DELIVERY), on_delivery, false},
    {POSTFIX(EXPIRED), on_expired, true},
    {POSTFIX(CONNECT_FAILED), on_connect_failed, false},
    {POSTFIX(REJECT), on_reject, false},
    {POSTFIX(REJECT_WARNING), on_reject_warning, false},
    {POSTFIX(ACTION), on_action, false},
    {POSTFIX(CONTENT_CHECK), on_content_check, false},
    {POSTFIX(MIME_ERROR), on_mime_error, false},
    {POSTFIX(MILTER_REJECT), on_milter, false},
    {POSTFIX(MILTER_HOLD), on_milter, false},
    {POSTFIX(MILTER_DISCARD), on_milter, false},
    {POSTFIX(PROXY_REJECT), on_proxy_reject, false},
    {POSTFIX(TLS_CONNECTION), on_tls, false},
    {POSTFIX(SASL_FAILED), on_sasl_failed, false},
    {POSTFIX(PASS), on_postscreen, false},
    {POSTFIX(ALLOWLISTED), on_postscreen, false},
    {POSTFIX(DENYLISTED), on_postscreen, false},
    {POSTFIX(ALLOWLIST_VETO), on_postscreen, false},
    {POSTFIX(DNSBL_RANK), on_postscreen, false},
    {POSTFIX(PREGREET), on_postscreen, false},
    {POSTFIX(HANGUP), on_postscreen, false},
    {POSTFIX(BARE_NEWLINE), on_postscreen, false},
    {POSTFIX(COMMAND_LIMIT), on_postscreen, false},
    {POSTFIX(DATA_WITHOUT_RCPT), on_postscreen, false},
    {0, NULL, false},
};

bool of_other_instance(const summary *s)
{
    const maillog_str instance = seek(s, MAILLOG_FIELD_INSTANCE);
    return instance.len && (instance.len < 8 || memcmp(instance.ptr, "postfix/", 8) != 0);
}

/* ---- every line: warnings and worse, and what master(8) says ---- */

static void count_severe(summary *s, maillog_str text)
{
    static const struct {
        const char *word;
        table_id table;
    } severe[] = {{"warning: ", TABLE_WARNINGS}, {"fatal: ", TABLE_FATALS}, {"panic: ", TABLE_PANICS}};
    for (size_t i = 0; i < sizeof severe / sizeof *severe; i++) {
        const size_t n = strlen(severe[i].word);
        if (text.len <= n || memcmp(text.ptr, severe[i].word, n) != 0) continue;
        drop_front(&text, n);
        count_in(s, severe[i].table, agent(s), cut(text, 66), str_of(""));
        return;
    }
    if (s->line.daemon == MAILLOG_DAEMON_POSTFIX_MASTER) count_in(s, TABLE_MASTER, text, str_of(""), str_of(""));
}

void count_severity(summary *s)
{
    const maillog_str text = seek(s, MAILLOG_FIELD_MESSAGE);
    const char first = text.len ? *text.ptr : '\0';
    if (first == 'w' || first == 'f' || first == 'p' || s->line.daemon == MAILLOG_DAEMON_POSTFIX_MASTER)
        count_severe(s, text);
}
