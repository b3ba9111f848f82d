/* filters.h: postgrey's answers and amavis' reports. See quick.h; the grammars are postgrey.c and amavis_report.c. */
#ifndef MAILLOG_QUICK_FILTERS_H
#define MAILLOG_QUICK_FILTERS_H

#include "text.h"

/* The first `, ` from p on; at or behind the end: there is none. */
ML_INLINE const char *quick_comma(const ml_quick *q, const char *p)
{
    do p = ml_quick_find(q, p, ',') + 1;
    while (p < q->e && *p != ' ');
    return p - 1;
}

/* `KEY=value, `: the value is written; false: it is not there. */
ML_INLINE bool quick_attribute(ml_quick *q, const char *lit, size_t n, maillog_field_id id)
{
    if (!ml_quick_same(q->p, lit, n)) return false;
    const char *const value = q->p + n, *const end = quick_comma(q, value);
    if (end + 1 >= q->e) return false;
    ml_row(q, id, value, end);
    q->p = end + 2;
    return true;
}
#define QUICK_ATTRIBUTE(q, lit, NAME) quick_attribute((q), lit, sizeof(lit) - 1, MAILLOG_FIELD_##NAME)

/* ---- action=A, reason=R[ (Ns missing)], [delay=N, ]client_name=N, client_address=A, [sender=S, ]recipient=R ---- */

/* `early-retry (127s missing)`: the reason's row, and behind it one for the number. */
ML_INLINE bool quick_missing_seconds(ml_quick *q, const char *reason)
{
    maillog_field *const row = &q->next[-1];
    const char *const end = q->p, *const open = ml_quick_find(q, reason, '(');
    q->p = open - 1;
    if (open <= reason || !QUICK_NUMBER(q, " (", MISSING_SECONDS) || !ML_QUICK_SKIP(&q->p, "s missing), "))
        return false;
    row->len = (uint32_t)(open - 1 - reason);
    return q->p == end;
}

static bool quick_postgrey(ml_quick *out)
{
    ml_quick q = *out;
    if (!QUICK_ATTRIBUTE(&q, "action=", ACTION)) return false;
    const char *const action = out->p + sizeof "action=" - 1;
    if (ML_QUICK_IS(action, q.p - 2, "pass"))
        q.next[-1].word = MAILLOG_ACTION_PASS;
    else if (ML_QUICK_IS(action, q.p - 2, "greylist"))
        q.next[-1].word = MAILLOG_ACTION_GREYLIST;
    else
        return false;
    const char *const reason = q.p + sizeof "reason=" - 1;
    if (!QUICK_ATTRIBUTE(&q, "reason=", REASON)) return false;
    if (q.p[-3] == ')' && !quick_missing_seconds(&q, reason)) return false;
    (void)QUICK_ATTRIBUTE(&q, "delay=", GREYLIST_DELAY);
    if (!QUICK_ATTRIBUTE(&q, "client_name=", CLIENT_NAME)) return false;
    if (!QUICK_ATTRIBUTE(&q, "client_address=", CLIENT_ADDR)) return false;
    if (ML_QUICK_SKIP(&q.p, "sender=")) {
        const char *const sender = q.p, *const comma = quick_find(&q, sender, ',');
        if (!QUICK_AT(comma, ", recipient=")) return false;
        q.p = comma + 12;
        if (q.p > q.e || quick_has(&q, q.p, ',')) return false;
        ML_ROW(&q, FROM, sender, comma);
    } else if (!ML_QUICK_SKIP(&q.p, "recipient=")) { /* of a bounce */
        return false;
    }
    ML_ROW(&q, TO, q.p, q.e);
    return ml_quick_event(out, &q, MAILLOG_EVENT_POSTGREY_GREYLIST);
}

/* ---- (ID) Passed|Blocked CATEGORY {ACTIONS}, [BANK ][LOCAL ][ADDR]:PORT [ADDR] <FROM> -> <TO>,<TO>, KEY: VALUE, …, N
 * ms ---- */

