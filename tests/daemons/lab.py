"""What the drivers of daemons share: a syslog socket, started programs, a talker, and the list of what must be in the log.

Runs inside the namespaces that scripts/test-daemons.sh made: files, processes and network are this group's alone."""
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "real"))
import net  # noqa: E402

OURS = re.compile(rb"\S+ (useradd|usermod|groupadd|groupmod|chpasswd|passwd|saslpasswd2|runuser|su)(\[\d+\])?: ")  # the drivers' own doings


class Lab:
    def __init__(self, group, out):
        self.group, self.out = group, pathlib.Path(out)
        self.log = open(self.out / (group + ".log"), "wb", buffering=0)
        self.expected, self.children, self.skipped = [], [], []
        self.lock = threading.Lock()
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        subprocess.run(["hostname", "mx.lab.example"], check=True)
        for prefix in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24"):
            subprocess.run(["ip", "route", "add", "local", prefix, "dev", "lo"], check=True)
        self.write("/etc/hosts", "127.0.0.1 localhost\n::1 localhost\n203.0.113.10 mx.lab.example mx\n")
        self.write("/etc/resolv.conf", "nameserver 127.0.0.1\noptions timeout:1 attempts:1\n")
        self.write("/etc/mailname", "mx.lab.example\n")
        self.syslog("/dev/log")

    # ---- files and users ----

    @staticmethod
    def write(path, text, mode=0o644, owner=None):
        p = pathlib.Path(path)
        p.parent.mkdir(parents=True, exist_ok=True)
        p.unlink(missing_ok=True)
        p.write_text(text, encoding="utf-8")
        p.chmod(mode)
        if owner:
            shutil.chown(p, *owner)
        return str(p)

    @staticmethod
    def directory(path, owner=None, mode=0o755):
        p = pathlib.Path(path)
        p.mkdir(parents=True, exist_ok=True)
        p.chmod(mode)
        if owner:
            shutil.chown(p, *owner)
        return str(p)

    @staticmethod
    def user(name, password=None):
        subprocess.run(["useradd", "-m", "-s", "/bin/sh", name], check=False, stderr=subprocess.DEVNULL)
        if password:
            subprocess.run(["chpasswd"], input=f"{name}:{password}\n".encode(), check=True)

    def certificate(self, path="/etc/lab.pem"):
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=mx.lab.example", "-days", "9",
                        "-keyout", path, "-out", path + ".cert"], check=True, capture_output=True)
        with open(path, "ab") as f:
            f.write(pathlib.Path(path + ".cert").read_bytes())
        return path

    # ---- the log ----

    def syslog(self, path):
        """Every datagram as a line of /var/log/mail.log: the priority goes, the host name comes in."""
        pathlib.Path(path).unlink(missing_ok=True)
        s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        s.bind(path)
        os.chmod(path, 0o666)

        def loop():
            while True:
                data = s.recv(65536).rstrip(b"\0\n")
                text = data[data.index(b">") + 1:] if data.startswith(b"<") else data
                stamp, rest = (text[:15], text[16:]) if text[6:7] == b" " and text[9:10] == b":" else (time.strftime("%b %e %T").encode(), text)
                for piece in rest.split(b"\n"):
                    self.line(stamp + b" mx " + piece)
        threading.Thread(target=loop, daemon=True).start()

    def line(self, data):
        if OURS.match(data[16:]):
            return
        with self.lock:
            self.log.write(data + b"\n")

    def file(self, path, name=None):
        """A daemon's own file goes to a log of its own beside the group's."""
        if pathlib.Path(path).exists():
            shutil.copy(path, self.out / f"{self.group}.{name or pathlib.Path(path).name}.log")

    def event(self, daemon, event, **fields):
        """An event that must be in the log, with these fields as they are written there."""
        self.expected.append({"daemon": daemon, "event": event, **fields})

    # ---- programs ----

    def run(self, *argv, check=False, timeout=60, **kw):
        p = subprocess.run([str(a) for a in argv], check=False, timeout=timeout, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **kw)
        with open(self.out / (self.group + ".out"), "ab") as f:
            f.write(f"$ {' '.join(map(str, argv))} -> {p.returncode}\n".encode() + p.stdout)
        if check and p.returncode:
            raise RuntimeError(f"{argv}: {p.stdout.decode(errors='replace')}")
        return p.stdout.decode(errors="replace")

    def start(self, *argv, to=None, **kw):
        """A daemon in the foreground; `to`: its output is a log file of its own."""
        out = open(self.out / (f"{self.group}.{to}.log" if to else self.group + ".out"), "ab")
        p = subprocess.Popen([str(a) for a in argv], stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True, **kw)
        self.children.append(p)
        return p

    def end(self, process, sig=signal.SIGTERM, seconds=10):
        process.send_signal(sig)
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)

    def finish(self):
        for p in reversed(self.children):
            if p.poll() is None:
                self.end(p)
        time.sleep(0.5)
        with open(self.out / (self.group + ".expected"), "w", encoding="utf-8") as f:
            for row in self.expected:
                f.write(json.dumps(row) + "\n")

    def world(self, records=(), sink=True):
        """The name server and the mail server outside."""
        net.Names(list(records) + [
            ("example.net", net.A, "192.0.2.10"), ("mail.example.net", net.A, "192.0.2.10"), ("example.net", net.MX, "mail.example.net"),
            ("10.2.0.192.in-addr.arpa", net.PTR, "mail.example.net"), ("remote.example", net.MX, "mx.remote.example"),
            ("mx.remote.example", net.A, "203.0.113.30"), ("refused.example", net.A, "203.0.113.31"),
            ("mx.lab.example", net.A, "203.0.113.10"), ("lab.example", net.MX, "mx.lab.example"),
            ("example.net", net.TXT, "v=spf1 ip4:192.0.2.10 -all")]).serve()
        if sink:
            net.serve_remote("203.0.113.30")

    @staticmethod
    def ready(where, seconds=40):
        end = time.time() + seconds
        while True:
            try:
                Talk(where, timeout=2).close()
                return
            except OSError as e:
                if time.time() > end:
                    raise RuntimeError(f"nobody listens on {where}: {e}") from None
                time.sleep(0.2)


