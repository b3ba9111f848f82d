#!/bin/sh
# The Arrow streams, events and messages, read by DuckDB: the library inside the npm package is fetched (70 MB), the example
# is built, and what DuckDB counts is compared with what the command prints; what it costs is measured. Then the Arrow IPC
# files and streams that the command writes are read back by npm's apache-arrow, value by value. With --chdb, ClickHouse
# reads streams and files, too: its library inside npm's chdb is fetched (543 MB). Not part of the ordinary tests.
# usage: test-arrow.sh [--chdb] [LOG]
set -eu
cd "$(dirname "$0")/.."
. scripts/install.sh
need npm npm
need python3 python3
with_chdb=""
[ "${1-}" != --chdb ] || { with_chdb=yes; shift; }
log=${1:-examples/seed/mail.log}
work=build/arrow
mkdir -p "$work"
[ -d "$work/node_modules" ] || npm install --silent --no-audit --no-fund --prefix "$work" "@duckdb/node-bindings-linux-$(uname -m | sed 's/x86_64/x64/; s/aarch64/arm64/')"
duckdb=$(find "$work/node_modules" -name libduckdb.so)
build_targets maillog_static maillog_command
cc -std=gnu11 -O2 -Iinclude examples/arrow/duckdb.c examples/arrow/duck.c examples/arrow/duck_table.c examples/arrow/log_table.c build/libmaillog.a \
    -ldl -o "$work/duckdb"

# ask [STATEMENT…] SELECT: what DuckDB says of the log
ask() { rm -f "$work/db"; "$work/duckdb" "$duckdb" "$log" "$work/db" "$@"; }
# same WHAT [STATEMENT…] SELECT: standard input is what DuckDB says
same() { what=$1; shift; cat > "$work/want"; ask "$@" > "$work/got"; diff "$work/want" "$work/got" || { echo "FAIL: $what"; exit 1; }; }

build/maillog events --json "$log" > "$work/events"
grep -o '"event":"[^"]*"' "$work/events" | cut -d'"' -f4 | LC_ALL=C sort | uniq -c | awk '{print $2 "\t" $1}' |
    same "events" "SELECT event, count(*) FROM events WHERE event IS NOT NULL GROUP BY 1 ORDER BY 1"
grep -o '"queue_id":"[^"]*"' "$work/events" | cut -d'"' -f4 | LC_ALL=C sort -u |
    same "queue IDs" "SELECT DISTINCT queue_id FROM events WHERE queue_id IS NOT NULL ORDER BY 1"
wc -l < "$log" | tr -d ' ' | same "lines" "SELECT max(line) FROM events"
# filters and projections: the table is DuckDB's own
grep -c '"status":"sent"' "$work/events" | same "a filter" "SELECT count(*) FROM events WHERE status = 'sent' AND delay >= 0"
# messages: nested
python3 tests/arrow/rows.py build/maillog "$log" > "$work/rows"
grep '^message' "$work/rows" | cut -f2- | same "messages" "SELECT verdict, array_to_string(queue_ids, ','), coalesce(size, -1), len(legs), len(links), len(checks), len(lines), why FROM messages ORDER BY ALL"
grep '^recipient' "$work/rows" | cut -f2- | same "recipients" "SELECT r.to, coalesce(r.status, ''), coalesce(r.delay, -1), coalesce(r.final.mailbox, ''), r.verdict FROM messages, unnest(recipients) AS t(r) ORDER BY ALL"
grep '^check' "$work/rows" | cut -f2- | same "checks" "SELECT c.by, c.check, c.result, c.line FROM messages, unnest(checks) AS t(c) ORDER BY ALL"
grep '^line' "$work/rows" | cut -f2- | same "lines of legs" "SELECT l.queue_id, n FROM messages, unnest(legs) AS t(l), unnest(l.lines) AS u(n) ORDER BY ALL"
# and out again
grep -c '^message' "$work/rows" | same "Parquet" "COPY messages TO '$work/messages.parquet' (FORMAT parquet)" "SELECT count(*) FROM (SELECT * FROM '$work/messages.parquet' INTERSECT SELECT * FROM messages)"
# the questions of the document, of a log that has answers
python3 tests/rsyslog/traffic.py 3000 4 "$work/questions.log" "$work/truth" once >/dev/null
cat examples/seed/mail.log >> "$work/questions.log"
python3 tests/arrow/sql_doc.py "$PWD/$work/duckdb" "$PWD/$duckdb" build/maillog "$work/questions.log" docs/sql.md "$work"
# the command's own way there
MAILLOG_DUCKDB=$PWD/$duckdb; export MAILLOG_DUCKDB
sh tests/command_export_duckdb.sh "$PWD/build/maillog" "$PWD"
for table in events messages; do
    of=$([ $table = events ] || echo --messages)
    # shellcheck disable=SC2086
    build/maillog export $of -o "$work/export.parquet" "$log"
    # shellcheck disable=SC2086
    build/maillog export --to duckdb $of -o "$work/export.db" "$log"
    # the years of stamps that have none are those of the file's time there, and of now here
    rest="* EXCLUDE ($([ $table = events ] && echo time || echo first_time, last_time))"
    for from in "'$work/export.parquet'" "x.$table"; do
        echo 0 | same "export of $table: $from" "ATTACH '$work/export.db' AS x" "SELECT count(*) FROM ((SELECT $rest FROM $table EXCEPT ALL SELECT $rest FROM $from) UNION ALL (SELECT $rest FROM $from EXCEPT ALL SELECT $rest FROM $table))"
    done
