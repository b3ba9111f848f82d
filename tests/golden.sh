#!/bin/sh
# usage: golden.sh SCHEMA_DUMP SOURCE-DIR [update]: the checked-in copies of the schema are what the schema says.
set -eu
dump=$1 src=$2 update=${3:-}
fail=0
# same WHAT FILE: standard input is the file, or becomes it
same() {
    if [ -n "$update" ]; then cat > "$2.new"; cmp -s "$2.new" "$2" && rm "$2.new" || mv "$2.new" "$2"; return; fi
    cmp -s - "$2" || { echo "FAIL: $2 is not what 'schema_dump $1' says; run: sh tests/golden.sh $dump $src update"; return 1; }
}
"$dump" markdown | same markdown "$src/SCHEMA.md" || fail=1
"$dump" json | same json "$src/schema.json" || fail=1
"$dump" dictionary | same dictionary "$src/fuzz/maillog.dict" || fail=1

# the README's table stands between two comments
readme() {
    sed '/<!-- families -->/q' "$src/README.md"
    "$dump" families
    sed -n '/<!-- end of families -->/,$p' "$src/README.md"
}
grep -q '<!-- end of families -->' "$src/README.md" || { echo "FAIL: README.md has lost its table of daemons"; exit 1; }
readme | same families "$src/README.md" || fail=1
exit $fail
