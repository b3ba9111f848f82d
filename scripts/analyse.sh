#!/bin/sh
# Static analysis: gcc -fanalyzer, cppcheck and clang-tidy (.clang-tidy) of src/, clang's analyser (scan-build) of src/ and the
# command. Silent but for the time each took, and exit 0; or what they found.
# usage: analyse.sh [TOOL …]   (gcc, scan-build, cppcheck, clang-tidy)
set -eu
cd "$(dirname "$0")/.."
. scripts/install.sh
need cmake cmake
jobs=${MAILLOG_JOBS:-$(nproc)}
status=0
[ $# -gt 0 ] || set -- cppcheck clang-tidy gcc scan-build

# Run the command for each source, several at a time.
each() {
    find src -name '*.c' | sort | xargs -P "$jobs" -I{} "$@" {}
}

analyse() {
    case $1 in
    gcc) # without the checks that do not know that a slice with a length has a pointer, nor follow structs that are returned
        # by value, of which clang's analyser does both
        need gcc gcc
        each gcc -std=c11 -O1 -fanalyzer -Wno-analyzer-null-argument -Wno-analyzer-null-dereference \
            -Wno-analyzer-use-of-uninitialized-value -Wall -Wextra -Wconversion -Wshadow -Werror -Iinclude -c -o /dev/null
        ;;
    scan-build)
        need scan-build clang-tools
        need clang clang
        rm -rf build-analyse
        scan-build --use-cc=clang -o build-analyse/reports cmake -S . -B build-analyse -DCMAKE_BUILD_TYPE=Debug -DMAILLOG_BUILD_TESTS=OFF \
            -DMAILLOG_BUILD_EXAMPLES=OFF -DMAILLOG_BUILD_SHARED=OFF -DMAILLOG_BUILD_COMMAND=ON >/dev/null
        scan-build --use-cc=clang --status-bugs -o build-analyse/reports cmake --build build-analyse -j "$jobs" >build-analyse/log || {
            grep -A 8 'warning:' build-analyse/log
            return 1
        }
        ;;
    cppcheck) # one configuration, that of the machine: it goes through every combination of #if otherwise. And without the keys of
        # statements and tags, constants that the preprocessor makes of each text (19 MB for one file): `patterns` tests them.
        need cppcheck cppcheck
        mkdir -p build-cppcheck
        cppcheck --quiet -j "$jobs" --cppcheck-build-dir=build-cppcheck --std=c11 --enable=warning,performance,portability \
            --inline-suppr --error-exitcode=1 \
            -D__GNUC__=12 -D__SSE2__=1 -D__x86_64__=1 -D__BYTE_ORDER__=1234 -D__ORDER_BIG_ENDIAN__=4321 \
            -D'ML_TEXT_BEHIND(lead,text)=sizeof(text)-1,text,0,0' -D'ML_KEY(lit,from)=maillog__key_of(lit,from)' \
            --suppress=missingIncludeSystem --suppress=normalCheckLevelMaxBranches \
            --suppress=pointerOutOfBoundsCond:src/base/cursor.h -Iinclude src
        ;;
    clang-tidy)
        need clang-tidy clang-tidy
        each sh -c 'clang-tidy --quiet --warnings-as-errors="*" "$1" -- -std=c11 -Iinclude 2>/dev/null' sh
        ;;
    *)
        echo "analyse.sh: no tool $1" >&2
        return 1
        ;;
    esac
}

for tool in "$@"; do
    start=$(date +%s)
    analyse "$tool" || status=1
    echo "$tool: $(($(date +%s) - start)) s"
done
exit $status
