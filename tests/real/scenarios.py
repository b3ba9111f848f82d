"""What is sent in the lab, and what must become of it.

Each function sends; `lab.mail()` notes the truth: what the client did and heard, and the fate of each recipient, which
follows from the configuration and never from the log. A recipient is written `final` or `final<named` where the client
named another address (an alias); "" stands for all of a message whose log lines name none. `check` is a name that one of
the checks must have, or several of which one must be.
"""
import base64
import time

from client import Client

MX1 = "203.0.113.10"
SMTP, XCLIENT, EARLY, SOFT, PROXY = (MX1, 25), ("127.0.0.1", 2525), (MX1, 2526), (MX1, 2527), (MX1, 2528)
COPY, DEADMILTER, BACK, SCREEN = (MX1, 2529), (MX1, 2530), (MX1, 2531), ("203.0.113.11", 25)
SMTP6, SUBMISSION, SMTPS = ("2001:db8:10::10", 25), (MX1, 587), (MX1, 465)
GTUBE = "XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X"
ALICE, BOB, CAROL, DAVE, ERIN, LOVER = (u + "@example.org" for u in ("alice", "bob", "carol", "dave", "erin", "lover"))
ARCHIVE = "archive@example.org"


def attachment(name):
    return {"headers": {"MIME-Version": "1.0", "Content-Type": 'multipart/mixed; boundary="b"'},
            "body": f'--b\n\nlook\n--b\nContent-Type: application/octet-stream; name="{name}"\n'
                    f'Content-Disposition: attachment; filename="{name}"\nContent-Transfer-Encoding: base64\n\n'
                    f'TVqQAAMAAAAEAAAA\n--b--\n'}


def delivered(lab):
    lab.mail("plain", rcpt=[ALICE])
    lab.mail("helo, not ehlo", rcpt=[BOB], esmtp=False)
    lab.mail("two recipients", rcpt=[ALICE, BOB])
    lab.mail("null sender", mail_from="", rcpt=[ALICE])
    lab.mail("no message-id", rcpt=[ALICE], message_id=None)
    lab.mail("extension", rcpt=["alice+tag@example.org"])
    lab.mail("ipv6 client", client="2001:db8::25", server=SMTP6, helo="v6.example.net", rcpt=[ALICE])
    lab.mail("utf8", mail_from="jürgen@example.net", rcpt=[ALICE], smtputf8=True, subject="Grüße",
             expect={ALICE: "delivered" if lab.variant == "lda" else "bounced"})  # Dovecot's LMTP has no SMTPUTF8
    lab.mail("address literal", helo="[192.0.2.10]", rcpt=[ALICE])
    lab.mail("quoted sender", mail_from='"a b> c"@example.net', rcpt=[ALICE])
    lab.mail("sender that looks like a field", mail_from='"to=<x@y>, status=sent (250 queued as AAAAAAAAAA)"@example.net',
             rcpt=[ALICE])
    lab.mail("verp", mail_from="bounce+123=alice=example.org@list.example", rcpt=[ALICE])
    lab.mail("helo that is not qualified", helo="friend", rcpt=[ALICE], check="reject_non_fqdn_helo_hostname")
    lab.mail("client without a name", client="192.0.2.200", rcpt=[ALICE], check="reject_unknown_reverse_client_hostname")
    lab.mail("xclient", server=XCLIENT, xclient="NAME=mail.example.com ADDR=192.0.2.9 PORT=4711", client="127.0.0.1",
             outside="192.0.2.9", rcpt=[ALICE])
    lab.mail("tls", rcpt=[ALICE], tls=True)
    lab.mail("dkim signed and changed", rcpt=[ALICE], headers={"DKIM-Signature": lab.bad_signature}, expect={ALICE: "rejected"},
             check="smtpd_milters|milter")
    lab.mail("dmarc failure", mail_from="ceo@strict.example", rcpt=[ALICE], expect={ALICE: "rejected"}, check="smtpd_milters|milter")
    lab.mail("big", rcpt=[BOB], body="x" * 70 + "\n" + ("y" * 70 + "\n") * 800)


