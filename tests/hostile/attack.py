#!/usr/bin/env python3
"""usage: attack.py MAILLOG [FOLDER]: lies through real Postfix and Dovecot; what the log says is compared with what was sent.

Each attempt has a client address of its own (XCLIENT) or a number in what it sends, so that its lines are found without
trusting the fields that are in question. Exit 0: nobody was fooled."""
import base64, email.header, json, os, re, shutil, smtplib, socket, subprocess, sys, tempfile, time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from lies import LIES, enc, printable
from servers import Servers

ANY_NAME = "password=right"  # of everybody, whatever he calls himself

def replies(stages, codes):
    return [(stages[n % len(stages)], code + b" " + enc(lie).replace(b"\0", b"")[:470]) for code in codes for n, lie in enumerate(LIES)]


REPLIES = replies(["end"], [b"250 2.0.0"]) + replies(["end", "data", "rcpt", "mail"], [b"550 5.7.1", b"451 4.7.1"])
REPLIES += [("end", x) for x in (b"250-2.0.0 first line\r\n250 2.0.0 Ok: queued as 4F1C02B7A1", b"250 2.0.0 (((( status=bounced (x)", b"250 \xff\xfe\x01",
                                 b"550-5.7.1 no, status=sent\r\n550 5.7.1 (250 ok)", b"250", b"250 ", b"250 " + b"x" * 4000, b"550 " + b"(" * 1500)]
GREETINGS = replies(["banner"], [b"220", b"554 5.7.1", b"421"]) + replies(["ehlo"], [b"250", b"550", b"421"])
NEUTER = " <>()\\\";@"


def quoted(lie):
    """As Postfix writes it: what is a dot-atom without quotes."""
    atom = r"[^\s\x00-\x1f\x7f<>()\[\]\\.,;:@\"]+"
    if re.fullmatch(rf"{atom}(\.{atom})*", lie, re.ASCII):
        return lie + "@lie.example"
    return '"' + lie.replace("\\", "\\\\").replace('"', '\\"') + '"@lie.example'


def logged(text, blank="\t\r"):
    """As Postfix logs what is one of its strings: up to a NUL, `blank` as blanks: in addresses it reads them as such."""
    return printable(re.sub(f"[{blank}]", " ", text.split("\0")[0]))


def as_dovecot(name):
    """What Dovecot 2.3 writes of a user's name, which ends at a NUL: as it is in a session's prefix; in the lines of a login, control
    characters, and what is not UTF-8, are `?`."""
    name = name.split("\0")[0]
    return {name, "".join("?" if ord(c) < 32 or "\ud800" <= c <= "\udfff" else c for c in name)}


def xtext(text):
    return "".join(chr(b) if 33 <= b <= 126 and b not in b"+=" else f"+{b:02X}" for b in enc(text))


class Smtp:
    """One session, said raw: smtplib would tidy up."""

    def __init__(self, port, addr=None, name="unknown"):
        self.s = socket.create_connection(("127.0.0.1", port), 10)
        self.f = self.s.makefile("rb")
        self.reply()
        if addr:
            self.say("EHLO proxy.example")
            self.say(f"XCLIENT ADDR={addr} NAME=[UNAVAILABLE]" if name == "unknown" else f"XCLIENT ADDR={addr} NAME={name}")

    def reply(self):
        text = b""
        for line in self.f:
            text += line
            if line[3:4] != b"-":
                break
        return text.decode("utf-8", "replace")

    def say(self, line):
        self.s.sendall((line if isinstance(line, bytes) else enc(line)) + b"\r\n")
        return self.reply()

    def close(self):
        try:
            self.say("QUIT")
        except OSError:
            pass
        self.s.close()