done
build/maillog export --year 2013 --timezone +02:00 -o "$work/export.parquet" examples/seed/mail.log
echo true | same "time of the export" "SELECT min(time) = '2013-07-19 05:59:06+00'::TIMESTAMPTZ FROM '$work/export.parquet'"
# IPC files and streams; node looks for apache-arrow where the script is
[ -d "$work/node_modules/apache-arrow" ] || npm install --silent --no-audit --no-fund --prefix "$work" apache-arrow
cp tests/arrow/ipc_test.mjs "$work/"
# read_back LOG: stamps without a zone are of UTC
read_back() {
    for table in events messages; do
        of=$([ $table = events ] || echo --messages)
        TZ=UTC build/maillog $([ $table = events ] && echo events || echo trace --sort end) --json "$1" > "$work/$table"
        # shellcheck disable=SC2086
        TZ=UTC build/maillog export --to arrow $of -o "$work/$table.arrow" "$1"
        # shellcheck disable=SC2086
        TZ=UTC build/maillog export --to arrow $of -o - "$1" > "$work/$table.arrows"
        for form in arrow arrows; do node "$work/ipc_test.mjs" "$work/$table" "$work/$table.$form"; done
    done
}
read_back "$log"
read_back /dev/null
# many batches, and what is no UTF-8
for i in $(seq 2000); do cat "$log"; printf 'Jul 19 07:59:12 mail postfix/qmgr[3224]: %05X: from=<a\377-very-long-\303\244-%d@example.net>, size=493, nrcpt=1 (queue active)\n' "$i" "$i"; done > "$work/long.log"
read_back "$work/long.log"
# what it takes, parsing included, of one thread's time
for i in 1 2 3 4 5 6 7 8 9 10; do cat "$work/long.log"; done > "$work/longer.log"
for columns in 8 21; do "$work/duckdb" --time "$duckdb" "$work/longer.log" $columns; done
rm "$work/longer.log"

[ -n "$with_chdb" ] || { echo "arrow: right"; exit; }
# ClickHouse: the streams into tables (chdb.c), and the command's files
[ -d build/chdb/node_modules/@chdb ] || npm install --silent --no-audit --no-fund --prefix "$PWD/build/chdb" chdb
chdb=$(find build/chdb/node_modules/@chdb -name libchdb.so)
cc -std=gnu11 -O2 -Iinclude examples/arrow/chdb.c examples/arrow/log_table.c build/libmaillog.a -ldl -o "$work/chdb"
# the rows of both tables in a file, and how many of them DuckDB has otherwise
for table in events messages; do
    of=$([ $table = events ] || echo --messages)
    # shellcheck disable=SC2086
    build/maillog export --to arrow $of -o "$work/$table.arrow" "$work/long.log"
done
clickhouse() { what=$1; cat > "$work/want"; "$work/chdb" "$chdb" "$work/long.log" "$2" > "$work/got"; diff "$work/want" "$work/got" || { echo "FAIL: ClickHouse: $what"; exit 1; }; }
log=$work/long.log
count="SELECT event, count(*) FROM events WHERE event IS NOT NULL GROUP BY event ORDER BY event"
ask "$count" | clickhouse "events" "$count"
texts="SELECT count(*), count(DISTINCT \"from\"), sum(length(\"from\")), sum(size), min(line), max(line), count(status), count(DISTINCT queue_id) FROM events"
ask "$(echo "$texts" | sed 's/length(/strlen(/')" | clickhouse "texts and numbers" "$texts"
echo 0 | clickhouse "the file of events" "SELECT count() FROM (SELECT * EXCEPT time FROM events EXCEPT SELECT * EXCEPT time FROM file('$PWD/$work/events.arrow', Arrow))"
ask "SELECT verdict, count(*), sum(len(recipients)), sum(len(checks)), sum(len(lines)) FROM messages GROUP BY verdict ORDER BY verdict" |
    clickhouse "messages" "SELECT verdict, count(), sum(length(recipients)), sum(length(checks)), sum(length(lines)) FROM messages GROUP BY verdict ORDER BY verdict"
ask "SELECT r.to, r.relay, r.delay FROM messages, unnest(recipients) AS t(r) WHERE r.delay > 0 ORDER BY ALL" |
    clickhouse "recipients" "SELECT r.to AS a, r.relay AS b, r.delay AS c FROM messages ARRAY JOIN recipients AS r WHERE r.delay > 0 ORDER BY a, b, c"
echo 0 | clickhouse "the file of messages" "SELECT count() FROM (SELECT queue_ids, why, recipients.to, lines FROM messages EXCEPT SELECT queue_ids, why, recipients.to, lines FROM file('$PWD/$work/messages.arrow', Arrow))"
echo "arrow, with ClickHouse: right"
