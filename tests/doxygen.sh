#!/bin/sh
# usage: doxygen.sh SOURCE-DIR: the API reference is made from the headers without a warning. Exit 77: no doxygen.
set -eu
cd "$1"
command -v doxygen >/dev/null || { echo "SKIP: doxygen is not installed"; exit 77; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
{ cat docs/Doxyfile; echo "OUTPUT_DIRECTORY = $work"; echo "WARN_AS_ERROR = FAIL_ON_WARNINGS"; } | doxygen - || exit 1
for name in maillog_parse_line maillog_join_push maillog_explain; do
    grep -rq "$name" "$work"/html/*.html || { echo "FAIL: the reference lacks $name"; exit 1; }
done
