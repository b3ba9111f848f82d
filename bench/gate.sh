#!/bin/sh
# usage: gate.sh BUILD [update]
# Instructions a line (callgrind) of bench/mix.py's logs against those in gate.txt: fails when one rose by more than 2 %.
# BUILD is a Release build of gcc with MAILLOG_BUILD_BENCH. Counts do not depend on the machine's load, but on the compiler.
set -eu
build=$1 here=$(cd "$(dirname "$0")" && pwd)
command -v valgrind >/dev/null || { echo "gate.sh: no valgrind" >&2; exit 77; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
lines=4000
for mix in small inbound outbound imap; do
    python3 "$here/mix.py" $mix $lines >"$work/log"
    valgrind --tool=callgrind --toggle-collect=maillog_batch_parse --callgrind-out-file="$work/out" \
        "$build/bench/bench_parse" --once parse "$work/log" >/dev/null 2>&1
    awk -v mix=$mix -v n=$lines '/^totals:/ {printf "%s %.0f\n", mix, $2 / n}' "$work/out"
done >"$work/now"
if [ "${2:-}" = update ]; then
    cp "$work/now" "$here/gate.txt"
    cat "$here/gate.txt"
    exit 0
fi
awk 'NR == FNR {was[$1] = $2; next}
     {printf "%-9s %5d instructions a line, committed %5d\n", $1, $2, was[$1]; if (!was[$1] || $2 > was[$1] * 1.02) bad = 1}
     END {exit bad}' "$here/gate.txt" "$work/now"
