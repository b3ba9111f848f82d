#!/bin/sh
# usage: man.sh SOURCE-DIR LIBMAILLOG.SO: the pages are clean, and each exported function has its page.
set -eu
src=$1 so=$2
fail=0
for name in $(nm -D --defined-only "$so" | awk '{print $3}' | sed 's/@.*//' | grep '^maillog_'); do
    grep -qE "^\.Nm $name( ,)?$" "$src"/docs/man/*.3 || { echo "FAIL: no page names $name"; fail=1; }
done
for name in $(sed -n 's/^\.Nm \(maillog_[a-z0-9_]*\).*/\1/p' "$src"/docs/man/*.3); do
    grep -qw "$name" "$src"/include/maillog/*.h || { echo "FAIL: $name has a page and no declaration"; fail=1; }
done
command -v mandoc >/dev/null || { echo "SKIP: mandoc is not installed"; [ $fail = 0 ] && exit 77 || exit 1; }
for page in "$src"/docs/man/*; do
    # pages that are not installed cannot be found
    mandoc -T lint "$page" | grep -v 'referenced manual not found' && fail=1
done
exit $fail
