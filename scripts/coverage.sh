#!/bin/sh
# Line and branch coverage of src/ by the tests and the corpora (clang's source-based coverage): builds with the preset coverage, runs
# the tests, prints the total and the files with the most branches that were never taken. Exit 1 below MAILLOG_COVERAGE_LINES or
# _BRANCHES percent (98, 92). Lines that were never run: build-coverage/missed.txt. usage: coverage.sh
set -eu
cd "$(dirname "$0")/.."
. scripts/install.sh
need cmake cmake
need clang clang
need llvm-profdata llvm
need pkg-config pkg-config
pkg-config --exists cmocka || install_packages libcmocka-dev
build=build-coverage
cmake --preset coverage >/dev/null
cmake --build $build -j "$(nproc)"
rm -rf $build/profiles
mkdir $build/profiles
# install: rebuilds all
LLVM_PROFILE_FILE="$PWD/$build/profiles/%p.profraw" \
    ctest --test-dir $build -E '^install$|^headers' -j "$(nproc)" >$build/tests.log || {
    tail -20 $build/tests.log
    exit 1
}
# what a test kills has written half a profile: it is left out
llvm-profdata merge -failure-mode=all -sparse $build/profiles/*.profraw -o $build/all.profdata
rm -rf $build/profiles
set --
for program in $build/maillog $build/tests/test_* $build/tests/join_trace $build/tests/vectors $build/fuzz/*_corpus; do
    [ -f "$program" ] && [ -x "$program" ] && set -- "$@" "-object=$program"
done
ours='-ignore-filename-regex=/(tests|fuzz|examples)/'
llvm-cov report "$@" -instr-profile=$build/all.profdata "$ours" 2>/dev/null >$build/report.txt
llvm-cov show "$@" -instr-profile=$build/all.profdata "$ours" 2>/dev/null |
    awk '/^\/.*:$/ {file = $0} /^ *[0-9]+\| *0\|/ {sub(".*/src/", "src/", file); print file $0}' >$build/missed.txt
awk -v lines="${MAILLOG_COVERAGE_LINES:-98}" -v branches="${MAILLOG_COVERAGE_BRANCHES:-92}" '
$1 ~ /\.(c|h|def)$/ {printf "%5d of %5d branches, %4d of %4d lines not taken: %s\n", $12, $11, $9, $8, $1 | "sort -rn | head -15"}
$1 == "TOTAL" {total = sprintf("lines %s (%d of %d), branches %s (%d of %d)", $10, $8 - $9, $8, $13, $11 - $12, $11); l = $10; b = $13}
END {close("sort -rn | head -15"); print total; exit l + 0 < lines || b + 0 < branches}' $build/report.txt
