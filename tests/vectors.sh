#!/bin/sh
# usage: vectors.sh VECTORS-PROGRAM SOURCE-DIR [update]: the checked-in vectors are what the case files say.
set -eu
LC_ALL=C
export LC_ALL
program=$1 src=$2 file=$2/tests/vectors/events.ndjson
if [ "${3:-}" = update ]; then
    "$program" "$src"/tests/cases/*.txt >"$file"
    exit
fi
"$program" "$src"/tests/cases/*.txt | cmp -s - "$file" ||
    { echo "FAIL: $file is not what the cases say; run: sh tests/vectors.sh $program $src update"; exit 1; }
