#!/bin/sh
# usage: daemons.sh BUILD: what programs that a log does not have cost those that it has. Links bench_parse with the library again
# and again, which each time knows more tags of src/daemons/tags.def, and so has more of the daemons' grammars in it, and counts
# instructions a line (callgrind): of bench/mix.py's small log, and of the same lines with a `<22>` before each, which no quick
# grammar takes. BUILD as in gate.sh.
set -eu
build=$1 src=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
lines=4000
python3 "$src/bench/mix.py" small $lines >"$work/quick"
sed 's/^/<22>/' "$work/quick" >"$work/general"
cp "$src/src/daemons/dispatch.c" "$work/"

count() {
    valgrind --tool=callgrind --toggle-collect=maillog_batch_parse --callgrind-out-file="$work/out" \
        "$work/bench" --once parse "$1" >/dev/null 2>&1
    awk -v n=$lines '/^totals:/ {printf "%.0f", $2 / n}' "$work/out"
}

echo "| tags | code, KB | common lines | the same by the general grammars |"
echo "| --- | --- | --- | --- |"
for most in 0 10 30 60 1000; do
    # what the log has, and so many others
    awk -v most=$most '!/^TAG/ || /^TAG\("(postfix|dovecot|amavis|postgrey)"/ || others++ < most' \
        "$src/src/daemons/tags.def" >"$work/tags.def"
    ${CC:-cc} -std=gnu11 -O2 -I"$src/include" -I"$src/src/daemons" "$work/dispatch.c" "$src/bench/bench_parse.c" \
        "$src/bench/paired.c" "$build/libmaillog.a" -o "$work/bench"
    echo "| $(grep -c '^TAG' "$work/tags.def") | $(size "$work/bench" | awk 'NR == 2 {printf "%.0f", $1 / 1000}') |" \
        "$(count "$work/quick") | $(count "$work/general") |"
done
