"""Dovecot with all its services: logins and failures of each kind, ends of sessions, deliveries, Sieve, quota, replication, tools."""
import base64
import socket
import time

from lab import Talk, message

IMAP, POP3, SUBMISSION, SIEVE, LMTP, IMAPS = ("127.0.0.1", 10143), ("127.0.0.1", 10110), ("127.0.0.1", 10587), ("127.0.0.1", 14190), \
    ("127.0.0.1", 10024), ("127.0.0.1", 10993)

CONF = """
protocols = imap pop3 lmtp submission sieve
listen = 127.0.0.1
base_dir = /run/dovecot
log_path = {log}
syslog_facility = mail
mail_location = maildir:~/Maildir
mail_uid = vmail
mail_gid = vmail
first_valid_uid = 1
hostname = mx.lab.example
postmaster_address = postmaster@lab.example
ssl = yes
ssl_cert = </etc/lab.pem
ssl_key = </etc/lab.pem
verbose_ssl = {verbose}
auth_mechanisms = plain login cram-md5 digest-md5
auth_verbose = yes
auth_verbose_passwords = {passwords}
auth_debug = {debug}
mail_debug = {debug}
auth_failure_delay = 0
auth_cache_size = 1M
disable_plaintext_auth = yes
login_trusted_networks = 127.0.0.1
submission_relay_host = 203.0.113.30
submission_relay_port = 25
submission_max_mail_size = 20k
mail_max_userip_connections = 3
passdb {{
  driver = passwd-file
  args = username_format=%u /etc/dovecot/users
}}
passdb {{
  driver = passwd-file
  args = /etc/dovecot/masters
  master = yes
  deny = no
}}
passdb {{
  driver = pam
  args = dovecot
  skip = authenticated
}}
auth_master_user_separator = *
userdb {{
  driver = passwd-file
  args = username_format=%u /etc/dovecot/users
  default_fields = home=/var/vmail/%u uid=vmail gid=vmail
}}
service imap-login {{
  inet_listener imap {{
    port = 10143
  }}
  inet_listener imaps {{
    port = 10993
    ssl = yes
  }}
}}
service pop3-login {{
  inet_listener pop3 {{
    port = 10110
  }}
  inet_listener pop3s {{
    port = 0
  }}
}}
service submission-login {{
  inet_listener submission {{
    port = 10587
  }}
}}
service managesieve-login {{
  inet_listener sieve {{
    port = 14190
  }}
}}
service lmtp {{
  inet_listener lmtp {{
    address = 127.0.0.1
    port = 10024
  }}
}}
service stats {{
  unix_listener stats-writer {{
    mode = 0666
  }}
}}
service auth {{
  unix_listener auth-userdb {{
    mode = 0666
  }}
}}
service replicator {{
  process_min_avail = 1
  unix_listener replicator-doveadm {{
    mode = 0666
  }}
}}
service aggregator {{
  fifo_listener replication-notify-fifo {{
    mode = 0666
  }}
  unix_listener replication-notify {{
    mode = 0666
  }}
}}
doveadm_port = 12345
doveadm_password = secret
service doveadm {{
  inet_listener {{
    address = 127.0.0.1
    port = 12346
  }}
}}
service quota-warning {{
  executable = script /usr/local/bin/quota-warning
  user = vmail
  unix_listener quota-warning {{
    mode = 0666
  }}
}}
lda_mailbox_autocreate = yes
lda_mailbox_autosubscribe = yes
recipient_delimiter = +
lmtp_rcpt_check_quota = yes
mail_plugins = quota acl notify mail_log {replication}
namespace inbox {{
  inbox = yes
  separator = /
  mailbox Trash {{
    auto = create
    special_use = \\Trash
    autoexpunge = 1s
  }}
}}
protocol lmtp {{
  mail_plugins = quota acl notify mail_log sieve {replication}
}}
protocol lda {{
  mail_plugins = quota acl notify mail_log sieve
}}
protocol imap {{
  mail_plugins = quota acl imap_quota imap_acl notify mail_log imap_sieve {replication}
  mail_max_userip_connections = 3
  imap_id_log = *
  imap_hibernate_timeout = 1s
}}
service imap-hibernate {{
  unix_listener imap-hibernate {{
    mode = 0666
  }}
}}
service imap {{
  unix_listener imap-master {{
    user = dovecot
  }}
}}
plugin {{
  sieve = file:~/sieve;active=~/.dovecot.sieve
  sieve_before = /etc/dovecot/before.sieve
  sieve_extensions = +notify +imapflags +editheader +vnd.dovecot.duplicate
  sieve_vacation_min_period = 0
  sieve_max_redirects = 2
  quota = maildir:User quota
  quota_rule = *:storage=100k
  quota_rule2 = Trash:storage=+10%%
  quota_warning = storage=80%% quota-warning 80 %u
  quota_exceeded_message = Quota exceeded (mailbox for user is full)
  acl = vfile
  mail_log_events = delete undelete expunge save copy mailbox_create mailbox_delete mailbox_rename flag_change append
  mail_log_fields = uid box msgid size from flags vsize subject
  mail_replica = tcp:127.0.0.1:12346
  sieve_plugins = sieve_imapsieve
  imapsieve_mailbox1_name = Junk
  imapsieve_mailbox1_causes = COPY APPEND
  imapsieve_mailbox1_before = file:/etc/dovecot/report.sieve
}}
"""
SCRIPTS = {
    "alice": 'require ["fileinto","reject","vacation","copy","imap4flags","mailbox","enotify","duplicate","editheader","variables"];\n'
             'if header :contains "subject" "to-lists" { fileinto :create "Lists"; stop; }\n'
             'if header :contains "subject" "to-nowhere" { fileinto "No/Such"; stop; }\n'
             'if header :contains "subject" "do-discard" { discard; stop; }\n'
             'if header :contains "subject" "do-reject" { reject "not for me"; stop; }\n'
             'if header :contains "subject" "do-redirect" { redirect "friend@remote.example"; stop; }\n'
             'if header :contains "subject" "do-copy" { redirect :copy "friend@remote.example"; fileinto :copy :create "Copies"; }\n'
             'if header :contains "subject" "do-vacation" { vacation :days 1 "away"; }\n'
             'if header :contains "subject" "do-notify" { notify :message "mail!" "mailto:friend@remote.example"; }\n'
             'if header :contains "subject" "do-duplicate" { if duplicate { discard; stop; } }\n'
             'if header :contains "subject" "do-edit" { addheader "X-Seen" "yes"; }\n'
             'if header :contains "subject" "do-many" { redirect "a@remote.example"; redirect "b@remote.example"; redirect "c@remote.example"; }\n'
             'if header :contains "subject" "do-flag" { addflag "\\\\Flagged"; keep; }\n'
             'if header :contains "subject" "do-self" { redirect "alice@lab.example"; }\n',
    "erin": "this is not sieve;\n",
    "frank": 'require "fileinto";\nfileinto "/etc/../passwd";\n',
}


