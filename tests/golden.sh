#!/bin/sh
# usage: golden.sh SCHEMA_DUMP SOURCE-DIR [update]: the checked-in copies of the schema are what the schema says.
set -eu
dump=$1 src=$2
fail=0
compare() {
    if [ "${3:-}" = update ]; then "$dump" "$1" > "$2"; return; fi
    "$dump" "$1" | cmp -s - "$2" || { echo "FAIL: $2 is not what 'schema_dump $1' says; run: sh tests/golden.sh $dump $src update"; fail=1; }
}
compare markdown "$src/SCHEMA.md" "${3:-}"
compare json "$src/schema.json" "${3:-}"
compare dictionary "$src/fuzz/maillog.dict" "${3:-}"
exit $fail
