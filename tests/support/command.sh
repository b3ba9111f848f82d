# command.sh: sourced by tests of the command: $maillog, $work, and a few words to check with.
maillog=$1 seed=$2/examples/seed
LC_ALL=C.UTF-8 TZ=UTC
export LC_ALL TZ
unset NO_COLOR COLUMNS || true
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() { echo "FAIL: $1"; exit 1; }
# says FILE TEXT: the text stands in the file
says() { grep -qF -- "$2" "$1" || { cat "$1"; fail "not said: $2"; }; }
says_not() { ! grep -qF -- "$2" "$1" || { cat "$1"; fail "said: $2"; }; }
# exits CODE COMMAND…
exits() {
    want=$1; shift
    rc=0; "$@" >"$work/out" 2>"$work/err" || rc=$?
    [ "$rc" = "$want" ] || { cat "$work/err"; fail "exit $rc, want $want: $*"; }
}
# lines N: so many lines were printed
lines() { n=$(wc -l < "$work/out"); [ "$n" -eq "$1" ] || { cat "$work/out"; fail "$n lines, want $1"; }; }
# mail N MINUTE FROM TO [HOST]: the lines of one delivered message
mail() {
    host=${5:-mx} id=$(printf 'A%09X' "$1") stamp=$(printf 'Jul 19 08:%02d' "$2")
    printf '%s:01 %s postfix/smtpd[%d]: connect from client.example.net[192.0.2.%d]\n' "$stamp" "$host" "$1" "$1"
    printf '%s:02 %s postfix/smtpd[%d]: %s: client=client.example.net[192.0.2.%d]\n' "$stamp" "$host" "$1" "$id" "$1"
    printf '%s:03 %s postfix/cleanup[9]: %s: message-id=<m%d@example.net>\n' "$stamp" "$host" "$id" "$1"
    printf '%s:04 %s postfix/qmgr[8]: %s: from=<%s>, size=%d, nrcpt=1 (queue active)\n' "$stamp" "$host" "$id" "$3" "$(($1 * 1000))"
    printf '%s:05 %s postfix/smtpd[%d]: disconnect from client.example.net[192.0.2.%d]\n' "$stamp" "$host" "$1" "$1"
    printf '%s:06 %s postfix/smtp[7]: %s: to=<%s>, relay=mx.example.org[203.0.113.9]:25, delay=2.5, delays=1/0.5/0.5/0.5, dsn=2.0.0, status=sent (250 2.0.0 Ok)\n' "$stamp" "$host" "$id" "$4"
    printf '%s:07 %s postfix/qmgr[8]: %s: removed\n' "$stamp" "$host" "$id"
}
