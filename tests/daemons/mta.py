"""What every MTA is told: good mail, refusals, broken sessions. Each gives the address of its server."""
from lab import Talk, message


def smtp_sessions(where, local="bob@lab.example", n=[0]):
    for rcpts in ([local], ["nosuch@lab.example"], ["friend@remote.example"], ["nouser@remote.example"], ["never@remote.example"], ["later@remote.example"],
                  ["x@refused.example"], ["x@nosuch.example"], [local, "friend@remote.example"], ["datafail@remote.example"], ["drop@remote.example"],
                  ["gone@remote.example"], ["root@lab.example"], ["full@remote.example", "friend@remote.example"]):
        for source in ("127.0.0.1", "192.0.2.10") if rcpts in ([local], ["friend@remote.example"]) else ("127.0.0.1",):
            n[0] += 1
            t = Talk(where, source=source)
            t.smtp()
            t.mail("ann@example.net", rcpts, message(f"number {n[0]}", message_id=f"<{n[0]}.mta@example.net>"), hello="EHLO mail.example.net")
            t.smtp("QUIT")
            t.close()
    for lines, quit in ((["EHLO x"], False), ([], False), (["NONSENSE"] * 30, True), (["HELO x", "MAIL FROM:<>", "RCPT TO:<" + local + ">", "DATA", "Subject: null\r\n\r\nx\r\n."], True),
                        (["HELO bad_host name"], True), (["EHLO x", "MAIL FROM:<a@b> SIZE=999999999"], True), (["EHLO x", "MAIL FROM:<a@nosuch.example>", f"RCPT TO:<{local}>", "DATA", "x\r\n."], True),
                        (["EHLO x", "MAIL FROM:<ann@example.net>", f"RCPT TO:<{local}>", "DATA", "Subject: cut"], False), (["EHLO x", "VRFY bob", "EXPN list", "ETRN x", "HELP", "NOOP", "RSET"], True),
                        (["EHLO x", "AUTH PLAIN AGJvYgB3cm9uZw=="], True), (["EHLO x", "AUTH LOGIN", "dQ==", "cA=="], True), (["EHLO x", "STARTTLS", "garbage"], False),
                        (["EHLO x", "MAIL FROM:<a b@c>", "MAIL FROM:bare@example.net", "RCPT TO:<@a,@b:c@d>"], True), (["GET / HTTP/1.1", "Host: x", ""], False),
                        (["EHLO " + "x" * 600, "x" * 3000], True), (["MAIL FROM:<a@b>"], True), (["EHLO x", "MAIL FROM:<ann@example.net>", "DATA"], True)):
        for source in ("127.0.0.1", "192.0.2.10"):
            t = Talk(where, source=source, timeout=10)
            t.smtp()
            for line in lines:
                t.smtp(line) if not line.startswith("Subject: cut") else t.say(line)
            if quit:
                t.smtp("QUIT")
            t.close()
    for source in ("127.0.0.1", "192.0.2.10"):
        t = Talk(where, source=source)
        t.smtp()
        t.smtp("EHLO x")
        if t.smtp("STARTTLS").startswith("220"):
            try:
                t.tls()
                t.mail("ann@example.net", [local], message("over TLS", message_id="<tls.mta@example.net>"), hello="EHLO mail.example.net")
                t.smtp("QUIT")
            except OSError:
                pass
        t.close()
