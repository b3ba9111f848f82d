/* header.h: the beginning of a line: time, host, program, pid. One form per file; header.c decides which. */
#ifndef MAILLOG_HEADER_H
#define MAILLOG_HEADER_H

#include "../base/cursor.h"

/* Read the header, write its fields, leave `*c` at the message. False: no known form; nothing is moved or written. */
bool maillog__header(ml_line *l, ml_cur *c);

/* ---- time stamps: true when the line begins with one; fill ev->time and leave `*c` after the blank behind it.
 * On false nothing is changed. ---- */
bool maillog__stamp_bsd(ml_line *l, ml_cur *c);
bool maillog__stamp_day(ml_line *l, ml_cur *c, unsigned month); /* the same, behind the month */
bool maillog__stamp_rfc3339(ml_line *l, ml_cur *c);
/* The same without an event, up to `end` in place of the blank. */
bool maillog__rfc3339(ml_cur *c, maillog_time *out, char end);
/* The rare ones: weekday first, seconds since 1970, seconds since boot, in brackets. */
bool maillog__stamp_other(ml_line *l, ml_cur *c);

/* ---- after the stamp ---- */

/* Host and tag as syslog writes them. False: nothing is moved or written, this is one of the rare forms. */
bool maillog__origin(ml_line *l, ml_cur *c);
/* `mail.info postfix/smtpd[311]: ` without a host, after the stamp of OpenWrt's logread, which alone writes so: after
 * another stamp `mail.info` is a host. */
bool maillog__level_and_tag(ml_line *l, ml_cur *c);
/* What else can follow a stamp: a facility, a tag without a host, a daemon's own form, a host without a tag. */
void maillog__origin_other(ml_line *l, ml_cur *c, bool blank_in_stamp);

/* `tag[pid]: ` or `tag: `: writes PROGRAM and PID, fills l->prefix and l->program. */
bool maillog__tag(ml_line *l, ml_cur *c);
/* The same of a whole slice: `postfix/smtpd[15492]`, without the colon. */
void maillog__put_tag(ml_line *l, ml_cur tag);
/* What syslog daemons put before the message: `[ID 197553 mail.info] `; and `message repeated 2 times: […]`. */
void maillog__message(ml_line *l, ml_cur *c);
/* Whether maillog__message() looks at more than the first byte: one of `[Llm`. */
ML_WRAPS static inline bool ml_may_be_syslogd(char first)
{
    const unsigned i = (unsigned)(unsigned char)first - 'L';
    const uint64_t set = UINT64_C(1) << ('L' - 'L') | UINT64_C(1) << ('[' - 'L') | UINT64_C(1) << ('l' - 'L') |
                         UINT64_C(1) << ('m' - 'L');
    return i < 64 && (set >> i & 1);
}

/* A form that a daemon writes to a file of its own, after the stamp; sets l->form. */
bool maillog__own_file(ml_line *l, ml_cur *c, bool blank_in_stamp);
/* `imap-login: Info: `: leaves `*c` there and sets l->form. */
bool maillog__dovecot_file(ml_line *l, const ml_cur *c);

/* ---- whole records ---- */
bool maillog__rfc5424(ml_line *l, ml_cur *c); /* from `1 ` on, after <PRI> */
bool maillog__json_record(ml_line *l, ml_cur *c);
bool maillog__export_record(ml_line *l, ml_cur *c);
/* Any form but a record or a container's prefix: what stands inside those. */
bool maillog__header_inside(ml_line *l, ml_cur *c);

/* Seconds since 1970 and `digits` of a fraction as broken-down time in UTC. */
void maillog__time_of_seconds(maillog_time *t, uint64_t seconds, uint32_t nsec, unsigned digits);

/* Two digits at p as a number; the caller has checked that they are there. */
static inline unsigned ml_two(const char *p) { return (unsigned)(p[0] - '0') * 10 + (unsigned)(p[1] - '0'); }

/* `dd?dd?dd` at p with `separator` for `?`: the three numbers; false when it is something else. Eight bytes at once. */
ML_WRAPS static inline bool ml_three_numbers(const char *p, char separator, unsigned out[3])
{
    const uint64_t sep = (unsigned char)separator;
    const uint64_t x = ml_load64(p) ^ (UINT64_C(0x3030003030003030) | sep << 16 | sep << 40);
    /* a digit is 0..9 now and a separator 0: adding these sets the top bit of every byte that is more */
    if ((x | (x + UINT64_C(0x76767F76767F7676))) & UINT64_C(0x8080808080808080)) return false;
    const uint64_t pairs = x * 10 + (x >> 8);
    out[0] = pairs & 0xFF;
    out[1] = pairs >> 24 & 0xFF;
    out[2] = pairs >> 48 & 0xFF;
    return true;
}

/* `07:59:06` at p, eight bytes that are there. */
static inline bool ml_clock(const char *p, maillog_time *t)
{
    unsigned n[3];
    if (!ml_three_numbers(p, ':', n) || n[0] > 23 || n[1] > 59 || n[2] > 60) return false;
    t->hour = (uint8_t)n[0];
    t->minute = (uint8_t)n[1];
    t->second = (uint8_t)n[2];
    return true;
}

/* `.digits` or `,digits` at the cursor as nanoseconds, at most nine digits kept. */
void maillog__fraction(ml_cur *c, maillog_time *t);
/* Z, +hh:mm, +hhmm, +hh or nothing. */
void maillog__utc_offset(ml_cur *c, maillog_time *t);

/* Four digits at p as a year, 0 for anything else. */
static inline unsigned ml_year(const char *p)
{
    for (int i = 0; i < 4; i++)
        if (!ml_is_digit(p[i])) return 0;
    return ml_two(p) * 100 + ml_two(p + 2);
}

#endif
