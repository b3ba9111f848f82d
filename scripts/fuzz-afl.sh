#!/bin/sh
# Fuzz each target for some seconds with AFL++, in persistent mode, from the corpora in the repository; exit 1 if it crashed or hung.
# A find stays in build-afl/out/TARGET/default. Printed: executions, inputs, edges as AFL++ counts them.
# usage: fuzz-afl.sh SECONDS [TARGET …]
set -eu
cd "$(dirname "$0")/.."
. scripts/install.sh
need afl-clang-fast afl++
need cmake cmake
need unzip unzip
seconds=${1:-10}
[ $# -lt 1 ] || shift
[ $# -gt 0 ] || set -- $(cd fuzz && ls fuzz_*.c | sed 's/\.c$//')
CC=afl-clang-fast cmake -B build-afl -DCMAKE_BUILD_TYPE=RelWithDebInfo -DMAILLOG_BUILD_FUZZ=ON -DMAILLOG_BUILD_TESTS=OFF \
    -DMAILLOG_BUILD_SHARED=OFF -DMAILLOG_BUILD_COMMAND=OFF -DMAILLOG_BUILD_EXAMPLES=OFF >/dev/null
cmake --build build-afl -j "$(nproc)" --target "$@" >/dev/null
export AFL_SKIP_CPUFREQ=1 AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES=1 AFL_NO_UI=1
status=0
for target in "$@"; do
    seeds=build-afl/seeds/$target out=build-afl/out/$target
    rm -rf "$seeds" "$out"
    mkdir -p "$seeds" build-afl/out
    unzip -qn -d "$seeds" "fuzz/packs/$target.zip"
    cp fuzz/corpus/* "$seeds"
    afl-fuzz -V "$seconds" -i "$seeds" -o "$out" -x fuzz/maillog.dict "build-afl/fuzz/$target" >"build-afl/$target.log" 2>&1 || {
        tail -20 "build-afl/$target.log"
        exit 1
    }
    awk -v target="$target" -v seeds="$(ls "$seeds" | wc -l)" -F ' *: *' '{a[$1] = $2}
        END {printf "%s: %d executions in %d s, %d inputs became %d, %d edges, %d crashes, %d hangs\n", target, a["execs_done"],
             a["run_time"], seeds, a["corpus_count"], a["edges_found"], a["saved_crashes"], a["saved_hangs"]
             exit a["saved_crashes"] + a["saved_hangs"] > 0}' "$out/default/fuzzer_stats" || status=1
done
exit $status
