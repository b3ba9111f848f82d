#!/bin/sh
# usage: command_summary.sh MAILLOG SOURCE-DIR: totals, tables, JSON, the page, memory, pflogsumm's figures.
set -eu
. "$2/tests/support/command.sh"
source=$2
cd "$work"

# the example log: one message, which a filter took and gave back
exits 0 "$maillog" summary --json --year 2013 "$seed/mail.log"
for text in '"received":1,' '"delivered":1,' '"reject_warnings":1,' '"through_filter":1,' '"bytes_received":' '"senders":1,' '"recipients":1,' \
    '"per_day":[{"date":"2013-07-19","received":1,"delivered":1,"deferred":0,"bounced":0,"rejected":0}]' '{"hour":7,"received":1,' \
    '"filters":[{"daemon":"amavis","result":"Passed CLEAN","count":1,' '"greylisting":[{"daemon":"postgrey","action":"pass","reason":"triplet found","count":1}]'; do
    says out "$text"
done
exits 0 "$maillog" summary --json --pflogsumm "$seed/mail.log"
says out '"received":2,'; says out '"delivered":2,'; says out '"through_filter":0,'

# every kind of figure, by hand
{
    mail 1 1 a@Example.net x@EXAMPLE.org; mail 2 2 a@example.NET y@example.org
    p='Jul 19 09:00:01 mx postfix'
    echo "$p/smtpd[1]: 4F00112A9: client=unknown[192.0.2.9]"
    echo "$p/qmgr[2]: 4F00112A9: from=<>, size=500, nrcpt=3 (queue active)"
    echo "$p/smtp[3]: 4F00112A9: to=<x@example.com>, relay=none, delay=30, delays=0/0/30/0, dsn=4.4.1, status=deferred (connect to mx.example.com[192.0.2.1]:25: Connection timed out)"
    echo "$p/smtp[3]: 4F00112A9: to=<y@example.com>, relay=none, delay=40, delays=0/0/30/0, dsn=4.4.1, status=deferred (connect to mx.example.com[192.0.2.1]:25: Connection timed out)"
    echo "$p/smtp[3]: 4F00112A9: to=<z@example.com>, relay=mx.example.com[192.0.2.1]:25, delay=1, delays=0/0/1/0, dsn=5.1.1, status=bounced (host mx.example.com[192.0.2.1] said: 550 5.1.1 <z@example.com>: no such user (in reply to RCPT TO command))"
    echo "$p/smtp[3]: 4F00112A9: to=<u@example.com>, relay=mx.example.com[192.0.2.1]:25, delay=40, delays=0/0/30/0, dsn=4.2.0, status=deferred (host mx.example.com[192.0.2.1] said: 450 4.2.0 <u@example.com>: Greylisted (in reply to RCPT TO command))"
    echo "$p/local[3]: 4F00112A9: to=<w@example.com>, relay=local, delay=1, delays=0/0/1/0, dsn=2.0.0, status=sent (forwarded as 4F001120A1)"
    echo "$p/smtpd[1]: NOQUEUE: reject: RCPT from mail.bad.co.uk[192.0.2.66]: 554 5.7.1 Service unavailable; Client host [192.0.2.66] blocked using bl.example; from=<s@spam.example> to=<x@example.org> proto=ESMTP helo=<x>"
    echo "$p/cleanup[4]: 4F00112AA: reject: header Subject: viagra from x.example.net[192.0.2.7]; from=<s@spam.example> to=<x@example.org> proto=ESMTP helo=<x>: 5.7.1 no pills"
    echo "$p/cleanup[4]: 4F00112AB: hold: header Subject: hm from x.example.net[192.0.2.7]; from=<s@spam.example> to=<x@example.org> proto=ESMTP helo=<x>"
    echo "$p/cleanup[4]: 4F00112AC: discard: body junk from x.example.net[192.0.2.7]; from=<s@spam.example> to=<x@example.org> proto=ESMTP helo=<x>"
    echo "$p/smtpd[1]: NOQUEUE: hold: RCPT from mail.bad.co.uk[192.0.2.66]: <x>: Helo command odd; from=<s@spam.example> to=<x@example.org> proto=ESMTP helo=<x>"
    echo "Jul 19 09:00:01 mx postfix-out/smtpd[1]: 4F001120FF: client=unknown[192.0.2.9]"
    echo "$p/smtpd[1]: warning: hostname x.example.net does not resolve to address 192.0.2.7"
    echo "$p/smtp[3]: 4F00112A9: to=<v@example.com>, relay=mx.example.com[192.0.2.1]:25, delay=1, delays=0/0/1/0, dsn=5.7.1, status=bounced (host mx.example.com[192.0.2.1] said: 550 5.7.1 <v@example.com>: not today, see https://help.example.com/why/not/today/1234567890 (in reply to RCPT TO command))"
    echo "Jul 19 09:00:01 mx dovecot: lda(x@example.org)<1><a>: sieve: msgid=<1@example.net>: stored mail into mailbox 'Junk'"
    echo "Jul 19 09:00:01 mx dovecot: lda(x@example.org)<1><a>: sieve: msgid=<2@example.net>: stored mail into mailbox 'INBOX'"
    echo "$p/pickup[5]: 4F00112AD: uid=0 from=<root>"
    echo "$p/qmgr[2]: 4F00112AD: from=<root@mx.example.org>, size=100, nrcpt=1 (queue active)"
} > log
exits 0 "$maillog" summary --json --year 2026 log
for text in '"received":5,' '"delivered":2,' '"forwarded":1,' '"deferred":1,' '"deferrals":3,' '"bounced":2,' '"rejected":2,' '"held":2,' '"discarded":1,' \
    '"bytes_received":3600,' '"bytes_delivered":3000,' '"senders":3,' '"recipients":2,' \
    '{"address":"a@example.net","count":2,"bytes":3000}' '{"domain":"192.0.2.9","count":1,"bytes":500}' \
    '{"domain":"example.com","count":0,"bytes":0,"deferrals":3,"delay_average":0.000,"delay_max":40.000}' \
    '{"stage":"RCPT","reason":"blocked using bl.example","name":"bad.co.uk","count":1}' '{"stage":"header","reason":"5.7.1 no pills","name":' \
    '{"relay":"mx.example.com[192.0.2.1]:25","reason":"no such user (in reply to RCPT TO command)","count":1}' \
    '{"stage":"RCPT","reason":"Helo command odd","name":"bad.co.uk","count":1}' '{"agent":"smtp","reason":"mx.example.com[192.0.2.1]:25: Connection timed out","count":2}' \
    '{"relay":"mx.example.com[192.0.2.1]:25","reason":"not today, see https://help.example.com/why/not/today/123456789...","count":1}' \
    '{"action":"stored","mailbox":"Junk","count":1}' '{"agent":"smtp","reason":"Greylisted (in reply to RCPT TO command)","count":1}' '{"program":"smtpd","text":"hostname x.example.net does not resolve to address 192.0.2.7","count":1}'; do
    says out "$text"
