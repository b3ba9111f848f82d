#!/bin/sh
# usage: build.sh SOURCE-DIR OUT.html: one page with everything in it. Needs clang, lld, node (to put the pieces together);
# wasm-opt and zopfli make it smaller where they are there.
set -eu
src=$1 out=$2 here=$(dirname "$0")
wasm=$here/../bindings/wasm work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
exports=""
for name in text text_size lines matched reserve configure start feed finish; do exports="$exports --export=$name"; done
n=0
for file in "$here/web.c" "$wasm/string.c" $(find "$src/src" -name '*.c' ! -path '*/arrow/*'); do
    n=$((n + 1))
    ${CLANG:-clang} --target=wasm32 -std=c11 -Oz -msimd128 -ffreestanding -fvisibility=hidden -DNDEBUG -I"$wasm/include" -I"$src/include" -I"$src/src" \
        -Wall -Wextra -c "$file" -o "$work/$n.o"
done
# not by clang: it would run any wasm-opt it finds, without the flags that SIMD needs
# shellcheck disable=SC2086
${WASM_LD:-wasm-ld} --no-entry --strip-all --gc-sections $exports "$work"/*.o -o "$work/web.wasm"
! command -v wasm-opt >/dev/null || wasm-opt -Oz --enable-simd --enable-bulk-memory "$work/web.wasm" -o "$work/web.wasm"
if command -v zopfli >/dev/null; then zopfli -c "$work/web.wasm"; else gzip -9c "$work/web.wasm"; fi > "$work/web.wasm.gz"
node "$here/assemble.mjs" "$here" "$src/examples/seed" "$work/web.wasm.gz" > "$out"
