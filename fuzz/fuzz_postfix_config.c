/* fuzz_postfix_config.c: main.cf, a NUL, master.cf: any bytes. Whatever is asked, answers stay within the texts. */
#include <maillog/maillog.h>

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void need(int ok)
{
    if (!ok) abort();
}

static void within(maillog_str s, const maillog_postfix_files *f)
{
    if (!s.len) return;
    const int in_main = f->main_cf && s.ptr >= f->main_cf && s.ptr + s.len <= f->main_cf + f->main_len;
    const int in_master = f->master_cf && s.ptr >= f->master_cf && s.ptr + s.len <= f->master_cf + f->master_len;
    need(in_main || in_master);
}

static void ask(const maillog_postfix_config *c, size_t service, const maillog_postfix_files *f)
{
    static const char *const names[] = {"smtpd_client_restrictions", "syslog_name", "content_filter", "a",
                                        "postscreen_denylist_action"};
    static const maillog_postfix_wanted wanted[] = {
        {"reject check_policy_service", MAILLOG_OBJECT_CLIENT, {NULL, 0}, 0},
        {"reject_non_fqdn_helo_hostname", MAILLOG_OBJECT_HELO, {NULL, 0}, 1},
        {"reject_rbl_client", MAILLOG_OBJECT_CLIENT, {"zen.example.com", 15}, 0}};
    char value[512];
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        maillog_postfix_setting s;
        const size_t n = maillog_postfix_value(c, service, names[i], NULL, 0);
        need(n <= 1 << 16 && maillog_postfix_value(c, service, names[i], value, sizeof value) == n);
        if (maillog_postfix_lookup(c, service, names[i], &s) && !s.is_default) within(s.value, f);
    }
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        maillog_postfix_place p;
        if (!maillog_postfix_find(c, service, &wanted[i], &p) || p.is_default) continue;
        within(p.word, f);
        within(p.argument, f);
        need(p.line > 0 && p.count > 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    maillog_postfix_files f;
    maillog_postfix_config *c;
    maillog_postfix_service s;
    memset(&f, 0, sizeof f);
    f.size = sizeof f;
    const uint8_t *nul = size ? (const uint8_t *)memchr(data, 0, size) : NULL;
    f.main_cf = (const char *)data;
    f.main_len = nul ? (size_t)(nul - data) : size;
    if (nul) {
        f.master_cf = (const char *)nul + 1;
        f.master_len = size - f.main_len - 1;
    }
    const size_t n = maillog_postfix_config_size(&f);
    if (!n) return 0;
    void *mem = malloc(n);
    if (!mem) return 0;
    need(maillog_postfix_config_init(&c, mem, n, &f) == MAILLOG_OK);
    ask(c, MAILLOG_NO_SERVICE, &f);
    for (size_t i = 0; i < 4 && maillog_postfix_service_get(c, i, &s); i++) {
        within(s.name, &f);
        within(s.command, &f);
        ask(c, i, &f);
    }
    free(mem);
    return 0;
}