def set_up(lab, log="syslog", **more):
    lab.directory("/etc/dovecot")
    values = {"log": log, "verbose": "no", "debug": "no", "passwords": "no", "replication": "", **more}
    lab.write("/etc/dovecot/dovecot.conf", CONF.format(**values))
    users = "".join(f"{u}@lab.example:{{PLAIN}}secret::::::{x}\n" for u, x in (
        ("alice", ""), ("bob", ""), ("carol", "userdb_quota_rule=*:storage=1k"), ("erin", ""), ("frank", ""),
        ("nologin", "nologin reason=Closed_for_now"), ("proxied", "proxy host=203.0.113.31"), ("other", "host=203.0.113.31 nologin"),
        ("nowhere", "userdb_home=/proc/nowhere"), ("net", "allow_nets=10.0.0.0/8")))
    lab.write("/etc/dovecot/users", users + "crypt@lab.example:{SHA256-CRYPT}$5$broken::::::\nunknown@lab.example:{NOSUCH}abc::::::\n")
    lab.write("/etc/dovecot/masters", "admin:{PLAIN}secret\n")
    lab.write("/etc/dovecot/before.sieve", 'require ["fileinto","mailbox"];\nif header :contains "x-spam-flag" "YES" { fileinto :create "Junk"; stop; }\n')
    lab.write("/etc/dovecot/report.sieve", 'require ["vnd.dovecot.pipe","copy","imapsieve"];\npipe :copy "learn";\n')
    lab.write("/usr/local/bin/quota-warning", "#!/bin/sh\nexit 3\n", 0o755)
    vmail = lab.directory("/var/vmail", ("vmail", "vmail"))
    for user, script in SCRIPTS.items():
        lab.write(f"{vmail}/{user}@lab.example/.dovecot.sieve", script)
    lab.run("sievec", "/etc/dovecot/before.sieve")
    lab.run("chown", "-R", "vmail:vmail", vmail)
    lab.write("/etc/pam.d/dovecot", "auth required pam_unix.so nodelay\naccount required pam_unix.so\n")