/* `CATEGORY `, or `INFECTED (NAMES) `: the first parenthesis ends the names if all that follows can be read, see
 * amavis_report.c. */
ML_INLINE bool quick_category(ml_quick *q)
{
    const char *const category = q->p, *const end = ml_quick_find(q, category, ' ');
    if (end >= q->e) return false;
    const ml_cur v = ml_slice(category, end);
    const unsigned word = ML_IS(v, "CLEAN") ? MAILLOG_CATEGORY_CLEAN
                                            : maillog__word(v, MAILLOG_CATEGORY_CLEAN, MAILLOG_CATEGORY_TEMPFAIL);
    if (!word) return false;
    ML_ROW_WORD(q, CATEGORY, word, category, end);
    q->p = end + 1;
    if (q->p == q->e || *q->p != '(') return true;
    const char *const names = q->p + 1, *const close = ml_quick_find(q, names, ')');
    if (!QUICK_AT(close, ") {")) return false;
    ml_row(q, word == MAILLOG_CATEGORY_INFECTED ? MAILLOG_FIELD_VIRUS : MAILLOG_FIELD_BANNED, names, close);
    q->p = close + 2;
    return true;
}

/* `{RelayedInbound,Quarantined}, ` */
ML_INLINE bool quick_actions(ml_quick *q)
{
    const char *const actions = q->p, *const close = quick_find(q, actions, '}');
    if (q->e - close < 4 || *actions != '{' || !ml_same_bytes(close, "}, ", 3)) return false;
    if (!quick_is_letters(actions + 1, close, ',', false)) return false;
    ML_ROW(q, ACTIONS, actions, close + 1);
    q->p = close + 3;
    return true;
}

/* `[addr]` or `[addr]:port`, and a blank. */
ML_INLINE bool quick_bracketed(ml_quick *q, maillog_field_id addr_id, maillog_field_id port_id)
{
    const char *const addr = q->p + 1, *const close = ml_quick_find_2(q, addr, ']', ' ');
    if (close + 1 >= q->e || *close != ']') return false;
    ml_row(q, addr_id, addr, close);
    q->p = close + 1;
    if (*q->p == ':') {
        const char *const port = q->p + 1;
        q->p = quick_digits(q, port);
        if (port == q->p) return false;
        ml_row(q, port_id, port, q->p);
    }
    return q->p < q->e && *q->p++ == ' ';
}

/* Who sent it, and the '<' of the sender. */
ML_INLINE bool quick_origin(ml_quick *q)
{
    const char *const bank = q->p;
    bool local = ML_QUICK_SKIP(&q->p, "LOCAL ");
    if (!local) {
        while (q->p < q->e && (ml_is_upper(*q->p) || *q->p == '-')) q->p++;
        if (q->p > bank) {
            ML_ROW(q, POLICY_BANK, bank, q->p);
            if (q->p == q->e || *q->p++ != ' ') return false;
            local = ML_QUICK_SKIP(&q->p, "LOCAL ");
        }
    }
    if (local) ML_ROW(q, LOCAL, q->p - 6, q->p - 1);
    if (q->p >= q->e || *q->p != '[') return false; /* without an address the bank has another place */
    if (!quick_bracketed(q, MAILLOG_FIELD_CLIENT_ADDR, MAILLOG_FIELD_CLIENT_PORT)) return false;
    if (q->p < q->e && *q->p == '[' &&
        !quick_bracketed(q, MAILLOG_FIELD_ORIG_CLIENT_ADDR, MAILLOG_FIELD_ORIG_CLIENT_PORT))
        return false;
    return q->p < q->e && *q->p++ == '<';
}

