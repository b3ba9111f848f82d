"""The rest of the world: a name server and a mail server whose answers are known."""
import collections
import re
import socket
import socketserver
import struct
import threading

A, NS, PTR, MX, TXT, AAAA = 1, 2, 12, 15, 16, 28


def name(text):
    return b"".join(bytes([len(p)]) + p for p in (q.encode() for q in text.rstrip(".").split(".")) if p) + b"\0"


def rdata(kind, value):
    if kind == A:
        return socket.inet_aton(value)
    if kind == AAAA:
        return socket.inet_pton(socket.AF_INET6, value)
    if kind == MX:
        return struct.pack(">H", 10) + name(value)
    if kind == TXT:
        return b"".join(bytes([len(p)]) + p for p in (value[i:i + 250].encode() for i in range(0, len(value), 250)))
    return name(value)


class Names:
    """A name server for the lab's zones; what it does not hold does not exist, and servfail.* is not answered well."""

    def __init__(self, records):
        self.records = collections.defaultdict(list)
        self.known = set()
        for owner, kind, value in records:
            owner = owner.lower().rstrip(".")
            self.records[owner, kind].append(value)
            while owner:
                self.known.add(owner)
                owner = owner.partition(".")[2]

    def answer(self, query):
        labels, at = [], 12
        while query[at]:
            labels.append(query[at + 1:at + 1 + query[at]].decode("latin-1"))
            at += 1 + query[at]
        kind = struct.unpack(">H", query[at + 1:at + 3])[0]
        owner = ".".join(labels).lower()
        found = self.records.get((owner, kind), [])
        code = 0 if found or owner in self.known else 3
        if "servfail" in labels:
            code, found = 2, []
        body = b"".join(b"\xc0\x0c" + struct.pack(">HHIH", kind, 1, 60, len(d)) + d for d in (rdata(kind, v) for v in found))
        return query[:2] + struct.pack(">HHHHH", 0x8580 | code, 1, len(found), 0, 0) + query[12:at + 5] + body

    def serve(self):
        s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        s.bind(("127.0.0.1", 53))

        def loop():
            while True:
                query, who = s.recvfrom(4096)
                try:
                    s.sendto(self.answer(query), who)
                except (IndexError, struct.error):
                    pass
        threading.Thread(target=loop, daemon=True).start()


class Remote(socketserver.StreamRequestHandler):
    """A mail server that does what the local part says: nouser, later (twice, then taken), never, full, quit, datafail."""
    tries = collections.Counter()
    taken = []

    def say(self, text):
        self.wfile.write(text.encode() + b"\r\n")

    def rcpt(self, to):
        local = to.partition("@")[0]
        if local == "nouser":
            return "550 5.1.1 <%s>: Recipient address rejected: User unknown (queued as FAKE0001)" % to
        if local == "later":
            self.tries[to] += 1
            return "451 4.7.1 Greylisting in action, please come back later" if self.tries[to] < 3 else "250 2.1.5 Ok"
        if local == "never":
            return "451 4.3.2 not now"
        if local == "full":
            return "552 5.2.2 mailbox full"
        return "250 2.1.5 Ok"

    def handle(self):
        self.say("220 remote.example ESMTP")
        rcpts, sender = [], ""
        for raw in self.rfile:
            line = raw.decode("utf-8", "replace").strip()
            verb = line[:4].upper()
            if verb in ("EHLO", "HELO"):
                self.say("250-remote.example\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250 ENHANCEDSTATUSCODES")
            elif verb == "MAIL":
                sender, rcpts = line.partition("<")[2].partition(">")[0], []
                self.say("250 2.1.0 Ok")
            elif verb == "RCPT":
                to = line.partition("<")[2].partition(">")[0]
                if to.startswith("drop@"):
                    return
                reply = self.rcpt(to)
                if reply.startswith("250"):
                    rcpts.append(to)
                self.say(reply)
            elif verb == "DATA":
                self.say("354 go on" if rcpts else "503 5.5.1 no recipients")
                if rcpts and not self.data(sender, rcpts):
                    return
            elif verb == "QUIT":
                self.say("221 2.0.0 Bye")
                return
            else:
                self.say("250 2.0.0 Ok")

    def data(self, sender, rcpts):
        body = b""
        while not body.endswith(b"\r\n.\r\n"):
            more = self.rfile.readline()
            if not more:
                return False
            body += more
        if any(r.startswith("datafail@") for r in rcpts):
            self.say("554 5.7.1 message content rejected: it looks like spam, see http://remote.example/why?id=(1")
            return True
        if any(r.startswith("gone@") for r in rcpts):
            return False  # the connection is lost after the dot
        self.taken.append({"from": sender, "to": list(rcpts), "data": body.decode("utf-8", "replace")})
        self.say("250 2.0.0 Ok: queued as R%07d" % len(self.taken))
        return True


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


def serve_remote(address):
    server = Server((address, 25), Remote)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return Remote.taken


def received_ids(text):
    """Queue IDs of our servers in the Received headers, first server first. (Dovecot's LMTP has session IDs there.)"""
    head = re.split(r"\r?\n\r?\n", text, maxsplit=1)[0]
    head = re.sub(r"\r?\n[ \t]+", " ", head)
    lines = re.findall(r"^Received: .*", head, re.M)
    ids = [re.search(r"\bby mx\d\.lab\.example .*?\bid (\w+)", line) for line in lines if " with LMTP " not in line]
    return [m[1] for m in reversed(ids) if m]