done
exits 0 "$maillog" summary --year 2026 log
says out "             5  received"; says out "             1  deferred  (3 deferrals)"; says out "             2  rejected (40%)"
says out "Bounces"; says_not out "Panics"; says out "█"
exits 0 env LC_ALL=C "$maillog" summary --year 2026 log; ! LC_ALL=C grep -q '[^ -~]' out || fail "ASCII alone with LC_ALL=C"
exits 0 "$maillog" summary --pflogsumm --json --year 2026 log; says out '"received":4,'
exits 0 "$maillog" summary --since 2026-07-19T08:30 --year 2026 log; says out "             3  received"

# a filter behind pipe(8), which gives back with sendmail(1): one message, whichever line comes first
{
    mail 1 1 a@example.net x@example.org | head -n 4
    p='Jul 19 08:02:01 mx postfix'
    echo "$p/pickup[4]: 4F00112AA: uid=65534 from=<a@example.net>"
    echo "$p/cleanup[2]: 4F00112AA: message-id=<m1@example.net>"
    echo "$p/pipe[5]: A000000001: to=<x@Example.org>, relay=scan, delay=1, delays=0.1/0/0/0.9, dsn=2.0.0, status=sent (delivered via scan service)"
    echo "$p/qmgr[3]: A000000001: removed"
    echo "$p/qmgr[3]: 4F00112AA: from=<a@example.net>, size=1200, nrcpt=1 (queue active)"
    echo "$p/pipe[6]: 4F00112AA: to=<x@Example.org>, relay=dovecot, delay=2, delays=0/0/0/2, dsn=2.0.0, status=sent (delivered via dovecot service)"
    echo "$p/qmgr[3]: 4F00112AA: removed"
    echo "$p/pickup[4]: 4F00112AB: uid=0 from=<root>"
    echo "$p/cleanup[2]: 4F00112AB: message-id=<m2@example.net>"
    echo "$p/qmgr[3]: 4F00112AB: from=<root@example.net>, size=10, nrcpt=1 (queue active)"
    echo "$p/pipe[6]: 4F00112AB: to=<x@Example.org>, relay=dovecot, delay=2, delays=0/0/0/2, dsn=2.0.0, status=sent (delivered via dovecot service)"
} > piped
{ grep -v 'relay=scan' piped; grep 'relay=scan' piped; } > piped.late
for log in piped piped.late; do
    exits 0 "$maillog" summary --json --year 2026 $log
    for text in '"received":2,' '"delivered":2,' '"through_filter":1,' '"bytes_delivered":1210,' '"per_day":[{"date":"2026-07-19","received":2,"delivered":2,' \
        '"top_recipients":[{"address":"x@example.org","count":2,"bytes":1210}]' '"delay_average":2.000'; do
        says out "$text"
    done
    exits 0 "$maillog" summary --json --pflogsumm --year 2026 $log; says out '"received":3,'; says out '"delivered":3,'; says out '"through_filter":0,'
