/* rspamd.c: `<tag>; module; function: text` of rspamd 2.x and 3.x, in syslog and in its own log file. The result of a
 * scan is the statement of the default log_format (conf/modules.d/…, logging.inc):
 *
 *   id: <MID>[, qid: <Q>][, ip: A][, user: U][, from: <F>], (default: T (ACTION): [S/R] [SYM(S){OPT;},…]), len: N,
 *   time: N.NNNms, dns req: N, digest: <HEX>[, rcpts: <…>][, mime_rcpts: <…>][, file: F][, forced: A "M"; score=N (set
 *   by M)][, settings_id: I]
 *
 * Nothing of it is quoted. Remote parties choose MID, F (as far as the MTA lets it through), what stands in the options
 * of symbols, and the addresses of rcpts and mime_rcpts. What decides: a sender is an address, so a quoted part closes
 * before its '@' and there are no blanks and '>' outside; the scores and `]), len: N, time: …` have one form; two
 * readings of that are flagged, and the last one is taken: the Message-ID, which anyone can set, comes first. */
#include "../base/token.h"
#include "daemons.h"
#include "rspamd.h"

enum { MOST_READINGS = 8 };

/* ---- (default: F (no action): [1.00/15.00] [ ---- */

typedef struct verdict {
    ml_cur is_spam, action, score, required;
    const char *symbols; /* after the '[' */
} verdict;

static bool read_verdict(const ml_line *l, ml_cur c, verdict *v)
{
    ml_cur t = c, name;
    if (!ml_skip_char(&t, '(') || !ML_UNTIL(l, &t, ": ", &name)) return false;
    v->is_spam = ml_slice(t.p, t.p + (ml_empty(t) ? 0 : 1));
    if (!ML_STARTS(t, "T (") && !ML_STARTS(t, "F (") && !ML_STARTS(t, "S (")) return false;
    t.p += 3;
    const char *p = t.p;
    while (p < t.e && (ml_is_lower(*p) || *p == ' ' || *p == '_')) p++; /* names of actions */
    v->action = ml_slice(t.p, p);
    t.p = p;
    if (!ML_SKIP(&t, "): [") || !ml_decimal(&t, &v->score) || !ml_skip_char(&t, '/')) return false;
    if (!ml_decimal(&t, &v->required)) {
        v->required = ml_slice(t.p, t.p);
        if (!ML_SKIP(&t, "nan")) return false;
        v->required.e = t.p;
    }
    if (!ML_SKIP(&t, "] [")) return false;
    v->symbols = t.p;
    return true;
}

/* The last verdict in the text; *count: how many there are. */
static const char *find_verdict(const ml_line *l, ml_cur c, verdict *v, int *count)
{
    const char *found = NULL;
    ml_cur scan = c, before;
    *count = 0;
    while (ML_UNTIL(l, &scan, ", (default: ", &before)) {
        verdict next = {0};
        if (!read_verdict(l, ml_slice(before.e + 2, c.e), &next)) continue;
        found = before.e;
        *v = next;
        if (++*count >= MOST_READINGS) break;
    }
    return found;
}

/* ---- ]), len: 4120, time: 312.201ms, dns req: 24, digest: <hex> ---- */

typedef struct costs {
    ml_cur len, time, dns, digest;
    ml_cur rest;
} costs;

static bool read_costs(ml_cur c, costs *v)
{
    const ml_cur none = ml_none();
    v->digest = v->dns = none;
    if (!ML_SKIP(&c, "]), len: ") || !ml_digits(&c, &v->len)) return false;
    if (!ML_SKIP(&c, ", time: ") || !ml_decimal(&c, &v->time) || !ML_SKIP(&c, "ms")) return false;
    ml_cur real;
    if (ML_SKIP(&c, " real, ") && (!ml_decimal(&c, &real) || !ML_SKIP(&c, "ms virtual"))) return false; /* 1.x */
    if (ML_SKIP(&c, ", dns req: ") && !ml_digits(&c, &v->dns)) return false;
    if (ML_SKIP(&c, ", digest: <")) {
        const char *p = c.p;
        while (p < c.e && ml_is_hex(*p)) p++;
        v->digest = ml_slice(c.p, p);
        c.p = p;
        if (!ml_skip_char(&c, '>')) return false;
    }
    v->rest = c;
    return true;
}

