#!/bin/sh
# Two collectors, one edge, all rsyslog, unprivileged on loopback (examples/rsyslog): 100,000 lines; one collector and its
# child are killed with SIGKILL in the middle, then the child of the other one. Shows that no message is lost, none told
# twice, none in parts on two collectors; then that mmexternal adds the fields. Not part of the ordinary tests.
# usage: test-rsyslog.sh [LINES]
set -eu
cd "$(dirname "$0")/.."
. scripts/install.sh
need python3 python3
[ -x /usr/sbin/rsyslogd ] || install_packages rsyslog
[ -e /usr/lib/*/rsyslog/omrelp.so ] 2>/dev/null || install_packages rsyslog-relp
lines=${1:-100000}
build_targets omprog mmexternal
source=$PWD children=$PWD/build/examples
work=$(mktemp -d) pids=""
stop() { for p in $pids; do kill -9 "$p" 2>/dev/null || true; wait "$p" 2>/dev/null || true; done; rm -rf "$work"; }
trap stop EXIT
trap 'exit 1' INT TERM
chmod 755 "$work"
# rsyslogd gives up root by itself, if at all: none of this needs it
as_nobody=""
[ "$(id -u)" != 0 ] || as_nobody="setpriv --reuid=65534 --regid=65534 --clear-groups"
fail() { echo "FAIL: $1"; cat "$work"/*.err 2>/dev/null | tail -n 20; exit 1; }
now() { date +%s; }
# until_ COMMAND…: at most a minute
until_() { end=$(($(now) + 60)); until "$@"; do [ "$(now)" -lt $end ] || return 1; sleep 0.2; done; }

MAILLOG_EDGE_PORT=15514 MAILLOG_PORT0=15520 MAILLOG_PORT1=15521 MAILLOG_COLLECTOR0=127.0.0.1 MAILLOG_COLLECTOR1=127.0.0.1
MAILLOG_COLLECTOR=127.0.0.1 MAILLOG_HOT="" wait_for_sessions="-w 300"
export MAILLOG_EDGE_PORT MAILLOG_PORT0 MAILLOG_PORT1 MAILLOG_COLLECTOR0 MAILLOG_COLLECTOR1 MAILLOG_COLLECTOR MAILLOG_HOT

# rsyslog NAME CONF: sets $started
rsyslog() {
    mkdir -p "$work/$1"
    [ -z "$as_nobody" ] || chown 65534:65534 "$work/$1"
    # shellcheck disable=SC2086
    MAILLOG_SPOOL=$work/$1 $as_nobody /usr/sbin/rsyslogd -n -f "$source/examples/rsyslog/$2" -i "$work/$1/pid" 2>>"$work/$1.err" &
    started=$!
    pids="$pids $started"
}
collector() {
    MAILLOG_CHILD="$children/maillog-omprog -k -m 16 $wait_for_sessions $work/collector$1"
    eval "MAILLOG_PORT=\$MAILLOG_PORT$1"
    export MAILLOG_CHILD MAILLOG_PORT
    rsyslog "collector$1" collector.conf
    eval "collector$1=$started"
}
# lines in the journals, without the children's own marks that time went by; each once, if they look like all
stored() { cat "$work"/collector?/journal.* 2>/dev/null | LC_ALL=C grep -av "^$(printf '\001')"; }
all_told() { [ "$(cat "$work"/collector?/messages.ndjson | wc -l)" -ge "$told" ]; }
at_least() { [ "$(stored | wc -l)" -ge "$1" ]; }
all_stored() { at_least "$sent" && [ "$(stored | LC_ALL=C sort -u | wc -l)" -ge "$sent" ]; }
listens() { python3 -c 'import socket, sys; socket.create_connection(("127.0.0.1", int(sys.argv[1]))).close()' "$1" 2>/dev/null; }
child_of() { ps -o pid= --ppid "$1" | tr -d ' '; }

# run NAME: $sent lines, until $told messages came out; the whole of it; what came out is in $work/messages
run() {
    rm -rf "$work"/collector? "$work"/edge
    collector 0; collector 1
    until_ listens $MAILLOG_PORT0 && until_ listens $MAILLOG_PORT1 || fail "collectors do not start"
    rsyslog edge edge.conf
    edge=$started
    until_ listens $MAILLOG_EDGE_PORT || fail "the edge does not start"
    begun=$(now)
    # rsyslog starts a child again when there is a line for it: the last third waits for the second kill
    rm -f "$work/go"
    python3 -c 'import os, socket, sys, time
log, port, go = sys.argv[1:]
with open(log, "rb") as f, socket.create_connection(("127.0.0.1", int(port))) as s:
    size = os.fstat(f.fileno()).st_size
    s.sendfile(f, count=size * 2 // 3)
    for _ in range(1200):
        if os.path.exists(go): break
        time.sleep(0.1)
    s.sendfile(f, offset=size * 2 // 3)' "$work/log" $MAILLOG_EDGE_PORT "$work/go" &
    feeder=$!
    until_ at_least $((sent / 3)) || fail "no lines"
    child=$(child_of "$collector0")
    kill -9 "$collector0" "$child"
    echo "$1: at $(stored | wc -l) lines, SIGKILL for collector 0 and its child"
    # meanwhile the edge keeps its share; the other collector goes on
    sleep 2
    collector 0
    until_ at_least $((sent / 2)) || fail "no more lines"
    kill -9 "$(child_of "$collector1")"
    : > "$work/go"
    echo "$1: at $(stored | wc -l) lines, SIGKILL for the child of collector 1"
    wait $feeder
    until_ all_stored || fail "$(stored | LC_ALL=C sort -u | wc -l) lines arrived"
    echo "$1: $(($(now) - begun)) s, with two seconds of outage"
    # what waits for late lines goes out when it is quiet
    until_ all_told || true
    for p in $edge $collector0 $collector1; do kill "$p"; done
    for p in $edge $collector0 $collector1; do wait "$p" || true; done
    pids=""
    ! grep "cancellation" "$work/edge.err" || fail "the edge's queues were cut off"
}

sent=$(python3 tests/rsyslog/traffic.py "$lines" 8 "$work/log" "$work/truth")
# sharded by host: what the collectors say is what happened
told=$(wc -l < "$work/truth")
run "by host"
cat "$work"/collector?/messages.ndjson > "$work/messages"
python3 tests/rsyslog/check.py "$work/log" "$work/truth" "$work/messages" "$work/collector0" "$work/collector1" || fail "by host"

# the host with half of all mail by host and queue ID: the second join
MAILLOG_HOT=mx7 wait_for_sessions="-w 10"
told=$((told + $(grep -c '^mx7.*,' "$work/truth"))) # a part for each queue ID
run "one hot host"
python3 examples/rsyslog/second_join.py "$work"/collector?/messages.ndjson > "$work/messages"
python3 tests/rsyslog/check.py "$work/log" "$work/truth" "$work/messages" "$work/collector0" "$work/collector1" || fail "one hot host"

# mmexternal: fields in the message
MAILLOG_CHILD=$children/maillog-mmexternal MAILLOG_OUT=$work/fields/all MAILLOG_REJECTS=$work/fields/rejects
export MAILLOG_CHILD MAILLOG_OUT MAILLOG_REJECTS
rsyslog fields mmexternal.conf
until_ listens $MAILLOG_EDGE_PORT || fail "mmexternal does not start"
head -n 2000 "$work/log" > "$work/some"
python3 -c 'import socket, sys
with open(sys.argv[1], "rb") as f, socket.create_connection(("127.0.0.1", int(sys.argv[2]))) as s: s.sendfile(f)' "$work/some" $MAILLOG_EDGE_PORT
all_there() { [ "$(cat "$work/fields/all" 2>/dev/null | wc -l)" -ge 2000 ]; }
until_ all_there || fail "mmexternal: $(wc -l < "$work/fields/all") lines"
kill "$started"; wait "$started" || true; pids=""
for event in reject client delivery; do
    want=$(case $event in reject) grep -c ' reject: ' ;; client) grep -c ' client=' ;; delivery) grep -c ' status=' ;; esac < "$work/some")
    got=$(grep -c "\"event\": *\"$event\"" "$work/fields/all")
    [ "$got" = "$want" ] || fail "mmexternal: $got lines with event $event, want $want"
done
[ "$(wc -l < "$work/fields/rejects")" = "$(grep -c ' reject: ' "$work/some")" ] || fail "mmexternal: filter on \$!maillog!event"
echo "mmexternal: fields of 2000 lines right"
echo "rsyslog: right"
