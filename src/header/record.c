/* record.c: see record.h. Keys of journald (journalctl -o json and -o export), of docker's json-file, and those that
 * log shippers commonly use. */
#include "record.h"

static const struct {
    const char *key;
    uint8_t slot, rank;
} keys[] = {
    {"MESSAGE", ML_MESSAGE, 9},
    {"SYSLOG_IDENTIFIER", ML_PROGRAM, 9},
    {"SYSLOG_PID", ML_PID, 9},
    {"_PID", ML_PID, 8},
    {"_HOSTNAME", ML_HOST, 9},
    {"_COMM", ML_PROGRAM, 8},
    {"__REALTIME_TIMESTAMP", ML_TIME, 8},
    {"_SOURCE_REALTIME_TIMESTAMP", ML_TIME, 9}, /* when it was written, not when it was stored */
    {"log", ML_MESSAGE, 7},
    {"stream", ML_STREAM, 9},
    {"time", ML_TIME, 7},
    {"message", ML_MESSAGE, 6},
    {"msg", ML_MESSAGE, 5},
    {"@timestamp", ML_TIME, 6},
    {"timestamp", ML_TIME, 5},
    {"hostname", ML_HOST, 7},
    {"host", ML_HOST, 6},
    {"program", ML_PROGRAM, 7},
    {"programname", ML_PROGRAM, 5},
    {"syslogtag", ML_PROGRAM, 6}, /* before programname, which lacks all after the first '/' */
    {"ident", ML_PROGRAM, 4},
    {"tag", ML_PROGRAM, 3},
    {"pid", ML_PID, 7},
    {"procid", ML_PID, 6},
};

void maillog__record_put(ml_record *r, ml_cur key, ml_cur value)
{
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        if (!ml_is_n(key, keys[i].key, strlen(keys[i].key))) continue;
        if (keys[i].rank <= r->rank[keys[i].slot]) return;
        r->rank[keys[i].slot] = keys[i].rank;
        r->value[keys[i].slot] = value;
        return;
    }
}

/* Microseconds (journald), milliseconds or seconds since 1970. */
static bool time_of_number(ml_cur v, maillog_time *t)
{
    ml_cur digits;
    uint64_t n = 0;
    if (!ml_digits(&v, &digits) || ml_len(digits) < 9 || ml_len(digits) > 17) return false;
    for (const char *p = digits.p; p < digits.e; p++) n = n * 10 + (unsigned)(*p - '0');
    maillog_time fraction;
    maillog__fraction(&v, &fraction);
    if (!ml_empty(v)) return false;
    if (ml_len(digits) >= 15)
        maillog__time_of_seconds(t, n / 1000000, (uint32_t)(n % 1000000) * 1000, 6);
    else if (ml_len(digits) >= 12)
        maillog__time_of_seconds(t, n / 1000, (uint32_t)(n % 1000) * 1000000, 3);
    else
        maillog__time_of_seconds(t, n, fraction.nsec, fraction.digits);
    return true;
}

/* An RFC 3339 stamp that ends with the value, not with a blank: one is put after a copy, of which nothing is kept. */
static bool time_of_text(ml_cur v, maillog_time *t)
{
    char copy[48];
    if (ml_len(v) >= sizeof copy) return false;
    memcpy(copy, v.p, ml_len(v));
    copy[ml_len(v)] = ' ';
    ml_cur c = ml_slice(copy, copy + ml_len(v) + 1);
    return maillog__rfc3339(&c, t, ' ') && ml_empty(c);
}

bool maillog__record_time(const ml_record *r, maillog_time *t)
{
    const ml_cur v = r->value[ML_TIME];
    return r->rank[ML_TIME] && (time_of_number(v, t) || time_of_text(v, t));
}

bool maillog__record_finish(ml_line *l, const ml_record *r, ml_cur *c)
{
    if (!r->rank[ML_MESSAGE]) return false;
    ml_cur message = r->value[ML_MESSAGE], tag = r->value[ML_PROGRAM];
    maillog_time t;
    if (maillog__record_time(r, &t)) l->ev->time = t;
    if (r->rank[ML_STREAM]) ml_put(l, MAILLOG_FIELD_STREAM, r->value[ML_STREAM]);
    if (!r->rank[ML_PROGRAM]) {
        /* the message is a whole line; what it lacks, the record has */
        maillog_field *mark = ml_mark(l);
        l->inside = true;
        const bool has_header = maillog__header_inside(l, &message);
        for (const maillog_field *f = mark; f < l->next; f++)
            if (f->id == MAILLOG_FIELD_HOST) mark = NULL;
        if (mark && has_header && r->rank[ML_HOST]) ml_put(l, MAILLOG_FIELD_HOST, r->value[ML_HOST]);
        *c = message;
        return true;
    }
    if (r->rank[ML_HOST]) ml_put(l, MAILLOG_FIELD_HOST, r->value[ML_HOST]);
    if (ml_last(tag) == ':') tag.e--;
    maillog_field *before = l->next;
    if (!ml_empty(tag)) maillog__put_tag(l, tag);
    if (r->rank[ML_PID] && l->next - before < 2) ml_put(l, MAILLOG_FIELD_PID, r->value[ML_PID]);
    maillog__message(l, &message);
    *c = message;
    return true;
}
