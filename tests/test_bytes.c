/* test_bytes.c: what looks through all bytes of a log for the command finds what a byte by byte search finds, and
 * touches nothing behind them. */
#include "../examples/maillog/bytes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

enum { LONGEST = 6000 };
static char *end_of_page; /* the byte here cannot be read */

static const char *find_slowly(const char *s, size_t n, const char *text, size_t len)
{
    for (size_t i = 0; i + len <= n; i++)
        if (memcmp(s + i, text, len) == 0) return s + i;
    return NULL;
}

static void look_for_domain(const char *s, size_t n)
{
    size_t at = 0;
    bool want = false, capitals;
    for (size_t i = 0; i < n; i++) {
        want = s[i] != '@' && (want || (s[i] >= 'A' && s[i] <= 'Z'));
        if (s[i] == '@') at = i + 1;
    }
    assert_int_equal(bytes_domain(s, n, &capitals), at);
    assert_int_equal(capitals, want && at);
}

static void look(const char *s, size_t n)
{
    static const char *const texts[] = {"a", "b{", "\n_", "aba", "a{a_b\n", "abababababababababababab"};
    uint64_t want = 0, lines;
    bool plain = true;
    for (size_t i = 0; i < n; i++) {
        want += s[i] == '\n';
        if (s[i] == '\n' && i + 1 < n && (s[i + 1] == '{' || s[i + 1] == '_')) plain = false;
    }
    assert_int_equal(bytes_lines(s, n), want);
    assert_int_equal(bytes_plain(s, n, &lines), plain);
    assert_int_equal(lines, want);
    look_for_domain(s, n);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        const size_t len = strlen(texts[i]);
        assert_ptr_equal(bytes_find(s, n, texts[i], len), find_slowly(s, n, texts[i], len));
    }
}

/* `usual` of hundred bytes are an 'a': the more, the further it is to what is looked for. */
static void fill(char *s, size_t n, unsigned usual)
{
    for (size_t i = 0; i < n; i++) s[i] = (unsigned)rand() % 100 < usual ? 'a' : "ab\n{_[@A"[rand() % 8];
}

static void test_all_lengths(void **state)
{
    (void)state;
    srand(1);
    for (unsigned round = 0; round < 300; round++)
        for (size_t n = 0; n < 70; n++) {
            fill(end_of_page - n, n, round % 3 * 45);
            look(end_of_page - n, n);
        }
}

/* More line ends than a byte can count. */
static void test_long(void **state)
{
    (void)state;
    for (size_t n = LONGEST - 40; n <= LONGEST; n++) {
        memset(end_of_page - n, '\n', n);
        look(end_of_page - n, n);
        fill(end_of_page - n, n, 99);
        look(end_of_page - n, n);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_all_lengths), cmocka_unit_test(test_long)};
    const size_t page = (size_t)sysconf(_SC_PAGESIZE), size = (LONGEST / page + 1) * page;
    char *all = (char *)mmap(NULL, size + page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (all == MAP_FAILED || mprotect(all, size, PROT_READ | PROT_WRITE) != 0) return 1;
    end_of_page = all + size;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