def start(lab):
    p = lab.start("/usr/sbin/dovecot", "-F")
    for where in (IMAP, POP3, SUBMISSION, SIEVE, LMTP):
        lab.ready(where)
    return p


def prepare(lab):
    lab.certificate()
    lab.run("groupadd", "-f", "vmail")
    lab.run("useradd", "-g", "vmail", "-M", "vmail")
    lab.user("unixuser", "secret")
    lab.world()
    set_up(lab)
    lab.main = start(lab)


def imap(user=None, password="secret", where=IMAP, source=None, tls=False):
    t = Talk(where, source=source, tls=tls)
    t.until("\r\n")
    if user:
        t.say(f"a LOGIN {user} {password}", "a OK", "a NO", "a BAD")
    return t


def imap_sessions(lab):
    t = imap("alice@lab.example")
    lab.event("dovecot/imap-login", "login", user="alice@lab.example", method="PLAIN", rip="127.0.0.1")
    for command in ('ID ("name" "Thunder\\"bird" "version" "1.0")', "CREATE Work", "CREATE Old", "RENAME Old New", "DELETE New", "SELECT INBOX",
                    "GETQUOTAROOT INBOX", 'SETACL Work bob@lab.example lr', "ENABLE CONDSTORE"):
        t.say("b " + command, "b OK", "b NO", "b BAD")
    for n in range(3):
        text = message(f"number {n}", message_id=f"<{n}.imap@example.net>").replace("\n", "\r\n")
        t.say(f"c APPEND INBOX {{{len(text)}}}", "+", "c NO")
        t.say(text, "c OK", "c NO")
    for command in ("SELECT INBOX", "STORE 1 +FLAGS (\\Seen \\Flagged)", "COPY 1 Work", "MOVE 2 Work", "STORE 1 +FLAGS (\\Deleted)", "EXPUNGE",
                    "FETCH 1 (BODY[])", "UID SEARCH TEXT hello", "COPY 1 Trash", "COPY 1 Junk", "FOO", "FETCH 99:100 FLAGS"):
        t.say("d " + command, "d OK", "d NO", "d BAD")
    t.say("e LOGOUT", "e OK")
    lab.event("dovecot/imap", "session_end", user="alice@lab.example", reason="Logged out")
    for end in ("close", "idle", "bad", "unselect"):
        t = imap("bob@lab.example")
        t.say("f SELECT INBOX", "f OK")
        if end == "idle":
            t.say("g IDLE", "+ idling")
            time.sleep(2.5)  # hibernates
        if end == "bad":
            for _ in range(25):
                t.say("h NONSENSE", "h BAD")
        if end == "unselect":
            t.say("i FETCH 1 (BODY[]", "i OK", "i BAD")
        t.close()
    held = [imap("bob@lab.example") for _ in range(5)]  # more than mail_max_userip_connections
    for h in held:
        h.close()
    t = imap(where=IMAPS, tls=True)
    t.say("a LOGIN alice@lab.example secret", "a OK")
    t.say("b LOGOUT", "b OK")