/* `FROM> -> <TO>,<TO>, ` */
ML_INLINE bool quick_path(ml_quick *q)
{
    enum { BEHIND = sizeof ", 1 ms" - 1 };
    const char *close = quick_angle_end(q, q->p);
    if (!close || q->e - close < 8 || !ml_same_bytes(close, "> -> <", 6)) return false;
    ML_ROW(q, FROM, q->p, close);
    const char *const first = close + 5, *to = first;
    unsigned count = 0;
    do {
        close = quick_angle_end(q, ++to);
        if (!close || q->e - close <= BEHIND || close[1] != ',') return false;
        to = close + 2;
        count++;
    } while (*to == '<');
    ML_ROW(q, RECIPIENTS, first, close + 1);
    if (count == 1) ML_ROW(q, TO, first + 1, close);
    q->p = to + 1;
    return *to == ' ';
}

/* `Message-ID: <…>, ` with nothing quoted or bracketed in it. */
ML_INLINE bool quick_amavis_message_id(ml_quick *q)
{
    const char *id = q->p;
    if (!ML_QUICK_SKIP(&id, "Message-ID: ")) return true;
    if (id >= q->e || *id != '<') return false;
    const char *const close = ml_quick_find(q, id + 1, '>');
    if (close + 3 > q->e || ml_quick_find_2(q, id, '"', '[') < close) return false;
    if (!ml_same_bytes(close + 1, ", ", 2)) return false;
    ML_ROW(q, MESSAGE_ID, id, close + 1);
    q->p = close + 3;
    return true;
}

/* `Hits: N, size: N, queued_as: ID, ` */
ML_INLINE bool quick_amavis_results(ml_quick *q)
{
    const char *const hits = q->p + sizeof "Hits: " - 1;
    if (QUICK_ATTRIBUTE(q, "Hits: ", HITS) && ml_quick_find_2(q, hits, ' ', ',') != q->p - 2)
        return false; /* ends so */
    (void)QUICK_ATTRIBUTE(q, "size: ", SIZE);
    const char *const ids = q->p + sizeof "queued_as: " - 1;
    if (QUICK_ATTRIBUTE(q, "queued_as: ", QUEUED_AS)) {
        if (ids == q->p - 2 || !quick_is_letters(ids, q->p - 2, '/', true)) return false; /* a reply */
    }
    return true;
}

static bool quick_amavis(ml_quick *out)
{
    ml_quick q = *out;
    /* (12345-06) or (12345-06-2) */
    if (*q.p != '(') return false;
    const char *const id = q.p + 1;
    q.p = quick_digits(&q, id);
    if (q.p == id || q.e - q.p < 40 || *q.p != '-' || !ml_is_digit(q.p[1])) return false;
    q.p = ml_quick_digits(q.p + 1, q.e);
    if (*q.p == '-' && ml_is_digit(q.p[1])) q.p = ml_quick_digits(q.p + 1, q.e);
    ML_ROW(&q, AM_ID, id, q.p);
    const bool passed = ML_QUICK_SKIP(&q.p, ") Passed ");
    if (!passed && !ML_QUICK_SKIP(&q.p, ") Blocked ")) return false;
    ML_ROW_WORD(&q, RESULT, passed ? MAILLOG_RESULT_PASSED : MAILLOG_RESULT_BLOCKED, q.p - (passed ? 7 : 8), q.p - 1);
    if (!quick_category(&q) || !quick_actions(&q)) return false;
    if (!quick_origin(&q) || !quick_path(&q)) return false;
    (void)QUICK_ATTRIBUTE(&q, "quarantine: ", QUARANTINE);
    (void)QUICK_ATTRIBUTE(&q, "Queue-ID: ", QUEUE_ID);
    if (!quick_amavis_message_id(&q)) return false;
    (void)QUICK_ATTRIBUTE(&q, "mail_id: ", MAIL_ID);
    if (!quick_amavis_results(&q)) return false;
    (void)QUICK_ATTRIBUTE(&q, "dkim_sd=", DKIM_SD);
    (void)QUICK_ATTRIBUTE(&q, "dkim_new=", DKIM_NEW);
    const char *const ms = q.p;
    q.p = quick_digits(&q, ms);
    if (q.p == ms || !ML_QUICK_IS(q.p, q.e, " ms")) return false;
    ML_ROW(&q, ELAPSED_MS, ms, q.p);
    return ml_quick_event(out, &q, passed ? MAILLOG_EVENT_AMAVIS_PASSED : MAILLOG_EVENT_AMAVIS_BLOCKED);
}

