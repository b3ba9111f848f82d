"""Cyrus: imapd, pop3d, lmtpd, timsieved, and its tools."""
import base64
import time

from lab import Talk, message

IMAP, POP3, LMTP, SIEVE = ("127.0.0.1", 10143), ("127.0.0.1", 10110), ("127.0.0.1", 10024), ("127.0.0.1", 14190)


def prepare(lab):
    lab.certificate()
    lab.run("chmod", "644", "/etc/lab.pem")
    lab.write("/etc/imapd.conf", """configdirectory: /var/lib/cyrus
partition-default: /var/spool/cyrus/mail
admins: cyrus
allowplaintext: yes
sasl_pwcheck_method: auxprop
sasl_auxprop_plugin: sasldb
sasl_mech_list: PLAIN LOGIN CRAM-MD5
sieveusehomedir: false
sievedir: /var/spool/sieve
tls_server_cert: /etc/lab.pem
tls_server_key: /etc/lab.pem
autocreate_quota: 100
autocreate_inbox_folders: Sent | Trash
autocreate_post: yes
auditlog: yes
duplicatesuppression: yes
syslog_prefix: cyrus
lmtp_over_quota_perm_failure: no
unixhierarchysep: yes
virtdomains: userid
defaultdomain: lab.example
idlesocket: /run/cyrus/socket/idle
lmtpsocket: /run/cyrus/socket/lmtp
maxquotaused: 100
quotawarn: 50
""")
    lab.write("/etc/cyrus.conf", """START {
  recover cmd="/usr/sbin/cyrus ctl_cyrusdb -r"
}
SERVICES {
  imap cmd="imapd" listen="127.0.0.1:10143" prefork=0
  pop3 cmd="pop3d" listen="127.0.0.1:10110" prefork=0
  lmtp cmd="lmtpd -a" listen="127.0.0.1:10024" prefork=0
  sieve cmd="timsieved" listen="127.0.0.1:14190" prefork=0
}
EVENTS {
  checkpoint cmd="/usr/sbin/cyrus ctl_cyrusdb -c" period=1
  delprune cmd="/usr/sbin/cyrus expire -E 3" period=1
}
""")
    lab.directory("/run/cyrus/socket", ("cyrus", "mail"))
    lab.run("chown", "cyrus:mail", "/run/cyrus")
    lab.run("/usr/lib/cyrus/bin/makedirs")
    lab.run("/usr/sbin/cyrus", "makedirs")
    for user in ("cyrus", "alice", "bob"):
        lab.run("saslpasswd2", "-p", "-c", "-u", "lab.example", user, input=b"secret")
        lab.run("saslpasswd2", "-p", "-c", "-u", "mx.lab.example", user, input=b"secret")
    lab.run("sh", "-c", "chgrp sasl /etc/sasldb2; chmod 644 /etc/sasldb2")
    lab.main = lab.start("/usr/lib/cyrus/bin/master", "-D", "-C", "/etc/imapd.conf", "-M", "/etc/cyrus.conf")
    lab.ready(IMAP, 30)


def imap(*lines, user="alice", password="secret", close=True):
    t = Talk(IMAP)
    t.until("\r\n")
    t.say(f"a LOGIN {user} {password}", "a OK", "a NO", "a BAD")
    for n, line in enumerate(lines):
        t.say(f"b{n} {line}", f"b{n} OK", f"b{n} NO", f"b{n} BAD", "+ ")
    if close:
        t.close()
    return t


