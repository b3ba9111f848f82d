/* config.c: --main-cf and --master-cf, read whole and indexed once. */
#include "command.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The whole file, or NULL: said on stderr. */
static char *read_file(const char *path, size_t *len)
{
    FILE *f = fopen(path, "rb");
    char *buf = NULL;
    size_t cap = 0, n = 1;
    *len = 0;
    while (f && n > 0) {
        if (cap - *len < 4096) {
            char *more = (char *)realloc(buf, cap = cap * 2 + 8192);
            if (!more) break;
            buf = more;
        }
        n = fread(buf + *len, 1, cap - *len, f);
        *len += n;
    }
    const int why = errno;
    const bool ok = f && n == 0 && !ferror(f);
    if (f) fclose(f);
    if (ok) return buf;
    fprintf(stderr, "maillog: %s: %s\n", path, strerror(why));
    free(buf);
    return NULL;
}

bool command_read_config(command *c)
{
    maillog_postfix_files files; /* the index points into the texts: they stay until the command ends */
    if (!c->main_cf && !c->master_cf) return true;
    memset(&files, 0, sizeof files);
    files.size = sizeof files;
    files.main_name = c->main_cf;
    files.master_name = c->master_cf;
    if (c->main_cf && !(files.main_cf = c->main_text = read_file(c->main_cf, &files.main_len))) return false;
    if (c->master_cf && !(files.master_cf = c->master_text = read_file(c->master_cf, &files.master_len))) return false;
    const size_t need = maillog_postfix_config_size(&files);
    c->config_memory = need ? malloc(need) : NULL;
    if (c->config_memory && maillog_postfix_config_init(&c->config, c->config_memory, need, &files) == MAILLOG_OK)
        return true;
    fprintf(stderr, "maillog: the configuration cannot be indexed\n");
    return false;
}

void command_free_config(command *c)
{
    free(c->main_text);
    free(c->master_text);
    free(c->config_memory);
}
