#!/bin/sh
# lnav with examples/lnav: it knows the format, and its SQL counts what the command prints. Not part of the ordinary tests.
# usage: test-lnav.sh
set -eu
cd "$(dirname "$0")/.."
. scripts/install.sh
need python3 python3
need lnav lnav
build_targets maillog_command
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
HOME=$work MAILLOG=$PWD/build/maillog
export HOME MAILLOG
python3 tests/rsyslog/traffic.py 5000 3 "$work/log" "$work/truth" once >/dev/null
"$MAILLOG" events --json "$work/log" > "$work/events"
# same WHAT SQL: standard input is what lnav says
same() {
    cat > "$work/want"
    sh examples/lnav/maillog-lnav "$work/log" -- -n -c ";$2" -c ":write-csv-to $work/csv" > "$work/out" 2>&1 || true
    tail -n +2 "$work/csv" | tr , ' ' > "$work/got"
    diff "$work/want" "$work/got" || { head -n 5 "$work/out"; echo "FAIL: $1"; exit 1; }
    rm -f "$work/csv"
}
grep -o '"status":"[a-z]*"' "$work/events" | cut -d'"' -f4 | LC_ALL=C sort | uniq -c | awk '{print $2, $1}' |
    same "a field" "SELECT status, count(*) FROM maillog_events WHERE status IS NOT NULL GROUP BY status ORDER BY status"
grep -o '"queue_id":"[^"]*"' "$work/events" | grep -v NOQUEUE | sort -u | wc -l |
    same "queue IDs" "SELECT count(DISTINCT queue_id) FROM maillog_events WHERE queue_id != 'NOQUEUE'"
grep -c '"from":"s1@example.net"' "$work/events" |
    same "from" "SELECT count(*) FROM maillog_events WHERE mail_from = 's1@example.net'"
awk -F'"nrcpt":' 'NF > 1 { split($2, n, /[^0-9]+/); t += n[1] ? n[1] : n[2] } END { print t }' "$work/events" |
    same "numbers" "SELECT sum(nrcpt) FROM maillog_events"
echo "lnav: right"