class Attack:
    def __init__(self, servers):
        self.on, self.want, self.mail, self.login = servers, {}, {}, {}
        self.addr, self.boxes, self.names_of_users = 0, {"folder", "INBOX"}, {"nina"}

    def client(self, **want):
        """A client address of its own, and what its rejections must say."""
        self.addr += 1
        addr = f"198.18.{self.addr // 250}.{self.addr % 250 + 1}"
        self.want[addr] = dict(want, client_addr=addr)
        return Smtp(self.on.port["smtp"], addr), addr

    def refused(self):
        """HELO, sender and recipient, in rejections."""
        for lie in LIES:
            helo = "".join("?" if c in NEUTER or ord(c) < 32 or ord(c) > 126 else c for c in lie.strip().split("\n")[0]) or None
            s, _ = self.client(**{"from": "ann@example.net", "to": "no@home.example", "helo": helo and helo[:0] or None})
            s.say("EHLO " + lie), s.say("MAIL FROM:<ann@example.net>"), s.say("RCPT TO:<no@home.example>"), s.close()
            for sender, rcpt in ((quoted(lie), "no@home.example"), ("ann@example.net", quoted("no" + lie)), (quoted(lie), quoted("no" + lie))):
                s, _ = self.client(**{"from": logged(sender), "to": logged(rcpt), "helo": "h.example"})
                s.say("EHLO h.example"), s.say(f"MAIL FROM:<{sender}>"), s.say(f"RCPT TO:<{rcpt}>"), s.close()
            s, _ = self.client(helo="h.example")
            s.say("EHLO h.example"), s.say("MAIL FROM:<ann@example.net> AUTH=" + lie.replace(" ", "+20"))
            s.say("RCPT TO:<nina@home.example>"), s.say("VRFY " + lie), s.say("ETRN " + lie), s.say(lie), s.close()

    def names(self):
        """What a proxy says of its client (XCLIENT), of which a PTR name, a HELO and a login are the client's own."""
        hosts = ["status-sent.example", "client.from.to.helo.example", "unknown", "unknown.example", "6.6.6.6", "6-6-6-6.mx.example", "proto-ESMTP"]
        for n, lie in enumerate(LIES):
            for name in (hosts[n % len(hosts)], lie):
                s, addr = self.client()
                s.say(f"XCLIENT ADDR={addr} NAME={xtext(name[:200])} HELO={xtext(lie[:200])} LOGIN={xtext(lie[:200])}")
                s.say("MAIL FROM:<ann@example.net>"), s.say("RCPT TO:<no@home.example>")
                if s.say("RCPT TO:<nina@home.example>").startswith("250"):
                    self.login[addr] = {"client_addr": addr}
                s.close()

    def submission(self, user="nina"):
        """Whoever logged in chooses the sender of MAIL … AUTH=, bare in the log."""
        for lie in LIES if user == "nina" else LIES[:1]:
            s = Smtp(self.on.port["submission"])
            s.say("EHLO proxy.example")
            self.addr += 1
            addr = f"198.18.{self.addr // 250}.{self.addr % 250 + 1}"
            s.say(f"XCLIENT ADDR={addr} NAME=[UNAVAILABLE]"), s.say("EHLO h.example")
            answer = s.say("AUTH PLAIN " + base64.b64encode(b"\0" + enc(user) + b"\0right").decode())
            s.say("MAIL FROM:<ann@example.net> AUTH=" + xtext(lie[:200]))
            if answer.startswith("235") and s.say("RCPT TO:<nina@home.example>").startswith("250"):
                self.login[addr] = {"client_addr": addr, "sasl_username": printable(user), "sasl_method": "PLAIN"}
            s.close()

    def logins(self):
        for lie in LIES:
            s, _ = self.client()
            s.say("EHLO h.example")
            s.say("AUTH PLAIN " + base64.b64encode(b"\0" + enc(lie) + b"\0wrong " + enc(lie)).decode())
            s.say("AUTH LOGIN"), s.say(base64.b64encode(enc(lie)).decode()), s.say(base64.b64encode(enc(lie)).decode()), s.close()

    def message(self, rcpt, headers, sender="ann@example.net"):
        s, addr = self.client()
        s.say("EHLO h.example"), s.say(f"MAIL FROM:<{sender}>"), s.say(f"RCPT TO:<{rcpt}>")
        answer = s.say("DATA")
        if answer.startswith("354"):
            s.s.sendall("".join(f"{k}: {v}\r\n" for k, v in headers).encode("utf-8", "surrogateescape") + b"\r\nhello\r\n")
            answer = s.say(".")
        s.close()
        found = re.search(r"queued as (\w+)", answer)
        return (found and found[1]), addr, answer

    def mails(self):
        """Message-ID, checked headers, folders, replies of the liar."""
        for n, lie in enumerate(LIES):
            for form in ("<{}@x.example>", "{}", "<{}>"):
                text = form.format(lie).strip()
                qid, addr, _ = self.message("nina@home.example", [("Message-ID", text), ("X-Check", lie), ("X-Folder", lie[:60]), ("Subject", lie), ("From", lie)])
                if qid:
                    self.mail[qid] = {"message_id": logged(text, "\r"), "from": "ann@example.net", "client_addr": addr, "to": "nina@home.example"}
            self.message("nina@home.example", [("X-Refuse", lie), ("Message-ID", "<a@x.example>")])
        for n, (stage, reply) in enumerate(REPLIES):
            sender = f"liar+{n}@mail.example" if stage == "mail" else quoted(LIES[n % len(LIES)])
            self.outgoing(f"bob+{n}@remote.example", sender, {b"2": "sent", b"4": "deferred", b"5": "bounced"}[reply[:1]],
                          printable(reply.decode("utf-8", "surrogateescape")) if reply[:1] == b"2" and b"\n" not in reply and 4 < len(reply) < 500 else None)
        for n in range(len(GREETINGS)):
            self.outgoing(f"g{n}@greet.example", "ann@example.net")

    def outgoing(self, rcpt, sender, status=None, reply=None):
        qid, addr, _ = self.message(rcpt, [("Message-ID", "<1@x.example>")], sender)
        if qid:
            self.mail[qid] = {"message_id": "<1@x.example>", "from": logged(sender), "client_addr": addr, "to": rcpt, "status": status,
                              "relay_addr": status and "127.0.0.1", "reply": reply}

    def dovecot(self):
        for lie in LIES:
            literal = enc(lie)
            for tail in (b'LOGIN "%s" "x"' % literal.replace(b"\\", b"\\\\").replace(b'"', b'\\"'),
                         b"LOGIN {%d+}\r\n%s {%d+}\r\nwrong %s" % (len(literal), literal, len(literal) + 6, literal),
                         b"AUTHENTICATE PLAIN " + base64.b64encode(b"\0" + literal + b"\0" + literal),
                         b'ID ("name" "%s" "version" "%s")' % ((literal.replace(b"\\", b"").replace(b'"', b""),) * 2)):
                self.imap([b"a " + tail])
            self.pop3(literal)
            self.folders(lie)

    def folders(self, lie):
        """Folders and headers of somebody who is logged in."""
        clean = lie if lie.isascii() else email.header.Header(lie[:40].encode("ascii", "replace").decode()).encode()
        box = re.sub(r'[\\\\"*%\x00-\x1f\x7f]', "", clean[:40]).strip() or "x"
        self.boxes |= {box, "to " + box}
        text = b"From: %s\r\nSubject: %s\r\nMessage-ID: <%s@x>\r\n\r\nhello\r\n" % ((enc(lie).replace(b"\0", b""),) * 3)
        name = box.replace("&", "&-").encode()
        self.imap([b"a LOGIN nina right", b'b CREATE "%s"' % name, b"c APPEND INBOX {%d+}\r\n%s" % (len(text), text), b"d SELECT INBOX",
                   b"e STORE 1:* +FLAGS (\\Deleted)", b"f EXPUNGE", b'g RENAME "%s" "to %s"' % (name, name), b'h DELETE "to %s"' % name])

    def users(self):
        """Users of any name who are let in: what they are called stands in the lines of their sessions."""
        for lie in LIES:
            name = enc(lie)
            self.names_of_users.add(lie)
            self.imap([b"a AUTHENTICATE PLAIN " + base64.b64encode(b"\0" + name + b"\0right"), b"b CREATE folder"])
            self.imap([b"a LOGIN {%d+}\r\n%s right" % (len(name), name), b"b SELECT INBOX"])
            self.pop3(name, b"right")
            self.submission(lie)

    def scripts(self):
        """Sieve scripts of any name: right, wrong, and failing when they run."""
        for n, lie in enumerate(LIES):
            name = enc(lie)
            text = [b'keep;', b'no "command";', b'require "fileinto"; fileinto "a/../b";', b'require ["vnd.dovecot.debug"]; debug_log "%s";' % name.replace(b'"', b"").replace(b"\\", b"")][n % 4]
            self.imap([b'AUTHENTICATE "PLAIN" "%s"' % base64.b64encode(b"\0nina\0right"), b"PUTSCRIPT {%d+}\r\n%s {%d+}\r\n%s" % (len(name), name, len(text), text),
                       b"SETACTIVE {%d+}\r\n%s" % (len(name), name), b'RENAMESCRIPT {%d+}\r\n%s {%d+}\r\n2%s' % (len(name), name, len(name) + 1, name)], "sieve")
            self.message("nina@home.example", [("Message-ID", f"<script{n}@x.example>"), ("Subject", lie)])
        self.imap([b'AUTHENTICATE "PLAIN" "%s"' % base64.b64encode(b"\0nina\0right"), b'SETACTIVE ""'], "sieve")

    def pop3(self, name, password=b"wrong"):
        with socket.create_connection(("127.0.0.1", self.on.port["pop3"]), 3) as s, s.makefile("rb") as f:
            f.readline()
            for command in (b"USER " + name, b"PASS " + password, b"QUIT"):
                try:
                    s.sendall(command + b"\r\n")
                    f.readline()
                except OSError:
                    return

    def imap(self, commands, service="imap"):
        """Commands, each until its answer; ManageSieve answers without the command's tag."""
        ends = (b"OK", b"NO", b"BYE") if service == "sieve" else (b"* BYE",)
        try:
            with socket.create_connection(("127.0.0.1", self.on.port[service]), 5) as s, s.makefile("rb") as f:
                for command in [b""] + commands + [b"z LOGOUT" if service == "imap" else b"LOGOUT"]:
                    if command:
                        s.sendall(command + b"\r\n")
                    for line in f:
                        if line.startswith(ends) or (service == "imap" and (line.startswith(command[:2]) or not command)):
                            break
        except OSError:
            pass


