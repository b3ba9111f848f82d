#!/bin/sh
# usage: load.sh MAILLOG LOG… (clickhouse-client's options in $CLICKHOUSE): lines and messages into the cluster.
set -eu
maillog=$1
shift
here=$(dirname "$0")
insert() {
    # shellcheck disable=SC2086
    clickhouse-client ${CLICKHOUSE-} --input_format_skip_unknown_fields=1 --date_time_input_format=best_effort --query "INSERT INTO $1 FORMAT JSONEachRow"
}
# stamps without a zone are taken for UTC by both
"$maillog" events --json --timezone UTC "$@" | insert all_events
"$maillog" trace --json --timezone UTC "$@" | python3 "$here/message_rows.py" | insert all_messages
