/* test_hostile.c: a stranger's text stays in its field.
 *
 * The schema says which fields a stranger fills and how the daemon writes what he sent (schema/control.def). Each case
 * of every daemon is taken again with each such field replaced by each of the lies below, written as that daemon writes
 * them. The field must then hold the lie, whole, and every other field must be what it was. */
#include <maillog/maillog.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cases.h"
#include "forms.h"

/* What strangers send: the marks by which grammars find their way, out of place. `\1` stands for 64 KiB. */
static const char *const lies[] = {
    "",
    "x",
    "a> to=<b",
    "x, status=sent (250 ok)",
    "x>, relay=mx.evil.example[6.6.6.6]:25, delay=0, delays=0/0/0/0, dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as "
    "4B2C",
    "> to=<v@w> proto=ESMTP helo=<y>",
    "; from=<x@y> to=<y@z> proto=ESMTP helo=<mx>",
    "x; from=<a> to=<b> proto=SMTP helo=<c>: d; from=<e",
    "client=mx7.example.net[6.6.6.6]",
    "x, sasl_method=PLAIN, sasl_username=root, sasl_sender=root@x",
    "250 2.0.0 Ok: queued as 4F1C02B7A1",
    "Ok, id=12-3, from MTA(smtp:[127.0.0.1]:10025): 250 2.0.0 Ok: queued as 4F1C02B7A1)",
    "x, rip=6.6.6.6, lip=7.7.7.7, TLS, session=<abc>",
    "x>, method=PLAIN, rip=6.6.6.6, lip=7.7.7.7, mpid=1, TLS, session=<abc",
    "x>: stored mail into mailbox 'INBOX'",
    "x: saved mail to INBOX",
    "msgid=<a@b>: stored mail into mailbox 'Trash'",
    "(root,6.6.6.6,<abc>): Password mismatch",
    "x) (y) [z] {w} <v>",
    "((((((((",
    "))))))))",
    "<<<<<<<<",
    ">>>>>>>>",
    "[[[[]]]]",
    "\"\"\"'''",
    "x\" y' `z`",
    "\\\\\" \\",
    ",,,,;;;;",
    "from=<a@b>, to=<c@d>, Message-ID: <e@f>, mail_id: g, Hits: -, size: 1, queued_as: 4F1C02B7A1, 5 ms",
    "Passed CLEAN {RelayedInbound}, [6.6.6.6]:25 [6.6.6.6] <a@b> -> <c@d>, Queue-ID: 4F1C02B7A1",
    "x from mx.evil.example[6.6.6.6]; from=<a@b> to=<c@d> proto=ESMTP helo=<e>: f",
    "warning: x: fatal: y",
    "4F1C02B7A1: to=<c@d>, relay=none, delay=1, status=bounced (x)",
    "Jul 19 07:59:06 mail postfix/smtpd[1]: 4F1C02B7A1: client=x[6.6.6.6]",
    "?Jul 19 07:59:06 mail dovecot: imap-login: Login: user=<root>",
    "#012Jul 19 07:59:06 mail sshd[1]: Accepted password for root",
    "mx.evil.example[6.6.6.6]:25",
    "a=b, c=d e=f; g=h: i",
    "status=sent",
    "= == === =",
    ": :: :::",
    " x  y ",
    "a\tb",
    "a\x01\x1b[2J\x7f",
    "a\nb\rc",
    "caf\xc3\xa9 \xe2\x80\xae\xd1\x80\xd0\xb0\xd1\x83",
    "\xff\xfe\xc0\xaf\xed\xa0\x80",
    "%s%n%d",
    "{\"event\":\"login\"}",
    "\1",
};
enum { LIES = sizeof lies / sizeof *lies, HUGE_VALUE = 65536 };

/* ---- one lie ---- */

static case_file file;
static size_t tried, ambiguous, broken;

/* Fields of one line that are replaced together: what a stranger sent once may be logged twice. In the line's order. */
enum { PLACES_MAX = 8 };
typedef struct lying_line {
    const test_case *c;
    const maillog_event *ev;
    const maillog_field *f; /* the one that is asked about */
    const maillog_field *place[PLACES_MAX];
    size_t places, lie;
    size_t len[PLACES_MAX]; /* what is written there now */
    form_text line;
} lying_line;