def expanded(lab):
    lab.mail("virtual alias of two", rcpt=["sales@example.org"],
             expect={"alice@example.org<sales@example.org": "delivered", "bob@example.org<sales@example.org": "delivered"})
    lab.mail("virtual alias of one", rcpt=["info@example.org"], expect={"carol@example.org<info@example.org": "delivered"})
    lab.mail("alias to a mailbox and away", rcpt=["mixed@example.org"],
             expect={"alice@example.org<mixed@example.org": "delivered", "nobody@remote.example<mixed@example.org": "delivered"})
    lab.mail("alias away", rcpt=["outside@example.org"], expect={"friend@remote.example<outside@example.org": "delivered"})
    lab.mail("local aliases", rcpt=["team@mx1.lab.example"], expect=None)
    lab.mail("local mailbox", rcpt=["local1@mx1.lab.example"], expect={"local1@mx1.lab.example": "delivered"})
    lab.mail("local command", rcpt=["piped@mx1.lab.example"], expect=None)
    lab.mail("local command that fails", rcpt=["failing@mx1.lab.example"], expect=None)
    lab.mail("included", rcpt=["included@mx1.lab.example"], expect=None)
    lab.mail("to the other server", rcpt=["local1@branch.example"])
    lab.mail("to both of the other server", rcpt=["local1@branch.example", "shop1@shop.branch.example"],
             expect={"local1@branch.example": "delivered", "shop1@shop.branch.example": "delivered"})
    lab.mail("unknown at the other server", rcpt=["nobody@branch.example"], expect={"nobody@branch.example": "bounced"})
    lab.mail("half unknown at the other server", rcpt=["local2@branch.example", "nobody@branch.example"],
             expect={"local2@branch.example": "delivered", "nobody@branch.example": "bounced"})


def refused(lab):
    """Every stage, and every restriction that is common."""
    no = {ALICE: "rejected"}
    for name, args in {
        "no such user": dict(rcpt=["nosuch@example.org"], check="reject_unlisted_recipient"),
        "relay": dict(rcpt=["x@elsewhere.example"], check="reject_unauth_destination"),
        "recipient not qualified": dict(rcpt=["alice"], check="reject_unauth_destination"),
        "sender not qualified": dict(mail_from="someone", check="reject_non_fqdn_sender"),
        "sender unknown": dict(mail_from="x@nodomain.invalid", check="reject_unknown_sender_domain"),
        "sender unknown for now": dict(mail_from="x@servfail.example", check="reject_unknown_sender_domain"),
        "sender listed": dict(mail_from="x@spammer.example", check="reject_rhsbl_sender"),
        "sender table": dict(mail_from="evil@example.net", check="check_sender_access|access"),
        "sender table, own code": dict(mail_from="x@evil.example", check="check_sender_access|access"),
        "helo invalid": dict(helo="-bad_", check="reject_invalid_helo_hostname"),
        "helo table": dict(helo="mx1.lab.example", check="check_helo_access|access"),
        "client listed": dict(client="192.0.2.99", check="reject_rbl_client"),
        "client table": dict(client="192.0.2.66", check="check_client_access|access"),
        "client table, own code": dict(client="192.0.2.67", check="check_client_access|access"),
        "client table, temporary": dict(client="192.0.2.69", check="check_client_access|access"),
        "client table, if permitted": dict(client="192.0.2.68", check="check_client_access|access"),
        "recipient table": dict(rcpt=["frank@example.org"], check="check_recipient_access|access"),
        "recipient table, temporary": dict(rcpt=["grace@example.org"], check="check_recipient_access|access"),
        "spf": dict(mail_from="x@spf.example", check="spf"),
        "null sender to two": dict(mail_from="", rcpt=[ALICE, BOB], expect={"": "rejected"},
                                   check="reject_multi_recipient_bounce"),
        "early, helo": dict(server=EARLY, helo="-bad_", check="reject_invalid_helo_hostname", stop=True),
        "early, client": dict(server=EARLY, client="192.0.2.99", check="reject_rbl_client", stop=True),
        "early, sender": dict(server=EARLY, mail_from="x@nodomain.invalid", check="reject_unknown_sender_domain", stop=True),
        "soft bounce": dict(server=SOFT, rcpt=["nosuch@example.org"], check="reject_unlisted_recipient"),
        "milter not there": dict(server=DEADMILTER, check="smtpd_milters|milter"),
        "header": dict(subject="reject-me", check="header_checks|content"),
        "body": dict(body="reject this body\n", check="body_checks|content"),
        "too large, announced": dict(size=300000, check="message_size_limit"),
        "too large": dict(body=("z" * 78 + "\n") * 2700, expect={"": "rejected"}, check="message_size_limit"),
    }.items():
        args.setdefault("expect", {r: "rejected" for r in args.get("rcpt", [ALICE])} if "rcpt" in args else no)
        lab.mail(name, **args)
    lab.mail("one of two unknown", rcpt=[ALICE, "nosuch@example.org"], expect={ALICE: "delivered", "nosuch@example.org": "rejected"})