def imap_failures(lab):
    plain = imap(source="192.0.2.10", where=IMAP)
    plain.close()
    for user, password in (("alice@lab.example", "wrong"), ("nobody@lab.example", "x"), ("nologin@lab.example", "secret"), ("net@lab.example", "secret"),
                           ("proxied@lab.example", "secret"), ("other@lab.example", "secret"), ("crypt@lab.example", "x"), ("unknown@lab.example", "x"),
                           ("nowhere@lab.example", "secret"), ("alice@lab.example*admin", "secret"), ("nobody@lab.example*admin", "secret"),
                           ("alice@lab.example*nosuch", "secret"), ('"bad user, rip=1.2.3.4>"', "x"), ('"a\\"b"', "x"), ("unixuser", "wrong"), ("unixuser", "secret"),
                           ('""', '""'), ("ünï@lab.example", "x"), ('"tab\there"', "x")):
        t = imap(user, password)
        t.say("z LOGOUT", "z OK")
        t.close()
    for lines in (["a AUTHENTICATE PLAIN", "!!!notbase64"], ["a AUTHENTICATE PLAIN", "*"], ["a AUTHENTICATE NOSUCH"],
                  ["a AUTHENTICATE CRAM-MD5", base64.b64encode(b"alice@lab.example 00000000000000000000000000000000").decode()],
                  ["a AUTHENTICATE CRAM-MD5", "AAAA"], ["a AUTHENTICATE DIGEST-MD5", "AAAA"], ["a AUTHENTICATE LOGIN", base64.b64encode(b"u").decode(), "*"],
                  ["a AUTHENTICATE PLAIN " + base64.b64encode(b"\0\0").decode()], ["a AUTHENTICATE PLAIN " + base64.b64encode(b"nozero").decode()],
                  ["GET / HTTP/1.1", "Host: x"], ["a NOOP"] + ["\x16\x03\x01garbage"], ["a STARTTLS", "garbage"], ["x" * 9000], ["a"] * 20,
                  ["a LOGIN alice@lab.example"], ["a LOGIN {5+}"], ["a CAPABILITY", "b LOGOUT"]):
        t = imap()
        for line in lines:
            t.say(line, "a OK", "a NO", "a BAD", "+ ", "BYE", "* BAD")
        t.close()
    for where in (IMAP, IMAPS, POP3, SUBMISSION, SIEVE):
        Talk(where).close()  # no auth attempts
    for context in ("none", "bad"):
        s = socket.create_connection(IMAPS)
        s.sendall(b"GET / HTTP/1.0\r\n\r\n" if context == "bad" else b"")
        time.sleep(0.2)
        s.close()
    t = imap(source="127.0.0.1")
    t.say("a AUTHENTICATE PLAIN", "+ ")
    t.close()  # during the authentication


def pop3(lab):
    def session(user, password="secret", *commands, quit=True):
        t = Talk(POP3)
        t.until("\r\n")
        t.say("USER " + user, "\r\n")
        t.say("PASS " + password, "\r\n")
        for c in commands:
            t.say(c, "\r\n")
        if quit:
            t.say("QUIT", "\r\n")
        t.close()
    session("alice@lab.example", "secret", "STAT", "LIST", "TOP 1 2", "RETR 1", "DELE 1", "UIDL")
    lab.event("dovecot/pop3-login", "login", user="alice@lab.example")
    session("alice@lab.example", "secret", "NONSENSE", quit=False)
    session("alice@lab.example", "wrong")
    session("nobody@lab.example", "wrong", quit=False)
    t = Talk(POP3)
    t.until("\r\n")
    for c in ("APOP x 0123", "AUTH NOSUCH", "AUTH PLAIN", "*", "AUTH PLAIN " + base64.b64encode(b"\0alice@lab.example\0bad").decode(), "PASS x", "NOOP",
              "FOO", "CAPA"):
        t.say(c, "\r\n")
    t.close()


