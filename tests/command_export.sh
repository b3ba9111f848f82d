#!/bin/sh
# usage: command_export.sh MAILLOG SOURCE-DIR: tables in Arrow and Parquet files and in DuckDB. Without DuckDB's library, in
# MAILLOG_DUCKDB or where the loader finds it, Parquet and DuckDB are passed over but for how that is said. The tables are
# read in scripts/test-arrow.sh.
set -eu
. "$2/tests/support/command.sh"
library=${MAILLOG_DUCKDB-}
unset MAILLOG_DUCKDB
cd "$work"

exits 2 "$maillog" export "$seed/mail.log"; says err "--output"
exits 2 "$maillog" export --to xml --output x "$seed/mail.log"; says err "parquet|duckdb|arrow"
exits 2 "$maillog" export --output - "$seed/mail.log"; says err "--to arrow"
exits 2 "$maillog" export --follow --output x "$seed/mail.log"; says err "export has no option --follow"
exits 1 "$maillog" export --duckdb-library ./none.so --output x "$seed/mail.log"; says err "DuckDB's library"; says err ./none.so
MAILLOG_DUCKDB=./other.so exits 1 "$maillog" export --output x "$seed/mail.log"; says err ./other.so
exits 1 "$maillog" export --duckdb-library "$seed/mail.log" --output x "$seed/mail.log"; says err "$seed/mail.log"
[ ! -e x ] || fail "nothing is written"

# Arrow: the file begins and ends with its magic, the stream begins with a message's mark and ends with an empty one
bytes() { od -An -tx1 | tr -d ' \n'; }
for of in "" --messages; do
    exits 0 "$maillog" export --to arrow $of -o mail.arrow "$seed/mail.log"
    [ "$(head -c 8 mail.arrow | bytes)" = 4152524f57310000 ] || fail "mail.arrow is no Arrow file"
    [ "$(tail -c 6 mail.arrow)" = ARROW1 ] || fail "mail.arrow has no end"
    grep -q anna@example.org mail.arrow || fail "the recipient is in the table"
    exits 0 "$maillog" export --to arrow $of -o - "$seed/mail.log"; mv out mail.arrows
    [ "$(head -c 4 mail.arrows | bytes)" = ffffffff ] && [ "$(tail -c 8 mail.arrows | bytes)" = ffffffff00000000 ] || fail "no Arrow stream"
    # the file has the stream in it, after its magic
    tail -c +9 mail.arrow | head -c "$(wc -c < mail.arrows)" | cmp - mail.arrows || fail "file and stream differ"
done
exits 0 "$maillog" export --to arrow --mask -o mask.arrow "$seed/mail.log"
! grep -q anna mask.arrow || fail "masked"
exits 0 "$maillog" export --to arrow -o empty.arrow /dev/null; [ "$(tail -c 6 empty.arrow)" = ARROW1 ] || fail "an empty log"
exits 1 "$maillog" export --to arrow -o none/x "$seed/mail.log"; says err "none/x"
exits 1 "$maillog" export --to arrow -o /dev/full "$seed/mail.log"; says err "/dev/full"
exits 1 "$maillog" export --to arrow -o some.arrow none "$seed/mail.log"; says err none; [ "$(tail -c 6 some.arrow)" = ARROW1 ] || fail "what could be read"

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
echo "export: right"
