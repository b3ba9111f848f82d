#!/bin/sh
# usage: command_threads.sh MAILLOG SOURCE-DIR: the output of --threads is that of one thread, byte for byte.
set -eu
. "$2/tests/support/command.sh"
cd "$work"
i=0; while [ $i -lt 700 ]; do mail $i $((i / 30)) a$i@example.net x@example.org; i=$((i + 1)); done > big
record='__CURSOR=s=1\n__REALTIME_TIMESTAMP=1784440746123456\n_HOSTNAME=mx\nSYSLOG_IDENTIFIER=postfix/qmgr\n_PID=8\nMESSAGE=A000000001: removed\n\n'
printf "$record$record" > export
head -c 1500000 /dev/zero | tr '\0' a > endless
# all that needs one reader, in the midst of what does not; lines without a time; no end at the end
{ cat big; printf '\n\nno time\n'; cat endless; echo; cat export big; printf 'no end'; } > mixed
{ cat big; printf '__'; } > nearly
printf 'no line end at all' > short
# messages whose lines are far from each other; records of JSON between plain lines
{ awk 'NR % 7 < 3' big; awk 'NR % 7 == 3' big; awk 'NR % 7 > 3' big; } > apart
awk '/^Jul 19/ && NR % 3 {split($5, p, /[][]/); text = $6; for (i = 7; i <= NF; i++) text = text " " $i; sub(/@/, "\\\\u0040", text)
    printf "{\"__REALTIME_TIMESTAMP\":\"17844407%08d\",\"_HOSTNAME\":\"%s\",\"SYSLOG_IDENTIFIER\":\"%s\",\"_PID\":\"%s\",\"MESSAGE\":\"%s\"}\n", NR * 999, $4, p[1], p[2], text; next} 1' big > records
: > empty
gzip -c big > big.gz
for log in big apart records mixed nearly export short empty big.gz; do
    [ $log != big.gz ] || case ${3:-} in *gzip*) ;; *) continue ;; esac
    for form in "events" "events --format csv" "events --where size>50000" "events --mask-key k" "events --since 2026-07-19T08:10" "trace --json --all" \
        "trace" "summary --json --top 0" "summary --pflogsumm" "summary --json --mask-key k" "unmatched --json"; do
        "$maillog" $form --year 2026 $log > want 2> want.err || fail "$form $log"
        for n in 2 5; do
            exits 0 "$maillog" $form --year 2026 --threads $n $log
            cmp -s want out || fail "$form --threads $n $log: other output"
            cmp -s want.err err || fail "$form --threads $n $log: other messages"
        done
    done
done
exits 0 "$maillog" events --threads 3 big big.gz short; cp out want
exits 1 "$maillog" events --threads 3 big missing short; says out "no line end at all"; says err "missing"
exits 1 sh -c "'$maillog' events --threads 3 big > /dev/full"; says err "No space left"
exits 0 sh -c "'$maillog' events --threads 3 big | head -n 1"; [ ! -s err ] || fail "a reader that leaves is no trouble"
echo "threads: right"
