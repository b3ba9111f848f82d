#!/bin/sh
# usage: test.sh BUILD-DIR: the check passes, and fails on each kind of break. Exit 77: no abidiff (Debian: abigail-tools).
set -eu
cd "$(dirname "$0")/.."
build=$1 work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
code=0
sh abi/check.sh "$build" >"$work/log" 2>&1 || code=$?
[ $code = 0 ] || [ $code = 77 ] || { cat "$work/log"; exit 1; }
baseline() {
    rm -rf "$work/abi"
    cp -r abi "$work/abi"
}
# broken WHAT: with the baseline that was just changed, as if this build had broken what was in it
broken() {
    ! cmp -s "abi/$2" "$work/abi/$2" || { echo "FAIL: the baseline is as it was: $1"; exit 1; }
    ! MAILLOG_ABI=$work/abi sh abi/check.sh "$build" >"$work/log" 2>&1 || { cat "$work/log"; echo "FAIL: not noticed: $1"; exit 1; }
    echo "noticed: $1"
}
# change FILE SED-SCRIPT
change() {
    baseline
    sed "$2" "abi/$1" >"$work/abi/$1"
}

change schema.json 's/{"id":3,"name":"postfix\/qmgr"/{"id":3,"name":"postfix\/oqmgr"/'
broken "a daemon has another id" schema.json
change schema.json 's/^{"id":21,"name":"from","kind":"address"/{"id":21,"name":"from","kind":"text"/'
broken "a field is of another kind" schema.json
change schema.json '/^{"id":8,"name":"queue_id"/s/$/\n{"id":60001,"name":"gone","kind":"text","doc":""},/'
broken "a field is gone" schema.json
change schema.json '0,/"fields":\["/s//"fields":["gone","/'
broken "an event lost a field" schema.json
change layout.c 's/AT(maillog_event, nfields, 20)/AT(maillog_event, nfields, 24)/'
broken "a member moved" layout.c
if [ $code = 77 ]; then exit 77; fi
change libmaillog.abi 's/maillog_get_usec/maillog_get_gone/g'
broken "a function is gone" libmaillog.abi
change libmaillog.abi "s/name='maillog_event' size-in-bits='[0-9]*'/name='maillog_event' size-in-bits='640'/"
broken "a struct has another size" libmaillog.abi
change libmaillog.abi 's/MAILLOG_0\.1/MAILLOG_0.0/g'
broken "functions are in another node" libmaillog.abi
