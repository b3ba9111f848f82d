#!/bin/sh
# usage: command_otlp.sh MAILLOG SOURCE-DIR: messages as OpenTelemetry traces.
set -eu
. "$2/tests/support/command.sh"
source=$2
if ! command -v python3 >/dev/null; then
    echo "SKIPPED: python3 is not installed"
    exit 0
fi
cd "$work"
otlp() { exits 0 "$maillog" trace --year 2026 --timezone UTC --format otlp-json "$@"; }
# tree FILE: what is printed is right in itself, and has this form
tree() { python3 "$source/tests/support/otlp_check.py" < out > "$work/tree" || fail "no OTLP"; diff "$1" tree || fail "the tree of $1"; }

# Stamps of full seconds, durations of the deliveries and of the filter: what holds a span begins no later.
cat > seed.tree <<'TREE'
message 5
  queue 4
    hand over 2.128
      amavis CLEAN 2.128
      queue 0.04
        deliver 0.04
  postfix/smtpd reject_non_fqdn_helo_hostname 0
  postgrey greylist 0
TREE
otlp "$seed/mail.log"; lines 1; mv out first; cp first out; tree seed.tree
grep -qF '"startTimeUnixNano":"1784447946000000000"' first || fail "nanoseconds as a string"
grep -qF '{"key":"client.address","value":{"stringValue":"203.0.113.185"}}' first || fail "client.address"
grep -qF '{"key":"host.name","value":{"stringValue":"mail"}}' first || fail "host.name"
grep -qF '"status":{}' first || fail "no error"
[ "$(grep -o '"key":"maillog.to"' first | wc -l)" = 4 ] || fail "the message, its recipient and two checks have maillog.to"
otlp "$seed/mail.log"; cmp first out || fail "ids are those of the run before"
otlp --main-cf "$seed/main.cf" --queue-id B8D5D20BDD "$seed/mail.log"; lines 1; says out maillog.config.setting

# Mail that was taken and did not arrive is an error; a refusal is not. Bytes that are no UTF-8, and a backslash before
# what looks like such a byte.
{
    mail 1 1 a@example.net x@example.org | sed 's/dsn=2.0.0, status=sent (250 2.0.0 Ok)/dsn=5.1.1, status=bounced (550 5.1.1 \\udc41 \xe4 nobody)/'
    echo 'Jul 19 08:02:00 mx postfix/smtpd[5]: connect from bad.example.net[2001:db8::1]'
    for i in 1 2; do
        echo 'Jul 19 08:02:01 mx postfix/smtpd[5]: NOQUEUE: reject: RCPT from bad.example.net[2001:db8::1]: 554 5.7.1 <x@example.org>: Relay access denied; from=<a@example.net> to=<x@example.org> proto=ESMTP helo=<h>'
        echo 'Jul 19 08:02:01 mx postfix/smtpd[5]: disconnect from bad.example.net[2001:db8::1]'
        echo 'Jul 19 08:02:01 mx postfix/smtpd[5]: connect from bad.example.net[2001:db8::1]'
    done
} > log
cat > bad.tree <<'TREE'
message 6 ERROR
  queue 5
    deliver 1 ERROR
message 1
  postfix/smtpd reject_unauth_destination 0
message 0
  postfix/smtpd reject_unauth_destination 0
TREE
otlp --sort first log; lines 3; tree bad.tree
says out '\\udc41 \ufffd nobody'
says out '{"key":"network.peer.address","value":{"stringValue":"203.0.113.9"}},{"key":"server.port","value":{"intValue":"25"}}'

# Little memory: the times of early lines are forgotten, those of the message are not.
i=0
while [ $i -lt 400 ]; do i=$((i + 1)); mail $i $((i % 60)) a@example.net x@example.org; done > many
otlp --memory 64K many; python3 "$source/tests/support/otlp_check.py" < out > tree || fail "no OTLP with little memory"

exits 2 "$maillog" trace --format otlp-json --json log; says err "one of them"
exits 2 "$maillog" trace --format otlp-json --all log; says err "--all"
exits 2 "$maillog" trace --format csv log; says err "text|json|otlp-json"
exits 0 "$maillog" trace --json log; mv out json; exits 0 "$maillog" trace --format json log; cmp json out || fail "--format json is --json"
echo "otlp: right"
