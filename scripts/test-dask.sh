#!/bin/sh
# Dask's workers join a log in pieces (examples/dask): what they write is what one machine writes, with two workers, and
# with one of them killed in the middle. Not part of the ordinary tests. usage: test-dask.sh [LINES [speed]]
# `speed`: also two workers against one, on a quiet machine with two cores.
set -eu
cd "$(dirname "$0")/.."
. scripts/install.sh
python=/usr/bin/python3 # Debian's, which knows Debian's packages
$python -c 'import distributed, numpy' 2>/dev/null || install_packages python3-distributed python3-numpy
build_targets maillog_shared maillog_command
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
MAILLOG_LIBRARY=$PWD/build/libmaillog.so PYTHONPATH=$PWD/examples/dask:$PWD/examples/bindings/python PYTHONDONTWRITEBYTECODE=1
# a machine that has other work may take longer than the default, 30 s, to answer
DASK_DISTRIBUTED__COMM__TIMEOUTS__CONNECT=120s
export MAILLOG_LIBRARY PYTHONPATH PYTHONDONTWRITEBYTECODE DASK_DISTRIBUTED__COMM__TIMEOUTS__CONNECT
lines=$($python tests/rsyslog/traffic.py "${1:-100000}" 8 "$work/log" "$work/truth" once)
echo "$lines lines of 8 hosts"
timeout 300 $python tests/dask/test.py build/maillog "$work/log" "$work"
[ "${2-}" != speed ] || $python tests/dask/test.py build/maillog "$work/log" "$work" speed
echo "dask: right"
