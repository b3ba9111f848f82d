#!/usr/bin/env python3
"""Real daemons, real mail, and the truth about it. Started by scripts/test-real.sh in namespaces of its own.

usage: lab.py OUT VARIANT [SCENARIO…]

VARIANT is lda (mailboxes by pipe and dovecot-lda, short queue IDs) or lmtp (by LMTP, long queue IDs, client ports in the log).
Writes OUT/VARIANT.rfc3164.log, .rfc3339.log, .truth.ndjson, and .main.cf and .master.cf as Postfix had them.
"""
import contextlib
import email.utils
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import net  # noqa: E402
import scenarios  # noqa: E402
from client import Client, wait_port  # noqa: E402
from host import Host  # noqa: E402

VARIANTS = {
    "lda": "virtual_transport = dovecot\ndovecot_destination_recipient_limit = 1\nenable_long_queue_ids = no\n",
    "lmtp": "virtual_transport = lmtp:unix:private/dovecot-lmtp\nenable_long_queue_ids = yes\n"
            "smtpd_client_port_logging = yes\nenable_original_recipient = yes\n",
}
SERVERS = ("203.0.113.10", "203.0.113.11", "203.0.113.20", "203.0.113.30", "2001:db8:10::10", "2001:db8::25")
OUTSIDE = ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24")
MAILSERVERS = ("example.net", "example.com", "list.example", "hold.example", "redirect.example", "warn.example", "prepend.example",
               "bcc.example", "evil.example", "spammer.example", "strict.example", "spf.example", "example.org")
SIEVE = {
    "alice": 'require ["fileinto","reject","vacation","copy","imap4flags","mailbox"];\n'
             'if header :contains "subject" "list-me" { fileinto :create "Lists"; stop; }\n'
             'if header :contains "subject" "sieve-discard" { discard; stop; }\n'
             'if header :contains "subject" "sieve-reject" { reject "not for me"; stop; }\n'
             'if header :contains "subject" "sieve-redirect" { redirect "friend@remote.example"; stop; }\n'
             'if header :contains "subject" "sieve-vacation" { vacation :days 1 "away"; }\n'
             'if header :contains "subject" "sieve-copy" { fileinto :copy :create "Copies"; redirect :copy "friend@remote.example"; }\n'
             'if header :contains "subject" "sieve-flag" { addflag "\\\\Flagged"; }\n',
    "erin": "this is not sieve;\n",
}


def records(dkim):
    out = []
    for d in MAILSERVERS:
        out += [(d, net.A, "192.0.2.10"), (d, net.MX, "mail." + d), ("mail." + d, net.A, "192.0.2.10")]
    for ip, host in (("192.0.2.10", "mail.example.net"), ("192.0.2.40", "slow.example.net"), ("198.51.100.7", "mail.example.com"),
                     ("203.0.113.10", "mx1.lab.example"), ("203.0.113.20", "mx2.lab.example")):
        out += [(".".join(reversed(ip.split("."))) + ".in-addr.arpa", net.PTR, host), (host, net.A, ip)]
    out += [("98.2.0.192.in-addr.arpa", net.PTR, "mail.example.net")]  # a name that is not its
    out += [("99.2.0.192.bl.lab.example", net.A, "127.0.0.2"),
            ("99.2.0.192.bl.lab.example", net.TXT, "Listed; see http://bl.lab.example/?ip=192.0.2.99"),
            ("spammer.example.dbl.lab.example", net.A, "127.0.1.2")]
    out += [("remote.example", net.MX, "mx.remote.example"), ("mx.remote.example", net.A, "203.0.113.30"),
            ("nullmx.example", net.MX, "."), ("elsewhere.example", net.A, "203.0.113.31"), ("branch.example", net.MX, "mx2.lab.example"),
            ("refused.example", net.A, "203.0.113.31"), ("shop.branch.example", net.MX, "mx2.lab.example")]
    out += [("spf.example", net.TXT, "v=spf1 ip4:203.0.113.200 -all"), ("example.net", net.TXT, "v=spf1 ip4:192.0.2.0/24 ~all"),
            ("strict.example", net.TXT, "v=spf1 ?all"), ("_dmarc.strict.example", net.TXT, "v=DMARC1; p=reject"),
            ("lab._domainkey.example.org", net.TXT, "v=DKIM1; k=rsa; p=" + dkim),
            ("lab._domainkey.example.net", net.TXT, "v=DKIM1; k=rsa; p=" + dkim)]
    return out


