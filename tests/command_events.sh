#!/bin/sh
# usage: command_events.sh MAILLOG SOURCE-DIR: forms of events, fields, conditions; shapes that are not understood; masks.
set -eu
. "$2/tests/support/command.sh"
cd "$work"
{ mail 1 1 a@example.net 'x"y@example.org'; mail 2 20 b@example.net y@example.com; } > log
# events N OPTION…: so many lines
events() { n=$1; shift; exits 0 "$maillog" events --year 2026 "$@" log; lines "$n"; }

# forms
events 14
events 2 --event delivery --fields line,time,queue_id,to,sasl_method
[ "$(head -n 1 out)" = '{"line":6,"time":"2026-07-19T08:01:06","queue_id":"A000000001","to":"x\"y@example.org"}' ] || { cat out; fail "--fields"; }
events 3 --event delivery --format csv --fields line,to,dsn,sasl_method
[ "$(sed -n 1,2p out | tr '\n' '|')" = 'line,to,dsn,sasl_method|6,"x""y@example.org",2.0.0,|' ] || { cat out; fail "CSV"; }
events 3 --event delivery --format tsv --fields line,to,delay
[ "$(sed -n 3p out)" = "$(printf '13\ty@example.com\t2.5')" ] || { cat out; fail "TSV"; }
events 2 --event delivery --format logfmt --fields line,to,reply
[ "$(sed -n 1p out)" = 'line=6 to="x\"y@example.org" reply="250 2.0.0 Ok"' ] || { cat out; fail "logfmt"; }
events 15 --format csv; [ "$(head -n 1 out)" = line,time,host,daemon,pid,event,queue_id,message ] || fail "CSV's own columns"
events 14 --format logfmt; says out 'daemon=postfix/qmgr event=removed match=event host=mx program=postfix/qmgr pid=8 queue_id=A000000001'
printf 'Jul 19 08:00:01 mx app: a\tb\\c\n' > odd
exits 0 "$maillog" events --format tsv --fields message odd; [ "$(sed -n 2p out)" = 'a\tb\\c' ] || fail "TSV escapes"

# a stamp without a year is of the year before the file's last change, a day or a zone off allowed
year() { touch -d "$1 UTC" odd; exits 0 "$maillog" events --fields time odd; says out "\"time\":\"$2"; }
printf 'Mar  9 08:00:01 mx app: x\n' > odd
year '2026-11-27 10:00' 2026-03-09
year '2026-03-09 07:00' 2026-03-09
year '2026-03-08 23:00' 2026-03-09
year '2026-03-08 02:00' 2025-03-09

