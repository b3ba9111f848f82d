#!/bin/sh
# usage: command_export.sh MAILLOG SOURCE-DIR: wrong usage of export, trouble with DuckDB's library, and Arrow's files; what
# needs the library is in command_export_duckdb.sh. The tables are read in scripts/test-arrow.sh.
set -eu
. "$2/tests/support/command.sh"
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
echo "export: right"