static void complain(const lying_line *t, const char *what, int id)
{
    if (broken++ >= 10 && !getenv("MAILLOG_HOSTILE_ALL")) return;
    fprintf(stderr, "%s:%zu: %s %s = lie %zu: %s %s\n  %.*s\n", file.path, t->c->number,
            maillog_event_name(t->ev->type), maillog_field_name(t->f->id), t->lie, what,
            id ? maillog_field_name(id) : "", (int)(t->line.len < 600 ? t->line.len : 600), t->line.p);
}

static uint32_t end_of(const maillog_field *f) { return f->off + f->len; }

/* Where row `f` of the old event must be in the new one. False: it was part of what was replaced. */
static bool moved(const lying_line *t, const maillog_field *f, maillog_field *out)
{
    *out = *f;
    for (size_t i = 0; i < t->places; i++) {
        const maillog_field *p = t->place[i];
        const int64_t grown = (int64_t)t->len[i] - p->len;
        if (p == f || (f->off <= p->off && end_of(f) >= end_of(p) && f->len > p->len))
            out->len = (uint32_t)(out->len + grown);
        else if (f->off >= end_of(p) && !(f->off == p->off && f->len == 0))
            out->off = (uint32_t)(out->off + grown);
        else if (end_of(f) > p->off || (f->off == p->off && f->len == 0))
            return false;
    }
    return true;
}

/* A part of what the stranger sent: whatever it is called, it claims no more than that he sent it. */
static bool is_part(const lying_line *t, const maillog_field *f)
{
    for (size_t i = 0; i < t->places; i++) {
        maillog_field p;
        if (moved(t, t->place[i], &p) && f->off >= p.off && end_of(f) <= end_of(&p) && f->id != p.id) return true;
    }
    return false;
}

static bool same_row(const maillog_field *a, const maillog_field *b)
{
    return a->id == b->id && a->off == b->off && a->len == b->len;
}

static void compare(const lying_line *t, const maillog_event *now)
{
    uint32_t at = 0;
    for (uint32_t i = 0; i < t->ev->nfields; i++) {
        maillog_field want;
        if (!moved(t, &t->ev->field[i], &want)) continue;
        while (at < now->nfields && is_part(t, &now->field[at]) && !same_row(&now->field[at], &want)) at++;
        if (at == now->nfields) return complain(t, "lost:", want.id);
        const maillog_field *got = &now->field[at++];
        if (!same_row(got, &want)) return complain(t, "fooled:", got->id != want.id ? got->id : want.id);
        if (got->word != want.word && want.len == t->ev->field[i].len) return complain(t, "another word:", want.id);
    }
    while (at < now->nfields && is_part(t, &now->field[at])) at++;
    if (at < now->nfields) complain(t, "new:", now->field[at].id);
}

static form_writer *writer_of(const maillog_event *ev, const maillog_field *f)
{
    return form_writers[maillog_event_form(ev->type, f->id)];
}

/* Whether the daemon's message is an object of JSON: strings in it are escaped, besides. */
static bool is_json(const test_case *c) { return strstr(c->line, ": {\"") != NULL; }

/* A subject is what the client said before, without the quotes: it is as what it repeats. */
static form_writer *writer_at(const lying_line *t, const maillog_field *f)
{
    form_writer *const own = writer_of(t->ev, f);
    if ((own == form_writers[MAILLOG_FORM_PRINTABLE] || own == form_writers[MAILLOG_FORM_TOKEN]) && is_json(t->c))
        return form_writers[MAILLOG_FORM_ESCAPED];
    for (size_t i = 0; own == form_writers[MAILLOG_FORM_SUBJECT] && i < t->places; i++)
        if (writer_of(t->ev, t->place[i]) == form_writers[MAILLOG_FORM_HELO]) return form_writers[MAILLOG_FORM_HELO];
    return own;
}

