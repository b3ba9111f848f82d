/* pcre2.c: one pattern for the header, one for each kind of line; tried are those of the header's program. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "peers.h"

#include <pcre2.h>

static pcre2_code *header, *body[64];
static size_t program_len[64];
static pcre2_match_data *found_at;

static pcre2_code *compile(const char *pattern, uint32_t options)
{
    int error;
    size_t at;
    pcre2_code *re = pcre2_compile((PCRE2_SPTR)pattern, PCRE2_ZERO_TERMINATED, options, &error, &at, NULL);
    if (!re || pcre2_jit_compile(re, PCRE2_JIT_COMPLETE) != 0) {
        fprintf(stderr, "PCRE2 does not compile: %s\n", pattern);
        exit(1);
    }
    return re;
}

void pcre2_start(void)
{
    header = compile(peer_header_pattern, PCRE2_ANCHORED);
    for (size_t k = 1; k < peer_nkinds; k++) {
        body[k] = compile(peer_kinds[k].pattern, PCRE2_ANCHORED | PCRE2_ENDANCHORED);
        program_len[k] = strlen(peer_kinds[k].program);
    }
    found_at = pcre2_match_data_create(FIELDS + 1, NULL);
}

void pcre2_end(void)
{
    pcre2_code_free(header);
    for (size_t k = 1; k < peer_nkinds; k++) pcre2_code_free(body[k]);
    pcre2_match_data_free(found_at);
}

/* Where the pattern matches, its groups go to the row. */
static int match(const pcre2_code *re, const char *line, size_t len, size_t from, span *f, size_t n)
{
    if (pcre2_jit_match(re, (PCRE2_SPTR)line, len, from, 0, found_at, NULL) < 0) return 0;
    const size_t *at = pcre2_get_ovector_pointer(found_at);
    for (size_t i = 0; i < n; i++) {
        const size_t begin = at[2 * i + 2], end = at[2 * i + 3];
        const span s = {begin == PCRE2_UNSET ? 0 : (uint32_t)begin, begin == PCRE2_UNSET ? 0 : (uint32_t)(end - begin)};
        f[i] = s;
    }
    return 1;
}

const char *pcre2_row(const char *line, const char *end, row *r)
{
    const char *lf = (const char *)memchr(line, '\n', (size_t)(end - line));
    const size_t len = (size_t)(lf - line);
    r->kind = r->n = 0;
    if (!match(header, line, len, 0, r->f, HEAD)) return lf + 1;
    const size_t from = pcre2_get_ovector_pointer(found_at)[1];
    for (size_t k = 1; k < peer_nkinds; k++) {
        const kind *x = &peer_kinds[k];
        if (program_len[k] != r->f[2].len || memcmp(x->program, line + r->f[2].off, program_len[k]) != 0) continue;
        if (!match(body[k], line, len, from, r->f + HEAD, x->nfields)) continue;
        r->kind = k;
        r->n = HEAD + x->nfields;
        break;
    }
    return lf + 1;
}
