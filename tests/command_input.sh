#!/bin/sh
# usage: command_input.sh MAILLOG SOURCE-DIR: what the command reads: packed, cut, rotated, merged, patterns, directories.
set -eu
. "$2/tests/support/command.sh"
cd "$work"
features=${3:-}

mail 1 1 a@example.net x@example.org > mail.log.2
mail 2 2 b@example.net x@example.org > mail.log.1
mail 3 3 c@example.net x@example.org > mail.log
cat mail.log.2 mail.log.1 mail.log > whole
"$maillog" events whole > want
same() { cmp -s want out || { diff want out | head; fail "$1"; }; }

# rotated sets, in whatever order they are named; once each
exits 0 "$maillog" events mail.log mail.log.1 mail.log.2 mail.log.1; same "oldest first"
exits 0 "$maillog" events 'mail.log*'; same "a pattern the shell left alone"
mkdir dated
cp mail.log.2 dated/mail.log-20260717; cp mail.log.1 dated/mail.log-20260718; cp mail.log dated/mail.log
exits 0 "$maillog" events dated/mail.log*; same "dates of logrotate"
exits 1 "$maillog" events 'no-such*'; says err "no file of that pattern"
exits 1 "$maillog" events dated mail.log; says err "dated: is a directory"; lines 7
exits 0 sh -c "cat whole | '$maillog' events -"; same "standard input"
exits 0 sh -c "'$maillog' events < whole"; same "no file is standard input"

# packed, by content, whatever the name
for tool in gzip xz zstd bzip2; do
    case $features in *$tool*) ;; *) continue ;; esac
    command -v $tool >/dev/null || continue
    $tool -c whole > packed
    exits 0 "$maillog" events packed; same "$tool"
    exits 0 sh -c "'$maillog' events < packed"; same "$tool on standard input"
    { $tool -c mail.log.2; $tool -c mail.log.1; $tool -c mail.log; } > joined
    exits 0 "$maillog" events joined; same "$tool, several in one file"
    head -c $(($(wc -c < packed) - 9)) packed > cut
    exits 1 "$maillog" events cut mail.log; says err "cut: "; says err "is read"; says out "A000000003"
done
case $features in *gzip*)
    gzip -c mail.log.2 > old.log.2.gz; cp mail.log.1 old.log.1; cp mail.log old.log
    exits 0 "$maillog" events old.log*; same "packed ones among the others"
    i=0; while [ $i -lt 60 ]; do mail $((i % 40 + 1)) $((i % 60)) a$i@example.net x@example.org; i=$((i + 1)); done > long
    gzip -c long | head -c 900 > cut.gz
    exits 1 "$maillog" events cut.gz; says err "ends too early"; [ "$(wc -l < out)" -gt 5 ] || fail "what stands before the cut is read"
    { gzip -c mail.log; echo junk; } > tail.gz
    exits 1 "$maillog" events tail.gz; says err "not gzip"; lines 7
esac
printf 'LPKSHHRHxxxxxxxxxxxx' > system.journal
exits 1 "$maillog" events system.journal mail.log; says err "system.journal: is a journal file"; lines 7

# several logs are merged by time, lines without a time stay where they are
mail 4 5 d@example.net x@example.org other > other.log
{ mail 5 4 e@example.net x@example.org; echo "no time here"; mail 6 6 f@example.net x@example.org; } > first.log
exits 0 "$maillog" events --fields line,time,message first.log other.log
[ "$(sed -n 8p out | grep -c 'no time here')" = 1 ] || fail "a line without a time stays behind its own"
cut -d'"' -f4- out | sed -n 's/.*\(T08:0[456]\).*/\1/p' | uniq > order
[ "$(tr -d '\n' < order)" = "T08:04T08:05T08:06" ] || { cat order; fail "merged by time"; }
exits 0 "$maillog" trace first.log other.log; says out "3 of 3 messages"

# a line without an end does not run into the next file
printf 'Jul 19 08:00:01 mx postfix/qmgr[8]: A1: removed' > open.log
exits 0 "$maillog" events open.log whole; lines 22