def submission(lab):
    def session(*lines, auth="secret", ehlo="EHLO client.example.org"):
        t = Talk(SUBMISSION)
        t.smtp()
        t.smtp(ehlo)
        if auth:
            t.smtp("AUTH PLAIN " + base64.b64encode(f"\0alice@lab.example\0{auth}".encode()).decode())
        for line in lines:
            t.smtp(line)
        t.close()
    text = message().replace("\n", "\r\n") + "."
    session("MAIL FROM:<alice@lab.example>", "RCPT TO:<friend@remote.example>", "DATA", text, "QUIT")
    lab.event("dovecot/submission", "relayed", **{"from": "alice@lab.example"})
    session("MAIL FROM:<alice@lab.example>", "RCPT TO:<friend@remote.example>", "RCPT TO:<b@remote.example>", "DATA", text, "QUIT")
    session("MAIL FROM:<alice@lab.example>", "RCPT TO:<datafail@remote.example>", "DATA", text, "QUIT")
    session("MAIL FROM:<alice@lab.example>", "RCPT TO:<nouser@remote.example>", "QUIT")
    session("MAIL FROM:<alice@lab.example>", "RCPT TO:<gone@remote.example>", "DATA", text, "QUIT")
    session("MAIL FROM:<alice@lab.example> SIZE=999999", "VRFY x", "NONSENSE", "RSET", "HELP", "NOOP")
    session("MAIL FROM:<alice@lab.example>", "RCPT TO:<friend@remote.example>")
    session(auth="wrong")
    session("MAIL FROM:<x@y>", auth=None)
    session("AUTH PLAIN ====", "AUTH NOSUCH", auth=None)
    session(*["JUNK"] * 12, auth=None)
    session(auth=None, ehlo="EHLO bad host, name>")
    session("XCLIENT ADDR=203.0.113.9", auth=None)


def managesieve(lab):
    def session(*lines, password="secret"):
        t = Talk(SIEVE)
        t.until('OK "')
        t.say('AUTHENTICATE "PLAIN" "' + base64.b64encode(f"\0bob@lab.example\0{password}".encode()).decode() + '"', "OK ", "NO ")
        for line in lines:
            t.say(line, "OK ", "NO ", "BYE ")
        t.close()
    good, bad = 'keep;\r\n', 'this is wrong\r\n'
    session(f'PUTSCRIPT "mine" {{{len(good)}+}}\r\n{good}', 'SETACTIVE "mine"', 'LISTSCRIPTS', f'CHECKSCRIPT {{{len(bad)}+}}\r\n{bad}',
            f'PUTSCRIPT "bad" {{{len(bad)}+}}\r\n{bad}', 'RENAMESCRIPT "mine" "yours"', 'GETSCRIPT "none"', 'DELETESCRIPT "yours"', 'SETACTIVE ""',
            'DELETESCRIPT "yours"', 'HAVESPACE "x" 99999999', "LOGOUT")
    lab.event("dovecot/managesieve-login", "login", user="bob@lab.example")
    session("NONSENSE")
    session(password="wrong")


