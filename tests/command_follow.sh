#!/bin/sh
# usage: command_follow.sh MAILLOG SOURCE-DIR: --follow through growth, rotation, truncation, late creation; --state over restarts; signals.
set -eu
. "$2/tests/support/command.sh"
cd "$work"
# until_says FILE TEXT: it is said within ten seconds
until_says() {
    i=0
    while ! grep -qF -- "$2" "$1" 2>/dev/null; do
        [ $i -lt 300 ] || { cat "$1" follow.err; fail "not said in time: $2"; }
        i=$((i + 1)); sleep 0.1
    done
}
follow() { "$maillog" "$@" > follow.out 2> follow.err & pid=$!; }
# stop SIGNAL STATUS
stop() {
    kill -s "$1" $pid; rc=0; wait $pid || rc=$?
    [ $rc = "$2" ] || fail "exit $rc after $1, want $2"
}

# growth: a line in pieces is one line
mail 1 1 a@example.net x@example.org > log
follow events --follow --year 2026 --fields line,queue_id,message log
until_says follow.out 'A000000001: removed'
printf 'Jul 19 08:02:01 mx postfix/qmgr[8]: A0000000' >> log; sleep 0.3; printf '02: removed\n' >> log
until_says follow.out 'A000000002: removed'
# rotation: what is still written to the old file, and then the new one
mv log log.1; printf 'Jul 19 08:03:01 mx postfix/qmgr[8]: A000000003: removed\n' >> log.1
until_says follow.out 'A000000003: removed'
printf 'Jul 19 08:04:01 mx postfix/qmgr[8]: A000000004: removed\n' > log
until_says follow.out 'A000000004: removed'
printf 'Jul 19 08:05:01 mx postfix/qmgr[8]: A000000005: removed\n' >> log
until_says follow.out 'A000000005: removed'
# truncation, as copytruncate does it, in the midst of a line
printf 'Jul 19 08:05:02 mx postfix/qmgr[8]: half a li' >> log; sleep 0.3
: > log; sleep 1.2
printf 'Jul 19 08:06:01 mx postfix/qmgr[8]: A000000006: removed\n' >> log
until_says follow.out 'A000000006: removed'
says follow.err "was truncated"; says follow.out 'half a li"'
[ "$(wc -l < follow.out)" = 13 ] || { cat follow.out; fail "each line once"; }

# it vanishes, and another comes
rm log; sleep 1.2; printf 'Jul 19 08:07:01 mx postfix/qmgr[8]: A000000007: removed\n' > log
until_says follow.out 'A000000007: removed'
stop INT 0

# a log that is not there yet
rm -f late
follow events --follow late log
until_says follow.err "late: not there yet"
mail 7 7 a@example.net x@example.org > late
until_says follow.out 'A000000007'
stop TERM 0

# messages come out as they end; an interrupt shows what is open
mail 1 1 a@example.net x@example.org | head -n 5 > log
follow trace --follow --year 2026 log
sleep 2; says_not follow.out "a@example.net"
stop INT 0
says follow.out "a@example.net"; says follow.out "unfinished"; says follow.out "1 of 1 messages (interrupted at line 5)"

# --state: the run of tomorrow goes on where this one stopped, through a rotation
mail 1 1 a@example.net x@example.org > whole
head -n 4 whole > log
exits 0 "$maillog" trace --json --state state log; lines 0
exits 0 "$maillog" trace --json --state state log; lines 0
mv log log.1; { printf '%s\n' "$(sed -n 5p whole)"; printf 'Jul 19 08:01:0'; } >> log.1; sed -n 6,7p whole > log
exits 0 "$maillog" trace --json --state state log*; cp out first
{ mail 9 50 b@example.net x@example.org; mail 3 55 b@example.net x@example.org; } >> log
exits 0 "$maillog" trace --json --state state log*; cat out >> first
[ "$(grep -c '"queue_ids":\["A000000001"\]' first)" = 1 ] || { cat first; fail "one message over four runs"; }
says first '"verdict":"delivered"'; says first '"lines":[1,2,3,4,5,6,7]'
printf 'junk' > bad; exits 1 "$maillog" trace --state bad log; says err "is no state"
cp state cut; head -c 5000 cut > cut.state; exits 1 "$maillog" trace --state cut.state log; says err "was cut"
exits 1 "$maillog" trace --state no/such/dir/state log; says err "No such file"
# a followed log with a state: an interrupt keeps it
rm -f state; mail 1 1 a@example.net x@example.org | head -n 4 > log
follow trace --json --follow --state state log
sleep 2; stop TERM 0; [ -s state ] || fail "the state is kept at the end"
mail 1 1 a@example.net x@example.org | tail -n 3 >> log; mail 5 59 b@example.net x@example.org >> log
exits 0 "$maillog" trace --json --state state log; cp out first; mail 6 59 b@example.net x@example.org | sed 's/ 08:/ 23:/' >> log
exits 0 "$maillog" trace --json --state state log; cat out >> first; says first '"from":"a@example.net"'; says first '"verdict":"delivered"'

# a machine that stops suddenly: the state of a followed log is kept now and then, whole
rm -f state; mail 1 1 a@example.net x@example.org | head -n 4 > log
follow trace --json --follow --state state log
until_says state "maillog state"
kill -s KILL $pid; wait $pid 2>/dev/null || true
[ "$(du -k state | cut -f1)" -lt 16000 ] || fail "an empty table is no 64 MB on disk"
mail 1 1 a@example.net x@example.org | tail -n 3 >> log; mail 5 59 b@example.net x@example.org >> log
exits 0 "$maillog" trace --json --state state log; cp out first; mail 6 59 b@example.net x@example.org | sed 's/ 08:/ 23:/' >> log
exits 0 "$maillog" trace --json --state state log; cat out >> first
grep -F '"from":"a@example.net"' first | grep -qF '"lines":[1,2,3,4,5,6,7]' || { cat first; fail "nothing is lost, nor read twice"; }

# an interrupt without --follow: what is there by then
mkfifo pipe
"$maillog" trace --year 2026 pipe > follow.out 2> follow.err & pid=$!
exec 3> pipe; mail 1 1 a@example.net x@example.org | head -n 5 >&3; sleep 2
stop INT 130
exec 3>&-
says follow.out "a@example.net"; says follow.out "interrupted at line"
# a reader that goes away ends a followed log
( "$maillog" events --follow late & echo $! > pid; wait $! || echo $? > rc ) 2> follow.err | head -n 1 > /dev/null &
sleep 0.5; mail 8 8 a@example.net x@example.org >> late
i=0; while kill -0 "$(cat pid)" 2>/dev/null; do [ $i -lt 300 ] || { kill "$(cat pid)"; fail "a reader that left ends it"; }; i=$((i + 1)); sleep 0.1; mail 8 8 a@example.net x@example.org >> late; done
echo "follow: right"
