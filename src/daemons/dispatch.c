/* dispatch.c: tag → daemon. A tag with a '/' whose last part is a Postfix program is Postfix, whatever its syslog_name.
 *
 * Names are compared as numbers of eight bytes. The length chooses among functions in which the compiler has kept only
 * the rows of that length: of each one compare with a constant is left. */
#include "daemons.h"

#define ALWAYS_INLINE static inline __attribute__((always_inline))

/* Of a name longer than eight bytes, the bytes behind those. A function, so that the rows of other lengths, which are
 * never called for, are no constant arguments out of bounds to a compiler that does not optimise. */
static inline bool same_tail(const char *name, const char *lit, size_t from, size_t len)
{
    return len <= 8 || memcmp(name + 8, lit + from + 8, len - 8) == 0;
}

/* Whether `name`, of `len` bytes, a constant, the first eight of which are `key`, is what `lit` has at `from`: a
 * literal may be too short for that. */
ALWAYS_INLINE bool is_name(const char *lit, size_t lit_len, size_t from, uint64_t lit_key, size_t len, uint64_t key,
                           ml_cur name)
{
    return lit_len == from + len && lit_key == key && same_tail(name.p, lit, from, len);
}
#define IS_NAME(lit, from, len, key, name) is_name(lit, sizeof(lit) - 1, from, ML_KEY(lit, from), len, key, name)

/* Run `find` with the length of the name as a constant. */
#define TAG_MAX 24
#define CASE(n, find)                                                                                                  \
    case n:                                                                                                            \
        return find(n, ml_key(l, name), name);
#define CASES_OF_8(n, find)                                                                                            \
    CASE(n, find)                                                                                                      \
    CASE((n) + 1, find)                                                                                                \
    CASE((n) + 2, find)                                                                                                \
    CASE((n) + 3, find) CASE((n) + 4, find) CASE((n) + 5, find) CASE((n) + 6, find) CASE((n) + 7, find)

ALWAYS_INLINE ml_route find_tag(size_t len, uint64_t key, ml_cur name)
{
#define TAG(tag, NAME, grammar)                                                                                        \
    if (IS_NAME(tag, 0, len, key, name)) return (ml_route){MAILLOG_DAEMON_##NAME, grammar};
#include "tags.def"
#undef TAG
    return (ml_route){0, NULL};
}

static ml_route whole_tag(const ml_line *l, ml_cur name)
{
#define TAG(tag, NAME, grammar) _Static_assert(sizeof(tag) - 1 <= TAG_MAX, "raise TAG_MAX, add cases");
#include "tags.def"
#undef TAG
    switch (ml_len(name)) {
        CASES_OF_8(1, find_tag)
        CASES_OF_8(9, find_tag)
        CASES_OF_8(17, find_tag)
    default:
        return (ml_route){0, NULL};
    }
}

/* Postfix programs, by the part after the last '/': the rows of the schema named "postfix/…". */
#define POSTFIX_PREFIX (sizeof("postfix/") - 1)

ALWAYS_INLINE uint8_t find_program(size_t len, uint64_t key, ml_cur name)
{
#define MAILLOG_DAEMON(id, NAME, member, text, doc)                                                                    \
    if ((id) <= MAILLOG_DAEMON_POSTFIX_FILES && IS_NAME(text, POSTFIX_PREFIX, len, key, name)) return id;
#include <maillog/schema.def>
    return 0;
}

uint8_t maillog__postfix_program(const ml_line *l, ml_cur name)
{
    switch (ml_len(name)) {
        CASES_OF_8(1, find_program)
        CASES_OF_8(9, find_program)
    default:
        return 0;
    }
}

/* Tags that are not the plain name: a unit of systemd, a path, a name with something after it. */
static ml_cur plain_name(ml_cur tag)
{
    const char *slash = ml_peek(tag) == '/' ? ml_rfind(tag, '/') : NULL;
    if (slash) tag.p = slash + 1;
    ML_DROP_END(&tag, ".service");
    if (ML_STARTS(tag, "rsyslogd-") || ML_STARTS(tag, "fail2ban.")) tag.e = tag.p + 8;
    if (ML_STARTS(tag, "sm-mta-") || ML_STARTS(tag, "sm-mta.")) tag.e = tag.p + 6; /* one queue of several */
    if (ML_STARTS(tag, "authdaemond.")) tag.e = tag.p + 11;                        /* its module: .plain, .mysql */
    if (ML_STARTS(tag, "sendmail-") || ML_STARTS(tag, "sendmail.")) tag.e = tag.p + 8;
    const char *at = ml_rfind(tag, '@'); /* postfix@-.service: an instance of a unit */
    if (at && at > tag.p) tag.e = at;
    return tag;
}

static ml_route by_tag(const ml_line *l)
{
    const ml_cur prefix = l->prefix, program = l->program;
    if (!program.p) return (ml_route){0, NULL};
    if (prefix.p && (ML_IS(prefix, "postfwd2") || ML_IS(prefix, "postfwd3")))
        return (ml_route){MAILLOG_DAEMON_POSTFWD, maillog__postfwd}; /* its processes are master, policy and cache */
    if (prefix.p && ML_IS(prefix, "cyrus"))                          /* its lmtp and master are no Postfix programs */
        return (ml_route){maillog__cyrus_daemon(program), maillog__cyrus};
    const uint8_t postfix = prefix.p ? maillog__postfix_program(l, program) : 0;
    if (postfix) return (ml_route){postfix, maillog__postfix};
    const ml_cur tag = prefix.p ? ml_slice(prefix.p, program.e) : program;
    ml_route route = whole_tag(l, tag);
    if (!route.daemon) route = whole_tag(l, plain_name(tag));
    /* postfix/policyd-spf: what Postfix's spawn runs goes by its name */
    return route.daemon || !prefix.p ? route : whole_tag(l, program);
}

/* The form says who wrote the line: the grammar is that of the daemon's tag. */
static ml_route by_form(const ml_line *l)
{
    static const char *const tag_of[] = {
        [ML_FORM_DOVECOT] = "dovecot",   [ML_FORM_EXIM] = "exim",    [ML_FORM_RSPAMD] = "rspamd",
        [ML_FORM_SPAMD] = "spamd",       [ML_FORM_CLAMAV] = "clamd", [ML_FORM_MAILMAN] = "mailman",
        [ML_FORM_FAIL2BAN] = "fail2ban",
    };
    if (l->form == ML_FORM_REPEATED) {
        ml_route route = by_tag(l);
        if (!route.daemon) route.daemon = MAILLOG_DAEMON_SYSLOGD;
        route.grammar = maillog__syslogd_repeated;
        return route;
    }
    const char *tag = tag_of[l->form];
    return whole_tag(NULL, ml_slice(tag, tag + strlen(tag)));
}

ml_route maillog__dispatch(const ml_line *l) { return l->form ? by_form(l) : by_tag(l); }