static const char *find_costs(const ml_line *l, ml_cur c, costs *v, int *count)
{
    const char *found = NULL;
    ml_cur scan = c, before;
    *count = 0;
    while (ML_UNTIL(l, &scan, "]), len: ", &before)) {
        costs next = {0};
        if (!read_costs(ml_slice(before.e, c.e), &next)) continue;
        found = before.e;
        *v = next;
        if (++*count >= MOST_READINGS) break;
    }
    return found;
}

/* ---- id: <…>[, qid: <…>][, ip: …][, user: …][, from: <…>] ---- */

/* Whether the text can be an envelope sender: no blanks and <> outside of a quoted local part, which ends at an '@'. */
static bool is_path(ml_cur c)
{
    if (ml_skip_char(&c, '"')) {
        while (!ml_empty(c) && *c.p != '"') c.p += *c.p == '\\' && ml_len(c) > 1 ? 2 : 1;
        if (!ml_skip_char(&c, '"') || ml_peek(c) != '@') return false;
    }
    for (; !ml_empty(c); c.p++)
        if (*c.p == ' ' || *c.p == '<' || *c.p == '>' || *c.p == '"') return false;
    return true;
}

typedef struct origin {
    ml_cur qid, ip, user, from;
} origin;

static bool is_plain(ml_cur c)
{
    for (; !ml_empty(c); c.p++)
        if (*c.p == ' ' || *c.p == '<' || *c.p == '>') return false;
    return true;
}

/* The parts after the message's ID, to the end of the text. */
static bool read_origin(const ml_line *l, ml_cur c, origin *o)
{
    o->qid = o->ip = o->user = o->from = ml_none();
    if (ML_SKIP(&c, ", qid: <") && (!ml_until(l, &c, '>', &o->qid) || !is_plain(o->qid))) return false;
    if (ML_SKIP(&c, ", ip: ")) {
        const char *p = c.p;
        while (p < c.e && (ml_is_hex(*p) || *p == '.' || *p == ':')) p++;
        o->ip = ml_slice(c.p, p);
        c.p = p;
    }
    if (ML_SKIP(&c, ", user: ")) {
        const char *p = ML_FIND(l, c, ", from: <");
        o->user = ml_slice(c.p, p ? p : c.e);
        if (!is_plain(o->user)) return false;
        c.p = o->user.e;
    }
    if (ML_SKIP(&c, ", from: <")) {
        if (!ML_DROP_END(&c, ">") || !is_path(c)) return false;
        o->from = c;
        return true;
    }
    return ml_empty(c);
}

/* `MID>` and what follows it: the first '>' after which all of the text reads as the daemon writes it. */
static bool split_origin(ml_line *l, ml_cur c, ml_cur *mid, origin *o)
{
    ml_cur scan = c, before;
    int tries = 0;
    while (ml_until(l, &scan, '>', &before)) {
        if (!ml_empty(scan) && !ML_STARTS(scan, ", qid: <") && !ML_STARTS(scan, ", ip: ") &&
            !ML_STARTS(scan, ", user: ") && !ML_STARTS(scan, ", from: <"))
            continue;
        *mid = ml_slice(c.p, before.e);
        if (read_origin(l, scan, o)) return true;
        if (++tries >= MOST_READINGS) break;
    }
    return false;
}

/* ---- [, rcpts: <…>][, mime_rcpts: <…>][, file: …][, forced: …][, settings_id: …] ---- */

/* action "message"; score=N (set by module) */
static bool forced(ml_line *l, ml_cur c)
{
    ml_cur action, message, score;
    if (!ML_UNTIL(l, &c, " \"", &action) || !ML_UNTIL_LAST(&c, "\"; score=", &message)) return false;
    if (!ML_UNTIL(l, &c, " (set by ", &score) || !ML_DROP_END(&c, ")")) return false;
    ml_put(l, MAILLOG_FIELD_FORCED_ACTION, action);
    ml_put(l, MAILLOG_FIELD_FORCED_MESSAGE, message);
    ml_put(l, MAILLOG_FIELD_FORCED_SCORE, score);
    ml_put(l, MAILLOG_FIELD_FORCED_BY, c);
    return true;
}

