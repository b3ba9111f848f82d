#!/bin/sh
# usage: command.sh MAILLOG SOURCE-DIR: the command on the example log, and on input that is no log.
set -eu
. "$2/tests/support/command.sh"

exits 0 "$maillog" trace --story --year 2013 --main-cf "$seed/main.cf" --master-cf "$seed/master.cf" "$seed/mail.log"
for text in "delivered  2013-07-19 07:59:06" "B8D5D20BDD → 96E1820C16" "1.296" "INBOX" "main.cf line 7" "remove warn_if_reject" "316 s after the first try" \
    "not spoofing" "did not decide the outcome" "1 of 1 messages"; do
    says "$work/out" "$text"
done
exits 0 "$maillog" trace --json --all "$seed/mail.log"
[ "$(grep -c '"verdict":"delivered"' "$work/out")" = 1 ] || fail "one delivered message"
exits 0 "$maillog" trace --queue-id 96E1820C16 "$seed/mail.log"; says "$work/out" "1 of 1"
exits 0 "$maillog" trace --queue-id FFFFFFFFFF "$seed/mail.log"; says "$work/out" "0 of 1"
exits 0 "$maillog" unmatched --json "$seed/mail.log"; says "$work/out" '{"total":19,"matched":19}'
exits 0 "$maillog" --version
exits 2 "$maillog"
exits 2 "$maillog" nonsense
exits 2 "$maillog" trace --nonsense x

# input that is no log: said, or a defined event; what can be read is still read
exits 1 "$maillog" events --json "$work/missing" "$seed/mail.log"; says "$work/err" missing
[ "$(wc -l < "$work/out")" = 19 ] || fail "the other file is read"
exits 1 "$maillog" events --json "$work"; says "$work/err" "$work"
: > "$work/empty"; exits 0 "$maillog" events --json "$work/empty"
[ ! -s "$work/out" ] || fail "an empty file has no events"
head -c 100000 /dev/urandom > "$work/binary"; exits 0 "$maillog" events --json "$work/binary"
head -c 10000000 /dev/zero | tr '\0' a > "$work/long"; exits 0 "$maillog" events --json "$work/long"
[ "$(wc -l < "$work/out")" = 1 ] || fail "a long line is one event"
exits 1 "$maillog" trace --main-cf "$work/missing" "$seed/mail.log"; says "$work/err" missing

# what a stranger wrote does not steer the terminal
printf 'Jul 19 08:00:01 mx dovecot: lda(eve\033[31m): msgid=<1>: saved mail to INBOX\n' > "$work/escape"
exits 0 "$maillog" trace "$work/escape"
! grep -q "$(printf '\033')" "$work/out" || fail "an escape sequence reached the terminal"
echo "command: right"
