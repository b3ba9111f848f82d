#!/bin/sh
# usage: examples.sh BUILD/examples SOURCE-DIR: run every small example and compare what it says.
set -eu
bin=$(cd "$1" && pwd) src=$(cd "$2" && pwd)
work=$(mktemp -d)
pids=""
trap 'for p in $pids; do kill "$p" 2>/dev/null || true; done; rm -rf "$work"' EXIT
cd "$work"
fail() { echo "FAIL: $*"; exit 1; }
expect() { # expect NAME: standard input is what should be in ./got
    diff -u - got >diff || { cat diff; fail "$1"; }
}
wait_for() { # wait_for FILE PATTERN: at most 20 s
    n=0
    until grep -q "$2" "$1" 2>/dev/null; do
        n=$((n + 1))
        [ $n -lt 100 ] || { cat "$1"; fail "no '$2' in $1"; }
        sleep 0.2
    done
}

for f in "$src"/examples/*.c; do
    [ "$(wc -l <"$f")" -lt 80 ] || [ "$(basename "$f")" = schema_dump.c ] || fail "$f: 80 lines or more"
done

# -- one log, several questions
cat >log <<'LOG'
Jul 19 07:59:01 mail postfix/smtpd[11]: NOQUEUE: reject: RCPT from unknown[203.0.113.9]: 554 5.7.1 <eve@example.net>: Relay access denied; from=<bob@example.com> to=<eve@example.net> proto=ESMTP helo=<pc>
Jul 19 07:59:02 mail postfix/smtpd[11]: warning: unknown[203.0.113.9]: SASL LOGIN authentication failed: UGFzc3dvcmQ6
Jul 19 07:59:03 mail postfix/qmgr[12]: B8D5D20BDD: from=<anna@example.org>, size=1000, nrcpt=2 (queue active)
Jul 19 07:59:04 mail postfix/smtp[13]: B8D5D20BDD: to=<a@example.com>, relay=mx.example.com[192.0.2.1]:25, delay=1, delays=0/0/0/1, dsn=2.0.0, status=sent (250 ok)
Jul 19 07:59:04 mail postfix/smtp[13]: B8D5D20BDD: to=<b@example.com>, relay=none, delay=1, delays=0/0/0/1, dsn=4.4.1, status=deferred (connect to mx.example.com[192.0.2.1]:25: Connection timed out)
Jul 19 07:59:05 mail postfix/qmgr[12]: C8D5D20BDD: from=<>, size=20, nrcpt=1 (queue active)
Jul 19 07:59:06 mail postfix/qmgr[12]: D8D5D20BDD: from=<anna@example.org>, size=24, nrcpt=1 (queue active)
Jul 19 07:59:07 mail dovecot: imap-login: Disconnected (auth failed, 2 attempts in 17 secs): user=<otto>, method=PLAIN, rip=203.0.113.9, lip=198.51.100.5, session=<A1zq0XUeLbAAAIp1>
Jul 19 07:59:08 mail quotad[812]: user=<anna@example.org> used=990 limit=1000
Jul 19 07:59:08 mail quotad[812]: user=<x> used=999 limit=1000> used=1 limit=1000
Jul 19 07:59:09 mail unheard[1]: of
LOG

"$bin/count_status" <log >got
printf 'sent           1\ndeferred       1\n' | expect count_status
"$bin/top_senders" <log >got
printf '       2         1024 <anna@example.org>\n       1           20 <>\n' | expect top_senders
"$bin/auth_failures" 3 60 <log >got
echo 203.0.113.9 | expect auth_failures
"$bin/auth_failures" 3 4 <log >got # the window is too short
expect auth_failures </dev/null
"$bin/rejected" <log >got
grep -q '^07:59:01 rejected 203.0.113.9 from=<bob@example.com> to=<eve@example.net>: .*reject_unauth_destination' got || { cat got; fail rejected; }
[ "$(wc -l <got)" = 1 ] || { cat got; fail rejected; }
printf 'smtpd_recipient_restrictions = permit_mynetworks,\n  reject_unauth_destination\n' >main.cf
"$bin/rejected" main.cf <log >got
grep -q 'main.cf line 2' got || { cat got; fail "rejected: no setting"; }
"$bin/custom_daemon" <log >got 2>others
echo "anna@example.org is at 99 %" | expect custom_daemon
grep -q '^1 other' others || fail "custom_daemon: $(cat others)"

# -- a growing log: rotated
line() { echo "$(date '+%b %e %H:%M:%S') mail $*"; }
line "postfix/qmgr[12]: 1AAAAAAAAA: removed" >grow
"$bin/follow_file" grow >followed &
pids="$!" follow=$!
wait_for followed 1AAAAAAAAA
line "postfix/qmgr[12]: 2AAAAAAAAA: removed" >>grow
mv grow grow.1
: >grow
line "postfix/qmgr[12]: 3AAAAAAAAA: removed" >>grow.1 # syslogd has not heard of it yet
wait_for followed 3AAAAAAAAA
line "postfix/qmgr[12]: 4AAAAAAAAA: removed" >>grow
wait_for followed 4AAAAAAAAA
kill "$follow"
wait "$follow" || fail "follow_file: exit $?"
[ "$(grep -c '"event":"removed"' followed)" = 4 ] || { cat followed; fail follow_file; }

# -- a message that begins before a rotation and a restart, and ends after them
daemon() {
    "$bin/join_daemon" mail.log mail.log.1 state >>messages &
    pids="$!" daemon=$!
}
ended() {
    kill -TERM "$daemon"
    wait "$daemon" || fail "join_daemon: exit $?"
}
: >messages
line "postfix/pickup[10]: B8D5D20BDD: uid=1000 from=<anna>" >mail.log
daemon
sleep 1.5
ended
[ ! -s messages ] || { cat messages; fail "join_daemon: too early"; }
line "postfix/qmgr[12]: B8D5D20BDD: from=<anna@example.org>, size=1000, nrcpt=1 (queue active)" >>mail.log
mv mail.log mail.log.1
line "postfix/local[13]: B8D5D20BDD: to=<bo@example.org>, relay=local, delay=1, delays=0/0/0/1, dsn=2.0.0, status=sent (delivered to mailbox)" >mail.log
line "postfix/qmgr[12]: B8D5D20BDD: removed" >>mail.log
daemon
wait_for messages '"delivered"'
ended
[ "$(wc -l <messages)" = 1 ] || { cat messages; fail "join_daemon: more than one message"; }
grep -q '"from":"anna@example.org".*"lines":\[1,2,3,4\]' messages || { cat messages; fail "join_daemon: not all lines"; }
daemon # started again, it has nothing to add
sleep 1.5
ended
[ "$(wc -l <messages)" = 1 ] || { cat messages; fail "join_daemon: twice"; }
echo "examples: all right"
