#!/bin/sh
# usage: gate.sh BUILD [update]
# Instructions a line (callgrind) of bench/mix.py's logs against those in gate.txt: fails when one rose by more than 2 %. In
# gate.txt: mix, or a way to parse the first of them, instructions with SSE2, with AVX2; of the join, which has no such code,
# and of the command's summary one figure. BUILD is one of the default type, of gcc 12, with MAILLOG_BUILD_BENCH. Counts do not
# depend on the machine's load, but on the compiler. Without valgrind, or for another kind of processor: 77, which ctest calls
# skipped; on one without AVX2, only SSE2 is looked at.
set -eu
build=$1 here=$(cd "$(dirname "$0")" && pwd)
command -v valgrind >/dev/null || { echo "gate.sh: no valgrind" >&2; exit 77; }
command -v python3 >/dev/null || { echo "gate.sh: no python3" >&2; exit 77; }
[ -x "$build/bench/bench_parse_sse2" ] || { echo "gate.sh: another processor" >&2; exit 77; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
lines=4000

# a line's instructions: count PROGRAM WAY FUNCTION
count() {
    valgrind --tool=callgrind --toggle-collect=$3 --callgrind-out-file="$work/out" "$1" --once $2 "$work/log" >/dev/null 2>&1
    awk -v n=$lines '/^totals:/ {printf "%.0f", $2 / n}' "$work/out"
}

# NAME WAY FUNCTION
row() {
    sse2=$(count "$build/bench/bench_parse_sse2" $2 $3) avx2=-
    if grep -qw avx2 /proc/cpuinfo; then avx2=$(count "$build/bench/bench_parse" $2 $3); fi
    echo "$1 $sse2 $avx2"
}

for mix in small inbound outbound imap; do
    python3 "$here/mix.py" $mix $lines >"$work/log"
    row $mix parse maillog_batch_parse
    [ $mix = small ] || continue
    row callback stream maillog_stream_feed
    row line line maillog_parse_line
    row memo memo maillog_parse_line
    row buffer buffer maillog_parse_line
done >"$work/now"

# a line's way into the join, and the same with all messages built
for what in push all; do
    valgrind --tool=callgrind --toggle-collect=maillog_join_push_events --callgrind-out-file="$work/out" \
        "$build/bench/bench_join" --once $what >/dev/null 2>&1
    awk -v what=$what '/^totals:/ {printf "join_%s %.0f -\n", what, $2 / 21000}' "$work/out" >>"$work/now"
done
# all that `maillog summary` does for a line of a log whose lines belong to each other; it chooses AVX2 itself
if [ -x "$build/maillog" ] && grep -qw avx2 /proc/cpuinfo; then
    "$build/bench/make_log" 3M >"$work/log"
    valgrind --tool=callgrind --toggle-collect=command_read --callgrind-out-file="$work/out" "$build/maillog" summary "$work/log" >/dev/null 2>&1
    awk -v n="$(wc -l <"$work/log")" '/^totals:/ {printf "summary - %.0f\n", $2 / n}' "$work/out" >>"$work/now"
fi
if [ "${2:-}" = update ]; then
    cp "$work/now" "$here/gate.txt"
    cat "$here/gate.txt"
    exit 0
fi
awk 'NR == FNR {sse2[$1] = $2; avx2[$1] = $3; next}
     function look(name, now, was) {
         if (now == "-") return
         printf "%-9s %s %5d instructions a line, committed %5d\n", $1, name, now, was
         if (!(was > 0) || now > was * 1.02) bad = 1
     }
     {look($1 ~ /^join/ ? "    " : "SSE2", $2, sse2[$1]); look("AVX2", $3, avx2[$1])}
     END {exit bad}' "$here/gate.txt" "$work/now"