def every(lab):
    imap("CREATE user/alice", "CREATE user/bob", "SETQUOTA user/bob (STORAGE 1)", "SETACL user/bob alice lrs", "SETACL user/alice cyrus lrswipkxtecda", "LIST \"\" *", "CREATE user/temp", "RENAME user/temp user/temp2",
         "DELETE user/temp2", "LOGOUT", user="cyrus")
    text = message("stored").replace("\n", "\r\n")
    t = imap("SELECT INBOX", "CREATE Work", close=False)
    t.say(f"c APPEND INBOX {{{len(text)}}}", "+", "c NO")
    t.say(text, "c OK", "c NO")
    for line in ("SELECT INBOX", "STORE 1 +FLAGS (\\Deleted)", "COPY 1 Work", "EXPUNGE", "DELETE Work", "FETCH 1 BODY[]", "IDLE"):
        t.say("d " + line, "d OK", "d NO", "d BAD", "+ ")
    t.close()
    imap(user="alice", password="wrong")
    imap(user="nobody", password="wrong")
    imap("LOGOUT", user="alice")
    for lines in (["a AUTHENTICATE PLAIN", "!!"], ["a AUTHENTICATE NOSUCH"], ["a STARTTLS", "garbage"], ["GARBAGE"] * 15, [], ["a AUTHENTICATE PLAIN " + base64.b64encode(b"\0alice\0bad").decode()],
                  ["a AUTHENTICATE CRAM-MD5", "AAAA"], ["a LOGOUT"]):
        t = Talk(IMAP)
        t.until("\r\n")
        for line in lines:
            t.say(line, "a OK", "a NO", "a BAD", "+ ", "BAD", "BYE")
        t.close()
    t = Talk(IMAP)
    t.until("\r\n")
    if "OK" in t.say("a STARTTLS", "a OK", "a NO"):
        t.tls()
        t.say("b LOGIN alice secret", "b OK", "b NO")
    t.close()
    for user, password, quit in (("alice", "secret", True), ("alice", "wrong", True), ("nobody", "x", False), ("alice", "secret", False)):
        t = Talk(POP3)
        t.until("\r\n")
        for line in ("USER " + user, "PASS " + password, "STAT", "RETR 1", "DELE 1", "NOOP", *(["QUIT"] if quit else [])):
            t.say(line, "\r\n")
        t.close()
    for rcpts, mail in ((["alice@lab.example"], message("one", message_id="<one@example.net>")), (["alice@lab.example"], message("one", message_id="<one@example.net>")), (["alice", "bob", "nosuch"], message("many")),
                        (["bob"], message("big", body="x" * 3000 + "\n")), (["alice+Work@lab.example"], message("plus")), (["alice"], message("no id", message_id=None)), (["alice"], "no header\n\nx"), (["alice"], message("b\u00fcd"))):
        t = Talk(LMTP)
        t.smtp()
        t.mail("ann@example.net", rcpts, mail, hello="LHLO mx")
        t.smtp("QUIT")
        t.close()
    script = 'require ["fileinto","reject","vacation"];\r\nif header :contains "subject" "discard" { discard; stop; }\r\nif header :contains "subject" "reject" { reject "no"; stop; }\r\n' \
             'if header :contains "subject" "file" { fileinto "INBOX.Sent"; stop; }\r\nif header :contains "subject" "redirect" { redirect "x@remote.example"; stop; }\r\n'
    for password in ("secret", "wrong"):
        t = Talk(SIEVE)
        t.until('OK')
        t.say('AUTHENTICATE "PLAIN" "' + base64.b64encode(f"\0alice\0{password}".encode()).decode() + '"', "OK", "NO")
        t.say(f'PUTSCRIPT "mine" {{{len(script)}+}}\r\n{script}', "OK", "NO")
        t.say('SETACTIVE "mine"', "OK", "NO")
        t.say("LOGOUT", "OK")
    for subject in ("discard", "reject", "file", "redirect", "keep"):
        t = Talk(LMTP)
        t.smtp()
        t.mail("ann@example.net", ["alice@lab.example"], message(subject, message_id=f"<{subject}@example.net>"), hello="LHLO mx")
        t.close()
    for command in (["reconstruct", "-r", "user/alice"], ["quota", "-f"], ["expire", "-E", "1", "-v"], ["squatter", "-r", "user"], ["tls_prune"], ["ctl_mboxlist", "-d"], ["ctl_deliver", "-d"], ["mbpath", "user/alice"], ["cyr_dbtool", "x", "y", "z"], ["sync_client", "-S", "127.0.0.1", "-A", "-v"],
                    ["chk_cyrus"], ["cyr_deny", "bob"], ["ipurge", "-d", "1", "user/alice"]):
        lab.run("runuser", "-u", "cyrus", "--", "/usr/sbin/cyrus", *command)
    imap("LOGOUT", user="bob")
    lab.run("sh", "-c", "echo broken > /var/spool/cyrus/mail/a/user/alice/cyrus.index; find /var/spool/cyrus -name cyrus.index | xargs -I{} sh -c 'echo broken > {}'")
    imap("SELECT INBOX", "FETCH 1 BODY[]")
    lab.run("pkill", "-KILL", "-x", "imapd")
    lab.run("pkill", "-HUP", "-x", "master")
    time.sleep(65)
    lab.end(lab.main)


PARTS = [prepare, every]
