/* fuzz_quick.c: the quick grammars against those they stand for: both must give the same event. The bytes are a line as
 * they are, and behind a header. */
#include "fuzz.h"

#include "parse.h"

static void expect_same(const maillog_event *a, const maillog_event *b)
{
    fuzz_check(a->type == b->type && a->daemon == b->daemon && a->match == b->match && a->flags == b->flags);
    fuzz_check(a->nfields == b->nfields && memcmp(&a->time, &b->time, sizeof a->time) == 0);
    fuzz_check(memcmp(a->field, b->field, a->nfields * sizeof *a->field) == 0);
}

static void parse_both(const ml_path *path, const char *line, size_t len)
{
    maillog_event quick, slow;
    ml_line l;
    ml_line_init(&l, &quick, line, line + len);
    path->line(&l, NULL, line, line + len, quick.field);
    memset(&slow, 0, offsetof(maillog_event, field));
    slow.line = line;
    slow.len = (uint32_t)len;
    ml_line_init(&l, &slow, line, line + len);
    maillog__parse_any(&l, NULL, ml_slice(line, line + len), slow.field);
    expect_same(&quick, &slow);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const headers[] = {"",
                                          "Jul 19 07:59:06 mail ",
                                          "Jul 19 07:59:06 mail postfix/smtpd[15492]: ",
                                          "Jul 19 07:59:06 mail postfix/smtp[1]: ",
                                          "Jul 19 07:59:06 mail dovecot: ",
                                          "Jul 19 07:59:06 mail amavis[17571]: "};
    const char *const text = (const char *)data;
    if (size > 3000) size = 3000;
    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++) {
        char *line = (char *)malloc(strlen(headers[i]) + size + 1);
        const size_t n = strlen(headers[i]);
        memcpy(line, headers[i], n);
        memcpy(line + n, text, size);
        parse_both(&maillog__path_base, line, n + size);
        parse_both(maillog__path(), line, n + size);
        free(line);
    }
    return 0;
}
