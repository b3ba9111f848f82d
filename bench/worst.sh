#!/bin/sh
# usage: worst.sh BUILD [FILE]
# bench_worst in instructions (callgrind): what the worst lines cost a byte, in ordinary lines' cost, and bench_worst_join: what
# the worst logs cost the join a line. Fails when one costs more than five times as much, or when sixteen times as long costs more
# than twice as much a byte, or four times as many lines more than one and a half times as much each. Of lines of 300 bytes, for
# which a fixed sum is much, ten times as many instructions are the limit: bench_worst has five times the time for them, and an
# instruction of theirs takes less of it. Counts do not depend on the machine's load. BUILD has MAILLOG_BUILD_BENCH.
# With FILE: what each of its lines costs, the dearest first; a shorter line than an ordinary one counts as one of that length.
set -eu
build=$1
shift
command -v valgrind >/dev/null || { echo "worst.sh: no valgrind" >&2; exit 77; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# instructions of each call of measured(), in front of what the program printed for it; the loader's work for a first call is
# no part of them
count() {
    rm -f "$work"/out*
    LD_BIND_NOW=1 valgrind --tool=callgrind --toggle-collect=measured --dump-after=measured --callgrind-out-file="$work/out" \
        "$build/bench/$1" --once ${2:+"$2"} >"$work/lines" 2>/dev/null
    i=0
    while IFS= read -r line; do
        i=$((i + 1))
        printf '%s\t%s\n' "$(sed -n 's/^totals: //p' "$work/out.$i")" "$line"
    done <"$work/lines"
}

count bench_worst "$@" >"$work/costs"
awk -F '\t' '
$2 == "ordinary" {cost += $1; bytes += $3; next}
$2 == "line" {usual = cost / bytes; printf "%8.2f %7d  %s\n", $1 / ($3 < bytes / 10 ? bytes / 10 : $3) / usual, $1, $4; next}
$2 == "short" {usual = cost / bytes; short = $1 / $3 / usual; instructions = $1}
$2 == "large" {large = $1 / $3 / usual}
$2 == "huge" {
    huge = $1 / $3 / usual
    most = short > large ? short : large
    bad = short > 10 || large > 5 || huge > 5 || huge > 2 * large + 0.02
    if (most > worst) worst = most
    any += bad
    printf "%8.2f %8.2f %8.2f%s %7d  %s\n", short, large, huge, bad ? "*" : " ", instructions, $4
}
END {
    if (!usual || !worst) exit 0
    printf "ordinary lines: %.2f instructions a byte; worst: %.1f times as much; %d of %d beyond the limit\n", usual, worst, any, NR / 3 - 3
    exit any > 0
}' "$work/costs" >"$work/said" || bad=1
if [ $# -gt 0 ]; then
    sort -rn "$work/said"
    exit 0
fi
cat "$work/said"

count bench_worst_join >"$work/costs"
awk -F '\t' '
$2 == "short" {short = $1 / $3}
$2 == "long" {
    long = $1 / $3
    if (!usual) usual = long
    bad = short > 5 * usual || long > 5 * usual || long > 1.5 * short
    any += bad
    printf "%8.2f %8.2f%s %7d  %s\n", short / usual, long / usual, bad ? "*" : " ", long, $5
}
END {
    printf "parsed and joined: %d instructions an ordinary line; %d of %d logs beyond the limit\n", usual, any, NR / 2
    exit any > 0
}' "$work/costs" || bad=1
exit ${bad:-0}
