#!/bin/sh
# Two nodes of Debian's ClickHouse on loopback (examples/clickhouse): lines and messages go in through a Distributed table,
# the dashboards' queries give what the command's JSON says; then one node is killed, more is loaded, the node comes
# back, and everything is there. Not part of the ordinary tests. usage: test-clickhouse.sh [LINES]
set -eu
cd "$(dirname "$0")/.."
. scripts/install.sh
need python3 python3
need clickhouse-server clickhouse-server
need clickhouse-client clickhouse-client
build_targets maillog_command
work=$(mktemp -d) pids="" example=examples/clickhouse
chmod 755 "$work"
trap 'for p in $pids; do kill -9 "$p" 2>/dev/null || true; wait "$p" 2>/dev/null || true; done; rm -rf "$work"' EXIT
trap 'exit 1' INT TERM
fail() { echo "FAIL: $1"; tail -n 5 "$work"/*/err 2>/dev/null; exit 1; }

cat > "$work/users.xml" <<XML
<yandex><profiles><default/></profiles><quotas><default/></quotas>
<users><default><password/><networks><ip>127.0.0.1</ip></networks><profile>default</profile><quota>default</quota></default></users></yandex>
XML
# node N PORT: its server, on ports PORT to PORT + 2
node() {
    mkdir -p "$work/$1"
    cat > "$work/$1/config.xml" <<XML
<yandex>
  <logger><level>warning</level><log>$work/$1/log</log><errorlog>$work/$1/err</errorlog></logger>
  <tcp_port>$2</tcp_port><http_port>$(($2 + 1))</http_port><interserver_http_port>$(($2 + 2))</interserver_http_port>
  <listen_host>127.0.0.1</listen_host><timezone>UTC</timezone>
  <path>$work/$1/data/</path><tmp_path>$work/$1/data/tmp/</tmp_path>
  <users_config>$work/users.xml</users_config><default_profile>default</default_profile><default_database>default</default_database>
  <mark_cache_size>67108864</mark_cache_size>
  <remote_servers><mail>
    <shard><replica><host>127.0.0.1</host><port>15700</port></replica></shard>
    <shard><replica><host>127.0.0.1</host><port>15710</port></replica></shard>
  </mail></remote_servers>
</yandex>
XML
    clickhouse-server --config-file="$work/$1/config.xml" >"$work/$1/out" 2>&1 &
    started=$!
    pids="$pids $started"
    for _ in $(seq 100); do
        clickhouse-client --port "$2" --query 'SELECT 1' >/dev/null 2>&1 && return
        sleep 0.2
    done
    fail "node $1 does not start"
}
ask() { clickhouse-client --port 15700 "$@"; }
node 1 15700
node 2 15710
second=$started
for port in 15700 15710; do clickhouse-client --port $port --multiquery < $example/schema.sql; done

lines=$(python3 tests/rsyslog/traffic.py "${1:-50000}" 8 "$work/log" "$work/truth" once)
half=$((lines / 2))
CLICKHOUSE="--port 15700"
export CLICKHOUSE
# events one by one: halves of a log make other messages than the whole
head -n $half "$work/log" > "$work/first"
tail -n +$((half + 1)) "$work/log" > "$work/rest"
events() { build/maillog events --json --timezone UTC "$1" | ask --input_format_skip_unknown_fields=1 --date_time_input_format=best_effort --query "INSERT INTO all_events FORMAT JSONEachRow"; }
# there N: so many events are on the nodes that are up
there() { [ "$(ask --skip_unavailable_shards=1 --query 'SELECT count() FROM all_events')" = "$1" ]; }
wait_for() { for _ in $(seq 150); do there "$1" && return; sleep 0.2; done; fail "$(ask --skip_unavailable_shards=1 --query 'SELECT count() FROM all_events') events, want $1"; }

events "$work/first"
wait_for "$half"
here=$(ask --query 'SELECT count() FROM events')
echo "$half events: $here on node 1, $((half - here)) on node 2"
kill -9 "$second"
wait "$second" || true
events "$work/rest"
sleep 1
there "$lines" && fail "node 2 is not down"
! ask --query 'SELECT count() FROM all_events' >/dev/null 2>&1 || fail "a query without skip_unavailable_shards is told that a node is down"
echo "node 2 killed, $((lines - half)) more events: the nodes that are up have $(ask --skip_unavailable_shards=1 --query 'SELECT count() FROM all_events')"
node 2 15710
wait_for "$lines"
echo "node 2 is back: $(ask --query 'SELECT count() FROM all_events') of $lines events"

# all of it once more, as load.sh does it, and the dashboards
for table in events messages; do for port in 15700 15710; do clickhouse-client --port $port --query "DROP TABLE $table"; done; done
for port in 15700 15710; do clickhouse-client --port $port --multiquery < $example/schema.sql; done
begin=$(date +%s)
sh $example/load.sh build/maillog "$work/log"
wait_for "$lines"
for _ in $(seq 100); do [ "$(ask --query 'SELECT count() FROM all_messages')" != "$(wc -l < "$work/truth")" ] || break; sleep 0.2; done
echo "loaded in $(($(date +%s) - begin)) s"
python3 tests/support/sql_check.py build/maillog "$work/log" $example/queries.sql all_events all_messages clickhouse-client --port 15700 --query || fail "queries"
for t in events messages; do
    ask --query "SELECT '$t', sum(rows), sum(bytes) FROM system.parts WHERE active AND table = '$t'" | awk '{ printf "%s on node 1: %d rows, %.0f bytes each\n", $1, $2, $3 / $2 }'
done
echo "clickhouse: right"
