"""sendmail: deliveries, refusals, milter, mail queues."""
import pathlib
import re
import time

from lab import Talk, message
from mta import smtp_sessions

PORT = ("127.0.0.1", 25)
MC = """divert(-1)
divert(0)dnl
include(`/usr/share/sendmail/cf/m4/cf.m4')dnl
VERSIONID(`lab')dnl
OSTYPE(`debian')dnl
DOMAIN(`debian-mta')dnl
define(`confDOMAIN_NAME', `mx.lab.example')dnl
define(`confLOG_LEVEL', `LEVEL')dnl
define(`confTO_QUEUERETURN', `1m')dnl
define(`confMAX_MESSAGE_SIZE', `100000')dnl
define(`confBAD_RCPT_THROTTLE', `2')dnl
define(`confPRIVACY_FLAGS', `authwarnings,novrfy,noexpn')dnl
define(`confSERVER_CERT', `/etc/lab.pem')dnl
define(`confSERVER_KEY', `/etc/lab.pem')dnl
FEATURE(`access_db', `hash -T<TMPF> -o /etc/mail/access.db')dnl
FEATURE(`blocklist_recipients')dnl
FEATURE(`greet_pause', `0')dnl
INPUT_MAIL_FILTER(`gone', `S=inet:1@127.0.0.1, T=S:1s;R:1s')dnl
DAEMON_OPTIONS(`Family=inet, Name=MTA-v4, Port=smtp, Addr=127.0.0.1')dnl
MAILER_DEFINITIONS
MAILER(`local')dnl
MAILER(`smtp')dnl
LOCAL_CONFIG
Cwlab.example
"""


def prepare(lab):
    lab.world()
    lab.certificate()
    lab.user("bob")
    lab.run("chmod", "600", "/etc/lab.pem")


def every(lab):
    for level in (9, 14):
        lab.write("/etc/mail/lab.mc", MC.replace("LEVEL", str(level)))
        cf = lab.run("m4", "/etc/mail/lab.mc")
        lab.write("/etc/mail/sendmail.cf", cf)
        lab.write("/etc/mail/access", "Connect:192.0.2.67 REJECT\nConnect:127.0.0.1 RELAY\nFrom:spammer@example.net REJECT\nTo:denied@lab.example ERROR:5.7.1:550 denied, by policy\n"
                  "To:later@lab.example ERROR:4.7.1:451 later\nTo:discard@lab.example DISCARD\nFrom:quar@example.net QUARANTINE:held for you\n")
        lab.run("sh", "-c", "cd /etc/mail && makemap hash access.db < access && touch local-host-names trusted-users relay-domains")
        lab.write("/etc/aliases", "team: bob, friend@remote.example, |/bin/false, /tmp/nodir/file\nloop: loop2\nloop2: loop\npostmaster: bob\nroot: bob\nlist: :include:/nonexistent\n")
        lab.run("newaliases")
        p = lab.start("/usr/sbin/sendmail", "-bD", "-q20s", "-L", "sm-mta")
        lab.ready(PORT, 30)
        smtp_sessions(PORT)
        for sender, rcpts, text in (("spammer@example.net", ["bob@lab.example"], message()), ("quar@example.net", ["bob@lab.example"], message()),
                                    ("ann@example.net", ["denied@lab.example", "later@lab.example", "discard@lab.example", "bob@lab.example"], message()), ("ann@example.net", ["team@lab.example"], message()),
                                    ("ann@example.net", ["loop@lab.example"], message()), ("ann@example.net", ["list@lab.example"], message()), ("ann@example.net", ["bob@lab.example"], message(body="x" * 120000)),
                                    ("ann@example.net", ["a@remote.example", "b@remote.example", "nouser@remote.example", "never@remote.example"], message()), ("", ["bob@lab.example"], message()),
                                    ("ann@example.net", ["bob@lab.example"], message(**{"Received": "by a\nReceived: by b" * 30})), ('"odd, <x>"@example.net', ['"b, o"@lab.example'], message())):
            t = Talk(PORT)
            t.smtp()
            t.mail(sender, rcpts, text, hello="EHLO mail.example.net")
            t.smtp("QUIT")
        t = Talk(PORT, source="192.0.2.67")
        t.smtp()
        t.smtp("EHLO x")
        t.mail("ann@example.net", ["bob@lab.example"], message())
        t.close()
        lab.run("sendmail", "-f", "ann@lab.example", "bob@lab.example", "friend@remote.example", "nosuch@lab.example", input=message("local").encode())
        lab.run("runuser", "-u", "bob", "--", "sendmail", "-f", "other@lab.example", "bob@lab.example", input=b"Subject: x\n\nx\n")
        lab.run("sendmail", "-L", "sm-msp-queue", "-Ac", "-q")
        time.sleep(4)
        lab.run("mailq")
        for f in pathlib.Path("/var/spool/mqueue").glob("qf*"):
            lab.run("sendmail", "-q", "-qI" + re.sub("^qf", "", f.name))
        lab.run("pkill", "-HUP", "-o", "-x", "sendmail")
        time.sleep(2)
        lab.run("pkill", "-TERM", "-x", "sendmail")
        lab.end(p)


PARTS = [prepare, every]