class Verdict:
    def __init__(self, maillog):
        self.maillog, self.fooled, self.doubtful, self.checked = maillog, [], 0, 0

    def run(self, *args):
        return [json.loads(x) for x in subprocess.run([self.maillog, *args], check=True, capture_output=True).stdout.splitlines()]

    def expect(self, event, want):
        self.checked += 1
        wrong = {k: (event.get(k), v) for k, v in want.items() if v is not None and k in event and event[k] != v}
        if wrong and "ambiguous" in event.get("marks", []):
            self.doubtful += 1
        elif wrong:
            self.fooled.append((event.get("message", "")[:300], wrong))

    def postfix(self, log, attack):
        for e in self.run("events", "--json", log):
            qid, name = e.get("queue_id"), e.get("event")
            if e.get("match") != "event":
                self.fooled.append((e.get("message"), {"match": (e.get("match"), "event")}))
            if e.get("client_addr", "").startswith(("6.6", "192.0")):
                self.expect(e, {"client_addr": "not 6.6.6.6"})
            if name in ("reject", "reject_warning") and e.get("client_addr") in attack.want:
                self.expect(e, attack.want[e["client_addr"]])
            if name == "client" and e.get("client_addr") in attack.login:
                self.expect(e, attack.login.pop(e["client_addr"]))
            if qid in attack.mail:
                want = attack.mail[qid]
                keys = {"client": ["client_addr"], "message_id": ["message_id"], "queue_active": ["from"], "content_check": ["client_addr", "from", "to"],
                        "delivery": ["to", "status", "relay_addr", "reply"]}.get(name, [])
                self.expect(e, {k: want[k] for k in keys if k in want})

        for addr in attack.login:  # its line was read as another's
            self.fooled.append((addr, {"client": ("missing", addr)}))

    def dovecot(self, log, attack):
        users = {form for u in attack.names_of_users for form in as_dovecot(u)}
        for e in self.run("events", "--json", log):
            if e.get("match") != "event" and "ambiguous" not in e.get("marks", []):
                self.fooled.append((e.get("message"), {"match": (e.get("match"), "event")}))
            if not e.get("rip", "").startswith("198.18."):  # Postfix's clients
                self.expect(e, {"rip": "127.0.0.1", "lip": "127.0.0.1"})
            for key, known in (("user", users), ("mailbox", attack.boxes), ("new_mailbox", attack.boxes)):
                if key in e and (e.get("event") in ("login", "saved", "stored", "session_end") if key == "user" else
                                 e.get("daemon") == "dovecot/imap" and e.get("event", "").startswith("mailbox_")):
                    cut = e[key][:-3] if e[key].endswith("...") else None  # by Dovecot
                    right = e[key] in known or (cut and any(x.startswith(cut) for x in known))
                    self.expect(e, {key: e[key] if right else "something else"})

    def traces(self, log, attack):
        for m in self.run("trace", "--json", log):
            ours = [q for q in m["queue_ids"] if q in attack.mail]
            if len(ours) > 1:
                self.fooled.append((str(m["queue_ids"]), {"merged": (len(ours), 1)}))
            for q in ours:
                want = attack.mail[q]
                if m.get("client", {}).get("addr") != want["client_addr"]:
                    self.fooled.append((q, {"client": (m.get("client"), want["client_addr"])}))
                # a server on this host that names an ID is believed to have it; its own lines never come
                if want.get("status") and m["verdict"] not in {"sent": ("delivered", "unfinished"), "bounced": ("bounced",), "deferred": ("deferred", "unfinished")}[want["status"]]:
                    self.fooled.append((q, {"verdict": (m["verdict"], want["status"])}))


