/* cases.h: reads a case file.
 *
 *   # title                       comments and titles
 *   < raw line                    what the log holds; \xNN, \\ and \n are decoded, nothing else
 *   > {"match":"event",…}         the event as JSON, without time, host, program, pid and message
 *
 * In a file whose first line is `#full`, the JSON is whole. `MAILLOG_UPDATE=1` rewrites the `>` lines: review the diff.
 */
#ifndef CASES_H
#define CASES_H

#include <stdbool.h>
#include <stddef.h>

typedef struct test_case {
    size_t number; /* line in the file */
    char *line;    /* decoded */
    size_t len;
    char *expect; /* JSON, "" when there is none yet */
} test_case;

typedef struct case_file {
    char *path, *text; /* text: the file as read */
    size_t size;
    bool full;
    test_case *cases;
    size_t count;
} case_file;

bool case_file_read(const char *path, case_file *out);
/* Write the file again with `got[i]` as the expectation of case i. */
bool case_file_update(const case_file *f, char *const *got);
void case_file_free(case_file *f);

/* The pieces, for other formats: a whole file, NUL-terminated, to be freed; one decoded line. */
char *case_read_all(const char *path, size_t *size);
size_t case_decode(const char *p, size_t n, char *out);

#endif