def looked_at(lab):
    """Actions of tables and header checks that do not refuse."""
    lab.mail("header discard", subject="discard-me", expect={ALICE: "discarded"}, check="header_checks|content")
    lab.mail("header redirect", subject="redirect-me", expect=None)
    lab.mail("header warn", subject="warn-me", check="header_checks|content")
    lab.mail("header info", subject="info-me", check="header_checks|content")
    lab.mail("header replace", subject="replace-me")
    lab.mail("header strip", headers={"X-Strip-2": "x", "X-Strip": "y"})
    lab.mail("header bcc", headers={"X-Bcc-Me": "x"}, expect=None)
    lab.mail("body warn", body="warn this body\n", check="body_checks|content")
    lab.mail("header hold", subject="hold-me", expect={ALICE: "held"}, check="header_checks|content")
    lab.mail("access hold", mail_from="x@hold.example", expect={ALICE: "held"}, check="check_sender_access|access")
    lab.mail("access redirect", mail_from="x@redirect.example", expect=None)
    lab.mail("access warn", mail_from="x@warn.example")
    lab.mail("access prepend", mail_from="x@prepend.example")
    lab.mail("access bcc", mail_from="x@bcc.example", expect=None)
    lab.mail("access discard", helo="discard.example", expect={ALICE: "discarded"}, check="check_helo_access|access")
    lab.mail("always_bcc", server=COPY, rcpt=[BOB], expect={BOB: "delivered", ARCHIVE: "delivered"})


def greylisted(lab):
    first = dict(client="198.51.100.7", helo="mail.example.com", mail_from="news@example.com", rcpt=[ALICE])
    lab.mail("first try", expect={ALICE: "greylisted"}, check="greylist", **first)
    lab.mail("never again", client="198.51.100.8", mail_from="once@example.com", rcpt=[ALICE, BOB],
             expect={ALICE: "greylisted", BOB: "greylisted"}, check="greylist")
    lab.mail("too early", expect={ALICE: "greylisted"}, check="greylist", **first)
    lab.later.append(lambda: lab.mail("second try", **first))


def filtered(lab):
    lab.mail("spam", body=GTUBE + "\n", expect={ALICE: "quarantined"})
    lab.mail("spam to one who wants it", rcpt=[LOVER], body=GTUBE + "\n")
    lab.mail("spam to two", rcpt=[ALICE, LOVER], body=GTUBE + "\n", expect={ALICE: "quarantined", LOVER: "delivered"})
    lab.mail("banned", expect={ALICE: "bounced"}, **attachment("run.exe"))
    lab.mail("attachment", **attachment("read.txt"))
    lab.mail("spam sent back", server=BACK, body=GTUBE + "\n", expect=None)
    lab.mail("before queue", server=PROXY, rcpt=[ALICE])
    lab.mail("before queue, two", server=PROXY, rcpt=[ALICE, BOB])
    lab.mail("before queue, spam", server=PROXY, body=GTUBE + "\n", expect={ALICE: "rejected"})
    lab.mail("bad header", headers={"X-Bad": "\u00e4\u00f6"}, rcpt=[BOB])


def stored(lab):
    """What Sieve and the store do."""
    lab.mail("fileinto", subject="list-me", mailbox={ALICE: "Lists"})
    lab.mail("sieve discard", subject="sieve-discard", expect={ALICE: "discarded"})
    lab.mail("sieve reject", subject="sieve-reject", expect={ALICE: "rejected"})
    lab.mail("sieve redirect", subject="sieve-redirect", expect={"": "delivered"})  # and a new message, or one more recipient
    lab.mail("sieve vacation", subject="sieve-vacation", mailbox={ALICE: "INBOX"})
    lab.mail("sieve copy", subject="sieve-copy", expect=None)  # three times: two mailboxes and away
    lab.mail("sieve flag", subject="sieve-flag", mailbox={ALICE: "INBOX"})
    lab.mail("sieve broken", rcpt=[ERIN], mailbox={ERIN: "INBOX"})
    lab.mail("over quota", rcpt=[DAVE], expect={DAVE: "rejected" if lab.variant == "lda" else "bounced"})


