#!/bin/sh
# usage: readme.sh README EXAMPLE.c EXAMPLE-PROGRAM LOG: the README's program is the one that was built, and it runs.
set -eu
readme=$1 source=$2 program=$3 log=$4
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
sed -n '/^```c$/,/^```$/p' "$readme" | sed '1d;$d' > "$work/readme.c"
sed 1d "$source" | diff - "$work/readme.c" || { echo "FAIL: README.md shows another program than $source (but for its first line)"; exit 1; }
"$program" < "$log" > "$work/out"
printf 'anna@example.org sent\nanna@example.org sent\n' | diff - "$work/out"
