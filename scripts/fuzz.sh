#!/bin/sh
# Fuzz each target for some seconds, from the corpus in the repository; a find ends it with exit 1 and stays in build-fuzz/finds.
# usage: fuzz.sh SECONDS [TARGET …]
set -eu
cd "$(dirname "$0")/.."
. scripts/install.sh
seconds=${1:-10}
[ $# -eq 0 ] || shift
need cmake cmake
need clang clang
need unzip unzip
# libFuzzer and the sanitizers, which clang only recommends
ls "$(clang -print-runtime-dir)"/libclang_rt.fuzzer* >/dev/null 2>&1 || install_packages libclang-rt-dev
cmake --preset fuzz >/dev/null
cmake --build build-fuzz -j "$(nproc)"
mkdir -p build-fuzz/finds
[ $# -gt 0 ] || set -- $(cd fuzz && ls fuzz_*.c | sed 's/\.c$//')
for target in "$@"; do
    mkdir -p "build-fuzz/corpus/$target"
    unzip -qn -d "build-fuzz/corpus/$target" "fuzz/packs/$target.zip"
    echo "== $target"
    "build-fuzz/fuzz/$target" -max_total_time="$seconds" -dict=fuzz/maillog.dict -timeout=5 -rss_limit_mb=1024 -max_len=8192 \
        -artifact_prefix=build-fuzz/finds/ -print_final_stats=1 "build-fuzz/corpus/$target" fuzz/corpus >"build-fuzz/$target.log" 2>&1 || {
        tail -30 "build-fuzz/$target.log"
        exit 1
    }
    grep -E 'number_of_executed_units|^#[0-9]+.DONE' "build-fuzz/$target.log" | tr '\n' ' '
    echo
done
