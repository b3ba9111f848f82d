#!/bin/sh
# The quick grammars with NEON: the library as one file and tests/test_quick.c, for ARM, under QEMU. No arguments.
# Debian: gcc-aarch64-linux-gnu, libc6-dev-arm64-cross, qemu-user.
set -eu
cd "$(dirname "$0")/.."
if ! command -v aarch64-linux-gnu-gcc >/dev/null || ! command -v qemu-aarch64 >/dev/null; then
    apt-get install -y gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 scripts/amalgamate.py "$work"
# as one translation unit, because the test calls what is inside; and without cmocka, which is not there for ARM
cp tests/support/cases.[ch] "$work/"
sed '/#include "parse.h"/d' tests/support/both_ways.h >"$work/both_ways.h"
sed '/#include <maillog\/maillog.h>/d; /#include <cmocka.h>/d' tests/test_quick.c >"$work/test.inc"
cat >"$work/test.c" <<'C'
#include "maillog.c"
#include <stdio.h>
struct CMUnitTest {
    const char *name;
    void (*run)(void **);
};
#define cmocka_unit_test(f) {#f, f}
#define fail_msg(...) (printf(__VA_ARGS__), exit(1))
#define cmocka_run_group_tests_name(name, tests, setup, teardown) (tests[0].run(NULL), printf("ok %s\n", name), 0)
#include "test.inc"
C
aarch64-linux-gnu-gcc -O1 -static -D_GNU_SOURCE -I"$work" "$work/test.c" "$work/cases.c" -o "$work/test"
qemu-aarch64 "$work/test" tests/cases/*.txt