static bool settings_and_forced(ml_line *l, ml_cur c)
{
    maillog_field *const mark = ml_mark(l);
    ml_cur id = ml_none(), before, file;
    if (ML_SKIP(&c, ", file: ")) {
        const char *p = ML_FIND(l, c, ", forced: ");
        if (!p) p = ML_FIND(l, c, ", settings_id: ");
        file = ml_slice(c.p, p ? p : c.e);
        ml_put(l, MAILLOG_FIELD_FILE_NAME, file);
        c.p = file.e;
    }
    ml_cur t = c;
    if (ML_UNTIL_LAST(&t, ", settings_id: ", &before) && is_plain(t)) {
        id = t;
        c = before;
    }
    if (ML_SKIP(&c, ", forced: ")) {
        if (!forced(l, c)) return ml_fail(l, mark);
        c.p = c.e;
    }
    if (!ml_empty(c)) return ml_fail(l, mark);
    ml_put_opt(l, MAILLOG_FIELD_SETTINGS_ID, id);
    return true;
}

static bool is_after_recipients(ml_cur c)
{
    return ml_empty(c) || ML_STARTS(c, ", mime_rcpts: <") || ML_STARTS(c, ", file: ") || ML_STARTS(c, ", forced: ") ||
           ML_STARTS(c, ", settings_id: ");
}

/* Envelope recipients end at the first '>' that something known follows. Those of the header are anyone's text: they
 * end at the last '>' after which the rest can be read. */
static bool recipients(ml_line *l, ml_cur c)
{
    maillog_field *const mark = ml_mark(l);
    ml_cur before;
    if (ML_SKIP(&c, ", rcpts: <")) {
        ml_cur t = c;
        do {
            if (!ml_until(l, &t, '>', &before)) return false;
        } while (!is_after_recipients(t));
        ml_put(l, MAILLOG_FIELD_RCPTS, ml_slice(c.p, before.e));
        c = t;
    }
    if (!ML_SKIP(&c, ", mime_rcpts: <")) return settings_and_forced(l, c) || ml_fail(l, mark);
    ml_cur scan = c;
    for (int tries = 0; tries < MOST_READINGS; tries++) {
        const char *p = ml_rfind(scan, '>');
        if (!p) break;
        maillog_field *const rows = ml_mark(l);
        ml_put(l, MAILLOG_FIELD_MIME_RCPTS, ml_slice(c.p, p));
        if (settings_and_forced(l, ml_slice(p + 1, c.e))) return true;
        ml_fail(l, rows);
        scan.e = p;
    }
    return ml_fail(l, mark);
}

/* ---- the result of a scan ---- */

static bool task(ml_line *l, ml_cur c)
{
    verdict v = {0};
    costs k = {0};
    origin o;
    int verdicts, ends;
    ml_cur mid;
    if (!ML_SKIP(&c, "id: <")) return false;
    const char *costs_at = find_costs(l, c, &k, &ends);
    if (!costs_at && ML_ENDS(c, "])")) costs_at = c.e - 2; /* a log_format that ends here */
    if (!costs_at) return false;
    const char *verdict_at = find_verdict(l, ml_slice(c.p, costs_at + 1), &v, &verdicts);
    if (!verdict_at) return false;
    if (verdicts > 1 || ends > 1) l->ev->flags |= MAILLOG_FLAG_AMBIGUOUS;
    if (!split_origin(l, ml_slice(c.p, verdict_at), &mid, &o)) return false;
    ml_put(l, MAILLOG_FIELD_MESSAGE_ID, mid);
    ml_put_opt(l, MAILLOG_FIELD_QUEUE_ID, o.qid);
    ml_put_opt(l, MAILLOG_FIELD_CLIENT_ADDR, o.ip);
    ml_put_opt(l, MAILLOG_FIELD_USER, o.user);
    ml_put_opt(l, MAILLOG_FIELD_FROM, o.from);
    ml_put(l, MAILLOG_FIELD_IS_SPAM, v.is_spam);
    ml_put(l, MAILLOG_FIELD_ACTION, v.action);
    ml_put(l, MAILLOG_FIELD_SCORE, v.score);
    ml_put(l, MAILLOG_FIELD_REQUIRED, v.required);
    ml_put(l, MAILLOG_FIELD_SYMBOLS, ml_slice(v.symbols, costs_at));
    ml_put_opt(l, MAILLOG_FIELD_LEN, k.len);
    ml_put_opt(l, MAILLOG_FIELD_TIME_MS, k.time);
    ml_put_opt(l, MAILLOG_FIELD_DNS_REQ, k.dns);
    ml_put_opt(l, MAILLOG_FIELD_DIGEST, k.digest);
    if (k.rest.p && !recipients(l, k.rest)) ml_put_rest(l, k.rest);
    return ml_event(l, MAILLOG_EVENT_RSPAMD_TASK);
}

