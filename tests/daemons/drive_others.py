"""Mailman 3, maildrop, procmail, fail2ban."""
import pathlib
import time

from lab import Talk, message


def prepare(lab):
    lab.world()
    lab.user("bob")


def delivery(lab):
    home = "/home/bob"
    for name, rules in (("mailfilter", 'logfile "/tmp/maildrop.log"\nif (/^Subject:.*list/)\n{\n  to "$HOME/nosuch/dir"\n}\nif (/^Subject:.*cmd/)\n{\n  xfilter "/bin/false"\n}\nto "$HOME/mbox"\n'),):
        lab.write(f"{home}/.{name}", rules, 0o600, ("bob", "bob"))
    lab.write(f"{home}/.procmailrc", "LOGFILE=/tmp/procmail.log\nVERBOSE=on\n:0\n* ^Subject:.*list\nnosuch/dir/x\n\n:0\n* ^Subject:.*cmd\n| /bin/false\n\n:0:\nmbox\n", 0o644, ("bob", "bob"))
    for subject in ("plain", "list", "cmd"):
        text = message(subject).encode()
        lab.run("maildrop", "-V", "5", "-d", "bob", input=text)
        lab.run("maildrop", "-d", "nosuchuser", input=text)
        lab.run("procmail", "-f", "ann@example.net", "-d", "bob", input=text)
        lab.run("procmail", "-d", "nosuchuser", input=text)
    lab.run("procmail", "-t", "-a", "x", "-d", "bob", input=b"no header")
    lab.run("chmod", "666", f"{home}/.procmailrc")
    lab.run("chmod", "666", f"{home}/.mailfilter")
    lab.run("procmail", "-d", "bob", input=message("plain").encode())
    lab.run("maildrop", "-d", "bob", input=message("plain").encode())
    lab.run("runuser", "-u", "bob", "--", "maildrop", "/nosuch/filter", input=message("plain").encode())
    lab.file("/tmp/maildrop.log", "maildrop")


def fail2ban(lab):
    pathlib.Path("/var/log/auth.log").write_text("")
    lab.directory("/run/fail2ban")
    lab.write("/etc/fail2ban/jail.local", "[DEFAULT]\nbackend = polling\nbanaction = none\nbantime = 3\nmaxretry = 2\nfindtime = 60\nignoreip = 10.0.0.1\nbantime.increment = true\n[sshd]\nenabled = false\n[postfix-lab]\nenabled = true\nfilter = lab\nlogpath = /var/log/lab.log\naction = lab\n")
    lab.write("/etc/fail2ban/filter.d/lab.conf", "[Definition]\nfailregex = ^.* auth failed from <HOST>$\n")
    lab.write("/etc/fail2ban/action.d/lab.conf", "[Definition]\nactionban = test <ip> != 192.0.2.13\nactionunban = true\nactionstart =\nactionstop =\n")
    log = pathlib.Path("/var/log/lab.log")
    log.write_text("")
    for target in ("/var/log/fail2ban.log", "SYSLOG"):
        p = lab.start("/usr/bin/fail2ban-server", "-f", "--logtarget", target, "--loglevel", "INFO", "start")
        time.sleep(4)
        with log.open("a", encoding="utf-8") as f:
            for ip in ("192.0.2.12", "192.0.2.13", "10.0.0.1", "2001:db8::1", "192.0.2.12"):
                for _ in range(3):
                    f.write(time.strftime("%b %d %H:%M:%S") + f" mx x[1]: auth failed from {ip}\n")
        time.sleep(6)
        for command in (["status"], ["set", "postfix-lab", "banip", "192.0.2.20"], ["set", "postfix-lab", "unbanip", "192.0.2.20"], ["reload"], ["set", "nosuch", "banip", "1.2.3.4"]):
            lab.run("fail2ban-client", *command)
        lab.end(p)
    lab.file("/var/log/fail2ban.log", "fail2ban")


def mailman(lab):
    lab.directory("/run/mailman3", ("list", "list"))
    lab.write("/etc/mailman3/mailman.cfg", "[mailman]\nsite_owner: root@lab.example\nlayout: debian\n[paths.debian]\nvar_dir: /var/lib/mailman3\nqueue_dir: $var_dir/queue\nlog_dir: /var/log/mailman3\nlock_dir: $var_dir/locks\npid_file: /run/mailman3/master.pid\n"
              "bin_dir: /usr/lib/mailman3/bin\ndata_dir: $var_dir/data\ncache_dir: $var_dir/cache\nlist_data_dir: $var_dir/lists\nmessages_dir: $var_dir/messages\narchive_dir: $var_dir/archives\ntemplate_dir: $var_dir/templates\netc_dir: /etc/mailman3\next_dir: /etc/mailman3\n"
              "[mta]\nincoming: mailman.mta.null.NullMTA\noutgoing: mailman.mta.deliver.deliver\nlmtp_host: 127.0.0.1\nlmtp_port: 8024\nsmtp_host: 203.0.113.30\nsmtp_port: 25\n[webservice]\nhostname: 127.0.0.1\nport: 8001\nadmin_user: a\nadmin_pass: b\n[database]\nclass: mailman.database.sqlite.SQLiteDatabase\nurl: sqlite:////var/lib/mailman3/data/mailman.db\n")
    for d in ("/var/lib/mailman3", "/var/lib/mailman3/data", "/var/log/mailman3"):
        lab.directory(d, ("list", "list"))

    def mm(*args, **kw):
        return lab.run("runuser", "-u", "list", "--", "/usr/bin/mailman", *args, timeout=120, **kw)
    mm("create", "test@lab.example")
    lab.write("/tmp/members", "ann@example.net\nfriend@remote.example\nnouser@remote.example\nnever@remote.example\n")
    mm("members", "--add", "/tmp/members", "test@lab.example")
    p = lab.start("runuser", "-u", "list", "--", "/usr/lib/mailman3/bin/master", "-C", "/etc/mailman3/mailman.cfg")
    lab.ready(("127.0.0.1", 8024), 60)
    for sender, to in (("ann@example.net", "test@lab.example"), ("stranger@example.net", "test@lab.example"), ("ann@example.net", "nosuch@lab.example"), ("ann@example.net", "test-request@lab.example"), ("ann@example.net", "test-bounces@lab.example")):
        t = Talk(("127.0.0.1", 8024))
        t.smtp()
        t.mail(sender, [to], message("help", sender=sender, to=to, message_id=f"<{sender}.{to}>"), hello="LHLO mx")
        t.close()
    time.sleep(15)
    lab.end(p)
    for f in pathlib.Path("/var/log/mailman3").glob("*"):
        lab.file(str(f), "mailman-" + f.stem)


PARTS = [prepare, delivery, fail2ban, mailman]
