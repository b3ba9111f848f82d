#!/bin/sh
# usage: build.sh SOURCE-DIR OUT.html: one page with everything in it. Small before quick: most of the time goes into
# messages, so quick grammars are left out, and what vanishes into its callers elsewhere is called here. Needs clang, lld,
# node (to put the pieces together); wasm-opt and zopfli make it smaller where they are there.
# -fno-slp-vectorize: as in ../bindings/wasm/build.sh.
set -eu
src=$1 out=$2 here=$(dirname "$0")
wasm=$here/../bindings/wasm work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
exports=""
for name in text text_size lines matched reserve configure start feed finish; do exports="$exports --export=$name"; done
n=1000 # in the same order everywhere, neighbours beside each other: that packs better
for file in "$here/web.c" "$wasm/string.c" $(find "$src/src" -name '*.c' ! -path '*/arrow/*' | LC_ALL=C sort); do
    n=$((n + 1))
    ${CLANG:-clang} --target=wasm32 -std=c11 -Oz -msimd128 -fno-slp-vectorize -ffreestanding -fvisibility=hidden -DNDEBUG -DML_QUICK=0 "-DML_INLINE=static inline" -I"$wasm/include" -I"$src/include" -I"$src/src" \
        -Wall -Wextra -c "$file" -o "$work/$n.o"
done
# not by clang: it would run any wasm-opt it finds, without the flags that SIMD needs
# shellcheck disable=SC2086
${WASM_LD:-wasm-ld} --no-entry --strip-all --gc-sections $exports "$work"/*.o -o "$work/linked.wasm"
if command -v wasm-opt >/dev/null; then
    wasm-opt -Oz --converge --enable-simd --enable-bulk-memory "$work/linked.wasm" -o "$work/small.wasm"
    node "$here/assemble.mjs" data "$work/linked.wasm" "$work/small.wasm" > "$work/web.wasm"
else
    cp "$work/linked.wasm" "$work/web.wasm"
fi
node "$here/assemble.mjs" pack "$here" "$src/examples/seed" "$work/web.wasm" > "$work/pack"
if command -v zopfli >/dev/null; then zopfli -c "$work/pack"; else gzip -9c "$work/pack"; fi > "$work/pack.gz"
node "$here/assemble.mjs" page "$here" "$work/pack.gz" > "$out"