def sent_on(lab):
    """Other people's servers: later, never, no. (From inside: relaying is for mynetworks.)"""
    def out(name, rcpt, fate, **more):
        lab.mail(name, client="127.0.0.1", server=XCLIENT, mail_from=ALICE, helo="inside.lab.example", rcpt=rcpt,
                 expect=fate if isinstance(fate, dict) or fate is None else {r: fate for r in rcpt}, **more)
    out("away", ["ok@remote.example"], "delivered")
    out("away to two", ["ok@remote.example", "ok2@remote.example"], "delivered")
    out("unknown there", ["nouser@remote.example"], "bounced")
    out("one unknown there", ["ok@remote.example", "nouser@remote.example"],
        {"ok@remote.example": "delivered", "nouser@remote.example": "bounced"})
    out("full there", ["full@remote.example"], "bounced")
    out("content refused", ["datafail@remote.example"], "bounced")
    out("later", ["later@remote.example"], "delivered")
    out("never", ["never@remote.example"], "expired")
    out("now and never", ["ok@remote.example", "never@remote.example"],
        {"ok@remote.example": "delivered", "never@remote.example": "expired"})
    out("connection lost", ["drop@remote.example"], "expired")
    out("connection lost after the dot", ["gone@remote.example"], "expired")
    out("connection refused", ["x@refused.example"], "expired")
    out("no such domain", ["x@nodomain.invalid"], "bounced")
    out("null mx", ["x@nullmx.example"], "bounced")
    out("name server trouble", ["x@servfail.example"], "expired")
    out("pipe that fails", ["x@broken.example"], "bounced")
    out("error transport", ["x@notime.example"], "rejected")
    out("retry transport", ["x@wait.example"], "rejected")
    out("discard transport", ["x@void.example"], None)
    out("notification that cannot be delivered", ["nouser@remote.example"], "bounced")


def local(lab):
    lab.sendmail("sendmail", rcpt=[ALICE])
    lab.sendmail("sendmail to two", rcpt=[ALICE, "ok@remote.example"], expect={ALICE: "delivered", "ok@remote.example": "delivered"})
    lab.sendmail("sendmail from root", mail_from="root@lab.example", rcpt=[BOB])
    lab.sendmail("sendmail with notification", rcpt=[BOB], flags=["-N", "success,failure,delay"])
    lab.sendmail("sendmail to nobody", rcpt=["nosuch@example.org"], expect=None)  # amavis' way back knows no users, nor does the store
    lab.sendmail("sendmail, double bounce", mail_from="nouser@remote.example", rcpt=["nouser@remote.example"],
                 expect={"nouser@remote.example": "bounced"})
    lab.mx1.run("sendmail", "-bv", "alice@example.org", input=b"", check=False)


def admin(lab):
    """postsuper, on messages that wait."""
    def waiting(name, **more):
        return lab.mail(name, client="127.0.0.1", server=COPY, mail_from=BOB, helo="inside.lab.example", bcc=ARCHIVE,
                        rcpt=["never@remote.example"], **more)
    deleted = waiting("deleted", expect=None)
    held = waiting("held and released", expect=None)
    kept = waiting("held", expect=None)
    again = waiting("requeued", expect=None)
    time.sleep(1)
    for option, t in (("-d", deleted), ("-h", held), ("-h", kept), ("-r", again)):
        lab.mx1.run("postsuper", option, t["queue_id"])
    time.sleep(1)
    lab.mx1.run("postsuper", "-H", held["queue_id"])
    lab.mx1.run("postqueue", "-f")


def authenticated(lab):
    lab.mail("submission", server=SUBMISSION, client="198.51.100.77", helo="laptop", mail_from=ALICE, rcpt=["ok@remote.example"],
             tls=True, auth=(ALICE, "secret"))
    lab.mail("smtps", server=SMTPS, client="198.51.100.78", helo="phone", mail_from=BOB, rcpt=[ALICE], wrapped=True,
             auth=(BOB, "secret"))
    lab.mail("submission, to both", server=SUBMISSION, client="198.51.100.77", helo="laptop", mail_from=ALICE, tls=True,
             rcpt=[BOB, "nouser@remote.example"], auth=(ALICE, "secret"),
             expect={BOB: "delivered", "nouser@remote.example": "bounced"})
    lab.mail("submission, wrong password", server=SUBMISSION, client="198.51.100.79", helo="laptop", mail_from=ALICE, rcpt=[BOB],
             tls=True, auth=(ALICE, "wrong"), expect={BOB: "rejected"})
    lab.mail("submission, no log-in", server=SUBMISSION, client="198.51.100.80", helo="laptop", mail_from=ALICE, rcpt=[BOB],
             tls=True, expect={BOB: "rejected"}, check="reject")
    lab.mail("submission without TLS", server=SUBMISSION, client="198.51.100.81", helo="laptop", mail_from=ALICE, rcpt=[BOB],
             expect={}, stop=True)