done
# from one host of the logs to another: one message, too
mail 1 1 a@example.net x@example.org gw | sed 's/(250 2.0.0 Ok)/(250 2.0.0 Ok: queued as A000000002)/' > gw.log
mail 2 1 a@example.net x@example.org box | sed 's/<m2@/<m1@/' > box.log
exits 0 "$maillog" summary --json --year 2026 gw.log box.log; says out '"received":1,'; says out '"delivered":1,'; says out '"between_hosts":1,'
sed 's/<m1@/<other@/' box.log > stranger.log # an equal queue ID by chance
exits 0 "$maillog" summary --json --year 2026 gw.log stranger.log; says out '"received":2,'; says out '"between_hosts":0,'
exits 0 "$maillog" summary --json --pflogsumm --year 2026 gw.log box.log; says out '"received":2,'

# other MTAs: who waits and who failed, and why
cat > others <<'END'
2026-07-19 08:00:00 1jmFYk-00039V-QX <= a@example.net H=h.example.net [192.0.2.1] P=esmtp S=7386
2026-07-19 08:00:01 1jmFYk-00039V-QX == b@example.com R=dnslookup T=remote_smtp defer (110): Connection timed out
2026-07-19 08:00:02 1jmFYk-00039V-QX ** c@example.com R=dnslookup T=remote_smtp H=mx.example.com [192.0.2.9]: SMTP error from remote mail server after RCPT TO:<c@example.com>: 550 5.1.1 no such user
Jul 19 08:00:03 mx sendmail[123]: 66J8001a000123: from=<a@example.net>, size=500, class=0, nrcpts=1, msgid=<1@example.net>, proto=ESMTP, daemon=MTA, relay=h.example.net [192.0.2.1]
Jul 19 08:00:05 mx sendmail[124]: 66J8001a000123: to=<b@example.org>, delay=00:00:05, xdelay=00:00:05, mailer=esmtp, pri=30500, relay=mx.example.org. [192.0.2.9], dsn=4.0.0, stat=Deferred: Connection refused by mx.example.org.
Jul 19 08:00:06 mx amavis[9]: (9-9) Passed, <a@example.net> -> <b@example.org>, Message-ID: <1@example.net>, Hits: 4
Jul 19 08:00:07 mx smtpd[123]: 7d1e2f3a4b5c6d7f mta delivery evpid=abcdef1234567890 from=<a@example.net> to=<b@example.org> rcpt=<-> source="192.0.2.5" relay="192.0.2.9 (mx.example.org)" delay=4s result="PermFail" stat="550 5.7.1 we do not take anything from networks like the one that you are in"
END
exits 0 "$maillog" summary --json --year 2026 others
for text in '"deferred":2,' '"bounced":2,' '{"agent":"exim","reason":"Connection timed out","count":1}' '{"relay":"mx.example.com","reason":"550 5.1.1 no such user","count":1}' \
    '"result":"Passed"' '{"agent":"sendmail","reason":"Connection refused by mx.example.org.","count":1}' \
    '{"relay":"mx.example.org","reason":"550 5.7.1 we do not take anything from networks like the one th...","count":1}'; do
    says out "$text"
