#!/bin/sh
# usage: build.sh SOURCE-DIR OUT.wasm: the library for wasm32, without a C library, with SIMD. Needs clang and lld.
set -eu
src=$1 out=$2 here=$(dirname "$0")
names="daemon event field match word"
exports=""
for name in $names; do exports="$exports -Wl,--export=maillog_${name}_name"; done
for name in daemon event field; do exports="$exports -Wl,--export=maillog_${name}_next"; done
for name in text text_size rows fields counts parse; do exports="$exports -Wl,--export=$name"; done
# shellcheck disable=SC2086,SC2046
${CLANG:-clang} --target=wasm32 -std=c11 -O2 -msimd128 -ffreestanding -nostdlib -fvisibility=hidden -DNDEBUG \
    -I"$here/include" -I"$src/include" -I"$src/src" -Wall -Wextra \
    "$here/shim.c" "$here/string.c" $(find "$src/src" -name '*.c' ! -path '*/arrow/*' ! -path '*/join/*' ! -path '*/explain/*' ! -name message_json.c) \
    -Wl,--no-entry -Wl,--strip-all -Wl,--gc-sections $exports -o "$out"