def sessions(lab):
    """More than a message, or less than one, in a connection."""
    lab.session("refused, then taken, one sender", [dict(rcpt=["nosuch@example.org"], expect={"nosuch@example.org": "rejected"}),
                                                     dict(rcpt=[ALICE])])
    lab.session("three messages", [dict(rcpt=[ALICE]), dict(rcpt=["nosuch@example.org"], mail_from="other@example.net", expect={"nosuch@example.org": "rejected"}),
                                   dict(rcpt=[BOB]), dict(rcpt=[CAROL], mail_from="")])
    with lab.raw("lost after EHLO", "192.0.2.30") as c:
        c.do("EHLO mail.example.net")
    with lab.raw("lost after MAIL", "192.0.2.31") as c:
        c.do("EHLO mail.example.net")
        c.do("MAIL FROM:<a@example.net>")
    with lab.raw("lost in DATA", "192.0.2.32") as c:
        c.do("EHLO mail.example.net")
        c.do("MAIL FROM:<a@example.net>")
        c.do("RCPT TO:<alice@example.org>")
        c.do("DATA")
        c.send("Subject: cut", "", "half a line")
    with lab.raw("at once", "192.0.2.33"):
        pass
    with lab.raw("timeout", "192.0.2.34") as c:
        c.do("EHLO mail.example.net")
        time.sleep(7)
    with lab.raw("HTTP", "192.0.2.35") as c:
        c.reply()
        c.send("GET / HTTP/1.1", "Host: x", "")
        c.reply()
    with lab.raw("nonsense", "192.0.2.36") as c:
        for line in ("EHLO a", "FOO", "BAR", "VRFY alice", "MAIL FROM: a b", "RCPT TO:<x>", "DATA", "BDAT", "QUIT"):
            c.do(line)
    with lab.raw("pipelining too early", "192.0.2.37") as c:
        c.reply()
        c.send("HELO x.example.net", "MAIL FROM:<a@example.net>", "RCPT TO:<alice@example.org>", "DATA")
        time.sleep(1)
    with lab.raw("talks first to postscreen", "192.0.2.38", SCREEN) as c:
        c.send("EHLO spam.example.net")
        time.sleep(3)
        for _ in range(4):
            c.reply()
            c.send("MAIL FROM:<s@example.net>" if len(c.replies) < 3 else "RCPT TO:<alice@example.org>")
    with lab.raw("listed at postscreen", "192.0.2.99", SCREEN) as c:
        c.reply()
        for line in ("EHLO spam.example.net", "MAIL FROM:<s@example.net>", "RCPT TO:<alice@example.org>", "QUIT"):
            c.do(line)
    lab.mail("through postscreen", server=SCREEN, client="192.0.2.40", rcpt=[ALICE])
    lab.mail("through postscreen, known", server=SCREEN, client="192.0.2.40", rcpt=[ALICE])
    with lab.raw("imap", "192.0.2.50", (MX1, 143)) as c:
        c.file.readline()
        for line in ("a login alice@example.org secret", "b select INBOX", "c fetch 1 body[]", "d store 1 +flags \\Deleted",
                     "e expunge", "f logout"):
            c.send(line)
            while True:
                got = c.file.readline()
                if not got or got[:2] == line[:1].encode() + b" ":
                    break
    with lab.raw("imap, wrong password", "192.0.2.51", (MX1, 143)) as c:
        c.file.readline()
        c.send("a login alice@example.org wrong")
        c.file.readline()
    with lab.raw("pop3", "192.0.2.52", (MX1, 110)) as c:
        c.file.readline()
        for line in ("USER bob@example.org", "PASS secret", "STAT", "RETR 1", "QUIT"):
            c.send(line)
            c.file.readline()


def plain(auth):
    return base64.b64encode(f"\0{auth[0]}\0{auth[1]}".encode()).decode()


ALL = (greylisted, delivered, sent_on, admin, expanded, refused, looked_at, filtered, stored, local, authenticated, sessions)
__all__ = ["ALL", "Client", "plain"]