done

# --top, of each table
i=1; while [ $i -le 30 ]; do mail $i 1 s$i@d$i.example.net x@example.org; i=$((i + 1)); done > many
exits 0 "$maillog" summary --json --top 3 many
[ "$(tr '{' '\n' < out | grep -c '"address":"s')" = 3 ] || fail "--top 3"
exits 0 "$maillog" summary --json --top 0 many; [ "$(tr '{' '\n' < out | grep -c '"address":"s')" = 30 ] || fail "--top 0"
exits 0 "$maillog" summary --json many; [ "$(tr '{' '\n' < out | grep -c '"address":"s')" = 20 ] || fail "--top is 20"

# memory is bounded, and what is lost is said
i=1; while [ $i -le 2000 ]; do printf 'Jul 19 08:00:01 mx postfix/smtpd[1]: NOQUEUE: reject: RCPT from unknown[192.0.2.1]: 550 5.1.1 <u%d@example.org>: Recipient address rejected: User unknown; from=<a@example.net> to=<u%d@example.org> proto=ESMTP helo=<x>\n' $i $i; i=$((i + 1)); done > unknown
exits 0 "$maillog" summary --json --memory 64K unknown; says out '"rejected":2000,'; says err "rare rows"
exits 0 "$maillog" summary --json unknown; [ ! -s err ] || fail "64M are enough"
exits 2 "$maillog" summary --memory 1K log

# the page: whole, safe
printf '%s\n' 'Jul 19 09:00:01 mx postfix/smtpd[1]: warning: <script>alert(1)</script> & "x"' > evil
exits 0 "$maillog" summary --html page.html evil; [ ! -s out ] || fail "the page alone"
says page.html '&lt;script&gt;alert(1)&lt;/script&gt; &amp; &quot;x&quot;'; says page.html "default-src 'none'"
says_not page.html "<script>alert"; says_not page.html "http://"; says_not page.html "https://"
[ "$(tail -n 1 page.html)" = "</body></html>" ] || fail "the page is whole"
exits 1 "$maillog" summary --html "$work/no/such/page.html" evil; says err "No such file"
exits 1 "$maillog" summary --html /dev/full many; says err "No space left"
exits 1 sh -c "'$maillog' summary many > /dev/full"; says err "No space left"
exits 0 sh -c "'$maillog' summary --top 0 many many | head -n 1"; [ ! -s err ] || fail "a reader that leaves is no trouble"

# an empty log, and one that is none
: > empty; exits 0 "$maillog" summary --json empty; says out '"received":0,'
exits 0 "$maillog" summary empty; says out "0 lines"
exits 0 "$maillog" summary --html page.html empty

# pflogsumm itself
if command -v pflogsumm >/dev/null; then
    sed '/forwarded as/d' log > plain
    sh "$source/tests/pflogsumm.sh" "$maillog" "$seed/mail.log" plain many unknown piped || fail "pflogsumm counts otherwise"
else
    echo "SKIPPED: pflogsumm is not installed"
fi
echo "summary: right"
