"""An SMTP client that can also do what it must not."""
import socket
import ssl
import time


class Client:
    def __init__(self, source, server, tls=False, timeout=90):
        family = socket.AF_INET6 if ":" in source else socket.AF_INET
        self.sock = socket.socket(family, socket.SOCK_STREAM)
        self.sock.settimeout(timeout)
        self.sock.bind((source, 0))
        self.sock.connect(server)
        self.port = self.sock.getsockname()[1]
        if tls:
            self._wrap()
        self.file = self.sock.makefile("rb")
        self.replies = []

    def _wrap(self):
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        self.sock = context.wrap_socket(self.sock)

    def reply(self):
        text = b""
        while True:
            line = self.file.readline()
            if not line:
                return text.decode("utf-8", "replace").strip() or "lost"
            text += line
            if line[3:4] != b"-":
                break
        text = line.decode("utf-8", "replace").strip()
        self.replies.append(text)
        return text

    def send(self, *lines):
        self.sock.sendall("".join(line + "\r\n" for line in lines).encode())

    def do(self, line):
        try:
            self.send(line)
            return self.reply()
        except OSError:
            return "lost"

    def starttls(self):
        said = self.do("STARTTLS")
        if said.startswith("220"):
            self._wrap()
            self.file = self.sock.makefile("rb")
        return said

    def body(self, text):
        try:
            self.sock.sendall(text.replace("\r\n", "\n").replace("\n.", "\n..").replace("\n", "\r\n").encode() + b"\r\n.\r\n")
            return self.reply()
        except OSError:
            return "lost"

    def close(self):
        """Goes without QUIT."""
        self.file.close()
        self.sock.close()

    def quit(self):
        said = self.do("QUIT")
        self.close()
        return said


def wait_port(address, seconds=60):
    end = time.time() + seconds
    while True:
        try:
            socket.create_connection(address, 1).close()
            return
        except OSError:
            if time.time() > end:
                raise RuntimeError(f"nobody listens on {address}") from None
            time.sleep(0.2)
