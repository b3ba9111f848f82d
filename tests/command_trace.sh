#!/bin/sh
# usage: command_trace.sh MAILLOG SOURCE-DIR: a line a message, stories, selection, times, terminals.
set -eu
. "$2/tests/support/command.sh"
cd "$work"
{ mail 1 1 a@example.net x@example.org; mail 2 20 b@example.net y@example.com; mail 3 40 c@example.net x@example.org; } > log
count() { number=$1; shift; exits 0 "$maillog" trace --year 2026 --timezone UTC "$@" log; says out "$number of 3 messages"; }

count 3
grep -q '^Jul 19 08:01:01  delivered   a@example.net → x@example.org .* 1000 *2.5s  A000000001$' out || { cat out; fail "a line a message"; }
says out "maillog trace --queue-id ID"
count 1 --queue-id A000000002; says out "b@example.net"; says out "  why     Delivered"
count 1 --message-id '<m2@example.net>'
count 1 --message-id m2@example.net
count 2 --address X@example.org
count 1 --address @example.com
count 3 --address @example.net
count 1 --from c@example.net
count 1 --to y@example.com
count 0 --from x@example.org
count 1 --client 192.0.2.3
count 2 --client 192.0.2.2/31
count 3 --client 192.0.2.0/24
count 0 --client 2001:db8::/32
count 3 --client client.example.net
count 3 --verdict rejected,delivered
count 0 --verdict rejected
count 1 --text 'size=2000'
count 0 --text 'size=20000'
count 2 --since 2026-07-19T08:10
count 1 --since '2026-07-19 08:10:00' --until 2026-07-19T08:30Z
count 0 --since today
count 3 --since -40000d --until now
count 2 --timezone +02:00 --since 2026-07-19T06:10Z
count 2 --timezone Europe/Berlin --since 2026-07-19T06:10:00.5Z
count 3 --story; [ "$(grep -c '^  way ' out)" = 3 ] || fail "--story tells all"
count 1 -v --queue-id A000000003
[ "$(grep -c 'mx postfix' out)" = 7 ] || fail "-v shows the lines"; says out "    15 Jul 19 08:40:01"

# a check without words says what it did, unless that is its name
{
    mail 1 1 a@example.net x@example.org | sed -n 1p
    echo 'Jul 19 08:01:02 mx policyd-spf[6]: prepend Received-SPF: None (no SPF record) identity=mailfrom; client-ip=192.0.2.1; helo=client.example.net; envelope-from=a@example.net; receiver=<UNKNOWN>'
    mail 1 1 a@example.net x@example.org | sed -n '2,$p'
    echo 'Jul 19 08:01:04 mx postfix/smtpd[1]: A000000001: proxy-accept: END-OF-MESSAGE: 250 2.0.0 Ok; from=<a@example.net> to=<x@example.org> proto=ESMTP helo=<client.example.net>'
} > checks
exits 0 "$maillog" trace --story --year 2026 checks
says out "policyd-spf result: None  ["; says out "proxy_accept  ["
# a log of one message answers with its story; one that is still written does not wait for a second
mail 1 1 a@example.net x@example.org > one
exits 0 "$maillog" trace --year 2026 one; says out "  why     Delivered"; says out "  08:01:06"; says out "1 of 1 messages"; says_not out "--queue-id ID"
exits 0 sh -c "'$maillog' trace --year 2026 - < one"; says_not out "  why "; says out "1 of 1 messages; the story of one"

# in order
{ mail 1 1 a@example.net x@example.org | head -n 4; mail 2 2 b@example.net x@example.org; mail 1 3 a@example.net x@example.org | tail -n 3; } > two
exits 0 "$maillog" trace two; head -n 1 out | grep -q 'b@example' || head -n 1 out | grep -q 'a@example' || fail "as they end"
# those of one session, which ends when it ends, in the order in which they came
{
    for n in 1 2 3; do mail $n 1 a@example.net x$n@example.org | sed "s/smtpd\[$n\]/smtpd[9]/; /connect from/d"; done
    echo 'Jul 19 08:01:07 mx postfix/smtpd[9]: disconnect from client.example.net[192.0.2.3]'
} > session
sed -i '1i Jul 19 08:01:00 mx postfix/smtpd[9]: connect from client.example.net[192.0.2.3]' session
exits 0 "$maillog" trace session; [ "$(grep -o 'x[1-3]@' out | tr -d '\n')" = x1@x2@x3@ ] || { cat out; fail "one session's messages, in order"; }
exits 0 "$maillog" trace --sort first two; head -n 1 out | grep -q 'a@example' || fail "--sort first"
exits 0 "$maillog" trace --json two; head -n 1 out | grep -q '"from":"a@example.net"' || fail "JSON is in the order of first lines"
lines 2

# what was meant for an option
exits 1 "$maillog" trace A000000002 log; says err "did you mean --queue-id A000000002?"
exits 1 "$maillog" trace a@example.net log; says err "did you mean --address a@example.net?"

# wrong usage is said, with a guess
wrong() { text=$1; shift; exits 2 "$maillog" "$@"; says err "$text"; }
wrong "did you mean rejected?" trace --verdict rejectd log
wrong "did you mean --queue-id?" trace --quueue-id X log
wrong "did you mean trace?" trase
wrong "events has no option --queue-id" events --queue-id X log
wrong "unknown option -q" trace -q X log
wrong "want a time" trace --since soon log
wrong "want a time" trace --since 2026-13-41 log
wrong "--timezone" trace --timezone Mars/Olympus log
wrong "0 to 32 bits" trace --client 192.0.2.0/33 log
wrong "needs a value" trace --queue-id
wrong "takes no value" trace --all=yes log
wrong "want auto|always|never" trace --color maybe log
wrong "want a number" trace --memory lots log
wrong "with --json only" trace --all log
wrong "64K" trace --memory 1K log

# what the terminal knows
esc=$(printf '\033')
exits 0 "$maillog" trace --color always log; says out "$esc[1;32m"
exits 0 "$maillog" trace log; says_not out "$esc"
exits 0 env LC_ALL=C "$maillog" trace --story log
! LC_ALL=C grep -q '[^ -~]' out || fail "ASCII alone with LC_ALL=C"
printf 'Jul 19 08:00:01 mx postfix/smtpd[1]: A1: client=x[192.0.2.1]\nJul 19 08:00:02 mx postfix/qmgr[1]: A1: from=<e\033]0;x\007@example.org>, size=1, nrcpt=1 (queue active)\n' > evil
exits 0 "$maillog" trace evil; says_not out "$esc"
exits 0 "$maillog" trace -v --queue-id A1 evil; says_not out "$esc"
# many messages: they come out before the end
i=0; while [ $i -lt 40 ]; do mail $i $((i % 60)) a@example.net x@example.org; i=$((i + 1)); done > many
mkfifo pipe
"$maillog" trace pipe > early & pid=$!
exec 3> pipe; cat many >&3; i=0
while [ ! -s early ] && [ $i -lt 50 ]; do sleep 0.1; i=$((i + 1)); done
exec 3>&-; wait $pid; says early "40 of 40"
echo "trace: right"