/* `loaded message; id: <MID>; queue-id: <Q>; size: N; checksum: <HEX>`: the end is rspamd's, the ID anyone's. */
static bool loaded(ml_line *l, ml_cur c)
{
    ml_cur checksum, size, mid, qid = ml_none();
    if (!ML_SKIP(&c, "loaded message; id: <") || !ML_DROP_END(&c, ">")) return false;
    if (!ml_until_last_n(&c, ">; size: ", sizeof ">; size: " - 1, &mid)) return false;
    if (!ml_digits(&c, &size) || !ML_SKIP(&c, "; checksum: <")) return false;
    checksum = c;
    ml_cur t = mid, before;
    if (ML_UNTIL_LAST(&t, ">; queue-id: <", &before)) {
        qid = t;
        mid = before;
    }
    ml_put(l, MAILLOG_FIELD_MESSAGE_ID, mid);
    ml_put_opt(l, MAILLOG_FIELD_QUEUE_ID, qid);
    ml_put(l, MAILLOG_FIELD_SIZE, size);
    ml_put(l, MAILLOG_FIELD_CHECKSUM, checksum);
    return ml_event(l, MAILLOG_EVENT_RSPAMD_MESSAGE);
}

/* ---- all of them ---- */

/* `rspamd_worker_hyperscan_ready: `: a function alone. */
static bool function_alone(ml_line *l, ml_cur *c)
{
    ml_cur t = *c, func;
    if (!ML_STARTS(t, "rspamd_") || !ML_UNTIL(l, &t, ": ", &func) || ml_find(l, func, ' ')) return false;
    ml_put(l, MAILLOG_FIELD_FUNC, func);
    *c = t;
    return true;
}

/* `lua_maps.lua:127`: a module in Lua says it, in words of its own. */
static bool is_lua(ml_cur func)
{
    const char *const colon = ml_rfind(func, ':');
    return colon && ML_ENDS(ml_slice(func.p, colon), ".lua");
}

/* `<8eaf6a>; task; rspamd_task_write_log: `; the tag is missing in statements that belong to no task. *lua: a module in
 * Lua says it. */
static bool prefix(ml_line *l, ml_cur *c, bool *lua)
{
    ml_cur t = *c, id = ml_none(), module, func;
    if (function_alone(l, c)) return true;
    if (ml_skip_char(&t, '<') && (!ml_until(l, &t, '>', &id) || !ML_SKIP(&t, "; "))) return false;
    if (!ML_UNTIL(l, &t, "; ", &module) || ml_find(l, module, ' ')) return false;
    if (!ML_UNTIL(l, &t, ": ", &func) || ml_find(l, func, ' ')) return false;
    ml_put_opt(l, MAILLOG_FIELD_ID, id);
    ml_put(l, MAILLOG_FIELD_MODULE, module);
    ml_put(l, MAILLOG_FIELD_FUNC, func);
    *lua = is_lua(func);
    *c = t;
    return true;
}

void maillog__rspamd(ml_line *l, ml_cur message)
{
    ml_cur c = message;
    bool lua = false;
    prefix(l, &c, &lua);
    if (task(l, c) || loaded(l, c) || maillog__match_patterns(l, &maillog__rspamd_statements, c)) return;
    if (maillog__match_patterns(l, &maillog__rspamd_beginnings, c)) {
        maillog_field *const text = l->next - 1; /* known by its beginning, which stays in the text */
        text->off = (uint32_t)(c.p - l->base);
        text->len = (uint32_t)ml_len(c);
        return;
    }
    if (lua && !ml_empty(c)) {
        ml_put(l, MAILLOG_FIELD_TEXT, c);
        ml_event(l, MAILLOG_EVENT_RSPAMD_LUA);
        return;
    }
    ml_put_rest(l, c);
}
