/* vectors.c: test vectors for bindings, made of the case files: what a line's tape is, as JSON, one object a line.
 *   vectors CASES.txt…
 * One line of each kind of event in each daemon, every line with marks, and every line that is not known. */
#include <maillog/maillog.h>

#include <stdio.h>
#include <string.h>

#include "cases.h"

static void put_string(const char *p, size_t n)
{
    static char buf[1 << 20];
    const size_t len = maillog_json_string(p, n, buf, sizeof buf);
    fwrite(buf, 1, len <= sizeof buf ? len : 0, stdout);
}

/* The value of `key` in the event's own JSON, as it stands there; both are made of plain characters. */
static void put_same(const char *json, const char *key)
{
    char name[32];
    snprintf(name, sizeof name, "\"%s\":", key);
    const char *at = strstr(json, name);
    if (!at) return;
    const char *end = strpbrk(at + strlen(name) + 1, at[strlen(name)] == '[' ? "]" : "\"");
    printf(",%.*s", (int)(end + 1 - at), at);
}

static void put_vector(const test_case *c, const maillog_event *ev)
{
    static char json[1 << 20];
    const size_t n = maillog_event_json(ev, NULL, json, sizeof json - 1);
    json[n < sizeof json ? n : 0] = '\0';
    char *fields = strstr(json, "\"match\":"); /* strangers' text is behind it */
    if (fields && (fields = strpbrk(fields + 8, ",}")) && strncmp(fields, ",\"marks\"", 8) == 0)
        fields = strchr(fields, ']');
    if (fields) fields[1] = '\0';
    printf("{\"line\":");
    put_string(c->line, c->len);
    static const char *const keys[] = {"time", "daemon", "event", "match", "marks"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) put_same(json, keys[i]);
    printf(",\"fields\":[");
    for (uint32_t i = 0; i < ev->nfields; i++) {
        printf("%s[\"%s\",", i ? "," : "", maillog_field_name(ev->field[i].id));
        put_string(ev->line + ev->field[i].off, ev->field[i].len);
        putchar(']');
    }
    printf("]}\n");
}

int main(int argc, char **argv)
{
    static unsigned char seen[256][1 << 13]; /* by daemon, a bit for each type */
    for (int i = 1; i < argc; i++) {
        case_file f;
        if (!case_file_read(argv[i], &f)) return perror(argv[i]), 1;
        for (size_t k = 0; k < f.count; k++) {
            const test_case *c = &f.cases[k];
            maillog_event ev;
            if (memchr(c->line, '\n', c->len) || c->len > 4096) continue; /* bindings get them from a stream */
            maillog_parse_line(NULL, c->line, c->len, &ev);
            unsigned char *bits = &seen[ev.daemon][ev.type >> 3];
            const unsigned char bit = (unsigned char)(1u << (ev.type & 7));
            if ((*bits & bit) && ev.type && !ev.flags) continue;
            *bits |= bit;
            put_vector(c, &ev);
        }
        case_file_free(&f);
    }
    return 0;
}
