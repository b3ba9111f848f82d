#!/bin/sh
# Test every binding against tests/vectors with its real runtime, from Debian's packages. What cannot be run here is said
# at the end. usage: test-bindings.sh [BUILD-DIR [--bench [LOG]]]
set -eu
cd "$(dirname "$0")/.."
. scripts/install.sh
src=$(pwd) build=${1:-build} bench=${2:-} log=${3:-}
[ -e "$build/libmaillog.so" ] || { echo "test-bindings: no $build/libmaillog.so: build first" >&2; exit 2; }
build=$(cd "$build" && pwd)
[ -z "$log" ] || log=$(cd "$(dirname "$log")" && pwd)/$(basename "$log")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
vectors=$work/events.ndjson seed=$src/examples/seed/mail.log
LD_LIBRARY_PATH=$build${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH} MAILLOG_LIBRARY=$build/libmaillog.so
export LD_LIBRARY_PATH MAILLOG_LIBRARY
missing="" broken="" figures=""

# have COMMAND PACKAGE…: there, or installed now
have() {
    command -v "$1" >/dev/null 2>&1 && return
    command=$1
    shift
    (install_packages "$@") >&2 || true
    command -v "$command" >/dev/null 2>&1
}
# figure NAME "EVENTS SENT NS": what a benchmark printed
figure() { figures="$figures$1${3- }$2 $c_ns
"; }
show() { case $2 in '|'*) figure "$1" "$2" "
" ;; *) figure "$1" "$2" ;; esac; }
# the same in C, now: the machine may be busier than a minute ago
measure_c() { c_ns=$("$work/baseline" "$log") c_ns=${c_ns##* }; }
# try NAME: run test_NAME in its directory; 77: not here
try() {
    echo "== $1"
    code=0
    (set -e; cd "examples/bindings/$1"; "test_$1") || code=$?
    case $code in
    0) [ -z "$bench" ] || { measure_c; show "$1" "$(cd "examples/bindings/$1" && "bench_$1")"; } ;;
    77) missing="$missing $1" ;;
    *) broken="$broken $1" ;;
    esac
}

python=/usr/bin/python3 # Debian's, which knows Debian's numpy
test_python() {
    [ -x $python ] || have python3 python3 || return 77
    $python -c 'import numpy' 2>/dev/null || (install_packages python3-numpy) || echo "python: without numpy"
    PYTHONDONTWRITEBYTECODE=1 $python test.py "$vectors" "$seed"
}
bench_python() { PYTHONDONTWRITEBYTECODE=1 $python bench.py "$log" "$c_ns"; }

test_node() {
    have node nodejs || return 77
    [ -e /usr/include/node/node_api.h ] || (install_packages libnode-dev) || return 77
    ${CC:-cc} -std=c11 -O2 -Wall -Wextra -shared -fPIC -I/usr/include/node -I"$src/include" addon.c -L"$build" -lmaillog -o "$work/maillog.node"
    MAILLOG_ADDON=$work/maillog.node node test.js "$vectors" "$seed"
}
bench_node() { MAILLOG_ADDON=$work/maillog.node node bench.js "$log" "$c_ns"; }

test_lua() {
    have luajit luajit || return 77
    luajit test.lua "$vectors"
}
bench_lua() { luajit test.lua --bench "$log"; }

test_go() {
    have go golang-go || return 77
    MAILLOG_VECTORS=$vectors go test .
}
bench_go() { MAILLOG_BENCH=$log go test -count=1 -run TestBench -v . | grep -E '^[0-9]+ '; }

test_rust() {
    have rustc rustc || return 77
    # the oldest one that will do is Debian's: /usr/bin/rustc where rustup's comes first
    rustc=rustc
    [ ! -x /usr/bin/rustc ] || rustc=/usr/bin/rustc
    $rustc --edition 2021 -O --crate-type rlib --crate-name maillog maillog.rs -L "native=$build" -o "$work/libmaillog.rlib"
    $rustc --edition 2021 -O test.rs --extern "maillog=$work/libmaillog.rlib" -L "native=$build" -o "$work/rust"
    "$work/rust" "$vectors"
}
bench_rust() { "$work/rust" --bench "$log"; }

test_cpp() {
    have "${CXX:-c++}" g++ || return 77
    ${CXX:-c++} -std=c++17 -O2 -Wall -Wextra -I"$src/include" test.cpp -L"$build" -lmaillog -o "$work/cpp"
    "$work/cpp" "$vectors" "$seed"
}
bench_cpp() { "$work/cpp" --bench "$log"; }

test_perl() {
    have perl perl || return 77
    perl -MFFI::Platypus -e 1 2>/dev/null || (install_packages libffi-platypus-perl) || return 77
    perl -I. test.pl "$vectors"
}
bench_perl() { perl -I. test.pl --bench "$log"; }

test_wasm() {
    have node nodejs && have clang clang && have wasm-ld lld || return 77
    sh build.sh "$src" "$work/maillog.wasm"
    node test.mjs "$work/maillog.wasm" "$vectors"
}
bench_wasm() { node test.mjs "$work/maillog.wasm" --bench "$log"; }

GOTOOLCHAIN=local GOFLAGS=-mod=mod GOCACHE=${GOCACHE:-$work/go} CGO_CFLAGS="-I$src/include -O2" CGO_LDFLAGS=-L$build
export GOTOOLCHAIN GOFLAGS GOCACHE CGO_CFLAGS CGO_LDFLAGS

if [ -n "$bench" ]; then
    if [ -z "$log" ]; then # the example log, often enough to measure
        log=$work/log
        for _ in 1 2 3 4 5 6 7 8 9 10; do cat "$seed" "$seed" "$seed" "$seed" "$seed"; done >"$work/some"
        for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do cat "$work/some"; done >"$log"
    fi
    ${CC:-cc} -O2 -Iinclude examples/bindings/bench_baseline.c -L"$build" -lmaillog -o "$work/baseline"
fi

LC_ALL=C "$build/tests/vectors" tests/cases/*.txt >"$vectors" # of today; those in the tree should be the same
sh tests/vectors.sh "$build/tests/vectors" . || broken="$broken vectors"
for binding in python node lua go rust cpp perl wasm; do try $binding; done

if [ -n "$bench" ]; then
    echo
    printf '%s' "$figures" | awk '
        NF == 5 && $1 != "|" { printf "%-8s %8.0f ns per event, %5.1f times C, %d events, %d sent\n", $1, $4, $4 / $5, $2, $3; next }
        { sub(/\| [0-9.]+$/, "|"); print }'
fi
[ -z "$missing" ] || printf '\n*** NOT RUN, for want of a runtime:%s\n' "$missing"
[ -z "$broken" ] || { printf '\n*** FAILED:%s\n' "$broken"; exit 1; }
echo "bindings: the rest agrees with the vectors"