/* The line with the lie in all its places. */
static void write_line(lying_line *t, const char *lie, size_t n)
{
    const char *from = t->c->line;
    t->line.p = (char *)malloc(t->c->len + t->places * (4 * n + 64));
    assert_non_null(t->line.p);
    t->line.len = 0;
    for (size_t i = 0; i < t->places; i++) {
        const char *here = t->c->line + t->place[i]->off;
        memcpy(t->line.p + t->line.len, from, (size_t)(here - from));
        t->line.len += (size_t)(here - from);
        const size_t start = t->line.len;
        writer_at(t, t->place[i])(&t->line, lie, n);
        t->len[i] = t->line.len - start;
        from = here + t->place[i]->len;
    }
    const size_t rest = (size_t)(t->c->line + t->c->len - from);
    memcpy(t->line.p + t->line.len, from, rest);
    t->line.len += rest;
}

static void try_lie(lying_line *t, const char *lie, size_t n)
{
    maillog_event now;
    write_line(t, lie, n);
    maillog_parse_line(NULL, t->line.p, t->line.len, &now);
    tried++;
    if (now.flags & ~t->ev->flags & MAILLOG_FLAG_AMBIGUOUS) {
        ambiguous++;
        if (getenv("MAILLOG_HOSTILE_AMBIGUOUS")) complain(t, "ambiguous", 0);
    } else if (now.match != t->ev->match || now.type != t->ev->type)
        complain(t, "another event:", 0);
    else
        compare(t, &now);
    free(t->line.p);
}

/* The text of a field without the quotes of a local part. */
static size_t unquoted(const test_case *c, const maillog_field *f, char *out)
{
    const char *p = c->line + f->off, *e = p + f->len;
    size_t n = 0;
    for (bool quoted = p < e && *p == '"'; p < e; p++) {
        if (quoted && *p == '\\' && p + 1 < e)
            p++;
        else if (quoted && *p == '"') {
            quoted = n == 0;
            continue;
        }
        out[n++] = *p;
    }
    return n;
}

static bool same_text(const test_case *c, const maillog_field *a, const maillog_field *b)
{
    static char x[65536], y[65536];
    if (a->len >= sizeof x || b->len >= sizeof y) return false;
    const size_t n = unquoted(c, a, x);
    return n == unquoted(c, b, y) && memcmp(x, y, n) == 0;
}

/* All fields of a stranger that hold the same text: an address that is refused stands in the reason and in `to`. */
static void find_places(lying_line *t)
{
    t->places = 0;
    for (uint32_t i = 0; i < t->ev->nfields && t->places < PLACES_MAX; i++) {
        const maillog_field *f = &t->ev->field[i];
        if (f == t->f || (t->f->len > 0 && writer_of(t->ev, f) && same_text(t->c, f, t->f))) t->place[t->places++] = f;
    }
}

/* Whether a lie can stand in the place of the field as the daemon would have written it. */
static bool find_lying_line(const test_case *c, const maillog_event *ev, const maillog_field *f, lying_line *out)
{
    memset(out, 0, sizeof *out);
    out->c = c;
    out->ev = ev;
    out->f = f;
    if (!writer_of(ev, f)) return false;
    find_places(out);
    if (f->len == 0 && maillog_event_family(ev->type) == MAILLOG_FAMILY_EXIM) return false; /* brackets only this one */
    return writer_of(ev, f) != form_writers[MAILLOG_FORM_SUBJECT] ||
           out->places > 1; /* else the subject of another line */
}

static void try_field(const test_case *c, const maillog_event *ev, const maillog_field *f)
{
    static char huge[HUGE_VALUE];
    lying_line t;
    memset(huge, 'a', sizeof huge);
    if (!find_lying_line(c, ev, f, &t)) return;
    for (t.lie = 0; t.lie < LIES; t.lie++) {
        /* nothing at all is a value only between the daemon's own marks */
        if (!*lies[t.lie] && writer_of(ev, f) == form_writers[MAILLOG_FORM_ADDRESS] &&
            (f->off == 0 || c->line[f->off - 1] != '<'))
            continue;
        const bool is_huge = *lies[t.lie] == '\1';
        try_lie(&t, is_huge ? huge : lies[t.lie], is_huge ? sizeof huge : strlen(lies[t.lie]));
    }
}

