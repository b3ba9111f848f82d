/* fuzz_line.c: any bytes as one line; the JSON of it fits the length that was announced. */
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    maillog_event ev;
    uint64_t number;
    uint8_t addr[16];
    fuzz_check(maillog_parse_line(NULL, (const char *)data, size, &ev) == MAILLOG_OK);
    fuzz_check_event(&ev);
    for (uint32_t i = 0; i < ev.nfields; i++) {
        const maillog_field_id id = (maillog_field_id)ev.field[i].id;
        const maillog_str list = maillog_get(&ev, id);
        maillog_str item;
        maillog_get_u64(&ev, id, &number);
        maillog_get_usec(&ev, id, &number);
        maillog_get_addr(&ev, id, addr);
        for (size_t pos = 0, last = 0; maillog_list_next(id, list, &pos, &item); last = pos) fuzz_check(pos > last);
    }
    const size_t n = maillog_event_json(&ev, NULL, NULL, 0);
    char *buf = malloc(n);
    if (buf) fuzz_check(maillog_event_json(&ev, NULL, buf, n) == n && buf[0] == '{' && buf[n - 1] == '}');
    free(buf);
    return 0;
}
