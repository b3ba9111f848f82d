#!/bin/sh
# What `maillog trace --format otlp-json` prints, through OpenTelemetry's own protobuf definitions (those inside npm's
# @opentelemetry/otlp-transformer, 34 MB with what it needs): nothing of it is unknown there, lost, or of another type. Not part
# of the ordinary tests. usage: test-otlp.sh [LOG…]
set -eu
cd "$(dirname "$0")/.."
. scripts/install.sh
need npm npm
[ $# != 0 ] || set -- examples/seed/mail.log
work=build/otlp
mkdir -p "$work"
# a version that has the definitions in a file of their own, with names
[ -d "$work/node_modules" ] || npm install --silent --no-audit --no-fund --prefix "$work" @opentelemetry/otlp-transformer@0.57.2
build_targets maillog_command
cp tests/otlp/proto_test.mjs "$work/" # node looks for packages where the script is
for log; do
    build/maillog trace --format otlp-json "$log" > "$work/traces"
    node "$work/proto_test.mjs" < "$work/traces"
done
# it is strict: what is wrong in one place is found
for wrong in 's/"parentSpanId"/"parent_span_id"/' 's/"kind":2/"kind":"SPAN_KIND_SERVER"/' 's/"kind":2/"kind":9/' 's/"startTimeUnixNano":"\([0-9]*\)"/"startTimeUnixNano":\1/' \
    's/"intValue":"\([0-9]*\)"/"intValue":\1/' 's/"spanId":"../"spanId":"/' 's/"stringValue"/"string"/' 's/"status"/"spanStatus"/'; do
    sed "$wrong" "$work/traces" > "$work/wrong"
    ! cmp -s "$work/traces" "$work/wrong" || { echo "FAIL: $wrong changes nothing"; exit 1; }
    ! node "$work/proto_test.mjs" < "$work/wrong" >/dev/null 2>&1 || { echo "FAIL: $wrong is not found"; exit 1; }
done
echo "otlp: right"
