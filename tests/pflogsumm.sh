#!/bin/sh
# usage: pflogsumm.sh MAILLOG LOG…: compare `maillog summary --pflogsumm` with pflogsumm, figure by figure. Differences are
# printed, and are a failure. Sizes of tables are compared in the totals (pflogsumm rounds them).
set -eu
maillog=$1; shift
command -v pflogsumm >/dev/null || { echo "SKIPPED: pflogsumm is not installed"; exit 77; }
here=$(dirname "$0") work=$(mktemp -d) bad=0
trap 'rm -rf "$work"' EXIT
export LC_ALL=C.UTF-8 TZ=UTC
for log; do
    pflogsumm --iso-date-time "$log" | awk -f "$here/pflogsumm.awk" | grep -v -- '-size|' | sed 's/from=<>$/<>/' | sort > "$work/want"
    "$maillog" summary --pflogsumm --top 0 "$log" | awk -f "$here/summary.awk" | sort > "$work/have"
    if diff "$work/want" "$work/have" > "$work/diff"; then
        echo "$log: $(wc -l < "$work/want") figures agree"
    else
        echo "$log: pflogsumm (<) and maillog (>) differ:"; cat "$work/diff"; bad=1
    fi
done
exit $bad
