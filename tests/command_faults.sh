#!/bin/sh
# usage: command_faults.sh MAILLOG SOURCE-DIR: every subcommand against a full disk, a reader that leaves, an interrupt, a cut
# archive and files that cannot be read: status, message, and what could be done is done. Rotation, truncation and files
# that vanish under --follow: command_follow.sh.
set -eu
. "$2/tests/support/command.sh"
cd "$work"
features=${3:-}
forms='events|events --json|events --format csv --fields time,event|events --threads 2|trace|trace --json|trace -v|trace --json --threads 2|summary|summary --json|unmatched|unmatched --json'
# each FUNCTION FORM|FORM…: with the words of each
each() {
    check=$1 old=$IFS; IFS='|'
    set -f; set -- $2; set +f
    IFS=$old
    for form; do $check $form; done
}

mail 1 1 a@example.net x@example.org > log
i=0; while [ $i -lt 3000 ]; do cat log; i=$((i + 1)); done > long

# a full disk: said, with the reason, and the status is 1
full() { exits 1 sh -c "'$maillog' $* log > /dev/full"; says err "standard output: No space left on device"; }
long_full() { exits 1 sh -c "'$maillog' $* long > /dev/full"; says err "standard output: No space left on device"; }
each full "$forms"
each long_full 'events --json|events --threads 2|trace --json'
exits 1 "$maillog" summary --html /dev/full log; says err "--html /dev/full: No space left on device"
# the name of the page forgotten: the log is not written over
cp log before
exits 1 "$maillog" summary --html log < long; says err "log: is there, and is no page"; cmp -s log before || fail "the log is gone"
exits 0 "$maillog" summary --html page log; exits 0 "$maillog" summary --html page log
for words in --help --version 'events --help'; do
    exits 1 sh -c "'$maillog' $words > /dev/full"; says err "No space left on device"
done
# a full disk under the state: it is said, and the state of before stays
if command -v prlimit >/dev/null; then
    exits 0 "$maillog" trace --json --state state log
    cp state before
    exits 1 sh -c "trap '' XFSZ; exec prlimit --fsize=2000 '$maillog' trace --json --state state long" ; says err "state: File too large"
    cmp -s state before || fail "the state of before stays"
    [ ! -e state.new ] || fail "no half state is left"
    # no room for the temporary file of records that wait: nothing is lost
    awk 'BEGIN {
        for (i = 0; i < 900; i++) text = text "x"
        for (i = 1; i <= 40000; i++)
            printf "Jul 19 08:%02d:%02d mx postfix/smtp[7]: A%09X: to=<x@example.org>, relay=mx.example.org[203.0.113.9]:25, delay=1, delays=0/0/0/1, dsn=2.0.0, status=sent (250 %s)\n", i / 60 % 60, i % 60, i, text
    }' > fat
    exits 0 sh -c "trap '' XFSZ; prlimit --fsize=1000 '$maillog' trace --json fat | grep -c '^{'"
    says err "temporary file: File too large"; [ "$(cat out)" = 40000 ] || fail "records are lost"
fi

# a reader that leaves: silent, status 0, and soon
gone() { exits 0 sh -c "{ '$maillog' $* long; echo \$? > rc; } | head -c 1 > /dev/null"; [ ! -s err ] || { cat err; fail "$*: silent"; }; [ "$(cat rc)" = 0 ] || fail "$*: exit $(cat rc) when its reader left"; }
each gone "$forms"
# its input never ends, so that only the reader's leaving does
endless() { exits 0 sh -c "while cat log; do :; done 2> /dev/null | timeout 20 '$maillog' $* 2> err2 | head -n 1 > /dev/null"; [ ! -s err2 ] || fail "$*: silent"; }
each endless 'events|events --json|events --threads 2'

# an interrupt: what there is by then, and 130
cut_short() {
    mkfifo pipe
    "$maillog" "$@" --year 2026 pipe > cut.out 2> cut.err & pid=$!
    exec 3> pipe
    mail 1 1 a@example.net x@example.org | head -n 5 >&3
    printf 'what is this\n' >&3
    i=0; while [ "$(awk '{print $3}' /proc/$pid/stat 2> /dev/null)" != S ] && [ $i -lt 100 ]; do sleep 0.1; i=$((i + 1)); done
    sleep 0.3
    rc=0; kill -s INT $pid; wait $pid || rc=$?
    exec 3>&-
    rm pipe
    [ $rc = 130 ] || { cat cut.err; fail "$*: exit $rc after an interrupt"; }
    [ -s cut.out ] || fail "$*: shows what it has"
}
each cut_short 'events|events --json|events --threads 2|trace|trace --json|summary|summary --json|unmatched|unmatched --json'

# among others that are cut, unreadable or missing, the rest is done, and the status says so
case $features in
*gzip*)
    gzip -c long | head -c 2000 > cut.gz
    partly() { exits 1 "$maillog" "$@" missing cut.gz log; says err "missing: No such file"; says err "cut.gz: "; says err "ends too early"; [ -s out ] || fail "$*: the rest"; }
    each partly "$forms" ;;
*)
    partly() { exits 1 "$maillog" "$@" missing log; says err "missing: No such file"; [ -s out ] || fail "$*: the rest"; }
    each partly "$forms" ;;
esac
echo "faults: right"