def delivery(lab):
    n = 0
    for subject in ("plain", "to-lists", "to-nowhere", "do-discard", "do-reject", "do-redirect", "do-redirect", "do-copy", "do-vacation",
                    "do-vacation", "do-notify", "do-duplicate", "do-duplicate", "do-edit", "do-many", "do-flag", "do-self"):
        n += 1
        t = Talk(LMTP)
        t.smtp()
        same = subject in ("do-duplicate",)
        t.mail("ann@example.net", ["alice@lab.example"], message(subject, to="alice@lab.example",
               message_id=f"<same.{subject}@example.net>" if same else f"<{n}.{subject}@example.net>"), hello="LHLO mx")
        t.smtp("QUIT")
        t.close()
    lab.event("dovecot/lmtp", "stored", mailbox="'Lists'", message_id="<2.to-lists@example.net>")
    lab.event("dovecot/lmtp", "discarded", message_id="<4.do-discard@example.net>")
    lab.event("dovecot/lmtp", "forwarded", to="friend@remote.example", message_id="<6.do-redirect@example.net>")
    for rcpts, text in ((["bob@lab.example", "carol@lab.example", "nobody@lab.example", "bob+detail@lab.example"], message("several")),
                        (["erin@lab.example"], message("bad script")), (["frank@lab.example"], message("bad mailbox")),
                        (["carol@lab.example"], message("big", body="x" * 4000 + "\n")), (["bob@lab.example"], message("fills", body=("x" * 70 + "\n") * 1200)),
                        (["bob@lab.example"], message("fills", body=("x" * 70 + "\n") * 400)), (["bob@lab.example"], message("over", body=("x" * 70 + "\n") * 400)),
                        (["nowhere@lab.example"], message("no home")), (["alice@lab.example"], message("x", X_Spam_Flag="YES")),
                        (["alice@lab.example"], message("no id", message_id=None)), (["alice@lab.example"], message("odd id", message_id="odd id: <x> (y) =")),
                        (["bob@lab.example", "alice@lab.example"], message("two"))):
        t = Talk(LMTP)
        t.smtp()
        t.mail("ann@example.net", rcpts, text, hello="LHLO mx")
        t.close()
    for lines, quit in ((["LHLO mx"], True), (["LHLO mx"], False), (["LHLO mx", "MAIL FROM:<>"], False), (["LHLO mx", "MAIL FROM:<a@b>", "RCPT TO:<alice@lab.example>", "DATA"], False),
                        (["LHLO mx", "MAIL FROM:<a@b>", "RCPT TO:<alice@lab.example>", "DATA", "Subject: x"], False), (["EHLO mx"] + ["X"] * 12, False),
                        (["LHLO mx", "MAIL FROM:<a@b"], True), ([], False)):
        t = Talk(LMTP)
        t.smtp()
        for line in lines:
            t.smtp(line) if line != "Subject: x" else t.say(line)
        if quit:
            t.smtp("QUIT")
        t.close()
    lda = "/usr/lib/dovecot/dovecot-lda"
    for args in (("-d", "alice@lab.example"), ("-d", "nobody@lab.example"), ("-d", "carol@lab.example"), ("-d", "erin@lab.example"), ("-d", "alice@lab.example", "-m", "Deep/er"),
                 ("-d", "alice@lab.example", "-e")):
        for subject in ("plain", "do-reject", "do-redirect", "to-lists"):
            lab.run(lda, "-f", "ann@example.net", *args, input=message(subject, message_id=f"<lda.{subject}@example.net>", body="y" * 2000 + "\n").encode())


def tools(lab):
    for args in (("who",), ("kick", "alice@lab.example"), ("auth", "test", "alice@lab.example", "wrong"), ("auth", "test", "alice@lab.example", "secret"),
                 ("user", "alice@lab.example"), ("user", "nobody@lab.example"), ("mailbox", "list", "-u", "alice@lab.example"), ("mailbox", "create", "-u", "alice@lab.example", "Made"),
                 ("mailbox", "delete", "-u", "alice@lab.example", "Made"), ("expunge", "-u", "alice@lab.example", "mailbox", "INBOX", "all"), ("index", "-u", "alice@lab.example", "*"),
                 ("index", "-q", "-u", "alice@lab.example", "INBOX"), ("quota", "recalc", "-u", "alice@lab.example"), ("quota", "get", "-u", "nobody@lab.example"),
                 ("force-resync", "-u", "alice@lab.example", "INBOX"), ("move", "-u", "alice@lab.example", "Work", "mailbox", "Lists", "all"), ("acl", "debug", "-u", "alice@lab.example", "Work"),
                 ("acl", "get", "-u", "alice@lab.example", "Work"), ("sync", "-u", "alice@lab.example", "tcp:127.0.0.1:12346"), ("sync", "-u", "alice@lab.example", "tcp:127.0.0.1:1"),
                 ("backup", "-u", "alice@lab.example", "maildir:/var/vmail/backup"), ("replicator", "status"), ("replicator", "replicate", "alice@lab.example"), ("log", "test"), ("log", "errors"),
                 ("fetch", "-u", "alice@lab.example", "hdr.subject", "all"), ("purge", "-A"), ("auth", "cache", "flush"), ("reload",), ("fts", "rescan", "-u", "alice@lab.example"),
                 ("sieve", "list", "-u", "alice@lab.example"), ("stats", "dump"), ("penalty",), ("instance", "list"), ("dict", "get", "-u", "x", "file:/tmp/nodict", "priv/x")):
        lab.run("doveadm", *args)
    time.sleep(1)
    lab.run("sievec", "/var/vmail/erin@lab.example/.dovecot.sieve")
    lab.run("sieve-test", "/var/vmail/alice@lab.example/.dovecot.sieve", "/etc/hosts")