# journalctl -o export and -o json
printf '__CURSOR=s=1\n__REALTIME_TIMESTAMP=1784440746123456\n_HOSTNAME=mx\nSYSLOG_IDENTIFIER=postfix/qmgr\n_PID=8\nMESSAGE=A000000001: removed\n\n' > export
exits 0 sh -c "'$maillog' events - < export"; says out '"queue_id":"A000000001"'; lines 1
printf '{"__REALTIME_TIMESTAMP":"1784440746123456","_HOSTNAME":"mx","SYSLOG_IDENTIFIER":"postfix/qmgr","_PID":"8","MESSAGE":"A000000001: from=<\\u00e4\\"b@example.org>, size=1, nrcpt=1 (queue active)"}\n' > json
exits 0 sh -c "'$maillog' events - < json"; says out '"from":"ä\"b@example.org"'

# journal files, made by systemd's own tool
remote=/lib/systemd/systemd-journal-remote
case $features in
*journal*)
    if [ -x $remote ]; then
        {
            i=0
            while [ $i -lt 50 ]; do
                printf '__CURSOR=s=%d\n__REALTIME_TIMESTAMP=%d\n__MONOTONIC_TIMESTAMP=%d\n_BOOT_ID=00112233445566778899aabbccddeeff\n' $i $((1784440746123456 + i * 1000000)) $i
                printf '_HOSTNAME=mx\nSYSLOG_IDENTIFIER=postfix/qmgr\n_PID=8\nMESSAGE=A0000000%02d: removed\n\n' $i
                i=$((i + 1))
            done
        } > entries
        rm -f made.journal
        $remote -o made.journal - < entries > /dev/null 2>&1 || fail "systemd-journal-remote"
        exits 0 "$maillog" events --fields time,host,daemon,pid,queue_id made.journal; lines 50
        [ "$(head -n 1 out)" = '{"time":"2026-07-19T05:59:06.123456Z","host":"mx","daemon":"postfix/qmgr","pid":"8","queue_id":"A000000000"}' ] || { head -n 1 out; fail "journal file"; }
        exits 0 "$maillog" trace --json --all --state journal.state made.journal
        exits 0 "$maillog" trace --json --all --state journal.state made.journal; lines 0
        exits 1 "$maillog" events --follow made.journal; lines 50; says err "journalctl -f"
    else
        echo "SKIPPED: $remote is not installed: journal files"
    fi ;;
esac

# trouble with one file: the rest is read
exits 1 "$maillog" events missing mail.log; says err "missing: No such file"; lines 7
# one that may not be read, also when everything else may be: as nobody
cp mail.log secret; chmod 0 secret
if [ "$(id -u)" != 0 ]; then
    exits 1 "$maillog" events secret mail.log; says err "secret: Permission denied"; lines 7
elif command -v setpriv >/dev/null; then
    chmod 755 . ; cp "$maillog" reader
    exits 1 setpriv --reuid=65534 --regid=65534 --clear-groups ./reader events secret mail.log; says err "secret: Permission denied"; lines 7
fi
exits 1 "$maillog" events /proc/self/mem mail.log; says err "/proc/self/mem: "; lines 7
exits 1 sh -c "'$maillog' events whole > /dev/full"; says err "No space left"
exits 0 sh -c "'$maillog' events whole whole | head -n 1"; [ ! -s err ] || fail "a reader that leaves is no trouble"

# a pipe that stays open: what came is seen before more comes, half a line with its other half; at its end a line without one
sees() {
    tries=0
    while [ "$(wc -l < seen)" -lt $1 ] && [ $tries -lt 100 ]; do sleep 0.1; tries=$((tries + 1)); done
    [ "$(wc -l < seen)" = $1 ] || fail "an open pipe: $(wc -l < seen) lines, want $1"
}
mkfifo slow
for threads in 1 3; do
    "$maillog" events --year 2026 --threads $threads < slow > seen &
    exec 3> slow
    head -n 1 mail.log >&3; sees 1
    { sed -n 2p mail.log; sed -n 3p mail.log | cut -c 1-30 | tr -d '\n'; } >&3; sees 2
    { sed -n 3p mail.log | cut -c 31-; head -n 2000 whole; printf 'the end'; } >&3; sees $((3 + $(head -n 2000 whole | wc -l)))
    exec 3>&-
    wait
    { head -n 3 mail.log; head -n 2000 whole; printf 'the end'; } > same
    "$maillog" events --year 2026 same | cmp -s - seen || fail "a pipe is read as a file"
done
echo "input: right"