class Talk:
    """A line protocol's client: says what it is told, and reads until the other end pauses or the wanted text is there."""

    def __init__(self, where, source=None, tls=False, timeout=15):
        unix = isinstance(where, str)
        self.sock = socket.socket(socket.AF_UNIX if unix else socket.AF_INET, socket.SOCK_STREAM)
        self.sock.settimeout(timeout)
        if source:
            self.sock.bind((source, 0))
        self.sock.connect(where)
        self.port = None if unix else self.sock.getsockname()[1]
        self.heard = b""
        if tls:
            self.tls()

    def tls(self):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        self.sock = context.wrap_socket(self.sock)

    def until(self, *wanted):
        """What came, up to one of the wanted texts or the end of the connection."""
        text = b""
        try:
            while not any(w.encode() in text for w in wanted):
                more = self.sock.recv(65536)
                if not more:
                    break
                text += more
        except OSError:
            pass
        self.heard = text
        return text.decode("utf-8", "replace")

    def say(self, text, *wanted):
        try:
            self.sock.sendall((text + "\r\n").encode("utf-8", "surrogateescape"))
        except OSError:
            return ""
        return self.until(*wanted) if wanted else ""

    def smtp(self, text=None):
        """A command and the whole of its reply."""
        try:
            if text is not None:
                self.sock.sendall((text + "\r\n").encode("utf-8", "surrogateescape"))
            reply = b""
            while True:
                more = self.sock.recv(65536)
                reply += more
                last = reply.rstrip(b"\r\n").split(b"\n")[-1]
                if not more or (reply.endswith(b"\n") and last[3:4] in (b" ", b"\r", b"")):
                    return reply.decode("utf-8", "replace").strip()
        except OSError:
            return ""

    def mail(self, sender, rcpts, text, hello=None):
        """A whole transaction; the last reply."""
        if hello:
            self.smtp(hello)
        said = self.smtp(f"MAIL FROM:<{sender}>")
        for r in rcpts:
            said = self.smtp(f"RCPT TO:<{r}>")
        answer = self.smtp("DATA")
        if not answer.startswith("354"):
            return answer or said
        return self.smtp(text.replace("\r\n", "\n").replace("\n.", "\n..").replace("\n", "\r\n") + "\r\n.")

    def close(self):
        self.sock.close()


def message(subject="hello", sender="ann@example.net", to="bob@lab.example", message_id="<1.lab@example.net>", body="Hello.\n", **headers):
    head = {"From": f"Ann <{sender}>", "To": f"<{to}>", "Subject": subject, "Date": "Fri, 27 Nov 2026 12:00:00 +0000"}
    if message_id:
        head["Message-ID"] = message_id
    head.update({k.replace("_", "-"): v for k, v in headers.items()})
    return "".join(f"{k}: {v}\n" for k, v in head.items()) + "\n" + body


EICAR = r"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-STANDARD-" + "ANTIVIRUS-TEST-FILE!$H+H*"
GTUBE = "XJS*C4JDBQADN1.NSBN3*2IDNEN*" + "GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X"
