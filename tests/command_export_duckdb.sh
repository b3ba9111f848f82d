#!/bin/sh
# usage: command_export_duckdb.sh MAILLOG SOURCE-DIR: tables in Parquet files and in DuckDB. Skipped without DuckDB's
# library, in MAILLOG_DUCKDB or where the loader finds it.
set -eu
. "$2/tests/support/command.sh"
library=${MAILLOG_DUCKDB-}
unset MAILLOG_DUCKDB
cd "$work"

rc=0; "$maillog" export ${library:+--duckdb-library "$library"} --output events.parquet "$seed/mail.log" 2> err || rc=$?
if [ $rc = 1 ] && grep -q "DuckDB's library" err; then
    echo "SKIPPED: Parquet and DuckDB: no libduckdb.so (MAILLOG_DUCKDB names it)"
    exit 77
fi
[ $rc = 0 ] || { cat err; fail "export"; }
export MAILLOG_DUCKDB="$library"
[ -n "$library" ] || unset MAILLOG_DUCKDB
parquet() { [ "$(head -c 4 "$1")" = PAR1 ] || fail "$1 is no Parquet file"; }
parquet events.parquet
exits 0 "$maillog" export --messages -o "it's.parquet" "$seed/mail.log"; parquet "it's.parquet"
exits 0 "$maillog" export -o empty.parquet /dev/null; parquet empty.parquet
exits 0 "$maillog" export --mask -o mask.parquet "$seed/mail.log"; parquet mask.parquet
grep -q anna@example.org events.parquet || fail "the recipient is in the table"
! grep -q anna mask.parquet || fail "masked"
exits 0 "$maillog" export --to duckdb -o mail.db "$seed/mail.log"
exits 0 "$maillog" export --to duckdb --messages -o mail.db "$seed/mail.log"
[ "$(head -c 12 mail.db | tail -c 4)" = DUCK ] || fail "mail.db is no database of DuckDB"
# what is no table of DuckDB stays as it is; trouble is said
cp "$seed/mail.log" log; exits 1 "$maillog" export --to duckdb -o log log; says err "log:"; cmp log "$seed/mail.log" || fail "the log was written"
exits 1 "$maillog" export -o none/x "$seed/mail.log"; says err "none/x"
exits 1 "$maillog" export -o some.parquet none "$seed/mail.log"; says err none; parquet some.parquet
echo "export to DuckDB: right"
