/* dispatch.c: tag → daemon. A tag with a '/' whose last part is a Postfix program is Postfix, whatever its syslog_name.
 */
#include "daemons.h"

typedef struct tag_row {
    const char *tag;
    uint8_t len, daemon;
    ml_grammar grammar;
} tag_row;

#define TAG(tag, NAME, grammar)                                                                                        \
    {                                                                                                                  \
        tag, sizeof(tag) - 1, MAILLOG_DAEMON_##NAME, grammar                                                           \
    }

/* Tags without a '/', or of which the whole tag counts. Frequent ones first. */
static const tag_row tags[] = {
    TAG("postfix", POSTFIX_POSTFIX, maillog__postfix),
    /* Dovecot */
    TAG("dovecot", DOVECOT_MASTER, NULL),

    /* filters */
    TAG("amavis", AMAVIS, maillog__amavis),
    TAG("amavisd", AMAVIS, maillog__amavis),
    TAG("amavisd-new", AMAVIS, maillog__amavis),

    /* policy servers */
    TAG("postgrey", POSTGREY, NULL),

    /* milters */

    /* other MTAs and mail stores */

    /* access and the rest */
};

static const tag_row *find(const tag_row *row, size_t count, ml_cur tag)
{
    for (size_t i = 0; i < count; i++)
        if (row[i].len == ml_len(tag) && memcmp(row[i].tag, tag.p, row[i].len) == 0) return &row[i];
    return NULL;
}

/* Postfix programs, by the part after the last '/': the rows of the schema named "postfix/…". */
#define POSTFIX_PREFIX (sizeof("postfix/") - 1)
typedef struct program_row {
    uint8_t daemon, len;
    char name[32];
} program_row;
static const program_row programs[] = {
#define MAILLOG_DAEMON(id, NAME, member, name, doc) {id, sizeof(name) - 1, name},
#include <maillog/schema.def>
};

static uint8_t postfix_program(ml_cur leaf)
{
    const size_t want = ml_len(leaf) + POSTFIX_PREFIX;
    for (const program_row *r = programs; r->daemon <= MAILLOG_DAEMON_POSTFIX_FILES; r++)
        if (r->len == want && memcmp(r->name + POSTFIX_PREFIX, leaf.p, ml_len(leaf)) == 0) return r->daemon;
    return 0;
}

ml_route maillog__dispatch(const ml_line *l)
{
    ml_route route = {0, NULL};
    if (!l->program.p) return route;
    if (l->prefix.p) {
        const uint8_t daemon = postfix_program(l->program);
        if (daemon) {
            route.daemon = daemon;
            route.grammar = maillog__postfix;
            return route;
        }
    }
    const tag_row *row =
        find(tags, sizeof tags / sizeof *tags, l->prefix.p ? ml_slice(l->prefix.p, l->program.e) : l->program);
    if (row) {
        route.daemon = row->daemon;
        route.grammar = row->grammar;
    }
    return route;
}
