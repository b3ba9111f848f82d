#!/bin/sh
# usage: check.sh BUILD-DIR [update]: the shared library and the schema against those of the last release, which are here
# as libmaillog.abi and schema.json. `update` makes this build the release. Exit 77: no abidiff (Debian: abigail-tools).
# MAILLOG_ABI: another place of the baseline.
set -eu
cd "$(dirname "$0")/.."
so=$1/libmaillog.so base=${MAILLOG_ABI:-abi}
if [ "${2:-}" = update ]; then
    abidw --headers-dir include/maillog --no-corpus-path --no-comp-dir-path --no-show-locs "$so" >abi/libmaillog.abi
    cp schema.json abi/schema.json
    exit
fi
python3 abi/schema.py "$base/schema.json" schema.json
[ "$(getconf LONG_BIT)" != 64 ] || ${CC:-cc} -std=c11 -fsyntax-only -Iinclude "$base/layout.c"
command -v abidiff >/dev/null 2>&1 || exit 77
report=$(abidiff --suppressions abi/suppressions.ini --no-show-locs "$base/libmaillog.abi" "$so") || true
echo "$report" | grep -E 'summary' || echo "abi: as it was"
changed=$(echo "$report" | sed -nE 's/.*summary: ([0-9]+) Removed, ([0-9]+) Changed.*/\1\2/p' | tr -d '0\n')
[ -z "$changed" ] || { echo "$report"; echo "FAIL: programs that were built with the last release would break (docs/abi.md)"; exit 1; }
