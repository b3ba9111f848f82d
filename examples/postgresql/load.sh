#!/bin/sh
# usage: load.sh MAILLOG LOG… (where the database is, in psql's PG* variables): lines and messages into the tables. Stamps without
# a zone are of PostgreSQL's TimeZone (PGTZ).
set -eu
maillog=$1
shift
# What jsonb refuses becomes U+FFFD: bytes that are not UTF-8 (lone surrogates), and NUL. A backslash before is none of it.
clean() { sed -E ':again; s/((^|[^\\])(\\\\)*)\\u(dc[89a-f][0-9a-f]|0000)/\1\\ufffd/; t again'; }
# copy INTO COLUMNS SELECT: standard input is an object on each line, j in the SELECT. JSON has no control characters in it, so
# CSV with two of them takes each line as one field.
copy() {
    clean | psql -qX -v ON_ERROR_STOP=1 -c 'CREATE TEMP TABLE loaded (j jsonb)' \
        -c "\\copy loaded FROM STDIN WITH (FORMAT csv, DELIMITER E'\\x02', QUOTE E'\\x01')" -c "INSERT INTO $1 $2 FROM loaded"
}
"$maillog" events --json "$@" | copy events "SELECT maillog_time(j->>'time'), (j->>'line')::bigint, j->>'host', j->>'queue_id', j->>'daemon',
    j->>'event', j->>'client_addr', j->>'from', j->>'to', j->>'relay', maillog_number(j->>'delay'), j->>'dsn', j->>'status', j->>'reply', j"
"$maillog" trace --json "$@" | copy messages "SELECT maillog_time(j->>'first_time'), maillog_time(j->>'last_time'), j->>'host',
    ARRAY(SELECT jsonb_array_elements_text(j->'queue_ids')), j->>'verdict', j->>'from', j->>'message_id', (j->>'size')::bigint, j->>'why', j"