def damage(lab):
    """What an admin meets: no permission, broken index, mailbox that goes away, a killed service."""
    home = "/var/vmail/alice@lab.example/Maildir"
    t = imap("alice@lab.example")
    t.say("a SELECT INBOX", "a OK")
    lab.run("sh", "-c", f"for f in {home}/dovecot.index* {home}/dovecot-uidlist; do echo broken > $f; done")
    t.say("b FETCH 1:* (FLAGS BODY[])", "b OK", "b NO", "b BAD", "BYE")
    t.close()
    t = imap("alice@lab.example")
    t.say("a SELECT INBOX", "a OK", "a NO")
    lab.run("sh", "-c", f"rm -f {home}/cur/* {home}/new/*")
    t.say("b FETCH 1:* BODY[]", "b OK", "b NO", "b BAD", "BYE")
    t.say("c SELECT Work", "c OK", "c NO")
    lab.run("rm", "-rf", home + "/.Work")
    t.say("d NOOP", "d OK", "d NO", "BYE")
    t.close()
    lab.run("chown", "-R", "root", home)
    lab.run("chmod", "-R", "go-rwx", home)
    t = imap("alice@lab.example")
    t.say("a SELECT INBOX", "a OK", "a NO")
    t.close()
    t = Talk(LMTP)
    t.smtp()
    t.mail("ann@example.net", ["alice@lab.example"], message("no permission"), hello="LHLO mx")
    t.close()
    lab.run("chown", "-R", "vmail", home)
    for sig in ("KILL", "SEGV"):
        t = imap("bob@lab.example")
        lab.run("pkill", "-" + sig, "-x", "imap")  # of this PID namespace
        time.sleep(0.3)
        t.close()


def restart(lab):
    held = imap("bob@lab.example")
    waiting = imap()
    lab.run("doveadm", "reload")
    time.sleep(0.5)
    lab.end(lab.main)
    held.close()
    waiting.close()
    for more in ({"verbose": "yes", "debug": "yes", "passwords": "plain", "replication": "replication"}, {"log": "/var/log/dovecot.log", "debug": "no"}):
        set_up(lab, **more)
        p = start(lab)
        for part in (imap_failures, pop3):
            part(lab)
        t = imap("alice@lab.example")
        t.say("a SELECT INBOX", "a OK", "a NO")
        t.say("a LOGOUT", "a OK")
        t = Talk(LMTP)
        t.smtp()
        t.mail("ann@example.net", ["alice@lab.example"], message("do-redirect"), hello="LHLO mx")
        t.close()
        if "replication" in more:
            time.sleep(2)
        lab.end(p)
    lab.file("/var/log/dovecot.log")
    lab.write("/etc/dovecot/dovecot.conf", "protocols = imap\nnosuch = 1\n")
    lab.run("/usr/sbin/dovecot", "-F")
    lab.write("/etc/dovecot/dovecot.conf", "protocols = imap\nssl_cert = </nonexistent\nlog_path = syslog\n")
    lab.run("timeout", "2", "/usr/sbin/dovecot", "-F")


PARTS = [prepare, imap_sessions, imap_failures, pop3, submission, managesieve, delivery, tools, damage, restart]