class Lab:
    def __init__(self, out, variant):
        self.out, self.variant = pathlib.Path(out), variant
        self.root = self.out / ("tmp-" + variant)
        self.truth, self.later, self.count = [], [], 0
        shutil.rmtree(self.root, ignore_errors=True)
        self.root.mkdir(parents=True)
        self.root.chmod(0o755)
        self.bad_signature = ("v=1; a=rsa-sha256; c=relaxed/simple; d=example.net; s=lab; h=from:subject; "
                              "bh=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=; b=" + "QUJD" * 43)

    # ---- daemons ----

    def network(self):
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        for address in SERVERS:
            subprocess.run(["ip", "addr", "add", address + ("/128" if ":" in address else "/32"), "dev", "lo"], check=True)
        for prefix in OUTSIDE:
            subprocess.run(["ip", "route", "add", "local", prefix, "dev", "lo"], check=True)
        key = self.root / "dkim.key"
        subprocess.run(["openssl", "genrsa", "-traditional", "-out", key, "1024"], check=True, stderr=subprocess.DEVNULL)
        public = subprocess.run(["openssl", "rsa", "-in", key, "-pubout"], check=True, capture_output=True, text=True).stdout
        net.Names(records("".join(public.splitlines()[1:-1]))).serve()
        self.remote = net.serve_remote("203.0.113.30")

    def start(self):
        self.network()
        self.mx1 = mx1 = Host("mx1", self.root)
        log = self.out / self.variant
        mx1.set_up(["vmail", "local1"])
        mx1.rsyslog(log, 'module(load="imtcp")\ninput(type="imtcp" address="127.0.0.1" port="10514")\n')
        self.mx2 = mx2 = Host("mx2", self.root)
        mx2.set_up(["vmail", "local1", "local2"])
        mx2.rsyslog(self.root / "mx2", '*.* action(type="omfwd" target="127.0.0.1" port="10514" protocol="tcp" '
                                       'template="RSYSLOG_ForwardFormat")\n')
        vmail = {h: h.mount_dir("/var/vmail", (5000, 5000)) for h in (mx1, mx2)}
        self.boxes(vmail[mx1] / "example.org")
        mx1.postfix(VARIANTS[self.variant])
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=mx1.lab.example", "-days", "9",
                        "-keyout", mx1.path("/etc/postfix") / "key.pem", "-out", mx1.path("/etc/postfix") / "cert.pem"],
                       check=True, capture_output=True)
        mx2.postfix("")
        self.filters(mx1)
        for h in (mx1, mx2):
            h.postfix_start()
        for port in (10023, 8891, 8893, 10024, 10025, 2525):
            wait_port(("127.0.0.1", port))
        wait_port(("203.0.113.20", 25))

    def boxes(self, domain):
        for user in ("alice", "bob", "carol", "dave", "erin", "archive", "lover"):
            home = domain / user
            (home / "Maildir" / "cur").mkdir(parents=True)
            if user in SIEVE:
                (home / ".dovecot.sieve").write_text(SIEVE[user])
        (domain / "dave" / "Maildir" / "cur" / "1.M1P1.mx1,S=1100000,W=1100000:2,S").write_bytes(b"Subject: full\n\n" + b"x" * 1099985)
        subprocess.run(["chown", "-R", "5000:5000", str(domain)], check=True)

    def filters(self, h):
        def conf(name):
            return str(h.path("/etc/postfix") / name)
        shutil.copy(self.root / "dkim.key", h.path("/etc/postfix") / "dkim.key")
        shutil.chown(conf("dkim.key"), "opendkim")
        os.chmod(conf("dkim.key"), 0o600)
        h.run("chmod", "755", "/etc/postfix")
        h.mount_dir("/var/lib/postgrey", ("postgrey", "postgrey"))
        amavis = h.mount_dir("/var/lib/amavis", ("amavis", "amavis"))
        for d in ("tmp", "virusmails", "db"):
            (amavis / d).mkdir()
            shutil.chown(amavis / d, "amavis", "amavis")
        h.run("mkdir", "-p", "/run/dovecot", "/run/postgrey")
        h.mount_file("/etc/dovecot/dovecot.conf", open(conf("dovecot.conf"), encoding="utf-8").read())
        (h.path("/etc/postfix") / "grey").write_text("192.0.2.0/24\n2001:db8::/32\n")
        h.run("/usr/sbin/postgrey", "--daemonize", "--pidfile=/run/postgrey.pid", "--inet=127.0.0.1:10023", "--delay=4", "--user=postgrey", "--group=postgrey",
              "--dbdir=/var/lib/postgrey", "--whitelist-clients=/etc/postfix/grey", "--whitelist-recipients=/dev/null",
              "--auto-whitelist-clients=0", stdout=subprocess.DEVNULL)
        h.start("/usr/sbin/opendkim", "-f", "-x", "/etc/postfix/opendkim.conf")
        h.start("/usr/sbin/opendmarc", "-f", "-c", "/etc/postfix/opendmarc.conf")
        h.start("/usr/sbin/dovecot", "-F", "-c", "/etc/dovecot/dovecot.conf")
        h.start("/usr/sbin/amavisd", "-c", "/etc/postfix/amavis.conf", "foreground")

    def stop(self):
        for h in (self.mx1, self.mx2):
            h.postfix_stop()
        time.sleep(0.5)
        for h in (self.mx2, self.mx1):
            h.stop()

    # ---- sending ----

    def note(self, name, **truth):
        self.count += 1
        truth = dict(truth, name=name, number=self.count, time=time.time())
        self.truth.append(truth)
        return truth

    def text(self, t, subject, headers, body):
        head = {"From": f"<{t['mail_from'] or 'MAILER-DAEMON@example.net'}>", "To": "<undisclosed@example.org>", "Subject": subject,
                "Date": email.utils.formatdate(), "X-Lab": f"{t['number']}.", **headers}
        if t["message_id"]:
            head["Message-ID"] = t["message_id"]
        return "".join(f"{k}: {v}\n" for k, v in head.items()) + "\n" + body

    def new(self, name, mail_from="someone@example.net", rcpt=(scenarios.ALICE,), message_id="", expect=(), check=None,
            mailbox=None, bcc=None, **_):
        rcpt = list(rcpt)
        if expect == ():
            expect = {r: "delivered" for r in rcpt}
        if message_id == "":
            message_id = f"<{self.count + 1}.{os.getpid()}@lab.example>"
        return self.note(name, mail_from=mail_from, rcpt_to=rcpt, message_id=message_id, expect=expect, check=check,
                         mailbox=mailbox or {}, bcc=bcc)

    def mail(self, name, **args):
        t = self.new(name, **args)
        try:
            with self.connection(t, **args) as c:
                self.transaction(c, t, **args)
        except OSError as e:
            t["error"] = str(e)
        return t

    @contextlib.contextmanager
    def connection(self, t, client="192.0.2.10", server=scenarios.SMTP, tls=False, wrapped=False, outside=None, **args):
        c = Client(client, server, tls=wrapped)
        t.update(client_addr=outside or client, client_port=c.port, tls=tls or wrapped)
        self.hello(c, t, tls=tls, **args)
        yield c
        c.quit()

    @staticmethod
    def hello(c, t, helo="mail.example.net", esmtp=True, tls=False, xclient=None, auth=None, **_):
        line = ("EHLO " if esmtp else "HELO ") + helo
        t.update(helo=helo, greeting=c.reply())
        if xclient:
            c.do("XCLIENT " + xclient)
            port = re.search(r"PORT=(\d+)", xclient)
            t["client_port"] = int(port[1]) if port else t["client_port"]
        t["hello"] = c.do(line)
        if tls:
            c.starttls()
            c.do(line)
        if auth:
            t["auth"] = c.do("AUTH PLAIN " + scenarios.plain(auth))
            t["sasl_username"] = auth[0] if t["auth"].startswith("235") else None

    def transaction(self, c, t, subject="hello", headers=None, body="Hello.\n", size=None, smtputf8=False, stop=False, **_):
        more = (f" SIZE={size}" if size else "") + (" SMTPUTF8" if smtputf8 else "")
        t["mail_reply"] = c.do(f"MAIL FROM:<{t['mail_from']}>{more}")
        if not t["mail_reply"].startswith("250"):
            return
        t["rcpt_replies"] = {r: c.do(f"RCPT TO:<{r}>") for r in t["rcpt_to"]}
        if stop or not any(r.startswith("250") for r in t["rcpt_replies"].values()):
            return
        t["data_reply"] = c.do("DATA")
        if t["data_reply"].startswith("354"):
            t["end_reply"] = c.body(self.text(t, subject, headers or {}, body))
            said = re.search(r"queued as (\w+)\)?$", t["end_reply"])
            t["queue_id"] = said[1] if said else None

    def session(self, name, mails, **args):
        with self.connection({}, **args) as c:
            for n, m in enumerate(mails):
                t = self.new(f"{name} {n}", **m)
                t.update(client_addr=args.get("client", "192.0.2.10"), client_port=c.port)
                self.transaction(c, t, **m)
                c.do("RSET")

    @contextlib.contextmanager
    def raw(self, name, client, server=scenarios.SMTP):
        t = self.note("raw " + name, client_addr=client, raw=True)
        c = Client(client, server)
        t["client_port"] = c.port
        try:
            yield c
        except OSError as e:
            t["error"] = str(e)
        t["replies"] = c.replies
        c.close()

    def sendmail(self, name, flags=(), **args):
        args.setdefault("mail_from", "alice@example.org")
        t = self.new(name, **args)
        t["via"] = "sendmail"
        self.mx1.run("sendmail", *flags, "-f", t["mail_from"], "-i", "--", *t["rcpt_to"],
                     input=self.text(t, args.get("subject", "hello"), {}, "Hello.\n").encode())
        return t

    # ---- the truth of what arrived ----

    def arrived(self):
        """Copies in mailboxes and at the remote server: who has it, where, with which queue IDs."""
        found = {}
        for h in (self.mx1, self.mx2):
            for base in (h.path("/var/vmail"), h.path("/home")):
                for f in base.rglob("*"):
                    if f.parent.name in ("new", "cur") and f.is_file():
                        self.copy(found, f.read_bytes().decode("utf-8", "replace"), host=h.name,
                                  path=str(f.relative_to(base).parent.parent))
        for r in self.remote:
            self.copy(found, r["data"], host="remote", to=r["to"])
        for t in self.truth:
            t["copies"] = found.get(t["number"], [])

    @staticmethod
    def copy(found, text, **where):
        m = re.search(r"^X-Lab: (\d+)\.", re.split(r"\r?\n\r?\n", text, maxsplit=1)[0], re.M)
        if m:
            found.setdefault(int(m[1]), []).append(dict(where, queue_ids=net.received_ids(text)))

    def quiet(self, seconds):
        """Until the queues are empty, but for what is on hold."""
        end = time.time() + seconds
        while time.time() < end:
            if not any(q.is_file() for h in (self.mx1, self.mx2) for d in ("active", "deferred", "incoming", "maildrop")
                       for q in (h.path("/var/spool/postfix") / d).rglob("*")):
                break
            time.sleep(1)
        time.sleep(2)

    def write(self):
        with open(self.out / f"{self.variant}.truth.ndjson", "w", encoding="utf-8") as f:
            for t in self.truth:
                f.write(json.dumps(t) + "\n")
        for name in ("main.cf", "master.cf"):
            shutil.copy(self.mx1.path("/etc/postfix") / name, self.out / f"{self.variant}.{name}")
        for option in ("n", "M"):
            (self.out / f"{self.variant}.postconf-{option}").write_text(self.mx1.run("postconf", "-" + option))


def main():
    out, variant, *names = sys.argv[1:]
    lab = Lab(out, variant)
    for old in lab.out.glob(variant + ".*"):
        old.unlink()
    started = time.time()
    try:
        lab.start()
        print(f"{variant}: servers are up after {time.time() - started:.1f} s", flush=True)
        for scenario in scenarios.ALL:
            if not names or scenario.__name__ in names:
                print("  " + scenario.__name__, flush=True)
                scenario(lab)
        for f in lab.later:
            f()
        lab.quiet(60)
        lab.arrived()
        lab.write()
        print(f"{variant}: {lab.count} messages and sessions in {time.time() - started:.0f} s", flush=True)
    finally:
        lab.stop()
    shutil.rmtree(lab.root)


if __name__ == "__main__":
    main()
