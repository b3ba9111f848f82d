#!/bin/sh
# usage: check_symbols.sh LIBMAILLOG.A LIBMAILLOG.SO INCLUDE-DIR
# Promises of docs/design.md: the library never allocates and calls nothing but mem*; it exports what the headers declare and no more; it holds no writable data.
# What the processor can do, the compiler's own library knows (__cpu_model).
set -eu
a=$1 so=$2 include=$3
fail=0
bad() { echo "FAIL: $1"; echo "$2"; fail=1; }
own=$(nm -g --defined-only "$a" 2>/dev/null | awk 'NF==3 {print $3}' | sort -u)
other=$(nm -u "$a" 2>/dev/null | awk 'NF==2 {print $2}' | sort -u | grep -vxF "$own" |
        grep -vE '^(mem(cpy|move|set|cmp|chr|rchr)|strlen|__stack_chk_fail|_GLOBAL_OFFSET_TABLE_|__cpu_model|__(asan|ubsan|msan|sanitizer|gcov|llvm)_.*)$' || true)
[ -z "$other" ] || bad "the library calls" "$other"
foreign=$(echo "$own" | grep -v '^maillog_' || true)
[ -z "$foreign" ] || bad "not named maillog_*" "$foreign"
exported=$(nm -D --defined-only "$so" | awk '{print $3}' | sed 's/@.*//' | grep -vE '^(maillog_[a-z0-9].*|MAILLOG_.*)$' || true)
[ -z "$exported" ] || bad "exported besides maillog_*" "$exported"
exports=$(nm -D --defined-only "$so" | awk '$2 == "T" {sub(/@.*/, "", $3); print $3}' | sort)
declared=$(awk '/^MAILLOG_API/ {on = 1} on {print} /;/ {on = 0}' "$include"/maillog/*.h | grep -oE '\bmaillog_[a-z0-9_]+\(' | tr -d '(' | sort)
[ "$exports" = "$declared" ] || bad "src/maillog.map and the headers do not name the same functions" "$(printf '%s\n' "$exports" "$declared" | sort | uniq -u)"
writable=$(nm "$a" 2>/dev/null | awk 'NF==3 && $2 ~ /^[bBDgGsSC]$/ {print $2, $3} NF==3 && $2=="d" && $3 !~ /\.local|\.rel\.ro/ {print $2, $3}' || true)
sections=$(objdump -h "$a" 2>/dev/null | awk '$2 ~ /^\.(data|bss)(\.|$)/ && $2 !~ /rel\.ro/ && $3 !~ /^0+$/ {print $2, $3}' || true)
[ -z "$sections" ] || bad "writable data" "$sections $writable"
exit $fail
