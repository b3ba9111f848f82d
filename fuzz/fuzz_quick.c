/* fuzz_quick.c: the quick grammars against those they stand for: both must give the same event. The bytes are a line as
 * they are, and behind a header; by itself, and in a buffer with others. */
#include "fuzz.h"

#include "../tests/support/both_ways.h"

static void both_ways_differ(const maillog_event *quick, const maillog_event *slow)
{
    (void)quick, (void)slow;
    abort();
}

/* In memory of its own, behind which nothing may be read. */
static void check(const char *line, size_t len)
{
    char *const alone = (char *)malloc(len ? len : 1), *const text = (char *)malloc(size_with_more(len));
    memcpy(alone, line, len);
    both_ways(alone, len, len);
    put_with_more(text, line, len);
    both_ways(text, len, size_with_more(len));
    free(text);
    free(alone);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const headers[] = {"",
                                          "Jul 19 07:59:06 mail ",
                                          "Jul 19 07:59:06 mail postfix/smtpd[15492]: ",
                                          "Jul 19 07:59:06 mail postfix/smtp[1]: ",
                                          "Jul 19 07:59:06 mail dovecot: ",
                                          "Jul 19 07:59:06 mail amavis[17571]: "};
    char line[3072];
    if (size > 3000) size = 3000;
    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++) {
        const size_t n = strlen(headers[i]);
        memcpy(line, headers[i], n);
        memcpy(line + n, data, size);
        check(line, n + size);
    }
    return 0;
}
