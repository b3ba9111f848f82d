/* postfix_statistics.c: anvil, scache and verify, which only count. Source: anvil.c, scache.c, verify.c,
 * dict_cache.c of Postfix 2.11 to 3.11. Nothing but the client's address is a remote party's. A service name holds no
 * ':' (an `addr:port` one from master.cf is told by the last that leaves an address). */
#include "postfix_library.h"

ML_PATTERN_ROWS(maillog__postfix_statistics_rows) = {
    ROW1(VERIFY_WARNING, "bad address verify table entry: %s", TEXT),
    ROW4(CACHE_LOOKUPS, "statistics: %w lookup hits=%d miss=%d success=%d%%", KIND, HITS, MISS, SUCCESS),
    ROW2(PEAK_CACHE, "statistics: max cache size %d at %s", SIZE, PEAK_TIME),
    ROW3(CACHE_PEAK, "statistics: max simultaneous domains=%d addresses=%d connection=%d", DOMAINS, ADDRESSES,
         CONNECTIONS),
    ROW1(CACHE_INTERVAL, "statistics: start interval %s", START_TIME),
};
ML_PATTERN_TABLE(maillog__postfix_statistics_rows);

/* (SERVICE:ADDR) at TIME. A service is a name, a port or `addr:port`: without a name before the first ':', the port
 * after it belongs to the service too. */
static bool client_at(ml_line *l, ml_cur c)
{
    ml_cur key, service, t;
    if (!ML_SKIP(&c, " for (") || !ML_UNTIL(l, &c, ") at ", &key)) return false;
    t = key;
    if (ml_peek(t) == '[' && !ml_until(l, &t, ']', &service)) return false;
    if (!ml_until(l, &t, ':', &service)) return false;
    service.p = key.p;
    if (ml_find(l, service, '.') || ml_peek(service) == '[') {
        ml_cur port, addr = t;
        if (ml_digits(&addr, &port) && ml_skip_char(&addr, ':')) {
            service.e = port.e;
            t = addr;
        }
    }
    ml_put(l, MAILLOG_FIELD_SERVICE, service);
    ml_put(l, MAILLOG_FIELD_CLIENT_ADDR, t);
    ml_put(l, MAILLOG_FIELD_PEAK_TIME, c);
    return true;
}

/* statistics: max KIND rate N/Ns for (SERVICE:ADDR) at TIME; … count N for … */
static bool peak(ml_line *l, ml_cur c)
{
    ml_cur kind, n, interval;
    if (!ML_SKIP(&c, "statistics: max ") || !ml_word(l, &c, &kind)) return false;
    ml_put(l, MAILLOG_FIELD_KIND, kind);
    if (ML_SKIP(&c, " rate ") && ml_digits(&c, &n) && ml_skip_char(&c, '/') && ml_digits(&c, &interval) &&
        ml_is_lower(ml_peek(c))) {
        if (!ml_skip_char(&c, 's')) interval.e = ++c.p; /* another unit than Postfix writes */
        ml_put(l, MAILLOG_FIELD_RATE, n);
        ml_put(l, MAILLOG_FIELD_INTERVAL, interval);
        return client_at(l, c) && ml_event(l, MAILLOG_EVENT_POSTFIX_PEAK_RATE);
    }
    if (ML_SKIP(&c, " count ") && ml_digits(&c, &n)) {
        ml_put(l, MAILLOG_FIELD_COUNT, n);
        return client_at(l, c) && ml_event(l, MAILLOG_EVENT_POSTFIX_PEAK_COUNT);
    }
    return false;
}

bool maillog__postfix_statistics(ml_line *l, ml_cur text, const ml_postfix *head)
{
    maillog_field *const mark = ml_mark(l);
    (void)head;
    if (peak(l, text)) return true;
    ml_fail(l, mark);
    return maillog__match_patterns(l, &maillog__postfix_statistics_rows, text);
}
