"""Courier's imapd and pop3d with authdaemond, and its MTA."""
import time

from lab import Talk, message
from mta import smtp_sessions

IMAP, POP3, SMTP = ("127.0.0.1", 10143), ("127.0.0.1", 10110), ("127.0.0.1", 10025)


def prepare(lab):
    lab.world()
    lab.certificate("/etc/courier/imapd.pem")
    lab.run("cp", "/etc/courier/imapd.pem", "/etc/courier/esmtpd.pem")
    for user in ("alice", "bob"):
        lab.user(user, "secret")
        lab.run("runuser", "-u", user, "--", "maildirmake", f"/home/{user}/Maildir")
        lab.run("runuser", "-u", user, "--", "maildirmake.courier", f"/home/{user}/Maildir")
    lab.directory("/run/courier/authdaemon", ("courier", "courier"))
    lab.write("/etc/courier/authdaemonrc", 'authmodulelist="authpam"\nauthmodulelistorig="authpam"\ndaemons=2\nauthdaemonvar=/run/courier/authdaemon\nDEBUG_LOGIN=1\nDEFAULTOPTIONS=""\nLOGGEROPTS=""\n')
    for name in ("imap", "pop3", "esmtp", "courier"):
        lab.write(f"/etc/pam.d/{name}", "auth required pam_unix.so nodelay\naccount required pam_unix.so\nsession required pam_unix.so\n")
    lab.start("/usr/sbin/courierlogger", "-name=authdaemond", "-facility=mail", "/usr/lib/courier/courier-authlib/authdaemond")
    time.sleep(1)
    for name, port, server in (("imapd", 10143, "imap"), ("pop3d", 10110, "pop3")):
        login = "imaplogin" if server == "imap" else "courierpop3login"
        daemon = "/usr/bin/imapd" if server == "imap" else "/usr/lib/courier/courier/courierpop3d"
        lab.write(f"/usr/local/sbin/{name}.run", f'#!/bin/sh\nset -a\n. /etc/courier/{name}\n. /etc/courier/{name}-ssl\nPROXY_HOSTNAME=\nexec /usr/sbin/couriertcpd -address=127.0.0.1 '
                  f'-stderrlogger=/usr/sbin/courierlogger -stderrloggername={name} -maxprocs=40 -maxperip=20 -nodnslookup -noidentlookup {port} /usr/lib/courier/courier/{login} {daemon} Maildir\n', 0o755)
        lab.start(f"/usr/local/sbin/{name}.run")
        lab.ready(("127.0.0.1", port), 20)


def mailboxes(lab):
    for user, password, lines in (("alice", "secret", ["SELECT INBOX", "CREATE INBOX.Work", "STATUS INBOX (MESSAGES)", "LOGOUT"]), ("alice", "wrong", ["LOGOUT"]), ("nobody", "x", []), ("bob", "secret", ["SELECT INBOX"]),
                                  ('"a b, ip=[1.2.3.4]"', "x", []), ("bob", "secret", ["NONSENSE"] * 3)):
        t = Talk(IMAP)
        t.until("\r\n")
        t.say(f"a LOGIN {user} {password}", "a OK", "a NO", "a BAD")
        for line in lines:
            t.say("b " + line, "b OK", "b NO", "b BAD", "Error")
        t.close()
    for lines in ([], ["a LOGOUT"], ["a STARTTLS", "garbage"], ["GARBAGE"] * 12, ["a AUTHENTICATE CRAM-MD5", "AAAA"]):
        t = Talk(IMAP)
        t.until("\r\n")
        for line in lines:
            t.say(line, "OK", "NO", "BAD", "+")
        t.close()
    t = Talk(IMAP)
    t.until("\r\n")
    if "OK" in t.say("a STARTTLS", "OK", "NO", "BAD"):
        t.tls()
        t.say("b LOGIN alice secret", "b OK", "b NO")
        t.say("b LOGOUT", "b OK")
    t.close()
    for user, password, quit in (("alice", "secret", True), ("alice", "wrong", False), ("nobody", "x", True), ("bob", "secret", False)):
        t = Talk(POP3)
        t.until("\r\n")
        for line in ("USER " + user, "PASS " + password, "STAT", "LIST", *(["QUIT"] if quit else [])):
            t.say(line, "\r\n")
        t.close()
    Talk(POP3).close()


def mta(lab):
    for name, text in (("me", "mx.lab.example\n"), ("locals", "localhost\nmx.lab.example\nlab.example\n"), ("esmtpacceptmailfor", "lab.example\nmx.lab.example\n"), ("defaultdomain", "lab.example\n"),
                       ("bofh", "badfrom spammer@example.net\n"), ("queuetime", "1m\n"), ("aliases/lab", "postmaster: bob\nteam: bob, friend@remote.example\n")):
        lab.write("/etc/courier/" + name, text)
    lab.run("sh", "-c", "cd /etc/courier && mkdir -p smtpaccess && printf '127.0.0\\tallow,RELAYCLIENT\\n192.0.2.67\\tdeny\\n' > smtpaccess/default && makesmtpaccess; makealiases; makeacceptmailfor")
    lab.run("sh", "-c", "sed -i 's/^PORT=.*/PORT=10025/; s/^ADDRESS=.*/ADDRESS=127.0.0.1/; s/^AUTH_REQUIRED=.*/AUTH_REQUIRED=0/; s/^BOFHCHECKDNS=.*/BOFHCHECKDNS=1/; s/^ESMTPAUTH=.*/ESMTPAUTH=\"PLAIN LOGIN\"/' /etc/courier/esmtpd")
    lab.run("courier", "start")
    lab.run("sh", "-c", "courierfilter start; esmtpd start")
    lab.ready(SMTP, 20)
    smtp_sessions(SMTP)
    for sender, rcpts, text in (("spammer@example.net", ["bob@lab.example"], message()), ("ann@example.net", ["team@lab.example"], message()), ("ann@example.net", ["bob", "nosuch", "x@remote.example", "nouser@remote.example"], message())):
        t = Talk(SMTP)
        t.smtp()
        t.mail(sender, rcpts, text, hello="EHLO mail.example.net")
        t.smtp("QUIT")
    t = Talk(SMTP)
    t.smtp()
    for line in ("EHLO x", "AUTH PLAIN AGJvYgBzZWNyZXQ=", "AUTH PLAIN AGJvYgB3cm9uZw==", "QUIT"):
        t.smtp(line)
    lab.run("sendmail", "-f", "ann@lab.example", "bob@lab.example", input=message("local").encode())
    time.sleep(8)
    lab.run("mailq")
    lab.run("courier", "flush")
    lab.run("courier", "restart")
    time.sleep(3)
    lab.run("sh", "-c", "esmtpd stop; courier stop")


PARTS = [prepare, mailboxes, mta]
