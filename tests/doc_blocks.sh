#!/bin/sh
# usage: doc_blocks.sh SOURCE-DIR CC: each block of C in the README and in docs/ compiles.
set -eu
src=$1 cc=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail=0
for doc in "$src/README.md" "$src"/docs/*.md; do
    awk -v to="$work/$(basename "$doc" .md)" '/^```c$/ {n++; on = 1; next} /^```$/ {on = 0} on {print > (to "_" n ".c")}' "$doc"
done
[ -n "$(ls "$work")" ] || { echo "FAIL: no blocks found"; exit 1; }
for block in "$work"/*.c; do
    "$cc" -std=c11 -Wall -Wextra -Werror -Wno-unused-function -fsyntax-only -I "$src/include" \
        -include stdio.h -include stdlib.h -include string.h -include time.h -include maillog/maillog.h "$block" || {
        echo "FAIL: $(basename "$block")"; fail=1; }
done
exit $fail