def main():
    maillog = sys.argv[1]
    folder = sys.argv[2] if len(sys.argv) > 2 else tempfile.mkdtemp(prefix="maillog-hostile-")
    verdict = Verdict(maillog)
    for chars in ("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ01234567890.-_@", ""):
        here = f"{folder}/{'any' if not chars else 'some'}"
        os.makedirs(here)
        os.chmod(folder, 0o755)
        servers = Servers(here, REPLIES, GREETINGS, chars, f"user=nina {ANY_NAME}" if chars else ANY_NAME)
        attack = Attack(servers)
        try:
            servers.start()
            if chars:
                attack.refused()
                attack.mails()
                attack.names()
                attack.scripts()
            else:
                attack.users()
            attack.submission()
            attack.logins()
            attack.dovecot()
            time.sleep(8)
        finally:
            servers.stop()
        verdict.postfix(f"{here}/mail.log", attack)
        verdict.dovecot(f"{here}/dovecot.log", attack)
        verdict.traces(f"{here}/mail.log", attack)
    for message, wrong in verdict.fooled[:60]:
        print("FOOLED", {k: f"is {str(a)[:200]!r}, sent {str(b)[:200]!r}" for k, (a, b) in wrong.items()}, "\n  ", message)
    print(f"{verdict.checked} checks, {len(verdict.fooled)} wrong, {verdict.doubtful} differ and say that they are ambiguous")
    if len(sys.argv) <= 2 and not verdict.fooled:
        shutil.rmtree(folder)
    return 1 if verdict.fooled else 0


if __name__ == "__main__":
    sys.exit(main())
