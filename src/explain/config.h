/* config.h: reading Postfix's files: logical lines, words, braces; and the index of settings. */
#ifndef MAILLOG_EXPLAIN_CONFIG_H
#define MAILLOG_EXPLAIN_CONFIG_H

#include <maillog/explain.h>

#include "words.h"

/* Logical lines of a text. */
typedef struct ml_lines {
    const char *p, *e;
    uint64_t line; /* of p */
} ml_lines;

/* A logical line: it holds the ends of its physical lines, and the comments and empty lines between. */
typedef struct ml_logical {
    const char *p, *e;
    uint64_t line; /* of p */
} ml_logical;

bool maillog__next_logical(ml_lines *t, ml_logical *out);

/* The next byte of a logical line as Postfix joins it: without comments and line ends; -1 at the end. */
int maillog__next_byte(ml_logical *l);

/* The next word: up to a blank (or, with `commas`, a comma), or a whole {…}. `line` is where it begins. */
bool maillog__next_item(ml_logical *l, bool commas, maillog_str *word, uint64_t *line);

/* name = value. False if it is none. `line`: of the name. */
bool maillog__name_value(ml_logical l, maillog_str *name, uint64_t *line, ml_logical *value);

maillog_str maillog__trim(maillog_str s);
bool maillog__same_word(maillog_str a, maillog_str b); /* ASCII case does not count */

typedef struct ml_setting {
    maillog_str name;
    ml_logical value;
    uint64_t line;    /* of the name */
    uint32_t service; /* 1 + number, or 0: main.cf */
    uint32_t next;    /* in its chain, 1 + number, or 0 */
    bool in_master;
} ml_setting;

struct maillog_postfix_config {
    const char *main_name, *master_name;
    size_t settings, most_settings, services, most_services, buckets;
    ml_setting *setting;
    maillog_postfix_service *service;
    uint32_t *bucket;
};

/* The setting itself, or NULL. */
const ml_setting *maillog__setting(const maillog_postfix_config *c, size_t service, maillog_str name);

/* The default of a parameter, and its old name; NULL where not known. */
const char *maillog__default_value(maillog_str name);
const char *maillog__old_name(maillog_str name);

/* Whether `word` is the restriction, by its name or an old one. */
bool maillog__is_restriction(maillog_str word, maillog_str name);

/* `$name`, `${name}`, `$(name)`: the name alone. False for anything else. */
bool maillog__is_reference(maillog_str word, maillog_str *name);

#endif