# conditions
where() { n=$1; shift; events "$n" --where "$1"; }
where 2 'daemon=postfix/smtp'
where 2 'daemon=postfix/smtp and dsn="2.0.0"'
where 0 'daemon=postfix/smtp and dsn!=2.0.0'
where 1 'size>1000'
where 2 'size>=1000'
where 1 'size<1500 and event=queue_active'
where 2 'delay>2 and delay<=2.5'
where 4 'event=delivery or event=removed'
where 2 'event=delivery or event=removed and queue_id=A000000009'
where 1 '(event=delivery or event=removed) and queue_id=A000000002 and not event=removed'
where 2 'message_id'
where 12 'not message_id'
where 6 'client_addr=192.0.2.0/24'
where 3 'client_addr=192.0.2.2/32'
where 0 'client_addr=2001:db8::/32'
where 2 'to~EXAMPLE'
where 1 "to~'^y@.*com\$'"
where 1 'to!~com'
where 2 'to'
# what is known of a line before it is parsed keeps none away: a condition that says nothing beforehand gives the same
sed -n 's/^< //p' "$2"/tests/cases/*.txt > cases
for condition in daemon=dovecot/imap-login daemon=postfix/smtpd daemon=exim daemon=no-such event=reject event=login to=bob@example.com \
    client_addr=192.0.2.44 'queue_id=7F00C1A2B3 or event=removed' 'daemon=amavis and (event=passed or event=blocked)' 'to=bob@example.com and daemon=postfix/smtp'; do
    exits 0 "$maillog" events --where "not not ($condition)" cases; cp out want
    exits 0 "$maillog" events --where "$condition" cases; cmp -s want out || fail "$condition: lines were kept away"
    exits 0 "$maillog" events --threads 2 --where "$condition" cases; cmp -s want out || fail "$condition --threads 2"
done
printf '%s\n' '{"__REALTIME_TIMESTAMP":"1784440746123456","_HOSTNAME":"mx","SYSLOG_IDENTIFIER":"postfix/qmgr","_PID":"8","MESSAGE":"A000000001: from=\u003ca\u0040example.net>, size=1, nrcpt=1 (queue active)"}' >> cases
exits 0 "$maillog" events --where from=a@example.net cases; says out '"from":"a@example.net"'
exits 2 "$maillog" events --where 'size>>5' log; says err "want a value"
where 3 'line<=3'
where 7 'time>="2026-07-19T08:20"'
wrong() { text=$1; shift; exits 2 "$maillog" "$@"; says err "$text"; }
wrong "did you mean code?" events --where 'cod=1' log
wrong "want a )" events --where '(code=1' log
wrong "want a field" events --where '' log
wrong "want a field" events --where 'code=1 and' log
wrong "want a value" events --where 'code=' log
wrong "other quote" events --where 'code="1' log
wrong "want and, or, or the end" events --where 'code=1 code=2' log
wrong "--where: (" events --where 'code~"("' log
wrong "fewer brackets" events --where "$(printf '(%.0s' $(seq 100))code" log
wrong "did you mean postfix/smtpd?" events --daemon postfix/smtpdd log
wrong "did you mean delivery?" events --event delivry log
wrong "did you mean queue_id?" events --fields queueid log
wrong "one of them" events --json --format csv log

# shapes
{
    cat log
    for i in 1 2 3; do echo "Jul 19 08:00:0$i mx postfix/smtpd[1]: something new with <u$i@example.org> from mail$i.example.net[192.0.2.$i] 4F0$i"; done
    echo "Jul 19 08:00:09 mx other[1]: nobody knows"
} > odd
exits 0 "$maillog" unmatched --json odd; lines 3
[ "$(head -n 1 out)" = '{"daemon":"postfix/smtpd","match":"daemon","count":3,"example":"Jul 19 08:00:01 mx postfix/smtpd[1]: something new with <u1@example.org> from mail1.example.net[192.0.2.1] 4F01","shape":"something new with <*> from *[*] *"}' ] || { cat out; fail "shapes"; }
says out '{"total":18,"matched":14}'
exits 0 "$maillog" unmatched odd; says out "14 of 18 lines understood"
exits 0 "$maillog" unmatched --top 1 odd; says out "and 1 rarer shapes"; says_not out "nobody"

# masks: no name is left, the same name is the same pseudonym, with a key in every run
exits 0 "$maillog" unmatched --mask odd
for name in example.org example.net 192.0.2.1 u1@; do says_not out "$name"; done
says out "something new with <user-"
for form in "events" "events --format csv" "events --format logfmt" "trace" "trace --story" "trace -v" "trace --json" "summary" "summary --json"; do
    exits 0 "$maillog" $form --mask-key k log
    for name in a@example b@example example.com 192.0.2. 203.0.113; do says_not out "$name"; done
done
exits 0 "$maillog" events --mask-key k --fields client_addr,from log; cp out first
exits 0 "$maillog" events --mask-key k --fields client_addr,from log; cmp -s out first || fail "a key makes the same pseudonyms"
exits 0 "$maillog" events --mask-key other --fields client_addr,from log; ! cmp -s out first || fail "another key makes others"
[ "$(grep -o '10[.][0-9.]*' first | sort -u | wc -l)" = 2 ] || fail "two clients, two pseudonyms"
exits 0 "$maillog" trace --json --mask log; says out '"verdict":"delivered"'
echo "events: right"
