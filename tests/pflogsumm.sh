#!/bin/sh
# usage: pflogsumm.sh MAILLOG LOG…: compare `maillog summary --pflogsumm` with pflogsumm, figure by figure. Differences are
# printed, and are a failure. Sizes of tables are compared in the totals (pflogsumm rounds them). What pflogsumm cannot read
# right is left out: see docs/summary.md.
set -eu
maillog=$1; shift
command -v pflogsumm >/dev/null || { echo "SKIPPED: pflogsumm is not installed"; exit 77; }
here=$(dirname "$0") work=$(mktemp -d) bad=0
trap 'rm -rf "$work"' EXIT
export LC_ALL=C.UTF-8 TZ=UTC
# servers that did not answer, and reasons at EHLO, HELO and MAIL
left_out='^failure\||^(reject|warned|hold|discard)\|[0-9]+\|(EHLO|HELO|MAIL) /'
# a sender with a > in it has no sender and no size for pflogsumm
without=": from=<.*>.*>, size="
for log; do
    grep -avE "$without" "$log" > "$work/log" || true
    pflogsumm --iso-date-time "$work/log" | awk -f "$here/pflogsumm.awk" | grep -vE -- '-size\|' | grep -vE "$left_out" | sed 's/from=<>$/<>/' | sort > "$work/want"
    "$maillog" summary --pflogsumm --top 0 "$work/log" | awk -f "$here/summary.awk" | grep -vE "$left_out" | sort > "$work/have"
    if diff "$work/want" "$work/have" > "$work/diff"; then
        echo "$log: $(wc -l < "$work/want") figures agree"
    else
        echo "$log: pflogsumm (<) and maillog (>) differ:"; cat "$work/diff"; bad=1
    fi
done
exit $bad