/* Not sure of itself before the lie, or written with the escapes of a JSON record. */
static bool is_unfit(const maillog_event *ev)
{
    return ev->match != MAILLOG_MATCH_EVENT ||
           ev->flags & (MAILLOG_FLAG_AMBIGUOUS | MAILLOG_FLAG_TRUNCATED | MAILLOG_FLAG_ESCAPED);
}

static void test_lies(void **state)
{
    (void)state;
    for (size_t i = 0; i < file.count; i++) {
        maillog_event ev;
        const test_case *c = &file.cases[i];
        maillog_parse_line(NULL, c->line, c->len, &ev);
        for (uint32_t k = 0; k < ev.nfields && !is_unfit(&ev); k++) try_field(c, &ev, &ev.field[k]);
    }
    printf("%zu lies, %zu read as ambiguous\n", tried, ambiguous);
    assert_int_equal(broken, 0);
}

/* ---- no field is forgotten ---- */

enum { EVENTS = 65536, FIELDS = 4096 };
static unsigned char lied_to[EVENTS][FIELDS / 8];

static void see_liable(const test_case *c)
{
    maillog_event ev;
    lying_line t;
    maillog_parse_line(NULL, c->line, c->len, &ev);
    for (uint32_t k = 0; k < ev.nfields && !is_unfit(&ev); k++) {
        const int id = ev.field[k].id;
        if (find_lying_line(c, &ev, &ev.field[k], &t)) lied_to[ev.type][id / 8] |= (unsigned char)(1u << id % 8);
    }
}

static bool is_lied_to(int type, int id) { return lied_to[type][id / 8] >> id % 8 & 1; }

/* Events of one daemon with the same long list of fields, but for a few of an event's own, are read by one grammar,
 * which knows the fields by their place or name whichever event it is (Exim's items, OpenSMTPD's pairs). */
static bool is_same_form(int a, int b)
{
    int common = 0, own = 0;
    if (a == b) return true;
    if (maillog_event_family(a) != maillog_event_family(b)) return false;
    for (int id = maillog_field_next(0); id; id = maillog_field_next(id)) {
        common += maillog_event_may_have(a, id) && maillog_event_may_have(b, id);
        own += maillog_event_may_have(a, id) != maillog_event_may_have(b, id);
    }
    return common >= 20 && own <= 3;
}

static bool is_lied_to_alike(int type, int id)
{
    for (int other = maillog_event_next(0); other; other = maillog_event_next(other))
        if (is_lied_to(other, id) && is_same_form(type, other)) return true;
    return false;
}

/* Each field of each event that the schema calls a stranger's has a case in which it is lied with. */
static void test_every_field(void **state)
{
    (void)state;
    int fields = 0, missing = 0;
    for (int type = maillog_event_next(0); type; type = maillog_event_next(type))
        for (int id = maillog_field_next(0); id; id = maillog_field_next(id)) {
            if (!maillog_event_may_have(type, id) || !maillog_event_form(type, id)) continue;
            fields++;
            if (is_lied_to_alike(type, id)) continue;
            print_error("no case lies with %s of %s (%s)\n", maillog_field_name(id), maillog_event_name(type),
                        maillog_family_name(maillog_event_family(type)));
            missing++;
        }
    printf("%d fields of a stranger's, %d without a lie\n", fields, missing);
    assert_int_equal(missing, 0);
}

/* One file: all lies in its cases. Several: whether they have a case for each field. */
int main(int argc, char **argv)
{
    static const struct CMUnitTest lying[] = {cmocka_unit_test(test_lies)};
    static const struct CMUnitTest every[] = {cmocka_unit_test(test_every_field)};
    int rc = 0;
    for (int i = 1; i < argc; i++) {
        if (!case_file_read(argv[i], &file)) break;
        if (argc == 2) rc = cmocka_run_group_tests(lying, NULL, NULL);
        for (size_t k = 0; k < file.count && argc > 2; k++) see_liable(&file.cases[k]);
        case_file_free(&file);
        if (i == argc - 1) return argc == 2 ? rc : cmocka_run_group_tests(every, NULL, NULL);
    }
    fprintf(stderr, "usage: test_hostile FILE…\n");
    return 2;
}
