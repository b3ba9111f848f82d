#!/bin/sh
# Tries .clusterfuzzlite/build.sh, which is also OSS-Fuzz's, with what their base-builder sets (flags as in its `compile`), on Debian's
# clang: every target must be built, run its seed corpus, and have corpus, dictionary and options beside it.
# usage: test-oss-fuzz.sh [address | undefined | memory | coverage | afl …]
set -eu
cd "$(dirname "$0")/.."
. scripts/install.sh
need cmake cmake
need ninja ninja-build
need clang++ clang
need zip zip
need unzip unzip
ls "$(clang -print-runtime-dir)"/libclang_rt.fuzzer* >/dev/null 2>&1 || install_packages libclang-rt-dev
[ $# -gt 0 ] || set -- address undefined memory coverage afl
undefined=array-bounds,bool,builtin,enum,integer-divide-by-zero,null,object-size,return,returns-nonnull-attribute,shift
undefined=$undefined,signed-integer-overflow,unreachable,vla-bound

# Environment of the build: compiler, flags and engine.
prepare() {
    flags="-O1 -fno-omit-frame-pointer -gline-tables-only -DFUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION"
    CC=clang CXX=clang++ LIB_FUZZING_ENGINE=-fsanitize=fuzzer
    case $1 in
    address) flags="$flags -fsanitize=address -fsanitize-address-use-after-scope -fsanitize=fuzzer-no-link" ;;
    undefined) flags="$flags -fsanitize=$undefined,unsigned-integer-overflow -fno-sanitize-recover=$undefined -fsanitize=fuzzer-no-link" ;;
    memory) flags="$flags -fsanitize=memory -fsanitize-memory-track-origins -fsanitize=fuzzer-no-link" ;;
    coverage) flags="$flags -fprofile-instr-generate -fcoverage-mapping" ;;
    afl)
        need afl-clang-fast afl++
        CC=afl-clang-fast CXX=afl-clang-fast++
        LIB_FUZZING_ENGINE=$(find /usr/lib/afl /usr/local/lib/afl -name libAFLDriver.a 2>/dev/null | head -1)
        flags="$flags -fsanitize=address"
        ;;
    *) echo "test-oss-fuzz.sh: no sanitizer $1" >&2 && exit 1 ;;
    esac
    CFLAGS=$flags CXXFLAGS=$flags
    export CC CXX CFLAGS CXXFLAGS LIB_FUZZING_ENGINE
}

# What the services expect beside a target; it must run some of its own seeds (the tests run them all).
check() {
    target=$1
    [ -x "$OUT/$target" ] && [ -s "$OUT/$target.dict" ] && [ -s "$OUT/$target.options" ] || {
        echo "$target: not in OUT, or without dictionary or options"
        return 1
    }
    rm -rf "$WORK/seeds"
    unzip -q -d "$WORK/seeds" "$OUT/${target}_seed_corpus.zip"
    find "$WORK/seeds" -type f | sort | head -50 | xargs "$OUT/$target" >"$WORK/log" 2>&1 || {
        tail -20 "$WORK/log"
        return 1
    }
}

status=0
for sanitizer in "$@"; do
    prepare "$sanitizer"
    OUT=$PWD/build-oss-fuzz/$sanitizer/out WORK=$PWD/build-oss-fuzz/$sanitizer/work SRC=$(dirname "$PWD")
    export OUT WORK SRC
    rm -rf "$OUT"
    mkdir -p "$OUT" "$WORK"
    bash -eu .clusterfuzzlite/build.sh >"$WORK/build.log" 2>&1 || {
        tail -30 "$WORK/build.log"
        exit 1
    }
    count=0
    for source in fuzz/fuzz_*.c; do
        check "$(basename "$source" .c)" || status=1
        count=$((count + 1))
    done
    echo "$sanitizer: $count targets"
done
exit $status
