"""OpenSMTPD."""
import time

from lab import Talk, message
from mta import smtp_sessions

PORT = ("127.0.0.1", 10025)


def prepare(lab):
    lab.world()
    lab.certificate()
    lab.run("chmod", "600", "/etc/lab.pem")
    lab.user("bob", "secret")
    lab.user("carol")
    lab.write("/etc/aliases", "root: bob\nteam: bob, carol, friend@remote.example\nbadpipe: |/bin/false\nloop: loop\n")
    lab.write("/etc/smtpd.conf", """pki lab cert "/etc/lab.pem.cert"
pki lab key "/etc/lab.pem"
table aliases file:/etc/aliases
table badhelo { "bad.helo" }
table spammers { "spam.helo" }
table junkers { "junk.helo" }
smtp max-message-size 100K
filter check_helo phase helo match helo <badhelo> reject "550 bad helo"
filter check_from phase helo match helo <spammers> disconnect "550 go away"
filter mark phase helo match helo <junkers> junk
filter chain_ chain { check_helo, check_from, mark }
listen on lo port 10025 tls pki lab auth-optional filter chain_
listen on socket
action "local" maildir alias <aliases>
action "out" relay
action "lmtp" lmtp "/nonexistent"
match from any for domain "lmtp.example" action "lmtp"
match from any for domain "lab.example" action "local"
match from local for any action "out"
match auth from any for any action "out"
""")
    lab.run("chmod", "600", "/etc/smtpd.conf")


def every(lab):
    lab.run("/usr/sbin/smtpd", "-n")
    for flags in ([], ["-v"], ["-T", "smtp"]):
        p = lab.start("/usr/sbin/smtpd", *(["-F"] if flags != ["x"] else []), *flags)
        lab.ready(PORT, 30)
        smtp_sessions(PORT)
        for sender, rcpts, text in (("spammer@example.net", ["bob@lab.example"], message()), ("junk@example.net", ["bob@lab.example"], message()), ("ann@example.net", ["x@lmtp.example"], message()),
                                    ("ann@example.net", ["team@lab.example"], message()), ("ann@example.net", ["badpipe@lab.example", "loop@lab.example"], message()),
                                    ("ann@example.net", ["bob@lab.example"], message(body="x" * 150000))):
            t = Talk(PORT)
            t.smtp()
            t.mail(sender, rcpts, text, hello="EHLO mail.example.net")
            t.smtp("QUIT")
        for helo in ("bad.helo", "spam.helo", "junk.helo"):
            t = Talk(PORT)
            t.smtp()
            t.mail("ann@example.net", ["bob@lab.example"], message(), hello="HELO " + helo)
            t.close()
        t = Talk(PORT, source="192.0.2.10")
        t.smtp()
        t.smtp("EHLO x")
        if t.smtp("STARTTLS").startswith("220"):
            t.tls()
            t.smtp("EHLO x")
            t.smtp("AUTH PLAIN AGJvYgBzZWNyZXQ=")
            t.mail("bob@lab.example", ["friend@remote.example"], message())
            t.smtp("AUTH PLAIN AGJvYgB3cm9uZw==")
        t.close()
        lab.run("sendmail", "-f", "ann@lab.example", "bob@lab.example", "friend@remote.example", input=message("local").encode())
        lab.run("smtpctl", "show", "queue")
        for command in (["schedule", "all"], ["pause", "mta"], ["resume", "mta"], ["pause", "smtp"], ["resume", "smtp"], ["log", "verbose"], ["log", "brief"], ["trace", "smtp"], ["untrace", "smtp"], ["remove", "all"]):
            lab.run("smtpctl", *command)
        time.sleep(3)
        lab.end(p)


PARTS = [prepare, every]
