"""rspamd: its proxy as a milter, its scanner and its controller; once with a file, once with syslog."""
import time

from drive_filters import SPAM, TEXTS, milter, prepare
from lab import Talk


def rspamd(lab):
    lab.directory("/var/lib/rspamd", ("_rspamd", "_rspamd"))
    lab.directory("/run/rspamd", ("_rspamd", "_rspamd"))
    lab.directory("/var/log/rspamd", ("_rspamd", "_rspamd"))
    for kind in ("file", "syslog"):
        lab.write("/etc/rspamd/local.d/logging.inc", f'type = "{kind}";\nfilename = "/var/log/rspamd/rspamd.log";\nlevel = "info";\nfacility = "mail";\nlog_re_cache = true;\n')
        lab.write("/etc/rspamd/local.d/worker-proxy.inc", 'bind_socket = "127.0.0.1:11332";\nmilter = yes;\nupstream "local" { default = yes; self_scan = yes; }\n')
        lab.write("/etc/rspamd/local.d/worker-normal.inc", 'bind_socket = "127.0.0.1:11333";\ncount = 1;\n')
        lab.write("/etc/rspamd/local.d/options.inc", 'dns { nameserver = ["127.0.0.1"]; timeout = 0.2s; retransmits = 1; }\nlocal_addrs = "127.0.0.0/8";\n')
        lab.write("/etc/rspamd/local.d/worker-controller.inc", 'bind_socket = "127.0.0.1:11334";\npassword = "q1";\n')
        p = lab.start("/usr/bin/rspamd", "-f", "-u", "_rspamd", "-g", "_rspamd", to="rspamd-console")
        try:
            rspamd_mail(lab)
        finally:
            lab.end(p, seconds=20)
            lab.file("/var/log/rspamd/rspamd.log", "rspamd")


def rspamd_mail(lab):
    lab.ready(("127.0.0.1", 11332), 240)
    time.sleep(2)
    for text in TEXTS.values():
        milter(("127.0.0.1", 11332), text)
        lab.run("rspamc", "-h", "127.0.0.1:11333", "--timeout=10", input=text.encode("utf-8", "surrogateescape"))
    milter(("127.0.0.1", 11332), SPAM, macros={"auth_authen": "alice"})
    for args in (["stat"], ["-P", "wrong", "stat"], ["-P", "q1", "learn_spam"], ["-P", "q1", "learn_ham"], ["uptime"]):
        lab.run("rspamc", "-h", "127.0.0.1:11334", "--timeout=10", *args, input=SPAM.encode())
    Talk(("127.0.0.1", 11332)).close()
    t = Talk(("127.0.0.1", 11333))
    t.say("GARBAGE", "\n")
    t.close()


PARTS = [prepare, rspamd]