/* ---- OpenDKIM, of a message ---- */

/* DKIM-Signature field added (s=SELECTOR, d=DOMAIN), and what is said of nearly every message that is not signed. A
 * selector or a domain with a blank may be another statement. */
static bool quick_opendkim(ml_quick *out)
{
    ml_quick q = *out;
    const char *const header = q.p;
    if (ML_QUICK_IS(q.p, q.e, "DKIM verification successful"))
        return ml_quick_event(out, &q, MAILLOG_EVENT_OPENDKIM_VERIFIED);
    if (ML_QUICK_IS(q.p, q.e, "no signature data")) return ml_quick_event(out, &q, MAILLOG_EVENT_OPENDKIM_NO_SIGNATURE);
    if (ML_QUICK_IS(q.p, q.e, "not authenticated"))
        return ml_quick_event(out, &q, MAILLOG_EVENT_OPENDKIM_NOT_AUTHENTICATED);
    if (!ML_QUICK_SKIP(&q.p, "DKIM-Signature field added (s=")) return false;
    const char *const selector = q.p, *const comma = ml_quick_find_2(&q, selector, ',', ' ');
    q.p = comma;
    if (comma >= q.e || !ML_QUICK_SKIP(&q.p, ", d=") || q.p >= q.e || q.e[-1] != ')' || quick_has(&q, q.p, ' '))
        return false;
    ML_ROW(&q, HEADER, header, header + sizeof "DKIM-Signature" - 1);
    ML_ROW(&q, SELECTOR, selector, comma);
    ML_ROW(&q, DOMAIN, q.p, q.e - 1);
    return ml_quick_event(out, &q, MAILLOG_EVENT_OPENDKIM_SIGNED);
}

/* ---- spamd: clean message|identified spam (S/R) for USER:UID in T seconds, N bytes. ---- */

/* Past the digits at p, and those behind a dot: see ml_decimal(). */
ML_INLINE const char *quick_decimal(const ml_quick *q, const char *p)
{
    while (p < q->e && ml_is_digit(*p)) p++;
    if (p >= q->e || *p != '.') return p;
    for (p++; p < q->e && ml_is_digit(*p);) p++;
    return p;
}

static bool quick_spamd(ml_quick *out)
{
    ml_quick q = *out;
    const bool clean = ML_QUICK_SKIP(&q.p, "spamd: clean message (");
    if (!clean && !ML_QUICK_SKIP(&q.p, "spamd: identified spam (")) return false;
    const char *const score = q.p, *const slash = quick_decimal(&q, score + (q.p < q.e && *q.p == '-'));
    if (slash <= score + (*score == '-') || slash >= q.e || *slash != '/') return false;
    const char *const required = slash + 1;
    q.p = quick_decimal(&q, required);
    if (q.p == required || !ML_QUICK_SKIP(&q.p, ") for ")) return false;
    const char *const user = q.p, *const colon = ml_quick_find_2(&q, user, ':', ' ');
    if (colon >= q.e || colon == user || *colon != ':') return false;
    ML_ROW(&q, SCORE, score, slash);
    ML_ROW(&q, REQUIRED, required, user - 6);
    ML_ROW(&q, USER, user, colon);
    q.p = colon;
    if (!QUICK_NUMBER(&q, ":", UID) || !ML_QUICK_SKIP(&q.p, " in ")) return false;
    const char *const seconds = q.p;
    q.p = quick_decimal(&q, seconds);
    if (q.p == seconds) return false;
    ML_ROW(&q, SECONDS, seconds, q.p);
    if (!QUICK_NUMBER(&q, " seconds, ", SIZE) || !ML_QUICK_IS(q.p, q.e, " bytes.")) return false;
    return ml_quick_event(out, &q, clean ? MAILLOG_EVENT_SPAMD_CLEAN : MAILLOG_EVENT_SPAMD_SPAM);
}

#endif
