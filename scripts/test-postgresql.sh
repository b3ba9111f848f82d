#!/bin/sh
# A cluster of Debian's PostgreSQL of its own, on a socket in a directory of its own, unprivileged (examples/postgresql): a log
# goes in, and the dashboards' queries give what the command's JSON says; then lines that PostgreSQL would refuse as they are.
# Not part of the ordinary tests. usage: test-postgresql.sh [LINES]
set -eu
cd "$(dirname "$0")/.."
. scripts/install.sh
need python3 python3
bin() { find /usr/lib/postgresql -name initdb 2>/dev/null | sort -V | tail -n 1 | xargs -r dirname; }
[ -n "$(bin)" ] || install_packages postgresql
build_targets maillog_command
work=$(mktemp -d) example=examples/postgresql
as_nobody=""
[ "$(id -u)" != 0 ] || as_nobody="setpriv --reuid=65534 --regid=65534 --clear-groups"
mkdir "$work/pg"
chmod 755 "$work"
[ -z "$as_nobody" ] || chown 65534:65534 "$work/pg"
control() { (cd "$work/pg" && $as_nobody "$(bin)/pg_ctl" -D "$work/pg/data" -l "$work/pg/log" "$@" >/dev/null); }
trap 'control -m immediate stop 2>/dev/null || true; rm -rf "$work"' EXIT
trap 'exit 1' INT TERM
fail() { echo "FAIL: $1"; tail -n 20 "$work/pg/log" 2>/dev/null || true; exit 1; }

# shellcheck disable=SC2086
(cd "$work/pg" && LC_ALL=C $as_nobody "$(bin)/initdb" -D "$work/pg/data" -U mail -A trust -E UTF8 --no-sync >/dev/null)
control -w -o "-k $work/pg -c listen_addresses='' -c fsync=off" start || fail "PostgreSQL does not start"
PGHOST=$work/pg PGUSER=mail PGDATABASE=postgres PGTZ=UTC
export PGHOST PGUSER PGDATABASE PGTZ
ask() { psql -qXAt -v ON_ERROR_STOP=1 -F "$(printf '\t')" -c "$1"; }
psql -qX -v ON_ERROR_STOP=1 -f $example/schema.sql || fail "schema.sql"

lines=$(python3 tests/rsyslog/traffic.py "${1:-50000}" 8 "$work/log" "$work/truth" once)
begin=$(date +%s)
sh $example/load.sh build/maillog "$work/log"
echo "$lines lines loaded in $(($(date +%s) - begin)) s"
python3 tests/support/sql_check.py build/maillog "$work/log" $example/queries.sql events messages psql -qXAt -F "$(printf '\t')" -c || fail "queries"
[ "$(ask 'SELECT count(*) FROM messages')" = "$(wc -l < "$work/truth")" ] || fail "messages"
want=$(build/maillog trace --json "$work/log" | python3 -c 'import json, sys; print(sum(len(json.loads(m)["recipients"]) for m in sys.stdin))')
[ "$(ask 'SELECT count(*) FROM recipients')" = "$want" ] || fail "recipients"

# bytes that are no UTF-8, NUL, backslashes, quotes, tabs, a day that is none, a number that is none, and the log of the seed
{
    printf 'Jul 19 07:59:12 mail postfix/qmgr[1]: 1A2B3C4D5E: from=<a\377"b\tc\\udc41\000d@example.net>, size=493, nrcpt=1 (queue active)\n'
    printf 'Jul 19 07:59:12 mail postfix/qmgr[1]: 1A2B3C4D5F: from=<\\\377@example.net>, size=x, nrcpt=1 (queue active)\n'
    printf 'Feb 31 07:59:12 mail postfix/smtp[1]: 1A2B3C4D60: to=<x@example.net>, relay=none, delay=1e9, dsn=4.4.1, status=deferred (no)\n'
    printf '\001\002 no line of a log\n\n'
    cat examples/seed/mail.log
} > "$work/odd"
ask 'TRUNCATE events, messages'
sh $example/load.sh build/maillog "$work/odd" || fail "odd lines"
[ "$(ask 'SELECT count(*) FROM events')" = "$(build/maillog events --json "$work/odd" | wc -l)" ] || fail "odd lines are not all there"
[ "$(ask "SELECT \"from\" = E'a\\ufffd\"b\\tc\\\\udc41\\ufffdd@example.net' FROM events WHERE queue_id = '1A2B3C4D5E'")" = t ] || fail "bytes: $(ask "SELECT \"from\" FROM events WHERE queue_id = '1A2B3C4D5E'")"
[ "$(ask "SELECT \"from\" = E'\\\\\\ufffd@example.net' FROM events WHERE queue_id = '1A2B3C4D5F'")" = t ] || fail "a backslash"
[ "$(ask "SELECT count(*) FROM messages WHERE 'B8D5D20BDD' = ANY(queue_ids) AND verdict = 'delivered'")" = 1 ] || fail "the seed's message"
echo "postgresql: right"
